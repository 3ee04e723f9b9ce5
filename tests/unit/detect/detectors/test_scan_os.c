/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that classifies all 256 values of the flags by rules of its own, and remembers every packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

enum { PAIRS = 80 };

/* Written from the other side: which flags a stack may begin with, then what is wrong with the rest. */
static int wrongness(unsigned flags)
{
	bool fin = flags & 1, syn = flags & 2, rst = flags & 4, psh = flags & 8, ack = flags & 16, urg = flags & 32;
	if (!fin && !syn && !rst && !psh && !ack && !urg)
		return 1;
	if (syn)
		return fin ? 2 : rst ? 3 : 0;
	if (ack || rst || !fin)
		return 0;
	return psh || urg ? 4 : 5;
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.os"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 11; seed < 3000; seed += 401) {
		uint64_t random = seed;
		struct play play;
		unsigned kinds[PAIRS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			unsigned seen = 0, packets = 1 + play_random(&random, 8);
			for (unsigned i = 0; i < packets; i++) {
				/* 0 would stand for SYN here: no flags at all are the reserved ones alone. */
				unsigned flags = play_random(&random, 2) == 0 ? 64 + play_random(&random, 64) : pair % 2 == 0 ? 66 : 64;
				seen |= 1u << wrongness(flags & 63);
				play_flow(&play, &(struct play_flow){.at_s = pair + i * 0.01, .ip_proto = 6, .class_ = SK_CLASS_FD, .first_flags = (uint8_t)flags, .from = play_addr("203.0.113.1", pair % 5),
								     .to = play_addr("192.0.2.1", pair), .to_port = (uint16_t)(i + 1)});
			}
			kinds[pair] = (unsigned)__builtin_popcount(seen & ~1u);
		}
		play_run(&play, false);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			struct sk_addr to = play_addr("192.0.2.1", pair);
			uint64_t most = 0;
			for (size_t i = 0; i < play.said_count; i++)
				if (sk_addr_equal(&play.said[i].responder, &to) && play.said[i].value > most)
					most = play.said[i].value;
			assert_int_equal(most, kinds[pair] >= 2 ? kinds[pair] : 0);
			told += most != 0;
			silent += most == 0;
		}
		play_end(&play);
	}
	assert_true(told > 100 && silent > 100);
}

/* Who has sent one such packet is forgotten before one who has sent two. */
static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 2; i++)
		play_flow(play, &(struct play_flow){.at_s = part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, .ip_proto = 6, .class_ = SK_CLASS_FD, .first_flags = part == 0 ? 64 : 41,
						    .from = play_addr("203.0.113.5", 0), .to = play_addr("192.0.2.1", 0), .to_port = (uint16_t)(22 + i)});
}

static struct sk_event other(unsigned i)
{
	return (struct sk_event){.kind = SK_EVENT_OPEN, .ip_proto = 6, .class_ = SK_CLASS_FD, .tcp_flags = {SK_TCP_FIN}, .initiator = play_addr("100.64.0.0", i),
				 .responder = play_addr("192.0.2.1", i % 9), .responder_port = (uint16_t)i};
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr scanner = play_addr("203.0.113.5", 0);
	assert_true(play_in_a_crowd("scan.os", half, &scanner, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("scan.os", tests, NULL, NULL);
}
