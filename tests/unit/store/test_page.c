/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of findings against a walk over all of them, and what keeps heads true: hidden inputs, roll back, tampering. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/page.h"
#include "text/text.h"
#include "../english.h"

static const int64_t noon_ns = 1795348800000000000, hour_ns = 3600000000000; /* 2026-11-22T12:00:00Z */
static const uint8_t run_one[16] = "run one", run_two[16] = "run two";
enum { ALL_MAX = 512 };

struct place {
	char folder[64], store[128], keys[128], db[160];
	struct sk_store *at;
};

static void assert_ok(enum sk_err err, const struct sk_fault *fault)
{
	if (err != SK_OK)
		fail_msg("%d: %s", err, fault->line);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	struct sk_fault fault = {0};
	strcpy(p->folder, "/tmp/sk-page-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->store, sizeof p->store, "%s/store", p->folder);
	(void)snprintf(p->keys, sizeof p->keys, "%s/keys", p->folder);
	(void)snprintf(p->db, sizeof p->db, "%s/sekisho.db", p->store);
	struct sk_store_options options = {.folder = p->store, .keys_folder = p->keys, .basis_id = "basis-1"};
	assert_ok(sk_store_open(&options, &p->at, &fault), &fault);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[128];
	sk_store_close(p->at);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", p->folder);
	int failed = system(command);
	free(p);
	return failed;
}

static struct sk_finding finding(unsigned n, int64_t at_ns)
{
	struct sk_finding f;
	char text[64];
	memset(&f, 0, sizeof f);
	strcpy(f.kind, n % 3 == 0 ? "indicator.domain" : n % 3 == 1 ? "detect.beacon" : "indicator.address");
	f.severity = (uint8_t)(1 + n % 3);
	f.confidence_percent = 80;
	f.class_ = (uint8_t)(n % 2 == 0 ? SK_CLASS_DF : SK_CLASS_FD);
	(void)snprintf(f.matched, sizeof f.matched, "c%u.bad.example", n);
	(void)snprintf(text, sizeof text, "192.0.2.%u", n % 250);
	assert_int_equal(sk_addr_parse(text, &f.subject), SK_OK);
	assert_int_equal(sk_addr_parse("203.0.113.9", &f.counterpart), SK_OK);
	char words[32];
	(void)snprintf(words, sizeof words, "finding %u", n);
	sk_words_set(&f.sentence, words);
	f.first_ns = at_ns;
	f.last_ns = at_ns + 5000000000;
	f.count = 1 + n % 5;
	f.id[0] = (uint8_t)n;
	f.id[1] = (uint8_t)(n >> 8);
	return f;
}

static void begin(struct place *p, uint64_t interval, const uint8_t run[16])
{
	struct sk_fault fault = {0};
	assert_ok(sk_store_begin(p->at, interval, run, &fault), &fault);
}

static void put(struct place *p, unsigned n, int64_t at_ns)
{
	struct sk_fault fault = {0};
	struct sk_finding f = finding(n, at_ns);
	assert_ok(sk_store_put_finding(p->at, &f, &fault), &fault);
}

static void commit(struct place *p)
{
	struct sk_fault fault = {0};
	uint8_t digest[SK_HASH_BYTES];
	assert_ok(sk_store_commit(p->at, digest, &fault), &fault);
}

/* Three days, an interval an hour: some come once, some each day, some each hour. */
static void fill(struct place *p)
{
	for (unsigned hour = 0; hour < 72; hour++) {
		begin(p, hour, run_one);
		put(p, 1, noon_ns + hour * hour_ns);
		if (hour % 24 == 5)
			put(p, 2, noon_ns + hour * hour_ns + 1000);
		put(p, 100 + hour, noon_ns + hour * hour_ns + 2000);
		put(p, 300 + hour, noon_ns + hour * hour_ns + 3000);
		commit(p);
	}
}

struct list {
	size_t count;
	struct sk_finding all[ALL_MAX];
	unsigned mute_every;
	size_t seen;
};

static enum sk_err keep(void *context, const struct sk_finding *f)
{
	struct list *list = context;
	assert_true(list->count < ALL_MAX);
	list->all[list->count++] = *f;
	return SK_OK;
}

static enum sk_err keep_page(void *context, const struct sk_finding *f, bool *taken)
{
	struct list *list = context;
	*taken = list->mute_every == 0 || list->seen++ % list->mute_every != 0;
	return *taken ? keep(context, f) : SK_OK;
}

/* All pages, one after the other. */
static struct sk_store_page turn(struct place *p, struct sk_store_page_filter filter, struct list *list)
{
	struct sk_store_page page = {.heads = 0};
	struct sk_fault fault = {0};
	char cursor[SK_CURSOR_TEXT_MAX] = "";
	for (unsigned pages = 0; pages < ALL_MAX; pages++) {
		filter.cursor = cursor[0] != '\0' ? cursor : NULL;
		size_t before = list->count;
		assert_ok(sk_store_findings_page(p->at, &filter, keep_page, list, &page, &fault), &fault);
		assert_true(list->count - before <= filter.limit);
		if (page.next[0] == '\0')
			return page;
		memcpy(cursor, page.next, sizeof cursor);
	}
	fail_msg("pages without end");
	return page;
}

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct sk_finding *)a)->id, ((const struct sk_finding *)b)->id, 16);
}

