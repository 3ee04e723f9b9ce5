/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of findings. Heads that agree in hour, key, kind, class and severity lie in order in one index; the tally says in which hours each kind of a class and severity (a
   sort of heads) has any. So a page is a merge of the runs that fit, hour by hour, and whatever does not fit is never touched. */
#include "store/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"

static const int64_t hour_ns = 3600000000000;

enum { BATCH = 16, GROW = 64, SORTS_MAX = 1 << 14, FOLD_ALL_ROWS = 16, WHICH_LAST = 1, WHICH_FIRST = 2, WHICH_KIND = 4 /* of tally; 3: days */, KIND_MAX = 32, SEVERITY_TOP = 3, DAY_HOURS = 24 };

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

static int rank_compare(const struct rank *x, const struct rank *y)
{
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	return x->c < y->c ? -1 : x->c > y->c;
}

const char *sk_store_sort_name(enum sk_store_sort sort)
{
	static const char *const names[] = {"last", "first", "severity", "count"};
	return (size_t)sort < SK_COUNT(names) ? names[sort] : NULL;
}

static struct rank rank_of(enum sk_store_sort sort, const struct head *head)
{
	switch (sort) {
	case SK_SORT_FIRST: return (struct rank){0, head->first_hour, head->first_row};
	case SK_SORT_SEVERITY: return (struct rank){head->severity, head->last_hour, head->last_row};
	case SK_SORT_COUNT: return (struct rank){0, head->count, head->last_row};
	default: return (struct rank){0, head->last_hour, head->last_row};
	}
}

/* ---- the cursor: the rank of what was shown last ---- */

static void write_cursor(const struct page *page, char text[SK_CURSOR_TEXT_MAX])
{
	(void)snprintf(text, SK_CURSOR_TEXT_MAX, "%u-%" PRIx64 "-%" PRIx64 "-%" PRIx64, (unsigned)page->filter->sort, (uint64_t)page->position.a, (uint64_t)page->position.b,
		       (uint64_t)page->position.c);
}

static bool read_part(const char **at, int64_t *out)
{
	char *end;
	if (**at != '-' || strspn(*at + 1, "0123456789abcdef") == 0)
		return false;
	unsigned long long value = strtoull(*at + 1, &end, 16);
	*out = (int64_t)value;
	*at = end;
	return value <= INT64_MAX;
}

static enum sk_err read_cursor(struct page *page)
{
	const char *at = page->filter->cursor;
	page->after = (struct rank){INT64_MAX, INT64_MAX, INT64_MAX};
	if (at == NULL)
		return SK_OK;
	bool good = at[0] == '0' + (char)page->filter->sort;
	at += good;
	good = good && read_part(&at, &page->after.a) && read_part(&at, &page->after.b) && read_part(&at, &page->after.c) && *at == '\0';
	return good ? SK_OK : sk_fault_set(page->fault, SK_EUSAGE, "the cursor is none that a page in this order gave; begin without one");
}

/* ---- what fits ---- */

static bool kind_fits(const char *wanted, const char *kind)
{
	size_t length = wanted != NULL ? strlen(wanted) : 0;
	if (length == 0)
		return true;
	return wanted[length - 1] == '.' ? strncmp(kind, wanted, length) == 0 : strcmp(kind, wanted) == 0;
}

static bool clear_fits(const struct page *page, const char *kind, int class_, int severity)
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

static int find_found(const void *a, const void *b)
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
	return bsearch(&key, page->found, page->found_count, sizeof key, find_found) != NULL;
}

/* ---- opening ---- */

static enum sk_err open_row(struct page *page, size_t key, int64_t row, struct sk_finding *out)
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
static enum sk_err time_fits(struct page *page, const struct head *head, bool *fits)
{
	int64_t hour = sort_hour(page, head);
	const struct sk_store_page_filter *f = page->filter;
	*fits = hour >= page->since_hour && hour <= page->until_hour;
	bool partly = (f->since_ns % hour_ns != 0 && hour == page->since_hour) || (f->until_ns % hour_ns != 0 && hour == page->until_hour);
	if (!*fits || !partly)
		return SK_OK;
	struct sk_finding finding;
	SK_TRY(open_row(page, head->key, sort_row(page, head), &finding));
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

static enum sk_err malformed_head(struct page *page)
{
	return sk_fault_set(page->fault, SK_EINCONSISTENT, "%s: a row of table head is malformed", page->store->db_path);
}

/* The heads of one fold under one key, behind those that are there. */
static enum sk_err heads_of(struct page *page, size_t key, const uint8_t fold[SK_BLIND_BYTES], size_t *count)
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
			return malformed_head(page);
	}
}

