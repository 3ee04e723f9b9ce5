/* SPDX-License-Identifier: Apache-2.0 */
/* The table against a slow reference: a plain array searched from the front, written from flow.h and README.md, sharing no code with the room.
   Random packets, times that run back and jump, time-outs of all kinds: the same segments must come out. Then, with a table that is too small,
   what must hold whatever is evicted. A sabotage twin shows that a wrong reference is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "flow_test.h"

enum { FLOWS_MAX = 4096, TICK = 250000000, SWEEP_PACKETS = (1 << 14) / 16 / 16 };

struct model_flow {
	bool used, place_only;
	struct sk_packet first;        /* of the flow: gives the ends */
	bool initiator_is_first, sure;
	struct sk_flow_record r;       /* directions as seen from first.source */
	uint8_t class_of[2];           /* 255 = none */
	int64_t expires_tick;
};

struct model {
	struct model_flow flows[FLOWS_MAX];
	struct sk_flow_limits limits;
	bool started;
	int64_t now, swept;
	uint64_t since_sweep;
	unsigned late;
	uint64_t digest, ended[8], opened, total, by_class[SK_CLASS_COUNT], clamped;
	bool sabotage;
};

static struct model model;

/* Order does not matter: segments are added up by digest. */
static uint64_t digest_of(const struct sk_flow_record *record)
{
	struct sk_flow_record r = *record;
	uint64_t hash = 1469598103934665603u;
	const uint64_t words[] = {r.initiator_port, r.responder_port, r.ip_proto, r.icmp_type, r.icmp_code, r.initiator_sure, r.class_,
			r.classes_seen, r.layers,
				  r.tunnels, r.interface, r.end, r.state, r.tcp_flags[0], r.tcp_flags[1], r.continued, r.packets[0], r.packets[1],
				  r.ip_bytes[0], r.ip_bytes[1], (uint64_t)r.first_ns, (uint64_t)r.last_ns, r.frames, r.frame_bytes};
	struct sk_cur parts[] = {sk_cur_of(&r.initiator, sizeof r.initiator), sk_cur_of(&r.responder, sizeof r.responder), sk_cur_of(words,
			sizeof words)};
	for (size_t i = 0; i < SK_COUNT(parts); i++)
		while (sk_more(&parts[i]))
			hash = (hash ^ sk_u8(&parts[i])) * 1099511628211u;
	return hash;
}

static bool one_way(const struct sk_packet *p)
{
	return p->ip_proto == 1 && p->icmp_type != 0 && p->icmp_type != 8;
}

static unsigned port_of(const struct sk_packet *p, bool source)
{
	if (p->ip_proto == 1 && one_way(p))
		return source ? p->icmp_type : p->icmp_code;
	if (p->ip_proto == 1)
		return source ? p->icmp_type : (p->icmp_type == 8 ? 0 : 8);
	return source ? p->source_port : p->destination_port;
}

static bool ends_match(const struct sk_packet *a, const struct sk_packet *b, bool turned)
{
	return sk_addr_equal(&a->source, turned ? &b->destination : &b->source) && sk_addr_equal(&a->destination, turned ? &b->source
			: &b->destination) &&
	       port_of(a, true) == port_of(b, !turned) && port_of(a, false) == port_of(b, turned);
}

/* 0 or 1: same flow, in this direction; -1: another flow. */
static int direction_in(const struct model_flow *flow, const struct sk_packet *p)
{
	if (flow->first.ip_proto != p->ip_proto || (flow->first.layers > 1) != (p->layers > 1) || one_way(&flow->first) != one_way(p))
		return -1;
	if (ends_match(&flow->first, p, false))
		return 0;
	return !one_way(p) && ends_match(&flow->first, p, true) ? 1 : -1;
}

static uint8_t class_of(const struct model_flow *flow)
{
	unsigned own = flow->initiator_is_first ? 0 : 1;
	if (flow->class_of[own] != 255)
		return flow->class_of[own];
	uint8_t other = flow->class_of[own ^ 1];
	return other == SK_CLASS_FD ? SK_CLASS_DF : other == SK_CLASS_DF ? SK_CLASS_FD : other;
}

