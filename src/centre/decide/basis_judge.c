/* SPDX-License-Identifier: Apache-2.0 */
/* One act of a basis: read what it says, ask who may say it, look the step up, and only then carry it out. Each event is a row of three functions' work: `check_*` reads and
   judges and changes nothing; the table of stages says whether there is such a step; `carry_out` changes the matter. */
#include <stdio.h>
#include <stdlib.h>

#include "decide/decide_priv.h"
#include "text/json.h"
#include "text/text.h"

enum { BODY_MAX = SK_BASIS_TEXT_MAX + 3 * SK_BASIS_TEXT_FIELD_MAX };
/* A basis is asked for from now on; a clock may be a little behind. */
static const int64_t past_ns = INT64_C(300000000000);

/* An act while it is judged. What it will change stands here until it may. */
struct judging {
	struct sk_basis_matter *matter;
	const struct sk_act *act;
	const struct sk_person *who;
	const struct sk_basis_court *court;
	struct sk_fault *fault;
	const struct sk_json_value *top;
	struct sk_buf again;                 /* the body as it would be written: one form */
	bool simulate, extending;            /* extending: votes and consent are about a later end */
	const struct sk_law_basis *row;      /* the law about this kind */
	struct sk_basis *basis;              /* request, edit; heap */
	const char *partner;
	struct sk_basis_vote vote;
	size_t ayes, nays;
	int64_t until_ns;
	enum sk_suspender by;
	struct sk_set_facts set;
	bool provide, provision;             /* consent to provision; its value */
};

static enum sk_err may(const struct judging *j, const char *activity)
{
	if (j->who == NULL)
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: the centre's own key may record an expiry or a fault, and nothing else", j->act->id);
	return j->court->may(j->court->context, j->who, activity, j->act->time_ns, j->fault);
}

/* The word that access knows for this kind of basis: an agreement has rows of its own. */
static enum sk_err may_kind(const struct judging *j, const char *kind, const char *activity, const char *of_agreement)
{
	return may(j, strcmp(kind, "agreement") == 0 ? of_agreement : activity);
}

static enum sk_err malformed(const struct judging *j, const char *field, const char *expected)
{
	return sk_fault_set(j->fault, SK_EMALFORMED, "basis %s, %s: body field '%s': expected %s", j->act->id, j->act->event, field, expected);
}

static const char *text_of(const struct judging *j, const char *field, bool needed)
{
	const char *text = sk_json_get_text(j->top, field);
	return text != NULL && strlen(text) < SK_BASIS_TEXT_FIELD_MAX && (!needed || text[0] != '\0') ? text : NULL;
}

/* The body is exactly what the writer makes of what was read. */
static enum sk_err check_form(struct judging *j)
{
	if (j->again.failed == SK_OK && j->again.length == j->act->body_length && memcmp(j->again.bytes, j->act->body, j->again.length) == 0)
		return SK_OK;
	return sk_fault_set(j->fault, SK_EMALFORMED, "basis %s, %s: the body has a field that is not known here, or misses one", j->act->id, j->act->event);
}

static bool is_asker_org(const struct judging *j)
{
	return j->who != NULL && strcmp(j->who->org, j->matter->asker_org) == 0;
}

static bool is_party(const struct judging *j)
{
	return is_asker_org(j) || (j->who != NULL && j->matter->partner[0] != '\0' && strcmp(j->who->org, j->matter->partner) == 0);
}

static bool is_agreement(const struct judging *j)
{
	return strcmp(j->matter->basis.kind, "agreement") == 0;
}

/* ---- request, edit ---- */

/* Does the text keep to policy's tables, which no file can change? */
static enum sk_err check_policy(const struct judging *j, enum sk_basis_kind kind)
{
	const struct sk_basis *basis = j->basis;
	enum sk_role role;
	if (sk_role_parse(basis->role, &role) != SK_OK || strcmp(basis->profile, sk_profile_name(j->court->profile)) != 0)
		return sk_fault_set(j->fault, SK_EBASISBAD, "basis %s: role '%s', profile '%s'; this centre's profile is %s", basis->id, basis->role, basis->profile, sk_profile_name(j->court->profile));
	if (!sk_policy_profile_allows(j->court->profile, kind))
		return sk_fault_set(j->fault, SK_EBASISBAD, "basis %s: kind '%s' is not allowed under profile %s", basis->id, basis->kind, basis->profile);
	if ((role == SK_ROLE_NONE) != (kind != SK_BASIS_OWN_NETWORK))
		return sk_fault_set(j->fault, SK_EBASISBAD, "basis %s: role '%s'; own_network has party or carrier, every other kind has none", basis->id, basis->role);
	if (basis->self_approved)
		return sk_fault_set(j->fault, SK_EBASISBAD, "basis %s: says that it approves itself, and asks for approval", basis->id);
	if (basis->names && !sk_policy_names(kind, role))
		return sk_fault_set(j->fault, SK_EBASISBAD, "basis %s: switches full names on, which only own_network with role party and lab may", basis->id);
	if ((basis->rule.kinds & SK_SELECTOR_FLOW_ALL) != 0 && !sk_policy_flow_all(kind, role))
		return sk_fault_set(j->fault, SK_ESETRULE, "basis %s: its rule allows flow.all, which only own_network with role party and lab may use", basis->id);
	for (size_t i = 0; i < basis->detector_count; i++) {
		const struct sk_detector_row *row = sk_policy_detector(basis->detectors[i].name);
		if (row == NULL || !sk_policy_detector_allowed(kind, role, row))
			return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: detector '%s' is not one that a basis of kind %s, role %s may name", basis->id, basis->detectors[i].name,
					    basis->kind, basis->role);
	}
	return SK_OK;
}

