/* SPDX-License-Identifier: Apache-2.0 */
/* Peeling as one state machine over wire's cursor: each step reads one header, cuts the cursor to that header's length and names the next step.
   Every step that can be repeated consumes bytes, so the loop ends; nothing calls itself. docs/gate.md lists what is peeled and how exactly. */
#include "gate/peel_priv.h"

enum step {
	STEP_ETHERNET, STEP_ETHERTYPE, STEP_LLC, STEP_SLL, STEP_SLL2, STEP_FAMILY, STEP_MPLS, STEP_PPPOE, STEP_PPP, /* links */
	STEP_IP, STEP_IPV4, STEP_IPV6,                                                                                /* layers */
	STEP_UPPER, STEP_EXTENSION, STEP_UDP, STEP_ICMP, STEP_QUOTE, STEP_END,                                        /* what a layer carries */
	STEP_GRE, STEP_PPTP, STEP_ERSPAN2, STEP_ERSPAN3, STEP_WCCP, STEP_VXLAN, STEP_GENEVE, STEP_GTPU                /* tunnel heads */
};

/* Ethertypes (IEEE registry), also used by GRE, Geneve, SNAP and SLL. */
enum {
	TYPE_LENGTH_MAX = 1500, TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_PROVIDER = 0x88a8, TYPE_QINQ_OLD = 0x9100,
	TYPE_MPLS = 0x8847, TYPE_MPLS_UPSTREAM = 0x8848, TYPE_PPPOE_SESSION = 0x8864, TYPE_PPP = 0x880b, TYPE_ETHERNET = 0x6558,
	TYPE_ERSPAN2 = 0x88be, TYPE_ERSPAN3 = 0x22eb, TYPE_WCCP = 0x883e
};

/* IP protocol numbers and IPv6 extension headers (IANA). */
enum {
	PROTO_HOP_BY_HOP = 0, PROTO_ICMP = 1, PROTO_IPV4 = 4, PROTO_UDP = 17, PROTO_IPV6 = 41, PROTO_ROUTING = 43, PROTO_FRAGMENT = 44,
	PROTO_GRE = 47, PROTO_ICMPV6 = 58, PROTO_DESTINATION = 60, PROTO_MOBILITY = 135, PROTO_MPLS = 137, PROTO_HIP = 139, PROTO_SHIM6 = 140
};

enum { IPV4_HEADER_BYTES = 20, IPV6_HEADER_BYTES = 40, UDP_HEADER_BYTES = 8 };

static enum sk_peeled go(struct sk_peel *p, enum step step)
{
	p->step = (uint8_t)step;
	return SK_PEELED_GO;
}

/* No further layer. What looked like a UDP tunnel was none, so its bits go. */
static enum sk_peeled done(struct sk_peel *p)
{
	p->tunnels = p->tunnels_sure;
	p->step = STEP_END;
	return SK_PEELED_DONE;
}

/* The header cannot be what it was taken for. */
static enum sk_peeled contradiction(struct sk_peel *p)
{
	if (p->doubt == SK_PEEL_MAYBE)
		return done(p);
	if (p->layers != 0)
		return SK_PEELED_INNER_UNKNOWN;
	return p->doubt == SK_PEEL_GUESS ? SK_PEELED_UNKNOWN : SK_PEELED_MALFORMED;
}

/* A payload that is no IP. Inside a tunnel it is someone's traffic whose ends we cannot place: unknown. Below a UDP port this holds only when
   the tunnel header is exact to the last reserved bit; else any datagram to that port would do. */
static enum sk_peeled not_ip(struct sk_peel *p, enum sk_peeled outermost)
{
	if (p->layers == 0)
		return outermost;
	return p->doubt == SK_PEEL_MAYBE && !p->exact ? done(p) : SK_PEELED_INNER_UNKNOWN;
}

static size_t on_wire(const struct sk_peel *p)
{
	return sk_left(&p->cur) + p->uncaptured;
}

