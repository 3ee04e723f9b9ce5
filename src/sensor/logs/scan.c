/* SPDX-License-Identifier: Apache-2.0 */
/* The only place of this room that looks at many bytes at once: SSE2 (every x86-64 has it), or one by one. */
#include "logs/logs_priv.h"

#ifdef __SSE2__
#include <emmintrin.h>

enum { BLOCK = 16 };

static __m128i load(const char *at)
{
	__m128i block;
	memcpy(&block, at, sizeof block);
	return block;
}

static unsigned equal_bits(__m128i block, char byte)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(byte)));
}

/* Bits of quotes, backslashes and bytes below 0x20. */
static unsigned string_stops(const char *at)
{
	__m128i block = load(at);
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
	return equal_bits(block, '"') | equal_bits(block, '\\') | (unsigned)_mm_movemask_epi8(control);
}

uint64_t scan_equal(const char *at, char byte)
{
	return equal_bits(load(at), byte) | (uint64_t)equal_bits(load(at + 16), byte) << 16 | (uint64_t)equal_bits(load(at + 32), byte) << 32 |
	       (uint64_t)equal_bits(load(at + 48), byte) << 48;
}
#else
enum { BLOCK = 16 };

static unsigned string_stops(const char *at)
{
	unsigned stops = 0;
	for (unsigned i = 0; i < BLOCK; i++, at++)
		stops |= (unsigned)(*at == '"' || *at == '\\' || (unsigned char)*at < 0x20) << i;
	return stops;
}

uint64_t scan_equal(const char *at, char byte)
{
	uint64_t bits = 0;
	for (unsigned i = 0; i < 64; i++, at++)
		bits |= (uint64_t)(*at == byte) << i;
	return bits;
}
#endif

const char *scan_string_end(const char *at, const char *end, bool *escaped)
{
	*escaped = false;
	while (at < end) {
		unsigned stops = string_stops(at);
		if (stops == 0) {
			at += BLOCK;
			continue;
		}
		at += __builtin_ctz(stops);
		if (at >= end || (unsigned char)*at < 0x20)
			return NULL;
		if (*at == '"')
			return at;
		*escaped = true;
		at += 2; /* what follows a backslash is never the end */
	}
	return NULL;
}

size_t scan_lines(const char *at, size_t length, bool to_header, uint64_t *lines)
{
	uint64_t before = 1; /* bit 0 is set when a line begins with the block's first byte */
	*lines = 0;
	for (size_t done = 0; done < length; done += 64) {
		uint64_t inside = length - done < 64 ? (UINT64_C(1) << (length - done)) - 1 : ~UINT64_C(0);
		uint64_t feeds = scan_equal(at + done, '\n') & inside;
		uint64_t begins = to_header ? scan_equal(at + done, '#') & inside & (feeds << 1 | before) : 0;
		if (begins != 0) {
			unsigned header = (unsigned)__builtin_ctzll(begins);
			*lines += (unsigned)__builtin_popcountll(feeds & ((UINT64_C(1) << header) - 1));
			return done + header;
		}
		before = feeds >> 63;
		*lines += (unsigned)__builtin_popcountll(feeds);
	}
	return length;
}
