/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers against exact counts; who counts and who does not; that nothing but a number can be had, and that it is gone afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "detect/counter.h"
#include "detect/kit_priv.h"

#include "../play.h"

enum { LEAST = 10, LIFE_S = 6 * 3600, TCP = 6, KEY_BYTES_LEFT = 16 };

static const char *const detectors[] = {"count.only"};

static struct sk_count_request request_of(const char *id, const char *const *targets, size_t count)
{
	struct sk_fault fault;
	struct sk_count_request request = {.from_ns = 0};
	(void)snprintf(request.id, sizeof request.id, "%s", id);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(sk_count_request_add(&request, targets[i], &fault), SK_OK);
	sk_sha256(id, strlen(id), request.digest);
	return request;
}

static struct sk_count_request begin(struct play *play, const char *id, const char *target, uint32_t life_s)
{
	struct sk_fault fault = {.line = ""};
	struct sk_count_request request = request_of(id, &target, 1);
	uint8_t key[SK_COUNTER_KEY_BYTES] = {7, 7};
	key[2] = (uint8_t)id[strlen(id) - 1];
	assert_int_equal(sk_counter_begin(play->kit, &request, life_s, key, &fault), SK_OK);
	return request;
}

static struct sk_counter_answer answer(const struct play *play, const struct sk_count_request *request)
{
	struct sk_counter_answer out;
	struct sk_kit *kit = play->kit;
	assert_true(sk_counter_read(&kit, 1, request->digest, 1, &out));
	return out;
}

static void flow(struct play *play, double at_s, uint8_t class_, uint8_t kind, struct sk_addr from, struct sk_addr to, uint8_t bits)
{
	struct sk_event event = {.kind = kind, .ip_proto = TCP, .class_ = class_, .bits = bits, .initiator = from, .responder = to, .initiator_port = 40000, .responder_port = 443};
	play_event(play, at_s, &event);
}

static void hello(struct play *play, double at_s, uint8_t class_, struct sk_addr from, const char *name, enum sk_head_kind kind, uint8_t bits)
{
	struct sk_head head = {.kind = (uint8_t)kind, .app = kind == SK_HEAD_HTTP ? SK_APP_HTTP : SK_APP_TLS, .from_initiator = true};
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = TCP, .class_ = class_, .bits = bits, .initiator = from, .responder = play_addr("203.0.113.80", 0), .initiator_port = 40000,
				 .responder_port = 443};
	(void)snprintf(kind == SK_HEAD_HTTP ? head.as.http.host : head.as.client_hello.sni, 256, "%s", name);
	play_head(play, at_s, &event, &head, 300);
}

static void assert_near(uint64_t hosts, unsigned exact)
{
	/* Four standard errors of 1.04 / sqrt(4096); a handful is exact but for two in one register. */
	double most = 4 * 0.01625 * exact;
	assert_true((double)hosts <= exact + most + 1 && (double)hosts + most + 1 >= exact);
}

static void test_exact(void **state)
{
	(void)state;
	static const unsigned hosts[] = {0, 1, 9, 10, 100, 1000, 20000};
	for (unsigned kind = 0; kind < 4; kind++)
		for (size_t i = 0; i < SK_COUNT(hosts); i++) {
			static const char *const targets[] = {"203.0.113.0/24", "2001:db8:9::/48", "bad.example", "203.0.113.80/32"};
			struct play play;
			play_start(&play, 1 + (unsigned)i % 3, 0, NULL, detectors, 1);
			struct sk_count_request request = begin(&play, "count-a", targets[kind], LIFE_S);
			for (unsigned h = 0; h < hosts[i]; h++)
				for (unsigned times = 0; times < 1 + h % 3; times++) {
					struct sk_addr own = kind == 1 ? play_addr("2001:db8:1::", h) : play_addr("10.0.0.0", h);
					double at_s = 1 + (h * 7 + times * 31) % 600;
					if (kind == 2)
						hello(&play, at_s, SK_CLASS_DF, own, times == 1 ? "www.bad.example" : "bad.example", times == 2 ? SK_HEAD_HTTP : SK_HEAD_CLIENT_HELLO, 0);
					else
						flow(&play, at_s, SK_CLASS_DF, times == 1 ? SK_EVENT_END : SK_EVENT_OPEN, own, kind == 1 ? play_addr("2001:db8:9::", h % 5) : play_addr("203.0.113.80", 0), 0);
				}
			play_run(&play, true);
			struct sk_counter_answer out = answer(&play, &request);
			assert_near(out.hosts, hosts[i]);
			assert_false(out.over);
			struct sk_kit *kit = play.kit;
			assert_true(sk_counter_read(&kit, 1, request.digest, LEAST, &out));
			assert_int_equal(out.small, hosts[i] < LEAST);
			if (out.small)
				assert_int_equal(out.hosts, 0);
			assert_int_equal(play.said_count, 0);
			play_end(&play);
		}
}

