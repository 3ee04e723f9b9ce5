/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a log that may be hostile: nothing is believed but what was recomputed from the entries. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "ledger/ledger_priv.h"
#include "wire/wire.h"

static enum sk_err read_regular(const char *folder, const char *relative, struct sk_buf *buf, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct stat info;
	if (sk_file_join(path, sizeof path, folder, relative) != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", folder);
	/* Anything but a regular file (a FIFO would hang us) is as good as missing. */
	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return sk_fault_set(fault, SK_ENOENT, "%s: missing; the checkpoint's size needs it", relative);
	sk_buf_reset(buf);
	return sk_file_read(path, buf, fault);
}

enum sk_err sk_tile_read(const char *folder, int level, uint64_t index, unsigned width, struct sk_buf *buf, bool *full_instead,
			 struct sk_fault *fault)
{
	char path[SK_TILE_PATH_MAX], full_path[SK_TILE_PATH_MAX];
	*full_instead = false;
	SK_TRY(sk_tile_path(path, sizeof path, level, index, width));
	enum sk_err err = read_regular(folder, path, buf, fault);
	if (err != SK_ENOENT || width == SK_TILE_WIDTH)
		return err;
	/* A writer that went on may have dropped the partial file since; the full one begins with the same bytes. */
	SK_TRY(sk_tile_path(full_path, sizeof full_path, level, index, SK_TILE_WIDTH));
	struct sk_fault unused;
	if (read_regular(folder, full_path, buf, &unused) != SK_OK)
		return err;
	*full_instead = true;
	return SK_OK;
}

enum sk_err sk_tile_read_hashes(const char *folder, unsigned level, uint64_t index, unsigned width, struct sk_buf *buf, struct sk_fault *fault)
{
	bool full_instead;
	SK_TRY(sk_tile_read(folder, (int)level, index, width, buf, &full_instead, fault));
	size_t expected = (full_instead ? SK_TILE_WIDTH : width) * SK_HASH_BYTES;
	if (buf->length == expected)
		return SK_OK;
	char path[SK_TILE_PATH_MAX];
	SK_TRY(sk_tile_path(path, sizeof path, (int)level, index, full_instead ? SK_TILE_WIDTH : width));
	return sk_fault_set(fault, buf->length < expected ? SK_ETRUNC : SK_EMALFORMED, "%s: offset %zu: expected %zu bytes, found %zu", path,
			    buf->length < expected ? buf->length : expected, expected, buf->length);
}

static enum sk_err read_checkpoint(const char *folder, struct sk_buf *text, struct sk_note *note, struct sk_checkpoint *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (sk_file_join(path, sizeof path, folder, "checkpoint") != SK_OK)
		return sk_fault_set(fault, SK_ETOOBIG, "%.100s: path too long", folder);
	SK_TRY(sk_file_read(path, text, fault));
	SK_TRY(sk_note_parse(sk_buf_text(text), text->length, note, fault));
	return sk_checkpoint_parse(note->body, note->body_length, out, fault);
}

enum sk_err sk_checkpoint_read(const char *folder, struct sk_buf *text, struct sk_note *note, struct sk_checkpoint *out, struct sk_fault *fault)
{
	struct sk_buf own_text;
	struct sk_note *own_note = note == NULL ? malloc(sizeof *own_note) : NULL;
	if (note == NULL && own_note == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&own_text, SK_NOTE_MAX);
	enum sk_err err = read_checkpoint(folder, text != NULL ? text : &own_text, note != NULL ? note : own_note, out, fault);
	sk_buf_fini(&own_text);
	free(own_note);
	return err;
}

/* ---- the walk ---- */

struct sk_ledger_reader {
	char folder[SK_PATH_MAX];
	struct sk_fault *fault;
	uint64_t known;               /* entries that were read by earlier calls */
	struct sk_frontier frontier;
	struct sk_buf bundle, tile;
	size_t offset[SK_TILE_WIDTH]; /* of each entry in the bundle at hand, for messages */
	size_t length[SK_TILE_WIDTH];
};

/* Compare what a file says with what was recomputed; `have` bytes of the file against `expected`. */
static enum sk_err compare_hashes(struct sk_ledger_reader *walk, const char *path, unsigned level, uint64_t index, const uint8_t *recomputed, unsigned width)
{
	const uint8_t *found = walk->tile.bytes;
	size_t at = 0;
	if (memcmp(found, recomputed, width * SK_HASH_BYTES) == 0)
		return SK_OK;
	while (found[at] == recomputed[at])
		at++;
	unsigned slot = (unsigned)(at / SK_HASH_BYTES);
	if (level == 0)
		return sk_fault_set(walk->fault, SK_EMALFORMED,
				    "%s: offset %zu: expected %02x, the hash of entry %llu (offset %zu in its bundle), found %02x", path, at,
				    recomputed[at], (unsigned long long)(index * SK_TILE_WIDTH + slot), walk->offset[slot], found[at]);
	return sk_fault_set(walk->fault, SK_EMALFORMED, "%s: offset %zu: expected %02x, recomputed from tile %llu of level %u, found %02x", path, at,
			    recomputed[at], (unsigned long long)(index * SK_TILE_WIDTH + slot), level - 1, found[at]);
}

static enum sk_err check_tile(struct sk_ledger_reader *walk, unsigned level, uint64_t index, const uint8_t *recomputed, unsigned width)
{
	char path[SK_TILE_PATH_MAX];
	SK_TRY(sk_tile_path(path, sizeof path, (int)level, index, width));
	SK_TRY(sk_tile_read_hashes(walk->folder, level, index, width, &walk->tile, walk->fault));
	return compare_hashes(walk, path, level, index, recomputed, width);
}

/* Partial files of smaller widths, but those up to `known`, which were compared before, were published for earlier checkpoints: those still there must be prefixes.
   level -1 compares with the bundle. */
static enum sk_err check_older(struct sk_ledger_reader *walk, int level, uint64_t index, const uint8_t *recomputed, unsigned known, unsigned width)
{
	char path[SK_TILE_PATH_MAX], folder[SK_PATH_MAX];
	SK_TRY(sk_tile_path(path, sizeof path, level, index, 1));
	char *slash = strrchr(path, '/');
	*slash = '\0';
	if (sk_file_join(folder, sizeof folder, walk->folder, path) != SK_OK)
		return sk_fault_set(walk->fault, SK_ETOOBIG, "%s: path too long", walk->folder);
	DIR *listing = opendir(folder);
	if (listing == NULL)
		return SK_OK;
	bool there[SK_TILE_WIDTH] = {false};
	for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
		unsigned value = 0;
		size_t digits = strspn(entry->d_name, "0123456789");
		if (digits == 0 || digits > 3 || entry->d_name[digits] != '\0' || entry->d_name[0] == '0')
			continue;
		for (size_t i = 0; i < digits; i++)
			value = value * 10 + (unsigned)(entry->d_name[i] - '0');
		if (value < width)
			there[value] = true;
	}
	(void)closedir(listing);
	for (unsigned older = known + 1; older < width; older++) {
		if (!there[older])
			continue;
		size_t expected = level == SK_LEVEL_ENTRIES ? walk->offset[older - 1] + walk->length[older - 1] : older * SK_HASH_BYTES;
		SK_TRY(sk_tile_path(path, sizeof path, level, index, older));
		enum sk_err err = read_regular(walk->folder, path, &walk->tile, walk->fault);
		if (err == SK_ENOENT) /* a writer at work has just dropped it */
			continue;
		SK_TRY(err);
		size_t at = 0;
		while (at < expected && at < walk->tile.length && walk->tile.bytes[at] == recomputed[at])
			at++;
		if (at != expected || walk->tile.length != expected)
			return sk_fault_set(walk->fault, SK_EMALFORMED, "%s: offset %zu: differs from what the log holds now (expected %zu bytes, found %zu)", path, at,
					    expected, walk->tile.length);
	}
	return SK_OK;
}

