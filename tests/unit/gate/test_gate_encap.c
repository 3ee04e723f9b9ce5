/* SPDX-License-Identifier: Apache-2.0 */
/* Every encapsulation, nested to the stated depth and beyond, with every class inside, cut at every byte; and how exact a UDP tunnel is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_border.h"
#include "frames.h"

enum { ALL_CROSSING = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF) };

static struct sk_gate *gate; /* one for all tests of this file: covers everything that crosses */

static int group_setup(void **state)
{
	(void)state;
	return sk_gate_new(fake_border(), ALL_CROSSING, &gate) == SK_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	sk_gate_free(gate);
	return 0;
}

/* Judge a copy; *info is filled when admitted. */
static struct sk_verdict judge_copy(struct build *b, uint8_t link, size_t captured, size_t wire, struct sk_admitted_info *info, struct sk_cur *packet)
{
	struct sk_frame frame = build_frame(b, link, captured);
	struct sk_verdict verdict;
	uint32_t wire_length;
	frame.wire_bytes = (uint32_t)wire;
	sk_gate_judge_batch(gate, &frame, 1, &verdict);
	if (verdict.admitted != NULL && info != NULL) {
		*info = *sk_admitted_info(verdict.admitted);
		*packet = sk_admitted_bytes(verdict.admitted, &wire_length);
		packet->at = packet->at - frame.bytes + build_bytes(b);
		packet->end = packet->end - frame.bytes + build_bytes(b);
	}
	free(frame.bytes);
	return verdict;
}

static enum sk_gate_reason reason_of(struct build *b, size_t captured, size_t wire)
{
	return (enum sk_gate_reason)judge_copy(b, SK_LINK_RAW_IP, captured, wire, NULL, NULL).reason;
}

static enum sk_gate_reason expected_reason(enum sk_class outer, enum sk_class inner)
{
	if (outer == SK_CLASS_DD)
		return SK_GATE_DOMESTIC;
	if (outer == SK_CLASS_UNKNOWN)
		return SK_GATE_UNKNOWN;
	return inner == SK_CLASS_DD ? SK_GATE_INNER_DOMESTIC : inner == SK_CLASS_UNKNOWN ? SK_GATE_INNER_UNKNOWN : SK_GATE_ADMITTED;
}

/* No byte less may make the verdict more lenient: neither when a slice cut the frame nor when it claims to have been that short.
   Stated for every length, not only against the whole frame. rule: GATE-3 */
static void check_truncation(struct build *b, const char *name)
{
	size_t length = build_length(b);
	bool erased_before = true; /* with fewer bytes */
	bool short_erased_before = true;
	for (size_t captured = 0; captured <= length; captured++) {
		bool erased = reason_of(b, captured, length) != SK_GATE_ADMITTED;
		bool short_erased = reason_of(b, captured, captured) != SK_GATE_ADMITTED;
		if ((erased && !erased_before) || (short_erased && !short_erased_before))
			fail_msg("%s: admitted when cut to %zu of %zu bytes, but not with one more", name, captured - 1, length);
		erased_before = erased;
		short_erased_before = short_erased;
	}
}

static void put_innermost(struct build *b, unsigned family, enum sk_class class_)
{
	build_start(b, 21);
	build_put_tcp(b);
	build_put_ip(b, family, 6, class_);
}

