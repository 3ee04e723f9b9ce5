/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_priv.h"

#include <stdlib.h>

enum { EXPIRE_STEP_NS = 1000000000, SECOND_NS = 1000000000 };

static void segment_closed(void *context, const struct sk_flow_record *record)
{
	struct sk_engine *engine = context;
	engine->segments++;
	engine->totals.protocols[record->ip_proto]++;
	if (record->app < SK_APP_COUNT)
		engine->totals.apps[record->app]++;
	if (engine->watch.front.kit != NULL)
		sk_kit_ended(&engine->watch.front, record);
	sk_abroad_count(engine->abroad, record);
	sk_select_segment(engine->select, record);
}

static enum sk_err make_signature(struct sk_engine *engine)
{
	const struct sk_engine_config *config = &engine->config;
	struct sk_signature_limits limits = sk_signature_default_limits();
	struct sk_fault why;
	uint8_t key[SK_SIP_KEY_BYTES];
	limits.streams /= config->workers > 1 ? config->workers : 1;
	if (config->rules == NULL || !engine->heads)
		return SK_OK;
	if (config->rules_key != NULL)
		memcpy(key, config->rules_key, sizeof key);
	else
		sk_random(key, sizeof key);
	enum sk_err err = sk_signature_new(config->rules, config->basis, &limits, key, config->rules_trusted, &engine->signature, &why);
	sk_wipe(key, sizeof key);
	if (err == SK_OK && engine->signature != NULL)
		err = sk_signature_attach(engine->signature, engine->flows);
	sk_select_rules(engine->select, config->rules);
	engine->commands = (config->basis->rule.kinds & SK_SELECTOR_COMMAND) != 0;
	return err;
}

void sk_engine_key_abroad(struct sk_engine *engine, const uint8_t key[SK_SIP_KEY_BYTES])
{
	memcpy(engine->abroad->key, key, sizeof engine->abroad->key);
}

static enum sk_err make_abroad(struct sk_engine *engine, const uint8_t key[SK_SIP_KEY_BYTES])
{
	SK_TRY(sk_abroad_new(&engine->abroad));
	sk_engine_key_abroad(engine, key);
	sk_abroad_border(engine->abroad, engine->config.border);
	engine->countries = calloc(1, sizeof *engine->countries);
	return engine->countries != NULL ? SK_OK : SK_ENOMEM;
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
	engine->expired_at_ns = INT64_MIN;
	engine->second_ends_ns = INT64_MAX;
	uint8_t key[3][SK_SIP_KEY_BYTES];
	sk_random(key, sizeof key);
	enum sk_err err = sk_gate_new(config->border, config->basis->classes, &engine->gate);
	if (err == SK_OK)
		err = sk_decoder_new(&config->decoder, key[0], &engine->decoder);
	if (err == SK_OK)
		err = sk_flow_table_new(&config->flow, key[1], segment_closed, engine, &engine->flows);
	if (err == SK_OK)
		err = sk_select_new(config->basis, config->set, config->sink, &engine->select);
	if (err == SK_OK)
		err = make_signature(engine);
	if (err == SK_OK)
		err = make_abroad(engine, key[2]);
	sk_wipe(key, sizeof key);
	if (err != SK_OK) {
		sk_engine_free(engine);
		return err;
	}
	sk_detect_init(&engine->detect, config->set, config->basis->names);
	*out = engine;
	return SK_OK;
}

void sk_engine_join(struct sk_engine *engine, const struct sk_engine_peers *peers, const uint8_t key[SK_SIP_KEY_BYTES])
{
	static const struct sk_cell exchange_full = {.name = "exchange_full"};
	engine->peers = peers;
	engine->lost[engine->lost_count++] = exchange_full;
	sk_gate_steer(engine->gate, peers->count, key);
}

void sk_engine_probe(struct sk_engine *engine, struct sk_pulse_probe *probe, sk_engine_beat beat, void *context)
{
	engine->probe = probe;
	engine->beat = beat;
	engine->beat_context = context;
	sk_pulse_probe_border(probe, engine->config.border);
}

