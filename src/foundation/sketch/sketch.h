/* SPDX-License-Identifier: Apache-2.0 */
/* sketch: counting in bounded memory, with the error stated. All take hashes of 64 bits that a key has made (SipHash), so who does not know the key cannot
   choose collisions; the arithmetic is published and named at each.
   Promises: no allocation, memory is the caller's; adding is commutative wherever it says so. Thread rule: one owner each. */
#ifndef SK_SKETCH_H
#define SK_SKETCH_H

#include "base/base.h"

/* One hash out of two that a key has made already (and a number): keyed as they are, and another for each order of the two. */
static inline uint64_t sk_mix(uint64_t a, uint64_t b)
{
	uint64_t x = a ^ (b + UINT64_C(0x9e3779b97f4a7c15) + (a << 6) + (a >> 2));
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

/* Bits that are set; in line, for processors whose instruction for it may not be asked for. */
static inline unsigned sk_ones(uint64_t x)
{
	x -= x >> 1 & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
	x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(x * UINT64_C(0x0101010101010101) >> 56);
}

/* ---- bitmaps: linear counting (Whang, Vander-Zanden, Taylor 1990). Commutative. ---- */

/* Set the bit of a hash in words of 64; words: a power of two. Was it clear? */
static inline bool sk_bits_add(uint64_t *bits, unsigned words, uint64_t hash)
{
	uint64_t *word = &bits[hash >> 6 & (words - 1)], bit = UINT64_C(1) << (hash & 63);
	bool fresh = (*word & bit) == 0;
	*word |= bit;
	return fresh;
}
/* Is it set? */
static inline bool sk_bits_has(const uint64_t *bits, unsigned words, uint64_t hash)
{
	return (bits[hash >> 6 & (words - 1)] >> (hash & 63) & 1) != 0;
}
/* Bits that are set. */
unsigned sk_bits_count(const uint64_t *bits, unsigned words);
/* How many different hashes set so many of size bits: -m ln(1 - c/m). Of a full bitmap: that of one bit less. For n = m the standard error is
   sqrt(m (e - 2)) / n: 5 % of 256 bits; below n = m/8 it is under 3 %. */
double sk_bits_estimate(unsigned count, unsigned size);

/* ---- HyperLogLog (Flajolet et al. 2007, linear counting for few). Commutative. ---- */

/* 2^bits registers of a byte, bits 4 to 12. Standard error 1.04 / sqrt(2^bits): 13 % for 64, 3.3 % for 1024. */
static inline void sk_hll_add(uint8_t *registers, unsigned bits, uint64_t hash)
{
	uint64_t rest = hash >> bits | UINT64_C(1) << (64 - bits); /* the added bit ends the search */
	uint8_t rank = (uint8_t)(__builtin_ctzll(rest) + 1);
	uint8_t *at = &registers[hash & ((UINT64_C(1) << bits) - 1)];
	if (rank > *at)
		*at = rank;
}
/* How many different hashes were added. */
double sk_hll_estimate(const uint8_t *registers, unsigned bits);

/* ---- count-min (Cormode, Muthukrishnan 2005). Commutative. ---- */

/* depth rows of width counters; width: a power of two. An answer is never too low, and too high by more than e/width of all that was added with a chance of at
   most exp(-depth). Counters stay at their greatest value rather than wrap. */
struct sk_count_min {
	uint32_t *cells;
	uint32_t width;
	unsigned depth;
};
/* Add, and tell how much there is now, as far as is known. */
uint32_t sk_count_min_add(struct sk_count_min *sketch, uint64_t hash, uint32_t add);
/* How much was added. */
uint32_t sk_count_min_of(const struct sk_count_min *sketch, uint64_t hash);

/* ---- space-saving (Metwally, Agrawal, El Abbadi 2005): the most frequent ---- */

struct sk_top_entry {
	uint64_t hash, count, error; /* the truth lies between count - error and count */
	uint8_t tag[24];             /* the caller's, e.g. an address */
};
/* With k places, whoever has more than 1/k of all is among them. Exact while there are at most k. Not commutative beyond. */
struct sk_top {
	struct sk_top_entry *entries;
	uint32_t places, used;
};
/* Count a hash; tag (24 bytes, may be NULL) is kept for a new one. */
void sk_top_add(struct sk_top *top, uint64_t hash, uint64_t add, const void *tag);
/* The most frequent; of two the smaller hash, so that order does not show. NULL when there is none. */
const struct sk_top_entry *sk_top_first(const struct sk_top *top);

/* ---- a sample of k out of all (bottom-k, Cohen 1997). Commutative. ---- */

/* Keeps the values of the k smallest hashes: a uniform sample when each hash comes once; a hash that comes again is one. */
struct sk_sample {
	struct { uint64_t hash, value; } *kept;
	uint32_t places, used;
};
/* Offer a value. */
void sk_sample_add(struct sk_sample *sample, uint64_t hash, uint64_t value);

/* ---- a mean that forgets: half of its weight in half_s seconds ---- */

struct sk_ewma {
	double sum, weight, at_s;
};
/* Put a value in at a time (not before the last one). */
void sk_ewma_add(struct sk_ewma *ewma, double value, double at_s, double half_s);
/* The mean; 0 before the first value. */
static inline double sk_ewma_mean(const struct sk_ewma *ewma)
{
	return ewma->weight > 0 ? ewma->sum / ewma->weight : 0;
}

#endif
