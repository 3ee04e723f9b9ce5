/* SPDX-License-Identifier: Apache-2.0 */
/* Counterpart countries from inside: which end counts, how far off hosts are, what happens when there are too many codes. rule: COUNTRY-1 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "border/border_build.h"
#include "engine/abroad_priv.h"
#include "seal/seal.h"

enum { KEYS = 40 };

static struct sk_border *border_of(const char *const *countries)
{
	char path[] = "/tmp/sk-abroad-XXXXXX";
	struct sk_border_build *build = NULL;
	struct sk_border *border = NULL;
	struct sk_fault fault = {.line = ""};
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(sk_seal_start(), SK_OK);
	assert_int_equal(sk_border_build_new(NULL, &build, &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "192.0.2.0/24", &fault), SK_OK);
	for (; *countries != NULL; countries++)
		assert_int_equal(sk_border_build_country(build, *countries, true, &fault), SK_OK);
	assert_int_equal(sk_border_build_write(build, path, &fault), SK_OK);
	assert_int_equal(sk_border_open(path, &border, &fault), SK_OK);
	sk_border_build_free(build);
	(void)unlink(path);
	return border;
}

static struct sk_addr addr(const char *text)
{
	struct sk_addr made;
	assert_int_equal(sk_addr_parse(text, &made), SK_OK);
	return made;
}

static struct sk_abroad *abroad_of(const struct sk_border *border, unsigned key)
{
	struct sk_abroad *abroad = NULL;
	assert_int_equal(sk_abroad_new(&abroad), SK_OK);
	memset(abroad->key, (int)key, sizeof abroad->key);
	sk_abroad_border(abroad, border);
	return abroad;
}

static void count(struct sk_abroad *abroad, enum sk_class class_, const char *initiator, const char *responder, uint64_t frames)
{
	struct sk_flow_record record = {.class_ = (uint8_t)class_, .initiator = addr(initiator), .responder = addr(responder), .frames = frames, .frame_bytes = 100 * frames};
	sk_abroad_count(abroad, &record);
}

static void test_which_end(void **state)
{
	(void)state;
	static const char *const lists[] = {"XA=198.51.100.0/24", "XB=203.0.113.0/24", "XD=192.0.2.0/24", "XE=2001:db8:9::/48", NULL};
	struct sk_border *border = border_of(lists);
	struct sk_abroad *abroad = abroad_of(border, 1);
	struct sk_countries_account got;
	count(abroad, SK_CLASS_DF, "192.0.2.1", "198.51.100.1", 3);
	count(abroad, SK_CLASS_DF, "192.0.2.2", "198.51.100.1", 4);
	count(abroad, SK_CLASS_FD, "203.0.113.5", "192.0.2.1", 5);
	count(abroad, SK_CLASS_FF, "203.0.113.6", "198.51.100.9", 6); /* who began */
	count(abroad, SK_CLASS_FD, "2001:db8:9::1", "192.0.2.1", 7);
	count(abroad, SK_CLASS_FD, "198.18.0.1", "192.0.2.1", 100);   /* in no country */
	sk_abroad_take(abroad, &got);
	assert_int_equal(got.count, 3);
	static const struct sk_country_cell want[] = {{"XA", 7, 700, 1}, {"XB", 11, 1100, 2}, {"XE", 7, 700, 1}};
	for (size_t i = 0; i < SK_COUNT(want); i++) {
		assert_string_equal(got.cell[i].code, want[i].code);
		assert_int_equal(got.cell[i].frames, want[i].frames);
		assert_int_equal(got.cell[i].bytes, want[i].bytes);
		assert_int_equal(got.cell[i].hosts, want[i].hosts);
	}
	assert_int_equal(sk_count_nonzero(abroad->countries, sizeof abroad->countries), 0); /* nothing of it goes on */
	sk_abroad_take(abroad, &got);
	assert_int_equal(got.count, 0);
	sk_abroad_free(abroad);
	sk_border_close(border);
}

/* A table that names nobody: nothing is counted. */
static void test_no_countries(void **state)
{
	(void)state;
	static const char *const none[] = {NULL};
	struct sk_border *border = border_of(none);
	struct sk_abroad *abroad = abroad_of(border, 1);
	assert_null(abroad->border);
	count(abroad, SK_CLASS_FD, "203.0.113.5", "192.0.2.1", 5);
	assert_int_equal(sk_count_nonzero(abroad->countries, sizeof abroad->countries), 0);
	sk_abroad_free(abroad);
	sk_border_close(border);
}

