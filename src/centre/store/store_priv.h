/* SPDX-License-Identifier: Apache-2.0 */
/* store's own. Layers inside the room, each using only what stands above it: key (files to keys), value (what is searched by), db (SQLite),
   segment (flow blocks in files), digest, write (store.c), read. */
#ifndef SK_STORE_PRIV_H
#define SK_STORE_PRIV_H

#include <endian.h>
#include <sqlite3.h>
#include <string.h>

#include "base/file.h"
#include "seal/share.h"
#include "store/store.h"
#include "wire/wire.h"

enum {
	SK_BLIND_BYTES = 16, SK_KEY_SLOTS = 16, SK_BASIS_NAME_SIZE = 64,
	SK_VALUES_MAX = 48, SK_NAME_PARENTS_MAX = 6,
	SK_BLIND_BUFFER = 1 << 15,      /* index rows held back to be sorted before they go in */
	SK_FINDINGS_OPEN = 512,         /* findings folded in memory before they become rows */
	SK_BLOCK_FLOWS = 1000, SK_BLOCK_PLAIN_MAX = 1 << 18, SK_BLOCKS_OPEN = 4, SK_BLOOM_BYTES = 4096,
	SK_AAD_MAX = 256,
};

enum sk_store_target { SK_TARGET_OBSERVATION = 1, SK_TARGET_FINDING = 2 };

/* ---- key_file.c: basis-day keys on disk ---- */

/* Where keys lie, and in whose custody. */
struct sk_key_place {
	char folder[SK_PATH_MAX];
	char erased_folder[SK_PATH_MAX];  /* "": nothing is on record as erased */
	bool split;                       /* new keys: oversight has a share */
	struct sk_verify_key oversight;
	int64_t now_ns;                   /* for shares that are open for a while */
};
enum sk_key_file_kind { SK_KEY_FILE_WHOLE, SK_KEY_FILE_SPLIT, SK_KEY_FILE_OPENED, SK_KEY_FILE_DYING /* a crash ended its destruction */ };
struct sk_key_file {
	enum sk_key_file_kind kind;
	int32_t day;
	uint8_t id[SK_KEY_ID_BYTES];
	bool gone;                        /* its destruction is on record: it came out of a backup, or an erasure is under way */
	char name[96];
};

int32_t sk_store_day(int64_t unix_ns);
int64_t sk_store_hour(int64_t unix_ns);
/* A basis id may be part of a path: 1..63 of [A-Za-z0-9._-], no dot in front. */
bool sk_store_basis_name_valid(const char *basis);
enum { SK_DAY_NAME_SIZE = 11 };
/* "YYYY-MM-DD" */
void sk_day_name(int32_t day, char text[SK_DAY_NAME_SIZE]);
void sk_key_id_of(const uint8_t key[SK_KEY_BYTES], uint8_t id[SK_KEY_ID_BYTES]);
/* Is the destruction of this key on record? */
bool sk_key_is_gone(const struct sk_key_place *place, const uint8_t id[SK_KEY_ID_BYTES]);
/* Make a day's key. */
SK_MUST enum sk_err sk_key_file_make(const struct sk_key_place *place, const char *basis, int32_t day, uint8_t key[SK_KEY_BYTES], struct sk_fault *fault);
/* The basis' blind key; SK_ENOENT when there is none and it is not to be made. */
SK_MUST enum sk_err sk_key_file_blind(const struct sk_key_place *place, const char *basis, bool make, uint8_t key[SK_KEY_BYTES], struct sk_fault *fault);
/* The key of a day that lies whole. SK_ENOENT. */
SK_MUST enum sk_err sk_key_file_whole(const struct sk_key_place *place, const char *basis, int32_t day, uint8_t key[SK_KEY_BYTES], struct sk_fault *fault);
/* The key of that id, whole or out of its shares. SK_ENOENT; SK_EKEYSPLIT: oversight's share is not open. */
SK_MUST enum sk_err sk_key_file_read(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], uint8_t key[SK_KEY_BYTES],
				     struct sk_fault *fault);
/* Open oversight's share. SK_ENOENT, SK_ESIGNATURE. */
SK_MUST enum sk_err sk_key_file_open_share(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES],
					   const struct sk_sign_key *oversight, int64_t from_ns, int64_t until_ns, struct sk_fault *fault);
/* Seal oversight's share anew, for another key: written whole or not at all. *resealed false: it is not sealed to `from`. SK_ENOENT, SK_EIO. */
SK_MUST enum sk_err sk_key_file_reseal(const struct sk_key_place *place, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], const struct sk_sign_key *from,
				       const struct sk_verify_key *to, bool *resealed, struct sk_fault *fault);
