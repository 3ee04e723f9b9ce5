/* SPDX-License-Identifier: Apache-2.0 */
/* Shamir, "How to share a secret" (1979), byte by byte over GF(2^8) with x^8 + x^4 + x^3 + x + 1. A share is a point of polynomials whose values at 0 are the key's bytes. */
#include <sodium.h>

#include "seal/seal_priv.h"
#include "seal/share.h"

/* Multiply without a table and without a branch: neither time nor cache tells the factors. */
static uint8_t times(uint8_t a, uint8_t b)
{
	unsigned product = 0, left = a, right = b;
	for (unsigned bit = 0; bit < 8; bit++) {
		product ^= left & (0u - (right & 1u));
		left = (left << 1) ^ (0x11bu & (0u - (left >> 7 & 1u)));
		right >>= 1;
	}
	return (uint8_t)product;
}

/* a^254, which is 1/a (and 0 for 0). */
static uint8_t inverse(uint8_t a)
{
	uint8_t power = a, result = 1;
	for (unsigned bit = 1; bit < 8; bit++) {
		power = times(power, power);
		result = times(result, power);
	}
	return result;
}

void sk_share_split(const uint8_t key[SK_KEY_BYTES], unsigned needed, unsigned count, struct sk_share *shares)
{
	uint8_t coefficients[SK_SHARES_MAX];
	SK_INVARIANT(needed >= 1 && needed <= count && count <= SK_SHARES_MAX);
	for (unsigned i = 0; i < count; i++)
		shares[i].at = (uint8_t)(i + 1);
	for (unsigned at = 0; at < SK_KEY_BYTES; at++) {
		sk_random(coefficients, sizeof coefficients);
		coefficients[0] = key[at];
		for (unsigned i = 0; i < count; i++) {
			uint8_t value = 0;
			for (unsigned power = needed; power-- > 0;)
				value = (uint8_t)(times(value, shares[i].at) ^ coefficients[power]);
			shares[i].values[at] = value;
		}
	}
	sk_wipe(coefficients, sizeof coefficients);
}

/* Lagrange at 0: the weight of share i is the product of x_j / (x_j - x_i) over the others; minus is plus here. */
static uint8_t weight(const struct sk_share *shares, unsigned count, unsigned i)
{
	uint8_t above = 1, below = 1;
	for (unsigned j = 0; j < count; j++)
		if (j != i) {
			above = times(above, shares[j].at);
			below = times(below, (uint8_t)(shares[j].at ^ shares[i].at));
		}
	return times(above, inverse(below));
}

enum sk_err sk_share_join(const struct sk_share *shares, unsigned count, uint8_t key[SK_KEY_BYTES])
{
	if (count == 0 || count > SK_SHARES_MAX)
		return SK_EMALFORMED;
	for (unsigned i = 0; i < count; i++) {
		if (shares[i].at == 0)
			return SK_EMALFORMED;
		for (unsigned j = 0; j < i; j++)
			if (shares[i].at == shares[j].at)
				return SK_EMALFORMED;
	}
	memset(key, 0, SK_KEY_BYTES);
	for (unsigned i = 0; i < count; i++) {
		uint8_t part = weight(shares, count, i);
		for (unsigned at = 0; at < SK_KEY_BYTES; at++)
			key[at] ^= times(part, shares[i].values[at]);
	}
	return SK_OK;
}

bool sk_box_fits(const struct sk_verify_key *key)
{
	uint8_t curve[crypto_box_PUBLICKEYBYTES];
	return key->type == SK_KEY_ED25519 && key->kind == SK_KEY_ASSIGNED && crypto_sign_ed25519_pk_to_curve25519(curve, key->public_key) == 0;
}

enum sk_err sk_box_seal(const struct sk_verify_key *to, const void *plain, size_t length, uint8_t *out)
{
	uint8_t curve[crypto_box_PUBLICKEYBYTES];
	_Static_assert(crypto_box_SEALBYTES == SK_BOX_OVERHEAD_BYTES, "the size of a sealed box");
	if (!sk_box_fits(to) || crypto_sign_ed25519_pk_to_curve25519(curve, to->public_key) != 0)
		return SK_EUSAGE;
	return crypto_box_seal(out, plain, length, curve) == 0 ? SK_OK : SK_EUSAGE;
}

enum sk_err sk_box_open(const struct sk_sign_key *key, const void *sealed, size_t length, uint8_t *out)
{
	uint8_t public_key[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
	if (length < SK_BOX_OVERHEAD_BYTES || crypto_sign_ed25519_pk_to_curve25519(public_key, sk_sign_key_public(key)->public_key) != 0 ||
	    crypto_sign_ed25519_sk_to_curve25519(secret, sk_sign_key_secret(key)) != 0)
		return SK_ESIGNATURE;
	enum sk_err err = crypto_box_seal_open(out, sealed, length, public_key, secret) == 0 ? SK_OK : SK_ESIGNATURE;
	sk_wipe(secret, sizeof secret);
	return err;
}
