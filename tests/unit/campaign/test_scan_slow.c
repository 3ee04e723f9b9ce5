/* SPDX-License-Identifier: Apache-2.0 */
/* Two weeks of stored records: scans that no sensor could remember, and what is none; records in another order give the same findings; half a view of datagrams says nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign/stored.h"
#include "../english.h"

enum { RECORDS_MAX = 8000, SAID_MAX = 16, HOUR_S = 3600, TCP = 6, UDP = 17, ICMP = 1 };
enum { ACROSS = 1, DOWN, DATAGRAMS, PINGS, REFUSED, BROWSER, MAIL, FAST, FEW, PEERS, EVENTS, ANSWERS, AGAIN };
#define ZERO_S INT64_C(1772323200)

struct record {
	double at_s;
	uint8_t who, ip_proto, class_, kind;
	uint16_t whom, port, from_port;
	bool answered, refused, talks;
};

struct archive {
	struct record records[RECORDS_MAX];
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
	bool tcp = r->ip_proto == 0, back = r->answered || r->refused;
	struct sk_observation o = {.kind = r->kind != 0 ? r->kind : SK_OBSERVATION_FLOW, .class_ = r->class_ != 0 ? r->class_ : SK_CLASS_FD, .ip_proto = tcp ? TCP : r->ip_proto,
				   .initiator_port = r->from_port != 0 ? r->from_port : 40000, .responder_port = r->port, .initiator = {.family = 4, .bytes = {203, 0, 113, r->who}},
				   .responder = {.family = 4, .bytes = {192, 0, (uint8_t)(r->whom >> 8), (uint8_t)r->whom}}, .packets = {r->talks ? 8 : 1, r->talks ? 9 : back ? 1 : 0},
				   .ip_bytes = {r->talks ? 1400 : 40, r->talks ? 6000 : back ? 40 : 0}};
	o.icmp_type = o.ip_proto == ICMP ? 8 : 0;
	o.tcp_flags[0] = tcp ? 0x02 | (r->talks ? 0x18 : 0) : 0;
	o.tcp_flags[1] = tcp && r->refused ? 0x14 : tcp && r->answered ? 0x12 : 0;
	o.first_ns = (int64_t)((double)ZERO_S * 1e9 + r->at_s * 1e9);
	o.last_ns = o.first_ns + 1000000;
	return o;
}

static enum sk_err walk(void *context, sk_stored_visit visit, void *to, struct sk_fault *fault)
{
	struct archive *archive = context;
	(void)fault;
	for (size_t i = 0; i < archive->count; i++) {
		struct sk_observation o = observation_of(&archive->records[i]);
		uint8_t id[16] = {archive->records[i].who, (uint8_t)(archive->records[i].whom >> 8), (uint8_t)archive->records[i].whom, (uint8_t)archive->records[i].port};
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

static void look(struct archive *archive)
{
	const struct sk_stored_detector *detector = sk_stored_detector("scan.slow");
	struct sk_stored_source source = {.context = archive, .walk = walk};
	uint64_t thresholds[12];
	struct sk_fault fault;
	assert_non_null(detector);
	for (size_t i = 0; i < detector->threshold_count; i++)
		thresholds[i] = detector->thresholds[i].fallback;
	struct sk_stored_run run = {.source = &source, .threshold = thresholds, .context = archive, .say = say};
	archive->said_count = 0;
	assert_int_equal(sk_stored_run(detector, &run, &fault), SK_OK);
	assert_true(run.counts.records == archive->count && run.counts.left_out == 0);
}

/* Who is 1 to 5 scans. datagrams: what is not TCP is answered at all, by others. */
static struct archive *fill(bool datagrams)
{
	struct archive *archive = calloc(1, sizeof *archive);
	assert_non_null(archive);
	for (uint16_t i = 0; i < 120; i++) {
		double at_s = i * 2.5 * HOUR_S;
		add(archive, (struct record){.at_s = at_s, .who = ACROSS, .whom = i, .port = 22, .answered = i % 4 == 0});
		add(archive, (struct record){.at_s = at_s, .who = DOWN, .whom = 7, .port = (uint16_t)(1000 + 13 * i), .refused = i % 2 == 0});
		add(archive, (struct record){.at_s = at_s, .who = DATAGRAMS, .whom = i, .port = 161, .ip_proto = UDP});
		add(archive, (struct record){.at_s = at_s, .who = PINGS, .whom = i, .ip_proto = ICMP, .answered = datagrams && i % 5 == 0});
		add(archive, (struct record){.at_s = at_s, .who = REFUSED, .whom = i, .port = 3389, .refused = true});
		add(archive, (struct record){.at_s = at_s, .who = BROWSER, .whom = i, .port = 443, .answered = true, .talks = true});
		add(archive, (struct record){.at_s = at_s, .who = MAIL, .whom = i, .port = 25, .answered = i % 5 != 0, .talks = i % 5 != 0});
		add(archive, (struct record){.at_s = i, .who = FAST, .whom = i, .port = 23});
		add(archive, (struct record){.at_s = at_s, .who = FEW, .whom = i % 12, .port = 23});
		add(archive, (struct record){.at_s = at_s, .who = PEERS, .whom = i, .port = 6881, .class_ = SK_CLASS_DF});
		add(archive, (struct record){.at_s = at_s, .who = EVENTS, .whom = i, .port = 23, .kind = SK_OBSERVATION_EVENT});
		add(archive, (struct record){.at_s = at_s, .who = ANSWERS, .whom = 7, .port = (uint16_t)(20000 + i), .from_port = 53, .ip_proto = UDP});
		/* Who did not answer once has answered before. */
		add(archive, (struct record){.at_s = at_s, .who = AGAIN, .whom = i % 40, .port = 443, .answered = i < 40, .talks = i < 40});
	}
	return archive;
}

