/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the register share. */
#ifndef SK_ACCESS_PRIV_H
#define SK_ACCESS_PRIV_H

#include "access/access.h"
#include "access/list.h"
#include "text/json.h"

/* Something is in force from from_ns on and before until_ns (INT64_MAX: open). */
struct sk_role_span {
	enum sk_person_role role;
	int64_t from_ns, until_ns;
};

struct sk_key_span {
	struct sk_verify_key key;
	int64_t from_ns, until_ns;
};

struct sk_org_row {
	char id[SK_MATTER_ID_MAX], title[SK_ACCESS_TITLE_MAX];
	enum sk_org_kind kind;
	bool member;                 /* of the council */
	bool host;                   /* whose administrators may make organisations and open accounts in each */
	int64_t from_ns;
};

struct sk_holder {
	char id[SK_MATTER_ID_MAX], title[SK_ACCESS_TITLE_MAX];
	size_t org;                  /* index */
	int64_t from_ns, until_ns;
	size_t role_count, key_count;
	struct sk_role_span *roles;  /* owned */
	struct sk_key_span *keys;    /* owned */
};

enum sk_lease_state {
#define SK_LEASE_STATE(symbol, name) SK_LEASE_##symbol,
#include "access/lease.def"
#undef SK_LEASE_STATE
	SK_LEASE_STATE_COUNT
};

struct sk_lease {
	char id[SK_MATTER_ID_MAX], activity[SK_ACT_WORD_MAX], scope[SK_ACCESS_SCOPE_MAX];
	size_t account, granter;     /* indexes; granter counts once granted */
	int64_t asked_s;             /* for how long it was asked */
	enum sk_lease_state state;
	int64_t granted_ns, until_ns; /* until_ns is moved forward to the moment of a revocation */
	uint64_t uses;
};

struct sk_access {
	size_t org_count, account_count, lease_count;
	size_t org_room, account_room, lease_room;
	struct sk_org_row *orgs;
	struct sk_holder *accounts;
	struct sk_lease *leases;
	int64_t latest_ns;
	struct sk_verify_key founder; /* who signed the first act: no account, and may found the panel beside it */
	uint64_t void_count;
	char void_why[SK_FAULT_LINE_MAX];
};

/* One act on its way into the register. Filled by sk_access_weigh, carried out by sk_access_apply. */
struct sk_change {
	const struct sk_act *act;
	const struct sk_json_value *body;
	struct sk_act_facts *facts;
	size_t signer_count;
	struct sk_person signers[SK_NOTE_SIGNATURES_MAX];
	bool founding;               /* the first act: nobody is known yet */
	bool by_founder;             /* the panel's founding, signed by the founder's key alone */
	bool by_centre;              /* a commitment to looks, signed by the key that founded the centre: its own */
};

#define SK_NOBODY SIZE_MAX

/* Index of an organisation, an account, a lease; SK_NOBODY. */
size_t sk_access_org(const struct sk_access *access, const char *id);
size_t sk_access_account(const struct sk_access *access, const char *id);
size_t sk_access_lease(const struct sk_access *access, const char *id);
/* Roles of an account at a moment. */
uint64_t sk_holder_roles(const struct sk_holder *account, int64_t at_ns);
/* Whose key is this (any time)? Index; *span its place among the account's keys. */
size_t sk_access_key_holder(const struct sk_access *access, const struct sk_verify_key *key, size_t *span);
/* Fill a person. */
void sk_access_person(const struct sk_access *access, size_t account, const struct sk_verify_key *key, int64_t at_ns, struct sk_person *out);
/* One more element at the end of a growing array (zeroed); NULL out of memory or at max. */
void *sk_access_grow(void *array_pointer, size_t *count, size_t *room, size_t size, size_t max);

/* The first act of all: signed by the key that it names as the founder's. SK_EPERMIT, SK_ESIGNATURE. */
enum sk_err sk_access_founder(const char *note, size_t length, struct sk_change *change, struct sk_fault *fault);
/* Is it the founding of the panel, signed by the founder's key and nobody else? */
bool sk_access_by_founder(const struct sk_access *access, const char *note, size_t length, const struct sk_act *act);
/* Is it a commitment to the book of looks, signed by the centre's own key, which founded it, and nobody else? rule: BOOK-1 */
bool sk_access_by_centre(const struct sk_access *access, const char *note, size_t length, const struct sk_act *act);
/* Is it allowed? Changes nothing but facts. */
enum sk_err sk_access_weigh(struct sk_access *access, struct sk_change *change, struct sk_fault *fault);
/* Carry out what was allowed. SK_ENOMEM, SK_ETOOBIG. */
enum sk_err sk_access_apply(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault);
/* Have those who signed the quorum of oversight at that moment? SK_EQUORUM says what is missing. */
enum sk_err sk_access_panel(const struct sk_access *access, const struct sk_change *change, int64_t at_ns, struct sk_fault *fault);
/* The roles of one account together: exclusive groups, oversight alone with oversight. SK_EPERMIT. */
enum sk_err sk_access_roles_fit(uint64_t roles, enum sk_org_kind kind, struct sk_fault *fault);
/* Has the body these members and no others (names ascending, NULL at the end)? SK_EMALFORMED. */
enum sk_err sk_access_body_is(const struct sk_change *change, const char *const *members, struct sk_fault *fault);
/* A text member of 1 to size-1 bytes into out. SK_EMALFORMED. */
enum sk_err sk_access_body_text(const struct sk_change *change, const char *member, char *out, size_t size, struct sk_fault *fault);
/* The signer with that account, NULL: did not sign. */
const struct sk_person *sk_access_signed_by(const struct sk_change *change, const char *account);
/* The moment that a change is judged by. */
int64_t sk_access_moment(const struct sk_access *access, const struct sk_change *change);
/* Acts that change nothing here (look.c); *known: it was one of them. */
enum sk_err sk_access_weigh_look(struct sk_access *access, struct sk_change *change, bool *known, struct sk_fault *fault);
/* Who must have signed for a change of an account of that organisation: oversight's panel for oversight, an administrator for the others. */
enum sk_err sk_access_authority(struct sk_access *access, const struct sk_change *change, size_t org, struct sk_fault *fault);
enum sk_err sk_access_weigh_lease(struct sk_access *access, struct sk_change *change, struct sk_fault *fault);
enum sk_err sk_access_apply_lease(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault);
/* Is a lease of this account for this activity in force, for that scope (NULL: any; a lease for "*" is for all)? Index or SK_NOBODY. */
size_t sk_access_lease_for(const struct sk_access *access, size_t account, const char *activity, const char *scope, int64_t at_ns);
/* A published word; kept ascending. */
void sk_facts_word(struct sk_act_facts *facts, const char *prefix, const char *name);
/* Is the word one of duties.def that a lease may be asked for? */
bool sk_duty_leasable(const char *word);

#endif
