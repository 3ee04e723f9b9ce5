/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the indicator room: columns of distinct values, cleaning of one value, warning lists, the reader, the view of a compiled set. */
#ifndef SK_INDICATOR_PRIV_H
#define SK_INDICATOR_PRIV_H

#include <string.h>

#include "base/buf.h"
#include "indicator/indicator.h"
#include "wire/wire.h"

/* Every limit of the room. */
enum {
	SK_INDICATOR_ENTRIES_MAX = (1 << 25) - 2,   /* an index and 7 bits of hash share one slot of a column */
	SK_INDICATOR_BUFFER_BYTES = 1 << 18,        /* one line, one CSV record */
	SK_INDICATOR_VALUE_MAX = 1024,              /* one value before cleaning */
	SK_INDICATOR_NAME_MAX = 253,                /* RFC 1035: 255 on the wire */
	SK_INDICATOR_LABEL_MAX = 63,
	SK_INDICATOR_TEXT_MAX_BYTES = 1 << 30,      /* one list, decompressed */
	SK_INDICATOR_JSON_MAX_BYTES = 64 << 20,     /* one JSON file: json-c builds a tree about ten times as large */
	SK_INDICATOR_JSON_DEPTH = 32,
	SK_INDICATOR_CELLS_MAX = 64,                /* columns of a table */
	SK_INDICATOR_SAMPLE_LINES = 64,             /* read to find which column holds the values */
	SK_INDICATOR_FILES_MAX = 65535,             /* files that one set remembers */
	SK_INDICATOR_WARNINGS_MAX = 5000000,        /* entries of all warning lists */
	SK_INDICATOR_WARNING_LISTS_MAX = 1024,
	SK_INDICATOR_SUBSTRINGS_MAX = 4096,
	SK_INDICATOR_PRINT_MAX = 36,                /* the longest fingerprint, JA4 */
	SK_INDICATOR_LABELS_MAX = 127,
	SK_INDICATOR_PREFIX_WIDTH = 18,             /* family, 16 address bytes, bits */
	SK_INDICATOR_FILE_NAME_MAX = 255
};

__extension__ typedef unsigned __int128 sk_u128;

/* ---- column.c: distinct values of one kind, each with a 32-bit tag ---- */

struct sk_column {
	size_t width;        /* bytes of a value; 0: names, each with its length byte before it */
	uint8_t *bytes;
	size_t used, room;
	uint32_t *offsets;   /* names: where each begins in bytes */
	uint32_t *tags;
	uint32_t count, count_room;
	uint32_t *slots;     /* hash set: 7 bits of hash, index + 1 in 25 bits; 0 = free */
	uint32_t slot_count; /* a power of two, at least twice count */
	uint8_t key[SK_SIP_KEY_BYTES];
};

/* Ask the kernel for large pages behind memory that is read at random: a translation miss costs more than the read. Only advice. */
void sk_large_pages(void *memory, size_t bytes);
void sk_column_init(struct sk_column *column, size_t width, const uint8_t key[SK_SIP_KEY_BYTES]);
void sk_column_fini(struct sk_column *column);
/* SK_OK: added; SK_EEXIST: it is there; SK_ENOMEM; SK_ETOOBIG. Names are 1..255 bytes. */
SK_MUST enum sk_err sk_column_add(struct sk_column *column, const void *value, size_t length, uint32_t tag);
/* The same in two steps, so that the place is fetched while something else is done between them. */
uint64_t sk_column_hash(const struct sk_column *column, const void *value, size_t length);
SK_MUST enum sk_err sk_column_add_hashed(struct sk_column *column, const void *value, size_t length, uint64_t hash, uint32_t tag);
/* So many values in all are likely: one hash set of the right size now, instead of many that grow. SK_ENOMEM. */
SK_MUST enum sk_err sk_column_expect(struct sk_column *column, uint64_t count);
bool sk_column_find(const struct sk_column *column, const void *value, size_t length, uint32_t *index);
const uint8_t *sk_column_value(const struct sk_column *column, uint32_t index, size_t *length);
/* Forget all but the first count values. */
void sk_column_truncate(struct sk_column *column, uint32_t count);
/* One value of a column. */
struct sk_order {
	uint64_t head;         /* eight bytes of it as a number, so that most comparisons never touch the value */
	uint32_t place, index; /* where it stands in the column's bytes */
};
/* The values in ascending order (bytes, then length) into *order, which the caller frees; NULL when empty. SK_ENOMEM. */
SK_MUST enum sk_err sk_column_order(const struct sk_column *column, struct sk_order **order);
static inline const uint8_t *sk_column_at(const struct sk_column *column, struct sk_order order, size_t *length)
{
	const uint8_t *value = column->bytes + order.place;
	*length = column->width != 0 ? column->width : value[-1];
	return value;
}