static enum sk_err on_full(void *context, unsigned level, uint64_t index, const uint8_t *tile)
{
	struct sk_ledger_reader *walk = context;
	SK_TRY(check_tile(walk, level, index, tile, SK_TILE_WIDTH));
	return check_older(walk, (int)level, index, tile, index == sk_partial_index(walk->known, level) ? sk_partial_width(walk->known, level) : 0, SK_TILE_WIDTH);
}

/* Find the entries of a bundle file: uint16 big-endian length, then the bytes, `width` times, nothing after. */
static enum sk_err split_bundle(struct sk_ledger_reader *walk, uint64_t index, unsigned width)
{
	char path[SK_TILE_PATH_MAX];
	bool full_instead;
	SK_TRY(sk_tile_read(walk->folder, SK_LEVEL_ENTRIES, index, width, &walk->bundle, &full_instead, walk->fault));
	SK_TRY(sk_tile_path(path, sizeof path, SK_LEVEL_ENTRIES, index, full_instead ? SK_TILE_WIDTH : width));
	struct sk_cur cur = sk_cur_of(walk->bundle.bytes, walk->bundle.length);
	for (unsigned i = 0; i < width; i++) {
		size_t start = sk_offset(&cur);
		walk->length[i] = sk_be16(&cur);
		walk->offset[i] = sk_offset(&cur);
		sk_skip(&cur, walk->length[i]);
		if (sk_alive(&cur) != SK_OK)
			return sk_fault_set(walk->fault, SK_ETRUNC, "%s: offset %zu: expected entry %u of %u, found the end of the file at %zu", path, start, i + 1, width,
					    walk->bundle.length);
	}
	if (!full_instead && sk_more(&cur))
		return sk_fault_set(walk->fault, SK_EMALFORMED, "%s: offset %zu: expected the end after %u entries, found %zu more bytes", path,
				    sk_offset(&cur), width, sk_left(&cur));
	return SK_OK;
}