void sk_engine_watch(struct sk_engine *engine, const struct sk_engine_watch *watch)
{
	static const struct sk_engine_watch nobody = {.second = NULL};
	engine->watch = watch != NULL ? *watch : nobody;
	engine->second_ends_ns = engine->watch.second != NULL ? INT64_MIN : INT64_MAX;
	sk_flow_tell_sweeps(engine->flows, engine->watch.second != NULL);
	sk_flow_tell_news(engine->flows, engine->watch.front.kit != NULL);
}

void sk_engine_free(struct sk_engine *engine)
{
	if (engine == NULL)
		return;
	sk_pulse_probe_free(engine->probe);
	sk_gate_free(engine->gate);
	sk_signature_free(engine->signature);
	sk_flow_table_free(engine->flows);
	sk_decoder_free(engine->decoder);
	sk_select_free(engine->select);
	sk_abroad_free(engine->abroad);
	free(engine->countries);
	sk_wipe(engine, sizeof *engine);
	free(engine);
}

/* ---- the path of a packet ---- */

static inline void count_packet(struct sk_engine *engine, const struct sk_flow *flow, const struct sk_packet *packet)
{
	const struct sk_kit_front *front = &engine->watch.front;
	unsigned news = sk_flow_news(engine->flows);
	if (news != 0)
		sk_kit_packet(front, engine->flows, flow, packet, news);
	if (sk_kit_samples(front->kit))
		sk_kit_sample(front, engine->flows, flow, packet);
}

static void open_segment(struct sk_engine *engine, struct sk_flow *flow, const struct sk_packet *packet)
{
	if (SK_LIKELY(engine->shed < SK_SHED_FACTS)) {
		(void)sk_detect_open(&engine->detect, engine->flows, flow, packet);
		return;
	}
	sk_flow_set_shed(flow);
	engine->facts_shed++;
}

/* Under load no payload is looked at. */
static bool leave_head(struct sk_engine *engine, const struct sk_packet *packet)
{
	if (SK_LIKELY(engine->shed < SK_SHED_HEADS))
		return false;
	engine->heads_shed += packet->payload_wire_bytes != 0;
	return true;
}

/* Under the worst load flows are not opened: those that are open go on. */
static bool leave_flow(struct sk_engine *engine, size_t i)
{
	if (SK_LIKELY(engine->shed < SK_SHED_FLOWS) || !sk_flow_seems_new(engine->flows, i))
		return false;
	const struct sk_packet *packet = &engine->packets[i];
	sk_flow_skip(engine->flows);
	sk_select_erase(engine->select, SK_SELECT_SHED, packet->frames, packet->wire_bytes);
	engine->flows_shed += packet->frames;
	return true;
}

/* Apart from follow_packet: a packet whose payload nobody looks at does not pay for it. */
__attribute__((noinline)) static void follow_heads(struct sk_engine *engine, struct sk_flow *flow, const struct sk_packet *packet)
{
	bool rules = engine->signature != NULL && engine->commands;
	if (rules)
		sk_signature_begin(engine->signature, engine->flows, flow, packet);
	for (const struct sk_head *head = sk_flow_head(engine->flows, flow, packet); head != NULL; head = sk_flow_head_next(engine->flows, flow, packet)) {
		(void)sk_detect_head(&engine->detect, engine->flows, flow, head);
		if (engine->watch.front.kit != NULL && sk_kit_wants_head(engine->watch.front.kit, (enum sk_head_kind)head->kind))
			sk_kit_head(&engine->watch.front, engine->flows, flow, packet, head);
		if (rules)
			sk_signature_head(engine->signature, engine->flows, flow, packet, head);
	}
	if (rules)
		sk_signature_packet(engine->signature, engine->flows, flow, packet);
}

static inline void follow_packet(struct sk_engine *engine, const struct sk_packet *packet)
{
	bool is_new = false;
	struct sk_flow *flow = sk_flow_apply(engine->flows, packet, &is_new);
	if (SK_UNLIKELY(flow == NULL)) {
		sk_select_erase(engine->select, SK_SELECT_EVICTED, packet->frames, packet->wire_bytes);
		return;
	}
	if (is_new)
		open_segment(engine, flow, packet);
	if (engine->watch.front.kit != NULL)
		count_packet(engine, flow, packet);
	if (engine->heads && !leave_head(engine, packet))
		follow_heads(engine, flow, packet);
}

