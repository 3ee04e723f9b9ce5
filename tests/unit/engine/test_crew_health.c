/* SPDX-License-Identifier: Apache-2.0 */
/* The health of a link through the crew: captures with an outage, with repeated handshakes, with a route that swings, give the same findings with any number of workers, in
   the account too; live, what the kernel erased counts as life, and the carrier is told. The models of the model are in tests/unit/pulse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "crew_test.h"
#include "../english.h"

enum { NETWORKS = 24, SECONDS = 60, A_SECOND = 48 /* handshakes */, SYN = 2, SYN_ACK = 18, FROM_S = 1700000000 };

static struct outcome one, many; /* too large for a stack */
static const struct variant alone = {.name = "one worker", .workers = 1}, others[] = {{.name = "two", .workers = 2, .threads = true}, {.name = "four", .workers = 4, .threads = true}};

/* What happens in the second half. */
struct story {
	const char *kind;  /* of the finding; NULL: none */
	const char *says;  /* in its sentence */
	unsigned gap_s;    /* nothing comes for so long */
	unsigned repeat;   /* one handshake in so many asks twice */
	unsigned hops;     /* further away */
};

static void put_frame(FILE *file, int64_t time_us, unsigned network, unsigned port, bool answer, unsigned ttl)
{
	uint8_t bytes[54] = {[12] = 0x08, [14] = 0x45, [17] = 40, [22] = (uint8_t)ttl, [23] = 6};
	const uint8_t home[4] = {192, 0, 2, 7}, abroad[4] = {10, 9, (uint8_t)network, 80};
	const uint32_t head[4] = {(uint32_t)(time_us / 1000000), (uint32_t)(time_us % 1000000), sizeof bytes, sizeof bytes};
	memcpy(bytes + 26, answer ? abroad : home, 4);
	memcpy(bytes + 30, answer ? home : abroad, 4);
	bytes[answer ? 36 : 34] = (uint8_t)(port >> 8);
	bytes[answer ? 37 : 35] = (uint8_t)port;
	bytes[answer ? 35 : 37] = 80;
	bytes[46] = 0x50;
	bytes[47] = answer ? SYN_ACK : SYN;
	(void)fwrite(head, sizeof head, 1, file);
	(void)fwrite(bytes, sizeof bytes, 1, file);
}

static void write_story(const char *path, const struct story *story)
{
	static const uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	(void)fwrite(head, sizeof head, 1, file);
	unsigned port = 1024;
	for (unsigned i = 0; i < SECONDS * A_SECOND; i++) {
		bool later = i >= SECONDS * A_SECOND / 2;
		int64_t time_us = FROM_S * INT64_C(1000000) + i * INT64_C(1000000) / A_SECOND + (later ? story->gap_s : 0) * INT64_C(1000000);
		unsigned network = i % NETWORKS;
		port = port == 60000 ? 1024 : port + 1;
		put_frame(file, time_us, network, port, false, 64);
		if (later && story->repeat != 0 && i % story->repeat == 0)
			put_frame(file, time_us + 2000, network, port, false, 64);
		put_frame(file, time_us + 5000 + network * 100, network, port, true, 64 - 8 - network % 5 - (later ? story->hops : 0));
	}
	assert_int_equal(fclose(file), 0);
}

static void run_story(const struct story *story)
{
	char path[] = "/tmp/sk_health_XXXXXX";
	const char *paths[] = {path};
	struct world world;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	write_story(path, story);
	assert_true(world_foreign(&world, "", true));
	run_captures(&world, &alone, paths, 1, 1000, &one);
	for (size_t v = 0; v < SK_COUNT(others); v++) {
		run_captures(&world, &others[v], paths, 1, 1000, &many);
		assert_true(same_outcome(&one, &many, others[v].name));
	}
	(void)unlink(path);
	world_stop(&world);
}

static void expect_story(const struct story *story)
{
	uint64_t in_accounts = 0;
	run_story(story);
	for (size_t i = 0; i < one.intervals; i++)
		in_accounts += one.interval[i].findings;
	assert_int_equal(in_accounts, one.own_findings);
	assert_int_equal(one.totals.findings, one.own_findings);
	if (story->kind == NULL) {
		assert_int_equal(one.own_findings, 0);
		return;
	}
	assert_true(one.own_findings >= 1);
	assert_string_equal(one.first_own.kind, story->kind);
	assert_non_null(strstr(english(&one.first_own.sentence), story->says));
	assert_string_equal(one.first_own.matched, "test");
	assert_int_equal(one.first_own.subject.family + one.first_own.counterpart.family, 0);
}

