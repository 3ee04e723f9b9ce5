/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "text/text.h"
#include "text/url.h"

static enum sk_err parts(const char *text, struct sk_url *out)
{
	return sk_url_parts(text, strlen(text), out);
}

static void test_parts(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host, *path;
		bool scheme, query;
	} cases[] = {
		{"http://Example.com/a/b?c#d", "Example.com", "/a/b", true, true},
		{"https://user:p@ss@example.com:8443/x", "example.com", "/x", true, false},
		{"example.com", "example.com", "/", false, false},
		{"example.com:80?x", "example.com", "/", false, true},
		{"example.com#x?y", "example.com", "/", false, false},
		{"example.com/#?", "example.com", "/", false, false},
		{"http://example.com./", "example.com", "/", true, false},
		{"http://[2001:db8::1]:80/x", "2001:db8::1", "/x", true, false},
		{"[::1]", "::1", "/", false, false},
		{"http://192.0.2.1:/", "192.0.2.1", "/", true, false},
		{"hxxp://example.com/a b", "example.com", "/a b", true, false},
		{"example.com/http://other.example/", "example.com", "/http://other.example/", false, false},
		{".", ".", "/", false, false},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_url url;
		if (parts(cases[i].text, &url) != SK_OK)
			fail_msg("%s is refused", cases[i].text);
		assert_int_equal(url.host_length, strlen(cases[i].host));
		assert_memory_equal(url.host, cases[i].host, url.host_length);
		assert_int_equal(url.path_length, strlen(cases[i].path));
		assert_memory_equal(url.path, cases[i].path, url.path_length);
		assert_int_equal(url.has_scheme, cases[i].scheme);
		assert_int_equal(url.has_query, cases[i].query);
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "http://", "http:///x", "user@", "a b", "exa\tmple", "host:x", "host:65536",
					    "host:99999999999999999999", "[::1", "[::1]x",
					    "[]", ":80", "ho\\st", "a]b", "ho\x7fst"};
	for (size_t i = 0; i < SK_COUNT(texts); i++) {
		struct sk_url url;
		if (parts(texts[i], &url) != SK_EMALFORMED)
			fail_msg("%s is taken", texts[i]);
	}
	char text[SK_URL_HOST_MAX + 1];
	memset(text, 'a', sizeof text);
	struct sk_url url;
	assert_int_equal(sk_url_parts(text, SK_URL_HOST_MAX - 1, &url), SK_OK);
	assert_int_equal(sk_url_parts(text, SK_URL_HOST_MAX, &url), SK_EMALFORMED);
	assert_int_equal(sk_url_parts("a\0b", 3, &url), SK_EMALFORMED);
}

static void assert_hash(const char *host, const char *path, const char *hex)
{
	uint8_t hash[SK_URL_HASH_BYTES];
	char text[2 * SK_URL_HASH_BYTES + 1];
	sk_url_hash(host, strlen(host), path, strlen(path), hash);
	sk_hex_encode(hash, sizeof hash, text);
	assert_string_equal(text, hex);
}

static void test_hash(void **state)
{
	(void)state;
	/* printf example.com/a | sha256sum; printf example.com/ | sha256sum */
	static const char a[] = "036cbe16b0015b0a30d733ca981c8ebb80535abe46b862bbb67d0affb9331be7";
	static const char root[] = "73d986e009065f182c10bcb6a45db3d6eda9498f8930654af2653f8a938cd801";
	assert_hash("example.com", "/a", a);
	assert_hash("EXAMPLE.com.", "/a?b", a);
	assert_hash("example.com", "/a#b?c", a);
	assert_hash("example.com", "a", a);
	assert_hash("example.com", "", root);
	assert_hash("example.com", "?x", root);
	assert_hash("example.com", "/", root);
}

static void test_join(void **state)
{
	(void)state;
	char text[32];
	assert_int_equal(sk_url_join("Example.COM.", 12, "/A?b", 4, text, sizeof text), 13);
	assert_memory_equal(text, "example.com/A", 13);
	assert_int_equal(sk_url_join("example.com", 11, "", 0, text, 12), 12);
	assert_memory_equal(text, "example.com/", 12);
	assert_int_equal(sk_url_join("example.com", 11, "", 0, text, 11), 0);
	assert_int_equal(sk_url_join("example.com", 11, "/a", 2, text, 12), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_join),
	};
	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
