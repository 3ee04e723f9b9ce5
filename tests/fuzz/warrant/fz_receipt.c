/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a receipt; also as a body that the enforcer's key signed. What is accepted is written again to the same. */
#include <stdlib.h>

#include "warrant/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void read_one(const char *text, size_t length, struct sk_sign_key *key)
{
	struct sk_warrant_receipt receipt;
	struct sk_buf again;
	if (sk_receipt_decode(text, length, sk_sign_key_public(key), &receipt, NULL) != SK_OK)
		return;
	uint8_t digest[SK_HASH_BYTES];
	for (unsigned i = 0; i < SK_HASH_BYTES; i++)
		digest[i] = receipt.digest[i];
	sk_buf_init(&again, SK_RECEIPT_NOTE_MAX);
	SK_INVARIANT(sk_receipt_encode(&receipt, key, &again, NULL) == SK_OK && memcmp(digest, receipt.digest, SK_HASH_BYTES) == 0);
	SK_INVARIANT(sk_receipts_check(&receipt, 1, NULL) == SK_OK || receipt.number != 0 || receipt.step > SK_STEP_REFUSED || memcmp(receipt.previous, (uint8_t[SK_HASH_BYTES]){0}, SK_HASH_BYTES) != 0);
	sk_buf_fini(&again);
	sk_receipt_fini(&receipt);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_sign_key *key;
	struct sk_buf note;
	if (key == NULL && (sk_seal_start() != SK_OK || sk_sign_key_new("e", &key) != SK_OK))
		abort();
	read_one((const char *)bytes, length, key);
	if (length == 0 || length > SK_RECEIPT_NOTE_MAX / 2 || bytes[length - 1] != '\n')
		return 0;
	sk_buf_init(&note, SK_RECEIPT_NOTE_MAX);
	sk_note_sign(&note, (const char *)bytes, length, key);
	read_one(sk_buf_text(&note), note.length, key);
	sk_buf_fini(&note);
	return 0;
}
