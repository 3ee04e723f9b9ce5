/* SPDX-License-Identifier: Apache-2.0 */
/* One entry into database and ledger: row, then leaf. And what is owed: merging and splitting are two entries in two cases; the second is written down, sealed, in the same transaction as the first, and
   carried out right after it, or by whoever opens the store next. */
#include <stdio.h>
#include <stdlib.h>

#include "case/add_priv.h"
#include "ledger/record.h"

/* ---- index of links ---- */

static enum sk_err index_link(struct sk_cases *cases, const char *id, const struct sk_case_item *item, struct sk_fault *fault)
{
	uint8_t mark[SK_HASH_BYTES];
	sqlite3_stmt *statement = NULL;
	sk_cases_ref_mark(cases, item->kind == SK_CASE_ITEM_LINK ? sk_case_link_word(item->link) : "evidence", item->ref, mark);
	SK_TRY(sk_cases_ask(cases, "INSERT OR IGNORE INTO link (mark, case_id) VALUES (?1, ?2)", &statement, fault));
	(void)sqlite3_bind_blob(statement, 1, mark, sizeof mark, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 2, id, -1, SQLITE_STATIC);
	return sk_cases_do(cases, statement, fault);
}

enum sk_err sk_cases_index_put(struct sk_cases *cases, const struct sk_case *c, const char *id, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_cases_ask(cases, "DELETE FROM link WHERE case_id = ?1", &statement, fault));
	(void)sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	SK_TRY(sk_cases_do(cases, statement, fault));
	for (size_t i = 0; i < c->item_count; i++)
		if (!c->items[i].gone && (c->items[i].kind == SK_CASE_ITEM_LINK || c->items[i].kind == SK_CASE_ITEM_EVIDENCE))
			SK_TRY(index_link(cases, id, &c->items[i], fault));
	return SK_OK;
}

/* ---- what is owed ---- */

static enum sk_err owed_put(struct sk_cases *cases, const struct sk_case_step *step, uint32_t n, struct sk_fault *fault)
{
	struct sk_buf text;
	struct sk_json_writer w;
	sqlite3_stmt *statement = NULL;
	sk_buf_init(&text, SK_CASE_ENTRY_MAX);
	sk_json_begin(&w, &text, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "account", step->author->account);
	sk_json_text(&w, "case", step->owed.id);
	sk_json_raw(&w, "data", sk_buf_text(step->owed.data), step->owed.data->length);
	sk_json_text(&w, "event", sk_case_event_name(step->owed.event));
	sk_json_u64(&w, "n", n);
	sk_json_i64(&w, "time", step->now_ns / 1000);
	sk_json_text(&w, "to", step->id);
	sk_json_end(&w);
	size_t length = text.length;
	uint8_t *blob = text.failed == SK_OK ? sk_cases_seal(cases, "owed", text.bytes, &length) : NULL;
	enum sk_err err = blob != NULL ? sk_cases_ask(cases, "INSERT INTO owed (sealed) VALUES (?1)", &statement, fault)
				       : sk_fault_set(fault, text.failed != SK_OK ? text.failed : SK_ENOMEM, "what is to follow does not fit; split the case first");
	sk_buf_fini(&text);
	if (err == SK_OK) {
		(void)sqlite3_bind_blob(statement, 1, blob, (int)length, SQLITE_STATIC);
		err = sk_cases_do(cases, statement, fault);
	}
	free(blob);
	return err;
}

struct owed {
	int64_t number;
	struct sk_json_doc *doc;
	char *text;
};

static void owed_free(struct owed *owed)
{
	sk_json_free(owed->doc);
	free(owed->text);
	*owed = (struct owed){0};
}

