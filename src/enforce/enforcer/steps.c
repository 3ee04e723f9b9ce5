/* SPDX-License-Identifier: Apache-2.0 */
/* Dry run, setting, taking away. What stands on a target is read right before a change and right after it; the journal is synced in between. */
#include <stdio.h>
#include <stdlib.h>

#include "enforcer/enforcer_priv.h"
#include "text/text.h"

static const int64_t again_ns = 1000000000;

enum sk_err measure_end(struct sk_enforcer *e, struct measure *m, const char *why, struct sk_fault *fault)
{
	struct sk_warrant_receipt receipt;
	if (m->stage >= STAGE_ENDING)
		return SK_OK;
	m->stage = STAGE_ENDING;
	(void)snprintf(m->why, sizeof m->why, "%s", why);
	for (size_t p = 0; p < m->place_count; p++)
		place_reached(&m->places[p]);
	journal_measure(e, "ending", m, m->why);
	enforcer_tell(e, "%s: taken back: %s", m->id, why);
	receipt_begin(e, m, NULL, SK_STEP_ENDING, &receipt);
	(void)snprintf(receipt.detail, sizeof receipt.detail, "%s", why);
	return receipt_add(e, m, &receipt, fault);
}

/* A receipt about one place with a line. */
static enum sk_err tell_place(struct sk_enforcer *e, struct place *place, enum sk_step step, const char *line, const uint8_t after[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_warrant_receipt receipt;
	receipt_begin(e, place->measure, place, step, &receipt);
	(void)snprintf(receipt.detail, sizeof receipt.detail, "%s", line);
	if (after != NULL)
		memcpy(receipt.after, after, sizeof receipt.after);
	if (step == SK_STEP_CONFLICT || step == SK_STEP_REFUSED)
		enforcer_tell(e, "%s: %s: %s", place->measure->id, sk_step_name(step), line);
	return receipt_add(e, place->measure, &receipt, fault);
}

static enum sk_err wait_all(struct sk_enforcer *e, const struct batch *batch, const struct sk_fault *why, struct sk_fault *fault)
{
	for (size_t i = 0; i < batch->place_count; i++)
		SK_TRY(place_wait(e, batch->places[i], why, fault));
	return SK_OK;
}

/* Somebody else's thing stands there: which, and what. */
static enum sk_err refuse_conflict(struct sk_enforcer *e, const struct batch *batch, struct place *place, const struct element *element, struct sk_fault *fault)
{
	char line[SK_RECEIPT_DETAIL_MAX], digest_line[160];
	uint8_t digest[SK_HASH_BYTES];
	const char *text = sk_buf_text(&batch->texts[element->index]);
	(void)snprintf(digest_line, sizeof digest_line, "%.*s", (int)strcspn(text, "\n"), text);
	(void)snprintf(line, sizeof line, "%.255s: something of somebody else's stands there and was left: %s", element->item.target, digest_line[0] == '\0' ? "nothing any more" : digest_line);
	for (char *at = line; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
			*at = '?';
	batch_digest(batch, place, digest);
	SK_TRY(tell_place(e, place, SK_STEP_CONFLICT, line, digest, fault));
	return measure_end(e, place->measure, "failed: conflict", fault);
}

/* ---- dry run ---- */

static bool wants_check(const struct place *place)
{
	return place->state == PLACE_NEW && place->measure->stage == STAGE_NEW;
}

static enum sk_err tell_dry_run(struct sk_enforcer *e, const struct batch *batch, struct place *place, struct sk_fault *fault)
{
	struct sk_warrant_receipt receipt;
	struct sk_buf text;
	sk_buf_init(&text, SK_RECEIPT_TEXT_MAX);
	for (size_t i = 0; i < place->measure->count; i++)
		if (batch->target->backend->text(batch->target->self, &place->elements[i]->item, &text, NULL) != SK_OK)
			break; /* check would have refused it */
	batch_digest(batch, place, place->before);
	receipt_begin(e, place->measure, place, SK_STEP_DRY_RUN, &receipt);
	memcpy(receipt.after, place->before, sizeof receipt.after);
	receipt.text = sk_buf_text(&text);
	enum sk_err err = receipt_add(e, place->measure, &receipt, fault);
	sk_buf_fini(&text);
	place_becomes(e, place, PLACE_CHECKED, false);
	place_reached(place);
	return err;
}

/* May it be set there? What warrants hold already stands there as ours; else nothing does. */
static bool is_ground(const struct element *element, enum holding holding)
{
	return element->set ? holding == HOLDS_OURS : holding == HOLDS_NOTHING || (holding == HOLDS_OURS && element->holds > 0);
}

/* Nothing of others' may stand there, and nothing of ours with another action. */
static enum sk_err check_ground(struct sk_enforcer *e, const struct batch *batch, struct sk_fault *fault)
{
	for (size_t i = 0; i < batch->place_count; i++) {
		struct place *place = batch->places[i];
		struct measure *m = place->measure;
		for (size_t k = 0; m->stage == STAGE_NEW && k < m->count; k++) {
			const struct element *element = place->elements[k];
			char line[SK_RECEIPT_DETAIL_MAX];
			if (element->item.action != m->action || element->item.rate_bytes_per_s != m->rate_bytes_per_s) {
				(void)snprintf(line, sizeof line, "%.255s: order %s holds it as %s; withdraw that one first", element->item.target, element->item.order,
					       sk_action_name(element->item.action));
				SK_TRY(tell_place(e, place, SK_STEP_REFUSED, line, NULL, fault));
				SK_TRY(measure_end(e, m, "failed: held by another order", fault));
			} else if (!is_ground(element, batch_holding(batch, element))) {
				SK_TRY(refuse_conflict(e, batch, place, element, fault));
			}
		}
	}
	return SK_OK;
}

/* SK_EUSAGE: one of many cannot be carried. */
static enum sk_err check_batch(struct sk_enforcer *e, struct batch *batch, struct sk_fault *fault)
{
	struct sk_fault why;
	enum sk_err err = batch_read(batch, &why);
	if (err == SK_OK)
		SK_TRY(check_ground(e, batch, fault));
	if (err == SK_OK)
		err = batch->target->backend->check(batch->target->self, batch->items, batch->count, &why);
	if (err == SK_ENOMEM || (err == SK_EUSAGE && batch->place_count > 1))
		return sk_fault_set(fault, err, "%s", why.line);
	if (err == SK_EUSAGE) {
		SK_TRY(tell_place(e, batch->places[0], SK_STEP_REFUSED, why.line, NULL, fault));
		return measure_end(e, batch->places[0]->measure, "failed: a target refuses it", fault);
	}
	if (err != SK_OK)
		return wait_all(e, batch, &why, fault);
	for (size_t i = 0; i < batch->place_count; i++)
		if (batch->places[i]->measure->stage == STAGE_NEW)
			SK_TRY(tell_dry_run(e, batch, batch->places[i], fault));
	return SK_OK;
}

/* A step over a batch; where one of many cannot be carried, over each by itself, so that the others go on. */
static enum sk_err take_step(struct sk_enforcer *e, struct batch *batch, bool (*wanted)(const struct place *place),
			     enum sk_err (*step)(struct sk_enforcer *e, struct batch *batch, struct sk_fault *fault), struct sk_fault *fault)
{
	enum sk_err err = step(e, batch, fault);
	if (err != SK_EUSAGE || batch->place_count == 1)
		return err;
	for (size_t i = 0; i < batch->place_count; i++) {
		struct batch one;
		if (!wanted(batch->places[i]))
			continue;
		SK_TRY(batch_of_one(e, batch, i, &one, fault));
		err = step(e, &one, fault);
		batch_free(&one);
		if (err != SK_OK)
			return err;
	}
	return SK_OK;
}

enum sk_err step_check(struct sk_enforcer *e, struct target *t, struct sk_fault *fault)
{
	struct batch batch;
	SK_TRY(batch_collect(e, t, wants_check, &batch, fault));
	if (batch.place_count == 0)
		return SK_OK;
	enum sk_err err = take_step(e, &batch, wants_check, check_batch, fault);
	batch_free(&batch);
	return err == SK_OK ? receipts_flush(e, fault) : err;
}

/* ---- set ---- */

static bool wants_set(const struct place *place)
{
	const struct measure *m = place->measure;
	if (place->state != PLACE_CHECKED && place->state != PLACE_INTENDED)
		return false;
	return m->stage == STAGE_ROLLING || (m->stage == STAGE_CANARY && place == &m->places[0]);
}

/* What is to be set: what is not there yet, and what is there for too short a time. Places that meet with a conflict end. */
static enum sk_err choose_set(struct sk_enforcer *e, const struct batch *batch, bool *chosen, struct sk_fault *fault)
{
	for (size_t i = 0; i < batch->place_count; i++) {
		struct place *place = batch->places[i];
		struct measure *m = place->measure;
		/* What stands there as ours is ours where we have it, or may have set it before a crash. */
		for (size_t k = 0; m->stage < STAGE_ENDING && k < m->count; k++)
			if (!is_ground(place->elements[k], batch_holding(batch, place->elements[k])))
				SK_TRY(refuse_conflict(e, batch, place, place->elements[k], fault));
	}
	for (size_t i = 0; i < batch->place_count; i++) {
		struct place *place = batch->places[i];
		for (size_t k = 0; place->measure->stage < STAGE_ENDING && k < place->measure->count; k++) {
			struct element *element = place->elements[k];
			if (!element->set && element->holds == 0 && !chosen[element->index])
				element->item.until_ns = 0; /* what a dry run assumed is nothing to go by */
			bool longer = place->measure->until_ns > element->item.until_ns;
			if (longer)
				element->item.until_ns = place->measure->until_ns;
			if (!element->set || longer)
				chosen[element->index] = true;
		}
	}
	return SK_OK;
}

static void intend(struct sk_enforcer *e, const struct batch *batch)
{
	for (size_t i = 0; i < batch->place_count; i++) {
		struct place *place = batch->places[i];
		if (place->measure->stage >= STAGE_ENDING)
			continue;
		if (place->state == PLACE_INTENDED)
			continue;
		batch_digest(batch, place, place->before);
		place_becomes(e, place, PLACE_INTENDED, true);
	}
}

/* Read back: what we set must stand there. */
static enum sk_err confirm(struct sk_enforcer *e, struct batch *batch, struct sk_fault *fault)
{
	for (size_t i = 0; i < batch->place_count; i++) {
		struct place *place = batch->places[i];
		size_t k = 0;
		if (place->measure->stage >= STAGE_ENDING)
			continue;
		while (k < place->measure->count && batch_holding(batch, place->elements[k]) == HOLDS_OURS)
			place->elements[k++]->set = true;
		if (k < place->measure->count) {
			SK_TRY(refuse_conflict(e, batch, place, place->elements[k], fault));
			continue;
		}
		place_reached(place);
		batch_digest(batch, place, place->after);
		place_becomes(e, place, PLACE_SET, true);
	}
	return SK_OK;
}

//= rule: ENFORCE-2
static enum sk_err set_chosen(struct sk_enforcer *e, struct batch *batch, bool *chosen, struct sk_fault *fault)
{
	struct sk_fault why;
	enum sk_err err = batch_read(batch, &why);
	if (err == SK_OK) {
		SK_TRY(choose_set(e, batch, chosen, fault));
		intend(e, batch);
		SK_TRY(journal_sync(e, fault));
		err = batch_call(batch, chosen, true, &why);
	}
	if (err == SK_OK)
		err = batch_read(batch, &why);
	if (err == SK_OK)
		return confirm(e, batch, fault);
	if (err == SK_ENOMEM || (err == SK_EUSAGE && batch->place_count > 1))
		return sk_fault_set(fault, err, "%s", why.line);
	if (err != SK_EUSAGE)
		return wait_all(e, batch, &why, fault);
	SK_TRY(tell_place(e, batch->places[0], SK_STEP_REFUSED, why.line, NULL, fault));
	return measure_end(e, batch->places[0]->measure, "failed: a target refuses it", fault);
}

static enum sk_err set_batch(struct sk_enforcer *e, struct batch *batch, struct sk_fault *fault)
{
	bool *chosen = calloc(batch->count, sizeof *chosen);
	enum sk_err err = chosen == NULL ? sk_fault_set(fault, SK_ENOMEM, "out of memory") : set_chosen(e, batch, chosen, fault);
	free(chosen);
	return err;
}

enum sk_err step_set(struct sk_enforcer *e, struct target *t, struct sk_fault *fault)
{
	struct batch batch;
	SK_TRY(batch_collect(e, t, wants_set, &batch, fault));
	if (batch.place_count == 0)
		return SK_OK;
	enum sk_err err = take_step(e, &batch, wants_set, set_batch, fault);
	batch_free(&batch);
	return err == SK_OK ? receipts_flush(e, fault) : err;
}

/* ---- clear ---- */

static bool wants_clear(const struct place *place)
{
	return place->measure->stage == STAGE_ENDING && place->state != PLACE_GONE;
}

/* away: nobody holds it any more, and it is ours or gone by itself (then its frame may be left). shorter: ours, and held by others for a shorter time. */
static void choose_clear(const struct sk_enforcer *e, const struct batch *batch, bool *away, bool *shorter)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct element *element = batch->elements[i];
		enum holding holding = batch_holding(batch, element);
		if (holding == HOLDS_OTHER)
			continue;
		/* All places of this batch hold what they name. */
		away[i] = element->holds <= element->leaving;
		if (away[i] || holding == HOLDS_NOTHING)
			continue;
		int64_t until_ns = element_until(e, element, batch->target);
		shorter[i] = until_ns > 0 && until_ns < element->item.until_ns;
		if (shorter[i])
			element->item.until_ns = until_ns;
	}
}

