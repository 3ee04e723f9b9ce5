/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/evidence_leaf.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"

enum sk_err sk_evidence_leaf_find(const struct sk_workspace *workspace, struct sk_store *store, uint64_t interval, struct sk_evidence_leaf *out, struct sk_fault *fault)
{
	uint8_t digest[SK_HASH_BYTES];
	char folder[SK_PATH_MAX];
	struct sk_buf bytes;
	struct sk_checkpoint head = {.size = 0};
	struct sk_record *record = malloc(sizeof *record);
	memset(out, 0, sizeof *out);
	if (record == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(void)sk_workspace_path(workspace, "ledger", folder);
	enum sk_err err = sk_store_digest_of(store, interval, digest, fault);
	if (err == SK_OK)
		err = sk_checkpoint_read(folder, NULL, NULL, &head, fault);
	out->ledger_size = head.size;
	sk_buf_init(&bytes, SK_RECORD_MAX_BYTES);
	for (uint64_t index = 0; index < head.size && err == SK_OK && !out->found; index++) {
		sk_buf_reset(&bytes);
		err = sk_ledger_read(folder, head.size, index, &bytes, fault);
		if (err != SK_OK || sk_record_parse(bytes.bytes, bytes.length, record, NULL) != SK_OK || record->kind != SK_RECORD_INTERVAL ||
		    memcmp(record->interval.store, digest, sizeof digest) != 0)
			continue;
		out->found = true;
		out->index = index;
		out->interval = record->interval;
		sk_sha256(bytes.bytes, bytes.length, out->record_digest);
	}
	sk_buf_fini(&bytes);
	free(record);
	return err == SK_ENOENT ? SK_OK : err;
}
