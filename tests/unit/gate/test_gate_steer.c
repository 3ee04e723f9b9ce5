/* SPDX-License-Identifier: Apache-2.0 */
/* Whose frame is it: a talk stays together whatever its direction, ports, fragments and tunnels; talks are spread evenly; the key decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_border.h"
#include "frames.h"

enum { ALL_CROSSING = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF), WORKERS = 61 };

static struct sk_gate *gate;
static const uint8_t key[SK_SIP_KEY_BYTES] = "steering's tests", other_key[SK_SIP_KEY_BYTES] = "another key .. .";

static int group_setup(void **state)
{
	(void)state;
	if (sk_gate_new(fake_border(), ALL_CROSSING, &gate) != SK_OK)
		return -1;
	sk_gate_steer(gate, WORKERS, key);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	sk_gate_free(gate);
	return 0;
}

/* Foreign both: the fake table's sides are the last byte modulo 3. Ends differ in their first bytes, or in the second half of IPv6 only. */
static void set_pair(struct build *b, unsigned family, unsigned from, unsigned to)
{
	uint8_t *bytes = build_bytes(b);
	unsigned ends[2] = {from, to};
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *end = family == 4 ? bytes + 12 + 4 * i : bytes + 8 + 16 * i;
		size_t width = family == 4 ? 4 : 16;
		memset(end, 1, width);
		end[width - 3] = (uint8_t)(ends[i] >> 8);
		end[width - 2] = (uint8_t)ends[i];
		end[width - 1] = SK_SIDE_FOREIGN;
	}
}

static int worker_of(struct build *b, uint8_t link)
{
	struct sk_frame frame = build_frame(b, link, build_length(b));
	struct sk_verdict verdict;
	sk_gate_judge_batch(gate, &frame, 1, &verdict);
	int worker = verdict.admitted != NULL ? sk_admitted_info(verdict.admitted)->worker : -1;
	free(frame.bytes);
	return worker;
}

static void put_ethernet(struct build *b, unsigned family)
{
	static const uint8_t ends[12] = {2};
	build_put16(b, family == 4 ? 0x0800 : 0x86dd);
	build_put(b, ends, sizeof ends);
}

/* One packet of the pair, of some shape. */
static void put_packet(struct build *b, unsigned family, unsigned shape, unsigned from, unsigned to)
{
	build_start(b, 40);
	switch (shape) {
	case 0:
		build_put_tcp(b);
		build_put_ip(b, family, 6, SK_CLASS_FF);
		break;
	case 1:
		build_put_udp(b, 53);
		build_put_ip(b, family, 17, SK_CLASS_FF);
		break;
	case 2:
		build_put_udp(b, 4789); /* no tunnel behind it */
		build_put_ip(b, family, 17, SK_CLASS_FF);
		break;
	case 3:
		build_put_fragment(b, family, 17, SK_CLASS_FF, 3, true);
		break;
	case 4:
		build_put_fragment(b, family, 6, SK_CLASS_FF, 0, true);
		break;
	default:
		build_put_icmp(b, family, false);
		build_put_ip(b, family, family == 4 ? 1 : 58, SK_CLASS_FF);
		break;
	}
	set_pair(b, family, from, to);
}
enum { SHAPES = 6 };

/* The plain way through the gate (Ethernet) and the long one (raw IP) must name the same worker. rule: WORKER-1 */
static void test_a_talk_stays_together(void **state)
{
	(void)state;
	for (unsigned family = 4; family <= 6; family += 2) {
		for (unsigned pair = 0; pair < 200; pair++) {
			int expected = -1;
			for (unsigned shape = 0; shape < SHAPES; shape++) {
				for (unsigned turn = 0; turn < 2; turn++) {
					struct build b;
					put_packet(&b, family, shape, turn == 0 ? pair : 7, turn == 0 ? 7 : pair);
					int worker = worker_of(&b, SK_LINK_RAW_IP);
					assert_true(worker >= 0 && worker < WORKERS);
					expected = expected < 0 ? worker : expected;
					assert_int_equal(worker, expected);
					put_ethernet(&b, family);
					assert_int_equal(worker_of(&b, SK_LINK_ETHERNET), expected);
				}
			}
		}
	}
}

