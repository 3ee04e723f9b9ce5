/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `sekisho inspect` share. */
#ifndef SK_CMD_INSPECT_H
#define SK_CMD_INSPECT_H

#include "cmd/oversight_act.h"

struct sk_inspect_args {
	struct sk_cmd *cmd;
	struct sk_office_args office;
	const char *id, *occasion, *result, *text, *in, *workspace, *socket, *output, *file;
	const char *value, *since, *until; /* query: handed on */
	uint64_t leaf;
	bool has_leaf;
};

/* An act of the inspection --in, of event look or query, is entered; nothing is shown before. SK_EUSAGE (no --in), and what judging says. */
SK_MUST enum sk_err sk_inspect_enter(struct sk_office *office, const struct sk_inspect_args *args, const char *event, const char *word, const char *text, uint64_t answers, struct sk_fault *fault);

/* What an inspector looks at. Each prints; the act is entered already, and the office open for reading. */
/* The last interval of each link of a workspace, out of its verified ledger. */
SK_MUST enum sk_err sk_inspect_counters(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault);
/* The set of selectors that a workspace runs, against the one that its basis' matter tells. SK_ESETRULE when they differ (after it was said). */
SK_MUST enum sk_err sk_inspect_selectors(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault);
/* Digests of the policy in force and of what is compiled in. */
SK_MUST enum sk_err sk_inspect_policy(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault);
/* Who holds selected information of which day. */
SK_MUST enum sk_err sk_inspect_holders(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault);
/* The signed head and an inclusion proof of one leaf (C2SP tlog-proof). */
SK_MUST enum sk_err sk_inspect_proof(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault);
/* Every order that was set before its quorum agreed, and whether oversight has looked at it. */
SK_MUST enum sk_err sk_inspect_urgent(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault);

/* query KIND: run inside, sealed to the inspector's key; open FILE. Return exit codes. */
int sk_inspect_query(const struct sk_inspect_args *args, const char *kind);
/* Open a sealed answer. */
int sk_inspect_open(const struct sk_inspect_args *args);

#endif
