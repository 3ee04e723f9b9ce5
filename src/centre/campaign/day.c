/* SPDX-License-Identifier: Apache-2.0 */
/* The day: which offsets make these hours a person's day? A mixture over habits (hours.def) and over how early or late people live, under which the moments are a
   multinomial draw whose logarithm is scaled down as their number grows: the habits are not the person, and a thousand moments do not make them so. */
#include <math.h>
#include <stdlib.h>

#include "campaign/hours_priv.h"

enum shape { PLATEAU, BUMP, EVEN };

static const struct block {
	enum shape shape;
	double from, to, edge;
} blocks[] = {
#define SK_HOURS_BLOCK(name, shape, from, to, edge) {shape, from, to, edge},
#define SK_HOURS_HABIT(...)
#include "campaign/hours.def"
};

static const struct habit {
	const char *name;
	double weight;
	double percent[SK_COUNT(blocks)];
} rows[] = {
#define SK_HOURS_BLOCK(name, shape, from, to, edge)
#define SK_HOURS_HABIT(name, weight, ...) {name, weight, {__VA_ARGS__}},
#include "campaign/hours.def"
};

enum { HABITS = SK_COUNT(rows), STEPS = 8, HALF_DAY = 12, QUARTER_MINUTES = 15, APART_MIN = 5, PAIR_SHARES = 3 };

struct sk_habits {
	double plain[HABITS][SK_DAY_HOURS];     /* shares of the hours of the day */
	double logs[HABITS][SK_DAY_HOURS];
	double weight[HABITS];                  /* logarithms */
	double shift[SK_DAY_HOURS];             /* logarithms, of living so many hours later */
};

/* ---- the table ---- */

static double density(const struct block *block, double hour)
{
	double sum = 0;
	for (int day = -1; day <= 1; day++) {
		double at = hour + 24.0 * day, z = block->edge > 0 ? (at - block->from) / block->edge : 0;
		if (block->shape == BUMP)
			sum += exp(-z * z / 2);
		else if (block->shape == PLATEAU)
			sum += 1 / (1 + exp(-z)) / (1 + exp((at - block->to) / block->edge));
	}
	return block->shape == EVEN ? 1 : sum;
}

static void add_block(const struct block *block, double share, double day[SK_DAY_HOURS])
{
	double hours[SK_DAY_HOURS] = {0}, sum = 0;
	for (unsigned hour = 0; hour < SK_DAY_HOURS; hour++) {
		for (unsigned step = 0; step < STEPS; step++)
			hours[hour] += density(block, hour + (step + 0.5) / STEPS);
		sum += hours[hour];
	}
	for (unsigned hour = 0; hour < SK_DAY_HOURS; hour++)
		day[hour] += share * hours[hour] / sum;
}

struct sk_habits *sk_habits_new(void)
{
	struct sk_habits *habits = calloc(1, sizeof *habits);
	double weights = 0, shifts = 0;
	if (habits == NULL)
		return NULL;
	for (size_t i = 0; i < HABITS; i++)
		weights += rows[i].weight;
	for (size_t i = 0; i < HABITS; i++) {
		double percents = 0;
		for (size_t b = 0; b < SK_COUNT(blocks); b++)
			percents += rows[i].percent[b];
		for (size_t b = 0; b < SK_COUNT(blocks); b++)
			if (rows[i].percent[b] > 0)
				add_block(&blocks[b], rows[i].percent[b] / percents, habits->plain[i]);
		for (unsigned hour = 0; hour < SK_DAY_HOURS; hour++)
			habits->logs[i][hour] = log(habits->plain[i][hour]);
		habits->weight[i] = log(rows[i].weight / weights);
	}
	for (int by = 0; by < SK_DAY_HOURS; by++) {
		double z = (by <= HALF_DAY ? by : by - SK_DAY_HOURS) / SK_SHIFT_HOURS;
		habits->shift[by] = (1 - SK_SHIFT_HEAVY) * exp(-z * z / 2) / (SK_SHIFT_HOURS * sqrt(2 * M_PI)) + SK_SHIFT_HEAVY / SK_DAY_HOURS;
		shifts += habits->shift[by];
	}
	for (unsigned by = 0; by < SK_DAY_HOURS; by++)
		habits->shift[by] = log(habits->shift[by] / shifts);
	return habits;
}

void sk_habits_free(struct sk_habits *habits)
{
	free(habits);
}

/* ---- likelihood ---- */

double sk_log_sum(const double *values, size_t count)
{
	double most = -INFINITY, sum = 0;
	for (size_t i = 0; i < count; i++)
		most = values[i] > most ? values[i] : most;
	if (!isfinite(most))
		return most;
	for (size_t i = 0; i < count; i++)
		sum += exp(values[i] - most);
	return most + log(sum);
}

double sk_day_worth(double moments)
{
	return moments <= 0 ? 0 : SK_DAY_FULL * moments / (SK_DAY_FULL + moments);
}

