/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho retention: which days are kept and until when, their erasure and its certificates, oversight's shares, and who else holds what. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/retention.h"
#include "custody/replay.h"
#include "text/text.h"

enum { BODY_MAX = SK_ACT_BODY_MAX };

/* ---- erasing ---- */

static enum sk_err take_note(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct sk_buf *note = context;
	sk_buf_reset(note);
	sk_buf_add(note, entry->note, entry->note_length);
	return note->failed == SK_OK ? SK_OK : sk_fault_set(fault, note->failed, "out of memory");
}

/* A crash between docket and record: the docket has the certificate, and no other is made. */
static enum sk_err is_entered(struct sk_custody_run *run, const char *id, struct sk_buf *note, bool *entered, struct sk_fault *fault)
{
	uint8_t last[SK_HASH_BYTES];
	char state[SK_ACT_WORD_MAX] = "";
	bool found;
	*entered = false;
	if (!run->has_centre)
		return SK_OK;
	SK_TRY(sk_docket_last(run->office.centre.docket, "retention", id, last, state, &found, fault));
	*entered = strcmp(state, "erased") == 0;
	return *entered ? sk_docket_walk(run->office.centre.docket, "retention", id, 0, take_note, note, fault) : SK_OK;
}

static enum sk_err make_certificate(struct sk_custody_run *run, const char *id, const struct sk_erasure *erasure, struct sk_buf *note, struct sk_fault *fault)
{
	struct sk_buf body, made;
	struct sk_act act;
	struct sk_act_facts facts;
	bool written;
	sk_buf_init(&body, BODY_MAX);
	sk_erasure_write(erasure, &body);
	enum sk_err err = body.failed != SK_OK ? sk_fault_set(fault, body.failed, "the certificate does not fit")
					       : sk_custody_act(run, "retention", id, "erased", sk_buf_text(&body), true, &made, &act, &written, fault);
	sk_buf_fini(&body);
	SK_TRY(err);
	sk_buf_add(note, made.bytes, made.length);
	if (run->has_centre)
		err = sk_retention_erased(run->office.centre.docket, id, erasure, &facts, fault);
	if (err == SK_OK && run->has_centre)
		err = sk_custody_enter(run, &made, &facts, fault);
	sk_buf_fini(&made);
	return err;
}

/* The certificate: signed by the program that saw the keys gone. */
static enum sk_err certify(struct sk_custody_run *run, const char *id, const struct sk_erasure *erasure, struct sk_fault *fault)
{
	struct sk_buf note;
	bool entered;
	sk_buf_init(&note, SK_NOTE_MAX);
	enum sk_err err = is_entered(run, id, &note, &entered, fault);
	if (err == SK_OK && !entered)
		err = make_certificate(run, id, erasure, &note, fault);
	if (err == SK_OK)
		err = sk_retention_end(run->records, run->store, erasure, id, sk_buf_text(&note), note.length, fault);
	sk_buf_fini(&note);
	return err;
}

/* From the first act on: keys on record as gone, keys gone, certificate. Goes on where a crash ended it. */
enum sk_err sk_retention_carry_out(struct sk_custody_run *run, const char *id, const char *note, size_t length, const struct sk_erasure *erasure, struct sk_fault *fault)
{
	uint64_t files;
	SK_TRY(sk_retention_begin(run->records, id, note, length, erasure, fault));
	SK_TRY(sk_store_destroy_day(run->store, erasure->day.basis, erasure->day.day, &files, fault));
	return certify(run, id, erasure, fault);
}

static void say_erased(const struct sk_custody_run *run, const char *id, const struct sk_erasure *erasure)
{
	char number[4][SK_UNIT_TEXT_MAX];
	const struct sk_store_day *day = &erasure->day;
	struct sk_cmd *cmd = run->args->cmd;
	if (run->args->json)
		(void)fprintf(cmd->out, "{\"id\":\"%s\",\"basis\":\"%s\",\"day\":\"%s\",\"observations\":%" PRIu64 ",\"findings\":%" PRIu64 ",\"flows\":%" PRIu64 ",\"originals\":%" PRIu64 ",\"keys\":%zu,\"holders\":%zu}\n", id,
			      day->basis, day->day, day->observations, day->findings, day->flows, day->originals, erasure->key_count, erasure->holder_count);
	else
		(void)fprintf(cmd->out, "erased  %s of basis %s: %s observations, %s findings, %s flows, %s originals; %zu key%s destroyed\n", day->day, day->basis,
			      sk_number_format(day->observations, number[0]), sk_number_format(day->findings, number[1]), sk_number_format(day->flows, number[2]),
			      sk_number_format(day->originals, number[3]), erasure->key_count, erasure->key_count == 1 ? "" : "s");
	for (size_t i = 0; i < erasure->holder_count && !run->args->json; i++)
		(void)fprintf(cmd->out, "        %s was provided with it, and owes a confirmation\n", erasure->holders[i]);
}

