/* SPDX-License-Identifier: Apache-2.0 */
/* Free days: does activity rest on the days of a pattern more than on the working days around them? */
#include <math.h>
#include <stdlib.h>

#include "campaign/hours_priv.h"
#include "text/text.h"

enum rule { FIXED, NTH, EASTER, PASCHA, MOON, HARVEST, ISLAMIC };
enum { NONE = INT16_MAX, KEPT_AT_MAX = 4, MOON_FIRST_YEAR = 1996, MOON_YEARS = 40, AROUND_DAYS = 21, ISLAMIC_EPOCH = -492148 };
/* Who keeps a calendar rests on its days, but not quite; how likely one of a listed offset keeps it; free days of one week hang together. */
static const double kept[] = {0.15, 0.35, 0.6};
static const double keeps = 0.5, together = 0.6, weight_most = 5;

static const struct calendar {
	const char *id;
	int16_t minutes[KEPT_AT_MAX];
} calendars[] = {
#define SK_CALENDAR(id, a, b, c, d) {id, {a, b, c, d}},
#define SK_FREE(...)
#include "campaign/calendar.def"
};
_Static_assert(SK_COUNT(calendars) == SK_HOURS_CALENDARS, "calendar.def");

/* Rows in the order of the file; a calendar's begins with a row without days. */
static const struct row {
	uint8_t rule;
	int16_t a, b;
	uint8_t days;
} rows[] = {
#define SK_CALENDAR(...) {FIXED, 0, 0, 0},
#define SK_FREE(rule, a, b, days) {rule, a, b, days},
#include "campaign/calendar.def"
};

/* New year of the lunisolar calendar and the 15th day of its eighth month, as month * 100 + day. */
static const uint16_t moons[MOON_YEARS][2] = {
	{219, 927}, {207, 916}, {128, 1005}, {216, 924}, {205, 912}, {124, 1001}, {212, 921}, {201, 911}, {122, 928}, {209, 918}, {129, 1006}, {218, 925}, {207, 914},
	{126, 1003}, {214, 922}, {203, 912}, {123, 930}, {210, 919}, {131, 908}, {219, 927}, {208, 915}, {128, 1004}, {216, 924}, {205, 913}, {125, 1001}, {212, 921},
	{201, 910}, {122, 929}, {210, 917}, {129, 1006}, {217, 925}, {206, 915}, {126, 1003}, {213, 922}, {203, 912}, {123, 1001}, {211, 919}, {131, 908}, {219, 927},
	{208, 916}};

/* Sunday of the western Easter (Anonymous Gregorian algorithm). */
static int64_t easter(int year)
{
	int a = year % 19, b = year / 100, c = year % 100, h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30, l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7,
	    m = (a + 11 * h + 22 * l) / 451, month = (h + l - 7 * m + 114) / 31;
	return sk_days_of_date(year, (unsigned)month, (unsigned)((h + l - 7 * m + 114) % 31 + 1));
}

/* The eastern one (Meeus, Julian), 13 days later in the Gregorian calendar of 1900 to 2099. */
static int64_t pascha(int year)
{
	int d = (19 * (year % 19) + 15) % 30, e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7, month = (d + e + 114) / 31;
	return sk_days_of_date(year, (unsigned)month, (unsigned)((d + e + 114) % 31 + 1)) + 13;
}

/* Day of the tabular lunar calendar, epoch 622-07-16 (Julian). */
static int64_t islamic(int year, int month, int day)
{
	return day + (59 * (month - 1) + 1) / 2 + (year - 1) * 354 + (3 + 11 * year) / 30 + ISLAMIC_EPOCH - 1;
}

/* ---- which days are free ---- */

/* A bit a calendar for each day from first on. */
struct free_days {
	int64_t first;
	size_t count;
	uint16_t *calendars;
};
_Static_assert(SK_HOURS_CALENDARS <= 16, "a bit a calendar");

