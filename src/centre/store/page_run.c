/* SPDX-License-Identifier: Apache-2.0 */
/* Which heads come next: runs of those that fit, merged hour by hour; or what the index has for a value. */
#include "store/page_priv.h"

enum { BATCH = 16, GROW = 64, SORTS_MAX = 1 << 14, SEVERITY_TOP = 3, DAY_HOURS = 24 };

/* ---- runs ---- */

bool page_find_key(const struct page *page, int64_t row, size_t *key)
{
	for (size_t i = 0; i < page->key_count; i++)
		if (page->keys[i].row.row == row) {
			*key = i;
			return true;
		}
	return false;
}

static int which_of(const struct page *page)
{
	return page->filter->sort == SK_SORT_FIRST ? WHICH_FIRST : WHICH_LAST;
}

sqlite3_stmt *page_use_tally(const struct page *page, enum sk_statement statement, int which, const struct sort *sort, int64_t from_hour, int64_t until_hour)
{
	sqlite3_stmt *rows = sk_db_use(page->store, statement);
	(void)sqlite3_bind_int64(rows, 1, which);
	(void)sqlite3_bind_text(rows, 2, sort->kind, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(rows, 3, sort->class_);
	(void)sqlite3_bind_int64(rows, 4, sort->severity);
	(void)sqlite3_bind_int64(rows, 5, from_hour);
	(void)sqlite3_bind_int64(rows, 6, until_hour);
	return rows;
}

static void count_heads(struct page *page, int64_t key_row, uint64_t heads)
{
	size_t at;
	if (!page_find_key(page, key_row, &at))
		return;
	const struct page_key *key = &page->keys[at];
	*(key->readable ? &page->out->heads : key->locked ? &page->out->locked : &page->out->erased) += heads;
}

/* Of a day that is in the range in part, hour by hour. */
static enum sk_err count_hours(struct page *page, const struct sort *sort, int64_t day)
{
	int64_t from = day * DAY_HOURS, until = from + DAY_HOURS - 1;
	sqlite3_stmt *rows = page_use_tally(page, SK_SQL_TALLY_HOURS, which_of(page), sort, from > page->since_hour ? from : page->since_hour, until < page->until_hour ? until : page->until_hour);
	for (bool more;;) {
		SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
		if (!more)
			return SK_OK;
		count_heads(page, sqlite3_column_int64(rows, 1), (uint64_t)sqlite3_column_int64(rows, 2));
	}
}

static enum sk_err add_sort(struct page *page, const struct sort *sort)
{
	if (page->sort_count % GROW == 0) {
		struct sort *grown = page->sort_count < SORTS_MAX ? realloc(page->sorts, (page->sort_count + GROW) * sizeof *grown) : NULL;
		if (grown == NULL)
			return sk_fault_set(page->fault, SK_ENOMEM, "store: out of memory, or too many kinds of findings at once");
		page->sorts = grown;
	}
	page->sorts[page->sort_count++] = *sort;
	return SK_OK;
}

/* The sorts that fit, and how many heads they have in the range. Days that are wholly in it are counted as days. */
enum sk_err page_load_sorts(struct page *page)
{
	int64_t first_day = page->since_hour / DAY_HOURS, last_day = page->until_hour / DAY_HOURS;
	sqlite3_stmt *rows = sk_db_use(page->store, SK_SQL_TALLY_DAYS);
	(void)sqlite3_bind_int64(rows, 1, first_day);
	(void)sqlite3_bind_int64(rows, 2, last_day);
	for (bool more;;) {
		struct sort sort;
		SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
		if (!more)
			return SK_OK;
		sort.class_ = (int)sqlite3_column_int64(rows, 1);
		sort.severity = (int)sqlite3_column_int64(rows, 2);
		if (!sk_db_text(rows, 0, sort.kind, sizeof sort.kind))
			return page_malformed_head(page);
		if (!page_clear_fits(page, sort.kind, sort.class_, sort.severity))
			continue;
		int64_t day = sqlite3_column_int64(rows, 3), from = day * DAY_HOURS;
		if (from >= page->since_hour && from + DAY_HOURS - 1 <= page->until_hour)
			count_heads(page, sqlite3_column_int64(rows, 4), (uint64_t)sqlite3_column_int64(rows, 5));
		/* Rows of one sort come together. */
		const struct sort *last = page->sort_count != 0 ? &page->sorts[page->sort_count - 1] : NULL;
		if (last == NULL || last->class_ != sort.class_ || last->severity != sort.severity || strcmp(last->kind, sort.kind) != 0)
			SK_TRY(add_sort(page, &sort));
	}
}

enum sk_err page_count_parts(struct page *page)
{
	int64_t first_day = page->since_hour / DAY_HOURS, last_day = page->until_hour / DAY_HOURS;
	bool first_part = page->since_hour % DAY_HOURS != 0, last_part = page->until_hour % DAY_HOURS != DAY_HOURS - 1 && page->filter->until_ns != 0;
	for (size_t i = 0; i < page->sort_count; i++) {
		if (first_part || (last_part && first_day == last_day))
			SK_TRY(count_hours(page, &page->sorts[i], first_day));
		if (last_part && first_day != last_day)
			SK_TRY(count_hours(page, &page->sorts[i], last_day));
	}
	return SK_OK;
}

static enum sk_err find_hour(struct page *page, struct sort *sort, int64_t from_hour)
{
	bool found;
	sqlite3_stmt *next = page_use_tally(page, SK_SQL_TALLY_NEXT, which_of(page), sort, page->since_hour, from_hour);
	SK_TRY(sk_db_row(page->store, next, &found, page->fault));
	sort->hour = found ? sqlite3_column_int64(next, 0) : -1;
	(void)sqlite3_reset(next);
	return SK_OK;
}

/* The runs of one hour that can be opened. */
static enum sk_err load_runs(struct page *page, int64_t hour)
{
	page->run_count = 0;
	for (size_t i = 0; i < page->sort_count; i++) {
		const struct sort *sort = &page->sorts[i];
		if (sort->hour != hour)
			continue;
		sqlite3_stmt *rows = page_use_tally(page, SK_SQL_TALLY_HOURS, which_of(page), sort, hour, hour);
		for (bool more = true; more;) {
			struct run run = {.sort = sort};
			SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
			if (!more || !page_find_key(page, sqlite3_column_int64(rows, 1), &run.key) || !page->keys[run.key].readable)
				continue;
			if (page->run_count % GROW == 0) {
				struct run *grown = realloc(page->runs, (page->run_count + GROW) * sizeof *grown);
				if (grown == NULL)
					return sk_fault_set(page->fault, SK_ENOMEM, "store: out of memory");
				page->runs = grown;
			}
			page->runs[page->run_count++] = run;
		}
	}
	return SK_OK;
}

/* The next heads of one run below a rank, behind the batch's. *full: there may be more of them. */
static enum sk_err load_run(struct page *page, const struct run *run, const struct rank *below, size_t *count, bool *full)
{
	sqlite3_stmt *rows = sk_db_use(page->store, page->filter->sort == SK_SORT_FIRST ? SK_SQL_PAGE_FIRST : SK_SQL_PAGE_LAST);
	(void)sqlite3_bind_int64(rows, 1, below->b);
	(void)sqlite3_bind_int64(rows, 2, page->keys[run->key].row.row);
	(void)sqlite3_bind_text(rows, 3, run->sort->kind, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(rows, 4, run->sort->class_);
	(void)sqlite3_bind_int64(rows, 5, run->sort->severity);
	(void)sqlite3_bind_int64(rows, 6, below->c);
	(void)sqlite3_bind_int64(rows, 7, BATCH);
	size_t before = *count;
	for (bool more;;) {
		SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
		if (!more)
			break;
		struct candidate *next = &page->batch[*count];
		*next = (struct candidate){.rank = {below->a, sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1)}, .key = run->key, .class_ = run->sort->class_,
					   .row = sqlite3_column_int64(rows, 1)};
		if (!sk_db_blob(rows, 2, next->fold, sizeof next->fold))
			return page_malformed_head(page);
		(*count)++;
	}
	*full = *count - before == BATCH;
	return SK_OK;
}

/* Is a head that came out of an index in the range? */
static enum sk_err in_time(struct page *page, const struct candidate *candidate, bool *fits)
{
	size_t count = 0;
	*fits = true;
	if (page->filter->since_ns == 0 && page->filter->until_ns == 0)
		return SK_OK;
	SK_TRY(page_heads_of(page, candidate->key, candidate->fold, &count));
	for (size_t i = 0; i < count; i++)
		if (page->heads[i].class_ == candidate->class_) {
			struct head head = page->heads[i];
			return page_time_fits(page, &head, fits);
		}
	*fits = false;
	return SK_OK;
}

static enum sk_err look_at_batch(struct page *page, size_t count, const struct rank *sure)
{
	for (size_t i = 0; i < count && !page->done && page_rank_compare(&page->batch[i].rank, sure) >= 0; i++) {
		bool fits;
		SK_TRY(in_time(page, &page->batch[i], &fits));
		if (fits)
			SK_TRY(page_look_at(page, &page->batch[i]));
	}
	return SK_OK;
}

/* All loaded runs, merged, from below a rank on. What a full run has not given yet ranks below the last that it gave: down to there the order is sure. */
static enum sk_err merge_runs(struct page *page, struct rank below)
{
	if (page->run_count * BATCH > page->batch_room) {
		struct candidate *grown = realloc(page->batch, page->run_count * BATCH * sizeof *grown);
		if (grown == NULL)
			return sk_fault_set(page->fault, SK_ENOMEM, "store: out of memory");
		page->batch = grown;
		page->batch_room = page->run_count * BATCH;
	}
	for (bool more = true; more && !page->done;) {
		size_t count = 0;
		struct rank sure = {below.a, INT64_MIN, INT64_MIN};
		more = false;
		for (size_t i = 0; i < page->run_count; i++) {
			bool full = false;
			SK_TRY(load_run(page, &page->runs[i], &below, &count, &full));
			if (full && page_rank_compare(&page->batch[count - 1].rank, &sure) > 0)
				sure = page->batch[count - 1].rank;
			more = more || full;
		}
		if (count != 0)
			qsort(page->batch, count, sizeof *page->batch, page_by_rank);
		SK_TRY(look_at_batch(page, count, &sure));
		below = sure;
	}
	return SK_OK;
}

enum sk_err page_walk_hours(struct page *page, int64_t a, struct rank after)
{
	int64_t hour = after.b < page->until_hour ? after.b : page->until_hour;
	for (size_t i = 0; i < page->sort_count; i++) {
		page->sorts[i].hour = -1;
		if (page->run_severity < 0 || page->run_severity == page->sorts[i].severity)
			SK_TRY(find_hour(page, &page->sorts[i], hour));
	}
	while (!page->done) {
		hour = -1;
		for (size_t i = 0; i < page->sort_count; i++)
			hour = page->sorts[i].hour > hour ? page->sorts[i].hour : hour;
		if (hour < 0)
			return SK_OK;
		SK_TRY(load_runs(page, hour));
		SK_TRY(merge_runs(page, (struct rank){a, hour, hour == after.b ? after.c : INT64_MAX}));
		for (size_t i = 0; i < page->sort_count && !page->done; i++)
			if (page->sorts[i].hour == hour)
				SK_TRY(find_hour(page, &page->sorts[i], hour - 1));
	}
	return SK_OK;
}

/* Severity by severity, each newest first. */
enum sk_err page_walk_severities(struct page *page)
{
	int64_t from = page->after.a < SEVERITY_TOP ? page->after.a : SEVERITY_TOP;
	enum sk_err err = SK_OK;
	for (int64_t severity = from; severity >= 0 && err == SK_OK && !page->done; severity--) {
		struct rank after = severity == page->after.a ? page->after : (struct rank){severity, INT64_MAX, INT64_MAX};
		/* Only the runs are of one severity: what a finding is folded out of is not. */
		page->run_severity = (int)severity;
		err = page_walk_hours(page, severity, after);
	}
	return err;
}

/* Counts are in one order for all: what does not fit is passed by, in the index. */
enum sk_err page_walk_counts(struct page *page)
{
	sqlite3_stmt *rows = sk_db_use(page->store, SK_SQL_PAGE_COUNT);
	(void)sqlite3_bind_int64(rows, 1, page->after.b);
	(void)sqlite3_bind_int64(rows, 2, page->after.c);
	enum sk_err err = SK_OK;
	for (unsigned passed = 0; err == SK_OK && !page->done; passed++) {
		struct candidate next = {.key = 0};
		char kind[KIND_MAX];
		bool more, fits;
		SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
		if (!more)
			return SK_OK;
		next.rank = (struct rank){0, sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1)};
		next.row = next.rank.c;
		next.class_ = (int)sqlite3_column_int64(rows, 5);
		if (!sk_db_blob(rows, 2, next.fold, sizeof next.fold) || !sk_db_text(rows, 4, kind, sizeof kind)) {
			err = page_malformed_head(page);
			break;
		}
		fits = page_clear_fits(page, kind, next.class_, (int)sqlite3_column_int64(rows, 6)) && page_find_key(page, sqlite3_column_int64(rows, 3), &next.key) && page->keys[next.key].readable;
		if (fits)
			err = in_time(page, &next, &fits);
		if (err == SK_OK && fits)
			err = page_look_at(page, &next);
		if (!page->done && passed == SK_PAGE_COUNTED_MAX) {
			page->position = next.rank;
			page_write_cursor(page, page->out->next);
			page->done = true;
		}
	}
	(void)sqlite3_reset(rows);
	return err;
}

