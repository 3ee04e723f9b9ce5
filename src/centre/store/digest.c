/* SPDX-License-Identifier: Apache-2.0 */
/* The digest of an interval: over every clear column and sealed blob of its rows and every block of its file, in the order in which they were
   written. The ledger leaf carries it; so a row that was changed, taken away or added later is seen by whoever has the ledger. */
#include <inttypes.h>
#include <string.h>

#include "store/store_priv.h"

enum { TAG_OBSERVATION = 'o', TAG_FINDING = 'f', TAG_BLOCK = 'b', TAG_ORIGINAL = 'n' };

struct digesting {
	struct sk_store *store;
	struct sk_sha256 *hash;
	uint64_t interval;
	bool deep;
	uint64_t segment_bytes;
};

static void add_sized(struct sk_sha256 *hash, const void *bytes, size_t length)
{
	uint8_t size[4];
	struct sk_out o = sk_out_of(size, sizeof size);
	sk_put_be32(&o, (uint32_t)length);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	sk_sha256_add(hash, size, sizeof size);
	sk_sha256_add(hash, bytes, length);
}

static enum sk_err look_for_index(struct digesting *d, const struct sk_row *row, const struct sk_day_key *key, const struct sk_values *values,
				  struct sk_fault *fault)
{
	for (size_t i = 0; i < values->count; i++) {
		uint8_t hash[SK_BLIND_BYTES];
		bool found;
		sqlite3_stmt *find = sk_db_use(d->store, SK_SQL_BLIND_FIND);
		sk_blind_hash(key, &values->values[i], hash);
		(void)sqlite3_bind_blob(find, 1, hash, sizeof hash, SQLITE_STATIC);
		(void)sqlite3_bind_int64(find, 2, row->target);
		(void)sqlite3_bind_int64(find, 3, row->id);
		SK_TRY(sk_db_row(d->store, find, &found, fault));
		(void)sqlite3_reset(find);
		if (!found)
			return sk_fault_set(fault, SK_EINCONSISTENT,
					    "%s: row %" PRId64 " of interval %" PRIu64 " is not in the index: an index row was taken away",
					    d->store->db_path, row->id, row->interval);
	}
	return SK_OK;
}

/* With its key at hand a row must open, and be found by everything that it holds. Without, the digest alone speaks for it. */
static enum sk_err check_row(struct digesting *d, const struct sk_row *row, const uint8_t *sealed, size_t length, struct sk_fault *fault)
{
	struct sk_day_key *key;
	struct sk_values values;
	struct sk_observation observation;
	struct sk_finding finding;
	enum sk_err err = sk_key_ring_read(&d->store->ring, row->basis, row->day, row->key_id, &key, fault);
	if (err == SK_ENOENT || err == SK_EKEYSPLIT)
		return SK_OK;
	SK_TRY(err);
	SK_TRY(sk_row_unseal(d->store, row, key, sealed, length, fault));
	const struct sk_buf *form = &d->store->form;
	if (row->target == SK_TARGET_OBSERVATION) {
		err = sk_observation_decode(form->bytes, form->length, &observation);
		sk_values_of_observation(&observation, &values);
	} else {
		err = sk_finding_decode(form->bytes, form->length, &finding);
		sk_values_of_finding(&finding, &values);
	}
	if (err != SK_OK)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: row %" PRId64 " of interval %" PRIu64 " holds no valid record", d->store->db_path,
				    row->id, row->interval);
	SK_TRY(look_for_index(d, row, key, &values, fault));
	if (row->target == SK_TARGET_OBSERVATION)
		return SK_OK;
	sk_values_of_finding_id(finding.id, &values);
	return look_for_index(d, row, key, &values, fault);
}

static enum sk_err add_rows(struct digesting *d, enum sk_statement which, enum sk_store_target target, uint8_t tag, struct sk_fault *fault)
{
	sqlite3_stmt *rows = sk_db_use(d->store, which);
	(void)sqlite3_bind_int64(rows, 1, (int64_t)d->interval);
	for (;;) {
		struct sk_row row;
		const uint8_t *sealed;
		size_t length;
		uint8_t clear[SK_AAD_MAX];
		bool more;
		SK_TRY(sk_db_row(d->store, rows, &more, fault));
		if (!more)
			return SK_OK;
		SK_TRY(sk_row_of(d->store, rows, target, &row, &sealed, &length, fault));
		sk_sha256_add(d->hash, &tag, 1);
		add_sized(d->hash, clear, sk_row_aad(&row, clear));
		add_sized(d->hash, sealed, length);
		if (d->deep)
			SK_TRY(check_row(d, &row, sealed, length, fault));
	}
}

