/* SPDX-License-Identifier: Apache-2.0 */
/* Shares: every subset of every k of n; fewer than k say nothing; a wrong share gives another key. Boxes: only their owner opens them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "seal/seal_priv.h"
#include "seal/share.h"

enum { MOST = 6 };

/* A second multiplication, by the book: shift and reduce after multiplying out. */
static uint8_t slow_times(uint8_t a, uint8_t b)
{
	unsigned product = 0;
	for (unsigned bit = 0; bit < 8; bit++)
		if ((b >> bit & 1) != 0)
			product ^= (unsigned)a << bit;
	for (unsigned bit = 15; bit >= 8; bit--)
		if ((product >> bit & 1) != 0)
			product ^= 0x11bu << (bit - 8);
	return (uint8_t)product;
}

static unsigned pick(const struct sk_share *shares, unsigned count, unsigned subset, struct sk_share *out)
{
	unsigned picked = 0;
	for (unsigned i = 0; i < count; i++)
		if ((subset >> i & 1) != 0)
			out[picked++] = shares[i];
	return picked;
}

static void every_subset_of_k_gives_the_key_and_no_smaller_one_does(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= MOST; count++)
		for (unsigned needed = 1; needed <= count; needed++) {
			uint8_t key[SK_KEY_BYTES], back[SK_KEY_BYTES];
			struct sk_share shares[MOST], some[MOST];
			sk_random(key, sizeof key);
			sk_share_split(key, needed, count, shares);
			for (unsigned subset = 1; subset < 1u << count; subset++) {
				unsigned picked = pick(shares, count, subset, some);
				assert_int_equal(sk_share_join(some, picked, back), SK_OK);
				assert_int_equal(memcmp(back, key, sizeof key) == 0, picked >= needed);
			}
		}
}

static void shares_lie_on_the_polynomials_of_the_field(void **state)
{
	uint8_t key[SK_KEY_BYTES];
	struct sk_share shares[3];
	(void)state;
	sk_random(key, sizeof key);
	sk_share_split(key, 2, 3, shares);
	/* A line: value(x) = key + slope x; the slope from share 1 (x = 1) must hold at x = 2 and 3. */
	for (unsigned at = 0; at < SK_KEY_BYTES; at++) {
		uint8_t slope = shares[0].values[at] ^ key[at];
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(shares[i].at, i + 1);
			assert_int_equal(shares[i].values[at], key[at] ^ slow_times(slope, shares[i].at));
		}
	}
}

/* One share of two: over many splits of one key each of its bytes takes many values, so it tells nothing. */
static void a_share_alone_is_noise(void **state)
{
	uint8_t key[SK_KEY_BYTES] = {0};
	struct sk_share shares[2];
	bool seen[256] = {false};
	unsigned values = 0;
	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		sk_share_split(key, 2, 2, shares);
		values += !seen[shares[0].values[0]];
		seen[shares[0].values[0]] = true;
	}
	assert_true(values > 200);
}

static void a_wrong_share_gives_another_key(void **state)
{
	uint8_t key[SK_KEY_BYTES], back[SK_KEY_BYTES];
	struct sk_share shares[3];
	(void)state;
	sk_random(key, sizeof key);
	sk_share_split(key, 2, 3, shares);
	for (unsigned at = 0; at < SK_KEY_BYTES; at++) {
		shares[0].values[at] ^= 1;
		assert_int_equal(sk_share_join(shares, 2, back), SK_OK);
		assert_memory_not_equal(back, key, sizeof key);
		shares[0].values[at] ^= 1;
	}
	assert_int_equal(sk_share_join(shares, 2, back), SK_OK);
	assert_memory_equal(back, key, sizeof key);
	shares[1].at = shares[0].at;
	assert_int_equal(sk_share_join(shares, 2, back), SK_EMALFORMED);
	shares[1].at = 0;
	assert_int_equal(sk_share_join(shares, 2, back), SK_EMALFORMED);
	assert_int_equal(sk_share_join(shares, 0, back), SK_EMALFORMED);
}

static void a_box_opens_for_its_owner_alone(void **state)
{
	static const char plain[] = "a share";
	struct sk_sign_key *owner, *other;
	uint8_t box[sizeof plain + SK_BOX_OVERHEAD_BYTES];
	char back[sizeof plain];
	(void)state;
	assert_int_equal(sk_sign_key_new("oversight", &owner), SK_OK);
	assert_int_equal(sk_sign_key_new("someone", &other), SK_OK);
	assert_true(sk_box_fits(sk_sign_key_public(owner)));
	assert_int_equal(sk_box_seal(sk_sign_key_public(owner), plain, sizeof plain, box), SK_OK);
	assert_int_equal(sk_box_open(owner, box, sizeof box, (uint8_t *)back), SK_OK);
	assert_string_equal(back, plain);
	assert_int_equal(sk_box_open(other, box, sizeof box, (uint8_t *)back), SK_ESIGNATURE);
	assert_int_equal(sk_box_open(owner, box, SK_BOX_OVERHEAD_BYTES - 1, (uint8_t *)back), SK_ESIGNATURE);
	for (size_t at = 0; at < sizeof box; at++) {
		box[at] ^= 4;
		assert_int_equal(sk_box_open(owner, box, sizeof box, (uint8_t *)back), SK_ESIGNATURE);
		box[at] ^= 4;
	}
	struct sk_verify_key witness, nobody = {.type = SK_KEY_ED25519};
	sk_verify_key_as_witness(sk_sign_key_public(owner), &witness);
	assert_int_equal(sk_box_seal(&witness, plain, sizeof plain, box), SK_EUSAGE);
	assert_int_equal(sk_box_seal(&nobody, plain, sizeof plain, box), SK_EUSAGE); /* a point of small order */
	sk_sign_key_free(owner);
	sk_sign_key_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_subset_of_k_gives_the_key_and_no_smaller_one_does), cmocka_unit_test(shares_lie_on_the_polynomials_of_the_field),
		cmocka_unit_test(a_share_alone_is_noise), cmocka_unit_test(a_wrong_share_gives_another_key), cmocka_unit_test(a_box_opens_for_its_owner_alone)};
	return sk_seal_start() == SK_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
