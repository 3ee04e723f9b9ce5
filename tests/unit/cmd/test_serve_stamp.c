/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what a server keeps open of a file is still what stands there: every write must be seen, also one that leaves size and time as they were. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/serve_stamp.h"

enum { PATH = 64 };
static const int64_t second_ns = 1000000000;

static void write_at(const char *path, const char *text, int64_t written_ns)
{
	const struct timespec when = {.tv_sec = (time_t)(written_ns / second_ns), .tv_nsec = (long)(written_ns % second_ns)}, times[2] = {when, when};
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void a_write_is_seen(void **state)
{
	(void)state;
	char folder[] = "/tmp/sekisho-stamp-XXXXXX", first[PATH], second[PATH];
	assert_non_null(mkdtemp(folder));
	(void)snprintf(first, sizeof first, "%s/a", folder);
	(void)snprintf(second, sizeof second, "%s/b", folder);
	const char *const paths[] = {first, second};
	struct sk_stamp before, now;
	int64_t then_ns = 1000 * second_ns, later_ns = then_ns + 10 * second_ns;
	write_at(first, "one", then_ns);
	/* The second is not there: that is a state too. */
	sk_stamp_take(paths, 2, later_ns, &before);
	sk_stamp_take(paths, 2, later_ns + second_ns, &now);
	assert_true(before.settled && sk_stamp_same(&before, &now));
	/* Empty is as good as not there: an opened database has a log beside it, in which nothing stands. */
	write_at(second, "", later_ns);
	sk_stamp_take(paths, 2, later_ns, &now);
	assert_true(now.settled && sk_stamp_same(&before, &now));
	write_at(second, "row", then_ns);
	sk_stamp_take(paths, 2, later_ns, &now);
	assert_false(sk_stamp_same(&before, &now));
	before = now;
	write_at(first, "more", then_ns);
	sk_stamp_take(paths, 2, later_ns, &now);
	assert_false(sk_stamp_same(&before, &now));
	before = now;
	write_at(first, "less", then_ns + 1);
	sk_stamp_take(paths, 2, later_ns, &now);
	assert_false(sk_stamp_same(&before, &now));
	/* Written just before it was looked at: another write may have left the same time, so it is the same as nothing. */
	write_at(first, "same", later_ns - second_ns / 2);
	sk_stamp_take(paths, 2, later_ns, &before);
	write_at(first, "else", later_ns - second_ns / 2);
	sk_stamp_take(paths, 2, later_ns + 5 * second_ns, &now);
	assert_false(before.settled || sk_stamp_same(&before, &now));
	sk_stamp_take(paths, 2, later_ns + 6 * second_ns, &before);
	assert_true(before.settled && sk_stamp_same(&now, &before));
	assert_int_equal(unlink(first) + unlink(second) + rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_write_is_seen)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
