/* SPDX-License-Identifier: Apache-2.0 */
/* A finding as evidence: its id, and the leaf in its workspace's ledger that commits to the interval in which its record was stored. */
#include "cmd/order.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/find_finding.h"
#include "ledger/ledger.h"
#include "ledger/record_read.h"
#include "text/text.h"

enum { CHECKPOINT_MAX = 65536 };

struct search {
	uint8_t id[16];
	uint64_t interval;
	bool found;
};

static enum sk_err look(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	struct search *search = context;
	(void)observation;
	if (memcmp(id, search->id, sizeof search->id) == 0) {
		search->interval = interval;
		search->found = true;
	}
	return SK_OK;
}

static enum sk_err ledger_size(const char *folder, uint64_t *size, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf bytes;
	struct sk_checkpoint checkpoint;
	struct sk_note *note = malloc(sizeof *note);
	if (note == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&bytes, CHECKPOINT_MAX);
	enum sk_err err = sk_file_join(path, sizeof path, folder, "checkpoint");
	if (err == SK_OK)
		err = sk_file_read(path, &bytes, fault);
	if (err == SK_OK)
		err = sk_note_parse(sk_buf_text(&bytes), bytes.length, note, fault);
	if (err == SK_OK)
		err = sk_checkpoint_parse(note->body, note->body_length, &checkpoint, fault);
	if (err == SK_OK)
		*size = checkpoint.size;
	sk_buf_fini(&bytes);
	free(note);
	return err;
}

/* By the store's digest: links number their intervals each for itself. */
static enum sk_err find_leaf(const struct sk_workspace *workspace, struct sk_store *store, uint64_t interval, struct sk_order_proof *out, struct sk_fault *fault)
{
	uint8_t digest[SK_HASH_BYTES], leaf[SK_HASH_BYTES];
	char folder[SK_PATH_MAX];
	struct sk_buf bytes;
	uint64_t size = 0;
	struct sk_record *record = malloc(sizeof *record);
	if (record == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(void)sk_workspace_path(workspace, "ledger", folder);
	enum sk_err err = sk_store_digest_of(store, interval, digest, fault);
	if (err == SK_OK)
		err = ledger_size(folder, &size, fault);
	sk_buf_init(&bytes, SK_RECORD_MAX_BYTES);
	for (uint64_t index = 0; index < size && err == SK_OK && out->leaf == 0; index++) {
		sk_buf_reset(&bytes);
		err = sk_ledger_read(folder, size, index, &bytes, fault);
		if (err != SK_OK || sk_record_parse(bytes.bytes, bytes.length, record, NULL) != SK_OK || record->kind != SK_RECORD_INTERVAL ||
		    memcmp(record->interval.store, digest, sizeof digest) != 0)
			continue;
		out->leaf = index + 1;
		sk_sha256(bytes.bytes, bytes.length, leaf);
		sk_hex_encode(leaf, sizeof leaf, out->record);
	}
	sk_buf_fini(&bytes);
	free(record);
	return err == SK_ENOENT ? SK_OK : err;
}

static enum sk_err gather(const struct sk_workspace *workspace, struct sk_store *store, const char *prefix, struct sk_order_proof *out, struct sk_fault *fault)
{
	struct sk_finding *finding = malloc(sizeof *finding);
	if (finding == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_find_finding(store, prefix, finding, fault);
	if (err == SK_OK) {
		struct search search = {0};
		uint64_t erased = 0;
		const struct sk_store_filter filter = {.class_ = -1, .value = finding->matched[0] != '\0' ? finding->matched : NULL};
		memcpy(search.id, finding->evidence, sizeof search.id);
		sk_hex_encode(finding->id, sizeof finding->id, out->finding);
		(void)snprintf(out->origin, sizeof out->origin, "%s", workspace->origin);
		err = sk_store_observations(store, &filter, look, &search, &erased, fault);
		if (err == SK_OK && search.found)
			err = find_leaf(workspace, store, search.interval, out, fault);
	}
	free(finding);
	return err;
}

enum sk_err sk_order_store_open(const struct sk_order_args *args, struct sk_workspace *workspace, struct sk_store **store, struct sk_fault *fault)
{
	struct sk_workspace_store at;
	*store = NULL;
	SK_TRY(sk_workspace_open(args->workspace, false, workspace, fault));
	enum sk_err err = sk_store_open(sk_workspace_store(workspace, args->cmd->clock.unix_ns(args->cmd->clock.context), true, &at), store, fault);
	if (err == SK_OK || err == SK_ENOENT)
		return SK_OK;
	sk_workspace_close(workspace);
	return err;
}

enum sk_err sk_order_evidence(const struct sk_order_args *args, const char *prefix, struct sk_order_proof *out, struct sk_fault *fault)
{
	struct sk_workspace workspace;
	struct sk_store *store;
	if (args->workspace == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--finding: expected --workspace DIR beside it: where the finding lies");
	SK_TRY(sk_order_store_open(args, &workspace, &store, fault));
	enum sk_err err = store == NULL ? sk_fault_set(fault, SK_ENOENT, "%s: nothing was found there yet", args->workspace) : gather(&workspace, store, prefix, out, fault);
	sk_store_close(store);
	sk_workspace_close(&workspace);
	return err;
}
