/* SPDX-License-Identifier: Apache-2.0 */
/* When clocks are put forward: the three rules that most of the earth has kept since 1996, by the day. */
#include "campaign/hours_priv.h"
#include "text/text.h"

enum { SECONDS_A_DAY = 86400, SUNDAY = 6, WEST_UNTIL = -180, WEST_NEW_YEAR = 2007, SOUTH_NEW_YEAR = 2008 };

unsigned sk_weekday(int64_t day)
{
	int64_t weekday = (day + 3) % SK_WEEK_DAYS; /* 1970-01-01 was a Thursday */
	return (unsigned)(weekday < 0 ? weekday + SK_WEEK_DAYS : weekday);
}

int64_t sk_nth_weekday(int64_t year, unsigned month, unsigned n, unsigned weekday)
{
	if (n < 5) {
		int64_t first = sk_days_of_date(year, month, 1);
		return first + (weekday + SK_WEEK_DAYS - sk_weekday(first)) % SK_WEEK_DAYS + 7 * (n - 1);
	}
	int64_t last = (month == 12 ? sk_days_of_date(year + 1, 1, 1) : sk_days_of_date(year, month + 1, 1)) - 1;
	return last - (sk_weekday(last) + SK_WEEK_DAYS - weekday) % SK_WEEK_DAYS;
}

enum sk_summer sk_summer_of(enum sk_hours_rule rule, int minutes)
{
	if (rule == SK_CLOCK_NORTH)
		return minutes <= WEST_UNTIL ? SK_SUMMER_WEST : SK_SUMMER_EAST;
	return rule == SK_CLOCK_SOUTH ? SK_SUMMER_SOUTH : SK_SUMMER_NEVER;
}

bool sk_summer_on(enum sk_summer summer, int64_t time_s)
{
	int64_t day = (time_s - (time_s < 0 ? SECONDS_A_DAY - 1 : 0)) / SECONDS_A_DAY, year;
	unsigned month, of_month;
	sk_date_of_days(day, &year, &month, &of_month);
	switch (summer) {
	case SK_SUMMER_EAST: return day >= sk_nth_weekday(year, 3, 5, SUNDAY) && day < sk_nth_weekday(year, 10, 5, SUNDAY);
	case SK_SUMMER_WEST:
		return year < WEST_NEW_YEAR ? day >= sk_nth_weekday(year, 4, 1, SUNDAY) && day < sk_nth_weekday(year, 10, 5, SUNDAY)
					    : day >= sk_nth_weekday(year, 3, 2, SUNDAY) && day < sk_nth_weekday(year, 11, 1, SUNDAY);
	case SK_SUMMER_SOUTH:
		return year < SOUTH_NEW_YEAR ? day < sk_nth_weekday(year, 3, 5, SUNDAY) || day >= sk_nth_weekday(year, 10, 5, SUNDAY)
					     : day < sk_nth_weekday(year, 4, 1, SUNDAY) || day >= sk_nth_weekday(year, 10, 1, SUNDAY);
	default: return false;
	}
}