/* Whatever carries it: the innermost pair decides; the pair that an ICMP error quotes does not. */
static void test_the_innermost_pair_decides(void **state)
{
	(void)state;
	for (unsigned inner = 4; inner <= 6; inner += 2) {
		for (unsigned outer = 4; outer <= 6; outer += 2) {
			for (size_t i = 0; i < encapsulation_count; i++) {
				struct build b;
				put_packet(&b, inner, 0, 30 + (unsigned)i, 31);
				int expected = worker_of(&b, SK_LINK_RAW_IP);
				uint8_t proto = encapsulations[i].put(&b, inner);
				build_put_ip(&b, outer, proto, SK_CLASS_FF);
				int seen = 0;
				for (unsigned to = 0; to < 8; to++) {
					set_pair(&b, outer, 500, 600 + to);
					int worker = worker_of(&b, SK_LINK_RAW_IP);
					seen += worker >= 0;
					if (worker >= 0)
						assert_int_equal(worker, expected);
				}
				assert_int_equal(seen, 8);
			}
		}
	}
	for (unsigned family = 4; family <= 6; family += 2) {
		for (unsigned quoted = 0; quoted < 32; quoted++) {
			struct build b, plain;
			put_packet(&plain, family, 0, 900, 901);
			put_packet(&b, family, 0, quoted, 7);
			build_put_icmp(&b, family, true);
			build_put_ip(&b, family, family == 4 ? 1 : 58, SK_CLASS_FF);
			set_pair(&b, family, 900, 901);
			assert_int_equal(worker_of(&b, SK_LINK_RAW_IP), worker_of(&plain, SK_LINK_RAW_IP));
		}
	}
}

/* A datagram that came back whole is steered as any frame is. */
static void test_datagrams(void **state)
{
	(void)state;
	for (unsigned pair = 0; pair < 64; pair++) {
		struct build b;
		const struct sk_admitted_info seen = {.frames = 2, .layers = 1, .class_ = SK_CLASS_FF};
		put_packet(&b, 4, 1, pair, 3);
		int expected = worker_of(&b, SK_LINK_RAW_IP);
		struct sk_verdict verdict = sk_gate_judge_datagram(gate, &seen, build_bytes(&b), build_length(&b));
		assert_non_null(verdict.admitted);
		assert_int_equal(sk_admitted_info(verdict.admitted)->worker, expected);
	}
}

static void test_even_shares_by_the_key(void **state)
{
	(void)state;
	enum { PAIRS = 16384 };
	static const unsigned crews[] = {2, 3, 4, 16};
	static int before[PAIRS];
	for (unsigned family = 4; family <= 6; family += 2) {
		for (size_t c = 0; c < SK_COUNT(crews); c++) {
			unsigned share[16] = {0}, same = 0;
			for (unsigned k = 0; k < 2; k++) {
				sk_gate_steer(gate, crews[c], k == 0 ? key : other_key);
				memset(share, 0, sizeof share);
				for (unsigned pair = 0; pair < PAIRS; pair++) {
					struct build b;
					put_packet(&b, family, 0, pair, pair % 5 == 0 ? 1 : 40000);
					int worker = worker_of(&b, SK_LINK_RAW_IP);
					assert_true(worker >= 0 && worker < (int)crews[c]);
					share[worker]++;
					same += k == 1 && before[pair] == worker;
					before[pair] = worker;
				}
				for (unsigned i = 0; i < crews[c]; i++)
					assert_true(share[i] > PAIRS / crews[c] * 8 / 10 && share[i] < PAIRS / crews[c] * 12 / 10);
			}
			/* Under another key a pair has its old worker by chance only. */
			assert_true(same > PAIRS / crews[c] * 8 / 10 && same < PAIRS / crews[c] * 12 / 10);
		}
	}
	sk_gate_steer(gate, 1, key);
	for (unsigned pair = 0; pair < 64; pair++) {
		struct build b;
		put_packet(&b, 4, 0, pair, 3);
		assert_int_equal(worker_of(&b, SK_LINK_RAW_IP), 0);
	}
	sk_gate_steer(gate, WORKERS, key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_talk_stays_together),
		cmocka_unit_test(test_the_innermost_pair_decides),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_even_shares_by_the_key),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
