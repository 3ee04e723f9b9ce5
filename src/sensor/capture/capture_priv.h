/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the ring's state, the two format walkers, the byte source. Tests of this room may include it. */
#ifndef SK_CAPTURE_PRIV_H
#define SK_CAPTURE_PRIV_H

#include "capture/capture.h"
#include "capture/source_priv.h"
#include "wire/wire.h"

enum {
	PCAP_HEAD_BYTES = 24,
	PCAP_RECORD_HEAD_BYTES = 16,
	PCAPNG_SECTION_MIN_BYTES = 28,
	PCAPNG_BLOCK_MAX_BYTES = 2 * SK_FRAME_MAX_BYTES, /* of a block that is parsed; others may have any length and are streamed over */
	INTERFACE_NAME_MAX = 64
};
_Static_assert(PCAPNG_BLOCK_MAX_BYTES + READ_BLOCK_BYTES <= SK_CAPTURE_RING_BYTES, "a whole block and a whole read fit into the ring");

/* How to turn a time stamp of an interface into nanoseconds: ticks * multiply / divide >> shift, plus the offset. */
struct ticks {
	uint64_t multiply, divide;
	uint8_t shift;
	int64_t offset_seconds;
};

/* What a section of a pcapng file says of one of its interfaces. */
struct section_interface {
	struct ticks ticks;
	uint64_t lost_interface, lost_system; /* last cumulative counters */
	uint32_t snap_bytes;
	uint16_t index; /* into sk_capture.interfaces */
};

/* An interface as the outside sees it. Sections that repeat one (same name, same link type) share it. */
struct interface {
	char name[INTERFACE_NAME_MAX];
	uint64_t section; /* the last section that described it, from 1 */
	uint8_t link;
};

/* Reads records from the ring into frames. SK_OK: the batch is full. SK_EMORE: *need bytes from start are wanted. Else the fault is set. */
typedef enum sk_err walk_function(struct sk_capture *c, struct sk_frame *frames, size_t *count, size_t *need, struct sk_fault *fault);

struct sk_capture {
	/* The ring: [batch, start) belongs to the batch that the caller holds, [start, fill) is not read yet, all the rest is zero. */
	struct area ring;
	size_t batch, start, fill;
	const struct sk_frame *handed; /* the caller's array with the batch; its frames that are marked as erased are not overwritten again */
	size_t handed_count;
	uint64_t ring_offset; /* where in the stream the ring's first byte lies */
	walk_function *walk;
	bool ended;
	bool big_endian; /* pcapng: of this section */
	bool keep_bytes; /* only tests set it: the sabotage of the erasure */

	/* pcap */
	uint32_t fraction_ns; /* nanoseconds of one unit of the fraction: 1 or 1000 */
	enum lengths { LENGTHS_RIGHT, LENGTHS_SWAPPED, LENGTHS_UNSURE } lengths;

	/* pcapng */
	uint64_t sections;
	uint64_t block_offset;   /* of the block that is being streamed over */
	uint64_t skip_bytes;     /* of its body that are left */
	uint32_t skip_total;     /* its length, expected again at its end; 0 = not in such a block */
	unsigned section_count;  /* interfaces of this section */
	struct section_interface section[SK_INTERFACES_MAX];

	int64_t last_ns;
	struct interface interfaces[SK_INTERFACES_MAX];
	struct sk_capture_stats stats;
	struct source source;
	char *name; /* for messages: the path, or "standard input" */
};

/* Open a capture over any reader; takes what *source holds, also on failure. Else as sk_capture_open. */
SK_MUST enum sk_err capture_open_source(struct source *source, const char *name, struct sk_capture **out, struct sk_fault *fault);

/* Name the damage at a stream offset: SK_EDAMAGED and the whole line, of which the caller gives what was found and expected. */
SK_PRINTF(4, 5) enum sk_err capture_damaged(const struct sk_capture *c, uint64_t offset, struct sk_fault *fault, const char *format, ...);

/* The enum sk_link of a link type, or SK_EUNSUPPORTED with a line that names it. */
SK_MUST enum sk_err capture_link_of(const struct sk_capture *c, uint32_t linktype, uint8_t *link, struct sk_fault *fault);

/* Read the 24 bytes of a pcap head that are in the ring. SK_EUNSUPPORTED, SK_ENOTCAPTURE. */
SK_MUST enum sk_err pcap_open(struct sk_capture *c, struct sk_fault *fault);
/* The walkers. */
walk_function pcap_walk_little, pcap_walk_big, pcapng_walk;

/* What a walker counts of a batch: each frame adds its captured bytes, and a wire length that differs what it differs by. */
struct capture_counts {
	uint64_t captured_bytes, uncaptured_bytes, sliced, odd_length, time_backwards;
	int64_t last_ns; /* of the frame before; nothing is before the first */
};

static inline struct capture_counts capture_counts_of(const struct sk_capture *c)
{
	return (struct capture_counts){.last_ns = c->stats.frames != 0 ? c->last_ns : INT64_MIN};
}

/* Count one frame that goes out. */
static inline void capture_count_frame(struct capture_counts *counts, const struct sk_frame *frame)
{
	counts->captured_bytes += frame->captured_bytes;
	counts->time_backwards += frame->time_ns < counts->last_ns;
	counts->last_ns = frame->time_ns;
}

/* The wire length that a record states, never below what was captured of it (that is counted). */
static inline uint32_t capture_wire_bytes(struct capture_counts *counts, uint32_t captured, uint32_t stated)
{
	if (SK_LIKELY(captured == stated))
		return captured;
	counts->odd_length += captured > stated;
	counts->sliced += captured < stated;
	counts->uncaptured_bytes += captured < stated ? stated - captured : 0;
	return captured > stated ? captured : stated;
}

/* The batch is done, and has so many frames. */
static inline void capture_add_counts(struct sk_capture *c, const struct capture_counts *counts, size_t frames)
{
	if (frames == 0)
		return;
	c->stats.frames += frames;
	c->stats.captured_bytes += counts->captured_bytes;
	c->stats.wire_bytes += counts->captured_bytes + counts->uncaptured_bytes;
	c->stats.sliced += counts->sliced;
	c->stats.odd_length += counts->odd_length;
	c->stats.time_backwards += counts->time_backwards;
	c->last_ns = counts->last_ns;
}

#endif
