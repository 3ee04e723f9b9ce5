/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical reader: one pass, an explicit stack instead of recursion, refusing whatever the writer would not have written. So a document
   that parses has exactly one text, and a hash over the text is a hash over the meaning. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/json.h"
#include "text/text.h"
#include "text/text_priv.h"

enum { VALUES_MAX = 1000000, CHUNK_FIRST = 32, CHUNK_MAX = 4096, FOUND_MAX = 24 };

/* Values lie in chunks that never move, so that pointers between them stay good. */
struct chunk {
	struct chunk *older;
	size_t used, size;
	struct sk_json_value values[];
};

struct sk_json_doc {
	struct chunk *newest;
	size_t values;
	char *texts;        /* every decoded string, each with its NUL: never longer than the input, which spent two quotes on each */
	size_t texts_size, texts_used;
	const struct sk_json_value *top;
};

struct parser {
	const char *start, *at, *end;
	struct sk_json_doc *doc;
	struct sk_fault *fault;
	struct {
		struct sk_json_value *container, *last;
	} stack[SK_JSON_DEPTH_MAX];
	unsigned depth;
	const char *key; /* of the member whose value comes next */
};

/* ---- faults ---- */

static enum sk_err refuse_at(struct parser *p, const char *where, const char *expected)
{
	char found[FOUND_MAX];
	if (where >= p->end)
		(void)snprintf(found, sizeof found, "the end");
	else if (*where > 0x20 && *where < 0x7f)
		(void)snprintf(found, sizeof found, "'%c'", *where);
	else
		(void)snprintf(found, sizeof found, "byte 0x%02x", (unsigned)(unsigned char)*where);
	return sk_fault_set(p->fault, SK_EMALFORMED, "canonical JSON, byte %zu: expected %s, found %s", (size_t)(where - p->start), expected, found);
}

static enum sk_err refuse(struct parser *p, const char *expected)
{
	return refuse_at(p, p->at, expected);
}

static bool next_is(const struct parser *p, char wanted)
{
	return p->at < p->end && *p->at == wanted;
}

/* ---- memory ---- */

static enum sk_err new_value(struct parser *p, struct sk_json_value **out)
{
	struct sk_json_doc *doc = p->doc;
	if (doc->values == VALUES_MAX)
		return sk_fault_set(p->fault, SK_ETOOBIG, "canonical JSON, byte %zu: more than %d values", (size_t)(p->at - p->start), VALUES_MAX);
	if (doc->newest == NULL || doc->newest->used == doc->newest->size) {
		size_t size = doc->newest == NULL ? CHUNK_FIRST : doc->newest->size < CHUNK_MAX ? doc->newest->size * 2 : CHUNK_MAX;
		struct chunk *chunk = malloc(sizeof *chunk + size * sizeof chunk->values[0]);
		if (chunk == NULL)
			return sk_fault_set(p->fault, SK_ENOMEM, "canonical JSON: out of memory");
		*chunk = (struct chunk){.older = doc->newest, .size = size};
		doc->newest = chunk;
	}
	struct sk_json_value *value = &doc->newest->values[doc->newest->used++];
	*value = (struct sk_json_value){.offset = (size_t)(p->at - p->start), .key = p->key};
	p->key = NULL;
	doc->values++;
	if (p->depth > 0) {
		struct sk_json_value *container = p->stack[p->depth - 1].container, *last = p->stack[p->depth - 1].last;
		if (last == NULL)
			container->child = value;
		else
			last->next = value;
		container->length++;
		p->stack[p->depth - 1].last = value;
	} else {
		doc->top = value;
	}
	*out = value;
	return SK_OK;
}

static void keep_text(struct parser *p, const char *bytes, size_t length)
{
	SK_INVARIANT(length <= p->doc->texts_size - p->doc->texts_used);
	memcpy(p->doc->texts + p->doc->texts_used, bytes, length);
	p->doc->texts_used += length;
}

/* ---- tokens ---- */

/* One escape sequence, the cursor on the backslash. RFC 8785 3.2.2.2: the short form where there is one, else \u00xx in lower case for the
   other control characters, and nothing else is escaped at all. */
