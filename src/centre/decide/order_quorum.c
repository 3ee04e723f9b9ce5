/* SPDX-License-Identifier: Apache-2.0 */
/* Who must agree, as text (C2SP tlog-policy), made of the register. A member is named ORGANISATION/PERSON#KEY; where one organisation alone has people who
   approve (a team that guards its own network) seats are persons, and members are named PERSON#KEY. LAW.md I2, I3:

     low      one approver                              high   an approver of oversight, and two organisations
     medium   a legal reviewer, and another organisation urgent one of those who may, besides the proposer

   A level's own minimum of seats (measure.def) stands beside the text, so two of one organisation are never two. */
#include "decide/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/list.h"

enum { PEOPLE_MAX = SK_QUORUM_NODES_MAX, NAME_MAX_BYTES = SK_KEY_NAME_MAX };
enum seat { SEAT_APPROVER, SEAT_LEGAL, SEAT_OVERSIGHT };

struct member {
	char account[SK_MATTER_ID_MAX], org[SK_MATTER_ID_MAX];
	enum seat seat;
	size_t key_count;
	const struct sk_verify_key *keys[SK_ACCESS_KEYS_MAX];
};

struct gathering {
	struct sk_access *access;
	enum sk_level level;
	size_t least;           /* seats that the policy of the day asks for; 0: no more than the level */
	bool legal, oversight;  /* and who must be among them */
	int64_t at_ns;
	size_t count;
	struct member *people;  /* PEOPLE_MAX */
	bool too_many;
	size_t left_out;        /* accounts whose names cannot stand in the grammar */
};

static bool has(uint64_t roles, enum sk_person_role role)
{
	return (roles >> role & 1) != 0;
}

static bool decides_for_oversight(uint64_t roles)
{
	return has(roles, SK_PERSON_OVERSIGHT_CHAIR) || has(roles, SK_PERSON_OVERSIGHT_DEPUTY) || has(roles, SK_PERSON_OVERSIGHT_MEMBER);
}

/* A name that stands in the grammar as a word, and in which the marks of a seat mean what they should. */
static bool is_plain(const char *name)
{
	return name[0] != '\0' && name[0] != '#' && strpbrk(name, "/#+ \t") == NULL && strcmp(name, "none") != 0;
}

static void gather(void *context, const struct sk_account_view *account)
{
	struct gathering *g = context;
	struct sk_fault ignored;
	struct sk_person person = {.roles = account->roles, .kind = account->kind, .oversight = account->kind == SK_ORG_OVERSIGHT};
	if (account->from_ns > g->at_ns || account->until_ns <= g->at_ns)
		return;
	(void)snprintf(person.account, sizeof person.account, "%s", account->id);
	(void)snprintf(person.org, sizeof person.org, "%s", account->org);
	const char *duty = sk_order_event_duty(g->level == SK_LEVEL_URGENT ? SK_ORDER_EVENT_URGENT : SK_ORDER_EVENT_APPROVE);
	if (sk_access_may(g->access, &person, duty, g->at_ns, &ignored) != SK_OK)
		return;
	/* oversight decides where the law asks for it, and judges the rest afterwards */
	if (person.oversight && g->level != SK_LEVEL_HIGH)
		return;
	if (!is_plain(account->id) || !is_plain(account->org)) {
		g->left_out++;
		return;
	}
	if (g->count == PEOPLE_MAX) {
		g->too_many = true;
		return;
	}
	struct member *m = &g->people[g->count];
	*m = (struct member){.seat = person.oversight ? SEAT_OVERSIGHT : has(person.roles, SK_PERSON_LEGAL) ? SEAT_LEGAL : SEAT_APPROVER};
	if (g->level != SK_LEVEL_URGENT && m->seat == SEAT_APPROVER && !has(person.roles, SK_PERSON_APPROVER))
		return;
	if (m->seat == SEAT_OVERSIGHT && !decides_for_oversight(person.roles))
		return;
	memcpy(m->account, person.account, sizeof m->account);
	memcpy(m->org, person.org, sizeof m->org);
	for (size_t i = 0; i < account->key_count; i++)
		if (account->keys[i].from_ns <= g->at_ns && g->at_ns < account->keys[i].until_ns)
			m->keys[m->key_count++] = account->keys[i].key;
	g->count += m->key_count != 0;
}

static int by_name(const void *a, const void *b)
{
	const struct member *first = a, *second = b;
	int order = strcmp(first->org, second->org);
	return order != 0 ? order : strcmp(first->account, second->account);
}

static size_t organisations(const struct gathering *g)
{
	size_t count = 0;
	for (size_t i = 0; i < g->count; i++)
		count += i == 0 || strcmp(g->people[i - 1].org, g->people[i].org) != 0;
	return count;
}

