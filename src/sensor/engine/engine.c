/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXPIRE_STEP_NS = 1000000000 };

struct sk_engine {
	struct sk_gate *gate;
	struct sk_decoder *decoder;
	struct sk_flow_table *flows;
	struct sk_select *select;
	struct sk_detect detect;
	struct sk_kit *kit;           /* NULL: the basis names no detector that runs here */
	bool heads;                   /* payloads are looked at */
	struct sk_engine_config config;
	sk_engine_interval interval;
	void *context;

	/* This interval, as counted by the stage that acts. */
	struct sk_cell received, gate_erased[SK_GATE_REASON_COUNT], classes[SK_CLASS_COUNT];
	struct sk_cell pending_before;
	struct sk_select_counts select_before;
	uint64_t upstream_lost, upstream_before, segments;
	int64_t from_ns, to_ns;

	struct sk_engine_totals totals;
	int64_t newest_ns, expired_at_ns;
	struct sk_packet packets[SK_BATCH_MAX];
	size_t packet_count;
	struct sk_verdict verdicts[SK_BATCH_MAX];
};

static void count(struct sk_cell *cell, uint64_t frames, uint64_t bytes)
{
	cell->frames += frames;
	cell->bytes += bytes;
}

static void segment_closed(void *context, const struct sk_flow_record *record)
{
	struct sk_engine *engine = context;
	engine->segments++;
	engine->totals.protocols[record->ip_proto]++;
	if (record->app < SK_APP_COUNT)
		engine->totals.apps[record->app]++;
	if (engine->kit != NULL)
		sk_kit_ended(engine->kit, record);
	sk_select_segment(engine->select, record);
}

static enum sk_err make_kit(struct sk_engine *engine)
{
	struct sk_kit_config config = {.basis = engine->config.basis, .limits = sk_kit_default_limits(), .brands = engine->config.brands};
	struct sk_fault why;
	sk_random(config.key, sizeof config.key);
	enum sk_err err = sk_kit_new(&config, &engine->kit, &why);
	sk_wipe(config.key, sizeof config.key);
	return err;
}

/* What detectors have to say becomes observations and findings here, between packets: minting may not happen inside the flow table's callback. */
static void tell_detections(struct sk_engine *engine)
{
	struct sk_detection detection;
	while (sk_kit_next(engine->kit, &detection))
		sk_select_event(engine->select, engine->kit, &detection);
}

enum sk_err sk_engine_new(const struct sk_engine_config *config, sk_engine_interval interval, void *context, struct sk_engine **out)
{
	struct sk_engine *engine = calloc(1, sizeof *engine);
	if (engine == NULL)
		return SK_ENOMEM;
	engine->config = *config;
	if (engine->config.interval_frames == 0)
		engine->config.interval_frames = SK_ENGINE_INTERVAL_FRAMES;
	engine->interval = interval;
	engine->heads = config->flow.heads != SK_FLOW_HEADS_NONE;
	engine->context = context;
	engine->newest_ns = engine->expired_at_ns = INT64_MIN;
	uint8_t key[2][SK_SIP_KEY_BYTES];
	sk_random(key, sizeof key);
	enum sk_err err = sk_gate_new(config->border, config->basis->classes, &engine->gate);
	if (err == SK_OK)
		err = sk_decoder_new(&config->decoder, key[0], &engine->decoder);
	if (err == SK_OK)
		err = sk_flow_table_new(&config->flow, key[1], segment_closed, engine, &engine->flows);
	if (err == SK_OK)
		err = sk_select_new(config->basis, config->set, config->sink, &engine->select);
	if (err == SK_OK)
		err = make_kit(engine);
	sk_wipe(key, sizeof key);
	if (err != SK_OK) {
		sk_engine_free(engine);
		return err;
	}
	sk_detect_init(&engine->detect, config->set, config->basis->names);
	*out = engine;
	return SK_OK;
}

