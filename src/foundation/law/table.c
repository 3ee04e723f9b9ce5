/* SPDX-License-Identifier: Apache-2.0 */
/* law.def as data, and values by their type. */
#include <stdio.h>
#include <stdlib.h>

#include "law/law_priv.h"
#include "text/text.h"

#define SK_LAW_EVERY_OF(struct_, member, type, need, prose) {#member, SK_LAW_V_##type, SK_LAW_##need, offsetof(struct struct_, member)},
#define FIELD_OF_BASIS(...) SK_LAW_EVERY_OF(sk_law_basis, __VA_ARGS__)
#define FIELD_OF_MATRIX(...) SK_LAW_EVERY_OF(sk_law_matrix, __VA_ARGS__)
#define FIELD_OF_QUORUM(...) SK_LAW_EVERY_OF(sk_law_quorum, __VA_ARGS__)
#define FIELD_OF_RETENTION(...) SK_LAW_EVERY_OF(sk_law_retention, __VA_ARGS__)
#define FIELD_OF_DEADLINE(...) SK_LAW_EVERY_OF(sk_law_deadline, __VA_ARGS__)
#define FIELD_OF_SECTOR(...) SK_LAW_EVERY_OF(sk_law_sector, __VA_ARGS__)
#define FIELD_OF_CAP(...) SK_LAW_EVERY_OF(sk_law_cap, __VA_ARGS__)

static const struct sk_law_field basis_fields[] = {
#define SK_LAW_BASIS FIELD_OF_BASIS
#define SK_LAW_EVERY FIELD_OF_BASIS
#include "law/law.def"
};
static const struct sk_law_field matrix_fields[] = {
#define SK_LAW_MATRIX FIELD_OF_MATRIX
#define SK_LAW_EVERY FIELD_OF_MATRIX
#include "law/law.def"
};
static const struct sk_law_field quorum_fields[] = {
#define SK_LAW_QUORUM FIELD_OF_QUORUM
#define SK_LAW_EVERY FIELD_OF_QUORUM
#include "law/law.def"
};
static const struct sk_law_field retention_fields[] = {
#define SK_LAW_RETENTION FIELD_OF_RETENTION
#define SK_LAW_EVERY FIELD_OF_RETENTION
#include "law/law.def"
};
static const struct sk_law_field deadline_fields[] = {
#define SK_LAW_DEADLINE FIELD_OF_DEADLINE
#define SK_LAW_EVERY FIELD_OF_DEADLINE
#include "law/law.def"
};
static const struct sk_law_field sector_fields[] = {
#define SK_LAW_SECTOR FIELD_OF_SECTOR
#define SK_LAW_EVERY FIELD_OF_SECTOR
#include "law/law.def"
};
static const struct sk_law_field cap_fields[] = {
#define SK_LAW_CAP FIELD_OF_CAP
#define SK_LAW_EVERY FIELD_OF_CAP
#include "law/law.def"
};

#define FIELDS_BASIS basis_fields
#define FIELDS_MATRIX matrix_fields
#define FIELDS_QUORUM quorum_fields
#define FIELDS_RETENTION retention_fields
#define FIELDS_DEADLINE deadline_fields
#define FIELDS_SECTOR sector_fields
#define FIELDS_CAP cap_fields
enum { NEEDS_ACK, NEEDS_FREE };

static const struct sk_law_section sections[] = {
#define SK_LAW_SECTION(symbol, member, key, places, need, prose) \
	{key, places, sizeof(SK_LAW_ROWS_##symbol), offsetof(struct sk_law, member.count), offsetof(struct sk_law, member.rows), NEEDS_##need == NEEDS_ACK, \
	 SK_COUNT(FIELDS_##symbol), FIELDS_##symbol},
#include "law/law.def"
};

const struct sk_law_section *sk_law_section(enum sk_law_section_id id)
{
	SK_INVARIANT((unsigned)id < SK_COUNT(sections));
	return &sections[id];
}

void *sk_law_rows(const struct sk_law *law, const struct sk_law_section *section, uint32_t *count)
{
	uint8_t *base = (uint8_t *)(uintptr_t)law; /* callers that have a law to read only read */
	memcpy(count, base + section->count_at, sizeof *count);
	return base + section->rows_at;
}

int sk_law_order(const struct sk_law_section *section, const void *a, const void *b, bool dates)
{
	for (size_t i = 0; i < section->field_count; i++) {
		const struct sk_law_field *field = &section->fields[i];
		int order = 0;
		if (field->need == SK_LAW_KEY)
			order = strcmp((const char *)a + field->at, (const char *)b + field->at);
		else if (dates && strcmp(field->key, "effective_from") == 0) {
			int64_t first, second;
			memcpy(&first, (const char *)a + field->at, sizeof first);
			memcpy(&second, (const char *)b + field->at, sizeof second);
			order = first < second ? -1 : first > second;
		}
		if (order != 0)
			return order;
	}
	return 0;
}

const char *sk_law_keys(const struct sk_law_section *section, const void *row, char text[SK_LAW_KEYS_TEXT_MAX])
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < section->field_count; i++)
		if (section->fields[i].need == SK_LAW_KEY && used < SK_LAW_KEYS_TEXT_MAX)
			used += (size_t)snprintf(text + used, SK_LAW_KEYS_TEXT_MAX - used, "%s%s", used != 0 ? " " : "", (const char *)row + section->fields[i].at);
	return text;
}

/* ---- values ---- */

static bool is_word(const char *text)
{
	size_t length = strlen(text);
	for (const char *at = text; *at != '\0'; at++)
		if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || *at == '_' || *at == '.' || *at == '-'))
			return false;
	return length != 0 && length < SK_LAW_WORD_MAX;
}

