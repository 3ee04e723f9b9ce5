/* SPDX-License-Identifier: Apache-2.0 */
/* Frames pass or are erased as the gate says. Only fragments need more: the gate judges each by its own pair, but a datagram of UDP may be a tunnel whose inner
   pair shows in no single fragment. So a fragment passes at once where no tunnel can be (another protocol of IPv4; a first fragment to another port, and with it
   all fragments of its datagram), waits for the first fragment, or for the whole datagram, which then goes back to the gate. rule: FORWARD-2 */
#include "forward/forward.h"

#include <stdio.h>
#include <stdlib.h>

#include "forward/hold_priv.h"

enum { EXPIRE_STEP_NS = 1000000000, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58, PROTO_SCTP = 132, PASSED = SK_FORWARD_REASON_COUNT };

struct sk_forward {
	struct sk_forward_config config;
	sk_forward_interval interval;
	void *context;
	struct sk_gate *gate;
	struct sk_decoder *decoder;  /* puts suspicious datagrams together, for the gate alone */
	struct hold *hold;
	struct sk_fault failed;      /* the writer's first error */
	/* What the frames of the datagram that is being closed are erased under: the gate's reason, which the hold does not know. */
	enum sk_gate_reason gate_reason;

	struct sk_cell received, written, gate_erased[SK_GATE_REASON_COUNT], erased[SK_FORWARD_REASON_COUNT], classes[SK_CLASS_COUNT];
	struct sk_cell pending_before;
	struct sk_cell lost[SK_SOURCE_CELLS_MAX];
	size_t lost_count;
	struct sk_source_counts source; /* as last told */
	uint64_t upstream_lost, upstream_before;
	bool timed;                  /* from_ns and to_ns are of this interval */
	int64_t from_ns, to_ns, newest_ns, expired_at_ns;
	struct sk_forward_totals totals;
	struct sk_verdict verdicts[SK_BATCH_MAX];
};

static const struct {
	const char *name, *prose;
} reasons[] = {
#define SK_FORWARD_REASON(name, text, prose) [SK_FORWARD_##name] = {text, prose},
#include "forward/reason.def"
#undef SK_FORWARD_REASON
};

const char *sk_forward_reason_name(enum sk_forward_reason reason)
{
	SK_INVARIANT((unsigned)reason < SK_FORWARD_REASON_COUNT);
	return reasons[reason].name;
}

const char *sk_forward_reason_prose(enum sk_forward_reason reason)
{
	SK_INVARIANT((unsigned)reason < SK_FORWARD_REASON_COUNT);
	return reasons[reason].prose;
}

struct sk_forward_limits sk_forward_default_limits(void)
{
	return (struct sk_forward_limits){.datagrams = 4096, .frames = 16384, .bytes = 8 << 20, .timeout_ns = INT64_C(30000000000)};
}

static void count(struct sk_cell *cell, uint32_t wire_bytes)
{
	cell->frames++;
	cell->bytes += wire_bytes;
}

/* ---- the three fates ---- */

/* A frame at which the output fails is not handed on: it counts as stopped. One that an interface cannot take is no failure. */
static void hand_on(struct sk_forward *forward, const struct sk_frame *frame)
{
	enum sk_err err = forward->failed.err;
	if (err == SK_OK && forward->config.writer != NULL)
		err = sk_writer_put(forward->config.writer, frame, &forward->failed);
	else if (err == SK_OK)
		err = forward->config.output.put(forward->config.output.context, frame, &forward->failed);
	if (err == SK_ETOOBIG)
		forward->failed.err = SK_OK;
	count(err == SK_OK ? &forward->written : &forward->erased[err == SK_ETOOBIG ? SK_FORWARD_TOO_LONG : SK_FORWARD_STOPPED], frame->wire_bytes);
}

static void erase(struct sk_forward *forward, enum sk_forward_reason reason, const struct sk_frame *frame)
{
	count(&forward->erased[reason], frame->wire_bytes);
}

