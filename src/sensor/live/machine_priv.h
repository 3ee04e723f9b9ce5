/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's state machine as the kernel runs it: peel.c and gate.c of the room gate once more, in the C that the verifier takes. It is compiled twice, for the
   kernel (gate.bpf.c) and for user space (the unit tests and the fuzz target, which hold it against the gate without a kernel).

   All state lies in a value of a per-CPU map, never on the stack: what the verifier cannot know it cannot wrongly take for impossible and cut away
   (docs/kernel-gate.md tells of the case). The head of the frame lies there too; it is read at (offset & mask), which is all the proof of bounds that is needed.

   Never less strict than the gate: it erases only where the gate would, for the same reason and class, and says "unfinished" where it does not know. rule: LIVE-1
   In the kernel the functions marked LIVE_PART are global ones: the verifier checks each by itself, for any argument, and so once. */
#ifndef SK_LIVE_MACHINE_PRIV_H
#define SK_LIVE_MACHINE_PRIV_H

#include "live/sides_priv.h"

/* What one step found. Everything but GO and PAIR ends the frame. */
enum live_found {
	LIVE_GO, LIVE_PAIR, LIVE_DONE, LIVE_NON_IP, LIVE_MALFORMED, LIVE_UNKNOWN, LIVE_INNER_UNKNOWN, LIVE_TUNNEL_FRAGMENT,
	LIVE_UNFINISHED /* user space must go on */
};

/* As enum sk_peel_doubt: what a contradiction means. */
enum live_doubt { LIVE_SURE, LIVE_GUESS, LIVE_MAYBE };

enum live_step {
	LIVE_STEP_ETHERNET, LIVE_STEP_ETHERTYPE, LIVE_STEP_LLC, LIVE_STEP_MPLS, LIVE_STEP_PPPOE, LIVE_STEP_PPP, LIVE_STEP_IP, LIVE_STEP_IPV4, LIVE_STEP_IPV6,
	LIVE_STEP_UPPER, LIVE_STEP_EXTENSION, LIVE_STEP_UDP, LIVE_STEP_ICMP, LIVE_STEP_QUOTE, LIVE_STEP_END, LIVE_STEP_GRE, LIVE_STEP_VXLAN, LIVE_STEP_GENEVE,
	LIVE_STEP_GTPU, LIVE_STEP_GTPU_EXTENSION, LIVE_STEP_PPTP, LIVE_STEP_ERSPAN2, LIVE_STEP_ERSPAN3, LIVE_STEP_WCCP
};

/* ---- bytes of the head ---- */

LIVE_INLINE __u32 live_left(const struct live_state *s)
{
	return s->end - s->at;
}

LIVE_INLINE __u32 live_on_wire(const struct live_state *s)
{
	return live_left(s) + s->uncaptured;
}

LIVE_INLINE enum live_found live_go(struct live_state *s, enum live_step step)
{
	s->step = (__u8)step;
	return LIVE_GO;
}

LIVE_INLINE enum live_found live_done(struct live_state *s)
{
	s->step = LIVE_STEP_END;
	return LIVE_DONE;
}

/* As in peel.c: the header cannot be what it was taken for; a payload that is no IP; bytes that are not captured. */
LIVE_INLINE enum live_found live_contradiction(struct live_state *s)
{
	if (s->doubt == LIVE_MAYBE)
		return live_done(s);
	if (s->layers != 0)
		return LIVE_INNER_UNKNOWN;
	return s->doubt == LIVE_GUESS ? LIVE_UNKNOWN : LIVE_MALFORMED;
}

LIVE_INLINE enum live_found live_not_ip(struct live_state *s, enum live_found outermost)
{
	if (s->layers == 0)
		return outermost;
	return s->doubt == LIVE_MAYBE && !s->exact ? live_done(s) : LIVE_INNER_UNKNOWN;
}

LIVE_INLINE enum live_found live_missing(struct live_state *s, __u32 n)
{
	if (live_on_wire(s) < n)
		return live_contradiction(s);
	return s->layers != 0 ? LIVE_INNER_UNKNOWN : LIVE_MALFORMED;
}

