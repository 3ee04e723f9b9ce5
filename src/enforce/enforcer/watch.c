/* SPDX-License-Identifier: Apache-2.0 */
/* Effects: asked for until they are seen or their time is over; and the look at what is in force, again and again. */
#include <stdio.h>
#include <stdlib.h>

#include "enforcer/enforcer_priv.h"

enum { TALLY_MAX = 16 };

static const int64_t ask_again_ns = 250000000, end_near_ns = 2000000000;

/* What was seen of one place's items, summed up by where and what. */
struct tally {
	size_t count;
	uint64_t bad;
	char bad_line[SK_RECEIPT_DETAIL_MAX];
	struct sk_receipt_effect effects[TALLY_MAX];
};
struct asking {
	const struct batch *batch;
	struct tally *tallies;       /* one a place */
	size_t *owners;              /* of each item: its place */
	struct sk_item *items;
	size_t count;
};

static void add_seen(void *context, size_t item, const char *where, const char *seen, bool good)
{
	struct asking *a = context;
	struct tally *tally = &a->tallies[a->owners[item]];
	size_t i = 0;
	while (i < tally->count && (strcmp(tally->effects[i].place, where) != 0 || strcmp(tally->effects[i].seen, seen) != 0 || tally->effects[i].good != good))
		i++;
	if (i == tally->count && i < TALLY_MAX) {
		struct sk_receipt_effect *effect = &tally->effects[tally->count++];
		*effect = (struct sk_receipt_effect){.good = good};
		(void)snprintf(effect->place, sizeof effect->place, "%s", where);
		(void)snprintf(effect->seen, sizeof effect->seen, "%s", seen);
	}
	if (i < TALLY_MAX)
		tally->effects[i].items++;
	if (good)
		return;
	if (tally->bad++ == 0)
		(void)snprintf(tally->bad_line, sizeof tally->bad_line, "%.200s: %.90s: %.90s", a->items[item].target, where, seen);
}

static void asking_free(struct asking *a)
{
	free(a->tallies);
	free(a->owners);
	free(a->items);
}

static enum sk_err asking_new(const struct batch *batch, struct asking *a, struct sk_fault *fault)
{
	size_t count = 0;
	for (size_t i = 0; i < batch->place_count; i++)
		count += batch->places[i]->measure->count;
	*a = (struct asking){.batch = batch};
	a->tallies = calloc(batch->place_count, sizeof *a->tallies);
	a->owners = calloc(count, sizeof *a->owners);
	a->items = calloc(count, sizeof *a->items);
	if (a->tallies == NULL || a->owners == NULL || a->items == NULL) {
		asking_free(a);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < batch->place_count; i++) {
		for (size_t k = 0; k < batch->places[i]->measure->count; k++) {
			a->owners[a->count] = i;
			a->items[a->count++] = batch->places[i]->elements[k]->item;
		}
	}
	return SK_OK;
}

/* Ask the target; where it has nobody to ask, what it holds is the effect. */
static enum sk_err ask(struct batch *batch, struct asking *a, enum sk_reach reach, struct sk_fault *why)
{
	const struct sk_backend *backend = batch->target->backend;
	if (backend->effect != NULL)
		return backend->effect(batch->target->self, a->items, a->count, reach, add_seen, a, why);
	SK_TRY(batch_read(batch, why));
	size_t item = 0;
	for (size_t i = 0; i < batch->place_count; i++) {
		for (size_t k = 0; k < batch->places[i]->measure->count; k++) {
			bool good = batch_holding(batch, batch->places[i]->elements[k]) == HOLDS_OURS;
			add_seen(a, item++, batch->target->conf->name, good ? "holds it" : "does not hold it", good);
		}
	}
	return SK_OK;
}

static enum sk_err tell_effect(struct sk_enforcer *e, struct place *place, enum sk_step step, const struct tally *tally, const char *line, struct sk_fault *fault)
{
	struct sk_warrant_receipt receipt;
	receipt_begin(e, place->measure, place, step, &receipt);
	receipt.effect_count = tally->count;
	memcpy(receipt.effects, tally->effects, tally->count * sizeof *tally->effects);
	(void)snprintf(receipt.detail, sizeof receipt.detail, "%s", line);
	return receipt_add(e, place->measure, &receipt, fault);
}

/* ---- on the way ---- */

static bool wants_canary(const struct place *place)
{
	return place->state == PLACE_SET && place->measure->stage == STAGE_CANARY;
}

static bool wants_all(const struct place *place)
{
	return (place->state == PLACE_SET || place->state == PLACE_CANARY) && place->measure->stage == STAGE_ROLLING;
}

