/* SPDX-License-Identifier: Apache-2.0 */
/* The places of a compiled set: header and sections are believed only within the file. Cheap enough for every start; check.c believes nothing. */
#include <stdlib.h>

#include "indicator/digest.h"
#include "indicator/view_priv.h"

const uint32_t sk_section_width[SK_SECTION_COUNT] = {
	[SK_SECTION_V4] = 4,
	[SK_SECTION_V6] = 16,
	[SK_SECTION_PREFIX] = 20,
	[SK_SECTION_DOMAIN] = 4,
	[SK_SECTION_DOMAIN_BYTES] = 1,
	[SK_SECTION_FILTER_V4] = 8,
	[SK_SECTION_FILTER_V6] = 8,
	[SK_SECTION_FILTER_DOMAIN] = 8,
#define SK_PRINT(symbol, name, width) [SK_SECTION_##symbol] = width, [SK_SECTION_FILTER_##symbol] = 8,
#include "indicator/print.def"
#undef SK_PRINT
	[SK_SECTION_SEGMENT_V4] = sizeof(struct sk_segment),
	[SK_SECTION_SEGMENT_V6] = sizeof(struct sk_segment),
	[SK_SECTION_BITMAP_V4] = 8,
	[SK_SECTION_BITMAP_V6] = 8,
	[SK_SECTION_DIRECTORY] = 4,
	[SK_SECTION_ORIGIN] = 4,
	[SK_SECTION_FILE] = SK_SET_FILE_WIDTH,
	[SK_SECTION_FILE_BYTES] = 1,
};

const uint16_t sk_column_kind[SK_COLUMN_COUNT] = {
	SK_INDICATOR_ADDRESS, SK_INDICATOR_ADDRESS, SK_INDICATOR_PREFIX, SK_INDICATOR_DOMAIN,
#define SK_PRINT(symbol, name, width) SK_INDICATOR_##symbol,
#include "indicator/print.def"
#undef SK_PRINT
};

enum sk_section sk_column_filter(enum sk_column_name column)
{
	switch (column) {
	case SK_COLUMN_V4:
	case SK_COLUMN_V6:
		return column == SK_COLUMN_V4 ? SK_SECTION_FILTER_V4 : SK_SECTION_FILTER_V6;
	case SK_COLUMN_PREFIX:
		return SK_SECTION_COUNT;
	case SK_COLUMN_DOMAIN:
		return SK_SECTION_FILTER_DOMAIN;
	default:
		return (enum sk_section)(SK_SECTION_FILTER_JA3 + ((unsigned)column - SK_PRINT_FIRST));
	}
}

uint64_t sk_hash_name(const uint64_t key[2], const uint8_t *name, size_t length)
{
	uint64_t hash = key[0];
	for (size_t end = length; end > 0;) {
		size_t start = end;
		while (start > 0 && name[start - 1] != '.')
			start--;
		hash = sk_hash_label(key, hash, name, start, end);
		end = start > 0 ? start - 1 : 0;
	}
	return sk_hash_finish(hash);
}

/* ---- places ---- */

struct view {
	struct sk_indicator_set *set;
	const char *name;
	struct sk_fault *fault;
};

static enum sk_err bad(const struct view *view, const uint8_t *at, const char *what)
{
	return sk_fault_set(view->fault, SK_EMALFORMED, "%s: not a usable selector set: %s (offset %zu); import the lists again", view->name, what,
			    (size_t)(at - view->set->bytes));
}

static enum sk_err view_header(const struct view *view, struct sk_cur *c)
{
	struct sk_indicator_set *set = view->set;
	uint8_t magic[8];
	sk_copy(c, magic, sizeof magic);
	if (memcmp(magic, SK_SET_MAGIC, sizeof magic) != 0)
		return bad(view, set->bytes, "it does not begin as one");
	uint32_t version = sk_le32(c);
	if (version != SK_SET_VERSION)
		return sk_fault_set(view->fault, SK_EMALFORMED,
				    "%s: a selector set of format %u; this version reads and writes format %u: import the lists again with --replace",
				    view->name, (unsigned)version, SK_SET_VERSION);
	if (sk_le32(c) != SK_SECTION_COUNT || sk_le64(c) != set->length)
		return bad(view, set->bytes + 12, "its length or number of sections is wrong");
	uint32_t flags = sk_le32(c);
	set->facts.shortest_v4 = sk_u8(c);
	set->facts.shortest_v6 = sk_u8(c);
	set->max_labels = sk_u8(c);
	if (flags > 1 || sk_u8(c) != 0 || set->max_labels > SK_INDICATOR_LABELS_MAX || set->facts.shortest_v4 > 32 || set->facts.shortest_v6 > 128)
		return bad(view, set->bytes + 24, "unknown flags or limits");
	sk_skip(c, 8); /* the checksum */
	set->v4_prefixes = sk_le32(c);
	if (sk_le32(c) != 0)
		return bad(view, set->bytes + 44, "unknown flags or limits");
	set->key[0] = sk_le64(c);
	set->key[1] = sk_le64(c);
	sk_copy(c, set->facts.digest, sizeof set->facts.digest);
	sk_skip(c, SK_SET_HEADER_BYTES - SK_SET_DIGEST_OFFSET - sizeof set->facts.digest);
	set->facts.entries_by_kind[__builtin_ctz(SK_INDICATOR_FLOW_ALL)] = flags;
	return sk_alive(c) == SK_OK ? SK_OK : bad(view, set->bytes, "cut off");
}

