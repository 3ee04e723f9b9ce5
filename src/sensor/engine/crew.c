/* SPDX-License-Identifier: Apache-2.0 */
/* The crew as its caller sees it: made, run, cut, finished. All of this is the collector's thread. */
#include "engine/crew_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { LOSS_PPM = 1000, ROUND_MS = 50, TICK_NS = 50000000, SHARE_SLACK = 8, LINE_BYTES = 64 };

/* ---- made ---- */

static void *zeroed(size_t count, size_t size)
{
	void *memory = NULL;
	size_t bytes = (count * size + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1);
	if (posix_memalign(&memory, LINE_BYTES, bytes) != 0)
		return NULL;
	sk_wipe(memory, bytes); /* touch */
	return memory;
}

/* Flows are shared out by a hash, which is not quite even: an eighth more than its part for each. */
static uint32_t share(const struct sk_crew_config *config, uint32_t whole)
{
	uint64_t part = (whole + config->workers - 1) / config->workers;
	return config->workers == 1 ? whole : (uint32_t)(part + part / SHARE_SLACK);
}

static struct sk_crew_config completed(const struct sk_crew_config *config)
{
	struct sk_crew_config out = *config;
	out.interval_frames = out.interval_frames != 0 ? out.interval_frames : SK_ENGINE_INTERVAL_FRAMES;
	if (out.live || out.sources > 1)
		out.interval_frames = UINT64_MAX; /* by time alone */
	out.exchange_bytes = out.exchange_bytes != 0 ? out.exchange_bytes : SK_CREW_RING_BYTES;
	out.spool_bytes = out.spool_bytes != 0 ? out.spool_bytes : SK_CREW_RING_BYTES;
	out.frame_bytes = out.frame_bytes != 0 ? out.frame_bytes : SK_FRAME_MAX_BYTES;
	size_t four = 4 * ((size_t)out.frame_bytes + sizeof(struct sk_exchange_frame)) + SK_MARKS_BYTES;
	out.exchange_bytes = out.exchange_bytes > four ? out.exchange_bytes : four;
	out.spool_bytes = out.spool_bytes > SK_CREW_RING_MIN_BYTES ? out.spool_bytes : SK_CREW_RING_MIN_BYTES;
	out.loss_ppm = out.loss_ppm != 0 ? out.loss_ppm : LOSS_PPM;
	out.flow.flows = share(config, out.flow.flows);
	out.flow.facts = share(config, out.flow.facts);
	return out;
}

/* Rings from every worker that receives to every other. */
static enum sk_err connect_workers(struct sk_crew *crew)
{
	unsigned workers = crew->config.workers;
	for (unsigned from = 0; from < crew->config.sources; from++) {
		for (unsigned to = 0; to < workers; to++) {
			struct sk_ring *ring = &crew->rings[from * workers + to];
			if (to == from)
				continue;
			SK_TRY(sk_ring_init(ring, crew->config.exchange_bytes, SK_MARKS_BYTES, &crew->workers[to].bell, &crew->workers[from].bell));
			crew->workers[from].out[to] = ring;
			crew->workers[to].in[from] = ring;
		}
	}
	return SK_OK;
}

static enum sk_err make_worker(struct sk_crew *crew, unsigned index, const uint8_t *key, struct sk_fault *fault)
{
	struct sk_worker *worker = &crew->workers[index];
	const struct sk_crew_config *config = &crew->config;
	worker->crew = crew;
	worker->index = index;
	worker->receives = index < config->sources;
	worker->snapshot = crew->snapshot;
	SK_TRY(sk_bell_init(&worker->bell, fault));
	if (config->threads)
		SK_TRY(sk_ring_init(&worker->spool, config->spool_bytes, SK_URGENT_BYTES, &crew->bell, &worker->bell));
	worker->sink = config->threads ? sk_spool_sink(worker) : *config->sink;
	struct sk_engine_config engine = {.border = crew->snapshot->border, .basis = crew->snapshot->basis, .set = crew->snapshot->set, .sink = &worker->sink, .flow = config->flow,
					  .decoder = config->decoder, .interval_frames = config->interval_frames, .clock = config->clock, .link = config->link};
	SK_TRY(sk_engine_new(&engine, NULL, NULL, &worker->engine));
	if (config->workers > 1) {
		worker->peers = sk_exchange_peers(worker);
		sk_engine_join(worker->engine, &worker->peers, key);
	}
	sk_stats_tell(worker);
	return SK_OK;
}

