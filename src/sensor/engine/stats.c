/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's sums for other threads, and those of a whole crew. The writer never waits; a reader that was overtaken reads again. Words are atomic each, so that nothing is torn within one, and the
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

/* The names of this interval are those of the sums, in the same order, and perhaps more. */
static void collect_lost(const struct sk_engine *engine, struct sk_crew_stats *stats)
{
	const struct sk_engine_totals *totals = &engine->totals;
	stats->lost_count = totals->lost_count > engine->lost_count ? totals->lost_count : engine->lost_count;
	for (size_t i = 0; i < stats->lost_count; i++) {
		if (i < totals->lost_count)
			stats->lost[i] = totals->lost[i];
		else
			memcpy(stats->lost[i].name, engine->lost[i].name, sizeof stats->lost[i].name);
		if (i < engine->lost_count)
			sk_engine_count(&stats->lost[i], engine->lost[i].frames, engine->lost[i].bytes);
	}
	if (engine->peers != NULL)
		stats->exchange_full = totals->exchange_full + engine->lost[0].frames;
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
	collect_lost(engine, stats);
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
	stats->events_lost = totals->events_lost + worker->events_lost;
	stats->shed = engine->shed;
	stats->snapshot = worker->snapshot->number;
}

static void collect_queues(struct sk_worker *worker, struct sk_crew_stats *stats)
{
	struct sk_source_counts counts = worker->counted;
	if (worker->source != NULL && worker->source->counts != NULL)
		worker->source->counts(worker->source->context, &counts);
	for (size_t i = 0; i < counts.erased_count; i++)
		sk_engine_count(&stats->source_erased, counts.erased[i].frames, counts.erased[i].bytes);
	stats->read_bytes = counts.read_bytes;
	stats->source_bytes = counts.source_bytes;
	stats->upstream_lost = counts.upstream_lost;
	stats->told_ns = worker->monotonic_ns;
	stats->waited_ns = worker->waited_ns;
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

/* ---- sums of a crew ---- */

static void add(struct sk_cell *to, const struct sk_cell *more, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sk_engine_count(&to[i], more[i].frames, more[i].bytes);
}

static void add_counters(struct sk_flow_counters *to, const struct sk_flow_counters *more)
{
	to->created += more->created;
	to->ended += more->ended;
	to->evicted += more->evicted;
	to->live += more->live;
	to->flows += more->flows;
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		to->flows_by_class[class_] += more->flows_by_class[class_];
	to->heads_shed += more->heads_shed;
	to->facts_shed += more->facts_shed;
}

static void add_lost(struct sk_engine_totals *to, const struct sk_engine_totals *more)
{
	for (size_t i = 0; i < more->lost_count; i++) {
		size_t at = 0;
		while (at < to->lost_count && strcmp(to->lost[at].name, more->lost[i].name) != 0)
			at++;
		SK_INVARIANT(at < SK_ENGINE_LOST_MAX);
		if (at == to->lost_count)
			to->lost[to->lost_count++] = more->lost[i];
		else
			add(&to->lost[at], &more->lost[i], 1);
	}
}

static void add_totals(struct sk_engine_totals *to, const struct sk_engine_totals *more)
{
	add(&to->received, &more->received, 1);
	add(&to->capture_lost, &more->capture_lost, 1);
	add(&to->selected, &more->selected, 1);
	add(&to->passed, &more->passed, 1);
	add(&to->taken, &more->taken, 1);
	add(to->gate, more->gate, SK_GATE_REASON_COUNT);
	add(to->select, more->select, SK_SELECT_REASON_COUNT);
	add(to->classes, more->classes, SK_CLASS_COUNT);
	add_lost(to, more);
	for (unsigned i = 0; i < SK_INTERFACES_MAX; i++) {
		for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
			to->interface_classes[i][class_] += more->interface_classes[i][class_];
		for (int reason = 0; reason < SK_GATE_REASON_COUNT; reason++)
			to->interface_erased[i][reason] += more->interface_erased[i][reason];
	}
	for (unsigned i = 0; i < SK_ENGINE_PROTOCOLS; i++)
		to->protocols[i] += more->protocols[i];
	for (unsigned i = 0; i < SK_APP_COUNT; i++)
		to->apps[i] += more->apps[i];
	to->segments += more->segments;
	to->exchange_full += more->exchange_full;
	add_counters(&to->flow, &more->flow);
	to->heads_shed += more->heads_shed;
	to->facts_shed += more->facts_shed;
	to->flows_shed += more->flows_shed;
	to->spool_full += more->spool_full;
	to->events_lost += more->events_lost;
	to->observations += more->observations;
	to->findings += more->findings;
}

void sk_crew_totals(const struct sk_crew *crew, struct sk_engine_totals *out)
{
	struct sk_engine_totals one;
	*out = crew->totals;
	for (unsigned i = 0; i < crew->config.workers; i++) {
		sk_engine_totals(crew->workers[i].engine, &one);
		add_totals(out, &one);
	}
}