void sk_engine_free(struct sk_engine *engine)
{
	if (engine == NULL)
		return;
	sk_gate_free(engine->gate);
	sk_flow_table_free(engine->flows);
	sk_decoder_free(engine->decoder);
	sk_select_free(engine->select);
	sk_kit_free(engine->kit);
	sk_wipe(engine, sizeof *engine);
	free(engine);
}

/* ---- the path of a packet ---- */

static inline void count_packet(struct sk_engine *engine, const struct sk_flow *flow, const struct sk_packet *packet)
{
	unsigned news = sk_flow_news(engine->flows);
	if (news != 0)
		sk_kit_packet(engine->kit, engine->flows, flow, packet, news);
	if (sk_kit_samples(engine->kit))
		sk_kit_sample(engine->kit, engine->flows, flow, packet);
}

static void follow_packet(struct sk_engine *engine, const struct sk_packet *packet)
{
	bool is_new = false;
	struct sk_flow *flow = sk_flow_apply(engine->flows, packet, &is_new);
	if (flow == NULL) {
		sk_select_erase(engine->select, SK_SELECT_EVICTED, packet->frames, packet->wire_bytes);
		return;
	}
	if (is_new)
		(void)sk_detect_open(&engine->detect, engine->flows, flow, packet);
	if (engine->kit != NULL)
		count_packet(engine, flow, packet);
	if (!engine->heads)
		return;
	for (const struct sk_head *head = sk_flow_head(engine->flows, flow, packet); head != NULL; head = sk_flow_head_next(engine->flows, flow, packet)) {
		(void)sk_detect_head(&engine->detect, engine->flows, flow, head);
		if (engine->kit != NULL && sk_kit_wants_head(engine->kit, (enum sk_head_kind)head->kind))
			sk_kit_head(engine->kit, engine->flows, flow, packet, head);
	}
}

static void follow_packets(struct sk_engine *engine)
{
	sk_flow_prepare(engine->flows, engine->packets, engine->packet_count);
	if (engine->detect.addresses)
		for (size_t i = 0; i < engine->packet_count; i++)
			if (sk_flow_seems_new(engine->flows, i))
				sk_detect_prefetch(&engine->detect, &engine->packets[i]);
	for (size_t i = 0; i < engine->packet_count; i++)
		follow_packet(engine, &engine->packets[i]);
	engine->packet_count = 0;
	if (engine->kit != NULL) {
		sk_kit_run(engine->kit);
		tell_detections(engine);
	}
}

static void erase_at_gate(struct sk_engine *engine, enum sk_gate_reason reason, uint16_t interface, uint64_t frames, uint64_t bytes)
{
	count(&engine->gate_erased[reason], frames, bytes);
	engine->totals.interface_erased[interface % SK_INTERFACES_MAX][reason] += frames;
}

/* A datagram made of fragments may hide a tunnel, so it goes back to the gate before anyone looks at it. rule: GATE-5 */
static void follow_datagram(struct sk_engine *engine, struct sk_datagram *datagram)
{
	follow_packets(engine); /* what came before it goes first */
	struct sk_verdict verdict = sk_gate_judge_datagram(engine->gate, &datagram->seen, datagram->bytes, datagram->length);
	if (verdict.admitted == NULL) {
		erase_at_gate(engine, (enum sk_gate_reason)verdict.reason, datagram->seen.interface, datagram->seen.frames, datagram->seen.wire_bytes);
	} else {
		struct sk_datagram inner;
		switch (sk_decode(engine->decoder, verdict.admitted, &engine->packets[0], &inner)) {
		case SK_DECODED:
			engine->packet_count = 1;
			follow_packets(engine);
			break;
		case SK_DECODE_HELD:
			break;
		case SK_DECODE_DATAGRAM: /* fragments inside a reassembled tunnel: one level is enough, the rest is given up and said so */
			sk_select_erase(engine->select, SK_SELECT_UNDECODABLE, inner.seen.frames, inner.seen.wire_bytes);
			sk_decode_release_datagram(engine->decoder, &inner);
			break;
		case SK_DECODE_BAD:
			sk_select_erase(engine->select, SK_SELECT_UNDECODABLE, datagram->seen.frames, datagram->seen.wire_bytes);
			break;
		}
	}
	sk_decode_release_datagram(engine->decoder, datagram);
}

