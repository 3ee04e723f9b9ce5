/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a commitment: whatever is taken is written again as the same bytes. */
#include "book/book.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sk_book_batch batch;
	struct sk_fault fault;
	struct sk_buf out;
	if (sk_book_body_read((const char *)data, size, &batch, &fault) != SK_OK)
		return 0;
	sk_buf_init(&out, 4096);
	sk_book_body(&batch, &out);
	struct sk_book_batch again;
	if (out.failed == SK_OK && (sk_book_body_read(sk_buf_text(&out), out.length, &again, &fault) != SK_OK || memcmp(&again, &batch, sizeof batch) != 0))
		abort();
	sk_buf_fini(&out);
	return 0;
}
