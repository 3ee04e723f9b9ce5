/* SPDX-License-Identifier: Apache-2.0 */
/* An envelope: "SKORIG01", how many custodians, how many are needed, of each its key id, whether a privacy officer's, and its box; then the value, sealed. */
#include <stdlib.h>
#include <string.h>

#include "store/original.h"
#include "store/store_priv.h"

static const char envelope_mark[] = "SKORIG01";
enum { PLAIN_PART = SK_SHARE_BYTES, PRIVACY_PART = SK_SHARE_BYTES + SK_KEY_BYTES };
_Static_assert((int)PRIVACY_PART <= (int)SK_PART_MAX, "a part has room");
_Static_assert(8 + 2 + SK_CUSTODIANS_MAX * (5 + PRIVACY_PART + SK_BOX_OVERHEAD_BYTES) + SK_ORIGINAL_MAX + SK_SEAL_OVERHEAD_BYTES <= SK_ENVELOPE_MAX, "an envelope has room");

enum sk_err sk_custodians_check(const struct sk_custodians *custodians, unsigned least, struct sk_fault *fault)
{
	bool officer = false;
	if (custodians->needed < least || custodians->needed > custodians->count || custodians->count > SK_CUSTODIANS_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "custodians: %u of %u; at least %u must be needed, and there may be %d", custodians->needed, custodians->count, least, SK_CUSTODIANS_MAX);
	for (unsigned i = 0; i < custodians->count; i++) {
		officer = officer || custodians->privacy[i];
		if (!sk_box_fits(&custodians->keys[i]))
			return sk_fault_set(fault, SK_EUSAGE, "custodian %s: this kind of key signs and cannot open; a note key is needed", custodians->keys[i].name);
		for (unsigned j = 0; j < i; j++)
			if (memcmp(custodians->keys[i].public_key, custodians->keys[j].public_key, SK_PUBLIC_KEY_MAX) == 0)
				return sk_fault_set(fault, SK_EUSAGE, "custodian %s: the key stands there twice; two shares in one hand are one person", custodians->keys[i].name);
	}
	return officer ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "custodians: none of them is a privacy officer, and without one nothing is ever opened");
}

/* ---- sealing ---- */

/* P, Q, and the key that they make. */
struct split_key {
	uint8_t p[SK_KEY_BYTES], q[SK_KEY_BYTES], key[SK_KEY_BYTES];
};

static void join_halves(struct split_key *halves)
{
	for (unsigned i = 0; i < SK_KEY_BYTES; i++)
		halves->key[i] = halves->p[i] ^ halves->q[i];
}

static enum sk_err put_boxes(const struct sk_custodians *custodians, const struct split_key *halves, struct sk_out *o)
{
	struct sk_share shares[SK_SHARES_MAX];
	uint8_t part[PRIVACY_PART], box[PRIVACY_PART + SK_BOX_OVERHEAD_BYTES];
	enum sk_err err = SK_OK;
	sk_share_split(halves->q, custodians->needed, custodians->count, shares);
	for (unsigned i = 0; i < custodians->count && err == SK_OK; i++) {
		size_t length = custodians->privacy[i] ? PRIVACY_PART : PLAIN_PART;
		memcpy(part, &shares[i], SK_SHARE_BYTES);
		memcpy(part + SK_SHARE_BYTES, halves->p, SK_KEY_BYTES);
		err = sk_box_seal(&custodians->keys[i], part, length, box);
		sk_put_be32(o, custodians->keys[i].id);
		sk_put_u8(o, custodians->privacy[i]);
		sk_put_bytes(o, box, length + SK_BOX_OVERHEAD_BYTES);
	}
	sk_wipe(shares, sizeof shares);
	sk_wipe(part, sizeof part);
	return err;
}

static enum sk_err make_envelope(const struct sk_custodians *custodians, const char *value, uint8_t out[SK_ENVELOPE_MAX], size_t *length)
{
	struct split_key halves;
	uint8_t sealed[SK_ORIGINAL_MAX + SK_SEAL_OVERHEAD_BYTES], padded[SK_ORIGINAL_MAX] = {0};
	struct sk_out o = sk_out_of(out, SK_ENVELOPE_MAX);
	sk_random(halves.p, sizeof halves.p);
	sk_random(halves.q, sizeof halves.q);
	join_halves(&halves);
	sk_put_bytes(&o, envelope_mark, 8);
	sk_put_u8(&o, (uint8_t)custodians->count);
	sk_put_u8(&o, (uint8_t)custodians->needed);
	enum sk_err err = put_boxes(custodians, &halves, &o);
	/* Always of one length: how long a name is would tell something of it. */
	memcpy(padded, value, strnlen(value, SK_ORIGINAL_MAX - 1));
	sk_seal(halves.key, envelope_mark, 8, padded, sizeof padded, sealed);
	sk_put_bytes(&o, sealed, sizeof sealed);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	*length = sk_out_length(&o);
	sk_wipe(&halves, sizeof halves);
	sk_wipe(padded, sizeof padded);
	return err;
}

