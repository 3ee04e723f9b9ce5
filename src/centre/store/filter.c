/* SPDX-License-Identifier: Apache-2.0 */
/* The filter in front of a block of flow segments: a keyed Bloom filter over what its segments can be searched by. Of an address it holds the network alone
   (/24, /48): that halves the hashes of the only work that every flow under flow.all costs here, and a search for an address opens a few blocks more. */
#include <string.h>

#include "seal/siphash.h"
#include "store/store_priv.h"

/* Bits from one 64-bit hash (Kirsch and Mitzenmacher, double hashing). 1,000 flows of two networks: four bits give 1 false answer in 400. Blocks of the first
   kind (SKFB) have seven, and hash a network as 18 bytes. */
enum { PROBES = 4, PROBES_FIRST = 7, FILTER_BITS = SK_BLOOM_BYTES * 8, NET4_BITS = 24, NET6_BITS = 48 };

static inline void set_bits(uint8_t bloom[SK_BLOOM_BYTES], uint64_t hash)
{
	uint32_t at = (uint32_t)hash, step = (uint32_t)(hash >> 32) | 1u;
	for (unsigned i = 0; i < PROBES; i++, at += step)
		bloom[at % FILTER_BITS / 8] |= (uint8_t)(1u << (at & 7));
}

static bool has_bits(const uint8_t bloom[SK_BLOOM_BYTES], uint64_t hash, unsigned probes)
{
	uint32_t at = (uint32_t)hash, step = (uint32_t)(hash >> 32) | 1u;
	for (unsigned i = 0; i < probes; i++, at += step)
		if ((bloom[at % FILTER_BITS / 8] & 1u << (at & 7)) == 0)
			return false;
	return true;
}

/* Of the kind, the family and the network's bytes: five bytes of IPv4, eight of IPv6. */
static inline uint64_t net_hash(uint64_t low, uint64_t high, const struct sk_addr *addr)
{
	struct sk_sip s = sk_sip_start(low, high);
	struct sk_cur a = sk_cur_of(addr->bytes, sizeof addr->bytes);
	uint64_t net = sk_le64(&a), head = SK_VALUE_NET | (uint64_t)addr->family << 8;
	if (SK_LIKELY(addr->family == 4))
		return sk_sip_finish(&s, head | (net & ((UINT64_C(1) << NET4_BITS) - 1)) << 16, 5);
	sk_sip_word(&s, head | (net & ((UINT64_C(1) << NET6_BITS) - 1)) << 16);
	return sk_sip_finish(&s, 0, 8);
}

struct words {
	uint64_t low, high;
};

static inline struct words words_of(const uint8_t key[SK_SIP_KEY_BYTES])
{
	struct sk_cur c = sk_cur_of(key, SK_SIP_KEY_BYTES);
	struct words words = {.low = sk_le64(&c)};
	words.high = sk_le64(&c);
	return words;
}

/* An address is asked for by its network. */
static struct sk_addr net_of(const struct sk_value *value)
{
	struct sk_addr addr;
	memcpy(&addr, value->bytes, sizeof addr);
	size_t kept = addr.family == 4 ? NET4_BITS / 8 : NET6_BITS / 8;
	memset(addr.bytes + kept, 0, sizeof addr.bytes - kept);
	return addr;
}

static uint64_t value_hash(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_value *value, bool first)
{
	uint8_t bytes[1 + UINT8_MAX] = {value->kind};
	size_t length = value->length;
	if (value->kind == SK_VALUE_ADDRESS || value->kind == SK_VALUE_NET) {
		struct sk_addr net = net_of(value);
		struct words words = words_of(key);
		if (!first)
			return net_hash(words.low, words.high, &net);
		bytes[0] = SK_VALUE_NET;
		memcpy(bytes + 1, &net, sizeof net);
	} else {
		memcpy(bytes + 1, value->bytes, length);
	}
	return sk_siphash13(key, bytes, 1u + length);
}

void sk_filter_add_pair(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_addr *initiator, const struct sk_addr *responder, uint8_t bloom[SK_BLOOM_BYTES])
{
	struct words words = words_of(key);
	uint64_t one = net_hash(words.low, words.high, initiator), other = net_hash(words.low, words.high, responder);
	set_bits(bloom, one);
	set_bits(bloom, other);
}

void sk_filter_add(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_value *value, uint8_t bloom[SK_BLOOM_BYTES])
{
	set_bits(bloom, value_hash(key, value, false));
}

bool sk_filter_may_hold(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_value *value, const uint8_t bloom[SK_BLOOM_BYTES], bool first)
{
	return has_bits(bloom, value_hash(key, value, first), first ? PROBES_FIRST : PROBES);
}