/* The next n <= LIVE_HEAD_SLACK bytes, or NULL and why in *found: the frame ends before, or they stand behind the head. */
LIVE_INLINE const __u8 *live_need(struct live_state *s, __u32 n, enum live_found *found)
{
	if (live_left(s) < n) {
		*found = live_missing(s, n);
		return 0;
	}
	if (s->at + n > s->head_bytes) {
		*found = LIVE_UNFINISHED;
		return 0;
	}
	return s->head + (s->at & (LIVE_HEAD_BYTES - 1));
}

/* Cut the rest to a length that a header states; more than there is = the tail is missing. */
LIVE_INLINE void live_cut_to(struct live_state *s, __u32 length)
{
	__u32 left = live_left(s);
	s->end = s->at + (length < left ? length : left);
	s->uncaptured = length > left ? length - left : 0;
}

/* ---- links ---- */

LIVE_INLINE enum live_found live_by_ethertype(struct live_state *s, unsigned type)
{
	switch (type) {
	case LIVE_TYPE_IPV4:
		return live_go(s, LIVE_STEP_IPV4);
	case LIVE_TYPE_IPV6:
		return live_go(s, LIVE_STEP_IPV6);
	case LIVE_TYPE_VLAN:
	case LIVE_TYPE_PROVIDER:
	case LIVE_TYPE_QINQ_OLD:
		if (live_left(s) < 2)
			return live_missing(s, 2);
		s->at += 2;
		return live_go(s, LIVE_STEP_ETHERTYPE);
	case LIVE_TYPE_MPLS:
	case LIVE_TYPE_MPLS_UPSTREAM:
		return live_go(s, LIVE_STEP_MPLS);
	case LIVE_TYPE_PPPOE_SESSION:
		return live_go(s, LIVE_STEP_PPPOE);
	case LIVE_TYPE_PPP:
		return live_go(s, LIVE_STEP_PPP);
	case LIVE_TYPE_ETHERNET:
		return live_go(s, LIVE_STEP_ETHERNET);
	default:
		return live_not_ip(s, LIVE_NON_IP);
	}
}

LIVE_INLINE enum live_found live_ethernet(struct live_state *s)
{
	if (live_left(s) < LIVE_ETHERNET_BYTES)
		return live_missing(s, LIVE_ETHERNET_BYTES);
	s->at += 12;
	return live_go(s, LIVE_STEP_ETHERTYPE);
}

LIVE_INLINE enum live_found live_ethertype(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 2, &found);
	if (!p)
		return found;
	unsigned type = live_be16(p);
	s->at += 2;
	if (type > LIVE_TYPE_LENGTH_MAX)
		return live_by_ethertype(s, type);
	if (type < live_on_wire(s))
		live_cut_to(s, type);
	return live_go(s, LIVE_STEP_LLC);
}

LIVE_INLINE enum live_found live_llc(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 3, &found);
	if (!p)
		return found;
	__u32 head = (__u32)live_be16(p) << 8 | p[2];
	s->at += 3;
	if (head == 0x060603)
		return live_go(s, LIVE_STEP_IPV4);
	if (head != 0xaaaa03)
		return live_not_ip(s, LIVE_NON_IP);
	p = live_need(s, 5, &found);
	if (!p)
		return found;
	__u32 organisation = (__u32)live_be16(p) << 8 | p[2];
	unsigned type = live_be16(p + 3);
	s->at += 5;
	return organisation == 0x000000 || organisation == 0x0000f8 ? live_by_ethertype(s, type) : live_not_ip(s, LIVE_NON_IP);
}

LIVE_INLINE enum live_found live_mpls(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 4, &found);
	if (!p)
		return found;
	__u32 label = live_be32(p);
	s->at += 4;
	if ((label & 0x100) == 0)
		return LIVE_GO;
	if (s->doubt == LIVE_SURE)
		s->doubt = LIVE_GUESS;
	return live_go(s, LIVE_STEP_IP);
}

