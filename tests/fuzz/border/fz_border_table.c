/* SPDX-License-Identifier: Apache-2.0 */
/* A table file from a stranger who can compute SHA-256: the digest is set right, then the table is opened and asked. Whatever open accepts, look-ups stay in it. */
#include <stdlib.h>

#include "border/border_priv.h"
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void ask(const struct sk_border *table, const struct sk_addr *addr)
{
	struct sk_border_verdict verdict;
	struct sk_addr last;
	SK_INVARIANT(sk_border_side(table, addr) <= SK_SIDE_FOREIGN);
	SK_INVARIANT(sk_border_span(table, addr, &last) <= SK_SIDE_FOREIGN);
	SK_INVARIANT(sk_addr_compare(addr, &last) <= 0);
	sk_border_prefetch(table, addr->bytes, addr->family);
	uint16_t country = sk_border_country(table, addr->bytes, addr->family);
	SK_INVARIANT(country == 0 || (country >= SK_COUNTRY('A', 'A') && country <= SK_COUNTRY('Z', 'Z')));
	sk_border_decide(table, addr, &verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_border *table = NULL;
	struct sk_border_info info;
	if (length < SK_BORDER_HEADER_BYTES || sk_seal_start() != SK_OK)
		return 0;
	uint8_t *copy = malloc(length);
	SK_INVARIANT(copy != NULL);
	memcpy(copy, bytes, length);
	sk_sha256(copy, length - SK_HASH_BYTES, copy + length - SK_HASH_BYTES);
	if (sk_border_of_bytes("fuzz", copy, length, &table, NULL) == SK_OK) {
		sk_border_info(table, &info);
		for (size_t i = 0; i + 16 <= length && i < 4096; i += 61) {
			struct sk_addr four = {.family = 4}, six = {.family = 6};
			memcpy(four.bytes, bytes + i, 4);
			memcpy(six.bytes, bytes + i, 16);
			ask(table, &four);
			ask(table, &six);
		}
		/* to the end of every deep slot */
		for (unsigned family = 4; family <= 6; family += 2) {
			struct sk_addr at = {.family = (uint8_t)family}, last;
			for (unsigned i = 0; i < 600; i++) {
				(void)sk_border_span(table, &at, &last);
				ask(table, &last);
				at = sk_u128_addr(sk_u128_of(last.bytes, family) + 1, family);
			}
		}
	}
	sk_border_close(table);
	free(copy);
	return 0;
}
