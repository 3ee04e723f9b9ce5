/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of a TLS handshake: ServerHello (RFC 8446 4.1.3, RFC 5246 7.4.1.3) with JA3S, and what can be said of the leaf certificate
   (RFC 5280) without a name: hashes, validity, whether it signed itself. TLS 1.3 encrypts the certificate: then there is none.
   Never: a subject's or issuer's text, a serial number, an alternative name. */
#ifndef SK_DECODE_TLS_SERVER_H
#define SK_DECODE_TLS_SERVER_H

#include "decode/credit.h"
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
	char ja3s[SK_JA3S_TEXT_MAX]; /* MD5 in hex of version,cipher,extensions; "" when the credit is spent */
};

struct sk_certificate {
	uint8_t sha1[SK_CERT_SHA1_BYTES], sha256[SK_CERT_SHA256_BYTES]; /* over the DER of the leaf */
	uint8_t issuer_hash[SK_CERT_NAME_HASH_BYTES], subject_hash[SK_CERT_NAME_HASH_BYTES]; /* SHA-256 of the DER Name, cut */
	int64_t not_before_s, not_after_s; /* unix */
	uint8_t version;            /* 1, 2, 3 */
	uint8_t chain_length;       /* certificates in the message, at most 255; 0 when the message was cut */
	bool self_signed;           /* issuer equals subject, byte for byte; the signature itself is not checked */
	bool parsed;                /* false: the DER is broken or cut; the hashes are right only when whole */
	bool whole;                 /* all of the leaf's bytes were there */
};

/* ---- how a caller goes through a server's flight ----
   Collect the server's bytes from its first one (up to SK_SERVER_FLIGHT_MAX_BYTES) and try sk_tls_server_hello on what has come without a gap. When
   sk_server_hello_has_certificate says so, keep the same bytes, collect on and try sk_tls_certificate on them (all of them, from the first byte:
   it steps over the ServerHello, which may share its record). When the buffer is full or the direction has ended, call it with last = true.
   After a HelloRetryRequest drop sk_tls_message_bytes(stream) bytes (tls.h) and read the second ServerHello with the same function. */

/* From the start of a TCP stream (server side): one handshake message that may span records; ChangeCipherSpec records in front of it are stepped
   over. SK_OK; SK_EMORE: prefix of one, more bytes are needed; SK_EUNSUPPORTED: not that (an alert, another protocol); SK_EMALFORMED. *out is zero
   unless SK_OK. JA3S is paid for out of credit (NULL: without limit). */
SK_MUST enum sk_err sk_tls_server_hello(struct sk_cur stream, struct sk_credit *credit, struct sk_server_hello *out);
/* From the handshake message itself (QUIC's CRYPTO stream). Same results. */
SK_MUST enum sk_err sk_tls_server_hello_message(struct sk_cur message, bool quic, struct sk_credit *credit, struct sk_server_hello *out);
/* From one UDP datagram: DTLS 1.0 to 1.3. Same results; a hello that is cut into DTLS fragments gives SK_EMORE, and more never helps. */
SK_MUST enum sk_err sk_tls_server_hello_datagram(struct sk_cur datagram, struct sk_credit *credit, struct sk_server_hello *out);
/* Can a Certificate in clear follow this ServerHello? Not in TLS 1.3, QUIC, and after a HelloRetryRequest. (A resumed session has none either:
   sk_tls_certificate then says SK_EUNSUPPORTED.) */
bool sk_server_hello_has_certificate(const struct sk_server_hello *hello);
/* The leaf of the Certificate message behind the ServerHello at the front of this stream. SK_OK; SK_EMORE: the message is not whole yet;
   SK_EUNSUPPORTED: there will be none; SK_EMALFORMED. last = true: no more bytes will come; then a leaf that is whole is told though its chain is
   cut, and one that is cut, larger than the buffer or dearer than the credit gives SK_OK with whole = parsed = false and zeros. *out is zero unless SK_OK. */
SK_MUST enum sk_err sk_tls_certificate(struct sk_cur stream, bool last, struct sk_credit *credit, struct sk_certificate *out);
/* The same from one UDP datagram (DTLS), of which the Certificate may be any message. The first DTLS fragment is enough when it holds the whole leaf.
   SK_EUNSUPPORTED: there is no Certificate in it. Never SK_EMORE. */
SK_MUST enum sk_err sk_tls_certificate_datagram(struct sk_cur datagram, struct sk_credit *credit, struct sk_certificate *out);

#endif
