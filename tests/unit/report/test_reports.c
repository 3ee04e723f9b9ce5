/* SPDX-License-Identifier: Apache-2.0 */
/* The store over a docket with a ledger in memory: what is handed in comes back; the machine dies at each step of an entry; nothing can be read without the key or changed without being told. rule: FORM-9 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "ledger/ledger.h"
#include "report/report.h"

enum { LEAVES_MAX = 64, LEAF_MAX = 4096, AT_NEVER, AT_APPEND, AT_COMMIT };

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
	char folder[64], acts[96], db[96], key_path[96];
	struct log log;
	struct sk_sign_key *key;
	struct sk_docket *docket;
	struct sk_reports *reports;
	struct sk_fault fault;
};

static enum sk_err reopen(struct world *w, bool write)
{
	struct sk_docket_log log = {.context = &w->log, .append = write ? log_append : NULL, .commit = log_commit, .size = log_size, .leaf = log_leaf};
	uint64_t rolled_back;
	sk_reports_close(w->reports);
	sk_docket_close(w->docket);
	w->reports = NULL;
	w->log.count = w->log.committed;
	w->log.dies = AT_NEVER;
	assert_int_equal(sk_docket_open(w->acts, &log, &w->docket, &rolled_back, &w->fault), SK_OK);
	return sk_reports_open(w->db, w->key_path, w->docket, write, &w->reports, &w->fault);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	assert_non_null(w);
	assert_int_equal(sk_seal_start(), SK_OK);
	(void)snprintf(w->folder, sizeof w->folder, "/tmp/sk-reports-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	(void)snprintf(w->acts, sizeof w->acts, "%s/acts.db", w->folder);
	(void)snprintf(w->db, sizeof w->db, "%s/reports.db", w->folder);
	(void)snprintf(w->key_path, sizeof w->key_path, "%s/report.key", w->folder);
	assert_int_equal(sk_sign_key_new("clerk", &w->key), SK_OK);
	w->log.count = w->log.committed = 1;
	assert_int_equal(reopen(w, true), SK_OK);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"acts.db", "acts.db-wal", "acts.db-shm", "reports.db", "reports.db-journal", "report.key"};
	struct world *w = *state;
	char path[128];
	sk_reports_close(w->reports);
	sk_docket_close(w->docket);
	sk_sign_key_free(w->key);
	for (size_t i = 0; i < SK_COUNT(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(w->folder);
	free(w);
	return 0;
}

/* One step under the centre's key. id "" makes a report and gets its id. */
static enum sk_err hand_in(struct world *w, const char *event, char id[SK_MATTER_ID_MAX], const char *body)
{
	struct sk_report_facts facts = {.aware_ns = 7};
	struct sk_report_draft draft;
	struct sk_act act = {.matter = "report", .time_ns = 1000};
	struct sk_buf line, note;
	struct sk_receipt receipt;
	char before[SK_ACT_WORD_MAX];
	bool found;
	(void)snprintf(facts.event, sizeof facts.event, "%s", event);
	(void)snprintf(facts.form, sizeof facts.form, "%s", strcmp(event, "attach") == 0 || strcmp(event, "merge") == 0 ? "" : "other");
	(void)snprintf(facts.org, sizeof facts.org, "acme");
	(void)snprintf(facts.case_id, sizeof facts.case_id, "%s", strcmp(event, "merge") == 0 ? body : "");
	sk_sha256(body, strlen(body), facts.hash);
	sk_buf_init(&line, SK_ACT_TEXT_MAX);
	sk_buf_init(&note, SK_ACT_TEXT_MAX + 4096);
	enum sk_err err = sk_report_draft(w->reports, id, &facts, body, strlen(body), &draft, &w->fault);
	if (err == SK_OK) {
		memcpy(id, draft.id, sizeof draft.id);
		memcpy(act.id, draft.id, sizeof act.id);
		memcpy(act.event, draft.event, sizeof act.event);
		act.body = sk_buf_text(&draft.act);
		act.body_length = draft.act.length;
		assert_int_equal(sk_docket_last(w->docket, "report", draft.id, act.previous, before, &found, &w->fault), SK_OK);
		sk_act_write(&act, &line);
		sk_note_sign(&note, sk_buf_text(&line), line.length, w->key);
		err = sk_report_enter(w->reports, &draft, sk_buf_text(&note), note.length, &receipt, &w->fault);
	}
	sk_report_draft_fini(&draft);
	sk_buf_fini(&line);
	sk_buf_fini(&note);
	return err;
}