/* What the centre's own bases, and the policy in force, say about a day under the basis that an act names. A basis that a workspace approved for itself is no agreement. */
static enum sk_err provision_of(struct sk_custody_run *run, const struct sk_act *act, struct sk_provision *out, struct sk_fault *fault)
{
	char basis[64];
	const struct sk_law *law;
	sk_custody_basis_of(act, basis);
	*out = (struct sk_provision){.agreement = false};
	SK_TRY(sk_office_bases(&run->office, fault));
	const struct sk_basis_matter *matter = sk_bases_find(run->office.bases, basis);
	SK_TRY(sk_office_law_in_force(&run->office, &law, fault));
	out->keep_days = sk_custody_keep_days(law, matter != NULL ? matter->basis.kind : "", act->time_ns, run->office.centre.simulated);
	if (matter == NULL || strcmp(matter->basis.kind, "agreement") != 0)
		return SK_OK;
	out->agreement = true;
	out->consented = matter->may_provide;
	(void)snprintf(out->partner, sizeof out->partner, "%s", matter->partner);
	return SK_OK;
}

/* Judge the first act where there is a centre, and enter it. */
static enum sk_err authorise(struct sk_custody_run *run, const struct sk_buf *note, const struct sk_act *act, struct sk_fault *fault)
{
	struct sk_person person;
	struct sk_act_facts facts;
	struct sk_provision provision;
	if (!run->has_centre)
		return SK_OK;
	SK_TRY(provision_of(run, act, &provision, fault));
	SK_TRY(sk_retention_judge(run->office.centre.docket, run->office.access, &provision, sk_buf_text(note), note->length, act, run->now_ns, &person, &facts, fault));
	return sk_custody_enter(run, note, &facts, fault);
}

static enum sk_err erase_day(struct sk_custody_run *run, const struct sk_store_day *day, bool scheduled, struct sk_fault *fault)
{
	struct sk_erasure erasure;
	struct sk_buf body, note;
	struct sk_act act;
	char id[SK_MATTER_ID_MAX];
	bool written = false;
	SK_TRY(sk_erasure_of(run->store, day, &erasure, fault));
	erasure.scheduled = scheduled;
	erasure.keep_days = run->keep_days;
	(void)snprintf(erasure.why, sizeof erasure.why, "%s", run->args->why != NULL ? run->args->why : "the days for which it may be kept are over");
	sk_retention_id(day->basis, day->day, id);
	sk_buf_init(&body, BODY_MAX);
	enum sk_err err = run->has_centre ? sk_erasure_holders(run->office.centre.docket, id, &erasure, fault) : SK_OK;
	if (err == SK_OK) {
		sk_erasure_write(&erasure, &body);
		err = body.failed != SK_OK ? sk_fault_set(fault, body.failed, "the statement does not fit")
					   : sk_custody_act(run, "retention", id, "erase", sk_buf_text(&body), false, &note, &act, &written, fault);
	}
	sk_buf_fini(&body);
	if (err == SK_OK && !written) {
		/* What was signed elsewhere is what is obeyed. */
		sk_erasure_fini(&erasure);
		err = sk_erasure_read(act.body, act.body_length, &erasure, fault);
		if (err == SK_OK)
			err = authorise(run, &note, &act, fault);
		if (err == SK_OK)
			err = sk_retention_carry_out(run, id, sk_buf_text(&note), note.length, &erasure, fault);
		if (err == SK_OK)
			say_erased(run, id, &erasure);
		sk_buf_fini(&note);
	}
	sk_erasure_fini(&erasure);
	return err;
}

/* ---- going on after a crash ---- */

