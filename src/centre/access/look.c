/* SPDX-License-Identifier: Apache-2.0 */
/* Acts that change nothing in the register and must be there all the same: a look at selected information, a search of the access log, a changed factor or
   credential. rule: ACCESS-10 */
#include "access/access_priv.h"

#include <stdio.h>

#include "access/purpose.h"

enum { COUNT_LIFE_MAX_S = 86400 };

static enum sk_err one_signer(const struct sk_change *change, struct sk_fault *fault)
{
	return change->signer_count == 1 ? SK_OK : sk_fault_set(fault, SK_ESIGNATURE, "%s.%s: one person signs it", change->act->matter, change->act->event);
}

static enum sk_err weigh_read(struct sk_access *access, struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"command", "purpose", "scope", "what", NULL};
	char scope[SK_ACCESS_SCOPE_MAX], command[SK_ACT_WORD_MAX - 5], purpose[SK_ACT_WORD_MAX];
	SK_TRY(one_signer(change, fault));
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(sk_access_body_text(change, "command", command, sizeof command, fault));
	SK_TRY(sk_access_body_text(change, "purpose", purpose, sizeof purpose, fault));
	SK_TRY(sk_access_body_text(change, "scope", scope, sizeof scope, fault));
	if (sk_json_get_text(change->body, "what") == NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "access.read: expected the text what");
	SK_TRY(sk_purpose_check(purpose, fault));
	/* A case is analysis, which may quote what was selected: whoever works on it reads it. Selected information itself is g1.read's. Where a lease lets him, it must be for this place. */
	const char *duty = strcmp(command, "case") == 0 ? "case.read.analysis" : "g1.read";
	SK_TRY(sk_access_may_in(access, &change->signers[0], duty, scope, sk_access_moment(access, change), fault));
	sk_facts_word(change->facts, "look.", command);
	sk_facts_word(change->facts, "purpose.", "damage_prevention");
	return SK_OK;
}

/* A question to a sensor: how many hosts talk to what a measure is planned against. It is asked by whoever may propose one; no selected information is seen. rule: COUNT-3 */
static enum sk_err weigh_count(struct sk_access *access, struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"duration_s", "purpose", "request", "scope", "targets", "why", NULL};
	char scope[SK_ACCESS_SCOPE_MAX], purpose[SK_ACT_WORD_MAX];
	uint8_t request[SK_HASH_BYTES];
	uint64_t duration_s;
	SK_TRY(one_signer(change, fault));
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(sk_access_body_text(change, "purpose", purpose, sizeof purpose, fault));
	SK_TRY(sk_access_body_text(change, "scope", scope, sizeof scope, fault));
	const struct sk_json_value *targets = sk_json_get(change->body, "targets");
	const char *why = sk_json_get_text(change->body, "why");
	if (why == NULL || why[0] == '\0' || targets->kind != SK_JSON_ARRAY || targets->length == 0 || sk_json_get_u64(change->body, "duration_s", &duration_s) != SK_OK || duration_s == 0 ||
	    duration_s > COUNT_LIFE_MAX_S || sk_json_get_hex(change->body, "request", request, sizeof request) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "access.count: expected duration_s of a day at most, the request's digest, targets and why");
	SK_TRY(sk_purpose_check(purpose, fault));
	SK_TRY(sk_access_may(access, &change->signers[0], "order.propose", sk_access_moment(access, change), fault));
	sk_facts_word(change->facts, "purpose.", "damage_prevention");
	return SK_OK;
}

static enum sk_err weigh_count_end(struct sk_access *access, struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"request", "scope", NULL};
	uint8_t request[SK_HASH_BYTES];
	SK_TRY(one_signer(change, fault));
	SK_TRY(sk_access_body_is(change, members, fault));
	if (sk_json_get_hex(change->body, "request", request, sizeof request) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "access.count_end: expected the request's digest");
	return sk_access_may(access, &change->signers[0], "order.propose", sk_access_moment(access, change), fault);
}

