/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/dns_priv.h"

void sk_dns_text(const struct sk_name *name, char text[SK_EVENT_TEXT_MAX])
{
	const char *from = name->text + name->registered_at, *end = name->text + name->length;
	while (end - from >= SK_EVENT_TEXT_MAX) {
		const char *dot = memchr(from, '.', (size_t)(end - from));
		from = dot != NULL ? dot + 1 : end;
	}
	memcpy(text, from, (size_t)(end - from));
	text[end - from] = '\0';
}

/* Slots count from 1, so that an entry of zeros has none. An entry that was pushed out leaves its slot behind: the oldest is given up then, as the subject was. */
bool sk_late_put(struct sk_run *run, uint8_t *slot, const struct sk_detection *detection)
{
	struct sk_late *late = run->extra;
	unsigned at = SK_LATE_SLOTS;
	for (unsigned i = 0; i < SK_LATE_SLOTS; i++)
		if (!late->slots[i].used || run->now_s > late->slots[i].since_s + 2 * SK_LATE_S)
			at = i;
	if (at == SK_LATE_SLOTS)
		return sk_run_say(run, detection);
	late->slots[at].used = true;
	late->slots[at].since_s = run->now_s;
	late->slots[at].detection = *detection;
	*slot = (uint8_t)(at + 1);
	return true;
}

static bool say_slot(struct sk_run *run, uint8_t *slot)
{
	struct sk_late *late = run->extra;
	if (!sk_run_say(run, &late->slots[*slot - 1].detection))
		return false;
	memset(&late->slots[*slot - 1], 0, sizeof late->slots[0]);
	*slot = 0;
	return true;
}

void sk_late_name(struct sk_run *run, uint8_t *slot, const char *text)
{
	struct sk_late *late = run->extra;
	if (*slot == 0 || text[0] == '\0')
		return;
	struct sk_detection *detection = &late->slots[*slot - 1].detection;
	memcpy(detection->text, text, SK_EVENT_TEXT_MAX);
	if (!say_slot(run, slot))
		memset(detection->text, 0, sizeof detection->text);
}

bool sk_late_waits(struct sk_run *run, uint8_t *slot)
{
	struct sk_late *late = run->extra;
	if (*slot == 0)
		return false;
	if (run->last || run->now_s >= late->slots[*slot - 1].since_s + SK_LATE_S)
		return !say_slot(run, slot);
	return true;
}