static enum sk_err finish_one(void *context, enum sk_retention_kind kind, const char *name, const char *text, size_t length, struct sk_fault *fault)
{
	struct sk_custody_run *run = context;
	struct sk_note note;
	struct sk_act act;
	struct sk_erasure erasure;
	(void)kind;
	SK_TRY(sk_note_parse(text, length, &note, fault));
	SK_TRY(sk_act_read(note.body, note.body_length, &act, fault));
	SK_TRY(sk_erasure_read(act.body, act.body_length, &erasure, fault));
	(void)fprintf(run->args->cmd->err, "sekisho: %s: an erasure that was interrupted; it is finished now\n", name);
	enum sk_err err = sk_retention_carry_out(run, act.id, text, length, &erasure, fault);
	if (err == SK_OK)
		say_erased(run, act.id, &erasure);
	sk_erasure_fini(&erasure);
	return err;
}

/* In the docket, and not begun here: the crash was between the two. */
static enum sk_err finish_docket(void *context, const char *id, const char *state, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct sk_custody_run *run = context;
	struct sk_erasure erasure;
	uint8_t last[SK_HASH_BYTES];
	if (strcmp(state, "erasing") != 0 || strcmp(entry->act.event, "erase") != 0)
		return SK_OK;
	SK_TRY(sk_docket_last(run->office.centre.docket, "retention", id, last, (char[SK_ACT_WORD_MAX]){0}, &(bool){false}, fault));
	if (memcmp(last, entry->act.digest, sizeof last) != 0)
		return SK_OK; /* an earlier one of the same day */
	SK_TRY(sk_erasure_read(entry->act.body, entry->act.body_length, &erasure, fault));
	enum sk_err err = strcmp(erasure.day.basis, run->workspace.basis_id) == 0 ? sk_retention_carry_out(run, id, entry->note, entry->note_length, &erasure, fault) : SK_OK;
	sk_erasure_fini(&erasure);
	return err;
}

static enum sk_err finish(struct sk_custody_run *run, struct sk_fault *fault)
{
	SK_TRY(sk_retention_records(run->records, 1u << SK_RETENTION_BEGUN, finish_one, run, fault));
	return run->has_centre ? sk_docket_erasures(run->office.centre.docket, finish_docket, run, fault) : SK_OK;
}

/* ---- which days ---- */

static bool is_meant(const struct sk_custody_run *run, const struct sk_store_day *day, struct sk_fault *fault)
{
	int64_t due_ns;
	const struct sk_custody_args *args = run->args;
	if ((args->basis != NULL && strcmp(args->basis, day->basis) != 0) || (args->day != NULL && strcmp(args->day, day->day) != 0))
		return false;
	if (args->returned)
		return day->returned != 0;
	if (!args->due)
		return true;
	return sk_retention_due(day->day, run->keep_days, &due_ns, fault) == SK_OK && due_ns <= run->now_ns && day->whole + day->split != 0;
}

struct choice {
	const struct sk_custody_run *run;
	struct sk_fault *fault;
	size_t count, capacity;
	struct sk_store_day *days;
};

static enum sk_err choose(void *context, const struct sk_store_day *day)
{
	struct choice *choice = context;
	if (!is_meant(choice->run, day, choice->fault))
		return SK_OK;
	if (choice->count == choice->capacity) {
		struct sk_store_day *grown = realloc(choice->days, (choice->capacity + 64) * sizeof *grown);
		if (grown == NULL)
			return sk_fault_set(choice->fault, SK_ENOMEM, "out of memory");
		choice->days = grown;
		choice->capacity += 64;
	}
	choice->days[choice->count++] = *day;
	return SK_OK;
}

static enum sk_err destroy_returned(struct sk_custody_run *run, const struct sk_store_day *day, struct sk_fault *fault)
{
	uint64_t files;
	SK_TRY(sk_store_destroy_day(run->store, day->basis, day->day, &files, fault));
	(void)fprintf(run->args->cmd->out, "destroyed again  %s of basis %s: %" PRIu64 " key file%s that came back\n", day->day, day->basis, files, files == 1 ? "" : "s");
	return SK_OK;
}

