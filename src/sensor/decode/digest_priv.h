/* SPDX-License-Identifier: Apache-2.0 */
/* Digests for fingerprints and certificates, on the stack. */
#ifndef SK_DECODE_DIGEST_PRIV_H
#define SK_DECODE_DIGEST_PRIV_H

#include "base/base.h"

enum sk_digest_kind { SK_DIGEST_MD5, SK_DIGEST_SHA1, SK_DIGEST_SHA256 };
enum { SK_DIGEST_MAX_BYTES = 32 };

/* Digest of bytes into out (16, 20 or 32 bytes). Never allocates. False when the library will not make such a digest. */
SK_MUST bool sk_digest(enum sk_digest_kind kind, const void *bytes, size_t length, uint8_t *out);

#endif
