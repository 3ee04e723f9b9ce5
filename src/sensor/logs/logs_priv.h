/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: text of a line as spans, the two ways to cut a line, values. Tests of this room may include it. */
#ifndef SK_LOGS_PRIV_H
#define SK_LOGS_PRIV_H

#include <string.h>

#include "logs/logs.h"

enum { SLACK_BYTES = 64 /* readable behind every line: the scanners look at blocks */ };

/* How a span is written in its line. */
enum coding { CODING_PLAIN, CODING_JSON, CODING_ZEEK, CODING_CSV };

/* A piece of a line, nothing of it interpreted. */
struct span {
	const char *at;
	uint32_t length;
	uint8_t field;  /* enum sk_log_field */
	uint8_t coding; /* enum coding; PLAIN where there is nothing to undo */
	uint8_t set;    /* Zeek: values with schema->set_separator between them */
	uint8_t whose;  /* JSON: enum whose */
};

/* The spans that a cut found, in order of the line. */
struct found {
	size_t count;
	struct span span[SK_LOG_VALUES_MAX];
};
/* Add one; false: there is no room. */
static inline bool found_add(struct found *found, struct span span)
{
	if (found->count == SK_LOG_VALUES_MAX)
		return false;
	found->span[found->count++] = span;
	return true;
}
/* The first span of a field, or NULL. */
const struct span *found_get(const struct found *found, enum sk_log_field field);

/* ---- scan.c: where bytes of a kind stand ---- */

/* One bit for each of the 64 bytes from at that equals byte. Reads all 64. */
uint64_t scan_equal(const char *at, char byte);
/* The closing quote of a JSON string whose content begins at `at`, or NULL when end comes first or a control byte stands in it. *escaped: it holds a backslash.
   May read SLACK_BYTES behind end. */
const char *scan_string_end(const char *at, const char *end, bool *escaped);
/* Count line feeds. to_header: only up to the first line that begins with '#'; the number of bytes before it is returned, else length. */
size_t scan_lines(const char *at, size_t length, bool to_header, uint64_t *lines);

/* ---- json.c ---- */

enum whose { WHOSE_S = 1, WHOSE_Z = 2 };
/* Which keys have that length, which that place: bits. */
enum { JSON_KEY_MAX = 32, JSON_PLACES = 16 };
struct json_index {
	uint64_t by_length[JSON_KEY_MAX], by_place[JSON_PLACES];
};
/* Fill it. */
void json_index_init(struct json_index *index);
/* Find known keys. pair_only: stop when both addresses are there. NULL, or what is wrong. */
const char *json_cut(const struct json_index *index, const char *at, const char *end, bool pair_only, struct found *found);
/* Keep the spans of the one writer whose pair the line has. NULL, or what is wrong. */
const char *json_settle(struct found *found);
/* Undo JSON's escapes. False: it does not fit, or is none. *text is NUL-terminated. */
bool json_unescape(const struct span *span, char *text, size_t size, size_t *length);
/* Field of a column of Zeek's own format; NOTHING when it is not known. */
enum sk_log_field json_zeek_column(const char *name, size_t length);

/* ---- table.c ---- */

enum { MARK_MAX = 32 };

struct sk_log_schema {
	struct sk_log_schema *next;        /* older ones of the file */
	enum sk_log_format format;
	char separator, set_separator;
	bool padded;                       /* blanks around values do not count */
	bool has_fields;                   /* Zeek: a #fields line was there */
	bool trailer;                      /* written by nfdump -o csv: sums may follow the records */
	char unset[MARK_MAX], empty[MARK_MAX];
	unsigned columns, pair_end;        /* pair_end: columns up to which both addresses are known */
	bool has_pair;
	uint8_t field[SK_LOG_COLUMNS_MAX];
	uint8_t set[SK_LOG_COLUMNS_MAX];
	uint64_t digest;                   /* of the header line, to know it again */
};

/* Zeek: one line that begins with '#'. NULL, or what is wrong. */
const char *table_zeek_header(struct sk_log_schema *schema, const char *line, size_t length);
/* CSV: the header line. False: fault says why it is none. */
bool table_csv_header(struct sk_log_schema *schema, const char *line, size_t length, const char *name, struct sk_fault *fault);
/* nfdump's output in our form. */
void table_nfdump(struct sk_log_schema *schema);
/* Of a line that is no record: is it the header (again, in files that were put together), or the sums behind nfdump's records? */
bool table_is_no_record(const struct sk_log_schema *schema, const char *line, size_t length);

/* A cut that can stop behind the pair and go on. */
struct cut {
	const struct sk_log_schema *schema;
	const char *line, *end;  /* of the line */
	const char *start;       /* of the column that comes next */
	const char *block;
	uint64_t separators;     /* of the block, those not passed yet */
	unsigned column;
	bool quoted;             /* a quote stands in the line */
};
/* Begin. */
void cut_begin(struct cut *cut, const struct sk_log_schema *schema, const char *line, const char *end);
/* Cut columns up to, not including, `upto`. NULL, or what is wrong. */
const char *cut_go(struct cut *cut, unsigned upto, struct found *found);
/* Undo Zeek's \xHH or CSV's doubled quotes. As json_unescape. */
bool table_unescape(const struct span *span, char *text, size_t size, size_t *length);

/* ---- value.c ---- */

/* The span's text with its coding undone: in place, or in text[size]. NULL: it cannot be read. */
const char *value_text(const struct span *span, char *text, size_t size, size_t *length);
/* An address in its usual form, nothing else. */
bool value_addr(const struct span *span, struct sk_addr *out);
/* A port; 0 for anything else. */
uint16_t value_port(const struct span *span);
/* Seconds with a fraction, milliseconds, RFC 3339 with or without the colon of its offset, or "YYYY-MM-DD hh:mm:ss" taken as UTC. */
bool value_time(const struct span *span, int64_t *unix_ns);

/* ---- judge.c ---- */

struct sk_log_admitted {
	const struct sk_log_schema *schema;
	struct sk_addr source, destination;
	struct found found;
};

struct sk_log_reader {
	const struct sk_border *table;
	unsigned covered_classes;
	struct json_index index;
	struct sk_log_admitted line; /* the only one at a time */
};

#endif
