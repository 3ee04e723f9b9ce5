/* SPDX-License-Identifier: Apache-2.0 */
/* The model against links made of chance (link_model.h): what happens to them is told, within bounds; what happens to every link every day is not. Each alarm's twin is the
   same link to which nothing happens. rule: PULSE-1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told.h"
#include "../english.h"

enum { DAY = 86400 };

static void expect(const struct told *told, size_t at, enum sk_pulse_kind kind, enum sk_pulse_cause cause, bool over)
{
	assert_true(at < told->count);
	assert_int_equal(told->events[at].kind, kind);
	assert_int_equal(told->events[at].cause, cause);
	assert_int_equal(told->events[at].over, over);
}

static void expect_count(const char *what, const struct told *told, size_t count)
{
	for (size_t i = 0; i < told->count && told->count != count; i++)
		print_error("%s: kind %d cause %d over %d, usual %.1f seen %.1f, %u of %u\n", what, told->events[i].kind, told->events[i].cause, told->events[i].over, told->events[i].usual,
			    told->events[i].seen, told->events[i].moved, told->events[i].networks);
	assert_int_equal(told->count, count);
}

/* ---- outage ---- */

static void a_cut_is_told_within_seconds(void **state)
{
	(void)state;
	struct link link = link_plain(1);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	int64_t cut_ns = link.now_ns;
	link.silent = true;
	run(pulse, &link, 120, &told);
	expect_count("cut", &told, 1);
	expect(&told, 0, SK_PULSE_DOWN, SK_PULSE_BY_SILENCE, false);
	assert_true(told.at_ns[0] - cut_ns <= 5 * SECOND);
	assert_int_equal(told.events[0].from_ns, cut_ns);
	assert_true(told.events[0].usual > 1500 && told.events[0].usual < 2100);
	link.silent = false;
	run(pulse, &link, 600, &told);
	expect_count("and back", &told, 2);
	expect(&told, 1, SK_PULSE_DOWN, SK_PULSE_BY_SILENCE, true);
	assert_int_equal(told.events[1].to_ns - told.events[1].from_ns, 120 * SECOND);
	sk_pulse_free(pulse);
}

/* Without any learning: the interface says so. */
static void a_carrier_that_falls_is_told_at_once(void **state)
{
	(void)state;
	struct link link = link_plain(2);
	struct told told = {.count = 0};
	struct sk_pulse *pulse = make();
	link.carrier_known = true;
	run(pulse, &link, 5, &told);
	link.silent = link.carrier_down = true;
	run(pulse, &link, 1, &told);
	expect_count("carrier", &told, 1);
	expect(&told, 0, SK_PULSE_DOWN, SK_PULSE_BY_CARRIER, false);
	run(pulse, &link, 60, &told);
	link.silent = link.carrier_down = false;
	run(pulse, &link, 60, &told);
	expect_count("carrier back", &told, 2);
	sk_pulse_free(pulse);
}

/* A link that is silent now and then has longer silences before one is an outage; one that is nearly always silent is not judged. */
static void usual_silence_is_no_outage(void **state)
{
	(void)state;
	struct link link = link_plain(3);
	struct told told = {.count = 0};
	struct sk_pulse *pulse = make();
	struct sk_pulse_state now;
	for (unsigned i = 0; i < 60; i++) {
		link.silent = true;
		run(pulse, &link, 4, &told);
		link.silent = false;
		run(pulse, &link, 16, &told);
	}
	expect_count("pauses", &told, 0);
	link.silent = true;
	run(pulse, &link, 15, &told);
	expect_count("a longer pause", &told, 0);
	run(pulse, &link, 15, &told);
	expect_count("an outage", &told, 1);
	sk_pulse_free(pulse);
	/* Every other minute. */
	pulse = make();
	memset(&told, 0, sizeof told);
	link = link_plain(4);
	link.rate = 5;
	for (unsigned i = 0; i < 60; i++) {
		link.silent = i % 2 != 0;
		run(pulse, &link, 60, &told);
	}
	sk_pulse_state(pulse, &now);
	assert_int_equal(now.silence_ns, 0);
	expect_count("a quiet link", &told, 0);
	sk_pulse_free(pulse);
}