/* The first one after that number; number 0: none is left. */
static enum sk_err owed_next(struct sk_cases *cases, int64_t after, struct owed *out, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	*out = (struct owed){0};
	SK_TRY(sk_cases_ask(cases, "SELECT number, sealed FROM owed WHERE number > ?1 ORDER BY number LIMIT 1", &statement, fault));
	(void)sqlite3_bind_int64(statement, 1, after);
	int code = sqlite3_step(statement);
	enum sk_err err = code == SQLITE_ROW || code == SQLITE_DONE ? SK_OK : sk_cases_db_fault(cases, code, fault);
	if (code == SQLITE_ROW) {
		size_t length = (size_t)sqlite3_column_bytes(statement, 1);
		out->number = sqlite3_column_int64(statement, 0);
		out->text = length >= SK_SEAL_OVERHEAD_BYTES ? malloc(length) : NULL;
		if (out->text == NULL || sk_unseal(cases->seal_key, "owed", 4, sqlite3_column_blob(statement, 1), length, (uint8_t *)out->text) != SK_OK)
			err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: a row of what is owed was changed", cases->path);
		if (err == SK_OK)
			err = sk_json_parse(out->text, length - SK_SEAL_OVERHEAD_BYTES, &out->doc, fault);
		if (err != SK_OK)
			owed_free(out);
	}
	(void)sqlite3_finalize(statement);
	return err;
}

static enum sk_err owed_delete(struct sk_cases *cases, int64_t number, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(sk_cases_ask(cases, "DELETE FROM owed WHERE number = ?1", &statement, fault));
	(void)sqlite3_bind_int64(statement, 1, number);
	return sk_cases_do(cases, statement, fault);
}

enum sk_err sk_cases_owed_drop(struct sk_cases *cases, const char *id, uint32_t n, struct sk_fault *fault)
{
	struct owed owed;
	for (int64_t after = 0;;) {
		SK_TRY(owed_next(cases, after, &owed, fault));
		if (owed.number == 0)
			return SK_OK;
		after = owed.number;
		const char *by = sk_json_get_text(sk_json_top(owed.doc), "to");
		uint64_t number = 0;
		enum sk_err err = by != NULL && strcmp(by, id) == 0 && sk_json_get_u64(sk_json_top(owed.doc), "n", &number) == SK_OK && number == n ? owed_delete(cases, after, fault) : SK_OK;
		owed_free(&owed);
		SK_TRY(err);
	}
}

/* Was it carried out? An absorbing case says from where; a new one is there. */
static bool carried_out(const struct sk_case *c, enum sk_case_event event, const char *from)
{
	if (event == SK_CASE_EVENT_OPEN)
		return c->entry_count != 0;
	for (size_t i = 0; i < c->entry_count; i++) {
		struct sk_json_doc *doc = NULL;
		struct sk_fault ignored;
		if (c->entries[i].event != SK_CASE_EVENT_ABSORB || sk_json_parse(c->entries[i].plain, c->entries[i].plain_length, &doc, &ignored) != SK_OK)
			continue;
		const char *said = sk_json_get_text(sk_json_get(sk_json_top(doc), "data"), "from");
		bool same = said != NULL && strcmp(said, from) == 0;
		sk_json_free(doc);
		if (same)
			return true;
	}
	return false;
}

static enum sk_err settle_one(struct sk_cases *cases, const struct owed *owed, struct sk_fault *fault)
{
	const struct sk_json_value *top = sk_json_top(owed->doc), *data = sk_json_get(top, "data");
	const char *account = sk_json_get_text(top, "account"), *id = sk_json_get_text(top, "case"), *event = sk_json_get_text(top, "event"), *from = sk_json_get_text(top, "to");
	struct sk_case_author author = {0};
	struct sk_case c;
	struct sk_buf copy;
	uint64_t leaf;
	int64_t time_us;
	if (account == NULL || id == NULL || event == NULL || from == NULL || data == NULL || strlen(account) >= sizeof author.account || sk_json_get_i64(top, "time", &time_us) != SK_OK)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: a row of what is owed is not one that this program wrote", cases->path);
	memcpy(author.account, account, strlen(account) + 1);
	struct sk_case_step step = {.author = &author, .id = id, .event = sk_case_event_find(event), .data = &copy, .now_ns = time_us * 1000};
	SK_TRY(sk_cases_fold_rows(cases, id, 0, &c, NULL, fault));
	enum sk_err err = SK_OK;
	if (!carried_out(&c, step.event, from)) {
		sk_buf_init(&copy, SK_CASE_ENTRY_MAX);
		sk_buf_add(&copy, owed->text + data->offset, (size_t)(data->next->offset - strlen(",\"event\":") - data->offset));
		if (c.head.last_ns > step.now_ns)
			step.now_ns = c.head.last_ns;
		err = copy.failed != SK_OK ? copy.failed : sk_cases_enter(cases, &c, &step, &leaf, fault);
		sk_buf_fini(&copy);
	}
	sk_case_fini(&c);
	return err == SK_OK ? owed_delete(cases, owed->number, fault) : err;
}

