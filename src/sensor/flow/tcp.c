/* SPDX-License-Identifier: Apache-2.0 */
/* Heads in TCP: where the next one would begin (next_sequence), whether its bytes are read where they lie or put together first, and what may follow.
   Most heads come whole, in order, in one packet: they are read without a copy. */
#include "flow/head_priv.h"

/* What becomes of a direction after a head. */
enum next {
	NEXT_NOTHING, /* it is not looked at again */
	NEXT_PAYLOAD, /* the next payload may begin with one */
	NEXT_SAME,    /* the same bytes, and those that follow, hold one more: a certificate behind its hello, a key exchange behind an identification */
	NEXT_BEHIND   /* one may begin right behind it */
};

enum { VERSION_TLS13 = 0x0304, TLS_HANDSHAKE = 22 };

/* Readers of NEXT_SAME. */
enum { READ_SAME = SK_READ_CERTIFICATE | SK_READ_SSH };

/* Where the payload begins, and where what follows it does. */
static uint32_t start_of(const struct sk_packet *packet)
{
	return packet->sequence + ((packet->tcp_flags & SK_TCP_SYN) != 0);
}

static uint32_t end_of(const struct sk_packet *packet)
{
	return start_of(packet) + packet->payload_wire_bytes;
}

/* Never look at this direction again. */
static void give_up(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction)
{
	struct stream *stream = sk_stream_of(table, flow, direction);
	if (stream != NULL)
		sk_stream_release(table, flow, stream);
	sk_flow_set_attempts(flow, direction, SK_HEAD_PACKETS_MAX);
}

/* This payload holds no more heads: the next one may. */
static void look_on(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction, uint32_t next_sequence)
{
	struct stream *stream = sk_stream_of(table, flow, direction);
	if (stream != NULL)
		sk_stream_release(table, flow, stream);
	sk_flow_next_sequence(table, flow)[direction] = next_sequence;
	sk_flow_set_attempts(flow, direction, sk_flow_attempts(flow, direction) + 1);
}

/* ---- what a head says about what follows ---- */

/* Whatever the server said before (a proxy's or STARTTLS' talk, or what looked like a beginning), its hello comes with its next payload; unless it
   was faster than the client's in this capture. */
static void expect_server_hello(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction)
{
	struct stream *stream = sk_stream_of(table, flow, direction);
	if (stream != NULL && stream->told)
		return;
	if (stream != NULL)
		sk_stream_release(table, flow, stream);
	flow->sequence_known &= ~(1u << direction) & 3u;
	sk_flow_set_attempts(flow, direction, 0);
}

/* The HelloRetryRequest may be of a class that is not looked at, so one more payload of a TLS 1.3 client is: it holds a second hello, or it does
   not. */
static enum next after_client_hello(struct sk_flow *flow, const struct sk_client_hello *hello, unsigned direction)
{
	if (hello->highest_version < VERSION_TLS13 || sk_flow_attempts(flow, direction) >= SK_HEAD_PACKETS_MAX - 1)
		return NEXT_NOTHING;
	sk_flow_set_attempts(flow, direction, SK_HEAD_PACKETS_MAX - 2);
	return NEXT_PAYLOAD;
}

static enum next after_server_hello(struct sk_flow *flow, const struct sk_server_hello *hello, unsigned direction)
{
	if (!hello->hello_retry)
		return sk_server_hello_has_certificate(hello) ? NEXT_SAME : NEXT_NOTHING;
	/* The client says its hello again, then the server does (RFC 8446 4.1.4). */
	sk_flow_set_attempts(flow, direction ^ 1u, SK_HEAD_PACKETS_MAX - 2);
	sk_flow_set_attempts(flow, direction, 0);
	return NEXT_PAYLOAD;
}

/* Requests without a body, one behind the other or one a payload, are counted as long as the direction is looked at. A body is never searched for
   heads: what a page says is no message. */
static enum next after_http(const struct sk_http *http, bool at_end)
{
	if (http->response)
		return http->status < 200 && http->status != 101 ? (at_end ? NEXT_PAYLOAD : NEXT_BEHIND) : NEXT_NOTHING;
	if (strcmp(http->method, "CONNECT") == 0)
		return NEXT_PAYLOAD;
	if (strcmp(http->method, "GET") != 0 && strcmp(http->method, "HEAD") != 0 && strcmp(http->method, "OPTIONS") != 0)
		return NEXT_NOTHING;
	return at_end ? NEXT_PAYLOAD : NEXT_BEHIND;
}

