/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the crew share: worlds (border, basis, selectors), captures made up, runs with any number of workers, and what came of them. */
#ifndef TEST_ENGINE_CREW_H
#define TEST_ENGINE_CREW_H

#include "border/border_build.h"
#include "engine/crew.h"

enum { OUTCOME_INTERVALS_MAX = 8192, PATH_BYTES = 512 };

/* A border, a set and a basis over them. Each test may change the basis. */
struct world {
	struct sk_border *border;
	struct sk_indicator_set *set;
	struct sk_basis basis;
};
/* 192.0.2.0/24 and 2001:db8:1::/48 are domestic, 198.51.100.0/24, 203.0.113.0/24, 2001:db8:2::/48 foreign, the rest unknown. False on failure. */
bool world_small(struct world *world, const char *selectors, bool flow_all);
/* Every address is foreign. */
bool world_foreign(struct world *world, const char *selectors, bool flow_all);
void world_stop(struct world *world);
/* The basis names every detector of the sensor from now on; eager: with the least thresholds that there may be. */
void world_watch(struct world *world, bool eager);
/* A set alone; the caller closes it. */
struct sk_indicator_set *world_set(const char *selectors, bool flow_all);

/* What is summed up of an interval; all of it must be the same with any number of workers. */
struct outcome_interval {
	struct sk_cell received, selected, pending_before, pending_after;
	uint64_t gate, select, classes;    /* digests over names, frames and bytes */
	uint64_t countries, in_countries;  /* the same, and hosts; frames of all */
	uint64_t lost, segments, observations, findings, upstream_lost, snapshot;
	int64_t from_ns, to_ns;
};

struct outcome {
	enum sk_err err;
	struct sk_fault fault;
	uint64_t observation_sum[2], finding_sum[2], own_sum[2]; /* sums of digests: the order does not matter */
	uint64_t observations, findings, own_findings;
	uint64_t in_countries;             /* frames whose fate was settled, of a country */
	struct sk_finding first_own, last_own;
	size_t intervals;
	struct outcome_interval interval[OUTCOME_INTERVALS_MAX];
	struct sk_account last;            /* the last interval's account */
	struct sk_engine_totals totals;
	size_t residue;
	uint64_t passed_snapshots, damages;
};

struct variant {
	const char *name;
	unsigned workers;
	bool threads;
	size_t exchange_bytes, spool_bytes;
	bool dawdle;                       /* every thread stands still now and then */
	uint32_t frame_bytes;
};

/* The captures, one after the other, as inputs of one run, and finish. outcome is cleared first. */
void run_captures(const struct world *world, const struct variant *variant, const char *const *paths, size_t count, uint64_t interval_frames, struct outcome *outcome);
/* Print where two outcomes differ; true when they do not. */
bool same_outcome(const struct outcome *a, const struct outcome *b, const char *what);

/* For tests that run a crew themselves: the config of a variant whose callbacks write to outcome. The sink must stay with the caller. */
struct sk_crew_config crew_config(const struct variant *variant, struct sk_observe_sink *sink, struct outcome *outcome);
struct sk_snapshot world_snapshot(const struct world *world, uint64_t number);

/* A clock whose unix time is given and whose monotonic time is the machine's, or given as well; dawdles when told so. Its readings are atomic. */
void clock_set(int64_t unix_ns, bool dawdle);
void clock_monotonic(int64_t monotonic_ns); /* 0: the machine's */
struct sk_clock test_clock(void);
/* Workers that are no receiver (that never asked a test's source) stand still while this is set. The collector's thread must call clock_collector first. */
void clock_hold(bool hold);
void clock_collector(void);

/* A source out of memory: ready frames, given again and again, each over a copy that is overwritten as a source must. */
struct test_source {
	const struct sk_frame *frames;     /* of a capture that was read; see test_source_read */
	size_t frame_count, first, step;   /* gives frames first, first + step, ... */
	size_t at, batch;                  /* frames in a batch; 0 = SK_BATCH_MAX */
	uint64_t given, give;              /* so many so far; stop giving after so many, UINT64_MAX = never */
	bool ends;                         /* after that it ends, else it stays silent */
	bool holds;                        /* from its first frame to its last the other workers stand still */
	int descriptor;
	enum sk_err fails;                 /* with the last frame */
	_Atomic unsigned backlog;
	_Atomic uint64_t lost, erased;     /* as its kernel counts */
	uint8_t memory[SK_BATCH_MAX][4096];
};
struct sk_source source_of_test(struct test_source *source);
/* All frames of a capture; the caller frees by test_source_free. */
size_t test_source_read(const char *path, struct sk_frame **frames);
void test_source_free(struct sk_frame *frames, size_t count);

/* Traffic of all kinds between few hosts: TCP with and without handshake, DNS, ICMP and its errors, fragments in any order, tunnels, fragments that hide tunnels,
   tunnels that carry fragments, damage; at times that run on, or (wild) jump. Returns the frames written. */
unsigned write_traffic(const char *path, uint32_t seed, unsigned count, bool wild);
uint32_t next_random(uint32_t *seed);

#endif