enum sk_err sk_cases_owed_settle(struct sk_cases *cases, struct sk_fault *fault)
{
	for (;;) {
		struct owed owed;
		SK_TRY(owed_next(cases, 0, &owed, fault));
		if (owed.number == 0)
			return SK_OK;
		enum sk_err err = settle_one(cases, &owed, fault);
		owed_free(&owed);
		SK_TRY(err);
	}
}

/* ---- the act ---- */

static void add_count(struct sk_act_facts *facts, const char *name, uint64_t count)
{
	struct sk_cell *cell = &facts->counts[facts->count_count];
	if (count == 0)
		return;
	(void)snprintf(cell->name, sizeof cell->name, "%s", name);
	cell->frames = count;
	facts->count_count++;
}

/* What is published beside the states: the kind of a case that begins, how many items came or went. Names ascend. */
static void publish(const struct sk_case *before, const struct sk_case *after, const struct sk_json_value *data, enum sk_case_event event, struct sk_act_facts *facts)
{
	const struct sk_json_value *items = sk_json_get(data, "items"), *duplicates = sk_json_get(data, "duplicates");
	uint64_t links[SK_CASE_LINK_COUNT] = {0}, tasks = 0, notes = 0, evidence = 0;
	for (size_t i = before->item_count; i < after->item_count; i++) {
		const struct sk_case_item *item = &after->items[i];
		links[item->kind == SK_CASE_ITEM_LINK ? item->link : 0] += item->kind == SK_CASE_ITEM_LINK;
		tasks += item->kind == SK_CASE_ITEM_TASK;
		notes += item->kind == SK_CASE_ITEM_NOTE;
		evidence += item->kind == SK_CASE_ITEM_EVIDENCE;
	}
	if (event == SK_CASE_EVENT_OPEN)
		(void)snprintf(facts->words[facts->word_count++], SK_ACT_WORD_MAX, "kind.%s", sk_case_kind_word(after->head.kind, NULL, NULL));
	if (event == SK_CASE_EVENT_BUNDLE)
		(void)snprintf(facts->words[facts->word_count++], SK_ACT_WORD_MAX, "for.%s", sk_json_get_text(data, "for"));
	bool moved = event == SK_CASE_EVENT_MERGE || event == SK_CASE_EVENT_SPLIT || event == SK_CASE_EVENT_ABSORB || (event == SK_CASE_EVENT_OPEN && items != NULL && items->length != 0);
	if (moved) {
		add_count(facts, "duplicates", duplicates != NULL ? duplicates->length : 0);
		add_count(facts, "moved", items->length);
		return;
	}
	add_count(facts, "campaigns", links[SK_CASE_LINK_CAMPAIGN]);
	add_count(facts, "cases", links[SK_CASE_LINK_CASE]);
	add_count(facts, "evidence", evidence);
	add_count(facts, "external", links[SK_CASE_LINK_EXTERNAL]);
	add_count(facts, "findings", links[SK_CASE_LINK_FINDING]);
	add_count(facts, "indicators", links[SK_CASE_LINK_INDICATOR]);
	add_count(facts, "measures", links[SK_CASE_LINK_MEASURE]);
	add_count(facts, "notes", notes);
	add_count(facts, "orders", links[SK_CASE_LINK_ORDER]);
	add_count(facts, "reports", links[SK_CASE_LINK_REPORT]);
	add_count(facts, "tasks", tasks);
}

