/* SPDX-License-Identifier: Apache-2.0 */
/* The store. A row has nothing in the clear but which report and which entry of it; what is in it is bound to both. */
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "report/rules.h"
#include "text/json.h"
#include "text/text.h"

enum { BUSY_MS = 5000, AAD_MAX = SK_MATTER_ID_MAX + 32, ACT_BODY_MAX = 512, BODY_MAX = SK_REPORT_ATTACHMENT_MAX + SK_SEAL_OVERHEAD_BYTES, PREFIX_MIN = 6 };

static const char schema[] = "PRAGMA application_id = 1397445200;"
			     "CREATE TABLE IF NOT EXISTS entry (report TEXT NOT NULL, number INTEGER NOT NULL, head BLOB NOT NULL, body BLOB NOT NULL, PRIMARY KEY (report, number)) STRICT";

struct sk_reports {
	sqlite3 *db;                     /* NULL: there is none yet, and nothing may be written */
	uint8_t *key;                    /* locked memory */
	struct sk_docket *docket;
	bool write;
	char path[SK_PATH_MAX];
	size_t count, room;
	struct sk_report *all;           /* owned */
	size_t *slots, slot_count;       /* by id: index plus one */
	uint8_t slot_key[SK_SIP_KEY_BYTES];
};

static enum sk_err db_fault(const struct sk_reports *reports, int code, struct sk_fault *fault)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return sk_fault_set(fault, SK_ELOCKED, "%s: another process is writing", reports->path);
	case SQLITE_FULL: return sk_fault_set(fault, SK_ENOSPC, "%s: disk full; nothing is entered", reports->path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT: return sk_fault_set(fault, SK_EINCONSISTENT, "%s: damaged, or no database of reports", reports->path);
	default: return sk_fault_set(fault, SK_EIO, "%s: %s", reports->path, sqlite3_errstr(code));
	}
}

static enum sk_err ask(struct sk_reports *reports, const char *sql, sqlite3_stmt **out, struct sk_fault *fault)
{
	int code = sqlite3_prepare_v2(reports->db, sql, -1, out, NULL);
	return code == SQLITE_OK ? SK_OK : db_fault(reports, code, fault);
}

/* ---- files ---- */

