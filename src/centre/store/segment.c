/* SPDX-License-Identifier: Apache-2.0 */
/* Flow segments under flow.all: blocks of about a thousand in FLOWS/<interval>.sfs, no row and no allocation for each (pack.c). A block is of one day,
   sealed under that day's key, with its time range and a filter in front (docs/formats/observation.md draws it). */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/plain_priv.h"

enum {
	HEAD_BYTES = 4 + 4 + 4 + 4 + 4 + 8 + 8 + SK_KEY_ID_BYTES + SK_BLOOM_BYTES,
	BLOCK_MAX = HEAD_BYTES + SK_BLOCK_PLAIN_MAX + SK_SEAL_OVERHEAD_BYTES
};
static const char file_magic[8] = "SKSFS\0\0\1", block_magic[SK_BLOCK_KIND_COUNT][4] = {"SKFB", "SKFC", "SKFD", "SKFE", "SKFF"};
static const int64_t second_ns = 1000000000;

static enum sk_err file_path(const struct sk_store *store, uint64_t interval, char path[SK_PATH_MAX])
{
	int used = snprintf(path, SK_PATH_MAX, "%s/%" PRIu64 ".sfs", store->flows_folder, interval);
	return used > 0 && used < SK_PATH_MAX ? SK_OK : SK_ETOOBIG;
}

/* ---- writing ---- */

static enum sk_err write_all(struct sk_store *store, const uint8_t *bytes, size_t length, struct sk_fault *fault)
{
	while (length > 0) {
		ssize_t put = write(store->segment_fd, bytes, length);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return sk_fault_errno(fault, errno, "%s: cannot write flow segments", store->flows_folder);
		bytes += put;
		length -= (size_t)put;
		store->segment_bytes += (uint64_t)put;
	}
	return SK_OK;
}