static enum sk_err act(struct sk_cases *cases, const struct sk_case_step *step, const char *by, const uint8_t entry[SK_HASH_BYTES], const uint8_t said[SK_HASH_BYTES], struct sk_act_facts *facts,
		       uint64_t *leaf, struct sk_fault *fault)
{
	struct sk_act act = {.matter = "case", .time_ns = step->now_ns};
	struct sk_buf body, statement, note;
	struct sk_json_writer w;
	struct sk_receipt receipt;
	char state[SK_ACT_WORD_MAX];
	bool found;
	sk_buf_init(&body, 1024);
	sk_buf_init(&statement, 4096);
	sk_buf_init(&note, 8192);
	sk_json_begin(&w, &body, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "by", by);
	sk_json_hex(&w, "entry", entry, SK_HASH_BYTES);
	sk_json_hex(&w, "said", said, SK_HASH_BYTES);
	sk_json_end(&w);
	(void)snprintf(act.id, sizeof act.id, "%s", step->id);
	(void)snprintf(act.event, sizeof act.event, "%s", sk_case_event_name(step->event));
	memcpy(act.policy, cases->policy, SK_HASH_BYTES);
	act.body = sk_buf_text(&body);
	act.body_length = body.length;
	enum sk_err err = sk_docket_last(cases->docket, "case", step->id, act.previous, state, &found, fault);
	if (err == SK_OK) {
		sk_act_write(&act, &statement);
		sk_note_sign(&note, sk_buf_text(&statement), statement.length, cases->key);
		err = note.failed != SK_OK || statement.failed != SK_OK ? sk_fault_set(fault, SK_EUSAGE, "case %s: the statement cannot be written", step->id) : SK_OK;
	}
	if (err == SK_OK)
		err = sk_docket_add(cases->docket, sk_buf_text(&note), note.length, facts, &receipt, fault);
	if (err == SK_OK)
		*leaf = receipt.index;
	sk_buf_fini(&note);
	sk_buf_fini(&statement);
	sk_buf_fini(&body);
	return err;
}

/* ---- the rows ---- */

static enum sk_err put_evidence(struct sk_cases *cases, const struct sk_case_step *step, struct sk_fault *fault)
{
	uint8_t hash[SK_HASH_BYTES], mark[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1];
	sqlite3_stmt *statement = NULL;
	size_t length = step->evidence_length;
	if (step->evidence == NULL)
		return SK_OK;
	sk_sha256(step->evidence, length, hash);
	sk_hex_encode(hash, sizeof hash, hex);
	sk_cases_ref_mark(cases, "file", hex, mark);
	uint8_t *blob = sk_cases_seal(cases, hex, step->evidence, &length);
	enum sk_err err = blob != NULL ? sk_cases_ask(cases, "INSERT OR IGNORE INTO file (mark, sealed) VALUES (?1, ?2)", &statement, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK) {
		(void)sqlite3_bind_blob(statement, 1, mark, sizeof mark, SQLITE_STATIC);
		(void)sqlite3_bind_blob(statement, 2, blob, (int)length, SQLITE_STATIC);
		err = sk_cases_do(cases, statement, fault);
	}
	free(blob);
	return err;
}

