/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9001 5.2:  initial_secret = HKDF-Extract(salt of the version, client's first Destination Connection ID)
                  side_secret    = HKDF-Expand-Label(initial_secret, "client in" | "server in", "", 32)
                  key, iv, hp    = HKDF-Expand-Label(side_secret, "quic key" | "quic iv" | "quic hp", "", 16 | 12 | 16)
   Everything that is hashed here fits one block, so HMAC is four calls of SHA-256's block function, two of them done once a key (once a reader for
   the salts); nothing is allocated (see digest.c). The ciphers are EVP's, fetched once, in contexts that are kept. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "decode/quic_priv.h"

enum { HASH_BYTES = SHA256_DIGEST_LENGTH, BLOCK_BYTES = SHA256_CBLOCK, LENGTH_BYTES = 8, MESSAGE_MAX = BLOCK_BYTES - 1 - LENGTH_BYTES };

#define SALT_DRAFT_22 {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a}
#define SALT_DRAFT_23 {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02}
#define SALT_DRAFT_29 {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99}
#define SALT_1 {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a}
#define SALT_2 {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9}
#define SALT_DRAFT_V2 {0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d, 0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3}
#define SALT_T050 {0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10}
#define SALT_T051 {0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d}
#define RETRY_1 .has_retry = true, \
	.retry_key = {0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e}, \
	.retry_nonce = {0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb}
#define RETRY_2 .has_retry = true, \
	.retry_key = {0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92}, \
	.retry_nonce = {0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a}
#define RETRY_DRAFT_V2 .has_retry = true, \
	.retry_key = {0xba, 0x85, 0x8d, 0xc7, 0xb4, 0x3d, 0xe5, 0xdb, 0xf8, 0x76, 0x17, 0xff, 0x4a, 0xb2, 0x53, 0xdb}, \
	.retry_nonce = {0x14, 0x1b, 0x99, 0xc2, 0x39, 0xb0, 0x3e, 0x78, 0x5d, 0x6a, 0x2e, 0x9f}
#define RETRY_DRAFT_29 .has_retry = true, \
	.retry_key = {0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a, 0x09, 0xd0, 0x57, 0x28, 0x15, 0x5a, 0x6c, 0xb9, 0x6b, 0xe1}, \
	.retry_nonce = {0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c}

/* The drafts before 25 had a Retry without a tag, and drafts 25 to 28 are gone from the net: their Retry is not followed. */
static const struct sk_quic_version versions[] = {
	{0x00000001, 0x00000001, SALT_1, "quic ", .types_turned = false, RETRY_1},
	{0x6b3343cf, 0x6b3343cf, SALT_2, "quicv2 ", .types_turned = true, RETRY_2},
	{0x709a50c4, 0x709a50c4, SALT_DRAFT_V2, "quicv2 ", .types_turned = true, RETRY_DRAFT_V2},
	{0xff00001d, 0xff000020, SALT_DRAFT_29, "quic ", .types_turned = false, RETRY_DRAFT_29},
	{0xff000021, 0xff000022, SALT_1, "quic ", .types_turned = false, RETRY_1},
	{0xff000017, 0xff00001c, SALT_DRAFT_23, "quic "},
	{0xff000016, 0xff000016, SALT_DRAFT_22, "quic "},
	{0xfaceb001, 0xfaceb001, SALT_DRAFT_22, "quic "}, /* mvfst */
	{0xfaceb002, 0xfaceb002, SALT_DRAFT_23, "quic "},
	{0x54303530, 0x54303530, SALT_T050, "quic ", .google_frames = true}, /* Google's T050 and T051: TLS inside */
	{0x54303531, 0x54303531, SALT_T051, "quic ", .google_frames = true},
};

const struct sk_quic_version *sk_quic_version_of(uint32_t number)
{
	/* RFC 9000 15: ?a?a?a?a forces a Version Negotiation. The packet is filled as a version that its sender knows; ngtcp2 and Wireshark take this one. */
	if ((number & 0x0f0f0f0f) == 0x0a0a0a0a)
		number = 0xff00001d;
	for (size_t i = 0; i < SK_COUNT(versions); i++)
		if (number >= versions[i].first && number <= versions[i].last)
			return &versions[i];
	return NULL;
}

