/* SPDX-License-Identifier: Apache-2.0 */
/* The days of a store, for whoever has custody of their keys: what lies under each, which keys there are, and their destruction. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"
#include "text/text.h"

enum { DAYS_MAX = 1 << 20 };

struct days {
	struct sk_store *store;
	struct sk_fault *fault;
	size_t count, capacity;
	struct sk_store_day *days;
};

/* ---- gathering ---- */

static struct sk_store_day *day_of(struct days *days, const char *basis, int32_t day)
{
	char text[SK_DAY_NAME_SIZE];
	sk_day_name(day, text);
	for (size_t i = days->count; i-- > 0;)
		if (strcmp(days->days[i].day, text) == 0 && strcmp(days->days[i].basis, basis) == 0)
			return &days->days[i];
	if (days->count == days->capacity) {
		size_t capacity = days->capacity != 0 ? 2 * days->capacity : 128;
		struct sk_store_day *grown = capacity <= DAYS_MAX ? realloc(days->days, capacity * sizeof *grown) : NULL;
		if (grown == NULL)
			return NULL;
		days->days = grown;
		days->capacity = capacity;
	}
	struct sk_store_day *fresh = &days->days[days->count++];
	*fresh = (struct sk_store_day){.whole = 0};
	memcpy(fresh->day, text, sizeof fresh->day);
	(void)snprintf(fresh->basis, sizeof fresh->basis, "%s", basis);
	return fresh;
}

static enum sk_err out_of_memory(struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
}

static enum sk_err days_of_rows(struct days *days)
{
	sqlite3_stmt *rows = sk_db_use(days->store, SK_SQL_DAYS);
	for (bool more;;) {
		char basis[SK_BASIS_NAME_SIZE];
		SK_TRY(sk_db_row(days->store, rows, &more, days->fault));
		if (!more)
			return SK_OK;
		if (!sk_db_text(rows, 0, basis, sizeof basis))
			return sk_fault_set(days->fault, SK_EINCONSISTENT, "%s: a row of table sealing_key is malformed", days->store->db_path);
		if (day_of(days, basis, (int32_t)sqlite3_column_int64(rows, 1)) == NULL)
			return out_of_memory(days->fault);
	}
}

static enum sk_err days_of_files(struct days *days, const char *basis)
{
	struct sk_key_file *files = NULL;
	size_t count = 0;
	SK_TRY(sk_key_files(&days->store->ring.place, basis, &files, &count, days->fault));
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < count && err == SK_OK; i++) {
		struct sk_store_day *day = day_of(days, basis, files[i].day);
		if (day == NULL) {
			err = out_of_memory(days->fault);
			break;
		}
		day->returned += files[i].gone;
		day->whole += !files[i].gone && files[i].kind == SK_KEY_FILE_WHOLE;
		day->split += !files[i].gone && files[i].kind == SK_KEY_FILE_SPLIT;
		day->opened += !files[i].gone && files[i].kind == SK_KEY_FILE_OPENED;
	}
	free(files);
	return err;
}

static enum sk_err days_of_folder(struct days *days)
{
	DIR *at = opendir(days->store->ring.place.folder);
	enum sk_err err = SK_OK;
	for (struct dirent *entry; at != NULL && err == SK_OK && (entry = readdir(at)) != NULL;)
		if (sk_store_basis_name_valid(entry->d_name))
			err = days_of_files(days, entry->d_name);
	if (at != NULL)
		(void)closedir(at);
	return err;
}

/* ---- counting ---- */

static int32_t number_of(const char *day)
{
	int64_t ns = 0;
	return sk_time_parse(day, &ns) == SK_OK ? sk_store_day(ns) : 0;
}

