/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, adding, walking. */
#include "docket/docket.h"

#include <stdlib.h>
#include <string.h>

#include "docket/docket_priv.h"

/* Rows beyond the ledger's end are what a crash left: their leaf was never published. */
static enum sk_err roll_back(struct sk_docket *docket, uint64_t *rolled_back, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	uint64_t leaves = docket->log.size(docket->log.context);
	SK_TRY(sk_docket_ask(docket, "DELETE FROM act WHERE leaf >= ?1", &statement, fault));
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)leaves);
	int code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		return sk_docket_db_fault(docket, code, fault);
	*rolled_back = (uint64_t)sqlite3_changes(docket->db);
	return SK_OK;
}

/* A reader sees what the head that it verified covers; a writer in another process may be one act further. */
static enum sk_err count_rows(struct sk_docket *docket, uint64_t from, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	uint64_t leaves = docket->log.size(docket->log.context);
	SK_TRY(sk_docket_ask(docket, "SELECT count(*) FROM act WHERE leaf >= ?1 AND leaf < ?2", &statement, fault));
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)from);
	(void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)leaves);
	int code = sqlite3_step(statement);
	uint64_t rows = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	(void)sqlite3_finalize(statement);
	if (code != SQLITE_ROW)
		return sk_docket_db_fault(docket, code, fault);
	/* Leaf 0 opens the ledger and has no row. */
	if (rows + from == leaves && from != 0)
		return SK_OK;
	return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the ledger has %llu acts%s, the docket %llu; somebody changed the database", docket->path,
			    (unsigned long long)(leaves > from ? leaves - from : 0), from > 1 ? " more" : "", (unsigned long long)rows);
}

enum sk_err sk_docket_grown(struct sk_docket *docket, uint64_t from_leaf, struct sk_fault *fault)
{
	return count_rows(docket, from_leaf != 0 ? from_leaf : 1, fault);
}

enum sk_err sk_docket_open(const char *path, const struct sk_docket_log *log, struct sk_docket **out, uint64_t *rolled_back, struct sk_fault *fault)
{
	struct sk_docket *docket = calloc(1, sizeof *docket);
	*out = NULL;
	*rolled_back = 0;
	if (docket == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	docket->log = *log;
	enum sk_err err = strlen(path) < sizeof docket->path ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "%.100s...: path too long", path);
	if (err == SK_OK) {
		memcpy(docket->path, path, strlen(path) + 1);
		err = sk_docket_db_open(docket, fault);
	}
	if (err == SK_OK && log->append != NULL)
		err = roll_back(docket, rolled_back, fault);
	if (err == SK_OK)
		err = count_rows(docket, 1, fault);
	if (err != SK_OK) {
		sk_docket_close(docket);
		return err;
	}
	*out = docket;
	return SK_OK;
}

void sk_docket_close(struct sk_docket *docket)
{
	if (docket == NULL)
		return;
	(void)sqlite3_close_v2(docket->db);
	free(docket);
}

/* ---- walking ---- */

static enum sk_err walk(struct sk_docket *docket, sqlite3_stmt *statement, sk_docket_visit visit, void *context, struct sk_fault *fault)
{
	struct sk_buf leaf;
	struct sk_row row;
	struct sk_entry entry;
	enum sk_err err = SK_OK;
	int code = SQLITE_DONE;
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	while (err == SK_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		err = sk_docket_row(docket, statement, &row, fault);
		if (err == SK_OK)
			err = sk_docket_agree(docket, &row, &leaf, &entry, fault);
		if (err == SK_OK)
			err = visit(context, &entry, fault);
	}
	sk_buf_fini(&leaf);
	return err != SK_OK || code == SQLITE_DONE ? err : sk_docket_db_fault(docket, code, fault);
}

enum sk_err sk_docket_walk(struct sk_docket *docket, const char *matter, const char *id, uint64_t from_leaf, sk_docket_visit visit, void *context, struct sk_fault *fault)
{
	char sql[512];
	sqlite3_stmt *statement = NULL;
	(void)sqlite3_snprintf((int)sizeof sql, sql, "SELECT %s FROM act WHERE leaf >= ?1 AND leaf < ?2%s%s ORDER BY leaf", sk_docket_columns,
			       matter != NULL ? " AND matter = ?3" : "", id != NULL ? " AND id = ?4" : "");
	SK_TRY(sk_docket_ask(docket, sql, &statement, fault));
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)from_leaf);
	(void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)docket->log.size(docket->log.context));
	if (matter != NULL)
		(void)sqlite3_bind_text(statement, 3, matter, -1, SQLITE_STATIC);
	if (id != NULL)
		(void)sqlite3_bind_text(statement, 4, id, -1, SQLITE_STATIC);
	enum sk_err err = walk(docket, statement, visit, context, fault);
	(void)sqlite3_finalize(statement);
	return err;
}

