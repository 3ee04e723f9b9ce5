/* SPDX-License-Identifier: Apache-2.0 */
/* The file: opening, its tables, rows read back. */
#include "book/book.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "book/book_priv.h"
#include "text/json.h"
#include "text/text.h"

enum { APPLICATION_ID = 0x534b424b /* "SKBK" */, SCHEMA_VERSION = 1, BUSY_MS = 5000, WAIT_MS = 20 };

/* Rows are only added. mark: a copy of what the last act says, for whoever has no ledger at hand. */
static const char schema[] = "BEGIN IMMEDIATE;"
			     "CREATE TABLE look (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;"
			     "CREATE TABLE mark (id INTEGER PRIMARY KEY CHECK (id = 1), committed INTEGER NOT NULL) STRICT;"
			     "INSERT INTO mark VALUES (1, 0);"
			     "PRAGMA application_id = 1397441099; PRAGMA user_version = 1; COMMIT";

enum sk_err sk_book_fault(struct sk_book *book, int code, struct sk_fault *fault)
{
	int errnum = sqlite3_system_errno(book->db);
	switch (code & 0xff) {
	case SQLITE_FULL:
		return sk_fault_set(fault, SK_ENOSPC, "%s: disk full; without a row in the book nothing is shown", book->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return sk_fault_set(fault, SK_ELOCKED, "%s: another process is writing", book->path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the book is damaged (%s)", book->path, sqlite3_errstr(code));
	case SQLITE_NOMEM:
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", book->path);
	default:
		return sk_fault_set(fault, errnum == ENOSPC || errnum == EDQUOT ? SK_ENOSPC : SK_EIO, "%s: %s", book->path, sqlite3_errstr(code));
	}
}

enum sk_err sk_book_exec(struct sk_book *book, const char *sql, struct sk_fault *fault)
{
	int code = sqlite3_exec(book->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? SK_OK : sk_book_fault(book, code, fault);
}

enum sk_err sk_book_ask(struct sk_book *book, const char *sql, sqlite3_stmt **out, struct sk_fault *fault)
{
	int code = sqlite3_prepare_v2(book->db, sql, -1, out, NULL);
	return code == SQLITE_OK ? SK_OK : sk_book_fault(book, code, fault);
}

static enum sk_err pragma(struct sk_book *book, const char *sql, int64_t *out, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_book_ask(book, sql, &statement, fault));
	int code = sqlite3_step(statement);
	*out = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SK_OK : sk_book_fault(book, code, fault);
}

static enum sk_err know_schema(struct sk_book *book, struct sk_fault *fault)
{
	int64_t application, version;
	SK_TRY(pragma(book, "PRAGMA application_id", &application, fault));
	SK_TRY(pragma(book, "PRAGMA user_version", &version, fault));
	if (application == 0 && version == 0) {
		/* Two processes may make it at once: the second finds it made. */
		int code = sqlite3_exec(book->db, schema, NULL, NULL, NULL);
		if (code != SQLITE_OK)
			(void)sqlite3_exec(book->db, "ROLLBACK", NULL, NULL, NULL);
		SK_TRY(pragma(book, "PRAGMA application_id", &application, fault));
		SK_TRY(pragma(book, "PRAGMA user_version", &version, fault));
		if (application == 0)
			return sk_book_fault(book, code, fault);
	}
	if (application != APPLICATION_ID)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: not a book of looks of Sekisho", book->path);
	if (version != SCHEMA_VERSION)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: version %lld, this program knows %d; use a newer sekisho", book->path, (long long)version, SCHEMA_VERSION);
	return SK_OK;
}

static enum sk_err open_file(struct sk_book *book, struct sk_fault *fault)
{
	int fd = open(book->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open", book->path);
	(void)close(fd);
	SK_TRY(sk_file_check_private(book->path, fault));
	int code = sqlite3_open_v2(book->path, &book->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (code != SQLITE_OK)
		return sk_book_fault(book, code, fault);
	(void)sqlite3_busy_timeout(book->db, BUSY_MS);
	(void)sqlite3_db_config(book->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* FULL: a row is on disk before anything is read. */
	SK_TRY(sk_book_exec(book, "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY", fault));
	/* Two that open a new book at once: SQLite does not wait here by itself. */
	enum sk_err err = sk_book_exec(book, "PRAGMA journal_mode = WAL", fault);
	for (unsigned i = 0; err == SK_ELOCKED && i < BUSY_MS / WAIT_MS; i++) {
		(void)sqlite3_sleep(WAIT_MS);
		err = sk_book_exec(book, "PRAGMA journal_mode = WAL", fault);
	}
	SK_TRY(err);
	return know_schema(book, fault);
}

enum sk_err sk_book_open(const char *path, const char *key_path, struct sk_book **out, struct sk_fault *fault)
{
	struct sk_book *book = calloc(1, sizeof *book);
	*out = NULL;
	if (book == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	book->last = &book->first;
	(void)pthread_mutex_init(&book->lock, NULL);
	(void)pthread_cond_init(&book->written, NULL);
	book->sealed = malloc(SK_BOOK_SEALED_MAX);
	enum sk_err err = book->sealed == NULL ? sk_fault_set(fault, SK_ENOMEM, "out of memory")
			  : strlen(path) < sizeof book->path ? SK_OK
							     : sk_fault_set(fault, SK_ETOOBIG, "%.100s...: path too long", path);
	if (err == SK_OK) {
		memcpy(book->path, path, strlen(path) + 1);
		err = sk_secret_make(key_path, fault);
	}
	if (err == SK_OK)
		err = sk_secret_load(key_path, &book->key, fault);
	if (err == SK_OK)
		err = open_file(book, fault);
	if (err != SK_OK) {
		sk_book_close(book);
		return err;
	}
	*out = book;
	return SK_OK;
}

void sk_book_close(struct sk_book *book)
{
	if (book == NULL)
		return;
	SK_INVARIANT(!book->writing && book->first == NULL);
	(void)sqlite3_close_v2(book->db);
	(void)pthread_cond_destroy(&book->written);
	(void)pthread_mutex_destroy(&book->lock);
	free(book->sealed);
	sk_secret_free(book->key);
	free(book);
}

void sk_book_aad(uint64_t number, int64_t time_ns, uint8_t aad[SK_BOOK_AAD_BYTES])
{
	static const char label[20] = "sekisho book look 1";
	struct sk_out o = sk_out_of(aad, SK_BOOK_AAD_BYTES);
	sk_put_bytes(&o, label, sizeof label);
	sk_put_be64(&o, number);
	sk_put_be64(&o, (uint64_t)time_ns);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
}

enum sk_err sk_book_reach(struct sk_book *book, uint64_t *committed, uint64_t *last, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_book_ask(book, "SELECT committed, (SELECT coalesce(max(number), 0) FROM look) FROM mark", &statement, fault));
	int code = sqlite3_step(statement);
	*committed = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	*last = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 1) : 0;
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SK_OK : sk_book_fault(book, code, fault);
}

enum sk_err sk_book_mark(struct sk_book *book, uint64_t committed, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_book_ask(book, "UPDATE mark SET committed = ?1 WHERE committed < ?1", &statement, fault));
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)committed);
	int code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_DONE ? SK_OK : sk_book_fault(book, code, fault);
}

/* ---- rows read back ---- */

static enum sk_err open_row(struct sk_book *book, uint64_t number, int64_t time_ns, const uint8_t *sealed, size_t length, struct sk_buf *plain, struct sk_json_doc **doc,
			    struct sk_book_look *out, struct sk_fault *fault)
{
	uint8_t aad[SK_BOOK_AAD_BYTES];
	const char **const members[] = {&out->account, &out->command, &out->lease, &out->org, &out->purpose, &out->scope, &out->what};
	static const char *const names[] = {"account", "command", "lease", "org", "purpose", "scope", "what"};
	sk_book_aad(number, time_ns, aad);
	bool good = sealed != NULL && length >= SK_SEAL_OVERHEAD_BYTES && length <= SK_BOOK_SEALED_MAX &&
		    sk_unseal(book->key, aad, sizeof aad, sealed, length, book->sealed) == SK_OK;
	if (good) {
		sk_buf_reset(plain);
		sk_buf_add(plain, book->sealed, length - SK_SEAL_OVERHEAD_BYTES);
		good = plain->failed == SK_OK && sk_json_parse(sk_buf_text(plain), plain->length, doc, fault) == SK_OK;
	}
	for (size_t i = 0; good && i < SK_COUNT(members); i++) {
		*members[i] = sk_json_get_text(sk_json_top(*doc), names[i]);
		good = *members[i] != NULL;
	}
	return good ? SK_OK
		    : sk_fault_set(fault, SK_EINCONSISTENT, "%s: row %llu does not open under the book's key: it was altered, or the key was", book->path, (unsigned long long)number);
}

static enum sk_err visit_rows(struct sk_book *book, sqlite3_stmt *rows, uint64_t from, uint64_t to, sk_book_visit visit, void *context, struct sk_buf *plain, struct sk_fault *fault)
{
	for (uint64_t number = from; number <= to; number++) {
		struct sk_book_look look;
		struct sk_json_doc *doc = NULL;
		int code = sqlite3_step(rows);
		if (code != SQLITE_ROW && code != SQLITE_DONE)
			return sk_book_fault(book, code, fault);
		if (code == SQLITE_DONE || (uint64_t)sqlite3_column_int64(rows, 0) != number)
			return sk_fault_set(fault, SK_EINCONSISTENT, "%s: row %llu is not there: it was taken away", book->path, (unsigned long long)number);
		int64_t time_ns = sqlite3_column_int64(rows, 1);
		enum sk_err err = open_row(book, number, time_ns, sqlite3_column_blob(rows, 2), (size_t)sqlite3_column_bytes(rows, 2), plain, &doc, &look, fault);
		if (err == SK_OK)
			err = visit(context, number, time_ns, &look);
		sk_json_free(doc);
		SK_TRY(err);
	}
	return SK_OK;
}

enum sk_err sk_book_walk(struct sk_book *book, uint64_t from, uint64_t to, sk_book_visit visit, void *context, struct sk_fault *fault)
{
	sqlite3_stmt *rows = NULL;
	struct sk_buf plain;
	SK_TRY(sk_book_ask(book, "SELECT number, time, sealed FROM look WHERE number >= ?1 ORDER BY number", &rows, fault));
	(void)sqlite3_bind_int64(rows, 1, (sqlite3_int64)from);
	sk_buf_init(&plain, SK_BOOK_PLAIN_MAX + 1);
	enum sk_err err = visit_rows(book, rows, from, to, visit, context, &plain, fault);
	sk_buf_fini(&plain);
	(void)sqlite3_finalize(rows);
	return err;
}