static sqlite3_stmt *use_day(struct days *days, enum sk_statement which, const struct sk_store_day *day)
{
	sqlite3_stmt *rows = sk_db_use(days->store, which);
	(void)sqlite3_bind_text(rows, 1, day->basis, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(rows, 2, number_of(day->day));
	return rows;
}

static enum sk_err count_rows(struct days *days, struct sk_store_day *day)
{
	bool more;
	sqlite3_stmt *rows = use_day(days, SK_SQL_DAY_COUNTS, day);
	SK_TRY(sk_db_row(days->store, rows, &more, days->fault));
	day->observations = (uint64_t)sqlite3_column_int64(rows, 0);
	day->findings = (uint64_t)sqlite3_column_int64(rows, 1);
	day->flows = (uint64_t)sqlite3_column_int64(rows, 2);
	day->originals = (uint64_t)sqlite3_column_int64(rows, 3);
	day->keys = (unsigned)sqlite3_column_int64(rows, 4);
	(void)sqlite3_reset(rows);
	return SK_OK;
}

/* The intervals that have records of the day, by what the ledger's leaves say of them. */
static enum sk_err digest_intervals(struct days *days, struct sk_store_day *day)
{
	static const char label[] = "sekisho store day 1";
	struct sk_sha256 *hash = sk_sha256_new();
	if (hash == NULL)
		return out_of_memory(days->fault);
	sk_sha256_add(hash, label, sizeof label);
	sqlite3_stmt *rows = use_day(days, SK_SQL_DAY_INTERVALS, day);
	enum sk_err err;
	for (bool more;;) {
		uint8_t number[8], digest[SK_HASH_BYTES];
		err = sk_db_row(days->store, rows, &more, days->fault);
		if (err != SK_OK || !more)
			break;
		if (!sk_db_blob(rows, 1, digest, sizeof digest)) {
			err = sk_fault_set(days->fault, SK_EINCONSISTENT, "%s: a row of table interval is malformed", days->store->db_path);
			break;
		}
		struct sk_out o = sk_out_of(number, sizeof number);
		sk_put_be64(&o, (uint64_t)sqlite3_column_int64(rows, 0));
		sk_sha256_add(hash, number, sizeof number);
		sk_sha256_add(hash, digest, sizeof digest);
		day->intervals++;
	}
	(void)sqlite3_reset(rows);
	sk_sha256_take(hash, day->digest);
	sk_sha256_free(hash);
	return err;
}

static int by_day(const void *a, const void *b)
{
	const struct sk_store_day *x = a, *y = b;
	int order = strcmp(x->day, y->day);
	return order != 0 ? order : strcmp(x->basis, y->basis);
}

enum sk_err sk_store_days(struct sk_store *store, sk_store_day_visit visit, void *context, struct sk_fault *fault)
{
	struct days days = {.store = store, .fault = fault};
	enum sk_err err = sk_store_settle(store, fault);
	if (err == SK_OK)
		err = days_of_rows(&days);
	if (err == SK_OK)
		err = days_of_folder(&days);
	for (size_t i = 0; i < days.count && err == SK_OK; i++) {
		err = count_rows(&days, &days.days[i]);
		if (err == SK_OK)
			err = digest_intervals(&days, &days.days[i]);
	}
	if (days.count != 0)
		qsort(days.days, days.count, sizeof *days.days, by_day);
	for (size_t i = 0; i < days.count && err == SK_OK; i++)
		err = visit(context, &days.days[i]);
	free(days.days);
	return err;
}

/* ---- one day's keys ---- */

static enum sk_err parse_day(const char *day, int32_t *out, struct sk_fault *fault)
{
	int64_t ns;
	if (strlen(day) != strlen("YYYY-MM-DD") || sk_time_parse(day, &ns) != SK_OK || ns < 0)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: expected a day as YYYY-MM-DD, from 1970-01-01 on", day);
	*out = sk_store_day(ns);
	return SK_OK;
}

struct ids {
	uint8_t (*ids)[SK_KEY_ID_BYTES];
	size_t count, capacity;
	size_t open;                    /* of them not on record as destroyed */
};

static enum sk_err add_id(struct ids *ids, const struct sk_key_place *place, const uint8_t id[SK_KEY_ID_BYTES], struct sk_fault *fault)
{
	for (size_t i = 0; i < ids->count; i++)
		if (memcmp(ids->ids[i], id, SK_KEY_ID_BYTES) == 0)
			return SK_OK;
	if (ids->count == ids->capacity) {
		uint8_t(*grown)[SK_KEY_ID_BYTES] = realloc(ids->ids, (ids->capacity + 64) * sizeof *grown);
		if (grown == NULL)
			return out_of_memory(fault);
		ids->ids = grown;
		ids->capacity += 64;
	}
	memcpy(ids->ids[ids->count++], id, SK_KEY_ID_BYTES);
	ids->open += !sk_key_is_gone(place, id);
	return SK_OK;
}

/* Keys that lie there, and keys that sealed something and may lie in a backup. */
static enum sk_err gather_ids(struct sk_store *store, const char *basis, int32_t day, struct ids *ids, size_t *files_there, struct sk_fault *fault)
{
	struct sk_key_file *files = NULL;
	size_t file_count = 0;
	enum sk_err err = sk_key_files(&store->ring.place, basis, &files, &file_count, fault);
	for (size_t i = 0; i < file_count && err == SK_OK; i++)
		if (files[i].day == day && files[i].kind == SK_KEY_FILE_DYING) {
			(*files_there)++;
		} else if (files[i].day == day) {
			err = add_id(ids, &store->ring.place, files[i].id, fault);
			(*files_there)++;
		}
	free(files);
	SK_TRY(err);
	sqlite3_stmt *rows = sk_db_use(store, SK_SQL_KEYS);
	(void)sqlite3_bind_int64(rows, 1, day);
	(void)sqlite3_bind_int64(rows, 2, day);
	for (bool more; err == SK_OK;) {
		char of[SK_BASIS_NAME_SIZE];
		uint8_t id[SK_KEY_ID_BYTES];
		SK_TRY(sk_db_row(store, rows, &more, fault));
		if (!more)
			return SK_OK;
		if (!sk_db_text(rows, 1, of, sizeof of) || !sk_db_blob(rows, 3, id, sizeof id))
			err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: a row of table sealing_key is malformed", store->db_path);
		else if (strcmp(of, basis) == 0)
			err = add_id(ids, &store->ring.place, id, fault);
	}
	(void)sqlite3_reset(rows);
	return err;
}

enum sk_err sk_store_day_keys(struct sk_store *store, const char *basis, const char *day, uint8_t (**out)[SK_KEY_ID_BYTES], size_t *count, struct sk_fault *fault)
{
	int32_t number;
	struct ids ids = {.count = 0};
	size_t files = 0;
	SK_TRY(parse_day(day, &number, fault));
	enum sk_err err = gather_ids(store, basis, number, &ids, &files, fault);
	if (err == SK_OK && files == 0 && ids.open == 0)
		err = sk_fault_set(fault, SK_ENOENT, "%s of basis %s: %s", day, basis, ids.count == 0 ? "nothing was kept of that day" : "was erased before");
	if (err != SK_OK) {
		free(ids.ids);
		return err;
	}
	*out = ids.ids;
	*count = ids.count;
	return SK_OK;
}

//= rule: CUSTODY-2
enum sk_err sk_store_destroy_day(struct sk_store *store, const char *basis, const char *day, uint64_t *files, struct sk_fault *fault)
{
	int32_t number;
	*files = 0;
	SK_TRY(parse_day(day, &number, fault));
	sk_key_ring_forget_day(&store->ring, basis, number);
	return sk_key_files_destroy(&store->ring.place, basis, number, false, files, fault);
}

enum sk_err sk_store_open_shares(struct sk_store *store, const char *basis, const char *day, const struct sk_sign_key *oversight, int64_t from_ns, int64_t until_ns,
				 unsigned *opened, struct sk_fault *fault)
{
	int32_t number;
	struct sk_key_file *files = NULL;
	size_t count = 0;
	*opened = 0;
	SK_TRY(parse_day(day, &number, fault));
	SK_TRY(sk_key_files(&store->ring.place, basis, &files, &count, fault));
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < count && err == SK_OK; i++)
		if (files[i].kind == SK_KEY_FILE_SPLIT && files[i].day == number && !files[i].gone) {
			err = sk_key_file_open_share(&store->ring.place, basis, number, files[i].id, oversight, from_ns, until_ns, fault);
			*opened += err == SK_OK;
		}
	free(files);
	if (err == SK_OK && *opened == 0)
		return sk_fault_set(fault, SK_ENOENT, "%s of basis %s: oversight holds no share of a key of that day", day, basis);
	return err;
}

