/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite: the file, its tables, seals. A row is believed when its seal opens over its own clear columns; all rows of `head` together make the sum in the one sealed row `meta`, which also says how many
   entries there are: as many as the ledger has acts. So a row that was put back from an older copy, or taken away, is told too. rule: CASE-2 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "case/case_priv.h"
#include "ledger/record.h"

enum { APPLICATION_ID = 0x534b4341 /* "SKCA" */, SCHEMA_VERSION = 1, BUSY_MS = 5000, AAD_MAX = 2048, HEAD_TEXT_MAX = SK_CASE_TITLE_MAX + SK_CASE_WATCHERS_TEXT_MAX + 2 * SK_CASE_WORDS_TEXT_MAX + 8, HEAD_SEALED_MAX = HEAD_TEXT_MAX + SK_SEAL_OVERHEAD_BYTES };

static const char schema[] = "BEGIN IMMEDIATE;"
			     "CREATE TABLE entry (case_id TEXT NOT NULL, n INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (case_id, n)) STRICT;"
			     "CREATE TABLE head (id TEXT PRIMARY KEY, state TEXT NOT NULL, over INTEGER NOT NULL, severity INTEGER NOT NULL, grade TEXT NOT NULL, kind TEXT NOT NULL, org TEXT NOT NULL,"
			     " assignee TEXT NOT NULL, opened INTEGER NOT NULL, last INTEGER NOT NULL, due INTEGER NOT NULL, triaged INTEGER NOT NULL, contained INTEGER NOT NULL, closed INTEGER NOT NULL,"
			     " entries INTEGER NOT NULL, findings INTEGER NOT NULL, reports INTEGER NOT NULL, tasks INTEGER NOT NULL, tasks_open INTEGER NOT NULL, notes INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;"
			     "CREATE INDEX head_last ON head (last, id); CREATE INDEX head_over ON head (over, last, id); CREATE INDEX head_state ON head (state, last, id);"
			     "CREATE INDEX head_assignee ON head (assignee, last, id); CREATE INDEX head_kind ON head (kind, last, id);"
			     "CREATE TABLE link (mark BLOB NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY (mark, case_id)) STRICT, WITHOUT ROWID;"
			     "CREATE INDEX link_case ON link (case_id);"
			     "CREATE TABLE file (mark BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
			     "CREATE TABLE owed (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
			     "CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT;"
			     "PRAGMA application_id = 1397441345; PRAGMA user_version = 1; COMMIT";

const char sk_cases_head_columns[] = "id, state, severity, grade, kind, org, assignee, opened, last, due, triaged, contained, closed, entries, findings, reports, tasks, tasks_open, notes, sealed";

