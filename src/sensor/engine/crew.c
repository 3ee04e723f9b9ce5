/* SPDX-License-Identifier: Apache-2.0 */
/* The crew made, started, ended. All of this is the collector's thread. */
#include "engine/crew_priv.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SHARE_SLACK = 8, LINE_BYTES = 64, LOOK_NS = 200000 };

/* ---- made ---- */

static void *zeroed(size_t count, size_t size)
{
	void *memory = NULL;
	size_t bytes = (count * size + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1);
	if (posix_memalign(&memory, LINE_BYTES, bytes) != 0)
		return NULL;
	memset(memory, 0, bytes); /* touch */
	return memory;
}

/* Flows are shared out by a hash, which is not quite even: an eighth more than its part for each. */
static uint32_t share(const struct sk_crew_config *config, uint32_t whole)
{
	uint64_t part = (whole + config->workers - 1) / config->workers;
	return config->workers == 1 || config->flow_of_each ? whole : (uint32_t)(part + part / SHARE_SLACK);
}

static struct sk_crew_config completed(const struct sk_crew_config *config)
{
	struct sk_crew_config out = *config;
	out.interval_frames = out.interval_frames != 0 ? out.interval_frames : SK_ENGINE_INTERVAL_FRAMES;
	if (out.live || out.sources > 1)
		out.interval_frames = UINT64_MAX; /* by time alone */
	out.waits = out.waits || !out.live;
	out.exchange_bytes = out.exchange_bytes != 0 ? out.exchange_bytes : SK_CREW_RING_BYTES;
	out.spool_bytes = out.spool_bytes != 0 ? out.spool_bytes : SK_CREW_RING_BYTES;
	out.frame_bytes = out.frame_bytes != 0 ? out.frame_bytes : SK_FRAME_MAX_BYTES;
	size_t four = 4 * ((size_t)out.frame_bytes + sizeof(struct sk_exchange_frame)) + SK_MARKS_BYTES;
	out.exchange_bytes = out.exchange_bytes > four ? out.exchange_bytes : four;
	out.spool_bytes = out.spool_bytes > SK_CREW_RING_MIN_BYTES ? out.spool_bytes : SK_CREW_RING_MIN_BYTES;
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

/* Its lowest page is none: whoever runs over the end is ended. */
static enum sk_err make_stack(struct sk_worker *worker)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory = mmap(NULL, SK_STACK_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		return SK_ENOMEM;
	worker->stack = memory;
	(void)madvise(memory, SK_STACK_BYTES + page, MADV_DONTDUMP);
	return mprotect(memory, page, PROT_NONE) == 0 ? SK_OK : SK_EIO;
}

static void free_stack(struct sk_worker *worker)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (worker->stack == NULL)
		return;
	sk_wipe((uint8_t *)worker->stack + page, SK_STACK_BYTES);
	(void)munmap(worker->stack, SK_STACK_BYTES + page);
}

static int start_thread(struct sk_worker *worker)
{
	pthread_attr_t how;
	int failed = pthread_attr_init(&how);
	if (failed != 0)
		return failed;
	failed = pthread_attr_setstack(&how, (uint8_t *)worker->stack + sysconf(_SC_PAGESIZE), SK_STACK_BYTES);
	if (failed == 0)
		failed = pthread_create(&worker->thread, &how, sk_worker_run, worker);
	(void)pthread_attr_destroy(&how);
	return failed;
}

static enum sk_err make_worker(struct sk_crew *crew, unsigned index, uint8_t key[3][SK_SIP_KEY_BYTES], struct sk_fault *fault)
{
	struct sk_worker *worker = &crew->workers[index];
	const struct sk_crew_config *config = &crew->config;
	worker->crew = crew;
	worker->index = index;
	worker->receives = index < config->sources;
	worker->snapshot = crew->snapshot;
	SK_TRY(sk_bell_init(&worker->bell, fault));
	if (config->threads) {
		SK_TRY(sk_ring_init(&worker->spool, config->spool_bytes, SK_URGENT_BYTES, &crew->bell, &worker->bell));
		SK_TRY(make_stack(worker));
	}
	worker->sink = config->threads ? sk_spool_sink(worker) : *config->sink;
	struct sk_engine_config engine = {.border = crew->snapshot->border, .basis = crew->snapshot->basis, .set = crew->snapshot->set, .rules = config->rules, .rules_trusted = config->rules_trusted, .rules_key = crew->rules_key, .workers = config->workers,
					  .sink = &worker->sink, .flow = config->flow, .decoder = config->decoder, .interval_frames = config->interval_frames, .clock = config->clock, .link = config->link};
	SK_TRY(sk_engine_new(&engine, NULL, NULL, &worker->engine));
	if (config->workers > 1) {
		worker->peers = sk_exchange_peers(worker);
		sk_engine_join(worker->engine, &worker->peers, key[0]);
	}
	sk_engine_key_abroad(worker->engine, key[2]);
	if (config->health_learn_ns != 0 && worker->receives) {
		struct sk_pulse_probe *probe;
		SK_TRY(sk_pulse_probe_new(key[1], &probe));
		sk_engine_probe(worker->engine, probe, sk_spool_beat, worker);
	}
	if (crew->kit != NULL)
		sk_watch_enter(worker, crew->kit);
	sk_stats_tell(worker);
	return SK_OK;
}

