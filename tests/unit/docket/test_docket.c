/* SPDX-License-Identifier: Apache-2.0 */
/* The docket over a log in memory: what goes in comes out; a crash at each step of an addition; whatever is done to the database behind its back is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "docket/docket.h"
#include "ledger/ledger.h"

enum { LEAVES_MAX = 64, LEAF_MAX = 4096, AT_NEVER, AT_APPEND, AT_COMMIT };

/* A ledger in memory: what was appended counts when it was committed. `dies` says where the machine stops. */
struct log {
	char leaf[LEAVES_MAX][LEAF_MAX];
	size_t count, committed;
	int dies;
};

static enum sk_err log_append(void *context, const char *record, size_t length, struct sk_receipt *receipt, struct sk_fault *fault)
{
	struct log *log = context;
	if (log->dies == AT_APPEND)
		return sk_fault_set(fault, SK_EIO, "dies");
	assert_true(log->count < LEAVES_MAX && length < LEAF_MAX);
	memcpy(log->leaf[log->count], record, length);
	log->leaf[log->count][length] = '\0';
	receipt->index = log->count++;
	return SK_OK;
}

static enum sk_err log_commit(void *context, struct sk_fault *fault)
{
	struct log *log = context;
	if (log->dies == AT_COMMIT)
		return sk_fault_set(fault, SK_EIO, "dies");
	log->committed = log->count;
	return SK_OK;
}

static uint64_t log_size(void *context)
{
	return ((struct log *)context)->committed;
}

static enum sk_err log_leaf(void *context, uint64_t index, struct sk_buf *out, struct sk_fault *fault)
{
	struct log *log = context;
	if (index >= log->committed)
		return sk_fault_set(fault, SK_ENOENT, "no leaf %llu", (unsigned long long)index);
	sk_buf_add_text(out, log->leaf[index]);
	return out->failed;
}

struct world {
	char path[64];
	struct log log;
	struct sk_sign_key *key;
	struct sk_docket *docket;
	uint64_t rolled_back;
	struct sk_fault fault;
};

static enum sk_err reopen(struct world *world, bool write)
{
	struct sk_docket_log log = {.context = &world->log, .append = write ? log_append : NULL, .commit = log_commit, .size = log_size, .leaf = log_leaf};
	sk_docket_close(world->docket);
	world->log.count = world->log.committed;
	return sk_docket_open(world->path, &log, &world->docket, &world->rolled_back, &world->fault);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	assert_non_null(world);
	assert_int_equal(sk_seal_start(), SK_OK);
	(void)snprintf(world->path, sizeof world->path, "/tmp/docket-%d-XXXXXX", (int)getpid());
	int fd = mkstemp(world->path);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(sk_sign_key_new("clerk", &world->key), SK_OK);
	world->log.count = world->log.committed = 1; /* the opening leaf */
	assert_int_equal(reopen(world, true), SK_OK);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	char path[80];
	sk_docket_close(world->docket);
	sk_sign_key_free(world->key);
	(void)unlink(world->path);
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "%s%s", world->path, i == 0 ? "-wal" : "-shm");
		(void)unlink(path);
	}
	free(world);
	return 0;
}

/* The signed note of one step, going on from what the docket has. */
static void note_of(struct world *world, const char *id, const char *event, struct sk_buf *note, char from[SK_ACT_WORD_MAX])
{
	struct sk_act act = {.time_ns = 5, .body = "{}", .body_length = 2, .matter = "order"};
	struct sk_buf statement;
	bool found;
	(void)snprintf(act.id, sizeof act.id, "%s", id);
	(void)snprintf(act.event, sizeof act.event, "%s", event);
	assert_int_equal(sk_docket_last(world->docket, "order", id, act.previous, from, &found, &world->fault), SK_OK);
	sk_buf_init(&statement, SK_ACT_TEXT_MAX);
	sk_buf_init(note, SK_ACT_TEXT_MAX);
	sk_act_write(&act, &statement);
	assert_int_equal(statement.failed, SK_OK);
	sk_note_sign(note, sk_buf_text(&statement), statement.length, world->key);
	sk_buf_fini(&statement);
}

