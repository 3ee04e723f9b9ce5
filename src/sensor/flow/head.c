/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: whether a packet may hold one, and what bytes at the place of a head are. Where that place is, and which comes next: tcp.c, udp.c.
   Protocols are known by content on any port, within the first payloads of a direction; DNS by port 53 and content (over TCP, what begins as SSH or TLS do is not), and elsewhere
   when a flow begins with a question that is nothing else. Multicast DNS (5353) and its like are left alone on purpose: their names are mostly those of persons' devices. */
#include "flow/head_priv.h"

/* Parsers that leave zeros when they say no: nothing is to be overwritten behind them. */
enum { SK_READ_CLEAN = SK_READ_COMMAND | SK_READ_HTTP | SK_READ_HTTP2 | SK_READ_SERVER_HELLO };
enum { DNS_HEADER_BYTES = 12, DNS_LENGTH_BYTES = 2, TLS_CHANGE_CIPHER_SPEC = 20, TLS_HANDSHAKE = 22 };

void sk_head_wipe(struct sk_flow_table *table)
{
	table->rest_readers = 0;
	if (table->head_used != 0)
		sk_head_drop(table);
}

void sk_head_drop(struct sk_flow_table *table)
{
	sk_wipe(&table->head, table->head_used);
	table->head_used = 0;
}

enum sk_err sk_head_dns(struct sk_flow_table *table, struct sk_cur message)
{
	struct sk_dns *dns = &sk_head_use(table)->as.dns;
	enum sk_err err = sk_dns_parse(message, dns);
	table->head_used = (uint16_t)(offsetof(struct sk_head, as.dns) + (dns->answer_address_count != 0 ? sizeof *dns : sk_dns_used(dns)));
	return err == SK_ETRUNC && dns->name_length != 0 ? SK_OK : err;
}

bool sk_head_is_industrial(unsigned app)
{
	return app >= SK_APP_MODBUS && app <= SK_APP_BACNET;
}

bool sk_head_is_command(unsigned app)
{
	return app >= SK_APP_SMB && app <= SK_APP_BACNET;
}

const struct sk_head *sk_head_hand_out(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_look *look)
{
	table->head.kind = (uint8_t)look->kind;
	table->head.app = (uint8_t)look->app;
	table->head.from_initiator = look->direction == sk_flow_initiator(flow);
	if (sk_flow_app(flow) == SK_APP_NONE)
		sk_flow_set_app(flow, look->app);
	return &table->head;
}

/* ---- one reader each ---- */

/* RFC 1035 4.2.2: in TCP each stands behind its length; one that is
   larger than a buffer is read as far as the buffer goes. */
static enum sk_err read_dns(struct sk_flow_table *table, struct sk_cur bytes, struct sk_look *look)
{
	if (sk_left(&bytes) < DNS_LENGTH_BYTES)
		return SK_EMORE;
	uint32_t length = sk_be16(&bytes);
	if (length < DNS_HEADER_BYTES)
		return SK_EUNSUPPORTED;
	uint32_t needed = length < SK_CLIENT_HELLO_MAX_BYTES - DNS_LENGTH_BYTES ? length : SK_CLIENT_HELLO_MAX_BYTES - DNS_LENGTH_BYTES;
	if (sk_left(&bytes) < needed)
		return SK_EMORE;
	look->kind = SK_HEAD_DNS;
	look->app = SK_APP_DNS;
	look->used = DNS_LENGTH_BYTES + length;
	return sk_head_dns(table, sk_carve_at_most(&bytes, length)) == SK_OK ? SK_OK : SK_EMALFORMED;
}

/* Of a certificate that is not whole nothing can be said. */
static enum sk_err read_certificate(struct sk_flow_table *table, struct sk_cur bytes, struct sk_look *look)
{
	struct sk_certificate *certificate = &sk_head_use(table)->as.certificate;
	enum sk_err err = sk_tls_certificate(bytes, look->last, &table->credit, certificate);
	look->kind = SK_HEAD_CERTIFICATE;
	look->app = SK_APP_TLS;
	return err == SK_OK && !certificate->whole ? SK_EUNSUPPORTED : err;
}

static enum sk_err read_hello(struct sk_flow_table *table, struct sk_cur bytes, bool client, struct sk_look *look)
{
	struct sk_head *head = sk_head_use(table);
	look->kind = client ? SK_HEAD_CLIENT_HELLO : SK_HEAD_SERVER_HELLO;
	look->app = SK_APP_TLS;
	return client ? sk_tls_client_hello(bytes, &table->credit, &head->as.client_hello) : sk_tls_server_hello(bytes, &table->credit, &head->as.server_hello);
}

