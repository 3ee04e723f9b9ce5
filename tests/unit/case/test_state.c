/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a case: every state x event against a table that was written a second time by hand; and every grade x audience, which decides what may leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "case/bundle.h"

/* What docs/cases.md draws. */
static const struct {
	const char *state, *event, *next;
} drawn[] = {
	{"", "open", "new"},                       {"new", "triage", "triaged"},          {"new", "dismiss", "false_alarm"},      {"triaged", "triage", "triaged"},      {"triaged", "start", "active"},
	{"triaged", "contain", "contained"},       {"triaged", "dismiss", "false_alarm"}, {"active", "contain", "contained"},     {"active", "resolve", "resolved"},     {"active", "dismiss", "false_alarm"},
	{"contained", "start", "active"},          {"contained", "resolve", "resolved"},  {"resolved", "start", "active"},        {"resolved", "close", "closed"},       {"reopened", "triage", "triaged"},
	{"reopened", "start", "active"},           {"reopened", "contain", "contained"},  {"reopened", "dismiss", "false_alarm"}, {"closed", "reopen", "reopened"},      {"false_alarm", "reopen", "reopened"},
	{"new", "merge", "merged"},                {"triaged", "merge", "merged"},        {"active", "merge", "merged"},          {"contained", "merge", "merged"},      {"resolved", "merge", "merged"},
	{"reopened", "merge", "merged"},
};
static const char *const work[] = {"edit", "task", "done", "link", "unlink", "assign", "evidence", "playbook", "absorb", "split"};
static const char *const seen[] = {"note", "watch", "unwatch"};
static const char *const kept[] = {"lower", "review", "bundle", "handover"};
static const char *const being_worked_on[] = {"new", "triaged", "active", "contained", "resolved", "reopened"};

static bool among(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static const char *expected(const char *state, const char *event)
{
	for (size_t i = 0; i < SK_COUNT(drawn); i++)
		if (strcmp(drawn[i].state, state) == 0 && strcmp(drawn[i].event, event) == 0)
			return drawn[i].next;
	if (state[0] == '\0')
		return NULL;
	bool open = among(being_worked_on, SK_COUNT(being_worked_on), state), merged = strcmp(state, "merged") == 0;
	if (among(kept, SK_COUNT(kept), event) || (!merged && among(seen, SK_COUNT(seen), event)) || (open && among(work, SK_COUNT(work), event)))
		return state;
	return NULL;
}

/* How many cells differ when `lie` bends one on purpose. rule: CASE-1 */
static unsigned differences(bool lie, unsigned *cells)
{
	unsigned wrong = 0;
	*cells = 0;
	for (unsigned s = 0; s < SK_CASE_STATE_COUNT; s++)
		for (unsigned e = 0; e < SK_CASE_EVENT_COUNT; e++, ++*cells) {
			const char *state = sk_case_state_name((enum sk_case_state)s), *event = sk_case_event_name((enum sk_case_event)e), *want = expected(state, event);
			enum sk_case_state next = sk_case_step((enum sk_case_state)s, (enum sk_case_event)e);
			if (lie && strcmp(state, "new") == 0 && strcmp(event, "close") == 0)
				want = "closed";
			wrong += want == NULL ? next != SK_CASE_STATE_COUNT : next == SK_CASE_STATE_COUNT || strcmp(sk_case_state_name(next), want) != 0;
		}
	return wrong;
}

static void test_every_step(void **state)
{
	unsigned cells;
	(void)state;
	assert_int_equal(differences(false, &cells), 0);
	assert_int_equal(cells, SK_CASE_STATE_COUNT * SK_CASE_EVENT_COUNT);
	assert_true(cells >= 260);
	/* The sabotage twin: a case that closes before anybody looked is seen. */
	assert_int_equal(differences(true, &cells), 1);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SK_CASE_STATE_COUNT; i++)
		assert_int_equal(sk_case_state_find(sk_case_state_name((enum sk_case_state)i)), i);
	for (unsigned i = 0; i < SK_CASE_EVENT_COUNT; i++) {
		assert_int_equal(sk_case_event_find(sk_case_event_name((enum sk_case_event)i)), i);
		assert_true(strncmp(sk_case_event_duty((enum sk_case_event)i), "case.", 5) == 0);
	}
	for (unsigned i = 0; i < SK_CASE_KIND_COUNT; i++)
		assert_int_equal(sk_case_kind_find(sk_case_kind_word((enum sk_case_kind)i, NULL, NULL)), i);
	for (unsigned i = 0; i < SK_CASE_LINK_COUNT; i++)
		assert_int_equal(sk_case_link_find(sk_case_link_word((enum sk_case_link)i)), i);
	assert_int_equal(sk_case_state_find("asleep"), SK_CASE_STATE_COUNT);
	assert_int_equal(sk_case_grade_find("G0"), SK_CASE_GRADE_COUNT);
	assert_int_equal(sk_case_audience_find("press"), SK_CASE_AUDIENCE_COUNT);
	assert_false(sk_case_norm_known("kindness"));
	assert_true(SK_CASE_GRADE_G3 < SK_CASE_GRADE_G2 && SK_CASE_GRADE_G2 < SK_CASE_GRADE_A && SK_CASE_GRADE_A < SK_CASE_GRADE_G1);
	assert_true(sk_case_has_word("anna paul", "paul") && sk_case_has_word("anna paul", "anna") && !sk_case_has_word("anna paul", "aul") && !sk_case_has_word("anna", "") && !sk_case_has_word("", "anna"));
}

