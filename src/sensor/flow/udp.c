/* SPDX-License-Identifier: Apache-2.0 */
/* Heads in UDP: one message a datagram (DNS, DTLS, commands), and QUIC, whose hello is a stream of its own inside the first datagrams. */
#include "flow/head_priv.h"

enum { DTLS_HANDSHAKE = 22, PORT_NBNS = 137, PORT_MDNS = 5353, PORT_LLMNR = 5355 };

static void count_attempt(struct sk_flow *flow, unsigned direction)
{
	sk_flow_set_attempts(flow, direction, sk_flow_attempts(flow, direction) + 1);
}

static const struct sk_head *hand_out(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction, enum sk_head_kind kind, enum sk_app app)
{
	struct sk_look look = {.direction = direction, .kind = kind, .app = app};
	return sk_head_hand_out(table, flow, &look);
}

static const struct sk_head *dns_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (sk_head_dns(table, packet->payload) == SK_OK)
		return hand_out(table, flow, direction, SK_HEAD_DNS, SK_APP_DNS);
	sk_head_wipe(table);
	return NULL;
}

/* At another port a strict question says that it is DNS, for the whole flow. What devices say to their neighbours (RFC 6762, RFC 4795, RFC 1002) is left alone
   wherever it goes. */
static bool is_local(uint16_t port)
{
	return port == PORT_MDNS || port == PORT_LLMNR || port == PORT_NBNS;
}

static bool is_dns_elsewhere(const struct sk_flow *flow, const struct sk_packet *packet)
{
	if (sk_flow_app(flow) == SK_APP_DNS)
		return true;
	return sk_flow_app(flow) == SK_APP_NONE && !is_local(packet->source_port) && !is_local(packet->destination_port) && sk_dns_is_question(packet->payload);
}

/* ---- DTLS ---- */

static const struct sk_head *dtls_certificate(struct sk_flow_table *table, struct sk_flow *flow, struct sk_cur datagram, unsigned direction)
{
	if (sk_tls_certificate_datagram(datagram, &table->credit, &sk_head_use(table)->as.certificate) == SK_OK && table->head.as.certificate.whole) {
		sk_flow_set_attempts(flow, direction, SK_HEAD_PACKETS_MAX);
		return hand_out(table, flow, direction, SK_HEAD_CERTIFICATE, SK_APP_DTLS);
	}
	sk_head_wipe(table);
	return NULL;
}

static const struct sk_head *dtls_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	struct sk_head *head = sk_head_use(table);
	if (sk_tls_client_hello_datagram(packet->payload, &table->credit, &head->as.client_hello) == SK_OK) {
		/* A server that asks for a cookie gets the same hello again: once is enough. */
		sk_flow_set_attempts(flow, direction, SK_HEAD_PACKETS_MAX);
		sk_flow_set_attempts(flow, direction ^ 1u, 0);
		return hand_out(table, flow, direction, SK_HEAD_CLIENT_HELLO, SK_APP_DTLS);
	}
	sk_wipe(head, sizeof *head);
	if (sk_tls_server_hello_datagram(packet->payload, &table->credit, &head->as.server_hello) == SK_OK) {
		if (sk_server_hello_has_certificate(&head->as.server_hello)) {
			table->rest = packet->payload;
			table->rest_readers = SK_READ_CERTIFICATE;
		} else {
			sk_flow_set_attempts(flow, direction, SK_HEAD_PACKETS_MAX);
		}
		return hand_out(table, flow, direction, SK_HEAD_SERVER_HELLO, SK_APP_DTLS);
	}
	sk_head_wipe(table);
	return dtls_certificate(table, flow, packet->payload, direction);
}

const struct sk_head *sk_head_udp_next(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	(void)packet;
	table->rest_readers = 0;
	return dtls_certificate(table, flow, table->rest, direction);
}

/* ---- QUIC ---- */

/* The buffer that remembers what opens the flow's packets. */
static struct stream *quic_state(const struct sk_flow_table *table, const struct sk_flow *flow)
{
	for (uint16_t i = flow->stream; i != 0; i = table->streams[i].next)
		if (table->streams[i].quic)
			return &table->streams[i];
	return NULL;
}

static void quic_end(struct sk_flow_table *table, struct sk_flow *flow)
{
	sk_streams_release(table, flow);
	sk_flow_set_attempts(flow, 0, SK_HEAD_PACKETS_MAX);
	sk_flow_set_attempts(flow, 1, SK_HEAD_PACKETS_MAX);
}

/* A Retry, another version, a client that begins again: what was collected belongs to a hello that nobody will finish. */
static void quic_restart(struct sk_flow_table *table, struct sk_flow *flow)
{
	for (unsigned direction = 0; direction < 2; direction++) {
		struct stream *stream = sk_stream_of(table, flow, direction);
		if (stream != NULL)
			sk_stream_clear(table, stream);
		sk_flow_set_attempts(flow, direction, 0);
	}
}

