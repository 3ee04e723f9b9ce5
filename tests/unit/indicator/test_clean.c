/* SPDX-License-Identifier: Apache-2.0 */
/* One value at a time: what it becomes, or why it is refused. */
#include "lists.h"

#include "indicator/indicator_priv.h"
#include "text/text.h"
#include "text/url.h"

#define TAKEN SK_INDICATOR_REASON_COUNT
#define BIT(reason) (UINT64_C(1) << SK_INDICATOR_##reason)

static const char ja4[] = "t13d1516h2_8daaf6152771_e5627efa2ab1";

static const struct {
	const char *text;
	enum sk_type type;
	enum sk_indicator_reason reason;
	const char *value; /* as sk_indicator_value would write it; of a URL the host and path that are hashed */
	uint64_t changes;
} cases[] = {
	{"45.33.32.156", SK_TYPE_ANY, TAKEN, "45.33.32.156", 0},
	{"  45.33.32.156\t", SK_TYPE_ANY, TAKEN, "45.33.32.156", 0},
	{"\"45.33.32.156\"", SK_TYPE_ANY, TAKEN, "45.33.32.156", 0},
	{"45[.]33[.]32[.]156", SK_TYPE_ANY, TAKEN, "45.33.32.156", BIT(DEFANGED)},
	{"45(.)33{.}32[dot]156", SK_TYPE_ANY, TAKEN, "45.33.32.156", BIT(DEFANGED)},
	{"45.33.32[.156", SK_TYPE_ANY, TAKEN, "45.33.32.156", BIT(DEFANGED)},
	{"45\\.33\\.32\\.156", SK_TYPE_ANY, TAKEN, "45.33.32.156", BIT(DEFANGED)},
	{"45.33.32.156/32", SK_TYPE_ANY, TAKEN, "45.33.32.156", 0},
	{"45.33.32.156/24", SK_TYPE_ANY, TAKEN, "45.33.32.0/24", BIT(HOST_BITS)},
	{"45.33.32.0/24", SK_TYPE_ANY, TAKEN, "45.33.32.0/24", 0},
	{"45.33.32.156:8080", SK_TYPE_ANY, TAKEN, "45.33.32.156", BIT(PORT_DROPPED)},
	{"45.33.32.156|443", SK_TYPE_ADDRESS_PORT, TAKEN, "45.33.32.156", BIT(PORT_DROPPED)},
	{"45.33.32.156:99999999", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"2600:3C01::F03C:91FF:FE18:BB2F", SK_TYPE_ANY, TAKEN, "2600:3c01::f03c:91ff:fe18:bb2f", BIT(CASE)},
	{"2600[:]3c01[:][:]1", SK_TYPE_ANY, TAKEN, "2600:3c01::1", BIT(DEFANGED)},
	{"[2600:3c01::1]:443", SK_TYPE_ANY, TAKEN, "2600:3c01::1", BIT(PORT_DROPPED)},
	{"[2600:3c01::1]", SK_TYPE_ANY, TAKEN, "2600:3c01::1", 0},
	{"2600:3c01::1/32", SK_TYPE_ANY, TAKEN, "2600:3c01::/32", BIT(HOST_BITS)},
	{"2600:3c01::1%eth0", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"0.0.0.0/0", SK_TYPE_ANY, TAKEN, "0.0.0.0/0", 0}, /* well formed; the builder's rule refuses it */
	{"045.033.032.156", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"300.1.2.3", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"1.2.3", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"45.33.32.0/33", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"45.33.32.0/024", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"45.33.32.0-45.33.32.255", SK_TYPE_ANY, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{"evil.example", SK_TYPE_ANY, TAKEN, "evil.example", 0},
	{"EVIL.Example", SK_TYPE_ANY, TAKEN, "evil.example", BIT(CASE)},
	{"evil.example.", SK_TYPE_ANY, TAKEN, "evil.example", BIT(DOT)},
	{".evil.example", SK_TYPE_ANY, TAKEN, "evil.example", BIT(DOT)},
	{"*.evil.example", SK_TYPE_ANY, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{"evil[.]example", SK_TYPE_DOMAIN, TAKEN, "evil.example", BIT(DEFANGED)},
	{"evil.example:8443", SK_TYPE_ANY, TAKEN, "evil.example", BIT(PORT_DROPPED)},
	{"_dmarc.evil.example", SK_TYPE_ANY, TAKEN, "_dmarc.evil.example", 0},
	{"m\xc3\xbcnchen.example", SK_TYPE_ANY, TAKEN, "xn--mnchen-3ya.example", BIT(IDN)},
	{"\xe4\xbe\x8b\xe3\x81\x88.jp", SK_TYPE_ANY, TAKEN, "xn--r8jz45g.jp", BIT(IDN)},
	{"fa\xc3\x9f.example", SK_TYPE_ANY, TAKEN, "xn--fa-hia.example", BIT(IDN)}, /* not transitional: not fass */
	{"a\xe2\x80\x8e.example", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"localhost", SK_TYPE_ANY, SK_INDICATOR_SINGLE_LABEL, NULL, 0},
	{"com", SK_TYPE_ANY, SK_INDICATOR_SINGLE_LABEL, NULL, 0},
	{"a..example", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"ex ample.com", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"bad\xff.example", SK_TYPE_ANY, SK_INDICATOR_BAD_UTF8, NULL, 0},
	{"hxxp://evil.example/", SK_TYPE_ANY, TAKEN, "evil.example", BIT(DEFANGED) | BIT(URL_REDUCED)},
	{"hxxps[://]evil[.]example", SK_TYPE_ANY, TAKEN, "evil.example", BIT(DEFANGED) | BIT(URL_REDUCED)},
	{"http://45.33.32.156:8080/", SK_TYPE_URL, TAKEN, "45.33.32.156", BIT(URL_REDUCED) | BIT(PORT_DROPPED)},
	{"https://evil.example/a/b?c", SK_TYPE_ANY, TAKEN, "evil.example/a/b", BIT(QUERY_CUT)},
	{"https://evil.example?c", SK_TYPE_ANY, TAKEN, "evil.example/", BIT(QUERY_CUT)}, /* not its whole host */
	{"http://45.33.32.156/24", SK_TYPE_ANY, TAKEN, "45.33.32.156/24", 0}, /* a path, not a prefix */
	{"hxxp://EVIL[.]example:8080/A%20b/C.php", SK_TYPE_URL, TAKEN, "evil.example/A%20b/C.php", BIT(DEFANGED) | BIT(CASE) | BIT(PORT_DROPPED)},
	{"http://[2600:3c01::1]:80/x", SK_TYPE_URL, TAKEN, "2600:3c01::1/x", BIT(PORT_DROPPED)},
	{"http://m\xc3\xbcnchen.example/x", SK_TYPE_URL, TAKEN, "xn--mnchen-3ya.example/x", BIT(IDN)},
	{"evil.example/x/", SK_TYPE_URL, TAKEN, "evil.example/x/", 0},
	{"http://evil/x", SK_TYPE_URL, SK_INDICATOR_SINGLE_LABEL, NULL, 0},
	{"ftp://evil.example/x", SK_TYPE_URL, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{"https://user:pw@evil.example/x", SK_TYPE_URL, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{"https://evil.example/x@y", SK_TYPE_URL, TAKEN, "evil.example/x@y", 0},
	{"https:///x", SK_TYPE_URL, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"hxxpevil.example", SK_TYPE_ANY, TAKEN, "hxxpevil.example", 0}, /* a name that begins so */
	{"1.2.3.4-evil.example", SK_TYPE_ANY, TAKEN, "1.2.3.4-evil.example", 0},
	{"45.33.32.1-9", SK_TYPE_ANY, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{"45.33.32.0 - 45.33.32.9", SK_TYPE_ANY, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{"https://user@evil.example/", SK_TYPE_ANY, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{"someone@evil.example", SK_TYPE_ANY, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{"evil.example/x", SK_TYPE_ANY, TAKEN, "evil.example/x", 0},
	{"ja3s:E7D705A3286E19EA42F587B344EE6865", SK_TYPE_ANY, TAKEN, "ja3s:e7d705a3286e19ea42f587b344ee6865", BIT(CASE)},
	{"e7d705a3286e19ea42f587b344ee6865", SK_TYPE_HASSH, TAKEN, "hassh:e7d705a3286e19ea42f587b344ee6865", 0},
	{"e7d705a3286e19ea42f587b344ee6865", SK_TYPE_HASSH_SERVER, TAKEN, "hassh_server:e7d705a3286e19ea42f587b344ee6865", 0},
	{"da39a3ee5e6b4b0d3255bfef95601890afd80709", SK_TYPE_CERT_SHA1, TAKEN, "cert_sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709", 0},
	{"da39a3ee5e6b4b0d3255bfef95601890afd80709", SK_TYPE_CERT_SHA256, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"hassh:xyz", SK_TYPE_ANY, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"E7D705A3286E19EA42F587B344EE6865", SK_TYPE_ANY, TAKEN, "e7d705a3286e19ea42f587b344ee6865", BIT(CASE)},
	{"e7d705a3286e19ea42f587b344ee6865", SK_TYPE_JA3, TAKEN, "e7d705a3286e19ea42f587b344ee6865", 0},
	{"e7d705a3286e19ea42f587b344ee68", SK_TYPE_JA3, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"da39a3ee5e6b4b0d3255bfef95601890afd80709", SK_TYPE_ANY, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{ja4, SK_TYPE_ANY, TAKEN, ja4, 0},
	{"t13d1516h2_8daaf6152771_e5627efa2abz", SK_TYPE_JA4, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"evil.example", SK_TYPE_ADDRESS, SK_INDICATOR_NOT_AN_INDICATOR, NULL, 0},
	{"45.33.32.156", SK_TYPE_DOMAIN, TAKEN, "45.33.32.156", 0},
	{"anything", SK_TYPE_UNSUPPORTED, SK_INDICATOR_UNSUPPORTED_TYPE, NULL, 0},
	{"   ", SK_TYPE_ANY, SK_INDICATOR_EMPTY, NULL, 0},
};

static const char *format(const struct sk_value *value, char text[320])
{
	switch (value->kind) {
	case SK_INDICATOR_ADDRESS: return sk_addr_format(&value->prefix.addr, text);
	case SK_INDICATOR_PREFIX: return sk_prefix_format(&value->prefix, text);
	case SK_INDICATOR_DOMAIN: return value->name;
	case SK_INDICATOR_JA4:
		(void)snprintf(text, 320, "%.*s", (int)value->length, (const char *)value->print);
		return text;
	default:
		(void)snprintf(text, 320, "%s%s", value->kind == SK_INDICATOR_JA3 ? "" : sk_print_name(value->kind), value->kind == SK_INDICATOR_JA3 ? "" : ":");
		sk_hex_encode(value->print, value->length, text + strlen(text));
		return text;
	}
}

/* A URL's row names what is hashed. */
static bool same(const struct sk_value *value, const char *wanted)
{
	char text[320];
	if (value->kind != SK_INDICATOR_URL)
		return strcmp(format(value, text), wanted) == 0;
	uint8_t hash[SK_URL_HASH_BYTES];
	size_t host = strcspn(wanted, "/");
	sk_url_hash(wanted, host, wanted + host, strlen(wanted + host), hash);
	return memcmp(hash, value->print, sizeof hash) == 0;
}

static void test_table(void **state)
{
	(void)state;
	assert_int_equal(sk_seal_start(), SK_OK);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_value value;
		const char *detail = NULL;
		char text[320];
		enum sk_indicator_reason reason = sk_value_clean(cases[i].text, strlen(cases[i].text), cases[i].type, &value, &detail);
		if (reason != cases[i].reason)
			print_error("case %zu: '%s'\n", i, cases[i].text);
		assert_int_equal(reason, cases[i].reason);
		assert_non_null(detail);
		if (reason != TAKEN)
			continue;
		if (!same(&value, cases[i].value))
			print_error("case %zu: '%s' became '%s'\n", i, cases[i].text, format(&value, text));
		assert_true(same(&value, cases[i].value));
		if (value.changes != cases[i].changes)
			print_error("case %zu: '%s'\n", i, cases[i].text);
		assert_int_equal(value.changes, cases[i].changes);
	}
}

static void test_limits(void **state)
{
	(void)state;
	struct sk_value value;
	const char *detail;
	char text[SK_INDICATOR_VALUE_MAX + 2];
	memset(text, 'x', sizeof text);
	assert_int_equal(sk_value_clean(text, sizeof text, SK_TYPE_ANY, &value, &detail), SK_INDICATOR_TOO_LONG);
	assert_int_equal(sk_value_clean(text, 64, SK_TYPE_ANY, &value, &detail), SK_INDICATOR_NOT_AN_INDICATOR);
	/* 253 bytes of name are the most that DNS can carry. */
	for (size_t i = 49; i < 253; i += 50)
		text[i] = '.';
	assert_int_equal(sk_value_clean(text, 253, SK_TYPE_ANY, &value, &detail), TAKEN);
	assert_int_equal(value.length, 253);
	assert_int_equal(sk_value_clean(text, 254, SK_TYPE_ANY, &value, &detail), SK_INDICATOR_TOO_LONG);
	assert_int_equal(sk_value_clean("a\0.example", 10, SK_TYPE_ANY, &value, &detail), SK_INDICATOR_NOT_AN_INDICATOR);
	assert_int_equal(sk_value_clean("", 0, SK_TYPE_ANY, &value, &detail), SK_INDICATOR_EMPTY);
}

/* Cleaning what was cleaned changes nothing more. */
static void test_idempotent(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_value value, again;
		const char *detail;
		char text[320], text_again[320];
		if (cases[i].reason != TAKEN || sk_value_clean(cases[i].text, strlen(cases[i].text), cases[i].type, &value, &detail) != TAKEN)
			continue;
		const char *cleaned = format(&value, text);
		assert_int_equal(sk_value_clean(cleaned, strlen(cleaned), SK_TYPE_ANY, &again, &detail), TAKEN);
		assert_int_equal(again.changes, 0);
		assert_string_equal(format(&again, text_again), cleaned);
	}
}

/* The short way and the long way say the same of whatever the short way takes. */
static unsigned compare_ways(const char *text, size_t length)
{
	struct sk_value quick = {.length = 0}, slow = {.length = 0};
	const char *detail;
	char a[320], b[320];
	if (!sk_value_plain(text, length, &quick))
		return 0;
	enum sk_indicator_reason reason = sk_value_work(text, length, SK_TYPE_ANY, &slow, &detail);
	if (reason != TAKEN)
		print_error("'%s' went the short way\n", text);
	assert_int_equal(reason, TAKEN);
	assert_int_equal(slow.changes, 0);
	assert_int_equal(quick.kind, slow.kind);
	assert_string_equal(format(&quick, a), format(&slow, b));
	assert_memory_equal(&quick.prefix, &slow.prefix, sizeof quick.prefix);
	return 1;
}

static void test_two_ways(void **state)
{
	(void)state;
	static const char letters[] = "0123456789abcdef::::....-_zx/";
	unsigned taken = 0;
	uint64_t seed = 1;
	for (size_t i = 0; i < SK_COUNT(cases); i++)
		taken += compare_ways(cases[i].text, strlen(cases[i].text));
	assert_true(taken > 5);
	for (unsigned i = 0; i < 400000; i++) {
		char text[48];
		size_t length = 0, wanted = 1 + (seed >> 40) % 24;
		for (; length < wanted; length++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			text[length] = letters[(seed >> 33) % (i % 4 == 0 ? 10 : sizeof letters - 1)];
			if (i % 4 == 0 && (seed >> 50) % 3 == 0)
				text[length] = i % 8 == 0 ? '.' : ':';
		}
		text[length] = '\0';
		taken += compare_ways(text, length);
	}
	print_message("%u values went the short way\n", taken);
	assert_true(taken > 10000);
}

static void test_reasons(void **state)
{
	(void)state;
	for (int reason = 0; reason < SK_INDICATOR_REASON_COUNT; reason++) {
		assert_true(strlen(sk_indicator_reason_name((enum sk_indicator_reason)reason)) > 0);
		assert_true(strlen(sk_indicator_reason_prose((enum sk_indicator_reason)reason)) > 0);
	}
	assert_string_equal(sk_indicator_reason_name(SK_INDICATOR_WARNING_LIST), "warning_list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_limits), cmocka_unit_test(test_idempotent), cmocka_unit_test(test_two_ways),
					   cmocka_unit_test(test_reasons)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
