/* SPDX-License-Identifier: Apache-2.0 */
/* Which protocol at which port is told, and by whose words; counting against a slow reference that keeps every connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "detect/detector.h"

#include "../play.h"

enum { PORTS = 40, MOST = 30, CONTACTS = 6 };

extern const struct sk_detector sk_detector_protocol_port;

static struct sk_event spoken(struct sk_addr from, uint16_t from_port, struct sk_addr to, uint16_t port, uint8_t app)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 6, .class_ = SK_CLASS_DF, .app = app, .initiator = from, .responder = to, .initiator_port = from_port,
				 .responder_port = port, .bits = SK_EVENT_SURE | SK_EVENT_BACK};
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t i = 0; i < rows; i++)
		if (sk_policy_detector("protocol.port") == &table[i])
			event.detector = (uint8_t)i;
	return event;
}

struct talk {
	uint8_t kind, app, ip_proto;
	uint16_t from_port, port;
	bool from_initiator, half, unsure, told;
	uint16_t status;
};

static void test_heads(void **state)
{
	(void)state;
	static const struct talk talks[] = {
		/* at home, and at common other places */
		{.kind = SK_HEAD_SSH, .app = SK_APP_SSH, .ip_proto = 6, .port = 22}, {.kind = SK_HEAD_SSH, .app = SK_APP_SSH, .ip_proto = 6, .port = 2222},
		{.kind = SK_HEAD_SERVER_HELLO, .app = SK_APP_TLS, .ip_proto = 6, .port = 443}, {.kind = SK_HEAD_SERVER_HELLO, .app = SK_APP_TLS, .ip_proto = 6, .port = 8443},
		{.kind = SK_HEAD_SERVER_HELLO, .app = SK_APP_TLS, .ip_proto = 6, .port = 3389}, {.kind = SK_HEAD_SERVER_HELLO, .app = SK_APP_TLS, .ip_proto = 6, .port = 25},
		{.kind = SK_HEAD_SERVER_HELLO, .app = SK_APP_QUIC, .ip_proto = 17, .port = 443}, {.kind = SK_HEAD_HTTP, .app = SK_APP_HTTP, .ip_proto = 6, .port = 8080, .status = 200},
		{.kind = SK_HEAD_DNS, .app = SK_APP_DNS, .ip_proto = 17, .port = 53}, {.kind = SK_HEAD_COMMAND, .app = SK_APP_STUN, .ip_proto = 17, .port = 20000},
		{.kind = SK_HEAD_COMMAND, .app = SK_APP_STUN, .ip_proto = 17, .port = 51820}, {.kind = SK_HEAD_COMMAND, .app = SK_APP_RDP, .ip_proto = 6, .port = 3390},
		/* elsewhere */
		{.kind = SK_HEAD_SSH, .app = SK_APP_SSH, .ip_proto = 6, .port = 443, .told = true}, {.kind = SK_HEAD_SSH, .app = SK_APP_SSH, .ip_proto = 6, .port = 53, .told = true},
		{.kind = SK_HEAD_SERVER_HELLO, .app = SK_APP_TLS, .ip_proto = 6, .port = 22, .told = true}, {.kind = SK_HEAD_DNS, .app = SK_APP_DNS, .ip_proto = 17, .port = 443, .told = true},
		{.kind = SK_HEAD_DNS, .app = SK_APP_DNS, .ip_proto = 17, .port = 31337, .told = true}, {.kind = SK_HEAD_HTTP, .app = SK_APP_HTTP, .ip_proto = 6, .port = 22, .status = 200, .told = true},
		{.kind = SK_HEAD_COMMAND, .app = SK_APP_RDP, .ip_proto = 6, .port = 443, .told = true}, {.kind = SK_HEAD_COMMAND, .app = SK_APP_SMB, .ip_proto = 6, .port = 8445, .told = true},
		{.kind = SK_HEAD_COMMAND, .app = SK_APP_MODBUS, .ip_proto = 6, .port = 80, .told = true}, {.kind = SK_HEAD_SSH, .app = SK_APP_SSH, .ip_proto = 6, .port = 31022, .told = true},
		/* the one who knocks, and a web server that refuses, say nothing; where the other side cannot be seen, the knock must do */
		{.kind = SK_HEAD_SSH, .app = SK_APP_SSH, .ip_proto = 6, .port = 443, .from_initiator = true},
		{.kind = SK_HEAD_CLIENT_HELLO, .app = SK_APP_TLS, .ip_proto = 6, .port = 22, .from_initiator = true},
		{.kind = SK_HEAD_HTTP, .app = SK_APP_HTTP, .ip_proto = 6, .port = 443, .status = 400},
		{.kind = SK_HEAD_SSH, .app = SK_APP_SSH, .ip_proto = 6, .port = 443, .from_initiator = true, .half = true, .told = true},
		/* turned round: the answer of a server came first */
		{.kind = SK_HEAD_DNS, .app = SK_APP_DNS, .ip_proto = 17, .from_port = 53, .port = 50123, .unsure = true},
		{.kind = SK_HEAD_SERVER_HELLO, .app = SK_APP_TLS, .ip_proto = 6, .from_port = 443, .port = 5900, .unsure = true},
	};
	uint64_t thresholds[] = {1, 1, 1800}, still[] = {1, 0, 1800};
	struct sk_run run = {.threshold = thresholds}, careful = {.threshold = still};
	for (size_t i = 0; i < SK_COUNT(talks); i++) {
		const struct talk *talk = &talks[i];
		struct sk_head head = {.kind = talk->kind, .app = talk->app, .from_initiator = talk->from_initiator};
		struct sk_packet packet = {.time_ns = 1};
		struct sk_event event = spoken(play_addr("192.0.2.1", 0), talk->from_port != 0 ? talk->from_port : 40000, play_addr("203.0.113.1", 0), talk->port, talk->app);
		event.ip_proto = talk->ip_proto;
		event.bits = (uint8_t)((talk->unsure ? 0 : SK_EVENT_SURE) | (talk->half ? SK_EVENT_HALF : 0));
		if (talk->kind == SK_HEAD_HTTP) {
			head.as.http.response = true;
			head.as.http.status = talk->status;
		}
		bool taken = sk_detector_protocol_port.head(&run, &head, &packet, &event);
		if (taken != talk->told)
			print_message("row %zu: %s at %u\n", i, sk_app_name(talk->app), talk->port);
		assert_int_equal(taken, talk->told);
		/* Without `moved` only ports of others are told. */
		if (talk->port == 31337 || talk->port == 8445 || talk->port == 31022)
			assert_false(sk_detector_protocol_port.head(&careful, &head, &packet, &event));
	}
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"protocol.port:contacts=6"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 11; seed < 4000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		unsigned flows[PORTS] = {0};
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned i = 0; i < PORTS; i++) {
			unsigned count = play_random(&random, MOST);
			bool seen[3][MOST] = {{false}};
			for (unsigned j = 0; j < count; j++) {
				unsigned peer = play_random(&random, 3), port = play_random(&random, 1 + count / 3);
				struct sk_event event = spoken(play_addr("192.0.2.1", i), (uint16_t)(40000 + port), play_addr("203.0.113.1", peer), 443, SK_APP_SSH);
				flows[i] += !seen[peer][port];
				seen[peer][port] = true;
				play_event(&play, j * 20, &event);
			}
		}
		play_run(&play, false);
		for (unsigned i = 0; i < PORTS; i++) {
			struct sk_addr addr = play_addr("192.0.2.1", i);
			struct sk_detection last;
			bool said = play_count(&play, "protocol.port", &addr, &last) != 0;
			if (flows[i] < CONTACTS)
				assert_false(said);
			else if (flows[i] >= CONTACTS + 2) /* two of 256 bits may be one */
				assert_true(said);
			if (said)
				assert_true(last.severity == 2 && last.percent == 90 && last.contacts <= flows[i] && last.contacts + 3 >= flows[i]);
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
		struct sk_event event = spoken(play_addr("192.0.2.5", 0), (uint16_t)(40000 + part * 10 + i), play_addr("203.0.113.1", 0), 443, SK_APP_SSH);
		play_event(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, &event);
	}
}

static struct sk_event other(unsigned i)
{
	return spoken(play_addr("100.64.0.0", i), 40000, play_addr("203.0.113.1", i % 9), 22, SK_APP_TLS);
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr subject = play_addr("192.0.2.5", 0);
	assert_true(play_in_a_crowd("protocol.port:contacts=6", half, &subject, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads), cmocka_unit_test(test_model), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("protocol.port", tests, NULL, NULL);
}
