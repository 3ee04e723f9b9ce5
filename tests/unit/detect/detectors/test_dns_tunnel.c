/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps every name and walks over the different ones; both directions alone; names that carry nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../play.h"

enum { CLIENTS = 30, MOST = 60, EACH_S = 5, A = 1, TXT = 16 };

/* Names of one kind: what they look like, and what one weighs (docs/detectors/dns.tunnel.md). */
static const struct { uint16_t type; unsigned length; bool coded; double weight; } kinds[] = {
	{TXT, 70, true, 3.0}, {TXT, 40, true, 2.0}, {TXT, 8, false, -1.0}, {A, 110, true, 1.5}, {A, 45, true, 0.25}, {A, 30, true, 0}, {A, 8, false, -0.2}};

static const char *make_name(unsigned kind, unsigned number, unsigned domain, char text[SK_DNS_NAME_MAX])
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz0123456789bc";
	static const char *const words[] = {"mail", "www", "shop", "news", "image", "static", "login", "maps"};
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15) * (number + 1) + kind;
	size_t used = 0;
	if (!kinds[kind].coded)
		used = (size_t)snprintf(text, SK_DNS_NAME_MAX, "%s%u%s%s", words[number & 7], kind, number < 8 ? "" : "-", number < 8 ? "" : words[number >> 3 & 7]);
	for (unsigned i = 0; kinds[kind].coded && i < kinds[kind].length; i++)
		text[used++] = i % 50 == 49 ? '.' : letters[play_random(&seed, 32)];
	(void)snprintf(text + used, SK_DNS_NAME_MAX - used, ".domain%u.com", domain);
	return text;
}

static void ask(struct play *play, double at_s, unsigned client, unsigned kind, unsigned number, bool answers, bool questions)
{
	char text[SK_DNS_NAME_MAX];
	struct play_dns dns = {.at_s = at_s, .client = play_addr("192.0.2.1", client), .server = play_addr("203.0.113.53", 0), .name = make_name(kind, number, client, text),
			       .type = kinds[kind].type, .no_answer = !answers, .no_question = !questions, .turned = !questions};
	play_dns(play, &dns);
}

/* The highest that a walk over different names gets, each weighing `share` of what it does when it is for a tunnel. */
static double highest(const unsigned *kind, const unsigned *number, unsigned count, double share)
{
	double walk = 0, most = 0;
	for (unsigned i = 0; i < count; i++) {
		bool known = false;
		for (unsigned j = 0; j < i; j++)
			known |= kind[j] == kind[i] && number[j] == number[i];
		double weight = known ? 0 : kinds[kind[i]].weight;
		walk += weight > 0 ? share * weight : weight;
		walk = walk < 0 ? 0 : walk;
		most = walk > most ? walk : most;
	}
	return most;
}

/* mode 0: questions and answers; 1: questions alone; 2: answers alone. */
static void model(unsigned mode)
{
	static const char *const detectors[] = {"dns.tunnel"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 71 + mode; seed < 9000; seed += 877) {
		uint64_t random = seed;
		struct play play;
		double over[CLIENTS], under[CLIENTS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned client = 0; client < CLIENTS; client++) {
			unsigned kind[MOST], number[MOST], count = 1 + play_random(&random, MOST), tunnel = play_random(&random, 101), repeats = 1 + play_random(&random, 60);
			for (unsigned i = 0; i < count; i++) {
				kind[i] = play_random(&random, 100) < tunnel ? play_random(&random, 2) : 2 + play_random(&random, 5);
				number[i] = play_random(&random, repeats);
				ask(&play, i * EACH_S + 0.5, client, kind[i], number[i], mode != 1, mode != 2);
			}
			over[client] = highest(kind, number, count, 1);
			under[client] = highest(kind, number, count, 0.85);
		}
		play_run(&play, false);
		for (unsigned client = 0; client < CLIENTS; client++) {
			struct sk_addr addr = play_addr("192.0.2.1", client);
			struct sk_detection last;
			bool said = play_count(&play, "dns.tunnel", &addr, &last) != 0;
			char domain[32];
			(void)snprintf(domain, sizeof domain, "domain%u.com", client);
			/* Two names may have one bit: then the later one is not weighed. */
			if (over[client] < 9 * 2.3 - 2)
				assert_false(said);
			else if (under[client] >= 9 * 2.3 + 3)
				assert_true(said);
			if (said)
				assert_string_equal(last.text, domain);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 50 && silent > 50);
}

static void test_model(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < 3; mode++)
		model(mode);
}