enum sk_err sk_docket_count(struct sk_docket *docket, const char *matter, const char *id, uint64_t *count, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_docket_ask(docket, id != NULL ? "SELECT count(*) FROM act WHERE matter = ?1 AND leaf < ?2 AND id = ?3" : "SELECT count(*) FROM act WHERE matter = ?1 AND leaf < ?2", &statement, fault));
	(void)sqlite3_bind_text(statement, 1, matter, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)docket->log.size(docket->log.context));
	if (id != NULL)
		(void)sqlite3_bind_text(statement, 3, id, -1, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	*count = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SK_OK : sk_docket_db_fault(docket, code, fault);
}

struct last {
	bool found;
	uint64_t leaf;
	uint8_t digest[SK_HASH_BYTES], salt[SK_SALT_BYTES];
	char state[SK_ACT_WORD_MAX];
};

static enum sk_err find_last(struct sk_docket *docket, const char *matter, const char *id, struct last *out, struct sk_fault *fault)
{
	char sql[512];
	struct sk_buf leaf;
	struct sk_row row;
	struct sk_entry entry;
	sqlite3_stmt *statement = NULL;
	memset(out, 0, sizeof *out);
	(void)sqlite3_snprintf((int)sizeof sql, sql, "SELECT %s FROM act WHERE matter = ?1 AND id = ?2 AND leaf < ?3 ORDER BY leaf DESC LIMIT 1", sk_docket_columns);
	SK_TRY(sk_docket_ask(docket, sql, &statement, fault));
	(void)sqlite3_bind_text(statement, 1, matter, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 2, id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 3, (sqlite3_int64)docket->log.size(docket->log.context));
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	int code = sqlite3_step(statement);
	enum sk_err err = code == SQLITE_DONE || code == SQLITE_ROW ? SK_OK : sk_docket_db_fault(docket, code, fault);
	if (code == SQLITE_ROW) {
		err = sk_docket_row(docket, statement, &row, fault);
		if (err == SK_OK)
			err = sk_docket_agree(docket, &row, &leaf, &entry, fault);
		if (err == SK_OK) {
			*out = (struct last){.found = true, .leaf = row.leaf};
			memcpy(out->digest, entry.act.digest, SK_HASH_BYTES);
			memcpy(out->salt, row.matter_salt, SK_SALT_BYTES);
			memcpy(out->state, entry.to, sizeof out->state);
		}
	}
	sk_buf_fini(&leaf);
	(void)sqlite3_finalize(statement);
	return err;
}

enum sk_err sk_docket_last(struct sk_docket *docket, const char *matter, const char *id, uint8_t digest[SK_HASH_BYTES], char state[SK_ACT_WORD_MAX], bool *found,
			   struct sk_fault *fault)
{
	struct last last;
	SK_TRY(find_last(docket, matter, id, &last, fault));
	*found = last.found;
	memcpy(digest, last.digest, SK_HASH_BYTES);
	memcpy(state, last.state, SK_ACT_WORD_MAX);
	return SK_OK;
}

/* ---- adding ---- */

static enum sk_err insert(struct sk_docket *docket, const struct sk_row *row, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_docket_ask(docket, "INSERT INTO act (leaf, matter, id, event, before, after, previous, digest, note, note_salt, matter_salt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
			     &statement, fault));
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)row->leaf);
	(void)sqlite3_bind_text(statement, 2, row->matter, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 3, row->id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 4, row->event, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 5, row->from, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 6, row->to, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 7, (sqlite3_int64)row->previous);
	(void)sqlite3_bind_blob(statement, 8, row->digest, SK_HASH_BYTES, SQLITE_STATIC);
	(void)sqlite3_bind_blob(statement, 9, row->note, (int)row->note_length, SQLITE_STATIC);
	(void)sqlite3_bind_blob(statement, 10, row->note_salt, SK_SALT_BYTES, SQLITE_STATIC);
	(void)sqlite3_bind_blob(statement, 11, row->matter_salt, SK_SALT_BYTES, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	if (code == SQLITE_CONSTRAINT_UNIQUE)
		return sk_fault_set(fault, SK_ESEEN, "%s %s: this very act (%s) was entered before", row->matter, row->id, row->event);
	return code == SQLITE_DONE ? SK_OK : sk_docket_db_fault(docket, code, fault);
}