/* ---- by value ---- */

static enum sk_err add_found(struct page *page, const struct candidate *candidate)
{
	if (page->found_count % 1024 == 0) {
		struct candidate *grown = realloc(page->found, (page->found_count + 1024) * sizeof *grown);
		if (grown == NULL)
			return sk_fault_set(page->fault, SK_ENOMEM, "store: out of memory");
		page->found = grown;
	}
	page->found[page->found_count++] = *candidate;
	return SK_OK;
}

static enum sk_err rows_of_key(struct page *page, size_t key, size_t *rows_left)
{
	uint8_t hash[SK_BLIND_BYTES];
	sk_blind_hash(&page->keys[key].key, &page->wanted.values[0], hash);
	sqlite3_stmt *rows = sk_db_use(page->store, SK_SQL_PAGE_VALUE);
	(void)sqlite3_bind_blob(rows, 1, hash, sizeof hash, SQLITE_STATIC);
	(void)sqlite3_bind_int64(rows, 2, page->keys[key].row.row);
	(void)sqlite3_bind_int64(rows, 3, (int64_t)*rows_left + 1);
	for (bool more;;) {
		SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
		if (!more)
			return SK_OK;
		if (*rows_left == 0) {
			page->out->cut = true;
			(void)sqlite3_reset(rows);
			return SK_OK;
		}
		(*rows_left)--;
		struct candidate found = {.key = key, .class_ = (int)sqlite3_column_int64(rows, 2), .row = sqlite3_column_int64(rows, 0)};
		if (!sk_db_blob(rows, 1, found.fold, sizeof found.fold))
			return page_malformed_head(page);
		SK_TRY(add_found(page, &found));
	}
}

