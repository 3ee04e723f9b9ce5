/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of frames that a ring lost, while counters are read in the middle of traffic: sums only grow, no bytes without a frame, and exact at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "live/live.h"

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

enum { WAITING_MAX = 64, STEPS = 20000 };

/* A link in small: frames of random length pass, wait, and are delivered or lost in that order. */
struct link {
	struct sk_live_counters counters;
	uint32_t waiting[WAITING_MAX];
	unsigned count;
	uint64_t lost_bytes;
};

static void arrive(struct link *link, uint64_t *random)
{
	uint32_t bytes = 14 + (uint32_t)(next(random) % 1500);
	link->counters.in.frames++;
	link->counters.in.bytes += bytes;
	if (next(random) % 4 == 0) {
		struct sk_live_cell *erased = &link->counters.erased[SK_CLASS_DD][SK_GATE_DOMESTIC];
		erased->frames++;
		erased->bytes += bytes;
		return;
	}
	link->counters.passed.frames++;
	link->counters.passed.bytes += bytes;
	if (link->count == WAITING_MAX) { /* the ring is full */
		link->counters.ring_lost++;
		link->lost_bytes += bytes;
	} else {
		link->waiting[link->count++] = bytes;
	}
}

static void deliver(struct link *link)
{
	for (unsigned i = 0; i < link->count; i++) {
		link->counters.delivered.frames++;
		link->counters.delivered.bytes += link->waiting[i];
	}
	link->count = 0;
}

/* As sk_live_counters would say. torn: a frame arrives between the reading of its frames and of its bytes; then it is pending. */
static struct sk_live_counters read_counters(const struct link *link, bool torn)
{
	struct sk_live_counters now = link->counters;
	now.pending = link->count + torn;
	now.in.frames += torn;
	now.passed.frames += torn;
	return now;
}

static void test_told(void **state)
{
	(void)state;
	uint64_t random = 4;
	for (unsigned round = 0; round < 50; round++) {
		struct link link = {.count = 0};
		struct sk_live_told told = {.ring = {0}};
		struct sk_source_counts before = {0}, now = {0};
		for (unsigned step = 0; step < STEPS / 10; step++) {
			for (uint64_t burst = next(&random) % 200; burst > 0; burst--)
				arrive(&link, &random);
			if (next(&random) % 3 == 0)
				deliver(&link);
			struct sk_live_counters counters = read_counters(&link, next(&random) % 2 == 0);
			sk_live_tell(&counters, &told, &now);
			const struct sk_cell *lost = &now.lost[0], *then = &before.lost[0];
			assert_true(lost->frames >= then->frames && lost->bytes >= then->bytes);
			assert_true(lost->frames > then->frames || lost->bytes == then->bytes);
			/* Never more than there was. */
			assert_true(lost->frames <= link.counters.ring_lost && lost->bytes <= link.lost_bytes);
			/* And at most one frame is held back. */
			assert_true(link.counters.ring_lost - lost->frames <= 1);
			assert_int_equal(now.classes[SK_CLASS_DD].frames, link.counters.erased[SK_CLASS_DD][SK_GATE_DOMESTIC].frames);
			assert_int_equal(now.erased[SK_GATE_DOMESTIC - 1].bytes, link.counters.erased[SK_CLASS_DD][SK_GATE_DOMESTIC].bytes);
			before = now;
		}
		deliver(&link);
		struct sk_live_counters counters = read_counters(&link, false);
		sk_live_tell(&counters, &told, &now);
		assert_true(link.counters.ring_lost > 0);
		assert_int_equal(now.lost[0].frames, link.counters.ring_lost);
		assert_int_equal(now.lost[0].bytes, link.lost_bytes);
	}
}

/* Losses in front of the program are made of two counters that are read apart; what is told never runs back. */
static void test_before(void **state)
{
	(void)state;
	static const uint64_t seen[] = {0, 5, 4, 9, 9, 7, 12};
	struct sk_live_told told = {.ring = {0}};
	struct sk_source_counts now;
	uint64_t last = 0;
	for (size_t i = 0; i < SK_COUNT(seen); i++) {
		struct sk_live_counters counters = {.before_lost = seen[i]};
		sk_live_tell(&counters, &told, &now);
		assert_true(now.upstream_lost >= last && now.upstream_lost >= seen[i]);
		last = now.upstream_lost;
	}
	assert_int_equal(last, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_told), cmocka_unit_test(test_before)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