/* Signals are for the collector's thread. */
static enum sk_err start_threads(struct sk_crew *crew, struct sk_fault *fault)
{
	sigset_t all, before;
	int failed = 0;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; failed == 0 && i < crew->config.workers; i++) {
		failed = pthread_create(&crew->workers[i].thread, NULL, sk_worker_run, &crew->workers[i]);
		crew->workers[i].running = failed == 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0 ? SK_OK : sk_fault_errno(fault, failed, "a worker cannot be started");
}

static enum sk_err fill(struct sk_crew *crew, struct sk_fault *fault)
{
	const struct sk_clock *clock = &crew->config.clock;
	uint8_t key[SK_SIP_KEY_BYTES];
	unsigned workers = crew->config.workers;
	crew->workers = zeroed(workers, sizeof *crew->workers);
	crew->rings = zeroed((size_t)workers * crew->config.sources, sizeof *crew->rings);
	crew->parts = zeroed(workers, sizeof *crew->parts);
	if (crew->workers == NULL || crew->rings == NULL || crew->parts == NULL)
		return SK_ENOMEM;
	for (unsigned i = 0; i < workers; i++)
		crew->workers[i].bell.fd = -1;
	SK_TRY(sk_bell_init(&crew->bell, fault));
	crew->cut_unix_ns = clock->unix_ns(clock->context);
	crew->cut_monotonic_ns = clock->monotonic_ns(clock->context);
	crew->unix_less_monotonic_ns = crew->cut_unix_ns - crew->cut_monotonic_ns;
	sk_random(key, sizeof key);
	enum sk_err err = workers > 1 ? connect_workers(crew) : SK_OK;
	for (unsigned i = 0; err == SK_OK && i < workers; i++)
		err = make_worker(crew, i, key, fault);
	sk_wipe(key, sizeof key);
	return err == SK_OK && crew->config.threads ? start_threads(crew, fault) : err;
}

enum sk_err sk_crew_new(const struct sk_crew_config *config, const struct sk_snapshot *snapshot, struct sk_crew **out, struct sk_fault *fault)
{
	SK_INVARIANT(config->workers >= 1 && config->workers <= SK_CREW_WORKERS_MAX && (config->threads || config->workers == 1));
	/* A sender that waits needs readers that get on: with one source no worker sends that also takes. */
	SK_INVARIANT(config->sources == 1 || (config->sources == config->workers && config->live));
	struct sk_crew *crew = zeroed(1, sizeof *crew);
	if (crew == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "the workers cannot start: out of memory");
	crew->config = completed(config);
	crew->bell.fd = -1;
	crew->snapshot = snapshot;
	struct sk_fault why = {.err = SK_OK};
	enum sk_err err = fill(crew, &why);
	if (err != SK_OK) {
		sk_crew_free(crew);
		return why.err != SK_OK ? (*fault = why, err) : sk_fault_set(fault, err, "the workers cannot start: %s", sk_err_text(err));
	}
	*out = crew;
	return SK_OK;
}

static void join(struct sk_crew *crew)
{
	for (unsigned i = 0; i < crew->config.workers; i++) {
		struct sk_worker *worker = &crew->workers[i];
		if (!worker->running)
			continue;
		sk_bell_ring(&worker->bell);
		(void)pthread_join(worker->thread, NULL);
		worker->running = false;
	}
}

void sk_crew_free(struct sk_crew *crew)
{
	if (crew == NULL)
		return;
	atomic_store(&crew->aborted, true);
	if (crew->workers != NULL)
		join(crew);
	for (unsigned i = 0; crew->workers != NULL && i < crew->config.workers; i++) {
		sk_engine_free(crew->workers[i].engine);
		sk_ring_fini(&crew->workers[i].spool);
		sk_bell_fini(&crew->workers[i].bell);
	}
	for (unsigned i = 0; crew->rings != NULL && i < crew->config.workers * crew->config.sources; i++)
		sk_ring_fini(&crew->rings[i]);
	sk_bell_fini(&crew->bell);
	if (crew->workers != NULL)
		sk_wipe(crew->workers, crew->config.workers * sizeof *crew->workers);
	free(crew->workers);
	free(crew->rings);
	free(crew->parts);
	sk_wipe(crew, sizeof *crew);
	free(crew);
}

/* ---- orders ---- */

static bool is_obeyed(const struct sk_crew *crew)
{
	return crew->done == atomic_load_explicit(&crew->ordered, memory_order_relaxed);
}

/* The plan is written before its number. Not before the order before was obeyed. */
static void give_order(struct sk_crew *crew, bool last, enum sk_flow_end end)
{
	SK_INVARIANT(is_obeyed(crew));
	crew->plan = (struct sk_plan){.next = crew->pending != NULL ? crew->pending : crew->snapshot, .order = crew->done + 1, .end = (uint8_t)end, .last = last};
	crew->pending = NULL;
	atomic_store(&crew->ordered, crew->done + 1);
	for (unsigned i = 0; i < crew->config.workers; i++)
		sk_bell_ring(&crew->workers[i].bell);
}

