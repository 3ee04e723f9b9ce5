/* SPDX-License-Identifier: Apache-2.0 */
/* warrant: all that may be done. The contract centre -> enforcer (docs/formats/warrant.md): an order, the quorum that had to agree, and its members'
   acts of approval, each signed over the order's digest, in a note signed by the centre. The lifecycle of an order is warrant/state.h.
   Promises: decode accepts only the canonical form, a quorum that the enforcer itself was configured with, and measures within measure.def's limits;
   the proposer and the centre never count as approvers, a person and an organisation count once; a forbidden kind of measure cannot be expressed.
   Never: decides whether a measure is wise, or sets one. Reads no clock. Thread rule: reentrant. */
#ifndef SK_WARRANT_H
#define SK_WARRANT_H

#include "base/addr.h"
#include "seal/seal.h"

enum { SK_ORDER_ID_MAX = 64, SK_ORDER_TARGETS_MAX = 256, SK_ORDER_TARGET_MAX = 256, SK_WARRANT_TEXT_MAX = 1 << 19, SK_APPROVALS_MAX = 64 };
enum { SK_URGENT_LIFE_MAX_S = 86400 }; /* LAW.md I3 */

enum sk_level {
#define SK_LEVEL(symbol, name, approvers) SK_LEVEL_##symbol,
#include "warrant/measure.def"
#undef SK_LEVEL
	SK_LEVEL_COUNT
};

enum sk_measure {
#define SK_MEASURE(symbol, name, target, life_s, v4, v6, targets) SK_MEASURE_##symbol,
#include "warrant/measure.def"
#undef SK_MEASURE
	SK_MEASURE_COUNT
};

enum sk_action {
#define SK_ACTION(symbol, measure, name, level, rate) SK_ACTION_##symbol,
#include "warrant/measure.def"
#undef SK_ACTION
	SK_ACTION_COUNT
};

/* What the approvers sign: one measure, its targets, its life. Any edit changes the digest and voids every approval. */
struct sk_order {
	char id[SK_ORDER_ID_MAX];
	enum sk_action action;             /* names the measure too */
	size_t target_count;
	char targets[SK_ORDER_TARGETS_MAX][SK_ORDER_TARGET_MAX]; /* ascending, each once: domains, prefixes or parties, by measure */
	uint64_t rate_bytes_per_s;         /* rate_limit only; 0 elsewhere */
	bool joint;                        /* several organisations execute it: its level is high, whatever the action (LAW.md I2) */
	bool urgent;                       /* set before the quorum of its level has agreed, for a day at most (LAW.md I3) */
	uint64_t life_s;                   /* a measure lives this long once set, and never past not_after */
	int64_t not_before_ns, not_after_ns; /* no longer apart than the measure's longest life */
	struct sk_verify_key proposer;     /* never counts as an approver */
	uint8_t document[SK_HASH_BYTES];   /* SHA-256 of the order's document in the centre: case, purpose, alternatives, blast radius */
	uint8_t quorum[SK_HASH_BYTES];     /* SHA-256 of the quorum's text */
	uint8_t digest[SK_HASH_BYTES];     /* SHA-256 of the order's line; set by encode and decode */
};

struct sk_warrant {
	struct sk_order order;
	size_t approvals;                  /* organisations (without one: persons) that agreed and count */
	uint8_t digest[SK_HASH_BYTES];     /* SHA-256 of the note's body */
};

/* Approvals: notes of acts (ledger/act.h) of matter "order" about this order, event "approve" ("urgent" of an urgent order), whose body is
   sk_order_approval_body, each signed by one member of the quorum. Borrowed. */
struct sk_approvals {
	size_t count;
	const char *notes[SK_APPROVALS_MAX];
};

/* What the enforcer was configured with, by hand: the centre's key, and the digest of the one quorum text for each level. Borrowed. */
struct sk_warrant_trust {
	const struct sk_verify_key *centre;
	uint8_t quorum[SK_LEVEL_COUNT][SK_HASH_BYTES];
};

