/* SPDX-License-Identifier: Apache-2.0 */
/* sketch/table.h: a bounded table of entries of one size, found by a keyed hash of 64 bits.
   A line holds the tags and the times of eight entries; an entry may live in either of two lines and never moves. Each has a second until which it is wanted:
   when both lines are full, the one that is wanted least long makes room, so who sets these times states the order in which memory is given up.
   Two keys are taken for one with a chance of 2^-28 a look-up of a full table, whatever the keys are: who does not know the hash's key cannot choose them.
   Promises: no allocation; memory is the caller's, of sk_table_bytes. Thread rule: one owner. */
#ifndef SK_SKETCH_TABLE_H
#define SK_SKETCH_TABLE_H

#include "base/base.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { SK_TABLE_WAYS = 8, SK_TABLE_LINE_BYTES = 64, SK_TABLE_PREFETCH_BYTES = 512 };

struct sk_table_line {
	uint32_t tag[SK_TABLE_WAYS];   /* 0 = free */
	uint32_t until[SK_TABLE_WAYS]; /* seconds */
};
_Static_assert(sizeof(struct sk_table_line) == SK_TABLE_LINE_BYTES, "a line is a cache line");

struct sk_table {
	struct sk_table_line *lines;
	uint8_t *entries;
	uint32_t mask;                 /* lines - 1 */
	uint32_t entry_bytes;
	uint64_t live, taken, expired, evicted;
};

/* Bytes that a table of at least so many entries needs: entries are rounded up to a power of two, and are at most 2^28. entry_bytes: a multiple of 16. */
size_t sk_table_bytes(uint32_t entries, uint32_t entry_bytes);
/* Start an empty table in zeroed memory that begins at a cache line; borrows it. */
void sk_table_init(struct sk_table *table, void *memory, uint32_t entries, uint32_t entry_bytes);
/* A zeroed entry for a hash that has none, or whose entry is over: what is over or wanted least long makes room. For sk_table_take. */
void *sk_table_enter(struct sk_table *table, uint64_t hash, uint32_t now_s, uint32_t until_s);
/* Give an entry up and overwrite it. */
void sk_table_drop(struct sk_table *table, void *entry);
/* Forget and overwrite everything. */
void sk_table_clear(struct sk_table *table);
/* Places of the table: sk_table_at goes from 0 to this. */
static inline uint32_t sk_table_places(const struct sk_table *table)
{
	return (table->mask + 1) * SK_TABLE_WAYS;
}

static inline uint32_t sk_table_tag(uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	return tag != 0 ? tag : 1;
}

/* Which lines: low bits, and those bits with a part of the tag mixed in, so that the pair of lines tells nothing that the tag does not. */
static inline struct sk_table_line *sk_table_line(const struct sk_table *table, uint64_t hash, unsigned side)
{
	uint64_t at = side == 0 ? hash : hash ^ (hash >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> 20;
	return &table->lines[at & table->mask];
}

/* Which ways hold this tag, as bits. */
static inline unsigned sk_table_match(const struct sk_table_line *line, uint32_t tag)
{
#if defined(__SSE2__)
	__m128i wanted = _mm_set1_epi32((int)tag);
	__m128i low = _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)(const void *)&line->tag[0]), wanted);
	__m128i high = _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)(const void *)&line->tag[4]), wanted);
	return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128()));
#else
	unsigned found = 0;
	for (unsigned way = 0; way < SK_TABLE_WAYS; way++)
		found |= (unsigned)(line->tag[way] == tag) << way;
	return found;
#endif
}

static inline void *sk_table_entry(const struct sk_table *table, const struct sk_table_line *line, unsigned way)
{
	return table->entries + ((size_t)(line - table->lines) * SK_TABLE_WAYS + way) * table->entry_bytes;
}

/* First step of looking many up: both lines are sent for. */
static inline void sk_table_prefetch(const struct sk_table *table, uint64_t hash)
{
	__builtin_prefetch(sk_table_line(table, hash, 0));
	__builtin_prefetch(sk_table_line(table, hash, 1));
}

/* Where a hash stands. Its entry may be over. */
struct sk_table_spot {
	struct sk_table_line *line; /* NULL: nowhere */
	unsigned way;
};

static inline struct sk_table_spot sk_table_spot(const struct sk_table *table, uint64_t hash)
{
	uint32_t tag = sk_table_tag(hash);
	for (unsigned side = 0; side < 2; side++) {
		struct sk_table_line *line = sk_table_line(table, hash, side);
		unsigned found = sk_table_match(line, tag);
		if (found != 0)
			return (struct sk_table_spot){.line = line, .way = (unsigned)__builtin_ctz(found)};
	}
	return (struct sk_table_spot){.line = NULL};
}

/* Second step, when the lines have come: the entry is sent for. False: there is none. */
static inline bool sk_table_prefetch_entry(const struct sk_table *table, uint64_t hash)
{
	struct sk_table_spot spot = sk_table_spot(table, hash);
	if (spot.line == NULL)
		return false;
	const uint8_t *entry = sk_table_entry(table, spot.line, spot.way);
	for (uint32_t at = 0; at < table->entry_bytes && at < SK_TABLE_PREFETCH_BYTES; at += SK_TABLE_LINE_BYTES)
		__builtin_prefetch(entry + at, 1);
	return true;
}

/* The entry of a hash, or NULL: there is none, or it is over. */
static inline void *sk_table_find(const struct sk_table *table, uint64_t hash, uint32_t now_s)
{
	struct sk_table_spot spot = sk_table_spot(table, hash);
	return spot.line != NULL && spot.line->until[spot.way] > now_s ? sk_table_entry(table, spot.line, spot.way) : NULL;
}

/* The entry of a hash: found, or a zeroed one (*fresh). It is wanted until until_s at least. In line, for nearly all are found. */
static inline void *sk_table_take(struct sk_table *table, uint64_t hash, uint32_t now_s, uint32_t until_s, bool *fresh)
{
	struct sk_table_spot spot = sk_table_spot(table, hash);
	*fresh = spot.line == NULL || spot.line->until[spot.way] <= now_s;
	if (SK_UNLIKELY(*fresh))
		return sk_table_enter(table, hash, now_s, until_s);
	if (spot.line->until[spot.way] < until_s)
		spot.line->until[spot.way] = until_s;
	return sk_table_entry(table, spot.line, spot.way);
}

/* The place of an entry, by which sk_table_at finds it again as long as it lives. */
static inline uint32_t sk_table_place(const struct sk_table *table, const void *entry)
{
	return (uint32_t)((size_t)((const uint8_t *)entry - table->entries) / table->entry_bytes);
}

/* The entry at a place, or NULL when it is free or over. */
static inline void *sk_table_at(const struct sk_table *table, uint32_t place, uint32_t now_s)
{
	const struct sk_table_line *line = &table->lines[place / SK_TABLE_WAYS];
	unsigned way = place % SK_TABLE_WAYS;
	return line->tag[way] != 0 && line->until[way] > now_s ? sk_table_entry(table, line, way) : NULL;
}

/* From now on an entry is wanted until until_s: longer, or less long than was said before. */
static inline void sk_table_want_at(struct sk_table *table, uint32_t place, uint32_t until_s)
{
	table->lines[place / SK_TABLE_WAYS].until[place % SK_TABLE_WAYS] = until_s;
}

static inline void sk_table_want(struct sk_table *table, const void *entry, uint32_t until_s)
{
	sk_table_want_at(table, sk_table_place(table, entry), until_s);
}

#endif
