/* SPDX-License-Identifier: Apache-2.0 */
/* One packet: any bytes from an IP header on. The first byte says how much of it the capture cut off. */
#include <stdlib.h>

#include "../../unit/decode/fake_admitted.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void decode(const uint8_t *bytes, size_t captured, uint32_t wire, struct sk_packet *packet, enum sk_decoded *verdict)
{
	static const uint8_t key[16] = "fuzz";
	static struct sk_decoder *decoder;
	struct sk_decoder_limits limits = {.datagrams = 4, .datagram_bytes = 65535, .pool_bytes = 64 << 10, .timeout_ns = 1000};
	if (decoder == NULL)
		SK_INVARIANT(sk_decoder_new(&limits, key, &decoder) == SK_OK);
	struct sk_admitted admitted = fake_admitted(bytes, captured, 5);
	admitted.wire = wire;
	struct sk_datagram datagram = {.bytes = NULL};
	*packet = (struct sk_packet){.ttl = 0};
	*verdict = sk_decode(decoder, &admitted, packet, &datagram);
	if (*verdict == SK_DECODE_DATAGRAM)
		sk_decode_release_datagram(decoder, &datagram);
	struct sk_fragment_loss loss = {0};
	sk_decode_expire(decoder, INT64_MAX, &loss);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 1)
		return 0;
	uint32_t wire = (uint32_t)(length - 1);
	size_t captured = wire - (wire < bytes[0] ? wire : bytes[0]);
	uint8_t *exact = malloc(captured != 0 ? captured : 1);
	if (exact == NULL)
		return 0;
	memcpy(exact, bytes + 1, captured);
	struct sk_packet packet, again;
	enum sk_decoded verdict, verdict_again;
	decode(exact, captured, wire, &packet, &verdict);
	decode(exact, captured, wire, &again, &verdict_again);
	SK_INVARIANT(verdict == verdict_again && memcmp(&packet, &again, sizeof packet) == 0);
	if (verdict == SK_DECODED) {
		SK_INVARIANT(packet.source.family == packet.destination.family && (packet.source.family == 4 || packet.source.family == 6));
		SK_INVARIANT(packet.ip_bytes == wire && packet.payload_wire_bytes < wire);
		SK_INVARIANT(sk_left(&packet.payload) <= packet.payload_wire_bytes);
		SK_INVARIANT(!sk_more(&packet.payload) || (packet.payload.at > exact && packet.payload.end <= exact + captured));
		SK_INVARIANT(!packet.quoted || !sk_more(&packet.payload));
		SK_INVARIANT(packet.has_ports == (packet.ip_proto == 6 || packet.ip_proto == 17 || packet.ip_proto == 132));
	}
	free(exact);
	return 0;
}
