/* SPDX-License-Identifier: Apache-2.0 */
/* Events to moments, and whether they are a person's at all. */
#include <math.h>
#include <stdlib.h>

#include "campaign/hours_priv.h"

enum { SECONDS_A_DAY = 86400, SECONDS_A_QUARTER = 900, MINUTES_AN_HOUR = 60, NEAR_MINUTES = 5, REST_QUARTERS = 28 };

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* A burst is one decision to act, whatever the number of its events: an event within the hour of the last moment is one with it. */
enum sk_err sk_moments_make(const int64_t *times_s, size_t count, int64_t **sorted, struct sk_moments *out, struct sk_fault *fault)
{
	int64_t *times = malloc((count + 1) * sizeof *times), *at = malloc((count + 1) * sizeof *at), last_day = INT64_MIN;
	*out = (struct sk_moments){.time_s = at};
	*sorted = times;
	if (times == NULL || at == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory for %zu events", count);
	if (count != 0)
		memcpy(times, times_s, count * sizeof *times);
	qsort(times, count, sizeof *times, by_time);
	for (size_t i = 0; i < count; i++) {
		if (i != 0 && times[i] == times[out->events - 1])
			continue;
		times[out->events++] = times[i];
		if (out->count != 0 && times[i] - at[out->count - 1] < SK_MOMENT_GAP_S)
			continue;
		out->sittings += out->count == 0 || times[i] - at[out->count - 1] > SK_SESSION_GAP_S;
		out->days += floor_div(times[i], SECONDS_A_DAY) != last_day;
		last_day = floor_div(times[i], SECONDS_A_DAY);
		at[out->count++] = times[i];
	}
	out->weight = fmin((double)out->count, SK_DAY_A_DAY * (double)out->days);
	return SK_OK;
}

/* ---- even? ---- */

/* Rayleigh's test of the hour of the day, with sittings for moments: hours that follow each other are no independent draws. */
static void test_even(const struct sk_moments *m, struct sk_hours *out)
{
	double x = 0, y = 0, n = (double)m->count, sittings = (double)m->sittings;
	for (size_t i = 0; i < m->count; i++) {
		double angle = 2 * M_PI * (double)(m->time_s[i] - floor_div(m->time_s[i], SECONDS_A_DAY) * SECONDS_A_DAY) / SECONDS_A_DAY;
		x += cos(angle);
		y += sin(angle);
	}
	double strength = n == 0 ? 0 : sqrt(x * x + y * y) / n, z = sittings * strength * strength;
	out->even_strength = strength;
	/* Zar's approximation, good for few as for many. */
	out->even_p = sittings == 0 ? 1 : fmin(1, exp(sqrt(1 + 4 * sittings + 4 * (sittings * sittings - sittings * z)) - (1 + 2 * sittings)));
}

/* ---- a schedule? ---- */

/* Chance of k or more of n at chance p each, from above (Hoeffding's bound by relative entropy). */
static double tail(double k, double n, double p)
{
	double share = k / n;
	if (share <= p)
		return 1;
	double other = share < 1 ? (1 - share) * log((1 - share) / (1 - p)) : 0;
	return exp(-n * (share * log(share / p) + other));
}

static void test_minutes(const struct sk_moments *m, struct sk_hours *out)
{
	uint32_t minutes[MINUTES_AN_HOUR] = {0}, most = 0;
	for (size_t i = 0; i < m->count; i++)
		minutes[floor_div(m->time_s[i], 60) - floor_div(m->time_s[i], 3600) * MINUTES_AN_HOUR]++;
	for (unsigned from = 0; from < MINUTES_AN_HOUR; from++) {
		uint32_t sum = 0;
		for (unsigned i = 0; i < NEAR_MINUTES; i++)
			sum += minutes[(from + i) % MINUTES_AN_HOUR];
		most = sum > most ? sum : most;
	}
	double n = (double)m->count;
	out->minute_share = n == 0 ? 0 : most / n;
	/* Sixty windows were looked at. */
	out->minute_p = n == 0 ? 1 : fmin(1, MINUTES_AN_HOUR * tail(most, n, (double)NEAR_MINUTES / MINUTES_AN_HOUR));
}

/* The largest share of gaps between moments that lie within a fiftieth of each other. */
static void test_gaps(const struct sk_moments *m, struct sk_hours *out)
{
	size_t count = m->count < 2 ? 0 : m->count - 1, most = 0;
	int64_t *gaps = count == 0 ? NULL : malloc(count * sizeof *gaps);
	if (gaps == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		gaps[i] = m->time_s[i + 1] - m->time_s[i];
	qsort(gaps, count, sizeof *gaps, by_time);
	for (size_t from = 0, to = 0; from < count; from++) {
		while (to < count && gaps[to] <= gaps[from] + gaps[from] / 50)
			to++;
		most = to - from > most ? to - from : most;
	}
	out->gap_share = (double)most / (double)count;
	free(gaps);
}

void sk_moments_test(const struct sk_moments *moments, const int64_t *sorted, struct sk_hours *out)
{
	out->events = moments->events;
	out->moments = moments->count;
	out->days = moments->days;
	if (moments->events != 0) {
		out->first_s = sorted[0];
		out->last_s = sorted[moments->events - 1];
	}
	test_even(moments, out);
	test_minutes(moments, out);
	test_gaps(moments, out);
}

/* Its middle is where a bell seven hours wide to each side finds least. */
void sk_moments_rest(const struct sk_moments *moments, struct sk_hours *out)
{
	uint32_t quarters[2][SK_QUARTERS];
	double least = INFINITY, inside = 0;
	unsigned middle = 0;
	sk_day_count(moments->time_s, moments->count, SK_SUMMER_NEVER, quarters);
	for (unsigned at = 0; at < SK_QUARTERS; at++) {
		double sum = 0;
		for (int d = -REST_QUARTERS; d <= REST_QUARTERS; d++)
			sum += quarters[0][(at + SK_QUARTERS + (unsigned)d) % SK_QUARTERS] * (1 + cos(M_PI * d / REST_QUARTERS));
		if (sum < least - 1e-9) {
			least = sum;
			middle = at;
		}
	}
	unsigned from = (middle + SK_QUARTERS - REST_QUARTERS / 2) % SK_QUARTERS;
	for (unsigned i = 0; i < REST_QUARTERS; i++)
		inside += quarters[0][(from + i) % SK_QUARTERS];
	out->rest_from = (int)(from * SECONDS_A_QUARTER / 60);
	out->rest_to = (out->rest_from + REST_QUARTERS * SECONDS_A_QUARTER / 60) % SK_MINUTES_A_DAY;
	out->rest_share = moments->count == 0 ? 0 : inside / (double)moments->count;
}
