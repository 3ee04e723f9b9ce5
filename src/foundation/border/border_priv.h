/* SPDX-License-Identifier: Apache-2.0 */
/* border, inside: the table file's layout (docs/formats/border.md) and the few things that reader and builder share. */
#ifndef SK_BORDER_PRIV_H
#define SK_BORDER_PRIV_H

#include "border/border.h"
#include "border/explain.h"
#include "wire/wire.h"

/* Both families as one kind of number; IPv4 in the low 32 bits. */
__extension__ typedef unsigned __int128 sk_u128;

enum {
	SK_BORDER_VERSION = 2,
	SK_BORDER_VERSION_PLAIN = 1,  /* without countries; so a table that has none is what it always was */
	SK_BORDER_HEADER_BYTES = 320,
	SK_BORDER_NODE_BYTES = 64,    /* 256 slots of 2 bits */
	SK_BORDER_NODE_WORDS = 8,
	SK_BORDER_ROOT_NODES = 256,   /* the first 16 bits: node = first byte, slot = second */
	SK_BORDER_SOURCE_BYTES = 192,
	SK_BORDER_RANGE4_BYTES = 16,
	SK_BORDER_RANGE6_BYTES = 40,
	SK_BORDER_COUNTRY4_BYTES = 12,
	SK_BORDER_COUNTRY6_BYTES = 36,
	SK_BORDER_ALIGN_BYTES = 64,
	SK_BORDER_DEEPER = 3,         /* slot value; the others are enum sk_side */
	/* limits */
	SK_BORDER_NODES_MAX = 1 << 22,
	SK_BORDER_SOURCES_MAX = 64,
	SK_BORDER_RANGES_MAX = 1 << 24,
	SK_BORDER_FILE_MAX = 1 << 30
};
#define SK_BORDER_MAGIC "SKBORDER"

enum { SK_BORDER_FLAG_OVERRIDES = 1, SK_BORDER_FLAG_COUNTRY = 2, SK_BORDER_FLAG_REST_UNKNOWN = 4, SK_BORDER_FLAG_ALL = 7 };

/* The sections, in the order of the file; each begins at the next multiple of 64, so counts alone say where everything is. */
enum sk_border_section {
	SK_SECTION_NODES4,
	SK_SECTION_NODES6,
	SK_SECTION_EXCEPTIONS,
	SK_SECTION_SOURCES,
	SK_SECTION_RANGES4,
	SK_SECTION_RANGES6,
	SK_SECTION_COUNTRIES4, /* version 2 */
	SK_SECTION_COUNTRIES6,
	SK_SECTION_COUNT
};

/* Bytes of one record of a section. */
size_t sk_border_record_bytes(enum sk_border_section section);

/* Everything of the header but magic and lengths. */
struct sk_border_header {
	uint32_t flags;
	int64_t built_unix_ns;
	char home[64];
	uint64_t v4_addresses[3], v6_slash48[3];
	uint64_t v4_spoken, v4_disputed;
	uint64_t v6_spoken_64s, v6_disputed_64s; /* in /64s */
	uint64_t counts[SK_SECTION_COUNT];
};

/* Where the children of a node begin, and how many stand before each 64-bit word of it. */
struct sk_trie_rank {
	uint32_t first_child;
	uint8_t before[SK_BORDER_NODE_WORDS];
};

struct sk_trie {
	const uint64_t *words; /* little-endian, SK_BORDER_NODE_WORDS a node */
	struct sk_trie_rank *rank;
	uint32_t node_count;
};

struct sk_border {
	const uint8_t *bytes; /* the whole file, an anonymous mapping that is read-only since the check */
	size_t length;
	struct sk_trie trie[2]; /* IPv4, IPv6 */
	uint32_t *country_index[2]; /* where the country ranges of a bucket begin; NULL: there are none */
	size_t offset[SK_SECTION_COUNT];
	struct sk_border_header header;
	uint8_t digest[32];
};

/* Make a table from the bytes of a file (copied). Errors as sk_border_open; path is for the message. */
SK_MUST enum sk_err sk_border_of_bytes(const char *path, const void *bytes, size_t length, struct sk_border **out, struct sk_fault *fault);
/* What the trie says, without the rule for embedded addresses. */
enum sk_side sk_border_trie_side(const struct sk_border *table, unsigned family, const uint8_t *bytes);
/* May these first eight bytes, as a big-endian number, begin an address that embeds IPv4? The whole test is sk_border_embedded. */
static inline bool sk_border_may_embed(uint64_t head)
{
	return head >> 48 == 0x2002 || head >> 32 == 0x20010000 || head == 0 || head == 0x0064ff9b00000000u;
}
/* How many IPv4 addresses stand in it: 0, 1 or 2 (Teredo: server, client); where they are goes to embedded. */
unsigned sk_border_embedded(const uint8_t bytes[16], uint8_t embedded[2][4]);
/* The side of an address for which sk_border_embedded is not 0. */
enum sk_side sk_border_embedded_side(const struct sk_border *table, const uint8_t bytes[16]);

/* A range record, from the ranges or exceptions of a table. */
struct sk_border_range {
	sk_u128 first, last;
	uint32_t line;
	uint8_t says, bits;
};
/* Record i of a section with ranges; i must be below its count. */
struct sk_border_range sk_border_range_at(const struct sk_border *table, enum sk_border_section section, size_t i);
/* The range among records from..from+count that holds the value. */
bool sk_border_range_find(const struct sk_border *table, enum sk_border_section section, size_t from, size_t count, sk_u128 value,
			  struct sk_border_range *out);

/* Are the country ranges in order, and their codes two letters? Then index them. SK_EMALFORMED, SK_ENOMEM. */
SK_MUST enum sk_err sk_border_countries_check(struct sk_border *table, const char *path, struct sk_fault *fault);

/* Address bytes of a family as a number, and back. */
sk_u128 sk_u128_of(const uint8_t *bytes, unsigned family);
struct sk_addr sk_u128_addr(sk_u128 value, unsigned family);
/* The last `bits` bits set; bits 0..128. */
static inline sk_u128 sk_u128_low(unsigned bits)
{
	return bits >= 128 ? ~(sk_u128)0 : ((sk_u128)1 << bits) - 1;
}
/* Bits of an address of the family. */
static inline unsigned sk_family_bits(unsigned family)
{
	return family == 4 ? 32 : 128;
}

#endif
