/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of signature share: rules out of a text, a small table, connections out of bytes, and which rules were noted. */
#ifndef SIGNATURE_TEST_H
#define SIGNATURE_TEST_H

#include "../flow/flow_test.h"
#include "signature/signature.h"

struct bench {
	struct sk_rules *rules;
	struct sk_basis basis;
	struct sk_flow_table *table;
	struct sk_signature *signature;
	uint64_t sids;                /* of those noted: bit sid, below 64 */
	uint64_t hits, segments;
	int64_t now_ns;
};

static inline void bench_closed(void *context, const struct sk_flow_record *record)
{
	struct bench *bench = context;
	bench->segments++;
	for (uint32_t i = 0; record->facts != NULL && i < record->facts->hit_count && i < SK_FLOW_HITS_MAX; i++) {
		bench->hits++;
		bench->sids |= UINT64_C(1) << (sk_rules_at(bench->rules, record->facts->hit_ids[i])->sid & 63);
	}
}

/* False: a rule was refused. */
static inline bool bench_start(struct bench *bench, const char *rules, const struct sk_signature_limits *limits, uint32_t classes)
{
	struct sk_flow_limits small = sk_flow_default_limits();
	struct sk_rules_options options = {.strict = false};
	struct sk_rules_counts counts;
	struct sk_fault fault;
	small.flows = 256;
	small.facts = 64;
	small.streams = 16;
	*bench = (struct bench){.basis = {.classes = classes}, .now_ns = 1000 * S};
	SK_INVARIANT(sk_seal_start() == SK_OK && sk_rules_new(&options, &bench->rules) == SK_OK);
	SK_INVARIANT(sk_rules_text(bench->rules, "test", NULL, rules, strlen(rules), &counts, &fault) == SK_OK);
	SK_INVARIANT(sk_flow_table_new(&small, test_key, bench_closed, bench, &bench->table) == SK_OK);
	SK_INVARIANT(sk_signature_new(bench->rules, &bench->basis, limits, test_key, false, &bench->signature, &fault) == SK_OK);
	SK_INVARIANT(bench->signature == NULL || sk_signature_attach(bench->signature, bench->table) == SK_OK);
	return counts.refused == 0;
}

static inline void bench_stop(struct bench *bench)
{
	sk_signature_free(bench->signature);
	sk_flow_table_free(bench->table);
	sk_rules_free(bench->rules);
}

static inline void bench_packet(struct bench *bench, struct sk_packet *packet)
{
	bool is_new;
	packet->time_ns = bench->now_ns += 1000;
	struct sk_flow *flow = sk_flow_apply(bench->table, packet, &is_new);
	SK_INVARIANT(flow != NULL);
	sk_signature_begin(bench->signature, bench->table, flow, packet);
	for (const struct sk_head *head = sk_flow_head(bench->table, flow, packet); head != NULL; head = sk_flow_head_next(bench->table, flow, packet))
		sk_signature_head(bench->signature, bench->table, flow, packet, head);
	sk_signature_packet(bench->signature, bench->table, flow, packet);
}

/* The client is 1, the server 2; the sequence numbers of both begin at 1000. */
static inline void bench_tcp(struct bench *bench, uint16_t port, uint16_t server_port, bool from_client, uint8_t flags, uint32_t offset, const void *bytes, size_t length)
{
	struct sk_packet packet = from_client ? packet_of(1, port, 2, server_port, TCP, flags, 0) : packet_of(2, server_port, 1, port, TCP, flags, 0);
	with_payload(&packet, 1001 + offset, bytes, length);
	packet.ip_bytes = 40 + (uint32_t)length;
	packet.sequence -= (flags & SK_TCP_SYN) != 0;
	bench_packet(bench, &packet);
}

static inline void bench_handshake(struct bench *bench, uint16_t port, uint16_t server_port)
{
	bench_tcp(bench, port, server_port, true, SK_TCP_SYN, 0, "", 0);
	bench_tcp(bench, port, server_port, false, SK_TCP_SYN | SK_TCP_ACK, 0, "", 0);
	bench_tcp(bench, port, server_port, true, SK_TCP_ACK, 0, "", 0);
}

/* Everything ends; which rules were noted since the last time? */
static inline uint64_t bench_end(struct bench *bench)
{
	uint64_t sids = bench->sids;
	sk_flow_close_all(bench->table, SK_FLOW_END_STOP);
	sids = bench->sids;
	bench->sids = 0;
	SK_INVARIANT(sk_signature_residue(bench->signature) == 0);
	return sids;
}

#endif
