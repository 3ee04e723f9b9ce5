/* SPDX-License-Identifier: Apache-2.0 */
/* From the packed entry to the record that leaves the room. */
#include "flow/flow_priv.h"

static void split_key(const struct key *key, struct sk_addr ends[2], uint16_t ports[2])
{
	bool v6 = (key->meta >> 40 & SK_KEY_V6) != 0;
	for (unsigned end = 0; end < 2; end++) {
		const uint64_t halves[2] = {key->addresses[end], key->addresses[end + 2]};
		ends[end] = (struct sk_addr){.family = v6 ? 6 : 4};
		memcpy(ends[end].bytes, halves, sizeof halves);
		ports[end] = (uint16_t)(key->meta >> (end * 16));
	}
}

void sk_flow_read(const struct sk_flow_table *table, const struct sk_flow *flow, struct sk_flow_record *out)
{
	struct sk_addr ends[2];
	uint16_t ports[2];
	split_key(&flow->key, ends, ports);
	const uint64_t ip_bytes[2] = {flow->ip_bytes0, flow->ip_bytes1};
	const uint8_t tcp_flags[2] = {flow->tcp_flags0, flow->tcp_flags1};
	unsigned from = flow->initiator, to = from ^ 1u;
	*out = (struct sk_flow_record){
		.initiator = ends[from],
		.responder = ends[to],
		.initiator_port = ports[from],
		.responder_port = ports[to],
		.ip_proto = sk_flow_proto(flow),
		.initiator_sure = flow->sure,
		.class_ = (uint8_t)sk_segment_class(flow),
		.classes_seen = flow->classes_seen,
		.layers = flow->layers,
		.tunnels = flow->tunnels,
		.interface = sk_flow_interface(flow),
		.state = flow->state,
		.tcp_flags = {tcp_flags[from], tcp_flags[to]},
		.app = sk_flow_app(flow),
		.continued = flow->continued,
		.packets = {flow->packets[from], flow->packets[to]},
		.ip_bytes = {ip_bytes[from], ip_bytes[to]},
		.first_ns = flow->first_ns,
		.last_ns = flow->first_ns + (int64_t)flow->last_delta_ns,
		.frames = (uint64_t)flow->packets[0] + flow->packets[1],
		.frame_bytes = flow->frame_bytes,
		.facts = sk_flow_facts_of(table, flow),
	};
	if (sk_is_icmp(out->ip_proto)) {
		bool one_way = (flow->key.meta >> 40 & SK_KEY_ONE_WAY) != 0;
		out->icmp_type = (uint8_t)out->initiator_port;
		out->icmp_code = one_way ? (uint8_t)out->responder_port : 0;
	}
}
