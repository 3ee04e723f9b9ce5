/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's counters as what a source says of frames that it did not give. */
#include "live/live.h"

#include <stdio.h>

enum { LEAST_FRAME_BYTES = 14 };

/* Frames that a ring lost are counted one by one, their bytes are not. What went in less what came out are their bytes as soon as nothing is on its way; until then each counts
   for the least that a frame can have, and one frame waits to take the rest along: so the sum of a run is exact, and bytes are never told without a frame. */
static void tell_lost(const struct sk_live_counters *now, struct sk_live_cell *told)
{
	uint64_t frames = now->ring_lost - told->frames;
	uint64_t known = now->delivered.bytes + told->bytes, bytes = now->passed.bytes > known ? now->passed.bytes - known : 0;
	if (frames == 0)
		return;
	if (now->pending != 0)
		bytes = --frames * LEAST_FRAME_BYTES;
	told->frames += frames;
	told->bytes += bytes;
}

static void put(struct sk_cell *cell, const char *name, const struct sk_live_cell *counted)
{
	*cell = (struct sk_cell){.frames = counted->frames, .bytes = counted->bytes};
	(void)snprintf(cell->name, sizeof cell->name, "%s", name);
}

void sk_live_tell(const struct sk_live_counters *now, struct sk_live_told *told, struct sk_source_counts *out)
{
	struct sk_live_cell reasons[SK_GATE_REASON_COUNT] = {{0}};
	*out = (struct sk_source_counts){0};
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		for (unsigned reason = 0; reason < SK_GATE_REASON_COUNT; reason++) {
			const struct sk_live_cell *cell = &now->erased[class_][reason];
			out->classes[class_].frames += cell->frames;
			out->classes[class_].bytes += cell->bytes;
			reasons[reason].frames += cell->frames;
			reasons[reason].bytes += cell->bytes;
		}
	for (unsigned reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		put(&out->erased[out->erased_count++], sk_gate_reason_name((enum sk_gate_reason)reason), &reasons[reason]);
	tell_lost(now, &told->ring);
	put(&out->lost[out->lost_count++], "ring", &told->ring);
	put(&out->lost[out->lost_count++], "no_socket", &now->no_socket);
	/* It is made of two counters of the interface that are read apart, and may seem to run back. */
	if (now->before_lost > told->before_lost)
		told->before_lost = now->before_lost;
	out->upstream_lost = told->before_lost;
	out->carrier = now->carrier ? SK_SOURCE_CARRIER_UP : SK_SOURCE_CARRIER_DOWN;
}
