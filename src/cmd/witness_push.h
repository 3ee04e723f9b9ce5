/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho witness push: this ledger's head to a witness, and its cosignature back under the head. */
#ifndef SK_CMD_WITNESS_PUSH_H
#define SK_CMD_WITNESS_PUSH_H

#include "cmd/cmd.h"
#include "ledger/ledger.h"
#include "peer/peer.h"

struct sk_witness_push {
	const char *ledger;            /* folder with checkpoint and tile/ */
	const char *output;            /* write the cosigned head there; NULL: into the ledger's own checkpoint */
	struct sk_peer to;
	struct sk_verify_key witness;  /* type 0x04 */
	/* found out */
	struct sk_checkpoint head;
	uint64_t known;                /* size that the witness had signed before */
};

/* Ask, prove, and keep the cosignature. SK_EWITNESS: it has seen another history, or a longer one. SK_EPERMIT and SK_EIO of the connection, SK_ESIGNATURE, SK_ELOCKED (a
   writer holds the ledger: name an output), SK_EINCONSISTENT (the tiles are not the head's). */
SK_MUST enum sk_err sk_witness_push(struct sk_witness_push *push, struct sk_fault *fault);

#endif