static void test_weeks(void **state)
{
	(void)state;
	struct archive *archive = fill(true);
	look(archive);
	assert_int_equal(archive->said_count, 5);
	static const char *const matched[] = {"tcp/22", "tcp@192.0.0.7", "udp/161", "icmp", "tcp/3389"};
	for (unsigned i = 0; i < 5; i++) {
		const struct sk_finding *f = &archive->said[i];
		assert_int_equal(f->subject.bytes[3], i + 1);
		assert_string_equal(f->matched, matched[i]);
		assert_string_equal(f->kind, "scan.slow");
		assert_true(f->count == 120 && f->evidence[0] == i + 1);
	}
	assert_non_null(strstr(english(&archive->said[0].sentence), "203.0.113.1 (abroad) tried tcp/22 on about 1"));
	assert_non_null(strstr(english(&archive->said[0].sentence), "spread over 12 d"));
	assert_non_null(strstr(english(&archive->said[1].sentence), "tcp ports of 192.0.0.7 (inside)"));
	free(archive);
}

static void test_order(void **state)
{
	(void)state;
	struct archive *archive = fill(true), *turned = fill(true);
	for (size_t i = 0; i < turned->count; i++)
		turned->records[i] = archive->records[archive->count - 1 - i];
	look(archive);
	look(turned);
	assert_int_equal(archive->said_count, turned->said_count);
	for (size_t i = 0; i < archive->said_count; i++) {
		assert_memory_equal(archive->said[i].id, turned->said[i].id, 16);
		assert_memory_equal(archive->said[i].evidence, turned->said[i].evidence, 16);
		assert_true(sk_addr_equal(&archive->said[i].counterpart, &turned->said[i].counterpart));
		assert_int_equal(archive->said[i].first_ns, turned->said[i].first_ns);
		assert_string_equal(english(&archive->said[i].sentence), english(&turned->said[i].sentence));
	}
	free(archive);
	free(turned);
}

/* Where no datagram of a class was ever answered, nobody knows what silence means. */
static void test_half_view(void **state)
{
	(void)state;
	struct archive *archive = fill(false);
	look(archive);
	assert_int_equal(archive->said_count, 3);
	for (size_t i = 0; i < archive->said_count; i++)
		assert_true(archive->said[i].matched[0] == 't');
	free(archive);
}

/* Its twin: a scanner to whom all talk is nobody's. */
static void test_sabotage(void **state)
{
	(void)state;
	struct archive *archive = fill(true);
	for (size_t i = 0; i < archive->count; i++)
		if (archive->records[i].who == ACROSS)
			archive->records[i].answered = archive->records[i].talks = true;
	look(archive);
	assert_int_equal(archive->said_count, 4);
	assert_int_equal(archive->said[0].subject.bytes[3], DOWN);
	free(archive);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_weeks), cmocka_unit_test(test_order), cmocka_unit_test(test_half_view), cmocka_unit_test(test_sabotage)};
	return cmocka_run_group_tests_name("scan.slow", tests, NULL, NULL);
}
