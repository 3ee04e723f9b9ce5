/* SPDX-License-Identifier: Apache-2.0 */
#include "select/select.h"

#include <libpsl.h>
#include <math.h>
#include <stdlib.h>

#include "select/sentence_priv.h"

const char *sk_select_reason_name(enum sk_select_reason reason)
{
	static const char *const names[SK_SELECT_REASON_COUNT] = {"no_hit", "evicted", "shed", "fragment_timeout", "undecodable", "stopped"};
	SK_INVARIANT((unsigned)reason < SK_SELECT_REASON_COUNT);
	return names[reason];
}

/* Every member of an observation with its place. The policy's whitelist is asked for each by name; what it does not list is cleared. */
static const struct member {
	const char *name;
	size_t offset, size;
} members[] = {
#define MEMBER(name) {#name, offsetof(struct sk_observation, name), sizeof ((struct sk_observation *)0)->name}
	MEMBER(kind), MEMBER(class_), MEMBER(ip_proto), MEMBER(initiator_sure), MEMBER(tcp_flags), MEMBER(end), MEMBER(state), MEMBER(icmp_type),
	MEMBER(icmp_code), MEMBER(app), MEMBER(layers), MEMBER(tunnels), MEMBER(interface), MEMBER(initiator_port), MEMBER(responder_port),
	MEMBER(initiator), MEMBER(responder), MEMBER(first_ns), MEMBER(last_ns), MEMBER(packets), MEMBER(ip_bytes), MEMBER(frames),
	MEMBER(frame_bytes), MEMBER(hit_count), MEMBER(hit_ids), MEMBER(hit_kinds), MEMBER(matched), MEMBER(dns_type), MEMBER(dns_flags),
	MEMBER(dns_rcode), MEMBER(dns_labels), MEMBER(dns_name_length), MEMBER(dns_entropy_x16), MEMBER(dns_queries), MEMBER(dns_responses),
	MEMBER(dns_nxdomain), MEMBER(dns_domain), MEMBER(tls_version), MEMBER(sni_domain), MEMBER(alpn), MEMBER(ja3), MEMBER(ja4),
#undef MEMBER
};

/* The contract's words and the set's words for kinds are the same bits: rules are written in one and checked against the other. */
_Static_assert((int)SK_INDICATOR_ADDRESS == (int)SK_SELECTOR_ADDRESS && (int)SK_INDICATOR_PREFIX == (int)SK_SELECTOR_PREFIX &&
	       (int)SK_INDICATOR_DOMAIN == (int)SK_SELECTOR_DOMAIN && (int)SK_INDICATOR_JA3 == (int)SK_SELECTOR_JA3 &&
	       (int)SK_INDICATOR_JA4 == (int)SK_SELECTOR_JA4 && (int)SK_INDICATOR_FLOW_ALL == (int)SK_SELECTOR_FLOW_ALL, "kinds are the same bits");

struct sk_select {
	const struct sk_indicator_set *set;
	const struct sk_observe_sink *sink;
	psl_ctx_t *suffixes;
	bool names, simulated, flow_all;
	bool cleared[SK_COUNT(members)]; /* not on the whitelist */
	struct sk_select_counts counts;
};

enum sk_err sk_select_new(const struct sk_basis *basis, const struct sk_indicator_set *set, const struct sk_observe_sink *sink,
			  struct sk_select **out)
{
	struct sk_select *select = calloc(1, sizeof *select);
	if (select == NULL)
		return SK_ENOMEM;
	enum sk_basis_kind kind;
	enum sk_role role;
	select->set = set;
	select->sink = sink;
	select->simulated = basis->simulated;
	struct sk_indicator_hit all;
	select->flow_all = set != NULL && sk_indicator_flow_all(set, &all);
	/* The basis asks, policy decides. */
	select->names = basis->names && sk_basis_kind_parse(basis->kind, &kind) == SK_OK && sk_role_parse(basis->role, &role) == SK_OK &&
			sk_policy_names(kind, role);
	select->suffixes = psl_latest(NULL);
	for (size_t i = 0; i < SK_COUNT(members); i++)
		select->cleared[i] = sk_policy_field(members[i].name) == NULL;
	*out = select;
	return SK_OK;
}