/* Outer and inner family, outer and inner class, each encapsulation: the verdict, the bits, the class and the innermost packet. rule: GATE-3 */
static void test_every_encapsulation(void **state)
{
	(void)state;
	for (size_t e = 0; e < encapsulation_count; e++) {
		for (unsigned i = 0; i < 4 * SK_CLASS_COUNT * SK_CLASS_COUNT; i++) {
			unsigned outer_family = i & 1 ? 4 : 6, inner_family = i & 2 ? 4 : 6;
			enum sk_class outer = (enum sk_class)(i / 4 % SK_CLASS_COUNT), inner = (enum sk_class)(i / 4 / SK_CLASS_COUNT);
			struct build b;
			struct sk_admitted_info info;
			struct sk_cur packet;
			put_innermost(&b, inner_family, inner);
			uint8_t *innermost = build_bytes(&b);
			size_t innermost_bytes = build_length(&b);
			uint8_t proto = encapsulations[e].put(&b, inner_family);
			build_put_ip(&b, outer_family, proto, outer);
			struct sk_verdict verdict = judge_copy(&b, SK_LINK_RAW_IP, build_length(&b), build_length(&b), &info, &packet);
			if (verdict.reason != expected_reason(outer, inner))
				fail_msg("%s, IPv%u in IPv%u, %s in %s: %s", encapsulations[e].name, inner_family, outer_family, sk_class_name(inner),
					sk_class_name(outer), sk_gate_reason_name((enum sk_gate_reason)verdict.reason));
			assert_int_equal(verdict.class_, outer);
			if (verdict.reason == SK_GATE_ADMITTED) {
				assert_int_equal(info.layers, 2);
				assert_int_equal(info.inner_class, inner);
				assert_int_equal(info.tunnels, encapsulation_tunnels(&encapsulations[e], outer_family, inner_family));
				assert_ptr_equal(packet.at, innermost);
				assert_int_equal(sk_left(&packet), innermost_bytes);
			}
			if (i % 7 == 0)
				check_truncation(&b, encapsulations[e].name);
		}
	}
}

/* The same when the outer IP header carries options or a chain of extension headers. */
static void test_behind_options_and_extensions(void **state)
{
	(void)state;
	for (size_t e = 0; e < encapsulation_count; e++) {
		for (unsigned i = 0; i < 4; i++) {
			struct build b;
			put_innermost(&b, i & 1 ? 4 : 6, SK_CLASS_DD);
			uint8_t proto = encapsulations[e].put(&b, i & 1 ? 4 : 6);
			if (i & 2)
				build_put_ip4_options(&b, proto, SK_CLASS_FF);
			else
				build_put_ip6_extensions(&b, proto, SK_CLASS_FF);
			assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), SK_GATE_INNER_DOMESTIC);
			check_truncation(&b, encapsulations[e].name);
		}
	}
}

/* A chain as long as the limit shows what it carries; a longer one is no way around the gate, and costs no more. */
static void test_chain_of_extensions(void **state)
{
	(void)state;
	for (unsigned count = 0; count < 40; count++) {
		struct build b;
		build_start(&b, 8);
		build_put_udp(&b, 53);
		build_put_ip6_chain(&b, 17, SK_CLASS_FD, count);
		assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), count <= SK_GATE_EXTENSIONS_MAX ? SK_GATE_ADMITTED : SK_GATE_INNER_UNKNOWN);
		check_truncation(&b, "a chain of extension headers");
		put_innermost(&b, 4, SK_CLASS_DD);
		build_put_ip6_chain(&b, 4, SK_CLASS_FD, count);
		assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), count <= SK_GATE_EXTENSIONS_MAX ? SK_GATE_INNER_DOMESTIC : SK_GATE_INNER_UNKNOWN);
	}
}

/* Any two encapsulations in each other; the domestic pair at the top, in the middle and at the bottom. */
static void test_every_pair_of_encapsulations(void **state)
{
	(void)state;
	for (size_t i = 0; i < encapsulation_count * encapsulation_count; i++) {
		const struct encapsulation *first = &encapsulations[i / encapsulation_count], *second = &encapsulations[i % encapsulation_count];
		for (unsigned domestic = 0; domestic < 4; domestic++) {
			struct build b;
			put_innermost(&b, 4, domestic == 2 ? SK_CLASS_DD : SK_CLASS_DF);
			uint8_t proto = second->put(&b, 4);
			build_put_ip(&b, 6, proto, domestic == 1 ? SK_CLASS_DD : SK_CLASS_FF);
			proto = first->put(&b, 6);
			build_put_ip(&b, 4, proto, domestic == 0 ? SK_CLASS_DD : SK_CLASS_FD);
			enum sk_gate_reason expected = domestic == 0 ? SK_GATE_DOMESTIC : domestic == 3 ? SK_GATE_ADMITTED : SK_GATE_INNER_DOMESTIC;
			if (reason_of(&b, build_length(&b), build_length(&b)) != expected)
				fail_msg("%s in %s", second->name, first->name);
			if (domestic >= 2)
				check_truncation(&b, second->name);
		}
	}
}

