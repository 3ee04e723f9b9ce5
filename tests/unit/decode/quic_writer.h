/* SPDX-License-Identifier: Apache-2.0 */
/* A small writer of QUIC Initial packets for tests: RFC 9000 17.2.2, RFC 9001 5. */
#ifndef QUIC_WRITER_H
#define QUIC_WRITER_H

#include <openssl/evp.h>
#include <stdlib.h>

#include "decode/quic_priv.h"

struct quic_recipe {
	uint32_t version;
	bool from_client;
	struct sk_cur key_id;         /* what the keys come from */
	struct sk_cur destination, source, token;
	uint32_t number;
	size_t number_length;         /* 1 to 4 */
	uint8_t reserved_bits;        /* which must be 0 */
};

static inline void quic_put_number(struct sk_out *o, uint64_t value)
{
	if (value < 64)
		sk_put_u8(o, (uint8_t)value);
	else if (value < 16384)
		sk_put_be16(o, (uint16_t)(0x4000 | value));
	else
		sk_put_be32(o, 0x80000000 | (uint32_t)value);
}

static inline void quic_put_cursor(struct sk_out *o, struct sk_cur c)
{
	size_t length = sk_left(&c);
	if (length != 0) /* a recipe without a token has no bytes to point at */
		sk_put_bytes(o, sk_take(&c, length), length);
}

struct quic_keys {
	uint8_t key[16], iv[12], header[16];
};

static inline void quic_keys_of(uint32_t version, struct sk_cur id, bool client, struct quic_keys *out)
{
	static struct sk_quic_crypto *crypto;
	struct sk_quic_secret secret;
	if (crypto == NULL && sk_quic_crypto_new(&crypto) != SK_OK)
		abort();
	sk_quic_secret_of(crypto, sk_quic_version_of(version), id, client, &secret);
	sk_quic_packet_key(&secret, out->key, out->iv);
	sk_quic_header_key(&secret, out->header);
}

/* A CRYPTO frame. */
static inline void quic_put_crypto(struct sk_out *o, uint64_t offset, const void *bytes, size_t length)
{
	sk_put_u8(o, 6);
	quic_put_number(o, offset);
	quic_put_number(o, length);
	sk_put_bytes(o, bytes, length);
}

static inline void quic_must(int ok)
{
	if (ok != 1)
		abort();
}

static inline void quic_gcm(const uint8_t *key, const uint8_t *nonce, struct sk_cur header, struct sk_cur plain, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int length = 0, header_length = (int)sk_left(&header), plain_length = (int)sk_left(&plain);
	quic_must(EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, nonce));
	quic_must(EVP_EncryptUpdate(context, NULL, &length, sk_take(&header, (size_t)header_length), header_length));
	quic_must(EVP_EncryptUpdate(context, out, &length, sk_take(&plain, (size_t)plain_length), plain_length));
	quic_must(EVP_EncryptFinal_ex(context, out + plain_length, &length));
	quic_must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out + plain_length));
	EVP_CIPHER_CTX_free(context);
}

/* The packet with these frames, sealed and masked. */
static inline size_t quic_initial(uint8_t *out, size_t capacity, const struct quic_recipe *r, struct sk_cur frames)
{
	struct quic_keys keys;
	size_t frames_length = sk_left(&frames);
	const struct sk_quic_version *version = sk_quic_version_of(r->version);
	quic_keys_of(r->version, r->key_id, r->from_client, &keys);
	struct sk_out o = sk_out_of(out, capacity);
	sk_put_u8(&o, (uint8_t)(0xc0 | (version->types_turned ? 0x10 : 0) | r->reserved_bits | (r->number_length - 1)));
	sk_put_be32(&o, r->version);
	sk_put_u8(&o, (uint8_t)sk_left(&r->destination));
	quic_put_cursor(&o, r->destination);
	sk_put_u8(&o, (uint8_t)sk_left(&r->source));
	quic_put_cursor(&o, r->source);
	quic_put_number(&o, sk_left(&r->token));
	quic_put_cursor(&o, r->token);
	sk_put_be16(&o, (uint16_t)(0x4000 | (r->number_length + frames_length + 16)));
	size_t number_at = sk_out_length(&o);
	uint8_t nonce[12];
	memcpy(nonce, keys.iv, sizeof nonce);
	for (size_t i = 0; i < r->number_length; i++) {
		uint8_t byte = (uint8_t)(r->number >> 8 * (r->number_length - 1 - i));
		nonce[sizeof nonce - r->number_length + i] ^= byte;
		sk_put_u8(&o, byte);
	}
	size_t header_length = sk_out_length(&o);
	uint8_t *sealed = sk_put(&o, frames_length + 16);
	if (sealed == NULL)
		abort();
	quic_gcm(keys.key, nonce, sk_cur_of(out, header_length), frames, sealed);
	uint8_t mask[16];
	int length = 0;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	quic_must(EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, keys.header, NULL));
	quic_must(EVP_EncryptUpdate(context, mask, &length, out + number_at + 4, 16));
	EVP_CIPHER_CTX_free(context);
	out[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < r->number_length; i++)
		out[number_at + i] ^= mask[1 + i];
	return sk_out_length(&o);
}

#endif
