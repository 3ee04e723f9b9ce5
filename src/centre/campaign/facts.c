/* SPDX-License-Identifier: Apache-2.0 */
/* What came in. Values of observations wait under the join that they share with findings; what is there twice is thrown out before memory grows. */
#include <stdlib.h>

#include "campaign/campaign_priv.h"

enum { FIRST_ROOM = 4096, WHAT_KIND = 254, OWN_KIND = 253 };

enum sk_err sk_campaigns_new(const struct sk_campaign_options *options, struct sk_campaigns **out, struct sk_fault *fault)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(*out)->options = *options;
	return SK_OK;
}

void sk_campaigns_free(struct sk_campaigns *c)
{
	if (c == NULL)
		return;
	free(c->facts);
	free(c->shares);
	free(c->listed);
	free(c->joins);
	free(c->edges);
	free(c->links);
	free(c->campaigns);
	free(c);
}

/* ---- room ---- */

/* Room for one more of size bytes each. */
static enum sk_err make_room(void **array, size_t count, size_t *room, size_t size, size_t most, struct sk_fault *fault)
{
	if (count < *room)
		return SK_OK;
	size_t wanted = *room == 0 ? FIRST_ROOM : 2 * *room;
	if (count >= most)
		return sk_fault_set(fault, SK_ETOOBIG, "more than %zu facts to tie together; ask for a shorter time (--since)", most);
	void *grown = realloc(*array, (wanted < most ? wanted : most) * size);
	if (grown == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory for %zu facts", wanted);
	*array = grown;
	*room = wanted < most ? wanted : most;
	return SK_OK;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_share(const void *a, const void *b)
{
	const struct sk_share *x = a, *y = b;
	int order = compare(x->join, y->join);
	if (order == 0)
		order = compare(x->kind, y->kind);
	return order != 0 ? order : compare(x->value, y->value);
}

static void sort_shares(struct sk_campaigns *c)
{
	size_t different = 0;
	if (c->share_count != 0)
		qsort(c->shares, c->share_count, sizeof c->shares[0], by_share);
	for (size_t i = 0; i < c->share_count; i++)
		if (different == 0 || by_share(&c->shares[different - 1], &c->shares[i]) != 0)
			c->shares[different++] = c->shares[i];
	c->share_count = different;
}

static int by_number(const void *a, const void *b)
{
	return compare(*(const uint64_t *)a, *(const uint64_t *)b);
}

static void sort_listed(struct sk_campaigns *c)
{
	size_t different = 0;
	if (c->listed_count != 0)
		qsort(c->listed, c->listed_count, sizeof c->listed[0], by_number);
	for (size_t i = 0; i < c->listed_count; i++)
		if (different == 0 || c->listed[different - 1] != c->listed[i])
			c->listed[different++] = c->listed[i];
	c->listed_count = different;
}

/* ---- adding ---- */

struct adding {
	struct sk_campaigns *campaigns;
	uint64_t joins[2];
	size_t join_count;
	struct sk_fault *fault;
	enum sk_err err;
};

/* A beacon of a month says the same a thousand times: doubles go before memory grows, and it grows where few went. */
static enum sk_err add_share(struct sk_campaigns *c, uint64_t join, enum sk_link_kind kind, uint64_t value, struct sk_fault *fault)
{
	if (c->share_count == c->share_room) {
		sort_shares(c);
		if (c->share_count >= c->share_room - c->share_room / 4)
			SK_TRY(make_room((void **)&c->shares, c->share_room, &c->share_room, sizeof c->shares[0], SK_CAMPAIGN_TRAITS_MAX, fault));
	}
	c->shares[c->share_count++] = (struct sk_share){.join = join, .value = value, .kind = (uint32_t)kind};
	return SK_OK;
}

static enum sk_err add_listed(struct sk_campaigns *c, uint64_t value, struct sk_fault *fault)
{
	if (c->listed_count == c->listed_room) {
		sort_listed(c);
		if (c->listed_count >= c->listed_room - c->listed_room / 4)
			SK_TRY(make_room((void **)&c->listed, c->listed_room, &c->listed_room, sizeof c->listed[0], SK_CAMPAIGN_TRAITS_MAX, fault));
	}
	c->listed[c->listed_count++] = value;
	return SK_OK;
}

static void take_link(void *context, enum sk_link_kind kind, uint64_t value, const char *text)
{
	struct adding *to = context;
	struct sk_campaigns *c = to->campaigns;
	if (to->err != SK_OK)
		return;
	for (size_t i = 0; i < to->join_count && to->err == SK_OK; i++)
		to->err = add_share(c, to->joins[i], kind, value, to->fault);
	if (to->err == SK_OK && c->options.popular != NULL && c->options.popular(c->options.popular_context, kind, text))
		to->err = add_listed(c, value, to->fault);
}

static enum sk_err kind_of(struct sk_campaigns *c, const char *name, uint8_t *kind, struct sk_fault *fault)
{
	for (unsigned i = 0; i < c->kind_count; i++)
		if (strncmp(c->kinds[i], name, sizeof c->kinds[i]) == 0) {
			*kind = (uint8_t)i;
			return SK_OK;
		}
	if (c->kind_count == SK_CAMPAIGN_KINDS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "more than %d kinds of findings", SK_CAMPAIGN_KINDS_MAX);
	memcpy(c->kinds[c->kind_count], name, strnlen(name, sizeof c->kinds[0] - 1));
	*kind = (uint8_t)c->kind_count++;
	return SK_OK;
}

static uint64_t what_of(const struct sk_finding *f)
{
	char text[sizeof f->kind + sizeof f->matched] = {0};
	size_t kind = strnlen(f->kind, sizeof f->kind - 1), matched = strnlen(f->matched, sizeof f->matched - 1);
	memcpy(text, f->kind, kind);
	memcpy(text + kind + 1, f->matched, matched);
	return sk_link_hash(WHAT_KIND, text, kind + 1 + matched);
}

/* A listed value or a name is a thing of its own; a service on which something was tried is not. */
static uint64_t reason_of(const struct sk_finding *f, uint64_t what)
{
	struct sk_addr addr;
	bool name = strchr(f->matched, '.') != NULL && strchr(f->matched, '/') == NULL && sk_addr_parse(f->matched, &addr) != SK_OK;
	return strncmp(f->kind, "indicator.", strlen("indicator.")) == 0 || name ? what : 0;
}

enum sk_err sk_campaigns_add_finding(struct sk_campaigns *c, const struct sk_finding *f, struct sk_fault *fault)
{
	struct sk_addr own;
	SK_INVARIANT(!c->built);
	SK_TRY(make_room((void **)&c->facts, c->fact_count, &c->fact_room, sizeof c->facts[0], SK_CAMPAIGN_FINDINGS_MAX, fault));
	struct sk_fact fact = {.join = sk_link_join(f->matched, &f->subject), .what = what_of(f), .count = f->count, .first_ns = f->first_ns, .last_ns = f->last_ns,
			       .campaign = SK_NO_CAMPAIGN, .severity = f->severity, .percent = f->confidence_percent, .sector = SK_NO_SECTOR};
	fact.reason = reason_of(f, fact.what);
	memcpy(fact.id, f->id, sizeof fact.id);
	SK_TRY(kind_of(c, f->kind, &fact.kind, fault));
	sk_link_own(&c->options, f, &own);
	if (own.family != 0) {
		fact.own = sk_link_hash(OWN_KIND, &own, sizeof own);
		uint32_t sector = c->options.sectors == NULL ? UINT32_MAX : sk_places_find(c->options.sectors, &own);
		fact.sector = sector < SK_SECTORS_MAX ? (uint8_t)sector : SK_NO_SECTOR;
	}
	struct adding to = {.campaigns = c, .joins = {fact.join}, .join_count = 1, .fault = fault};
	sk_links_of_finding(&c->options, f, take_link, &to);
	if (to.err == SK_OK)
		c->facts[c->fact_count++] = fact;
	return to.err;
}

enum sk_err sk_campaigns_add_observation(struct sk_campaigns *c, const struct sk_observation *o, struct sk_fault *fault)
{
	SK_INVARIANT(!c->built);
	struct adding to = {.campaigns = c, .joins = {sk_link_join(o->matched, &o->initiator), sk_link_join(o->matched, &o->responder)}, .join_count = 2, .fault = fault};
	/* Flows that nothing hit are nobody's. */
	if (o->kind == SK_OBSERVATION_FLOW)
		return SK_OK;
	sk_links_of_observation(&c->options, o, take_link, &to);
	return to.err;
}

/* ---- settling ---- */

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct sk_fact *)a)->id, ((const struct sk_fact *)b)->id, sizeof((const struct sk_fact *)a)->id);
}