LIVE_INLINE enum live_found live_pppoe(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 6, &found);
	if (!p)
		return found;
	unsigned version_code = live_be16(p), length = live_be16(p + 4);
	s->at += 6;
	if (version_code != 0x1100)
		return live_not_ip(s, LIVE_NON_IP);
	if (length < live_on_wire(s))
		live_cut_to(s, length);
	return live_go(s, LIVE_STEP_PPP);
}

LIVE_INLINE enum live_found live_ppp(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 2, &found);
	if (!p)
		return found;
	if (p[0] == 0xff && p[1] == 0x03) {
		s->at += 2;
		p = live_need(s, 2, &found);
		if (!p)
			return found;
	}
	unsigned protocol = p[0];
	s->at += 1;
	if ((protocol & 1) == 0) {
		protocol = protocol << 8 | p[1];
		s->at += 1;
	}
	switch (protocol) {
	case 0x0021:
		return live_go(s, LIVE_STEP_IPV4);
	case 0x0057:
		return live_go(s, LIVE_STEP_IPV6);
	case 0x0281:
	case 0x0283:
		return live_go(s, LIVE_STEP_MPLS);
	default:
		return live_not_ip(s, LIVE_NON_IP);
	}
}

/* ---- IP layers ---- */

LIVE_INLINE enum live_found live_ip(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 1, &found);
	if (!p)
		return found;
	unsigned version = p[0] >> 4;
	if (version == 4)
		return live_go(s, LIVE_STEP_IPV4);
	if (version == 6)
		return live_go(s, LIVE_STEP_IPV6);
	return s->doubt == LIVE_GUESS ? live_not_ip(s, LIVE_UNKNOWN) : live_contradiction(s);
}

LIVE_INLINE enum live_found live_layer(struct live_state *s, unsigned family)
{
	if (s->layers >= LIVE_LAYERS_MAX)
		return LIVE_INNER_UNKNOWN;
	s->inner = s->layers != 0;
	s->layers++;
	s->family = (__u8)family;
	s->doubt = LIVE_MAYBE;
	s->exact = 0;
	s->step = LIVE_STEP_UPPER;
	return LIVE_PAIR;
}

LIVE_INLINE void live_pair4(struct live_state *s, const __u8 *addresses)
{
	s->source[0] = live_be32(addresses);
	s->destination[0] = live_be32(addresses + 4);
}

LIVE_INLINE void live_pair6(struct live_state *s, const __u8 *addresses)
{
	s->source[0] = live_be64(addresses);
	s->source[1] = live_be64(addresses + 8);
	s->destination[0] = live_be64(addresses + 16);
	s->destination[1] = live_be64(addresses + 24);
}

LIVE_INLINE enum live_found live_ipv4(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, LIVE_IPV4_BYTES, &found);
	if (!p)
		return found;
	__u32 wire = live_on_wire(s), total = live_be16(p + 2), header_bytes = (p[0] & 0xfu) * 4;
	if (p[0] >> 4 != 4 || header_bytes < LIVE_IPV4_BYTES || (total != 0 && total < header_bytes))
		return live_contradiction(s);
	if (s->doubt != LIVE_SURE && (total == 0 || total > wire))
		return live_contradiction(s);
	if (total == 0)
		total = wire;
	live_pair4(s, p + 12);
	s->later_fragment = (live_be16(p + 6) & 0x1fff) != 0;
	s->proto = p[9];
	s->optional_bytes = (__u8)(header_bytes - LIVE_IPV4_BYTES);
	s->at += LIVE_IPV4_BYTES;
	live_cut_to(s, total - LIVE_IPV4_BYTES);
	return live_layer(s, 4);
}