/* ---- segment.c: prefixes as disjoint ranges, for longest-prefix search ---- */

/* From start on (until the next segment's start) this prefix is the longest: its index + 1, or 0. */
struct sk_segment {
	uint8_t start[16];
	uint8_t prefix[4];   /* little-endian, as in the file */
	uint8_t zero[4];
};
/* Flatten count prefixes of one family, in ascending order of (address, bits), distinct. Room for 2 * count + 1 segments. Returns how many. */
uint32_t sk_segments_make(const struct sk_prefix *prefixes, uint32_t count, struct sk_segment *segments);
/* Index of the longest prefix that holds the 16 bytes (an IPv4 address stands in the first four), or UINT32_MAX. */
uint32_t sk_segments_find(const struct sk_segment *segments, uint64_t count, const uint8_t bytes[16]);
/* The same where it is known that the answer is in [low, high), which is not empty. */
uint32_t sk_segments_find_between(const struct sk_segment *segments, uint64_t low, uint64_t high, const uint8_t bytes[16]);
/* The directory's item of a block (the first 16 bits of IPv4; then one more, the end): the segment in which it begins; `at` is the item before. */
uint32_t sk_directory_next(const struct sk_segment *segments, uint32_t count, uint32_t at, uint32_t block);
/* Sixteen bytes as a number, first byte highest. */
static inline sk_u128 sk_number_of(const uint8_t bytes[16])
{
	uint64_t high, low;
	memcpy(&high, bytes, 8);
	memcpy(&low, bytes + 8, 8);
	return (sk_u128)__builtin_bswap64(high) << 64 | __builtin_bswap64(low);
}
/* The last address of a prefix as such a number (an IPv4 address stands in the highest bits). */
static inline sk_u128 sk_prefix_last(const struct sk_prefix *prefix)
{
	sk_u128 host = prefix->bits < 128 ? ~(sk_u128)0 >> prefix->bits : 0;
	return sk_number_of(prefix->addr.bytes) | host;
}

/* ---- clean.c: one value ---- */

/* What a column or an attribute says of its values. */
enum sk_type {
	SK_TYPE_ANY, SK_TYPE_ADDRESS, SK_TYPE_ADDRESS_PORT, SK_TYPE_DOMAIN, SK_TYPE_DOMAIN_PORT, SK_TYPE_DOMAIN_ADDRESS, SK_TYPE_URL, SK_TYPE_JA3, SK_TYPE_JA4,
	SK_TYPE_HASSH, SK_TYPE_HASSH_SERVER, SK_TYPE_JA3S, SK_TYPE_CERT_SHA1, SK_TYPE_CERT_SHA256, SK_TYPE_UNSUPPORTED
};
/* "ip-dst" and its like; SK_TYPE_UNSUPPORTED for what is not known. */
enum sk_type sk_type_parse(const char *name, size_t length);
/* The kind of print.def that a type means, or 0. */
enum sk_indicator_kind sk_type_print(enum sk_type type);

