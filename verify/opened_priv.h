/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that judge openings share. */
#ifndef SK_VERIFY_OPENED_PRIV_H
#define SK_VERIFY_OPENED_PRIV_H

#include "basis/basis.h"
#include "basis/stage.h"
#include "opened.h"
#include "text/json.h"
#include "warrant/state.h"
#include "warrant/warrant.h"

enum { OPENED_ROLES_MAX = 16, OPENED_KEYS_MAX = 64, OPENED_SIGNERS_MAX = SK_NOTE_SIGNATURES_MAX, OPENED_NOBODY = -1 };

/* ---- the register, as it stands after the acts so far ---- */

struct opened_org {
	char id[SK_MATTER_ID_MAX], kind[SK_ACT_WORD_MAX];
	bool host;
};
struct opened_key {
	struct sk_verify_key key;
	bool revoked;
};
struct opened_account {
	char id[SK_MATTER_ID_MAX];
	size_t org;
	bool closed;
	size_t role_count, key_count;
	char roles[OPENED_ROLES_MAX][SK_ACT_WORD_MAX];
	struct opened_key *keys;         /* owned */
};
struct opened_register {
	size_t org_count, account_count, org_room, account_room;
	struct opened_org *orgs;
	struct opened_account *accounts;
};

/* ---- matters ---- */

struct opened_vote {
	size_t account;
	struct sk_vote vote;
};
struct opened_basis {
	enum sk_stage stage;
	struct sk_basis *basis;          /* owned */
	uint8_t text[SK_HASH_BYTES];
	size_t asker, extender;          /* accounts */
	char partner[SK_MATTER_ID_MAX];
	int64_t extend_until_ns;
	unsigned suspended_by;
	size_t vote_count;
	struct opened_vote votes[SK_VOTES_MAX];
};
/* The enforcer's receipts of one warrant, as far as they were read. */
struct opened_receipts {
	uint64_t count;
	uint8_t last[SK_HASH_BYTES];     /* digest */
	int64_t at_ns;
	bool accepted, ended;
};
struct opened_order {
	enum sk_order_state state;
	size_t proposer;
	char *line, *quorum, *ratify;    /* owned; NULL once nothing can be agreed any more */
	uint8_t digest[SK_HASH_BYTES], ratify_digest[SK_HASH_BYTES];
	uint8_t warrant[SK_HASH_BYTES];  /* digest of the warrant that follows from the approvals */
	int64_t not_after_ns;
	struct opened_receipts receipts;
	bool by_org;                     /* the quorum counts organisations, not persons */
	size_t voice_count;
	struct {
		size_t account;
		enum sk_order_event event;
		char *note;                  /* owned */
	} voices[SK_NOTE_SIGNATURES_MAX];
};
struct opened_lease {
	size_t holder;
	uint64_t seconds;
	int64_t until_ns;                /* once granted */
};

/* Matters of a small table. */
struct opened_plain {
	char org[SK_MATTER_ID_MAX];      /* remark: who answers */
	char *body;                      /* owned; retention: what is to be erased */
	size_t body_length;
	size_t first;                    /* reident: who asked */
	uint64_t needed;                 /* reident: officers; report: entries so far */
	bool officer;
	size_t approver_count, approvers[32];
	uint64_t looks;                  /* access book: rows that are committed to */
};

struct opened_matter {
	char kind[SK_ACT_WORD_MAX], id[SK_MATTER_ID_MAX];
	uint8_t digest[SK_HASH_BYTES];   /* of its last act's statement */
	uint64_t last_leaf;
	int64_t last_ns;
	struct opened_basis *basis;      /* owned, by kind */
	struct opened_order *order;
	struct opened_lease *lease;
	struct opened_plain *plain;
};

struct opened_leaf {
	uint64_t index, previous;        /* previous: as in the record */
	char matter[SK_ACT_WORD_MAX], event[SK_ACT_WORD_MAX], from[SK_ACT_WORD_MAX], to[SK_ACT_WORD_MAX];
	uint8_t subject[SK_HASH_BYTES], document[SK_HASH_BYTES], policy[SK_HASH_BYTES];
	int64_t time_ns;
	uint64_t ayes, nays;
	size_t matter_index;             /* once opened */
};

struct sk_opened {
	struct sk_verify_key centre, founder, enforcer;
	bool has_enforcer;
	struct opened_register people;
	size_t leaf_count, leaf_room, opened;
	struct opened_leaf *leaves;
	size_t matter_count, matter_room;
	struct opened_matter *matters;
	size_t *slots, slot_count;       /* matters by kind and id: index plus one */
	uint8_t slot_key[SK_SIP_KEY_BYTES];
	int64_t latest_ns;               /* of all acts so far: the register's time never goes back */
	struct sk_opened_summary summary;
	/* the act at hand */
	struct sk_fault *fault;
	const struct opened_leaf *leaf;
	struct opened_matter *matter;
	struct sk_act act;
	const struct sk_json_value *body;
	const char *note_text;
	size_t note_length;
	struct sk_note note;
	bool by_centre;                  /* the one signature is the centre's own */
	bool by_founder;                 /* oversight's panel is founded by whoever founded the centre */
	size_t signer_count;
	size_t signers[OPENED_SIGNERS_MAX];  /* accounts, each once */
};

/* "leaf 7 (basis approve): what: ..." with SK_EMALFORMED. */
SK_PRINTF(3, 4) enum sk_err opened_refuse(struct sk_opened *o, const char *what, const char *format, ...);
/* An array of elements with room for one more, zeroed; NULL when out of memory. */
void *opened_grow(void *array_pointer, size_t *count, size_t *room, size_t element);

/* The register: who signed the act at hand, and what changes with it. */
SK_MUST enum sk_err opened_signers(struct sk_opened *o);
SK_MUST enum sk_err opened_register_act(struct sk_opened *o);
void opened_register_fini(struct opened_register *people);
bool opened_has_role(const struct sk_opened *o, size_t account, const char *role);
bool opened_is_oversight(const struct sk_opened *o, size_t account);
bool opened_same_org(const struct sk_opened *o, size_t a, size_t b);
/* The one account that signed. Refuses when the centre or several did. */
SK_MUST enum sk_err opened_one(struct sk_opened *o, size_t *account);

/* Remarks, inspections, self-reports, retention, re-identification, cases. */
SK_MUST enum sk_err opened_plain_act(struct sk_opened *o);
void opened_plain_free(struct opened_plain *plain);

/* Bases, orders. */
SK_MUST enum sk_err opened_basis_act(struct sk_opened *o);
SK_MUST enum sk_err opened_order_act(struct sk_opened *o);
/* Once the quorum agreed: which warrant that makes. A receipt of it. */
SK_MUST enum sk_err opened_warrant(struct sk_opened *o, struct opened_order *r, const struct sk_order *order, enum sk_order_event event);
SK_MUST enum sk_err opened_receipt(struct sk_opened *o, struct opened_order *r, enum sk_order_event event);
void opened_basis_free(struct opened_basis *basis);
void opened_order_free(struct opened_order *order);
/* Is the step that was recomputed the one that the leaf tells? */
SK_MUST enum sk_err opened_step_is(struct sk_opened *o, const char *from, const char *to);

#endif
