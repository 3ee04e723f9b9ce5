/* SPDX-License-Identifier: Apache-2.0 */
/* When collection ends, and what a reload does: the end of the basis in every worker, also when nothing comes; a ledger that refuses; damage; snapshots. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "crew_test.h"

enum { SOURCES_MAX = 4, TRAFFIC_FRAMES = 6000 };

static struct outcome outcome;
static struct sk_frame *frames;
static size_t frame_count;

/* How the crew is put together: direct, threads over one source, threads with a source each. */
static const struct shape {
	const char *name;
	unsigned workers, sources;
	bool threads, live;
} shapes[] = {{"alone", 1, 1, false, false}, {"1 thread", 1, 1, true, false}, {"3 over one source", 3, 1, true, false}, {"2 live over one source", 2, 1, true, true},
	      {"3 with a source each", 3, 3, true, true}};

struct crew {
	struct sk_crew *crew;
	struct world *world;
	struct sk_snapshot snapshot;
	struct sk_observe_sink sink;
	struct sk_crew_config config;
	struct test_source *sources[SOURCES_MAX];
	struct sk_source of[SOURCES_MAX];
	unsigned count;
};

static void crew_start(struct crew *c, const struct shape *shape, struct world *world, uint64_t give, bool ends)
{
	const struct variant variant = {.name = shape->name, .workers = shape->workers, .threads = shape->threads};
	memset(c, 0, sizeof *c);
	memset(&outcome, 0, sizeof outcome);
	c->world = world;
	c->snapshot = world_snapshot(world, 1);
	c->config = crew_config(&variant, &c->sink, &outcome);
	c->config.sources = c->count = shape->sources;
	c->config.live = shape->live;
	for (unsigned i = 0; i < shape->sources; i++) {
		struct test_source *source = c->sources[i] = calloc(1, sizeof *source);
		assert_non_null(source);
		source->frames = frames;
		source->frame_count = frame_count;
		source->first = source->at = i;
		source->step = shape->sources;
		source->give = give;
		source->ends = ends;
		source->descriptor = -1;
		c->of[i] = source_of_test(source);
	}
}

static void crew_make(struct crew *c)
{
	assert_int_equal(sk_crew_new(&c->config, &c->snapshot, &c->crew, &outcome.fault), SK_OK);
}

static uint64_t given(const struct crew *c)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < c->count; i++)
		sum += c->sources[i]->given;
	return sum;
}

static void crew_stop(struct crew *c)
{
	sk_crew_free(c->crew);
	for (unsigned i = 0; i < c->count; i++)
		free(c->sources[i]);
}

