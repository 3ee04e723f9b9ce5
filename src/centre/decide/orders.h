/* SPDX-License-Identifier: Apache-2.0 */
/* decide/orders.h: orders: judge one act, fold a matter, count its quorum, mint its warrant (docs/orders.md). decide/document.h: what an order says.
   Promises: what state an order is in is read off its acts, each judged again as of its own time; an act that was not allowed has no effect, whoever wrote it down;
   nothing comes to stand but by an agreement that sk_order_agreed counts over exactly this text. Never: opens a file or a log, reads a clock, prints.
   Thread rule: one thread a register. rule: ORDER-1 ORDER-2 */
#ifndef SK_DECIDE_ORDERS_H
#define SK_DECIDE_ORDERS_H

#include "access/access.h"
#include "decide/document.h"
#include "law/law.h"
#include "policy/policy.h"
#include "warrant/state.h"

enum { SK_ORDERS_MAX = 65536, SK_ORDER_VOICES_MAX = SK_APPROVALS_MAX, SK_RATIFY_WITHIN_S = 86400, SK_LISTED_WITHIN_S = 3600 };

/* Somebody's vote as it stands. */
struct sk_order_voice {
	char account[SK_MATTER_ID_MAX], org[SK_MATTER_ID_MAX];
	struct sk_verify_key key;
	enum sk_order_event event;            /* APPROVE, URGENT, RATIFY or REJECT */
	int64_t time_ns;
	char *note;                           /* owned: the act itself, which goes into the warrant */
};

/* An order as its acts tell it. */
struct sk_order_matter {
	char id[SK_MATTER_ID_MAX];
	enum sk_order_state state;
	struct sk_order_text text;            /* document, order line, quorums; owned */
	char proposer[SK_MATTER_ID_MAX], proposer_org[SK_MATTER_ID_MAX];
	enum sk_org_kind proposer_kind;       /* published: the annual report tells police and defence forces apart (LAW.md 1.5, items 6 to 9) */
	size_t voice_count;
	struct sk_order_voice voices[SK_ORDER_VOICES_MAX];
	char evidence_by[SK_MATTER_ID_MAX], legal_by[SK_MATTER_ID_MAX], consult_by[SK_MATTER_ID_MAX];
	bool consult_refused;                 /* foreign affairs said no; it is on record, and those who approve see it */
	size_t seats;                         /* that agree so far, in the vote that is open or was last */
	char missing[SK_FAULT_LINE_MAX];      /* what the quorum lacks, in words; "" nothing */
	int64_t proposed_ns, urgent_ns, listed_ns, staged_ns, set_ns, ended_ns, check_ns, last_ns; /* 0: not (yet) */
	bool undone, affected_known;
	bool recommended, answered;
	int64_t answer_due_ns;
	bool needless;                        /* the last check says that it is needed no longer */
	uint64_t checks;
	uint64_t hits, false_hits, acts, receipts; /* hits: as of the last check; receipts: the enforcer's, taken so far */
	char successor[SK_MATTER_ID_MAX];     /* the order that goes on after it */
};

/* Under what an act is judged. Real ones are made by sk_orders_open; a model has its own. */
struct sk_order_court {
	enum sk_profile profile;              /* the centre's */
	const struct sk_law *law;             /* the policy that the act names; NULL: none but what is compiled in */
	const struct sk_verify_key *centre;
	void *context;
	/* May this person do that (sk_access_may)? */
	enum sk_err (*may)(void *context, const struct sk_person *person, const char *activity, int64_t at_ns, struct sk_fault *fault);
	/* The quorum's text of a level as the register has it at that time. */
	enum sk_err (*quorum)(void *context, enum sk_level level, int64_t at_ns, struct sk_buf *out, struct sk_fault *fault);
	/* Do these acts agree (sk_order_agreed)? */
	enum sk_err (*agreed)(const struct sk_order *order, const char *quorum, const uint8_t digest[SK_HASH_BYTES], enum sk_level level, const char *event,
			      const struct sk_approvals *approvals, const struct sk_verify_key *centre, size_t *counted, bool *met, struct sk_fault *fault);
	/* Another order by its id; NULL: there is none. i: in order, NULL behind the last. */
	const struct sk_order_matter *(*other)(void *context, const char *id, size_t i);
};

/* Judge one act of matter "order" (note: the whole signed note of it) and, when it is allowed, carry it out on *matter (zeroed and given its id before the first one).
   who NULL: the centre's own key signed. facts gets from, to, counts and words. On any error *matter is as before: SK_EORDER (no such step, or a rule of the
   order's law says no), SK_EPERMIT (not this person), SK_EMALFORMED (body, document), SK_ESIGNATURE (an approval), SK_EDECONFLICT, SK_EEXPIRED, SK_EFUTURE, SK_ENOMEM. */
SK_MUST enum sk_err sk_order_judge(struct sk_order_matter *matter, const struct sk_act *act, const char *note, size_t note_length, const struct sk_person *who,
				   const struct sk_order_court *court, struct sk_act_facts *facts, struct sk_fault *fault);
/* Is a step that the table allows from here one for this person, as far as the order itself says whose it is? Beside the duty, which the register knows; what the act says is judged with it. For who offers
   steps: what is false here would be refused. */
