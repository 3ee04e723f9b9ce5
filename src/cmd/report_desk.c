/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/report.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/session.h"
#include "cmd/signer.h"
#include "text/text.h"

enum { NOTE_MAX = SK_ACT_TEXT_MAX + 65536 };

/* ---- who asks ---- */

/* A statement of no matter at all is signed, judged and thrown away: whoever can sign it has the key. */
static enum sk_err by_key(struct sk_report_desk *desk, const char *key, struct sk_fault *fault)
{
	struct sk_act act = {.matter = "report", .id = "nothing", .event = "prove", .time_ns = desk->office.now_ns, .body = "{}", .body_length = 2};
	struct sk_buf line, note;
	sk_random(act.previous, sizeof act.previous); /* no act can ever go on from it */
	sk_buf_init(&line, SK_ACT_TEXT_MAX);
	sk_buf_init(&note, NOTE_MAX);
	sk_act_write(&act, &line);
	enum sk_err err = line.failed != SK_OK ? sk_fault_set(fault, line.failed, "the statement cannot be written") : sk_signer_sign(key, sk_buf_text(&line), line.length, &note, fault);
	if (err == SK_OK)
		err = sk_access_who(desk->office.access, sk_buf_text(&note), note.length, desk->office.now_ns, &desk->person, fault);
	sk_buf_fini(&line);
	sk_buf_fini(&note);
	return err;
}

static enum sk_err find_person(struct sk_report_desk *desk, bool anybody, struct sk_fault *fault)
{
	const char *key = desk->args->office.actor.key, *usual = getenv("SEKISHO_KEY");
	if (key == NULL && sk_cmd_session()) {
		SK_TRY(sk_cmd_session_person(&desk->office.centre, desk->office.access, desk->office.now_ns, &desk->person, fault));
	} else if (key != NULL || usual != NULL) {
		SK_TRY(by_key(desk, key != NULL ? key : usual, fault));
	} else if (anybody) {
		return SK_OK;
	} else {
		return sk_fault_set(fault, SK_EUSAGE, "who asks? --key FILE (or SEKISHO_KEY) names the key of an account, SEKISHO_SESSION a session; reports are shown to whom they are for");
	}
	desk->known = true;
	return SK_OK;
}

enum sk_err sk_report_desk_fold(const struct sk_report_args *args, bool write, struct sk_report_desk *out, struct sk_fault *fault)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	*out = (struct sk_report_desk){.args = args};
	SK_TRY(sk_office_open(args->cmd, args->office.folder, write, &out->office, fault));
	out->simulate = out->office.centre.simulated;
	enum sk_err err = sk_office_law_in_force(&out->office, &out->law, fault);
	if (err == SK_OK)
		err = sk_reports_open(sk_centre_path(&out->office.centre, "reports.db", db), sk_centre_path(&out->office.centre, "keys/report.key", key), out->office.centre.docket, write, &out->reports, fault);
	if (err != SK_OK)
		sk_report_desk_close(out);
	return err;
}

enum sk_err sk_report_desk_open(const struct sk_report_args *args, bool write, bool anybody, struct sk_report_desk *out, struct sk_fault *fault)
{
	SK_TRY(sk_report_desk_fold(args, write, out, fault));
	enum sk_err err = find_person(out, anybody, fault);
	if (err != SK_OK)
		sk_report_desk_close(out);
	return err;
}

void sk_report_desk_close(struct sk_report_desk *desk)
{
	sk_reports_close(desk->reports);
	sk_office_close(&desk->office);
	desk->reports = NULL;
}

enum sk_report_seen sk_report_desk_seen(const struct sk_report_desk *desk, const struct sk_report *report)
{
	const struct sk_report_viewer viewer = {.kind = desk->person.kind, .org = desk->person.org};
	return desk->known && desk->person.roles != 0 ? sk_report_seen(desk->law, &sk_report_newest(report)->facts, &viewer, desk->office.now_ns, desk->simulate) : SK_REPORT_NOTHING;
}

enum sk_err sk_report_desk_find(struct sk_report_desk *desk, const char *id, bool full, const struct sk_report **out, enum sk_report_seen *seen, struct sk_fault *fault)
{
	SK_TRY(sk_reports_find(desk->reports, id, out, fault));
	*seen = sk_report_desk_seen(desk, *out);
	if (*seen == SK_REPORT_NOTHING)
		return sk_fault_set(fault, SK_ENOENT, "%.63s: no such report; sekisho report list lists them", id);
	if (full && *seen != SK_REPORT_FULL)
		return sk_fault_set(fault, SK_EPERMIT, "report %s: %s sees its gist alone (LAW.md 3; its consents and TLP)", (*out)->id, desk->person.org);
	return SK_OK;
}

