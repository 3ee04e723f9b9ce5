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
	uint64_t bits = sk_key_ports(packet, &source_port, &destination_port) | (packet->layers > 1 ? SK_KEY_TUNNELLED : 0u);
	bool one_way = (bits & SK_KEY_ONE_WAY) != 0, swap;
	if (SK_LIKELY(packet->source.family == 4)) {
		uint32_t source, destination;
		memcpy(&source, packet->source.bytes, sizeof source);
		memcpy(&destination, packet->destination.bytes, sizeof destination);
		/* Who is lower is as good as random: no branch may depend on it. */
		swap = !one_way && ((uint64_t)source << 16 | source_port) > ((uint64_t)destination << 16 | destination_port);
		uint64_t pair = (uint64_t)destination << 32 | source, turned = (uint64_t)source << 32 | destination;
		key->words[0] = pair ^ ((pair ^ turned) & -(uint64_t)swap);
	} else {
		uint64_t ends[2][2];
		memcpy(ends[0], packet->source.bytes, sizeof ends[0]);
		memcpy(ends[1], packet->destination.bytes, sizeof ends[1]);
		swap = source_port > destination_port;
		if (ends[0][1] != ends[1][1])
			swap = ends[0][1] > ends[1][1];
		if (ends[0][0] != ends[1][0])
			swap = ends[0][0] > ends[1][0];
		swap = swap && !one_way;
		memcpy(&key->words[0], ends[swap], sizeof ends[0]);
		memcpy(&key->words[2], ends[!swap], sizeof ends[0]);
		bits |= SK_KEY_V6;
	}
	uint32_t ports = source_port | (uint32_t)destination_port << 16, turned = destination_port | (uint32_t)source_port << 16;
	key->meta = (ports ^ ((ports ^ turned) & -(uint32_t)swap)) | (uint64_t)packet->ip_proto << 32 | bits << 40;
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

/* Bits 0-31 of a hash choose the first set, 16-47 the second, 48-63 are the tag: what decides, the upper part of each, is apart. In bytes behind the first of all sets. */
static inline uint64_t sk_set_offset(uint64_t hash, unsigned which, uint32_t set_count)
{
	return ((hash >> 16 * which & UINT32_MAX) * set_count >> 32) * sizeof(struct set);
}

static inline uint16_t sk_flow_tag(uint64_t hash)
{
	uint16_t tag = (uint16_t)(hash >> 48);
	return tag != 0 ? tag : 1;
}

#endif
