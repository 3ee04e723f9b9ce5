/* SPDX-License-Identifier: Apache-2.0 */
/* What else speaks: clocks that are put forward, days of rest, the midday break. */
#include <math.h>

#include "campaign/hours_priv.h"
#include "text/text.h"

enum { QUARTER_MINUTES = 15, MOVE_QUARTERS = 12, SEASON_MOMENTS_MIN = 25, BREAK_FROM = 600, BREAK_TO = 900, BREAK_QUARTERS = (BREAK_TO - BREAK_FROM) / 15,
       BREAK_CENTRES = 7, NOON_FROM = 720, NOON_TO = 810 };
static const double bell_quarters = 3, rule_floor = 0.02;

/* ---- clocks ---- */

/* 1: a month in which clocks of the north are forward and those of the south are not; 0 the other way round; -1: near a change. */
static int season_of(int64_t time_s)
{
	int64_t year;
	unsigned month, day;
	sk_date_of_days(time_s / 86400 - (time_s % 86400 < 0), &year, &month, &day);
	return month == 3 || month == 10 ? -1 : month >= 4 && month <= 9;
}

/* When clocks are put forward in the northern summer, the same life lies an hour earlier in UTC then. */
void sk_clock_like(const struct sk_moments *moments, struct sk_hours *out, double like[SK_CLOCK_RULES])
{
	static const double moved[SK_CLOCK_RULES] = {[SK_CLOCK_NONE] = 0, [SK_CLOCK_NORTH] = -60, [SK_CLOCK_SOUTH] = 60};
	uint32_t counts[2][SK_QUARTERS] = {{0}}, seasons[2] = {0};
	double fits[2 * MOVE_QUARTERS + 1], mean = 0, square = 0;
	for (size_t i = 0; i < moments->count; i++) {
		int season = season_of(moments->time_s[i]);
		int64_t of_day = moments->time_s[i] % 86400;
		if (season < 0)
			continue;
		counts[season][(of_day < 0 ? of_day + 86400 : of_day) / (QUARTER_MINUTES * 60)]++;
		seasons[season]++;
	}
	memset(like, 0, SK_CLOCK_RULES * sizeof like[0]);
	out->clock_known = seasons[0] >= SEASON_MOMENTS_MIN && seasons[1] >= SEASON_MOMENTS_MIN;
	if (!out->clock_known)
		return;
	sk_move_fits(counts[0], counts[1], bell_quarters, INFINITY, MOVE_QUARTERS, fits);
	double sum = sk_log_sum(fits, SK_COUNT(fits));
	for (int move = -MOVE_QUARTERS; move <= MOVE_QUARTERS; move++) {
		double chance = exp(fits[move + MOVE_QUARTERS] - sum), minutes = move * QUARTER_MINUTES;
		mean += chance * minutes;
		square += chance * minutes * minutes;
	}
	out->clock_moved = mean;
	out->clock_error = sqrt(square - mean * mean + QUARTER_MINUTES * QUARTER_MINUTES / 12.0);
	double width = sqrt(out->clock_error * out->clock_error + SK_CLOCK_DRIFT_MIN * SK_CLOCK_DRIFT_MIN);
	for (size_t rule = 0; rule < SK_CLOCK_RULES; rule++) {
		double z = (mean - moved[rule]) / width;
		like[rule] = log((1 - rule_floor) * exp(-z * z / 2) + rule_floor);
	}
}

/* ---- the week ---- */

/* Which share of a week's activity falls on the two days of rest; evenly it would be two sevenths. */
static const double rest_shares[] = {0.03, 0.08, 0.15, 0.22};
static const uint8_t rest_days[SK_REST_COUNT][2] = {[SK_REST_SAT_SUN] = {5, 6}, [SK_REST_FRI_SAT] = {4, 5}, [SK_REST_THU_FRI] = {3, 4}};