/* All key files of a basis, by name; the caller frees. None: *out NULL. */
SK_MUST enum sk_err sk_key_files(const struct sk_key_place *place, const char *basis, struct sk_key_file **out, size_t *count, struct sk_fault *fault);
/* Overwrite and remove the key files of a day whose destruction is on record, or only the shares that are open; *files counts up. */
SK_MUST enum sk_err sk_key_files_destroy(const struct sk_key_place *place, const char *basis, int32_t day, bool shares_alone, uint64_t *files, struct sk_fault *fault);

/* ---- key.c: basis-day keys in memory ---- */

/* One day of one basis. index_key and bloom_key come from the day key and the basis' blind key together: without either nothing can be searched,
   so destroying the day key also destroys the day's part of the index. */
struct sk_day_key {
	char basis[SK_BASIS_NAME_SIZE];
	int32_t day;                    /* days since 1970-01-01 */
	uint8_t id[SK_KEY_ID_BYTES];    /* tells a day's key from a later one of the same day */
	uint8_t key[SK_KEY_BYTES];
	uint8_t index_key[SK_KEY_BYTES];
	uint8_t bloom_key[SK_SIP_KEY_BYTES];
	bool writes;                    /* records are sealed with it */
	int64_t row;                    /* of table sealing_key; 0 = not looked up yet */
	uint64_t used;                  /* 0 = free slot */
};

struct sk_key_ring {
	struct sk_key_place place;
	uint64_t clock;                 /* counts uses, for the least recently used slot */
	uint64_t refused;               /* keys that were there although their destruction is on record */
	struct sk_day_key slots[SK_KEY_SLOTS];
};

/* The key to seal a day's records with, made when there is none. Under a split basis a new one for each process and day: it is forgotten with the process, and only
   oversight's share brings it back. *out is borrowed until the next call on the ring. */
SK_MUST enum sk_err sk_key_ring_write(struct sk_key_ring *ring, const char *basis, int32_t day, struct sk_day_key **out, struct sk_fault *fault);
/* The key of that id. SK_ENOENT: destroyed, or refused because its destruction is on record; SK_EKEYSPLIT: oversight's share is not open. */
SK_MUST enum sk_err sk_key_ring_read(struct sk_key_ring *ring, const char *basis, int32_t day, const uint8_t id[SK_KEY_ID_BYTES], struct sk_day_key **out,
				     struct sk_fault *fault);
/* Wipe keys whose destruction went on record meanwhile; the keys of a day. */
void sk_key_ring_forget_gone(struct sk_key_ring *ring);
void sk_key_ring_forget_day(struct sk_key_ring *ring, const char *basis, int32_t day);
/* Forget what SQLite rolled back. */
void sk_key_ring_forget_rows(struct sk_key_ring *ring);

/* ---- value.c: what can be searched by ---- */

enum sk_value_kind { SK_VALUE_ADDRESS = 1, SK_VALUE_NET = 2, SK_VALUE_TEXT = 3, SK_VALUE_FINDING_ID = 4 };

#define SK_DAY_NS INT64_C(86400000000000)

/* Of any day that a row may tell. */
static inline int64_t sk_day_begins_ns(int32_t day)
{
	return (int64_t)((uint64_t)day * (uint64_t)SK_DAY_NS);
}

struct sk_value {
	uint8_t kind;
	uint8_t length;
	const uint8_t *bytes;
};

/* The values of one record, each once; texts are lower case, names stand with their parents of two labels and more. */
struct sk_values {
	size_t count;
	struct sk_value values[SK_VALUES_MAX];
	size_t address_count;
	struct sk_addr addresses[8];
	size_t text_count;
	char texts[12][SK_OBSERVATION_DOMAIN_MAX];
};

void sk_values_of_observation(const struct sk_observation *observation, struct sk_values *out);
void sk_values_of_finding(const struct sk_finding *finding, struct sk_values *out);
/* Its id, which is borrowed. Rows of an older version are not found by it. */
void sk_values_of_finding_id(const uint8_t id[16], struct sk_values *out);
/* What a person asks for. False when nothing stored could equal it. */
bool sk_value_parse(const char *text, struct sk_values *out);
/* Does the record hold the value? */
bool sk_values_hold(const struct sk_values *values, const struct sk_value *wanted);
void sk_blind_hash(const struct sk_day_key *key, const struct sk_value *value, uint8_t hash[SK_BLIND_BYTES]);

/* ---- filter.c: which values a block may hold ---- */