static void follow_packets(struct sk_engine *engine)
{
	sk_flow_prepare(engine->flows, engine->packets, engine->packet_count);
	if (engine->detect.addresses)
		for (size_t i = 0; i < engine->packet_count; i++)
			if (sk_flow_seems_new(engine->flows, i))
				sk_detect_prefetch(&engine->detect, &engine->packets[i]);
	for (size_t i = 0; i < engine->packet_count; i++)
		if (!leave_flow(engine, i))
			follow_packet(engine, &engine->packets[i]);
	engine->packet_count = 0;
}

static void erase_at_gate(struct sk_engine *engine, enum sk_gate_reason reason, uint16_t interface, uint64_t frames, uint64_t bytes)
{
	sk_engine_count(&engine->gate_erased[reason], frames, bytes);
	engine->totals.interface_erased[interface % SK_INTERFACES_MAX][reason] += frames;
}

/* Is it another worker's? Where one source feeds all, what a fragment is part of is put together here. */
static bool is_anothers(const struct sk_engine *engine, const struct sk_admitted *admitted)
{
	const struct sk_admitted_info *info = sk_admitted_info(admitted);
	struct sk_fragment fragment;
	if (info->worker == engine->peers->self)
		return false;
	return info->plain != 0 || !engine->peers->keep_fragments || !sk_decode_fragment(admitted, &fragment);
}

static void count_passed(struct sk_engine *engine, bool passed, uint64_t frames, uint64_t bytes)
{
	sk_engine_count(passed ? &engine->passed : &engine->lost[0], frames, bytes);
}

/* What is handed on is overwritten here: there is one copy. rule: WORKER-1 */
static bool pass_on(struct sk_engine *engine, struct sk_frame *frame, const struct sk_admitted *admitted)
{
	if (!is_anothers(engine, admitted))
		return false;
	bool passed = engine->peers->pass_frame(engine->peers->context, sk_admitted_info(admitted)->worker, frame, engine->clock.now_ns);
	sk_wipe(frame->bytes, frame->captured_bytes);
	frame->erased = true;
	count_passed(engine, passed, 1, frame->wire_bytes);
	return true;
}

static bool pass_datagram_on(struct sk_engine *engine, const struct sk_datagram *datagram, const struct sk_admitted *admitted)
{
	const struct sk_admitted_info *seen = &datagram->seen;
	if (engine->peers == NULL || !is_anothers(engine, admitted))
		return false;
	bool passed = engine->peers->pass_datagram(engine->peers->context, sk_admitted_info(admitted)->worker, seen, datagram->bytes, datagram->length, engine->clock.now_ns);
	count_passed(engine, passed, seen->frames, seen->wire_bytes);
	return true;
}