/* Eight IP layers are peeled, a ninth is inner_unknown; a domestic pair is found at every depth. */
static void test_depth(void **state)
{
	(void)state;
	for (size_t e = 0; e < encapsulation_count; e++) {
		for (unsigned depth = 1; depth <= SK_GATE_LAYERS_MAX + 2; depth++) {
			struct build b;
			struct sk_admitted_info info;
			struct sk_cur packet;
			put_innermost(&b, 4, SK_CLASS_DF);
			for (unsigned i = 1; i < depth; i++) {
				uint8_t proto = encapsulations[e].put(&b, 4);
				build_put_ip(&b, 4, proto, SK_CLASS_FD);
			}
			struct sk_verdict verdict = judge_copy(&b, SK_LINK_RAW_IP, build_length(&b), build_length(&b), &info, &packet);
			assert_int_equal(verdict.reason, depth <= SK_GATE_LAYERS_MAX ? SK_GATE_ADMITTED : SK_GATE_INNER_UNKNOWN);
			if (depth <= SK_GATE_LAYERS_MAX)
				assert_int_equal(info.layers, depth);
		}
		for (unsigned domestic = 1; domestic < SK_GATE_LAYERS_MAX; domestic++) {
			struct build b;
			put_innermost(&b, 4, domestic == 1 ? SK_CLASS_DD : SK_CLASS_DF);
			for (unsigned i = 2; i <= SK_GATE_LAYERS_MAX; i++) {
				uint8_t proto = encapsulations[e].put(&b, 4);
				build_put_ip(&b, 4, proto, domestic == i ? SK_CLASS_DD : SK_CLASS_FD);
			}
			assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), SK_GATE_INNER_DOMESTIC);
		}
	}
}

/* An encapsulation that shows no IP inside, or breaks its own rules. change: overwrite these bytes of the outer payload at this offset. */
struct oddity {
	const char *name;
	const char *encapsulation;
	size_t offset; /* from the end of the outer IP header */
	const char *bytes;
	size_t length;
	enum sk_gate_reason reason; /* with an inner pair that is DD */
};

