/* SPDX-License-Identifier: Apache-2.0 */
/* rule: LIST-1. A block list's text, its signatures, and a web server's answer. What minisign and ssh-keygen say of the signatures is in tests/netns/blocklists.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/https_priv.h"
#include "target/list_priv.h"

enum { TEXT_MAX = 1 << 20 };
static const int64_t second = 1000000000, noon = INT64_C(1795996800) * 1000000000;

static struct sk_list_entry entry(const char *value, const char *tag)
{
	struct sk_list_entry out = {.order = "o-17", .until_ns = noon + 3600 * second};
	(void)snprintf(out.value, sizeof out.value, "%s", value);
	(void)snprintf(out.tag, sizeof out.tag, "%s", tag);
	return out;
}

static void writes_and_reads(void **state)
{
	(void)state;
	static const char *const values[] = {"203.0.113.7/32", "198.51.100.0/24", "2001:db8::/48", "198.51.100.0/24"};
	static const char want[] = "# sekisho-list/1 prefixes\n# by enforcer.example, made 2026-11-30T00:00:00Z, 3 lines\n# Each line is in force until the time above it and not a second longer.\n"
				   "# until 2026-11-30T01:00:00Z order o-17 tag fedcba9876543210\n198.51.100.0/24\n"
				   "# until 2026-11-30T01:00:00Z order o-17 tag 0123456789abcdef\n2001:db8::/48\n"
				   "# until 2026-11-30T01:00:00Z order o-17 tag 0123456789abcdef\n203.0.113.7/32\n";
	struct sk_list list = {.count = 0}, again = {.count = 0};
	struct sk_buf text, other;
	struct sk_fault fault;
	sk_buf_init(&text, TEXT_MAX);
	sk_buf_init(&other, TEXT_MAX);
	for (size_t i = 0; i < SK_COUNT(values); i++) {
		struct sk_list_entry one = entry(values[i], i == 3 ? "fedcba9876543210" : "0123456789abcdef");
		assert_int_equal(sk_list_put(&list, &one), SK_OK);
	}
	sk_list_write(&list, SK_LIST_PREFIXES, "enforcer.example", noon, &text);
	assert_string_equal(sk_buf_text(&text), want);
	assert_int_equal(sk_list_parse("x", text.bytes, text.length, &again, &fault), SK_OK);
	sk_list_write(&again, SK_LIST_PREFIXES, "enforcer.example", noon, &other);
	assert_string_equal(sk_buf_text(&other), want);
	assert_non_null(sk_list_find(&again, "2001:db8::/48"));
	assert_null(sk_list_find(&again, "2001:db8::/49"));
	sk_list_remove(&again, 1);
	assert_null(sk_list_find(&again, "2001:db8::/48"));
	assert_int_equal(again.count, 2);
	sk_list_fini(&list);
	sk_list_fini(&again);
	sk_buf_fini(&text);
	sk_buf_fini(&other);
}

/* A line by somebody's hand is seen, and is nobody's of ours. */
static void lines_of_others(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"192.0.2.9/32\n", "# until 2026-11-30T01:00:00Z order o tag 0123456789abcdef\n# a word between\n192.0.2.9/32\n",
		"# until then order o tag 0123456789abcdef\n192.0.2.9/32\n", "# until 2026-11-30T01:00:00Z order o tag 0123456789ABCDEF\n192.0.2.9/32\n",
		"# until 2026-11-30T01:00:00Z order o tag 0123\n192.0.2.9/32\n", "198.51.100.1/32\n# until 2026-11-30T01:00:00Z order o tag 0123456789abcdef\n192.0.2.9/32\n",
		"# until 2026-11-30T01:00:00Z order o tag 0123456789abcdef\n192.0.2.9/32\n192.0.2.9/32\n",
	};
	for (size_t i = 0; i < SK_COUNT(texts); i++) {
		struct sk_list list = {.count = 0};
		struct sk_fault fault;
		assert_int_equal(sk_list_parse("x", texts[i], strlen(texts[i]), &list, &fault), SK_OK);
		const struct sk_list_entry *found = sk_list_find(&list, "192.0.2.9/32");
		assert_non_null(found);
		assert_string_equal(found->tag, "");
		sk_list_fini(&list);
	}
	struct sk_list list = {.count = 0};
	struct sk_fault fault;
	assert_int_equal(sk_list_parse("x", "a\0b\n", 4, &list, &fault), SK_EINPUT);
	sk_list_fini(&list);
}

