/* SPDX-License-Identifier: Apache-2.0 */
/* The collector's loop: orders, rounds over the rings of one crew or of several, the end. */
#include "engine/crew_priv.h"

enum { ROUND_MS = 50, TICK_NS = 50000000 };

/* ---- orders ---- */

static bool is_obeyed(const struct sk_crew *crew)
{
	return crew->done == atomic_load_explicit(&crew->ordered, memory_order_relaxed);
}

/* The plan is written before its number. Not before the order before was obeyed. */
static void give_order(struct sk_crew *crew, bool last, enum sk_flow_end end)
{
	SK_INVARIANT(is_obeyed(crew));
	bool changes = crew->pending != NULL;
	crew->plan = (struct sk_plan){.next = changes ? crew->pending : crew->snapshot, .kit = changes ? crew->next_kit : crew->kit, .order = crew->done + 1, .end = (uint8_t)end, .last = last};
	crew->pending = NULL;
	atomic_store(&crew->ordered, crew->done + 1);
	for (unsigned i = 0; i < crew->config.workers; i++)
		sk_bell_ring(&crew->workers[i].bell);
}

static bool is_due(const struct sk_crew *crew)
{
	const struct sk_clock *clock = &crew->config.clock;
	bool over = crew->config.interval_ns != 0 && clock->monotonic_ns(clock->context) - crew->cut_monotonic_ns >= crew->config.interval_ns;
	return over || crew->pending != NULL;
}

static bool all_obeyed(struct sk_crew *const *crews, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_obeyed(crews[i]))
			return false;
	return true;
}

/* One cut through all crews: the interval of one link is that of every other. //= rule: EPOCH-1 */
static void give_orders_when_due(struct sk_crew *const *crews, size_t count)
{
	bool due = false;
	if (!all_obeyed(crews, count))
		return;
	for (size_t i = 0; i < count; i++)
		due |= is_due(crews[i]);
	for (size_t i = 0; due && i < count; i++)
		give_order(crews[i], false, SK_FLOW_END_STOP);
}

/* A crew that has told its interval waits for those that have not: what it says next belongs to the next interval. Its rings are long enough for that. */
static bool is_ahead(struct sk_crew *const *crews, size_t count, size_t at)
{
	return is_obeyed(crews[at]) && !all_obeyed(crews, count);
}

bool sk_crew_can_reload(const struct sk_crew *crew)
{
	return crew->pending == NULL && is_obeyed(crew);
}

bool sk_crew_reload(struct sk_crew *crew, const struct sk_snapshot *snapshot)
{
	if (!sk_crew_can_reload(crew))
		return false;
	/* Without the detectors that the basis names nothing may go on: that would be told by nobody. */
	if (sk_watch_prepare(crew, snapshot, &crew->next_kit, &crew->failed) == SK_OK)
		crew->pending = snapshot;
	return true;
}

void sk_crew_suspend(struct sk_crew *crew)
{
	atomic_store(&crew->suspended, true);
}

/* ---- rounds ---- */

static bool has_more(struct sk_crew *crew)
{
	for (unsigned i = 0; i < crew->config.workers; i++)
		if (!sk_collect_waits(crew, i) && sk_ring_has_more(&crew->workers[i].spool))
			return true;
	return false;
}

/* Without threads the worker takes a step; with them their rings are read. */
static enum sk_err go_round(struct sk_crew *crew, bool *any, struct sk_fault *fault)
{
	bool some = true;
	if (!crew->config.threads)
		(void)sk_worker_step(&crew->workers[0]);
	else
		SK_TRY(sk_collect(crew, &some, fault));
	*any |= some;
	if (crew->failed.err != SK_OK)
		return *fault = crew->failed, crew->failed.err;
	/* What a worker stops for is the law, or a bug. */
	if (crew->stopped.err != SK_OK && sk_err_kind(crew->stopped.err) != SK_KIND_LAW)
		return *fault = crew->stopped, crew->stopped.err;
	return SK_OK;
}

/* Nothing was there: sleep a moment, or until a worker of any of them has something. */
static void rest(struct sk_crew *const *crews, size_t count)
{
	struct sk_bell *bells[SK_CREWS_MAX] = {NULL};
	bool more = false;
	for (size_t i = 0; i < count; i++) {
		bells[i] = &crews[i]->bell;
		sk_bell_doze(bells[i]);
	}
	for (size_t i = 0; i < count; i++)
		more |= !is_ahead(crews, count, i) && has_more(crews[i]);
	if (!more)
		sk_bells_sleep(bells, count, -1, ROUND_MS);
	for (size_t i = 0; i < count; i++)
		sk_bell_stay(bells[i]);
}

/* A turn of all; with nothing to do, a rest. */
static enum sk_err go_rounds(struct sk_crew *const *crews, size_t count, struct sk_fault *fault)
{
	bool any = false;
	for (size_t i = 0; i < count; i++)
		if (!is_ahead(crews, count, i))
			SK_TRY(go_round(crews[i], &any, fault));
	if (!any)
		rest(crews, count);
	return SK_OK;
}