static enum sk_err reseal_basis(struct sk_store *store, const char *basis, const struct sk_sign_key *from, const struct sk_verify_key *to, uint64_t *resealed, uint64_t *others, struct sk_fault *fault)
{
	struct sk_key_file *files = NULL;
	size_t count = 0;
	SK_TRY(sk_key_files(&store->ring.place, basis, &files, &count, fault));
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < count && err == SK_OK; i++) {
		bool done = false;
		if (files[i].kind != SK_KEY_FILE_SPLIT || files[i].gone)
			continue;
		err = sk_key_file_reseal(&store->ring.place, basis, files[i].day, files[i].id, from, to, &done, fault);
		*resealed += done;
		*others += !done;
	}
	free(files);
	return err;
}

enum sk_err sk_store_reseal_shares(struct sk_store *store, const struct sk_sign_key *from, const struct sk_verify_key *to, uint64_t *resealed, uint64_t *others, struct sk_fault *fault)
{
	enum sk_err err = SK_OK;
	*resealed = *others = 0;
	DIR *at = opendir(store->ring.place.folder);
	if (at == NULL)
		return errno == ENOENT ? SK_OK : sk_fault_errno(fault, errno, "%s: cannot be listed", store->ring.place.folder);
	for (struct dirent *entry; err == SK_OK && (entry = readdir(at)) != NULL;)
		if (entry->d_name[0] != '.')
			err = reseal_basis(store, entry->d_name, from, to, resealed, others, fault);
	(void)closedir(at);
	return err;
}

enum sk_err sk_store_close_shares(struct sk_store *store, const char *basis, const char *day, uint64_t *closed, struct sk_fault *fault)
{
	int32_t number;
	*closed = 0;
	SK_TRY(parse_day(day, &number, fault));
	sk_key_ring_forget_day(&store->ring, basis, number);
	return sk_key_files_destroy(&store->ring.place, basis, number, true, closed, fault);
}
