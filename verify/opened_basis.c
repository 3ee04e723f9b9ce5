/* SPDX-License-Identifier: Apache-2.0 */
/* A basis: its stages by the contract's table, what its votes came to, what may be minted. rule: OPENED-4 OPENED-5 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opened_priv.h"
#include "text/text.h"

enum { BY_OVERSIGHT = 1, BY_PARTNER = 2, BY_FAULT = 4 };
static const char *const statutory[] = {"ff", "fd", "df"};
static const char *const suspenders[] = {"oversight", "partner", "fault"};

void opened_basis_free(struct opened_basis *basis)
{
	if (basis == NULL)
		return;
	free(basis->basis);
	free(basis);
}

static bool is_statutory(const struct opened_basis *b)
{
	for (size_t i = 0; i < SK_COUNT(statutory); i++)
		if (strcmp(b->basis->kind, statutory[i]) == 0)
			return true;
	return false;
}

static bool is_agreement(const struct opened_basis *b)
{
	return strcmp(b->basis->kind, "agreement") == 0;
}

static const char *org_of(const struct sk_opened *o, size_t account)
{
	return o->people.orgs[o->people.accounts[account].org].id;
}

static bool is_party(const struct sk_opened *o, const struct opened_basis *b, size_t who)
{
	return opened_same_org(o, who, b->asker) || (b->partner[0] != '\0' && strcmp(org_of(o, who), b->partner) == 0);
}

static enum sk_err about_this_text(struct sk_opened *o, const struct opened_basis *b)
{
	uint8_t text[SK_HASH_BYTES];
	if (sk_json_get_hex(o->body, "text", text, sizeof text) != SK_OK || memcmp(text, b->text, sizeof text) != 0)
		return opened_refuse(o, "text", "it is about another text than the one that stands");
	return SK_OK;
}

static void take_text(struct sk_opened *o, struct opened_basis *b)
{
	memcpy(b->text, o->act.digest, SK_HASH_BYTES);
	b->vote_count = 0;
}

/* ---- request, edit ---- */

/* The basis is a member of the body; as a line of its own it has the form of a note's body. */
static enum sk_err read_basis(struct sk_opened *o, struct opened_basis *b)
{
	static const char between[] = ",\"other_means\":";
	const struct sk_json_value *basis = sk_json_get(o->body, "basis"), *other = sk_json_get(o->body, "other_means");
	struct sk_fault inner = {.line = ""};
	struct sk_buf line;
	if (basis == NULL || basis->kind != SK_JSON_OBJECT || basis->next != other || other == NULL)
		return opened_refuse(o, "body", "expected basis, and other_means behind it");
	sk_buf_init(&line, SK_BASIS_TEXT_MAX);
	sk_buf_add(&line, o->act.body + basis->offset, other->offset - (sizeof between - 1) - basis->offset);
	sk_buf_add_u8(&line, '\n');
	enum sk_err err = line.failed != SK_OK ? line.failed : sk_basis_body_read(sk_buf_text(&line), line.length, b->basis, &inner);
	sk_buf_fini(&line);
	return err == SK_OK ? SK_OK : opened_refuse(o, "basis", "%.250s", inner.line);
}

static enum sk_err request(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	size_t who;
	const char *partner = sk_json_get_text(o->body, "partner");
	(void)outcome;
	SK_TRY(opened_one(o, &who));
	bool first = b->basis == NULL;
	if (first)
		b->basis = calloc(1, sizeof *b->basis);
	if (b->basis == NULL)
		return sk_fault_set(o->fault, SK_ENOMEM, "out of memory");
	if (!first && !opened_same_org(o, who, b->asker))
		return opened_refuse(o, "signature", "expected one of %s, which asked for it", org_of(o, b->asker));
	SK_TRY(read_basis(o, b));
	if (strcmp(b->basis->id, o->act.id) != 0)
		return opened_refuse(o, "basis", "expected the id of the matter, found %s", b->basis->id);
	if (b->basis->self_approved)
		return opened_refuse(o, "basis", "it says that it approves itself, and asks for approval");
	if (opened_is_oversight(o, who))
		return opened_refuse(o, "signature", "oversight asks for no basis");
	(void)snprintf(b->partner, sizeof b->partner, "%s", partner != NULL ? partner : "");
	if (first)
		b->asker = b->extender = who;
	take_text(o, b);
	return SK_OK;
}

