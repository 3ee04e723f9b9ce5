/* SPDX-License-Identifier: Apache-2.0 */
/* How much to give up: one level more when a queue stays longer than that level allows, one less when all have been short for a while. The gap between long and short,
   and the time that short must last, keep it from swinging. //= rule: SHED-1 */
#include "engine/crew_priv.h"

enum { LONG_NS = 50000000, VERY_LONG_NS = 5000000, SHORT_NS = 1000000000 };

enum sk_shed sk_load_level(struct sk_load *load, const struct sk_shed_limits *limits, enum sk_shed present, unsigned backlog, int64_t now_ns)
{
	const unsigned most[SK_SHED_COUNT] = {limits->heads, limits->facts, limits->flows, SK_SOURCE_FULL};
	bool high = most[present] < SK_SOURCE_FULL && backlog >= most[present], low = backlog <= limits->recover;
	if (high != load->high || low != load->low) {
		*load = (struct sk_load){.since_ns = now_ns, .high = high, .low = low};
		return present;
	}
	int64_t lasted_ns = now_ns - load->since_ns;
	/* Nearly full: there is no time to wait. */
	bool more = high && lasted_ns >= (backlog >= limits->flows ? VERY_LONG_NS : LONG_NS);
	bool less = low && lasted_ns >= SHORT_NS && present > SK_SHED_NOTHING;
	if (!more && !less)
		return present;
	load->since_ns = now_ns;
	return (enum sk_shed)(more ? present + 1 : present - 1);
}

unsigned sk_load_backlog(const struct sk_worker *worker)
{
	unsigned most = worker->source != NULL && worker->source->backlog != NULL ? worker->source->backlog(worker->source->context) : 0;
	for (unsigned from = 0; from < worker->crew->config.workers; from++) {
		unsigned fill = worker->in[from] != NULL ? sk_ring_fill(worker->in[from]) : 0;
		most = fill > most ? fill : most;
	}
	return most;
}
