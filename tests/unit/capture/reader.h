/* SPDX-License-Identifier: Apache-2.0 */
/* Captures out of memory, for tests and fuzz targets: no file is needed, reads can be short, interrupted or fail. */
#ifndef SK_TEST_CAPTURE_READER_H
#define SK_TEST_CAPTURE_READER_H

#include <errno.h>
#include <stdlib.h>

#include "capture/capture_priv.h"

struct memory {
	const uint8_t *bytes;
	size_t length, at;
	size_t chunk;      /* most bytes of one read; 0 = no limit */
	bool interrupted;  /* every second read answers EINTR */
	bool interrupt_next;
	size_t fails_at;   /* EIO from this offset on; 0 = never */
};

static inline ssize_t memory_read(const struct source *source, void *into, size_t room)
{
	struct memory *memory = source->context;
	if (memory->interrupted && (memory->interrupt_next = !memory->interrupt_next)) {
		errno = EINTR;
		return -1;
	}
	if (memory->fails_at != 0 && memory->at >= memory->fails_at) {
		errno = EIO;
		return -1;
	}
	size_t step = memory->length - memory->at;
	step = step > room ? room : step;
	step = memory->chunk != 0 && step > memory->chunk ? memory->chunk : step;
	if (step != 0)
		memcpy(into, memory->bytes + memory->at, step);
	memory->at += step;
	return (ssize_t)step;
}

static inline enum sk_err memory_open(struct memory *memory, struct sk_capture **out, struct sk_fault *fault)
{
	struct source source = {.read = memory_read, .context = memory, .fd = -1};
	enum sk_err err = capture_open_source(&source, "memory", out, fault);
	return err;
}

/* What a test wants to know of a whole capture. */
struct drained {
	enum sk_err open, end; /* end: SK_OK, or the damage */
	struct sk_fault fault;
	struct sk_capture_stats stats;
	size_t residue;   /* after the end */
	size_t wrong;     /* bytes of frames that are not the fill byte of their first */
	size_t count;
	struct sk_frame *frames; /* of the first DRAINED_MAX; bytes are gone, the pointer is not to be followed */
};
enum { DRAINED_MAX = 4096 };

static inline void look_at_batch(struct drained *d, const struct sk_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (uint32_t b = 1; b < frames[i].captured_bytes; b++)
			d->wrong += frames[i].bytes[b] != frames[i].bytes[0];
		if (d->count < DRAINED_MAX)
			d->frames[d->count] = frames[i];
		d->count++;
	}
}

/* Read to the end; keep_bytes sabotages the erasure. Frames are at most DRAINED_MAX; free with drained_free. */
static inline struct drained drain_full(struct memory *memory, bool keep_bytes)
{
	struct drained d = {.frames = calloc(DRAINED_MAX, sizeof(struct sk_frame))};
	SK_INVARIANT(d.frames != NULL);
	struct sk_capture *capture = NULL;
	while ((d.open = memory_open(memory, &capture, &d.fault)) == SK_EINTR)
		memory->at = 0;
	if (d.open != SK_OK)
		return d;
	capture->keep_bytes = keep_bytes;
	struct sk_frame frames[SK_BATCH_MAX];
	for (size_t count = 1; count != 0;) {
		struct sk_fault fault = {0};
		enum sk_err err = sk_capture_next(capture, frames, &count, &fault);
		look_at_batch(&d, frames, count);
		if (err == SK_EINTR)
			count = 1;
		else if (err != SK_OK) {
			d.end = err;
			d.fault = fault;
			count = 1; /* the next call gives the end */
		}
	}
	sk_capture_stats(capture, &d.stats);
	d.residue = sk_capture_residue(capture);
	sk_capture_close(capture);
	return d;
}

static inline struct drained drain(const uint8_t *bytes, size_t length, size_t chunk)
{
	struct memory memory = {.bytes = bytes, .length = length, .chunk = chunk};
	return drain_full(&memory, false);
}

static inline void drained_free(struct drained *d)
{
	free(d->frames);
	d->frames = NULL;
}

#endif
