/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the bodies of acts of retention, and as the envelope of an original. What is taken is written again as it was. */
#include <string.h>

#include "custody/custody.h"
#include "store/original.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void same(const struct sk_buf *written, const uint8_t *bytes, size_t length)
{
	SK_INVARIANT(written->failed == SK_OK && written->length == length && memcmp(written->bytes, bytes, length) == 0);
}

static void as_bodies(const uint8_t *bytes, size_t length)
{
	struct sk_erasure erasure;
	struct sk_handing handing;
	struct sk_fault fault;
	struct sk_buf out;
	sk_buf_init(&out, SK_ACT_BODY_MAX);
	if (sk_erasure_read((const char *)bytes, length, &erasure, &fault) == SK_OK) {
		sk_erasure_write(&erasure, &out);
		same(&out, bytes, length);
		sk_erasure_fini(&erasure);
	}
	sk_buf_reset(&out);
	if (sk_handing_read((const char *)bytes, length, &handing, &fault) == SK_OK) {
		sk_handing_write(&handing, &out);
		same(&out, bytes, length);
	}
	sk_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_sign_key *key;
	struct sk_original_part part = {.length = 33};
	char value[SK_ORIGINAL_MAX];
	struct sk_fault fault;
	if (key == NULL && (sk_seal_start() != SK_OK || sk_sign_key_new("officer", &key) != SK_OK))
		return 0;
	as_bodies(bytes, length);
	/* No box of a stranger opens for this key, and nothing opens without a privacy officer's part. */
	SK_INVARIANT(sk_original_part(bytes, length, key, &part, &fault) != SK_OK);
	part.length = 33;
	SK_INVARIANT(sk_original_open(bytes, length, &part, 1, value, &fault) != SK_OK);
	return 0;
}
