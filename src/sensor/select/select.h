/* SPDX-License-Identifier: Apache-2.0 */
/* select: the only minter of observations. Takes a closed segment; without a hit it is erased and counted, with one its whitelisted fields
   become an observation (names reduced to the matched or registered domain unless the basis switched names on) and a finding.
   Promises: exactly one fate a segment; applies policy's whitelist field by field. Never: writes anywhere but the sink. */
#ifndef SK_SELECT_H
#define SK_SELECT_H

#include "basis/basis.h"
#include "detect/detect.h"
#include "detect/kit.h"
#include "observe/observe.h"
#include "policy/policy.h"
#include "rules/rules.h"

/* Why an admitted frame was not selected. */
enum sk_select_reason { SK_SELECT_NO_HIT, SK_SELECT_EVICTED, SK_SELECT_SHED, SK_SELECT_FRAGMENT_TIMEOUT, SK_SELECT_UNDECODABLE, SK_SELECT_STOPPED, SK_SELECT_REASON_COUNT };
/* "no_hit", "evicted", "shed", "fragment_timeout", "undecodable", "stopped". Static storage. */
const char *sk_select_reason_name(enum sk_select_reason reason);

struct sk_select_counts {
	uint64_t erased_frames[SK_SELECT_REASON_COUNT], erased_bytes[SK_SELECT_REASON_COUNT];
	uint64_t selected_frames, selected_bytes;
	uint64_t observations, findings;
	uint64_t events;       /* observations that are detector events */
	uint64_t spool_full; /* observations that their sink had no room for: their frames were erased as shed */
};

struct sk_select; /* opaque */

/* Make one for a basis and set; borrows all of them and the sink. SK_ENOMEM. */
SK_MUST enum sk_err sk_select_new(const struct sk_basis *basis, const struct sk_indicator_set *set, const struct sk_observe_sink *sink, struct sk_select **out);
/* Rules that hits of kind command are of (borrowed; NULL: none). */
void sk_select_rules(struct sk_select *select, const struct sk_rules *rules);
/* Mint by another basis and set from now on; borrows both. Segments that have hits were closed before: their ids are of the old set. */
void sk_select_switch(struct sk_select *select, const struct sk_basis *basis, const struct sk_indicator_set *set);
/* Free (NULL is fine). */
void sk_select_free(struct sk_select *select);
/* Decide a closed segment's fate and count it. rule: SELECT-1 */
void sk_select_segment(struct sk_select *select, const struct sk_flow_record *record);
/* Mint the observation of a detector's event, and its finding. No segment's fate depends on it. */
void sk_select_event(struct sk_select *select, const struct sk_kit *kit, const struct sk_detection *detection);
/* The same for a segment that another meter counted: true when it was selected. It holds no frames of ours, so of the counts only observations and
   findings move. rule: SELECT-1 */
SK_MUST bool sk_select_metered(struct sk_select *select, const struct sk_flow_record *record);
/* Count frames that never reached a segment. */
void sk_select_erase(struct sk_select *select, enum sk_select_reason reason, uint64_t frames, uint64_t bytes);
/* Counts so far. */
const struct sk_select_counts *sk_select_counts(const struct sk_select *select);

#endif