enum sk_err sk_report_desk_read(struct sk_report_desk *desk, const struct sk_report *report, const struct sk_report_entry *entry, struct sk_report_document *out, struct sk_fault *fault)
{
	struct sk_buf body;
	memset(out, 0, sizeof *out);
	sk_buf_init(&body, 2 * SK_REPORT_FILE_MAX);
	enum sk_err err = sk_report_body(desk->reports, report, entry, &body, fault);
	if (err == SK_OK)
		err = sk_report_take(body.bytes, body.length, out, fault);
	sk_buf_fini(&body);
	return err;
}

size_t sk_report_desk_clocks(const struct sk_report_desk *desk, const struct sk_report *report, struct sk_report_clock out[SK_REPORT_CLOCKS_MAX])
{
	struct sk_report_handed handed[SK_REPORT_ENTRIES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < report->count; i++)
		if (report->entries[i].version != 0)
			handed[count++] = (struct sk_report_handed){.at_ns = report->entries[i].time_ns, .facts = &report->entries[i].facts};
	return sk_report_clocks(desk->law, handed, count, desk->office.now_ns, desk->simulate, out);
}

/* ---- one step under the centre's key ---- */

enum sk_err sk_report_desk_enter(struct sk_report_desk *desk, const char *report, struct sk_report_facts *facts, const void *body, size_t length, char id[SK_MATTER_ID_MAX], uint64_t *leaf,
				 struct sk_fault *fault)
{
	struct sk_centre *centre = &desk->office.centre;
	struct sk_report_draft draft;
	struct sk_act act = {.matter = "report", .time_ns = desk->office.now_ns};
	struct sk_buf line, note;
	struct sk_receipt receipt = {.index = 0};
	char state[SK_ACT_WORD_MAX];
	bool found;
	memcpy(facts->by, desk->person.account, sizeof facts->by);
	memcpy(facts->org, desk->person.org, sizeof facts->org);
	sk_buf_init(&line, SK_ACT_TEXT_MAX);
	sk_buf_init(&note, NOTE_MAX);
	enum sk_err err = sk_report_draft(desk->reports, report, facts, body, length, &draft, fault);
	if (err == SK_OK) {
		memcpy(act.id, draft.id, sizeof act.id);
		memcpy(act.event, draft.event, sizeof act.event);
		memcpy(act.policy, centre->policy, SK_HASH_BYTES);
		act.body = sk_buf_text(&draft.act);
		act.body_length = draft.act.length;
		err = sk_docket_last(centre->docket, "report", draft.id, act.previous, state, &found, fault);
	}
	if (err == SK_OK) {
		sk_act_write(&act, &line);
		if (line.failed == SK_OK)
			sk_note_sign(&note, sk_buf_text(&line), line.length, centre->key);
		err = line.failed != SK_OK || note.failed != SK_OK ? sk_fault_set(fault, SK_ETOOBIG, "report %s: the act cannot be written", draft.id)
								    : sk_report_enter(desk->reports, &draft, sk_buf_text(&note), note.length, &receipt, fault);
	}
	memcpy(id, draft.id, SK_MATTER_ID_MAX);
	*leaf = receipt.index;
	sk_report_draft_fini(&draft);
	sk_buf_fini(&line);
	sk_buf_fini(&note);
	return err;
}

/* ---- output ---- */

static const char *state_name(const struct sk_report_clock *clock)
{
	return clock->state == SK_REPORT_DONE ? "done" : clock->state == SK_REPORT_LATE ? "late" : "due";
}

void sk_report_add_clocks(struct sk_json_writer *w, const struct sk_report_clock *clocks, size_t count)
{
	char time[SK_TIME_TEXT_MAX];
	sk_json_array(w, "clocks");
	for (size_t i = 0; i < count; i++) {
		const struct sk_report_clock *clock = &clocks[i];
		sk_json_object(w, NULL);
		sk_json_text(w, "regime", clock->row->regime);
		sk_json_text(w, "what", clock->row->step);
		sk_json_text(w, "since", sk_time_format(clock->start_ns, 0, time));
		sk_json_text(w, "due", sk_time_format(clock->due_ns, 0, time));
		sk_json_bool(w, "promptly", clock->promptly);
		sk_json_text(w, "state", state_name(clock));
		if (clock->done_ns != 0)
			sk_json_text(w, "done", sk_time_format(clock->done_ns, 0, time));
		if (clock->done_ns != 0 && !clock->promptly)
			sk_json_bool(w, "in_time", clock->done_ns <= clock->due_ns);
		sk_json_array(w, "to");
		for (uint32_t k = 0; k < clock->row->to.count; k++)
			sk_json_text(w, NULL, clock->row->to.items[k]);
		sk_json_end(w);
		sk_json_text(w, "evidence", clock->row->evidence);
		sk_json_end(w);
	}
	sk_json_end(w);
}