static enum sk_err fill(struct sk_crew *crew, struct sk_fault *fault)
{
	const struct sk_clock *clock = &crew->config.clock;
	uint8_t key[3][SK_SIP_KEY_BYTES]; /* of steering, of the link's health, of hosts of countries */
	unsigned workers = crew->config.workers;
	sk_random(crew->rules_key, sizeof crew->rules_key);
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
	if (crew->config.health_learn_ns != 0)
		SK_TRY(sk_pulse_new(crew->config.health_learn_ns, &crew->pulse));
	sk_random(crew->kit_key, sizeof crew->kit_key);
	SK_TRY(sk_select_new(crew->snapshot->basis, crew->snapshot->set, crew->config.sink, &crew->select));
	SK_TRY(sk_watch_prepare(crew, crew->snapshot, &crew->kit, fault));
	SK_TRY(sk_abroad_new(&crew->abroad));
	sk_abroad_border(crew->abroad, crew->snapshot->border);
	sk_random(key, sizeof key);
	/* A capture lies there for whoever has this memory, and must give the same each time. */
	if (!crew->config.live)
		memset(key + 1, 0, 2 * sizeof key[1]);
	enum sk_err err = workers > 1 ? connect_workers(crew) : SK_OK;
	for (unsigned i = 0; err == SK_OK && i < workers; i++)
		err = make_worker(crew, i, key, fault);
	sk_wipe(key, sizeof key);
	return err;
}

enum sk_err sk_crew_new(const struct sk_crew_config *config, const struct sk_snapshot *snapshot, struct sk_crew **out, struct sk_fault *fault)
{
	SK_INVARIANT(config->workers >= 1 && config->workers <= SK_CREW_WORKERS_MAX && (config->threads || config->workers == 1));
	/* A sender that waits needs readers that get on: with one source no worker sends that also takes. */
	SK_INVARIANT(config->sources == 1 || (config->sources == config->workers && config->live && !config->waits));
	struct sk_crew *crew = zeroed(1, sizeof *crew);
	if (crew == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "the workers cannot start: out of memory");
	crew->flow_limits = config->flow;
	crew->config = completed(config);
	crew->bell.fd = -1;
	crew->keyed = crew->config.live;
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

/* ---- started, ended ---- */

/* A worker that could not enter has ended its thread; the others are ended by whoever frees the crew. */
static enum sk_err await_entered(struct sk_crew *crew, struct sk_fault *fault)
{
	for (unsigned i = 0; i < crew->config.workers; i++) {
		struct sk_worker *worker = &crew->workers[i];
		while (atomic_load(&worker->entered) == SK_ENTER_PENDING)
			(void)nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
		if (atomic_load(&worker->entered) == SK_ENTER_FAILED)
			return *fault = worker->enter_fault, fault->err;
	}
	return SK_OK;
}

/* Signals are for the collector's thread. */
enum sk_err sk_crew_start(struct sk_crew *crew, struct sk_fault *fault)
{
	sigset_t all, before;
	int failed = 0;
	if (!crew->config.threads || crew->started)
		return SK_OK;
	crew->started = true;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; failed == 0 && i < crew->config.workers; i++) {
		failed = start_thread(&crew->workers[i]);
		crew->workers[i].running = failed == 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0 ? await_entered(crew, fault) : sk_fault_errno(fault, failed, "a worker cannot be started");
}

void sk_crew_bells(const struct sk_crew *crew, unsigned worker, struct sk_crew_bells *out)
{
	*out = (struct sk_crew_bells){.hears = crew->workers[worker].bell.fd, .ring_count = 1, .rings = {crew->bell.fd}};
	for (unsigned i = 0; i < crew->config.workers; i++)
		if (i != worker)
			out->rings[out->ring_count++] = crew->workers[i].bell.fd;
}

void sk_crew_join(struct sk_crew *crew)
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
		sk_crew_join(crew);
	for (unsigned i = 0; crew->workers != NULL && i < crew->config.workers; i++) {
		sk_engine_free(crew->workers[i].engine);
		sk_ring_fini(&crew->workers[i].spool);
		sk_bell_fini(&crew->workers[i].bell);
		free_stack(&crew->workers[i]);
	}
	for (unsigned i = 0; crew->rings != NULL && i < crew->config.workers * crew->config.sources; i++)
		sk_ring_fini(&crew->rings[i]);
	sk_bell_fini(&crew->bell);
	if (crew->next_kit != crew->kit)
		sk_kit_free(crew->next_kit);
	sk_kit_free(crew->kit);
	sk_select_free(crew->select);
	if (crew->workers != NULL)
		sk_wipe(crew->workers, crew->config.workers * sizeof *crew->workers);
	free(crew->workers);
	free(crew->rings);
	free(crew->parts);
	sk_pulse_free(crew->pulse);
	sk_abroad_free(crew->abroad);
	sk_wipe(crew, sizeof *crew);
	free(crew);
}

struct sk_kit *sk_crew_kit(const struct sk_crew *crew)
{
	return crew->kit;
}

bool sk_crew_health(const struct sk_crew *crew, struct sk_pulse_state *out)
{
	if (crew->pulse != NULL)
		sk_pulse_state(crew->pulse, out);
	return crew->pulse != NULL;
}

size_t sk_crew_residue(const struct sk_crew *crew)
{
	size_t residue = crew->kit != NULL ? sk_kit_residue(crew->kit) : 0;
	for (unsigned i = 0; i < crew->config.workers; i++) {
		const struct sk_worker *worker = &crew->workers[i];
		residue += sk_engine_residue(worker->engine) + sk_ring_residue(&worker->spool) + sk_count_nonzero(worker->form, sizeof worker->form);
	}
	for (unsigned i = 0; i < crew->config.workers * crew->config.sources; i++)
		residue += sk_ring_residue(&crew->rings[i]);
	return residue;
}
