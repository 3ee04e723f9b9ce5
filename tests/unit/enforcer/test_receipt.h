/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SK_TEST_RECEIPT_H
#define SK_TEST_RECEIPT_H

#include "warrant/receipt.h"

/* The steps of a warrant's receipts in a folder, in one line, without those that watched; fails the test when they are no whole chain. */
void receipts_line(const char *out, const struct sk_verify_key *key, const uint8_t digest[SK_HASH_BYTES], char *line, size_t size);
void test_receipts(void **state);

#endif
