/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho access init|panel|org|account|role|key|lease: the words of the command line as acts. */
#include <stdio.h>

#include "access/list.h"
#include "cmd/access.h"
#include "cmd/signer.h"
#include "text/text.h"

enum { BODY_MAX = 65536 };

static void begin(struct sk_buf *body, struct sk_json_writer *w)
{
	sk_buf_init(body, BODY_MAX);
	sk_json_begin(w, body, true);
	sk_json_object(w, NULL);
}

static int finish(const struct sk_access_args *args, const char *matter, const char *id, const char *event, struct sk_buf *body, struct sk_json_writer *w, const char *done)
{
	sk_json_end(w);
	int code = sk_access_run_act(args, matter, id, event, body, done);
	sk_buf_fini(body);
	return code;
}

/* Keys as an array of their texts. */
static enum sk_err put_keys(struct sk_json_writer *w, const char *const *keys, size_t count, struct sk_fault *fault)
{
	sk_json_array(w, "keys");
	for (size_t i = 0; i < count; i++) {
		struct sk_verify_key key;
		char text[SK_VKEY_TEXT_MAX];
		SK_TRY(sk_access_key_of(keys[i], &key, fault));
		sk_json_text(w, NULL, sk_verify_key_format(&key, text));
	}
	sk_json_end(w);
	return SK_OK;
}

static bool verb_is(const struct sk_access_args *args, const char *verb, int words)
{
	return args->word_count == words && strcmp(args->words[0], verb) == 0;
}

/* ---- init ---- */

/* One act by the centre's own key: the founding is signed by whoever made the centre, for there is nobody else yet. */
static enum sk_err found_act(struct sk_register *reg, const struct sk_access_args *args, const char *id, const char *event, struct sk_buf *body, struct sk_json_writer *w,
			     struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_access_args founder = *args;
	bool written;
	uint64_t leaf;
	sk_json_end(w);
	if (body->failed != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "a text is too long");
	founder.actor = (struct sk_actor){.key = sk_centre_path(&reg->centre, "keys/centre.key", path)};
	founder.cosign_count = founder.signature_count = 0;
	return sk_register_act(reg, &founder, "org", id, event, sk_buf_text(body), &written, &leaf, fault);
}

static enum sk_err found_host(struct sk_register *reg, const struct sk_access_args *args, struct sk_fault *fault)
{
	struct sk_buf body;
	struct sk_json_writer w;
	struct sk_verify_key key;
	char text[SK_VKEY_TEXT_MAX];
	const char *org = args->org != NULL ? args->org : "host";
	SK_TRY(sk_access_key_of(args->admin_key, &key, fault));
	begin(&body, &w);
	sk_json_text(&w, "account", args->admin != NULL ? args->admin : "admin");
	sk_json_text(&w, "founder", sk_verify_key_format(&reg->centre.public_key, text));
	sk_json_text(&w, "key", sk_verify_key_format(&key, text));
	sk_json_text(&w, "kind", args->kind != NULL ? args->kind : "own_network");
	sk_json_text(&w, "title", args->title != NULL ? args->title : org);
	enum sk_err err = found_act(reg, args, org, "found", &body, &w, fault);
	sk_buf_fini(&body);
	return err;
}

static enum sk_err found_panel(struct sk_register *reg, const struct sk_access_args *args, struct sk_fault *fault)
{
	struct sk_buf body;
	struct sk_json_writer w;
	begin(&body, &w);
	enum sk_err err = put_keys(&w, args->keys, args->key_count, fault);
	if (err == SK_OK) {
		sk_json_text(&w, "title", "oversight");
		err = found_act(reg, args, "oversight", "panel", &body, &w, fault);
	}
	sk_buf_fini(&body);
	return err;
}

/* The store of second factors is made at once, with its key: no secret has a default. */
static enum sk_err make_factors(struct sk_register *reg, struct sk_fault *fault)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	struct sk_factors *factors = NULL;
	SK_TRY(sk_factors_open(sk_centre_path(&reg->centre, "access.db", db), sk_centre_path(&reg->centre, "keys/access.key", key), &factors, fault));
	enum sk_err err = sk_factors_now(factors, reg->now_ns, &reg->now_ns, fault);
	sk_factors_close(factors);
	return err;
}

static void count_org(void *context, const struct sk_org_view *org)
{
	(void)org;
	++*(size_t *)context;
}