/* Nobody looked: the process stood still, or another input began. */
static void what_nobody_saw_is_no_outage(void **state)
{
	(void)state;
	struct link link = link_plain(5);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	struct sk_pulse_event events[SK_PULSE_EVENTS_MAX];
	const struct sk_pulse_beat blind = {.from_ns = link.now_ns, .to_ns = link.now_ns + 50 * SECOND, .blind = true};
	assert_int_equal(sk_pulse_take(pulse, &blind, events), 0);
	link.now_ns += 50 * SECOND;
	run(pulse, &link, 60, &told);
	sk_pulse_break(pulse);
	link.now_ns += 300 * SECOND;
	run(pulse, &link, 60, &told);
	expect_count("blind", &told, 0);
	/* The twin: the same gap, vouched for. */
	link.now_ns += 50 * SECOND;
	run(pulse, &link, 60, &told);
	expect_count("a gap in a capture", &told, 2);
	expect(&told, 0, SK_PULSE_DOWN, SK_PULSE_BY_SILENCE, false);
	expect(&told, 1, SK_PULSE_DOWN, SK_PULSE_BY_SILENCE, true);
	assert_in_range(told.events[1].to_ns - told.events[1].from_ns, 49 * SECOND, 51 * SECOND);
	sk_pulse_free(pulse);
}

/* Another capture, of years before: nothing is compared with it. */
static void time_that_goes_back_begins_anew(void **state)
{
	(void)state;
	struct link link = link_plain(6);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	struct sk_pulse_state now;
	link.now_ns -= INT64_C(400) * DAY * SECOND;
	run(pulse, &link, 10, &told);
	sk_pulse_state(pulse, &now);
	assert_true(now.learning);
	expect_count("back", &told, 0);
	sk_pulse_free(pulse);
}

/* ---- partial loss ---- */

static void half_of_the_rate_is_told(void **state)
{
	(void)state;
	struct link link = link_plain(7);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	int64_t from_ns = link.now_ns;
	link.rate = 800;
	run(pulse, &link, 300, &told);
	expect_count("less", &told, 1);
	expect(&told, 0, SK_PULSE_DEGRADED, SK_PULSE_BY_RATE, false);
	assert_true(told.at_ns[0] - from_ns <= 45 * SECOND);
	link.rate = 2000;
	run(pulse, &link, 120, &told);
	expect_count("and back", &told, 2);
	expect(&told, 1, SK_PULSE_DEGRADED, SK_PULSE_BY_RATE, true);
	assert_false(told.events[1].adopted);
	/* It lasts: after half an hour it is what is usual. */
	link.rate = 700;
	run(pulse, &link, 2400, &told);
	expect_count("for good", &told, 4);
	assert_true(told.events[3].over && told.events[3].adopted);
	run(pulse, &link, 3600, &told);
	expect_count("the new level", &told, 4);
	sk_pulse_free(pulse);
}

/* One direction stops, and the other grows so that the sum hardly falls. */
static void one_direction_is_told(void **state)
{
	(void)state;
	struct link link = link_plain(8);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	link.fd = 0.01;
	link.df = 0.89;
	run(pulse, &link, 60, &told);
	expect_count("one direction", &told, 1);
	expect(&told, 0, SK_PULSE_DEGRADED, SK_PULSE_BY_RATE, false);
	assert_int_equal(told.events[0].series, SK_PULSE_FD);
	sk_pulse_free(pulse);
}

static void lost_frames_are_told_by_handshakes(void **state)
{
	(void)state;
	struct link link = link_plain(9);
	struct told told;
	link.loss = 0.002;
	struct sk_pulse *pulse = learned(&link, &told);
	int64_t from_ns = link.now_ns;
	link.loss = 0.15;
	run(pulse, &link, 300, &told);
	expect_count("loss", &told, 1);
	expect(&told, 0, SK_PULSE_DEGRADED, SK_PULSE_BY_REPEATS, false);
	assert_true(told.at_ns[0] - from_ns <= 60 * SECOND);
	assert_true(told.events[0].seen > 0.1 && told.events[0].seen < 0.4 && told.events[0].usual < 0.03);
	link.loss = 0.002;
	run(pulse, &link, 300, &told);
	expect_count("and back", &told, 2);
	assert_true(told.events[1].over);
	/* One sick network is that network's trouble. */
	sk_pulse_free(pulse);
	link = link_plain(10);
	link.networks = 3;
	pulse = learned(&link, &told);
	link.loss = 0.3;
	run(pulse, &link, 300, &told);
	expect_count("three networks", &told, 0);
	sk_pulse_free(pulse);
}

/* ---- ways ---- */

