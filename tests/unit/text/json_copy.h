/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a parsed document through the writer again. Unit test and fuzz target share it: what parses must come out byte for byte the same. */
#ifndef SK_TEST_JSON_COPY_H
#define SK_TEST_JSON_COPY_H

#include "text/json.h"

static inline void json_copy_scalar(struct sk_json_writer *w, const struct sk_json_value *value)
{
	switch (value->kind) {
	case SK_JSON_NULL:
		sk_json_null(w, value->key);
		break;
	case SK_JSON_BOOL:
		sk_json_bool(w, value->key, value->integer != 0);
		break;
	case SK_JSON_INT:
		sk_json_i64(w, value->key, value->integer);
		break;
	default:
		sk_json_text_n(w, value->key, value->text, value->length);
	}
}

/* Walks with its own stack; out gets the canonical text. */
static inline void json_copy(const struct sk_json_doc *doc, struct sk_buf *out)
{
	struct sk_json_writer w;
	const struct sk_json_value *parents[SK_JSON_DEPTH_MAX], *value = sk_json_top(doc);
	unsigned depth = 0;
	sk_json_begin(&w, out, true);
	while (value != NULL) {
		if (value->kind == SK_JSON_OBJECT || value->kind == SK_JSON_ARRAY) {
			if (value->kind == SK_JSON_OBJECT)
				sk_json_object(&w, value->key);
			else
				sk_json_array(&w, value->key);
			parents[depth++] = value;
			value = value->child;
		} else {
			json_copy_scalar(&w, value);
			value = value->next;
		}
		while (value == NULL && depth > 0) {
			sk_json_end(&w);
			value = parents[--depth]->next;
			if (depth == 0)
				return;
		}
	}
}

#endif
