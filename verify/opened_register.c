/* SPDX-License-Identifier: Apache-2.0 */
/* The register as the acts establish it: organisations, accounts, roles, keys, leases. The program's own rules of who may change what (docs/oversight.md), on purpose. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opened_priv.h"

enum { PANEL_LEAST = 3, PANEL_NAME = 30 };
static const uint64_t lease_longest_s = 8 * 3600;
static const char *const seats[] = {"oversight_chair", "oversight_deputy", "oversight_member"};
static const char *const of_oversight[] = {"oversight_chair", "oversight_deputy", "oversight_member", "oversight_expert", "oversight_inspector"};
/* Roles of different rows exclude each other on one account (LAW.md 3). */
static const char *const exclusive[][5] = {{"administrator"}, {"analyst"}, {"approver", "legal", "privacy_officer", "foreign_affairs"},
					   {"oversight_chair", "oversight_deputy", "oversight_member", "oversight_expert", "oversight_inspector"}};

void opened_register_fini(struct opened_register *people)
{
	for (size_t i = 0; i < people->account_count; i++)
		free(people->accounts[i].keys);
	free(people->accounts);
	free(people->orgs);
}

static size_t find_org(const struct sk_opened *o, const char *id)
{
	size_t i = 0;
	while (i < o->people.org_count && strcmp(o->people.orgs[i].id, id) != 0)
		i++;
	return i;
}

static size_t find_account(const struct sk_opened *o, const char *id)
{
	size_t i = 0;
	while (i < o->people.account_count && strcmp(o->people.accounts[i].id, id) != 0)
		i++;
	return i;
}

bool opened_has_role(const struct sk_opened *o, size_t account, const char *role)
{
	const struct opened_account *a = &o->people.accounts[account];
	for (size_t i = 0; i < a->role_count; i++)
		if (strcmp(a->roles[i], role) == 0)
			return true;
	return false;
}

bool opened_is_oversight(const struct sk_opened *o, size_t account)
{
	return strcmp(o->people.orgs[o->people.accounts[account].org].kind, "oversight") == 0;
}

bool opened_same_org(const struct sk_opened *o, size_t a, size_t b)
{
	return o->people.accounts[a].org == o->people.accounts[b].org;
}

static bool signed_by(const struct sk_opened *o, size_t account)
{
	for (size_t i = 0; i < o->signer_count; i++)
		if (o->signers[i] == account)
			return true;
	return false;
}

enum sk_err opened_one(struct sk_opened *o, size_t *account)
{
	if (o->by_centre)
		return opened_refuse(o, "signature", "expected one by an account, found the centre's own");
	if (o->signer_count != 1 || o->note.signature_count != 1)
		return opened_refuse(o, "signature", "expected exactly one, found %zu", o->note.signature_count);
	*account = o->signers[0];
	return SK_OK;
}

/* ---- who signed. rule: OPENED-3 ---- */

static bool is_key(const struct sk_verify_key *key, const struct sk_note_signature *signature)
{
	return key->id == signature->id && strcmp(key->name, signature->name) == 0;
}

static enum sk_err add_signer(struct sk_opened *o, const struct sk_note_signature *signature)
{
	bool known = false;
	for (size_t i = 0; i < o->people.account_count; i++) {
		const struct opened_account *account = &o->people.accounts[i];
		for (size_t k = 0; k < account->key_count; k++) {
			if (!is_key(&account->keys[k].key, signature))
				continue;
			known = true;
			if (account->keys[k].revoked || account->closed)
				continue;
			if (sk_note_verify(&o->note, &account->keys[k].key) != SK_OK)
				return opened_refuse(o, "signature", "the one by %.100s+%08" PRIx32 " does not verify over the statement", signature->name, signature->id);
			if (!signed_by(o, i))
				o->signers[o->signer_count++] = i;
			return SK_OK;
		}
	}
	return opened_refuse(o, "signature", known ? "%.100s+%08" PRIx32 ": a key that was revoked, or of an account that was closed" : "%.100s+%08" PRIx32 ": nobody's key", signature->name,
			     signature->id);
}

