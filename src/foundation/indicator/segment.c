/* SPDX-License-Identifier: Apache-2.0 */
/* Longest-prefix search over a flat list of disjoint ranges: log2(n) steps whatever a list holds. */
#include "indicator/indicator_priv.h"

enum { NEST_MAX = 129 };

static uint32_t emit(struct sk_segment *segments, uint32_t count, sk_u128 start, uint32_t prefix)
{
	struct sk_segment made = {.zero = {0}};
	struct sk_out out = sk_out_of(made.start, sizeof made.start);
	sk_put_be64(&out, (uint64_t)(start >> 64));
	sk_put_be64(&out, (uint64_t)start);
	sk_store_le32(made.prefix, prefix);
	/* A child that begins where its parent does, or right where another ended, replaces what was said of that start. */
	if (count > 0 && memcmp(segments[count - 1].start, made.start, sizeof made.start) == 0)
		count--;
	segments[count] = made;
	return count + 1;
}

/* Close the innermost open prefix: what follows its end belongs to the one around it. */
static uint32_t leave(struct sk_segment *segments, uint32_t count, const struct sk_prefix *prefixes, const uint32_t *open, unsigned depth)
{
	sk_u128 last = sk_prefix_last(&prefixes[open[depth - 1]]);
	return last == ~(sk_u128)0 ? count : emit(segments, count, last + 1, depth > 1 ? open[depth - 2] + 1 : 0);
}

uint32_t sk_segments_make(const struct sk_prefix *prefixes, uint32_t count, struct sk_segment *segments)
{
	uint32_t open[NEST_MAX];
	unsigned depth = 0;
	uint32_t made = emit(segments, 0, 0, 0);
	for (uint32_t i = 0; i < count; i++) {
		sk_u128 start = sk_number_of(prefixes[i].addr.bytes);
		for (; depth > 0 && sk_prefix_last(&prefixes[open[depth - 1]]) < start; depth--)
			made = leave(segments, made, prefixes, open, depth);
		SK_INVARIANT(depth < NEST_MAX);
		open[depth++] = i;
		made = emit(segments, made, start, i + 1);
	}
	for (; depth > 0; depth--)
		made = leave(segments, made, prefixes, open, depth);
	return made;
}

uint32_t sk_segments_find_between(const struct sk_segment *segments, uint64_t low, uint64_t high, const uint8_t bytes[16])
{
	sk_u128 wanted = sk_number_of(bytes);
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (sk_number_of(segments[middle].start) <= wanted)
			low = middle;
		else
			high = middle;
	}
	return sk_load_le32(segments[low].prefix) - 1;
}

uint32_t sk_segments_find(const struct sk_segment *segments, uint64_t count, const uint8_t bytes[16])
{
	return count != 0 ? sk_segments_find_between(segments, 0, count, bytes) : UINT32_MAX; /* the first segment starts at zero */
}

uint32_t sk_directory_next(const struct sk_segment *segments, uint32_t count, uint32_t at, uint32_t block)
{
	sk_u128 start = (sk_u128)block << 112;
	while (at + 1 < count && (block == SK_SET_DIRECTORY_ITEMS - 1 || sk_number_of(segments[at + 1].start) <= start))
		at++;
	return at;
}
