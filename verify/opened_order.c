/* SPDX-License-Identifier: Apache-2.0 */
/* An order: its states by the contract's table, and the nested quorum counted again over the acts of approval themselves. rule: OPENED-4 OPENED-5 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "opened_priv.h"

static void forget_voices(struct opened_order *r)
{
	for (size_t i = 0; i < r->voice_count; i++)
		free(r->voices[i].note);
	r->voice_count = 0;
}

static void forget_text(struct opened_order *r)
{
	free(r->line);
	free(r->quorum);
	free(r->ratify);
	r->line = r->quorum = r->ratify = NULL;
}

void opened_order_free(struct opened_order *order)
{
	if (order == NULL)
		return;
	forget_voices(order);
	forget_text(order);
	free(order);
}

static enum sk_err no_memory(struct sk_opened *o)
{
	return sk_fault_set(o->fault, SK_ENOMEM, "out of memory");
}

/* ---- propose, edit ---- */

static void digest_of(const char *text, size_t length, uint8_t out[SK_HASH_BYTES])
{
	sk_sha256(text, length, out);
}

/* A member that is an object, as the bytes it stands in: up to what stands before the next member's value. */
static bool slice(const struct sk_opened *o, const struct sk_json_value *object, const char *next, const char **at, size_t *length)
{
	const struct sk_json_value *after = object != NULL ? object->next : NULL;
	if (object == NULL || object->kind != SK_JSON_OBJECT || after == NULL || strcmp(after->key, next) != 0)
		return false;
	*at = o->act.body + object->offset;
	*length = after->offset - strlen(next) - 4 - object->offset; /* ,"next": */
	return true;
}

/* Each member of the quorum, ORGANISATION/PERSON#KEY, is an account of the register, in force, and the key is its own. */
static enum sk_err check_member(struct sk_opened *o, const char *name, const struct sk_verify_key *key, bool *by_org)
{
	const char *slash = strchr(name, '/'), *person = slash != NULL ? slash + 1 : name;
	size_t length = strcspn(person, "#"), org_length = slash != NULL ? (size_t)(slash - name) : 0;
	*by_org = *by_org || slash != NULL;
	for (size_t i = 0; i < o->people.account_count; i++) {
		const struct opened_account *account = &o->people.accounts[i];
		const char *org = o->people.orgs[account->org].id;
		if (account->closed || strlen(account->id) != length || memcmp(account->id, person, length) != 0 ||
		    (slash != NULL && (strlen(org) != org_length || memcmp(org, name, org_length) != 0)))
			continue;
		for (size_t k = 0; k < account->key_count; k++)
			if (!account->keys[k].revoked && memcmp(account->keys[k].key.public_key, key->public_key, sizeof key->public_key) == 0)
				return SK_OK;
	}
	return opened_refuse(o, "quorum", "'%.120s' is no account with that key in the register", name);
}

static enum sk_err check_members(struct sk_opened *o, const char *text, bool *by_org)
{
	struct sk_quorum *quorum = NULL;
	struct sk_fault inner = {.line = ""};
	enum sk_err err = SK_OK;
	if (sk_quorum_parse(text, strlen(text), &quorum, &inner) != SK_OK)
		return opened_refuse(o, "quorum", "%.250s", inner.line);
	for (size_t i = 0; err == SK_OK && i < sk_quorum_members(quorum); i++) {
		const char *name;
		const struct sk_verify_key *key = sk_quorum_member(quorum, i, &name);
		err = check_member(o, name, key, by_org);
	}
	sk_quorum_free(quorum);
	return err;
}

