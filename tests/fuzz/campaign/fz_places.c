/* SPDX-License-Identifier: Apache-2.0 */
/* A table of the operator's, as AS and as sectors: every address that the text begins with is looked up. */
#include <string.h>

#include "campaign/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	for (int as = 0; as < 2; as++) {
		struct sk_places *places;
		struct sk_fault fault;
		if (sk_places_read("places", bytes, length, (enum sk_places_kind)as, &places, &fault) != SK_OK) {
			SK_INVARIANT(places == NULL);
			continue;
		}
		for (unsigned i = 0; i < 64; i++) {
			struct sk_addr addr = {.family = i % 2 == 0 ? 4 : 6};
			for (unsigned b = 0; b < (addr.family == 4 ? 4u : 16u); b++)
				addr.bytes[b] = length == 0 ? 0 : bytes[(i * 7 + b) % length];
			uint32_t word = sk_places_find(places, &addr);
			SK_INVARIANT(word == UINT32_MAX || sk_places_word(places, word) != NULL);
		}
		sk_places_free(places);
	}
	return 0;
}
