/* SPDX-License-Identifier: Apache-2.0 */
/* A playbook out of YAML events (libyaml): one map; title and text are maps of ja and en; tasks is a list of maps. */
#include "case/playbook.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "text/text.h"

enum { EVENTS_MAX = 4096 };

struct reader {
	const char *name;
	yaml_parser_t parser;
	yaml_event_t event;
	struct sk_playbook *book;
	struct sk_fault *fault;
	unsigned events;
};

SK_PRINTF(2, 3) static enum sk_err refuse(struct reader *r, const char *format, ...)
{
	char text[200];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return sk_fault_set(r->fault, SK_EINPUT, "%s:%zu: %s", r->name, r->event.start_mark.line + 1, text);
}

static enum sk_err next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event)) {
		memset(&r->event, 0, sizeof r->event);
		return sk_fault_set(r->fault, SK_EINPUT, "%s:%zu: not YAML: %s", r->name, r->parser.problem_mark.line + 1, r->parser.problem != NULL ? r->parser.problem : "it cannot be read");
	}
	if (r->events++ == EVENTS_MAX)
		return refuse(r, "too long for a playbook");
	const yaml_event_t *e = &r->event;
	const void *anchor = e->type == YAML_SCALAR_EVENT ? e->data.scalar.anchor : e->type == YAML_MAPPING_START_EVENT ? e->data.mapping_start.anchor : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.anchor : NULL;
	const void *tag = e->type == YAML_SCALAR_EVENT ? e->data.scalar.tag : e->type == YAML_MAPPING_START_EVENT ? e->data.mapping_start.tag : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.tag : NULL;
	return anchor != NULL || tag != NULL || e->type == YAML_ALIAS_EVENT ? refuse(r, "anchors, aliases and tags are not allowed here") : SK_OK;
}

static enum sk_err expect(struct reader *r, yaml_event_type_t type, const char *what)
{
	SK_TRY(next(r));
	return r->event.type == type ? SK_OK : refuse(r, "expected %s", what);
}

/* The scalar at hand as one line of text. */
static enum sk_err scalar(struct reader *r, char *out, size_t size, const char *what)
{
	if (r->event.type != YAML_SCALAR_EVENT)
		return refuse(r, "%s: expected a text", what);
	const char *text = (const char *)r->event.data.scalar.value;
	size_t length = r->event.data.scalar.length;
	if (length == 0 || length >= size || strlen(text) != length)
		return refuse(r, "%s: expected a text of 1 to %zu bytes", what, size - 1);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ')
			return refuse(r, "%s: expected one line", what);
	memcpy(out, text, length + 1);
	return SK_OK;
}

static enum sk_err value(struct reader *r, char *out, size_t size, const char *what)
{
	SK_TRY(next(r));
	if (out[0] != '\0')
		return refuse(r, "%s: stands twice", what);
	return scalar(r, out, size, what);
}

static enum sk_err word(struct reader *r, char out[SK_PLAYBOOK_WORD_MAX], const char *what)
{
	SK_TRY(value(r, out, SK_PLAYBOOK_WORD_MAX, what));
	return strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(out) ? SK_OK : refuse(r, "%s: expected a word of a-z 0-9 . _ -", what);
}

/* {ja: TEXT, en: TEXT}, both. */
static enum sk_err both(struct reader *r, char ja[SK_PLAYBOOK_TEXT_MAX], char en[SK_PLAYBOOK_TEXT_MAX], const char *what)
{
	char key[8];
	if (ja[0] != '\0' || en[0] != '\0')
		return refuse(r, "%s: stands twice", what);
	SK_TRY(expect(r, YAML_MAPPING_START_EVENT, "a map of ja and en"));
	for (;;) {
		SK_TRY(next(r));
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return ja[0] != '\0' && en[0] != '\0' ? SK_OK : refuse(r, "%s: expected both ja and en", what);
		SK_TRY(scalar(r, key, sizeof key, "a key"));
		if (strcmp(key, "ja") != 0 && strcmp(key, "en") != 0)
			return refuse(r, "%s: '%s' is no language here; expected ja and en", what, key);
		SK_TRY(value(r, strcmp(key, "ja") == 0 ? ja : en, SK_PLAYBOOK_TEXT_MAX, what));
	}
}

