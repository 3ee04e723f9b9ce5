/* SPDX-License-Identifier: Apache-2.0 */
/* Frames from worker to worker. The receiver works on the bytes where they lie in the ring, and overwrites them when it has done with them. */
#include "engine/crew_priv.h"

#include <string.h>

/* Where the source can wait, a full ring is waited for. There is one source then and no circle of rings, so the reader gets on. Else, or when the crew is given up: NULL. */
static uint8_t *reserve(struct sk_worker *worker, struct sk_ring *ring, enum sk_exchange_kind kind, size_t length)
{
	uint8_t *bytes = sk_ring_reserve(ring, kind, length, false);
	if (SK_LIKELY(bytes != NULL) || !worker->crew->config.waits || !sk_ring_fits(ring, length))
		return bytes;
	while ((bytes = sk_ring_reserve(ring, kind, length, false)) == NULL && !atomic_load(&worker->crew->aborted)) {
		sk_worker_publish_all(worker);
		sk_bell_doze(&worker->bell);
		if (sk_ring_has_room(ring, length, false))
			sk_bell_stay(&worker->bell);
		else
			sk_bell_sleep(&worker->bell, -1, SK_PATIENCE_MS);
	}
	return bytes;
}

static bool pass_frame(void *context, unsigned to, const struct sk_frame *frame, int64_t clock_ns)
{
	struct sk_worker *worker = context;
	const struct sk_exchange_frame head = {.time_ns = frame->time_ns, .clock_ns = clock_ns, .captured_bytes = frame->captured_bytes, .wire_bytes = frame->wire_bytes,
					       .interface = frame->interface, .link = frame->link, .no_time = frame->no_time};
	uint8_t *bytes = reserve(worker, worker->out[to], SK_EXCHANGE_FRAME, sizeof head + frame->captured_bytes);
	if (bytes == NULL)
		return false;
	memcpy(bytes, &head, sizeof head);
	if (frame->captured_bytes != 0)
		memcpy(bytes + sizeof head, frame->bytes, frame->captured_bytes);
	return true;
}

static bool pass_datagram(void *context, unsigned to, const struct sk_admitted_info *seen, const uint8_t *datagram, size_t length, int64_t clock_ns)
{
	struct sk_worker *worker = context;
	struct sk_exchange_datagram head;
	memset(&head, 0, sizeof head); /* its gaps too */
	head.seen = *seen;
	head.clock_ns = clock_ns;
	head.length = length;
	uint8_t *bytes = reserve(worker, worker->out[to], SK_EXCHANGE_DATAGRAM, sizeof head + length);
	if (bytes == NULL)
		return false;
	memcpy(bytes, &head, sizeof head);
	memcpy(bytes + sizeof head, datagram, length);
	return true;
}

static void pass_clock(void *context, int64_t was_ns, int64_t now_ns)
{
	struct sk_worker *worker = context;
	const struct sk_exchange_clock clock = {.was_ns = was_ns, .now_ns = now_ns};
	for (unsigned to = 0; to < worker->crew->config.workers; to++) {
		uint8_t *bytes = worker->out[to] != NULL ? reserve(worker, worker->out[to], SK_EXCHANGE_CLOCK, sizeof clock) : NULL;
		if (bytes != NULL)
			memcpy(bytes, &clock, sizeof clock);
	}
}

struct sk_engine_peers sk_exchange_peers(struct sk_worker *worker)
{
	const struct sk_crew_config *config = &worker->crew->config;
	return (struct sk_engine_peers){.context = worker, .self = (uint16_t)worker->index, .count = (uint16_t)config->workers, .keep_fragments = config->sources == 1,
					.pass_frame = pass_frame, .pass_datagram = pass_datagram, .clock_back = pass_clock};
}

void sk_exchange_second(struct sk_worker *worker, int64_t clock_ns, bool sweep)
{
	const struct sk_exchange_second second = {.clock_ns = clock_ns, .sweep = sweep};
	for (unsigned to = 0; to < worker->crew->config.workers; to++) {
		uint8_t *bytes = worker->out[to] != NULL ? reserve(worker, worker->out[to], SK_EXCHANGE_SECOND, sizeof second) : NULL;
		if (bytes != NULL)
			memcpy(bytes, &second, sizeof second);
	}
}

void sk_exchange_publish(struct sk_worker *worker, bool all)
{
	for (unsigned to = 0; to < worker->crew->config.workers; to++)
		if (worker->out[to] != NULL && (all || sk_ring_untold(worker->out[to]) >= worker->out[to]->bytes / SK_GATHER_SHARE))
			sk_ring_publish(worker->out[to]);
}

/* A mark is never lost. From a file it waits as frames do; live every cut is by an order, and none is given before the one before was obeyed by all, so that at most two
   marks are in a ring and what is kept for them is enough. //= rule: EPOCH-1 */
