/* SPDX-License-Identifier: Apache-2.0 */
/* One segment: its counters, its TCP state and who began it. Counters are bit fields; a segment ends before any of them could wrap. */
#include "flow/flow_priv.h"

enum { PROTO_TCP = 6 };
/* Room for one more packet of SK_FRAGMENTS_MAX frames, in any counter. */
#define PACKETS_FULL (UINT32_MAX - UINT32_C(65536))
#define BYTES_FULL ((UINT64_C(1) << 40) - (UINT64_C(1) << 33))

static uint8_t flags_of(const struct sk_flow *flow, unsigned direction)
{
	return direction == 0 ? flow->tcp_flags0 : flow->tcp_flags1;
}

static bool opens_connection(const struct sk_packet *packet)
{
	return (packet->tcp_flags & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN)) == SK_TCP_SYN;
}

static bool answers_connection(const struct sk_packet *packet)
{
	return (packet->tcp_flags & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN)) == (SK_TCP_SYN | SK_TCP_ACK);
}

/* DESIGN 6. Initiator: sender of SYN, else receiver of SYN-ACK, else first sender. A SYN outweighs what was guessed before. */
static void settle_initiator(struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (packet->ip_proto != PROTO_TCP || flow->sure)
		return;
	if (opens_connection(packet))
		flow->initiator = direction & 1;
	else if (answers_connection(packet))
		flow->initiator = (direction ^ 1) & 1;
	else
		return;
	flow->sure = 1;
}

static enum sk_flow_state tcp_state(const struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	enum sk_flow_state state = (enum sk_flow_state)flow->state;
	uint8_t own = flags_of(flow, direction), other = flags_of(flow, direction ^ 1);
	if (state == SK_FLOW_RESET || (packet->tcp_flags & SK_TCP_RST) != 0)
		return SK_FLOW_RESET;
	if (state == SK_FLOW_CLOSED || (own & other & SK_TCP_FIN) != 0)
		return SK_FLOW_CLOSED;
	if (state == SK_FLOW_CLOSING || (packet->tcp_flags & SK_TCP_FIN) != 0)
		return SK_FLOW_CLOSING;
	if (state == SK_FLOW_NEW && opens_connection(packet))
		return SK_FLOW_SYN;
	if (state <= SK_FLOW_SYN && answers_connection(packet))
		return SK_FLOW_SYN_ACK;
	if ((packet->tcp_flags & SK_TCP_SYN) != 0)
		return state;
	if (state == SK_FLOW_SYN_ACK && direction == flow->initiator)
		return SK_FLOW_ESTABLISHED;
	/* The handshake was not seen (whole): both sides talk. */
	return own != 0 && other != 0 && state < SK_FLOW_SYN_ACK ? SK_FLOW_ESTABLISHED : state;
}

static void settle_state(struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (packet->ip_proto == PROTO_TCP)
		flow->state = tcp_state(flow, packet, direction) & 7;
	else if (flow->packets[0] != 0 && flow->packets[1] != 0)
		flow->state = SK_FLOW_ESTABLISHED;
}

void sk_segment_add(struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	flow->packets[direction] += packet->frames;
	flow->frame_bytes += packet->wire_bytes;
	if (direction == 0) {
		flow->ip_bytes0 += packet->ip_bytes;
		flow->tcp_flags0 |= packet->tcp_flags;
		if (flow->class0 == SK_CLASS_NONE)
			flow->class0 = packet->class_ & 7u;
	} else {
		flow->ip_bytes1 += packet->ip_bytes;
		flow->tcp_flags1 |= packet->tcp_flags;
		if (flow->class1 == SK_CLASS_NONE)
			flow->class1 = packet->class_ & 7u;
	}
	flow->classes_seen |= SK_CLASS_BIT(packet->class_) & 31;
	flow->tunnels |= packet->tunnels & 0x3ffu;
	int64_t delta = packet->time_ns - flow->first_ns;
	if (delta > (int64_t)flow->last_delta_ns)
		flow->last_delta_ns = (uint64_t)delta & ((UINT64_C(1) << 44) - 1);
	settle_initiator(flow, packet, direction);
	settle_state(flow, packet, direction);
	if (packet->ip_proto == PROTO_TCP && (packet->tcp_flags & SK_TCP_SYN) != 0)
		sk_streams_syn(flow, packet, direction);
}

/* What a continued flow keeps: who began it, its state, classes by direction, and that its heads were looked at. */
void sk_segment_open(struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (!flow->continued) {
		flow->initiator = direction & 1;
		flow->class0 = flow->class1 = SK_CLASS_NONE;
	}
	flow->first_ns = packet->time_ns;
	flow->key.meta = (flow->key.meta & UINT64_C(0xff00ffffffffffff)) | (uint64_t)(packet->interface & 0xff) << 48;
	flow->layers = packet->layers & 15u;
	sk_segment_add(flow, packet, direction);
}

bool sk_segment_reopens(const struct sk_flow *flow, const struct sk_packet *packet)
{
	return packet->ip_proto == PROTO_TCP && flow->state >= SK_FLOW_CLOSED && opens_connection(packet);
}

bool sk_segment_is_full(const struct sk_flow *flow, const struct sk_packet *packet, int64_t active_ns)
{
	int64_t age = 0;
	if (__builtin_sub_overflow(packet->time_ns, flow->first_ns, &age) || age >= active_ns)
		return true;
	return flow->packets[0] >= PACKETS_FULL || flow->packets[1] >= PACKETS_FULL || flow->frame_bytes >= BYTES_FULL ||
			flow->ip_bytes0 >= BYTES_FULL ||
	       flow->ip_bytes1 >= BYTES_FULL;
}

/* When only the answers were seen, the initiator's direction is theirs turned around. */
enum sk_class sk_segment_class(const struct sk_flow *flow)
{
	unsigned own = flow->initiator == 0 ? flow->class0 : flow->class1;
	unsigned other = flow->initiator == 0 ? flow->class1 : flow->class0;
	if (own != SK_CLASS_NONE)
		return (enum sk_class)own;
	return other == SK_CLASS_FD ? SK_CLASS_DF : other == SK_CLASS_DF ? SK_CLASS_FD : (enum sk_class)other;
}
