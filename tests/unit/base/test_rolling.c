/* SPDX-License-Identifier: Apache-2.0 */
/* Files that roll: whole lines whatever the disk does (RLIMIT_FSIZE stands in for a full one), put aside by size and age, opened anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rolling.h"

enum { TEXT_MAX = 8 << 20 };
static const int64_t second_ns = 1000000000;

struct scene {
	char folder[64], path[96];
	struct sk_fault fault;
	struct sk_buf text;
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	assert_non_null(scene);
	strcpy(scene->folder, "/tmp/sk-rolling-XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
	(void)snprintf(scene->path, sizeof scene->path, "%s/f", scene->folder);
	sk_buf_init(&scene->text, TEXT_MAX);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	DIR *folder = opendir(scene->folder);
	char path[512];
	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		(void)snprintf(path, sizeof path, "%s/%s", scene->folder, entry->d_name);
		(void)unlink(path);
	}
	(void)closedir(folder);
	(void)rmdir(scene->folder);
	sk_buf_fini(&scene->text);
	free(scene);
	return 0;
}

static const char *content(struct scene *scene, const char *suffix)
{
	char path[128];
	(void)snprintf(path, sizeof path, "%s%s", scene->path, suffix);
	sk_buf_reset(&scene->text);
	if (sk_file_read(path, &scene->text, &scene->fault) != SK_OK)
		return NULL;
	return sk_buf_text(&scene->text);
}

static struct sk_rolling *open_it(struct scene *scene, struct sk_rolling_limits limits)
{
	struct sk_rolling *rolling;
	assert_int_equal(sk_rolling_open(scene->path, 0640, &limits, 0, &rolling, &scene->fault), SK_OK);
	return rolling;
}

static void add(struct sk_rolling *rolling, const char *line, int64_t now_s)
{
	sk_rolling_add(rolling, line, strlen(line), now_s * second_ns);
}

static void lines_wait_no_longer_than_said(void **state)
{
	struct scene *scene = *state;
	struct sk_rolling *rolling = open_it(scene, (struct sk_rolling_limits){.flush_ns = second_ns});
	struct sk_rolling_stats stats;
	struct stat info;
	add(rolling, "one\n", 100);
	sk_rolling_tick(rolling, 100 * second_ns + 1);
	assert_string_equal(content(scene, ""), "");
	sk_rolling_tick(rolling, 101 * second_ns);
	assert_string_equal(content(scene, ""), "one\n");
	add(rolling, "two\n", 101);
	sk_rolling_tick(rolling, 50 * second_ns); /* the clock ran back */
	assert_string_equal(content(scene, ""), "one\ntwo\n");
	add(rolling, "three\n", 50);
	assert_int_equal(sk_rolling_sync(rolling, &scene->fault), SK_OK);
	assert_string_equal(content(scene, ""), "one\ntwo\nthree\n");
	sk_rolling_stats(rolling, &stats);
	assert_int_equal(stats.lines, 3);
	assert_int_equal(stats.bytes, 14);
	assert_int_equal(sk_rolling_close(rolling, &scene->fault), SK_OK);
	assert_int_equal(stat(scene->path, &info), 0);
	assert_int_equal(info.st_mode & 0137, 0);
	/* a new run goes on behind it */
	rolling = open_it(scene, (struct sk_rolling_limits){0});
	add(rolling, "four\n", 60);
	assert_string_equal(content(scene, ""), "one\ntwo\nthree\nfour\n");
	assert_int_equal(sk_rolling_close(rolling, &scene->fault), SK_OK);
}

