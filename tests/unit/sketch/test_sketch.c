/* SPDX-License-Identifier: Apache-2.0 */
/* Each sketch against exact counting, within the error that its header states; adding in another order gives the same memory where that is promised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "seal/seal.h"
#include "sketch/sketch.h"

static const uint8_t sip_key[SK_SIP_KEY_BYTES] = {9, 8, 7};

static uint64_t hash_of(uint64_t key)
{
	return sk_siphash13(sip_key, &key, sizeof key);
}

static bool within(double estimate, double truth, double share)
{
	return fabs(estimate - truth) <= share * truth;
}

static void test_bits(void **state)
{
	(void)state;
	uint64_t bits[4] = {0}, reversed[4] = {0};
	unsigned fresh = 0;
	for (uint64_t key = 0; key < 200; key++) {
		fresh += sk_bits_add(bits, 4, hash_of(key));
		assert_true(sk_bits_has(bits, 4, hash_of(key)));
		assert_false(sk_bits_add(bits, 4, hash_of(key)));
		(void)sk_bits_add(reversed, 4, hash_of(199 - key));
		if (key == 19)
			assert_true(within(sk_bits_estimate(sk_bits_count(bits, 4), 256), 20, 0.12));
	}
	assert_memory_equal(bits, reversed, sizeof bits);
	assert_int_equal(sk_bits_count(bits, 4), fresh);
	assert_true(within(sk_bits_estimate(fresh, 256), 200, 0.15)); /* three standard errors */
	assert_true(sk_bits_estimate(256, 256) > 1000 && isfinite(sk_bits_estimate(256, 256)));
	assert_true(sk_bits_estimate(0, 256) == 0);
}

/* The mean over 64 keys of its error must be as stated, and no single one beyond four of it. */
static void test_hll(void **state)
{
	(void)state;
	static const uint64_t truths[] = {1, 10, 40, 160, 700, 5000, 100000};
	for (unsigned bits = 6; bits <= 10; bits += 4)
		for (size_t t = 0; t < SK_COUNT(truths); t++) {
			double squares = 0, stated = 1.04 / sqrt((double)(1u << bits));
			for (uint64_t round = 0; round < 64; round++) {
				uint8_t registers[1024] = {0};
				for (uint64_t key = 0; key < truths[t]; key++)
					sk_hll_add(registers, bits, hash_of(round << 32 | key));
				double off = sk_hll_estimate(registers, bits) / (double)truths[t] - 1;
				assert_true(fabs(off) < 4.5 * stated + 0.05);
				squares += off * off;
			}
			assert_true(sqrt(squares / 64) < 1.35 * stated);
		}
	uint8_t one[64] = {0}, other[64] = {0};
	for (uint64_t key = 0; key < 1000; key++) {
		sk_hll_add(one, 6, hash_of(key));
		sk_hll_add(other, 6, hash_of(999 - key));
	}
	assert_memory_equal(one, other, sizeof one);
	/* The hash of nothing but zeros fits a register. */
	sk_hll_add(one, 6, 0);
	assert_int_equal(one[0], 59);
}

/* Zipf: key k comes 20000/k times. */
static void test_count_min(void **state)
{
	(void)state;
	uint32_t *cells = calloc(4 * 512, sizeof *cells);
	struct sk_count_min sketch = {.cells = cells, .width = 512, .depth = 4};
	uint64_t total = 0;
	for (uint64_t key = 1; key <= 5000; key++) {
		uint32_t times = (uint32_t)(20000 / key);
		assert_true(sk_count_min_add(&sketch, hash_of(key), times) >= times);
		total += times;
	}
	unsigned beyond = 0;
	for (uint64_t key = 1; key <= 5000; key++) {
		uint32_t times = (uint32_t)(20000 / key), told = sk_count_min_of(&sketch, hash_of(key));
		assert_true(told >= times);
		beyond += told - times > 2.718281828 / 512 * (double)total;
	}
	assert_true(beyond <= 5000 * exp(-4.0));
	assert_int_equal(sk_count_min_add(&sketch, hash_of(1), UINT32_MAX), UINT32_MAX);
	assert_int_equal(sk_count_min_add(&sketch, hash_of(1), 5), UINT32_MAX);
	free(cells);
}

