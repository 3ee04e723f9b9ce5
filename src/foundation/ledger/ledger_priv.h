/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the frontier of a tree, and files by tile coordinates. */
#ifndef SK_LEDGER_PRIV_H
#define SK_LEDGER_PRIV_H

#include "ledger/ledger.h"

enum {
	SK_LEVEL_ENTRIES = -1,          /* the level number that stands for entry bundles */
	SK_ENTRY_MAX_BYTES = 65535,
	SK_BUNDLE_MAX_BYTES = SK_TILE_WIDTH * (2 + SK_ENTRY_MAX_BYTES),
	SK_CHECKPOINT_MAX_BYTES = 65536,
	SK_TILE_PATH_MAX = 64,
	SK_PENDING_MAX_BYTES = 256 << 20, /* uncommitted bytes that a writer holds in memory */
};

/* The right edge of a tree: of each level the hashes that do not fill a tile yet. Slots past the width hold leavings. */
struct sk_frontier {
	uint64_t size;
	uint8_t tile[SK_TILE_LEVELS_MAX][SK_TILE_WIDTH][SK_HASH_BYTES];
};

/* Called with each tile that becomes full. */
typedef enum sk_err (*sk_tile_full)(void *context, unsigned level, uint64_t index, const uint8_t *tile);

/* How many hashes the last tile of a level holds in a tree of that size; 0 = it is full or there is none. */
static inline unsigned sk_partial_width(uint64_t size, unsigned level)
{
	return (unsigned)(size >> 8 * level) & (SK_TILE_WIDTH - 1);
}

/* Index of the tile at the right edge of a level, the one that partial_width speaks of. */
static inline uint64_t sk_partial_index(uint64_t size, unsigned level)
{
	return level + 1 < SK_TILE_LEVELS_MAX ? size >> 8 * (level + 1) : 0;
}

/* Root of the tree over count (1..257) hashes in a row. */
void sk_hashes_root(const uint8_t *hashes, size_t count, uint8_t out[SK_HASH_BYTES]);
/* Add one leaf hash; full is called lowest level first. Its error is returned and leaves the frontier unusable. */
SK_MUST enum sk_err sk_frontier_add(struct sk_frontier *frontier, const uint8_t leaf[SK_HASH_BYTES], sk_tile_full full, void *context);
/* Root of the whole tree. */
void sk_frontier_root(const struct sk_frontier *frontier, uint8_t out[SK_HASH_BYTES]);

/* Read the tile or bundle from folder into buf (which is reset first): a regular file of at most buf's limit. When a partial one is not there,
   the full one is taken in its place and *full_instead says so (a writer may drop partial tiles once they are full). SK_ENOENT, SK_EIO, SK_ETOOBIG. */
SK_MUST enum sk_err sk_tile_read(const char *folder, int level, uint64_t index, unsigned width, struct sk_buf *buf, bool *full_instead,
				 struct sk_fault *fault);
/* As sk_tile_read for a tile of hashes: exactly width hashes are in buf afterwards. SK_ETRUNC or SK_EMALFORMED when the file is shorter or longer. */
SK_MUST enum sk_err sk_tile_read_hashes(const char *folder, unsigned level, uint64_t index, unsigned width, struct sk_buf *buf,
					struct sk_fault *fault);

#endif
