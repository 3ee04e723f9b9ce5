/* SPDX-License-Identifier: Apache-2.0 */
/* The trie against a reference that anyone can check: all entries in a row, the longest that holds the address wins. */
#include "border_test.h"

enum { ENTRIES_MAX = 400 };

struct reference {
	struct sk_prefix prefix[ENTRIES_MAX];
	enum sk_side side[ENTRIES_MAX];
	size_t count;
	enum sk_side rest;
};

static enum sk_side reference_side(const struct reference *reference, const struct sk_addr *addr)
{
	int best = -1;
	enum sk_side side = reference->rest;
	for (size_t i = 0; i < reference->count; i++) {
		if ((int)reference->prefix[i].bits > best && sk_prefix_holds(&reference->prefix[i], addr)) {
			best = reference->prefix[i].bits;
			side = reference->side[i];
		}
	}
	return side;
}

/* A prefix near others: nested, adjacent, or anywhere. */
static struct sk_prefix random_prefix(const struct reference *reference, unsigned family, uint64_t *seed)
{
	unsigned most = family == 4 ? 32 : 128;
	struct sk_prefix prefix = {.addr = {.family = (uint8_t)family}};
	sk_u128 value = (sk_u128)random_next(seed) << 64 | random_next(seed);
	if (family == 4)
		value &= UINT32_MAX;
	prefix.bits = (uint8_t)(random_next(seed) % 10 == 0 ? random_next(seed) % (most + 1) : most / 4 + random_next(seed) % (most - most / 4 + 1));
	if (reference->count != 0 && random_next(seed) % 3 != 0) {
		const struct sk_prefix *other = &reference->prefix[random_next(seed) % reference->count];
		sk_u128 base = sk_u128_of(other->addr.bytes, family), size = sk_u128_low(most - other->bits);
		switch (random_next(seed) % 3) {
		case 0: /* inside */
			value = base | (value & size);
			prefix.bits = (uint8_t)(other->bits + random_next(seed) % (most - other->bits + 1));
			break;
		case 1: /* right behind */
			value = (base | size) + 1;
			break;
		default: /* around */
			value = base;
			prefix.bits = (uint8_t)(random_next(seed) % (other->bits + 1u));
		}
		if (family == 4)
			value &= UINT32_MAX;
	}
	value &= ~sk_u128_low(most - prefix.bits);
	if (family == 4)
		value &= UINT32_MAX;
	prefix.addr = sk_u128_addr(value, family);
	return prefix;
}

static bool is_known(const struct reference *reference, const struct sk_prefix *prefix)
{
	for (size_t i = 0; i < reference->count; i++)
		if (reference->prefix[i].bits == prefix->bits && sk_addr_equal(&reference->prefix[i].addr, &prefix->addr))
			return true;
	return false;
}

static void compare_at(const struct sk_border *table, const struct reference *reference, sk_u128 value, unsigned family)
{
	struct sk_addr addr = sk_u128_addr(family == 4 ? value & UINT32_MAX : value, family), last;
	struct sk_border_verdict verdict;
	uint8_t embedded[2][4];
	if (family == 6 && sk_border_embedded(addr.bytes, embedded) != 0)
		return; /* test_border_rules.h */
	enum sk_side want = reference_side(reference, &addr);
	assert_int_equal(sk_border_side(table, &addr), want);
	sk_border_decide(table, &addr, &verdict);
	assert_int_equal(verdict.side, want);
	assert_int_equal(sk_border_span(table, &addr, &last), want);
	assert_true(sk_addr_compare(&last, &addr) >= 0);
}

