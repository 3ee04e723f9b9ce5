/* SPDX-License-Identifier: Apache-2.0 */
#include "case/view.h"

#include <stdio.h>
#include <stdlib.h>

#include "case/markdown.h"
#include "text/text.h"

enum { DIGITS = 0, LINE_MAX_BYTES = 1024 };

static void put_time(struct sk_json_writer *w, const char *key, int64_t time_ns)
{
	char text[SK_TIME_TEXT_MAX];
	if (time_ns == 0)
		sk_json_null(w, key);
	else
		sk_json_text(w, key, sk_time_format(time_ns, DIGITS, text));
}

static void put_list(struct sk_json_writer *w, const char *key, const char *joined)
{
	sk_json_array(w, key);
	for (const char *at = joined; *at != '\0';) {
		size_t length = strcspn(at, " ");
		sk_json_text_n(w, NULL, at, length);
		at += length + (at[length] == ' ');
	}
	sk_json_end(w);
}

static void head_members(struct sk_json_writer *w, const struct sk_case_head *h)
{
	sk_json_text(w, "id", h->id);
	sk_json_text(w, "title", h->title);
	sk_json_text(w, "state", sk_case_state_name(h->state));
	sk_json_text(w, "kind", sk_case_kind_word(h->kind, NULL, NULL));
	sk_json_u64(w, "severity", h->severity);
	sk_json_text(w, "grade", sk_case_grade_word(h->grade));
	sk_json_text(w, "org", h->org);
	sk_json_text(w, "assignee", h->assignee);
	put_time(w, "opened", h->opened_ns);
	put_time(w, "last", h->last_ns);
	put_time(w, "due", h->due_ns);
	put_time(w, "triaged", h->triaged_ns);
	put_time(w, "contained", h->contained_ns);
	put_time(w, "closed", h->closed_ns);
	sk_json_u64(w, "entries", h->entries);
	sk_json_u64(w, "findings", h->findings);
	sk_json_u64(w, "reports", h->reports);
	sk_json_u64(w, "tasks_count", h->tasks);
	sk_json_u64(w, "tasks_open", h->tasks_open);
	sk_json_u64(w, "notes_count", h->notes);
	put_list(w, "watchers", h->watchers);
	put_list(w, "sectors", h->sectors);
	put_list(w, "norms", h->norms);
}

void sk_case_view_head(struct sk_json_writer *w, const struct sk_case_head *head)
{
	sk_json_object(w, NULL);
	head_members(w, head);
	sk_json_end(w);
}

struct page {
	struct sk_json_writer *w;
	int64_t newest_ns;
};

static enum sk_err put_head(void *context, const struct sk_case_head *head, struct sk_fault *fault)
{
	struct page *page = context;
	sk_case_view_head(page->w, head);
	if (head->last_ns > page->newest_ns)
		page->newest_ns = head->last_ns;
	return page->w->out->failed == SK_OK ? SK_OK : sk_fault_set(fault, page->w->out->failed, "the list does not fit");
}

enum sk_err sk_case_view_list(struct sk_cases *cases, const struct sk_case_filter *filter, int64_t now_ns, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_json_writer w;
	struct page page = {.w = &w};
	char next[SK_CASE_CURSOR_MAX];
	uint64_t total;
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	sk_json_array(&w, "items");
	SK_TRY(sk_cases_list(cases, filter, put_head, &page, next, &total, fault));
	sk_json_end(&w);
	if (next[0] != '\0')
		sk_json_text(&w, "next", next);
	else
		sk_json_null(&w, "next");
	if (total != UINT64_MAX)
		sk_json_u64(&w, "total", total);
	else
		sk_json_null(&w, "total");
	if (page.newest_ns != 0)
		sk_json_i64(&w, "age_s", now_ns > page.newest_ns ? (now_ns - page.newest_ns) / 1000000000 : 0);
	else
		sk_json_null(&w, "age_s");
	sk_json_end(&w);
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, out->failed, "the list does not fit");
}

/* ---- timeline ---- */