static enum sk_err parse_escape(struct parser *p)
{
	static const char letters[] = "btnfr\"\\", meanings[] = "\b\t\n\f\r\"\\";
	const char *backslash = p->at++;
	const char *found = p->at < p->end && *p->at != '\0' ? strchr(letters, *p->at) : NULL;
	if (found != NULL) {
		keep_text(p, &meanings[found - letters], 1);
		p->at++;
		return SK_OK;
	}
	if (!next_is(p, 'u'))
		return refuse(p, "one of b t n f r u \" \\ after a backslash");
	p->at++;
	if (p->end - p->at < 4)
		return refuse_at(p, p->end, "four hexadecimal digits");
	char digits[5] = "";
	memcpy(digits, p->at, 4);
	uint8_t code[2];
	if (sk_hex_decode(digits, code, sizeof code) != SK_OK)
		return refuse(p, "four hexadecimal digits");
	bool upper = strpbrk(digits, "ABCDEF") != NULL;
	char meaning = (char)code[1];
	if (code[0] != 0 || code[1] >= 0x20 || code[1] == 0 || upper || strchr(meanings, meaning) != NULL)
		return refuse_at(
			p, backslash,
			"the character itself or its short escape (only control characters without one are \\u00xx, in lower case; U+0000 never)");
	keep_text(p, &meaning, 1);
	p->at += 4;
	return SK_OK;
}

/* A string, the cursor on its quote. */
static enum sk_err parse_string(struct parser *p, const char **text, size_t *length)
{
	char *begin = p->doc->texts + p->doc->texts_used;
	for (p->at++; !next_is(p, '"');) {
		const char *run = p->at;
		uint32_t code = '"';
		size_t step = 0;
		while (p->at < p->end && (step = sk_utf8_step(p->at, p->end, &code)) != 0 && code >= 0x20 && code != '"' && code != '\\')
			p->at += step;
		keep_text(p, run, (size_t)(p->at - run));
		if (p->at >= p->end)
			return refuse(p, "the closing quote of a string");
		if (step == 0)
			return refuse(p, "well-formed UTF-8");
		if (code < 0x20)
			return refuse(p, "an escape for this control character");
		if (code == '\\')
			SK_TRY(parse_escape(p));
	}
	p->at++;
	*text = begin;
	*length = (size_t)(p->doc->texts + p->doc->texts_used - begin);
	keep_text(p, "", 1);
	return SK_OK;
}

/* A key and its colon: printable ASCII without quote or backslash, above the key before it. */
static enum sk_err parse_key(struct parser *p)
{
	const char *quote = p->at;
	if (!next_is(p, '"'))
		return refuse(p, "a key in quotes");
	for (p->at++; p->at < p->end && *p->at >= 0x20 && *p->at <= 0x7e && *p->at != '"' && *p->at != '\\'; p->at++)
		;
	if (!next_is(p, '"'))
		return refuse(p, "printable ASCII or the closing quote in a key");
	size_t length = (size_t)(p->at - quote) - 1;
	if (length >= SK_JSON_KEY_MAX)
		return refuse_at(p, quote, "a key of at most 63 bytes");
	const char *key = p->doc->texts + p->doc->texts_used;
	keep_text(p, quote + 1, length);
	keep_text(p, "", 1);
	p->at++;
	const struct sk_json_value *last = p->stack[p->depth - 1].last;
	int order = last != NULL ? strcmp(last->key, key) : -1;
	if (order == 0)
		return refuse_at(p, quote, "a key that is not there yet (each key once)");
	if (order > 0)
		return refuse_at(p, quote, "keys in ascending byte order");
	if (!next_is(p, ':'))
		return refuse(p, "':' after a key");
	p->at++;
	p->key = key;
	return SK_OK;
}

