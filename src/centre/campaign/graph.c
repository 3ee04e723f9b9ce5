/* SPDX-License-Identifier: Apache-2.0 */
/* From facts and shared values to links: each value's findings in order of time, cut where it was silent for longer than it holds, weighed by how many unrelated
   things it leads to. Everything is sorting: no input makes it slow. */
#include <stdlib.h>

#include "campaign/campaign_priv.h"

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_key(const void *a, const void *b)
{
	const struct sk_place_at *x = a, *y = b;
	int order = compare(x->key, y->key);
	return order != 0 ? order : compare(x->fact, y->fact);
}

static int by_number(const void *a, const void *b)
{
	return compare(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* ---- edges ---- */

static enum sk_err sort_joins(struct sk_campaigns *c)
{
	c->joins = malloc((c->fact_count + 1) * sizeof c->joins[0]);
	if (c->joins == NULL)
		return SK_ENOMEM;
	for (size_t i = 0; i < c->fact_count; i++)
		c->joins[i] = (struct sk_place_at){.key = c->facts[i].join, .fact = (uint32_t)i};
	qsort(c->joins, c->fact_count, sizeof c->joins[0], by_key);
	return SK_OK;
}

/* Both are in order of their join: walk them side by side. Without edges only counts. */
static size_t meet(const struct sk_campaigns *c, struct sk_edge *edges)
{
	size_t count = 0, at = 0;
	for (size_t s = 0; s < c->share_count; s++) {
		while (at < c->fact_count && c->joins[at].key < c->shares[s].join)
			at++;
		for (size_t j = at; j < c->fact_count && c->joins[j].key == c->shares[s].join; j++, count++)
			if (edges != NULL)
				edges[count] = (struct sk_edge){.value = c->shares[s].value, .fact = c->joins[j].fact, .kind = c->shares[s].kind};
	}
	return count;
}

/* qsort has no context, and the order needs the facts' times: they stand in link until links are numbered (as ranks). */
static int by_value(const void *a, const void *b)
{
	const struct sk_edge *x = a, *y = b;
	int order = compare(x->kind, y->kind);
	if (order == 0)
		order = compare(x->value, y->value);
	return order != 0 ? order : compare(x->link, y->link);
}

struct rank {
	int64_t first_ns;
	uint32_t fact;
};

static int by_time(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return compare(x->fact, y->fact);
}

static enum sk_err rank_edges(struct sk_campaigns *c)
{
	struct rank *ranks = malloc((c->fact_count + 1) * sizeof *ranks);
	uint32_t *rank_of = malloc((c->fact_count + 1) * sizeof *rank_of);
	bool made = ranks != NULL && rank_of != NULL;
	for (size_t i = 0; made && i < c->fact_count; i++)
		ranks[i] = (struct rank){c->facts[i].first_ns, (uint32_t)i};
	if (made)
		qsort(ranks, c->fact_count, sizeof *ranks, by_time);
	for (size_t i = 0; made && i < c->fact_count; i++)
		rank_of[ranks[i].fact] = (uint32_t)i;
	for (size_t i = 0; made && i < c->edge_count; i++)
		c->edges[i].link = rank_of[c->edges[i].fact];
	free(ranks);
	free(rank_of);
	return made ? SK_OK : SK_ENOMEM;
}

static enum sk_err make_edges(struct sk_campaigns *c, struct sk_fault *fault)
{
	SK_TRY(sort_joins(c));
	c->edge_count = meet(c, NULL);
	if (c->edge_count > SK_CAMPAIGN_TRAITS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "more than %d values at findings to tie together; ask for a shorter time (--since)", SK_CAMPAIGN_TRAITS_MAX);
	c->edges = malloc((c->edge_count + 1) * sizeof c->edges[0]);
	if (c->edges == NULL)
		return SK_ENOMEM;
	(void)meet(c, c->edges);
	free(c->shares);
	c->shares = NULL;
	c->share_count = c->share_room = 0;
	SK_TRY(rank_edges(c));
	qsort(c->edges, c->edge_count, sizeof c->edges[0], by_value);
	/* A finding may come to a value twice, by two of its joins. */
	size_t different = 0;
	for (size_t i = 0; i < c->edge_count; i++)
		if (different == 0 || by_value(&c->edges[different - 1], &c->edges[i]) != 0)
			c->edges[different++] = c->edges[i];
	c->edge_count = different;
	for (size_t i = 0; i < c->edge_count; i++) {
		struct sk_fact *fact = &c->facts[c->edges[i].fact];
		if (c->edges[i].kind == SK_LINK_PREFIX && (fact->net == 0 || c->edges[i].value < fact->net))
			fact->net = c->edges[i].value;
	}
	return SK_OK;
}

/* ---- links ---- */

/* The end of the stretch from `from` on in which the value was never silent for longer than it holds. */
static size_t stretch(const struct sk_campaigns *c, size_t from)
{
	const struct sk_edge *first = &c->edges[from];
	int64_t hold_ns = sk_link_hold_ns((enum sk_link_kind)first->kind), last_ns = c->facts[first->fact].last_ns;
	size_t to = from + 1;
	for (; to < c->edge_count && c->edges[to].kind == first->kind && c->edges[to].value == first->value; to++) {
		const struct sk_fact *fact = &c->facts[c->edges[to].fact];
		if (fact->first_ns > last_ns && fact->first_ns - last_ns > hold_ns)
			break;
		last_ns = fact->last_ns > last_ns ? fact->last_ns : last_ns;
	}
	return to;
}

static uint64_t different_of(const struct sk_campaigns *c, const struct sk_link *link, size_t field, uint64_t *memory)
{
	uint64_t different = 0;
	size_t count = 0;
	for (uint32_t e = link->from; e < link->to; e++) {
		memcpy(&memory[count], (const char *)&c->facts[c->edges[e].fact] + field, sizeof memory[0]);
		count += memory[count] != 0;
	}
	qsort(memory, count, sizeof memory[0], by_number);
	for (size_t i = 0; i < count; i++)
		different += i == 0 || memory[i] != memory[i - 1];
	return different;
}

/* How many unrelated things does it lead to? To findings of different kinds and values: a browser's fingerprint, a content network's address or certificate comes with
   every one of them, a fast-flux name with itself alone. That an address was tried on many services makes one actor of it: of findings that are about a behaviour the
   address counts none. */
static uint64_t unrelated(const struct sk_campaigns *c, const struct sk_link *link, uint64_t *memory)
{
	switch ((enum sk_link_kind)link->kind) {
	case SK_LINK_ADDRESS: return different_of(c, link, offsetof(struct sk_fact, reason), memory);
	case SK_LINK_TIME: return different_of(c, link, offsetof(struct sk_fact, net), memory);
	default: return different_of(c, link, offsetof(struct sk_fact, what), memory);
	}
}

static enum sk_err make_links(struct sk_campaigns *c)
{
	size_t longest = 0;
	for (size_t from = 0; from < c->edge_count; c->link_count++) {
		size_t to = stretch(c, from);
		longest = to - from > longest ? to - from : longest;
		from = to;
	}
	c->links = malloc((c->link_count + 1) * sizeof c->links[0]);
	uint64_t *memory = malloc((longest + 1) * sizeof *memory);
	if (c->links == NULL || memory == NULL) {
		free(memory);
		return SK_ENOMEM;
	}
	for (size_t from = 0, n = 0; from < c->edge_count; n++) {
		struct sk_link *link = &c->links[n];
		*link = (struct sk_link){.value = c->edges[from].value, .kind = (uint8_t)c->edges[from].kind, .from = (uint32_t)from, .to = (uint32_t)stretch(c, from)};
		link->unrelated = unrelated(c, link, memory);
		link->listed = c->listed_count != 0 && bsearch(&link->value, c->listed, c->listed_count, sizeof c->listed[0], by_number) != NULL;
		link->weight = (uint16_t)(link->listed ? 0 : sk_link_weight((enum sk_link_kind)link->kind, link->unrelated));
		for (; from < link->to; from++)
			c->edges[from].link = (uint32_t)n;
	}
	free(memory);
	return SK_OK;
}

enum sk_err sk_graph_make(struct sk_campaigns *c, struct sk_fault *fault)
{
	SK_TRY(make_edges(c, fault));
	return make_links(c);
}