static void end_segment(struct model_flow *flow, enum sk_flow_end end)
{
	if (flow->place_only)
		return;
	struct sk_flow_record r = flow->r;
	unsigned own = flow->initiator_is_first ? 0 : 1;
	r.initiator = own == 0 ? flow->first.source : flow->first.destination;
	r.responder = own == 0 ? flow->first.destination : flow->first.source;
	r.initiator_port = (uint16_t)port_of(&flow->first, own == 0);
	r.responder_port = (uint16_t)port_of(&flow->first, own != 0);
	r.ip_proto = flow->first.ip_proto;
	if (r.ip_proto == 1) {
		r.icmp_type = (uint8_t)r.initiator_port;
		r.icmp_code = one_way(&flow->first) ? (uint8_t)r.responder_port : 0;
	}
	r.initiator_sure = flow->sure;
	r.class_ = class_of(flow);
	r.end = (uint8_t)end;
	for (unsigned i = 0; i < 2; i++) {
		r.packets[i] = flow->r.packets[own ^ i];
		r.ip_bytes[i] = flow->r.ip_bytes[own ^ i];
		r.tcp_flags[i] = flow->r.tcp_flags[own ^ i];
	}
	model.digest += digest_of(&r);
	model.ended[end]++;
}

static void end_flow(struct model_flow *flow, enum sk_flow_end end)
{
	end_segment(flow, end);
	model.by_class[class_of(flow)]++;
	flow->used = false;
}

static void expire(struct model_flow *flow)
{
	end_flow(flow, flow->r.state >= SK_FLOW_CLOSED ? SK_FLOW_END_CLOSED : SK_FLOW_END_IDLE);
}

static int64_t idle_of(const struct model_flow *flow)
{
	if (flow->r.state == SK_FLOW_SYN)
		return model.limits.idle_syn_ns;
	return flow->r.state >= SK_FLOW_CLOSED ? model.limits.idle_closed_ns : model.limits.idle_ns;
}

static void arm(struct model_flow *flow)
{
	flow->expires_tick = model.now / TICK + (idle_of(flow) + TICK - 1) / TICK + 1;
}

static void sweep(bool all)
{
	model.swept = model.now;
	model.since_sweep = 0;
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		if (model.flows[i].used && (all || model.now / TICK >= model.flows[i].expires_tick))
			expire(&model.flows[i]);
}

static void move_clock(int64_t t)
{
	if (t < 0)
		t = 0;
	if (!model.started) {
		model.started = true;
		model.now = model.swept = t;
	}
	if (t < model.now) {
		model.clamped++;
		model.late = model.now - t > 60 * S ? model.late + 1 : 0;
		if (model.late == 4096) {
			model.late = 0;
			sweep(false);
			model.now = model.swept = t;
			for (unsigned i = 0; i < FLOWS_MAX; i++)
				if (model.flows[i].used)
					arm(&model.flows[i]);
		}
		return;
	}
	model.late = 0;
	bool far = t - model.now > model.limits.idle_ns + 2 * (int64_t)TICK;
	model.now = t;
	if (far || t - model.swept >= (model.since_sweep >= SWEEP_PACKETS ? 8 : 600) * S)
		sweep(far);
}