/* Entries from `from` on of a bundle; those before it were read by an earlier call. */
static enum sk_err walk_bundle(struct sk_ledger_reader *walk, uint64_t index, unsigned from, unsigned width, sk_ledger_visit visit, void *context)
{
	SK_TRY(split_bundle(walk, index, width));
	for (unsigned i = from; i < width; i++) {
		uint8_t leaf[SK_HASH_BYTES];
		sk_leaf_hash(walk->bundle.bytes + walk->offset[i], walk->length[i], leaf);
		SK_TRY(sk_frontier_add(&walk->frontier, leaf, on_full, walk));
	}
	if (width < SK_TILE_WIDTH) {
		SK_TRY(check_tile(walk, 0, index, walk->frontier.tile[0][0], width));
		SK_TRY(check_older(walk, 0, index, walk->frontier.tile[0][0], from, width));
	}
	SK_TRY(check_older(walk, SK_LEVEL_ENTRIES, index, walk->bundle.bytes, from, width));
	/* Meaning comes after hashing: what is visited is known to be what the tile commits to. */
	for (unsigned i = from; visit != NULL && i < width; i++)
		SK_TRY(visit(context, index * SK_TILE_WIDTH + i, walk->bundle.bytes + walk->offset[i], walk->length[i], walk->fault));
	return SK_OK;
}

/* The right edge above the entries. */
static enum sk_err check_edge(struct sk_ledger_reader *walk, uint64_t size)
{
	for (unsigned level = 1; level < SK_TILE_LEVELS_MAX; level++) {
		unsigned width = sk_partial_width(size, level);
		uint64_t index = sk_partial_index(size, level);
		if (width == 0 || (walk->known != 0 && walk->known >> 8 * level == size >> 8 * level))
			continue;
		SK_TRY(check_tile(walk, level, index, walk->frontier.tile[level][0], width));
		SK_TRY(check_older(walk, (int)level, index, walk->frontier.tile[level][0], index == sk_partial_index(walk->known, level) ? sk_partial_width(walk->known, level) : 0, width));
	}
	return SK_OK;
}

