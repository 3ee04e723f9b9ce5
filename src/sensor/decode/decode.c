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

enum sk_decoded sk_decode(struct sk_decoder *decoder, const struct sk_admitted *admitted, struct sk_packet *packet, struct sk_datagram *datagram)
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
