/* SPDX-License-Identifier: Apache-2.0 */
/* campaign/hours.h: at which offset from UTC does somebody live, judged by when he is active? A posterior over the offsets that clocks keep, a set that holds the
   truth nine times in ten, the evidence line by line, and "no estimate" when the activity is thin, even, a schedule, or of several places.
   docs/hours.md has the model, its figures, and what it cannot tell. Promises: a pure function of the times (any order, doubles do not count); nothing
   here knows or names a country. Never: reads a clock. Thread rule: reentrant. */
#ifndef SK_CAMPAIGN_HOURS_H
#define SK_CAMPAIGN_HOURS_H

#include "base/buf.h"

enum {
	SK_HOURS_EVENTS_MAX = 10000000,
	SK_HOURS_OFFSETS = 42,          /* rows of offset.def */
	SK_HOURS_CALENDARS = 16,        /* of calendar.def */
	SK_HOURS_SET_PERCENT = 90,
	/* below these there is no estimate */
	SK_HOURS_MOMENTS_MIN = 16, SK_HOURS_DAYS_MIN = 8,
	SK_HOURS_WIDEST_MINUTES = 16 * 60
};

enum sk_hours_verdict {
	SK_HOURS_ESTIMATE,
	SK_HOURS_THIN,                  /* too few moments or days, or the set is too wide to say anything */
	SK_HOURS_EVEN,                  /* as even over the day as a machine */
	SK_HOURS_REGULAR,               /* on a schedule */
	SK_HOURS_SEVERAL                /* several people apart, or one who moved: no single offset */
};

/* Lines of evidence. Each is a likelihood over the offsets, and their product with the prior is the posterior. */
enum sk_hours_line { SK_HOURS_DAY, SK_HOURS_CLOCK, SK_HOURS_WEEKEND, SK_HOURS_MIDDAY, SK_HOURS_HOLIDAYS, SK_HOURS_LINES };

/* What days of rest look like. */
enum sk_hours_rest { SK_REST_SAT_SUN, SK_REST_FRI_SAT, SK_REST_THU_FRI, SK_REST_NONE, SK_REST_COUNT };
/* Whether clocks are put forward: never, in the northern summer, in the southern. */
enum sk_hours_rule { SK_CLOCK_NONE, SK_CLOCK_NORTH, SK_CLOCK_SOUTH, SK_CLOCK_RULES };

struct sk_hours_offset {
	int minutes;                    /* east of UTC */
	double prior;                   /* as standard time; all sum to 1 */
	double standard;                /* posterior of it as standard time */
	double probability;             /* posterior of it as the offset in force at a moment of activity, summer time included */
	double line[SK_HOURS_LINES];    /* log-likelihood of it as standard time, against the mean over the prior */
	bool in_set;
};

struct sk_hours_calendar {
	const char *id;                 /* "calendar-a" */
	int minutes;                    /* the offset at which it is looked at */
	unsigned days;                  /* free days that fell on working days in the span */
	unsigned active;                /* on how many there was activity */
	double expected;                /* ... and on how many there would have been, had they been days as others */
	double weight;                  /* log-likelihood ratio: kept against not kept */
};

struct sk_hours_range { int from, to; };

struct sk_hours {
	enum sk_hours_verdict verdict;
	/* what there was */
	uint64_t events, moments, days; /* moments: events an hour apart at least; days: different days in UTC with a moment */
	int64_t first_s, last_s;
	/* tests */
	double even_p;                  /* chance of so uneven a day if all hours were alike */
	double even_strength;           /* 0 even, 1 all at one time */
	double minute_share;            /* of moments in the fullest five minutes of the hour; a person has 0.083 */
	double minute_p;                /* chance of such a share without a schedule */
	double gap_share;               /* of gaps between events that are the same within a fiftieth */
	double several_weight;          /* log-likelihood ratio: two people apart against one */
	int several[2];                 /* their offsets if so */
	double moved_weight;            /* log-likelihood ratio: one who moved against one who stayed */
	int64_t moved_s;                /* when */
	int moved_minutes;              /* by how much his day lies later in UTC since */
	/* the posterior */
	struct sk_hours_offset offsets[SK_HOURS_OFFSETS];
	int best;                       /* minutes: the most likely offset in force */
	size_t range_count;
	struct sk_hours_range ranges[SK_HOURS_OFFSETS]; /* the set, as runs of neighbours */
	int width_minutes;              /* from the first to the last of each run, summed */
	/* the evidence, in words' numbers */
	double line_weight[SK_HOURS_LINES]; /* how much a line speaks for the best offset: log-likelihood against the mean over the prior */
	int rest_from, rest_to;         /* the quietest seven hours of the day, minutes in UTC */
	double rest_share;              /* of all moments in them; even would be 0.29 */
	double rest_kind[SK_REST_COUNT];/* posterior of days of rest */
	double rule[SK_CLOCK_RULES];    /* posterior of clock rules */
	bool clock_known;               /* enough moments in both halves of the year */
	double clock_moved, clock_error;/* by how many minutes the day lies later in the northern summer than in winter, and the standard error */
	uint64_t midday_moments;        /* of working days between 10:00 and 15:00 at the best offset */
	double midday_share;            /* of them between 12:00 and 13:30; even would be 0.3 */
	struct sk_hours_calendar calendars[SK_HOURS_CALENDARS];
};

/* Estimate from times in seconds since 1970. flat: all offsets alike before anything is known. SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_hours_estimate(const int64_t *times_s, size_t count, bool flat, struct sk_hours *out, struct sk_fault *fault);

/* Read events: one RFC 3339 time (or @seconds) a line; empty lines and those that begin with # are passed over. label is the file's name for messages.
   *times_s is allocated, the caller's to free(). SK_EINPUT names the line, SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_hours_read(const char *label, const void *bytes, size_t length, int64_t **times_s, size_t *count, struct sk_fault *fault);

/* "+08:00". */
const char *sk_offset_format(int minutes, char text[8]);
/* "estimate", "thin", "even", "regular", "several". */
const char *sk_hours_verdict_name(enum sk_hours_verdict verdict);
/* The reason in one plain sentence, with the test and its numbers. */
void sk_hours_reason(const struct sk_hours *hours, struct sk_buf *out);
/* One plain sentence about a line of evidence. */
void sk_hours_line_text(const struct sk_hours *hours, enum sk_hours_line line, struct sk_buf *out);
/* "day", "clock", "weekend", "midday", "holidays". */
const char *sk_hours_line_name(enum sk_hours_line line);

#endif
