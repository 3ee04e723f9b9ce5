/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: the canonical pair and its keyed hash, in line: every packet has one. */
#ifndef SK_FLOW_KEY_PRIV_H
#define SK_FLOW_KEY_PRIV_H

#include "flow/flow_priv.h"
#include "seal/siphash.h"

/* Ports as the key has them; ICMP's are its type and the type's counterpart, or its code. Returns SK_KEY_ONE_WAY for the latter. */
static inline unsigned sk_key_ports(const struct sk_packet *packet, uint16_t *source, uint16_t *destination)
{
	*source = packet->source_port;
	*destination = packet->destination_port;
	if (SK_LIKELY(!sk_is_icmp(packet->ip_proto)))
		return 0;
	uint8_t counterpart = packet->icmp_code;
	bool both_ways = sk_icmp_counterpart(packet->ip_proto, packet->icmp_type, &counterpart);
	*source = packet->icmp_type;
	*destination = counterpart;
	return both_ways ? 0 : SK_KEY_ONE_WAY;
}

/* The canonical key of a packet and the packet's direction. */
static inline uint8_t sk_flow_key(const struct sk_packet *packet, struct key *key)
{
	uint16_t source_port, destination_port;
	unsigned bits = sk_key_ports(packet, &source_port, &destination_port) | (packet->layers > 1 ? SK_KEY_TUNNELLED : 0);
	bool swap = source_port > destination_port;
	if (SK_LIKELY(packet->source.family == 4)) {
		uint32_t ends[2];
		memcpy(&ends[0], packet->source.bytes, sizeof ends[0]);
		memcpy(&ends[1], packet->destination.bytes, sizeof ends[1]);
		if (ends[0] != ends[1])
			swap = ends[0] > ends[1];
		swap = swap && (bits & SK_KEY_ONE_WAY) == 0;
		uint32_t pair[2] = {ends[swap], ends[!swap]};
		memcpy(&key->words[0], pair, sizeof pair);
		key->words[1] = key->words[2] = key->words[3] = 0;
	} else {
		uint64_t ends[2][2];
		memcpy(ends[0], packet->source.bytes, sizeof ends[0]);
		memcpy(ends[1], packet->destination.bytes, sizeof ends[1]);
		if (ends[0][1] != ends[1][1])
			swap = ends[0][1] > ends[1][1];
		if (ends[0][0] != ends[1][0])
			swap = ends[0][0] > ends[1][0];
		swap = swap && (bits & SK_KEY_ONE_WAY) == 0;
		memcpy(&key->words[0], ends[swap], sizeof ends[0]);
		memcpy(&key->words[2], ends[!swap], sizeof ends[0]);
		bits |= SK_KEY_V6;
	}
	uint64_t low_port = swap ? destination_port : source_port, high_port = swap ? source_port : destination_port;
	key->meta = low_port | high_port << 16 | (uint64_t)packet->ip_proto << 32 | (uint64_t)bits << 40;
	return swap;
}

/* SipHash-1-3 of meta and the words that the family has. */
static inline uint64_t sk_flow_hash(const uint64_t key[2], const struct key *what)
{
	struct sk_sip s = sk_sip_start(key[0], key[1]);
	sk_sip_word(&s, what->meta & SK_KEY_META_MASK);
	sk_sip_word(&s, what->words[0]);
	if (SK_LIKELY((what->meta >> 40 & SK_KEY_V6) == 0))
		return sk_sip_finish(&s, 0, 16);
	sk_sip_word(&s, what->words[1]);
	sk_sip_word(&s, what->words[2]);
	sk_sip_word(&s, what->words[3]);
	return sk_sip_finish(&s, 0, 40);
}

/* Bits 0-31 choose the first set, 16-47 the second, 48-63 are the tag: what decides, the upper part of each, is apart. */
static inline struct place sk_flow_place(const struct sk_flow_table *table, const struct key *key)
{
	uint64_t hash = sk_flow_hash(table->key, key);
	struct place place = {.tag = (uint16_t)(hash >> 48)};
	place.set[0] = (uint32_t)((hash & UINT32_MAX) * table->set_count >> 32);
	place.set[1] = (uint32_t)((hash >> 16 & UINT32_MAX) * table->set_count >> 32);
	if (place.tag == 0)
		place.tag = 1;
	return place;
}

#endif