/* Are the next n bytes captured? */
static bool have(const struct sk_peel *p, size_t n)
{
	return SK_LIKELY(sk_left(&p->cur) >= n);
}

/* They are not. If they stood on the wire, a slice took away what decides: the strict answer, also where the whole frame might be plain.
   So a truncated frame is never judged more leniently than the whole one. */
static enum sk_peeled missing(struct sk_peel *p, size_t n)
{
	if (on_wire(p) < n)
		return contradiction(p);
	return p->layers != 0 ? SK_PEELED_INNER_UNKNOWN : SK_PEELED_MALFORMED;
}

/* Cut the rest to a length that a header states. More than there is = the tail is missing, and then it is counted as not captured. */
static void cut_to(struct sk_peel *p, size_t length)
{
	size_t left = sk_left(&p->cur);
	p->cur = sk_carve_at_most(&p->cur, length);
	p->uncaptured = length > left ? (uint32_t)(length - left) : 0;
}

/* ---- links ---- */

static enum sk_peeled by_ethertype(struct sk_peel *p, unsigned type)
{
	switch (type) {
	case TYPE_IPV4:
		return go(p, STEP_IPV4);
	case TYPE_IPV6:
		return go(p, STEP_IPV6);
	case TYPE_VLAN:
	case TYPE_PROVIDER:
	case TYPE_QINQ_OLD:
		if (!have(p, 2))
			return missing(p, 2);
		sk_skip(&p->cur, 2);
		p->tunnels |= type == TYPE_VLAN && p->tags == 0 ? SK_TUNNEL_VLAN : SK_TUNNEL_QINQ;
		p->tags = 1;
		return go(p, STEP_ETHERTYPE);
	case TYPE_MPLS:
	case TYPE_MPLS_UPSTREAM:
		return go(p, STEP_MPLS);
	case TYPE_PPPOE_SESSION:
		return go(p, STEP_PPPOE);
	case TYPE_PPP:
		return go(p, STEP_PPP);
	case TYPE_ETHERNET:
		return go(p, STEP_ETHERNET);
	default:
		return not_ip(p, SK_PEELED_NON_IP);
	}
}

/* destination 6, source 6, then a type or a length */
static enum sk_peeled ethernet(struct sk_peel *p)
{
	if (!have(p, 14))
		return missing(p, 14);
	sk_skip(&p->cur, 12);
	p->tags = 0;
	return go(p, STEP_ETHERTYPE);
}

/* A type, or an IEEE 802.3 length with LLC behind it. */
static enum sk_peeled ethertype(struct sk_peel *p)
{
	if (!have(p, 2))
		return missing(p, 2);
	unsigned type = sk_be16(&p->cur);
	if (type > TYPE_LENGTH_MAX)
		return by_ethertype(p, type);
	if (type < on_wire(p))
		cut_to(p, type);
	return go(p, STEP_LLC);
}

/* LLC unnumbered information: SNAP with an ethertype (RFC 1042, 802.1H), or the IP SAP. */
static enum sk_peeled llc(struct sk_peel *p)
{
	if (!have(p, 3))
		return missing(p, 3);
	uint32_t head = sk_be24(&p->cur);
	if (head == 0x060603)
		return go(p, STEP_IPV4);
	if (head != 0xaaaa03)
		return not_ip(p, SK_PEELED_NON_IP);
	if (!have(p, 5))
		return missing(p, 5);
	uint32_t organisation = sk_be24(&p->cur);
	unsigned type = sk_be16(&p->cur);
	return organisation == 0x000000 || organisation == 0x0000f8 ? by_ethertype(p, type) : not_ip(p, SK_PEELED_NON_IP);
}

/* Linux cooked capture: packet type 2, ARPHRD 2, address length 2, address 8, protocol 2. Protocol 4 is LLC. */
static enum sk_peeled sll(struct sk_peel *p)
{
	if (!have(p, 16))
		return missing(p, 16);
	sk_skip(&p->cur, 14);
	unsigned type = sk_be16(&p->cur);
	return type == 4 ? go(p, STEP_LLC) : by_ethertype(p, type);
}

