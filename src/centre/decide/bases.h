/* SPDX-License-Identifier: Apache-2.0 */
/* decide/bases.h: bases: judge one act, fold a matter, say what a sensor may be given (docs/bases.md).
   Promises: what state a basis is in is read off its acts, each judged again under the policy that it names; an act that was not allowed has no effect, whoever wrote
   it down. Nothing leads to collection but an approval that carried, by people who may, over exactly this text. Never: opens a file or a log, reads a clock, prints.
   Thread rule: one thread a register. */
#ifndef SK_DECIDE_BASES_H
#define SK_DECIDE_BASES_H

#include "access/access.h"
#include "basis/basis.h"
#include "basis/stage.h"
#include "law/law.h"

enum { SK_BASES_MAX = 4096, SK_BASIS_TEXT_FIELD_MAX = 2048 };

/* Who suspended it, as bits: each takes back its own alone. */
enum sk_suspender { SK_SUSPENDED_BY_OVERSIGHT = 1, SK_SUSPENDED_BY_PARTNER = 2, SK_SUSPENDED_BY_FAULT = 4 };
enum { SK_SUSPENDER_COUNT = 3 };
/* "oversight", "partner", "fault". Static storage. */
const char *sk_suspender_name(enum sk_suspender who);

/* One vote as it stands. */
struct sk_basis_vote {
	char account[SK_MATTER_ID_MAX], org[SK_MATTER_ID_MAX];
	uint64_t roles;                       /* sk_person.roles, for a quorum that names some */
	bool oversight;
	struct sk_vote vote;
};

/* A basis as its acts tell it. */
struct sk_basis_matter {
	char id[SK_MATTER_ID_MAX];
	enum sk_stage stage;
	struct sk_basis basis;                /* what was asked for; its `until` moves with approved extensions, its digest with it */
	uint8_t text[SK_HASH_BYTES];          /* digest of the statement that asked (request, edit, extend): votes name it */
	char asker[SK_MATTER_ID_MAX], asker_org[SK_MATTER_ID_MAX], partner[SK_MATTER_ID_MAX]; /* partner: of an agreement */
	char extend_org[SK_MATTER_ID_MAX], extend_account[SK_MATTER_ID_MAX];
	int64_t extend_until_ns;
	size_t vote_count;                    /* over `text` */
	struct sk_basis_vote votes[SK_VOTES_MAX];
	unsigned extensions;                  /* approved ones */
	unsigned suspended_by;                /* bits of enum sk_suspender */
	bool may_provide;                     /* the partner consents to provision (LAW.md 1.3, 38(3)) */
	bool has_set;
	struct sk_set_facts set;              /* the set of selectors that runs, as last told */
	int64_t last_ns;                      /* of its last act */
	uint64_t acts;
};

/* Under what an act is judged. */
struct sk_basis_court {
	const struct sk_law *law;             /* the policy that the act names; NULL: none was in force */
	enum sk_profile profile;              /* the centre's; lab simulates */
	/* May this person do that (sk_access_may)? */
	enum sk_err (*may)(void *context, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault);
	void *context;
};

/* Judge one act of matter "basis" and, when it is allowed, carry it out on *matter (zeroed and given its id before the first one). who NULL: the centre's own key
   signed. facts gets from, to, counts and words. On any error *matter is as before: SK_ESTAGE (no such step), SK_EPERMIT (not this person), SK_ELAW (article), SK_ECLASS,
   SK_ESETRULE, SK_EEXPIRED, SK_EFUTURE, SK_ESEEN (voted already), SK_EMALFORMED (body), SK_EUSAGE (votes over another text). rule: BASIS-6 */
SK_MUST enum sk_err sk_basis_judge(struct sk_basis_matter *matter, const struct sk_act *act, const struct sk_person *who, const struct sk_basis_court *court,
				   struct sk_act_facts *facts, struct sk_fault *fault);

/* ---- bodies: what each act says, as canonical JSON appended to out ---- */

/* request, edit. basis gets self_approved false; partner "" where there is none. SK_EUSAGE. */
SK_MUST enum sk_err sk_basis_request_body(struct sk_basis *basis, const char *purpose, const char *other_means, const char *partner, struct sk_buf *out, struct sk_fault *fault);
/* approve, refuse: over the text that stands. */
void sk_basis_vote_body(const uint8_t text[SK_HASH_BYTES], const char *why, struct sk_buf *out);
/* consent: to "agreement", "extension", "provision" or "no_provision". */
void sk_basis_consent_body(const uint8_t text[SK_HASH_BYTES], const char *to, struct sk_buf *out);
/* extend. */
void sk_basis_extend_body(int64_t until_ns, const char *why, struct sk_buf *out);
/* activate: the digest of the note's body. */
void sk_basis_activate_body(const uint8_t digest[SK_HASH_BYTES], struct sk_buf *out);
/* selectors. */
void sk_basis_selectors_body(const struct sk_set_facts *set, struct sk_buf *out);
/* suspend, resume: by is one suspender. */
void sk_basis_suspend_body(enum sk_suspender by, const char *why, struct sk_buf *out);
/* review, terminate. */
void sk_basis_why_body(const char *why, struct sk_buf *out);

/* ---- all of them ---- */

struct sk_bases; /* opaque */
struct sk_bases_options {
	struct sk_docket *docket;             /* borrowed */
	struct sk_access *access;             /* borrowed */
	const struct sk_verify_key *centre;   /* the key that acts for the centre itself */
	enum sk_profile profile;
	sk_law_of law;
	void *context;
};

/* Fold the docket's acts of matter "basis". Errors of the docket and of law; SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_bases_open(const struct sk_bases_options *options, struct sk_bases **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_bases_close(struct sk_bases *bases);
/* One by its id, or NULL. Borrowed until the next act. */
const struct sk_basis_matter *sk_bases_find(const struct sk_bases *bases, const char *id);
/* Number i, in the order in which they were asked for; NULL behind the last. */
const struct sk_basis_matter *sk_bases_at(const struct sk_bases *bases, size_t i);
/* How many acts had no effect, and why the first had none ("" none). */
uint64_t sk_bases_void(const struct sk_bases *bases, const char **why);
/* Judge a new act (note: statement and signature, act parsed out of it) for the clock's time, and add it to the docket: its own time must be within the
   last day and not before the last act of its matter, and its policy the one in force. Errors of sk_basis_judge, sk_access_who and sk_docket_add. */
SK_MUST enum sk_err sk_bases_add(struct sk_bases *bases, const char *note, size_t length, const struct sk_act *act, const uint8_t policy[SK_HASH_BYTES], int64_t now_ns,
				 struct sk_act_facts *facts, struct sk_receipt *receipt, struct sk_fault *fault);

#endif
