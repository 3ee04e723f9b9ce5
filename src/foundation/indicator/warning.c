/* SPDX-License-Identifier: Apache-2.0 */
/* MISP warning lists: values so popular or special that a selector for them would select everybody. What a list says is taken as MISP takes it
   (cidr: inside; hostname: the name and all below it; string: equal; substring: contained), and one step further where our selectors are wider
   than MISP's attributes: a prefix that holds a listed address and a name above a listed name are kept out too. */
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/file.h"
#include "indicator/indicator_priv.h"
#include "text/text.h"

enum warning_flag { WARN_EQUAL = 1, WARN_BELOW = 2, WARN_ABOVE = 4, WARN_FLAG_BITS = 3 };
enum warning_domain { FOR_ADDRESS = 1, FOR_DOMAIN = 2, FOR_PRINT = 4 /* and from here on, one for each row of print.def */ };
enum { TEXT_MAX = SK_INDICATOR_VALUE_MAX };

struct warning_list {
	char name[128];
	unsigned applies; /* enum warning_domain bits */
};

struct sk_warnings {
	struct warning_list *lists;
	uint32_t list_count;
	struct sk_column prefixes;           /* as the builder's prefix column, host addresses included; tag = list */
	struct sk_column names[WARN_FLAG_BITS]; /* by flag; tag = list */
	struct {
		char *text;
		uint32_t list;
	} *substrings;
	uint32_t substring_count;
	/* made by sk_warnings_ready: prefixes in order, by family */
	struct sk_prefix *sorted;
	uint32_t *sorted_list;
	uint32_t sorted_count, sorted_v4;
	struct sk_segment *segments[2];
	uint32_t segment_count[2];
};

struct sk_warnings *sk_warnings_new(void)
{
	struct sk_warnings *warnings = calloc(1, sizeof *warnings);
	if (warnings == NULL)
		return NULL;
	uint8_t key[SK_SIP_KEY_BYTES];
	sk_random(key, sizeof key);
	sk_column_init(&warnings->prefixes, SK_INDICATOR_PREFIX_WIDTH, key);
	for (size_t i = 0; i < WARN_FLAG_BITS; i++)
		sk_column_init(&warnings->names[i], 0, key);
	return warnings;
}

static void forget_ready(struct sk_warnings *warnings)
{
	free(warnings->sorted);
	free(warnings->sorted_list);
	free(warnings->segments[0]);
	free(warnings->segments[1]);
	warnings->sorted = NULL;
	warnings->sorted_list = NULL;
	warnings->segments[0] = warnings->segments[1] = NULL;
}

void sk_warnings_free(struct sk_warnings *warnings)
{
	if (warnings == NULL)
		return;
	forget_ready(warnings);
	sk_column_fini(&warnings->prefixes);
	for (size_t i = 0; i < WARN_FLAG_BITS; i++)
		sk_column_fini(&warnings->names[i]);
	for (uint32_t i = 0; i < warnings->substring_count; i++)
		free(warnings->substrings[i].text);
	free(warnings->substrings);
	free(warnings->lists);
	free(warnings);
}

/* ---- reading ---- */

static unsigned for_print(enum sk_indicator_kind kind)
{
	return (unsigned)FOR_PRINT << (sk_print_column(kind) - SK_PRINT_FIRST);
}

/* Which of our kinds MISP's matching_attributes mean. */
static unsigned applies_to(struct json_object *attributes)
{
	if (attributes == NULL || !json_object_is_type(attributes, json_type_array) || json_object_array_length(attributes) == 0)
		return UINT_MAX;
	unsigned applies = 0;
	for (size_t i = 0; i < json_object_array_length(attributes); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(attributes, i));
		enum sk_type type = name != NULL ? sk_type_parse(name, strlen(name)) : SK_TYPE_UNSUPPORTED;
		if (sk_type_print(type) != 0)
			applies |= for_print(sk_type_print(type));
		if (type == SK_TYPE_ADDRESS || type == SK_TYPE_ADDRESS_PORT || type == SK_TYPE_DOMAIN_ADDRESS)
			applies |= FOR_ADDRESS;
		if (type == SK_TYPE_DOMAIN || type == SK_TYPE_DOMAIN_PORT || type == SK_TYPE_DOMAIN_ADDRESS || type == SK_TYPE_URL)
			applies |= FOR_DOMAIN;
	}
	return applies;
}