/* Each row alone: does the host in it count? */
static void test_who(void **state)
{
	(void)state;
	static const struct { const char *target, *from, *to; uint8_t class_, kind, bits; bool counts; } rows[] = {
		{"203.0.113.0/24", "10.0.0.1", "203.0.113.9", SK_CLASS_DF, SK_EVENT_OPEN, 0, true},
		{"203.0.113.0/24", "203.0.113.9", "10.0.0.1", SK_CLASS_FD, SK_EVENT_OPEN, 0, true},
		{"203.0.113.0/24", "10.0.0.1", "203.0.114.9", SK_CLASS_DF, SK_EVENT_OPEN, 0, false},
		{"203.0.113.0/24", "10.0.0.1", "203.0.113.9", SK_CLASS_FF, SK_EVENT_OPEN, 0, false}, /* transit: nobody's own */
		{"203.0.113.0/24", "203.0.113.9", "10.0.0.1", SK_CLASS_FF, SK_EVENT_OPEN, 0, false},
		{"203.0.113.0/24", "203.0.113.9", "10.0.0.1", SK_CLASS_DF, SK_EVENT_OPEN, 0, false}, /* the target must be the end abroad */
		{"203.0.113.0/24", "10.0.0.1", "203.0.113.9", SK_CLASS_DF, SK_EVENT_OPEN, SK_EVENT_TUNNELLED, false},
		{"203.0.113.0/24", "10.0.0.1", "203.0.113.9", SK_CLASS_DF, SK_EVENT_END, 0, true},
		{"203.0.113.64/27", "10.0.0.1", "203.0.113.95", SK_CLASS_DF, SK_EVENT_OPEN, 0, true},
		{"203.0.113.64/27", "10.0.0.1", "203.0.113.96", SK_CLASS_DF, SK_EVENT_OPEN, 0, false},
		{"203.0.113.7", "10.0.0.1", "203.0.113.7", SK_CLASS_DF, SK_EVENT_OPEN, 0, true},
		{"2001:db8:9:8::/61", "2001:db8::1", "2001:db8:9:f::1", SK_CLASS_DF, SK_EVENT_OPEN, 0, true},
		{"2001:db8:9:8::/61", "2001:db8::1", "2001:db8:9:10::1", SK_CLASS_DF, SK_EVENT_OPEN, 0, false},
	};
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		struct play play;
		play_start(&play, 1, 0, NULL, detectors, 1);
		struct sk_count_request request = begin(&play, "count-a", rows[i].target, LIFE_S);
		flow(&play, 2, rows[i].class_, rows[i].kind, play_addr(rows[i].from, 0), play_addr(rows[i].to, 0), rows[i].bits);
		play_run(&play, true);
		assert_int_equal(answer(&play, &request).hosts, rows[i].counts);
		play_end(&play);
	}
}

static void test_names(void **state)
{
	(void)state;
	static const struct { const char *target, *name; uint8_t class_, bits; bool counts; } rows[] = {
		{"bad.example", "bad.example", SK_CLASS_DF, 0, true}, {"bad.example", "a.b.c.d.e.f.g.h.i.bad.example", SK_CLASS_DF, 0, true}, {"bad.example", "notbad.example", SK_CLASS_DF, 0, false},
		{"bad.example", "bad.example.org", SK_CLASS_DF, 0, false}, {"bad.example", "example", SK_CLASS_DF, 0, false}, {"www.bad.example", "bad.example", SK_CLASS_DF, 0, false},
		{"*.bad.example", "x.bad.example", SK_CLASS_DF, 0, true}, {"bad.example", "bad.example", SK_CLASS_FD, 0, false}, {"bad.example", "bad.example", SK_CLASS_DF, SK_EVENT_TUNNELLED, false},
		{"a-name-of-more-than-thirty-two-bytes.example", "www.a-name-of-more-than-thirty-two-bytes.example", SK_CLASS_DF, 0, true},
	};
	for (size_t i = 0; i < SK_COUNT(rows); i++)
		for (unsigned kind = 0; kind < 2; kind++) {
			struct play play;
			play_start(&play, 1, 0, NULL, detectors, 1);
			struct sk_count_request request = begin(&play, "count-a", rows[i].target, LIFE_S);
			hello(&play, 2, rows[i].class_, play_addr("10.0.0.1", 0), rows[i].name, kind == 0 ? SK_HEAD_CLIENT_HELLO : SK_HEAD_HTTP, rows[i].bits);
			play_run(&play, true);
			assert_int_equal(answer(&play, &request).hosts, rows[i].counts);
			play_end(&play);
		}
	/* Questions: the host that asks, also where the answer alone is seen; never the server. */
	for (unsigned half = 0; half < 2; half++) {
		struct play play;
		play_start(&play, 1, half != 0 ? SK_CLASS_BIT(SK_CLASS_FD) : 0, NULL, detectors, 1);
		struct sk_count_request request = begin(&play, "count-a", "bad.example", LIFE_S);
		for (uint32_t i = 0; i < 40; i++)
			play_dns(&play, &(struct play_dns){.at_s = 1 + i, .client = play_addr("10.0.0.0", i / 2), .server = play_addr("203.0.113.53", i), .name = i % 4 < 2 ? "bad.example" : "cdn.bad.example",
							   .no_question = half != 0, .turned = half != 0});
		play_run(&play, true);
		assert_near(answer(&play, &request).hosts, 20);
		play_end(&play);
	}
}

