/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of bases and policies share. */
#ifndef SK_DECIDE_PRIV_H
#define SK_DECIDE_PRIV_H

#include "decide/policies.h"

/* Add a public word or number to facts, which keeps them ascending; a number of 0 is left out. */
void sk_decide_word(struct sk_act_facts *facts, const char *prefix, const char *name);
void sk_decide_count(struct sk_act_facts *facts, const char *name, uint64_t number);
/* The seat of a person of oversight; false: has none, and is counted as a member where it is counted at all. */
bool sk_decide_seat(const struct sk_person *who, enum sk_seat *seat);
/* The votes of a quorum of the law, as stage.h counts them: majority, or so many signatures. */
enum sk_outcome sk_decide_count_votes(const struct sk_law_quorum *quorum, const struct sk_basis_vote *votes, size_t count);

/* One act of matter policy, onto the state. *judged false: the error is no judgement (the machine, or a policy that is gone). */
SK_MUST enum sk_err sk_policy_take(const struct sk_bases_options *options, const struct sk_entry *entry, struct sk_policy_state *state, struct sk_act_facts *facts, bool *judged,
				   struct sk_fault *fault);
/* Judging acts of bases one after the other, beside a docket (replay). */
SK_MUST enum sk_err sk_bases_judge_begin(const struct sk_bases_options *options, struct sk_bases **out, struct sk_fault *fault);
/* *judged as above. */
SK_MUST enum sk_err sk_bases_judge_again(struct sk_bases *bases, const struct sk_entry *entry, struct sk_act_facts *facts, bool *judged, struct sk_fault *fault);

#endif
