/* SPDX-License-Identifier: Apache-2.0 */
/* The digest of a set: SHA-256 over its entries in canonical order, each as kind (bit number), length, value. It depends on nothing else:
   neither on the order of imports, nor on the file's keys, nor on where an entry came from. */
#ifndef SK_INDICATOR_DIGEST_H
#define SK_INDICATOR_DIGEST_H

#include "base/addr.h"
#include "seal/seal.h"

enum { SK_DIGEST_BUFFER_BYTES = 1 << 14 };
#define SK_DIGEST_HEAD "sekisho selectors 1\n"

struct sk_digest {
	struct sk_sha256 *hash;
	size_t used;
	uint8_t buffer[SK_DIGEST_BUFFER_BYTES];
};

static inline void sk_digest_bytes(struct sk_digest *digest, const void *bytes, size_t length)
{
	if (digest->used + length > sizeof digest->buffer) {
		sk_sha256_add(digest->hash, digest->buffer, digest->used);
		digest->used = 0;
	}
	if (length != 0)
		memcpy(digest->buffer + digest->used, bytes, length);
	digest->used += length;
}

/* SK_ENOMEM. */
SK_MUST static inline enum sk_err sk_digest_init(struct sk_digest *digest)
{
	digest->used = 0;
	digest->hash = sk_sha256_new();
	if (digest->hash == NULL)
		return SK_ENOMEM;
	sk_digest_bytes(digest, SK_DIGEST_HEAD, sizeof SK_DIGEST_HEAD - 1);
	return SK_OK;
}

/* One entry; length is at most 255. */
static inline void sk_digest_add(struct sk_digest *digest, unsigned kind_bit, const void *value, size_t length)
{
	uint8_t head[2] = {(uint8_t)kind_bit, (uint8_t)length};
	sk_digest_bytes(digest, head, sizeof head);
	sk_digest_bytes(digest, value, length);
}

/* A prefix: its bits, then 4 or 16 address bytes. */
static inline void sk_digest_prefix(struct sk_digest *digest, const struct sk_prefix *prefix)
{
	uint8_t value[17] = {prefix->bits};
	size_t length = prefix->addr.family == 4 ? 4 : 16;
	memcpy(value + 1, prefix->addr.bytes, length);
	sk_digest_add(digest, 1, value, length + 1);
}

static inline void sk_digest_take(struct sk_digest *digest, uint8_t out[SK_HASH_BYTES])
{
	sk_sha256_add(digest->hash, digest->buffer, digest->used);
	sk_sha256_take(digest->hash, out);
	sk_sha256_free(digest->hash);
}

#endif
