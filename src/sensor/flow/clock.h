/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of flows: the newest time that a frame of one source had. It stands apart from the table, so that frames of one source that are followed by several
   workers, each with a table of its own, are all judged by the same clock: which worker follows a flow then changes nothing of it.
   A frame that is late leaves the clock where it is. Thousands in a row that are late by more than a minute say that the clock was wrong (one frame from 2106;
   a second, older file): it goes back, and every open flow gets its full time again (sk_flow_clock_back). */
#ifndef SK_FLOW_CLOCK_H
#define SK_FLOW_CLOCK_H

#include "base/base.h"

enum {
	SK_CLOCK_LATE_MAX = 4096, /* so many frames in a row behind the clock ... */
	SK_CLOCK_LATE_S = 60      /* ... by more than this: go back */
};

/* All zero: nothing has come yet. */
struct sk_flow_clock {
	int64_t now_ns;   /* never below 0 */
	int64_t was_ns;   /* before it went back last */
	uint64_t clamped; /* frames that were late */
	uint32_t late;    /* in a row, by more than SK_CLOCK_LATE_S */
};

/* sk_flow_clock_tick for a late frame. */
SK_MUST bool sk_flow_clock_late(struct sk_flow_clock *clock, int64_t time_ns);

/* A frame with this time came; now_ns is what holds for it. True: the clock went back from was_ns to now_ns, before this frame. */
SK_MUST static inline bool sk_flow_clock_tick(struct sk_flow_clock *clock, int64_t time_ns)
{
	if (SK_UNLIKELY(time_ns < clock->now_ns))
		return sk_flow_clock_late(clock, time_ns);
	clock->now_ns = time_ns;
	clock->late = 0;
	return false;
}

#endif
