/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that were allowed, carried out: spans of time of roles and keys, so that old acts can be judged by the moment they were made. */
#include "access/access_priv.h"

#include <stdio.h>
#include <stdlib.h>

static enum sk_err full(struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_ETOOBIG, "register: out of memory or at its limit (access.h)");
}

static void copy_text(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text);
}

static enum sk_err add_role(struct sk_holder *account, enum sk_person_role role, int64_t at_ns, struct sk_fault *fault)
{
	if (account->role_count == SK_ACCESS_SPANS_MAX)
		return full(fault);
	struct sk_role_span *larger = reallocarray(account->roles, account->role_count + 1, sizeof *larger);
	if (larger == NULL)
		return full(fault);
	account->roles = larger;
	account->roles[account->role_count++] = (struct sk_role_span){role, at_ns, INT64_MAX};
	return SK_OK;
}

static enum sk_err add_key(struct sk_holder *account, const char *text, int64_t at_ns, struct sk_fault *fault)
{
	if (account->key_count == SK_ACCESS_KEYS_MAX)
		return full(fault);
	struct sk_key_span *larger = reallocarray(account->keys, account->key_count + 1, sizeof *larger);
	if (larger == NULL)
		return full(fault);
	account->keys = larger;
	struct sk_key_span *span = &account->keys[account->key_count];
	*span = (struct sk_key_span){.from_ns = at_ns, .until_ns = INT64_MAX};
	if (sk_verify_key_parse(text, &span->key) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "key: expected the text of a verifier key");
	account->key_count++;
	return SK_OK;
}

static enum sk_err add_org(struct sk_access *access, const char *id, const char *title, enum sk_org_kind kind, int64_t at_ns, struct sk_org_row **out,
			   struct sk_fault *fault)
{
	struct sk_org_row *org = sk_access_grow(&access->orgs, &access->org_count, &access->org_room, sizeof *org, SK_ACCESS_ORGS_MAX);
	if (org == NULL)
		return full(fault);
	copy_text(org->id, sizeof org->id, id);
	copy_text(org->title, sizeof org->title, title);
	org->kind = kind;
	org->from_ns = at_ns;
	*out = org;
	return SK_OK;
}

static enum sk_err add_account(struct sk_access *access, const char *id, const char *title, size_t org, int64_t at_ns, struct sk_holder **out, struct sk_fault *fault)
{
	struct sk_holder *account = sk_access_grow(&access->accounts, &access->account_count, &access->account_room, sizeof *account, SK_ACCESS_ACCOUNTS_MAX);
	if (account == NULL)
		return full(fault);
	copy_text(account->id, sizeof account->id, id);
	copy_text(account->title, sizeof account->title, title);
	account->org = org;
	account->from_ns = at_ns;
	account->until_ns = INT64_MAX;
	*out = account;
	return SK_OK;
}

static enum sk_err apply_found(struct sk_access *access, const struct sk_change *change, int64_t at_ns, struct sk_fault *fault)
{
	struct sk_org_row *org;
	struct sk_holder *account;
	enum sk_org_kind kind = SK_ORG_OWN_NETWORK;
	SK_TRY(sk_org_kind_parse(sk_json_get_text(change->body, "kind"), &kind));
	SK_TRY(add_org(access, change->act->id, sk_json_get_text(change->body, "title"), kind, at_ns, &org, fault));
	org->host = true;
	SK_TRY(sk_verify_key_parse(sk_json_get_text(change->body, "founder"), &access->founder));
	SK_TRY(add_account(access, sk_json_get_text(change->body, "account"), "founder", access->org_count - 1, at_ns, &account, fault));
	SK_TRY(add_role(account, SK_PERSON_ADMINISTRATOR, at_ns, fault));
	return add_key(account, sk_json_get_text(change->body, "key"), at_ns, fault);
}