static enum sk_err weigh_search(struct sk_access *access, struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"what", NULL};
	SK_TRY(one_signer(change, fault));
	SK_TRY(sk_access_body_is(change, members, fault));
	if (sk_json_get_text(change->body, "what") == NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "access.search: expected the text what");
	return sk_access_may(access, &change->signers[0], "access.log", sk_access_moment(access, change), fault);
}

/* What the book of looks holds is committed to by the centre itself: who looked stands in its rows. One chain, so that no rows lie between two acts. rule: BOOK-1 */
static enum sk_err weigh_book(struct sk_access *access, struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"count", "digest", "from", "to", NULL};
	uint64_t count = 0, from = 0, to = 0;
	uint8_t digest[SK_HASH_BYTES];
	(void)access;
	if (!change->by_centre)
		return sk_fault_set(fault, SK_EPERMIT, "access.book: the centre's own key commits to the book of looks, and nobody else");
	SK_TRY(sk_access_body_is(change, members, fault));
	if (strcmp(change->act->id, "book") != 0 || sk_json_get_u64(change->body, "count", &count) != SK_OK || sk_json_get_u64(change->body, "from", &from) != SK_OK ||
	    sk_json_get_u64(change->body, "to", &to) != SK_OK || sk_json_get_hex(change->body, "digest", digest, sizeof digest) != SK_OK || from == 0 || to < from ||
	    count != to - from + 1)
		return sk_fault_set(fault, SK_EMALFORMED, "access.book: expected count, digest, from and to, and as many rows as there are from one to the other");
	(void)snprintf(change->facts->counts[0].name, sizeof change->facts->counts[0].name, "looks");
	change->facts->counts[0].frames = count;
	change->facts->count_count = 1;
	return SK_OK;
}

/* A factor is set by its holder; taken away also by whoever administers his account, so that a lost telephone does not stay a way in. */
static enum sk_err weigh_factor(struct sk_access *access, struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"factor", NULL};
	char factor[SK_ACT_WORD_MAX];
	size_t account = sk_access_account(access, change->act->id);
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(sk_access_body_text(change, "factor", factor, sizeof factor, fault));
	if (strcmp(factor, "password") != 0 && strcmp(factor, "totp") != 0 && strcmp(factor, "webauthn") != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "factor: expected password, totp or webauthn");
	if (account == SK_NOBODY)
		return sk_fault_set(fault, SK_ENOENT, "%s: no such account", change->act->id);
	sk_facts_word(change->facts, "factor.", factor);
	if (sk_access_signed_by(change, change->act->id) != NULL)
		return one_signer(change, fault);
	if (strcmp(change->act->event, "remove") != 0)
		return sk_fault_set(fault, SK_EPERMIT, "%s: a factor is set by its holder alone", change->act->id);
	return sk_access_authority(access, change, access->accounts[account].org, fault);
}

static enum sk_err weigh_credential(struct sk_access *access, struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {NULL};
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(one_signer(change, fault));
	return sk_access_may(access, &change->signers[0], "access.grant", sk_access_moment(access, change), fault);
}

enum sk_err sk_access_weigh_look(struct sk_access *access, struct sk_change *change, bool *known, struct sk_fault *fault)
{
	static const struct {
		const char *matter, *event;
		enum sk_err (*weigh)(struct sk_access *access, struct sk_change *change, struct sk_fault *fault);
	} steps[] = {{"access", "read", weigh_read},        {"access", "search", weigh_search},         {"access", "count", weigh_count},  {"access", "count_end", weigh_count_end},
		     {"access", "book", weigh_book},        {"factor", "set", weigh_factor},
		     {"factor", "remove", weigh_factor},    {"credential", "new", weigh_credential},    {"credential", "rotate", weigh_credential},
		     {"credential", "revoke", weigh_credential}};
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (strcmp(steps[i].matter, change->act->matter) == 0 && strcmp(steps[i].event, change->act->event) == 0) {
			*known = true;
			return steps[i].weigh(access, change, fault);
		}
	*known = false;
	return SK_OK;
}
