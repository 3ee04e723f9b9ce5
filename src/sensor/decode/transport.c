/* SPDX-License-Identifier: Apache-2.0 */
/* TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), ICMP (RFC 792) and ICMPv6 (RFC 4443). A head that the capture cut off after its first facts
   (ports, type and code) is told as far as it goes: a sliced capture still has flows. */
#include "decode/decode_priv.h"

enum { SCTP_HEADER = 12, ICMP_HEADER = 8 };

/* The payload begins header_bytes into the segment. */
static void set_payload(const struct sk_ip *ip, uint32_t header_bytes, struct sk_packet *packet)
{
	struct sk_cur c = ip->payload;
	sk_skip(&c, header_bytes);
	packet->payload = sk_rest(&c);
	packet->payload_wire_bytes = ip->payload_wire_bytes > header_bytes ? ip->payload_wire_bytes - header_bytes : 0;
}

static bool parse_ports(struct sk_cur *c, struct sk_packet *packet)
{
	packet->source_port = sk_be16(c);
	packet->destination_port = sk_be16(c);
	packet->has_ports = sk_alive(c) == SK_OK;
	return packet->has_ports;
}

static bool parse_tcp(const struct sk_ip *ip, struct sk_packet *packet)
{
	struct sk_cur c = ip->payload;
	if (ip->payload_wire_bytes < SK_TCP_HEADER_MIN || !parse_ports(&c, packet))
		return false;
	packet->sequence = sk_be32(&c);
	sk_skip(&c, 4);
	uint32_t header_bytes = (sk_u8(&c) >> 4) * 4u;
	packet->tcp_flags = sk_u8(&c);
	if (sk_alive(&c) != SK_OK)
		header_bytes = SK_TCP_HEADER_MIN; /* cut off before it: the least that it can be */
	else if (header_bytes < SK_TCP_HEADER_MIN)
		return false;
	set_payload(ip, header_bytes, packet);
	return true;
}

static bool parse_udp(const struct sk_ip *ip, struct sk_packet *packet)
{
	struct sk_cur c = ip->payload;
	if (ip->payload_wire_bytes < SK_UDP_HEADER || !parse_ports(&c, packet))
		return false;
	uint16_t length = sk_be16(&c);
	set_payload(ip, SK_UDP_HEADER, packet);
	/* A length of 0 is a jumbogram or an offloaded checksum; one beyond the packet is overruled by IP. */
	if (length >= SK_UDP_HEADER && length < packet->payload_wire_bytes + SK_UDP_HEADER) {
		packet->payload_wire_bytes = length - (uint32_t)SK_UDP_HEADER;
		packet->payload = sk_carve_at_most(&packet->payload, packet->payload_wire_bytes);
	}
	return true;
}

static bool parse_sctp(const struct sk_ip *ip, struct sk_packet *packet)
{
	struct sk_cur c = ip->payload;
	if (ip->payload_wire_bytes < SCTP_HEADER || !parse_ports(&c, packet))
		return false;
	set_payload(ip, SCTP_HEADER, packet);
	return true;
}

/* Errors quote the packet that they answer: unreachable, source quench, redirect, time exceeded, parameter problem. */
static bool is_error(uint8_t proto, uint8_t type)
{
	if (proto == SK_PROTO_ICMPV6)
		return type < 128;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static bool parse_icmp(const struct sk_ip *ip, struct sk_packet *packet)
{
	struct sk_cur c = ip->payload;
	packet->icmp_type = sk_u8(&c);
	packet->icmp_code = sk_u8(&c);
	if (sk_alive(&c) != SK_OK)
		return false;
	packet->quoted = is_error(ip->proto, packet->icmp_type);
	if (!packet->quoted)
		set_payload(ip, ICMP_HEADER, packet);
	return true;
}

bool sk_transport_parse(const struct sk_ip *ip, struct sk_packet *packet)
{
	switch (ip->proto) {
	case SK_PROTO_TCP:
		return parse_tcp(ip, packet);
	case SK_PROTO_UDP:
		return parse_udp(ip, packet);
	case SK_PROTO_SCTP:
		return parse_sctp(ip, packet);
	case SK_PROTO_ICMP:
	case SK_PROTO_ICMPV6:
		return parse_icmp(ip, packet);
	default:
		set_payload(ip, 0, packet);
		return true;
	}
}
