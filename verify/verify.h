/* SPDX-License-Identifier: Apache-2.0 */
/* verify: a ledger folder judged from its bytes alone: signature, tree, records, and what was asked beside (pinned key, older checkpoint, witnesses).
   Promises: reads, never writes; no socket, no clock. Never: believes a file because another one says so. */
#ifndef SK_VERIFY_VERIFY_H
#define SK_VERIFY_VERIFY_H

#include "check.h"
#include "ledger/ledger.h"
#include "opened.h"

enum { SK_VERIFY_OK = 0, SK_VERIFY_REFUSED = 1, SK_VERIFY_USAGE = 2, SK_VERIFY_UNREADABLE = 3 };

struct sk_verify_options {
	const char *folder;
	const char *key;      /* verifier key or file that holds one; NULL = taken from leaf 0 on first use */
	const char *old;      /* file with an older checkpoint of this log; NULL = not asked */
	const char *drill;    /* file with a drill's note: its sums must be those of this ledger; NULL = not asked */
	const char *drill_key; /* as key, for that note; NULL = the key that it names itself */
	const char *policy;   /* file with a witness policy (C2SP tlog-policy); NULL = not asked */
	const char *openings; /* file with a centre's openings; NULL = not asked */
	const char *enforcer; /* with openings: as key, for the enforcer's receipts; NULL = not read */
	bool json;
};

struct sk_verify_result {
	int exit_code;
	struct sk_fault fault;             /* set when not verified */
	struct sk_checkpoint checkpoint;
	struct sk_verify_key key;
	uint64_t old_size;
	size_t witnesses_signed;
	bool any_drill;
	struct sk_drill_record drill;
	struct sk_check_summary summary;
	bool any_openings;
	struct sk_opened_summary opened;
};

/* Judge. *result is always filled; the exit code is also in it. */
int sk_verify_ledger(const struct sk_verify_options *options, struct sk_verify_result *result);
/* A drill's note against the ledger that was verified: signature, roots, sums of the intervals, and that what it claims follows from them. SK_EMALFORMED, SK_ESIGNATURE, and what
   keeps a file from being read. */
SK_MUST enum sk_err sk_verify_drill(const struct sk_verify_options *options, struct sk_verify_result *result, struct sk_fault *fault);
/* Write the result to standard output: for people, or one JSON object. */
void sk_verify_print(const struct sk_verify_options *options, const struct sk_verify_result *result);

#endif