static void tell_fate(void *context, const struct sk_frame *frame, unsigned reason)
{
	struct sk_forward *forward = context;
	if (forward->gate_reason != SK_GATE_ADMITTED)
		count(&forward->gate_erased[forward->gate_reason], frame->wire_bytes);
	else if (reason == PASSED)
		hand_on(forward, frame);
	else
		erase(forward, (enum sk_forward_reason)reason, frame);
}

enum sk_err sk_forward_new(const struct sk_forward_config *config, sk_forward_interval interval, void *context, struct sk_forward **out)
{
	struct sk_forward *forward = calloc(1, sizeof *forward);
	if (forward == NULL)
		return SK_ENOMEM;
	forward->config = *config;
	if (forward->config.interval_frames == 0)
		forward->config.interval_frames = SK_FORWARD_INTERVAL_FRAMES;
	forward->interval = interval;
	forward->context = context;
	forward->newest_ns = forward->expired_at_ns = INT64_MIN;
	uint8_t key[2][SK_SIP_KEY_BYTES];
	sk_random(key, sizeof key);
	struct sk_decoder_limits decoder = sk_decoder_default_limits();
	decoder.timeout_ns = config->limits.timeout_ns;
	enum sk_err err = sk_gate_new(config->border, config->basis->classes, &forward->gate);
	if (err == SK_OK)
		err = sk_decoder_new(&decoder, key[0], &forward->decoder);
	if (err == SK_OK)
		err = hold_new(&config->limits, key[1], tell_fate, forward, &forward->hold);
	sk_wipe(key, sizeof key);
	if (err != SK_OK) {
		sk_forward_free(forward);
		return err;
	}
	*out = forward;
	return SK_OK;
}

void sk_forward_free(struct sk_forward *forward)
{
	if (forward == NULL)
		return;
	sk_gate_free(forward->gate);
	sk_decoder_free(forward->decoder);
	hold_free(forward->hold);
	sk_wipe(forward, sizeof *forward);
	free(forward);
}

/* ---- fragments ---- */

/* Can its datagram be a tunnel that no single fragment shows? In IPv4 the protocol belongs to the datagram's name, so it is UDP or it is not; in IPv6 only the
   first fragment's counts. Tunnels by protocol number show themselves to the gate. */
static bool may_hide_tunnel(const struct sk_fragment *fragment)
{
	return fragment->family == 6 || fragment->proto == PROTO_UDP;
}

/* Does a first fragment show that its datagram is none? In IPv6 an extension header may stand before UDP: only what is seen is believed. */
static bool shows_no_tunnel(const struct sk_fragment *fragment)
{
	if (fragment->offset != 0)
		return false;
	if (fragment->proto == PROTO_TCP || fragment->proto == PROTO_ICMPV6 || fragment->proto == PROTO_SCTP)
		return true;
	return fragment->has_port && !sk_gate_is_tunnel_port(fragment->destination_port);
}

/* The whole datagram goes back to the gate, and its frames share what that says. rule: GATE-5 */
static void judge_whole(struct sk_forward *forward, int32_t datagram, struct sk_datagram *whole)
{
	struct sk_verdict verdict = sk_gate_judge_datagram(forward->gate, &whole->seen, whole->bytes, whole->length);
	struct sk_fragment inner;
	unsigned reason = PASSED;
	/* Fragments inside the tunnel again: one level is enough, the rest is given up and said so. Where the two memories do not agree on what came, too. */
	if (verdict.admitted != NULL && ((sk_decode_fragment(verdict.admitted, &inner) && may_hide_tunnel(&inner)) || hold_frames(forward->hold, datagram) != whole->seen.frames))
		reason = SK_FORWARD_UNDECODABLE;
	forward->gate_reason = (enum sk_gate_reason)verdict.reason;
	hold_close(forward->hold, datagram, reason);
	forward->gate_reason = SK_GATE_ADMITTED;
	sk_decode_release_datagram(forward->decoder, whole);
}

