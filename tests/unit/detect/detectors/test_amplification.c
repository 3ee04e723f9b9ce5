/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference: answers without a question in each second, from how many servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

enum { VICTIMS = 30, SECONDS = 8, SERVERS = 80 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"amplification:rate=30,reflectors=20"};
	static const uint16_t ports[] = {53, 123, 161, 1900, 11211, 389, 500, 40000};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 31; seed < 4000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[VICTIMS], near[VICTIMS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			bool seen[SERVERS] = {false}, talks = play_random(&random, 5) == 0;
			unsigned servers = 1 + play_random(&random, SERVERS), different = 0;
			uint16_t port = ports[victim % SK_COUNT(ports)];
			must[victim] = near[victim] = false;
			for (unsigned second = 0; second < SECONDS; second++) {
				unsigned opens = play_random(&random, 50), answered = 0;
				for (unsigned i = 0; i < opens; i++) {
					unsigned server = play_random(&random, servers);
					/* Whom one answers, one knows. */
					struct play_flow flow = {.at_s = second + i * 0.01, .answer_s = 0.005, .ip_proto = 17, .class_ = SK_CLASS_FD, .no_end = true, .from = play_addr("100.64.0.0", server),
								 .from_port = port, .to = play_addr("192.0.2.1", victim), .to_port = (uint16_t)(20000 + second * 100 + i),
								 .answer = talks && i % 2 == 0 ? PLAY_ACCEPT : PLAY_SILENT};
					answered += flow.answer == PLAY_ACCEPT;
					different += !seen[server];
					seen[server] = true;
					play_flow(&play, &flow);
				}
				bool bad = port != 40000 && opens >= 30 && answered * 10 <= opens;
				must[victim] |= bad && different >= 20;
				near[victim] |= bad && different >= 15 && different <= 26;
			}
		}
		play_run(&play, false);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			struct sk_addr addr = play_addr("192.0.2.1", victim);
			bool said = play_count(&play, "amplification", &addr, NULL) != 0;
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

/* Half a view of a resolver: answers from a thousand servers, and no question is to be seen. */
static void test_half(void **state)
{
	(void)state;
	static const char *const detectors[] = {"amplification"};
	struct sk_addr resolver = play_addr("192.0.2.53", 0), victim = play_addr("192.0.2.1", 0);
	struct play play;
	play_start(&play, 1, SK_CLASS_BIT(SK_CLASS_FD), NULL, detectors, 1);
	for (unsigned i = 0; i < 4000; i++) {
		play_flow(&play, &(struct play_flow){.at_s = i * 0.005, .ip_proto = 17, .class_ = SK_CLASS_FD, .no_end = true, .from = play_addr("100.64.0.0", i % 300), .from_port = 53, .to = resolver,
						     .to_port = (uint16_t)(10000 + i)});
		play_flow(&play, &(struct play_flow){.at_s = i * 0.005, .ip_proto = 17, .class_ = SK_CLASS_FD, .no_end = true, .from = play_addr("100.64.0.0", i % 300), .from_port = 11211, .to = victim,
						     .to_port = (uint16_t)(10000 + i)});
	}
	play_run(&play, false);
	assert_int_equal(play_count(&play, "amplification", &resolver, NULL), 0);
	assert_true(play_count(&play, "amplification", &victim, NULL) != 0);
	play_end(&play);
}

static size_t said_of(uint32_t classes, uint16_t from_port, uint16_t to_port, enum play_answer answer)
{
	static const char *const detectors[] = {"amplification"};
	struct sk_addr victim = play_addr("192.0.2.1", 0);
	struct play play;
	play_start(&play, 1, classes, NULL, detectors, 1);
	for (unsigned i = 0; i < 800; i++)
		play_flow(&play, &(struct play_flow){.at_s = i * 0.005, .answer_s = 0.002, .ip_proto = 17, .class_ = SK_CLASS_FD, .no_end = true, .from = play_addr("100.64.0.0", i), .from_port = from_port, .to = victim,
						     .to_port = to_port, .answer = answer});
	play_run(&play, false);
	size_t said = play_count(&play, "amplification", &victim, NULL);
	play_end(&play);
	return said;
}

/* To a port that is a service's too: whoever serves there answers. Half a view does not show it, and says nothing. */
static void test_between_services(void **state)
{
	(void)state;
	static const uint16_t ports[][2] = {{123, 443}, {53, 53}, {389, 5060}, {123, 123}};
	for (size_t i = 0; i < SK_COUNT(ports); i++) {
		assert_true(said_of(0, ports[i][0], ports[i][1], PLAY_SILENT) != 0);
		assert_int_equal(said_of(0, ports[i][0], ports[i][1], PLAY_ACCEPT), 0);
		assert_int_equal(said_of(SK_CLASS_BIT(SK_CLASS_FD), ports[i][0], ports[i][1], PLAY_SILENT), 0);
	}
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 300; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i * 0.003, .ip_proto = 17, .class_ = SK_CLASS_FD, .from = play_addr("203.0.113.0", i % 250),
						    .from_port = 123, .to = play_addr("192.0.2.1", 0), .to_port = (uint16_t)(30000 + i)});
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_OPEN, .ip_proto = 17, .class_ = SK_CLASS_FD, .initiator = play_addr("203.0.113.0", i % 250), .initiator_port = 123,
				 .responder = play_addr("100.64.0.0", i), .responder_port = 5555};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr victim = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("amplification", half, &victim, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_between_services), cmocka_unit_test(test_half), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("amplification", tests, NULL, NULL);
}
