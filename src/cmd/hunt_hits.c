/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cmd/hunt.h"

enum { HITS_START = 256 };

void sk_hunt_hits_init(struct sk_hunt_hits *hits)
{
	*hits = (struct sk_hunt_hits){.count = 0};
}

void sk_hunt_hits_fini(struct sk_hunt_hits *hits)
{
	if (hits->hit != NULL)
		sk_wipe(hits->hit, hits->count * sizeof *hits->hit);
	free(hits->hit);
	free(hits->slots);
	sk_hunt_hits_init(hits);
}

static bool same(const struct sk_hunt_hit *a, const struct sk_hunt_hit *b)
{
	return a->indicator.id == b->indicator.id && sk_addr_equal(&a->own, &b->own) && sk_addr_equal(&a->outside, &b->outside);
}

static size_t hash(const struct sk_hunt_hit *hit)
{
	uint64_t words[4];
	memcpy(&words[0], hit->own.bytes, sizeof hit->own.bytes);
	memcpy(&words[2], hit->outside.bytes, sizeof hit->outside.bytes);
	uint64_t sum = hit->indicator.id;
	for (size_t i = 0; i < SK_COUNT(words); i++) {
		sum = (sum ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 29;
	}
	return (size_t)sum;
}

/* The slot where it is, or where it would go. */
static uint32_t *find_slot(const struct sk_hunt_hits *hits, const struct sk_hunt_hit *hit)
{
	for (size_t at = hash(hit);; at++) {
		uint32_t *slot = &hits->slots[at & (hits->slot_count - 1)];
		if (*slot == 0 || same(&hits->hit[*slot - 1], hit))
			return slot;
	}
}

static bool grow(struct sk_hunt_hits *hits)
{
	size_t capacity = hits->capacity != 0 ? hits->capacity * 2 : HITS_START;
	struct sk_hunt_hit *more = realloc(hits->hit, capacity * sizeof *more);
	if (more == NULL)
		return false;
	hits->hit = more;
	uint32_t *slots = calloc(2 * capacity, sizeof *slots);
	if (slots == NULL)
		return false;
	free(hits->slots);
	hits->slots = slots;
	hits->capacity = capacity;
	hits->slot_count = 2 * capacity;
	for (size_t i = 0; i < hits->count; i++)
		*find_slot(hits, &hits->hit[i]) = (uint32_t)(i + 1);
	return true;
}

static bool earlier(const struct sk_hunt_place *a, const struct sk_hunt_place *b)
{
	return a->input != b->input ? a->input < b->input : a->line < b->line;
}

/* Keep the examples that come first, each place once. */
static void add_example(struct sk_hunt_hit *hit, const struct sk_hunt_place *place)
{
	unsigned at = 0;
	while (at < hit->example_count && earlier(&hit->examples[at], place))
		at++;
	if (at == SK_HUNT_EXAMPLES || (at < hit->example_count && !earlier(place, &hit->examples[at])))
		return;
	unsigned kept = hit->example_count < SK_HUNT_EXAMPLES ? hit->example_count : SK_HUNT_EXAMPLES - 1;
	memmove(&hit->examples[at + 1], &hit->examples[at], (kept - at) * sizeof *place);
	hit->examples[at] = *place;
	hit->example_count = kept + 1;
}

static void fold(struct sk_hunt_hit *into, const struct sk_hunt_hit *more)
{
	/* What is told of the first record is told of the same one, whoever came first here. */
	if (more->example_count != 0 && (into->example_count == 0 || earlier(&more->examples[0], &into->examples[0]))) {
		into->field = more->field;
		into->class_ = more->class_;
		into->outside_port = more->outside_port;
	}
	bool begins = more->first_ns < into->first_ns || (more->first_ns == into->first_ns && memcmp(more->evidence, into->evidence, sizeof more->evidence) < 0);
	if (more->has_evidence && (!into->has_evidence || begins)) {
		memcpy(into->evidence, more->evidence, sizeof into->evidence);
		into->has_evidence = true;
		into->class_ = more->class_;
		into->outside_port = more->outside_port;
	}
	into->count += more->count;
	if (more->has_time) {
		into->first_ns = !into->has_time || more->first_ns < into->first_ns ? more->first_ns : into->first_ns;
		into->last_ns = !into->has_time || more->last_ns > into->last_ns ? more->last_ns : into->last_ns;
		into->has_time = true;
	}
	for (unsigned i = 0; i < more->example_count; i++)
		add_example(into, &more->examples[i]);
}

bool sk_hunt_hits_add(struct sk_hunt_hits *hits, const struct sk_hunt_hit *hit)
{
	if (hits->count == hits->capacity && hits->count < SK_HUNT_HITS_MAX && !grow(hits))
		return false;
	uint32_t *slot = find_slot(hits, hit);
	if (*slot != 0) {
		fold(&hits->hit[*slot - 1], hit);
		return true;
	}
	if (hits->count == SK_HUNT_HITS_MAX) {
		hits->not_listed += hit->count;
		return true;
	}
	hits->hit[hits->count++] = *hit;
	*slot = (uint32_t)hits->count;
	return true;
}

bool sk_hunt_hits_merge(struct sk_hunt_hits *hits, const struct sk_hunt_hits *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (!sk_hunt_hits_add(hits, &from->hit[i]))
			return false;
	hits->not_listed += from->not_listed;
	return true;
}

static int by_count(const void *a, const void *b)
{
	const struct sk_hunt_hit *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->indicator.id != y->indicator.id)
		return x->indicator.id < y->indicator.id ? -1 : 1;
	int order = sk_addr_compare(&x->outside, &y->outside);
	return order != 0 ? order : sk_addr_compare(&x->own, &y->own);
}

void sk_hunt_hits_sort(struct sk_hunt_hits *hits)
{
	if (hits->count != 0)
		qsort(hits->hit, hits->count, sizeof *hits->hit, by_count);
}

void sk_hunt_hit_sides(struct sk_hunt_hit *hit, const struct sk_addr *source, uint16_t source_port, const struct sk_addr *destination, uint16_t destination_port)
{
	bool source_outside = hit->class_ == SK_CLASS_FD;
	hit->own = source_outside ? *destination : *source;
	hit->outside = source_outside ? *source : *destination;
	hit->outside_port = source_outside ? source_port : destination_port;
}

void sk_hunt_counts_add(struct sk_hunt_counts *to, const struct sk_hunt_counts *from)
{
	to->records += from->records;
	to->admitted += from->admitted;
	to->no_pair += from->no_pair;
	to->malformed += from->malformed;
	to->hit += from->hit;
	for (unsigned i = 0; i < SK_GATE_REASON_COUNT; i++)
		to->erased[i] += from->erased[i];
	for (unsigned i = 0; i < SK_CLASS_COUNT; i++)
		to->classes[i] += from->classes[i];
}
