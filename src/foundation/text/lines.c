/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/lines.h"

void sk_lines_begin(struct sk_lines *lines, const char *label, const void *bytes, size_t length)
{
	lines->cur = sk_cur_of(bytes, length);
	lines->label = label;
	lines->number = 0;
	if (sk_peek_u8(&lines->cur, 0) == 0xef && sk_peek_u8(&lines->cur, 1) == 0xbb && sk_peek_u8(&lines->cur, 2) == 0xbf)
		sk_skip(&lines->cur, 3);
}

enum sk_err sk_lines_fault(const struct sk_lines *lines, struct sk_fault *fault, const char *format, ...)
{
	char what[SK_FAULT_LINE_MAX];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return sk_fault_set(fault, SK_EINPUT, "%s:%u: %s", lines->label, lines->number, what);
}

static void trim(char *text)
{
	size_t length = strlen(text), skip = strspn(text, " \t");
	while (length > skip && (text[length - 1] == ' ' || text[length - 1] == '\t' || text[length - 1] == '\r'))
		length--;
	memmove(text, text + skip, length - skip);
	text[length - skip] = '\0';
}

enum sk_err sk_lines_next(struct sk_lines *lines, struct sk_fault *fault)
{
	if (!sk_more(&lines->cur))
		return SK_ENOENT;
	if (lines->number == UINT32_MAX)
		return sk_lines_fault(lines, fault, "too many lines");
	lines->number++;
	size_t left = sk_left(&lines->cur);
	const uint8_t *newline = memchr(lines->cur.at, '\n', left);
	size_t length = newline != NULL ? (size_t)(newline - lines->cur.at) : left;
	if (length >= sizeof lines->text)
		return sk_lines_fault(lines, fault, "line of %zu bytes; at most %d are allowed", length, SK_LINE_MAX - 1);
	sk_copy(&lines->cur, lines->text, length);
	lines->text[length] = '\0';
	if (newline != NULL)
		sk_skip(&lines->cur, 1);
	if (strlen(lines->text) != length)
		return sk_lines_fault(lines, fault, "a NUL byte; a text file was expected");
	trim(lines->text);
	for (const char *c = lines->text; *c != '\0'; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return sk_lines_fault(lines, fault, "control byte 0x%02x; a text file was expected", (unsigned)(unsigned char)*c);
	return SK_OK;
}

unsigned sk_lines_split(char *text, char separator, char **field, unsigned most)
{
	unsigned count = 0;
	for (char *at = text; at != NULL; count++) {
		char *end = strchr(at, separator);
		if (end != NULL)
			*end++ = '\0';
		trim(at);
		size_t length = strlen(at);
		if (length >= 2 && at[0] == '"' && at[length - 1] == '"') {
			at[length - 1] = '\0';
			at++;
		}
		if (count < most)
			field[count] = at;
		at = end;
	}
	return count;
}

enum sk_err sk_lines_number(const char *text, uint64_t most, uint64_t *out)
{
	uint64_t value = 0;
	if (*text == '\0')
		return SK_EMALFORMED;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > UINT64_MAX / 10 - 1)
			return SK_EMALFORMED;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	*out = value;
	return value <= most ? SK_OK : SK_EMALFORMED;
}