/* A datagram made of fragments may hide a tunnel, so it goes back to the gate before anyone looks at it. rule: GATE-5 */
static void follow_datagram(struct sk_engine *engine, struct sk_datagram *datagram, bool pass)
{
	follow_packets(engine); /* what came before it goes first */
	struct sk_verdict verdict = sk_gate_judge_datagram(engine->gate, &datagram->seen, datagram->bytes, datagram->length);
	if (verdict.admitted == NULL) {
		erase_at_gate(engine, (enum sk_gate_reason)verdict.reason, datagram->seen.interface, datagram->seen.frames, datagram->seen.wire_bytes);
	} else if (!pass || !pass_datagram_on(engine, datagram, verdict.admitted)) {
		struct sk_datagram inner;
		switch (sk_decode(engine->decoder, verdict.admitted, &engine->packets[0], &inner)) {
		case SK_DECODED:
			engine->packets[0].clock_ns = engine->clock.now_ns;
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
}

static void follow_admitted(struct sk_engine *engine, const struct sk_admitted *admitted)
{
	struct sk_datagram datagram;
	struct sk_packet *packet = &engine->packets[engine->packet_count];
	switch (sk_decode(engine->decoder, admitted, packet, &datagram)) {
	case SK_DECODED:
		packet->clock_ns = engine->clock.now_ns;
		engine->packet_count++;
		break;
	case SK_DECODE_HELD:
		break;
	case SK_DECODE_DATAGRAM:
		follow_datagram(engine, &datagram, true);
		sk_decode_release_datagram(engine->decoder, &datagram);
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

/* Timers run on the time of frames, which may stand still or run back; sweeps are spaced so that a batch costs nothing. */
static void expire(struct sk_engine *engine)
{
	int64_t now_ns = engine->clock.now_ns;
	if (engine->expired_at_ns != INT64_MIN && now_ns - engine->expired_at_ns < EXPIRE_STEP_NS)
		return;
	engine->expired_at_ns = now_ns;
	sk_flow_expire(engine->flows, now_ns);
	give_up_fragments(engine, now_ns);
}

static void take_clock_back(struct sk_engine *engine, int64_t was_ns, int64_t now_ns)
{
	sk_flow_clock_back(engine->flows, was_ns, now_ns);
	engine->expired_at_ns = now_ns;
}

static void enter_second(struct sk_engine *engine, bool sweep)
{
	int64_t now_ns = engine->clock.now_ns;
	engine->second_ns = now_ns;
	engine->second_ends_ns = now_ns - now_ns % SECOND_NS + SECOND_NS;
	engine->watch.second(engine->watch.context, now_ns, sweep);
	if (!sweep)
		return;
	engine->swept_ns = now_ns;
	engine->frames_swept = 0;
	sk_flow_settle(engine->flows, now_ns);
}

/* What came before belongs to the second before. Which segments end when must not depend on how they are spread over workers, so it is told to all of them. */
static void begin_second(struct sk_engine *engine)
{
	bool first = engine->second_ends_ns == INT64_MIN;
	follow_packets(engine);
	enter_second(engine, first || sk_flow_sweep_is_due(&engine->watch.limits, engine->swept_ns, engine->second_ns, engine->clock.now_ns, engine->frames_swept));
}

/* A frame's time told that the clock was wrong. What came before that frame goes first. */
static void clock_went_back(struct sk_engine *engine)
{
	follow_packets(engine);
	take_clock_back(engine, engine->clock.was_ns, engine->clock.now_ns);
	if (engine->peers != NULL)
		engine->peers->clock_back(engine->peers->context, engine->clock.was_ns, engine->clock.now_ns);
	if (engine->watch.second != NULL)
		enter_second(engine, true);
}

static void tick(struct sk_engine *engine, int64_t time_ns)
{
	if (!engine->told_clock && sk_flow_clock_tick(&engine->clock, time_ns))
		clock_went_back(engine);
	if (SK_UNLIKELY(engine->clock.now_ns >= engine->second_ends_ns))
		begin_second(engine);
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

/* ---- the link ---- */

void sk_engine_tell_beat(struct sk_engine *engine, bool now)
{
	int64_t now_ns = engine->clock.now_ns;
	if (engine->probe == NULL || (!now && !sk_pulse_probe_due(engine->probe, now_ns)))
		return;
	const struct sk_pulse_beat *beat = sk_pulse_probe_beat(engine->probe, now_ns, engine->carrier);
	if ((beat->frames == 0 && !engine->told_clock) || engine->beat(engine->beat_context, beat))
		sk_pulse_probe_next(engine->probe, now_ns);
}

/* A second of a capture is over when a frame says so. */
static void feel(struct sk_engine *engine, const struct sk_frame *frame, const struct sk_verdict *verdict)
{
	if (!engine->told_clock)
		sk_engine_tell_beat(engine, false);
	sk_pulse_probe_frame(engine->probe, engine->clock.now_ns, frame, verdict);
}

void sk_engine_receive(struct sk_engine *engine, struct sk_frame *frames, size_t frame_count)
{
	uint64_t classes[SK_CLASS_COUNT] = {0}, reasons[SK_GATE_REASON_COUNT] = {0};
	take_times(engine, frames, frame_count);
	engine->frames_swept += frame_count;
	sk_gate_judge_batch(engine->gate, frames, frame_count, engine->verdicts);
	engine->packet_count = 0;
	for (size_t i = 0; i < frame_count; i++) {
		const struct sk_verdict *verdict = &engine->verdicts[i];
		tick(engine, frames[i].time_ns);
		classes[verdict->class_] += sum_of(&frames[i]);
		reasons[verdict->reason] += sum_of(&frames[i]);
		if (SK_UNLIKELY(engine->probe != NULL))
			feel(engine, &frames[i], verdict);
		if (SK_LIKELY(verdict->admitted != NULL) && (SK_LIKELY(engine->peers == NULL) || !pass_on(engine, &frames[i], verdict->admitted)))
			follow_admitted(engine, verdict->admitted);
	}
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
		sk_engine_count(&engine->classes[class_], sum_frames(classes[class_]), classes[class_] >> SUM_BYTES);
		sk_engine_count(&engine->received, sum_frames(classes[class_]), classes[class_] >> SUM_BYTES);
	}
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		sk_engine_count(&engine->gate_erased[reason], sum_frames(reasons[reason]), reasons[reason] >> SUM_BYTES);
	count_interfaces(engine, frames, frame_count, classes, reasons);
	follow_packets(engine);
	expire(engine);
}

/* ---- what others hand over ---- */

void sk_engine_take_clock(struct sk_engine *engine, int64_t clock_ns)
{
	if (clock_ns > engine->clock.now_ns)
		engine->clock.now_ns = clock_ns;
}

/* Whoever feeds this engine tells of seconds: its own clock, between them, does not. */
void sk_engine_take_second(struct sk_engine *engine, int64_t clock_ns, bool sweep)
{
	engine->clock.now_ns = clock_ns;
	if (engine->watch.second != NULL)
		enter_second(engine, sweep);
}

void sk_engine_take_frames(struct sk_engine *engine, struct sk_frame *frames, const int64_t *clocks_ns, size_t frame_count)
{
	uint64_t bytes = 0;
	sk_gate_judge_batch(engine->gate, frames, frame_count, engine->verdicts);
	engine->packet_count = 0;
	for (size_t i = 0; i < frame_count; i++) {
		const struct sk_verdict *verdict = &engine->verdicts[i];
		sk_engine_take_clock(engine, clocks_ns[i]);
		bytes += frames[i].wire_bytes;
		if (SK_LIKELY(verdict->admitted != NULL))
			follow_admitted(engine, verdict->admitted);
		else
			erase_at_gate(engine, (enum sk_gate_reason)verdict->reason, frames[i].interface, 1, frames[i].wire_bytes);
	}
	sk_engine_count(&engine->taken, frame_count, bytes);
	follow_packets(engine);
	expire(engine);
}

void sk_engine_take_datagram(struct sk_engine *engine, const struct sk_admitted_info *seen, uint8_t *bytes, size_t length, int64_t clock_ns)
{
	struct sk_datagram datagram = {.bytes = bytes, .length = length, .seen = *seen};
	sk_engine_take_clock(engine, clock_ns);
	sk_engine_count(&engine->taken, seen->frames, seen->wire_bytes);
	follow_datagram(engine, &datagram, false);
	expire(engine);
}

void sk_engine_take_clock_back(struct sk_engine *engine, int64_t was_ns, int64_t now_ns)
{
	engine->clock.now_ns = now_ns;
	take_clock_back(engine, was_ns, now_ns);
}

void sk_engine_take_stopped(struct sk_engine *engine, uint64_t frames, uint64_t bytes)
{
	sk_engine_count(&engine->taken, frames, bytes);
	sk_select_erase(engine->select, SK_SELECT_STOPPED, frames, bytes);
}

void sk_engine_tell_clock(struct sk_engine *engine, int64_t now_ns)
{
	engine->told_clock = true;
	sk_engine_take_clock(engine, now_ns);
	if (SK_UNLIKELY(engine->clock.now_ns >= engine->second_ends_ns))
		begin_second(engine);
	expire(engine);
}

/* When facts can be had again, the segments that went without are asked at their next packet. */
void sk_engine_shed(struct sk_engine *engine, enum sk_shed shed)
{
	if (engine->shed >= SK_SHED_FACTS && shed < SK_SHED_FACTS)
		sk_flow_ask_again(engine->flows);
	engine->shed = (uint8_t)shed;
	if (engine->shed > engine->shed_highest)
		engine->shed_highest = engine->shed;
}

/* ---- the end of an interval ---- */

/* What is over by now is over, whether or not a sweep was due; and the decoder tells of fragments that it gave up when it is asked. */
void sk_engine_settle(struct sk_engine *engine)
{
	sk_flow_settle(engine->flows, engine->clock.now_ns);
	give_up_fragments(engine, engine->clock.now_ns);
}

void sk_engine_close_flows(struct sk_engine *engine, enum sk_flow_end end)
{
	sk_engine_settle(engine); /* what is over by itself was not ended by us */
	sk_flow_close_all(engine->flows, end);
	give_up_fragments(engine, INT64_MAX);
}

/* Close the interval: measure, check, hand out, start the next. An account that does not close means that a stage lost or doubled a frame: it is
   told and nothing further is collected. rule: ACCOUNT-1 */
static enum sk_err close_interval(struct sk_engine *engine, struct sk_fault *fault)
{
	struct sk_part part;
	sk_engine_settle(engine);
	SK_TRY(sk_engine_measure(engine, &part, fault));
	sk_abroad_take(engine->abroad, engine->countries);
	if (engine->abroad->border != NULL)
		part.account.countries = engine->countries;
	SK_TRY(engine->interval(engine->context, &part.account, fault));
	sk_engine_begin(engine, &part);
	return SK_OK;
}

enum sk_err sk_engine_feed(struct sk_engine *engine, struct sk_frame *frames, size_t frame_count, uint64_t upstream_lost, struct sk_fault *fault)
{
	SK_INVARIANT(frame_count <= SK_BATCH_MAX);
	/* The basis is asked before each batch: a batch is far shorter than the second in which collection must end. rule: BASIS-2 */
	SK_TRY(sk_basis_in_force(engine->config.basis, engine->config.clock.unix_ns(engine->config.clock.context), fault));
	/* A file's losses are told with its frames, a link's by sk_engine_count_source. */
	if (upstream_lost != 0)
		engine->upstream_lost = upstream_lost;
	while (frame_count > 0) {
		uint64_t room = engine->received.frames < engine->config.interval_frames ? engine->config.interval_frames - engine->received.frames : 1;
		size_t part = frame_count < room ? frame_count : (size_t)room;
		sk_engine_receive(engine, frames, part);
		frames += part;
		frame_count -= part;
		if (engine->received.frames >= engine->config.interval_frames)
			SK_TRY(close_interval(engine, fault));
	}
	return SK_OK;
}

enum sk_err sk_engine_end_input(struct sk_engine *engine, struct sk_fault *fault)
{
	return engine->received.frames > 0 ? close_interval(engine, fault) : SK_OK;
}

enum sk_err sk_engine_cut(struct sk_engine *engine, int64_t now_ns, struct sk_fault *fault)
{
	if (now_ns > engine->clock.now_ns)
		engine->clock.now_ns = now_ns;
	if (engine->received.frames == 0)
		engine->from_ns = engine->to_ns = now_ns != INT64_MIN ? now_ns : engine->totals.last_ns;
	return close_interval(engine, fault);
}

enum sk_err sk_engine_reload(struct sk_engine *engine, const struct sk_snapshot *next, int64_t now_ns, struct sk_fault *fault)
{
	sk_engine_settle(engine);
	sk_engine_leave(engine, next);
	SK_TRY(sk_engine_cut(engine, now_ns, fault));
	sk_engine_enter(engine, next);
	return SK_OK;
}

enum sk_err sk_engine_finish(struct sk_engine *engine, enum sk_flow_end end, struct sk_fault *fault)
{
	sk_engine_close_flows(engine, end);
	/* An interval in which nothing happened is not written; one that only settles what was pending is. */
	if (engine->received.frames == 0 && engine->pending_before.frames == 0)
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
	size_t rules = engine->signature != NULL ? sk_signature_residue(engine->signature) : 0;
	return sk_decode_residue(engine->decoder) + sk_flow_residue(engine->flows) + rules;
}
