/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of RFC 6962 2.1 cut into tiles (C2SP tlog-tiles), and its checkpoint (C2SP tlog-checkpoint). No file is touched here. */
#include <stdio.h>
#include <string.h>

#include "ledger/ledger_priv.h"
#include "text/text.h"

void sk_leaf_hash(const void *entry, size_t length, uint8_t out[SK_HASH_BYTES])
{
	uint8_t bytes[1 + SK_ENTRY_MAX_BYTES];
	SK_INVARIANT(length <= SK_ENTRY_MAX_BYTES);
	bytes[0] = 0x00;
	if (length != 0)
		memcpy(bytes + 1, entry, length);
	sk_sha256(bytes, 1 + length, out);
}

void sk_node_hash(const uint8_t left[SK_HASH_BYTES], const uint8_t right[SK_HASH_BYTES], uint8_t out[SK_HASH_BYTES])
{
	uint8_t bytes[1 + 2 * SK_HASH_BYTES];
	bytes[0] = 0x01;
	memcpy(bytes + 1, left, SK_HASH_BYTES);
	memcpy(bytes + 1 + SK_HASH_BYTES, right, SK_HASH_BYTES);
	sk_sha256(bytes, sizeof bytes, out);
}

enum sk_err sk_tile_path(char *path, size_t size, int level, uint64_t index, unsigned width)
{
	/* Groups of three digits, all but the last with an x in front: 1234067 is x001/x234/067. A 64-bit index has at most 7 groups. */
	unsigned group[7];
	size_t groups = 0;
	do {
		group[groups++] = (unsigned)(index % 1000);
		index /= 1000;
	} while (index != 0);
	SK_INVARIANT(level >= SK_LEVEL_ENTRIES && level < 64 && width >= 1 && width <= SK_TILE_WIDTH);
	size_t at = 0;
	int used = level == SK_LEVEL_ENTRIES ? snprintf(path, size, "tile/entries") : snprintf(path, size, "tile/%d", level);
	for (size_t i = groups; used >= 0 && (at += (size_t)used) < size && i-- > 0;)
		used = snprintf(path + at, size - at, i != 0 ? "/x%03u" : "/%03u", group[i]);
	if (used >= 0 && at < size && width < SK_TILE_WIDTH) {
		used = snprintf(path + at, size - at, ".p/%u", width);
		at += (size_t)used;
	}
	return used < 0 || at >= size ? SK_ETOOBIG : SK_OK;
}

void sk_hashes_root(const uint8_t *hashes, size_t count, uint8_t out[SK_HASH_BYTES])
{
	uint8_t row[SK_TILE_WIDTH + 1][SK_HASH_BYTES];
	SK_INVARIANT(count >= 1 && count <= SK_COUNT(row));
	memcpy(row, hashes, count * SK_HASH_BYTES);
	/* Pairing neighbours and lifting an odd last one unchanged is the split at the largest power of two below n. */
	for (; count > 1; count = (count + 1) / 2) {
		for (size_t i = 0; i + 1 < count; i += 2)
			sk_node_hash(row[i], row[i + 1], row[i / 2]);
		if (count % 2 != 0)
			memmove(row[count / 2], row[count - 1], SK_HASH_BYTES);
	}
	memcpy(out, row[0], SK_HASH_BYTES);
}

enum sk_err sk_frontier_add(struct sk_frontier *frontier, const uint8_t leaf[SK_HASH_BYTES], sk_tile_full full, void *context)
{
	memcpy(frontier->tile[0][sk_partial_width(frontier->size, 0)], leaf, SK_HASH_BYTES);
	frontier->size++;
	for (unsigned level = 0; level < SK_TILE_LEVELS_MAX && sk_partial_width(frontier->size, level) == 0; level++) {
		uint64_t index = sk_partial_index(frontier->size, level) - 1;
		if (full != NULL)
			SK_TRY(full(context, level, index, frontier->tile[level][0]));
		if (level + 1 < SK_TILE_LEVELS_MAX)
			sk_hashes_root(frontier->tile[level][0], SK_TILE_WIDTH, frontier->tile[level + 1][index % SK_TILE_WIDTH]);
	}
	return SK_OK;
}

void sk_frontier_root(const struct sk_frontier *frontier, uint8_t out[SK_HASH_BYTES])
{
	uint8_t row[SK_TILE_WIDTH][SK_HASH_BYTES];
	bool any = false;
	/* From the bottom up: what a level leaves over is the last, smaller element of the level above. */
	for (unsigned level = 0; level < SK_TILE_LEVELS_MAX; level++) {
		size_t width = sk_partial_width(frontier->size, level);
		memcpy(row, frontier->tile[level], width * SK_HASH_BYTES);
		if (any)
			memcpy(row[width++], out, SK_HASH_BYTES);
		if (width != 0)
			sk_hashes_root(row[0], width, out);
		any = width != 0;
	}
	if (!any)
		sk_sha256("", 0, out);
}

/* ---- checkpoint ---- */