static void size_puts_aside(void **state)
{
	struct scene *scene = *state;
	struct sk_rolling *rolling = open_it(scene, (struct sk_rolling_limits){.size_bytes = 8, .keep = 2});
	struct sk_rolling_stats stats;
	for (const char *c = "abcdefg"; *c != '\0'; c++) {
		char line[] = {*c, *c, *c, '\n', '\0'};
		add(rolling, line, 1);
	}
	assert_string_equal(content(scene, ""), "ggg\n");
	assert_string_equal(content(scene, ".1"), "eee\nfff\n");
	assert_string_equal(content(scene, ".2"), "ccc\nddd\n");
	assert_null(content(scene, ".3"));
	assert_null(content(scene, ".new"));
	/* A line longer than the limit has a file of its own; fewer files are kept from now on. */
	sk_rolling_set(rolling, &(struct sk_rolling_limits){.size_bytes = 8, .keep = 1});
	add(rolling, "longer than eight\n", 1);
	assert_string_equal(content(scene, ""), "longer than eight\n");
	assert_string_equal(content(scene, ".1"), "ggg\n");
	assert_null(content(scene, ".2"));
	sk_rolling_set(rolling, &(struct sk_rolling_limits){.size_bytes = 8, .keep = 0});
	add(rolling, "h\n", 1);
	assert_string_equal(content(scene, ""), "h\n");
	assert_null(content(scene, ".1"));
	sk_rolling_stats(rolling, &stats);
	assert_int_equal(stats.rolled, 5);
	assert_int_equal(stats.lines, 9);
	assert_int_equal(sk_rolling_close(rolling, &scene->fault), SK_OK);
}

static void age_puts_aside(void **state)
{
	struct scene *scene = *state;
	struct sk_rolling *rolling = open_it(scene, (struct sk_rolling_limits){.age_ns = 10 * second_ns, .keep = 3});
	sk_rolling_tick(rolling, 100 * second_ns);
	assert_null(content(scene, ".1")); /* an empty file is never put aside */
	add(rolling, "a\n", 100);
	sk_rolling_tick(rolling, 100 * second_ns);
	assert_string_equal(content(scene, ".1"), "a\n");
	assert_string_equal(content(scene, ""), "");
	add(rolling, "b\n", 101);
	sk_rolling_tick(rolling, 109 * second_ns);
	assert_string_equal(content(scene, ""), "b\n");
	sk_rolling_tick(rolling, 110 * second_ns);
	assert_string_equal(content(scene, ".1"), "b\n");
	assert_string_equal(content(scene, ".2"), "a\n");
	assert_int_equal(sk_rolling_close(rolling, &scene->fault), SK_OK);
}

static void somebody_else_moves_it(void **state)
{
	struct scene *scene = *state;
	char moved[128];
	struct sk_rolling *rolling = open_it(scene, (struct sk_rolling_limits){.flush_ns = second_ns});
	(void)snprintf(moved, sizeof moved, "%s.old", scene->path);
	add(rolling, "one\n", 1);
	assert_int_equal(rename(scene->path, moved), 0);
	add(rolling, "two\n", 1);
	assert_int_equal(sk_rolling_reopen(rolling, second_ns, &scene->fault), SK_OK);
	add(rolling, "three\n", 1);
	assert_int_equal(sk_rolling_sync(rolling, &scene->fault), SK_OK);
	assert_string_equal(content(scene, ".old"), "one\ntwo\n");
	assert_string_equal(content(scene, ""), "three\n");
	/* copytruncate: the file is emptied under us */
	assert_int_equal(truncate(scene->path, 0), 0);
	add(rolling, "four\n", 1);
	assert_int_equal(sk_rolling_sync(rolling, &scene->fault), SK_OK);
	assert_string_equal(content(scene, ""), "four\n");
	/* A folder that is gone: the old file stays in use and nothing is lost. */
	char elsewhere[128];
	(void)snprintf(elsewhere, sizeof elsewhere, "%s.gone", scene->folder);
	assert_int_equal(rename(scene->folder, elsewhere), 0);
	assert_int_equal(sk_rolling_reopen(rolling, second_ns, &scene->fault), SK_EIO);
	assert_non_null(strstr(scene->fault.line, "the old file stays in use"));
	assert_int_equal(rename(elsewhere, scene->folder), 0);
	add(rolling, "five\n", 1);
	assert_int_equal(sk_rolling_close(rolling, &scene->fault), SK_OK);
	assert_string_equal(content(scene, ""), "four\nfive\n");
}

static void half_a_line_is_never_continued(void **state)
{
	struct scene *scene = *state;
	int fd = open(scene->path, O_WRONLY | O_CREAT, 0640);
	assert_int_equal(write(fd, "whole\nha", 8), 8);
	(void)close(fd);
	struct sk_rolling *rolling = open_it(scene, (struct sk_rolling_limits){.keep = 1});
	add(rolling, "new\n", 1);
	assert_string_equal(content(scene, ""), "new\n");
	assert_string_equal(content(scene, ".1"), "whole\nha");
	assert_int_equal(sk_rolling_close(rolling, &scene->fault), SK_OK);
}

