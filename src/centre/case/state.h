/* SPDX-License-Identifier: Apache-2.0 */
/* case/state.h: the tables of this room (state.def, words.def) and pure functions over them.
   Promises: pure; a step that is no row does not exist. Never: knows who somebody is, reads a clock. rule: CASE-1 */
#ifndef SK_CASE_STATE_H
#define SK_CASE_STATE_H

#include "base/base.h"

enum sk_case_state {
#define SK_CASE_STATE(symbol, name, over, prose) SK_CASE_##symbol,
#include "case/state.def"
#undef SK_CASE_STATE
	SK_CASE_STATE_COUNT
};
enum sk_case_event {
#define SK_CASE_EVENT(symbol, name, duty, asked, prose) SK_CASE_EVENT_##symbol,
#include "case/state.def"
#undef SK_CASE_EVENT
	SK_CASE_EVENT_COUNT
};
enum sk_case_kind {
#define SK_CASE_KIND(symbol, word, ja, en) SK_CASE_KIND_##symbol,
#include "case/words.def"
#undef SK_CASE_KIND
	SK_CASE_KIND_COUNT
};
/* Lowest first. */
enum sk_case_grade {
#define SK_CASE_GRADE(symbol, word, prose) SK_CASE_GRADE_##symbol,
#include "case/words.def"
#undef SK_CASE_GRADE
	SK_CASE_GRADE_COUNT
};
enum sk_case_link {
#define SK_CASE_LINK(symbol, word, grade, ja, en) SK_CASE_LINK_##symbol,
#include "case/words.def"
#undef SK_CASE_LINK
	SK_CASE_LINK_COUNT
};
enum sk_case_audience {
#define SK_CASE_AUDIENCE(symbol, word, grade, ja, en) SK_CASE_FOR_##symbol,
#include "case/words.def"
#undef SK_CASE_AUDIENCE
	SK_CASE_AUDIENCE_COUNT
};
enum { SK_SEVERITY_LOW = 1, SK_SEVERITY_MEDIUM = 2, SK_SEVERITY_HIGH = 3 };

/* The table: what comes after. SK_CASE_STATE_COUNT: there is no such step. */
enum sk_case_state sk_case_step(enum sk_case_state state, enum sk_case_event event);
/* "new", "triaged", ...; "" for SK_CASE_NONE. Static. */
const char *sk_case_state_name(enum sk_case_state state);
/* By its name; SK_CASE_STATE_COUNT when there is none such. */
enum sk_case_state sk_case_state_find(const char *name);
/* Is it over? */
bool sk_case_state_over(enum sk_case_state state);
/* One sentence about it. Static. */
const char *sk_case_state_prose(enum sk_case_state state);
/* "open", "triage", ... Static. */
const char *sk_case_event_name(enum sk_case_event event);
/* By its name; SK_CASE_EVENT_COUNT when there is none such. */
enum sk_case_event sk_case_event_find(const char *name);
/* The duty that it takes (access/duties.def). Static. */
const char *sk_case_event_duty(enum sk_case_event event);
/* Does a person ask for it by its name? */
bool sk_case_event_asked(enum sk_case_event event);
/* Word of a kind of case, and its texts (either may be NULL). Static. */
const char *sk_case_kind_word(enum sk_case_kind kind, const char **ja, const char **en);
/* By its word; SK_CASE_KIND_COUNT. */
enum sk_case_kind sk_case_kind_find(const char *word);
/* "G3", "G2", "A", "G1". Static. */
const char *sk_case_grade_word(enum sk_case_grade grade);
/* By its word; SK_CASE_GRADE_COUNT. */
enum sk_case_grade sk_case_grade_find(const char *word);
/* Word of a kind of link. Static. */
const char *sk_case_link_word(enum sk_case_link link);
/* By its word; SK_CASE_LINK_COUNT. */
enum sk_case_link sk_case_link_find(const char *word);
/* The grade that such a link brings into a case. */
enum sk_case_grade sk_case_link_grade(enum sk_case_link link);
/* Word of an audience. Static. */
const char *sk_case_audience_word(enum sk_case_audience audience);
/* By its word; SK_CASE_AUDIENCE_COUNT. */
enum sk_case_audience sk_case_audience_find(const char *word);
/* The highest grade that may go to it. */
enum sk_case_grade sk_case_audience_grade(enum sk_case_audience audience);
/* Norm i of the table, its text in *en (may be NULL); NULL past the end. Static. */
const char *sk_case_norm(size_t i, const char **en);
/* Is it a norm of the table? */
bool sk_case_norm_known(const char *word);

#endif
