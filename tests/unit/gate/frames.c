/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"

#include <stdlib.h>

void build_start(struct build *b, size_t payload_bytes)
{
	static const char canary[] = "CANARY-OF-A-PAYLOAD.";
	b->start = sizeof b->room - payload_bytes;
	for (size_t i = 0; i < payload_bytes; i++)
		b->room[b->start + i] = (uint8_t)canary[i % (sizeof canary - 1)];
}

void build_put(struct build *b, const void *bytes, size_t length)
{
	SK_INVARIANT(b->start >= length);
	b->start -= length;
	memcpy(b->room + b->start, bytes, length);
}

void build_put16(struct build *b, unsigned value)
{
	uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
	build_put(b, bytes, sizeof bytes);
}

void build_put32(struct build *b, uint32_t value)
{
	build_put16(b, value & 0xffff);
	build_put16(b, value >> 16);
}

static void put8(struct build *b, unsigned value)
{
	uint8_t byte = (uint8_t)value;
	build_put(b, &byte, 1);
}

uint8_t *build_bytes(struct build *b)
{
	return b->room + b->start;
}

size_t build_length(const struct build *b)
{
	return sizeof b->room - b->start;
}

/* ---- IP ---- */

static void put_address(struct build *b, unsigned family, bool destination, enum sk_side side)
{
	static const uint8_t six[15] = {0x20, 0x01, 0x0d, 0xb8};
	put8(b, (destination ? 6u : 3u) + side);
	if (family == 4)
		build_put(b, destination ? "\xc6\x33\x64" : "\xcb\x00\x71", 3);
	else
		build_put(b, six, sizeof six);
}

static void put_pair(struct build *b, unsigned family, enum sk_class class_)
{
	static const uint8_t sides[SK_CLASS_COUNT][2] = {
		[SK_CLASS_FF] = {SK_SIDE_FOREIGN, SK_SIDE_FOREIGN}, [SK_CLASS_FD] = {SK_SIDE_FOREIGN, SK_SIDE_DOMESTIC},
		[SK_CLASS_DF] = {SK_SIDE_DOMESTIC, SK_SIDE_FOREIGN}, [SK_CLASS_DD] = {SK_SIDE_DOMESTIC, SK_SIDE_DOMESTIC},
		[SK_CLASS_UNKNOWN] = {SK_SIDE_FOREIGN, SK_SIDE_UNKNOWN}
	};
	put_address(b, family, true, (enum sk_side)sides[class_][1]);
	put_address(b, family, false, (enum sk_side)sides[class_][0]);
}

static void put_ip4(struct build *b, unsigned proto, enum sk_class class_, unsigned header_words, unsigned fragment)
{
	size_t total = build_length(b) + 20;
	put_pair(b, 4, class_);
	build_put16(b, 0); /* checksum: nobody here looks at it */
	put8(b, proto);
	put8(b, 64);
	build_put16(b, fragment);
	build_put16(b, 0x1234);
	build_put16(b, (unsigned)total);
	put8(b, 0);
	put8(b, 0x40 | header_words);
}

static void put_ip6(struct build *b, unsigned proto, enum sk_class class_)
{
	size_t payload = build_length(b);
	put_pair(b, 6, class_);
	put8(b, 64);
	put8(b, proto);
	build_put16(b, (unsigned)payload);
	build_put32(b, 0x60000000);
}

void build_put_ip(struct build *b, unsigned family, unsigned proto, enum sk_class class_)
{
	if (family == 4)
		put_ip4(b, proto, class_, 5, 0);
	else
		put_ip6(b, proto, class_);
}

void build_put_ip4_options(struct build *b, unsigned proto, enum sk_class class_)
{
	build_put(b, "\x94\x04\x00\x00\x01\x01\x01\x00", 8);
	put_ip4(b, proto, class_, 7, 0);
}

