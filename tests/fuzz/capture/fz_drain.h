/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target of this room does with its bytes: read them as a capture, in reads of a size that the input chooses, and hold the
   room to its promises. */
#ifndef SK_FZ_DRAIN_H
#define SK_FZ_DRAIN_H

#include "../../unit/capture/reader.h"

static inline void check_frame(const struct sk_capture *capture, const struct sk_frame *frame)
{
	const uint8_t *ring = capture->ring.bytes, *end = ring + capture->ring.length;
	SK_INVARIANT(frame->captured_bytes <= SK_FRAME_MAX_BYTES && frame->captured_bytes <= frame->wire_bytes);
	SK_INVARIANT(frame->bytes >= ring && frame->bytes + frame->captured_bytes <= end);
	SK_INVARIANT(frame->interface < capture->stats.interfaces && frame->link <= SK_LINK_LOOP);
	/* A gate may overwrite what it was given, and nothing of the reader may depend on it. */
	memset(frame->bytes, 0xff, frame->captured_bytes);
}

static inline void fz_drain(const uint8_t *bytes, size_t length, size_t chunk)
{
	struct memory memory = {.bytes = bytes, .length = length, .chunk = chunk};
	struct sk_capture *capture;
	struct sk_fault fault = {0};
	if (memory_open(&memory, &capture, &fault) != SK_OK) {
		SK_INVARIANT(capture == NULL && fault.line[0] != '\0');
		return;
	}
	struct sk_frame frames[SK_BATCH_MAX];
	uint64_t seen = 0;
	enum sk_err err = SK_OK;
	for (size_t count = 1; count != 0;) {
		fault.line[0] = '\0';
		enum sk_err now = sk_capture_next(capture, frames, &count, &fault);
		SK_INVARIANT(count <= SK_BATCH_MAX && (now == SK_OK || (err == SK_OK && fault.line[0] != '\0')));
		for (size_t i = 0; i < count; i++)
			check_frame(capture, &frames[i]);
		seen += count;
		if (now != SK_OK) {
			err = now;
			count = 1;
		}
	}
	struct sk_capture_stats stats;
	sk_capture_stats(capture, &stats);
	SK_INVARIANT(stats.frames == seen && stats.captured_bytes <= stats.wire_bytes);
	SK_INVARIANT(sk_capture_residue(capture) == 0);
	sk_capture_close(capture);
}

#endif
