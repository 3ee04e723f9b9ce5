/* SPDX-License-Identifier: Apache-2.0 */
/* The porch against a list of everything: what reaches a detector, in which order and under which clock; and what a flood of others does to those who wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "detect/kit_priv.h"
#include "play.h"

enum { SUBJECTS = 200, STEPS = 40000, NOTES = 4096, LOG_MAX = 2 * STEPS, WAIT_S = 20, WAITS = 4, NOTES_EACH = 16, ENTRY_BYTES = 16 };

struct line {
	uint32_t now_s;
	int64_t time_ns;
	uint8_t kind;
	uint16_t port;
	struct sk_addr from;
};
static struct line said[LOG_MAX], expected[LOG_MAX];
static size_t said_count, expected_count;

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	assert_true(event->from == sk_kit_hash_addr(run->kit, &event->initiator) && event->to == sk_kit_hash_addr(run->kit, &event->responder));
	if (event->kind == SK_EVENT_OPEN)
		(void)sk_run_take(run, hash, WAIT_S, &fresh);
	else if (sk_table_find(&run->table, hash, run->now_s) == NULL)
		return;
	said[said_count++] = (struct line){run->now_s, event->time_ns, event->kind, event->responder_port, event->initiator};
}

static const struct sk_detector ops = {.name = "test", .event = event, .waits = WAITS,
				       .finds = SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) | SK_EVENT_BIT(SK_EVENT_END)};
static struct sk_kit kit = {.low = 3, .high = 5};
static struct sk_kit_place place;
static uint64_t sieve[64];

static void start(uint32_t notes)
{
	size_t table_bytes = sk_table_bytes(1024, ENTRY_BYTES);
	memset(sieve, 0, sizeof sieve);
	place = (struct sk_kit_place){.ops = &ops, .run = {.kit = &kit, .memory_s = 3600, .sieve = sieve, .sieve_mask = 64 * SK_COUNT(sieve) - 1}};
	place.arena_bytes = table_bytes + sk_porch_bytes(notes);
	place.arena = aligned_alloc(64, place.arena_bytes);
	assert_non_null(place.arena);
	memset(place.arena, 0, place.arena_bytes);
	sk_table_init(&place.run.table, place.arena, 1024, ENTRY_BYTES);
	sk_porch_init(&place.porch, (uint8_t *)place.arena + table_bytes, notes, WAIT_S);
	said_count = expected_count = 0;
}

static struct sk_event make_event(uint32_t subject, uint8_t kind, uint32_t at_s, uint16_t port)
{
	struct sk_event made = {.kind = kind, .time_ns = (int64_t)at_s * 1000000000 + port, .ip_proto = 6, .responder_port = port,
				.initiator = play_addr(subject % 2 == 0 ? "10.0.0.0" : "2001:db8::", subject), .responder = play_addr(subject % 2 == 0 ? "192.0.2.1" : "2001:db8:1::", 0)};
	made.from = sk_kit_hash_addr(&kit, &made.initiator);
	made.to = sk_kit_hash_addr(&kit, &made.responder);
	return made;
}

/* As the kit does. */
static void offer(const struct sk_event *made)
{
	uint64_t hash = sk_mix(made->from, 1);
	if (sk_table_find(&place.run.table, hash, place.run.now_s) != NULL || sk_porch_pass(&place, made, hash))
		event(&place.run, made, hash);
}

/* One subject, remembered whole. */
struct subject {
	bool inside;
	uint32_t until_s, opens;
	size_t count;
	struct line waiting[NOTES_EACH];
};

/* An event of who has an entry; of who had one for too long there is nobody to be told of. */
static void tell(struct subject *s, const struct line *line)
{
	if (line->kind == SK_EVENT_OPEN)
		s->until_s = line->now_s + WAIT_S > s->until_s ? line->now_s + WAIT_S : s->until_s;
	else if (s->until_s <= line->now_s)
		return;
	expected[expected_count++] = *line;
}

static void expect(struct subject *s, const struct line *line)
{
	bool opens = line->kind == SK_EVENT_OPEN;
	if (s->inside && s->until_s <= line->now_s)
		*s = (struct subject){.inside = false};
	if (!s->inside) {
		if (s->count != 0 && line->now_s >= s->waiting[s->count - 1].now_s + WAIT_S)
			*s = (struct subject){.inside = false};
		if (s->count == 0 && !opens)
			return;
		s->opens += opens;
		if (line->kind != SK_EVENT_END && s->opens < WAITS && s->count < NOTES_EACH) {
			s->waiting[s->count++] = *line;
			return;
		}
		s->inside = true;
		for (size_t i = 0; i < s->count; i++)
			tell(s, &s->waiting[i]);
		s->count = 0;
	}
	tell(s, line);
}

