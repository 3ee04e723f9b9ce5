/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that adds up what was asked and answered in each minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

#include "../play.h"

enum { PAIRS = 40 };

static struct sk_event sample(unsigned server, unsigned client, uint16_t port, bool back, unsigned bytes)
{
	return (struct sk_event){.kind = SK_EVENT_SAMPLE, .ip_proto = 17, .class_ = SK_CLASS_FD, .bits = back ? SK_EVENT_BACK : 0, .initiator = play_addr("203.0.113.0", client),
				 .initiator_port = 40000, .responder = play_addr("192.0.2.0", server), .responder_port = port, .sample = {64, 64 * bytes}};
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"amplification.reflector"};
	static const uint16_t ports[] = {53, 123, 161, 389, 11211, 443, 8080};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 37; seed < 4000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[PAIRS], near[PAIRS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			uint16_t port = ports[pair % SK_COUNT(ports)];
			unsigned packets = 4 + play_random(&random, 60), factor = 1 + play_random(&random, 12);
			uint64_t asked = 0, answered = 0;
			for (unsigned i = 0; i < packets; i++) {
				struct sk_event question = sample(pair, pair, port, false, 100), answer = sample(pair, pair, port, true, 100 * factor);
				play_event(&play, pair * 200 + i * 0.4, &question);
				play_event(&play, pair * 200 + i * 0.4 + 0.1, &answer);
				asked += 6400;
				answered += 6400 * factor;
			}
			bool listed = port != 443 && port != 8080;
			must[pair] = listed && answered >= 1000000 && answered >= 5 * asked && packets >= 4;
			near[pair] = listed && factor >= 4 && factor <= 5;
		}
		play_run(&play, false);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			struct sk_addr addr = play_addr("192.0.2.0", pair);
			struct sk_detection last;
			bool said = play_count(&play, "amplification.reflector", &addr, &last) != 0;
			if (near[pair])
				continue;
			assert_int_equal(said, must[pair]);
			if (said)
				assert_true(last.of_responder && last.bytes[1] >= 5 * last.bytes[0]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 20 && silent > 20);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 40; i++) {
		struct sk_event question = sample(1, 5, 123, false, 60), answer = sample(1, 5, 123, true, 1400);
		play_event(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i * 0.3, &question);
		play_event(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i * 0.3, &answer);
	}
}

static struct sk_event other(unsigned i)
{
	struct sk_event event = sample(2, 0, 123, false, 60);
	event.initiator = play_addr("100.64.0.0", i);
	return event;
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr server = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("amplification.reflector", half, &server, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("amplification.reflector", tests, NULL, NULL);
}
