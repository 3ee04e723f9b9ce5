/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of synthetic people, none of them made as the estimator thinks (tests/unit/campaign/actors.h), and machines: how often does the set cover, how wide is it, and
   how often is there an estimate of what is no person? hours_actors [COUNT] */
#include <stdio.h>

#include "../tests/unit/campaign/actors.h"

enum { BANDS = 4 };

int main(int argc, char **argv)
{
	static int64_t times[ACTOR_EVENTS_MAX];
	static struct sk_hours h;
	static const uint64_t bands[BANDS + 1] = {SK_HOURS_MOMENTS_MIN, 60, 200, 600, UINT64_MAX};
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 2000, all[BANDS] = {0}, told[BANDS] = {0}, covered[BANDS] = {0}, even = 0;
	double width[BANDS] = {0};
	struct sk_fault fault;
	for (unsigned i = 0; i < count; i++) {
		struct dice dice = {.state = 1000003 + 7919 * (uint64_t)i};
		struct person person;
		struct actor actor;
		make_person(&dice, &person);
		make_actor(&dice, &actor);
		size_t events = make_events(&dice, &person, &actor, 1640995200, times);
		if (sk_hours_estimate(times, events, false, &h, &fault) != SK_OK)
			return 1;
		for (unsigned b = 0; b < BANDS; b++)
			if (h.moments >= bands[b] && h.moments < bands[b + 1]) {
				all[b]++;
				told[b] += h.verdict == SK_HOURS_ESTIMATE;
				covered[b] += h.verdict == SK_HOURS_ESTIMATE && is_covered(&h, &actor);
				width[b] += h.verdict == SK_HOURS_ESTIMATE ? h.width_minutes / 60.0 : 0;
			}
		size_t uniform = 20 + i % 1000;
		for (size_t k = 0; k < uniform; k++)
			times[k] = 1640995200 + (int64_t)(dice_one(&dice) * 400 * 86400);
		if (sk_hours_estimate(times, uniform, false, &h, &fault) != SK_OK)
			return 1;
		even += h.verdict == SK_HOURS_ESTIMATE;
	}
	(void)printf("| moments | people | with an estimate | covered | mean width |\n|---|--:|--:|--:|--:|\n");
	for (unsigned b = 0; b < BANDS; b++)
		if (told[b] != 0)
			(void)printf("| from %llu | %u | %u | %.1f %% | %.1f h |\n", (unsigned long long)bands[b], all[b], told[b], 100.0 * covered[b] / told[b], width[b] / told[b]);
	(void)printf("\neven at random, 20 to 1019 events: an estimate for %u of %u\n", even, count);
	return 0;
}
