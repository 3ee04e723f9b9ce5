/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps when every connection ended and counts all windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../play.h"

/* A connection to a service: a try at its login, a session, or less than a try. */
enum size { TRY, SESSION, SMALL };

static struct play_flow login(double at_s, enum size size, struct sk_addr from, struct sk_addr to, uint16_t port)
{
	static const struct { uint64_t packets[2], bytes[2]; double lasts_s; } sizes[] = {{{14, 14}, {2600, 3200}, 2}, {{300, 400}, {30000, 90000}, 40}, {{5, 4}, {216, 168}, 0.3}};
	return (struct play_flow){.at_s = at_s, .last_s = sizes[size].lasts_s, .ip_proto = 6, .class_ = SK_CLASS_FD, .answer = PLAY_ACCEPT, .from = from, .to = to, .to_port = port,
				  .packets = {sizes[size].packets[0], sizes[size].packets[1]}, .bytes = {sizes[size].bytes[0], sizes[size].bytes[1]}};
}

enum { PAIRS = 40, MOST = 60 };

/* Most tries within any window that ends at a connection, at least share percent of all there no sessions. */
static unsigned most_in(const double *ends, const enum size *sizes, unsigned count, double window_s, unsigned share)
{
	unsigned most = 0;
	for (unsigned last = 0; last < count; last++) {
		unsigned tries = 0, all = 0, sessions = 0;
		for (unsigned i = 0; i < count; i++) {
			bool in = ends[i] <= ends[last] && ends[i] > ends[last] - window_s;
			tries += in && sizes[i] == TRY;
			sessions += in && sizes[i] == SESSION;
			all += in;
		}
		if ((all - sessions) * 100 >= share * all && tries > most)
			most = tries;
	}
	return most;
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"bruteforce"};
	static const struct { uint16_t port; unsigned patience; } services[] = {{22, 1}, {3389, 1}, {445, 2}, {5900, 0}, {8080, 0}};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 41; seed < 12000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		unsigned longer[PAIRS], shorter[PAIRS], limit[PAIRS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			double ends[MOST];
			enum size sizes[MOST];
			unsigned count = 1 + play_random(&random, MOST), sessions = play_random(&random, 3) * 30, spread_s = 1 + play_random(&random, 20);
			uint16_t port = services[pair % SK_COUNT(services)].port;
			for (unsigned i = 0; i < count; i++) {
				sizes[i] = play_random(&random, 100) < sessions ? SESSION : play_random(&random, 10) == 0 ? SMALL : TRY;
				struct play_flow flow = login(i * spread_s + play_random(&random, 100) * 0.005, sizes[i], play_addr("203.0.113.1", pair), play_addr("192.0.2.1", pair % 6), port);
				ends[i] = flow.at_s + flow.last_s;
				play_flow(&play, &flow);
			}
			limit[pair] = 15 * services[pair % SK_COUNT(services)].patience;
			/* Slices of an eighth: what is found lies between windows of seven and of eight of them. A try of these sizes is none in VNC or in no login at all. */
			longer[pair] = most_in(ends, sizes, count, 300 + 2, 60);
			shorter[pair] = most_in(ends, sizes, count, 300 - 40, 85);
		}
		play_run(&play, false);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			struct sk_addr addr = play_addr("203.0.113.1", pair);
			bool said = play_count(&play, "bruteforce", &addr, NULL) != 0;
			if (limit[pair] == 0 || longer[pair] < limit[pair])
				assert_false(said);
			else if (shorter[pair] >= limit[pair])
				assert_true(said);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 50 && silent > 100);
}

/* A service that was moved is known by what was spoken. */
static void test_by_words(void **state)
{
	(void)state;
	static const char *const detectors[] = {"bruteforce"};
	struct sk_addr guesser = play_addr("203.0.113.1", 0), other = play_addr("203.0.113.2", 0);
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < 40; i++) {
		struct play_flow flow = login(i, TRY, guesser, play_addr("192.0.2.1", 0), 22022);
		flow.app = SK_APP_SSH;
		play_flow(&play, &flow);
		flow = login(i, TRY, other, play_addr("192.0.2.1", 0), 22022);
		play_flow(&play, &flow);
	}
	play_run(&play, false);
	assert_true(play_count(&play, "bruteforce", &guesser, NULL) != 0);
	assert_int_equal(play_count(&play, "bruteforce", &other, NULL), 0);
	play_end(&play);
}

static size_t said_of(double pause_s, struct sk_detection *last)
{
	static const char *const detectors[] = {"bruteforce"};
	struct sk_addr guesser = play_addr("203.0.113.1", 0);
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < 100; i++) {
		struct play_flow flow = login(i * pause_s, TRY, guesser, play_addr("192.0.2.1", 0), 22);
		play_flow(&play, &flow);
	}
	play_run(&play, false);
	size_t said = play_count(&play, "bruteforce", &guesser, last);
	play_end(&play);
	return said;
}

/* Slower than the window asks for, but all the time. */
static void test_slow(void **state)
{
	(void)state;
	struct sk_detection last;
	assert_true(said_of(40, &last) != 0 && last.limit == 75 && last.value >= 75);
	assert_int_equal(said_of(60, &last), 0);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 9; i++) {
		struct play_flow flow = login(part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, TRY, play_addr("203.0.113.5", 0), play_addr("192.0.2.1", 0), 22);
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
	assert_true(play_in_a_crowd("bruteforce", half, &guesser, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_slow), cmocka_unit_test(test_by_words), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("bruteforce", tests, NULL, NULL);
}