/* The pages show what the walk over everything shows, each once, whatever the order and however large they are. */
static void same_as_walk(struct place *p, struct sk_store_page_filter filter)
{
	struct list *walked = calloc(1, sizeof *walked), *paged = calloc(1, sizeof *paged);
	struct sk_fault fault = {0};
	const struct sk_store_filter same = {.class_ = filter.class_, .kind = filter.kind, .value = filter.value};
	assert_ok(sk_store_findings(p->at, &same, keep, walked, &fault), &fault);
	assert_true(walked->count != 0);
	for (unsigned limit = 1; limit <= 64; limit = limit * 3 + 1)
		for (unsigned sort = 0; sort < SK_SORT_SORTS; sort++) {
			filter.limit = limit;
			filter.sort = (enum sk_store_sort)sort;
			paged->count = 0;
			(void)turn(p, filter, paged);
			qsort(paged->all, paged->count, sizeof paged->all[0], by_id);
			qsort(walked->all, walked->count, sizeof walked->all[0], by_id);
			assert_int_equal(paged->count, walked->count);
			for (size_t i = 0; i < paged->count; i++)
				if (memcmp(&paged->all[i], &walked->all[i], sizeof paged->all[i]) != 0)
					fail_msg("order %s, %u a page: %s, %llu times; the walk has %s, %llu times", sk_store_sort_name(filter.sort), limit, english(&paged->all[i].sentence),
						 (unsigned long long)paged->all[i].count, english(&walked->all[i].sentence), (unsigned long long)walked->all[i].count);
		}
	free(walked);
	free(paged);
}

static const struct sk_store_page_filter everything = {.class_ = -1, .severity = -1, .limit = 50};

static void pages_agree_with_the_walk(void **state)
{
	struct place *p = *state;
	struct sk_store_page_filter filter = everything;
	fill(p);
	same_as_walk(p, filter);
	filter.class_ = SK_CLASS_FD;
	same_as_walk(p, filter);
	filter = everything, filter.kind = "detect.beacon";
	same_as_walk(p, filter);
	filter = everything, filter.value = "bad.example";
	same_as_walk(p, filter);
	filter.value = "192.0.2.0/24";
	same_as_walk(p, filter);
	filter.value = "c1.bad.example";
	same_as_walk(p, filter);
}

static void orders_are_kept(void **state)
{
	struct place *p = *state;
	struct list *list = calloc(1, sizeof *list);
	struct sk_store_page_filter filter = everything;
	fill(p);
	filter.limit = 7;
	(void)turn(p, filter, list);
	for (size_t i = 1; i < list->count; i++)
		assert_true(list->all[i].last_ns / hour_ns <= list->all[i - 1].last_ns / hour_ns);
	filter.sort = SK_SORT_SEVERITY, list->count = 0;
	(void)turn(p, filter, list);
	for (size_t i = 1; i < list->count; i++)
		assert_true(list->all[i].severity < list->all[i - 1].severity ||
			    (list->all[i].severity == list->all[i - 1].severity && list->all[i].last_ns / hour_ns <= list->all[i - 1].last_ns / hour_ns));
	filter.sort = SK_SORT_FIRST, list->count = 0;
	(void)turn(p, filter, list);
	assert_int_equal(list->all[0].id[0] + 256 * list->all[0].id[1], 300 + 71);
	free(list);
}

/* What arrives while somebody turns pages moves nothing that is still to come, and shows nothing twice. */
static void new_findings_do_not_disturb(void **state)
{
	struct place *p = *state;
	struct list *list = calloc(1, sizeof *list);
	struct sk_store_page page = {.heads = 0};
	struct sk_fault fault = {0};
	struct sk_store_page_filter filter = everything;
	fill(p);
	filter.limit = 10;
	assert_ok(sk_store_findings_page(p->at, &filter, keep_page, list, &page, &fault), &fault);
	begin(p, 72, run_one);
	put(p, 900, noon_ns + 72 * hour_ns);
	put(p, 1, noon_ns + 72 * hour_ns);
	commit(p);
	for (char cursor[SK_CURSOR_TEXT_MAX]; page.next[0] != '\0';) {
		memcpy(cursor, page.next, sizeof cursor);
		filter.cursor = cursor;
		assert_ok(sk_store_findings_page(p->at, &filter, keep_page, list, &page, &fault), &fault);
	}
	assert_int_equal(list->count, 2 + 72 + 72);
	qsort(list->all, list->count, sizeof list->all[0], by_id);
	for (size_t i = 1; i < list->count; i++)
		assert_true(by_id(&list->all[i], &list->all[i - 1]) != 0);
	free(list);
}