static enum sk_err review(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	size_t who;
	(void)b, (void)outcome;
	return opened_one(o, &who);
}

/* ---- votes. rule: OPENED-5 ---- */

static enum sk_err check_voter(struct sk_opened *o, const struct opened_basis *b, size_t who, struct sk_vote *vote)
{
	bool chair = opened_has_role(o, who, "oversight_chair"), deputy = opened_has_role(o, who, "oversight_deputy"), member = opened_has_role(o, who, "oversight_member");
	const char *name = o->people.accounts[who].id;
	if (is_statutory(b) && (!opened_is_oversight(o, who) || !(chair || deputy || member)))
		return opened_refuse(o, "quorum", "expected a chair, deputy or member of oversight, found %s", name);
	if (!is_statutory(b) && opened_is_oversight(o, who))
		return opened_refuse(o, "quorum", "a basis of kind %s is not oversight's to decide", b->basis->kind);
	if (who == b->asker || who == b->extender)
		return opened_refuse(o, "quorum", "%s asked for it, and votes on it", name);
	for (size_t i = 0; i < b->vote_count; i++)
		if (b->votes[i].account == who)
			return opened_refuse(o, "quorum", "%s votes a second time over one text", name);
	if (b->vote_count == SK_VOTES_MAX)
		return opened_refuse(o, "quorum", "more than %d votes", SK_VOTES_MAX);
	vote->seat = chair ? SK_SEAT_CHAIR : deputy ? SK_SEAT_DEPUTY : SK_SEAT_MEMBER;
	return SK_OK;
}

/* What the law asks at least; a policy may ask for more, and then a vote stays open longer, never carries earlier. */
static enum sk_outcome count(const struct opened_basis *b)
{
	static const struct sk_vote_rule own = {.present = 1};
	struct sk_vote votes[SK_VOTES_MAX];
	for (size_t i = 0; i < b->vote_count; i++)
		votes[i] = b->votes[i].vote;
	return is_statutory(b) ? sk_oversight_count(votes, b->vote_count) : sk_vote_count(&own, votes, b->vote_count);
}

static enum sk_err vote(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	struct opened_vote cast = {.vote.aye = strcmp(o->act.event, "approve") == 0};
	uint64_t ayes = 0, nays = 0;
	SK_TRY(opened_one(o, &cast.account));
	SK_TRY(about_this_text(o, b));
	if (is_agreement(b))
		return opened_refuse(o, "event", "an agreement is not voted on: its partner consents");
	SK_TRY(check_voter(o, b, cast.account, &cast.vote));
	b->votes[b->vote_count++] = cast;
	for (size_t i = 0; i < b->vote_count; i++) {
		ayes += b->votes[i].vote.aye;
		nays += !b->votes[i].vote.aye;
	}
	if (o->leaf->ayes != ayes || o->leaf->nays != nays)
		return opened_refuse(o, "counts", "expected %" PRIu64 " ayes and %" PRIu64 " nays, found %" PRIu64 " and %" PRIu64, ayes, nays, o->leaf->ayes, o->leaf->nays);
	*outcome = count(b);
	o->summary.quorums++;
	const char *still = sk_stage_name(b->stage);
	if (*outcome == SK_OUTCOME_OPEN || strcmp(o->leaf->to, still) != 0)
		return SK_OK;
	o->summary.stricter++;
	*outcome = SK_OUTCOME_OPEN;
	return SK_OK;
}

static enum sk_err consent(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	const char *to = sk_json_get_text(o->body, "to");
	size_t who;
	SK_TRY(opened_one(o, &who));
	SK_TRY(about_this_text(o, b));
	if (!is_agreement(b) || !is_party(o, b, who) || to == NULL)
		return opened_refuse(o, "signature", "expected one of a party to an agreement");
	*outcome = SK_OUTCOME_OPEN;
	if (strcmp(to, "provision") == 0 || strcmp(to, "no_provision") == 0)
		return SK_OK;
	if (strcmp(to, b->stage == SK_STAGE_EXTENDING ? "extension" : "agreement") != 0)
		return opened_refuse(o, "to", "expected what is before the partner, found %.40s", to);
	if (opened_same_org(o, who, b->stage == SK_STAGE_EXTENDING ? b->extender : b->asker))
		return opened_refuse(o, "signature", "%s asked for it: the other party consents", org_of(o, who));
	*outcome = SK_OUTCOME_CARRIED;
	o->summary.quorums++;
	return SK_OK;
}

