/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests, made by OpenSSL on the spot. */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "wire/wire.h"

static inline void certificate_must(bool ok)
{
	if (!ok)
		abort();
}

static inline void certificate_name(X509_NAME *name, const char *text)
{
	certificate_must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1);
	certificate_must(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Example", -1, -1, 0) == 1);
}

/* The DER of a certificate; validity in unix seconds. The year is written as RFC 5280 says: UTCTime to 2049. */
static inline size_t certificate_make(uint8_t *out, size_t capacity, const char *subject, const char *issuer, int64_t not_before_s,
				      int64_t not_after_s)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *x = X509_new();
	certificate_must(key != NULL && x != NULL && X509_set_version(x, X509_VERSION_3) == 1);
	certificate_must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), 77) == 1);
	certificate_name(X509_get_subject_name(x), subject);
	certificate_name(X509_get_issuer_name(x), issuer);
	certificate_must(ASN1_TIME_set(X509_getm_notBefore(x), not_before_s) != NULL && ASN1_TIME_set(X509_getm_notAfter(x), not_after_s) != NULL);
	certificate_must(X509_set_pubkey(x, key) == 1 && X509_sign(x, key, NULL) > 0);
	int length = i2d_X509(x, NULL);
	certificate_must(length > 0 && (size_t)length <= capacity);
	certificate_must(i2d_X509(x, &out) == length);
	X509_free(x);
	EVP_PKEY_free(key);
	return (size_t)length;
}

#endif
