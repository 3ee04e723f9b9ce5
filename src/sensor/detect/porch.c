/* SPDX-License-Identifier: Apache-2.0 */
/* The porch in front of a detector's table. Most subjects come once and never again: sources of a flood, targets of a scan. An entry is hundreds of bytes that are wiped, written
   and weighed; what came first waits here as a note of one cache line instead, and whoever comes often enough enters: his notes are read again in their order, each under the
   clock of its time, so an entry is what it would have been (rule: DETECTOR-3). Notes lie in a ring in the order in which they came, so the oldest goes first; an index finds the latest of
   a subject, and each says which was before it. */
#include "detect/kit_priv.h"

enum { NOTES_MAX = 16, AHEAD = 8, WAITING = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) };

size_t sk_porch_bytes(uint32_t notes)
{
	return (size_t)notes * (sizeof(struct sk_porch_note) + sizeof(struct sk_table_line) / SK_TABLE_WAYS);
}

void sk_porch_init(struct sk_porch *porch, void *memory, uint32_t notes, uint32_t wait_s)
{
	*porch = (struct sk_porch){.notes = memory, .mask = notes - 1, .next = 1, .wait_s = wait_s};
	porch->lines = (struct sk_table_line *)(void *)((uint8_t *)memory + (size_t)notes * sizeof(struct sk_porch_note));
}

void sk_porch_forget(struct sk_porch *porch)
{
	porch->next = 1;
	porch->waiting = 0;
}

static bool is_there(const struct sk_porch *porch, uint32_t at)
{
	return at != 0 && porch->next - at <= porch->mask + 1;
}

/* Is the note somebody's latest still, and waited for? */
static bool waits(const struct sk_porch *porch, const struct sk_porch_note *note, uint32_t now_s)
{
	return note->tag != 0 && now_s < note->now_s + porch->wait_s;
}

typedef uint32_t ages __attribute__((vector_size(16)));

static ages older_of(ages a, ages b)
{
	ages first = (ages)(a > b);
	return (a & first) | (b & ~first);
}

/* The way of a line for a subject that has none: a free one, else that of the oldest note. Nobody finds that one again, and it goes when the ring comes to it. One who
   is new to all detectors passes here once for each: a loop over the ways would be half of what that costs. */
static unsigned make_way(const struct sk_porch *porch, const struct sk_table_line *line)
{
	_Static_assert(SK_TABLE_WAYS == 8, "two times four");
	unsigned free = sk_table_match(line, 0);
	ages low, high;
	if (free != 0)
		return (unsigned)__builtin_ctz(free);
	memcpy(&low, &line->until[0], sizeof low);
	memcpy(&high, &line->until[SK_TABLE_WAYS / 2], sizeof high);
	ages most = older_of(porch->next - low, porch->next - high);
	most = older_of(most, __builtin_shufflevector(most, most, 2, 3, 0, 1));
	most = older_of(most, __builtin_shufflevector(most, most, 1, 0, 3, 2));
	return (unsigned)__builtin_ctz(sk_table_match_words(line->until, porch->next - most[0]));
}

/* The next place of the ring. Who stood there was the oldest. */
static struct sk_porch_note *next_note(struct sk_porch *porch, uint32_t now_s, uint32_t *at)
{
	*at = porch->next;
	struct sk_porch_note *note = sk_porch_note_at(porch, *at);
	if (note->tag != 0) {
		porch->evicted += waits(porch, note, now_s);
		porch->waiting--;
	}
	__builtin_prefetch(sk_porch_note_at(porch, *at + AHEAD), 1);
	porch->next += porch->next == UINT32_MAX ? 2 : 1; /* 0 is none */
	return note;
}

static void write_note(struct sk_porch_note *note, const struct sk_event *event, uint32_t tag, uint32_t now_s)
{
	note->time_ns = event->time_ns;
	note->tag = tag;
	note->now_s = now_s;
	memcpy(&note->initiator_port, &event->initiator_port, SK_NOTE_PORTS_BYTES);
	memcpy(&note->kind, &event->kind, SK_NOTE_WHAT_BYTES);
	note->v6 = event->initiator.family == 6;
	memcpy(note->initiator, event->initiator.bytes, sizeof note->initiator);
	memcpy(note->responder, event->responder.bytes, sizeof note->responder);
}