bool sk_order_is_for(const struct sk_order_matter *matter, enum sk_order_event event, const struct sk_person *who, enum sk_profile profile, int64_t now_ns);
/* Free what a matter owns; it is zero then. */
void sk_order_matter_fini(struct sk_order_matter *matter);
/* Until when may its measure stand, as far as is known: not_after, or a life after it was set; of an urgent one at most the time to ratify. */
int64_t sk_order_until(const struct sk_order_matter *matter);
/* What the centre itself owes this order now: LISTED, LAPSE, EXPIRE, or SK_ORDER_EVENT_COUNT for nothing. */
enum sk_order_event sk_order_due(const struct sk_order_matter *matter, int64_t now_ns);
/* Should its measure be ended before its time (I6)? A rule over its checks, asked at every look: why gets the reason. Nothing ends by it; whoever may end it is told. rule: ORDER-10 */
bool sk_order_end_proposed(const struct sk_order_matter *matter, int64_t now_ns, char why[SK_FAULT_LINE_MAX]);
/* Mint its warrant and append it: in states in which a measure may stand. SK_EORDER, and what sk_warrant_encode says. */
SK_MUST enum sk_err sk_order_mint(const struct sk_order_matter *matter, const struct sk_sign_key *centre, struct sk_buf *out, struct sk_fault *fault);

/* The quorum's text of a level (C2SP tlog-policy), made of the accounts that have the duty and keys in force at that time. SK_EPERMIT: nobody, or too few, may;
   SK_ETOOBIG: more than the grammar takes. law may ask for more than the level itself, NULL: no more. rule: ORDER-3 POLICY-3 */
SK_MUST enum sk_err sk_order_quorum(struct sk_access *access, enum sk_profile profile, const struct sk_law *law, enum sk_level level, int64_t at_ns, struct sk_buf *out,
				    struct sk_fault *fault);

/* ---- bodies, appended to out as canonical JSON ---- */

/* Every other event: over the text with that digest, why ("" where nobody is asked for a reason). */
void sk_order_why_body(const uint8_t order[SK_HASH_BYTES], const char *why, struct sk_buf *out);
/* consult. */
void sk_order_consult_body(const uint8_t order[SK_HASH_BYTES], bool acknowledged, const char *why, struct sk_buf *out);
/* set, fail, undone, receipt: the enforcer's note, and which of this order's it is, from 0: none is taken twice and none left out. */
void sk_order_receipt_body(const uint8_t order[SK_HASH_BYTES], uint64_t number, const char *receipt, struct sk_buf *out);
/* check. */
void sk_order_check_body(const uint8_t order[SK_HASH_BYTES], uint64_t hits, uint64_t false_hits, bool needed, const char *why, struct sk_buf *out);
/* extend. */
void sk_order_extend_body(const uint8_t order[SK_HASH_BYTES], const char *by, struct sk_buf *out);
/* notify: told NULL: unknown, and why says why. */
void sk_order_notify_body(const uint8_t order[SK_HASH_BYTES], const char *told, const char *why, struct sk_buf *out);
/* review: due_ns 0: confirmed; else a recommendation with its day. */
void sk_order_review_body(const uint8_t order[SK_HASH_BYTES], int64_t due_ns, const char *text, struct sk_buf *out);

/* ---- all of them ---- */

struct sk_orders; /* opaque */
struct sk_orders_options {
	struct sk_docket *docket;             /* borrowed */
	struct sk_access *access;             /* borrowed */
	const struct sk_verify_key *centre;   /* the key that acts for the centre itself */
	enum sk_profile profile;
	sk_law_of law;                        /* the policy that an act names; NULL: none but what is compiled in */
	void *context;
};
/* For judging acts one after the other beside a docket (replay): nothing is folded. SK_ENOMEM. */
SK_MUST enum sk_err sk_orders_begin(const struct sk_orders_options *options, struct sk_orders **out, struct sk_fault *fault);
/* Judge the next act of matter "order" of that docket. *judged false: the error is no judgement (the machine, or a policy that is gone). */
SK_MUST enum sk_err sk_orders_judge_again(struct sk_orders *orders, const struct sk_entry *entry, struct sk_act_facts *facts, bool *judged, struct sk_fault *fault);
/* Fold the docket's acts of matter "order". Errors of the docket; SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_orders_open(const struct sk_orders_options *options, struct sk_orders **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_orders_close(struct sk_orders *orders);
/* One by its id, or NULL. Borrowed until the next act. */
const struct sk_order_matter *sk_orders_find(const struct sk_orders *orders, const char *id);
/* Number i, in the order in which they were proposed; NULL behind the last. */
const struct sk_order_matter *sk_orders_at(const struct sk_orders *orders, size_t i);
/* How many acts had no effect, and why the first had none ("" none). */
uint64_t sk_orders_void(const struct sk_orders *orders, const char **why);
/* Judge a new act for the clock's time and add it to the docket: its own time at most a day old, at most five minutes ahead, and not before the last act of its
   matter. Errors of sk_order_judge, sk_access_who and sk_docket_add. */
SK_MUST enum sk_err sk_orders_add(struct sk_orders *orders, const char *note, size_t length, const struct sk_act *act, int64_t now_ns, struct sk_act_facts *facts,
				  struct sk_receipt *receipt, struct sk_fault *fault);

#endif
