/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and searches, over rows whose seals are opened as they are read. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "case/case_priv.h"

enum { SQL_MAX = 1024, HITS_MAX = 256 };

/* ---- cursor: where a page ended: time and id of its last row ---- */

static void cursor_write(const struct sk_case_head *head, char out[SK_CASE_CURSOR_MAX])
{
	char text[8 + SK_MATTER_ID_MAX];
	for (size_t i = 0; i < 8; i++)
		text[i] = (char)(uint8_t)((uint64_t)head->last_ns >> (56 - 8 * i));
	size_t length = strlen(head->id);
	memcpy(text + 8, head->id, length);
	sk_hex_encode(text, 8 + length, out);
}

static enum sk_err cursor_read(const char *cursor, int64_t *last_ns, char id[SK_MATTER_ID_MAX], struct sk_fault *fault)
{
	uint8_t bytes[8 + SK_MATTER_ID_MAX] = {0};
	size_t length = strlen(cursor) / 2;
	uint64_t time = 0;
	if (length <= 8 || length >= sizeof bytes || sk_hex_decode(cursor, bytes, length) != SK_OK || memchr(bytes + 8, '\0', length - 8) != NULL)
		return sk_fault_set(fault, SK_EUSAGE, "cursor: expected one that a list handed out");
	for (size_t i = 0; i < 8; i++)
		time = time << 8 | bytes[i];
	*last_ns = (int64_t)time;
	memcpy(id, bytes + 8, length - 8);
	id[length - 8] = '\0';
	return SK_OK;
}

/* ---- what the filter asks ---- */

struct search {
	const struct sk_case_filter *filter;
	int64_t before_ns;
	char before_id[SK_MATTER_ID_MAX];
	bool over_known, over;
	size_t hit_count;
	char (*hits)[SK_MATTER_ID_MAX];  /* cases that link exactly what is searched for */
};

static enum sk_err read_words(const struct sk_case_filter *filter, struct search *s, struct sk_fault *fault)
{
	*s = (struct search){.filter = filter, .before_ns = INT64_MAX};
	s->over_known = filter->state != NULL && strcmp(filter->state, "open") == 0;
	if (filter->state != NULL && !s->over_known && (filter->state[0] == '\0' || sk_case_state_find(filter->state) == SK_CASE_STATE_COUNT))
		return sk_fault_set(fault, SK_EUSAGE, "'%.31s' is no state of a case; expected open, new, triaged, active, contained, resolved, reopened, closed, false_alarm or merged", filter->state);
	if (filter->kind != NULL && sk_case_kind_find(filter->kind) == SK_CASE_KIND_COUNT)
		return sk_fault_set(fault, SK_EUSAGE, "'%.31s' is no kind of case; sekisho case words lists them", filter->kind);
	if (filter->limit > SK_CASE_LIST_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "limit: at most %d", SK_CASE_LIST_MAX);
	return filter->cursor != NULL && filter->cursor[0] != '\0' ? cursor_read(filter->cursor, &s->before_ns, s->before_id, fault) : SK_OK;
}

static void conditions(const struct search *s, char sql[SQL_MAX], const char *columns)
{
	const struct sk_case_filter *f = s->filter;
	(void)snprintf(sql, SQL_MAX, "SELECT %s FROM head WHERE (last, id) < (?1, ?2)%s%s%s%s%s%s", columns, s->over_known ? " AND over = 0" : "", f->state != NULL && !s->over_known ? " AND state = ?3" : "",
		       f->assignee != NULL ? " AND assignee = ?4" : "", f->org != NULL ? " AND org = ?5" : "", f->kind != NULL ? " AND kind = ?6" : "", f->severity != 0 ? " AND severity >= ?7" : "");
}

static void give_values(const struct search *s, sqlite3_stmt *statement)
{
	const char *words[] = {s->filter->state, s->filter->assignee, s->filter->org, s->filter->kind};
	(void)sqlite3_bind_int64(statement, 1, s->before_ns);
	(void)sqlite3_bind_text(statement, 2, s->before_id, -1, SQLITE_STATIC);
	for (size_t i = 0; i < SK_COUNT(words); i++)
		if (words[i] != NULL)
			(void)sqlite3_bind_text(statement, 3 + (int)i, words[i], -1, SQLITE_STATIC);
	(void)sqlite3_bind_int(statement, 7, (int)s->filter->severity);
}

