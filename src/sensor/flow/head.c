/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: which packet of which flow may hold one, and where it ends. TLS is known by content on any port, within the first payloads of a direction
   (a proxy's or STARTTLS' talk may come first). DNS is known by port 53 and content. Multicast DNS (5353) is left alone on purpose: its names are
   mostly those of persons' devices. */
#include "flow/flow_priv.h"

enum { PROTO_TCP = 6, PROTO_UDP = 17, PORT_DNS = 53, DNS_HEADER_BYTES = 12, DNS_LENGTH_BYTES = 2 };

/* What the bytes at the place of a head are. */
enum finding {
	FOUND_HEAD,   /* a head, in table->head */
	FOUND_OTHER,  /* a message that is no head, but the next one may be (DNS framing goes on) */
	FOUND_MORE,   /* the beginning of one */
	FOUND_NOTHING /* something else */
};

void sk_head_wipe(struct sk_flow_table *table)
{
	if (!table->head_used)
		return;
	sk_wipe(&table->head, sizeof table->head);
	table->head_used = false;
}

static unsigned attempts_of(const struct sk_flow *flow, unsigned direction)
{
	return direction == 0 ? flow->attempts0 : flow->attempts1;
}

static void set_attempts(struct sk_flow *flow, unsigned direction, unsigned attempts)
{
	if (direction == 0)
		flow->attempts0 = attempts & 7;
	else
		flow->attempts1 = attempts & 7;
}

static const struct sk_head *hand_out(struct sk_flow_table *table, struct sk_flow *flow, enum sk_head_kind kind, enum sk_app app, unsigned direction)
{
	table->head.kind = (uint8_t)kind;
	table->head.app = (uint8_t)app;
	table->head.from_initiator = direction == flow->initiator;
	sk_flow_set_app(flow, app);
	return &table->head;
}

/* A DNS message is one when it parses, or when it is cut off behind its question. */
static bool read_dns(struct sk_flow_table *table, struct sk_cur message)
{
	table->head_used = true;
	enum sk_err err = sk_dns_parse(message, &table->head.as.dns);
	if (err == SK_OK || (err == SK_ETRUNC && table->head.as.dns.name_length != 0))
		return true;
	sk_head_wipe(table);
	return false;
}

static bool is_dns_port(const struct sk_packet *packet)
{
	return packet->source_port == PORT_DNS || packet->destination_port == PORT_DNS;
}

static const struct sk_head *udp_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (is_dns_port(packet))
		return read_dns(table, packet->payload) ? hand_out(table, flow, SK_HEAD_DNS, SK_APP_DNS, direction) : NULL;
	unsigned attempts = attempts_of(flow, direction);
	if (attempts >= SK_HEAD_PACKETS_MAX)
		return NULL;
	table->head_used = true;
	if (sk_tls_client_hello_datagram(packet->payload, &table->head.as.client_hello) == SK_OK) {
		set_attempts(flow, direction, SK_HEAD_PACKETS_MAX);
		return hand_out(table, flow, SK_HEAD_CLIENT_HELLO, SK_APP_DTLS, direction);
	}
	sk_head_wipe(table);
	set_attempts(flow, direction, attempts + 1);
	return NULL;
}

/* RFC 1035 4.2.2: each message behind its length. One that is larger than a buffer is read as far as the buffer goes. */
static enum finding find_dns(struct sk_flow_table *table, struct sk_cur bytes, uint32_t *used)
{
	if (sk_left(&bytes) < DNS_LENGTH_BYTES)
		return FOUND_MORE;
	uint32_t length = sk_be16(&bytes);
	if (length < DNS_HEADER_BYTES)
		return FOUND_NOTHING;
	uint32_t needed = length < SK_CLIENT_HELLO_MAX_BYTES - DNS_LENGTH_BYTES ? length : SK_CLIENT_HELLO_MAX_BYTES - DNS_LENGTH_BYTES;
	if (sk_left(&bytes) < needed)
		return FOUND_MORE;
	*used = DNS_LENGTH_BYTES + length;
	return read_dns(table, sk_carve_at_most(&bytes, length)) ? FOUND_HEAD : FOUND_OTHER;
}

static enum finding find_tls(struct sk_flow_table *table, struct sk_cur bytes)
{
	table->head_used = true;
	enum sk_err err = sk_tls_client_hello(bytes, &table->head.as.client_hello);
	if (err == SK_OK)
		return FOUND_HEAD;
	sk_head_wipe(table);
	return err == SK_EMORE ? FOUND_MORE : FOUND_NOTHING;
}

/* Never look at this direction again. */
static void give_up(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction)
{
	struct stream *stream = sk_stream_of(table, flow, direction);
	if (stream != NULL)
		sk_stream_release(table, flow, stream);
	set_attempts(flow, direction, SK_HEAD_PACKETS_MAX);
}

/* One payload was no head: the next one may be. */
static void look_on(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction, uint32_t next_sequence)
{
	struct stream *stream = sk_stream_of(table, flow, direction);
	if (stream != NULL)
		sk_stream_release(table, flow, stream);
	flow->next_sequence[direction] = next_sequence;
	set_attempts(flow, direction, attempts_of(flow, direction) + 1);
}

