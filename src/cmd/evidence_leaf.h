/* SPDX-License-Identifier: Apache-2.0 */
/* Where a workspace's ledger commits to the interval in which something was stored. */
#ifndef SK_CMD_EVIDENCE_LEAF_H
#define SK_CMD_EVIDENCE_LEAF_H

#include "cmd/workspace.h"
#include "ledger/record_read.h"

struct sk_evidence_leaf {
	bool found;
	uint64_t ledger_size, index;
	uint8_t record_digest[SK_HASH_BYTES]; /* SHA-256 of the leaf's bytes */
	struct sk_interval_record interval;
};

/* Look for the leaf of a stored interval, by the store's digest: links number their intervals each for itself. Not found is SK_OK. What the ledger says is not checked here:
   sekisho-verify does. SK_EIO, SK_EMALFORMED, SK_ENOMEM. */
SK_MUST enum sk_err sk_evidence_leaf_find(const struct sk_workspace *workspace, struct sk_store *store, uint64_t interval, struct sk_evidence_leaf *out, struct sk_fault *fault);

#endif