static enum sk_err check_order(struct sk_opened *o, const struct sk_order *order, const char *document, size_t length, const char *quorum, size_t proposer)
{
	uint8_t digest[SK_HASH_BYTES];
	bool known = false;
	if (strcmp(order->id, o->act.id) != 0)
		return opened_refuse(o, "order", "expected the id of the matter, found %s", order->id);
	digest_of(document, length, digest);
	if (memcmp(digest, order->document, SK_HASH_BYTES) != 0)
		return opened_refuse(o, "document", "the order's line names another document");
	digest_of(quorum, strlen(quorum), digest);
	if (memcmp(digest, order->quorum, SK_HASH_BYTES) != 0)
		return opened_refuse(o, "quorum", "the order's line names another quorum");
	const struct opened_account *account = &o->people.accounts[proposer];
	for (size_t k = 0; k < account->key_count; k++)
		known = known || memcmp(account->keys[k].key.public_key, order->proposer.public_key, sizeof order->proposer.public_key) == 0;
	if (!known)
		return opened_refuse(o, "proposer", "the order's line names another proposer than who signed");
	return SK_OK;
}

static enum sk_err propose(struct sk_opened *o, struct opened_order *r, enum sk_order_outcome *outcome)
{
	const char *line = sk_json_get_text(o->body, "order"), *document, *quorum = sk_json_get_text(o->body, "quorum"), *ratify = sk_json_get_text(o->body, "ratify");
	size_t document_length, who;
	struct sk_fault inner = {.line = ""};
	(void)outcome;
	SK_TRY(opened_one(o, &who));
	if (r->line != NULL && who != r->proposer)
		return opened_refuse(o, "signature", "expected %s, who proposed it", o->people.accounts[r->proposer].id);
	if (!slice(o, sk_json_get(o->body, "document"), "order", &document, &document_length) || line == NULL || quorum == NULL || ratify == NULL)
		return opened_refuse(o, "body", "expected document, order, quorum and ratify");
	struct sk_order *order = calloc(1, sizeof *order);
	char *text = strdup(line);
	if (order == NULL || text == NULL) {
		free(order);
		free(text);
		return no_memory(o);
	}
	enum sk_err err = sk_order_decode(text, strlen(text), order, &inner);
	err = err != SK_OK ? opened_refuse(o, "order", "%.250s", inner.line) : check_order(o, order, document, document_length, quorum, who);
	r->by_org = false;
	if (err == SK_OK)
		err = check_members(o, quorum, &r->by_org);
	if (err == SK_OK && ratify[0] != '\0')
		err = check_members(o, ratify, &r->by_org);
	if (err == SK_OK) {
		forget_text(r);
		forget_voices(r);
		r->proposer = who;
		memcpy(r->digest, order->digest, SK_HASH_BYTES);
		r->quorum = strdup(quorum);
		r->ratify = strdup(ratify);
		err = r->quorum != NULL && r->ratify != NULL ? SK_OK : no_memory(o);
		r->line = text;
		text = NULL;
		digest_of(ratify, strlen(ratify), r->ratify_digest);
	}
	free(order);
	free(text);
	return err;
}

/* ---- agreement. rule: OPENED-5 ---- */

static enum sk_err about_this_order(struct sk_opened *o, const struct opened_order *r)
{
	uint8_t digest[SK_HASH_BYTES];
	if (sk_json_get_hex(o->body, "order", digest, sizeof digest) != SK_OK || memcmp(digest, r->digest, sizeof digest) != 0)
		return opened_refuse(o, "order", "it is about another text than the one that stands");
	return SK_OK;
}

static enum sk_err add_voice(struct sk_opened *o, struct opened_order *r, enum sk_order_event event)
{
	size_t who;
	SK_TRY(opened_one(o, &who));
	if (who == r->proposer)
		return opened_refuse(o, "quorum", "%s proposed it, and agrees with it", o->people.accounts[who].id);
	for (size_t i = 0; i < r->voice_count; i++)
		if (r->voices[i].account == who && r->voices[i].event == event)
			return opened_refuse(o, "quorum", "%s agrees a second time", o->people.accounts[who].id);
	if (r->voice_count == SK_COUNT(r->voices))
		return opened_refuse(o, "quorum", "more than %zu votes", SK_COUNT(r->voices));
	char *note = strdup(o->note_text);
	if (note == NULL)
		return no_memory(o);
	r->voices[r->voice_count].account = who;
	r->voices[r->voice_count].event = event;
	r->voices[r->voice_count++].note = note;
	return SK_OK;
}

