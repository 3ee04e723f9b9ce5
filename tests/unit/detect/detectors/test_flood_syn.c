/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference: is there a second with so many openings, of which so few went on? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

#include "../play.h"

enum { VICTIMS = 24, SECONDS = 12, MOST = 60 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"flood.syn:rate=40"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 13; seed < 3000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[VICTIMS];
		unsigned floods[VICTIMS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			unsigned sources = 1 + play_random(&random, 200);
			must[victim] = false;
			floods[victim] = 0;
			for (unsigned second = 0; second < SECONDS; second++) {
				unsigned opens = play_random(&random, victim % 2 == 0 ? MOST : 38), goes_on = play_random(&random, 101), went = 0;
				for (unsigned i = 0; i < opens; i++) {
					struct play_flow flow = {.at_s = second + i * 0.01, .answer_s = 0.01, .ip_proto = 6, .class_ = SK_CLASS_FD, .no_end = true, .to_port = 443,
								 .from = play_addr("100.64.0.0", play_random(&random, sources)), .from_port = (uint16_t)(1024 + second * 100 + i),
								 .to = play_addr("192.0.2.1", victim)};
					flow.answer = play_random(&random, 100) < goes_on ? PLAY_ACCEPT : PLAY_SILENT;
					went += flow.answer == PLAY_ACCEPT;
					play_flow(&play, &flow);
				}
				if (opens >= 40 && went * 100 <= 20 * opens) {
					must[victim] = true;
					floods[victim] += opens;
				}
			}
		}
		play_run(&play, false);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			struct sk_addr addr = play_addr("192.0.2.1", victim);
			struct sk_detection last;
			bool said = play_count(&play, "flood.syn", &addr, &last) != 0;
			assert_int_equal(said, must[victim]);
			if (said)
				assert_int_equal(last.contacts, floods[victim]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 20 && silent > 50);
}

/* Half a view: openings and what goes on come the same way, so nothing is missing. Sources that come once each are estimated. */
static void test_half(void **state)
{
	(void)state;
	static const char *const detectors[] = {"flood.syn"};
	struct sk_addr victim = play_addr("192.0.2.1", 0);
	struct sk_detection last;
	struct play play;
	play_start(&play, 1, SK_CLASS_BIT(SK_CLASS_FD), NULL, detectors, 1);
	for (unsigned i = 0; i < 20000; i++)
		play_flow(&play, &(struct play_flow){.at_s = i * 0.0005, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = play_addr("100.64.0.0", i), .to = victim, .to_port = 80});
	for (unsigned i = 0; i < 5000; i++) {
		struct sk_event event = {.kind = SK_EVENT_OPEN, .ip_proto = 6, .class_ = SK_CLASS_FD, .tcp_flags = {SK_TCP_SYN}, .initiator = play_addr("100.65.0.0", i),
					 .responder = play_addr("192.0.2.2", 0), .responder_port = 80};
		play_event(&play, i * 0.001, &event);
		event.kind = SK_EVENT_CONFIRM;
		play_event(&play, i * 0.001 + 0.05, &event);
	}
	play_run(&play, false);
	assert_true(play_count(&play, "flood.syn", &victim, &last) == play.said_count && play.said_count != 0);
	assert_int_equal(last.contacts, 20000);
	assert_true(last.half_view && fabs((double)last.peers - 20000) < 6000);
	play_end(&play);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 600; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i * 0.001, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = play_addr("203.0.113.0", i % 250),
						    .to = play_addr("192.0.2.1", 0), .to_port = 443});
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_OPEN, .ip_proto = 6, .class_ = SK_CLASS_FD, .tcp_flags = {SK_TCP_SYN}, .initiator = play_addr("203.0.113.0", i % 250),
				 .responder = play_addr("100.64.0.0", i), .responder_port = 443};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr victim = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("flood.syn", half, &victim, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_half), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("flood.syn", tests, NULL, NULL);
}
