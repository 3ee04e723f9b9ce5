/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps when every answer came, and counts all windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

enum { PAIRS = 40, MOST = 90 };

static struct sk_event answer(struct sk_addr from, struct sk_addr to, unsigned status)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 6, .class_ = SK_CLASS_FD, .initiator = from, .responder = to, .responder_port = 80, .bits = SK_EVENT_BACK};
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t i = 0; i < rows; i++)
		if (sk_policy_detector("bruteforce.web") == &table[i])
			event.detector = (uint8_t)i;
	event.head.numbers[0] = status;
	return event;
}

/* Most refusals within any window in which they are share percent of all. */
static unsigned most_in(const double *times, const unsigned *statuses, unsigned count, double window_s, unsigned share)
{
	unsigned most = 0;
	for (unsigned last = 0; last < count; last++) {
		unsigned refused = 0, all = 0;
		for (unsigned i = 0; i < count; i++) {
			bool in = times[i] <= times[last] && times[i] > times[last] - window_s;
			refused += in && (statuses[i] == 401 || statuses[i] == 403 || statuses[i] == 407);
			all += in;
		}
		if (refused * 100 >= share * all && refused > most)
			most = refused;
	}
	return most;
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"bruteforce.web"};
	static const unsigned refusals[] = {401, 403, 407}, others[] = {200, 302, 404, 500};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 53; seed < 6000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		unsigned longer[PAIRS], shorter[PAIRS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			double times[MOST];
			unsigned statuses[MOST], count = 1 + play_random(&random, MOST), refusing = play_random(&random, 101), spread_s = 1 + play_random(&random, 15);
			for (unsigned i = 0; i < count; i++) {
				bool refused = i == 0 || play_random(&random, 100) < refusing;
				statuses[i] = refused ? refusals[play_random(&random, 3)] : others[play_random(&random, 4)];
				times[i] = i * spread_s + 0.5;
				struct sk_event event = answer(play_addr("203.0.113.1", pair), play_addr("192.0.2.1", pair % 7), statuses[i]);
				play_event(&play, times[i], &event);
			}
			longer[pair] = most_in(times, statuses, count, 302, 45);
			shorter[pair] = most_in(times, statuses, count, 260, 75);
		}
		play_run(&play, false);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			struct sk_addr addr = play_addr("203.0.113.1", pair);
			bool said = play_count(&play, "bruteforce.web", &addr, NULL) != 0;
			if (longer[pair] < 30)
				assert_false(said);
			else if (shorter[pair] >= 30)
				assert_true(said);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 50 && silent > 100);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 18; i++) {
		struct sk_event event = answer(play_addr("203.0.113.5", 0), play_addr("192.0.2.1", 0), 401);
		play_event(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, &event);
	}
}

static struct sk_event other(unsigned i)
{
	return answer(play_addr("100.64.0.0", i), play_addr("192.0.2.1", i % 9), 403);
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr guesser = play_addr("203.0.113.5", 0);
	assert_true(play_in_a_crowd("bruteforce.web", half, &guesser, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("bruteforce.web", tests, NULL, NULL);
}
