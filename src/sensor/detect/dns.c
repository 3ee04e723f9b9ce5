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

/* An entry that was pushed out leaves its name behind until its detector's memory is over, or another needs the place. */
static unsigned find_slot(const struct sk_named *named, uint64_t key)
{
	for (unsigned way = 0; way < SK_NAMED_WAYS; way++)
		if (named->keys[(key + way) % SK_NAMED_SLOTS] == key)
			return (unsigned)((key + way) % SK_NAMED_SLOTS);
	return SK_NAMED_SLOTS;
}

static unsigned free_slot(const struct sk_named *named, uint64_t key, uint32_t now_s)
{
	for (unsigned way = 0; way < SK_NAMED_WAYS; way++) {
		unsigned at = (unsigned)((key + way) % SK_NAMED_SLOTS);
		if (named->keys[at] == 0 || now_s > named->at_s[at] + SK_MEMORY_SHORT_S)
			return at;
	}
	return SK_NAMED_SLOTS;
}

void sk_named_keep(struct sk_named *named, uint64_t key, const struct sk_event *event)
{
	uint32_t at_s = sk_run_second(event->time_ns);
	unsigned at = find_slot(named, key);
	if (event->head.text[0] == '\0')
		return;
	if (at == SK_NAMED_SLOTS) {
		at = free_slot(named, key, at_s);
		if (at == SK_NAMED_SLOTS)
			return;
		named->texts[at][0] = '\0';
	}
	bool other = named->texts[at][0] != '\0';
	if (other && (at_s != named->at_s[at] || strcmp(event->head.text, named->texts[at]) >= 0))
		return;
	named->keys[at] = key;
	named->at_s[at] = at_s;
	memcpy(named->texts[at], event->head.text, SK_EVENT_TEXT_MAX);
}

const char *sk_named_text(const struct sk_named *named, uint64_t key)
{
	unsigned at = find_slot(named, key);
	return at < SK_NAMED_SLOTS ? named->texts[at] : "";
}

void sk_named_drop(struct sk_named *named, uint64_t key)
{
	unsigned at = find_slot(named, key);
	if (at == SK_NAMED_SLOTS)
		return;
	named->keys[at] = 0;
	named->at_s[at] = 0;
	sk_wipe_small(named->texts[at], SK_EVENT_TEXT_MAX);
}

bool sk_named_waits(const struct sk_run *run, const struct sk_named *named, uint64_t key, uint32_t *since_s)
{
	if (run->last || sk_named_text(named, key)[0] != '\0')
		return false;
	if (*since_s == 0)
		*since_s = run->now_s;
	return run->now_s < *since_s + SK_NAMED_WAIT_S;
}
