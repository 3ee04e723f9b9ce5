/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of campaigns. */
#include "campaign/campaign.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "campaign/campaign_priv.h"
#include "text/text.h"

enum { ID_BYTES = 5, PERCENT = 100 };
static const int64_t day_ns = 86400000000000;

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* ---- which facts form one ---- */

/* A root with two facts at least gets a number, in the order of its smallest fact. */
static size_t number_roots(struct sk_campaigns *c, const uint32_t *roots, uint32_t *numbers)
{
	size_t count = 0;
	for (size_t i = 0; i < c->fact_count; i++)
		numbers[i] = SK_NO_CAMPAIGN;
	for (size_t i = 0; i < c->fact_count; i++)
		if (roots[i] != i && numbers[roots[i]] == SK_NO_CAMPAIGN)
			numbers[roots[i]] = (uint32_t)count++;
	for (size_t i = 0; i < c->fact_count; i++) {
		c->facts[i].campaign = numbers[roots[i]];
		c->alone += numbers[roots[i]] == SK_NO_CAMPAIGN;
	}
	return count;
}

static double heat_of(const struct sk_campaigns *c, const struct sk_fact *fact)
{
	double age_days = c->options.day_ns > fact->last_ns ? (double)((c->options.day_ns - fact->last_ns) / day_ns) : 0;
	return fact->severity * (fact->percent / (double)PERCENT) * exp2(-age_days / SK_CAMPAIGN_HALF_LIFE_DAYS);
}

/* Facts are in order of their ids, so sums of doubles are always made in one order. */
static void add_facts(struct sk_campaigns *c, const struct sk_fact **earliest)
{
	for (size_t i = 0; i < c->fact_count; i++) {
		const struct sk_fact *fact = &c->facts[i];
		if (fact->campaign == SK_NO_CAMPAIGN)
			continue;
		struct sk_campaign *to = &c->campaigns[fact->campaign];
		bool begins = to->findings++ == 0;
		if (begins || fact->first_ns < earliest[fact->campaign]->first_ns)
			earliest[fact->campaign] = fact;
		to->first_ns = begins || fact->first_ns < to->first_ns ? fact->first_ns : to->first_ns;
		to->last_ns = begins || fact->last_ns > to->last_ns ? fact->last_ns : to->last_ns;
		to->severity = fact->severity > to->severity ? fact->severity : to->severity;
		to->segments += fact->count;
		to->kinds |= UINT64_C(1) << fact->kind;
		if (fact->sector != SK_NO_SECTOR)
			to->sectors |= UINT64_C(1) << fact->sector;
		to->heat += heat_of(c, fact);
	}
}

static enum sk_campaign_state state_of(const struct sk_campaigns *c, int64_t last_ns)
{
	int64_t silent = c->options.day_ns > last_ns ? (c->options.day_ns - last_ns) / day_ns : 0;
	return silent > SK_CAMPAIGN_EXPIRES_DAYS ? SK_CAMPAIGN_EXPIRED : silent > SK_CAMPAIGN_FADES_DAYS ? SK_CAMPAIGN_FADING : SK_CAMPAIGN_ACTIVE;
}

/* ---- how many different hosts and values ---- */

struct thing {
	uint64_t value;
	uint32_t campaign;
	uint32_t kind;          /* a link's, or SK_LINK_KINDS for own hosts */
};

static int by_thing(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;
	if (x->campaign != y->campaign)
		return compare(x->campaign, y->campaign);
	return x->kind != y->kind ? compare(x->kind, y->kind) : compare(x->value, y->value);
}

static enum sk_err count_things(struct sk_campaigns *c)
{
	size_t count = 0;
	struct thing *things = malloc((c->edge_count + c->fact_count + 1) * sizeof *things);
	if (things == NULL)
		return SK_ENOMEM;
	for (size_t i = 0; i < c->fact_count; i++)
		if (c->facts[i].campaign != SK_NO_CAMPAIGN && c->facts[i].own != 0)
			things[count++] = (struct thing){c->facts[i].own, c->facts[i].campaign, SK_LINK_KINDS};
	for (size_t i = 0; i < c->edge_count; i++)
		if (c->facts[c->edges[i].fact].campaign != SK_NO_CAMPAIGN)
			things[count++] = (struct thing){c->edges[i].value, c->facts[c->edges[i].fact].campaign, c->edges[i].kind};
	qsort(things, count, sizeof *things, by_thing);
	for (size_t i = 0; i < count; i++) {
		if (i != 0 && by_thing(&things[i - 1], &things[i]) == 0)
			continue;
		struct sk_campaign *to = &c->campaigns[things[i].campaign];
		if (things[i].kind == SK_LINK_KINDS)
			to->own_hosts++;
		else
			to->links[things[i].kind]++;
	}
	free(things);
	return SK_OK;
}

/* ---- the best link of each ---- */

static int by_number(const void *a, const void *b)
{
	return compare(*(const uint32_t *)a, *(const uint32_t *)b);
}