static const struct sk_head *tls_found(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction)
{
	sk_streams_release(table, flow);
	set_attempts(flow, 0, SK_HEAD_PACKETS_MAX);
	set_attempts(flow, 1, SK_HEAD_PACKETS_MAX);
	return hand_out(table, flow, SK_HEAD_CLIENT_HELLO, SK_APP_TLS, direction);
}

/* A DNS message of `used` bytes has been read from the prefix, and the prefix may hold more. */
static void dns_consume(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction, uint32_t used)
{
	struct stream *stream = sk_stream_of(table, flow, direction);
	flow->next_sequence[direction] += used;
	struct sk_cur prefix = sk_stream_prefix(table, stream);
	if (used <= sk_left(&prefix)) {
		sk_stream_consume(table, stream, used);
		stream->packets = 0;
	}
	if (used > sk_left(&prefix) || stream->range_count == 0)
		sk_stream_release(table, flow, stream);
}

/* Read what stands at the front of a buffer. */
static const struct sk_head *buffered_head(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction, bool dns)
{
	for (;;) {
		struct stream *stream = sk_stream_of(table, flow, direction);
		if (stream == NULL)
			return NULL;
		struct sk_cur prefix = sk_stream_prefix(table, stream);
		if (!sk_more(&prefix))
			return NULL;
		uint32_t used = 0;
		switch (dns ? find_dns(table, prefix, &used) : find_tls(table, prefix)) {
		case FOUND_HEAD:
			if (!dns)
				return tls_found(table, flow, direction);
			dns_consume(table, flow, direction, used);
			return hand_out(table, flow, SK_HEAD_DNS, SK_APP_DNS, direction);
		case FOUND_OTHER:
			dns_consume(table, flow, direction, used);
			break;
		case FOUND_MORE:
			return NULL;
		case FOUND_NOTHING:
			look_on(table, flow, direction, flow->next_sequence[direction] + (uint32_t)sk_left(&prefix));
			return NULL;
		}
	}
}

/* Most hellos come whole, in order, in one packet: read without a copy. True: that settled it (head or nothing); false: a buffer is needed. */
static bool direct_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction, uint32_t next_sequence,
			const struct sk_head **head)
{
	bool sliced = sk_left(&packet->payload) < packet->payload_wire_bytes;
	switch (find_tls(table, packet->payload)) {
	case FOUND_HEAD:
		*head = tls_found(table, flow, direction);
		return true;
	case FOUND_MORE:
		if (!sliced)
			return false;
		break;
	default:
		break;
	}
	look_on(table, flow, direction, next_sequence);
	return true;
}

static const struct sk_head *tcp_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (packet->payload_wire_bytes == 0 || attempts_of(flow, direction) >= SK_HEAD_PACKETS_MAX)
		return NULL;
	bool dns = is_dns_port(packet);
	uint32_t sequence = packet->sequence + ((packet->tcp_flags & SK_TCP_SYN) != 0);
	if ((flow->sequence_known >> direction & 1) == 0) {
		/* The connection was not seen from its start: take this payload for a beginning. */
		flow->next_sequence[direction] = sequence;
		flow->sequence_known = (flow->sequence_known | 1u << direction) & 3u;
	}
	int32_t offset = (int32_t)(sequence - flow->next_sequence[direction]);
	struct sk_cur bytes = packet->payload;
	struct stream *stream = sk_stream_of(table, flow, direction);
	const struct sk_head *head = NULL;
	if (offset == 0 && stream == NULL && !dns && direct_head(table, flow, packet, direction, sequence + packet->payload_wire_bytes, &head))
		return head;
	if (offset < 0) {
		size_t past = (size_t)-(int64_t)offset;
		if (past >= sk_left(&bytes))
			return NULL; /* a retransmission of what was looked at */
		sk_skip(&bytes, past);
		offset = 0;
	}
	if (offset >= SK_CLIENT_HELLO_MAX_BYTES) {
		look_on(table, flow, direction, sequence + packet->payload_wire_bytes);
		return NULL;
	}
	if (stream == NULL)
		stream = sk_stream_take(table, flow, direction);
	if (stream == NULL || ++stream->packets > SK_STREAM_PACKETS_MAX || !sk_stream_put(table, stream, (uint32_t)offset, bytes)) {
		give_up(table, flow, direction);
		return NULL;
	}
	return buffered_head(table, flow, direction, dns);
}

const struct sk_head *sk_flow_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet)
{
	sk_head_wipe(table);
	if (packet->ip_proto != PROTO_TCP && packet->ip_proto != PROTO_UDP)
		return NULL;
	struct key key;
	unsigned direction = sk_flow_key(packet, &key);
	return packet->ip_proto == PROTO_UDP ? udp_head(table, flow, packet, direction) : tcp_head(table, flow, packet, direction);
}

const struct sk_head *sk_flow_head_next(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet)
{
	sk_head_wipe(table);
	if (packet->ip_proto != PROTO_TCP || !is_dns_port(packet))
		return NULL;
	struct key key;
	unsigned direction = sk_flow_key(packet, &key);
	return buffered_head(table, flow, direction, true);
}