/* After a failed commit of the ledger nobody knows whether the leaf stands: the next opening compares, and rolls the row back or keeps it. */
static enum sk_err publish(struct sk_docket *docket, const struct sk_row *row, const struct sk_buf *leaf, struct sk_receipt *receipt, struct sk_fault *fault)
{
	docket->failed = true;
	SK_TRY(docket->log.append(docket->log.context, sk_buf_text(leaf), leaf->length, receipt, fault));
	if (receipt->index != row->leaf)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the ledger has grown beside the docket", docket->path);
	SK_TRY(docket->log.commit(docket->log.context, fault));
	docket->failed = false;
	return SK_OK;
}

static enum sk_err begin(struct sk_docket *docket, const char *note, size_t note_length, struct sk_act *act, struct last *last, struct sk_fault *fault)
{
	struct sk_note parsed;
	if (docket->log.append == NULL || docket->failed)
		return sk_fault_set(fault, SK_ELEDGER, "%s: open for reading alone, or a commit failed; nothing is entered", docket->path);
	if (note_length > SK_DOCKET_NOTE_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "act: the note has %zu bytes, at most %d are allowed", note_length, SK_DOCKET_NOTE_MAX);
	SK_TRY(sk_note_parse(note, note_length, &parsed, fault));
	SK_TRY(sk_act_read(parsed.body, parsed.body_length, act, fault));
	SK_TRY(find_last(docket, act->matter, act->id, last, fault));
	if (memcmp(act->previous, last->digest, SK_HASH_BYTES) == 0)
		return SK_OK;
	if (last->found && memcmp(act->digest, last->digest, SK_HASH_BYTES) == 0)
		return sk_fault_set(fault, SK_ESEEN, "%s %s: this very act (%s) was entered before", act->matter, act->id, act->event);
	return sk_fault_set(fault, SK_EUSAGE, "%s %s: the statement goes on from another act than the last one; somebody was faster, or it is old: look again and sign anew",
			    act->matter, act->id);
}

enum sk_err sk_docket_add(struct sk_docket *docket, const char *note, size_t note_length, struct sk_act_facts *facts, struct sk_receipt *receipt, struct sk_fault *fault)
{
	struct sk_act act;
	struct last last;
	struct sk_buf leaf;
	uint8_t note_salt[SK_SALT_BYTES];
	SK_TRY(begin(docket, note, note_length, &act, &last, fault));
	if (strncmp(facts->from, last.state, SK_ACT_WORD_MAX) != 0)
		return sk_fault_set(fault, SK_EUSAGE, "%s %s: the matter is %s, not %s", act.matter, act.id, last.found ? last.state : "not begun", facts->from);
	if (!last.found)
		sk_random(last.salt, sizeof last.salt);
	sk_random(note_salt, sizeof note_salt);
	memcpy(facts->matter, act.matter, sizeof act.matter);
	memcpy(facts->event, act.event, sizeof act.event);
	memcpy(facts->policy, act.policy, SK_HASH_BYTES);
	facts->time_ns = act.time_ns;
	facts->previous = last.found ? last.leaf + 1 : 0;
	sk_commit(note_salt, note, note_length, facts->document);
	SK_TRY(sk_docket_subject(last.salt, act.matter, act.id, facts->subject));
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	sk_record_act(&leaf, facts);
	enum sk_err err = leaf.failed != SK_OK ? sk_fault_set(fault, leaf.failed, "%s %s: %s: a word or a count of the record is out of form", act.matter, act.id, act.event) : SK_OK;
	if (err == SK_OK) {
		struct sk_row row = {.leaf = docket->log.size(docket->log.context), .previous = facts->previous, .matter = act.matter, .id = act.id, .event = act.event,
				     .from = facts->from, .to = facts->to, .note = note, .note_length = note_length, .note_salt = note_salt, .matter_salt = last.salt,
				     .digest = act.digest};
		err = insert(docket, &row, fault);
		if (err == SK_OK)
			err = publish(docket, &row, &leaf, receipt, fault);
	}
	sk_buf_fini(&leaf);
	return err;
}
