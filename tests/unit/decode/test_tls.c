/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/tls.h"
#include "decode/hello_priv.h"
#include "hello.h"

static const struct hello_recipe usual = {.version = 0x0303, .ciphers = 3, .name = "WWW.Example.COM.", .alpn = "h2", .alpn_bytes = 2, .tls13 = true};

static enum sk_err parse(const uint8_t *bytes, size_t length, struct sk_client_hello *out)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	enum sk_err err = sk_tls_client_hello(sk_cur_of(exact, length), NULL, out);
	free(exact);
	return err;
}

static struct sk_client_hello hello_of(const struct hello_recipe *recipe)
{
	static uint8_t stream[24000];
	struct sk_client_hello hello;
	assert_int_equal(parse(stream, hello_stream(stream, sizeof stream, recipe, 16000), &hello), SK_OK);
	return hello;
}

static void test_facts(void **state)
{
	(void)state;
	struct sk_client_hello hello = hello_of(&usual);
	assert_string_equal(hello.sni, "www.example.com");
	assert_int_equal(hello.sni_length, 15);
	assert_int_equal(hello.record_version, 0x0301);
	assert_int_equal(hello.legacy_version, 0x0303);
	assert_int_equal(hello.highest_version, 0x0304);
	assert_int_equal(hello.cipher_count, 3);
	assert_int_equal(hello.extension_count, 6);
	assert_true(hello.has_sni && hello.has_grease && !hello.has_ech && !hello.quic && !hello.dtls);
	assert_string_equal(hello.alpn_first, "h2");
	/* Hashes made with coreutils: printf 771,4865-4866-4867,0-16-10-11-13-43,29,0 | md5sum; printf 1301,1302,1303 | sha256sum;
	   printf 000a,000b,000d,002b_0403,0804 | sha256sum */
	assert_string_equal(hello.ja3, "582ff0ad8de60ae928751d770de98683");
	assert_string_equal(hello.ja4, "t13d0306h2_55b375c5d22e_fb71836bce29");
}

static void expect_ja4_start(struct hello_recipe recipe, const char *start)
{
	struct sk_client_hello hello = hello_of(&recipe);
	assert_int_equal(strlen(hello.ja4), 36);
	assert_memory_equal(hello.ja4, start, strlen(start));
}

/* The rules of FoxIO's JA4.md, one by one. */
static void test_ja4_rules(void **state)
{
	(void)state;
	struct hello_recipe r = usual;
	r.alpn = NULL;
	expect_ja4_start(r, "t13d030500_");
	r.name = NULL;
	expect_ja4_start(r, "t13i030400_");
	r.tls13 = false;
	expect_ja4_start(r, "t12i030300_");
	r.version = 0x0301;
	expect_ja4_start(r, "t10i030300_");
	r.version = 0x0300;
	expect_ja4_start(r, "ts3i030300_");
	r.version = 0x7f1c;
	expect_ja4_start(r, "t00i030300_");
	r = usual;
	r.ciphers = 120;
	expect_ja4_start(r, "t13d9906h2_");
	r.ciphers = 0;
	expect_ja4_start(r, "t13d0006h2_000000000000_");
	static const struct { const char *alpn; size_t bytes; char shown[3]; } alpns[] = {
		{"http/1.1", 8, "h1"}, {"\xab", 1, "ab"}, {"\xab\xcd", 2, "ad"}, {"\x30\xab", 2, "3b"}, {"\x30\x31\xab\xcd", 4, "3d"},
				{"\x30\xab\xcd\x31", 4, "01"},
		{"x", 1, "xx"}, {"", 0, "00"}, {"\x0a\x0a", 2, "00"},
	};
	for (size_t i = 0; i < SK_COUNT(alpns); i++) {
		r = usual;
		r.alpn = alpns[i].alpn;
		r.alpn_bytes = alpns[i].bytes;
		char start[12] = "t13d0306";
		memcpy(start + 8, alpns[i].shown, 3);
		expect_ja4_start(r, start);
	}
	uint8_t message[2000];
	struct sk_client_hello hello;
	size_t length = hello_message(message, sizeof message, &usual);
	assert_int_equal(sk_tls_client_hello_message(sk_cur_of(message, length), true, NULL, &hello), SK_OK);
	assert_true(hello.quic);
	assert_memory_equal(hello.ja4, "q13d", 4);
}