static void test_model(void **state)
{
	(void)state;
	static const uint8_t kinds[] = {SK_EVENT_OPEN, SK_EVENT_OPEN, SK_EVENT_OPEN, SK_EVENT_ANSWER, SK_EVENT_CONFIRM, SK_EVENT_OPEN, SK_EVENT_ANSWER, SK_EVENT_END};
	static struct subject subjects[SUBJECTS];
	uint64_t seed = 77;
	start(NOTES);
	memset(subjects, 0, sizeof subjects);
	for (unsigned i = 0; i < STEPS; i++) {
		uint32_t at = play_random(&seed, 4) == 0 ? play_random(&seed, 8) : play_random(&seed, SUBJECTS);
		struct sk_event made = make_event(at, kinds[play_random(&seed, at % 3 == 0 ? 5 : SK_COUNT(kinds))], 1000 + i / 40, (uint16_t)play_random(&seed, 60000));
		struct line line = {1000 + i / 40, made.time_ns, made.kind, made.responder_port, made.initiator};
		place.run.now_s = line.now_s;
		expect(&subjects[at], &line);
		offer(&made);
		assert_int_equal(said_count, expected_count);
	}
	assert_true(said_count > STEPS / 10 && said_count < STEPS);
	for (size_t i = 0; i < said_count; i++)
		assert_true(said[i].now_s == expected[i].now_s && said[i].time_ns == expected[i].time_ns && said[i].kind == expected[i].kind &&
			    said[i].port == expected[i].port && sk_addr_equal(&said[i].from, &expected[i].from));
	assert_int_equal(place.porch.evicted, 0);
	free(place.arena);
}

/* In a small ring the oldest goes; nobody enters with another's notes, and whoever comes again soon enough is still known. The count of notes passes its end and begins anew. */
static void test_crowd(void **state)
{
	(void)state;
	enum { SMALL = 64, CROWD = 100000, QUICK = 10000000 };
	start(SMALL);
	place.run.now_s = 50;
	place.porch.next = UINT32_MAX - CROWD / 2;
	for (uint32_t i = 0; i < CROWD; i++) {
		struct sk_event made = make_event(i, SK_EVENT_OPEN, 50, (uint16_t)(i & 7));
		offer(&made);
		if (i % 1000 != 0)
			continue;
		for (unsigned again = 0; again < WAITS; again++) {
			made = make_event(QUICK + i, SK_EVENT_OPEN, 50, (uint16_t)again);
			offer(&made);
		}
		assert_int_equal(said_count, (i / 1000 + 1) * WAITS);
		for (unsigned again = 0; again < WAITS; again++) {
			assert_int_equal(said[said_count - WAITS + again].port, again);
			assert_true(sk_addr_equal(&said[said_count - WAITS + again].from, &made.initiator));
		}
	}
	assert_true(place.porch.waiting <= SMALL && place.porch.evicted + place.porch.waiting == CROWD);
	/* The first of the crowd is long gone: three more of it are three. */
	size_t before = said_count;
	for (unsigned again = 0; again + 1 < WAITS; again++) {
		struct sk_event made = make_event(0, SK_EVENT_OPEN, 50, 1);
		offer(&made);
	}
	assert_int_equal(said_count, before);
	/* What was forgotten leaves nothing behind. */
	memset(place.arena, 0, place.arena_bytes);
	sk_porch_forget(&place.porch);
	struct sk_event made = make_event(0, SK_EVENT_OPEN, 50, 1);
	offer(&made);
	assert_int_equal(said_count, before);
	assert_int_equal(place.porch.waiting, 1);
	free(place.arena);
}

static void offer_again(uint32_t subject, unsigned times)
{
	for (unsigned again = 0; again < times; again++) {
		struct sk_event made = make_event(subject, SK_EVENT_OPEN, 50, (uint16_t)again);
		offer(&made);
	}
}

/* Of those who share a line the one who was silent longest goes: who comes again before a few others have is known, however full every line is. */
static void test_order(void **state)
{
	(void)state;
	enum { SMALL = 64, OTHERS = 7, ROUNDS = 500 };
	uint32_t other = 1000000;
	start(SMALL);
	place.run.now_s = 50;
	for (uint32_t i = 0; i < ROUNDS; i++)
		for (unsigned again = 0; again < WAITS; again++) {
			struct sk_event made = make_event(i, SK_EVENT_OPEN, 50, (uint16_t)again);
			offer(&made);
			for (unsigned n = 0; n < OTHERS; n++)
				offer_again(other++, 1);
			assert_int_equal(said_count, (size_t)i * WAITS + (again + 1 == WAITS ? WAITS : 0));
		}
	free(place.arena);
}

/* Notes are counted in 32 bits: an index that was left behind may seem to be of now, and nothing is lost where the count begins anew. */
static void test_count(void **state)
{
	(void)state;
	enum { SMALL = 64 };
	start(SMALL);
	place.run.now_s = 50;
	offer_again(1, 1);
	uint32_t first = place.porch.next - 1;
	place.porch.next = first + SMALL;
	offer_again(2, 1);
	place.porch.next = first + 2;
	offer_again(1, WAITS - 1);
	assert_int_equal(said_count, 0);
	place.porch.next = UINT32_MAX;
	offer_again(3, WAITS);
	assert_int_equal(said_count, WAITS);
	free(place.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_crowd), cmocka_unit_test(test_order), cmocka_unit_test(test_count)};
	return cmocka_run_group_tests_name("porch", tests, NULL, NULL);
}
