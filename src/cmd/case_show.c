/* SPDX-License-Identifier: Apache-2.0 */
/* Lists, one case, its chain of custody, figures, tables, and the check of everything. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "case/figures.h"
#include "case/view.h"
#include "cmd/case.h"
#include "text/text.h"

/* ---- list ---- */

struct reader {
	struct sk_case_desk *desk;
	const struct sk_case_args *args;
	uint64_t hidden;
};

static bool may(void *context, const struct sk_case_head *head)
{
	struct reader *r = context;
	struct sk_fault ignored;
	bool good = sk_case_may_read(r->desk->office.access, &r->desk->person, head, r->desk->office.now_ns, &ignored) == SK_OK;
	r->hidden += !good;
	return good;
}

static enum sk_err print_row(void *context, const struct sk_case_head *h, struct sk_fault *fault)
{
	struct reader *r = context;
	static const char *const severities[] = {"?", "low", "medium", "high"};
	char last[SK_TIME_TEXT_MAX];
	struct sk_buf title;
	(void)fault;
	sk_buf_init(&title, 4 * SK_CASE_TITLE_MAX);
	sk_escape_line(&title, h->title, strlen(h->title));
	(void)fprintf(r->args->cmd->out, "%-10s %-11s %-7s %-2s %-14s %-12s %s  %u/%u tasks, %u findings  %s\n", h->id, sk_case_state_name(h->state), severities[h->severity & 3], sk_case_grade_word(h->grade),
		      sk_case_kind_word(h->kind, NULL, NULL), h->assignee[0] != '\0' ? h->assignee : "-", sk_time_format(h->last_ns, 0, last), h->tasks - h->tasks_open, h->tasks, h->findings,
		      sk_buf_text(&title));
	sk_buf_fini(&title);
	return SK_OK;
}

static enum sk_err filter_of(const struct sk_case_args *args, struct reader *r, struct sk_case_filter *out, struct sk_fault *fault)
{
	uint32_t number = 0;
	*out = (struct sk_case_filter){.state = args->state, .assignee = args->assignee, .org = args->org, .kind = args->kind, .text = args->query, .cursor = args->cursor, .may = may, .context = r};
	if (args->limit != NULL)
		SK_TRY(sk_case_number(args->limit, &number, fault));
	out->limit = number;
	number = 0;
	if (args->severity != NULL)
		SK_TRY(sk_case_number(args->severity, &number, fault));
	out->severity = number;
	return SK_OK;
}

int sk_case_list_cmd(const struct sk_case_args *args)
{
	struct sk_case_desk desk;
	struct reader r = {.desk = &desk, .args = args};
	struct sk_case_filter filter;
	struct sk_fault fault;
	struct sk_buf out;
	char next[SK_CASE_CURSOR_MAX] = "";
	uint64_t total;
	enum sk_err err = filter_of(args, &r, &filter, &fault);
	if (err == SK_OK)
		err = sk_case_desk_open(args, false, &desk, &fault);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_buf_init(&out, SK_CASE_OUT_MAX);
	err = args->json ? sk_case_view_list(desk.cases, &filter, desk.office.now_ns, &out, &fault) : sk_cases_list(desk.cases, &filter, print_row, &r, next, &total, &fault);
	sk_case_desk_close(&desk);
	int code = err != SK_OK ? sk_cmd_fail(args->cmd, &fault) : args->json ? sk_case_print(args, &out) : 0;
	if (code == 0 && next[0] != '\0')
		(void)fprintf(args->cmd->out, "more: --cursor %s\n", next);
	if (code == 0 && r.hidden != 0)
		(void)fprintf(args->cmd->err, "note: %" PRIu64 " cases are not shown: this account may not read them\n", r.hidden);
	sk_buf_fini(&out);
	return code;
}

/* ---- show ---- */

static void print_line(const struct sk_case_args *args, const char *text)
{
	struct sk_buf line;
	sk_buf_init(&line, 4 * SK_CASE_TEXT_MAX);
	sk_escape_line(&line, text, strlen(text));
	(void)fprintf(args->cmd->out, "%s\n", sk_buf_text(&line));
	sk_buf_fini(&line);
}