/* Keep a fragment, and put its datagram together as far as it goes. */
static void hold_fragment(struct sk_forward *forward, int32_t datagram, const struct sk_frame *frame, const struct sk_admitted *admitted)
{
	struct sk_packet unused;
	struct sk_datagram whole;
	if (!hold_keep(forward->hold, datagram, frame)) {
		hold_decide(forward->hold, datagram, HOLD_REFUSED, SK_FORWARD_EVICTED);
		erase(forward, SK_FORWARD_EVICTED, frame);
		return;
	}
	forward->totals.held_frames++;
	switch (sk_decode(forward->decoder, admitted, &unused, &whole)) {
	case SK_DECODE_HELD:
		break;
	case SK_DECODE_DATAGRAM:
		judge_whole(forward, datagram, &whole);
		break;
	case SK_DECODED:
	case SK_DECODE_BAD:
		hold_decide(forward->hold, datagram, HOLD_REFUSED, SK_FORWARD_UNDECODABLE);
		break;
	}
}

static void follow_fragment(struct sk_forward *forward, const struct sk_fragment *fragment, const struct sk_frame *frame, const struct sk_admitted *admitted)
{
	int32_t datagram = hold_find(forward->hold, fragment, frame->time_ns);
	enum hold_state state = hold_state(forward->hold, datagram);
	bool complete = hold_note(forward->hold, datagram, fragment);
	if (fragment->offset == 0 && !shows_no_tunnel(fragment) && state != HOLD_REFUSED)
		hold_decide(forward->hold, datagram, state = HOLD_SUSPECT, PASSED);
	else if (shows_no_tunnel(fragment) && state == HOLD_OPEN)
		hold_decide(forward->hold, datagram, state = HOLD_PLAIN, PASSED);
	switch (state) {
	case HOLD_PLAIN:
		hand_on(forward, frame);
		/* Identifications are used again soon: what comes after the last byte is another datagram. */
		if (complete)
			hold_close(forward->hold, datagram, PASSED);
		break;
	case HOLD_OPEN:
	case HOLD_SUSPECT:
		hold_fragment(forward, datagram, frame, admitted);
		break;
	case HOLD_REFUSED:
		erase(forward, hold_reason(forward->hold, datagram), frame);
		break;
	}
}

static void follow_admitted(struct sk_forward *forward, const struct sk_frame *frame, const struct sk_admitted *admitted)
{
	struct sk_fragment fragment;
	if (sk_admitted_info(admitted)->plain == 0 && sk_decode_fragment(admitted, &fragment) && may_hide_tunnel(&fragment))
		follow_fragment(forward, &fragment, frame, admitted);
	else
		hand_on(forward, frame);
}

/* ---- the loop ---- */

static void give_up(struct sk_forward *forward, int64_t now_ns, enum sk_forward_reason reason)
{
	struct sk_fragment_loss counted_in_hold = {0};
	sk_decode_expire(forward->decoder, now_ns, &counted_in_hold);
	hold_expire(forward->hold, now_ns, reason);
}

/* Timers run on packet time, which may stand still or run back; sweeps are spaced so that a batch costs nothing. */
static void expire(struct sk_forward *forward)
{
	if (forward->newest_ns == INT64_MIN || (forward->expired_at_ns != INT64_MIN && forward->newest_ns < forward->expired_at_ns + EXPIRE_STEP_NS))
		return;
	forward->expired_at_ns = forward->newest_ns;
	give_up(forward, forward->newest_ns, SK_FORWARD_FRAGMENT_TIMEOUT);
}

static void take_times(struct sk_forward *forward, int64_t time_ns)
{
	if (!forward->timed || time_ns < forward->from_ns)
		forward->from_ns = time_ns;
	if (!forward->timed || time_ns > forward->to_ns)
		forward->to_ns = time_ns;
	forward->timed = true;
	if (time_ns > forward->newest_ns)
		forward->newest_ns = time_ns;
}

static void judge_and_follow(struct sk_forward *forward, struct sk_frame *frames, size_t frame_count)
{
	sk_gate_judge_batch(forward->gate, frames, frame_count, forward->verdicts);
	for (size_t i = 0; i < frame_count; i++) {
		const struct sk_verdict *verdict = &forward->verdicts[i];
		count(&forward->received, frames[i].wire_bytes);
		count(&forward->classes[verdict->class_], frames[i].wire_bytes);
		take_times(forward, frames[i].time_ns);
		if (verdict->admitted != NULL)
			follow_admitted(forward, &frames[i], verdict->admitted);
		else
			count(&forward->gate_erased[verdict->reason], frames[i].wire_bytes);
	}
	expire(forward);
}