/* What kind of line it is, as the page colours it. */
static const char *line_kind(const struct sk_case_entry *e, const struct sk_json_value *data)
{
	const char *link = e->event == SK_CASE_EVENT_LINK ? sk_json_get_text(data, "kind") : NULL;
	if (link != NULL && (strcmp(link, "finding") == 0 || strcmp(link, "report") == 0 || strcmp(link, "order") == 0 || strcmp(link, "measure") == 0))
		return link;
	switch (e->event) {
	case SK_CASE_EVENT_LINK:
	case SK_CASE_EVENT_UNLINK:
	case SK_CASE_EVENT_MERGE:
	case SK_CASE_EVENT_ABSORB:
	case SK_CASE_EVENT_SPLIT: return "link";
	case SK_CASE_EVENT_NOTE: return "note";
	case SK_CASE_EVENT_TASK:
	case SK_CASE_EVENT_DONE:
	case SK_CASE_EVENT_PLAYBOOK: return "task";
	case SK_CASE_EVENT_EVIDENCE:
	case SK_CASE_EVENT_BUNDLE:
	case SK_CASE_EVENT_HANDOVER: return "evidence";
	default: return "state";
	}
}

static const char *text_of(const struct sk_json_value *data, const char *member)
{
	const char *text = sk_json_get_text(data, member);
	return text != NULL ? text : "";
}

static size_t count_of(const struct sk_json_value *data, const char *member)
{
	const struct sk_json_value *array = sk_json_get(data, member);
	return array != NULL && array->kind == SK_JSON_ARRAY ? array->length : 0;
}

static void describe(const struct sk_case *c, const struct sk_case_entry *e, const struct sk_json_value *data, struct sk_buf *out)
{
	uint64_t item = 0;
	const struct sk_case_item *of = sk_json_get_u64(data, "item", &item) == SK_OK ? sk_case_item(c, (uint32_t)item) : NULL;
	const char *text = text_of(data, "text");
	switch (e->event) {
	case SK_CASE_EVENT_OPEN:
		if (text_of(data, "from")[0] != '\0')
			sk_buf_addf(out, "split off %s with %zu items: %s", text_of(data, "from"), count_of(data, "items"), text_of(data, "title"));
		else
			sk_buf_addf(out, "opened (%s): %s", text_of(data, "kind"), text_of(data, "title"));
		return;
	case SK_CASE_EVENT_LINK: sk_buf_addf(out, "%s %s linked%s%s", text_of(data, "kind"), text_of(data, "ref"), text[0] != '\0' ? ": " : "", text); return;
	case SK_CASE_EVENT_UNLINK: sk_buf_addf(out, "item %u taken out (%s): %s", (unsigned)item, of != NULL && of->ref[0] != '\0' ? of->ref : of != NULL ? of->text : "", text); return;
	case SK_CASE_EVENT_DONE: sk_buf_addf(out, "done: %s%s%s", of != NULL ? of->text : "", text[0] != '\0' ? "; " : "", text); return;
	case SK_CASE_EVENT_TASK: sk_buf_addf(out, "to do: %s", text); return;
	case SK_CASE_EVENT_ASSIGN: sk_buf_addf(out, "assigned to %s%s%s", text_of(data, "to")[0] != '\0' ? text_of(data, "to") : "nobody", text[0] != '\0' ? ": " : "", text); return;
	case SK_CASE_EVENT_WATCH: sk_buf_addf(out, "%s watches", text_of(data, "who")); return;
	case SK_CASE_EVENT_UNWATCH: sk_buf_addf(out, "%s watches no longer", text_of(data, "who")); return;
	case SK_CASE_EVENT_EVIDENCE: sk_buf_addf(out, "evidence %s (%s) taken in%s%s", text_of(data, "name"), text_of(data, "sha256"), text[0] != '\0' ? ": " : "", text); return;
	case SK_CASE_EVENT_PLAYBOOK: sk_buf_addf(out, "playbook %s, version %s: %zu tasks", text_of(data, "name"), text_of(data, "version"), count_of(data, "tasks")); return;
	case SK_CASE_EVENT_LOWER: sk_buf_addf(out, "to be said at grade %s: %s", text_of(data, "grade"), text); return;
	case SK_CASE_EVENT_REVIEW: sk_buf_addf(out, "agreed to that lowering%s%s", text[0] != '\0' ? ": " : "", text); return;
	case SK_CASE_EVENT_BUNDLE: sk_buf_addf(out, "bundle %s made for %s, at most %s", text_of(data, "digest"), text_of(data, "for"), text_of(data, "grade")); return;
	case SK_CASE_EVENT_HANDOVER: sk_buf_addf(out, "bundle %s handed to %s%s%s", text_of(data, "digest"), text_of(data, "to"), text[0] != '\0' ? ": " : "", text); return;
	case SK_CASE_EVENT_MERGE: sk_buf_addf(out, "merged into %s: %zu items went there, %zu were there already", text_of(data, "into"), count_of(data, "items"), count_of(data, "duplicates")); return;
	case SK_CASE_EVENT_ABSORB: sk_buf_addf(out, "%s was merged into this: %zu items came, %zu were here already", text_of(data, "from"), count_of(data, "items"), count_of(data, "duplicates")); return;
	case SK_CASE_EVENT_SPLIT: sk_buf_addf(out, "%zu items split off into %s", count_of(data, "items"), text_of(data, "into")); return;
	case SK_CASE_EVENT_NOTE: sk_buf_add_text(out, text); return;
	case SK_CASE_EVENT_EDIT: sk_buf_addf(out, "edited: %s", text_of(data, "title")); return;
	default:
		sk_buf_addf(out, "%s%s%s", sk_case_event_name(e->event), text[0] != '\0' ? ": " : "", text);
		if (e->to != e->from)
			sk_buf_addf(out, " (%s)", sk_case_state_name(e->to));
		return;
	}
}

