/* SPDX-License-Identifier: Apache-2.0 */
/* A row is believed when its leaf says the same; that is all that a database is believed here. rule: ACT-2 */
#include <string.h>

#include "docket/docket_priv.h"
#include "ledger/record_read.h"
#include "text/json.h"

enum sk_err sk_docket_subject(const uint8_t salt[SK_SALT_BYTES], const char *matter, const char *id, uint8_t out[SK_HASH_BYTES])
{
	struct sk_buf text;
	sk_buf_init(&text, SK_ACT_WORD_MAX + SK_MATTER_ID_MAX + 1);
	sk_buf_addf(&text, "%s %s", matter, id);
	enum sk_err err = text.failed;
	if (err == SK_OK)
		sk_commit(salt, text.bytes, text.length, out);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err differs(struct sk_docket *docket, const struct sk_row *row, const char *what, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_EINCONSISTENT, "%s: act of leaf %llu (%.32s %.64s): %s is not what the ledger has; somebody changed the database", docket->path,
			    (unsigned long long)row->leaf, row->matter, row->id, what);
}

static enum sk_err read_statement(struct sk_docket *docket, const struct sk_row *row, struct sk_entry *entry, struct sk_fault *fault)
{
	struct sk_fault inner;
	/* The statement is the note's body: up to the empty line that a note has before its signatures. */
	const char *end = memmem(row->note, row->note_length, "\n\n", 2);
	if (end == NULL || sk_act_read(row->note, (size_t)(end - row->note) + 1, &entry->act, &inner) != SK_OK)
		return differs(docket, row, "its note", fault);
	if (strcmp(entry->act.matter, row->matter) != 0 || strcmp(entry->act.id, row->id) != 0 || strcmp(entry->act.event, row->event) != 0 ||
	    memcmp(entry->act.digest, row->digest, SK_HASH_BYTES) != 0)
		return differs(docket, row, "what its columns say of the note", fault);
	entry->leaf = row->leaf;
	entry->note = row->note;
	entry->note_length = row->note_length;
	entry->note_salt = row->note_salt;
	entry->matter_salt = row->matter_salt;
	return SK_OK;
}

static enum sk_err compare(struct sk_docket *docket, const struct sk_row *row, const struct sk_act_record *leaf, struct sk_entry *entry, struct sk_fault *fault)
{
	uint8_t expected[SK_HASH_BYTES];
	sk_commit(row->note_salt, row->note, row->note_length, expected);
	if (memcmp(expected, leaf->document, SK_HASH_BYTES) != 0)
		return differs(docket, row, "its note", fault);
	SK_TRY(sk_docket_subject(row->matter_salt, row->matter, row->id, expected));
	if (memcmp(expected, leaf->subject, SK_HASH_BYTES) != 0)
		return differs(docket, row, "its matter", fault);
	if (strcmp(row->matter, leaf->matter) != 0 || strcmp(row->event, leaf->event) != 0 || strcmp(row->from, leaf->from) != 0 || strcmp(row->to, leaf->to) != 0 ||
	    row->previous != leaf->previous)
		return differs(docket, row, "its step", fault);
	memcpy(entry->from, row->from, strlen(row->from) + 1);
	memcpy(entry->to, row->to, strlen(row->to) + 1);
	return SK_OK;
}

enum sk_err sk_docket_agree(struct sk_docket *docket, const struct sk_row *row, struct sk_buf *leaf, struct sk_entry *entry, struct sk_fault *fault)
{
	struct sk_record record;
	struct sk_fault inner;
	memset(entry, 0, sizeof *entry);
	sk_buf_reset(leaf);
	SK_TRY(docket->log.leaf(docket->log.context, row->leaf, leaf, fault));
	if (sk_record_parse(leaf->bytes, leaf->length, &record, &inner) != SK_OK || record.kind != SK_RECORD_ACT)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: leaf %llu of the ledger is no act", docket->path, (unsigned long long)row->leaf);
	SK_TRY(read_statement(docket, row, entry, fault));
	if (strlen(row->from) >= sizeof entry->from || strlen(row->to) >= sizeof entry->to)
		return differs(docket, row, "its step", fault);
	return compare(docket, row, &record.act, entry, fault);
}

/* ---- everything at once ---- */

static enum sk_err count_visit(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	uint64_t *acts = context;
	/* Leaf 0 opens the ledger; from 1 on each leaf is the act of one row. */
	if (entry->leaf != *acts + 1)
		return sk_fault_set(fault, SK_EINCONSISTENT, "leaf %llu of the ledger has no row in the docket; somebody took it away", (unsigned long long)*acts + 1);
	++*acts;
	return SK_OK;
}

enum sk_err sk_docket_check(struct sk_docket *docket, uint64_t *acts, struct sk_fault *fault)
{
	*acts = 0;
	SK_TRY(sk_docket_walk(docket, NULL, NULL, 0, count_visit, acts, fault));
	uint64_t leaves = docket->log.size(docket->log.context);
	if (leaves != *acts + 1)
		return sk_fault_set(fault, SK_EINCONSISTENT, "leaf %llu of the ledger has no row in the docket; somebody took it away", (unsigned long long)*acts + 1);
	return SK_OK;
}

enum sk_err sk_docket_openings(struct sk_docket *docket, enum sk_err (*line)(void *context, const char *text, size_t length), void *context, struct sk_fault *fault)
{
	char sql[256];
	struct sk_buf out, leaf;
	sqlite3_stmt *statement = NULL;
	struct sk_row row;
	struct sk_entry entry;
	int code;
	(void)sqlite3_snprintf((int)sizeof sql, sql, "SELECT %s FROM act WHERE leaf < ?1 ORDER BY leaf", sk_docket_columns);
	sk_buf_init(&out, 4 * SK_DOCKET_NOTE_MAX);
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	enum sk_err err = sk_docket_ask(docket, sql, &statement, fault);
	/* A row that a crash left without its leaf is for the next writer to roll back. */
	if (err == SK_OK)
		(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)docket->log.size(docket->log.context));
	while (err == SK_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
		struct sk_json_writer w;
		err = code == SQLITE_ROW ? sk_docket_row(docket, statement, &row, fault) : sk_docket_db_fault(docket, code, fault);
		if (err == SK_OK)
			err = sk_docket_agree(docket, &row, &leaf, &entry, fault);
		if (err != SK_OK)
			break;
		sk_buf_reset(&out);
		sk_json_begin(&w, &out, true);
		sk_json_object(&w, NULL);
		sk_json_text(&w, "id", row.id);
		sk_json_u64(&w, "leaf", row.leaf);
		sk_json_hex(&w, "matter_salt", row.matter_salt, SK_SALT_BYTES);
		sk_json_text_n(&w, "note", row.note, row.note_length);
		sk_json_hex(&w, "note_salt", row.note_salt, SK_SALT_BYTES);
		sk_json_end(&w);
		sk_buf_add_text(&out, "\n");
		err = out.failed != SK_OK ? sk_fault_set(fault, out.failed, "%s: an opening does not fit", docket->path) : line(context, sk_buf_text(&out), out.length);
	}
	(void)sqlite3_finalize(statement);
	sk_buf_fini(&leaf);
	sk_buf_fini(&out);
	return err;
}
