/* SPDX-License-Identifier: Apache-2.0 */
/* Every event in every form against tests/golden/journal (SK_UPDATE_GOLDEN=1 writes it anew); levels, rate, names, hostile texts, readers that do not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/journal.h"
#include "text/text.h"

enum { TEXT_MAX = 1 << 20 };
static const int64_t second_ns = 1000000000;

struct scene {
	struct sk_clock_fake time;
	int pipe[2];
	struct sk_journal_options options;
	struct sk_journal *journal;
	struct sk_fault fault;
	char got[1 << 17];
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	assert_non_null(scene);
	assert_int_equal(pipe2(scene->pipe, O_NONBLOCK), 0);
	scene->time.now_unix_ns = INT64_C(1795329000123456789);
	scene->options = (struct sk_journal_options){.level = SK_JOURNAL_DEBUG, .target = SK_JOURNAL_TO_STDERR, .clock = sk_clock_of_fake(&scene->time), .fd = scene->pipe[1]};
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	(void)close(scene->pipe[0]);
	(void)close(scene->pipe[1]);
	free(scene);
	return 0;
}

static void open_log(struct scene *scene)
{
	assert_int_equal(sk_journal_open(&scene->options, &scene->journal, &scene->fault), SK_OK);
}

/* What came since the last call. */
static const char *got(struct scene *scene)
{
	ssize_t length = read(scene->pipe[0], scene->got, sizeof scene->got - 1);
	scene->got[length > 0 ? length : 0] = '\0';
	return scene->got;
}

/* A sample of each type, by name of the type. */
#define SAMPLE_COUNT(journal) 1234567
#define SAMPLE_BYTES(journal) (UINT64_C(3) << 19)
#define SAMPLE_TIME(journal) INT64_C(93500000000)
#define SAMPLE_SHARE(journal) 1234
#define SAMPLE_NAME(journal) sk_journal_name(journal, "border-1")
#define SAMPLE_FAULT(journal) &fault

static void write_every_event(struct sk_journal *journal)
{
	const struct sk_fault fault = {SK_EINPUT, "/etc/sekisho/sekisho.yaml:3:1: wrong \"thing\""};
#define SK_EVENT1(symbol, level, words, help, t1, f1) sk_journal_##symbol(journal, SAMPLE_##t1(journal));
#define SK_EVENT2(symbol, level, words, help, t1, f1, t2, f2) sk_journal_##symbol(journal, SAMPLE_##t1(journal), SAMPLE_##t2(journal));
#define SK_EVENT3(symbol, level, words, help, t1, f1, t2, f2, t3, f3) sk_journal_##symbol(journal, SAMPLE_##t1(journal), SAMPLE_##t2(journal), SAMPLE_##t3(journal));
#define SK_EVENT4(symbol, level, words, help, t1, f1, t2, f2, t3, f3, t4, f4) sk_journal_##symbol(journal, SAMPLE_##t1(journal), SAMPLE_##t2(journal), SAMPLE_##t3(journal), SAMPLE_##t4(journal));
#include "journal/event.def"
}

static void against_golden(struct scene *scene, const char *name)
{
	char path[512];
	struct sk_buf golden;
	const char *now = got(scene);
	(void)snprintf(path, sizeof path, SK_SOURCE_ROOT "/tests/golden/journal/%s", name);
	if (getenv("SK_UPDATE_GOLDEN") != NULL)
		assert_int_equal(sk_file_replace(path, now, strlen(now), 0644, &scene->fault), SK_OK);
	sk_buf_init(&golden, TEXT_MAX);
	assert_int_equal(sk_file_read(path, &golden, &scene->fault), SK_OK);
	assert_string_equal(now, sk_buf_text(&golden));
	sk_buf_fini(&golden);
}

static void every_event_in_every_form(void **state)
{
	struct scene *scene = *state;
	static const struct {
		const char *golden;
		enum sk_journal_target target;
		bool json;
	} forms[] = {{"text.txt", SK_JOURNAL_TO_STDERR, false}, {"journal.txt", SK_JOURNAL_TO_MANAGER, false}, {"lines.json", SK_JOURNAL_TO_STDERR, true}, {"journal-json.txt", SK_JOURNAL_TO_MANAGER, true}};
	for (size_t i = 0; i < SK_COUNT(forms); i++) {
		scene->options.target = forms[i].target;
		scene->options.json = forms[i].json;
		open_log(scene);
		write_every_event(scene->journal);
		against_golden(scene, forms[i].golden);
		assert_int_equal(sk_journal_close(scene->journal, &scene->fault), SK_OK);
	}
	for (int i = 0; i < SK_EVENT_COUNT; i++)
		assert_true(sk_event_help((enum sk_journal_event)i)[0] != '\0' && sk_event_words((enum sk_journal_event)i)[0] != '\0');
}

