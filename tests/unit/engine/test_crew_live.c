/* SPDX-License-Identifier: Apache-2.0 */
/* Live: what is lost and what is left out is counted, closes in the equation, and is said in a finding; figures are read whole while workers run. */
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
#include "engine/crew_priv.h"
#include "../english.h"

enum { TRAFFIC_FRAMES = 6000 };
#define MS INT64_C(1000000)

static struct outcome outcome;
static struct sk_frame *frames;
static size_t frame_count;

static void wait_ms(long ms)
{
	(void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static struct test_source *make_source(uint64_t give, bool ends, unsigned first, unsigned step)
{
	struct test_source *source = calloc(1, sizeof *source);
	assert_non_null(source);
	source->frames = frames;
	source->frame_count = frame_count;
	source->first = source->at = first;
	source->step = step;
	source->give = give;
	source->ends = ends;
	source->descriptor = -1;
	return source;
}

static struct sk_crew_config live_config(unsigned workers, struct sk_observe_sink *sink)
{
	const struct variant variant = {.name = "live", .workers = workers, .threads = true};
	memset(&outcome, 0, sizeof outcome);
	struct sk_crew_config config = crew_config(&variant, sink, &outcome);
	config.live = true;
	config.no_own_findings = false;
	clock_set(1000000, false);
	clock_monotonic(0);
	return config;
}

static uint64_t sum_of(const struct sk_cell *cells, size_t count)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += cells[i].frames;
	return sum;
}

static void expect_closed(const struct sk_crew *crew, struct sk_engine_totals *totals)
{
	sk_crew_totals(crew, totals);
	assert_int_equal(totals->pending_frames, 0);
	assert_int_equal(totals->passed.frames, totals->taken.frames);
	assert_int_equal(totals->received.frames, sum_of(totals->gate, SK_GATE_REASON_COUNT) + sum_of(totals->select, SK_SELECT_REASON_COUNT) + totals->selected.frames +
							  totals->capture_lost.frames);
	assert_int_equal(sum_of(totals->classes, SK_CLASS_COUNT), totals->received.frames);
}

/* ---- rings that are full ---- */

/* The other worker stands still: what is for it finds the ring full, is lost and counted, and a finding says so. */
static void a_full_exchange_is_counted(void **state)
{
	(void)state;
	struct world world;
	struct sk_observe_sink sink;
	struct sk_crew *crew = NULL;
	struct sk_engine_totals totals;
	assert_true(world_foreign(&world, "", true));
	struct sk_snapshot snapshot = world_snapshot(&world, 1);
	struct sk_crew_config config = live_config(2, &sink);
	config.exchange_bytes = 1;
	config.frame_bytes = 4096;
	struct test_source *source = make_source(50000, true, 0, 1);
	struct sk_source of = source_of_test(source);
	assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
	source->holds = true;
	assert_int_equal(sk_crew_run(crew, &of, &outcome.fault), SK_OK);
	assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
	expect_closed(crew, &totals);
	assert_int_equal(totals.received.frames, 50000);
	assert_true(totals.exchange_full > 10000);
	assert_int_equal(totals.exchange_full, totals.capture_lost.frames);
	assert_int_equal(outcome.last.lost_count, 2);
	assert_string_equal(outcome.last.lost[0].name, "exchange_full");
	assert_true(outcome.last.lost[0].bytes > 0);
	assert_int_equal(sk_crew_residue(crew), 0);
	/* About ourselves: no address, no class. */
	assert_true(outcome.own_findings >= 1);
	assert_string_equal(outcome.first_own.kind, "sensor_loss");
	assert_int_equal(outcome.first_own.subject.family + outcome.first_own.counterpart.family, 0);
	assert_string_equal(sk_finding_class_name(&outcome.first_own), "none");
	assert_non_null(strstr(english(&outcome.first_own.sentence), "exchange_full"));
	assert_int_equal(outcome.first_own.severity, 3);
	sk_crew_free(crew);
	free(source);
	world_stop(&world);
}

static bool slow_observation(void *context, const struct sk_observation *observation)
{
	(void)observation;
	((struct outcome *)context)->observations++;
	(void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
	return true;
}

/* The collector is slow: records find no room, and their frames are shed. */
static void a_full_spool_is_counted(void **state)
{
	(void)state;
	for (unsigned workers = 1; workers <= 2; workers++) {
		struct world world;
		struct sk_observe_sink sink;
		struct sk_crew *crew = NULL;
		struct sk_engine_totals totals;
		assert_true(world_foreign(&world, "198.51.100.7\n203.0.113.0/29\nexample.com\n", true));
		struct sk_snapshot snapshot = world_snapshot(&world, 1);
		struct sk_crew_config config = live_config(workers, &sink);
		config.spool_bytes = 1;
		config.flow.flows = 1024; /* evictions make many records */
		sink.observation = slow_observation;
		struct test_source *source = make_source(60000, true, 0, 1);
		struct sk_source of = source_of_test(source);
		assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
		assert_int_equal(sk_crew_run(crew, &of, &outcome.fault), SK_OK);
		assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
		expect_closed(crew, &totals);
		assert_true(totals.spool_full > 100);
		assert_int_equal(outcome.observations, totals.observations);
		assert_int_equal(outcome.observations + totals.spool_full, totals.segments);
		assert_true(totals.select[SK_SELECT_SHED].frames >= totals.spool_full);
		assert_int_equal(outcome.own_findings, 1);
		assert_string_equal(outcome.last_own.kind, "sensor_shedding");
		sk_crew_free(crew);
		free(source);
		world_stop(&world);
	}
}

/* So do events of detectors, whose collector is slow: each that finds no room is counted, in the account, in the sums, in a finding of its own. Its twin, with room, loses none.
   rule: DETECTOR-4 */
static void lost_events_are_counted(void **state)
{
	(void)state;
	for (unsigned room = 0; room < 2; room++) {
		struct world world;
		struct sk_observe_sink sink;
		struct sk_crew *crew = NULL;
		struct sk_engine_totals totals;
		struct sk_crew_stats stats;
		assert_true(world_foreign(&world, "198.51.100.7\n203.0.113.0/29\nexample.com\n", true));
		world_watch(&world, false);
		struct sk_snapshot snapshot = world_snapshot(&world, 1);
		struct sk_crew_config config = live_config(1, &sink);
		config.spool_bytes = room != 0 ? 64 << 20 : 1;
		config.flow.flows = 1024;
		sink.observation = slow_observation;
		struct test_source *source = make_source(20000, true, 0, 1);
		struct sk_source of = source_of_test(source);
		assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
		assert_int_equal(sk_crew_run(crew, &of, &outcome.fault), SK_OK);
		assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
		expect_closed(crew, &totals);
		sk_crew_stats(crew, 0, &stats);
		assert_int_equal(stats.events_lost, totals.events_lost);
		assert_int_equal(outcome.last.events_lost, totals.events_lost); /* the one interval */
		assert_true(room != 0 ? totals.events_lost == 0 : totals.events_lost > 100);
		assert_int_equal(room == 0, outcome.own_findings != 0 && strcmp(outcome.last_own.kind, "detectors_blind") == 0);
		if (room == 0) {
			assert_non_null(strstr(english(&outcome.last_own.sentence), "the detectors of this sensor missed"));
			assert_int_equal(outcome.last_own.subject.family + outcome.last_own.counterpart.family, 0);
		}
		sk_crew_free(crew);
		free(source);
		world_stop(&world);
	}
}

/* The same behind a pipe: whoever writes to it waits, and nothing is lost, left out or shed. */
static void a_source_that_can_wait_waits(void **state)
{
	(void)state;
	struct world world;
	struct sk_observe_sink sink;
	struct sk_crew *crew = NULL;
	struct sk_engine_totals totals;
	assert_true(world_foreign(&world, "198.51.100.7\n203.0.113.0/29\nexample.com\n", true));
	struct sk_snapshot snapshot = world_snapshot(&world, 1);
	struct sk_crew_config config = live_config(2, &sink);
	config.waits = true;
	config.spool_bytes = config.exchange_bytes = 1;
	config.frame_bytes = 4096;
	config.flow.flows = 1024; /* evictions make many records */
	sink.observation = slow_observation;
	struct test_source *source = make_source(20000, true, 0, 1);
	atomic_store(&source->backlog, SK_SOURCE_FULL);
	struct sk_source of = source_of_test(source);
	assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
	assert_int_equal(sk_crew_run(crew, &of, &outcome.fault), SK_OK);
	assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
	expect_closed(crew, &totals);
	assert_int_equal(totals.received.frames, 20000);
	assert_int_equal(totals.spool_full + totals.exchange_full + totals.capture_lost.frames + totals.heads_shed + totals.facts_shed + totals.flows_shed, 0);
	assert_int_equal(outcome.observations, totals.segments);
	assert_true(totals.passed.frames > 1000 && totals.select[SK_SELECT_SHED].frames == 0);
	sk_crew_free(crew);
	free(source);
	world_stop(&world);
}

/* ---- what the source counts ---- */

static void what_the_kernel_counts_is_in_the_account(void **state)
{
	(void)state;
	struct world world;
	struct sk_observe_sink sink;
	struct sk_crew *crew = NULL;
	struct sk_engine_totals totals;
	struct test_source *sources[3];
	struct sk_source of[3];
	assert_true(world_small(&world, "", false));
	struct sk_snapshot snapshot = world_snapshot(&world, 1);
	struct sk_crew_config config = live_config(3, &sink);
	config.sources = 3;
	snapshot.loss_ppm = 500000;
	for (unsigned i = 0; i < 3; i++) {
		sources[i] = make_source(1000, true, i, 3);
		of[i] = source_of_test(sources[i]);
		atomic_store(&sources[i]->lost, 100 * (i + 1));
		atomic_store(&sources[i]->erased, 1000 * (i + 1));
	}
	assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
	assert_int_equal(sk_crew_run(crew, of, &outcome.fault), SK_OK);
	assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
	expect_closed(crew, &totals);
	assert_int_equal(totals.received.frames, 3000 + 600 + 6000);
	assert_int_equal(totals.capture_lost.frames, 600);
	uint64_t told = 0;
	for (unsigned w = 0; w < 3; w++) {
		struct sk_crew_stats stats;
		sk_crew_stats(crew, w, &stats);
		for (size_t i = 0; i < stats.lost_count; i++)
			told += strcmp(stats.lost[i].name, "kernel_ring") == 0 ? stats.lost[i].frames : 0;
	}
	assert_int_equal(told, 600);
	assert_true(totals.gate[SK_GATE_DOMESTIC].frames >= 6000 && totals.gate[SK_GATE_DOMESTIC].bytes >= 600000);
	assert_true(totals.classes[SK_CLASS_DD].frames >= 6000 && totals.classes[SK_CLASS_UNKNOWN].frames >= 600);
	assert_string_equal(totals.lost[1].name, "kernel_ring");
	assert_int_equal(outcome.own_findings, 0); /* below the threshold */
	sk_crew_free(crew);
	for (unsigned i = 0; i < 3; i++)
		free(sources[i]);
	world_stop(&world);
}

/* ---- time ---- */

static struct sk_crew *timed_crew;
static struct test_source *timed_source;
static int64_t next_step_ns;

/* Sixty seconds a tick. */
static enum sk_err pass_time(void *context, struct sk_fault *fault)
{
	(void)context;
	if (outcome.intervals >= 5)
		return sk_fault_set(fault, SK_EINTR, "enough");
	next_step_ns += 20000 * MS;
	clock_monotonic(next_step_ns);
	clock_set(1000000 + next_step_ns, false);
	return SK_OK;
}

/* Live an interval ends by time, also one in which nothing came; idle flows end though no frame tells the time. */
static void intervals_by_time(void **state)
{
	(void)state;
	for (unsigned workers = 1; workers <= 3; workers++) {
		struct world world;
		struct sk_observe_sink sink;
		struct sk_engine_totals totals;
		assert_true(world_small(&world, "", false));
		struct sk_snapshot snapshot = world_snapshot(&world, 1);
		struct sk_crew_config config = live_config(workers, &sink);
		config.interval_ns = 60000 * MS;
		config.tick = pass_time;
		next_step_ns = 1000 * MS;
		clock_monotonic(next_step_ns);
		timed_source = make_source(2000, false, 0, 1);
		struct sk_source of = source_of_test(timed_source);
		assert_int_equal(sk_crew_new(&config, &snapshot, &timed_crew, &outcome.fault), SK_OK);
		assert_int_equal(sk_crew_run(timed_crew, &of, &outcome.fault), SK_EINTR);
		assert_true(outcome.intervals >= 5);
		for (size_t i = 1; i < outcome.intervals; i++) {
			assert_int_equal(outcome.interval[i].from_ns, outcome.interval[i - 1].to_ns);
			assert_true(outcome.interval[i].to_ns >= outcome.interval[i].from_ns);
			assert_int_equal(outcome.interval[i].pending_before.frames, outcome.interval[i - 1].pending_after.frames);
		}
		assert_int_equal(outcome.interval[4].received.frames, 0);
		assert_int_equal(outcome.interval[4].pending_after.frames, 0); /* all have idled out */
		assert_int_equal(sk_crew_finish(timed_crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
		expect_closed(timed_crew, &totals);
		sk_crew_free(timed_crew);
		free(timed_source);
		world_stop(&world);
	}
	clock_monotonic(0);
}

/* ---- shedding ---- */

/* So much of a queue for so long: to which level does it lead? Each step is one level. *ms: when the last step was. */
static enum sk_shed level_after(struct sk_load *load, enum sk_shed level, unsigned backlog, int64_t from_ns, int64_t ms, int64_t *last_ms)
{
	static const struct sk_shed_limits limits = {.heads = 500, .facts = 750, .flows = 900, .recover = 250};
	for (int64_t at = 0; at < ms; at++) {
		enum sk_shed next = sk_load_level(load, &limits, level, backlog, from_ns + at * MS);
		assert_true(next == level || next == level + 1 || next + 1 == level);
		if (next != level)
			*last_ms = at;
		level = next;
	}
	return level;
}

/* Up after a while of long queues, as far as the limits say; down after a longer one of short queues; in between nothing moves. rule: SHED-1 */
static void levels_have_an_order(void **state)
{
	(void)state;
	struct sk_load load = {.since_ns = 0};
	int64_t last = -1, at = 0;
	assert_int_equal(level_after(&load, SK_SHED_NOTHING, 499, at, 1000, &last), SK_SHED_NOTHING);
	assert_int_equal(level_after(&load, SK_SHED_NOTHING, 749, at += 1000 * MS, 1000, &last), SK_SHED_HEADS);
	assert_int_equal(last, 50);
	assert_int_equal(level_after(&load, SK_SHED_HEADS, 899, at += 1000 * MS, 1000, &last), SK_SHED_FACTS);
	assert_int_equal(last, 50);
	assert_int_equal(level_after(&load, SK_SHED_FACTS, 900, at += 1000 * MS, 1000, &last), SK_SHED_FLOWS);
	assert_int_equal(last, 5);
	/* Neither long nor short: it stays. Short now and then is not short. */
	assert_int_equal(level_after(&load, SK_SHED_FLOWS, 251, at += 1000 * MS, 10000, &last), SK_SHED_FLOWS);
	at += 10000 * MS;
	for (unsigned i = 0; i < 10; i++, at += 1000 * MS) {
		assert_int_equal(level_after(&load, SK_SHED_FLOWS, 250, at, 999, &last), SK_SHED_FLOWS);
		assert_int_equal(level_after(&load, SK_SHED_FLOWS, 300, at + 999 * MS, 1, &last), SK_SHED_FLOWS);
	}
	assert_int_equal(level_after(&load, SK_SHED_FLOWS, 250, at, 1500, &last), SK_SHED_FACTS);
	assert_int_equal(last, 1000);
	assert_int_equal(level_after(&load, SK_SHED_FACTS, 0, at += 1500 * MS, 5000, &last), SK_SHED_NOTHING);
	/* Nearly full: all of it, and much sooner. */
	assert_int_equal(level_after(&load, SK_SHED_NOTHING, 950, at += 5000 * MS, 30, &last), SK_SHED_FLOWS);
	/* A limit that cannot be reached is never. */
	static const struct sk_shed_limits never = {.heads = 1000, .facts = 1000, .flows = 1000, .recover = 250};
	load = (struct sk_load){.since_ns = 0};
	for (at = 0; at < 1000 * MS; at += MS)
		assert_int_equal(sk_load_level(&load, &never, SK_SHED_NOTHING, SK_SOURCE_FULL, at), SK_SHED_NOTHING);
}

/* What each level costs, and what it does not: the account of an engine under it. */
static void each_level_gives_up_its_own(void **state)
{
	(void)state;
	struct world world;
	assert_true(world_foreign(&world, "198.51.100.7\n203.0.113.0/29\nexample.com\n", false));
	for (enum sk_shed level = SK_SHED_NOTHING; level < SK_SHED_COUNT; level++) {
		struct sk_observe_sink sink;
		struct sk_crew *crew = NULL;
		struct sk_engine_totals totals;
		struct sk_snapshot snapshot = world_snapshot(&world, 1);
		const struct variant variant = {.name = "alone", .workers = 1};
		memset(&outcome, 0, sizeof outcome);
		struct sk_crew_config config = crew_config(&variant, &sink, &outcome);
		struct test_source *source = make_source(frame_count, true, 0, 1);
		struct sk_source of = source_of_test(source);
		assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
		sk_engine_shed(crew->workers[0].engine, level);
		assert_int_equal(sk_crew_run(crew, &of, &outcome.fault), SK_OK);
		assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
		expect_closed(crew, &totals);
		assert_int_equal(totals.received.frames, frame_count);
		assert_int_equal(totals.heads_shed > 0, level >= SK_SHED_HEADS && level < SK_SHED_FLOWS);
		assert_int_equal(totals.facts_shed > 0, level == SK_SHED_FACTS);
		assert_int_equal(totals.flows_shed > 0, level == SK_SHED_FLOWS);
		assert_int_equal(totals.select[SK_SELECT_SHED].frames > 0, level >= SK_SHED_FACTS);
		assert_int_equal(outcome.findings > 0, level < SK_SHED_FACTS);
		assert_int_equal(totals.segments == 0, level == SK_SHED_FLOWS);
		sk_crew_free(crew);
		free(source);
	}
	world_stop(&world);
}

/* Segments that went without their selectors are asked when load has fallen. */
static void what_was_shed_is_asked_later(void **state)
{
	(void)state;
	struct world world;
	struct sk_observe_sink sink;
	struct sk_crew *crew = NULL;
	struct sk_engine_totals totals;
	static uint8_t bytes[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 5, 198, 51, 100, 7, 0x9c, 0x40, 0x13, 0x88, 0, 26};
	const struct sk_frame talk = {.bytes = bytes, .captured_bytes = sizeof bytes, .wire_bytes = sizeof bytes, .time_ns = 5};
	assert_true(world_small(&world, "198.51.100.7\n", false));
	struct sk_snapshot snapshot = world_snapshot(&world, 1);
	const struct variant variant = {.name = "alone", .workers = 1};
	memset(&outcome, 0, sizeof outcome);
	struct sk_crew_config config = crew_config(&variant, &sink, &outcome);
	assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
	static const enum sk_shed levels[] = {SK_SHED_FACTS, SK_SHED_FLOWS, SK_SHED_HEADS};
	for (size_t i = 0; i < SK_COUNT(levels); i++) {
		struct test_source *source = make_source(10, true, 0, 1);
		source->frames = &talk;
		source->frame_count = 1;
		struct sk_source of = source_of_test(source);
		sk_engine_shed(crew->workers[0].engine, levels[i]);
		assert_int_equal(sk_crew_run(crew, &of, &outcome.fault), SK_OK);
		free(source);
	}
	assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
	expect_closed(crew, &totals);
	assert_int_equal(totals.selected.frames, 30);
	assert_int_equal(outcome.findings, 1);
	sk_crew_free(crew);
	world_stop(&world);
}

static struct sk_crew *loaded_crew;
static unsigned highest, calls;

/* The source's queue is long for a while of fake time, then short. */
static enum sk_err press(void *context, struct sk_fault *fault)
{
	(void)context;
	struct sk_crew_stats stats;
	next_step_ns += 200 * MS;
	clock_monotonic(next_step_ns);
	wait_ms(5);
	sk_crew_stats(loaded_crew, 0, &stats);
	highest = stats.shed > highest ? (unsigned)stats.shed : highest;
	calls++;
	if (highest == SK_SHED_FLOWS)
		atomic_store(&timed_source->backlog, 0);
	return calls > 400 || (highest == SK_SHED_FLOWS && stats.shed == SK_SHED_NOTHING) ? sk_fault_set(fault, SK_EINTR, "enough") : SK_OK;
}

static void load_is_measured_at_the_source(void **state)
{
	(void)state;
	struct world world;
	struct sk_observe_sink sink;
	struct sk_engine_totals totals;
	struct sk_crew_stats stats;
	assert_true(world_foreign(&world, "198.51.100.7\nexample.com\n", false));
	struct sk_snapshot snapshot = world_snapshot(&world, 1);
	struct sk_crew_config config = live_config(1, &sink);
	config.tick = press;
	next_step_ns = 1000 * MS;
	clock_monotonic(next_step_ns);
	timed_source = make_source(UINT64_MAX, false, 0, 1);
	atomic_store(&timed_source->backlog, 950);
	struct sk_source of = source_of_test(timed_source);
	highest = calls = 0;
	assert_int_equal(sk_crew_new(&config, &snapshot, &loaded_crew, &outcome.fault), SK_OK);
	assert_int_equal(sk_crew_run(loaded_crew, &of, &outcome.fault), SK_EINTR);
	sk_crew_stats(loaded_crew, 0, &stats);
	assert_int_equal(highest, SK_SHED_FLOWS);
	assert_int_equal(stats.shed, SK_SHED_NOTHING);
	assert_true(stats.heads_shed > 0 && stats.flows_shed + stats.facts_shed > 0);
	assert_int_equal(sk_crew_finish(loaded_crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
	expect_closed(loaded_crew, &totals);
	assert_string_equal(outcome.last_own.kind, "sensor_shedding");
	assert_int_equal(totals.heads_shed, stats.heads_shed > totals.heads_shed ? 0 : totals.heads_shed);
	sk_crew_free(loaded_crew);
	free(timed_source);
	world_stop(&world);
	clock_monotonic(0);
}

/* ---- many sources ---- */

/* Each worker has a third of the frames, whosever they are: nothing is lost, and in sum they are judged as by one. */
static void a_source_each(void **state)
{
	(void)state;
	struct world world;
	struct sk_engine_totals all, one;
	struct sk_frame *timeless = malloc(frame_count * sizeof *timeless), *kept = frames;
	assert_non_null(timeless);
	assert_true(world_small(&world, "198.51.100.7\n203.0.113.0/29\nexample.com\n", true));
	for (size_t i = 0; i < frame_count; i++) {
		timeless[i] = frames[i];
		timeless[i].time_ns = 1000 * MS;
	}
	frames = timeless;
	struct sk_snapshot snapshot = world_snapshot(&world, 1);
	for (unsigned round = 0; round < 2; round++) {
		unsigned workers = round == 0 ? 1 : 3;
		struct sk_observe_sink sink;
		struct sk_crew *crew = NULL;
		struct test_source *sources[3];
		struct sk_source of[3];
		struct sk_crew_config config = live_config(workers, &sink);
		config.sources = workers;
		config.interval_ns = 3 * MS;
		config.decoder.datagrams = 4096; /* sources get on at their own pace: pieces wait for long */
		config.decoder.pool_bytes = 4 << 20;
		for (unsigned i = 0; i < workers; i++) {
			sources[i] = make_source(frame_count / workers, true, i, workers);
			of[i] = source_of_test(sources[i]);
		}
		assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
		assert_int_equal(sk_crew_run(crew, of, &outcome.fault), SK_OK);
		assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
		expect_closed(crew, &all);
		assert_int_equal(all.capture_lost.frames, 0);
		assert_int_equal(all.received.frames, frame_count);
		if (round == 0)
			one = all;
		sk_crew_free(crew);
		for (unsigned i = 0; i < workers; i++)
			free(sources[i]);
	}
	assert_true(all.passed.frames > 1000);
	assert_memory_equal(all.classes, one.classes, sizeof all.classes);
	/* Fragments meet in another order; that changes a few. */
	print_message("%lu frames selected by one, %lu by three of whom %lu were handed on\n", one.selected.frames, all.selected.frames, all.passed.frames);
	assert_true(all.selected.frames > one.selected.frames * 9 / 10 && all.selected.frames < one.selected.frames * 11 / 10);
	frames = kept;
	free(timeless);
	world_stop(&world);
}

/* ---- figures ---- */

static int64_t monotonic_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct reader {
	const struct sk_crew *crew;
	unsigned workers;
	atomic_bool stop;
	uint64_t reads, torn, back;
};

static void *read_figures(void *context)
{
	struct reader *reader = context;
	uint64_t before[4] = {0};
	while (!atomic_load(&reader->stop)) {
		for (unsigned w = 0; w < reader->workers; w++) {
			struct sk_crew_stats stats;
			sk_crew_stats(reader->crew, w, &stats);
			reader->reads++;
			/* What is counted together is read together. */
			reader->torn += sum_of(stats.classes, SK_CLASS_COUNT) != stats.received.frames;
			reader->back += stats.received.frames + stats.taken.frames < before[w];
			before[w] = stats.received.frames + stats.taken.frames;
		}
	}
	return NULL;
}

static void figures_are_read_whole(void **state)
{
	(void)state;
	struct world world;
	struct sk_observe_sink sink;
	struct sk_crew *crew = NULL;
	struct sk_crew_stats stats;
	struct sk_engine_totals totals;
	pthread_t thread;
	assert_true(world_small(&world, "198.51.100.7\n", true));
	struct sk_snapshot snapshot = world_snapshot(&world, 7);
	const struct variant variant = {.name = "3", .workers = 3, .threads = true};
	memset(&outcome, 0, sizeof outcome);
	clock_set(1000, false);
	struct sk_crew_config config = crew_config(&variant, &sink, &outcome);
	struct test_source *source = make_source(600000, true, 0, 1);
	struct sk_source of = source_of_test(source);
	assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
	struct reader reader = {.crew = crew, .workers = 3};
	assert_int_equal(pthread_create(&thread, NULL, read_figures, &reader), 0);
	assert_int_equal(sk_crew_run(crew, &of, &outcome.fault), SK_OK);
	assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome.fault), SK_OK);
	atomic_store(&reader.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(reader.torn, 0);
	assert_int_equal(reader.back, 0);
	assert_true(reader.reads > 100);
	/* At the end they are the totals. */
	expect_closed(crew, &totals);
	uint64_t received = 0, selected = 0;
	for (unsigned w = 0; w < 3; w++) {
		sk_crew_stats(crew, w, &stats);
		received += stats.received.frames;
		selected += stats.selected.frames;
		assert_int_equal(stats.snapshot, 7);
	}
	assert_int_equal(received, totals.received.frames);
	assert_int_equal(selected, totals.selected.frames);
	sk_crew_free(crew);
	free(source);
	world_stop(&world);
}

/* A worker that tells all the time. */
static void figures_are_never_torn(void **state)
{
	(void)state;
	struct world world;
	struct sk_observe_sink sink;
	struct sk_crew *crew = NULL;
	pthread_t thread;
	assert_true(world_small(&world, "", false));
	struct sk_snapshot snapshot = world_snapshot(&world, 1);
	const struct variant variant = {.name = "alone", .workers = 1};
	clock_set(1000, false);
	struct sk_crew_config config = crew_config(&variant, &sink, &outcome);
	assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &outcome.fault), SK_OK);
	struct sk_engine *engine = crew->workers[0].engine;
	struct reader reader = {.crew = crew, .workers = 1};
	assert_int_equal(pthread_create(&thread, NULL, read_figures, &reader), 0);
	for (int64_t end = monotonic_ms() + 300; monotonic_ms() < end;) {
		for (unsigned i = 0; i < 100; i++) {
			engine->received.frames++;
			engine->classes[SK_CLASS_UNKNOWN].frames++;
			sk_stats_tell(&crew->workers[0]);
		}
	}
	atomic_store(&reader.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	print_message("%lu tellings, %lu readings\n", engine->received.frames, reader.reads);
	assert_int_equal(reader.torn, 0);
	assert_int_equal(reader.back, 0);
	sk_crew_free(crew);
	world_stop(&world);
}

static int start_all(void **state)
{
	(void)state;
	static const char path[] = "/tmp/sk-crew-live.pcap";
	clock_collector();
	(void)write_traffic(path, 21, TRAFFIC_FRAMES, false);
	frame_count = test_source_read(path, &frames);
	(void)unlink(path);
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
		cmocka_unit_test(a_full_exchange_is_counted), cmocka_unit_test(a_full_spool_is_counted), cmocka_unit_test(lost_events_are_counted), cmocka_unit_test(a_source_that_can_wait_waits), cmocka_unit_test(what_the_kernel_counts_is_in_the_account),
		cmocka_unit_test(intervals_by_time), cmocka_unit_test(levels_have_an_order), cmocka_unit_test(each_level_gives_up_its_own),
		cmocka_unit_test(what_was_shed_is_asked_later), cmocka_unit_test(load_is_measured_at_the_source), cmocka_unit_test(a_source_each),
		cmocka_unit_test(figures_are_read_whole),
		cmocka_unit_test(figures_are_never_torn),
	};
	return cmocka_run_group_tests(tests, start_all, stop_all);
}
