/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/detect_priv.h"

void sk_detect_init(struct sk_detect *detect, const struct sk_indicator_set *set, bool names)
{
	struct sk_indicator_hit hit;
	*detect = (struct sk_detect){.set = set, .names = names, .flow_all = set != NULL && sk_indicator_flow_all(set, &hit)};
	if (set != NULL) {
		struct sk_indicator_facts facts;
		sk_indicator_facts(set, &facts);
		detect->addresses = (facts.kinds & (SK_INDICATOR_ADDRESS | SK_INDICATOR_PREFIX)) != 0;
	}
}

unsigned sk_detect_head(const struct sk_detect *detect, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_head *head)
{
	if (detect->set == NULL)
		return 0;
	unsigned hits = sk_detect_match(detect, table, flow, head);
	/* Nothing of a head stays with a segment that nothing selects: it is kept only where facts are attached, or under flow.all. rule: DETECT-1 */
	if (detect->flow_all || sk_flow_facts_of(table, flow) != NULL) {
		struct sk_flow_facts *facts = sk_flow_facts(table, flow);
		if (facts != NULL)
			sk_detect_keep(facts, head);
	}
	return hits;
}
