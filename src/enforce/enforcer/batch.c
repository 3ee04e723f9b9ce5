/* SPDX-License-Identifier: Apache-2.0 */
/* Many places of one target at a time: one transaction, one look. */
#include <stdio.h>
#include <stdlib.h>

#include "enforcer/enforcer_priv.h"
#include "text/text.h"

static const int64_t ns_per_second = 1000000000;
enum { BACK_OFF_MOST_S = 60, BACK_OFF_TRIES = 6 };

/* ---- collecting ---- */

static enum sk_err allocate(struct sk_enforcer *e, struct batch *batch, size_t places, size_t items, struct sk_fault *fault)
{
	batch->places = calloc(places, sizeof(struct place *));
	batch->elements = calloc(items, sizeof(struct element *));
	batch->items = calloc(items, sizeof *batch->items);
	batch->texts = calloc(items, sizeof *batch->texts);
	e->batch++;
	if (batch->places != NULL && batch->elements != NULL && batch->items != NULL && batch->texts != NULL)
		return SK_OK;
	batch_free(batch);
	return sk_fault_set(fault, SK_ENOMEM, "out of memory");
}

static void add_place(struct sk_enforcer *e, struct batch *batch, struct place *place)
{
	batch->places[batch->place_count++] = place;
	for (size_t i = 0; i < place->measure->count; i++) {
		struct element *element = place->elements[i];
		if (element->mark != e->batch) {
			element->mark = e->batch;
			element->leaving = 0;
			element->index = batch->count;
			sk_buf_init(&batch->texts[batch->count], SK_ITEM_TEXT_MAX);
			batch->items[batch->count] = element->item;
			batch->elements[batch->count++] = element;
		}
		element->leaving++;
	}
}

static struct place *place_on(const struct measure *m, const struct target *t)
{
	for (size_t p = 0; p < m->place_count; p++)
		if (m->places[p].target == t)
			return &m->places[p];
	return NULL;
}

enum sk_err batch_collect(struct sk_enforcer *e, struct target *t, bool (*wanted)(const struct place *place), struct batch *out, struct sk_fault *fault)
{
	size_t places = 0, items = 0;
	int64_t mono_ns = enforcer_mono(e);
	*out = (struct batch){.target = t};
	for (unsigned pass = 0; pass < 2; pass++) {
		size_t taken = 0;
		for (size_t i = 0; i < e->measure_count; i++) {
			struct place *place = place_on(e->measures[i], t);
			if (place == NULL || place->not_before_ns > mono_ns || !wanted(place))
				continue;
			if (taken > 0 && taken + e->measures[i]->count > BATCH_ITEMS)
				break;
			taken += e->measures[i]->count;
			if (pass == 0)
				places++;
			else
				add_place(e, out, place);
		}
		items = taken;
		if (places == 0)
			return SK_OK;
		if (pass == 0)
			SK_TRY(allocate(e, out, places, items, fault));
	}
	return SK_OK;
}

enum sk_err batch_of_one(struct sk_enforcer *e, const struct batch *batch, size_t place, struct batch *out, struct sk_fault *fault)
{
	*out = (struct batch){.target = batch->target};
	SK_TRY(allocate(e, out, 1, batch->places[place]->measure->count, fault));
	add_place(e, out, batch->places[place]);
	return SK_OK;
}

void batch_free(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		sk_buf_fini(&batch->texts[i]);
	free(batch->places);
	free(batch->elements);
	free(batch->items);
	free(batch->texts);
	*batch = (struct batch){0};
}

/* ---- the target ---- */

enum sk_err batch_read(struct batch *batch, struct sk_fault *fault)
{
	for (size_t i = 0; i < batch->count; i++) {
		sk_buf_reset(&batch->texts[i]);
		batch->items[i] = batch->elements[i]->item;
	}
	return batch->target->backend->read(batch->target->self, batch->items, batch->count, batch->texts, fault);
}