struct sum {
	uint64_t heads, hours;
};

static enum sk_err add_hour(void *context, int64_t hour, const char *kind, uint64_t heads)
{
	struct sum *sum = context;
	assert_true(hour >= noon_ns / hour_ns && kind[0] != '\0');
	sum->heads += heads;
	sum->hours++;
	return SK_OK;
}

static void ranges_hours_and_counts(void **state)
{
	struct place *p = *state;
	struct list *list = calloc(1, sizeof *list);
	struct sum sum = {0};
	struct sk_fault fault = {0};
	struct sk_store_page_filter filter = everything;
	fill(p);
	/* One of each hour, and the one that comes each hour: 24 hours have 24 + 24 + 1, within two days of UTC. */
	filter.since_ns = noon_ns + 12 * hour_ns;
	filter.until_ns = noon_ns + 36 * hour_ns;
	struct sk_store_page page = turn(p, filter, list);
	assert_int_equal(list->count, 24 + 24 + 1 + 1);
	assert_int_equal(page.heads, list->count);
	assert_true(page.exact);
	assert_ok(sk_store_findings_hours(p->at, &filter, add_hour, &sum, &fault), &fault);
	assert_int_equal(sum.heads, page.heads);
	/* A part of an hour is told by opening: 2,000 ns after the hour is in, 3,000 is not. */
	filter.since_ns = noon_ns + 30 * hour_ns + 1500;
	filter.until_ns = noon_ns + 30 * hour_ns + 2500;
	list->count = 0;
	page = turn(p, filter, list);
	assert_int_equal(list->count, 1);
	assert_int_equal(list->all[0].id[0], 130);
	assert_false(page.exact);
	static const struct {
		const char *kind;
		bool known;
	} kinds[] = {{"detect.beacon", true}, {"detect.", true}, {"indicator.", true}, {"detect", false}, {"detect.b", false}, {"a.", false}, {"z", false}, {"", false}};
	for (size_t i = 0; i < SK_COUNT(kinds); i++) {
		bool known;
		assert_ok(sk_store_kind_known(p->at, kinds[i].kind, &known, &fault), &fault);
		assert_int_equal(known, kinds[i].known);
	}
	/* Muted ones do not count against a page. */
	filter = everything, filter.limit = 5, list->mute_every = 2, list->count = 0;
	(void)turn(p, filter, list);
	assert_int_equal(list->count, (2 + 72 + 72) / 2);
	free(list);
}

static void one_by_its_id(void **state)
{
	struct place *p = *state;
	struct sk_fault fault = {0};
	struct sk_finding out, wanted = finding(1, noon_ns);
	fill(p);
	assert_ok(sk_store_finding(p->at, wanted.id, &out, &fault), &fault);
	assert_int_equal(out.count, 72 * wanted.count);
	assert_int_equal(out.first_ns, noon_ns);
	assert_int_equal(out.last_ns, noon_ns + 71 * hour_ns + 5000000000);
	wanted.id[5] = 9;
	assert_int_equal(sk_store_finding(p->at, wanted.id, &out, &fault), SK_ENOENT);
}

static void days_that_are_gone_are_counted(void **state)
{
	struct place *p = *state;
	struct list *list = calloc(1, sizeof *list);
	struct sk_fault fault = {0};
	struct sk_store_page_filter filter = everything;
	uint64_t files;
	fill(p);
	assert_ok(sk_store_destroy_day(p->at, "basis-1", "2026-11-23", &files, &fault), &fault);
	struct sk_store_page page = turn(p, filter, list);
	assert_int_equal(page.erased, 24 + 24 + 1 + 1);
	assert_int_equal(list->count, 2 + 72 + 72 - 48);
	same_as_walk(p, filter);
	free(list);
}

