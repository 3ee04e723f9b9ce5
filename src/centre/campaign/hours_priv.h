/* SPDX-License-Identifier: Apache-2.0 */
/* The estimator's own. Layers, each using only what stands above it: summer (clock rules), moments, day (habits), move, calendar, week, hours. */
#ifndef SK_CAMPAIGN_HOURS_PRIV_H
#define SK_CAMPAIGN_HOURS_PRIV_H

#include "campaign/hours.h"

enum {
	SK_QUARTERS = 96, SK_DAY_HOURS = 24, SK_WEEK_DAYS = 7, SK_MINUTES_A_DAY = 1440,
	SK_MOMENT_GAP_S = 3600,         /* events nearer than this to the last moment are one with it */
	SK_SESSION_GAP_S = 3 * 3600     /* moments nearer than this are one sitting */
};

/* How much is believed at most. n moments weigh like n * full / (full + n) independent ones: however many there are, a person is one draw from all people, and a
   profile that fits badly says little. Chosen on the tuning half (docs/hours.md). */
#define SK_DAY_FULL 40.0
#define SK_DAY_A_DAY 4.0        /* moments of one day that count */
#define SK_SHIFT_HOURS 1.2      /* how far people's days lie apart: standard deviation ... */
#define SK_SHIFT_HEAVY 0.05     /* ... and how many live at any time of the day at all */
#define SK_WEEK_FULL 40.0
#define SK_MIDDAY_FULL 60.0
#define SK_CLOCK_DRIFT_MIN 25.0 /* how far a day moves between summer and winter by itself */

/* ---- summer.c ---- */

/* Which rule: SK_SUMMER_EAST of the north is that of offsets above -3, SK_SUMMER_WEST of the others. */
enum sk_summer { SK_SUMMER_NEVER, SK_SUMMER_EAST, SK_SUMMER_WEST, SK_SUMMER_SOUTH, SK_SUMMER_COUNT };
enum sk_summer sk_summer_of(enum sk_hours_rule rule, int minutes);
/* Are clocks put forward then? Right to some hours on the two days of a change. */
bool sk_summer_on(enum sk_summer summer, int64_t time_s);
/* 0 Monday to 6 Sunday. */
unsigned sk_weekday(int64_t day);
/* Days since 1970 of the n-th (5: the last) weekday of a month. */
int64_t sk_nth_weekday(int64_t year, unsigned month, unsigned n, unsigned weekday);

/* ---- moments.c ---- */

struct sk_moments {
	size_t count;
	int64_t *time_s;                /* ascending, SK_MOMENT_GAP_S apart at least */
	uint64_t events, days, sittings;
	double weight;                  /* how many independent ones they are worth before SK_DAY_FULL */
};
/* Sort, drop doubles, thin. SK_ENOMEM. */
SK_MUST enum sk_err sk_moments_make(const int64_t *times_s, size_t count, int64_t **sorted, struct sk_moments *out, struct sk_fault *fault);
/* Is it thin, even or a schedule? Fills the tests. */
void sk_moments_test(const struct sk_moments *moments, const int64_t *sorted, struct sk_hours *out);
/* Fill the quietest seven hours. */
void sk_moments_rest(const struct sk_moments *moments, struct sk_hours *out);

/* ---- day.c ---- */

struct sk_habits; /* opaque: what hours.def says, as logarithms */
/* SK_ENOMEM as NULL. */
struct sk_habits *sk_habits_new(void);
void sk_habits_free(struct sk_habits *habits);
/* How likely is this day (shares of 24 local hours, summing to 1) as somebody's, when it is worth so many moments? Logarithm. */
double sk_habits_like(const struct sk_habits *habits, const double share[SK_DAY_HOURS], double worth);
/* Counts a quarter of an hour in UTC, in winter time [0] and in summer time [1] of a rule. */
void sk_day_count(const int64_t *at, size_t count, enum sk_summer summer, uint32_t quarters[2][SK_QUARTERS]);
/* Shares of local hours at an offset. Returns how many moments. */
double sk_day_shares(uint32_t quarters[2][SK_QUARTERS], int minutes, double share[SK_DAY_HOURS]);
/* Worth of so many moments. */
double sk_day_worth(double moments);
/* Two people at offsets five hours apart or more, in every mixture of habits, against one. */
void sk_day_pairs(const struct sk_habits *habits, const struct sk_moments *moments, struct sk_hours *out);

/* ---- move.c: by how much does one stretch of life lie later than another? No table of habits is needed for that. ---- */

/* Log-likelihood of each move of `later` against `earlier` by -most to most quarters, into fits[2 * most + 1]. full: how many moments a stretch is worth at most. */
void sk_move_fits(const uint32_t earlier[SK_QUARTERS], const uint32_t later[SK_QUARTERS], double bell_quarters, double full, int most, double *fits);
/* One who stayed or who moved. */
void sk_move_test(const struct sk_moments *moments, struct sk_hours *out);

/* ---- calendar.c ---- */

/* Log-likelihood of each offset by free days, and what each calendar says. SK_ENOMEM. */
SK_MUST enum sk_err sk_calendars_like(const struct sk_moments *moments, struct sk_hours *out, double like[SK_HOURS_OFFSETS]);
/* Is the day free in that calendar (index)? */
bool sk_calendar_free(unsigned calendar, int64_t day);

/* ---- week.c ---- */

/* Log-likelihood of each rule of clocks by the day's move between summer and winter. */
void sk_clock_like(const struct sk_moments *moments, struct sk_hours *out, double like[SK_CLOCK_RULES]);
/* What the working week says at an offset: days of rest, and the midday break. rest: how likely each kind of rest is at this offset; *out gets the posterior of it. */
struct sk_week {
	double weekend, midday;         /* log-likelihoods */
	double rest[SK_REST_COUNT];     /* posterior */
	uint64_t midday_moments;
	double midday_share;
};
void sk_week_like(const struct sk_moments *moments, enum sk_summer summer, int minutes, const double rest[SK_REST_COUNT], struct sk_week *out);

/* log(sum(exp(v))). */
double sk_log_sum(const double *values, size_t count);

#endif
