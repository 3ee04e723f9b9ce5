/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates against OpenSSL, which makes and reads them too; and DER that is wrong in one place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <openssl/sha.h>

#include "certificate.h"
#include "decode/x509.h"

enum { DER_MAX = 2000 };

static struct sk_certificate read_exact(const uint8_t *der, size_t length)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, der, length);
	struct sk_certificate out;
	memset(&out, 0xee, sizeof out);
	out.chain_length = 0;
	sk_x509_read(sk_cur_of(exact, length), &out);
	free(exact);
	return out;
}

static void name_hash(X509_NAME *name, uint8_t out[32])
{
	uint8_t *der = NULL;
	int length = i2d_X509_NAME(name, &der);
	assert_true(length > 0);
	assert_non_null(SHA256(der, (size_t)length, out));
	OPENSSL_free(der);
}

static void test_against_openssl(void **state)
{
	(void)state;
	static const struct { const char *subject, *issuer; int64_t from, to; } cases[] = {
		{"a", "b", 0, 1}, {"a", "a", 951782400, 2524607999}, {"self", "self", 2524608000, 253402300799}, {"x", "y", -631152000, 68169600},
		{"leap", "day", 1709164800, 4107542399},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		uint8_t der[DER_MAX], digest[32];
		size_t length = certificate_make(der, sizeof der, cases[i].subject, cases[i].issuer, cases[i].from, cases[i].to);
		struct sk_certificate out = read_exact(der, length);
		const uint8_t *at = der;
		X509 *x = d2i_X509(NULL, &at, (long)length);
		assert_non_null(x);
		assert_true(out.parsed && out.whole);
		assert_int_equal(out.version, 3);
		assert_int_equal(out.chain_length, 0);
		assert_int_equal(out.not_before_s, cases[i].from);
		assert_int_equal(out.not_after_s, cases[i].to);
		assert_int_equal(out.self_signed, strcmp(cases[i].subject, cases[i].issuer) == 0);
		unsigned size;
		assert_int_equal(X509_digest(x, EVP_sha1(), digest, &size), 1);
		assert_memory_equal(out.sha1, digest, 20);
		assert_int_equal(X509_digest(x, EVP_sha256(), digest, &size), 1);
		assert_memory_equal(out.sha256, digest, 32);
		name_hash(X509_get_issuer_name(x), digest);
		assert_memory_equal(out.issuer_hash, digest, SK_CERT_NAME_HASH_BYTES);
		name_hash(X509_get_subject_name(x), digest);
		assert_memory_equal(out.subject_hash, digest, SK_CERT_NAME_HASH_BYTES);
		X509_free(x);
		/* A part of it is none; its hashes are those of the bytes that were given. */
		for (size_t cut = 0; cut < length; cut++) {
			struct sk_certificate part = read_exact(der, cut);
			static const uint8_t zero[SK_CERT_NAME_HASH_BYTES];
			assert_true(!part.parsed && !part.self_signed && part.not_after_s == 0 && part.version == 0);
			assert_memory_equal(part.subject_hash, zero, sizeof zero);
			assert_non_null(SHA256(der, cut, digest));
			assert_memory_equal(part.sha256, digest, 32);
		}
		der[length] = 0;
		assert_false(read_exact(der, length + 1).parsed);
	}
}

/* ---- by hand ---- */

enum part { VERSION, FROM, TO, FORM, MORE, PART_COUNT };

struct bytes {
	const char *at;
	size_t length;
};
#define BYTES(text) {(text), sizeof(text) - 1}

/* [0] and the version in it; the two times with tag and length; bytes in front of the subject's length; what follows the times. */
struct recipe {
	struct bytes parts[PART_COUNT];
};
static const struct recipe usual = {{
	[VERSION] = BYTES("\xa0\3\2\1\2"), [FROM] = BYTES("\x17\x0d" "240229120000Z"), [TO] = BYTES("\x18\x0f" "20500101000000Z"),
	[FORM] = BYTES(""), [MORE] = BYTES(""),
}};

static void put_part(struct sk_out *o, const struct recipe *r, enum part part)
{
	sk_put_bytes(o, r->parts[part].at, r->parts[part].length);
}

static void put_element(struct sk_out *o, uint8_t tag, const struct sk_out *contents)
{
	size_t length = sk_out_length(contents);
	sk_put_u8(o, tag);
	if (length >= 128)
		sk_put_u8(o, 0x81);
	sk_put_u8(o, (uint8_t)length);
	sk_put_bytes(o, contents->start, length);
}