/* Is the place at its end: everything that was ours alone is away? Tells what is not. */
static enum sk_err finish(struct sk_enforcer *e, const struct batch *batch, const bool *away, struct place *place, struct sk_fault *fault)
{
	uint8_t digest[SK_HASH_BYTES];
	char line[SK_RECEIPT_DETAIL_MAX];
	size_t kept = 0, foreign = 0;
	const struct element *first = NULL;
	for (size_t k = 0; k < place->measure->count; k++) {
		struct element *element = place->elements[k];
		enum holding holding = batch_holding(batch, element);
		if (holding == HOLDS_OURS && away[element->index]) { /* still there: once more */
			place->not_before_ns = enforcer_mono(e) + again_ns;
			return SK_OK;
		}
		kept += holding == HOLDS_OURS;
		foreign += holding == HOLDS_OTHER;
		if (holding == HOLDS_OTHER && first == NULL)
			first = element;
		if (holding != HOLDS_OURS)
			element->set = false;
	}
	batch_digest(batch, place, digest);
	if (foreign > 0) {
		(void)snprintf(line, sizeof line, "%zu of %zu are not as sekisho set them and were left as they are; the first: %.255s", foreign, place->measure->count, first->item.target);
		SK_TRY(tell_place(e, place, SK_STEP_CONFLICT, line, digest, fault));
	}
	if (kept > 0)
		(void)snprintf(line, sizeof line, "%zu of %zu stay, as other warrants hold them", kept, place->measure->count);
	else
		(void)snprintf(line, sizeof line, memcmp(digest, place->before, sizeof digest) == 0 ? "read again: byte for byte as before" : "nothing of ours is left");
	place_becomes(e, place, PLACE_GONE, true);
	return tell_place(e, place, SK_STEP_UNDONE, line, digest, fault);
}

