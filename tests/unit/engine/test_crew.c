/* SPDX-License-Identifier: Apache-2.0 */
/* The crew's promise: the same captures give the same with any number of workers, interval by interval. //= rule: WORKER-1
   //= rule: EPOCH-1 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crew_test.h"

enum { CAPTURES_MAX = 1024, SMALL_FRAME = 4096 };

static const char selectors[] = "198.51.100.7\n203.0.113.0/29\nevil.example\n2001:db8:2::5\nexample.com\n8.8.8.8\ngoogle.com\n";

static const struct variant alone = {.name = "alone", .workers = 1}, others[] = {
	{.name = "1 thread", .workers = 1, .threads = true},
	{.name = "2", .workers = 2, .threads = true},
	{.name = "4", .workers = 4, .threads = true},
	{.name = "4, tiny rings", .workers = 4, .threads = true, .exchange_bytes = 1, .frame_bytes = SMALL_FRAME},
	{.name = "3, tiny rings, dawdling", .workers = 3, .threads = true, .exchange_bytes = 1, .frame_bytes = SMALL_FRAME, .dawdle = true},
};

static struct outcome one, many; /* too large for a stack */
static uint64_t in_countries;    /* frames that one worker told by country */

static void compare_all(const struct world *world, const char *const *paths, size_t count, uint64_t interval_frames, const struct variant *variants, size_t variant_count,
			const char *what)
{
	run_captures(world, &alone, paths, count, interval_frames, &one);
	in_countries += one.in_countries;
	assert_int_equal(one.err, SK_OK);
	assert_int_equal(one.totals.pending_frames, 0);
	assert_int_equal(one.residue, 0);
	for (size_t v = 0; v < variant_count; v++) {
		char text[256];
		(void)snprintf(text, sizeof text, "%s, intervals of %lu, %s", what, interval_frames, variants[v].name);
		run_captures(world, &variants[v], paths, count, interval_frames, &many);
		assert_int_equal(many.residue, 0);
		if (!same_outcome(&one, &many, text))
			fail_msg("%s: not the same", text);
	}
}

static void temporary(char *path)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
}

/* Random traffic under many interval sizes, at ordinary and at impossible times. */
static void traffic_is_the_same(void **state)
{
	(void)state;
	static const uint64_t sizes[] = {0, 1000, 61, 7};
	char path[] = "/tmp/sk-crew-traffic-XXXXXX";
	temporary(path);
	const char *const paths[] = {path};
	uint64_t observations = 0, findings = 0, passed = 0, intervals = 0;
	for (uint32_t seed = 1; seed <= 6; seed++) {
		for (unsigned wild = 0; wild < 2; wild++) {
			struct world world;
			char what[64];
			(void)snprintf(what, sizeof what, "traffic %u%s", seed, wild != 0 ? ", wild" : "");
			(void)write_traffic(path, seed * 77 + wild, wild != 0 ? 12000 : 4000, wild != 0);
			assert_true(world_small(&world, selectors, seed % 2 == 0));
			/* Where the clock jumps by hours, an answer may be older than what remembers its question: then one second's order tells. */
			if (wild == 0)
				world_watch(&world, true);
			compare_all(&world, paths, 1, sizes[seed % 4], others, SK_COUNT(others), what);
			observations += one.observations;
			findings += one.findings;
			intervals += one.intervals;
			passed += many.totals.passed.frames;
			assert_int_equal(many.totals.passed.frames, many.totals.taken.frames);
			world_stop(&world);
		}
	}
	(void)unlink(path);
	print_message("%lu observations, %lu findings, %lu intervals; %lu frames went from one of three workers to another\n", observations, findings, intervals, passed);
	assert_true(observations > 1000 && findings > 100 && passed > 10000 && in_countries > 10000);
}

/* Interval of one frame: a cut behind every frame. */
static void a_cut_behind_every_frame(void **state)
{
	(void)state;
	char path[] = "/tmp/sk-crew-cuts-XXXXXX";
	temporary(path);
	const char *const paths[] = {path};
	struct world world;
	(void)write_traffic(path, 5, 3000, false);
	assert_true(world_small(&world, selectors, true));
	world_watch(&world, true);
	compare_all(&world, paths, 1, 1, others, SK_COUNT(others), "traffic");
	assert_true(one.intervals >= 3000);
	world_stop(&world);
	(void)unlink(path);
}

