/* SPDX-License-Identifier: Apache-2.0 */
/* YAML's events into flat keys. libyaml reads the syntax; a stack of open collections says which key a scalar has. */
#include "measure/measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "text/text.h"

enum { DEPTH_MAX = 8, FIRST_PLACES = 64 };

struct setting {
	char key[SK_SETTING_KEY_MAX];
	char *value;          /* NULL: a map or a list */
	unsigned line;
	bool known;
};

struct sk_settings_file {
	char name[256];
	struct setting *items;
	size_t count, places;
};

struct open {
	bool list, waits;     /* waits: of a map, a key has come and its value not yet */
	size_t index;
	size_t length;        /* of the path up to and with this collection */
};

struct reader {
	struct sk_settings_file *file;
	struct sk_fault *fault;
	char path[SK_SETTING_KEY_MAX];
	struct open stack[DEPTH_MAX];
	size_t depth;
	bool began;
};

static enum sk_err refuse(struct reader *r, yaml_mark_t mark, const char *words)
{
	return sk_fault_set(r->fault, SK_EINPUT, "%s:%zu: %s", r->file->name, mark.line + 1, words);
}

static struct setting *find(const struct sk_settings_file *file, const char *key)
{
	for (size_t i = 0; i < file->count; i++)
		if (strcmp(file->items[i].key, key) == 0)
			return &file->items[i];
	return NULL;
}

static enum sk_err keep(struct reader *r, const char *value, yaml_mark_t mark)
{
	struct sk_settings_file *file = r->file;
	if (file->count == SK_SETTINGS_MAX)
		return refuse(r, mark, "too many keys");
	if (file->count == file->places) {
		size_t places = file->places == 0 ? FIRST_PLACES : 2 * file->places;
		struct setting *items = realloc(file->items, places * sizeof *items);
		if (items == NULL)
			return sk_fault_set(r->fault, SK_ENOMEM, "%s: out of memory", file->name);
		file->items = items;
		file->places = places;
	}
	struct setting *item = &file->items[file->count];
	*item = (struct setting){.line = (unsigned)mark.line + 1, .known = value == NULL};
	memcpy(item->key, r->path, strlen(r->path) + 1);
	if (value != NULL && (item->value = strdup(value)) == NULL)
		return sk_fault_set(r->fault, SK_ENOMEM, "%s: out of memory", file->name);
	file->count++;
	return SK_OK;
}

SK_PRINTF(4, 5) static enum sk_err put(struct reader *r, yaml_mark_t mark, size_t at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(r->path + at, sizeof r->path - at, format, args);
	va_end(args);
	return n < 0 || (size_t)n >= sizeof r->path - at ? refuse(r, mark, "a key is too long") : SK_OK;
}

/* The path of the value that begins now; at the top it is "". */
static enum sk_err place(struct reader *r, yaml_mark_t mark)
{
	if (r->depth == 0) {
		r->path[0] = '\0';
		return SK_OK;
	}
	struct open *open = &r->stack[r->depth - 1];
	if (open->list)
		return put(r, mark, open->length, "[%zu]", open->index++);
	open->waits = false;
	return SK_OK;
}

static enum sk_err take_key(struct reader *r, const char *text, yaml_mark_t mark)
{
	struct open *open = &r->stack[r->depth - 1];
	if (*text == '\0' || text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")] != '\0')
		return refuse(r, mark, "a key must be a word of a-z, 0-9, _ and -");
	SK_TRY(put(r, mark, open->length, "%s%s", open->length == 0 ? "" : ".", text));
	if (find(r->file, r->path) != NULL)
		return sk_fault_set(r->fault, SK_EINPUT, "%s:%zu: %s stands twice", r->file->name, mark.line + 1, r->path);
	open->waits = true;
	return SK_OK;
}

static enum sk_err take_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	yaml_mark_t mark = event->start_mark;
	if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
		return refuse(r, mark, "anchors and tags are not read here");
	if (strlen(text) != event->data.scalar.length || strlen(text) >= SK_SETTING_VALUE_MAX)
		return refuse(r, mark, "a value is too long or holds a NUL");
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			return refuse(r, mark, "a value holds a control character");
	if (r->depth == 0)
		return *text == '\0' ? SK_OK : refuse(r, mark, "expected KEY: VALUE lines");
	struct open *open = &r->stack[r->depth - 1];
	if (!open->list && !open->waits)
		return take_key(r, text, mark);
	SK_TRY(place(r, mark));
	/* "key:" with nothing behind it: all below is commented out. */
	if (*text == '\0' && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return SK_OK;
	return keep(r, text, mark);
}

static enum sk_err take_open(struct reader *r, bool list, bool marked, yaml_mark_t mark)
{
	if (marked)
		return refuse(r, mark, "anchors and tags are not read here");
	if (r->depth == DEPTH_MAX)
		return refuse(r, mark, "too deep");
	if (r->depth > 0 && !r->stack[r->depth - 1].list && !r->stack[r->depth - 1].waits)
		return refuse(r, mark, "a key must be a word");
	SK_TRY(place(r, mark));
	if (r->depth == 0 && list)
		return refuse(r, mark, "expected KEY: VALUE lines");
	if (r->depth > 0)
		SK_TRY(keep(r, NULL, mark));
	r->stack[r->depth++] = (struct open){.list = list, .length = strlen(r->path)};
	return SK_OK;
}

static enum sk_err take(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(r, event);
	case YAML_MAPPING_START_EVENT:
		return take_open(r, false, event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL, event->start_mark);
	case YAML_SEQUENCE_START_EVENT:
		return take_open(r, true, event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL, event->start_mark);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		r->depth--;
		if (r->depth > 0)
			r->path[r->stack[r->depth - 1].length] = '\0';
		return SK_OK;
	case YAML_ALIAS_EVENT:
		return refuse(r, event->start_mark, "aliases are not read here");
	case YAML_DOCUMENT_START_EVENT:
		if (r->began)
			return refuse(r, event->start_mark, "expected one document");
		r->began = true;
		return SK_OK;
	default:
		return SK_OK;
	}
}

