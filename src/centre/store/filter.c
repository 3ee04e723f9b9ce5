/* SPDX-License-Identifier: Apache-2.0 */
/* The filter in front of a block of flow segments: a keyed Bloom filter over what its segments can be searched by. Of an address it holds the network alone
   (/24, /48): that halves the hashes of the only work that every flow under flow.all costs here, and a search for an address opens a few blocks more. */
#include <string.h>

#include "seal/siphash.h"
#include "store/store_priv.h"

/* Seven bits from one 64-bit hash (Kirsch and Mitzenmacher, double hashing): 1,000 flows of two networks fill it to less than 1 in 1,000 false answers. */
enum { PROBES = 7, FILTER_BITS = SK_BLOOM_BYTES * 8, NET4_BITS = 24, NET6_BITS = 48, NET_HASHED_BYTES = 18 };

static void set_bits(uint8_t bloom[SK_BLOOM_BYTES], uint64_t hash)
{
	uint32_t at = (uint32_t)hash, step = (uint32_t)(hash >> 32) | 1u;
	for (unsigned i = 0; i < PROBES; i++, at += step)
		bloom[at % FILTER_BITS / 8] |= (uint8_t)(1u << (at & 7));
}

static bool has_bits(const uint8_t bloom[SK_BLOOM_BYTES], uint64_t hash)
{
	uint32_t at = (uint32_t)hash, step = (uint32_t)(hash >> 32) | 1u;
	for (unsigned i = 0; i < PROBES; i++, at += step)
		if ((bloom[at % FILTER_BITS / 8] & 1u << (at & 7)) == 0)
			return false;
	return true;
}

/* Of the kind, 16 bytes of the network and the family, as words: the same as hashing those 18 bytes. */
static uint64_t net_hash(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_addr *addr)
{
	struct sk_cur k = sk_cur_of(key, SK_SIP_KEY_BYTES), a = sk_cur_of(addr->bytes, sizeof addr->bytes);
	uint64_t low = sk_le64(&k), high = sk_le64(&k);
	unsigned bits = addr->family == 4 ? NET4_BITS : NET6_BITS;
	struct sk_sip s = sk_sip_start(low, high);
	sk_sip_word(&s, SK_VALUE_NET | (sk_le64(&a) & ((UINT64_C(1) << bits) - 1)) << 8);
	sk_sip_word(&s, 0);
	return sk_sip_finish(&s, (uint64_t)addr->family << 8, NET_HASHED_BYTES);
}

static uint64_t value_hash(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_value *value)
{
	uint8_t bytes[1 + UINT8_MAX] = {value->kind};
	if (value->kind == SK_VALUE_ADDRESS || value->kind == SK_VALUE_NET) {
		struct sk_addr addr;
		memcpy(&addr, value->bytes, sizeof addr);
		return net_hash(key, &addr);
	}
	memcpy(bytes + 1, value->bytes, value->length);
	return sk_siphash13(key, bytes, 1u + value->length);
}

void sk_filter_add_pair(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_addr *initiator, const struct sk_addr *responder, uint8_t bloom[SK_BLOOM_BYTES])
{
	uint64_t hashes[2] = {net_hash(key, initiator), net_hash(key, responder)};
	set_bits(bloom, hashes[0]);
	set_bits(bloom, hashes[1]);
}

void sk_filter_add(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_value *value, uint8_t bloom[SK_BLOOM_BYTES])
{
	set_bits(bloom, value_hash(key, value));
}

bool sk_filter_may_hold(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_value *value, const uint8_t bloom[SK_BLOOM_BYTES])
{
	return has_bits(bloom, value_hash(key, value));
}
