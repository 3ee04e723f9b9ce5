/* SPDX-License-Identifier: Apache-2.0 */
/* A small writer of IP packets for tests; the caller's buffer has room for the header and the payload. */
#ifndef PACKETS_H
#define PACKETS_H

#include "wire/wire.h"

enum { PACKET_MAX = 70000 };

/* IPv4 header around a payload; flags_offset as on the wire. Returns the length. */
static inline size_t put_v4(uint8_t *out, const char source[4], const char destination[4], uint8_t proto, uint16_t id, uint16_t flags_offset,
			    const void *payload, size_t length)
{
	struct sk_out o = sk_out_of(out, 20 + length);
	sk_put_be16(&o, 0x4500);
	sk_put_be16(&o, (uint16_t)(20 + length));
	sk_put_be16(&o, id);
	sk_put_be16(&o, flags_offset);
	sk_put_u8(&o, 64);
	sk_put_u8(&o, proto);
	sk_put_be16(&o, 0);
	sk_put_bytes(&o, source, 4);
	sk_put_bytes(&o, destination, 4);
	sk_put_bytes(&o, payload, length);
	return sk_out_length(&o);
}

/* IPv6 fixed header around a payload; last bytes tell the ends apart. */
static inline size_t put_v6(uint8_t *out, uint8_t source, uint8_t destination, uint8_t next, const void *payload, size_t length)
{
	struct sk_out o = sk_out_of(out, 40 + length);
	uint8_t addr[16] = {0x20, 0x01, 0x0d, 0xb8};
	sk_put_be32(&o, 0x60000000);
	sk_put_be16(&o, (uint16_t)length);
	sk_put_u8(&o, next);
	sk_put_u8(&o, 63);
	addr[15] = source;
	sk_put_bytes(&o, addr, 16);
	addr[15] = destination;
	sk_put_bytes(&o, addr, 16);
	sk_put_bytes(&o, payload, length);
	return sk_out_length(&o);
}

static inline size_t put_udp(uint8_t *out, uint16_t source, uint16_t destination, const void *payload, size_t length)
{
	struct sk_out o = sk_out_of(out, 8 + length);
	sk_put_be16(&o, source);
	sk_put_be16(&o, destination);
	sk_put_be16(&o, (uint16_t)(8 + length));
	sk_put_be16(&o, 0);
	sk_put_bytes(&o, payload, length);
	return sk_out_length(&o);
}

static inline size_t put_tcp(uint8_t *out, uint16_t source, uint16_t destination, uint32_t sequence, uint8_t flags, const void *payload,
		size_t length)
{
	struct sk_out o = sk_out_of(out, 20 + length);
	sk_put_be16(&o, source);
	sk_put_be16(&o, destination);
	sk_put_be32(&o, sequence);
	sk_put_be32(&o, 0);
	sk_put_u8(&o, 5 << 4);
	sk_put_u8(&o, flags);
	sk_put_be16(&o, 1000);
	sk_put_be32(&o, 0);
	sk_put_bytes(&o, payload, length);
	return sk_out_length(&o);
}

#endif