/* Sections stand one after another, each at the next multiple of 64, zeros between. */
static enum sk_err view_sections(const struct view *view, struct sk_cur *c)
{
	struct sk_indicator_set *set = view->set;
	struct sk_cur body = sk_cur_of(set->bytes, set->length);
	sk_skip(&body, SK_SET_HEADER_BYTES + SK_SECTION_COUNT * SK_SET_SECTION_BYTES);
	for (uint32_t i = 0; i < SK_SECTION_COUNT; i++) {
		const uint8_t *entry = c->at;
		uint32_t id = sk_le32(c), width = sk_le32(c);
		uint64_t offset = sk_le64(c), count = sk_le64(c);
		for (size_t gap = -sk_offset(&body) & (SK_SET_ALIGN - 1); gap > 0; gap--)
			if (sk_u8(&body) != 0)
				return bad(view, body.at, "bytes between sections");
		if (sk_alive(c) != SK_OK || sk_alive(&body) != SK_OK)
			return bad(view, entry, "cut off");
		if (id != i || width != sk_section_width[i] || offset != sk_offset(&body) || count > sk_left(&body) / width)
			return bad(view, entry, "a section is not where it must be");
		set->section[i].bytes = body.at;
		set->section[i].count = count;
		sk_skip(&body, count * width);
	}
	return sk_done(&body) == SK_OK ? SK_OK : bad(view, body.at, "bytes after the last section");
}

/* Ids run through the columns; every number that follows from another must agree. */
static enum sk_err number_entries(const struct view *view)
{
	struct sk_indicator_set *set = view->set;
	struct sk_indicator_facts *facts = &set->facts;
	uint64_t id = 0;
	for (unsigned column = 0; column < SK_COLUMN_COUNT; column++) {
		enum sk_section section = sk_column_section((enum sk_column_name)column), filter = sk_column_filter((enum sk_column_name)column);
		uint64_t count = column == SK_COLUMN_DOMAIN ? sk_view_domain_count(set) : set->section[section].count;
		if (count > SK_INDICATOR_ENTRIES_MAX)
			return bad(view, set->bytes, "too many entries");
		set->first[column] = (uint32_t)id;
		id += count;
		facts->entries_by_kind[__builtin_ctz(sk_column_kind[column])] += count;
		if (filter == SK_SECTION_COUNT)
			continue;
		if (set->section[filter].count != sk_filter_words(count))
			return bad(view, set->section[filter].bytes, "a filter has a wrong size");
		if (count != 0)
			set->filter[column] = (struct sk_filter){set->section[filter].bytes, set->section[filter].count - 1};
	}
	set->first[SK_COLUMN_COUNT] = (uint32_t)id;
	facts->entries = id + facts->entries_by_kind[__builtin_ctz(SK_INDICATOR_FLOW_ALL)];
	for (unsigned bit = 0; bit < SK_INDICATOR_KIND_COUNT; bit++)
		facts->kinds |= facts->entries_by_kind[bit] != 0 ? 1u << bit : 0;
	if (set->section[SK_SECTION_ORIGIN].count != facts->entries || set->section[SK_SECTION_FILE].count > SK_INDICATOR_FILES_MAX)
		return bad(view, set->section[SK_SECTION_ORIGIN].bytes, "a section has a wrong number of items");
	if (set->section[SK_SECTION_DOMAIN].count == 1)
		return bad(view, set->section[SK_SECTION_DOMAIN].bytes, "domains without names");
	return SK_OK;
}