/* And to the policy of the day: article, who asks, classes, rule, dates? */
static enum sk_err check_law(struct judging *j)
{
	const struct sk_basis *basis = j->basis;
	char when[SK_TIME_TEXT_MAX], span[SK_LAW_WORD_MAX];
	SK_TRY(sk_law_basis(j->court->law, basis->kind, j->act->time_ns, j->simulate, &j->row, j->fault));
	const struct sk_law_basis *row = j->row;
	bool asks = false;
	for (uint32_t i = 0; i < row->asks.count; i++)
		asks = asks || strcmp(row->asks.items[i], sk_org_kind_name(j->who->kind)) == 0;
	if (!asks)
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: an organisation of kind %s cannot ask for a basis of kind %s (policy %s, %s)", basis->id, sk_org_kind_name(j->who->kind),
				    basis->kind, j->court->law->name, row->article);
	uint32_t classes = sk_law_classes(j->court->law, basis->kind, j->act->time_ns, j->simulate);
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if ((basis->classes & ~classes & SK_CLASS_BIT(class_)) != 0)
			return sk_fault_set(j->fault, SK_ECLASS, "basis %s: class %s, which a basis of kind %s may not keep (policy %s)", basis->id, sk_class_name((enum sk_class)class_), basis->kind,
					    j->court->law->name);
	if (basis->rule.min_prefix_v4 < row->min_prefix_v4 || basis->rule.min_prefix_v6 < row->min_prefix_v6)
		return sk_fault_set(j->fault, SK_ESETRULE, "basis %s: its rule allows prefixes of /%u and /%u; of a basis of kind %s none shorter than /%llu and /%llu are allowed (policy %s)", basis->id,
				    basis->rule.min_prefix_v4, basis->rule.min_prefix_v6, basis->kind, (unsigned long long)row->min_prefix_v4, (unsigned long long)row->min_prefix_v6, j->court->law->name);
	if (basis->rule.max_entries == 0 || basis->rule.max_entries > row->max_entries)
		return sk_fault_set(j->fault, SK_ESETRULE, "basis %s: its rule allows %llu selectors; expected 1 to %llu (policy %s)", basis->id, (unsigned long long)basis->rule.max_entries,
				    (unsigned long long)row->max_entries, j->court->law->name);
	if (basis->from_ns < j->act->time_ns - past_ns)
		return sk_fault_set(j->fault, SK_EUSAGE, "basis %s: begins at %s, before it is asked for; nobody approves what was", basis->id, sk_time_format(basis->from_ns, 0, when));
	if (basis->until_ns > sk_law_span_after(basis->from_ns, &row->longest))
		return sk_fault_set(j->fault, SK_ELAW, "basis %s: ends at %s; a basis of kind %s lasts %s at most (policy %s, %s, evidence %s)", basis->id, sk_time_format(basis->until_ns, 0, when), basis->kind,
				    sk_law_span_format(&row->longest, span), j->court->law->name, row->article, row->evidence);
	return SK_OK;
}

static enum sk_err read_request(struct judging *j)
{
	const struct sk_json_value *basis = sk_json_get(j->top, "basis"), *other = sk_json_get(j->top, "other_means");
	const char *purpose = text_of(j, "purpose", true), *means = text_of(j, "other_means", false);
	static const char between[] = ",\"other_means\":";
	if (basis == NULL || basis->kind != SK_JSON_OBJECT || basis->next != other || other == NULL)
		return malformed(j, "basis", "the basis that is asked for, and other_means behind it");
	if (purpose == NULL)
		return malformed(j, "purpose", "a text: what for");
	if (means == NULL)
		return malformed(j, "other_means", "a text: why other means do not do");
	j->partner = sk_json_get(j->top, "partner") == NULL ? "" : text_of(j, "partner", true);
	if (j->partner == NULL || strlen(j->partner) >= SK_MATTER_ID_MAX)
		return malformed(j, "partner", "an organisation");
	struct sk_buf line;
	sk_buf_init(&line, SK_BASIS_TEXT_MAX);
	sk_buf_add(&line, j->act->body + basis->offset, other->offset - (sizeof between - 1) - basis->offset);
	sk_buf_add_u8(&line, '\n');
	enum sk_err err = line.failed != SK_OK ? malformed(j, "basis", "a shorter text") : sk_basis_body_read(sk_buf_text(&line), line.length, j->basis, j->fault);
	sk_buf_fini(&line);
	if (err == SK_OK)
		err = sk_basis_request_body(j->basis, purpose, means, j->partner, &j->again, j->fault);
	return err == SK_OK ? check_form(j) : err;
}