static enum sk_err erase(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct choice choice = {.run = run, .fault = fault};
	SK_TRY(finish(run, fault));
	enum sk_err err = sk_store_days(run->store, choose, &choice, fault);
	if (err == SK_OK && choice.count == 0 && run->args->day != NULL)
		err = sk_fault_set(fault, SK_ENOENT, "%s: nothing was kept of that day", run->args->day);
	if (err == SK_OK && choice.count > 1 && run->args->actor.to_sign != NULL)
		err = sk_fault_set(fault, SK_EUSAGE, "--to-sign writes one statement; name one day and one basis");
	for (size_t i = 0; i < choice.count && err == SK_OK; i++)
		err = run->args->returned ? destroy_returned(run, &choice.days[i], fault) : erase_day(run, &choice.days[i], run->args->due, fault);
	if (err == SK_OK && choice.count == 0 && !run->args->json)
		(void)fprintf(run->args->cmd->out, run->args->returned ? "No key that was destroyed is there.\n" : "Nothing is due.\n");
	free(choice.days);
	return err;
}

/* ---- oversight's share ---- */

static enum sk_err record_handing(struct sk_custody_run *run, const char *event, const struct sk_handing *handing, bool *written, struct sk_fault *fault)
{
	struct sk_buf body, note;
	struct sk_act act;
	struct sk_act_facts facts;
	struct sk_person person;
	struct sk_provision provision;
	char id[SK_MATTER_ID_MAX];
	sk_retention_id(handing->basis, handing->day, id);
	sk_buf_init(&body, BODY_MAX);
	sk_handing_write(handing, &body);
	enum sk_err err = sk_custody_act(run, "retention", id, event, sk_buf_text(&body), false, &note, &act, written, fault);
	sk_buf_fini(&body);
	if (err != SK_OK || *written)
		return err;
	if (run->has_centre) {
		err = provision_of(run, &act, &provision, fault);
		if (err == SK_OK)
			err = sk_retention_judge(run->office.centre.docket, run->office.access, &provision, sk_buf_text(&note), note.length, &act, run->now_ns, &person, &facts, fault);
		if (err == SK_OK)
			err = sk_custody_enter(run, &note, &facts, fault);
	} else {
		err = sk_retention_opened(run->records, id, run->now_ns, sk_buf_text(&note), note.length, fault);
	}
	sk_buf_fini(&note);
	return err;
}