void build_put_ip6_extensions(struct build *b, unsigned proto, enum sk_class class_)
{
	const uint8_t fragment[8] = {(uint8_t)proto, 0, 0, 0, 0, 0, 0, 1};
	build_put(b, fragment, sizeof fragment);
	build_put(b, "\x2c\x01\x01\x0c\0\0\0\0\0\0\0\0\0\0\0\0", 16);  /* destination options, padded */
	build_put(b, "\x3c\x00\x04\x00\0\0\0\0", 8);                    /* routing, no segments left */
	build_put(b, "\x2b\x00\x01\x04\0\0\0\0", 8);                    /* hop by hop */
	put_ip6(b, 0, class_);
}

void build_put_ip6_chain(struct build *b, unsigned proto, enum sk_class class_, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		build_put(b, "\x00\x01\x04\0\0\0\0", 7); /* its length, then padding */
		put8(b, i == 0 ? proto : 60);
	}
	put_ip6(b, count == 0 ? proto : 60, class_);
}

void build_put_fragment(struct build *b, unsigned family, unsigned proto, enum sk_class class_, unsigned offset, bool more)
{
	if (family == 4) {
		put_ip4(b, proto, class_, 5, offset | (more ? 0x2000u : 0));
		return;
	}
	build_put32(b, 7);
	build_put16(b, offset << 3 | (more ? 1 : 0));
	put8(b, 0);
	put8(b, proto);
	put_ip6(b, 44, class_);
}

void build_put_tcp(struct build *b)
{
	build_put(b, "\x30\x39\x01\xbb\0\0\0\1\0\0\0\0\x50\x02\xff\xff\0\0\0\0", 20);
}

void build_put_udp(struct build *b, unsigned port)
{
	size_t length = build_length(b) + 8;
	build_put16(b, 0);
	build_put16(b, (unsigned)length);
	build_put16(b, port);
	build_put16(b, 50000);
}

void build_put_icmp(struct build *b, unsigned family, bool error)
{
	build_put32(b, 0);
	build_put16(b, 0);
	put8(b, 0);
	put8(b, family == 4 ? (error ? 11 : 8) : (error ? 3 : 128));
}

struct sk_frame build_frame(struct build *b, uint8_t link, size_t captured)
{
	struct sk_frame frame = {.captured_bytes = (uint32_t)captured, .wire_bytes = (uint32_t)build_length(b), .link = link, .time_ns = 1};
	frame.bytes = malloc(captured != 0 ? captured : 1);
	SK_INVARIANT(frame.bytes != NULL);
	memcpy(frame.bytes, build_bytes(b), captured);
	return frame;
}

/* ---- links ---- */

static unsigned type_of(unsigned family)
{
	return family == 4 ? 0x0800 : 0x86dd;
}

