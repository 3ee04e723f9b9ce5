/* SPDX-License-Identifier: Apache-2.0 */
/* One segment: its counters, its TCP state and who began it; in line, as every packet comes through. Counters are bit fields; a segment ends before any of
   them could wrap. */
#ifndef SK_FLOW_SEGMENT_PRIV_H
#define SK_FLOW_SEGMENT_PRIV_H

#include "flow/flow_priv.h"

enum { SK_SEGMENT_TCP = 6 };
/* A counter is full when its highest bit is set: there is room for one more packet of SK_FRAGMENTS_MAX frames, and all counters are asked at once. */
#define SK_PACKETS_FULL (UINT32_C(1) << 31)
#define SK_BYTES_FULL (UINT64_C(1) << (SK_BYTES_BITS - 1))

/* TCP: what a packet says of its connection by the flags that count for it. */
#define SK_SEGMENT_FLAGS (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN)

static inline bool sk_segment_opens_connection(const struct sk_packet *packet)
{
	return (packet->tcp_flags & SK_SEGMENT_FLAGS) == SK_TCP_SYN;
}

static inline bool sk_segment_answers_connection(const struct sk_packet *packet)
{
	return (packet->tcp_flags & SK_SEGMENT_FLAGS) == (SK_TCP_SYN | SK_TCP_ACK);
}

/* DESIGN 6. Initiator: sender of SYN, else receiver of SYN-ACK, else first sender. As bits of `known`. */
static inline uint64_t sk_segment_began(const struct sk_packet *packet, unsigned direction)
{
	bool sure = (packet->tcp_flags & (SK_TCP_SYN | SK_TCP_RST | SK_TCP_FIN)) == SK_TCP_SYN, answers = sure & ((packet->tcp_flags & SK_TCP_ACK) != 0);
	return (uint64_t)sure << SK_KNOWN_SURE | (uint64_t)(direction ^ answers) << SK_KNOWN_INITIATOR;
}

/* A SYN outweighs what was guessed before. */
static inline void sk_segment_initiator(struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if ((packet->tcp_flags & (SK_TCP_SYN | SK_TCP_RST | SK_TCP_FIN)) != SK_TCP_SYN || sk_flow_knows(flow, SK_KNOWN_SURE))
		return;
	flow->known = (flow->known & ~(UINT64_C(1) << SK_KNOWN_INITIATOR)) | sk_segment_began(packet, direction);
}

/* What is so of both sides when a packet has been counted. */
enum { SK_BOTH_SENT = 1, SK_BOTH_FIN = 2, SK_INITIATORS = 4 }; /* the last: the packet is the initiator's */
_Static_assert(SK_BOTH_FIN == SK_TCP_FIN << 1 && SK_INITIATORS == 1 << 2, "sk_segment_add makes them of bits");

/* Where the next state stands: it follows from the state, the packet's flags and what is so of both sides (table->next_state, made by state.c). */
static inline unsigned sk_state_index(unsigned state, unsigned tcp_flags, unsigned both)
{
	return state << 7 | (tcp_flags & (SK_TCP_FIN | SK_TCP_SYN | SK_TCP_RST)) << 4 | (tcp_flags & SK_TCP_ACK) >> 1 | both;
}
_Static_assert(SK_TCP_FIN == 1 && SK_TCP_SYN == 2 && SK_TCP_RST == 4 && SK_TCP_ACK == 16, "three flags of a segment stand side by side, and ACK apart");

/* A packet's bytes, flags and class in its direction's word. */
static inline uint64_t sk_side_of(const struct sk_packet *packet)
{
	return packet->ip_bytes | (uint64_t)packet->tcp_flags << SK_SIDE_FLAGS | (uint64_t)packet->class_ << SK_SIDE_CLASS;
}

/* The classes that the flow was seen in, and layers; of side 1. */
static inline uint64_t sk_side_seen(const struct sk_packet *packet)
{
	return (uint64_t)SK_CLASS_BIT(packet->class_) << (SK_SIDE_MORE + SK_LAYER_BITS);
}

static inline uint64_t sk_side_layers(const struct sk_packet *packet)
{
	return (uint64_t)(packet->layers & SK_LAYER_MASK) << SK_SIDE_MORE;
}