/* ---- rows ---- */

static void token_hash(const struct sk_day_key *key, const char *token, uint8_t hash[SK_BLIND_BYTES])
{
	static const char label[] = "original";
	uint8_t bytes[sizeof label + SK_ORIGINAL_MAX];
	size_t length = strnlen(token, SK_ORIGINAL_MAX - 1);
	memcpy(bytes, label, sizeof label);
	memcpy(bytes + sizeof label, token, length);
	sk_keyed_hash(key->index_key, bytes, sizeof label + length, hash, SK_BLIND_BYTES);
}

size_t sk_original_aad(const struct sk_original_row *row, uint8_t aad[SK_AAD_MAX])
{
	static const char label[] = "sekisho store original 1";
	struct sk_out o = sk_out_of(aad, SK_AAD_MAX);
	sk_put_bytes(&o, label, sizeof label);
	sk_put_be64(&o, row->interval);
	sk_put_u8(&o, (uint8_t)strlen(row->basis));
	sk_put_bytes(&o, row->basis, strlen(row->basis));
	sk_put_be32(&o, (uint32_t)row->day);
	sk_put_bytes(&o, row->key_id, sizeof row->key_id);
	sk_put_bytes(&o, row->token, sizeof row->token);
	sk_put_bytes(&o, row->tag, sizeof row->tag);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	return sk_out_length(&o);
}

static enum sk_err is_there(struct sk_store *store, int64_t key_row, const struct sk_original_row *row, bool *there, struct sk_fault *fault)
{
	sqlite3_stmt *find = sk_db_use(store, SK_SQL_ORIGINAL_FIND);
	(void)sqlite3_bind_int64(find, 1, key_row);
	(void)sqlite3_bind_blob(find, 2, row->token, sizeof row->token, SQLITE_STATIC);
	(void)sqlite3_bind_blob(find, 3, row->tag, sizeof row->tag, SQLITE_STATIC);
	SK_TRY(sk_db_row(store, find, there, fault));
	(void)sqlite3_reset(find);
	return SK_OK;
}

static enum sk_err put(struct sk_store *store, const struct sk_original *original, struct sk_fault *fault)
{
	struct sk_day_key *key;
	struct sk_original_row row = {.interval = store->interval, .day = sk_store_day(original->time_ns)};
	uint8_t aad[SK_AAD_MAX], envelope[SK_ENVELOPE_MAX], sealed[SK_ENVELOPE_MAX + SK_SEAL_OVERHEAD_BYTES];
	size_t length;
	int64_t key_row;
	bool there;
	SK_TRY(sk_key_ring_write(&store->ring, store->basis, row.day, &key, fault));
	memcpy(row.basis, key->basis, sizeof row.basis);
	memcpy(row.key_id, key->id, sizeof row.key_id);
	memcpy(row.tag, original->tag, sizeof row.tag);
	token_hash(key, original->token, row.token);
	SK_TRY(sk_db_key_row(store, key, &key_row, fault));
	SK_TRY(is_there(store, key_row, &row, &there, fault));
	if (there)
		return SK_OK;
	enum sk_err err = make_envelope(&store->custodians, original->value, envelope, &length);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "store: a custodian's key cannot open what is sealed to it");
	sk_seal(key->key, aad, sk_original_aad(&row, aad), envelope, length, sealed);
	sqlite3_stmt *insert = sk_db_use(store, SK_SQL_ORIGINAL_PUT);
	(void)sqlite3_bind_int64(insert, 1, key_row);
	(void)sqlite3_bind_blob(insert, 2, row.token, sizeof row.token, SQLITE_STATIC);
	(void)sqlite3_bind_blob(insert, 3, row.tag, sizeof row.tag, SQLITE_STATIC);
	(void)sqlite3_bind_int64(insert, 4, (int64_t)row.interval);
	(void)sqlite3_bind_blob(insert, 5, sealed, (int)(length + SK_SEAL_OVERHEAD_BYTES), SQLITE_STATIC);
	return sk_db_run(store, insert, fault);
}

enum sk_err sk_store_put_original(struct sk_store *store, const struct sk_original *original, struct sk_fault *fault)
{
	struct sk_fault local;
	SK_INVARIANT(store->open);
	if (!store->keeps_originals || store->failed != SK_OK)
		return store->failed;
	enum sk_err err = put(store, original, &local);
	return err == SK_OK ? SK_OK : sk_store_stick(store, err, &local, fault);
}

/* ---- reading ---- */

