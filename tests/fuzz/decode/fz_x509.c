/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken as a certificate, OpenSSL takes as DER of that shape too: the names and times that were read lie where it finds them. */
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "decode/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_name(const X509_NAME *name, const uint8_t *hash)
{
	const unsigned char *der;
	size_t der_length;
	uint8_t digest[32];
	SK_INVARIANT(X509_NAME_get0_der(name, &der, &der_length) == 1);
	SK_INVARIANT(SHA256(der, der_length, digest) != NULL && memcmp(digest, hash, SK_CERT_NAME_HASH_BYTES) == 0);
}

static void check_time(const ASN1_TIME *theirs, int64_t ours)
{
	/* Its own calendar arithmetic, so that the two are independent. */
	int days = 0, seconds = 0;
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	SK_INVARIANT(epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, theirs) == 1);
	SK_INVARIANT((int64_t)days * 86400 + seconds == ours);
	ASN1_TIME_free(epoch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_certificate out;
	sk_x509_read(sk_cur_of(bytes, length), &out);
	SK_INVARIANT(out.whole && (!out.self_signed || out.parsed) && (out.parsed || (out.version == 0 && out.not_after_s == 0)));
	const unsigned char *at = bytes;
	X509 *x = out.parsed ? d2i_X509(NULL, &at, (long)length) : NULL;
	ERR_clear_error();
	if (x == NULL)
		return 0; /* OpenSSL reads on behind the subject, and may find something there */
	SK_INVARIANT(X509_get_version(x) + 1 == out.version);
	check_time(X509_get0_notBefore(x), out.not_before_s);
	check_time(X509_get0_notAfter(x), out.not_after_s);
	check_name(X509_get_issuer_name(x), out.issuer_hash);
	check_name(X509_get_subject_name(x), out.subject_hash);
	X509_free(x);
	return 0;
}
