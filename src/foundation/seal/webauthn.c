/* SPDX-License-Identifier: Apache-2.0 */
/* WebAuthn assertions (W3C Web Authentication level 2) over a note's text: the challenge is its SHA-256.

     length[2] authenticatorData   length[2] clientDataJSON   signature (64 bytes Ed25519, or DER for ES256)
     authenticatorData: SHA-256(relying party) flags counter[4] [extensions]
     signed: authenticatorData SHA-256(clientDataJSON)

   clientDataJSON is read by the limited verification algorithm (section 5.8.1.2): its first members stand in a fixed order, so that no JSON parser is needed. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "seal/foreign.h"
#include "seal/seal_priv.h"
#include "wire/wire.h"

enum { TOUCHED = 0x01, WITH_CREDENTIAL = 0x40, WITH_EXTENSIONS = 0x80, HEAD_BYTES = SK_HASH_BYTES + 1 + 4, CHALLENGE_TEXT = 48, P256_BYTES = 33, ED25519_BYTES = 32 };

void sk_webauthn_pack(const void *authenticator, size_t authenticator_length, const void *client, size_t client_length, const void *signature,
		      size_t signature_length, struct sk_buf *out)
{
	uint8_t packed[SK_NOTE_SIGNATURE_MAX];
	struct sk_out o = sk_out_of(packed, sizeof packed);
	sk_put_be16(&o, (uint16_t)authenticator_length);
	sk_put_bytes(&o, authenticator, authenticator_length);
	sk_put_be16(&o, (uint16_t)client_length);
	sk_put_bytes(&o, client, client_length);
	sk_put_bytes(&o, signature, signature_length);
	if (sk_out_done(&o) == SK_OK)
		sk_buf_add(out, packed, sk_out_length(&o));
	else if (out->failed == SK_OK)
		out->failed = SK_ETOOBIG;
}

enum sk_err sk_webauthn_key(const char *name, const void *public_key, size_t length, const char *party, struct sk_verify_key *out)
{
	*out = (struct sk_verify_key){.type = SK_KEY_UNASSIGNED, .kind = length == P256_BYTES ? SK_KEY_WEBAUTHN_ES256 : SK_KEY_WEBAUTHN_ED25519};
	if ((length != P256_BYTES && length != ED25519_BYTES) || strlen(name) >= sizeof out->name || strlen(party) >= sizeof out->scope ||
	    !sk_key_name_valid((struct sk_span){name, strlen(name)}))
		return SK_EUSAGE;
	memcpy(out->name, name, strlen(name) + 1);
	memcpy(out->scope, party, strlen(party) + 1);
	memcpy(out->public_key, public_key, length);
	if (!sk_key_scope_valid(out))
		return SK_EUSAGE;
	out->id = sk_key_id(out);
	return SK_OK;
}

/* Whose page asked: the relying party's own, or one below it, over HTTPS; plain HTTP for the machine itself alone. */
static bool origin_is_of(struct sk_span origin, const char *party)
{
	bool local = strcmp(party, "localhost") == 0;
	if (!sk_span_skip(&origin, "https://") && !(local && sk_span_skip(&origin, "http://")))
		return false;
	struct sk_span host;
	if (!sk_span_until(&origin, ':', &host))
		host = origin;
	size_t length = strlen(party);
	if (host.length < length || memcmp(host.at + host.length - length, party, length) != 0)
		return false;
	return host.length == length || *(host.at + host.length - length - 1) == '.';
}

