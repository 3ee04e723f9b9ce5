/* SPDX-License-Identifier: Apache-2.0 */
/* For the select tests: a sink that keeps what it is given, and segments made up. */
#ifndef SK_TEST_SELECT_SEGMENTS_H
#define SK_TEST_SELECT_SEGMENTS_H

#include "../indicator/lists.h"

#include "select/select.h"

struct sink {
	unsigned observations, findings, histories;
	bool full;                         /* takes nothing */
	struct sk_observation observation; /* the last of each */
	struct sk_finding finding;
	struct sk_history history;
	struct sk_observe_sink as;
};

static inline bool sink_observation(void *context, const struct sk_observation *observation)
{
	struct sink *sink = context;
	if (sink->full)
		return false;
	sink->observations++;
	sink->observation = *observation;
	return true;
}

/* For sinks that take histories: as.flow is the test's to set. */
static inline bool sink_history(void *context, const struct sk_history *history)
{
	struct sink *sink = context;
	if (sink->full)
		return false;
	sink->histories++;
	sink->history = *history;
	return true;
}

static inline void sink_finding(void *context, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	struct sink *sink = context;
	assert_memory_equal(evidence, &sink->observation, sizeof *evidence);
	sink->findings++;
	sink->finding = *finding;
}

static inline void sink_start(struct sink *sink)
{
	memset(sink, 0, sizeof *sink);
	sink->as = (struct sk_observe_sink){.context = sink, .observation = sink_observation, .finding = sink_finding};
}

static const char segment_selectors[] = "45.33.32.156\n5.6.7.0/24\nevil.example\ne7d705a3286e19ea42f587b344ee6865\n";

static inline struct sk_basis segment_basis(const char *kind, const char *role, bool names)
{
	struct sk_basis basis = {.names = names, .simulated = strcmp(kind, "lab") == 0};
	(void)snprintf(basis.kind, sizeof basis.kind, "%s", kind);
	(void)snprintf(basis.role, sizeof basis.role, "%s", role);
	return basis;
}

/* 2026-11-22T06:30:00Z. */
#define SEGMENT_FIRST_NS (INT64_C(1795329000) * 1000000000)

static inline struct sk_flow_record segment_record(enum sk_class class_)
{
	struct sk_flow_record record = {.initiator_port = 40000, .responder_port = 443, .ip_proto = 6, .initiator_sure = 1, .class_ = (uint8_t)class_, .layers = 1,
					.end = SK_FLOW_END_CLOSED, .packets = {10, 12}, .ip_bytes = {12698, 82022}, .first_ns = SEGMENT_FIRST_NS,
					.last_ns = SEGMENT_FIRST_NS + INT64_C(1320) * 1000000000, .frames = 22, .frame_bytes = 95028};
	assert_int_equal(sk_addr_parse("193.0.0.10", &record.initiator), SK_OK);
	assert_int_equal(sk_addr_parse("45.33.32.156", &record.responder), SK_OK);
	return record;
}

/* Facts with a hit of the selector whose value this is. */
static inline void segment_hit(struct sk_flow_facts *facts, const struct sk_indicator_set *set, const char *value)
{
	struct sk_indicator_facts all;
	sk_indicator_facts(set, &all);
	uint32_t at = facts->hit_count++;
	for (uint32_t id = 0; id < all.entries; id++) {
		char text[SK_OBSERVATION_DOMAIN_MAX];
		if (strcmp(sk_indicator_value(set, id, text, sizeof text), value) != 0)
			continue;
		facts->hit_ids[at] = id;
		uint64_t last = 0;
		for (uint8_t bit = 0; bit < 6; bit++) {
			last += all.entries_by_kind[bit];
			if (id < last) {
				facts->hit_kinds[at] = bit;
				return;
			}
		}
	}
	fail_msg("no selector %s", value);
}

static inline void segment_dns(struct sk_flow_facts *facts, const char *name)
{
	facts->has_dns = true;
	facts->dns_queries = 1;
	facts->dns.query_type = 1;
	facts->dns.label_count = 1;
	facts->dns.name_length = (uint8_t)strlen(name);
	(void)snprintf(facts->dns.name, sizeof facts->dns.name, "%s", name);
	for (const char *c = name; *c != '\0'; c++)
		facts->dns.label_count = (uint8_t)(facts->dns.label_count + (*c == '.'));
}

static inline void segment_tls(struct sk_flow_facts *facts, const char *sni)
{
	facts->has_tls = facts->tls.has_sni = true;
	facts->tls.highest_version = 0x0304;
	(void)snprintf(facts->tls.sni, sizeof facts->tls.sni, "%s", sni);
	(void)snprintf(facts->tls.ja3, sizeof facts->tls.ja3, "e7d705a3286e19ea42f587b344ee6865");
	(void)snprintf(facts->tls.ja4, sizeof facts->tls.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

#endif
