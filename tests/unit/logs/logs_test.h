/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of logs share: a border (192.0.2.0/24 and 2001:db8:1::/48 inside, 233.252.0.0/24 unknown, the rest outside), a small set, and a file read to
   its end as one line of text: a letter an outcome (A E N M), then the hits. */
#ifndef LOGS_TEST_H
#define LOGS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "border/border_build.h"
#include "logs/logs.h"
#include "text/text.h"

struct logs_test {
	struct sk_border *table;
	struct sk_indicator_set *set;
	char folder[64];
};

/* Make and free; for cmocka_run_group_tests. */
int logs_test_start(void **state);
int logs_test_end(void **state);
/* Write content into a file of the folder. Static storage. */
const char *logs_test_file(const struct logs_test *test, const void *content, size_t length);
/* Read it: "AEM. 203.0.113.66/destination address:2 ..." (value/field:line), or "! line" when it cannot be opened or ends with an error. Static storage. */
const char *logs_test_read(const struct logs_test *test, const char *path, unsigned classes);
/* Both, under all three classes that cross. */
const char *logs_test_text(const struct logs_test *test, const char *content);

#endif
