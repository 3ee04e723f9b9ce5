/* SPDX-License-Identifier: Apache-2.0 */
/* What carrier.c and assembly.c share. */
#ifndef SK_EXPORT_CARRIER_PRIV_H
#define SK_EXPORT_CARRIER_PRIV_H

#include "export/carrier.h"
#include "wire/wire.h"

/* One segment of TCP towards a collector. */
struct segment {
	struct sk_addr source, destination;
	uint16_t source_port, destination_port;
	uint32_t sequence;
	uint8_t flags;
	struct sk_cur payload;
	int64_t time_ns;
};

/* One direction of one connection, in order as far as it has come: bytes[0] has the number `base`, `filled` bytes lie without a gap, pieces beyond wait. */
struct assembly {
	bool used;
	struct sk_addr source, destination;
	uint16_t source_port, destination_port;
	uint32_t session, base;
	uint32_t filled, highest;    /* highest: end of the last piece */
	int64_t seen_ns;
	unsigned range_count;
	struct { uint32_t start, end; } ranges[SK_CARRIER_RANGES];
	uint8_t *bytes;
};

struct sk_carrier {
	struct sk_carrier_config config;
	uint32_t sessions;
	uint8_t *datagram;
	uint8_t *memory;             /* of all streams */
	struct assembly streams[SK_CARRIER_STREAMS];
};

/* Put a segment to its stream and hand on the messages that are whole. */
SK_MUST enum sk_err carrier_segment(struct sk_carrier *carrier, struct segment *segment, struct sk_fault *fault);
/* Forget a stream. */
void carrier_stream_end(struct sk_carrier *carrier, struct assembly *stream);

#endif