/* An integer: no plus, no leading zero, no -0, no fraction, no exponent, below 2^53 in size. */
static enum sk_err parse_integer(struct parser *p, struct sk_json_value *value)
{
	const char *first = p->at;
	bool negative = next_is(p, '-');
	p->at += negative;
	const char *digits = p->at;
	int64_t sum = 0;
	for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
		if (p->at > digits && *digits == '0')
			return refuse_at(p, digits, "no leading zero");
		sum = sum * 10 + (*p->at - '0');
		if (sum >= (int64_t)1 << 53)
			return refuse_at(p, first, "an integer below 2^53 (larger ones are decimal strings)");
	}
	if (p->at == digits)
		return refuse(p, "a digit");
	if (negative && sum == 0)
		return refuse_at(p, first, "0 without a sign");
	if (next_is(p, '.') || next_is(p, 'e') || next_is(p, 'E'))
		return refuse(p, "an integer (no fraction, no exponent)");
	value->kind = SK_JSON_INT;
	value->integer = negative ? -sum : sum;
	return SK_OK;
}

static enum sk_err parse_word(struct parser *p, struct sk_json_value *value)
{
	static const struct {
		const char *word;
		enum sk_json_kind kind;
		int64_t integer;
	} words[] = {{"true", SK_JSON_BOOL, 1}, {"false", SK_JSON_BOOL, 0}, {"null", SK_JSON_NULL, 0}};
	for (size_t i = 0; i < SK_COUNT(words); i++) {
		size_t length = strlen(words[i].word);
		if ((size_t)(p->end - p->at) < length || memcmp(p->at, words[i].word, length) != 0)
			continue;
		value->kind = words[i].kind;
		value->integer = words[i].integer;
		p->at += length;
		return SK_OK;
	}
	return refuse(p, "a value (object, array, string, integer, true, false or null)");
}

/* ---- structure ---- */

/* Open a container; *complete when it is empty and closed already. */
static enum sk_err open_container(struct parser *p, struct sk_json_value *value, bool *complete)
{
	if (p->depth == SK_JSON_DEPTH_MAX)
		return sk_fault_set(p->fault, SK_ETOOBIG, "canonical JSON, byte %zu: nested deeper than %d", value->offset, SK_JSON_DEPTH_MAX);
	bool object = *p->at++ == '{';
	value->kind = object ? SK_JSON_OBJECT : SK_JSON_ARRAY;
	if (next_is(p, object ? '}' : ']')) {
		p->at++;
		*complete = true;
		return SK_OK;
	}
	p->stack[p->depth].container = value;
	p->stack[p->depth].last = NULL;
	p->depth++;
	*complete = false;
	return object ? parse_key(p) : SK_OK;
}

/* One value, the cursor on its first byte; *complete is false when a container was opened and its first child comes next. */
static enum sk_err parse_value(struct parser *p, bool *complete)
{
	struct sk_json_value *value = NULL;
	*complete = true;
	if (p->at >= p->end)
		return refuse(p, "a value");
	SK_TRY(new_value(p, &value));
	switch (*p->at) {
	case '{':
	case '[':
		return open_container(p, value, complete);
	case '"':
		value->kind = SK_JSON_TEXT;
		return parse_string(p, &value->text, &value->length);
	case '-':
	case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
		return parse_integer(p, value);
	default:
		return parse_word(p, value);
	}
}

/* After a complete value: close what closes, until a comma asks for the next value or the top is done. */
static enum sk_err parse_tail(struct parser *p, bool *done)
{
	while (p->depth > 0) {
		bool object = p->stack[p->depth - 1].container->kind == SK_JSON_OBJECT;
		if (next_is(p, ',')) {
			p->at++;
			*done = false;
			return object ? parse_key(p) : SK_OK;
		}
		if (!next_is(p, object ? '}' : ']'))
			return refuse(p, object ? "',' or '}' (white space is not canonical)" : "',' or ']' (white space is not canonical)");
		p->at++;
		p->depth--;
	}
	*done = true;
	return p->at == p->end ? SK_OK : refuse(p, "the end after the top value");
}

static enum sk_err parse_all(struct parser *p)
{
	for (bool complete, done = false; !done;) {
		SK_TRY(parse_value(p, &complete));
		if (complete)
			SK_TRY(parse_tail(p, &done));
	}
	return SK_OK;
}

