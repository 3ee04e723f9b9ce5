/* SPDX-License-Identifier: Apache-2.0 */
/* The register: acts of three matters in the order of their leaves, each judged again and carried out. */
#include "access/access_priv.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const matters[] = {"org", "account", "lease"};

void *sk_access_grow(void *array_pointer, size_t *count, size_t *room, size_t size, size_t max)
{
	void **array = array_pointer;
	if (*count == max)
		return NULL;
	if (*count == *room) {
		size_t more = *room == 0 ? 8 : *room * 2;
		void *larger = reallocarray(*array, more, size);
		if (larger == NULL)
			return NULL;
		*array = larger;
		*room = more;
	}
	void *element = (char *)*array + *count * size;
	memset(element, 0, size);
	(*count)++;
	return element;
}

size_t sk_access_org(const struct sk_access *access, const char *id)
{
	for (size_t i = 0; i < access->org_count; i++)
		if (strcmp(access->orgs[i].id, id) == 0)
			return i;
	return SK_NOBODY;
}

size_t sk_access_account(const struct sk_access *access, const char *id)
{
	for (size_t i = 0; i < access->account_count; i++)
		if (strcmp(access->accounts[i].id, id) == 0)
			return i;
	return SK_NOBODY;
}

size_t sk_access_lease(const struct sk_access *access, const char *id)
{
	for (size_t i = 0; i < access->lease_count; i++)
		if (strcmp(access->leases[i].id, id) == 0)
			return i;
	return SK_NOBODY;
}

uint64_t sk_holder_roles(const struct sk_holder *account, int64_t at_ns)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < account->role_count; i++)
		if (account->roles[i].from_ns <= at_ns && at_ns < account->roles[i].until_ns)
			bits |= UINT64_C(1) << account->roles[i].role;
	return bits;
}

size_t sk_access_key_holder(const struct sk_access *access, const struct sk_verify_key *key, size_t *span)
{
	for (size_t i = 0; i < access->account_count; i++)
		for (size_t k = 0; k < access->accounts[i].key_count; k++)
			if (memcmp(access->accounts[i].keys[k].key.public_key, key->public_key, sizeof key->public_key) == 0) {
				*span = k;
				return i;
			}
	return SK_NOBODY;
}

void sk_access_person(const struct sk_access *access, size_t account, const struct sk_verify_key *key, int64_t at_ns, struct sk_person *out)
{
	const struct sk_holder *row = &access->accounts[account];
	const struct sk_org_row *org = &access->orgs[row->org];
	int64_t last_ns = 0;
	*out = (struct sk_person){.roles = sk_holder_roles(row, at_ns), .oversight = org->kind == SK_ORG_OVERSIGHT, .kind = org->kind, .key = *key};
	memcpy(out->account, row->id, sizeof out->account);
	memcpy(out->org, org->id, sizeof out->org);
	for (size_t i = 0; i < access->lease_count; i++) {
		const struct sk_lease *lease = &access->leases[i];
		if (lease->account != account || lease->granted_ns == 0 || at_ns < lease->granted_ns || at_ns >= lease->until_ns || lease->until_ns <= last_ns)
			continue;
		last_ns = lease->until_ns;
		memcpy(out->lease, lease->id, sizeof out->lease);
	}
}

enum sk_err sk_access_person_of(const struct sk_access *access, const char *account, int64_t now_ns, struct sk_person *out, struct sk_fault *fault)
{
	const struct sk_verify_key nobody = {.type = 0};
	size_t at = sk_access_account(access, account);
	if (at == SK_NOBODY || now_ns < access->accounts[at].from_ns || now_ns >= access->accounts[at].until_ns)
		return sk_fault_set(fault, SK_ENOENT, "%s: no such account, or it is closed", account);
	sk_access_person(access, at, &nobody, now_ns, out);
	return SK_OK;
}

