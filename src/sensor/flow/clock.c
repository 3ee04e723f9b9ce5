/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/clock.h"

#define LATE_NS (SK_CLOCK_LATE_S * INT64_C(1000000000))

bool sk_flow_clock_late(struct sk_flow_clock *clock, int64_t time_ns)
{
	clock->clamped++;
	if (time_ns < 0)
		time_ns = 0;
	if (clock->now_ns - time_ns <= LATE_NS) {
		clock->late = 0;
		return false;
	}
	if (++clock->late < SK_CLOCK_LATE_MAX)
		return false;
	clock->late = 0;
	clock->was_ns = clock->now_ns;
	clock->now_ns = time_ns;
	return true;
}
