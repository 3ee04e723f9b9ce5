/* SPDX-License-Identifier: Apache-2.0 */
/* Saboteur: no address is seen to embed another. The rules' tests must go red. */
#include "test_border_rules.h"

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
	int red = cmocka_run_group_tests(rules, NULL, NULL);
	(void)fprintf(stderr, "%d of the rules' tests went red, at least 1 were expected\n", red);
	return red >= 1 ? 0 : 1;
}
