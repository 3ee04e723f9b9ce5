/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's verdicts on plain frames: classes and coverage, links, what is no IP, erasure, batches, datagrams that come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_border.h"
#include "frames.h"

enum { ALL_CROSSING = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF) };

static struct sk_verdict judge_one(unsigned covered, struct sk_frame *frame)
{
	struct sk_gate *gate;
	struct sk_verdict verdict;
	assert_int_equal(sk_gate_new(fake_border(), covered, &gate), SK_OK);
	sk_gate_judge_batch(gate, frame, 1, &verdict);
	sk_gate_free(gate);
	verdict.admitted = NULL; /* it went with the gate */
	return verdict;
}

static bool all_zero(const uint8_t *bytes, size_t length)
{
	uint8_t any = 0;
	for (size_t i = 0; i < length; i++)
		any |= bytes[i];
	return any == 0;
}

/* Judge raw bytes as a frame of that link; the reason. Checks that exactly the erased ones are zero. */
static enum sk_gate_reason reason_of(uint8_t link, struct build *b, size_t captured, enum sk_class *class_)
{
	struct sk_frame frame = build_frame(b, link, captured);
	struct sk_verdict verdict = judge_one(ALL_CROSSING, &frame);
	if (verdict.reason != SK_GATE_ADMITTED)
		assert_true(all_zero(frame.bytes, captured));
	else
		assert_memory_equal(frame.bytes, build_bytes(b), captured);
	free(frame.bytes);
	if (class_ != NULL)
		*class_ = (enum sk_class)verdict.class_;
	return (enum sk_gate_reason)verdict.reason;
}

/* Every class under every set of classes that a basis could name, also one that names DD and UNKNOWN. rule: GATE-2 */
static void test_every_class_under_every_coverage(void **state)
{
	(void)state;
	for (unsigned covered = 0; covered < 32; covered++) {
		for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
			for (unsigned family = 4; family <= 6; family += 2) {
				struct build b;
				build_start(&b, 30);
				build_put_tcp(&b);
				build_put_ip(&b, family, 6, (enum sk_class)class_);
				struct sk_frame frame = build_frame(&b, SK_LINK_RAW_IP, build_length(&b));
				struct sk_verdict verdict = judge_one(covered, &frame);
				unsigned expected = class_ == SK_CLASS_DD ? SK_GATE_DOMESTIC : class_ == SK_CLASS_UNKNOWN ? SK_GATE_UNKNOWN :
					covered & SK_CLASS_BIT(class_) ? SK_GATE_ADMITTED : SK_GATE_NOT_COVERED;
				assert_int_equal(verdict.class_, class_);
				assert_int_equal(verdict.reason, expected);
				assert_int_equal(all_zero(frame.bytes, frame.captured_bytes), expected != SK_GATE_ADMITTED);
				free(frame.bytes);
			}
		}
	}
}

/* Each link with each family: found, classified, the bits reported, the bytes those of the IP packet without link padding. */
static void test_every_link(void **state)
{
	(void)state;
	for (size_t l = 0; l < link_layer_count; l++) {
		for (unsigned family = 4; family <= 6; family += 2) {
			struct build b;
			struct sk_gate *gate;
			struct sk_verdict verdict;
			uint32_t wire;
			build_start(&b, 13);
			build_put_tcp(&b);
			build_put_ip(&b, family, 6, SK_CLASS_FD);
			size_t packet_bytes = build_length(&b);
			link_layers[l].put(&b, family);
			size_t padding = 9;
			struct sk_frame frame = build_frame(&b, link_layers[l].link, build_length(&b));
			frame.bytes = realloc(frame.bytes, frame.captured_bytes + padding);
			memset(frame.bytes + frame.captured_bytes, 0xee, padding);
			frame.captured_bytes += (uint32_t)padding;
			frame.wire_bytes += (uint32_t)padding;
			frame.interface = 3;
			frame.time_ns = 42;
			assert_int_equal(sk_gate_new(fake_border(), ALL_CROSSING, &gate), SK_OK);
			sk_gate_judge_batch(gate, &frame, 1, &verdict);
			if (verdict.reason != SK_GATE_ADMITTED)
				fail_msg("%s, IPv%u: %s", link_layers[l].name, family, sk_gate_reason_name((enum sk_gate_reason)verdict.reason));
			struct sk_cur packet = sk_admitted_bytes(verdict.admitted, &wire);
			assert_int_equal(wire, packet_bytes);
			assert_int_equal(sk_left(&packet), packet_bytes);
			assert_ptr_equal(packet.at, frame.bytes + frame.captured_bytes - padding - packet_bytes);
			const struct sk_admitted_info *info = sk_admitted_info(verdict.admitted);
			assert_int_equal(info->tunnels, link_layers[l].tunnels);
			assert_int_equal(info->layers, 1);
			assert_int_equal(info->class_, SK_CLASS_FD);
			assert_int_equal(info->inner_class, SK_CLASS_FD);
			assert_int_equal(info->wire_bytes, frame.wire_bytes);
			assert_int_equal(info->frames, 1);
			assert_int_equal(info->interface, 3);
			assert_int_equal(info->time_ns, 42);
			assert_int_equal(info->reassembled, 0);
			sk_gate_free(gate);
			free(frame.bytes);
		}
	}
}