/* What has come and waits in the kit's batch is in the number. */
static void test_waiting(void **state)
{
	(void)state;
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	struct sk_count_request request = begin(&play, "count-a", "203.0.113.0/24", LIFE_S);
	const struct sk_kit_front front = sk_kit_front(play.kit);
	struct sk_event event = {.kind = SK_EVENT_OPEN, .class_ = SK_CLASS_DF, .time_ns = PLAY_ZERO_NS, .initiator = play_addr("10.0.0.1", 0), .responder = play_addr("203.0.113.9", 0)};
	sk_kit_complete(&front, &event);
	assert_int_equal(answer(&play, &request).hosts, 1);
	play_end(&play);
}

/* No event is made while nobody asks, nor for what nobody asks. */
static void test_on_request(void **state)
{
	(void)state;
	struct play play;
	struct sk_kit_counts counts;
	play_start(&play, 1, 0, NULL, detectors, 1);
	assert_false(sk_kit_wants_head(play.kit, SK_HEAD_DNS));
	flow(&play, 1, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.0.1", 0), play_addr("203.0.113.9", 0), 0);
	play_run(&play, true);
	sk_kit_counts(play.kit, &counts);
	assert_int_equal(counts.events[SK_EVENT_OPEN], 0);
	struct sk_count_request name = begin(&play, "count-a", "bad.example", LIFE_S), prefix = begin(&play, "count-b", "203.0.113.0/24", LIFE_S);
	assert_true(sk_kit_wants_head(play.kit, SK_HEAD_DNS));
	flow(&play, 2, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.0.2", 0), play_addr("203.0.113.9", 0), 0);
	play_run(&play, true);
	sk_kit_counts(play.kit, &counts);
	assert_int_equal(counts.events[SK_EVENT_OPEN], 1);
	assert_int_equal(answer(&play, &prefix).hosts, 1);
	sk_counter_end(play.kit, name.digest);
	assert_false(sk_kit_wants_head(play.kit, SK_HEAD_DNS));
	sk_counter_end(play.kit, prefix.digest);
	flow(&play, 3, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.0.3", 0), play_addr("203.0.113.9", 0), 0);
	play_run(&play, true);
	sk_kit_counts(play.kit, &counts);
	assert_int_equal(counts.events[SK_EVENT_OPEN], 1);
	play_end(&play);
}

static size_t found(const struct play *play, const void *bytes, size_t length)
{
	size_t times = 0;
	for (size_t i = 0; i < play->kit->count; i++)
		for (const uint8_t *at = play->kit->places[i].arena, *end = at + play->kit->places[i].arena_bytes; (at = memmem(at, (size_t)(end - at), bytes, length)) != NULL; at++)
			times++;
	return times;
}

//= rule: COUNT-2
/* Neither a host nor a target stands in memory; and the search would find them. */
static void test_canary(void **state)
{
	(void)state;
	struct play play;
	const struct sk_addr own = play_addr("10.171.205.239", 0), target = play_addr("203.0.113.0", 0);
	static const char name[] = "canary-of-names.example";
	play_start(&play, 1, 0, NULL, detectors, 1);
	struct sk_count_request a = begin(&play, "count-a", name, LIFE_S), b = begin(&play, "count-b", "203.0.113.0/24", LIFE_S);
	hello(&play, 2, SK_CLASS_DF, own, name, SK_HEAD_CLIENT_HELLO, 0);
	flow(&play, 3, SK_CLASS_DF, SK_EVENT_OPEN, own, play_addr("203.0.113.171", 0), 0);
	play_run(&play, true);
	assert_int_equal(answer(&play, &a).hosts, 1);
	assert_int_equal(answer(&play, &b).hosts, 1);
	assert_int_equal(found(&play, own.bytes, 4) + found(&play, name, sizeof name - 1) + found(&play, target.bytes, 3), 0);
	uint8_t *arena = play.kit->places[0].arena;
	memcpy(arena + play.kit->places[0].arena_bytes - 64, own.bytes, 4);
	assert_int_equal(found(&play, own.bytes, 4), 1);
	play_end(&play);
}

//= rule: COUNT-2
static void test_wiped(void **state)
{
	(void)state;
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	assert_int_equal(sk_kit_residue(play.kit), 0);
	struct sk_count_request request = begin(&play, "count-a", "203.0.113.0/24", LIFE_S);
	for (uint32_t i = 0; i < 500; i++)
		flow(&play, 1, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.0.0", i), play_addr("203.0.113.9", 0), 0);
	play_run(&play, true);
	sk_kit_run(play.kit);
	assert_true(sk_kit_residue(play.kit) > 400);
	sk_counter_end(play.kit, request.digest);
	assert_false(sk_counter_runs(play.kit, request.digest));
	/* What is left is the key by which names are told apart. */
	assert_true(sk_kit_residue(play.kit) <= KEY_BYTES_LEFT);
	begin(&play, "count-a", "203.0.113.0/24", LIFE_S);
	sk_kit_wipe(play.kit);
	assert_int_equal(sk_kit_residue(play.kit), 0);
	play_end(&play);
}

/* Its life is over in packet time: the number stays, nothing more is counted, and what it was made of is gone. */
static void test_over(void **state)
{
	(void)state;
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	struct sk_count_request request = begin(&play, "count-a", "203.0.113.0/24", 600);
	for (uint32_t i = 0; i < 30; i++)
		flow(&play, 10 + i, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.0.0", i), play_addr("203.0.113.9", 0), 0);
	for (uint32_t i = 0; i < 300; i++)
		flow(&play, 700 + i, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.9.0", i), play_addr("203.0.113.9", 0), 0);
	play_run(&play, true);
	struct sk_counter_answer out = answer(&play, &request);
	assert_true(out.over);
	assert_near(out.hosts, 30);
	assert_int_equal(out.seconds, 600);
	/* The number, its name, times and lists: no register of thirty is left. */
	size_t left = sk_count_nonzero(play.kit->places[0].arena, play.kit->places[0].arena_bytes);
	assert_true(left < 64 && left > KEY_BYTES_LEFT);
	assert_true(sk_counter_runs(play.kit, request.digest));
	sk_counter_end(play.kit, request.digest);
	assert_true(sk_kit_residue(play.kit) <= KEY_BYTES_LEFT);
	play_end(&play);
}

/* The packets' clock goes back: it begins anew and says so. */
static void test_anew(void **state)
{
	(void)state;
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	struct sk_count_request request = begin(&play, "count-a", "203.0.113.0/24", LIFE_S);
	for (uint32_t i = 0; i < 30; i++)
		flow(&play, 10, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.0.0", i), play_addr("203.0.113.9", 0), 0);
	play_run(&play, true);
	assert_int_equal(answer(&play, &request).begun, 1);
	sk_kit_tick(play.kit, PLAY_ZERO_NS - INT64_C(7200000000000));
	struct sk_counter_answer out = answer(&play, &request);
	assert_int_equal(out.begun, 2);
	assert_int_equal(out.hosts, 0);
	play_end(&play);
}

/* As many as there is room for, several on one target; each goes alone, and the others stay what they were. */
static void test_many(void **state)
{
	(void)state;
	struct play play;
	struct sk_fault fault;
	struct sk_count_request requests[SK_COUNTER_MAX + 1];
	static const uint8_t key[SK_COUNTER_KEY_BYTES] = {1};
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (uint32_t i = 0; i <= SK_COUNTER_MAX; i++) {
		char id[16], targets[2][64];
		const char *texts[2] = {targets[0], targets[1]};
		(void)snprintf(id, sizeof id, "count-%u", i);
		(void)snprintf(targets[0], sizeof targets[0], "203.0.113.%u/%u", i % 8 * 32, 27 + i % 3);
		(void)snprintf(targets[1], sizeof targets[1], "bad%u.example", i / 8);
		requests[i] = request_of(id, texts, 2);
		assert_int_equal(sk_counter_begin(play.kit, &requests[i], LIFE_S, key, &fault), i < SK_COUNTER_MAX ? SK_OK : SK_ETOOBIG);
	}
	assert_int_equal(sk_counter_begin(play.kit, &requests[3], LIFE_S, key, &fault), SK_EEXIST);
	for (uint32_t i = 0; i < SK_COUNTER_MAX; i += 2)
		sk_counter_end(play.kit, requests[i].digest);
	for (uint32_t h = 0; h < 256; h++)
		flow(&play, 2, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.0.0", h), play_addr("203.0.113.0", h), 0);
	for (uint32_t h = 0; h < 80; h++) {
		char name[32];
		(void)snprintf(name, sizeof name, "bad%u.example", h / 10);
		hello(&play, 3, SK_CLASS_DF, play_addr("10.0.1.0", h), name, SK_HEAD_CLIENT_HELLO, 0);
	}
	play_run(&play, true);
	for (uint32_t i = 0; i < SK_COUNTER_MAX; i++) {
		assert_int_equal(sk_counter_runs(play.kit, requests[i].digest), i % 2);
		if (i % 2 != 0)
			assert_near(answer(&play, &requests[i]).hosts, (32u >> i % 3) + 10);
	}
	play_end(&play);
}

/* Two links: a host of both is one. */
static void test_links(void **state)
{
	(void)state;
	struct play play[2];
	struct sk_count_request request;
	struct sk_counter_answer out;
	struct sk_kit *kits[3] = {NULL};
	for (unsigned link = 0; link < 2; link++) {
		play_start(&play[link], 1, 0, NULL, detectors, 1);
		kits[link] = play[link].kit;
		request = begin(&play[link], "count-a", "203.0.113.0/24", LIFE_S);
		for (uint32_t i = 0; i < 300; i++)
			flow(&play[link], 2, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.0.0", i + link * 100), play_addr("203.0.113.9", 0), 0);
		play_run(&play[link], true);
	}
	assert_true(sk_counter_read(kits, 3, request.digest, LEAST, &out));
	assert_near(out.hosts, 400);
	assert_false(sk_counter_can(kits[2]));
	for (unsigned link = 0; link < 2; link++)
		play_end(&play[link]);
}

/* Another key makes another sketch of the same hosts: two counts cannot be compared but by their numbers. */
static void test_keyed(void **state)
{
	(void)state;
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	const struct sk_kit_place *place = &play.kit->places[0];
	uint8_t *copies[2];
	for (unsigned i = 0; i < 2; i++) {
		struct sk_count_request request = begin(&play, i == 0 ? "count-a" : "count-b", "203.0.113.0/24", LIFE_S);
		for (uint32_t h = 0; h < 200; h++)
			flow(&play, 2 + i, SK_CLASS_DF, SK_EVENT_OPEN, play_addr("10.0.0.0", h), play_addr("203.0.113.9", 0), 0);
		play_run(&play, true);
		sk_kit_run(play.kit);
		copies[i] = malloc(place->arena_bytes);
		assert_non_null(copies[i]);
		memcpy(copies[i], place->arena, place->arena_bytes);
		assert_near(answer(&play, &request).hosts, 200);
		sk_counter_end(play.kit, request.digest);
	}
	/* Both had the first place. */
	size_t differ = 0;
	for (size_t at = 0; at < place->arena_bytes; at++)
		differ += copies[0][at] != copies[1][at];
	assert_true(differ > 200);
	for (unsigned i = 0; i < 2; i++)
		free(copies[i]);
	play_end(&play);
}

static void test_not_named(void **state)
{
	(void)state;
	static const char *const others[] = {"beacon"};
	struct play play;
	struct sk_fault fault;
	static const uint8_t key[SK_COUNTER_KEY_BYTES] = {1};
	const char *target = "203.0.113.0/24";
	struct sk_count_request request = request_of("count-a", &target, 1);
	play_start(&play, 1, 0, NULL, others, 1);
	assert_false(sk_counter_can(play.kit));
	assert_int_equal(sk_counter_begin(play.kit, &request, LIFE_S, key, &fault), SK_EPERMIT);
	play_end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact), cmocka_unit_test(test_who), cmocka_unit_test(test_names), cmocka_unit_test(test_waiting), cmocka_unit_test(test_on_request),
					   cmocka_unit_test(test_canary), cmocka_unit_test(test_wiped), cmocka_unit_test(test_over), cmocka_unit_test(test_anew),
					   cmocka_unit_test(test_many), cmocka_unit_test(test_links), cmocka_unit_test(test_keyed), cmocka_unit_test(test_not_named)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