static enum sk_err clear_batch(struct sk_enforcer *e, struct batch *batch, bool *away, bool *shorter, struct sk_fault *fault)
{
	struct sk_fault why;
	enum sk_err err = batch_read(batch, &why);
	if (err == SK_OK) {
		choose_clear(e, batch, away, shorter);
		SK_TRY(journal_sync(e, fault)); /* "ending" stands in it */
		err = batch_call(batch, shorter, true, &why);
	}
	if (err == SK_OK)
		err = batch_call(batch, away, false, &why);
	if (err == SK_OK)
		err = batch_read(batch, &why);
	if (err == SK_ENOMEM)
		return sk_fault_set(fault, err, "%s", why.line);
	if (err != SK_OK)
		return wait_all(e, batch, &why, fault);
	for (size_t i = 0; i < batch->place_count; i++)
		SK_TRY(finish(e, batch, away, batch->places[i], fault));
	return SK_OK;
}

/* What was never set needs no target. */
static void skip_untouched(struct sk_enforcer *e, struct target *t)
{
	for (size_t i = 0; i < e->measure_count; i++)
		for (size_t p = 0; e->measures[i]->stage == STAGE_ENDING && p < e->measures[i]->place_count; p++)
			if (e->measures[i]->places[p].target == t && e->measures[i]->places[p].state < PLACE_INTENDED)
				place_becomes(e, &e->measures[i]->places[p], PLACE_GONE, false);
}

enum sk_err step_clear(struct sk_enforcer *e, struct target *t, struct sk_fault *fault)
{
	struct batch batch;
	skip_untouched(e, t);
	SK_TRY(batch_collect(e, t, wants_clear, &batch, fault));
	if (batch.place_count == 0)
		return SK_OK;
	bool *flags = calloc(2 * batch.count, sizeof *flags);
	enum sk_err err = flags == NULL ? sk_fault_set(fault, SK_ENOMEM, "out of memory") : clear_batch(e, &batch, flags, flags + batch.count, fault);
	free(flags);
	batch_free(&batch);
	return err == SK_OK ? receipts_flush(e, fault) : err;
}
