/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a page share: page.c the questions, page_fold.c one finding out of its heads, page_run.c which heads come next. */
#ifndef SK_STORE_PAGE_PRIV_H
#define SK_STORE_PAGE_PRIV_H

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/page.h"
#include "store/store_priv.h"

enum { WHICH_LAST = 1, WHICH_FIRST = 2, WHICH_KIND = 4 /* of tally; 3: days */, KIND_MAX = 32 };

/* Where a head stands: greater stands first. */
struct rank {
	int64_t a, b, c;
};

struct page_key {
	struct sk_key_row row;
	struct sk_day_key key;
	bool readable, locked;
};

/* What heads have in common that lie in runs together. */
struct sort {
	char kind[KIND_MAX];
	int class_, severity;
	int64_t hour;                   /* the next in which it has any; -1: none */
};

/* Heads that lie in one stretch of the index. */
struct run {
	size_t key;
	const struct sort *sort;
};

struct head {
	size_t key;
	uint8_t fold[SK_BLIND_BYTES];
	char kind[KIND_MAX];
	int class_, severity;
	int64_t first_hour, last_hour, first_row, last_row, count, rows;
};

struct candidate {
	struct rank rank;
	size_t key;
	uint8_t fold[SK_BLIND_BYTES];
	int class_;
	int64_t row;                    /* that opens it: it holds what was asked for */
};

struct page {
	struct sk_store *store;
	const struct sk_store_page_filter *filter;
	struct sk_fault *fault;
	sk_store_page_visit visit;
	void *context;
	struct sk_store_page *out;
	int64_t since_hour, until_hour; /* inclusive */
	struct rank after;              /* only what ranks below is looked at */
	struct rank position;           /* of what was looked at last */
	size_t key_count;
	struct page_key *keys;
	size_t sort_count;
	struct sort *sorts;             /* that fit */
	int run_severity;               /* of the runs that are looked at now; -1: any */
	size_t run_count;
	struct run *runs;
	bool by_value;
	struct sk_values wanted;
	size_t found_count;             /* by value: what has it, sorted by head */
	struct candidate *found;
	size_t batch_room;
	struct candidate *batch;
	size_t head_room;
	struct head *heads;             /* of the finding that is folded */
	unsigned taken, opened;
	bool done;
};

/* ---- page.c ---- */

/* The rank of what was looked at last, as a cursor. */
void page_write_cursor(const struct page *page, char text[SK_CURSOR_TEXT_MAX]);

/* ---- page_fold.c ---- */

/* Which stands first: below 0, 0, above 0. */
int page_rank_compare(const struct rank *x, const struct rank *y);
/* Where a head stands in that order. */
struct rank page_rank_of(enum sk_store_sort sort, const struct head *head);
/* Does it fit by what is in clear? */
bool page_clear_fits(const struct page *page, const char *kind, int class_, int severity);
/* For qsort and bsearch: candidates by key, fold and class. */
int page_find_found(const void *a, const void *b);
/* Open one row under its key. SK_EINCONSISTENT. */
SK_MUST enum sk_err page_open_row(struct page *page, size_t key, int64_t row, struct sk_finding *out);
/* Is the head in the range? Of the hours at its ends a row is opened. */
SK_MUST enum sk_err page_time_fits(struct page *page, const struct head *head, bool *fits);
/* The fault of a row of table head. */
enum sk_err page_malformed_head(struct page *page);
/* The heads of one fold under one key, put behind the *count that are there. */
SK_MUST enum sk_err page_heads_of(struct page *page, size_t key, const uint8_t fold[SK_BLIND_BYTES], size_t *count);
/* The heads of all days that fit; *first_here: none of them stands before rank, so this is where the finding is shown. */
SK_MUST enum sk_err page_gather(struct page *page, const struct sk_finding *finding, const struct rank *rank, size_t *count, bool *first_here);
/* The finding that these heads are. */
SK_MUST enum sk_err page_fold_heads(struct page *page, size_t count, struct sk_finding *out);
/* Look at a candidate and show it where it is to be shown. */
SK_MUST enum sk_err page_look_at(struct page *page, const struct candidate *candidate);
/* For qsort: the greater rank first. */
int page_by_rank(const void *a, const void *b);

/* ---- page_run.c ---- */

/* The key with that row; false: it is not one that can be read. */
bool page_find_key(const struct page *page, int64_t row, size_t *key);
/* A statement over the tally, bound to a sort and hours. */
sqlite3_stmt *page_use_tally(const struct page *page, enum sk_statement statement, int which, const struct sort *sort, int64_t from_hour, int64_t until_hour);
/* The sorts of heads that fit. */
SK_MUST enum sk_err page_load_sorts(struct page *page);
/* How many there are, as far as it is cheap. */
SK_MUST enum sk_err page_count_parts(struct page *page);
/* Hour by hour, from a rank on. */
SK_MUST enum sk_err page_walk_hours(struct page *page, int64_t a, struct rank after);
/* The highest severity first. */
SK_MUST enum sk_err page_walk_severities(struct page *page);
/* The greatest count first. */
SK_MUST enum sk_err page_walk_counts(struct page *page);
/* What has the value that was asked for. */
SK_MUST enum sk_err page_walk_value(struct page *page);

#endif