static void read_note(const struct sk_kit *kit, const struct sk_porch_note *note, struct sk_event *event)
{
	*event = (struct sk_event){.time_ns = note->time_ns, .initiator.family = note->v6 ? 6 : 4, .responder.family = note->v6 ? 6 : 4};
	memcpy(&event->initiator_port, &note->initiator_port, SK_NOTE_PORTS_BYTES);
	memcpy(&event->kind, &note->kind, SK_NOTE_WHAT_BYTES);
	memcpy(event->initiator.bytes, note->initiator, sizeof note->initiator);
	memcpy(event->responder.bytes, note->responder, sizeof note->responder);
	event->from = sk_kit_hash_addr(kit, &event->initiator);
	event->to = sk_kit_hash_addr(kit, &event->responder);
}

/* The subject enters: all that is left of its notes, the first one first. */
static void read_again(struct sk_kit_place *at, uint32_t latest, uint64_t hash)
{
	struct sk_run *run = &at->run;
	uint32_t chain[NOTES_MAX], now_s = run->now_s;
	unsigned count = 0;
	for (uint32_t i = latest; is_there(&at->porch, i) && count < NOTES_MAX; i = sk_porch_note_at(&at->porch, i)->before)
		chain[count++] = i;
	sk_porch_note_at(&at->porch, latest)->tag = 0;
	at->porch.waiting--;
	while (count-- != 0) {
		struct sk_event event;
		read_note(run->kit, sk_porch_note_at(&at->porch, chain[count]), &event);
		run->now_s = sk_porch_note_at(&at->porch, chain[count])->now_s;
		at->ops->event(run, &event, hash);
	}
	run->now_s = now_s;
}

bool sk_porch_pass(struct sk_kit_place *at, const struct sk_event *event, uint64_t hash)
{
	struct sk_porch *porch = &at->porch;
	struct sk_run *run = &at->run;
	struct sk_table_line *line = sk_porch_line(porch, hash);
	uint32_t tag = sk_table_tag(hash), latest = 0, here;
	unsigned found = sk_table_match(line, tag), way = found != 0 ? (unsigned)__builtin_ctz(found) : SK_TABLE_WAYS;
	struct sk_porch_note *note = NULL;
	if (way < SK_TABLE_WAYS && is_there(porch, line->until[way]) && sk_porch_note_at(porch, line->until[way])->tag == tag) {
		latest = line->until[way];
		note = sk_porch_note_at(porch, latest);
		if (!waits(porch, note, run->now_s)) {
			note->tag = 0;
			porch->waiting--;
			note = NULL;
		}
	}
	bool opens = event->kind == SK_EVENT_OPEN;
	if (note == NULL && !opens)
		return (at->ops->finds & SK_EVENT_BIT(event->kind)) == 0;
	if (note != NULL && ((SK_EVENT_BIT(event->kind) & WAITING) == 0 || note->opens + opens >= at->ops->waits || note->count == NOTES_MAX)) {
		line->tag[way] = 0;
		read_again(at, latest, hash);
		return true;
	}
	struct sk_porch_note *fresh;
	uint8_t before_opens = note != NULL ? note->opens : 0, before_count = note != NULL ? note->count : 0;
	if (note != NULL) {
		note->tag = 0;
		porch->waiting--;
	} else {
		latest = 0;
	}
	if (way == SK_TABLE_WAYS)
		way = make_way(porch, line);
	fresh = next_note(porch, run->now_s, &here);
	write_note(fresh, event, tag, run->now_s);
	fresh->before = latest;
	fresh->opens = (uint8_t)(before_opens + opens);
	fresh->count = (before_count + 1u) & 0x7f;
	porch->waiting++;
	line->tag[way] = tag;
	line->until[way] = here;
	return false;
}