struct sk_value {
	enum sk_indicator_kind kind;
	struct sk_prefix prefix;                        /* ADDRESS, PREFIX */
	char name[SK_INDICATOR_NAME_MAX + 1];           /* DOMAIN; URL: its host */
	size_t length;                                  /* of name, or of print */
	uint8_t print[SK_INDICATOR_PRINT_MAX];          /* the kinds of print.def */
	uint64_t changes;                               /* bits of the cleaned reasons */
};
/* Clean and classify. Returns SK_INDICATOR_REASON_COUNT when *value is filled, else why not, with *detail ("" when there is nothing to add). */
enum sk_indicator_reason sk_value_clean(const char *text, size_t length, enum sk_type type, struct sk_value *value, const char **detail);
/* All that sk_value_clean knows beyond sk_value_plain; it could do without that. */
enum sk_indicator_reason sk_value_work(const char *text, size_t length, enum sk_type type, struct sk_value *value, const char **detail);
/* The same for a value that is written as a set would write it: an IPv4 or IPv6 address or a name in lower case, alone. False for all else, and then
   nothing is said of it: sk_value_clean must be asked. Nine lines of ten of a long list end here. */
bool sk_value_plain(const char *text, size_t length, struct sk_value *value);
/* "url", "ja3s" ... of one of the kinds of print.def. */
const char *sk_print_name(enum sk_indicator_kind kind);
static inline bool sk_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* ---- warning.c ---- */

struct sk_warnings; /* opaque */
struct sk_warnings *sk_warnings_new(void);
void sk_warnings_free(struct sk_warnings *warnings);
SK_MUST enum sk_err sk_warnings_add(struct sk_warnings *warnings, const char *path, struct sk_fault *fault);
/* The same from memory; name stands in for the file in faults. */
SK_MUST enum sk_err sk_warnings_parse(struct sk_warnings *warnings, const char *name, const char *text, size_t length, struct sk_fault *fault);
/* Prepare look-ups; after the last list. SK_ENOMEM. */
SK_MUST enum sk_err sk_warnings_ready(struct sk_warnings *warnings);
/* The name of a list that keeps the value out, or NULL. */
const char *sk_warnings_match(const struct sk_warnings *warnings, const struct sk_value *value);

/* ---- reader.c: lines of a plain or gzip file ---- */

struct sk_reader {
	void *gz;
	char *buffer;        /* SK_INDICATOR_BUFFER_BYTES + 1 */
	size_t at, end;
	char *feed;          /* the end of the next line, when it was looked for already */
	uint64_t total, line;
	uint64_t file_bytes; /* of a file that is not compressed; 0: not known */
	bool eof;
	const char *path;
};
struct sk_line {
	char *text;          /* in the reader's buffer until the next call; NUL-terminated, without its line end */
	size_t length;
	bool crlf, too_long; /* too_long: text is empty, the rest was passed over */
};
SK_MUST enum sk_err sk_reader_open(struct sk_reader *reader, const char *path, struct sk_fault *fault);
void sk_reader_close(struct sk_reader *reader);
/* Is the whole next line in the buffer? Then reading it leaves the texts of the lines before it where they are. */
bool sk_reader_has_line(struct sk_reader *reader);
/* SK_OK, SK_ENOENT at the end, SK_EINPUT for damaged gzip, SK_ETOOBIG past the limit, SK_EIO. */
SK_MUST enum sk_err sk_reader_line(struct sk_reader *reader, struct sk_line *line, struct sk_fault *fault);
/* Append all that is left to out (within its limit). */
SK_MUST enum sk_err sk_reader_rest(struct sk_reader *reader, struct sk_buf *out, struct sk_fault *fault);

/* ---- builder.c ---- */

enum sk_column_name {
	SK_COLUMN_V4, SK_COLUMN_V6, SK_COLUMN_PREFIX, SK_COLUMN_DOMAIN,
#define SK_PRINT(symbol, name, width) SK_COLUMN_##symbol,
#include "indicator/print.def"
#undef SK_PRINT
	SK_COLUMN_COUNT,
	SK_PRINT_FIRST = SK_COLUMN_JA3, SK_PRINT_COUNT = SK_COLUMN_COUNT - SK_PRINT_FIRST
};
/* The kind of a column, and the column of a kind of print.def (SK_COLUMN_COUNT for another). */
extern const uint16_t sk_column_kind[SK_COLUMN_COUNT];
enum sk_column_name sk_print_column(enum sk_indicator_kind kind);