static void print_items(const struct sk_case_args *args, const struct sk_case *c)
{
	static const char *const kinds[] = {"note", "task", "link", "evidence"};
	FILE *out = args->cmd->out;
	for (size_t i = 0; i < c->item_count; i++) {
		const struct sk_case_item *item = &c->items[i];
		char due[SK_TIME_TEXT_MAX];
		if (item->gone)
			continue;
		(void)fprintf(out, "  %4u  %-9s %-2s ", item->number, item->kind == SK_CASE_ITEM_LINK ? sk_case_link_word(item->link) : kinds[item->kind], sk_case_grade_word(item->grade));
		if (item->kind == SK_CASE_ITEM_TASK)
			(void)fprintf(out, "[%c] ", item->done ? 'x' : ' ');
		if (item->due_ns != 0 && !item->done)
			(void)fprintf(out, "due %s  ", sk_time_format(item->due_ns, 0, due));
		if (item->ref[0] != '\0')
			(void)fprintf(out, "%s  ", item->ref);
		print_line(args, item->text);
	}
}

static void print_case(const struct sk_case_args *args, const struct sk_case *c)
{
	const struct sk_case_head *h = &c->head;
	FILE *out = args->cmd->out;
	struct sk_buf text;
	char time[SK_TIME_TEXT_MAX];
	(void)fprintf(out, "case %s: ", h->id);
	print_line(args, h->title);
	(void)fprintf(out, "  %s, %s, severity %u, grade %s, of %s, with %s\n  %s\n", sk_case_state_name(h->state), sk_case_kind_word(h->kind, NULL, NULL), h->severity, sk_case_grade_word(h->grade), h->org,
		      h->assignee[0] != '\0' ? h->assignee : "nobody", sk_case_state_prose(h->state));
	if (h->watchers[0] != '\0')
		(void)fprintf(out, "  watched by %s\n", h->watchers);
	if (h->norms[0] != '\0')
		(void)fprintf(out, "  norms: %s\n", h->norms);
	if (c->summary != NULL && c->summary[0] != '\0') {
		(void)fprintf(out, "  ");
		print_line(args, c->summary);
	}
	(void)fprintf(out, "items\n");
	print_items(args, c);
	(void)fprintf(out, "timeline\n");
	sk_buf_init(&text, SK_CASE_ENTRY_MAX);
	for (size_t i = 0; i < c->entry_count; i++) {
		const struct sk_case_entry *e = &c->entries[i];
		(void)fprintf(out, "  %4u  %s  %-12s %-2s leaf %-6" PRIu64 " ", e->n, sk_time_format(e->time_ns, 0, time), e->by, sk_case_grade_word(e->grade), e->leaf);
		print_line(args, sk_case_view_entry(c, e, &text));
	}
	sk_buf_fini(&text);
}