static void fold(struct sk_fact *into, const struct sk_fact *more)
{
	into->count += more->count;
	into->first_ns = more->first_ns < into->first_ns ? more->first_ns : into->first_ns;
	into->last_ns = more->last_ns > into->last_ns ? more->last_ns : into->last_ns;
	into->severity = more->severity > into->severity ? more->severity : into->severity;
	into->percent = more->percent > into->percent ? more->percent : into->percent;
	if (more->own != 0 && (into->own == 0 || more->own < into->own)) {
		into->own = more->own;
		into->sector = more->sector;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Kinds in the order of their names, whatever order they came in. */
static void order_kinds(struct sk_campaigns *c)
{
	char before[SK_CAMPAIGN_KINDS_MAX][32];
	uint8_t now[SK_CAMPAIGN_KINDS_MAX] = {0};
	memcpy(before, c->kinds, sizeof before);
	qsort(c->kinds, c->kind_count, sizeof c->kinds[0], by_name);
	for (unsigned i = 0; i < c->kind_count; i++)
		for (unsigned k = 0; k < c->kind_count; k++)
			if (strcmp(before[i], c->kinds[k]) == 0)
				now[i] = (uint8_t)k;
	for (size_t i = 0; i < c->fact_count; i++)
		c->facts[i].kind = now[c->facts[i].kind];
}

void sk_facts_settle(struct sk_campaigns *c)
{
	size_t different = 0;
	if (c->fact_count != 0)
		qsort(c->facts, c->fact_count, sizeof c->facts[0], by_id);
	for (size_t i = 0; i < c->fact_count; i++)
		if (different != 0 && by_id(&c->facts[different - 1], &c->facts[i]) == 0)
			fold(&c->facts[different - 1], &c->facts[i]);
		else
			c->facts[different++] = c->facts[i];
	c->fact_count = different;
	order_kinds(c);
	sort_shares(c);
	sort_listed(c);
}
