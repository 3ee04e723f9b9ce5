/* SPDX-License-Identifier: Apache-2.0 */
/* YAML, event by event, straight into the rows: no tree is built. Where an event stands is one of five places; the first thing that is wrong ends the reading. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "law/law_priv.h"
#include "text/text.h"

enum { EVENTS_MAX = 20000, FOUND_MAX = 80, HEAD_FIELDS = 3, ROW_BYTES_MAX = 4096 };
enum place { AT_START, AT_TOP, AT_ROWS, IN_ROW, IN_WORDS, AT_END };

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	const char *name;
	const struct sk_law_bounds *bounds;
	struct sk_law *law;
	struct sk_fault *fault;
	enum place place;
	int waits;                     /* number of the key whose value comes next; -1: a key comes */
	enum sk_law_section_id section;
	struct sk_law_mark head[HEAD_FIELDS], begun[SK_LAW_SECTIONS], key;
	struct sk_law_marks marks;     /* of the row that is being read */
	_Alignas(8) uint8_t row[ROW_BYTES_MAX];
	char profile[SK_LAW_WORD_MAX];
};

static const struct sk_law_field head[HEAD_FIELDS] = {
	{"policy", SK_LAW_V_WORD, SK_LAW_MUST, offsetof(struct sk_law, name)},
	{"version", SK_LAW_V_WORD, SK_LAW_MUST, offsetof(struct sk_law, version)},
	{"profile", SK_LAW_V_WORD, SK_LAW_MUST, 0},
};

/* Where the event stands; a mark counts from 0. */
static struct sk_law_mark here(const struct reader *reader)
{
	return (struct sk_law_mark){(uint32_t)reader->event.start_mark.line + 1, (uint32_t)reader->event.start_mark.column + 1};
}

SK_PRINTF(3, 4) static enum sk_err refuse(const struct reader *reader, struct sk_law_mark mark, const char *format, ...)
{
	char words[SK_FAULT_LINE_MAX];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	return sk_fault_set(reader->fault, SK_EINPUT, "%s:%u:%u: %s", reader->name, mark.line, mark.column, words);
}

static const char *shown(const char *text, char found[FOUND_MAX])
{
	(void)snprintf(found, FOUND_MAX, "%.*s%s", FOUND_MAX - 8, text, strlen(text) > FOUND_MAX - 8 ? "..." : "");
	return found;
}

static const char *kind_of(yaml_event_type_t type)
{
	return type == YAML_MAPPING_START_EVENT ? "keys" : type == YAML_SEQUENCE_START_EVENT ? "a list" : "one value";
}

/* What would mean something that does not stand there. */
static enum sk_err check_magic(const struct reader *reader)
{
	const yaml_event_t *event = &reader->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;
	if (event->type == YAML_ALIAS_EVENT)
		return refuse(reader, here(reader), "found an alias (*name); none is read: write the value where it belongs");
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	} else if (event->type == YAML_DOCUMENT_START_EVENT) {
		if (event->data.document_start.version_directive != NULL || event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
			return refuse(reader, here(reader), "found a %% directive; none is read: leave it out");
		if (reader->place != AT_START)
			return refuse(reader, here(reader), "a second document begins here; expected one");
	}
	if (anchor != NULL)
		return refuse(reader, here(reader), "found an anchor (&name); none is read: leave it out");
	if (tag != NULL)
		return refuse(reader, here(reader), "found a tag (!name); the key says what a value is: leave it out");
	return SK_OK;
}

/* The scalar of this event as a C string; a zero byte in it cannot be. */
static enum sk_err text_of(const struct reader *reader, const char **text)
{
	*text = (const char *)reader->event.data.scalar.value;
	if (strlen(*text) != reader->event.data.scalar.length)
		return refuse(reader, here(reader), "found a zero byte in a value");
	return SK_OK;
}

/* ---- keys ---- */

static enum sk_err take_top_key(struct reader *reader, const char *text)
{
	char found[FOUND_MAX];
	reader->key = here(reader);
	for (int i = 0; i < HEAD_FIELDS; i++)
		if (strcmp(head[i].key, text) == 0) {
			if (reader->head[i].line != 0)
				return refuse(reader, reader->key, "%s stands twice, first in line %u; leave one out", text, reader->head[i].line);
			reader->head[i] = reader->key;
			reader->waits = i;
			return SK_OK;
		}
	for (int i = 0; i < SK_LAW_SECTIONS; i++)
		if (strcmp(sk_law_section((enum sk_law_section_id)i)->key, text) == 0) {
			if (reader->begun[i].line != 0)
				return refuse(reader, reader->key, "%s stands twice, first in line %u; put its rows together", text, reader->begun[i].line);
			reader->begun[i] = reader->key;
			reader->waits = HEAD_FIELDS + i;
			return SK_OK;
		}
	return refuse(reader, reader->key, "%s is no key; sekisho-policy(1) lists them", shown(text, found));
}

