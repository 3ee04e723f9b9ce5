/* SPDX-License-Identifier: Apache-2.0 */
/* From one snapshot to the next, at a cut. What was open goes on, with three exceptions (rule: RELOAD-1): a segment that has a hit ends, for the ids of its hits mean
   something with the old set alone; a segment that the new basis or table covers no longer ends as stopped; and every other one is asked again at its next packet.
   Fragments that wait need nothing: their datagram goes to the gate, as it then is, when it is whole. */
#include "engine/engine_priv.h"

struct review {
	const struct sk_border *border;
	unsigned classes;
};

static bool is_covered(const struct review *review, const struct sk_addr *from, const struct sk_addr *to)
{
	enum sk_class class_;
	return sk_gate_judge_pair(review->border, review->classes, from, to, &class_) == SK_GATE_ADMITTED;
}

/* Of a segment in a tunnel the innermost pair is at hand, and the classes of the outermost ones by the old table. */
static bool may_stay(void *context, const struct sk_flow_record *record)
{
	const struct review *review = context;
	if ((record->classes_seen & ~review->classes) != 0)
		return false;
	return (record->packets[0] == 0 || is_covered(review, &record->initiator, &record->responder)) &&
	       (record->packets[1] == 0 || is_covered(review, &record->responder, &record->initiator));
}

static bool selects_otherwise(const struct sk_engine *engine, const struct sk_snapshot *next)
{
	const struct sk_basis *basis = engine->config.basis;
	return next->set != engine->config.set || next->basis->names != basis->names || next->basis->simulated != basis->simulated;
}

static bool covers_otherwise(const struct sk_engine *engine, const struct sk_snapshot *next)
{
	return next->border != engine->config.border || next->basis->classes != engine->config.basis->classes;
}

void sk_engine_leave(struct sk_engine *engine, const struct sk_snapshot *next)
{
	if (selects_otherwise(engine, next))
		sk_flow_end_hits(engine->flows);
	if (covers_otherwise(engine, next)) {
		struct review review = {.border = next->border, .classes = next->basis->classes};
		sk_flow_review(engine->flows, may_stay, &review, SK_FLOW_END_BASIS);
	}
}

void sk_engine_enter(struct sk_engine *engine, const struct sk_snapshot *next)
{
	if (selects_otherwise(engine, next)) {
		sk_select_switch(engine->select, next->basis, next->set);
		sk_flow_ask_again(engine->flows);
	}
	sk_gate_switch(engine->gate, next->border, next->basis->classes);
	sk_detect_init(&engine->detect, next->set, next->basis->names);
	sk_flow_set_times(engine->flows, &next->times);
	if (engine->probe != NULL && next->border != engine->config.border)
		sk_pulse_probe_border(engine->probe, next->border);
	sk_abroad_border(engine->abroad, next->border);
	engine->config.border = next->border;
	engine->config.basis = next->basis;
	/* Rules stay as they were at the start; whether they may run is the basis' to say. */
	engine->commands = (next->basis->rule.kinds & SK_SELECTOR_COMMAND) != 0;
	engine->config.set = next->set;
}
