/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho remark: oversight's notices, demands and recommendations, with a day until which they are answered; and errors that organisations report of themselves. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/basis_places.h"
#include "cmd/oversight_act.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_KIND = 256, OPT_ABOUT, OPT_TO, OPT_DUE, OPT_SUSPEND, OPT_TEXT, OPT_OVERDUE, OPT_SELF, BODY_MAX = 65536, LIST_MAX = 1 << 24 };

struct words {
	struct sk_office_args office;
	const char *kind, *about, *to, *due, *suspend, *text, *id;
	bool overdue, self;
};

/* A day, or how long from now. */
static enum sk_err due_of(struct sk_cmd *cmd, const struct words *words, int64_t *due_ns, struct sk_fault *fault)
{
	int64_t after;
	if (words->due == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--due: until when is it to be answered? a day (2027-04-01), a time, or 14d");
	if (sk_time_parse(words->due, due_ns) == SK_OK)
		return SK_OK;
	if (sk_duration_parse(words->due, &after) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "--due: expected a day, a time or a duration");
	*due_ns = cmd->clock.unix_ns(cmd->clock.context) + after;
	return SK_OK;
}

/* ---- issue ---- */

/* The suspension that a demand carries: an act of the basis' own matter, by the same hand. */
static enum sk_err suspend(struct sk_office *office, const struct words *words, struct sk_fault *fault)
{
	struct sk_buf body, note;
	struct sk_act act;
	struct sk_act_facts facts;
	struct sk_receipt receipt;
	bool written;
	unsigned places;
	char why[128];
	(void)snprintf(why, sizeof why, "remark %s", words->id);
	sk_buf_init(&body, BODY_MAX);
	sk_basis_suspend_body(SK_SUSPENDED_BY_OVERSIGHT, why, &body);
	enum sk_err err = sk_centre_statement(&office->centre, &words->office.actor, "basis", words->suspend, "suspend", sk_buf_text(&body), office->now_ns, &note, &act, &written, fault);
	sk_buf_fini(&body);
	if (err != SK_OK)
		return err;
	err = sk_bases_add(office->bases, sk_buf_text(&note), note.length, &act, office->centre.policy, office->now_ns, &facts, &receipt, fault);
	sk_buf_fini(&note);
	if (err == SK_OK)
		err = sk_basis_places_settle(office, sk_bases_find(office->bases, words->suspend), office->now_ns, &places, fault);
	return err;
}

/* The remark is judged, then the basis suspended, then the remark entered: what stops a look comes before what says so, and nothing is stopped for a remark that may not be. */
static enum sk_err issue_in(struct sk_office *office, const struct words *words, const struct sk_buf *body, struct sk_oversight_matter *matter, uint64_t *leaf, bool *written, struct sk_fault *fault)
{
	struct sk_buf note;
	struct sk_act_facts facts;
	struct sk_receipt receipt;
	if (words->suspend != NULL && (words->office.actor.to_sign != NULL || words->office.actor.signature != NULL))
		return sk_fault_set(fault, SK_EUSAGE, "--suspend makes two acts, so it needs --key; to sign elsewhere, sekisho basis suspend is an act of its own");
	if (words->suspend != NULL)
		SK_TRY(sk_office_bases(office, fault));
	if (words->suspend != NULL && sk_bases_find(office->bases, words->suspend) == NULL)
		return sk_fault_set(fault, SK_ENOENT, "%.63s: no such basis; sekisho basis list lists them", words->suspend);
	SK_TRY(sk_oversight_prepare(office, &words->office.actor, "remark", words->id, "issue", body, matter, &note, &facts, written, fault));
	if (*written)
		return SK_OK;
	enum sk_err err = words->suspend != NULL ? suspend(office, words, fault) : SK_OK;
	if (err == SK_OK)
		err = sk_docket_add(office->centre.docket, sk_buf_text(&note), note.length, &facts, &receipt, fault);
	*leaf = receipt.index;
	sk_buf_fini(&note);
	return err;
}

static int issue(struct sk_cmd *cmd, const struct words *words)
{
	struct sk_office office;
	struct sk_fault fault;
	struct sk_buf body;
	struct sk_oversight_matter matter;
	int64_t due_ns = 0;
	uint64_t leaf = 0;
	bool written = false;
	if (words->kind == NULL || words->about == NULL || words->to == NULL || words->text == NULL)
		return sk_cmd_usage(cmd, "remark", "issue needs --kind, --about, --to, --due and --text");
	if (due_of(cmd, words, &due_ns, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	sk_buf_init(&body, BODY_MAX);
	sk_remark_issue_body(words->kind, words->about, words->to, words->suspend != NULL ? words->suspend : "", due_ns, words->text, &body);
	enum sk_err err = sk_office_open(cmd, words->office.folder, true, &office, &fault);
	if (err == SK_OK)
		err = issue_in(&office, words, &body, &matter, &leaf, &written, &fault);
	sk_office_close(&office);
	sk_buf_fini(&body);
	if (err != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	if (written)
		return sk_office_tell_written(cmd, &words->office);
	sk_oversight_say(cmd, words->office.json, &matter, "issue", leaf);
	return 0;
}

/* ---- the other acts ---- */

static int with_text(struct sk_cmd *cmd, const struct words *words, const char *matter, const char *event)
{
	struct sk_buf body;
	if (words->text == NULL)
		return sk_cmd_usage(cmd, "remark", "%s needs --text", event);
	sk_buf_init(&body, BODY_MAX);
	sk_oversight_text_body(words->text, &body);
	int code = sk_oversight_act(cmd, &words->office, matter, words->id, event, &body);
	sk_buf_fini(&body);
	return code;
}

static int answer(struct sk_cmd *cmd, const struct words *words)
{
	return with_text(cmd, words, "remark", "answer");
}

static int withdraw(struct sk_cmd *cmd, const struct words *words)
{
	return with_text(cmd, words, "remark", "withdraw");
}

static int amend(struct sk_cmd *cmd, const struct words *words)
{
	return with_text(cmd, words, "selfreport", "amend");
}

static int assess(struct sk_cmd *cmd, const struct words *words)
{
	return with_text(cmd, words, "selfreport", "assess");
}

static int close_it(struct sk_cmd *cmd, const struct words *words)
{
	return with_text(cmd, words, words->self ? "selfreport" : "remark", "close");
}

static int insist(struct sk_cmd *cmd, const struct words *words)
{
	struct sk_fault fault;
	struct sk_buf body;
	int64_t due_ns = 0;
	if (words->text == NULL)
		return sk_cmd_usage(cmd, "remark", "insist needs --due and --text");
	if (due_of(cmd, words, &due_ns, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	sk_buf_init(&body, BODY_MAX);
	sk_remark_insist_body(due_ns, words->text, &body);
	int code = sk_oversight_act(cmd, &words->office, "remark", words->id, "insist", &body);
	sk_buf_fini(&body);
	return code;
}

static int file(struct sk_cmd *cmd, const struct words *words)
{
	struct sk_buf body;
	if (words->about == NULL || words->text == NULL)
		return sk_cmd_usage(cmd, "remark", "file needs --about and --text");
	sk_buf_init(&body, BODY_MAX);
	sk_selfreport_body(words->about, words->text, &body);
	int code = sk_oversight_act(cmd, &words->office, "selfreport", words->id, "file", &body);
	sk_buf_fini(&body);
	return code;
}

/* ---- listing ---- */

struct list {
	struct sk_cmd *cmd;
	const struct words *words;
	int64_t now_ns;
	uint64_t count, overdue;
	struct sk_buf out;
	struct sk_json_writer w;
};

static void add_json(struct list *list, const struct sk_oversight_matter *m)
{
	char time[SK_TIME_TEXT_MAX];
	bool remark = strcmp(m->matter, "remark") == 0;
	sk_json_object(&list->w, NULL);
	sk_json_text(&list->w, "matter", m->matter);
	sk_json_text(&list->w, "id", m->id);
	sk_json_text(&list->w, "state", m->state);
	if (remark)
		sk_json_text(&list->w, "kind", m->kind);
	sk_json_text(&list->w, "about", m->about);
	sk_json_text(&list->w, "by", m->by);
	if (remark) {
		sk_json_text(&list->w, "to", m->to);
		sk_json_text(&list->w, "suspends", m->suspends);
		sk_json_text(&list->w, "due", sk_time_format(m->due_ns, 0, time));
		sk_json_bool(&list->w, "overdue", sk_oversight_overdue(m, list->now_ns));
	}
	sk_json_text(&list->w, "opened", sk_time_format(m->opened_ns, 0, time));
	sk_json_text(&list->w, "text", m->text);
	sk_json_text(&list->w, "answer", m->answer);
	sk_json_u64(&list->w, "leaf", m->first_leaf);
	sk_json_end(&list->w);
}

static void add_line(struct list *list, const struct sk_oversight_matter *m)
{
	char time[SK_TIME_TEXT_MAX];
	bool remark = strcmp(m->matter, "remark") == 0;
	sk_buf_addf(&list->out, "%-16s %-10s %-15s %-12s %-12s ", m->id, m->state, remark ? m->kind : "self-report", m->about, remark ? m->to : m->by);
	if (remark)
		sk_buf_addf(&list->out, "due %s%s  ", sk_time_format(m->due_ns, 0, time), sk_oversight_overdue(m, list->now_ns) ? " OVERDUE" : "");
	sk_escape_line(&list->out, m->text, strlen(m->text));
	sk_buf_add_u8(&list->out, '\n');
	if (m->answer[0] != '\0') {
		sk_buf_add_text(&list->out, "                 last: ");
		sk_escape_line(&list->out, m->answer, strlen(m->answer));
		sk_buf_add_u8(&list->out, '\n');
	}
}

static enum sk_err add_row(void *context, const struct sk_oversight_matter *m, struct sk_fault *fault)
{
	struct list *list = context;
	bool overdue = sk_oversight_overdue(m, list->now_ns);
	if (list->words->overdue && !overdue)
		return SK_OK;
	list->count++;
	list->overdue += overdue;
	if (list->words->office.json)
		add_json(list, m);
	else
		add_line(list, m);
	return list->out.failed == SK_OK ? SK_OK : sk_fault_set(fault, list->out.failed, "the list is too long");
}

static int list_them(struct sk_cmd *cmd, const struct words *words)
{
	struct sk_office office;
	struct sk_fault fault;
	struct list list = {.cmd = cmd, .words = words};
	uint64_t without_effect = 0;
	sk_buf_init(&list.out, LIST_MAX);
	enum sk_err err = sk_office_open(cmd, words->office.folder, false, &office, &fault);
	if (err == SK_OK) {
		list.now_ns = office.now_ns;
		if (words->office.json) {
			sk_json_begin(&list.w, &list.out, false);
			sk_json_array(&list.w, NULL);
		}
		err = sk_oversight_each(office.centre.docket, office.access, sk_policy_small_cell(), words->self ? "selfreport" : "remark", words->id, add_row, &list, &without_effect, &fault);
		if (words->office.json)
			sk_json_end(&list.w);
	}
	sk_office_close(&office);
	if (err == SK_OK && words->office.json)
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&list.out));
	else if (err == SK_OK)
		(void)fprintf(cmd->out, "%s%" PRIu64 " %s, %" PRIu64 " overdue\n", sk_buf_text(&list.out), list.count, words->self ? "self-reports" : "remarks", list.overdue);
	sk_buf_fini(&list.out);
	if (err == SK_OK && without_effect != 0)
		(void)fprintf(cmd->err, "sekisho: %" PRIu64 " acts of these matters were not allowed and have no effect\n", without_effect);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

static int list_words(struct sk_cmd *cmd, const struct words *words)
{
	static const struct { enum sk_oversight_set set; const char *name; } sets[] = {{SK_WORDS_KIND, "--kind"}, {SK_WORDS_ABOUT, "--about"}, {SK_WORDS_OCCASION, "--occasion"},
										       {SK_WORDS_QUERY, "query"},  {SK_WORDS_RESULT, "--result"}};
	const char *japanese, *english, *word;
	(void)words;
	for (size_t s = 0; s < SK_COUNT(sets); s++)
		for (size_t i = 0; (word = sk_oversight_word_at(sets[s].set, i, &japanese, &english)) != NULL; i++)
			(void)fprintf(cmd->out, "%-11s %-16s %s / %s\n", sets[s].name, word, english, japanese);
	return 0;
}

/* ---- words ---- */

static bool parse(int argc, char **argv, struct words *words)
{
	static const struct option options[] = {SK_OFFICE_OPTIONS, {"kind", required_argument, NULL, OPT_KIND}, {"about", required_argument, NULL, OPT_ABOUT}, {"to", required_argument, NULL, OPT_TO},
						{"due", required_argument, NULL, OPT_DUE}, {"suspend", required_argument, NULL, OPT_SUSPEND}, {"text", required_argument, NULL, OPT_TEXT},
						{"overdue", no_argument, NULL, OPT_OVERDUE}, {"self", no_argument, NULL, OPT_SELF}, {0}};
	sk_office_args_init(&words->office);
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_KIND: words->kind = optarg; break;
		case OPT_ABOUT: words->about = optarg; break;
		case OPT_TO: words->to = optarg; break;
		case OPT_DUE: words->due = optarg; break;
		case OPT_SUSPEND: words->suspend = optarg; break;
		case OPT_TEXT: words->text = optarg; break;
		case OPT_OVERDUE: words->overdue = true; break;
		case OPT_SELF: words->self = true; break;
		default:
			if (!sk_office_args_take(&words->office, option, optarg))
				return false;
		}
	}
	return true;
}

int sk_cmd_remark(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct sk_cmd *cmd, const struct words *words);
		bool id;
	} verbs[] = {{"issue", issue, true}, {"answer", answer, true}, {"insist", insist, true}, {"close", close_it, true}, {"withdraw", withdraw, true}, {"file", file, true},
		     {"amend", amend, true}, {"assess", assess, true}, {"show", list_them, true}, {"list", list_them, false}, {"words", list_words, false}};
	struct words words = {.kind = NULL};
	if (!parse(argc, argv, &words))
		return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
	if (words.office.help)
		return sk_cmd_help(cmd, argv[0]);
	for (size_t i = 0; i < SK_COUNT(verbs) && optind < argc; i++) {
		if (strcmp(argv[optind], verbs[i].name) != 0)
			continue;
		if (optind + 1 + (verbs[i].id ? 1 : 0) != argc)
			return sk_cmd_usage(cmd, argv[0], verbs[i].id ? "%s: expected one id" : "%s: expected no further word", verbs[i].name);
		words.id = verbs[i].id ? argv[optind + 1] : NULL;
		return verbs[i].run(cmd, &words);
	}
	return sk_cmd_usage(cmd, argv[0], "expected issue, answer, insist, close, withdraw, file, amend, assess, list, show or words");
}
