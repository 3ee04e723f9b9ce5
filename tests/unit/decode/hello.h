/* SPDX-License-Identifier: Apache-2.0 */
/* A small writer of ClientHellos for tests and seeds. */
#ifndef HELLO_H
#define HELLO_H

#include "wire/wire.h"

struct hello_recipe {
	uint16_t version;
	unsigned ciphers;             /* 0x1301, 0x1302, … after one GREASE value */
	const char *name;             /* NULL = no SNI */
	const char *alpn;             /* NULL = none */
	size_t alpn_bytes;
	bool tls13;                   /* supported_versions with GREASE, 1.3, 1.2 */
	unsigned padding;             /* bytes of extension 21 */
};

static inline size_t hello_body(uint8_t *out, size_t capacity, const struct hello_recipe *r)
{
	uint8_t extensions[20000];
	struct sk_out e = sk_out_of(extensions, sizeof extensions);
	sk_put_be32(&e, 0x1a1a0000); /* GREASE */
	if (r->name != NULL) {
		uint16_t length = (uint16_t)strlen(r->name);
		sk_put_be16(&e, 0);
		sk_put_be16(&e, (uint16_t)(length + 5));
		sk_put_be16(&e, (uint16_t)(length + 3));
		sk_put_u8(&e, 0);
		sk_put_be16(&e, length);
		sk_put_bytes(&e, r->name, length);
	}
	if (r->alpn != NULL) {
		sk_put_be16(&e, 16);
		sk_put_be16(&e, (uint16_t)(r->alpn_bytes + 3));
		sk_put_be16(&e, (uint16_t)(r->alpn_bytes + 1));
		sk_put_u8(&e, (uint8_t)r->alpn_bytes);
		sk_put_bytes(&e, r->alpn, r->alpn_bytes);
	}
	sk_put_bytes(&e, "\0\x0a\0\6\0\4\x2a\x2a\0\x1d" "\0\x0b\0\2\1\0" "\0\x0d\0\x08\0\6\x3a\x3a\4\3\x08\4", 28);
	if (r->tls13)
		sk_put_bytes(&e, "\0\x2b\0\7\6\x4a\x4a\3\4\3\3", 11);
	if (r->padding != 0) {
		sk_put_be16(&e, 21);
		sk_put_be16(&e, (uint16_t)r->padding);
		for (unsigned i = 0; i < r->padding; i++)
			sk_put_u8(&e, (uint8_t)(i * 31));
	}
	struct sk_out o = sk_out_of(out, capacity);
	sk_put_be16(&o, r->version);
	for (unsigned i = 0; i < 32; i++)
		sk_put_u8(&o, (uint8_t)(0xa0 + i));
	sk_put_u8(&o, 0);
	sk_put_be16(&o, (uint16_t)(r->ciphers * 2 + 2));
	sk_put_be16(&o, 0x0a0a);
	for (unsigned i = 0; i < r->ciphers; i++)
		sk_put_be16(&o, (uint16_t)(0x1301 + i));
	sk_put_be16(&o, 0x0100);
	sk_put_be16(&o, (uint16_t)sk_out_length(&e));
	sk_put_bytes(&o, extensions, sk_out_length(&e));
	return sk_out_length(&o);
}

/* The handshake message. */
static inline size_t hello_message(uint8_t *out, size_t capacity, const struct hello_recipe *r)
{
	size_t length = hello_body(out + 4, capacity - 4, r);
	struct sk_out o = sk_out_of(out, 4);
	sk_put_be32(&o, 0x01000000 | (uint32_t)length);
	return length + 4;
}

/* The stream: the message in records of at most record_bytes. */
static inline size_t hello_stream(uint8_t *out, size_t capacity, const struct hello_recipe *r, size_t record_bytes)
{
	uint8_t message[20000];
	struct sk_cur c = sk_cur_of(message, hello_message(message, sizeof message, r));
	struct sk_out o = sk_out_of(out, capacity);
	while (sk_more(&c)) {
		struct sk_cur part = sk_carve_at_most(&c, record_bytes);
		size_t length = sk_left(&part);
		sk_put_u8(&o, 22);
		sk_put_be16(&o, 0x0301);
		sk_put_be16(&o, (uint16_t)length);
		sk_put_bytes(&o, sk_take(&part, length), length);
	}
	return sk_out_length(&o);
}

#endif