static void follow_admitted(struct sk_engine *engine, const struct sk_admitted *admitted)
{
	struct sk_datagram datagram;
	struct sk_packet *packet = &engine->packets[engine->packet_count];
	switch (sk_decode(engine->decoder, admitted, packet, &datagram)) {
	case SK_DECODED:
		engine->packet_count++;
		break;
	case SK_DECODE_HELD:
		break;
	case SK_DECODE_DATAGRAM:
		follow_datagram(engine, &datagram);
		break;
	case SK_DECODE_BAD: {
		const struct sk_admitted_info *info = sk_admitted_info(admitted);
		sk_select_erase(engine->select, SK_SELECT_UNDECODABLE, info->frames, info->wire_bytes);
		break;
	}
	}
}

static void give_up_fragments(struct sk_engine *engine, int64_t now_ns)
{
	struct sk_fragment_loss loss = {0};
	sk_decode_expire(engine->decoder, now_ns, &loss);
	sk_select_erase(engine->select, SK_SELECT_FRAGMENT_TIMEOUT, loss.timeout_frames, loss.timeout_bytes);
	sk_select_erase(engine->select, SK_SELECT_EVICTED, loss.evicted_frames, loss.evicted_bytes);
	sk_select_erase(engine->select, SK_SELECT_UNDECODABLE, loss.bad_frames, loss.bad_bytes);
}

/* Timers run on packet time, which may stand still or run back; sweeps are spaced so that a batch costs nothing. */
static void expire(struct sk_engine *engine)
{
	if (engine->newest_ns == INT64_MIN)
		return;
	if (engine->expired_at_ns != INT64_MIN && engine->newest_ns < engine->expired_at_ns + EXPIRE_STEP_NS)
		return;
	engine->expired_at_ns = engine->newest_ns;
	sk_flow_expire(engine->flows, engine->newest_ns);
	give_up_fragments(engine, engine->newest_ns);
}

/* Of a part of a batch that belongs to one interval. */
static void take_times(struct sk_engine *engine, const struct sk_frame *frames, size_t frame_count)
{
	int64_t earliest = frames[0].time_ns, latest = earliest;
	for (size_t i = 1; i < frame_count; i++) {
		earliest = frames[i].time_ns < earliest ? frames[i].time_ns : earliest;
		latest = frames[i].time_ns > latest ? frames[i].time_ns : latest;
	}
	bool first = engine->received.frames == 0;
	engine->from_ns = first || earliest < engine->from_ns ? earliest : engine->from_ns;
	engine->to_ns = first || latest > engine->to_ns ? latest : engine->to_ns;
	engine->newest_ns = latest > engine->newest_ns ? latest : engine->newest_ns;
}

/* Frames and bytes of a batch in one word, so that counting a frame is one addition: frames below, wire bytes above (at most 64 x 2^32). */
enum { SUM_BYTES = 16 };
_Static_assert(SK_BATCH_MAX < 1 << SUM_BYTES, "a batch's frames fit below its bytes");

static inline uint64_t sum_of(const struct sk_frame *frame)
{
	return (uint64_t)frame->wire_bytes << SUM_BYTES | 1u;
}

static inline uint64_t sum_frames(uint64_t sum)
{
	return sum & ((1u << SUM_BYTES) - 1);
}

