/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled set whose structure passes is safe to ask anything. (The two SHA-256 are left out: no fuzzer guesses them.) */
#include <stdlib.h>

#include "indicator/indicator_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void ask(const struct sk_indicator_set *set)
{
	char text[320];
	struct sk_indicator_hit hit;
	for (uint32_t id = 0; id < set->facts.entries + 1 && id < 1000; id++) {
		struct sk_addr addr;
		const char *value = sk_indicator_value(set, id, text, sizeof text);
		/* Every entry is found by its own value. */
		if (id >= set->first[6])
			continue;
		bool found = id < set->first[2]   ? sk_addr_parse(value, &addr) == SK_OK && sk_indicator_match_addr(set, &addr, &hit)
			     : id < set->first[3] ? true
			     : id < set->first[4] ? sk_indicator_match_domain(set, value, strlen(value), &hit)
			     : id < set->first[5] ? sk_indicator_match_ja3(set, value, &hit)
						  : sk_indicator_match_ja4(set, value, &hit);
		SK_INVARIANT(found && ((id >= set->first[2] && id < set->first[3]) || hit.id == id));
		(void)sk_indicator_origin(set, id, text, sizeof text);
	}
	struct sk_addr addr = {.family = 4};
	for (unsigned i = 0; i < 256; i++) {
		addr.family = i % 2 != 0 ? 4 : 6;
		memset(addr.bytes, addr.family == 4 ? 0 : (int)i, sizeof addr.bytes);
		memset(addr.bytes, (int)i, 4);
		if (sk_indicator_match_addr(set, &addr, &hit))
			SK_INVARIANT(hit.id < set->facts.entries);
	}
	uint8_t digest[SK_HASH_BYTES];
	SK_INVARIANT(sk_set_digest(set, digest) == SK_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_indicator_set set;
	struct sk_fault fault;
	SK_INVARIANT(sk_seal_start() == SK_OK);
	/* As a mapping is: aligned, and not one byte longer. */
	uint8_t *copy = malloc(length != 0 ? length : 1);
	SK_INVARIANT(copy != NULL);
	if (length != 0)
		memcpy(copy, bytes, length);
	if (sk_set_view("fuzz", copy, length, &set, &fault) == SK_OK)
		ask(&set);
	free(copy);
	return 0;
}