/* Version 2: protocol 2, reserved 2, interface 4, ARPHRD 2, packet type 1, address length 1, address 8. */
static enum sk_peeled sll2(struct sk_peel *p)
{
	if (!have(p, 20))
		return missing(p, 20);
	unsigned type = sk_be16(&p->cur);
	sk_skip(&p->cur, 18);
	return type == 4 ? go(p, STEP_LLC) : by_ethertype(p, type);
}

/* BSD null and loop: an address family in the byte order of the machine that captured. AF_INET6 is 10, 24, 28 or 30, by system. */
static enum sk_peeled family(struct sk_peel *p)
{
	if (!have(p, 4))
		return missing(p, 4);
	uint32_t value = sk_be32(&p->cur);
	if (value > 0xffff)
		value = __builtin_bswap32(value);
	switch (value) {
	case 2:
		return go(p, STEP_IPV4);
	case 10:
	case 24:
	case 28:
	case 30:
		return go(p, STEP_IPV6);
	default:
		return not_ip(p, SK_PEELED_NON_IP);
	}
}

/* RFC 3032: label 20, traffic class 3, bottom 1, TTL 8. Nothing names the payload: the version nibble tells (RFC 4928), 0 and 1 are a pseudowire. */
static enum sk_peeled mpls(struct sk_peel *p)
{
	if (!have(p, 4))
		return missing(p, 4);
	p->tunnels |= SK_TUNNEL_MPLS;
	if ((sk_be32(&p->cur) & 0x100) == 0)
		return SK_PEELED_GO;
	if (p->doubt == SK_PEEL_SURE)
		p->doubt = SK_PEEL_GUESS;
	return go(p, STEP_IP);
}

/* RFC 2516: version 1, type 1, code 0, session 2, length 2. */
static enum sk_peeled pppoe(struct sk_peel *p)
{
	if (!have(p, 6))
		return missing(p, 6);
	unsigned version_code = sk_be16(&p->cur);
	sk_skip(&p->cur, 2);
	size_t length = sk_be16(&p->cur);
	if (version_code != 0x1100)
		return not_ip(p, SK_PEELED_NON_IP);
	p->tunnels |= SK_TUNNEL_PPPOE;
	if (length < on_wire(p))
		cut_to(p, length);
	return go(p, STEP_PPP);
}

/* RFC 1661, 1662: address and control may be left out, and so may the protocol's first zero byte. */
static enum sk_peeled ppp(struct sk_peel *p)
{
	if (!have(p, 2))
		return missing(p, 2);
	if (sk_peek_u8(&p->cur, 0) == 0xff && sk_peek_u8(&p->cur, 1) == 0x03)
		sk_skip(&p->cur, 2);
	if (!have(p, 2))
		return missing(p, 2);
	unsigned protocol = sk_u8(&p->cur);
	if ((protocol & 1) == 0)
		protocol = protocol << 8 | sk_u8(&p->cur);
	switch (protocol) {
	case 0x0021:
		return go(p, STEP_IPV4);
	case 0x0057:
		return go(p, STEP_IPV6);
	case 0x0281:
	case 0x0283:
		return go(p, STEP_MPLS);
	default:
		return not_ip(p, SK_PEELED_NON_IP);
	}
}

/* ---- IP layers ---- */

static enum sk_peeled ip(struct sk_peel *p)
{
	if (!have(p, 1))
		return missing(p, 1);
	unsigned version = sk_peek_u8(&p->cur, 0) >> 4;
	if (version == 4)
		return go(p, STEP_IPV4);
	if (version == 6)
		return go(p, STEP_IPV6);
	return p->doubt == SK_PEEL_GUESS ? not_ip(p, SK_PEELED_UNKNOWN) : contradiction(p);
}

