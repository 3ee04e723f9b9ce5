/* SPDX-License-Identifier: Apache-2.0 */
/* A border table of arithmetic, wrapped around the real one: the last byte of an address modulo 3 is its side (0 unknown, 1 domestic, 2 foreign). */
#include "border/border.h"

enum sk_side __wrap_sk_border_side(const struct sk_border *table, const struct sk_addr *addr);
void __wrap_sk_border_prefetch(const struct sk_border *table, const uint8_t *bytes, unsigned family);

enum sk_side __wrap_sk_border_side(const struct sk_border *table, const struct sk_addr *addr)
{
	(void)table;
	return (enum sk_side)(addr->bytes[addr->family == 4 ? 3 : 15] % 3);
}

void __wrap_sk_border_prefetch(const struct sk_border *table, const uint8_t *bytes, unsigned family)
{
	(void)table;
	(void)bytes;
	(void)family;
}