void sk_select_free(struct sk_select *select)
{
	if (select == NULL)
		return;
	psl_free(select->suffixes);
	sk_wipe(select, sizeof *select);
	free(select);
}

const struct sk_select_counts *sk_select_counts(const struct sk_select *select)
{
	return &select->counts;
}

void sk_select_erase(struct sk_select *select, enum sk_select_reason reason, uint64_t frames, uint64_t bytes)
{
	select->counts.erased_frames[reason] += frames;
	select->counts.erased_bytes[reason] += bytes;
}

/* ---- names ---- */

/* Is name the domain itself or below it? */
static bool is_under(const char *name, const char *domain)
{
	size_t length = strlen(name), width = strlen(domain);
	return width != 0 && length >= width && strcmp(name + length - width, domain) == 0 && (length == width || name[length - width - 1] == '.');
}

/* What may be kept of a name: all of it under the names permit; else the domain that a selector of this segment names; else the registered domain
   (public suffix plus one label), which says whose it is and not what was asked. rule: SELECT-2 */
static void reduce_name(const struct sk_select *select, const struct sk_flow_facts *facts, const char *name, char out[SK_OBSERVATION_DOMAIN_MAX])
{
	char matched[SK_OBSERVATION_DOMAIN_MAX];
	const char *kept = NULL;
	uint32_t hits = facts->hit_count < SK_FLOW_HITS_MAX ? facts->hit_count : SK_FLOW_HITS_MAX;
	if (select->names)
		kept = name;
	for (uint32_t i = 0; i < hits && kept == NULL; i++)
		if ((1u << facts->hit_kinds[i]) == SK_SELECTOR_DOMAIN &&
		    is_under(name, sk_indicator_value(select->set, facts->hit_ids[i], matched, sizeof matched)))
			kept = matched;
	if (kept == NULL && select->suffixes != NULL)
		kept = psl_registrable_domain(select->suffixes, name);
	size_t length = kept != NULL ? strlen(kept) : 0;
	if (length >= SK_OBSERVATION_DOMAIN_MAX)
		length = 0;
	memcpy(out, kept != NULL ? kept : "", length);
	out[length] = '\0';
}

/* Shannon entropy of a name's bytes, bits a byte x 16. */
static uint8_t entropy_x16(const char *name)
{
	unsigned counts[256] = {0};
	size_t length = strlen(name);
	double bits = 0;
	for (const char *at = name; *at != '\0'; at++)
		counts[(unsigned char)*at]++;
	for (size_t i = 0; i < SK_COUNT(counts) && length != 0; i++)
		if (counts[i] != 0)
			bits -= counts[i] * log2((double)counts[i] / (double)length) / (double)length;
	return (uint8_t)(bits * 16);
}

/* ---- minting ---- */

static void fill_history(const struct sk_flow_record *record, struct sk_observation *out)
{
	out->class_ = record->class_;
	out->ip_proto = record->ip_proto;
	out->initiator_sure = record->initiator_sure;
	memcpy(out->tcp_flags, record->tcp_flags, sizeof out->tcp_flags);
	out->end = record->end;
	out->state = record->state;
	out->icmp_type = record->icmp_type;
	out->icmp_code = record->icmp_code;
	out->app = record->app;
	out->layers = record->layers;
	out->tunnels = record->tunnels;
	out->interface = record->interface;
	out->initiator_port = record->initiator_port;
	out->responder_port = record->responder_port;
	out->initiator = record->initiator;
	out->responder = record->responder;
	out->first_ns = record->first_ns;
	out->last_ns = record->last_ns;
	memcpy(out->packets, record->packets, sizeof out->packets);
	memcpy(out->ip_bytes, record->ip_bytes, sizeof out->ip_bytes);
	out->frames = record->frames;
	out->frame_bytes = record->frame_bytes;
}

