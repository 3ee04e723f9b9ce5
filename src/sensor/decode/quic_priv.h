/* SPDX-License-Identifier: Apache-2.0 */
/* The cryptography of QUIC's Initial packets: what differs by version, the keys, and the opening of one packet. */
#ifndef SK_DECODE_QUIC_PRIV_H
#define SK_DECODE_QUIC_PRIV_H

#include "decode/quic.h"

enum {
	SK_QUIC_KEY_BYTES = 16, SK_QUIC_NONCE_BYTES = 12, SK_QUIC_TAG_BYTES = 16, SK_QUIC_SAMPLE_BYTES = 16, SK_QUIC_MASK_BYTES = 5,
	SK_QUIC_NUMBER_BYTES_MAX = 4
};

/* One row of what a version fixes. */
struct sk_quic_version {
	uint32_t first, last;          /* numbers, inclusive */
	uint8_t salt[20];
	const char *label;             /* in front of "key", "iv", "hp" */
	bool types_turned;             /* RFC 9369 3.2: the packet types are numbered otherwise */
	bool google_frames;            /* CRYPTO is 8, and what else there is, PADDING apart, has another form */
	bool has_retry;                /* and Retry's fixed key and nonce: RFC 9001 5.8 */
	uint8_t retry_key[SK_QUIC_KEY_BYTES], retry_nonce[SK_QUIC_NONCE_BYTES];
};

/* The row of a version; NULL when it is not known. */
const struct sk_quic_version *sk_quic_version_of(uint32_t number);

struct sk_quic_crypto; /* what is made once: cipher contexts, hashed salts; heap */

/* What the keys of one side come from: an HMAC-SHA-256 whose key is hashed in already. */
struct sk_quic_secret {
	uint32_t inner[8], outer[8];
	const char *label;
};

/* SK_ENOMEM; SK_EUNSUPPORTED: no such cipher. */
SK_MUST enum sk_err sk_quic_crypto_new(struct sk_quic_crypto **out);
/* Free (NULL is fine). */
void sk_quic_crypto_free(struct sk_quic_crypto *crypto);
/* RFC 9001 5.2: the secret of the client's or the server's Initial packets. */
void sk_quic_secret_of(const struct sk_quic_crypto *crypto, const struct sk_quic_version *version, struct sk_cur id, bool client,
		       struct sk_quic_secret *out);
/* The key of the header's mask. Derived first, and alone, as most of what is no Initial of ours is seen by its header. */
void sk_quic_header_key(const struct sk_quic_secret *secret, uint8_t key[SK_QUIC_KEY_BYTES]);
/* The key and the nonce's base of the packets. */
void sk_quic_packet_key(const struct sk_quic_secret *secret, uint8_t key[SK_QUIC_KEY_BYTES], uint8_t iv[SK_QUIC_NONCE_BYTES]);

/* RFC 9001 5.4: the mask of a sample. False when the library fails. */
SK_MUST bool sk_quic_header_mask(struct sk_quic_crypto *crypto, const uint8_t *key, struct sk_cur sample, uint8_t mask[SK_QUIC_MASK_BYTES]);

/* One AEAD_AES_128_GCM opening. The associated data comes in three parts, so that an unmasked header needs no copy. */
struct sk_quic_sealed {
	const uint8_t *key, *nonce;
	struct sk_cur associated[3];
	struct sk_cur text;            /* without the tag */
	struct sk_cur tag;
};

/* True: the tag is right, and plain (room for the text) holds it. False: it is not, and what plain holds is to be overwritten. */
SK_MUST bool sk_quic_open(struct sk_quic_crypto *crypto, const struct sk_quic_sealed *sealed, uint8_t *plain);

#endif