/* ---- folding ---- */

/* The heads of all days that fit, in page->heads. *first_here: none of them stands before `rank`, so this is where the finding is shown. */
static enum sk_err gather(struct page *page, const struct sk_finding *finding, const struct rank *rank, size_t *count, bool *first_here)
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
		SK_TRY(heads_of(page, i, fold, &behind));
		for (size_t h = kept; h < behind; h++) {
			struct head *head = &page->heads[h];
			struct rank other = rank_of(page->filter->sort, head);
			bool fits = clear_fits(page, head->kind, head->class_, head->severity) && (!page->by_value || was_found(page, head));
			if (fits)
				SK_TRY(time_fits(page, head, &fits));
			if (fits && rank_compare(&other, rank) > 0) {
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
	SK_TRY(open_row(page, key, row, &finding));
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
static enum sk_err fold_heads(struct page *page, size_t count, struct sk_finding *out)
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
	SK_TRY(gather(page, finding, &candidate->rank, &count, &first_here));
	if (!first_here || count == 0)
		return SK_OK;
	SK_TRY(fold_heads(page, count, finding));
	SK_TRY(page->visit(page->context, finding, &taken));
	page->taken += taken;
	return SK_OK;
}

static enum sk_err look_at(struct page *page, const struct candidate *candidate)
{
	if (page->taken == page->filter->limit || page->opened >= SK_PAGE_OPENED_MAX) {
		write_cursor(page, page->out->next);
		page->done = true;
		return SK_OK;
	}
	struct sk_finding finding;
	page->position = candidate->rank;
	SK_TRY(open_row(page, candidate->key, candidate->row, &finding));
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

static int by_rank(const void *a, const void *b)
{
	return rank_compare(&((const struct candidate *)b)->rank, &((const struct candidate *)a)->rank);
}

/* ---- runs ---- */

static bool find_key(const struct page *page, int64_t row, size_t *key)
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

static sqlite3_stmt *use_tally(const struct page *page, enum sk_statement statement, int which, const struct sort *sort, int64_t from_hour, int64_t until_hour)
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
	if (!find_key(page, key_row, &at))
		return;
	const struct page_key *key = &page->keys[at];
	*(key->readable ? &page->out->heads : key->locked ? &page->out->locked : &page->out->erased) += heads;
}

/* Of a day that is in the range in part, hour by hour. */
static enum sk_err count_hours(struct page *page, const struct sort *sort, int64_t day)
{
	int64_t from = day * DAY_HOURS, until = from + DAY_HOURS - 1;
	sqlite3_stmt *rows = use_tally(page, SK_SQL_TALLY_HOURS, which_of(page), sort, from > page->since_hour ? from : page->since_hour, until < page->until_hour ? until : page->until_hour);
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
static enum sk_err load_sorts(struct page *page)
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
			return malformed_head(page);
		if (!clear_fits(page, sort.kind, sort.class_, sort.severity))
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

static enum sk_err count_parts(struct page *page)
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
	sqlite3_stmt *next = use_tally(page, SK_SQL_TALLY_NEXT, which_of(page), sort, page->since_hour, from_hour);
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
		sqlite3_stmt *rows = use_tally(page, SK_SQL_TALLY_HOURS, which_of(page), sort, hour, hour);
		for (bool more = true; more;) {
			struct run run = {.sort = sort};
			SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
			if (!more || !find_key(page, sqlite3_column_int64(rows, 1), &run.key) || !page->keys[run.key].readable)
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
			return malformed_head(page);
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
	SK_TRY(heads_of(page, candidate->key, candidate->fold, &count));
	for (size_t i = 0; i < count; i++)
		if (page->heads[i].class_ == candidate->class_) {
			struct head head = page->heads[i];
			return time_fits(page, &head, fits);
		}
	*fits = false;
	return SK_OK;
}

static enum sk_err look_at_batch(struct page *page, size_t count, const struct rank *sure)
{
	for (size_t i = 0; i < count && !page->done && rank_compare(&page->batch[i].rank, sure) >= 0; i++) {
		bool fits;
		SK_TRY(in_time(page, &page->batch[i], &fits));
		if (fits)
			SK_TRY(look_at(page, &page->batch[i]));
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
			if (full && rank_compare(&page->batch[count - 1].rank, &sure) > 0)
				sure = page->batch[count - 1].rank;
			more = more || full;
		}
		if (count != 0)
			qsort(page->batch, count, sizeof *page->batch, by_rank);
		SK_TRY(look_at_batch(page, count, &sure));
		below = sure;
	}
	return SK_OK;
}

static enum sk_err walk_hours(struct page *page, int64_t a, struct rank after)
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
static enum sk_err walk_severities(struct page *page)
{
	int64_t from = page->after.a < SEVERITY_TOP ? page->after.a : SEVERITY_TOP;
	enum sk_err err = SK_OK;
	for (int64_t severity = from; severity >= 0 && err == SK_OK && !page->done; severity--) {
		struct rank after = severity == page->after.a ? page->after : (struct rank){severity, INT64_MAX, INT64_MAX};
		/* Only the runs are of one severity: what a finding is folded out of is not. */
		page->run_severity = (int)severity;
		err = walk_hours(page, severity, after);
	}
	return err;
}

/* Counts are in one order for all: what does not fit is passed by, in the index. */
static enum sk_err walk_counts(struct page *page)
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
			err = malformed_head(page);
			break;
		}
		fits = clear_fits(page, kind, next.class_, (int)sqlite3_column_int64(rows, 6)) && find_key(page, sqlite3_column_int64(rows, 3), &next.key) && page->keys[next.key].readable;
		if (fits)
			err = in_time(page, &next, &fits);
		if (err == SK_OK && fits)
			err = look_at(page, &next);
		if (!page->done && passed == SK_PAGE_COUNTED_MAX) {
			page->position = next.rank;
			write_cursor(page, page->out->next);
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
			return malformed_head(page);
		SK_TRY(add_found(page, &found));
	}
}