/* A UDP tunnel is exact or it is plain UDP; a protocol number is a promise, so what breaks it is unknown. */
static void test_exactness(void **state)
{
	(void)state;
	static const struct oddity oddities[] = {
		{"another port", "VXLAN", 2, "\x12\xb6", 2, SK_GATE_ADMITTED},
		{"by source port only", "VXLAN", 0, "\x12\xb5\x30\x39", 4, SK_GATE_ADMITTED},
		{"without the I flag", "VXLAN", 8, "\x00", 1, SK_GATE_ADMITTED},
		{"reserved bits set", "VXLAN", 8, "\x08\x00\x00\x01", 4, SK_GATE_INNER_DOMESTIC},
		{"ARP inside", "VXLAN", 28, "\x08\x06", 2, SK_GATE_INNER_UNKNOWN},
		{"ARP inside, header not exact", "VXLAN with policy, QinQ", 36, "\x08\x06", 2, SK_GATE_ADMITTED},
		{"inner version 5", "VXLAN", 30, "\x55", 1, SK_GATE_ADMITTED},
		{"inner version of the other family", "VXLAN", 30, "\x65", 1, SK_GATE_ADMITTED},
		{"inner header too short", "VXLAN", 30, "\x44", 1, SK_GATE_ADMITTED},
		{"inner length beyond the datagram", "VXLAN", 32, "\x01\x00", 2, SK_GATE_ADMITTED},
		{"inner length 0", "VXLAN", 32, "\x00\x00", 2, SK_GATE_ADMITTED},
		{"UDP length beyond the packet", "VXLAN", 4, "\x02\x00", 2, SK_GATE_ADMITTED},
		{"UDP length below its header", "VXLAN", 4, "\x00\x07", 2, SK_GATE_ADMITTED},
		{"UDP length without room for the VXLAN header", "VXLAN", 4, "\x00\x0f", 2, SK_GATE_ADMITTED},
		{"UDP length that ends inside the inner header", "VXLAN", 4, "\x00\x28", 2, SK_GATE_ADMITTED},
		{"UDP length 0: the rest", "VXLAN", 4, "\x00\x00", 2, SK_GATE_INNER_DOMESTIC},
		{"version 1", "Geneve with options", 8, "\x43", 1, SK_GATE_ADMITTED},
		{"options beyond the datagram", "Geneve with options", 8, "\x3f", 1, SK_GATE_ADMITTED},
		{"OAM bit", "Geneve with options", 9, "\x80", 1, SK_GATE_INNER_DOMESTIC},
		{"reserved bits set", "Geneve with options", 9, "\x01", 1, SK_GATE_INNER_DOMESTIC},
		{"NSH inside", "Geneve with options", 10, "\x89\x4f", 2, SK_GATE_INNER_UNKNOWN},
		{"NSH inside, header not exact", "Geneve with options", 9, "\x01\x89\x4f", 3, SK_GATE_ADMITTED},
		{"version 2", "GTP-U", 8, "\x50", 1, SK_GATE_ADMITTED},
		{"GTP prime", "GTP-U", 8, "\x20", 1, SK_GATE_ADMITTED},
		{"spare bit: not evaluated", "GTP-U", 8, "\x38", 1, SK_GATE_INNER_DOMESTIC},
		{"echo request", "GTP-U", 9, "\x01", 1, SK_GATE_ADMITTED},
		{"end marker", "GTP-U", 9, "\xfe", 1, SK_GATE_ADMITTED},
		{"length beyond the datagram", "GTP-U", 10, "\x01\x00", 2, SK_GATE_ADMITTED},
		{"inner version 5", "GTP-U", 16, "\x55", 1, SK_GATE_ADMITTED},
		{"extension of length 0", "GTP-U with extensions", 20, "\x00", 1, SK_GATE_ADMITTED},
		{"extension beyond the datagram", "GTP-U with extensions", 20, "\xff", 1, SK_GATE_ADMITTED},
		{"routing present (RFC 1701)", "GRE", 0, "\x40\x00", 2, SK_GATE_INNER_UNKNOWN},
		{"version 2", "GRE", 0, "\x00\x02", 2, SK_GATE_INNER_UNKNOWN},
		{"keep-alive", "GRE", 2, "\x00\x00", 2, SK_GATE_INNER_UNKNOWN},
		{"NHRP inside", "GRE", 2, "\x20\x01", 2, SK_GATE_INNER_UNKNOWN},
		{"version 1 with another payload", "GRE", 0, "\x20\x01", 2, SK_GATE_INNER_UNKNOWN},
		{"spanning tree inside", "NVGRE", 20, "\x00\x26\x42\x42", 4, SK_GATE_INNER_UNKNOWN},
		{"inner version of the other family", "GRE", 4, "\x65", 1, SK_GATE_INNER_UNKNOWN},
		{"inner length beyond the packet", "GRE", 6, "\xff\xff", 2, SK_GATE_INNER_DOMESTIC},
		{"without key", "PPTP", 0, "\x10\x81", 2, SK_GATE_INNER_UNKNOWN},
		{"bare acknowledgement", "PPTP", 4, "\x00\x00", 2, SK_GATE_ADMITTED},
		{"LCP", "PPTP", 18, "\xc0\x21", 2, SK_GATE_INNER_UNKNOWN},
		{"compressed or encrypted PPP", "PPTP", 18, "\x00\xfd", 2, SK_GATE_INNER_UNKNOWN},
		{"version 2 in a type II frame", "ERSPAN II, VLAN", 8, "\x20", 1, SK_GATE_INNER_UNKNOWN},
		{"version 1 in a type III frame", "ERSPAN III", 8, "\x10", 1, SK_GATE_INNER_UNKNOWN},
		{"frame type 1", "ERSPAN III", 18, "\x04\x00", 2, SK_GATE_INNER_UNKNOWN},
		{"pseudowire inside", "MPLS in IP", 4, "\x00", 1, SK_GATE_INNER_UNKNOWN},
		{"pseudowire inside", "GRE, MPLS", 12, "\x10", 1, SK_GATE_INNER_UNKNOWN},
		{"inner header too short", "IP in IP", 0, "\x44", 1, SK_GATE_INNER_UNKNOWN},
		{"inner version of the other family", "IP in IP", 0, "\x60", 1, SK_GATE_INNER_UNKNOWN},
	};
	for (size_t i = 0; i < SK_COUNT(oddities); i++) {
		const struct oddity *o = &oddities[i];
		size_t e = 0;
		while (e < encapsulation_count && strcmp(encapsulations[e].name, o->encapsulation) != 0)
			e++;
		assert_true(e < encapsulation_count);
		struct build b;
		put_innermost(&b, 4, SK_CLASS_DD);
		uint8_t proto = encapsulations[e].put(&b, 4);
		build_put_ip(&b, 4, proto, SK_CLASS_FF);
		memcpy(build_bytes(&b) + 20 + o->offset, o->bytes, o->length);
		enum sk_gate_reason reason = reason_of(&b, build_length(&b), build_length(&b));
		if (reason != o->reason)
			fail_msg("%s, %s: %s, expected %s", o->encapsulation, o->name, sk_gate_reason_name(reason), sk_gate_reason_name(o->reason));
		check_truncation(&b, o->name);
	}
}