/* `left`: bytes that were looked at. */
static enum next after(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_look *look, size_t left)
{
	switch (look->kind) {
	case SK_HEAD_CLIENT_HELLO:
		expect_server_hello(table, flow, look->direction ^ 1u);
		return after_client_hello(flow, &table->head.as.client_hello, look->direction);
	case SK_HEAD_SERVER_HELLO:
		return after_server_hello(flow, &table->head.as.server_hello, look->direction);
	case SK_HEAD_HTTP:
		return look->last || table->head.as.http.cut ? NEXT_NOTHING : after_http(&table->head.as.http, look->used >= left);
	case SK_HEAD_SSH:
		return look->partial && !look->last ? NEXT_SAME : NEXT_NOTHING;
	case SK_HEAD_COMMAND:
		if (!sk_head_is_industrial(look->app))
			return NEXT_PAYLOAD;
		sk_flow_set_attempts(flow, look->direction, 0);
		return look->used != 0 ? NEXT_BEHIND : NEXT_PAYLOAD;
	case SK_HEAD_DNS:
		return NEXT_BEHIND;
	default:
		return NEXT_NOTHING;
	}
}

static unsigned readers_after(enum sk_head_kind kind)
{
	return kind == SK_HEAD_SERVER_HELLO ? SK_READ_CERTIFICATE : kind == SK_HEAD_SSH ? SK_READ_SSH : kind == SK_HEAD_HTTP ? SK_READ_HTTP :
	       kind == SK_HEAD_DNS ? SK_READ_DNS : SK_READ_COMMAND;
}

/* HTTP/2 says nothing that is kept but that it is spoken. */
static const struct sk_head *note_http2(struct sk_flow_table *table, struct sk_flow *flow)
{
	if (sk_flow_app(flow) == SK_APP_NONE)
		sk_flow_set_app(flow, SK_APP_HTTP2);
	give_up(table, flow, 0);
	give_up(table, flow, 1);
	return NULL;
}

/* Bytes of which no head can be made, in a flow of which nothing is known: at least what is spoken may show. */
static void note_form(struct sk_flow *flow, struct sk_cur bytes)
{
	if (sk_flow_app(flow) == SK_APP_NONE && sk_tls_by_form(bytes))
		sk_flow_set_app(flow, SK_APP_TLS);
}

/* ---- heads in a buffer ---- */

/* `used` bytes of the front have been read, and there may be more. */
static void consume(struct sk_flow_table *table, struct sk_flow *flow, struct stream *stream, uint32_t used)
{
	sk_flow_next_sequence(table, flow)[stream->direction] += used;
	struct sk_cur prefix = sk_stream_prefix(table, stream);
	if (used <= sk_left(&prefix)) {
		sk_stream_consume(table, stream, used);
		stream->packets = 0;
	}
	if (used > sk_left(&prefix) || stream->pieces.count == 0)
		sk_stream_release(table, flow, stream);
}

static const struct sk_head *buffered_found(struct sk_flow_table *table, struct sk_flow *flow, struct stream *stream, const struct sk_look *look,
					    size_t left)
{
	if (look->kind == SK_HEAD_NONE)
		return note_http2(table, flow);
	unsigned direction = look->direction;
	switch (after(table, flow, look, left)) {
	case NEXT_NOTHING:
		sk_flow_next_sequence(table, flow)[direction] += (uint32_t)left; /* a HelloRetryRequest may open the direction again */
		give_up(table, flow, direction);
		break;
	case NEXT_PAYLOAD:
		look_on(table, flow, direction, sk_flow_next_sequence(table, flow)[direction] + (uint32_t)left);
		break;
	case NEXT_SAME:
		stream->readers = (uint8_t)readers_after(look->kind);
		stream->seen = 0; /* by other readers */
		stream->told = true;
		table->rest_readers = stream->readers;
		table->rest_buffered = true;
		break;
	case NEXT_BEHIND:
		stream->readers = (uint8_t)readers_after(look->kind);
		table->rest_readers = stream->readers;
		table->rest_buffered = true;
		consume(table, flow, stream, look->used);
		break;
	}
	return sk_head_hand_out(table, flow, look);
}

