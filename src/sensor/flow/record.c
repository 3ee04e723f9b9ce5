/* SPDX-License-Identifier: Apache-2.0 */
/* From the packed entry, or from what another meter told, to the record that leaves the room. */
#include "flow/record_priv.h"
#include "flow/segment_priv.h"

void sk_flow_read(const struct sk_flow_table *table, const struct sk_flow *flow, struct sk_flow_record *out)
{
	sk_record_read(table, flow, out);
}

/* ---- counted elsewhere ---- */

/* As far as the union of one direction's flags tells. */
static enum sk_flow_state metered_state(const struct sk_metered *metered)
{
	uint8_t flags = metered->tcp_flags;
	if (metered->ip_proto != SK_SEGMENT_TCP || flags == 0)
		return SK_FLOW_NEW;
	if ((flags & SK_TCP_RST) != 0)
		return SK_FLOW_RESET;
	if ((flags & SK_TCP_FIN) != 0)
		return SK_FLOW_CLOSING;
	if ((flags & SK_TCP_ACK) == 0)
		return (flags & SK_TCP_SYN) != 0 ? SK_FLOW_SYN : SK_FLOW_NEW;
	return (flags & (SK_TCP_SYN | SK_TCP_PSH)) == SK_TCP_SYN ? SK_FLOW_SYN_ACK : SK_FLOW_ESTABLISHED;
}

void sk_flow_metered(const struct sk_metered *metered, struct sk_flow_record *out)
{
	*out = (struct sk_flow_record){
		.initiator = metered->source, .responder = metered->destination, .initiator_port = metered->source_port, .responder_port = metered->destination_port,
		.ip_proto = metered->ip_proto, .initiator_sure = metered->source_began, .class_ = metered->class_, .classes_seen = (uint8_t)SK_CLASS_BIT(metered->class_),
		.layers = 1, .end = metered->end, .state = (uint8_t)metered_state(metered), .tcp_flags = {metered->tcp_flags}, .packets = {metered->packets},
		.ip_bytes = {metered->ip_bytes}, .first_ns = metered->first_ns, .last_ns = metered->last_ns, .frames = metered->packets, .frame_bytes = metered->ip_bytes,
		.metered_by = metered->by, .sampling = metered->sampling
	};
	if (!sk_is_icmp(metered->ip_proto))
		return;
	uint8_t counterpart = metered->icmp_code;
	bool both_ways = sk_icmp_counterpart(metered->ip_proto, metered->icmp_type, &counterpart);
	out->initiator_port = out->icmp_type = metered->icmp_type;
	out->responder_port = counterpart;
	out->icmp_code = both_ways ? 0 : metered->icmp_code;
}
