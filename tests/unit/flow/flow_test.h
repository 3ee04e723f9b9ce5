/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of flow share: packets from a few words, and a sink that adds up what ends. */
#ifndef FLOW_TEST_H
#define FLOW_TEST_H

#include "flow/flow.h"

#define S INT64_C(1000000000)
enum { TCP = 6, UDP = 17 };

static const uint8_t test_key[16] = "flow test key..";

static inline struct sk_addr addr4(uint32_t value)
{
	struct sk_addr addr = {.family = 4};
	struct sk_out o = sk_out_of(addr.bytes, 4);
	sk_put_be32(&o, value);
	return addr;
}

static inline struct sk_addr addr6(uint32_t value)
{
	struct sk_addr addr = {.family = 6, .bytes = {0x20, 1, 0x0d, 0xb8}};
	struct sk_out o = sk_out_of(addr.bytes + 12, 4);
	sk_put_be32(&o, value);
	return addr;
}

/* One frame of class FD (or DF the other way) with 100 bytes on the wire. */
static inline struct sk_packet packet_of(uint32_t from, uint16_t from_port, uint32_t to, uint16_t to_port, uint8_t proto, uint8_t flags,
		int64_t time_ns)
{
	return (struct sk_packet){
		.source = addr4(from), .destination = addr4(to), .source_port = from_port, .destination_port = to_port, .ip_proto = proto,
				.tcp_flags = flags,
		.class_ = from < to ? SK_CLASS_FD : SK_CLASS_DF, .inner_class = from < to ? SK_CLASS_FD : SK_CLASS_DF, .layers = 1, .frames = 1,
		.wire_bytes = 100, .ip_bytes = 86, .time_ns = time_ns, .clock_ns = time_ns, .has_ports = true,
	};
}

static inline void with_payload(struct sk_packet *packet, uint32_t sequence, const void *bytes, size_t length)
{
	packet->sequence = sequence;
	packet->payload = sk_cur_of(bytes, length);
	packet->payload_wire_bytes = (uint32_t)length;
}

/* What an engine does before it follows a packet: the clock of its source ticks, and the table is told. */
static inline void tick(struct sk_flow_clock *clock, struct sk_flow_table *table, struct sk_packet *packet)
{
	if (sk_flow_clock_tick(clock, packet->time_ns))
		sk_flow_clock_back(table, clock->was_ns, clock->now_ns);
	packet->clock_ns = clock->now_ns;
}

struct sink {
	uint64_t records, frames, bytes, by_end[8];
	struct sk_flow_record last;
};

static inline void sink_closed(void *context, const struct sk_flow_record *record)
{
	struct sink *sink = context;
	sink->records++;
	sink->frames += record->frames;
	sink->bytes += record->frame_bytes;
	sink->by_end[record->end]++;
	sink->last = *record;
}

#endif
