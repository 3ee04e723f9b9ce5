/* SPDX-License-Identifier: Apache-2.0 */
/* What is never done, what is never touched, and the configuration as flat keys. rule: MEASURE-1 MEASURE-2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/measure.h"
#include "target/target.h"

static struct sk_fault fault;

static void test_forbidden(void **state)
{
	(void)state;
	static const char *const bad[] = {"exploit", "targets[0].exploit", "run_shell", "ssh", "login-name", "counter-flood", "DDoS", "wipe", "remote_command", "payload", "password"};
	static const char *const good[] = {"nft", "rpz", "watch", "quorum.medium", "description", "wiped", "floodgate", "sshd", "executive", "telnets"};
	const char *name, *means;
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_forbidden_check(bad[i], &fault), SK_EFORBIDDEN);
	for (size_t i = 0; i < SK_COUNT(good); i++)
		assert_int_equal(sk_forbidden_check(good[i], &fault), SK_OK);
	size_t acts = 0;
	while (sk_forbidden_act(acts, &name, &means))
		acts++;
	assert_int_equal(acts, 5); /* LAW.md 2.2: exploit, credential use, remote command, counter-flood, wipe */
	/* nothing that is built is one of them */
	for (unsigned m = 0; m < SK_MEASURE_COUNT; m++)
		assert_int_equal(sk_forbidden_check(sk_measure_name((enum sk_measure)m), &fault), SK_OK);
	for (unsigned a = 0; a < SK_ACTION_COUNT; a++)
		assert_int_equal(sk_forbidden_check(sk_action_name((enum sk_action)a), &fault), SK_OK);
	size_t backends = 0;
	for (const struct sk_backend *backend; (backend = sk_backend_at(backends)) != NULL; backends++) {
		assert_int_equal(sk_forbidden_check(backend->name, &fault), SK_OK);
		assert_ptr_equal(sk_backend_find(backend->name), backend);
		assert_true(backend->measures != 0 && backend->sentence != NULL && backend->open != NULL && backend->read != NULL && backend->clear != NULL);
	}
	assert_true(backends >= 2);
	assert_null(sk_backend_find("exploit"));
}

static void test_guard(void **state)
{
	(void)state;
	struct sk_guard *guard;
	assert_int_equal(sk_guard_new(&guard), SK_OK);
	assert_int_equal(sk_guard_add(guard, "203.0.113.0/25", "own", &fault), SK_OK);
	assert_int_equal(sk_guard_add(guard, "2001:db8:9::/48", "own", &fault), SK_OK);
	assert_int_equal(sk_guard_add(guard, "good.example", "allow", &fault), SK_OK);
	assert_int_equal(sk_guard_add(guard, "203.0.113.7/24", "own", &fault), SK_EUSAGE);
	assert_int_equal(sk_guard_add(guard, "Good.example", "allow", &fault), SK_EUSAGE);
	assert_int_equal(sk_guard_add(guard, "", "allow", &fault), SK_EUSAGE);
	struct {
		enum sk_measure measure;
		const char *target;
		bool free;
	} cases[] = {
		{SK_MEASURE_NFTABLES, "203.0.113.128/25", true},       {SK_MEASURE_NFTABLES, "203.0.113.127/32", false},  {SK_MEASURE_NFTABLES, "203.0.113.0/24", false},
		{SK_MEASURE_FLOWSPEC, "203.0.113.64/26", false},       {SK_MEASURE_FLOWSPEC, "198.51.100.0/24", true},    {SK_MEASURE_NFTABLES, "2001:db8:9:1::/64", false},
		{SK_MEASURE_NFTABLES, "2001:db8:8::/48", true},        {SK_MEASURE_NFTABLES, "192.0.2.1/32", true},       {SK_MEASURE_NFTABLES, "127.0.0.1/32", false},
		{SK_MEASURE_NFTABLES, "198.41.0.0/24", false},         {SK_MEASURE_NFTABLES, "224.0.0.1/32", false},      {SK_MEASURE_NFTABLES, "fe80::1/128", false},
		{SK_MEASURE_NFTABLES, "::ffff:c633:6400/120", false},  {SK_MEASURE_RPZ, "good.example", false},           {SK_MEASURE_RPZ, "a.b.good.example", false},
		{SK_MEASURE_RPZ, "*.good.example", false},             {SK_MEASURE_RPZ, "notgood.example", true},         {SK_MEASURE_RPZ, "good.example.net", true},
		{SK_MEASURE_SINKHOLE, "bad.example", true},            {SK_MEASURE_RPZ, "co.jp", false},                  {SK_MEASURE_RPZ, "*.co.jp", false},
		{SK_MEASURE_RPZ, "example.co.jp", true},               {SK_MEASURE_RPZ, "a.root-servers.net", false},     {SK_MEASURE_RPZ, "*.root-servers.net", false},
		{SK_MEASURE_RPZ, "1.2.0.192.in-addr.arpa", false},     {SK_MEASURE_RPZ, "a.dns.jp", false},               {SK_MEASURE_TAKEDOWN_NOTICE, "registrar-1", true},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		enum sk_err err = sk_guard_check(guard, cases[i].measure, cases[i].target, &fault);
		if ((err == SK_OK) != cases[i].free || (err != SK_OK && err != SK_EALLOWED))
			fail_msg("%s: %s", cases[i].target, err == SK_OK ? "free" : fault.line);
	}
	/* a name above a protected one: itself may be blocked, everything below it may not */
	assert_int_equal(sk_guard_add(guard, "www.deep.example", "allow", &fault), SK_OK);
	assert_int_equal(sk_guard_check(guard, SK_MEASURE_RPZ, "deep.example", &fault), SK_OK);
	assert_int_equal(sk_guard_check(guard, SK_MEASURE_RPZ, "*.deep.example", &fault), SK_EALLOWED);
	assert_non_null(strstr(fault.line, "www.deep.example"));
	sk_guard_free(guard);
}

