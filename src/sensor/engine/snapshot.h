/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot: all that a worker's judgement depends on and that may change while it runs. It never changes itself; a reload is another snapshot, under which every
   worker goes on after the same cut. */
#ifndef SK_ENGINE_SNAPSHOT_H
#define SK_ENGINE_SNAPSHOT_H

#include "basis/basis.h"
#include "border/border.h"
#include "flow/flow.h"
#include "indicator/indicator.h"

struct sk_snapshot {
	uint64_t number;                        /* grows from one to the next */
	const struct sk_border *border;         /* borrowed until the snapshot is given back, as all below */
	const struct sk_basis *basis;
	const struct sk_indicator_set *set;     /* NULL: no selector */
	struct sk_flow_limits times;            /* the time-outs of flows; sizes are fixed at start and not looked at */
};

#endif