enum holding batch_holding(const struct batch *batch, const struct element *element)
{
	const struct sk_buf *text = &batch->texts[element->index];
	struct sk_buf ours;
	if (text->length == 0)
		return text->failed == SK_OK ? HOLDS_NOTHING : HOLDS_OTHER; /* more text than any thing of ours has */
	sk_buf_init(&ours, SK_ITEM_TEXT_MAX);
	bool same = batch->target->backend->text(batch->target->self, &element->item, &ours, NULL) == SK_OK && ours.length == text->length &&
		    memcmp(ours.bytes, text->bytes, text->length) == 0;
	sk_buf_fini(&ours);
	return same ? HOLDS_OURS : HOLDS_OTHER;
}

void batch_digest(const struct batch *batch, const struct place *place, uint8_t out[SK_HASH_BYTES])
{
	struct sk_buf all;
	sk_buf_init(&all, (size_t)SK_ORDER_TARGETS_MAX * SK_ITEM_TEXT_MAX);
	for (size_t i = 0; i < place->measure->count; i++) {
		const struct sk_buf *text = &batch->texts[place->elements[i]->index];
		sk_buf_add(&all, text->bytes, text->length);
	}
	sk_sha256(all.bytes, all.length, out);
	sk_buf_fini(&all);
}

enum sk_err batch_call(const struct batch *batch, const bool *chosen, bool set, struct sk_fault *fault)
{
	size_t count = 0;
	struct sk_item *items = calloc(batch->count, sizeof *items);
	if (items == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t i = 0; i < batch->count; i++)
		if (chosen[i])
			items[count++] = batch->elements[i]->item;
	enum sk_err err = SK_OK;
	if (count > 0)
		err = set ? batch->target->backend->set(batch->target->self, items, count, fault) : batch->target->backend->clear(batch->target->self, items, count, fault);
	free(items);
	sk_enforcer_point(set ? "set" : "clear");
	return err;
}

/* ---- waiting ---- */

void place_reached(struct place *place)
{
	place->tries = 0;
	place->down_ns = 0;
	place->not_before_ns = 0;
}

enum sk_err place_wait(struct sk_enforcer *e, struct place *place, const struct sk_fault *why, struct sk_fault *fault)
{
	struct sk_warrant_receipt receipt;
	struct measure *m = place->measure;
	int64_t mono_ns = enforcer_mono(e);
	int64_t wait_s = place->tries < BACK_OFF_TRIES ? INT64_C(1) << place->tries : BACK_OFF_MOST_S;
	place->tries++;
	place->not_before_ns = mono_ns + wait_s * ns_per_second;
	if (place->down_ns == 0) {
		place->down_ns = mono_ns;
		receipt_begin(e, m, place, SK_STEP_UNREACHABLE, &receipt);
		(void)snprintf(receipt.detail, sizeof receipt.detail, "%s", why->line);
		SK_TRY(receipt_add(e, m, &receipt, fault));
	}
	/* On its way, it is not left half done; in force it is watched on, and undoing is never given up. */
	if ((m->stage == STAGE_CANARY || m->stage == STAGE_ROLLING) && mono_ns - place->down_ns > e->conf->give_up_ns)
		return measure_end(e, m, "failed: a target cannot be reached", fault);
	return SK_OK;
}

void place_becomes(struct sk_enforcer *e, struct place *place, enum place_state state, bool in_journal)
{
	static const char *const words[] = {"new", "checked", "intended", "set", "canary", "active", "gone"};
	bool held = place->state >= PLACE_INTENDED && place->state < PLACE_GONE, holds = state >= PLACE_INTENDED && state < PLACE_GONE;
	if (holds && !held)
		place_hold(place);
	else if (held && !holds)
		place_release(place);
	place->state = state;
	place->since_ns = enforcer_mono(e);
	place->not_before_ns = 0;
	if (in_journal)
		journal_place(e, words[state], place);
}
