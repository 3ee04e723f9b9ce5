/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/dns.h"

/* Query for WWW.Example.COM A with EDNS; then the answer with a CNAME and an A behind pointers. */
static const uint8_t query[] = "\x12\x34\x01\x00\0\1\0\0\0\0\0\1" "\3WWW\7Example\3COM\0" "\0\1\0\1" "\0\0\x29\x10\x00\x01\0\0\0\0\0";
static const uint8_t answer[] = "\x12\x34\x81\x83\0\1\0\2\0\0\0\0" "\3www\7example\3com\0" "\0\1\0\1" "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\4\1a\xc0\x10"
				"\xc0\x2d\0\1\0\1\0\0\0\x3c\0\4\xc0\x00\x02\x01";

static enum sk_err parse(const void *bytes, size_t length, struct sk_dns *out)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	enum sk_err err = sk_dns_parse(sk_cur_of(exact, length), out);
	free(exact);
	return err;
}

static void test_query(void **state)
{
	(void)state;
	struct sk_dns dns;
	assert_int_equal(parse(query, sizeof query - 1, &dns), SK_OK);
	assert_int_equal(dns.id, 0x1234);
	assert_false(dns.response);
	assert_string_equal(dns.name, "www.example.com");
	assert_int_equal(dns.name_length, 15);
	assert_int_equal(dns.label_count, 3);
	assert_int_equal(dns.query_type, 1);
	assert_int_equal(dns.query_class, 1);
	assert_true(dns.has_edns);
	assert_int_equal(dns.edns_udp_size, 4096);
	assert_int_equal(dns.rcode, 1 << 4); /* EDNS holds the upper bits */
}

static void test_answer(void **state)
{
	(void)state;
	struct sk_dns dns;
	assert_int_equal(parse(answer, sizeof answer - 1, &dns), SK_OK);
	assert_true(dns.response);
	assert_int_equal(dns.rcode, 3);
	assert_int_equal(dns.answers, 2);
	assert_int_equal(dns.answer_min_ttl_s, 60);
	assert_int_equal(dns.answer_types, 1 << 2 | 1 << 0);
	assert_false(dns.has_edns);
}

/* Every cut: truncated, with the name as soon as the question is whole, and nothing before. */
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	struct sk_dns dns;
	for (size_t cut = 0; cut < sizeof answer - 1; cut++) {
		assert_int_equal(parse(answer, cut, &dns), SK_ETRUNC);
		assert_int_equal(dns.name_length, cut < 12 + 17 + 4 ? 0 : 15);
		if (dns.name_length != 0)
			assert_string_equal(dns.name, "www.example.com");
	}
}

static enum sk_err parse_name(const void *name, size_t length, struct sk_dns *out)
{
	uint8_t message[2048] = {0, 1, 1, 0, 0, 1};
	memcpy(message + 12, name, length);
	memcpy(message + 12 + length, "\0\1\0\1", 4);
	return parse(message, 12 + length + 4, out);
}

static void test_names_refused(void **state)
{
	(void)state;
	struct sk_dns dns;
	assert_int_equal(parse_name("\xc0\x0c", 2, &dns), SK_EMALFORMED);        /* itself */
	assert_int_equal(parse_name("\xc0\x20\0\0\0", 5, &dns), SK_EMALFORMED);  /* forward */
	assert_int_equal(parse_name("\1a\xc0\x0c", 4, &dns), SK_EMALFORMED);     /* a loop of one label */
	assert_int_equal(parse_name("\x41""a\0", 3, &dns), SK_EMALFORMED);       /* label type 01 */
	assert_int_equal(parse_name("\x81""a\0", 3, &dns), SK_EMALFORMED);       /* label type 10 */
	uint8_t name[300];
	for (size_t i = 0; i < 256; i += 2)
		memcpy(name + i, "\1a", 2);
	name[256] = 0;
	assert_int_equal(parse_name(name, 257, &dns), SK_EMALFORMED);            /* 257 bytes */
	name[254] = 0;
	assert_int_equal(parse_name(name, 255, &dns), SK_OK);                    /* 255: the longest */
	assert_int_equal(dns.label_count, 127);
	assert_int_equal(dns.name_length, 253);
	/* The same in an answer's owner name, where the pointer is checked and not followed. */
	uint8_t looped[sizeof answer];
	memcpy(looped, answer, sizeof answer);
	looped[34] = 0x21;
	assert_int_equal(parse(looped, sizeof answer - 1, &dns), SK_EMALFORMED);
}