static enum sk_err check_request(struct judging *j, enum sk_outcome *outcome)
{
	enum sk_basis_kind kind;
	(void)outcome;
	if (j->who == NULL)
		return may(j, "basis.request");
	j->basis = calloc(1, sizeof *j->basis);
	if (j->basis == NULL)
		return sk_fault_set(j->fault, SK_ENOMEM, "out of memory");
	SK_TRY(read_request(j));
	SK_TRY(may_kind(j, j->basis->kind, "basis.request", "basis.request.agreement"));
	if (j->matter->stage != SK_STAGE_NONE && !is_asker_org(j))
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: asked for by %s; %s cannot edit it", j->act->id, j->matter->asker_org, j->who->org);
	if (strcmp(j->basis->id, j->act->id) != 0)
		return malformed(j, "basis.id", "the matter's own");
	if (sk_basis_kind_parse(j->basis->kind, &kind) != SK_OK)
		return sk_fault_set(j->fault, SK_EBASISBAD, "basis %s: kind '%s' is not one that the policy knows", j->act->id, j->basis->kind);
	bool statutory = kind == SK_BASIS_FF || kind == SK_BASIS_FD || kind == SK_BASIS_DF;
	if (statutory && text_of(j, "other_means", true) == NULL)
		return malformed(j, "other_means", "why other means are markedly insufficient (LAW.md 1.3)");
	if ((kind == SK_BASIS_AGREEMENT) != (j->partner[0] != '\0') || strcmp(j->partner, j->who->org) == 0)
		return malformed(j, "partner", "the other party of an agreement; no other kind has one");
	SK_TRY(check_policy(j, kind));
	return check_law(j);
}

static enum sk_err check_review(struct judging *j, enum sk_outcome *outcome)
{
	const char *why = text_of(j, "why", false);
	(void)outcome;
	if (why == NULL)
		return malformed(j, "why", "a text");
	sk_basis_why_body(why, &j->again);
	SK_TRY(check_form(j));
	return may_kind(j, j->matter->basis.kind, "basis.review", "basis.review.agreement");
}

/* ---- votes ---- */

static enum sk_err read_text(const struct judging *j)
{
	uint8_t text[SK_HASH_BYTES];
	if (sk_json_get_hex(j->top, "text", text, sizeof text) != SK_OK)
		return malformed(j, "text", "the digest of the text that it is about");
	if (memcmp(text, j->matter->text, sizeof text) != 0)
		return sk_fault_set(j->fault, SK_EUSAGE, "basis %s: this is about another text than the one that stands; it was edited since, or asked anew: read it again", j->act->id);
	return SK_OK;
}

bool sk_decide_seat(const struct sk_person *who, enum sk_seat *seat)
{
	*seat = (who->roles & UINT64_C(1) << SK_PERSON_OVERSIGHT_CHAIR) != 0 ? SK_SEAT_CHAIR : (who->roles & UINT64_C(1) << SK_PERSON_OVERSIGHT_DEPUTY) != 0 ? SK_SEAT_DEPUTY : SK_SEAT_MEMBER;
	return *seat != SK_SEAT_MEMBER || (who->roles & UINT64_C(1) << SK_PERSON_OVERSIGHT_MEMBER) != 0;
}

/* Is somebody who voted for it of that role ("oversight": anybody of it)? */
static bool has_role(const struct sk_basis_vote *votes, size_t count, const char *word)
{
	enum sk_person_role role = SK_PERSON_ROLE_COUNT;
	bool oversight = strcmp(word, "oversight") == 0, known = sk_person_role_parse(word, &role) == SK_OK;
	for (size_t i = 0; i < count; i++)
		if (votes[i].vote.aye && ((oversight && votes[i].oversight) || (known && (votes[i].roles & UINT64_C(1) << role) != 0)))
			return true;
	return false;
}

enum sk_outcome sk_decide_count_votes(const struct sk_law_quorum *quorum, const struct sk_basis_vote *votes, size_t count)
{
	struct sk_vote plain[SK_VOTES_MAX];
	size_t ayes = 0;
	for (size_t i = 0; i < count; i++) {
		plain[i] = votes[i].vote;
		ayes += votes[i].vote.aye;
	}
	/* Whoever must be among them is waited for. */
	for (uint32_t i = 0; i < quorum->must.count && ayes > count - ayes; i++)
		if (!has_role(votes, count, quorum->must.items[i]))
			return SK_OUTCOME_OPEN;
	if (strcmp(quorum->rule, "count") == 0)
		return ayes >= quorum->present ? SK_OUTCOME_CARRIED : count - ayes >= quorum->present ? SK_OUTCOME_REJECTED : SK_OUTCOME_OPEN;
	return sk_vote_count(&(struct sk_vote_rule){.present = (unsigned)quorum->present, .chair = quorum->chair, .tie_chair = strcmp(quorum->tie, "chair") == 0}, plain, count);
}

