/* SPDX-License-Identifier: Apache-2.0 */
/* Ends: of a segment, whose flow may go on in its place, and of a flow. */
#include "flow/record_priv.h"
#include "flow/table_priv.h"

/* Only what was filled: a place is larger than most facts by far, and its other lines lie cold. */
static void wipe_facts(struct sk_flow_facts *facts)
{
	bool long_talk = facts->has_http || facts->has_ssh || facts->has_command, hellos = facts->has_tls || facts->has_server || facts->has_certificate;
	size_t front = long_talk ? offsetof(struct sk_flow_facts, tls) : offsetof(struct sk_flow_facts, dns) + (facts->has_dns ? sk_dns_used(&facts->dns) : 0);
	if (facts->hit_count != 0)
		sk_wipe(facts->hit_ids, sizeof *facts - offsetof(struct sk_flow_facts, hit_ids));
	if (hellos)
		sk_wipe(&facts->tls, offsetof(struct sk_flow_facts, hit_ids) - offsetof(struct sk_flow_facts, tls));
	sk_wipe(facts, front);
}

__attribute__((noinline)) static void release_facts(struct sk_flow_table *table, struct sk_flow *flow, uint32_t index)
{
	wipe_facts(&table->facts[index]);
	table->facts_places[index] = (struct facts_place){.next_free = table->facts_free};
	table->facts_free = index;
	sk_flow_set_facts_place(flow, 0);
}

/* Callback, facts and streams given back. The entry's place stays. Returns the class that the flow counts for. */
static inline enum sk_class end_segment(struct sk_flow_table *table, struct sk_flow *flow, enum sk_flow_end end)
{
	sk_streams_release(table, flow);
	if (SK_UNLIKELY(sk_place_only(flow)))
		return sk_segment_class(flow);
	if (table->ending != NULL)
		table->ending(table->ending_context, flow);
	struct sk_flow_record record;
	sk_record_read(table, flow, &record);
	record.end = (uint8_t)end;
	table->closed(table->context, &record);
	enum sk_class class_ = (enum sk_class)record.class_;
	if (SK_UNLIKELY(record.facts != NULL))
		release_facts(table, flow, sk_flow_facts_place(flow));
	sk_wipe_small(&record, sizeof record);
	table->counters.live--;
	if (end == SK_FLOW_END_EVICTED)
		table->counters.evicted++;
	else
		table->counters.ended++;
	return class_;
}

void sk_place_end(struct sk_flow_table *table, struct sk_flow *flow)
{
	(void)end_segment(table, flow, SK_FLOW_END_ACTIVE);
	flow->packets[0] = flow->packets[1] = 0;
	for (unsigned direction = 0; direction < 2; direction++)
		flow->side[direction] &= SK_SIDE_CLASS_MASK | SK_SIDE_ATTEMPTS_MASK;
	flow->last_delta_ns = 0;
	flow->known = (flow->known & ((UINT64_C(1) << SK_KNOWN_BYTES) - 1)) | UINT64_C(1) << SK_KNOWN_CONTINUED;
}

void sk_slot_end(struct sk_flow_table *table, struct slot slot, enum sk_flow_end end)
{
	struct sk_flow *flow = &slot.set->flows[slot.way];
	table->counters.flows_by_class[end_segment(table, flow, end)]++;
	if (sk_flow_is_v6(flow) || flow->sequence_known != 0)
		sk_wipe_small(&slot.set->wides[slot.way], sizeof slot.set->wides[slot.way]);
	sk_wipe_small(flow, sizeof *flow);
	slot.set->tag[slot.way] = 0;
	slot.set->expiry[slot.way] = 0;
}

void sk_slot_expire(struct sk_flow_table *table, struct slot slot)
{
	sk_slot_end(table, slot, sk_flow_state(&slot.set->flows[slot.way]) >= SK_FLOW_CLOSED ? SK_FLOW_END_CLOSED : SK_FLOW_END_IDLE);
}