static uint8_t next_state(const struct model_flow *flow, const struct sk_packet *p, unsigned direction)
{
	uint8_t s = flow->r.state, f = p->tcp_flags, kind = f & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN);
	bool by_initiator = (direction == 0) == flow->initiator_is_first;
	if (p->ip_proto != TCP)
		return flow->r.packets[0] != 0 && flow->r.packets[1] != 0 ? SK_FLOW_ESTABLISHED : s;
	if (s == SK_FLOW_RESET || (f & SK_TCP_RST))
		return SK_FLOW_RESET;
	if (s == SK_FLOW_CLOSED || ((flow->r.tcp_flags[0] & SK_TCP_FIN) && (flow->r.tcp_flags[1] & SK_TCP_FIN)))
		return SK_FLOW_CLOSED;
	if (s == SK_FLOW_CLOSING || (f & SK_TCP_FIN))
		return SK_FLOW_CLOSING;
	if (kind == SK_TCP_SYN && s == SK_FLOW_NEW)
		return SK_FLOW_SYN;
	if (kind == (SK_TCP_SYN | SK_TCP_ACK) && s <= SK_FLOW_SYN)
		return SK_FLOW_SYN_ACK;
	if (f & SK_TCP_SYN)
		return s;
	if (s == SK_FLOW_SYN_ACK)
		return by_initiator ? SK_FLOW_ESTABLISHED : s;
	return flow->r.tcp_flags[0] && flow->r.tcp_flags[1] && s < SK_FLOW_SYN_ACK ? SK_FLOW_ESTABLISHED : s;
}

static void add(struct model_flow *flow, const struct sk_packet *p, unsigned direction)
{
	uint8_t kind = p->tcp_flags & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN);
	flow->r.packets[direction] += p->frames;
	flow->r.frames += p->frames;
	flow->r.frame_bytes += p->wire_bytes;
	flow->r.ip_bytes[direction] += p->ip_bytes;
	flow->r.tcp_flags[direction] |= p->tcp_flags;
	flow->r.classes_seen |= SK_CLASS_BIT(p->class_);
	flow->r.tunnels |= p->tunnels;
	if (flow->class_of[direction] == 255)
		flow->class_of[direction] = p->class_;
	if (p->time_ns > flow->r.last_ns)
		flow->r.last_ns = p->time_ns;
	if (p->ip_proto == TCP && !flow->sure && (kind == SK_TCP_SYN || kind == (SK_TCP_SYN | SK_TCP_ACK))) {
		flow->sure = true;
		flow->initiator_is_first = (direction == 0) == (kind == SK_TCP_SYN);
	}
	flow->r.state = next_state(flow, p, direction);
}

static void open_segment(struct model_flow *flow, const struct sk_packet *p, unsigned direction)
{
	uint8_t state = flow->r.state, continued = flow->r.continued;
	flow->r = (struct sk_flow_record){.state = state, .continued = continued, .first_ns = p->time_ns, .last_ns = p->time_ns,
			.layers = p->layers, .interface = p->interface};
	flow->place_only = false;
	model.opened++;
	add(flow, p, direction);
}

static void model_apply(const struct sk_packet *p)
{
	model.since_sweep++;
	move_clock(p->time_ns);
	struct model_flow *flow = NULL, *free_place = NULL;
	int direction = 0;
	for (unsigned i = 0; i < FLOWS_MAX && flow == NULL; i++) {
		if (!model.flows[i].used)
			free_place = free_place != NULL ? free_place : &model.flows[i];
		else if ((direction = direction_in(&model.flows[i], p)) >= 0)
			flow = &model.flows[i];
	}
	uint8_t kind = p->tcp_flags & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN);
	if (flow != NULL && model.now / TICK >= flow->expires_tick)
		expire(flow);
	else if (flow != NULL && p->ip_proto == TCP && kind == SK_TCP_SYN && flow->r.state >= SK_FLOW_CLOSED)
		end_flow(flow, SK_FLOW_END_CLOSED);
	else if (flow != NULL && p->time_ns - flow->r.first_ns >= model.limits.active_ns) {
		end_segment(flow, SK_FLOW_END_ACTIVE);
		flow->r.continued = !model.sabotage;
		flow->place_only = true;
	}
	if (flow == NULL || !flow->used) {
		if (flow == NULL)
			flow = free_place;
		assert_non_null(flow);
		*flow = (struct model_flow){.used = true, .place_only = true, .first = *p, .initiator_is_first = true, .class_of = {255, 255}};
		direction = 0;
		model.total++;
	}
	if (flow->place_only)
		open_segment(flow, p, (unsigned)direction);
	else
		add(flow, p, (unsigned)direction);
	arm(flow);
}

/* ---- both sides fed the same ---- */

static uint64_t table_digest, table_ended[8];