/* Hosts by estimate over many keys: the mean error, the worst one, and that few are never told as more: a country of nine hosts must not look like one of ten. */
static void test_error_of_hosts(void **state)
{
	(void)state;
	static const char *const lists[] = {"XA=10.0.0.0/8", NULL};
	static const unsigned sizes[] = {1, 5, 9, 10, 20, 100, 1000, 20000};
	struct sk_border *border = border_of(lists);
	for (size_t s = 0; s < SK_COUNT(sizes); s++) {
		double squares = 0, worst = 0;
		for (unsigned key = 0; key < KEYS; key++) {
			struct sk_abroad *abroad = abroad_of(border, key + 1);
			struct sk_countries_account got;
			for (unsigned i = 0; i < sizes[s]; i++) {
				struct sk_flow_record record = {.class_ = SK_CLASS_FD, .initiator = {.family = 4, .bytes = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}}, .frames = 2, .frame_bytes = 120};
				sk_abroad_count(abroad, &record);
				sk_abroad_count(abroad, &record); /* the same again is no other */
			}
			sk_abroad_take(abroad, &got);
			const double off = ((double)got.cell[0].hosts - sizes[s]) / sizes[s];
			squares += off * off;
			worst = fabs(off) > worst ? fabs(off) : worst;
			if (sizes[s] < 10)
				assert_true(got.cell[0].hosts <= sizes[s]);
			sk_abroad_free(abroad);
		}
		const double error = sqrt(squares / KEYS);
		print_message("%5u hosts: error %.1f %%, at most %.1f %%\n", sizes[s], 100 * error, 100 * worst);
		assert_true(error < 0.09 || sizes[s] <= 20);
		assert_true(worst < 0.30 || sizes[s] <= 20);
	}
	sk_border_close(border);
}

/* Whatever is put together in whatever order is the same: that is why a number of workers does not show. */
static void test_parts(void **state)
{
	(void)state;
	static const char *const lists[] = {"XA=10.0.0.0/8", "XB=11.0.0.0/8", NULL};
	struct sk_border *border = border_of(lists);
	struct sk_abroad *all = abroad_of(border, 1), *part[2] = {abroad_of(border, 1), abroad_of(border, 1)}, *sum[2] = {abroad_of(border, 1), abroad_of(border, 1)};
	for (unsigned i = 0; i < 3000; i++) {
		struct sk_flow_record record = {.class_ = SK_CLASS_FD, .initiator = {.family = 4, .bytes = {(uint8_t)(10 + i % 3 % 2), 0, (uint8_t)(i % 700 >> 8), (uint8_t)(i % 700)}}, .frames = i, .frame_bytes = 60 * i};
		sk_abroad_count(all, &record);
		sk_abroad_count(part[i % 2], &record);
	}
	for (unsigned order = 0; order < 2; order++)
		for (unsigned p = 0; p < 2; p++)
			for (unsigned i = 0; i < SK_ABROAD_CODES; i++)
				sk_abroad_add(sum[order], i, &part[p ^ order]->countries[i]);
	assert_memory_equal(sum[0]->countries, all->countries, sizeof all->countries);
	assert_memory_equal(sum[1]->countries, all->countries, sizeof all->countries);
	for (unsigned i = 0; i < 2; i++) {
		sk_abroad_free(part[i]);
		sk_abroad_free(sum[i]);
	}
	sk_abroad_free(all);
	sk_border_close(border);
}

/* All codes of two letters at once: those with the most frames are told, the rest as a sum, none is lost. */
static void test_too_many_codes(void **state)
{
	(void)state;
	static const char *const none[] = {NULL};
	struct sk_border *border = border_of(none);
	struct sk_abroad *abroad = abroad_of(border, 1);
	struct sk_countries_account got;
	uint64_t frames = 0, told = 0, least = UINT64_MAX;
	for (unsigned i = 0; i < SK_ABROAD_CODES; i++) {
		struct sk_abroad_country country = {.frames = 1 + i * 7919 % SK_ABROAD_CODES, .bytes = 60, .hosts = {1}};
		sk_abroad_add(abroad, i, &country);
		frames += country.frames;
	}
	sk_abroad_take(abroad, &got);
	assert_int_equal(got.count, SK_COUNTRIES_MAX);
	for (size_t i = 0; i < got.count; i++) {
		assert_true(i == 0 || strcmp(got.cell[i - 1].code, got.cell[i].code) < 0);
		told += got.cell[i].frames;
		least = got.cell[i].frames < least ? got.cell[i].frames : least;
	}
	assert_int_equal(told + got.few_frames, frames);
	assert_int_equal(got.few_bytes, 60 * (SK_ABROAD_CODES - SK_COUNTRIES_MAX));
	assert_int_equal(least, SK_ABROAD_CODES - SK_COUNTRIES_MAX + 1);
	sk_abroad_free(abroad);
	sk_border_close(border);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_which_end), cmocka_unit_test(test_no_countries), cmocka_unit_test(test_error_of_hosts), cmocka_unit_test(test_parts),
					   cmocka_unit_test(test_too_many_codes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
