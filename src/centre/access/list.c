/* SPDX-License-Identifier: Apache-2.0 */
/* The register as listings show it. */
#include "access/access_priv.h"

void sk_access_each_org(const struct sk_access *access, void (*visit)(void *context, const struct sk_org_view *org), void *context)
{
	for (size_t i = 0; i < access->org_count; i++) {
		const struct sk_org_row *org = &access->orgs[i];
		struct sk_org_view view = {org->id, org->title, org->kind, org->member, org->host, org->from_ns};
		visit(context, &view);
	}
}

void sk_access_each_account(const struct sk_access *access, int64_t at_ns, void (*visit)(void *context, const struct sk_account_view *account), void *context)
{
	for (size_t i = 0; i < access->account_count; i++) {
		const struct sk_holder *account = &access->accounts[i];
		const struct sk_org_row *org = &access->orgs[account->org];
		struct sk_account_view view = {account->id, account->title, org->id, org->kind, sk_holder_roles(account, at_ns), account->from_ns, account->until_ns,
					       account->key_count, {{0}}};
		for (size_t k = 0; k < account->key_count; k++) {
			view.keys[k].key = &account->keys[k].key;
			view.keys[k].from_ns = account->keys[k].from_ns;
			view.keys[k].until_ns = account->keys[k].until_ns;
		}
		visit(context, &view);
	}
}

bool sk_access_same_person(const struct sk_access *access, const struct sk_verify_key *key, const char *name, uint32_t id)
{
	size_t span, at = sk_access_key_holder(access, key, &span);
	for (size_t k = 0; at != SK_NOBODY && k < access->accounts[at].key_count; k++)
		if (access->accounts[at].keys[k].key.id == id && strcmp(access->accounts[at].keys[k].key.name, name) == 0)
			return true;
	return key->id == id && strcmp(key->name, name) == 0;
}