int sk_case_show_cmd(const struct sk_case_args *args)
{
	struct sk_case_desk desk;
	struct sk_fault fault;
	struct sk_case c;
	struct sk_buf out;
	int code;
	if (sk_case_desk_open(args, false, &desk, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	enum sk_err err = sk_case_desk_load(&desk, args->words[0], &c, &fault);
	if (err == SK_OK && args->json) {
		sk_buf_init(&out, SK_CASE_OUT_MAX);
		err = sk_case_view_show(&c, &out, &fault);
		code = err == SK_OK ? sk_case_print(args, &out) : sk_cmd_fail(args->cmd, &fault);
		sk_buf_fini(&out);
	} else if (err == SK_OK) {
		print_case(args, &c);
		code = 0;
	} else {
		code = sk_cmd_fail(args->cmd, &fault);
	}
	if (err == SK_OK)
		sk_case_fini(&c);
	sk_case_desk_close(&desk);
	return code;
}

/* ---- chain of custody ---- */

static bool of_custody(enum sk_case_event event)
{
	return event == SK_CASE_EVENT_EVIDENCE || event == SK_CASE_EVENT_LOWER || event == SK_CASE_EVENT_REVIEW || event == SK_CASE_EVENT_BUNDLE || event == SK_CASE_EVENT_HANDOVER;
}

static void put_link(struct sk_json_writer *w, const struct sk_case *c, const struct sk_case_entry *e, struct sk_buf *text)
{
	char time[SK_TIME_TEXT_MAX];
	sk_json_object(w, NULL);
	sk_json_u64(w, "n", e->n);
	sk_json_text(w, "t", sk_time_format(e->time_ns, 0, time));
	sk_json_text(w, "by", e->by);
	sk_json_text(w, "event", sk_case_event_name(e->event));
	sk_json_text(w, "text", sk_case_view_entry(c, e, text));
	sk_json_u64(w, "leaf", e->leaf);
	sk_json_end(w);
}

static void print_chain(const struct sk_case_args *args, const struct sk_case *c, struct sk_buf *out)
{
	struct sk_json_writer w;
	struct sk_buf text;
	char time[SK_TIME_TEXT_MAX];
	sk_buf_init(&text, SK_CASE_ENTRY_MAX);
	sk_json_begin(&w, out, false);
	sk_json_array(&w, NULL);
	for (size_t i = 0; i < c->entry_count; i++) {
		const struct sk_case_entry *e = &c->entries[i];
		if (!of_custody(e->event))
			continue;
		if (args->json) {
			put_link(&w, c, e, &text);
			continue;
		}
		(void)fprintf(args->cmd->out, "%4u  %s  %-12s leaf %-6" PRIu64 " ", e->n, sk_time_format(e->time_ns, 0, time), e->by, e->leaf);
		print_line(args, sk_case_view_entry(c, e, &text));
	}
	sk_json_end(&w);
	sk_buf_fini(&text);
}

int sk_case_chain_cmd(const struct sk_case_args *args)
{
	struct sk_case_desk desk;
	struct sk_fault fault;
	struct sk_case c;
	struct sk_buf out;
	if (sk_case_desk_open(args, false, &desk, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	enum sk_err err = sk_case_desk_load(&desk, args->words[0], &c, &fault);
	if (err != SK_OK) {
		sk_case_desk_close(&desk);
		return sk_cmd_fail(args->cmd, &fault);
	}
	sk_buf_init(&out, SK_CASE_OUT_MAX);
	print_chain(args, &c, &out);
	int code = args->json ? sk_case_print(args, &out) : 0;
	sk_buf_fini(&out);
	sk_case_fini(&c);
	sk_case_desk_close(&desk);
	return code;
}

/* ---- figures ---- */

static void print_figures(const struct sk_case_args *args, const struct sk_case_figures *f)
{
	static const char *const names[] = {"to triage", "to contain", "to close"};
	const struct sk_case_times *times[] = {&f->triage, &f->contain, &f->close};
	char median[SK_UNIT_TEXT_MAX], p90[SK_UNIT_TEXT_MAX];
	FILE *out = args->cmd->out;
	const char *en, *norm;
	(void)fprintf(out, "cases       %" PRIu64 ": %" PRIu64 " open, %" PRIu64 " closed, %" PRIu64 " false alarms, %" PRIu64 " merged into others\n", f->cases, f->open, f->closed, f->false_alarms, f->merged);
	if (f->with_findings != 0)
		(void)fprintf(out, "alerts      %" PRIu64 " findings in %" PRIu64 " cases: %.2f a case, %" PRIu64 " at most\n", f->findings, f->with_findings, (double)f->findings / (double)f->with_findings, f->largest);
	for (size_t i = 0; i < SK_COUNT(times); i++)
		if (times[i]->count != 0)
			(void)fprintf(out, "%-11s median %s, nine of ten within %s (%" PRIu64 " cases)\n", names[i], sk_duration_format(times[i]->median_s * 1000000000, median),
				      sk_duration_format(times[i]->p90_s * 1000000000, p90), times[i]->count);
	for (unsigned i = 0; i < SK_CASE_KIND_COUNT; i++)
		if (f->by_kind[i] != 0) {
			const char *word = sk_case_kind_word((enum sk_case_kind)i, NULL, &en);
			(void)fprintf(out, "kind        %-14s %" PRIu64 "  (%s)\n", word, f->by_kind[i], en);
		}
	for (size_t i = 0; (norm = sk_case_norm(i, &en)) != NULL; i++)
		if (f->by_norm[i] != 0)
			(void)fprintf(out, "norm        %-14s %" PRIu64 "  (%s)\n", norm, f->by_norm[i], en);
}

int sk_case_figures_cmd(const struct sk_case_args *args)
{
	struct sk_case_desk desk;
	struct sk_fault fault;
	struct sk_case_figures figures;
	struct sk_buf out;
	int64_t since = 0, until = INT64_MAX;
	enum sk_err err = sk_case_when(args, "--since", args->since, false, &since, &fault);
	if (err == SK_OK)
		err = sk_case_when(args, "--until", args->until, false, &until, &fault);
	if (err == SK_OK)
		err = sk_case_desk_open(args, false, &desk, &fault);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	/* Counts without ids: whoever may read at grade G2 may know them; for everybody else there is --publish. */
	if (!args->publish)
		err = sk_access_may(desk.office.access, &desk.person, "case.read", desk.office.now_ns, &fault);
	if (err == SK_OK)
		err = sk_case_figures(desk.cases, since, until, &figures, &fault);
	sk_case_desk_close(&desk);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	if (!args->json && !args->publish) {
		print_figures(args, &figures);
		return 0;
	}
	sk_buf_init(&out, SK_CASE_OUT_MAX);
	sk_case_figures_write(&figures, args->publish ? sk_policy_small_cell() : 0, &out);
	int code = sk_case_print(args, &out);
	sk_buf_fini(&out);
	return code;
}

/* ---- check, words ---- */

int sk_case_check_cmd(const struct sk_case_args *args)
{
	struct sk_case_desk desk;
	struct sk_fault fault;
	uint64_t count = 0;
	if (sk_case_desk_open(args, false, &desk, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	enum sk_err err = sk_cases_check(desk.cases, &count, &fault);
	sk_case_desk_close(&desk);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	(void)fprintf(args->cmd->out, args->json ? "{\"cases\":%" PRIu64 "}\n" : "%" PRIu64 " cases: every entry is what the ledger's acts commit to\n", count);
	return 0;
}

static void put_kinds(struct sk_json_writer *w)
{
	sk_json_array(w, "kinds");
	for (unsigned i = 0; i < SK_CASE_KIND_COUNT; i++) {
		const char *ja, *en, *word = sk_case_kind_word((enum sk_case_kind)i, &ja, &en);
		sk_json_object(w, NULL);
		sk_json_text(w, "word", word);
		sk_json_text(w, "ja", ja);
		sk_json_text(w, "en", en);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void put_words(struct sk_buf *out)
{
	struct sk_json_writer w;
	const char *norm, *en;
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	put_kinds(&w);
	sk_json_array(&w, "links");
	for (unsigned i = 0; i < SK_CASE_LINK_COUNT; i++)
		sk_json_text(&w, NULL, sk_case_link_word((enum sk_case_link)i));
	sk_json_end(&w);
	sk_json_object(&w, "norms");
	for (size_t i = 0; (norm = sk_case_norm(i, &en)) != NULL; i++)
		sk_json_text(&w, norm, en);
	sk_json_end(&w);
	sk_json_object(&w, "states");
	for (unsigned i = 1; i < SK_CASE_STATE_COUNT; i++)
		sk_json_text(&w, sk_case_state_name((enum sk_case_state)i), sk_case_state_prose((enum sk_case_state)i));
	sk_json_end(&w);
	sk_json_end(&w);
}

int sk_case_words_cmd(const struct sk_case_args *args)
{
	const char *norm, *en;
	FILE *out = args->cmd->out;
	if (args->json) {
		struct sk_buf text;
		sk_buf_init(&text, SK_CASE_OUT_MAX);
		put_words(&text);
		int code = sk_case_print(args, &text);
		sk_buf_fini(&text);
		return code;
	}
	for (unsigned i = 0; i < SK_CASE_KIND_COUNT; i++) {
		const char *word = sk_case_kind_word((enum sk_case_kind)i, NULL, &en);
		(void)fprintf(out, "kind   %-14s %s\n", word, en);
	}
	for (unsigned i = 0; i < SK_CASE_LINK_COUNT; i++)
		(void)fprintf(out, "link   %-14s brings grade %s\n", sk_case_link_word((enum sk_case_link)i), sk_case_grade_word(sk_case_link_grade((enum sk_case_link)i)));
	for (size_t i = 0; (norm = sk_case_norm(i, &en)) != NULL; i++)
		(void)fprintf(out, "norm   %-14s %s\n", norm, en);
	for (unsigned i = 1; i < SK_CASE_STATE_COUNT; i++)
		(void)fprintf(out, "state  %-14s %s\n", sk_case_state_name((enum sk_case_state)i), sk_case_state_prose((enum sk_case_state)i));
	return 0;
}