/* Lists alone over the whole space, so that special ranges have no say. */
static void check_random(unsigned family, size_t count, uint64_t seed)
{
	static struct reference reference;
	struct sk_border_build *build = build_new(NULL);
	struct sk_fault fault;
	reference.count = 0;
	reference.rest = SK_SIDE_FOREIGN;
	assert_int_equal(sk_prefix_parse(family == 4 ? "0.0.0.0/0" : "::/0", &reference.prefix[0]), SK_OK);
	reference.side[reference.count++] = (enum sk_side)(random_next(&seed) % 3);
	while (reference.count < count) {
		struct sk_prefix prefix = random_prefix(&reference, family, &seed);
		if (is_known(&reference, &prefix))
			continue;
		reference.prefix[reference.count] = prefix;
		reference.side[reference.count++] = (enum sk_side)(random_next(&seed) % 3);
	}
	for (size_t i = 0; i < reference.count; i++) {
		char text[SK_PREFIX_TEXT_MAX];
		assert_int_equal(sk_border_build_literal(build, reference.side[i], sk_prefix_format(&reference.prefix[i], text), &fault), SK_OK);
	}
	struct sk_border *table = table_of(build);
	for (size_t i = 0; i < reference.count; i++) {
		sk_u128 first = sk_u128_of(reference.prefix[i].addr.bytes, family), last = first | sk_u128_low(sk_family_bits(family) - reference.prefix[i].bits);
		compare_at(table, &reference, first, family);
		compare_at(table, &reference, last, family);
		compare_at(table, &reference, first - 1, family);
		compare_at(table, &reference, last + 1, family);
		compare_at(table, &reference, first + (((sk_u128)random_next(&seed) << 64 | random_next(&seed)) & (last - first)), family);
		compare_at(table, &reference, (sk_u128)random_next(&seed) << 64 | random_next(&seed), family);
	}
	sk_border_close(table);
}

static void test_random_sets(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		check_random(4, 2 + seed * 6 % ENTRIES_MAX, seed);
		check_random(6, 2 + seed * 6 % ENTRIES_MAX, seed + 1000);
	}
}

/* Ranges are cut into prefixes: every pair of ends over a small space, and the ends of the whole one. */
static void test_every_small_range(void **state)
{
	(void)state;
	struct sk_fault fault;
	for (unsigned first = 0; first < 24; first++) {
		for (unsigned last = first; last < 24; last++) {
			char text[64];
			struct sk_border_build *build = build_new(NULL);
			(void)snprintf(text, sizeof text, "8.8.8.%u - 8.8.8.%u", first, last);
			assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, text, &fault), SK_OK);
			struct sk_border *table = table_of(build);
			for (uint8_t i = 0; i < 30; i++)
				assert_int_equal(sk_border_side4(table, (uint8_t[]){8, 8, 8, i}), i >= first && i <= last ? SK_SIDE_DOMESTIC : SK_SIDE_FOREIGN);
			sk_border_close(table);
		}
	}
	struct sk_border_build *build = build_new(NULL);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "0.0.0.0 - 255.255.255.255", &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, ":: - ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &fault), SK_OK);
	struct sk_border *table = table_of(build);
	struct sk_border_info info;
	expect_side(table, "0.0.0.0", SK_SIDE_DOMESTIC);
	expect_side(table, "255.255.255.255", SK_SIDE_DOMESTIC);
	expect_side(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SK_SIDE_DOMESTIC);
	sk_border_info(table, &info);
	assert_int_equal(info.v4_addresses[SK_SIDE_DOMESTIC], UINT64_C(1) << 32);
	assert_int_equal(info.v6_slash48[SK_SIDE_DOMESTIC], UINT64_C(1) << 48);
	assert_int_equal(info.v6_slash48[SK_SIDE_FOREIGN], 0);
	sk_border_close(table);
}

/* The totals are those of the trie, counted by walking all of it. */
static void test_totals(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new("JP");
	struct sk_border_info info;
	uint64_t count[3] = {0};
	add_csv(build, "c", "1.0.0.0,1.0.3.255,JP\n8.0.0.0,8.255.255.254,US\n2a00::,2a00:0:3:ffff:ffff:ffff:ffff:ffff,JP\n");
	struct sk_border *table = table_of(build);
	sk_border_info(table, &info);
	struct sk_addr at = addr_of("0.0.0.0"), last;
	for (uint64_t value = 0; value <= UINT32_MAX; value = (uint64_t)sk_u128_of(last.bytes, 4) + 1) {
		at = sk_u128_addr(value, 4);
		enum sk_side side = sk_border_span(table, &at, &last);
		count[side] += (uint64_t)sk_u128_of(last.bytes, 4) - value + 1;
	}
	for (unsigned side = 0; side < 3; side++)
		assert_int_equal(count[side], info.v4_addresses[side]);
	assert_int_equal(info.v4_addresses[0] + info.v4_addresses[1] + info.v4_addresses[2], UINT64_C(1) << 32);
	assert_int_equal(info.v6_slash48[SK_SIDE_DOMESTIC], 4 + (UINT64_C(1) << 41) + (UINT64_C(1) << 38) + 1); /* fc00::/7, fe80::/10, a part for ::1 */
	sk_border_close(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_sets), cmocka_unit_test(test_every_small_range), cmocka_unit_test(test_totals)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