enum sk_err sk_cases_db_fault(struct sk_cases *cases, int code, struct sk_fault *fault)
{
	int errnum = cases->db != NULL ? sqlite3_system_errno(cases->db) : 0;
	switch (code & 0xff) {
	case SQLITE_FULL:
		return sk_fault_set(fault, SK_ENOSPC, "%s: disk full; nothing was entered", cases->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return sk_fault_set(fault, SK_ELOCKED, "%s: another process is writing", cases->path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the database is damaged (%s)", cases->path, sqlite3_errstr(code));
	case SQLITE_NOMEM:
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", cases->path);
	default:
		return sk_fault_set(fault, errnum == ENOSPC || errnum == EDQUOT ? SK_ENOSPC : SK_EIO, "%s: %s", cases->path, sqlite3_errstr(code));
	}
}

enum sk_err sk_cases_run(struct sk_cases *cases, const char *sql, struct sk_fault *fault)
{
	int code = sqlite3_exec(cases->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? SK_OK : sk_cases_db_fault(cases, code, fault);
}

enum sk_err sk_cases_ask(struct sk_cases *cases, const char *sql, sqlite3_stmt **out, struct sk_fault *fault)
{
	int code = sqlite3_prepare_v2(cases->db, sql, -1, out, NULL);
	return code == SQLITE_OK ? SK_OK : sk_cases_db_fault(cases, code, fault);
}

enum sk_err sk_cases_do(struct sk_cases *cases, sqlite3_stmt *statement, struct sk_fault *fault)
{
	int code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_DONE ? SK_OK : sk_cases_db_fault(cases, code, fault);
}

static enum sk_err number(struct sk_cases *cases, const char *sql, int64_t *out, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_cases_ask(cases, sql, &statement, fault));
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SK_OK : sk_cases_db_fault(cases, code, fault);
}

static enum sk_err know_schema(struct sk_cases *cases, bool write, struct sk_fault *fault)
{
	int64_t application = 0, version = 0;
	SK_TRY(number(cases, "PRAGMA application_id", &application, fault));
	SK_TRY(number(cases, "PRAGMA user_version", &version, fault));
	if (application == 0 && version == 0 && write)
		return sk_cases_run(cases, schema, fault);
	if (application != APPLICATION_ID)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: no cases of Sekisho", cases->path);
	if (version != SCHEMA_VERSION)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: version %lld, this program knows %d; use a newer sekisho", cases->path, (long long)version, SCHEMA_VERSION);
	return SK_OK;
}

enum sk_err sk_cases_db_open(struct sk_cases *cases, struct sk_fault *fault)
{
	bool write = cases->key != NULL, absent = !sk_file_exists(cases->path);
	if (write && absent) {
		/* Made here, so that it and its log are never readable to others: SQLite copies the mode. */
		int fd = open(cases->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return sk_fault_errno(fault, errno, "%s: cannot open", cases->path);
		(void)close(fd);
	}
	if (write || !absent)
		SK_TRY(sk_file_check_private(cases->path, fault));
	/* Without a file there are no cases: the docket is still asked whether that can be. */
	int code = sqlite3_open_v2(!write && absent ? ":memory:" : cases->path, &cases->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (code != SQLITE_OK)
		return sk_cases_db_fault(cases, code, fault);
	(void)sqlite3_busy_timeout(cases->db, BUSY_MS);
	(void)sqlite3_db_config(cases->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* FULL: the row is on disk before the leaf that speaks of it. */
	SK_TRY(sk_cases_run(cases, "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON", fault));
	if (write)
		SK_TRY(sk_cases_run(cases, "PRAGMA journal_mode = WAL", fault));
	SK_TRY(know_schema(cases, write || absent, fault));
	return write ? SK_OK : sk_cases_run(cases, "PRAGMA query_only = ON; BEGIN", fault);
}

/* ---- seals ---- */

uint8_t *sk_cases_seal(struct sk_cases *cases, const char *aad, const void *plain, size_t *length)
{
	uint8_t *blob = malloc(*length + SK_SEAL_OVERHEAD_BYTES);
	if (blob == NULL)
		return NULL;
	sk_seal(cases->seal_key, aad, strlen(aad), plain, *length, blob);
	*length += SK_SEAL_OVERHEAD_BYTES;
	return blob;
}

/* plain is malloc'ed, with a NUL behind. */
static enum sk_err unseal(struct sk_cases *cases, const char *aad, const void *sealed, size_t length, char **plain, size_t *plain_length, const char *what, struct sk_fault *fault)
{
	*plain = NULL;
	if (sealed == NULL || length < SK_SEAL_OVERHEAD_BYTES)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: %s is not one that this program wrote; somebody changed the database", cases->path, what);
	*plain_length = length - SK_SEAL_OVERHEAD_BYTES;
	*plain = malloc(*plain_length + 1);
	if (*plain == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(*plain)[*plain_length] = '\0';
	if (sk_unseal(cases->seal_key, aad, strlen(aad), sealed, length, (uint8_t *)*plain) == SK_OK)
		return SK_OK;
	free(*plain);
	*plain = NULL;
	return sk_fault_set(fault, SK_EINCONSISTENT, "%s: %s was changed, or is another one's", cases->path, what);
}

enum sk_err sk_cases_entry_open(struct sk_cases *cases, const char *id, uint32_t n, const void *sealed, size_t length, char **plain, size_t *plain_length, uint8_t salt[SK_HASH_BYTES],
				struct sk_fault *fault)
{
	char aad[SK_MATTER_ID_MAX + 32], what[SK_MATTER_ID_MAX + 32];
	(void)snprintf(aad, sizeof aad, "entry %s %u", id, n);
	(void)snprintf(what, sizeof what, "entry %u of case %s", n, id);
	SK_TRY(unseal(cases, aad, sealed, length, plain, plain_length, what, fault));
	if (*plain_length <= SK_HASH_BYTES) {
		free(*plain);
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: %s is cut off", cases->path, what);
	}
	memcpy(salt, *plain, SK_HASH_BYTES);
	*plain_length -= SK_HASH_BYTES;
	memmove(*plain, *plain + SK_HASH_BYTES, *plain_length + 1);
	return SK_OK;
}

void sk_cases_ref_mark(struct sk_cases *cases, const char *word, const char *ref, uint8_t out[SK_HASH_BYTES])
{
	struct sk_buf text;
	sk_buf_init(&text, SK_CASE_REF_MAX + 64);
	sk_buf_addf(&text, "%s %s", word, ref);
	sk_keyed_hash(cases->index_key, text.bytes, text.length, out, SK_HASH_BYTES);
	sk_buf_fini(&text);
}

/* ---- heads ---- */

static void head_aad(const struct sk_case_head *h, char out[AAD_MAX])
{
	(void)snprintf(out, AAD_MAX, "head %s %s %u %s %s %s %s %lld %lld %lld %lld %lld %lld %u %u %u %u %u %u", h->id, sk_case_state_name(h->state), h->severity, sk_case_grade_word(h->grade),
		       sk_case_kind_word(h->kind, NULL, NULL), h->org, h->assignee[0] != '\0' ? h->assignee : "-", (long long)h->opened_ns, (long long)h->last_ns, (long long)h->due_ns,
		       (long long)h->triaged_ns, (long long)h->contained_ns, (long long)h->closed_ns, h->entries, h->findings, h->reports, h->tasks, h->tasks_open, h->notes);
}

/* One keyed hash over both halves; the clear one has its NUL, so that they cannot slide. */
static void head_mark(struct sk_cases *cases, const char *aad, const void *sealed, size_t length, uint64_t mark[SK_CASE_SUM_LANES])
{
	uint8_t both[AAD_MAX + HEAD_SEALED_MAX];
	size_t clear = strlen(aad) + 1;
	memcpy(both, aad, clear);
	if (length > HEAD_SEALED_MAX)
		length = HEAD_SEALED_MAX; /* no head is: whoever made it longer finds its seal broken */
	memcpy(both + clear, sealed, length);
	sk_keyed_hash(cases->mark_key, both, clear + length, mark, SK_CASE_SUM_LANES * sizeof *mark);
}

static bool column_word(sqlite3_stmt *statement, int column, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	size_t length = (size_t)sqlite3_column_bytes(statement, column);
	if (text == NULL || length >= size || strlen(text) != length)
		return false;
	memcpy(out, text, length + 1);
	return true;
}

static bool clear_columns(sqlite3_stmt *statement, struct sk_case_head *h)
{
	char state[32], grade[8], kind[32];
	if (!column_word(statement, 0, h->id, sizeof h->id) || !column_word(statement, 1, state, sizeof state) || !column_word(statement, 3, grade, sizeof grade) ||
	    !column_word(statement, 4, kind, sizeof kind) || !column_word(statement, 5, h->org, sizeof h->org) || !column_word(statement, 6, h->assignee, sizeof h->assignee))
		return false;
	h->state = sk_case_state_find(state);
	h->grade = sk_case_grade_find(grade);
	h->kind = sk_case_kind_find(kind);
	h->severity = (unsigned)sqlite3_column_int(statement, 2);
	int64_t *times[] = {&h->opened_ns, &h->last_ns, &h->due_ns, &h->triaged_ns, &h->contained_ns, &h->closed_ns};
	uint32_t *counts[] = {&h->entries, &h->findings, &h->reports, &h->tasks, &h->tasks_open, &h->notes};
	for (size_t i = 0; i < SK_COUNT(times); i++)
		*times[i] = sqlite3_column_int64(statement, 7 + (int)i);
	for (size_t i = 0; i < SK_COUNT(counts); i++)
		*counts[i] = (uint32_t)sqlite3_column_int64(statement, 13 + (int)i);
	return h->state != SK_CASE_STATE_COUNT && h->grade != SK_CASE_GRADE_COUNT && h->kind != SK_CASE_KIND_COUNT;
}

/* The sealed half: four texts with a line feed behind each; none holds one. */
static bool sealed_texts(const char *plain, struct sk_case_head *h)
{
	char *out[] = {h->title, h->watchers, h->sectors, h->norms};
	const size_t sizes[] = {sizeof h->title, sizeof h->watchers, sizeof h->sectors, sizeof h->norms};
	for (size_t i = 0; i < SK_COUNT(out); i++) {
		size_t length = strcspn(plain, "\n");
		if (plain[length] != '\n' || length >= sizes[i])
			return false;
		memcpy(out[i], plain, length);
		out[i][length] = '\0';
		plain += length + 1;
	}
	return *plain == '\0';
}

enum sk_err sk_cases_head_row(struct sk_cases *cases, sqlite3_stmt *statement, struct sk_case_head *out, uint64_t mark[SK_CASE_SUM_LANES], struct sk_fault *fault)
{
	char aad[AAD_MAX], plain[HEAD_TEXT_MAX + 1];
	if (!clear_columns(statement, out))
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: a row of the list is not one that this program wrote; somebody changed the database", cases->path);
	head_aad(out, aad);
	const void *sealed = sqlite3_column_blob(statement, 19);
	size_t sealed_length = (size_t)sqlite3_column_bytes(statement, 19);
	/* Opened on the stack: a search opens every one. */
	size_t length = sealed_length - SK_SEAL_OVERHEAD_BYTES;
	if (sealed == NULL || sealed_length < SK_SEAL_OVERHEAD_BYTES || sealed_length > HEAD_SEALED_MAX || sk_unseal(cases->seal_key, aad, strlen(aad), sealed, sealed_length, (uint8_t *)plain) != SK_OK)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the row of case %s was changed, or is another one's", cases->path, out->id);
	plain[length] = '\0';
	if (mark != NULL)
		head_mark(cases, aad, sealed, sealed_length, mark);
	return strlen(plain) == length && sealed_texts(plain, out) ? SK_OK : sk_fault_set(fault, SK_EINCONSISTENT, "%s: the row of case %s does not hold what it must", cases->path, out->id);
}

bool sk_case_head_same(const struct sk_case_head *a, const struct sk_case_head *b)
{
	char left[AAD_MAX], right[AAD_MAX];
	head_aad(a, left);
	head_aad(b, right);
	return strcmp(left, right) == 0 && strcmp(a->title, b->title) == 0 && strcmp(a->watchers, b->watchers) == 0 && strcmp(a->sectors, b->sectors) == 0 && strcmp(a->norms, b->norms) == 0;
}

/* Take the row that is there out of the sum. */
static enum sk_err head_take(struct sk_cases *cases, const char *id, struct sk_fault *fault)
{
	struct sk_case_head old;
	uint64_t mark[SK_CASE_SUM_LANES];
	sqlite3_stmt *statement = NULL;
	char sql[512];
	(void)snprintf(sql, sizeof sql, "SELECT %s FROM head WHERE id = ?1", sk_cases_head_columns);
	SK_TRY(sk_cases_ask(cases, sql, &statement, fault));
	(void)sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	enum sk_err err = code == SQLITE_ROW ? sk_cases_head_row(cases, statement, &old, mark, fault) : code == SQLITE_DONE ? SK_OK : sk_cases_db_fault(cases, code, fault);
	(void)sqlite3_finalize(statement);
	if (err != SK_OK || code == SQLITE_DONE)
		return err;
	for (size_t i = 0; i < SK_CASE_SUM_LANES; i++)
		cases->meta.sum[i] -= mark[i];
	cases->meta.cases--;
	SK_TRY(sk_cases_ask(cases, "DELETE FROM head WHERE id = ?1", &statement, fault));
	(void)sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	return sk_cases_do(cases, statement, fault);
}

enum sk_err sk_cases_head_put(struct sk_cases *cases, const char *id, const struct sk_case_head *h, struct sk_fault *fault)
{
	char aad[AAD_MAX], sql[640];
	uint64_t mark[SK_CASE_SUM_LANES];
	sqlite3_stmt *s = NULL;
	struct sk_buf text;
	SK_TRY(head_take(cases, id, fault));
	if (h == NULL)
		return SK_OK;
	head_aad(h, aad);
	sk_buf_init(&text, HEAD_TEXT_MAX);
	sk_buf_addf(&text, "%s\n%s\n%s\n%s\n", h->title, h->watchers, h->sectors, h->norms);
	size_t length = text.length;
	uint8_t *blob = text.failed == SK_OK ? sk_cases_seal(cases, aad, text.bytes, &length) : NULL;
	sk_buf_fini(&text);
	if (blob == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	head_mark(cases, aad, blob, length, mark);
	(void)snprintf(sql, sizeof sql, "INSERT INTO head (%s, over) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)", sk_cases_head_columns);
	enum sk_err err = sk_cases_ask(cases, sql, &s, fault);
	if (err == SK_OK) {
		const char *words[] = {h->id, sk_case_state_name(h->state), NULL, sk_case_grade_word(h->grade), sk_case_kind_word(h->kind, NULL, NULL), h->org, h->assignee};
		const int64_t numbers[] = {h->opened_ns, h->last_ns, h->due_ns, h->triaged_ns, h->contained_ns, h->closed_ns, h->entries, h->findings, h->reports, h->tasks, h->tasks_open, h->notes};
		for (size_t i = 0; i < SK_COUNT(words); i++)
			if (words[i] != NULL)
				(void)sqlite3_bind_text(s, 1 + (int)i, words[i], -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(s, 3, h->severity);
		for (size_t i = 0; i < SK_COUNT(numbers); i++)
			(void)sqlite3_bind_int64(s, 8 + (int)i, numbers[i]);
		(void)sqlite3_bind_blob(s, 20, blob, (int)length, SQLITE_STATIC);
		(void)sqlite3_bind_int64(s, 21, sk_case_state_over(h->state));
		err = sk_cases_do(cases, s, fault);
	}
	free(blob);
	if (err != SK_OK)
		return err;
	for (size_t i = 0; i < SK_CASE_SUM_LANES; i++)
		cases->meta.sum[i] += mark[i];
	cases->meta.cases++;
	return SK_OK;
}

//= rule: CASE-2
enum sk_err sk_cases_sum_check(struct sk_cases *cases, struct sk_fault *fault)
{
	uint64_t sum[SK_CASE_SUM_LANES] = {0}, mark[SK_CASE_SUM_LANES], count = 0;
	sqlite3_stmt *s = NULL;
	struct sk_case_head h;
	char sql[512], aad[AAD_MAX];
	enum sk_err err;
	int code;
	(void)snprintf(sql, sizeof sql, "SELECT %s, over FROM head", sk_cases_head_columns);
	SK_TRY(err = sk_cases_ask(cases, sql, &s, fault));
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		if (!clear_columns(s, &h) || (sqlite3_column_int(s, 20) != 0) != sk_case_state_over(h.state)) {
			err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: a row of the list is not one that this program wrote; somebody changed the database", cases->path);
			break;
		}
		head_aad(&h, aad);
		head_mark(cases, aad, sqlite3_column_blob(s, 19), (size_t)sqlite3_column_bytes(s, 19), mark);
		for (size_t i = 0; i < SK_CASE_SUM_LANES; i++)
			sum[i] += mark[i];
		count++;
	}
	if (err == SK_OK && code != SQLITE_DONE)
		err = sk_cases_db_fault(cases, code, fault);
	(void)sqlite3_finalize(s);
	if (err == SK_OK && (count != cases->meta.cases || memcmp(sum, cases->meta.sum, sizeof sum) != 0))
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: the list of cases was changed: a row was edited, put back from an older copy, or taken away; sekisho case check looks closer", cases->path);
	return err;
}

/* ---- the row that counts the others ---- */

enum sk_err sk_cases_meta_read(struct sk_cases *cases, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	struct sk_json_doc *doc = NULL;
	char *plain = NULL;
	size_t length = 0;
	cases->meta = (struct sk_cases_meta){0};
	SK_TRY(sk_cases_ask(cases, "SELECT sealed FROM meta", &statement, fault));
	int code = sqlite3_step(statement);
	enum sk_err err = code == SQLITE_DONE ? SK_OK : code != SQLITE_ROW ? sk_cases_db_fault(cases, code, fault)
									     : unseal(cases, "meta", sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0), &plain,
										      &length, "the row that counts the others", fault);
	(void)sqlite3_finalize(statement);
	if (err != SK_OK || plain == NULL)
		return err;
	err = sk_json_parse(plain, length, &doc, fault);
	if (err == SK_OK) {
		const struct sk_json_value *top = sk_json_top(doc);
		const char *last = sk_json_get_text(top, "last");
		if (last == NULL || strlen(last) >= sizeof cases->meta.last_case || sk_json_get_u64(top, "entries", &cases->meta.entries) != SK_OK ||
		    sk_json_get_u64(top, "cases", &cases->meta.cases) != SK_OK || sk_json_get_hex(top, "sum", cases->meta.sum, sizeof cases->meta.sum) != SK_OK)
			err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: the row that counts the others is not one that this program wrote", cases->path);
		else
			memcpy(cases->meta.last_case, last, strlen(last) + 1);
	}
	sk_json_free(doc);
	free(plain);
	return err;
}

enum sk_err sk_cases_meta_write(struct sk_cases *cases, struct sk_fault *fault)
{
	struct sk_buf text;
	struct sk_json_writer w;
	sqlite3_stmt *statement = NULL;
	sk_buf_init(&text, 1024);
	sk_json_begin(&w, &text, true);
	sk_json_object(&w, NULL);
	sk_json_u64(&w, "cases", cases->meta.cases);
	sk_json_u64(&w, "entries", cases->meta.entries);
	sk_json_text(&w, "last", cases->meta.last_case);
	sk_json_hex(&w, "sum", cases->meta.sum, sizeof cases->meta.sum);
	sk_json_end(&w);
	size_t length = text.length;
	uint8_t *blob = text.failed == SK_OK ? sk_cases_seal(cases, "meta", text.bytes, &length) : NULL;
	sk_buf_fini(&text);
	if (blob == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_cases_ask(cases, "INSERT OR REPLACE INTO meta (one, sealed) VALUES (1, ?1)", &statement, fault);
	if (err == SK_OK) {
		(void)sqlite3_bind_blob(statement, 1, blob, (int)length, SQLITE_STATIC);
		err = sk_cases_do(cases, statement, fault);
	}
	free(blob);
	return err;
}
