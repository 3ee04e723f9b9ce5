/* SPDX-License-Identifier: Apache-2.0 */
/* One finding out of its heads: which fit, where it is shown, what is opened of it. */
#include "store/page_priv.h"

static const int64_t hour_ns = 3600000000000;

enum { FOLD_ALL_ROWS = 16 };

int page_rank_compare(const struct rank *x, const struct rank *y)
{
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	return x->c < y->c ? -1 : x->c > y->c;
}

struct rank page_rank_of(enum sk_store_sort sort, const struct head *head)
{
	switch (sort) {
	case SK_SORT_FIRST: return (struct rank){0, head->first_hour, head->first_row};
	case SK_SORT_SEVERITY: return (struct rank){head->severity, head->last_hour, head->last_row};
	case SK_SORT_COUNT: return (struct rank){0, head->count, head->last_row};
	default: return (struct rank){0, head->last_hour, head->last_row};
	}
}

/* ---- what fits ---- */

static bool kind_fits(const char *wanted, const char *kind)
{
	size_t length = wanted != NULL ? strlen(wanted) : 0;
	if (length == 0)
		return true;
	return wanted[length - 1] == '.' ? strncmp(kind, wanted, length) == 0 : strcmp(kind, wanted) == 0;
}

bool page_clear_fits(const struct page *page, const char *kind, int class_, int severity)
{
	const struct sk_store_page_filter *f = page->filter;
	return kind_fits(f->kind, kind) && (f->class_ < 0 || f->class_ == class_) && (f->severity < 0 || f->severity == severity);
}

static int64_t sort_hour(const struct page *page, const struct head *head)
{
	return page->filter->sort == SK_SORT_FIRST ? head->first_hour : head->last_hour;
}

static int64_t sort_row(const struct page *page, const struct head *head)
{
	return page->filter->sort == SK_SORT_FIRST ? head->first_row : head->last_row;
}

int page_find_found(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	int order = memcmp(x->fold, y->fold, sizeof x->fold);
	return order != 0 ? order : x->class_ - y->class_;
}

static bool was_found(const struct page *page, const struct head *head)
{
	struct candidate key = {.key = head->key, .class_ = head->class_};
	memcpy(key.fold, head->fold, sizeof key.fold);
	return bsearch(&key, page->found, page->found_count, sizeof key, page_find_found) != NULL;
}

/* ---- opening ---- */

enum sk_err page_open_row(struct page *page, size_t key, int64_t row, struct sk_finding *out)
{
	bool found;
	sqlite3_stmt *rows = sk_db_use(page->store, SK_SQL_FINDING_ROW);
	(void)sqlite3_bind_int64(rows, 1, row);
	SK_TRY(sk_db_row(page->store, rows, &found, page->fault));
	if (!found)
		return sk_fault_set(page->fault, SK_EINCONSISTENT, "%s: a head names row %" PRId64 ", which is not there", page->store->db_path, row);
	enum sk_err err = sk_finding_of_row(page->store, &page->keys[key].key, rows, out, page->fault);
	(void)sqlite3_reset(rows);
	page->opened++;
	return err;
}

/* Of the hours at the ends of the range only a part may be in it. */
enum sk_err page_time_fits(struct page *page, const struct head *head, bool *fits)
{
	int64_t hour = sort_hour(page, head);
	const struct sk_store_page_filter *f = page->filter;
	*fits = hour >= page->since_hour && hour <= page->until_hour;
	bool partly = (f->since_ns % hour_ns != 0 && hour == page->since_hour) || (f->until_ns % hour_ns != 0 && hour == page->until_hour);
	if (!*fits || !partly)
		return SK_OK;
	struct sk_finding finding;
	SK_TRY(page_open_row(page, head->key, sort_row(page, head), &finding));
	*fits = finding.first_ns >= f->since_ns && (f->until_ns == 0 || finding.first_ns < f->until_ns);
	sk_wipe(&finding, sizeof finding);
	return SK_OK;
}

static bool read_head(sqlite3_stmt *rows, size_t key, const uint8_t fold[SK_BLIND_BYTES], struct head *out)
{
	*out = (struct head){.key = key,
			     .class_ = (int)sqlite3_column_int64(rows, 0),
			     .severity = (int)sqlite3_column_int64(rows, 2),
			     .first_hour = sqlite3_column_int64(rows, 3),
			     .last_hour = sqlite3_column_int64(rows, 4),
			     .first_row = sqlite3_column_int64(rows, 5),
			     .last_row = sqlite3_column_int64(rows, 6),
			     .count = sqlite3_column_int64(rows, 7),
			     .rows = sqlite3_column_int64(rows, 8)};
	memcpy(out->fold, fold, sizeof out->fold);
	return sk_db_text(rows, 1, out->kind, sizeof out->kind);
}

enum sk_err page_malformed_head(struct page *page)
{
	return sk_fault_set(page->fault, SK_EINCONSISTENT, "%s: a row of table head is malformed", page->store->db_path);
}

/* The heads of one fold under one key, behind those that are there. */
enum sk_err page_heads_of(struct page *page, size_t key, const uint8_t fold[SK_BLIND_BYTES], size_t *count)
{
	sqlite3_stmt *rows = sk_db_use(page->store, SK_SQL_HEADS_OF);
	(void)sqlite3_bind_int64(rows, 1, page->keys[key].row.row);
	(void)sqlite3_bind_blob(rows, 2, fold, SK_BLIND_BYTES, SQLITE_STATIC);
	for (bool more;;) {
		SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
		if (!more)
			return SK_OK;
		if (*count == page->head_room) {
			struct head *grown = realloc(page->heads, (page->head_room + 64) * sizeof *grown);
			if (grown == NULL)
				return sk_fault_set(page->fault, SK_ENOMEM, "store: out of memory");
			page->heads = grown;
			page->head_room += 64;
		}
		if (!read_head(rows, key, fold, &page->heads[(*count)++]))
			return page_malformed_head(page);
	}
}