static struct sk_certificate read_recipe(const struct recipe *r)
{
	uint8_t tbs_room[300], validity_room[80], rest_room[300], der[400];
	struct sk_out tbs = sk_out_of(tbs_room, sizeof tbs_room), validity = sk_out_of(validity_room, sizeof validity_room);
	put_part(&tbs, r, VERSION);
	sk_put_bytes(&tbs, "\2\1\x05" "\x30\3\6\1\x2a" "\x30\2\x31\0", 12); /* serial, algorithm, issuer */
	put_part(&validity, r, FROM);
	put_part(&validity, r, TO);
	put_part(&validity, r, MORE);
	put_element(&tbs, 0x30, &validity);
	sk_put_u8(&tbs, 0x30);
	put_part(&tbs, r, FORM);
	sk_put_bytes(&tbs, "\2\x31\0" "\x30\0", 5); /* subject, key */
	struct sk_out rest = sk_out_of(rest_room, sizeof rest_room), whole = sk_out_of(der, sizeof der);
	put_element(&rest, 0x30, &tbs);
	sk_put_bytes(&rest, "\x30\3\6\1\x2a" "\3\2\0\x7f", 9);
	put_element(&whole, 0x30, &rest);
	assert_int_equal(sk_out_done(&whole), SK_OK);
	return read_exact(der, sk_out_length(&whole));
}

static void test_recipe_is_right(void **state)
{
	(void)state;
	struct sk_certificate out = read_recipe(&usual);
	assert_true(out.parsed && out.self_signed && out.version == 3);
	assert_int_equal(out.not_before_s, 1709208000);
	assert_int_equal(out.not_after_s, 2524608000);
	struct recipe first = usual;
	first.parts[VERSION].length = 0;
	assert_int_equal(read_recipe(&first).version, 1);
}

/* Each of these differs from the recipe above, which is taken, in one place. */
static void test_strict(void **state)
{
	(void)state;
	static const struct { enum part part; struct bytes bytes; } wrong[] = {
		{FORM, BYTES("\x81")},                 /* a length in more bytes than it needs */
		{FORM, BYTES("\x82\0")}, {FORM, BYTES("\x83\0\0")}, {FORM, BYTES("\x84\0\0\0")}, {FORM, BYTES("\x80")},
		{VERSION, BYTES("\xa0\3\2\1\3")}, {VERSION, BYTES("\xa0\4\2\2\0\2")}, {VERSION, BYTES("\xa0\5\2\1\2\5\0")},
		{VERSION, BYTES("\xa1\3\2\1\2")},
		{MORE, BYTES("\5\0")},
		{FROM, BYTES("\x17\x0d" "230229120000Z")}, {FROM, BYTES("\x17\x0d" "240230120000Z")},
		{FROM, BYTES("\x17\x0d" "241301120000Z")}, {FROM, BYTES("\x17\x0d" "240001120000Z")},
		{FROM, BYTES("\x17\x0d" "240100120000Z")}, {FROM, BYTES("\x17\x0d" "240431120000Z")},
		{FROM, BYTES("\x17\x0d" "240101240000Z")}, {FROM, BYTES("\x17\x0d" "240101006000Z")},
		{FROM, BYTES("\x17\x0d" "240101000060Z")}, {FROM, BYTES("\x17\x0d" "24010100000:Z")},
		{FROM, BYTES("\x17\x0d" "2401010000001")}, {FROM, BYTES("\x17\x0b" "2401010000Z")},
		{FROM, BYTES("\x17\x11" "240101000000+0900")}, {FROM, BYTES("\x17\x0f" "240101000000.5Z")},
		{FROM, BYTES("\x16\x0d" "240101000000Z")}, {TO, BYTES("\x18\x0f" "21000229000000Z")},
		{TO, BYTES("\x18\x0d" "240101000000Z")}, {TO, BYTES("")},
	};
	for (size_t i = 0; i < SK_COUNT(wrong); i++) {
		struct recipe r = usual;
		r.parts[wrong[i].part] = wrong[i].bytes;
		struct sk_certificate out = read_recipe(&r);
		if (out.parsed)
			fail_msg("case %zu was taken", i);
		assert_true(out.whole && !out.self_signed);
	}
	const struct recipe century = {{[FROM] = BYTES("\x17\x0d" "500101000000Z"), [TO] = BYTES("\x18\x0f" "20000229000000Z")}};
	assert_int_equal(read_recipe(&century).not_before_s, -631152000); /* RFC 5280 4.1.2.5.1: from 50 on it is 19YY */
	assert_int_equal(read_recipe(&century).not_after_s, 951782400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_openssl), cmocka_unit_test(test_recipe_is_right), cmocka_unit_test(test_strict)};
	return cmocka_run_group_tests_name("x509", tests, NULL, NULL);
}