static size_t seats_of(const struct gathering *g, enum seat seat)
{
	size_t count = 0;
	for (size_t i = 0; i < g->count; i++)
		count += g->people[i].seat == seat;
	return count;
}

/* The name of the node that is met when the person signs with any key. */
static void person_name(const struct member *m, bool by_org, char name[2 * NAME_MAX_BYTES])
{
	(void)snprintf(name, 2 * NAME_MAX_BYTES, "%s%s%s", by_org ? m->org : "", by_org ? "/" : "", m->account);
}

static void write_person(const struct member *m, bool by_org, struct sk_buf *out)
{
	char name[2 * NAME_MAX_BYTES], key[SK_VKEY_TEXT_MAX];
	person_name(m, by_org, name);
	if (m->key_count == 1) {
		sk_buf_addf(out, "witness %s %s\n", name, sk_verify_key_format(m->keys[0], key));
		return;
	}
	for (size_t i = 0; i < m->key_count; i++)
		sk_buf_addf(out, "witness %s#%zu %s\n", name, i + 1, sk_verify_key_format(m->keys[i], key));
	sk_buf_addf(out, "group %s any", name);
	for (size_t i = 0; i < m->key_count; i++)
		sk_buf_addf(out, " %s#%zu", name, i + 1);
	sk_buf_add_text(out, "\n");
}

/* A group of everybody in that seat; of approvers one group an organisation, and over them one that wants `needed`. Names of groups begin with a colon, which no
   person's does. */
static void write_any(const struct gathering *g, enum seat seat, const char *group, bool by_org, struct sk_buf *out)
{
	char name[2 * NAME_MAX_BYTES];
	sk_buf_addf(out, "group :%s any", group);
	for (size_t i = 0; i < g->count; i++) {
		if (g->people[i].seat != seat)
			continue;
		person_name(&g->people[i], by_org, name);
		sk_buf_addf(out, " %s", name);
	}
	sk_buf_add_text(out, "\n");
}

static size_t write_organisations(const struct gathering *g, bool legal_too, struct sk_buf *out)
{
	size_t groups = 0;
	char name[2 * NAME_MAX_BYTES];
	for (size_t i = 0; i < g->count; i++) {
		const struct member *m = &g->people[i];
		if (m->seat == SEAT_OVERSIGHT || (m->seat == SEAT_LEGAL && !legal_too))
			continue;
		bool first = true;
		for (size_t j = 0; j < i; j++)
			first = first && !(strcmp(g->people[j].org, m->org) == 0 && (g->people[j].seat == SEAT_APPROVER || (g->people[j].seat == SEAT_LEGAL && legal_too)));
		if (!first)
			continue;
		sk_buf_addf(out, "group :org:%s any", m->org);
		for (size_t j = i; j < g->count; j++) {
			const struct member *other = &g->people[j];
			if (strcmp(other->org, m->org) != 0 || other->seat == SEAT_OVERSIGHT || (other->seat == SEAT_LEGAL && !legal_too))
				continue;
			person_name(other, true, name);
			sk_buf_addf(out, " %s", name);
		}
		sk_buf_add_text(out, "\n");
		groups++;
	}
	return groups;
}

/* "group :others K ..." over organisations, or over persons where there is one organisation. False: there are fewer than K. */
static bool write_others(const struct gathering *g, bool by_org, bool legal_too, size_t needed, struct sk_buf *out)
{
	char name[2 * NAME_MAX_BYTES];
	struct sk_buf group;
	size_t members = 0;
	if (by_org)
		(void)write_organisations(g, legal_too, out);
	sk_buf_init(&group, SK_QUORUM_TEXT_MAX);
	for (size_t i = 0; i < g->count; i++) {
		const struct member *m = &g->people[i];
		bool wanted = m->seat == SEAT_APPROVER || (m->seat == SEAT_LEGAL && legal_too), first = true;
		for (size_t j = 0; j < i && by_org; j++)
			first = first && !(strcmp(g->people[j].org, m->org) == 0 && (g->people[j].seat == SEAT_APPROVER || (g->people[j].seat == SEAT_LEGAL && legal_too)));
		if (!wanted || !first)
			continue;
		person_name(m, by_org, name);
		sk_buf_addf(&group, " %s%s", by_org ? ":org:" : "", by_org ? m->org : name);
		members++;
	}
	sk_buf_addf(out, "group :others %zu%s\n", needed, sk_buf_text(&group));
	sk_buf_fini(&group);
	return members >= needed;
}