/* Add a packet to a segment. */
__attribute__((always_inline)) static inline void sk_segment_add(const struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	uint64_t side = flow->side[direction] + packet->ip_bytes, other = flow->side[direction ^ 1];
	side |= (uint64_t)packet->tcp_flags << SK_SIDE_FLAGS;
	/* SK_CLASS_NONE is all ones: the first packet of a direction clears what its class does not have. Half of all packets are one where scans are seen. */
	uint64_t none = -(uint64_t)(sk_side_class(side) == SK_CLASS_NONE);
	side &= ~((uint64_t)(~(unsigned)packet->class_ & 7u) << SK_SIDE_CLASS & none);
	flow->side[direction] = side;
	flow->side[1] |= sk_side_seen(packet);
	if (SK_UNLIKELY(packet->tunnels != 0))
		flow->side[0] |= (uint64_t)packet->tunnels << SK_SIDE_MORE;
	flow->packets[direction] += packet->frames;
	flow->known += (uint64_t)packet->wire_bytes << SK_KNOWN_BYTES;
	int64_t delta = packet->time_ns - flow->first_ns;
	if (delta > (int64_t)flow->last_delta_ns)
		flow->last_delta_ns = (uint64_t)delta & ((UINT64_C(1) << 44) - 1);
	if ((packet->tcp_flags & SK_TCP_SYN) != 0)
		sk_segment_initiator(flow, packet, direction);
	/* In the midst of a talk. */
	if (SK_LIKELY(sk_flow_state(flow) == SK_FLOW_ESTABLISHED) && (packet->tcp_flags & (SK_TCP_SYN | SK_TCP_FIN | SK_TCP_RST)) == 0)
		return;
	unsigned both = (flow->packets[direction ^ 1] != 0) | ((unsigned)((side & other) >> SK_SIDE_FLAGS) & SK_TCP_FIN) << 1 | (direction ^ sk_flow_initiator(flow) ^ 1u) << 2;
	flow->known = (flow->known & ~SK_KNOWN_STATE_MASK) | table->next_state[sk_state_index(sk_flow_state(flow), packet->tcp_flags, both)];
}

/* Begin the first segment of a flow with its first packet: the whole entry. An IPv6 key stands beside it. */
__attribute__((always_inline)) static inline void sk_segment_first(const struct sk_flow_table *table, struct sk_flow *flow, const struct key *key, const struct sk_packet *packet,
								   unsigned direction)
{
	const bool back = direction != 0;
	const uint64_t own = sk_side_of(packet), other = SK_SIDE_CLASS_MASK; /* SK_CLASS_NONE */
	const uint64_t tunnels = (uint64_t)packet->tunnels << SK_SIDE_MORE;
	*flow = (struct sk_flow){
		.meta = key->meta | (uint64_t)(packet->interface & 0xff) << 48,
		.pair = (key->meta >> 40 & SK_KEY_V6) == 0 ? key->words[0] : 0,
		.first_ns = packet->time_ns,
		.packets = {back ? 0 : packet->frames, back ? packet->frames : 0},
		.side = {(back ? other : own) | tunnels, (back ? own : other) | sk_side_layers(packet) | sk_side_seen(packet)},
		.known = (uint64_t)packet->wire_bytes << SK_KNOWN_BYTES | sk_segment_began(packet, direction) | table->next_state[sk_state_index(SK_FLOW_NEW, packet->tcp_flags, 0)],
		.asked = table->generation & 15u
	};
}

/* Begin a segment of a flow that goes on. It keeps who began it, its state, classes by direction, and that its heads were looked at. */
static inline void sk_segment_again(const struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	flow->first_ns = packet->time_ns;
	flow->meta = (flow->meta & UINT64_C(0xff00ffffffffffff)) | (uint64_t)(packet->interface & 0xff) << 48;
	flow->side[1] = (flow->side[1] & ~SK_SIDE_MORE_MASK) | sk_side_layers(packet);
	sk_segment_add(table, flow, packet, direction);
}

/* Has the segment lasted, or its counters grown, as far as they may? */
static inline bool sk_segment_is_full(const struct sk_flow *flow, const struct sk_packet *packet, int64_t active_ns)
{
	int64_t age = 0;
	if (__builtin_sub_overflow(packet->time_ns, flow->first_ns, &age) || age >= active_ns)
		return true;
	uint64_t bytes = (flow->side[0] | flow->side[1] | sk_flow_frame_bytes(flow)) & SK_BYTES_FULL;
	return (bytes | ((flow->packets[0] | flow->packets[1]) & SK_PACKETS_FULL)) != 0;
}

#endif