static void wrong_calls(void **state)
{
	struct place *p = *state;
	static const char *const cursors[] = {"x", "0", "0-1", "0-1-2", "0-1-2-3-4", "1-0-0-0", "0-1-2-g", "0--1-2-3", "0-ffffffffffffffff-1-1", ""};
	struct list *list = calloc(1, sizeof *list);
	struct sk_store_page page;
	struct sk_fault fault = {0};
	struct sk_store_page_filter filter = everything;
	fill(p);
	for (size_t i = 0; i < SK_COUNT(cursors); i++) {
		filter.cursor = cursors[i];
		assert_int_equal(sk_store_findings_page(p->at, &filter, keep_page, list, &page, &fault), SK_EUSAGE);
	}
	filter.cursor = NULL, filter.limit = 0;
	assert_int_equal(sk_store_findings_page(p->at, &filter, keep_page, list, &page, &fault), SK_EUSAGE);
	filter.limit = SK_PAGE_LIMIT_MAX + 1;
	assert_int_equal(sk_store_findings_page(p->at, &filter, keep_page, list, &page, &fault), SK_EUSAGE);
	filter.limit = 1, filter.value = "";
	assert_int_equal(sk_store_findings_page(p->at, &filter, keep_page, list, &page, &fault), SK_EUSAGE);
	free(list);
}

/* An input that is watched again counts once, in heads too; a crash leaves none behind. */
static void heads_follow_hidden_intervals(void **state)
{
	struct place *p = *state;
	struct sk_fault fault = {0};
	uint8_t asked[SK_HASH_BYTES] = "a capture";
	uint64_t rows;
	sk_store_set_input(p->at, asked);
	begin(p, 0, run_one);
	put(p, 1, noon_ns);
	put(p, 2, noon_ns);
	commit(p);
	same_as_walk(p, everything);
	begin(p, 1, run_two);
	put(p, 1, noon_ns);
	commit(p);
	same_as_walk(p, everything);
	begin(p, 2, run_two);
	put(p, 3, noon_ns + hour_ns);
	put(p, 1, noon_ns + hour_ns);
	commit(p);
	assert_ok(sk_store_run_done(p->at, run_two, NULL, 0, &fault), &fault);
	same_as_walk(p, everything);
	begin(p, 3, run_one);
	put(p, 4, noon_ns);
	commit(p);
	same_as_walk(p, everything);
	/* Watched again and complete: now the first run is what counts. */
	assert_ok(sk_store_run_done(p->at, run_one, NULL, 0, &fault), &fault);
	same_as_walk(p, everything);
	sk_store_set_input(p->at, NULL);
	begin(p, 4, run_one);
	put(p, 1, noon_ns + 2 * hour_ns);
	put(p, 5, noon_ns + 2 * hour_ns);
	commit(p);
	same_as_walk(p, everything);
	assert_ok(sk_store_roll_back(p->at, 3, false, &rows, &fault), &fault);
	assert_int_equal(rows, 2);
	same_as_walk(p, everything);
	uint8_t digest[SK_HASH_BYTES];
	for (uint64_t i = 0; i < 4; i++)
		assert_ok(sk_store_digest(p->at, i, digest, &fault), &fault);
}

static void sql(struct place *p, const char *text)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

/* The twin: the check is silent before, and speaks after each lie. */
static void altered_heads_are_told(void **state)
{
	struct place *p = *state;
	static const char *const lies[] = {"DELETE FROM head WHERE rows = 1 AND kind = 'detect.beacon'", "UPDATE head SET last_row = first_row WHERE rows > 1",
					   "UPDATE head SET count = count + 1", "UPDATE head SET severity = 3 WHERE severity = 1"};
	struct sk_fault fault = {0};
	uint8_t digest[SK_HASH_BYTES];
	fill(p);
	for (uint64_t i = 0; i < 72; i++)
		assert_ok(sk_store_digest(p->at, i, digest, &fault), &fault);
	for (size_t lie = 0; lie < SK_COUNT(lies); lie++) {
		bool told = false;
		sql(p, "CREATE TABLE kept AS SELECT * FROM head");
		sql(p, lies[lie]);
		for (uint64_t i = 0; i < 72; i++)
			told = told || sk_store_digest(p->at, i, digest, &fault) == SK_EINCONSISTENT;
		if (!told)
			fail_msg("not told: %s", lies[lie]);
		sql(p, "DELETE FROM head; INSERT INTO head SELECT * FROM kept; DROP TABLE kept");
	}
	for (uint64_t i = 0; i < 72; i++)
		assert_ok(sk_store_digest(p->at, i, digest, &fault), &fault);
}

int main(void)
{
	assert_int_equal(sk_seal_start(), SK_OK);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_agree_with_the_walk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(orders_are_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(new_findings_do_not_disturb, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ranges_hours_and_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_by_its_id, set_up, tear_down),
		cmocka_unit_test_setup_teardown(days_that_are_gone_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_calls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(heads_follow_hidden_intervals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(altered_heads_are_told, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