struct sk_origin_file {
	uint32_t first;      /* tag of its line 1; tags grow by one a line; 0 is "not known" */
	enum sk_relay relay; /* a list of such relays */
	char name[SK_INDICATOR_FILE_NAME_MAX + 1];
};

struct sk_range {
	uint8_t family;
	sk_u128 start, last;
};

struct sk_indicator_builder {
	struct sk_indicator_options options;
	sk_indicator_note note;
	void *context;
	struct sk_column columns[SK_COLUMN_COUNT];
	bool flow_all;
	struct sk_origin_file *files;
	uint32_t file_count, file_room;
	uint64_t next_tag;
	struct sk_warnings *warnings;
	bool sealed;         /* imports have begun: no more warning lists */
	struct sk_range *special;
	size_t special_count;
	bool special_first[2][256]; /* by family and first byte: does a special range touch it? */
	struct sk_suffixes *suffixes;
};

/* A value that a list of relays named before, and a list of culprits names now: it gets the later origin when the import succeeds. */
struct sk_heavier {
	struct sk_column *column;
	uint32_t index, tag;
};

/* One file on its way in. */
struct sk_import {
	struct sk_indicator_builder *builder;
	struct sk_indicator_counts *counts;
	const char *path, *name; /* name: without folders */
	uint64_t first_tag;
	bool says_md5, says_print; /* words of the name and the comments: 32 digits are a file's MD5 when it is the first alone */
	bool crlf_noted;
	bool certificates;       /* the name or a comment says that 40 or 64 digits are a certificate's hash */
	bool to_ids_unused;      /* MISP: no attribute of the event at hand is marked, so the mark says nothing */
	struct sk_heavier *heavier;
	size_t heavier_count, heavier_room;
	uint32_t marks[SK_COLUMN_COUNT]; /* values of each column before this file */
	struct sk_fault *fault;
};
/* Now and then: tell how far it is. SK_ENOMEM. */
struct sk_reader;
SK_MUST enum sk_err sk_import_progress(struct sk_import *import, const struct sk_reader *reader);
/* Take, clean or refuse one value and count it. SK_ETOOBIG and SK_ENOMEM stop the import. */
SK_MUST enum sk_err sk_import_value(struct sk_import *import, uint64_t line, const char *text, size_t length, enum sk_type type);
/* A clean value as its column keeps it; it points into the value. */
struct sk_stored {
	struct sk_column *column; /* NULL: flow.all */
	const void *bytes;
	size_t length;
	uint64_t hash;
	uint8_t packed[SK_INDICATOR_PREFIX_WIDTH];
};
/* Where a value goes, without looking: its place in the hash set is only fetched, for sk_import_stored some values later. */
void sk_import_find_place(struct sk_import *import, const struct sk_value *value, struct sk_stored *stored);
/* Judge a clean value, take or refuse it and count it. text: as it stood there. */
SK_MUST enum sk_err sk_import_stored(struct sk_import *import, uint64_t line, const char *text, size_t length, const struct sk_value *value,
				     const struct sk_stored *stored);
/* Refuse (or pass over) a value and count it. */
void sk_import_refuse(struct sk_import *import, uint64_t line, const char *text, size_t length, enum sk_indicator_reason reason, const char *detail);
/* Say that something was cleaned that is no single value; counted. */
void sk_import_say(struct sk_import *import, uint64_t line, enum sk_indicator_reason reason);
/* The comment "# relay: tor" says what the file at hand lists. */
void sk_import_comment(struct sk_import *import, const char *text, size_t length);
/* Say once a file that it has CRLF line ends, count each. */
void sk_import_crlf(struct sk_import *import, uint64_t line);