/* Each head once, with the newest row that has the value. */
static void drop_doubles(struct page *page)
{
	size_t kept = 0;
	if (page->found_count != 0)
		qsort(page->found, page->found_count, sizeof *page->found, find_found);
	for (size_t i = 0; i < page->found_count; i++) {
		struct candidate *last = kept != 0 ? &page->found[kept - 1] : NULL;
		if (last != NULL && find_found(last, &page->found[i]) == 0)
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
	SK_TRY(heads_of(page, found->key, found->fold, &heads));
	for (size_t i = 0; i < heads; i++) {
		struct head head = page->heads[i];
		bool fits = head.class_ == found->class_ && clear_fits(page, head.kind, head.class_, head.severity);
		if (fits)
			SK_TRY(time_fits(page, &head, &fits));
		if (!fits)
			continue;
		page->batch[*count] = *found;
		page->batch[(*count)++].rank = rank_of(page->filter->sort, &head);
	}
	return SK_OK;
}

static enum sk_err walk_value(struct page *page)
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
		qsort(page->batch, count, sizeof *page->batch, by_rank);
	for (size_t i = 0; i < count && !page->done; i++)
		if (rank_compare(&page->batch[i].rank, &page->after) < 0)
			SK_TRY(look_at(page, &page->batch[i]));
	return SK_OK;
}

/* ---- the whole ---- */

static enum sk_err load_keys(struct page *page)
{
	struct sk_key_row *rows = NULL;
	size_t count = 0;
	enum sk_err err = sk_store_key_rows(page->store, (int32_t)(page->since_hour / DAY_HOURS), (int32_t)(page->until_hour / DAY_HOURS), &rows, &count, page->fault);
	if (err == SK_OK && (page->keys = calloc(count + 1, sizeof *page->keys)) == NULL)
		err = sk_fault_set(page->fault, SK_ENOMEM, "store: out of memory");
	for (size_t i = 0; i < count && err == SK_OK; i++) {
		struct page_key *key = &page->keys[page->key_count++];
		struct sk_day_key *slot;
		struct sk_fault why;
		key->row = rows[i];
		enum sk_err opened = sk_key_ring_read(&page->store->ring, rows[i].basis, rows[i].day, rows[i].id, &slot, &why);
		key->readable = opened == SK_OK;
		key->locked = opened == SK_EKEYSPLIT;
		if (key->readable)
			key->key = *slot;
		else if (opened != SK_ENOENT && opened != SK_EKEYSPLIT)
			*page->fault = why, err = opened;
	}
	free(rows);
	return err;
}