/* Kinds of blocks, told by how they begin: before FORMS, a network was hashed otherwise; since PACKED, flows are packed; since WORDS, a value's bits of the filter lie in
   one word, and the filter is in the block's digest alone; since ALONE, one small packet without an answer has a form of its own. */
enum sk_block_kind { SK_BLOCK_FIRST, SK_BLOCK_FORMS, SK_BLOCK_PACKED, SK_BLOCK_WORDS, SK_BLOCK_ALONE, SK_BLOCK_KIND_COUNT };

enum { SK_FILTER_WAITING = 64, SK_NET4_BITS = 24, SK_NET6_BITS = 48 };

/* The filter of the block that is being written. Networks wait in clear, in memory alone, until there are many to hash. */
struct sk_filter {
	uint64_t low, high;             /* the key as words */
	uint8_t key[SK_SIP_KEY_BYTES];
	uint64_t words[SK_BLOOM_BYTES / 8]; /* as they stand in the file */
	uint32_t waiting;               /* networks that are not in words yet: many are hashed at once */
	uint64_t nets[SK_FILTER_WAITING];
};

/* Begin an empty filter under the day's key. */
void sk_filter_start(struct sk_filter *filter, const uint8_t key[SK_SIP_KEY_BYTES]);
/* The network of an address of IPv6. */
void sk_filter_add_net6(struct sk_filter *filter, const struct sk_addr *addr);
void sk_filter_add(struct sk_filter *filter, const struct sk_value *value);
/* All that was added is in words then. */
void sk_filter_finish(struct sk_filter *filter);
/* Of a block of that kind. */
bool sk_filter_may_hold(const uint8_t key[SK_SIP_KEY_BYTES], const struct sk_value *value, const uint8_t bits[SK_BLOOM_BYTES], enum sk_block_kind kind);
/* The network of an address of that family as a number that is never 0: kind, family, then three bytes of IPv4 or six of IPv6. */
static inline uint64_t sk_net_number(const struct sk_addr *addr, unsigned family)
{
	uint64_t low, kept = (UINT64_C(1) << (family == 4 ? SK_NET4_BITS : SK_NET6_BITS)) - 1;
	memcpy(&low, addr->bytes, sizeof low);
	return SK_VALUE_NET | (uint64_t)family << 8 | (le64toh(low) & kept) << 16;
}

/* The networks of two addresses of one family. */
static inline void sk_filter_add_ends(struct sk_filter *filter, const struct sk_addr *initiator, const struct sk_addr *responder)
{
	if (SK_UNLIKELY(initiator->family != 4)) {
		sk_filter_add_net6(filter, initiator);
		sk_filter_add_net6(filter, responder);
		return;
	}
	filter->nets[filter->waiting] = sk_net_number(initiator, 4);
	filter->nets[filter->waiting + 1] = sk_net_number(responder, 4);
	filter->waiting += 2;
	if (filter->waiting == SK_FILTER_WAITING)
		sk_filter_finish(filter);
}

/* ---- pack.c: a flow segment in a block ---- */

/* Write it into a block of the day that began at day_ns, as the last kind has it (SK_OBSERVATION_MAX_BYTES + 2 are there; bytes behind the form may be overwritten).
   Returns the length. */
size_t sk_pack(const struct sk_observation *observation, int64_t day_ns, uint8_t *out);
/* Take one out of a block of that kind, PACKED or later; *form gets its own form where that is what stands there, and is empty else.
   SK_ETRUNC, SK_ETRAIL, SK_EMALFORMED; the cursor is then of no use. */
SK_MUST enum sk_err sk_unpack(struct sk_cur *c, enum sk_block_kind kind, int64_t day_ns, struct sk_observation *out, struct sk_cur *form);

/* ---- segment.c: blocks of flow segments ---- */

struct sk_block_writer {
	bool open;
	int32_t day;
	int64_t day_ns;                 /* when the day began */
	uint32_t flows;
	int64_t first_ns, last_ns;      /* of its flows */
	uint64_t used;                  /* the store's flows when it was chosen last */
	uint8_t *plain;                 /* SK_BLOCK_PLAIN_MAX, allocated with the first block */
	size_t length;
	struct sk_filter filter;
};

/* One row of table block, and what the block's head must say again. */
struct sk_block {
	uint64_t interval;
	uint32_t number, flows;
	int32_t day;
	int64_t key_row, first_s, last_s;
	uint64_t offset, length;
	char basis[SK_BASIS_NAME_SIZE];
	uint8_t key_id[SK_KEY_ID_BYTES];
	uint8_t digest[SK_HASH_BYTES];
	uint8_t kind;                   /* enum sk_block_kind */
};