static void put_macs(struct build *b)
{
	build_put(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
}

static void put_ethernet(struct build *b, unsigned type)
{
	build_put16(b, type);
	put_macs(b);
}

static void put_tag(struct build *b, unsigned next, unsigned tag)
{
	build_put16(b, next);
	build_put16(b, tag);
}

static void link_ethernet(struct build *b, unsigned family)
{
	put_ethernet(b, type_of(family));
}

static void link_snap(struct build *b, unsigned family)
{
	build_put16(b, type_of(family));
	build_put(b, "\xaa\xaa\x03\0\0\0", 6);
	put_ethernet(b, (unsigned)build_length(b));
}

static void link_vlan(struct build *b, unsigned family)
{
	put_tag(b, type_of(family), 100);
	put_ethernet(b, 0x8100);
}

static void link_qinq(struct build *b, unsigned family)
{
	put_tag(b, type_of(family), 100);
	put_tag(b, 0x8100, 200);
	put_ethernet(b, 0x88a8);
}

static void link_stacked(struct build *b, unsigned family)
{
	put_tag(b, type_of(family), 100);
	put_tag(b, 0x8100, 200);
	put_tag(b, 0x8100, 300);
	put_ethernet(b, 0x8100);
}

static void link_qinq_old(struct build *b, unsigned family)
{
	put_tag(b, type_of(family), 100);
	put_tag(b, 0x9100, 200);
	put_ethernet(b, 0x9100);
}

static void put_labels(struct build *b, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		build_put32(b, (16u + i) << 12 | (i == 0 ? 0x100u : 0) | 64);
}

static void link_mpls(struct build *b, unsigned family)
{
	(void)family;
	put_labels(b, 1);
	put_ethernet(b, 0x8847);
}

static void link_mpls_stack(struct build *b, unsigned family)
{
	(void)family;
	put_labels(b, 3);
	put_tag(b, 0x8848, 7);
	put_ethernet(b, 0x8100);
}

static void link_pppoe(struct build *b, unsigned family)
{
	build_put16(b, family == 4 ? 0x0021 : 0x0057);
	size_t length = build_length(b);
	build_put16(b, (unsigned)length);
	build_put32(b, 0x11000001);
	put_ethernet(b, 0x8864);
}

static void link_raw(struct build *b, unsigned family)
{
	(void)b;
	(void)family;
}

static void link_sll(struct build *b, unsigned family)
{
	build_put16(b, type_of(family));
	build_put(b, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0", 14);
}

static void link_sll2(struct build *b, unsigned family)
{
	build_put(b, "\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\1\0\0", 18);
	build_put16(b, type_of(family));
}

static void link_null_little(struct build *b, unsigned family)
{
	build_put(b, family == 4 ? "\2\0\0\0" : "\x1e\0\0\0", 4);
}

static void link_null_big(struct build *b, unsigned family)
{
	build_put32(b, family == 4 ? 2 : 24);
}

static void link_null_linux(struct build *b, unsigned family)
{
	build_put(b, family == 4 ? "\2\0\0\0" : "\x0a\0\0\0", 4);
}

static void link_loop(struct build *b, unsigned family)
{
	build_put32(b, family == 4 ? 2 : 28);
}

const struct link_layer link_layers[] = {
	{"ethernet", SK_LINK_ETHERNET, link_ethernet, 0},
	{"802.3 LLC SNAP", SK_LINK_ETHERNET, link_snap, 0},
	{"802.1Q", SK_LINK_ETHERNET, link_vlan, SK_TUNNEL_VLAN},
	{"QinQ 88a8", SK_LINK_ETHERNET, link_qinq, SK_TUNNEL_QINQ},
	{"802.1Q three times", SK_LINK_ETHERNET, link_stacked, SK_TUNNEL_VLAN | SK_TUNNEL_QINQ},
	{"QinQ 9100 twice", SK_LINK_ETHERNET, link_qinq_old, SK_TUNNEL_QINQ},
	{"MPLS", SK_LINK_ETHERNET, link_mpls, SK_TUNNEL_MPLS},
	{"VLAN, MPLS three labels", SK_LINK_ETHERNET, link_mpls_stack, SK_TUNNEL_VLAN | SK_TUNNEL_MPLS},
	{"PPPoE", SK_LINK_ETHERNET, link_pppoe, SK_TUNNEL_PPPOE},
	{"raw IP", SK_LINK_RAW_IP, link_raw, 0},
	{"SLL", SK_LINK_SLL, link_sll, 0},
	{"SLL2", SK_LINK_SLL2, link_sll2, 0},
	{"null, little endian", SK_LINK_NULL, link_null_little, 0},
	{"null, big endian", SK_LINK_NULL, link_null_big, 0},
	{"null, AF_INET6 of Linux", SK_LINK_NULL, link_null_linux, 0},
	{"loop", SK_LINK_LOOP, link_loop, 0},
};
const size_t link_layer_count = SK_COUNT(link_layers);

/* ---- encapsulations ---- */

static uint8_t put_ipip(struct build *b, unsigned family)
{
	(void)b;
	return family == 4 ? 4 : 41;
}

static uint8_t put_gre(struct build *b, unsigned family)
{
	build_put16(b, type_of(family));
	build_put16(b, 0);
	return 47;
}

static uint8_t put_gre_all(struct build *b, unsigned family)
{
	build_put32(b, 9);
	build_put32(b, 0xdeadbeef);
	build_put32(b, 0xaaaa0000);
	build_put16(b, type_of(family));
	build_put16(b, 0xb000);
	return 47;
}

static uint8_t put_nvgre(struct build *b, unsigned family)
{
	link_ethernet(b, family);
	build_put32(b, 0x00123400);
	build_put16(b, 0x6558);
	build_put16(b, 0x2000);
	return 47;
}

static uint8_t put_gre_vlan(struct build *b, unsigned family)
{
	link_vlan(b, family);
	build_put16(b, 0x6558);
	build_put16(b, 0);
	return 47;
}

static uint8_t put_gre_mpls(struct build *b, unsigned family)
{
	(void)family;
	put_labels(b, 2);
	build_put16(b, 0x8847);
	build_put16(b, 0);
	return 47;
}

static uint8_t put_erspan1(struct build *b, unsigned family)
{
	link_ethernet(b, family);
	build_put16(b, 0x88be);
	build_put16(b, 0);
	return 47;
}

static uint8_t put_erspan2(struct build *b, unsigned family)
{
	link_vlan(b, family);
	build_put32(b, 1);
	build_put32(b, 0x10640001);
	build_put32(b, 77);
	build_put16(b, 0x88be);
	build_put16(b, 0x1000);
	return 47;
}

static void put_erspan3_head(struct build *b, unsigned last)
{
	build_put16(b, last);
	build_put16(b, 0);
	build_put32(b, 0x01020304);
	build_put32(b, 0x20640001);
	build_put32(b, 78);
	build_put16(b, 0x22eb);
	build_put16(b, 0x1000);
}

static uint8_t put_erspan3(struct build *b, unsigned family)
{
	link_ethernet(b, family);
	put_erspan3_head(b, 0);
	return 47;
}

static uint8_t put_erspan3_platform(struct build *b, unsigned family)
{
	(void)family;
	build_put32(b, 5);
	build_put32(b, 0x0c000000);
	put_erspan3_head(b, 2u << 10 | 1);
	return 47;
}

static uint8_t put_pptp(struct build *b, unsigned family)
{
	build_put16(b, family == 4 ? 0x0021 : 0x0057);
	build_put16(b, 0xff03);
	size_t length = build_length(b);
	build_put32(b, 3);
	build_put32(b, 4);
	build_put16(b, 0x4242);
	build_put16(b, (unsigned)length);
	build_put16(b, 0x880b);
	build_put16(b, 0x3081);
	return 47;
}

static uint8_t put_pptp_short(struct build *b, unsigned family)
{
	put8(b, family == 4 ? 0x21 : 0x57);
	size_t length = build_length(b);
	build_put32(b, 4);
	build_put16(b, 0x4242);
	build_put16(b, (unsigned)length);
	build_put16(b, 0x880b);
	build_put16(b, 0x3001);
	return 47;
}

static uint8_t put_wccp1(struct build *b, unsigned family)
{
	(void)family;
	build_put16(b, 0x883e);
	build_put16(b, 0);
	return 47;
}

static uint8_t put_wccp2(struct build *b, unsigned family)
{
	(void)family;
	build_put32(b, 0x80510000);
	build_put16(b, 0x883e);
	build_put16(b, 0);
	return 47;
}

static uint8_t put_vxlan(struct build *b, unsigned family)
{
	link_ethernet(b, family);
	build_put32(b, 0x00123400);
	build_put32(b, 0x08000000);
	build_put_udp(b, 4789);
	return 17;
}

static uint8_t put_vxlan_policy(struct build *b, unsigned family)
{
	link_qinq(b, family);
	build_put32(b, 0x00123400);
	build_put32(b, 0x88000007); /* group policy extension: the other bits are ignored on receipt */
	build_put_udp(b, 4789);
	return 17;
}

static uint8_t put_geneve(struct build *b, unsigned family)
{
	link_vlan(b, family);
	build_put32(b, 0x00123400);
	build_put32(b, 0x00006558);
	build_put_udp(b, 6081);
	return 17;
}

static uint8_t put_geneve_options(struct build *b, unsigned family)
{
	build_put(b, "\x01\x02\x80\x01\xde\xad\xbe\xef\x01\x03\0\0", 12);
	build_put32(b, 0x00123400);
	build_put16(b, type_of(family));
	build_put16(b, 0x0340);
	build_put_udp(b, 6081);
	return 17;
}

static uint8_t put_gtpu(struct build *b, unsigned family)
{
	(void)family;
	size_t length = build_length(b);
	build_put32(b, 0x0000beef);
	build_put16(b, (unsigned)length);
	build_put16(b, 0x30ff);
	build_put_udp(b, 2152);
	return 17;
}

static uint8_t put_gtpu_extensions(struct build *b, unsigned family)
{
	(void)family;
	build_put(b, "\x02\x01\x02\x03\x04\x05\x06\x00", 8); /* the last: no further */
	build_put(b, "\x01\x00\x01\x85", 4);
	build_put32(b, 0x00010085);                            /* sequence 1, N-PDU 0, next 0x85 */
	size_t length = build_length(b);
	build_put32(b, 0x0000beef);
	build_put16(b, (unsigned)length);
	build_put16(b, 0x36ff);
	build_put_udp(b, 2152);
	return 17;
}

static uint8_t put_gtpu_sequence(struct build *b, unsigned family)
{
	(void)family;
	build_put32(b, 0x00010085); /* E is not set: the next type means nothing */
	size_t length = build_length(b);
	build_put32(b, 0x0000beef);
	build_put16(b, (unsigned)length);
	build_put16(b, 0x32ff);
	build_put_udp(b, 2152);
	return 17;
}

static uint8_t put_mpls_in_ip(struct build *b, unsigned family)
{
	(void)family;
	put_labels(b, 1);
	return 137;
}

const struct encapsulation encapsulations[] = {
	{"IP in IP", put_ipip, SK_TUNNEL_IPIP},
	{"GRE", put_gre, SK_TUNNEL_GRE},
	{"GRE with checksum, key, sequence", put_gre_all, SK_TUNNEL_GRE},
	{"NVGRE", put_nvgre, SK_TUNNEL_GRE},
	{"GRE, Ethernet, VLAN", put_gre_vlan, SK_TUNNEL_GRE | SK_TUNNEL_VLAN},
	{"GRE, MPLS", put_gre_mpls, SK_TUNNEL_GRE | SK_TUNNEL_MPLS},
	{"ERSPAN I", put_erspan1, SK_TUNNEL_GRE},
	{"ERSPAN II, VLAN", put_erspan2, SK_TUNNEL_GRE | SK_TUNNEL_VLAN},
	{"ERSPAN III", put_erspan3, SK_TUNNEL_GRE},
	{"ERSPAN III, platform header, IP", put_erspan3_platform, SK_TUNNEL_GRE},
	{"PPTP", put_pptp, SK_TUNNEL_GRE},
	{"PPTP, short PPP", put_pptp_short, SK_TUNNEL_GRE},
	{"WCCP 1", put_wccp1, SK_TUNNEL_GRE},
	{"WCCP 2", put_wccp2, SK_TUNNEL_GRE},
	{"VXLAN", put_vxlan, SK_TUNNEL_VXLAN},
	{"VXLAN with policy, QinQ", put_vxlan_policy, SK_TUNNEL_VXLAN | SK_TUNNEL_QINQ},
	{"Geneve, Ethernet, VLAN", put_geneve, SK_TUNNEL_GENEVE | SK_TUNNEL_VLAN},
	{"Geneve with options", put_geneve_options, SK_TUNNEL_GENEVE},
	{"GTP-U", put_gtpu, SK_TUNNEL_GTPU},
	{"GTP-U with extensions", put_gtpu_extensions, SK_TUNNEL_GTPU},
	{"GTP-U with sequence", put_gtpu_sequence, SK_TUNNEL_GTPU},
	{"MPLS in IP", put_mpls_in_ip, SK_TUNNEL_MPLS},
};
const size_t encapsulation_count = SK_COUNT(encapsulations);

uint16_t encapsulation_tunnels(const struct encapsulation *e, unsigned outer_family, unsigned inner_family)
{
	return e->put == put_ipip && outer_family == 4 && inner_family == 6 ? SK_TUNNEL_6IN4 : e->tunnels;
}
