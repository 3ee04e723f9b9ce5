/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/decode.h"

#include <stdlib.h>

#include "decode/decode_priv.h"

struct sk_decoder {
	struct sk_fragments *fragments;
};

struct sk_decoder_limits sk_decoder_default_limits(void)
{
	return (struct sk_decoder_limits){.datagrams = 1024, .datagram_bytes = 65535, .pool_bytes = 8 << 20, .timeout_ns = INT64_C(30000000000)};
}

enum sk_err sk_decoder_new(const struct sk_decoder_limits *limits, const uint8_t key[16], struct sk_decoder **out)
{
	struct sk_decoder *decoder = calloc(1, sizeof *decoder);
	if (decoder == NULL)
		return SK_ENOMEM;
	enum sk_err err = sk_fragments_new(limits, key, &decoder->fragments);
	if (err != SK_OK) {
		free(decoder);
		return err;
	}
	*out = decoder;
	return SK_OK;
}

void sk_decoder_free(struct sk_decoder *decoder)
{
	if (decoder == NULL)
		return;
	sk_fragments_free(decoder->fragments);
	free(decoder);
}

/* Bytes of IP on the wire. A reassembled datagram came in info->frames packets, each with its own IP header (and fragment header). */
static uint32_t ip_bytes_of(const struct sk_admitted_info *info, const struct sk_ip *ip, uint32_t wire_length)
{
	if (info->frames <= 1)
		return wire_length;
	if (ip->source.family == 4)
		return wire_length + (info->frames - 1) * SK_IPV4_HEADER_MIN;
	return wire_length + info->frames * SK_FRAGMENT_HEADER + (info->frames - 1) * SK_IPV6_HEADER;
}

/* The gate told that the IP header is the plain one, so every field stands at a fixed place. A transport header that is cut, impossible or of another length than
   its packet, and the shortest of UDP, go the long way, which says what becomes of them. */
__attribute__((always_inline)) static inline bool decode_plain_of(const struct sk_admitted_info *info, struct sk_cur bytes, struct sk_packet *packet, bool v4)
{
	const uint32_t header_bytes = v4 ? SK_IPV4_HEADER_MIN : SK_IPV6_HEADER, ip_bytes = (uint32_t)sk_left(&bytes), below_bytes = ip_bytes - header_bytes;
	struct sk_view ip = sk_view_of(&bytes, header_bytes + SK_TCP_HEADER_MIN);
	if (SK_UNLIKELY(!sk_view_is(ip)))
		return false;
	/* Which of both it is cannot be guessed from the packet before, so no branch depends on it: what only TCP has is 0 in UDP. */
	const uint8_t proto = sk_view_u8(ip, v4 ? 9 : 6);
	const uint32_t if_tcp = -(uint32_t)(proto == SK_PROTO_TCP), tcp_bytes = (sk_view_u8(ip, header_bytes + 12) & 0xf0u) / 4;
	const uint32_t transport_bytes = SK_UDP_HEADER ^ ((SK_UDP_HEADER ^ tcp_bytes) & if_tcp);
	const bool tcp_short = (tcp_bytes < SK_TCP_HEADER_MIN) & if_tcp, udp_differs = ((sk_view_be16(ip, header_bytes + 4) ^ below_bytes) & ~if_tcp) != 0;
	if (SK_UNLIKELY(tcp_short | udp_differs | (transport_bytes > below_bytes)))
		return false;
	/* Every member, one by one: built as a whole, bytes that were stored one by one are read back as words, and the processor waits for them. */
	packet->source.family = packet->destination.family = v4 ? 4 : 6;
	if (v4) {
		memset(packet->source.bytes, 0, sizeof packet->source.bytes);
		memset(packet->destination.bytes, 0, sizeof packet->destination.bytes);
		memcpy(packet->source.bytes, sk_view_at(ip, 12), 4);
		memcpy(packet->destination.bytes, sk_view_at(ip, 16), 4);
	} else {
		memcpy(packet->source.bytes, sk_view_at(ip, 8), 16);
		memcpy(packet->destination.bytes, sk_view_at(ip, 24), 16);
	}
	packet->source_port = sk_view_be16(ip, header_bytes);
	packet->destination_port = sk_view_be16(ip, header_bytes + 2);
	packet->ip_proto = proto;
	packet->tcp_flags = sk_view_u8(ip, header_bytes + 13) & (uint8_t)if_tcp;
	packet->icmp_type = packet->icmp_code = 0;
	packet->ttl = sk_view_u8(ip, v4 ? 8 : 7);
	packet->class_ = info->class_;
	packet->inner_class = info->inner_class;
	packet->layers = 1;
	packet->interface = info->interface;
	packet->tunnels = info->tunnels;
	packet->sequence = sk_view_be32(ip, header_bytes + 4) & if_tcp;
	packet->frames = 1;
	packet->wire_bytes = info->wire_bytes;
	packet->ip_bytes = ip_bytes;
	packet->payload_wire_bytes = below_bytes - transport_bytes;
	packet->time_ns = info->time_ns;
	packet->has_ports = true;
	packet->quoted = false;
	packet->payload = sk_cur_of(sk_view_at(ip, header_bytes + transport_bytes), packet->payload_wire_bytes);
	return true;
}

