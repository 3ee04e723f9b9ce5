/* SPDX-License-Identifier: Apache-2.0 */
#include "target/sort_priv.h"

#include <stdlib.h>

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum sk_err sk_sort_lines(struct sk_buf *out, size_t from)
{
	size_t length = out->length - from, count = 0;
	if (out->failed != SK_OK)
		return out->failed;
	if (length == 0)
		return SK_OK;
	char *copy = malloc(length + 1);
	if (copy == NULL)
		return SK_ENOMEM;
	memcpy(copy, out->bytes + from, length);
	copy[length] = '\0';
	for (const char *at = copy; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	char **lines = calloc(count + 1, sizeof *lines);
	if (lines == NULL) {
		free(copy);
		return SK_ENOMEM;
	}
	char *at = copy;
	for (size_t i = 0; i < count; i++) {
		lines[i] = at;
		at = strchr(at, '\n');
		*at++ = '\0';
	}
	qsort(lines, count, sizeof *lines, by_line);
	out->length = from;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(lines[i], lines[i - 1]) != 0) {
			sk_buf_add_text(out, lines[i]);
			sk_buf_add_u8(out, '\n');
		}
	free(lines);
	free(copy);
	return out->failed;
}
