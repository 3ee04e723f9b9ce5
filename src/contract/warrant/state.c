/* SPDX-License-Identifier: Apache-2.0 */
/* The table of state.def, asked. */
#include "warrant/state.h"

#include <string.h>

static const struct {
	const char *name;
	bool stands, over;
	const char *prose;
} states[] = {
#define SK_ORDER_STATE(symbol, name, stands, over, prose) {name, stands, over, prose},
#include "warrant/state.def"
#undef SK_ORDER_STATE
};

static const struct {
	const char *name;
	bool counts;
	const char *duty, *who;
} events[] = {
#define SK_ORDER_EVENT(symbol, name, counts, duty, who, prose) {name, counts, duty, who},
#include "warrant/state.def"
#undef SK_ORDER_EVENT
};

static const struct {
	enum sk_order_state from;
	enum sk_order_event event;
	enum sk_order_outcome outcome;
	enum sk_order_state to;
} steps[] = {
#define SK_ORDER_STEP(from, event, outcome, to) {SK_ORDER_##from, SK_ORDER_EVENT_##event, SK_ORDER_OUTCOME_##outcome, SK_ORDER_##to},
#include "warrant/state.def"
#undef SK_ORDER_STEP
};

//= rule: ORDER-1
enum sk_order_state sk_order_step(enum sk_order_state state, enum sk_order_event event, enum sk_order_outcome outcome)
{
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (steps[i].from == state && steps[i].event == event && steps[i].outcome == outcome)
			return steps[i].to;
	return SK_ORDER_STATE_COUNT;
}

bool sk_order_allows(enum sk_order_state state, enum sk_order_event event)
{
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (steps[i].from == state && steps[i].event == event)
			return true;
	return false;
}

const char *sk_order_state_name(enum sk_order_state state)
{
	SK_INVARIANT((size_t)state < SK_ORDER_STATE_COUNT);
	return states[state].name;
}

enum sk_order_state sk_order_state_find(const char *name)
{
	unsigned i = 0;
	while (i < SK_ORDER_STATE_COUNT && strcmp(states[i].name, name) != 0)
		i++;
	return (enum sk_order_state)i;
}

const char *sk_order_state_prose(enum sk_order_state state)
{
	SK_INVARIANT((size_t)state < SK_ORDER_STATE_COUNT);
	return states[state].prose;
}

bool sk_order_state_stands(enum sk_order_state state)
{
	SK_INVARIANT((size_t)state < SK_ORDER_STATE_COUNT);
	return states[state].stands;
}

bool sk_order_state_over(enum sk_order_state state)
{
	SK_INVARIANT((size_t)state < SK_ORDER_STATE_COUNT);
	return states[state].over;
}

const char *sk_order_event_name(enum sk_order_event event)
{
	SK_INVARIANT((size_t)event < SK_ORDER_EVENT_COUNT);
	return events[event].name;
}

enum sk_order_event sk_order_event_find(const char *name)
{
	unsigned i = 0;
	while (i < SK_ORDER_EVENT_COUNT && strcmp(events[i].name, name) != 0)
		i++;
	return (enum sk_order_event)i;
}

const char *sk_order_event_duty(enum sk_order_event event)
{
	SK_INVARIANT((size_t)event < SK_ORDER_EVENT_COUNT);
	return events[event].duty;
}

const char *sk_order_event_who(enum sk_order_event event)
{
	SK_INVARIANT((size_t)event < SK_ORDER_EVENT_COUNT);
	return events[event].who;
}

bool sk_order_event_counts(enum sk_order_event event)
{
	SK_INVARIANT((size_t)event < SK_ORDER_EVENT_COUNT);
	return events[event].counts;
}
