/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: an append-only log of small records in the public tlog-tiles format (C2SP): checkpoint, tile/L/N[.p/W], tile/entries/N[.p/W].
   Installed as libsekisho-ledger. Promises: crash-safe (entries and tiles first, checkpoint last, fsync between); a reader trusts nothing but
   what it recomputed. Limits: an entry is at most 65,535 bytes. Never: deletes or rewrites a published leaf. Thread rule: one writer per log (locked). */
#ifndef SK_LEDGER_H
#define SK_LEDGER_H

#include "ledger/record.h"
#include "seal/seal.h"

enum { SK_TILE_WIDTH = 256, SK_TILE_BYTES = SK_TILE_WIDTH * SK_HASH_BYTES, SK_TILE_LEVELS_MAX = 8, SK_PROOF_MAX = 64 };

/* ---- hashing (RFC 6962 2.1) ---- */

/* SHA-256(0x00 || entry). */
void sk_leaf_hash(const void *entry, size_t length, uint8_t out[SK_HASH_BYTES]);
/* SHA-256(0x01 || left || right). */
void sk_node_hash(const uint8_t left[SK_HASH_BYTES], const uint8_t right[SK_HASH_BYTES], uint8_t out[SK_HASH_BYTES]);
/* "tile/1/x001/234.p/7" for level 1, index 1234, width 7 (256 = full); level -1 = entries. SK_ETOOBIG. */
SK_MUST enum sk_err sk_tile_path(char *path, size_t size, int level, uint64_t index, unsigned width);

/* ---- writing ---- */

struct sk_ledger; /* opaque */

/* Open for writing, made when absent (folder 0755). Takes the lock DIR/.lock: SK_ELOCKED. Checks the checkpoint's signature and rebuilds the frontier
   from the tiles; entries beyond the checkpoint (a crash) are dropped and counted in *dropped. SK_ESIGNATURE, SK_EMALFORMED, SK_EIO. Borrows key. */
SK_MUST enum sk_err sk_ledger_open(const char *folder, const char *origin, const struct sk_sign_key *key, struct sk_ledger **out, uint64_t *dropped,
				   struct sk_fault *fault);
/* Close; what was not committed is dropped (NULL is fine). */
void sk_ledger_close(struct sk_ledger *ledger);
/* Append one entry to memory; nothing is on disk before commit. SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_ledger_append(struct sk_ledger *ledger, const void *entry, size_t length, struct sk_receipt *receipt);
/* Write entries and tiles, fsync, then replace the checkpoint. On error nothing is published: the old checkpoint stands. SK_ENOSPC, SK_EIO. */
SK_MUST enum sk_err sk_ledger_commit(struct sk_ledger *ledger, struct sk_fault *fault);
/* Committed size and root. */
void sk_ledger_head(const struct sk_ledger *ledger, uint64_t *size, uint8_t root[SK_HASH_BYTES]);
/* The origin line. Borrowed. */
const char *sk_ledger_origin(const struct sk_ledger *ledger);
/* A sink that appends to this ledger. */
struct sk_ledger_sink sk_ledger_sink_of(struct sk_ledger *ledger);

/* ---- reading ---- */

struct sk_checkpoint {
	char origin[SK_KEY_NAME_MAX];
	uint64_t size;
	uint8_t root[SK_HASH_BYTES];
};

/* Parse a checkpoint body. SK_EMALFORMED names the line. */
SK_MUST enum sk_err sk_checkpoint_parse(const char *body, size_t length, struct sk_checkpoint *out, struct sk_fault *fault);
/* Write a checkpoint body (no signature). */
void sk_checkpoint_format(struct sk_buf *out, const struct sk_checkpoint *checkpoint);

