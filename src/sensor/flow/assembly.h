/* SPDX-License-Identifier: Apache-2.0 */
/* flow/assembly.h: the beginning of a stream, put together out of pieces that come in any order, in a buffer of fixed size. Bytes that came first win, as most hosts
   do it for the common cases; a later copy that differs is not looked at. Promises: no allocation, the buffer is the caller's; what no piece names is never written,
   so overwriting sk_assembly_used bytes leaves nothing. */
#ifndef SK_FLOW_ASSEMBLY_H
#define SK_FLOW_ASSEMBLY_H

#include "wire/wire.h"

enum { SK_ASSEMBLY_PIECES_MAX = 16, SK_ASSEMBLY_BYTES_MAX = 65535 };

/* Pieces that have come: ascending, apart from each other. Zeroed: none. */
struct sk_assembly {
	uint8_t count;
	uint16_t start[SK_ASSEMBLY_PIECES_MAX], end[SK_ASSEMBLY_PIECES_MAX];
};

/* Bytes of the buffer up to the last one that a piece holds. */
static inline uint32_t sk_assembly_used(const struct sk_assembly *pieces)
{
	return pieces->count != 0 ? pieces->end[pieces->count - 1] : 0;
}
/* How many have come without a gap from the start. */
static inline uint32_t sk_assembly_prefix(const struct sk_assembly *pieces)
{
	return pieces->count != 0 && pieces->start[0] == 0 ? pieces->end[0] : 0;
}
/* Put bytes at an offset; what lies beyond size (at most SK_ASSEMBLY_BYTES_MAX) is left out. False: too many pieces wait. */
SK_MUST bool sk_assembly_put(struct sk_assembly *pieces, uint8_t *buffer, uint32_t size, uint32_t offset, struct sk_cur bytes);
/* Remove the first n bytes of the prefix. */
void sk_assembly_consume(struct sk_assembly *pieces, uint8_t *buffer, uint32_t n);

#endif
