/* SPDX-License-Identifier: Apache-2.0 */
/* What a request gave, checked against the row's parameters before anything sees it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"
#include "web/web_priv.h"

enum { ID_MAX = 64, WORD_MAX = 512, CURSOR_MAX = 1024, HEX_MAX = 128, SECRET_MAX = 1024, FILE_MAX = 1 << 19 };

/* ---- the call ---- */

void sk_web_call_init(struct sk_web_call *call, struct sk_web_house *house, int64_t now_ns)
{
	memset(call, 0, sizeof *call);
	call->house = house;
	call->now_ns = now_ns;
	sk_buf_init(&call->out, SK_WEB_ANSWER_MAX);
	sk_json_begin(&call->json, &call->out, false);
}

void sk_web_call_fini(struct sk_web_call *call)
{
	for (size_t i = 0; i < call->value_count; i++) {
		sk_wipe(call->values[i].text, call->values[i].length);
		free(call->values[i].text);
	}
	call->value_count = 0;
	sk_buf_fini(&call->out);
	if (call->end != NULL)
		call->end(call->stream);
	call->end = NULL;
}

enum sk_err sk_web_refuse(struct sk_web_call *call, enum sk_err err, const char *format, ...)
{
	char line[SK_FAULT_LINE_MAX];
	va_list list;
	va_start(list, format);
	(void)vsnprintf(line, sizeof line, format, list);
	va_end(list);
	return sk_fault_set(&call->fault, err, "%s", line);
}

/* ---- forms ---- */

static bool all_of(const char *text, size_t length, const char *extra)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && (c == '\0' || strchr(extra, c) == NULL))
			return false;
	}
	return true;
}

/* No control characters: what is shown, logged or handed to a command is what was sent. */
static bool is_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') || text[i] == 0x7f)
			return false;
	return length < SK_WEB_TEXT_MAX && sk_utf8_valid(text, length);
}

static bool is_one_of(const char *choices, const char *text, size_t length)
{
	for (const char *at = choices; *at != '\0'; at += strcspn(at, "|"), at += *at == '|')
		if (strcspn(at, "|") == length && memcmp(at, text, length) == 0)
			return true;
	return false;
}

static bool is_number(const char *text, size_t length)
{
	return length >= 1 && length <= 16 && all_of(text, length, "") && strspn(text, "0123456789") == length && (length == 1 || text[0] != '0') &&
	       strtoull(text, NULL, 10) < UINT64_C(1) << 53;
}

static bool fits(const struct sk_web_param *param, const char *text, size_t length)
{
	int64_t ns;
	switch (param->type) {
	case SK_WEB_ID: return length >= 1 && length <= ID_MAX && all_of(text, 1, "") && all_of(text, length, "._:@+-");
	case SK_WEB_WORD: return length >= 1 && length <= WORD_MAX && text[0] != '-' && all_of(text, length, "._:@/+=-");
	case SK_WEB_TEXT: return is_text(text, length);
	case SK_WEB_NUMBER: return is_number(text, length);
	case SK_WEB_TIME: return length < 64 && (sk_time_parse(text, &ns) == SK_OK || (text[0] != '-' && sk_duration_parse(text, &ns) == SK_OK));
	case SK_WEB_DURATION: return length < 32 && text[0] != '-' && sk_duration_parse(text, &ns) == SK_OK;
	case SK_WEB_FLAG: return (length == 4 && memcmp(text, "true", 4) == 0) || (length == 5 && memcmp(text, "false", 5) == 0);
	case SK_WEB_ONE_OF: return is_one_of(param->choices, text, length);
	case SK_WEB_HEX: return length >= 2 && length <= HEX_MAX && length % 2 == 0 && strspn(text, "0123456789abcdef") == length;
	case SK_WEB_CURSOR: return length >= 1 && length <= CURSOR_MAX && all_of(text, length, "_-");
	case SK_WEB_SECRET: return length >= 1 && length <= SECRET_MAX && is_text(text, length);
	case SK_WEB_JSON: return true; /* is canonical: it was parsed and written anew */
	case SK_WEB_FILE: return length <= FILE_MAX && sk_utf8_valid(text, length);
	case SK_WEB_BYTES: return true;
	default: return false;
	}
}

