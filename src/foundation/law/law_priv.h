/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of law share: the table of sections and fields as data, and the place of a value. */
#ifndef SK_LAW_PRIV_H
#define SK_LAW_PRIV_H

#include "law/law.h"

enum sk_law_type { SK_LAW_V_WORD, SK_LAW_V_WORDS, SK_LAW_V_TEXT, SK_LAW_V_SPAN, SK_LAW_V_DATE, SK_LAW_V_COUNT, SK_LAW_V_BOOL };
enum sk_law_need { SK_LAW_KEY, SK_LAW_MUST, SK_LAW_MAY };
enum sk_law_section_id {
#define SK_LAW_SECTION(symbol, member, key, places, need, prose) SK_LAW_S_##symbol,
#include "law/law.def"
	SK_LAW_SECTIONS
};
enum { SK_LAW_FIELDS_MAX = 16, SK_LAW_KEYS_TEXT_MAX = 2 * SK_LAW_WORD_MAX + 2 };

struct sk_law_field {
	const char *key;
	enum sk_law_type type;
	enum sk_law_need need;
	uint32_t at; /* offset in the row */
};
struct sk_law_section {
	const char *key;
	uint32_t places, row_size, count_at, rows_at; /* offsets in struct sk_law */
	bool ack;
	size_t field_count;
	const struct sk_law_field *fields;
};
/* Section number id; static storage. */
const struct sk_law_section *sk_law_section(enum sk_law_section_id id);
/* Its rows in a law: the first one, and how many. */
void *sk_law_rows(const struct sk_law *law, const struct sk_law_section *section, uint32_t *count);

/* Where a value stood. */
struct sk_law_mark {
	uint32_t line, column;
};
/* Of a row: marks by field number; line 0: it was not there. */
struct sk_law_marks {
	struct sk_law_mark begin, field[SK_LAW_FIELDS_MAX];
};
/* Read one scalar into *value. SK_EMALFORMED: expected says what would have been right. */
SK_MUST enum sk_err sk_law_value(const struct sk_law_field *field, const char *text, void *value, const char **expected);
/* Is the whole row within what is compiled in? SK_EWIDE or SK_EINPUT with FILE:LINE:COLUMN. */
SK_MUST enum sk_err sk_law_check_row(const char *name, const struct sk_law *law, enum sk_law_section_id section, const void *row, const struct sk_law_marks *marks,
				     const struct sk_law_bounds *bounds, struct sk_fault *fault);
/* Rows that cannot stand beside each other, what refers to what is not there. SK_EINPUT. Rows are sorted. */
SK_MUST enum sk_err sk_law_check_all(const char *name, const struct sk_law *law, struct sk_fault *fault);
/* Order of two rows of a section: keys, then (dates) effective_from. */
int sk_law_order(const struct sk_law_section *section, const void *a, const void *b, bool dates);
/* The keys of a row, one space between them. */
const char *sk_law_keys(const struct sk_law_section *section, const void *row, char text[SK_LAW_KEYS_TEXT_MAX]);

#endif
