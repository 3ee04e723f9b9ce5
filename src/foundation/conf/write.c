/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical form, and what differs between two configurations. */
#include <stdlib.h>
#include <string.h>

#include "conf/conf_priv.h"

enum { INDENT = 2, PARTS_MAX = 4, VALUE_BYTES_MAX = SK_PATH_MAX };

static const void *value_of(const struct sk_conf_row *row, const void *base, uint32_t i)
{
	return (const uint8_t *)base + row->at + (size_t)i * row->size;
}

static uint32_t count_of(const struct sk_conf_row *row, const void *base)
{
	return *(const uint32_t *)(const void *)((const uint8_t *)base + row->count_at);
}

static bool is_default(const struct sk_conf_row *row, const void *base)
{
	uint64_t standard[VALUE_BYTES_MAX / sizeof(uint64_t)];
	if (row->places != 0)
		return count_of(row, base) == 0;
	if (row->standard == NULL)
		return false;
	sk_conf_value_default(row, standard);
	return memcmp(standard, value_of(row, base, 0), row->size) == 0;
}

static void add_indent(struct sk_buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth * INDENT; i++)
		sk_buf_add_u8(out, ' ');
}

static void add_values(const struct sk_conf_row *row, const void *base, struct sk_buf *out)
{
	if (row->places == 0) {
		sk_conf_value_write(row, value_of(row, base, 0), out);
		return;
	}
	sk_buf_add_u8(out, '[');
	for (uint32_t i = 0; i < count_of(row, base); i++) {
		if (i != 0)
			sk_buf_add_text(out, ", ");
		sk_conf_value_write(row, value_of(row, base, i), out);
	}
	sk_buf_add_u8(out, ']');
}

/* Elements have no sections: a line a key, the first behind the dash. */
static void add_elements(const struct sk_conf_row *list, const void *base, bool changed, struct sk_buf *out)
{
	size_t count;
	const struct sk_conf_row *rows = sk_conf_rows(&count);
	if (count_of(list, base) == 0) {
		sk_buf_add_text(out, "[]\n");
		return;
	}
	sk_buf_add_u8(out, '\n');
	for (uint32_t e = 0; e < count_of(list, base); e++) {
		const char *lead = "  - ";
		for (size_t i = 0; i < count; i++) {
			if (rows[i].scope != list->element || (changed && is_default(&rows[i], value_of(list, base, e))))
				continue;
			sk_buf_addf(out, "%s%s: ", lead, sk_conf_row_key(&rows[i]));
			add_values(&rows[i], value_of(list, base, e), out);
			sk_buf_add_u8(out, '\n');
			lead = "    ";
		}
	}
}

/* The sections that lead to a key and did not lead to the one before. */
static unsigned open_sections(const char *before, const char *key, struct sk_buf *out)
{
	unsigned depth = 0;
	size_t same = 0;
	for (size_t i = 0; before[i] != '\0' && before[i] == key[i]; i++)
		if (key[i] == '.')
			same = i + 1;
	for (const char *part = key, *dot; (dot = strchr(part, '.')) != NULL; part = dot + 1, depth++) {
		if ((size_t)(part - key) < same)
			continue;
		add_indent(out, depth);
		sk_buf_add(out, part, (size_t)(dot - part));
		sk_buf_add_text(out, ":\n");
	}
	return depth;
}

void sk_conf_write(const struct sk_conf *conf, bool changed, struct sk_buf *out)
{
	size_t count;
	const struct sk_conf_row *rows = sk_conf_rows(&count);
	const char *before = "";
	for (size_t i = 0; i < count; i++) {
		if (rows[i].scope != SK_CONF_SCOPE_FILE || (changed && is_default(&rows[i], conf)))
			continue;
		unsigned depth = open_sections(before, rows[i].key, out);
		const char *dot = strrchr(rows[i].key, '.');
		add_indent(out, depth);
		sk_buf_addf(out, "%s:", dot != NULL ? dot + 1 : rows[i].key);
		if (rows[i].type != SK_CONF_V_MAPS || count_of(&rows[i], conf) == 0)
			sk_buf_add_u8(out, ' ');
		if (rows[i].type == SK_CONF_V_MAPS) {
			add_elements(&rows[i], conf, changed, out);
		} else {
			add_values(&rows[i], conf, out);
			sk_buf_add_u8(out, '\n');
		}
		before = rows[i].key;
	}
}

/* ---- what differs ---- */

static bool same_values(const struct sk_conf_row *row, const void *a, const void *b)
{
	if (row->places == 0)
		return memcmp(value_of(row, a, 0), value_of(row, b, 0), row->size) == 0;
	return count_of(row, a) == count_of(row, b) && memcmp(value_of(row, a, 0), value_of(row, b, 0), (size_t)count_of(row, a) * row->size) == 0;
}

/* Two lists of elements that are the same links: as many, under the same names in the same order. */
static bool same_elements(const struct sk_conf_row *list, const void *a, const void *b)
{
	const struct sk_conf_row *name = sk_conf_row((enum sk_conf_scope)list->element, "name");
	SK_INVARIANT(name != NULL);
	if (count_of(list, a) != count_of(list, b))
		return false;
	for (uint32_t e = 0; e < count_of(list, a); e++)
		if (!same_values(name, value_of(list, a, e), value_of(list, b, e)))
			return false;
	return true;
}

void sk_conf_compare(const struct sk_conf *before, const struct sk_conf *after, sk_conf_change change, void *context)
{
	size_t count;
	const struct sk_conf_row *rows = sk_conf_rows(&count), *list = NULL;
	bool same = true;
	for (size_t i = 0; i < count; i++) {
		const struct sk_conf_row *row = &rows[i];
		if (row->type == SK_CONF_V_MAPS) { /* its elements' rows follow */
			list = row;
			same = same_elements(list, before, after);
			if (!same)
				change(context, row->key, row->reloadable);
			continue;
		}
		if (row->scope == SK_CONF_SCOPE_FILE) {
			if (!same_values(row, before, after))
				change(context, row->key, row->reloadable);
			continue;
		}
		bool differs = false;
		SK_INVARIANT(list != NULL && list->element == row->scope);
		for (uint32_t e = 0; same && e < count_of(list, before); e++)
			differs = differs || !same_values(row, value_of(list, before, e), value_of(list, after, e));
		if (differs)
			change(context, row->key, row->reloadable);
	}
}

static void take_value(const struct sk_conf_row *row, void *to, const void *from)
{
	size_t places = row->places != 0 ? row->places : 1;
	memcpy((uint8_t *)to + row->at, (const uint8_t *)from + row->at, places * row->size);
	if (row->places != 0)
		memcpy((uint8_t *)to + row->count_at, (const uint8_t *)from + row->count_at, sizeof(uint32_t));
}

void sk_conf_take(struct sk_conf *conf, const struct sk_conf *fresh)
{
	size_t count;
	const struct sk_conf_row *rows = sk_conf_rows(&count), *list = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct sk_conf_row *row = &rows[i];
		if (row->type == SK_CONF_V_MAPS)
			list = row;
		if (row->type == SK_CONF_V_MAPS || !row->reloadable)
			continue;
		if (row->scope == SK_CONF_SCOPE_FILE) {
			take_value(row, conf, fresh);
			continue;
		}
		/* Elements whose places are the same. */
		SK_INVARIANT(list != NULL && list->element == row->scope);
		for (uint32_t e = 0; same_elements(list, conf, fresh) && e < count_of(list, conf); e++)
			take_value(row, (uint8_t *)conf + list->at + (size_t)e * list->size, value_of(list, fresh, e));
	}
}
