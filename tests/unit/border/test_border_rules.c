/* SPDX-License-Identifier: Apache-2.0 */
#include "test_border_rules.h"

int main(void)
{
	return cmocka_run_group_tests(rules, NULL, NULL);
}
