/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS ClientHello head (RFC 8446, RFC 5246): server name, ALPN kinds, versions, JA3 and JA4 (client, BSD-3 specification of FoxIO). */
#ifndef SK_DECODE_TLS_H
#define SK_DECODE_TLS_H

#include "decode/credit.h"
#include "wire/wire.h"

enum { SK_SNI_MAX = 256, SK_JA3_TEXT_MAX = 33, SK_JA4_TEXT_MAX = 40, SK_TLS_LISTS_MAX = 256 };

struct sk_client_hello {
	uint16_t record_version, legacy_version;
	uint16_t highest_version;   /* from supported_versions without GREASE, else legacy_version */
	uint16_t cipher_count, extension_count; /* without GREASE */
	bool has_sni, has_ech, has_grease, quic, dtls; /* has_sni: the extension is there, also when sni is empty */
	bool ech_inner;             /* has_ech, and it says "inner": seen only behind a front server; otherwise sni is the outer name */
	bool has_esni;              /* the drafts before ECH (0xffce): there is no name in clear */
	uint16_t sni_length;
	char sni[SK_SNI_MAX];       /* lower case, printable subset; lives in flow memory only */
	char alpn_first[16];        /* first ALPN value, made printable as JA4 says */
	char ja3[SK_JA3_TEXT_MAX];  /* MD5 in hex; "" when a list is longer than SK_TLS_LISTS_MAX or the credit is spent, and so for ja4 */
	char ja4[SK_JA4_TEXT_MAX];  /* e.g. t13d1516h2_8daaf6152771_e5627efa2ab1 */
};

/* Bytes of the TLS stream that a parser needs before it can say anything of a hello: caller buffers up to this. */
enum { SK_CLIENT_HELLO_MAX_BYTES = 16384 };

/* From the start of a TCP stream (client side): one handshake message that may span records. SK_OK; SK_EMORE: prefix of a hello, more bytes are
   needed; SK_EUNSUPPORTED: not TLS (decide within the first bytes); SK_EMALFORMED. ChangeCipherSpec records in front are stepped over, so that the
   same call reads the second ClientHello after a HelloRetryRequest (RFC 8446 4.1.4, D.4): at sk_tls_message_bytes behind the first one, or simply
   at the front of one of the direction's next payloads. The fingerprints are paid for out of credit (NULL: without limit). */
SK_MUST enum sk_err sk_tls_client_hello(struct sk_cur stream, struct sk_credit *credit, struct sk_client_hello *out);
/* How many bytes of the stream the first handshake message takes, records and leading ChangeCipherSpec included, to the end of the record that it
   ends in; 0 when it is not whole or no handshake message. The next message of the direction begins there (unless it shares that record). */
size_t sk_tls_message_bytes(struct sk_cur stream);
/* How far sk_tls_is_news has come in a stream. All zero at its start. */
struct sk_tls_progress {
	uint32_t at;            /* bytes that were looked at */
	uint32_t record_bytes;  /* of the record there, that were not */
	uint32_t message_bytes; /* of the handshake message there, that were not; its header apart */
	uint8_t header_bytes;   /* of its header, that were */
	uint8_t messages;       /* that are whole */
	uint16_t records;       /* that were entered: thousands of one byte cost as much as many packets */
};

/* Of a stream of whose beginning sk_tls_client_hello, sk_tls_server_hello (messages = 1: all that they look at) or sk_tls_certificate
   (messages = 2) said SK_EMORE: may they say something else of what is there now? Looks at what is new, so that messages which come in many
   pieces or records are read once. */
bool sk_tls_is_news(struct sk_cur stream, unsigned messages, struct sk_tls_progress *progress);
/* From the handshake message itself (QUIC's CRYPTO stream). Same results. */
SK_MUST enum sk_err sk_tls_client_hello_message(struct sk_cur message, bool quic, struct sk_credit *credit, struct sk_client_hello *out);
/* From one UDP datagram: DTLS 1.0 to 1.3 (RFC 6347, RFC 9147). Same results; a hello cut into DTLS fragments gives SK_EMORE, and more never helps. */
SK_MUST enum sk_err sk_tls_client_hello_datagram(struct sk_cur datagram, struct sk_credit *credit, struct sk_client_hello *out);
/* Bytes that begin no hello: are they TLS all the same? Records of a connection that is under way, or the hello of SSL 2 in which older clients asked for TLS
   (RFC 5246 E.2). Every record's header must be right as far as the bytes go. */
bool sk_tls_by_form(struct sk_cur stream);
/* The same of a datagram: whole DTLS records to its very end. */
bool sk_dtls_by_form(struct sk_cur datagram);

#endif
