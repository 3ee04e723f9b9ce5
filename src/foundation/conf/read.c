/* SPDX-License-Identifier: Apache-2.0 */
/* YAML, event by event, straight into the struct: no tree is built. A stack of open collections says where an event stands; what stands nowhere is told and
   skipped, so that the next error is told too. libyaml reads the syntax; what it cannot read ends the file. */
#include <string.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "conf/conf_priv.h"
#include "text/text.h"

enum { FOUND_MAX = 80, SECTION_MAX = 48, SECTIONS_MAX = 64 };

enum open_kind { OPEN_MAP, OPEN_LIST, OPEN_ELEMENTS };
/* A collection that has begun and not ended. */
struct open {
	enum open_kind kind;
	enum sk_conf_scope scope;     /* MAP: whose keys stand here */
	char section[SECTION_MAX];    /* MAP: "" or "eve." */
	void *base;                   /* the struct of the scope */
	size_t element;               /* MAP of an element: its number */
	const struct sk_conf_row *row; /* LIST, ELEMENTS: whose value; MAP: of the key that waits for its value, NULL for a section */
	bool waits;                   /* MAP: a key has come, its value not yet */
	bool known;                   /* MAP: that key is one */
	char key[SECTION_MAX];        /* MAP: that key, with its section */
	struct sk_conf_mark key_mark;
};

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	struct sk_conf *conf;
	struct sk_conf_tell tell;
	struct sk_conf_marks marks;
	struct open stack[SK_CONF_DEPTH_MAX];
	size_t depth;
	unsigned skip;                /* open collections that nobody reads */
	char sections[SECTIONS_MAX][SECTION_MAX]; /* of the file, that stood already */
	size_t section_count;
	bool stop;
};

/* Does a stand behind b in the file? What stands nowhere comes first. */
static bool is_behind(struct sk_conf_mark a, struct sk_conf_mark b)
{
	return a.line != b.line ? a.line > b.line : a.column > b.column;
}

void sk_conf_error(struct sk_conf_tell *tell, struct sk_conf_mark mark, const char *format, ...)
{
	char words[SK_FAULT_LINE_MAX];
	struct sk_conf_report *report = tell->report;
	size_t at = report->count;
	va_list args;
	if (at == SK_CONF_ERRORS_MAX) {
		report->more++;
		return;
	}
	report->count++;
	for (; at > 0 && is_behind(tell->marks[at - 1], mark); at--) {
		tell->marks[at] = tell->marks[at - 1];
		report->faults[at] = report->faults[at - 1];
	}
	tell->marks[at] = mark;
	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	if (mark.line == 0)
		(void)sk_fault_set(&report->faults[at], SK_EINPUT, "%s: %s", tell->name, words);
	else
		(void)sk_fault_set(&report->faults[at], SK_EINPUT, "%s:%u:%u: %s", tell->name, mark.line, mark.column, words);
}