/* The first act of all: nobody is known yet, so it is by the key that it names. */
static enum sk_err founding(struct sk_opened *o)
{
	struct sk_verify_key founder;
	const char *text = sk_json_get_text(o->body, "founder");
	if (strcmp(o->act.matter, "org") != 0 || strcmp(o->act.event, "found") != 0)
		return opened_refuse(o, "signature", "nobody is known yet: expected the first act to found an organisation");
	if (text == NULL || sk_verify_key_parse(text, &founder) != SK_OK || o->note.signature_count != 1 || sk_note_verify(&o->note, &founder) != SK_OK)
		return opened_refuse(o, "signature", "expected one, by the key that the act names as the founder's");
	o->founder = founder;
	o->summary.signatures++;
	return SK_OK;
}

enum sk_err opened_signers(struct sk_opened *o)
{
	o->signer_count = 0;
	o->by_centre = o->by_founder = false;
	if (o->people.org_count == 0)
		return founding(o);
	o->summary.signatures += o->note.signature_count;
	bool panel_act = strcmp(o->act.matter, "org") == 0 && strcmp(o->act.event, "panel") == 0;
	if (panel_act && o->note.signature_count == 1 && is_key(&o->founder, &o->note.signatures[0])) {
		o->by_founder = sk_note_verify(&o->note, &o->founder) == SK_OK;
		return o->by_founder ? SK_OK : opened_refuse(o, "signature", "the founder's does not verify over the statement");
	}
	if (o->note.signature_count == 1 && is_key(&o->centre, &o->note.signatures[0])) {
		o->by_centre = true;
		return sk_note_verify(&o->note, &o->centre) == SK_OK ? SK_OK : opened_refuse(o, "signature", "the centre's does not verify over the statement");
	}
	for (size_t i = 0; i < o->note.signature_count; i++)
		SK_TRY(add_signer(o, &o->note.signatures[i]));
	return SK_OK;
}

/* ---- authority. rule: OPENED-3 ---- */

static enum sk_err need_administrator(struct sk_opened *o, size_t org)
{
	for (size_t i = 0; i < o->signer_count; i++) {
		size_t home = o->people.accounts[o->signers[i]].org;
		if (opened_has_role(o, o->signers[i], "administrator") && (o->people.orgs[home].host || home == org))
			return SK_OK;
	}
	return opened_refuse(o, "signature", "expected one by an administrator of the host or of that organisation");
}

static bool has_seat(const struct sk_opened *o, size_t account)
{
	bool seat = false;
	for (size_t i = 0; i < SK_COUNT(seats); i++)
		seat = seat || opened_has_role(o, account, seats[i]);
	return seat;
}

/* Oversight's accounts change by its own panel: more than half of it, three where there are three, with chair or deputy. */
static enum sk_err need_panel(struct sk_opened *o)
{
	size_t panel = 0, hands = 0;
	bool led = false;
	for (size_t i = 0; i < o->people.account_count; i++) {
		if (!opened_is_oversight(o, i) || o->people.accounts[i].closed || !has_seat(o, i))
			continue;
		panel++;
		if (!signed_by(o, i))
			continue;
		hands++;
		led = led || opened_has_role(o, i, seats[0]) || opened_has_role(o, i, seats[1]);
	}
	size_t least = panel / 2 + 1, present = panel < PANEL_LEAST ? panel : PANEL_LEAST;
	least = present > least ? present : least;
	o->summary.quorums++;
	if (hands >= least && led)
		return SK_OK;
	return opened_refuse(o, "quorum", "expected %zu of oversight's panel of %zu with chair or deputy, found %zu%s", least, panel, hands, led ? "" : " without them");
}

