/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "flow/key_priv.h"
#include "flow_test.h"
#include "seal/seal.h"

static struct sink sink;

static struct sk_flow_clock source_clock;

static struct sk_flow_table *table_with(uint32_t flows, uint32_t facts)
{
	struct sk_flow_limits limits = sk_flow_default_limits();
	limits.flows = flows;
	limits.facts = facts;
	limits.streams = 8;
	sink = (struct sink){.records = 0};
	source_clock = (struct sk_flow_clock){.now_ns = 0};
	struct sk_flow_table *table = NULL;
	assert_int_equal(sk_flow_table_new(&limits, test_key, sink_closed, &sink, &table), SK_OK);
	return table;
}

static struct sk_flow *apply(struct sk_flow_table *table, struct sk_packet packet, bool expect_new)
{
	bool is_new = false;
	tick(&source_clock, table, &packet);
	struct sk_flow *flow = sk_flow_apply(table, &packet, &is_new);
	assert_non_null(flow);
	assert_int_equal(is_new, expect_new);
	return flow;
}

static struct sk_flow_record read_of(const struct sk_flow_table *table, const struct sk_flow *flow)
{
	struct sk_flow_record record;
	sk_flow_read(table, flow, &record);
	return record;
}

static struct sk_flow_counters counters_of(const struct sk_flow_table *table)
{
	struct sk_flow_counters counters;
	sk_flow_counters(table, &counters);
	assert_int_equal(counters.created, counters.ended + counters.evicted + counters.live);
	return counters;
}

static void test_handshake_and_close(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 8);
	struct sk_flow *flow = apply(table, packet_of(9, 4000, 5, 443, TCP, SK_TCP_SYN, S), true);
	assert_int_equal(read_of(table, flow).state, SK_FLOW_SYN);
	apply(table, packet_of(5, 443, 9, 4000, TCP, SK_TCP_SYN | SK_TCP_ACK, S + 1), false);
	assert_int_equal(read_of(table, flow).state, SK_FLOW_SYN_ACK);
	apply(table, packet_of(9, 4000, 5, 443, TCP, SK_TCP_ACK, S + 2), false);
	assert_int_equal(read_of(table, flow).state, SK_FLOW_ESTABLISHED);
	apply(table, packet_of(9, 4000, 5, 443, TCP, SK_TCP_FIN | SK_TCP_ACK, S + 3), false);
	assert_int_equal(read_of(table, flow).state, SK_FLOW_CLOSING);
	apply(table, packet_of(9, 4000, 5, 443, TCP, SK_TCP_FIN | SK_TCP_ACK, S + 4), false);
	assert_int_equal(read_of(table, flow).state, SK_FLOW_CLOSING); /* the same side again */
	apply(table, packet_of(5, 443, 9, 4000, TCP, SK_TCP_FIN | SK_TCP_ACK, S + 5), false);
	struct sk_flow_record record = read_of(table, flow);
	assert_int_equal(record.state, SK_FLOW_CLOSED);
	assert_memory_equal(record.initiator.bytes, addr4(9).bytes, 4);
	assert_int_equal(record.initiator_port, 4000);
	assert_true(record.initiator_sure);
	assert_int_equal(record.packets[0], 4);
	assert_int_equal(record.packets[1], 2);
	assert_int_equal(record.ip_bytes[0], 4 * 86);
	assert_int_equal(record.frames, 6);
	assert_int_equal(record.frame_bytes, 600);
	assert_int_equal(record.class_, SK_CLASS_DF);
	assert_int_equal(record.classes_seen, SK_CLASS_BIT(SK_CLASS_DF) | SK_CLASS_BIT(SK_CLASS_FD));
	assert_int_equal(record.first_ns, S);
	assert_int_equal(record.last_ns, S + 5);
	/* A new connection on the same ports is a new flow at once; the last ACK of the old one was not. */
	apply(table, packet_of(9, 4000, 5, 443, TCP, SK_TCP_ACK, S + 6), false);
	apply(table, packet_of(9, 4000, 5, 443, TCP, SK_TCP_SYN, S + 7), true);
	assert_int_equal(sink.by_end[SK_FLOW_END_CLOSED], 1);
	assert_int_equal(sink.last.frames, 7);
	/* Closed flows are swept as closed, silent ones as idle. */
	apply(table, packet_of(9, 4000, 5, 443, TCP, SK_TCP_RST, S + 8), false);
	sk_flow_expire(table, 30 * S);
	assert_int_equal(sink.by_end[SK_FLOW_END_CLOSED], 2);
	assert_int_equal(sink.last.state, SK_FLOW_RESET);
	struct sk_flow_counters counters = counters_of(table);
	assert_int_equal(counters.flows, 2);
	assert_int_equal(counters.flows_by_class[SK_CLASS_DF], 2);
	assert_int_equal(counters.live, 0);
	sk_flow_table_free(table);
}

