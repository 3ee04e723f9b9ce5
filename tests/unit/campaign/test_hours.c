/* SPDX-License-Identifier: Apache-2.0 */
/* Working hours: named actors, hundreds of others, and what is no person. The actors are made of sittings (actors.h), the estimator was tuned on real commit times
   (docs/hours.md): neither knows the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "actors.h"

static const int64_t start_s = 1735776000; /* 2025-01-02 */
static int64_t times[ACTOR_EVENTS_MAX];

static const struct sk_hours *estimate(size_t count, bool flat)
{
	static struct sk_hours h;
	struct sk_fault fault = {0};
	if (sk_hours_estimate(times, count, flat, &h, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	return &h;
}

static bool holds(const struct sk_hours *h, int minutes)
{
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		if (h->offsets[o].minutes == minutes)
			return h->offsets[o].in_set;
	return false;
}

/* Office hours with a break, evenings now and then, odd nights, holidays kept: the four that the issue names. */
static void test_named(void **state)
{
	static const struct { int minutes, calendar; enum sk_hours_rule rule; } named[] = {{480, 0, SK_CLOCK_NONE}, {540, 1, SK_CLOCK_NONE}, {180, 4, SK_CLOCK_NONE},
											   {-300, -1, SK_CLOCK_NORTH}};
	(void)state;
	for (size_t i = 0; i < SK_COUNT(named); i++) {
		unsigned held = 0, wide = 0;
		for (unsigned round = 0; round < 10; round++) {
			struct dice dice = {.state = 1000 * i + round + 1};
			struct person office = {.sittings = {{9.3, 0.6, 2.7, 0.8, 0.05}, {13.2, 0.5, 4.6, 0.85, 0.06}, {21, 1, 1.5, 0.15, 0.15}}, .count = 3, .per_hour = 1.2,
						.odd = 0.05};
			struct actor actor = {.minutes = named[i].minutes, .rule = named[i].rule, .calendar = named[i].calendar, .days = 540, .active = 0.8};
			const struct sk_hours *h = estimate(make_events(&dice, &office, &actor, start_s, times), false);
			assert_int_equal(h->verdict, SK_HOURS_ESTIMATE);
			held += is_covered(h, &actor);
			wide += h->width_minutes > 4 * 60;
			/* The twin: an actor across the world is not in the set. */
			assert_false(holds(h, named[i].minutes >= 0 ? named[i].minutes - 600 : named[i].minutes + 600));
		}
		assert_true(held >= 9);
		assert_true(wide <= 2);
	}
}

/* The set covers: nine in ten of some hundred people of other kinds than the habits, and the more so the fewer the sets say. */
static void test_coverage(void **state)
{
	unsigned estimates = 0, covered = 0, wrong_side = 0;
	double width = 0;
	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		struct dice dice = {.state = 77777 + 31 * i};
		struct person person;
		struct actor actor;
		make_person(&dice, &person);
		make_actor(&dice, &actor);
		const struct sk_hours *h = estimate(make_events(&dice, &person, &actor, start_s, times), false);
		if (h->verdict != SK_HOURS_ESTIMATE)
			continue;
		estimates++;
		covered += is_covered(h, &actor);
		width += h->width_minutes / 60.0;
		struct actor other = {.minutes = actor.minutes >= 0 ? actor.minutes - 540 : actor.minutes + 540};
		wrong_side += is_covered(h, &other);
	}
	print_message("%u estimates, %u covered, mean width %.1f h, across the world %u\n", estimates, covered, width / estimates, wrong_side);
	assert_true(estimates >= 200);
	assert_true(covered * 10 >= estimates * 9);
	assert_true(width / estimates < 8);
	/* The twin: a set that covered everything would cover these too. */
	assert_true(wrong_side * 10 < estimates);
}

static void test_no_person(void **state)
{
	struct dice dice = {.state = 5};
	unsigned estimates = 0;
	(void)state;
	/* Even at random, of many sizes. */
	for (unsigned round = 0; round < 60; round++) {
		size_t count = 40 + 30 * round;
		for (size_t i = 0; i < count; i++)
			times[i] = start_s + (int64_t)(dice_one(&dice) * 400 * 86400);
		estimates += estimate(count, false)->verdict == SK_HOURS_ESTIMATE;
	}
	assert_true(estimates <= 1);
	/* Bots: every hour; every day at one time with a little jitter; on working days at the full hour; every ten minutes of office hours. */
	for (size_t i = 0; i < 4000; i++)
		times[i] = start_s + (int64_t)i * 3600 + (int64_t)dice_between(&dice, 0, 90);
	assert_int_not_equal(estimate(4000, false)->verdict, SK_HOURS_ESTIMATE);
	for (size_t i = 0; i < 300; i++)
		times[i] = start_s + (int64_t)i * 86400 + 9 * 3600 + (int64_t)dice_between(&dice, 0, 600);
	assert_int_equal(estimate(300, false)->verdict, SK_HOURS_REGULAR);
	size_t count = 0;
	for (int64_t day = 0; day < 200; day++)
		for (int64_t hour = 9; hour < 18; hour++)
			if ((day + 3) % 7 < 5)
				times[count++] = start_s + day * 86400 + hour * 3600 + (int64_t)dice_between(&dice, 0, 60);
	assert_int_equal(estimate(count, false)->verdict, SK_HOURS_REGULAR);
	/* A beacon of eleven hours, forever. */
	for (size_t i = 0; i < 600; i++)
		times[i] = start_s + (int64_t)i * 39600 + (int64_t)dice_between(&dice, 0, 120);
	assert_int_not_equal(estimate(600, false)->verdict, SK_HOURS_ESTIMATE);
}

static void test_thin(void **state)
{
	struct dice dice = {.state = 9};
	(void)state;
	assert_int_equal(estimate(0, false)->verdict, SK_HOURS_THIN);
	times[0] = start_s;
	assert_int_equal(estimate(1, false)->verdict, SK_HOURS_THIN);
	/* A thousand events of one busy day are one day. */
	for (size_t i = 0; i < 1000; i++)
		times[i] = start_s + (int64_t)(dice_one(&dice) * 30000);
	assert_int_equal(estimate(1000, false)->verdict, SK_HOURS_THIN);
}

static void test_two(void **state)
{
	struct dice dice = {.state = 12};
	struct person office = {.sittings = {{9.3, 0.6, 2.7, 0.8, 0.05}, {13.2, 0.5, 4.6, 0.85, 0.06}}, .count = 2, .per_hour = 1.2};
	struct actor east = {.minutes = 480, .calendar = -1, .days = 200, .active = 1}, west = {.minutes = -300, .calendar = -1, .days = 200, .active = 1};
	(void)state;
	size_t first = make_events(&dice, &office, &east, start_s, times);
	assert_int_equal(estimate(first, false)->verdict, SK_HOURS_ESTIMATE);
	/* One who went from east to west. */
	size_t both = first + make_events(&dice, &office, &west, start_s + 200 * 86400, times + first);
	const struct sk_hours *h = estimate(both, false);
	assert_int_equal(h->verdict, SK_HOURS_SEVERAL);
	assert_true(llabs(h->moved_s - (start_s + 200 * 86400)) < 40 * 86400);
}

/* Order, doubles and a shift of all by whole days do not change the answer; a shift by hours moves it. */
static void test_pure(void **state)
{
	static struct sk_hours first;
	struct dice dice = {.state = 21};
	struct person person = {.sittings = {{9.3, 0.6, 2.7, 0.8, 0.05}, {13.2, 0.5, 4.6, 0.85, 0.06}}, .count = 2, .per_hour = 1.2};
	struct actor actor = {.minutes = 0, .calendar = -1, .days = 400, .active = 0.7};
	(void)state;
	size_t count = make_events(&dice, &person, &actor, start_s, times);
	first = *estimate(count, true);
	for (size_t i = count; i > 1; i--) {
		size_t k = (size_t)(dice_one(&dice) * (double)i);
		int64_t turn = times[i - 1];
		times[i - 1] = times[k];
		times[k] = turn;
	}
	memcpy(times + count, times, count * sizeof times[0]);
	assert_memory_equal(estimate(2 * count, true), &first, sizeof first);
	for (size_t i = 0; i < count; i++)
		times[i] -= 5 * 3600;
	const struct sk_hours *later = estimate(count, true);
	assert_true(later->best - first.best >= 4 * 60 && later->best - first.best <= 6 * 60);
	double sum = 0;
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		sum += later->offsets[o].probability;
	assert_true(fabs(sum - 1) < 1e-9);
}

/* Half an hour east of anywhere is an offset too; and no text names a country. */
static void test_half_hours(void **state)
{
	struct dice dice = {.state = 33};
	struct person person = {.sittings = {{9.6, 0.5, 3, 0.8, 0.05}, {14, 0.5, 4.6, 0.85, 0.06}}, .count = 2, .per_hour = 1.2, .odd = 0.03};
	struct actor actor = {.minutes = 330, .calendar = -1, .days = 500, .active = 0.8};
	struct sk_buf text;
	(void)state;
	const struct sk_hours *h = estimate(make_events(&dice, &person, &actor, start_s, times), false);
	assert_int_equal(h->verdict, SK_HOURS_ESTIMATE);
	assert_true(holds(h, 330));
	sk_buf_init(&text, 65536);
	for (size_t line = 0; line < SK_HOURS_LINES; line++)
		sk_hours_line_text(h, (enum sk_hours_line)line, &text);
	sk_hours_reason(h, &text);
	assert_int_equal(text.failed, SK_OK);
	static const char *const names[] = {"China", "Japan", "Russia", "India", "Korea", "America", "Europe", "Beijing", "Moscow", "Tokyo"};
	for (size_t i = 0; i < SK_COUNT(names); i++)
		assert_null(strcasestr(sk_buf_text(&text), names[i]));
	sk_buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named), cmocka_unit_test(test_coverage), cmocka_unit_test(test_no_person), cmocka_unit_test(test_thin),
		cmocka_unit_test(test_two),   cmocka_unit_test(test_pure),     cmocka_unit_test(test_half_hours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
