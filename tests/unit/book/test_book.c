/* SPDX-License-Identifier: Apache-2.0 */
/* The book of looks against a docket over a ledger in memory, with the register that judges its acts. rule: BOOK-1 */
#include "../access/world.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "book/book.h"
#include "base/file.h"

struct place {
	struct world *world;
	char db[96], key[96];
	struct sk_book *book;
};

static void open_book(struct place *p)
{
	struct sk_fault fault = {0};
	if (sk_book_open(p->db, p->key, &p->book, &fault) != SK_OK)
		fail_msg("%s", fault.line);
}

static int up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	void *world = NULL;
	assert_non_null(p);
	assert_int_equal(world_up(&world), 0);
	p->world = world;
	(void)snprintf(p->db, sizeof p->db, "%s.book", p->world->path);
	(void)snprintf(p->key, sizeof p->key, "%s.key", p->world->path);
	found(p->world, "own_network", true);
	open_book(p);
	*state = p;
	return 0;
}

static int down(void **state)
{
	struct place *p = *state;
	void *world = p->world;
	static const char *const ends[] = {"", "-wal", "-shm"};
	sk_book_close(p->book);
	for (size_t i = 0; i < SK_COUNT(ends); i++) {
		char path[128];
		(void)snprintf(path, sizeof path, "%s%s", p->db, ends[i]);
		(void)unlink(path);
	}
	(void)unlink(p->key);
	free(p);
	return world_down(&world);
}

static enum sk_err add(struct place *p, const char *account, const char *what)
{
	const struct sk_book_look look = {.account = account, .org = "host", .lease = "", .purpose = "damage_prevention", .command = "finding.list", .scope = "*", .what = what};
	return sk_book_add(p->book, &look, p->world->now, &p->world->fault);
}

static enum sk_err commit_by(struct place *p, const struct sk_book_batch *batch, enum who who)
{
	struct sk_buf body;
	sk_buf_init(&body, 4096);
	sk_book_body(batch, &body);
	enum sk_err err = ACT(p->world, "access", "book", "book", sk_buf_text(&body), who);
	sk_buf_fini(&body);
	return err;
}

/* What sekisho centre book does. */
static uint64_t commit(struct place *p)
{
	struct sk_book_batch batch;
	uint64_t committed = 0;
	assert_int_equal(sk_book_committed(p->world->docket, &committed, &p->world->fault), SK_OK);
	assert_int_equal(sk_book_waiting(p->book, committed, &batch, &p->world->fault), SK_OK);
	if (batch.count == 0)
		return 0;
	if (commit_by(p, &batch, CENTRE) != SK_OK)
		fail_msg("%s", p->world->fault.line);
	assert_int_equal(p->world->facts.count_count, 1);
	assert_int_equal(p->world->facts.counts[0].frames, batch.count);
	assert_int_equal(sk_book_mark(p->book, batch.to, &p->world->fault), SK_OK);
	return batch.count;
}

static enum sk_err check(struct place *p, struct sk_book_figures *figures)
{
	return sk_book_check(p->book, p->world->docket, figures, &p->world->fault);
}

struct seen {
	uint64_t count;
	char last[SK_BOOK_WHAT_MAX];
};

static enum sk_err see(void *context, uint64_t number, int64_t time_ns, const struct sk_book_look *look)
{
	struct seen *seen = context;
	assert_true(number == seen->count + 1 && time_ns != 0);
	assert_string_equal(look->purpose, "damage_prevention");
	seen->count++;
	(void)snprintf(seen->last, sizeof seen->last, "%s", look->what);
	return SK_OK;
}

