/* SPDX-License-Identifier: Apache-2.0 */
/* Thirty days of stored records: an hourly beacon, a daily one, and what is none; records in another order give the same findings; what is no contact counts nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "campaign/stored.h"
#include "../english.h"

enum { RECORDS_MAX = 60000, SAID_MAX = 64, DAY_S = 86400 };
#define ZERO_S INT64_C(1772323200)

struct record {
	double at_s, lasts_s;
	uint8_t who, whom, ip_proto, class_, app, kind, state, syn;
	uint16_t from_port, port;
	uint64_t back;
};

struct archive {
	struct record *records;
	size_t count;
	struct sk_finding said[SAID_MAX];
	size_t said_count;
};

static void add(struct archive *archive, struct record record)
{
	assert_true(archive->count < RECORDS_MAX);
	archive->records[archive->count++] = record;
}

static struct sk_observation observation_of(const struct record *r)
{
	struct sk_observation o = {.kind = r->kind != 0 ? r->kind : SK_OBSERVATION_FLOW, .class_ = r->class_ != 0 ? r->class_ : SK_CLASS_DF, .ip_proto = r->ip_proto != 0 ? r->ip_proto : 6, .app = r->app,
				   .state = r->state != 0 ? r->state : 5, .initiator_port = r->from_port, .responder_port = r->port != 0 ? r->port : 443,
				   .initiator = {.family = 4, .bytes = {192, 0, 2, r->who}}, .responder = {.family = 4, .bytes = {203, 0, 113, r->whom}}, .packets = {9, 8},
				   .ip_bytes = {1400, r->back != 0 ? r->back : 2600}};
	o.tcp_flags[0] = r->syn != 0 ? 0x10 : 0x1b;
	o.first_ns = (int64_t)((double)ZERO_S * 1e9 + r->at_s * 1e9);
	o.last_ns = o.first_ns + (int64_t)(r->lasts_s * 1e9);
	return o;
}

static enum sk_err walk(void *context, sk_stored_visit visit, void *to, struct sk_fault *fault)
{
	struct archive *archive = context;
	(void)fault;
	for (size_t i = 0; i < archive->count; i++) {
		struct sk_observation o = observation_of(&archive->records[i]);
		uint8_t id[16] = {(uint8_t)i, (uint8_t)(i >> 8), archive->records[i].who};
		enum sk_err err = visit(to, id, &o);
		if (err != SK_OK)
			return err;
	}
	return SK_OK;
}

static enum sk_err say(void *context, const struct sk_finding *finding)
{
	struct archive *archive = context;
	assert_true(archive->said_count < SAID_MAX);
	archive->said[archive->said_count++] = *finding;
	return SK_OK;
}

static void look(struct archive *archive, struct sk_stored_counts *counts)
{
	const struct sk_stored_detector *detector = sk_stored_detector("beacon.stored");
	struct sk_stored_source source = {.context = archive, .walk = walk};
	uint64_t thresholds[12];
	struct sk_fault fault;
	assert_non_null(detector);
	for (size_t i = 0; i < detector->threshold_count; i++)
		thresholds[i] = detector->thresholds[i].fallback;
	struct sk_stored_run run = {.source = &source, .threshold = thresholds, .context = archive, .say = say};
	archive->said_count = 0;
	assert_int_equal(sk_stored_run(detector, &run, &fault), SK_OK);
	*counts = run.counts;
}

static double uniform(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

/* who 1, 2 are beacons; the others are not. */
static void fill(struct archive *archive)
{
	uint64_t seed = 99;
	*archive = (struct archive){.records = calloc(RECORDS_MAX, sizeof(struct record))};
	assert_non_null(archive->records);
	for (unsigned i = 0; i < 720; i++) {
		double hour = i * 3600.0;
		uint16_t port = (uint16_t)(20000 + i);
		if (uniform(&seed) > 0.2)
			add(archive, (struct record){.at_s = hour + 700 * uniform(&seed), .who = 1, .whom = 1, .from_port = port});
		if (i % 24 == 3)
			add(archive, (struct record){.at_s = hour + 600 * uniform(&seed), .who = 2, .whom = 2, .from_port = port});
		add(archive, (struct record){.at_s = hour, .who = 3, .whom = 3, .port = 123, .ip_proto = 17, .from_port = port});           /* the time */
		add(archive, (struct record){.at_s = hour, .who = 4, .whom = 4, .kind = SK_OBSERVATION_EVENT, .from_port = port});          /* a detector's event */
		add(archive, (struct record){.at_s = hour, .who = 5, .whom = 5, .class_ = SK_CLASS_FD, .from_port = port});                 /* who comes in */
		add(archive, (struct record){.at_s = hour, .who = 6, .whom = 6, .state = 1, .from_port = port});                            /* nobody answers */
		add(archive, (struct record){.at_s = hour, .who = 7, .whom = 7, .back = 8 * 52, .from_port = port});                        /* nothing is said */
		add(archive, (struct record){.at_s = hour * 1.0, .who = 8, .whom = 8, .syn = 1, .from_port = 999});                         /* one connection, kept alive */
		add(archive, (struct record){.at_s = hour, .lasts_s = 3590, .who = 9, .whom = 9, .ip_proto = 17, .port = 4444, .from_port = 4444}); /* one talk in segments */
		add(archive, (struct record){.at_s = 30 * DAY_S * uniform(&seed), .who = 10, .whom = 10, .from_port = port});               /* comes by itself */
		for (uint8_t host = 20; host < 60 && i % 6 == 0; host++)
			add(archive, (struct record){.at_s = hour + host, .who = host, .whom = 11, .from_port = port});                     /* a service of forty */
	}
	for (unsigned day = 0; day < 30; day++) /* a page that reloads itself, once a day for a quarter of an hour */
		for (unsigned i = 0; i < 15; i++)
			add(archive, (struct record){.at_s = day * DAY_S + 30000 + 9000 * uniform(&seed) * (i == 0) + i * 60, .who = 12, .whom = 12, .from_port = (uint16_t)(20000 + i)});
}

