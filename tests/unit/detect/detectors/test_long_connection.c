/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference: a connection is as long as from its first to its last segment, whichever segments there were, and is told when it was long and used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

enum { TALKS = 60, SEGMENT = 1800 };

static struct sk_event segment(unsigned talk, double first_s, double last_s, bool continued, bool goes_on, uint64_t bytes)
{
	struct sk_event event = {.kind = SK_EVENT_END, .class_ = SK_CLASS_DF, .ip_proto = 6, .initiator = play_addr("192.0.2.1", talk), .responder = play_addr("203.0.113.1", talk % 5),
				 .initiator_port = (uint16_t)(20000 + talk), .responder_port = 443, .end = goes_on ? SK_FLOW_END_ACTIVE : SK_FLOW_END_CLOSED};
	event.bits = SK_EVENT_SURE | (continued ? SK_EVENT_CONTINUED : 0);
	event.flow.first_ns = PLAY_ZERO_NS + (int64_t)(first_s * 1e9);
	event.flow.packets[0] = event.flow.packets[1] = 100;
	event.flow.bytes[0] = event.flow.bytes[1] = bytes;
	event.time_ns = PLAY_ZERO_NS + (int64_t)(last_s * 1e9);
	return event;
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"long.connection"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 5; seed < 3000; seed += 311) {
		uint64_t random = seed;
		struct play play;
		double lasts[TALKS];
		uint64_t sums[TALKS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned talk = 0; talk < TALKS; talk++) {
			double first = play_random(&random, 3000), lasted = 1000 + play_random(&random, 30000), at = first;
			uint64_t bytes = play_random(&random, 4) == 0 ? 40 : 5000;
			sums[talk] = 0;
			for (unsigned i = 0; at < first + lasted; i++) {
				double end = at + SEGMENT < first + lasted ? at + SEGMENT : first + lasted;
				struct sk_event event = segment(talk, at, end, i != 0, end < first + lasted, bytes);
				play_event(&play, end, &event);
				sums[talk] += 2 * bytes;
				at = end;
			}
			lasts[talk] = lasted;
		}
		play_run(&play, false);
		for (unsigned talk = 0; talk < TALKS; talk++) {
			struct sk_addr addr = play_addr("192.0.2.1", talk);
			struct sk_detection last;
			bool said = play_count(&play, "long.connection", &addr, &last) != 0, must = lasts[talk] >= 14400 && sums[talk] >= 10000;
			assert_int_equal(said, must);
			/* At the end all is told that was counted. */
			if (said)
				assert_true(last.value == (uint64_t)lasts[talk] && last.bytes[0] + last.bytes[1] == sums[talk]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 100 && silent > 100);
}

static struct sk_event other(unsigned i)
{
	struct sk_event event = segment(i, 0, 0, false, true, 5000);
	event.initiator = play_addr("100.64.0.0", i);
	event.flow.first_ns = 0;
	return event;
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 4; i++) {
		double at = part == 0 ? i * 5 : 60 + 4000.0 * i;
		struct sk_event event = segment(0, part == 0 ? 0 : at - 4000, part == 0 ? at + 5 : at + 5000, part != 0 || i != 0, true, 5000);
		play_event(play, part == 0 ? at + 5 : at + 5000, &event);
	}
}

/* One that began before very many others, in little memory. */
static void test_flood(void **state)
{
	(void)state;
	struct sk_addr subject = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("long.connection", half, &subject, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_flood)};
	return cmocka_run_group_tests_name("long.connection", tests, NULL, NULL);
}
