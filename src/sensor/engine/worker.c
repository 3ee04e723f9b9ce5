/* SPDX-License-Identifier: Apache-2.0 */
/* One worker: its loop, its source, its cuts. Without threads the same steps are taken in the collector's thread. */
#include "engine/crew_priv.h"

#include <string.h>

enum { SPINS = 100, TELL_NS = 100000000, GATHER_NS = 20000000 };

static bool is_aborted(const struct sk_worker *worker)
{
	return atomic_load_explicit(&worker->crew->aborted, memory_order_relaxed);
}

static int64_t monotonic(const struct sk_worker *worker)
{
	const struct sk_clock *clock = &worker->crew->config.clock;
	return clock->monotonic_ns(clock->context);
}

/* ---- cuts ---- */

static bool all_marked(const struct sk_worker *worker)
{
	for (unsigned from = 0; from < worker->crew->config.workers; from++)
		if (worker->in[from] != NULL && !worker->marked[from])
			return false;
	return true;
}

static bool unmarked_has_more(struct sk_worker *worker)
{
	for (unsigned from = 0; from < worker->crew->config.workers; from++)
		if (worker->in[from] != NULL && !worker->marked[from] && sk_ring_has_more(worker->in[from]))
			return true;
	return false;
}

void sk_worker_publish_all(struct sk_worker *worker)
{
	sk_exchange_publish(worker, true);
	if (worker->crew->config.threads)
		sk_ring_publish(&worker->spool);
}

/* What was sent before a mark is counted before it. //= rule: EPOCH-1 */
static void take_until_marks(struct sk_worker *worker)
{
	while (!all_marked(worker) && !is_aborted(worker)) {
		bool any = false;
		for (unsigned from = 0; from < worker->crew->config.workers; from++)
			if (worker->in[from] != NULL && !worker->marked[from])
				any |= sk_exchange_take(worker, from);
		if (any)
			continue;
		sk_worker_publish_all(worker);
		sk_bell_doze(&worker->bell);
		if (unmarked_has_more(worker))
			sk_bell_stay(&worker->bell);
		else
			sk_bell_sleep(&worker->bell, -1, SK_PATIENCE_MS);
	}
	memset(worker->marked, 0, sizeof worker->marked);
}

static void fail(struct sk_worker *worker, const struct sk_fault *fault)
{
	worker->stopped = true;
	if (worker->crew->config.threads)
		sk_spool_tell(worker, SK_SPOOL_STOPPED, fault);
	else if (worker->crew->stopped.err == SK_OK)
		worker->crew->stopped = *fault;
}

/* An account that does not close means that a stage lost or doubled a frame: that is a bug, and told as an error after which nothing goes on. */
static bool measure_part(struct sk_worker *worker)
{
	struct sk_fault fault;
	if (sk_engine_measure(worker->engine, &worker->part.part, &fault) != SK_OK) {
		fail(worker, &fault);
		return false;
	}
	worker->part.part.events = worker->events;
	worker->part.part.account.events_lost = worker->events_lost;
	worker->events = worker->events_lost = 0;
	sk_engine_begin(worker->engine, &worker->part.part);
	worker->intervals++;
	return true;
}

static void hand_over_part(struct sk_worker *worker)
{
	struct sk_crew *crew = worker->crew;
	if (crew->config.threads) {
		sk_spool_part(worker);
		return;
	}
	enum sk_err err = sk_collect_part(crew, worker->index, &worker->part, &crew->failed);
	crew->failed.err = err;
	worker->stopped = worker->stopped || err != SK_OK;
}

/* By a plan that this worker made, or that a mark or an order brought. */
static void cut(struct sk_worker *worker, const struct sk_plan *plan)
{
	worker->part.plan = *plan;
	plan = &worker->part.plan;
	/* Live the clock tells seconds; of a capture the cut does, so that its last one is told. */
	if (!worker->crew->config.live)
		sk_engine_tell_beat(worker->engine, true);
	sk_exchange_mark(worker, plan);
	take_until_marks(worker);
	worker->cut_wanted = false;
	worker->obeyed = plan->order;
	if (worker->source != NULL)
		sk_engine_count_source(worker->engine, worker->source, &worker->counted);
	if (plan->last)
		sk_engine_close_flows(worker->engine, (enum sk_flow_end)plan->end);
	else
		sk_engine_settle(worker->engine);
	bool changes = plan->next != worker->snapshot;
	if (changes && !plan->last)
		sk_engine_leave(worker->engine, plan->next);
	bool closes = measure_part(worker);
	if (changes)
		sk_engine_enter(worker->engine, plan->next);
	if (plan->kit != worker->kit)
		sk_watch_enter(worker, plan->kit);
	worker->snapshot = plan->next;
	worker->finished = plan->last;
	/* The collector takes the part as word that this worker has done with the old snapshot. */
	if (closes)
		hand_over_part(worker);
}