static void notes(void **state)
{
	(void)state;
	static const char text[] = "# sekisho-list/1 prefixes\n";
	struct sk_sign_key *key = NULL, *other = NULL;
	struct sk_buf note;
	assert_int_equal(sk_seal_start(), SK_OK);
	assert_int_equal(sk_sign_key_new("enforcer.example", &key), SK_OK);
	assert_int_equal(sk_sign_key_new("enforcer.example", &other), SK_OK);
	sk_buf_init(&note, SK_LIST_SIGNATURE_MAX);
	sk_list_sign_note(key, "prefixes.txt", text, strlen(text), &note);
	const struct sk_verify_key *public = sk_sign_key_public(key);
	assert_int_equal(sk_list_verify_note(public, "prefixes.txt", text, strlen(text), sk_buf_text(&note), note.length), SK_OK);
	/* Another file, another name, another key, and a note cut anywhere. */
	assert_int_equal(sk_list_verify_note(public, "prefixes.txt", text, strlen(text) - 1, sk_buf_text(&note), note.length), SK_ESIGNATURE);
	assert_int_equal(sk_list_verify_note(public, "domains.txt", text, strlen(text), sk_buf_text(&note), note.length), SK_ESIGNATURE);
	assert_int_equal(sk_list_verify_note(sk_sign_key_public(other), "prefixes.txt", text, strlen(text), sk_buf_text(&note), note.length), SK_ESIGNATURE);
	for (size_t length = 0; length < note.length; length++)
		assert_int_not_equal(sk_list_verify_note(public, "prefixes.txt", text, strlen(text), sk_buf_text(&note), length), SK_OK);
	sk_buf_fini(&note);
	sk_sign_key_free(key);
	sk_sign_key_free(other);
}

static void answers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum sk_err err;
		unsigned status;
		const char *body;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", SK_OK, 200, "abc"}, {"HTTP/1.0 404 Not Found\r\n\r\nno", SK_OK, 404, "no"},
		{"HTTP/1.1 200\r\ncontent-length:3\r\n\r\nabc", SK_OK, 200, "abc"}, {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", SK_ETRUNC, 0, NULL},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", SK_EMALFORMED, 0, NULL}, {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", SK_EMALFORMED, 0, NULL},
		{"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", SK_EMALFORMED, 0, NULL}, {"HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc", SK_EMALFORMED, 0, NULL},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", SK_EUNSUPPORTED, 0, NULL}, {"HTTP/2 200\r\n\r\n", SK_EMALFORMED, 0, NULL},
		{"HTTP/1.1 20 OK\r\n\r\n", SK_EMALFORMED, 0, NULL}, {"HTTP/1.1 2000\r\n\r\n", SK_EMALFORMED, 0, NULL}, {"HTTP/1.1 200 OK\r\nA: b\r\n", SK_ETRUNC, 0, NULL}, {"", SK_ETRUNC, 0, NULL},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		unsigned status = 0;
		const void *body = NULL;
		size_t length = 0;
		assert_int_equal(sk_http_answer(cases[i].text, strlen(cases[i].text), &status, &body, &length), cases[i].err);
		if (cases[i].err != SK_OK)
			continue;
		assert_int_equal(status, cases[i].status);
		assert_int_equal(length, strlen(cases[i].body));
		assert_memory_equal(body, cases[i].body, length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(writes_and_reads), cmocka_unit_test(lines_of_others), cmocka_unit_test(notes), cmocka_unit_test(answers)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
