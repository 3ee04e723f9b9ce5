/* SPDX-License-Identifier: Apache-2.0 */
/* Countries on a link made of chance (link_model.h): one whose traffic goes is told, with its code; so is one whose traffic comes; what is no swung route is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told.h"
#include "../english.h"

enum { XA = 'X' << 8 | 'A', XB, XC };

static void expect_count(const char *what, const struct told *told, size_t count)
{
	for (size_t i = 0; i < told->count && told->count != count; i++)
		print_error("%s: kind %d cause %d over %d, %u countries from %c%c, usual %.1f seen %.1f of %u\n", what, told->events[i].kind, told->events[i].cause, told->events[i].over,
			    told->events[i].country_count, told->events[i].countries[0] >> 8, told->events[i].countries[0] & 255, told->events[i].usual, told->events[i].seen,
			    told->events[i].networks);
	assert_int_equal(told->count, count);
}

static void expect(const struct told *told, size_t at, enum sk_pulse_cause cause, bool over, unsigned count, unsigned country)
{
	assert_true(at < told->count);
	const struct sk_pulse_event *event = &told->events[at];
	assert_int_equal(event->kind, SK_PULSE_SHIFT);
	assert_int_equal(event->cause, cause);
	assert_int_equal(event->over, over);
	assert_int_equal(event->country_count, count);
	assert_int_equal(event->countries[0], country);
}

static void a_country_that_goes_is_told(void **state)
{
	(void)state;
	struct link link = link_world(1);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	struct sk_pulse_state now;
	sk_pulse_state(pulse, &now);
	assert_true(now.named);
	assert_int_equal(now.countries, 4); /* XE has too few hosts to be judged */
	int64_t from_ns = link.now_ns;
	link.world[1].seen = 0;
	run(pulse, &link, 300, &told);
	expect_count("gone", &told, 1);
	expect(&told, 0, SK_PULSE_BY_COUNTRY_LESS, false, 1, XB);
	assert_true(told.at_ns[0] - from_ns <= 60 * SECOND);
	assert_true(told.events[0].usual > 15 && told.events[0].seen == 0 && told.events[0].networks > 40);
	link.world[1].seen = 1;
	run(pulse, &link, 300, &told);
	expect_count("and back", &told, 2);
	expect(&told, 1, SK_PULSE_BY_COUNTRY_LESS, true, 1, XB);
	assert_false(told.events[1].adopted);
	/* For good: after half an hour it is what is usual. */
	link.world[0].seen = 0;
	run(pulse, &link, 3600, &told);
	expect_count("for good", &told, 4);
	expect(&told, 2, SK_PULSE_BY_COUNTRY_LESS, false, 1, XA);
	expect(&told, 3, SK_PULSE_BY_COUNTRY_LESS, true, 1, XA);
	assert_true(told.events[3].adopted);
	sk_pulse_free(pulse);
}

static void those_that_go_at_once_are_one_event(void **state)
{
	(void)state;
	struct link link = link_world(2);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	link.world[1].seen = link.world[2].seen = 0;
	run(pulse, &link, 300, &told);
	expect_count("two", &told, 1);
	expect(&told, 0, SK_PULSE_BY_COUNTRY_LESS, false, 2, XB);
	assert_int_equal(told.events[0].countries[1], XC);
	sk_pulse_free(pulse);
}

/* The same for those to whom frames leave, on a link that shows nothing else. */
static void whom_frames_leave_for_counts_too(void **state)
{
	(void)state;
	struct link link = link_world(3);
	struct told told;
	link.leaves = true;
	struct sk_pulse *pulse = learned(&link, &told);
	link.world[0].seen = 0;
	run(pulse, &link, 300, &told);
	expect_count("leaving", &told, 1);
	expect(&told, 0, SK_PULSE_BY_COUNTRY_LESS, false, 1, XA);
	assert_int_equal(told.events[0].series, SK_PULSE_DF);
	sk_pulse_free(pulse);
}

