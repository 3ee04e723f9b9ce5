/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of observe share: a cursor that remembers a value which may not be, and the bounds of flow's numbers. */
#ifndef SK_OBSERVE_PRIV_H
#define SK_OBSERVE_PRIV_H

#include "observe/observe.h"
#include "wire/wire.h"

enum { SK_OBSERVATION_V1 = 1 };

/* A value that may not be is remembered apart from the cursor, so that malformed and truncated stay two answers. */
struct sk_observe_reader {
	struct sk_cur c;
	bool wrong;
};

static inline enum sk_err sk_observe_verdict(const struct sk_observe_reader *r)
{
	return !r->c.dead && r->wrong ? SK_EMALFORMED : sk_done(&r->c);
}

static inline size_t sk_observe_addr_bytes(uint8_t family)
{
	return family == 4 ? 4 : family == 6 ? 16 : 0;
}

static inline void sk_observe_take_addr(struct sk_observe_reader *r, uint8_t family, struct sk_addr *addr)
{
	*addr = (struct sk_addr){.family = family};
	sk_copy(&r->c, addr->bytes, sk_observe_addr_bytes(family));
}

/* A small number with a greatest value. */
static inline uint8_t sk_observe_take_up_to(struct sk_observe_reader *r, uint8_t greatest)
{
	uint8_t value = sk_u8(&r->c);
	if (value > greatest)
		r->wrong = true;
	return value;
}

/* Text of a given length; zero-fills the rest, so that equal records are equal memory. A NUL inside would be a second form of a shorter text. */
void sk_observe_take_text(struct sk_observe_reader *r, size_t length, char *text, size_t size);
/* Is it empty, or 32 lower-case hex digits? */
bool sk_observe_is_md5(const char text[33]);
/* Is it empty, or of JA4's shape a_b_c with 10, 12 and 12 characters, b and c lower-case hex? */
bool sk_observe_is_ja4(const char text[40]);
/* The sections that the observation announces, in their order. */
void sk_observe_put_sections(struct sk_out *o, const struct sk_observation *observation);
void sk_observe_take_sections(struct sk_observe_reader *r, struct sk_observation *out);
/* The rest of a form of version 1, behind its first byte. */
SK_MUST enum sk_err sk_observation_decode_v1(struct sk_observe_reader *r, struct sk_observation *out);

#endif
