/* SPDX-License-Identifier: Apache-2.0 */
#include "sketch/period.h"

#include <math.h>

enum { MULTIPLES = 6, BREAK_BINS = 18 /* a factor of 2.5 between gaps within visits and between them */, USUAL_BINS = 21 /* ... and 2.9 to the usual one */ };
#define OUTLIERS 0.04      /* gaps that fit nothing: a night, a holiday */
#define LEAST_SPREAD 0.75  /* of the log-normal null: ln of one standard deviation */
#define KERNEL_SPREAD 0.8
#define ROOT_2PI 0.918938533

/* Uniform edges are sharp: a grid that is too coarse costs what regularity gains. */
static const double jitters[SK_PERIOD_JITTERS] = {0.03, 0.05, 0.07, 0.09, 0.11, 0.13, 0.155, 0.18, 0.205, 0.23, 0.255, 0.28, 0.305, 0.33, 0.355, 0.38, 0.405, 0.43, 0.455, 0.48, 0.505, 0.53, 0.555, 0.58};
/* With more contacts missing the usual gap is longer than the period: where to look for it around the median gap, in bins. */
static const struct { double missed; int from, to; } losses[SK_PERIOD_LOSSES] = {{0, -7, 8}, {0.1, -8, 7}, {0.2, -10, 6}, {0.35, -14, 4}};

static double middle_of(unsigned bin)
{
	return SK_GAP_LEAST_S * exp((bin + 0.5) * SK_GAP_WIDTH);
}

/* ---- tables ---- */

static double normal_below(double x)
{
	return 0.5 * erfc(-x / 1.414213562);
}

/* Chance that a gap is below x periods. A gap over k missing contacts is a sum of k + 1 uniform ones: nearly normal. */
static double below(double x, double jitter, double missed)
{
	double sum = (1 - missed) * fmin(fmax((x - 1 + jitter) / (2 * jitter), 0), 1), weight = 1 - missed;
	for (unsigned k = 2; k <= MULTIPLES; k++) {
		weight *= missed;
		sum += weight * normal_below((x - k) / (jitter * sqrt(k / 3.0)));
	}
	return sum;
}

void sk_period_tables_make(struct sk_period_tables *tables)
{
	enum { STEPS = 4 /* places of the period within its bin */ };
	for (unsigned j = 0; j < SK_PERIOD_JITTERS; j++)
		for (unsigned l = 0; l < SK_PERIOD_LOSSES; l++)
			for (unsigned i = 0; i < SK_PERIOD_SPAN; i++) {
				double chance = 0;
				for (unsigned step = 0; step < STEPS; step++) {
					double from = (int)i - SK_PERIOD_BEFORE - (step + 0.5) / STEPS;
					chance += below(exp((from + 1) * SK_GAP_WIDTH), jitters[j], losses[l].missed) - below(exp(from * SK_GAP_WIDTH), jitters[j], losses[l].missed);
				}
				tables->beacon[j][l][i] = (float)log((1 - OUTLIERS) * chance / STEPS + OUTLIERS / SK_GAP_BINS);
			}
	for (unsigned i = 0; i < SK_GAP_BINS; i++) {
		double away = i * SK_GAP_WIDTH / KERNEL_SPREAD;
		tables->kernel[i] = (float)(exp(-0.5 * away * away) * SK_GAP_WIDTH / KERNEL_SPREAD / 2.506628275);
	}
}

/* ---- counting ---- */

void sk_gaps_add(uint8_t bins[SK_GAP_BINS], double gap_s)
{
	if (!(gap_s >= SK_GAP_LEAST_S))
		return;
	double at = log(gap_s / SK_GAP_LEAST_S) / SK_GAP_WIDTH;
	uint8_t *bin = &bins[at < SK_GAP_BINS - 1 ? (unsigned)at : SK_GAP_BINS - 1];
	if (*bin == UINT8_MAX)
		for (unsigned i = 0; i < SK_GAP_BINS; i++)
			bins[i] /= 2;
	++*bin;
}

/* ---- likelihoods ---- */

/* Bins that hold something, in order. */
struct gaps {
	unsigned used, count;         /* of bins; of gaps */
	uint8_t bin[SK_GAP_BINS];
	uint8_t times[SK_GAP_BINS];
};

static unsigned median_of(const struct gaps *g)
{
	unsigned sum = 0, i = 0;
	for (; i + 1 < g->used; i++) {
		sum += g->times[i];
		if (2 * sum >= g->count)
			break;
	}
	return g->bin[i];
}