static void json_is_json(void **state)
{
	struct scene *scene = *state;
	int lines = 0;
	scene->options.json = true;
	open_log(scene);
	write_every_event(scene->journal);
	for (char *line = (char *)(uintptr_t)got(scene), *end; (end = strchr(line, '\n')) != NULL; line = end + 1, lines++) {
		*end = '\0';
		struct json_object *object = json_tokener_parse(line);
		assert_non_null(object);
		assert_string_equal(json_object_get_string(json_object_object_get(object, "event")), sk_event_name((enum sk_journal_event)lines));
		assert_string_equal(json_object_get_string(json_object_object_get(object, "time")), "2026-11-22T06:30:00.123Z");
		(void)json_object_put(object);
	}
	assert_int_equal(lines, SK_EVENT_COUNT);
	assert_int_equal(sk_journal_close(scene->journal, &scene->fault), SK_OK);
}

static void levels_hold(void **state)
{
	struct scene *scene = *state;
	for (int level = SK_JOURNAL_DEBUG; level < SK_JOURNAL_LEVELS; level++) {
		int expected = 0, lines = 0;
		scene->options.level = (enum sk_journal_level)level;
		open_log(scene);
		write_every_event(scene->journal);
		for (int i = 0; i < SK_EVENT_COUNT; i++)
			expected += (int)sk_event_level((enum sk_journal_event)i) >= level;
		for (const char *c = got(scene); *c != '\0'; c++)
			lines += *c == '\n';
		assert_int_equal(lines, expected);
		assert_int_equal(sk_journal_close(scene->journal, &scene->fault), SK_OK);
	}
}

static void too_often_is_counted_and_told_once(void **state)
{
	struct scene *scene = *state;
	scene->options.rate_count = 2;
	scene->options.rate_per_ns = 60 * second_ns;
	open_log(scene);
	struct sk_journal_name link = sk_journal_name(scene->journal, "a");
	for (int i = 0; i < 10; i++)
		sk_journal_link_down(scene->journal, link);
	sk_journal_link_up(scene->journal, link, second_ns); /* another event has a window of its own */
	assert_string_equal(got(scene), "2026-11-22T06:30:00.123Z warning: link a is down\n2026-11-22T06:30:00.123Z warning: link a is down\n"
					"2026-11-22T06:30:00.123Z notice: link a is up again after 1.0 s\n");
	scene->time.now_monotonic_ns += 59 * second_ns;
	sk_journal_tick(scene->journal);
	assert_string_equal(got(scene), "");
	scene->time.now_monotonic_ns += second_ns;
	sk_journal_tick(scene->journal);
	assert_string_equal(got(scene), "2026-11-22T06:30:00.123Z info: 8 more lines of link_down were left out\n");
	sk_journal_tick(scene->journal);
	assert_string_equal(got(scene), "");
	for (int i = 0; i < 3; i++)
		sk_journal_link_down(scene->journal, link);
	(void)got(scene);
	/* What is left out when the log ends is told too, and the telling itself is never left out. */
	scene->options.level = SK_JOURNAL_ERROR;
	sk_journal_tune(scene->journal, &scene->options);
	assert_int_equal(sk_journal_close(scene->journal, &scene->fault), SK_OK);
	assert_string_equal(got(scene), "2026-11-22T06:30:00.123Z info: 1 more lines of link_down were left out\n");
}