/* Cut the next line (without LF) off *text. NULL when no LF is left. */
static const char *next_line(const char **text, const char *end, size_t *length)
{
	const char *line = *text;
	const char *feed = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	if (feed == NULL)
		return NULL;
	*length = (size_t)(feed - line);
	*text = feed + 1;
	return line;
}

static bool parse_size(const char *line, size_t length, uint64_t *out)
{
	uint64_t value = 0;
	if (length == 0 || length > 20 || (line[0] == '0' && length > 1))
		return false;
	for (size_t i = 0; i < length; i++)
		if (line[i] < '0' || line[i] > '9' || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (unsigned)(line[i] - '0'), &value))
			return false;
	*out = value;
	return true;
}

enum sk_err sk_checkpoint_parse(const char *body, size_t length, struct sk_checkpoint *out, struct sk_fault *fault)
{
	const char *at = body, *end = body + length, *line;
	size_t line_length, root_length = 0;
	*out = (struct sk_checkpoint){0};
	line = next_line(&at, end, &line_length);
	if (line == NULL || line_length == 0 || line_length >= sizeof out->origin)
		return sk_fault_set(fault, SK_EMALFORMED, "checkpoint line 1: expected an origin of 1 to %zu bytes", sizeof out->origin - 1);
	for (size_t i = 0; i < line_length; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return sk_fault_set(fault, SK_EMALFORMED, "checkpoint line 1: control character in the origin at byte %zu", i);
	memcpy(out->origin, line, line_length);
	line = next_line(&at, end, &line_length);
	if (line == NULL || !parse_size(line, line_length, &out->size))
		return sk_fault_set(fault, SK_EMALFORMED, "checkpoint line 2: expected the tree size in decimal without leading zeros");
	line = next_line(&at, end, &line_length);
	if (line == NULL || sk_base64_decode(line, line_length, out->root, sizeof out->root, &root_length) != SK_OK || root_length != sizeof out->root)
		return sk_fault_set(fault, SK_EMALFORMED, "checkpoint line 3: expected the root as base64 of 32 bytes");
	/* Extension lines are opaque, but none may be empty and the last must end. */
	for (unsigned number = 4; at < end; number++) {
		line = next_line(&at, end, &line_length);
		if (line == NULL || line_length == 0)
			return sk_fault_set(fault, SK_EMALFORMED, "checkpoint line %u: expected a non-empty extension line ending in LF", number);
	}
	return SK_OK;
}

void sk_checkpoint_format(struct sk_buf *out, const struct sk_checkpoint *checkpoint)
{
	char root[SK_BASE64_32_MAX];
	sk_base64_encode(checkpoint->root, sizeof checkpoint->root, root);
	sk_buf_addf(out, "%s\n%llu\n%s\n", checkpoint->origin, (unsigned long long)checkpoint->size, root);
}

/* ---- proofs ---- */

enum sk_err sk_proof_check(uint64_t size, uint64_t index, const uint8_t leaf[SK_HASH_BYTES], const uint8_t (*proof)[SK_HASH_BYTES], size_t count,
			   const uint8_t root[SK_HASH_BYTES])
{
	uint8_t hash[SK_HASH_BYTES];
	if (index >= size)
		return SK_ESIGNATURE;
	/* RFC 9162 2.1.3.2 */
	uint64_t fn = index, sn = size - 1;
	memcpy(hash, leaf, sizeof hash);
	for (size_t i = 0; i < count; i++) {
		if (sn == 0)
			return SK_ESIGNATURE;
		if ((fn & 1) != 0 || fn == sn) {
			sk_node_hash(proof[i], hash, hash);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			sk_node_hash(hash, proof[i], hash);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(hash, root, sizeof hash) == 0 ? SK_OK : SK_ESIGNATURE;
}

enum sk_err sk_growth_check(uint64_t old, uint64_t size, const uint8_t old_root[SK_HASH_BYTES], const uint8_t root[SK_HASH_BYTES],
			    const uint8_t (*proof)[SK_HASH_BYTES], size_t count)
{
	uint8_t before[SK_HASH_BYTES], after[SK_HASH_BYTES];
	size_t next = 0;
	if (old > size)
		return SK_ESIGNATURE;
	if (old == 0)
		return count == 0 ? SK_OK : SK_ESIGNATURE;
	if (old == size)
		return count == 0 && memcmp(old_root, root, SK_HASH_BYTES) == 0 ? SK_OK : SK_ESIGNATURE;
	/* RFC 9162 2.1.4.2; the root of a whole left part is not sent. */
	bool whole = (old & (old - 1)) == 0;
	if (!whole && count == 0)
		return SK_ESIGNATURE;
	memcpy(before, whole ? old_root : proof[next++], sizeof before);
	memcpy(after, before, sizeof after);
	uint64_t fn = old - 1, sn = size - 1;
	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	for (; next < count; next++) {
		if (sn == 0)
			return SK_ESIGNATURE;
		if ((fn & 1) != 0 || fn == sn) {
			sk_node_hash(proof[next], before, before);
			sk_node_hash(proof[next], after, after);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			sk_node_hash(after, proof[next], after);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(before, old_root, sizeof before) == 0 && memcmp(after, root, sizeof after) == 0 ? SK_OK : SK_ESIGNATURE;
}