/* A batch comes from one interface nearly always. */
static void count_interfaces(struct sk_engine *engine, const struct sk_frame *frames, size_t frame_count, const uint64_t *classes, const uint64_t *reasons)
{
	unsigned differ = 0;
	for (size_t i = 1; i < frame_count; i++)
		differ |= frames[i].interface ^ frames[0].interface;
	struct sk_engine_totals *totals = &engine->totals;
	unsigned at = frames[0].interface % SK_INTERFACES_MAX;
	for (int class_ = 0; differ == 0 && class_ < SK_CLASS_COUNT; class_++)
		totals->interface_classes[at][class_] += sum_frames(classes[class_]);
	for (int reason = 1; differ == 0 && reason < SK_GATE_REASON_COUNT; reason++)
		totals->interface_erased[at][reason] += sum_frames(reasons[reason]);
	for (size_t i = 0; differ != 0 && i < frame_count; i++) {
		const struct sk_verdict *verdict = &engine->verdicts[i];
		at = frames[i].interface % SK_INTERFACES_MAX;
		totals->interface_classes[at][verdict->class_]++;
		totals->interface_erased[at][verdict->reason] += verdict->reason != SK_GATE_ADMITTED;
	}
}

static void judge_and_follow(struct sk_engine *engine, struct sk_frame *frames, size_t frame_count)
{
	uint64_t classes[SK_CLASS_COUNT] = {0}, reasons[SK_GATE_REASON_COUNT] = {0};
	take_times(engine, frames, frame_count);
	sk_gate_judge_batch(engine->gate, frames, frame_count, engine->verdicts);
	engine->packet_count = 0;
	for (size_t i = 0; i < frame_count; i++) {
		const struct sk_verdict *verdict = &engine->verdicts[i];
		classes[verdict->class_] += sum_of(&frames[i]);
		reasons[verdict->reason] += sum_of(&frames[i]);
		if (SK_LIKELY(verdict->admitted != NULL))
			follow_admitted(engine, verdict->admitted);
	}
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
		count(&engine->classes[class_], sum_frames(classes[class_]), classes[class_] >> SUM_BYTES);
		count(&engine->received, sum_frames(classes[class_]), classes[class_] >> SUM_BYTES);
	}
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		count(&engine->gate_erased[reason], sum_frames(reasons[reason]), reasons[reason] >> SUM_BYTES);
	count_interfaces(engine, frames, frame_count, classes, reasons);
	follow_packets(engine);
	expire(engine);
}

/* ---- the equation ---- */

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

static void fill_account(struct sk_engine *engine, struct sk_account *account)
{
	*account = (struct sk_account){.from_ns = engine->from_ns, .to_ns = engine->to_ns, .received = engine->received, .pending_before = engine->pending_before,
				       .segments = engine->segments, .upstream_lost = engine->upstream_lost - engine->upstream_before};
	(void)snprintf(account->link, sizeof account->link, "%s", engine->config.link);
	measure_pending(engine, &account->pending_after);
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
	count(&totals->received, account->received.frames, account->received.bytes);
	count(&totals->selected, account->selected.frames, account->selected.bytes);
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		count(&totals->gate[reason], engine->gate_erased[reason].frames, engine->gate_erased[reason].bytes);
	for (int reason = 0; reason < SK_SELECT_REASON_COUNT; reason++)
		count(&totals->select[reason], account->select[reason].frames, account->select[reason].bytes);
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		count(&totals->classes[class_], account->classes[class_].frames, account->classes[class_].bytes);
	if (totals->intervals == 0 || account->from_ns < totals->first_ns)
		totals->first_ns = account->from_ns;
	if (totals->intervals == 0 || account->to_ns > totals->last_ns)
		totals->last_ns = account->to_ns;
	totals->segments += account->segments;
	totals->pending_frames = account->pending_after.frames;
	totals->pending_bytes = account->pending_after.bytes;
	totals->observations += account->observations;
	totals->findings += account->findings;
	totals->intervals++;
}

/* Close the interval: measure, check, hand out, start the next. An account that does not close means that a stage lost or doubled a frame: it is
   told and nothing further is collected. rule: ACCOUNT-1 */