static double weekend_like(const double active[SK_WEEK_DAYS], double days, const double rest[SK_REST_COUNT], double posterior[SK_REST_COUNT])
{
	double kinds[SK_REST_COUNT], worth = SK_WEEK_FULL * days / (SK_WEEK_FULL + days), shares[SK_COUNT(rest_shares)];
	for (size_t kind = 0; kind < SK_REST_COUNT; kind++) {
		double free_part = kind == SK_REST_NONE || days <= 0 ? 0 : (active[rest_days[kind][0]] + active[rest_days[kind][1]]) / days;
		for (size_t s = 0; s < SK_COUNT(rest_shares); s++)
			shares[s] = worth * (free_part * log(rest_shares[s] / 2 * 7) + (1 - free_part) * log((1 - rest_shares[s]) / 5 * 7)) - log((double)SK_COUNT(rest_shares));
		kinds[kind] = log(rest[kind]) + (kind == SK_REST_NONE ? 0 : sk_log_sum(shares, SK_COUNT(shares)));
	}
	double sum = sk_log_sum(kinds, SK_REST_COUNT);
	for (size_t kind = 0; kind < SK_REST_COUNT; kind++)
		posterior[kind] = exp(kinds[kind] - sum);
	return sum;
}

/* A dip around noon in the hours that most work, against none; where it lies and how deep it is differs. Half of all people show one. */
static double midday_like(const double quarters[BREAK_QUARTERS], double moments)
{
	static const double depths[] = {0.3, 0.6};
	double terms[BREAK_CENTRES * SK_COUNT(depths)], worth = SK_MIDDAY_FULL * moments / (SK_MIDDAY_FULL + moments), weights = 0;
	for (int c = 0; c < BREAK_CENTRES; c++) {
		double centre = 12 + c * 0.25 - BREAK_FROM / 60.0, prior = exp(-(c - 2.5) * (c - 2.5) / 8);
		weights += prior;
		for (size_t d = 0; d < SK_COUNT(depths); d++) {
			double shape[BREAK_QUARTERS], sum = 0, fit = 0;
			for (int q = 0; q < BREAK_QUARTERS; q++) {
				double z = ((q + 0.5) / 4 - centre) / 0.45;
				sum += shape[q] = 1 - depths[d] * exp(-z * z / 2);
			}
			for (int q = 0; q < BREAK_QUARTERS && moments > 0; q++)
				fit += quarters[q] / moments * log(shape[q] / sum * BREAK_QUARTERS);
			terms[(size_t)c * SK_COUNT(depths) + d] = worth * fit + log(prior / SK_COUNT(depths));
		}
	}
	double dip = sk_log_sum(terms, SK_COUNT(terms)) - log(weights), both[2] = {dip + log(0.5), log(0.5)};
	return sk_log_sum(both, 2);
}

void sk_week_like(const struct sk_moments *moments, enum sk_summer summer, int minutes, const double rest[SK_REST_COUNT], struct sk_week *out)
{
	double active[SK_WEEK_DAYS] = {0}, days = 0, quarters[BREAK_QUARTERS] = {0};
	int64_t last = INT64_MIN;
	*out = (struct sk_week){0};
	for (size_t i = 0; i < moments->count; i++) {
		int64_t local = moments->time_s[i] + minutes * 60 + (sk_summer_on(summer, moments->time_s[i]) ? 3600 : 0);
		int64_t day = local / 86400 - (local % 86400 < 0), minute = (local - day * 86400) / 60;
		if (day != last) {
			active[sk_weekday(day)]++;
			days++;
			last = day;
		}
		if (sk_weekday(day) < 5 && minute >= BREAK_FROM && minute < BREAK_TO) {
			quarters[(minute - BREAK_FROM) / QUARTER_MINUTES]++;
			out->midday_moments++;
			out->midday_share += minute >= NOON_FROM && minute < NOON_TO;
		}
	}
	if (out->midday_moments != 0)
		out->midday_share /= (double)out->midday_moments;
	out->weekend = weekend_like(active, days, rest, out->rest);
	out->midday = midday_like(quarters, (double)out->midday_moments);
}
