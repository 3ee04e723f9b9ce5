/* SPDX-License-Identifier: Apache-2.0 */
/* text/lines.h: lines of a text that somebody else wrote, bounded: CR LF, a byte order mark and white space at both ends are taken off, control bytes and
   NUL refused. Promises: bytes are read through wire's cursor alone; every refusal names file and line. */
#ifndef SK_TEXT_LINES_H
#define SK_TEXT_LINES_H

#include "base/base.h"
#include "wire/wire.h"

enum { SK_LINE_MAX = 1024 };

struct sk_lines {
	struct sk_cur cur;
	const char *label;
	uint32_t number; /* of the line in text, from 1 */
	char text[SK_LINE_MAX];
};
/* Start. label is the file's name for messages; it and the bytes are borrowed. */
void sk_lines_begin(struct sk_lines *lines, const char *label, const void *bytes, size_t length);
/* The next line. SK_OK, SK_ENOENT at the end, SK_EINPUT. */
SK_MUST enum sk_err sk_lines_next(struct sk_lines *lines, struct sk_fault *fault);
/* SK_EINPUT with "label:line: ..." in front. */
SK_PRINTF(3, 4) enum sk_err sk_lines_fault(const struct sk_lines *lines, struct sk_fault *fault, const char *format, ...);
/* Cut text in place at each separator, take off blanks and one pair of double quotes; returns how many fields there are, at most `most` stored. */
unsigned sk_lines_split(char *text, char separator, char **field, unsigned most);
/* A decimal number without sign. SK_EMALFORMED. */
SK_MUST enum sk_err sk_lines_number(const char *text, uint64_t most, uint64_t *out);

#endif
