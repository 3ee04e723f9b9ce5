/* SPDX-License-Identifier: Apache-2.0 */
/* Which change of the register is allowed: organisations, accounts, roles, keys. Nothing is changed here (apply.c does). rule: ACCESS-4 */
#include "access/access_priv.h"

#include <stdlib.h>

int64_t sk_access_moment(const struct sk_access *access, const struct sk_change *change)
{
	return sk_access_now(access, change->act->time_ns);
}

/* ---- bodies ---- */

enum sk_err sk_access_body_is(const struct sk_change *change, const char *const *members, struct sk_fault *fault)
{
	const struct sk_json_value *member = change->body->child;
	for (; *members != NULL; members++, member = member->next)
		if (member == NULL || strcmp(member->key, *members) != 0)
			return sk_fault_set(fault, SK_EMALFORMED, "%s.%s: body: expected the member %s", change->act->matter, change->act->event, *members);
	if (member != NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "%s.%s: body: unknown member %s", change->act->matter, change->act->event, member->key);
	return SK_OK;
}

enum sk_err sk_access_body_text(const struct sk_change *change, const char *member, char *out, size_t size, struct sk_fault *fault)
{
	const char *text = sk_json_get_text(change->body, member);
	if (text == NULL || text[0] == '\0' || strlen(text) >= size)
		return sk_fault_set(fault, SK_EMALFORMED, "%s.%s: %s: expected a text of 1 to %zu bytes", change->act->matter, change->act->event, member, size - 1);
	memcpy(out, text, strlen(text) + 1);
	return SK_OK;
}

static enum sk_err body_key(const struct sk_json_value *value, struct sk_verify_key *key, struct sk_fault *fault)
{
	if (value == NULL || value->kind != SK_JSON_TEXT || sk_verify_key_parse(value->text, key) != SK_OK || key->type == 0x04)
		return sk_fault_set(fault, SK_EMALFORMED, "key: expected the text of a verifier key (name+id+base64)");
	return SK_OK;
}

static enum sk_err body_kind(const struct sk_change *change, enum sk_org_kind *kind, struct sk_fault *fault)
{
	char name[SK_ACT_WORD_MAX];
	SK_TRY(sk_access_body_text(change, "kind", name, sizeof name, fault));
	if (sk_org_kind_parse(name, kind) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "kind: %s: no such kind of organisation (nco, npa, mod, operator, carrier, own_network, ...)", name);
	return SK_OK;
}

static enum sk_err body_role(const struct sk_json_value *value, enum sk_person_role *role, struct sk_fault *fault)
{
	if (value == NULL || value->kind != SK_JSON_TEXT || sk_person_role_parse(value->text, role) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "role: %s: no such role", value != NULL && value->kind == SK_JSON_TEXT ? value->text : "?");
	return SK_OK;
}

/* ---- who signed ---- */

const struct sk_person *sk_access_signed_by(const struct sk_change *change, const char *account)
{
	for (size_t i = 0; i < change->signer_count; i++)
		if (strcmp(change->signers[i].account, account) == 0)
			return &change->signers[i];
	return NULL;
}

enum sk_err sk_access_founder(const char *note, size_t length, struct sk_change *change, struct sk_fault *fault)
{
	struct sk_note parsed;
	struct sk_verify_key founder;
	if (strcmp(change->act->matter, "org") != 0 || strcmp(change->act->event, "found") != 0)
		return sk_fault_set(fault, SK_EPERMIT, "nobody is known here yet: sekisho access init names the first organisation and administrator");
	SK_TRY(sk_note_parse(note, length, &parsed, fault));
	SK_TRY(body_key(sk_json_get(change->body, "founder"), &founder, fault));
	if (parsed.signature_count != 1 || sk_note_verify(&parsed, &founder) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "%s: expected one signature, by the key that the act names as the founder's", founder.name);
	return SK_OK;
}

static bool signed_by_founder(const struct sk_access *access, const char *note, size_t length)
{
	struct sk_note parsed;
	struct sk_fault ignored;
	return sk_note_parse(note, length, &parsed, &ignored) == SK_OK && parsed.signature_count == 1 && sk_note_verify(&parsed, &access->founder) == SK_OK;
}

