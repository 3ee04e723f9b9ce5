/* SPDX-License-Identifier: Apache-2.0 */
/* warrant/state.h: the lifecycle of an order as a table (state.def) and pure functions over it. The centre decides by them, sekisho-verify recomputes by them.
   Promises: pure; a step that is no row of the table does not exist. Never: knows who somebody is, reads a clock. rule: ORDER-1 */
#ifndef SK_WARRANT_STATE_H
#define SK_WARRANT_STATE_H

#include "base/base.h"

enum sk_order_state {
#define SK_ORDER_STATE(symbol, name, stands, over, prose) SK_ORDER_##symbol,
#include "warrant/state.def"
#undef SK_ORDER_STATE
	SK_ORDER_STATE_COUNT
};
enum sk_order_event {
#define SK_ORDER_EVENT(symbol, name, counts, duty, who, prose) SK_ORDER_EVENT_##symbol,
#include "warrant/state.def"
#undef SK_ORDER_EVENT
	SK_ORDER_EVENT_COUNT
};
/* What an event that counts something came to. */
enum sk_order_outcome {
#define SK_ORDER_OUTCOME(symbol, name) SK_ORDER_OUTCOME_##symbol,
#include "warrant/state.def"
#undef SK_ORDER_OUTCOME
	SK_ORDER_OUTCOME_COUNT
};

/* The table: what comes after. SK_ORDER_STATE_COUNT: there is no such step. */
enum sk_order_state sk_order_step(enum sk_order_state state, enum sk_order_event event, enum sk_order_outcome outcome);
/* Is there a step by this event out of this state, whatever it comes to? */
bool sk_order_allows(enum sk_order_state state, enum sk_order_event event);
/* "draft", "voting", ...; "" for SK_ORDER_NONE. Static storage. */
const char *sk_order_state_name(enum sk_order_state state);
/* By its name; SK_ORDER_STATE_COUNT when there is none such. */
enum sk_order_state sk_order_state_find(const char *name);
/* One sentence about it. Static storage. */
const char *sk_order_state_prose(enum sk_order_state state);
/* May a measure stand under it? */
bool sk_order_state_stands(enum sk_order_state state);
/* Is it over for good? */
bool sk_order_state_over(enum sk_order_state state);
/* "propose", "approve", ... Static storage. */
const char *sk_order_event_name(enum sk_order_event event);
/* By its name; SK_ORDER_EVENT_COUNT when there is none such. */
enum sk_order_event sk_order_event_find(const char *name);
/* The duty that its author must have (access/duties.def); "": the act is the centre's own. Static storage. */
const char *sk_order_event_duty(enum sk_order_event event);
/* Who does it, in words. Static storage. */
const char *sk_order_event_who(enum sk_order_event event);
/* Has it an outcome? Then a step with SK_ORDER_OUTCOME_NONE does not exist; without one, no step with another. */
bool sk_order_event_counts(enum sk_order_event event);

#endif