static enum sk_err open_db(struct sk_reports *reports, struct sk_fault *fault)
{
	if (reports->write) {
		int fd = open(reports->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return sk_fault_errno(fault, errno, "%s: cannot open", reports->path);
		(void)close(fd);
	}
	SK_TRY(sk_file_check_private(reports->path, fault));
	int code = sqlite3_open_v2(reports->path, &reports->db, (reports->write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (code != SQLITE_OK)
		return db_fault(reports, code, fault);
	(void)sqlite3_busy_timeout(reports->db, BUSY_MS);
	(void)sqlite3_db_config(reports->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	code = sqlite3_exec(reports->db, "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
	if (code == SQLITE_OK && reports->write)
		code = sqlite3_exec(reports->db, schema, NULL, NULL, NULL);
	return code == SQLITE_OK ? SK_OK : db_fault(reports, code, fault);
}

/* A database without its key gets no new one: what it holds would be lost without a word. */
static enum sk_err open_files(struct sk_reports *reports, const char *key_path, struct sk_fault *fault)
{
	bool there = sk_file_exists(reports->path);
	if (!there && !reports->write)
		return SK_OK;
	if (there && !sk_file_exists(key_path))
		return sk_fault_set(fault, SK_ENOENT, "%s: the key of %s is not there; restore it", key_path, reports->path);
	SK_TRY(sk_secret_make(key_path, fault));
	SK_TRY(sk_secret_load(key_path, &reports->key, fault));
	return open_db(reports, fault);
}

/* ---- by id ---- */

static size_t *slot_of(struct sk_reports *reports, const char *id)
{
	size_t at = (size_t)sk_siphash13(reports->slot_key, id, strlen(id)) & (reports->slot_count - 1);
	while (reports->slots[at] != 0 && strcmp(reports->all[reports->slots[at] - 1].id, id) != 0)
		at = (at + 1) & (reports->slot_count - 1);
	return &reports->slots[at];
}

static enum sk_err grow(struct sk_reports *reports, struct sk_fault *fault)
{
	if (reports->count == reports->room) {
		size_t room = reports->room == 0 ? 64 : 2 * reports->room;
		struct sk_report *all = room > SK_REPORTS_MAX ? NULL : reallocarray(reports->all, room, sizeof *all);
		if (all == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory, or more than %d reports", SK_REPORTS_MAX);
		reports->all = all;
		reports->room = room;
	}
	if (2 * (reports->count + 1) <= reports->slot_count)
		return SK_OK;
	size_t count = reports->slot_count == 0 ? 128 : 2 * reports->slot_count;
	size_t *slots = calloc(count, sizeof *slots);
	if (slots == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	free(reports->slots);
	reports->slots = slots;
	reports->slot_count = count;
	for (size_t i = 0; i < reports->count; i++)
		*slot_of(reports, reports->all[i].id) = i + 1;
	return SK_OK;
}

static enum sk_err report_of(struct sk_reports *reports, const char *id, struct sk_report **out, struct sk_fault *fault)
{
	SK_TRY(grow(reports, fault));
	size_t *slot = slot_of(reports, id);
	if (*slot == 0) {
		struct sk_report *fresh = &reports->all[reports->count++];
		memset(fresh, 0, sizeof *fresh);
		(void)snprintf(fresh->id, sizeof fresh->id, "%s", id);
		*slot = reports->count;
	}
	*out = &reports->all[*slot - 1];
	return SK_OK;
}

/* ---- one entry ---- */

static size_t aad_of(const char *id, uint64_t number, char part, char aad[AAD_MAX])
{
	int length = snprintf(aad, AAD_MAX, "report %c %llu %s", part, (unsigned long long)number, id);
	SK_INVARIANT(length > 0 && length < AAD_MAX);
	return (size_t)length;
}

static enum sk_err seal_into(const struct sk_reports *reports, const char *id, uint64_t number, char part, const void *bytes, size_t length, struct sk_buf *out, struct sk_fault *fault)
{
	char aad[AAD_MAX];
	uint8_t *sealed = malloc(length + SK_SEAL_OVERHEAD_BYTES);
	if (sealed == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_seal(reports->key, aad, aad_of(id, number, part, aad), bytes, length, sealed);
	sk_buf_add(out, sealed, length + SK_SEAL_OVERHEAD_BYTES);
	free(sealed);
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, out->failed, "report %s: too large", id);
}

static enum sk_err unseal_into(const struct sk_reports *reports, const char *id, uint64_t number, char part, const void *sealed, size_t length, struct sk_buf *out, struct sk_fault *fault)
{
	char aad[AAD_MAX];
	enum sk_err err = SK_ESIGNATURE;
	uint8_t *plain = length >= SK_SEAL_OVERHEAD_BYTES ? malloc(length - SK_SEAL_OVERHEAD_BYTES + 1) : NULL;
	if (plain != NULL && reports->key != NULL)
		err = sk_unseal(reports->key, aad, aad_of(id, number, part, aad), sealed, length, plain);
	if (err == SK_OK) {
		sk_buf_add(out, plain, length - SK_SEAL_OVERHEAD_BYTES);
		sk_wipe(plain, length - SK_SEAL_OVERHEAD_BYTES);
		err = out->failed;
	}
	free(plain);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "%s: report %s, entry %llu: does not open under keys/report.key", reports->path, id, (unsigned long long)number);
}

static enum sk_err changed(const struct sk_reports *reports, const char *id, uint64_t number, const char *what, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_EINCONSISTENT, "%s: report %s, entry %llu: %s; somebody changed the database, restore it from a backup", reports->path, id, (unsigned long long)number, what);
}

/* One column of one entry, compared with what its act commits to. */
static enum sk_err read_part(struct sk_reports *reports, const char *id, uint64_t number, char part, const uint8_t hash[SK_HASH_BYTES], struct sk_buf *out, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	uint8_t found[SK_HASH_BYTES];
	if (reports->db == NULL)
		return changed(reports, id, number, "the database is gone", fault);
	SK_TRY(ask(reports, part == 'h' ? "SELECT head FROM entry WHERE report = ?1 AND number = ?2" : "SELECT body FROM entry WHERE report = ?1 AND number = ?2", &statement, fault));
	(void)sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)number);
	int code = sqlite3_step(statement);
	enum sk_err err = code == SQLITE_ROW ? SK_OK : code == SQLITE_DONE ? changed(reports, id, number, "it is gone", fault) : db_fault(reports, code, fault);
	if (err == SK_OK) {
		const void *sealed = sqlite3_column_blob(statement, 0);
		size_t length = (size_t)sqlite3_column_bytes(statement, 0);
		sk_sha256(sealed != NULL ? sealed : "", length, found);
		/* rule: FORM-9 */
		err = memcmp(found, hash, sizeof found) != 0 ? changed(reports, id, number, "it is not what its act commits to", fault) : unseal_into(reports, id, number, part, sealed, length, out, fault);
	}
	(void)sqlite3_finalize(statement);
	return err;
}

/* ---- the fold ---- */

static enum sk_err read_act(const struct sk_entry *entry, uint64_t *number, uint8_t head[SK_HASH_BYTES], uint8_t body[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	SK_TRY(sk_json_parse(entry->act.body, entry->act.body_length, &doc, fault));
	const struct sk_json_value *top = sk_json_top(doc);
	bool good = sk_json_get_u64(top, "number", number) == SK_OK && sk_json_get_hex(top, "head", head, SK_HASH_BYTES) == SK_OK && sk_json_get_hex(top, "body", body, SK_HASH_BYTES) == SK_OK;
	sk_json_free(doc);
	return good ? SK_OK : sk_fault_set(fault, SK_EINCONSISTENT, "leaf %llu: report %s: the act's body is not in its form", (unsigned long long)entry->leaf, entry->act.id);
}

static enum sk_err add_entry(struct sk_report *report, struct sk_report_entry **out, struct sk_fault *fault)
{
	if (report->count == report->room) {
		size_t room = report->room == 0 ? 2 : 2 * report->room;
		struct sk_report_entry *entries = reallocarray(report->entries, room, sizeof *entries);
		if (entries == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		report->entries = entries;
		report->room = room;
	}
	*out = &report->entries[report->count];
	memset(*out, 0, sizeof **out);
	return SK_OK;
}

static void count_entry(struct sk_report *report, struct sk_report_entry *entry, const char *state)
{
	bool attached = strcmp(entry->facts.event, "attach") == 0, merged = strcmp(entry->facts.event, "merge") == 0, reminded = strcmp(entry->facts.event, "remind") == 0;
	report->count++;
	if (attached)
		report->attachments++;
	else if (merged)
		memcpy(report->case_id, entry->facts.case_id, sizeof report->case_id);
	else if (!reminded)
		entry->version = ++report->versions;
	(void)snprintf(report->state, sizeof report->state, "%s", state);
}

static enum sk_err take(void *context, const struct sk_entry *act, struct sk_fault *fault)
{
	struct sk_reports *reports = context;
	struct sk_report *report;
	struct sk_report_entry *entry = NULL;
	struct sk_buf head;
	uint8_t hash[SK_HASH_BYTES];
	const char *to;
	struct sk_fault ignored;
	SK_TRY(report_of(reports, act->act.id, &report, fault));
	if (sk_report_step(act->act.event, report->state, &to, &ignored) != SK_OK || strcmp(to, act->to) != 0)
		return sk_fault_set(fault, SK_EINCONSISTENT, "leaf %llu: report %s: '%s' does not lead from '%s' to '%s'", (unsigned long long)act->leaf, report->id, act->act.event, report->state, act->to);
	SK_TRY(add_entry(report, &entry, fault));
	SK_TRY(read_act(act, &entry->number, hash, entry->body_hash, fault));
	if (entry->number != report->count + 1)
		return sk_fault_set(fault, SK_EINCONSISTENT, "leaf %llu: report %s: entry %llu, expected %zu", (unsigned long long)act->leaf, report->id, (unsigned long long)entry->number, report->count + 1);
	entry->leaf = act->leaf;
	entry->time_ns = act->act.time_ns;
	sk_buf_init(&head, SK_REPORT_FACTS_MAX);
	enum sk_err err = read_part(reports, report->id, entry->number, 'h', hash, &head, fault);
	if (err == SK_OK)
		err = sk_report_facts_read(head.bytes, head.length, &entry->facts, fault);
	sk_buf_fini(&head);
	if (err == SK_OK && strcmp(entry->facts.event, act->act.event) != 0)
		err = changed(reports, report->id, entry->number, "it is of another step than its act", fault);
	if (err == SK_OK)
		count_entry(report, entry, act->to);
	return err;
}

/* Entries whose act was never entered: what a crash left, or somebody put there. */
static enum sk_err take_away_strays(struct sk_reports *reports, struct sk_fault *fault)
{
	sqlite3_stmt *rows = NULL, *away = NULL;
	SK_TRY(ask(reports, "SELECT report, max(number) FROM entry GROUP BY report", &rows, fault));
	enum sk_err err = ask(reports, "DELETE FROM entry WHERE report = ?1 AND number > ?2", &away, fault);
	int code = SQLITE_DONE;
	while (err == SK_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(rows, 0);
		size_t slot = reports->slot_count != 0 && id != NULL ? *slot_of(reports, id) : 0;
		uint64_t known = slot != 0 ? reports->all[slot - 1].count : 0;
		if ((uint64_t)sqlite3_column_int64(rows, 1) <= known)
			continue;
		(void)sqlite3_reset(away);
		(void)sqlite3_bind_text(away, 1, id, -1, SQLITE_TRANSIENT);
		(void)sqlite3_bind_int64(away, 2, (sqlite3_int64)known);
		int done = sqlite3_step(away);
		err = done == SQLITE_DONE ? SK_OK : db_fault(reports, done, fault);
	}
	(void)sqlite3_finalize(rows);
	(void)sqlite3_finalize(away);
	return err == SK_OK && code != SQLITE_DONE ? db_fault(reports, code, fault) : err;
}

enum sk_err sk_reports_open(const char *db_path, const char *key_path, struct sk_docket *docket, bool write, struct sk_reports **out, struct sk_fault *fault)
{
	struct sk_reports *reports = calloc(1, sizeof *reports);
	*out = NULL;
	if (reports == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	reports->docket = docket;
	reports->write = write;
	sk_random(reports->slot_key, sizeof reports->slot_key);
	enum sk_err err = strlen(db_path) < sizeof reports->path ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "%.100s: path too long", db_path);
	if (err == SK_OK) {
		memcpy(reports->path, db_path, strlen(db_path) + 1);
		err = open_files(reports, key_path, fault);
	}
	if (err == SK_OK)
		err = sk_docket_walk(docket, "report", NULL, 0, take, reports, fault);
	if (err == SK_OK && write)
		err = take_away_strays(reports, fault);
	if (err != SK_OK) {
		sk_reports_close(reports);
		return err;
	}
	*out = reports;
	return SK_OK;
}

void sk_reports_shut(struct sk_reports *reports)
{
	(void)sqlite3_close_v2(reports->db);
	sk_secret_free(reports->key);
	reports->db = NULL;
	reports->key = NULL;
}

void sk_reports_close(struct sk_reports *reports)
{
	if (reports == NULL)
		return;
	for (size_t i = 0; i < reports->count; i++)
		free(reports->all[i].entries);
	free(reports->all);
	free(reports->slots);
	sk_reports_shut(reports);
	free(reports);
}

/* ---- asking ---- */

size_t sk_reports_count(const struct sk_reports *reports)
{
	return reports->count;
}

const struct sk_report *sk_reports_at(const struct sk_reports *reports, size_t i)
{
	return i < reports->count ? &reports->all[i] : NULL;
}

enum sk_err sk_reports_find(const struct sk_reports *reports, const char *id, const struct sk_report **out, struct sk_fault *fault)
{
	size_t length = strlen(id), hits = 0;
	for (size_t i = 0; i < reports->count; i++) {
		if (strcmp(reports->all[i].id, id) == 0) {
			*out = &reports->all[i];
			return SK_OK;
		}
		if (length >= PREFIX_MIN && strncmp(reports->all[i].id, id, length) == 0 && hits++ == 0)
			*out = &reports->all[i];
	}
	return hits == 1 ? SK_OK : sk_fault_set(fault, SK_ENOENT, "%.63s: %s; sekisho report list lists them", id, hits == 0 ? "no such report" : "several reports begin so");
}

const struct sk_report_entry *sk_report_version(const struct sk_report *report, uint64_t version)
{
	for (size_t i = report->count; i-- > 0;)
		if (report->entries[i].version != 0 && (version == 0 || report->entries[i].version == version))
			return &report->entries[i];
	return NULL;
}

const struct sk_report_entry *sk_report_newest(const struct sk_report *report)
{
	return sk_report_version(report, 0);
}

enum sk_err sk_report_body(struct sk_reports *reports, const struct sk_report *report, const struct sk_report_entry *entry, struct sk_buf *out, struct sk_fault *fault)
{
	return read_part(reports, report->id, entry->number, 'b', entry->body_hash, out, fault);
}

enum sk_err sk_reports_check(struct sk_reports *reports, uint64_t *entries, struct sk_fault *fault)
{
	struct sk_buf body;
	enum sk_err err = SK_OK;
	*entries = 0;
	sk_buf_init(&body, BODY_MAX);
	for (size_t i = 0; err == SK_OK && i < reports->count; i++)
		for (size_t e = 0; err == SK_OK && e < reports->all[i].count; e++) {
			sk_buf_reset(&body);
			err = sk_report_body(reports, &reports->all[i], &reports->all[i].entries[e], &body, fault);
			*entries += err == SK_OK;
		}
	sk_buf_fini(&body);
	return err;
}

bool sk_report_reminded(const struct sk_report *report, const char *name)
{
	for (size_t i = 0; i < report->count; i++)
		if (strcmp(report->entries[i].facts.event, "remind") == 0 && strcmp(report->entries[i].facts.name, name) == 0)
			return true;
	return false;
}

/* ---- a new entry ---- */

static void new_id(char id[SK_MATTER_ID_MAX])
{
	uint8_t random[16];
	char hex[33];
	sk_random(random, sizeof random);
	random[6] = (uint8_t)((random[6] & 0x0f) | 0x40); /* RFC 9562, version 4 */
	random[8] = (uint8_t)((random[8] & 0x3f) | 0x80);
	sk_hex_encode(random, sizeof random, hex);
	(void)snprintf(id, SK_MATTER_ID_MAX, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static enum sk_err check_attachment(const struct sk_report *report, const struct sk_report_facts *facts, size_t length, struct sk_fault *fault)
{
	if (strcmp(facts->event, "attach") != 0)
		return SK_OK;
	if (length > SK_REPORT_ATTACHMENT_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: %zu bytes, an attachment has at most %d", facts->name, length, SK_REPORT_ATTACHMENT_MAX);
	if (report->attachments >= SK_REPORT_ATTACHMENTS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "report %s: %d attachments are there, and no more are taken", report->id, SK_REPORT_ATTACHMENTS_MAX);
	for (size_t i = 0; i < report->count; i++)
		if (strcmp(report->entries[i].facts.event, "attach") == 0 && memcmp(report->entries[i].facts.hash, facts->hash, SK_HASH_BYTES) == 0)
			return sk_fault_set(fault, SK_EEXIST, "report %s: this very file is attached already, as %s", report->id, report->entries[i].facts.name);
	return SK_OK;
}

/* Each reminder once: what it is about stands in its name. rule: FORM-11 */
static enum sk_err check_reminder(const struct sk_report *report, const struct sk_report_facts *facts, struct sk_fault *fault)
{
	if (strcmp(facts->event, "remind") == 0 && sk_report_reminded(report, facts->name))
		return sk_fault_set(fault, SK_EEXIST, "report %s: this reminder was sent already", report->id);
	return SK_OK;
}

/* Ascending, as a leaf wants them. */
static void add_word(struct sk_act_facts *facts, const char *prefix, const char *name)
{
	char word[SK_ACT_WORD_MAX];
	size_t at = facts->word_count;
	if (at == SK_ACT_WORDS_MAX || snprintf(word, sizeof word, "%s%s", prefix, name) >= (int)sizeof word)
		return;
	for (; at > 0 && strcmp(facts->words[at - 1], word) > 0; at--)
		memcpy(facts->words[at], facts->words[at - 1], sizeof word);
	memcpy(facts->words[at], word, sizeof word);
	facts->word_count++;
}

static void write_act(struct sk_report_draft *draft)
{
	struct sk_json_writer w;
	uint8_t hash[SK_HASH_BYTES];
	sk_json_begin(&w, &draft->act, true);
	sk_json_object(&w, NULL);
	sk_sha256(draft->body.bytes, draft->body.length, hash);
	sk_json_hex(&w, "body", hash, sizeof hash);
	sk_sha256(draft->head.bytes, draft->head.length, hash);
	sk_json_hex(&w, "head", hash, sizeof hash);
	sk_json_u64(&w, "number", draft->number);
	sk_json_end(&w);
}

static enum sk_err fill(struct sk_reports *reports, const struct sk_report *report, const struct sk_report_facts *facts, const void *body, size_t length, struct sk_report_draft *out, struct sk_fault *fault)
{
	const char *to;
	struct sk_buf head;
	SK_TRY(sk_report_step(facts->event, report != NULL ? report->state : "", &to, fault));
	if (report != NULL)
		SK_TRY(check_attachment(report, facts, length, fault));
	if (report != NULL)
		SK_TRY(check_reminder(report, facts, fault));
	if (report != NULL && report->count >= SK_REPORT_ENTRIES_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "report %s: %d entries are there, and no more are taken; begin a new report", report->id, SK_REPORT_ENTRIES_MAX);
	out->number = report != NULL ? report->count + 1 : 1;
	(void)snprintf(out->published.from, sizeof out->published.from, "%s", report != NULL ? report->state : "");
	(void)snprintf(out->published.to, sizeof out->published.to, "%s", to);
	if (facts->form[0] != '\0') {
		add_word(&out->published, "form.", facts->form);
		add_word(&out->published, "stage.", facts->event);
		for (size_t i = 0; i < facts->regime_count; i++)
			add_word(&out->published, "regime.", facts->regimes[i]);
	}
	sk_buf_init(&head, SK_REPORT_FACTS_MAX);
	sk_report_facts_write(facts, &head);
	enum sk_err err = head.failed != SK_OK ? sk_fault_set(fault, head.failed, "report: the facts of an entry are too long") : seal_into(reports, out->id, out->number, 'h', head.bytes, head.length, &out->head, fault);
	sk_buf_fini(&head);
	if (err == SK_OK)
		err = seal_into(reports, out->id, out->number, 'b', length != 0 ? body : "", length, &out->body, fault);
	if (err == SK_OK)
		write_act(out);
	return err;
}

enum sk_err sk_report_draft(struct sk_reports *reports, const char *id, const struct sk_report_facts *facts, const void *body, size_t length, struct sk_report_draft *out, struct sk_fault *fault)
{
	const struct sk_report *report = NULL;
	memset(out, 0, sizeof *out);
	sk_buf_init(&out->head, SK_REPORT_FACTS_MAX + SK_SEAL_OVERHEAD_BYTES);
	sk_buf_init(&out->body, BODY_MAX);
	sk_buf_init(&out->act, ACT_BODY_MAX);
	if (id[0] != '\0')
		SK_TRY(sk_reports_find(reports, id, &report, fault));
	(void)snprintf(out->event, sizeof out->event, "%s", facts->event);
	if (report != NULL)
		memcpy(out->id, report->id, sizeof out->id);
	else
		new_id(out->id);
	return fill(reports, report, facts, body, length, out, fault);
}

static enum sk_err write_row(struct sk_reports *reports, const struct sk_report_draft *draft, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(ask(reports, "INSERT INTO entry (report, number, head, body) VALUES (?1, ?2, ?3, ?4)", &statement, fault));
	(void)sqlite3_bind_text(statement, 1, draft->id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)draft->number);
	(void)sqlite3_bind_blob(statement, 3, draft->head.bytes, (int)draft->head.length, SQLITE_STATIC);
	(void)sqlite3_bind_blob(statement, 4, draft->body.bytes, (int)draft->body.length, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_DONE ? SK_OK : db_fault(reports, code, fault);
}

enum sk_err sk_report_enter(struct sk_reports *reports, struct sk_report_draft *draft, const char *note, size_t note_length, struct sk_receipt *receipt, struct sk_fault *fault)
{
	sqlite3_stmt *away = NULL;
	struct sk_fault ignored;
	if (!reports->write)
		return sk_fault_set(fault, SK_EBUG, "%s: open for reading alone", reports->path);
	SK_TRY(write_row(reports, draft, fault));
	enum sk_err err = sk_docket_add(reports->docket, note, note_length, &draft->published, receipt, fault);
	/* After a failed commit of the ledger nobody knows whether the leaf stands: the next opening compares, and keeps the entry or takes it away. */
	if (err == SK_OK || err == SK_EIO || err == SK_ENOSPC || err == SK_ELEDGER || err == SK_EINCONSISTENT)
		return err;
	if (ask(reports, "DELETE FROM entry WHERE report = ?1 AND number = ?2", &away, &ignored) == SK_OK) {
		(void)sqlite3_bind_text(away, 1, draft->id, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(away, 2, (sqlite3_int64)draft->number);
		(void)sqlite3_step(away);
		(void)sqlite3_finalize(away);
	}
	return err;
}

void sk_report_draft_fini(struct sk_report_draft *draft)
{
	sk_buf_fini(&draft->head);
	sk_buf_fini(&draft->body);
	sk_buf_fini(&draft->act);
}
