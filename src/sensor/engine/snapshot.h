/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot: all that a worker's judgement depends on and that may change while it runs. It never changes itself; a reload is another snapshot, under which every
   worker goes on after the same cut. */
#ifndef SK_ENGINE_SNAPSHOT_H
#define SK_ENGINE_SNAPSHOT_H

#include "basis/basis.h"
#include "border/border.h"
#include "flow/flow.h"
#include "indicator/indicator.h"

/* How full a worker's queues may be, in thousandths, before something is given up, and how empty again before it is taken up. */
struct sk_shed_limits {
	uint16_t heads, facts, flows; /* not below the one before; from SK_SOURCE_FULL on: never */
	uint16_t recover;             /* below heads */
};

struct sk_snapshot {
	uint64_t number;                        /* grows from one to the next */
	const struct sk_border *border;         /* borrowed until the snapshot is given back, as all below */
	const struct sk_basis *basis;
	const struct sk_indicator_set *set;     /* NULL: no selector */
	struct sk_flow_limits times;            /* the time-outs of flows; sizes are fixed at start and not looked at */
	struct sk_shed_limits shed;             /* of a live crew */
	uint32_t loss_ppm;                      /* a finding says so when more of an interval's frames were lost, or left out */
};

/* A snapshot of those, with the limits that a sensor has where nobody says otherwise. */
static inline struct sk_snapshot sk_snapshot_of(uint64_t number, const struct sk_border *border, const struct sk_basis *basis, const struct sk_indicator_set *set)
{
	return (struct sk_snapshot){.number = number, .border = border, .basis = basis, .set = set, .times = sk_flow_default_limits(),
				    .shed = {.heads = 500, .facts = 750, .flows = 900, .recover = 250}, .loss_ppm = 1000};
}

#endif
