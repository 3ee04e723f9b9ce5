/* SPDX-License-Identifier: Apache-2.0 */
/* Findings in plain words. Inside select only. */
#ifndef SK_SELECT_SENTENCE_PRIV_H
#define SK_SELECT_SENTENCE_PRIV_H

#include "detect/detect.h"
#include "detect/kit.h"
#include "observe/observe.h"
#include "rules/rules.h"

/* The finding for hit number i of a segment's facts, from what the observation keeps of it. */
void sk_sentence_finding(const struct sk_indicator_set *set, const struct sk_rules *rules, const struct sk_flow_facts *facts, uint32_t i, const struct sk_observation *observation,
			 bool simulated, struct sk_finding *out);
/* What a hit names: a selector's value, or a rule as "gid:sid". Returns out. */
const char *sk_sentence_value(const struct sk_indicator_set *set, const struct sk_rules *rules, const struct sk_flow_facts *facts, uint32_t i, char out[SK_OBSERVATION_DOMAIN_MAX]);
/* The finding of a detector's event. */
void sk_sentence_event(const struct sk_kit *kit, const struct sk_detection *detection, const struct sk_observation *observation, bool simulated, struct sk_finding *out);

#endif
