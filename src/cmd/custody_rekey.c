/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho retention rekey: another key in the place of oversight's, or of a custodian's. What oversight holds shares of is sealed anew, by the old key's holder; what custodians hold parts of cannot be (it stands in
   intervals that the ledger commits to), so they keep the old key until the last of those days is erased. rule: CUSTODY-9 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "access/list.h"
#include "cmd/access.h"
#include "cmd/retention.h"
#include "seal/share.h"
#include "text/text.h"

enum { BODY_MAX = 16384, ID_BYTES = 8 };

enum place { PLACE_NONE, PLACE_OVERSIGHT, PLACE_CUSTODIAN };

struct rekey {
	struct sk_custody_run *run;
	struct sk_sign_key *old;       /* owned */
	struct sk_verify_key new;
	enum place place;
	size_t custodian;              /* which one */
	bool again;                    /* it is in its place already: finish what is left */
};

static bool same(const struct sk_verify_key *a, const struct sk_verify_key *b)
{
	return memcmp(a->public_key, b->public_key, sizeof a->public_key) == 0;
}

/* Whose place does the old key have; or, after a crash or beside a sensor that still ran, the new one already? */
static void find_place(struct rekey *rekey)
{
	const struct sk_workspace *w = &rekey->run->workspace;
	const struct sk_verify_key *old = sk_sign_key_public(rekey->old);
	if (w->has_oversight && (same(&w->oversight, old) || same(&w->oversight, &rekey->new))) {
		rekey->place = PLACE_OVERSIGHT;
		rekey->again = !same(&w->oversight, old);
	}
	for (size_t i = 0; i < w->custodians.count && rekey->place == PLACE_NONE; i++)
		if (same(&w->custodians.keys[i], old)) {
			rekey->place = PLACE_CUSTODIAN;
			rekey->custodian = i;
		}
}

static enum sk_err check_place(const struct rekey *rekey, struct sk_fault *fault)
{
	const struct sk_workspace *w = &rekey->run->workspace;
	if (rekey->place == PLACE_NONE)
		return sk_fault_set(fault, SK_EPERMIT, "%s: neither oversight's key of this workspace nor a custodian's", sk_sign_key_public(rekey->old)->name);
	if (!sk_box_fits(&rekey->new))
		return sk_fault_set(fault, SK_EUSAGE, "--to %s: this kind of key signs and cannot open; a note key is needed", rekey->new.name);
	if (same(&rekey->new, sk_sign_key_public(rekey->old)))
		return sk_fault_set(fault, SK_EUSAGE, "--to: it is the same key");
	for (size_t i = 0; i < w->custodians.count; i++)
		if (rekey->place == PLACE_CUSTODIAN && same(&w->custodians.keys[i], &rekey->new))
			return sk_fault_set(fault, SK_EEXIST, "--to %s: it is a custodian's already", rekey->new.name);
	return SK_OK;
}

/* ---- on record ---- */

struct search {
	const struct sk_verify_key *key;
	bool found, oversight;
};

static void look_at(void *context, const struct sk_account_view *account)
{
	struct search *search = context;
	for (size_t i = 0; i < account->key_count; i++)
		if (same(account->keys[i].key, search->key) && account->keys[i].until_ns == INT64_MAX) {
			search->found = true;
			search->oversight = account->kind == SK_ORG_OVERSIGHT;
		}
}

/* In a centre the new key is somebody's, and oversight's share goes to nobody but oversight. */
static enum sk_err check_holder(const struct rekey *rekey, struct sk_fault *fault)
{
	struct search search = {.key = &rekey->new};
	sk_access_each_account(rekey->run->office.access, rekey->run->now_ns, look_at, &search);
	if (!search.found)
		return sk_fault_set(fault, SK_ENOENT, "--to %s: no account of the register has this key (sekisho access key add)", rekey->new.name);
	if (rekey->place == PLACE_OVERSIGHT && !search.oversight)
		return sk_fault_set(fault, SK_EPERMIT, "--to %s: it is nobody's of oversight, whose share it would be", rekey->new.name);
	return SK_OK;
}

static void id_of(const struct rekey *rekey, char id[SK_MATTER_ID_MAX])
{
	char from[SK_VKEY_TEXT_MAX], to[SK_VKEY_TEXT_MAX], hex[2 * ID_BYTES + 1];
	uint8_t digest[SK_HASH_BYTES];
	struct sk_buf text;
	sk_buf_init(&text, BODY_MAX);
	sk_buf_addf(&text, "%s\n%s\n%s\n", rekey->run->workspace.basis_id, sk_verify_key_format(sk_sign_key_public(rekey->old), from), sk_verify_key_format(&rekey->new, to));
	sk_sha256(text.bytes, text.length, digest);
	sk_hex_encode(digest, ID_BYTES, hex);
	(void)snprintf(id, SK_MATTER_ID_MAX, "k-%s", hex);
	sk_buf_fini(&text);
}

