/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/detect.h"

void sk_detect_init(struct sk_detect *detect, const struct sk_indicator_set *set, bool names)
{
	struct sk_indicator_hit hit;
	*detect = (struct sk_detect){.set = set, .names = names, .flow_all = set != NULL && sk_indicator_flow_all(set, &hit)};
}

/* Note a hit with the segment. The same selector again only counts; distinct ones beyond SK_FLOW_HITS_MAX are counted and not named. */
static unsigned add_hit(struct sk_flow_facts *facts, const struct sk_indicator_hit *hit)
{
	uint32_t kept = facts->hit_count < SK_FLOW_HITS_MAX ? facts->hit_count : SK_FLOW_HITS_MAX;
	for (uint32_t i = 0; i < kept; i++)
		if (facts->hit_ids[i] == hit->id && facts->hit_kinds[i] == (uint8_t)__builtin_ctz(hit->kind))
			return 0;
	if (facts->hit_count < SK_FLOW_HITS_MAX) {
		uint32_t at = facts->hit_count;
		facts->hit_ids[at] = hit->id;
		facts->hit_kinds[at] = (uint8_t)__builtin_ctz(hit->kind);
	}
	facts->hit_count++;
	return 1;
}

/* Attach facts on the first hit. An empty pool is counted by the table; the hit is then lost with it and said so. */
static unsigned note(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_indicator_hit *hit)
{
	struct sk_flow_facts *facts = sk_flow_facts(table, flow);
	return facts != NULL ? add_hit(facts, hit) : 0;
}

unsigned sk_detect_open(const struct sk_detect *detect, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet)
{
	struct sk_indicator_hit hit;
	unsigned hits = 0;
	if (detect->set == NULL)
		return 0;
	if (sk_indicator_match_addr(detect->set, &packet->source, &hit))
		hits += note(table, flow, &hit);
	if (sk_indicator_match_addr(detect->set, &packet->destination, &hit))
		hits += note(table, flow, &hit);
	return hits;
}

/* Nothing of a head stays with a segment that nothing selects: the copy is made only where facts are attached, or under flow.all. rule: DETECT-1 */
static void keep_head(struct sk_flow_facts *facts, const struct sk_head *head)
{
	switch (head->kind) {
	case SK_HEAD_DNS:
		facts->has_dns = true;
		facts->dns = head->as.dns;
		if (!head->as.dns.response)
			facts->dns_queries++;
		else
			facts->dns_responses++;
		if (head->as.dns.response && head->as.dns.rcode == 3)
			facts->dns_nxdomain++;
		break;
	case SK_HEAD_CLIENT_HELLO:
		facts->has_tls = true;
		facts->tls = head->as.client_hello;
		break;
	default:
		break;
	}
}

unsigned sk_detect_head(const struct sk_detect *detect, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_head *head)
{
	struct sk_indicator_hit hit;
	unsigned hits = 0;
	if (detect->set == NULL)
		return 0;
	if (head->kind == SK_HEAD_DNS && head->as.dns.name_length != 0 &&
	    sk_indicator_match_domain(detect->set, head->as.dns.name, head->as.dns.name_length, &hit))
		hits += note(table, flow, &hit);
	if (head->kind == SK_HEAD_CLIENT_HELLO) {
		const struct sk_client_hello *hello = &head->as.client_hello;
		if (hello->has_sni && sk_indicator_match_domain(detect->set, hello->sni, hello->sni_length, &hit))
			hits += note(table, flow, &hit);
		if (hello->ja3[0] != '\0' && sk_indicator_match_ja3(detect->set, hello->ja3, &hit))
			hits += note(table, flow, &hit);
		if (hello->ja4[0] != '\0' && sk_indicator_match_ja4(detect->set, hello->ja4, &hit))
			hits += note(table, flow, &hit);
	}
	if (detect->flow_all || sk_flow_facts_of(table, flow) != NULL) {
		struct sk_flow_facts *facts = sk_flow_facts(table, flow);
		if (facts != NULL)
			keep_head(facts, head);
	}
	return hits;
}