/* {"type":"webauthn.get","challenge":"...","origin":"...","crossOrigin":false} and, behind a comma, whatever a later level of the standard adds. */
static bool client_data_fits(struct sk_span client, const uint8_t challenge[SK_HASH_BYTES], const char *party)
{
	char expected[CHALLENGE_TEXT];
	struct sk_span value;
	(void)sodium_bin2base64(expected, sizeof expected, challenge, SK_HASH_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	if (!sk_span_skip(&client, "{\"type\":\"webauthn.get\",\"challenge\":\"") || !sk_span_until(&client, '"', &value) || !sk_span_is(value, expected))
		return false;
	if (!sk_span_skip(&client, ",\"origin\":\"") || !sk_span_until(&client, '"', &value) || !origin_is_of(value, party))
		return false;
	return sk_span_skip(&client, ",\"crossOrigin\":false") && (sk_span_is(client, "}") || sk_span_skip(&client, ","));
}

static bool authenticator_fits(struct sk_cur c, const char *party)
{
	uint8_t digest[SK_HASH_BYTES], told[SK_HASH_BYTES];
	sk_sha256(party, strlen(party), digest);
	sk_copy(&c, told, sizeof told);
	uint8_t flags = sk_u8(&c);
	sk_skip(&c, 4); /* the counter is signed and not compared: nothing here has a memory */
	if (c.dead || memcmp(digest, told, sizeof digest) != 0 || (flags & TOUCHED) == 0 || (flags & WITH_CREDENTIAL) != 0)
		return false;
	return sk_more(&c) == ((flags & WITH_EXTENSIONS) != 0);
}

/* ECDSA over P-256 and SHA-256 with a compressed point. Anything that OpenSSL does not like is a signature that does not verify. */
static bool es256_fits(const uint8_t point[P256_BYTES], const uint8_t *message, size_t length, const uint8_t *signature, size_t signature_length)
{
	char group[] = "prime256v1";
	uint8_t copy[P256_BYTES];
	memcpy(copy, point, sizeof copy);
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
			       OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof copy), OSSL_PARAM_construct_end()};
	EVP_PKEY_CTX *making = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_MD_CTX *checking = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;
	bool fits = making != NULL && checking != NULL && EVP_PKEY_fromdata_init(making) == 1 && EVP_PKEY_fromdata(making, &key, EVP_PKEY_PUBLIC_KEY, params) == 1 &&
		    EVP_DigestVerifyInit(checking, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestVerify(checking, signature, signature_length, message, length) == 1;
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(checking);
	EVP_PKEY_CTX_free(making);
	return fits;
}

//= rule: SIGN-1
enum sk_err sk_webauthn_verify(const struct sk_verify_key *key, const void *text, size_t text_length, const void *packed, size_t length)
{
	struct sk_cur c = sk_cur_of(packed, length);
	struct sk_cur authenticator = sk_carve(&c, sk_be16(&c)), client = sk_carve(&c, sk_be16(&c));
	uint8_t challenge[SK_HASH_BYTES], client_digest[SK_HASH_BYTES], message[SK_NOTE_SIGNATURE_MAX + SK_HASH_BYTES], signature[SK_NOTE_SIGNATURE_MAX];
	size_t client_length = sk_left(&client), authenticator_length = sk_left(&authenticator), signature_length = sk_left(&c);
	if (c.dead || length > SK_NOTE_SIGNATURE_MAX || client_length == 0 || !authenticator_fits(authenticator, key->scope))
		return SK_ESIGNATURE;
	const uint8_t *client_bytes = sk_take(&client, client_length);
	sk_sha256(text, text_length, challenge);
	if (!client_data_fits((struct sk_span){(const char *)client_bytes, client_length}, challenge, key->scope))
		return SK_ESIGNATURE;
	struct sk_out o = sk_out_of(message, sizeof message);
	sk_sha256(client_bytes, client_length, client_digest);
	sk_put_bytes(&o, sk_take(&authenticator, authenticator_length), authenticator_length);
	sk_put_bytes(&o, client_digest, sizeof client_digest);
	sk_copy(&c, signature, signature_length);
	bool fits;
	if (key->kind == SK_KEY_WEBAUTHN_ES256)
		fits = es256_fits(key->public_key, message, sk_out_length(&o), signature, signature_length);
	else
		fits = signature_length == SK_SIGN_BYTES && sk_verify(key, message, sk_out_length(&o), signature) == SK_OK;
	return fits ? SK_OK : SK_ESIGNATURE;
}
