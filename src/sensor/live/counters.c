/* SPDX-License-Identifier: Apache-2.0 */
/* From two readings of the counters, what an interval's account needs. */
#include "live/live.h"

enum { LEAST_FRAME_BYTES = 14 };

static void add(struct sk_live_cell *sum, uint64_t frames, uint64_t bytes)
{
	sum->frames += frames;
	sum->bytes += bytes;
}

/* Frames that a ring lost are counted one by one, their bytes are not. What went in less what came out are their bytes as soon as nothing is on its way; until then each counts
   for the least that a frame can have, and one frame waits to take the rest along, so that the sum of a run is exact and no interval has bytes without frames. */
static void difference_lost(const struct sk_live_counters *now, struct sk_live_cell *told, struct sk_live_cell *out)
{
	uint64_t frames = now->ring_lost - told->frames;
	uint64_t known = now->delivered.bytes + told->bytes, bytes = now->passed.bytes > known ? now->passed.bytes - known : 0;
	if (now->pending != 0) {
		frames = frames > 0 ? frames - 1 : 0;
		bytes = frames * LEAST_FRAME_BYTES;
	} else if (frames == 0) {
		bytes = 0;
	}
	add(told, frames, bytes);
	add(out, frames, bytes);
}

void sk_live_difference(const struct sk_live_counters *before, const struct sk_live_counters *now, struct sk_live_cell *told, struct sk_live_delta *out)
{
	*out = (struct sk_live_delta){.before_lost = now->before_lost > before->before_lost ? now->before_lost - before->before_lost : 0, .unfinished = now->unfinished.frames - before->unfinished.frames};
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		for (unsigned reason = 0; reason < SK_GATE_REASON_COUNT; reason++) {
			uint64_t frames = now->erased[class_][reason].frames - before->erased[class_][reason].frames;
			uint64_t bytes = now->erased[class_][reason].bytes - before->erased[class_][reason].bytes;
			add(&out->classes[class_], frames, bytes);
			add(&out->gate[reason], frames, bytes);
		}
	add(&out->lost, now->no_socket.frames - before->no_socket.frames, now->no_socket.bytes - before->no_socket.bytes);
	difference_lost(now, told, &out->lost);
}