struct finding {
	struct sk_store *store;
	const char *token;
	sk_envelope_visit visit;
	void *context;
	bool found, gone, locked;
};

static enum sk_err envelopes_of_key(struct finding *to, const struct sk_day_key *key, int64_t key_row, struct sk_fault *fault)
{
	struct sk_original_row row = {.day = key->day};
	uint8_t aad[SK_AAD_MAX], envelope[SK_ENVELOPE_MAX];
	memcpy(row.basis, key->basis, sizeof row.basis);
	memcpy(row.key_id, key->id, sizeof row.key_id);
	token_hash(key, to->token, row.token);
	sqlite3_stmt *rows = sk_db_use(to->store, SK_SQL_ORIGINALS_OF);
	(void)sqlite3_bind_int64(rows, 1, key_row);
	(void)sqlite3_bind_blob(rows, 2, row.token, sizeof row.token, SQLITE_STATIC);
	enum sk_err err = SK_OK;
	for (bool more; err == SK_OK;) {
		SK_TRY(sk_db_row(to->store, rows, &more, fault));
		if (!more)
			return SK_OK;
		row.interval = (uint64_t)sqlite3_column_int64(rows, 1);
		const uint8_t *sealed = sqlite3_column_blob(rows, 2);
		size_t length = (size_t)sqlite3_column_bytes(rows, 2);
		if (!sk_db_blob(rows, 0, row.tag, sizeof row.tag) || sealed == NULL || length < SK_SEAL_OVERHEAD_BYTES || length > sizeof envelope + SK_SEAL_OVERHEAD_BYTES ||
		    sk_unseal(key->key, aad, sk_original_aad(&row, aad), sealed, length, envelope) != SK_OK)
			err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: the original of a token does not open under its key: it was altered", to->store->db_path);
		to->found = true;
		if (err == SK_OK)
			err = to->visit(to->context, row.tag, envelope, length - SK_SEAL_OVERHEAD_BYTES);
	}
	(void)sqlite3_reset(rows);
	return err;
}

enum { KEYS_OF_DAY_MAX = 4096 };

/* The ids first: visitors may use the store. */
static enum sk_err keys_of_day(struct sk_store *store, int32_t day, struct sk_original_key *keys, size_t *count, struct sk_fault *fault)
{
	sqlite3_stmt *rows = sk_db_use(store, SK_SQL_KEYS);
	(void)sqlite3_bind_int64(rows, 1, day);
	(void)sqlite3_bind_int64(rows, 2, day);
	for (bool more;;) {
		SK_TRY(sk_db_row(store, rows, &more, fault));
		if (!more)
			return SK_OK;
		if (*count == KEYS_OF_DAY_MAX) {
			(void)sqlite3_reset(rows);
			return sk_fault_set(fault, SK_ETOOBIG, "%s: a day has more than %d keys", store->db_path, KEYS_OF_DAY_MAX);
		}
		struct sk_original_key *key = &keys[(*count)++];
		key->row = sqlite3_column_int64(rows, 0);
		if (!sk_db_text(rows, 1, key->basis, sizeof key->basis) || !sk_db_blob(rows, 3, key->id, sizeof key->id))
			return sk_fault_set(fault, SK_EINCONSISTENT, "%s: a row of table sealing_key is malformed", store->db_path);
	}
}

static enum sk_err look(struct finding *to, int32_t day, const struct sk_original_key *keys, size_t count, struct sk_fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		struct sk_day_key *key;
		enum sk_err err = sk_key_ring_read(&to->store->ring, keys[i].basis, day, keys[i].id, &key, fault);
		to->gone = to->gone || err == SK_ENOENT;
		to->locked = to->locked || err == SK_EKEYSPLIT;
		if (err == SK_ENOENT || err == SK_EKEYSPLIT)
			continue;
		SK_TRY(err);
		struct sk_day_key copy = *key;
		err = envelopes_of_key(to, &copy, keys[i].row, fault); /* whatever the visitor says is said: an officer who is no custodian gives no empty part */
		sk_wipe(&copy, sizeof copy);
		SK_TRY(err);
	}
	return SK_OK;
}

