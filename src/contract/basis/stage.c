/* SPDX-License-Identifier: Apache-2.0 */
/* The table as a cube: stage, event, outcome. A cell that no row fills stays 0 and is no step; filled cells hold the next stage plus one. */
#include "basis/stage.h"

static const uint8_t steps[SK_STAGE_COUNT][SK_BASIS_EVENT_COUNT][SK_OUTCOME_COUNT] = {
#define SK_STEP(stage, event, outcome, next) [SK_STAGE_##stage][SK_BASIS_EVENT_##event][SK_OUTCOME_##outcome] = SK_STAGE_##next + 1,
#include "basis/stage.def"
#undef SK_STEP
};

struct stage_row {
	const char *name, *prose;
	bool collects, over;
};
static const struct stage_row stages[SK_STAGE_COUNT] = {
#define SK_STAGE(symbol, name, collects, over, prose) {name, prose, collects, over},
#include "basis/stage.def"
#undef SK_STAGE
};

struct event_row {
	const char *name;
	bool counts;
};
static const struct event_row events[SK_BASIS_EVENT_COUNT] = {
#define SK_EVENT(symbol, name, counts, who, prose) {name, counts},
#include "basis/stage.def"
#undef SK_EVENT
};

static const char *const outcomes[SK_OUTCOME_COUNT] = {
#define SK_OUTCOME(symbol, name) name,
#include "basis/stage.def"
#undef SK_OUTCOME
};

//= rule: BASIS-5
enum sk_stage sk_stage_step(enum sk_stage stage, enum sk_basis_event event, enum sk_outcome outcome)
{
	if ((unsigned)stage >= SK_STAGE_COUNT || (unsigned)event >= SK_BASIS_EVENT_COUNT || (unsigned)outcome >= SK_OUTCOME_COUNT || steps[stage][event][outcome] == 0)
		return SK_STAGE_COUNT;
	return (enum sk_stage)(steps[stage][event][outcome] - 1);
}

bool sk_stage_allows(enum sk_stage stage, enum sk_basis_event event)
{
	for (int outcome = 0; outcome < SK_OUTCOME_COUNT; outcome++)
		if (sk_stage_step(stage, event, (enum sk_outcome)outcome) != SK_STAGE_COUNT)
			return true;
	return false;
}

const char *sk_stage_name(enum sk_stage stage)
{
	SK_INVARIANT((unsigned)stage < SK_STAGE_COUNT);
	return stages[stage].name;
}

enum sk_stage sk_stage_find(const char *name)
{
	int stage = 0;
	while (stage < SK_STAGE_COUNT && strcmp(stages[stage].name, name) != 0)
		stage++;
	return (enum sk_stage)stage;
}

const char *sk_stage_prose(enum sk_stage stage)
{
	SK_INVARIANT((unsigned)stage < SK_STAGE_COUNT);
	return stages[stage].prose;
}

bool sk_stage_collects(enum sk_stage stage)
{
	return (unsigned)stage < SK_STAGE_COUNT && stages[stage].collects;
}

bool sk_stage_over(enum sk_stage stage)
{
	return (unsigned)stage < SK_STAGE_COUNT && stages[stage].over;
}

const char *sk_basis_event_name(enum sk_basis_event event)
{
	SK_INVARIANT((unsigned)event < SK_BASIS_EVENT_COUNT);
	return events[event].name;
}

enum sk_basis_event sk_basis_event_find(const char *name)
{
	int event = 0;
	while (event < SK_BASIS_EVENT_COUNT && strcmp(events[event].name, name) != 0)
		event++;
	return (enum sk_basis_event)event;
}

bool sk_basis_event_counts(enum sk_basis_event event)
{
	SK_INVARIANT((unsigned)event < SK_BASIS_EVENT_COUNT);
	return events[event].counts;
}

const char *sk_outcome_name(enum sk_outcome outcome)
{
	SK_INVARIANT((unsigned)outcome < SK_OUTCOME_COUNT);
	return outcomes[outcome];
}

/* ---- counting ---- */

const struct sk_vote_rule sk_oversight_rule = {.present = 3, .chair = true, .tie_chair = true};

//= rule: BASIS-4
enum sk_outcome sk_vote_count(const struct sk_vote_rule *rule, const struct sk_vote *votes, size_t count)
{
	size_t ayes = 0, least = rule->present == 0 ? 1 : rule->present;
	const struct sk_vote *head = NULL; /* the chair; the deputy stands in where the chair is absent */
	for (size_t i = 0; i < count; i++) {
		ayes += votes[i].aye;
		if (votes[i].seat != SK_SEAT_MEMBER && (head == NULL || votes[i].seat > head->seat))
			head = &votes[i];
	}
	if (count < least || (rule->chair && head == NULL))
		return SK_OUTCOME_OPEN;
	size_t nays = count - ayes;
	if (ayes == nays)
		return rule->tie_chair && head != NULL && head->aye ? SK_OUTCOME_CARRIED : SK_OUTCOME_REJECTED;
	return ayes > nays ? SK_OUTCOME_CARRIED : SK_OUTCOME_REJECTED;
}

enum sk_outcome sk_oversight_count(const struct sk_vote *votes, size_t count)
{
	return sk_vote_count(&sk_oversight_rule, votes, count);
}