static enum sk_err take_row_key(struct reader *reader, const char *text)
{
	const struct sk_law_section *section = sk_law_section(reader->section);
	char found[FOUND_MAX];
	for (size_t i = 0; i < section->field_count; i++)
		if (strcmp(section->fields[i].key, text) == 0) {
			struct sk_law_mark *mark = &reader->marks.field[i];
			if (mark->line != 0)
				return refuse(reader, here(reader), "%s: %s stands twice in one row, first in line %u; leave one out", section->key, text, mark->line);
			*mark = here(reader);
			reader->waits = (int)i;
			return SK_OK;
		}
	return refuse(reader, here(reader), "%s: %s is no key of such a row; sekisho-policy(1) lists them", section->key, shown(text, found));
}

/* ---- values ---- */

static enum sk_err take_value(struct reader *reader, const struct sk_law_field *field, const char *text, void *value)
{
	const char *expected = "";
	char found[FOUND_MAX];
	if (sk_law_value(field, text, value, &expected) == SK_OK)
		return SK_OK;
	return refuse(reader, here(reader), "%s: found '%s'; expected %s", field->key, shown(text, found), expected);
}

static enum sk_err take_head(struct reader *reader, const char *text)
{
	const struct sk_law_field *field = &head[reader->waits];
	bool profile = strcmp(field->key, "profile") == 0;
	SK_TRY(take_value(reader, field, text, profile ? reader->profile : (char *)reader->law + field->at));
	if (profile && sk_profile_parse(reader->profile, &reader->law->profile) != SK_OK)
		return refuse(reader, here(reader), "profile: found '%s'; expected own-network, lab or jp-2025", reader->profile);
	reader->waits = -1;
	return SK_OK;
}

/* One of a list of words into its place: ascending, each once. */
static enum sk_err take_word(struct reader *reader, const char *text)
{
	const struct sk_law_field *field = &sk_law_section(reader->section)->fields[reader->waits];
	struct sk_law_words *words = (struct sk_law_words *)(void *)(reader->row + field->at);
	char word[SK_LAW_WORD_MAX];
	if (words->count == SK_LAW_WORDS_MAX)
		return refuse(reader, here(reader), "%s: more than %d words; leave the others out", field->key, SK_LAW_WORDS_MAX);
	SK_TRY(take_value(reader, field, text, word));
	uint32_t at = words->count;
	while (at > 0 && strcmp(words->items[at - 1], word) > 0) {
		memcpy(words->items[at], words->items[at - 1], sizeof words->items[at]);
		at--;
	}
	if (at > 0 && strcmp(words->items[at - 1], word) == 0)
		return refuse(reader, here(reader), "%s: %s stands there twice; leave one out", field->key, word);
	memset(words->items[at], 0, sizeof words->items[at]);
	memcpy(words->items[at], word, strlen(word));
	words->count++;
	return SK_OK;
}

/* ---- rows ---- */

static enum sk_err begin_row(struct reader *reader)
{
	reader->place = IN_ROW;
	reader->waits = -1;
	memset(reader->row, 0, sizeof reader->row);
	reader->marks = (struct sk_law_marks){.begin = here(reader)};
	return SK_OK;
}

/* The row is whole: is all there that must be, is it within bounds; then among the others, in order. */
static enum sk_err end_row(struct reader *reader)
{
	const struct sk_law_section *section = sk_law_section(reader->section);
	uint32_t count;
	uint8_t *rows = sk_law_rows(reader->law, section, &count);
	for (size_t i = 0; i < section->field_count; i++)
		if (section->fields[i].need != SK_LAW_MAY && reader->marks.field[i].line == 0)
			return refuse(reader, reader->marks.begin, "%s: a row without %s; it must be given", section->key, section->fields[i].key);
	if (count == section->places)
		return refuse(reader, reader->marks.begin, "%s: more than %u rows; leave the others out", section->key, section->places);
	memcpy(reader->row, &reader->marks.begin.line, sizeof reader->marks.begin.line); /* line is every row's first member */
	SK_TRY(sk_law_check_row(reader->name, reader->law, reader->section, reader->row, &reader->marks, reader->bounds, reader->fault));
	uint32_t at = count;
	for (; at > 0 && sk_law_order(section, rows + (size_t)(at - 1) * section->row_size, reader->row, true) > 0; at--)
		memcpy(rows + (size_t)at * section->row_size, rows + (size_t)(at - 1) * section->row_size, section->row_size);
	memcpy(rows + (size_t)at * section->row_size, reader->row, section->row_size);
	count++;
	memcpy((uint8_t *)reader->law + section->count_at, &count, sizeof count);
	reader->place = AT_ROWS;
	return SK_OK;
}