static enum sk_err read_events(struct reader *r, yaml_parser_t *parser)
{
	enum sk_err err = SK_OK;
	bool more = true;
	while (err == SK_OK && more) {
		yaml_event_t event;
		if (!yaml_parser_parse(parser, &event))
			return sk_fault_set(r->fault, SK_EINPUT, "%s:%zu: not YAML: %s", r->file->name, parser->problem_mark.line + 1,
					    parser->problem == NULL ? "cannot be read" : parser->problem);
		more = event.type != YAML_STREAM_END_EVENT;
		err = take(r, &event);
		yaml_event_delete(&event);
	}
	return err;
}

enum sk_err sk_settings_parse(const char *name, const char *yaml, size_t length, struct sk_settings_file **out, struct sk_fault *fault)
{
	if (length > SK_SETTINGS_BYTES_MAX)
		return sk_fault_set(fault, SK_EINPUT, "%s: %zu bytes, expected at most %d", name, length, SK_SETTINGS_BYTES_MAX);
	struct sk_settings_file *file = calloc(1, sizeof *file);
	yaml_parser_t parser;
	if (file == NULL || !yaml_parser_initialize(&parser)) {
		free(file);
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", name);
	}
	(void)snprintf(file->name, sizeof file->name, "%s", name);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)yaml, length);
	struct reader r = {.file = file, .fault = fault};
	enum sk_err err = read_events(&r, &parser);
	yaml_parser_delete(&parser);
	if (err != SK_OK) {
		sk_settings_free(file);
		return err;
	}
	*out = file;
	return SK_OK;
}

void sk_settings_free(struct sk_settings_file *file)
{
	if (file == NULL)
		return;
	for (size_t i = 0; i < file->count; i++)
		free(file->items[i].value);
	free(file->items);
	free(file);
}

/* ---- getters ---- */

static struct setting *ask(const struct sk_settings *settings, const char *key)
{
	char full[2 * SK_SETTING_KEY_MAX];
	(void)snprintf(full, sizeof full, "%s%s", settings->prefix, key);
	struct setting *item = find(settings->file, full);
	if (item != NULL)
		item->known = true;
	return item;
}

bool sk_settings_below(const struct sk_settings *settings, const char *key, int index, struct sk_settings *out)
{
	char full[2 * SK_SETTING_KEY_MAX];
	int n = index < 0 ? snprintf(full, sizeof full, "%s%s", settings->prefix, key) : snprintf(full, sizeof full, "%s%s[%d]", settings->prefix, key, index);
	const struct setting *item = n < 0 ? NULL : find(settings->file, full);
	if (item == NULL || item->value != NULL || (size_t)n + 2 > sizeof out->prefix)
		return false;
	out->file = settings->file;
	memcpy(out->prefix, full, (size_t)n);
	memcpy(out->prefix + n, ".", 2);
	return true;
}

size_t sk_settings_count(const struct sk_settings *settings, const char *key)
{
	char full[3 * SK_SETTING_KEY_MAX];
	size_t count = 0;
	while (count < SK_SETTINGS_MAX) {
		(void)snprintf(full, sizeof full, "%s%s[%zu]", settings->prefix, key, count);
		if (find(settings->file, full) == NULL)
			break;
		count++;
	}
	return count;
}

