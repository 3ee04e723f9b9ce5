/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical form (sections in the table's order, rows sorted, keys in the table's order, every text quoted, no comment), and what differs between two. */
#include "law/law_priv.h"
#include "text/text.h"

static void write_quoted(struct sk_buf *out, const char *text)
{
	sk_buf_add_u8(out, '"');
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\')
			sk_buf_add_u8(out, '\\');
		sk_buf_add_u8(out, (uint8_t)*at);
	}
	sk_buf_add_u8(out, '"');
}

static void write_value(struct sk_buf *out, const struct sk_law_field *field, const void *value)
{
	char text[SK_TIME_TEXT_MAX];
	const struct sk_law_words *words = value;
	switch (field->type) {
	case SK_LAW_V_WORD:
	case SK_LAW_V_TEXT: write_quoted(out, value); break;
	case SK_LAW_V_WORDS:
		sk_buf_add_u8(out, '[');
		for (uint32_t i = 0; i < words->count; i++) {
			if (i != 0)
				sk_buf_add_text(out, ", ");
			write_quoted(out, words->items[i]);
		}
		sk_buf_add_u8(out, ']');
		break;
	case SK_LAW_V_SPAN: sk_buf_add_text(out, sk_law_span_format(value, text)); break;
	case SK_LAW_V_DATE: sk_buf_addf(out, "\"%.10s\"", sk_time_format(*(const int64_t *)value, 0, text)); break;
	case SK_LAW_V_COUNT: sk_buf_addf(out, "%llu", (unsigned long long)*(const uint64_t *)value); break;
	case SK_LAW_V_BOOL: sk_buf_add_text(out, *(const bool *)value ? "true" : "false"); break;
	}
}

/* What may be left out and is nothing is left out: a row has one text. */
static bool is_nothing(const struct sk_law_field *field, const void *value)
{
	if (field->need != SK_LAW_MAY)
		return false;
	switch (field->type) {
	case SK_LAW_V_WORD:
	case SK_LAW_V_TEXT: return *(const char *)value == '\0';
	case SK_LAW_V_WORDS: return ((const struct sk_law_words *)value)->count == 0;
	case SK_LAW_V_SPAN: return sk_law_span_none(value);
	case SK_LAW_V_DATE: return *(const int64_t *)value == 0;
	case SK_LAW_V_COUNT: return *(const uint64_t *)value == 0;
	case SK_LAW_V_BOOL: return !*(const bool *)value;
	}
	return false;
}

static void write_row(struct sk_buf *out, const struct sk_law_section *section, const uint8_t *row)
{
	const char *lead = "  - ";
	for (size_t i = 0; i < section->field_count; i++) {
		const struct sk_law_field *field = &section->fields[i];
		if (is_nothing(field, row + field->at))
			continue;
		sk_buf_addf(out, "%s%s: ", lead, field->key);
		write_value(out, field, row + field->at);
		sk_buf_add_u8(out, '\n');
		lead = "    ";
	}
}

void sk_law_write(const struct sk_law *law, struct sk_buf *out)
{
	sk_buf_addf(out, "policy: \"%s\"\nversion: \"%s\"\nprofile: \"%s\"\n", law->name, law->version, sk_profile_name(law->profile));
	for (int id = 0; id < SK_LAW_SECTIONS; id++) {
		const struct sk_law_section *section = sk_law_section((enum sk_law_section_id)id);
		uint32_t count;
		const uint8_t *rows = sk_law_rows(law, section, &count);
		if (count != 0)
			sk_buf_addf(out, "%s:\n", section->key);
		for (uint32_t i = 0; i < count; i++)
			write_row(out, section, rows + (size_t)i * section->row_size);
	}
}

/* ---- what differs ---- */

/* Rows are the same but for where they stood in their file. */
static bool same_row(const struct sk_law_section *section, const uint8_t *a, const uint8_t *b)
{
	return memcmp(a + sizeof(uint32_t), b + sizeof(uint32_t), section->row_size - sizeof(uint32_t)) == 0;
}

static size_t compare_section(const struct sk_law *before, const struct sk_law *after, const struct sk_law_section *section, sk_law_change change, void *context)
{
	uint32_t old_count = 0, new_count, i = 0, j = 0;
	const uint8_t *old_rows = before != NULL ? sk_law_rows(before, section, &old_count) : NULL, *new_rows = sk_law_rows(after, section, &new_count);
	char keys[SK_LAW_KEYS_TEXT_MAX];
	size_t acks = 0;
	while (i < old_count || j < new_count) {
		const uint8_t *old_row = i < old_count ? old_rows + (size_t)i * section->row_size : NULL, *new_row = j < new_count ? new_rows + (size_t)j * section->row_size : NULL;
		int order = old_row == NULL ? 1 : new_row == NULL ? -1 : sk_law_order(section, old_row, new_row, true);
		char how = order < 0 ? '-' : order > 0 ? '+' : same_row(section, old_row, new_row) ? '=' : '~';
		if (how != '=') {
			acks += section->ack;
			if (change != NULL)
				change(context, section->key, sk_law_keys(section, order < 0 ? old_row : new_row, keys), how, section->ack);
		}
		i += order <= 0;
		j += order >= 0;
	}
	return acks;
}

size_t sk_law_compare(const struct sk_law *before, const struct sk_law *after, sk_law_change change, void *context)
{
	size_t acks = 0;
	for (int id = 0; id < SK_LAW_SECTIONS; id++)
		acks += compare_section(before, after, sk_law_section((enum sk_law_section_id)id), change, context);
	return acks;
}
