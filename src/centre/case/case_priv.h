/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef SK_CASE_PRIV_H
#define SK_CASE_PRIV_H

#include <sqlite3.h>

#include "base/file.h"
#include "case/case.h"
#include "text/json.h"
#include "text/text.h"

enum { SK_CASE_SUM_LANES = 4 };

/* The one sealed row that counts the others. */
struct sk_cases_meta {
	uint64_t entries, cases;
	uint64_t sum[SK_CASE_SUM_LANES]; /* of the keyed hashes of all rows of `head` */
	char last_case[SK_MATTER_ID_MAX];
};

struct sk_cases {
	sqlite3 *db;
	struct sk_docket *docket;
	const struct sk_sign_key *key;   /* NULL: for reading */
	uint8_t policy[SK_HASH_BYTES];
	uint8_t seal_key[SK_KEY_BYTES], mark_key[SK_KEY_BYTES], index_key[SK_KEY_BYTES];
	struct sk_cases_meta meta;
	char path[SK_PATH_MAX];
	bool failed;                     /* an entry may be without its act: nothing more is added before the store is opened again */
};

/* ---- entry.c: one entry as canonical JSON ---- */

/* The data of a change, by its event. number: of items. The buffer fails when a text is out of form. */
void sk_case_data_write(enum sk_case_event event, const struct sk_case_change *change, struct sk_buf *out);
/* An item as absorb and a split's open carry it. */
void sk_case_item_write(struct sk_json_writer *w, const struct sk_case_item *item, const char *from);
/* The four sides of merging and splitting. duplicate[i]: item i of the case is in the other one already. */
void sk_case_merge_write(const struct sk_case *from, const char *into, const bool *duplicate, const char *text, struct sk_buf *out);
void sk_case_absorb_write(const struct sk_case *from, const bool *duplicate, const char *text, struct sk_buf *out);
void sk_case_split_write(const char *into, const uint32_t *items, size_t count, const char *text, struct sk_buf *out);
void sk_case_split_open_write(const struct sk_case *from, const uint32_t *items, size_t count, const char *title, struct sk_buf *out);
/* The whole entry. */
void sk_case_entry_write(const char *id, const struct sk_case_entry *entry, const char *data, size_t data_length, struct sk_buf *out);

/* ---- fold.c ---- */

/* Carry out one entry: plain is its JSON, of at most SK_CASE_ENTRY_MAX bytes; entry->leaf and salt are the caller's. Sets entry's other members (grade too: it must be what the entry says, unless
   fresh) and appends it to the case, which takes entry->plain. SK_ESTAGE, SK_ENOENT, SK_EMALFORMED, SK_EEXIST, SK_EPERMIT, SK_ETOOBIG, SK_ENOMEM; the case is then not to be used. */
SK_MUST enum sk_err sk_case_apply(struct sk_case *c, const char *plain, size_t length, struct sk_case_entry *entry, struct sk_fault *fault);
/* Does the case hold the same thing, live (a link to it, the same file)? */
bool sk_case_holds(const struct sk_case *c, const struct sk_case_item *item);
/* The grade that an entry with this data has. SK_EMALFORMED. */
SK_MUST enum sk_err sk_case_data_grade(enum sk_case_event event, const struct sk_json_value *data, enum sk_case_grade *out, struct sk_fault *fault);

/* ---- rows.c: SQLite ---- */

enum sk_err sk_cases_db_fault(struct sk_cases *cases, int code, struct sk_fault *fault);
SK_MUST enum sk_err sk_cases_db_open(struct sk_cases *cases, struct sk_fault *fault);
SK_MUST enum sk_err sk_cases_run(struct sk_cases *cases, const char *sql, struct sk_fault *fault);
SK_MUST enum sk_err sk_cases_ask(struct sk_cases *cases, const char *sql, sqlite3_stmt **out, struct sk_fault *fault);
/* Step a statement that answers nothing, and finalise it. */
SK_MUST enum sk_err sk_cases_do(struct sk_cases *cases, sqlite3_stmt *statement, struct sk_fault *fault);
/* The columns of a head, for a SELECT; and one row of them, checked against its seal. mark (NULL: not wanted) gets its keyed hash. */
extern const char sk_cases_head_columns[];
SK_MUST enum sk_err sk_cases_head_row(struct sk_cases *cases, sqlite3_stmt *statement, struct sk_case_head *out, uint64_t mark[SK_CASE_SUM_LANES], struct sk_fault *fault);
/* Write a head (replacing the one that is there) or take it away (head NULL), and keep the meta row's sum. Inside a transaction. */
SK_MUST enum sk_err sk_cases_head_put(struct sk_cases *cases, const char *id, const struct sk_case_head *head, struct sk_fault *fault);
/* Two heads that say the same? */
bool sk_case_head_same(const struct sk_case_head *a, const struct sk_case_head *b);
SK_MUST enum sk_err sk_cases_meta_read(struct sk_cases *cases, struct sk_fault *fault);
SK_MUST enum sk_err sk_cases_meta_write(struct sk_cases *cases, struct sk_fault *fault);
/* Do all rows of `head` make the sum and the count of the meta row? */
SK_MUST enum sk_err sk_cases_sum_check(struct sk_cases *cases, struct sk_fault *fault);
/* Seal into a malloc'ed blob (*length in: of plain, out: of the blob). NULL: out of memory. */
uint8_t *sk_cases_seal(struct sk_cases *cases, const char *aad, const void *plain, size_t *length);
/* The index row's hash of a link. */
void sk_cases_ref_mark(struct sk_cases *cases, const char *word, const char *ref, uint8_t out[SK_HASH_BYTES]);
/* Open one entry's blob: plain is malloc'ed. SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_cases_entry_open(struct sk_cases *cases, const char *id, uint32_t n, const void *sealed, size_t length, char **plain, size_t *plain_length, uint8_t salt[SK_HASH_BYTES],
					struct sk_fault *fault);

/* ---- load.c ---- */

/* Fold a case out of its rows alone, up to `most` entries (0: all), without looking at acts. hashes (NULL: not wanted) gets SHA-256 of each blob: malloc'ed. */
SK_MUST enum sk_err sk_cases_fold_rows(struct sk_cases *cases, const char *id, uint32_t most, struct sk_case *out, uint8_t (**hashes)[SK_HASH_BYTES], struct sk_fault *fault);

#endif