static const char *ref_of(const struct sk_case_entry *e, const struct sk_json_value *data)
{
	static const char *const members[] = {"ref", "into", "from", "digest", "sha256"};
	for (size_t i = 0; i < SK_COUNT(members); i++)
		if (text_of(data, members[i])[0] != '\0' && e->event != SK_CASE_EVENT_PLAYBOOK)
			return text_of(data, members[i]);
	return "";
}

const char *sk_case_view_entry(const struct sk_case *c, const struct sk_case_entry *e, struct sk_buf *text)
{
	struct sk_json_doc *doc = NULL;
	struct sk_fault ignored;
	sk_buf_reset(text);
	if (sk_json_parse(e->plain, e->plain_length, &doc, &ignored) == SK_OK)
		describe(c, e, sk_json_get(sk_json_top(doc), "data"), text);
	sk_json_free(doc);
	return sk_buf_text(text);
}

static void put_timeline(struct sk_json_writer *w, const struct sk_case *c)
{
	struct sk_buf text;
	sk_buf_init(&text, SK_CASE_ENTRY_MAX);
	sk_json_array(w, "timeline");
	for (size_t i = 0; i < c->entry_count; i++) {
		const struct sk_case_entry *e = &c->entries[i];
		struct sk_json_doc *doc = NULL;
		struct sk_fault ignored;
		if (sk_json_parse(e->plain, e->plain_length, &doc, &ignored) != SK_OK)
			continue;
		const struct sk_json_value *data = sk_json_get(sk_json_top(doc), "data");
		sk_buf_reset(&text);
		describe(c, e, data, &text);
		sk_json_object(w, NULL);
		sk_json_u64(w, "n", e->n);
		put_time(w, "t", e->time_ns);
		sk_json_text(w, "kind", line_kind(e, data));
		sk_json_text(w, "event", sk_case_event_name(e->event));
		sk_json_text(w, "by", e->by);
		sk_json_text(w, "text", sk_buf_text(&text));
		sk_json_text(w, "ref", ref_of(e, data));
		sk_json_text(w, "grade", sk_case_grade_word(e->grade));
		sk_json_u64(w, "leaf", e->leaf);
		sk_json_end(w);
		sk_json_free(doc);
	}
	sk_json_end(w);
	sk_buf_fini(&text);
}

/* ---- items ---- */

static void put_origin(struct sk_json_writer *w, const struct sk_case_item *item)
{
	sk_json_text(w, "grade", sk_case_grade_word(item->grade));
	if (item->from[0] != '\0') {
		sk_json_object(w, "from");
		sk_json_text(w, "case", item->from);
		sk_json_u64(w, "id", item->from_number);
		sk_json_end(w);
	}
}

static void put_task(struct sk_json_writer *w, const struct sk_case_item *item)
{
	sk_json_text(w, "text", item->text);
	sk_json_bool(w, "done", item->done);
	sk_json_text(w, "by", item->done ? item->done_by : item->by);
	put_time(w, "done_at", item->done ? item->done_ns : 0);
	put_time(w, "due", item->due_ns);
	if (item->playbook[0] != '\0')
		sk_json_text(w, "from_playbook", item->playbook);
	else
		sk_json_null(w, "from_playbook");
}

static enum sk_err put_note(struct sk_json_writer *w, const struct sk_case_item *item, struct sk_buf *html, struct sk_fault *fault)
{
	sk_buf_reset(html);
	SK_TRY(sk_markdown_html(item->text, strlen(item->text), html, fault));
	sk_json_text(w, "by", item->by);
	put_time(w, "t", item->time_ns);
	sk_json_text(w, "html", sk_buf_text(html));
	sk_json_text(w, "markdown", item->text);
	return SK_OK;
}