static enum sk_err walk_on(struct sk_ledger_reader *walk, const struct sk_checkpoint *checkpoint, sk_ledger_visit visit, void *context)
{
	uint8_t root[SK_HASH_BYTES];
	if (checkpoint->size < walk->known)
		return sk_fault_set(walk->fault, SK_EINCONSISTENT, "checkpoint: line 2: %llu entries, and %llu were read of this log before", (unsigned long long)checkpoint->size,
				    (unsigned long long)walk->known);
	while (walk->frontier.size < checkpoint->size) {
		uint64_t index = walk->frontier.size / SK_TILE_WIDTH;
		unsigned width = index < checkpoint->size / SK_TILE_WIDTH ? SK_TILE_WIDTH : sk_partial_width(checkpoint->size, 0);
		SK_TRY(walk_bundle(walk, index, (unsigned)(walk->frontier.size % SK_TILE_WIDTH), width, visit, context));
	}
	SK_TRY(check_edge(walk, checkpoint->size));
	sk_frontier_root(&walk->frontier, root);
	if (memcmp(root, checkpoint->root, sizeof root) != 0)
		return sk_fault_set(walk->fault, walk->known != 0 ? SK_EINCONSISTENT : SK_EMALFORMED,
				    "checkpoint: line 3: the root that it signs is not the root of its %llu entries (expected %02x%02x%02x%02x..., "
				    "found %02x%02x%02x%02x...)",
				    (unsigned long long)checkpoint->size, root[0], root[1], root[2], root[3], checkpoint->root[0],
				    checkpoint->root[1], checkpoint->root[2], checkpoint->root[3]);
	walk->known = checkpoint->size;
	return SK_OK;
}