/* Who may vote at all: by the law's word for this kind, never who asked, never twice. */
static enum sk_err check_voter(struct judging *j, const struct sk_law_quorum *quorum)
{
	const struct sk_basis_matter *m = j->matter;
	bool oversight = strcmp(j->row->approves, "oversight") == 0, seated = sk_decide_seat(j->who, &j->vote.vote.seat);
	const char *org = j->extending ? m->extend_org : m->asker_org, *account = j->extending ? m->extend_account : m->asker;
	if (oversight && (!j->who->oversight || !seated))
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: %s is no chair, deputy or member of oversight, whose decision it is", m->id, j->who->account);
	if (!oversight && j->who->oversight)
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: a basis of kind %s is not oversight's to decide", m->id, m->basis.kind);
	if (strcmp(j->who->account, account) == 0 || strcmp(j->who->account, m->asker) == 0)
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: %s asked for it, and cannot vote on it", m->id, j->who->account);
	if (quorum->outside && (strcmp(j->who->org, org) == 0 || strcmp(j->who->org, m->asker_org) == 0))
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: %s asked for it; nobody of it votes on it", m->id, j->who->org);
	for (size_t i = 0; i < m->vote_count; i++)
		if (strcmp(m->votes[i].account, j->who->account) == 0)
			return sk_fault_set(j->fault, SK_ESEEN, "basis %s: %s has voted over this text already; one person, one vote", m->id, j->who->account);
	if (m->vote_count == SK_VOTES_MAX)
		return sk_fault_set(j->fault, SK_ETOOBIG, "basis %s: %d votes already", m->id, SK_VOTES_MAX);
	return SK_OK;
}

static enum sk_err find_row(struct judging *j)
{
	return sk_law_basis(j->court->law, j->matter->basis.kind, j->act->time_ns, j->simulate, &j->row, j->fault);
}

static enum sk_err not_over(const struct judging *j)
{
	char until[SK_TIME_TEXT_MAX];
	if (j->act->time_ns < j->matter->basis.until_ns)
		return SK_OK;
	return sk_fault_set(j->fault, SK_EEXPIRED, "basis %s: its time was over at %s; a new one must be asked for", j->matter->id, sk_time_format(j->matter->basis.until_ns, 0, until));
}

static enum sk_err check_vote(struct judging *j, enum sk_outcome *outcome)
{
	struct sk_basis_matter *m = j->matter;
	bool aye = strcmp(j->act->event, "approve") == 0;
	const char *why = text_of(j, "why", !aye);
	if (why == NULL)
		return malformed(j, "why", "a text; who votes against says why");
	SK_TRY(read_text(j));
	sk_basis_vote_body(m->text, why, &j->again);
	SK_TRY(check_form(j));
	SK_TRY(not_over(j));
	SK_TRY(find_row(j));
	if (is_agreement(j))
		return sk_fault_set(j->fault, SK_ESTAGE, "basis %s: an agreement is not voted on; the partner's consent makes it, terminate refuses it", m->id);
	SK_TRY(may(j, j->extending ? "basis.extend" : aye ? "basis.approve" : "basis.refuse"));
	const struct sk_law_quorum *quorum = sk_law_quorum(j->court->law, "basis", j->row->approves, j->act->time_ns, j->simulate);
	if (quorum == NULL)
		return sk_fault_set(j->fault, SK_ELAW, "basis %s: policy %s has no quorum of matter basis, level %s in force", m->id, j->court->law->name, j->row->approves);
	SK_TRY(check_voter(j, quorum));
	memcpy(j->vote.account, j->who->account, sizeof j->vote.account);
	memcpy(j->vote.org, j->who->org, sizeof j->vote.org);
	j->vote.roles = j->who->roles;
	j->vote.oversight = j->who->oversight;
	j->vote.vote.aye = aye;
	struct sk_basis_vote votes[SK_VOTES_MAX];
	memcpy(votes, m->votes, m->vote_count * sizeof votes[0]);
	votes[m->vote_count] = j->vote;
	*outcome = sk_decide_count_votes(quorum, votes, m->vote_count + 1);
	for (size_t i = 0; i <= m->vote_count; i++) {
		j->ayes += votes[i].vote.aye;
		j->nays += !votes[i].vote.aye;
	}
	return SK_OK;
}