/* The measure of an action. */
enum sk_measure sk_action_measure(enum sk_action action);
/* The level that decides about it. */
enum sk_level sk_action_level(enum sk_action action);
/* The level that agrees on this order, or ratifies it: the action's; high when several organisations execute it. */
enum sk_level sk_order_base_level(const struct sk_order *order);
/* The level whose quorum the warrant of this order must carry: that, or SK_LEVEL_URGENT. */
enum sk_level sk_order_level(const struct sk_order *order);
/* How many approvers besides the proposer a level asks for at least. */
size_t sk_level_approvers(enum sk_level level);
/* Does the measure leave nothing behind once it is taken away? */
bool sk_measure_reversible(enum sk_measure measure);
/* The longest life of a measure, seconds. */
uint64_t sk_measure_life_s(enum sk_measure measure);
/* The action of a measure by both names: SK_EMALFORMED when there is none such. */
SK_MUST enum sk_err sk_action_parse(const char *measure, const char *action, enum sk_action *out);
/* "nxdomain", "rate_limit", ... Static storage. */
const char *sk_action_name(enum sk_action action);
/* "rpz", "flowspec", ... Static storage. */
const char *sk_measure_name(enum sk_measure measure);
/* "low", "medium", "high". Static storage. */
const char *sk_level_name(enum sk_level level);

/* Append the order's line (canonical JSON, LF) and set order->digest. SK_EUSAGE when a field is out of its range (the fault names it). */
SK_MUST enum sk_err sk_order_encode(struct sk_order *order, struct sk_buf *out, struct sk_fault *fault);
/* Parse an order's line (LF included) and check it; sets its digest. SK_EMALFORMED. */
SK_MUST enum sk_err sk_order_decode(const char *text, size_t length, struct sk_order *out, struct sk_fault *fault);
/* Append the body of an act that approves the order with that digest: {"order":"<64 hex>"}. */
void sk_order_approval_body(const uint8_t digest[SK_HASH_BYTES], struct sk_buf *out);

/* Do these acts of that event by members of that quorum, whose digest is known, agree on the order at that level? order->digest must be set. *counted gets how many
   seats agree so far; *met is false, and the fault's line says what is missing, while they are too few. SK_EMALFORMED (quorum or an act), SK_ESIGNATURE (a
   foreign, repeated or wrong act). rule: WARRANT-2 */
SK_MUST enum sk_err sk_order_agreed(const struct sk_order *order, const char *quorum, const uint8_t quorum_digest[SK_HASH_BYTES], enum sk_level level, const char *event,
				    const struct sk_approvals *approvals, const struct sk_verify_key *centre, size_t *counted, bool *met, struct sk_fault *fault);
/* Could the quorum still agree when the persons with these keys will not? False also when the quorum's text is malformed. */
bool sk_order_possible(const struct sk_order *order, const char *quorum, enum sk_level level, const struct sk_verify_key *against, size_t count,
		       const struct sk_verify_key *centre);
/* Mint: check order, quorum and approvals as decode does, and append the signed warrant. Sets order->digest. SK_EUSAGE (a field), SK_EMALFORMED (quorum or an
   approval), SK_ESIGNATURE (quorum not met, foreign or wrong signature). */
SK_MUST enum sk_err sk_warrant_encode(struct sk_order *order, const char *quorum, const struct sk_approvals *approvals, const struct sk_sign_key *centre,
				      struct sk_buf *out, struct sk_fault *fault);
/* Parse and verify everything, for the time now_ns. SK_EMALFORMED (field named, limits of measure.def included), SK_ESIGNATURE (centre's signature, a quorum
   that is not the configured one or not met, a foreign, repeated or wrong approval), SK_EFUTURE, SK_EEXPIRED. rule: WARRANT-1 WARRANT-2 WARRANT-3 */
SK_MUST enum sk_err sk_warrant_decode(const char *text, size_t length, const struct sk_warrant_trust *trust, int64_t now_ns, struct sk_warrant *out,
				      struct sk_fault *fault);
/* Is it in force at that time? SK_OK, SK_EFUTURE or SK_EEXPIRED; the fault gives the dates. */
SK_MUST enum sk_err sk_warrant_in_force(const struct sk_warrant *warrant, int64_t now_ns, struct sk_fault *fault);
/* When a measure that is set at now_ns must be gone: now + life, and never later than not_after. */
int64_t sk_warrant_until(const struct sk_warrant *warrant, int64_t now_ns);

/* An end before its time: the centre tells the enforcer to undo a warrant. It needs no quorum, for it can only take away. */
struct sk_end {
	char id[SK_ORDER_ID_MAX];          /* of the order */
	uint8_t warrant[SK_HASH_BYTES];    /* digest of the warrant */
	int64_t time_ns;                   /* when it was said */
};
/* Append the note, signed by the centre. */
void sk_end_encode(const struct sk_end *end, const struct sk_sign_key *centre, struct sk_buf *out);
/* Parse and verify it. SK_EMALFORMED, SK_ESIGNATURE. */
SK_MUST enum sk_err sk_end_decode(const char *text, size_t length, const struct sk_verify_key *centre, struct sk_end *out, struct sk_fault *fault);

#endif
