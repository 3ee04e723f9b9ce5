/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for the gate: it admits whatever bytes a test hands it. Include once in a program; it takes the place of gate.c's two accessors. */
#ifndef FAKE_ADMITTED_H
#define FAKE_ADMITTED_H

#include "decode/decode.h"

struct sk_admitted {
	struct sk_admitted_info info;
	const uint8_t *bytes;
	size_t captured;
	uint32_t wire;
};

const struct sk_admitted_info *sk_admitted_info(const struct sk_admitted *admitted)
{
	return &admitted->info;
}

struct sk_cur sk_admitted_bytes(const struct sk_admitted *admitted, uint32_t *wire_length)
{
	*wire_length = admitted->wire;
	return sk_cur_of(admitted->bytes, admitted->captured);
}

/* A plain packet of class FD at time_ns, one frame with an Ethernet header. */
static inline struct sk_admitted fake_admitted(const void *bytes, size_t length, int64_t time_ns)
{
	return (struct sk_admitted){
		.info = {.time_ns = time_ns, .wire_bytes = (uint32_t)length + 14, .frames = 1, .class_ = SK_CLASS_FD, .inner_class = SK_CLASS_FD,
				.layers = 1},
		.bytes = bytes,
		.captured = length,
		.wire = (uint32_t)length,
	};
}

/* What the gate makes of a reassembled datagram: its wire length is what its header says. */
static inline struct sk_admitted fake_datagram(const struct sk_datagram *datagram)
{
	const uint8_t *b = datagram->bytes;
	uint32_t wire = b[0] >> 4 == 4 ? (uint32_t)(b[2] << 8 | b[3]) : 40u + (uint32_t)(b[4] << 8 | b[5]);
	return (struct sk_admitted){.info = datagram->seen, .bytes = b, .captured = datagram->length < wire ? datagram->length : wire, .wire = wire};
}

#endif