/* Nine frames of ten are one host's, and it stops: nothing has swung. Its twin: all hosts stop. */
static void one_host_is_no_country(void **state)
{
	(void)state;
	for (unsigned all = 0; all < 2; all++) {
		struct link link = link_world(4);
		struct told told;
		link.world[2].giant = 9 * link.world[2].hosts;
		struct sk_pulse *pulse = learned(&link, &told);
		link.world[2].giant = 0;
		link.world[2].seen = all ? 0 : 1;
		run(pulse, &link, 300, &told);
		expect_count("giant", &told, all);
		sk_pulse_free(pulse);
	}
}

/* So many frames of somebody that in the sample hardly a host of a country is left: they go on all the same. */
static void a_flood_hides_no_country(void **state)
{
	(void)state;
	struct link link = link_world(5);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	link.flood = 40;
	link.rate *= 41;
	run(pulse, &link, 900, &told);
	expect_count("flood", &told, 0);
	sk_pulse_free(pulse);
}

/* A link that falls to a tenth is sick, and that is told of the rate; no country has swung. */
static void a_link_that_falls_is_no_country(void **state)
{
	(void)state;
	struct link link = link_world(6);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	for (unsigned i = 0; i < link.countries; i++) {
		link.world[i].hosts *= 0.02;
		link.world[i].count = 1;
	}
	link.rate *= 0.02;
	run(pulse, &link, 300, &told);
	expect_count("falls", &told, 1);
	assert_int_equal(told.events[0].kind, SK_PULSE_DEGRADED);
	assert_int_equal(told.events[0].cause, SK_PULSE_BY_RATE);
	sk_pulse_free(pulse);
}

static void a_country_that_comes_is_told(void **state)
{
	(void)state;
	struct link link = link_world(7);
	struct told told;
	link.world[2].hosts = 1;
	struct sk_pulse *pulse = learned(&link, &told);
	link.world[2].hosts = 120;
	run(pulse, &link, 300, &told);
	expect_count("comes", &told, 1);
	expect(&told, 0, SK_PULSE_BY_COUNTRY_MORE, false, 1, XC);
	assert_true(told.events[0].usual < 6 && told.events[0].seen > 25);
	link.world[2].hosts = 1;
	run(pulse, &link, 900, &told);
	expect_count("and goes", &told, 2);
	expect(&told, 1, SK_PULSE_BY_COUNTRY_MORE, true, 1, XC);
	sk_pulse_free(pulse);
	/* Its twin: the same growth within an hour or two, as a day begins somewhere. */
	link = link_world(8);
	link.world[2].hosts = 1;
	pulse = learned(&link, &told);
	for (unsigned minute = 0; minute < 100; minute++) {
		link.world[2].hosts *= 1.05;
		run(pulse, &link, 60, &told);
	}
	expect_count("slowly", &told, 0);
	sk_pulse_free(pulse);
}

/* A table without countries: nothing is known, and that is said. */
static void without_countries_there_is_no_baseline(void **state)
{
	(void)state;
	struct link link = link_plain(9);
	struct told told;
	struct sk_pulse *pulse = learned(&link, &told);
	struct sk_pulse_state now;
	sk_pulse_state(pulse, &now);
	assert_false(now.named);
	assert_int_equal(now.countries, 0);
	sk_pulse_free(pulse);
}

/* Hosts come and go, by day and night, and all frames of a minute may be one host's: that is every day. */
static void nothing_is_told_of_a_healthy_link(void **state)
{
	(void)state;
	const char *wanted = getenv("SK_COUNTRY_DAYS"); /* a longer run, by hand */
	unsigned days = wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10) : 1, sum = 0;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct link link = link_world(100 + seed);
		struct sk_pulse *pulse = NULL;
		struct told told = {.count = 0};
		assert_int_equal(sk_pulse_new(SK_PULSE_LEARN_S * SECOND, &pulse), SK_OK);
		link.night = seed == 1 ? 1 : seed == 2 ? 0.3 : 0.1;
		for (unsigned minute = 0; minute < days * 1440; minute++) {
			struct country *country = &link.world[(unsigned)(link_chance(&link) * link.countries)];
			if (seed == 3 && link_chance(&link) < 0.05)
				country->giant = country->giant > 0 ? 0 : 200;
			run(pulse, &link, 60, &told);
		}
		expect_count("healthy", &told, 0);
		sum += days;
		sk_pulse_free(pulse);
	}
	print_message("no alarm in %u days of links whose countries come and go\n", sum);
}

