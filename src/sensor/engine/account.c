/* SPDX-License-Identifier: Apache-2.0 */
/* The equation: what the stages counted, put together as one account. */
#include "engine/engine_priv.h"

#include <stdio.h>

static void measure_pending(const struct sk_engine *engine, struct sk_cell *cell)
{
	uint64_t held_frames = 0, held_bytes = 0;
	sk_flow_pending(engine->flows, &cell->frames, &cell->bytes);
	sk_decode_held(engine->decoder, &held_frames, &held_bytes);
	cell->frames += held_frames;
	cell->bytes += held_bytes;
}

static void name_cell(struct sk_cell *cell, const char *name)
{
	(void)snprintf(cell->name, sizeof cell->name, "%s", name);
}

/* The cell of that name, made when it is new. With names from our own tables and those of a source there are never too many. */
static struct sk_cell *named_cell(struct sk_cell *cells, size_t *cell_count, size_t most, const char *name)
{
	for (size_t i = 0; i < *cell_count; i++)
		if (strncmp(cells[i].name, name, sizeof cells[i].name) == 0)
			return &cells[i];
	SK_INVARIANT(*cell_count < most);
	struct sk_cell *cell = &cells[(*cell_count)++];
	*cell = (struct sk_cell){.frames = 0};
	name_cell(cell, name);
	return cell;
}

static enum sk_gate_reason reason_of(const char *name)
{
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		if (strcmp(name, sk_gate_reason_name((enum sk_gate_reason)reason)) == 0)
			return (enum sk_gate_reason)reason;
	sk_bug(__FILE__, __LINE__, "a source counts by the gate's reasons");
}

static struct sk_cell growth(const struct sk_cell *now, const struct sk_cell *before)
{
	SK_INVARIANT(now->frames >= before->frames && now->bytes >= before->bytes);
	return (struct sk_cell){.frames = now->frames - before->frames, .bytes = now->bytes - before->bytes};
}

/* Frames that were lost before anybody judged them were offered all the same: they are received, and nobody knows their class. */
void sk_engine_count_source(struct sk_engine *engine, const struct sk_source *source, struct sk_source_counts *before)
{
	struct sk_source_counts now;
	int64_t now_ns = engine->config.clock.unix_ns(engine->config.clock.context);
	uint64_t received = engine->received.frames;
	bool nothing = received == 0;
	if (source->counts == NULL)
		return;
	source->counts(source->context, &now);
	SK_INVARIANT(now.lost_count >= before->lost_count && now.lost_count <= SK_SOURCE_CELLS_MAX);
	SK_INVARIANT(now.erased_count >= before->erased_count && now.erased_count <= SK_SOURCE_CELLS_MAX);
	for (size_t i = 0; i < now.lost_count; i++) {
		struct sk_cell more = growth(&now.lost[i], &before->lost[i]);
		sk_engine_count(named_cell(engine->lost, &engine->lost_count, SK_ENGINE_LOST_MAX, now.lost[i].name), more.frames, more.bytes);
		sk_engine_count(&engine->received, more.frames, more.bytes);
		sk_engine_count(&engine->classes[SK_CLASS_UNKNOWN], more.frames, more.bytes);
		if (engine->probe != NULL)
			sk_pulse_probe_count(engine->probe, SK_CLASS_UNKNOWN, more.frames, more.bytes);
	}
	for (size_t i = 0; i < now.erased_count; i++) {
		struct sk_cell more = growth(&now.erased[i], &before->erased[i]);
		enum sk_gate_reason reason = reason_of(now.erased[i].name);
		sk_engine_count(&engine->gate_erased[reason], more.frames, more.bytes);
		sk_engine_count(&engine->received, more.frames, more.bytes);
		engine->totals.interface_erased[0][reason] += more.frames;
	}
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
		struct sk_cell more = growth(&now.classes[class_], &before->classes[class_]);
		sk_engine_count(&engine->classes[class_], more.frames, more.bytes);
		if (engine->probe != NULL)
			sk_pulse_probe_count(engine->probe, (enum sk_class)class_, more.frames, more.bytes);
		engine->totals.interface_classes[0][class_] += more.frames;
	}
	engine->carrier = now.carrier;
	engine->upstream_lost += now.upstream_lost - before->upstream_lost;
	bool any = engine->received.frames != received;
	*before = now;
	/* Counts have no times of their own; where no frame gave one, now stands in. */
	if (any && nothing)
		engine->from_ns = engine->to_ns = now_ns;
	else if (any && now_ns > engine->to_ns)
		engine->to_ns = now_ns;
}