static enum sk_err put_entry(struct sk_cases *cases, const struct sk_case_entry *entry, const char *id, uint8_t hash[SK_HASH_BYTES], struct sk_fault *fault)
{
	char aad[SK_MATTER_ID_MAX + 32];
	sqlite3_stmt *statement = NULL;
	size_t length = SK_HASH_BYTES + entry->plain_length;
	char *both = malloc(length);
	if (both == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	memcpy(both, entry->salt, SK_HASH_BYTES);
	memcpy(both + SK_HASH_BYTES, entry->plain, entry->plain_length);
	(void)snprintf(aad, sizeof aad, "entry %s %u", id, entry->n);
	uint8_t *blob = sk_cases_seal(cases, aad, both, &length);
	sk_wipe(both, SK_HASH_BYTES + entry->plain_length);
	free(both);
	if (blob == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_sha256(blob, length, hash);
	enum sk_err err = sk_cases_ask(cases, "INSERT INTO entry (case_id, n, sealed) VALUES (?1, ?2, ?3)", &statement, fault);
	if (err == SK_OK) {
		(void)sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(statement, 2, entry->n);
		(void)sqlite3_bind_blob(statement, 3, blob, (int)length, SQLITE_STATIC);
		err = sk_cases_do(cases, statement, fault);
	}
	free(blob);
	return err;
}

static enum sk_err put_rows(struct sk_cases *cases, const struct sk_case *c, const struct sk_case_step *step, uint8_t hash[SK_HASH_BYTES], struct sk_fault *fault)
{
	const struct sk_case_entry *entry = &c->entries[c->entry_count - 1];
	SK_TRY(put_entry(cases, entry, step->id, hash, fault));
	SK_TRY(put_evidence(cases, step, fault));
	SK_TRY(sk_cases_head_put(cases, step->id, &c->head, fault));
	SK_TRY(sk_cases_index_put(cases, c, step->id, fault));
	if (step->owed.id != NULL)
		SK_TRY(owed_put(cases, step, entry->n, fault));
	cases->meta.entries++;
	(void)snprintf(cases->meta.last_case, sizeof cases->meta.last_case, "%s", step->id);
	return sk_cases_meta_write(cases, fault);
}

static enum sk_err in_transaction(struct sk_cases *cases, const struct sk_case *c, const struct sk_case_step *step, uint8_t hash[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_cases_meta before = cases->meta;
	struct sk_fault ignored;
	SK_TRY(sk_cases_run(cases, "BEGIN IMMEDIATE", fault));
	enum sk_err err = put_rows(cases, c, step, hash, fault);
	if (err == SK_OK)
		err = sk_cases_run(cases, "COMMIT", fault);
	if (err != SK_OK) {
		cases->meta = before;
		(void)(sk_cases_run(cases, "ROLLBACK", &ignored) == SK_OK);
	}
	return err;
}

/* What publishing looks at of the case before the entry. */
static struct sk_case counts_of(const struct sk_case *c)
{
	return (struct sk_case){.item_count = c->item_count};
}

enum sk_err sk_cases_enter(struct sk_cases *cases, struct sk_case *c, const struct sk_case_step *step, uint64_t *leaf, struct sk_fault *fault)
{
	struct sk_case_entry entry = {.n = (uint32_t)c->entry_count + 1, .event = step->event, .time_ns = step->now_ns};
	struct sk_act_facts facts = {.matter = "case"};
	struct sk_case before = counts_of(c);
	struct sk_json_doc *data = NULL;
	struct sk_buf plain;
	uint8_t hash[SK_HASH_BYTES], said[SK_HASH_BYTES];
	if (cases->key == NULL || cases->failed)
		return sk_fault_set(fault, SK_ELEDGER, "%s: open for reading alone, or an entry failed; nothing is entered", cases->path);
	if (step->data->failed != SK_OK)
		return sk_fault_set(fault, step->data->failed, "case %s, %s: a text is too long, or no UTF-8", step->id, sk_case_event_name(step->event));
	SK_TRY(sk_json_parse(sk_buf_text(step->data), step->data->length, &data, fault));
	sk_random(entry.salt, sizeof entry.salt);
	(void)snprintf(entry.by, sizeof entry.by, "%s", step->author->account);
	sk_buf_init(&plain, SK_CASE_ENTRY_MAX);
	enum sk_err err = sk_case_data_grade(step->event, sk_json_top(data), &entry.grade, fault);
	if (err == SK_OK) {
		sk_case_entry_write(step->id, &entry, sk_buf_text(step->data), step->data->length, &plain);
		err = plain.failed != SK_OK ? sk_fault_set(fault, plain.failed, "case %s: the entry is too large", step->id) : sk_case_apply(c, sk_buf_text(&plain), plain.length, &entry, fault);
	}
	sk_buf_fini(&plain);
	if (err == SK_OK) {
		publish(&before, c, sk_json_top(data), step->event, &facts);
		(void)snprintf(facts.from, sizeof facts.from, "%s", sk_case_state_name(entry.from));
		(void)snprintf(facts.to, sizeof facts.to, "%s", sk_case_state_name(entry.to));
		sk_commit(entry.salt, entry.plain, entry.plain_length, said);
		err = in_transaction(cases, c, step, hash, fault);
	}
	if (err == SK_OK) {
		/* From here on a row may be without its leaf until the docket says otherwise. */
		cases->failed = true;
		err = act(cases, step, entry.by, hash, said, &facts, leaf, fault);
		cases->failed = err != SK_OK;
	}
	sk_json_free(data);
	return err;
}
