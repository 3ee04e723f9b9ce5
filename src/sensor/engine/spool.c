/* SPDX-License-Identifier: Apache-2.0 */
/* From a worker to the collector: observations and findings in their binary forms, parts and notes. What a hit needs, its observation and all of its findings, is let in
   as a whole or not at all. */
#include "engine/crew_priv.h"

#include <string.h>

/* Room for an observation and for the findings that may follow it; a record costs a head and up to seven bytes besides. */
enum { HIT_BYTES = SK_OBSERVATION_MAX_BYTES + SK_OBSERVATION_HITS_MAX * (SK_FINDING_MAX_BYTES + 16) };
_Static_assert((int)SK_FLOW_HITS_MAX <= (int)SK_OBSERVATION_HITS_MAX, "a segment has no more findings");
_Static_assert(2 * (int)HIT_BYTES + (int)SK_URGENT_BYTES < (int)SK_CREW_RING_MIN_BYTES, "the smallest ring takes a hit wherever it stands");

static bool wait_for_room(struct sk_worker *worker, size_t length, bool urgent)
{
	while (!sk_ring_has_room(&worker->spool, length, urgent)) {
		if (atomic_load(&worker->crew->aborted))
			return false;
		sk_worker_publish_all(worker);
		sk_bell_doze(&worker->bell);
		if (sk_ring_has_room(&worker->spool, length, urgent))
			sk_bell_stay(&worker->bell);
		else
			sk_bell_sleep(&worker->bell, -1, SK_PATIENCE_MS);
	}
	return true;
}

static bool get_room(struct sk_worker *worker, size_t length)
{
	return worker->crew->config.waits ? wait_for_room(worker, length, false) : sk_ring_has_room(&worker->spool, length, false);
}

static bool put(struct sk_worker *worker, enum sk_spool_kind kind, const void *bytes, size_t length, bool urgent)
{
	uint8_t *room = sk_ring_reserve(&worker->spool, kind, length, urgent);
	if (room != NULL)
		memcpy(room, bytes, length);
	return room != NULL;
}

static bool spool_observation(void *context, const struct sk_observation *observation)
{
	struct sk_worker *worker = context;
	size_t wanted = observation->kind == SK_OBSERVATION_HIT ? HIT_BYTES : SK_OBSERVATION_MAX_BYTES;
	if (!get_room(worker, wanted))
		return false;
	size_t length = sk_observation_encode_to(observation, worker->form);
	bool there = put(worker, SK_SPOOL_OBSERVATION, worker->form, length, false);
	SK_INVARIANT(there);
	sk_wipe(worker->form, length);
	return true;
}

static void spool_finding(void *context, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	struct sk_worker *worker = context;
	(void)evidence; /* the observation before it */
	size_t length = sk_finding_encode_to(finding, worker->form);
	bool there = put(worker, SK_SPOOL_FINDING, worker->form, length, false);
	SK_INVARIANT(there);
	sk_wipe(worker->form, length);
}

static bool spool_original(void *context, const struct sk_original *original)
{
	struct sk_worker *worker = context;
	return get_room(worker, sizeof *original) && put(worker, SK_SPOOL_ORIGINAL, original, sizeof *original, false);
}

struct sk_observe_sink sk_spool_sink(struct sk_worker *worker)
{
	const struct sk_observe_sink *sink = worker->crew->config.sink;
	return (struct sk_observe_sink){.context = worker, .observation = spool_observation, .finding = spool_finding,
					.original = sink->original != NULL ? spool_original : NULL, .token_key = sink->token_key};
}

/* Without a thread of its own the worker is the collector. */
bool sk_spool_beat(void *context, const struct sk_pulse_beat *beat)
{
	struct sk_worker *worker = context;
	size_t length = offsetof(struct sk_pulse_beat, samples) + beat->sample_count * sizeof beat->samples[0];
	if (!worker->crew->config.threads) {
		sk_collect_beat(worker->crew, beat);
		return true;
	}
	if (worker->crew->config.waits && !wait_for_room(worker, length, false))
		return true;
	return put(worker, SK_SPOOL_BEAT, beat, length, false);
}

void sk_spool_event(void *context, const struct sk_event *event)
{
	struct sk_worker *worker = context;
	size_t length = sk_event_bytes(event);
	worker->events++;
	if (SK_UNLIKELY(!get_room(worker, length) || !put(worker, SK_SPOOL_EVENT, event, length, false)))
		worker->events_lost++;
}

void sk_spool_second(struct sk_worker *worker, int64_t clock_ns)
{
	if (get_room(worker, sizeof clock_ns))
		(void)put(worker, SK_SPOOL_SECOND, &clock_ns, sizeof clock_ns, false);
}

static void spool_abroad(struct sk_worker *worker)
{
	struct sk_abroad *abroad = worker->engine->abroad;
	for (unsigned i = 0; i < SK_ABROAD_CODES; i++) {
		struct sk_abroad_country *country = &abroad->countries[i];
		if (country->frames == 0)
			continue;
		if (wait_for_room(worker, sizeof(struct sk_spool_abroad), true)) {
			struct sk_spool_abroad *room = (void *)sk_ring_reserve(&worker->spool, SK_SPOOL_ABROAD, sizeof *room, true);
			SK_INVARIANT(room != NULL);
			room->index = i;
			room->country = *country;
		}
		sk_wipe(country, sizeof *country);
	}
}

void sk_spool_part(struct sk_worker *worker)
{
	spool_abroad(worker);
	if (wait_for_room(worker, sizeof worker->part, true))
		(void)put(worker, SK_SPOOL_PART, &worker->part, sizeof worker->part, true);
	sk_ring_publish(&worker->spool);
}

void sk_spool_tell(struct sk_worker *worker, enum sk_spool_kind kind, const struct sk_fault *fault)
{
	if (wait_for_room(worker, sizeof *fault, true))
		(void)put(worker, kind, fault, sizeof *fault, true);
	sk_ring_publish(&worker->spool);
}