static enum sk_err open_file(struct sk_store *store, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	uint8_t head[SK_SEGMENT_HEAD_BYTES];
	struct sk_out o = sk_out_of(head, sizeof head);
	if (file_path(store, store->interval, path) != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", store->flows_folder);
	/* What an interval that was never committed left behind is replaced. */
	store->segment_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->segment_fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot write", path);
	store->segment_bytes = 0;
	sk_put_bytes(&o, file_magic, sizeof file_magic);
	sk_put_be64(&o, store->interval);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	return write_all(store, head, sizeof head, fault);
}

/* What a seal binds beside the block's own head: basis and interval, so that no block can be moved. Not the filter: it is looked at before anything is opened, so
   the block's digest has to bind it, and it alone. Earlier kinds had it in both. */
static size_t block_aad(const char *basis, const struct sk_block *block, const uint8_t *head, uint8_t aad[SK_AAD_MAX])
{
	static const char label[] = "sekisho store block 1";
	uint8_t digest[SK_HASH_BYTES];
	struct sk_out o = sk_out_of(aad, SK_AAD_MAX);
	sk_sha256(head, block->kind >= SK_BLOCK_WORDS ? HEAD_BYTES - SK_BLOOM_BYTES : HEAD_BYTES, digest);
	sk_put_bytes(&o, label, sizeof label);
	sk_put_be64(&o, block->interval);
	sk_put_bytes(&o, digest, sizeof digest);
	sk_put_bytes(&o, basis, strlen(basis));
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	return sk_out_length(&o);
}

/* The head, as it stands in the file and is bound by the seal. */
static void put_head(struct sk_out *o, const struct sk_block *block, size_t sealed_length, const uint64_t bloom[SK_BLOOM_BYTES / 8])
{
	sk_put_bytes(o, block_magic[block->kind], sizeof block_magic[0]);
	sk_put_be32(o, block->number);
	sk_put_be32(o, block->flows);
	sk_put_be32(o, (uint32_t)sealed_length);
	sk_put_be32(o, (uint32_t)block->day);
	sk_put_be64(o, (uint64_t)block->first_s);
	sk_put_be64(o, (uint64_t)block->last_s);
	sk_put_bytes(o, block->key_id, SK_KEY_ID_BYTES);
	if (bloom != NULL)
		sk_put_bytes(o, bloom, SK_BLOOM_BYTES);
	SK_INVARIANT(sk_out_done(o) == SK_OK);
}

static enum sk_err put_block_row(struct sk_store *store, const struct sk_block *block, struct sk_fault *fault)
{
	sqlite3_stmt *put = sk_db_use(store, SK_SQL_BLOCK_PUT);
	(void)sqlite3_bind_int64(put, 1, (int64_t)block->interval);
	(void)sqlite3_bind_int64(put, 2, block->number);
	(void)sqlite3_bind_int64(put, 3, block->flows);
	(void)sqlite3_bind_int64(put, 4, block->key_row);
	(void)sqlite3_bind_int64(put, 5, block->first_s);
	(void)sqlite3_bind_int64(put, 6, block->last_s);
	(void)sqlite3_bind_int64(put, 7, (int64_t)block->offset);
	(void)sqlite3_bind_int64(put, 8, (int64_t)block->length);
	(void)sqlite3_bind_blob(put, 9, block->digest, SK_HASH_BYTES, SQLITE_STATIC);
	return sk_db_run(store, put, fault);
}

__attribute__((noinline)) static enum sk_err close_block(struct sk_store *store, struct sk_block_writer *writer, struct sk_fault *fault)
{
	struct sk_day_key *key;
	uint8_t aad[SK_AAD_MAX];
	struct sk_block block = {.interval = store->interval,
				 .number = store->block_count,
				 .flows = writer->flows,
				 .day = writer->day,
				 .kind = SK_BLOCK_KIND_COUNT - 1,
				 .first_s = writer->first_ns / second_ns,
				 .last_s = writer->last_ns / second_ns};
	if (store->segment_fd < 0)
		SK_TRY(open_file(store, fault));
	SK_TRY(sk_key_ring_write(&store->ring, store->basis, writer->day, &key, fault));
	SK_TRY(sk_db_key_row(store, key, &block.key_row, fault));
	memcpy(block.key_id, key->id, sizeof block.key_id);
	block.offset = store->segment_bytes;
	size_t sealed_length = writer->length + SK_SEAL_OVERHEAD_BYTES;
	block.length = HEAD_BYTES + sealed_length;
	struct sk_out o = sk_out_of(store->sealed, HEAD_BYTES);
	sk_filter_finish(&writer->filter);
	put_head(&o, &block, sealed_length, writer->filter.words);
	size_t aad_length = block_aad(store->basis, &block, store->sealed, aad);
	sk_seal(key->key, aad, aad_length, writer->plain, writer->length, store->sealed + HEAD_BYTES);
	sk_sha256(store->sealed, block.length, block.digest);
	SK_TRY(write_all(store, store->sealed, block.length, fault));
	SK_TRY(put_block_row(store, &block, fault));
	store->block_count++;
	writer->open = false;
	store->writer = NULL;
	sk_wipe(writer->plain, writer->length);
	writer->length = 0;
	return SK_OK;
}

/* The open block of that day; a few days are open at once, for flows that began before midnight end after it. */
__attribute__((noinline)) static enum sk_err choose_writer(struct sk_store *store, int32_t day, struct sk_fault *fault)
{
	struct sk_block_writer *oldest = &store->writers[0];
	struct sk_day_key *key;
	for (size_t i = 0; i < SK_BLOCKS_OPEN; i++) {
		struct sk_block_writer *writer = &store->writers[i];
		if (writer->open && writer->day == day) {
			writer->used = store->flows;
			store->writer = writer;
			return SK_OK;
		}
		if (oldest->open && (!writer->open || writer->used < oldest->used))
			oldest = writer;
	}
	if (oldest->open)
		SK_TRY(close_block(store, oldest, fault));
	if (oldest->plain == NULL && (oldest->plain = malloc(SK_BLOCK_PLAIN_MAX)) == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "store: no memory for a block of flow segments");
	SK_TRY(sk_key_ring_write(&store->ring, store->basis, day, &key, fault));
	sk_filter_start(&oldest->filter, key->bloom_key);
	oldest->open = true;
	oldest->length = 0;
	oldest->used = store->flows;
	oldest->day = day;
	oldest->day_ns = sk_day_begins_ns(day);
	oldest->flows = 0;
	oldest->first_ns = INT64_MAX;
	oldest->last_ns = INT64_MIN;
	store->writer = oldest;
	return SK_OK;
}

/* What it can be searched by beside its ends. */
__attribute__((noinline)) static void add_names(struct sk_block_writer *writer, const struct sk_observation *observation)
{
	struct sk_values values;
	sk_values_of_observation(observation, &values);
	for (size_t i = 0; i < values.count; i++)
		if (values.values[i].kind == SK_VALUE_TEXT)
			sk_filter_add(&writer->filter, &values.values[i]);
}

/* store->writer is the block that a flow goes into then: nearly always that of the flow before. */
static inline enum sk_err find_writer(struct sk_store *store, int64_t first_ns, struct sk_fault *fault)
{
	const struct sk_block_writer *writer = store->writer;
	bool same = SK_LIKELY(writer != NULL && (uint64_t)first_ns - (uint64_t)writer->day_ns < (uint64_t)SK_DAY_NS);
	return same ? SK_OK : choose_writer(store, sk_store_day(first_ns), fault);
}

/* length bytes were written behind what was there. */
static inline enum sk_err count_flow(struct sk_store *store, struct sk_block_writer *writer, const struct sk_history *history, size_t length, struct sk_fault *fault)
{
	writer->length += length;
	writer->first_ns = history->first_ns < writer->first_ns ? history->first_ns : writer->first_ns;
	writer->last_ns = history->last_ns > writer->last_ns ? history->last_ns : writer->last_ns;
	store->flows++;
	writer->flows++;
	bool full = writer->flows == SK_BLOCK_FLOWS || writer->length > SK_BLOCK_PLAIN_MAX - SK_OBSERVATION_MAX_BYTES - 2;
	return SK_UNLIKELY(full) ? close_block(store, writer, fault) : SK_OK;
}

enum sk_err sk_segment_put(struct sk_store *store, const struct sk_observation *observation, struct sk_fault *fault)
{
	SK_TRY(find_writer(store, observation->first_ns, fault));
	struct sk_block_writer *writer = store->writer;
	sk_filter_add_ends(&writer->filter, &observation->initiator, &observation->responder);
	if (observation->sections != 0)
		add_names(writer, observation);
	return count_flow(store, writer, &observation->history, sk_pack(observation, writer->day_ns, writer->plain + writer->length), fault);
}

enum sk_err sk_segment_put_plain(struct sk_store *store, const struct sk_history *history, struct sk_fault *fault)
{
	SK_TRY(find_writer(store, history->first_ns, fault));
	struct sk_block_writer *writer = store->writer;
	uint8_t *out = writer->plain + writer->length;
	sk_filter_add_ends(&writer->filter, &history->initiator, &history->responder);
	/* What began before 1970 is counted to a day that it is not of. */
	size_t length = SK_LIKELY(history->first_ns >= 0) ? sk_pack_plain(history, writer->day_ns, out) : sk_pack_whole(history, out);
	return count_flow(store, writer, history, length, fault);
}

void sk_segment_fini(struct sk_store *store)
{
	for (size_t i = 0; i < SK_BLOCKS_OPEN; i++) {
		struct sk_block_writer *writer = &store->writers[i];
		if (writer->plain != NULL)
			sk_wipe(writer->plain, SK_BLOCK_PLAIN_MAX);
		free(writer->plain);
	}
	sk_wipe(store->writers, sizeof store->writers);
	store->writer = NULL;
}

enum sk_err sk_segment_finish(struct sk_store *store, struct sk_fault *fault)
{
	for (size_t i = 0; i < SK_BLOCKS_OPEN; i++)
		if (store->writers[i].open)
			SK_TRY(close_block(store, &store->writers[i], fault));
	if (store->segment_fd < 0)
		return SK_OK;
	bool failed = fsync(store->segment_fd) != 0;
	int errnum = errno;
	if (close(store->segment_fd) != 0 && !failed) {
		failed = true;
		errnum = errno;
	}
	store->segment_fd = -1;
	if (failed)
		return sk_fault_errno(fault, errnum, "%s: cannot write flow segments", store->flows_folder);
	return sk_file_sync_folder(store->flows_folder, fault);
}

void sk_segment_abandon(struct sk_store *store)
{
	char path[SK_PATH_MAX];
	for (size_t i = 0; i < SK_BLOCKS_OPEN; i++) {
		struct sk_block_writer *writer = &store->writers[i];
		writer->open = false;
		if (writer->length != 0)
			sk_wipe(writer->plain, writer->length);
		writer->length = 0;
	}
	store->writer = NULL;
	if (store->segment_fd >= 0)
		(void)close(store->segment_fd);
	store->segment_fd = -1;
	if (store->open && file_path(store, store->interval, path) == SK_OK)
		(void)unlink(path);
}

enum sk_err sk_segment_drop(struct sk_store *store, uint64_t first, struct sk_fault *fault)
{
	DIR *folder = opendir(store->flows_folder);
	if (folder == NULL)
		return sk_fault_errno(fault, errno, "%s: cannot open folder", store->flows_folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char *end;
		errno = 0;
		unsigned long long interval = strtoull(entry->d_name, &end, 10);
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || errno != 0 || strcmp(end, ".sfs") != 0 || interval < first)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) != 0) {
			int errnum = errno;
			(void)closedir(folder);
			return sk_fault_errno(fault, errnum, "%s: cannot remove a segment file", store->flows_folder);
		}
	}
	(void)closedir(folder);
	return sk_file_sync_folder(store->flows_folder, fault);
}