static void table_closed(void *context, const struct sk_flow_record *record)
{
	(void)context;
	table_digest += digest_of(record);
	table_ended[record->end]++;
}

static int64_t clock_ns;

static struct sk_packet random_packet(unsigned hosts)
{
	static const uint8_t flags[] = {SK_TCP_SYN, SK_TCP_SYN | SK_TCP_ACK, SK_TCP_ACK, SK_TCP_ACK | SK_TCP_PSH, SK_TCP_ACK, SK_TCP_ACK,
			SK_TCP_FIN | SK_TCP_ACK, SK_TCP_RST};
	unsigned proto = (unsigned)rand() % 8;
	struct sk_packet p = packet_of((uint32_t)rand() % hosts, (uint16_t)(rand() % 3), (uint32_t)rand() % hosts, (uint16_t)(rand() % 3),
			proto < 5 ? TCP : proto < 7 ? UDP : 1,
				       proto < 5 ? flags[(unsigned)rand() % SK_COUNT(flags)] : 0, 0);
	if (rand() % 3 == 0) {
		p.source = addr6((uint32_t)rand() % hosts);
		p.destination = addr6((uint32_t)rand() % hosts);
	}
	if (p.ip_proto == 1) {
		static const uint8_t types[] = {0, 8, 3, 11};
		p.source_port = p.destination_port = 0;
		p.icmp_type = types[rand() % 4];
		p.icmp_code = p.icmp_type == 3 ? (uint8_t)(rand() % 4) : 0;
	}
	p.layers = rand() % 6 == 0 ? 2 : 1;
	p.tunnels = p.layers > 1 ? SK_TUNNEL_GRE : 0;
	p.class_ = (uint8_t)(rand() % 3);
	p.interface = (uint16_t)(rand() % 3);
	p.frames = rand() % 10 == 0 ? 3 : 1;
	p.wire_bytes = 60 + (uint32_t)rand() % 3000;
	p.ip_bytes = p.wire_bytes - 14;
	unsigned step = (unsigned)rand() % 1000;
	clock_ns += step < 900 ? rand() % (200 * 1000 * 1000) : step < 990 ? rand() % 1000 * (S / 50) : step < 996 ? rand() % 9000 * S : 0;
	if (step == 999)
		clock_ns = clock_ns > 500 * S && rand() % 20 == 0 ? rand() % 500 * S : clock_ns;
	p.time_ns = step >= 980 && step < 995 ? clock_ns - rand() % 200 * S : clock_ns;
	return p;
}

static void compare(unsigned seed, unsigned packets, unsigned hosts, bool sabotage, bool expect_same)
{
	srand(seed);
	clock_ns = 1000 * S;
	model = (struct model){.limits = sk_flow_default_limits(), .sabotage = sabotage};
	model.limits.flows = 1 << 14;
	model.limits.facts = model.limits.streams = 4;
	table_digest = 0;
	memset(table_ended, 0, sizeof table_ended);
	struct sk_flow_table *table = NULL;
	assert_int_equal(sk_flow_table_new(&model.limits, test_key, table_closed, NULL, &table), SK_OK);
	uint64_t applied = 0;
	struct sk_flow_clock clock = {.now_ns = 0};
	struct sk_packet batch[SK_BATCH_MAX];
	for (unsigned done = 0; done < packets;) {
		unsigned count = 1 + (unsigned)rand() % SK_BATCH_MAX;
		for (unsigned i = 0; i < count; i++)
			batch[i] = random_packet(hosts);
		if (rand() % 4 != 0) /* preparing is optional */
			sk_flow_prepare(table, batch, count);
		for (unsigned i = 0; i < count; i++) {
			bool is_new;
			uint64_t opened = model.opened;
			tick(&clock, table, &batch[i]);
			assert_non_null(sk_flow_apply(table, &batch[i], &is_new));
			model_apply(&batch[i]);
			assert_int_equal(is_new, model.opened != opened);
			applied += batch[i].frames;
		}
		done += count;
	}
	struct sk_flow_counters counters;
	uint64_t frames, bytes, model_frames = 0;
	sk_flow_pending(table, &frames, &bytes);
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		if (model.flows[i].used && !model.flows[i].place_only)
			model_frames += model.flows[i].r.frames;
	assert_int_equal(frames, model_frames);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		if (model.flows[i].used)
			end_flow(&model.flows[i], SK_FLOW_END_STOP);
	sk_flow_counters(table, &counters);
	assert_memory_equal(table_ended, model.ended, sizeof table_ended);
	assert_int_equal(table_digest == model.digest, expect_same);
	assert_int_equal(counters.created, model.opened);
	assert_int_equal(counters.flows, model.total);
	assert_memory_equal(counters.flows_by_class, model.by_class, sizeof model.by_class);
	assert_int_equal(clock.clamped, model.clamped);
	assert_int_equal(counters.evicted, 0);
	assert_int_equal(counters.live, 0);
	sk_flow_table_free(table);
	print_message("seed %u: %lu frames, %lu segments of %lu flows; ends: %lu idle, %lu active, %lu closed, %lu stop\n", seed, applied,
			counters.created, counters.flows,
		      table_ended[SK_FLOW_END_IDLE], table_ended[SK_FLOW_END_ACTIVE], table_ended[SK_FLOW_END_CLOSED], table_ended[SK_FLOW_END_STOP]);
}

