/* SPDX-License-Identifier: Apache-2.0 */
/* What the saboteurs share. Each replaces one function of the room; its main passes when the rules' tests go red. */
#ifndef SABOTAGE_BORDER_H
#define SABOTAGE_BORDER_H

#include "test_border_rules.h"

/* A test that stops in the middle leaks what it held, which is no finding here. Called by the address sanitizer, where there is one. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static int expect_red(int at_least)
{
	int red = cmocka_run_group_tests(rules, NULL, NULL);
	(void)fprintf(stderr, "%d of the rules' tests went red, at least %d were expected\n", red, at_least);
	return red >= at_least ? 0 : 1;
}

#endif
