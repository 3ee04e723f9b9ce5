/* SPDX-License-Identifier: Apache-2.0 */
/* A security key made of software, for the tests: keys by OpenSSL, CBOR by hand as CTAP2 has it, and the JSON that a browser makes of it. */
#ifndef ACCESS_TOKEN_H
#define ACCESS_TOKEN_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/factor.h"
#include "seal/seal.h"

enum token_kind { TOKEN_ES256, TOKEN_EDDSA, TOKEN_RS256 };
enum { FLAG_UP = 0x01, FLAG_UV = 0x04, FLAG_AT = 0x40 };

struct token {
	enum token_kind kind;
	EVP_PKEY *key;
	uint8_t id[16];
	uint32_t count;
	uint8_t flags;                       /* of what it signs */
	const char *rp_id, *origin, *format; /* format: "none" or "packed" (by itself) */
	const char *type;                    /* NULL: the right one */
	bool cross, flip;                    /* in another's frame; one bit of the signature turned */
};

static inline void token_make(struct token *token, enum token_kind kind)
{
	*token = (struct token){.kind = kind, .flags = FLAG_UP | FLAG_UV, .rp_id = "centre.example", .origin = "https://centre.example", .format = "none"};
	sk_random(token->id, sizeof token->id);
	token->key = kind == TOKEN_ES256 ? EVP_EC_gen("P-256") : kind == TOKEN_EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_RSA_gen(2048);
}

static inline void put_bytes(struct sk_buf *out, const void *bytes, size_t length)
{
	if (length < 24) {
		sk_buf_add_u8(out, (uint8_t)(0x40 | length));
	} else if (length < 256) {
		sk_buf_add_u8(out, 0x58);
		sk_buf_add_u8(out, (uint8_t)length);
	} else {
		sk_buf_add_u8(out, 0x59);
		sk_buf_add_u8(out, (uint8_t)(length >> 8));
		sk_buf_add_u8(out, (uint8_t)length);
	}
	sk_buf_add(out, bytes, length);
}

static inline void put_text(struct sk_buf *out, const char *text)
{
	sk_buf_add_u8(out, (uint8_t)(0x60 | strlen(text)));
	sk_buf_add_text(out, text);
}

/* The COSE form of the public key (RFC 9053). */
static inline void put_key(struct sk_buf *out, const struct token *token)
{
	uint8_t x[32], y[32], point[65], n[256];
	size_t length = 0;
	if (token->kind == TOKEN_ES256) {
		static const uint8_t head[] = {0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21};
		(void)EVP_PKEY_get_octet_string_param(token->key, "pub", point, sizeof point, &length);
		memcpy(x, point + 1, 32);
		memcpy(y, point + 33, 32);
		sk_buf_add(out, head, sizeof head);
		put_bytes(out, x, 32);
		sk_buf_add_u8(out, 0x22);
		put_bytes(out, y, 32);
	} else if (token->kind == TOKEN_EDDSA) {
		static const uint8_t head[] = {0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21};
		length = 32;
		(void)EVP_PKEY_get_raw_public_key(token->key, x, &length);
		sk_buf_add(out, head, sizeof head);
		put_bytes(out, x, 32);
	} else {
		static const uint8_t head[] = {0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20};
		static const uint8_t exponent[] = {0x01, 0x00, 0x01};
		BIGNUM *modulus = NULL;
		(void)EVP_PKEY_get_bn_param(token->key, "n", &modulus);
		(void)BN_bn2binpad(modulus, n, sizeof n);
		BN_free(modulus);
		sk_buf_add(out, head, sizeof head);
		put_bytes(out, n, sizeof n);
		sk_buf_add_u8(out, 0x21);
		put_bytes(out, exponent, sizeof exponent);
	}
}

static inline void put_auth_data(struct sk_buf *out, const struct token *token, bool with_key)
{
	uint8_t hash[SK_HASH_BYTES];
	static const uint8_t aaguid[16];
	sk_sha256(token->rp_id, strlen(token->rp_id), hash);
	sk_buf_add(out, hash, sizeof hash);
	sk_buf_add_u8(out, (uint8_t)(token->flags | (with_key ? FLAG_AT : 0)));
	for (unsigned i = 0; i < 4; i++)
		sk_buf_add_u8(out, (uint8_t)(token->count >> (24 - 8 * i)));
	if (!with_key)
		return;
	sk_buf_add(out, aaguid, sizeof aaguid);
	sk_buf_add_u8(out, 0);
	sk_buf_add_u8(out, sizeof token->id);
	sk_buf_add(out, token->id, sizeof token->id);
	put_key(out, token);
}

