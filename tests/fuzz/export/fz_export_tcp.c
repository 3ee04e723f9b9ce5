/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of TCP towards a collector, in any order: two bytes of where (signed, from what was sent last), a byte of flags and port, two of length, then the payload. The stream's
   bytes are IPFIX or not; nothing is left at the end. */
#include "fz_export.h"
#include "wire/wire.h"

static struct sk_carrier *carrier;

static void put_frame(struct sk_out *o, uint8_t bits, uint32_t sequence, struct sk_cur payload)
{
	static const uint8_t ends[8] = {192, 0, 2, 5, 192, 0, 2, 9};
	size_t length = sk_left(&payload);
	sk_put_be32(o, 0x45000000 | (uint32_t)(40 + length));
	sk_put_be32(o, 0);
	sk_put_be32(o, 0x40060000);
	sk_put_bytes(o, ends, sizeof ends);
	sk_put_be16(o, (uint16_t)(5000 + (bits >> 6)));
	sk_put_be16(o, 4739);
	sk_put_be32(o, sequence);
	sk_put_be32(o, 0);
	sk_put_be16(o, (uint16_t)(0x5000 | (bits & 0x3f)));
	sk_put_be16(o, 0);
	sk_put_be32(o, 0);
	sk_put_bytes(o, sk_take(&payload, length), length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t frame_bytes[40 + 65536];
	struct sk_cur c = sk_cur_of(bytes, length);
	struct sk_fault fault;
	uint32_t at = 1000;
	fz_start();
	if (carrier == NULL) {
		struct sk_carrier_config config = {.export_ = fz_export, .border = fz_world.border, .classes = fz_world.basis.classes};
		SK_INVARIANT(sk_carrier_new(&config, &carrier) == SK_OK);
	}
	for (unsigned i = 0; sk_left(&c) >= 5 && i < 256; i++) {
		uint32_t sequence = at + (uint32_t)(int16_t)sk_be16(&c);
		uint8_t bits = sk_u8(&c);
		size_t wanted = sk_be16(&c);
		struct sk_cur payload = sk_carve_at_most(&c, wanted < 65000 ? wanted : 65000);
		struct sk_out o = sk_out_of(frame_bytes, sizeof frame_bytes);
		at = sequence + (uint32_t)sk_left(&payload);
		put_frame(&o, bits, sequence, payload);
		struct sk_frame frame = {.bytes = frame_bytes, .captured_bytes = (uint32_t)sk_out_length(&o), .wire_bytes = (uint32_t)sk_out_length(&o), .time_ns = FZ_NS + i,
					 .link = SK_LINK_RAW_IP};
		SK_INVARIANT(sk_out_done(&o) == SK_OK && sk_carrier_frame(carrier, &frame, &fault) == SK_OK);
		fz_check();
	}
	sk_carrier_end(carrier);
	static unsigned runs; /* it reads four megabytes */
	SK_INVARIANT(++runs % 64 != 0 || sk_carrier_residue(carrier) == 0);
	return 0;
}
