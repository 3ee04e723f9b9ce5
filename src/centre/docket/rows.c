/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite: the file, its one table, rows. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "docket/docket_priv.h"

enum { APPLICATION_ID = 0x534b4143 /* "SKAC" */, SCHEMA_VERSION = 1, BUSY_MS = 5000 };

static const char schema[] = "BEGIN IMMEDIATE;"
			     "CREATE TABLE act (leaf INTEGER PRIMARY KEY, matter TEXT NOT NULL, id TEXT NOT NULL, event TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,"
			     " previous INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE, note BLOB NOT NULL, note_salt BLOB NOT NULL, matter_salt BLOB NOT NULL) STRICT;"
			     "CREATE INDEX act_matter ON act (matter, id, leaf);"
			     "PRAGMA application_id = 1397440835; PRAGMA user_version = 1; COMMIT";

const char sk_docket_columns[] = "leaf, matter, id, event, before, after, previous, digest, note, note_salt, matter_salt";

enum sk_err sk_docket_db_fault(struct sk_docket *docket, int code, struct sk_fault *fault)
{
	int errnum = sqlite3_system_errno(docket->db);
	switch (code & 0xff) {
	case SQLITE_FULL:
		return sk_fault_set(fault, SK_ENOSPC, "%s: disk full; the act is not entered", docket->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return sk_fault_set(fault, SK_ELOCKED, "%s: another process is writing", docket->path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the docket is damaged (%s)", docket->path, sqlite3_errstr(code));
	case SQLITE_NOMEM:
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", docket->path);
	default:
		return sk_fault_set(fault, errnum == ENOSPC || errnum == EDQUOT ? SK_ENOSPC : SK_EIO, "%s: %s", docket->path, sqlite3_errstr(code));
	}
}

static enum sk_err run(struct sk_docket *docket, const char *sql, struct sk_fault *fault)
{
	int code = sqlite3_exec(docket->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? SK_OK : sk_docket_db_fault(docket, code, fault);
}

enum sk_err sk_docket_ask(struct sk_docket *docket, const char *sql, sqlite3_stmt **out, struct sk_fault *fault)
{
	int code = sqlite3_prepare_v2(docket->db, sql, -1, out, NULL);
	return code == SQLITE_OK ? SK_OK : sk_docket_db_fault(docket, code, fault);
}

static enum sk_err number(struct sk_docket *docket, const char *sql, int64_t *out, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_docket_ask(docket, sql, &statement, fault));
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SK_OK : sk_docket_db_fault(docket, code, fault);
}

static enum sk_err know_schema(struct sk_docket *docket, struct sk_fault *fault)
{
	int64_t application = 0, version = 0;
	SK_TRY(number(docket, "PRAGMA application_id", &application, fault));
	SK_TRY(number(docket, "PRAGMA user_version", &version, fault));
	if (application == 0 && version == 0 && docket->log.append != NULL)
		return run(docket, schema, fault);
	if (application != APPLICATION_ID)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: not a docket of Sekisho", docket->path);
	if (version != SCHEMA_VERSION)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: version %lld, this program knows %d; use a newer sekisho", docket->path, (long long)version, SCHEMA_VERSION);
	return SK_OK;
}

enum sk_err sk_docket_db_open(struct sk_docket *docket, struct sk_fault *fault)
{
	bool write = docket->log.append != NULL;
	if (write) {
		/* Made here, so that it and its log are never readable to others: SQLite copies the mode. */
		int fd = open(docket->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return sk_fault_errno(fault, errno, "%s: cannot open", docket->path);
		(void)close(fd);
	}
	SK_TRY(sk_file_check_private(docket->path, fault));
	/* A reader of a WAL file needs to write its index; no statement of a reader changes anything (query_only). */
	int code = sqlite3_open_v2(docket->path, &docket->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (code != SQLITE_OK)
		return sk_docket_db_fault(docket, code, fault);
	(void)sqlite3_busy_timeout(docket->db, BUSY_MS);
	(void)sqlite3_db_config(docket->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* FULL: the row is on disk before the leaf that speaks of it. */
	SK_TRY(run(docket, "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON", fault));
	if (write)
		SK_TRY(run(docket, "PRAGMA journal_mode = WAL", fault));
	SK_TRY(know_schema(docket, fault));
	return write ? SK_OK : run(docket, "PRAGMA query_only = ON", fault);
}

static const char *text_column(sqlite3_stmt *statement, int column, bool *good)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	*good = *good && text != NULL && strlen(text) == (size_t)sqlite3_column_bytes(statement, column);
	return text;
}

static const uint8_t *hash_column(sqlite3_stmt *statement, int column, bool *good)
{
	const uint8_t *bytes = sqlite3_column_blob(statement, column);
	*good = *good && bytes != NULL && sqlite3_column_bytes(statement, column) == SK_HASH_BYTES;
	return bytes;
}

enum sk_err sk_docket_row(struct sk_docket *docket, sqlite3_stmt *statement, struct sk_row *out, struct sk_fault *fault)
{
	bool good = true;
	*out = (struct sk_row){.leaf = (uint64_t)sqlite3_column_int64(statement, 0), .previous = (uint64_t)sqlite3_column_int64(statement, 6)};
	out->matter = text_column(statement, 1, &good);
	out->id = text_column(statement, 2, &good);
	out->event = text_column(statement, 3, &good);
	out->from = text_column(statement, 4, &good);
	out->to = text_column(statement, 5, &good);
	out->digest = hash_column(statement, 7, &good);
	out->note = sqlite3_column_blob(statement, 8);
	out->note_length = (size_t)sqlite3_column_bytes(statement, 8);
	out->note_salt = hash_column(statement, 9, &good);
	out->matter_salt = hash_column(statement, 10, &good);
	if (!good || out->note == NULL || out->note_length > SK_DOCKET_NOTE_MAX)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the row of leaf %llu is not one that this program wrote", docket->path, (unsigned long long)out->leaf);
	return SK_OK;
}
