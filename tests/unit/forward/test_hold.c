/* SPDX-License-Identifier: Apache-2.0 */
/* The hold against a plain list that never forgets: random frames, decisions, times and floods; every frame that goes in comes out once, with its own bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forward/hold_priv.h"

enum { FRAMES = 20000, LENGTH_MAX = 900 };

/* What the model knows of a frame: its number stands in its bytes. */
struct told {
	uint32_t length, times;
	uint16_t datagram;
	unsigned reason;
};

struct model {
	struct told frames[FRAMES];
	unsigned wrong;
	unsigned last_of[1 << 16]; /* frames of one datagram leave in the order of arrival */
};

static uint8_t byte_of(unsigned number, uint32_t at)
{
	return (uint8_t)(1 + (number * 31 + at * 7) % 255);
}

static void take_fate(void *context, const struct sk_frame *frame, unsigned reason)
{
	struct model *model = context;
	unsigned number = (unsigned)frame->time_ns;
	struct told *told = &model->frames[number];
	told->times++;
	told->reason = reason;
	model->wrong += frame->captured_bytes != told->length || number < model->last_of[told->datagram];
	model->last_of[told->datagram] = number;
	for (uint32_t at = 0; at < frame->captured_bytes; at++)
		model->wrong += frame->bytes[at] != byte_of(number, at);
}

static struct hold *hold_with(uint32_t datagrams, uint32_t frames, size_t bytes, struct model *model)
{
	static const uint8_t key[SK_SIP_KEY_BYTES] = "hold test key...";
	const struct sk_forward_limits limits = {.datagrams = datagrams, .frames = frames, .bytes = bytes, .timeout_ns = 1000};
	struct hold *hold = NULL;
	assert_int_equal(hold_new(&limits, key, take_fate, model, &hold), SK_OK);
	return hold;
}

static struct sk_fragment fragment_of(uint16_t datagram)
{
	struct sk_fragment fragment = {.family = 4, .proto = 17, .payload_bytes = 8, .more = true};
	memcpy(fragment.key, &datagram, sizeof datagram);
	return fragment;
}

static void test_against_a_list(void **state)
{
	(void)state;
	struct model *model = calloc(1, sizeof *model);
	uint8_t bytes[LENGTH_MAX];
	unsigned refused = 0, kept = 0;
	srand(4711);
	struct hold *hold = hold_with(37, 53, 9001, model);
	for (unsigned i = 0; i < FRAMES; i++) {
		struct told *told = &model->frames[i];
		/* A clock of its own: datagrams go stale now and then. */
		int64_t now_ns = i * 3 + (i % 1999 == 0 ? 5000 : 0);
		told->datagram = (uint16_t)(rand() % 60 + i / 4000 * 60);
		told->length = (uint32_t)(rand() % LENGTH_MAX);
		for (uint32_t at = 0; at < told->length; at++)
			bytes[at] = byte_of(i, at);
		struct sk_fragment fragment = fragment_of(told->datagram);
		int32_t datagram = hold_find(hold, &fragment, now_ns);
		const struct sk_frame frame = {.bytes = bytes, .captured_bytes = told->length, .wire_bytes = told->length + 4, .time_ns = i};
		if (hold_state(hold, datagram) == HOLD_REFUSED || !hold_keep(hold, datagram, &frame)) {
			refused++;
			told->times = 1;
			continue;
		}
		kept++;
		if (rand() % 9 == 0)
			hold_close(hold, datagram, rand() % 2 == 0 ? SK_FORWARD_REASON_COUNT : SK_FORWARD_UNDECODABLE);
		else if (rand() % 50 == 0)
			hold_expire(hold, now_ns, SK_FORWARD_FRAGMENT_TIMEOUT);
		uint64_t pending = 0, pending_bytes = 0, missing = 0;
		hold_pending(hold, &pending, &pending_bytes);
		for (unsigned back = 0; back <= i && back < 60; back++)
			missing += model->frames[i - back].times == 0;
		assert_true(pending >= (i < 60 ? missing : 0) && pending <= 53);
	}
	hold_expire(hold, INT64_MAX, SK_FORWARD_STOPPED);
	unsigned reasons[SK_FORWARD_REASON_COUNT + 1] = {0};
	for (unsigned i = 0; i < FRAMES; i++) {
		assert_int_equal(model->frames[i].times, 1);
		reasons[model->frames[i].reason]++;
	}
	assert_int_equal(model->wrong, 0);
	assert_int_equal(hold_residue(hold), 0);
	assert_true(kept > FRAMES / 2 && reasons[SK_FORWARD_EVICTED] > 0 && reasons[SK_FORWARD_REASON_COUNT] > 0);
	hold_free(hold);
	free(model);
}

/* Sabotage: a byte left behind is seen, and so is a changed one. */
static void test_the_checks_are_not_blind(void **state)
{
	(void)state;
	struct model *model = calloc(1, sizeof *model);
	struct hold *hold = hold_with(4, 4, 64, model);
	uint8_t bytes[8];
	model->frames[1] = (struct told){.length = 8, .datagram = 1};
	for (uint32_t at = 0; at < 8; at++)
		bytes[at] = byte_of(1, at);
	bytes[5] ^= 1;
	struct sk_fragment fragment = fragment_of(1);
	int32_t datagram = hold_find(hold, &fragment, 0);
	const struct sk_frame frame = {.bytes = bytes, .captured_bytes = 8, .wire_bytes = 8, .time_ns = 1};
	assert_true(hold_keep(hold, datagram, &frame));
	assert_int_equal(hold_residue(hold), 8);
	hold_close(hold, datagram, SK_FORWARD_STOPPED);
	assert_int_equal(model->wrong, 1);
	assert_int_equal(hold_residue(hold), 0);
	hold_free(hold);
	free(model);
}

static void test_larger_than_the_buffer(void **state)
{
	(void)state;
	struct model *model = calloc(1, sizeof *model);
	struct hold *hold = hold_with(4, 4, 64, model);
	uint8_t bytes[65] = {0};
	struct sk_fragment fragment = fragment_of(1);
	int32_t datagram = hold_find(hold, &fragment, 0);
	const struct sk_frame frame = {.bytes = bytes, .captured_bytes = 65, .wire_bytes = 65, .time_ns = 1};
	assert_false(hold_keep(hold, datagram, &frame));
	hold_free(hold);
	free(model);
}

/* Every byte came, whatever the order; a copy right behind its original counts once. */
static void test_complete(void **state)
{
	(void)state;
	struct model *model = calloc(1, sizeof *model);
	struct hold *hold = hold_with(4, 4, 64, model);
	struct sk_fragment first = fragment_of(9), last = first;
	last.offset = 8;
	last.more = false;
	int32_t datagram = hold_find(hold, &first, 0);
	assert_false(hold_note(hold, datagram, &first));
	assert_false(hold_note(hold, datagram, &first));
	assert_true(hold_note(hold, datagram, &last));
	hold_close(hold, datagram, SK_FORWARD_REASON_COUNT);
	last.offset = 16; /* now a fragment lies between them */
	datagram = hold_find(hold, &last, 0);
	assert_false(hold_note(hold, datagram, &last));
	assert_false(hold_note(hold, datagram, &first));
	assert_false(hold_note(hold, datagram, &first));
	first.offset = 8;
	assert_true(hold_note(hold, datagram, &first));
	hold_free(hold);
	free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_a_list), cmocka_unit_test(test_the_checks_are_not_blind), cmocka_unit_test(test_larger_than_the_buffer),
					   cmocka_unit_test(test_complete)};
	return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
