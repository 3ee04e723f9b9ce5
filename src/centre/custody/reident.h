/* SPDX-License-Identifier: Apache-2.0 */
/* custody/reident.h: turning tokens back, for M of N officers with a reason, for a while. The state of a request is read off its acts; the officers' parts lie in a folder of the request and are
   destroyed with it, so that what was granted ends even for whoever has every file left. rule: CUSTODY-7 */
#ifndef SK_REIDENT_H
#define SK_REIDENT_H

#include "access/access.h"
#include "custody/custody.h"
#include "store/original.h"

enum { SK_REIDENT_TOKENS_MAX = 8, SK_REIDENT_OFFICERS_MAX = SK_CUSTODIANS_MAX, SK_REIDENT_FIELD_MAX = 32 };

struct sk_reident_token {
	char field[SK_REIDENT_FIELD_MAX];   /* of the observation: initiator, responder, dns_domain, sni_domain, http_host_domain */
	char token[SK_ORIGINAL_MAX];
};
struct sk_reident_approval {
	char account[SK_MATTER_ID_MAX];
	uint64_t roles;                     /* sk_person.roles when it was signed */
	bool privacy, oversight;
	uint8_t parts[SK_HASH_BYTES];       /* digest of the file of parts that came with it */
};
/* A request as its acts tell it. */
struct sk_reident {
	char id[SK_MATTER_ID_MAX], state[SK_ACT_WORD_MAX];
	uint8_t observation[16];
	int64_t observed_ns, asked_ns, expires_ns;
	char target[SK_REASON_MAX], why[SK_REASON_MAX];
	unsigned needed;                    /* approvals, as policy and the custodians had it when it was asked */
	size_t token_count;
	struct sk_reident_token tokens[SK_REIDENT_TOKENS_MAX];
	char requester[SK_MATTER_ID_MAX];   /* account */
	struct sk_verify_key requester_key;
	size_t approval_count;
	struct sk_reident_approval approvals[SK_REIDENT_OFFICERS_MAX];
	uint64_t looks;
};

/* Take the tokens out of an observation's fields (NULL: all that have one). *out gets tokens, observation, observed_ns. SK_ENOENT: the field is none, or no token. */
SK_MUST enum sk_err sk_reident_tokens(const struct sk_observation *observation, const uint8_t id[16], const char *const *fields, size_t field_count, struct sk_reident *out,
				      struct sk_fault *fault);
/* Is this address a token, or this name? */
bool sk_reident_is_token(const struct sk_addr *addr);
/* As above. */
bool sk_reident_is_token_name(const char *name);

/* Write the body of act "request". */
void sk_reident_write(const struct sk_reident *request, struct sk_buf *out);
/* Fold one request out of the docket; who signed is asked of access. SK_ENOENT, SK_EINCONSISTENT, SK_EMALFORMED. */
SK_MUST enum sk_err sk_reident_load(struct sk_docket *docket, struct sk_access *access, const char *id, struct sk_reident *out, struct sk_fault *fault);
/* What a policy asks of a re-identification beyond what is compiled in: its quorum of matter reident, level grant. */
struct sk_reident_rule {
	unsigned officers;                  /* fewest who approve; 0: the program's own number */
	struct sk_law_words must;           /* roles, or "oversight", that must be among them */
};
/* Read it off a policy (NULL: none). simulate: as sk_law_quorum. */
void sk_reident_rule_of(const struct sk_law *law, int64_t at_ns, bool simulate, struct sk_reident_rule *out);
/* Judge a new act at now_ns (already compared with the clock): *person gets who signed, facts what is to be published. SK_ESTAGE, SK_EPERMIT (not allowed, or the proposer's own approval),
   SK_EEXIST (approved before), SK_EREIDENT (expired, or not the requester's to look), SK_EMALFORMED (request: no reason, longer than policy allows, fewer officers than policy asks). */
SK_MUST enum sk_err sk_reident_judge(struct sk_docket *docket, struct sk_access *access, const struct sk_reident_rule *rule, const char *note, size_t length, const struct sk_act *act, int64_t now_ns,
				     struct sk_person *person, struct sk_act_facts *facts, struct sk_fault *fault);
/* Facts of the centre's own act "expire": SK_ESTAGE unless it is open and its time is over. */
SK_MUST enum sk_err sk_reident_expire(const struct sk_reident *request, int64_t now_ns, struct sk_act_facts *facts, struct sk_fault *fault);

/* ---- parts: FOLDER/ID/ACCOUNT.parts, each box for the requester ---- */

/* Take an officer's parts of every envelope of the request's tokens, box them for the requester, and write the file; digest gets its SHA-256, which the approval names.
   SK_ENOENT: the key is no custodian; what the store says. */
SK_MUST enum sk_err sk_parts_give(const char *folder, const struct sk_reident *request, struct sk_store *store, const struct sk_sign_key *officer, const char *account, uint8_t digest[SK_HASH_BYTES],
				  struct sk_fault *fault);
typedef void (*sk_reident_told)(void *context, const struct sk_reident_token *token, const char *value, unsigned number, unsigned of);
/* Open what was granted, with the requester's key, and tell each original. SK_EREIDENT: parts are missing or were exchanged. */
SK_MUST enum sk_err sk_parts_open(const char *folder, const struct sk_reident *request, struct sk_store *store, const struct sk_sign_key *requester, sk_reident_told told, void *context,
				  struct sk_fault *fault);
/* Overwrite and remove the parts of a request. None: SK_OK. */
SK_MUST enum sk_err sk_parts_destroy(const char *folder, const char *id, struct sk_fault *fault);

#endif