/* Past the list limit there is no fingerprint, rather than a wrong one; the name is still told. */
static void test_lists_too_long(void **state)
{
	(void)state;
	struct hello_recipe r = usual;
	r.ciphers = SK_TLS_LISTS_MAX;
	assert_int_equal(strlen(hello_of(&r).ja4), 36);
	r.ciphers = SK_TLS_LISTS_MAX + 1;
	struct sk_client_hello hello = hello_of(&r);
	assert_string_equal(hello.ja3, "");
	assert_string_equal(hello.ja4, "");
	assert_string_equal(hello.sni, "www.example.com");
}

/* Any record size gives the same hello; any prefix asks for more. */
static void test_records_and_prefixes(void **state)
{
	(void)state;
	static uint8_t stream[24000];
	struct sk_client_hello whole = hello_of(&usual), hello;
	for (size_t record = 1; record < 220; record += 3) {
		size_t length = hello_stream(stream, sizeof stream, &usual, record);
		assert_int_equal(parse(stream, length, &hello), SK_OK);
		assert_memory_equal(&hello, &whole, sizeof hello);
		for (size_t cut = 0; cut < length; cut += 1 + record % 5)
			assert_int_equal(parse(stream, cut, &hello), SK_EMORE);
	}
	struct hello_recipe big = usual;
	big.padding = 15000;
	assert_int_equal(parse(stream, hello_stream(stream, sizeof stream, &big, 4000), &hello), SK_OK);
	big.padding = 17000;
	assert_int_equal(parse(stream, hello_stream(stream, sizeof stream, &big, 4000), &hello), SK_EMALFORMED);
}

/* What is no news changes nothing, and there is little news: a header, a message. In steps of some bytes, behind other records too. */
static void test_news(void **state)
{
	(void)state;
	static uint8_t stream[4096];
	for (unsigned round = 0; round < 60; round++) {
		size_t front = round % 3 * 6, step = 1 + round / 3 % 7;
		for (size_t at = 0; at < front; at += 6)
			memcpy(stream + at, "\x14\3\3\0\1\1", 6);
		size_t length = front + hello_stream(stream + front, sizeof stream - front, &usual, 1 + round * round);
		if (round >= 40)
			stream[front + 9 * round % (length - front)] ^= 0x11; /* damaged somewhere */
		struct sk_tls_progress progress = {0};
		struct sk_client_hello hello;
		unsigned news = 0;
		enum sk_err before = SK_EMORE;
		for (size_t now = step; before == SK_EMORE && now <= length; now += now + step > length && now < length ? length - now : step) {
			bool is_news = sk_tls_is_news(sk_cur_of(stream, now), 1, &progress);
			enum sk_err err = parse(stream, now, &hello);
			news += is_news;
			/* The parser may see earlier that it is none; never later that it is one. */
			assert_true(is_news || err != SK_OK);
			before = err;
		}
		if (round < 40)
			assert_true(news <= 2 && before == SK_OK);
	}
}

static void test_refused(void **state)
{
	(void)state;
	uint8_t stream[2000];
	struct sk_client_hello hello;
	assert_int_equal(parse((const uint8_t *)"GET / HTTP/1.1\r\n", 16, &hello), SK_EUNSUPPORTED);
	assert_int_equal(parse((const uint8_t *)"\x16\x03\x01\x00\x10\x02", 6, &hello), SK_EUNSUPPORTED); /* ServerHello */
	assert_int_equal(parse((const uint8_t *)"\x16\x04", 2, &hello), SK_EUNSUPPORTED);
	assert_int_equal(parse((const uint8_t *)"\x16\x03\x01\x00\x00", 5, &hello), SK_EMALFORMED);         /* empty record */
	size_t length = hello_stream(stream, sizeof stream, &usual, 16000);
	stream[9 + 34] = 33; /* session id beyond 32 */
	assert_int_equal(parse(stream, length, &hello), SK_EMALFORMED);
	assert_int_equal(hello.sni_length, 0);
	length = hello_stream(stream, sizeof stream, &usual, 16000);
	stream[9 + 36] = 7; /* an odd cipher list */
	assert_int_equal(parse(stream, length, &hello), SK_EMALFORMED);
	length = hello_stream(stream, sizeof stream, &usual, 50);
	stream[55] = 23; /* application data between the records of one message */
	assert_int_equal(parse(stream, length, &hello), SK_EMALFORMED);
}

