/* SPDX-License-Identifier: Apache-2.0 */
/* From a frame to the datagram or segment in it, if it goes to one of the ports. It reads what it must to know that, in the order in which it stands. */
#include "export/carrier_priv.h"

#include <stdlib.h>

enum {
	TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8, TYPE_QINQ_OLD = 0x9100, TAGS_MAX = 2,
	PROTO_TCP = 6, PROTO_UDP = 17, UDP_BYTES = 8, IPV4_BYTES = 20, IPV4_FRAGMENT = 0x3fff, IPV6_BYTES = 40,
	SLL_TYPE_AT = 14, SLL2_REST = 18, LOOP_BYTES = 4, ETHERNET_ADDRESSES = 12
};
static const uint16_t default_ports[] = {2055, 4739, 6343, 9995, 9996};

enum sk_err sk_carrier_new(const struct sk_carrier_config *config, struct sk_carrier **out)
{
	struct sk_carrier *carrier = calloc(1, sizeof *carrier);
	if (carrier == NULL)
		return SK_ENOMEM;
	SK_INVARIANT(config->port_count <= SK_CARRIER_PORTS_MAX && config->exporter_count <= SK_EXPORTERS_MAX);
	carrier->config = *config;
	if (config->port_count == 0) {
		memcpy(carrier->config.ports, default_ports, sizeof default_ports);
		carrier->config.port_count = SK_COUNT(default_ports);
	}
	carrier->datagram = malloc(SK_EXPORT_MESSAGE_MAX);
	carrier->memory = malloc((size_t)SK_CARRIER_STREAMS * SK_CARRIER_STREAM_BYTES);
	if (carrier->datagram == NULL || carrier->memory == NULL) {
		sk_carrier_free(carrier);
		return SK_ENOMEM;
	}
	memset(carrier->datagram, 0, SK_EXPORT_MESSAGE_MAX);
	memset(carrier->memory, 0, (size_t)SK_CARRIER_STREAMS * SK_CARRIER_STREAM_BYTES);
	for (size_t i = 0; i < SK_CARRIER_STREAMS; i++)
		carrier->streams[i].bytes = carrier->memory + i * SK_CARRIER_STREAM_BYTES;
	*out = carrier;
	return SK_OK;
}

void sk_carrier_free(struct sk_carrier *carrier)
{
	if (carrier == NULL)
		return;
	if (carrier->memory != NULL)
		sk_wipe(carrier->memory, (size_t)SK_CARRIER_STREAMS * SK_CARRIER_STREAM_BYTES);
	free(carrier->datagram);
	free(carrier->memory);
	sk_wipe(carrier, sizeof *carrier);
	free(carrier);
}

void sk_carrier_end(struct sk_carrier *carrier)
{
	for (size_t i = 0; i < SK_CARRIER_STREAMS; i++)
		if (carrier->streams[i].used)
			carrier_stream_end(carrier, &carrier->streams[i]);
}

size_t sk_carrier_residue(const struct sk_carrier *carrier)
{
	return sk_count_nonzero(carrier->datagram, SK_EXPORT_MESSAGE_MAX) + sk_count_nonzero(carrier->memory, (size_t)SK_CARRIER_STREAMS * SK_CARRIER_STREAM_BYTES);
}

/* ---- is it one of ours? ---- */

static bool is_port(const struct sk_carrier *carrier, uint16_t port)
{
	for (size_t i = 0; i < carrier->config.port_count; i++)
		if (carrier->config.ports[i] == port)
			return true;
	return false;
}

/* The operator said that this is telemetry of their own routers. What is read is therefore what a router of theirs can have sent: from inside to inside, or across
   the border in a class that the basis covers; or from a sender that they named. Somebody else's telemetry on its way through is none of it. rule: EXPORT-5 */
static bool is_ours(const struct sk_carrier *carrier, const struct sk_addr *source, const struct sk_addr *destination)
{
	enum sk_class class_;
	for (size_t i = 0; i < carrier->config.exporter_count; i++)
		if (sk_prefix_holds(&carrier->config.exporters[i], source))
			return true;
	if (carrier->config.exporter_count != 0)
		return false;
	return sk_gate_judge_pair(carrier->config.border, carrier->config.classes, source, destination, &class_) == SK_GATE_ADMITTED || class_ == SK_CLASS_DD;
}

/* ---- down to the payload ---- */

/* The type of what is in the frame; the cursor stands at it. */
static uint16_t skip_link(const struct sk_frame *frame, struct sk_cur *cur)
{
	uint16_t type = 0;
	switch ((enum sk_link)frame->link) {
	case SK_LINK_ETHERNET:
		sk_skip(cur, ETHERNET_ADDRESSES);
		type = sk_be16(cur);
		for (int i = 0; i < TAGS_MAX && (type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD); i++) {
			sk_skip(cur, 2);
			type = sk_be16(cur);
		}
		return type;
	case SK_LINK_SLL:
		sk_skip(cur, SLL_TYPE_AT);
		return sk_be16(cur);
	case SK_LINK_SLL2:
		type = sk_be16(cur);
		sk_skip(cur, SLL2_REST);
		return type;
	case SK_LINK_NULL:
	case SK_LINK_LOOP:
		sk_skip(cur, LOOP_BYTES);
		break;
	case SK_LINK_RAW_IP:
		break;
	}
	return sk_peek_u8(cur, 0) >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
}