static void mark(struct free_days *free_days, unsigned calendar, int64_t from, unsigned days)
{
	for (int64_t day = from; day < from + days; day++)
		if (day >= free_days->first && (size_t)(day - free_days->first) < free_days->count)
			free_days->calendars[day - free_days->first] |= (uint16_t)(1u << calendar);
}

/* What a row means in a year. Three lunar years may touch one of the sun's; that a day is marked twice does not matter. */
static void mark_row(struct free_days *free_days, unsigned calendar, const struct row *row, int year)
{
	bool moon = year >= MOON_FIRST_YEAR && year < MOON_FIRST_YEAR + MOON_YEARS;
	const uint16_t *dates = moons[moon ? year - MOON_FIRST_YEAR : 0];
	int lunar = (year - 622) * 33 / 32;
	switch ((enum rule)row->rule) {
	case FIXED: mark(free_days, calendar, sk_days_of_date(year, (unsigned)row->a, (unsigned)row->b), row->days); break;
	case NTH: mark(free_days, calendar, sk_nth_weekday(year, (unsigned)row->a, (unsigned)row->b / 10, (unsigned)row->b % 10 - 1), row->days); break;
	case EASTER: mark(free_days, calendar, easter(year) + row->a, row->days); break;
	case PASCHA: mark(free_days, calendar, pascha(year) + row->a, row->days); break;
	case MOON:
		if (moon)
			mark(free_days, calendar, sk_days_of_date(year, dates[0] / 100u, dates[0] % 100u) + row->a, row->days);
		break;
	case HARVEST:
		if (moon)
			mark(free_days, calendar, sk_days_of_date(year, dates[1] / 100u, dates[1] % 100u) + row->a, row->days);
		break;
	case ISLAMIC:
		for (int y = lunar; y <= lunar + 2; y++)
			mark(free_days, calendar, islamic(y, row->a, row->b) - 1, row->days + 2u);
		break;
	}
}

static int year_of(int64_t day)
{
	int64_t year;
	unsigned month, of_month;
	sk_date_of_days(day, &year, &month, &of_month);
	return (int)year;
}

/* The year before too: a run of free days may begin in December. */
static void mark_all(struct free_days *free_days)
{
	for (int year = year_of(free_days->first) - 1; year <= year_of(free_days->first + (int64_t)free_days->count); year++)
		for (size_t i = 0, seen = 0; i < SK_COUNT(rows); i++) {
			seen += rows[i].days == 0;
			if (rows[i].days != 0)
				mark_row(free_days, (unsigned)seen - 1, &rows[i], year);
		}
}

bool sk_calendar_free(unsigned calendar, int64_t day)
{
	uint16_t bits = 0;
	struct free_days one = {.first = day, .count = 1, .calendars = &bits};
	mark_all(&one);
	return (bits >> calendar & 1) != 0;
}

/* ---- days on which there was activity ---- */

struct days {
	struct free_days free_days;
	uint8_t *active;                /* by day */
	uint32_t *until;                /* working days with activity, free in no calendar, before this one */
	uint32_t *working;              /* working days, free in no calendar, before this one */
};

static void days_fini(struct days *d)
{
	free(d->free_days.calendars);
	free(d->active);
	free(d->until);
	free(d->working);
}

/* A day at each end: what is today in UTC may be tomorrow somewhere. */
static bool days_init(const struct sk_moments *m, struct days *d)
{
	size_t count = (size_t)((m->time_s[m->count - 1] - m->time_s[0]) / 86400 + 6);
	*d = (struct days){.free_days = {.first = m->time_s[0] / 86400 - 2, .count = count, .calendars = calloc(count, sizeof(uint16_t))},
			   .active = malloc(count), .until = calloc(count + 1, sizeof(uint32_t)), .working = calloc(count + 1, sizeof(uint32_t))};
	if (d->free_days.calendars == NULL || d->active == NULL || d->until == NULL || d->working == NULL)
		return false;
	mark_all(&d->free_days);
	return true;
}