size_t sk_access_lease_for(const struct sk_access *access, size_t account, const char *activity, const char *scope, int64_t at_ns)
{
	for (size_t i = 0; i < access->lease_count; i++) {
		const struct sk_lease *lease = &access->leases[i];
		if (lease->account == account && strcmp(lease->activity, activity) == 0 && lease->granted_ns != 0 && lease->granted_ns <= at_ns && at_ns < lease->until_ns &&
		    (scope == NULL || strcmp(lease->scope, "*") == 0 || strcmp(lease->scope, scope) == 0))
			return i;
	}
	return SK_NOBODY;
}

/* ---- who ---- */

/* The account and key behind one signature line: the name and id of a key that was in force. */
static enum sk_err find_signer(const struct sk_access *access, const struct sk_note_signature *signature, int64_t now_ns, size_t *account,
			       const struct sk_key_span **out, struct sk_fault *fault)
{
	bool known = false;
	for (size_t i = 0; i < access->account_count; i++) {
		const struct sk_holder *row = &access->accounts[i];
		for (size_t k = 0; k < row->key_count; k++) {
			const struct sk_key_span *span = &row->keys[k];
			if (span->key.id != signature->id || strcmp(span->key.name, signature->name) != 0)
				continue;
			known = true;
			if (span->from_ns > now_ns || now_ns >= span->until_ns || row->from_ns > now_ns || now_ns >= row->until_ns)
				continue;
			*account = i;
			*out = span;
			return SK_OK;
		}
	}
	return sk_fault_set(fault, SK_ENOENT, known ? "%s: this key or its account is not in force" : "%s: nobody's key; sekisho access key list shows them", signature->name);
}

enum sk_err sk_access_signers(struct sk_access *access, const char *note, size_t length, int64_t now_ns, struct sk_person *out, size_t capacity, size_t *count,
			      struct sk_fault *fault)
{
	struct sk_note parsed;
	*count = 0;
	SK_TRY(sk_note_parse(note, length, &parsed, fault));
	for (size_t i = 0; i < parsed.signature_count; i++) {
		const struct sk_key_span *span = NULL;
		size_t account = SK_NOBODY;
		SK_TRY(find_signer(access, &parsed.signatures[i], now_ns, &account, &span, fault));
		if (sk_note_verify(&parsed, &span->key) != SK_OK)
			return sk_fault_set(fault, SK_ESIGNATURE, "%s: the signature does not verify", parsed.signatures[i].name);
		bool again = false;
		for (size_t k = 0; k < *count; k++)
			again = again || strcmp(out[k].account, access->accounts[account].id) == 0;
		if (again)
			continue; /* two keys of one person are one person. rule: ACCESS-7 */
		if (*count == capacity)
			return sk_fault_set(fault, SK_ETOOBIG, "more than %zu people signed", capacity);
		sk_access_person(access, account, &span->key, now_ns, &out[(*count)++]);
	}
	return SK_OK;
}

enum sk_err sk_access_who(struct sk_access *access, const char *note, size_t length, int64_t now_ns, struct sk_person *out, struct sk_fault *fault)
{
	struct sk_note parsed;
	size_t count;
	SK_TRY(sk_note_parse(note, length, &parsed, fault));
	if (parsed.signature_count != 1)
		return sk_fault_set(fault, SK_ESIGNATURE, "%zu signatures under the act, expected exactly one", parsed.signature_count);
	return sk_access_signers(access, note, length, now_ns, out, 1, &count, fault);
}

/* ---- time ---- */

int64_t sk_access_now(const struct sk_access *access, int64_t clock_ns)
{
	return clock_ns > access->latest_ns ? clock_ns : access->latest_ns;
}

void sk_access_seen(struct sk_access *access, int64_t time_ns)
{
	access->latest_ns = sk_access_now(access, time_ns);
}

uint64_t sk_access_void(const struct sk_access *access, const char **why)
{
	*why = access->void_why;
	return access->void_count;
}

/* ---- the fold ---- */

struct held {
	uint64_t leaf;
	char *note; /* owned */
	size_t length;
};

