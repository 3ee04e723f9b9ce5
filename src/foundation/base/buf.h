/* SPDX-License-Identifier: Apache-2.0 */
/* A growable byte buffer with a hard maximum and sticky failure: append as you like, ask once at the end. */
#ifndef SK_BASE_BUF_H
#define SK_BASE_BUF_H

#include "base/base.h"

struct sk_buf {
	uint8_t *bytes; /* owned; NUL-terminated one past length once anything was appended */
	size_t length;
	size_t capacity;
	size_t limit; /* hard maximum of length, in bytes */
	enum sk_err failed; /* SK_OK, SK_ETOOBIG or SK_ENOMEM; sticky */
};

/* Start empty with a hard limit in bytes. Allocates nothing yet. */
void sk_buf_init(struct sk_buf *buf, size_t limit_bytes);
/* Wipe and free. The buffer may be used again with the same limit. */
void sk_buf_fini(struct sk_buf *buf);
/* Forget the content (wiped), keep the memory and clear the failure. */
void sk_buf_reset(struct sk_buf *buf);
/* Append bytes. Past the limit or out of memory: nothing is appended and the buffer is failed. */
void sk_buf_add(struct sk_buf *buf, const void *bytes, size_t length);
/* Append one byte. */
void sk_buf_add_u8(struct sk_buf *buf, uint8_t value);
/* Append a NUL-terminated text, without the NUL. */
void sk_buf_add_text(struct sk_buf *buf, const char *text);
/* Append printf output. */
SK_PRINTF(2, 3) void sk_buf_addf(struct sk_buf *buf, const char *format, ...);
/* The content as text (never NULL; "" when empty or failed). Borrowed until the next change. */
const char *sk_buf_text(const struct sk_buf *buf);

#endif
