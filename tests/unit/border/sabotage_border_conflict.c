/* SPDX-License-Identifier: Apache-2.0 */
/* Saboteur: equal prefixes in two classes pass. The rules' tests must go red. */
#include "sabotage_border.h"

enum sk_err sk_border_conflict(const struct sk_border_build *build, const struct sk_entries *sorted, unsigned family, struct sk_fault *fault)
{
	(void)build, (void)sorted, (void)family, (void)fault;
	return SK_OK;
}

int main(void)
{
	return expect_red(1);
}
