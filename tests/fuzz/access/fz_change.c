/* SPDX-License-Identifier: Apache-2.0 */
/* The body of an act of the register, as whoever has a key may sign it: first byte the step, second who signs, then JSON. Whatever is allowed can be carried out,
   and leaves no account with roles that exclude each other and no organisation of oversight changed by an administrator. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/access_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const struct {
	const char *matter, *id, *event;
} steps[] = {{"org", "host", "found"},      {"org", "new", "add"},          {"org", "over", "panel"},       {"account", "new", "open"},     {"account", "paul", "role.grant"},
	     {"account", "paul", "role.revoke"}, {"account", "paul", "key.add"}, {"account", "paul", "key.revoke"}, {"account", "paul", "close"}, {"account", "chair", "close"},
	     {"account", "chair", "role.grant"}, {"lease", "l", "request"},      {"lease", "l", "grant"},       {"access", "r", "read"},        {"access", "s", "search"},
	     {"factor", "paul", "set"},     {"credential", "c", "new"}};

static void add_account(struct sk_access *access, const char *id, size_t org, enum sk_person_role role)
{
	struct sk_holder *holder = sk_access_grow(&access->accounts, &access->account_count, &access->account_room, sizeof *holder, 100);
	SK_INVARIANT(holder != NULL);
	(void)snprintf(holder->id, sizeof holder->id, "%s", id);
	holder->org = org;
	holder->until_ns = INT64_MAX;
	holder->roles = calloc(1, sizeof *holder->roles);
	holder->keys = calloc(1, sizeof *holder->keys);
	SK_INVARIANT(holder->roles != NULL && holder->keys != NULL);
	holder->roles[0] = (struct sk_role_span){role, 0, INT64_MAX};
	holder->role_count = holder->key_count = 1;
	holder->keys[0] = (struct sk_key_span){.from_ns = 0, .until_ns = INT64_MAX};
	(void)snprintf(holder->keys[0].key.name, sizeof holder->keys[0].key.name, "%s", id);
	memset(holder->keys[0].key.public_key, id[0], 32);
}

static struct sk_access *make(void)
{
	static const enum sk_org_kind kinds[] = {SK_ORG_NCO, SK_ORG_OVERSIGHT};
	struct sk_access *access = calloc(1, sizeof *access);
	SK_INVARIANT(access != NULL);
	for (size_t i = 0; i < SK_COUNT(kinds); i++) {
		struct sk_org_row *org = sk_access_grow(&access->orgs, &access->org_count, &access->org_room, sizeof *org, 100);
		SK_INVARIANT(org != NULL);
		org->kind = kinds[i];
		org->host = i == 0;
		(void)snprintf(org->id, sizeof org->id, "%s", i == 0 ? "host" : "oversight");
	}
	add_account(access, "admin", 0, SK_PERSON_ADMINISTRATOR);
	add_account(access, "paul", 0, SK_PERSON_APPROVER);
	add_account(access, "chair", 1, SK_PERSON_OVERSIGHT_CHAIR);
	return access;
}

static void check(const struct sk_access *access, bool by_panel)
{
	struct sk_fault fault;
	for (size_t i = 0; i < access->account_count; i++)
		SK_INVARIANT(sk_access_roles_fit(sk_holder_roles(&access->accounts[i], 10), access->orgs[access->accounts[i].org].kind, &fault) == SK_OK);
	size_t chair = sk_access_account(access, "chair");
	SK_INVARIANT(by_panel || (access->accounts[chair].until_ns == INT64_MAX && sk_holder_roles(&access->accounts[chair], 10) == UINT64_C(1) << SK_PERSON_OVERSIGHT_CHAIR));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_json_doc *doc = NULL;
	struct sk_fault fault;
	struct sk_act_facts facts = {0};
	if (length < 2 || sk_json_parse((const char *)bytes + 2, length - 2, &doc, &fault) != SK_OK)
		return 0;
	struct sk_act act = {.time_ns = 5, .body = (const char *)bytes + 2, .body_length = length - 2};
	struct sk_access *access = make();
	struct sk_change *change = calloc(1, sizeof *change);
	SK_INVARIANT(change != NULL);
	size_t step = bytes[0] % SK_COUNT(steps), who = bytes[1] % 3;
	(void)snprintf(act.matter, sizeof act.matter, "%s", steps[step].matter);
	(void)snprintf(act.id, sizeof act.id, "%s", steps[step].id);
	(void)snprintf(act.event, sizeof act.event, "%s", steps[step].event);
	change->act = &act;
	change->facts = &facts;
	change->body = sk_json_top(doc);
	change->signer_count = 1;
	sk_access_person(access, who, &access->accounts[who].keys[0].key, 5, &change->signers[0]);
	if (change->body->kind == SK_JSON_OBJECT && sk_access_weigh(access, change, &fault) == SK_OK && step < 13)
		SK_INVARIANT(sk_access_apply(access, change, &fault) == SK_OK);
	check(access, who == 2);
	free(change);
	sk_access_close(access);
	sk_json_free(doc);
	return 0;
}