static void test_initiator(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 8);
	/* Only the answers are seen: their receiver began it, and its class is theirs turned around. */
	struct sk_flow *flow = apply(table, packet_of(5, 443, 9, 4000, TCP, SK_TCP_SYN | SK_TCP_ACK, S), true);
	struct sk_flow_record record = read_of(table, flow);
	assert_memory_equal(record.initiator.bytes, addr4(9).bytes, 4);
	assert_true(record.initiator_sure);
	assert_int_equal(record.class_, SK_CLASS_DF);
	assert_int_equal(record.packets[0], 0);
	assert_int_equal(record.packets[1], 1);
	/* No handshake: the first sender, unsure; a late SYN outweighs it and the counters turn with it. */
	flow = apply(table, packet_of(7, 443, 3, 4000, TCP, SK_TCP_ACK, S), true);
	record = read_of(table, flow);
	assert_memory_equal(record.initiator.bytes, addr4(7).bytes, 4);
	assert_false(record.initiator_sure);
	apply(table, packet_of(3, 4000, 7, 443, TCP, SK_TCP_SYN, S), false);
	record = read_of(table, flow);
	assert_memory_equal(record.initiator.bytes, addr4(3).bytes, 4);
	assert_true(record.initiator_sure);
	assert_int_equal(record.packets[0], 1);
	assert_int_equal(record.packets[1], 1);
	/* Ports decide nothing: a packet from port 53 is a first sender like any other. */
	flow = apply(table, packet_of(8, 53, 2, 999, UDP, 0, S), true);
	assert_int_equal(read_of(table, flow).initiator_port, 53);
	assert_false(read_of(table, flow).initiator_sure);
	sk_flow_table_free(table);
}

static struct sk_packet icmp_of(uint32_t from, uint32_t to, uint8_t type, uint8_t code)
{
	struct sk_packet packet = packet_of(from, 0, to, 0, 1, 0, S);
	packet.icmp_type = type;
	packet.icmp_code = code;
	packet.has_ports = false;
	return packet;
}

static void test_icmp(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 8);
	struct sk_flow *flow = apply(table, icmp_of(9, 5, 8, 0), true);
	assert_ptr_equal(apply(table, icmp_of(5, 9, 0, 0), false), flow); /* the reply joins */
	struct sk_flow_record record = read_of(table, flow);
	assert_int_equal(record.icmp_type, 8);
	assert_int_equal(record.initiator_port, 8);
	assert_int_equal(record.responder_port, 0);
	/* Errors are flows by type and code, and each direction is its own, also when type equals code. */
	flow = apply(table, icmp_of(9, 5, 3, 3), true);
	apply(table, icmp_of(5, 9, 3, 3), true);
	apply(table, icmp_of(9, 5, 3, 1), true);
	apply(table, icmp_of(9, 5, 3, 3), false);
	record = read_of(table, flow);
	assert_int_equal(record.icmp_type, 3);
	assert_int_equal(record.icmp_code, 3);
	assert_int_equal(record.packets[0], 2);
	assert_int_equal(record.packets[1], 0);
	sk_flow_table_free(table);
}

static void test_tunnels_do_not_mix(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 8);
	struct sk_packet packet = packet_of(1, 2, 3, 4, UDP, 0, S);
	apply(table, packet, true);
	packet.layers = 2;
	packet.tunnels = SK_TUNNEL_GRE;
	struct sk_flow *flow = apply(table, packet, true);
	packet.layers = 3;
	packet.tunnels = SK_TUNNEL_VLAN;
	assert_ptr_equal(apply(table, packet, false), flow);
	assert_int_equal(read_of(table, flow).tunnels, SK_TUNNEL_GRE | SK_TUNNEL_VLAN);
	assert_int_equal(read_of(table, flow).layers, 2);
	packet.source = addr6(1);
	packet.destination = addr6(3);
	flow = apply(table, packet, true);
	struct sk_flow_record record = read_of(table, flow);
	assert_int_equal(record.initiator.family, 6);
	assert_memory_equal(&record.responder, &packet.destination, sizeof packet.destination);
	sk_flow_table_free(table);
}