static const char *expected(enum sk_web_type type)
{
	static const char *const words[SK_WEB_TYPE_COUNT] = {
		[SK_WEB_ID] = "an id of letters, digits and . _ : @ + -, at most 64",
		[SK_WEB_WORD] = "one word without blanks, not beginning with a dash",
		[SK_WEB_TEXT] = "text in UTF-8 without control characters, at most 16 KiB",
		[SK_WEB_NUMBER] = "a whole number below 2^53",
		[SK_WEB_TIME] = "a time (RFC 3339, YYYY-MM-DD) or how long ago (24h)",
		[SK_WEB_DURATION] = "a duration (90s, 15m, 24h, 7d)",
		[SK_WEB_FLAG] = "true or false",
		[SK_WEB_ONE_OF] = "one of its words",
		[SK_WEB_HEX] = "an even number of hexadecimal digits in lower case",
		[SK_WEB_CURSOR] = "a cursor as the answer before gave it",
		[SK_WEB_SECRET] = "1 to 1024 bytes",
		[SK_WEB_JSON] = "a JSON object",
		[SK_WEB_FILE] = "text in UTF-8, at most 512 KiB",
		[SK_WEB_BYTES] = "bytes",
	};
	return words[type];
}

/* ---- taking ---- */

//= rule: WEB-2
enum sk_err sk_web_take(struct sk_web_call *call, const struct sk_web_param *param, const char *text, size_t length)
{
	if (call->value_count == SK_WEB_VALUES_MAX)
		return sk_web_refuse(call, SK_ETOOBIG, "%s: more than %d values in one request", param->name, SK_WEB_VALUES_MAX);
	for (size_t i = 0; i < call->value_count && !param->many; i++)
		if (call->values[i].param == param)
			return sk_web_refuse(call, SK_EMALFORMED, "%s: given twice", param->name);
	char *copy = malloc(length + 1);
	if (copy == NULL)
		return sk_web_refuse(call, SK_ENOMEM, "out of memory");
	if (length != 0)
		memcpy(copy, text, length);
	copy[length] = '\0';
	/* The text forms end at their first NUL, so one inside is refused here for all of them. */
	if ((param->type != SK_WEB_BYTES && strlen(copy) != length) || !fits(param, copy, length)) {
		free(copy);
		return param->type == SK_WEB_ONE_OF ? sk_web_refuse(call, SK_EMALFORMED, "%s: expected one of %s", param->name, param->choices)
						    : sk_web_refuse(call, SK_EMALFORMED, "%s: expected %s", param->name, expected(param->type));
	}
	call->values[call->value_count].param = param;
	call->values[call->value_count].text = copy;
	call->values[call->value_count++].length = length;
	return SK_OK;
}

static const struct sk_web_param *find(const struct sk_web_row *row, const char *name, enum sk_web_where where)
{
	for (size_t i = 0; i < row->param_count; i++)
		if (row->params[i].where == where && strcmp(row->params[i].name, name) == 0)
			return &row->params[i];
	return NULL;
}

enum sk_err sk_web_take_query(struct sk_web_call *call, const char *name, const char *text, size_t length)
{
	const struct sk_web_param *param = find(call->row, name, SK_WEB_IN_QUERY);
	return param != NULL ? sk_web_take(call, param, text, length) : sk_web_refuse(call, SK_EUSAGE, "'%.40s': %s has no such parameter in the query", name, call->row->id);
}

