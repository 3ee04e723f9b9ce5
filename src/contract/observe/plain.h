/* SPDX-License-Identifier: Apache-2.0 */
/* Which flow segments say nothing but their history, and that as nearly all do: most of them under flow.all. They need no observation to be built (sink.flow), and a
   block of the store packs them (docs/formats/observation.md). */
#ifndef SK_OBSERVE_PLAIN_H
#define SK_OBSERVE_PLAIN_H

#include "observe/observe.h"

/* Bytes side by side are compared at once: four of them each at most what the same byte of `most` is, which is below 128. */
static inline bool sk_are_at_most(const void *bytes, const void *most)
{
	const uint32_t high = UINT32_C(0x80808080);
	uint32_t seen, limit;
	memcpy(&seen, bytes, sizeof seen);
	memcpy(&limit, most, sizeof limit);
	return (((limit | high) - seen) & ~seen & high) == high;
}

/* A class that may be kept, numbers below their enums' ends, one layer, no application, no ICMP, flags of TCP alone, every frame counted for a side. Holds nearly always:
   no branch on the way. */
static inline bool sk_history_is_plain(const struct sk_history *history)
{
	static const struct sk_history most = {.class_ = SK_CLASS_DF, .initiator_sure = 1, .end = SK_OBSERVATION_ENDS - 1, .state = SK_OBSERVATION_STATES - 1},
				       usual = {.metered_by = SK_METER_HERE, .layers = 1};
	enum { TCP = 6, CLASS = offsetof(struct sk_history, class_), APP = offsetof(struct sk_history, app) };
	_Static_assert(offsetof(struct sk_history, state) == CLASS + 3 && offsetof(struct sk_history, icmp_code) == APP + 12, "members that are compared at once lie side by side");
	const uint8_t *bytes = (const uint8_t *)history;
	unsigned families = (unsigned)(history->initiator.family ^ history->responder.family) | ((history->initiator.family | 2u) ^ 6u); /* 4 or 6 */
	unsigned flags = (unsigned)(history->tcp_flags[0] | history->tcp_flags[1]) & -(unsigned)(history->ip_proto != TCP);
	uint64_t frames = history->frames ^ (history->packets[0] + history->packets[1]);
	return sk_are_at_most(bytes + CLASS, (const uint8_t *)&most + CLASS) & (memcmp(bytes + APP, (const uint8_t *)&usual + APP, 13) == 0) & ((families | flags | frames) == 0);
}

#endif
