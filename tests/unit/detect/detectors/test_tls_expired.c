/* SPDX-License-Identifier: Apache-2.0 */
/* Days outside a certificate's time, to the second; counting against a slow reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "detect/detector.h"

#include "../play.h"
#include "../../english.h"

enum { SERVERS = 60, MOST = 14, CONTACTS = 5, QUIET_S = 600, DAY_S = 86400 };

extern const struct sk_detector sk_detector_tls_expired;

static struct sk_event shown(struct sk_addr client, struct sk_addr server, unsigned days, bool early)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 6, .class_ = SK_CLASS_DF, .app = SK_APP_TLS, .initiator = client, .responder = server, .initiator_port = 40000,
				 .responder_port = 443, .bits = SK_EVENT_SURE | SK_EVENT_BACK};
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t i = 0; i < rows; i++)
		if (sk_policy_detector("tls.expired") == &table[i])
			event.detector = (uint8_t)i;
	event.head.numbers[0] = days;
	event.head.numbers[1] = early;
	return event;
}

static void test_heads(void **state)
{
	(void)state;
	uint64_t thresholds[] = {1, 1, 600};
	struct sk_run run = {.threshold = thresholds};
	static const int64_t now_s = 1772323200;
	static const struct { int64_t from_s, to_s; bool parsed, told, early; uint32_t days; } rows[] = {
		{-100 * DAY_S, 100 * DAY_S, true, false, false, 0}, {-100 * DAY_S, 0, true, false, false, 0}, {-100 * DAY_S, -2 * DAY_S + 1, true, false, false, 0},
		{-100 * DAY_S, -2 * DAY_S, true, true, false, 2}, {-800 * DAY_S, -400 * DAY_S - 5, true, true, false, 400}, {-800 * DAY_S, -400 * DAY_S, false, false, false, 0},
		{2 * DAY_S - 1, 10 * DAY_S, true, false, false, 0}, {30 * DAY_S, 90 * DAY_S, true, true, true, 30}, {10 * DAY_S, -10 * DAY_S, true, false, false, 0},
	};
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		struct sk_head head = {.kind = SK_HEAD_CERTIFICATE, .app = SK_APP_TLS};
		struct sk_packet packet = {.time_ns = now_s * 1000000000};
		struct sk_event event = shown(play_addr("192.0.2.1", 0), play_addr("203.0.113.1", 0), 0, false);
		head.as.certificate.parsed = rows[i].parsed;
		head.as.certificate.not_before_s = now_s + rows[i].from_s;
		head.as.certificate.not_after_s = now_s + rows[i].to_s;
		assert_int_equal(sk_detector_tls_expired.head(&run, &head, &packet, &event), rows[i].told);
		if (rows[i].told) {
			assert_int_equal(event.head.numbers[0], rows[i].days);
			assert_int_equal(event.head.numbers[1], rows[i].early);
		}
	}
}

/* The longest row of connections without a gap of more than so long. */
static unsigned longest(const double *times, unsigned count, double first_gap_s, double gap_s)
{
	unsigned most = 0, row = 0;
	for (unsigned i = 0; i < count; i++) {
		row = i != 0 && times[i] - times[i - 1] <= (row < 2 ? first_gap_s : gap_s) ? row + 1 : 1;
		most = row > most ? row : most;
	}
	return most;
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"tls.expired:contacts=5,quiet=600"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 91; seed < 4000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		unsigned longer[SERVERS], shorter[SERVERS], worst[SERVERS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned i = 0; i < SERVERS; i++) {
			double times[MOST], at = play_random(&random, 100);
			unsigned count = 1 + play_random(&random, MOST), most_gap = 1 + play_random(&random, 400);
			worst[i] = 0;
			for (unsigned j = 0; j < count; j++) {
				unsigned days = 2 + play_random(&random, 900);
				at += play_random(&random, most_gap * 3);
				times[j] = at;
				worst[i] = days > worst[i] ? days : worst[i];
				struct sk_event event = shown(play_addr("192.0.2.1", play_random(&random, 5)), play_addr("203.0.113.1", i), days, i % 2 == 1);
				play_event(&play, at, &event);
			}
			longer[i] = longest(times, count, QUIET_S + 2, QUIET_S + 2);
			shorter[i] = longest(times, count, QUIET_S / 4 - 2, QUIET_S - 2);
		}
		play_run(&play, false);
		for (unsigned i = 0; i < SERVERS; i++) {
			struct sk_addr addr = play_addr("203.0.113.1", i);
			struct sk_detection last;
			struct sk_telling words;
			bool said = play_count(&play, "tls.expired", &addr, &last) != 0;
			if (longer[i] < CONTACTS)
				assert_false(said);
			else if (shorter[i] >= CONTACTS)
				assert_true(said);
			if (said) {
				play_tell(&play, &last, &words);
				assert_true(last.of_responder && last.value <= worst[i] && last.peers >= 1 && last.peers <= 6);
				assert_non_null(strstr(english(&words.sentence), i % 2 == 1 ? "begins only in" : " days ago"));
			}
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
		struct sk_event event = shown(play_addr("192.0.2.5", i), play_addr("203.0.113.5", 0), 30, false);
		play_event(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, &event);
	}
}

static struct sk_event other(unsigned i)
{
	return shown(play_addr("192.0.2.5", i % 9), play_addr("100.64.0.0", i), 30, false);
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr subject = play_addr("203.0.113.5", 0);
	assert_true(play_in_a_crowd("tls.expired:contacts=6", half, &subject, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads), cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("tls.expired", tests, NULL, NULL);
}
