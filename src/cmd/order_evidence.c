/* SPDX-License-Identifier: Apache-2.0 */
/* A finding as evidence: its id, and the leaf in its workspace's ledger that commits to the interval in which its record was stored. */
#include "cmd/order.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/evidence_leaf.h"
#include "cmd/find_finding.h"
#include "text/text.h"

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

static enum sk_err find_leaf(const struct sk_workspace *workspace, struct sk_store *store, uint64_t interval, struct sk_order_proof *out, struct sk_fault *fault)
{
	struct sk_evidence_leaf *leaf = malloc(sizeof *leaf);
	if (leaf == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_evidence_leaf_find(workspace, store, interval, leaf, fault);
	if (err == SK_OK && leaf->found) {
		out->leaf = leaf->index + 1;
		sk_hex_encode(leaf->record_digest, SK_HASH_BYTES, out->record);
	}
	free(leaf);
	return err;
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