/* ---- what the source did not give ---- */

static void add_growth(struct sk_cell *sum, const struct sk_cell *now, const struct sk_cell *before)
{
	SK_INVARIANT(now->frames >= before->frames && now->bytes >= before->bytes);
	sum->frames += now->frames - before->frames;
	sum->bytes += now->bytes - before->bytes;
}

static enum sk_gate_reason reason_of(const char *name)
{
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		if (strcmp(name, sk_gate_reason_name((enum sk_gate_reason)reason)) == 0)
			return (enum sk_gate_reason)reason;
	sk_bug(__FILE__, __LINE__, "a source counts by the gate's reasons");
}

/* Frames that were lost before anybody judged them were offered all the same: they are received, and nobody knows their class. */
void sk_forward_count_source(struct sk_forward *forward, const struct sk_source_counts *now, int64_t now_ns)
{
	const struct sk_source_counts *before = &forward->source;
	uint64_t received = forward->received.frames;
	SK_INVARIANT(now->lost_count >= before->lost_count && now->lost_count <= SK_SOURCE_CELLS_MAX && now->erased_count <= SK_SOURCE_CELLS_MAX);
	for (size_t i = 0; i < now->lost_count; i++) {
		memcpy(forward->lost[i].name, now->lost[i].name, sizeof forward->lost[i].name);
		add_growth(&forward->lost[i], &now->lost[i], &before->lost[i]);
		add_growth(&forward->received, &now->lost[i], &before->lost[i]);
		add_growth(&forward->classes[SK_CLASS_UNKNOWN], &now->lost[i], &before->lost[i]);
	}
	for (size_t i = 0; i < now->erased_count; i++) {
		add_growth(&forward->gate_erased[reason_of(now->erased[i].name)], &now->erased[i], &before->erased[i]);
		add_growth(&forward->received, &now->erased[i], &before->erased[i]);
	}
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		add_growth(&forward->classes[class_], &now->classes[class_], &before->classes[class_]);
	forward->lost_count = now->lost_count;
	forward->upstream_lost += now->upstream_lost - before->upstream_lost;
	forward->source = *now;
	if (forward->received.frames != received)
		take_times(forward, now_ns);
}

/* ---- the equation ---- */

static void copy_cell(struct sk_cell *cell, const struct sk_cell *from, const char *name)
{
	*cell = *from;
	(void)snprintf(cell->name, sizeof cell->name, "%s", name);
}

static void fill_account(const struct sk_forward *forward, struct sk_account *account)
{
	*account = (struct sk_account){.from_ns = forward->from_ns, .to_ns = forward->to_ns, .received = forward->received, .selected = forward->written,
				       .pending_before = forward->pending_before, .upstream_lost = forward->upstream_lost - forward->upstream_before};
	(void)snprintf(account->link, sizeof account->link, "%s", forward->config.link);
	hold_pending(forward->hold, &account->pending_after.frames, &account->pending_after.bytes);
	for (size_t i = 0; i < forward->lost_count; i++)
		account->lost[account->lost_count++] = forward->lost[i];
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		copy_cell(&account->gate[account->gate_count++], &forward->gate_erased[reason], sk_gate_reason_name((enum sk_gate_reason)reason));
	for (int reason = 0; reason < SK_FORWARD_REASON_COUNT; reason++)
		copy_cell(&account->select[account->select_count++], &forward->erased[reason], reasons[reason].name);
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		copy_cell(&account->classes[class_], &forward->classes[class_], sk_class_name((enum sk_class)class_));
}

static void add_cells(struct sk_cell *sums, struct sk_cell *cells, size_t cell_count)
{
	for (size_t i = 0; i < cell_count; i++) {
		sums[i].frames += cells[i].frames;
		sums[i].bytes += cells[i].bytes;
		cells[i] = (struct sk_cell){0};
	}
}