/* ---- events, by place ---- */

static enum sk_err at_top(struct reader *reader)
{
	yaml_event_type_t type = reader->event.type;
	const char *text = "";
	if (type == YAML_MAPPING_END_EVENT) {
		reader->place = AT_END;
		return SK_OK;
	}
	if (type == YAML_SCALAR_EVENT)
		SK_TRY(text_of(reader, &text));
	if (reader->waits < 0)
		return type == YAML_SCALAR_EVENT ? take_top_key(reader, text) : refuse(reader, here(reader), "found %s where a key was expected", kind_of(type));
	if (reader->waits < HEAD_FIELDS)
		return type == YAML_SCALAR_EVENT ? take_head(reader, text) : refuse(reader, here(reader), "%s: found %s; expected one word", head[reader->waits].key, kind_of(type));
	reader->section = (enum sk_law_section_id)(reader->waits - HEAD_FIELDS);
	/* Rows need to be known from whose profile they are. */
	if (reader->head[2].line == 0)
		return refuse(reader, reader->key, "profile must stand before %s", sk_law_section(reader->section)->key);
	if (type != YAML_SEQUENCE_START_EVENT)
		return refuse(reader, here(reader), "%s: found %s; expected a list of rows, as in '- %s: ...'", sk_law_section(reader->section)->key, kind_of(type),
			      sk_law_section(reader->section)->fields[0].key);
	reader->place = AT_ROWS;
	return SK_OK;
}

static enum sk_err at_rows(struct reader *reader)
{
	if (reader->event.type == YAML_SEQUENCE_END_EVENT) {
		reader->place = AT_TOP;
		reader->waits = -1;
		return SK_OK;
	}
	if (reader->event.type == YAML_MAPPING_START_EVENT)
		return begin_row(reader);
	return refuse(reader, here(reader), "%s: found %s; expected a row, as in '- %s: ...'", sk_law_section(reader->section)->key, kind_of(reader->event.type),
		      sk_law_section(reader->section)->fields[0].key);
}

static enum sk_err in_row(struct reader *reader)
{
	yaml_event_type_t type = reader->event.type;
	const struct sk_law_section *section = sk_law_section(reader->section);
	const char *text = "";
	if (type == YAML_MAPPING_END_EVENT)
		return end_row(reader);
	if (type == YAML_SCALAR_EVENT)
		SK_TRY(text_of(reader, &text));
	if (reader->waits < 0)
		return type == YAML_SCALAR_EVENT ? take_row_key(reader, text) : refuse(reader, here(reader), "%s: found %s where a key was expected", section->key, kind_of(type));
	const struct sk_law_field *field = &section->fields[reader->waits];
	if (field->type == SK_LAW_V_WORDS) {
		if (type != YAML_SEQUENCE_START_EVENT)
			return refuse(reader, here(reader), "%s: found %s; expected a list, as in [a, b]", field->key, kind_of(type));
		reader->place = IN_WORDS;
		return SK_OK;
	}
	if (type != YAML_SCALAR_EVENT)
		return refuse(reader, here(reader), "%s: found %s; expected one value", field->key, kind_of(type));
	SK_TRY(take_value(reader, field, text, reader->row + field->at));
	/* A bound is told with the place of the value. */
	reader->marks.field[reader->waits] = here(reader);
	reader->waits = -1;
	return SK_OK;
}

static enum sk_err in_words(struct reader *reader)
{
	const char *text;
	if (reader->event.type == YAML_SEQUENCE_END_EVENT) {
		reader->place = IN_ROW;
		reader->waits = -1;
		return SK_OK;
	}
	if (reader->event.type != YAML_SCALAR_EVENT)
		return refuse(reader, here(reader), "found %s; expected one word, as each of the list", kind_of(reader->event.type));
	SK_TRY(text_of(reader, &text));
	return take_word(reader, text);
}

static enum sk_err take_event(struct reader *reader)
{
	yaml_event_type_t type = reader->event.type;
	SK_TRY(check_magic(reader));
	if (type == YAML_STREAM_START_EVENT || type == YAML_STREAM_END_EVENT || type == YAML_DOCUMENT_START_EVENT || type == YAML_DOCUMENT_END_EVENT)
		return SK_OK;
	switch (reader->place) {
	case AT_START:
		if (type != YAML_MAPPING_START_EVENT)
			return refuse(reader, here(reader), "found %s; expected keys, as in 'policy: own-network'", kind_of(type));
		reader->place = AT_TOP;
		return SK_OK;
	case AT_TOP: return at_top(reader);
	case AT_ROWS: return at_rows(reader);
	case IN_ROW: return in_row(reader);
	case IN_WORDS: return in_words(reader);
	case AT_END: break;
	}
	return refuse(reader, here(reader), "found %s behind the end", kind_of(type));
}

