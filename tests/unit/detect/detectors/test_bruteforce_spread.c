/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference with the set of addresses that tried, and of those that came in. */
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

enum { SUBJECTS = 30, SOURCES = 120 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"bruteforce.spread"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 47; seed < 6000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[SUBJECTS], near[SUBJECTS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			unsigned sources = 1 + play_random(&random, SOURCES), sessions = play_random(&random, 4) * 10, tried = 0, only = 0;
			uint16_t port = subject % 5 == 4 ? 3306 : 22;
			for (unsigned i = 0; i < sources; i++) {
				bool session = play_random(&random, 100) < sessions;
				struct play_flow flow = login(subject + i * 0.005, TRY, play_addr("203.0.113.0", i), play_addr("192.0.2.1", subject), port);
				flow.last_s = 0.2;
				play_flow(&play, &flow);
				if (session) {
					flow = login(subject + i * 0.005, SESSION, play_addr("203.0.113.0", i), play_addr("192.0.2.1", subject), port);
					flow.last_s = 0.2;
					play_flow(&play, &flow);
				}
				tried++;
				only += !session;
			}
			double off = 2 + tried * tried / 700.0;
			/* Programs log in at databases: they are left alone. */
			must[subject] = port != 3306 && tried >= 40 && only * 100 >= 80 * tried;
			near[subject] = port != 3306 && (fabs(tried - 40.0) <= off || fabs(only - 0.8 * tried) <= off);
		}
		play_run(&play, false);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			struct sk_addr addr = play_addr("192.0.2.1", subject);
			bool said = play_count(&play, "bruteforce.spread", &addr, NULL) != 0;
			if (near[subject])
				continue;
			assert_int_equal(said, must[subject]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 30 && silent > 50);
}

/* Mail that is fetched and portals that are pages have short log-ins from everywhere. */
static void test_by_hand(void **state)
{
	(void)state;
	static const char *const detectors[] = {"bruteforce.spread"};
	static const uint16_t ports[] = {22, 993, 8443};
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned port = 0; port < SK_COUNT(ports); port++)
		for (unsigned i = 0; i < 400; i++) {
			struct play_flow flow = login(i * 2, TRY, play_addr("203.0.113.0", i), play_addr("192.0.2.1", port), ports[port]);
			play_flow(&play, &flow);
		}
	play_run(&play, false);
	for (unsigned port = 0; port < SK_COUNT(ports); port++) {
		struct sk_addr server = play_addr("192.0.2.1", port);
		assert_true((play_count(&play, "bruteforce.spread", &server, NULL) != 0) == (ports[port] == 22));
	}
	play_end(&play);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 30; i++) {
		struct play_flow flow = login(part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, TRY, play_addr("203.0.113.0", part * 30 + i), play_addr("192.0.2.1", 0), 22);
		play_flow(play, &flow);
	}
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_END, .ip_proto = 6, .class_ = SK_CLASS_FD, .initiator = play_addr("203.0.113.0", i % 250), .responder = play_addr("100.64.0.0", i),
				 .responder_port = 22, .flow = {.packets = {14, 14}, .bytes = {2600, 3200}}};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr server = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("bruteforce.spread", half, &server, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_by_hand), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("bruteforce.spread", tests, NULL, NULL);
}
