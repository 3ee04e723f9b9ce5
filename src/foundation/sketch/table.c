/* SPDX-License-Identifier: Apache-2.0 */
#include "sketch/table.h"

enum { ENTRIES_MAX = 1 << 28 };

static uint32_t lines_for(uint32_t entries)
{
	uint32_t lines = 1;
	SK_INVARIANT(entries <= ENTRIES_MAX);
	while (lines * SK_TABLE_WAYS < entries)
		lines <<= 1;
	return lines;
}

size_t sk_table_bytes(uint32_t entries, uint32_t entry_bytes)
{
	return (size_t)lines_for(entries) * (sizeof(struct sk_table_line) + (size_t)SK_TABLE_WAYS * entry_bytes);
}

void sk_table_init(struct sk_table *table, void *memory, uint32_t entries, uint32_t entry_bytes)
{
	uint32_t lines = lines_for(entries);
	SK_INVARIANT((uintptr_t)memory % SK_TABLE_LINE_BYTES == 0 && entry_bytes != 0 && entry_bytes % 16 == 0);
	*table = (struct sk_table){.lines = memory, .entries = (uint8_t *)memory + lines * sizeof(struct sk_table_line), .mask = lines - 1, .entry_bytes = entry_bytes};
}

/* The way of a line that is wanted least long; a free one, and one that is over, come before all others. */
static unsigned least_wanted(const struct sk_table_line *line, uint32_t now_s, uint32_t *until_s)
{
	unsigned best = 0;
	uint32_t least = UINT32_MAX;
	for (unsigned way = 0; way < SK_TABLE_WAYS; way++) {
		uint32_t until = line->tag[way] == 0 ? 0 : line->until[way] <= now_s ? 1 : line->until[way];
		if (until < least) {
			least = until;
			best = way;
		}
	}
	*until_s = least;
	return best;
}

/* Where an entry that is not there would stand. */
struct room {
	struct sk_table_line *line;
	unsigned way;
	uint32_t least; /* 0: free; 1: over; else until when it was wanted */
};

static struct room find_room(const struct sk_table *table, uint64_t hash, uint32_t now_s)
{
	struct room here = {.line = sk_table_line(table, hash, 0)}, there = {.line = sk_table_line(table, hash, 1)};
	here.way = least_wanted(here.line, now_s, &here.least);
	there.way = least_wanted(there.line, now_s, &there.least);
	/* Of two lines with room the emptier one: so both fill up before anything is evicted. */
	bool emptier = (here.least | there.least) == 0 && __builtin_popcount(sk_table_match(there.line, 0)) > __builtin_popcount(sk_table_match(here.line, 0));
	return there.least < here.least || emptier ? there : here;
}

static void *make_room(struct sk_table *table, uint64_t hash, uint32_t now_s, uint32_t until_s)
{
	struct room room = find_room(table, hash, now_s);
	table->taken++;
	if (room.least == 0)
		table->live++;
	else if (room.least == 1)
		table->expired++;
	else
		table->evicted++;
	void *entry = sk_table_entry(table, room.line, room.way);
	sk_wipe(entry, table->entry_bytes);
	room.line->tag[room.way] = sk_table_tag(hash);
	room.line->until[room.way] = until_s;
	return entry;
}

void *sk_table_enter(struct sk_table *table, uint64_t hash, uint32_t now_s, uint32_t until_s)
{
	struct sk_table_spot over = sk_table_spot(table, hash);
	if (over.line == NULL)
		return make_room(table, hash, now_s, until_s);
	void *entry = sk_table_entry(table, over.line, over.way);
	sk_wipe(entry, table->entry_bytes);
	over.line->until[over.way] = until_s;
	table->taken++;
	table->expired++;
	return entry;
}

void sk_table_drop(struct sk_table *table, void *entry)
{
	uint32_t place = sk_table_place(table, entry);
	struct sk_table_line *line = &table->lines[place / SK_TABLE_WAYS];
	if (line->tag[place % SK_TABLE_WAYS] == 0)
		return;
	line->tag[place % SK_TABLE_WAYS] = 0;
	line->until[place % SK_TABLE_WAYS] = 0;
	sk_wipe(entry, table->entry_bytes);
	table->live--;
}

void sk_table_clear(struct sk_table *table)
{
	uint32_t lines = table->mask + 1;
	sk_wipe(table->lines, lines * (sizeof(struct sk_table_line) + (size_t)SK_TABLE_WAYS * table->entry_bytes));
	table->live = 0;
}