/* Every grade, audience, limit, wanted or not: what is A or G1 gets out to nobody but oversight, and nothing gets out above a limit. rule: CASE-4 */
static void test_nothing_selected_leaves(void **state)
{
	unsigned out_count = 0, forbidden = 0;
	(void)state;
	for (unsigned g = 0; g < SK_CASE_GRADE_COUNT; g++)
		for (unsigned a = 0; a < SK_CASE_AUDIENCE_COUNT; a++)
			for (unsigned m = 0; m < SK_CASE_GRADE_COUNT; m++)
				for (unsigned wanted = 0; wanted < 2; wanted++) {
					struct sk_case_entry entry = {.n = 1, .grade = (enum sk_case_grade)g};
					struct sk_outward out;
					struct sk_fault fault;
					enum sk_err err = sk_case_outward(&entry, (enum sk_case_audience)a, (enum sk_case_grade)m, wanted != 0, &out, &fault);
					bool shown = err == SK_OK && out.entry != NULL, overseer = a == SK_CASE_FOR_OVERSIGHT;
					assert_true(!shown || overseer || g <= SK_CASE_GRADE_G2);
					assert_true(!shown || g <= m);
					assert_true(wanted == 0 ? err == SK_OK : shown || err == SK_EPERMIT || err == SK_EFORBIDDEN);
					if (g == SK_CASE_GRADE_G1 && !overseer && wanted != 0)
						assert_int_equal(err, SK_EFORBIDDEN);
					out_count += shown;
					forbidden += err == SK_EFORBIDDEN;
				}
	/* By hand: oversight sees g <= m: 10 of 16, twice; court and partner each G3 at any limit (4), G2 from G2 on (3), twice. */
	assert_int_equal(out_count, 2 * (10 + 2 * 7));
	assert_int_equal(forbidden, 2 * 4);
}

static void test_lowering(void **state)
{
	struct sk_fault fault;
	struct sk_case c = {.head = {.id = "c-1", .grade = SK_CASE_GRADE_A}, .lowering = {.grade = SK_CASE_GRADE_COUNT}};
	(void)state;
	assert_int_equal(sk_case_may_bundle(&c, SK_CASE_FOR_OVERSIGHT, SK_CASE_GRADE_G1, &fault), SK_OK);
	assert_int_equal(sk_case_may_bundle(&c, SK_CASE_FOR_COURT, SK_CASE_GRADE_G1, &fault), SK_EFORBIDDEN);
	assert_int_equal(sk_case_may_bundle(&c, SK_CASE_FOR_COURT, SK_CASE_GRADE_A, &fault), SK_EPERMIT);
	assert_int_equal(sk_case_may_bundle(&c, SK_CASE_FOR_COURT, SK_CASE_GRADE_G2, &fault), SK_EPERMIT);
	c.lowering = (struct sk_case_lowering){.grade = SK_CASE_GRADE_G2, .entry = 3};
	assert_int_equal(sk_case_may_bundle(&c, SK_CASE_FOR_PARTNER, SK_CASE_GRADE_G2, &fault), SK_EPERMIT);
	c.lowering.reviewed = 4;
	assert_int_equal(sk_case_may_bundle(&c, SK_CASE_FOR_PARTNER, SK_CASE_GRADE_G2, &fault), SK_OK);
	assert_int_equal(sk_case_may_bundle(&c, SK_CASE_FOR_PARTNER, SK_CASE_GRADE_G3, &fault), SK_EPERMIT);
	c.head.grade = SK_CASE_GRADE_G3;
	c.lowering.reviewed = 0;
	assert_int_equal(sk_case_may_bundle(&c, SK_CASE_FOR_PARTNER, SK_CASE_GRADE_G3, &fault), SK_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_step),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nothing_selected_leaves),
		cmocka_unit_test(test_lowering),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
