/* SPDX-License-Identifier: Apache-2.0 */
/* Measures, their places on targets, and what targets hold. An element is one thing on one target, however many warrants hold it; it is away when the last of them is. */
#include <stdio.h>
#include <stdlib.h>

#include "enforcer/enforcer_priv.h"
#include "seal/siphash.h"
#include "text/text.h"

struct measure *measure_find(const struct sk_enforcer *e, const uint8_t digest[SK_HASH_BYTES])
{
	for (struct measure *m = e->by_digest[bucket_of(digest)]; m != NULL; m = m->next)
		if (memcmp(m->digest, digest, SK_HASH_BYTES) == 0)
			return m;
	return NULL;
}

/* ---- elements ---- */

static size_t element_bucket(const struct sk_enforcer *e, const char *target)
{
	return (size_t)sk_siphash13(e->sip, target, strlen(target)) % BUCKETS;
}

static struct element *element_find(const struct target *t, const struct measure *m, const char *name)
{
	for (struct element *element = t->elements[element_bucket(t->enforcer, name)]; element != NULL; element = element->next)
		if (strcmp(element->item.target, name) == 0 && (!t->conf->backend->each_order || strcmp(element->item.order, m->id) == 0))
			return element;
	return NULL;
}

/* Whose thing it is: the same from every start of this enforcer, another from any other's. */
static void make_tag(const struct target *t, const struct measure *m, const char *name, char tag[SK_TAG_MAX])
{
	struct sk_buf text;
	uint8_t digest[SK_HASH_BYTES] = {0};
	sk_buf_init(&text, SK_ITEM_TEXT_MAX);
	sk_buf_add(&text, sk_sign_key_public(t->enforcer->key)->public_key, 32);
	sk_buf_addf(&text, "%s\n%s\n%s\n%s", t->conf->name, sk_action_name(m->action), name, t->conf->backend->each_order ? m->id : "");
	sk_sha256(text.bytes, text.length, digest);
	sk_hex_encode(digest, (SK_TAG_MAX - 1) / 2, tag);
	sk_buf_fini(&text);
}

static struct element *element_add(struct target *t, const struct measure *m, const char *name)
{
	struct element *element = calloc(1, sizeof *element);
	char *copy = strdup(name);
	if (element == NULL || copy == NULL) {
		free(element);
		free(copy);
		return NULL;
	}
	size_t bucket = element_bucket(t->enforcer, name);
	element->item = (struct sk_item){.target = copy, .action = m->action, .rate_bytes_per_s = m->rate_bytes_per_s};
	memcpy(element->item.order, m->id, sizeof m->id);
	memcpy(element->item.document, m->document, sizeof m->document);
	make_tag(t, m, name, element->item.tag);
	element->next = t->elements[bucket];
	t->elements[bucket] = element;
	return element;
}

static void element_drop(struct target *t, struct element *element)
{
	if (--element->refs > 0)
		return;
	struct element **at = &t->elements[element_bucket(t->enforcer, element->item.target)];
	while (*at != element)
		at = &(*at)->next;
	*at = element->next;
	free((char *)(uintptr_t)element->item.target);
	free(element);
}

void place_hold(struct place *place)
{
	for (size_t i = 0; i < place->measure->count; i++)
		place->elements[i]->holds++;
}

void place_release(struct place *place)
{
	for (size_t i = 0; i < place->measure->count; i++)
		place->elements[i]->holds--;
}

static bool place_holds(const struct place *place, const struct target *t, const struct element *element)
{
	if (place->target != t || place->state < PLACE_INTENDED || place->state == PLACE_GONE)
		return false;
	for (size_t i = 0; i < place->measure->count; i++)
		if (place->elements[i] == element)
			return true;
	return false;
}

int64_t element_until(const struct sk_enforcer *e, const struct element *element, const struct target *t)
{
	int64_t until_ns = 0;
	for (size_t i = 0; i < e->measure_count; i++) {
		const struct measure *m = e->measures[i];
		for (size_t p = 0; m->stage < STAGE_ENDING && m->until_ns > until_ns && p < m->place_count; p++)
			if (place_holds(&m->places[p], t, element))
				until_ns = m->until_ns;
	}
	return until_ns;
}

/* ---- measures ---- */

static void measure_free(struct measure *m)
{
	for (size_t p = 0; p < m->place_count; p++)
		free(m->places[p].elements);
	for (size_t i = 0; m->names != NULL && i < m->count; i++)
		free(m->names[i]);
	free(m->places);
	free(m->names);
	free(m->note);
	free(m);
}

static enum sk_err grow_measures(struct sk_enforcer *e)
{
	if (e->measure_count < e->measure_places)
		return SK_OK;
	size_t places = e->measure_places == 0 ? 256 : 2 * e->measure_places;
	struct measure **fresh = realloc(e->measures, places * sizeof(struct measure *));
	if (fresh == NULL)
		return SK_ENOMEM;
	e->measures = fresh;
	e->measure_places = places;
	return SK_OK;
}