static void rows_are_committed_to_in_batches(void **state)
{
	struct place *p = *state;
	struct sk_book_figures figures;
	struct seen seen = {0};
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(add(p, "anna", "/api/v1/findings?value=192.0.2.1"), SK_OK);
	assert_int_equal(commit(p), 5);
	assert_int_equal(commit(p), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(add(p, "paul", "/api/v1/findings?value=bad.example"), SK_OK);
	assert_int_equal(check(p, &figures), SK_OK);
	assert_int_equal(figures.looks, 5);
	assert_int_equal(figures.acts, 1);
	assert_int_equal(figures.waiting, 3);
	assert_int_equal(commit(p), 3);
	assert_int_equal(check(p, &figures), SK_OK);
	assert_int_equal(figures.looks, 8);
	assert_int_equal(figures.waiting, 0);
	assert_int_equal(sk_book_walk(p->book, 1, 8, see, &seen, &p->world->fault), SK_OK);
	assert_int_equal(seen.count, 8);
	assert_string_equal(seen.last, "/api/v1/findings?value=bad.example");
}

/* The centre's own key and nobody else's; what it says must be of one piece. */
static void only_the_centre_commits(void **state)
{
	struct place *p = *state;
	struct sk_book_batch batch;
	assert_int_equal(add(p, "anna", "x"), SK_OK);
	assert_int_equal(sk_book_waiting(p->book, 0, &batch, &p->world->fault), SK_OK);
	assert_int_equal(commit_by(p, &batch, ADMIN), SK_EPERMIT);
	assert_int_equal(commit_by(p, &batch, CHAIR), SK_EPERMIT);
	assert_int_not_equal(commit_by(p, &batch, STRANGER), SK_OK);
	batch.count = 2;
	assert_int_equal(commit_by(p, &batch, CENTRE), SK_EMALFORMED);
	batch.count = 1;
	assert_int_equal(ACT(p->world, "access", "look-1", "read", "{\"command\":\"findings\",\"purpose\":\"damage_prevention\",\"scope\":\"*\",\"what\":\"\"}", CENTRE), SK_ENOENT);
	assert_int_equal(commit_by(p, &batch, CENTRE), SK_OK);
}

/* No ledger, no look: ten seconds, and then nothing more, until it takes them. */
static void without_a_ledger_nothing_is_shown(void **state)
{
	struct place *p = *state;
	assert_int_equal(add(p, "anna", "first"), SK_OK);
	p->world->now += SK_BOOK_LAG_NS;
	assert_int_equal(add(p, "anna", "just in time"), SK_OK);
	p->world->now += 1;
	assert_int_equal(add(p, "anna", "too late"), SK_ELEDGER);
	assert_int_equal(add(p, "anna", "still"), SK_ELEDGER);
	assert_int_equal(commit(p), 2);
	assert_int_equal(add(p, "anna", "again"), SK_OK);
}

/* A crash between the row and the leaf: it is committed to later. Between the leaf and the mark: the acts count, and nothing is committed to twice. */
static void crashes(void **state)
{
	struct place *p = *state;
	struct sk_book_figures figures;
	struct sk_book_batch batch;
	uint64_t committed, last;
	assert_int_equal(add(p, "anna", "before"), SK_OK);
	sk_book_close(p->book);
	open_book(p);
	assert_int_equal(sk_book_waiting(p->book, 0, &batch, &p->world->fault), SK_OK);
	assert_int_equal(batch.count, 1);
	assert_int_equal(commit_by(p, &batch, CENTRE), SK_OK);
	/* no mark */
	sk_book_close(p->book);
	open_book(p);
	assert_int_equal(add(p, "anna", "after"), SK_OK);
	assert_int_equal(sk_book_reach(p->book, &committed, &last, &p->world->fault), SK_OK);
	assert_int_equal(committed, 0);
	assert_int_equal(commit(p), 1);
	assert_int_equal(check(p, &figures), SK_OK);
	assert_int_equal(figures.looks, 2);
	assert_int_equal(figures.acts, 2);
}

static void sql(struct place *p, const char *text)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

/* The twin: silent before and after, and it speaks at each lie. */
static void lies_are_told(void **state)
{
	struct place *p = *state;
	static const char *const lies[] = {"DELETE FROM look WHERE number = 3",
					   "UPDATE look SET time = time + 1 WHERE number = 2",
					   "UPDATE look SET sealed = (SELECT sealed FROM look WHERE number = 1) WHERE number = 2",
					   "UPDATE look SET sealed = zeroblob(100) WHERE number = 4",
					   "DELETE FROM look WHERE number = 6",
					   "UPDATE look SET number = number + 100 WHERE number > 4",
					   "UPDATE mark SET committed = 99"};
	struct sk_book_figures figures;
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(add(p, "anna", "look"), SK_OK);
	assert_int_equal(commit(p), 6);
	for (size_t i = 0; i < SK_COUNT(lies); i++) {
		assert_int_equal(check(p, &figures), SK_OK);
		sql(p, "CREATE TABLE kept AS SELECT * FROM look; CREATE TABLE kept_mark AS SELECT * FROM mark");
		sql(p, lies[i]);
		if (check(p, &figures) != SK_EINCONSISTENT)
			fail_msg("not told: %s", lies[i]);
		sql(p, "DELETE FROM look; INSERT INTO look SELECT * FROM kept; DROP TABLE kept; DELETE FROM mark; INSERT INTO mark SELECT * FROM kept_mark; DROP TABLE kept_mark");
	}
	assert_int_equal(check(p, &figures), SK_OK);
	/* An act that leaves rows out. */
	struct sk_book_batch gap;
	assert_int_equal(add(p, "anna", "left out"), SK_OK);
	assert_int_equal(add(p, "anna", "kept"), SK_OK);
	assert_int_equal(sk_book_waiting(p->book, 7, &gap, &p->world->fault), SK_OK);
	assert_int_equal(commit_by(p, &gap, CENTRE), SK_OK);
	assert_int_equal(check(p, &figures), SK_EINCONSISTENT);
}

/* What was asked for stands nowhere in clear, and nobody else may read the files. */
static void rows_are_sealed(void **state)
{
	struct place *p = *state;
	struct sk_buf bytes;
	struct stat info;
	struct sk_fault fault = {0};
	struct seen seen = {0};
	assert_int_equal(add(p, "anna-with-a-name", "/api/v1/findings?value=198.51.100.77"), SK_OK);
	sql(p, "PRAGMA wal_checkpoint(TRUNCATE)");
	sk_buf_init(&bytes, 1 << 20);
	assert_int_equal(sk_file_read(p->db, &bytes, &fault), SK_OK);
	assert_null(memmem(bytes.bytes, bytes.length, "198.51.100.77", 13));
	assert_null(memmem(bytes.bytes, bytes.length, "anna", 4));
	sk_buf_fini(&bytes);
	assert_int_equal(stat(p->db, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(stat(p->key, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	/* Another key opens nothing. */
	sk_book_close(p->book);
	assert_int_equal(unlink(p->key), 0);
	open_book(p);
	assert_int_equal(sk_book_walk(p->book, 1, 1, see, &seen, &p->world->fault), SK_EINCONSISTENT);
}

enum { THREADS = 8, EACH = 50 };

static void *add_many(void *context)
{
	struct place *p = context;
	const struct sk_book_look look = {.account = "anna", .org = "host", .lease = "", .purpose = "damage_prevention", .command = "finding.list", .scope = "*", .what = "thread"};
	struct sk_fault fault = {0};
	for (unsigned i = 0; i < EACH; i++)
		if (sk_book_add(p->book, &look, p->world->now, &fault) != SK_OK)
			return p;
	return NULL;
}

static void many_threads_and_processes(void **state)
{
	struct place *p = *state;
	pthread_t threads[THREADS];
	struct sk_book_batch batch;
	struct place other = {.world = p->world};
	memcpy(other.db, p->db, sizeof other.db);
	memcpy(other.key, p->key, sizeof other.key);
	open_book(&other);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, i % 2 == 0 ? p : &other), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *failed = p;
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	sk_book_close(other.book);
	assert_int_equal(sk_book_waiting(p->book, 0, &batch, &p->world->fault), SK_OK);
	assert_int_equal(batch.count, THREADS * EACH);
}

static void long_and_strange_words(void **state)
{
	struct place *p = *state;
	char long_text[3 * SK_BOOK_WHAT_MAX];
	struct seen seen = {0};
	/* Cut between characters of three bytes. */
	for (size_t i = 0; i + 3 < sizeof long_text; i += 3)
		memcpy(long_text + i, "\xe9\x96\xa2", 4);
	assert_int_equal(add(p, "anna", long_text), SK_OK);
	assert_int_equal(sk_book_walk(p->book, 1, 1, see, &seen, &p->world->fault), SK_OK);
	assert_true(strlen(seen.last) > SK_BOOK_WHAT_MAX - 8 && strlen(seen.last) % 3 == 0);
	/* Bytes that are no text are no way around the book. */
	assert_int_equal(add(p, "anna", "\xff\xfe"), SK_OK);
	seen.count = 0;
	assert_int_equal(sk_book_walk(p->book, 1, 2, see, &seen, &p->world->fault), SK_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_are_committed_to_in_batches, up, down),
		cmocka_unit_test_setup_teardown(only_the_centre_commits, up, down),
		cmocka_unit_test_setup_teardown(without_a_ledger_nothing_is_shown, up, down),
		cmocka_unit_test_setup_teardown(crashes, up, down),
		cmocka_unit_test_setup_teardown(lies_are_told, up, down),
		cmocka_unit_test_setup_teardown(rows_are_sealed, up, down),
		cmocka_unit_test_setup_teardown(many_threads_and_processes, up, down),
		cmocka_unit_test_setup_teardown(long_and_strange_words, up, down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
