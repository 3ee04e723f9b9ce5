/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference with the sources of each minute and the packets of each second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "../play.h"

enum { VICTIMS = 24, SECONDS = 10, SOURCES = 120 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"flood.tcp:rate=50,sources=40"};
	static const uint8_t kinds[] = {SK_TCP_ACK, SK_TCP_RST, SK_TCP_FIN | SK_TCP_ACK, SK_TCP_PSH | SK_TCP_ACK};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 17; seed < 3000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[VICTIMS], near[VICTIMS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			bool seen[SOURCES] = {false};
			unsigned sources = 1 + play_random(&random, SOURCES), different = 0;
			must[victim] = near[victim] = false;
			for (unsigned second = 0; second < SECONDS; second++) {
				unsigned opens = play_random(&random, 90), answering = play_random(&random, 60), answered = 0;
				for (unsigned i = 0; i < opens; i++) {
					unsigned source = play_random(&random, sources);
					struct play_flow flow = {.at_s = second + i * 0.01, .answer_s = 0.005, .ip_proto = 6, .class_ = SK_CLASS_FD, .no_end = true, .no_confirm = true,
								 .first_flags = kinds[play_random(&random, SK_COUNT(kinds))], .from = play_addr("100.64.0.0", source),
								 .from_port = (uint16_t)(1024 + second * 100 + i), .to = play_addr("192.0.2.1", victim), .to_port = 443};
					flow.answer = play_random(&random, 100) < answering ? PLAY_ACCEPT : play_random(&random, 2) == 0 ? PLAY_REFUSE : PLAY_SILENT;
					answered += flow.answer == PLAY_ACCEPT;
					different += !seen[source];
					seen[source] = true;
					play_flow(&play, &flow);
				}
				/* SYNs are the business of others. */
				play_flow(&play, &(struct play_flow){.at_s = second, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = play_addr("100.65.0.0", second), .to = play_addr("192.0.2.1", victim)});
				bool bad = opens >= 50 && answered * 100 <= 20 * opens;
				must[victim] |= bad && different >= 40;
				/* Sources are known to 9 %, and twice that now and then. */
				near[victim] |= bad && different >= 30 && different <= 52;
			}
		}
		play_run(&play, false);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			struct sk_addr addr = play_addr("192.0.2.1", victim);
			bool said = play_count(&play, "flood.tcp", &addr, NULL) != 0;
			if (near[victim])
				continue;
			assert_int_equal(said, must[victim]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 20 && silent > 20);
}

static size_t said_of(unsigned senders, unsigned rate)
{
	static const char *const detectors[] = {"flood.tcp"};
	struct sk_addr victim = play_addr("192.0.2.1", 0);
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < 3 * rate; i++)
		play_flow(&play, &(struct play_flow){.at_s = (double)i / rate, .ip_proto = 6, .class_ = SK_CLASS_FD, .no_end = true, .no_confirm = true, .first_flags = SK_TCP_ACK,
						     .from = play_addr("100.64.0.0", i % senders), .from_port = (uint16_t)(1024 + i), .to = victim, .to_port = 443});
	play_run(&play, false);
	size_t said = play_count(&play, "flood.tcp", &victim, NULL);
	play_end(&play);
	return said;
}

/* One machine can do it alone, when it sends four times as much. */
static void test_few(void **state)
{
	(void)state;
	assert_true(said_of(1, 2500) != 0);
	assert_int_equal(said_of(1, 1500), 0);
	assert_true(said_of(200, 700) != 0);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 600; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i * 0.001, .ip_proto = 6, .class_ = SK_CLASS_FD, .first_flags = SK_TCP_ACK,
						    .from = play_addr("203.0.113.0", i % 250), .to = play_addr("192.0.2.1", 0), .to_port = 443, .from_port = (uint16_t)i});
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_OPEN, .ip_proto = 6, .class_ = SK_CLASS_FD, .tcp_flags = {SK_TCP_ACK}, .initiator = play_addr("203.0.113.0", i % 250),
				 .responder = play_addr("100.64.0.0", i), .responder_port = 443};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr victim = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("flood.tcp", half, &victim, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_few), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("flood.tcp", tests, NULL, NULL);
}
