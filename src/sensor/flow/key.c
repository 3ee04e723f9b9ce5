/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: canonical pair, Community ID 1's mapping of ICMP, and the keyed hash. */
#include "flow/flow_priv.h"
#include "seal/siphash.h"

/* Request and reply types (Community ID 1); a type without a counterpart speaks one way only, errors among them. */
bool sk_icmp_counterpart(uint8_t ip_proto, uint8_t type, uint8_t *counterpart)
{
	static const uint8_t v4[][2] = {{8, 0}, {10, 9}, {13, 14}, {15, 16}, {17, 18}};
	static const uint8_t v6[][2] = {{128, 129}, {130, 131}, {133, 134}, {135, 136}, {139, 140}, {144, 145}};
	const uint8_t (*pairs)[2] = ip_proto == 1 ? v4 : v6;
	size_t count = ip_proto == 1 ? SK_COUNT(v4) : SK_COUNT(v6);
	for (size_t i = 0; i < count; i++) {
		if (pairs[i][0] != type && pairs[i][1] != type)
			continue;
		*counterpart = pairs[i][0] == type ? pairs[i][1] : pairs[i][0];
		return true;
	}
	return false;
}

/* Ports as the key has them; ICMP's are its type and the type's counterpart, or its code. Returns SK_KEY_ONE_WAY for the latter. */
static unsigned map_ports(const struct sk_packet *packet, uint16_t *source, uint16_t *destination)
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

uint8_t sk_flow_key(const struct sk_packet *packet, struct key *key)
{
	uint16_t source_port, destination_port;
	unsigned bits = map_ports(packet, &source_port, &destination_port) | (packet->layers > 1 ? SK_KEY_TUNNELLED : 0);
	uint64_t ends[2][2] = {{0, 0}, {0, 0}}; /* the addresses, as words of memory: any fixed order of them will do */
	bool v6 = packet->source.family == 6;
	memcpy(ends[0], packet->source.bytes, sizeof ends[0]);
	memcpy(ends[1], packet->destination.bytes, sizeof ends[1]);
	bool swap = source_port > destination_port;
	if (ends[0][1] != ends[1][1])
		swap = ends[0][1] > ends[1][1];
	if (ends[0][0] != ends[1][0])
		swap = ends[0][0] > ends[1][0];
	swap = swap && (bits & SK_KEY_ONE_WAY) == 0;
	uint64_t low_port = swap ? destination_port : source_port, high_port = swap ? source_port : destination_port;
	bits |= v6 ? SK_KEY_V6 : 0;
	key->meta = low_port | high_port << 16 | (uint64_t)packet->ip_proto << 32 | (uint64_t)bits << 40;
	key->addresses[0] = ends[swap][0];
	key->addresses[1] = ends[!swap][0];
	key->addresses[2] = ends[swap][1];
	key->addresses[3] = ends[!swap][1];
	return swap;
}

/* SipHash-1-3. IPv4: meta and both addresses in one word; IPv6: meta and four. */
uint64_t sk_flow_hash(const uint64_t key[2], const struct key *what)
{
	struct sk_sip s = sk_sip_start(key[0], key[1]);
	sk_sip_word(&s, what->meta & SK_KEY_META_MASK);
	if (SK_LIKELY((what->meta >> 40 & SK_KEY_V6) == 0)) {
		sk_sip_word(&s, what->addresses[0] ^ sk_sip_rotate(what->addresses[1], 32)); /* four bytes each, side by side */
		return sk_sip_finish(&s, 0, 16);
	}
	sk_sip_word(&s, what->addresses[0]);
	sk_sip_word(&s, what->addresses[1]);
	sk_sip_word(&s, what->addresses[2]);
	sk_sip_word(&s, what->addresses[3]);
	return sk_sip_finish(&s, 0, 40);
}

/* Bits 0-31 choose the first set, 16-47 the second, 48-63 are the tag: what decides, the upper part of each, is apart. */
struct place sk_flow_place(const struct sk_flow_table *table, const struct key *key)
{
	uint64_t hash = sk_flow_hash(table->key, key);
	struct place place = {.tag = (uint16_t)(hash >> 48)};
	place.set[0] = (uint32_t)((hash & UINT32_MAX) * table->set_count >> 32);
	place.set[1] = (uint32_t)((hash >> 16 & UINT32_MAX) * table->set_count >> 32);
	if (place.tag == 0)
		place.tag = 1;
	return place;
}