/* Over the authenticator's data and SHA-256 of the client's. */
static inline size_t token_sign(const struct token *token, const struct sk_buf *auth_data, const struct sk_buf *client_data, uint8_t signature[512])
{
	struct sk_buf message;
	uint8_t hash[SK_HASH_BYTES];
	size_t length = 512;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	sk_sha256(client_data->bytes, client_data->length, hash);
	sk_buf_init(&message, 4096);
	sk_buf_add(&message, auth_data->bytes, auth_data->length);
	sk_buf_add(&message, hash, sizeof hash);
	(void)EVP_DigestSignInit(context, NULL, token->kind == TOKEN_EDDSA ? NULL : EVP_sha256(), NULL, token->key);
	(void)EVP_DigestSign(context, signature, &length, message.bytes, message.length);
	EVP_MD_CTX_free(context);
	sk_buf_fini(&message);
	if (token->flip)
		signature[length / 2] ^= 1;
	return length;
}

static inline void put_base64url(struct sk_buf *out, const void *bytes, size_t length)
{
	char text[8192];
	(void)sodium_bin2base64(text, sizeof text, bytes, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sk_buf_add_text(out, text);
}

static inline void put_client_data(struct sk_buf *out, const struct token *token, const char *type, const uint8_t challenge[SK_CHALLENGE_BYTES])
{
	sk_buf_addf(out, "{\"type\":\"%s\",\"challenge\":\"", token->type != NULL ? token->type : type);
	put_base64url(out, challenge, SK_CHALLENGE_BYTES);
	sk_buf_addf(out, "\",\"origin\":\"%s\",\"crossOrigin\":%s}", token->origin, token->cross ? "true" : "false");
}

static inline void put_attestation(struct sk_buf *out, const struct token *token, const struct sk_buf *auth_data, const struct sk_buf *client_data)
{
	uint8_t signature[512];
	sk_buf_add_u8(out, 0xa3);
	put_text(out, "fmt");
	put_text(out, token->format);
	put_text(out, "attStmt");
	if (strcmp(token->format, "none") == 0) {
		sk_buf_add_u8(out, 0xa0);
	} else {
		sk_buf_add_u8(out, 0xa2);
		put_text(out, "alg");
		if (token->kind == TOKEN_RS256) {
			sk_buf_add_u8(out, 0x39);
			sk_buf_add_u8(out, 0x01);
			sk_buf_add_u8(out, 0x00);
		} else {
			sk_buf_add_u8(out, token->kind == TOKEN_ES256 ? 0x26 : 0x27);
		}
		put_text(out, "sig");
		put_bytes(out, signature, token_sign(token, auth_data, client_data, signature));
	}
	put_text(out, "authData");
	put_bytes(out, auth_data->bytes, auth_data->length);
}

/* What the browser hands over: registering or asserting. out is begun here; the caller ends it. */
static inline void token_answer(const struct token *token, bool registering, const uint8_t challenge[SK_CHALLENGE_BYTES], struct sk_buf *out)
{
	struct sk_buf client_data, auth_data, object;
	uint8_t signature[512];
	sk_buf_init(out, 65536);
	sk_buf_init(&client_data, 4096);
	sk_buf_init(&auth_data, 4096);
	sk_buf_init(&object, 8192);
	put_client_data(&client_data, token, registering ? "webauthn.create" : "webauthn.get", challenge);
	put_auth_data(&auth_data, token, registering);
	sk_buf_add_text(out, "{\"type\":\"public-key\",\"id\":\"");
	put_base64url(out, token->id, sizeof token->id);
	sk_buf_add_text(out, "\",\"response\":{\"clientDataJSON\":\"");
	put_base64url(out, client_data.bytes, client_data.length);
	if (registering) {
		put_attestation(&object, token, &auth_data, &client_data);
		sk_buf_add_text(out, "\",\"attestationObject\":\"");
		put_base64url(out, object.bytes, object.length);
	} else {
		sk_buf_add_text(out, "\",\"authenticatorData\":\"");
		put_base64url(out, auth_data.bytes, auth_data.length);
		sk_buf_add_text(out, "\",\"signature\":\"");
		put_base64url(out, signature, token_sign(token, &auth_data, &client_data, signature));
	}
	sk_buf_add_text(out, "\"}}");
	sk_buf_fini(&client_data);
	sk_buf_fini(&auth_data);
	sk_buf_fini(&object);
}

#endif
