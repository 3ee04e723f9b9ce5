/* SPDX-License-Identifier: Apache-2.0 */
/* access: who is that key, may it do that, for which purpose. The register of organisations, accounts, roles, keys and leases, folded from the docket's acts.
   Promises: nothing of the register is stored; each act is judged again when it is folded, and one that was not allowed has no effect, whoever wrote it
   down; an account of oversight changes by oversight's own quorum alone; an expired lease gives nothing.
   Never: opens a log or a file (cmd does), judges what an order or a basis says (decide). Thread rule: one thread a register. */
#ifndef SK_ACCESS_H
#define SK_ACCESS_H

#include "docket/docket.h"

enum {
	SK_ACCESS_ORGS_MAX = 4096,
	SK_ACCESS_ACCOUNTS_MAX = 16384,
	SK_ACCESS_KEYS_MAX = 64,      /* an account's, revoked ones too */
	SK_ACCESS_SPANS_MAX = 1024,   /* grants of roles of one account */
	SK_ACCESS_LEASES_MAX = 65536,
	SK_ACCESS_TITLE_MAX = 128,
	SK_ACCESS_SCOPE_MAX = 128,
	SK_ACCESS_LEASE_S_MAX = 8 * 3600, /* a lease is for a piece of work, not for a post */
	SK_ACCESS_PANEL_MIN = 3       /* who must sign for oversight at least, where the panel has as many (LAW.md 1.5: three present) */
};

/* Kinds of organisation, in the order of orgs.def. */
enum sk_org_kind {
#define SK_ORG(symbol, name, g1, title) SK_ORG_##symbol,
#include "access/orgs.def"
#undef SK_ORG
	SK_ORG_KIND_COUNT
};

/* Roles of a person, in the order of roles.def; sk_person.roles has bit 1 << role. */
enum sk_person_role {
#define SK_PERSON_ROLE(symbol, name, group, title) SK_PERSON_##symbol,
#include "access/roles.def"
#undef SK_PERSON_ROLE
	SK_PERSON_ROLE_COUNT
};

struct sk_access; /* opaque */

/* Whoever signed. Filled by sk_access_who for one moment. */
struct sk_person {
	char account[SK_MATTER_ID_MAX], org[SK_MATTER_ID_MAX];
	uint64_t roles;                /* bits of roles.def in force at that moment */
	bool oversight;                /* of an organisation of oversight */
	enum sk_org_kind kind;
	char lease[SK_MATTER_ID_MAX];  /* the lease in force that ends last; "" none */
	struct sk_verify_key key;      /* the key that signed */
};

/* ---- the register ---- */

