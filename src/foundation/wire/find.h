/* SPDX-License-Identifier: Apache-2.0 */
/* wire/find.h: where bytes stand in others. Promises: as wire.h; linear in what is searched, but for folded texts whose first bytes repeat. */
#ifndef SK_WIRE_FIND_H
#define SK_WIRE_FIND_H

#include "wire/wire.h"

static inline uint8_t sk_find_lower(uint8_t byte)
{
	return (uint8_t)(byte - 'A') < 26 ? (uint8_t)(byte | 0x20) : byte;
}

static inline bool sk_find_same(const uint8_t *bytes, const uint8_t *pattern, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (sk_find_lower(bytes[i]) != pattern[i])
			return false;
	return true;
}

/* The first place, at or behind `from`, of a pattern (not empty) that ends at or before `to`, counted from the cursor; false: there is none. folded: pattern is in lower
   case, and A-Z count as a-z. */
static inline bool sk_find(const struct sk_cur *in, size_t from, size_t to, const void *pattern, size_t length, bool folded, size_t *at)
{
	size_t left = sk_left(in);
	to = to < left ? to : left;
	if (from > to || to - from < length)
		return false;
	const uint8_t *start = in->at + from;
	if (!folded) {
		const uint8_t *found = memmem(start, to - from, pattern, length);
		*at = found != NULL ? (size_t)(found - in->at) : 0;
		return found != NULL;
	}
	const uint8_t *bytes = pattern;
	for (size_t i = from; i + length <= to; i++)
		if (sk_find_lower(in->at[i]) == bytes[0] && sk_find_same(in->at + i, bytes, length)) {
			*at = i;
			return true;
		}
	return false;
}

#endif
