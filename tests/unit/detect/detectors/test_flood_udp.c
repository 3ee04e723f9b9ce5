/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference: flows of each second, and packets of a sample that the test itself draws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

enum { VICTIMS = 24, SECONDS = 10, SOURCES = 120 };

static void sample(struct play *play, double at_s, struct sk_addr from, struct sk_addr to, bool back, unsigned packets)
{
	struct sk_event event = {.kind = SK_EVENT_SAMPLE, .ip_proto = 17, .class_ = SK_CLASS_FD, .bits = back ? SK_EVENT_BACK : 0, .initiator = from, .responder = to, .initiator_port = 999,
				 .responder_port = 7777, .sample = {packets, packets * 1000}};
	play_event(play, at_s, &event);
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"flood.udp:rate=50,sources=40,heavy=2000"};
	unsigned told = 0, silent = 0, few = 0;
	for (uint64_t seed = 19; seed < 4000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[VICTIMS], near[VICTIMS], must_few[VICTIMS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			bool seen[SOURCES] = {false};
			unsigned sources = 1 + play_random(&random, SOURCES), different = 0;
			must[victim] = near[victim] = must_few[victim] = false;
			for (unsigned second = 0; second < SECONDS; second++) {
				unsigned opens = play_random(&random, 90), answered = 0, bulk = 0, returned = 0;
				bool silent_now = play_random(&random, 2) == 0, heavy = play_random(&random, 4) == 0;
				for (unsigned i = 0; i < opens; i++) {
					unsigned source = play_random(&random, sources);
					struct play_flow flow = {.at_s = second + i * 0.01, .answer_s = 0.005, .ip_proto = 17, .class_ = SK_CLASS_FD, .no_end = true,
								 .from = play_addr("100.64.0.0", source), .from_port = (uint16_t)(1024 + second * 100 + i), .to = play_addr("192.0.2.1", victim), .to_port = 7777};
					flow.answer = !silent_now && play_random(&random, 2) == 0 ? PLAY_ACCEPT : PLAY_SILENT;
					answered += flow.answer == PLAY_ACCEPT;
					different += !seen[source];
					seen[source] = true;
					play_flow(&play, &flow);
				}
				for (unsigned i = 0; heavy && i < 50; i++) {
					sample(&play, second + 0.01 + i * 0.01, play_addr("100.64.0.0", 0), play_addr("192.0.2.1", victim), false, 64);
					bulk += 64;
					if (!silent_now) {
						sample(&play, second + 0.01 + i * 0.01, play_addr("100.64.0.0", 0), play_addr("192.0.2.1", victim), true, 64);
						returned += 64;
					}
				}
				bool flows_silent = answered * 20 <= opens, bulk_silent = returned * 20 <= bulk;
				bool many = (opens >= 50 && flows_silent) || (bulk >= 50 && bulk_silent && flows_silent);
				must[victim] |= many && different >= 40;
				must_few[victim] |= bulk >= 2000 && bulk_silent && different < 40;
				near[victim] |= (many || (bulk >= 2000 && bulk_silent)) && different >= 30 && different <= 52;
			}
		}
		play_run(&play, false);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			struct sk_addr addr = play_addr("192.0.2.1", victim);
			struct sk_detection last;
			bool said = play_count(&play, "flood.udp", &addr, &last) != 0;
			if (near[victim])
				continue;
			assert_int_equal(said, must[victim] || must_few[victim]);
			few += said && last.limit == 2000;
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 20 && silent > 5 && few > 5);
}

/* What is sent to those who only listen, what comes from reflectors, and half a view of a download are no such floods. */
static void test_others(void **state)
{
	(void)state;
	static const char *const detectors[] = {"flood.udp"};
	static const uint16_t ports[][2] = {{40000, 514}, {40000, 2055}, {123, 40000}, {53, 40000}};
	struct play play;
	play_start(&play, 1, SK_CLASS_BIT(SK_CLASS_FD), NULL, detectors, 1);
	for (unsigned i = 0; i < 8000; i++)
		for (unsigned kind = 0; kind < SK_COUNT(ports); kind++)
			play_flow(&play, &(struct play_flow){.at_s = i * 0.0005, .ip_proto = 17, .class_ = SK_CLASS_FD, .no_end = true, .from = play_addr("100.64.0.0", i), .from_port = ports[kind][0],
							     .to = play_addr("192.0.2.1", kind), .to_port = ports[kind][1]});
	for (unsigned i = 0; i < 4000; i++)
		sample(&play, i * 0.001, play_addr("203.0.113.1", 0), play_addr("192.0.2.9", 0), false, 64);
	play_run(&play, false);
	assert_int_equal(play.said_count, 0);
	play_end(&play);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 1500; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i * 0.0005, .ip_proto = 17, .class_ = SK_CLASS_FD, .from = play_addr("203.0.113.0", i % 250),
						    .to = play_addr("192.0.2.1", 0), .to_port = 443, .from_port = (uint16_t)(30000 + i)});
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_OPEN, .ip_proto = 17, .class_ = SK_CLASS_FD, .initiator = play_addr("203.0.113.0", i % 250), .responder = play_addr("100.64.0.0", i),
				 .responder_port = 443};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr victim = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("flood.udp", half, &victim, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_others), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("flood.udp", tests, NULL, NULL);
}
