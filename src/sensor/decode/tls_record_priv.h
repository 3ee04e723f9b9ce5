/* SPDX-License-Identifier: Apache-2.0 */
/* Handshake messages in the records of a TLS stream (RFC 8446 5.1) and of a DTLS datagram (RFC 6347 4.1, 4.2). */
#ifndef SK_DECODE_TLS_RECORD_PRIV_H
#define SK_DECODE_TLS_RECORD_PRIV_H

#include "wire/wire.h"

enum { SK_HANDSHAKE_CLIENT_HELLO = 1, SK_HANDSHAKE_SERVER_HELLO = 2, SK_HANDSHAKE_CERTIFICATE = 11 };
enum { SK_HANDSHAKE_HEADER_BYTES = 4, SK_HANDSHAKE_MAX_BYTES = 16384 };

/* Where in a stream of records the next handshake byte is. */
struct sk_tls_records {
	struct sk_cur stream;   /* behind the record that is being read */
	struct sk_cur fragment; /* what is left of that record, as far as it is there */
	size_t missing_bytes;   /* of that record, beyond the stream's end */
	uint16_t version;       /* of the first handshake record */
	bool begun;             /* a handshake record was met */
};

/* At the start of a stream: ChangeCipherSpec records in front of the first handshake record are stepped over. */
struct sk_tls_records sk_tls_records_of(struct sk_cur stream);

struct sk_tls_message {
	bool whole;             /* body has `length` bytes */
	uint32_t length;
	struct sk_cur body;     /* as much as there is; borrowed from the stream or from what was joined */
};

/* Read the next handshake message, which must be of type `wanted`. SK_OK: *out holds it; when it is not whole, *why says what stopped it: SK_EMORE
   (the stream ended) or SK_EMALFORMED (no record of it follows). Otherwise there is not even a header: SK_EMORE, SK_EMALFORMED; SK_EUNSUPPORTED:
   another type, another kind of record, no TLS. SK_ETOOBIG: it spans records and `joined` is NULL: begin again with one of SK_HANDSHAKE_MAX_BYTES; what is
   joined there is the caller's to wipe. */
SK_MUST enum sk_err sk_tls_next_message(struct sk_tls_records *records, uint8_t wanted, struct sk_out *joined, struct sk_tls_message *out,
					enum sk_err *why);
/* The same of bytes that are the message itself (QUIC, or the bytes of one record). */
SK_MUST enum sk_err sk_tls_bare_message(struct sk_cur *bytes, uint8_t wanted, struct sk_tls_message *out);

/* One handshake message, or a fragment of one, in a DTLS datagram. */
struct sk_dtls_message {
	uint8_t type;
	uint16_t record_version;
	uint32_t length, offset;
	struct sk_cur part;     /* the bytes from `offset`, as far as they are there */
	bool cut;               /* the datagram ends inside the part */
};

struct sk_dtls_records {
	struct sk_cur datagram, record;
	uint16_t version;
};

/* At the start of a datagram. */
struct sk_dtls_records sk_dtls_records_of(struct sk_cur datagram);
/* The next one in clear. False: no more, or something that is no handshake in clear. */
SK_MUST bool sk_dtls_next_message(struct sk_dtls_records *records, struct sk_dtls_message *out);

#endif
