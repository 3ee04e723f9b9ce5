/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that no one holds alone: Shamir's secret sharing over GF(256), and boxes that only the owner of a signing key opens. */
#ifndef SK_SEAL_SHARE_H
#define SK_SEAL_SHARE_H

#include "seal/seal.h"

enum {
	SK_SHARES_MAX = 16,
	SK_SHARE_BYTES = 1 + SK_KEY_BYTES,
	SK_BOX_OVERHEAD_BYTES = 48,        /* an ephemeral public key and a tag */
};

/* One share: where the polynomials were taken, and their values there. */
struct sk_share {
	uint8_t at;
	uint8_t values[SK_KEY_BYTES];
};
_Static_assert(sizeof(struct sk_share) == SK_SHARE_BYTES, "a share is its bytes");

/* Split a key into count shares, of which any `needed` give it back and any fewer say nothing at all about it. 1 <= needed <= count <= SK_SHARES_MAX, or it is a bug.
   No branch and no address depends on the key. */
void sk_share_split(const uint8_t key[SK_KEY_BYTES], unsigned needed, unsigned count, struct sk_share *shares);
/* Put `count` shares together. Of fewer than were needed, or with a wrong one among them, another key comes out: whoever asks knows the right one by its id.
   SK_EMALFORMED: none, too many, a place of 0, or one place twice. */
SK_MUST enum sk_err sk_share_join(const struct sk_share *shares, unsigned count, uint8_t key[SK_KEY_BYTES]);

/* Seal so that only the owner of this Ed25519 key opens it (X25519 of the same key, libsodium's sealed box); out has room for length + SK_BOX_OVERHEAD_BYTES.
   SK_EUSAGE: not a key that can open (a security key or a browser's signs, and does nothing else), or no point of the curve. */
SK_MUST enum sk_err sk_box_seal(const struct sk_verify_key *to, const void *plain, size_t length, uint8_t *out);
/* Open it; out has room for length - SK_BOX_OVERHEAD_BYTES. SK_ESIGNATURE: altered, or sealed to another key. */
SK_MUST enum sk_err sk_box_open(const struct sk_sign_key *key, const void *sealed, size_t length, uint8_t *out);
/* May this key open boxes? */
bool sk_box_fits(const struct sk_verify_key *key);

#endif
