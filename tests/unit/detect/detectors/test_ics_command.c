/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps when every command came; which messages are commands, and whose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>

#include "detect/detector.h"

#include "../play.h"

enum { PAIRS = 60, MOST = 14, COMMANDS = 5, QUIET_S = 600 };

extern const struct sk_detector sk_detector_ics_command;

static struct sk_event command(struct sk_addr from, struct sk_addr to, uint8_t app, uint16_t port, unsigned kind)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 6, .class_ = SK_CLASS_FD, .app = app, .initiator = from, .responder = to, .initiator_port = 40000,
				 .responder_port = port, .bits = SK_EVENT_SURE};
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t i = 0; i < rows; i++)
		if (sk_policy_detector("ics.command") == &table[i])
			event.detector = (uint8_t)i;
	event.head.numbers[0] = kind;
	return event;
}

/* The longest row of commands without a gap of more than so long. */
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
	static const char *const detectors[] = {"ics.command:commands=5,quiet=600"};
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 91; seed < 4000; seed += 577) {
		uint64_t random = seed;
		struct play play;
		unsigned longer[PAIRS], shorter[PAIRS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			double times[MOST], at = play_random(&random, 100);
			unsigned count = 1 + play_random(&random, MOST), most_gap = 1 + play_random(&random, 400);
			for (unsigned i = 0; i < count; i++) {
				at += play_random(&random, most_gap * 3);
				times[i] = at;
				struct sk_event event = command(play_addr("203.0.113.1", pair), play_addr("192.0.2.1", pair % 7), SK_APP_MODBUS, 502, pair % 2);
				play_event(&play, at, &event);
			}
			longer[pair] = longest(times, count, QUIET_S + 2, QUIET_S + 2);
			shorter[pair] = longest(times, count, QUIET_S / 4 - 2, QUIET_S - 2);
		}
		play_run(&play, false);
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			struct sk_addr addr = play_addr("203.0.113.1", pair);
			struct sk_detection last;
			bool said = play_count(&play, "ics.command", &addr, &last) != 0;
			if (longer[pair] < COMMANDS)
				assert_false(said);
			else if (shorter[pair] >= COMMANDS)
				assert_true(said);
			if (said) {
				assert_true(last.severity == 3 && !last.of_responder && last.value >= COMMANDS);
				assert_non_null(strstr(last.matched, pair % 2 == 0 ? "modbus/write@192.0.2." : "modbus/operate@192.0.2."));
			}
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 40 && silent > 40);
}

struct message {
	struct sk_command command;
	bool from_initiator, taken;
	unsigned kind;
};

/* Requests that change something, whoever opened the connection; the sender of the command is who is told of. */
static void test_heads(void **state)
{
	(void)state;
	static const struct message messages[] = {
		{{.app = SK_APP_MODBUS, .write = true, .code = 6}, true, true, 0}, {{.app = SK_APP_MODBUS, .write = true, .code = 15}, true, true, 1},
		{{.app = SK_APP_MODBUS, .code = 3}, true, false, 0}, {{.app = SK_APP_MODBUS, .response = true, .write = true, .code = 6}, false, false, 0},
		{{.app = SK_APP_DNP3, .write = true, .code = 5}, true, true, 1}, {{.app = SK_APP_DNP3, .write = true, .code = 13}, false, true, 3},
		{{.app = SK_APP_S7, .write = true, .code = 0x1a}, true, true, 2}, {{.app = SK_APP_S7, .write = true, .code = 0x29}, true, true, 3},
		{{.app = SK_APP_IEC104, .write = true, .code = 46}, true, true, 1}, {{.app = SK_APP_IEC104, .code = 100}, true, false, 0},
		{{.app = SK_APP_ENIP, .write = true, .code = 0x6f, .detail = 0x05}, true, true, 3}, {{.app = SK_APP_ENIP, .write = true, .code = 0x6f, .detail = 0x4d}, true, true, 0},
		{{.app = SK_APP_BACNET, .write = true, .code = 20}, true, true, 3}, {{.app = SK_APP_SMB, .write = true, .code = 0x209}, true, false, 0},
	};
	struct sk_run run = {.threshold = NULL};
	for (size_t i = 0; i < SK_COUNT(messages); i++) {
		const struct message *m = &messages[i];
		struct sk_head head = {.kind = SK_HEAD_COMMAND, .app = m->command.app, .from_initiator = m->from_initiator, .as.command = m->command};
		struct sk_packet packet = {.time_ns = 1};
		struct sk_event event = command(play_addr("203.0.113.1", 0), play_addr("192.0.2.1", 0), m->command.app, 502, 0);
		event.from = 1;
		event.to = 2;
		assert_int_equal(sk_detector_ics_command.head(&run, &head, &packet, &event), m->taken);
		if (!m->taken)
			continue;
		assert_int_equal(event.head.numbers[0], m->kind);
		assert_int_equal(event.class_, m->from_initiator ? SK_CLASS_FD : SK_CLASS_DF);
		assert_int_equal(event.from, m->from_initiator ? 1 : 2);
		assert_int_equal(event.responder_port, m->from_initiator ? 502 : 40000);
	}
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 4; i++) {
		struct sk_event event = command(play_addr("203.0.113.5", 0), play_addr("192.0.2.1", 0), SK_APP_S7, 102, 0);
		play_event(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, &event);
	}
}

static struct sk_event other(unsigned i)
{
	return command(play_addr("100.64.0.0", i), play_addr("192.0.2.1", i % 9), SK_APP_MODBUS, 502, 0);
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr subject = play_addr("203.0.113.5", 0);
	assert_true(play_in_a_crowd("ics.command:commands=6", half, &subject, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_heads), cmocka_unit_test(test_crowd)};
	return cmocka_run_group_tests_name("ics.command", tests, NULL, NULL);
}