/* The index proposes; whoever shows a case folds it. Stale rows cannot be: they change with the head, in one transaction. */
static enum sk_err find_hits(struct sk_cases *cases, struct search *s, struct sk_fault *fault)
{
	uint8_t mark[SK_HASH_BYTES];
	const char *text = s->filter->text;
	if (text == NULL || text[0] == '\0' || strlen(text) >= SK_CASE_REF_MAX)
		return SK_OK;
	s->hits = calloc(HITS_MAX, sizeof *s->hits);
	if (s->hits == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (unsigned link = 0; link <= SK_CASE_LINK_COUNT; link++) {
		sqlite3_stmt *statement = NULL;
		sk_cases_ref_mark(cases, link != SK_CASE_LINK_COUNT ? sk_case_link_word((enum sk_case_link)link) : "evidence", text, mark);
		SK_TRY(sk_cases_ask(cases, "SELECT case_id FROM link WHERE mark = ?1", &statement, fault));
		(void)sqlite3_bind_blob(statement, 1, mark, sizeof mark, SQLITE_STATIC);
		while (sqlite3_step(statement) == SQLITE_ROW && s->hit_count < HITS_MAX) {
			const char *id = (const char *)sqlite3_column_text(statement, 0);
			if (id != NULL && strlen(id) < SK_MATTER_ID_MAX)
				memcpy(s->hits[s->hit_count++], id, strlen(id) + 1);
		}
		(void)sqlite3_finalize(statement);
	}
	return SK_OK;
}

static bool matches_text(const struct search *s, const struct sk_case_head *head)
{
	if (s->filter->text == NULL || s->filter->text[0] == '\0')
		return true;
	if (strcasestr(head->title, s->filter->text) != NULL || strcmp(head->id, s->filter->text) == 0)
		return true;
	for (size_t i = 0; i < s->hit_count; i++)
		if (strcmp(s->hits[i], head->id) == 0)
			return true;
	return false;
}

static enum sk_err count_all(struct sk_cases *cases, const struct search *s, uint64_t *total, struct sk_fault *fault)
{
	struct search whole = {.filter = s->filter, .before_ns = INT64_MAX, .over_known = s->over_known};
	sqlite3_stmt *statement = NULL;
	char sql[SQL_MAX];
	*total = UINT64_MAX;
	if (s->filter->text != NULL || s->filter->may != NULL)
		return SK_OK;
	conditions(&whole, sql, "count(*)");
	SK_TRY(sk_cases_ask(cases, sql, &statement, fault));
	give_values(&whole, statement);
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*total = (uint64_t)sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SK_OK : sk_cases_db_fault(cases, code, fault);
}

static enum sk_err walk(struct sk_cases *cases, const struct search *s, sk_case_visit visit, void *context, char next[SK_CASE_CURSOR_MAX], struct sk_fault *fault)
{
	size_t limit = s->filter->limit != 0 ? s->filter->limit : 50, seen = 0;
	struct sk_case_head head, last;
	sqlite3_stmt *statement = NULL;
	char sql[SQL_MAX];
	enum sk_err err;
	int code = SQLITE_DONE;
	conditions(s, sql, sk_cases_head_columns);
	(void)snprintf(sql + strlen(sql), SQL_MAX - strlen(sql), " ORDER BY last DESC, id DESC");
	SK_TRY(err = sk_cases_ask(cases, sql, &statement, fault));
	give_values(s, statement);
	while (err == SK_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		err = sk_cases_head_row(cases, statement, &head, NULL, fault);
		if (err != SK_OK || !matches_text(s, &head) || (s->filter->may != NULL && !s->filter->may(s->filter->context, &head)))
			continue;
		if (seen++ == limit) {
			cursor_write(&last, next);
			break;
		}
		err = visit(context, &head, fault);
		last = head;
	}
	(void)sqlite3_finalize(statement);
	return err != SK_OK || code == SQLITE_DONE || code == SQLITE_ROW ? err : sk_cases_db_fault(cases, code, fault);
}

enum sk_err sk_cases_list(struct sk_cases *cases, const struct sk_case_filter *filter, sk_case_visit visit, void *context, char next[SK_CASE_CURSOR_MAX], uint64_t *total, struct sk_fault *fault)
{
	struct search s;
	next[0] = '\0';
	*total = UINT64_MAX;
	SK_TRY(read_words(filter, &s, fault));
	enum sk_err err = find_hits(cases, &s, fault);
	if (err == SK_OK)
		err = count_all(cases, &s, total, fault);
	if (err == SK_OK)
		err = walk(cases, &s, visit, context, next, fault);
	free(s.hits);
	return err;
}

enum sk_err sk_cases_each(struct sk_cases *cases, sk_case_visit visit, void *context, struct sk_fault *fault)
{
	struct sk_case_head head;
	sqlite3_stmt *statement = NULL;
	char sql[SQL_MAX];
	enum sk_err err;
	int code = SQLITE_DONE;
	(void)snprintf(sql, sizeof sql, "SELECT %s FROM head ORDER BY opened, id", sk_cases_head_columns);
	SK_TRY(err = sk_cases_ask(cases, sql, &statement, fault));
	while (err == SK_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		err = sk_cases_head_row(cases, statement, &head, NULL, fault);
		if (err == SK_OK)
			err = visit(context, &head, fault);
	}
	(void)sqlite3_finalize(statement);
	return err != SK_OK || code == SQLITE_DONE ? err : sk_cases_db_fault(cases, code, fault);
}

enum sk_err sk_cases_head(struct sk_cases *cases, const char *id, struct sk_case_head *out, bool *found, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	char sql[SQL_MAX];
	(void)snprintf(sql, sizeof sql, "SELECT %s FROM head WHERE id = ?1", sk_cases_head_columns);
	SK_TRY(sk_cases_ask(cases, sql, &statement, fault));
	(void)sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	*found = code == SQLITE_ROW;
	enum sk_err err = *found ? sk_cases_head_row(cases, statement, out, NULL, fault) : code == SQLITE_DONE ? SK_OK : sk_cases_db_fault(cases, code, fault);
	(void)sqlite3_finalize(statement);
	return err;
}

enum sk_err sk_cases_of_ref(struct sk_cases *cases, enum sk_case_link link, const char *ref, char id[SK_MATTER_ID_MAX], struct sk_fault *fault)
{
	uint8_t mark[SK_HASH_BYTES];
	sqlite3_stmt *statement = NULL;
	id[0] = '\0';
	sk_cases_ref_mark(cases, sk_case_link_word(link), ref, mark);
	SK_TRY(sk_cases_ask(cases, "SELECT link.case_id FROM link JOIN head ON head.id = link.case_id WHERE mark = ?1 ORDER BY over, last DESC LIMIT 1", &statement, fault));
	(void)sqlite3_bind_blob(statement, 1, mark, sizeof mark, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (text != NULL && strlen(text) < SK_MATTER_ID_MAX)
		memcpy(id, text, strlen(text) + 1);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SK_OK : sk_cases_db_fault(cases, code, fault);
}

/* ---- evidence, and everything at once ---- */

enum sk_err sk_cases_evidence(struct sk_cases *cases, const char *sha256_hex, struct sk_buf *out, struct sk_fault *fault)
{
	uint8_t mark[SK_HASH_BYTES], hash[SK_HASH_BYTES], expected[SK_HASH_BYTES];
	sqlite3_stmt *statement = NULL;
	if (strlen(sha256_hex) != 2 * SK_HASH_BYTES || sk_hex_decode(sha256_hex, expected, sizeof expected) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "evidence: expected the 64 hexadecimal digits of its SHA-256");
	sk_cases_ref_mark(cases, "file", sha256_hex, mark);
	SK_TRY(sk_cases_ask(cases, "SELECT sealed FROM file WHERE mark = ?1", &statement, fault));
	(void)sqlite3_bind_blob(statement, 1, mark, sizeof mark, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	size_t length = code == SQLITE_ROW ? (size_t)sqlite3_column_bytes(statement, 0) : 0;
	uint8_t *plain = length >= SK_SEAL_OVERHEAD_BYTES ? malloc(length) : NULL;
	enum sk_err err = code == SQLITE_DONE ? sk_fault_set(fault, SK_ENOENT, "evidence %.16s...: it is not there", sha256_hex)
			  : code != SQLITE_ROW ? sk_cases_db_fault(cases, code, fault)
			  : plain == NULL || sk_unseal(cases->seal_key, sha256_hex, strlen(sha256_hex), sqlite3_column_blob(statement, 0), length, plain) != SK_OK
				  ? sk_fault_set(fault, SK_EINCONSISTENT, "evidence %.16s...: somebody changed the database", sha256_hex)
				  : SK_OK;
	if (err == SK_OK) {
		sk_sha256(plain, length - SK_SEAL_OVERHEAD_BYTES, hash);
		sk_buf_add(out, plain, length - SK_SEAL_OVERHEAD_BYTES);
		if (memcmp(hash, expected, sizeof hash) != 0)
			err = sk_fault_set(fault, SK_EINCONSISTENT, "evidence %.16s...: another file stands there", sha256_hex);
		else if (out->failed != SK_OK)
			err = sk_fault_set(fault, out->failed, "evidence %.16s...: does not fit", sha256_hex);
	}
	(void)sqlite3_finalize(statement);
	free(plain);
	return err;
}

struct ids {
	struct sk_buf text;
};

static enum sk_err note_id(void *context, const struct sk_case_head *head, struct sk_fault *fault)
{
	struct ids *ids = context;
	sk_buf_add(&ids->text, head->id, strlen(head->id) + 1);
	return ids->text.failed == SK_OK ? SK_OK : sk_fault_set(fault, ids->text.failed, "too many cases");
}

/* Each live link must be found by the index. */
static enum sk_err check_index(struct sk_cases *cases, const struct sk_case *c, struct sk_fault *fault)
{
	uint64_t links = 0, rows = 0;
	sqlite3_stmt *statement = NULL;
	for (size_t i = 0; i < c->item_count; i++)
		links += !c->items[i].gone && (c->items[i].kind == SK_CASE_ITEM_LINK || c->items[i].kind == SK_CASE_ITEM_EVIDENCE);
	SK_TRY(sk_cases_ask(cases, "SELECT mark FROM link WHERE case_id = ?1", &statement, fault));
	(void)sqlite3_bind_text(statement, 1, c->head.id, -1, SQLITE_STATIC);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		uint8_t mark[SK_HASH_BYTES];
		for (size_t i = 0; i < c->item_count; i++) {
			const struct sk_case_item *item = &c->items[i];
			if (item->gone || (item->kind != SK_CASE_ITEM_LINK && item->kind != SK_CASE_ITEM_EVIDENCE))
				continue;
			sk_cases_ref_mark(cases, item->kind == SK_CASE_ITEM_LINK ? sk_case_link_word(item->link) : "evidence", item->ref, mark);
			if (sqlite3_column_bytes(statement, 0) == sizeof mark && memcmp(sqlite3_column_blob(statement, 0), mark, sizeof mark) == 0)
				rows++;
		}
	}
	(void)sqlite3_finalize(statement);
	return rows == links ? SK_OK : sk_fault_set(fault, SK_EINCONSISTENT, "case %s: the index of its links was changed", c->head.id);
}

enum sk_err sk_cases_check(struct sk_cases *cases, uint64_t *count, struct sk_fault *fault)
{
	struct ids ids;
	uint64_t entries = 0;
	*count = 0;
	sk_buf_init(&ids.text, 1 << 28);
	enum sk_err err = sk_cases_each(cases, note_id, &ids, fault);
	for (size_t at = 0; err == SK_OK && at < ids.text.length; at += strlen((const char *)ids.text.bytes + at) + 1) {
		struct sk_case c;
		err = sk_cases_load(cases, (const char *)ids.text.bytes + at, &c, fault);
		if (err != SK_OK)
			break;
		err = check_index(cases, &c, fault);
		entries += c.entry_count;
		++*count;
		sk_case_fini(&c);
	}
	sk_buf_fini(&ids.text);
	if (err == SK_OK && entries != cases->meta.entries)
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: entries of a case that is in no list are there", cases->path);
	return err;
}

/* ---- who may read ---- */

//= rule: CASE-3
enum sk_err sk_case_may_read(struct sk_access *access, const struct sk_person *person, const struct sk_case_head *head, int64_t now_ns, struct sk_fault *fault)
{
	struct sk_fault ignored;
	SK_TRY(sk_access_may(access, person, head->grade >= SK_CASE_GRADE_A ? "case.read.analysis" : "case.read", now_ns, fault));
	bool host = sk_access_may(access, person, "case.write", now_ns, &ignored) == SK_OK || sk_access_may(access, person, "case.note", now_ns, &ignored) == SK_OK ||
		    sk_access_may(access, person, "case.review", now_ns, &ignored) == SK_OK;
	if (host || person->oversight || strcmp(person->org, head->org) == 0 || strcmp(person->account, head->assignee) == 0 || sk_case_has_word(head->watchers, person->account))
		return SK_OK;
	return sk_fault_set(fault, SK_EPERMIT, "case %s is of %s; %s neither watches it nor has it", head->id, head->org, person->account);
}