/* Where one source feeds all, the others hear of a cut by a mark alone. */
static bool cut_if_ordered(struct sk_worker *worker)
{
	struct sk_crew *crew = worker->crew;
	if (worker->cut_wanted) {
		struct sk_plan plan = worker->plan;
		cut(worker, &plan);
		return true;
	}
	if (!worker->receives || atomic_load_explicit(&crew->ordered, memory_order_acquire) == worker->obeyed)
		return false;
	struct sk_plan plan = crew->plan;
	cut(worker, &plan);
	return true;
}

static void cut_when_full(struct sk_worker *worker)
{
	struct sk_plan plan = {.next = worker->snapshot, .kit = worker->kit, .order = worker->obeyed};
	if (worker->engine->received.frames >= worker->engine->config.interval_frames)
		cut(worker, &plan);
}

/* ---- law ---- */

/* Asked before each batch, and ten times a second when nothing comes. //= rule: BASIS-2 */
static void ask_law(struct sk_worker *worker)
{
	struct sk_crew *crew = worker->crew;
	struct sk_fault fault;
	if (worker->stopped)
		return;
	if (SK_UNLIKELY(atomic_load_explicit(&crew->suspended, memory_order_relaxed))) {
		(void)sk_fault_set(&fault, SK_ESUSPENDED, "basis %s: suspended; nothing may be collected until the suspension is lifted", worker->snapshot->basis->id);
		fail(worker, &fault);
	} else if (SK_UNLIKELY(sk_basis_in_force(worker->snapshot->basis, crew->config.clock.unix_ns(crew->config.clock.context), &fault) != SK_OK)) {
		fail(worker, &fault);
	}
}

/* Frames go on at once where others are live; records may be gathered for a moment. */
static void publish(struct sk_worker *worker, bool all)
{
	sk_exchange_publish(worker, all || worker->crew->config.live);
	if (!worker->crew->config.threads)
		return;
	if (!all && worker->monotonic_ns - worker->published_ns < GATHER_NS && sk_ring_untold(&worker->spool) < worker->spool.bytes / SK_GATHER_SHARE)
		return;
	worker->published_ns = worker->monotonic_ns;
	sk_ring_publish(&worker->spool);
}

/* ---- the source ---- */

static void source_ended(struct sk_worker *worker, const struct sk_fault *fault)
{
	struct sk_crew *crew = worker->crew;
	if (worker->stopped && worker->source->stop != NULL)
		worker->source->stop(worker->source->context);
	sk_engine_count_source(worker->engine, worker->source, &worker->counted);
	worker->source = NULL;
	sk_exchange_publish(worker, true);
	if (crew->config.threads) {
		sk_spool_tell(worker, SK_SPOOL_SOURCE_ENDED, fault);
		return;
	}
	crew->sources_left--;
	if (fault->err != SK_OK && crew->config.damaged != NULL)
		crew->config.damaged(crew->config.context, worker->index, fault);
}

static void take_offer(struct sk_worker *worker)
{
	if (SK_LIKELY(worker->source != NULL) || atomic_load_explicit(&worker->offered, memory_order_relaxed) == NULL)
		return;
	worker->source = atomic_exchange(&worker->offered, NULL);
	worker->counted = (struct sk_source_counts){.lost_count = 0};
	worker->source_waits = false;
}

/* A batch, cut where the interval is full. */
static void follow_batch(struct sk_worker *worker, size_t count)
{
	struct sk_frame *frames = worker->frames;
	if (SK_UNLIKELY(count > 0 && !worker->crew->keyed))
		sk_watch_first(worker, frames);
	while (count > 0 && !worker->stopped) {
		uint64_t most = worker->engine->config.interval_frames, received = worker->engine->received.frames, room = received < most ? most - received : 1;
		size_t part = count < room ? count : (size_t)room;
		sk_engine_receive(worker->engine, frames, part);
		frames += part;
		count -= part;
		cut_when_full(worker);
	}
}

