/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: open with every check, then look up. The trie's nodes are used where they lie; where the children of a node begin is counted at open
   (it is not stored, so it cannot lie). */
#include "border/border.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "border/border_priv.h"
#include "seal/seal.h"

size_t sk_border_record_bytes(enum sk_border_section section)
{
	static const size_t bytes[SK_SECTION_COUNT] = {
		[SK_SECTION_NODES4] = SK_BORDER_NODE_BYTES,       [SK_SECTION_NODES6] = SK_BORDER_NODE_BYTES,
		[SK_SECTION_EXCEPTIONS] = SK_BORDER_RANGE6_BYTES, [SK_SECTION_SOURCES] = SK_BORDER_SOURCE_BYTES,
		[SK_SECTION_RANGES4] = SK_BORDER_RANGE4_BYTES,    [SK_SECTION_RANGES6] = SK_BORDER_RANGE6_BYTES,
		[SK_SECTION_COUNTRIES4] = SK_BORDER_COUNTRY4_BYTES, [SK_SECTION_COUNTRIES6] = SK_BORDER_COUNTRY6_BYTES};
	return bytes[section];
}

/* ---- look-up ---- */

/* Set bits of a word that only has even ones: __builtin_popcountll is a library call unless the build may assume the POPCNT instruction. */
static inline unsigned count_even_bits(uint64_t word)
{
	word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned)(word * 0x0101010101010101u >> 56);
}

/* A 1 at the even bit of each slot with the value "deeper". */
static inline uint64_t deeper_slots(uint64_t word)
{
	return word & word >> 1 & 0x5555555555555555u;
}

/* bytes: of the trie's family. The check at open promises that the last level has no "deeper" and that every child exists. */
static inline enum sk_side trie_walk(const struct sk_trie *trie, const uint8_t *bytes)
{
	uint32_t node = *bytes;
	for (;;) {
		unsigned slot = *++bytes;
		unsigned shift = slot % 32 * 2;
		uint64_t word = le64toh(trie->words[node * SK_BORDER_NODE_WORDS + slot / 32]);
		unsigned value = (unsigned)(word >> shift & 3);
		if (value != SK_BORDER_DEEPER)
			return (enum sk_side)value;
		const struct sk_trie_rank *rank = &trie->rank[node];
		node = rank->first_child + rank->before[slot / 32] + count_even_bits(deeper_slots(word) & ((UINT64_C(1) << shift) - 1));
	}
}

enum sk_side sk_border_side4(const struct sk_border *table, const uint8_t bytes[4])
{
	return trie_walk(&table->trie[0], bytes);
}

enum sk_side sk_border_side6(const struct sk_border *table, const uint8_t bytes[16])
{
	uint64_t head;
	memcpy(&head, bytes, sizeof head);
	uint8_t embedded[2][4];
	if (SK_UNLIKELY(sk_border_may_embed(be64toh(head))) && sk_border_embedded(bytes, embedded) != 0)
		return sk_border_embedded_side(table, bytes);
	return trie_walk(&table->trie[1], bytes);
}

enum sk_side sk_border_side(const struct sk_border *table, const struct sk_addr *addr)
{
	return addr->family == 4 ? sk_border_side4(table, addr->bytes) : addr->family == 6 ? sk_border_side6(table, addr->bytes) : SK_SIDE_UNKNOWN;
}

enum sk_side sk_border_trie_side(const struct sk_border *table, unsigned family, const uint8_t *bytes)
{
	return trie_walk(&table->trie[family == 6], bytes);
}

void sk_border_prefetch(const struct sk_border *table, const uint8_t *bytes, unsigned family)
{
	__builtin_prefetch(&table->trie[family == 6].words[(size_t)*bytes * SK_BORDER_NODE_WORDS]);
}

/* ---- open ---- */

static uint64_t word_at(const struct sk_trie *trie, size_t i)
{
	return le64toh(trie->words[i]);
}

/* Count where children begin. Nodes stand level by level, children in the order of their slots, each child has one parent: then the numbers must come out
   even, and no walk can leave the array or go on for ever. levels: bytes of an address less one. */
static enum sk_err trie_check(struct sk_trie *trie, unsigned levels, const char *path, struct sk_fault *fault)
{
	trie->rank = calloc(trie->node_count, sizeof *trie->rank);
	if (trie->rank == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	uint64_t next = SK_BORDER_ROOT_NODES, level_end = SK_BORDER_ROOT_NODES;
	unsigned level = 1;
	for (uint32_t node = 0; node < trie->node_count; node++) {
		if (node == level_end) {
			level++;
			level_end = next;
		}
		trie->rank[node].first_child = (uint32_t)next;
		unsigned before = 0;
		for (unsigned i = 0; i < SK_BORDER_NODE_WORDS; i++) {
			trie->rank[node].before[i] = (uint8_t)before;
			before += count_even_bits(deeper_slots(word_at(trie, (size_t)node * SK_BORDER_NODE_WORDS + i)));
		}
		next += before;
		if (before != 0 && level >= levels)
			return sk_fault_set(fault, SK_EMALFORMED,
					    "%s: node %u of the IPv%c trie goes deeper than an address is long; build the table again", path, node,
					    levels == 3 ? '4' : '6');
		if (next > trie->node_count || next == node + 1)
			break; /* children that are not there, or nodes that no slot leads to; at the last node both are right */
	}
	if (next != trie->node_count)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: the IPv%c trie has %u nodes, but its slots ask for %llu; build the table again", path,
				    levels == 3 ? '4' : '6', trie->node_count, (unsigned long long)next);
	return SK_OK;
}

