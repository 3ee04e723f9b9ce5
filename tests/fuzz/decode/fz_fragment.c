/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence of fragments. Each takes 6 bytes of the input: what kind, id, offset, length, cut, time step. Frames are conserved, nothing stays. */
#include "../../unit/decode/fake_admitted.h"
#include "../../unit/decode/packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const uint8_t key[16] = "fuzz";
	static uint8_t packet[PACKET_MAX], body[PACKET_MAX], payload[PACKET_MAX];
	static struct sk_decoder *decoder;
	struct sk_decoder_limits limits = {.datagrams = 4, .datagram_bytes = 30000, .pool_bytes = 64 << 10, .timeout_ns = 1000};
	if (decoder == NULL)
		SK_INVARIANT(sk_decoder_new(&limits, key, &decoder) == SK_OK);
	struct sk_cur c = sk_cur_of(bytes, length);
	uint64_t in = 0, out = 0;
	int64_t now = 0;
	struct sk_fragment_loss loss = {0};
	while (sk_left(&c) >= 6) {
		uint8_t kind = sk_u8(&c), id = sk_u8(&c), offset = sk_u8(&c), size = sk_u8(&c), cut = sk_u8(&c);
		now += (int8_t)sk_u8(&c) * 10;
		size_t at = (size_t)offset * ((kind & 4) != 0 ? 1480 : 8), bytes_of_it = (size_t)size * ((kind & 8) != 0 ? 185 : 8) + (kind >> 6);
		if (at > 65528 || at + bytes_of_it > 65500)
			continue;
		memset(payload, (int)(0x40 + (kind >> 4 & 3)), bytes_of_it);
		size_t total;
		if ((kind & 1) != 0) {
			struct sk_out o = sk_out_of(body, sizeof body);
			sk_put_be16(&o, 17 << 8);
			sk_put_be16(&o, (uint16_t)(at | (kind >> 1 & 1)));
			sk_put_be32(&o, id & 3u);
			sk_put_bytes(&o, payload, bytes_of_it);
			total = put_v6(packet, 1, 2, 44, body, sk_out_length(&o));
		} else {
			total = put_v4(packet, "abcd", "efgh", 17, id & 3, (uint16_t)(at / 8 | ((kind & 2) != 0 ? 0x2000 : 0)), payload, bytes_of_it);
		}
		struct sk_admitted admitted = fake_admitted(packet, total, now);
		admitted.captured -= cut < bytes_of_it ? cut : bytes_of_it;
		struct sk_packet decoded;
		struct sk_datagram datagram;
		in++;
		switch (sk_decode(decoder, &admitted, &decoded, &datagram)) {
		case SK_DECODE_DATAGRAM:
			SK_INVARIANT(datagram.length <= limits.datagram_bytes + 40 && datagram.seen.frames >= 1 && datagram.seen.frames <= 128);
			out += datagram.seen.frames;
			for (size_t i = (kind & 1) != 0 ? 40 : 20; i < datagram.length; i++)
				SK_INVARIANT(datagram.bytes[i] >= 0x40 && datagram.bytes[i] < 0x44);
			struct sk_admitted whole = fake_datagram(&datagram);
			struct sk_datagram inner;
			SK_INVARIANT(sk_decode(decoder, &whole, &decoded, &inner) != SK_DECODE_HELD);
			sk_decode_release_datagram(decoder, &datagram);
			break;
		case SK_DECODE_HELD:
			break;
		default: /* an atomic fragment, or a bad one */
			out++;
			break;
		}
		sk_decode_expire(decoder, now, &loss);
		uint64_t held = 0, held_bytes = 0;
		sk_decode_held(decoder, &held, &held_bytes);
		SK_INVARIANT(in == out + held + loss.timeout_frames + loss.evicted_frames + loss.bad_frames);
	}
	sk_decode_expire(decoder, INT64_MAX, &loss);
	uint64_t held = 0, held_bytes = 0;
	sk_decode_held(decoder, &held, &held_bytes);
	SK_INVARIANT(held == 0 && held_bytes == 0 && sk_decode_residue(decoder) == 0);
	return 0;
}
