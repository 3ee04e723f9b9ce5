/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and writing: an interval is one transaction. Rows are only ever added, never changed, so that an interval's digest stays what the ledger
   says; a finding that comes again in a later interval is a new row, and the reader folds them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_priv.h"
#include "text/text.h"

enum { SEALED_MAX = SK_BLOCK_PLAIN_MAX + SK_BLOOM_BYTES + 256 + SK_SEAL_OVERHEAD_BYTES, FORM_MAX = SK_FINDING_MAX_BYTES + 16 };

/* ---- open and close ---- */

static enum sk_err set_up(struct sk_store *store, const struct sk_store_options *options, struct sk_fault *fault)
{
	if (!sk_store_basis_name_valid(options->basis_id))
		return sk_fault_set(fault, SK_EMALFORMED,
				    "store: basis id is not fit to name a folder of keys (expected 1 to 63 letters, digits, '.', '_', '-')");
	if (sk_file_join(store->db_path, sizeof store->db_path, options->folder, "sekisho.db") != SK_OK ||
	    sk_file_join(store->flows_folder, sizeof store->flows_folder, options->folder, "flows") != SK_OK ||
	    strlen(options->keys_folder) >= sizeof store->ring.place.folder ||
	    (options->erased_folder != NULL && strlen(options->erased_folder) >= sizeof store->ring.place.erased_folder))
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", options->folder);
	struct sk_key_place *place = &store->ring.place;
	memcpy(place->folder, options->keys_folder, strlen(options->keys_folder) + 1);
	if (options->erased_folder != NULL)
		memcpy(place->erased_folder, options->erased_folder, strlen(options->erased_folder) + 1);
	place->split = options->oversight != NULL;
	if (place->split)
		place->oversight = *options->oversight;
	place->now_ns = options->now_ns;
	store->keeps_originals = options->custodians != NULL;
	if (store->keeps_originals)
		store->custodians = *options->custodians;
	memcpy(store->basis, options->basis_id, strlen(options->basis_id) + 1);
	store->read_only = options->read_only;
	store->segment_fd = -1;
	store->sealed = malloc(SEALED_MAX);
	store->blinds = malloc(SK_BLIND_BUFFER * sizeof store->blinds[0]);
	store->open_findings = calloc(SK_FINDINGS_OPEN, sizeof store->open_findings[0]);
	if (store->sealed == NULL || store->blinds == NULL || store->open_findings == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
	if (!store->read_only)
		SK_TRY(sk_file_make_folder(store->flows_folder, 0700, fault));
	return sk_db_open(store, fault);
}

enum sk_err sk_store_open(const struct sk_store_options *options, struct sk_store **out, struct sk_fault *fault)
{
	struct sk_store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
	sk_buf_init(&store->form, FORM_MAX);
	enum sk_err err = set_up(store, options, fault);
	if (err != SK_OK) {
		sk_store_close(store);
		return err;
	}
	*out = store;
	return SK_OK;
}

/* Leave the interval as if it had not begun. */
static void abandon(struct sk_store *store)
{
	if (!store->open)
		return;
	sk_segment_abandon(store);
	if (sqlite3_get_autocommit(store->db) == 0)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	sk_key_ring_forget_rows(&store->ring);
	sk_wipe(store->open_findings, store->finding_count * sizeof store->open_findings[0]);
	store->finding_count = 0;
	store->blind_count = 0;
	store->open = false;
}

void sk_store_close(struct sk_store *store)
{
	if (store == NULL)
		return;
	abandon(store);
	sk_db_close(store);
	sk_buf_fini(&store->form);
	sk_segment_fini(store);
	if (store->finding_count != 0) /* the others were overwritten when they became rows */
		sk_wipe(store->open_findings, store->finding_count * sizeof store->open_findings[0]);
	free(store->open_findings);
	free(store->blinds);
	free(store->sealed);
	sk_wipe(store, sizeof *store);
	free(store);
}

void sk_store_refresh(struct sk_store *store, int64_t now_ns)
{
	SK_INVARIANT(!store->open);
	store->ring.place.now_ns = now_ns;
	sk_wipe(store->ring.slots, sizeof store->ring.slots);
}

/* ---- rows ---- */

size_t sk_row_aad(const struct sk_row *row, uint8_t aad[SK_AAD_MAX])
{
	static const char label[] = "sekisho store row 1";
	struct sk_out o = sk_out_of(aad, SK_AAD_MAX);
	sk_put_bytes(&o, label, sizeof label);
	sk_put_u8(&o, row->target);
	sk_put_be64(&o, row->interval);
	sk_put_u8(&o, (uint8_t)strlen(row->basis));
	sk_put_bytes(&o, row->basis, strlen(row->basis));
	sk_put_be32(&o, (uint32_t)row->day);
	sk_put_bytes(&o, row->key_id, sizeof row->key_id);
	sk_put_u8(&o, row->class_);
	sk_put_be64(&o, (uint64_t)row->hour);
	sk_put_be64(&o, (uint64_t)row->kind);
	sk_put_be64(&o, (uint64_t)row->selector);
	sk_put_u8(&o, (uint8_t)strlen(row->finding_kind));
	sk_put_bytes(&o, row->finding_kind, strlen(row->finding_kind));
	sk_put_be64(&o, (uint64_t)row->severity);
	sk_put_be64(&o, (uint64_t)row->count);
	sk_put_bytes(&o, row->fold, sizeof row->fold);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	return sk_out_length(&o);
}

enum sk_err sk_row_of(struct sk_store *store, sqlite3_stmt *statement, enum sk_store_target target, struct sk_row *out, const uint8_t **sealed,
		      size_t *length, struct sk_fault *fault)
{
	*out = (struct sk_row){
		.id = sqlite3_column_int64(statement, 0),
		.interval = (uint64_t)sqlite3_column_int64(statement, 1),
		.key_row = sqlite3_column_int64(statement, 2),
		.day = (int32_t)sqlite3_column_int64(statement, 4),
		.target = (uint8_t)target,
		.class_ = (uint8_t)sqlite3_column_int64(statement, 6),
		.hour = sqlite3_column_int64(statement, 7),
	};
	*sealed = sqlite3_column_blob(statement, 8);
	*length = (size_t)sqlite3_column_bytes(statement, 8);
	bool good = sk_db_text(statement, 3, out->basis, sizeof out->basis) && sk_db_blob(statement, 5, out->key_id, sizeof out->key_id) &&
		    sqlite3_column_int64(statement, 6) == out->class_ && *sealed != NULL && *length >= SK_SEAL_OVERHEAD_BYTES &&
		    *length <= FORM_MAX + SK_SEAL_OVERHEAD_BYTES;
	if (target == SK_TARGET_OBSERVATION) {
		out->kind = sqlite3_column_int64(statement, 9);
		out->selector = sqlite3_column_int64(statement, 10);
	} else {
		good = good && sk_db_text(statement, 9, out->finding_kind, sizeof out->finding_kind) &&
		       sk_db_blob(statement, 12, out->fold, sizeof out->fold);
		out->severity = sqlite3_column_int64(statement, 10);
		out->count = sqlite3_column_int64(statement, 11);
	}
	return good ? SK_OK : sk_fault_set(fault, SK_EINCONSISTENT, "%s: row %" PRId64 " is malformed", store->db_path, out->id);
}

enum sk_err sk_row_unseal(struct sk_store *store, const struct sk_row *row, const struct sk_day_key *key, const uint8_t *sealed, size_t length,
			  struct sk_fault *fault)
{
	uint8_t aad[SK_AAD_MAX];
	size_t aad_length = sk_row_aad(row, aad);
	enum sk_err err = sk_unseal(key->key, aad, aad_length, sealed, length, store->sealed);
	sk_buf_reset(&store->form);
	if (err == SK_OK)
		sk_buf_add(&store->form, store->sealed, length - SK_SEAL_OVERHEAD_BYTES);
	sk_wipe(store->sealed, length - SK_SEAL_OVERHEAD_BYTES);
	if (err != SK_OK)
		return sk_fault_set(fault, SK_EINCONSISTENT,
				    "%s: row %" PRId64 " of interval %" PRIu64 " does not open under its key: it was altered", store->db_path,
				    row->id, row->interval);
	return store->form.failed != SK_OK ? sk_fault_set(fault, store->form.failed, "store: out of memory") : SK_OK;
}

/* Seal store->form as the row says and bind the columns that both kinds of row have. */
static enum sk_err bind_row(struct sk_store *store, sqlite3_stmt *put, struct sk_row *row, struct sk_day_key *key, struct sk_fault *fault)
{
	uint8_t aad[SK_AAD_MAX];
	SK_TRY(sk_db_key_row(store, key, &row->key_row, fault));
	row->interval = store->interval;
	row->day = key->day;
	memcpy(row->basis, key->basis, sizeof row->basis);
	memcpy(row->key_id, key->id, sizeof row->key_id);
	size_t aad_length = sk_row_aad(row, aad);
	sk_seal(key->key, aad, aad_length, store->form.bytes, store->form.length, store->sealed);
	(void)sqlite3_bind_int64(put, 1, (int64_t)row->interval);
	(void)sqlite3_bind_int64(put, 2, row->key_row);
	(void)sqlite3_bind_int64(put, 3, row->class_);
	(void)sqlite3_bind_int64(put, 4, row->hour);
	(void)sqlite3_bind_blob(put, 5, store->sealed, (int)(store->form.length + SK_SEAL_OVERHEAD_BYTES), SQLITE_STATIC);
	return SK_OK;
}

/* ---- the blind index ---- */

static int by_hash(const void *a, const void *b)
{
	return memcmp(((const struct sk_blind_entry *)a)->hash, ((const struct sk_blind_entry *)b)->hash, SK_BLIND_BYTES);
}

static void bind_blind(sqlite3_stmt *put, size_t place, const struct sk_blind_entry *entry)
{
	int first = (int)(3 * place);
	(void)sqlite3_bind_blob(put, first + 1, entry->hash, SK_BLIND_BYTES, SQLITE_STATIC);
	(void)sqlite3_bind_int64(put, first + 2, entry->target);
	(void)sqlite3_bind_int64(put, first + 3, entry->row);
}

/* Sorted, so that the tree is walked once from left to right instead of once a row; and many at once, so that each goes on from where the last one went in. */
static enum sk_err flush_blinds(struct sk_store *store, struct sk_fault *fault)
{
	const size_t many = (size_t)sqlite3_bind_parameter_count(store->statements[SK_SQL_BLINDS_PUT]) / 3;
	qsort(store->blinds, store->blind_count, sizeof store->blinds[0], by_hash);
	for (size_t i = 0; i < store->blind_count;) {
		size_t rows = store->blind_count - i >= many ? many : 1;
		sqlite3_stmt *put = sk_db_use(store, rows == many ? SK_SQL_BLINDS_PUT : SK_SQL_BLIND_PUT);
		for (size_t place = 0; place < rows; place++)
			bind_blind(put, place, &store->blinds[i++]);
		SK_TRY(sk_db_run(store, put, fault));
	}
	store->blind_count = 0;
	return SK_OK;
}

static enum sk_err put_blinds(struct sk_store *store, const struct sk_day_key *key, const struct sk_values *values, enum sk_store_target target,
			      int64_t row, struct sk_fault *fault)
{
	if (store->blind_count + values->count > SK_BLIND_BUFFER)
		SK_TRY(flush_blinds(store, fault));
	for (size_t i = 0; i < values->count; i++) {
		struct sk_blind_entry *entry = &store->blinds[store->blind_count++];
		*entry = (struct sk_blind_entry){.target = target, .row = row};
		sk_blind_hash(key, &values->values[i], entry->hash);
	}
	return SK_OK;
}

/* ---- observations ---- */

static enum sk_err put_hit(struct sk_store *store, const struct sk_observation *observation, struct sk_fault *fault)
{
	struct sk_day_key *key;
	struct sk_values values;
	struct sk_row row = {.target = SK_TARGET_OBSERVATION,
			     .class_ = observation->class_,
			     .hour = sk_store_hour(observation->first_ns),
			     .kind = observation->kind,
			     .selector = observation->hit_ids[0]};
	sk_buf_reset(&store->form);
	sk_observation_encode(observation, &store->form);
	if (store->form.failed != SK_OK)
		return sk_fault_set(fault, store->form.failed, "store: could not keep an observation");
	SK_TRY(sk_key_ring_write(&store->ring, store->basis, sk_store_day(observation->first_ns), &key, fault));
	sqlite3_stmt *put = sk_db_use(store, SK_SQL_OBSERVATION_PUT);
	SK_TRY(bind_row(store, put, &row, key, fault));
	(void)sqlite3_bind_int64(put, 6, row.kind);
	(void)sqlite3_bind_int64(put, 7, row.selector);
	SK_TRY(sk_db_run(store, put, fault));
	sk_values_of_observation(observation, &values);
	SK_TRY(put_blinds(store, key, &values, SK_TARGET_OBSERVATION, sqlite3_last_insert_rowid(store->db), fault));
	store->observations++;
	return SK_OK;
}

/* The first error of an interval stays: commit returns it, and nothing of the interval is kept. */
enum sk_err sk_store_stick(struct sk_store *store, enum sk_err err, const struct sk_fault *local, struct sk_fault *fault)
{
	if (err != SK_OK && store->failed == SK_OK) {
		store->failed = err;
		store->failed_fault = *local;
		store->failed_fault.err = err;
	}
	if (store->failed != SK_OK && fault != NULL)
		*fault = store->failed_fault;
	return store->failed;
}

/* Tell store->failed_fault's error; it sticks. */
__attribute__((noinline)) static enum sk_err refuse(struct sk_store *store, enum sk_err err, struct sk_fault *fault)
{
	if (store->failed == SK_OK)
		store->failed = store->failed_fault.err = err;
	return sk_store_stick(store, SK_OK, NULL, fault);
}

enum sk_err sk_store_put(struct sk_store *store, const struct sk_observation *observation, uint8_t *id, struct sk_fault *fault)
{
	SK_INVARIANT(store->open);
	if (id != NULL)
		sk_observation_id(observation, store->run_id, id);
	enum sk_err err = store->failed;
	if (SK_LIKELY(err == SK_OK))
		err = observation->kind == SK_OBSERVATION_FLOW ? sk_segment_put(store, observation, &store->failed_fault) : put_hit(store, observation, &store->failed_fault);
	return SK_LIKELY(err == SK_OK) ? SK_OK : refuse(store, err, fault);
}

enum sk_err sk_store_put_flow(struct sk_store *store, const struct sk_history *history, struct sk_fault *fault)
{
	SK_INVARIANT(store->open);
	enum sk_err err = SK_LIKELY(store->failed == SK_OK) ? sk_segment_put_plain(store, history, &store->failed_fault) : store->failed;
	return SK_LIKELY(err == SK_OK) ? SK_OK : refuse(store, err, fault);
}

/* ---- findings ---- */

void sk_fold_hash(const struct sk_day_key *key, const struct sk_finding *finding, uint8_t fold[SK_BLIND_BYTES])
{
	uint8_t bytes[1 + sizeof finding->kind + sizeof finding->matched + sizeof finding->subject];
	struct sk_out o = sk_out_of(bytes, sizeof bytes);
	sk_put_u8(&o, 0); /* no kind of value is 0: never equal to an index hash */
	sk_put_bytes(&o, finding->kind, strlen(finding->kind) + 1);
	sk_put_bytes(&o, finding->matched, strlen(finding->matched) + 1);
	sk_put_bytes(&o, &finding->subject, sizeof finding->subject);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	sk_keyed_hash(key->index_key, bytes, sk_out_length(&o), fold, SK_BLIND_BYTES);
}

static enum sk_err put_finding_row(struct sk_store *store, const struct sk_open_finding *open_finding, struct sk_fault *fault)
{
	const struct sk_finding *finding = &open_finding->finding;
	struct sk_day_key *key;
	struct sk_values values;
	struct sk_row row = {.target = SK_TARGET_FINDING,
			     .class_ = finding->class_,
			     .hour = sk_store_hour(finding->first_ns),
			     .severity = finding->severity,
			     .count = (int64_t)finding->count};
	memcpy(row.finding_kind, finding->kind, sizeof row.finding_kind);
	memcpy(row.fold, open_finding->fold, sizeof row.fold);
	SK_TRY(sk_key_ring_write(&store->ring, store->basis, sk_store_day(finding->first_ns), &key, fault));
	sk_buf_reset(&store->form);
	sk_finding_encode(finding, &store->form);
	if (store->form.failed != SK_OK)
		return sk_fault_set(fault, store->form.failed, "store: out of memory");
	sqlite3_stmt *put = sk_db_use(store, SK_SQL_FINDING_PUT);
	SK_TRY(bind_row(store, put, &row, key, fault));
	(void)sqlite3_bind_text(put, 6, row.finding_kind, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(put, 7, row.severity);
	(void)sqlite3_bind_int64(put, 8, row.count);
	(void)sqlite3_bind_blob(put, 9, row.fold, SK_BLIND_BYTES, SQLITE_STATIC);
	SK_TRY(sk_db_run(store, put, fault));
	int64_t row_id = sqlite3_last_insert_rowid(store->db);
	sk_values_of_finding(finding, &values);
	SK_TRY(put_blinds(store, key, &values, SK_TARGET_FINDING, row_id, fault));
	sk_values_of_finding_id(finding->id, &values);
	SK_TRY(put_blinds(store, key, &values, SK_TARGET_FINDING, row_id, fault));
	store->findings++;
	return SK_OK;
}

static enum sk_err flush_findings(struct sk_store *store, struct sk_fault *fault)
{
	for (size_t i = 0; i < store->finding_count; i++)
		SK_TRY(put_finding_row(store, &store->open_findings[i], fault));
	sk_wipe(store->open_findings, store->finding_count * sizeof store->open_findings[0]);
	memset(store->finding_slots, 0, sizeof store->finding_slots);
	store->finding_count = 0;
	return SK_OK;
}

static enum sk_err put_finding(struct sk_store *store, const struct sk_finding *finding, struct sk_fault *fault)
{
	struct sk_day_key *key;
	uint8_t fold[SK_BLIND_BYTES];
	uint32_t at;
	int32_t day = sk_store_day(finding->first_ns);
	SK_TRY(sk_key_ring_write(&store->ring, store->basis, day, &key, fault));
	sk_fold_hash(key, finding, fold);
	if (store->finding_count == SK_FINDINGS_OPEN)
		SK_TRY(flush_findings(store, fault));
	memcpy(&at, fold, sizeof at);
	for (;; at++) {
		uint16_t *slot = &store->finding_slots[at % SK_COUNT(store->finding_slots)];
		if (*slot == 0) {
			struct sk_open_finding *fresh = &store->open_findings[store->finding_count++];
			fresh->finding = *finding;
			memcpy(fresh->fold, fold, sizeof fold);
			*slot = (uint16_t)store->finding_count;
			return SK_OK;
		}
		struct sk_open_finding *known = &store->open_findings[*slot - 1];
		if (memcmp(known->fold, fold, sizeof fold) == 0) {
			sk_finding_fold(&known->finding, finding);
			return SK_OK;
		}
	}
}

enum sk_err sk_store_put_finding(struct sk_store *store, const struct sk_finding *finding, struct sk_fault *fault)
{
	struct sk_fault local = {.line = "store: could not keep a finding"};
	SK_INVARIANT(store->open);
	enum sk_err err = store->failed == SK_OK ? put_finding(store, finding, &local) : SK_OK;
	return sk_store_stick(store, err, &local, fault);
}

/* ---- intervals ---- */

static enum sk_err interval_exists(struct sk_store *store, uint64_t interval, bool *exists, struct sk_fault *fault)
{
	sqlite3_stmt *find = sk_db_use(store, SK_SQL_INTERVAL_FIND);
	(void)sqlite3_bind_int64(find, 1, (int64_t)interval);
	SK_TRY(sk_db_row(store, find, exists, fault));
	(void)sqlite3_reset(find);
	return SK_OK;
}

enum sk_err sk_store_begin(struct sk_store *store, uint64_t interval, const uint8_t run_id[16], struct sk_fault *fault)
{
	bool exists;
	SK_INVARIANT(!store->open && !store->read_only && interval <= INT64_MAX);
	/* A day may have been erased while its key was in use here: from now on it has another. */
	sk_key_ring_forget_gone(&store->ring);
	SK_TRY(sk_db_exec(store, "BEGIN IMMEDIATE", fault));
	enum sk_err err = interval_exists(store, interval, &exists, fault);
	if (err == SK_OK && exists)
		err = sk_fault_set(fault, SK_EEXIST, "%s: interval %" PRIu64 " is committed already; roll back what is newer than the ledger first",
				   store->db_path, interval);
	if (err != SK_OK) {
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
		return err;
	}
	store->open = true;
	store->interval = interval;
	memcpy(store->run_id, run_id, sizeof store->run_id);
	store->failed = SK_OK;
	store->observations = store->findings = store->flows = 0;
	store->blind_count = store->finding_count = 0;
	store->block_count = 0;
	memset(store->finding_slots, 0, sizeof store->finding_slots);
	return SK_OK;
}

enum sk_err sk_store_settle(struct sk_store *store, struct sk_fault *fault)
{
	if (!store->open || store->failed != SK_OK)
		return SK_OK;
	SK_TRY(flush_findings(store, fault));
	SK_TRY(flush_blinds(store, fault));
	return SK_OK;
}

/* Other intervals count now than before: the heads of the findings in those that a statement names are made anew. */
static enum sk_err remake_heads(struct sk_store *store, enum sk_statement touch, const uint8_t *bytes, size_t length, struct sk_fault *fault)
{
	static const enum sk_statement after[] = {SK_SQL_HEADS_DROP, SK_SQL_HEADS_MAKE, SK_SQL_TOUCH_NONE};
	sqlite3_stmt *touched = sk_db_use(store, touch);
	(void)sqlite3_bind_blob(touched, 1, bytes, (int)length, SQLITE_STATIC);
	SK_TRY(sk_db_run(store, touched, fault));
	for (size_t i = 0; i < SK_COUNT(after); i++)
		SK_TRY(sk_db_run(store, sk_db_use(store, after[i]), fault));
	return SK_OK;
}

static enum sk_err commit(struct sk_store *store, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	SK_TRY(sk_store_settle(store, fault));
	/* The blocks are on disk before the rows that speak of them, and both before the ledger leaf that speaks of the digest. */
	SK_TRY(sk_segment_finish(store, fault));
	SK_TRY(sk_store_compute_digest(store, store->interval, store->run_id, false, digest, fault));
	sqlite3_stmt *put = sk_db_use(store, SK_SQL_INTERVAL_PUT);
	(void)sqlite3_bind_int64(put, 1, (int64_t)store->interval);
	(void)sqlite3_bind_blob(put, 2, store->run_id, sizeof store->run_id, SQLITE_STATIC);
	(void)sqlite3_bind_blob(put, 3, digest, SK_HASH_BYTES, SQLITE_STATIC);
	(void)sqlite3_bind_int64(put, 4, (int64_t)store->observations);
	(void)sqlite3_bind_int64(put, 5, (int64_t)store->findings);
	(void)sqlite3_bind_int64(put, 6, (int64_t)store->flows);
	(void)sqlite3_bind_blob(put, 7, store->asked, (int)store->asked_length, SQLITE_STATIC);
	SK_TRY(sk_db_run(store, put, fault));
	sqlite3_stmt *heads = sk_db_use(store, SK_SQL_HEADS_ADD);
	(void)sqlite3_bind_int64(heads, 1, (int64_t)store->interval);
	SK_TRY(sk_db_run(store, heads, fault));
	sqlite3_stmt *hide = sk_db_use(store, SK_SQL_HIDE_EARLIER);
	(void)sqlite3_bind_blob(hide, 1, store->asked, (int)store->asked_length, SQLITE_STATIC);
	(void)sqlite3_bind_blob(hide, 2, store->run_id, sizeof store->run_id, SQLITE_STATIC);
	SK_TRY(sk_db_run(store, hide, fault));
	if (store->asked_length != 0 && sqlite3_changes(store->db) != 0)
		SK_TRY(remake_heads(store, SK_SQL_TOUCH_ASKED, store->asked, store->asked_length, fault));
	return sk_db_exec(store, "COMMIT", fault);
}

enum sk_err sk_store_commit(struct sk_store *store, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_fault local = {.line = "store: could not commit"};
	SK_INVARIANT(store->open);
	enum sk_err err = sk_store_stick(store, store->failed == SK_OK ? commit(store, digest, &local) : SK_OK, &local, fault);
	if (err != SK_OK) {
		abandon(store);
		return err;
	}
	store->open = false;
	return SK_OK;
}

static enum sk_err drop_rows(struct sk_store *store, uint64_t first, struct sk_fault *fault)
{
	/* The index goes first: it is found through the rows. So is which heads are to be made anew. */
	static const enum sk_statement drops[] = {SK_SQL_TOUCH_FROM,    SK_SQL_DROP_BLIND,     SK_SQL_DROP_ORIGINALS, SK_SQL_DROP_OBSERVATIONS, SK_SQL_DROP_FINDINGS,
						  SK_SQL_DROP_BLOCKS,   SK_SQL_DROP_INTERVALS, SK_SQL_HEADS_DROP,     SK_SQL_HEADS_MAKE,        SK_SQL_TOUCH_NONE};
	for (size_t i = 0; i < SK_COUNT(drops); i++) {
		sqlite3_stmt *drop = sk_db_use(store, drops[i]);
		if (sqlite3_bind_parameter_count(drop) != 0)
			(void)sqlite3_bind_int64(drop, 1, (int64_t)first);
		SK_TRY(sk_db_run(store, drop, fault));
	}
	return sk_db_exec(store, "COMMIT", fault);
}

enum sk_err sk_store_roll_back(struct sk_store *store, uint64_t last_committed_interval, bool none_committed, uint64_t *rows, struct sk_fault *fault)
{
	uint64_t first = none_committed ? 0 : last_committed_interval + 1;
	bool more;
	SK_INVARIANT(!store->open && !store->read_only);
	sqlite3_stmt *count = sk_db_use(store, SK_SQL_COUNT_FROM);
	(void)sqlite3_bind_int64(count, 1, (int64_t)first);
	SK_TRY(sk_db_row(store, count, &more, fault));
	*rows = (uint64_t)sqlite3_column_int64(count, 0);
	bool any = sqlite3_column_int64(count, 1) != 0;
	(void)sqlite3_reset(count);
	if (any) {
		SK_TRY(sk_db_exec(store, "BEGIN IMMEDIATE", fault));
		enum sk_err err = drop_rows(store, first, fault);
		if (err != SK_OK) {
			(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
			return err;
		}
	}
	/* Files last: a block without its row is only waste, a row without its block would be damage. */
	return sk_segment_drop(store, first, fault);
}

/* ---- inputs ---- */

void sk_store_set_input(struct sk_store *store, const uint8_t asked[SK_HASH_BYTES])
{
	store->asked_length = asked != NULL ? SK_HASH_BYTES : 0;
	if (asked != NULL)
		memcpy(store->asked, asked, SK_HASH_BYTES);
}

enum sk_err sk_store_seen(struct sk_store *store, const uint8_t asked[SK_HASH_BYTES], bool *seen, struct sk_fault *fault)
{
	sqlite3_stmt *find = sk_db_use(store, SK_SQL_INPUT_FIND);
	(void)sqlite3_bind_blob(find, 1, asked, SK_HASH_BYTES, SQLITE_STATIC);
	SK_TRY(sk_db_row(store, find, seen, fault));
	(void)sqlite3_reset(find);
	return SK_OK;
}

static enum sk_err complete_run(struct sk_store *store, const uint8_t run_id[16], const uint8_t (*digests)[SK_HASH_BYTES], size_t count,
				struct sk_fault *fault)
{
	static const enum sk_statement steps[] = {SK_SQL_RUN_INPUTS, SK_SQL_RUN_HIDE_OTHERS, SK_SQL_RUN_SHOW};
	bool changed = false; /* does an interval count now that did not before, or the other way round? */
	for (size_t i = 0; i < SK_COUNT(steps); i++) {
		sqlite3_stmt *step = sk_db_use(store, steps[i]);
		(void)sqlite3_bind_blob(step, 1, run_id, 16, SQLITE_STATIC);
		SK_TRY(sk_db_run(store, step, fault));
		changed = changed || (steps[i] != SK_SQL_RUN_INPUTS && sqlite3_changes(store->db) != 0);
	}
	if (changed)
		SK_TRY(remake_heads(store, SK_SQL_TOUCH_RUN, run_id, 16, fault));
	for (size_t i = 0; i < count; i++) {
		sqlite3_stmt *put = sk_db_use(store, SK_SQL_INPUT_PUT);
		(void)sqlite3_bind_blob(put, 1, digests[i], SK_HASH_BYTES, SQLITE_STATIC);
		(void)sqlite3_bind_blob(put, 2, run_id, 16, SQLITE_STATIC);
		SK_TRY(sk_db_run(store, put, fault));
	}
	return sk_db_exec(store, "COMMIT", fault);
}

enum sk_err sk_store_run_done(struct sk_store *store, const uint8_t run_id[16], const uint8_t (*digests)[SK_HASH_BYTES], size_t count,
			      struct sk_fault *fault)
{
	abandon(store);
	SK_TRY(sk_db_exec(store, "BEGIN IMMEDIATE", fault));
	enum sk_err err = complete_run(store, run_id, digests, count, fault);
	if (err != SK_OK)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

/* ---- totals ---- */

static uint64_t file_bytes(const char *path, const char *suffix)
{
	char name[SK_PATH_MAX + 8];
	struct stat info;
	(void)snprintf(name, sizeof name, "%s%s", path, suffix);
	return stat(name, &info) == 0 ? (uint64_t)info.st_size : 0;
}

enum sk_err sk_store_totals(struct sk_store *store, struct sk_store_totals *out, struct sk_fault *fault)
{
	bool more;
	*out = (struct sk_store_totals){.bytes_on_disk = file_bytes(store->db_path, "") + file_bytes(store->db_path, "-wal")};
	sqlite3_stmt *totals = sk_db_use(store, SK_SQL_TOTALS);
	SK_TRY(sk_db_row(store, totals, &more, fault));
	out->observations = (uint64_t)sqlite3_column_int64(totals, 0);
	out->flows = (uint64_t)sqlite3_column_int64(totals, 1);
	out->findings = (uint64_t)sqlite3_column_int64(totals, 2);
	out->intervals = (uint64_t)sqlite3_column_int64(totals, 3);
	(void)sqlite3_reset(totals);
	sqlite3_stmt *blocks = sk_db_use(store, SK_SQL_BLOCK_TOTALS);
	SK_TRY(sk_db_row(store, blocks, &more, fault));
	out->bytes_on_disk += (uint64_t)sqlite3_column_int64(blocks, 0);
	(void)sqlite3_reset(blocks);
	return SK_OK;
}

void sk_store_unread(struct sk_store *store, struct sk_store_unread *out)
{
	*out = (struct sk_store_unread){.erased = store->erased, .locked = store->locked, .refused_keys = store->ring.refused};
	store->erased = store->locked = store->ring.refused = 0;
}