/* What looked like a tunnel and was none leaves no bit behind, and the packet is the outer one. */
static void test_plain_udp_leaves_no_bits(void **state)
{
	(void)state;
	struct build b;
	struct sk_admitted_info info;
	struct sk_cur packet;
	put_innermost(&b, 4, SK_CLASS_DD);
	link_layers[3].put(&b, 4);
	build_put32(&b, 0x00123400);
	build_put32(&b, 0x08000000);
	build_put_udp(&b, 4789);
	build_put_ip(&b, 6, 17, SK_CLASS_FF);
	build_bytes(&b)[40 + 8 + 8 + 22] = 0x55; /* the inner version */
	assert_int_equal(judge_copy(&b, SK_LINK_RAW_IP, build_length(&b), build_length(&b), &info, &packet).reason, SK_GATE_ADMITTED);
	assert_int_equal(info.tunnels, 0);
	assert_int_equal(info.layers, 1);
	assert_ptr_equal(packet.at, build_bytes(&b));
	assert_int_equal(sk_left(&packet), build_length(&b));
}

/* Later fragments of tunnel protocols go; those of others stay; first fragments are peeled where a protocol number says so, and are plain where
   only a UDP length does. rule: GATE-3 */
static void test_fragments(void **state)
{
	(void)state;
	static const struct {
		uint8_t proto;
		enum sk_gate_reason later;
	} protos[] = {
		{4, SK_GATE_FRAGMENT_OF_TUNNEL}, {41, SK_GATE_FRAGMENT_OF_TUNNEL}, {47, SK_GATE_FRAGMENT_OF_TUNNEL}, {137, SK_GATE_FRAGMENT_OF_TUNNEL},
		{6, SK_GATE_ADMITTED}, {17, SK_GATE_ADMITTED}, {1, SK_GATE_ADMITTED}, {58, SK_GATE_ADMITTED}, {50, SK_GATE_ADMITTED}, {51, SK_GATE_ADMITTED}
	};
	for (size_t i = 0; i < SK_COUNT(protos); i++) {
		for (unsigned family = 4; family <= 6; family += 2) {
			for (unsigned more = 0; more < 2; more++) {
				struct build b;
				build_start(&b, 64);
				build_put_fragment(&b, family, protos[i].proto, SK_CLASS_FD, 1, more != 0);
				assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), protos[i].later);
				check_truncation(&b, "later fragment");
				/* An uncovered outermost pair is the reason that counts. */
				build_start(&b, 64);
				build_put_fragment(&b, family, protos[i].proto, SK_CLASS_DD, 0x1fff, more != 0);
				assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), SK_GATE_DOMESTIC);
			}
		}
	}
	/* In IPv6 a later fragment whose next header is an extension header hides what it belongs to. */
	struct build b;
	build_start(&b, 64);
	build_put_fragment(&b, 6, 60, SK_CLASS_FD, 9, false);
	assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), SK_GATE_FRAGMENT_OF_TUNNEL);

	for (size_t e = 0; e < encapsulation_count; e++) {
		for (unsigned family = 4; family <= 6; family += 2) {
			put_innermost(&b, 4, SK_CLASS_DD);
			uint8_t proto = encapsulations[e].put(&b, 4);
			memmove(b.room + b.start + 5, b.room + b.start, build_length(&b) - 5); /* the last 5 bytes are in the next fragment */
			b.start += 5;
			build_put_fragment(&b, family, proto, SK_CLASS_FF, 0, true);
			/* Below MPLS nothing but a fitting length tells that it is IP, and here it does not fit. */
			bool mpls = (encapsulations[e].tunnels & SK_TUNNEL_MPLS) != 0;
			assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), proto == 17 ? SK_GATE_ADMITTED : mpls ? SK_GATE_INNER_UNKNOWN :
				SK_GATE_INNER_DOMESTIC);
			check_truncation(&b, encapsulations[e].name);
		}
	}
}