static bool is_text(const char *text)
{
	size_t length = strlen(text);
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
		if (*at < 0x20 || *at == 0x7f)
			return false;
	/* U+0085, U+2028 and U+2029 are line breaks to a reader of YAML: what is written must come back as it was. */
	if (strstr(text, "\xc2\x85") != NULL || strstr(text, "\xe2\x80\xa8") != NULL || strstr(text, "\xe2\x80\xa9") != NULL || strstr(text, "\xef\xbb\xbf") != NULL)
		return false;
	return length != 0 && length < SK_LAW_TEXT_MAX && sk_utf8_valid(text, length);
}

static bool read_count(const char *text, uint64_t most, uint64_t *out)
{
	char *end = NULL;
	if (text[0] < '0' || text[0] > '9' || (text[0] == '0' && text[1] != '\0') || strlen(text) > 19)
		return false;
	*out = strtoull(text, &end, 10);
	return *end == '\0' && *out <= most;
}

static bool read_span(const char *text, struct sk_law_span *out)
{
	char number[8];
	uint64_t months;
	size_t length = strlen(text);
	*out = (struct sk_law_span){0};
	if (strcmp(text, "none") == 0)
		return true;
	if (length > 2 && length < sizeof number + 2 && strcmp(text + length - 2, "mo") == 0) {
		memcpy(number, text, length - 2);
		number[length - 2] = '\0';
		if (!read_count(number, 1200, &months) || months == 0)
			return false;
		out->months = (uint32_t)months;
		return true;
	}
	return sk_duration_parse(text, &out->ns) == SK_OK && out->ns > 0 && out->ns % 1000000000 == 0;
}

enum sk_err sk_law_value(const struct sk_law_field *field, const char *text, void *value, const char **expected)
{
	bool good = false;
	switch (field->type) {
	case SK_LAW_V_WORD:
	case SK_LAW_V_WORDS: /* one of them */
		*expected = "a word of at most 31 letters, digits, '_', '.', '-'";
		good = is_word(text);
		if (good)
			memcpy(value, text, strlen(text) + 1);
		break;
	case SK_LAW_V_TEXT:
		*expected = "a text of at most 255 bytes in one line";
		good = is_text(text);
		if (good)
			memcpy(value, text, strlen(text) + 1);
		break;
	case SK_LAW_V_SPAN:
		*expected = "a time with its unit, as in 6mo, 90d, 24h, 30m; or none";
		good = read_span(text, value);
		break;
	case SK_LAW_V_DATE:
		*expected = "a day, as in 2027-11-22";
		/* Whole days: what is in force changes at midnight UTC, and a day is written in one way. */
		good = strlen(text) == 10 && sk_time_parse(text, value) == SK_OK && *(int64_t *)value >= 0;
		break;
	case SK_LAW_V_COUNT:
		*expected = "a whole number";
		good = read_count(text, UINT64_C(1000000000000), value);
		break;
	case SK_LAW_V_BOOL:
		*expected = "true or false";
		good = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
		*(bool *)value = strcmp(text, "true") == 0;
		break;
	}
	return good ? SK_OK : SK_EMALFORMED;
}

/* ---- spans ---- */

bool sk_law_span_none(const struct sk_law_span *span)
{
	return span->months == 0 && span->ns == 0;
}

const char *sk_law_span_format(const struct sk_law_span *span, char text[SK_LAW_WORD_MAX])
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	int64_t seconds = span->ns / 1000000000;
	if (sk_law_span_none(span))
		(void)snprintf(text, SK_LAW_WORD_MAX, "none");
	else if (span->months != 0)
		(void)snprintf(text, SK_LAW_WORD_MAX, "%umo", span->months);
	else
		for (size_t i = 0; i < SK_COUNT(units); i++)
			if (seconds % units[i].seconds == 0) {
				(void)snprintf(text, SK_LAW_WORD_MAX, "%lld%c", (long long)(seconds / units[i].seconds), units[i].unit);
				break;
			}
	return text;
}

int64_t sk_law_span_after(int64_t at_ns, const struct sk_law_span *span)
{
	static const int64_t day_ns = INT64_C(86400000000000);
	int64_t result;
	if (span->months == 0)
		return __builtin_add_overflow(at_ns, span->ns, &result) ? INT64_MAX : result;
	int64_t days = at_ns / day_ns, rest = at_ns % day_ns, year, next_year;
	unsigned month, day, check_month, check_day;
	if (rest < 0) {
		days--;
		rest += day_ns;
	}
	sk_date_of_days(days, &year, &month, &day);
	unsigned total = month - 1 + span->months;
	year += total / 12;
	month = total % 12 + 1;
	/* A day that the month has not: its last one. */
	for (;; day--) {
		sk_date_of_days(sk_days_of_date(year, month, day), &next_year, &check_month, &check_day);
		if (check_month == month && check_day == day)
			break;
	}
	if (__builtin_mul_overflow(sk_days_of_date(year, month, day), day_ns, &result) || __builtin_add_overflow(result, rest, &result))
		return INT64_MAX;
	return result;
}