struct sk_blind_entry {
	uint8_t hash[SK_BLIND_BYTES];
	int64_t row;
	int32_t target;
};

struct sk_open_finding {
	uint8_t fold[SK_BLIND_BYTES];
	struct sk_finding finding;
};

enum sk_statement {
#define SK_STATEMENT(name, sql) SK_SQL_##name,
#include "store/statement.def"
#undef SK_STATEMENT
	SK_STATEMENT_COUNT
};

struct sk_store {
	sqlite3 *db;
	sqlite3_stmt *statements[SK_STATEMENT_COUNT];
	char db_path[SK_PATH_MAX], flows_folder[SK_PATH_MAX];
	char basis[SK_BASIS_NAME_SIZE];
	bool read_only;
	uint64_t erased, locked;        /* by walks: records whose key is gone, or needs oversight's share */
	bool keeps_originals;
	struct sk_custodians custodians;
	struct sk_key_ring ring;
	struct sk_store_place place;    /* of the observation that a walk visited last */
	struct sk_buf form;             /* scratch for one encoded record */
	uint8_t *sealed;                /* scratch for one sealed record or block */
	/* the open interval */
	bool open;
	uint64_t interval;
	uint8_t run_id[16];
	size_t asked_length;            /* 0: an input without identity */
	uint8_t asked[SK_HASH_BYTES];
	enum sk_err failed;             /* sticky */
	struct sk_fault failed_fault;
	uint64_t observations, findings, flows;
	size_t blind_count;
	struct sk_blind_entry *blinds;
	size_t finding_count;
	struct sk_open_finding *open_findings;
	uint16_t finding_slots[4 * SK_FINDINGS_OPEN]; /* open addressing on fold; index + 1 */
	int segment_fd;                 /* -1 until the interval's first block */
	uint32_t block_count;
	uint64_t segment_bytes;
	struct sk_block_writer writers[SK_BLOCKS_OPEN], *writer; /* writer: of the last flow; NULL: its block is closed */
};

/* ---- db.c ---- */

/* Open, set up, migrate and prepare. */
SK_MUST enum sk_err sk_db_open(struct sk_store *store, struct sk_fault *fault);
void sk_db_close(struct sk_store *store);
/* A result code of SQLite as our error; names the database, never data. */
enum sk_err sk_db_fault(struct sk_store *store, int code, struct sk_fault *fault);
SK_MUST enum sk_err sk_db_exec(struct sk_store *store, const char *sql, struct sk_fault *fault);
/* Reset a prepared statement and bind integers, in order. */
sqlite3_stmt *sk_db_use(struct sk_store *store, enum sk_statement which);
/* Run a statement that gives no row, then reset it. */
SK_MUST enum sk_err sk_db_run(struct sk_store *store, sqlite3_stmt *statement, struct sk_fault *fault);
/* Next row: *more says whether there is one. */
SK_MUST enum sk_err sk_db_row(struct sk_store *store, sqlite3_stmt *statement, bool *more, struct sk_fault *fault);
/* Copy a blob column of exactly length bytes; false when it has another size. */
bool sk_db_blob(sqlite3_stmt *statement, int column, void *out, size_t length);
/* Copy a text column; false when it does not fit. */
bool sk_db_text(sqlite3_stmt *statement, int column, char *out, size_t size);

/* The row of a key in table sealing_key, made when absent. */
SK_MUST enum sk_err sk_db_key_row(struct sk_store *store, struct sk_day_key *key, int64_t *row, struct sk_fault *fault);

/* ---- segment.c ---- */

/* Put a flow into the open block of its day. */
SK_MUST enum sk_err sk_segment_put_plain(struct sk_store *store, const struct sk_history *history, struct sk_fault *fault);
SK_MUST enum sk_err sk_segment_put(struct sk_store *store, const struct sk_observation *observation, struct sk_fault *fault);
/* Seal every open block, make the file durable. */
SK_MUST enum sk_err sk_segment_finish(struct sk_store *store, struct sk_fault *fault);
/* Wipe the open blocks, close and unlink the interval's file. */
void sk_segment_abandon(struct sk_store *store);
/* Wipe and free what the block writers hold. */
void sk_segment_fini(struct sk_store *store);
/* Fill *out from a row of SK_SQL_BLOCKS or SK_SQL_INTERVAL_BLOCKS. */
SK_MUST enum sk_err sk_block_of_row(struct sk_store *store, sqlite3_stmt *row, struct sk_block *out, struct sk_fault *fault);
/* Read a block's bytes (appended to an emptied buffer) and compare its head and digest with the row. SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_block_read(struct sk_store *store, struct sk_block *block, struct sk_buf *bytes, struct sk_fault *fault);
/* The filter inside a block's bytes. */
const uint8_t *sk_block_bloom(const struct sk_buf *bytes);
/* Open the sealed part into plain. SK_EINCONSISTENT when it was altered. */
SK_MUST enum sk_err sk_block_unseal(const struct sk_day_key *key, const struct sk_block *block, const struct sk_buf *bytes, struct sk_buf *plain,
				    struct sk_fault *fault);