static void test_active_timeout_continues(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 8);
	apply(table, packet_of(9, 1, 5, 2, TCP, SK_TCP_SYN, 0), true);
	apply(table, packet_of(5, 2, 9, 1, TCP, SK_TCP_ACK, S), false);
	for (int64_t t = 100; t < 1800; t += 100)
		apply(table, packet_of(5, 2, 9, 1, TCP, SK_TCP_ACK, t * S), false);
	struct sk_flow *flow = apply(table, packet_of(5, 2, 9, 1, TCP, SK_TCP_ACK, 1800 * S), true);
	assert_int_equal(sink.by_end[SK_FLOW_END_ACTIVE], 1);
	assert_int_equal(sink.last.continued, 0);
	assert_int_equal(sink.last.frames, 19);
	struct sk_flow_record record = read_of(table, flow);
	assert_int_equal(record.continued, 1);
	assert_int_equal(record.frames, 1);
	assert_int_equal(record.first_ns, 1800 * S);
	assert_memory_equal(record.initiator.bytes, addr4(9).bytes, 4); /* who began it is not forgotten */
	assert_int_equal(record.class_, SK_CLASS_DF);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	struct sk_flow_counters counters = counters_of(table);
	assert_int_equal(counters.created, 2);
	assert_int_equal(counters.flows, 1);
	assert_int_equal(counters.flows_by_class[SK_CLASS_DF], 1);
	sk_flow_table_free(table);
}

static void test_facts_pool(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 2);
	struct sk_flow *a = apply(table, packet_of(1, 1, 2, 2, UDP, 0, S), true);
	struct sk_flow_facts *facts = sk_flow_facts(table, a);
	assert_non_null(facts);
	assert_ptr_equal(sk_flow_facts(table, a), facts);
	facts->hit_count = 77;
	struct sk_flow *b = apply(table, packet_of(1, 1, 3, 2, UDP, 0, S), true);
	assert_non_null(sk_flow_facts(table, b));
	/* The pool is empty: the one that has held facts longest ends early, with its facts, and goes on as a new segment of the same flow. */
	struct sk_flow *c = apply(table, packet_of(1, 1, 4, 2, UDP, 0, S), true);
	struct sk_flow_facts *third = sk_flow_facts(table, c);
	assert_non_null(third);
	assert_int_equal(third->hit_count, 0);
	assert_int_equal(sink.records, 1);
	assert_int_equal(sink.by_end[SK_FLOW_END_ACTIVE], 1);
	assert_memory_equal(sink.last.responder.bytes, addr4(2).bytes, 4);
	assert_null(sk_flow_facts_of(table, a));
	assert_int_equal(counters_of(table).facts_shed, 1);
	assert_ptr_equal(apply(table, packet_of(1, 1, 2, 2, UDP, 0, 2 * S), true), a);
	assert_int_equal(read_of(table, a).continued, 1);
	uint64_t frames = 0, bytes = 0;
	sk_flow_pending(table, &frames, &bytes);
	assert_int_equal(frames, 3);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	assert_int_equal(counters_of(table).flows, 3);
	assert_int_equal(sink.frames, 4);
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
	table = table_with(64, 0);
	a = apply(table, packet_of(1, 1, 2, 2, UDP, 0, S), true);
	assert_null(sk_flow_facts(table, a));
	assert_int_equal(counters_of(table).facts_shed, 1);
	sk_flow_table_free(table);
}

/* Selectors change: open segments are asked at their next packet, once, however many changes there were, also more than an entry can count. */
static void test_asked_again(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 2);
	for (unsigned changes = 0; changes < 50; changes++) {
		struct sk_flow *flow = apply(table, packet_of(1, 1, 2, 2, UDP, 0, changes * S), changes != 0 || sink.records == 0);
		sk_flow_set_shed(flow);
		assert_int_equal(read_of(table, flow).shed, 1);
		apply(table, packet_of(2, 2, 1, 1, UDP, 0, changes * S), false);
		assert_int_equal(read_of(table, flow).shed, 1);
		for (unsigned i = 0; i <= changes; i++)
			sk_flow_ask_again(table);
		apply(table, packet_of(1, 1, 2, 2, UDP, 0, changes * S), true);
		assert_int_equal(read_of(table, flow).shed, 0);
		sk_flow_ask_again(table);
	}
	assert_int_equal(counters_of(table).created, 1);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	sk_flow_table_free(table);
}