static unsigned rows_of(struct world *w)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM entry", -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	unsigned count = (unsigned)sqlite3_column_int(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return count;
}

static void expect_body(struct world *w, const char *id, uint64_t version, const char *body)
{
	const struct sk_report *report;
	struct sk_buf out;
	assert_int_equal(sk_reports_find(w->reports, id, &report, &w->fault), SK_OK);
	sk_buf_init(&out, 4096);
	assert_int_equal(sk_report_body(w->reports, report, sk_report_version(report, version), &out, &w->fault), SK_OK);
	assert_string_equal(sk_buf_text(&out), body);
	sk_buf_fini(&out);
}

static void test_comes_back(void **state)
{
	struct world *w = *state;
	char id[SK_MATTER_ID_MAX] = "", other[SK_MATTER_ID_MAX] = "";
	const struct sk_report *report;
	uint64_t entries;
	assert_int_equal(hand_in(w, "initial", id, "one"), SK_OK);
	assert_int_equal(reopen(w, true), SK_OK);
	assert_int_equal(hand_in(w, "follow_up", id, "two"), SK_OK);
	assert_int_equal(reopen(w, true), SK_OK);
	assert_int_equal(hand_in(w, "attach", id, "file"), SK_OK);
	assert_int_equal(reopen(w, true), SK_OK);
	assert_int_equal(hand_in(w, "attach", id, "file"), SK_EEXIST);
	assert_int_equal(hand_in(w, "initial", id, "back"), SK_ESTAGE);
	assert_int_equal(hand_in(w, "merge", id, "c-1"), SK_OK);
	assert_int_equal(hand_in(w, "final", other, "whole"), SK_OK);
	(void)snprintf(other, sizeof other, "nobody's");
	assert_int_equal(hand_in(w, "final", other, "whole"), SK_ENOENT);
	assert_int_equal(reopen(w, false), SK_OK);
	assert_int_equal(sk_reports_count(w->reports), 2);
	report = sk_reports_at(w->reports, 0);
	assert_string_equal(report->id, id);
	assert_string_equal(report->state, "followed");
	assert_string_equal(report->case_id, "c-1");
	assert_true(report->count == 4 && report->versions == 2 && report->attachments == 1 && sk_report_newest(report)->version == 2 && sk_report_version(report, 3) == NULL);
	expect_body(w, id, 0, "two");
	expect_body(w, id, 1, "one");
	id[8] = '\0'; /* the beginning of an id is enough, where it is the only one */
	assert_int_equal(sk_reports_find(w->reports, id, &report, &w->fault), SK_OK);
	id[5] = '\0';
	assert_int_equal(sk_reports_find(w->reports, id, &report, &w->fault), SK_ENOENT);
	assert_int_equal(sk_reports_check(w->reports, &entries, &w->fault), SK_OK);
	assert_int_equal(entries, 5);
	assert_null(sk_reports_at(w->reports, 2));
}

static void test_dies(void **state)
{
	struct world *w = *state;
	char id[SK_MATTER_ID_MAX] = "", none[SK_MATTER_ID_MAX] = "";
	assert_int_equal(hand_in(w, "initial", id, "one"), SK_OK);
	static const int moments[] = {AT_APPEND, AT_COMMIT};
	for (size_t i = 0; i < SK_COUNT(moments); i++) {
		assert_int_equal(reopen(w, true), SK_OK);
		w->log.dies = moments[i];
		assert_int_equal(hand_in(w, "follow_up", id, "lost"), SK_EIO);
		assert_int_equal(reopen(w, true), SK_OK);
		w->log.dies = moments[i];
		none[0] = '\0';
		assert_int_equal(hand_in(w, "initial", none, "lost"), SK_EIO);
		/* Who reads sees what was; who writes takes away what was left. */
		assert_int_equal(reopen(w, false), SK_OK);
		assert_int_equal(sk_reports_count(w->reports), 1);
		assert_int_equal(reopen(w, true), SK_OK);
		assert_int_equal(rows_of(w), 1);
		expect_body(w, id, 0, "one");
	}
	assert_int_equal(hand_in(w, "follow_up", id, "kept"), SK_OK);
	assert_int_equal(reopen(w, true), SK_OK);
	expect_body(w, id, 0, "kept");
}

