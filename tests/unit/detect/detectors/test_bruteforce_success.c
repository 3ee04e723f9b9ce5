/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference: a session counts when the pair had guessed before, and soon enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

/* A connection to a service: a try at its login, a session, or less than a try. */
enum size { TRY, SESSION, SMALL };

static struct play_flow login(double at_s, enum size size, struct sk_addr from, struct sk_addr to, uint16_t port)
{
	static const struct { uint64_t packets[2], bytes[2]; double lasts_s; } sizes[] = {{{14, 14}, {2600, 3200}, 2}, {{300, 400}, {30000, 90000}, 40}, {{5, 4}, {216, 168}, 0.3}};
	return (struct play_flow){.at_s = at_s, .last_s = sizes[size].lasts_s, .ip_proto = 6, .class_ = SK_CLASS_FD, .answer = PLAY_ACCEPT, .from = from, .to = to, .to_port = port,
				  .packets = {sizes[size].packets[0], sizes[size].packets[1]}, .bytes = {sizes[size].bytes[0], sizes[size].bytes[1]}};
}

enum { PAIRS = 40 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"bruteforce", "bruteforce.success:memory=600"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 59; seed < 6000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[PAIRS];
		play_start(&play, 1, 0, NULL, detectors, 2);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			struct sk_addr from = play_addr("203.0.113.1", pair), to = play_addr("192.0.2.1", pair % 5);
			bool guesses = play_random(&random, 3) != 0, elsewhere = play_random(&random, 4) == 0, late = play_random(&random, 4) == 0, early = play_random(&random, 4) == 0;
			unsigned sessions = play_random(&random, 3);
			for (unsigned i = 0; i < (guesses ? 40u : 10u); i++) {
				struct play_flow flow = login(1000 + i, TRY, from, to, 22);
				play_flow(&play, &flow);
			}
			for (unsigned i = 0; i < sessions; i++) {
				struct play_flow flow = login(early ? 100 : late ? 4000 : 1100 + i * 20, SESSION, from, to, elsewhere ? 2222 : 22);
				play_flow(&play, &flow);
			}
			must[pair] = guesses && sessions != 0 && !elsewhere && !early && !late;
		}
		play_run(&play, false);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			struct sk_addr addr = play_addr("203.0.113.1", pair);
			struct sk_detection last;
			bool said = play_count(&play, "bruteforce.success", &addr, &last) != 0;
			assert_int_equal(said, must[pair]);
			if (said)
				assert_true(last.severity == 3 && last.contacts >= 15 && last.bytes[1] > 20000);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 50 && silent > 50);
}

/* Nobody else than the detector of guessing fills its memory, and that needs tries of each: one who guesses is not driven out by crowds that do not. */
static void test_crowd(void **state)
{
	(void)state;
	static const char *const detectors[] = {"bruteforce", "bruteforce.success"};
	struct sk_kit_limits limits = {.hosts = 1 << 10, .pairs = 1 << 10};
	struct sk_addr guesser = play_addr("203.0.113.5", 0), server = play_addr("192.0.2.1", 0);
	struct sk_kit_counts before, after;
	struct play play;
	play_start(&play, 1, 0, &limits, detectors, 2);
	sk_kit_counts(play.kit, &before);
	for (unsigned i = 0; i < 40; i++) {
		struct play_flow flow = login(i, TRY, guesser, server, 22);
		play_flow(&play, &flow);
	}
	for (unsigned i = 0; i < 100000; i++) {
		struct play_flow flow = login(60 + i * 0.001, i % 3 == 0 ? SESSION : TRY, play_addr("100.64.0.0", i), server, 22);
		play_flow(&play, &flow);
	}
	struct play_flow flow = login(300, SESSION, guesser, server, 22);
	play_flow(&play, &flow);
	play_run(&play, false);
	sk_kit_counts(play.kit, &after);
	assert_true(play_count(&play, "bruteforce.success", &guesser, NULL) != 0);
	assert_true(after.evicted > 10000 && after.bytes == before.bytes);
	play_end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("bruteforce.success", tests, NULL, NULL);
}