/* Fold the docket's acts of matters "org", "account" and "lease". Nothing is borrowed; the docket is not kept. Errors of the docket, SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_access_open(struct sk_docket *docket, struct sk_access **out, struct sk_fault *fault);
/* Fold the acts from that leaf on into a register that all before it were folded into. Errors as above; after one the register is of no use. */
SK_MUST enum sk_err sk_access_follow(struct sk_access *access, struct sk_docket *docket, uint64_t from_leaf, struct sk_fault *fault);
/* Another one of the same, for whoever must not see it change. SK_ENOMEM. sk_access_close frees it. */
SK_MUST enum sk_err sk_access_copy(const struct sk_access *access, struct sk_access **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_access_close(struct sk_access *access);
/* The time to judge a *new* act by: the clock's, but never before the latest act that is known here, so that a clock that was turned back revives nothing.
   (Old acts that are read again are judged by their own time.) rule: ACCESS-6 */
int64_t sk_access_now(const struct sk_access *access, int64_t clock_ns);
/* Tell the register a time that was seen elsewhere (what access.db remembers); earlier ones change nothing. */
void sk_access_seen(struct sk_access *access, int64_t time_ns);
/* How many acts of the docket were not allowed and so have no effect, and why the first was not ("" none). */
uint64_t sk_access_void(const struct sk_access *access, const char **why);

/* Who signed this note (a statement)? Exactly one signature, by a key of an account that was in force at now_ns. SK_ESIGNATURE (does not verify, or more
   than one), SK_ENOENT (nobody's key, or not in force then), SK_EMALFORMED. */
SK_MUST enum sk_err sk_access_who(struct sk_access *access, const char *note, size_t length, int64_t now_ns, struct sk_person *out, struct sk_fault *fault);
/* All who signed it, each account once: every line must verify and be of somebody in force. As sk_access_who; SK_ETOOBIG above capacity. */
SK_MUST enum sk_err sk_access_signers(struct sk_access *access, const char *note, size_t length, int64_t now_ns, struct sk_person *out, size_t capacity,
				      size_t *count, struct sk_fault *fault);
/* The person of an account, for whoever was recognised by a session: its key is all zeros. SK_ENOENT: no such account, or not in force then. */
SK_MUST enum sk_err sk_access_person_of(const struct sk_access *access, const char *account, int64_t now_ns, struct sk_person *out, struct sk_fault *fault);
/* May this person do this (a word of duties.def, such as "order.approve"): the row of LAW.md 3 for the organisation, roles, and leases in force at now_ns?
   SK_EPERMIT says what is missing; SK_EUSAGE: no such word. rule: ACCESS-3 */
SK_MUST enum sk_err sk_access_may(struct sk_access *access, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault);
/* sk_access_may where a lease, if it is one that lets him, must be for that scope (NULL: any; a lease for "*" is for all). Errors of sk_access_may. */
SK_MUST enum sk_err sk_access_may_in(struct sk_access *access, const struct sk_person *person, const char *activity, const char *scope, int64_t now_ns, struct sk_fault *fault);
/* What stands behind the letters of the cell that let this person do it ("own network", "(joint)", ...; "" nothing): for whoever decides to see to. Static. */
const char *sk_access_condition(const struct sk_person *person, const char *activity);

/* ---- changes ---- */

/* Is this act of matter org, account, lease, access (a look at selected information, a search of the log, the centre's commitment to its book of looks), factor or credential allowed, as things stand? note carries whoever must sign; act was parsed out of it, and its time is what it is
   judged by. On SK_OK facts has from, to and the published words for sk_docket_add. SK_EPERMIT, SK_EQUORUM (oversight's), SK_EEXIST, SK_ENOENT, SK_EMALFORMED
   (its body), SK_EEXPIRED, and what signatures say. rule: ACCESS-4 ACCESS-5 */
SK_MUST enum sk_err sk_access_judge(struct sk_access *access, const char *note, size_t length, const struct sk_act *act, struct sk_act_facts *facts,
				    struct sk_fault *fault);

/* An empty register, before the first act: for judging a docket's acts once more in their order. SK_ENOMEM. sk_access_close frees it. */
SK_MUST enum sk_err sk_access_begin(struct sk_access **out, struct sk_fault *fault);
/* Judge the docket's next act of these matters as the register stood at its place, and carry it out where it changes the register. Errors of sk_access_judge; SK_ETOOBIG. rule: POLICY-2 */
SK_MUST enum sk_err sk_access_judge_again(struct sk_access *access, const struct sk_entry *entry, struct sk_act_facts *facts, struct sk_fault *fault);

/* ---- names of tables ---- */

/* The name of a kind of organisation. Static. */
const char *sk_org_kind_name(enum sk_org_kind kind);
/* Parse it: SK_EMALFORMED. */
SK_MUST enum sk_err sk_org_kind_parse(const char *name, enum sk_org_kind *out);
/* May such an organisation hold selected information at all? */
bool sk_org_kind_g1(enum sk_org_kind kind);
/* The name of a role. Static. */
const char *sk_person_role_name(enum sk_person_role role);
/* Parse it: SK_EMALFORMED. */
SK_MUST enum sk_err sk_person_role_parse(const char *name, enum sk_person_role *out);
/* The cell of LAW.md 3 for the row with that name, in its words; NULL: no such row. Static. */
const char *sk_activity_cell(const char *row, enum sk_org_kind kind);
/* Word i of duties.def, and its row; NULL past the end. Static. */
const char *sk_duty_word(size_t i, const char **row);

#endif
