/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of findings. Heads that agree in hour, key, kind, class and severity lie in order in one index; the tally says in which hours each kind of a class and severity (a
   sort of heads) has any. So a page is a merge of the runs that fit, hour by hour, and whatever does not fit is never touched. */
#include "store/page_priv.h"

#include <stdio.h>

static const int64_t hour_ns = 3600000000000;

enum { DAY_HOURS = 24 };

const char *sk_store_sort_name(enum sk_store_sort sort)
{
	static const char *const names[] = {"last", "first", "severity", "count"};
	return (size_t)sort < SK_COUNT(names) ? names[sort] : NULL;
}

/* ---- the cursor: the rank of what was shown last ---- */

void page_write_cursor(const struct page *page, char text[SK_CURSOR_TEXT_MAX])
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
		return page_walk_value(page);
	SK_TRY(page_load_sorts(page));
	SK_TRY(page_count_parts(page));
	switch (page->filter->sort) {
	case SK_SORT_COUNT: return page_walk_counts(page);
	case SK_SORT_SEVERITY: return page_walk_severities(page);
	default: return page_walk_hours(page, 0, page->after);
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
	sqlite3_stmt *rows = page_use_tally(page, SK_SQL_TALLY_HOURS, which, sort, page->since_hour, page->until_hour);
	enum sk_err err = SK_OK;
	for (bool more = true; err == SK_OK;) {
		size_t key;
		SK_TRY(sk_db_row(page->store, rows, &more, page->fault));
		if (!more)
			return SK_OK;
		if (page_find_key(page, sqlite3_column_int64(rows, 1), &key) && page->keys[key].readable)
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
		err = page_load_sorts(&page);
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
	SK_TRY(page_open_row(page, key, row, out));
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
		err = page_gather(&page, out, &top, &count, &first_here);
	if (err == SK_OK && count == 0)
		err = sk_fault_set(fault, SK_ENOENT, "no finding has this id");
	if (err == SK_OK)
		err = page_fold_heads(&page, count, out);
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
