/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of any link, through the carrier: each a byte of link and length (2), then the frame. Frames are not altered; at the end nothing of them is left. */
#include "fz_export.h"
#include "wire/wire.h"

static struct sk_carrier *carrier;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t frame_bytes[65536], kept[65536];
	struct sk_cur c = sk_cur_of(bytes, length);
	struct sk_fault fault;
	fz_start();
	if (carrier == NULL) {
		struct sk_carrier_config config = {.export_ = fz_export, .border = fz_world.border, .classes = fz_world.basis.classes};
		SK_INVARIANT(sk_carrier_new(&config, &carrier) == SK_OK);
	}
	for (unsigned i = 0; sk_left(&c) >= 3 && i < 256; i++) {
		uint8_t link = sk_u8(&c) % (SK_LINK_LOOP + 1);
		size_t wanted = sk_be16(&c);
		struct sk_cur part = sk_carve_at_most(&c, wanted);
		size_t there = sk_left(&part);
		sk_copy(&part, frame_bytes, there);
		memcpy(kept, frame_bytes, there);
		struct sk_frame frame = {.bytes = frame_bytes, .captured_bytes = (uint32_t)there, .wire_bytes = (uint32_t)wanted, .time_ns = FZ_NS + i, .link = link};
		SK_INVARIANT(sk_carrier_frame(carrier, &frame, &fault) == SK_OK);
		SK_INVARIANT(memcmp(kept, frame_bytes, there) == 0);
		fz_check();
	}
	sk_carrier_end(carrier);
	static unsigned runs; /* it reads four megabytes */
	SK_INVARIANT(++runs % 64 != 0 || sk_carrier_residue(carrier) == 0);
	return 0;
}
