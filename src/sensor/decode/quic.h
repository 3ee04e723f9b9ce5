/* SPDX-License-Identifier: Apache-2.0 */
/* QUIC's first packets (RFC 9000, RFC 9001, RFC 9369; drafts 22 to 34 and the last of version 2, mvfst): from one UDP datagram to pieces of the CRYPTO stream, in which the
   ClientHello or ServerHello lies. Initial packets are sealed with keys that anyone can compute from the client's first connection ID, so they are
   opened here; nothing else of QUIC can be read. Packets that do not authenticate are not ours. Thread rule: one sk_quic per worker.
   Never: allocates after sk_quic_new; keeps plain bytes beyond sk_quic_wipe or the next sk_quic_read. */
#ifndef SK_DECODE_QUIC_H
#define SK_DECODE_QUIC_H

#include "wire/wire.h"

enum {
	SK_QUIC_CONNECTION_ID_MAX = 20,
	SK_QUIC_PIECES_MAX = 64,       /* CRYPTO frames of one datagram; more are left out */
	SK_QUIC_CRYPTO_MAX = 16384,    /* a piece that ends beyond this offset is left out */
	SK_QUIC_PLAIN_MAX = 16384,     /* bytes of one datagram that are opened */
	SK_QUIC_FIRST_DATAGRAM_MIN = 1200 /* RFC 9000 14.1: a client pads to this; a smaller first datagram is not tried */
};

/* What must be remembered of a flow. All zero: nothing seen yet. Not secret, but it is flow memory: the caller wipes it with the flow. */
struct sk_quic_flow {
	uint32_t version;              /* of the last packet that was opened; 0: none yet */
	uint8_t client_direction;      /* valid when version is not 0 */
	uint8_t key_id_length;
	uint8_t key_id[SK_QUIC_CONNECTION_ID_MAX]; /* the connection ID that the Initial keys come from: the client's first, or a Retry's */
};

/* A part of the sender's CRYPTO stream. The bytes lie in the reader's memory. */
struct sk_quic_piece {
	uint32_t offset;
	struct sk_cur bytes;
};

struct sk_quic_datagram {
	uint32_t version;
	bool from_client;
	bool retry;                    /* a Retry whose tag is right: the client says its hello again, from offset 0, under new keys */
	bool negotiation;              /* a Version Negotiation for this connection: the client begins again */
	bool restarted;                /* the client began again in this flow with another connection ID: drop what was collected in both directions */
	uint16_t pieces_left_out;      /* beyond the limits above */
	uint16_t piece_count;
	struct sk_quic_piece pieces[SK_QUIC_PIECES_MAX]; /* ascending by offset; they may overlap and repeat */
};

struct sk_quic; /* opaque: cipher contexts and the memory for plain bytes */

/* Make a reader. SK_ENOMEM; SK_EUNSUPPORTED: the crypto library has no AES-128-GCM. Caller frees. */
SK_MUST enum sk_err sk_quic_new(struct sk_quic **out);
/* Wipe and free (NULL is fine). */
void sk_quic_free(struct sk_quic *quic);
/* Cheap test of the first bytes: a long header of a version that is known (or 0, Version Negotiation)? False is final. */
bool sk_quic_maybe(struct sk_cur datagram);
/* Is it QUIC by its form, of which nothing can be opened: Google's own versions (Q034 ... Q050), a Version Negotiation that offers a known version? */
bool sk_quic_by_form(struct sk_cur datagram);
/* Open one datagram of a flow, all coalesced packets of it; `direction` is 0 or 1, as the caller counts. SK_OK: it is QUIC; *out holds 0 or more
   pieces of the CRYPTO stream of this direction: put them together by offset and read sk_tls_client_hello_message (from_client) or
   sk_tls_server_hello_message, quic = true, on the prefix. SK_EUNSUPPORTED: nothing in it could be opened (another protocol, an unknown version, only
   protected packets, the connection's beginning was not seen, the AEAD failed); *flow is as before, and a next datagram may do. The pieces are valid
   until sk_quic_wipe or the next call. */
SK_MUST enum sk_err sk_quic_read(struct sk_quic *quic, struct sk_quic_flow *flow, unsigned direction, struct sk_cur datagram,
				 struct sk_quic_datagram *out);
/* First packets that were not tried since the reader was made: when a thousand more were forged than the right ones make up for, only each sixteenth
   is, until one is right again. A flood of them would cost ten times an ordinary packet each. The caller counts them as heads that were shed. */
uint64_t sk_quic_shed(const struct sk_quic *quic);
/* Overwrite the plain bytes of the last datagram. Idempotent and cheap when there are none. */
void sk_quic_wipe(struct sk_quic *quic);
/* Bytes of plain text that are still held: 0 after sk_quic_wipe. For tests of erasure. */
size_t sk_quic_residue(const struct sk_quic *quic);

#endif
