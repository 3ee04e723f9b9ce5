/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void sk_buf_init(struct sk_buf *buf, size_t limit_bytes)
{
	*buf = (struct sk_buf){.limit = limit_bytes, .failed = SK_OK};
}

void sk_buf_fini(struct sk_buf *buf)
{
	if (buf->bytes != NULL) {
		sk_wipe(buf->bytes, buf->capacity);
		free(buf->bytes);
	}
	sk_buf_init(buf, buf->limit);
}

void sk_buf_reset(struct sk_buf *buf)
{
	if (buf->bytes != NULL)
		sk_wipe(buf->bytes, buf->length + 1);
	buf->length = 0;
	buf->failed = SK_OK;
}

/* Make room for `extra` more bytes and the NUL. Old memory is wiped: it may have held a secret. */
static bool make_room(struct sk_buf *buf, size_t extra)
{
	if (buf->failed != SK_OK)
		return false;
	if (extra > buf->limit - buf->length) {
		buf->failed = SK_ETOOBIG;
		return false;
	}
	size_t needed = buf->length + extra + 1;
	if (needed <= buf->capacity)
		return true;
	size_t capacity = buf->capacity != 0 ? buf->capacity : FIRST_CAPACITY;
	while (capacity < needed)
		capacity *= 2;
	uint8_t *grown = malloc(capacity);
	if (grown == NULL) {
		buf->failed = SK_ENOMEM;
		return false;
	}
	if (buf->bytes != NULL) {
		memcpy(grown, buf->bytes, buf->length);
		sk_wipe(buf->bytes, buf->capacity);
		free(buf->bytes);
	}
	buf->bytes = grown;
	buf->capacity = capacity;
	return true;
}

void sk_buf_add(struct sk_buf *buf, const void *bytes, size_t length)
{
	if (!make_room(buf, length))
		return;
	if (length != 0)
		memcpy(buf->bytes + buf->length, bytes, length);
	buf->length += length;
	buf->bytes[buf->length] = '\0';
}

void sk_buf_add_u8(struct sk_buf *buf, uint8_t value)
{
	sk_buf_add(buf, &value, 1);
}

void sk_buf_add_text(struct sk_buf *buf, const char *text)
{
	sk_buf_add(buf, text, strlen(text));
}

void sk_buf_addf(struct sk_buf *buf, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length >= 0 && make_room(buf, (size_t)length)) {
		(void)vsnprintf((char *)buf->bytes + buf->length, (size_t)length + 1, format, again);
		buf->length += (size_t)length;
	}
	va_end(again);
}

const char *sk_buf_text(const struct sk_buf *buf)
{
	return buf->bytes != NULL && buf->failed == SK_OK ? (const char *)buf->bytes : "";
}