static void offer(struct sk_campaign *to, const struct sk_link *link, unsigned *weight, size_t *shared, size_t count)
{
	bool better = link->weight > *weight || (link->weight == *weight && (count > *shared || (count == *shared && link->value < to->best_link)));
	if (count < 2 || !better)
		return;
	*weight = link->weight;
	*shared = count;
	to->best_link = link->value;
	to->best_kind = (enum sk_link_kind)link->kind;
}

/* A link leads through several campaigns where it is too light to tie them. */
static enum sk_err find_best(struct sk_campaigns *c)
{
	uint32_t *numbers = malloc((c->edge_count + 1) * sizeof *numbers);
	unsigned *weights = calloc(c->campaign_count + 1, sizeof *weights);
	size_t *shared = calloc(c->campaign_count + 1, sizeof *shared);
	bool made = numbers != NULL && weights != NULL && shared != NULL;
	for (size_t n = 0; made && n < c->link_count; n++) {
		const struct sk_link *link = &c->links[n];
		size_t count = link->to - link->from;
		for (size_t i = 0; i < count; i++)
			numbers[i] = c->facts[c->edges[link->from + i].fact].campaign;
		qsort(numbers, count, sizeof *numbers, by_number);
		for (size_t from = 0, to; from < count && numbers[from] != SK_NO_CAMPAIGN; from = to) {
			for (to = from + 1; to < count && numbers[to] == numbers[from]; to++)
				;
			offer(&c->campaigns[numbers[from]], link, &weights[numbers[from]], &shared[numbers[from]], to - from);
		}
	}
	free(numbers);
	free(weights);
	free(shared);
	return made ? SK_OK : SK_ENOMEM;
}

/* ---- order ---- */

struct place {
	struct sk_campaign campaign;
	uint32_t before;
};

static int by_heat(const void *a, const void *b)
{
	const struct sk_campaign *x = &((const struct place *)a)->campaign, *y = &((const struct place *)b)->campaign;
	if (x->heat != y->heat)
		return x->heat > y->heat ? -1 : 1;
	if (x->last_ns != y->last_ns)
		return x->last_ns > y->last_ns ? -1 : 1;
	return strcmp(x->id, y->id);
}

static enum sk_err order_campaigns(struct sk_campaigns *c)
{
	struct place *places = malloc((c->campaign_count + 1) * sizeof *places);
	uint32_t *now = malloc((c->campaign_count + 1) * sizeof *now);
	bool made = places != NULL && now != NULL;
	for (size_t i = 0; made && i < c->campaign_count; i++)
		places[i] = (struct place){c->campaigns[i], (uint32_t)i};
	if (made)
		qsort(places, c->campaign_count, sizeof *places, by_heat);
	for (size_t i = 0; made && i < c->campaign_count; i++) {
		c->campaigns[i] = places[i].campaign;
		now[places[i].before] = (uint32_t)i;
	}
	for (size_t i = 0; made && i < c->fact_count; i++)
		if (c->facts[i].campaign != SK_NO_CAMPAIGN)
			c->facts[i].campaign = now[c->facts[i].campaign];
	free(places);
	free(now);
	return made ? SK_OK : SK_ENOMEM;
}

/* ---- all together ---- */

static enum sk_err form(struct sk_campaigns *c, const uint32_t *roots, const uint32_t *held, uint32_t *numbers)
{
	c->campaign_count = number_roots(c, roots, numbers);
	c->campaigns = calloc(c->campaign_count + 1, sizeof c->campaigns[0]);
	const struct sk_fact **earliest = calloc(c->campaign_count + 1, sizeof *earliest);
	if (c->campaigns == NULL || earliest == NULL) {
		free(earliest);
		return SK_ENOMEM;
	}
	add_facts(c, earliest);
	for (size_t i = 0; i < c->campaign_count; i++) {
		struct sk_campaign *to = &c->campaigns[i];
		(void)snprintf(to->id, sizeof to->id, "c-");
		sk_hex_encode(earliest[i]->id, ID_BYTES, to->id + 2);
		to->state = state_of(c, to->last_ns);
	}
	for (size_t i = 0; i < c->fact_count; i++)
		if (c->facts[i].campaign != SK_NO_CAMPAIGN && roots[i] == i)
			c->campaigns[c->facts[i].campaign].held = held[i];
	free(earliest);
	SK_TRY(count_things(c));
	SK_TRY(find_best(c));
	return order_campaigns(c);
}

enum sk_err sk_campaigns_build(struct sk_campaigns *c, struct sk_fault *fault)
{
	SK_INVARIANT(!c->built);
	c->built = true;
	sk_facts_settle(c);
	uint32_t *roots = calloc(3 * (c->fact_count + 1), sizeof *roots), *held = NULL, *numbers = NULL;
	enum sk_err err = roots == NULL ? SK_ENOMEM : sk_graph_make(c, fault);
	if (err == SK_OK) {
		held = roots + c->fact_count + 1;
		numbers = held + c->fact_count + 1;
		err = sk_tie(c, roots, held);
	}
	if (err == SK_OK)
		err = form(c, roots, held, numbers);
	free(roots);
	return err == SK_ENOMEM ? sk_fault_set(fault, err, "out of memory to tie %zu findings together", c->fact_count) : err;
}

