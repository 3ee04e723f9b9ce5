/* SPDX-License-Identifier: Apache-2.0 */
/* The lifecycle of a basis: every stage x event x outcome against a table written by hand, what must hold of any path, and every set of votes against a count
   by hand. Each comparison has a twin in which one cell is wrong, and must say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "basis/stage.h"

/* Stage, event, outcome, next: as LAW.md 1.4 is read, in words. Everything else is refused. */
static const char *const lawful[][4] = {
	{"", "request", "", "draft"},
	{"draft", "edit", "", "draft"}, {"draft", "review", "", "review"}, {"draft", "expire", "", "expired"}, {"draft", "terminate", "", "terminated"},
	{"review", "edit", "", "draft"}, {"review", "approve", "open", "review"}, {"review", "approve", "carried", "approved"}, {"review", "approve", "rejected", "refused"},
	{"review", "refuse", "open", "review"}, {"review", "refuse", "carried", "approved"}, {"review", "refuse", "rejected", "refused"},
	{"review", "consent", "carried", "approved"}, {"review", "expire", "", "expired"}, {"review", "terminate", "", "terminated"},
	{"approved", "activate", "", "active"}, {"approved", "selectors", "", "approved"}, {"approved", "consent", "open", "approved"},
	{"approved", "suspend", "", "suspended"}, {"approved", "expire", "", "expired"}, {"approved", "terminate", "", "terminated"},
	{"active", "selectors", "", "active"}, {"active", "consent", "open", "active"}, {"active", "extend", "", "extending"}, {"active", "suspend", "", "suspended"},
	{"active", "expire", "", "expired"}, {"active", "terminate", "", "terminated"},
	{"extending", "extend", "", "extending"}, {"extending", "approve", "open", "extending"}, {"extending", "approve", "carried", "extended"},
	{"extending", "approve", "rejected", "active"}, {"extending", "refuse", "open", "extending"}, {"extending", "refuse", "carried", "extended"},
	{"extending", "refuse", "rejected", "active"}, {"extending", "consent", "open", "extending"}, {"extending", "consent", "carried", "extended"},
	{"extending", "selectors", "", "extending"}, {"extending", "suspend", "", "suspended"}, {"extending", "expire", "", "expired"}, {"extending", "terminate", "", "terminated"},
	{"extended", "selectors", "", "extended"}, {"extended", "consent", "open", "extended"}, {"extended", "extend", "", "extending"}, {"extended", "suspend", "", "suspended"},
	{"extended", "expire", "", "expired"}, {"extended", "terminate", "", "terminated"},
	{"suspended", "suspend", "", "suspended"}, {"suspended", "resume", "open", "suspended"}, {"suspended", "resume", "carried", "approved"},
	{"suspended", "expire", "", "expired"}, {"suspended", "terminate", "", "terminated"},
};

typedef enum sk_stage (*step)(enum sk_stage stage, enum sk_basis_event event, enum sk_outcome outcome);

/* How many of all cells differ from the table by hand. */
static unsigned cells_that_differ(step table, unsigned *cells)
{
	unsigned differ = 0;
	*cells = 0;
	for (int stage = 0; stage < SK_STAGE_COUNT; stage++)
		for (int event = 0; event < SK_BASIS_EVENT_COUNT; event++)
			for (int outcome = 0; outcome < SK_OUTCOME_COUNT; outcome++) {
				enum sk_stage expected = SK_STAGE_COUNT;
				for (size_t i = 0; i < SK_COUNT(lawful); i++)
					if (strcmp(lawful[i][0], sk_stage_name((enum sk_stage)stage)) == 0 && strcmp(lawful[i][1], sk_basis_event_name((enum sk_basis_event)event)) == 0 &&
					    strcmp(lawful[i][2], sk_outcome_name((enum sk_outcome)outcome)) == 0)
						expected = sk_stage_find(lawful[i][3]);
				differ += table((enum sk_stage)stage, (enum sk_basis_event)event, (enum sk_outcome)outcome) != expected;
				++*cells;
			}
	return differ;
}

/* Which cell the saboteur changes. */
static struct {
	int stage, event, outcome;
} planted;

static enum sk_stage sabotaged(enum sk_stage stage, enum sk_basis_event event, enum sk_outcome outcome)
{
	if ((int)stage == planted.stage && (int)event == planted.event && (int)outcome == planted.outcome) {
		enum sk_stage next = sk_stage_step(stage, event, outcome);
		return next == SK_STAGE_COUNT ? SK_STAGE_ACTIVE : SK_STAGE_COUNT;
	}
	return sk_stage_step(stage, event, outcome);
}