static int64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_ms(long ms)
{
	(void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static uint64_t frames_of(const struct sk_cell *cells, size_t count)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += cells[i].frames;
	return sum;
}

/* Everything that was received has its fate, and nothing is pending. */
static void expect_closed(const struct crew *c, struct sk_engine_totals *totals)
{
	sk_crew_totals(c->crew, totals);
	assert_int_equal(totals->pending_frames, 0);
	assert_int_equal(totals->received.frames, frames_of(totals->gate, SK_GATE_REASON_COUNT) + frames_of(totals->select, SK_SELECT_REASON_COUNT) + totals->selected.frames +
							  totals->capture_lost.frames);
	assert_int_equal(sk_crew_residue(c->crew), 0);
}

/* ---- the basis ends ---- */

struct ending {
	struct crew *crew;
	bool suspend;
	int64_t at_ms; /* when it was told */
};

static void *end_soon(void *context)
{
	struct ending *ending = context;
	/* However slow the machine: there must be something to stop. */
	for (unsigned i = 0; i < 600 && given(ending->crew) < (uint64_t)500 * ending->crew->count; i++)
		wait_ms(50);
	wait_ms(150);
	ending->at_ms = now_ms();
	if (ending->suspend)
		sk_crew_suspend(ending->crew->crew);
	else
		clock_set(2000, false);
	clock_hold(false);
	return NULL;
}

static void ends_within_a_second(const struct shape *shape, bool suspend, uint64_t give)
{
	struct world world;
	struct crew c;
	struct sk_engine_totals totals;
	pthread_t thread;
	assert_true(world_small(&world, "", false));
	world.basis.until_ns = 2000;
	clock_set(1000, false);
	crew_start(&c, shape, &world, give, false);
	crew_make(&c);
	struct ending ending = {.crew = &c, .suspend = suspend};
	assert_int_equal(pthread_create(&thread, NULL, end_soon, &ending), 0);
	assert_int_equal(sk_crew_run(c.crew, c.of, &outcome.fault), suspend ? SK_ESUSPENDED : SK_EEXPIRED);
	int64_t took_ms = now_ms();
	assert_int_equal(pthread_join(thread, NULL), 0);
	took_ms -= ending.at_ms;
	assert_true(took_ms < 1000);
	uint64_t before = given(&c);
	assert_int_equal(sk_crew_finish(c.crew, SK_FLOW_END_BASIS, &outcome.fault), SK_OK);
	assert_int_equal(given(&c), before); /* nobody asked the source again */
	expect_closed(&c, &totals);
	/* What was given, is received, but for a batch at which the end was noticed. */
	assert_true(totals.received.frames <= before && before - totals.received.frames <= (uint64_t)SK_BATCH_MAX * c.count);
	assert_true(totals.received.frames > 0 && totals.select[SK_SELECT_STOPPED].frames > 0);
	assert_true(outcome.intervals >= 1);
	assert_int_equal(outcome.last.pending_after.frames, 0);
	crew_stop(&c);
	world_stop(&world);
}

/* rule: BASIS-2 */
static void the_basis_ends_for_every_worker(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(shapes); i++) {
		ends_within_a_second(&shapes[i], false, 500);        /* idle: nothing has come for long */
		ends_within_a_second(&shapes[i], true, 500);
		ends_within_a_second(&shapes[i], i % 2 == 0, UINT64_MAX); /* under full load */
	}
}

