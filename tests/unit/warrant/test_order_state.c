/* SPDX-License-Identifier: Apache-2.0 */
/* The lifecycle of an order: every state x event x outcome against a second writing of the table, walks over it, and a sabotaged table that must be found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "warrant/state.h"

/* LAW.md 2.3 written down a second time: for each event the states that it leaves, and where it leads. "-": stays. */
static const struct {
	const char *event, *outcome, *from, *to;
} second[] = {
	{"propose", "", "none", "draft"},
	{"edit", "", "draft evidence_ok legal_ok foreign_consult voting approved", "draft"},
	{"evidence", "", "draft", "evidence_ok"},
	{"legal", "", "evidence_ok", "legal_ok"},
	{"consult", "", "legal_ok", "foreign_consult"},
	{"submit", "", "legal_ok foreign_consult", "voting"},
	{"approve", "open", "voting", "-"},
	{"approve", "met", "voting", "approved"},
	{"reject", "open", "voting", "-"},
	{"reject", "met", "voting evidence_ok", "rejected"},
	{"withdraw", "", "draft evidence_ok legal_ok foreign_consult voting approved", "withdrawn"},
	{"urgent", "open", "draft", "-"},
	{"urgent", "met", "draft", "urgent_active"},
	{"listed", "", "urgent_active", "-"},
	{"ratify", "open", "urgent_active", "-"},
	{"ratify", "met", "urgent_active", "active"},
	{"stage", "", "approved", "staged"},
	{"set", "", "staged", "active"},
	{"set", "", "urgent_active active extended", "-"},
	{"fail", "", "staged urgent_active active extended", "rolled_back"},
	{"receipt", "", "staged urgent_active active extended expired rolled_back ended_early notified reviewed", "-"},
	{"check", "", "active extended", "-"},
	{"extend", "", "active", "extended"},
	{"expire", "", "approved staged active extended", "expired"},
	{"lapse", "", "urgent_active", "rolled_back"},
	{"end", "", "staged urgent_active active extended", "ended_early"},
	{"halt", "", "staged urgent_active active extended", "rolled_back"},
	{"undone", "", "expired rolled_back ended_early notified reviewed", "-"},
	{"notify", "", "expired rolled_back ended_early", "notified"},
	{"review", "", "notified", "reviewed"},
	{"review", "", "reviewed", "-"},
	{"answer", "", "reviewed", "-"},
	{"close", "", "reviewed", "closed"},
};

