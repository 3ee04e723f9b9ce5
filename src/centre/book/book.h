/* SPDX-License-Identifier: Apache-2.0 */
/* book: looks at selected information by page. A page makes many small reads; each is a row here, on disk before anything is read, and the rows since the last time are committed
   to by one act of the centre (matter access, step book: from, to, count, digest). Promises: no row, no look; no ledger, no look: while rows wait for longer than
   SK_BOOK_LAG_NS, nothing more is taken; a row that was changed, moved or taken away after it was committed is told. What a row says is sealed: what was asked for may be
   an address. Never: judges who may look (access), signs (cmd does). rule: BOOK-1
   Thread rule: any number of threads may add to one book; the rest is for one thread at a time. */
#ifndef SK_BOOK_H
#define SK_BOOK_H

#include "docket/docket.h"

enum { SK_BOOK_WHAT_MAX = 4096, SK_BOOK_PURPOSE_MAX = 32, SK_BOOK_SCOPE_MAX = 128, SK_BOOK_BATCH_MAX = 65536 /* rows that one act commits to at most */ };
#define SK_BOOK_LAG_NS INT64_C(10000000000)

/* The one matter of all these acts: access, with this id. */
#define SK_BOOK_MATTER_ID "book"

struct sk_book; /* opaque */

/* One look. Texts are borrowed for the call. */
struct sk_book_look {
	const char *account, *org, *lease; /* who, as the register had it; lease "" none */
	const char *purpose, *command;     /* command: what was called, such as "finding.list" */
	const char *scope, *what;          /* scope: basis or "*"; what was asked for, cut to SK_BOOK_WHAT_MAX - 1 bytes */
};

/* Open DIR/centre/book.db and its key, 0600, made when absent. SK_EMALFORMED (not a book), SK_EUNSUPPORTED, SK_EPERMS, SK_EIO, SK_ENOMEM. */
SK_MUST enum sk_err sk_book_open(const char *path, const char *key_path, struct sk_book **out, struct sk_fault *fault);
/* Close (NULL is fine); nobody may be adding. */
void sk_book_close(struct sk_book *book);

/* The row is on disk when this returns SK_OK. Rows of threads that come at once share one write. SK_ELEDGER: rows have waited for the ledger for SK_BOOK_LAG_NS; SK_ENOSPC, SK_EIO. */
SK_MUST enum sk_err sk_book_add(struct sk_book *book, const struct sk_book_look *look, int64_t now_ns, struct sk_fault *fault);

/* What a commitment says: rows from to to, their number, a digest over them. */
struct sk_book_batch {
	uint64_t from, to, count; /* count 0: nothing waits */
	uint8_t digest[SK_HASH_BYTES];
};
/* Rows behind `committed` (what the last act said), at most SK_BOOK_BATCH_MAX. SK_EINCONSISTENT: a number is missing. */
SK_MUST enum sk_err sk_book_waiting(struct sk_book *book, uint64_t committed, struct sk_book_batch *out, struct sk_fault *fault);
/* Note how far acts commit, so that sk_book_add knows what waits. The acts are what counts; this is a copy. */
SK_MUST enum sk_err sk_book_mark(struct sk_book *book, uint64_t committed, struct sk_fault *fault);
/* How far acts commit by that copy, and the last row. Cheap. */
SK_MUST enum sk_err sk_book_reach(struct sk_book *book, uint64_t *committed, uint64_t *last, struct sk_fault *fault);
/* A batch as the body of its act (canonical JSON), and back. SK_EMALFORMED. */
void sk_book_body(const struct sk_book_batch *batch, struct sk_buf *out);
/* As above. */
SK_MUST enum sk_err sk_book_body_read(const char *body, size_t length, struct sk_book_batch *out, struct sk_fault *fault);
/* How far the acts of this docket commit; 0: there is none. */
SK_MUST enum sk_err sk_book_committed(struct sk_docket *docket, uint64_t *committed, struct sk_fault *fault);

typedef enum sk_err (*sk_book_visit)(void *context, uint64_t number, int64_t time_ns, const struct sk_book_look *look);
/* Visit rows in order. SK_EINCONSISTENT: one is missing, or does not open: it was altered. */
SK_MUST enum sk_err sk_book_walk(struct sk_book *book, uint64_t from, uint64_t to, sk_book_visit visit, void *context, struct sk_fault *fault);

struct sk_book_figures {
	uint64_t looks, acts, waiting; /* committed rows, acts that commit to them, rows behind them */
};
/* Book and ledger: acts go on from each other without a gap, and each row is the one that its act commits to. SK_EINCONSISTENT names the first that does not agree. */
SK_MUST enum sk_err sk_book_check(struct sk_book *book, struct sk_docket *docket, struct sk_book_figures *out, struct sk_fault *fault);

#endif
