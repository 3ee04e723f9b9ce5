/* SPDX-License-Identifier: Apache-2.0 */
/* Tag lines and places, shared by what looks flows up (table.c), what ends them (end.c) and what walks over them (walk.c). */
#ifndef SK_FLOW_TABLE_PRIV_H
#define SK_FLOW_TABLE_PRIV_H

#include "flow/flow_priv.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_TICK (SK_TICK_MS * INT64_C(1000000))

/* ---- tag lines ---- */

/* Which ways hold this tag, as bits. */
static inline unsigned sk_set_match(const struct set *set, uint16_t tag)
{
#if defined(__SSE2__)
	__m128i wanted = _mm_set1_epi16((short)tag);
	__m128i low = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)(const void *)&set->tag[0]), wanted);
	__m128i high = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)(const void *)&set->tag[8]), wanted);
	return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
	unsigned found = 0;
	for (unsigned way = 0; way < SK_SET_WAYS; way++)
		found |= (unsigned)(set->tag[way] == tag) << way;
	return found;
#endif
}

static inline uint16_t sk_tick_of(int64_t ns)
{
	return (uint16_t)((uint64_t)ns / NS_PER_TICK);
}

/* The clock as it stands. */
static inline void sk_clock_set(struct sk_flow_table *table, int64_t time_ns)
{
	table->now_ns = time_ns;
	table->now_tick = sk_tick_of(time_ns);
}

/* Ticks until the expiry; 0 or less: it has passed. Valid within 2.27 h, which the sweep sees to. */
static inline int16_t sk_ticks_left(const struct set *set, unsigned way, uint16_t now)
{
	return (int16_t)(uint16_t)(set->expiry[way] - now);
}

/* One place of the table. */
struct slot {
	struct set *set; /* NULL: none */
	unsigned way;
};

/* The way whose expiry comes first, of a set that is full; *least gets the ticks until then. */
static inline unsigned sk_set_nearest(const struct set *set, uint16_t now, int16_t *least)
{
#if defined(__SSE2__)
	const __m128i *lines = (const __m128i *)(const void *)set->expiry;
	__m128i current = _mm_set1_epi16((short)now);
	__m128i low = _mm_sub_epi16(_mm_load_si128(lines), current), high = _mm_sub_epi16(_mm_load_si128(lines + 1), current);
	__m128i least8 = _mm_min_epi16(low, high);
	least8 = _mm_min_epi16(least8, _mm_shuffle_epi32(least8, _MM_SHUFFLE(1, 0, 3, 2)));
	least8 = _mm_min_epi16(least8, _mm_shuffle_epi32(least8, _MM_SHUFFLE(2, 3, 0, 1)));
	least8 = _mm_min_epi16(least8, _mm_shufflelo_epi16(least8, _MM_SHUFFLE(2, 3, 0, 1)));
	*least = (int16_t)_mm_extract_epi16(least8, 0);
	__m128i wanted = _mm_set1_epi16(*least);
	return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(_mm_packs_epi16(_mm_cmpeq_epi16(low, wanted), _mm_cmpeq_epi16(high, wanted))));
#else
	unsigned best = 0;
	for (unsigned way = 1; way < SK_SET_WAYS; way++)
		if (sk_ticks_left(set, way, now) < sk_ticks_left(set, best, now))
			best = way;
	*least = sk_ticks_left(set, best, now);
	return best;
#endif
}

/* Which ways of a set are in use and have passed their expiry, as bits. */
static inline unsigned sk_set_expired(const struct set *set, uint16_t now)
{
	unsigned used = ~sk_set_match(set, 0) & 0xffff, passed = 0;
#if defined(__SSE2__)
	const __m128i *lines = (const __m128i *)(const void *)set->expiry;
	__m128i current = _mm_set1_epi16((short)now), one = _mm_set1_epi16(1);
	__m128i low = _mm_cmplt_epi16(_mm_sub_epi16(_mm_load_si128(lines), current), one);
	__m128i high = _mm_cmplt_epi16(_mm_sub_epi16(_mm_load_si128(lines + 1), current), one);
	passed = (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
	for (unsigned way = 0; way < SK_SET_WAYS; way++)
		passed |= (unsigned)(sk_ticks_left(set, way, now) <= 0) << way;
#endif
	return used & passed;
}

/* Which ways of a set hold a flow, as bits. */
static inline unsigned sk_set_used(const struct set *set)
{
	return ~sk_set_match(set, 0) & 0xffff;
}

/* A set into which a flow goes is walked over from now on. */
static inline void sk_set_note(struct sk_flow_table *table, const struct set *set)
{
	size_t at = (size_t)(set - table->sets);
	table->noted[at / 64] |= UINT64_C(1) << (at % 64);
}

/* One tick more than the time asks: a segment may end up to half a second late, never early. */
static inline void sk_slot_arm(struct sk_flow_table *table, struct slot slot)
{
	const struct sk_flow *flow = &slot.set->flows[slot.way];
	slot.set->expiry[slot.way] = (uint16_t)(table->now_tick + table->idle_ticks[sk_flow_state(flow)]);
}

/* Into the second-level cache alone: more lines can be on their way at once than the first level has places for, and a batch asks for some two hundred. */
static inline void sk_fetch(const void *line)
{
	__builtin_prefetch(line, 0, 2);
}

static inline bool sk_place_only(const struct sk_flow *flow)
{
	return flow->packets[0] == 0 && flow->packets[1] == 0;
}

/* ---- end.c ---- */

/* The segment of a flow that goes on ends; its place stays for the next one. */
void sk_place_end(struct sk_flow_table *table, struct sk_flow *flow);
/* The flow is over: its segment ends, its place is overwritten and free. */
void sk_slot_end(struct sk_flow_table *table, struct slot slot, enum sk_flow_end end);
/* The same at its expiry: a connection that has been torn down ends as closed, whatever made us notice. */
void sk_slot_expire(struct sk_flow_table *table, struct slot slot);

/* ---- walk.c ---- */

/* Move the clock on, and do what is due then. */
void sk_clock_advance(struct sk_flow_table *table, int64_t time_ns);

#endif
