/* SPDX-License-Identifier: Apache-2.0 */
/* Saboteur: the special ranges are forgotten. The rules' tests must go red. */
#include "test_border_rules.h"

#include "border/special.h"

const struct sk_border_special *sk_border_specials(size_t *count)
{
	*count = 0;
	return NULL;
}

int main(void)
{
	int red = cmocka_run_group_tests(rules, NULL, NULL);
	(void)fprintf(stderr, "%d of the rules' tests went red, at least 3 were expected\n", red);
	return red >= 3 ? 0 : 1;
}