static bool is_working(int64_t day)
{
	return sk_weekday(day) < 5;
}

/* Days that lie in any calendar are no measure of the ordinary. */
static void days_fill(const struct sk_moments *m, int minutes, struct days *d)
{
	memset(d->active, 0, d->free_days.count);
	for (size_t i = 0; i < m->count; i++) {
		int64_t local = m->time_s[i] + minutes * 60;
		size_t day = (size_t)(local / 86400 - (local % 86400 < 0) - d->free_days.first);
		SK_INVARIANT(day < d->free_days.count);
		d->active[day] = 1;
	}
	for (size_t i = 0; i < d->free_days.count; i++) {
		bool counts = is_working(d->free_days.first + (int64_t)i) && d->free_days.calendars[i] == 0;
		d->working[i + 1] = d->working[i] + counts;
		d->until[i + 1] = d->until[i] + (counts && d->active[i]);
	}
}

/* Kept against not kept: on a free day the chance of activity is that of the working days around it, or a part of it. */
static void weigh(const struct days *d, unsigned calendar, struct sk_hours_calendar *out)
{
	double ratio[SK_COUNT(kept)] = {0};
	size_t count = d->free_days.count;
	for (size_t i = 0; i < count; i++) {
		if ((d->free_days.calendars[i] >> calendar & 1) == 0 || !is_working(d->free_days.first + (int64_t)i))
			continue;
		size_t from = i > AROUND_DAYS ? i - AROUND_DAYS : 0, to = i + AROUND_DAYS + 1 < count ? i + AROUND_DAYS + 1 : count;
		double chance = (d->until[to] - d->until[from] + 0.5) / (d->working[to] - d->working[from] + 1.0);
		out->days++;
		out->active += d->active[i];
		out->expected += chance;
		for (size_t k = 0; k < SK_COUNT(kept); k++)
			ratio[k] += d->active[i] ? log(kept[k]) : log((1 - kept[k] * chance) / (1 - chance));
	}
	for (size_t k = 0; k < SK_COUNT(kept); k++)
		ratio[k] = together * ratio[k] - log((double)SK_COUNT(kept));
	out->weight = out->days == 0 ? 0 : fmax(-weight_most, fmin(weight_most, sk_log_sum(ratio, SK_COUNT(kept))));
}

static bool kept_at(const struct calendar *calendar, int minutes)
{
	for (size_t i = 0; i < KEPT_AT_MAX; i++)
		if (calendar->minutes[i] == minutes)
			return true;
	return false;
}

/* At an offset: some keep one of its calendars, the others one that is not listed, of which nothing is known. */
enum sk_err sk_calendars_like(const struct sk_moments *moments, struct sk_hours *out, double like[SK_HOURS_OFFSETS])
{
	struct days days = {0};
	bool made = moments->count != 0 && days_init(moments, &days);
	for (size_t o = 0; made && o < SK_HOURS_OFFSETS; o++) {
		double sum = 0, share;
		unsigned listed = 0, filled = 0;
		for (size_t c = 0; c < SK_HOURS_CALENDARS; c++)
			listed += kept_at(&calendars[c], out->offsets[o].minutes);
		share = listed == 0 ? 0 : keeps / listed;
		for (unsigned c = 0; c < SK_HOURS_CALENDARS; c++) {
			struct sk_hours_calendar said = {.id = calendars[c].id, .minutes = out->offsets[o].minutes};
			if (!kept_at(&calendars[c], said.minutes))
				continue;
			if (filled++ == 0)
				days_fill(moments, said.minutes, &days);
			weigh(&days, c, &said);
			sum += share * exp(said.weight);
			if (out->calendars[c].id == NULL || said.weight > out->calendars[c].weight)
				out->calendars[c] = said;
		}
		like[o] = log(sum + 1 - share * listed);
	}
	days_fini(&days);
	return made || moments->count == 0 ? SK_OK : SK_ENOMEM;
}