static void give_order_when_due(struct sk_crew *crew)
{
	const struct sk_clock *clock = &crew->config.clock;
	if (!is_obeyed(crew))
		return;
	bool due = crew->config.interval_ns != 0 && clock->monotonic_ns(clock->context) - crew->cut_monotonic_ns >= crew->config.interval_ns;
	if (due || crew->pending != NULL)
		give_order(crew, false, SK_FLOW_END_STOP);
}

bool sk_crew_reload(struct sk_crew *crew, const struct sk_snapshot *snapshot)
{
	if (crew->pending != NULL || !is_obeyed(crew))
		return false;
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
		if (!crew->parted[i] && sk_ring_has_more(&crew->workers[i].spool))
			return true;
	return false;
}

/* Without threads the worker takes a step; with them their rings are read, and when nothing is there the collector sleeps a moment. */
static enum sk_err go_round(struct sk_crew *crew, struct sk_fault *fault)
{
	bool any = false;
	if (!crew->config.threads) {
		(void)sk_worker_step(&crew->workers[0]);
	} else {
		SK_TRY(sk_collect(crew, &any, fault));
		if (!any) {
			sk_bell_doze(&crew->bell);
			if (has_more(crew))
				sk_bell_stay(&crew->bell);
			else
				sk_bell_sleep(&crew->bell, -1, ROUND_MS);
		}
	}
	if (crew->failed.err != SK_OK)
		return *fault = crew->failed, crew->failed.err;
	/* What a worker stops for is the law, or a bug. */
	if (crew->stopped.err != SK_OK && sk_err_kind(crew->stopped.err) != SK_KIND_LAW)
		return *fault = crew->stopped, crew->stopped.err;
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

/* The workers let go of their sources; what they had taken is followed. */
static enum sk_err drop_sources(struct sk_crew *crew, struct sk_fault *fault)
{
	atomic_store(&crew->drop_sources, true);
	for (unsigned i = 0; i < crew->config.workers; i++)
		sk_bell_ring(&crew->workers[i].bell);
	while (crew->sources_left > 0)
		SK_TRY(go_round(crew, fault));
	return SK_OK;
}

enum sk_err sk_crew_run(struct sk_crew *crew, const struct sk_source *sources, struct sk_fault *fault)
{
	enum sk_err ended = SK_OK;
	atomic_store(&crew->drop_sources, false);
	crew->sources_left = crew->config.sources;
	for (unsigned i = 0; i < crew->config.sources; i++) {
		atomic_store(&crew->workers[i].offered, &sources[i]);
		sk_bell_ring(&crew->workers[i].bell);
	}
	while (ended == SK_OK && crew->sources_left > 0) {
		give_order_when_due(crew);
		enum sk_err err = go_round(crew, fault);
		if (err != SK_OK)
			return err;
		if (crew->stopped.err != SK_OK)
			ended = crew->stopped.err, *fault = crew->stopped;
		else
			ended = tick(crew, fault);
	}
	struct sk_fault later;
	enum sk_err err = drop_sources(crew, &later);
	if (err != SK_OK)
		*fault = later;
	return err != SK_OK ? err : ended;
}

static enum sk_err obey(struct sk_crew *crew, struct sk_fault *fault)
{
	while (!is_obeyed(crew))
		SK_TRY(go_round(crew, fault));
	return SK_OK;
}

enum sk_err sk_crew_end_input(struct sk_crew *crew, struct sk_fault *fault)
{
	SK_TRY(obey(crew, fault));
	give_order(crew, false, SK_FLOW_END_STOP);
	return obey(crew, fault);
}

enum sk_err sk_crew_finish(struct sk_crew *crew, enum sk_flow_end end, struct sk_fault *fault)
{
	SK_TRY(obey(crew, fault));
	give_order(crew, true, end);
	SK_TRY(obey(crew, fault));
	join(crew);
	return SK_OK;
}

/* ---- figures ---- */

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

size_t sk_crew_residue(const struct sk_crew *crew)
{
	size_t residue = 0;
	for (unsigned i = 0; i < crew->config.workers; i++) {
		const struct sk_worker *worker = &crew->workers[i];
		residue += sk_engine_residue(worker->engine) + sk_ring_residue(&worker->spool) + sk_count_nonzero(worker->form, sizeof worker->form);
	}
	for (unsigned i = 0; i < crew->config.workers * crew->config.sources; i++)
		residue += sk_ring_residue(&crew->rings[i]);
	return residue;
}
