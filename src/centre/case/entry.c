/* SPDX-License-Identifier: Apache-2.0 */
/* Entries as canonical JSON: the envelope is the same for all, `data` depends on the event (docs/cases.md has each). */
#include <stdio.h>
#include <stdlib.h>

#include "case/case_priv.h"

static const char *text_of(const char *text)
{
	return text != NULL ? text : "";
}

static void put_text(struct sk_json_writer *w, const char *key, const char *text)
{
	/* What the writer would replace is refused instead: an entry says what its author said. */
	if (!sk_utf8_valid(text_of(text), strlen(text_of(text))) && w->out->failed == SK_OK)
		w->out->failed = SK_EUSAGE;
	sk_json_text(w, key, text_of(text));
}

static void put_time(struct sk_json_writer *w, const char *key, int64_t time_ns)
{
	char text[SK_TIME_TEXT_MAX];
	sk_json_text(w, key, time_ns != 0 ? sk_time_format(time_ns, 9, text) : "");
}

static void put_words(struct sk_json_writer *w, const char *key, const char *const *words, size_t count)
{
	sk_json_array(w, key);
	for (size_t i = 0; i < count; i++)
		put_text(w, NULL, words[i]);
	sk_json_end(w);
}

/* Numbers of the live items that are, or are not, in the other case already. */
static void put_marked(struct sk_json_writer *w, const char *key, const struct sk_case *c, const bool *duplicate, bool wanted)
{
	sk_json_array(w, key);
	for (size_t i = 0; i < c->item_count; i++)
		if (!c->items[i].gone && duplicate[i] == wanted)
			sk_json_u64(w, NULL, c->items[i].number);
	sk_json_end(w);
}

static void open_data(struct sk_json_writer *w, const struct sk_case_change *c)
{
	put_time(w, "due", c->due_ns);
	sk_json_text(w, "from", text_of(c->ref));
	sk_json_text(w, "grade", sk_case_grade_word(c->grade));
	sk_json_array(w, "items");
	sk_json_end(w);
	sk_json_text(w, "kind", sk_case_kind_word(c->kind, NULL, NULL));
	put_words(w, "norms", c->norms, c->norm_count);
	put_text(w, "org", c->org);
	put_words(w, "sectors", c->sectors, c->sector_count);
	sk_json_u64(w, "severity", c->severity);
	put_text(w, "summary", c->summary);
	put_text(w, "title", c->title);
}

static void edit_data(struct sk_json_writer *w, const struct sk_case_change *c)
{
	put_time(w, "due", c->due_ns);
	sk_json_text(w, "grade", sk_case_grade_word(c->grade));
	sk_json_text(w, "kind", sk_case_kind_word(c->kind, NULL, NULL));
	put_words(w, "norms", c->norms, c->norm_count);
	put_words(w, "sectors", c->sectors, c->sector_count);
	sk_json_u64(w, "severity", c->severity);
	put_text(w, "summary", c->summary);
	put_text(w, "title", c->title);
}

static void playbook_data(struct sk_json_writer *w, const struct sk_case_change *c)
{
	put_text(w, "digest", c->digest);
	put_text(w, "name", c->name);
	sk_json_array(w, "tasks");
	for (size_t i = 0; i < c->task_count; i++) {
		sk_json_object(w, NULL);
		put_time(w, "due", c->tasks[i].due_ns);
		put_text(w, "text", c->tasks[i].text);
		sk_json_end(w);
	}
	sk_json_end(w);
	put_text(w, "version", c->version);
}

static void evidence_data(struct sk_json_writer *w, const struct sk_case_change *c)
{
	uint8_t hash[SK_HASH_BYTES];
	sk_sha256(c->bytes, c->length, hash);
	sk_json_u64(w, "bytes", c->length);
	sk_json_text(w, "grade", sk_case_grade_word(c->grade));
	put_text(w, "name", c->name);
	sk_json_hex(w, "sha256", hash, sizeof hash);
	put_text(w, "text", c->text);
}

void sk_case_item_write(struct sk_json_writer *w, const struct sk_case_item *item, const char *from)
{
	static const char *const kinds[] = {"note", "task", "link", "evidence"};
	sk_json_object(w, NULL);
	sk_json_text(w, "by", item->by);
	sk_json_u64(w, "bytes", item->bytes);
	put_time(w, "done_at", item->done ? item->done_ns : 0);
	sk_json_text(w, "done_by", item->done_by);
	put_time(w, "due", item->due_ns);
	sk_json_text(w, "from", from);
	sk_json_u64(w, "from_number", item->number);
	sk_json_text(w, "grade", sk_case_grade_word(item->grade));
	sk_json_text(w, "kind", kinds[item->kind]);
	sk_json_text(w, "link", item->kind == SK_CASE_ITEM_LINK ? sk_case_link_word(item->link) : "");
	sk_json_text(w, "playbook", item->playbook);
	sk_json_text(w, "ref", text_of(item->ref));
	sk_json_text(w, "text", text_of(item->text));
	put_time(w, "time", item->time_ns);
	sk_json_end(w);
}

void sk_case_merge_write(const struct sk_case *from, const char *into, const bool *duplicate, const char *text, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	put_marked(&w, "duplicates", from, duplicate, true);
	sk_json_text(&w, "grade", sk_case_grade_word(SK_CASE_GRADE_G2));
	sk_json_text(&w, "into", into);
	put_marked(&w, "items", from, duplicate, false);
	put_text(&w, "text", text);
	sk_json_end(&w);
}

