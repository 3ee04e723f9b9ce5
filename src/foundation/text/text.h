/* SPDX-License-Identifier: Apache-2.0 */
/* text: how values look to people and to files: times, units, escaping, hexadecimal, base64, tables. Canonical JSON is json.h.
   Promises: no locale; output is UTF-8. Never reads a clock. */
#ifndef SK_TEXT_H
#define SK_TEXT_H

#include "base/buf.h"

enum { SK_TIME_TEXT_MAX = 40, SK_UNIT_TEXT_MAX = 40 };

/* RFC 3339 in UTC with as many fraction digits as asked (0, 3, 6, 9), e.g. "2026-11-22T06:30:00.000000Z"; years 0001-9999, else "-". */
const char *sk_time_format(int64_t unix_ns, unsigned digits, char text[SK_TIME_TEXT_MAX]);
/* Parse RFC 3339 (with offset), "YYYY-MM-DD" (UTC midnight) or seconds "@1700000000[.fraction]". SK_EMALFORMED, SK_ETOOBIG outside int64 ns. */
SK_MUST enum sk_err sk_time_parse(const char *text, int64_t *unix_ns);
/* Parse a duration: "90s", "15m", "24h", "7d", "500ms". SK_EMALFORMED. */
SK_MUST enum sk_err sk_duration_parse(const char *text, int64_t *ns);
/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar; month from 1, a day beyond the month's end runs into the next. */
int64_t sk_days_of_date(int64_t year, unsigned month, unsigned day);
/* The date of a day. */
void sk_date_of_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);
/* A whole number with thousands separated by commas: "1,234,567". */
const char *sk_number_format(uint64_t value, char text[SK_UNIT_TEXT_MAX]);
/* Bytes in binary units with one decimal: "0 B", "1.5 KiB", "13.9 MiB". */
const char *sk_bytes_format(uint64_t bytes, char text[SK_UNIT_TEXT_MAX]);
/* A rate with an SI prefix and three significant digits: "3.41 Mpkt/s" for (3.41e6, "pkt/s"). */
const char *sk_rate_format(double per_second, const char *unit, char text[SK_UNIT_TEXT_MAX]);
/* A duration for people: "850 ms", "12.4 s", "3 min 20 s", "2 d 4 h". */
const char *sk_duration_format(int64_t ns, char text[SK_UNIT_TEXT_MAX]);

/* Lower-case hexadecimal of length bytes into text[2*length+1]. */
void sk_hex_encode(const void *bytes, size_t length, char *text);
/* Decode exactly length bytes from 2*length digits (either case) and a NUL. SK_EMALFORMED. */
SK_MUST enum sk_err sk_hex_decode(const char *text, void *bytes, size_t length);
enum { SK_BASE64_32_MAX = 45 };
/* Standard base64 with padding into text[4*ceil(length/3)+1]. */
void sk_base64_encode(const void *bytes, size_t length, char *text);
/* Strict standard base64 (padding, zero trailing bits). Writes at most capacity bytes, *length tells how many. SK_EMALFORMED, SK_ETOOBIG. */
SK_MUST enum sk_err sk_base64_decode(const char *text, size_t text_length, void *bytes, size_t capacity, size_t *length);

/* Append value to out so that a terminal or a line-based log is safe: control bytes, DEL, backslash and invalid UTF-8 as \xHH. */
void sk_escape_line(struct sk_buf *out, const char *value, size_t length);
/* Append one CSV field (RFC 4180); a value that a spreadsheet could run (= + - @ at the start) gets a leading apostrophe. */
void sk_escape_csv(struct sk_buf *out, const char *value, size_t length);
/* Is it well-formed UTF-8 (no surrogates, no overlong forms)? */
bool sk_utf8_valid(const char *value, size_t length);
/* Columns that a UTF-8 text takes on a terminal (wide East Asian characters count 2). */
size_t sk_text_columns(const char *utf8);

#endif