static void a_swung_route_is_told(void **state)
{
	(void)state;
	struct link link = link_plain(11);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	int64_t from_ns = link.now_ns;
	link.hops = 3;
	run(pulse, &link, 300, &told);
	assert_true(told.count >= 1);
	expect(&told, 0, SK_PULSE_SHIFT, SK_PULSE_BY_HOPS, false);
	assert_true(told.at_ns[0] - from_ns <= 90 * SECOND);
	assert_int_equal(told.events[0].hops, 3);
	assert_true(told.events[0].moved * 10 >= told.events[0].networks * 3);
	size_t so_far = told.count;
	assert_true(so_far <= 3);
	run(pulse, &link, 3600, &told);
	expect_count("told once", &told, so_far);
	sk_pulse_free(pulse);
	link = link_plain(12);
	pulse = learned(&link, &told);
	link.latency = 2.5;
	run(pulse, &link, 300, &told);
	assert_true(told.count >= 1);
	expect(&told, 0, SK_PULSE_SHIFT, SK_PULSE_BY_LATENCY, false);
	assert_true(told.events[0].latency_us > 2 * told.events[0].latency_was_us);
	sk_pulse_free(pulse);
}

static void a_few_that_move_are_none(void **state)
{
	(void)state;
	struct link link = link_plain(13);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	link.moved_share = 0.1;
	link.hops = 4;
	link.latency = 2;
	run(pulse, &link, 1200, &told);
	expect_count("a few", &told, 0);
	sk_pulse_free(pulse);
	/* Cells that many networks share never get steady, and nothing is said of them. */
	link = link_plain(14);
	link.networks = 400;
	link.mixed_cells = true;
	pulse = learned(&link, &told);
	run(pulse, &link, 3600, &told);
	expect_count("mixed", &told, 0);
	sk_pulse_free(pulse);
}

/* ---- what happens every day ---- */

struct story {
	const char *name;
	double rate, night, jitter;
	bool bursts;
};

static void run_story(const struct story *story, uint64_t seed, unsigned days, struct told *told)
{
	struct link link = link_plain(seed);
	struct sk_pulse *pulse = make();
	memset(told, 0, sizeof *told);
	link.rate = story->rate;
	link.night = story->night;
	link.jitter = story->jitter;
	link.loss = 0.005;
	link.handshakes = story->rate / 400;
	for (unsigned minute = 0; minute < days * 1440; minute++) {
		/* Backups: a few times a day, for some minutes, ten times the rate; a scan is only more frames. */
		if (story->bursts && link_chance(&link) < 0.005)
			link.burst = link.burst > 0 ? 0 : story->rate * 10;
		else if (link.burst > 0 && link_chance(&link) < 0.12)
			link.burst = 0;
		run(pulse, &link, 60, told);
	}
	sk_pulse_free(pulse);
}

/* No alarm in link-days to which nothing happens: steady, by day and night, with bursts, with wild seconds, and nearly idle. */
static void nothing_is_told_of_a_healthy_link(void **state)
{
	(void)state;
	static const struct story stories[] = {{"steady", 2000, 1, 0.1, false},	       {"day and night", 5000, 0.1, 0.2, false}, {"bursts", 1000, 0.3, 0.2, true},
					       {"wild seconds", 300, 0.5, 0.9, false}, {"slow", 8, 0.4, 0.5, false},		  {"nearly idle", 0.2, 0.5, 0.5, false}};
	unsigned days = 0;
	for (size_t i = 0; i < SK_COUNT(stories); i++)
		for (uint64_t seed = 1; seed <= 2; seed++) {
			struct told told;
			run_story(&stories[i], 100 * i + seed, 2, &told);
			expect_count(stories[i].name, &told, 0);
			days += 2;
		}
	print_message("no alarm in %u days of links to which nothing happens\n", days);
}

