/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/office.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/access.h"
#include "text/text.h"

struct sk_law_kept {
	struct sk_law *law;
	struct sk_law_kept *next;
};

/* ---- policies ---- */

static enum sk_err read_law(const struct sk_centre *centre, const uint8_t digest[SK_HASH_BYTES], struct sk_law **out, struct sk_fault *fault)
{
	char name[2 * SK_HASH_BYTES + 16], path[SK_PATH_MAX], hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf text;
	sk_hex_encode(digest, SK_HASH_BYTES, hex);
	(void)snprintf(name, sizeof name, "policy/%s.yaml", hex);
	sk_buf_init(&text, SK_LAW_FILE_MAX);
	enum sk_err err = sk_file_read(sk_centre_path(centre, name, path), &text, fault);
	if (err == SK_ENOENT)
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: this version of the policy was loaded and is gone; restore it: what was decided under it cannot be judged without", path);
	if (err == SK_OK)
		err = sk_law_parse(path, text.bytes, text.length, sk_decide_bounds(), out, fault);
	if (err == SK_OK && memcmp((*out)->digest, digest, SK_HASH_BYTES) != 0) {
		sk_law_free(*out);
		*out = NULL;
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: was changed after it was loaded; restore it", path);
	}
	sk_buf_fini(&text);
	return err;
}

enum sk_err sk_laws_of(void *context, const uint8_t digest[SK_HASH_BYTES], const struct sk_law **out, struct sk_fault *fault)
{
	struct sk_laws *laws = context;
	struct sk_law *law = NULL;
	for (const struct sk_law_kept *at = laws->first; at != NULL; at = at->next)
		if (memcmp(at->law->digest, digest, SK_HASH_BYTES) == 0) {
			*out = at->law;
			return SK_OK;
		}
	SK_TRY(read_law(laws->centre, digest, &law, fault));
	struct sk_law_kept *kept = calloc(1, sizeof *kept);
	if (kept == NULL) {
		sk_law_free(law);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	*kept = (struct sk_law_kept){.law = law, .next = laws->first};
	laws->first = kept;
	*out = law;
	return SK_OK;
}

void sk_laws_free(struct sk_laws *laws)
{
	while (laws->first != NULL) {
		struct sk_law_kept *law = laws->first;
		laws->first = law->next;
		sk_law_free(law->law);
		free(law);
	}
}

enum sk_err sk_office_law(struct sk_office *office, const uint8_t digest[SK_HASH_BYTES], const struct sk_law **out, struct sk_fault *fault)
{
	return sk_laws_of(&office->laws, digest, out, fault);
}

enum sk_err sk_office_law_in_force(struct sk_office *office, const struct sk_law **out, struct sk_fault *fault)
{
	*out = NULL;
	return office->policy.in_force ? sk_office_law(office, office->policy.current, out, fault) : SK_OK;
}

/* policy/current tells every command under which policy it makes its acts. It is a copy of what the docket says, and no more. */
static enum sk_err write_current(struct sk_office *office, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], hex[2 * SK_HASH_BYTES + 2];
	if (!office->policy.in_force || memcmp(office->centre.policy, office->policy.current, SK_HASH_BYTES) == 0)
		return SK_OK;
	sk_hex_encode(office->policy.current, SK_HASH_BYTES, hex);
	hex[sizeof hex - 2] = '\n';
	SK_TRY(sk_file_replace(sk_centre_path(&office->centre, "policy/current", path), hex, sizeof hex - 1, 0600, fault));
	memcpy(office->centre.policy, office->policy.current, SK_HASH_BYTES);
	return SK_OK;
}

enum sk_err sk_office_settle_policy(struct sk_office *office, struct sk_fault *fault)
{
	SK_TRY(sk_policy_fold(&office->options, &office->policy, fault));
	if (!office->policy.in_force)
		memset(office->centre.policy, 0, SK_HASH_BYTES);
	return office->centre.key != NULL ? write_current(office, fault) : SK_OK;
}

/* ---- opening ---- */

enum sk_err sk_office_open(struct sk_cmd *cmd, const char *folder, bool write, struct sk_office *out, struct sk_fault *fault)
{
	*out = (struct sk_office){.now_ns = cmd->clock.unix_ns(cmd->clock.context), .laws = {.centre = &out->centre}};
	enum sk_err err = sk_centre_open(folder, write, &out->centre, fault);
	if (err == SK_OK)
		err = sk_access_open(out->centre.docket, &out->access, fault);
	if (err == SK_OK)
		out->now_ns = sk_access_now(out->access, out->now_ns); /* a clock that was turned back revives nothing */
	out->options = (struct sk_bases_options){.docket = out->centre.docket, .access = out->access, .centre = &out->centre.public_key, .profile = out->centre.profile, .law = sk_laws_of, .context = &out->laws};
	if (err == SK_OK)
		err = sk_office_settle_policy(out, fault);
	if (err != SK_OK)
		sk_office_close(out);
	return err;
}

enum sk_err sk_office_bases(struct sk_office *office, struct sk_fault *fault)
{
	sk_bases_close(office->bases);
	office->bases = NULL;
	return sk_bases_open(&office->options, &office->bases, fault);
}

void sk_office_close(struct sk_office *office)
{
	sk_bases_close(office->bases);
	sk_laws_free(&office->laws);
	sk_access_close(office->access);
	sk_centre_close(&office->centre);
	office->bases = NULL;
	office->access = NULL;
}

/* ---- arguments ---- */

void sk_office_args_init(struct sk_office_args *args)
{
	const char *folder = getenv("SEKISHO_DIR");
	*args = (struct sk_office_args){.folder = folder != NULL ? folder : ".", .why = ""};
}

bool sk_office_args_take(struct sk_office_args *args, int option, const char *value)
{
	switch (option) {
	case SK_OFFICE_OPT_DIR: args->folder = value; return true;
	case SK_OFFICE_OPT_KEY: args->actor.key = value; return true;
	case SK_OFFICE_OPT_TO_SIGN: args->actor.to_sign = value; return true;
	case SK_OFFICE_OPT_STATEMENT: args->actor.statement = value; return true;
	case SK_OFFICE_OPT_SIGNATURE: args->actor.signature = value; return true;
	case SK_OFFICE_OPT_BY: args->actor.by = value; return true;
	case SK_OFFICE_OPT_JSON: args->json = true; return true;
	case SK_OFFICE_OPT_HELP: args->help = true; return true;
	case SK_OFFICE_OPT_WHY: args->why = value; return true;
	default: return false;
	}
}

enum sk_err sk_office_args_ready(struct sk_office_args *args, struct sk_fault *fault)
{
	struct sk_verify_key key;
	if (args->actor.by == NULL)
		return SK_OK;
	SK_TRY(sk_access_key_of(args->actor.by, &key, fault));
	args->actor.by = sk_verify_key_format(&key, args->by);
	return SK_OK;
}

int sk_office_tell_written(struct sk_cmd *cmd, const struct sk_office_args *args)
{
	(void)fprintf(cmd->out, "written  %s\nsign     ssh-keygen -Y sign -n sekisho-act -f KEY %s\nhand in  the same command with --statement %s --signature %s.sig --by KEY\n", args->actor.to_sign,
		      args->actor.to_sign, args->actor.to_sign, args->actor.to_sign);
	return 0;
}