void sk_exchange_mark(struct sk_worker *worker, const struct sk_plan *plan)
{
	const struct sk_exchange_mark mark = {.plan = *plan, .clock_ns = worker->engine->clock.now_ns};
	bool live = worker->crew->config.live;
	for (unsigned to = 0; to < worker->crew->config.workers; to++) {
		struct sk_ring *ring = worker->out[to];
		if (ring == NULL)
			continue;
		uint8_t *bytes = live ? sk_ring_reserve(ring, SK_EXCHANGE_MARK, sizeof mark, true) : reserve(worker, ring, SK_EXCHANGE_MARK, sizeof mark);
		SK_INVARIANT(bytes != NULL || atomic_load(&worker->crew->aborted));
		if (bytes != NULL)
			memcpy(bytes, &mark, sizeof mark);
	}
	sk_exchange_publish(worker, true);
}

/* ---- taking ---- */

static size_t head_bytes(uint32_t kind)
{
	static const uint8_t bytes[] = {[SK_EXCHANGE_FRAME] = sizeof(struct sk_exchange_frame), [SK_EXCHANGE_DATAGRAM] = sizeof(struct sk_exchange_datagram),
					[SK_EXCHANGE_CLOCK] = sizeof(struct sk_exchange_clock),
					[SK_EXCHANGE_SECOND] = sizeof(struct sk_exchange_second), [SK_EXCHANGE_MARK] = sizeof(struct sk_exchange_mark)};
	SK_INVARIANT(kind < SK_COUNT(bytes) && bytes[kind] != 0);
	return bytes[kind];
}

static void take_frame(struct sk_worker *worker, const struct sk_ring_record *record, size_t at)
{
	struct sk_exchange_frame head;
	memcpy(&head, record->bytes, sizeof head);
	SK_INVARIANT(record->length == sizeof head + head.captured_bytes);
	worker->taken[at] = (struct sk_frame){.bytes = record->bytes + sizeof head, .captured_bytes = head.captured_bytes, .wire_bytes = head.wire_bytes, .time_ns = head.time_ns,
					      .interface = head.interface, .link = head.link, .no_time = head.no_time};
	worker->clocks_ns[at] = head.clock_ns;
}

static void follow_taken(struct sk_worker *worker, size_t count)
{
	if (count == 0)
		return;
	if (SK_LIKELY(!worker->stopped)) {
		sk_engine_take_frames(worker->engine, worker->taken, worker->clocks_ns, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		sk_engine_take_stopped(worker->engine, 1, worker->taken[i].wire_bytes);
}

static void take_datagram(struct sk_worker *worker, const struct sk_ring_record *record)
{
	struct sk_exchange_datagram head;
	memcpy(&head, record->bytes, sizeof head);
	SK_INVARIANT(record->length == sizeof head + head.length);
	if (worker->stopped)
		sk_engine_take_stopped(worker->engine, head.seen.frames, head.seen.wire_bytes);
	else
		sk_engine_take_datagram(worker->engine, &head.seen, record->bytes + sizeof head, head.length, head.clock_ns);
}

/* The collector waits for every worker's word, also for that of one which may not look at anything any more. */
static void take_second(struct sk_worker *worker, const struct sk_exchange_second *second)
{
	if (SK_LIKELY(!worker->stopped))
		sk_engine_take_second(worker->engine, second->clock_ns, second->sweep != 0);
	else if (worker->kit != NULL)
		sk_spool_second(worker, second->clock_ns);
}

/* What is no frame takes its place among the frames. */
static void take_other(struct sk_worker *worker, unsigned from, const struct sk_ring_record *record)
{
	struct sk_exchange_clock clock;
	struct sk_exchange_second second;
	struct sk_exchange_mark mark;
	switch ((enum sk_exchange_kind)record->kind) {
	case SK_EXCHANGE_DATAGRAM:
		take_datagram(worker, record);
		break;
	case SK_EXCHANGE_CLOCK:
		memcpy(&clock, record->bytes, sizeof clock);
		sk_engine_take_clock_back(worker->engine, clock.was_ns, clock.now_ns);
		break;
	case SK_EXCHANGE_SECOND:
		memcpy(&second, record->bytes, sizeof second);
		take_second(worker, &second);
		break;
	case SK_EXCHANGE_MARK:
		memcpy(&mark, record->bytes, sizeof mark);
		sk_engine_take_clock(worker->engine, mark.clock_ns);
		worker->plan = mark.plan;
		worker->marked[from] = true;
		worker->cut_wanted = true;
		break;
	case SK_EXCHANGE_FRAME:
		break;
	}
}

bool sk_exchange_take(struct sk_worker *worker, unsigned from)
{
	struct sk_ring *ring = worker->in[from];
	struct sk_ring_record record;
	size_t count = 0;
	bool any = false;
	for (unsigned i = 0; i < SK_TAKE_MAX && !worker->marked[from] && sk_ring_take(ring, &record); i++) {
		any = true;
		SK_INVARIANT(record.length >= head_bytes(record.kind));
		if (SK_LIKELY(record.kind == SK_EXCHANGE_FRAME)) {
			take_frame(worker, &record, count++);
			continue;
		}
		follow_taken(worker, count);
		count = 0;
		take_other(worker, from, &record);
	}
	follow_taken(worker, count);
	sk_ring_release(ring);
	return any;
}
