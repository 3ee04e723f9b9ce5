/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of state.def and words.def, asked. */
#include "case/state.h"

#include <string.h>

static const struct {
	const char *name;
	bool over;
	const char *prose;
} states[] = {
#define SK_CASE_STATE(symbol, name, over, prose) {name, over, prose},
#include "case/state.def"
#undef SK_CASE_STATE
};

static const struct {
	const char *name, *duty;
	bool asked;
} events[] = {
#define SK_CASE_EVENT(symbol, name, duty, asked, prose) {name, duty, asked},
#include "case/state.def"
#undef SK_CASE_EVENT
};

static const struct {
	enum sk_case_state from;
	enum sk_case_event event;
	enum sk_case_state to;
} steps[] = {
#define SK_CASE_STEP(from, event, to) {SK_CASE_##from, SK_CASE_EVENT_##event, SK_CASE_##to},
#include "case/state.def"
#undef SK_CASE_STEP
};

static const struct {
	const char *word, *ja, *en;
} kinds[] = {
#define SK_CASE_KIND(symbol, word, ja, en) {word, ja, en},
#include "case/words.def"
#undef SK_CASE_KIND
};

static const char *const grades[] = {
#define SK_CASE_GRADE(symbol, word, prose) word,
#include "case/words.def"
#undef SK_CASE_GRADE
};

static const struct {
	const char *word;
	enum sk_case_grade grade;
} links[] = {
#define SK_CASE_LINK(symbol, word, grade, ja, en) {word, SK_CASE_GRADE_##grade},
#include "case/words.def"
#undef SK_CASE_LINK
}, audiences[] = {
#define SK_CASE_AUDIENCE(symbol, word, grade, ja, en) {word, SK_CASE_GRADE_##grade},
#include "case/words.def"
#undef SK_CASE_AUDIENCE
};

static const struct {
	const char *word, *en;
} norms[] = {
#define SK_CASE_NORM(symbol, word, en) {word, en},
#include "case/words.def"
#undef SK_CASE_NORM
};

//= rule: CASE-1
enum sk_case_state sk_case_step(enum sk_case_state state, enum sk_case_event event)
{
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (steps[i].from == state && steps[i].event == event)
			return steps[i].to;
	return SK_CASE_STATE_COUNT;
}

const char *sk_case_state_name(enum sk_case_state state)
{
	SK_INVARIANT((size_t)state < SK_CASE_STATE_COUNT);
	return states[state].name;
}

bool sk_case_state_over(enum sk_case_state state)
{
	SK_INVARIANT((size_t)state < SK_CASE_STATE_COUNT);
	return states[state].over;
}

const char *sk_case_state_prose(enum sk_case_state state)
{
	SK_INVARIANT((size_t)state < SK_CASE_STATE_COUNT);
	return states[state].prose;
}

const char *sk_case_event_name(enum sk_case_event event)
{
	SK_INVARIANT((size_t)event < SK_CASE_EVENT_COUNT);
	return events[event].name;
}

const char *sk_case_event_duty(enum sk_case_event event)
{
	SK_INVARIANT((size_t)event < SK_CASE_EVENT_COUNT);
	return events[event].duty;
}

bool sk_case_event_asked(enum sk_case_event event)
{
	SK_INVARIANT((size_t)event < SK_CASE_EVENT_COUNT);
	return events[event].asked;
}

const char *sk_case_kind_word(enum sk_case_kind kind, const char **ja, const char **en)
{
	SK_INVARIANT((size_t)kind < SK_CASE_KIND_COUNT);
	if (ja != NULL)
		*ja = kinds[kind].ja;
	if (en != NULL)
		*en = kinds[kind].en;
	return kinds[kind].word;
}

const char *sk_case_grade_word(enum sk_case_grade grade)
{
	SK_INVARIANT((size_t)grade < SK_CASE_GRADE_COUNT);
	return grades[grade];
}

const char *sk_case_link_word(enum sk_case_link link)
{
	SK_INVARIANT((size_t)link < SK_CASE_LINK_COUNT);
	return links[link].word;
}

enum sk_case_grade sk_case_link_grade(enum sk_case_link link)
{
	SK_INVARIANT((size_t)link < SK_CASE_LINK_COUNT);
	return links[link].grade;
}

const char *sk_case_audience_word(enum sk_case_audience audience)
{
	SK_INVARIANT((size_t)audience < SK_CASE_AUDIENCE_COUNT);
	return audiences[audience].word;
}

enum sk_case_grade sk_case_audience_grade(enum sk_case_audience audience)
{
	SK_INVARIANT((size_t)audience < SK_CASE_AUDIENCE_COUNT);
	return audiences[audience].grade;
}

const char *sk_case_norm(size_t i, const char **en)
{
	if (i >= SK_COUNT(norms))
		return NULL;
	if (en != NULL)
		*en = norms[i].en;
	return norms[i].word;
}

bool sk_case_norm_known(const char *word)
{
	for (size_t i = 0; i < SK_COUNT(norms); i++)
		if (strcmp(norms[i].word, word) == 0)
			return true;
	return false;
}

/* ---- by name ---- */

enum sk_case_state sk_case_state_find(const char *name)
{
	unsigned i = 0;
	while (i < SK_CASE_STATE_COUNT && strcmp(states[i].name, name) != 0)
		i++;
	return (enum sk_case_state)i;
}

enum sk_case_event sk_case_event_find(const char *name)
{
	unsigned i = 0;
	while (i < SK_CASE_EVENT_COUNT && strcmp(events[i].name, name) != 0)
		i++;
	return (enum sk_case_event)i;
}

enum sk_case_kind sk_case_kind_find(const char *name)
{
	unsigned i = 0;
	while (i < SK_CASE_KIND_COUNT && strcmp(kinds[i].word, name) != 0)
		i++;
	return (enum sk_case_kind)i;
}

enum sk_case_grade sk_case_grade_find(const char *name)
{
	unsigned i = 0;
	while (i < SK_CASE_GRADE_COUNT && strcmp(grades[i], name) != 0)
		i++;
	return (enum sk_case_grade)i;
}

enum sk_case_link sk_case_link_find(const char *name)
{
	unsigned i = 0;
	while (i < SK_CASE_LINK_COUNT && strcmp(links[i].word, name) != 0)
		i++;
	return (enum sk_case_link)i;
}

enum sk_case_audience sk_case_audience_find(const char *name)
{
	unsigned i = 0;
	while (i < SK_CASE_AUDIENCE_COUNT && strcmp(audiences[i].word, name) != 0)
		i++;
	return (enum sk_case_audience)i;
}
