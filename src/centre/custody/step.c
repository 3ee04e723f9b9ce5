/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "custody/custody.h"

static const struct sk_custody_step steps[] = {
#define SK_CUSTODY_STEP(matter, event, from, to, who) {matter, event, from, to, who},
#include "custody/step.def"
#undef SK_CUSTODY_STEP
};

const struct sk_custody_step *sk_custody_step(size_t i)
{
	return i < SK_COUNT(steps) ? &steps[i] : NULL;
}

/* What may be done in a state, for the one who was refused. */
static void list_events(const char *matter, const char *from, char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (strcmp(steps[i].matter, matter) == 0 && strcmp(steps[i].from, from) == 0 && strstr(out, steps[i].event) == NULL && used < size)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used != 0 ? ", " : "", steps[i].event);
}

//= rule: CUSTODY-6
enum sk_err sk_custody_find_step(const char *matter, const char *event, const char *from, bool further, const struct sk_custody_step **out, struct sk_fault *fault)
{
	char events[128];
	*out = NULL;
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (strcmp(steps[i].matter, matter) == 0 && strcmp(steps[i].event, event) == 0 && strcmp(steps[i].from, from) == 0 &&
		    (*out == NULL || (further && strcmp(steps[i].to, from) != 0)))
			*out = &steps[i];
	if (*out != NULL)
		return SK_OK;
	list_events(matter, from, events, sizeof events);
	return sk_fault_set(fault, SK_ESTAGE, "%s: '%s' is not a step from '%s'; expected %s", matter, event, from[0] != '\0' ? from : "nothing yet", events[0] != '\0' ? events : "no further step");
}
