/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps every segment: an hour of a pair against the greatest earlier hour of the whole host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../play.h"

enum { HOSTS = 40, HOURS = 18, PEERS = 3 };

static void upload(struct play *play, double at_s, unsigned host, unsigned peer, uint64_t out, uint64_t back)
{
	struct play_flow flow = {.at_s = at_s, .last_s = 10, .ip_proto = 6, .class_ = SK_CLASS_DF, .answer = PLAY_ACCEPT, .from = play_addr("192.0.2.1", host), .to = play_addr("203.0.113.1", peer),
				 .from_port = 20000, .to_port = 443, .packets = {out / 1000 + 3, back / 1000 + 3}, .bytes = {out, back}};
	play_flow(play, &flow);
}

static uint64_t kib(uint64_t bytes)
{
	return (bytes + 1023) / 1024;
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"exfiltration"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 9; seed < 3000; seed += 257) {
		uint64_t random = seed;
		struct play play;
		bool must[HOSTS] = {false};
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned host = 0; host < HOSTS; host++) {
			uint64_t sent[HOURS] = {0}, usual = 100000 + play_random(&random, 3000000);
			unsigned first = play_random(&random, 3), big = play_random(&random, HOURS);
			uint64_t last[PEERS] = {0};
			for (unsigned hour = first; hour < HOURS; hour++) {
				uint64_t pair[PEERS] = {0}, got[PEERS] = {0};
				for (unsigned peer = 0; peer < PEERS; peer++) {
					uint64_t out = 5000 + play_random(&random, (uint32_t)usual), back = play_random(&random, 3) == 0 ? out : out / 10;
					if (hour == big && peer == 0)
						out = 21000000 + play_random(&random, 60000000);
					upload(&play, hour * 3600 + 100 + host + peer * 600, host, peer, out, back);
					pair[peer] += kib(out);
					got[peer] += kib(back);
					sent[hour] += kib(out);
				}
				for (unsigned peer = 0; peer < PEERS; peer++) {
					/* Without what this pair sent in the hour before. */
					uint64_t past = 0;
					for (unsigned before = first; before < hour; before++) {
						uint64_t of_others = sent[before] - (before + 1 == hour ? last[peer] : 0);
						past = of_others > past ? of_others : past;
					}
					must[host] |= hour >= first + 6 && pair[peer] >= 20000000 / 1024 && pair[peer] >= 10 * past && pair[peer] >= 4 * got[peer];
				}
				memcpy(last, pair, sizeof last);
			}
		}
		play_run(&play, false);
		for (unsigned host = 0; host < HOSTS; host++) {
			struct sk_addr addr = play_addr("192.0.2.1", host);
			struct sk_detection last;
			bool said = play_count(&play, "exfiltration", &addr, &last) != 0;
			assert_int_equal(said, must[host]);
			if (said)
				assert_true(last.severity == 3 && last.value >= 20000000 - 1024 && last.value >= 10 * last.limit && last.bytes[0] > last.bytes[1]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 50 && silent > 50);
}

/* What goes on in the next hour is the same finding that grows, although it is then a part of the past. */
static void test_goes_on(void **state)
{
	(void)state;
	static const char *const detectors[] = {"exfiltration"};
	struct play play;
	struct sk_detection last;
	struct sk_addr host = play_addr("192.0.2.1", 0);
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned hour = 0; hour < 8; hour++)
		upload(&play, hour * 3600 + 50, 0, 1, 100000, 500000);
	for (unsigned i = 0; i < 30; i++)
		upload(&play, 8 * 3600 + i * 240, 0, 2, 25000000, 50000);
	play_run(&play, false);
	assert_true(play_count(&play, "exfiltration", &host, &last) >= 2);
	assert_true(last.bytes[0] == 30 * UINT64_C(25000000) && sk_addr_equal(&last.responder, &(struct sk_addr){.family = 4, .bytes = {203, 0, 113, 3}}));
	play_end(&play);
}

static struct sk_event other(unsigned i)
{
	struct sk_event event = {.kind = SK_EVENT_END, .class_ = SK_CLASS_DF, .ip_proto = 6, .initiator = play_addr("100.64.0.0", i), .responder = play_addr("203.0.113.9", 0),
				 .initiator_port = 1024, .responder_port = 443, .bits = SK_EVENT_SURE};
	event.flow.packets[0] = event.flow.packets[1] = 5;
	event.flow.bytes[0] = event.flow.bytes[1] = 900;
	return event;
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 8; i++)
		upload(play, part == 0 ? i : 3600.0 * (i + 1), 0, 1, part == 1 && i == 7 ? 30000000 : 100000, 10000);
}

/* One host among very many that are seen once, in little memory. */
static void test_flood(void **state)
{
	(void)state;
	struct sk_addr subject = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("exfiltration", half, &subject, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_goes_on), cmocka_unit_test(test_flood)};
	return cmocka_run_group_tests_name("exfiltration", tests, NULL, NULL);
}