/* ---- table.c (plain lists, CSV, TSV, Suricata's lists), misp.c ---- */

SK_MUST enum sk_err sk_import_table(struct sk_import *import, struct sk_reader *reader);
/* Does a file's name or comment say that it lists certificates (SSLBL, "certificate fingerprints")? Then 40 and 64 digits are theirs, else a file's. */
bool sk_says_certificates(const char *text, size_t length);
/* Does it speak of MD5, does it speak of fingerprints? */
void sk_says_md5(const char *text, size_t length, struct sk_import *import);
/* Any JSON that is known: MISP or a STIX bundle. */
SK_MUST enum sk_err sk_import_json(struct sk_import *import, const char *text, size_t length);
/* Parse strict JSON with json-c; *out is a json_object of the caller. SK_EINPUT names the offset. */
struct json_object;
SK_MUST enum sk_err sk_json_c_parse(const char *name, const char *text, size_t length, struct json_object **out, struct sk_fault *fault);

/* ---- stix.c ---- */

/* Is it a bundle, an array of STIX objects, or the answer of a TAXII server? *objects: its array, or NULL. */
bool sk_is_stix(struct json_object *top, struct json_object **objects);
SK_MUST enum sk_err sk_import_stix(struct sk_import *import, struct json_object *objects);
/* One pattern: each of its values is taken or refused; one that is not simple is refused whole. */
SK_MUST enum sk_err sk_import_pattern(struct sk_import *import, uint64_t line, const char *text, size_t length);

/* ---- feed.c: the manifest of a MISP feed ---- */

struct sk_feed {
	struct json_object *manifest;
	const char **events; /* UUIDs in their order, in the manifest */
	size_t count;
};
/* SK_EINPUT: no feed, or a manifest that is none. On success the caller calls sk_feed_fini. */
SK_MUST enum sk_err sk_feed_open(const char *folder, struct sk_feed *feed, struct sk_fault *fault);
/* The same from memory. */
SK_MUST enum sk_err sk_feed_parse(const char *path, const char *text, size_t length, struct sk_feed *feed, struct sk_fault *fault);
void sk_feed_fini(struct sk_feed *feed);

/* ---- compile.c, view.c, check.c, set.c: the compiled set ---- */

enum {
	SK_SET_VERSION = 2,
	SK_SET_HEADER_BYTES = 128,
	SK_SET_SECTION_BYTES = 24,
	SK_SET_CHECKSUM_OFFSET = 32,
	SK_SET_DIGEST_OFFSET = 64,
	SK_SET_ALIGN = 64,
	SK_SET_BITMAP_WORDS = 1024,
	SK_SET_DIRECTORY_ITEMS = 65537,
	SK_SET_DIRECTORY_FROM = 128, /* fewer IPv4 segments are searched as a whole */
	SK_SET_FILE_WIDTH = 12,
	SK_SET_FILE_RELAY_SHIFT = 24 /* the high byte of a file name's length is its enum sk_relay */
};
#define SK_SET_MAGIC "SKSELSET"

enum sk_section {
	SK_SECTION_V4, SK_SECTION_V6, SK_SECTION_PREFIX, SK_SECTION_DOMAIN, SK_SECTION_DOMAIN_BYTES,
#define SK_PRINT(symbol, name, width) SK_SECTION_##symbol,
#include "indicator/print.def"
#undef SK_PRINT
	SK_SECTION_FILTER_V4, SK_SECTION_FILTER_V6, SK_SECTION_FILTER_DOMAIN,
#define SK_PRINT(symbol, name, width) SK_SECTION_FILTER_##symbol,
#include "indicator/print.def"
#undef SK_PRINT
	SK_SECTION_SEGMENT_V4, SK_SECTION_SEGMENT_V6, SK_SECTION_BITMAP_V4, SK_SECTION_BITMAP_V6, SK_SECTION_DIRECTORY, SK_SECTION_ORIGIN,
	SK_SECTION_FILE, SK_SECTION_FILE_BYTES, SK_SECTION_COUNT
};
extern const uint32_t sk_section_width[SK_SECTION_COUNT];
/* Where a column's values stand, and its filter (SK_SECTION_COUNT for prefixes, which have none). */
static inline enum sk_section sk_column_section(enum sk_column_name column)
{
	return (enum sk_section)(column < SK_PRINT_FIRST ? (unsigned)column : SK_SECTION_JA3 + ((unsigned)column - SK_PRINT_FIRST));
}
enum sk_section sk_column_filter(enum sk_column_name column);

