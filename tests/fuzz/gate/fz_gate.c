/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a frame: the gate must agree with the reference judge, erase what it refuses, touch nothing else, and judge no shorter slice more
   leniently. Byte 0: link, byte 1: classes covered, byte 2: bytes that a slice took, bytes from 3: the frame. */
#include <stdlib.h>

#include "../../unit/gate/fake_border.h"
#include "../../unit/gate/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { HEAD_BYTES = 3, FRAME_MAX_BYTES = 4096, LINKS = SK_LINK_LOOP + 1 };

static bool is(const uint8_t *bytes, const uint8_t *expected, size_t length)
{
	uint8_t differs = 0;
	for (size_t i = 0; i < length; i++)
		differs |= (uint8_t)(bytes[i] ^ (expected != NULL ? expected[i] : 0));
	return differs == 0;
}

static struct sk_verdict judge(struct sk_gate *gate, const uint8_t *bytes, size_t captured, size_t wire, uint8_t link, const struct reference_verdict *want)
{
	uint8_t *copy = malloc(captured != 0 ? captured : 1);
	SK_INVARIANT(copy != NULL);
	memcpy(copy, bytes, captured);
	struct sk_frame frame = {.bytes = copy, .captured_bytes = (uint32_t)captured, .wire_bytes = (uint32_t)wire, .link = link};
	struct sk_verdict verdict;
	sk_gate_judge_batch(gate, &frame, 1, &verdict);
	SK_INVARIANT(is(copy, verdict.admitted != NULL ? bytes : NULL, captured));
	SK_INVARIANT((verdict.reason == SK_GATE_ADMITTED) == (verdict.admitted != NULL));
	if (want != NULL) {
		SK_INVARIANT(verdict.reason == want->reason && verdict.class_ == want->class_);
		if (verdict.admitted != NULL) {
			const struct sk_admitted_info *info = sk_admitted_info(verdict.admitted);
			uint32_t packet_wire;
			struct sk_cur packet = sk_admitted_bytes(verdict.admitted, &packet_wire);
			SK_INVARIANT(info->layers == want->layers && info->tunnels == want->tunnels && info->inner_class == want->inner_class);
			SK_INVARIANT(packet.at == copy + want->packet_at && sk_left(&packet) == want->packet_captured && packet_wire == want->packet_wire);
		}
	}
	free(copy);
	verdict.admitted = NULL;
	return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_gate *gates[8]; /* one for each coverage, made once for all inputs */
	if (length < HEAD_BYTES || length > FRAME_MAX_BYTES)
		return 0;
	unsigned covered = bytes[1] % 8;
	if (gates[covered] == NULL)
		SK_INVARIANT(sk_gate_new(fake_border(), covered, &gates[covered]) == SK_OK);
	const uint8_t *frame_bytes = bytes + HEAD_BYTES;
	size_t captured = length - HEAD_BYTES, wire = captured + bytes[2];
	uint8_t link = bytes[0] % LINKS;
	struct sk_frame frame = {.bytes = malloc(captured + 1), .captured_bytes = (uint32_t)captured, .wire_bytes = (uint32_t)wire, .link = link};
	SK_INVARIANT(frame.bytes != NULL);
	memcpy(frame.bytes, frame_bytes, captured);
	struct reference_verdict want = reference_judge(&frame, covered, REFERENCE_HONEST);
	free(frame.bytes);
	struct sk_verdict whole = judge(gates[covered], frame_bytes, captured, wire, link, &want);
	if (whole.reason != SK_GATE_ADMITTED)
		for (size_t less = captured; less > 0 && captured - less < 64; less--)
			SK_INVARIANT(judge(gates[covered], frame_bytes, less - 1, wire, link, NULL).reason != SK_GATE_ADMITTED);

	struct sk_admitted_info seen = {.layers = (uint8_t)(1 + bytes[2] % SK_GATE_LAYERS_MAX), .class_ = SK_CLASS_FD, .frames = 2};
	uint8_t *datagram = malloc(captured + 1);
	SK_INVARIANT(datagram != NULL);
	memcpy(datagram, frame_bytes, captured);
	struct sk_verdict verdict = sk_gate_judge_datagram(gates[covered], &seen, datagram, captured);
	SK_INVARIANT(verdict.class_ == SK_CLASS_FD && is(datagram, verdict.admitted != NULL ? frame_bytes : NULL, captured));
	free(datagram);
	return 0;
}
