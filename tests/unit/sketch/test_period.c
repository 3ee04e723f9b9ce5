/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks are found, and what has no clock is not: processes that come by themselves, looked at again and again as they grow, as a detector does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

#include "sketch/period.h"

#define BOUND 11.5 /* once in 10^5 */

static struct sk_period_tables tables;

static double uniform(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *seed)
{
	double radius = sqrt(-2 * log(uniform(seed)));
	return radius * cos(6.283185307 * uniform(seed));
}

static int make_tables(void **state)
{
	(void)state;
	sk_period_tables_make(&tables);
	return 0;
}

/* Enough contacts for each jitter and loss; period, jitter and loss come out as they went in. */
static void test_beacons(void **state)
{
	(void)state;
	static const struct { double jitter, lost; unsigned contacts; } rows[] = {
		{0, 0, 10}, {0, 0.2, 14}, {0.1, 0, 18}, {0.1, 0.2, 30}, {0.2, 0, 30}, {0.2, 0.2, 70}, {0.3, 0, 50}, {0.3, 0.2, 140}, {0.5, 0, 120}, {0.5, 0.1, 260}};
	uint64_t seed = 4711;
	for (size_t row = 0; row < SK_COUNT(rows); row++) {
		unsigned found = 0;
		for (unsigned round = 0; round < 40; round++) {
			uint8_t gaps[SK_GAP_BINS] = {0};
			struct sk_period period;
			double each = 30 * exp(uniform(&seed) * 7), at = 0, last = 0;
			for (unsigned i = 1; i < rows[row].contacts;) {
				at += each * (1 + rows[row].jitter * (2 * uniform(&seed) - 1));
				if (uniform(&seed) < rows[row].lost)
					continue;
				sk_gaps_add(gaps, floor(at) - floor(last));
				last = at;
				i++;
			}
			if (!sk_period_find(&tables, gaps, &period) || period.score < BOUND)
				continue;
			found++;
			assert_true(fabs(period.period_s / each - 1) < 0.06 + rows[row].jitter / 4);
			assert_true(fabs(period.jitter - rows[row].jitter) < 0.12 && fabs(period.missed - rows[row].lost) <= 0.2);
		}
		assert_true(found >= 36);
	}
}

enum { KINDS = 6 };

static double gap_of(unsigned kind, double mean, uint64_t *seed)
{
	switch (kind) {
	case 0: return -mean * log(uniform(seed));                                              /* Poisson */
	case 1: return mean * exp(normal(seed));                                                /* log-normal */
	case 2: return mean * pow(uniform(seed), -1 / 1.2);                                     /* a power law */
	case 3: return uniform(seed) < 0.7 ? 2 - 5 * log(uniform(seed)) : -10 * mean * log(uniform(seed)); /* sittings */
	case 4: return (uniform(seed) < 0.5 ? mean : 8 * mean) * exp(0.5 * normal(seed));       /* two sorts */
	default: return mean - mean * log(uniform(seed));                                       /* Poisson behind a time-out */
	}
}

static void test_no_clock(void **state)
{
	(void)state;
	uint64_t seed = 815;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		unsigned alarms = 0;
		for (unsigned round = 0; round < 60; round++) {
			uint8_t gaps[SK_GAP_BINS] = {0};
			struct sk_period period;
			double mean = 10 * exp(uniform(&seed) * 6);
			bool alarm = false;
			for (unsigned i = 1, look = 10; i < 250; i++) {
				sk_gaps_add(gaps, floor(gap_of(kind, mean, &seed)));
				if (i < look)
					continue;
				look = i + i / 8 + 1;
				alarm |= sk_period_find(&tables, gaps, &period) && period.visits >= 10 && period.score >= BOUND;
			}
			alarms += alarm;
		}
		assert_true(alarms <= 1);
	}
}

/* Three connections a visit: the visits are what comes regularly. */
static void test_visits(void **state)
{
	(void)state;
	uint8_t gaps[SK_GAP_BINS] = {0};
	struct sk_period period;
	uint64_t seed = 3;
	for (unsigned i = 0; i < 40; i++) {
		sk_gaps_add(gaps, 15 + floor(uniform(&seed) * 8));
		sk_gaps_add(gaps, 15 + floor(uniform(&seed) * 8));
		sk_gaps_add(gaps, floor(564 + 60 * (2 * uniform(&seed) - 1)));
	}
	assert_true(sk_period_find(&tables, gaps, &period));
	assert_true(period.score > BOUND && period.each == 3 && fabs(period.period_s - 600) < 40 && period.visits >= 39);
}

static void test_edges(void **state)
{
	(void)state;
	uint8_t gaps[SK_GAP_BINS] = {0};
	struct sk_period period;
	for (unsigned i = 0; i < 4; i++)
		sk_gaps_add(gaps, 60);
	assert_false(sk_period_find(&tables, gaps, &period)); /* too few */
	sk_gaps_add(gaps, 1.9);
	sk_gaps_add(gaps, -5);
	sk_gaps_add(gaps, NAN);
	assert_false(sk_period_find(&tables, gaps, &period)); /* none of these is a gap */
	sk_gaps_add(gaps, 1e30);
	assert_int_equal(gaps[SK_GAP_BINS - 1], 1);
	for (unsigned i = 0; i < 100000; i++)
		sk_gaps_add(gaps, 60);
	assert_true(sk_period_find(&tables, gaps, &period) && period.score > 100 && fabs(period.period_s - 60) < 2);
	for (unsigned i = 0; i < SK_GAP_BINS; i++)
		gaps[i] = UINT8_MAX;
	assert_true(sk_period_find(&tables, gaps, &period) && isfinite(period.score) && period.score < BOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_beacons), cmocka_unit_test(test_no_clock), cmocka_unit_test(test_visits), cmocka_unit_test(test_edges)};
	return cmocka_run_group_tests_name("period", tests, make_tables, NULL);
}
