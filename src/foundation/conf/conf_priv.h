/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of conf share: the table's rows, values, and where in the file a key stood. */
#ifndef SK_CONF_PRIV_H
#define SK_CONF_PRIV_H

#include "base/buf.h"
#include "conf/conf.h"

enum sk_conf_type { SK_CONF_V_BOOL, SK_CONF_V_COUNT, SK_CONF_V_BYTES, SK_CONF_V_TIME, SK_CONF_V_RATE, SK_CONF_V_SHARE, SK_CONF_V_CHOICE, SK_CONF_V_WORD,
		    SK_CONF_V_LABEL, SK_CONF_V_INTERFACE, SK_CONF_V_PATH, SK_CONF_V_SOCKET, SK_CONF_V_PREFIX, SK_CONF_V_ENDPOINT, SK_CONF_V_MAPS, SK_CONF_V_TYPES };
enum sk_conf_scope { SK_CONF_SCOPE_FILE, SK_CONF_SCOPE_LINK, SK_CONF_SCOPE_EXPORT, SK_CONF_SCOPES };
enum { SK_CONF_ROWS_MAX = 96, SK_CONF_ELEMENTS_MAX = 32, SK_CONF_EXPECTED_MAX = 256, SK_CONF_NEAR_MAX = 64 };

struct sk_conf_row {
	const char *key;              /* as people read it: "eve.rotate.size", "links[].mode" */
	uint8_t type, scope, element; /* enums above; element: the scope of MAPS' elements */
	bool reloadable;
	uint16_t places;              /* 0: one value */
	uint32_t count_at, at, size;  /* offsets of a list's count and of the (first) value; size of one value */
	const char *unit, *least, *most, *standard, *since, *choices, *sentence, *prose;
};

/* The rows, in the table's order: elements' rows stand behind their MAPS row. */
const struct sk_conf_row *sk_conf_rows(size_t *count);
/* The row's key within its scope: "mode" of "links[].mode". */
const char *sk_conf_row_key(const struct sk_conf_row *row);
/* The row of a scope with exactly this key (within the scope); NULL. */
const struct sk_conf_row *sk_conf_row(enum sk_conf_scope scope, const char *key);
/* Does any key of the scope begin with "section."? */
bool sk_conf_is_section(enum sk_conf_scope scope, const char *section);

/* What could have been meant by the unknown key text in a section ("" or "eve."): the nearest key there by spelling, else a key of that name elsewhere.
   near gets it as people read it, "" when there is none. */
void sk_conf_meant(enum sk_conf_scope scope, const char *section, const char *text, char near[SK_CONF_NEAR_MAX]);

/* The choice of a group by its word, SK_CONF_CHOICE_NONE when it has none such; and the word of a choice. */
uint16_t sk_conf_choice_find(const char *group, const char *word);
const char *sk_conf_choice_word(uint16_t choice);

/* Read one value of the row's type. SK_EMALFORMED: expected says what would have been right. text is well-formed UTF-8. */
SK_MUST enum sk_err sk_conf_value_read(const struct sk_conf_row *row, const char *text, void *value, char expected[SK_CONF_EXPECTED_MAX]);
/* Append a value as a file has it, quoted where YAML needs it. */
void sk_conf_value_write(const struct sk_conf_row *row, const void *value, struct sk_buf *out);
/* One value's default into *value; zeros when it must be given. */
void sk_conf_value_default(const struct sk_conf_row *row, void *value);
/* Set every row of a scope in base (a struct of that scope) to its default. */
void sk_conf_scope_defaults(enum sk_conf_scope scope, void *base);

/* Where a key stood; line 0: nowhere. */
struct sk_conf_mark {
	uint32_t line, column;
};
struct sk_conf_marks {
	struct sk_conf_mark key[SK_CONF_ROWS_MAX];                             /* by row, of the file's scope */
	struct sk_conf_mark element[SK_CONF_SCOPES][SK_CONF_ELEMENTS_MAX];     /* where an element begins */
	struct sk_conf_mark in_element[SK_CONF_ELEMENTS_MAX][SK_CONF_ROWS_MAX]; /* by element and row: a row is of one scope */
};
/* Errors of a file as they are found, with their places. */
struct sk_conf_tell {
	const char *name;
	struct sk_conf_report *report;
	struct sk_conf_mark marks[SK_CONF_ERRORS_MAX];
};
/* Add "NAME:LINE:COLUMN: ..." to the report, behind what stands before it in the file. */
SK_PRINTF(3, 4) void sk_conf_error(struct sk_conf_tell *tell, struct sk_conf_mark mark, const char *format, ...);
/* What no single key shows: keys that must agree with each other. */
void sk_conf_check(const struct sk_conf *conf, const struct sk_conf_marks *marks, struct sk_conf_tell *tell);

#endif
