/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference: each stage may be there or not, in order or not, at the same place or not; all three in order at one place are a chain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

enum { WHO = 48 };

static void scan(struct play *play, double at_s, unsigned who)
{
	for (unsigned i = 0; i < 30; i++) {
		struct play_flow flow = {.at_s = at_s + i, .ip_proto = 6, .class_ = SK_CLASS_FD, .answer = PLAY_SILENT, .from = play_addr("203.0.113.1", who),
					 .to = play_addr("192.0.2.100", i), .from_port = (uint16_t)(30000 + i), .to_port = 22};
		play_flow(play, &flow);
	}
}

static void login(struct play *play, double at_s, unsigned who, unsigned where, bool session)
{
	struct play_flow flow = {.at_s = at_s, .last_s = session ? 500 : 1.5, .ip_proto = 6, .class_ = SK_CLASS_FD, .answer = PLAY_ACCEPT, .from = play_addr("203.0.113.1", who),
				 .to = play_addr("192.0.2.1", where), .from_port = (uint16_t)(at_s * 7), .to_port = 22, .packets = {session ? 300 : 14, session ? 400 : 14},
				 .bytes = {session ? 30000 : 2600, session ? 90000 : 3200}};
	play_flow(play, &flow);
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.horizontal", "bruteforce", "chain:memory=20000"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 13; seed < 4000; seed += 431) {
		uint64_t random = seed;
		struct play play;
		bool must[WHO];
		play_start(&play, 1, 0, NULL, detectors, 3);
		for (unsigned who = 0; who < WHO; who++) {
			bool scans = play_random(&random, 4) != 0, guesses = play_random(&random, 4) != 0, session = play_random(&random, 4) != 0;
			bool elsewhere = play_random(&random, 5) == 0, early = play_random(&random, 5) == 0, late = play_random(&random, 5) == 0, scans_last = play_random(&random, 5) == 0;
			if (scans)
				scan(&play, scans_last ? 3000 : 100, who);
			for (unsigned i = 0; i < 40 && guesses; i++)
				login(&play, 2000 + i, who, who % 6, false);
			if (session)
				login(&play, early ? 500 : late ? 30000 : 5000, who, elsewhere ? 7 : who % 6, true);
			must[who] = scans && guesses && session && !elsewhere && !early && !late && !scans_last;
		}
		play_run(&play, false);
		for (unsigned who = 0; who < WHO; who++) {
			struct sk_addr addr = play_addr("203.0.113.1", who);
			struct sk_detection last;
			bool said = play_count(&play, "chain", &addr, &last) != 0;
			assert_int_equal(said, must[who]);
			if (said)
				assert_true(last.severity == 3 && last.contacts >= 12 && last.ports >= 15 && last.answered == 1 && last.bytes[0] >= 30000);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 30 && silent > 100);
}

/* Nobody fills its memory but those that other detectors tell of. */
static void test_crowd(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.horizontal", "bruteforce", "chain"};
	struct sk_kit_limits limits = {.hosts = 1 << 10, .pairs = 1 << 10};
	struct sk_addr attacker = play_addr("203.0.113.1", 0);
	struct sk_kit_counts before, after;
	struct play play;
	play_start(&play, 1, 0, &limits, detectors, 3);
	sk_kit_counts(play.kit, &before);
	scan(&play, 100, 0);
	for (unsigned i = 0; i < 40; i++)
		login(&play, 200 + i, 0, 0, false);
	for (unsigned i = 0; i < 100000; i++) {
		struct play_flow flow = {.at_s = 300 + i * 0.001, .last_s = 1, .ip_proto = 6, .class_ = SK_CLASS_FD, .answer = PLAY_ACCEPT, .from = play_addr("100.64.0.0", i),
					 .to = play_addr("192.0.2.1", 0), .to_port = 443, .packets = {9, 9}, .bytes = {2000, 30000}};
		play_flow(&play, &flow);
	}
	login(&play, 5000, 0, 0, true);
	play_run(&play, false);
	sk_kit_counts(play.kit, &after);
	assert_true(play_count(&play, "chain", &attacker, NULL) != 0);
	assert_true(after.evicted > 10000 && after.bytes == before.bytes);
	play_end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