/* An agreement's second signature; the same for a later end; and whether what was selected may be provided to others. */
static enum sk_err check_consent(struct judging *j, enum sk_outcome *outcome)
{
	struct sk_basis_matter *m = j->matter;
	const char *to = text_of(j, "to", true);
	if (to == NULL)
		return malformed(j, "to", "agreement, extension, provision or no_provision");
	SK_TRY(read_text(j));
	sk_basis_consent_body(m->text, to, &j->again);
	SK_TRY(check_form(j));
	if (!is_agreement(j))
		return sk_fault_set(j->fault, SK_ESTAGE, "basis %s: of kind %s; only an agreement has a partner who consents", m->id, m->basis.kind);
	if (!is_party(j))
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: %s is no party to it", m->id, j->who == NULL ? "the centre" : j->who->org);
	SK_TRY(not_over(j));
	SK_TRY(find_row(j));
	j->provision = strcmp(to, "provision") == 0 || strcmp(to, "no_provision") == 0;
	j->provide = strcmp(to, "provision") == 0;
	if (j->provision) {
		*outcome = SK_OUTCOME_OPEN;
		return may(j, "basis.consent"); /* whose traffic it is: LAW.md 1.3, 38(3) */
	}
	if (strcmp(to, j->extending ? "extension" : "agreement") != 0)
		return malformed(j, "to", j->extending ? "extension: that is what is before the partner" : "agreement: that is what is before the partner");
	if (strcmp(j->who->org, j->extending ? m->extend_org : m->asker_org) == 0)
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: asked for by %s; the other party consents", m->id, j->who->org);
	*outcome = SK_OUTCOME_CARRIED;
	/* The operator consents by its own row; the other side, where it was the operator that asked, by the row of asking. */
	return may(j, j->who->kind == SK_ORG_OPERATOR ? "basis.consent" : "basis.request.agreement");
}

/* ---- in use ---- */

static enum sk_err check_activate(struct judging *j, enum sk_outcome *outcome)
{
	uint8_t digest[SK_HASH_BYTES];
	(void)outcome;
	if (sk_json_get_hex(j->top, "basis", digest, sizeof digest) != SK_OK)
		return malformed(j, "basis", "the digest of what is minted");
	sk_basis_activate_body(digest, &j->again);
	SK_TRY(check_form(j));
	if (memcmp(digest, j->matter->basis.digest, sizeof digest) != 0)
		return sk_fault_set(j->fault, SK_EUSAGE, "basis %s: what is to be activated is not what was approved", j->act->id);
	SK_TRY(may_kind(j, j->matter->basis.kind, "basis.activate", "basis.activate.agreement"));
	SK_TRY(find_row(j));
	return sk_basis_in_force(&j->matter->basis, j->act->time_ns, j->fault);
}

static enum sk_err read_set(struct judging *j)
{
	const struct sk_json_value *kinds = sk_json_get(j->top, "kinds");
	uint64_t v4, v6;
	if (sk_json_get_hex(j->top, "set", j->set.digest, SK_HASH_BYTES) != SK_OK || sk_json_get_u64(j->top, "entries", &j->set.entries) != SK_OK || kinds == NULL || kinds->kind != SK_JSON_ARRAY ||
	    sk_json_get_u64(j->top, "shortest_v4", &v4) != SK_OK || v4 > 32 || sk_json_get_u64(j->top, "shortest_v6", &v6) != SK_OK || v6 > 128)
		return malformed(j, "set", "the set's digest, entries, kinds and shortest prefixes");
	j->set.shortest_v4 = (uint8_t)v4;
	j->set.shortest_v6 = (uint8_t)v6;
	for (const struct sk_json_value *kind = kinds->child; kind != NULL; kind = kind->next)
		for (unsigned bit = 0; bit < SK_SELECTOR_KIND_COUNT; bit++)
			if (kind->kind == SK_JSON_TEXT && strcmp(kind->text, sk_selector_kind_name((enum sk_selector_kind)(1u << bit))) == 0)
				j->set.kinds |= 1u << bit;
	sk_basis_selectors_body(&j->set, &j->again);
	return check_form(j);
}

static enum sk_err check_selectors(struct judging *j, enum sk_outcome *outcome)
{
	(void)outcome;
	SK_TRY(read_set(j));
	SK_TRY(may(j, "selector.change"));
	if (!is_asker_org(j))
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: asked for by %s, whose selectors they are", j->act->id, j->matter->asker_org);
	SK_TRY(not_over(j));
	return sk_basis_covers(&j->matter->basis, &j->set, j->fault);
}