static enum sk_err read_http(struct sk_flow_table *table, struct sk_cur bytes, struct sk_look *look)
{
	size_t used = 0;
	struct sk_http *http = &sk_head_use(table)->as.http;
	enum sk_err err = look->last ? sk_http_head_last(bytes, http, &used) : sk_http_head(bytes, http, &used);
	look->kind = SK_HEAD_HTTP;
	look->app = SK_APP_HTTP;
	look->used = (uint32_t)used;
	return err;
}

/* Servers may say other lines first (RFC 4253 4.2). Those end with a payload as a rule: waiting for more behind any text would hold a buffer for each
   mail server. */
static bool may_be_ssh(struct sk_cur bytes)
{
	static const char start[] = {'S', 'S', 'H', '-'};
	for (size_t i = 0; i < sizeof start && i < sk_left(&bytes); i++)
		if (sk_peek_u8(&bytes, i) != (uint8_t)start[i])
			return false;
	return true;
}

/* The identification is a head of its own when the key exchange has yet to come, or never comes. */
static enum sk_err read_ssh(struct sk_flow_table *table, const struct sk_flow *flow, struct sk_cur bytes, struct sk_look *look)
{
	if (!may_be_ssh(bytes))
		return SK_EUNSUPPORTED;
	struct sk_ssh *ssh = &sk_head_use(table)->as.ssh;
	enum sk_err err = sk_ssh_head(bytes, look->direction != sk_flow_initiator(flow), ssh);
	look->kind = SK_HEAD_SSH;
	look->app = SK_APP_SSH;
	if (err == SK_OK || !ssh->has_banner || look->told)
		return err;
	look->partial = err == SK_EMORE; /* version 1 has no key exchange to wait for */
	return SK_OK;
}

enum sk_err sk_head_command(const struct sk_flow *flow, const struct sk_packet *packet, unsigned direction, const struct sk_cur *bytes,
			    struct sk_command *out)
{
	unsigned app = sk_flow_app(flow);
	bool from_initiator = direction == sk_flow_initiator(flow);
	enum sk_err err = SK_EUNSUPPORTED;
	/* Ports tell who is the server; where they are known to be foreign to the protocol, who began does. */
	if (!sk_head_is_command(app) || !sk_flow_knows(flow, SK_KNOWN_SURE))
		err = sk_command_recognise(*bytes, packet->ip_proto, packet->source_port, packet->destination_port, from_initiator, out);
	if (!sk_head_is_command(app) || (err == SK_OK && out->app == app))
		return err;
	struct sk_command_context context = {.ip_proto = packet->ip_proto, .to_server = from_initiator, .hinted = true, .known = true};
	return sk_command_head((enum sk_app)app, *bytes, context, out);
}

static enum sk_err read_command(struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_cur *bytes, struct sk_look *look)
{
	struct sk_command *command = &sk_head_use(table)->as.command;
	enum sk_err err = sk_head_command(flow, look->packet, look->direction, bytes, command);
	look->kind = SK_HEAD_COMMAND;
	look->app = (enum sk_app)command->app;
	look->used = command->bytes;
	return err;
}

static enum sk_err read_as(struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_cur *bytes, enum sk_reader reader, struct sk_look *look)
{
	switch (reader) {
	case SK_READ_DNS:
		return read_dns(table, *bytes, look);
	case SK_READ_HTTP:
		return read_http(table, *bytes, look);
	case SK_READ_HTTP2:
		look->kind = SK_HEAD_NONE; /* the preface alone: nothing to keep but the protocol */
		look->app = SK_APP_HTTP2;
		return sk_http2_preface(*bytes);
	case SK_READ_SSH:
		return read_ssh(table, flow, *bytes, look);
	case SK_READ_COMMAND:
		return read_command(table, flow, bytes, look);
	case SK_READ_CERTIFICATE:
		return read_certificate(table, *bytes, look);
	default:
		return read_hello(table, *bytes, reader == SK_READ_CLIENT_HELLO, look);
	}
}

/* ---- all of them ---- */

/* What may begin with this byte. The commands have their own sieve. */
static unsigned readers_of(uint8_t first)
{
	if (first == TLS_HANDSHAKE || first == TLS_CHANGE_CIPHER_SPEC)
		return SK_READ_CLIENT_HELLO | SK_READ_SERVER_HELLO | SK_READ_COMMAND;
	if (first < 'A' || first > 'Z')
		return SK_READ_COMMAND;
	return SK_READ_HTTP | SK_READ_COMMAND | (first == 'S' ? SK_READ_SSH : 0u) | (first == 'P' ? SK_READ_HTTP2 : 0u);
}

/* A question behind its length, and nothing else: DNS at another port than its own. */
static bool is_question(struct sk_cur bytes)
{
	size_t length = sk_be16(&bytes);
	return length > DNS_HEADER_BYTES && length == sk_left(&bytes) && sk_dns_is_question(sk_rest(&bytes));
}