/* ---- folding ---- */

/* The heads of all days that fit, in page->heads. *first_here: none of them stands before `rank`, so this is where the finding is shown. */
enum sk_err page_gather(struct page *page, const struct sk_finding *finding, const struct rank *rank, size_t *count, bool *first_here)
{
	size_t kept = 0;
	*first_here = true;
	/* The latest days first: what ends the search is most often there. */
	for (size_t i = page->key_count; i-- > 0;) {
		size_t behind = kept;
		uint8_t fold[SK_BLIND_BYTES];
		if (!page->keys[i].readable)
			continue;
		sk_fold_hash(&page->keys[i].key, finding, fold);
		SK_TRY(page_heads_of(page, i, fold, &behind));
		for (size_t h = kept; h < behind; h++) {
			struct head *head = &page->heads[h];
			struct rank other = page_rank_of(page->filter->sort, head);
			bool fits = page_clear_fits(page, head->kind, head->class_, head->severity) && (!page->by_value || was_found(page, head));
			if (fits)
				SK_TRY(page_time_fits(page, head, &fits));
			if (fits && page_rank_compare(&other, rank) > 0) {
				*first_here = false;
				return SK_OK;
			}
			if (fits)
				page->heads[kept++] = *head;
		}
	}
	*count = kept;
	return SK_OK;
}

static enum sk_err fold_row(struct page *page, size_t key, int64_t row, struct sk_finding *into, bool *begun)
{
	struct sk_finding finding;
	SK_TRY(page_open_row(page, key, row, &finding));
	if (!*begun)
		*into = finding;
	else
		sk_finding_fold(into, &finding);
	*begun = true;
	sk_wipe(&finding, sizeof finding);
	return SK_OK;
}

/* Every row where there are few, so that times are exact in whatever order captures were watched; else the first and the last, which hold times and words of a live store. */
static enum sk_err fold_head(struct page *page, const struct head *head, struct sk_finding *into, bool *begun)
{
	int64_t ids[FOLD_ALL_ROWS] = {head->first_row, head->last_row};
	size_t count = head->first_row == head->last_row ? 1 : 2;
	if (head->rows > 2 && head->rows <= FOLD_ALL_ROWS) {
		sqlite3_stmt *rows = sk_db_use(page->store, SK_SQL_FINDING_ROWS);
		(void)sqlite3_bind_int64(rows, 1, page->keys[head->key].row.row);
		(void)sqlite3_bind_blob(rows, 2, head->fold, SK_BLIND_BYTES, SQLITE_STATIC);
		(void)sqlite3_bind_int64(rows, 3, head->class_);
		(void)sqlite3_bind_int64(rows, 4, FOLD_ALL_ROWS);
		count = 0;
		for (bool more = true; more;) {
			SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
			if (more && count < FOLD_ALL_ROWS)
				ids[count++] = sqlite3_column_int64(rows, 0);
		}
	}
	for (size_t i = 0; i < count; i++)
		SK_TRY(fold_row(page, head->key, ids[i], into, begun));
	return SK_OK;
}

/* Of many days the first and the last are opened; counts and severity are of all. */
enum sk_err page_fold_heads(struct page *page, size_t count, struct sk_finding *out)
{
	size_t first = 0, last = 0;
	uint64_t sum = 0;
	int severity = 0;
	bool begun = false;
	for (size_t i = 0; i < count; i++) {
		const struct head *head = &page->heads[i];
		sum += (uint64_t)head->count;
		severity = head->severity > severity ? head->severity : severity;
		first = head->first_hour < page->heads[first].first_hour ? i : first;
		last = head->last_hour > page->heads[last].last_hour ? i : last;
	}
	SK_TRY(fold_head(page, &page->heads[first], out, &begun));
	if (last != first)
		SK_TRY(fold_head(page, &page->heads[last], out, &begun));
	out->count = sum;
	out->severity = (uint8_t)severity;
	return SK_OK;
}

/* ---- one after the other ---- */

static enum sk_err show(struct page *page, const struct candidate *candidate, struct sk_finding *finding)
{
	size_t count = 0;
	bool first_here, taken = true;
	SK_TRY(page_gather(page, finding, &candidate->rank, &count, &first_here));
	if (!first_here || count == 0)
		return SK_OK;
	SK_TRY(page_fold_heads(page, count, finding));
	page_write_cursor(page, page->out->here);
	SK_TRY(page->visit(page->context, finding, &taken));
	page->taken += taken;
	return SK_OK;
}

enum sk_err page_look_at(struct page *page, const struct candidate *candidate)
{
	if (page->taken == page->filter->limit || page->opened >= SK_PAGE_OPENED_MAX) {
		page_write_cursor(page, page->out->next);
		page->done = true;
		return SK_OK;
	}
	struct sk_finding finding;
	page->position = candidate->rank;
	SK_TRY(page_open_row(page, candidate->key, candidate->row, &finding));
	enum sk_err err = SK_OK;
	struct sk_values values;
	if (page->by_value)
		sk_values_of_finding(&finding, &values);
	/* The index only proposes. */
	if (!page->by_value || sk_values_hold(&values, &page->wanted.values[0]))
		err = show(page, candidate, &finding);
	sk_wipe(&finding, sizeof finding);
	return err;
}

int page_by_rank(const void *a, const void *b)
{
	return page_rank_compare(&((const struct candidate *)b)->rank, &((const struct candidate *)a)->rank);
}