/* ---- in use ---- */

static enum sk_err activate(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	uint8_t digest[SK_HASH_BYTES];
	struct sk_fault inner;
	size_t who;
	(void)outcome;
	SK_TRY(opened_one(o, &who));
	if (sk_json_get_hex(o->body, "basis", digest, sizeof digest) != SK_OK || memcmp(digest, b->basis->digest, sizeof digest) != 0)
		return opened_refuse(o, "basis", "what is activated is not what was approved");
	return sk_basis_in_force(b->basis, o->act.time_ns, &inner) == SK_OK ? SK_OK : opened_refuse(o, "time", "%.250s", inner.line);
}

static enum sk_err selectors(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	const struct sk_json_value *kinds = sk_json_get(o->body, "kinds");
	struct sk_set_facts set = {.kinds = 0};
	struct sk_fault inner;
	uint64_t v4, v6;
	size_t who;
	(void)outcome;
	SK_TRY(opened_one(o, &who));
	if (!opened_same_org(o, who, b->asker))
		return opened_refuse(o, "signature", "expected one of %s, whose selectors they are", org_of(o, b->asker));
	if (sk_json_get_hex(o->body, "set", set.digest, SK_HASH_BYTES) != SK_OK || sk_json_get_u64(o->body, "entries", &set.entries) != SK_OK || kinds == NULL || kinds->kind != SK_JSON_ARRAY ||
	    sk_json_get_u64(o->body, "shortest_v4", &v4) != SK_OK || v4 > 32 || sk_json_get_u64(o->body, "shortest_v6", &v6) != SK_OK || v6 > 128)
		return opened_refuse(o, "body", "expected a set's digest, entries, kinds and shortest prefixes");
	set.shortest_v4 = (uint8_t)v4;
	set.shortest_v6 = (uint8_t)v6;
	for (const struct sk_json_value *kind = kinds->child; kind != NULL; kind = kind->next)
		for (unsigned bit = 0; bit < SK_SELECTOR_KIND_COUNT; bit++)
			if (kind->kind == SK_JSON_TEXT && strcmp(kind->text, sk_selector_kind_name((enum sk_selector_kind)(1u << bit))) == 0)
				set.kinds |= 1u << bit;
	return sk_basis_covers(b->basis, &set, &inner) == SK_OK ? SK_OK : opened_refuse(o, "set", "%.250s", inner.line);
}

static enum sk_err extend(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	const char *until = sk_json_get_text(o->body, "until");
	size_t who;
	(void)outcome;
	SK_TRY(opened_one(o, &who));
	if (until == NULL || sk_time_parse(until, &b->extend_until_ns) != SK_OK || b->extend_until_ns <= b->basis->until_ns)
		return opened_refuse(o, "until", "expected a later end than the basis has");
	if (!(is_agreement(b) ? is_party(o, b, who) : opened_same_org(o, who, b->asker)))
		return opened_refuse(o, "signature", "expected one of who asked for it");
	b->extender = who;
	take_text(o, b);
	return SK_OK;
}

/* ---- stopped ---- */

static enum sk_err suspender(struct sk_opened *o, const struct opened_basis *b, bool resume, unsigned *bit)
{
	const char *by = sk_json_get_text(o->body, "by");
	size_t i = 0, who = 0;
	while (by != NULL && i < SK_COUNT(suspenders) && strcmp(by, suspenders[i]) != 0)
		i++;
	if (by == NULL || i == SK_COUNT(suspenders))
		return opened_refuse(o, "by", "expected oversight, partner or fault");
	*bit = 1u << i;
	if (o->by_centre && *bit == BY_FAULT && !resume)
		return SK_OK;
	SK_TRY(opened_one(o, &who));
	if (*bit == BY_OVERSIGHT && !opened_is_oversight(o, who))
		return opened_refuse(o, "signature", "%s is not of oversight, and acts as it", o->people.accounts[who].id);
	if (*bit == BY_PARTNER && (!is_agreement(b) || !is_party(o, b, who)))
		return opened_refuse(o, "signature", "%s is no party to an agreement, and acts as one", o->people.accounts[who].id);
	return SK_OK;
}