void sk_case_absorb_write(const struct sk_case *from, const bool *duplicate, const char *text, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	put_marked(&w, "duplicates", from, duplicate, true);
	sk_json_text(&w, "from", from->head.id);
	sk_json_array(&w, "items");
	for (size_t i = 0; i < from->item_count; i++)
		if (!from->items[i].gone && !duplicate[i])
			sk_case_item_write(&w, &from->items[i], from->head.id);
	sk_json_end(&w);
	put_text(&w, "text", text);
	sk_json_text(&w, "watchers", from->head.watchers);
	sk_json_end(&w);
}

void sk_case_split_write(const char *into, const uint32_t *items, size_t count, const char *text, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "grade", sk_case_grade_word(SK_CASE_GRADE_G2));
	sk_json_text(&w, "into", into);
	sk_json_array(&w, "items");
	for (size_t i = 0; i < count; i++)
		sk_json_u64(&w, NULL, items[i]);
	sk_json_end(&w);
	put_text(&w, "text", text);
	sk_json_end(&w);
}

void sk_case_split_open_write(const struct sk_case *from, const uint32_t *items, size_t count, const char *title, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "due", "");
	sk_json_text(&w, "from", from->head.id);
	sk_json_text(&w, "grade", sk_case_grade_word(SK_CASE_GRADE_G2));
	sk_json_array(&w, "items");
	for (size_t i = 0; i < count; i++)
		sk_case_item_write(&w, sk_case_item(from, items[i]), from->head.id);
	sk_json_end(&w);
	sk_json_text(&w, "kind", sk_case_kind_word(from->head.kind, NULL, NULL));
	sk_json_array(&w, "norms");
	sk_json_end(&w);
	sk_json_text(&w, "org", from->head.org);
	sk_json_array(&w, "sectors");
	sk_json_end(&w);
	sk_json_u64(&w, "severity", from->head.severity);
	sk_json_text(&w, "summary", "");
	put_text(&w, "title", title);
	sk_json_end(&w);
}

void sk_case_data_write(enum sk_case_event event, const struct sk_case_change *c, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	switch (event) {
	case SK_CASE_EVENT_OPEN: open_data(&w, c); break;
	case SK_CASE_EVENT_EDIT: edit_data(&w, c); break;
	case SK_CASE_EVENT_TRIAGE:
		sk_json_text(&w, "grade", sk_case_grade_word(c->grade));
		sk_json_text(&w, "kind", sk_case_kind_word(c->kind, NULL, NULL));
		sk_json_u64(&w, "severity", c->severity);
		put_text(&w, "text", c->text);
		break;
	case SK_CASE_EVENT_TASK:
		put_time(&w, "due", c->due_ns);
		sk_json_text(&w, "grade", sk_case_grade_word(c->grade));
		put_text(&w, "text", c->text);
		break;
	case SK_CASE_EVENT_DONE:
	case SK_CASE_EVENT_UNLINK:
		sk_json_text(&w, "grade", sk_case_grade_word(c->grade));
		sk_json_u64(&w, "item", c->item);
		put_text(&w, "text", c->text);
		break;
	case SK_CASE_EVENT_REVIEW:
		sk_json_u64(&w, "entry", c->item);
		sk_json_text(&w, "grade", sk_case_grade_word(c->grade));
		put_text(&w, "text", c->text);
		break;
	case SK_CASE_EVENT_LINK:
		sk_json_text(&w, "grade", sk_case_grade_word(c->grade));
		sk_json_text(&w, "kind", sk_case_link_word(c->link));
		put_text(&w, "ref", c->ref);
		put_text(&w, "text", c->text);
		break;
	case SK_CASE_EVENT_ASSIGN:
		sk_json_text(&w, "grade", sk_case_grade_word(c->grade));
		put_text(&w, "text", c->text);
		put_text(&w, "to", c->who);
		break;
	case SK_CASE_EVENT_WATCH:
	case SK_CASE_EVENT_UNWATCH: put_text(&w, "who", c->who); break;
	case SK_CASE_EVENT_EVIDENCE: evidence_data(&w, c); break;
	case SK_CASE_EVENT_PLAYBOOK: playbook_data(&w, c); break;
	case SK_CASE_EVENT_BUNDLE:
		put_text(&w, "digest", c->digest);
		sk_json_text(&w, "for", sk_case_audience_word(c->audience));
		sk_json_text(&w, "grade", sk_case_grade_word(c->grade));
		break;
	case SK_CASE_EVENT_HANDOVER:
		put_text(&w, "digest", c->digest);
		sk_json_text(&w, "grade", sk_case_grade_word(c->grade));
		put_text(&w, "text", c->text);
		put_text(&w, "to", c->who);
		break;
	default: /* note, lower, and the steps that say why */
		sk_json_text(&w, "grade", sk_case_grade_word(c->grade));
		put_text(&w, "text", c->text);
		break;
	}
	sk_json_end(&w);
}

void sk_case_entry_write(const char *id, const struct sk_case_entry *entry, const char *data, size_t data_length, struct sk_buf *out)
{
	struct sk_json_writer w;
	char time[SK_TIME_TEXT_MAX];
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "by", entry->by);
	sk_json_text(&w, "case", id);
	sk_json_raw(&w, "data", data, data_length);
	sk_json_text(&w, "event", sk_case_event_name(entry->event));
	sk_json_text(&w, "format", "sekisho-case/1");
	sk_json_text(&w, "grade", sk_case_grade_word(entry->grade));
	sk_json_u64(&w, "n", entry->n);
	sk_json_text(&w, "time", sk_time_format(entry->time_ns, 9, time));
	sk_json_end(&w);
}