/* A hello in records of a byte or two is read like any other, but each of its segments costs as much as many packets: it has to be paid for. */
static bool pays_for_records(struct sk_flow_table *table, const struct stream *stream, unsigned before)
{
	enum { RECORDS_FREE = 64, RECORD_COST = 8 };
	unsigned records = stream->tls.records;
	return records <= RECORDS_FREE || records == before || sk_credit_spend(&table->credit, (int64_t)(records - before) * RECORD_COST);
}

/* Read what stands at the front of a buffer. */
static const struct sk_head *buffered_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	for (;;) {
		struct stream *stream = sk_stream_of(table, flow, direction);
		if (stream == NULL)
			return NULL;
		struct sk_cur prefix = sk_stream_prefix(table, stream);
		size_t left = sk_left(&prefix);
		bool last = stream->packets > SK_STREAM_PACKETS_MAX || left >= SK_CLIENT_HELLO_MAX_BYTES;
		struct sk_look look = {.packet = packet, .direction = direction, .readers = stream->readers, .last = last, .told = stream->told};
		unsigned records = stream->tls.records;
		bool worth = (sk_look_is_news(stream, prefix) || last) && left != 0;
		if (!pays_for_records(table, stream, records)) {
			give_up(table, flow, direction);
			return NULL;
		}
		switch (worth ? sk_look_at(table, flow, &prefix, &look) : SK_FOUND_MORE) {
		case SK_FOUND_HEAD:
			return buffered_found(table, flow, stream, &look, left);
		case SK_FOUND_OTHER:
			consume(table, flow, stream, look.used);
			break;
		case SK_FOUND_MORE:
			if (last)
				give_up(table, flow, direction);
			else if (left != 0)
				stream->readers = (uint8_t)look.readers;
			return NULL;
		case SK_FOUND_NOTHING:
			note_form(flow, prefix);
			if (stream->told)
				give_up(table, flow, direction);
			else
				look_on(table, flow, direction, sk_flow_next_sequence(table, flow)[direction] + (uint32_t)left);
			return NULL;
		}
	}
}

/* Put bytes to the direction's buffer, which is taken when there is none. */
static struct stream *put(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction, uint32_t offset, struct sk_cur bytes,
			  unsigned readers)
{
	struct stream *stream = sk_stream_of(table, flow, direction);
	if (stream == NULL) {
		stream = sk_stream_take(table, flow, direction);
		if (stream != NULL)
			stream->readers = (uint8_t)readers;
	}
	if (stream == NULL || !sk_stream_put(table, stream, offset, bytes)) {
		give_up(table, flow, direction);
		return NULL;
	}
	stream->packets++;
	return stream;
}

/* ---- heads where they lie ---- */

static const struct sk_head *direct_found(struct sk_flow_table *table, struct sk_flow *flow, struct sk_cur bytes, const struct sk_look *look)
{
	if (look->kind == SK_HEAD_NONE)
		return note_http2(table, flow);
	unsigned direction = look->direction;
	size_t left = sk_left(&bytes);
	switch (after(table, flow, look, left)) {
	case NEXT_NOTHING:
		sk_flow_next_sequence(table, flow)[direction] = end_of(look->packet); /* as above */
		give_up(table, flow, direction);
		break;
	case NEXT_PAYLOAD:
		look_on(table, flow, direction, end_of(look->packet));
		break;
	case NEXT_SAME:
		table->rest = bytes;
		table->rest_readers = (uint8_t)readers_after(look->kind);
		table->rest_buffered = false;
		break;
	case NEXT_BEHIND:
		sk_flow_next_sequence(table, flow)[direction] += look->used;
		if (look->used >= left)
			break;
		sk_skip(&bytes, look->used);
		table->rest = bytes;
		table->rest_readers = (uint8_t)readers_after(look->kind);
		table->rest_buffered = false;
		break;
	}
	return sk_head_hand_out(table, flow, look);
}

