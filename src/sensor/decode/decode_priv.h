/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of decode share. */
#ifndef SK_DECODE_PRIV_H
#define SK_DECODE_PRIV_H

#include "decode/decode.h"

enum {
	SK_IPV4_HEADER_MIN = 20, SK_IPV4_HEADER_MAX = 60, SK_IPV6_HEADER = 40, SK_FRAGMENT_HEADER = 8,
	SK_TCP_HEADER_MIN = 20, SK_UDP_HEADER = 8,
	SK_FRAGMENTS_MAX = 128,      /* frames of one datagram: 64 KiB in 512-byte pieces; more is undecodable */
	SK_FRAGMENT_BLOCK_BYTES = 2048,
	SK_DATAGRAMS_OUT = 2         /* a datagram may hold a fragment that completes the next one */
};

enum sk_ip_proto {
	SK_PROTO_HOP_BY_HOP = 0, SK_PROTO_ICMP = 1, SK_PROTO_TCP = 6, SK_PROTO_UDP = 17, SK_PROTO_ROUTING = 43, SK_PROTO_FRAGMENT = 44,
	SK_PROTO_ICMPV6 = 58, SK_PROTO_NONE = 59, SK_PROTO_DESTINATION = 60, SK_PROTO_SCTP = 132, SK_PROTO_MOBILITY = 135, SK_PROTO_HIP = 139,
	SK_PROTO_SHIM6 = 140
};

/* One IP header with its extension headers. */
struct sk_ip {
	struct sk_addr source, destination;
	uint8_t proto;                /* what payload holds */
	uint8_t ttl;
	bool fragment, more;          /* a fragment that is not atomic (RFC 6946); more fragments follow */
	uint32_t fragment_id;
	uint32_t fragment_offset;     /* bytes */
	uint32_t header_bytes;        /* of the fixed header: IPv4 with options, IPv6 40 */
	uint32_t payload_wire_bytes;
	struct sk_cur header;         /* over header_bytes */
	struct sk_cur payload;        /* what was captured of it */
};

/* Parse the headers at the start of bytes. False: cut off inside them, or impossible. */
SK_MUST bool sk_ip_parse(struct sk_cur bytes, uint32_t wire_length, struct sk_ip *out);
/* Fill the transport fields of *packet from ip. False: the head is cut off before its first facts, or impossible. */
SK_MUST bool sk_transport_parse(const struct sk_ip *ip, struct sk_packet *packet);

struct sk_fragments; /* fragment.c */

/* Allocate and touch. SK_ENOMEM. */
SK_MUST enum sk_err sk_fragments_new(const struct sk_decoder_limits *limits, const uint8_t key[16], struct sk_fragments **out);
/* Wipe and free (NULL is fine). */
void sk_fragments_free(struct sk_fragments *fragments);
/* Put one fragment. SK_DECODE_HELD, SK_DECODE_DATAGRAM with *datagram filled, or SK_DECODE_BAD. */
SK_MUST enum sk_decoded sk_fragments_put(struct sk_fragments *fragments, const struct sk_admitted_info *info, const struct sk_ip *ip,
					 struct sk_datagram *datagram);
/* The rest as decode.h says of their namesakes. */
void sk_fragments_release(struct sk_fragments *fragments, struct sk_datagram *datagram);
void sk_fragments_expire(struct sk_fragments *fragments, int64_t now_ns, struct sk_fragment_loss *loss);
void sk_fragments_held(const struct sk_fragments *fragments, uint64_t *frames, uint64_t *bytes);
size_t sk_fragments_residue(const struct sk_fragments *fragments);

#endif
