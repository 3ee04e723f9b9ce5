/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/observe.h"

/* Does a tell more of a detector's finding than b? Its numbers grow while it lasts. */
static bool tells_more(const struct sk_finding *a, const struct sk_finding *b)
{
	return a->last_ns != b->last_ns ? a->last_ns > b->last_ns : sk_words_compare(&a->sentence, &b->sentence) > 0;
}

static bool grows(const struct sk_finding *finding)
{
	return strncmp(finding->kind, "indicator.", sizeof "indicator." - 1) != 0;
}

static bool tells_first(const struct sk_finding *a, const struct sk_finding *b)
{
	if (grows(a))
		return tells_more(a, b);
	return a->first_ns != b->first_ns ? a->first_ns < b->first_ns : sk_words_compare(&a->sentence, &b->sentence) < 0;
}

void sk_finding_fold(struct sk_finding *into, const struct sk_finding *more)
{
	struct sk_finding folded = tells_first(more, into) ? *more : *into;
	folded.count = into->count + more->count;
	folded.first_ns = more->first_ns < into->first_ns ? more->first_ns : into->first_ns;
	folded.last_ns = more->last_ns > into->last_ns ? more->last_ns : into->last_ns;
	folded.severity = more->severity > into->severity ? more->severity : into->severity;
	folded.confidence_percent = more->confidence_percent > into->confidence_percent ? more->confidence_percent : into->confidence_percent;
	*into = folded;
}
