/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps every target by its address; then floods of other subjects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../play.h"

enum { SUBJECTS = 60, TARGETS = 120 };

static uint64_t random_state;

static uint32_t next_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

/* What a target did, as the walk sees it. */
enum outcome { FAILED, BRIEF, GOOD };

/* Sum of the log likelihood ratios over different targets, highest reached in any order that time gives: as all of a subject's flows come within a second of each
   other at most, the end decides. */
static double reference(const enum outcome *outcomes, unsigned count, bool tcp)
{
	double sum = 0;
	for (unsigned i = 0; i < count; i++)
		sum += outcomes[i] == FAILED ? (tcp ? 1.386 : 0.693) : outcomes[i] == BRIEF ? (tcp ? 0.693 : -1.099) : (tcp ? -1.386 : -1.099);
	return sum;
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.horizontal"};
	unsigned told = 0, silent = 0, near = 0;
	for (random_state = 1; random_state < 2000; random_state += 97) {
		uint64_t seed = random_state;
		struct play play;
		double sums[SUBJECTS];
		unsigned counts[SUBJECTS];
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			enum outcome outcomes[TARGETS];
			bool tcp = subject % 3 != 0;
			unsigned count = 1 + next_random(60), failing = next_random(101), brief = next_random(101);
			for (unsigned i = 0; i < count; i++) {
				outcomes[i] = next_random(100) < failing ? FAILED : next_random(100) < brief ? BRIEF : GOOD;
				struct play_flow flow = {.at_s = subject * 2 + i * 0.001, .ip_proto = tcp ? 6 : 17, .class_ = SK_CLASS_FD, .from = play_addr("10.9.0.0", subject),
							 .to = play_addr("198.18.0.0", i * 7 + subject), .to_port = 443, .from_port = (uint16_t)(1024 + i), .answer_s = 0.2,
							 .answer = outcomes[i] == FAILED ? (next_random(2) == 0 && tcp ? PLAY_REFUSE : PLAY_SILENT) : PLAY_ACCEPT,
							 .packets = {8, 9}, .bytes = {outcomes[i] == GOOD ? 1200 : 360, outcomes[i] == GOOD ? 5000 : 420}, .last_s = 0.5};
				play_flow(&play, &flow);
				/* Another try at the same target is no other target. */
				if (next_random(4) == 0) {
					flow.at_s += 0.01;
					flow.from_port = (uint16_t)(flow.from_port + 5000);
					play_flow(&play, &flow);
				}
			}
			sums[subject] = reference(outcomes, count, tcp);
			counts[subject] = count;
		}
		play_run(&play, false);
		for (unsigned subject = 0; subject < SUBJECTS; subject++) {
			struct sk_addr addr = play_addr("10.9.0.0", subject);
			struct sk_detection last;
			bool said = play_count(&play, "scan.horizontal", &addr, &last) != 0, must = counts[subject] >= 12 && sums[subject] >= 20.723;
			/* Two targets with one bit of 256 are one: near the bound the bitmap may differ from the truth by a few. */
			double off = 1 + counts[subject] * counts[subject] / 512.0;
			if (counts[subject] + off > 12 && fabs(sums[subject] - 20.723) <= 1.4 * off) {
				near++;
				continue;
			}
			if (said != must)
				print_error("seed %llu subject %u: %u targets, sum %.1f\n", (unsigned long long)seed, subject, counts[subject], sums[subject]);
			assert_int_equal(said, must);
			if (said)
				assert_true(fabs((double)last.peers - counts[subject]) <= 2 + 0.15 * counts[subject]);
			told += said;
			silent += !said;
		}
		play_end(&play);
		random_state = seed;
	}
	assert_true(told > 100 && silent > 500 && near < told + silent);
}

/* Half view: who goes on after the SYN has been answered. */
static void test_half(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.horizontal"};
	struct sk_addr scanner = play_addr("203.0.113.5", 0), client = play_addr("203.0.113.6", 0);
	struct sk_detection last;
	struct play play;
	play_start(&play, 1, SK_CLASS_BIT(SK_CLASS_FD), NULL, detectors, 1);
	for (unsigned i = 0; i < 40; i++) {
		struct play_flow flow = {.at_s = i, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = scanner, .to = play_addr("192.0.2.1", i), .to_port = 22};
		play_flow(&play, &flow);
		struct sk_event event = {.kind = SK_EVENT_OPEN, .ip_proto = 6, .class_ = SK_CLASS_FD, .tcp_flags = {SK_TCP_SYN}, .initiator = client,
					 .responder = play_addr("192.0.2.1", i), .responder_port = 443};
		play_event(&play, i, &event);
		event.kind = SK_EVENT_CONFIRM;
		play_event(&play, i + 0.1, &event);
	}
	play_run(&play, false);
	assert_true(play_count(&play, "scan.horizontal", &scanner, &last) != 0);
	assert_true(last.half_view && last.percent < 80);
	assert_int_equal(play_count(&play, "scan.horizontal", &client, NULL), 0);
	play_end(&play);
}

