/* SPDX-License-Identifier: Apache-2.0 */
/* access/list.h: the register as listings show it. Texts are borrowed from the register for the length of a visit. */
#ifndef SK_ACCESS_LIST_H
#define SK_ACCESS_LIST_H

#include "access/access.h"

struct sk_org_view {
	const char *id, *title;
	enum sk_org_kind kind;
	bool member, host;
	int64_t from_ns;
};

struct sk_account_view {
	const char *id, *title, *org;
	enum sk_org_kind kind;
	uint64_t roles;                 /* in force at the moment asked for */
	int64_t from_ns, until_ns;      /* INT64_MAX: open */
	size_t key_count;
	struct {
		const struct sk_verify_key *key;
		int64_t from_ns, until_ns;
	} keys[SK_ACCESS_KEYS_MAX];
};

struct sk_lease_view {
	const char *id, *account, *activity, *scope, *granter, *state; /* state "expired" once its time is over, whether or not an act says so */
	int64_t asked_s, granted_ns, until_ns;
	uint64_t uses;
};

/* Visit every organisation, in the order in which they were made. */
void sk_access_each_org(const struct sk_access *access, void (*visit)(void *context, const struct sk_org_view *org), void *context);
/* Visit every account; roles are those of at_ns. */
void sk_access_each_account(const struct sk_access *access, int64_t at_ns, void (*visit)(void *context, const struct sk_account_view *account), void *context);
/* Visit every lease; states are those of at_ns. */
void sk_access_each_lease(const struct sk_access *access, int64_t at_ns, void (*visit)(void *context, const struct sk_lease_view *lease), void *context);

/* Is the key with that name and id (a line of signature) of the same account as `key`, whenever each was in force? A key of nobody is the same person as itself alone. rule: ACCESS-7 */
bool sk_access_same_person(const struct sk_access *access, const struct sk_verify_key *key, const char *name, uint32_t id);

#endif