static void fill_facts(const struct sk_select *select, const struct sk_flow_facts *facts, struct sk_observation *out)
{
	out->hit_count = facts->hit_count;
	memcpy(out->hit_ids, facts->hit_ids, sizeof out->hit_ids);
	memcpy(out->hit_kinds, facts->hit_kinds, sizeof out->hit_kinds);
	if (facts->hit_count != 0)
		(void)sk_indicator_value(select->set, facts->hit_ids[0], out->matched, sizeof out->matched);
	if (facts->has_dns) {
		out->dns_type = facts->dns.query_type;
		out->dns_flags = facts->dns.flags;
		out->dns_rcode = facts->dns.rcode;
		out->dns_labels = facts->dns.label_count;
		out->dns_name_length = facts->dns.name_length;
		out->dns_entropy_x16 = entropy_x16(facts->dns.name);
		out->dns_queries = facts->dns_queries;
		out->dns_responses = facts->dns_responses;
		out->dns_nxdomain = facts->dns_nxdomain;
		reduce_name(select, facts, facts->dns.name, out->dns_domain);
	}
	if (facts->has_tls) {
		out->tls_version = facts->tls.highest_version;
		memcpy(out->alpn, facts->tls.alpn_first, sizeof out->alpn);
		memcpy(out->ja3, facts->tls.ja3, sizeof out->ja3);
		memcpy(out->ja4, facts->tls.ja4, sizeof out->ja4);
		if (facts->tls.has_sni)
			reduce_name(select, facts, facts->tls.sni, out->sni_domain);
	}
}

_Static_assert((int)SK_FLOW_HITS_MAX == (int)SK_OBSERVATION_HITS_MAX, "facts fit an observation");

static void put_findings(struct sk_select *select, const struct sk_flow_facts *facts, const struct sk_observation *observation)
{
	uint32_t hits = facts->hit_count < SK_FLOW_HITS_MAX ? facts->hit_count : SK_FLOW_HITS_MAX;
	for (uint32_t i = 0; i < hits; i++) {
		struct sk_finding finding;
		sk_sentence_finding(select->set, facts, i, observation, select->simulated, &finding);
		select->sink->finding(select->sink->context, &finding, observation);
		select->counts.findings++;
	}
}

/* The fate of a segment that nothing selected. At the end of a capture it is complete as far as the source goes, so nothing matched it; `stopped` is
   said only where collection was ended on it. */
static enum sk_select_reason reason_of(const struct sk_flow_record *record)
{
	return record->end == SK_FLOW_END_EVICTED ? SK_SELECT_EVICTED : record->end == SK_FLOW_END_BASIS ? SK_SELECT_STOPPED : SK_SELECT_NO_HIT;
}

void sk_select_segment(struct sk_select *select, const struct sk_flow_record *record)
{
	const struct sk_flow_facts *facts = record->facts;
	bool hit = facts != NULL && facts->hit_count != 0;
	if (!hit && !select->flow_all) {
		sk_select_erase(select, reason_of(record), record->frames, record->frame_bytes);
		return;
	}
	struct sk_observation observation = {.kind = hit ? SK_OBSERVATION_HIT : SK_OBSERVATION_FLOW};
	fill_history(record, &observation);
	if (facts != NULL)
		fill_facts(select, facts, &observation);
	for (size_t i = 0; i < SK_COUNT(members); i++)
		if (select->cleared[i])
			memset((uint8_t *)&observation + members[i].offset, 0, members[i].size);
	select->counts.selected_frames += record->frames;
	select->counts.selected_bytes += record->frame_bytes;
	select->counts.observations++;
	select->sink->observation(select->sink->context, &observation);
	if (hit)
		put_findings(select, facts, &observation);
	sk_wipe(&observation, sizeof observation);
}
