/* SPDX-License-Identifier: Apache-2.0 */
/* From the packed entry to the record that leaves the room. */
#ifndef SK_FLOW_RECORD_PRIV_H
#define SK_FLOW_RECORD_PRIV_H

#include "flow/flow_priv.h"

/* Which end is the initiator's is as good as random: no branch may depend on it. */
static inline void sk_record_ends(const struct sk_flow_table *table, const struct sk_flow *flow, unsigned from, struct sk_flow_record *out)
{
	if (SK_LIKELY(!sk_flow_is_v6(flow))) {
		const uint32_t initiator = (uint32_t)(flow->pair >> 32 * from), responder = (uint32_t)(flow->pair >> 32 * (from ^ 1u));
		out->initiator = out->responder = (struct sk_addr){.family = 4};
		memcpy(out->initiator.bytes, &initiator, sizeof initiator);
		memcpy(out->responder.bytes, &responder, sizeof responder);
		return;
	}
	const uint64_t *words = sk_flow_wide(table, flow)->words;
	out->initiator.family = out->responder.family = 6;
	memcpy(out->initiator.bytes, &words[2 * from], sizeof out->initiator.bytes);
	memcpy(out->responder.bytes, &words[2 * (from ^ 1u)], sizeof out->responder.bytes);
}

/* sk_flow_read, in line for what ends segments. */
static inline void sk_record_read(const struct sk_flow_table *table, const struct sk_flow *flow, struct sk_flow_record *out)
{
	const uint64_t *side = flow->side;
	unsigned from = sk_flow_initiator(flow), to = from ^ 1u;
	/* Every member, one by one: an initialiser would clear the whole first. */
	sk_record_ends(table, flow, from, out);
	out->initiator_port = (uint16_t)(flow->meta >> 16 * from);
	out->responder_port = (uint16_t)(flow->meta >> 16 * to);
	out->ip_proto = sk_flow_proto(flow);
	out->initiator_sure = sk_flow_knows(flow, SK_KNOWN_SURE);
	out->class_ = (uint8_t)sk_segment_class(flow);
	out->classes_seen = (uint8_t)(sk_side_more(side[1]) >> SK_LAYER_BITS);
	out->layers = sk_side_more(side[1]) & SK_LAYER_MASK;
	out->tunnels = sk_side_more(side[0]);
	out->interface = sk_flow_interface(flow);
	out->state = (uint8_t)sk_flow_state(flow);
	out->tcp_flags[0] = sk_side_flags(side[from]);
	out->tcp_flags[1] = sk_side_flags(side[to]);
	out->app = sk_flow_app(flow);
	out->continued = sk_flow_knows(flow, SK_KNOWN_CONTINUED);
	out->shed = sk_flow_knows(flow, SK_KNOWN_SHED);
	out->packets[0] = flow->packets[from];
	out->packets[1] = flow->packets[to];
	out->ip_bytes[0] = sk_side_bytes(side[from]);
	out->ip_bytes[1] = sk_side_bytes(side[to]);
	out->first_ns = flow->first_ns;
	out->last_ns = flow->first_ns + (int64_t)flow->last_delta_ns;
	out->frames = (uint64_t)flow->packets[0] + flow->packets[1];
	out->frame_bytes = sk_flow_frame_bytes(flow);
	out->facts = sk_flow_facts_of(table, flow);
	out->metered_by = SK_METER_HERE;
	out->sampling = 0;
	out->end = SK_FLOW_END_IDLE;
	out->icmp_type = out->icmp_code = 0;
	if (sk_is_icmp(out->ip_proto)) {
		bool one_way = (flow->meta >> 40 & SK_KEY_ONE_WAY) != 0;
		out->icmp_type = (uint8_t)out->initiator_port;
		out->icmp_code = one_way ? (uint8_t)out->responder_port : 0;
	}
}

#endif