void sk_report_clock_line(const struct sk_report_clock *clock, struct sk_buf *out)
{
	char due[SK_TIME_TEXT_MAX], done[SK_TIME_TEXT_MAX];
	sk_buf_addf(out, "%-18s %-16s ", clock->row->regime, clock->row->step);
	if (clock->promptly)
		sk_buf_addf(out, "promptly since %s", sk_time_format(clock->start_ns, 0, due));
	else
		sk_buf_addf(out, "by %s", sk_time_format(clock->due_ns, 0, due));
	if (clock->done_ns != 0)
		sk_buf_addf(out, "  done %s%s", sk_time_format(clock->done_ns, 0, done), !clock->promptly && clock->done_ns > clock->due_ns ? ", LATE" : "");
	else
		sk_buf_add_text(out, clock->state == SK_REPORT_LATE ? "  LATE" : "  due");
	sk_buf_add_text(out, "  to ");
	for (uint32_t i = 0; i < clock->row->to.count; i++)
		sk_buf_addf(out, "%s%s", i == 0 ? "" : ", ", clock->row->to.items[i]);
	sk_buf_add_u8(out, '\n');
}

enum sk_err sk_report_add_receipt(const struct sk_report_desk *desk, struct sk_json_writer *w, const char *key, uint64_t leaf, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	sk_buf_init(&text, SK_NOTE_MAX);
	enum sk_err err = sk_file_read(sk_centre_path(&desk->office.centre, "ledger/checkpoint", path), &text, fault);
	if (err == SK_OK) {
		sk_json_object(w, key);
		sk_json_text(w, "origin", desk->office.centre.origin);
		sk_json_u64(w, "leaf", leaf);
		sk_json_text(w, "checkpoint", sk_buf_text(&text));
		sk_json_end(w);
	}
	sk_buf_fini(&text);
	return err;
}

int sk_report_end(const struct sk_report_args *args, struct sk_buf *out, enum sk_err err, const struct sk_fault *fault)
{
	struct sk_fault own;
	if (err == SK_OK && out->failed != SK_OK) {
		err = sk_fault_set(&own, out->failed, "the answer is too long");
		fault = &own;
	}
	if (err == SK_OK && fwrite(sk_buf_text(out), 1, out->length, args->cmd->out) != out->length) {
		err = sk_fault_set(&own, SK_EIO, "the answer cannot be written");
		fault = &own;
	}
	sk_buf_fini(out);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, fault);
}

/* ---- words ---- */

enum { OPT_FORM = 256, OPT_STAGE, OPT_ID, OPT_STATE, OPT_REGIME, OPT_ORG, OPT_CASE, OPT_Q, OPT_AS, OPT_NAME, OPT_SINCE, OPT_UNTIL, OPT_AT, OPT_DESIGNATED, OPT_SPECIFIED, OPT_CLASS, OPT_TRIGGER,
       OPT_LANG, OPT_VERSION, OPT_YEAR, OPT_LIMIT, OPT_TABLE, OPT_ATTEMPTED, OPT_REMIND, OPT_APART, OPT_LATE, OPT_ALL, OPT_SERVER, OPT_FROM, OPT_PARTIES, OPT_HELO };

