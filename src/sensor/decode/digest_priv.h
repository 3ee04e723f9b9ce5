/* SPDX-License-Identifier: Apache-2.0 */
/* Digests for fingerprints: fetched once a process, one context a thread, so that a hello costs no look-up and no allocation of ours. */
#ifndef SK_DECODE_DIGEST_PRIV_H
#define SK_DECODE_DIGEST_PRIV_H

#include "base/base.h"

enum sk_digest_kind { SK_DIGEST_MD5, SK_DIGEST_SHA256 };
enum { SK_DIGEST_MAX_BYTES = 32 };

/* Digest of bytes into out (16 or 32 bytes). False when the library has no such digest (a FIPS build has no MD5) or no memory. */
SK_MUST bool sk_digest(enum sk_digest_kind kind, const void *bytes, size_t length, uint8_t out[SK_DIGEST_MAX_BYTES]);

#endif