int sk_access_init(const struct sk_access_args *args)
{
	size_t orgs = 0;
	struct sk_register reg;
	struct sk_fault fault = {0};
	if (args->word_count != 0 || args->admin_key == NULL)
		return sk_access_usage(args, "init: --admin-key KEY is missing");
	enum sk_err err = sk_register_open(args, true, &reg, &fault);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_access_each_org(reg.access, count_org, &orgs);
	if (orgs != 0)
		err = sk_fault_set(&fault, SK_EEXIST, "this centre is founded already; sekisho access org|account|panel go on from there");
	else if (reg.centre.profile == SK_PROFILE_JP_2025 && args->key_count < SK_ACCESS_PANEL_MIN)
		err = sk_fault_set(&fault, SK_EPANEL, "--oversight-key: under profile jp-2025 the panel has %d keys or more, the chair's first", SK_ACCESS_PANEL_MIN);
	/* Every key is read before the first act, so that a wrong file does not leave half a founding. */
	for (size_t i = 0; err == SK_OK && i < args->key_count; i++) {
		struct sk_verify_key key;
		err = sk_access_key_of(args->keys[i], &key, &fault);
	}
	if (err == SK_OK)
		err = found_host(&reg, args, &fault);
	if (err == SK_OK && args->key_count != 0) {
		struct sk_access *before = reg.access;
		reg.access = NULL;
		err = sk_access_open(reg.centre.docket, &reg.access, &fault);
		sk_access_close(before);
		if (err == SK_OK)
			err = found_panel(&reg, args, &fault);
	}
	if (err == SK_OK)
		err = make_factors(&reg, &fault);
	sk_register_close(&reg);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	(void)fprintf(args->cmd->out, "founded  %s with the administrator %s\n", args->org != NULL ? args->org : "host", args->admin != NULL ? args->admin : "admin");
	if (args->key_count != 0)
		(void)fprintf(args->cmd->out, "panel    oversight.chair%s\n", args->key_count > 1 ? ", oversight.member-1 ..." : "");
	else
		(void)fprintf(args->cmd->out, "panel    none; sekisho access panel --oversight-key KEY... founds it\n");
	(void)fprintf(args->cmd->out, "next     sekisho access account add NAME --org %s --role ROLE --account-key KEY --key ADMIN-KEY\n", args->org != NULL ? args->org : "host");
	return 0;
}

int sk_access_panel_cmd(const struct sk_access_args *args)
{
	struct sk_buf body;
	struct sk_json_writer w;
	struct sk_fault fault;
	if (args->word_count != 0 || args->key_count == 0)
		return sk_access_usage(args, "panel: --oversight-key KEY... is missing, the chair's first");
	begin(&body, &w);
	if (put_keys(&w, args->keys, args->key_count, &fault) != SK_OK) {
		sk_buf_fini(&body);
		return sk_cmd_fail(args->cmd, &fault);
	}
	sk_json_text(&w, "title", args->title != NULL ? args->title : "oversight");
	return finish(args, "org", "oversight", "panel", &body, &w, "the panel is founded; from now on it changes by its own quorum alone");
}

/* ---- organisations, accounts, roles ---- */

int sk_access_org_cmd(const struct sk_access_args *args)
{
	struct sk_buf body;
	struct sk_json_writer w;
	if (args->word_count == 0 || verb_is(args, "list", 1))
		return sk_access_list_orgs(args);
	if (!verb_is(args, "add", 2) || args->kind == NULL)
		return sk_access_usage(args, "org: expected list, or add NAME --kind KIND [--member] [--title TEXT]");
	begin(&body, &w);
	sk_json_text(&w, "kind", args->kind);
	sk_json_bool(&w, "member", args->member);
	sk_json_text(&w, "title", args->title != NULL ? args->title : args->words[1]);
	return finish(args, "org", args->words[1], "add", &body, &w, "organisation added");
}

static int add_account(const struct sk_access_args *args)
{
	struct sk_buf body;
	struct sk_json_writer w;
	struct sk_fault fault;
	begin(&body, &w);
	if (put_keys(&w, args->keys, args->key_count, &fault) != SK_OK) {
		sk_buf_fini(&body);
		return sk_cmd_fail(args->cmd, &fault);
	}
	sk_json_text(&w, "org", args->org);
	sk_json_array(&w, "roles");
	for (size_t i = 0; i < args->role_count; i++)
		sk_json_text(&w, NULL, args->roles[i]);
	sk_json_end(&w);
	sk_json_text(&w, "title", args->title != NULL ? args->title : args->words[1]);
	return finish(args, "account", args->words[1], "open", &body, &w, "account opened");
}

int sk_access_account_cmd(const struct sk_access_args *args)
{
	struct sk_buf body;
	struct sk_json_writer w;
	if (args->word_count == 0 || verb_is(args, "list", 1))
		return sk_access_list_accounts(args);
	if (verb_is(args, "add", 2) && args->org != NULL && args->key_count != 0)
		return add_account(args);
	if (!verb_is(args, "close", 2) || args->why == NULL)
		return sk_access_usage(args, "account: expected list, add NAME --org ORG --account-key KEY... [--role ROLE]..., or close NAME --why TEXT");
	begin(&body, &w);
	sk_json_text(&w, "why", args->why);
	return finish(args, "account", args->words[1], "close", &body, &w, "account closed");
}

int sk_access_role_cmd(const struct sk_access_args *args)
{
	struct sk_buf body;
	struct sk_json_writer w;
	bool grant = verb_is(args, "grant", 3);
	if (!grant && !verb_is(args, "revoke", 3))
		return sk_access_usage(args, "role: expected grant ACCOUNT ROLE or revoke ACCOUNT ROLE");
	begin(&body, &w);
	sk_json_text(&w, "role", args->words[2]);
	return finish(args, "account", args->words[1], grant ? "role.grant" : "role.revoke", &body, &w, grant ? "role granted" : "role revoked");
}

