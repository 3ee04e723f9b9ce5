/* SPDX-License-Identifier: Apache-2.0 */
/* Saboteur: the special ranges are forgotten. The rules' tests must go red. */
#include "sabotage_border.h"
#include "border/special.h"

const struct sk_border_special *sk_border_specials(size_t *count)
{
	*count = 0;
	return NULL;
}

int main(void)
{
	return expect_red(3);
}
