/* SPDX-License-Identifier: Apache-2.0 */
/* sketch/period.h: do contacts come regularly? The gaps between them are counted in logarithmic bins, however many there are, and a likelihood ratio test decides
   between a program that sleeps (period, jitter, contacts that are missing) and several ways in which contacts come by themselves.
   Promises: no allocation; the work does not depend on how many gaps there were. Thread rule: reentrant. */
#ifndef SK_SKETCH_PERIOD_H
#define SK_SKETCH_PERIOD_H

#include "base/base.h"

enum { SK_GAP_BINS = 256, SK_PERIOD_JITTERS = 24, SK_PERIOD_LOSSES = 4, SK_PERIOD_BEFORE = 24, SK_PERIOD_SPAN = 68, SK_GAPS_MIN = 5 };
#define SK_GAP_LEAST_S 2.0  /* the first bin; each is 5 % wide, the last begins after eight days */
#define SK_GAP_WIDTH 0.05

/* What a beacon's gaps look like around its period, for each jitter and loss: logarithms of the chance of a bin. Made once, then read only. */
struct sk_period_tables {
	float beacon[SK_PERIOD_JITTERS][SK_PERIOD_LOSSES][SK_PERIOD_SPAN];
	float kernel[SK_GAP_BINS];  /* a normal curve, for the smooth density that the gaps have by themselves */
};

struct sk_period {
	double period_s;    /* within half a bin: 2.5 % */
	double jitter;      /* gaps spread over period x (1 +- jitter): the best of a grid from 0.03 to 0.58 */
	double missed;      /* share of contacts that did not come: the best of 0, 0.1, 0.2, 0.35 */
	double score;       /* log of the likelihood ratio, less what the fitted numbers would gain by chance: 13.8 is one to a million */
	unsigned visits;    /* contacts, or groups of them where gaps fall clearly into two sorts */
	unsigned each;      /* contacts of a visit, rounded */
};

/* Memory of the caller's. */
void sk_period_tables_make(struct sk_period_tables *tables);
/* Count a gap, in seconds: those under 2 s are none (*bins stays as it is). When a bin is full all are halved: what came long ago counts less. */
void sk_gaps_add(uint8_t bins[SK_GAP_BINS], double gap_s);
/* Test them. False when there are fewer than SK_GAPS_MIN. */
bool sk_period_find(const struct sk_period_tables *tables, const uint8_t bins[SK_GAP_BINS], struct sk_period *out);

#endif
