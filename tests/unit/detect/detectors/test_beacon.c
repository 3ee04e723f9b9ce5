/* SPDX-License-Identifier: Apache-2.0 */
/* Beacons of many periods, jitters and losses among pairs that come as people, services and monitors do; against a slow reference of what is a contact at all; and in a crowd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

#include "../play.h"

enum { PAIRS = 60, DAY = 80000 };

/* How a pair talks. BEACON alone is to be found. */
enum habit { BEACON, POISSON, BURSTS, NAMES, MAIL, SILENT_SERVER, MONITOR, KEPT_ALIVE, STAYS, INBOUND, HABITS };

static double uniform(uint64_t *random)
{
	return (play_random(random, 1000000) + 0.5) / 1000000;
}

static void contact(struct play *play, enum habit habit, double at_s, unsigned pair, unsigned i)
{
	struct play_flow flow = {.at_s = at_s, .last_s = 2, .ip_proto = 6, .class_ = SK_CLASS_DF, .answer = PLAY_ACCEPT, .from = play_addr("192.0.2.1", pair),
				 .to = play_addr("203.0.113.1", pair), .from_port = (uint16_t)(20000 + i), .to_port = 443, .packets = {9, 8}, .bytes = {1400, 2600}};
	switch (habit) {
	case NAMES: flow.ip_proto = 17; flow.to_port = 53; flow.bytes[0] = 300; break;
	case MAIL: flow.to_port = 993; break;
	case SILENT_SERVER: flow.answer = PLAY_SILENT; flow.packets[1] = flow.bytes[1] = 0; break;
	case MONITOR: flow.packets[0] = 3; flow.packets[1] = 2; flow.bytes[0] = 132; flow.bytes[1] = 92; break;
	case INBOUND: flow.class_ = SK_CLASS_FD; break;
	default: break;
	}
	if (habit == KEPT_ALIVE || habit == STAYS) { /* in the midst of a connection nobody sees who began; segments of one that goes on */
		struct sk_event event = {.kind = SK_EVENT_CONFIRM, .class_ = SK_CLASS_DF, .ip_proto = 6, .initiator = flow.from, .responder = flow.to, .initiator_port = 20000, .responder_port = 443};
		play_event(play, at_s, &event);
		event.kind = SK_EVENT_END;
		event.bits = habit == KEPT_ALIVE ? 0 : i == 0 ? SK_EVENT_SURE : SK_EVENT_SURE | SK_EVENT_CONTINUED;
		event.flow.packets[0] = event.flow.packets[1] = 2;
		event.flow.bytes[0] = event.flow.bytes[1] = 300;
		event.flow.first_ns = PLAY_ZERO_NS + (int64_t)(at_s * 1e9);
		play_event(play, at_s + 120, &event);
		return;
	}
	play_flow(play, &flow);
}

static void talk(struct play *play, uint64_t *random, enum habit habit, unsigned pair)
{
	double period = 60 + play_random(random, 900), jitter = play_random(random, 4) * 0.08, lost = play_random(random, 3) * 0.1, at = 100 + play_random(random, 1000);
	for (unsigned i = 0; at < DAY && i < 400; i++) {
		if (habit == POISSON)
			at += -period * log(uniform(random));
		else if (habit == BURSTS)
			at += uniform(random) < 0.8 ? 2 + 20 * uniform(random) : -3000 * log(uniform(random));
		else
			at += period * (1 + jitter * (2 * uniform(random) - 1));
		if (uniform(random) >= lost)
			contact(play, habit, at, pair, i);
	}
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"beacon"};
	unsigned beacons = 0, found = 0;
	for (uint64_t seed = 71; seed < 2000; seed += 601) {
		uint64_t random = seed;
		struct play play;
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned pair = 0; pair < PAIRS; pair++)
			talk(&play, &random, pair % 3 == 0 ? BEACON : (enum habit)(1 + pair % (HABITS - 1)), pair);
		play_run(&play, false);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			struct sk_addr addr = play_addr("192.0.2.1", pair);
			struct sk_detection last;
			bool said = play_count(&play, "beacon", &addr, &last) != 0;
			if (pair % 3 != 0)
				assert_false(said);
			beacons += pair % 3 == 0;
			found += said;
			if (said)
				assert_true(last.contacts >= 10 && last.answered * 2 >= last.contacts && last.peers == 1 && last.value >= last.limit && last.period_ms >= 55000 &&
					    last.period_ms <= 1030000 && last.spread_permille <= 400);
		}
		play_end(&play);
	}
	assert_int_equal(found, beacons);
}