static enum sk_err put(struct sk_column *column, const void *value, size_t length, uint32_t list)
{
	enum sk_err err = column->count >= SK_INDICATOR_WARNINGS_MAX ? SK_ETOOBIG : sk_column_add(column, value, length, list);
	return err == SK_EEXIST ? SK_OK : err;
}

static enum sk_err put_prefix(struct sk_warnings *warnings, const struct sk_prefix *prefix, uint32_t list)
{
	uint8_t packed[SK_INDICATOR_PREFIX_WIDTH];
	struct sk_out out = sk_out_of(packed, sizeof packed);
	sk_put_u8(&out, prefix->addr.family);
	sk_put_bytes(&out, prefix->addr.bytes, sizeof prefix->addr.bytes);
	sk_put_u8(&out, prefix->bits);
	return put(&warnings->prefixes, packed, sizeof packed, list);
}

/* A listed name under its flags, and every name above it that has two labels or more. */
static enum sk_err put_name(struct sk_warnings *warnings, const char *name, unsigned flags, uint32_t list)
{
	/* ".google.ad" on a string list: nothing equals it, so names below it must be meant. */
	if (name[0] == '.') {
		name++;
		flags |= WARN_BELOW;
	}
	size_t length = strlen(name);
	if (length > 0 && name[length - 1] == '.')
		length--;
	if (length == 0 || length > SK_INDICATOR_NAME_MAX)
		return SK_OK;
	for (unsigned i = 0; i < 2; i++)
		if ((flags & 1u << i) != 0)
			SK_TRY(put(&warnings->names[i], name, length, list));
	for (const char *dot = memchr(name, '.', length); dot != NULL; dot = memchr(name, '.', length)) {
		length -= (size_t)(dot + 1 - name);
		name = dot + 1;
		if (length == 0 || memchr(name, '.', length) == NULL)
			break;
		SK_TRY(put(&warnings->names[2], name, length, list));
	}
	return SK_OK;
}

static enum sk_err put_substring(struct sk_warnings *warnings, const char *text, uint32_t list)
{
	if (warnings->substring_count >= SK_INDICATOR_SUBSTRINGS_MAX)
		return SK_ETOOBIG;
	void *grown = realloc(warnings->substrings, (warnings->substring_count + 1) * sizeof *warnings->substrings);
	if (grown == NULL)
		return SK_ENOMEM;
	warnings->substrings = grown;
	char *copy = strdup(text);
	if (copy == NULL)
		return SK_ENOMEM;
	warnings->substrings[warnings->substring_count].text = copy;
	warnings->substrings[warnings->substring_count++].list = list;
	return SK_OK;
}

static enum sk_err put_entry(struct sk_warnings *warnings, const char *type, const char *entry, uint32_t list)
{
	char text[TEXT_MAX + 1];
	size_t length = strlen(entry);
	if (length == 0 || length > TEXT_MAX)
		return SK_OK; /* longer than any selector: it can match none */
	for (size_t i = 0; i <= length; i++)
		text[i] = entry[i] >= 'A' && entry[i] <= 'Z' ? (char)(entry[i] - 'A' + 'a') : entry[i];
	if (strcmp(type, "substring") == 0)
		return put_substring(warnings, text, list);
	struct sk_value value;
	const char *detail;
	bool address = sk_value_clean(text, length, SK_TYPE_ADDRESS, &value, &detail) == SK_INDICATOR_REASON_COUNT;
	if (address && strcmp(type, "hostname") != 0)
		return put_prefix(warnings, &value.prefix, list);
	if (strcmp(type, "cidr") == 0)
		return SK_EMALFORMED;
	return put_name(warnings, text, strcmp(type, "hostname") == 0 ? WARN_EQUAL | WARN_BELOW : WARN_EQUAL, list);
}