static enum sk_err suspend(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	unsigned bit;
	(void)outcome;
	SK_TRY(suspender(o, b, false, &bit));
	if ((b->suspended_by & bit) != 0)
		return opened_refuse(o, "by", "suspended by it already");
	b->suspended_by |= bit;
	return SK_OK;
}

static enum sk_err resume(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	unsigned bit;
	SK_TRY(suspender(o, b, true, &bit));
	if ((b->suspended_by & bit) == 0)
		return opened_refuse(o, "by", "each takes back its own suspension alone");
	b->suspended_by &= ~bit;
	*outcome = b->suspended_by == 0 ? SK_OUTCOME_CARRIED : SK_OUTCOME_OPEN;
	return SK_OK;
}

static enum sk_err expire(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	(void)outcome;
	return o->act.time_ns >= b->basis->until_ns ? SK_OK : opened_refuse(o, "time", "its time is not over");
}

static enum sk_err terminate(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome)
{
	size_t who;
	(void)outcome;
	SK_TRY(opened_one(o, &who));
	if (!is_party(o, b, who) && (is_agreement(b) || !opened_is_oversight(o, who)))
		return opened_refuse(o, "signature", "expected one of who asked for it, a party, or oversight");
	return SK_OK;
}

typedef enum sk_err (*judge)(struct sk_opened *o, struct opened_basis *b, enum sk_outcome *outcome);
static const judge judges[SK_BASIS_EVENT_COUNT] = {
    [SK_BASIS_EVENT_REQUEST] = request,   [SK_BASIS_EVENT_EDIT] = request,     [SK_BASIS_EVENT_REVIEW] = review,       [SK_BASIS_EVENT_APPROVE] = vote,
    [SK_BASIS_EVENT_REFUSE] = vote,       [SK_BASIS_EVENT_CONSENT] = consent,  [SK_BASIS_EVENT_ACTIVATE] = activate,   [SK_BASIS_EVENT_SELECTORS] = selectors,
    [SK_BASIS_EVENT_EXTEND] = extend,     [SK_BASIS_EVENT_SUSPEND] = suspend,  [SK_BASIS_EVENT_RESUME] = resume,       [SK_BASIS_EVENT_EXPIRE] = expire,
    [SK_BASIS_EVENT_TERMINATE] = terminate,
};

/* A later end that was approved: the basis' text, and so its digest, is another from then on. */
static enum sk_err move_end(struct sk_opened *o, struct opened_basis *b)
{
	struct sk_fault inner = {.line = ""};
	struct sk_buf body;
	b->basis->until_ns = b->extend_until_ns;
	sk_buf_init(&body, SK_BASIS_TEXT_MAX);
	enum sk_err err = sk_basis_body_write(b->basis, &body, &inner);
	sk_buf_fini(&body);
	return err == SK_OK ? SK_OK : opened_refuse(o, "until", "%.250s", inner.line);
}

enum sk_err opened_basis_act(struct sk_opened *o)
{
	enum sk_basis_event event = sk_basis_event_find(o->act.event);
	enum sk_outcome outcome = SK_OUTCOME_NONE;
	if (event == SK_BASIS_EVENT_COUNT)
		return opened_refuse(o, "event", "no step of a basis");
	if (o->matter->basis == NULL)
		o->matter->basis = calloc(1, sizeof *o->matter->basis);
	struct opened_basis *b = o->matter->basis;
	if (b == NULL)
		return sk_fault_set(o->fault, SK_ENOMEM, "out of memory");
	if (!sk_stage_allows(b->stage, event))
		return opened_refuse(o, "event", "there is no such step from stage '%s'", sk_stage_name(b->stage));
	SK_TRY(judges[event](o, b, &outcome));
	enum sk_stage next = sk_stage_step(b->stage, event, outcome);
	if (next == SK_STAGE_COUNT)
		return opened_refuse(o, "event", "there is no such step from stage '%s' when it comes to '%s'", sk_stage_name(b->stage), sk_outcome_name(outcome));
	SK_TRY(opened_step_is(o, sk_stage_name(b->stage), sk_stage_name(next)));
	if (b->stage == SK_STAGE_EXTENDING && next == SK_STAGE_EXTENDED)
		SK_TRY(move_end(o, b));
	b->stage = next;
	return SK_OK;
}