/* A hello of these ciphers and extensions, as a bare message. */
static struct sk_client_hello hello_with(const char *extensions, size_t length)
{
	uint8_t message[500];
	struct sk_out o = sk_out_of(message, sizeof message);
	struct sk_client_hello hello;
	sk_put_be32(&o, 0x01000000 | (uint32_t)(2 + 32 + 1 + 4 + 2 + 2 + length));
	sk_put_be16(&o, 0x0303);
	memset(sk_put(&o, 32), 7, 32);
	sk_put_bytes(&o, "\0\0\2\x13\1\1\0", 7);
	sk_put_be16(&o, (uint16_t)length);
	sk_put_bytes(&o, extensions, length);
	assert_int_equal(sk_tls_client_hello_message(sk_cur_of(message, sk_out_length(&o)), false, NULL, &hello), SK_OK);
	return hello;
}

/* RFC 9849: the outer hello's extension begins with 0, the inner one's with 1; the drafts before it hid the name alone. */
static void test_encrypted_hello(void **state)
{
	(void)state;
	static const struct { const char *bytes; size_t length; bool ech, inner, esni; } cases[] = {
		{"\xfe\x0d\0\4\0\0\1\0", 8, true, false, false}, {"\xfe\x0d\0\1\1", 5, true, true, false}, {"\xfe\x0d\0\0", 4, true, false, false},
		{"\xff\xce\0\2\x13\1", 6, false, false, true}, {"\0\x15\0\0", 4, false, false, false},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_client_hello hello = hello_with(cases[i].bytes, cases[i].length);
		assert_true(hello.has_ech == cases[i].ech && hello.ech_inner == cases[i].inner && hello.has_esni == cases[i].esni);
		assert_false(hello.has_sni);
	}
}

/* Extensions that come twice count twice, as in the references; the first server name holds. */
static void test_doubled_extensions(void **state)
{
	(void)state;
	struct sk_client_hello hello = hello_with("\0\x15\0\1\0" "\0\x15\0\0" "\0\0\0\6\0\4\0\0\1a" "\0\0\0\6\0\4\0\0\1b", 29);
	assert_int_equal(hello.extension_count, 4);
	assert_string_equal(hello.sni, "a");
	/* printf 771,4865,21-21-0-0,, | md5sum; printf 1301 | sha256sum; printf 0015,0015 | sha256sum */
	assert_string_equal(hello.ja3, "52ad4dfa2def4d7b901075b6d7ed1adc");
	assert_string_equal(hello.ja4, "t12d010400_0f2cb44170f4_afb03b0324f6");
}

/* A second hello stands behind a ChangeCipherSpec (RFC 8446 D.4), which may be all that has come. */
static void test_behind_change_cipher_spec(void **state)
{
	(void)state;
	uint8_t stream[2000];
	struct sk_client_hello whole = hello_of(&usual), hello;
	memcpy(stream, "\x14\3\3\0\1\1", 6);
	size_t length = 6 + hello_stream(stream + 6, sizeof stream - 6, &usual, 70);
	assert_int_equal(parse(stream, length, &hello), SK_OK);
	assert_memory_equal(&hello, &whole, sizeof whole);
	assert_int_equal(sk_tls_message_bytes(sk_cur_of(stream, length)), length);
	for (size_t cut = 0; cut < length; cut++) {
		assert_int_equal(parse(stream, cut, &hello), SK_EMORE);
		assert_int_equal(sk_tls_message_bytes(sk_cur_of(stream, cut)), 0);
	}
	for (size_t i = 0; i < 6; i++) {
		stream[i] ^= 0x80;
		assert_int_equal(parse(stream, length, &hello), SK_EUNSUPPORTED);
		stream[i] ^= 0x80;
	}
	for (size_t i = 0; i < 6 * 5; i += 6)
		memcpy(stream + i, "\x14\3\3\0\1\1", 6);
	assert_int_equal(parse(stream, 30, &hello), SK_EUNSUPPORTED); /* one is usual, five are no TLS */
}