static enum sk_err ranges_check(const struct sk_border *table, enum sk_border_section section, uint64_t from, uint64_t count, const char *path,
				struct sk_fault *fault)
{
	sk_u128 before = 0;
	for (uint64_t i = 0; i < count; i++) {
		struct sk_border_range range = sk_border_range_at(table, section, (size_t)(from + i));
		unsigned most = section == SK_SECTION_RANGES4 ? 32 : 128;
		if (range.last < range.first || (i != 0 && range.first <= before) || range.says == 0 || range.says > 15 || range.bits > most)
			return sk_fault_set(fault, SK_EMALFORMED, "%s: range %llu of section %u is not in order; build the table again", path,
					    (unsigned long long)(from + i), (unsigned)section);
		before = range.last;
	}
	return SK_OK;
}

static enum sk_err sources_check(const struct sk_border *table, const char *path, struct sk_fault *fault)
{
	uint64_t used[2] = {0, 0};
	const uint64_t have[2] = {table->header.counts[SK_SECTION_RANGES4], table->header.counts[SK_SECTION_RANGES6]};
	for (unsigned i = 0; i < table->header.counts[SK_SECTION_SOURCES]; i++) {
		struct sk_border_source source;
		sk_border_source_at(table, i, &source);
		bool good = source.kind >= SK_BORDER_LIST && source.kind <= SK_BORDER_COUNTRIES && source.side <= SK_SIDE_FOREIGN;
		for (unsigned f = 0; f < 2 && good; f++) {
			good = source.ranges_from[f] == used[f] && source.ranges_count[f] <= have[f] - used[f];
			used[f] += source.ranges_count[f];
		}
		if (!good)
			return sk_fault_set(fault, SK_EMALFORMED, "%s: source record %u is malformed; build the table again", path, i);
		SK_TRY(ranges_check(table, SK_SECTION_RANGES4, source.ranges_from[0], source.ranges_count[0], path, fault));
		SK_TRY(ranges_check(table, SK_SECTION_RANGES6, source.ranges_from[1], source.ranges_count[1], path, fault));
	}
	if (used[0] != have[0] || used[1] != have[1])
		return sk_fault_set(fault, SK_EMALFORMED, "%s: ranges that belong to no source; build the table again", path);
	return ranges_check(table, SK_SECTION_EXCEPTIONS, 0, table->header.counts[SK_SECTION_EXCEPTIONS], path, fault);
}

/* The fixed header. Fills header and offsets; *end gets where the digest must stand. */
static enum sk_err header_read(struct sk_border *table, const char *path, struct sk_fault *fault)
{
	static const uint64_t most[SK_SECTION_COUNT] = {SK_BORDER_NODES_MAX, SK_BORDER_NODES_MAX, SK_BORDER_RANGES_MAX, SK_BORDER_SOURCES_MAX,
							SK_BORDER_RANGES_MAX, SK_BORDER_RANGES_MAX, SK_BORDER_RANGES_MAX, SK_BORDER_RANGES_MAX};
	struct sk_border_header *header = &table->header;
	struct sk_cur whole = sk_cur_of(table->bytes, table->length);
	struct sk_cur c = sk_carve(&whole, SK_BORDER_HEADER_BYTES);
	const uint8_t *magic = sk_take(&c, 8);
	if (magic == NULL || memcmp(magic, SK_BORDER_MAGIC, 8) != 0)
		return sk_fault_set(fault, SK_EMALFORMED,
				    "%s: not a border table (it does not begin with " SK_BORDER_MAGIC "); sekisho border build makes one", path);
	uint32_t version = sk_le32(&c);
	if (version != SK_BORDER_VERSION && version != SK_BORDER_VERSION_PLAIN)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: border table of version %u, this program reads versions %u and %u; build the table again",
				    path, version, SK_BORDER_VERSION_PLAIN, SK_BORDER_VERSION);
	const unsigned sections = version == SK_BORDER_VERSION ? SK_SECTION_COUNT : SK_SECTION_COUNTRIES4;
	header->flags = sk_le32(&c);
	uint64_t length = sk_le64(&c);
	header->built_unix_ns = (int64_t)sk_le64(&c);
	sk_copy(&c, header->home, sizeof header->home);
	for (unsigned i = 0; i < 3; i++)
		header->v4_addresses[i] = sk_le64(&c);
	for (unsigned i = 0; i < 3; i++)
		header->v6_slash48[i] = sk_le64(&c);
	header->v4_spoken = sk_le64(&c);
	header->v4_disputed = sk_le64(&c);
	header->v6_spoken_64s = sk_le64(&c);
	header->v6_disputed_64s = sk_le64(&c);
	for (unsigned i = 0; i < sections; i++)
		header->counts[i] = sk_le64(&c);
	bool good = sk_alive(&c) == SK_OK && length == table->length && header->flags <= SK_BORDER_FLAG_ALL &&
		    memchr(header->home, '\0', sizeof header->home) != NULL;
	size_t at = SK_BORDER_HEADER_BYTES;
	for (unsigned i = 0; i < SK_SECTION_COUNT && good; i++) {
		good = header->counts[i] <= most[i] && (i > SK_SECTION_NODES6 || header->counts[i] >= SK_BORDER_ROOT_NODES);
		table->offset[i] = at;
		at += (size_t)header->counts[i] * sk_border_record_bytes((enum sk_border_section)i);
		at = (at + SK_BORDER_ALIGN_BYTES - 1) / SK_BORDER_ALIGN_BYTES * SK_BORDER_ALIGN_BYTES;
	}
	if (!good || at + SK_HASH_BYTES != table->length)
		return sk_fault_set(fault, SK_EMALFORMED,
				    "%s: header and length (%zu bytes) do not agree; the table is cut or damaged, build it again", path,
				    table->length);
	return SK_OK;
}

