/* SPDX-License-Identifier: Apache-2.0 */
/* Saboteur: no address is seen to embed another. The rules' tests must go red. */
#include "sabotage_border.h"

unsigned sk_border_embedded(const uint8_t bytes[16], uint8_t embedded[2][4])
{
	(void)bytes, (void)embedded;
	return 0;
}

enum sk_side sk_border_embedded_side(const struct sk_border *table, const uint8_t bytes[16])
{
	return sk_border_trie_side(table, 6, bytes);
}

int main(void)
{
	return expect_red(1);
}