/* What looks like a tunnel to a counter of names and is none: block lists, reverse names, services, one name again and again. */
static void test_harmless(void **state)
{
	(void)state;
	static const char *const detectors[] = {"dns.tunnel"};
	static const char *const patterns[] = {"%u.2.0.192.in-addr.arpa", "%u.113.0.203.zen.spamhaus.org", "_ldap._tcp.a%u.example.com", "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d%u.avqs.mcafee.com",
						"qwrtzpsdfghjklyxcvbnm0123456789qwrtz.example.com", "qwrtzpsdfg%uhjklyxcvbnm0123456789qwrtz.workgroup.local"};
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < 200; i++)
		for (unsigned p = 0; p < SK_COUNT(patterns); p++) {
			char text[SK_DNS_NAME_MAX];
			struct play_dns dns = {.at_s = i, .client = play_addr("192.0.2.1", p), .server = play_addr("203.0.113.53", 0), .name = text, .type = TXT};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			(void)snprintf(text, sizeof text, patterns[p], i);
#pragma GCC diagnostic pop
			play_dns(&play, &dns);
		}
	play_run(&play, false);
	assert_int_equal(play.said_count, 0);
	play_end(&play);
}

/* Straight to a server, without a domain of its own; a client abroad, which is told when that is asked for. */
static void test_ends(void **state)
{
	(void)state;
	static const struct { const char *detector; uint8_t class_; bool below; size_t said; } cases[] = {
		{"dns.tunnel", SK_CLASS_DF, false, 1}, {"dns.tunnel", SK_CLASS_DF, true, 1}, {"dns.tunnel", SK_CLASS_FD, true, 0}, 
		{"dns.tunnel:abroad=1", SK_CLASS_FD, true, 1}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct play play;
		struct sk_detection last = {0};
		struct sk_addr client = play_addr("192.0.2.1", 0);
		play_start(&play, 1, 0, NULL, &cases[i].detector, 1);
		for (unsigned n = 0; n < 40; n++) {
			char text[SK_DNS_NAME_MAX];
			struct play_dns dns = {.at_s = n, .class_ = cases[i].class_, .client = client, .server = play_addr("203.0.113.53", 0), .name = make_name(1, n, 0, text), .type = TXT};
			if (!cases[i].below)
				(void)snprintf(text, sizeof text, "dnscat.%08xbcd5fgh.%08xklm7npq", n * 2654435761u, n * 40503u);
			play_dns(&play, &dns);
		}
		play_run(&play, false);
		assert_int_equal(play_count(&play, "dns.tunnel", &client, &last) != 0, cases[i].said);
		if (cases[i].said)
			assert_string_equal(last.matched, cases[i].below ? "domain0.com" : ".");
		play_end(&play);
	}
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 5; i++)
		ask(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, 0, 0, 10 * part + i, true, true);
}

static struct sk_event other(unsigned i)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 17, .class_ = SK_CLASS_DF, .detector = play_row("dns.tunnel"), .initiator = play_addr("100.64.0.0", i),
				 .responder = play_addr("203.0.113.53", 0), .responder_port = 53};
	event.head.hash = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
	return event;
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr client = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("dns.tunnel", half, &client, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_harmless), cmocka_unit_test(test_ends), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("dns.tunnel", tests, NULL, NULL);
}
