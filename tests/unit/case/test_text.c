/* SPDX-License-Identifier: Apache-2.0 */
/* Texts from outside: notes, playbooks, bundles that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "case/bundle.h"
#include "case/markdown.h"
#include "case/playbook.h"

/* rule: CASE-6 */
static void test_notes(void **state)
{
	static const struct {
		const char *text, *html;
	} notes[] = {
		{"**x** and `y`", "<p><strong>x</strong> and <code>y</code></p>\n"},
		{"[a](https://ok.example/?q=1&r=2)", "<p><a href=\"https://ok.example/?q=1&amp;r=2\">a</a></p>\n"},
		{"[a](javascript:alert(1))", "<p>a</p>\n"},
		{"[**a**](//evil.example)", "<p><strong>a</strong></p>\n"},
		{"![a *b*](https://ok.example/x.png)", "<p>a <em>b</em></p>\n"},
		{"x <script>y</script>", "<p>x &lt;script&gt;y&lt;/script&gt;</p>\n"},
		{"<div onclick=x>\n", "<pre><code>&lt;div onclick=x&gt;\n</code></pre>\n"},
		{"[![i](x)](javascript:y)", "<p>i</p>\n"},
		{"<mailto:a@b.example>", "<p><a href=\"mailto:a@b.example\">mailto:a@b.example</a></p>\n"},
	};
	struct sk_buf out;
	struct sk_fault fault;
	(void)state;
	sk_buf_init(&out, 1 << 20);
	for (size_t i = 0; i < SK_COUNT(notes); i++) {
		sk_buf_reset(&out);
		assert_int_equal(sk_markdown_html(notes[i].text, strlen(notes[i].text), &out, &fault), SK_OK);
		assert_string_equal(sk_buf_text(&out), notes[i].html);
	}
	assert_int_equal(sk_markdown_html("\xff", 1, &out, &fault), SK_EMALFORMED);
	sk_buf_fini(&out);
}

/* 64 KiB of what is hard for parsers takes no minute. */
static void test_hard_notes(void **state)
{
	static const char *const pieces[] = {"[", "*_", "> ", "<b>", "![](", "`", "&", "- "};
	struct sk_buf text, out;
	struct sk_fault fault;
	(void)state;
	for (size_t i = 0; i < SK_COUNT(pieces); i++) {
		sk_buf_init(&text, SK_CASE_TEXT_MAX);
		sk_buf_init(&out, 1 << 26);
		while (text.length + strlen(pieces[i]) < 20000)
			sk_buf_add_text(&text, pieces[i]);
		assert_int_equal(sk_markdown_html(sk_buf_text(&text), text.length, &out, &fault), SK_OK);
		sk_buf_fini(&out);
		sk_buf_fini(&text);
	}
}

static enum sk_err parse(const char *yaml, struct sk_playbook **out, struct sk_fault *fault)
{
	return sk_playbook_parse("p.yaml", yaml, strlen(yaml), out, fault);
}

static const char good[] = "playbook: x\nversion: \"1\"\nkind: ddos\ntitle: {ja: \"あ\", en: \"a\"}\ntasks:\n  - phase: triage\n    within: 30m\n    text: {ja: \"い\", en: \"do\"}\n  - phase: learn\n    text: {ja: \"う\", en: \"learn\"}\n";

/* rule: CASE-7 */
static void test_playbooks(void **state)
{
	static const struct {
		const char *find, *put, *line;
	} lies[] = {
		{"kind: ddos", "kind: weather", "kind"},      {"phase: triage", "phase: attack", "phase"},   {"within: 30m", "within: soon", "within"},   {"within: 30m", "within: 30m\n    run: rm", "no key of a task"},
		{"version: \"1\"", "version: &a 1", "anchors"}, {"playbook: x", "playbook: x\nplaybook: y", "twice"}, {"en: \"do\"", "fr: \"do\"", "no language"}, {"playbook: x", "playbook: ../x", "a word"},
		{"version: \"1\"", "version: !!int 1", "tags"}, {"title: {", "tasks: [{", ""},                       {"en: \"do\"", "en: \"a\\nb\"", "one line"}, {"kind: ddos", "kind: ddos\nsteps: 1", "no key of a playbook"},
	};
	struct sk_playbook *book;
	struct sk_fault fault;
	(void)state;
	assert_int_equal(parse(good, &book, &fault), SK_OK);
	assert_string_equal(book->tasks[0].ja, "い");
	assert_true(book->task_count == 2 && book->tasks[0].within_ns == INT64_C(1800) * 1000000000 && book->tasks[1].within_ns == 0 && book->kind == SK_CASE_KIND_DDOS);
	free(book);
	for (size_t i = 0; i < SK_COUNT(lies); i++) {
		struct sk_buf text;
		const char *at = strstr(good, lies[i].find);
		assert_non_null(at);
		sk_buf_init(&text, 4096);
		sk_buf_add(&text, good, (size_t)(at - good));
		sk_buf_add_text(&text, lies[i].put);
		sk_buf_add_text(&text, at + strlen(lies[i].find));
		assert_int_equal(parse(sk_buf_text(&text), &book, &fault), SK_EINPUT);
		assert_non_null(strstr(fault.line, lies[i].line));
		assert_memory_equal(fault.line, "p.yaml:", 7);
		sk_buf_fini(&text);
	}
	assert_int_equal(parse("", &book, &fault), SK_EINPUT);
	assert_int_equal(parse("playbook: x\n---\nplaybook: y\n", &book, &fault), SK_EINPUT);
}

static void test_no_bundles(void **state)
{
	static uint8_t zeros[20480];
	struct sk_bundle_facts facts;
	struct sk_fault fault;
	(void)state;
	assert_int_equal(sk_seal_start(), SK_OK);
	assert_int_equal(sk_bundle_check("", 0, NULL, &facts, &fault), SK_EMALFORMED);
	assert_int_equal(sk_bundle_check("hello", 5, NULL, &facts, &fault), SK_EMALFORMED);
	assert_int_equal(sk_bundle_check(zeros, sizeof zeros, NULL, &facts, &fault), SK_EMALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_notes), cmocka_unit_test(test_hard_notes), cmocka_unit_test(test_playbooks), cmocka_unit_test(test_no_bundles)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
