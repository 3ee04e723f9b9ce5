/* SPDX-License-Identifier: Apache-2.0 */
/* A file of events: what is taken is estimated, twice the same way from either end; probabilities sum to one where there are any; what is refused names a line. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "campaign/hours.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void turn(int64_t *times, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		int64_t at = times[i];
		times[i] = times[count - 1 - i];
		times[count - 1 - i] = at;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_hours one, two;
	struct sk_fault fault = {.err = SK_OK};
	int64_t *times;
	size_t count;
	if (sk_hours_read("events", bytes, length, &times, &count, &fault) != SK_OK) {
		SK_INVARIANT(times == NULL && strncmp(fault.line, "events:", 7) == 0);
		return 0;
	}
	if (sk_hours_estimate(times, count, false, &one, &fault) == SK_OK) {
		double sum = 0;
		turn(times, count);
		SK_INVARIANT(sk_hours_estimate(times, count, false, &two, &fault) == SK_OK && memcmp(&one, &two, sizeof one) == 0);
		for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
			sum += one.offsets[o].probability;
		SK_INVARIANT(fabs(sum - 1) < 1e-6 || one.moments < SK_HOURS_MOMENTS_MIN || one.days < SK_HOURS_DAYS_MIN);
		SK_INVARIANT(one.verdict != SK_HOURS_ESTIMATE || one.range_count != 0);
	}
	free(times);
	return 0;
}