static void test_month(void **state)
{
	(void)state;
	struct archive archive;
	struct sk_stored_counts counts;
	fill(&archive);
	look(&archive, &counts);
	assert_int_equal(archive.said_count, 2);
	assert_true(counts.records == archive.count && counts.left_out == 0 && counts.contacts < counts.records);
	for (unsigned i = 0; i < 2; i++) {
		const struct sk_finding *f = &archive.said[i];
		assert_true(f->subject.bytes[3] == i + 1 && f->counterpart.bytes[3] == i + 1 && f->evidence[2] == i + 1);
		assert_string_equal(f->kind, "beacon.stored");
		assert_true(strstr(english(&f->sentence), i == 0 ? "about every 1 h 0 min" : "about every 1 d 0 h") != NULL || strstr(english(&f->sentence), i == 0 ? "about every 59 min" : "about every 23 h 5") != NULL);
	}
	assert_true(archive.said[0].count > 500 && archive.said[1].count == 30);
	free(archive.records);
}

static void test_order(void **state)
{
	(void)state;
	struct archive archive, turned;
	struct sk_stored_counts counts;
	uint64_t seed = 5;
	fill(&archive);
	fill(&turned);
	for (size_t i = turned.count; i > 1; i--) {
		size_t j = (size_t)(uniform(&seed) * (double)i);
		struct record kept = turned.records[i - 1];
		turned.records[i - 1] = turned.records[j];
		turned.records[j] = kept;
	}
	look(&archive, &counts);
	look(&turned, &counts);
	assert_int_equal(archive.said_count, turned.said_count);
	for (size_t i = 0; i < archive.said_count; i++) {
		assert_string_equal(english(&archive.said[i].sentence), english(&turned.said[i].sentence));
		assert_string_equal(english(&archive.said[i].why), english(&turned.said[i].why));
		assert_memory_equal(archive.said[i].id, turned.said[i].id, 16);
	}
	free(archive.records);
	free(turned.records);
}

/* Its twin: without its clock the hourly beacon is nobody's. */
static void test_sabotage(void **state)
{
	(void)state;
	struct archive archive;
	struct sk_stored_counts counts;
	uint64_t seed = 6;
	fill(&archive);
	for (size_t i = 0; i < archive.count; i++)
		if (archive.records[i].who == 1)
			archive.records[i].at_s = 30 * DAY_S * uniform(&seed);
	look(&archive, &counts);
	assert_int_equal(archive.said_count, 1);
	assert_int_equal(archive.said[0].subject.bytes[3], 2);
	free(archive.records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_month), cmocka_unit_test(test_order), cmocka_unit_test(test_sabotage)};
	return cmocka_run_group_tests_name("beacon.stored", tests, NULL, NULL);
}