enum sk_err sk_json_parse(const char *text, size_t length, struct sk_json_doc **out, struct sk_fault *fault)
{
	struct sk_json_doc *doc = calloc(1, sizeof *doc);
	if (doc == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "canonical JSON: out of memory");
	doc->texts_size = length;
	doc->texts = malloc(length != 0 ? length : 1);
	if (doc->texts == NULL) {
		free(doc);
		return sk_fault_set(fault, SK_ENOMEM, "canonical JSON: out of memory");
	}
	struct parser p = {.start = text, .at = text, .end = length != 0 ? text + length : text, .doc = doc, .fault = fault};
	enum sk_err err = parse_all(&p);
	if (err != SK_OK) {
		sk_json_free(doc);
		return err;
	}
	*out = doc;
	return SK_OK;
}

void sk_json_free(struct sk_json_doc *doc)
{
	if (doc == NULL)
		return;
	for (struct chunk *chunk = doc->newest; chunk != NULL;) {
		struct chunk *older = chunk->older;
		free(chunk);
		chunk = older;
	}
	/* A document may hold what an erasure destroyed elsewhere. */
	sk_wipe(doc->texts, doc->texts_used);
	free(doc->texts);
	free(doc);
}

/* ---- questions ---- */

const struct sk_json_value *sk_json_top(const struct sk_json_doc *doc)
{
	return doc->top;
}

const struct sk_json_value *sk_json_get(const struct sk_json_value *object, const char *key)
{
	if (object == NULL || object->kind != SK_JSON_OBJECT)
		return NULL;
	const struct sk_json_value *member = object->child;
	while (member != NULL && strcmp(member->key, key) != 0)
		member = member->next;
	return member;
}

const char *sk_json_get_text(const struct sk_json_value *object, const char *key)
{
	const struct sk_json_value *member = sk_json_get(object, key);
	return member != NULL && member->kind == SK_JSON_TEXT ? member->text : NULL;
}

/* The size of a decimal string that has to be one: no leading zero, 2^53 or more. */
static enum sk_err large_size(const char *digits, uint64_t *size)
{
	uint64_t sum = 0;
	if (*digits < '1' || *digits > '9')
		return SK_EMALFORMED;
	for (; *digits >= '0' && *digits <= '9'; digits++)
		if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, (unsigned)(*digits - '0'), &sum))
			return SK_EMALFORMED;
	if (*digits != '\0' || sum < (uint64_t)1 << 53)
		return SK_EMALFORMED;
	*size = sum;
	return SK_OK;
}

enum sk_err sk_json_get_u64(const struct sk_json_value *object, const char *key, uint64_t *out)
{
	const struct sk_json_value *member = sk_json_get(object, key);
	if (member == NULL)
		return SK_ENOENT;
	if (member->kind == SK_JSON_TEXT)
		return large_size(member->text, out);
	if (member->kind != SK_JSON_INT || member->integer < 0)
		return SK_EMALFORMED;
	*out = (uint64_t)member->integer;
	return SK_OK;
}

enum sk_err sk_json_get_i64(const struct sk_json_value *object, const char *key, int64_t *out)
{
	const struct sk_json_value *member = sk_json_get(object, key);
	if (member == NULL)
		return SK_ENOENT;
	if (member->kind == SK_JSON_INT) {
		*out = member->integer;
		return SK_OK;
	}
	if (member->kind != SK_JSON_TEXT)
		return SK_EMALFORMED;
	bool negative = member->text[0] == '-';
	uint64_t size;
	SK_TRY(large_size(member->text + negative, &size));
	if (size > (uint64_t)INT64_MAX + negative)
		return SK_EMALFORMED;
	*out = negative ? (int64_t)(0 - size) : (int64_t)size;
	return SK_OK;
}

enum sk_err sk_json_get_hex(const struct sk_json_value *object, const char *key, void *bytes, size_t length)
{
	const struct sk_json_value *member = sk_json_get(object, key);
	if (member == NULL)
		return SK_ENOENT;
	if (member->kind != SK_JSON_TEXT || member->length != 2 * length || strpbrk(member->text, "ABCDEF") != NULL)
		return SK_EMALFORMED;
	return sk_hex_decode(member->text, bytes, length);
}