/* What many inside poll is a service: the same talk of one host and of forty. */
static void test_crowd_of_clients(void **state)
{
	(void)state;
	static const char *const detectors[] = {"beacon"};
	for (unsigned clients = 1; clients <= 40; clients += 39) {
		struct play play;
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned client = 0; client < clients; client++)
			for (unsigned i = 0; i < 40; i++) {
				struct play_flow flow = {.at_s = 100 + client * 7 + i * 300, .last_s = 1, .ip_proto = 6, .class_ = SK_CLASS_DF, .answer = PLAY_ACCEPT, .from = play_addr("192.0.2.1", client),
							 .to = play_addr("203.0.113.1", 0), .from_port = (uint16_t)(20000 + i), .to_port = 443, .packets = {9, 8}, .bytes = {1400, 2600}};
				play_flow(&play, &flow);
			}
		play_run(&play, false);
		assert_true((play.said_count != 0) == (clients == 1));
		play_end(&play);
	}
}

/* A service that hosts come to one after the other, among two hundred thousand servers to which one host talks each: nobody is told, also not the first. The twin: one host alone is. */
static void test_crowd_that_grows(void **state)
{
	(void)state;
	static const char *const detectors[] = {"beacon"};
	for (unsigned clients = 1; clients <= 30; clients += 29) {
		struct play play;
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned client = 0; client < clients; client++)
			for (unsigned i = 0; i < 90; i++) {
				struct play_flow flow = {.at_s = 100 + client * 180 + i * 60, .last_s = 1, .ip_proto = 6, .class_ = SK_CLASS_DF, .answer = PLAY_ACCEPT, .from = play_addr("192.0.2.1", client),
							 .to = play_addr("203.0.113.1", 0), .from_port = (uint16_t)(20000 + i), .to_port = 443, .packets = {9, 8}, .bytes = {1400, 2600}};
				play_flow(&play, &flow);
			}
		for (unsigned i = 0; i < 200000; i++) {
			struct sk_event event = {.kind = SK_EVENT_CONFIRM, .class_ = SK_CLASS_DF, .ip_proto = 6, .initiator = play_addr("100.64.0.0", i % 5000), .responder = play_addr("198.18.0.0", i),
						 .initiator_port = 1024, .responder_port = 443};
			play_event(&play, 60 + i * 0.06, &event);
		}
		play_run(&play, false);
		assert_true((play.said_count != 0) == (clients == 1));
		play_end(&play);
	}
}

/* Half view: answers are not covered. Datagrams are then contacts by themselves. */
static void test_half_view(void **state)
{
	(void)state;
	static const char *const detectors[] = {"beacon"};
	struct play play;
	struct sk_detection last;
	struct sk_addr host = play_addr("192.0.2.1", 0);
	play_start(&play, 1, SK_CLASS_BIT(SK_CLASS_DF), NULL, detectors, 1);
	for (unsigned i = 0; i < 40; i++) {
		struct play_flow flow = {.at_s = 100 + i * 300, .last_s = 1, .ip_proto = 17, .class_ = SK_CLASS_DF, .answer = PLAY_SILENT, .from = host, .to = play_addr("203.0.113.1", 0),
					 .from_port = (uint16_t)(20000 + i), .to_port = 4444, .packets = {3, 0}, .bytes = {600, 0}};
		play_flow(&play, &flow);
	}
	play_run(&play, false);
	assert_true(play_count(&play, "beacon", &host, &last) != 0 && last.half_view && last.percent <= 85);
	play_end(&play);
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_CONFIRM, .class_ = SK_CLASS_DF, .ip_proto = 6, .initiator = play_addr("100.64.0.0", i), .responder = play_addr("198.18.0.0", i * 7),
				 .initiator_port = 1024, .responder_port = 443};
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 12; i++)
		contact(play, BEACON, part == 0 ? i * 3 : PLAY_CROWD_AT_S + PLAY_CROWD_S + 1 + i * 300, 0, i);
}

/* A crowd of new pairs pushes out its like, and not the one that has been coming. */
static void test_flood(void **state)
{
	(void)state;
	struct sk_addr subject = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("beacon", half, &subject, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd_that_grows), cmocka_unit_test(test_crowd_of_clients), cmocka_unit_test(test_half_view), cmocka_unit_test(test_flood)};
	return cmocka_run_group_tests_name("beacon", tests, NULL, NULL);
}
