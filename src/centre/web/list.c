/* SPDX-License-Identifier: Apache-2.0 */
/* What a listing command printed (an array, or a line of JSON each) as the API's lists: {"items","next","total"}, cut by limit and cursor. */
#include <stdio.h>
#include <stdlib.h>

#include "web/web_priv.h"

enum { LIMIT = 50, LIMIT_MAX = 200 };

static const struct sk_web_param *param_of(const struct sk_web_row *row, const char *name)
{
	for (size_t i = 0; i < row->param_count; i++)
		if (strcmp(row->params[i].name, name) == 0)
			return &row->params[i];
	return NULL;
}

/* Where the page ends, for a command that goes on by itself: the last item's place, when it printed one more. */
static const char *place_of(struct json_object *items, size_t end)
{
	struct json_object *place;
	if (end == 0 || end >= json_object_array_length(items) || !json_object_object_get_ex(json_object_array_get_idx(items, end - 1), "place", &place))
		return NULL;
	return json_object_get_string(place);
}

/* The items of either form. NULL: neither. */
static struct json_object *items_of(const char *text, size_t length, struct sk_fault *fault)
{
	while (length != 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
		length--;
	if (length != 0 && text[0] == '[')
		return sk_web_json(text, length, fault);
	struct json_object *items = json_object_new_array();
	while (length != 0 && items != NULL) {
		const char *end = memchr(text, '\n', length);
		size_t line = end != NULL ? (size_t)(end - text) : length;
		struct json_object *item = line != 0 ? sk_web_json(text, line, fault) : NULL;
		if (line != 0 && (item == NULL || json_object_array_add(items, item) != 0)) {
			json_object_put(items);
			return NULL;
		}
		text += line + (end != NULL);
		length -= line + (end != NULL);
	}
	return items;
}

enum sk_err sk_web_list(struct sk_web_call *call, const char *text, size_t length)
{
	struct json_object *items = items_of(text, length, &call->fault);
	char cursor[32];
	if (items == NULL)
		return sk_web_refuse(call, SK_EBUG, "%s: the command did not print a list", call->row->id);
	const struct sk_web_param *by = param_of(call->row, "cursor");
	bool pages = by != NULL && param_of(call->row, "limit") != NULL, goes_on = pages && by->as[0] != '\0';
	size_t total = json_object_array_length(items), from = 0, limit = total;
	if (pages) {
		const char *at = sk_web_text(call, "cursor");
		uint64_t asked = sk_web_number(call, "limit", LIMIT);
		limit = asked < LIMIT_MAX ? (size_t)asked : LIMIT_MAX;
		from = !goes_on && at != NULL && at[0] == 'i' ? strtoul(at + 1, NULL, 10) : 0;
	}
	from = from < total ? from : total;
	size_t end = total - from < limit ? total : from + limit;
	struct sk_json_writer *w = &call->json;
	sk_json_object(w, NULL);
	sk_json_array(w, "items");
	for (size_t i = from; i < end; i++) {
		size_t item_length;
		const char *item = json_object_to_json_string_length(json_object_array_get_idx(items, i), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &item_length);
		sk_json_raw(w, NULL, item, item_length);
	}
	sk_json_end(w);
	(void)snprintf(cursor, sizeof cursor, "i%zu", end);
	const char *next = goes_on ? place_of(items, end) : end < total ? cursor : NULL;
	if (next != NULL)
		sk_json_text(w, "next", next);
	else
		sk_json_null(w, "next");
	if (goes_on)
		sk_json_null(w, "total");
	else
		sk_json_u64(w, "total", total);
	sk_json_end(w);
	json_object_put(items);
	return SK_OK;
}