static void test_dtls(void **state)
{
	(void)state;
	uint8_t message[2000], datagram[2100];
	struct hello_recipe r = usual;
	r.version = 0xfefd;
	r.tls13 = false;
	size_t body = hello_body(message, sizeof message, &r);
	struct sk_out o = sk_out_of(datagram, sizeof datagram);
	sk_put_bytes(&o, "\x16\xfe\xff\0\0\0\0\0\0\0\0", 11);
	sk_put_be16(&o, (uint16_t)(body + 12 + 1));
	sk_put_be32(&o, 0x01000000 | (uint32_t)(body + 1));
	sk_put_bytes(&o, "\0\0\0\0\0", 5);
	sk_put_u8(&o, 0);
	sk_put_be16(&o, (uint16_t)(body + 1));
	sk_put_bytes(&o, message, 35);
	sk_put_u8(&o, 0); /* no cookie */
	sk_put_bytes(&o, message + 35, body - 35);
	struct sk_client_hello hello;
	size_t length = sk_out_length(&o);
	assert_int_equal(sk_tls_client_hello_datagram(sk_cur_of(datagram, length), NULL, &hello), SK_OK);
	assert_memory_equal(hello.ja4, "dd2d0305h2_", 11);
	assert_string_equal(hello.sni, "www.example.com");
	for (size_t cut = 0; cut < length; cut++)
		assert_int_not_equal(sk_tls_client_hello_datagram(sk_cur_of(datagram, cut), NULL, &hello), SK_OK);
}

/* Credit is spent by what a fingerprint takes; too little gives the hello without it, and says so. */
static void test_credit(void **state)
{
	(void)state;
	uint8_t stream[2000];
	struct sk_client_hello hello;
	size_t length = hello_stream(stream, sizeof stream, &usual, 16000);
	struct sk_credit credit = {.left = 1 << 20};
	assert_int_equal(sk_tls_client_hello(sk_cur_of(stream, length), &credit, &hello), SK_OK);
	assert_int_equal(strlen(hello.ja4), 36);
	int64_t cost = (1 << 20) - credit.left;
	assert_in_range(cost, 100, 5000);
	for (int short_by = 0; short_by < 2; short_by++) {
		credit = (struct sk_credit){.left = cost - short_by};
		assert_int_equal(sk_tls_client_hello(sk_cur_of(stream, length), &credit, &hello), SK_OK);
		assert_int_equal(strlen(hello.ja3), short_by ? 0 : 32);
		assert_int_equal(strlen(hello.ja4), short_by ? 0 : 36);
		assert_string_equal(hello.sni, "www.example.com");
		assert_int_equal(credit.refused, short_by);
		assert_int_equal(credit.left, short_by ? cost - 1 : 0);
	}
	/* What is saved has a limit. */
	credit = (struct sk_credit){.left = INT64_MAX};
	assert_true(sk_credit_spend(&credit, 1));
	assert_int_equal(credit.left, SK_CREDIT_MAX - 1);
	assert_true(sk_credit_spend(NULL, INT64_MAX));
}

/* Lists of any length and order have one order in JA4, and their own in JA3. */
static void test_sorted(void **state)
{
	(void)state;
	static struct sk_hello_lists lists, turned;
	for (unsigned count = 1; count <= SK_TLS_LISTS_MAX; count++) {
		struct sk_client_hello one = {.legacy_version = 0x0303}, other = one;
		sk_hello_lists_clear(&lists);
		sk_hello_lists_clear(&turned);
		for (unsigned i = 0; i < count; i++) { /* distinct, in both bytes */
			lists.ciphers.values[i] = lists.extensions.values[i] = (uint16_t)(i * 40503u);
			turned.ciphers.values[count - 1 - i] = turned.extensions.values[count - 1 - i] = (uint16_t)(i * 40503u);
		}
		lists.ciphers.count = lists.extensions.count = turned.ciphers.count = turned.extensions.count = count;
		sk_hello_fingerprint(&lists, NULL, &one);
		sk_hello_fingerprint(&turned, NULL, &other);
		assert_string_equal(one.ja4, other.ja4);
		assert_int_equal(strcmp(one.ja3, other.ja3) == 0, count == 1);
		/* Sabotage: another value is another fingerprint. */
		turned.ciphers.values[count / 2] ^= 1;
		other = (struct sk_client_hello){.legacy_version = 0x0303};
		sk_hello_fingerprint(&turned, NULL, &other);
		assert_string_not_equal(one.ja4, other.ja4);
	}
}

