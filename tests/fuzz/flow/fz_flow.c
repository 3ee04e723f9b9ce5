/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence of packets into a small table, with heads. Each packet: 8 bytes of words (ends, ports, flags, sequence, time, payload length), then its
   payload. Frames are conserved, created = live + ended + evicted, and nothing stays behind. */
#include <stdlib.h>

#include "../../unit/flow/flow_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_head(const struct sk_head *head)
{
	if (head == NULL)
		return;
	SK_INVARIANT(head->kind > SK_HEAD_NONE && head->kind < SK_HEAD_KIND_COUNT && head->app > SK_APP_NONE && head->app < SK_APP_COUNT);
	SK_INVARIANT(head->kind != SK_HEAD_CLIENT_HELLO || strlen(head->as.client_hello.sni) == head->as.client_hello.sni_length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_flow_limits limits = sk_flow_default_limits();
	limits.flows = 32;
	limits.facts = 2;
	limits.streams = 3;
	static struct sk_flow_table *table;
	static struct sink sink;
	static struct sk_flow_clock clock; /* goes on with the table */
	if (table == NULL)
		SK_INVARIANT(sk_flow_table_new(&limits, test_key, sink_closed, &sink, &table) == SK_OK);
	sink = (struct sink){.records = 0};
	struct sk_cur c = sk_cur_of(bytes, length);
	uint64_t frames = 0, pending, pending_bytes;
	int64_t now = 1000 * S;
	while (sk_left(&c) >= 8) {
		uint8_t ends = sk_u8(&c), ports = sk_u8(&c), flags = sk_u8(&c);
		uint16_t sequence = sk_be16(&c);
		now += (int64_t)(int8_t)sk_u8(&c) * (S / 2);
		struct sk_cur payload = sk_carve_at_most(&c, sk_be16(&c));
		static const uint16_t known[] = {53, 443, 502, 4000};
		struct sk_packet packet = packet_of(ends & 7, known[ports & 3], ends >> 3 & 7, known[ports >> 2 & 3], (ports & 16) != 0 ? UDP
				: TCP, flags, now);
		with_payload(&packet, sequence, NULL, 0);
		packet.payload = payload;
		packet.payload_wire_bytes = (uint32_t)sk_left(&payload) + (ports >> 6);
		tick(&clock, table, &packet);
		if ((ports & 32) != 0)
			sk_flow_prepare(table, &packet, 1);
		bool is_new;
		struct sk_flow *flow = sk_flow_apply(table, &packet, &is_new);
		SK_INVARIANT(flow != NULL);
		frames++;
		const struct sk_head *head = sk_flow_head(table, flow, &packet);
		for (size_t heads = 0; head != NULL; head = sk_flow_head_next(table, flow, &packet)) {
			check_head(head);
			SK_INVARIANT(++heads <= SK_CLIENT_HELLO_MAX_BYTES); /* each has bytes of its own, here or in a buffer that a gap held back */
		}
		if ((ends & 64) != 0)
			SK_INVARIANT(sk_flow_facts(table, flow) != NULL);
		struct sk_flow_record record;
		sk_flow_read(table, flow, &record);
		SK_INVARIANT(record.frames == record.packets[0] + record.packets[1] && record.last_ns >= record.first_ns);
		SK_INVARIANT(record.state <= SK_FLOW_RESET && record.class_ < SK_CLASS_COUNT);
	}
	sk_flow_pending(table, &pending, &pending_bytes);
	SK_INVARIANT(sink.frames + pending == frames && sink.bytes + pending_bytes == frames * 100);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	struct sk_flow_counters counters;
	sk_flow_counters(table, &counters);
	SK_INVARIANT(counters.live == 0 && counters.created == counters.ended + counters.evicted && sink.frames == frames);
	SK_INVARIANT(sk_flow_residue(table) == 0);
	return 0;
}