/* How soon, and how often not at all: for docs/link-health.md. */
static void detections_are_measured(void **state)
{
	(void)state;
	enum { TRIALS = 40 };
	for (unsigned comes = 0; comes < 2; comes++) {
		unsigned found = 0;
		int64_t longest_ns = 0, sum_ns = 0;
		for (uint64_t seed = 1; seed <= TRIALS; seed++) {
			struct link link = link_world(1000 * (comes + 1) + seed);
			struct told told;
			link.night = 0.5;
			link.now_ns += (int64_t)(link_chance(&link) * 86400) * SECOND;
			link.world[2].hosts = comes ? 1 : 40;
			struct sk_pulse *pulse = learned(&link, &told);
			int64_t from_ns = link.now_ns;
			link.world[2].hosts = comes ? 150 : 40;
			link.world[2].seen = comes ? 1 : 0;
			run(pulse, &link, 300, &told);
			if (told.count > 0 && told.events[0].countries[0] == XC) {
				found++;
				sum_ns += told.at_ns[0] - from_ns;
				longest_ns = told.at_ns[0] - from_ns > longest_ns ? told.at_ns[0] - from_ns : longest_ns;
			}
			sk_pulse_free(pulse);
		}
		print_message("%-22s found %u of %d, after %.0f s in the mean, %.0f s at most\n", comes ? "a country comes" : "a country goes", found, TRIALS,
			      found != 0 ? (double)sum_ns / 1e9 / found : 0, (double)longest_ns / 1e9);
		assert_true(found >= TRIALS * 9 / 10);
	}
}

static void a_finding_names_codes_and_nothing_else(void **state)
{
	(void)state;
	struct sk_pulse_event event = {.kind = SK_PULSE_SHIFT, .cause = SK_PULSE_BY_COUNTRY_LESS, .from_ns = INT64_C(1700000000) * SECOND, .to_ns = INT64_C(1700000060) * SECOND,
				       .usual = 20, .seen = 0, .networks = 80, .country_count = 1, .countries = {XA, XB, XC, XA}};
	static const char *const lists[] = {"from XA is gone", "from XA and XB is gone", "from XA, XB and XC is gone", "from XA, XB, XC and XA is gone", "from XA, XB, XC, XA and 1 more is gone",
					    "from XA, XB, XC, XA and 2 more is gone"};
	struct sk_finding finding;
	for (unsigned i = 0; i < SK_COUNT(lists); i++) {
		event.country_count = i + 1;
		sk_pulse_finding(&event, "uplink", false, &finding);
		assert_non_null(strstr(english(&finding.sentence), lists[i]));
		assert_non_null(strstr(english(&finding.sentence), "link uplink: 0 of 80 hosts abroad"));
		assert_int_equal(finding.subject.family + finding.counterpart.family, 0);
	}
	event.series = SK_PULSE_DF;
	sk_pulse_finding(&event, "uplink", false, &finding);
	assert_non_null(strstr(english(&finding.sentence), "traffic to XA"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_country_that_goes_is_told), cmocka_unit_test(those_that_go_at_once_are_one_event), cmocka_unit_test(whom_frames_leave_for_counts_too),
		cmocka_unit_test(one_host_is_no_country), cmocka_unit_test(a_flood_hides_no_country), cmocka_unit_test(a_link_that_falls_is_no_country),
		cmocka_unit_test(a_country_that_comes_is_told), cmocka_unit_test(without_countries_there_is_no_baseline), cmocka_unit_test(nothing_is_told_of_a_healthy_link),
		cmocka_unit_test(detections_are_measured), cmocka_unit_test(a_finding_names_codes_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