LIVE_INLINE enum live_found live_ipv6(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, LIVE_IPV6_BYTES, &found);
	if (!p)
		return found;
	__u32 behind = live_on_wire(s) - LIVE_IPV6_BYTES, payload = live_be16(p + 4);
	if (p[0] >> 4 != 6 || (s->doubt != LIVE_SURE && payload > behind))
		return live_contradiction(s);
	if (payload == 0)
		payload = behind;
	live_pair6(s, p + 8);
	s->later_fragment = 0;
	s->proto = p[6];
	s->extensions = 0;
	s->optional_bytes = 0;
	s->at += LIVE_IPV6_BYTES;
	live_cut_to(s, payload);
	return live_layer(s, 6);
}

/* ---- what a layer carries ---- */

LIVE_INLINE int live_is_tunnel(unsigned proto)
{
	return proto == LIVE_PROTO_IPV4 || proto == LIVE_PROTO_IPV6 || proto == LIVE_PROTO_GRE || proto == LIVE_PROTO_MPLS;
}

LIVE_INLINE int live_is_extension(unsigned proto)
{
	return proto == LIVE_PROTO_HOP_BY_HOP || proto == LIVE_PROTO_ROUTING || proto == LIVE_PROTO_FRAGMENT || proto == LIVE_PROTO_DESTINATION ||
	       proto == LIVE_PROTO_MOBILITY || proto == LIVE_PROTO_HIP || proto == LIVE_PROTO_SHIM6;
}

LIVE_INLINE enum live_found live_encapsulated(struct live_state *s, enum live_step step)
{
	s->doubt = LIVE_SURE;
	return live_go(s, step);
}

LIVE_INLINE enum live_found live_upper(struct live_state *s)
{
	unsigned proto = s->proto;
	int extension = s->family == 6 && live_is_extension(proto);
	if (s->later_fragment)
		return live_is_tunnel(proto) || extension ? LIVE_TUNNEL_FRAGMENT : live_done(s);
	int icmp = proto == (s->family == 4 ? LIVE_PROTO_ICMP : LIVE_PROTO_ICMPV6);
	if (!extension && !live_is_tunnel(proto) && !icmp && proto != LIVE_PROTO_UDP)
		return live_done(s);
	if (live_left(s) < s->optional_bytes)
		return live_missing(s, s->optional_bytes);
	s->at += s->optional_bytes;
	s->optional_bytes = 0;
	if (extension)
		return s->extensions++ < LIVE_EXTENSIONS_MAX ? live_go(s, LIVE_STEP_EXTENSION) : LIVE_INNER_UNKNOWN;
	switch (proto) {
	case LIVE_PROTO_IPV4:
		return live_encapsulated(s, LIVE_STEP_IPV4);
	case LIVE_PROTO_IPV6:
		return live_encapsulated(s, LIVE_STEP_IPV6);
	case LIVE_PROTO_GRE:
		return live_encapsulated(s, LIVE_STEP_GRE);
	case LIVE_PROTO_MPLS:
		return live_encapsulated(s, LIVE_STEP_MPLS);
	case LIVE_PROTO_UDP:
		return live_go(s, LIVE_STEP_UDP);
	default:
		return live_go(s, LIVE_STEP_ICMP);
	}
}

LIVE_INLINE enum live_found live_extension(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 8, &found);
	if (!p)
		return found;
	int fragment = s->proto == LIVE_PROTO_FRAGMENT;
	__u32 rest = 6 + (fragment ? 0 : 8u * p[1]);
	s->proto = p[0];
	if (fragment)
		s->later_fragment = (live_be16(p + 2) & 0xfff8) != 0;
	s->at += 2;
	if (live_left(s) < rest)
		return live_missing(s, rest);
	s->at += rest;
	return live_go(s, LIVE_STEP_UPPER);
}