static enum sk_err close_interval(struct sk_engine *engine, struct sk_fault *fault)
{
	struct sk_account account;
	/* The decoder tells of fragments that it gave up when it is asked: ask before anything is measured. */
	give_up_fragments(engine, engine->newest_ns);
	fill_account(engine, &account);
	SK_TRY(sk_account_check(&account, fault));
	SK_TRY(engine->interval(engine->context, &account, fault));
	add_to_totals(engine, &account);
	engine->pending_before = account.pending_after;
	engine->select_before = *sk_select_counts(engine->select);
	engine->upstream_before = engine->upstream_lost;
	engine->received = (struct sk_cell){0};
	memset(engine->gate_erased, 0, sizeof engine->gate_erased);
	memset(engine->classes, 0, sizeof engine->classes);
	engine->segments = 0;
	return SK_OK;
}

enum sk_err sk_engine_feed(struct sk_engine *engine, struct sk_frame *frames, size_t frame_count, uint64_t upstream_lost, struct sk_fault *fault)
{
	SK_INVARIANT(frame_count <= SK_BATCH_MAX);
	/* The basis is asked before each batch: a batch is far shorter than the second in which collection must end. rule: BASIS-2 */
	SK_TRY(sk_basis_in_force(engine->config.basis, engine->config.clock.unix_ns(engine->config.clock.context), fault));
	engine->upstream_lost = upstream_lost;
	while (frame_count > 0) {
		uint64_t room = engine->config.interval_frames - engine->received.frames;
		size_t part = frame_count < room ? frame_count : (size_t)room;
		judge_and_follow(engine, frames, part);
		frames += part;
		frame_count -= part;
		if (engine->received.frames == engine->config.interval_frames)
			SK_TRY(close_interval(engine, fault));
	}
	return SK_OK;
}

enum sk_err sk_engine_end_input(struct sk_engine *engine, struct sk_fault *fault)
{
	return engine->received.frames > 0 ? close_interval(engine, fault) : SK_OK;
}

/* What detectors still know is said while it may be: with the interval that closes; then nothing of it is left. rule: DETECTOR-2 */
static void finish_kit(struct sk_engine *engine)
{
	if (engine->kit == NULL)
		return;
	for (bool more = true; more;) {
		more = sk_kit_finish(engine->kit);
		tell_detections(engine);
	}
	sk_kit_wipe(engine->kit);
}

enum sk_err sk_engine_cut(struct sk_engine *engine, int64_t now_ns, struct sk_fault *fault)
{
	if (now_ns != INT64_MIN) {
		engine->newest_ns = now_ns > engine->newest_ns ? now_ns : engine->newest_ns;
		engine->expired_at_ns = INT64_MIN;
		expire(engine);
	}
	if (engine->received.frames == 0)
		engine->from_ns = engine->to_ns = now_ns != INT64_MIN ? now_ns : engine->totals.last_ns;
	return close_interval(engine, fault);
}

enum sk_err sk_engine_finish(struct sk_engine *engine, enum sk_flow_end end, struct sk_fault *fault)
{
	sk_flow_close_all(engine->flows, end);
	give_up_fragments(engine, INT64_MAX);
	finish_kit(engine);
	/* An interval in which nothing happened is not written; one that only settles what was pending is. */
	bool told = sk_select_counts(engine->select)->observations != engine->select_before.observations;
	if (engine->received.frames == 0 && engine->pending_before.frames == 0 && !told)
		return SK_OK;
	if (engine->received.frames == 0)
		engine->from_ns = engine->to_ns = engine->totals.last_ns;
	return close_interval(engine, fault);
}

void sk_engine_totals(const struct sk_engine *engine, struct sk_engine_totals *out)
{
	*out = engine->totals;
	sk_flow_counters(engine->flows, &out->flow);
}

size_t sk_engine_residue(const struct sk_engine *engine)
{
	return sk_decode_residue(engine->decoder) + sk_flow_residue(engine->flows) + (engine->kit != NULL ? sk_kit_residue(engine->kit) : 0);
}