static struct sk_conf_mark mark_of(yaml_mark_t mark)
{
	return (struct sk_conf_mark){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static struct sk_conf_mark here(const struct reader *reader)
{
	return mark_of(reader->event.start_mark);
}

/* A text from the file as a message may show it: short, and nothing that drives a terminal. */
static const char *shown(const char *text, size_t length, char found[FOUND_MAX])
{
	struct sk_buf out;
	size_t cut = length;
	sk_buf_init(&out, 4 * SK_CONF_VALUE_MAX + 4);
	if (cut > FOUND_MAX / 2) { /* not inside a character */
		cut = FOUND_MAX / 2;
		while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
			cut--;
	}
	sk_escape_line(&out, text, cut);
	size_t used = out.length < FOUND_MAX - 4 ? out.length : FOUND_MAX - 4;
	while (used > 0 && used < out.length && (out.bytes[used] & 0xc0) == 0x80)
		used--;
	(void)snprintf(found, FOUND_MAX, "%.*s%s", (int)used, sk_buf_text(&out), cut < length || used < out.length ? "..." : "");
	sk_buf_fini(&out);
	return found;
}

/* ---- what no configuration needs ---- */

/* Aliases, anchors and tags make a text mean something that does not stand there. */
static void tell_magic(struct reader *reader)
{
	const yaml_event_t *event = &reader->event;
	const unsigned char *anchor = NULL, *tag = NULL;
	char found[FOUND_MAX];
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		sk_conf_error(&reader->tell, here(reader), "found the alias '*%s'; aliases are not read: write the value where it belongs",
			      shown((const char *)event->data.alias.anchor, strlen((const char *)event->data.alias.anchor), found));
		return;
	case YAML_SCALAR_EVENT: anchor = event->data.scalar.anchor, tag = event->data.scalar.tag; break;
	case YAML_SEQUENCE_START_EVENT: anchor = event->data.sequence_start.anchor, tag = event->data.sequence_start.tag; break;
	case YAML_MAPPING_START_EVENT: anchor = event->data.mapping_start.anchor, tag = event->data.mapping_start.tag; break;
	default: break;
	}
	if (anchor != NULL)
		sk_conf_error(&reader->tell, here(reader), "found the anchor '&%s'; anchors are not read: leave it out",
			      shown((const char *)anchor, strlen((const char *)anchor), found));
	if (tag != NULL)
		sk_conf_error(&reader->tell, here(reader), "found the tag '%s'; tags are not read: each key has its type", shown((const char *)tag, strlen((const char *)tag), found));
}

/* ---- values ---- */

static const char *kind_of_event(yaml_event_type_t type)
{
	return type == YAML_MAPPING_START_EVENT ? "keys" : type == YAML_SEQUENCE_START_EVENT ? "a list" : "a value";
}

static bool begins_collection(yaml_event_type_t type)
{
	return type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;
}

/* Past the depth nothing of ours can stand, and libyaml's own stacks need not grow. */
static struct open *push(struct reader *reader, enum open_kind kind)
{
	SK_INVARIANT(reader->depth < SK_CONF_DEPTH_MAX);
	struct open *open = &reader->stack[reader->depth++];
	*open = (struct open){.kind = kind};
	return open;
}

/* The value is no use: go behind it. */
static void skip_value(struct reader *reader)
{
	if (begins_collection(reader->event.type))
		reader->skip = 1;
}

static bool is_empty_plain(const yaml_event_t *event)
{
	return event->type == YAML_SCALAR_EVENT && event->data.scalar.length == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* One scalar for a row into *value. */
static bool take_scalar(struct reader *reader, const struct sk_conf_row *row, void *value)
{
	const char *text = (const char *)reader->event.data.scalar.value;
	size_t length = reader->event.data.scalar.length;
	char expected[SK_CONF_EXPECTED_MAX], found[FOUND_MAX];
	uint64_t scratch[SK_PATH_MAX / sizeof(uint64_t)]; /* a value that is wrong leaves the struct as it was */
	SK_INVARIANT(row->size <= sizeof scratch);
	if (is_empty_plain(&reader->event)) {
		sk_conf_error(&reader->tell, here(reader), "%s: no value is there; give one, or leave the key out", row->key);
		return false;
	}
	memset(scratch, 0, row->size);
	if (length > SK_CONF_VALUE_MAX || strlen(text) != length || sk_conf_value_read(row, text, scratch, expected) != SK_OK) {
		if (length > SK_CONF_VALUE_MAX || strlen(text) != length)
			(void)snprintf(expected, sizeof expected, "at most %d bytes, none of them zero", SK_CONF_VALUE_MAX);
		sk_conf_error(&reader->tell, here(reader), "%s: found '%s'; expected %s", row->key, shown(text, length, found), expected);
		return false;
	}
	memcpy(value, scratch, row->size);
	return true;
}

static void take_list_item(struct reader *reader, struct open *list)
{
	const struct sk_conf_row *row = list->row;
	uint32_t *count = (uint32_t *)((uint8_t *)list->base + row->count_at);
	if (reader->event.type != YAML_SCALAR_EVENT) {
		sk_conf_error(&reader->tell, here(reader), "%s: found %s; expected one value, as each of the list", row->key, kind_of_event(reader->event.type));
		skip_value(reader);
		return;
	}
	if (*count == row->places) {
		sk_conf_error(&reader->tell, here(reader), "%s: more than %u values; leave the others out", row->key, (unsigned)row->places);
		return;
	}
	if (take_scalar(reader, row, (uint8_t *)list->base + row->at + (size_t)*count * row->size))
		(*count)++;
}

static void begin_element(struct reader *reader, struct open *list)
{
	const struct sk_conf_row *row = list->row;
	uint32_t *count = (uint32_t *)((uint8_t *)list->base + row->count_at);
	if (reader->event.type != YAML_MAPPING_START_EVENT || *count == row->places) {
		if (*count == row->places)
			sk_conf_error(&reader->tell, here(reader), "%s: more than %u of them; leave the others out", row->key, (unsigned)row->places);
		else
			sk_conf_error(&reader->tell, here(reader), "%s: found %s; expected keys, as in '- name: ...'", row->key, kind_of_event(reader->event.type));
		skip_value(reader);
		return;
	}
	struct open *element = push(reader, OPEN_MAP);
	element->scope = (enum sk_conf_scope)row->element;
	element->element = *count;
	element->base = (uint8_t *)list->base + row->at + (size_t)*count * row->size;
	sk_conf_scope_defaults(element->scope, element->base);
	reader->marks.element[element->scope][*count] = here(reader);
	(*count)++;
}

/* The value of the key that waits, which is one of the table's. */
static void take_value(struct reader *reader, struct open *map)
{
	const struct sk_conf_row *row = map->row;
	const yaml_event_type_t type = reader->event.type;
	if (row == NULL) { /* a section; with nothing in it, all its keys may be commented out */
		if (type == YAML_MAPPING_START_EVENT) {
			struct open *section = push(reader, OPEN_MAP);
			section->scope = map->scope;
			section->base = map->base;
			section->element = map->element;
			size_t key_length = strlen(map->key);
			SK_INVARIANT(key_length + 1 < sizeof section->section);
			memcpy(section->section, map->key, key_length);
			section->section[key_length] = '.';
		} else if (!is_empty_plain(&reader->event)) {
			sk_conf_error(&reader->tell, here(reader), "%s: found %s; expected keys below it", map->key, kind_of_event(type));
			skip_value(reader);
		}
		return;
	}
	if (row->places != 0 && type == YAML_SEQUENCE_START_EVENT) {
		struct open *list = push(reader, row->type == SK_CONF_V_MAPS ? OPEN_ELEMENTS : OPEN_LIST);
		list->row = row;
		list->base = map->base;
		return;
	}
	if (row->places != 0) {
		sk_conf_error(&reader->tell, here(reader), "%s: found %s; expected a list%s", row->key, kind_of_event(type),
			      row->type == SK_CONF_V_MAPS ? ", as in '- name: ...'" : ", as in [a, b]");
		skip_value(reader);
		return;
	}
	if (type != YAML_SCALAR_EVENT) {
		sk_conf_error(&reader->tell, here(reader), "%s: found %s; expected one value", row->key, kind_of_event(type));
		skip_value(reader);
		return;
	}
	(void)take_scalar(reader, row, (uint8_t *)map->base + row->at);
}

/* ---- keys ---- */

/* Where this key stood before in its map; NULL when it did not. Remembers it. */
static bool stood_before(struct reader *reader, const struct open *map, struct sk_conf_mark *before)
{
	size_t count;
	if (map->row != NULL) {
		size_t number = (size_t)(map->row - sk_conf_rows(&count));
		struct sk_conf_mark *mark = map->scope == SK_CONF_SCOPE_FILE ? &reader->marks.key[number] : &reader->marks.in_element[map->element][number];
		*before = *mark;
		if (mark->line == 0)
			*mark = map->key_mark;
		return before->line != 0;
	}
	for (size_t i = 0; i < reader->section_count; i++)
		if (strcmp(reader->sections[i], map->key) == 0) {
			*before = (struct sk_conf_mark){0};
			return true;
		}
	SK_INVARIANT(map->scope == SK_CONF_SCOPE_FILE && reader->section_count < SECTIONS_MAX);
	memcpy(reader->sections[reader->section_count++], map->key, sizeof map->key);
	return false;
}

static void unknown_key(struct reader *reader, const struct open *map, const char *text, size_t length)
{
	char found[FOUND_MAX], near[SK_CONF_NEAR_MAX] = "";
	if (length < SK_CONF_NEAR_MAX)
		sk_conf_meant(map->scope, map->section, text, near);
	if (strcmp(text, "<<") == 0)
		sk_conf_error(&reader->tell, here(reader), "found the merge key '<<'; merge keys are not read: write the keys where they belong");
	else if (near[0] != '\0' && strcmp(near, text) == 0 && strchr(text, '.') != NULL)
		sk_conf_error(&reader->tell, here(reader), "found '%s' as one key; expected a line for each part, the next one indented below '%.*s:'", text,
			      (int)strcspn(text, "."), text);
	else if (near[0] != '\0')
		sk_conf_error(&reader->tell, here(reader), "%s%s is no key; did you mean %s?", map->section, shown(text, length, found), near);
	else
		sk_conf_error(&reader->tell, here(reader), "%s%s is no key; sekisho conf explain --all lists them", map->section, shown(text, length, found));
}

/* The key with its section into map->key; false when that is too long for any of ours, or holds a zero byte. */
static bool join_key(struct open *map, const char *text, size_t length)
{
	size_t section = strlen(map->section);
	map->key[0] = '\0';
	if (section + length >= sizeof map->key || strlen(text) != length)
		return false;
	memcpy(map->key, map->section, section);
	memcpy(map->key + section, text, length + 1);
	return true;
}

static void take_key(struct reader *reader, struct open *map)
{
	const char *text = (const char *)reader->event.data.scalar.value;
	size_t length = reader->event.data.scalar.length;
	struct sk_conf_mark before;
	map->waits = true;
	map->known = false;
	map->key_mark = here(reader);
	map->row = NULL;
	if (reader->event.type != YAML_SCALAR_EVENT) {
		sk_conf_error(&reader->tell, here(reader), "found %s where a key was expected", kind_of_event(reader->event.type));
		skip_value(reader);
		return;
	}
	if (join_key(map, text, length) && strchr(text, '.') == NULL) {
		map->row = sk_conf_row(map->scope, map->key);
		map->known = map->row != NULL || sk_conf_is_section(map->scope, map->key);
	}
	if (!map->known) {
		unknown_key(reader, map, text, length);
		return;
	}
	if (!stood_before(reader, map, &before))
		return;
	map->known = false;
	if (before.line != 0)
		sk_conf_error(&reader->tell, here(reader), "%s stands twice, first in line %u; leave one out", map->key, before.line);
	else
		sk_conf_error(&reader->tell, here(reader), "%s stands twice; put its keys together below one of them", map->key);
}

static void take_in_map(struct reader *reader, struct open *map)
{
	if (!map->waits) {
		take_key(reader, map);
		return;
	}
	map->waits = false;
	if (map->known)
		take_value(reader, map);
	else
		skip_value(reader);
}

/* Keys that must be given, and were not. */
static void end_map(struct reader *reader, const struct open *map)
{
	size_t count;
	const struct sk_conf_row *rows = sk_conf_rows(&count);
	if (map->section[0] != '\0')
		return;
	for (size_t i = 0; i < count; i++) {
		bool file = map->scope == SK_CONF_SCOPE_FILE;
		const struct sk_conf_mark *mark = file ? &reader->marks.key[i] : &reader->marks.in_element[map->element][i];
		if (rows[i].scope == map->scope && rows[i].standard == NULL && mark->line == 0)
			sk_conf_error(&reader->tell, file ? (struct sk_conf_mark){0} : reader->marks.element[map->scope][map->element],
				      "%s is missing; it must be given", rows[i].key);
	}
}

/* ---- events ---- */

static void take_node(struct reader *reader)
{
	if (begins_collection(reader->event.type) && reader->depth + 1 >= SK_CONF_DEPTH_MAX) {
		sk_conf_error(&reader->tell, here(reader), "nested deeper than %d; no key stands there", SK_CONF_DEPTH_MAX);
		reader->stop = true;
		return;
	}
	if (reader->depth == 0) {
		if (reader->event.type == YAML_MAPPING_START_EVENT) {
			push(reader, OPEN_MAP)->base = reader->conf;
			return;
		}
		if (is_empty_plain(&reader->event))
			return;
		sk_conf_error(&reader->tell, here(reader), "found %s; expected keys, as in 'workspace: /var/lib/sekisho'", kind_of_event(reader->event.type));
		reader->stop = true;
		return;
	}
	struct open *open = &reader->stack[reader->depth - 1];
	switch (open->kind) {
	case OPEN_MAP: take_in_map(reader, open); return;
	case OPEN_LIST: take_list_item(reader, open); return;
	case OPEN_ELEMENTS: begin_element(reader, open); return;
	}
}

/* It was told; it stands for a key, a value or an element, of which nobody knows what. */
static void take_alias(struct reader *reader)
{
	struct open *open = reader->depth != 0 ? &reader->stack[reader->depth - 1] : NULL;
	if (open == NULL || open->kind != OPEN_MAP)
		return;
	open->waits = !open->waits;
	open->known = false;
}

static void take_end(struct reader *reader)
{
	if (reader->depth == 0)
		return;
	const struct open *open = &reader->stack[--reader->depth];
	if (open->kind == OPEN_MAP)
		end_map(reader, open);
}

/* Inside what is skipped the magic is told all the same, and depth is bounded. */
static void take_skipped(struct reader *reader)
{
	yaml_event_type_t type = reader->event.type;
	if (begins_collection(type) && ++reader->skip + reader->depth > SK_CONF_DEPTH_MAX) {
		sk_conf_error(&reader->tell, here(reader), "nested deeper than %d; no key stands there", SK_CONF_DEPTH_MAX);
		reader->stop = true;
	}
	if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
		reader->skip--;
}

static void take_document(struct reader *reader, unsigned *documents)
{
	const yaml_event_t *event = &reader->event;
	if (event->data.document_start.version_directive != NULL || event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
		sk_conf_error(&reader->tell, here(reader), "found a %% directive; none is read: leave it out");
	if (++*documents == 2) {
		sk_conf_error(&reader->tell, here(reader), "a second document begins here; expected one");
		reader->stop = true;
	}
}

/* libyaml's own words, with the place. They are about syntax alone and hold no byte of the file. */
static void tell_syntax(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "out of memory";
	struct sk_conf_mark mark = mark_of(parser->problem_mark);
	if (parser->error == YAML_READER_ERROR)
		sk_conf_error(&reader->tell, (struct sk_conf_mark){0}, "byte %zu: %s", parser->problem_offset, problem);
	else if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line)
		sk_conf_error(&reader->tell, mark, "no YAML: %s, %s that begins in line %zu; what follows was not read", problem, parser->context,
			      parser->context_mark.line + 1);
	else
		sk_conf_error(&reader->tell, mark, "no YAML: %s%s%s; what follows was not read", problem, parser->context != NULL ? ", " : "",
			      parser->context != NULL ? parser->context : "");
	reader->stop = true;
}

static void read_events(struct reader *reader)
{
	unsigned documents = 0;
	for (unsigned events = 0; !reader->stop; events++) {
		if (!yaml_parser_parse(&reader->parser, &reader->event)) {
			tell_syntax(reader);
			return;
		}
		yaml_event_type_t type = reader->event.type;
		if (events == SK_CONF_EVENTS_MAX) {
			sk_conf_error(&reader->tell, here(reader), "more than %d parts; a configuration needs fewer", SK_CONF_EVENTS_MAX);
			reader->stop = true;
		}
		tell_magic(reader);
		if (type == YAML_DOCUMENT_START_EVENT)
			take_document(reader, &documents);
		else if (reader->skip != 0)
			take_skipped(reader);
		else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
			take_end(reader);
		else if (type == YAML_ALIAS_EVENT)
			take_alias(reader);
		else if (type == YAML_SCALAR_EVENT || begins_collection(type))
			take_node(reader);
		yaml_event_delete(&reader->event);
		if (type == YAML_STREAM_END_EVENT)
			return;
	}
}

/* What libyaml would refuse by an offset, or take for a line break: told with its place, before it sees it. */
static bool readable(struct reader *reader, const uint8_t *yaml, size_t length)
{
	struct sk_conf_mark mark = {1, 1};
	if (length >= 2 && ((yaml[0] == 0xfe && yaml[1] == 0xff) || (yaml[0] == 0xff && yaml[1] == 0xfe))) {
		sk_conf_error(&reader->tell, mark, "found UTF-16; expected UTF-8 (iconv -f UTF-16 -t UTF-8)");
		return false;
	}
	for (size_t at = 0; at < length; at++) {
		uint8_t byte = yaml[at];
		if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f) {
			sk_conf_error(&reader->tell, mark, "found the control byte 0x%02x; expected text", (unsigned)byte);
			return false;
		}
		if (byte >= 0xc0 || (byte & 0xc0) == 0x80) {
			size_t step = 1;
			while (at + step < length && (yaml[at + step] & 0xc0) == 0x80)
				step++;
			if (byte < 0xc0 || !sk_utf8_valid((const char *)yaml + at, step)) {
				sk_conf_error(&reader->tell, mark, "found byte 0x%02x, which is no UTF-8; expected UTF-8", (unsigned)byte);
				return false;
			}
			at += step - 1;
		}
		mark.column++;
		if (byte == '\n')
			mark = (struct sk_conf_mark){mark.line + 1, 1};
	}
	return true;
}

static void read_text(struct reader *reader, const void *yaml, size_t length)
{
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser, yaml, length);
	read_events(reader);
	/* A file of comments alone has no map whose end would tell what is missing. */
	size_t count;
	const struct sk_conf_row *rows = sk_conf_rows(&count);
	if (!reader->stop && reader->tell.report->count == 0)
		for (size_t i = 0; i < count; i++)
			if (rows[i].scope == SK_CONF_SCOPE_FILE && rows[i].standard == NULL && reader->marks.key[i].line == 0)
				sk_conf_error(&reader->tell, (struct sk_conf_mark){0}, "%s is missing; it must be given", rows[i].key);
	if (!reader->stop)
		sk_conf_check(reader->conf, &reader->marks, &reader->tell);
}

