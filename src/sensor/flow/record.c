/* SPDX-License-Identifier: Apache-2.0 */
/* From the packed entry to the record that leaves the room, and its names. */
#include <openssl/evp.h>
#include <pthread.h>

#include "flow/flow_priv.h"

static void split_key(const struct key *key, struct sk_addr ends[2], uint16_t ports[2])
{
	bool v6 = (key->meta >> 40 & SK_KEY_V6) != 0;
	for (unsigned end = 0; end < 2; end++) {
		const uint64_t halves[2] = {key->addresses[end], key->addresses[end + 2]};
		ends[end] = (struct sk_addr){.family = v6 ? 6 : 4};
		memcpy(ends[end].bytes, halves, sizeof halves);
		ports[end] = (uint16_t)(key->meta >> (end * 16));
	}
}

void sk_flow_read(const struct sk_flow_table *table, const struct sk_flow *flow, struct sk_flow_record *out)
{
	struct sk_addr ends[2];
	uint16_t ports[2];
	split_key(&flow->key, ends, ports);
	const uint64_t ip_bytes[2] = {flow->ip_bytes0, flow->ip_bytes1};
	const uint8_t tcp_flags[2] = {flow->tcp_flags0, flow->tcp_flags1};
	unsigned from = flow->initiator, to = from ^ 1u;
	*out = (struct sk_flow_record){
		.initiator = ends[from],
		.responder = ends[to],
		.initiator_port = ports[from],
		.responder_port = ports[to],
		.ip_proto = sk_flow_proto(flow),
		.initiator_sure = flow->sure,
		.class_ = (uint8_t)sk_segment_class(flow),
		.classes_seen = flow->classes_seen,
		.layers = flow->layers,
		.tunnels = flow->tunnels,
		.interface = (uint16_t)(flow->key.meta >> 48),
		.state = flow->state,
		.tcp_flags = {tcp_flags[from], tcp_flags[to]},
		.app = flow->app,
		.continued = flow->continued,
		.packets = {flow->packets[from], flow->packets[to]},
		.ip_bytes = {ip_bytes[from], ip_bytes[to]},
		.first_ns = flow->first_ns,
		.last_ns = flow->first_ns + (int64_t)flow->last_delta_ns,
		.frames = (uint64_t)flow->packets[0] + flow->packets[1],
		.frame_bytes = flow->frame_bytes,
		.facts = sk_flow_facts_of(table, flow),
	};
	if (sk_is_icmp(out->ip_proto)) {
		bool one_way = (flow->key.meta >> 40 & SK_KEY_ONE_WAY) != 0;
		out->icmp_type = (uint8_t)out->initiator_port;
		out->icmp_code = one_way ? (uint8_t)out->responder_port : 0;
	}
}

/* ---- Community ID 1 ---- */

enum { COMMUNITY_SEED = 0, SHA1_BYTES = 20 };

/* Global: fetched once, then immutable. */
static EVP_MD *sha1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch_sha1(void)
{
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
}

static bool speaks_of_ports(uint8_t ip_proto)
{
	return ip_proto == 6 || ip_proto == 17 || ip_proto == 132 || sk_is_icmp(ip_proto);
}

/* The lower end first, except for ICMP types that speak one way. */
static bool in_order(const struct sk_flow_record *record)
{
	uint8_t counterpart = 0;
	if (sk_is_icmp(record->ip_proto) && !sk_icmp_counterpart(record->ip_proto, (uint8_t)record->initiator_port, &counterpart))
		return true;
	int order = memcmp(record->initiator.bytes, record->responder.bytes, sizeof record->initiator.bytes);
	return order < 0 || (order == 0 && record->initiator_port <= record->responder_port);
}

/* seed (2), address, address, protocol (1), 0 (1), port (2), port (2) */
const char *sk_flow_community_id(const struct sk_flow_record *record, char text[SK_COMMUNITY_ID_TEXT_MAX])
{
	uint8_t tuple[2 + 32 + 2 + 4], digest[SHA1_BYTES];
	struct sk_out o = sk_out_of(tuple, sizeof tuple);
	bool ordered = in_order(record);
	const struct sk_addr *low = ordered ? &record->initiator : &record->responder, *high = ordered ? &record->responder : &record->initiator;
	size_t length = low->family == 6 ? 16 : 4;
	sk_put_be16(&o, COMMUNITY_SEED);
	sk_put_bytes(&o, low->bytes, length);
	sk_put_bytes(&o, high->bytes, length);
	sk_put_u8(&o, record->ip_proto);
	sk_put_u8(&o, 0);
	if (speaks_of_ports(record->ip_proto)) {
		sk_put_be16(&o, ordered ? record->initiator_port : record->responder_port);
		sk_put_be16(&o, ordered ? record->responder_port : record->initiator_port);
	}
	memcpy(text, "-", 2);
	(void)pthread_once(&once, fetch_sha1);
	if (sha1 == NULL || EVP_Digest(tuple, sk_out_length(&o), digest, NULL, sha1, NULL) != 1)
		return text;
	memcpy(text, "1:", 2);
	(void)EVP_EncodeBlock((unsigned char *)text + 2, digest, sizeof digest);
	return text;
}

const char *sk_flow_end_name(enum sk_flow_end end)
{
	static const char *const names[] = {"idle", "active", "closed", "evicted", "basis", "stop"};
	SK_INVARIANT((unsigned)end < SK_COUNT(names));
	return names[end];
}

const char *sk_flow_state_name(enum sk_flow_state state)
{
	static const char *const names[] = {"new", "syn", "syn_ack", "established", "closing", "closed", "reset"};
	SK_INVARIANT((unsigned)state < SK_COUNT(names));
	return names[state];
}
