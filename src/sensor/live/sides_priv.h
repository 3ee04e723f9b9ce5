/* SPDX-License-Identifier: Apache-2.0 */
/* Which side an address is on, by the nodes that the kernel holds; the class of a pair; and frames that are plain enough to be judged by fixed places. For the kernel and for
   user space, as machine_priv.h. Needs live_node(index), which gives an element of the tables or NULL, and LIVE_PART. */
#ifndef SK_LIVE_SIDES_PRIV_H
#define SK_LIVE_SIDES_PRIV_H

#include "live/kernel_priv.h"

#define LIVE_INLINE static inline __attribute__((always_inline))

/* Ethertypes, IP protocols and ports: as in gate/peel.c. */
enum {
	LIVE_TYPE_LENGTH_MAX = 1500, LIVE_TYPE_IPV4 = 0x0800, LIVE_TYPE_IPV6 = 0x86dd, LIVE_TYPE_VLAN = 0x8100, LIVE_TYPE_PROVIDER = 0x88a8,
	LIVE_TYPE_QINQ_OLD = 0x9100, LIVE_TYPE_MPLS = 0x8847, LIVE_TYPE_MPLS_UPSTREAM = 0x8848, LIVE_TYPE_PPPOE_SESSION = 0x8864, LIVE_TYPE_PPP = 0x880b,
	LIVE_TYPE_ETHERNET = 0x6558, LIVE_TYPE_ERSPAN2 = 0x88be, LIVE_TYPE_ERSPAN3 = 0x22eb, LIVE_TYPE_WCCP = 0x883e
};
enum {
	LIVE_PROTO_HOP_BY_HOP = 0, LIVE_PROTO_ICMP = 1, LIVE_PROTO_IPV4 = 4, LIVE_PROTO_TCP = 6, LIVE_PROTO_UDP = 17, LIVE_PROTO_IPV6 = 41, LIVE_PROTO_ROUTING = 43,
	LIVE_PROTO_FRAGMENT = 44, LIVE_PROTO_GRE = 47, LIVE_PROTO_ICMPV6 = 58, LIVE_PROTO_DESTINATION = 60, LIVE_PROTO_MOBILITY = 135, LIVE_PROTO_MPLS = 137,
	LIVE_PROTO_HIP = 139, LIVE_PROTO_SHIM6 = 140
};
enum { LIVE_PORT_GTPU = 2152, LIVE_PORT_VXLAN = 4789, LIVE_PORT_GENEVE = 6081 };
enum { LIVE_ETHERNET_BYTES = 14, LIVE_IPV4_BYTES = 20, LIVE_IPV6_BYTES = 40, LIVE_UDP_BYTES = 8 };

LIVE_INLINE __u32 live_finished(unsigned class_, unsigned reason)
{
	return LIVE_VERDICT_FINISHED | class_ << 8 | reason;
}

LIVE_INLINE unsigned live_verdict_class(__u32 verdict)
{
	return verdict >> 8 & 0xff;
}

LIVE_INLINE unsigned live_verdict_reason(__u32 verdict)
{
	return verdict & 0xff;
}

