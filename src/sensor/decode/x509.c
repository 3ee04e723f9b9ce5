/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate     ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }                                        RFC 5280, 4.1
   TBSCertificate  ::= SEQUENCE { [0] version DEFAULT v1, serialNumber, signature, issuer, validity, subject, … }
   Validity        ::= SEQUENCE { notBefore Time, notAfter Time }    Time: UTCTime YYMMDDhhmmssZ or GeneralizedTime YYYYMMDDhhmmssZ */
#include "decode/x509.h"
#include "decode/digest_priv.h"

enum {
	TAG_INTEGER = 0x02, TAG_BIT_STRING = 0x03, TAG_UTC_TIME = 0x17, TAG_GENERALIZED_TIME = 0x18, TAG_SEQUENCE = 0x30, TAG_VERSION = 0xa0,
	LONG_FORM = 0x80, LENGTH_BYTES_MAX = 3, VERSION_MAX = 2, UTC_PIVOT = 50
};

/* The contents of the next element, which must have this tag; dead otherwise, and *c with it. X.690 10.1: the shortest length form only. */
static struct sk_cur element(struct sk_cur *c, uint8_t tag)
{
	if (sk_u8(c) != tag)
		sk_kill(c);
	size_t length = sk_u8(c);
	if (length >= LONG_FORM) {
		size_t bytes = length - LONG_FORM;
		if (bytes == 0 || bytes > LENGTH_BYTES_MAX)
			sk_kill(c);
		for (length = 0; bytes > 0 && sk_alive(c) == SK_OK; bytes--) {
			length = length << 8 | sk_u8(c);
			if (length == 0 || (bytes == 1 && length < LONG_FORM))
				sk_kill(c); /* a leading zero, or a length that fits the short form */
		}
	}
	return sk_carve(c, length);
}

/* SHA-256 of a whole Name, tag and length included, cut. */
static void hash_name(struct sk_cur *c, uint8_t out[SK_CERT_NAME_HASH_BYTES])
{
	uint8_t digest[SK_DIGEST_MAX_BYTES];
	struct sk_cur whole = *c;
	(void)element(c, TAG_SEQUENCE);
	if (sk_alive(c) != SK_OK)
		return;
	size_t length = sk_offset(c) - sk_offset(&whole);
	if (!sk_digest(SK_DIGEST_SHA256, sk_take(&whole, length), length, digest))
		sk_kill(c);
	else
		memcpy(out, digest, SK_CERT_NAME_HASH_BYTES);
}

static int64_t two_digits(struct sk_cur *c)
{
	uint8_t tens = (uint8_t)(sk_u8(c) - '0'), ones = (uint8_t)(sk_u8(c) - '0');
	if (tens > 9 || ones > 9)
		sk_kill(c);
	return tens * 10 + ones;
}

/* Days from 1970-01-01 in the Gregorian calendar; the year begins in March, so that the leap day is its last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

static bool is_date(int64_t year, int64_t month, int64_t day)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	int64_t last = month == 2 ? 28 + leap : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= last; /* there is no year 0, and programs count its days in two ways */
}

/* RFC 5280 4.1.2.5: seconds are there, the zone is Z, and no fraction. */
static int64_t read_time(struct sk_cur *c)
{
	bool utc = sk_peek_u8(c, 0) == TAG_UTC_TIME;
	struct sk_cur text = element(c, utc ? TAG_UTC_TIME : TAG_GENERALIZED_TIME);
	int64_t century = utc ? 0 : two_digits(&text), year = two_digits(&text);
	year += utc ? (year < UTC_PIVOT ? 2000 : 1900) : century * 100;
	int64_t month = two_digits(&text), day = two_digits(&text), hour = two_digits(&text), minute = two_digits(&text), second = two_digits(&text);
	if (sk_u8(&text) != 'Z' || sk_done(&text) != SK_OK || !is_date(year, month, day) || hour > 23 || minute > 59 || second > 59) {
		sk_kill(c);
		return 0;
	}
	return ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

static uint8_t read_version(struct sk_cur *tbs)
{
	if (sk_peek_u8(tbs, 0) != TAG_VERSION)
		return 1;
	struct sk_cur explicit = element(tbs, TAG_VERSION);
	struct sk_cur number = element(&explicit, TAG_INTEGER);
	uint8_t version = sk_u8(&number);
	if (sk_done(&number) != SK_OK || sk_done(&explicit) != SK_OK || version > VERSION_MAX)
		sk_kill(tbs);
	return (uint8_t)(version + 1);
}

static bool read_certificate(struct sk_cur der, struct sk_certificate *out)
{
	struct sk_cur certificate = element(&der, TAG_SEQUENCE);
	struct sk_cur tbs = element(&certificate, TAG_SEQUENCE);
	(void)element(&certificate, TAG_SEQUENCE);
	(void)element(&certificate, TAG_BIT_STRING);
	out->version = read_version(&tbs);
	(void)element(&tbs, TAG_INTEGER);
	(void)element(&tbs, TAG_SEQUENCE);
	hash_name(&tbs, out->issuer_hash);
	struct sk_cur validity = element(&tbs, TAG_SEQUENCE);
	out->not_before_s = read_time(&validity);
	out->not_after_s = read_time(&validity);
	hash_name(&tbs, out->subject_hash);
	return sk_done(&der) == SK_OK && sk_done(&certificate) == SK_OK && sk_done(&validity) == SK_OK && sk_alive(&tbs) == SK_OK;
}

void sk_x509_read(struct sk_cur der, struct sk_certificate *out)
{
	struct sk_certificate read = {0};
	if (read_certificate(der, &read)) {
		*out = read;
		out->parsed = true;
		out->self_signed = memcmp(out->issuer_hash, out->subject_hash, sizeof out->issuer_hash) == 0;
	} else {
		*out = (struct sk_certificate){0};
	}
	size_t length = sk_left(&der);
	const uint8_t *bytes = sk_take(&der, length);
	out->whole = sk_digest(SK_DIGEST_SHA1, bytes, length, out->sha1) && sk_digest(SK_DIGEST_SHA256, bytes, length, out->sha256);
}
