/* SPDX-License-Identifier: Apache-2.0 */
/* What an act says of rows, and whether it is so. */
#include "book/book.h"

#include <inttypes.h>
#include <string.h>

#include "book/book_priv.h"
#include "text/json.h"

/* ---- bodies ---- */

void sk_book_body(const struct sk_book_batch *batch, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_u64(&w, "count", batch->count);
	sk_json_hex(&w, "digest", batch->digest, sizeof batch->digest);
	sk_json_u64(&w, "from", batch->from);
	sk_json_u64(&w, "to", batch->to);
	sk_json_end(&w);
}

enum sk_err sk_book_body_read(const char *body, size_t length, struct sk_book_batch *out, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	SK_TRY(sk_json_parse(body, length, &doc, fault));
	const struct sk_json_value *top = sk_json_top(doc);
	bool good = sk_json_get_u64(top, "count", &out->count) == SK_OK && sk_json_get_u64(top, "from", &out->from) == SK_OK && sk_json_get_u64(top, "to", &out->to) == SK_OK &&
		    sk_json_get_hex(top, "digest", out->digest, sizeof out->digest) == SK_OK && out->from >= 1 && out->to >= out->from && out->count == out->to - out->from + 1;
	sk_json_free(doc);
	return good ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "access.book: expected count, digest, from and to, and as many rows as there are from one to the other");
}

/* ---- digests ---- */

static void add_row(struct sk_sha256 *hash, uint64_t number, int64_t time_ns, const void *sealed, size_t length)
{
	uint8_t head[8 + 8 + 4];
	struct sk_out o = sk_out_of(head, sizeof head);
	sk_put_be64(&o, number);
	sk_put_be64(&o, (uint64_t)time_ns);
	sk_put_be32(&o, (uint32_t)length);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	sk_sha256_add(hash, head, sizeof head);
	sk_sha256_add(hash, sealed, length);
}

static enum sk_err digest_rows(struct sk_book *book, sqlite3_stmt *rows, uint64_t from, uint64_t to, struct sk_sha256 *hash, struct sk_book_batch *out, struct sk_fault *fault)
{
	for (uint64_t number = from; number <= to; number++) {
		int code = sqlite3_step(rows);
		if (code == SQLITE_DONE && to == UINT64_MAX)
			return SK_OK;
		if (code != SQLITE_ROW && code != SQLITE_DONE)
			return sk_book_fault(book, code, fault);
		const void *sealed = code == SQLITE_ROW ? sqlite3_column_blob(rows, 2) : NULL;
		if (sealed == NULL || (uint64_t)sqlite3_column_int64(rows, 0) != number)
			return sk_fault_set(fault, SK_EINCONSISTENT, "%s: row %" PRIu64 " is not there: it was taken away", book->path, number);
		add_row(hash, number, sqlite3_column_int64(rows, 1), sealed, (size_t)sqlite3_column_bytes(rows, 2));
		out->to = number;
		if (++out->count == SK_BOOK_BATCH_MAX && to == UINT64_MAX)
			return SK_OK;
	}
	return SK_OK;
}

/* Rows from one number to another (UINT64_MAX: as many as there are, and as one act takes). */
static enum sk_err digest(struct sk_book *book, uint64_t from, uint64_t to, struct sk_book_batch *out, struct sk_fault *fault)
{
	static const char label[] = "sekisho book batch 1";
	sqlite3_stmt *rows = NULL;
	struct sk_sha256 *hash = sk_sha256_new();
	*out = (struct sk_book_batch){.from = from};
	if (hash == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_sha256_add(hash, label, sizeof label);
	enum sk_err err = sk_book_ask(book, "SELECT number, time, sealed FROM look WHERE number >= ?1 ORDER BY number", &rows, fault);
	if (err == SK_OK) {
		(void)sqlite3_bind_int64(rows, 1, (sqlite3_int64)from);
		err = digest_rows(book, rows, from, to, hash, out, fault);
	}
	if (err == SK_OK)
		sk_sha256_take(hash, out->digest);
	(void)sqlite3_finalize(rows);
	sk_sha256_free(hash);
	return err;
}

enum sk_err sk_book_waiting(struct sk_book *book, uint64_t committed, struct sk_book_batch *out, struct sk_fault *fault)
{
	return digest(book, committed + 1, UINT64_MAX, out, fault);
}

/* ---- acts ---- */

struct checking {
	struct sk_book *book;            /* NULL: only how far they commit */
	struct sk_book_figures *figures;
	uint64_t committed;
};

static enum sk_err check_act(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct checking *checking = context;
	struct sk_book_batch said, is;
	if (strcmp(entry->act.event, "book") != 0)
		return SK_OK;
	SK_TRY(sk_book_body_read(entry->act.body, entry->act.body_length, &said, fault));
	if (said.from != checking->committed + 1)
		return sk_fault_set(fault, SK_EINCONSISTENT, "leaf %" PRIu64 ": commits to looks from %" PRIu64 " on, expected %" PRIu64 ": rows between acts are committed to by none", entry->leaf,
				    said.from, checking->committed + 1);
	checking->committed = said.to;
	if (checking->book == NULL)
		return SK_OK;
	SK_TRY(digest(checking->book, said.from, said.to, &is, fault));
	if (memcmp(said.digest, is.digest, sizeof said.digest) != 0)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: rows %" PRIu64 " to %" PRIu64 " are not those that leaf %" PRIu64 " commits to: somebody changed the book", checking->book->path,
				    said.from, said.to, entry->leaf);
	checking->figures->acts++;
	checking->figures->looks += said.count;
	return SK_OK;
}

enum sk_err sk_book_committed(struct sk_docket *docket, uint64_t *committed, struct sk_fault *fault)
{
	struct checking checking = {.committed = 0};
	SK_TRY(sk_docket_walk(docket, "access", SK_BOOK_MATTER_ID, 0, check_act, &checking, fault));
	*committed = checking.committed;
	return SK_OK;
}

enum sk_err sk_book_check(struct sk_book *book, struct sk_docket *docket, struct sk_book_figures *out, struct sk_fault *fault)
{
	struct checking checking = {.book = book, .figures = out};
	uint64_t mark, last;
	*out = (struct sk_book_figures){.looks = 0};
	SK_TRY(sk_docket_walk(docket, "access", SK_BOOK_MATTER_ID, 0, check_act, &checking, fault));
	SK_TRY(sk_book_reach(book, &mark, &last, fault));
	if (mark > checking.committed)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: says that looks are committed to up to %" PRIu64 ", and the ledger says %" PRIu64 ": somebody changed the book", book->path, mark,
				    checking.committed);
	out->waiting = last > checking.committed ? last - checking.committed : 0;
	return SK_OK;
}