const char *sk_settings_text(const struct sk_settings *settings, const char *key, const char *fallback)
{
	const struct setting *item = ask(settings, key);
	return item == NULL || item->value == NULL ? fallback : item->value;
}

enum sk_err sk_settings_fault(const struct sk_settings *settings, const char *key, struct sk_fault *fault, const char *format, ...)
{
	char words[SK_FAULT_LINE_MAX];
	const struct setting *item = ask(settings, key);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	if (item == NULL)
		return sk_fault_set(fault, SK_EINPUT, "%s: %s%s: %s", settings->file->name, settings->prefix, key, words);
	return sk_fault_set(fault, SK_EINPUT, "%s:%u: %s: %s", settings->file->name, item->line, item->key, words);
}

enum sk_err sk_settings_need(const struct sk_settings *settings, const char *key, const char **out, struct sk_fault *fault)
{
	*out = sk_settings_text(settings, key, NULL);
	if (*out == NULL || **out == '\0')
		return sk_settings_fault(settings, key, fault, "must be given");
	return SK_OK;
}

enum sk_err sk_settings_number(const struct sk_settings *settings, const char *key, uint64_t least, uint64_t most, uint64_t fallback, uint64_t *out, struct sk_fault *fault)
{
	const char *text = sk_settings_text(settings, key, NULL);
	*out = fallback;
	if (text == NULL)
		return SK_OK;
	uint64_t value = 0;
	const char *at = text;
	for (; *at >= '0' && *at <= '9' && value <= most; at++)
		value = 10 * value + (uint64_t)(*at - '0');
	if (at == text || *at != '\0' || value < least || value > most)
		return sk_settings_fault(settings, key, fault, "'%s', expected a whole number from %llu to %llu", text, (unsigned long long)least, (unsigned long long)most);
	*out = value;
	return SK_OK;
}

enum sk_err sk_settings_time(const struct sk_settings *settings, const char *key, int64_t least_ns, int64_t most_ns, int64_t fallback_ns, int64_t *out_ns,
			     struct sk_fault *fault)
{
	const char *text = sk_settings_text(settings, key, NULL);
	char least[SK_UNIT_TEXT_MAX], most[SK_UNIT_TEXT_MAX];
	*out_ns = fallback_ns;
	if (text == NULL)
		return SK_OK;
	if (sk_duration_parse(text, out_ns) != SK_OK || *out_ns < least_ns || *out_ns > most_ns)
		return sk_settings_fault(settings, key, fault, "'%s', expected a duration like 30s or 4h, from %s to %s", text, sk_duration_format(least_ns, least),
					 sk_duration_format(most_ns, most));
	return SK_OK;
}

enum sk_err sk_settings_bool(const struct sk_settings *settings, const char *key, bool fallback, bool *out, struct sk_fault *fault)
{
	const char *text = sk_settings_text(settings, key, NULL);
	*out = fallback;
	if (text == NULL)
		return SK_OK;
	*out = strcmp(text, "true") == 0;
	if (!*out && strcmp(text, "false") != 0)
		return sk_settings_fault(settings, key, fault, "'%s', expected true or false", text);
	return SK_OK;
}

void sk_settings_each(const struct sk_settings *settings, const char *key, void (*each)(void *context, const char *value), void *context)
{
	char full[2 * SK_SETTING_KEY_MAX];
	int n = snprintf(full, sizeof full, "%s%s", settings->prefix, key);
	for (size_t i = 0; n > 0 && i < settings->file->count; i++) {
		const struct setting *item = &settings->file->items[i];
		if (item->value != NULL && strncmp(item->key, full, (size_t)n) == 0 && (item->key[n] == '[' || item->key[n] == '.' || item->key[n] == '\0'))
			each(context, item->value);
	}
}

//= rule: MEASURE-1
enum sk_err sk_settings_keys_allowed(const struct sk_settings_file *file, struct sk_fault *fault)
{
	struct sk_fault why;
	for (size_t i = 0; i < file->count; i++)
		if (sk_forbidden_check(file->items[i].key, &why) != SK_OK)
			return sk_fault_set(fault, SK_EFORBIDDEN, "%s:%u: %s: %s", file->name, file->items[i].line, file->items[i].key, why.line);
	return SK_OK;
}

enum sk_err sk_settings_all_known(const struct sk_settings_file *file, struct sk_fault *fault)
{
	for (size_t i = 0; i < file->count; i++)
		if (!file->items[i].known)
			return sk_fault_set(fault, SK_EINPUT, "%s:%u: %s: no such key here; sekisho-enforcer(5) has them all", file->name, file->items[i].line,
					    file->items[i].key);
	return SK_OK;
}
