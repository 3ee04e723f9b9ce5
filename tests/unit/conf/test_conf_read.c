/* SPDX-License-Identifier: Apache-2.0 */
/* Files: what is read, what is refused, and that every error is told with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conf_priv.h"

struct scene {
	struct sk_conf conf;
	struct sk_conf_report report;
};
#define HEAD "workspace: /w\nlinks:\n  - name: a\n    interface: eth0\n"

static enum sk_err parse(struct scene *scene, const char *yaml)
{
	return sk_conf_parse("f", yaml, strlen(yaml), &scene->conf, &scene->report);
}

static void all_forms_of_yaml(void **state)
{
	struct scene *scene = *state;
	static const char *const same[] = {
		"workspace: /w\nlinks: [{name: a, interface: eth0}]\ninterval: 5s\neve: {rotate: {keep: 3}}\n",
		"# comment\n---\nworkspace: \"/w\"\nlinks:\n- name: 'a'\n  interface: eth0 # why\ninterval: >-\n  5s\neve:\n    rotate:\n        keep: \"3\"\n...\n",
		"\xef\xbb\xbfinterval: 5s\nworkspace: /w\neve:\n  rotate:\n    keep: 3\nlinks:\n  -\n    interface: eth0\n    name: a\nexports: []\nlog:\ncpu:\n  workers: []\n",
		"workspace: /w\r\nlinks:\r\n  - name: a\r\n    interface: eth0\r\ninterval: 5s\r\neve:\r\n  rotate:\r\n    keep: 3\r\n",
		"{\"workspace\": \"\\x2fw\", \"links\": [{\"name\": \"a\", \"interface\": \"eth0\"}], \"interval\": \"5s\", \"eve\": {\"rotate\": {\"keep\": 3}}}",
	};
	for (size_t i = 0; i < SK_COUNT(same); i++) {
		if (parse(scene, same[i]) != SK_OK)
			fail_msg("form %zu: %s", i, scene->report.faults[0].line);
		assert_string_equal(scene->conf.workspace, "/w");
		assert_int_equal(scene->conf.links.count, 1);
		assert_string_equal(scene->conf.links.items[0].interface, "eth0");
		assert_int_equal(scene->conf.links.items[0].mode, SK_CONF_MODE_AUTO);
		assert_true(scene->conf.links.items[0].promiscuous);
		assert_int_equal(scene->conf.interval_ns, INT64_C(5000000000));
		assert_int_equal(scene->conf.eve_rotate_keep, 3);
	}
}

/* One error each: its place, and words that it must have. */
static void one_error_one_line(void **state)
{
	struct scene *scene = *state;
	static const struct {
		const char *yaml, *place, *words;
	} cases[] = {
		{"", "f: ", "workspace is missing"},
		{"# nothing\n", "f: ", "workspace is missing"},
		{"workspace: /w\n", "f: ", "neither is there"},
		{HEAD "interval: \n", "f:5:10: ", "interval: no value is there"},
		{HEAD "interval: [1s]\n", "f:5:11: ", "interval: found a list; expected one value"},
		{HEAD "interval: {a: b}\n", "f:5:11: ", "interval: found keys; expected one value"},
		{HEAD "cpu: 3\n", "f:5:6: ", "cpu: found a value; expected keys below it"},
		{HEAD "cpu: {workers: 3}\n", "f:5:16: ", "cpu.workers: found a value; expected a list, as in [a, b]"},
		{HEAD "cpu: {workers: [[3]]}\n", "f:5:17: ", "cpu.workers: found a list; expected one value"},
		{HEAD "exports: x\n", "f:5:10: ", "exports: found a value; expected a list, as in '- name: ...'"},
		{HEAD "exports: [x]\n", "f:5:11: ", "exports: found a value; expected keys"},
		{HEAD "interval: 1s\ninterval: 2s\n", "f:6:1: ", "interval stands twice, first in line 5"},
		{HEAD "    name: b\n", "f:5:5: ", "name stands twice, first in line 3"},
		{HEAD "cpu:\n  workers: []\ncpu:\n  collector: []\n", "f:7:1: ", "cpu stands twice"},
		{HEAD "links: []\n", "f:5:1: ", "links stands twice, first in line 2"},
		{HEAD "intervall: 1s\n", "f:5:1: ", "intervall is no key; did you mean interval?"},
		{HEAD "eve.path: /x\n", "f:5:1: ", "found 'eve.path' as one key"},
		{HEAD "eve:\n  path.x: /x\n", "f:6:3: ", "eve.path.x is no key"},
		{HEAD "? [a]\n: b\n", "f:5:3: ", "found a list where a key was expected"},
		{HEAD "qqq: {a: [b, {c: d}]}\n", "f:5:1: ", "qqq is no key; sekisho conf explain --all lists them"},
		{HEAD "interval: &x 1s\n", "f:5:11: ", "found the anchor '&x'"},
		{HEAD "interval: !!int 1s\n", "f:5:11: ", "found the tag 'tag:yaml.org,2002:int'"},
		{HEAD "interval: ! 1s\n", "f:5:11: ", "found the tag '!'"},
		{HEAD "interval: *x\n", "f:5:11: ", "found the alias '*x'"},
		{HEAD "<<: {interval: 1s}\n", "f:5:1: ", "found the merge key '<<'"},
		{"%YAML 1.1\n---\n" HEAD, "f:1:1: ", "found a % directive"},
		{"%TAG ! tag:x,2000:\n---\n" HEAD, "f:1:1: ", "found a % directive"},
		{HEAD "---\nworkspace: /x\n", "f:5:1: ", "a second document begins here"},
		{"- a\n", "f:1:1: ", "found a list; expected keys"},
		{"x\n", "f:1:1: ", "found a value; expected keys"},
		{HEAD "\tinterval: 1s\n", "f:5:1: ", "no YAML: "},
		{HEAD "interval: 'x\n", "f:6:1: ", "no YAML: "},
		{HEAD "eve: {rotate\n", "f:6:1: ", "no YAML: "},
		{HEAD "interval: \x01\n", "f:5:11: ", "found the control byte 0x01"},
		{HEAD "name: \xff\n", "f:5:7: ", "found byte 0xff, which is no UTF-8"},
		{HEAD "name: \xe9\x96\xa2\xc0\xaf\n", "f:5:8: ", "found byte 0xc0, which is no UTF-8"},
		{HEAD "name: \"a\\0b\"\n", "f:5:7: ", "none of them zero"},
		{HEAD "\"interval\\0\": 1s\n", "f:5:1: ", "interval\\x00 is no key"},
		{"\xff\xfew\0", "f:1:1: ", "found UTF-16"},
		{HEAD "    zero_copy: true\n", "f:5:5: ", "found true; needs mode: xdp"},
		{HEAD "    ring_frames: 100\n", "f:5:5: ", "expected a power of two, such as 128"},
		{HEAD "exports: [{name: a, listen: \"127.0.0.1:2055\"}]\n", "f:5:12: ", "exports[].name: 'a' stands twice"},
		{HEAD "exports: [{name: b, listen: \"127.0.0.1:2055\", transport: tcp, formats: [netflow9, ipfix]}]\n", "f:5:63: ", "over tcp only ipfix comes"},
		{HEAD "exports: [{name: b, listen: \"127.0.0.1:2055\"}, {name: c, listen: \"127.0.0.1:2055\"}]\n", "f:5:58: ", "'b' listens there already"},
		{HEAD "  - name: b\n    interface: eth0\n", "f:6:5: ", "'eth0' is read already by link 'a'"},
		{HEAD "  - name: b\n", "f:5:5: ", "links[].interface is missing"},
		{HEAD "  - name: b\n    interface: eth1\n    pipe: /p\n", "f:7:", "a link has one of both"},
		{HEAD "  - name: b\n    pipe: /p\n    mode: packet\n", "f:7:", "packet stands beside a pipe"},
		{HEAD "workers: 2\ncpu: {workers: [1]}\n", "f:6:7: ", "found 1 processors; expected 2"},
		{HEAD "cpu: {workers: [1, 1]}\n", "f:5:7: ", "1 stands twice"},
		{HEAD "shed: {heads: 80%}\n", "f:5:8: ", "shed.facts: is below shed.heads"},
		{HEAD "shed: {recover: 50%}\n", "f:5:8: ", "expected less than shed.heads"},
		{HEAD "flows: {idle: 1h}\n", "f:5:9: ", "flows.active: is below flows.idle"},
		{HEAD "log: {target: file}\n", "f:5:7: ", "needs log.path"},
		{HEAD "log: {path: /x}\n", "f:5:7: ", "is not written unless"},
		{HEAD "eve: {rotate: {size: 1KiB}}\n", "f:5:16: ", "at least 64KiB"},
		{HEAD "eve: {rotate: {age: 1ms}}\n", "f:5:16: ", "at least 1s"},
		{HEAD "eve: {path: /x}\nlog: {target: file, path: /x}\n", "f:5:7: ", "is also log.path"},
		{HEAD "metrics: {listen: \"0.0.0.0:9437\"}\n", "f:5:11: ", "expected a loopback address"},
		{HEAD "metrics: {listen: \"[2001:db8::1]:9437\"}\n", "f:5:11: ", "expected a loopback address"},
		{HEAD "health: {loss: 50%}\n", "f:5:10: ", "health.loss_failing: is below health.loss"},
		{HEAD "eve: [[[[[[[[1]]]]]]]]\n", "f:5:6: ", "found a list; expected keys"},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		print_message("%zu: %s\n", i, cases[i].words);
		assert_int_equal(parse(scene, cases[i].yaml), SK_EINPUT);
		print_message("   %s\n", scene->report.faults[0].line);
		assert_true(scene->report.count >= 1);
		assert_memory_equal(scene->report.faults[0].line, cases[i].place, strlen(cases[i].place));
		assert_non_null(strstr(scene->report.faults[0].line, cases[i].words));
		assert_int_equal(scene->report.faults[0].err, SK_EINPUT);
		/* Deep nesting is told beside, and a file without keys lacks two things; everything else is one error and one line. */
		bool two = strstr(cases[i].yaml, "[[[[") != NULL || strstr(cases[i].words, "workspace is missing") != NULL;
		assert_int_equal(scene->report.count, two ? 2 : 1);
	}
}

