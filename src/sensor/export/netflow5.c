/* SPDX-License-Identifier: Apache-2.0 */
/* NetFlow v5: a head and records of one form.

   version 5 (2)  count (2)  uptime ms (4)  seconds (4)  nanoseconds (4)  sequence, of records (4)  engine type (1), id (1)  sampling mode (2 bits), interval (14)
   record: source (4) destination (4) next hop (4) interfaces (2, 2) packets (4) octets (4) first, last uptime ms (4, 4) ports (2, 2) pad (1) TCP flags (1)
           protocol (1) TOS (1) AS (2, 2) masks (1, 1) pad (2)                                                                                             */
#include "export/export_priv.h"

enum { RECORD_BYTES = 48, INTERVAL_BITS = 0x3fff, AT_SOURCE = 0, AT_DESTINATION = 4, AT_PACKETS = 16, AT_OCTETS = 20, AT_FIRST = 24, AT_LAST = 28, AT_SOURCE_PORT = 32,
       AT_DESTINATION_PORT = 34, AT_FLAGS = 37, AT_PROTOCOL = 38, PROTO_ICMP = 1 };

static struct sk_addr addr_at(struct sk_view view, size_t at)
{
	struct sk_addr addr = {.family = 4};
	memcpy(addr.bytes, sk_view_at(view, at), 4);
	return addr;
}

static int64_t uptime_at(const struct message *m, struct sk_view view, size_t at)
{
	int32_t ago_ms = (int32_t)((uint32_t)(m->uptime_ns / EXPORT_MS) - sk_view_be32(view, at));
	return m->base_ns - (int64_t)ago_ms * EXPORT_MS;
}

static void read_record(struct sk_export *x, const struct message *m, struct sk_view view, struct sk_metered *metered)
{
	uint16_t source = sk_view_be16(view, AT_SOURCE_PORT), destination = sk_view_be16(view, AT_DESTINATION_PORT);
	metered->ip_proto = sk_view_u8(view, AT_PROTOCOL);
	if (metered->ip_proto == PROTO_ICMP) {
		metered->icmp_type = (uint8_t)(destination >> 8);
		metered->icmp_code = (uint8_t)destination;
	} else {
		metered->source_port = source;
		metered->destination_port = destination;
	}
	metered->tcp_flags = sk_view_u8(view, AT_FLAGS);
	metered->packets = sk_view_be32(view, AT_PACKETS);
	metered->ip_bytes = sk_view_be32(view, AT_OCTETS);
	export_count(x, SK_EXPORT_ZERO_PACKETS, metered->packets == 0);
	if (metered->packets == 0 && metered->ip_bytes != 0)
		metered->packets = 1;
	export_times(x, m, uptime_at(m, view, AT_FIRST), uptime_at(m, view, AT_LAST), metered);
}

static void prefetch(const struct sk_export *x, struct sk_cur cur)
{
	sk_skip(&cur, (size_t)EXPORT_PREFETCH * RECORD_BYTES);
	struct sk_view ahead = sk_view_of(&cur, RECORD_BYTES);
	if (!sk_view_is(ahead))
		return;
	sk_border_prefetch(x->config.border, sk_view_at(ahead, AT_SOURCE), 4);
	sk_border_prefetch(x->config.border, sk_view_at(ahead, AT_DESTINATION), 4);
}

enum sk_err export_netflow5(struct sk_export *x, struct message *m, struct sk_cur *cur)
{
	uint16_t count = sk_be16(cur);
	uint32_t uptime_ms = sk_be32(cur), seconds = sk_be32(cur), nanoseconds = sk_be32(cur), sequence = sk_be32(cur);
	uint16_t engine = sk_be16(cur), sampling = sk_be16(cur);
	/* A count that the bytes do not bear out makes the whole message doubtful: not one record of it is read. */
	if (cur->dead || count == 0 || (size_t)count * RECORD_BYTES > sk_left(cur)) {
		export_count(x, SK_EXPORT_MALFORMED_MESSAGES, 1);
		return SK_OK;
	}
	export_clock(x, m, seconds * EXPORT_S + (nanoseconds < EXPORT_S ? nanoseconds : 0));
	m->uptime_ns = uptime_ms * EXPORT_MS;
	m->domain = export_domain(x, m, engine);
	if (m->domain == NULL)
		return SK_OK;
	export_sequence(x, m->domain, sequence, count, EXPORT_REORDER_RECORDS, SK_EXPORT_LOST_RECORDS);
	export_count(x, SK_EXPORT_DATA_RECORDS, count);
	for (uint16_t i = 0; i < count; i++) {
		prefetch(x, *cur);
		struct sk_view view = sk_view_of(cur, RECORD_BYTES);
		size_t offset = (size_t)(cur->at - m->bytes);
		struct sk_metered metered = {.source = addr_at(view, AT_SOURCE), .destination = addr_at(view, AT_DESTINATION), .end = SK_FLOW_END_IDLE, .by = m->meter,
					     .sampling = sampling & INTERVAL_BITS};
		enum sk_class class_;
		sk_skip(cur, RECORD_BYTES);
		if (!export_judge(x, &metered.source, &metered.destination, &class_)) {
			sk_wipe(m->bytes + offset, RECORD_BYTES);
			continue;
		}
		metered.class_ = (uint8_t)class_;
		read_record(x, m, view, &metered);
		export_mint(x, &metered);
	}
	return SK_OK;
}
