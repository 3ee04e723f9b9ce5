/* SPDX-License-Identifier: Apache-2.0 */
/* The file of events: every form of a time, and each wrong line named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "campaign/hours.h"

static enum sk_err read_text(const char *text, int64_t **times, size_t *count, struct sk_fault *fault)
{
	return sk_hours_read("events", text, strlen(text), times, count, fault);
}

static void test_forms(void **state)
{
	static const char *const same[] = {"2026-03-01T09:30:00Z", "2026-03-01T18:30:00+09:00", "2026-03-01T04:30:00-05:00", "2026-03-01T15:00:00+05:30", "2026-03-01T09:30:00.999999999Z",
					   "2026-03-01t09:30:00z", "@1772357400", "@1772357400.5", "  2026-03-01T09:30:00.5+00:00  "};
	int64_t *times;
	size_t count;
	struct sk_fault fault;
	(void)state;
	for (size_t i = 0; i < SK_COUNT(same); i++) {
		assert_int_equal(read_text(same[i], &times, &count, &fault), SK_OK);
		assert_int_equal(count, 1);
		assert_int_equal(times[0], 1772357400);
		free(times);
	}
	assert_int_equal(read_text("\xef\xbb\xbf# a remark\r\n\r\n2026-03-01T09:30:00Z\r\n2026-03-01T09:30:01Z\n", &times, &count, &fault), SK_OK);
	assert_int_equal(count, 2);
	free(times);
	assert_int_equal(read_text("", &times, &count, &fault), SK_OK);
	assert_int_equal(count, 0);
	free(times);
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = {"x", "2026-03-01", "2026-13-01T00:00:00Z", "2026-03-01T25:00:00Z", "2026-03-01T00:00:00", "2026-03-01T00:00:00+9", "2026-03-01T00:00:00Z x",
					    "@", "@x", "1772357400", "9999-03-01T00:00:00Z", "2026-03-01T00:00:00+09:00:00"};
	int64_t *times;
	size_t count;
	struct sk_fault fault;
	char text[128];
	(void)state;
	for (size_t i = 0; i < SK_COUNT(wrong); i++) {
		(void)snprintf(text, sizeof text, "2026-03-01T09:30:00Z\n\n%s\n", wrong[i]);
		assert_int_equal(read_text(text, &times, &count, &fault), SK_EINPUT);
		assert_non_null(strstr(fault.line, "events:3: "));
		assert_null(times);
		assert_int_equal(count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_wrong)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
