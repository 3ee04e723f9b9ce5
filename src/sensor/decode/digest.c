/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's plain digest functions, which 3.0 calls deprecated, and not EVP: EVP allocates a state for every digest, also with a context that is
   reused, and nothing may be allocated on the packet path. They are also quicker (SHA-256 of 90 bytes: three quarters), need no context a thread,
   and give MD5 under FIPS too: a JA3 is a name, it protects nothing. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "decode/digest_priv.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

bool sk_digest(enum sk_digest_kind kind, const void *bytes, size_t length, uint8_t *out)
{
	union {
		MD5_CTX md5;
		SHA_CTX sha1;
		SHA256_CTX sha256;
	} c;
	int ok = 0;
	switch (kind) {
	case SK_DIGEST_MD5:
		ok = MD5_Init(&c.md5) & MD5_Update(&c.md5, bytes, length) & MD5_Final(out, &c.md5);
		break;
	case SK_DIGEST_SHA1:
		ok = SHA1_Init(&c.sha1) & SHA1_Update(&c.sha1, bytes, length) & SHA1_Final(out, &c.sha1);
		break;
	case SK_DIGEST_SHA256:
		ok = SHA256_Init(&c.sha256) & SHA256_Update(&c.sha256, bytes, length) & SHA256_Final(out, &c.sha256);
		break;
	}
	return ok == 1;
}
