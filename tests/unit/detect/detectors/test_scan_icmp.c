/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference: different targets that were asked fewer than five times each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

#include "../play.h"

enum { SUBJECTS = 60 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.icmp"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 7; seed < 3000; seed += 311) {
		uint64_t random = seed;
		struct play play;
		unsigned few[SUBJECTS], all[SUBJECTS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			bool six = subject % 4 == 0, watches = subject % 3 == 0;
			all[subject] = 1 + play_random(&random, 30);
			few[subject] = 0;
			for (unsigned i = 0; i < all[subject]; i++) {
				unsigned packets = watches ? 5 + play_random(&random, 100) : 1 + play_random(&random, 4);
				few[subject] += packets < 5;
				/* What is watched is watched from before the first of the others. */
				play_flow(&play, &(struct play_flow){.at_s = subject, .last_s = 0.1 + i * 0.001, .ip_proto = six ? 58 : 1, .icmp_type = six ? 128 : 8, .class_ = SK_CLASS_FD,
								     .from = play_addr(six ? "2001:db8::1" : "10.9.0.0", subject), .to = play_addr(six ? "2001:db8:1::" : "198.18.0.0", i * 3),
								     .answer = play_random(&random, 2) == 0 ? PLAY_SILENT : PLAY_ACCEPT, .packets = {packets, 0}});
			}
		}
		play_run(&play, false);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			struct sk_addr addr = play_addr(subject % 4 == 0 ? "2001:db8::1" : "10.9.0.0", subject);
			struct sk_detection last;
			bool said = play_count(&play, "scan.icmp", &addr, &last) != 0;
			/* Two of 30 targets may share a bit. */
			double off = all[subject] * all[subject] / 512.0 + 1;
			if (all[subject] >= 12 && fabs(few[subject] - 12.0) <= off)
				continue;
			assert_int_equal(said, few[subject] >= 12);
			if (said)
				assert_true(fabs((double)last.peers - few[subject]) <= off + 1);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 50 && silent > 100);
}

static size_t said_of(unsigned targets, unsigned silent)
{
	static const char *const detectors[] = {"scan.icmp"};
	struct sk_addr asker = play_addr("203.0.113.5", 0);
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < targets; i++)
		play_flow(&play, &(struct play_flow){.at_s = i * 0.05, .ip_proto = 1, .icmp_type = 8, .class_ = SK_CLASS_FD, .from = asker, .to = play_addr("198.18.0.1", i),
						     .answer = i < silent ? PLAY_SILENT : PLAY_ACCEPT, .answer_s = 0.4});
	play_run(&play, false);
	size_t said = play_count(&play, "scan.icmp", &asker, NULL);
	play_end(&play);
	return said;
}

/* A monitor's round over servers that are all there is no sweep, but for very many. */
static void test_known(void **state)
{
	(void)state;
	assert_int_equal(said_of(40, 2), 0);
	assert_true(said_of(40, 20) != 0);
	assert_true(said_of(90, 2) != 0);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 8; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, .ip_proto = 1, .icmp_type = 8, .class_ = SK_CLASS_FD,
						    .from = play_addr("203.0.113.5", 0), .to = play_addr("192.0.2.1", part * 8 + i)});
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_OPEN, .ip_proto = 1, .icmp_type = 8, .class_ = SK_CLASS_FD, .initiator = play_addr("100.64.0.0", i),
				 .responder = play_addr("192.0.2.1", i % 9)};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr scanner = play_addr("203.0.113.5", 0);
	assert_true(play_in_a_crowd("scan.icmp", half, &scanner, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_known), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("scan.icmp", tests, NULL, NULL);
}