/* ---- reading ---- */

enum sk_err sk_block_of_row(struct sk_store *store, sqlite3_stmt *row, struct sk_block *out, struct sk_fault *fault)
{
	*out = (struct sk_block){
		.interval = (uint64_t)sqlite3_column_int64(row, 0),
		.number = (uint32_t)sqlite3_column_int64(row, 1),
		.flows = (uint32_t)sqlite3_column_int64(row, 2),
		.key_row = sqlite3_column_int64(row, 3),
		.day = (int32_t)sqlite3_column_int64(row, 5),
		.first_s = sqlite3_column_int64(row, 7),
		.last_s = sqlite3_column_int64(row, 8),
		.offset = (uint64_t)sqlite3_column_int64(row, 9),
		.length = (uint64_t)sqlite3_column_int64(row, 10),
	};
	bool good = sk_db_text(row, 4, out->basis, sizeof out->basis) && sk_db_blob(row, 6, out->key_id, sizeof out->key_id) &&
		    sk_db_blob(row, 11, out->digest, sizeof out->digest) && out->length >= HEAD_BYTES + SK_SEAL_OVERHEAD_BYTES &&
		    out->length <= BLOCK_MAX;
	return good ? SK_OK : sk_fault_set(fault, SK_EINCONSISTENT, "%s: a row of table block is malformed", store->db_path);
}