static enum sk_err tick(struct sk_crew *crew, struct sk_fault *fault)
{
	const struct sk_clock *clock = &crew->config.clock;
	if (crew->config.tick == NULL)
		return SK_OK;
	if (crew->config.threads) {
		int64_t now_ns = clock->monotonic_ns(clock->context);
		if (now_ns - crew->ticked_ns < TICK_NS && crew->ticked_ns != 0)
			return SK_OK;
		crew->ticked_ns = now_ns;
	}
	return crew->config.tick(crew->config.context, fault);
}

/* ---- a run ---- */

static void offer_sources(struct sk_crew *crew, const struct sk_source *sources)
{
	atomic_store(&crew->drop_sources, false);
	crew->sources_left = crew->config.sources;
	for (unsigned i = 0; i < crew->config.sources; i++) {
		atomic_store(&crew->workers[i].offered, &sources[i]);
		sk_bell_ring(&crew->workers[i].bell);
	}
}

static bool any_source_left(struct sk_crew *const *crews, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (crews[i]->sources_left > 0)
			return true;
	return false;
}

/* The workers let go of their sources; what they had taken is followed. */
static enum sk_err drop_sources(struct sk_crew *const *crews, size_t count, struct sk_fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		atomic_store(&crews[i]->drop_sources, true);
		for (unsigned w = 0; w < crews[i]->config.workers; w++)
			sk_bell_ring(&crews[i]->workers[w].bell);
	}
	while (any_source_left(crews, count))
		SK_TRY(go_rounds(crews, count, fault));
	return SK_OK;
}

/* Until all sources have ended, or something in *ended says that no more may be taken. Errors are those after which nothing may go on. */
static enum sk_err go_on(struct sk_crew *const *crews, size_t count, enum sk_err *ended, struct sk_fault *fault)
{
	while (*ended == SK_OK && any_source_left(crews, count)) {
		give_orders_when_due(crews, count);
		SK_TRY(go_rounds(crews, count, fault));
		for (size_t i = 0; i < count && *ended == SK_OK; i++)
			if (crews[i]->stopped.err != SK_OK)
				*ended = crews[i]->stopped.err, *fault = crews[i]->stopped;
		if (*ended == SK_OK)
			*ended = tick(crews[0], fault);
	}
	return SK_OK;
}

enum sk_err sk_crews_run(struct sk_crew *const *crews, const struct sk_source *const *sources, size_t count, struct sk_fault *fault)
{
	enum sk_err ended = SK_OK;
	struct sk_fault later;
	SK_INVARIANT(count >= 1 && count <= SK_CREWS_MAX);
	for (size_t i = 0; i < count; i++) {
		SK_INVARIANT(count == 1 || crews[i]->config.threads);
		SK_TRY(sk_crew_start(crews[i], fault));
	}
	for (size_t i = 0; i < count; i++)
		offer_sources(crews[i], sources[i]);
	SK_TRY(go_on(crews, count, &ended, fault));
	if (ended != SK_OK && crews[0]->config.stopping != NULL)
		crews[0]->config.stopping(crews[0]->config.context, ended);
	return drop_sources(crews, count, &later) == SK_OK ? ended : (*fault = later, later.err);
}

enum sk_err sk_crew_run(struct sk_crew *crew, const struct sk_source *sources, struct sk_fault *fault)
{
	return sk_crews_run(&crew, &sources, 1, fault);
}

/* ---- cuts between runs, the end ---- */

static enum sk_err obey(struct sk_crew *const *crews, size_t count, struct sk_fault *fault)
{
	while (!all_obeyed(crews, count))
		SK_TRY(go_rounds(crews, count, fault));
	return SK_OK;
}

enum sk_err sk_crew_end_input(struct sk_crew *crew, struct sk_fault *fault)
{
	SK_TRY(sk_crew_start(crew, fault));
	SK_TRY(obey(&crew, 1, fault));
	give_order(crew, false, SK_FLOW_END_STOP);
	SK_TRY(obey(&crew, 1, fault));
	if (crew->pulse != NULL)
		sk_pulse_break(crew->pulse);
	return SK_OK;
}

enum sk_err sk_crews_finish(struct sk_crew *const *crews, size_t count, enum sk_flow_end end, struct sk_fault *fault)
{
	for (size_t i = 0; i < count; i++)
		SK_TRY(sk_crew_start(crews[i], fault));
	SK_TRY(obey(crews, count, fault));
	for (size_t i = 0; i < count; i++)
		give_order(crews[i], true, end);
	SK_TRY(obey(crews, count, fault));
	for (size_t i = 0; i < count; i++)
		sk_crew_join(crews[i]);
	return SK_OK;
}

enum sk_err sk_crew_finish(struct sk_crew *crew, enum sk_flow_end end, struct sk_fault *fault)
{
	return sk_crews_finish(&crew, 1, end, fault);
}

unsigned sk_crew_sources_left(const struct sk_crew *crew)
{
	return crew->sources_left;
}
