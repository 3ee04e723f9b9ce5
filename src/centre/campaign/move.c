/* SPDX-License-Identifier: Apache-2.0 */
/* By how much does one stretch of life lie later in the day than another? Each stretch, smoothed, is the model of the other, moved. */
#include <math.h>

#include "campaign/hours_priv.h"

enum { BELL_REACH = 15, CUTS = 7, CUT_MOMENTS_MIN = 24, MOVES = SK_QUARTERS / 2, FAR_QUARTERS = 18, NEAR_QUARTERS = 10 };
static const double even_part = 0.08, move_bell = 5, move_full = 30;

static void smooth(const uint32_t counts[SK_QUARTERS], double bell_quarters, double logs[SK_QUARTERS])
{
	double values[SK_QUARTERS], sum = 0;
	for (int q = 0; q < SK_QUARTERS; q++) {
		values[q] = 0;
		for (int d = -BELL_REACH; d <= BELL_REACH; d++)
			values[q] += counts[(q + SK_QUARTERS + d) % SK_QUARTERS] * exp(-d * d / (2 * bell_quarters * bell_quarters));
		sum += values[q];
	}
	for (int q = 0; q < SK_QUARTERS; q++)
		logs[q] = sum > 0 ? log((1 - even_part) * values[q] / sum + even_part / SK_QUARTERS) : 0;
}

/* Each pair of moments is seen from both sides, and a smoothed day is no independent model: half of a half. */
void sk_move_fits(const uint32_t earlier[SK_QUARTERS], const uint32_t later[SK_QUARTERS], double bell_quarters, double full, int most, double *fits)
{
	double before[SK_QUARTERS], after[SK_QUARTERS], counts[2] = {0};
	for (size_t q = 0; q < SK_QUARTERS; q++) {
		counts[0] += earlier[q];
		counts[1] += later[q];
	}
	double scale[2] = {isinf(full) ? 1 : full / (full + counts[0]), isinf(full) ? 1 : full / (full + counts[1])};
	smooth(earlier, bell_quarters, before);
	smooth(later, bell_quarters, after);
	for (int move = -most; move <= most; move++) {
		double fit = 0;
		for (int q = 0; q < SK_QUARTERS; q++)
			fit += scale[1] * later[q] * before[(q + 2 * SK_QUARTERS - move) % SK_QUARTERS] + scale[0] * earlier[q] * after[(q + 2 * SK_QUARTERS + move) % SK_QUARTERS];
		fits[move + most] = fit / 4;
	}
}

/* Mean likelihood of the moves by at least `from` and at most `to` quarters, either way; logarithm. */
static double mean_like(const double fits[2 * MOVES + 1], int from, int to, int *best)
{
	double terms[2 * MOVES + 1];
	size_t count = 0;
	int most = 0;
	for (int move = -MOVES; move < MOVES; move++) {
		if ((move < 0 ? -move : move) < from || (move < 0 ? -move : move) > to)
			continue;
		if (count == 0 || fits[move + MOVES] > fits[most + MOVES])
			most = move;
		terms[count++] = fits[move + MOVES];
	}
	*best = most;
	return sk_log_sum(terms, count) - log((double)count);
}

/* Twice as much as for clocks: who moves takes his habits along, and a change of habits of five hours is rare. */
void sk_move_test(const struct sk_moments *moments, struct sk_hours *out)
{
	bool any = false;
	for (size_t cut = 1; cut <= CUTS; cut++) {
		uint32_t before[2][SK_QUARTERS], after[2][SK_QUARTERS];
		double fits[2 * MOVES + 1];
		int far_best, near_best;
		size_t at = moments->count * cut / (CUTS + 1);
		if (at < CUT_MOMENTS_MIN || moments->count - at < CUT_MOMENTS_MIN)
			continue;
		sk_day_count(moments->time_s, at, SK_SUMMER_NEVER, before);
		sk_day_count(moments->time_s + at, moments->count - at, SK_SUMMER_NEVER, after);
		sk_move_fits(before[0], after[0], move_bell, move_full, MOVES, fits);
		double weight = 2 * (mean_like(fits, FAR_QUARTERS, MOVES, &far_best) - mean_like(fits, 0, NEAR_QUARTERS, &near_best));
		if (any && weight <= out->moved_weight)
			continue;
		any = true;
		out->moved_weight = weight;
		out->moved_s = moments->time_s[at];
		out->moved_minutes = far_best * 15;
	}
}