/* The header is accepted: the packet is now the innermost one. Its transport may prove to be nothing that we peel. */
static enum sk_peeled layer(struct sk_peel *p, struct sk_cur header, unsigned family, size_t total_bytes)
{
	if (p->layers == SK_GATE_LAYERS_MAX)
		return SK_PEELED_INNER_UNKNOWN;
	p->inner = p->layers != 0;
	p->layers++;
	p->family = (uint8_t)family;
	p->packet = sk_carve_at_most(&header, total_bytes);
	p->packet_wire_bytes = (uint32_t)total_bytes;
	p->tunnels_sure = p->tunnels;
	p->doubt = SK_PEEL_MAYBE;
	p->exact = false;
	p->step = STEP_UPPER;
	return SK_PEELED_PAIR;
}

/* RFC 791. A total length of 0 is what segmentation offload leaves behind: the packet reaches to the end of what carries it. A length beyond
   that end means that the tail is missing, except where nothing but this very length tells that there is an IP header. */
static enum sk_peeled ipv4(struct sk_peel *p)
{
	if (!have(p, IPV4_HEADER_BYTES))
		return missing(p, IPV4_HEADER_BYTES);
	struct sk_cur header = p->cur;
	unsigned version_length = sk_peek_u8(&p->cur, 0);
	sk_skip(&p->cur, 2);
	size_t total = sk_be16(&p->cur);
	sk_skip(&p->cur, 2);
	unsigned fragment = sk_be16(&p->cur);
	sk_skip(&p->cur, 1);
	unsigned proto = sk_u8(&p->cur);
	sk_skip(&p->cur, 2);
	const uint8_t *source = sk_take(&p->cur, 4);
	const uint8_t *destination = sk_take(&p->cur, 4);

	size_t header_bytes = (version_length & 0xf) * 4u;
	size_t wire = on_wire(p) + IPV4_HEADER_BYTES;
	if (version_length >> 4 != 4 || header_bytes < IPV4_HEADER_BYTES || (total != 0 && total < header_bytes))
		return contradiction(p);
	if (p->doubt != SK_PEEL_SURE && (total == 0 || total > wire))
		return contradiction(p);
	if (total == 0)
		total = wire;
	cut_to(p, total - IPV4_HEADER_BYTES);
	p->source = source;
	p->destination = destination;
	p->later_fragment = (fragment & 0x1fff) != 0;
	p->proto = (uint8_t)proto;
	p->optional_bytes = (uint8_t)(header_bytes - IPV4_HEADER_BYTES);
	return layer(p, header, 4, total);
}

/* RFC 8200. A payload length of 0 is a jumbogram, offload, or really nothing: the packet reaches to the end of what carries it. */
static enum sk_peeled ipv6(struct sk_peel *p)
{
	if (!have(p, IPV6_HEADER_BYTES))
		return missing(p, IPV6_HEADER_BYTES);
	struct sk_cur header = p->cur;
	unsigned version = sk_peek_u8(&p->cur, 0) >> 4;
	sk_skip(&p->cur, 4);
	size_t payload = sk_be16(&p->cur);
	unsigned proto = sk_u8(&p->cur);
	sk_skip(&p->cur, 1);
	const uint8_t *source = sk_take(&p->cur, 16);
	const uint8_t *destination = sk_take(&p->cur, 16);

	if (version != 6 || (p->doubt != SK_PEEL_SURE && payload > on_wire(p)))
		return contradiction(p);
	if (payload == 0)
		payload = on_wire(p);
	cut_to(p, payload);
	p->source = source;
	p->destination = destination;
	p->later_fragment = false;
	p->proto = (uint8_t)proto;
	p->extensions = 0;
	p->optional_bytes = 0;
	return layer(p, header, 6, IPV6_HEADER_BYTES + payload);
}

/* ---- what a layer carries ---- */

static bool is_tunnel(unsigned proto)
{
	return proto == PROTO_IPV4 || proto == PROTO_IPV6 || proto == PROTO_GRE || proto == PROTO_MPLS;
}

