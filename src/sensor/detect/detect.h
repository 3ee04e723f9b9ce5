/* SPDX-License-Identifier: Apache-2.0 */
/* detect: runs the selectors over open segments and heads; returns hits, never records. In this version: indicators and flow.all.
   Promises: no allocation, no memory of its own beyond the set. Thread rule: one detector per worker; the set is shared and immutable. */
#ifndef SK_DETECT_H
#define SK_DETECT_H

#include "flow/flow.h"
#include "indicator/indicator.h"

struct sk_detect {
	const struct sk_indicator_set *set; /* borrowed */
	bool flow_all;
	bool addresses;                     /* the set holds addresses or prefixes */
	bool names;                         /* the basis switched full names on */
};

/* Start over a set (may be NULL: nothing ever hits). */
void sk_detect_init(struct sk_detect *detect, const struct sk_indicator_set *set, bool names);
/* Fetch what sk_detect_open will read of the set for this packet's addresses; call it when the packet was decoded, some packets earlier. */
void sk_detect_prefetch(const struct sk_detect *detect, const struct sk_packet *packet);
/* A segment was opened: addresses and prefixes. On a hit facts are attached through the table. Returns the number of new hits. flow.all needs no
   mark: under it select keeps every segment. */
unsigned sk_detect_open(const struct sk_detect *detect, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet);
/* The same for a segment that another meter counted: there is no table, the hits go into *facts, of which nothing else is touched. */
unsigned sk_detect_pair(const struct sk_detect *detect, const struct sk_addr *source, const struct sk_addr *destination, struct sk_flow_facts *facts);
/* A head was seen: DNS question, server name, HTTP host and URL, JA3, JA3S, JA4, HASSH, certificate hashes. Head facts are copied into the segment's
   facts only when the segment has a hit. */
unsigned sk_detect_head(const struct sk_detect *detect, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_head *head);

/* Note a hit with a segment: id within its kind (a bit number of enum sk_selector_kind), and a keyed hash of what was met, or 0. The same selector again only counts;
   distinct ones beyond SK_FLOW_HITS_MAX are counted and not named. Was it new? */
bool sk_detect_note(struct sk_flow_facts *facts, uint32_t id, unsigned kind_bit, uint64_t hash);

#endif