/* Segments with hits end where the set changes and their flows go on; facts without a hit stay. */
static void test_hits_end(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 4);
	struct sk_flow *flows[3];
	for (unsigned i = 0; i < 3; i++)
		flows[i] = apply(table, packet_of(1, 1, 10 + i, 2, UDP, 0, S), true);
	sk_flow_facts(table, flows[0])->hit_count = 2;
	(void)sk_flow_facts(table, flows[1]);
	sk_flow_end_hits(table);
	assert_int_equal(sink.records, 1);
	assert_int_equal(sink.by_end[SK_FLOW_END_ACTIVE], 1);
	assert_memory_equal(sink.last.responder.bytes, addr4(10).bytes, 4);
	assert_null(sk_flow_facts_of(table, flows[0]));
	assert_non_null(sk_flow_facts_of(table, flows[1]));
	sk_flow_end_hits(table);
	assert_int_equal(sink.records, 1);
	apply(table, packet_of(1, 1, 10, 2, UDP, 0, 2 * S), true);
	assert_int_equal(read_of(table, flows[0]).continued, 1);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	assert_int_equal(counters_of(table).flows, 3);
	assert_int_equal(sink.frames, 4);
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
}

static bool odd_stays(void *context, const struct sk_flow_record *record)
{
	(*(unsigned *)context)++;
	return record->responder_port % 2 != 0;
}

static void test_review(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(1024, 4);
	unsigned asked = 0;
	for (unsigned i = 0; i < 100; i++)
		apply(table, packet_of(1, 4000, 2, (uint16_t)i, UDP, 0, S), true);
	sk_flow_review(table, odd_stays, &asked, SK_FLOW_END_BASIS);
	assert_int_equal(asked, 100);
	assert_int_equal(sink.by_end[SK_FLOW_END_BASIS], 50);
	assert_int_equal(counters_of(table).live, 50);
	for (unsigned i = 0; i < 100; i++)
		apply(table, packet_of(1, 4000, 2, (uint16_t)i, UDP, 0, S), i % 2 == 0);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	sk_flow_table_free(table);
}

/* Settled, everything that is idle has ended, though no sweep was due; a packet of a batch may be left out. */
static void test_settle_and_skip(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 4);
	apply(table, packet_of(1, 1, 2, 2, UDP, 0, S), true);
	sk_flow_settle(table, 121 * S);
	assert_int_equal(sink.records, 0);
	sk_flow_settle(table, 122 * S);
	assert_int_equal(sink.records, 1);
	struct sk_packet batch[3] = {packet_of(1, 1, 5, 2, UDP, 0, 200 * S), packet_of(1, 1, 6, 2, UDP, 0, 200 * S), packet_of(1, 1, 7, 2, UDP, 0, 200 * S)};
	bool is_new;
	sk_flow_prepare(table, batch, 3);
	assert_true(sk_flow_seems_new(table, 1));
	(void)sk_flow_apply(table, &batch[0], &is_new);
	sk_flow_skip(table);
	(void)sk_flow_apply(table, &batch[2], &is_new);
	assert_int_equal(counters_of(table).live, 2);
	struct sk_flow_limits times = sk_flow_default_limits();
	times.idle_ns = 2 * S;
	sk_flow_set_times(table, &times);
	(void)sk_flow_apply(table, &batch[0], &is_new);
	assert_false(is_new);
	sk_flow_settle(table, 204 * S);
	assert_int_equal(counters_of(table).live, 1);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	sk_flow_table_free(table);
}

