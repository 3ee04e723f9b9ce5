/* SPDX-License-Identifier: Apache-2.0 */
/* From the packed entry to the record that leaves the room. */
#include "flow/flow_priv.h"

static void read_ends(const struct sk_flow_table *table, const struct sk_flow *flow, struct sk_addr ends[2])
{
	if (SK_LIKELY(!sk_flow_is_v6(flow))) {
		const uint32_t pair[2] = {(uint32_t)flow->pair, (uint32_t)(flow->pair >> 32)};
		for (unsigned end = 0; end < 2; end++) {
			ends[end] = (struct sk_addr){.family = 4};
			memcpy(ends[end].bytes, &pair[end], sizeof pair[end]);
		}
		return;
	}
	const uint64_t *words = sk_flow_wide(table, flow)->words;
	for (unsigned end = 0; end < 2; end++) {
		ends[end] = (struct sk_addr){.family = 6};
		memcpy(ends[end].bytes, &words[2 * end], sizeof ends[end].bytes);
	}
}

void sk_flow_read(const struct sk_flow_table *table, const struct sk_flow *flow, struct sk_flow_record *out)
{
	struct sk_addr ends[2];
	read_ends(table, flow, ends);
	const uint16_t ports[2] = {(uint16_t)flow->meta, (uint16_t)(flow->meta >> 16)};
	const uint64_t *side = flow->side;
	unsigned from = flow->initiator, to = from ^ 1u;
	/* Every member, one by one: an initialiser would clear the whole first. */
	out->initiator = ends[from];
	out->responder = ends[to];
	out->initiator_port = ports[from];
	out->responder_port = ports[to];
	out->ip_proto = sk_flow_proto(flow);
	out->initiator_sure = flow->sure;
	out->class_ = (uint8_t)sk_segment_class(flow);
	out->classes_seen = (uint8_t)(sk_side_more(side[1]) >> SK_LAYER_BITS);
	out->layers = sk_side_more(side[1]) & SK_LAYER_MASK;
	out->tunnels = sk_side_more(side[0]);
	out->interface = sk_flow_interface(flow);
	out->state = flow->state;
	out->tcp_flags[0] = sk_side_flags(side[from]);
	out->tcp_flags[1] = sk_side_flags(side[to]);
	out->app = sk_flow_app(flow);
	out->continued = flow->continued;
	out->shed = flow->shed;
	out->packets[0] = flow->packets[from];
	out->packets[1] = flow->packets[to];
	out->ip_bytes[0] = sk_side_bytes(side[from]);
	out->ip_bytes[1] = sk_side_bytes(side[to]);
	out->first_ns = flow->first_ns;
	out->last_ns = flow->first_ns + (int64_t)flow->last_delta_ns;
	out->frames = (uint64_t)flow->packets[0] + flow->packets[1];
	out->frame_bytes = flow->frame_bytes;
	out->facts = sk_flow_facts_of(table, flow);
	out->end = SK_FLOW_END_IDLE;
	out->icmp_type = out->icmp_code = 0;
	if (sk_is_icmp(out->ip_proto)) {
		bool one_way = (flow->meta >> 40 & SK_KEY_ONE_WAY) != 0;
		out->icmp_type = (uint8_t)out->initiator_port;
		out->icmp_code = one_way ? (uint8_t)out->responder_port : 0;
	}
}