//= rule: BASIS-5
static void test_every_cell(void **state)
{
	(void)state;
	unsigned cells;
	assert_int_equal(cells_that_differ(sk_stage_step, &cells), 0);
	assert_int_equal(cells, 11 * 13 * 4);
	/* A cell that is wrong, each in turn, is seen. */
	for (planted.stage = 0; planted.stage < SK_STAGE_COUNT; planted.stage++)
		for (planted.event = 0; planted.event < SK_BASIS_EVENT_COUNT; planted.event++)
			for (planted.outcome = 0; planted.outcome < SK_OUTCOME_COUNT; planted.outcome++)
				assert_int_equal(cells_that_differ(sabotaged, &cells), 1);
}

static void test_outside_the_table(void **state)
{
	(void)state;
	assert_int_equal(sk_stage_step(SK_STAGE_COUNT, SK_BASIS_EVENT_ACTIVATE, SK_OUTCOME_NONE), SK_STAGE_COUNT);
	assert_int_equal(sk_stage_step(SK_STAGE_DRAFT, SK_BASIS_EVENT_COUNT, SK_OUTCOME_NONE), SK_STAGE_COUNT);
	assert_int_equal(sk_stage_step(SK_STAGE_DRAFT, SK_BASIS_EVENT_EDIT, SK_OUTCOME_COUNT), SK_STAGE_COUNT);
	assert_int_equal(sk_stage_find("frozen"), SK_STAGE_COUNT);
	assert_int_equal(sk_basis_event_find("vote"), SK_BASIS_EVENT_COUNT);
}

/* What must hold of the table, whoever edits it. Returns the number of violations. */
static unsigned violations(step table)
{
	unsigned found = 0;
	for (int stage = 0; stage < SK_STAGE_COUNT; stage++)
		for (int event = 0; event < SK_BASIS_EVENT_COUNT; event++)
			for (int outcome = 0; outcome < SK_OUTCOME_COUNT; outcome++) {
				enum sk_stage from = (enum sk_stage)stage, next = table(from, (enum sk_basis_event)event, (enum sk_outcome)outcome);
				if (next == SK_STAGE_COUNT)
					continue;
				/* What is over stays over. */
				found += sk_stage_over(from);
				/* Nobody collects who has not activated; nothing is approved that has not carried. */
				found += sk_stage_collects(next) && !sk_stage_collects(from) && !(from == SK_STAGE_APPROVED && event == SK_BASIS_EVENT_ACTIVATE);
				found += next == SK_STAGE_APPROVED && from != SK_STAGE_APPROVED && outcome != SK_OUTCOME_CARRIED;
				/* An outcome stands where something is counted, and nowhere else. */
				found += (outcome != SK_OUTCOME_NONE) != sk_basis_event_counts((enum sk_basis_event)event);
				/* A longer time is approved, never taken. */
				found += next == SK_STAGE_EXTENDED && from != SK_STAGE_EXTENDED && outcome != SK_OUTCOME_CARRIED;
			}
	/* Whatever is not over can be ended, and what collects can be stopped. */
	for (int stage = 1; stage < SK_STAGE_COUNT; stage++) {
		enum sk_stage from = (enum sk_stage)stage;
		found += !sk_stage_over(from) && table(from, SK_BASIS_EVENT_TERMINATE, SK_OUTCOME_NONE) != SK_STAGE_TERMINATED;
		found += !sk_stage_over(from) && table(from, SK_BASIS_EVENT_EXPIRE, SK_OUTCOME_NONE) != SK_STAGE_EXPIRED;
		found += sk_stage_collects(from) && table(from, SK_BASIS_EVENT_SUSPEND, SK_OUTCOME_NONE) != SK_STAGE_SUSPENDED;
	}
	return found;
}

static void test_what_must_hold(void **state)
{
	(void)state;
	assert_int_equal(violations(sk_stage_step), 0);
	/* Short cuts into ACTIVE, and ends taken away. */
	for (planted.stage = 0; planted.stage < SK_STAGE_COUNT; planted.stage++) {
		planted.event = SK_BASIS_EVENT_ACTIVATE;
		planted.outcome = SK_OUTCOME_NONE;
		if (planted.stage != SK_STAGE_APPROVED && !sk_stage_collects((enum sk_stage)planted.stage))
			assert_true(violations(sabotaged) > 0);
		planted.event = SK_BASIS_EVENT_TERMINATE;
		if (!sk_stage_over((enum sk_stage)planted.stage) && planted.stage != SK_STAGE_NONE)
			assert_true(violations(sabotaged) > 0);
	}
}