LIVE_INLINE enum live_found live_udp(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 4, &found);
	if (!p)
		return found;
	unsigned port = live_be16(p + 2);
	s->at += 4;
	if (port != LIVE_PORT_VXLAN && port != LIVE_PORT_GENEVE && port != LIVE_PORT_GTPU)
		return live_done(s);
	p = live_need(s, 4, &found);
	if (!p)
		return found;
	__u32 length = live_be16(p);
	s->at += 4;
	if (length == 0)
		length = live_on_wire(s) + LIVE_UDP_BYTES;
	if (length < LIVE_UDP_BYTES || length - LIVE_UDP_BYTES > live_on_wire(s))
		return live_done(s);
	live_cut_to(s, length - LIVE_UDP_BYTES);
	return live_go(s, port == LIVE_PORT_VXLAN ? LIVE_STEP_VXLAN : port == LIVE_PORT_GENEVE ? LIVE_STEP_GENEVE : LIVE_STEP_GTPU);
}

LIVE_INLINE enum live_found live_icmp(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 1, &found);
	if (!p)
		return found;
	unsigned type = p[0];
	int error = s->family == 6 ? type < 128 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	s->at += 1;
	if (!error)
		return live_done(s);
	s->doubt = LIVE_SURE;
	if (live_left(s) < 7)
		return live_missing(s, 7);
	s->at += 7;
	return live_go(s, LIVE_STEP_QUOTE);
}

LIVE_INLINE enum live_found live_quote(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	if (live_left(s) < 1)
		return LIVE_INNER_UNKNOWN;
	const __u8 *p = live_need(s, 1, &found);
	if (!p)
		return found;
	unsigned version = p[0] >> 4;
	__u32 bytes = version == 4 ? LIVE_IPV4_BYTES : LIVE_IPV6_BYTES;
	if ((version != 4 && version != 6) || live_left(s) < bytes)
		return LIVE_INNER_UNKNOWN;
	if (s->at + bytes > s->head_bytes)
		return LIVE_UNFINISHED;
	if (version == 4)
		live_pair4(s, p + 12);
	else
		live_pair6(s, p + 8);
	s->family = (__u8)version;
	s->inner = 1;
	s->quoted = 1;
	s->step = LIVE_STEP_END;
	return LIVE_PAIR;
}

/* ---- tunnel heads ---- */

LIVE_INLINE enum live_found live_gre(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 4, &found);
	if (!p)
		return found;
	unsigned flags = live_be16(p), type = live_be16(p + 2);
	s->at += 4;
	if ((flags & 7) == 1 && type == LIVE_TYPE_PPP) {
		s->optional_bytes = (__u8)((flags & 0x1000 ? 4 : 0) + (flags & 0x0080 ? 4 : 0));
		return (flags & 0x2000) != 0 ? live_go(s, LIVE_STEP_PPTP) : live_contradiction(s);
	}
	if ((flags & 0x4007) != 0)
		return live_contradiction(s);
	__u32 optional = (flags & 0x8000 ? 4u : 0u) + (flags & 0x2000 ? 4u : 0u) + (flags & 0x1000 ? 4u : 0u);
	if (live_left(s) < optional)
		return live_missing(s, optional);
	s->at += optional;
	switch (type) {
	case LIVE_TYPE_ERSPAN2:
		return live_go(s, (flags & 0x1000) != 0 ? LIVE_STEP_ERSPAN2 : LIVE_STEP_ETHERNET);
	case LIVE_TYPE_ERSPAN3:
		return live_go(s, LIVE_STEP_ERSPAN3);
	case LIVE_TYPE_WCCP:
		return live_go(s, LIVE_STEP_WCCP);
	default:
		return live_by_ethertype(s, type);
	}
}

LIVE_INLINE enum live_found live_pptp(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	__u32 optional = s->optional_bytes;
	if (live_left(s) < 4 + optional)
		return live_missing(s, 4 + optional);
	const __u8 *p = live_need(s, 2, &found);
	if (!p)
		return found;
	__u32 length = live_be16(p);
	s->at += 4 + optional;
	s->optional_bytes = 0;
	if (length == 0)
		return live_done(s);
	live_cut_to(s, length);
	return live_go(s, LIVE_STEP_PPP);
}

LIVE_INLINE enum live_found live_erspan2(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 8, &found);
	if (!p)
		return found;
	s->at += 8;
	return p[0] >> 4 == 1 ? live_go(s, LIVE_STEP_ETHERNET) : live_contradiction(s);
}