double sk_habits_like(const struct sk_habits *habits, const double share[SK_DAY_HOURS], double worth)
{
	double terms[HABITS * SK_DAY_HOURS];
	for (size_t i = 0; i < HABITS; i++)
		for (unsigned by = 0; by < SK_DAY_HOURS; by++) {
			double fit = 0;
			for (unsigned hour = 0; hour < SK_DAY_HOURS; hour++)
				fit += share[hour] * habits->logs[i][(hour + SK_DAY_HOURS - by) % SK_DAY_HOURS];
			terms[i * SK_DAY_HOURS + by] = habits->weight[i] + habits->shift[by] + worth * fit;
		}
	return sk_log_sum(terms, SK_COUNT(terms));
}

void sk_day_count(const int64_t *at, size_t count, enum sk_summer summer, uint32_t quarters[2][SK_QUARTERS])
{
	memset(quarters, 0, 2 * sizeof quarters[0]);
	for (size_t i = 0; i < count; i++) {
		int64_t of_day = at[i] % 86400;
		quarters[sk_summer_on(summer, at[i])][(of_day < 0 ? of_day + 86400 : of_day) / (QUARTER_MINUTES * 60)]++;
	}
}

double sk_day_shares(uint32_t quarters[2][SK_QUARTERS], int minutes, double share[SK_DAY_HOURS])
{
	double sum = 0;
	memset(share, 0, SK_DAY_HOURS * sizeof share[0]);
	for (unsigned on = 0; on < 2; on++) {
		unsigned offset = (unsigned)(minutes + SK_MINUTES_A_DAY + (on ? 60 : 0));
		for (unsigned q = 0; q < SK_QUARTERS; q++) {
			share[(q * QUARTER_MINUTES + offset) % SK_MINUTES_A_DAY / 60] += quarters[on][q];
			sum += quarters[on][q];
		}
	}
	for (unsigned hour = 0; hour < SK_DAY_HOURS && sum > 0; hour++)
		share[hour] /= sum;
	return sum;
}

/* ---- one person, or two? ---- */

/* Logarithm of the mean likelihood over the hours of the clock as offsets. */
static double like_of_one(const struct sk_habits *habits, uint32_t quarters[2][SK_QUARTERS], double worth)
{
	double share[SK_DAY_HOURS], like[SK_DAY_HOURS];
	for (int hour = 0; hour < SK_DAY_HOURS; hour++) {
		(void)sk_day_shares(quarters, hour * 60, share);
		like[hour] = sk_habits_like(habits, share, worth);
	}
	return sk_log_sum(like, SK_DAY_HOURS) - log(SK_DAY_HOURS);
}

/* Logarithm of the likelihood of a mixture of two days, the second so many hours later than the first. */
static double pair_like(const double *one, const double *two, int from, int to, double first, const double share[SK_DAY_HOURS], double worth)
{
	double fit = 0;
	for (unsigned hour = 0; hour < SK_DAY_HOURS; hour++)
		fit += share[hour] * log(first * one[(hour + (unsigned)from) % SK_DAY_HOURS] + (1 - first) * two[(hour + (unsigned)to) % SK_DAY_HOURS]);
	return worth * fit;
}

void sk_day_pairs(const struct sk_habits *habits, const struct sk_moments *m, struct sk_hours *out)
{
	static const double firsts[PAIR_SHARES] = {0.35, 0.5, 0.65};
	uint32_t quarters[2][SK_QUARTERS];
	double share[SK_DAY_HOURS], worth = sk_day_worth(m->weight), best = -INFINITY, sum = 0;
	sk_day_count(m->time_s, m->count, SK_SUMMER_NEVER, quarters);
	(void)sk_day_shares(quarters, 0, share);
	unsigned pairs = 0;
	for (int from = 0; from < SK_DAY_HOURS; from++)
		for (int to = from + APART_MIN; to < SK_DAY_HOURS && to - from <= SK_DAY_HOURS - APART_MIN; to++) {
			double terms[HABITS * HABITS * PAIR_SHARES];
			size_t count = 0;
			for (size_t i = 0; i < HABITS; i++)
				for (size_t j = 0; j < HABITS; j++)
					for (size_t k = 0; k < PAIR_SHARES; k++)
						terms[count++] = habits->weight[i] + habits->weight[j] + pair_like(habits->plain[i], habits->plain[j], from, to, firsts[k], share, worth);
			double pair = sk_log_sum(terms, count) - log(PAIR_SHARES);
			pairs++;
			if (pair > best) {
				best = pair;
				out->several[0] = (from <= HALF_DAY ? from : from - SK_DAY_HOURS) * 60;
				out->several[1] = (to <= HALF_DAY ? to : to - SK_DAY_HOURS) * 60;
			}
			sum = pairs == 1 ? pair : sk_log_sum((double[]){sum, pair}, 2);
		}
	out->several_weight = sum - log(pairs) - like_of_one(habits, quarters, worth);
}