/* The best that contacts without a clock can do: Poisson, perhaps with a least gap; log-normal; a power law; or any smooth density, as the other gaps draw it. */
static double null_score(const struct sk_period_tables *tables, const struct gaps *g)
{
	double n = g->count, least = middle_of(g->bin[0]), first = log(least), sum = 0, logs = 0, squares = 0;
	for (unsigned i = 0; i < g->used; i++) {
		double x = middle_of(g->bin[i]), l = log(x);
		sum += g->times[i] * x;
		logs += g->times[i] * l;
		squares += g->times[i] * l * l;
	}
	double mean = sum / n, mean_log = logs / n, variance = fmax(squares / n - mean_log * mean_log, 0), spread = fmax(sqrt(variance), LEAST_SPREAD);
	double base = n * log(SK_GAP_WIDTH);
	/* Densities of the logarithm of a gap. */
	double poisson = logs - n * (log(mean) + 1);
	double normal = -n * (log(spread) + ROOT_2PI + 0.5 * variance / (spread * spread));
	/* Those that begin at the least gap may not fall off so sharply that they are a beacon themselves. */
	double over = fmax(mean - least, mean * 0.85), shifted = logs - n * log(over) - (sum - n * least) / over;
	double steep = fmin(1 / fmax(mean_log - first, 1e-3), 1.1), power = n * log(steep) - steep * (logs - n * first);
	double best = base + fmax(fmax(poisson, normal), fmax(shifted, power)), smooth = 0;
	for (unsigned i = 0; i < g->used && g->count > 1; i++) {
		double here = 0;
		for (unsigned j = 0; j < g->used; j++)
			here += (double)(g->times[j] - (i == j)) * (double)tables->kernel[i < j ? g->bin[j] - g->bin[i] : g->bin[i] - g->bin[j]];
		smooth += g->times[i] * log(here / (n - 1) + 1e-6);
	}
	return fmax(best, smooth);
}

static double beacon_score(const float curve[SK_PERIOD_SPAN], const struct gaps *g, unsigned period_bin)
{
	double sum = 0, nothing = log(OUTLIERS / SK_GAP_BINS);
	for (unsigned i = 0; i < g->used; i++) {
		int at = (int)g->bin[i] - (int)period_bin + SK_PERIOD_BEFORE;
		sum += g->times[i] * (at >= 0 && at < SK_PERIOD_SPAN ? (double)curve[at] : nothing);
	}
	return sum;
}

static void try_gaps(const struct sk_period_tables *tables, const struct gaps *g, double extra_s, unsigned each, double penalty, struct sk_period *best)
{
	if (g->count < SK_GAPS_MIN)
		return;
	int median = (int)median_of(g);
	double chance = null_score(tables, g) + 1.5 * log(g->count) + penalty;
	for (unsigned l = 0; l < SK_PERIOD_LOSSES; l++)
		for (int bin = median + losses[l].from; bin <= median + losses[l].to; bin++)
			for (unsigned j = 0; bin >= 0 && bin < SK_GAP_BINS && j < SK_PERIOD_JITTERS; j++) {
				double score = beacon_score(tables->beacon[j][l], g, (unsigned)bin) - chance;
				if (score > best->score)
					*best = (struct sk_period){.period_s = middle_of((unsigned)bin) + extra_s, .jitter = jitters[j], .missed = losses[l].missed, .score = score,
								   .visits = g->count + 1, .each = each};
			}
}

static struct gaps above(const uint8_t bins[SK_GAP_BINS], unsigned from)
{
	struct gaps g = {.used = 0};
	for (unsigned i = from; i < SK_GAP_BINS; i++) {
		if (bins[i] == 0)
			continue;
		g.bin[g.used] = (uint8_t)i;
		g.times[g.used++] = bins[i];
		g.count += bins[i];
	}
	return g;
}

/* Where gaps between visits begin: behind the widest empty stretch that has enough on both sides; 0: nowhere. */
static unsigned break_of(const struct gaps *g)
{
	unsigned widest = BREAK_BINS, at = 0, below_count = 0;
	for (unsigned i = 1; i < g->used; i++) {
		below_count += g->times[i - 1];
		unsigned width = g->bin[i] - g->bin[i - 1], rest = g->count - below_count;
		if (width < widest || rest < SK_GAPS_MIN || below_count * 8 < g->count)
			continue;
		struct gaps up = {.used = g->used - i, .count = rest};
		memcpy(up.bin, g->bin + i, up.used);
		memcpy(up.times, g->times + i, up.used);
		if (median_of(&up) < (unsigned)g->bin[i - 1] + USUAL_BINS)
			continue;
		widest = width;
		at = g->bin[i];
	}
	return at;
}

bool sk_period_find(const struct sk_period_tables *tables, const uint8_t bins[SK_GAP_BINS], struct sk_period *out)
{
	struct gaps all = above(bins, 0);
	*out = (struct sk_period){.score = -HUGE_VAL};
	if (all.count < SK_GAPS_MIN)
		return false;
	try_gaps(tables, &all, 0, 1, 0, out);
	unsigned at = break_of(&all);
	if (at == 0)
		return true;
	struct gaps visits = above(bins, at);
	double within = 0;
	for (unsigned i = 0; i < all.used && all.bin[i] < at; i++)
		within += all.times[i] * middle_of(all.bin[i]);
	try_gaps(tables, &visits, within / visits.count, (all.count + visits.count / 2) / visits.count, 0.7, out);
	return true;
}