/* How soon, and how often not at all: for docs/link-health.md. */
static void detections_are_measured(void **state)
{
	(void)state;
	enum { TRIALS = 40 };
	static const struct {
		const char *name;
		bool silent;
		double rate, loss, latency;
		int hops;
		enum sk_pulse_kind kind;
	} cases[] = {{"cut", true, 2000, 0, 1, 0, SK_PULSE_DOWN},	  {"60 % of the rate lost", false, 800, 0, 1, 0, SK_PULSE_DEGRADED}, {"10 % of frames lost", false, 2000, 0.1, 1, 0, SK_PULSE_DEGRADED},
		     {"+2 hops", false, 2000, 0, 1, 2, SK_PULSE_SHIFT}, {"latency x 2", false, 2000, 0, 2, 0, SK_PULSE_SHIFT}};
	for (size_t c = 0; c < SK_COUNT(cases); c++) {
		unsigned found = 0;
		int64_t longest_ns = 0, sum_ns = 0;
		for (uint64_t seed = 1; seed <= TRIALS; seed++) {
			struct link link = link_plain(1000 * (c + 1) + seed);
			struct told told;
			link.night = 0.2;
			link.now_ns += (int64_t)(link_chance(&link) * DAY) * SECOND;
			struct sk_pulse *pulse = learned(&link, &told);
			int64_t from_ns = link.now_ns;
			link.silent = cases[c].silent;
			link.rate = cases[c].rate;
			link.loss = cases[c].loss;
			link.latency = cases[c].latency;
			link.hops = cases[c].hops;
			run(pulse, &link, 300, &told);
			if (told.count > 0 && told.events[0].kind == cases[c].kind) {
				found++;
				sum_ns += told.at_ns[0] - from_ns;
				longest_ns = told.at_ns[0] - from_ns > longest_ns ? told.at_ns[0] - from_ns : longest_ns;
			}
			sk_pulse_free(pulse);
		}
		print_message("%-22s found %u of %d, after %.0f s in the mean, %.0f s at most\n", cases[c].name, found, TRIALS, found != 0 ? (double)sum_ns / 1e9 / found : 0, (double)longest_ns / 1e9);
		assert_true(found >= TRIALS * 9 / 10);
	}
}

/* ---- words ---- */

static void findings_are_about_the_link_alone(void **state)
{
	(void)state;
	for (int kind = SK_PULSE_DOWN; kind <= SK_PULSE_SHIFT; kind++)
		for (int cause = SK_PULSE_BY_CARRIER; cause <= SK_PULSE_BY_COUNTRY_MORE; cause++)
			for (int over = 0; over < 2; over++) {
				struct sk_finding finding, again;
				struct sk_pulse_event event = {.kind = (uint8_t)kind, .cause = (uint8_t)cause, .over = over != 0, .from_ns = INT64_C(1700000000) * SECOND,
							       .to_ns = INT64_C(1700000060) * SECOND, .usual = 2000, .seen = 12.5, .networks = 20, .moved = 11, .hops = -2, .latency_was_us = 20000,
							       .latency_us = 80000, .country_count = 2, .countries = {0x5841, 0x5842}};
				sk_pulse_finding(&event, "uplink", true, &finding);
				event.from_ns += SECOND;
				sk_pulse_finding(&event, "uplink", true, &again);
				assert_memory_equal(finding.id, again.id, sizeof finding.id);
				assert_int_equal(finding.class_, SK_CLASS_UNKNOWN);
				assert_int_equal(finding.subject.family + finding.counterpart.family, 0);
				assert_string_equal(sk_finding_class_name(&finding), "none");
				assert_int_equal(finding.count, over ? 0 : 1);
				assert_string_equal(finding.matched, "uplink");
				assert_non_null(strstr(english(&finding.sentence), "uplink"));
				assert_non_null(strstr(english(&finding.why), "Simulated"));
				assert_true(strlen(english(&finding.doubt)) > 40 && strlen(english(&finding.sentence)) < SK_WORDS_TEXT_MAX / 2);
				uint8_t form[SK_FINDING_MAX_BYTES];
				struct sk_finding back;
				assert_int_equal(sk_finding_decode(form, sk_finding_encode_to(&finding, form), &back), SK_OK);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_is_told_within_seconds), cmocka_unit_test(a_carrier_that_falls_is_told_at_once), cmocka_unit_test(usual_silence_is_no_outage),
		cmocka_unit_test(what_nobody_saw_is_no_outage), cmocka_unit_test(time_that_goes_back_begins_anew), cmocka_unit_test(half_of_the_rate_is_told),
		cmocka_unit_test(one_direction_is_told), cmocka_unit_test(lost_frames_are_told_by_handshakes), cmocka_unit_test(a_swung_route_is_told),
		cmocka_unit_test(a_few_that_move_are_none), cmocka_unit_test(nothing_is_told_of_a_healthy_link), cmocka_unit_test(detections_are_measured),
		cmocka_unit_test(findings_are_about_the_link_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
