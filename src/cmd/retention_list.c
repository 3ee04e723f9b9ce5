/* SPDX-License-Identifier: Apache-2.0 */
/* What `sekisho retention` shows. */
#include <inttypes.h>
#include <string.h>

#include "cmd/retention.h"
#include "text/json.h"
#include "text/text.h"

enum { LINE_MAX_BYTES = 65536 };

/* ---- days ---- */

struct listing {
	struct sk_custody_run *run;
	struct sk_fault *fault;
	bool due_alone;
	uint64_t shown;
};

static const char *keys_text(const struct sk_store_day *day, char text[64])
{
	if (day->returned != 0)
		(void)snprintf(text, 64, "CAME BACK (%u)", day->returned);
	else if (day->opened != 0)
		(void)snprintf(text, 64, "split, open");
	else if (day->split != 0)
		(void)snprintf(text, 64, day->whole != 0 ? "split and whole" : "split");
	else
		(void)snprintf(text, 64, day->whole != 0 ? "whole" : "gone");
	return text;
}

static void day_json(const struct listing *listing, const struct sk_store_day *day, int64_t due_ns, const char *state)
{
	struct sk_buf out;
	struct sk_json_writer w;
	char when[SK_TIME_TEXT_MAX];
	sk_buf_init(&out, LINE_MAX_BYTES);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "day", day->day);
	sk_json_text(&w, "basis", day->basis);
	sk_json_text(&w, "state", state);
	sk_json_text(&w, "due", sk_time_format(due_ns, 0, when));
	sk_json_u64(&w, "observations", day->observations);
	sk_json_u64(&w, "findings", day->findings);
	sk_json_u64(&w, "flows", day->flows);
	sk_json_u64(&w, "originals", day->originals);
	sk_json_u64(&w, "keys_whole", day->whole);
	sk_json_u64(&w, "keys_split", day->split);
	sk_json_u64(&w, "shares_open", day->opened);
	sk_json_u64(&w, "keys_returned", day->returned);
	sk_json_end(&w);
	(void)fprintf(listing->run->args->cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

static enum sk_err show_day(void *context, const struct sk_store_day *day)
{
	struct listing *listing = context;
	const struct sk_custody_run *run = listing->run;
	char number[SK_UNIT_TEXT_MAX], when[SK_TIME_TEXT_MAX], keys[64];
	int64_t due_ns;
	SK_TRY(sk_retention_due(day->day, run->keep_days, &due_ns, listing->fault));
	bool here = day->whole + day->split != 0, due = due_ns <= run->now_ns && here;
	const char *state = day->returned != 0 ? "returned" : due ? "due" : here ? "kept" : "erased";
	if ((listing->due_alone && !due && day->returned == 0) || (run->args->basis != NULL && strcmp(run->args->basis, day->basis) != 0) ||
	    (run->args->day != NULL && strcmp(run->args->day, day->day) != 0))
		return SK_OK;
	if (run->args->json) {
		day_json(listing, day, due_ns, state);
	} else {
		if (listing->shown == 0)
			(void)fprintf(run->args->cmd->out, "%-10s  %-24s %12s  %-16s %-10s  state\n", "day", "basis", "records", "keys", "due");
		(void)fprintf(run->args->cmd->out, "%-10s  %-24s %12s  %-16s %.10s  %s\n", day->day, day->basis,
			      sk_number_format(day->observations + day->findings + day->flows, number), keys_text(day, keys), sk_time_format(due_ns, 0, when), state);
	}
	listing->shown++;
	return SK_OK;
}

static enum sk_err say_begun(void *context, enum sk_retention_kind kind, const char *name, const char *note, size_t length, struct sk_fault *fault)
{
	struct listing *listing = context;
	(void)kind, (void)note, (void)length, (void)fault;
	(void)fprintf(listing->run->args->cmd->err, "sekisho: %s: an erasure was interrupted; sekisho retention erase --due finishes it\n", name);
	return SK_OK;
}

static enum sk_err list_days(struct sk_custody_run *run, bool due_alone, struct sk_fault *fault)
{
	struct listing listing = {.run = run, .fault = fault, .due_alone = due_alone};
	SK_TRY(sk_store_days(run->store, show_day, &listing, fault));
	if (listing.shown == 0 && !run->args->json)
		(void)fprintf(run->args->cmd->out, due_alone ? "Nothing is due: days are kept for %u days.\n" : "No day has records.\n", run->keep_days);
	return sk_retention_records(run->records, 1u << SK_RETENTION_BEGUN, say_begun, &listing, fault);
}

enum sk_err sk_retention_list_due(struct sk_custody_run *run, struct sk_fault *fault)
{
	return list_days(run, true, fault);
}

enum sk_err sk_retention_list_all(struct sk_custody_run *run, struct sk_fault *fault)
{
	return list_days(run, false, fault);
}

/* ---- holders ---- */

static enum sk_err show_holder(void *context, const struct sk_holder *holder)
{
	struct listing *listing = context;
	const struct sk_handing *handing = &holder->handing;
	const struct sk_custody_args *args = listing->run->args;
	char when[SK_TIME_TEXT_MAX];
	const char *state = holder->confirmed ? "confirmed erased" : holder->erased ? "owes a confirmation" : "holds";
	if ((args->basis != NULL && strcmp(args->basis, handing->basis) != 0) || (args->day != NULL && strcmp(args->day, handing->day) != 0) ||
	    (args->org != NULL && strcmp(args->org, handing->org) != 0))
		return SK_OK;
	if (args->json)
		(void)fprintf(args->cmd->out, "{\"day\":\"%s\",\"basis\":\"%s\",\"org\":\"%s\",\"erase_by\":\"%s\",\"erased\":%s,\"confirmed\":%s}\n", handing->day, handing->basis, handing->org,
			      sk_time_format(handing->until_ns, 0, when), holder->erased ? "true" : "false", holder->confirmed ? "true" : "false");
	else
		(void)fprintf(args->cmd->out, "%s  %-24s %-20s erase by %.10s  %s\n", handing->day, handing->basis, handing->org, sk_time_format(handing->until_ns, 0, when), state);
	listing->shown++;
	return SK_OK;
}

enum sk_err sk_retention_list_holders(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct listing listing = {.run = run, .fault = fault};
	if (!run->has_centre)
		return sk_fault_set(fault, SK_EUSAGE, "holders are kept by a centre: --dir DIR");
	SK_TRY(sk_holders(run->office.centre.docket, NULL, show_holder, &listing, fault));
	if (listing.shown == 0 && !run->args->json)
		(void)fprintf(run->args->cmd->out, "Nobody else was provided with anything.\n");
	return SK_OK;
}

/* ---- certificates ---- */

static enum sk_err read_act(const char *text, size_t length, struct sk_note *note, struct sk_act *act, struct sk_erasure *erasure, struct sk_fault *fault)
{
	SK_TRY(sk_note_parse(text, length, note, fault));
	SK_TRY(sk_act_read(note->body, note->body_length, act, fault));
	return sk_erasure_read(act->body, act->body_length, erasure, fault);
}

static bool is_wanted(const struct sk_custody_args *args, const struct sk_erasure *erasure)
{
	return (args->basis == NULL || strcmp(args->basis, erasure->day.basis) == 0) && (args->day == NULL || strcmp(args->day, erasure->day.day) == 0);
}

static void print_keys(FILE *out, const struct sk_erasure *erasure)
{
	char hex[2 * SK_KEY_ID_BYTES + 1];
	for (size_t i = 0; i < erasure->key_count; i++) {
		sk_hex_encode(erasure->keys[i], SK_KEY_ID_BYTES, hex);
		(void)fprintf(out, "%s%s", i != 0 ? " " : "", hex);
	}
	(void)fprintf(out, "\n");
}

static enum sk_err show_certificate(void *context, enum sk_retention_kind kind, const char *name, const char *text, size_t length, struct sk_fault *fault)
{
	struct listing *listing = context;
	struct sk_note note;
	struct sk_act act;
	struct sk_erasure erasure;
	char when[SK_TIME_TEXT_MAX], hex[2 * SK_HASH_BYTES + 1];
	FILE *out = listing->run->args->cmd->out;
	(void)kind;
	SK_TRY(read_act(text, length, &note, &act, &erasure, fault));
	if (is_wanted(listing->run->args, &erasure) && listing->run->args->json) {
		(void)fprintf(out, "%.*s\n", (int)act.body_length, act.body);
	} else if (is_wanted(listing->run->args, &erasure)) {
		const struct sk_store_day *day = &erasure.day;
		sk_hex_encode(day->digest, sizeof day->digest, hex);
		(void)fprintf(out, "%s\n  erased   %s of basis %s, at %s\n  records  %" PRIu64 " observations, %" PRIu64 " findings, %" PRIu64 " flows, %" PRIu64 " originals, of %" PRIu64 " intervals\n", name, day->day,
			      day->basis, sk_time_format(act.time_ns, 0, when), day->observations, day->findings, day->flows, day->originals, day->intervals);
		(void)fprintf(out, "  why      %s (%s; kept for %u days, policy %s)\n  store    %s\n  signed   %s\n  keys     ", erasure.why, erasure.scheduled ? "scheduled" : "on demand", erasure.keep_days,
			      erasure.policy, hex, note.signatures[0].name);
		print_keys(out, &erasure);
	}
	listing->shown++;
	sk_erasure_fini(&erasure);
	return SK_OK;
}

enum sk_err sk_retention_certificates(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct listing listing = {.run = run, .fault = fault};
	SK_TRY(sk_retention_records(run->records, 1u << SK_RETENTION_CERTIFICATE, show_certificate, &listing, fault));
	if (listing.shown == 0 && !run->args->json)
		(void)fprintf(run->args->cmd->out, "Nothing was erased.\n");
	return SK_OK;
}

/* ---- checking ---- */

struct checking {
	struct sk_custody_run *run;
	size_t program_count;
	struct sk_verify_key programs[2]; /* the workspace's, and the centre's */
	uint64_t certificates;
};

/* Signed by who signs certificates here; its keys on record and not here; and it follows the request that lies beside it. */
static enum sk_err check_certificate(void *context, enum sk_retention_kind kind, const char *name, const char *text, size_t length, struct sk_fault *fault)
{
	struct checking *checking = context;
	struct sk_note note;
	struct sk_act act, request;
	struct sk_erasure erasure;
	char path[SK_PATH_MAX], beside[256];
	struct sk_buf bytes;
	(void)kind;
	SK_TRY(read_act(text, length, &note, &act, &erasure, fault));
	bool signed_here = false;
	for (size_t i = 0; i < checking->program_count; i++)
		signed_here = signed_here || sk_note_verify(&note, &checking->programs[i]) == SK_OK;
	enum sk_err err = signed_here && strcmp(act.event, "erased") == 0
				  ? SK_OK : sk_fault_set(fault, SK_ESIGNATURE, "%s: not a certificate signed by this workspace%s", name, checking->program_count > 1 ? " or its centre" : " (a centre's needs --dir)");
	if (err == SK_OK)
		err = sk_retention_covers(checking->run->records, &erasure, fault);
	sk_erasure_fini(&erasure);
	(void)snprintf(beside, sizeof beside, "%.*s.request", (int)(strrchr(name, '.') - name), name);
	sk_buf_init(&bytes, SK_NOTE_MAX);
	if (err == SK_OK)
		err = sk_file_join(path, sizeof path, checking->run->records, beside);
	if (err == SK_OK)
		err = sk_file_read(path, &bytes, fault);
	if (err == SK_OK)
		err = sk_note_parse(sk_buf_text(&bytes), bytes.length, &note, fault);
	if (err == SK_OK)
		err = sk_act_read(note.body, note.body_length, &request, fault);
	if (err == SK_OK && memcmp(request.digest, act.previous, sizeof act.previous) != 0)
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: does not follow its request", name);
	sk_buf_fini(&bytes);
	checking->certificates += err == SK_OK;
	return err;
}

static enum sk_err no_key_is_back(void *context, const struct sk_store_day *day)
{
	struct listing *listing = context;
	if (day->returned == 0)
		return SK_OK;
	return sk_fault_set(listing->fault, SK_EERASED, "%s of basis %s: %u destroyed key%s came back, out of a backup; refused. sekisho retention erase --returned destroys %s again", day->day,
			    day->basis, day->returned, day->returned == 1 ? "" : "s", day->returned == 1 ? "it" : "them");
}

enum sk_err sk_retention_check(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct checking checking = {.run = run};
	struct listing listing = {.run = run, .fault = fault};
	struct sk_sign_key *key = NULL;
	char path[SK_PATH_MAX];
	SK_TRY(sk_sign_key_load(sk_workspace_path(&run->workspace, "keys/ledger.key", path), &key, fault));
	checking.programs[checking.program_count++] = *sk_sign_key_public(key);
	sk_sign_key_free(key);
	if (run->has_centre)
		checking.programs[checking.program_count++] = run->office.centre.public_key;
	SK_TRY(sk_retention_records(run->records, 1u << SK_RETENTION_CERTIFICATE, check_certificate, &checking, fault));
	SK_TRY(sk_store_days(run->store, no_key_is_back, &listing, fault));
	(void)fprintf(run->args->cmd->out, "%" PRIu64 " certificate%s: signed, each behind its request, and no key of theirs is here.\n", checking.certificates, checking.certificates == 1 ? "" : "s");
	return SK_OK;
}