static void fill_account(struct sk_engine *engine, struct sk_account *account)
{
	*account = (struct sk_account){.from_ns = engine->from_ns, .to_ns = engine->to_ns, .received = engine->received, .pending_before = engine->pending_before,
				       .segments = engine->segments, .upstream_lost = engine->upstream_lost - engine->upstream_before};
	(void)snprintf(account->link, sizeof account->link, "%s", engine->config.link);
	account->passed = engine->passed;
	account->taken = engine->taken;
	measure_pending(engine, &account->pending_after);
	for (size_t i = 0; i < engine->lost_count; i++)
		account->lost[account->lost_count++] = engine->lost[i];
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++) {
		struct sk_cell *cell = &account->gate[account->gate_count++];
		*cell = engine->gate_erased[reason];
		name_cell(cell, sk_gate_reason_name((enum sk_gate_reason)reason));
	}
	const struct sk_select_counts *now = sk_select_counts(engine->select), *before = &engine->select_before;
	for (int reason = 0; reason < SK_SELECT_REASON_COUNT; reason++) {
		struct sk_cell *cell = &account->select[account->select_count++];
		cell->frames = now->erased_frames[reason] - before->erased_frames[reason];
		cell->bytes = now->erased_bytes[reason] - before->erased_bytes[reason];
		name_cell(cell, sk_select_reason_name((enum sk_select_reason)reason));
	}
	account->selected.frames = now->selected_frames - before->selected_frames;
	account->selected.bytes = now->selected_bytes - before->selected_bytes;
	account->observations = now->observations - before->observations;
	account->findings = now->findings - before->findings;
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
		account->classes[class_] = engine->classes[class_];
		name_cell(&account->classes[class_], sk_class_name((enum sk_class)class_));
	}
}

static void add_to_totals(struct sk_engine *engine, const struct sk_account *account)
{
	struct sk_engine_totals *totals = &engine->totals;
	sk_engine_count(&totals->received, account->received.frames, account->received.bytes);
	sk_engine_count(&totals->selected, account->selected.frames, account->selected.bytes);
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		sk_engine_count(&totals->gate[reason], engine->gate_erased[reason].frames, engine->gate_erased[reason].bytes);
	for (int reason = 0; reason < SK_SELECT_REASON_COUNT; reason++)
		sk_engine_count(&totals->select[reason], account->select[reason].frames, account->select[reason].bytes);
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		sk_engine_count(&totals->classes[class_], account->classes[class_].frames, account->classes[class_].bytes);
	if (totals->intervals == 0 || account->from_ns < totals->first_ns)
		totals->first_ns = account->from_ns;
	if (totals->intervals == 0 || account->to_ns > totals->last_ns)
		totals->last_ns = account->to_ns;
	for (size_t i = 0; i < account->lost_count; i++) {
		sk_engine_count(&totals->capture_lost, account->lost[i].frames, account->lost[i].bytes);
		sk_engine_count(named_cell(totals->lost, &totals->lost_count, SK_ENGINE_LOST_MAX, account->lost[i].name), account->lost[i].frames, account->lost[i].bytes);
	}
	sk_engine_count(&totals->passed, account->passed.frames, account->passed.bytes);
	sk_engine_count(&totals->taken, account->taken.frames, account->taken.bytes);
	totals->exchange_full += engine->peers != NULL ? engine->lost[0].frames : 0;
	totals->segments += account->segments;
	totals->pending_frames = account->pending_after.frames;
	totals->pending_bytes = account->pending_after.bytes;
	totals->observations += account->observations;
	totals->findings += account->findings;
	totals->intervals++;
}

enum sk_err sk_engine_measure(struct sk_engine *engine, struct sk_part *part, struct sk_fault *fault)
{
	*part = (struct sk_part){.heads_shed = engine->heads_shed, .facts_shed = engine->facts_shed, .flows_shed = engine->flows_shed, .shed = engine->shed_highest,
				 .spool_full = sk_select_counts(engine->select)->spool_full - engine->select_before.spool_full};
	fill_account(engine, &part->account);
	return sk_account_check(&part->account, fault);
}

void sk_engine_begin(struct sk_engine *engine, const struct sk_part *part)
{
	struct sk_engine_totals *totals = &engine->totals;
	add_to_totals(engine, &part->account);
	totals->heads_shed += part->heads_shed;
	totals->facts_shed += part->facts_shed;
	totals->flows_shed += part->flows_shed;
	totals->spool_full += part->spool_full;
	totals->events_lost += part->account.events_lost;
	engine->pending_before = part->account.pending_after;
	engine->select_before = *sk_select_counts(engine->select);
	engine->upstream_before = engine->upstream_lost;
	engine->received = engine->passed = engine->taken = (struct sk_cell){0};
	memset(engine->gate_erased, 0, sizeof engine->gate_erased);
	memset(engine->classes, 0, sizeof engine->classes);
	for (size_t i = 0; i < engine->lost_count; i++)
		engine->lost[i].frames = engine->lost[i].bytes = 0;
	engine->segments = engine->heads_shed = engine->facts_shed = engine->flows_shed = 0;
	engine->shed_highest = engine->shed;
}