/* SK_EINCONSISTENT unless the interval's file is exactly `bytes` long (0: absent). */
SK_MUST enum sk_err sk_segment_check_size(struct sk_store *store, uint64_t interval, uint64_t bytes, struct sk_fault *fault);
/* Unlink every file of an interval at or above first; counts nothing. */
SK_MUST enum sk_err sk_segment_drop(struct sk_store *store, uint64_t first, struct sk_fault *fault);
enum { SK_SEGMENT_HEAD_BYTES = 16 };

/* ---- store.c, shared with digest.c and read.c ---- */

/* What a row's clear columns say; bound into its seal. */
struct sk_row {
	int64_t id;
	uint64_t interval;
	int64_t key_row;
	char basis[SK_BASIS_NAME_SIZE];
	int32_t day;
	uint8_t key_id[SK_KEY_ID_BYTES];
	uint8_t target, class_;
	int64_t hour;
	int64_t kind, selector;         /* observation */
	char finding_kind[32];          /* finding */
	int64_t severity, count;
	uint8_t fold[SK_BLIND_BYTES];
};
size_t sk_row_aad(const struct sk_row *row, uint8_t aad[SK_AAD_MAX]);
/* Fill *out from a row of the observation or finding statements; *sealed borrows from the statement. */
SK_MUST enum sk_err sk_row_of(struct sk_store *store, sqlite3_stmt *statement, enum sk_store_target target, struct sk_row *out,
			      const uint8_t **sealed, size_t *length, struct sk_fault *fault);
/* Unseal a row into store->form. SK_EINCONSISTENT when it was altered. */
SK_MUST enum sk_err sk_row_unseal(struct sk_store *store, const struct sk_row *row, const struct sk_day_key *key, const uint8_t *sealed,
				  size_t length, struct sk_fault *fault);
/* Turn the findings and index entries that are held in memory into rows, so that reads see them. */
SK_MUST enum sk_err sk_store_settle(struct sk_store *store, struct sk_fault *fault);

/* What tells one finding of a day from others: a blind hash over kind, matched value and subject. */
void sk_fold_hash(const struct sk_day_key *key, const struct sk_finding *finding, uint8_t fold[SK_BLIND_BYTES]);

/* ---- read.c ---- */

/* One basis-day key as table sealing_key has it. */
struct sk_key_row {
	int64_t row;
	char basis[SK_BASIS_NAME_SIZE];
	int32_t day;
	uint8_t id[SK_KEY_ID_BYTES];
};
/* The keys of these days, in order; the caller frees *keys, also after an error. */
SK_MUST enum sk_err sk_store_key_rows(struct sk_store *store, int32_t from_day, int32_t until_day, struct sk_key_row **keys, size_t *count, struct sk_fault *fault);
/* Open a row of the finding statements. SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_finding_of_row(struct sk_store *store, const struct sk_day_key *key, sqlite3_stmt *rows, struct sk_finding *out, struct sk_fault *fault);

/* The first error of an interval stays. */
enum sk_err sk_store_stick(struct sk_store *store, enum sk_err err, const struct sk_fault *local, struct sk_fault *fault);

/* ---- original.c ---- */

/* What is bound into an original's seal. */
struct sk_original_row {
	uint64_t interval;
	char basis[SK_BASIS_NAME_SIZE];
	int32_t day;
	uint8_t key_id[SK_KEY_ID_BYTES], token[SK_BLIND_BYTES], tag[SK_TAG_BYTES];
};
struct sk_original_key {
	int64_t row;
	char basis[SK_BASIS_NAME_SIZE];
	uint8_t id[SK_KEY_ID_BYTES];
};
size_t sk_original_aad(const struct sk_original_row *row, uint8_t aad[SK_AAD_MAX]);

/* ---- digest.c ---- */

/* The digest of an interval's rows and blocks. deep: read block files again, unseal what can be, and look for every index row. */
SK_MUST enum sk_err sk_store_compute_digest(struct sk_store *store, uint64_t interval, const uint8_t run_id[16], bool deep,
					    uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault);

#endif