bool sk_access_by_founder(const struct sk_access *access, const char *note, size_t length, const struct sk_act *act)
{
	return strcmp(act->matter, "org") == 0 && strcmp(act->event, "panel") == 0 && signed_by_founder(access, note, length);
}

bool sk_access_by_centre(const struct sk_access *access, const char *note, size_t length, const struct sk_act *act)
{
	return strcmp(act->matter, "access") == 0 && strcmp(act->event, "book") == 0 && signed_by_founder(access, note, length);
}

/* Oversight's own quorum: chair or deputy, and more than half of the panel, at least three where it has three. rule: ACCESS-8 */
enum sk_err sk_access_panel(const struct sk_access *access, const struct sk_change *change, int64_t at_ns, struct sk_fault *fault)
{
	const uint64_t head = UINT64_C(1) << SK_PERSON_OVERSIGHT_CHAIR | UINT64_C(1) << SK_PERSON_OVERSIGHT_DEPUTY;
	const uint64_t seat = head | UINT64_C(1) << SK_PERSON_OVERSIGHT_MEMBER;
	size_t panel = 0, hands = 0;
	bool led = false;
	for (size_t i = 0; i < access->account_count; i++) {
		const struct sk_holder *account = &access->accounts[i];
		uint64_t roles = sk_holder_roles(account, at_ns);
		if (access->orgs[account->org].kind != SK_ORG_OVERSIGHT || at_ns >= account->until_ns || (roles & seat) == 0)
			continue;
		panel++;
		if (sk_access_signed_by(change, account->id) == NULL)
			continue;
		hands++;
		led = led || (roles & head) != 0;
	}
	size_t least = panel / 2 + 1, present = panel < SK_ACCESS_PANEL_MIN ? panel : SK_ACCESS_PANEL_MIN;
	if (present > least)
		least = present;
	if (!led || hands < least)
		return sk_fault_set(fault, SK_EPANEL, "%s: oversight changes by its own panel alone: %zu of %zu signed, expected %zu with chair or deputy%s",
				    change->act->id, hands, panel, least, led ? "" : "; neither of them did");
	return SK_OK;
}

/* An administrator who may act in that organisation; the host's may in each. SK_EPERMIT. */
static enum sk_err need_administrator(struct sk_access *access, const struct sk_change *change, size_t org, struct sk_fault *fault)
{
	struct sk_fault why = {0};
	for (size_t i = 0; i < change->signer_count; i++) {
		const struct sk_person *person = &change->signers[i];
		size_t home = sk_access_org(access, person->org);
		if (sk_access_may(access, person, "access.grant", sk_access_moment(access, change), &why) != SK_OK)
			continue;
		if (access->orgs[home].host || (org != SK_NOBODY && home == org))
			return SK_OK;
		(void)sk_fault_set(&why, SK_EPERMIT, "%s: administers %s, and not this organisation", person->account, person->org);
	}
	return sk_fault_set(fault, SK_EPERMIT, "%s.%s: needs an administrator (%s)", change->act->matter, change->act->event, why.line);
}

/* rule: ACCESS-8 */
enum sk_err sk_access_authority(struct sk_access *access, const struct sk_change *change, size_t org, struct sk_fault *fault)
{
	if (access->orgs[org].kind == SK_ORG_OVERSIGHT)
		return sk_access_panel(access, change, sk_access_moment(access, change), fault);
	return need_administrator(access, change, org, fault);
}

/* ---- keys ---- */

/* One key is one account's, for good: neither on two accounts, nor back after it was revoked. rule: ACCESS-7 */
static enum sk_err key_is_new(const struct sk_access *access, const struct sk_verify_key *key, struct sk_fault *fault)
{
	size_t span, holder = sk_access_key_holder(access, key, &span);
	if (holder != SK_NOBODY)
		return sk_fault_set(fault, SK_EEXIST, "%s: this key is or was the account %s's; a key belongs to one account and does not come back", key->name,
				    access->accounts[holder].id);
	for (size_t i = 0; i < access->account_count; i++)
		for (size_t k = 0; k < access->accounts[i].key_count; k++)
			if (access->accounts[i].keys[k].key.id == key->id && strcmp(access->accounts[i].keys[k].key.name, key->name) == 0)
				return sk_fault_set(fault, SK_EEXIST, "%s+%08x: a key of this name and id is there already", key->name, key->id);
	return SK_OK;
}

