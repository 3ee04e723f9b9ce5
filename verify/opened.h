/* SPDX-License-Identifier: Apache-2.0 */
/* opened: what a centre's ledger only commits to, opened to oversight (`sekisho centre openings`), recomputed: commitments, the chain of each matter by digest, signatures by keys that the acts
   themselves established, every step of a basis, an order and a lease by its table, every quorum. Written against docs/formats/act.md and docs/oversight.md, not against the centre's rooms: of
   them it links the contracts' tables alone. Promises: an act that was not allowed is refused, whoever signed the ledger. Never: I/O, a clock. rule: OPENED-1 OPENED-2 OPENED-3 OPENED-4 OPENED-5 */
#ifndef SK_VERIFY_OPENED_H
#define SK_VERIFY_OPENED_H

#include "ledger/act.h"
#include "ledger/record_read.h"

enum { SK_OPENED_KINDS_MAX = 32 };

/* Of one kind of matter. */
struct sk_opened_kind {
	char name[SK_ACT_WORD_MAX];
	uint64_t matters, acts;
	bool judged;                   /* its steps are recomputed here; else its chain and signatures alone are */
};

struct sk_opened_summary {
	uint64_t acts, matters, signatures, accounts, organisations;
	uint64_t quorums;              /* votes and agreements that were counted again */
	uint64_t receipts, receipts_unread; /* of the enforcer: checked against the warrant; not read, for nobody named its key */
	uint64_t certificates;         /* erasures that were certified */
	uint64_t looks;                /* by page: rows of the centre's book that it commits to */
	uint64_t stricter;             /* votes that would have carried by the least that the law asks, and were held open: a stricter policy */
	size_t kind_count;
	struct sk_opened_kind kinds[SK_OPENED_KINDS_MAX];
};

struct sk_opened; /* opaque */

/* centre: the key that signs the ledger, and for the centre itself. NULL when out of memory. */
struct sk_opened *sk_opened_new(const struct sk_verify_key *centre);
/* Free (NULL is fine). */
void sk_opened_free(struct sk_opened *opened);
/* The enforcer's key: its receipts are read and must be there. rule: OPENED-6 */
void sk_opened_enforcer(struct sk_opened *opened, const struct sk_verify_key *enforcer);
/* Take note of the next leaf of kind act, in the order of the ledger. SK_ENOMEM. */
SK_MUST enum sk_err sk_opened_leaf(struct sk_opened *opened, uint64_t index, const struct sk_act_record *act, struct sk_fault *fault);
/* Judge one line of the openings (without its LF); they come in the order of the leaves. The fault says leaf, matter, what, expected, found. SK_EMALFORMED, SK_ESIGNATURE, SK_ENOMEM. After an
   error it is over. */
SK_MUST enum sk_err sk_opened_line(struct sk_opened *opened, const char *text, size_t length, struct sk_fault *fault);
/* Is each act of the ledger opened? SK_EMALFORMED names the first that is not. */
SK_MUST enum sk_err sk_opened_done(struct sk_opened *opened, struct sk_fault *fault);
/* What was seen so far. */
void sk_opened_summary(const struct sk_opened *opened, struct sk_opened_summary *out);

#endif