/* A family with prefixes has segments and a bitmap, and many IPv4 segments a directory besides; one without has none. */
static enum sk_err view_prefixes(const struct view *view)
{
	struct sk_indicator_set *set = view->set;
	uint64_t all = set->section[SK_SECTION_PREFIX].count;
	if (set->v4_prefixes > all)
		return bad(view, set->bytes + 40, "more IPv4 prefixes than prefixes");
	for (unsigned six = 0; six < 2; six++) {
		uint64_t count = six ? all - set->v4_prefixes : set->v4_prefixes, segments = set->section[SK_SECTION_SEGMENT_V4 + six].count;
		if ((count == 0) != (segments == 0) || segments > 2 * count + 1 ||
		    set->section[SK_SECTION_BITMAP_V4 + six].count != (count != 0 ? SK_SET_BITMAP_WORDS : 0))
			return bad(view, set->section[SK_SECTION_SEGMENT_V4 + six].bytes, "the prefix ranges are not those of its prefixes");
		set->bitmap[six] = count != 0 ? set->section[SK_SECTION_BITMAP_V4 + six].bytes : NULL;
	}
	if (set->section[SK_SECTION_DIRECTORY].count !=
	    (set->section[SK_SECTION_SEGMENT_V4].count >= SK_SET_DIRECTORY_FROM ? SK_SET_DIRECTORY_ITEMS : 0))
		return bad(view, set->section[SK_SECTION_DIRECTORY].bytes, "the prefix directory has a wrong size");
	return SK_OK;
}

enum sk_err sk_set_view(const char *name, const uint8_t *bytes, size_t length, struct sk_indicator_set *set, struct sk_fault *fault)
{
	*set = (struct sk_indicator_set){.bytes = bytes, .length = length};
	struct view view = {.set = set, .name = name, .fault = fault};
	struct sk_cur c = sk_cur_of(bytes, length);
	SK_TRY(view_header(&view, &c));
	SK_TRY(view_sections(&view, &c));
	SK_TRY(number_entries(&view));
	return view_prefixes(&view);
}

/* ---- sums ---- */

/* Four lanes of folded products, so that they run at the speed of memory. */
static uint64_t sum_bytes(uint64_t seed, struct sk_cur c)
{
	static const uint64_t odd[4] = {0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3};
	uint64_t lane[4] = {seed ^ odd[3], seed ^ odd[2], seed ^ odd[1], seed ^ odd[0]};
	while (sk_left(&c) >= 64) {
		const uint8_t *block = sk_take(&c, 64);
		for (unsigned i = 0; i < 4; i++, block += 16)
			lane[i] = sk_fold(lane[i] ^ sk_load_le64(block), sk_load_le64(block + 8) ^ odd[i]);
	}
	uint8_t rest[64] = {0};
	size_t left = sk_left(&c);
	sk_copy(&c, rest, left);
	for (unsigned i = 0; i < 4; i++)
		lane[i] = sk_fold(lane[i] ^ sk_load_le64(rest + i * 16), sk_load_le64(rest + i * 16 + 8) ^ odd[i]);
	return sk_fold(lane[0] ^ odd[0], lane[1] ^ odd[1]) ^ sk_fold(lane[2] ^ odd[2], lane[3] ^ left ^ odd[3]);
}

uint64_t sk_set_checksum(const uint8_t *bytes, size_t length)
{
	struct sk_cur head = sk_cur_of(bytes, length < SK_SET_CHECKSUM_OFFSET ? length : SK_SET_CHECKSUM_OFFSET), body = sk_cur_of(bytes, length);
	sk_skip(&body, SK_SET_CHECKSUM_OFFSET + sizeof(uint64_t));
	return sum_bytes(sum_bytes(length, head), body);
}

enum sk_err sk_set_digest(const struct sk_indicator_set *set, uint8_t out[SK_HASH_BYTES])
{
	struct sk_digest *digest = malloc(sizeof *digest);
	if (digest == NULL || sk_digest_init(digest) != SK_OK) {
		free(digest);
		return SK_ENOMEM;
	}
	for (uint32_t column = 0; column < SK_COLUMN_COUNT; column++) {
		enum sk_section section = sk_column_section((enum sk_column_name)column);
		unsigned bit = (unsigned)__builtin_ctz(sk_column_kind[column]);
		uint32_t count = set->first[column + 1] - set->first[column];
		for (uint32_t i = 0; i < count; i++) {
			size_t length = sk_section_width[section];
			struct sk_prefix prefix;
			if (column == SK_COLUMN_PREFIX) {
				sk_view_prefix_at(set, i, &prefix);
				sk_digest_prefix(digest, &prefix);
			} else {
				const uint8_t *value = column == SK_COLUMN_DOMAIN ? sk_view_domain_at(set, i, &length) : sk_view_item(set, section, i);
				sk_digest_add(digest, bit, value, length);
			}
		}
	}
	if ((set->facts.kinds & SK_INDICATOR_FLOW_ALL) != 0)
		sk_digest_add(digest, (unsigned)__builtin_ctz(SK_INDICATOR_FLOW_ALL), "", 0);
	sk_digest_take(digest, out);
	free(digest);
	return SK_OK;
}