static enum sk_err weigh_keys(const struct sk_access *access, const struct sk_json_value *keys, struct sk_fault *fault)
{
	if (keys == NULL || keys->kind != SK_JSON_ARRAY || keys->length == 0 || keys->length > SK_ACCESS_KEYS_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "keys: expected 1 to %d verifier keys", SK_ACCESS_KEYS_MAX);
	for (const struct sk_json_value *value = keys->child; value != NULL; value = value->next) {
		struct sk_verify_key key, other;
		SK_TRY(body_key(value, &key, fault));
		SK_TRY(key_is_new(access, &key, fault));
		for (const struct sk_json_value *before = keys->child; before != value; before = before->next) {
			SK_TRY(body_key(before, &other, fault));
			if (memcmp(other.public_key, key.public_key, sizeof key.public_key) == 0)
				return sk_fault_set(fault, SK_EEXIST, "%s: the same key twice", key.name);
		}
	}
	return SK_OK;
}

/* ---- organisations ---- */

static enum sk_err weigh_found(const struct sk_access *access, const struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"account", "founder", "key", "kind", "title", NULL};
	char text[SK_ACCESS_TITLE_MAX], account[SK_MATTER_ID_MAX];
	enum sk_org_kind kind;
	struct sk_verify_key key, founder;
	if (!change->founding)
		return sk_fault_set(fault, SK_EEXIST, "%s is the founder already; sekisho access org add makes further organisations", access->orgs[0].id);
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(sk_access_body_text(change, "account", account, sizeof account, fault));
	SK_TRY(sk_access_body_text(change, "title", text, sizeof text, fault));
	SK_TRY(body_kind(change, &kind, fault));
	SK_TRY(body_key(sk_json_get(change->body, "key"), &key, fault));
	SK_TRY(body_key(sk_json_get(change->body, "founder"), &founder, fault));
	if (kind == SK_ORG_OVERSIGHT || kind == SK_ORG_NSS)
		return sk_fault_set(fault, SK_EPERMIT, "kind: a centre is founded neither by oversight nor by who may see no data");
	if (memcmp(key.public_key, founder.public_key, sizeof key.public_key) == 0)
		return sk_fault_set(fault, SK_EPERMIT, "key: the centre's own key is nobody's");
	sk_facts_word(change->facts, "org.", sk_org_kind_name(kind));
	return SK_OK;
}

/* The first of the panel, once, by the founder or an administrator of the host: afterwards no administrator has a say in it. rule: ACCESS-8 */
static enum sk_err weigh_panel(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"keys", "title", NULL};
	char title[SK_ACCESS_TITLE_MAX];
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(sk_access_body_text(change, "title", title, sizeof title, fault));
	for (size_t i = 0; i < access->org_count; i++)
		if (access->orgs[i].kind == SK_ORG_OVERSIGHT)
			return sk_fault_set(fault, SK_EPERMIT, "%s: oversight is there already, and changes by its own panel alone", access->orgs[i].id);
	SK_TRY(weigh_keys(access, sk_json_get(change->body, "keys"), fault));
	if (!change->by_founder)
		SK_TRY(need_administrator(access, change, SK_NOBODY, fault));
	sk_facts_word(change->facts, "org.", sk_org_kind_name(SK_ORG_OVERSIGHT));
	return SK_OK;
}

static enum sk_err weigh_org_add(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"kind", "member", "title", NULL};
	char title[SK_ACCESS_TITLE_MAX];
	enum sk_org_kind kind;
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(sk_access_body_text(change, "title", title, sizeof title, fault));
	SK_TRY(body_kind(change, &kind, fault));
	if (sk_json_get(change->body, "member")->kind != SK_JSON_BOOL)
		return sk_fault_set(fault, SK_EMALFORMED, "member: expected true or false");
	if (kind == SK_ORG_OVERSIGHT)
		return sk_fault_set(fault, SK_EPERMIT, "oversight is one organisation with keys of its own: sekisho access panel founds it");
	SK_TRY(need_administrator(access, change, SK_NOBODY, fault));
	sk_facts_word(change->facts, "org.", sk_org_kind_name(kind));
	return SK_OK;
}

