/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of a TLS handshake: ServerHello (RFC 8446 4.1.3, RFC 5246 7.4.1.3) with JA3S, and what can be said of the leaf certificate
   (RFC 5280) without a name: hashes, validity, whether it signed itself. TLS 1.3 encrypts the certificate: then there is none.
   Never: a subject's or issuer's text, a serial number, an alternative name. */
#ifndef SK_DECODE_TLS_SERVER_H
#define SK_DECODE_TLS_SERVER_H

#include "wire/wire.h"

enum { SK_JA3S_TEXT_MAX = 33, SK_CERT_SHA1_BYTES = 20, SK_CERT_SHA256_BYTES = 32, SK_CERT_NAME_HASH_BYTES = 16, SK_SERVER_FLIGHT_MAX_BYTES = 16384 };

struct sk_server_hello {
	uint16_t record_version, legacy_version;
	uint16_t version;           /* selected: supported_versions, else legacy_version */
	uint16_t cipher;
	uint16_t extension_count;   /* without GREASE */
	bool hello_retry;           /* HelloRetryRequest: a second ClientHello follows */
	bool quic, dtls;
	char alpn[16];              /* selected ALPN in clear (before TLS 1.3), made printable as in the ClientHello */
	char ja3s[SK_JA3S_TEXT_MAX]; /* MD5 in hex of version,cipher,extensions */
};

struct sk_certificate {
	uint8_t sha1[SK_CERT_SHA1_BYTES], sha256[SK_CERT_SHA256_BYTES]; /* over the DER of the leaf */
	uint8_t issuer_hash[SK_CERT_NAME_HASH_BYTES], subject_hash[SK_CERT_NAME_HASH_BYTES]; /* SHA-256 of the DER Name, cut */
	int64_t not_before_s, not_after_s; /* unix */
	uint8_t version;            /* 1, 2, 3 */
	uint8_t chain_length;       /* certificates in the message, at most 255 */
	bool self_signed;           /* issuer equals subject, byte for byte; the signature itself is not checked */
	bool parsed;                /* false: the DER is broken or cut; the hashes are right only when whole */
	bool whole;                 /* all of the leaf's bytes were there */
};

#endif
