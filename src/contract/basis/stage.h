/* SPDX-License-Identifier: Apache-2.0 */
/* basis/stage.h: the lifecycle of a basis as a table (stage.def) and pure functions over it, and how votes are counted. The centre decides by them, sekisho-verify
   recomputes by them. Promises: pure; a step that is no row of the table does not exist. Never: knows who somebody is, reads a clock. */
#ifndef SK_BASIS_STAGE_H
#define SK_BASIS_STAGE_H

#include "base/base.h"

enum sk_stage {
#define SK_STAGE(symbol, name, collects, over, prose) SK_STAGE_##symbol,
#include "basis/stage.def"
#undef SK_STAGE
	SK_STAGE_COUNT
};
enum sk_basis_event {
#define SK_EVENT(symbol, name, counts, who, prose) SK_BASIS_EVENT_##symbol,
#include "basis/stage.def"
#undef SK_EVENT
	SK_BASIS_EVENT_COUNT
};
/* What an event that counts something came to: votes, an agreement's signatures, suspensions that are left. */
enum sk_outcome {
#define SK_OUTCOME(symbol, name) SK_OUTCOME_##symbol,
#include "basis/stage.def"
#undef SK_OUTCOME
	SK_OUTCOME_COUNT
};

/* The table: what comes after. SK_STAGE_COUNT: there is no such step. */
enum sk_stage sk_stage_step(enum sk_stage stage, enum sk_basis_event event, enum sk_outcome outcome);
/* Is there a step by this event out of this stage, whatever it comes to? */
bool sk_stage_allows(enum sk_stage stage, enum sk_basis_event event);
/* "draft", "review", ...; "" for SK_STAGE_NONE. Static storage. */
const char *sk_stage_name(enum sk_stage stage);
/* By its name; SK_STAGE_COUNT when there is none such. */
enum sk_stage sk_stage_find(const char *name);
/* One sentence about it. Static storage. */
const char *sk_stage_prose(enum sk_stage stage);
/* May be collected under it? Dates apart. */
bool sk_stage_collects(enum sk_stage stage);
/* Is it over for good? */
bool sk_stage_over(enum sk_stage stage);
/* "request", "approve", ... Static storage. */
const char *sk_basis_event_name(enum sk_basis_event event);
/* By its name; SK_BASIS_EVENT_COUNT when there is none such. */
enum sk_basis_event sk_basis_event_find(const char *name);
/* Has it an outcome? Then a step with SK_OUTCOME_NONE does not exist; without one, no step with another. */
bool sk_basis_event_counts(enum sk_basis_event event);
/* "", "open", "carried", "rejected". Static storage. */
const char *sk_outcome_name(enum sk_outcome outcome);

/* ---- counting (LAW.md 1.5, art 55) ---- */

enum sk_seat { SK_SEAT_MEMBER, SK_SEAT_DEPUTY, SK_SEAT_CHAIR };
enum { SK_VOTES_MAX = 32 };
struct sk_vote {
	enum sk_seat seat;
	bool aye; /* else nay; who does not vote is not present */
};
/* How votes are counted: a rule of the policy. */
struct sk_vote_rule {
	unsigned present;  /* so many must have voted; 0 counts as 1 */
	bool chair;        /* the chair, or the deputy, must be among them */
	bool tie_chair;    /* a tie is the chair's (when absent: the deputy's) to decide; else a tie refuses */
};
/* What the votes come to: the majority of those present, once enough are. OPEN while they are too few, or the chair is missing. rule: BASIS-4 */
enum sk_outcome sk_vote_count(const struct sk_vote_rule *rule, const struct sk_vote *votes, size_t count);
/* The rule of the oversight body: three present with the chair or the deputy, majority, a tie to the chair. No policy may ask for less. */
extern const struct sk_vote_rule sk_oversight_rule;
/* sk_vote_count under that rule. */
enum sk_outcome sk_oversight_count(const struct sk_vote *votes, size_t count);

#endif
