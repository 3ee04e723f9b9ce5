/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Init and its kin: see sk_sha256 */
#include "seal/seal.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SK_SEAL_OVERHEAD_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES, "nonce and tag");
_Static_assert(SK_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");

struct sk_sha256 {
	EVP_MD_CTX *context;
};

/* Fetched once: an unfetched digest costs a provider look-up on every hash (half the speed). Written by sk_seal_start alone, before threads. */
static EVP_MD *sha256_digest;
static EVP_CIPHER *chacha_cipher;
enum { LONG_BYTES = 4096 };

enum sk_err sk_seal_start(void)
{
	if (sodium_init() < 0)
		return SK_EIO;
	if (sha256_digest == NULL)
		sha256_digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (chacha_cipher == NULL)
		chacha_cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
	return sha256_digest != NULL && chacha_cipher != NULL ? SK_OK : SK_ENOMEM;
}

void sk_random(void *bytes, size_t length)
{
	randombytes_buf(bytes, length);
}

void sk_sha256(const void *bytes, size_t length, uint8_t out[SK_HASH_BYTES])
{
	/* EVP allocates a state for every digest, and a worker that names a finding may not allocate; the plain functions do not, and are quicker. */
	SHA256_CTX context;
	SK_INVARIANT(SHA256_Init(&context) == 1 && SHA256_Update(&context, bytes, length) == 1 && SHA256_Final(out, &context) == 1);
}

struct sk_sha256 *sk_sha256_new(void)
{
	SK_INVARIANT(sha256_digest != NULL);
	struct sk_sha256 *hash = malloc(sizeof *hash);
	if (hash == NULL)
		return NULL;
	hash->context = EVP_MD_CTX_new();
	if (hash->context == NULL || EVP_DigestInit_ex2(hash->context, sha256_digest, NULL) != 1) {
		sk_sha256_free(hash);
		return NULL;
	}
	return hash;
}

void sk_sha256_reset(struct sk_sha256 *hash)
{
	SK_INVARIANT(EVP_DigestInit_ex2(hash->context, NULL, NULL) == 1);
}

void sk_sha256_add(struct sk_sha256 *hash, const void *bytes, size_t length)
{
	SK_INVARIANT(EVP_DigestUpdate(hash->context, bytes, length) == 1);
}

void sk_sha256_take(struct sk_sha256 *hash, uint8_t out[SK_HASH_BYTES])
{
	SK_INVARIANT(EVP_DigestFinal_ex(hash->context, out, NULL) == 1);
	sk_sha256_reset(hash);
}

void sk_sha256_free(struct sk_sha256 *hash)
{
	if (hash == NULL)
		return;
	EVP_MD_CTX_free(hash->context);
	free(hash);
}

void sk_keyed_hash(const uint8_t key[SK_KEY_BYTES], const void *bytes, size_t length, void *out, size_t out_length)
{
	SK_INVARIANT(out_length >= crypto_generichash_BYTES_MIN && out_length <= crypto_generichash_BYTES_MAX);
	SK_INVARIANT(crypto_generichash(out, out_length, bytes, length, key, SK_KEY_BYTES) == 0);
}

/* XChaCha20-Poly1305 is ChaCha20-Poly1305 (RFC 8439) under a key made by HChaCha20 from the first 16 bytes of the nonce (draft-irtf-cfrg-xchacha). OpenSSL has
   the latter at two and a half times libsodium's speed, which pays where blocks are long; its set-up costs more than a short record. */
static void seal_long(const uint8_t key[SK_KEY_BYTES], const void *aad, size_t aad_length, const void *plain, size_t length, const uint8_t *nonce, uint8_t *out)
{
	uint8_t inner_key[SK_KEY_BYTES], inner_nonce[12] = {0};
	int part = 0;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	SK_INVARIANT(context != NULL && crypto_core_hchacha20(inner_key, nonce, key, NULL) == 0);
	memcpy(inner_nonce + 4, nonce + crypto_core_hchacha20_INPUTBYTES, 8);
	SK_INVARIANT(EVP_EncryptInit_ex2(context, chacha_cipher, inner_key, inner_nonce, NULL) == 1);
	SK_INVARIANT(EVP_EncryptUpdate(context, NULL, &part, aad, (int)aad_length) == 1);
	SK_INVARIANT(EVP_EncryptUpdate(context, out, &part, plain, (int)length) == 1);
	SK_INVARIANT(EVP_EncryptFinal_ex(context, out + length, &part) == 1);
	SK_INVARIANT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, crypto_aead_xchacha20poly1305_ietf_ABYTES, out + length) == 1);
	EVP_CIPHER_CTX_free(context);
	sk_wipe(inner_key, sizeof inner_key);
}

void sk_seal(const uint8_t key[SK_KEY_BYTES], const void *aad, size_t aad_length, const void *plain, size_t length, uint8_t *out)
{
	uint8_t *nonce = out;
	sk_random(nonce, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
	if (length >= LONG_BYTES && length <= INT_MAX) {
		seal_long(key, aad, aad_length, plain, length, nonce, out + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
		return;
	}
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, NULL, plain, length, aad, aad_length, NULL,
							 nonce, key);
}

enum sk_err sk_unseal(const uint8_t key[SK_KEY_BYTES], const void *aad, size_t aad_length, const void *sealed, size_t length, uint8_t *out)
{
	if (length < SK_SEAL_OVERHEAD_BYTES)
		return SK_ESIGNATURE;
	const uint8_t *nonce = sealed;
	const size_t nonce_length = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
	int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, nonce + nonce_length, length - nonce_length, aad, aad_length, nonce, key);
	return failed == 0 ? SK_OK : SK_ESIGNATURE;
}