static enum sk_err need_authority(struct sk_opened *o, size_t org)
{
	return strcmp(o->people.orgs[org].kind, "oversight") == 0 ? need_panel(o) : need_administrator(o, org);
}

/* ---- bodies ---- */

static enum sk_err text_of(struct sk_opened *o, const char *member, char *out, size_t size)
{
	const char *text = sk_json_get_text(o->body, member);
	if (text == NULL || text[0] == '\0' || strlen(text) >= size)
		return opened_refuse(o, "body", "expected %s, a text of 1 to %zu bytes", member, size - 1);
	memcpy(out, text, strlen(text) + 1);
	return SK_OK;
}

/* One key belongs to one account, for good. */
static enum sk_err new_key(struct sk_opened *o, const struct sk_json_value *value, struct sk_verify_key *key)
{
	if (value == NULL || value->kind != SK_JSON_TEXT || sk_verify_key_parse(value->text, key) != SK_OK || key->type == 0x04)
		return opened_refuse(o, "body", "expected a verifier key");
	for (size_t i = 0; i < o->people.account_count; i++)
		for (size_t k = 0; k < o->people.accounts[i].key_count; k++) {
			const struct sk_verify_key *other = &o->people.accounts[i].keys[k].key;
			if (memcmp(other->public_key, key->public_key, sizeof key->public_key) == 0 || (other->id == key->id && strcmp(other->name, key->name) == 0))
				return opened_refuse(o, "key", "%.100s is, or was, a key of the account %s", key->name, o->people.accounts[i].id);
		}
	return SK_OK;
}

static enum sk_err no_memory(struct sk_opened *o)
{
	return sk_fault_set(o->fault, SK_ENOMEM, "out of memory");
}

static enum sk_err add_key(struct sk_opened *o, size_t account, const struct sk_json_value *value)
{
	struct sk_verify_key key;
	SK_TRY(new_key(o, value, &key));
	struct opened_account *a = &o->people.accounts[account];
	if (a->key_count == OPENED_KEYS_MAX)
		return opened_refuse(o, "key", "more than %d keys", OPENED_KEYS_MAX);
	struct opened_key *keys = reallocarray(a->keys, a->key_count + 1, sizeof *keys);
	if (keys == NULL)
		return no_memory(o);
	a->keys = keys;
	a->keys[a->key_count++] = (struct opened_key){.key = key};
	return SK_OK;
}

static enum sk_err add_account(struct sk_opened *o, const char *id, size_t org, size_t *index)
{
	if (find_account(o, id) != o->people.account_count)
		return opened_refuse(o, "id", "there is, or was, an account %s", id);
	struct opened_account *account = opened_grow(&o->people.accounts, &o->people.account_count, &o->people.account_room, sizeof *account);
	if (account == NULL)
		return no_memory(o);
	(void)snprintf(account->id, sizeof account->id, "%s", id);
	account->org = org;
	*index = o->people.account_count - 1;
	return SK_OK;
}