/* Have people of more than one organisation a say in orders? Then seats are organisations, whatever the quorum's names are. */
static bool several_decide(const struct sk_opened *o)
{
	static const char *const deciding[] = {"approver", "legal"};
	size_t first = o->people.account_count;
	for (size_t i = 0; i < o->people.account_count; i++) {
		bool decides = false;
		for (size_t r = 0; r < SK_COUNT(deciding) && !o->people.accounts[i].closed; r++)
			decides = decides || opened_has_role(o, i, deciding[r]);
		if (decides && first != o->people.account_count && !opened_same_org(o, first, i))
			return true;
		first = decides && first == o->people.account_count ? i : first;
	}
	return false;
}

/* What LAW.md 2.3 I2 asks at least, whatever the quorum's text says: of those who agreed, besides who proposed. */
static enum sk_err check_floor(struct sk_opened *o, const struct opened_order *r, enum sk_level level, enum sk_order_event event)
{
	size_t persons = 0, orgs = 0;
	bool oversight = false;
	for (size_t i = 0; i < r->voice_count; i++) {
		bool again = false;
		if (r->voices[i].event != event)
			continue;
		persons++;
		for (size_t k = 0; k < i; k++)
			again = again || (r->voices[k].event == event && opened_same_org(o, r->voices[k].account, r->voices[i].account));
		orgs += !again;
		oversight = oversight || opened_is_oversight(o, r->voices[i].account);
	}
	bool by_org = r->by_org || several_decide(o);
	size_t seats = by_org ? orgs : persons, least = sk_level_approvers(level);
	if (seats < least)
		return opened_refuse(o, "quorum", "level %s: expected %zu %s besides who proposed, found %zu", sk_level_name(level), least, by_org ? "organisations" : "persons", seats);
	if (level == SK_LEVEL_HIGH && by_org && !oversight)
		return opened_refuse(o, "quorum", "level high: expected somebody of oversight among those who agree");
	return SK_OK;
}

static enum sk_err agreed(struct sk_opened *o, struct opened_order *r, const struct sk_order *order, enum sk_order_event event, bool *met)
{
	bool after = event == SK_ORDER_EVENT_RATIFY;
	struct sk_approvals approvals = {.count = 0};
	struct sk_fault inner = {.line = ""};
	size_t counted;
	for (size_t i = 0; i < r->voice_count; i++)
		if (r->voices[i].event == event)
			approvals.notes[approvals.count++] = r->voices[i].note;
	enum sk_level level = after ? sk_order_base_level(order) : sk_order_level(order);
	enum sk_err err = sk_order_agreed(order, after ? r->ratify : r->quorum, after ? r->ratify_digest : order->quorum, level, o->act.event, &approvals, &o->centre, &counted, met, &inner);
	o->summary.quorums++;
	if (err != SK_OK)
		return opened_refuse(o, "quorum", "%.250s", inner.line);
	if (!*met)
		return SK_OK;
	SK_TRY(check_floor(o, r, level, event));
	return after ? SK_OK : opened_warrant(o, r, order, event);
}

static enum sk_err approve(struct sk_opened *o, struct opened_order *r, enum sk_order_outcome *outcome)
{
	enum sk_order_event event = sk_order_event_find(o->act.event);
	struct sk_fault inner = {.line = ""};
	bool met = false;
	SK_TRY(about_this_order(o, r));
	if (r->line == NULL)
		return opened_refuse(o, "event", "there is no text to agree on");
	SK_TRY(add_voice(o, r, event));
	struct sk_order *order = calloc(1, sizeof *order);
	if (order == NULL)
		return no_memory(o);
	enum sk_err err = sk_order_decode(r->line, strlen(r->line), order, &inner);
	err = err == SK_OK ? agreed(o, r, order, event, &met) : opened_refuse(o, "order", "%.250s", inner.line);
	if (err == SK_OK && event == SK_ORDER_EVENT_URGENT && !order->urgent)
		err = opened_refuse(o, "order", "the order is not an urgent one");
	free(order);
	*outcome = met ? SK_ORDER_OUTCOME_MET : SK_ORDER_OUTCOME_OPEN;
	return err;
}