static enum sk_err add_originals(struct digesting *d, struct sk_fault *fault)
{
	static const uint8_t tag = TAG_ORIGINAL;
	sqlite3_stmt *rows = sk_db_use(d->store, SK_SQL_INTERVAL_ORIGINALS);
	(void)sqlite3_bind_int64(rows, 1, (int64_t)d->interval);
	for (bool more;;) {
		struct sk_original_row row = {.interval = d->interval};
		uint8_t clear[SK_AAD_MAX];
		SK_TRY(sk_db_row(d->store, rows, &more, fault));
		if (!more)
			return SK_OK;
		row.day = (int32_t)sqlite3_column_int64(rows, 4);
		const void *sealed = sqlite3_column_blob(rows, 2);
		if (sealed == NULL || !sk_db_blob(rows, 0, row.token, sizeof row.token) || !sk_db_blob(rows, 1, row.tag, sizeof row.tag) ||
		    !sk_db_text(rows, 3, row.basis, sizeof row.basis) || !sk_db_blob(rows, 5, row.key_id, sizeof row.key_id))
			return sk_fault_set(fault, SK_EINCONSISTENT, "%s: an original of interval %" PRIu64 " is malformed", d->store->db_path, d->interval);
		sk_sha256_add(d->hash, &tag, 1);
		add_sized(d->hash, clear, sk_original_aad(&row, clear));
		add_sized(d->hash, sealed, (size_t)sqlite3_column_bytes(rows, 2));
	}
}

static enum sk_err add_block(struct digesting *d, struct sk_block *block, struct sk_buf *bytes, struct sk_fault *fault)
{
	uint8_t clear[SK_AAD_MAX];
	struct sk_out o = sk_out_of(clear, sizeof clear);
	sk_put_u8(&o, TAG_BLOCK);
	sk_put_be32(&o, block->number);
	sk_put_be32(&o, block->flows);
	sk_put_be64(&o, block->offset);
	sk_put_be64(&o, block->length);
	sk_put_bytes(&o, block->digest, sizeof block->digest);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	add_sized(d->hash, clear, sk_out_length(&o));
	if (block->offset != d->segment_bytes)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: flow block %u of interval %" PRIu64 " does not follow the one before it",
				    d->store->db_path, block->number, d->interval);
	d->segment_bytes += block->length;
	return d->deep ? sk_block_read(d->store, block, bytes, fault) : SK_OK;
}

static enum sk_err add_blocks(struct digesting *d, struct sk_fault *fault)
{
	sqlite3_stmt *rows = sk_db_use(d->store, SK_SQL_INTERVAL_BLOCKS);
	struct sk_buf bytes;
	enum sk_err err;
	bool any = false;
	(void)sqlite3_bind_int64(rows, 1, (int64_t)d->interval);
	sk_buf_init(&bytes, 2 * SK_BLOCK_PLAIN_MAX);
	d->segment_bytes = SK_SEGMENT_HEAD_BYTES;
	for (bool more;; any = true) {
		struct sk_block block;
		err = sk_db_row(d->store, rows, &more, fault);
		if (err != SK_OK || !more)
			break;
		err = sk_block_of_row(d->store, rows, &block, fault);
		if (err == SK_OK)
			err = add_block(d, &block, &bytes, fault);
		if (err != SK_OK)
			break;
	}
	sk_buf_fini(&bytes);
	if (err == SK_OK && d->deep)
		err = sk_segment_check_size(d->store, d->interval, any ? d->segment_bytes : 0, fault);
	return err;
}

