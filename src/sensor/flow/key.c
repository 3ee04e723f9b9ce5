/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: canonical pair, Community ID 1's mapping of ICMP, and the keyed hash. */
#include "flow/flow_priv.h"

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

uint8_t sk_flow_key(const struct sk_packet *packet, struct key *key)
{
	uint16_t source_port = packet->source_port, destination_port = packet->destination_port;
	unsigned bits = (packet->source.family == 6 ? SK_KEY_V6 : 0) | (packet->layers > 1 ? SK_KEY_TUNNELLED : 0);
	if (sk_is_icmp(packet->ip_proto)) {
		uint8_t counterpart = packet->icmp_code;
		if (!sk_icmp_counterpart(packet->ip_proto, packet->icmp_type, &counterpart))
			bits |= SK_KEY_ONE_WAY;
		source_port = packet->icmp_type;
		destination_port = counterpart;
	}
	size_t length = packet->source.family == 6 ? 16 : 4;
	int order = memcmp(packet->source.bytes, packet->destination.bytes, length);
	if (order == 0)
		order = (int)source_port - (int)destination_port;
	bool swap = order > 0 && (bits & SK_KEY_ONE_WAY) == 0;
	uint64_t low_port = swap ? destination_port : source_port, high_port = swap ? source_port : destination_port;
	*key = (struct key){.meta = low_port | high_port << 16 | (uint64_t)packet->ip_proto << 32 | (uint64_t)bits << 40};
	struct sk_out o = sk_out_of(key->addresses, sizeof key->addresses);
	sk_put_bytes(&o, swap ? packet->destination.bytes : packet->source.bytes, length);
	sk_put_bytes(&o, swap ? packet->source.bytes : packet->destination.bytes, length);
	return swap;
}

/* SipHash-1-3 over whole words, in line: the call and the byte handling would cost as much as the rounds. A test holds it against seal's. */
static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1]; v[1] = rotate(v[1], 13); v[1] ^= v[0]; v[0] = rotate(v[0], 32);
	v[2] += v[3]; v[3] = rotate(v[3], 16); v[3] ^= v[2];
	v[0] += v[3]; v[3] = rotate(v[3], 21); v[3] ^= v[0];
	v[2] += v[1]; v[1] = rotate(v[1], 17); v[1] ^= v[2]; v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

uint64_t sk_flow_hash(const uint64_t key[2], const struct key *what)
{
	uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d), key[0] ^ UINT64_C(0x6c7967656e657261),
			 key[1] ^ UINT64_C(0x7465646279746573)};
	unsigned words = (what->meta >> 40 & SK_KEY_V6) != 0 ? 4 : 1;
	sip_word(v, what->meta & SK_KEY_META_MASK);
	for (unsigned i = 0; i < words; i++)
		sip_word(v, what->addresses[i]);
	sip_word(v, (uint64_t)(words + 1) * 8 << 56);
	v[2] ^= 0xff;
	for (unsigned i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
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
