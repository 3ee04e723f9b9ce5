/* SPDX-License-Identifier: Apache-2.0 */
/* custody/replay.h: every act of custody judged once more, in the order of the docket, under the policy of its day. Reads nothing but what it is given. Thread rule: one thread. rule: POLICY-2 */
#ifndef SK_CUSTODY_REPLAY_H
#define SK_CUSTODY_REPLAY_H

#include "custody/reident.h"

struct sk_custody_replay; /* opaque: the matters so far */

/* Under what an act is judged. */
struct sk_custody_court {
	struct sk_access *access;
	const struct sk_verify_key *centre;   /* who signs for the centre itself */
	const struct sk_law *law;             /* of the act's day; NULL: none was in force */
	bool simulate;
	struct sk_provision provision;        /* of the act's basis, as it stood then; keep_days is filled in here */
	const char *kind;                     /* the basis' kind; "" where the docket has no such basis */
};

/* Empty. SK_ENOMEM. */
SK_MUST enum sk_err sk_custody_replay_new(struct sk_custody_replay **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_custody_replay_free(struct sk_custody_replay *replay);
/* Judge the docket's next act of matter "retention", "reident" or "rekey" by its own time, and follow the docket: its matter is then where the docket says, whatever came out. Errors of sk_retention_judge
   and sk_reident_judge; SK_ESIGNATURE (a step of the centre's that it did not sign), SK_ENOMEM. */
SK_MUST enum sk_err sk_custody_judge_again(struct sk_custody_replay *replay, const struct sk_custody_court *court, const struct sk_entry *entry, struct sk_act_facts *facts, struct sk_fault *fault);
/* The basis that an act of custody is about, out of its body; "" where it names none. */
void sk_custody_basis_of(const struct sk_act *act, char basis[64]);

#endif
