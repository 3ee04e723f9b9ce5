/* SPDX-License-Identifier: Apache-2.0 */
/* What another meter told becomes the segment that the table would have made of one direction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow_test.h"

static struct sk_metered metered(uint8_t proto, uint8_t flags)
{
	return (struct sk_metered){.source = addr4(0x05060708), .destination = addr4(0xc0000201), .source_port = 443, .destination_port = 40000, .ip_proto = proto, .tcp_flags = flags,
				   .class_ = SK_CLASS_FD, .end = SK_FLOW_END_ACTIVE, .by = SK_METER_IPFIX, .sampling = 100, .packets = 7, .ip_bytes = 700, .first_ns = S,
				   .last_ns = 3 * S};
}

static void one_direction_is_a_segment(void **state)
{
	(void)state;
	struct sk_flow_record record;
	struct sk_metered told = metered(TCP, SK_TCP_SYN | SK_TCP_ACK | SK_TCP_PSH);
	sk_flow_metered(&told, &record);
	assert_true(sk_addr_equal(&record.initiator, &told.source) && sk_addr_equal(&record.responder, &told.destination));
	assert_int_equal(record.initiator_port, 443);
	assert_int_equal(record.responder_port, 40000);
	assert_int_equal(record.class_, SK_CLASS_FD);
	assert_int_equal(record.classes_seen, SK_CLASS_BIT(SK_CLASS_FD));
	assert_true(record.packets[0] == 7 && record.packets[1] == 0 && record.ip_bytes[0] == 700 && record.frames == 7 && record.frame_bytes == 700);
	assert_true(record.first_ns == S && record.last_ns == 3 * S && record.end == SK_FLOW_END_ACTIVE && record.layers == 1 && record.facts == NULL);
	assert_true(record.metered_by == SK_METER_IPFIX && record.sampling == 100 && !record.initiator_sure);
	told.source_began = true;
	sk_flow_metered(&told, &record);
	assert_true(record.initiator_sure);
}

static void states_by_flags(void **state)
{
	(void)state;
	static const struct {
		uint8_t proto, flags, state;
	} cases[] = {{UDP, SK_TCP_SYN, SK_FLOW_NEW}, {TCP, 0, SK_FLOW_NEW}, {TCP, SK_TCP_SYN, SK_FLOW_SYN}, {TCP, SK_TCP_SYN | SK_TCP_ACK, SK_FLOW_SYN_ACK},
		     {TCP, SK_TCP_ACK | SK_TCP_PSH, SK_FLOW_ESTABLISHED}, {TCP, SK_TCP_SYN | SK_TCP_ACK | SK_TCP_PSH, SK_FLOW_ESTABLISHED},
		     {TCP, SK_TCP_SYN | SK_TCP_ACK | SK_TCP_FIN, SK_FLOW_CLOSING}, {TCP, 0xff, SK_FLOW_RESET}, {TCP, SK_TCP_PSH, SK_FLOW_NEW}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_flow_record record;
		struct sk_metered told = metered(cases[i].proto, cases[i].flags);
		sk_flow_metered(&told, &record);
		assert_int_equal(record.state, cases[i].state);
	}
}

/* For each type of ICMP the same ports and code as a packet through the table gets. */
static void icmp_as_the_table_has_it(void **state)
{
	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		for (unsigned type = 0; type < 256; type++) {
			struct sink sink = {0};
			struct sk_flow_table *table;
			struct sk_flow_limits limits = sk_flow_default_limits();
			struct sk_flow_record record;
			bool is_new;
			limits.flows = limits.facts = limits.streams = 16;
			struct sk_metered told = metered(v6 ? 58 : 1, 0);
			told.icmp_type = (uint8_t)type;
			told.icmp_code = 3;
			struct sk_packet packet = packet_of(0x05060708, 0, 0xc0000201, 0, told.ip_proto, 0, S);
			packet.icmp_type = told.icmp_type;
			packet.icmp_code = told.icmp_code;
			assert_int_equal(sk_flow_table_new(&limits, test_key, sink_closed, &sink, &table), SK_OK);
			assert_non_null(sk_flow_apply(table, &packet, &is_new));
			sk_flow_close_all(table, SK_FLOW_END_STOP);
			sk_flow_table_free(table);
			sk_flow_metered(&told, &record);
			assert_int_equal(record.icmp_type, sink.last.icmp_type);
			assert_int_equal(record.icmp_code, sink.last.icmp_code);
			assert_int_equal(record.initiator_port, sink.last.initiator_port);
			assert_int_equal(record.responder_port, sink.last.responder_port);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one_direction_is_a_segment), cmocka_unit_test(states_by_flags), cmocka_unit_test(icmp_as_the_table_has_it)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
