/* SPDX-License-Identifier: Apache-2.0 */
/* The selectors asked: addresses when a segment opens, names and fingerprints when a head was read. */
#include "detect/detect_priv.h"

bool sk_detect_note(struct sk_flow_facts *facts, uint32_t id, unsigned kind_bit, uint64_t hash)
{
	uint32_t kept = facts->hit_count < SK_FLOW_HITS_MAX ? facts->hit_count : SK_FLOW_HITS_MAX;
	for (uint32_t i = 0; i < kept; i++)
		if (facts->hit_ids[i] == id && facts->hit_kinds[i] == kind_bit)
			return false;
	if (facts->hit_count < SK_FLOW_HITS_MAX) {
		uint32_t at = facts->hit_count;
		facts->hit_ids[at] = id;
		facts->hit_kinds[at] = (uint8_t)kind_bit;
		facts->hit_hashes[at] = hash;
	}
	facts->hit_count++;
	return true;
}

static unsigned add_hit(struct sk_flow_facts *facts, const struct sk_indicator_hit *hit)
{
	return sk_detect_note(facts, hit->id, (unsigned)__builtin_ctz(hit->kind), 0);
}

/* Attach facts on the first hit. An empty pool is counted by the table; the hit is then lost with it and said so. */
static unsigned note(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_indicator_hit *hit)
{
	struct sk_flow_facts *facts = sk_flow_facts(table, flow);
	return facts != NULL ? add_hit(facts, hit) : 0;
}

void sk_detect_prefetch(const struct sk_detect *detect, const struct sk_packet *packet)
{
	if (!detect->addresses)
		return;
	sk_indicator_prefetch_addr(detect->set, &packet->source);
	sk_indicator_prefetch_addr(detect->set, &packet->destination);
}

unsigned sk_detect_open(const struct sk_detect *detect, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet)
{
	struct sk_indicator_hit hit;
	unsigned hits = 0;
	if (!detect->addresses)
		return 0;
	if (sk_indicator_match_addr(detect->set, &packet->source, &hit))
		hits += note(table, flow, &hit);
	if (sk_indicator_match_addr(detect->set, &packet->destination, &hit))
		hits += note(table, flow, &hit);
	return hits;
}

unsigned sk_detect_pair(const struct sk_detect *detect, const struct sk_addr *source, const struct sk_addr *destination, struct sk_flow_facts *facts)
{
	struct sk_indicator_hit hit;
	unsigned hits = 0;
	facts->hit_count = 0;
	if (!detect->addresses)
		return 0;
	if (sk_indicator_match_addr(detect->set, source, &hit))
		hits += add_hit(facts, &hit);
	if (sk_indicator_match_addr(detect->set, destination, &hit))
		hits += add_hit(facts, &hit);
	return hits;
}

/* ---- heads ---- */

/* One segment that is asked about. */
struct asked {
	const struct sk_indicator_set *set;
	struct sk_flow_table *table;
	struct sk_flow *flow;
	unsigned hits;
};

static void ask_name(struct asked *asked, const char *name, size_t length)
{
	struct sk_indicator_hit hit;
	if (length != 0 && sk_indicator_match_domain(asked->set, name, length, &hit))
		asked->hits += note(asked->table, asked->flow, &hit);
}

/* "" is "there was none". */
static void ask_hex(struct asked *asked, enum sk_indicator_kind kind, const char *hex)
{
	struct sk_indicator_hit hit;
	if (hex[0] != '\0' && sk_indicator_match_hex(asked->set, kind, hex, &hit))
		asked->hits += note(asked->table, asked->flow, &hit);
}

static void ask_hash(struct asked *asked, enum sk_indicator_kind kind, const uint8_t *bytes, size_t length)
{
	struct sk_indicator_hit hit;
	if (sk_indicator_match_hash(asked->set, kind, bytes, length, &hit))
		asked->hits += note(asked->table, asked->flow, &hit);
}

static void ask_client_hello(struct asked *asked, const struct sk_client_hello *hello)
{
	struct sk_indicator_hit hit;
	if (hello->has_sni)
		ask_name(asked, hello->sni, hello->sni_length);
	ask_hex(asked, SK_INDICATOR_JA3, hello->ja3);
	if (hello->ja4[0] != '\0' && sk_indicator_match_ja4(asked->set, hello->ja4, &hit))
		asked->hits += note(asked->table, asked->flow, &hit);
}

/* Hashes over a part of a certificate are hashes of nothing. */
static void ask_certificate(struct asked *asked, const struct sk_certificate *certificate)
{
	if (!certificate->whole)
		return;
	ask_hash(asked, SK_INDICATOR_CERT_SHA1, certificate->sha1, sizeof certificate->sha1);
	ask_hash(asked, SK_INDICATOR_CERT_SHA256, certificate->sha256, sizeof certificate->sha256);
}

/* A response names no host. The URL is the narrower selector: it is asked first, so that it is the one told of when both hit. */
static void ask_request(struct asked *asked, const struct sk_http *http)
{
	if (http->response || http->host_length == 0)
		return;
	ask_hash(asked, SK_INDICATOR_URL, http->url_hash, sizeof http->url_hash);
	ask_name(asked, http->host, http->host_length);
}

unsigned sk_detect_match(const struct sk_detect *detect, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_head *head)
{
	struct asked asked = {.set = detect->set, .table = table, .flow = flow};
	switch (head->kind) {
	case SK_HEAD_DNS:
		ask_name(&asked, head->as.dns.name, head->as.dns.name_length);
		break;
	case SK_HEAD_CLIENT_HELLO:
		ask_client_hello(&asked, &head->as.client_hello);
		break;
	case SK_HEAD_SERVER_HELLO:
		ask_hex(&asked, SK_INDICATOR_JA3S, head->as.server_hello.ja3s);
		break;
	case SK_HEAD_CERTIFICATE:
		ask_certificate(&asked, &head->as.certificate);
		break;
	case SK_HEAD_HTTP:
		ask_request(&asked, &head->as.http);
		break;
	case SK_HEAD_SSH:
		ask_hex(&asked, head->from_initiator ? SK_INDICATOR_HASSH : SK_INDICATOR_HASSH_SERVER, head->as.ssh.hassh);
		break;
	default:
		break;
	}
	return asked.hits;
}
