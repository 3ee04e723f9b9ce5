/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, and what a crash left half done. */
#include <stdio.h>
#include <stdlib.h>

#include "case/add_priv.h"
#include "case/case_priv.h"

/* ---- keys ---- */

static enum sk_err read_key(struct sk_cases *cases, const char *path, struct sk_fault *fault)
{
	uint8_t *key = NULL;
	bool absent = !sk_file_exists(path);
	if (absent && sk_file_exists(cases->path))
		return sk_fault_set(fault, SK_ENOENT, "%s: the key of %s is gone; restore it, without it no case can be read", path, cases->path);
	if (absent && cases->key == NULL)
		return SK_OK;
	if (absent)
		SK_TRY(sk_secret_make(path, fault));
	enum sk_err err = sk_secret_load(path, &key, fault);
	if (err == SK_OK) {
		sk_keyed_hash(key, "seal", 4, cases->seal_key, SK_KEY_BYTES);
		sk_keyed_hash(key, "mark", 4, cases->mark_key, SK_KEY_BYTES);
		sk_keyed_hash(key, "index", 5, cases->index_key, SK_KEY_BYTES);
	}
	sk_secret_free(key);
	return err;
}

/* ---- after a crash ---- */

static enum sk_err delete_entry(struct sk_cases *cases, const char *id, uint64_t n, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_cases_ask(cases, "DELETE FROM entry WHERE case_id = ?1 AND n = ?2", &statement, fault));
	(void)sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)n);
	return sk_cases_do(cases, statement, fault);
}

/* The last entry has no act: row, then leaf, and the leaf was never published. Everything is as before it. */
static enum sk_err take_back(struct sk_cases *cases, uint64_t acts, struct sk_fault *fault)
{
	struct sk_case c;
	char id[SK_MATTER_ID_MAX];
	memcpy(id, cases->meta.last_case, sizeof id);
	SK_TRY(delete_entry(cases, id, acts + 1, fault));
	SK_TRY(sk_cases_owed_drop(cases, id, (uint32_t)acts + 1, fault));
	SK_TRY(sk_cases_fold_rows(cases, id, 0, &c, NULL, fault));
	enum sk_err err = c.entry_count == acts ? sk_cases_head_put(cases, id, acts != 0 ? &c.head : NULL, fault)
						: sk_fault_set(fault, SK_EINCONSISTENT, "%s: case %s has %zu entries, the ledger %llu acts of it", cases->path, id, c.entry_count, (unsigned long long)acts);
	if (err == SK_OK)
		err = sk_cases_index_put(cases, &c, id, fault);
	sk_case_fini(&c);
	cases->meta.entries--;
	return err == SK_OK ? sk_cases_meta_write(cases, fault) : err;
}

static enum sk_err roll_back(struct sk_cases *cases, struct sk_fault *fault)
{
	uint64_t acts;
	SK_TRY(sk_docket_count(cases->docket, "case", cases->meta.last_case, &acts, fault));
	SK_TRY(sk_cases_run(cases, "BEGIN IMMEDIATE", fault));
	enum sk_err err = take_back(cases, acts, fault);
	struct sk_fault ignored;
	if (err == SK_OK)
		return sk_cases_run(cases, "COMMIT", fault);
	(void)(sk_cases_run(cases, "ROLLBACK", &ignored) == SK_OK);
	return err;
}

//= rule: CASE-2
static enum sk_err agree(struct sk_cases *cases, struct sk_fault *fault)
{
	uint64_t acts;
	SK_TRY(sk_docket_count(cases->docket, "case", NULL, &acts, fault));
	if (cases->meta.entries == acts + 1 && cases->key != NULL)
		return roll_back(cases, fault);
	/* The row is there before its leaf; who reads in between, or after a crash, waits for whoever writes. */
	if (cases->meta.entries > acts && cases->key == NULL)
		return sk_fault_set(fault, SK_ELOCKED, "%s: a change is being entered, or a crash left one half done; try again", cases->path);
	if (cases->meta.entries != acts)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: it has %llu entries, the ledger %llu acts of cases; it was changed, or put back from an older copy", cases->path,
				    (unsigned long long)cases->meta.entries, (unsigned long long)acts);
	return SK_OK;
}

enum sk_err sk_cases_open(const char *db_path, const char *key_path, struct sk_docket *docket, const struct sk_sign_key *key, const uint8_t policy[SK_HASH_BYTES], struct sk_cases **out,
			  struct sk_fault *fault)
{
	struct sk_cases *cases = calloc(1, sizeof *cases);
	*out = NULL;
	if (cases == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	cases->docket = docket;
	cases->key = key;
	if (policy != NULL)
		memcpy(cases->policy, policy, SK_HASH_BYTES);
	enum sk_err err = strlen(db_path) < sizeof cases->path ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "%.100s...: path too long", db_path);
	if (err == SK_OK) {
		memcpy(cases->path, db_path, strlen(db_path) + 1);
		err = read_key(cases, key_path, fault);
	}
	if (err == SK_OK)
		err = sk_cases_db_open(cases, fault);
	if (err == SK_OK)
		err = sk_cases_meta_read(cases, fault);
	if (err == SK_OK)
		err = agree(cases, fault);
	if (err == SK_OK)
		err = sk_cases_sum_check(cases, fault);
	if (err == SK_OK && key != NULL)
		err = sk_cases_owed_settle(cases, fault);
	if (err != SK_OK) {
		sk_cases_close(cases);
		return err;
	}
	*out = cases;
	return SK_OK;
}

void sk_cases_close(struct sk_cases *cases)
{
	if (cases == NULL)
		return;
	(void)sqlite3_close_v2(cases->db);
	sk_wipe(cases, sizeof *cases);
	free(cases);
}