static enum sk_err check_extend(struct judging *j, enum sk_outcome *outcome)
{
	const char *until = text_of(j, "until", true), *why = text_of(j, "why", true);
	char a[SK_TIME_TEXT_MAX], span[SK_LAW_WORD_MAX];
	(void)outcome;
	if (until == NULL || sk_time_parse(until, &j->until_ns) != SK_OK)
		return malformed(j, "until", "the later end");
	if (why == NULL)
		return malformed(j, "why", "a text: why it is still needed");
	sk_basis_extend_body(j->until_ns, why, &j->again);
	SK_TRY(check_form(j));
	SK_TRY(not_over(j));
	SK_TRY(find_row(j));
	SK_TRY(may_kind(j, j->matter->basis.kind, "basis.extend.request", "basis.request.agreement"));
	if (is_agreement(j) ? !is_party(j) : !is_asker_org(j))
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: asked for by %s; %s cannot ask for more time", j->act->id, j->matter->asker_org, j->who->org);
	if (j->until_ns <= j->matter->basis.until_ns)
		return sk_fault_set(j->fault, SK_EUSAGE, "basis %s: ends at %s already; expected a later end", j->act->id, sk_time_format(j->matter->basis.until_ns, 0, a));
	if (sk_law_span_none(&j->row->extension) || j->until_ns > sk_law_span_after(j->matter->basis.until_ns, &j->row->extension))
		return sk_fault_set(j->fault, SK_ELAW, "basis %s: one extension of a basis of kind %s adds %s at most (policy %s, %s)", j->act->id, j->matter->basis.kind,
				    sk_law_span_format(&j->row->extension, span), j->court->law->name, j->row->article);
	return SK_OK;
}

/* ---- stopped ---- */

static enum sk_err read_suspender(struct judging *j)
{
	const char *by = text_of(j, "by", true), *why = text_of(j, "why", true);
	unsigned i = 0;
	while (by != NULL && i < SK_SUSPENDER_COUNT && strcmp(by, sk_suspender_name((enum sk_suspender)(1u << i))) != 0)
		i++;
	if (by == NULL || i == SK_SUSPENDER_COUNT)
		return malformed(j, "by", "oversight, partner or fault");
	if (why == NULL)
		return malformed(j, "why", "a text: why");
	j->by = (enum sk_suspender)(1u << i);
	sk_basis_suspend_body(j->by, why, &j->again);
	return check_form(j);
}

static enum sk_err check_suspender(const struct judging *j, bool resume)
{
	struct sk_fault why = {.line = ""};
	struct judging quiet = *j;
	quiet.fault = &why;
	switch (j->by) {
	case SK_SUSPENDED_BY_OVERSIGHT:
		if (j->who == NULL || !j->who->oversight)
			return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: only oversight suspends and resumes as oversight", j->act->id);
		return may(j, resume ? "basis.resume" : "basis.suspend");
	case SK_SUSPENDED_BY_PARTNER:
		if (!is_agreement(j) || !is_party(j))
			return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: only a party to an agreement suspends and resumes as partner", j->act->id);
		return may(j, resume ? "basis.resume.partner" : "basis.suspend.partner");
	case SK_SUSPENDED_BY_FAULT:
		if (!resume && j->who == NULL)
			return SK_OK; /* the centre itself sees a fault */
		if (!resume && may(&quiet, "feed.stop") == SK_OK)
			return SK_OK; /* a carrier stops its own feed */
		return may(j, "basis.suspend.fault");
	}
	return malformed(j, "by", "oversight, partner or fault");
}

static enum sk_err check_suspend(struct judging *j, enum sk_outcome *outcome)
{
	(void)outcome;
	SK_TRY(read_suspender(j));
	SK_TRY(check_suspender(j, false));
	if ((j->matter->suspended_by & (unsigned)j->by) != 0)
		return sk_fault_set(j->fault, SK_ESEEN, "basis %s: suspended by %s already", j->act->id, sk_suspender_name(j->by));
	return SK_OK;
}

static enum sk_err check_resume(struct judging *j, enum sk_outcome *outcome)
{
	SK_TRY(read_suspender(j));
	SK_TRY(check_suspender(j, true));
	if ((j->matter->suspended_by & (unsigned)j->by) == 0)
		return sk_fault_set(j->fault, SK_ESTAGE, "basis %s: not suspended by %s; each takes back its own suspension alone", j->act->id, sk_suspender_name(j->by));
	*outcome = (j->matter->suspended_by & ~(unsigned)j->by) == 0 ? SK_OUTCOME_CARRIED : SK_OUTCOME_OPEN;
	return SK_OK;
}

static enum sk_err check_expire(struct judging *j, enum sk_outcome *outcome)
{
	char until[SK_TIME_TEXT_MAX];
	(void)outcome;
	sk_buf_add_text(&j->again, "{}");
	SK_TRY(check_form(j));
	if (j->who != NULL)
		SK_TRY(may(j, "basis.expire"));
	if (j->act->time_ns < j->matter->basis.until_ns)
		return sk_fault_set(j->fault, SK_EFUTURE, "basis %s: its time is over at %s, and not before; terminate ends it now", j->act->id, sk_time_format(j->matter->basis.until_ns, 0, until));
	return SK_OK;
}

static enum sk_err check_terminate(struct judging *j, enum sk_outcome *outcome)
{
	const char *why = text_of(j, "why", true);
	(void)outcome;
	if (why == NULL)
		return malformed(j, "why", "a text: why");
	sk_basis_why_body(why, &j->again);
	SK_TRY(check_form(j));
	SK_TRY(may_kind(j, j->matter->basis.kind, "basis.terminate", "basis.terminate.agreement"));
	if (!is_party(j) && !(j->who->oversight && !is_agreement(j)))
		return sk_fault_set(j->fault, SK_EPERMIT, "basis %s: %s neither asked for it nor is a party to it", j->act->id, j->who->org);
	return SK_OK;
}