static void body_of(const struct rekey *rekey, struct sk_buf *out)
{
	struct sk_json_writer w;
	char text[SK_VKEY_TEXT_MAX];
	sk_buf_init(out, BODY_MAX);
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "basis", rekey->run->workspace.basis_id);
	sk_json_text(&w, "from", sk_verify_key_format(sk_sign_key_public(rekey->old), text));
	sk_json_text(&w, "to", sk_verify_key_format(&rekey->new, text));
	sk_json_text(&w, "why", rekey->run->args->why);
	sk_json_end(&w);
}

/* The act first, by the old key's holder. Without a centre there is no docket to hold it, and the files are the workspace's own. */
static enum sk_err enter(struct rekey *rekey, struct sk_fault *fault)
{
	struct sk_custody_run *run = rekey->run;
	const char *event = rekey->place == PLACE_OVERSIGHT ? "oversight" : "custodian";
	struct sk_buf body, note;
	struct sk_act act;
	struct sk_act_facts facts = {.from = ""};
	struct sk_person person;
	const struct sk_custody_step *step;
	char id[SK_MATTER_ID_MAX], state[SK_ACT_WORD_MAX];
	uint8_t last[SK_HASH_BYTES];
	bool found, written = false;
	if (!run->has_centre)
		return SK_OK;
	SK_TRY(check_holder(rekey, fault));
	id_of(rekey, id);
	SK_TRY(sk_docket_last(run->office.centre.docket, "rekey", id, last, state, &found, fault));
	if (found)
		return SK_OK; /* a crash behind the act */
	SK_TRY(sk_custody_find_step("rekey", event, "", false, &step, fault));
	body_of(rekey, &body);
	enum sk_err err = sk_custody_act(run, "rekey", id, event, sk_buf_text(&body), false, &note, &act, &written, fault);
	sk_buf_fini(&body);
	SK_TRY(err);
	SK_INVARIANT(!written);
	err = sk_access_who(run->office.access, sk_buf_text(&note), note.length, run->now_ns, &person, fault);
	if (err == SK_OK)
		err = sk_access_may(run->office.access, &person, step->who, run->now_ns, fault);
	(void)snprintf(facts.to, sizeof facts.to, "%s", step->to);
	if (err == SK_OK)
		err = sk_custody_enter(run, &note, &facts, fault);
	sk_buf_fini(&note);
	return err;
}

/* ---- done ---- */

static enum sk_err change_oversight(struct rekey *rekey, struct sk_fault *fault)
{
	struct sk_custody_run *run = rekey->run;
	uint64_t resealed, others;
	/* What is made from now on goes to the new key; then what is there. A crash in between leaves both, and the same command goes on. */
	run->workspace.oversight = rekey->new;
	SK_TRY(sk_workspace_rewrite(&run->workspace, fault));
	SK_TRY(sk_store_reseal_shares(run->store, rekey->old, &rekey->new, &resealed, &others, fault));
	(void)fprintf(run->args->cmd->out, "oversight  %s holds the shares now: %" PRIu64 " sealed anew%s\n", rekey->new.name, resealed, rekey->again ? ", of what was left" : "");
	if (others != 0)
		(void)fprintf(run->args->cmd->out, "           %" PRIu64 " were not the old key's\n", others);
	(void)fprintf(run->args->cmd->out, "next       restart the sensor of this workspace, then run this again: what it seals until then goes to the old key\n");
	return SK_OK;
}

static enum sk_err change_custodian(struct rekey *rekey, struct sk_fault *fault)
{
	struct sk_custody_run *run = rekey->run;
	static const int64_t day_ns = INT64_C(86400) * 1000000000;
	char until[SK_TIME_TEXT_MAX];
	run->workspace.custodians.keys[rekey->custodian] = rekey->new;
	SK_TRY(sk_workspace_rewrite(&run->workspace, fault));
	(void)fprintf(run->args->cmd->out, "custodian  %s in the place of %s, for originals that are kept from the sensor's next start on\n", rekey->new.name, sk_sign_key_public(rekey->old)->name);
	(void)fprintf(run->args->cmd->out, "next       restart the sensor; keep the old key for what was kept before it (sekisho reident approve --old-key), the last of it goes after %.10s; then destroy it\n",
		      sk_time_format(run->now_ns + (int64_t)(run->keep_days + 1) * day_ns, 0, until));
	return SK_OK;
}

//= rule: CUSTODY-9
enum sk_err sk_retention_rekey(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct rekey rekey = {.run = run};
	if (run->args->org == NULL || run->args->actor.key == NULL || run->args->why == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "rekey: --key FILE (the old key, of oversight or of a custodian), --to KEY (the new one's public half) and --why TEXT are needed");
	SK_TRY(sk_access_key_of(run->args->org, &rekey.new, fault));
	SK_TRY(sk_sign_key_load(run->args->actor.key, &rekey.old, fault));
	find_place(&rekey);
	enum sk_err err = check_place(&rekey, fault);
	if (err == SK_OK)
		err = enter(&rekey, fault);
	if (err == SK_OK)
		err = rekey.place == PLACE_OVERSIGHT ? change_oversight(&rekey, fault) : change_custodian(&rekey, fault);
	sk_sign_key_free(rekey.old);
	return err;
}
