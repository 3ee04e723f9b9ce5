/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps every port of every pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "../play.h"

enum { PAIRS = 50 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.vertical"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 3; seed < 3000; seed += 211) {
		uint64_t random = seed;
		struct play play;
		double sums[PAIRS];
		unsigned counts[PAIRS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			bool tcp = play_random(&random, 3) != 0;
			unsigned failing = play_random(&random, 101);
			counts[pair] = 1 + play_random(&random, 60);
			sums[pair] = 0;
			for (unsigned i = 0; i < counts[pair]; i++) {
				bool fails = play_random(&random, 100) < failing;
				struct play_flow flow = {.at_s = pair * 3 + i * 0.002, .last_s = 0.4, .ip_proto = tcp ? 6 : 17, .class_ = SK_CLASS_DF, .from = play_addr("10.9.0.0", pair % 7),
							 .to = play_addr("198.18.0.0", pair), .from_port = 40000, .to_port = (uint16_t)(1 + i * 97 + pair), .packets = {9, 9},
							 .bytes = {1500, 2500}, .answer = !fails ? PLAY_ACCEPT : tcp && i % 2 == 0 ? PLAY_REFUSE : PLAY_SILENT};
				play_flow(&play, &flow);
				sums[pair] += tcp ? (fails ? 1.386 : -1.386) : fails ? 0.693 : -1.099;
				/* The same port again is nothing new. */
				if (play_random(&random, 3) == 0)
					play_flow(&play, &flow);
			}
		}
		play_run(&play, false);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			char target[SK_ADDR_TEXT_MAX];
			struct sk_addr to = play_addr("198.18.0.0", pair);
			bool said = false;
			(void)sk_addr_format(&to, target);
			for (size_t i = 0; i < play.said_count; i++)
				if (strcmp(play.said[i].matched, target) == 0) {
					said = true;
					assert_true(sk_addr_equal(&play.said[i].responder, &to) && play.said[i].ports <= counts[pair] + 2 + counts[pair] / 8);
				}
			double off = 1 + counts[pair] * counts[pair] / 512.0;
			if (counts[pair] + off > 12 && fabs(sums[pair] - 20.723) <= 1.4 * off)
				continue;
			assert_int_equal(said, counts[pair] >= 12 && sums[pair] >= 20.723);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 50 && silent > 200);
}

/* All 65535 ports: one finding that grows, not many; the count of ports is right within 10 %. */
static void test_all_ports(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.vertical"};
	struct sk_addr scanner = play_addr("203.0.113.5", 0);
	struct sk_detection last;
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 1; i < 65536; i++)
		play_flow(&play, &(struct play_flow){.at_s = i * 0.02, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = scanner, .to = play_addr("192.0.2.1", 0), .to_port = (uint16_t)i,
						     .answer = i % 1000 == 22 ? PLAY_ACCEPT : PLAY_REFUSE});
	play_run(&play, false);
	size_t count = play_count(&play, "scan.vertical", &scanner, &last);
	assert_true(count >= 1 && count <= 16 && count == play.said_count);
	assert_int_equal(last.contacts, 65535);
	assert_true(fabs((double)last.ports - 65535) < 6554);
	play_end(&play);
}

/* A name server's answers, whose questions are not seen: no scan, in half a view and in a capture that lacks a direction. Who tries the ports of services from port 53 is told. */
static void test_answers(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.vertical"};
	for (unsigned half = 0; half < 2; half++) {
		struct sk_addr server = play_addr("203.0.113.53", 0), scanner = play_addr("203.0.113.5", 0);
		struct play play;
		play_start(&play, 1, half != 0 ? SK_CLASS_BIT(SK_CLASS_FD) : 0, NULL, detectors, 1);
		for (unsigned i = 0; i < 200; i++) {
			struct play_flow flow = {.at_s = i, .ip_proto = 17, .class_ = SK_CLASS_FD, .from = server, .to = play_addr("192.0.2.1", 0), .from_port = 53, .to_port = (uint16_t)(20000 + i * 97)};
			play_flow(&play, &flow);
			flow.from = scanner;
			flow.to_port = (uint16_t)(200 + i);
			play_flow(&play, &flow);
		}
		play_run(&play, false);
		assert_int_equal(play_count(&play, "scan.vertical", &server, NULL), 0);
		assert_true(play_count(&play, "scan.vertical", &scanner, NULL) != 0);
		play_end(&play);
	}
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 16; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = play_addr("203.0.113.5", 0),
						    .to = play_addr("192.0.2.1", 0), .to_port = (uint16_t)(part * 100 + i)});
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_OPEN, .ip_proto = 6, .class_ = SK_CLASS_FD, .tcp_flags = {SK_TCP_SYN}, .initiator = play_addr("100.64.0.0", i),
				 .responder = play_addr("192.0.2.1", i % 9), .responder_port = (uint16_t)i};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr scanner = play_addr("203.0.113.5", 0);
	assert_true(play_in_a_crowd("scan.vertical", half, &scanner, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_answers), cmocka_unit_test(test_all_ports), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("scan.vertical", tests, NULL, NULL);
}
