/* SPDX-License-Identifier: Apache-2.0 */
/* Countries of many intervals: the sum is that of the intervals, in whatever order they come; hosts are the most of one; what is let go of is in no sum; more countries than a record has are told as
   of few hosts, and nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/serve_countries.h"

enum { INTERVALS = 50 };

static uint64_t dice_state;
static uint64_t dice(uint64_t below)
{
	dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
	return (dice_state >> 33) % below;
}

/* An interval with countries at random, codes ascending. */
static void make(struct sk_interval_record *interval, unsigned share)
{
	memset(interval, 0, sizeof *interval);
	interval->has_countries = true;
	struct sk_countries_record *c = &interval->countries;
	c->few = (struct sk_tally){dice(100), dice(10000)};
	c->unnamed = (struct sk_tally){dice(100), dice(10000)};
	c->settled = (struct sk_tally){c->few.frames + c->unnamed.frames, c->few.bytes + c->unnamed.bytes};
	for (unsigned i = 0; i < SK_COUNTRY_CODES && c->cells.count < SK_COUNTRIES_MAX; i++) {
		if (dice(100) >= share)
			continue;
		struct sk_country_cell *cell = &c->cells.cell[c->cells.count++];
		*cell = (struct sk_country_cell){.code = {(char)('A' + i / 26), (char)('A' + i % 26)}, .frames = 10 + dice(1000), .bytes = dice(1 << 20), .hosts = 10 + dice(500)};
		c->settled.frames += cell->frames;
		c->settled.bytes += cell->bytes;
	}
}

static void sums_are_those_of_the_intervals(void **state)
{
	static struct sk_interval_record interval[INTERVALS];
	static struct sk_kept_countries kept[INTERVALS];
	static struct sk_country_sums sums;
	static struct sk_countries_record told;
	(void)state;
	dice_state = 7;
	size_t held = 0;
	for (size_t i = 0; i < INTERVALS; i++) {
		make(&interval[i], 20);
		held += sk_kept_countries_take(&kept[i], &interval[i]);
	}
	for (size_t i = INTERVALS; i-- > 0;)
		sk_country_sums_add(&sums, &kept[i]);
	sk_country_sums_tell(&sums, &told);
	assert_int_equal(sums.intervals, INTERVALS);
	uint64_t named = 0;
	for (size_t t = 0; t < told.cells.count; t++) {
		const struct sk_country_cell *cell = &told.cells.cell[t];
		uint64_t frames = 0, bytes = 0, hosts = 0;
		assert_true(t == 0 || strcmp(told.cells.cell[t - 1].code, cell->code) < 0);
		for (size_t i = 0; i < INTERVALS; i++)
			for (size_t k = 0; k < interval[i].countries.cells.count; k++) {
				const struct sk_country_cell *one = &interval[i].countries.cells.cell[k];
				if (strcmp(one->code, cell->code) != 0)
					continue;
				frames += one->frames, bytes += one->bytes;
				hosts = one->hosts > hosts ? one->hosts : hosts;
			}
		assert_int_equal(cell->frames, frames);
		assert_int_equal(cell->bytes, bytes);
		assert_int_equal(cell->hosts, hosts);
		named += frames;
	}
	/* 676 codes are drawn from, 256 are told: the rest is of few hosts, and every frame is somewhere. */
	assert_int_equal(told.cells.count, SK_COUNTRIES_MAX);
	assert_int_equal(named + told.few.frames + told.unnamed.frames, told.settled.frames);
	size_t freed = 0;
	for (size_t i = 0; i < INTERVALS; i++)
		freed += sk_kept_countries_drop(&kept[i]);
	assert_int_equal(freed, held);
}

static void nothing_told_is_nothing(void **state)
{
	static struct sk_interval_record interval;
	static struct sk_country_sums sums, none;
	struct sk_kept_countries kept = {.told = false};
	(void)state;
	dice_state = 11;
	make(&interval, 5);
	assert_true(sk_kept_countries_take(&kept, &interval) > 0);
	(void)sk_kept_countries_drop(&kept);
	sk_country_sums_add(&sums, &kept);
	interval.has_countries = false; /* of a border table without countries */
	assert_int_equal(sk_kept_countries_take(&kept, &interval), 0);
	sk_country_sums_add(&sums, &kept);
	assert_memory_equal(&sums, &none, sizeof sums);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sums_are_those_of_the_intervals), cmocka_unit_test(nothing_told_is_nothing)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