static const char *state_word(enum sk_order_state state)
{
	return state == SK_ORDER_NONE ? "none" : sk_order_state_name(state);
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static enum sk_order_state expected(enum sk_order_state state, enum sk_order_event event, const char *outcome)
{
	for (size_t i = 0; i < SK_COUNT(second); i++)
		if (strcmp(second[i].event, sk_order_event_name(event)) == 0 && strcmp(second[i].outcome, outcome) == 0 && has_word(second[i].from, state_word(state)))
			return strcmp(second[i].to, "-") == 0 ? state : sk_order_state_find(second[i].to);
	return SK_ORDER_STATE_COUNT;
}

typedef enum sk_order_state (*step_function)(enum sk_order_state, enum sk_order_event, enum sk_order_outcome);
static const char *const outcomes[] = {"", "open", "met"};

/* How many of all cells disagree with the second writing. */
static size_t differing(step_function step)
{
	size_t wrong = 0;
	for (unsigned state = 0; state < SK_ORDER_STATE_COUNT; state++)
		for (unsigned event = 0; event < SK_ORDER_EVENT_COUNT; event++)
			for (unsigned outcome = 0; outcome < SK_ORDER_OUTCOME_COUNT; outcome++)
				wrong += step(state, event, outcome) != expected(state, event, outcomes[outcome]);
	return wrong;
}

static bool stays_down(enum sk_order_state state)
{
	return state == SK_ORDER_STATE_COUNT || !sk_order_state_stands(state);
}

/* Where a measure may come to stand: by the events that an agreement or a receipt makes, from the states that come behind an agreement. Counts breaches. */
static size_t unlawful(step_function step)
{
	size_t breaches = 0;
	for (unsigned state = 0; state < SK_ORDER_STATE_COUNT; state++) {
		for (unsigned event = 0; event < SK_ORDER_EVENT_COUNT; event++) {
			for (unsigned outcome = 0; outcome < SK_ORDER_OUTCOME_COUNT; outcome++) {
				enum sk_order_state to = step(state, event, outcome);
				if (stays_down(to))
					continue;
				bool rises = !sk_order_state_stands(state);
				bool agreed = (event == SK_ORDER_EVENT_STAGE && state == SK_ORDER_APPROVED) ||
					      (event == SK_ORDER_EVENT_URGENT && outcome == SK_ORDER_OUTCOME_MET && to == SK_ORDER_URGENT_ACTIVE);
				breaches += rises && !agreed;
				/* I1: what was set urgently becomes active by its ratification alone */
				breaches += state == SK_ORDER_URGENT_ACTIVE && to != state && !(event == SK_ORDER_EVENT_RATIFY && outcome == SK_ORDER_OUTCOME_MET);
			}
		}
		enum sk_order_state approved = step(state, SK_ORDER_EVENT_APPROVE, SK_ORDER_OUTCOME_MET);
		breaches += approved != SK_ORDER_STATE_COUNT && (state != SK_ORDER_VOTING || approved != SK_ORDER_APPROVED);
		breaches += state != SK_ORDER_VOTING && step(state, SK_ORDER_EVENT_APPROVE, SK_ORDER_OUTCOME_OPEN) != SK_ORDER_STATE_COUNT;
	}
	return breaches;
}

/* ---- sabotage: tables with one cell too many, or one turned ---- */

static enum sk_order_state stage_without_quorum(enum sk_order_state state, enum sk_order_event event, enum sk_order_outcome outcome)
{
	if (state == SK_ORDER_VOTING && event == SK_ORDER_EVENT_STAGE && outcome == SK_ORDER_OUTCOME_NONE)
		return SK_ORDER_STAGED;
	return sk_order_step(state, event, outcome);
}

static enum sk_order_state active_without_ratification(enum sk_order_state state, enum sk_order_event event, enum sk_order_outcome outcome)
{
	if (state == SK_ORDER_URGENT_ACTIVE && event == SK_ORDER_EVENT_SET)
		return SK_ORDER_ACTIVE;
	return sk_order_step(state, event, outcome);
}

static enum sk_order_state risen_from_the_dead(enum sk_order_state state, enum sk_order_event event, enum sk_order_outcome outcome)
{
	if (state == SK_ORDER_EXPIRED && event == SK_ORDER_EVENT_SET)
		return SK_ORDER_ACTIVE;
	return sk_order_step(state, event, outcome);
}

//= rule: ORDER-1
static void test_every_cell(void **state)
{
	(void)state;
	assert_int_equal(differing(sk_order_step), 0);
	assert_int_equal(unlawful(sk_order_step), 0);
	static const step_function sabotaged[] = {stage_without_quorum, active_without_ratification, risen_from_the_dead};
	for (size_t i = 0; i < SK_COUNT(sabotaged); i++) {
		assert_int_not_equal(differing(sabotaged[i]), 0);
		assert_int_not_equal(unlawful(sabotaged[i]), 0);
	}
}

/* Every state is reached, and from every state the end is. */
static void test_walks(void **state)
{
	(void)state;
	bool reached[SK_ORDER_STATE_COUNT] = {[SK_ORDER_NONE] = true}, ends[SK_ORDER_STATE_COUNT] = {false};
	for (unsigned i = 0; i < SK_ORDER_STATE_COUNT; i++)
		ends[i] = sk_order_state_over(i);
	for (unsigned round = 0; round < SK_ORDER_STATE_COUNT; round++)
		for (unsigned from = 0; from < SK_ORDER_STATE_COUNT; from++)
			for (unsigned event = 0; event < SK_ORDER_EVENT_COUNT; event++)
				for (unsigned outcome = 0; outcome < SK_ORDER_OUTCOME_COUNT; outcome++) {
					enum sk_order_state to = sk_order_step(from, event, outcome);
					if (to == SK_ORDER_STATE_COUNT)
						continue;
					assert_false(sk_order_state_over(from));
					assert_true(sk_order_event_counts(event) == (outcome != SK_ORDER_OUTCOME_NONE));
					assert_true(sk_order_allows(from, event));
					reached[to] = reached[to] || reached[from];
					ends[from] = ends[from] || ends[to];
				}
	for (unsigned i = 0; i < SK_ORDER_STATE_COUNT; i++) {
		assert_true(reached[i]);
		assert_true(ends[i]);
		assert_int_equal(sk_order_state_find(sk_order_state_name(i)), i);
	}
	for (unsigned i = 0; i < SK_ORDER_EVENT_COUNT; i++)
		assert_int_equal(sk_order_event_find(sk_order_event_name(i)), i);
	assert_int_equal(sk_order_event_find("exploit"), SK_ORDER_EVENT_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_cell), cmocka_unit_test(test_walks)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