/* A worker that was handed much before the end, and comes to it after the end, counts it and looks at none of it. rule: BASIS-2 */
static void nothing_is_looked_at_after_the_end(void **state)
{
	(void)state;
	static const struct shape two = {"2 over one source", 2, 1, true, false};
	struct world world;
	struct crew c;
	struct sk_engine_totals totals;
	pthread_t thread;
	assert_true(world_small(&world, "", true));
	clock_set(1000, false);
	crew_start(&c, &two, &world, UINT64_MAX, false);
	c.sources[0]->holds = true;
	crew_make(&c);
	struct ending ending = {.crew = &c, .suspend = true};
	assert_int_equal(pthread_create(&thread, NULL, end_soon, &ending), 0);
	assert_int_equal(sk_crew_run(c.crew, c.of, &outcome.fault), SK_ESUSPENDED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	/* So ended, all that was looked at is selected. */
	assert_int_equal(sk_crew_finish(c.crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
	expect_closed(&c, &totals);
	enum { ROUNDS = 3 * SK_BATCH_MAX }; /* that were under way */
	assert_true(totals.taken.frames > 2 * ROUNDS);
	assert_true(totals.selected.frames <= totals.received.frames - totals.taken.frames + ROUNDS);
	assert_true(totals.select[SK_SELECT_STOPPED].frames >= totals.taken.frames - ROUNDS);
	crew_stop(&c);
	world_stop(&world);
}

/* ---- the ledger refuses, the source fails, somebody interrupts ---- */

static enum sk_err refuse_interval(void *context, struct sk_account *account, const struct sk_snapshot *snapshot, struct sk_fault *fault)
{
	(void)account, (void)snapshot;
	((struct outcome *)context)->intervals++;
	return sk_fault_set(fault, SK_ELEDGER, "the test's ledger refuses");
}

static void a_ledger_that_refuses_ends_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(shapes); i++) {
		struct world world;
		struct crew c;
		assert_true(world_small(&world, "", true));
		clock_set(1000, false);
		crew_start(&c, &shapes[i], &world, UINT64_MAX, false);
		c.config.interval = refuse_interval;
		c.config.interval_frames = 1000;
		c.config.interval_ns = 20000000;
		crew_make(&c);
		assert_int_equal(sk_crew_run(c.crew, c.of, &outcome.fault), SK_ELEDGER);
		assert_int_equal(outcome.intervals, 1);
		assert_non_null(strstr(outcome.fault.line, "refuses"));
		crew_stop(&c); /* without finishing: it must end all the same */
		world_stop(&world);
	}
}

static void a_source_that_fails_ends_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(shapes); i++) {
		struct world world;
		struct crew c;
		struct sk_engine_totals totals;
		assert_true(world_small(&world, "", true));
		clock_set(1000, false);
		crew_start(&c, &shapes[i], &world, 1000, true);
		c.sources[0]->fails = SK_EDAMAGED;
		crew_make(&c);
		assert_int_equal(sk_crew_run(c.crew, c.of, &outcome.fault), SK_OK);
		assert_int_equal(outcome.damages, 1);
		assert_int_equal(sk_crew_finish(c.crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
		expect_closed(&c, &totals);
		assert_int_equal(totals.received.frames, 1000 * c.count);
		crew_stop(&c);
		world_stop(&world);
	}
}

static enum sk_err interrupt(void *context, struct sk_fault *fault)
{
	(void)context;
	static unsigned calls;
	return ++calls % 4 == 0 ? sk_fault_set(fault, SK_EINTR, "interrupted") : SK_OK;
}

static void an_interrupt_finishes_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(shapes); i++) {
		struct world world;
		struct crew c;
		struct sk_engine_totals totals;
		assert_true(world_small(&world, "", false));
		clock_set(1000, false);
		crew_start(&c, &shapes[i], &world, UINT64_MAX, false);
		c.config.tick = interrupt;
		crew_make(&c);
		assert_int_equal(sk_crew_run(c.crew, c.of, &outcome.fault), SK_EINTR);
		assert_int_equal(sk_crew_finish(c.crew, SK_FLOW_END_BASIS, &outcome.fault), SK_OK);
		expect_closed(&c, &totals);
		assert_int_equal(totals.received.frames, given(&c));
		crew_stop(&c);
		world_stop(&world);
	}
}

/* ---- reload ---- */

static const char *const captured = "/tmp/sk-crew-law.pcap";

/* The same capture before and after a change of everything, with any number of workers. rule: RELOAD-1 */
static void run_with_reload(const struct world *before, const struct world *after, const struct variant *variant, struct outcome *out)
{
	struct sk_snapshot first = world_snapshot(before, 1), second = world_snapshot(after, 2);
	struct sk_observe_sink sink;
	struct sk_crew *crew = NULL;
	memset(out, 0, sizeof *out);
	clock_set(1000, false);
	struct sk_crew_config config = crew_config(variant, &sink, out);
	assert_int_equal(sk_crew_new(&config, &first, &crew, &out->fault), SK_OK);
	for (unsigned half = 0; half < 2; half++) {
		struct test_source *source = calloc(1, sizeof *source);
		assert_non_null(source);
		source->frames = frames;
		source->frame_count = frame_count;
		source->at = half * frame_count / 2;
		source->step = 1;
		source->give = frame_count / 2;
		source->ends = true;
		source->descriptor = -1;
		struct sk_source of = source_of_test(source);
		assert_int_equal(sk_crew_run(crew, &of, &out->fault), SK_OK);
		if (half == 0) {
			assert_true(sk_crew_reload(crew, &second));
			assert_false(sk_crew_reload(crew, &second));
			assert_int_equal(out->passed_snapshots, 0);
			assert_int_equal(sk_crew_end_input(crew, &out->fault), SK_OK);
			assert_int_equal(out->passed_snapshots, 1);
		}
		free(source);
	}
	assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &out->fault), SK_OK);
	sk_crew_totals(crew, &out->totals);
	sk_crew_free(crew);
}

