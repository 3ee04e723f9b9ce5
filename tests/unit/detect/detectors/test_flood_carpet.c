/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference: a network is flooded when a second has so many new flows, from many, to many of its addresses, that lead to nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

enum { NETS = 16, SECONDS = 8, SOURCES = 200, HOSTS = 60 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"flood.carpet:rate=100,sources=60,hosts=16"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 29; seed < 4000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[NETS], near[NETS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned net = 0; net < NETS; net++) {
			bool seen[SOURCES] = {false}, hit[HOSTS] = {false};
			unsigned sources = 1 + play_random(&random, SOURCES), hosts = 1 + play_random(&random, HOSTS), different = 0, targets = 0;
			must[net] = near[net] = false;
			for (unsigned second = 0; second < SECONDS; second++) {
				unsigned opens = 50 + play_random(&random, 100), going_on = play_random(&random, 20), went = 0;
				for (unsigned i = 0; i < opens; i++) {
					unsigned source = play_random(&random, sources), host = play_random(&random, hosts);
					struct play_flow flow = {.at_s = second + i * 0.005, .answer_s = 0.001, .ip_proto = i % 2 == 0 ? 6 : 17, .class_ = SK_CLASS_FD, .no_end = true,
								 .from = play_addr("100.64.0.0", source), .from_port = (uint16_t)(second * 200 + i + 1024), .to = play_addr("198.18.0.0", net * 256 + host),
								 .to_port = 80, .answer = play_random(&random, 100) < going_on ? PLAY_ACCEPT : PLAY_SILENT};
					went += flow.answer == PLAY_ACCEPT;
					different += !seen[source];
					targets += !hit[host];
					seen[source] = hit[host] = true;
					play_flow(&play, &flow);
				}
				bool bad = opens >= 100 && went * 10 <= opens;
				must[net] |= bad && different >= 60 && targets >= 16;
				near[net] |= bad && ((different >= 48 && different <= 74) || (targets >= 15 && targets <= 17));
			}
		}
		play_run(&play, false);
		for (unsigned net = 0; net < NETS; net++) {
			struct sk_addr addr = play_addr("198.18.0.0", net * 256);
			bool said = play_count(&play, "flood.carpet", &addr, NULL) != 0;
			if (near[net])
				continue;
			assert_int_equal(said, must[net]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 15 && silent > 15);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 1500; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i * 0.0005, .ip_proto = 17, .class_ = SK_CLASS_FD, .from = play_addr("203.0.113.0", i % 250),
						    .to = play_addr("192.0.2.0", i % 200), .to_port = 443, .from_port = (uint16_t)(30000 + i)});
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_OPEN, .ip_proto = 17, .class_ = SK_CLASS_FD, .initiator = play_addr("203.0.113.0", i % 250),
				 .responder = play_addr("100.64.0.0", i * 256), .responder_port = 443};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr net = play_addr("192.0.2.0", 0);
	assert_true(play_in_a_crowd("flood.carpet", half, &net, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("flood.carpet", tests, NULL, NULL);
}
