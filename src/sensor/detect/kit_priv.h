/* SPDX-License-Identifier: Apache-2.0 */
/* The kit's own: what its files share. */
#ifndef SK_DETECT_KIT_PRIV_H
#define SK_DETECT_KIT_PRIV_H

#include <stdatomic.h>

#include "detect/detector.h"

enum {
	SK_KIT_DETECTORS_MAX = SK_BASIS_DETECTORS_MAX,
	SK_KIT_BATCH = 64,
	SK_KIT_QUEUE = 1024,          /* detections that wait to be taken */
	SK_KIT_FOUND = 256,
	SK_KIT_QUEUE_SPARE = 4,       /* what one entry may say at once */
	SK_KIT_JUMP_S = 7 * 86400,    /* the clock follows a jump ahead at once, or after SK_KIT_JUMP_EVENTS in a row */
	SK_KIT_JUMP_EVENTS = 16,
	SK_KIT_BEHIND_S = 3600,       /* SK_KIT_BEHIND_EVENTS in a row so far behind the clock: it was wrong, or an older input begins */
	SK_KIT_BEHIND_EVENTS = 64
};

/* One detector that runs, with its arena: the table, then the lists of what was touched, then what else it asked for. */
struct sk_kit_place {
	const struct sk_detector *ops;
	_Atomic uint8_t heads;        /* of ops; of a detector that runs on request those that it asks for now */
	uint8_t events;               /* the same of events; the owner's */
	struct sk_run run;
	uint64_t thresholds[SK_BASIS_THRESHOLDS_MAX];
	void *arena;
	size_t arena_bytes;
};

struct sk_kit {
	uint64_t low, high;           /* the key as words */
	uint8_t half;                 /* class bits: answers of such flows are not covered */
	uint8_t always, always_heads; /* SK_EVENT_BITs and bits of enum sk_head_kind that a detector asks for as long as it runs */
	_Atomic uint8_t wanted, heads; /* and now: no more than a hint, so no order is needed */
	bool may_have_heads;
	size_t count;
	struct sk_kit_place places[SK_KIT_DETECTORS_MAX];
	uint8_t place_of[SK_BASIS_DETECTORS_MAX]; /* by row of detectors.def */
	struct sk_suffixes *suffixes; /* for those that ask for parts of names */
	const struct sk_brands *brands;
	/* Above: what fronts read, of which only wanted and heads change; below: the owner's. The clock: */
	_Alignas(64) bool started;
	uint32_t now_s;
	unsigned ahead, behind;       /* events in a row */
	/* what waits */
	size_t batch_count;
	struct sk_event batch[SK_KIT_BATCH];
	uint64_t keys[SK_KIT_BATCH];
	size_t found_count, heard_count; /* what was said in this second; what others said in the last one */
	struct sk_event found[SK_KIT_FOUND], heard[SK_KIT_FOUND];
	size_t queue_first, queue_count;
	struct sk_detection queue[SK_KIT_QUEUE];
	/* finishing */
	bool finishing;
	size_t finish_place;
	uint32_t finish_entry;
	struct sk_kit_counts counts;
};

/* registry.c: the detector of a row, or NULL when it does not run in the sensor. */
const struct sk_detector *sk_registry_detector(size_t row);
/* The detector of a name, or NULL. */
const struct sk_detector *sk_registry_find(const char *name);
/* Thresholds as the basis asks for them, the others by default. */
SK_MUST enum sk_err sk_registry_thresholds(const struct sk_basis_detector *asked, const struct sk_detector *ops, uint64_t *out, struct sk_fault *fault);

/* What a detector that runs on request wants from now on: SK_EVENT_BITs, bits of enum sk_head_kind. There is one such detector. */
void sk_kit_ask(struct sk_run *run, uint8_t events, uint8_t heads);

/* The clock moves on with a packet's time. */
void sk_kit_clock(struct sk_kit *kit, int64_t time_ns);
/* Keyed hash of an address; of its network. */
uint64_t sk_kit_hash_addr(const struct sk_kit *kit, const struct sk_addr *addr);
uint64_t sk_kit_hash_net(const struct sk_kit *kit, const struct sk_addr *addr);

#endif