/* One filter, ready to ask: words (a power of two) - 1, and where they stand. NULL: no entry. */
struct sk_filter {
	const uint8_t *words;
	uint64_t mask;
};

struct sk_indicator_set {
	struct sk_filter filter[SK_COLUMN_COUNT]; /* what look-ups read first stands first */
	uint64_t key[2];
	const uint8_t *bitmap[2];                 /* NULL: no prefix of that family */
	struct {
		const uint8_t *bytes;
		uint64_t count;
	} section[SK_SECTION_COUNT];
	uint32_t first[SK_COLUMN_COUNT + 1];      /* first id of each column, then of flow.all */
	uint32_t v4_prefixes;                     /* the prefix section holds these first */
	uint8_t max_labels;
	struct sk_indicator_facts facts;
	const uint8_t *bytes;                     /* the whole file */
	size_t length;
	enum { SK_SET_BORROWED, SK_SET_MAPPED, SK_SET_OWNED } storage;
	uint8_t *hot;                             /* a copy of the filters on large pages, or NULL */
};
/* See a compiled set in memory, which *set borrows: header, places and sizes are checked, so that no look-up leaves it. SK_EMALFORMED. */
SK_MUST enum sk_err sk_set_view(const char *name, const uint8_t *bytes, size_t length, struct sk_indicator_set *set, struct sk_fault *fault);
/* Copy the filters to where look-ups are fastest. */
void sk_set_warm(struct sk_indicator_set *set);
/* Over the whole file but the checksum itself. It finds damage, not forgery. */
uint64_t sk_set_checksum(const uint8_t *bytes, size_t length);
/* Entry id as a value (changes is 0); returns its tag. A name that is out of its bounds (a forged set) is empty. */
uint32_t sk_set_entry(const struct sk_indicator_set *set, uint32_t id, struct sk_value *value);
/* The first tag, the name and the relays of an origin file. */
uint32_t sk_set_file(const struct sk_indicator_set *set, uint32_t index, char name[SK_INDICATOR_FILE_NAME_MAX + 1], enum sk_relay *relay);
/* SHA-256 over the canonical list of entries of a view. SK_ENOMEM. */
SK_MUST enum sk_err sk_set_digest(const struct sk_indicator_set *set, uint8_t digest[SK_HASH_BYTES]);

static inline uint32_t sk_load_le32(const uint8_t *bytes)
{
	uint32_t value;
	memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap32(value);
#endif
	return value;
}