static enum sk_err take_member(struct sk_web_call *call, const struct sk_web_param *param, struct json_object *value)
{
	struct sk_buf canonical;
	enum sk_err err;
	switch (json_object_get_type(value)) {
	case json_type_string:
		return param->type == SK_WEB_NUMBER || param->type == SK_WEB_FLAG || param->type == SK_WEB_JSON
			       ? sk_web_refuse(call, SK_EMALFORMED, "%s: expected %s, found text", param->name, expected(param->type))
			       : sk_web_take(call, param, json_object_get_string(value), (size_t)json_object_get_string_len(value));
	case json_type_boolean:
	case json_type_int:
		if ((json_object_get_type(value) == json_type_int) != (param->type == SK_WEB_NUMBER) || (param->type != SK_WEB_FLAG && param->type != SK_WEB_NUMBER))
			return sk_web_refuse(call, SK_EMALFORMED, "%s: expected %s", param->name, expected(param->type));
		return sk_web_take(call, param, json_object_get_string(value), strlen(json_object_get_string(value)));
	case json_type_object:
		if (param->type != SK_WEB_JSON)
			return sk_web_refuse(call, SK_EMALFORMED, "%s: expected %s, found an object", param->name, expected(param->type));
		sk_buf_init(&canonical, SK_WEB_BODY_MAX * 2);
		err = sk_web_canonical(value, &canonical, &call->fault);
		if (err == SK_OK)
			err = sk_web_take(call, param, sk_buf_text(&canonical), canonical.length);
		sk_buf_fini(&canonical);
		return err;
	default: return sk_web_refuse(call, SK_EMALFORMED, "%s: expected %s", param->name, expected(param->type));
	}
}

enum sk_err sk_web_take_object(struct sk_web_call *call, struct json_object *object)
{
	struct json_object_iterator at = json_object_iter_begin(object), end = json_object_iter_end(object);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *name = json_object_iter_peek_name(&at);
		struct json_object *value = json_object_iter_peek_value(&at);
		const struct sk_web_param *param = find(call->row, name, SK_WEB_IN_BODY);
		if (param == NULL)
			return sk_web_refuse(call, SK_EUSAGE, "'%.40s': %s has no such parameter in its body", name, call->row->id);
		if (!param->many || !json_object_is_type(value, json_type_array)) {
			SK_TRY(take_member(call, param, value));
			continue;
		}
		for (size_t i = 0; i < json_object_array_length(value); i++)
			SK_TRY(take_member(call, param, json_object_array_get_idx(value, i)));
	}
	return SK_OK;
}

enum sk_err sk_web_take_body(struct sk_web_call *call, const char *body, size_t length)
{
	for (size_t i = 0; i < call->row->param_count; i++)
		if (call->row->params[i].type == SK_WEB_BYTES)
			return sk_web_take(call, &call->row->params[i], body, length);
	if (length == 0)
		return SK_OK;
	struct json_object *parsed = sk_web_json(body, length, &call->fault);
	if (parsed == NULL)
		return call->fault.err;
	enum sk_err err = json_object_is_type(parsed, json_type_object) ? sk_web_take_object(call, parsed) : sk_web_refuse(call, SK_EMALFORMED, "the body: expected a JSON object");
	json_object_put(parsed);
	return err;
}

enum sk_err sk_web_complete(struct sk_web_call *call)
{
	for (size_t i = 0; i < call->row->param_count; i++) {
		const struct sk_web_param *param = &call->row->params[i];
		if (param->needed && sk_web_text(call, param->name) == NULL)
			return sk_web_refuse(call, SK_EUSAGE, "%s: %s is missing: %s", call->row->id, param->name, param->words);
	}
	return SK_OK;
}

/* ---- reading ---- */

const char *sk_web_text_at(const struct sk_web_call *call, const char *name, size_t i)
{
	bool known = false;
	for (size_t p = 0; p < call->row->param_count; p++)
		known = known || strcmp(call->row->params[p].name, name) == 0;
	SK_INVARIANT(known);
	for (size_t v = 0; v < call->value_count; v++)
		if (strcmp(call->values[v].param->name, name) == 0 && i-- == 0)
			return call->values[v].text;
	return NULL;
}

const char *sk_web_text(const struct sk_web_call *call, const char *name)
{
	return sk_web_text_at(call, name, 0);
}

uint64_t sk_web_number(const struct sk_web_call *call, const char *name, uint64_t otherwise)
{
	const char *text = sk_web_text(call, name);
	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

int64_t sk_web_time(const struct sk_web_call *call, const char *name, int64_t otherwise)
{
	const char *text = sk_web_text(call, name);
	int64_t ns;
	if (text == NULL)
		return otherwise;
	if (sk_time_parse(text, &ns) == SK_OK)
		return ns;
	SK_INVARIANT(sk_duration_parse(text, &ns) == SK_OK);
	return call->now_ns - ns;
}

bool sk_web_flag(const struct sk_web_call *call, const char *name)
{
	const char *text = sk_web_text(call, name);
	return text != NULL && text[0] == 't';
}