/* Whatever is done to the database, or to the key. */
static void test_told(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *sql;
		bool by_list, by_check;
	} lies[] = {
	    {"UPDATE entry SET head = zeroblob(length(head)) WHERE number = 1", true, true},
	    {"UPDATE entry SET body = zeroblob(length(body)) WHERE number = 2", false, true},
	    {"UPDATE entry SET number = 3 WHERE number = 2", true, true},
	    {"UPDATE entry SET report = 'x' || report", true, true},
	    {"DELETE FROM entry", true, true},
	    {"DROP TABLE entry", true, true},
	    {"INSERT INTO entry SELECT report, 9, head, body FROM entry WHERE number = 1", false, false},
	    {"SELECT 1", false, false}, /* the sabotage twin: no lie, nothing told */
	};
	char id[SK_MATTER_ID_MAX] = "";
	assert_int_equal(hand_in(w, "initial", id, "one"), SK_OK);
	assert_int_equal(reopen(w, true), SK_OK);
	assert_int_equal(hand_in(w, "attach", id, "file"), SK_OK);
	assert_int_equal(reopen(w, false), SK_OK);
	struct sk_buf good;
	sk_buf_init(&good, 1 << 20);
	assert_int_equal(sk_file_read(w->db, &good, &w->fault), SK_OK);
	for (size_t i = 0; i < SK_COUNT(lies); i++) {
		sqlite3 *db = NULL;
		uint64_t entries;
		assert_int_equal(sk_file_replace(w->db, good.bytes, good.length, 0600, &w->fault), SK_OK);
		assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, lies[i].sql, NULL, NULL, NULL), SQLITE_OK);
		(void)sqlite3_close(db);
		enum sk_err err = reopen(w, false);
		assert_int_equal(err != SK_OK, lies[i].by_list);
		if (err == SK_OK)
			err = sk_reports_check(w->reports, &entries, &w->fault);
		assert_int_equal(err != SK_OK, lies[i].by_check);
	}
	assert_int_equal(sk_file_replace(w->db, good.bytes, good.length, 0600, &w->fault), SK_OK);
	uint8_t zeros[SK_KEY_BYTES] = {0};
	assert_int_equal(sk_file_replace(w->key_path, zeros, sizeof zeros, 0600, &w->fault), SK_OK);
	assert_int_equal(reopen(w, false), SK_ESIGNATURE);
	assert_int_equal(unlink(w->key_path), 0);
	assert_int_equal(reopen(w, true), SK_ENOENT); /* no new key over an old database */
	sk_buf_fini(&good);
}

/* A process that only lists forgets the key. */
static void test_shut(void **state)
{
	struct world *w = *state;
	char id[SK_MATTER_ID_MAX] = "";
	struct sk_buf out;
	assert_int_equal(hand_in(w, "initial", id, "one"), SK_OK);
	assert_int_equal(reopen(w, false), SK_OK);
	sk_reports_shut(w->reports);
	const struct sk_report *report = sk_reports_at(w->reports, 0);
	assert_string_equal(sk_report_newest(report)->facts.org, "acme");
	sk_buf_init(&out, 4096);
	assert_int_equal(sk_report_body(w->reports, report, sk_report_newest(report), &out, &w->fault), SK_EINCONSISTENT);
	sk_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_comes_back, set_up, tear_down), cmocka_unit_test_setup_teardown(test_dies, set_up, tear_down),
					   cmocka_unit_test_setup_teardown(test_told, set_up, tear_down), cmocka_unit_test_setup_teardown(test_shut, set_up, tear_down)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
