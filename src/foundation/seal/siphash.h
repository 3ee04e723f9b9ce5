/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-1-3 (Aumasson, Bernstein 2012; one round a word, three at the end) in line, for keys that are whole words already: the call and the byte handling
   would cost as much as the rounds. sk_siphash13 in seal.h is the same over bytes; its vectors are the test of both. */
#ifndef SK_SIPHASH_H
#define SK_SIPHASH_H

#include <stdint.h>

struct sk_sip {
	uint64_t a, b, c, d;
};

static inline uint64_t sk_sip_rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

__attribute__((always_inline)) static inline void sk_sip_round(struct sk_sip *s)
{
	s->a += s->b;
	s->b = sk_sip_rotate(s->b, 13) ^ s->a;
	s->a = sk_sip_rotate(s->a, 32);
	s->c += s->d;
	s->d = sk_sip_rotate(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = sk_sip_rotate(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = sk_sip_rotate(s->b, 17) ^ s->c;
	s->c = sk_sip_rotate(s->c, 32);
}

/* Start under a key of two words (the key's bytes, little endian). */
__attribute__((always_inline)) static inline struct sk_sip sk_sip_start(uint64_t low, uint64_t high)
{
	return (struct sk_sip){low ^ UINT64_C(0x736f6d6570736575), high ^ UINT64_C(0x646f72616e646f6d), low ^ UINT64_C(0x6c7967656e657261),
			       high ^ UINT64_C(0x7465646279746573)};
}

/* Take eight bytes (little endian). */
__attribute__((always_inline)) static inline void sk_sip_word(struct sk_sip *s, uint64_t word)
{
	s->d ^= word;
	sk_sip_round(s);
	s->a ^= word;
}

/* The last word: what is left of the bytes (fewer than eight), their whole count in the top byte. Returns the hash. */
__attribute__((always_inline)) static inline uint64_t sk_sip_finish(struct sk_sip *s, uint64_t rest, uint64_t length)
{
	sk_sip_word(s, rest | length << 56);
	s->c ^= 0xff;
	sk_sip_round(s);
	sk_sip_round(s);
	sk_sip_round(s);
	return s->a ^ s->b ^ s->c ^ s->d;
}

#endif