struct raw_case {
	const char *name;
	uint8_t link;
	const char *bytes;
	size_t length;
	enum sk_gate_reason reason;
};
#define RAW(bytes) bytes, sizeof(bytes) - 1
#define MACS "\2\0\0\0\0\1\2\0\0\0\0\2"
#define FD4 "\x45\0\0\x14\0\0\0\0\x40\x06\0\0\xcb\0\x71\x05\xc6\x33\x64\x07"

/* What has no IP address pair that could be read: class UNKNOWN, each with its reason. rule: GATE-1 */
static void test_no_readable_pair(void **state)
{
	(void)state;
	static const struct raw_case cases[] = {
		{"the pair of these tests is FD", SK_LINK_ETHERNET, RAW(MACS "\x08\x00" FD4), SK_GATE_ADMITTED},
		{"empty frame", SK_LINK_ETHERNET, RAW(""), SK_GATE_MALFORMED_ADDRESS},
		{"runt", SK_LINK_ETHERNET, RAW("\2\0\0"), SK_GATE_MALFORMED_ADDRESS},
		{"ARP", SK_LINK_ETHERNET, RAW(MACS "\x08\x06\0\1\x08\0\6\4\0\1"), SK_GATE_NON_IP},
		{"ARP behind a VLAN tag", SK_LINK_ETHERNET, RAW(MACS "\x81\0\0\1\x08\x06\0\1\x08\0\6\4"), SK_GATE_NON_IP},
		{"spanning tree", SK_LINK_ETHERNET, RAW(MACS "\0\x26\x42\x42\x03\0\0\0\0\0"), SK_GATE_NON_IP},
		{"SNAP of another organisation (CDP)", SK_LINK_ETHERNET, RAW(MACS "\0\x20\xaa\xaa\x03\0\0\x0c\x20\0\2\xb4"), SK_GATE_NON_IP},
		{"IP behind the IP SAP", SK_LINK_ETHERNET, RAW(MACS "\0\x17\6\6\3" FD4), SK_GATE_ADMITTED},
		{"802.3 length shorter than the IP header in it", SK_LINK_ETHERNET, RAW(MACS "\0\x0c\6\6\3" FD4), SK_GATE_MALFORMED_ADDRESS},
		{"a type between length and ethertype", SK_LINK_ETHERNET, RAW(MACS "\x05\xff" FD4), SK_GATE_NON_IP},
		{"PPPoE discovery", SK_LINK_ETHERNET, RAW(MACS "\x88\x63\x11\x09\0\0\0\4\1\1\0\0"), SK_GATE_NON_IP},
		{"LCP in PPPoE", SK_LINK_ETHERNET, RAW(MACS "\x88\x64\x11\x00\0\1\0\6\xc0\x21\1\1\0\4"), SK_GATE_NON_IP},
		{"IPv6 control in PPPoE", SK_LINK_ETHERNET, RAW(MACS "\x88\x64\x11\x00\0\1\0\6\x80\x57\1\1\0\4"), SK_GATE_NON_IP},
		{"pseudowire with control word", SK_LINK_ETHERNET, RAW(MACS "\x88\x47\0\1\1\x40\0\0\0\0" MACS "\x08\x00" FD4), SK_GATE_UNKNOWN},
		{"pseudowire associated channel", SK_LINK_ETHERNET, RAW(MACS "\x88\x47\0\1\1\x40\x10\0\0\x21" FD4), SK_GATE_UNKNOWN},
		{"pseudowire that looks like IPv4 by its first byte", SK_LINK_ETHERNET, RAW(MACS "\x88\x47\0\1\1\x40\x46\xfe\xfe\xfe" MACS MACS), SK_GATE_UNKNOWN},
		{"label stack without bottom", SK_LINK_ETHERNET, RAW(MACS "\x88\x47\0\1\0\x40\0\1\0\x40"), SK_GATE_MALFORMED_ADDRESS},
		{"MACsec", SK_LINK_ETHERNET, RAW(MACS "\x88\xe5\x2c\0\0\0\0\1"), SK_GATE_NON_IP},
		{"IPv4 ethertype, version 6", SK_LINK_ETHERNET, RAW(MACS "\x08\x00\x65\0\0\x14\0\0\0\0\x40\x06\0\0\xcb\0\x71\x05\xc6\x33\x64\x07"), SK_GATE_MALFORMED_ADDRESS},
		{"header of 16 bytes", SK_LINK_RAW_IP, RAW("\x44\0\0\x14\0\0\0\0\x40\x06\0\0\xcb\0\x71\x05\xc6\x33\x64\x07"), SK_GATE_MALFORMED_ADDRESS},
		{"total length below the header", SK_LINK_RAW_IP, RAW("\x45\0\0\x13\0\0\0\0\x40\x06\0\0\xcb\0\x71\x05\xc6\x33\x64\x07"), SK_GATE_MALFORMED_ADDRESS},
		{"total length 0: offload", SK_LINK_RAW_IP, RAW("\x45\0\0\0\0\0\0\0\x40\x06\0\0\xcb\0\x71\x05\xc6\x33\x64\x07"), SK_GATE_ADMITTED},
		{"total length beyond the frame", SK_LINK_RAW_IP, RAW("\x45\0\xff\xff\0\0\0\0\x40\x06\0\0\xcb\0\x71\x05\xc6\x33\x64\x07"), SK_GATE_ADMITTED},
		{"raw IP version 5", SK_LINK_RAW_IP, RAW("\x55\0\0\x14\0\0\0\0\x40\x06\0\0\xcb\0\x71\x05\xc6\x33\x64\x07"), SK_GATE_MALFORMED_ADDRESS},
		{"null with another family", SK_LINK_NULL, RAW("\x07\0\0\0" FD4), SK_GATE_NON_IP},
		{"null with an odd family in both orders", SK_LINK_NULL, RAW("\2\0\0\2" FD4), SK_GATE_NON_IP},
		{"SLL, ARP", SK_LINK_SLL, RAW("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\x06" FD4), SK_GATE_NON_IP},
		{"SLL, LLC, SNAP", SK_LINK_SLL, RAW("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\0\4\xaa\xaa\3\0\0\0\x08\0" FD4), SK_GATE_ADMITTED},
		{"SLL, netlink", SK_LINK_SLL, RAW("\0\4\3\x38\0\0\0\0\0\0\0\0\0\0\0\0" FD4), SK_GATE_NON_IP},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct build b;
		enum sk_class class_;
		build_start(&b, 0);
		build_put(&b, cases[i].bytes, cases[i].length);
		enum sk_gate_reason reason = reason_of(cases[i].link, &b, cases[i].length, &class_);
		if (reason != cases[i].reason)
			fail_msg("%s: %s, expected %s", cases[i].name, sk_gate_reason_name(reason), sk_gate_reason_name(cases[i].reason));
		assert_int_equal(class_, reason == SK_GATE_ADMITTED ? SK_CLASS_FD : SK_CLASS_UNKNOWN);
	}
}