static enum sk_err weigh_org(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault)
{
	const char *event = change->act->event;
	if (sk_access_org(access, change->act->id) != SK_NOBODY)
		return sk_fault_set(fault, SK_EEXIST, "%s: there is an organisation of that name", change->act->id);
	memcpy(change->facts->to, "open", sizeof "open");
	if (strcmp(event, "found") == 0)
		return weigh_found(access, change, fault);
	if (strcmp(event, "panel") == 0)
		return weigh_panel(access, change, fault);
	if (strcmp(event, "add") == 0)
		return weigh_org_add(access, change, fault);
	return sk_fault_set(fault, SK_EMALFORMED, "org.%s: no such step", event);
}

/* ---- accounts ---- */

static enum sk_err weigh_open(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"keys", "org", "roles", "title", NULL};
	char org_id[SK_MATTER_ID_MAX], title[SK_ACCESS_TITLE_MAX];
	uint64_t roles = 0;
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(sk_access_body_text(change, "org", org_id, sizeof org_id, fault));
	SK_TRY(sk_access_body_text(change, "title", title, sizeof title, fault));
	size_t org = sk_access_org(access, org_id);
	if (org == SK_NOBODY)
		return sk_fault_set(fault, SK_ENOENT, "%s: no such organisation; sekisho access org list shows them", org_id);
	const struct sk_json_value *list = sk_json_get(change->body, "roles");
	if (list->kind != SK_JSON_ARRAY || list->length > SK_PERSON_ROLE_COUNT)
		return sk_fault_set(fault, SK_EMALFORMED, "roles: expected a list of roles");
	for (const struct sk_json_value *value = list->child; value != NULL; value = value->next) {
		enum sk_person_role role;
		SK_TRY(body_role(value, &role, fault));
		if ((roles >> role & 1) != 0)
			return sk_fault_set(fault, SK_EMALFORMED, "roles: %s twice", value->text);
		roles |= UINT64_C(1) << role;
		sk_facts_word(change->facts, "role.", value->text);
	}
	SK_TRY(sk_access_roles_fit(roles, access->orgs[org].kind, fault));
	SK_TRY(weigh_keys(access, sk_json_get(change->body, "keys"), fault));
	sk_facts_word(change->facts, "org.", sk_org_kind_name(access->orgs[org].kind));
	return sk_access_authority(access, change, org, fault);
}

static enum sk_err weigh_role(struct sk_access *access, const struct sk_change *change, const struct sk_holder *account, bool grant, struct sk_fault *fault)
{
	static const char *const members[] = {"role", NULL};
	enum sk_person_role role;
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(body_role(sk_json_get(change->body, "role"), &role, fault));
	uint64_t roles = sk_holder_roles(account, sk_access_moment(access, change)), bit = UINT64_C(1) << role;
	const struct sk_org_row *org = &access->orgs[account->org];
	if (grant && (roles & bit) != 0)
		return sk_fault_set(fault, SK_EEXIST, "%s has the role %s already", account->id, sk_person_role_name(role));
	if (!grant && (roles & bit) == 0)
		return sk_fault_set(fault, SK_ENOENT, "%s has not the role %s", account->id, sk_person_role_name(role));
	if (grant)
		SK_TRY(sk_access_roles_fit(roles | bit, org->kind, fault));
	/* Nobody gives himself a role. (Oversight's panel as a whole may give one to a member who signs too.) */
	if (grant && org->kind != SK_ORG_OVERSIGHT && sk_access_signed_by(change, account->id) != NULL)
		return sk_fault_set(fault, SK_EPERMIT, "%s: nobody grants a role to himself", account->id);
	sk_facts_word(change->facts, "role.", sk_person_role_name(role));
	return sk_access_authority(access, change, account->org, fault);
}

/* A further key needs the holder's own signature beside the administrator's: else whoever administers could sign as somebody else. Who has lost every key gets a
   new account. Revoking is for the holder or the administrator, whoever notices first. rule: ACCESS-9 */