static enum sk_err begin(struct page *page, struct sk_store *store, const struct sk_store_page_filter *filter, struct sk_store_page *out, struct sk_fault *fault)
{
	*out = (struct sk_store_page){.heads = 0};
	*page = (struct page){.store = store, .filter = filter, .fault = fault, .out = out, .by_value = filter->value != NULL, .run_severity = -1,
			      .since_hour = sk_store_hour(filter->since_ns),
			      .until_hour = filter->until_ns > 0 ? sk_store_hour(filter->until_ns - 1) : sk_store_hour(INT64_MAX)};
	if (page->by_value && !sk_value_parse(filter->value, &page->wanted))
		return sk_fault_set(fault, SK_EUSAGE, "a value to look for is empty or longer than 255 bytes");
	SK_TRY(read_cursor(page));
	return load_keys(page);
}

static void end(struct page *page)
{
	if (page->keys != NULL)
		sk_wipe(page->keys, page->key_count * sizeof *page->keys);
	free(page->keys);
	free(page->runs);
	free(page->sorts);
	free(page->batch);
	free(page->found);
	free(page->heads);
	sk_buf_reset(&page->store->form);
}

/* May one finding be of several heads here? */
static bool one_day(const struct page *page)
{
	size_t days = 0;
	for (size_t i = 0; i < page->key_count; i++)
		days += page->keys[i].readable;
	return days <= 1;
}

static enum sk_err walk(struct page *page)
{
	if (page->by_value)
		return walk_value(page);
	SK_TRY(load_sorts(page));
	SK_TRY(count_parts(page));
	switch (page->filter->sort) {
	case SK_SORT_COUNT: return walk_counts(page);
	case SK_SORT_SEVERITY: return walk_severities(page);
	default: return walk_hours(page, 0, page->after);
	}
}

enum sk_err sk_store_findings_page(struct sk_store *store, const struct sk_store_page_filter *filter, sk_store_page_visit visit, void *context,
				   struct sk_store_page *out, struct sk_fault *fault)
{
	struct page page;
	if (filter->limit == 0 || filter->limit > SK_PAGE_LIMIT_MAX || (unsigned)filter->sort >= SK_SORT_SORTS)
		return sk_fault_set(fault, SK_EUSAGE, "a page has 1 to %d findings", SK_PAGE_LIMIT_MAX);
	/* One picture of the store for the whole page: a commit in between changes nothing in it. */
	SK_TRY(sk_db_exec(store, "SAVEPOINT page", fault));
	enum sk_err err = begin(&page, store, filter, out, fault);
	page.visit = visit;
	page.context = context;
	if (err == SK_OK)
		err = walk(&page);
	out->exact = !out->cut && one_day(&page) && filter->since_ns % hour_ns == 0 && filter->until_ns % hour_ns == 0;
	end(&page);
	struct sk_fault unused;
	enum sk_err released = sk_db_exec(store, "RELEASE page", err == SK_OK ? fault : &unused);
	return err != SK_OK ? err : released;
}

static enum sk_err visit_hours(struct page *page, const struct sort *sort, int which, sk_store_hour_visit visit, void *context)
{
	sqlite3_stmt *rows = use_tally(page, SK_SQL_TALLY_HOURS, which, sort, page->since_hour, page->until_hour);
	enum sk_err err = SK_OK;
	for (bool more = true; err == SK_OK;) {
		size_t key;
		SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
		if (!more)
			return SK_OK;
		if (find_key(page, sqlite3_column_int64(rows, 1), &key) && page->keys[key].readable)
			err = visit(context, sqlite3_column_int64(rows, 0), sort->kind, (uint64_t)sqlite3_column_int64(rows, 2));
	}
	(void)sqlite3_reset(rows);
	return err;
}