__attribute__((noinline)) static bool decode_plain6(const struct sk_admitted_info *info, struct sk_cur bytes, struct sk_packet *packet)
{
	return decode_plain_of(info, bytes, packet, false);
}

/* Any packet, header by header. Apart, so that a plain one pays for none of it. */
__attribute__((noinline)) static enum sk_decoded decode_any(struct sk_decoder *decoder, const struct sk_admitted *admitted, struct sk_packet *packet,
							     struct sk_datagram *datagram)
{
	const struct sk_admitted_info *info = sk_admitted_info(admitted);
	uint32_t wire_length = 0;
	struct sk_cur bytes = sk_admitted_bytes(admitted, &wire_length);
	struct sk_ip ip;
	if (!sk_ip_parse(bytes, wire_length, &ip))
		return SK_DECODE_BAD;
	if (ip.fragment)
		return sk_fragments_put(decoder->fragments, info, &ip, datagram);
	*packet = (struct sk_packet){
		.source = ip.source,
		.destination = ip.destination,
		.ip_proto = ip.proto,
		.ttl = ip.ttl,
		.class_ = info->class_,
		.inner_class = info->inner_class,
		.layers = info->layers,
		.tunnels = info->tunnels,
		.interface = info->interface,
		.frames = info->frames,
		.wire_bytes = info->wire_bytes,
		.ip_bytes = ip_bytes_of(info, &ip, wire_length),
		.time_ns = info->time_ns,
		.payload = sk_cur_of(NULL, 0),
	};
	return sk_transport_parse(&ip, packet) ? SK_DECODED : SK_DECODE_BAD;
}

enum sk_decoded sk_decode(struct sk_decoder *decoder, const struct sk_admitted *admitted, struct sk_packet *packet, struct sk_datagram *datagram)
{
	const struct sk_admitted_info *info = sk_admitted_info(admitted);
	uint32_t wire_length = 0;
	if (SK_LIKELY(info->plain == 4) && decode_plain_of(info, sk_admitted_bytes(admitted, &wire_length), packet, true))
		return SK_DECODED;
	if (info->plain == 6 && decode_plain6(info, sk_admitted_bytes(admitted, &wire_length), packet))
		return SK_DECODED;
	return decode_any(decoder, admitted, packet, datagram);
}

void sk_decode_release_datagram(struct sk_decoder *decoder, struct sk_datagram *datagram)
{
	sk_fragments_release(decoder->fragments, datagram);
}

void sk_decode_expire(struct sk_decoder *decoder, int64_t now_ns, struct sk_fragment_loss *loss)
{
	sk_fragments_expire(decoder->fragments, now_ns, loss);
}

void sk_decode_held(const struct sk_decoder *decoder, uint64_t *frames, uint64_t *bytes)
{
	sk_fragments_held(decoder->fragments, frames, bytes);
}

size_t sk_decode_residue(const struct sk_decoder *decoder)
{
	return sk_fragments_residue(decoder->fragments);
}