/* When a quorum can be met no more is not counted again here: nothing comes to stand by it. */
static enum sk_err reject(struct sk_opened *o, struct opened_order *r, enum sk_order_outcome *outcome)
{
	size_t who;
	SK_TRY(opened_one(o, &who));
	SK_TRY(about_this_order(o, r));
	*outcome = strcmp(o->leaf->to, "rejected") == 0 ? SK_ORDER_OUTCOME_MET : SK_ORDER_OUTCOME_OPEN;
	return SK_OK;
}

/* ---- the others ---- */

static enum sk_err plain(struct sk_opened *o, struct opened_order *r, enum sk_order_event event)
{
	const char *duty = sk_order_event_duty(event);
	size_t who;
	if (duty[0] == '\0' && !o->by_centre)
		return opened_refuse(o, "signature", "expected the centre's own, for nobody but the centre records this");
	if (duty[0] != '\0')
		SK_TRY(opened_one(o, &who));
	if ((event == SK_ORDER_EVENT_EVIDENCE || event == SK_ORDER_EVENT_LEGAL) && who == r->proposer)
		return opened_refuse(o, "signature", "%s proposed it, and finds it right", o->people.accounts[who].id);
	if ((event == SK_ORDER_EVENT_HALT || event == SK_ORDER_EVENT_REVIEW) && !opened_is_oversight(o, who) && strcmp(o->people.orgs[o->people.accounts[who].org].kind, "own_network") != 0)
		return opened_refuse(o, "signature", "%s is not of oversight, whose step it is", o->people.accounts[who].id);
	SK_TRY(about_this_order(o, r));
	bool receipt = event == SK_ORDER_EVENT_SET || event == SK_ORDER_EVENT_FAIL || event == SK_ORDER_EVENT_UNDONE || event == SK_ORDER_EVENT_RECEIPT;
	return receipt ? opened_receipt(o, r, event) : SK_OK;
}

enum sk_err opened_order_act(struct sk_opened *o)
{
	enum sk_order_event event = sk_order_event_find(o->act.event);
	enum sk_order_outcome outcome = SK_ORDER_OUTCOME_NONE;
	if (event == SK_ORDER_EVENT_COUNT)
		return opened_refuse(o, "event", "no step of an order");
	if (o->matter->order == NULL)
		o->matter->order = calloc(1, sizeof *o->matter->order);
	struct opened_order *r = o->matter->order;
	if (r == NULL)
		return no_memory(o);
	if (!sk_order_allows(r->state, event))
		return opened_refuse(o, "event", "there is no such step from state '%s'", sk_order_state_name(r->state));
	switch (event) {
	case SK_ORDER_EVENT_PROPOSE:
	case SK_ORDER_EVENT_EDIT: SK_TRY(propose(o, r, &outcome)); break;
	case SK_ORDER_EVENT_APPROVE:
	case SK_ORDER_EVENT_URGENT:
	case SK_ORDER_EVENT_RATIFY: SK_TRY(approve(o, r, &outcome)); break;
	case SK_ORDER_EVENT_REJECT: SK_TRY(reject(o, r, &outcome)); break;
	default: SK_TRY(plain(o, r, event)); break;
	}
	enum sk_order_state next = sk_order_step(r->state, event, outcome);
	if (next == SK_ORDER_STATE_COUNT)
		return opened_refuse(o, "event", "there is no such step from state '%s' when it comes to that", sk_order_state_name(r->state));
	SK_TRY(opened_step_is(o, sk_order_state_name(r->state), sk_order_state_name(next)));
	if (r->state == SK_ORDER_VOTING && next == SK_ORDER_APPROVED)
		forget_voices(r);
	if (sk_order_state_over(next) || next == SK_ORDER_ACTIVE) {
		forget_voices(r);
		forget_text(r);
	}
	r->state = next;
	return SK_OK;
}
