/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates count; counting against a slow reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "detect/detector.h"

#include "../play.h"

enum { SERVERS = 60, MOST = 12, CONTACTS = 4, PERIOD_S = 100 };

extern const struct sk_detector sk_detector_tls_selfsigned;

static struct sk_event shown(struct sk_addr client, struct sk_addr server, uint16_t port)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 6, .class_ = SK_CLASS_DF, .app = SK_APP_TLS, .initiator = client, .responder = server, .initiator_port = 40000,
				 .responder_port = port, .bits = SK_EVENT_SURE | SK_EVENT_BACK};
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t i = 0; i < rows; i++)
		if (sk_policy_detector("tls.selfsigned") == &table[i])
			event.detector = (uint8_t)i;
	return event;
}

static void test_heads(void **state)
{
	(void)state;
	struct sk_run run = {.threshold = NULL};
	static const struct { uint8_t app; bool parsed, self_signed; uint16_t port; bool told; } rows[] = {
		{SK_APP_TLS, true, true, 443, true}, {SK_APP_TLS, true, true, 4443, true}, {SK_APP_TLS, true, false, 443, false}, {SK_APP_TLS, false, true, 443, false},
		{SK_APP_TLS, true, true, 3389, false}, {SK_APP_TLS, true, true, 25, false}, {SK_APP_DTLS, true, true, 443, false}};
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		struct sk_head head = {.kind = SK_HEAD_CERTIFICATE, .app = rows[i].app};
		struct sk_packet packet = {.time_ns = 1};
		struct sk_event event = shown(play_addr("192.0.2.1", 0), play_addr("203.0.113.1", 0), rows[i].port);
		head.as.certificate.parsed = rows[i].parsed;
		head.as.certificate.self_signed = rows[i].self_signed;
		assert_int_equal(sk_detector_tls_selfsigned.head(&run, &head, &packet, &event), rows[i].told);
	}
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"tls.selfsigned:contacts=4"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 7; seed < 3000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		unsigned counts[SERVERS][2] = {{0}};
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned i = 0; i < SERVERS; i++)
			for (unsigned j = 0, count = play_random(&random, MOST); j < count; j++) {
				unsigned side = play_random(&random, 3) == 0;
				struct sk_event event = shown(play_addr("192.0.2.1", j % 3), play_addr("203.0.113.1", i), side == 0 ? 443 : 8443);
				counts[i][side]++;
				play_event(&play, j * PERIOD_S, &event);
			}
		play_run(&play, false);
		for (unsigned i = 0; i < SERVERS; i++) {
			struct sk_addr addr = play_addr("203.0.113.1", i);
			bool said = play_count(&play, "tls.selfsigned", &addr, NULL) != 0, wanted = counts[i][0] >= CONTACTS || counts[i][1] >= CONTACTS;
			assert_int_equal(said, wanted);
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 40 && silent > 40);
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 4; i++) {
		struct sk_event event = shown(play_addr("192.0.2.5", i), play_addr("203.0.113.5", 0), 443);
		play_event(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, &event);
	}
}

static struct sk_event other(unsigned i)
{
	return shown(play_addr("192.0.2.5", i % 9), play_addr("100.64.0.0", i), 443);
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr subject = play_addr("203.0.113.5", 0);
	assert_true(play_in_a_crowd("tls.selfsigned:contacts=6", half, &subject, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads), cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("tls.selfsigned", tests, NULL, NULL);
}