static void test_counts_that_cannot_fit(void **state)
{
	(void)state;
	struct sk_dns dns;
	assert_int_equal(parse("\0\1\x81\0\0\0\x20\0\0\0\0\0", 12, &dns), SK_EMALFORMED);
	assert_int_equal(parse("\0\1\x81\0\0\0\x10\0\0\0\0\0", 12, &dns), SK_ETRUNC);
}

static void test_name_text(void **state)
{
	(void)state;
	struct sk_dns dns;
	assert_int_equal(parse_name("\0", 1, &dns), SK_OK);
	assert_string_equal(dns.name, ".");
	assert_int_equal(dns.label_count, 0);
	assert_int_equal(parse_name("\5A.b\\\x7\2-_\0", 10, &dns), SK_OK);
	assert_string_equal(dns.name, "a\\046b\\092\\007.-_");
	/* Binary labels whose escaped text does not fit: whole labels go, from the left, so that the registered domain stays. */
	uint8_t name[255] = {0};
	size_t at = 0;
	for (unsigned i = 0; i < 3; i++) {
		name[at++] = 60;
		memset(name + at, 0xe9, 60);
		at += 60;
	}
	memcpy(name + at, "\6tunnel\4test\0", 13);
	assert_int_equal(parse_name(name, at + 13, &dns), SK_OK);
	assert_int_equal(dns.label_count, 5);
	assert_int_equal(dns.name_length, 240 + 1 + 11); /* one of the three binary labels fits */
	assert_string_equal(dns.name + dns.name_length - 12, ".tunnel.test");
}

static bool is_question(const void *bytes, size_t length)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	bool is = sk_dns_is_question(sk_cur_of(exact, length));
	free(exact);
	return is;
}

/* At a foreign port: whole questions alone; no answer, no cut, no byte behind, and hardly any noise. */
static void test_is_question(void **state)
{
	(void)state;
	static const uint8_t plain[] = "\x12\x34\x01\x00\0\1\0\0\0\0\0\0" "\3www\7example\3com\0" "\0\1\0\1",
			     chaos[] = "\x12\x34\0\0\0\1\0\0\0\0\0\0" "\7version\4bind\0" "\0\x10\0\3", root[] = "\x12\x34\0\0\0\1\0\0\0\0\0\0" "\0" "\0\2\0\1",
			     pointer[] = "\x12\x34\x01\x00\0\1\0\0\0\0\0\0" "\3www\xc0\x0c" "\0\1\0\1";
	assert_true(is_question(plain, sizeof plain - 1) && is_question(query, sizeof query - 1) && is_question(chaos, sizeof chaos - 1) && is_question(root, sizeof root - 1));
	assert_false(is_question(answer, sizeof answer - 1) || is_question(pointer, sizeof pointer - 1) || is_question(plain, sizeof plain /* one byte more */));
	for (size_t cut = 0; cut < sizeof query - 1; cut++)
		assert_false(is_question(query, cut));
	/* Each bit of the header but those of the id and RD, AD, CD makes it something else. */
	for (size_t bit = 16; bit < 96; bit++) {
		uint8_t changed[sizeof plain - 1];
		memcpy(changed, plain, sizeof changed);
		changed[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		bool may = bit == 16 + 7 || bit == 16 + 10 || bit == 16 + 11;
		assert_int_equal(is_question(changed, sizeof changed), may);
	}
	uint64_t random = 4711;
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t noise[40];
		for (size_t at = 0; at < sizeof noise; at++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			noise[at] = (uint8_t)(random >> 56) & (i % 2 == 0 ? 0xff : 0x03); /* also noise that is nearly zeros */
		}
		assert_false(is_question(noise, sizeof noise));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_is_question), cmocka_unit_test(test_answer),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_names_refused),
		cmocka_unit_test(test_counts_that_cannot_fit),
		cmocka_unit_test(test_name_text),
	};
	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