/* The hello at the front of a direction's CRYPTO stream. */
static const struct sk_head *quic_hello(struct sk_flow_table *table, struct sk_flow *flow, struct stream *stream,
					const struct sk_quic_datagram *datagram)
{
	struct sk_head *head = sk_head_use(table);
	unsigned direction = stream->direction;
	struct sk_cur prefix = sk_stream_prefix(table, stream);
	enum sk_err err = datagram->from_client ? sk_tls_client_hello_message(prefix, true, &table->credit, &head->as.client_hello)
						: sk_tls_server_hello_message(prefix, true, &table->credit, &head->as.server_hello);
	if (err == SK_OK) {
		/* The client's connection ID opens the server's answer too: its place stays until that has come. */
		if (datagram->from_client) {
			sk_stream_clear(table, stream);
			sk_flow_set_attempts(flow, direction, SK_HEAD_PACKETS_MAX);
			sk_flow_set_attempts(flow, direction ^ 1u, 0);
		} else {
			quic_end(table, flow);
		}
		head->quic_version = datagram->version;
		return hand_out(table, flow, direction, datagram->from_client ? SK_HEAD_CLIENT_HELLO : SK_HEAD_SERVER_HELLO, SK_APP_QUIC);
	}
	sk_head_wipe(table);
	if (err != SK_EMORE)
		quic_end(table, flow);
	return NULL;
}

static const struct sk_head *quic_put(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction, const struct sk_quic_datagram *datagram)
{
	struct stream *stream = sk_stream_of(table, flow, direction);
	if (stream == NULL)
		stream = sk_stream_take(table, flow, direction);
	if (stream == NULL)
		return NULL;
	for (unsigned i = 0; i < datagram->piece_count; i++)
		if (!sk_stream_put(table, stream, datagram->pieces[i].offset, datagram->pieces[i].bytes)) {
			quic_end(table, flow);
			return NULL;
		}
	return quic_hello(table, flow, stream, datagram);
}

static const struct sk_head *quic_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction,
				       struct stream *state)
{
	struct sk_quic_datagram datagram;
	struct sk_quic_flow first = {.version = 0};
	const struct sk_head *head = NULL;
	enum sk_err err = sk_quic_read(table->quic, state != NULL ? &state->quic_flow : &first, direction, packet->payload, &datagram);
	if (err == SK_OK && state == NULL) {
		state = sk_stream_take(table, flow, direction);
		if (state != NULL) {
			state->quic = true;
			state->quic_flow = first;
		}
	}
	count_attempt(flow, direction);
	if (err == SK_OK && state != NULL) {
		if (sk_flow_app(flow) == SK_APP_NONE)
			sk_flow_set_app(flow, SK_APP_QUIC);
		if (datagram.retry || datagram.negotiation || datagram.restarted)
			quic_restart(table, flow);
		if (datagram.piece_count != 0)
			head = quic_put(table, flow, direction, &datagram);
	}
	sk_quic_wipe(table->quic);
	if (err != SK_OK && sk_flow_app(flow) == SK_APP_NONE && sk_quic_by_form(packet->payload))
		sk_flow_set_app(flow, SK_APP_QUIC);
	/* Nobody finished: the buffers are for others. */
	if (sk_flow_attempts(flow, direction) >= SK_HEAD_PACKETS_MAX && head == NULL)
		quic_end(table, flow);
	return head;
}

/* ---- all ---- */

/* As in tcp.c: no head, but what is spoken shows. */
static void note_form(struct sk_flow *flow, struct sk_cur datagram)
{
	if (sk_flow_app(flow) != SK_APP_NONE)
		return;
	if (sk_dtls_by_form(datagram))
		sk_flow_set_app(flow, SK_APP_DTLS);
	else if (sk_quic_by_form(datagram))
		sk_flow_set_app(flow, SK_APP_QUIC);
}

const struct sk_head *sk_head_udp(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (packet->source_port == SK_HEAD_PORT_DNS || packet->destination_port == SK_HEAD_PORT_DNS || is_dns_elsewhere(flow, packet))
		return dns_head(table, flow, packet, direction);
	struct stream *state = flow->stream != 0 ? quic_state(table, flow) : NULL;
	if (table->quic != NULL && (state != NULL || sk_quic_maybe(packet->payload)))
		return quic_head(table, flow, packet, direction, state);
	count_attempt(flow, direction);
	if (sk_peek_u8(&packet->payload, 0) == DTLS_HANDSHAKE) {
		const struct sk_head *head = dtls_head(table, flow, packet, direction);
		if (head != NULL)
			return head;
	}
	struct sk_command *command = &sk_head_use(table)->as.command;
	if (sk_head_command(flow, packet, direction, &packet->payload, command) != SK_OK) {
		table->head_used = 0; /* the parsers leave it zero */
		note_form(flow, packet->payload);
		return NULL;
	}
	if (sk_head_is_industrial(command->app))
		sk_flow_set_attempts(flow, direction, 0);
	return hand_out(table, flow, direction, SK_HEAD_COMMAND, (enum sk_app)command->app);
}