enum sk_err sk_store_originals(struct sk_store *store, int64_t time_ns, const char *token, sk_envelope_visit visit, void *context, struct sk_fault *fault)
{
	struct finding to = {.store = store, .token = token, .visit = visit, .context = context};
	size_t count = 0;
	struct sk_original_key *keys = calloc(KEYS_OF_DAY_MAX, sizeof *keys);
	if (keys == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
	enum sk_err err = keys_of_day(store, sk_store_day(time_ns), keys, &count, fault);
	if (err == SK_OK)
		err = look(&to, sk_store_day(time_ns), keys, count, fault);
	free(keys);
	if (err != SK_OK || to.found)
		return err;
	if (to.locked)
		return sk_fault_set(fault, SK_EKEYSPLIT, "the day is sealed under a key that oversight holds a share of, and the share is not open: sekisho retention open");
	return to.gone ? sk_fault_set(fault, SK_EERASED, "the day of this token was erased: its original is gone for good")
		       : sk_fault_set(fault, SK_ENOENT, "no original was kept of this token (it is none, or there were no custodians)");
}

/* ---- parts ---- */

struct box {
	uint32_t id;
	bool privacy;
	const uint8_t *bytes;
	size_t length;
};

struct boxes {
	unsigned count, needed;
	struct box boxes[SK_CUSTODIANS_MAX];
	const uint8_t *sealed;
	size_t sealed_length;
};

static enum sk_err parse(const uint8_t *envelope, size_t length, struct boxes *out, struct sk_fault *fault)
{
	uint8_t mark[8];
	struct sk_cur c = sk_cur_of(envelope, length);
	sk_copy(&c, mark, sizeof mark);
	out->count = sk_u8(&c);
	out->needed = sk_u8(&c);
	for (unsigned i = 0; i < out->count && i < SK_CUSTODIANS_MAX; i++) {
		struct box *box = &out->boxes[i];
		box->id = sk_be32(&c);
		box->privacy = sk_u8(&c) != 0;
		box->length = (box->privacy ? PRIVACY_PART : PLAIN_PART) + SK_BOX_OVERHEAD_BYTES;
		box->bytes = sk_take(&c, box->length);
	}
	out->sealed_length = sk_left(&c);
	out->sealed = sk_take(&c, out->sealed_length);
	if (c.dead || memcmp(mark, envelope_mark, 8) != 0 || out->count > SK_CUSTODIANS_MAX || out->sealed_length != SK_ORIGINAL_MAX + SK_SEAL_OVERHEAD_BYTES)
		return sk_fault_set(fault, SK_EMALFORMED, "not the envelope of an original");
	return SK_OK;
}

enum sk_err sk_original_part(const uint8_t *envelope, size_t length, const struct sk_sign_key *key, struct sk_original_part *out, struct sk_fault *fault)
{
	struct boxes boxes;
	SK_TRY(parse(envelope, length, &boxes, fault));
	for (unsigned i = 0; i < boxes.count; i++) {
		if (boxes.boxes[i].id != sk_sign_key_public(key)->id)
			continue;
		out->length = (uint8_t)(boxes.boxes[i].length - SK_BOX_OVERHEAD_BYTES);
		return sk_box_open(key, boxes.boxes[i].bytes, boxes.boxes[i].length, out->bytes) == SK_OK
			       ? SK_OK : sk_fault_set(fault, SK_ESIGNATURE, "%s: the share of an original does not open: it was altered", sk_sign_key_public(key)->name);
	}
	return sk_fault_set(fault, SK_ENOENT, "%s: this key is no custodian of the originals of that day", sk_sign_key_public(key)->name);
}

//= rule: CUSTODY-5
enum sk_err sk_original_open(const uint8_t *envelope, size_t length, const struct sk_original_part *parts, size_t count, char value[SK_ORIGINAL_MAX], struct sk_fault *fault)
{
	struct boxes boxes;
	struct split_key halves;
	struct sk_share shares[SK_CUSTODIANS_MAX];
	unsigned taken = 0;
	bool officer = false;
	SK_TRY(parse(envelope, length, &boxes, fault));
	for (size_t i = 0; i < count && taken < boxes.needed && taken < SK_CUSTODIANS_MAX; i++)
		if (parts[i].length == PLAIN_PART || parts[i].length == PRIVACY_PART)
			memcpy(&shares[taken++], parts[i].bytes, SK_SHARE_BYTES);
	for (size_t i = 0; i < count; i++)
		if (parts[i].length == PRIVACY_PART) {
			memcpy(halves.p, parts[i].bytes + SK_SHARE_BYTES, SK_KEY_BYTES);
			officer = true;
		}
	enum sk_err err = officer && taken >= boxes.needed && sk_share_join(shares, taken, halves.q) == SK_OK ? SK_OK : SK_EREIDENT;
	if (err == SK_OK) {
		join_halves(&halves);
		err = sk_unseal(halves.key, envelope_mark, 8, boxes.sealed, boxes.sealed_length, (uint8_t *)value);
	}
	sk_wipe(&halves, sizeof halves);
	sk_wipe(shares, sizeof shares);
	if (err == SK_OK && memchr(value, '\0', SK_ORIGINAL_MAX) != NULL)
		return SK_OK;
	return sk_fault_set(fault, SK_EREIDENT, "the original does not open: %u custodians of %u are needed, one of them a privacy officer", boxes.needed, boxes.count);
}
