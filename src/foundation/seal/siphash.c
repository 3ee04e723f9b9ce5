/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-1-3 (Aumasson, Bernstein 2012; one round a word, three at the end). libsodium has 2-4 only, which costs twice as much on short keys. */
#include <endian.h>
#include <string.h>

#include "seal/seal.h"

struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
	s->a += s->b;
	s->b = rotate(s->b, 13) ^ s->a;
	s->a = rotate(s->a, 32);
	s->c += s->d;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = rotate(s->b, 17) ^ s->c;
	s->c = rotate(s->c, 32);
}

/* The next `length` <= 8 bytes as a little-endian word. */
static inline uint64_t word_of(const uint8_t *bytes, size_t length)
{
	uint64_t word = 0;
	if (length != 0)
		memcpy(&word, bytes, length);
	return le64toh(word);
}

uint64_t sk_siphash13(const uint8_t key[SK_SIP_KEY_BYTES], const void *bytes, size_t length)
{
	uint64_t low = word_of(key, 8), high = word_of(key + 8, 8);
	struct sip s = {low ^ 0x736f6d6570736575u, high ^ 0x646f72616e646f6du, low ^ 0x6c7967656e657261u, high ^ 0x7465646279746573u};
	const uint8_t *at = bytes;
	size_t left = length;
	for (; left >= 8; at += 8, left -= 8) {
		uint64_t word = word_of(at, 8);
		s.d ^= word;
		sip_round(&s);
		s.a ^= word;
	}
	uint64_t last = word_of(at, left) | (uint64_t)length << 56;
	s.d ^= last;
	sip_round(&s);
	s.a ^= last;
	s.c ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