enum sk_err sk_store_compute_digest(struct sk_store *store, uint64_t interval, const uint8_t run_id[16], bool deep, uint8_t digest[SK_HASH_BYTES],
				    struct sk_fault *fault)
{
	static const char label[] = "sekisho store interval 1";
	uint8_t start[8 + 16];
	struct sk_out o = sk_out_of(start, sizeof start);
	struct digesting d = {.store = store, .hash = sk_sha256_new(), .interval = interval, .deep = deep};
	if (d.hash == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
	sk_put_be64(&o, interval);
	sk_put_bytes(&o, run_id, 16);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	sk_sha256_add(d.hash, label, sizeof label);
	sk_sha256_add(d.hash, start, sizeof start);
	enum sk_err err = add_rows(&d, SK_SQL_INTERVAL_OBSERVATIONS, SK_TARGET_OBSERVATION, TAG_OBSERVATION, fault);
	if (err == SK_OK)
		err = add_rows(&d, SK_SQL_INTERVAL_FINDINGS, SK_TARGET_FINDING, TAG_FINDING, fault);
	if (err == SK_OK)
		err = add_originals(&d, fault);
	if (err == SK_OK)
		err = add_blocks(&d, fault);
	if (err == SK_OK)
		sk_sha256_take(d.hash, digest);
	sk_sha256_free(d.hash);
	return err;
}

/* Run and digest of a committed interval, as its row says. */
static enum sk_err row_of(struct sk_store *store, uint64_t interval, uint8_t run_id[16], uint8_t stored[SK_HASH_BYTES], struct sk_fault *fault)
{
	bool found;
	sqlite3_stmt *find = sk_db_use(store, SK_SQL_INTERVAL_FIND);
	(void)sqlite3_bind_int64(find, 1, (int64_t)interval);
	SK_TRY(sk_db_row(store, find, &found, fault));
	bool whole = found && sk_db_blob(find, 0, run_id, 16) && sk_db_blob(find, 1, stored, SK_HASH_BYTES);
	(void)sqlite3_reset(find);
	if (!found)
		return sk_fault_set(fault, SK_ENOENT, "%s: has no interval %" PRIu64, store->db_path, interval);
	return whole ? SK_OK : sk_fault_set(fault, SK_EINCONSISTENT, "%s: the row of interval %" PRIu64 " is malformed", store->db_path, interval);
}

/* The heads of the interval's findings must be what their rows fold to: a finding whose head was taken away would be on no page. */
static enum sk_err check_heads(struct sk_store *store, uint64_t interval, struct sk_fault *fault)
{
	bool differs;
	sqlite3_stmt *heads = sk_db_use(store, SK_SQL_HEADS_DIFFER);
	(void)sqlite3_bind_int64(heads, 1, (int64_t)interval);
	SK_TRY(sk_db_row(store, heads, &differs, fault));
	(void)sqlite3_reset(heads);
	return !differs ? SK_OK
			: sk_fault_set(fault, SK_EINCONSISTENT, "%s: a finding of interval %" PRIu64 " is folded to another head than its rows give: a head was altered or taken away",
				       store->db_path, interval);
}

enum sk_err sk_store_digest(struct sk_store *store, uint64_t interval, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	uint8_t run_id[16], stored[SK_HASH_BYTES];
	SK_TRY(row_of(store, interval, run_id, stored, fault));
	SK_TRY(sk_store_compute_digest(store, interval, run_id, true, digest, fault));
	if (memcmp(stored, digest, sizeof stored) != 0)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: the rows of interval %" PRIu64 " are not those that were committed", store->db_path,
				    interval);
	return check_heads(store, interval, fault);
}

enum sk_err sk_store_digest_of(struct sk_store *store, uint64_t interval, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	uint8_t run_id[16];
	return row_of(store, interval, run_id, digest, fault);
}

enum sk_err sk_store_next(struct sk_store *store, uint64_t *interval, struct sk_fault *fault)
{
	bool any;
	sqlite3_stmt *last = sk_db_use(store, SK_SQL_INTERVAL_LAST);
	SK_TRY(sk_db_row(store, last, &any, fault));
	*interval = any ? (uint64_t)sqlite3_column_int64(last, 0) + 1 : 0;
	(void)sqlite3_reset(last);
	return SK_OK;
}

enum sk_err sk_store_find(struct sk_store *store, const uint8_t digest[SK_HASH_BYTES], uint64_t *interval, bool *found, struct sk_fault *fault)
{
	sqlite3_stmt *find = sk_db_use(store, SK_SQL_INTERVAL_OF_DIGEST);
	(void)sqlite3_bind_blob(find, 1, digest, SK_HASH_BYTES, SQLITE_STATIC);
	SK_TRY(sk_db_row(store, find, found, fault));
	*interval = *found ? (uint64_t)sqlite3_column_int64(find, 0) : 0;
	(void)sqlite3_reset(find);
	return SK_OK;
}
