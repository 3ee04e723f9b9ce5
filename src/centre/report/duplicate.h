/* SPDX-License-Identifier: Apache-2.0 */
/* report/duplicate.h: which reports may be of one and the same event. A proposal with its reasons; a person merges. rule: FORM-7 Thread rule: reentrant. */
#ifndef SK_REPORT_DUPLICATE_H
#define SK_REPORT_DUPLICATE_H

#include "report/facts.h"

enum { SK_REPORT_ALIKE_MIN = 60, SK_REPORT_PAIRS_MAX = 1000 };

struct sk_report_candidate {
	const char *id, *case_id;        /* case_id "": none */
	const struct sk_report_facts *facts; /* of its newest version */
	const struct sk_json_value *top; /* that version */
};
struct sk_report_pair {
	size_t a, b;                     /* a < b */
	unsigned score;                  /* to 100 */
	char why[400];
};

/* Pairs of one organisation within 14 days of each other with at least SK_REPORT_ALIKE_MIN points, best first; those of one case already are left out. Points: organisation 30; aware within 6 h 25, 72 h 15,
   14 days 5; the same form 10; each computer in common 15, 30 at most; each indicator in common 20, 40 at most. Returns how many, at most capacity. */
size_t sk_report_duplicates(const struct sk_report_candidate *candidates, size_t count, struct sk_report_pair *out, size_t capacity);

#endif