static enum sk_err judge_effect(struct sk_enforcer *e, struct place *place, const struct tally *tally, enum sk_reach reach, enum sk_err err, const struct sk_fault *why,
				struct sk_fault *fault)
{
	char line[SK_RECEIPT_DETAIL_MAX];
	if (tally->bad > 0) {
		place->not_before_ns = enforcer_mono(e) + ask_again_ns;
		if (enforcer_mono(e) - place->since_ns <= e->conf->effect_ns)
			return SK_OK;
		(void)snprintf(line, sizeof line, "failed: the effect was not seen: %.450s", tally->bad_line);
		return measure_end(e, place->measure, line, fault);
	}
	if (err != SK_OK)
		return place_wait(e, place, why, fault);
	place_reached(place);
	place_becomes(e, place, reach == SK_REACH_CANARY ? PLACE_CANARY : PLACE_ACTIVE, true);
	if (reach == SK_REACH_ALL) {
		place->not_before_ns = enforcer_mono(e) + e->conf->watch_ns;
		place->report_ns = place->not_before_ns;
	}
	return tell_effect(e, place, reach == SK_REACH_CANARY ? SK_STEP_CANARY : SK_STEP_ACTIVE, tally, "", fault);
}

enum sk_err step_effect(struct sk_enforcer *e, struct target *t, enum sk_reach reach, struct sk_fault *fault)
{
	struct batch batch;
	struct asking a;
	struct sk_fault why;
	SK_TRY(batch_collect(e, t, reach == SK_REACH_CANARY ? wants_canary : wants_all, &batch, fault));
	if (batch.place_count == 0)
		return SK_OK;
	enum sk_err err = asking_new(&batch, &a, fault);
	if (err == SK_OK) {
		enum sk_err asked = ask(&batch, &a, reach, &why);
		if (asked == SK_ENOMEM)
			err = sk_fault_set(fault, asked, "%s", why.line);
		for (size_t i = 0; err == SK_OK && i < batch.place_count; i++)
			err = judge_effect(e, batch.places[i], &a.tallies[i], reach, asked, &why, fault);
		asking_free(&a);
	}
	batch_free(&batch);
	return err == SK_OK ? receipts_flush(e, fault) : err;
}

/* ---- in force ---- */

static bool wants_watch(const struct place *place)
{
	return place->state == PLACE_ACTIVE && place->measure->stage == STAGE_ACTIVE;
}

static size_t changed_of(const struct batch *batch, const struct place *place, const struct element **first)
{
	size_t changed = 0;
	for (size_t k = 0; k < place->measure->count; k++) {
		if (batch_holding(batch, place->elements[k]) == HOLDS_OURS)
			continue;
		if (changed++ == 0)
			*first = place->elements[k];
	}
	return changed;
}

/* Told when it changes, and when it has been good for long. */
static enum sk_err judge_watch(struct sk_enforcer *e, const struct batch *batch, struct place *place, const struct tally *tally, struct sk_fault *fault)
{
	char line[SK_RECEIPT_DETAIL_MAX];
	const struct element *first = NULL;
	int64_t mono_ns = enforcer_mono(e);
	size_t changed = changed_of(batch, place, &first), before = place->conflicts;
	place->not_before_ns = mono_ns + e->conf->watch_ns;
	if (place->measure->until_ns - enforcer_now(e) < end_near_ns)
		return SK_OK; /* a target may forget a moment early */
	place->conflicts = changed;
	if (changed > 0 && changed == before)
		return SK_OK;
	if (changed > 0) {
		(void)snprintf(line, sizeof line, "%zu of %zu are not as sekisho set them any more and were left as they are; the first: %.255s", changed, place->measure->count,
			       first->item.target);
		enforcer_tell(e, "%s: conflict: %s", place->measure->id, line);
		return tell_effect(e, place, SK_STEP_CONFLICT, tally, line, fault);
	}
	if (before == 0 && tally->bad == 0 && mono_ns < place->report_ns)
		return SK_OK;
	place->report_ns = mono_ns + (tally->bad == 0 ? e->conf->report_ns : 0);
	if (tally->bad > 0)
		enforcer_tell(e, "%s: in force and without effect: %s", place->measure->id, tally->bad_line);
	return tell_effect(e, place, SK_STEP_WATCHED, tally, tally->bad == 0 ? "" : tally->bad_line, fault);
}

static enum sk_err watch_batch(struct sk_enforcer *e, struct batch *batch, struct asking *a, struct sk_fault *fault)
{
	struct sk_fault why;
	enum sk_err err = batch_read(batch, &why);
	/* What was changed has no effect to be asked for; the look at it is told with the rest. */
	if (err == SK_OK)
		err = ask(batch, a, SK_REACH_ALL, &why);
	if (err == SK_ENOMEM)
		return sk_fault_set(fault, err, "%s", why.line);
	for (size_t i = 0; i < batch->place_count; i++) {
		struct place *place = batch->places[i];
		if (err != SK_OK) {
			SK_TRY(place_wait(e, place, &why, fault));
			continue;
		}
		place_reached(place);
		SK_TRY(judge_watch(e, batch, place, &a->tallies[i], fault));
	}
	return SK_OK;
}

enum sk_err step_watch(struct sk_enforcer *e, struct target *t, struct sk_fault *fault)
{
	struct batch batch;
	struct asking a;
	SK_TRY(batch_collect(e, t, wants_watch, &batch, fault));
	if (batch.place_count == 0)
		return SK_OK;
	enum sk_err err = asking_new(&batch, &a, fault);
	if (err == SK_OK) {
		err = watch_batch(e, &batch, &a, fault);
		asking_free(&a);
	}
	batch_free(&batch);
	return err == SK_OK ? receipts_flush(e, fault) : err;
}