static inline uint64_t sk_load_le64(const uint8_t *bytes)
{
	uint64_t value;
	memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

static inline void sk_store_le64(uint8_t *bytes, uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	memcpy(bytes, &value, sizeof value);
}

static inline void sk_store_le32(uint8_t *bytes, uint32_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap32(value);
#endif
	memcpy(bytes, &value, sizeof value);
}

/* 64 x 64 bits, the halves of the product folded. */
static inline uint64_t sk_fold(uint64_t a, uint64_t b)
{
	sk_u128 product = (sk_u128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Keyed hash of two words for the filters. A collision costs a binary search, no more; who could make collisions would have to know the key. */
static inline uint64_t sk_hash_pair(const uint64_t key[2], uint64_t a, uint64_t b)
{
	return sk_fold(sk_fold(a ^ key[0], b ^ key[1]) ^ key[1], UINT64_C(0x9e3779b97f4a7c15));
}

/* The four bits of a value in its filter word; words is a power of two of at most 2^24. */
static inline uint64_t sk_filter_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 58) | UINT64_C(1) << (hash >> 52 & 63) | UINT64_C(1) << (hash >> 46 & 63) | UINT64_C(1) << (hash >> 40 & 63);
}

static inline uint64_t sk_filter_word(uint64_t hash, uint64_t words)
{
	return hash & (words - 1);
}

/* Words of a filter for so many entries: 16 bits an entry, a power of two; none for no entry. */
static inline uint64_t sk_filter_words(uint64_t entries)
{
	uint64_t words = 1;
	while (words * 4 < entries)
		words *= 2;
	return entries != 0 ? words : 0;
}

/* The bit of the bitmap that a look-up of these 16 bytes tests: /16 for IPv4, /32 (hashed) for IPv6. */
static inline uint32_t sk_bitmap_bit(const uint64_t key[2], unsigned family, const uint8_t bytes[16])
{
	if (family == 4)
		return (uint32_t)bytes[0] << 8 | bytes[1];
	return (uint32_t)(sk_hash_pair(key, sk_load_le32(bytes), 6) & 0xffff);
}

/* Set the bits of every address of a prefix in words[SK_SET_BITMAP_WORDS]. */
static inline void sk_bitmap_mark(const uint64_t key[2], const struct sk_prefix *prefix, uint64_t *words)
{
	if (prefix->addr.family == 6 && prefix->bits < 32) {
		memset(words, 0xff, SK_SET_BITMAP_WORDS * sizeof *words); /* so many /32 that hashing them would fill it as well */
		return;
	}
	uint32_t bit = sk_bitmap_bit(key, prefix->addr.family, prefix->addr.bytes);
	uint32_t count = prefix->addr.family == 4 && prefix->bits < 16 ? 1u << (16 - prefix->bits) : 1;
	for (uint32_t end = bit + count; bit < end; bit++)
		words[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Hashes that the filters are made of. */
static inline uint64_t sk_hash_v4(const uint64_t key[2], const uint8_t bytes[4])
{
	return sk_hash_pair(key, sk_load_le32(bytes), 4);
}

static inline uint64_t sk_hash_v6(const uint64_t key[2], const uint8_t bytes[16])
{
	return sk_hash_pair(key, sk_load_le64(bytes), sk_load_le64(bytes + 8));
}

/* Fingerprints are hashes already: sixteen of their bytes tell them apart (of a JA4 most of its two hashes). */
static inline uint64_t sk_hash_print(const uint64_t key[2], const uint8_t *bytes, size_t width)
{
	size_t first = width == SK_INDICATOR_PRINT_MAX ? 11 : 0, second = width == SK_INDICATOR_PRINT_MAX ? 24 : 8;
	return sk_hash_pair(key, sk_load_le64(bytes + first), sk_load_le64(bytes + second));
}

/* Names are hashed from their last label to their first, and a label from its end, so that one pass gives the hash of every parent: begin with the key, add
   label after label, and finish what has been added so far. Eight bytes at a time, shorter ones filled with zeros. name[start, end) is the label. */
static inline uint64_t sk_hash_label(const uint64_t key[2], uint64_t hash, const uint8_t *name, size_t start, size_t end)
{
	for (; end - start > 8; end -= 8)
		hash = sk_fold(hash ^ sk_load_le64(name + end - 8), key[1]);
	size_t length = end - start;
	uint64_t word = 0;
	if (SK_LIKELY(end >= 8))
		word = sk_load_le64(name + end - 8) >> ((8 - length) * 8 & 63); /* no branch on the length: it is what cannot be foreseen */
	else
		for (size_t i = end; i > start; i--)
			word = word << 8 | name[i - 1];
	return sk_fold(hash ^ word, key[1] + length);
}

static inline uint64_t sk_hash_finish(uint64_t hash)
{
	return sk_fold(hash, UINT64_C(0x9e3779b97f4a7c15));
}

/* Of a whole name. */
uint64_t sk_hash_name(const uint64_t key[2], const uint8_t *name, size_t length);

#endif
