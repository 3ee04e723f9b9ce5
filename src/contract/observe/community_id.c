/* SPDX-License-Identifier: Apache-2.0 */
/* Community ID flow hashing, version 1, seed 0: "1:" base64(SHA-1(seed || smaller address || larger address || protocol || 0 || ports)).
   SHA-1 only because that specification says so; nothing here relies on its strength. */
#include <openssl/evp.h>
#include <string.h>

#include "observe/observe.h"
#include "text/text.h"
#include "wire/wire.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58, PROTO_SCTP = 132, SHA1_BYTES = 20 };

/* ICMP types that have a counterpart (the specification's table); all others make one-way flows, which are never turned round. */
static bool icmp_has_counterpart(uint8_t ip_proto, uint16_t type)
{
	static const uint8_t v4[] = {0, 8, 9, 10, 13, 14, 15, 16, 17, 18}, v6[] = {128, 129, 130, 131, 133, 134, 135, 136, 139, 140, 144, 145};
	const uint8_t *types = ip_proto == PROTO_ICMP ? v4 : v6;
	size_t count = ip_proto == PROTO_ICMP ? sizeof v4 : sizeof v6;
	for (size_t i = 0; i < count; i++)
		if (types[i] == type)
			return true;
	return false;
}

const char *sk_observation_community_id(const struct sk_observation *observation, char text[SK_OBSERVATION_COMMUNITY_ID_MAX])
{
	const struct sk_addr *from = &observation->initiator, *to = &observation->responder;
	uint16_t from_port = observation->initiator_port, to_port = observation->responder_port;
	uint8_t proto = observation->ip_proto;
	size_t addr_length = from->family == 4 ? 4 : 16;
	bool icmp = proto == PROTO_ICMP || proto == PROTO_ICMPV6;
	bool ports = icmp || proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
	int order = memcmp(from->bytes, to->bytes, addr_length);
	bool turn = order > 0 || (order == 0 && ports && from_port > to_port);
	if (icmp && !icmp_has_counterpart(proto, from_port))
		turn = false;
	if (turn) {
		const struct sk_addr *addr = from;
		from = to;
		to = addr;
		uint16_t port = from_port;
		from_port = to_port;
		to_port = port;
	}
	uint8_t input[2 + 16 + 16 + 2 + 4], digest[EVP_MAX_MD_SIZE];
	struct sk_out o = sk_out_of(input, sizeof input);
	sk_put_be16(&o, 0);
	sk_put_bytes(&o, from->bytes, addr_length);
	sk_put_bytes(&o, to->bytes, addr_length);
	sk_put_u8(&o, proto);
	sk_put_u8(&o, 0);
	if (ports) {
		sk_put_be16(&o, from_port);
		sk_put_be16(&o, to_port);
	}
	unsigned length = 0;
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	if (EVP_Digest(input, sk_out_length(&o), digest, &length, EVP_sha1(), NULL) != 1 || length != SHA1_BYTES) {
		/* A library without SHA-1 (a strict FIPS provider): say so rather than lie. */
		memcpy(text, "-", 2);
		return text;
	}
	memcpy(text, "1:", 2);
	sk_base64_encode(digest, SHA1_BYTES, text + 2);
	return text;
}