/* ---- carrying out ---- */

static enum sk_err move_end(struct sk_basis_matter *m, struct sk_fault *fault)
{
	struct sk_buf body;
	int64_t before = m->basis.until_ns;
	m->basis.until_ns = m->extend_until_ns;
	sk_buf_init(&body, SK_BASIS_TEXT_MAX);
	enum sk_err err = sk_basis_body_write(&m->basis, &body, fault); /* and its digest */
	sk_buf_fini(&body);
	if (err != SK_OK)
		m->basis.until_ns = before;
	else
		m->extensions++;
	return err;
}

static void forget_votes(struct sk_basis_matter *m)
{
	memset(m->votes, 0, sizeof m->votes);
	m->vote_count = 0;
}

static void take_text(const struct judging *j)
{
	struct sk_basis_matter *m = j->matter;
	memcpy(m->text, j->act->digest, SK_HASH_BYTES);
	forget_votes(m);
}

/* Nothing here can refuse but for want of memory, and then nothing was changed. */
static enum sk_err carry_out(struct judging *j, enum sk_basis_event event, enum sk_outcome outcome, enum sk_stage next)
{
	struct sk_basis_matter *m = j->matter;
	bool longer = m->stage == SK_STAGE_EXTENDING && next == SK_STAGE_EXTENDED;
	if (longer)
		SK_TRY(move_end(m, j->fault));
	switch (event) {
	case SK_BASIS_EVENT_REQUEST:
		(void)snprintf(m->id, sizeof m->id, "%s", j->act->id);
		memcpy(m->asker, j->who->account, sizeof m->asker);
		memcpy(m->asker_org, j->who->org, sizeof m->asker_org);
		__attribute__((fallthrough));
	case SK_BASIS_EVENT_EDIT:
		m->basis = *j->basis;
		(void)snprintf(m->partner, sizeof m->partner, "%s", j->partner);
		take_text(j);
		break;
	case SK_BASIS_EVENT_APPROVE:
	case SK_BASIS_EVENT_REFUSE: m->votes[m->vote_count++] = j->vote; break;
	case SK_BASIS_EVENT_CONSENT:
		if (j->provision)
			m->may_provide = j->provide;
		break;
	case SK_BASIS_EVENT_SELECTORS:
		m->has_set = true;
		m->set = j->set;
		break;
	case SK_BASIS_EVENT_EXTEND:
		take_text(j);
		m->extend_until_ns = j->until_ns;
		memcpy(m->extend_org, j->who->org, sizeof m->extend_org);
		memcpy(m->extend_account, j->who->account, sizeof m->extend_account);
		break;
	case SK_BASIS_EVENT_SUSPEND: m->suspended_by |= (unsigned)j->by; break;
	case SK_BASIS_EVENT_RESUME: m->suspended_by &= ~(unsigned)j->by; break;
	case SK_BASIS_EVENT_REVIEW:
	case SK_BASIS_EVENT_ACTIVATE:
	case SK_BASIS_EVENT_EXPIRE:
	case SK_BASIS_EVENT_TERMINATE:
	case SK_BASIS_EVENT_COUNT: break;
	}
	/* What was before whoever approves is decided or dropped. */
	if (m->stage == SK_STAGE_EXTENDING && next != SK_STAGE_EXTENDING)
		m->extend_until_ns = 0;
	(void)outcome;
	m->stage = next;
	m->last_ns = j->act->time_ns;
	m->acts++;
	return SK_OK;
}

/* ---- what is published ---- */

void sk_decide_word(struct sk_act_facts *facts, const char *prefix, const char *name)
{
	char word[SK_ACT_WORD_MAX];
	size_t at = facts->word_count;
	SK_INVARIANT(at < SK_ACT_WORDS_MAX);
	(void)snprintf(word, sizeof word, "%s%s", prefix, name);
	for (; at > 0 && strcmp(facts->words[at - 1], word) > 0; at--)
		memcpy(facts->words[at], facts->words[at - 1], sizeof facts->words[at]);
	memcpy(facts->words[at], word, sizeof word);
	facts->word_count++;
}

void sk_decide_count(struct sk_act_facts *facts, const char *name, uint64_t number)
{
	size_t at = facts->count_count;
	if (number == 0)
		return;
	SK_INVARIANT(at < SK_CELLS_MAX && strlen(name) < sizeof facts->counts[at].name);
	for (; at > 0 && strcmp(facts->counts[at - 1].name, name) > 0; at--)
		facts->counts[at] = facts->counts[at - 1];
	facts->counts[at] = (struct sk_cell){.frames = number};
	memcpy(facts->counts[at].name, name, strlen(name) + 1);
	facts->count_count++;
}