LIVE_INLINE enum live_found live_erspan3(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 12, &found);
	if (!p)
		return found;
	unsigned last = live_be16(p + 10), frame_type = last >> 10 & 0x1f;
	__u32 platform = (last & 1) != 0 ? 8 : 0;
	s->at += 12;
	if (live_left(s) < platform)
		return live_missing(s, platform);
	s->at += platform;
	if (p[0] >> 4 != 2 || (frame_type != 0 && frame_type != 2))
		return live_contradiction(s);
	return live_go(s, frame_type == 0 ? LIVE_STEP_ETHERNET : LIVE_STEP_IP);
}

LIVE_INLINE enum live_found live_wccp(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	if (live_left(s) < 5)
		return live_missing(s, 5);
	const __u8 *p = live_need(s, 1, &found);
	if (!p)
		return found;
	unsigned version = p[0] >> 4;
	if (version != 4 && version != 6)
		s->at += 4;
	return live_go(s, LIVE_STEP_IP);
}

LIVE_INLINE enum live_found live_vxlan(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 8, &found);
	if (!p)
		return found;
	__u32 flags = live_be32(p);
	s->at += 8;
	if ((flags & 0x08000000) == 0)
		return live_contradiction(s);
	s->exact = flags == 0x08000000 && p[7] == 0;
	return live_go(s, LIVE_STEP_ETHERNET);
}

LIVE_INLINE enum live_found live_geneve(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 8, &found);
	if (!p)
		return found;
	unsigned head = live_be16(p), type = live_be16(p + 2);
	__u32 options = (head >> 8 & 0x3f) * 4;
	s->at += 8;
	if (head >> 14 != 0)
		return live_contradiction(s);
	if (live_left(s) < options)
		return live_missing(s, options);
	s->exact = (head & 0x3f) == 0 && p[7] == 0;
	s->at += options;
	return live_by_ethertype(s, type);
}

LIVE_INLINE enum live_found live_gtpu(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 8, &found);
	if (!p)
		return found;
	unsigned flags = p[0], message = p[1];
	__u32 length = live_be16(p + 2);
	s->at += 8;
	if ((flags & 0xf0) != 0x30 || message != 255 || length > live_on_wire(s))
		return live_contradiction(s);
	live_cut_to(s, length);
	s->next_gtpu = 0;
	if ((flags & 7) != 0) {
		p = live_need(s, 4, &found);
		if (!p)
			return found;
		s->next_gtpu = (flags & 4) != 0 ? p[3] : 0;
		s->at += 4;
	}
	return live_go(s, s->next_gtpu != 0 ? LIVE_STEP_GTPU_EXTENSION : LIVE_STEP_IP);
}

/* One extension header: length 1 (in 4 bytes), content, type of the next 1. */
LIVE_INLINE enum live_found live_gtpu_extension(struct live_state *s)
{
	enum live_found found = LIVE_UNFINISHED;
	const __u8 *p = live_need(s, 1, &found);
	if (!p)
		return found;
	__u32 bytes = p[0] * 4u;
	if (bytes == 0)
		return live_contradiction(s);
	if (live_left(s) < bytes)
		return live_missing(s, bytes);
	s->at += bytes - 1;
	p = live_need(s, 1, &found);
	if (!p)
		return found;
	s->next_gtpu = p[0];
	s->at += 1;
	return live_go(s, s->next_gtpu != 0 ? LIVE_STEP_GTPU_EXTENSION : LIVE_STEP_IP);
}

/* ---- the machine ---- */