static bool number(const char *text, uint64_t *out)
{
	char *end;
	*out = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static bool take_number(struct sk_report_args *args, int option)
{
	return number(optarg, option == OPT_VERSION ? &args->version : option == OPT_YEAR ? &args->year : &args->limit);
}

static bool take(struct sk_report_args *args, int option)
{
	const struct { int option; const char **text; } texts[] = {
	    {OPT_FORM, &args->form}, {OPT_STAGE, &args->stage}, {OPT_ID, &args->id}, {OPT_STATE, &args->state}, {OPT_REGIME, &args->regime}, {OPT_ORG, &args->org}, {OPT_CASE, &args->case_id},
	    {OPT_Q, &args->query}, {OPT_AS, &args->as}, {OPT_NAME, &args->name}, {OPT_SINCE, &args->since}, {OPT_UNTIL, &args->until}, {OPT_AT, &args->at}, {OPT_DESIGNATED, &args->designated},
	    {OPT_SPECIFIED, &args->specified}, {OPT_CLASS, &args->class_}, {OPT_TRIGGER, &args->trigger}, {OPT_LANG, &args->lang}, {OPT_SERVER, &args->server}, {OPT_FROM, &args->from}, {OPT_PARTIES, &args->parties}, {OPT_HELO, &args->helo}, {'o', &args->output},
	};
	const struct { int option; bool *flag; } flags[] = {{OPT_TABLE, &args->table}, {OPT_ATTEMPTED, &args->attempted_only}, {OPT_REMIND, &args->remind}, {OPT_APART, &args->apart},
							    {OPT_LATE, &args->late}, {OPT_ALL, &args->done}};
	for (size_t i = 0; i < SK_COUNT(texts); i++)
		if (texts[i].option == option) {
			*texts[i].text = optarg;
			return true;
		}
	for (size_t i = 0; i < SK_COUNT(flags); i++)
		if (flags[i].option == option) {
			*flags[i].flag = true;
			return true;
		}
	return option == OPT_VERSION || option == OPT_YEAR || option == OPT_LIMIT ? take_number(args, option) : sk_office_args_take(&args->office, option, optarg);
}

static bool parse(int argc, char **argv, struct sk_report_args *args)
{
	static const struct option options[] = {
	    SK_OFFICE_OPTIONS, {"form", required_argument, NULL, OPT_FORM}, {"stage", required_argument, NULL, OPT_STAGE}, {"id", required_argument, NULL, OPT_ID},
	    {"state", required_argument, NULL, OPT_STATE}, {"regime", required_argument, NULL, OPT_REGIME}, {"org", required_argument, NULL, OPT_ORG}, {"case", required_argument, NULL, OPT_CASE},
	    {"q", required_argument, NULL, OPT_Q}, {"as", required_argument, NULL, OPT_AS}, {"name", required_argument, NULL, OPT_NAME}, {"since", required_argument, NULL, OPT_SINCE},
	    {"until", required_argument, NULL, OPT_UNTIL}, {"at", required_argument, NULL, OPT_AT}, {"designated", required_argument, NULL, OPT_DESIGNATED},
	    {"specified", required_argument, NULL, OPT_SPECIFIED}, {"class", required_argument, NULL, OPT_CLASS}, {"trigger", required_argument, NULL, OPT_TRIGGER},
	    {"lang", required_argument, NULL, OPT_LANG}, {"version", required_argument, NULL, OPT_VERSION}, {"year", required_argument, NULL, OPT_YEAR}, {"limit", required_argument, NULL, OPT_LIMIT},
	    {"table", no_argument, NULL, OPT_TABLE}, {"attempted-only", no_argument, NULL, OPT_ATTEMPTED}, {"remind", no_argument, NULL, OPT_REMIND}, {"apart", no_argument, NULL, OPT_APART},
	    {"server", required_argument, NULL, OPT_SERVER}, {"from", required_argument, NULL, OPT_FROM}, {"parties", required_argument, NULL, OPT_PARTIES}, {"helo", required_argument, NULL, OPT_HELO},
	    {"late", no_argument, NULL, OPT_LATE}, {"all", no_argument, NULL, OPT_ALL}, {0}};
	sk_office_args_init(&args->office);
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;)
		if (!take(args, option))
			return false;
	args->count = argc - optind - 1;
	args->words = argv + optind + 1;
	return args->count >= 0 && (args->lang == NULL || strcmp(args->lang, "ja") == 0 || strcmp(args->lang, "en") == 0);
}

bool sk_report_verb(struct sk_cmd *cmd, int argc, char **argv, int *code)
{
	static const struct {
		const char *name;
		int (*run)(const struct sk_report_args *args);
		int words;
	} verbs[] = {
#define SK_REPORT_VERB(name, function, words) {name, function, words},
#include "cmd/report_verb.def"
#undef SK_REPORT_VERB
	};
	struct sk_report_args args = {.cmd = cmd};
	for (size_t i = 0; i < SK_COUNT(verbs) && argc > 1; i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		if (!parse(argc, argv, &args))
			*code = sk_cmd_usage(cmd, "report", "%s: unknown or incomplete option, or a value out of form", verbs[i].name);
		else if (args.office.help)
			*code = sk_cmd_help(cmd, "report");
		else if (verbs[i].words >= 0 ? args.count != verbs[i].words : verbs[i].words == -1 ? args.count < 1 : args.count > 1)
			*code = sk_cmd_usage(cmd, "report", "%s: %s", verbs[i].name, verbs[i].words == 0 ? "expected no further word" : verbs[i].words == 2 ? "expected two words" : "expected one word");
		else
			*code = verbs[i].run(&args);
		return true;
	}
	return false;
}
