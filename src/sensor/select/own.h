/* SPDX-License-Identifier: Apache-2.0 */
/* own: findings about the sensor itself: that frames were lost, or that it left something out under load. They name no address and have no evidence.
   Whoever reads findings must know when there may be others that nobody saw. */
#ifndef SK_SELECT_OWN_H
#define SK_SELECT_OWN_H

#include "ledger/record.h"
#include "observe/observe.h"

/* Of one interval. */
struct sk_own_facts {
	const char *link;
	bool simulated;
	int64_t from_ns, to_ns;
	uint64_t received;                 /* frames */
	const struct sk_cell *lost;        /* by where */
	size_t lost_count;
	uint64_t evicted, shed;            /* frames of flows that had no place in a full table, or that were given up under load */
	uint64_t heads_shed, facts_shed;   /* packets whose payload was not looked at, segments whose selectors were not asked */
	uint64_t events, events_lost;      /* of detectors; of them those that were never counted */
};

/* "sensor_loss": frames went by that nobody judged, or that were judged and did not reach the worker that follows them. */
void sk_select_own_loss(const struct sk_own_facts *facts, struct sk_finding *out);
/* "sensor_shedding": something was given up for want of time or room. */
void sk_select_own_shedding(const struct sk_own_facts *facts, struct sk_finding *out);
/* "detectors_blind": events of detectors were lost, so that what they count is too low. */
void sk_select_own_blindness(const struct sk_own_facts *facts, struct sk_finding *out);

#endif