LIVE_PART unsigned live_take_step(struct live_state *s)
{
	if (!s)
		return LIVE_UNFINISHED;
	switch (s->step) {
	case LIVE_STEP_ETHERNET: return live_ethernet(s);
	case LIVE_STEP_ETHERTYPE: return live_ethertype(s);
	case LIVE_STEP_LLC: return live_llc(s);
	case LIVE_STEP_MPLS: return live_mpls(s);
	case LIVE_STEP_PPPOE: return live_pppoe(s);
	case LIVE_STEP_PPP: return live_ppp(s);
	case LIVE_STEP_IP: return live_ip(s);
	case LIVE_STEP_IPV4: return live_ipv4(s);
	case LIVE_STEP_IPV6: return live_ipv6(s);
	case LIVE_STEP_UPPER: return live_upper(s);
	case LIVE_STEP_EXTENSION: return live_extension(s);
	case LIVE_STEP_UDP: return live_udp(s);
	case LIVE_STEP_ICMP: return live_icmp(s);
	case LIVE_STEP_QUOTE: return live_quote(s);
	case LIVE_STEP_END: return LIVE_DONE;
	case LIVE_STEP_GRE: return live_gre(s);
	case LIVE_STEP_VXLAN: return live_vxlan(s);
	case LIVE_STEP_GENEVE: return live_geneve(s);
	case LIVE_STEP_GTPU: return live_gtpu(s);
	case LIVE_STEP_GTPU_EXTENSION: return live_gtpu_extension(s);
	case LIVE_STEP_PPTP: return live_pptp(s);
	case LIVE_STEP_ERSPAN2: return live_erspan2(s);
	case LIVE_STEP_ERSPAN3: return live_erspan3(s);
	case LIVE_STEP_WCCP: return live_wccp(s);
	default: return LIVE_UNFINISHED;
	}
}

/* ---- the whole ---- */

LIVE_INLINE unsigned live_reason_of_end(unsigned found)
{
	switch (found) {
	case LIVE_NON_IP: return LIVE_REASON_NON_IP;
	case LIVE_MALFORMED: return LIVE_REASON_MALFORMED_ADDRESS;
	case LIVE_UNKNOWN: return LIVE_REASON_UNKNOWN;
	case LIVE_INNER_UNKNOWN: return LIVE_REASON_INNER_UNKNOWN;
	case LIVE_TUNNEL_FRAGMENT: return LIVE_REASON_FRAGMENT_OF_TUNNEL;
	default: return LIVE_REASON_ADMITTED;
	}
}

/* Begin at the Ethernet header; head and head_bytes are filled. */
LIVE_INLINE void live_begin(struct live_state *s, __u32 frame_bytes)
{
	s->at = 0;
	s->end = frame_bytes;
	s->uncaptured = 0;
	s->step = LIVE_STEP_ETHERNET;
	s->doubt = LIVE_SURE;
	s->exact = 0;
	s->later_fragment = 0;
	s->proto = 0;
	s->optional_bytes = 0;
	s->extensions = 0;
	s->layers = 0;
	s->family = 0;
	s->inner = 0;
	s->quoted = 0;
	s->next_gtpu = 0;
}

/* Judge pair after pair, outermost first; stop at the first that is not covered. The class is that of the outermost pair, UNKNOWN without one. */
LIVE_PART __u32 live_judge(const struct live_table_head *head, struct live_state *s)
{
	if (!head || !s)
		return LIVE_VERDICT_UNFINISHED;
	s->outer = LIVE_CLASS_UNKNOWN;
	for (int i = 0; i < LIVE_STEPS_MAX; i++) {
		unsigned found = live_take_step(s);
		if (found == LIVE_GO)
			continue;
		if (found == LIVE_UNFINISHED)
			break;
		if (found != LIVE_PAIR)
			return live_finished(s->outer, live_reason_of_end(found));
		unsigned class_ = s->family == 4 ? live_class4(head, (__u32)s->source[0], (__u32)s->destination[0])
						 : live_class_of(live_side6(head, s->source[0], s->source[1]), live_side6(head, s->destination[0], s->destination[1]));
		if (class_ == LIVE_CLASS_COUNT)
			break;
		if (s->layers == 1 && !s->quoted)
			s->outer = (__u8)class_;
		if (!live_covers(head, class_))
			return live_finished(s->outer, live_refusal(class_, s->inner));
	}
	return LIVE_VERDICT_UNFINISHED | (__u32)s->outer << 8;
}

#endif
