/* SPDX-License-Identifier: Apache-2.0 */
/* A docket over a log in memory, and cases beside it. `dies` says where the machine stops. */
#ifndef SK_TEST_CASE_WORLD_H
#define SK_TEST_CASE_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "case/case.h"

enum { AT_NEVER, AT_APPEND, AT_COMMIT };

struct log {
	char **leaf;
	size_t count, committed, room;
	int dies;
};
struct world {
	char folder[64], acts[96], db[96], key_path[96];
	struct log log;
	struct sk_sign_key *key;
	struct sk_docket *docket;
	struct sk_cases *cases;
	struct sk_fault fault;
	int64_t now_ns;
};

static enum sk_err log_append(void *context, const char *record, size_t length, struct sk_receipt *receipt, struct sk_fault *fault)
{
	struct log *log = context;
	if (log->dies == AT_APPEND)
		return sk_fault_set(fault, SK_EIO, "dies");
	if (log->count == log->room) {
		log->room = log->room == 0 ? 64 : 2 * log->room;
		log->leaf = realloc(log->leaf, log->room * sizeof *log->leaf);
	}
	log->leaf[log->count] = strndup(record, length);
	receipt->index = log->count++;
	return SK_OK;
}

static enum sk_err log_commit(void *context, struct sk_fault *fault)
{
	struct log *log = context;
	if (log->dies == AT_COMMIT)
		return sk_fault_set(fault, SK_EIO, "dies");
	log->committed = log->count;
	return SK_OK;
}

static uint64_t log_size(void *context)
{
	return ((struct log *)context)->committed;
}

static enum sk_err log_leaf(void *context, uint64_t index, struct sk_buf *out, struct sk_fault *fault)
{
	struct log *log = context;
	if (index >= log->committed)
		return sk_fault_set(fault, SK_ENOENT, "no leaf");
	sk_buf_add_text(out, log->leaf[index]);
	return out->failed;
}

/* Close and open again, as another process would: what was not committed is gone. */
static enum sk_err world_reopen(struct world *w, bool write)
{
	struct sk_docket_log log = {.context = &w->log, .append = write ? log_append : NULL, .commit = log_commit, .size = log_size, .leaf = log_leaf};
	uint8_t policy[SK_HASH_BYTES] = {0};
	uint64_t rolled_back;
	sk_cases_close(w->cases);
	sk_docket_close(w->docket);
	w->cases = NULL;
	w->docket = NULL;
	while (w->log.count > w->log.committed)
		free(w->log.leaf[--w->log.count]);
	SK_TRY(sk_docket_open(w->acts, &log, &w->docket, &rolled_back, &w->fault));
	return sk_cases_open(w->db, w->key_path, w->docket, write ? w->key : NULL, policy, &w->cases, &w->fault);
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof *w);
	struct sk_receipt receipt;
	SK_INVARIANT(w != NULL && sk_seal_start() == SK_OK);
	(void)snprintf(w->folder, sizeof w->folder, "%s/cases-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	SK_INVARIANT(mkdtemp(w->folder) != NULL && sk_sign_key_new("clerk", &w->key) == SK_OK);
	(void)snprintf(w->acts, sizeof w->acts, "%s/acts.db", w->folder);
	(void)snprintf(w->db, sizeof w->db, "%s/cases.db", w->folder);
	(void)snprintf(w->key_path, sizeof w->key_path, "%s/case.key", w->folder);
	w->now_ns = INT64_C(1800000000) * 1000000000;
	SK_INVARIANT(log_append(&w->log, "open", 4, &receipt, &w->fault) == SK_OK && log_commit(&w->log, &w->fault) == SK_OK);
	return w;
}

static void world_free(struct world *w)
{
	static const char *const names[] = {"acts.db", "acts.db-wal", "acts.db-shm", "cases.db", "cases.db-wal", "cases.db-shm", "case.key"};
	char path[128];
	sk_cases_close(w->cases);
	sk_docket_close(w->docket);
	sk_sign_key_free(w->key);
	for (size_t i = 0; i < w->log.count; i++)
		free(w->log.leaf[i]);
	free(w->log.leaf);
	for (size_t i = 0; i < SK_COUNT(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(w->folder);
	free(w);
}

static enum sk_err world_add(struct world *w, const char *id, enum sk_case_event event, struct sk_case_change change, struct sk_case_done *done)
{
	static const struct sk_case_author anna = {.account = "anna", .org = "host"};
	if (change.severity == 0)
		change.severity = SK_SEVERITY_MEDIUM;
	if (change.org == NULL)
		change.org = "host";
	w->now_ns += 1000000000;
	return sk_cases_add(w->cases, &anna, id, event, &change, w->now_ns, done, &w->fault);
}

#endif