static void test_top(void **state)
{
	(void)state;
	struct sk_top_entry entries[16];
	struct sk_top top = {.entries = entries, .places = 16};
	uint64_t total = 0, truth[400] = {0};
	uint8_t tag[24] = "heaviest";
	assert_null(sk_top_first(&top));
	for (unsigned round = 0; round < 50; round++)
		for (uint64_t key = 1; key < 400; key++) {
			uint64_t add = key % 37 == 0 ? 40 : 1;
			sk_top_add(&top, hash_of(key), add, key == 37 ? tag : NULL);
			truth[key] += add;
			total += add;
		}
	for (uint32_t i = 0; i < top.used; i++)
		for (uint64_t key = 1; key < 400; key++)
			if (entries[i].hash == hash_of(key))
				assert_true(entries[i].count >= truth[key] && entries[i].count - entries[i].error <= truth[key]);
	for (uint64_t key = 37; key < 400; key += 37) {
		bool found = false;
		for (uint32_t i = 0; i < top.used; i++)
			found |= entries[i].hash == hash_of(key);
		assert_true(truth[key] * 16 <= total || found);
	}
	struct sk_top few = {.entries = entries, .places = 16};
	sk_top_add(&few, 2, 5, tag);
	sk_top_add(&few, 1, 5, NULL);
	assert_int_equal(sk_top_first(&few)->hash, 1);
	sk_top_add(&few, 2, 1, NULL);
	assert_memory_equal(sk_top_first(&few)->tag, tag, sizeof tag);
}

static void test_sample(void **state)
{
	(void)state;
	struct { uint64_t hash, value; } kept[2][64];
	struct sk_sample one = {.kept = (void *)kept[0], .places = 64}, other = {.kept = (void *)kept[1], .places = 64};
	for (uint64_t key = 0; key < 10000; key++) {
		sk_sample_add(&one, hash_of(key), key);
		sk_sample_add(&one, hash_of(key), key);
		sk_sample_add(&other, hash_of(9999 - key), 9999 - key);
	}
	double sums[2] = {0};
	assert_true(one.used == 64 && other.used == 64);
	for (unsigned i = 0; i < 64; i++) {
		sums[0] += (double)kept[0][i].value;
		sums[1] += (double)kept[1][i].value;
	}
	assert_true(sums[0] == sums[1]);
	assert_true(within(sums[0] / 64, 5000, 0.25)); /* three standard errors of a uniform mean */
}

static void test_ewma(void **state)
{
	(void)state;
	struct sk_ewma ewma = {0};
	assert_true(sk_ewma_mean(&ewma) == 0);
	for (int i = 0; i < 100; i++)
		sk_ewma_add(&ewma, 10, i, 20);
	assert_true(fabs(sk_ewma_mean(&ewma) - 10) < 1e-9);
	/* Twenty half times of another value leave nothing of the first. */
	for (int i = 100; i < 500; i++)
		sk_ewma_add(&ewma, 2, i, 20);
	assert_true(fabs(sk_ewma_mean(&ewma) - 2) < 1e-4);
	sk_ewma_add(&ewma, 2, 100, 20); /* a late value counts, and does not turn time back */
	assert_true(ewma.at_s == 499);
}

/* Who has the key's hashes mixes them; the mix of mixes must spread as a hash does. */
static void test_mix(void **state)
{
	(void)state;
	unsigned counts[256] = {0};
	double chi = 0;
	for (uint64_t a = 0; a < 256; a++)
		for (uint64_t b = 0; b < 256; b++) {
			counts[sk_mix(hash_of(a), b) & 255]++;
			assert_true(a == b || sk_mix(hash_of(a), hash_of(b)) != sk_mix(hash_of(b), hash_of(a)));
		}
	for (unsigned i = 0; i < 256; i++)
		chi += (counts[i] - 256.0) * (counts[i] - 256.0) / 256;
	assert_true(chi > 150 && chi < 380); /* 255 degrees of freedom, far tails */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits), cmocka_unit_test(test_hll), cmocka_unit_test(test_count_min), cmocka_unit_test(test_top),
					   cmocka_unit_test(test_sample), cmocka_unit_test(test_ewma), cmocka_unit_test(test_mix)};
	return cmocka_run_group_tests_name("sketch", tests, NULL, NULL);
}