static enum sk_err put_list(struct sk_warnings *warnings, const char *file, struct json_object *top, struct sk_fault *fault)
{
	struct json_object *entries = NULL, *type_object = NULL, *name = NULL, *attributes = NULL;
	if (!json_object_is_type(top, json_type_object) || !json_object_object_get_ex(top, "list", &entries) ||
	    !json_object_is_type(entries, json_type_array) || !json_object_object_get_ex(top, "type", &type_object) ||
	    !json_object_is_type(type_object, json_type_string))
		return sk_fault_set(fault, SK_EINPUT, "%s: not a MISP warning list: an object with \"type\" and an array \"list\" was expected",
				    file);
	const char *type = json_object_get_string(type_object);
	if (strcmp(type, "regex") == 0)
		return sk_fault_set(fault, SK_EUNSUPPORTED,
				    "%s: warning list of type regex; cidr, hostname, string and substring can be used: leave this list out", file);
	if (strcmp(type, "cidr") != 0 && strcmp(type, "hostname") != 0 && strcmp(type, "string") != 0 && strcmp(type, "substring") != 0)
		return sk_fault_set(fault, SK_EINPUT, "%s: warning list of unknown type \"%s\"; cidr, hostname, string or substring was expected",
				    file, type);
	if (warnings->list_count >= SK_INDICATOR_WARNING_LISTS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: more than %d warning lists", file, SK_INDICATOR_WARNING_LISTS_MAX);
	void *grown = realloc(warnings->lists, (warnings->list_count + 1) * sizeof *warnings->lists);
	if (grown == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", file);
	warnings->lists = grown;
	struct warning_list *list = &warnings->lists[warnings->list_count];
	bool named = json_object_object_get_ex(top, "name", &name) && json_object_is_type(name, json_type_string);
	(void)snprintf(list->name, sizeof list->name, "%s", named ? json_object_get_string(name) : file);
	(void)json_object_object_get_ex(top, "matching_attributes", &attributes);
	list->applies = applies_to(attributes);
	warnings->list_count++;
	for (size_t i = 0; list->applies != 0 && i < json_object_array_length(entries); i++) {
		struct json_object *entry = json_object_array_get_idx(entries, i);
		if (!json_object_is_type(entry, json_type_string))
			return sk_fault_set(fault, SK_EINPUT, "%s: list[%zu] is not a string", file, i);
		enum sk_err err = put_entry(warnings, type, json_object_get_string(entry), warnings->list_count - 1);
		if (err == SK_EMALFORMED)
			return sk_fault_set(fault, SK_EINPUT, "%s: list[%zu] is not an address or prefix, but the list's type is cidr", file, i);
		if (err != SK_OK)
			return sk_fault_set(fault, err, "%s: %s: at most %d warning list entries and %d substrings", file, sk_err_text(err),
					    SK_INDICATOR_WARNINGS_MAX, SK_INDICATOR_SUBSTRINGS_MAX);
	}
	return SK_OK;
}

/* All of a list or nothing of it. */
enum sk_err sk_warnings_parse(struct sk_warnings *warnings, const char *name, const char *text, size_t length, struct sk_fault *fault)
{
	struct json_object *top = NULL;
	SK_TRY(sk_json_c_parse(name, text, length, &top, fault));
	uint32_t lists = warnings->list_count, substrings = warnings->substring_count, prefixes = warnings->prefixes.count, names[WARN_FLAG_BITS];
	for (size_t i = 0; i < WARN_FLAG_BITS; i++)
		names[i] = warnings->names[i].count;
	enum sk_err err = put_list(warnings, name, top, fault);
	(void)json_object_put(top);
	if (err == SK_OK)
		return SK_OK;
	warnings->list_count = lists;
	sk_column_truncate(&warnings->prefixes, prefixes);
	for (size_t i = 0; i < WARN_FLAG_BITS; i++)
		sk_column_truncate(&warnings->names[i], names[i]);
	while (warnings->substring_count > substrings)
		free(warnings->substrings[--warnings->substring_count].text);
	return err;
}

enum sk_err sk_warnings_add(struct sk_warnings *warnings, const char *path, struct sk_fault *fault)
{
	struct sk_reader reader;
	SK_TRY(sk_reader_open(&reader, path, fault));
	struct sk_buf text;
	sk_buf_init(&text, SK_INDICATOR_JSON_MAX_BYTES);
	enum sk_err err = sk_reader_rest(&reader, &text, fault);
	sk_reader_close(&reader);
	if (err == SK_OK)
		err = sk_warnings_parse(warnings, path, sk_buf_text(&text), text.length, fault);
	sk_buf_fini(&text);
	return err;
}

/* ---- asking ---- */

enum sk_err sk_warnings_ready(struct sk_warnings *warnings)
{
	uint32_t count = warnings->prefixes.count;
	struct sk_order *order = NULL;
	forget_ready(warnings);
	warnings->sorted_count = count;
	warnings->sorted_v4 = 0;
	SK_TRY(sk_column_order(&warnings->prefixes, &order));
	if (count == 0)
		return SK_OK;
	warnings->sorted = calloc(count, sizeof *warnings->sorted);
	warnings->sorted_list = calloc(count, sizeof *warnings->sorted_list);
	if (warnings->sorted == NULL || warnings->sorted_list == NULL) {
		free(order);
		return SK_ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++) {
		size_t length;
		const uint8_t *packed = sk_column_at(&warnings->prefixes, order[i], &length);
		struct sk_cur c = sk_cur_of(packed, length);
		struct sk_prefix *prefix = &warnings->sorted[i];
		prefix->addr.family = sk_u8(&c);
		sk_copy(&c, prefix->addr.bytes, sizeof prefix->addr.bytes);
		prefix->bits = sk_u8(&c);
		warnings->sorted_v4 += prefix->addr.family == 4;
		warnings->sorted_list[i] = warnings->prefixes.tags[order[i].index];
	}
	free(order);
	for (unsigned six = 0; six < 2; six++) {
		uint32_t first = six ? warnings->sorted_v4 : 0, end = six ? count : warnings->sorted_v4;
		warnings->segments[six] = malloc(((size_t)(end - first) * 2 + 1) * sizeof *warnings->segments[six]);
		if (warnings->segments[six] == NULL)
			return SK_ENOMEM;
		warnings->segment_count[six] = sk_segments_make(warnings->sorted + first, end - first, warnings->segments[six]);
	}
	return SK_OK;
}

static const char *list_for(const struct sk_warnings *warnings, uint32_t list, unsigned kind)
{
	return (warnings->lists[list].applies & kind) != 0 ? warnings->lists[list].name : NULL;
}

/* Inside a listed prefix, or around one. */
static const char *match_prefix(const struct sk_warnings *warnings, const struct sk_prefix *prefix)
{
	if (warnings->sorted_count == 0)
		return NULL;
	unsigned six = prefix->addr.family == 6;
	uint32_t first = six ? warnings->sorted_v4 : 0, end = six ? warnings->sorted_count : warnings->sorted_v4;
	const char *name = NULL;
	uint32_t found = sk_segments_find(warnings->segments[six], warnings->segment_count[six], prefix->addr.bytes);
	if (found != UINT32_MAX && warnings->sorted[first + found].bits <= prefix->bits)
		name = list_for(warnings, warnings->sorted_list[first + found], FOR_ADDRESS);
	if (name != NULL)
		return name;
	sk_u128 start = sk_number_of(prefix->addr.bytes), last = sk_prefix_last(prefix);
	uint32_t low = first, high = end;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (sk_number_of(warnings->sorted[middle].addr.bytes) < start)
			low = middle + 1;
		else
			high = middle;
	}
	/* At the same start a longer entry stands behind shorter ones; a shorter one was found above. */
	while (low < end && warnings->sorted[low].bits < prefix->bits && sk_number_of(warnings->sorted[low].addr.bytes) == start)
		low++;
	return low < end && sk_number_of(warnings->sorted[low].addr.bytes) <= last ? list_for(warnings, warnings->sorted_list[low], FOR_ADDRESS)
										   : NULL;
}

static const char *find_name(const struct sk_warnings *warnings, enum warning_flag flag, const char *name, size_t length, unsigned kind)
{
	uint32_t index;
	const struct sk_column *column = &warnings->names[flag == WARN_EQUAL ? 0 : flag == WARN_BELOW ? 1 : 2];
	return sk_column_find(column, name, length, &index) ? list_for(warnings, column->tags[index], kind) : NULL;
}

static const char *match_name(const struct sk_warnings *warnings, const char *name, size_t length)
{
	const char *list = find_name(warnings, WARN_EQUAL, name, length, FOR_DOMAIN);
	if (list == NULL)
		list = find_name(warnings, WARN_ABOVE, name, length, FOR_DOMAIN);
	while (list == NULL && warnings->names[1].count != 0) {
		const char *dot;
		list = find_name(warnings, WARN_BELOW, name, length, FOR_DOMAIN);
		if (list != NULL || (dot = memchr(name, '.', length)) == NULL)
			break;
		length -= (size_t)(dot + 1 - name);
		name = dot + 1;
	}
	return list;
}

static const char *match_substring(const struct sk_warnings *warnings, const char *text, unsigned kind)
{
	for (uint32_t i = 0; i < warnings->substring_count; i++)
		if (strstr(text, warnings->substrings[i].text) != NULL && list_for(warnings, warnings->substrings[i].list, kind) != NULL)
			return warnings->lists[warnings->substrings[i].list].name;
	return NULL;
}

const char *sk_warnings_match(const struct sk_warnings *warnings, const struct sk_value *value)
{
	char text[SK_PREFIX_TEXT_MAX];
	const char *list = NULL;
	switch (value->kind) {
	case SK_INDICATOR_ADDRESS:
	case SK_INDICATOR_PREFIX:
		list = match_prefix(warnings, &value->prefix);
		if (list != NULL || warnings->substring_count == 0)
			return list;
		if (value->kind == SK_INDICATOR_ADDRESS)
			return match_substring(warnings, sk_addr_format(&value->prefix.addr, text), FOR_ADDRESS);
		return match_substring(warnings, sk_prefix_format(&value->prefix, text), FOR_ADDRESS);
	case SK_INDICATOR_DOMAIN:
		list = match_name(warnings, value->name, value->length);
		return list != NULL ? list : match_substring(warnings, value->name, FOR_DOMAIN);
	case SK_INDICATOR_URL: /* narrower than any list of hosts */
	case SK_INDICATOR_FLOW_ALL:
		return NULL;
	case SK_INDICATOR_JA4:
		list = find_name(warnings, WARN_EQUAL, (const char *)value->print, value->length, for_print(value->kind));
		return list;
	default: {
		char hex[2 * SK_INDICATOR_PRINT_MAX + 1];
		sk_hex_encode(value->print, value->length, hex);
		list = find_name(warnings, WARN_EQUAL, hex, 2 * value->length, for_print(value->kind));
		return list != NULL ? list : match_substring(warnings, hex, for_print(value->kind));
	}
	}
}