static void test_clock(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(64, 8);
	const int64_t late_2106 = INT64_C(4294967295) * S;
	/* 0, then 2106: everything before has ended. */
	apply(table, packet_of(1, 1, 2, 2, UDP, 0, 0), true);
	apply(table, packet_of(1, 1, 3, 2, UDP, 0, late_2106), true);
	assert_int_equal(sink.by_end[SK_FLOW_END_IDLE], 1);
	/* Back: the clock stands still, the packet is counted as clamped and its flow lives. */
	apply(table, packet_of(1, 1, 4, 2, UDP, 0, 1000 * S), true);
	assert_int_equal(source_clock.clamped, 1);
	assert_int_equal(sink.records, 1);
	/* Thousands in a row: the clock goes back, and timers work again. */
	for (unsigned i = 0; i < 4096; i++)
		apply(table, packet_of(1, 1, 4, 2, UDP, 0, 1000 * S), false);
	assert_int_equal(counters_of(table).live, 2);
	sk_flow_expire(table, 1119 * S);
	assert_int_equal(counters_of(table).live, 2);
	sk_flow_expire(table, 1130 * S);
	assert_int_equal(counters_of(table).live, 0);
	assert_int_equal(sink.last.last_ns >= sink.last.first_ns, true);
	/* Every jump length around the wrap of 16-bit ticks (4.55 h) and its half (2.27 h) ends the flow; just below the time-out does not. */
	int64_t now = 2000 * S;
	for (int64_t jump = 125 * S; jump < 40000 * S; jump += 61 * S) {
		apply(table, packet_of(1, 1, 2, 2, UDP, 0, now), true);
		now += jump;
	}
	apply(table, packet_of(1, 1, 2, 2, UDP, 0, now), true);
	for (unsigned i = 0; i < 10; i++) {
		now += 119 * S;
		apply(table, packet_of(1, 1, 2, 2, UDP, 0, now), false);
	}
	/* Times that no file should hold. */
	apply(table, packet_of(1, 1, 9, 2, UDP, 0, INT64_MIN), true);
	apply(table, packet_of(1, 1, 9, 2, UDP, 0, INT64_MAX), true);
	apply(table, packet_of(1, 1, 9, 2, UDP, 0, INT64_MIN), true);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	(void)counters_of(table);
	sk_flow_table_free(table);
}

/* The in-line hash is SipHash-1-3 as seal has it. */
static void test_hash_is_siphash(void **state)
{
	(void)state;
	uint64_t words[2];
	memcpy(words, test_key, sizeof words);
	for (unsigned i = 0; i < 100; i++) {
		struct sk_packet packet = packet_of(i, (uint16_t)(i * 7), 3, 4, UDP, 0, S);
		struct key key;
		(void)sk_flow_key(&packet, &key);
		assert_int_equal(sk_flow_hash(words, &key), sk_siphash13(test_key, &key, 16));
		packet.source = addr6(i);
		packet.destination = addr6(99);
		(void)sk_flow_key(&packet, &key);
		assert_int_equal(sk_flow_hash(words, &key), sk_siphash13(test_key, &key, 40));
	}
}

/* Both directions of any pair have one key. */
static void test_key_is_canonical(void **state)
{
	(void)state;
	srand(3);
	for (unsigned i = 0; i < 5000; i++) {
		struct sk_packet there = packet_of((uint32_t)rand() % 4, (uint16_t)(rand() % 4), (uint32_t)rand() % 4, (uint16_t)(rand() % 4),
				rand() & 1 ? TCP : UDP, 0, S);
		if (i & 1) {
			there.source = addr6((uint32_t)rand() % 4);
			there.destination = addr6((uint32_t)rand() % 4);
		}
		struct sk_packet back = there;
		back.source = there.destination;
		back.destination = there.source;
		back.source_port = there.destination_port;
		back.destination_port = there.source_port;
		struct key a = {0}, b = {0}; /* IPv4 has one word */
		uint8_t from = sk_flow_key(&there, &a), to = sk_flow_key(&back, &b);
		assert_memory_equal(&a, &b, sizeof a);
		bool same_ends = sk_addr_equal(&there.source, &there.destination) && there.source_port == there.destination_port;
		assert_int_equal(from != to, !same_ends);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake_and_close),
		cmocka_unit_test(test_initiator),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_tunnels_do_not_mix),
		cmocka_unit_test(test_active_timeout_continues),
		cmocka_unit_test(test_facts_pool),
		cmocka_unit_test(test_asked_again),
		cmocka_unit_test(test_hits_end),
		cmocka_unit_test(test_review),
		cmocka_unit_test(test_settle_and_skip),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_hash_is_siphash),
		cmocka_unit_test(test_key_is_canonical),
	};
	return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