enum sk_err sk_ledger_reader_new(const char *folder, struct sk_ledger_reader **out, struct sk_fault *fault)
{
	/* On the heap: the frontier alone is 64 KiB. */
	struct sk_ledger_reader *reader = calloc(1, sizeof *reader);
	*out = NULL;
	if (reader == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory while reading %s", folder);
	if (strlen(folder) >= sizeof reader->folder) {
		free(reader);
		return sk_fault_set(fault, SK_ETOOBIG, "%.100s...: path too long", folder);
	}
	memcpy(reader->folder, folder, strlen(folder) + 1);
	sk_buf_init(&reader->bundle, SK_BUNDLE_MAX_BYTES);
	sk_buf_init(&reader->tile, SK_BUNDLE_MAX_BYTES);
	*out = reader;
	return SK_OK;
}

void sk_ledger_reader_free(struct sk_ledger_reader *reader)
{
	if (reader == NULL)
		return;
	sk_buf_fini(&reader->bundle);
	sk_buf_fini(&reader->tile);
	free(reader);
}

enum sk_err sk_ledger_follow(struct sk_ledger_reader *reader, const struct sk_checkpoint *checkpoint, sk_ledger_visit visit, void *context, struct sk_fault *fault)
{
	reader->fault = fault;
	return walk_on(reader, checkpoint, visit, context);
}

enum sk_err sk_ledger_walk(const char *folder, const struct sk_checkpoint *checkpoint, sk_ledger_visit visit, void *context, struct sk_fault *fault)
{
	struct sk_ledger_reader *reader;
	SK_TRY(sk_ledger_reader_new(folder, &reader, fault));
	enum sk_err err = sk_ledger_follow(reader, checkpoint, visit, context, fault);
	sk_ledger_reader_free(reader);
	return err;
}

enum sk_err sk_ledger_read(const char *folder, uint64_t size, uint64_t index, struct sk_buf *out, struct sk_fault *fault)
{
	if (index >= size)
		return sk_fault_set(fault, SK_ENOENT, "entry %llu: the log has %llu entries", (unsigned long long)index, (unsigned long long)size);
	uint64_t bundle = index / SK_TILE_WIDTH;
	unsigned width = bundle < size / SK_TILE_WIDTH ? SK_TILE_WIDTH : sk_partial_width(size, 0);
	struct sk_buf bytes;
	bool full_instead;
	sk_buf_init(&bytes, SK_BUNDLE_MAX_BYTES);
	enum sk_err err = sk_tile_read(folder, SK_LEVEL_ENTRIES, bundle, width, &bytes, &full_instead, fault);
	if (err == SK_OK) {
		struct sk_cur cur = sk_cur_of(bytes.bytes, bytes.length);
		for (unsigned i = 0; i < index % SK_TILE_WIDTH; i++)
			sk_skip(&cur, sk_be16(&cur));
		struct sk_cur entry = sk_carve(&cur, sk_be16(&cur));
		size_t length = sk_left(&entry);
		const uint8_t *start = sk_take(&entry, length);
		if (sk_alive(&cur) != SK_OK) {
			err = sk_fault_set(fault, SK_ETRUNC, "entry %llu: its bundle ends before it", (unsigned long long)index);
		} else {
			sk_buf_add(out, start, length);
			err = out->failed;
		}
	}
	sk_buf_fini(&bytes);
	return err;
}

/* ---- proofs from the tiles ---- */

struct prover {
	const char *folder;
	uint64_t size;
	struct sk_buf tile;
	struct sk_fault *fault;
};

/* Root of the complete subtree of 2^height leaves that begins at leaf `begin` (a multiple of it). */
static enum sk_err subtree_root(struct prover *prover, uint64_t begin, unsigned height, uint8_t out[SK_HASH_BYTES])
{
	unsigned level = height / 8;
	uint64_t first = begin >> 8 * level; /* among the hashes of that level */
	size_t count = (size_t)1 << height % 8;
	uint64_t index = first / SK_TILE_WIDTH;
	size_t slot = first % SK_TILE_WIDTH;
	bool full = level + 1 < SK_TILE_LEVELS_MAX && index < prover->size >> 8 * (level + 1);
	unsigned width = full ? SK_TILE_WIDTH : sk_partial_width(prover->size, level);
	SK_TRY(sk_tile_read_hashes(prover->folder, level, index, width, &prover->tile, prover->fault));
	if (slot + count > width)
		return sk_fault_set(prover->fault, SK_ETRUNC, "tile of level %u: too narrow", level);
	sk_hashes_root(prover->tile.bytes + slot * SK_HASH_BYTES, count, out);
	return SK_OK;
}

/* Root of the tree over the leaves [begin, end); begin is a multiple of the largest power of two in end - begin. */
static enum sk_err range_root(struct prover *prover, uint64_t begin, uint64_t end, uint8_t out[SK_HASH_BYTES])
{
	uint8_t part[64][SK_HASH_BYTES];
	size_t parts = 0;
	while (begin < end) {
		unsigned height = 63 - (unsigned)__builtin_clzll(end - begin);
		SK_TRY(subtree_root(prover, begin, height, part[parts++]));
		begin += (uint64_t)1 << height;
	}
	SK_INVARIANT(parts > 0);
	memcpy(out, part[--parts], SK_HASH_BYTES);
	while (parts > 0)
		sk_node_hash(part[--parts], out, out);
	return SK_OK;
}

/* Found from the root down; wanted from the leaf up. */
static void turn_round(uint8_t (*proof)[SK_HASH_BYTES], size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		uint8_t swap[SK_HASH_BYTES];
		memcpy(swap, proof[i], sizeof swap);
		memcpy(proof[i], proof[count - 1 - i], sizeof swap);
		memcpy(proof[count - 1 - i], swap, sizeof swap);
	}
}

