/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200).

   0                   1                   2                   3        0                   1                   2                   3
   |Version|  IHL  | TOS   |          Total Length         |            |Version| Traffic Class |           Flow Label                  |
   |         Identification        |Flags|      Fragment Offset    |    |         Payload Length        |  Next Header  |   Hop Limit   |
   |  Time to Live |    Protocol   |         Header Checksum       |    |                         Source Address  (128)                 |
   |                       Source Address                          |    |                      Destination Address (128)                |
   |                    Destination Address                        | */
#include "decode/decode_priv.h"

enum { IPV4_MORE_FRAGMENTS = 0x2000, IPV4_OFFSET_MASK = 0x1fff, IPV6_MORE_FRAGMENTS = 1, IPV6_OFFSET_MASK = 0xfff8 };

/* What follows the headers, on the wire and as captured. */
static bool take_payload(struct sk_cur *c, uint32_t wire_length, struct sk_ip *out)
{
	size_t used = sk_offset(c);
	if (sk_alive(c) != SK_OK || used > wire_length)
		return false;
	out->payload_wire_bytes = wire_length - (uint32_t)used;
	out->payload = sk_carve_at_most(c, out->payload_wire_bytes);
	return true;
}

static bool parse_v4(struct sk_cur c, uint32_t wire_length, struct sk_ip *out)
{
	struct sk_cur whole = c;
	uint32_t header_bytes = (sk_u8(&c) & 0x0fu) * 4u;
	sk_skip(&c, 3); /* TOS, total length: the gate has judged it and gives the wire length */
	out->fragment_id = sk_be16(&c);
	uint16_t flags_offset = sk_be16(&c);
	out->ttl = sk_u8(&c);
	out->proto = sk_u8(&c);
	sk_skip(&c, 2); /* checksum: not verified, captures of the sending host carry none */
	out->source.family = out->destination.family = 4;
	sk_copy(&c, out->source.bytes, 4);
	sk_copy(&c, out->destination.bytes, 4);
	if (header_bytes < SK_IPV4_HEADER_MIN)
		return false;
	sk_skip(&c, header_bytes - SK_IPV4_HEADER_MIN);
	out->header_bytes = header_bytes;
	out->header = sk_carve(&whole, header_bytes);
	out->more = (flags_offset & IPV4_MORE_FRAGMENTS) != 0;
	out->fragment_offset = (flags_offset & IPV4_OFFSET_MASK) * 8u;
	out->fragment = out->more || out->fragment_offset != 0;
	return take_payload(&c, wire_length, out);
}

/* Walk the extension headers that only say how the packet travels. AH and ESP end the walk: they are named blind spots. */
static bool walk_extensions(struct sk_cur *c, struct sk_ip *out)
{
	for (unsigned walked = 0;; walked++) {
		switch (out->proto) {
		case SK_PROTO_HOP_BY_HOP:
		case SK_PROTO_ROUTING:
		case SK_PROTO_DESTINATION:
		case SK_PROTO_MOBILITY:
		case SK_PROTO_HIP:
		case SK_PROTO_SHIM6: {
			uint8_t next = sk_u8(c);
			size_t length = (sk_u8(c) + 1u) * 8u;
			sk_skip(c, length - 2);
			/* A header with nothing behind it is the message itself: mobility signalling, for one. */
			if (next == SK_PROTO_NONE)
				return sk_alive(c) == SK_OK;
			out->proto = next;
			break;
		}
		case SK_PROTO_FRAGMENT: {
			uint8_t next = sk_u8(c);
			sk_skip(c, 1);
			uint16_t offset_more = sk_be16(c);
			out->fragment_id = sk_be32(c);
			out->more = (offset_more & IPV6_MORE_FRAGMENTS) != 0;
			out->fragment_offset = offset_more & IPV6_OFFSET_MASK;
			out->proto = next;
			/* RFC 6946: an atomic fragment is a whole packet. */
			out->fragment = out->more || out->fragment_offset != 0;
			if (out->fragment)
				return true;
			break;
		}
		default:
			return true;
		}
		if (sk_alive(c) != SK_OK || walked == SK_GATE_EXTENSIONS_MAX)
			return false;
	}
}

static bool parse_v6(struct sk_cur c, uint32_t wire_length, struct sk_ip *out)
{
	struct sk_cur whole = c;
	sk_skip(&c, 6);
	out->proto = sk_u8(&c);
	out->ttl = sk_u8(&c);
	out->source.family = out->destination.family = 6;
	sk_copy(&c, out->source.bytes, 16);
	sk_copy(&c, out->destination.bytes, 16);
	out->header_bytes = SK_IPV6_HEADER;
	out->header = sk_carve(&whole, SK_IPV6_HEADER);
	return walk_extensions(&c, out) && take_payload(&c, wire_length, out);
}

bool sk_ip_parse(struct sk_cur bytes, uint32_t wire_length, struct sk_ip *out)
{
	*out = (struct sk_ip){.proto = 0};
	switch (sk_peek_u8(&bytes, 0) >> 4) {
	case 4:
		return parse_v4(bytes, wire_length, out);
	case 6:
		return parse_v6(bytes, wire_length, out);
	default:
		return false;
	}
}