static enum sk_err table_check(struct sk_border *table, const char *path, struct sk_fault *fault)
{
	SK_TRY(header_read(table, path, fault));
	SK_TRY(sk_seal_start());
	size_t content = table->length - SK_HASH_BYTES;
	sk_sha256(table->bytes, content, table->digest);
	if (memcmp(table->digest, table->bytes + content, SK_HASH_BYTES) != 0)
		return sk_fault_set(fault, SK_EMALFORMED,
				    "%s: the SHA-256 at its end is not that of its content; the table is damaged, build it again", path);
	for (unsigned f = 0; f < 2; f++) {
		table->trie[f].words = (const uint64_t *)(const void *)(table->bytes + table->offset[f]);
		table->trie[f].node_count = (uint32_t)table->header.counts[f];
		SK_TRY(trie_check(&table->trie[f], f == 0 ? 3 : 15, path, fault));
	}
	SK_TRY(sources_check(table, path, fault));
	return sk_border_countries_check(table, path, fault);
}

/* Read length bytes at the start of fd; what is missing stays zero and fails the digest. */
static enum sk_err read_all(int fd, uint8_t *bytes, size_t length, const char *path, struct sk_fault *fault)
{
	for (size_t done = 0; done < length;) {
		ssize_t got = read(fd, bytes + done, length - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sk_fault_errno(fault, errno, "%s: cannot read", path);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return SK_OK;
}

/* A table with an empty mapping of the given length. */
static struct sk_border *table_new(size_t length)
{
	struct sk_border *table = calloc(1, sizeof *table);
	if (table == NULL)
		return NULL;
	void *map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED) {
		free(table);
		return NULL;
	}
	table->bytes = map;
	table->length = length;
	return table;
}

static enum sk_err table_finish(struct sk_border *table, enum sk_err err, const char *path, struct sk_border **out, struct sk_fault *fault)
{
	if (err == SK_OK)
		err = table_check(table, path, fault);
	if (err == SK_OK && mprotect((void *)(uintptr_t)table->bytes, table->length, PROT_READ) != 0)
		err = sk_fault_errno(fault, errno, "%s: cannot protect memory", path);
	if (err != SK_OK) {
		sk_border_close(table);
		return err;
	}
	*out = table;
	return SK_OK;
}

enum sk_err sk_border_of_bytes(const char *path, const void *bytes, size_t length, struct sk_border **out, struct sk_fault *fault)
{
	if (length < SK_BORDER_HEADER_BYTES)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: %zu bytes is too short for a border table", path, length);
	struct sk_border *table = table_new(length);
	if (table == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	memcpy((void *)(uintptr_t)table->bytes, bytes, length);
	return table_finish(table, SK_OK, path, out, fault);
}

enum sk_err sk_border_open(const char *path, struct sk_border **out, struct sk_fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: no such border table; sekisho border build makes one", path)
				       : sk_fault_errno(fault, errno, "%s: cannot open", path);
	struct stat info;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < SK_BORDER_HEADER_BYTES || info.st_size > SK_BORDER_FILE_MAX) {
		(void)close(fd);
		return sk_fault_set(fault, SK_EMALFORMED, "%s: not a border table (a file of %d bytes to 1 GiB was expected)", path,
				    SK_BORDER_HEADER_BYTES);
	}
	struct sk_border *table = table_new((size_t)info.st_size);
	if (table == NULL) {
		(void)close(fd);
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	}
	enum sk_err err = read_all(fd, (uint8_t *)(uintptr_t)table->bytes, table->length, path, fault);
	(void)close(fd);
	return table_finish(table, err, path, out, fault);
}

void sk_border_close(struct sk_border *table)
{
	if (table == NULL)
		return;
	free(table->trie[0].rank);
	free(table->trie[1].rank);
	free(table->country_index[0]);
	free(table->country_index[1]);
	(void)munmap((void *)(uintptr_t)table->bytes, table->length);
	free(table);
}