struct pile {
	size_t count, room;
	struct held *acts;
};

enum { ACTS_MAX = 1 << 20 };

static enum sk_err keep(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct pile *pile = context;
	char *copy = malloc(entry->note_length + 1);
	struct held *held = copy != NULL ? sk_access_grow(&pile->acts, &pile->count, &pile->room, sizeof *held, ACTS_MAX) : NULL;
	if (held == NULL) {
		free(copy);
		return sk_fault_set(fault, SK_ENOMEM, "register: out of memory, or more than %d acts", ACTS_MAX);
	}
	memcpy(copy, entry->note, entry->note_length);
	copy[entry->note_length] = '\0';
	*held = (struct held){entry->leaf, copy, entry->note_length};
	return SK_OK;
}

static int by_leaf(const void *left, const void *right)
{
	uint64_t a = ((const struct held *)left)->leaf, b = ((const struct held *)right)->leaf;
	return a < b ? -1 : a > b;
}

/* The body of a note is the statement: everything before its last empty line. */
static enum sk_err statement_of(const char *note, size_t length, struct sk_act *act, struct sk_fault *fault)
{
	struct sk_note parsed;
	SK_TRY(sk_note_parse(note, length, &parsed, fault));
	return sk_act_read(parsed.body, parsed.body_length, act, fault);
}

static enum sk_err take(struct sk_access *access, const char *note, size_t length, const struct sk_act *act, struct sk_act_facts *facts, bool apply,
			struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	struct sk_change *change = calloc(1, sizeof *change);
	if (change == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "register: out of memory");
	change->act = act;
	change->facts = facts;
	enum sk_err err = sk_json_parse(act->body, act->body_length, &doc, fault);
	if (err == SK_OK) {
		change->body = sk_json_top(doc);
		change->founding = access->org_count == 0;
		change->by_founder = !change->founding && sk_access_by_founder(access, note, length, act);
		change->by_centre = !change->founding && sk_access_by_centre(access, note, length, act);
		if (change->by_founder || change->by_centre)
			err = SK_OK;
		else if (!change->founding)
			err = sk_access_signers(access, note, length, sk_access_now(access, act->time_ns), change->signers, SK_COUNT(change->signers),
						&change->signer_count, fault);
		else
			err = sk_access_founder(note, length, change, fault);
	}
	if (err == SK_OK)
		err = sk_access_weigh(access, change, fault);
	if (err == SK_OK && apply) {
		err = sk_access_apply(access, change, fault);
		if (err == SK_OK)
			sk_access_seen(access, act->time_ns);
	}
	sk_json_free(doc);
	free(change);
	return err;
}

/* An act that was not allowed changes nothing, and is counted: the program that wrote it down was not ours, or its rules were others. rule: ACCESS-4 */
static enum sk_err fold(struct sk_access *access, const struct pile *pile, struct sk_fault *fault)
{
	for (size_t i = 0; i < pile->count; i++) {
		struct sk_act act;
		struct sk_act_facts facts = {0};
		struct sk_fault why = {0};
		enum sk_err err = statement_of(pile->acts[i].note, pile->acts[i].length, &act, &why);
		if (err == SK_OK)
			err = take(access, pile->acts[i].note, pile->acts[i].length, &act, &facts, true, &why);
		if (err == SK_ENOMEM || err == SK_ETOOBIG) {
			*fault = why;
			return err;
		}
		if (err != SK_OK && access->void_count++ == 0)
			(void)snprintf(access->void_why, sizeof access->void_why, "leaf %llu: %.400s", (unsigned long long)pile->acts[i].leaf, why.line);
	}
	return SK_OK;
}