/* The act first, then the share: whoever reads has a record behind them. rule: CUSTODY-1 */
static enum sk_err open_share(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct sk_handing handing = {.until_ns = run->now_ns + (run->args->for_ns != 0 ? run->args->for_ns : (int64_t)sk_policy_share_hours() * 3600000000000)};
	struct sk_sign_key *key = NULL;
	unsigned opened = 0;
	bool written = false;
	char when[SK_TIME_TEXT_MAX];
	if (run->args->why == NULL || run->args->actor.key == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--why TEXT and --key FILE (oversight's, whose share it is) are needed");
	if (handing.until_ns - run->now_ns > (int64_t)sk_policy_share_hours() * 3600000000000)
		return sk_fault_set(fault, SK_EUSAGE, "--for: a share is open for at most %u hours, by policy", sk_policy_share_hours());
	(void)snprintf(handing.basis, sizeof handing.basis, "%s", run->args->basis);
	(void)snprintf(handing.day, sizeof handing.day, "%s", run->args->day);
	(void)snprintf(handing.why, sizeof handing.why, "%s", run->args->why);
	SK_TRY(sk_sign_key_load(run->args->actor.key, &key, fault));
	enum sk_err err = run->workspace.has_oversight && memcmp(sk_sign_key_public(key)->public_key, run->workspace.oversight.public_key, SK_PUBLIC_KEY_MAX) == 0
				  ? SK_OK : sk_fault_set(fault, SK_EPERMIT, "%s: not the key of oversight that holds the shares of this workspace", sk_sign_key_public(key)->name);
	if (err == SK_OK)
		err = record_handing(run, "open", &handing, &written, fault);
	if (err == SK_OK && !written)
		err = sk_store_open_shares(run->store, handing.basis, handing.day, key, run->now_ns, handing.until_ns, &opened, fault);
	sk_sign_key_free(key);
	if (err == SK_OK)
		(void)fprintf(run->args->cmd->out, "open    %s of basis %s until %s: %u share%s\n", handing.day, handing.basis, sk_time_format(handing.until_ns, 0, when), opened, opened == 1 ? "" : "s");
	return err;
}

static enum sk_err close_share(struct sk_custody_run *run, struct sk_fault *fault)
{
	uint64_t closed;
	SK_TRY(sk_store_close_shares(run->store, run->args->basis, run->args->day, &closed, fault));
	(void)fprintf(run->args->cmd->out, "closed  %s of basis %s: %" PRIu64 " open share%s destroyed\n", run->args->day, run->args->basis, closed, closed == 1 ? "" : "s");
	return SK_OK;
}

/* ---- other holders ---- */

static enum sk_err hand(struct sk_custody_run *run, const char *event, struct sk_fault *fault)
{
	struct sk_handing handing = {.until_ns = run->now_ns};
	bool written;
	if (run->args->org == NULL || !run->has_centre)
		return sk_fault_set(fault, SK_EUSAGE, "--dir (a centre, which keeps the holders) and --to ORG are needed");
	(void)snprintf(handing.basis, sizeof handing.basis, "%s", run->args->basis);
	(void)snprintf(handing.day, sizeof handing.day, "%s", run->args->day);
	(void)snprintf(handing.org, sizeof handing.org, "%s", run->args->org);
	(void)snprintf(handing.why, sizeof handing.why, "%s", run->args->why != NULL ? run->args->why : "");
	if (strcmp(event, "provide") == 0)
		SK_TRY(sk_retention_due(handing.day, run->keep_days, &handing.until_ns, fault));
	SK_TRY(record_handing(run, event, &handing, &written, fault));
	if (!written)
		(void)fprintf(run->args->cmd->out, "%s  %s of basis %s: %s\n", strcmp(event, "provide") == 0 ? "provided" : "confirmed", handing.day, handing.basis, handing.org);
	return SK_OK;
}

static enum sk_err provide(struct sk_custody_run *run, struct sk_fault *fault)
{
	return hand(run, "provide", fault);
}

static enum sk_err confirm(struct sk_custody_run *run, struct sk_fault *fault)
{
	return hand(run, "confirm", fault);
}

/* ---- the command ---- */

int sk_cmd_retention(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		enum sk_err (*run)(struct sk_custody_run *run, struct sk_fault *fault);
		bool one_day, needs_choice;
	} verbs[] = {{"due", sk_retention_list_due, false, false}, {"list", sk_retention_list_all, false, false}, {"erase", erase, false, true}, {"open", open_share, true, false},
		     {"close", close_share, true, false}, {"provide", provide, true, false}, {"confirm", confirm, true, false}, {"holders", sk_retention_list_holders, false, false},
		     {"certificate", sk_retention_certificates, false, false}, {"rekey", sk_retention_rekey, false, false}, {"check", sk_retention_check, false, false}};
	struct sk_custody_args args;
	struct sk_custody_run run;
	struct sk_fault fault = {.err = SK_OK};
	int exit_code = 0;
	if (!sk_custody_parse(&args, cmd, argc, argv, &exit_code))
		return exit_code;
	for (size_t i = 0; i < SK_COUNT(verbs); i++) {
		if (strcmp(args.verb, verbs[i].name) != 0 || args.id != NULL)
			continue;
		if (args.workspace == NULL && verbs[i].run != sk_retention_list_holders)
			return sk_cmd_usage(cmd, argv[0], "--workspace DIR is missing");
		if (verbs[i].one_day && args.day == NULL)
			return sk_cmd_usage(cmd, argv[0], "%s: --day YYYY-MM-DD is missing", args.verb);
		if (verbs[i].needs_choice && !args.due && !args.returned && (args.day == NULL || args.why == NULL))
			return sk_cmd_usage(cmd, argv[0], "erase: --due, --returned, or --day YYYY-MM-DD with a reason (--why TEXT)");
		enum sk_err err = sk_custody_open(&args, &run, &fault);
		if (err != SK_OK)
			return sk_cmd_fail(cmd, &fault);
		if (verbs[i].one_day && args.basis == NULL)
			args.basis = run.workspace.basis_id;
		err = verbs[i].run(&run, &fault);
		sk_custody_close(&run);
		return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
	}
	return sk_cmd_usage(cmd, argv[0], "expected due, list, erase, open, close, provide, confirm, holders, certificate, rekey or check");
}