static void a_reload_is_the_same_for_any_crew(void **state)
{
	(void)state;
	static const struct variant alone = {.name = "alone", .workers = 1}, crews[] = {{.name = "1 thread", .workers = 1, .threads = true},
											{.name = "2", .workers = 2, .threads = true},
											{.name = "4", .workers = 4, .threads = true, .exchange_bytes = 1, .frame_bytes = 4096}};
	static struct outcome one, many;
	struct world before, after;
	assert_true(world_small(&before, "198.51.100.7\nevil.example\n", false) && world_small(&after, "203.0.113.0/29\n198.51.100.0/30\nexample.com\n", true));
	after.basis.classes = SK_CLASS_BIT(SK_CLASS_DF) | SK_CLASS_BIT(SK_CLASS_FF);
	run_with_reload(&before, &after, &alone, &one);
	assert_int_equal(one.intervals, 2);
	assert_int_equal(one.interval[0].snapshot, 1);
	assert_int_equal(one.interval[1].snapshot, 2);
	assert_int_equal(one.interval[1].pending_before.frames, one.interval[0].pending_after.frames);
	assert_true(one.interval[0].findings > 0 && one.interval[1].findings > 0 && one.interval[1].pending_before.frames > 0);
	assert_true(one.totals.select[SK_SELECT_STOPPED].frames > 0); /* FD is covered no longer */
	assert_int_equal(one.totals.received.frames, frame_count / 2 * 2);
	for (size_t i = 0; i < SK_COUNT(crews); i++) {
		run_with_reload(&before, &after, &crews[i], &many);
		assert_true(same_outcome(&one, &many, crews[i].name));
	}
	world_stop(&before);
	world_stop(&after);
}

/* What a segment that stays open across a reload becomes: hits of the old set end with it, the new set is asked of it. */
static void run_talk(const char *before_list, const char *after_list, uint32_t after_classes, struct outcome *out)
{
	static const struct variant alone = {.name = "alone", .workers = 1};
	struct world before, after;
	assert_true(world_small(&before, before_list, false) && world_small(&after, after_list, false));
	after.basis.classes = after_classes;
	run_with_reload(&before, &after, &alone, out);
	world_stop(&before);
	world_stop(&after);
}

static void what_becomes_of_open_segments(void **state)
{
	(void)state;
	static struct outcome out;
	enum { ALL = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF) };
	struct sk_frame *kept = frames;
	size_t kept_count = frame_count;
	/* One UDP talk of 40 frames, half of them before the reload. */
	static uint8_t bytes[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 5, 198, 51, 100, 7, 0x9c, 0x40, 0x13, 0x88, 0, 26};
	struct sk_frame talk[40];
	for (unsigned i = 0; i < 40; i++)
		talk[i] = (struct sk_frame){.bytes = bytes, .captured_bytes = sizeof bytes, .wire_bytes = sizeof bytes, .time_ns = i * INT64_C(1000000000)};
	frames = talk;
	frame_count = 40;
	/* Named before and after: a finding on each side of the cut. */
	run_talk("198.51.100.7\n", "192.0.2.5\n198.51.100.7\n203.0.113.9\n", ALL, &out);
	assert_int_equal(out.interval[0].selected.frames, 20);
	assert_int_equal(out.interval[0].pending_after.frames, 0);
	assert_int_equal(out.interval[1].selected.frames, 20);
	assert_int_equal(out.interval[0].findings, 1);
	assert_int_equal(out.interval[1].findings, 2);
	/* Named only before: the first half is selected, the rest is not. */
	run_talk("198.51.100.7\n", "203.0.113.9\n", ALL, &out);
	assert_int_equal(out.interval[0].selected.frames, 20);
	assert_int_equal(out.totals.select[SK_SELECT_NO_HIT].frames, 20);
	/* Named only after: the open segment is asked at its next packet, and is selected as a whole. */
	run_talk("203.0.113.9\n", "198.51.100.7\n", ALL, &out);
	assert_int_equal(out.interval[0].selected.frames, 0);
	assert_int_equal(out.interval[0].pending_after.frames, 20);
	assert_int_equal(out.interval[1].selected.frames, 40);
	/* Covered no longer: stopped at the cut, and nothing is admitted after it. */
	run_talk("203.0.113.9\n", "198.51.100.7\n", SK_CLASS_BIT(SK_CLASS_FD), &out);
	assert_int_equal(out.totals.select[SK_SELECT_STOPPED].frames, 20);
	assert_int_equal(out.interval[0].pending_after.frames, 0);
	assert_int_equal(out.totals.gate[SK_GATE_NOT_COVERED].frames, 20);
	frames = kept;
	frame_count = kept_count;
}

