/* SPDX-License-Identifier: Apache-2.0 */
/* report/clock.h: what is due when, to whom. Regimes, times and recipients are rows of the policy (`deadlines`); clock.def says what their words mean of a report. rule: FORM-6
   Never: reads a clock; now is handed in. Thread rule: reentrant. */
#ifndef SK_REPORT_CLOCK_H
#define SK_REPORT_CLOCK_H

#include "law/law.h"
#include "report/facts.h"

enum { SK_REPORT_CLOCKS_MAX = 64 };
enum sk_report_due { SK_REPORT_DUE, SK_REPORT_LATE, SK_REPORT_DONE };

struct sk_report_clock {
	const struct sk_law_deadline *row; /* regime, step, to, except */
	int64_t start_ns, due_ns;          /* due_ns is start_ns where it says promptly */
	int64_t done_ns;                   /* 0: not yet */
	bool promptly;
	enum sk_report_due state;          /* what is due promptly is never late by itself: the law has no number */
};

/* One version that was handed in. */
struct sk_report_handed {
	int64_t at_ns;
	const struct sk_report_facts *facts;
};

/* All clocks of a report, by due time. versions in order, at least one. Rows are those in force when the clock began. */
size_t sk_report_clocks(const struct sk_law *law, const struct sk_report_handed *versions, size_t count, int64_t now_ns, bool simulate, struct sk_report_clock out[SK_REPORT_CLOCKS_MAX]);

/* Moments at which somebody is reminded of a clock that is not done: once before (a quarter of the time, a day at most), once at it, once as long after. */
struct sk_report_reminder {
	int64_t at_ns;
	const char *what;                  /* "before", "due", "overdue" */
};
/* Those in (since_ns, now_ns], at most three, in order. Returns how many. */
size_t sk_report_reminders(const struct sk_report_clock *clock, int64_t since_ns, int64_t now_ns, struct sk_report_reminder out[3]);
/* Is a word of a `when` one that the program can tell? */
bool sk_report_clock_when(const char *word);
/* Is there a deadline of that regime in the policy at all? */
bool sk_report_regime(const struct sk_law *law, const char *regime);

#endif
