/* SPDX-License-Identifier: Apache-2.0 */
/* Adding: who comes first writes, and takes along what has come meanwhile, so that many looks at once cost one write to disk. */
#include "book/book.h"

#include <string.h>

#include "book/book_priv.h"
#include "text/json.h"
#include "text/text.h"

/* The file's writer lock is held: what waits, and the next number. */
static enum sk_err read_state(struct sk_book *book, uint64_t *next, bool *waits, int64_t *oldest_ns, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_book_ask(book, "SELECT coalesce(max(number), 0) + 1, (SELECT time FROM look WHERE number > (SELECT committed FROM mark) ORDER BY number LIMIT 1) FROM look", &statement,
			   fault));
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		*next = (uint64_t)sqlite3_column_int64(statement, 0);
		*waits = sqlite3_column_type(statement, 1) != SQLITE_NULL;
		*oldest_ns = sqlite3_column_int64(statement, 1);
	}
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SK_OK : sk_book_fault(book, code, fault);
}

static enum sk_err put_row(struct sk_book *book, sqlite3_stmt *put, uint64_t number, const struct sk_book_pending *row, struct sk_fault *fault)
{
	uint8_t aad[SK_BOOK_AAD_BYTES];
	sk_book_aad(number, row->now_ns, aad);
	sk_seal(book->key, aad, sizeof aad, row->plain, row->length, book->sealed);
	(void)sqlite3_bind_int64(put, 1, (sqlite3_int64)number);
	(void)sqlite3_bind_int64(put, 2, row->now_ns);
	(void)sqlite3_bind_blob(put, 3, book->sealed, (int)(row->length + SK_SEAL_OVERHEAD_BYTES), SQLITE_STATIC);
	int code = sqlite3_step(put);
	(void)sqlite3_reset(put);
	return code == SQLITE_DONE ? SK_OK : sk_book_fault(book, code, fault);
}

static enum sk_err put_rows(struct sk_book *book, struct sk_book_pending *rows, struct sk_fault *fault)
{
	uint64_t next = 0;
	bool waits = false;
	int64_t oldest_ns = 0;
	sqlite3_stmt *put = NULL;
	SK_TRY(read_state(book, &next, &waits, &oldest_ns, fault));
	/* No ledger, no look. rule: BOOK-1 */
	if (waits && rows->now_ns - oldest_ns > SK_BOOK_LAG_NS)
		return sk_fault_set(fault, SK_ELEDGER, "looks have waited for the ledger for %lld s, and without it nothing is shown; sekisho centre book commits them (sekisho up runs it)",
				    (long long)((rows->now_ns - oldest_ns) / 1000000000));
	SK_TRY(sk_book_ask(book, "INSERT INTO look VALUES (?1, ?2, ?3)", &put, fault));
	enum sk_err err = SK_OK;
	for (struct sk_book_pending *row = rows; row != NULL && err == SK_OK; row = row->next)
		err = put_row(book, put, next++, row, fault);
	(void)sqlite3_finalize(put);
	return err;
}

static enum sk_err write_rows(struct sk_book *book, struct sk_book_pending *rows, struct sk_fault *fault)
{
	SK_TRY(sk_book_exec(book, "BEGIN IMMEDIATE", fault));
	enum sk_err err = put_rows(book, rows, fault);
	if (err == SK_OK)
		err = sk_book_exec(book, "COMMIT", fault);
	if (err != SK_OK)
		(void)sqlite3_exec(book->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

/* Everything that waits now, in one transaction; all get the same answer. The lock is held, and given up while the disk is busy. */
static void write_tide(struct sk_book *book)
{
	struct sk_book_pending *rows = book->first;
	struct sk_fault fault = {.line = ""};
	book->first = NULL;
	book->last = &book->first;
	(void)pthread_mutex_unlock(&book->lock);
	enum sk_err err = write_rows(book, rows, &fault);
	(void)pthread_mutex_lock(&book->lock);
	while (rows != NULL) {
		struct sk_book_pending *next = rows->next;
		rows->err = err;
		rows->fault = fault;
		rows->done = true;
		rows = next;
	}
}

static enum sk_err encode(const struct sk_book_look *look, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_json_writer w;
	char what[SK_BOOK_WHAT_MAX];
	size_t length = strnlen(look->what, sizeof what - 1);
	/* Cut between characters. */
	while (look->what[length] != '\0' && length > 0 && ((unsigned char)look->what[length] & 0xc0) == 0x80)
		length--;
	memcpy(what, look->what, length);
	what[length] = '\0';
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "account", look->account);
	sk_json_text(&w, "command", look->command);
	sk_json_text(&w, "lease", look->lease);
	sk_json_text(&w, "org", look->org);
	sk_json_text(&w, "purpose", look->purpose);
	sk_json_text(&w, "scope", look->scope);
	sk_json_text(&w, "what", what);
	sk_json_end(&w);
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "what is looked for is no UTF-8, or too long for the book");
}

enum sk_err sk_book_add(struct sk_book *book, const struct sk_book_look *look, int64_t now_ns, struct sk_fault *fault)
{
	struct sk_buf plain;
	sk_buf_init(&plain, SK_BOOK_PLAIN_MAX);
	enum sk_err err = encode(look, &plain, fault);
	if (err == SK_OK) {
		struct sk_book_pending mine = {.plain = sk_buf_text(&plain), .length = plain.length, .now_ns = now_ns};
		(void)pthread_mutex_lock(&book->lock);
		*book->last = &mine;
		book->last = &mine.next;
		while (!mine.done) {
			if (book->writing) {
				(void)pthread_cond_wait(&book->written, &book->lock);
				continue;
			}
			book->writing = true;
			write_tide(book);
			book->writing = false;
			(void)pthread_cond_broadcast(&book->written);
		}
		(void)pthread_mutex_unlock(&book->lock);
		err = mine.err;
		if (err != SK_OK && fault != NULL)
			*fault = mine.fault;
	}
	sk_buf_fini(&plain);
	return err;
}