static enum sk_err prove(struct prover *prover, uint64_t index, uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES], size_t *count)
{
	uint64_t begin = 0, end = prover->size;
	*count = 0;
	while (end - begin > 1) {
		uint64_t half = (uint64_t)1 << (63 - __builtin_clzll(end - begin - 1));
		if (*count == SK_PROOF_MAX)
			return SK_ETOOBIG;
		if (index < begin + half) {
			SK_TRY(range_root(prover, begin + half, end, proof[*count]));
			end = begin + half;
		} else {
			SK_TRY(range_root(prover, begin, begin + half, proof[*count]));
			begin += half;
		}
		++*count;
	}
	turn_round(proof, *count);
	return SK_OK;
}

enum sk_err sk_ledger_prove(const char *folder, uint64_t size, uint64_t index, uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES], size_t *count,
			    struct sk_fault *fault)
{
	if (index >= size)
		return sk_fault_set(fault, SK_ENOENT, "entry %llu: the log has %llu entries", (unsigned long long)index, (unsigned long long)size);
	struct prover prover = {.folder = folder, .size = size, .fault = fault};
	sk_buf_init(&prover.tile, SK_TILE_BYTES);
	enum sk_err err = prove(&prover, index, proof, count);
	sk_buf_fini(&prover.tile);
	return err;
}

/* RFC 6962 2.1.2, SUBPROOF: down to where the old tree ends; its own root is left out when it is a whole left part, for whoever checks has it. */
static enum sk_err prove_growth(struct prover *prover, uint64_t old, uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES], size_t *count)
{
	uint64_t begin = 0, end = prover->size;
	*count = 0;
	while (old != end) {
		uint64_t half = (uint64_t)1 << (63 - __builtin_clzll(end - begin - 1));
		if (*count == SK_PROOF_MAX)
			return SK_ETOOBIG;
		if (old <= begin + half) {
			SK_TRY(range_root(prover, begin + half, end, proof[*count]));
			end = begin + half;
		} else {
			SK_TRY(range_root(prover, begin, begin + half, proof[*count]));
			begin += half;
		}
		++*count;
	}
	if (begin != 0) {
		if (*count == SK_PROOF_MAX)
			return SK_ETOOBIG;
		SK_TRY(range_root(prover, begin, end, proof[(*count)++]));
	}
	turn_round(proof, *count);
	return SK_OK;
}

enum sk_err sk_ledger_prove_growth(const char *folder, uint64_t old, uint64_t size, uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES], size_t *count,
				   struct sk_fault *fault)
{
	*count = 0;
	if (old > size)
		return sk_fault_set(fault, SK_ENOENT, "size %llu: the log has %llu entries", (unsigned long long)old, (unsigned long long)size);
	if (old == 0)
		return SK_OK;
	struct prover prover = {.folder = folder, .size = size, .fault = fault};
	sk_buf_init(&prover.tile, SK_TILE_BYTES);
	enum sk_err err = prove_growth(&prover, old, proof, count);
	sk_buf_fini(&prover.tile);
	return err;
}

enum sk_err sk_ledger_root_at(const char *folder, uint64_t tiles_size, uint64_t size, uint8_t root[SK_HASH_BYTES], struct sk_fault *fault)
{
	if (size > tiles_size)
		return sk_fault_set(fault, SK_ENOENT, "size %llu: the log has %llu entries", (unsigned long long)size, (unsigned long long)tiles_size);
	if (size == 0) {
		sk_sha256("", 0, root);
		return SK_OK;
	}
	struct prover prover = {.folder = folder, .size = tiles_size, .fault = fault};
	sk_buf_init(&prover.tile, SK_TILE_BYTES);
	enum sk_err err = range_root(&prover, 0, size, root);
	sk_buf_fini(&prover.tile);
	return err;
}