static enum sk_err task(struct reader *r)
{
	static const char *const phases[] = {"triage", "contain", "remove", "recover", "learn"};
	char key[16], within[32] = "";
	bool known = false;
	if (r->book->task_count == SK_CASE_TASKS_MAX)
		return refuse(r, "more than %d tasks", SK_CASE_TASKS_MAX);
	struct sk_playbook_task *t = &r->book->tasks[r->book->task_count++];
	for (;;) {
		SK_TRY(next(r));
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		SK_TRY(scalar(r, key, sizeof key, "a key"));
		if (strcmp(key, "phase") == 0)
			SK_TRY(word(r, t->phase, key));
		else if (strcmp(key, "within") == 0)
			SK_TRY(value(r, within, sizeof within, key));
		else if (strcmp(key, "text") == 0)
			SK_TRY(both(r, t->ja, t->en, key));
		else
			return refuse(r, "'%s' is no key of a task; expected phase, within, text", key);
	}
	if (within[0] != '\0' && (sk_duration_parse(within, &t->within_ns) != SK_OK || t->within_ns <= 0))
		return refuse(r, "within: expected a duration like 1h or 2d");
	for (size_t i = 0; i < SK_COUNT(phases); i++)
		known = known || strcmp(phases[i], t->phase) == 0;
	return !known ? refuse(r, "phase: expected triage, contain, remove, recover or learn") : t->en[0] != '\0' ? SK_OK : refuse(r, "a task without its text");
}

static enum sk_err tasks(struct reader *r)
{
	if (r->book->task_count != 0)
		return refuse(r, "tasks: stands twice");
	SK_TRY(expect(r, YAML_SEQUENCE_START_EVENT, "a list of tasks"));
	for (;;) {
		SK_TRY(next(r));
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return SK_OK;
		if (r->event.type != YAML_MAPPING_START_EVENT)
			return refuse(r, "expected a map: phase, within, text");
		SK_TRY(task(r));
	}
}

static enum sk_err top(struct reader *r)
{
	char key[16], kind[SK_PLAYBOOK_WORD_MAX] = "";
	SK_TRY(expect(r, YAML_STREAM_START_EVENT, "YAML"));
	SK_TRY(expect(r, YAML_DOCUMENT_START_EVENT, "a document"));
	SK_TRY(expect(r, YAML_MAPPING_START_EVENT, "a map: playbook, version, title, kind, tasks"));
	for (;;) {
		SK_TRY(next(r));
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		SK_TRY(scalar(r, key, sizeof key, "a key"));
		if (strcmp(key, "playbook") == 0)
			SK_TRY(word(r, r->book->name, key));
		else if (strcmp(key, "version") == 0)
			SK_TRY(word(r, r->book->version, key));
		else if (strcmp(key, "kind") == 0)
			SK_TRY(word(r, kind, key));
		else if (strcmp(key, "title") == 0)
			SK_TRY(both(r, r->book->ja, r->book->en, key));
		else if (strcmp(key, "tasks") == 0)
			SK_TRY(tasks(r));
		else
			return refuse(r, "'%s' is no key of a playbook; expected playbook, version, title, kind, tasks", key);
	}
	SK_TRY(expect(r, YAML_DOCUMENT_END_EVENT, "the end of the document"));
	SK_TRY(expect(r, YAML_STREAM_END_EVENT, "one document alone"));
	r->book->kind = sk_case_kind_find(kind);
	if (r->book->kind == SK_CASE_KIND_COUNT)
		return refuse(r, "kind: expected a kind of case (sekisho case words)");
	return r->book->name[0] != '\0' && r->book->version[0] != '\0' && r->book->en[0] != '\0' && r->book->task_count != 0 ? SK_OK : refuse(r, "expected playbook, version, title, kind and tasks");
}

//= rule: CASE-7
enum sk_err sk_playbook_parse(const char *name, const void *yaml, size_t length, struct sk_playbook **out, struct sk_fault *fault)
{
	struct reader r = {.name = name, .fault = fault};
	*out = NULL;
	if (length > SK_PLAYBOOK_FILE_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: %zu bytes; a playbook has at most %d", name, length, SK_PLAYBOOK_FILE_MAX);
	if (!sk_utf8_valid(yaml, length))
		return sk_fault_set(fault, SK_EINPUT, "%s:1: not UTF-8", name);
	r.book = calloc(1, sizeof *r.book);
	if (r.book == NULL || !yaml_parser_initialize(&r.parser)) {
		free(r.book);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, yaml, length);
	sk_sha256(yaml, length, r.book->digest);
	enum sk_err err = top(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (err != SK_OK) {
		free(r.book);
		return err;
	}
	*out = r.book;
	return SK_OK;
}