static void publish(const struct judging *j, enum sk_basis_event event, enum sk_outcome outcome, enum sk_stage from, struct sk_act_facts *facts)
{
	const struct sk_basis_matter *m = j->matter;
	memset(facts, 0, sizeof *facts);
	(void)snprintf(facts->from, sizeof facts->from, "%s", sk_stage_name(from));
	(void)snprintf(facts->to, sizeof facts->to, "%s", sk_stage_name(m->stage));
	sk_decide_word(facts, "kind.", m->basis.kind);
	if (outcome != SK_OUTCOME_NONE)
		sk_decide_word(facts, "outcome.", sk_outcome_name(outcome));
	if (event == SK_BASIS_EVENT_SUSPEND || event == SK_BASIS_EVENT_RESUME)
		sk_decide_word(facts, "by.", sk_suspender_name(j->by));
	if (j->extending || event == SK_BASIS_EVENT_EXTEND)
		sk_decide_word(facts, "extension", "");
	if (j->simulate)
		sk_decide_word(facts, "simulated", "");
	sk_decide_count(facts, "ayes", j->ayes);
	sk_decide_count(facts, "nays", j->nays);
	if (event == SK_BASIS_EVENT_SELECTORS)
		sk_decide_count(facts, "selectors", j->set.entries);
}

/* ---- judging ---- */

typedef enum sk_err (*check)(struct judging *j, enum sk_outcome *outcome);
static const check checks[SK_BASIS_EVENT_COUNT] = {
	[SK_BASIS_EVENT_REQUEST] = check_request, [SK_BASIS_EVENT_EDIT] = check_request, [SK_BASIS_EVENT_REVIEW] = check_review, [SK_BASIS_EVENT_APPROVE] = check_vote,
	[SK_BASIS_EVENT_REFUSE] = check_vote, [SK_BASIS_EVENT_CONSENT] = check_consent, [SK_BASIS_EVENT_ACTIVATE] = check_activate,
	[SK_BASIS_EVENT_SELECTORS] = check_selectors, [SK_BASIS_EVENT_EXTEND] = check_extend, [SK_BASIS_EVENT_SUSPEND] = check_suspend,
	[SK_BASIS_EVENT_RESUME] = check_resume, [SK_BASIS_EVENT_EXPIRE] = check_expire, [SK_BASIS_EVENT_TERMINATE] = check_terminate,
};

static enum sk_err no_step(const struct judging *j, enum sk_stage stage, struct sk_fault *fault)
{
	if (stage == SK_STAGE_NONE)
		return sk_fault_set(fault, SK_ENOENT, "basis %s: there is none; sekisho basis request asks for one, sekisho basis list lists them", j->act->id);
	return sk_fault_set(fault, SK_ESTAGE, "basis %s: is at stage %s (%s); there is no '%s' from there", j->act->id, sk_stage_name(stage), sk_stage_prose(stage), j->act->event);
}

//= rule: BASIS-6
enum sk_err sk_basis_judge(struct sk_basis_matter *matter, const struct sk_act *act, const struct sk_person *who, const struct sk_basis_court *court, struct sk_act_facts *facts,
			   struct sk_fault *fault)
{
	struct judging j = {.matter = matter, .act = act, .who = who, .court = court, .fault = fault, .simulate = court->profile == SK_PROFILE_LAB, .partner = "",
			    .extending = matter->stage == SK_STAGE_EXTENDING};
	enum sk_basis_event event = sk_basis_event_find(act->event);
	enum sk_outcome outcome = SK_OUTCOME_NONE;
	enum sk_stage from = matter->stage;
	struct sk_json_doc *doc = NULL;
	if (event == SK_BASIS_EVENT_COUNT)
		return sk_fault_set(fault, SK_EUSAGE, "basis %s: '%s' is no step of a basis", act->id, act->event);
	if (court->law == NULL)
		return sk_fault_set(fault, SK_ENOENT, "basis %s: no policy is in force; sekisho policy load FILE", act->id);
	if (!sk_stage_allows(from, event))
		return no_step(&j, from, fault);
	if (matter->acts != 0 && act->time_ns < matter->last_ns)
		return sk_fault_set(fault, SK_EUSAGE, "basis %s: this act says a time before the last one of the matter; is a clock wrong?", act->id);
	SK_TRY(sk_json_parse(act->body, act->body_length, &doc, fault));
	j.top = sk_json_top(doc);
	sk_buf_init(&j.again, BODY_MAX);
	enum sk_err err = checks[event](&j, &outcome);
	enum sk_stage next = err == SK_OK ? sk_stage_step(from, event, outcome) : SK_STAGE_COUNT;
	if (err == SK_OK && next == SK_STAGE_COUNT)
		err = no_step(&j, from, fault);
	if (err == SK_OK)
		err = carry_out(&j, event, outcome, next);
	if (err == SK_OK)
		publish(&j, event, outcome, from, facts);
	sk_buf_fini(&j.again);
	free(j.basis);
	sk_json_free(doc);
	return err;
}