/* ---- keys ---- */

static int new_key(const struct sk_access_args *args)
{
	struct sk_sign_key *key = NULL;
	struct sk_fault fault;
	char text[SK_VKEY_TEXT_MAX], path[SK_PATH_MAX], line[SK_VKEY_TEXT_MAX + 1];
	if (args->name == NULL || sk_sign_key_new(args->name, &key) != SK_OK)
		return sk_access_usage(args, "key new FILE: --name NAME is missing, or not one word without '+'");
	enum sk_err err = sk_sign_key_save(key, args->words[1], &fault);
	(void)sk_verify_key_format(sk_sign_key_public(key), text);
	sk_sign_key_free(key);
	int size = snprintf(path, sizeof path, "%s.pub", args->words[1]);
	if (err == SK_OK && (size < 0 || (size_t)size >= sizeof path))
		err = sk_fault_set(&fault, SK_ETOOBIG, "path too long");
	size = snprintf(line, sizeof line, "%s\n", text);
	if (err == SK_OK)
		err = sk_file_replace(path, line, (size_t)size, 0644, &fault);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	(void)fprintf(args->cmd->out, "%s\n", text);
	return 0;
}

/* A key by its text, its file, or NAME+ID as listings show it. */
static int change_key(const struct sk_access_args *args, bool add)
{
	struct sk_buf body;
	struct sk_json_writer w;
	struct sk_verify_key key;
	struct sk_fault fault;
	char text[SK_VKEY_TEXT_MAX];
	if (sk_access_key_of(args->words[2], &key, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	begin(&body, &w);
	sk_json_text(&w, "key", sk_verify_key_format(&key, text));
	return finish(args, "account", args->words[1], add ? "key.add" : "key.revoke", &body, &w, add ? "key added" : "key revoked");
}

int sk_access_key_cmd(const struct sk_access_args *args)
{
	if (args->word_count == 0 || verb_is(args, "list", 1))
		return sk_access_list_keys(args);
	if (verb_is(args, "new", 2))
		return new_key(args);
	if (verb_is(args, "add", 3) || verb_is(args, "revoke", 3))
		return change_key(args, strcmp(args->words[0], "add") == 0);
	return sk_access_usage(args, "key: expected list, new FILE --name NAME, add ACCOUNT KEY, or revoke ACCOUNT KEY");
}

/* ---- leases ---- */

static int request_lease(const struct sk_access_args *args)
{
	const int64_t second_ns = 1000000000;
	struct sk_buf body;
	struct sk_json_writer w;
	uint8_t random[4];
	char id[SK_MATTER_ID_MAX];
	if (args->activity == NULL || args->scope == NULL || args->purpose == NULL || args->why == NULL || args->for_ns < second_ns)
		return sk_access_usage(args, "lease request: --activity, --scope, --purpose, --for DURATION and --why are needed");
	sk_random(random, sizeof random);
	(void)snprintf(id, sizeof id, "lease-%02x%02x%02x%02x", random[0], random[1], random[2], random[3]);
	begin(&body, &w);
	sk_json_text(&w, "activity", args->activity);
	sk_json_text(&w, "purpose", args->purpose);
	sk_json_text(&w, "scope", args->scope);
	sk_json_u64(&w, "seconds", (uint64_t)(args->for_ns / second_ns));
	sk_json_text(&w, "why", args->why);
	return finish(args, "lease", args->id != NULL ? args->id : id, "request", &body, &w, "lease asked for; another person grants it");
}

int sk_access_lease_cmd(const struct sk_access_args *args)
{
	static const struct {
		const char *verb, *member, *done;
	} verbs[] = {{"grant", NULL, "lease granted"}, {"refuse", "why", "lease refused"}, {"use", "what", "lease used"}, {"revoke", "why", "lease revoked"},
		     {"expire", NULL, "lease has run out"}};
	struct sk_buf body;
	struct sk_json_writer w;
	if (args->word_count == 0 || verb_is(args, "list", 1))
		return sk_access_list_leases(args);
	if (verb_is(args, "request", 1))
		return request_lease(args);
	for (size_t i = 0; i < SK_COUNT(verbs); i++) {
		const char *text = verbs[i].member == NULL ? NULL : strcmp(verbs[i].member, "why") == 0 ? args->why : args->what;
		if (!verb_is(args, verbs[i].verb, 2))
			continue;
		if (verbs[i].member != NULL && text == NULL)
			return sk_access_usage(args, "lease %s ID: --%s TEXT is missing", verbs[i].verb, verbs[i].member);
		begin(&body, &w);
		if (text != NULL)
			sk_json_text(&w, verbs[i].member, text);
		return finish(args, "lease", args->words[1], verbs[i].verb, &body, &w, verbs[i].done);
	}
	return sk_access_usage(args, "lease: expected list, request, or grant|refuse|use|revoke|expire ID");
}
