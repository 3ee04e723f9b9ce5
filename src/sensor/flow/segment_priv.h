/* SPDX-License-Identifier: Apache-2.0 */
/* One segment: its counters, its TCP state and who began it; in line, as every packet comes through. Counters are bit fields; a segment ends before any of
   them could wrap. */
#ifndef SK_FLOW_SEGMENT_PRIV_H
#define SK_FLOW_SEGMENT_PRIV_H

#include "flow/flow_priv.h"

enum { SK_SEGMENT_TCP = 6 };
/* Room for one more packet of SK_FRAGMENTS_MAX frames, in any counter. */
#define PACKETS_FULL (UINT32_MAX - UINT32_C(65536))
#define BYTES_FULL ((UINT64_C(1) << 40) - (UINT64_C(1) << 33))

static inline bool sk_segment_opens_connection(const struct sk_packet *packet)
{
	return (packet->tcp_flags & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN)) == SK_TCP_SYN;
}

static inline bool sk_segment_answers_connection(const struct sk_packet *packet)
{
	return (packet->tcp_flags & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN)) == (SK_TCP_SYN | SK_TCP_ACK);
}

/* DESIGN 6. Initiator: sender of SYN, else receiver of SYN-ACK, else first sender. A SYN outweighs what was guessed before. */
static inline void sk_segment_initiator(struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (packet->ip_proto != SK_SEGMENT_TCP || flow->sure)
		return;
	if (sk_segment_opens_connection(packet))
		flow->initiator = direction & 1;
	else if (sk_segment_answers_connection(packet))
		flow->initiator = (direction ^ 1) & 1;
	else
		return;
	flow->sure = 1;
}

static inline enum sk_flow_state sk_segment_tcp_state(const struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	enum sk_flow_state state = (enum sk_flow_state)flow->state;
	unsigned own = sk_side_flags(flow->side[direction]), other = sk_side_flags(flow->side[direction ^ 1]);
	if (state == SK_FLOW_RESET || (packet->tcp_flags & SK_TCP_RST) != 0)
		return SK_FLOW_RESET;
	if (state == SK_FLOW_CLOSED || (own & other & SK_TCP_FIN) != 0)
		return SK_FLOW_CLOSED;
	if (state == SK_FLOW_CLOSING || (packet->tcp_flags & SK_TCP_FIN) != 0)
		return SK_FLOW_CLOSING;
	if (state == SK_FLOW_NEW && sk_segment_opens_connection(packet))
		return SK_FLOW_SYN;
	if (state <= SK_FLOW_SYN && sk_segment_answers_connection(packet))
		return SK_FLOW_SYN_ACK;
	if ((packet->tcp_flags & SK_TCP_SYN) != 0)
		return state;
	if (state == SK_FLOW_SYN_ACK && direction == flow->initiator)
		return SK_FLOW_ESTABLISHED;
	/* The handshake was not seen (whole): both sides talk. */
	return own != 0 && other != 0 && state < SK_FLOW_SYN_ACK ? SK_FLOW_ESTABLISHED : state;
}

static inline void sk_segment_state(struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (packet->ip_proto == SK_SEGMENT_TCP) {
		/* In the midst of a connection. */
		if (flow->state == SK_FLOW_ESTABLISHED && (packet->tcp_flags & (SK_TCP_SYN | SK_TCP_FIN | SK_TCP_RST)) == 0)
			return;
		flow->state = sk_segment_tcp_state(flow, packet, direction) & 7;
	} else if (flow->packets[0] != 0 && flow->packets[1] != 0)
		flow->state = SK_FLOW_ESTABLISHED;
}

/* Add a packet to a segment. */
__attribute__((always_inline)) static inline void sk_segment_add(struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	uint64_t side = flow->side[direction] + packet->ip_bytes;
	side |= (uint64_t)packet->tcp_flags << SK_SIDE_FLAGS;
	/* SK_CLASS_NONE is all ones: the first packet of a direction clears what its class does not have. Half of all packets are one where scans are seen. */
	uint64_t none = -(uint64_t)(sk_side_class(side) == SK_CLASS_NONE);
	side &= ~((uint64_t)(~(unsigned)packet->class_ & 7u) << SK_SIDE_CLASS & none);
	flow->side[direction] = side;
	flow->side[1] |= (uint64_t)SK_CLASS_BIT(packet->class_) << (SK_SIDE_MORE + SK_LAYER_BITS);
	if (SK_UNLIKELY(packet->tunnels != 0))
		flow->side[0] |= (uint64_t)packet->tunnels << SK_SIDE_MORE;
	flow->packets[direction] += packet->frames;
	flow->frame_bytes += packet->wire_bytes;
	int64_t delta = packet->time_ns - flow->first_ns;
	if (delta > (int64_t)flow->last_delta_ns)
		flow->last_delta_ns = (uint64_t)delta & ((UINT64_C(1) << 44) - 1);
	sk_segment_initiator(flow, packet, direction);
	sk_segment_state(flow, packet, direction);
}

/* Begin a segment in a cleared or continued entry with its first packet. What a continued flow keeps: who began it, its state, classes by direction, and
   that its heads were looked at. */
static inline void sk_segment_open(struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (!flow->continued) {
		flow->initiator = direction & 1;
		flow->side[0] |= SK_SIDE_CLASS_MASK; /* SK_CLASS_NONE */
		flow->side[1] |= SK_SIDE_CLASS_MASK;
	}
	flow->first_ns = packet->time_ns;
	flow->meta = (flow->meta & UINT64_C(0xff00ffffffffffff)) | (uint64_t)(packet->interface & 0xff) << 48;
	flow->side[1] = (flow->side[1] & ~SK_SIDE_MORE_MASK) | (uint64_t)(packet->layers & SK_LAYER_MASK) << SK_SIDE_MORE;
	sk_segment_add(flow, packet, direction);
}

/* Does the packet begin a new connection in a flow that is over? */
static inline bool sk_segment_reopens(const struct sk_flow *flow, const struct sk_packet *packet)
{
	return packet->ip_proto == SK_SEGMENT_TCP && flow->state >= SK_FLOW_CLOSED && sk_segment_opens_connection(packet);
}

/* Has the segment lasted, or its counters grown, as far as they may? */
static inline bool sk_segment_is_full(const struct sk_flow *flow, const struct sk_packet *packet, int64_t active_ns)
{
	int64_t age = 0;
	if (__builtin_sub_overflow(packet->time_ns, flow->first_ns, &age) || age >= active_ns)
		return true;
	return flow->packets[0] >= PACKETS_FULL || flow->packets[1] >= PACKETS_FULL || flow->frame_bytes >= BYTES_FULL ||
	       sk_side_bytes(flow->side[0]) >= BYTES_FULL || sk_side_bytes(flow->side[1]) >= BYTES_FULL;
}

#endif