static void all_errors_are_told_in_their_order(void **state)
{
	struct scene *scene = *state;
	static const char yaml[] = "links:\n  - nam: a\n    interface: eth0\n    mode: fast\n  - 3\ninterval: 1\nwork: x\nlog: {level: loud}\nmetrics: {listen: 1.2.3.4:5}\nhealth: [\n";
	static const char *const expected[] = {"f:2:5: nam is no key; did you mean links[].name?", "f:2:5: links[].name is missing", "f:4:11: links[].mode: found 'fast'",
					       "f:5:5: links: found a value", "f:6:11: interval: found '1'", "f:7:1: work is no key", "f:8:14: log.level: found 'loud'",
					       "f:10:9: health: found a list", "f:11:1: no YAML"};
	assert_int_equal(parse(scene, yaml), SK_EINPUT);
	for (size_t i = 0; i < scene->report.count; i++)
		print_message("%s\n", scene->report.faults[i].line);
	assert_int_equal(scene->report.count, SK_COUNT(expected));
	for (size_t i = 0; i < SK_COUNT(expected); i++)
		assert_memory_equal(scene->report.faults[i].line, expected[i], strlen(expected[i]));
}

static void limits_hold(void **state)
{
	struct scene *scene = *state;
	struct sk_buf yaml;
	sk_buf_init(&yaml, 4 * SK_CONF_FILE_MAX);
	/* errors past the places are counted */
	sk_buf_add_text(&yaml, HEAD);
	for (int i = 0; i < 100; i++)
		sk_buf_addf(&yaml, "unheard_of_%d: 1\n", i);
	assert_int_equal(parse(scene, sk_buf_text(&yaml)), SK_EINPUT);
	assert_int_equal(scene->report.count, SK_CONF_ERRORS_MAX);
	assert_int_equal(scene->report.more, 100 - SK_CONF_ERRORS_MAX);
	/* depth: the reader stops, whoever owns the brackets */
	sk_buf_reset(&yaml);
	sk_buf_add_text(&yaml, HEAD "x: ");
	for (int i = 0; i < 50000; i++)
		sk_buf_add_u8(&yaml, '[');
	assert_int_equal(parse(scene, sk_buf_text(&yaml)), SK_EINPUT);
	assert_int_equal(scene->report.count, 2);
	assert_non_null(strstr(scene->report.faults[1].line, "nested deeper than 8"));
	/* parts */
	sk_buf_reset(&yaml);
	sk_buf_add_text(&yaml, HEAD "x: [");
	for (int i = 0; i < SK_CONF_EVENTS_MAX; i++)
		sk_buf_add_text(&yaml, "1,");
	sk_buf_add_text(&yaml, "]\n");
	assert_int_equal(parse(scene, sk_buf_text(&yaml)), SK_EINPUT);
	assert_non_null(strstr(scene->report.faults[1].line, "more than 20000 parts"));
	/* places of lists */
	sk_buf_reset(&yaml);
	sk_buf_add_text(&yaml, "workspace: /w\nlinks:\n");
	for (int i = 0; i < 17; i++)
		sk_buf_addf(&yaml, "  - {name: l%d, interface: eth%d}\n", i, i);
	assert_int_equal(parse(scene, sk_buf_text(&yaml)), SK_EINPUT);
	assert_string_equal(scene->report.faults[0].line, "f:19:5: links: more than 16 of them; leave the others out");
	assert_int_equal(scene->report.count, 1);
	/* size */
	sk_buf_reset(&yaml);
	sk_buf_add_text(&yaml, HEAD);
	while (yaml.length <= SK_CONF_FILE_MAX)
		sk_buf_add_text(&yaml, "# ....................................................................................................\n");
	assert_int_equal(sk_conf_parse("f", yaml.bytes, yaml.length, &scene->conf, &scene->report), SK_EINPUT);
	assert_non_null(strstr(scene->report.faults[0].line, "larger than 262144 bytes"));
	/* a long value is shown short */
	sk_buf_reset(&yaml);
	sk_buf_add_text(&yaml, HEAD "name: ");
	for (int i = 0; i < 3000; i++)
		sk_buf_add_text(&yaml, "\xe9\x96\xa2");
	assert_int_equal(parse(scene, sk_buf_text(&yaml)), SK_EINPUT);
	assert_true(strlen(scene->report.faults[0].line) < 300);
	sk_buf_fini(&yaml);
}

