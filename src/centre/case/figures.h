/* SPDX-License-Identifier: Apache-2.0 */
/* case/figures.h: how much work a case is, and how fast: alerts per case, time to triage, contain and close, cases by kind and norm. For publishing, what is below k is not told (LAW.md decision 10,
   LEDGER-7's reason: a small number points at somebody). Thread rule: reentrant. rule: CASE-8 */
#ifndef SK_CASE_FIGURES_H
#define SK_CASE_FIGURES_H

#include "case/case.h"
#include "text/json.h"

enum { SK_CASE_NORMS_MAX = 16 };

/* A set of times: how many cases have one, their median and the one that nine of ten stay below, in seconds. */
struct sk_case_times {
	uint64_t count;
	int64_t median_s, p90_s;
};
struct sk_case_figures {
	uint64_t cases, open, closed, false_alarms, merged, findings, with_findings, largest; /* findings: live ones; merged cases hold none, so nothing counts twice */
	uint64_t by_kind[SK_CASE_KIND_COUNT], by_severity[4], by_norm[SK_CASE_NORMS_MAX];
	struct sk_case_times triage, contain, close;
};
/* Count the cases that were opened from since_ns until until_ns. What sk_cases_each says. */
SK_MUST enum sk_err sk_case_figures(struct sk_cases *cases, int64_t since_ns, int64_t until_ns, struct sk_case_figures *out, struct sk_fault *fault);
/* As JSON; k: counts from 1 to k-1 are null (0: everything is told), and a time over fewer cases than k too. */
void sk_case_figures_write(const struct sk_case_figures *figures, uint64_t k, struct sk_buf *out);

#endif
