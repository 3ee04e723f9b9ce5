/* SPDX-License-Identifier: Apache-2.0 */
/* What the estimate says, in words. */
#include <math.h>
#include <stdio.h>

#include "campaign/hours.h"
#include "text/text.h"

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
