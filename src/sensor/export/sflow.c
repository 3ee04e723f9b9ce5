/* SPDX-License-Identifier: Apache-2.0 */
/* sFlow v5 (sflow.org, sflow_version_5.txt), words of four bytes. A sampled header is a frame and goes to the gate; where an agent sends only what it read
   of the packet, that is a record of one packet, whose pair is judged first. All else is passed over by its length: counters, users, URLs, routes.

   version 5  agent address type  agent address (4 or 16 bytes)  sub-agent  sequence, of datagrams  uptime ms  samples
   sample: enterprise and format (20 + 12 bits)  length  | flow: sequence source rate pool drops input output records
                                                          | expanded: sequence source (2) rate pool drops input (2) output (2) records
   record: enterprise and format  length                  | header: protocol  frame length  stripped  length  bytes
                                                          | IPv4, IPv6: length  protocol  source  destination  ports (2)  TCP flags  TOS                     */
#include "export/export_priv.h"

enum { AGENT_V4 = 1, AGENT_V6 = 2, FLOW_SAMPLE = 1, COUNTER_SAMPLE = 2, EXPANDED_FLOW_SAMPLE = 3, EXPANDED_COUNTER_SAMPLE = 4 };
enum { RECORD_HEADER = 1, RECORD_IPV4 = 3, RECORD_IPV6 = 4, HEADER_ETHERNET = 1, HEADER_IPV4 = 11, HEADER_IPV6 = 12 };

/* Of one sample: what its records may become. */
struct sample {
	uint32_t sampling;
	bool has_header;         /* the packet itself is there: what an agent read of it is not needed */
	bool has_fields;
	struct sk_cur fields;
	uint8_t family;
};

static enum sk_err take_header(struct sk_export *x, const struct message *m, struct sk_cur *record, struct sk_fault *fault)
{
	uint32_t protocol = sk_be32(record), frame_bytes = sk_be32(record), stripped = sk_be32(record), length = sk_be32(record);
	bool ethernet = protocol == HEADER_ETHERNET, ip = protocol == HEADER_IPV4 || protocol == HEADER_IPV6;
	size_t there = length < sk_left(record) ? length : sk_left(record);
	if (record->dead || (!ethernet && !ip))
		there = 0; /* 802.11, PPP, ...: links that the gate does not know */
	/* The frame's length counts what was taken off it, of Ethernet the check sum. */
	uint32_t wire = frame_bytes > stripped ? frame_bytes - stripped : frame_bytes;
	return export_frame(x, m, record->dead ? 0 : (size_t)(record->at - m->bytes), there, wire, ethernet ? SK_LINK_ETHERNET : SK_LINK_RAW_IP, m->base_ns, fault);
}

static enum sk_err take_records(struct sk_export *x, const struct message *m, struct sk_cur *body, uint32_t count, struct sample *sample, struct sk_fault *fault)
{
	for (uint32_t i = 0; i < count && sk_more(body); i++) {
		uint32_t format = sk_be32(body), length = sk_be32(body);
		struct sk_cur record = sk_carve(body, length);
		if (format == RECORD_HEADER) {
			sample->has_header = true;
			SK_TRY(take_header(x, m, &record, fault));
		} else if ((format == RECORD_IPV4 || format == RECORD_IPV6) && !sample->has_fields) {
			sample->has_fields = true;
			sample->fields = record;
			sample->family = format == RECORD_IPV4 ? 4 : 6;
		}
		sk_skip(body, (4 - length % 4) % 4);
	}
	return SK_OK;
}