/* ---- a storm of reloads ---- */

struct storm {
	struct sk_crew *crew;
	struct world *worlds[2];
	struct sk_snapshot snapshots[512];
	unsigned made, passed;
	uint64_t wrong;
};

static struct storm storm;

static enum sk_err reload_always(void *context, struct sk_fault *fault)
{
	(void)context, (void)fault;
	if (storm.made < SK_COUNT(storm.snapshots)) {
		storm.snapshots[storm.made] = world_snapshot(storm.worlds[storm.made % 2], storm.made + 1);
		storm.made += sk_crew_reload(storm.crew, &storm.snapshots[storm.made]);
	}
	return SK_OK;
}

/* Given back in order, and nobody may look at it again: overwritten, a look would be seen. */
static void note_passed(void *context, const struct sk_snapshot *snapshot)
{
	(void)context;
	assert_ptr_equal(snapshot, &storm.snapshots[storm.passed]);
	memset(&storm.snapshots[storm.passed++], 0x5a, sizeof *snapshot);
}

static enum sk_err note_interval(void *context, struct sk_account *account, const struct sk_snapshot *snapshot, struct sk_fault *fault)
{
	(void)fault;
	struct outcome *out = context;
	out->intervals++;
	out->last = *account;
	storm.wrong += snapshot != &storm.snapshots[storm.passed];
	return SK_OK;
}

/* An id of the other set would name a value that the talk has nothing to do with. */
static void note_finding(void *context, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	struct outcome *out = context;
	struct sk_prefix prefix;
	out->findings++;
	if (sk_prefix_parse(finding->matched, &prefix) == SK_OK)
		storm.wrong += !sk_prefix_holds(&prefix, &evidence->initiator) && !sk_prefix_holds(&prefix, &evidence->responder);
	else
		storm.wrong += strstr(finding->matched, "example") == NULL || (evidence->sections & (SK_SECTION_DNS | SK_SECTION_HTTP)) == 0;
}

