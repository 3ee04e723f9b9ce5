/* SPDX-License-Identifier: Apache-2.0 */
/* What a change leaves behind beside its entry: rows of the index, and the other side of a merge or a split that is still owed. */
#ifndef SK_CASE_ADD_PRIV_H
#define SK_CASE_ADD_PRIV_H

#include "case/case_priv.h"

/* Bring the index of links in line with the live links of a case (none: with nothing). Inside a transaction. */
SK_MUST enum sk_err sk_cases_index_put(struct sk_cases *cases, const struct sk_case *c, const char *id, struct sk_fault *fault);
/* One entry: data is its canonical JSON. c: the case as it is (zeroed for a new one, with its id), carried on. owed (NULL: none): the entry of another case that must follow. evidence (NULL: none). */
struct sk_case_step {
	const struct sk_case_author *author;
	const char *id;
	enum sk_case_event event;
	const struct sk_buf *data;
	int64_t now_ns;
	struct {
		const char *id;          /* NULL: nothing is owed */
		enum sk_case_event event;
		const struct sk_buf *data;
	} owed;
	const void *evidence;
	size_t evidence_length;
};
SK_MUST enum sk_err sk_cases_enter(struct sk_cases *cases, struct sk_case *c, const struct sk_case_step *step, uint64_t *leaf, struct sk_fault *fault);
/* What entry n of a case owes is owed no more. Inside a transaction. */
SK_MUST enum sk_err sk_cases_owed_drop(struct sk_cases *cases, const char *id, uint32_t n, struct sk_fault *fault);
/* Carry out what is owed. */
SK_MUST enum sk_err sk_cases_owed_settle(struct sk_cases *cases, struct sk_fault *fault);

#endif