struct packet {
	struct sk_addr source, destination;
	uint8_t proto;
	bool fragment;        /* a first one of several: the ports are there, the rest is not */
	bool cut;             /* more stood on the wire than was captured */
	struct sk_cur body;
};

static bool read_ipv4(struct sk_cur *cur, struct packet *packet)
{
	uint8_t head = sk_u8(cur);
	sk_skip(cur, 1);
	uint16_t length = sk_be16(cur);
	sk_skip(cur, 2);
	uint16_t fragment = sk_be16(cur);
	sk_skip(cur, 1);
	packet->proto = sk_u8(cur);
	sk_skip(cur, 2);
	packet->source.family = packet->destination.family = 4;
	sk_copy(cur, packet->source.bytes, 4);
	sk_copy(cur, packet->destination.bytes, 4);
	unsigned head_bytes = (head & 15u) * 4;
	if (cur->dead || head >> 4 != 4 || head_bytes < IPV4_BYTES || length < head_bytes || (fragment & 0x1fff) != 0)
		return false;
	sk_skip(cur, head_bytes - IPV4_BYTES);
	packet->fragment = (fragment & IPV4_FRAGMENT) != 0;
	packet->cut = length - head_bytes > sk_left(cur);
	packet->body = sk_carve_at_most(cur, length - head_bytes);
	return !cur->dead;
}

static bool read_ipv6(struct sk_cur *cur, struct packet *packet)
{
	uint8_t version = sk_u8(cur) >> 4;
	sk_skip(cur, 3);
	uint16_t length = sk_be16(cur);
	packet->proto = sk_u8(cur); /* behind extension headers there is no export that we know of */
	sk_skip(cur, 1);
	packet->source.family = packet->destination.family = 6;
	sk_copy(cur, packet->source.bytes, 16);
	sk_copy(cur, packet->destination.bytes, 16);
	if (cur->dead || version != 6)
		return false;
	packet->cut = length > sk_left(cur);
	packet->body = sk_carve_at_most(cur, length);
	return true;
}

/* ---- UDP and TCP ---- */

static enum sk_err take_datagram(struct sk_carrier *carrier, const struct sk_frame *frame, struct packet *packet, struct sk_fault *fault)
{
	struct sk_cur *body = &packet->body;
	uint16_t port = (sk_skip(body, 2), sk_be16(body)), length = sk_be16(body);
	sk_skip(body, 2);
	if (body->dead || !is_port(carrier, port) || length < UDP_BYTES)
		return SK_OK;
	if (!is_ours(carrier, &packet->source, &packet->destination)) {
		sk_export_count(carrier->config.export_, SK_EXPORT_CARRIERS_REFUSED, 1);
		return SK_OK;
	}
	size_t payload = (size_t)length - UDP_BYTES;
	if (packet->fragment || payload > sk_left(body)) {
		sk_export_count(carrier->config.export_, SK_EXPORT_CARRIERS_UNREAD, 1);
		return SK_OK;
	}
	const struct sk_export_source source = {.exporter = packet->source, .time_ns = frame->time_ns};
	sk_copy(body, carrier->datagram, payload);
	sk_export_count(carrier->config.export_, SK_EXPORT_CARRIERS, 1);
	return sk_export_message(carrier->config.export_, &source, carrier->datagram, payload, fault);
}

static enum sk_err take_segment(struct sk_carrier *carrier, const struct sk_frame *frame, struct packet *packet, struct sk_fault *fault)
{
	struct sk_cur *body = &packet->body;
	struct segment segment = {.source = packet->source, .destination = packet->destination, .time_ns = frame->time_ns};
	segment.source_port = sk_be16(body);
	segment.destination_port = sk_be16(body);
	if (body->dead || !is_port(carrier, segment.destination_port))
		return SK_OK;
	segment.sequence = sk_be32(body);
	sk_skip(body, 4);
	unsigned head_bytes = (sk_u8(body) >> 4) * 4u;
	segment.flags = sk_u8(body);
	sk_skip(body, 6);
	if (body->dead || head_bytes < 20 || head_bytes - 20 > sk_left(body))
		return SK_OK;
	sk_skip(body, head_bytes - 20);
	if (!is_ours(carrier, &packet->source, &packet->destination)) {
		sk_export_count(carrier->config.export_, SK_EXPORT_CARRIERS_REFUSED, 1);
		return SK_OK;
	}
	if (packet->fragment || packet->cut) {
		sk_export_count(carrier->config.export_, SK_EXPORT_CARRIERS_UNREAD, 1);
		return SK_OK;
	}
	segment.payload = sk_rest(body);
	sk_export_count(carrier->config.export_, SK_EXPORT_CARRIERS, sk_more(&segment.payload));
	return carrier_segment(carrier, &segment, fault);
}

enum sk_err sk_carrier_frame(struct sk_carrier *carrier, const struct sk_frame *frame, struct sk_fault *fault)
{
	struct sk_cur cur = sk_cur_of(frame->bytes, frame->captured_bytes);
	struct packet packet = {.proto = 0};
	uint16_t type = skip_link(frame, &cur);
	if ((type != TYPE_IPV4 || !read_ipv4(&cur, &packet)) && (type != TYPE_IPV6 || !read_ipv6(&cur, &packet)))
		return SK_OK;
	if (packet.proto == PROTO_UDP)
		return take_datagram(carrier, frame, &packet, fault);
	return packet.proto == PROTO_TCP ? take_segment(carrier, frame, &packet, fault) : SK_OK;
}