/* ---- counting ---- */

/* Article 55 as a person would count it, of up to seven votes: chair c, deputy d, members. */
static enum sk_outcome by_hand(const struct sk_vote *votes, size_t count)
{
	int ayes = 0, nays = 0, chair = -1, deputy = -1;
	for (size_t i = 0; i < count; i++) {
		if (votes[i].aye)
			ayes++;
		else
			nays++;
		if (votes[i].seat == SK_SEAT_CHAIR)
			chair = votes[i].aye;
		if (votes[i].seat == SK_SEAT_DEPUTY)
			deputy = votes[i].aye;
	}
	if (ayes + nays < 3 || (chair < 0 && deputy < 0))
		return SK_OUTCOME_OPEN;
	if (ayes > nays)
		return SK_OUTCOME_CARRIED;
	if (ayes < nays)
		return SK_OUTCOME_REJECTED;
	int decides = chair >= 0 ? chair : deputy;
	return decides ? SK_OUTCOME_CARRIED : SK_OUTCOME_REJECTED;
}

/* All bodies of up to six: no vote, aye or nay of each; seat 0 the chair, seat 1 the deputy. Returns how many counts differ. */
static unsigned counts_that_differ(enum sk_outcome (*count)(const struct sk_vote *, size_t), unsigned *seen)
{
	unsigned differ = 0;
	for (unsigned code = 0; code < 729; code++) {
		struct sk_vote votes[6];
		size_t cast = 0;
		unsigned rest = code;
		for (unsigned seat = 0; seat < 6; seat++, rest /= 3)
			if (rest % 3 != 0)
				votes[cast++] = (struct sk_vote){.seat = seat == 0 ? SK_SEAT_CHAIR : seat == 1 ? SK_SEAT_DEPUTY : SK_SEAT_MEMBER, .aye = rest % 3 == 1};
		enum sk_outcome got = count(votes, cast);
		differ += got != by_hand(votes, cast);
		seen[got]++;
	}
	return differ;
}

static enum sk_outcome two_are_enough(const struct sk_vote *votes, size_t count)
{
	return sk_vote_count(&(struct sk_vote_rule){.present = 2, .chair = true, .tie_chair = true}, votes, count);
}

static enum sk_outcome without_chair(const struct sk_vote *votes, size_t count)
{
	return sk_vote_count(&(struct sk_vote_rule){.present = 3, .tie_chair = true}, votes, count);
}

static enum sk_outcome ties_refuse(const struct sk_vote *votes, size_t count)
{
	return sk_vote_count(&(struct sk_vote_rule){.present = 3, .chair = true}, votes, count);
}

//= rule: BASIS-4
static void test_every_vote(void **state)
{
	(void)state;
	unsigned seen[SK_OUTCOME_COUNT] = {0};
	assert_int_equal(counts_that_differ(sk_oversight_count, seen), 0);
	assert_int_equal(seen[SK_OUTCOME_NONE], 0);
	assert_true(seen[SK_OUTCOME_OPEN] > 0 && seen[SK_OUTCOME_CARRIED] > 0 && seen[SK_OUTCOME_REJECTED] > 0);
	assert_true(counts_that_differ(two_are_enough, seen) > 0);
	assert_true(counts_that_differ(without_chair, seen) > 0);
	assert_true(counts_that_differ(ties_refuse, seen) > 0);
}

static void test_small_rules(void **state)
{
	(void)state;
	const struct sk_vote_rule one = {.present = 1}, none = {.present = 0};
	const struct sk_vote aye = {.aye = true}, both[] = {{.aye = true}, {.aye = false}};
	assert_int_equal(sk_vote_count(&one, &aye, 0), SK_OUTCOME_OPEN);
	assert_int_equal(sk_vote_count(&none, &aye, 0), SK_OUTCOME_OPEN); /* nobody at all decides nothing */
	assert_int_equal(sk_vote_count(&one, &aye, 1), SK_OUTCOME_CARRIED);
	assert_int_equal(sk_vote_count(&one, both, 2), SK_OUTCOME_REJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell), cmocka_unit_test(test_outside_the_table), cmocka_unit_test(test_what_must_hold),
		cmocka_unit_test(test_every_vote), cmocka_unit_test(test_small_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
