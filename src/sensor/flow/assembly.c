/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/assembly.h"

/* Copy what is new of [start, end). */
static void copy_gaps(uint8_t *buffer, const struct sk_assembly *pieces, uint32_t start, uint32_t end, struct sk_cur bytes)
{
	uint32_t at = start;
	for (unsigned i = 0; i <= pieces->count && at < end; i++) {
		uint32_t gap_end = i < pieces->count && pieces->start[i] < end ? pieces->start[i] : end;
		if (at < gap_end) {
			sk_copy(&bytes, buffer + at, gap_end - at);
			at = gap_end;
		}
		if (i < pieces->count && pieces->end[i] > at) {
			sk_skip(&bytes, (pieces->end[i] < end ? pieces->end[i] : end) - at);
			at = pieces->end[i];
		}
	}
}

/* Add [start, end) to the ranges, joining what touches. */
static bool add_range(struct sk_assembly *pieces, uint32_t start, uint32_t end)
{
	unsigned first = 0;
	while (first < pieces->count && pieces->end[first] < start)
		first++;
	unsigned last = first;
	while (last < pieces->count && pieces->start[last] <= end) {
		start = pieces->start[last] < start ? pieces->start[last] : start;
		end = pieces->end[last] > end ? pieces->end[last] : end;
		last++;
	}
	unsigned after = pieces->count - last;
	if (first + 1 + after > SK_ASSEMBLY_PIECES_MAX)
		return false;
	memmove(&pieces->start[first + 1], &pieces->start[last], after * sizeof pieces->start[0]);
	memmove(&pieces->end[first + 1], &pieces->end[last], after * sizeof pieces->end[0]);
	pieces->start[first] = (uint16_t)start;
	pieces->end[first] = (uint16_t)end;
	pieces->count = (uint8_t)(first + 1 + after);
	return true;
}

bool sk_assembly_put(struct sk_assembly *pieces, uint8_t *buffer, uint32_t size, uint32_t offset, struct sk_cur bytes)
{
	size_t room = offset < size ? size - offset : 0;
	struct sk_cur fitting = sk_carve_at_most(&bytes, room);
	uint32_t end = offset + (uint32_t)sk_left(&fitting);
	if (end == offset)
		return true;
	/* Ranges first: what they do not name would not be overwritten on release. */
	struct sk_assembly before = *pieces;
	if (!add_range(pieces, offset, end))
		return false;
	copy_gaps(buffer, &before, offset, end, fitting);
	return true;
}

void sk_assembly_consume(struct sk_assembly *pieces, uint8_t *buffer, uint32_t n)
{
	SK_INVARIANT(n <= sk_assembly_prefix(pieces));
	uint32_t used = sk_assembly_used(pieces);
	memmove(buffer, buffer + n, used - n);
	sk_wipe(buffer + used - n, n);
	unsigned kept = 0;
	for (unsigned i = 0; i < pieces->count; i++) {
		if (pieces->end[i] <= n)
			continue;
		pieces->start[kept] = (uint16_t)(pieces->start[i] > n ? pieces->start[i] - n : 0);
		pieces->end[kept++] = (uint16_t)(pieces->end[i] - n);
	}
	pieces->count = (uint8_t)kept;
}
