/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps who asked for what and when; what was asked for yesterday is forgotten within a day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../play.h"

enum { DOMAINS = 40, HOSTS = 6, HOUR_S = 3600, HALF_DAY_S = 12 * HOUR_S };

static void ask(struct play *play, double at_s, unsigned client, const char *name, unsigned answers)
{
	struct play_dns dns = {.at_s = at_s, .client = play_addr("192.0.2.1", client), .server = play_addr("203.0.113.53", 0), .name = name, .answers = (uint16_t)answers};
	play_dns(play, &dns);
}

static bool is_said(const struct play *play, const char *domain)
{
	for (size_t i = 0; i < play->said_count; i++)
		if (strcmp(play->said[i].text, domain) == 0)
			return true;
	return false;
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"dns.new"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 31; seed < 9000; seed += 977) {
		uint64_t random = seed;
		struct play play;
		bool expected[DOMAINS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		ask(&play, 0, 0, "www.first.com", 1);
		for (unsigned d = 0; d < DOMAINS; d++) {
			char name[64];
			unsigned hosts = 1 + play_random(&random, HOSTS), begins = HOUR_S * (1 + play_random(&random, 40)), spread = 100 + play_random(&random, 2 * HOUR_S), clients = 0;
			double first = 0;
			expected[d] = false;
			for (unsigned h = 0; h < hosts; h++) {
				double at = begins + (double)h * spread / hosts;
				(void)snprintf(name, sizeof name, "h%u.domain%u.com", h, d);
				ask(&play, at, h, name, 1);
				first = h == 0 ? at : first;
				clients += floor(at + 0.03) <= floor(first + 0.03) + HOUR_S;
			}
			expected[d] = clients >= 3 && begins >= HALF_DAY_S;
		}
		play_run(&play, false);
		for (unsigned d = 0; d < DOMAINS; d++) {
			char domain[64];
			(void)snprintf(domain, sizeof domain, "domain%u.com", d);
			assert_int_equal(is_said(&play, domain), expected[d]);
			told += expected[d];
			silent += !expected[d];
		}
		play_end(&play);
	}
	assert_true(told > 40 && silent > 100);
}

/* Known for 12 to 24 hours after it was asked for last, and not for longer. */
static void test_forgets(void **state)
{
	(void)state;
	static const struct { double before_s, again_s; bool said; } cases[] = {
		{1 * HOUR_S, 13 * HOUR_S, false}, {1 * HOUR_S, 23.9 * HOUR_S, false}, {13 * HOUR_S, 30 * HOUR_S, false}, {1 * HOUR_S, 24.1 * HOUR_S, true}, {11 * HOUR_S, 24.1 * HOUR_S, true},
		{13 * HOUR_S, 37 * HOUR_S, true}, {1 * HOUR_S, 90 * HOUR_S, true}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		static const char *const detectors[] = {"dns.new"};
		struct play play;
		play_start(&play, 1, 0, NULL, detectors, 1);
		ask(&play, 0, 0, "www.first.com", 1);
		ask(&play, cases[i].before_s, 1, "www.known.com", 1);
		for (unsigned h = 0; h < 3; h++)
			ask(&play, cases[i].again_s + h * 10, 10 + h, "mail.known.com", 1);
		play_run(&play, false);
		assert_int_equal(is_said(&play, "known.com"), cases[i].said);
		play_end(&play);
	}
}

/* Names that do not exist, and clients abroad, make no domain new. */
static void test_harmless(void **state)
{
	(void)state;
	static const char *const detectors[] = {"dns.new:learn=0"};
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned h = 0; h < 20; h++) {
		ask(&play, h, h, "www.missing.com", 0);
		struct play_dns abroad = {.at_s = h, .class_ = SK_CLASS_FD, .client = play_addr("198.51.100.1", h), .server = play_addr("192.0.2.53", 0), .name = "www.ours.com", .answers = 1};
		play_dns(&play, &abroad);
	}
	play_run(&play, false);
	assert_int_equal(play.said_count, 0);
	play_end(&play);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned h = 0; h < 2; h++)
		ask(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + h, 2 * part + h, "www.fresh.com", 1);
}

static struct sk_event other(unsigned i)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 17, .class_ = SK_CLASS_DF, .detector = play_row("dns.new"), .initiator = play_addr("100.64.0.0", i),
				 .responder = play_addr("203.0.113.53", 0), .responder_port = 53};
	event.head.hash = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
	return event;
}

static void test_crowd(void **state)
{
	(void)state;
	assert_true(play_in_a_crowd("dns.new:learn=0", half, NULL, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_forgets), cmocka_unit_test(test_harmless), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("dns.new", tests, NULL, NULL);
}