static enum sk_step receive(struct sk_worker *worker)
{
	static const struct sk_fault in_order = {.err = SK_OK};
	struct sk_fault fault;
	size_t count = 0;
	take_offer(worker);
	if (worker->source == NULL)
		return SK_STEP_IDLE;
	if (worker->stopped || atomic_load_explicit(&worker->crew->drop_sources, memory_order_acquire)) {
		source_ended(worker, &in_order);
		return SK_STEP_WORKED;
	}
	if (worker->source_waits)
		publish(worker, true);
	enum sk_err err = worker->source->next(worker->source->context, worker->frames, &count, &fault);
	follow_batch(worker, count);
	if (err == SK_EMORE) {
		worker->source_waits = worker->source->descriptor < 0;
		worker->waited_ns += worker->source_waits ? monotonic(worker) - worker->monotonic_ns : 0;
		return worker->source_waits ? SK_STEP_WAITED : SK_STEP_IDLE;
	}
	if (err != SK_OK || count == 0)
		source_ended(worker, err != SK_OK ? &fault : &in_order);
	return SK_STEP_WORKED;
}

/* ---- the loop ---- */

/* What the kernel's gate erased is part of what the link carried. Without a source nobody looks. */
static void tell_beat(struct sk_worker *worker)
{
	struct sk_engine *engine = worker->engine;
	if (SK_LIKELY(engine->probe == NULL || worker->source == NULL || worker->stopped || !sk_pulse_probe_due(engine->probe, engine->clock.now_ns)))
		return;
	sk_engine_count_source(engine, worker->source, &worker->counted);
	sk_engine_tell_beat(engine, false);
}

static void look_at_clock(struct sk_worker *worker)
{
	const struct sk_crew_config *config = &worker->crew->config;
	worker->monotonic_ns = monotonic(worker);
	if (config->live)
		sk_engine_tell_clock(worker->engine, worker->monotonic_ns + worker->crew->unix_less_monotonic_ns);
	if (config->live)
		tell_beat(worker);
	if (!config->waits)
		sk_engine_shed(worker->engine, sk_load_level(&worker->load, &worker->snapshot->shed, (enum sk_shed)worker->engine->shed, sk_load_backlog(worker),
							      worker->monotonic_ns));
	if (worker->monotonic_ns - worker->told_ns < TELL_NS)
		return;
	worker->told_ns = worker->monotonic_ns;
	sk_stats_tell(worker);
}

enum sk_step sk_worker_step(struct sk_worker *worker)
{
	look_at_clock(worker);
	bool any = cut_if_ordered(worker);
	if (worker->finished)
		return SK_STEP_WORKED;
	ask_law(worker);
	for (unsigned from = 0; from < worker->crew->config.workers; from++)
		if (worker->in[from] != NULL)
			any |= sk_exchange_take(worker, from);
	enum sk_step received = receive(worker);
	publish(worker, !any && received != SK_STEP_WORKED);
	return any ? SK_STEP_WORKED : received;
}

static bool has_work(struct sk_worker *worker)
{
	if (worker->receives && (atomic_load(&worker->crew->ordered) != worker->obeyed || (worker->source == NULL && atomic_load(&worker->offered) != NULL)))
		return true;
	if (worker->source != NULL && atomic_load(&worker->crew->drop_sources))
		return true;
	return atomic_load(&worker->crew->aborted) || unmarked_has_more(worker);
}

static inline void pause_a_moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* Look a little longer, then sleep. */
static void rest(struct sk_worker *worker)
{
	int descriptor = worker->source != NULL ? worker->source->descriptor : -1;
	for (unsigned i = 0; i < SPINS; i++) {
		if (has_work(worker))
			return;
		pause_a_moment();
	}
	sk_bell_doze(&worker->bell);
	if (has_work(worker)) {
		sk_bell_stay(&worker->bell);
		return;
	}
	int64_t before_ns = monotonic(worker);
	sk_bell_sleep(&worker->bell, descriptor, SK_PATIENCE_MS);
	worker->waited_ns += monotonic(worker) - before_ns;
}

static bool enter(struct sk_worker *worker)
{
	const struct sk_crew_config *config = &worker->crew->config;
	bool good = config->enter == NULL || config->enter(config->context, worker->index, &worker->enter_fault) == SK_OK;
	atomic_store(&worker->entered, good ? SK_ENTER_DONE : SK_ENTER_FAILED);
	return good;
}

void *sk_worker_run(void *context)
{
	struct sk_worker *worker = context;
	if (!enter(worker))
		return NULL;
	while (!worker->finished && !is_aborted(worker))
		if (sk_worker_step(worker) == SK_STEP_IDLE)
			rest(worker);
	sk_stats_tell(worker);
	return NULL;
}