static size_t said_of(uint8_t class_, uint16_t port, bool goes_on)
{
	static const char *const detectors[] = {"scan.horizontal"};
	struct sk_addr host = play_addr("192.0.2.1", 0);
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < 60; i++) {
		struct sk_event event = {.kind = SK_EVENT_OPEN, .ip_proto = 6, .class_ = class_, .tcp_flags = {SK_TCP_SYN}, .initiator = host, .responder = play_addr("198.18.0.1", i), .responder_port = port};
		play_event(&play, i * 10, &event);
		event.kind = SK_EVENT_CONFIRM;
		if (goes_on)
			play_event(&play, i * 10 + 0.1, &event);
	}
	play_run(&play, false);
	size_t said = play_count(&play, "scan.horizontal", &host, NULL);
	play_end(&play);
	return said;
}

/* Answers take another way: who goes on has heard them. Inside, lists of peers are called on; from abroad that is a scan. */
static void test_look_alikes(void **state)
{
	(void)state;
	assert_true(said_of(SK_CLASS_DF, 443, false) != 0);
	assert_int_equal(said_of(SK_CLASS_DF, 443, true), 0);
	assert_int_equal(said_of(SK_CLASS_DF, 6881, false), 0);
	assert_true(said_of(SK_CLASS_FD, 6881, false) != 0);
}

/* A log-in that is tried at each of many is a scan, although all answer; pages that are fetched are none. */
static void test_doors(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.horizontal"};
	struct sk_addr scanner = play_addr("203.0.113.5", 0), visitor = play_addr("203.0.113.6", 0);
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < 60; i++) {
		struct play_flow flow = {.at_s = i, .last_s = 0.5, .ip_proto = 6, .class_ = SK_CLASS_FD, .answer = PLAY_ACCEPT, .from = scanner, .to = play_addr("192.0.2.1", i), .to_port = 22,
					 .packets = {14, 14}, .bytes = {2600, 3200}};
		play_flow(&play, &flow);
		flow.from = visitor;
		flow.to_port = 443;
		play_flow(&play, &flow);
	}
	play_run(&play, false);
	assert_true(play_count(&play, "scan.horizontal", &scanner, NULL) != 0);
	assert_int_equal(play_count(&play, "scan.horizontal", &visitor, NULL), 0);
	play_end(&play);
}

/* A million spoofed subjects push each other out, not the one that is on its way. Memory stays what it was. */
static void test_flood(void **state)
{
	(void)state;
	static const char *const detectors[] = {"scan.horizontal"};
	struct sk_kit_limits limits = {.hosts = 1 << 10, .pairs = 1 << 10};
	struct sk_addr scanner = play_addr("203.0.113.5", 0);
	struct sk_kit_counts before, after;
	struct play play;
	play_start(&play, 1, 0, &limits, detectors, 1);
	sk_kit_counts(play.kit, &before);
	for (unsigned i = 0; i < 20; i++)
		play_flow(&play, &(struct play_flow){.at_s = i * 20, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = scanner, .to = play_addr("192.0.2.1", i), .to_port = 22});
	for (unsigned i = 0; i < 1000000; i++) {
		struct sk_event event = {.kind = SK_EVENT_OPEN, .ip_proto = 6, .class_ = SK_CLASS_FD, .tcp_flags = {SK_TCP_SYN}, .initiator = play_addr("100.64.0.0", i),
					 .responder = play_addr("192.0.2.1", i % 200), .responder_port = 22};
		play_event(&play, 45 + i * 0.0003, &event);
	}
	play_run(&play, false);
	sk_kit_counts(play.kit, &after);
	assert_true(play_count(&play, "scan.horizontal", &scanner, NULL) != 0);
	assert_true(after.evicted > 900000 && after.entries <= limits.hosts);
	assert_int_equal(after.bytes, before.bytes);
	play_end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_look_alikes), cmocka_unit_test(test_doors), cmocka_unit_test(test_half), cmocka_unit_test(test_flood)};
	return cmocka_run_group_tests_name("scan.horizontal", tests, NULL, NULL);
}