static enum sk_err inconsistent(const struct sk_block *block, const char *path, const char *what, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_EINCONSISTENT, "%s, byte %" PRIu64 ": flow block %u %s", path, block->offset, block->number, what);
}

/* Append length bytes of the file from offset; false when they are not there. */
static bool read_at(int fd, uint64_t offset, uint64_t length, struct sk_buf *bytes)
{
	uint8_t piece[8192];
	while (length > 0) {
		ssize_t got = pread(fd, piece, length < sizeof piece ? length : sizeof piece, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		sk_buf_add(bytes, piece, (size_t)got);
		offset += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return bytes->failed == SK_OK;
}

enum sk_err sk_block_read(struct sk_store *store, struct sk_block *block, struct sk_buf *bytes, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	uint8_t head[HEAD_BYTES - SK_BLOOM_BYTES], digest[SK_HASH_BYTES];
	sk_buf_reset(bytes);
	if (file_path(store, block->interval, path) != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", store->flows_folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? inconsistent(block, path, "is missing: the file is gone", fault)
				       : sk_fault_errno(fault, errno, "%s: cannot read", path);
	bool whole = read_at(fd, block->offset, block->length, bytes);
	(void)close(fd);
	if (!whole)
		return bytes->failed != SK_OK ? sk_fault_set(fault, bytes->failed, "%s: no memory for a block", path)
					      : inconsistent(block, path, "is cut short", fault);
	block->kind = SK_BLOCK_KIND_COUNT - 1;
	while (block->kind > SK_BLOCK_FIRST && memcmp(bytes->bytes, block_magic[block->kind], sizeof block_magic[0]) != 0)
		block->kind--;
	struct sk_out o = sk_out_of(head, sizeof head);
	put_head(&o, block, block->length - HEAD_BYTES, NULL);
	if (memcmp(bytes->bytes, head, sizeof head) != 0)
		return inconsistent(block, path, "does not begin as its row says", fault);
	sk_sha256(bytes->bytes, bytes->length, digest);
	if (memcmp(digest, block->digest, sizeof digest) != 0)
		return inconsistent(block, path, "was changed after it was written", fault);
	return SK_OK;
}

const uint8_t *sk_block_bloom(const struct sk_buf *bytes)
{
	return bytes->bytes + HEAD_BYTES - SK_BLOOM_BYTES;
}

enum sk_err sk_block_unseal(const struct sk_day_key *key, const struct sk_block *block, const struct sk_buf *bytes, struct sk_buf *plain,
			    struct sk_fault *fault)
{
	uint8_t aad[SK_AAD_MAX];
	size_t aad_length = block_aad(block->basis, block, bytes->bytes, aad), length = bytes->length - HEAD_BYTES - SK_SEAL_OVERHEAD_BYTES;
	uint8_t *opened = malloc(length != 0 ? length : 1);
	if (opened == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
	enum sk_err err = sk_unseal(key->key, aad, aad_length, bytes->bytes + HEAD_BYTES, bytes->length - HEAD_BYTES, opened);
	sk_buf_reset(plain);
	if (err == SK_OK)
		sk_buf_add(plain, opened, length);
	sk_wipe(opened, length);
	free(opened);
	if (err != SK_OK)
		return sk_fault_set(fault, SK_EINCONSISTENT,
				    "store: flow block %u of interval %" PRIu64 " does not open under its key: it was altered", block->number,
				    block->interval);
	return plain->failed != SK_OK ? sk_fault_set(fault, plain->failed, "store: out of memory") : SK_OK;
}

enum sk_err sk_segment_check_size(struct sk_store *store, uint64_t interval, uint64_t bytes, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct stat info;
	if (file_path(store, interval, path) != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", store->flows_folder);
	uint64_t size = stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
	if (size != bytes)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: %" PRIu64 " bytes, expected %" PRIu64, path, size, bytes);
	return SK_OK;
}
