/* SPDX-License-Identifier: Apache-2.0 */
/* case/view.h: cases as JSON, in the one form that command line and page share (docs/centre.md). Never: leaves out that something was left out. Thread rule: reentrant. */
#ifndef SK_CASE_VIEW_H
#define SK_CASE_VIEW_H

#include "case/case.h"
#include "text/json.h"

enum { SK_CASE_VIEW_MAX = 1 << 26 };

/* One row of a list. */
void sk_case_view_head(struct sk_json_writer *w, const struct sk_case_head *head);
/* A page as the API answers it: items, next, total, age_s. What sk_cases_list says. */
SK_MUST enum sk_err sk_case_view_list(struct sk_cases *cases, const struct sk_case_filter *filter, int64_t now_ns, struct sk_buf *out, struct sk_fault *fault);
/* A whole case: the row's members, summary, timeline, tasks, notes, links, evidence, playbooks, lowering, next. SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_case_view_show(const struct sk_case *c, struct sk_buf *out, struct sk_fault *fault);
/* One line about an entry of the timeline, for people. Returns text. */
const char *sk_case_view_entry(const struct sk_case *c, const struct sk_case_entry *entry, struct sk_buf *text);

#endif
