/* SPDX-License-Identifier: Apache-2.0 */
/* Known answers of the primitives, and that a flipped bit anywhere is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "seal/seal.h"

static void hex_of(const uint8_t *bytes, size_t length, char *text)
{
	for (size_t i = 0; i < length; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* FIPS 180-4 examples: empty, "abc", one million times "a". */
static void test_sha256(void **state)
{
	(void)state;
	uint8_t digest[SK_HASH_BYTES];
	char text[2 * SK_HASH_BYTES + 1];
	sk_sha256("", 0, digest);
	hex_of(digest, sizeof digest, text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sk_sha256("abc", 3, digest);
	hex_of(digest, sizeof digest, text);
	assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

	struct sk_sha256 *hash = sk_sha256_new();
	assert_non_null(hash);
	for (int round = 0; round < 2; round++) { /* take resets: the second round must agree */
		char block[1000];
		memset(block, 'a', sizeof block);
		for (int i = 0; i < 1000; i++)
			sk_sha256_add(hash, block, sizeof block);
		sk_sha256_take(hash, digest);
		hex_of(digest, sizeof digest, text);
		assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	}
	sk_sha256_add(hash, "forgotten", 9);
	sk_sha256_reset(hash);
	sk_sha256_add(hash, "abc", 3);
	sk_sha256_take(hash, digest);
	hex_of(digest, sizeof digest, text);
	assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sk_sha256_free(hash);
	sk_sha256_free(NULL);
}

/* The 64 reference vectors: key 00..0f, message 00..n-1. */
static const uint64_t sip_vectors[64] = {
	0xabac0158050fc4dc, 0xc9f49bf37d57ca93, 0x82cb9b024dc7d44d, 0x8bf80ab8e7ddf7fb, 0xcf75576088d38328, 0xdef9d52f49533b67,
	0xc50d2b50c59f22a7, 0xd3927d989bb11140, 0x369095118d299a8e, 0x25a48eb36c063de4, 0x79de85ee92ff097f, 0x70c118c1f94dc352,
	0x78a384b157b4d9a2, 0x306f760c1229ffa7, 0x605aa111c0f95d34, 0xd320d86d2a519956, 0xcc4fdd1a7d908b66, 0x9cf2689063dbd80c,
	0x8ffc389cb473e63e, 0xf21f9de58d297d1c, 0xc0dc2f46a6cce040, 0xb992abfe2b45f844, 0x7ffe7b9ba320872e, 0x525a0e7fdae6c123,
	0xf464aeb267349c8c, 0x45cd5928705b0979, 0x3a3e35e3ca9913a5, 0xa91dc74e4ade3b35, 0xfb0bed02ef6cd00d, 0x88d93cb44ab1e1f4,
	0x540f11d643c5e663, 0x2370dd1f8c21d1bc, 0x81157b6c16a7b60d, 0x4d54b9e57a8ff9bf, 0x759f12781f2a753e, 0xcea1a3bebf186b91,
	0x2cf508d3ada26206, 0xb6101c2da3c33057, 0xb3f47496ae3a36a1, 0x626b57547b108392, 0xc1d2363299e41531, 0x667cc1923f1ad944,
	0x65704ffec8138825, 0x24f280d1c28949a6, 0xc2ca1cedfaf8876b, 0xc2164bfc9f042196, 0xa16e9c9368b1d623, 0x49fb169c8b5114fd,
	0x9f3143f8df074c46, 0xc6fdaf2412cc86b3, 0x7eaf49d10a52098f, 0x1cf313559d292f9a, 0xc44a30dda2f41f12, 0x36fae98943a71ed0,
	0x318fb34c73f0bce6, 0xa27abf3670a7e980, 0xb4bcc0db243c6d75, 0x23f8d852fdb71513, 0x8f035f4da67d8a08, 0xd89cd0e5b7e8f148,
	0xf6f4e6bcf7a644ee, 0xaec59ad80f1837f2, 0xc3b2f6154b6694e0, 0x9d199062b7bbb3a8,
};

static void test_siphash(void **state)
{
	(void)state;
	uint8_t key[SK_SIP_KEY_BYTES], message[64];
	for (uint8_t i = 0; i < sizeof key; i++)
		key[i] = i;
	for (uint8_t i = 0; i < sizeof message; i++)
		message[i] = i;
	for (size_t length = 0; length < SK_COUNT(sip_vectors); length++)
		assert_int_equal(sk_siphash13(key, message, length), sip_vectors[length]);
	key[15] ^= 1;
	assert_int_not_equal(sk_siphash13(key, message, 8), sip_vectors[8]);
}

/* RFC 7693 has no keyed vector of this key size; the primitive is libsodium's. What is ours: the key and the length both separate. */
static void test_keyed_hash(void **state)
{
	(void)state;
	uint8_t key[SK_KEY_BYTES] = {1}, a[32], b[32], c[16];
	sk_keyed_hash(key, "value", 5, a, sizeof a);
	sk_keyed_hash(key, "value", 5, b, sizeof b);
	assert_memory_equal(a, b, sizeof a);
	sk_keyed_hash(key, "value", 5, c, sizeof c);
	assert_memory_not_equal(a, c, sizeof c);
	key[31] = 1;
	sk_keyed_hash(key, "value", 5, b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
}

static void test_sealed_blob(void **state)
{
	(void)state;
	static const char plain[] = "sealed fields";
	uint8_t key[SK_KEY_BYTES], sealed[sizeof plain + SK_SEAL_OVERHEAD_BYTES], again[sizeof sealed], opened[sizeof plain];
	sk_random(key, sizeof key);
	sk_seal(key, "row 1", 5, plain, sizeof plain, sealed);
	sk_seal(key, "row 1", 5, plain, sizeof plain, again);
	assert_memory_not_equal(sealed, again, sizeof sealed); /* the nonce is fresh */
	assert_int_equal(sk_unseal(key, "row 1", 5, sealed, sizeof sealed, opened), SK_OK);
	assert_string_equal((char *)opened, plain);

	assert_int_equal(sk_unseal(key, "row 2", 5, sealed, sizeof sealed, opened), SK_ESIGNATURE);
	assert_int_equal(sk_unseal(key, "row 1", 4, sealed, sizeof sealed, opened), SK_ESIGNATURE);
	for (size_t length = 0; length < sizeof sealed; length++)
		assert_int_equal(sk_unseal(key, "row 1", 5, sealed, length, opened), SK_ESIGNATURE);
	for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(sk_unseal(key, "row 1", 5, sealed, sizeof sealed, opened), SK_ESIGNATURE);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	key[0] ^= 1;
	assert_int_equal(sk_unseal(key, "row 1", 5, sealed, sizeof sealed, opened), SK_ESIGNATURE);

	uint8_t empty[SK_SEAL_OVERHEAD_BYTES];
	sk_seal(key, NULL, 0, NULL, 0, empty);
	assert_int_equal(sk_unseal(key, NULL, 0, empty, sizeof empty, opened), SK_OK);
}

/* A long blob is sealed by another library than it is opened by: one format. */
static void test_long_blob(void **state)
{
	(void)state;
	enum { LENGTH = 70001 };
	static uint8_t plain[LENGTH], sealed[LENGTH + SK_SEAL_OVERHEAD_BYTES], opened[LENGTH];
	uint8_t key[SK_KEY_BYTES];
	sk_random(key, sizeof key);
	sk_random(plain, sizeof plain);
	for (size_t length = 4090; length < 4100; length++) {
		sk_seal(key, "block", 5, plain, length, sealed);
		assert_int_equal(sk_unseal(key, "block", 5, sealed, length + SK_SEAL_OVERHEAD_BYTES, opened), SK_OK);
		assert_memory_equal(plain, opened, length);
	}
	sk_seal(key, "block", 5, plain, LENGTH, sealed);
	assert_int_equal(sk_unseal(key, "block", 5, sealed, sizeof sealed, opened), SK_OK);
	assert_memory_equal(plain, opened, LENGTH);
	assert_int_equal(sk_unseal(key, "clock", 5, sealed, sizeof sealed, opened), SK_ESIGNATURE);
	sealed[LENGTH / 2] ^= 1;
	assert_int_equal(sk_unseal(key, "block", 5, sealed, sizeof sealed, opened), SK_ESIGNATURE);
}

static int start(void **state)
{
	(void)state;
	return sk_seal_start() == SK_OK && sk_seal_start() == SK_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_keyed_hash),
		cmocka_unit_test(test_sealed_blob), cmocka_unit_test(test_long_blob),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
