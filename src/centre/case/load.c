/* SPDX-License-Identifier: Apache-2.0 */
/* One case out of its rows, each compared with the act that committed to it. */
#include <stdlib.h>

#include "case/case_priv.h"
#include "ledger/record.h"

static enum sk_err fold_row(struct sk_cases *cases, const char *id, uint32_t n, const void *sealed, size_t length, struct sk_case *out, struct sk_fault *fault)
{
	struct sk_case_entry entry = {0};
	char *plain;
	size_t plain_length;
	SK_TRY(sk_cases_entry_open(cases, id, n, sealed, length, &plain, &plain_length, entry.salt, fault));
	enum sk_err err = sk_case_apply(out, plain, plain_length, &entry, fault);
	free(plain);
	if (err == SK_OK && strcmp(out->head.id, id) != 0)
		err = sk_fault_set(fault, SK_EINCONSISTENT, "case %s: entry %u is of %s", id, n, out->head.id);
	return err;
}

enum sk_err sk_cases_fold_rows(struct sk_cases *cases, const char *id, uint32_t most, struct sk_case *out, uint8_t (**hashes)[SK_HASH_BYTES], struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	enum sk_err err;
	int code = SQLITE_DONE;
	size_t room = 0;
	memset(out, 0, sizeof *out);
	if (hashes != NULL)
		*hashes = NULL;
	SK_TRY(err = sk_cases_ask(cases, "SELECT n, sealed FROM entry WHERE case_id = ?1 ORDER BY n", &statement, fault));
	(void)sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	while (err == SK_OK && (most == 0 || out->entry_count < most) && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		const void *sealed = sqlite3_column_blob(statement, 1);
		size_t length = (size_t)sqlite3_column_bytes(statement, 1);
		int64_t n = sqlite3_column_int64(statement, 0);
		if (n != (int64_t)out->entry_count + 1) {
			err = sk_fault_set(fault, SK_EINCONSISTENT, "case %s: entry %zu is not there; somebody took it away", id, out->entry_count + 1);
			break;
		}
		if (hashes != NULL && out->entry_count == room) {
			room = room == 0 ? 64 : 2 * room;
			void *larger = reallocarray(*hashes, room, sizeof **hashes);
			if (larger == NULL) {
				err = sk_fault_set(fault, SK_ENOMEM, "out of memory");
				break;
			}
			*hashes = larger;
		}
		if (hashes != NULL)
			sk_sha256(sealed, length, (*hashes)[out->entry_count]);
		err = fold_row(cases, id, (uint32_t)n, sealed, length, out, fault);
	}
	if (err == SK_OK && code != SQLITE_DONE && code != SQLITE_ROW)
		err = sk_cases_db_fault(cases, code, fault);
	(void)sqlite3_finalize(statement);
	if (err != SK_OK) {
		sk_case_fini(out);
		if (hashes != NULL) {
			free(*hashes);
			*hashes = NULL;
		}
	}
	return err;
}

/* ---- against the acts ---- */

struct comparison {
	struct sk_case *c;
	uint8_t (*hashes)[SK_HASH_BYTES];
	size_t acts;
};

static enum sk_err differs(const struct sk_case *c, size_t n, const struct sk_entry *act, const char *what, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_EINCONSISTENT, "case %s, entry %zu (leaf %llu): %s; somebody changed the database", c->head.id, n, (unsigned long long)act->leaf, what);
}

//= rule: CASE-2
static enum sk_err compare(void *context, const struct sk_entry *act, struct sk_fault *fault)
{
	struct comparison *x = context;
	struct sk_json_doc *doc = NULL;
	uint8_t hash[SK_HASH_BYTES], said[SK_HASH_BYTES], again[SK_HASH_BYTES];
	size_t i = x->acts++;
	if (i >= x->c->entry_count)
		return differs(x->c, i + 1, act, "the ledger has it, and its row is gone", fault);
	struct sk_case_entry *entry = &x->c->entries[i];
	SK_TRY(sk_json_parse(act->act.body, act->act.body_length, &doc, fault));
	const char *by = sk_json_get_text(sk_json_top(doc), "by");
	bool good = by != NULL && strcmp(by, entry->by) == 0 && sk_json_get_hex(sk_json_top(doc), "entry", hash, sizeof hash) == SK_OK &&
		    sk_json_get_hex(sk_json_top(doc), "said", said, sizeof said) == SK_OK;
	sk_json_free(doc);
	sk_commit(entry->salt, entry->plain, entry->plain_length, again);
	if (!good || memcmp(hash, x->hashes[i], SK_HASH_BYTES) != 0 || memcmp(said, again, SK_HASH_BYTES) != 0)
		return differs(x->c, i + 1, act, "it is not what the act commits to", fault);
	if (strcmp(act->act.event, sk_case_event_name(entry->event)) != 0 || strcmp(act->from, sk_case_state_name(entry->from)) != 0 || strcmp(act->to, sk_case_state_name(entry->to)) != 0 ||
	    act->act.time_ns != entry->time_ns)
		return differs(x->c, i + 1, act, "its step is not that of the act", fault);
	entry->leaf = act->leaf;
	return SK_OK;
}

static enum sk_err compare_head(struct sk_cases *cases, const struct sk_case *c, struct sk_fault *fault)
{
	struct sk_case_head head;
	sqlite3_stmt *statement = NULL;
	char sql[512];
	(void)sqlite3_snprintf((int)sizeof sql, sql, "SELECT %s FROM head WHERE id = ?1", sk_cases_head_columns);
	SK_TRY(sk_cases_ask(cases, sql, &statement, fault));
	(void)sqlite3_bind_text(statement, 1, c->head.id, -1, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	enum sk_err err = code == SQLITE_ROW ? sk_cases_head_row(cases, statement, &head, NULL, fault) : code == SQLITE_DONE ? SK_EINCONSISTENT : sk_cases_db_fault(cases, code, fault);
	(void)sqlite3_finalize(statement);
	if (code == SQLITE_DONE || (err == SK_OK && !sk_case_head_same(&head, &c->head)))
		return sk_fault_set(fault, SK_EINCONSISTENT, "case %s: its row in the list is %s", c->head.id, code == SQLITE_DONE ? "gone" : "not what its entries make it; it was put back from an older copy");
	return err;
}

enum sk_err sk_cases_load(struct sk_cases *cases, const char *id, struct sk_case *out, struct sk_fault *fault)
{
	struct comparison x = {.c = out};
	enum sk_err err = sk_cases_fold_rows(cases, id, 0, out, &x.hashes, fault);
	if (err == SK_EMALFORMED || err == SK_ESTAGE || err == SK_EEXIST || err == SK_EPERMIT)
		return sk_fault_set(fault, SK_EINCONSISTENT, "case %.63s: an entry that could not have been made is there", id);
	SK_TRY(err);
	if (out->entry_count == 0)
		(void)memccpy(out->head.id, id, '\0', sizeof out->head.id - 1);
	err = sk_docket_walk(cases->docket, "case", id, 0, compare, &x, fault);
	free(x.hashes);
	if (err == SK_OK && x.acts == 0 && out->entry_count == 0)
		err = sk_fault_set(fault, SK_ENOENT, "there is no case %.63s; sekisho case list shows them", id);
	if (err == SK_OK && x.acts != out->entry_count)
		err = sk_fault_set(fault, SK_EINCONSISTENT, "case %s: entry %zu has no act in the ledger; somebody added it", out->head.id, x.acts + 1);
	if (err == SK_OK)
		err = compare_head(cases, out, fault);
	if (err != SK_OK)
		sk_case_fini(out);
	return err;
}