static void test_settings(void **state)
{
	(void)state;
	struct sk_settings_file *file;
	static const char yaml[] = "a: 1\nlist:\n  - x: one\n    deep: {k: v}\n  - x: 'two'\nwords: [p, q]\nempty:\nwait: 90s\nyes: true\n";
	assert_int_equal(sk_settings_parse("f", yaml, sizeof yaml - 1, &file, &fault), SK_OK);
	struct sk_settings top = {.file = file}, one, deep;
	uint64_t number;
	int64_t time_ns;
	bool truth;
	const char *text;
	assert_int_equal(sk_settings_count(&top, "list"), 2);
	assert_true(sk_settings_below(&top, "list", 0, &one));
	assert_true(sk_settings_below(&one, "deep", -1, &deep));
	assert_false(sk_settings_below(&top, "list", 2, &one));
	assert_false(sk_settings_below(&top, "a", -1, &one));
	assert_string_equal(sk_settings_text(&deep, "k", NULL), "v");
	assert_string_equal(sk_settings_text(&top, "words[1]", NULL), "q");
	assert_int_equal(sk_settings_all_known(file, &fault), SK_EINPUT);
	assert_non_null(strstr(fault.line, "f:1: a"));
	assert_int_equal(sk_settings_number(&top, "a", 0, 5, 9, &number, &fault), SK_OK);
	assert_int_equal(number, 1);
	assert_int_equal(sk_settings_number(&top, "a", 2, 5, 9, &number, &fault), SK_EINPUT);
	assert_int_equal(sk_settings_number(&top, "none", 0, 5, 9, &number, &fault), SK_OK);
	assert_int_equal(number, 9);
	assert_int_equal(sk_settings_time(&top, "wait", 0, INT64_C(100000000000), 0, &time_ns, &fault), SK_OK);
	assert_int_equal(time_ns, INT64_C(90000000000));
	assert_int_equal(sk_settings_time(&top, "wait", 0, 1000, 0, &time_ns, &fault), SK_EINPUT);
	assert_int_equal(sk_settings_bool(&top, "yes", false, &truth, &fault), SK_OK);
	assert_true(truth);
	assert_int_equal(sk_settings_bool(&top, "a", false, &truth, &fault), SK_EINPUT);
	assert_int_equal(sk_settings_need(&top, "empty", &text, &fault), SK_EINPUT);
	sk_settings_free(file);
}

static void test_settings_refused(void **state)
{
	(void)state;
	static const struct {
		const char *yaml, *words;
	} cases[] = {
		{"a: 1\na: 2\n", "f:2: a stands twice"}, {"a: &x 1\n", "anchors"},     {"a: !!str 1\n", "anchors and tags"}, {"a: *x\n", "aliases"},          {"- a\n", "f:1: expected KEY"},
		{"A: 1\n", "f:1: a key must be"},        {"? [a]\n: 1\n", "a key must"}, {"a: [\n", "f:2: not YAML"},          {"a: \"\\u0001\"\n", "control"},   {"--- \na: 1\n--- \nb: 1\n", "one document"},
		{"a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}\n", "too deep"},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_settings_file *file = NULL;
		assert_int_equal(sk_settings_parse("f", cases[i].yaml, strlen(cases[i].yaml), &file, &fault), SK_EINPUT);
		if (strstr(fault.line, cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].yaml, fault.line);
	}
	struct sk_settings_file *file;
	static const char evil[] = "targets:\n  - name: x\n    ssh-user: root\n";
	assert_int_equal(sk_settings_parse("f", evil, sizeof evil - 1, &file, &fault), SK_OK);
	assert_int_equal(sk_settings_keys_allowed(file, &fault), SK_EFORBIDDEN);
	assert_non_null(strstr(fault.line, "f:3:"));
	sk_settings_free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forbidden), cmocka_unit_test(test_guard), cmocka_unit_test(test_settings), cmocka_unit_test(test_settings_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