/* ---- reading ---- */

const char *sk_campaign_state_name(enum sk_campaign_state state)
{
	static const char *const names[] = {[SK_CAMPAIGN_ACTIVE] = "active", [SK_CAMPAIGN_FADING] = "fading", [SK_CAMPAIGN_EXPIRED] = "expired"};
	SK_INVARIANT((size_t)state < SK_COUNT(names));
	return names[state];
}

size_t sk_campaigns_count(const struct sk_campaigns *c, uint64_t *alone)
{
	*alone = c->alone;
	return c->campaign_count;
}

const struct sk_campaign *sk_campaigns_at(const struct sk_campaigns *c, size_t index)
{
	SK_INVARIANT(index < c->campaign_count);
	return &c->campaigns[index];
}

const char *sk_campaigns_kind_name(const struct sk_campaigns *c, unsigned bit)
{
	return bit < c->kind_count ? c->kinds[bit] : NULL;
}

static int find_id(const void *key, const void *fact)
{
	return memcmp(key, ((const struct sk_fact *)fact)->id, sizeof((const struct sk_fact *)fact)->id);
}

size_t sk_campaigns_of_finding(const struct sk_campaigns *c, const uint8_t id[16])
{
	const struct sk_fact *fact = c->fact_count == 0 ? NULL : bsearch(id, c->facts, c->fact_count, sizeof c->facts[0], find_id);
	return fact == NULL || fact->campaign == SK_NO_CAMPAIGN ? SIZE_MAX : fact->campaign;
}

void sk_campaigns_members(const struct sk_campaigns *c, sk_campaign_member_visit visit, void *context)
{
	for (size_t i = 0; i < c->fact_count; i++)
		if (c->facts[i].campaign != SK_NO_CAMPAIGN)
			visit(context, c->facts[i].id, c->facts[i].campaign);
}

static bool holds_join(const struct sk_campaigns *c, size_t index, uint64_t join)
{
	size_t low = 0, high = c->fact_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (c->joins[middle].key < join)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < c->fact_count && c->joins[low].key == join; low++)
		if (c->facts[c->joins[low].fact].campaign == index)
			return true;
	return false;
}

bool sk_campaigns_holds(const struct sk_campaigns *c, size_t index, const struct sk_observation *o)
{
	return o->kind != SK_OBSERVATION_FLOW && (holds_join(c, index, sk_link_join(o->matched, &o->initiator)) || holds_join(c, index, sk_link_join(o->matched, &o->responder)));
}

/* ---- the graph of one ---- */

struct chosen {
	uint32_t link;
	uint32_t count;
	uint16_t weight;
};

static int by_chosen(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;
	if (x->weight != y->weight)
		return compare(y->weight, x->weight);
	return x->count != y->count ? compare(y->count, x->count) : compare(x->link, y->link);
}

/* Links of which two findings at least are the campaign's. Without out only counts. */
static size_t choose(const struct sk_campaigns *c, size_t index, struct chosen *out, size_t *longest)
{
	size_t count = 0;
	for (size_t n = 0; n < c->link_count; n++) {
		uint32_t inside = 0;
		for (uint32_t e = c->links[n].from; e < c->links[n].to; e++)
			inside += c->facts[c->edges[e].fact].campaign == index;
		if (inside < 2)
			continue;
		if (out != NULL)
			out[count] = (struct chosen){(uint32_t)n, inside, c->links[n].weight};
		*longest = inside > *longest ? inside : *longest;
		count++;
	}
	return count;
}

enum sk_err sk_campaigns_links(const struct sk_campaigns *c, size_t index, sk_campaign_link_visit visit, void *context, struct sk_fault *fault)
{
	size_t longest = 0, count = choose(c, index, NULL, &longest);
	struct chosen *chosen = malloc((count + 1) * sizeof *chosen);
	uint8_t (*ids)[16] = malloc((longest + 1) * sizeof *ids);
	enum sk_err err = chosen == NULL || ids == NULL ? sk_fault_set(fault, SK_ENOMEM, "out of memory for %zu links", count) : SK_OK;
	if (err == SK_OK) {
		(void)choose(c, index, chosen, &longest);
		qsort(chosen, count, sizeof *chosen, by_chosen);
	}
	for (size_t i = 0; err == SK_OK && i < count; i++) {
		const struct sk_link *link = &c->links[chosen[i].link];
		size_t put = 0;
		for (uint32_t e = link->from; e < link->to; e++)
			if (c->facts[c->edges[e].fact].campaign == index)
				memcpy(ids[put++], c->facts[c->edges[e].fact].id, sizeof ids[0]);
		const struct sk_campaign_link told = {.kind = (enum sk_link_kind)link->kind, .value = link->value, .weight = link->weight, .unrelated = link->unrelated,
						      .listed = link->listed, .count = put, .findings = (const uint8_t (*)[16])ids};
		err = visit(context, &told);
	}
	free(chosen);
	free(ids);
	return err;
}