static void captures_tell_the_same_with_any_number_of_workers(void **state)
{
	(void)state;
	static const struct story stories[] = {{.kind = NULL}, {.kind = "link_down", .says = "no frame for 20 s", .gap_s = 20}, {.kind = "link_degraded", .says = "had to be repeated", .repeat = 3},
					       {.kind = "path_shift", .says = "+4 hops", .hops = 4}};
	for (size_t i = 0; i < SK_COUNT(stories); i++)
		expect_story(&stories[i]);
}

/* ---- live ---- */

/* A source that gives nothing: what there is, the kernel erases. */
struct quiet {
	struct sk_source_counts counts;
	unsigned turns, ends_after;
	uint64_t a_turn;
};

static enum sk_err quiet_next(void *context, struct sk_frame frames[SK_BATCH_MAX], size_t *count, struct sk_fault *fault)
{
	struct quiet *quiet = context;
	(void)frames, (void)fault;
	*count = 0;
	clock_monotonic(INT64_C(1000000000) * ++quiet->turns);
	quiet->counts.erased[0].frames += quiet->a_turn;
	quiet->counts.erased[0].bytes += quiet->a_turn * 100;
	quiet->counts.classes[SK_CLASS_DD].frames += quiet->a_turn;
	quiet->counts.classes[SK_CLASS_DD].bytes += quiet->a_turn * 100;
	if (quiet->turns == 60)
		quiet->counts.carrier = SK_SOURCE_CARRIER_DOWN;
	if (quiet->turns == 60)
		quiet->a_turn = 0;
	return quiet->turns < quiet->ends_after ? SK_EMORE : SK_OK;
}

static void quiet_counts(void *context, struct sk_source_counts *out)
{
	*out = ((struct quiet *)context)->counts;
}

static void run_quiet(struct quiet *quiet, struct sk_pulse_state *state)
{
	struct world world;
	struct sk_observe_sink sink;
	struct sk_crew *crew = NULL;
	const struct variant variant = {.name = "live", .workers = 1};
	assert_true(world_foreign(&world, "", true));
	struct sk_snapshot snapshot = world_snapshot(&world, 1);
	memset(&one, 0, sizeof one);
	struct sk_crew_config config = crew_config(&variant, &sink, &one);
	config.live = true;
	config.health_learn_ns = SK_PULSE_LEARN_MIN_S * INT64_C(1000000000);
	clock_set(1000000, false);
	clock_monotonic(1);
	quiet->counts.erased_count = 1;
	(void)snprintf(quiet->counts.erased[0].name, sizeof quiet->counts.erased[0].name, "domestic");
	const struct sk_source source = {.context = quiet, .next = quiet_next, .counts = quiet_counts, .descriptor = -1};
	assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &one.fault), SK_OK);
	assert_int_equal(sk_crew_run(crew, &source, &one.fault), SK_OK);
	assert_true(sk_crew_health(crew, state));
	assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &one.fault), SK_OK);
	sk_crew_free(crew);
	clock_monotonic(0);
	world_stop(&world);
}

static void what_the_kernel_erased_is_life(void **state)
{
	(void)state;
	struct quiet quiet = {.ends_after = 50, .a_turn = 500, .counts = {.carrier = SK_SOURCE_CARRIER_UP}};
	struct sk_pulse_state now;
	run_quiet(&quiet, &now);
	assert_int_equal(one.own_findings, 0);
	assert_false(now.learning);
	assert_true(now.usual[SK_PULSE_ALL] > 400 && now.usual[SK_PULSE_ALL] < 600 && now.carrier);
	quiet = (struct quiet){.ends_after = 80, .a_turn = 500, .counts = {.carrier = SK_SOURCE_CARRIER_UP}};
	run_quiet(&quiet, &now);
	assert_int_equal(one.own_findings, 1);
	assert_string_equal(one.first_own.kind, "link_down");
	assert_non_null(strstr(english(&one.first_own.sentence), "no carrier"));
	assert_true(now.down && !now.carrier);
	/* In the account of the interval. */
	assert_int_equal(one.totals.findings + one.interval[one.intervals - 1].findings, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(captures_tell_the_same_with_any_number_of_workers), cmocka_unit_test(what_the_kernel_erased_is_life)};
	clock_collector();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
