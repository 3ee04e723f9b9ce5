/* SPDX-License-Identifier: Apache-2.0 */
/* The filter in front of a block of flow segments: a keyed Bloom filter over what its segments can be searched by. Of an address it holds the network alone
   (/24, /48): that halves the hashes of the only work that every flow under flow.all costs here, and a search for an address opens a few blocks more. */
#include <endian.h>
#include <string.h>

#include "seal/siphash.h"
#include "store/store_priv.h"

/* Bits of one 64-bit hash. They lie in one word, so that a network costs one look at memory: of 1,000 flows of two networks, four bits give 1 false answer in 210 (tests/unit/store/test_block.c).
   Blocks of earlier kinds have four bits or seven (SKFB) anywhere (Kirsch and Mitzenmacher, double hashing), and SKFB hashes a network as 18 bytes. */
enum { PROBES = 4, PROBES_FIRST = 7, FILTER_BITS = SK_BLOOM_BYTES * 8, WORDS = SK_BLOOM_BYTES / 8 };

static inline uint64_t word_of(uint64_t hash)
{
	return hash % WORDS;
}

static inline uint64_t bits_of(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 9 & 63) | UINT64_C(1) << (hash >> 15 & 63) | UINT64_C(1) << (hash >> 21 & 63) | UINT64_C(1) << (hash >> 27 & 63);
}

static bool has_bits_apart(const uint8_t bloom[SK_BLOOM_BYTES], uint64_t hash, unsigned probes)
{
	uint32_t at = (uint32_t)hash, step = (uint32_t)(hash >> 32) | 1u;
	for (unsigned i = 0; i < probes; i++, at += step)
		if ((bloom[at % FILTER_BITS / 8] & 1u << (at & 7)) == 0)
			return false;
	return true;
}

static bool has_bits(const uint8_t bloom[SK_BLOOM_BYTES], uint64_t hash)
{
	struct sk_cur word = sk_cur_of(bloom + 8 * word_of(hash), 8);
	return (~sk_le64(&word) & bits_of(hash)) == 0;
}

/* Of its bytes: five of IPv4, eight of IPv6. */
static inline uint64_t net_hash(uint64_t low, uint64_t high, uint64_t net)
{
	struct sk_sip s = sk_sip_start(low, high);
	if (SK_LIKELY((uint8_t)(net >> 8) == 4))
		return sk_sip_finish(&s, net, 5);
	sk_sip_word(&s, net);
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
	size_t kept = addr.family == 4 ? SK_NET4_BITS / 8 : SK_NET6_BITS / 8;
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
			return net_hash(words.low, words.high, sk_net_number(&net, net.family));
		bytes[0] = SK_VALUE_NET;
		memcpy(bytes + 1, &net, sizeof net);
	} else {
		memcpy(bytes + 1, value->bytes, length);
	}
	return sk_siphash13(key, bytes, 1u + length);
}

void sk_filter_start(struct sk_filter *filter, const uint8_t key[SK_SIP_KEY_BYTES])
{
	struct words words = words_of(key);
	memset(filter, 0, sizeof *filter);
	filter->low = words.low;
	filter->high = words.high;
	memcpy(filter->key, key, sizeof filter->key);
}

static inline void set_bits(struct sk_filter *filter, uint64_t hash)
{
	filter->words[word_of(hash)] |= htole64(bits_of(hash));
}

/* net_hash of count networks of IPv4, a loop that compilers turn into vector instructions: by itself, where nothing else can be taken for what it writes. */
__attribute__((noinline)) static void hash_nets(uint64_t low, uint64_t high, const uint64_t *restrict nets, uint64_t *restrict hashes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sk_sip s = sk_sip_start(low, high);
		hashes[i] = sk_sip_finish(&s, nets[i], 5);
	}
}

void sk_filter_finish(struct sk_filter *filter)
{
	uint64_t hashes[SK_FILTER_WAITING];
	hash_nets(filter->low, filter->high, filter->nets, hashes, filter->waiting);
	for (uint32_t i = 0; i < filter->waiting; i++)
		set_bits(filter, hashes[i]);
	sk_wipe_small(filter->nets, sizeof filter->nets);
	filter->waiting = 0;
}

void sk_filter_add_net6(struct sk_filter *filter, const struct sk_addr *addr)
{
	set_bits(filter, net_hash(filter->low, filter->high, sk_net_number(addr, 6)));
}

void sk_filter_add(struct sk_filter *filter, const struct sk_value *value)
{
	set_bits(filter, value_hash(filter->key, value, false));
}

bool sk_filter_may_hold(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_value *value, const uint8_t bits[SK_BLOOM_BYTES], enum sk_block_kind kind)
{
	uint64_t hash = value_hash(key, value, kind == SK_BLOCK_FIRST);
	return kind >= SK_BLOCK_WORDS ? has_bits(bits, hash) : has_bits_apart(bits, hash, kind == SK_BLOCK_FIRST ? PROBES_FIRST : PROBES);
}