/* Where class and severity are any, the counts of a whole kind are read: there are far fewer of them. */
enum sk_err sk_store_findings_hours(struct sk_store *store, const struct sk_store_page_filter *filter, sk_store_hour_visit visit, void *context, struct sk_fault *fault)
{
	struct page page;
	struct sk_store_page out;
	struct sk_store_page_filter plain = *filter;
	plain.cursor = plain.value = NULL;
	plain.sort = SK_SORT_LAST;
	bool whole = filter->class_ < 0 && filter->severity < 0;
	enum sk_err err = begin(&page, store, &plain, &out, fault);
	if (err == SK_OK)
		err = load_sorts(&page);
	for (size_t i = 0; i < page.sort_count && err == SK_OK; i++) {
		struct sort sort = page.sorts[i];
		if (whole && i != 0 && strcmp(sort.kind, page.sorts[i - 1].kind) == 0)
			continue;
		if (whole)
			sort.class_ = sort.severity = 0;
		err = visit_hours(&page, &sort, whole ? WHICH_KIND : WHICH_LAST, visit, context);
	}
	end(&page);
	return err;
}

/* The newest row under one key that has this id. */
static enum sk_err row_of_id(struct page *page, size_t key, const uint8_t id[16], struct sk_finding *out, bool *found)
{
	struct sk_values values;
	uint8_t hash[SK_BLIND_BYTES];
	sk_values_of_finding_id(id, &values);
	sk_blind_hash(&page->keys[key].key, &values.values[0], hash);
	sqlite3_stmt *rows = sk_db_use(page->store, SK_SQL_PAGE_VALUE);
	(void)sqlite3_bind_blob(rows, 1, hash, sizeof hash, SQLITE_STATIC);
	(void)sqlite3_bind_int64(rows, 2, page->keys[key].row.row);
	(void)sqlite3_bind_int64(rows, 3, 1);
	SK_TRY(sk_db_row(page->store, rows, found, page->fault));
	int64_t row = *found ? sqlite3_column_int64(rows, 0) : 0;
	(void)sqlite3_reset(rows);
	if (!*found)
		return SK_OK;
	SK_TRY(open_row(page, key, row, out));
	*found = memcmp(out->id, id, 16) == 0;
	return SK_OK;
}

enum sk_err sk_store_finding(struct sk_store *store, const uint8_t id[16], struct sk_finding *out, struct sk_fault *fault)
{
	static const struct sk_store_page_filter all = {.class_ = -1, .severity = -1, .limit = 1};
	static const struct rank top = {INT64_MAX, INT64_MAX, INT64_MAX};
	struct page page;
	struct sk_store_page unused;
	size_t count = 0;
	bool found = false, first_here;
	enum sk_err err = begin(&page, store, &all, &unused, fault);
	for (size_t i = page.key_count; i-- > 0 && err == SK_OK && !found;)
		if (page.keys[i].readable)
			err = row_of_id(&page, i, id, out, &found);
	if (err == SK_OK && found)
		err = gather(&page, out, &top, &count, &first_here);
	if (err == SK_OK && count == 0)
		err = sk_fault_set(fault, SK_ENOENT, "no finding has this id");
	if (err == SK_OK)
		err = fold_heads(&page, count, out);
	end(&page);
	return err;
}

enum sk_err sk_store_kind_known(struct sk_store *store, const char *kind, bool *known, struct sk_fault *fault)
{
	char last[KIND_MAX + 2];
	size_t length = strlen(kind);
	*known = false;
	if (length == 0 || length >= KIND_MAX)
		return SK_OK;
	(void)snprintf(last, sizeof last, "%s%s", kind, kind[length - 1] == '.' ? "\x7f" : "");
	sqlite3_stmt *rows = sk_db_use(store, SK_SQL_KIND_KNOWN);
	(void)sqlite3_bind_text(rows, 1, kind, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(rows, 2, last, -1, SQLITE_STATIC);
	SK_TRY(sk_db_row(store, rows, known, fault));
	(void)sqlite3_reset(rows);
	return SK_OK;
}

enum sk_err sk_store_state(struct sk_store *store, struct sk_store_state *out, struct sk_fault *fault)
{
	bool more;
	sqlite3_stmt *rows = sk_db_use(store, SK_SQL_STATE);
	SK_TRY(sk_db_row(store, rows, &more, fault));
	int64_t *const to[] = {&out->interval, &out->finding, &out->observation};
	for (int i = 0; i < (int)SK_COUNT(to); i++)
		*to[i] = sqlite3_column_type(rows, i) == SQLITE_NULL ? -1 : sqlite3_column_int64(rows, i);
	(void)sqlite3_reset(rows);
	return SK_OK;
}
