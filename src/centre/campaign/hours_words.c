/* SPDX-License-Identifier: Apache-2.0 */
/* What the estimate says, in words. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "campaign/hours.h"
#include "text/text.h"

enum { MINUTES_A_DAY = 1440, PERCENT = 100, SUMMER_EXPECTED_MIN = 60 };

const char *sk_offset_format(int minutes, char text[8])
{
	int size = minutes < 0 ? -minutes : minutes;
	(void)snprintf(text, 8, "%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60 % 24, size % 60);
	return text;
}

const char *sk_hours_verdict_name(enum sk_hours_verdict verdict)
{
	static const char *const names[] = {[SK_HOURS_ESTIMATE] = "estimate", [SK_HOURS_THIN] = "thin", [SK_HOURS_EVEN] = "even", [SK_HOURS_REGULAR] = "regular",
					    [SK_HOURS_SEVERAL] = "several"};
	SK_INVARIANT((size_t)verdict < SK_COUNT(names));
	return names[verdict];
}

const char *sk_hours_line_name(enum sk_hours_line line)
{
	static const char *const names[SK_HOURS_LINES] = {"day", "clock", "weekend", "midday", "holidays"};
	SK_INVARIANT((size_t)line < SK_HOURS_LINES);
	return names[line];
}

/* ---- why there is an estimate, or none ---- */

static void say_thin(const struct sk_hours *h, struct sk_buf *out)
{
	if (h->moments < SK_HOURS_MOMENTS_MIN || h->days < SK_HOURS_DAYS_MIN)
		sk_buf_addf(out, "%" PRIu64 " moments on %" PRIu64 " days are too few; at least %d moments an hour apart on %d days are needed", h->moments, h->days,
			    SK_HOURS_MOMENTS_MIN, SK_HOURS_DAYS_MIN);
	else
		sk_buf_addf(out, "the %d %% set would be %d hours wide, which says nothing", SK_HOURS_SET_PERCENT, h->width_minutes / 60);
}

static void say_several(const struct sk_hours *h, struct sk_buf *out)
{
	char time[SK_TIME_TEXT_MAX], one[8], two[8];
	if (h->moved_weight >= h->several_weight && h->moved_weight > 0 && h->moments != 0)
		sk_buf_addf(out, "from %.10s on the same day lies %.1f hours %s in UTC: somebody moved, or somebody else went on (weight %.1f); give each stretch alone",
			    sk_time_format(h->moved_s * 1000000000, 0, time), (h->moved_minutes < 0 ? -h->moved_minutes : h->moved_minutes) / 60.0,
			    h->moved_minutes < 0 ? "earlier" : "later", h->moved_weight);
	else
		sk_buf_addf(out, "the day has hardly any rest (%.0f %% of the moments in the quietest seven hours), as of several people apart; two around %s and %s fit best "
				 "(weight %.1f)",
			    h->rest_share * PERCENT, sk_offset_format(h->several[0], one), sk_offset_format(h->several[1], two), h->several_weight);
}

void sk_hours_reason(const struct sk_hours *h, struct sk_buf *out)
{
	switch (h->verdict) {
	case SK_HOURS_ESTIMATE:
		sk_buf_addf(out, "the hours are those of a person: so uneven a day has a chance of %.1g if all hours were alike", h->even_p);
		return;
	case SK_HOURS_THIN: say_thin(h, out); return;
	case SK_HOURS_EVEN:
		sk_buf_addf(out, "the activity is spread over the day as evenly as a machine's: so uneven a day, or more, has a chance of %.2g if all hours were alike "
				 "(strength %.2f of 1)",
			    h->even_p, h->even_strength);
		return;
	case SK_HOURS_REGULAR:
		sk_buf_addf(out, "the activity keeps a schedule: %.0f %% of the moments lie in the same five minutes of the hour (a person: 8 %%), %.0f %% of the gaps are alike, "
				 "the strength of one time of the day is %.2f of 1",
			    h->minute_share * PERCENT, h->gap_share * PERCENT, h->even_strength);
		return;
	case SK_HOURS_SEVERAL: say_several(h, out); return;
	}
}