/* A slice inside the link header or an address is malformed_address and UNKNOWN; behind the pair the class stands. rule: GATE-1 */
static void test_slices_around_the_pair(void **state)
{
	(void)state;
	for (size_t l = 0; l < link_layer_count; l++) {
		for (unsigned family = 4; family <= 6; family += 2) {
			struct build b;
			build_start(&b, 40);
			build_put_tcp(&b);
			build_put_ip(&b, family, 6, SK_CLASS_DF);
			size_t packet_bytes = build_length(&b);
			link_layers[l].put(&b, family);
			size_t pair_end = build_length(&b) - packet_bytes + (family == 4 ? 20 : 40);
			for (size_t captured = 0; captured <= build_length(&b); captured++) {
				enum sk_class class_;
				enum sk_gate_reason reason = reason_of(link_layers[l].link, &b, captured, &class_);
				assert_int_equal(reason, captured < pair_end ? SK_GATE_MALFORMED_ADDRESS : SK_GATE_ADMITTED);
				assert_int_equal(class_, captured < pair_end ? SK_CLASS_UNKNOWN : SK_CLASS_DF);
			}
		}
	}
}

/* A full batch of alternating fates: each frame its own verdict, erased ones zero, admitted ones untouched and each at its own bytes. */
static void test_batch(void **state)
{
	(void)state;
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_verdict verdicts[SK_BATCH_MAX];
	struct sk_gate *gate;
	for (unsigned i = 0; i < SK_BATCH_MAX; i++) {
		struct build b;
		build_start(&b, i);
		build_put_tcp(&b);
		build_put_ip(&b, i % 2 ? 4 : 6, 6, (enum sk_class)(i % SK_CLASS_COUNT));
		frames[i] = build_frame(&b, SK_LINK_RAW_IP, build_length(&b));
	}
	assert_int_equal(sk_gate_new(fake_border(), ALL_CROSSING, &gate), SK_OK);
	sk_gate_judge_batch(gate, frames, SK_BATCH_MAX, verdicts);
	for (unsigned i = 0; i < SK_BATCH_MAX; i++) {
		bool admitted = i % SK_CLASS_COUNT <= SK_CLASS_DF;
		assert_int_equal(verdicts[i].class_, i % SK_CLASS_COUNT);
		assert_int_equal(verdicts[i].reason == SK_GATE_ADMITTED, admitted);
		assert_int_equal(verdicts[i].admitted != NULL, admitted);
		assert_int_equal(all_zero(frames[i].bytes, frames[i].captured_bytes), !admitted);
		if (admitted) {
			uint32_t wire;
			struct sk_cur packet = sk_admitted_bytes(verdicts[i].admitted, &wire);
			assert_ptr_equal(packet.at, frames[i].bytes);
			assert_int_equal(wire, frames[i].wire_bytes);
		}
	}
	sk_gate_judge_batch(gate, frames, 0, verdicts);
	sk_gate_free(gate);
	sk_gate_free(NULL);
	for (unsigned i = 0; i < SK_BATCH_MAX; i++)
		free(frames[i].bytes);
}

