/* SPDX-License-Identifier: Apache-2.0 */
/* decide/policies.h: which policy is in force, read off the acts of matter "policy"; and whether every decision agrees with the policy of its day (docs/policy.md). */
#ifndef SK_DECIDE_POLICIES_H
#define SK_DECIDE_POLICIES_H

#include "decide/bases.h"

/* The one matter of kind "policy". */
#define SK_POLICY_MATTER "policy"
#define SK_POLICY_MATTER_ID "law"

enum { SK_POLICY_ACKS_MAX = 32, SK_POLICIES_MAX = 4096 };

/* What is compiled in beyond foundation/policy, for sk_law_parse. Static storage. */
const struct sk_law_bounds *sk_decide_bounds(void);

/* Which policy is in force. */
struct sk_policy_state {
	bool begun, in_force, waiting;
	uint8_t current[SK_HASH_BYTES];  /* in force */
	uint8_t next[SK_HASH_BYTES];     /* loaded, and waits for oversight's acknowledgement */
	char loader[SK_MATTER_ID_MAX];
	size_t ack_count;
	struct sk_basis_vote acks[SK_POLICY_ACKS_MAX];
};
/* Judge an act of matter "policy": load {digest,name,version}, ack {digest}, withdraw {digest}. before: the policy in force (NULL: none), named: the one that the body names. On
   error *state is as before: SK_EPERMIT, SK_EPROFILE (of another profile), SK_ESTAGE, SK_EMALFORMED, SK_ESEEN. rule: POLICY-1 */
SK_MUST enum sk_err sk_policy_judge(struct sk_policy_state *state, const struct sk_act *act, const struct sk_person *who, const struct sk_law *before, const struct sk_law *named,
				    const struct sk_basis_court *court, struct sk_act_facts *facts, struct sk_fault *fault);
/* The digest that the body of such an act names. SK_EMALFORMED. */
SK_MUST enum sk_err sk_policy_named(const struct sk_act *act, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault);
/* Append the body of load, ack or withdraw; name and version "" for the latter two. */
void sk_policy_body(const uint8_t digest[SK_HASH_BYTES], const char *name, const char *version, struct sk_buf *out);

/* Fold the docket. An act that was not allowed has no effect. */
SK_MUST enum sk_err sk_policy_fold(const struct sk_bases_options *options, struct sk_policy_state *out, struct sk_fault *fault);

/* One act, judged again. agrees: the same step came out. why: "" or one line. */
struct sk_replayed {
	const struct sk_entry *entry;
	bool agrees, judged;             /* judged: this kind of matter is judged here */
	const char *why;
};
/* Whoever judges the kinds of matter that are not known here. *judged false without an error: none of his. bases: as they stood at that place; law: under which it is judged (NULL: none). */
struct sk_replay_more {
	enum sk_err (*judge)(void *context, const struct sk_entry *entry, const struct sk_bases *bases, const struct sk_law *law, struct sk_act_facts *facts, bool *judged, struct sk_fault *fault);
	void *context;
};
typedef void (*sk_replay_visit)(void *context, const struct sk_replayed *replayed);
/* Judge every act of matters "basis", "order", "policy" and those of access (org, account, lease, factor, credential, access) again, and by `more` (NULL: nobody) whatever else it knows, as things
   stood at its place: each under the policy whose digest it names (options->law), or all under `under` when that is not NULL ("what if"). Compares the step with the docket's. Other matters are
   visited with judged false. *differ counts those that do not agree. rule: POLICY-2 */
SK_MUST enum sk_err sk_policy_replay(const struct sk_bases_options *options, const struct sk_law *under, const struct sk_replay_more *more, sk_replay_visit visit, void *context, uint64_t *judged,
				     uint64_t *differ, struct sk_fault *fault);

#endif
