/* SPDX-License-Identifier: Apache-2.0 */
/* Against an exact reference that keeps every kind of every network and works Good's and Turing's estimate out; a network that is always new; a crowd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "detect/detector.h"

#include "../play.h"

enum { HELLOS = 6000, KINDS = 400, HISTORY = 500, LEARN_S = 600, UNSEEN = 4, ROOM = 112 };

extern const struct sk_detector sk_detector_tls_rare;

static struct sk_event hello(struct sk_addr client, unsigned kind)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 6, .class_ = SK_CLASS_DF, .app = SK_APP_TLS, .initiator = client, .responder = play_addr("203.0.113.1", kind % 50),
				 .initiator_port = 40000, .responder_port = 443, .bits = SK_EVENT_SURE};
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t i = 0; i < rows; i++)
		if (sk_policy_detector("tls.rare") == &table[i])
			event.detector = (uint8_t)i;
	event.head.numbers[0] = kind * 2654435761u + 1;
	event.head.numbers[1] = kind * 40503u;
	(void)snprintf(event.head.text, sizeof event.head.text, "t13d%04u00_000000000000_000000000000", kind);
	return event;
}

/* Kinds of a network: the first few are common, others come now and then. */
static unsigned draw(uint64_t *random, unsigned rest)
{
	return play_random(random, 1000) >= rest ? play_random(random, 4) : 4 + play_random(random, KINDS - 4);
}

static unsigned run_network(uint64_t seed, unsigned rest, unsigned *wanted)
{
	static const char *const detectors[] = {"tls.rare:history=500,learn=600,unseen=4"};
	uint64_t random = seed;
	struct play play;
	unsigned counts[KINDS] = {0}, singles = 0, kinds = 0;
	*wanted = 0;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < HELLOS; i++) {
		unsigned kind = draw(&random, rest);
		struct sk_event event = hello(play_addr("192.0.2.1", i % 200), kind);
		bool known = i >= HISTORY && i * 2 >= LEARN_S && singles * 1000 <= UNSEEN * i && kinds <= ROOM;
		play_event(&play, i * 2, &event);
		*wanted += counts[kind] == 0 && known && kinds < ROOM;
		kinds += counts[kind] == 0;
		singles += counts[kind] == 0;
		singles -= counts[kind] == 1;
		counts[kind]++;
	}
	play_run(&play, false);
	unsigned said = (unsigned)play_count(&play, "tls.rare", NULL, NULL);
	for (size_t i = 0; i < play.said_count; i++)
		assert_true(strncmp(play.said[i].matched, "ja4:t13d", 8) == 0 && play.said[i].severity == 1 && !play.said[i].of_responder);
	play_end(&play);
	return said;
}

static void test_model(void **state)
{
	(void)state;
	unsigned told = 0;
	for (uint64_t seed = 5; seed < 60; seed += 11)
		for (unsigned rest = 0; rest < 12; rest++) {
			unsigned wanted, said = run_network(seed, rest, &wanted);
			assert_int_equal(said, wanted);
			told += said;
		}
	(void)printf("told %u times\n", told);
	assert_true(told > 50);
	/* One in five is of a kind that comes seldom: nothing is rare there. */
	unsigned wanted;
	assert_int_equal(run_network(77, 200, &wanted), 0);
}

static void test_heads(void **state)
{
	(void)state;
	static const struct { uint8_t class_; bool from_initiator; const char *ja4; bool taken; } rows[] = {
		{SK_CLASS_DF, true, "t13d1516h2_8daaf6152771_e5627efa2ab1", true}, {SK_CLASS_FD, true, "t13d1516h2_8daaf6152771_e5627efa2ab1", false},
		{SK_CLASS_FF, true, "t13d1516h2_8daaf6152771_e5627efa2ab1", false}, {SK_CLASS_DF, true, "", false}, {SK_CLASS_DF, false, "t13d1516h2_8daaf6152771_e5627efa2ab1", false}};
	static const char *const detectors[] = {"tls.rare"};
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		struct sk_run run = {.kit = play.kit};
		struct sk_head head = {.kind = SK_HEAD_CLIENT_HELLO, .app = SK_APP_TLS, .from_initiator = rows[i].from_initiator};
		struct sk_packet packet = {.time_ns = 1};
		struct sk_event event = hello(play_addr("192.0.2.1", 0), 0), same = hello(play_addr("192.0.2.99", 0), 1);
		event.class_ = same.class_ = rows[i].class_;
		(void)snprintf(head.as.client_hello.ja4, sizeof head.as.client_hello.ja4, "%s", rows[i].ja4);
		assert_int_equal(sk_detector_tls_rare.head(&run, &head, &packet, &event), rows[i].taken);
		if (!rows[i].taken)
			continue;
		/* The network owns it; the kind is the JA4's and nobody's else. */
		assert_true(sk_detector_tls_rare.head(&run, &head, &packet, &same));
		assert_true(event.head.hash == same.head.hash && event.head.numbers[0] == same.head.numbers[0] && event.head.numbers[1] == same.head.numbers[1]);
		assert_string_equal(event.head.text, rows[i].ja4);
		head.as.client_hello.ja4[5] ^= 1;
		assert_true(sk_detector_tls_rare.head(&run, &head, &packet, &same));
		assert_true(event.head.numbers[0] != same.head.numbers[0]);
	}
	play_end(&play);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 200 && part == 0; i++) {
		struct sk_event event = hello(play_addr("192.0.2.5", 0), i % 2);
		play_event(play, i * 0.1, &event);
	}
	if (part == 1) {
		struct sk_event event = hello(play_addr("192.0.2.6", 0), 9);
		play_event(play, PLAY_CROWD_AT_S + PLAY_CROWD_S + 1, &event);
	}
}

/* Hellos of very many networks. */
static struct sk_event other(unsigned i)
{
	return hello(play_addr("100.64.0.0", i * 256), i % 3);
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr subject = play_addr("192.0.2.6", 0);
	assert_true(play_in_a_crowd("tls.rare:history=150,learn=0", half, &subject, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_heads), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("tls.rare", tests, NULL, NULL);
}
