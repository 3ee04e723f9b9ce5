/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the open file, one row, and the questions asked of SQLite. */
#ifndef SK_DOCKET_PRIV_H
#define SK_DOCKET_PRIV_H

#include <sqlite3.h>

#include "base/file.h"
#include "docket/docket.h"

enum { SK_SALT_BYTES = 32, SK_DOCKET_NOTE_MAX = SK_ACT_TEXT_MAX + SK_NOTE_SIGNATURES_MAX * 1024 };

struct sk_docket {
	sqlite3 *db;
	struct sk_docket_log log;
	char path[SK_PATH_MAX];
	bool failed;                     /* a leaf may be without its row: nothing more is added before the docket is opened again */
};

/* One row, borrowed from the statement that it came from until that moves on. */
struct sk_row {
	uint64_t leaf, previous;         /* previous: leaf plus one, 0 for the first of its matter */
	const char *matter, *id, *event, *from, *to, *note;
	size_t note_length;
	const uint8_t *note_salt, *matter_salt, *digest; /* 32 bytes each */
};

/* The text of a failure of SQLite. */
enum sk_err sk_docket_db_fault(struct sk_docket *docket, int code, struct sk_fault *fault);
/* Open or make the file, 0600. */
SK_MUST enum sk_err sk_docket_db_open(struct sk_docket *docket, struct sk_fault *fault);
/* Prepare. Finalise it when done. */
SK_MUST enum sk_err sk_docket_ask(struct sk_docket *docket, const char *sql, sqlite3_stmt **out, struct sk_fault *fault);
/* The columns of sk_docket_columns as a row. SK_EINCONSISTENT: a column is not what it must be. */
SK_MUST enum sk_err sk_docket_row(struct sk_docket *docket, sqlite3_stmt *statement, struct sk_row *out, struct sk_fault *fault);
/* The columns that sk_docket_row reads, for a SELECT. */
extern const char sk_docket_columns[];

/* Does the row say what its leaf says? Parses the statement into *entry. leaf is scratch. SK_EINCONSISTENT names what does not agree. */
SK_MUST enum sk_err sk_docket_agree(struct sk_docket *docket, const struct sk_row *row, struct sk_buf *leaf, struct sk_entry *entry, struct sk_fault *fault);
/* The commitment of a matter: kind, space, id under its salt. SK_ENOMEM. */
SK_MUST enum sk_err sk_docket_subject(const uint8_t salt[SK_SALT_BYTES], const char *matter, const char *id, uint8_t out[SK_HASH_BYTES]);

#endif