struct sk_quic_crypto {
	EVP_CIPHER_CTX *gcm, *block;
	struct sk_quic_secret salts[SK_COUNT(versions)];
};

/* ---- keys ---- */

static void hash_block(uint32_t state[8], const uint8_t block[BLOCK_BYTES])
{
	SHA256_CTX context;
	memcpy(context.h, state, sizeof context.h);
	SHA256_Transform(&context, block);
	memcpy(state, context.h, sizeof context.h);
}

static void hash_padded_key(uint32_t state[8], const uint8_t *key, size_t length, uint8_t pad)
{
	uint8_t block[BLOCK_BYTES];
	memset(block, pad, sizeof block);
	for (size_t i = 0; i < length; i++)
		block[i] ^= key[i];
	SHA256_CTX context;
	(void)SHA256_Init(&context);
	memcpy(state, context.h, sizeof context.h);
	hash_block(state, block);
}

static void hmac_init(struct sk_quic_secret *hmac, const uint8_t *key, size_t length)
{
	hash_padded_key(hmac->inner, key, length, 0x36);
	hash_padded_key(hmac->outer, key, length, 0x5c);
}

/* FIPS 180-4 5.1.1: the last block of a message of which one block (the key's) is hashed. */
static void hash_last(const uint32_t start[8], const uint8_t *message, size_t length, uint8_t out[HASH_BYTES])
{
	uint8_t block[BLOCK_BYTES] = {0};
	uint32_t state[8];
	struct sk_out o = sk_out_of(block, MESSAGE_MAX + 1);
	sk_put_bytes(&o, message, length);
	sk_put_u8(&o, 0x80);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	o = sk_out_of(block + MESSAGE_MAX + 1, LENGTH_BYTES);
	sk_put_be64(&o, (BLOCK_BYTES + length) * 8);
	memcpy(state, start, sizeof state);
	hash_block(state, block);
	o = sk_out_of(out, HASH_BYTES);
	for (size_t i = 0; i < SK_COUNT(state); i++)
		sk_put_be32(&o, state[i]);
}

static void hmac_of(const struct sk_quic_secret *hmac, const uint8_t *message, size_t length, uint8_t out[HASH_BYTES])
{
	hash_last(hmac->inner, message, length, out);
	hash_last(hmac->outer, out, HASH_BYTES, out);
}

/* RFC 8446 7.1, for at most one block: length (2), "tls13 " label <1>, context <1> = "", and HKDF's counter. */
static void expand(const struct sk_quic_secret *secret, const char *label, const char *more, uint8_t *out, size_t length)
{
	uint8_t info[MESSAGE_MAX], hash[HASH_BYTES];
	struct sk_out o = sk_out_of(info, sizeof info);
	size_t label_length = strlen(label), more_length = strlen(more);
	sk_put_be16(&o, (uint16_t)length);
	sk_put_u8(&o, (uint8_t)(6 + label_length + more_length));
	sk_put_bytes(&o, "tls13 ", 6);
	sk_put_bytes(&o, label, label_length);
	sk_put_bytes(&o, more, more_length);
	sk_put_be16(&o, 0x0001);
	SK_INVARIANT(sk_out_done(&o) == SK_OK && length <= sizeof hash);
	hmac_of(secret, info, sk_out_length(&o), hash);
	memcpy(out, hash, length);
}

void sk_quic_secret_of(const struct sk_quic_crypto *crypto, const struct sk_quic_version *version, struct sk_cur id, bool client,
		       struct sk_quic_secret *out)
{
	uint8_t secret[HASH_BYTES];
	size_t id_length = sk_left(&id);
	hmac_of(&crypto->salts[version - versions], sk_take(&id, id_length), id_length, secret);
	hmac_init(out, secret, sizeof secret);
	expand(out, client ? "client in" : "server in", "", secret, sizeof secret);
	hmac_init(out, secret, sizeof secret);
	out->label = version->label;
}

void sk_quic_header_key(const struct sk_quic_secret *secret, uint8_t key[SK_QUIC_KEY_BYTES])
{
	expand(secret, secret->label, "hp", key, SK_QUIC_KEY_BYTES);
}