/* The pair that an ICMP error quotes is judged; a quote cut inside it is unknown; other ICMP quotes nothing. rule: GATE-3 */
static void test_icmp_quotes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4 * SK_CLASS_COUNT; i++) {
		unsigned family = i & 1 ? 4 : 6, quoted_family = i & 2 ? 4 : 6;
		enum sk_class quoted = (enum sk_class)(i / 4);
		struct build b;
		struct sk_admitted_info info;
		struct sk_cur packet;
		build_start(&b, 8);
		build_put_ip(&b, quoted_family, 6, quoted);
		build_put_icmp(&b, family, true);
		build_put_ip(&b, family, family == 4 ? 1 : 58, SK_CLASS_FD);
		size_t length = build_length(&b), quote_end = length - 8;
		struct sk_verdict verdict = judge_copy(&b, SK_LINK_RAW_IP, length, length, &info, &packet);
		assert_int_equal(verdict.reason, expected_reason(SK_CLASS_FD, quoted));
		assert_int_equal(verdict.class_, SK_CLASS_FD);
		if (verdict.reason == SK_GATE_ADMITTED) {
			assert_int_equal(info.layers, 1);
			assert_int_equal(info.tunnels, 0);
			assert_int_equal(info.inner_class, SK_CLASS_FD);
			assert_ptr_equal(packet.at, build_bytes(&b));
		}
		for (size_t captured = family == 4 ? 20 : 40; captured < quote_end; captured++)
			assert_int_equal(reason_of(&b, captured, length), SK_GATE_INNER_UNKNOWN);
		assert_int_equal(reason_of(&b, quote_end, length), expected_reason(SK_CLASS_FD, quoted));

		build_start(&b, 8);
		build_put_ip(&b, quoted_family, 6, quoted);
		build_put_icmp(&b, family, false);
		build_put_ip(&b, family, family == 4 ? 1 : 58, SK_CLASS_FD);
		assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), SK_GATE_ADMITTED);
	}
	/* A quote that never was long enough, and one that is no IP. */
	for (unsigned family = 4; family <= 6; family += 2) {
		for (size_t quote = 0; quote < 20; quote++) {
			struct build b;
			build_start(&b, 0);
			build_put(&b, "\x45\0\0\x14\0\0\0\0\x40\x06\0\0\xcb\0\x71\x05\xc6\x33\x64\x07", quote);
			build_put_icmp(&b, family, true);
			build_put_ip(&b, family, family == 4 ? 1 : 58, SK_CLASS_FD);
			assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), SK_GATE_INNER_UNKNOWN);
		}
		struct build b;
		build_start(&b, 60);
		build_put(&b, "\x55", 1);
		build_put_icmp(&b, family, true);
		build_put_ip(&b, family, family == 4 ? 1 : 58, SK_CLASS_FD);
		assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), SK_GATE_INNER_UNKNOWN);
	}
	/* Every ICMP type: exactly the errors are looked into. */
	for (unsigned type = 0; type < 256; type++) {
		struct build b;
		put_innermost(&b, 4, SK_CLASS_DD);
		build_put_icmp(&b, 4, true);
		build_bytes(&b)[0] = (uint8_t)type;
		build_put_ip(&b, 4, 1, SK_CLASS_FF);
		bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
		assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), error ? SK_GATE_INNER_DOMESTIC : SK_GATE_ADMITTED);
		put_innermost(&b, 6, SK_CLASS_DD);
		build_put_icmp(&b, 6, true);
		build_bytes(&b)[0] = (uint8_t)type;
		build_put_ip(&b, 6, 58, SK_CLASS_FF);
		assert_int_equal(reason_of(&b, build_length(&b), build_length(&b)), type < 128 ? SK_GATE_INNER_DOMESTIC : SK_GATE_ADMITTED);
	}
}