/* Hostile names of files and values never drive a terminal. */
static void nothing_drives_a_terminal(void **state)
{
	struct scene *scene = *state;
	static const char yaml[] = HEAD "\"a\\e[31m\": 1\nname: \"\\u202e\\x1b]0;x\\x07\"\ninterval: &\xc2\x9b 1\n";
	assert_int_equal(sk_conf_parse("f\x1b[1m", yaml, sizeof yaml - 1, &scene->conf, &scene->report), SK_EINPUT);
	for (size_t i = 0; i < scene->report.count; i++)
		for (const unsigned char *c = (const unsigned char *)scene->report.faults[i].line; *c != '\0'; c++)
			assert_true(*c >= 0x20 && *c != 0x7f && !(*c == 0xc2 && c[1] < 0xa0));
}

static void files(void **state)
{
	struct scene *scene = *state;
	char path[] = "/tmp/sk-conf-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	assert_non_null(file);
	assert_true(fputs(HEAD, file) >= 0 && fclose(file) == 0);
	assert_int_equal(sk_conf_read(path, &scene->conf, &scene->report), SK_OK);
	assert_string_equal(scene->conf.links.items[0].name, "a");
	assert_int_equal(remove(path), 0);
	assert_int_equal(sk_conf_read(path, &scene->conf, &scene->report), SK_ENOENT);
	assert_int_equal(scene->report.count, 1);
	assert_int_equal(sk_conf_read("/tmp", &scene->conf, &scene->report), SK_ENOTCAPTURE);
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct scene));
	return *state == NULL;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_forms_of_yaml), cmocka_unit_test(one_error_one_line), cmocka_unit_test(all_errors_are_told_in_their_order),
					   cmocka_unit_test(limits_hold), cmocka_unit_test(nothing_drives_a_terminal), cmocka_unit_test(files)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
