/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a set's file (its checksum is left out: no fuzzer would guess it): what opens is a set that can be written again to the same digest. */
#include <stdlib.h>

#include "rules/rules_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_rules_options options = {.max_rules = 100};
	struct sk_rules *rules = NULL, *other = NULL;
	struct sk_fault fault;
	uint8_t digest[2][SK_HASH_BYTES];
	SK_INVARIANT(sk_seal_start() == SK_OK && sk_rules_new(&options, &rules) == SK_OK && sk_rules_new(&options, &other) == SK_OK);
	if (sk_rules_read_lines(rules, "fuzz", bytes, length, &fault) == SK_OK) {
		SK_INVARIANT(sk_rules_merge(other, rules, &fault) == SK_OK);
		sk_rules_digest(rules, digest[0]);
		sk_rules_digest(other, digest[1]);
		SK_INVARIANT(memcmp(digest[0], digest[1], SK_HASH_BYTES) == 0);
	}
	sk_rules_free(rules);
	sk_rules_free(other);
	return 0;
}