/* The bases of the law cover one class each: an inner or quoted pair of another class is inner_not_covered. */
static void test_inner_not_covered(void **state)
{
	(void)state;
	for (unsigned outer = SK_CLASS_FF; outer <= SK_CLASS_DF; outer++) {
		struct sk_gate *narrow;
		assert_int_equal(sk_gate_new(fake_border(), SK_CLASS_BIT(outer), &narrow), SK_OK);
		for (unsigned inner = SK_CLASS_FF; inner <= SK_CLASS_DF; inner++) {
			for (size_t e = 0; e <= encapsulation_count; e++) {
				struct build b;
				uint8_t proto = 1;
				put_innermost(&b, 4, (enum sk_class)inner);
				if (e == encapsulation_count)
					build_put_icmp(&b, 4, true);
				else
					proto = encapsulations[e].put(&b, 4);
				build_put_ip(&b, 4, proto, (enum sk_class)outer);
				struct sk_frame frame = build_frame(&b, SK_LINK_RAW_IP, build_length(&b));
				struct sk_verdict verdict;
				sk_gate_judge_batch(narrow, &frame, 1, &verdict);
				assert_int_equal(verdict.reason, inner == outer ? SK_GATE_ADMITTED : SK_GATE_INNER_NOT_COVERED);
				assert_int_equal(verdict.class_, outer);
				free(frame.bytes);
			}
		}
		sk_gate_free(narrow);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_encapsulation), cmocka_unit_test(test_behind_options_and_extensions), cmocka_unit_test(test_chain_of_extensions),
		cmocka_unit_test(test_every_pair_of_encapsulations), cmocka_unit_test(test_depth), cmocka_unit_test(test_exactness),
		cmocka_unit_test(test_plain_udp_leaves_no_bits), cmocka_unit_test(test_fragments), cmocka_unit_test(test_icmp_quotes),
		cmocka_unit_test(test_inner_not_covered)
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
