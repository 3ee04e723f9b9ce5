/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference with the set of addresses that were tried, and of those that were entered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

#include "../play.h"

/* A connection to a service: a try at its login, a session, or less than a try. */
enum size { TRY, SESSION, SMALL };

static struct play_flow login(double at_s, enum size size, struct sk_addr from, struct sk_addr to, uint16_t port)
{
	static const struct { uint64_t packets[2], bytes[2]; double lasts_s; } sizes[] = {{{14, 14}, {2600, 3200}, 2}, {{300, 400}, {30000, 90000}, 40}, {{5, 4}, {216, 168}, 0.3}};
	return (struct play_flow){.at_s = at_s, .last_s = sizes[size].lasts_s, .ip_proto = 6, .class_ = SK_CLASS_FD, .answer = PLAY_ACCEPT, .from = from, .to = to, .to_port = port,
				  .packets = {sizes[size].packets[0], sizes[size].packets[1]}, .bytes = {sizes[size].bytes[0], sizes[size].bytes[1]}};
}

enum { SUBJECTS = 40, TARGETS = 60 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"bruteforce.spray"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 43; seed < 6000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[SUBJECTS], near[SUBJECTS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			bool tried[TARGETS] = {false}, entered[TARGETS] = {false};
			unsigned targets = 1 + play_random(&random, TARGETS), each = 1 + play_random(&random, 3) * 12, sessions = play_random(&random, 3) * 10, tries = 0, all = 0, only = 0;
			for (unsigned i = 0; i < targets; i++)
				for (unsigned k = 0; k < each; k++) {
					bool session = k == 0 && play_random(&random, 100) < sessions;
					struct play_flow flow = login(subject * 5 + i * 0.01 + k * 0.0005, session ? SESSION : TRY, play_addr("203.0.113.1", subject), play_addr("192.0.2.1", i), 22);
					flow.last_s = 0.2;
					play_flow(&play, &flow);
					(session ? entered : tried)[i] = true;
					tries += !session;
				}
			for (unsigned i = 0; i < targets; i++) {
				all += tried[i];
				only += tried[i] && !entered[i];
			}
			double off = 1 + all * all / 400.0;
			must[subject] = all >= 12 && only * 100 >= 80 * all && tries <= 20 * all;
			near[subject] = fabs(all - 12.0) <= off || fabs(only - 0.8 * all) <= off || (tries > 18 * all && tries < 23 * all);
		}
		play_run(&play, false);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			struct sk_addr addr = play_addr("203.0.113.1", subject);
			bool said = play_count(&play, "bruteforce.spray", &addr, NULL) != 0;
			if (near[subject])
				continue;
			assert_int_equal(said, must[subject]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 50 && silent > 50);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 8; i++) {
		struct play_flow flow = login(part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, TRY, play_addr("203.0.113.5", 0), play_addr("192.0.2.1", part * 8 + i), 22);
		play_flow(play, &flow);
	}
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_END, .ip_proto = 6, .class_ = SK_CLASS_FD, .initiator = play_addr("100.64.0.0", i), .responder = play_addr("192.0.2.1", i % 9),
				 .responder_port = 22, .flow = {.packets = {14, 14}, .bytes = {2600, 3200}}};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr guesser = play_addr("203.0.113.5", 0);
	assert_true(play_in_a_crowd("bruteforce.spray", half, &guesser, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("bruteforce.spray", tests, NULL, NULL);
}
