/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's sums for other threads. The writer never waits; a reader that was overtaken reads again. Words are atomic each, so that nothing is torn within one, and the
   version tells whether they belong together. */
#include "engine/crew_priv.h"

#include <string.h>

_Static_assert(sizeof(struct sk_crew_stats) % sizeof(uint64_t) == 0, "it is told word by word");

static void copy_cells(struct sk_cell *to, const struct sk_cell *done, const struct sk_cell *now, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (struct sk_cell){.frames = done[i].frames + now[i].frames, .bytes = done[i].bytes + now[i].bytes};
}

static void collect_select(const struct sk_engine *engine, struct sk_crew_stats *stats)
{
	const struct sk_select_counts *counts = sk_select_counts(engine->select);
	for (int reason = 0; reason < SK_SELECT_REASON_COUNT; reason++)
		stats->select[reason] = (struct sk_cell){.frames = counts->erased_frames[reason], .bytes = counts->erased_bytes[reason]};
	stats->selected = (struct sk_cell){.frames = counts->selected_frames, .bytes = counts->selected_bytes};
	stats->observations = counts->observations;
	stats->findings = counts->findings;
	stats->spool_full = counts->spool_full;
}

/* Totals are of whole intervals: what came since is added. */
static void collect(const struct sk_worker *worker, struct sk_crew_stats *stats)
{
	const struct sk_engine *engine = worker->engine;
	const struct sk_engine_totals *totals = &engine->totals;
	struct sk_flow_counters flow;
	memset(stats, 0, sizeof *stats);
	copy_cells(&stats->received, &totals->received, &engine->received, 1);
	copy_cells(&stats->passed, &totals->passed, &engine->passed, 1);
	copy_cells(&stats->taken, &totals->taken, &engine->taken, 1);
	copy_cells(stats->gate, totals->gate, engine->gate_erased, SK_GATE_REASON_COUNT);
	copy_cells(stats->classes, totals->classes, engine->classes, SK_CLASS_COUNT);
	collect_select(engine, stats);
	stats->lost_frames = totals->capture_lost.frames;
	for (size_t i = 0; i < engine->lost_count; i++)
		stats->lost_frames += engine->lost[i].frames;
	if (engine->peers != NULL)
		stats->exchange_full = totals->exchange_full + engine->lost[0].frames;
	sk_flow_counters(engine->flows, &flow);
	stats->segments = totals->segments + engine->segments;
	stats->intervals = worker->intervals;
	stats->flows_created = flow.created;
	stats->flows_evicted = flow.evicted;
	stats->flows_live = flow.live;
	stats->stream_heads_shed = flow.heads_shed;
	stats->facts_closed_early = flow.facts_shed;
	stats->heads_shed = totals->heads_shed + engine->heads_shed;
	stats->facts_shed = totals->facts_shed + engine->facts_shed;
	stats->flows_shed = totals->flows_shed + engine->flows_shed;
	stats->shed = engine->shed;
	stats->snapshot = worker->snapshot->number;
}

static void collect_queues(struct sk_worker *worker, struct sk_crew_stats *stats)
{
	struct sk_source_counts counts = worker->counted;
	if (worker->source != NULL && worker->source->counts != NULL)
		worker->source->counts(worker->source->context, &counts);
	stats->read_bytes = counts.read_bytes;
	stats->source_bytes = counts.source_bytes;
	stats->upstream_lost = counts.upstream_lost;
	stats->backlog = sk_load_backlog(worker);
	for (unsigned to = 0; to < worker->crew->config.workers; to++) {
		unsigned fill = worker->out[to] != NULL ? sk_ring_fill(worker->out[to]) : 0;
		stats->exchange_fill = fill > stats->exchange_fill ? fill : stats->exchange_fill;
	}
	if (worker->crew->config.threads)
		stats->spool_fill = sk_ring_fill(&worker->spool);
}

void sk_stats_tell(struct sk_worker *worker)
{
	struct sk_crew_stats stats;
	uint64_t words[SK_COUNT(worker->stats.words)];
	collect(worker, &stats);
	collect_queues(worker, &stats);
	memcpy(words, &stats, sizeof words);
	uint64_t version = atomic_load_explicit(&worker->stats.version, memory_order_relaxed);
	atomic_store(&worker->stats.version, version + 1);
	for (size_t i = 0; i < SK_COUNT(words); i++)
		atomic_store_explicit(&worker->stats.words[i], words[i], memory_order_release);
	atomic_store(&worker->stats.version, version + 2);
}

void sk_crew_stats(const struct sk_crew *crew, unsigned index, struct sk_crew_stats *out)
{
	SK_INVARIANT(index < crew->config.workers);
	const struct sk_told_stats *told = &crew->workers[index].stats;
	uint64_t words[SK_COUNT(told->words)], version;
	do {
		version = atomic_load(&told->version);
		for (size_t i = 0; i < SK_COUNT(words); i++)
			words[i] = atomic_load_explicit(&told->words[i], memory_order_acquire);
	} while ((version & 1) != 0 || atomic_load(&told->version) != version);
	memcpy(out, words, sizeof *out);
}