/* The extension headers of RFC 8200, 6275, 7401 and 5533, which all begin with next header and length. ESP and AH are not looked into. */
static bool is_extension(unsigned proto)
{
	switch (proto) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_FRAGMENT:
	case PROTO_DESTINATION:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return true;
	default:
		return false;
	}
}

static enum sk_peeled encapsulated(struct sk_peel *p, uint16_t tunnel, enum step step)
{
	p->tunnels |= tunnel;
	p->doubt = SK_PEEL_SURE;
	return go(p, step);
}

/* By protocol number. A later fragment shows no header; if it belongs to a tunnel its inner pair cannot be seen, and behind an extension
   header of the unfragmentable kind it cannot even be told whether it does. */
static enum sk_peeled upper(struct sk_peel *p)
{
	bool extension = p->family == 6 && is_extension(p->proto);
	if (p->later_fragment)
		return is_tunnel(p->proto) || extension ? SK_PEELED_TUNNEL_FRAGMENT : done(p);
	bool icmp = p->proto == (p->family == 4 ? PROTO_ICMP : PROTO_ICMPV6);
	if (!extension && !is_tunnel(p->proto) && !icmp && p->proto != PROTO_UDP)
		return done(p);
	if (!have(p, p->optional_bytes))
		return missing(p, p->optional_bytes);
	sk_skip(&p->cur, p->optional_bytes);
	p->optional_bytes = 0;
	if (extension)
		return p->extensions++ < SK_GATE_EXTENSIONS_MAX ? go(p, STEP_EXTENSION) : SK_PEELED_INNER_UNKNOWN;
	switch (p->proto) {
	case PROTO_IPV4:
		return encapsulated(p, SK_TUNNEL_IPIP, STEP_IPV4);
	case PROTO_IPV6:
		return encapsulated(p, p->family == 4 ? SK_TUNNEL_6IN4 : SK_TUNNEL_IPIP, STEP_IPV6);
	case PROTO_GRE:
		return encapsulated(p, SK_TUNNEL_GRE, STEP_GRE);
	case PROTO_MPLS:
		return encapsulated(p, SK_TUNNEL_MPLS, STEP_MPLS);
	case PROTO_UDP:
		return go(p, STEP_UDP);
	default:
		return go(p, STEP_ICMP);
	}
}

/* next header 1, length 1 in units of 8 bytes without the first; the fragment header: next header 1, reserved 1, offset 13 bits, ... */
static enum sk_peeled extension(struct sk_peel *p)
{
	if (!have(p, 8))
		return missing(p, 8);
	bool fragment = p->proto == PROTO_FRAGMENT;
	p->proto = sk_u8(&p->cur);
	size_t rest = 6 + (fragment ? 0 : 8u * sk_peek_u8(&p->cur, 0));
	sk_skip(&p->cur, 1);
	if (fragment)
		p->later_fragment = (sk_peek_u8(&p->cur, 0) << 8 | (sk_peek_u8(&p->cur, 1) & 0xf8)) != 0;
	if (!have(p, rest))
		return missing(p, rest);
	sk_skip(&p->cur, rest);
	return go(p, STEP_UPPER);
}

/* RFC 768. Only the destination port can make a tunnel. A length of 0 (offload, RFC 2675) means the rest of the packet. */
static enum sk_peeled udp(struct sk_peel *p)
{
	if (!have(p, 4))
		return missing(p, 4);
	sk_skip(&p->cur, 2);
	unsigned port = sk_be16(&p->cur);
	if (!sk_peel_is_tunnel_port(port))
		return done(p);
	if (!have(p, 4))
		return missing(p, 4);
	size_t length = sk_be16(&p->cur);
	sk_skip(&p->cur, 2);
	if (length == 0)
		length = on_wire(p) + UDP_HEADER_BYTES;
	if (length < UDP_HEADER_BYTES || length - UDP_HEADER_BYTES > on_wire(p))
		return done(p);
	cut_to(p, length - UDP_HEADER_BYTES);
	return go(p, port == SK_PORT_VXLAN ? STEP_VXLAN : port == SK_PORT_GENEVE ? STEP_GENEVE : STEP_GTPU);
}