/* The first key is the chair's, the others are members'; accounts are called after the keys' order, and the panel renames nobody: it opens and closes. */
static enum sk_err apply_panel(struct sk_access *access, const struct sk_change *change, int64_t at_ns, struct sk_fault *fault)
{
	struct sk_org_row *org;
	SK_TRY(add_org(access, change->act->id, sk_json_get_text(change->body, "title"), SK_ORG_OVERSIGHT, at_ns, &org, fault));
	size_t index = access->org_count - 1;
	unsigned number = 0;
	for (const struct sk_json_value *key = sk_json_get(change->body, "keys")->child; key != NULL; key = key->next, number++) {
		struct sk_holder *account;
		char id[SK_MATTER_ID_MAX], title[SK_ACCESS_TITLE_MAX];
		(void)snprintf(id, sizeof id, number == 0 ? "%.30s.chair" : "%.30s.member-%u", change->act->id, number);
		(void)snprintf(title, sizeof title, number == 0 ? "chair" : "member %u", number);
		if (sk_access_account(access, id) != SK_NOBODY)
			return sk_fault_set(fault, SK_EEXIST, "%s: there is an account of that name", id);
		SK_TRY(add_account(access, id, title, index, at_ns, &account, fault));
		SK_TRY(add_role(account, number == 0 ? SK_PERSON_OVERSIGHT_CHAIR : SK_PERSON_OVERSIGHT_MEMBER, at_ns, fault));
		SK_TRY(add_key(account, key->text, at_ns, fault));
	}
	return SK_OK;
}

static enum sk_err apply_org(struct sk_access *access, const struct sk_change *change, int64_t at_ns, struct sk_fault *fault)
{
	struct sk_org_row *org;
	enum sk_org_kind kind = SK_ORG_OWN_NETWORK;
	if (strcmp(change->act->event, "found") == 0)
		return apply_found(access, change, at_ns, fault);
	if (strcmp(change->act->event, "panel") == 0)
		return apply_panel(access, change, at_ns, fault);
	SK_TRY(sk_org_kind_parse(sk_json_get_text(change->body, "kind"), &kind));
	SK_TRY(add_org(access, change->act->id, sk_json_get_text(change->body, "title"), kind, at_ns, &org, fault));
	org->member = sk_json_get(change->body, "member")->integer != 0;
	return SK_OK;
}

static enum sk_err apply_open(struct sk_access *access, const struct sk_change *change, int64_t at_ns, struct sk_fault *fault)
{
	struct sk_holder *account;
	size_t org = sk_access_org(access, sk_json_get_text(change->body, "org"));
	SK_TRY(add_account(access, change->act->id, sk_json_get_text(change->body, "title"), org, at_ns, &account, fault));
	for (const struct sk_json_value *value = sk_json_get(change->body, "roles")->child; value != NULL; value = value->next) {
		enum sk_person_role role = SK_PERSON_READER;
		SK_TRY(sk_person_role_parse(value->text, &role));
		SK_TRY(add_role(account, role, at_ns, fault));
	}
	for (const struct sk_json_value *value = sk_json_get(change->body, "keys")->child; value != NULL; value = value->next)
		SK_TRY(add_key(account, value->text, at_ns, fault));
	return SK_OK;
}

static enum sk_err apply_account(struct sk_access *access, const struct sk_change *change, int64_t at_ns, struct sk_fault *fault)
{
	const char *event = change->act->event, *role_name = sk_json_get_text(change->body, "role");
	if (strcmp(event, "open") == 0)
		return apply_open(access, change, at_ns, fault);
	struct sk_holder *account = &access->accounts[sk_access_account(access, change->act->id)];
	enum sk_person_role role = SK_PERSON_READER;
	if (role_name != NULL)
		SK_TRY(sk_person_role_parse(role_name, &role));
	if (strcmp(event, "role.grant") == 0)
		return add_role(account, role, at_ns, fault);
	if (strcmp(event, "key.add") == 0)
		return add_key(account, sk_json_get_text(change->body, "key"), at_ns, fault);
	if (strcmp(event, "close") == 0)
		account->until_ns = at_ns;
	bool closes = strcmp(event, "close") == 0;
	for (size_t i = 0; i < account->role_count; i++)
		if (account->roles[i].until_ns == INT64_MAX && (closes || (strcmp(event, "role.revoke") == 0 && account->roles[i].role == role)))
			account->roles[i].until_ns = at_ns;
	struct sk_verify_key key = {0};
	if (strcmp(event, "key.revoke") == 0)
		SK_TRY(sk_verify_key_parse(sk_json_get_text(change->body, "key"), &key));
	for (size_t i = 0; i < account->key_count; i++)
		if (account->keys[i].until_ns == INT64_MAX &&
		    (closes || memcmp(account->keys[i].key.public_key, key.public_key, sizeof key.public_key) == 0))
			account->keys[i].until_ns = at_ns;
	return SK_OK;
}

enum sk_err sk_access_apply(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault)
{
	int64_t at_ns = sk_access_moment(access, change);
	if (strcmp(change->act->matter, "org") == 0)
		return apply_org(access, change, at_ns, fault);
	if (strcmp(change->act->matter, "account") == 0)
		return apply_account(access, change, at_ns, fault);
	return sk_access_apply_lease(access, change, fault);
}