static enum sk_err weigh_key(struct sk_access *access, const struct sk_change *change, const struct sk_holder *account, bool add, struct sk_fault *fault)
{
	static const char *const members[] = {"key", NULL};
	struct sk_verify_key key;
	size_t span = 0;
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(body_key(sk_json_get(change->body, "key"), &key, fault));
	bool holder = sk_access_signed_by(change, account->id) != NULL;
	if (add) {
		SK_TRY(key_is_new(access, &key, fault));
		if (!holder)
			return sk_fault_set(fault, SK_EPERMIT, "%s: a further key needs the holder's signature by a key that he has (--key twice, or --cosign)", account->id);
		return sk_access_authority(access, change, account->org, fault);
	}
	size_t owner = sk_access_key_holder(access, &key, &span);
	if (owner == SK_NOBODY || &access->accounts[owner] != account || account->keys[span].until_ns != INT64_MAX)
		return sk_fault_set(fault, SK_ENOENT, "%s: no key of %s that is in force", key.name, account->id);
	return holder ? SK_OK : sk_access_authority(access, change, account->org, fault);
}

static enum sk_err weigh_account(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault)
{
	static const char *const close_members[] = {"why", NULL};
	const char *event = change->act->event;
	size_t index = sk_access_account(access, change->act->id);
	if (strcmp(event, "open") == 0) {
		if (index != SK_NOBODY)
			return sk_fault_set(fault, SK_EEXIST, "%s: there is, or was, an account of that name", change->act->id);
		memcpy(change->facts->to, "open", sizeof "open");
		return weigh_open(access, change, fault);
	}
	if (index == SK_NOBODY)
		return sk_fault_set(fault, SK_ENOENT, "%s: no such account", change->act->id);
	const struct sk_holder *account = &access->accounts[index];
	if (account->until_ns != INT64_MAX)
		return sk_fault_set(fault, SK_EPERMIT, "%s: the account is closed, for good", account->id);
	/* Who was founded with his organisation has no act of his own before this one. */
	if (sk_count_nonzero(change->act->previous, SK_HASH_BYTES) != 0)
		memcpy(change->facts->from, "open", sizeof "open");
	memcpy(change->facts->to, "open", sizeof "open");
	if (strcmp(event, "role.grant") == 0 || strcmp(event, "role.revoke") == 0)
		return weigh_role(access, change, account, strcmp(event, "role.grant") == 0, fault);
	if (strcmp(event, "key.add") == 0 || strcmp(event, "key.revoke") == 0)
		return weigh_key(access, change, account, strcmp(event, "key.add") == 0, fault);
	if (strcmp(event, "close") != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "account.%s: no such step", event);
	char why[SK_ACCESS_TITLE_MAX];
	memcpy(change->facts->to, "closed", sizeof "closed");
	SK_TRY(sk_access_body_is(change, close_members, fault));
	SK_TRY(sk_access_body_text(change, "why", why, sizeof why, fault));
	return sk_access_authority(access, change, account->org, fault);
}

enum sk_err sk_access_weigh(struct sk_access *access, struct sk_change *change, struct sk_fault *fault)
{
	const char *matter = change->act->matter;
	if (strcmp(matter, "org") == 0)
		return weigh_org(access, change, fault);
	if (strcmp(matter, "account") == 0)
		return weigh_account(access, change, fault);
	if (strcmp(matter, "lease") == 0)
		return sk_access_weigh_lease(access, change, fault);
	bool known = false;
	SK_TRY(sk_access_weigh_look(access, change, &known, fault));
	return known ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "%s.%s: no step that access judges", matter, change->act->event);
}

void sk_facts_word(struct sk_act_facts *facts, const char *prefix, const char *name)
{
	char word[SK_ACT_WORD_MAX] = {0};
	size_t head = strlen(prefix), length = strlen(name);
	if (facts->word_count == SK_ACT_WORDS_MAX || head + length >= sizeof word)
		return;
	memcpy(word, prefix, head);
	memcpy(word + head, name, length);
	size_t at = facts->word_count;
	while (at != 0 && strcmp(facts->words[at - 1], word) > 0)
		at--;
	if (at != 0 && strcmp(facts->words[at - 1], word) == 0)
		return;
	memmove(facts->words[at + 1], facts->words[at], (facts->word_count - at) * sizeof facts->words[0]);
	memcpy(facts->words[at], word, sizeof word);
	facts->word_count++;
}
