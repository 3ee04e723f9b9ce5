/* SPDX-License-Identifier: Apache-2.0 */
/* Synthetic actors: people as sittings (when one begins, how long it is, how often), not as the estimator's mixture of shapes; and what is no person. Shared by the
   unit test and bench/hours_actors.c. */
#ifndef TEST_CAMPAIGN_ACTORS_H
#define TEST_CAMPAIGN_ACTORS_H

#include <math.h>
#include <stdlib.h>

#include "campaign/hours_priv.h"

enum { ACTOR_EVENTS_MAX = 20000 };

struct dice {
	uint64_t state;
};

static inline double dice_one(struct dice *d)
{
	d->state ^= d->state >> 12;
	d->state ^= d->state << 25;
	d->state ^= d->state >> 27;
	return (double)(d->state * UINT64_C(2685821657736338717) >> 11) / 9007199254740992.0;
}

static inline double dice_between(struct dice *d, double from, double to)
{
	return from + (to - from) * dice_one(d);
}

static inline double dice_normal(struct dice *d)
{
	return sqrt(-2 * log(1 - dice_one(d))) * cos(2 * M_PI * dice_one(d));
}

/* A sitting of the day: begins about an hour of the local day, on working days and on days of rest with a chance each. */
struct sitting {
	double hour, spread, length, working, rest;
};

struct person {
	struct sitting sittings[3];
	unsigned count;
	double per_hour;        /* events an hour of a sitting */
	double odd;             /* part of the days with a sitting at any hour at all */
};

/* Kinds of people: office hours with a break, office that goes on at home, evenings and weekends, students who rise late, early birds. */
static inline void make_person(struct dice *d, struct person *p)
{
	double kind = dice_one(d), early = 0.9 * dice_normal(d);
	*p = (struct person){.per_hour = exp(dice_between(d, -0.7, 1.6)), .odd = dice_between(d, 0, 0.12)};
	if (kind < 0.35) {
		p->sittings[0] = (struct sitting){9.3 + early, 0.6, dice_between(d, 2.2, 3), 0.75, 0.05};
		p->sittings[1] = (struct sitting){13.2 + early, 0.4, dice_between(d, 3.5, 5.5), 0.85, 0.05};
		p->count = 2;
	} else if (kind < 0.6) {
		p->sittings[0] = (struct sitting){10 + early, 0.9, dice_between(d, 5, 8), 0.6, 0.15};
		p->sittings[1] = (struct sitting){20.8 + early, 1.1, dice_between(d, 1, 3), 0.35, 0.35};
		p->count = 2;
	} else if (kind < 0.8) {
		p->sittings[0] = (struct sitting){20 + early, 1.2, dice_between(d, 1.5, 4), 0.45, 0.45};
		p->sittings[1] = (struct sitting){13 + early, 2.5, dice_between(d, 2, 5), 0.05, 0.45};
		p->count = 2;
	} else if (kind < 0.92) {
		p->sittings[0] = (struct sitting){14.5 + early, 2, dice_between(d, 3, 6), 0.5, 0.45};
		p->sittings[1] = (struct sitting){22.5 + early, 1.3, dice_between(d, 1.5, 4), 0.45, 0.5};
		p->count = 2;
	} else {
		p->sittings[0] = (struct sitting){6.5 + early * 0.6, 0.7, dice_between(d, 2, 4), 0.6, 0.35};
		p->sittings[1] = (struct sitting){18 + early, 2, dice_between(d, 1, 3), 0.3, 0.3};
		p->count = 2;
	}
}

struct actor {
	int minutes;            /* standard offset */
	enum sk_hours_rule rule;
	int calendar;           /* that he keeps, or -1 */
	double days, active;    /* how long, and on which part of the days that his sittings ask for */
};

/* Fill times (any order); returns how many. Weeks of holidays, free days of his calendar, clocks put forward, odd nights. */
static inline size_t make_events(struct dice *d, const struct person *p, const struct actor *a, int64_t from_s, int64_t *times)
{
	enum sk_summer summer = sk_summer_of(a->rule, a->minutes);
	size_t count = 0;
	int64_t away_until = 0;
	for (int64_t day = from_s / 86400; day < from_s / 86400 + (int64_t)a->days; day++) {
		bool weekend = sk_weekday(day) >= 5, free_day = a->calendar >= 0 && sk_calendar_free((unsigned)a->calendar, day) && dice_one(d) < 0.85;
		if (dice_one(d) < 1.0 / 120)
			away_until = day + 5 + (int64_t)dice_between(d, 0, 12);
		if (day < away_until || free_day)
			continue;
		for (unsigned i = 0; i < p->count + 1; i++) {
			struct sitting s = i < p->count ? p->sittings[i] : (struct sitting){dice_between(d, 0, 24), 0, 1, p->odd, p->odd};
			if (dice_one(d) > (weekend ? s.rest : s.working) * a->active)
				continue;
			double begin = s.hour + s.spread * dice_normal(d), end = begin + s.length * dice_between(d, 0.5, 1.4);
			for (double hour = begin; hour < end && count < ACTOR_EVENTS_MAX; hour += -log(1 - dice_one(d)) / p->per_hour) {
				int64_t utc = day * 86400 + (int64_t)(hour * 3600) - a->minutes * 60;
				times[count++] = utc - (sk_summer_on(summer, utc) ? 3600 : 0);
			}
		}
	}
	return count;
}

/* Where people live, roughly, with and without clocks put forward. */
static inline void make_actor(struct dice *d, struct actor *a)
{
	static const struct { int minutes; enum sk_hours_rule rule; } places[] = {
		{-480, SK_CLOCK_NORTH}, {-360, SK_CLOCK_NORTH}, {-300, SK_CLOCK_NORTH}, {-300, SK_CLOCK_NONE}, {-180, SK_CLOCK_NONE}, {0, SK_CLOCK_NORTH}, {60, SK_CLOCK_NORTH},
		{60, SK_CLOCK_NORTH}, {120, SK_CLOCK_NORTH}, {180, SK_CLOCK_NONE}, {330, SK_CLOCK_NONE}, {420, SK_CLOCK_NONE}, {480, SK_CLOCK_NONE}, {540, SK_CLOCK_NONE},
		{570, SK_CLOCK_SOUTH}, {600, SK_CLOCK_SOUTH}, {720, SK_CLOCK_SOUTH}};
	size_t at = (size_t)(dice_one(d) * (double)SK_COUNT(places));
	*a = (struct actor){.minutes = places[at].minutes, .rule = places[at].rule, .calendar = -1, .days = dice_between(d, 60, 900), .active = dice_between(d, 0.15, 1)};
}

/* Is an offset that was in force at a quarter of the events at least in the set? */
static inline bool is_covered(const struct sk_hours *h, const struct actor *a)
{
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		if (h->offsets[o].in_set && (h->offsets[o].minutes == a->minutes || (a->rule != SK_CLOCK_NONE && h->offsets[o].minutes == a->minutes + 60)))
			return true;
	return false;
}

#endif
