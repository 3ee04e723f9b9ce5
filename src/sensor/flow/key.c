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

/* SipHash-1-3 over whole words, in line: the call and the byte handling would cost as much as the rounds. A test holds it against seal's. */
struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

__attribute__((always_inline)) static inline void sip_round(struct sip *v)
{
	v->a += v->b; v->b = rotate(v->b, 13); v->b ^= v->a; v->a = rotate(v->a, 32);
	v->c += v->d; v->d = rotate(v->d, 16); v->d ^= v->c;
	v->a += v->d; v->d = rotate(v->d, 21); v->d ^= v->a;
	v->c += v->b; v->b = rotate(v->b, 17); v->b ^= v->c; v->c = rotate(v->c, 32);
}

__attribute__((always_inline)) static inline void sip_word(struct sip *v, uint64_t word)
{
	v->d ^= word;
	sip_round(v);
	v->a ^= word;
}

/* IPv4: meta and both addresses; IPv6: three words more. */
uint64_t sk_flow_hash(const uint64_t key[2], const struct key *what)
{
	struct sip v = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d), key[0] ^ UINT64_C(0x6c7967656e657261),
			key[1] ^ UINT64_C(0x7465646279746573)};
	uint64_t words = 3;
	sip_word(&v, what->meta & SK_KEY_META_MASK);
	sip_word(&v, what->addresses[0]);
	sip_word(&v, what->addresses[1]);
	if ((what->meta >> 40 & SK_KEY_V6) != 0) {
		sip_word(&v, what->addresses[2]);
		sip_word(&v, what->addresses[3]);
		words = 5;
	}
	sip_word(&v, words * 8 << 56);
	v.c ^= 0xff;
	sip_round(&v);
	sip_round(&v);
	sip_round(&v);
	return v.a ^ v.b ^ v.c ^ v.d;
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