/* What the agent read of a packet whose bytes it does not send. The ports stand behind the pair: they are read when it is covered. rule: EXPORT-2 */
static void take_fields(struct sk_export *x, const struct message *m, struct sample *sample)
{
	struct sk_cur *cur = &sample->fields;
	size_t offset = (size_t)(cur->at - m->bytes), length = sk_left(cur), addr_bytes = sample->family == 4 ? 4 : 16;
	struct sk_metered metered = {.source.family = sample->family, .destination.family = sample->family, .end = SK_FLOW_END_IDLE, .by = m->meter, .sampling = sample->sampling,
				     .packets = 1};
	struct sk_cur before = *cur;
	enum sk_class class_;
	sk_skip(cur, 8);
	sk_copy(cur, metered.source.bytes, addr_bytes);
	sk_copy(cur, metered.destination.bytes, addr_bytes);
	export_count(x, SK_EXPORT_DATA_RECORDS, 1);
	if (cur->dead) {
		export_malformed_record(x);
		return;
	}
	if (!export_judge(x, &metered.source, &metered.destination, &class_)) {
		sk_wipe(m->bytes + offset, length);
		return;
	}
	metered.class_ = (uint8_t)class_;
	metered.ip_bytes = sk_be32(&before);
	metered.ip_proto = (uint8_t)sk_be32(&before);
	metered.source_port = (uint16_t)sk_be32(cur);
	metered.destination_port = (uint16_t)sk_be32(cur);
	metered.tcp_flags = (uint8_t)sk_be32(cur);
	if (metered.ip_proto == 1 || metered.ip_proto == 58)
		metered.source_port = metered.destination_port = 0;
	export_times(x, m, m->base_ns, m->base_ns, &metered);
	export_mint(x, &metered);
}

static enum sk_err take_flow_sample(struct sk_export *x, const struct message *m, struct sk_cur *body, bool expanded, struct sk_fault *fault)
{
	struct sample sample = {.family = 0};
	sk_skip(body, expanded ? 12 : 8);
	sample.sampling = sk_be32(body);
	sk_skip(body, expanded ? 24 : 16);
	uint32_t records = sk_be32(body);
	if (sample.sampling != 0) {
		x->totals.sampling_least = x->totals.sampling_least == 0 || sample.sampling < x->totals.sampling_least ? sample.sampling : x->totals.sampling_least;
		x->totals.sampling_most = sample.sampling > x->totals.sampling_most ? sample.sampling : x->totals.sampling_most;
	}
	SK_TRY(take_records(x, m, body, records, &sample, fault));
	if (body->dead)
		export_count(x, SK_EXPORT_MALFORMED_MESSAGES, 1);
	if (!sample.has_header && sample.has_fields)
		take_fields(x, m, &sample);
	else if (!sample.has_header)
		export_count(x, SK_EXPORT_SAMPLES_UNREAD, 1);
	return SK_OK;
}

static enum sk_err take_samples(struct sk_export *x, const struct message *m, struct sk_cur *cur, uint32_t count, struct sk_fault *fault)
{
	for (uint32_t i = 0; i < count && sk_more(cur); i++) {
		uint32_t format = sk_be32(cur), length = sk_be32(cur);
		struct sk_cur body = sk_carve(cur, length);
		if (cur->dead)
			break;
		if (format == FLOW_SAMPLE || format == EXPANDED_FLOW_SAMPLE)
			SK_TRY(take_flow_sample(x, m, &body, format == EXPANDED_FLOW_SAMPLE, fault));
		else if (format == COUNTER_SAMPLE || format == EXPANDED_COUNTER_SAMPLE)
			export_count(x, SK_EXPORT_COUNTER_SAMPLES, 1);
		else
			export_count(x, SK_EXPORT_SAMPLES_UNREAD, 1);
	}
	if (cur->dead)
		export_count(x, SK_EXPORT_MALFORMED_MESSAGES, 1);
	return export_frames_out(x, fault);
}

enum sk_err export_sflow(struct sk_export *x, struct message *m, struct sk_cur *cur, struct sk_fault *fault)
{
	uint32_t agent = sk_be32(cur);
	sk_skip(cur, agent == AGENT_V4 ? 4 : agent == AGENT_V6 ? 16 : 0);
	uint32_t sub_agent = sk_be32(cur), sequence = sk_be32(cur);
	(void)sk_be32(cur); /* uptime */
	uint32_t samples = sk_be32(cur);
	if (cur->dead || (agent != AGENT_V4 && agent != AGENT_V6)) {
		export_count(x, SK_EXPORT_MALFORMED_MESSAGES, 1);
		return SK_OK;
	}
	export_clock(x, m, m->source->time_ns != SK_EXPORT_NO_TIME ? m->source->time_ns : 0); /* a datagram tells no time */
	m->domain = export_domain(x, m, sub_agent);
	if (m->domain == NULL)
		return SK_OK;
	export_sequence(x, m->domain, sequence, 1, EXPORT_REORDER_MESSAGES, SK_EXPORT_LOST_MESSAGES);
	return take_samples(x, m, cur, samples, fault);
}