static enum sk_err nobody(const struct gathering *g, const char *who, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_EPERMIT, "quorum of level %s: the register has too few %s; give somebody the role (sekisho access account)", sk_level_name(g->level), who);
}

/* So many of the others: what the level asks for, or the policy when that is more. */
static size_t others(const struct gathering *g, size_t level, size_t besides)
{
	return g->least > level + besides ? g->least - besides : level;
}

static enum sk_err write_level(const struct gathering *g, enum sk_profile profile, bool by_org, struct sk_buf *out, struct sk_fault *fault)
{
	bool legal = seats_of(g, SEAT_LEGAL) != 0, oversight = seats_of(g, SEAT_OVERSIGHT) != 0;
	switch (g->level) {
	case SK_LEVEL_LOW:
	case SK_LEVEL_URGENT:
		if (!write_others(g, by_org, true, others(g, 1, 0), out))
			return nobody(g, "people who may approve", fault);
		sk_buf_add_text(out, "quorum :others\n");
		return SK_OK;
	case SK_LEVEL_MEDIUM:
		if (!legal && (g->legal || profile == SK_PROFILE_JP_2025))
			return nobody(g, "people with the role legal", fault);
		if (!write_others(g, by_org, !legal, legal ? others(g, 1, 1) : others(g, 2, 0), out))
			return nobody(g, "people who may approve", fault);
		if (legal) {
			write_any(g, SEAT_LEGAL, "legal", by_org, out);
			sk_buf_add_text(out, "group :medium all :legal :others\n");
		}
		sk_buf_addf(out, "quorum %s\n", legal ? ":medium" : ":others");
		return SK_OK;
	case SK_LEVEL_HIGH:
		if (!oversight && (g->oversight || profile == SK_PROFILE_JP_2025))
			return nobody(g, "members of oversight", fault);
		if (!write_others(g, by_org, true, oversight ? others(g, 2, 1) : others(g, 3, 0), out))
			return nobody(g, "people who may approve", fault);
		if (oversight) {
			write_any(g, SEAT_OVERSIGHT, "oversight", by_org, out);
			sk_buf_add_text(out, "group :high all :oversight :others\n");
		}
		sk_buf_addf(out, "quorum %s\n", oversight ? ":high" : ":others");
		return SK_OK;
	case SK_LEVEL_COUNT:
		break;
	}
	sk_bug(__FILE__, __LINE__, "a level");
}

static enum sk_err write_quorum(struct gathering *g, enum sk_profile profile, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_quorum *quorum = NULL;
	size_t begin = out->length;
	sk_access_each_account(g->access, g->at_ns, gather, g);
	if (g->too_many)
		return sk_fault_set(fault, SK_ETOOBIG, "quorum of level %s: more than %d people may approve; the grammar takes no more", sk_level_name(g->level), PEOPLE_MAX);
	qsort(g->people, g->count, sizeof *g->people, by_name);
	bool by_org = profile == SK_PROFILE_JP_2025 || organisations(g) >= sk_level_approvers(g->level) + 1;
	sk_buf_addf(out, "# sekisho order quorum %s\n", sk_level_name(g->level));
	if (!by_org)
		sk_buf_add_text(out, "# too few organisations for seats of their own: seats are persons\n");
	for (size_t i = 0; i < g->count; i++)
		write_person(&g->people[i], by_org, out);
	SK_TRY(write_level(g, profile, by_org, out, fault));
	if (out->failed != SK_OK)
		return sk_fault_set(fault, out->failed, "quorum: %s", sk_err_text(out->failed));
	SK_TRY(sk_quorum_parse(sk_buf_text(out) + begin, out->length - begin, &quorum, fault));
	sk_quorum_free(quorum);
	return SK_OK;
}

//= rule: ORDER-3
enum sk_err sk_order_quorum(struct sk_access *access, enum sk_profile profile, const struct sk_law *law, enum sk_level level, int64_t at_ns, struct sk_buf *out, struct sk_fault *fault)
{
	struct gathering g = {.access = access, .level = level, .at_ns = at_ns, .people = calloc(PEOPLE_MAX, sizeof *g.people)};
	const struct sk_law_quorum *row = law != NULL ? sk_law_quorum(law, "order", sk_level_name(level), at_ns, profile == SK_PROFILE_LAB) : NULL;
	if (g.people == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (uint32_t i = 0; row != NULL && i < row->must.count; i++) {
		g.legal = g.legal || strcmp(row->must.items[i], "legal") == 0;
		g.oversight = g.oversight || strcmp(row->must.items[i], "oversight") == 0;
	}
	g.least = row != NULL ? row->present : 0;
	enum sk_err err = write_quorum(&g, profile, out, fault);
	free(g.people);
	return err;
}