void sk_quic_packet_key(const struct sk_quic_secret *secret, uint8_t key[SK_QUIC_KEY_BYTES], uint8_t iv[SK_QUIC_NONCE_BYTES])
{
	expand(secret, secret->label, "key", key, SK_QUIC_KEY_BYTES);
	expand(secret, secret->label, "iv", iv, SK_QUIC_NONCE_BYTES);
}

/* ---- ciphers ---- */

static enum sk_err context_new(const char *name, bool encrypt, EVP_CIPHER_CTX **out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	if (cipher == NULL)
		return SK_EUNSUPPORTED;
	*out = EVP_CIPHER_CTX_new();
	bool ready = *out != NULL && EVP_CipherInit_ex2(*out, cipher, NULL, NULL, encrypt, NULL) == 1 && EVP_CIPHER_CTX_set_padding(*out, 0) == 1;
	EVP_CIPHER_free(cipher);
	return ready ? SK_OK : SK_ENOMEM;
}

enum sk_err sk_quic_crypto_new(struct sk_quic_crypto **out)
{
	struct sk_quic_crypto *crypto = calloc(1, sizeof *crypto);
	if (crypto == NULL)
		return SK_ENOMEM;
	for (size_t i = 0; i < SK_COUNT(versions); i++)
		hmac_init(&crypto->salts[i], versions[i].salt, sizeof versions[i].salt);
	enum sk_err err = context_new("AES-128-GCM", false, &crypto->gcm);
	if (err == SK_OK)
		err = context_new("AES-128-ECB", true, &crypto->block);
	if (err != SK_OK) {
		sk_quic_crypto_free(crypto);
		return err;
	}
	*out = crypto;
	return SK_OK;
}

void sk_quic_crypto_free(struct sk_quic_crypto *crypto)
{
	if (crypto == NULL)
		return;
	EVP_CIPHER_CTX_free(crypto->gcm);
	EVP_CIPHER_CTX_free(crypto->block);
	free(crypto);
}

bool sk_quic_header_mask(struct sk_quic_crypto *crypto, const uint8_t *key, struct sk_cur sample, uint8_t mask[SK_QUIC_MASK_BYTES])
{
	uint8_t block[SK_QUIC_SAMPLE_BYTES];
	const uint8_t *bytes = sk_take(&sample, sizeof block);
	int length = 0;
	if (bytes == NULL || EVP_EncryptInit_ex2(crypto->block, NULL, key, NULL, NULL) != 1 ||
	    EVP_EncryptUpdate(crypto->block, block, &length, bytes, sizeof block) != 1)
		return false;
	memcpy(mask, block, SK_QUIC_MASK_BYTES);
	return true;
}

/* Nothing is done for nothing: a NULL input means something else to EVP. */
static bool update(EVP_CIPHER_CTX *context, uint8_t *out, struct sk_cur in)
{
	int done = 0, length = (int)sk_left(&in);
	return length == 0 || EVP_DecryptUpdate(context, out, &done, sk_take(&in, (size_t)length), length) == 1;
}

bool sk_quic_open(struct sk_quic_crypto *crypto, const struct sk_quic_sealed *sealed, uint8_t *plain)
{
	uint8_t tag[SK_QUIC_TAG_BYTES], rest[SK_QUIC_TAG_BYTES];
	struct sk_cur tag_bytes = sealed->tag;
	int length = 0;
	sk_copy(&tag_bytes, tag, sizeof tag);
	if (sk_done(&tag_bytes) != SK_OK || EVP_DecryptInit_ex2(crypto->gcm, NULL, sealed->key, sealed->nonce, NULL) != 1)
		return false;
	for (size_t i = 0; i < SK_COUNT(sealed->associated); i++)
		if (!update(crypto->gcm, NULL, sealed->associated[i]))
			return false;
	return update(crypto->gcm, plain, sealed->text) && EVP_CIPHER_CTX_ctrl(crypto->gcm, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1 &&
	       EVP_DecryptFinal_ex(crypto->gcm, rest, &length) == 1;
}