static void test_same_segments(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++)
		compare(seed, 40000, seed <= 3 ? 4 : 8, false, true);
}

static void test_sabotage_is_noticed(void **state)
{
	(void)state;
	compare(1, 40000, 4, true, false);
}

/* A table far too small: every frame has exactly one segment, the cap holds, created = live + ended + evicted at every moment. */
static void test_conservation_under_eviction(void **state)
{
	(void)state;
	struct sk_flow_limits limits = sk_flow_default_limits();
	limits.flows = 200; /* rounded down to whole sets: 192 */
	limits.facts = limits.streams = 4;
	struct sink sink = {.records = 0};
	struct sk_flow_table *table = NULL;
	assert_int_equal(sk_flow_table_new(&limits, test_key, sink_closed, &sink, &table), SK_OK);
	srand(5);
	clock_ns = 1000 * S;
	struct sk_flow_clock clock = {.now_ns = 0};
	uint64_t frames = 0, bytes = 0;
	for (unsigned i = 0; i < 300000; i++) {
		struct sk_packet p = random_packet(i % 1000 < 500 ? 60 : 6);
		bool is_new;
		tick(&clock, table, &p);
		struct sk_flow *flow = sk_flow_apply(table, &p, &is_new);
		if (rand() % 50 == 0)
			assert_non_null(sk_flow_facts(table, flow));
		frames += p.frames;
		bytes += p.wire_bytes;
		if (i % 997 == 0) {
			uint64_t pending, pending_bytes;
			struct sk_flow_counters c;
			sk_flow_pending(table, &pending, &pending_bytes);
			sk_flow_counters(table, &c);
			assert_int_equal(sink.frames + pending, frames);
			assert_int_equal(sink.bytes + pending_bytes, bytes);
			assert_int_equal(c.created, c.live + c.ended + c.evicted);
			assert_true(c.live <= 192);
		}
	}
	struct sk_flow_counters c;
	sk_flow_close_all(table, SK_FLOW_END_BASIS);
	sk_flow_counters(table, &c);
	assert_true(c.evicted > 1000 && c.ended > 1000 && c.facts_shed > 100);
	assert_int_equal(sink.frames, frames);
	assert_int_equal(sink.by_end[SK_FLOW_END_EVICTED], c.evicted);
	assert_int_equal(c.live, 0);
	uint64_t by_class = 0;
	for (unsigned i = 0; i < SK_CLASS_COUNT; i++)
		by_class += c.flows_by_class[i];
	assert_int_equal(by_class, c.flows);
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_segments),
		cmocka_unit_test(test_sabotage_is_noticed),
		cmocka_unit_test(test_conservation_under_eviction),
	};
	return cmocka_run_group_tests_name("flow model", tests, NULL, NULL);
}