static void reloads_all_the_time(void **state)
{
	(void)state;
	struct world a, b;
	assert_true(world_small(&a, "198.51.100.7\n198.51.100.8\nevil.example\n203.0.113.0/29\n", false));
	assert_true(world_small(&b, "203.0.113.0/28\n198.51.100.3\n198.51.100.4\n198.51.100.5\nexample.com\n2001:db8:2::/48\n", true));
	for (size_t i = 0; i < SK_COUNT(shapes); i++) {
		struct crew c;
		struct sk_engine_totals totals;
		clock_set(1000, false);
		crew_start(&c, &shapes[i], &a, shapes[i].threads ? 400000 : 40000, true);
		storm = (struct storm){.worlds = {&a, &b}, .made = 1};
		storm.snapshots[0] = c.snapshot;
		c.config.tick = reload_always;
		c.config.passed = note_passed;
		c.config.interval = note_interval;
		c.config.interval_frames = 5000;
		c.sink.finding = note_finding;
		assert_int_equal(sk_crew_new(&c.config, &storm.snapshots[0], &storm.crew, &outcome.fault), SK_OK);
		c.crew = storm.crew;
		enum sk_err err = sk_crew_run(c.crew, c.of, &outcome.fault);
		if (err != SK_OK)
			fail_msg("%s: %s", shapes[i].name, outcome.fault.line);
		assert_int_equal(sk_crew_finish(c.crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
		expect_closed(&c, &totals);
		assert_int_equal(totals.received.frames, given(&c));
		assert_int_equal(storm.wrong, 0);
		assert_true(storm.passed >= 2 && outcome.findings > 0);
		print_message("%s: %u reloads over %lu frames, %lu intervals, %lu findings, %lu frames lost between workers\n", shapes[i].name, storm.passed,
			      totals.received.frames, outcome.intervals, outcome.findings, totals.capture_lost.frames);
		crew_stop(&c);
	}
	world_stop(&a);
	world_stop(&b);
}

/* ---- entering ---- */

static atomic_uint entered;
static pthread_t entered_by[SOURCES_MAX];

static enum sk_err enter(void *context, unsigned worker, struct sk_fault *fault)
{
	(void)context;
	entered_by[worker] = pthread_self();
	unsigned before = atomic_fetch_add(&entered, 1);
	return before == 3 ? sk_fault_set(fault, SK_EPERMIT, "worker %u may not enter", worker) : SK_OK;
}

/* Each in its own thread, before the first frame; one that may not enter ends the start. */
static void workers_enter_first(void **state)
{
	(void)state;
	struct world world;
	struct crew c;
	struct sk_crew_bells bells;
	static const struct shape four = {"4 over one source", 4, 1, true, false};
	assert_true(world_small(&world, "", true));
	clock_set(1000, false);
	for (unsigned round = 0; round < 2; round++) {
		crew_start(&c, round == 0 ? &shapes[2] : &four, &world, 100, true);
		c.config.enter = enter;
		crew_make(&c);
		atomic_store(&entered, 0);
		assert_int_equal(sk_crew_start(c.crew, &outcome.fault), round == 0 ? SK_OK : SK_EPERMIT);
		assert_int_equal(atomic_load(&entered), c.config.workers);
		for (unsigned w = 0; w < c.config.workers; w++) {
			assert_false(pthread_equal(entered_by[w], pthread_self()));
			sk_crew_bells(c.crew, w, &bells);
			assert_true(bells.hears >= 0);
			assert_int_equal(bells.ring_count, c.config.workers); /* the others' and the collector's */
			for (size_t i = 0; i < bells.ring_count; i++)
				assert_true(bells.rings[i] >= 0 && bells.rings[i] != bells.hears);
		}
		if (round == 0) {
			assert_int_equal(sk_crew_start(c.crew, &outcome.fault), SK_OK); /* once */
			assert_int_equal(sk_crew_run(c.crew, c.of, &outcome.fault), SK_OK);
			assert_int_equal(atomic_load(&entered), c.config.workers);
		}
		crew_stop(&c);
	}
	world_stop(&world);
}

static int start_all(void **state)
{
	(void)state;
	clock_collector();
	(void)write_traffic(captured, 9, TRAFFIC_FRAMES, false);
	frame_count = test_source_read(captured, &frames);
	(void)unlink(captured);
	return frame_count == TRAFFIC_FRAMES ? 0 : -1;
}

static int stop_all(void **state)
{
	(void)state;
	test_source_free(frames, frame_count);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_basis_ends_for_every_worker), cmocka_unit_test(nothing_is_looked_at_after_the_end), cmocka_unit_test(a_ledger_that_refuses_ends_it), cmocka_unit_test(a_source_that_fails_ends_alone),
		cmocka_unit_test(an_interrupt_finishes_in_order), cmocka_unit_test(a_reload_is_the_same_for_any_crew), cmocka_unit_test(what_becomes_of_open_segments),
		cmocka_unit_test(reloads_all_the_time), cmocka_unit_test(workers_enter_first),
	};
	return cmocka_run_group_tests(tests, start_all, stop_all);
}
