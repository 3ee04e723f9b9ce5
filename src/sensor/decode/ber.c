/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ber_priv.h"

enum { LENGTH_LONG = 0x80, LENGTH_BYTES_MAX = 4, TAG_LONG = 0x1f };

uint32_t sk_ber_header(struct sk_cur *c, uint8_t *tag)
{
	*tag = sk_u8(c);
	uint32_t length = sk_u8(c);
	if ((*tag & TAG_LONG) == TAG_LONG)
		sk_kill(c);
	if (length < LENGTH_LONG)
		return length;
	unsigned bytes = length & ~(unsigned)LENGTH_LONG;
	if (bytes == 0 || bytes > LENGTH_BYTES_MAX)
		sk_kill(c);
	length = 0;
	for (unsigned i = 0; i < bytes && sk_more(c); i++)
		length = length << 8 | sk_u8(c);
	return length;
}

struct sk_cur sk_ber_take(struct sk_cur *c, uint8_t tag)
{
	uint8_t found;
	uint32_t length = sk_ber_header(c, &found);
	if (found != tag)
		sk_kill(c);
	return sk_carve(c, length);
}

struct sk_cur sk_ber_take_cut(struct sk_cur *c, uint8_t tag, bool *cut)
{
	uint8_t found;
	uint32_t length = sk_ber_header(c, &found);
	if (found != tag)
		sk_kill(c);
	*cut = *cut || sk_left(c) < length;
	return sk_carve_at_most(c, length);
}

void sk_ber_skip(struct sk_cur *c)
{
	uint8_t tag;
	sk_skip(c, sk_ber_header(c, &tag));
}

int32_t sk_ber_integer(struct sk_cur *c)
{
	struct sk_cur value = sk_ber_take(c, SK_BER_INTEGER);
	size_t bytes = sk_left(&value);
	if (bytes == 0 || bytes > sizeof(int32_t)) {
		sk_kill(c);
		return 0;
	}
	uint32_t word = (sk_peek_u8(&value, 0) & 0x80) != 0 ? UINT32_MAX : 0;
	while (sk_more(&value))
		word = word << 8 | sk_u8(&value);
	return (int32_t)word;
}
