/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as browsers send it (json-c), and the same in the canonical form that the rest of the program reads. */
#include <stdlib.h>

#include "web/web_priv.h"

struct json_object *sk_web_json(const char *text, size_t length, struct sk_fault *fault)
{
	struct json_tokener *tokener = json_tokener_new_ex(SK_WEB_JSON_DEPTH);
	struct json_object *value = NULL;
	if (tokener == NULL || length > INT32_MAX) {
		json_tokener_free(tokener);
		(void)sk_fault_set(fault, SK_ENOMEM, "the body does not fit into memory");
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, text, (int)length);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	size_t end = json_tokener_get_parse_end(tokener);
	/* A number at the very end is only known to be whole once something follows it; nothing of ours is a bare number. */
	if (error != json_tokener_success || value == NULL || end != length) {
		(void)sk_fault_set(fault, SK_EMALFORMED, "the body is not one JSON value: %s at byte %zu", error != json_tokener_success ? json_tokener_error_desc(error) : "something else", end);
		json_object_put(value);
		value = NULL;
	}
	json_tokener_free(tokener);
	return value;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* One open object or array on the way down; recursion ends at the depth that the reader allowed. */
struct frame {
	struct json_object *value;
	const char **names;    /* owned: an object's, sorted */
	size_t count, at;
};

static enum sk_err open_frame(struct frame *frame, struct json_object *value, struct sk_fault *fault)
{
	*frame = (struct frame){.value = value};
	if (json_object_is_type(value, json_type_array)) {
		frame->count = json_object_array_length(value);
		return SK_OK;
	}
	frame->count = (size_t)json_object_object_length(value);
	frame->names = calloc(frame->count + 1, sizeof *frame->names);
	if (frame->names == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	struct json_object_iterator at = json_object_iter_begin(value), end = json_object_iter_end(value);
	for (size_t i = 0; !json_object_iter_equal(&at, &end); json_object_iter_next(&at), i++) {
		frame->names[i] = json_object_iter_peek_name(&at);
		if (strlen(frame->names[i]) >= SK_JSON_KEY_MAX)
			return sk_fault_set(fault, SK_EMALFORMED, "'%.40s...': a member's name is too long", frame->names[i]);
		for (const char *c = frame->names[i]; *c != '\0'; c++)
			if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e || *c == '"' || *c == '\\')
				return sk_fault_set(fault, SK_EMALFORMED, "a member's name is not printable ASCII without quotes and backslashes");
	}
	qsort(frame->names, frame->count, sizeof *frame->names, by_name);
	return SK_OK;
}

static enum sk_err put_plain(struct sk_json_writer *w, const char *key, struct json_object *value, struct sk_fault *fault)
{
	const int64_t most = INT64_C(1) << 53;
	switch (json_object_get_type(value)) {
	case json_type_null: sk_json_null(w, key); return SK_OK;
	case json_type_boolean: sk_json_bool(w, key, json_object_get_boolean(value)); return SK_OK;
	case json_type_string:
		if (strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
			return sk_fault_set(fault, SK_EMALFORMED, "%s: a text with U+0000", key != NULL ? key : "an element");
		sk_json_text(w, key, json_object_get_string(value));
		return SK_OK;
	case json_type_int:
		if (json_object_get_int64(value) <= -most || json_object_get_int64(value) >= most)
			return sk_fault_set(fault, SK_EMALFORMED, "%s: a number of 2^53 or more; write it as text", key != NULL ? key : "an element");
		sk_json_i64(w, key, json_object_get_int64(value));
		return SK_OK;
	default: return sk_fault_set(fault, SK_EMALFORMED, "%s: a fraction; expected a whole number", key != NULL ? key : "an element");
	}
}

enum sk_err sk_web_canonical(struct json_object *value, struct sk_buf *out, struct sk_fault *fault)
{
	struct frame stack[SK_WEB_JSON_DEPTH + 1];
	size_t depth = 0;
	struct sk_json_writer w;
	enum sk_err err = open_frame(&stack[depth++], value, fault);
	sk_json_begin(&w, out, true);
	if (json_object_is_type(value, json_type_object))
		sk_json_object(&w, NULL);
	else
		sk_json_array(&w, NULL);
	while (err == SK_OK && depth != 0) {
		struct frame *top = &stack[depth - 1];
		if (top->at == top->count) {
			sk_json_end(&w);
			free(top->names);
			depth--;
			continue;
		}
		const char *key = top->names != NULL ? top->names[top->at] : NULL;
		struct json_object *child = key != NULL ? json_object_object_get(top->value, key) : json_object_array_get_idx(top->value, top->at);
		top->at++;
		if (json_object_is_type(child, json_type_object))
			sk_json_object(&w, key);
		else if (json_object_is_type(child, json_type_array))
			sk_json_array(&w, key);
		else
			err = put_plain(&w, key, child, fault);
		if (err == SK_OK && (json_object_is_type(child, json_type_object) || json_object_is_type(child, json_type_array))) {
			SK_INVARIANT(depth < SK_COUNT(stack));
			err = open_frame(&stack[depth++], child, fault);
		}
	}
	while (depth != 0)
		free(stack[--depth].names);
	return err == SK_OK && out->failed != SK_OK ? sk_fault_set(fault, out->failed, "the body is too large") : err;
}