static void hostile_names_stay_a_line(void **state)
{
	struct scene *scene = *state;
	char longest[2000];
	const char *const hostile[] = {"a\nb", "\x1b[2J", "\xff\xfe", "\"\\{}", "{link}", "%s%n", "\xe2\x80\xa8", "\xc2\x9b" "31m", longest};
	memset(longest, 0xff, sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	for (int json = 0; json < 2; json++) {
		scene->options.json = json != 0;
		open_log(scene);
		for (size_t i = 0; i < SK_COUNT(hostile); i++) {
			struct sk_fault fault;
			(void)sk_fault_set(&fault, SK_EINPUT, "%s", hostile[i]);
			sk_journal_link_down(scene->journal, sk_journal_name(scene->journal, hostile[i]));
			sk_journal_failed(scene->journal, &fault);
			const char *lines = got(scene);
			int count = 0;
			for (const unsigned char *c = (const unsigned char *)lines; *c != '\0'; c++) {
				count += *c == '\n';
				assert_true(*c >= 0x20 || *c == '\n');
				assert_false(*c == 0xc2 && c[1] == 0x9b);
			}
			assert_int_equal(count, 2);
			assert_true(sk_utf8_valid(lines, strlen(lines)));
		}
		assert_int_equal(sk_journal_lost(scene->journal), 0);
		assert_int_equal(sk_journal_close(scene->journal, &scene->fault), SK_OK);
	}
}

/* A fault about bytes from outside may quote them: of that the code alone is told. rule: JOURNAL-1 */
static void a_peers_fault_is_not_quoted(void **state)
{
	struct scene *scene = *state;
	struct sk_fault fault;
	open_log(scene);
	(void)sk_fault_set(&fault, SK_EMALFORMED, "found 'CANARY' in the frame");
	sk_journal_failed(scene->journal, &fault);
	const char *line = got(scene);
	assert_null(strstr(line, "CANARY"));
	assert_non_null(strstr(line, "malformed"));
	/* The twin: the host's is told whole. */
	(void)sk_fault_set(&fault, SK_EIO, "/var/CANARY: cannot write");
	sk_journal_failed(scene->journal, &fault);
	assert_non_null(strstr(got(scene), "CANARY"));
	assert_int_equal(sk_journal_close(scene->journal, &scene->fault), SK_OK);
}

/* rule: JOURNAL-1 */
static void no_name_comes_behind_the_seal(void **state)
{
	struct scene *scene = *state;
	int status;
	open_log(scene);
	struct sk_journal_name name = sk_journal_name(scene->journal, "early");
	assert_int_equal(sk_journal_name(scene->journal, "early").number, name.number);
	sk_journal_seal(scene->journal);
	sk_journal_link_down(scene->journal, name);
	assert_non_null(strstr(got(scene), "link early is down"));
	pid_t child = fork();
	if (child == 0) {
		(void)close(STDERR_FILENO);
		(void)signal(SIGABRT, SIG_DFL);
		(void)sk_journal_name(scene->journal, "late");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_int_equal(sk_journal_close(scene->journal, &scene->fault), SK_OK);
}

static void a_reader_that_does_not_read(void **state)
{
	struct scene *scene = *state;
	open_log(scene);
	struct sk_journal_name link = sk_journal_name(scene->journal, "a");
	/* The pipe blocks when it is full: were it waited for, this test would never end. */
	assert_int_equal(fcntl(scene->pipe[1], F_SETFL, 0), 0);
	for (int i = 0; i < 100000 && sk_journal_lost(scene->journal) < 3; i++)
		sk_journal_link_down(scene->journal, link);
	assert_int_equal(sk_journal_lost(scene->journal), 3);
	assert_int_equal(sk_journal_close(scene->journal, &scene->fault), SK_EIO);
	assert_non_null(strstr(scene->fault.line, "3 lines"));
}

static void into_a_file(void **state)
{
	struct scene *scene = *state;
	char folder[] = "/tmp/sk-log-XXXXXX", path[64], moved[64];
	struct sk_buf text;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/log", folder);
	(void)snprintf(moved, sizeof moved, "%s/log.old", folder);
	scene->options.target = SK_JOURNAL_TO_FILE;
	scene->options.path = path;
	open_log(scene);
	struct sk_journal_name link = sk_journal_name(scene->journal, "a");
	sk_journal_link_down(scene->journal, link);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(sk_journal_reopen(scene->journal, &scene->fault), SK_OK);
	sk_journal_link_up(scene->journal, link, second_ns);
	assert_int_equal(sk_journal_close(scene->journal, &scene->fault), SK_OK);
	sk_buf_init(&text, TEXT_MAX);
	assert_int_equal(sk_file_read(moved, &text, &scene->fault), SK_OK);
	assert_string_equal(sk_buf_text(&text), "2026-11-22T06:30:00.123Z warning: link a is down\n");
	sk_buf_reset(&text);
	assert_int_equal(sk_file_read(path, &text, &scene->fault), SK_OK);
	assert_string_equal(sk_buf_text(&text), "2026-11-22T06:30:00.123Z notice: link a is up again after 1.0 s\n");
	sk_buf_fini(&text);
	(void)unlink(path), (void)unlink(moved), (void)rmdir(folder);
	scene->options.path = "/nowhere/log";
	assert_int_equal(sk_journal_open(&scene->options, &scene->journal, &scene->fault), SK_EIO);
}

static void the_journal_is_known(void **state)
{
	struct scene *scene = *state;
	struct stat info;
	char text[64];
	assert_int_equal(fstat(scene->pipe[1], &info), 0);
	(void)snprintf(text, sizeof text, "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	assert_true(sk_journal_is_managed(text, scene->pipe[1]));
	assert_false(sk_journal_is_managed("8:1", scene->pipe[1]));
	assert_false(sk_journal_is_managed(NULL, scene->pipe[1]));
	assert_false(sk_journal_is_managed(text, -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_event_in_every_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(json_is_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(levels_hold, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_often_is_counted_and_told_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostile_names_stay_a_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_peers_fault_is_not_quoted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_name_comes_behind_the_seal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reader_that_does_not_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(into_a_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_journal_is_known, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
