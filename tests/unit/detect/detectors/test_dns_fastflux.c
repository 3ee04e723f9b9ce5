/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps every address and network of every name; names of content networks, pools and long-lived answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../play.h"

enum { NAMES = 30, MOST = 40, EACH_S = 20 };

static void answer(struct play *play, double at_s, const char *name, const uint32_t *addresses, unsigned count, uint32_t ttl_s)
{
	struct play_dns dns = {.at_s = at_s, .client = play_addr("192.0.2.1", (unsigned)at_s % 5), .server = play_addr("203.0.113.53", 0), .name = name, .ttl_s = ttl_s, .address_count = count};
	for (unsigned i = 0; i < count; i++)
		dns.addresses[i] = play_addr("20.0.0.1", addresses[i]);
	play_dns(play, &dns);
}

/* How many different ones. */
static unsigned different(const uint32_t *values, unsigned count, unsigned shift)
{
	unsigned found = 0;
	for (unsigned i = 0; i < count; i++) {
		bool known = false;
		for (unsigned j = 0; j < i; j++)
			known |= values[j] >> shift == values[i] >> shift;
		found += !known;
	}
	return found;
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"dns.fastflux"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 13; seed < 9000; seed += 877) {
		uint64_t random = seed;
		struct play play;
		bool over[NAMES], under[NAMES];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned n = 0; n < NAMES; n++) {
			uint32_t all[5 * MOST];
			unsigned answers = 1 + play_random(&random, MOST), each = 1 + play_random(&random, 5), networks = 1 + play_random(&random, 60), hosts = 1 + play_random(&random, 8), used = 0;
			double walk = 0, least = 0, most = 0;
			over[n] = under[n] = false;
			for (unsigned i = 0; i < answers; i++) {
				char name[64];
				uint32_t now[5];
				unsigned nets = different(all, used, 16), addresses = different(all, used, 0);
				for (unsigned a = 0; a < each; a++)
					now[a] = all[used++] = play_random(&random, networks) << 16 | play_random(&random, hosts);
				(void)snprintf(name, sizeof name, "www.name%u.com", n);
				answer(&play, i * EACH_S + 0.5, name, now, each, 120);
				unsigned fresh = different(all, used, 0) - addresses, fresh_nets = different(all, used, 16) - nets;
				walk += 1.2 * fresh_nets - 1.5 * (fresh - fresh_nets);
				least += 0.9 * 1.2 * fresh_nets - 1.5 * (fresh - fresh_nets);
				walk = walk < 0 ? 0 : walk;
				least = least < 0 ? 0 : least;
				most = walk > most ? walk : most;
				/* Two addresses may look like one to the bitmaps, which is less for either side. */
				over[n] |= walk + 0.2 * fresh >= 7 * 2.3 - 3 && nets + fresh_nets >= 12;
				under[n] |= least >= 7 * 2.3 + 2 * 2.7 && nets + fresh_nets >= 14;
			}
		}
		play_run(&play, false);
		for (unsigned n = 0; n < NAMES; n++) {
			char domain[32];
			bool said = false;
			(void)snprintf(domain, sizeof domain, "name%u.com", n);
			for (size_t i = 0; i < play.said_count; i++)
				said |= strcmp(play.said[i].text, domain) == 0;
			assert_true(over[n] || !said);
			assert_true(said || !under[n]);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 15 && silent > 50);
}

/* A content network in few networks; a pool of time servers; answers that may be kept for a day; a domain whose names have an address each; clients abroad. */
static void test_harmless(void **state)
{
	(void)state;
	static const char *const detectors[] = {"dns.fastflux"};
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < 400; i++) {
		char name[64];
		uint32_t content[2] = {(i % 6) << 16 | (i % 50), (i % 5) << 16 | (i % 40)}, spread = i << 16;
		answer(&play, i, "images.content.net", content, 2, 20);
		answer(&play, i, "2.debian.pool.ntp.org", &spread, 1, 130);
		answer(&play, i, "www.slow.com", &spread, 1, 86400);
		(void)snprintf(name, sizeof name, "customer%u.hosting.com", i);
		answer(&play, i, name, &spread, 1, 60);
		struct play_dns abroad = {.at_s = i, .class_ = SK_CLASS_FD, .client = play_addr("198.51.100.1", i), .server = play_addr("192.0.2.53", 0), .name = "www.everywhere.com", .ttl_s = 60,
					  .address_count = 1, .addresses = {play_addr("20.0.0.1", spread)}};
		play_dns(&play, &abroad);
	}
	play_run(&play, false);
	assert_int_equal(play.said_count, 0);
	play_end(&play);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 10; i++) {
		uint32_t address = (10 * part + i) << 16;
		answer(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, "www.flux.com", &address, 1, 60);
	}
}

static struct sk_event other(unsigned i)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 17, .class_ = SK_CLASS_DF, .detector = play_row("dns.fastflux"), .initiator = play_addr("100.64.0.0", i),
				 .responder = play_addr("203.0.113.53", 0), .responder_port = 53};
	event.head.hash = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
	return event;
}

static void test_crowd(void **state)
{
	(void)state;
	assert_true(play_in_a_crowd("dns.fastflux", half, NULL, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_harmless), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("dns.fastflux", tests, NULL, NULL);
}