struct form {
	const char *bytes;
	size_t length;
};
#define FORM(text) {text, sizeof text - 1}

/* What can be told without a hello: whole chains of records, cut anywhere behind a first header; anything odd in any header tells nothing. */
static void test_by_form(void **state)
{
	(void)state;
	static const struct form good[] = {
		FORM("\x17\x03\x03\x00\x14" "aaaaaaaaaaaaaaaaaaaa"), FORM("\x17\x03\x03\x40\x00" "aaaa"), FORM("\x17\x03\x03\x48\x00"), FORM("\x15\x03\x01\x00\x02\x02\x28"),
		FORM("\x14\x03\x03\x00\x01\x01" "\x16\x03\x03\x00\x28" "aa"), FORM("\x17\x03\x03\x00\x03" "aaa" "\x15\x03\x03\x00\x13" "a"),
		FORM("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"), FORM("\x80\x3e\x01\x00\x02\x00\x15\x00\x10\x00\x10" "abc"),
	};
	static const struct form bad[] = {
		FORM(""), FORM("\x17"), FORM("\x17\x03\x03\x00"), FORM("\x17\x03\x05\x00\x14"), FORM("\x17\x04\x03\x00\x14"), FORM("\x13\x03\x03\x00\x14"), FORM("\x18\x03\x03\x00\x14"),
		FORM("\x17\x03\x03\x00\x00"), FORM("\x17\x03\x03\x48\x01"), FORM("\x14\x03\x03\x00\x02\x01\x01"), FORM("\x14\x03\x03\x00\x01"), FORM("\x15\x03\x01\x00\x02\x02"),
		FORM("\x17\x03\x03\x00\x03" "aaa" "\x17\x03\x05\x00\x13"), FORM("\x80\x2f\x01\x03\x01\x00\x15\x00\x00\x00\x10"), FORM("\x80\x2d\x01\x03\x01\x00\x14\x00\x00\x00\x10"),
		FORM("\x80\x2e\x01\x04\x01\x00\x15\x00\x00\x00\x10"), FORM("\x80\x2e\x02\x03\x01\x00\x15\x00\x00\x00\x10"), FORM("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00"),
		FORM("\x80\x1d\x01\x03\x01\x00\x15\x00\x00\xff\xff"), FORM("HTTP/1.1 200 OK\r\n\r\n"),
	};
	for (size_t i = 0; i < SK_COUNT(good); i++)
		assert_true(sk_tls_by_form(sk_cur_of(good[i].bytes, good[i].length)));
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_false(sk_tls_by_form(sk_cur_of(bad[i].bytes, bad[i].length)));
	static const struct form datagrams[] = {
		FORM("\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01\x00\x02" "ab"), FORM("\x14\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x01" "\x16\xfe\xff\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02" "ab"),
	};
	for (size_t i = 0; i < SK_COUNT(datagrams); i++)
		for (size_t cut = 0; cut <= datagrams[i].length; cut++) /* to the very end, or of the first record alone */
			assert_int_equal(sk_dtls_by_form(sk_cur_of(datagrams[i].bytes, cut)), cut == datagrams[i].length || (i == 1 && cut == 14));
	assert_false(sk_dtls_by_form(sk_cur_of("\x17\x03\x03\x00\x01\x00\x00\x00\x00\x00\x01\x00\x02" "ab", 15)));
	assert_false(sk_dtls_by_form(sk_cur_of("\x19\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01\x00\x02" "ab", 15)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts), cmocka_unit_test(test_ja4_rules), cmocka_unit_test(test_lists_too_long),
				cmocka_unit_test(test_records_and_prefixes), cmocka_unit_test(test_news),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_encrypted_hello), cmocka_unit_test(test_doubled_extensions),
		cmocka_unit_test(test_behind_change_cipher_spec), cmocka_unit_test(test_dtls), cmocka_unit_test(test_by_form), cmocka_unit_test(test_credit), cmocka_unit_test(test_sorted),
	};
	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