static enum sk_err add_note(struct world *world, const struct sk_buf *note, const char *from, const char *to)
{
	struct sk_act_facts facts = {.count_count = 1, .counts = {{.name = "targets", .frames = 3}}, .word_count = 1, .words = {"urgent"}};
	struct sk_receipt receipt;
	(void)snprintf(facts.from, sizeof facts.from, "%s", from);
	(void)snprintf(facts.to, sizeof facts.to, "%s", to);
	return sk_docket_add(world->docket, sk_buf_text(note), note->length, &facts, &receipt, &world->fault);
}

static enum sk_err step(struct world *world, const char *id, const char *event, const char *to)
{
	struct sk_buf note;
	char from[SK_ACT_WORD_MAX];
	note_of(world, id, event, &note, from);
	enum sk_err err = add_note(world, &note, from, to);
	sk_buf_fini(&note);
	return err;
}

static void sql(const struct world *world, const char *text)
{
	sqlite3 *db = NULL;
	char *why = NULL;
	assert_int_equal(sqlite3_open(world->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	(void)sqlite3_close(db);
}

struct seen {
	size_t count;
	char words[512];
};

static enum sk_err see(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct seen *seen = context;
	(void)fault;
	size_t at = strlen(seen->words);
	(void)snprintf(seen->words + at, sizeof seen->words - at, "%s:%s>%s ", entry->act.id, entry->from, entry->to);
	seen->count++;
	return SK_OK;
}

static void test_in_and_out(void **state)
{
	struct world *world = *state;
	struct seen seen = {.count = 0};
	uint8_t digest[SK_HASH_BYTES];
	char last[SK_ACT_WORD_MAX];
	uint64_t acts;
	bool found;
	assert_int_equal(step(world, "a", "draft", "DRAFT"), SK_EUSAGE); /* names are lower case */
	assert_int_equal(step(world, "a", "draft", "draft"), SK_OK);
	assert_int_equal(step(world, "b", "draft", "draft"), SK_OK);
	assert_int_equal(step(world, "a", "submit", "voting"), SK_OK);
	assert_int_equal(sk_docket_walk(world->docket, "order", NULL, 0, see, &seen, &world->fault), SK_OK);
	assert_string_equal(seen.words, "a:>draft b:>draft a:draft>voting ");
	seen = (struct seen){.count = 0};
	assert_int_equal(sk_docket_walk(world->docket, "order", "a", 2, see, &seen, &world->fault), SK_OK);
	assert_string_equal(seen.words, "a:draft>voting ");
	assert_int_equal(sk_docket_last(world->docket, "order", "a", digest, last, &found, &world->fault), SK_OK);
	assert_true(found);
	assert_string_equal(last, "voting");
	assert_int_equal(sk_docket_check(world->docket, &acts, &world->fault), SK_OK);
	assert_int_equal(acts, 3);
	assert_non_null(strstr(world->log.leaf[3], "\"counts\":{\"targets\":3}"));
	assert_non_null(strstr(world->log.leaf[3], "\"words\":[\"urgent\"]"));
	assert_non_null(strstr(world->log.leaf[3], "\"previous\":2"));
	assert_null(strstr(world->log.leaf[3], "\"a\"")); /* which matter it is, the leaf does not say */
	assert_int_equal(reopen(world, false), SK_OK);
	assert_int_equal(step(world, "a", "approve", "approved"), SK_ELEDGER); /* open for reading alone */
}

/* Kept open for reading while somebody else goes on: what is new is counted, and what was taken away or smuggled in among it is told. rule: ACT-2 */
static void test_grown(void **state)
{
	struct world *world = *state;
	struct sk_docket_log log = {.context = &world->log, .commit = log_commit, .size = log_size, .leaf = log_leaf};
	struct sk_docket *reader;
	struct seen seen = {.count = 0};
	uint64_t rolled_back;
	assert_int_equal(step(world, "a", "draft", "draft"), SK_OK);
	assert_int_equal(sk_docket_open(world->path, &log, &reader, &rolled_back, &world->fault), SK_OK);
	assert_int_equal(sk_docket_grown(reader, 2, &world->fault), SK_OK); /* nothing came */
	assert_int_equal(step(world, "b", "draft", "draft"), SK_OK);
	assert_int_equal(step(world, "a", "submit", "voting"), SK_OK);
	assert_int_equal(sk_docket_grown(reader, 2, &world->fault), SK_OK);
	assert_int_equal(sk_docket_walk(reader, "order", NULL, 2, see, &seen, &world->fault), SK_OK);
	assert_string_equal(seen.words, "b:>draft a:draft>voting ");
	sql(world, "DELETE FROM act WHERE leaf = 3");
	assert_int_equal(sk_docket_grown(reader, 2, &world->fault), SK_EINCONSISTENT);
	assert_int_equal(sk_docket_grown(reader, 0, &world->fault), SK_EINCONSISTENT);
	sk_docket_close(reader);
}

/* rule: ACT-1 */
static void test_goes_on_from_the_last(void **state)
{
	struct world *world = *state;
	struct sk_buf first, second;
	char from[SK_ACT_WORD_MAX];
	assert_int_equal(step(world, "a", "draft", "draft"), SK_OK);
	note_of(world, "a", "submit", &first, from);
	note_of(world, "a", "withdraw", &second, from);
	assert_int_equal(add_note(world, &first, "voting", "voting"), SK_EUSAGE); /* that is not the state it is in */
	assert_int_equal(add_note(world, &first, from, "voting"), SK_OK);
	assert_int_equal(add_note(world, &first, "voting", "voting"), SK_ESEEN);  /* replayed */
	assert_int_equal(add_note(world, &second, from, "withdrawn"), SK_EUSAGE); /* somebody was faster */
	sk_buf_fini(&first);
	sk_buf_fini(&second);
}

static void test_crash(void **state)
{
	struct world *world = *state;
	uint64_t acts;
	for (int dies = AT_APPEND; dies <= AT_COMMIT; dies++) {
		assert_int_equal(step(world, "a", dies == AT_APPEND ? "draft" : "submit", "draft"), SK_OK);
		world->log.dies = dies;
		assert_int_equal(step(world, "b", "draft", "draft"), SK_EIO);
		world->log.dies = AT_NEVER;
		assert_int_equal(step(world, "c", "draft", "draft"), SK_ELEDGER); /* nobody knows what the ledger has */
		assert_int_equal(reopen(world, true), SK_OK);
		assert_int_equal(world->rolled_back, 1);
		assert_int_equal(sk_docket_check(world->docket, &acts, &world->fault), SK_OK);
		assert_int_equal(acts, world->log.committed - 1);
	}
}

/* The commit's answer was lost, but the leaf stands: the row stands with it. */
static void test_crash_after_commit(void **state)
{
	struct world *world = *state;
	uint64_t acts;
	world->log.dies = AT_COMMIT;
	assert_int_equal(step(world, "a", "draft", "draft"), SK_EIO);
	world->log.dies = AT_NEVER;
	world->log.committed = world->log.count;
	assert_int_equal(reopen(world, true), SK_OK);
	assert_int_equal(world->rolled_back, 0);
	assert_int_equal(sk_docket_check(world->docket, &acts, &world->fault), SK_OK);
	assert_int_equal(acts, 1);
}

/* rule: ACT-2 */
static void test_changed_behind_its_back(void **state)
{
	static const char *const changes[] = {
	    "UPDATE act SET note = CAST(replace(CAST(note AS TEXT), 'draft', 'dragt') AS BLOB) WHERE leaf = 2",
	    "UPDATE act SET note = CAST(CAST(note AS TEXT) || 'x' AS BLOB) WHERE leaf = 2",
	    "UPDATE act SET id = 'z' WHERE leaf = 2",
	    "UPDATE act SET matter = 'basis' WHERE leaf = 2",
	    "UPDATE act SET event = 'submit' WHERE leaf = 2",
	    "UPDATE act SET after = 'approved' WHERE leaf = 2",
	    "UPDATE act SET before = 'voting' WHERE leaf = 2",
	    "UPDATE act SET previous = 1 WHERE leaf = 2",
	    "UPDATE act SET digest = zeroblob(32) WHERE leaf = 2",
	    "UPDATE act SET note_salt = zeroblob(32) WHERE leaf = 2",
	    "UPDATE act SET matter_salt = zeroblob(32) WHERE leaf = 2",
	    "UPDATE act SET note_salt = x'00' WHERE leaf = 2",
	    "UPDATE act SET leaf = 9 WHERE leaf = 2; UPDATE act SET leaf = 2 WHERE leaf = 3; UPDATE act SET leaf = 3 WHERE leaf = 9",
	    "DELETE FROM act WHERE leaf = 2",
	    "DELETE FROM act WHERE leaf = 3",
	    "INSERT INTO act SELECT 0, matter, 'q', event, before, after, previous, zeroblob(32), note, note_salt, matter_salt FROM act WHERE leaf = 2",
	};
	struct world *world = *state;
	uint64_t acts;
	struct seen seen;
	for (size_t i = 0; i < SK_COUNT(changes); i++) {
		if (i != 0)
			set_up(state);
		world = *state;
		assert_int_equal(step(world, "a", "draft", "draft"), SK_OK);
		assert_int_equal(step(world, "b", "draft", "draft"), SK_OK);
		assert_int_equal(step(world, "c", "draft", "draft"), SK_OK);
		sk_docket_close(world->docket);
		world->docket = NULL;
		sql(world, changes[i]);
		enum sk_err err = reopen(world, false);
		seen = (struct seen){.count = 0};
		if (err == SK_OK)
			err = sk_docket_walk(world->docket, NULL, NULL, 0, see, &seen, &world->fault);
		if (err != SK_EINCONSISTENT)
			fail_msg("%s: %d", changes[i], err);
		if (reopen(world, false) == SK_OK)
			assert_int_equal(sk_docket_check(world->docket, &acts, &world->fault), SK_EINCONSISTENT);
		if (i + 1 != SK_COUNT(changes))
			tear_down(state);
	}
}

static enum sk_err gather(void *context, const char *text, size_t length)
{
	sk_buf_add(context, text, length);
	return ((struct sk_buf *)context)->failed;
}

static void test_openings(void **state)
{
	struct world *world = *state;
	struct sk_buf lines;
	assert_int_equal(step(world, "a", "draft", "draft"), SK_OK);
	assert_int_equal(step(world, "a", "submit", "voting"), SK_OK);
	sk_buf_init(&lines, 1 << 20);
	assert_int_equal(sk_docket_openings(world->docket, gather, &lines, &world->fault), SK_OK);
	assert_non_null(strstr(sk_buf_text(&lines), "{\"id\":\"a\",\"leaf\":1,\"matter_salt\":\""));
	assert_non_null(strstr(sk_buf_text(&lines), "\n{\"id\":\"a\",\"leaf\":2,"));
	sk_buf_fini(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_in_and_out, set_up, tear_down), cmocka_unit_test_setup_teardown(test_grown, set_up, tear_down),   cmocka_unit_test_setup_teardown(test_goes_on_from_the_last, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_crash, set_up, tear_down),	    cmocka_unit_test_setup_teardown(test_crash_after_commit, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_changed_behind_its_back, set_up, tear_down), cmocka_unit_test_setup_teardown(test_openings, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
