/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite: opening, schema, and the few calls that the room makes of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/store_priv.h"

enum { APPLICATION_ID = 0x534b5354 /* "SKST" */, BUSY_MS = 2000 };

/* One migration a version, in order, never edited once released. */
static const struct {
	const char *name, *sql;
} migrations[] = {
#define SK_MIGRATION(name, sql) {name, sql},
#include "store/schema.def"
#undef SK_MIGRATION
};

static const char *const statement_sql[SK_STATEMENT_COUNT] = {
#define SK_STATEMENT(name, sql) [SK_SQL_##name] = sql,
#include "store/statement.def"
#undef SK_STATEMENT
};

enum sk_err sk_db_fault(struct sk_store *store, int code, struct sk_fault *fault)
{
	const char *text = sqlite3_errstr(code);
	int errnum = sqlite3_system_errno(store->db);
	switch (code & 0xff) {
	case SQLITE_FULL:
		return sk_fault_set(fault, SK_ENOSPC, "%s: disk full; the interval is not kept", store->db_path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return sk_fault_set(fault, SK_ELOCKED, "%s: another process is writing", store->db_path);
	case SQLITE_NOTADB:
		return sk_fault_set(fault, SK_EMALFORMED, "%s: not a database of Sekisho's store", store->db_path);
	case SQLITE_CORRUPT:
		return sk_fault_set(fault, SK_EMALFORMED, "%s: the database is damaged (%s)", store->db_path, text);
	case SQLITE_NOMEM:
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", store->db_path);
	default:
		if (errnum == ENOSPC || errnum == EDQUOT)
			return sk_fault_set(fault, SK_ENOSPC, "%s: disk full; the interval is not kept", store->db_path);
		return sk_fault_set(fault, SK_EIO, "%s: %s", store->db_path, text);
	}
}

enum sk_err sk_db_exec(struct sk_store *store, const char *sql, struct sk_fault *fault)
{
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? SK_OK : sk_db_fault(store, code, fault);
}

static enum sk_err pragma_number(struct sk_store *store, const char *sql, int64_t *value, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SK_OK : sk_db_fault(store, code, fault);
}

static enum sk_err migrate(struct sk_store *store, struct sk_fault *fault)
{
	int64_t application = 0, version = 0, tables = 0;
	SK_TRY(pragma_number(store, "PRAGMA application_id", &application, fault));
	SK_TRY(pragma_number(store, "PRAGMA user_version", &version, fault));
	SK_TRY(pragma_number(store, "SELECT count(*) FROM sqlite_schema", &tables, fault));
	if (application != APPLICATION_ID && tables != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: not a database of Sekisho's store", store->db_path);
	if (version > (int64_t)SK_COUNT(migrations))
		return sk_fault_set(fault, SK_EMALFORMED, "%s: schema version %d, this program knows up to %d; use a newer sekisho", store->db_path,
				    (int)version, (int)SK_COUNT(migrations));
	if (store->read_only && version < (int64_t)SK_COUNT(migrations))
		return sk_fault_set(fault, SK_ENOENT, "%s: the store is empty or of an older version; a run of sekisho watch brings it up to date",
				    store->db_path);
	for (size_t i = (size_t)version; i < SK_COUNT(migrations); i++) {
		char note[256];
		(void)snprintf(note, sizeof note,
			       "PRAGMA application_id = %d; PRAGMA user_version = %zu; INSERT INTO migration VALUES (%zu, '%s'); COMMIT",
			       APPLICATION_ID, i + 1, i + 1, migrations[i].name);
		SK_TRY(sk_db_exec(store, "BEGIN IMMEDIATE", fault));
		enum sk_err err = sk_db_exec(store, migrations[i].sql, fault);
		if (err == SK_OK)
			err = sk_db_exec(store, note, fault);
		if (err != SK_OK) {
			(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
			return err;
		}
	}
	return SK_OK;
}

enum sk_err sk_db_open(struct sk_store *store, struct sk_fault *fault)
{
	if (store->read_only && !sk_file_exists(store->db_path))
		return sk_fault_set(fault, SK_ENOENT, "%s: no store there yet; sekisho watch makes it", store->db_path);
	if (!store->read_only) {
		/* Made here so that it, its log and its index are never readable to others: SQLite copies the mode of the database file. */
		int fd = open(store->db_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return sk_fault_errno(fault, errno, "%s: cannot open", store->db_path);
		(void)close(fd);
	}
	int flags = (store->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int code = sqlite3_open_v2(store->db_path, &store->db, flags, NULL);
	if (code != SQLITE_OK)
		return sk_db_fault(store, code, fault);
	(void)sqlite3_busy_timeout(store->db, BUSY_MS);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* FULL: a commit is on disk when it returns, for the ledger leaf that follows speaks of it. temp_store: nothing sorted ever lands in a file.
	   journal_size_limit: one large interval does not leave a large log behind. */
	SK_TRY(sk_db_exec(store,
			  "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
			  "PRAGMA cache_size = -32768; PRAGMA journal_size_limit = 67108864",
			  fault));
	if (!store->read_only)
		SK_TRY(sk_db_exec(store, "PRAGMA journal_mode = WAL", fault));
	SK_TRY(migrate(store, fault));
	SK_TRY(sk_db_exec(store, "CREATE TEMP TABLE touched(key INTEGER NOT NULL, fold BLOB NOT NULL, PRIMARY KEY(key, fold)) STRICT, WITHOUT ROWID", fault));
	for (size_t i = 0; i < SK_STATEMENT_COUNT; i++) {
		code = sqlite3_prepare_v3(store->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);
		if (code != SQLITE_OK)
			return sk_db_fault(store, code, fault);
	}
	return SK_OK;
}

void sk_db_close(struct sk_store *store)
{
	for (size_t i = 0; i < SK_STATEMENT_COUNT; i++)
		(void)sqlite3_finalize(store->statements[i]);
	(void)sqlite3_close(store->db);
}

sqlite3_stmt *sk_db_use(struct sk_store *store, enum sk_statement which)
{
	(void)sqlite3_reset(store->statements[which]);
	return store->statements[which];
}

enum sk_err sk_db_run(struct sk_store *store, sqlite3_stmt *statement, struct sk_fault *fault)
{
	int code = sqlite3_step(statement);
	(void)sqlite3_reset(statement);
	return code == SQLITE_DONE ? SK_OK : sk_db_fault(store, code, fault);
}

enum sk_err sk_db_row(struct sk_store *store, sqlite3_stmt *statement, bool *more, struct sk_fault *fault)
{
	int code = sqlite3_step(statement);
	*more = code == SQLITE_ROW;
	if (code == SQLITE_ROW)
		return SK_OK;
	(void)sqlite3_reset(statement);
	return code == SQLITE_DONE ? SK_OK : sk_db_fault(store, code, fault);
}

bool sk_db_blob(sqlite3_stmt *statement, int column, void *out, size_t length)
{
	const void *bytes = sqlite3_column_blob(statement, column);
	if (bytes == NULL || (size_t)sqlite3_column_bytes(statement, column) != length)
		return false;
	memcpy(out, bytes, length);
	return true;
}

bool sk_db_text(sqlite3_stmt *statement, int column, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(statement, column);
	size_t length = (size_t)sqlite3_column_bytes(statement, column);
	if (text == NULL || length >= size || strlen((const char *)text) != length)
		return false;
	memcpy(out, text, length + 1);
	return true;
}

enum sk_err sk_db_key_row(struct sk_store *store, struct sk_day_key *key, int64_t *row, struct sk_fault *fault)
{
	if (key->row == 0) {
		bool found;
		sqlite3_stmt *find = sk_db_use(store, SK_SQL_KEY_FIND);
		(void)sqlite3_bind_text(find, 1, key->basis, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(find, 2, key->day);
		(void)sqlite3_bind_blob(find, 3, key->id, sizeof key->id, SQLITE_STATIC);
		SK_TRY(sk_db_row(store, find, &found, fault));
		int64_t known = found ? sqlite3_column_int64(find, 0) : 0;
		(void)sqlite3_reset(find);
		if (!found) {
			sqlite3_stmt *put = sk_db_use(store, SK_SQL_KEY_PUT);
			(void)sqlite3_bind_text(put, 1, key->basis, -1, SQLITE_STATIC);
			(void)sqlite3_bind_int64(put, 2, key->day);
			(void)sqlite3_bind_blob(put, 3, key->id, sizeof key->id, SQLITE_STATIC);
			SK_TRY(sk_db_run(store, put, fault));
			known = sqlite3_last_insert_rowid(store->db);
		}
		key->row = known;
	}
	*row = key->row;
	return SK_OK;
}
