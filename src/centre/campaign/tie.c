/* SPDX-License-Identifier: Apache-2.0 */
/* Who belongs together: findings that share one link of full weight, or two or three lighter ones of different groups that come to it together. Lighter links
   make a key of each such two or three, and findings with the same key are neighbours after sorting: no pair of findings is ever compared. Joints are then made from
   the heaviest on, so that the last one that was needed says how well a campaign holds (Kruskal 1956). */
#include <stdlib.h>

#include "campaign/campaign_priv.h"

enum { TIE_KIND = 252 };

struct weak {
	uint32_t fact, link;
	uint16_t weight;
	uint8_t group;
};

struct composite {
	uint64_t key;
	uint32_t fact;
	uint16_t weight;
};

struct joint {
	uint32_t a, b;
	uint16_t weight;
};

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* A finding's light links, the heaviest first. */
static int by_fact(const void *a, const void *b)
{
	const struct weak *x = a, *y = b;
	if (x->fact != y->fact)
		return compare(x->fact, y->fact);
	return x->weight != y->weight ? compare(y->weight, x->weight) : compare(x->link, y->link);
}

static int by_composite(const void *a, const void *b)
{
	const struct composite *x = a, *y = b;
	return x->key != y->key ? compare(x->key, y->key) : compare(x->fact, y->fact);
}

static int by_weight(const void *a, const void *b)
{
	const struct joint *x = a, *y = b;
	if (x->weight != y->weight)
		return compare(y->weight, x->weight);
	return x->a != y->a ? compare(x->a, y->a) : compare(x->b, y->b);
}

/* ---- light links ---- */

static size_t gather(const struct sk_campaigns *c, struct weak *weak)
{
	size_t count = 0;
	for (size_t n = 0; n < c->link_count; n++) {
		const struct sk_link *link = &c->links[n];
		if (link->weight == 0 || link->weight >= SK_LINK_JOINS || link->to - link->from < 2)
			continue;
		for (uint32_t e = link->from; e < link->to; e++, count++)
			if (weak != NULL)
				weak[count] = (struct weak){.fact = c->edges[e].fact, .link = (uint32_t)n, .weight = link->weight,
							    .group = (uint8_t)sk_link_group_of((enum sk_link_kind)link->kind)};
	}
	return count;
}

/* Of two or three links (none: no third), in their order. */
static uint64_t key_of(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t links[3] = {a, b, c};
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < 2 - i; k++)
			if (links[k] > links[k + 1]) {
				uint32_t turn = links[k];
				links[k] = links[k + 1];
				links[k + 1] = turn;
			}
	return sk_link_hash(TIE_KIND, links, sizeof links);
}

/* The twos and threes of one finding's light links that come to full weight and would not without any of them. Without out only counts. */
static size_t compose(const struct weak *weak, size_t count, struct composite *out)
{
	size_t made = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++) {
			unsigned two = (unsigned)weak[i].weight + weak[j].weight;
			if (weak[i].group == weak[j].group)
				continue;
			if (two >= SK_LINK_JOINS) {
				if (out != NULL)
					out[made] = (struct composite){key_of(weak[i].link, weak[j].link, UINT32_MAX), weak[i].fact, (uint16_t)two};
				made++;
				continue;
			}
			for (size_t k = j + 1; k < count; k++) {
				unsigned three = two + weak[k].weight;
				bool apart = weak[k].group != weak[i].group && weak[k].group != weak[j].group;
				/* Weights fall: the lighter pairs are lighter than this one. */
				if (!apart || three < SK_LINK_JOINS)
					continue;
				if (out != NULL)
					out[made] = (struct composite){key_of(weak[i].link, weak[j].link, weak[k].link), weak[i].fact, (uint16_t)three};
				made++;
			}
		}
	return made;
}

/* Over all findings, each with its `most` heaviest light links. */
static size_t compose_all(const struct weak *weak, size_t count, size_t most, struct composite *out)
{
	size_t made = 0;
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && weak[to].fact == weak[from].fact; to++)
			;
		made += compose(weak + from, to - from < most ? to - from : most, out == NULL ? NULL : out + made);
	}
	return made;
}

/* As many of each finding's light links as memory has room for, the same number for all. */
static enum sk_err make_composites(const struct sk_campaigns *c, struct composite **out, size_t *count)
{
	size_t light = gather(c, NULL), most = SK_WEAK_MAX;
	struct weak *weak = malloc((light + 1) * sizeof *weak);
	*out = NULL;
	*count = 0;
	if (weak == NULL)
		return SK_ENOMEM;
	(void)gather(c, weak);
	qsort(weak, light, sizeof *weak, by_fact);
	*count = compose_all(weak, light, most, NULL);
	while (*count > SK_COMPOSITES_MAX && most > SK_WEAK_LEAST)
		*count = compose_all(weak, light, --most, NULL);
	*out = malloc((*count + 1) * sizeof **out);
	if (*out != NULL) {
		(void)compose_all(weak, light, most, *out);
		qsort(*out, *count, sizeof **out, by_composite);
	}
	free(weak);
	return *out == NULL ? SK_ENOMEM : SK_OK;
}

/* ---- joints ---- */

static size_t make_joints(const struct sk_campaigns *c, const struct composite *composites, size_t count, struct joint *joints)
{
	size_t made = 0;
	for (size_t n = 0; n < c->link_count; n++)
		for (uint32_t e = c->links[n].from + 1; c->links[n].weight >= SK_LINK_JOINS && e < c->links[n].to; e++, made++)
			if (joints != NULL)
				joints[made] = (struct joint){c->edges[e - 1].fact, c->edges[e].fact, c->links[n].weight};
	for (size_t i = 1; i < count; i++) {
		if (composites[i].key != composites[i - 1].key)
			continue;
		if (joints != NULL)
			joints[made] = (struct joint){composites[i - 1].fact, composites[i].fact, composites[i].weight};
		made++;
	}
	return made;
}

static uint32_t root_of(uint32_t *roots, uint32_t fact)
{
	while (roots[fact] != fact) {
		roots[fact] = roots[roots[fact]];
		fact = roots[fact];
	}
	return fact;
}

static void unite(const struct joint *joints, size_t count, uint32_t *roots, uint32_t *held)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t a = root_of(roots, joints[i].a), b = root_of(roots, joints[i].b), low = a < b ? a : b;
		if (a == b)
			continue;
		roots[a < b ? b : a] = low;
		held[low] = joints[i].weight;
	}
}

enum sk_err sk_tie(const struct sk_campaigns *c, uint32_t *roots, uint32_t *held)
{
	struct composite *composites;
	size_t composite_count;
	for (size_t i = 0; i < c->fact_count; i++) {
		roots[i] = (uint32_t)i;
		held[i] = 0;
	}
	SK_TRY(make_composites(c, &composites, &composite_count));
	size_t count = make_joints(c, composites, composite_count, NULL);
	struct joint *joints = malloc((count + 1) * sizeof *joints);
	if (joints != NULL) {
		(void)make_joints(c, composites, composite_count, joints);
		qsort(joints, count, sizeof *joints, by_weight);
		unite(joints, count, roots, held);
		for (size_t i = 0; i < c->fact_count; i++)
			roots[i] = root_of(roots, (uint32_t)i);
	}
	free(composites);
	free(joints);
	return joints == NULL ? SK_ENOMEM : SK_OK;
}