enum sk_err sk_access_follow(struct sk_access *access, struct sk_docket *docket, uint64_t from_leaf, struct sk_fault *fault)
{
	struct pile pile = {0};
	enum sk_err err = SK_OK;
	for (size_t i = 0; err == SK_OK && i < SK_COUNT(matters); i++)
		err = sk_docket_walk(docket, matters[i], NULL, from_leaf, keep, &pile, fault);
	if (err == SK_OK && pile.count != 0)
		qsort(pile.acts, pile.count, sizeof *pile.acts, by_leaf);
	if (err == SK_OK)
		err = fold(access, &pile, fault);
	for (size_t i = 0; i < pile.count; i++)
		free(pile.acts[i].note);
	free(pile.acts);
	return err;
}

enum sk_err sk_access_open(struct sk_docket *docket, struct sk_access **out, struct sk_fault *fault)
{
	struct sk_access *access;
	SK_TRY(sk_access_begin(&access, fault));
	enum sk_err err = sk_access_follow(access, docket, 0, fault);
	if (err != SK_OK) {
		sk_access_close(access);
		return err;
	}
	*out = access;
	return SK_OK;
}

/* A copy of count elements, with no room for more; NULL for none. */
static bool copy_array(const void *from, size_t count, size_t size, void *to_pointer, bool *whole)
{
	void **to = to_pointer;
	*to = count != 0 ? calloc(count, size) : NULL;
	if (*to != NULL)
		memcpy(*to, from, count * size);
	*whole = *whole && (*to != NULL || count == 0);
	return *whole;
}

enum sk_err sk_access_copy(const struct sk_access *access, struct sk_access **out, struct sk_fault *fault)
{
	struct sk_access *copy = calloc(1, sizeof *copy);
	bool whole = copy != NULL;
	*out = NULL;
	if (whole) {
		*copy = *access;
		copy->accounts = NULL;
		copy->account_count = 0;
		copy->org_room = access->org_count;
		copy->account_room = access->account_count;
		copy->lease_room = access->lease_count;
		(void)copy_array(access->orgs, access->org_count, sizeof *access->orgs, &copy->orgs, &whole);
		(void)copy_array(access->leases, access->lease_count, sizeof *access->leases, &copy->leases, &whole);
		(void)copy_array(access->accounts, access->account_count, sizeof *access->accounts, &copy->accounts, &whole);
	}
	for (size_t i = 0; whole && i < access->account_count; i++) {
		struct sk_holder *holder = &copy->accounts[copy->account_count++];
		(void)copy_array(access->accounts[i].roles, holder->role_count, sizeof *holder->roles, &holder->roles, &whole);
		(void)copy_array(access->accounts[i].keys, holder->key_count, sizeof *holder->keys, &holder->keys, &whole);
	}
	if (whole) {
		*out = copy;
		return SK_OK;
	}
	sk_access_close(copy);
	return sk_fault_set(fault, SK_ENOMEM, "register: out of memory");
}

void sk_access_close(struct sk_access *access)
{
	if (access == NULL)
		return;
	for (size_t i = 0; i < access->account_count; i++) {
		free(access->accounts[i].roles);
		free(access->accounts[i].keys);
	}
	free(access->orgs);
	free(access->accounts);
	free(access->leases);
	free(access);
}

enum sk_err sk_access_begin(struct sk_access **out, struct sk_fault *fault)
{
	*out = calloc(1, sizeof **out);
	return *out != NULL ? SK_OK : sk_fault_set(fault, SK_ENOMEM, "register: out of memory");
}

enum sk_err sk_access_judge_again(struct sk_access *access, const struct sk_entry *entry, struct sk_act_facts *facts, struct sk_fault *fault)
{
	bool changes = false;
	for (size_t i = 0; i < SK_COUNT(matters); i++)
		changes = changes || strcmp(entry->act.matter, matters[i]) == 0;
	memset(facts, 0, sizeof *facts);
	return take(access, entry->note, entry->note_length, &entry->act, facts, changes, fault);
}

enum sk_err sk_access_judge(struct sk_access *access, const char *note, size_t length, const struct sk_act *act, struct sk_act_facts *facts, struct sk_fault *fault)
{
	return take(access, note, length, act, facts, false, fault);
}