/* ---- several crews, one collector ---- */

static struct outcome beside[2];

/* Two links, each with its crew: each is as if the other were not there. */
static void crews_side_by_side(void **state)
{
	(void)state;
	enum { CREWS = 2 };
	static struct sk_capture_source captures_of[CREWS];
	struct sk_source sources[CREWS];
	const struct sk_source *given[CREWS];
	struct sk_observe_sink sinks[CREWS];
	struct sk_crew *crews[CREWS] = {NULL};
	struct sk_fault fault;
	struct world world;
	char path[CREWS][sizeof "/tmp/sk-crew-beside-XXXXXX"];
	assert_true(world_small(&world, selectors, true));
	struct sk_snapshot snapshot = world_snapshot(&world, 1);
	clock_set(1000, false);
	for (unsigned i = 0; i < CREWS; i++) {
		memcpy(path[i], "/tmp/sk-crew-beside-XXXXXX", sizeof path[i]);
		temporary(path[i]);
		(void)write_traffic(path[i], 500 + i, 3000 + 4000 * i, false);
		memset(&beside[i], 0, sizeof beside[i]);
		struct sk_crew_config config = crew_config(&others[i], &sinks[i], &beside[i]);
		config.interval_frames = 500;
		captures_of[i] = (struct sk_capture_source){.interface_base = 0};
		assert_int_equal(sk_capture_open(path[i], &captures_of[i].capture, &fault), SK_OK);
		sources[i] = sk_source_of_capture(&captures_of[i]);
		given[i] = &sources[i];
		assert_int_equal(sk_crew_new(&config, &snapshot, &crews[i], &fault), SK_OK);
	}
	assert_int_equal(sk_crews_run(crews, given, CREWS, &fault), SK_OK);
	for (unsigned i = 0; i < CREWS; i++) {
		assert_int_equal(sk_crew_finish(crews[i], SK_FLOW_END_STOP, &fault), SK_OK);
		sk_crew_totals(crews[i], &beside[i].totals);
		sk_crew_free(crews[i]);
		sk_capture_close(captures_of[i].capture);
		const char *const paths[] = {path[i]};
		run_captures(&world, &alone, paths, 1, 500, &one);
		assert_true(one.intervals > 5 && same_outcome(&one, &beside[i], i == 0 ? "the first crew" : "the second crew"));
		(void)unlink(path[i]);
	}
	world_stop(&world);
}

/* ---- real captures ---- */

static char *captures[CAPTURES_MAX];
static size_t capture_count;

static int take_capture(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info, (void)walk;
	if (type == FTW_F && strstr(path, ".pcap") != NULL && capture_count < CAPTURES_MAX)
		captures[capture_count++] = strdup(path);
	return 0;
}

static void compare_folder(const char *folder, const struct variant *variants, size_t variant_count)
{
	struct world world;
	capture_count = 0;
	assert_int_equal(nftw(folder, take_capture, 16, FTW_PHYS), 0);
	assert_true(capture_count > 0);
	assert_true(world_foreign(&world, selectors, true));
	world_watch(&world, false);
	compare_all(&world, (const char *const *)captures, capture_count, 5000, variants, variant_count, folder);
	print_message("%s: %zu captures, %lu frames, %lu observations, %lu findings, %lu intervals\n", folder, capture_count, one.totals.received.frames, one.observations,
		      one.findings, one.totals.intervals);
	assert_int_equal(one.totals.flow.evicted + one.totals.flow.heads_shed + one.totals.flow.facts_shed, 0);
	world_stop(&world);
	for (size_t i = 0; i < capture_count; i++)
		free(captures[i]);
}

static void samples_are_the_same(void **state)
{
	(void)state;
	compare_folder(SK_SOURCE_ROOT "/samples", &others[1], 2);
}

static void shared_captures_are_the_same(void **state)
{
	(void)state;
	if (access(SK_SHARED_DATA "/net", R_OK) != 0) {
		print_message("skipped: ../shared/data/net is absent\n");
		skip();
	}
	compare_folder(SK_SHARED_DATA "/net", &others[1], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traffic_is_the_same),
		cmocka_unit_test(a_cut_behind_every_frame),
		cmocka_unit_test(crews_side_by_side),
		cmocka_unit_test(samples_are_the_same),
		cmocka_unit_test(shared_captures_are_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