/* Bytes that lie at next_sequence; told: a head was read from them already, and the readers say which one may be behind it. */
static const struct sk_head *direct_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction,
					 struct sk_cur *bytes, unsigned readers, bool told)
{
	bool sliced = sk_left(&packet->payload) < packet->payload_wire_bytes;
	for (;;) {
		struct sk_look look = {.packet = packet, .direction = direction, .readers = readers, .last = sliced, .told = told};
		switch (sk_look_at(table, flow, bytes, &look)) {
		case SK_FOUND_HEAD:
			return direct_found(table, flow, *bytes, &look);
		case SK_FOUND_OTHER:
			sk_flow_next_sequence(table, flow)[direction] += look.used;
			if (look.used >= sk_left(bytes))
				return NULL;
			sk_skip(bytes, look.used);
			continue;
		case SK_FOUND_MORE:
			if (!sliced) {
				struct stream *stream = put(table, flow, direction, 0, *bytes, look.readers);
				if (stream == NULL)
					return NULL;
				stream->told = told;
				(void)sk_look_is_news(stream, sk_stream_prefix(table, stream)); /* no: this look was it */
				return NULL;
			}
			break;
		case SK_FOUND_NOTHING:
			note_form(flow, *bytes);
			break;
		}
		if (told)
			give_up(table, flow, direction);
		else
			look_on(table, flow, direction, end_of(packet));
		return NULL;
	}
}

const struct sk_head *sk_head_tcp_next(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	unsigned readers = table->rest_readers;
	struct sk_cur rest = table->rest;
	table->rest_readers = 0;
	return table->rest_buffered ? buffered_head(table, flow, packet, direction)
				    : direct_head(table, flow, packet, direction, &rest, readers, (readers & READ_SAME) != 0);
}

/* At the port of DNS a talk that begins as SSH or TLS do is no DNS: as its length and id these bytes would be one message in millions. Whoever hides behind an open port is so seen. */
static bool is_hidden(const struct sk_flow *flow, struct sk_cur bytes)
{
	uint8_t first[6] = {0};
	if (sk_flow_app(flow) != SK_APP_NONE)
		return sk_flow_app(flow) != SK_APP_DNS;
	if (sk_left(&bytes) < sizeof first)
		return false;
	for (size_t i = 0; i < sizeof first; i++)
		first[i] = sk_u8(&bytes);
	return memcmp(first, "SSH-", 4) == 0 || (first[0] == TLS_HANDSHAKE && first[1] == 3 && first[2] <= 4 && (first[5] == 1 || first[5] == 2));
}

const struct sk_head *sk_head_tcp(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	bool port = packet->source_port == SK_HEAD_PORT_DNS || packet->destination_port == SK_HEAD_PORT_DNS;
	bool dns = sk_flow_app(flow) == SK_APP_DNS || (port && !is_hidden(flow, packet->payload));
	unsigned readers = dns ? SK_READ_DNS : SK_READ_ANY;
	uint32_t sequence = start_of(packet);
	struct stream *stream = sk_stream_of(table, flow, direction);
	int32_t offset = (int32_t)(sequence - sk_flow_next_sequence(table, flow)[direction]);
	if ((flow->sequence_known >> direction & 1) == 0 || (offset > 0 && stream == NULL && sk_head_is_industrial(sk_flow_app(flow)))) {
		/* The connection was not seen from its start, or a machine's talk was not seen whole: take this payload for a beginning. */
		sk_flow_next_sequence(table, flow)[direction] = sequence;
		flow->sequence_known = (flow->sequence_known | 1u << direction) & 3u;
		offset = 0;
	}
	struct sk_cur bytes = packet->payload;
	if (offset < 0) {
		size_t past = (size_t)-(int64_t)offset;
		if (past >= sk_left(&bytes))
			return NULL; /* a retransmission of what was looked at, or the rest of a message whose beginning was */
		sk_skip(&bytes, past);
		offset = 0;
	}
	if (offset == 0 && stream == NULL)
		return direct_head(table, flow, packet, direction, &bytes, readers, false);
	if (offset >= SK_CLIENT_HELLO_MAX_BYTES) {
		look_on(table, flow, direction, end_of(packet));
		return NULL;
	}
	return put(table, flow, direction, (uint32_t)offset, bytes, readers) != NULL ? buffered_head(table, flow, packet, direction) : NULL;
}