/* ---- the lines ---- */

static void say_day(const struct sk_hours *h, struct sk_buf *out)
{
	int from = (h->rest_from + h->best + 2 * MINUTES_A_DAY) % MINUTES_A_DAY;
	sk_buf_addf(out, "the quietest seven hours are %02d:%02d to %02d:%02d UTC, with %.0f %% of the moments (even: 29 %%); at the most likely offset they begin at %02d:%02d",
		    h->rest_from / 60, h->rest_from % 60, h->rest_to / 60, h->rest_to % 60, h->rest_share * PERCENT, from / 60, from % 60);
}

static void say_clock(const struct sk_hours *h, struct sk_buf *out)
{
	if (!h->clock_known)
		sk_buf_add_text(out, "too few moments in both halves of the year to see whether clocks are put forward");
	else
		sk_buf_addf(out, "the day lies %.0f minutes %s in UTC from April to September than from November to February, give or take %.0f; clocks put forward in the northern "
				 "summer move it %d earlier (chance %.0f %%), in the southern later (%.0f %%)",
			    fabs(h->clock_moved), h->clock_moved < 0 ? "earlier" : "later", h->clock_error, SUMMER_EXPECTED_MIN, h->rule[SK_CLOCK_NORTH] * PERCENT,
			    h->rule[SK_CLOCK_SOUTH] * PERCENT);
}

static void say_weekend(const struct sk_hours *h, struct sk_buf *out)
{
	sk_buf_addf(out, "days of rest: Saturday and Sunday %.0f %%, Friday and Saturday %.0f %%, Thursday and Friday %.0f %%, none %.0f %%", h->rest_kind[SK_REST_SAT_SUN] * PERCENT,
		    h->rest_kind[SK_REST_FRI_SAT] * PERCENT, h->rest_kind[SK_REST_THU_FRI] * PERCENT, h->rest_kind[SK_REST_NONE] * PERCENT);
}

static void say_midday(const struct sk_hours *h, struct sk_buf *out)
{
	if (h->midday_moments == 0)
		sk_buf_add_text(out, "no moments of working days between 10:00 and 15:00 at the most likely offset");
	else
		sk_buf_addf(out, "of %" PRIu64 " moments of working days between 10:00 and 15:00 at the most likely offset %.0f %% lie between 12:00 and 13:30 (even: 30 %%)", h->midday_moments,
			    h->midday_share * PERCENT);
}

static void say_holidays(const struct sk_hours *h, struct sk_buf *out)
{
	const struct sk_hours_calendar *best = NULL;
	char offset[8];
	for (size_t i = 0; i < SK_HOURS_CALENDARS; i++)
		if (h->calendars[i].id != NULL && h->calendars[i].days != 0 && (best == NULL || h->calendars[i].weight > best->weight))
			best = &h->calendars[i];
	if (best == NULL)
		sk_buf_add_text(out, "no free day of any calendar falls on a working day of the span");
	else
		sk_buf_addf(out, "%s fits best, at %s: active on %u of its %u free days, %.1f would be usual (weight %+.1f)", best->id, sk_offset_format(best->minutes, offset),
			    best->active, best->days, best->expected, best->weight);
}

void sk_hours_line_text(const struct sk_hours *hours, enum sk_hours_line line, struct sk_buf *out)
{
	static void (*const say[SK_HOURS_LINES])(const struct sk_hours *, struct sk_buf *) = {
		[SK_HOURS_DAY] = say_day, [SK_HOURS_CLOCK] = say_clock, [SK_HOURS_WEEKEND] = say_weekend, [SK_HOURS_MIDDAY] = say_midday, [SK_HOURS_HOLIDAYS] = say_holidays};
	SK_INVARIANT((size_t)line < SK_HOURS_LINES);
	say[line](hours, out);
}