static void put_link(struct sk_json_writer *w, const struct sk_case_item *item)
{
	if (item->kind == SK_CASE_ITEM_LINK)
		sk_json_text(w, "kind", sk_case_link_word(item->link));
	sk_json_text(w, "ref", item->ref);
	sk_json_text(w, "text", item->text);
	sk_json_text(w, "by", item->by);
	put_time(w, "t", item->time_ns);
	if (item->kind == SK_CASE_ITEM_EVIDENCE)
		sk_json_u64(w, "bytes", item->bytes);
}

static enum sk_err put_items(struct sk_json_writer *w, const struct sk_case *c, enum sk_case_item_kind kind, const char *key, struct sk_buf *html, struct sk_fault *fault)
{
	sk_json_array(w, key);
	for (size_t i = 0; i < c->item_count; i++) {
		const struct sk_case_item *item = &c->items[i];
		if (item->gone || item->kind != kind)
			continue;
		sk_json_object(w, NULL);
		sk_json_u64(w, "id", item->number);
		if (kind == SK_CASE_ITEM_TASK)
			put_task(w, item);
		else if (kind == SK_CASE_ITEM_NOTE)
			SK_TRY(put_note(w, item, html, fault));
		else
			put_link(w, item);
		put_origin(w, item);
		sk_json_end(w);
	}
	sk_json_end(w);
	return SK_OK;
}

/* Each playbook once, with how far it is. */
static void put_playbooks(struct sk_json_writer *w, const struct sk_case *c)
{
	sk_json_array(w, "playbooks");
	for (size_t i = 0; i < c->item_count; i++) {
		const char *name = c->items[i].playbook;
		uint64_t tasks = 0, done = 0;
		bool first = name[0] != '\0' && !c->items[i].gone;
		for (size_t j = 0; first && j < i; j++)
			first = c->items[j].gone || strcmp(c->items[j].playbook, name) != 0;
		for (size_t j = i; first && j < c->item_count; j++) {
			tasks += !c->items[j].gone && strcmp(c->items[j].playbook, name) == 0;
			done += !c->items[j].gone && c->items[j].done && strcmp(c->items[j].playbook, name) == 0;
		}
		if (!first)
			continue;
		sk_json_object(w, NULL);
		sk_json_text(w, "name", name);
		sk_json_u64(w, "tasks", tasks);
		sk_json_u64(w, "done", done);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void put_lowering(struct sk_json_writer *w, const struct sk_case_lowering *l)
{
	if (l->entry == 0) {
		sk_json_null(w, "lowering");
		return;
	}
	sk_json_object(w, "lowering");
	sk_json_u64(w, "entry", l->entry);
	sk_json_text(w, "grade", sk_case_grade_word(l->grade));
	sk_json_text(w, "by", l->by);
	sk_json_text(w, "reviewer", l->reviewer);
	sk_json_bool(w, "reviewed", l->reviewed != 0);
	sk_json_end(w);
}

enum sk_err sk_case_view_show(const struct sk_case *c, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_json_writer w;
	struct sk_buf html;
	sk_buf_init(&html, 8 * SK_CASE_TEXT_MAX);
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	head_members(&w, &c->head);
	sk_json_text(&w, "summary", c->summary != NULL ? c->summary : "");
	put_timeline(&w, c);
	enum sk_err err = put_items(&w, c, SK_CASE_ITEM_TASK, "tasks", &html, fault);
	if (err == SK_OK)
		err = put_items(&w, c, SK_CASE_ITEM_NOTE, "notes", &html, fault);
	if (err == SK_OK)
		err = put_items(&w, c, SK_CASE_ITEM_LINK, "links", &html, fault);
	if (err == SK_OK)
		err = put_items(&w, c, SK_CASE_ITEM_EVIDENCE, "evidence", &html, fault);
	sk_buf_fini(&html);
	SK_TRY(err);
	put_playbooks(&w, c);
	put_lowering(&w, &c->lowering);
	sk_json_array(&w, "next");
	for (unsigned e = 0; e < SK_CASE_EVENT_COUNT; e++)
		if (sk_case_event_asked((enum sk_case_event)e) && sk_case_step(c->head.state, (enum sk_case_event)e) != SK_CASE_STATE_COUNT)
			sk_json_text(&w, NULL, sk_case_event_name((enum sk_case_event)e));
	sk_json_end(&w);
	sk_json_end(&w);
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, out->failed, "case %s does not fit", c->head.id);
}