LIVE_INLINE unsigned live_be16(const __u8 *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

LIVE_INLINE __u32 live_be32(const __u8 *p)
{
	return (__u32)p[0] << 24 | (__u32)p[1] << 16 | (__u32)p[2] << 8 | p[3];
}

LIVE_INLINE __u64 live_be64(const __u8 *p)
{
	return (__u64)live_be32(p) << 32 | live_be32(p + 4);
}

/* ---- sides and classes ---- */

LIVE_INLINE __u32 live_child(const struct live_node *node, unsigned slot)
{
	__u64 word = node->words[slot >> 5];
	__u64 deeper = word & word >> 1 & 0x5555555555555555ull & ((1ull << (slot & 31) * 2) - 1);
	deeper = (deeper & 0x3333333333333333ull) + (deeper >> 2 & 0x3333333333333333ull);
	deeper = (deeper + (deeper >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return node->first_child + node->before[slot >> 5] + (__u32)(deeper * 0x0101010101010101ull >> 56);
}

/* What a slot of node *number of the trie says, or LIVE_SIDE_UNDECIDED (the value "deeper") and the child in *number. */
LIVE_INLINE unsigned live_slot(__u32 root, __u32 *number, unsigned slot)
{
	const struct live_node *node = live_node(root + *number);
	if (!node)
		return LIVE_SIDE_UNKNOWN;
	unsigned value = (unsigned)(node->words[slot >> 5] >> (slot & 31) * 2) & 3;
	if (value == LIVE_SIDE_UNDECIDED)
		*number = live_child(node, slot);
	return value;
}

/* The last level of a trie has no "deeper" (the table was checked when it was made), so three steps decide; should one not, the answer is the strict one. */
LIVE_PART unsigned live_side4(__u32 root, __u32 address)
{
	__u32 number = address >> 24;
	unsigned side = live_slot(root, &number, address >> 16 & 255);
	if (side == LIVE_SIDE_UNDECIDED)
		side = live_slot(root, &number, address >> 8 & 255);
	if (side == LIVE_SIDE_UNDECIDED)
		side = live_slot(root, &number, address & 255);
	return side != LIVE_SIDE_UNDECIDED ? side : LIVE_SIDE_UNKNOWN;
}

LIVE_PART unsigned live_trie6(__u32 root, __u64 high, __u64 low)
{
	__u32 number = (__u32)(high >> 56);
	for (int level = 1; level < 16; level++) {
		high = high << 8 | low >> 56;
		low <<= 8;
		unsigned side = live_slot(root, &number, (unsigned)(high >> 56));
		if (side != LIVE_SIDE_UNDECIDED)
			return side;
	}
	return LIVE_SIDE_UNKNOWN;
}

/* rule: BORDER-4, as border_embed.c: embedded IPv4 addresses decide, and a list that speaks of the IPv6 address must agree. What lists say is read from the
   trie where the table says that this can be done. */
LIVE_PART unsigned live_side6(const struct live_table_head *head, __u64 high, __u64 low)
{
	__u32 embedded = 0, second = 0;
	int count = 0;
	if (!head)
		return LIVE_SIDE_UNKNOWN;
	unsigned own = live_trie6(head->root6, high, low);
	if ((high == 0 && low >> 32 == 0xffff) || (high == 0x0064ff9b00000000ull && low >> 32 == 0)) {
		embedded = (__u32)low;
		count = 1;
	} else if (high >> 48 == 0x2002) {
		embedded = (__u32)(high >> 16);
		count = 1;
	} else if (high >> 32 == 0x20010000) {
		embedded = (__u32)high;
		second = ~(__u32)low;
		count = 2;
	}
	if (count == 0)
		return own;
	unsigned side = live_side4(head->root4, embedded);
	if (side == LIVE_SIDE_UNKNOWN || (count == 2 && live_side4(head->root4, second) != side))
		return LIVE_SIDE_UNKNOWN;
	if (!head->lists_in_trie)
		return LIVE_SIDE_UNDECIDED;
	return own == LIVE_SIDE_UNKNOWN || own == side ? side : LIVE_SIDE_UNKNOWN;
}

/* As sk_class_of; LIVE_CLASS_COUNT when it cannot be said here. */
LIVE_INLINE unsigned live_class_of(unsigned source, unsigned destination)
{
	if (source == LIVE_SIDE_UNKNOWN || destination == LIVE_SIDE_UNKNOWN)
		return LIVE_CLASS_UNKNOWN;
	if (source == LIVE_SIDE_UNDECIDED || destination == LIVE_SIDE_UNDECIDED)
		return LIVE_CLASS_COUNT;
	if (source == LIVE_SIDE_DOMESTIC)
		return destination == LIVE_SIDE_DOMESTIC ? LIVE_CLASS_DD : LIVE_CLASS_DF;
	return destination == LIVE_SIDE_DOMESTIC ? LIVE_CLASS_FD : LIVE_CLASS_FF;
}

LIVE_INLINE unsigned live_class4(const struct live_table_head *head, __u32 source, __u32 destination)
{
	return live_class_of(live_side4(head->root4, source), live_side4(head->root4, destination));
}

LIVE_INLINE int live_covers(const struct live_table_head *head, unsigned class_)
{
	return class_ < LIVE_CLASS_DD && (head->covered >> class_ & 1) != 0;
}

LIVE_INLINE unsigned live_refusal(unsigned class_, int inner)
{
	if (class_ == LIVE_CLASS_DD)
		return inner ? LIVE_REASON_INNER_DOMESTIC : LIVE_REASON_DOMESTIC;
	if (class_ == LIVE_CLASS_UNKNOWN)
		return inner ? LIVE_REASON_INNER_UNKNOWN : LIVE_REASON_UNKNOWN;
	return inner ? LIVE_REASON_INNER_NOT_COVERED : LIVE_REASON_NOT_COVERED;
}

/* ---- the plain case: as plain_of in gate/gate.c ---- */

enum { LIVE_PLAIN4_BYTES = 42, LIVE_PLAIN6_BYTES = 62 };

LIVE_INLINE int live_is_tunnel_port(unsigned port)
{
	return port == LIVE_PORT_VXLAN || port == LIVE_PORT_GENEVE || port == LIVE_PORT_GTPU;
}

LIVE_INLINE __u32 live_judge_class(const struct live_table_head *head, unsigned class_, int inner)
{
	return live_finished(class_, live_covers(head, class_) ? LIVE_REASON_ADMITTED : live_refusal(class_, inner));
}

/* p: the first 42 bytes of an Ethernet frame with IPv4 in it. VERDICT_NONE: it is not plain. */
LIVE_INLINE __u32 live_plain4(const struct live_table_head *head, const __u8 *p, __u32 frame_bytes)
{
	__u32 length = live_be16(p + 16);
	unsigned proto = p[23];
	if (p[14] != 0x45 || length < LIVE_IPV4_BYTES || length > frame_bytes - LIVE_ETHERNET_BYTES || (live_be16(p + 20) & 0x3fff) != 0)
		return LIVE_VERDICT_NONE;
	if (proto != LIVE_PROTO_TCP && (proto != LIVE_PROTO_UDP || length < LIVE_IPV4_BYTES + 4 || live_is_tunnel_port(live_be16(p + 36))))
		return LIVE_VERDICT_NONE;
	return live_judge_class(head, live_class4(head, live_be32(p + 26), live_be32(p + 30)), 0);
}

/* p: the first 62 bytes of an Ethernet frame with IPv6 in it. */
LIVE_INLINE __u32 live_plain6(const struct live_table_head *head, const __u8 *p, __u32 frame_bytes)
{
	__u32 payload = live_be16(p + 18);
	unsigned proto = p[20];
	if (p[14] >> 4 != 6 || payload == 0 || payload > frame_bytes - LIVE_ETHERNET_BYTES - LIVE_IPV6_BYTES)
		return LIVE_VERDICT_NONE;
	if (proto != LIVE_PROTO_TCP && (proto != LIVE_PROTO_UDP || payload < 4 || live_is_tunnel_port(live_be16(p + 56))))
		return LIVE_VERDICT_NONE;
	unsigned class_ = live_class_of(live_side6(head, live_be64(p + 22), live_be64(p + 30)), live_side6(head, live_be64(p + 38), live_be64(p + 46)));
	return class_ == LIVE_CLASS_COUNT ? LIVE_VERDICT_NONE : live_judge_class(head, class_, 0);
}

/* A frame from p to end, so many bytes of it before end: plain, perhaps behind one or two tags, and then judged; or VERDICT_NONE. */
LIVE_INLINE __u32 live_plain(const struct live_table_head *head, const __u8 *p, const __u8 *end, __u32 frame_bytes)
{
	if (p + LIVE_PLAIN4_BYTES > end)
		return LIVE_VERDICT_NONE;
	unsigned type = live_be16(p + 12);
	for (int tags = 0; tags < 2 && (type == LIVE_TYPE_VLAN || type == LIVE_TYPE_PROVIDER || type == LIVE_TYPE_QINQ_OLD); tags++) {
		p += 4; /* what follows the type is read at the same places as without the tag */
		frame_bytes -= 4;
		if (p + LIVE_PLAIN4_BYTES > end)
			return LIVE_VERDICT_NONE;
		type = live_be16(p + 12);
	}
	if (type == LIVE_TYPE_IPV4)
		return live_plain4(head, p, frame_bytes);
	if (type == LIVE_TYPE_IPV6 && p + LIVE_PLAIN6_BYTES <= end)
		return live_plain6(head, p, frame_bytes);
	return LIVE_VERDICT_NONE;
}

#endif