static bool among(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count && words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static enum sk_err roles_fit(struct sk_opened *o, size_t account)
{
	const struct opened_account *a = &o->people.accounts[account];
	size_t groups = 0, oversight = 0;
	for (size_t g = 0; g < SK_COUNT(exclusive); g++) {
		bool any = false;
		for (size_t i = 0; i < a->role_count; i++)
			any = any || among(exclusive[g], SK_COUNT(exclusive[g]), a->roles[i]);
		groups += any;
	}
	for (size_t i = 0; i < a->role_count; i++)
		oversight += among(of_oversight, SK_COUNT(of_oversight), a->roles[i]);
	if (groups > 1)
		return opened_refuse(o, "roles", "administrator, analyst, approver and oversight exclude each other on one account");
	if (opened_is_oversight(o, account) ? oversight != a->role_count : oversight != 0)
		return opened_refuse(o, "roles", "roles of oversight are had in oversight, and nothing else is had there");
	return SK_OK;
}

static enum sk_err add_role(struct sk_opened *o, size_t account, const char *role)
{
	struct opened_account *a = &o->people.accounts[account];
	if (opened_has_role(o, account, role))
		return opened_refuse(o, "roles", "%s has the role %.31s already", a->id, role);
	if (a->role_count == OPENED_ROLES_MAX || strlen(role) >= SK_ACT_WORD_MAX)
		return opened_refuse(o, "roles", "more than %d roles, or a name that is too long", OPENED_ROLES_MAX);
	memcpy(a->roles[a->role_count++], role, strlen(role) + 1);
	return roles_fit(o, account);
}

static enum sk_err add_org(struct sk_opened *o, const char *kind, bool host, size_t *index)
{
	if (find_org(o, o->act.id) != o->people.org_count)
		return opened_refuse(o, "id", "there is an organisation of that name");
	struct opened_org *org = opened_grow(&o->people.orgs, &o->people.org_count, &o->people.org_room, sizeof *org);
	if (org == NULL)
		return no_memory(o);
	memcpy(org->id, o->act.id, sizeof org->id);
	(void)snprintf(org->kind, sizeof org->kind, "%s", kind);
	org->host = host;
	*index = o->people.org_count - 1;
	return SK_OK;
}

/* ---- organisations ---- */

static enum sk_err found(struct sk_opened *o)
{
	char kind[SK_ACT_WORD_MAX], account[SK_MATTER_ID_MAX];
	size_t org, index;
	if (o->people.org_count != 0)
		return opened_refuse(o, "event", "the centre is founded already");
	SK_TRY(text_of(o, "kind", kind, sizeof kind));
	SK_TRY(text_of(o, "account", account, sizeof account));
	if (strcmp(kind, "oversight") == 0 || strcmp(kind, "nss") == 0)
		return opened_refuse(o, "kind", "a centre is founded neither by oversight nor by who may see no data");
	SK_TRY(add_org(o, kind, true, &org));
	SK_TRY(add_account(o, account, org, &index));
	SK_TRY(add_role(o, index, "administrator"));
	return add_key(o, index, sk_json_get(o->body, "key"));
}

static enum sk_err panel(struct sk_opened *o)
{
	const struct sk_json_value *keys = sk_json_get(o->body, "keys");
	size_t org, index;
	unsigned number = 0;
	for (size_t i = 0; i < o->people.org_count; i++)
		if (strcmp(o->people.orgs[i].kind, "oversight") == 0)
			return opened_refuse(o, "event", "oversight is there already, and changes by its own panel alone");
	if (!o->by_founder)
		SK_TRY(need_administrator(o, o->people.org_count));
	if (keys == NULL || keys->kind != SK_JSON_ARRAY || keys->length == 0)
		return opened_refuse(o, "body", "expected the panel's keys");
	SK_TRY(add_org(o, "oversight", false, &org));
	for (const struct sk_json_value *key = keys->child; key != NULL; key = key->next, number++) {
		char id[SK_MATTER_ID_MAX];
		(void)snprintf(id, sizeof id, number == 0 ? "%.*s.chair" : "%.*s.member-%u", PANEL_NAME, o->act.id, number);
		SK_TRY(add_account(o, id, org, &index));
		SK_TRY(add_role(o, index, number == 0 ? "oversight_chair" : "oversight_member"));
		SK_TRY(add_key(o, index, key));
	}
	return SK_OK;
}

static enum sk_err org_add(struct sk_opened *o)
{
	char kind[SK_ACT_WORD_MAX];
	size_t org;
	SK_TRY(text_of(o, "kind", kind, sizeof kind));
	if (strcmp(kind, "oversight") == 0)
		return opened_refuse(o, "kind", "oversight has keys of its own and is founded by its panel's");
	SK_TRY(need_administrator(o, o->people.org_count));
	return add_org(o, kind, false, &org);
}

/* ---- accounts ---- */

static enum sk_err account_open(struct sk_opened *o)
{
	char org_id[SK_MATTER_ID_MAX];
	size_t account;
	const struct sk_json_value *keys = sk_json_get(o->body, "keys"), *roles = sk_json_get(o->body, "roles");
	SK_TRY(text_of(o, "org", org_id, sizeof org_id));
	size_t org = find_org(o, org_id);
	if (org == o->people.org_count)
		return opened_refuse(o, "org", "no such organisation: %s", org_id);
	SK_TRY(need_authority(o, org));
	if (keys == NULL || keys->kind != SK_JSON_ARRAY || keys->length == 0 || roles == NULL || roles->kind != SK_JSON_ARRAY)
		return opened_refuse(o, "body", "expected keys and roles");
	SK_TRY(add_account(o, o->act.id, org, &account));
	for (const struct sk_json_value *role = roles->child; role != NULL; role = role->next) {
		if (role->kind != SK_JSON_TEXT)
			return opened_refuse(o, "body", "expected roles");
		SK_TRY(add_role(o, account, role->text));
	}
	for (const struct sk_json_value *key = keys->child; key != NULL; key = key->next)
		SK_TRY(add_key(o, account, key));
	return SK_OK;
}

static enum sk_err role_change(struct sk_opened *o, size_t account, bool grant)
{
	struct opened_account *a = &o->people.accounts[account];
	char role[SK_ACT_WORD_MAX];
	SK_TRY(text_of(o, "role", role, sizeof role));
	SK_TRY(need_authority(o, a->org));
	if (grant && !opened_is_oversight(o, account) && signed_by(o, account))
		return opened_refuse(o, "signature", "%s gives a role to itself", a->id);
	if (grant)
		return add_role(o, account, role);
	for (size_t i = 0; i < a->role_count; i++)
		if (strcmp(a->roles[i], role) == 0) {
			memmove(a->roles[i], a->roles[a->role_count - 1], sizeof a->roles[i]);
			a->role_count--;
			return SK_OK;
		}
	return opened_refuse(o, "roles", "%s has not the role %s", a->id, role);
}

static enum sk_err key_change(struct sk_opened *o, size_t account, bool add)
{
	struct opened_account *a = &o->people.accounts[account];
	struct sk_verify_key key;
	const struct sk_json_value *value = sk_json_get(o->body, "key");
	bool holder = signed_by(o, account);
	if (add && !holder)
		return opened_refuse(o, "signature", "a further key needs the signature of its holder by a key that is in force");
	if (add || !holder)
		SK_TRY(need_authority(o, a->org));
	if (add)
		return add_key(o, account, value);
	if (value == NULL || value->kind != SK_JSON_TEXT || sk_verify_key_parse(value->text, &key) != SK_OK)
		return opened_refuse(o, "body", "expected a verifier key");
	for (size_t k = 0; k < a->key_count; k++)
		if (!a->keys[k].revoked && memcmp(a->keys[k].key.public_key, key.public_key, sizeof key.public_key) == 0) {
			a->keys[k].revoked = true;
			return SK_OK;
		}
	return opened_refuse(o, "key", "%.100s is no key of %s that is in force", key.name, a->id);
}

static enum sk_err account_act(struct sk_opened *o)
{
	const char *event = o->act.event;
	size_t account = find_account(o, o->act.id);
	if (strcmp(event, "open") == 0) {
		SK_TRY(opened_step_is(o, "", "open"));
		return account_open(o);
	}
	if (account == o->people.account_count || o->people.accounts[account].closed)
		return opened_refuse(o, "id", "no such account, or closed for good");
	bool close = strcmp(event, "close") == 0;
	SK_TRY(opened_step_is(o, o->leaf->previous == 0 ? "" : "open", close ? "closed" : "open"));
	if (strcmp(event, "role.grant") == 0 || strcmp(event, "role.revoke") == 0)
		return role_change(o, account, strcmp(event, "role.grant") == 0);
	if (strcmp(event, "key.add") == 0 || strcmp(event, "key.revoke") == 0)
		return key_change(o, account, strcmp(event, "key.add") == 0);
	if (!close)
		return opened_refuse(o, "event", "no step of an account");
	SK_TRY(need_authority(o, o->people.accounts[account].org));
	o->people.accounts[account].closed = true;
	return SK_OK;
}

/* ---- leases ---- */

static const struct {
	const char *event, *from, *to;
} lease_steps[] = {
    {"request", "", "requested"},       {"grant", "requested", "granted"},  {"refuse", "requested", "refused"}, {"use", "granted", "granted"},
    {"expire", "granted", "expired"},   {"revoke", "granted", "revoked"},   {"revoke", "requested", "revoked"},
};

static enum sk_err lease_request(struct sk_opened *o)
{
	size_t holder;
	SK_TRY(opened_one(o, &holder));
	o->matter->lease = calloc(1, sizeof *o->matter->lease);
	if (o->matter->lease == NULL)
		return no_memory(o);
	o->matter->lease->holder = holder;
	if (sk_json_get_u64(o->body, "seconds", &o->matter->lease->seconds) != SK_OK || o->matter->lease->seconds == 0 || o->matter->lease->seconds > lease_longest_s)
		return opened_refuse(o, "seconds", "expected 1 to %" PRIu64, lease_longest_s);
	return SK_OK;
}

static enum sk_err lease_act(struct sk_opened *o)
{
	struct opened_lease *lease = o->matter->lease;
	const char *event = o->act.event;
	size_t who = 0, step = 0;
	while (step < SK_COUNT(lease_steps) && (strcmp(lease_steps[step].event, event) != 0 || strcmp(lease_steps[step].from, o->leaf->from) != 0))
		step++;
	if (step == SK_COUNT(lease_steps))
		return opened_refuse(o, "event", "no such step of a lease from '%s'", o->leaf->from);
	SK_TRY(opened_step_is(o, lease_steps[step].from, lease_steps[step].to));
	if (lease == NULL)
		return strcmp(event, "request") == 0 ? lease_request(o) : opened_refuse(o, "event", "a lease begins by a request");
	bool expire = strcmp(event, "expire") == 0;
	if (!expire || !o->by_centre)
		SK_TRY(opened_one(o, &who));
	if ((strcmp(event, "grant") == 0 || strcmp(event, "refuse") == 0) && who == lease->holder)
		return opened_refuse(o, "signature", "%s decides about its own lease", o->people.accounts[who].id);
	if (strcmp(event, "grant") == 0)
		lease->until_ns = o->act.time_ns + (int64_t)lease->seconds * 1000000000;
	if (strcmp(event, "use") == 0 && (who != lease->holder || o->act.time_ns >= lease->until_ns))
		return opened_refuse(o, "time", "only its holder uses a lease, and not after its end");
	if (expire && o->act.time_ns < lease->until_ns)
		return opened_refuse(o, "time", "the lease runs still");
	return SK_OK;
}

enum sk_err opened_register_act(struct sk_opened *o)
{
	static const struct {
		const char *event;
		enum sk_err (*take)(struct sk_opened *o);
	} of_org[] = {{"found", found}, {"panel", panel}, {"add", org_add}};
	if (strcmp(o->act.matter, "account") == 0)
		return account_act(o);
	if (strcmp(o->act.matter, "lease") == 0)
		return lease_act(o);
	SK_TRY(opened_step_is(o, "", "open"));
	for (size_t i = 0; i < SK_COUNT(of_org); i++)
		if (strcmp(of_org[i].event, o->act.event) == 0)
			return of_org[i].take(o);
	return opened_refuse(o, "event", "no step of an organisation");
}
