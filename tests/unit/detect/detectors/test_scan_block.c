/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference with exact sets of pairs, targets and ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

#include "../play.h"

enum { SUBJECTS = 40, TARGETS = 12, PORTS = 12 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.block"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 5; seed < 3000; seed += 173) {
		uint64_t random = seed;
		struct play play;
		bool must[SUBJECTS], near[SUBJECTS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			bool has[TARGETS][PORTS] = {{false}};
			unsigned pairs = 0, targets = 0, ports = 0, failing = play_random(&random, 101);
			unsigned wide = 1 + play_random(&random, TARGETS), high = 1 + play_random(&random, PORTS);
			double sum = 0;
			for (unsigned i = 0; i < 70; i++) {
				unsigned target = play_random(&random, wide), port = play_random(&random, high);
				bool fails = play_random(&random, 100) < failing;
				if (has[target][port])
					continue;
				has[target][port] = true;
				pairs++;
				sum += fails ? 1.386 : -1.386;
				play_flow(&play, &(struct play_flow){.at_s = subject * 3 + i * 0.002, .last_s = 0.4, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = play_addr("10.9.0.0", subject),
								     .to = play_addr("198.18.0.0", target), .to_port = (uint16_t)(100 + port), .packets = {9, 9}, .bytes = {1500, 2500},
								     .answer = fails ? PLAY_SILENT : PLAY_ACCEPT});
			}
			for (unsigned t = 0; t < TARGETS; t++) {
				bool any = false;
				for (unsigned p = 0; p < PORTS; p++)
					any |= has[t][p];
				targets += any;
			}
			for (unsigned p = 0; p < PORTS; p++) {
				bool any = false;
				for (unsigned t = 0; t < TARGETS; t++)
					any |= has[t][p];
				ports += any;
			}
			double off = 2 + pairs * pairs / 350.0; /* pairs that share a bit */
			must[subject] = pairs >= 24 && sum >= 20.723 && targets >= 3 && ports >= 3 && pairs >= 1.5 * targets && pairs >= 1.5 * ports;
			near[subject] = fabs(sum - 20.723) <= 2.8 * off || fabs(pairs - 1.5 * targets) <= off || fabs(pairs - 1.5 * ports) <= off || targets == 3 || ports == 3 ||
					fabs(pairs - 24.0) <= off;
		}
		play_run(&play, false);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			struct sk_addr addr = play_addr("10.9.0.0", subject);
			bool said = play_count(&play, "scan.block", &addr, NULL) != 0;
			if (near[subject])
				continue;
			assert_int_equal(said, must[subject]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 50 && silent > 200);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 24; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = play_addr("203.0.113.5", 0),
						    .to = play_addr("192.0.2.1", i % 6), .to_port = (uint16_t)(part * 4 + i / 6)});
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
	assert_true(play_in_a_crowd("scan.block", half, &scanner, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("scan.block", tests, NULL, NULL);
}
