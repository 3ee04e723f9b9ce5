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
	*porch = (struct sk_porch){.notes = memory, .mask = notes - 1, .line_mask = notes / SK_TABLE_WAYS - 1, .next = 1, .wait_s = wait_s};
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

/* A line is in order: whose latest note is the newest stands first, and who has no room falls off its end. Nobody finds his note again, and it goes when the ring comes to it.
   So nothing is searched for who has to go: one who is new to all detectors passes here once for each. */
static void put_first(struct sk_table_line *line, unsigned way, uint32_t tag, uint32_t note)
{
	for (; way > 0; way--) {
		line->tag[way] = line->tag[way - 1];
		line->until[way] = line->until[way - 1];
	}
	line->tag[0] = tag;
	line->until[0] = note;
}

/* As put_first, of one who did not stand there, which most do not: four copies of known length instead of seven steps. */
static void put_new(struct sk_table_line *line, uint32_t tag, uint32_t note)
{
	_Static_assert(SK_TABLE_WAYS == 8, "four and four words, of which one is the same");
	uint32_t tags[2][4], notes[2][4];
	memcpy(tags[0], &line->tag[0], sizeof tags[0]);
	memcpy(tags[1], &line->tag[3], sizeof tags[1]);
	memcpy(notes[0], &line->until[0], sizeof notes[0]);
	memcpy(notes[1], &line->until[3], sizeof notes[1]);
	memcpy(&line->tag[4], tags[1], sizeof tags[1]);
	memcpy(&line->tag[1], tags[0], sizeof tags[0]);
	memcpy(&line->until[4], notes[1], sizeof notes[1]);
	memcpy(&line->until[1], notes[0], sizeof notes[0]);
	line->tag[0] = tag;
	line->until[0] = note;
}

static void take_out(struct sk_table_line *line, unsigned way)
{
	for (; way + 1 < SK_TABLE_WAYS; way++) {
		line->tag[way] = line->tag[way + 1];
		line->until[way] = line->until[way + 1];
	}
	line->tag[way] = line->until[way] = 0;
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

static void write_note(struct sk_porch_note *note, const struct sk_event *event, uint32_t tag, uint32_t now_s, unsigned count)
{
	note->time_ns = event->time_ns;
	note->tag = tag;
	note->now_s = now_s;
	memcpy(&note->initiator_port, &event->initiator_port, SK_NOTE_PORTS_BYTES);
	memcpy(&note->kind, &event->kind, SK_NOTE_WHAT_BYTES);
	note->count = (uint8_t)(count | (event->initiator.family == 6 ? SK_NOTE_V6 : 0u));
	memcpy(note->initiator, event->initiator.bytes, sizeof note->initiator);
	memcpy(note->responder, event->responder.bytes, sizeof note->responder);
}

static void read_note(const struct sk_kit *kit, const struct sk_porch_note *note, struct sk_event *event)
{
	uint8_t family = (note->count & SK_NOTE_V6) != 0 ? 6 : 4;
	*event = (struct sk_event){.time_ns = note->time_ns, .initiator.family = family, .responder.family = family};
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
	if (note != NULL && ((SK_EVENT_BIT(event->kind) & WAITING) == 0 || note->opens + opens >= at->ops->waits || (note->count & ~(unsigned)SK_NOTE_V6) == NOTES_MAX)) {
		take_out(line, way);
		read_again(at, latest, hash);
		return true;
	}
	unsigned opened = opens, count = 1;
	if (note != NULL) {
		opened += note->opens;
		count += note->count & ~(unsigned)SK_NOTE_V6;
		note->tag = 0;
		porch->waiting--;
	} else {
		latest = 0;
	}
	struct sk_porch_note *fresh = next_note(porch, run->now_s, &here);
	write_note(fresh, event, tag, run->now_s, count);
	fresh->before = latest;
	fresh->opens = (uint8_t)opened;
	porch->waiting++;
	if (way == SK_TABLE_WAYS)
		put_new(line, tag, here);
	else
		put_first(line, way, tag, here);
	return false;
}
