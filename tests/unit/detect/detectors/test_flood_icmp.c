/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference: messages of each second, from how many sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

enum { VICTIMS = 30, SECONDS = 8, SOURCES = 120 };

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"flood.icmp:rate=50,sources=40,heavy=80"};
	unsigned told = 0, silent = 0, few = 0;
	for (uint64_t seed = 23; seed < 4000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		bool must[VICTIMS], near[VICTIMS], must_few[VICTIMS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			bool seen[SOURCES] = {false};
			unsigned sources = 1 + play_random(&random, SOURCES), different = 0, most = 20 + play_random(&random, 80);
			must[victim] = near[victim] = must_few[victim] = false;
			for (unsigned second = 0; second < SECONDS; second++) {
				unsigned opens = play_random(&random, most);
				for (unsigned i = 0; i < opens; i++) {
					unsigned source = play_random(&random, sources);
					different += !seen[source];
					seen[source] = true;
					play_flow(&play, &(struct play_flow){.at_s = second + i * 0.008, .ip_proto = 1, .icmp_type = 8, .class_ = SK_CLASS_FD, .no_end = true,
									     .from = play_addr("100.64.0.0", source), .to = play_addr("192.0.2.1", victim),
									     .answer = i % 2 == 0 ? PLAY_ACCEPT : PLAY_SILENT});
				}
				must[victim] |= opens >= 50 && different >= 40;
				must_few[victim] |= opens >= 80;
				near[victim] |= opens >= 50 && different >= 30 && different <= 52;
			}
		}
		play_run(&play, false);
		for (unsigned victim = 0; victim < VICTIMS; victim++) {
			struct sk_addr addr = play_addr("192.0.2.1", victim);
			struct sk_detection last;
			bool said = play_count(&play, "flood.icmp", &addr, &last) != 0;
			if (near[victim] && !must_few[victim])
				continue;
			assert_int_equal(said, must[victim] || must_few[victim]);
			few += said && last.limit == 80;
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 20 && silent > 20 && few > 0);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 600; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i * 0.001, .ip_proto = 1, .icmp_type = 8, .class_ = SK_CLASS_FD,
						    .from = play_addr("203.0.113.0", i % 250), .to = play_addr("192.0.2.1", 0)});
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_OPEN, .ip_proto = 1, .icmp_type = 8, .class_ = SK_CLASS_FD, .initiator = play_addr("203.0.113.0", i % 250),
				 .responder = play_addr("100.64.0.0", i)};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr victim = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("flood.icmp", half, &victim, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("flood.icmp", tests, NULL, NULL);
}
