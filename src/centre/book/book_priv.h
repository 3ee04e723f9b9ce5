/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef SK_BOOK_PRIV_H
#define SK_BOOK_PRIV_H

#include <pthread.h>
#include <sqlite3.h>

#include "base/file.h"
#include "book/book.h"
#include "seal/seal.h"
#include "wire/wire.h"

enum { SK_BOOK_PLAIN_MAX = 4 * SK_BOOK_WHAT_MAX, SK_BOOK_SEALED_MAX = SK_BOOK_PLAIN_MAX + SK_SEAL_OVERHEAD_BYTES, SK_BOOK_TIDE_MAX = 1024 };

/* A row that waits to be written, on the stack of whoever adds it. */
struct sk_book_pending {
	const char *plain;
	size_t length;
	int64_t now_ns;
	bool done;
	enum sk_err err;
	struct sk_fault fault;
	struct sk_book_pending *next;
};

struct sk_book {
	sqlite3 *db;
	char path[SK_PATH_MAX];
	uint8_t *key;                    /* locked memory */
	uint8_t *sealed;                 /* scratch of whoever writes */
	pthread_mutex_t lock;
	pthread_cond_t written;
	bool writing;                    /* somebody writes now, and takes along what waits */
	struct sk_book_pending *first, **last;
};

/* The text of a failure of SQLite. */
enum sk_err sk_book_fault(struct sk_book *book, int code, struct sk_fault *fault);
SK_MUST enum sk_err sk_book_exec(struct sk_book *book, const char *sql, struct sk_fault *fault);
SK_MUST enum sk_err sk_book_ask(struct sk_book *book, const char *sql, sqlite3_stmt **out, struct sk_fault *fault);
/* What is bound into the seal of a row. */
enum { SK_BOOK_AAD_BYTES = 20 + 8 + 8 };
void sk_book_aad(uint64_t number, int64_t time_ns, uint8_t aad[SK_BOOK_AAD_BYTES]);

#endif