enum sk_found sk_look_at(struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_cur *bytes, struct sk_look *look)
{
	unsigned readers = look->readers, waiting = 0;
	bool framed = readers == SK_READ_DNS;
	if (readers == SK_READ_ANY)
		readers = is_question(*bytes) ? SK_READ_DNS : readers_of(sk_peek_u8(bytes, 0));
	for (; readers != 0; readers &= readers - 1) {
		enum sk_reader reader = (enum sk_reader)(readers & -readers);
		enum sk_err err = read_as(table, flow, bytes, reader, look);
		if (err == SK_OK)
			return SK_FOUND_HEAD;
		if ((reader & SK_READ_CLEAN) != 0)
			table->head_used = 0;
		else if (table->head_used != 0)
			sk_head_drop(table);
		if (err == SK_EMORE)
			waiting |= reader;
		if (framed && err == SK_EMALFORMED)
			return SK_FOUND_OTHER;
	}
	look->readers = waiting;
	return waiting != 0 ? SK_FOUND_MORE : SK_FOUND_NOTHING;
}

bool sk_look_is_news(struct stream *stream, struct sk_cur prefix)
{
	size_t seen = stream->seen, left = sk_left(&prefix);
	unsigned hellos = stream->readers & (SK_READ_CLIENT_HELLO | SK_READ_SERVER_HELLO | SK_READ_CERTIFICATE);
	unsigned others = stream->readers & ~(hellos | SK_READ_HTTP);
	if (left == seen)
		return false;
	stream->seen = (uint16_t)left;
	bool news = seen == 0 || others != 0;
	news |= hellos != 0 && sk_tls_is_news(prefix, (hellos & SK_READ_CERTIFICATE) != 0 ? 2 : 1, &stream->tls);
	return news || ((stream->readers & SK_READ_HTTP) != 0 && sk_http_is_news(prefix, seen));
}

/* ---- the room's functions ---- */

/* Of a packet with ports, from the flow that it belongs to. */
static unsigned direction_of(const struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_packet *packet)
{
	uint16_t low = (uint16_t)flow->meta, high = (uint16_t)(flow->meta >> 16);
	if (SK_LIKELY(low != high))
		return packet->source_port != low;
	const void *low_end = sk_flow_is_v6(flow) ? (const void *)sk_flow_wide(table, flow) : (const void *)&flow->pair;
	return memcmp(packet->source.bytes, low_end, sk_flow_is_v6(flow) ? 16 : 4) != 0;
}

uint32_t sk_flow_places(const struct sk_flow_table *table)
{
	return table->set_count * SK_SET_WAYS;
}

uint32_t sk_flow_place(const struct sk_flow_table *table, const struct sk_flow *flow)
{
	size_t set = (size_t)((const char *)flow - (const char *)table->sets) / sizeof(struct set);
	return (uint32_t)(set * SK_SET_WAYS + (size_t)(flow - table->sets[set].flows));
}

void sk_flow_glance(const struct sk_flow_table *table, const struct sk_flow *flow, unsigned direction, struct sk_flow_glance *out)
{
	*out = (struct sk_flow_glance){.place = sk_flow_place(table, flow), .direction = (uint8_t)direction, .to_server = direction == sk_flow_initiator(flow),
				       .two_sided = flow->packets[0] != 0 && flow->packets[1] != 0, .state = (uint8_t)sk_flow_state(flow), .app = sk_flow_app(flow),
				       .ip_bytes = sk_side_bytes(flow->side[direction])};
}

unsigned sk_flow_direction(const struct sk_flow_table *table)
{
	return table->direction;
}

void sk_flow_on_ending(struct sk_flow_table *table, sk_flow_ending ending, void *context)
{
	table->ending = ending;
	table->ending_context = context;
}

const struct sk_head *sk_flow_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet)
{
	sk_head_wipe(table);
	/* Bulk data ends here: before its payload, or anything else than the flow's own bits, was touched. */
	if (packet->payload_wire_bytes == 0 || table->limits.heads != SK_FLOW_HEADS_ALL)
		return NULL;
	table->credit.left += SK_CREDIT_EARNED;
	unsigned direction = direction_of(table, flow, packet);
	if (sk_flow_attempts(flow, direction) >= SK_HEAD_PACKETS_MAX)
		return NULL;
	if (packet->ip_proto == SK_HEAD_TCP)
		return sk_head_tcp(table, flow, packet, direction);
	return packet->ip_proto == SK_HEAD_UDP ? sk_head_udp(table, flow, packet, direction) : NULL;
}

const struct sk_head *sk_flow_head_next(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet)
{
	unsigned readers = table->rest_readers;
	sk_head_wipe(table);
	if (readers == 0)
		return NULL;
	table->rest_readers = (uint8_t)readers;
	unsigned direction = direction_of(table, flow, packet);
	return packet->ip_proto == SK_HEAD_TCP ? sk_head_tcp_next(table, flow, packet, direction) : sk_head_udp_next(table, flow, packet, direction);
}
