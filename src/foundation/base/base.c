/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct err_row {
	enum sk_err err;
	enum sk_err_kind kind;
	int exit_code;
	const char *text, *name;
};

static const struct err_row rows[] = {
#define SK_ERR(code, value, kind, exit_code, text) {code, kind, exit_code, text, #code},
#include "base/err.def"
#undef SK_ERR
};

static const struct err_row *row_of(enum sk_err err)
{
	for (size_t i = 0; i < SK_COUNT(rows); i++)
		if (rows[i].err == err)
			return &rows[i];
	sk_bug(__FILE__, __LINE__, "known error code");
}

const char *sk_err_text(enum sk_err err)
{
	return row_of(err)->text;
}

const char *sk_err_name(enum sk_err err)
{
	return row_of(err)->name;
}

enum sk_err sk_err_find(const char *name)
{
	for (size_t i = 0; i < SK_COUNT(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].err;
	return SK_EBUG;
}

enum sk_err_kind sk_err_kind(enum sk_err err)
{
	return row_of(err)->kind;
}

int sk_err_exit(enum sk_err err)
{
	return row_of(err)->exit_code;
}

/* A file name may hold anything; the terminal must see only printable text. Bytes from 0x80 are kept, they are UTF-8 of our own words. */
static void make_printable(char *line)
{
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			*line = '?';
}

enum sk_err sk_fault_set(struct sk_fault *fault, enum sk_err err, const char *format, ...)
{
	if (fault == NULL)
		return err;
	fault->err = err;
	va_list args;
	va_start(args, format);
	(void)vsnprintf(fault->line, sizeof fault->line, format, args);
	va_end(args);
	make_printable(fault->line);
	return err;
}

enum sk_err sk_fault_errno(struct sk_fault *fault, int errnum, const char *format, ...)
{
	enum sk_err err = errnum == ENOSPC || errnum == EDQUOT ? SK_ENOSPC : SK_EIO;
	if (fault == NULL)
		return err;
	fault->err = err;
	va_list args;
	va_start(args, format);
	int used = vsnprintf(fault->line, sizeof fault->line, format, args);
	va_end(args);
	if (used >= 0 && (size_t)used < sizeof fault->line)
		(void)snprintf(fault->line + used, sizeof fault->line - (size_t)used, ": %s", strerror(errnum));
	make_printable(fault->line);
	return err;
}

void sk_bug(const char *file, int line, const char *condition)
{
	(void)fprintf(stderr, "sekisho: internal error at %s:%d: %s does not hold\n", file, line, condition);
	abort();
}

void sk_wipe(void *bytes, size_t length)
{
	sk_wipe_small(bytes, length);
}

size_t sk_count_nonzero(const void *memory, size_t length)
{
	const uint8_t *bytes = memory;
	size_t count = 0;
	for (size_t i = 0; i < length; i++) {
		uint64_t word = 0;
		while (length - i >= sizeof word && (memcpy(&word, bytes + i, sizeof word), word == 0))
			i += sizeof word;
		count += i < length && bytes[i] != 0;
	}
	return count;
}