/* Each head once, with the newest row that has the value. */
static void drop_doubles(struct page *page)
{
	size_t kept = 0;
	if (page->found_count != 0)
		qsort(page->found, page->found_count, sizeof *page->found, page_find_found);
	for (size_t i = 0; i < page->found_count; i++) {
		struct candidate *last = kept != 0 ? &page->found[kept - 1] : NULL;
		if (last != NULL && page_find_found(last, &page->found[i]) == 0)
			last->row = page->found[i].row > last->row ? page->found[i].row : last->row;
		else
			page->found[kept++] = page->found[i];
	}
	page->found_count = kept;
}

/* Its head's place; heads that do not fit, and rows of hidden intervals, have none. */
static enum sk_err rank_found(struct page *page, const struct candidate *found, size_t *count)
{
	size_t heads = 0;
	SK_TRY(page_heads_of(page, found->key, found->fold, &heads));
	for (size_t i = 0; i < heads; i++) {
		struct head head = page->heads[i];
		bool fits = head.class_ == found->class_ && page_clear_fits(page, head.kind, head.class_, head.severity);
		if (fits)
			SK_TRY(page_time_fits(page, &head, &fits));
		if (!fits)
			continue;
		page->batch[*count] = *found;
		page->batch[(*count)++].rank = page_rank_of(page->filter->sort, &head);
	}
	return SK_OK;
}

enum sk_err page_walk_value(struct page *page)
{
	size_t rows_left = SK_PAGE_VALUE_ROWS, count = 0;
	for (size_t i = page->key_count; i-- > 0 && !page->out->cut;)
		if (page->keys[i].readable)
			SK_TRY(rows_of_key(page, i, &rows_left));
	drop_doubles(page);
	page->batch = calloc(page->found_count + 1, sizeof *page->batch);
	if (page->batch == NULL)
		return sk_fault_set(page->fault, SK_ENOMEM, "store: out of memory");
	for (size_t i = 0; i < page->found_count; i++)
		SK_TRY(rank_found(page, &page->found[i], &count));
	page->out->heads = count;
	if (count != 0)
		qsort(page->batch, count, sizeof *page->batch, page_by_rank);
	for (size_t i = 0; i < count && !page->done; i++)
		if (page_rank_compare(&page->batch[i].rank, &page->after) < 0)
			SK_TRY(page_look_at(page, &page->batch[i]));
	return SK_OK;
}