/* Add the interval's counts to the sums and start the next interval from nothing. */
static void next_interval(struct sk_forward *forward, const struct sk_account *account)
{
	struct sk_forward_totals *totals = &forward->totals;
	if (totals->intervals == 0 || account->from_ns < totals->first_ns)
		totals->first_ns = account->from_ns;
	if (totals->intervals == 0 || account->to_ns > totals->last_ns)
		totals->last_ns = account->to_ns;
	totals->intervals++;
	totals->pending_frames = account->pending_after.frames;
	totals->pending_bytes = account->pending_after.bytes;
	add_cells(&totals->received, &forward->received, 1);
	add_cells(&totals->written, &forward->written, 1);
	add_cells(totals->gate, forward->gate_erased, SK_GATE_REASON_COUNT);
	add_cells(totals->erased, forward->erased, SK_FORWARD_REASON_COUNT);
	add_cells(totals->classes, forward->classes, SK_CLASS_COUNT);
	for (size_t i = 0; i < forward->lost_count; i++)
		add_cells(&totals->lost, &forward->lost[i], 1);
	forward->timed = false;
	forward->pending_before = account->pending_after;
	forward->upstream_before = forward->upstream_lost;
}

/* An account that does not close means that a frame was lost or doubled: it is told and nothing further is handed on. rule: ACCOUNT-1 */
static enum sk_err close_interval(struct sk_forward *forward, struct sk_fault *fault)
{
	struct sk_account account;
	fill_account(forward, &account);
	SK_TRY(sk_account_check(&account, fault));
	SK_TRY(forward->interval(forward->context, &account, fault));
	next_interval(forward, &account);
	return SK_OK;
}

enum sk_err sk_forward_feed(struct sk_forward *forward, struct sk_frame *frames, size_t frame_count, uint64_t upstream_lost, struct sk_fault *fault)
{
	SK_INVARIANT(frame_count <= SK_BATCH_MAX);
	/* Asked before each batch, which is far shorter than the second in which all must end. rule: BASIS-2 */
	SK_TRY(sk_basis_in_force(forward->config.basis, forward->config.clock.unix_ns(forward->config.clock.context), fault));
	/* A file's losses are told with its frames, a link's by sk_forward_count_source. */
	if (upstream_lost != 0)
		forward->upstream_lost = upstream_lost;
	if (frame_count != 0 && forward->config.writer != NULL)
		sk_writer_start(forward->config.writer, frames->link);
	while (frame_count > 0) {
		uint64_t room = forward->received.frames < forward->config.interval_frames ? forward->config.interval_frames - forward->received.frames : 1;
		size_t part = frame_count < room ? frame_count : (size_t)room;
		judge_and_follow(forward, frames, part);
		frames += part;
		frame_count -= part;
		if (forward->received.frames >= forward->config.interval_frames)
			SK_TRY(close_interval(forward, fault));
	}
	enum sk_err err = forward->failed.err;
	if (err == SK_OK && forward->config.writer != NULL && sk_writer_is_stream(forward->config.writer))
		err = sk_writer_flush(forward->config.writer, &forward->failed);
	if (err != SK_OK)
		*fault = forward->failed;
	return err;
}

enum sk_err sk_forward_end_input(struct sk_forward *forward, struct sk_fault *fault)
{
	return forward->received.frames > 0 ? close_interval(forward, fault) : SK_OK;
}

enum sk_err sk_forward_finish(struct sk_forward *forward, enum sk_forward_reason reason, struct sk_fault *fault)
{
	give_up(forward, INT64_MAX, reason);
	if (forward->received.frames == 0 && forward->pending_before.frames == 0)
		return SK_OK;
	if (forward->received.frames == 0)
		forward->from_ns = forward->to_ns = forward->totals.last_ns;
	return close_interval(forward, fault);
}

void sk_forward_totals(const struct sk_forward *forward, struct sk_forward_totals *out)
{
	*out = forward->totals;
}

size_t sk_forward_residue(const struct sk_forward *forward)
{
	return hold_residue(forward->hold) + sk_decode_residue(forward->decoder);
}