static enum sk_err read_events(struct reader *reader)
{
	enum sk_err err = SK_OK;
	for (unsigned events = 0; err == SK_OK; events++) {
		if (!yaml_parser_parse(&reader->parser, &reader->event)) {
			struct sk_law_mark mark = {(uint32_t)reader->parser.problem_mark.line + 1, (uint32_t)reader->parser.problem_mark.column + 1};
			return refuse(reader, mark, "no YAML: %s", reader->parser.problem != NULL ? reader->parser.problem : "out of memory");
		}
		yaml_event_type_t type = reader->event.type;
		err = events == EVENTS_MAX ? refuse(reader, here(reader), "more than %d parts; a policy needs fewer", EVENTS_MAX) : take_event(reader);
		yaml_event_delete(&reader->event);
		if (type == YAML_STREAM_END_EVENT)
			break;
	}
	for (int i = 0; err == SK_OK && i < HEAD_FIELDS; i++)
		if (reader->head[i].line == 0)
			err = refuse(reader, (struct sk_law_mark){1, 1}, "%s is missing; it must be given", head[i].key);
	return err == SK_OK ? sk_law_check_all(reader->name, reader->law, reader->fault) : err;
}

/* What libyaml would take for something else, told with its place before it sees it. */
static enum sk_err check_bytes(const struct reader *reader, const uint8_t *yaml, size_t length)
{
	struct sk_law_mark mark = {1, 1};
	if (length > SK_LAW_FILE_MAX)
		return sk_fault_set(reader->fault, SK_EINPUT, "%s: larger than %d bytes; a policy is smaller", reader->name, SK_LAW_FILE_MAX);
	if (sk_utf8_valid((const char *)yaml, length)) {
		for (size_t at = 0; at < length; at++) {
			uint8_t byte = yaml[at];
			if ((byte < 0x20 && byte != '\n' && byte != '\r') || byte == 0x7f)
				return refuse(reader, mark, "found the control byte 0x%02x; expected text (indent with spaces)", (unsigned)byte);
			mark.column += (byte & 0xc0) != 0x80;
			if (byte == '\n')
				mark = (struct sk_law_mark){mark.line + 1, 1};
		}
		return SK_OK;
	}
	/* The first line up to whose end it is no UTF-8. */
	for (size_t begin = 0, end = 0; end < length; begin = end, mark.line++) {
		while (end < length && yaml[end++] != '\n')
			;
		if (!sk_utf8_valid((const char *)yaml + begin, end - begin))
			break;
	}
	return refuse(reader, mark, "a line that is no UTF-8; expected UTF-8");
}

enum sk_err sk_law_parse(const char *name, const void *yaml, size_t length, const struct sk_law_bounds *bounds, struct sk_law **out, struct sk_fault *fault)
{
	struct reader *reader = calloc(1, sizeof *reader);
	struct sk_law *law = calloc(1, sizeof *law);
	*out = NULL;
	if (reader == NULL || law == NULL || !yaml_parser_initialize(&reader->parser)) {
		free(reader);
		free(law);
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", name);
	}
	reader->name = name;
	reader->bounds = bounds;
	reader->law = law;
	reader->fault = fault;
	reader->waits = -1;
	enum sk_err err = check_bytes(reader, yaml, length);
	if (err == SK_OK) {
		yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&reader->parser, yaml, length);
		err = read_events(reader);
	}
	yaml_parser_delete(&reader->parser);
	free(reader);
	struct sk_buf text;
	sk_buf_init(&text, SK_LAW_FILE_MAX);
	if (err == SK_OK) {
		sk_law_write(law, &text);
		if (text.failed != SK_OK)
			err = sk_fault_set(fault, text.failed == SK_ETOOBIG ? SK_EINPUT : text.failed, "%s: %s", name,
					   text.failed == SK_ETOOBIG ? "its canonical form, where every text is quoted, is larger than a policy may be" : sk_err_text(text.failed));
	}
	if (err == SK_OK) {
		sk_sha256(text.bytes, text.length, law->digest);
		*out = law;
	} else
		free(law);
	sk_buf_fini(&text);
	return err;
}

void sk_law_free(struct sk_law *law)
{
	free(law);
}