enum sk_err measure_add(struct sk_enforcer *e, const struct measure *fields, const char *const *targets, const char *note, struct measure **out)
{
	if (e->measure_count >= SK_ENFORCER_MEASURES_MAX || e->items + fields->count > SK_ENFORCER_ITEMS_MAX)
		return SK_ETOOBIG;
	SK_TRY(grow_measures(e));
	struct measure *m = malloc(sizeof *m);
	if (m == NULL)
		return SK_ENOMEM;
	*m = *fields;
	m->places = NULL;
	m->place_count = 0;
	m->names = calloc(m->count, sizeof(char *));
	m->note = strdup(note);
	bool good = m->names != NULL && m->note != NULL;
	for (size_t i = 0; good && i < m->count; i++)
		good = (m->names[i] = strdup(targets[i])) != NULL;
	if (!good) {
		measure_free(m);
		return SK_ENOMEM;
	}
	size_t bucket = bucket_of(m->digest);
	m->next = e->by_digest[bucket];
	e->by_digest[bucket] = m;
	e->measures[e->measure_count++] = m;
	e->items += m->count;
	*out = m;
	return SK_OK;
}

static enum sk_err fill_place(struct target *t, struct measure *m, struct place *place)
{
	*place = (struct place){.measure = m, .target = t};
	place->elements = calloc(m->count, sizeof(struct element *));
	if (place->elements == NULL)
		return SK_ENOMEM;
	for (size_t i = 0; i < m->count; i++) {
		struct element *element = element_find(t, m, m->names[i]);
		if (element == NULL)
			element = element_add(t, m, m->names[i]);
		if (element == NULL)
			return SK_ENOMEM;
		/* For the dry run; what it is set with, set decides. */
		if (element->holds == 0 && m->until_ns > element->item.until_ns)
			element->item.until_ns = m->until_ns;
		element->refs++;
		place->elements[i] = element;
	}
	return SK_OK;
}

static void drop_places(struct measure *m)
{
	for (size_t p = 0; p < m->place_count; p++)
		for (size_t i = 0; m->places[p].elements != NULL && i < m->count; i++)
			if (m->places[p].elements[i] != NULL)
				element_drop(m->places[p].target, m->places[p].elements[i]);
	for (size_t p = 0; p < m->place_count; p++)
		free(m->places[p].elements);
	free(m->places);
	m->places = NULL;
	m->place_count = 0;
}

enum sk_err measure_place_out(struct sk_enforcer *e, struct measure *m, struct sk_fault *fault)
{
	uint32_t bit = 1U << sk_action_measure(m->action);
	m->places = calloc(e->target_count, sizeof *m->places);
	if (m->places == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t t = 0; t < e->target_count; t++) {
		if ((e->targets[t].conf->measures & bit) == 0)
			continue;
		if (fill_place(&e->targets[t], m, &m->places[m->place_count++]) != SK_OK) {
			drop_places(m);
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		}
	}
	if (m->place_count > 0)
		return SK_OK;
	drop_places(m);
	return sk_fault_set(fault, SK_EUSAGE, "no target of the configuration carries %s", sk_measure_name(sk_action_measure(m->action)));
}

void measure_remove(struct sk_enforcer *e, struct measure *m)
{
	struct measure **at = &e->by_digest[bucket_of(m->digest)];
	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	for (size_t i = 0; i < e->measure_count; i++) {
		if (e->measures[i] != m)
			continue;
		/* In the order of their coming: whoever came first is served first. */
		memmove(&e->measures[i], &e->measures[i + 1], (e->measure_count - i - 1) * sizeof *e->measures);
		e->measure_count--;
		break;
	}
	e->items -= m->count;
	drop_places(m);
	measure_free(m);
}

void measures_free(struct sk_enforcer *e)
{
	for (size_t i = 0; i < e->measure_count; i++) {
		drop_places(e->measures[i]);
		measure_free(e->measures[i]);
	}
	free(e->measures);
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct over *over = e->overs[i], *next; over != NULL; over = next) {
			next = over->next;
			free(over);
		}
	}
}

/* ---- what is over ---- */

bool over_has(const struct sk_enforcer *e, const uint8_t digest[SK_HASH_BYTES])
{
	for (const struct over *over = e->overs[bucket_of(digest)]; over != NULL; over = over->next)
		if (memcmp(over->digest, digest, SK_HASH_BYTES) == 0)
			return true;
	return false;
}

enum sk_err over_add(struct sk_enforcer *e, const uint8_t digest[SK_HASH_BYTES], int64_t until_ns)
{
	struct over *over = malloc(sizeof *over);
	if (over == NULL)
		return SK_ENOMEM;
	memcpy(over->digest, digest, SK_HASH_BYTES);
	over->until_ns = until_ns;
	over->next = e->overs[bucket_of(digest)];
	e->overs[bucket_of(digest)] = over;
	return SK_OK;
}