void sk_conf_defaults(struct sk_conf *conf)
{
	memset(conf, 0, sizeof *conf);
	sk_conf_scope_defaults(SK_CONF_SCOPE_FILE, conf);
}

enum sk_err sk_conf_parse(const char *name, const void *yaml, size_t length, struct sk_conf *conf, struct sk_conf_report *report)
{
	struct reader *reader = calloc(1, sizeof *reader);
	memset(report, 0, sizeof *report);
	sk_conf_defaults(conf);
	if (reader == NULL || !yaml_parser_initialize(&reader->parser)) {
		free(reader);
		report->count = 1;
		return sk_fault_set(&report->faults[0], SK_ENOMEM, "%s: out of memory", name);
	}
	/* A byte order mark says nothing in UTF-8, and libyaml would count it as a column. */
	size_t mark = length >= 3 && memcmp(yaml, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, text_length = length - mark;
	const uint8_t *text = (const uint8_t *)yaml + mark;
	reader->conf = conf;
	reader->tell = (struct sk_conf_tell){.name = name, .report = report};
	if (length > SK_CONF_FILE_MAX)
		sk_conf_error(&reader->tell, (struct sk_conf_mark){0}, "larger than %d bytes; a configuration is smaller", SK_CONF_FILE_MAX);
	else if (readable(reader, text, text_length))
		read_text(reader, text, text_length);
	yaml_parser_delete(&reader->parser);
	free(reader);
	return report->count == 0 ? SK_OK : SK_EINPUT;
}

enum sk_err sk_conf_read(const char *path, struct sk_conf *conf, struct sk_conf_report *report)
{
	struct sk_buf text;
	memset(report, 0, sizeof *report);
	sk_buf_init(&text, SK_CONF_FILE_MAX);
	enum sk_err err = sk_file_read(path, &text, &report->faults[0]);
	if (err == SK_OK)
		err = sk_conf_parse(path, sk_buf_text(&text), text.length, conf, report);
	else
		report->count = 1;
	sk_buf_fini(&text);
	return err;
}