/* The errors that quote a packet: RFC 792 with RFC 1122 section 3.2.2; in RFC 4443 every type below 128. */
static bool is_icmp_error(unsigned family, unsigned type)
{
	return family == 6 ? type < 128 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static enum sk_peeled icmp(struct sk_peel *p)
{
	if (!have(p, 1))
		return missing(p, 1);
	if (!is_icmp_error(p->family, sk_u8(&p->cur)))
		return done(p);
	p->doubt = SK_PEEL_SURE;
	if (!have(p, 7))
		return missing(p, 7);
	sk_skip(&p->cur, 7);
	return go(p, STEP_QUOTE);
}

/* The quoted pair is judged, and nothing behind it is read: routers cut quotes and change lengths in them. */
static enum sk_peeled quote(struct sk_peel *p)
{
	unsigned version = sk_peek_u8(&p->cur, 0) >> 4;
	size_t before = version == 4 ? 12 : 8;
	size_t width = version == 4 ? 4 : 16;
	if ((version != 4 && version != 6) || !have(p, before + 2 * width))
		return SK_PEELED_INNER_UNKNOWN;
	sk_skip(&p->cur, before);
	p->family = (uint8_t)version;
	p->source = sk_take(&p->cur, width);
	p->destination = sk_take(&p->cur, width);
	p->inner = true;
	p->quoted = true;
	p->step = STEP_END;
	return SK_PEELED_PAIR;
}

/* ---- tunnel heads ---- */

/* RFC 2784, 2890: flags 16 (C 8000, R 4000, K 2000, S 1000, version 7), type 16, then checksum, key and sequence, 4 bytes each, if flagged.
   Source routes of RFC 1701 (R) and versions above 1 are not understood. ERSPAN type I is type II without a sequence number and its header. */
static enum sk_peeled gre(struct sk_peel *p)
{
	if (!have(p, 4))
		return missing(p, 4);
	unsigned flags = sk_be16(&p->cur);
	unsigned type = sk_be16(&p->cur);
	if ((flags & 7) == 1 && type == TYPE_PPP) {
		p->optional_bytes = (uint8_t)((flags & 0x1000 ? 4 : 0) + (flags & 0x0080 ? 4 : 0));
		return (flags & 0x2000) != 0 ? go(p, STEP_PPTP) : contradiction(p);
	}
	if ((flags & 0x4007) != 0)
		return contradiction(p);
	size_t optional = (flags & 0x8000 ? 4u : 0u) + (flags & 0x2000 ? 4u : 0u) + (flags & 0x1000 ? 4u : 0u);
	if (!have(p, optional))
		return missing(p, optional);
	sk_skip(&p->cur, optional);
	switch (type) {
	case TYPE_ERSPAN2:
		return go(p, (flags & 0x1000) != 0 ? STEP_ERSPAN2 : STEP_ETHERNET);
	case TYPE_ERSPAN3:
		return go(p, STEP_ERSPAN3);
	case TYPE_WCCP:
		return go(p, STEP_WCCP);
	default:
		return by_ethertype(p, type);
	}
}

/* RFC 2637: payload length 2, call 2, then sequence and acknowledgement, 4 bytes each, if flagged. A bare acknowledgement carries nothing. */
static enum sk_peeled pptp(struct sk_peel *p)
{
	size_t optional = p->optional_bytes;
	if (!have(p, 4 + optional))
		return missing(p, 4 + optional);
	size_t length = sk_be16(&p->cur);
	sk_skip(&p->cur, 2 + optional);
	p->optional_bytes = 0;
	if (length == 0) {
		p->tunnels_sure = p->tunnels;
		return done(p);
	}
	cut_to(p, length);
	return go(p, STEP_PPP);
}

/* draft-foschiano-erspan: version 4 bits = 1, VLAN 12, ... 8 bytes in all. */
static enum sk_peeled erspan2(struct sk_peel *p)
{
	if (!have(p, 8))
		return missing(p, 8);
	unsigned version = sk_peek_u8(&p->cur, 0) >> 4;
	sk_skip(&p->cur, 8);
	return version == 1 ? go(p, STEP_ETHERNET) : contradiction(p);
}

/* Version 2: 12 bytes; the last 16 bits are P 1, frame type 5 (0 Ethernet, 2 IP), hardware 6, direction 1, granularity 2, O 1: 8 more bytes. */
static enum sk_peeled erspan3(struct sk_peel *p)
{
	if (!have(p, 12))
		return missing(p, 12);
	unsigned version = sk_peek_u8(&p->cur, 0) >> 4;
	sk_skip(&p->cur, 10);
	unsigned last = sk_be16(&p->cur);
	size_t platform = (last & 1) != 0 ? 8 : 0;
	if (!have(p, platform))
		return missing(p, platform);
	sk_skip(&p->cur, platform);
	unsigned frame_type = last >> 10 & 0x1f;
	if (version != 2 || (frame_type != 0 && frame_type != 2))
		return contradiction(p);
	return go(p, frame_type == 0 ? STEP_ETHERNET : STEP_IP);
}

/* WCCP version 1 has no header of its own, version 2 has a redirect header of 4 bytes: flags, service, two buckets. */
static enum sk_peeled wccp(struct sk_peel *p)
{
	if (!have(p, 5))
		return missing(p, 5);
	unsigned version = sk_peek_u8(&p->cur, 0) >> 4;
	if (version != 4 && version != 6)
		sk_skip(&p->cur, 4);
	return go(p, STEP_IP);
}

/* RFC 7348: flags RRRRIRRR, reserved 24, network 24, reserved 8. I must be set; the rest is sent as 0 and ignored on receipt. */
static enum sk_peeled vxlan(struct sk_peel *p)
{
	if (!have(p, 8))
		return missing(p, 8);
	uint32_t flags = sk_be32(&p->cur);
	uint32_t network = sk_be32(&p->cur);
	if ((flags & 0x08000000) == 0)
		return contradiction(p);
	p->exact = flags == 0x08000000 && (network & 0xff) == 0;
	p->tunnels |= SK_TUNNEL_VXLAN;
	return go(p, STEP_ETHERNET);
}

/* RFC 8926: version 2 = 0, option length 6 (in 4 bytes), O 1, C 1, reserved 6, type 16, network 24, reserved 8, options. */
static enum sk_peeled geneve(struct sk_peel *p)
{
	if (!have(p, 8))
		return missing(p, 8);
	unsigned head = sk_be16(&p->cur);
	unsigned type = sk_be16(&p->cur);
	uint32_t network = sk_be32(&p->cur);
	size_t options = (head >> 8 & 0x3f) * 4u;
	if (head >> 14 != 0)
		return contradiction(p);
	if (!have(p, options))
		return missing(p, options);
	sk_skip(&p->cur, options);
	p->exact = (head & 0x3f) == 0 && (network & 0xff) == 0;
	p->tunnels |= SK_TUNNEL_GENEVE;
	return by_ethertype(p, type);
}

/* TS 29.281 section 5: version 3 = 1, PT 1 = 1, spare 1, E 1, S 1, PN 1, type 8, length 16, tunnel 32; with E, S or PN 4 more bytes, the last the
   type of the first extension header: length 1 (in 4 bytes), content, next type 1. Only a G-PDU (255) carries a packet. */
static enum sk_peeled gtpu(struct sk_peel *p)
{
	if (!have(p, 8))
		return missing(p, 8);
	unsigned flags = sk_u8(&p->cur);
	unsigned message = sk_u8(&p->cur);
	size_t length = sk_be16(&p->cur);
	sk_skip(&p->cur, 4);
	if ((flags & 0xf0) != 0x30 || message != 255 || length > on_wire(p))
		return contradiction(p);
	cut_to(p, length);
	unsigned next = 0;
	if ((flags & 7) != 0) {
		if (!have(p, 4))
			return missing(p, 4);
		sk_skip(&p->cur, 3);
		next = sk_u8(&p->cur);
	}
	if ((flags & 4) == 0)
		next = 0;
	while (next != 0) {
		if (!have(p, 1))
			return missing(p, 1);
		size_t bytes = sk_peek_u8(&p->cur, 0) * 4u;
		if (bytes == 0)
			return contradiction(p);
		if (!have(p, bytes))
			return missing(p, bytes);
		sk_skip(&p->cur, bytes - 1);
		next = sk_u8(&p->cur);
	}
	p->tunnels |= SK_TUNNEL_GTPU;
	return go(p, STEP_IP);
}

/* ---- the machine ---- */

static enum sk_peeled (*const steps[])(struct sk_peel *) = {
	[STEP_ETHERNET] = ethernet, [STEP_ETHERTYPE] = ethertype, [STEP_LLC] = llc, [STEP_SLL] = sll, [STEP_SLL2] = sll2, [STEP_FAMILY] = family,
	[STEP_MPLS] = mpls, [STEP_PPPOE] = pppoe, [STEP_PPP] = ppp, [STEP_IP] = ip, [STEP_IPV4] = ipv4, [STEP_IPV6] = ipv6, [STEP_UPPER] = upper,
	[STEP_EXTENSION] = extension, [STEP_UDP] = udp, [STEP_ICMP] = icmp, [STEP_QUOTE] = quote, [STEP_END] = done, [STEP_GRE] = gre,
	[STEP_PPTP] = pptp, [STEP_ERSPAN2] = erspan2, [STEP_ERSPAN3] = erspan3, [STEP_WCCP] = wccp, [STEP_VXLAN] = vxlan, [STEP_GENEVE] = geneve,
	[STEP_GTPU] = gtpu
};

void sk_peel_frame(struct sk_peel *peel, const struct sk_frame *frame)
{
	static const uint8_t first[] = {
		[SK_LINK_ETHERNET] = STEP_ETHERNET, [SK_LINK_RAW_IP] = STEP_IP, [SK_LINK_SLL] = STEP_SLL, [SK_LINK_SLL2] = STEP_SLL2,
		[SK_LINK_NULL] = STEP_FAMILY, [SK_LINK_LOOP] = STEP_FAMILY
	};
	SK_INVARIANT(frame->link < SK_COUNT(first));
	*peel = (struct sk_peel){
		.cur = sk_cur_of(frame->bytes, frame->captured_bytes),
		.uncaptured = frame->wire_bytes > frame->captured_bytes ? frame->wire_bytes - frame->captured_bytes : 0,
		.step = first[frame->link],
		.doubt = SK_PEEL_SURE
	};
}

void sk_peel_datagram(struct sk_peel *peel, const struct sk_admitted_info *seen, const uint8_t *bytes, size_t length)
{
	SK_INVARIANT(seen->layers >= 1 && seen->layers <= SK_GATE_LAYERS_MAX);
	*peel = (struct sk_peel){
		.cur = sk_cur_of(bytes, length),
		.step = STEP_IP,
		.doubt = SK_PEEL_SURE,
		.layers = (uint8_t)(seen->layers - 1),
		.tunnels = seen->tunnels
	};
}

enum sk_peeled sk_peel_next(struct sk_peel *peel)
{
	enum sk_peeled found;
	do {
		found = steps[peel->step](peel);
	} while (found == SK_PEELED_GO);
	return found;
}

bool sk_gate_is_tunnel_port(uint16_t destination_port)
{
	return sk_peel_is_tunnel_port(destination_port);
}