/* Every size at which a write can be cut short: the file holds whole lines alone, and what did not fit comes when there is room. The child has the limit. */
static void a_full_disk_leaves_whole_lines(void **state)
{
	struct scene *scene = *state;
	static const char lines[] = "first line\nsecond\nthird, the longest of them all\n4\n";
	struct rlimit before;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	for (size_t room = 0; room < sizeof lines - 1; room++) {
		(void)unlink(scene->path);
		struct sk_rolling *rolling = open_it(scene, (struct sk_rolling_limits){.flush_ns = second_ns});
		struct sk_rolling_stats stats;
		for (const char *at = lines, *end; *at != '\0'; at = end + 1) {
			end = strchr(at, '\n');
			sk_rolling_add(rolling, at, (size_t)(end + 1 - at), 0);
		}
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){room, before.rlim_max}), 0);
		enum sk_err err = sk_rolling_sync(rolling, &scene->fault);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_not_equal(err, SK_OK);
		const char *kept = content(scene, "");
		size_t length = strlen(kept);
		assert_true(length <= room && (length == 0 || kept[length - 1] == '\n'));
		assert_memory_equal(kept, lines, length);
		assert_null(memchr(lines + length, '\n', room - length)); /* all that fitted whole is there */
		sk_rolling_stats(rolling, &stats);
		assert_int_equal(stats.lost, 0);
		assert_int_not_equal(stats.errnum, 0);
		assert_int_equal(sk_rolling_close(rolling, &scene->fault), SK_OK);
		assert_string_equal(content(scene, ""), lines);
	}
}

static void what_finds_no_place_is_counted(void **state)
{
	struct scene *scene = *state;
	char line[1001];
	struct sk_rolling *rolling;
	struct sk_rolling_stats stats;
	if (access("/dev/full", W_OK) != 0)
		skip();
	memset(line, 'x', sizeof line);
	line[999] = '\n';
	assert_int_equal(sk_rolling_open("/dev/full", 0640, &(struct sk_rolling_limits){.flush_ns = second_ns, .size_bytes = 10, .age_ns = 1}, 0, &rolling, &scene->fault), SK_OK);
	for (int i = 0; i < 1000; i++)
		sk_rolling_add(rolling, line, 1000, 0);
	sk_rolling_tick(rolling, 2 * second_ns);
	sk_rolling_stats(rolling, &stats);
	assert_int_equal(stats.lines, 0);
	assert_int_equal(stats.lost, 1000 - SK_ROLLING_BUFFER_BYTES / 1000);
	assert_int_equal(stats.errnum, ENOSPC);
	assert_int_equal(stats.rolled, 0); /* a device is not put aside */
	assert_int_equal(sk_rolling_close(rolling, &scene->fault), SK_ENOSPC);
	assert_non_null(strstr(scene->fault.line, "1000 lines could not be written"));
	assert_int_equal(sk_rolling_open("/nowhere/at/all", 0640, &(struct sk_rolling_limits){0}, 0, &rolling, &scene->fault), SK_EIO);
}

/* When the new file cannot be made, the old one goes on and nothing has moved. */
static void putting_aside_that_fails_changes_nothing(void **state)
{
	struct scene *scene = *state;
	char fresh[128];
	struct sk_rolling_stats stats;
	struct sk_rolling *rolling = open_it(scene, (struct sk_rolling_limits){.size_bytes = 4, .keep = 2});
	add(rolling, "one\n", 1);
	(void)snprintf(fresh, sizeof fresh, "%s.new", scene->path);
	assert_int_equal(mkdir(fresh, 0700), 0);
	add(rolling, "two\n", 1);
	sk_rolling_stats(rolling, &stats);
	assert_int_equal(stats.rolled, 0);
	assert_string_equal(content(scene, ""), "one\ntwo\n");
	assert_int_equal(rmdir(fresh), 0);
	add(rolling, "three\n", 1);
	assert_string_equal(content(scene, ".1"), "one\ntwo\n");
	assert_int_equal(sk_rolling_close(rolling, &scene->fault), SK_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_wait_no_longer_than_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(size_puts_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(age_puts_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(somebody_else_moves_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(half_a_line_is_never_continued, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_leaves_whole_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_finds_no_place_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(putting_aside_that_fails_changes_nothing, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