static struct sk_verdict judge_datagram(unsigned covered, const struct sk_admitted_info *seen, struct build *b, struct sk_admitted_info *info)
{
	struct sk_gate *gate;
	assert_int_equal(sk_gate_new(fake_border(), covered, &gate), SK_OK);
	struct sk_verdict verdict = sk_gate_judge_datagram(gate, seen, build_bytes(b), build_length(b));
	if (verdict.admitted != NULL)
		*info = *sk_admitted_info(verdict.admitted);
	sk_gate_free(gate);
	return verdict;
}

/* What reassembly makes is judged again, every layer, and keeps what was known of its frames. rule: GATE-5 */
static void test_datagram(void **state)
{
	(void)state;
	const struct sk_admitted_info seen = {.time_ns = 9, .wire_bytes = 4000, .frames = 3, .interface = 2, .tunnels = SK_TUNNEL_VLAN,
		.class_ = SK_CLASS_FD, .inner_class = SK_CLASS_FD, .layers = 1};
	struct sk_admitted_info info = {0};
	struct build b;

	build_start(&b, 100);
	build_put_udp(&b, 53);
	build_put_ip(&b, 4, 17, SK_CLASS_FD);
	assert_int_equal(judge_datagram(ALL_CROSSING, &seen, &b, &info).reason, SK_GATE_ADMITTED);
	assert_int_equal(info.reassembled, 1);
	assert_int_equal(info.frames, 3);
	assert_int_equal(info.wire_bytes, 4000);
	assert_int_equal(info.layers, 1);
	assert_int_equal(info.tunnels, SK_TUNNEL_VLAN);
	assert_int_equal(judge_datagram(SK_CLASS_BIT(SK_CLASS_FF), &seen, &b, &info).reason, SK_GATE_NOT_COVERED);
	assert_true(all_zero(build_bytes(&b), build_length(&b)));

	/* Whole again, it is a VXLAN packet. */
	for (unsigned inner = 0; inner < SK_CLASS_COUNT; inner++) {
		build_start(&b, 20);
		build_put_tcp(&b);
		build_put_ip(&b, 6, 6, (enum sk_class)inner);
		link_layers[0].put(&b, 6);
		build_put32(&b, 0x00123400);
		build_put32(&b, 0x08000000);
		build_put_udp(&b, 4789);
		build_put_ip(&b, 4, 17, SK_CLASS_FD);
		struct sk_verdict verdict = judge_datagram(ALL_CROSSING, &seen, &b, &info);
		assert_int_equal(verdict.class_, SK_CLASS_FD);
		assert_int_equal(verdict.reason, inner == SK_CLASS_DD ? SK_GATE_INNER_DOMESTIC : inner == SK_CLASS_UNKNOWN ? SK_GATE_INNER_UNKNOWN :
			SK_GATE_ADMITTED);
		if (verdict.reason != SK_GATE_ADMITTED)
			assert_true(all_zero(build_bytes(&b), build_length(&b)));
		else
			assert_int_equal(info.tunnels, SK_TUNNEL_VLAN | SK_TUNNEL_VXLAN);
	}

	/* Inside a tunnel: reasons speak of an inner pair, the frame keeps its outermost class, the depth counts on. */
	struct sk_admitted_info inside = seen;
	inside.layers = 2;
	build_start(&b, 9);
	build_put_udp(&b, 53);
	build_put_ip(&b, 4, 17, SK_CLASS_DD);
	struct sk_verdict verdict = judge_datagram(ALL_CROSSING, &inside, &b, &info);
	assert_int_equal(verdict.reason, SK_GATE_INNER_DOMESTIC);
	assert_int_equal(verdict.class_, SK_CLASS_FD);
	inside.layers = SK_GATE_LAYERS_MAX;
	build_start(&b, 9);
	build_put_tcp(&b);
	build_put_ip(&b, 4, 6, SK_CLASS_DF);
	build_put_ip(&b, 4, 4, SK_CLASS_DF);
	assert_int_equal(judge_datagram(ALL_CROSSING, &inside, &b, &info).reason, SK_GATE_INNER_UNKNOWN);
	build_start(&b, 9);
	build_put_tcp(&b);
	build_put_ip(&b, 4, 6, SK_CLASS_DF);
	assert_int_equal(judge_datagram(ALL_CROSSING, &inside, &b, &info).reason, SK_GATE_ADMITTED);
	assert_int_equal(info.layers, SK_GATE_LAYERS_MAX);
	assert_int_equal(info.inner_class, SK_CLASS_DF);
	assert_int_equal(info.class_, SK_CLASS_FD);
}

static void test_reason_names(void **state)
{
	(void)state;
	assert_string_equal(sk_gate_reason_name(SK_GATE_ADMITTED), "admitted");
	for (unsigned i = 0; i < SK_GATE_REASON_COUNT; i++) {
		const char *name = sk_gate_reason_name((enum sk_gate_reason)i);
		assert_true(sk_gate_reason_prose((enum sk_gate_reason)i)[0] != 0);
		for (const char *c = name; *c != 0; c++)
			assert_true((*c >= 'a' && *c <= 'z') || *c == '_');
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(name, sk_gate_reason_name((enum sk_gate_reason)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_class_under_every_coverage), cmocka_unit_test(test_every_link), cmocka_unit_test(test_no_readable_pair),
		cmocka_unit_test(test_slices_around_the_pair), cmocka_unit_test(test_batch), cmocka_unit_test(test_datagram),
		cmocka_unit_test(test_reason_names)
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
