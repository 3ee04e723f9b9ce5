/* SPDX-License-Identifier: Apache-2.0 */
/* Detectors of behaviour in a crew: one kit in the collector's thread. Workers make events of what they follow; nobody shares what is counted. Without threads
   events go straight into the kit. */
#include "engine/crew_priv.h"
#include "seal/seal.h"

#include <string.h>

/* Minting happens here, between packets and in the collector's thread, and not inside a flow table's callback. */
static void tell_detections(struct sk_crew *crew)
{
	while (sk_kit_next(crew->kit, &crew->detection))
		sk_select_event(crew->select, crew->kit, &crew->detection);
	sk_wipe(&crew->detection, sizeof crew->detection);
}

static bool runs_the_same(const struct sk_basis *a, const struct sk_basis *b)
{
	return a->classes == b->classes && a->detector_count == b->detector_count && memcmp(a->detectors, b->detectors, a->detector_count * sizeof a->detectors[0]) == 0;
}

enum sk_err sk_watch_prepare(struct sk_crew *crew, const struct sk_snapshot *snapshot, struct sk_kit **out, struct sk_fault *fault)
{
	struct sk_kit_config config = {.basis = snapshot->basis, .limits = sk_kit_default_limits(), .brands = crew->config.brands};
	if (crew->kit != NULL && runs_the_same(crew->snapshot->basis, snapshot->basis)) {
		*out = crew->kit;
		return SK_OK;
	}
	memcpy(config.key, crew->kit_key, sizeof config.key);
	enum sk_err err = sk_kit_new(&config, out, fault);
	sk_wipe(config.key, sizeof config.key);
	return err;
}

/* Samples and estimates depend on the key. Live it is random; from a file it is made of when the first frame came, to the nanosecond, and its length, so that the
   same file gives the same words each time, and no sender can choose packets by it. No other thread has had a frame yet. */
void sk_watch_first(struct sk_worker *worker, const struct sk_frame *frame)
{
	struct sk_crew *crew = worker->crew;
	const uint64_t words[2] = {(uint64_t)frame->time_ns, frame->wire_bytes};
	uint8_t digest[SK_HASH_BYTES];
	crew->keyed = true;
	sk_sha256(words, sizeof words, digest);
	memcpy(crew->kit_key, digest, sizeof crew->kit_key);
	if (worker->kit != NULL)
		sk_kit_rekey(worker->kit, crew->kit_key);
}

static void second_of_worker(void *context, int64_t clock_ns, bool sweep)
{
	struct sk_worker *worker = context;
	const struct sk_crew_config *config = &worker->crew->config;
	if (!config->threads) {
		sk_watch_second(worker->crew, clock_ns);
		return;
	}
	if (!config->live)
		sk_exchange_second(worker, clock_ns, sweep);
	sk_spool_second(worker, clock_ns);
}

void sk_watch_enter(struct sk_worker *worker, struct sk_kit *kit)
{
	const struct sk_crew_config *config = &worker->crew->config;
	worker->kit = kit;
	if (kit == NULL) {
		sk_engine_watch(worker->engine, NULL);
		return;
	}
	struct sk_engine_watch watch = {.context = worker, .second = second_of_worker, .limits = worker->crew->flow_limits};
	watch.front = config->threads ? (struct sk_kit_front){.kit = kit, .context = worker, .send = sk_spool_event} : sk_kit_front(kit);
	sk_engine_watch(worker->engine, &watch);
}

void sk_watch_second(struct sk_crew *crew, int64_t clock_ns)
{
	crew->second_ns = clock_ns;
	if (crew->kit == NULL)
		return;
	sk_kit_tick(crew->kit, clock_ns);
	tell_detections(crew);
}

/* What detectors still know is said while it may be: with the interval that closes. */
static void finish(struct sk_crew *crew)
{
	for (bool more = true; more;) {
		more = sk_kit_finish(crew->kit);
		tell_detections(crew);
	}
	sk_kit_wipe(crew->kit);
}

void sk_watch_change(struct sk_crew *crew, const struct sk_plan *plan)
{
	bool changes = plan->kit != crew->kit;
	if (crew->kit != NULL && (changes || plan->last))
		finish(crew);
	if (changes) {
		sk_kit_free(crew->kit);
		crew->kit = plan->kit;
	}
	if (plan->next != crew->snapshot)
		sk_select_switch(crew->select, plan->next->basis, plan->next->set);
}

void sk_watch_account(struct sk_crew *crew, struct sk_account *account)
{
	const struct sk_select_counts *now = sk_select_counts(crew->select);
	uint64_t observations = now->observations - crew->select_before.observations, findings = now->findings - crew->select_before.findings;
	account->observations += observations;
	account->findings += findings;
	crew->totals.observations += observations;
	crew->totals.findings += findings;
	crew->select_before = *now;
}