/* Read FOLDER/checkpoint as it stands; no signature is checked. Its bytes are appended to text and note gets its parts, borrowed from text; either may be NULL (text for
   note is needed). SK_ENOENT, SK_EIO, SK_EMALFORMED, SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_checkpoint_read(const char *folder, struct sk_buf *text, struct sk_note *note, struct sk_checkpoint *out, struct sk_fault *fault);
/* Called for each entry of a log in order. Return other than SK_OK stops the walk with that error. */
typedef enum sk_err (*sk_ledger_visit)(void *context, uint64_t index, const uint8_t *entry, size_t length, struct sk_fault *fault);
/* Read every entry up to size from the entry bundles, recompute every tile of every level to the root and compare with the files byte by byte;
   the fault names the file and the offset of the first wrong byte. Trusts no tile. SK_EMALFORMED, SK_ETRUNC, SK_ENOENT. */
SK_MUST enum sk_err sk_ledger_walk(const char *folder, const struct sk_checkpoint *checkpoint, sk_ledger_visit visit, void *context,
				   struct sk_fault *fault);
/* The same, a piece at a time: whoever follows a log reads what it grew by, and proves with it that it grew and was not rewritten. */
struct sk_ledger_reader; /* opaque */
/* Begin before the first entry of the log in that folder. SK_ENOMEM. */
SK_MUST enum sk_err sk_ledger_reader_new(const char *folder, struct sk_ledger_reader **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_ledger_reader_free(struct sk_ledger_reader *reader);
/* Read on up to a later checkpoint of the log: entries behind those that were read are visited, every tile that they complete or change is recomputed and compared, and
   the root over all entries, old and new, must be the checkpoint's. Older entries are not read again. SK_EINCONSISTENT: the checkpoint is an earlier one, or
   signs another beginning than the one that was read; SK_EMALFORMED, SK_ETRUNC, SK_ENOENT as sk_ledger_walk. After an error the reader is of no use: free it. */
SK_MUST enum sk_err sk_ledger_follow(struct sk_ledger_reader *reader, const struct sk_checkpoint *checkpoint, sk_ledger_visit visit, void *context, struct sk_fault *fault);
/* Read one entry (not verified). */
SK_MUST enum sk_err sk_ledger_read(const char *folder, uint64_t size, uint64_t index, struct sk_buf *out, struct sk_fault *fault);

/* Inclusion proof for index in the tree of `size`, leaf side first, from the tiles. SK_ETOOBIG past SK_PROOF_MAX. */
SK_MUST enum sk_err sk_ledger_prove(const char *folder, uint64_t size, uint64_t index, uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES], size_t *count,
				    struct sk_fault *fault);
/* Root of the first `size` leaves, from the tiles of a log of tiles_size entries: an older checkpoint of the same log must have it. Trust it only after a
   walk of tiles_size. SK_ENOENT, SK_ETRUNC. */
SK_MUST enum sk_err sk_ledger_root_at(const char *folder, uint64_t tiles_size, uint64_t size, uint8_t root[SK_HASH_BYTES], struct sk_fault *fault);
/* Consistency proof (RFC 6962 2.1.2) from the tree of `old` leaves to that of `size`, from the tiles; empty when old is 0 or size. SK_ENOENT (old > size),
   SK_ETOOBIG past SK_PROOF_MAX. */
SK_MUST enum sk_err sk_ledger_prove_growth(const char *folder, uint64_t old, uint64_t size, uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES], size_t *count,
					   struct sk_fault *fault);
/* Check a consistency proof: is the tree of `old` leaves the beginning of the tree of `size`? From nothing (old 0) everything grows, and the proof is empty. SK_OK or
   SK_ESIGNATURE. */
SK_MUST enum sk_err sk_growth_check(uint64_t old, uint64_t size, const uint8_t old_root[SK_HASH_BYTES], const uint8_t root[SK_HASH_BYTES],
				    const uint8_t (*proof)[SK_HASH_BYTES], size_t count);
/* Check an inclusion proof. SK_OK or SK_ESIGNATURE. */
SK_MUST enum sk_err sk_proof_check(uint64_t size, uint64_t index, const uint8_t leaf[SK_HASH_BYTES], const uint8_t (*proof)[SK_HASH_BYTES],
				   size_t count, const uint8_t root[SK_HASH_BYTES]);

#endif
