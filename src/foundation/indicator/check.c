/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled set is believed nothing: every place, order and derived structure is checked before the first look-up. */
#include <stdlib.h>

#include "indicator/digest.h"
#include "indicator/view_priv.h"

const uint32_t sk_section_width[SK_SECTION_COUNT] = {
	[SK_SECTION_V4] = 4,
	[SK_SECTION_V6] = 16,
	[SK_SECTION_PREFIX] = 20,
	[SK_SECTION_DOMAIN] = 4,
	[SK_SECTION_DOMAIN_BYTES] = 1,
	[SK_SECTION_JA3] = SK_INDICATOR_JA3_BYTES,
	[SK_SECTION_JA4] = SK_INDICATOR_JA4_LENGTH,
	[SK_SECTION_FILTER_V4] = 8,
	[SK_SECTION_FILTER_V6] = 8,
	[SK_SECTION_FILTER_DOMAIN] = 8,
	[SK_SECTION_SEGMENT_V4] = sizeof(struct sk_segment),
	[SK_SECTION_SEGMENT_V6] = sizeof(struct sk_segment),
	[SK_SECTION_BITMAP_V4] = 8,
	[SK_SECTION_BITMAP_V6] = 8,
	[SK_SECTION_ORIGIN] = 4,
	[SK_SECTION_FILE] = SK_SET_FILE_WIDTH,
	[SK_SECTION_FILE_BYTES] = 1,
};

struct check {
	struct sk_indicator_set *set;
	const char *name;
	struct sk_fault *fault;
};

static enum sk_err bad(const struct check *check, const uint8_t *at, const char *what)
{
	return sk_fault_set(check->fault, SK_EMALFORMED, "%s: not a usable selector set: %s (offset %zu); import the lists again", check->name, what,
			    (size_t)(at - check->set->bytes));
}

static enum sk_err check_header(const struct check *check, struct sk_cur *c)
{
	struct sk_indicator_set *set = check->set;
	uint8_t magic[8];
	sk_copy(c, magic, sizeof magic);
	if (memcmp(magic, SK_SET_MAGIC, sizeof magic) != 0)
		return bad(check, set->bytes, "it does not begin as one");
	if (sk_le32(c) != SK_SET_VERSION)
		return bad(check, set->bytes + 8, "another version of the format");
	if (sk_le32(c) != SK_SECTION_COUNT || sk_le64(c) != set->length)
		return bad(check, set->bytes + 12, "its length or number of sections is wrong");
	uint32_t flags = sk_le32(c);
	if (flags > 1 || sk_le32(c) != 0)
		return bad(check, set->bytes + 24, "unknown flags");
	sk_skip(c, SK_HASH_BYTES);
	sk_copy(c, set->facts.digest, sizeof set->facts.digest);
	set->key[0] = sk_le64(c);
	set->key[1] = sk_le64(c);
	sk_copy(c, set->sip_key, sizeof set->sip_key);
	set->facts.entries_by_kind[5] = flags;
	return sk_alive(c) == SK_OK ? SK_OK : bad(check, c->at, "cut off");
}

/* Sections stand one after another, each at the next multiple of 64, zeros between. */
static enum sk_err check_sections(const struct check *check, struct sk_cur *c)
{
	struct sk_indicator_set *set = check->set;
	struct sk_cur body = sk_cur_of(set->bytes, set->length);
	sk_skip(&body, SK_SET_HEADER_BYTES + SK_SECTION_COUNT * SK_SET_SECTION_BYTES);
	for (uint32_t i = 0; i < SK_SECTION_COUNT; i++) {
		const uint8_t *entry = c->at;
		uint32_t id = sk_le32(c), width = sk_le32(c);
		uint64_t offset = sk_le64(c), count = sk_le64(c);
		for (size_t gap = -sk_offset(&body) & (SK_SET_ALIGN - 1); gap > 0; gap--)
			if (sk_u8(&body) != 0)
				return bad(check, body.at, "bytes between sections");
		if (sk_alive(c) != SK_OK || sk_alive(&body) != SK_OK)
			return bad(check, entry, "cut off");
		if (id != i || width != sk_section_width[i] || offset != sk_offset(&body) || count > sk_left(&body) / width)
			return bad(check, entry, "a section is not where it must be");
		set->section[i].bytes = body.at;
		set->section[i].count = count;
		sk_skip(&body, count * width);
	}
	return sk_done(&body) == SK_OK ? SK_OK : bad(check, body.at, "bytes after the last section");
}

/* Items of a fixed width, strictly ascending. */
static enum sk_err check_ascending(const struct check *check, enum sk_section section)
{
	size_t width = sk_section_width[section];
	for (uint64_t i = 1; i < check->set->section[section].count; i++)
		if (memcmp(sk_view_item(check->set, section, i - 1), sk_view_item(check->set, section, i), width) >= 0)
			return bad(check, sk_view_item(check->set, section, i), "entries are out of order");
	return SK_OK;
}

static bool prefix_valid(const struct sk_prefix *prefix)
{
	unsigned limit = prefix->addr.family == 4 ? 32 : 128;
	if ((prefix->addr.family != 4 && prefix->addr.family != 6) || prefix->bits == 0 || prefix->bits >= limit)
		return false;
	return (sk_number_of(prefix->addr.bytes) & (~(sk_u128)0 >> prefix->bits)) == 0;
}

static enum sk_err check_prefixes(const struct check *check, struct sk_prefix *prefixes)
{
	struct sk_indicator_set *set = check->set;
	for (uint32_t i = 0; i < set->section[SK_SECTION_PREFIX].count; i++) {
		const uint8_t *at = sk_view_item(set, SK_SECTION_PREFIX, i);
		struct sk_cur c = sk_cur_of(at, sk_section_width[SK_SECTION_PREFIX]);
		sk_skip(&c, 18);
		sk_view_prefix_at(set, i, &prefixes[i]);
		if (sk_le16(&c) != 0 || !prefix_valid(&prefixes[i]))
			return bad(check, at, "not a prefix");
		int order = i == 0 ? -1 : sk_addr_compare(&prefixes[i - 1].addr, &prefixes[i].addr);
		if (order > 0 || (order == 0 && prefixes[i - 1].bits >= prefixes[i].bits))
			return bad(check, at, "prefixes are out of order");
		uint8_t *shortest = prefixes[i].addr.family == 4 ? &set->facts.shortest_v4 : &set->facts.shortest_v6;
		*shortest = prefixes[i].bits < *shortest ? prefixes[i].bits : *shortest;
		set->v4_prefixes += prefixes[i].addr.family == 4;
	}
	return SK_OK;
}

/* The segments and bitmap must be the ones that the prefixes give. */
static enum sk_err check_segments(const struct check *check, unsigned six, const struct sk_prefix *prefixes, uint32_t count, struct sk_segment *made)
{
	struct sk_indicator_set *set = check->set;
	enum sk_section segments = six ? SK_SECTION_SEGMENT_V6 : SK_SECTION_SEGMENT_V4, bitmap = six ? SK_SECTION_BITMAP_V6 : SK_SECTION_BITMAP_V4;
	uint64_t words[SK_SET_BITMAP_WORDS] = {0};
	uint32_t wanted = count != 0 ? sk_segments_make(prefixes, count, made) : 0;
	if (set->section[segments].count != wanted || (wanted != 0 && memcmp(set->section[segments].bytes, made, wanted * sizeof *made) != 0))
		return bad(check, set->section[segments].bytes, "the prefix ranges are not those of its prefixes");
	if (set->section[bitmap].count != (count != 0 ? SK_SET_BITMAP_WORDS : 0))
		return bad(check, set->section[bitmap].bytes, "the prefix bitmap has a wrong size");
	for (uint32_t i = 0; i < count; i++)
		sk_bitmap_mark(set->key, &prefixes[i], words);
	for (size_t i = 0; i < set->section[bitmap].count; i++)
		if (sk_load_le64(sk_view_item(set, bitmap, i)) != words[i])
			return bad(check, sk_view_item(set, bitmap, i), "the prefix bitmap is not that of its prefixes");
	return SK_OK;
}

static enum sk_err check_all_prefixes(const struct check *check)
{
	struct sk_indicator_set *set = check->set;
	uint32_t count = (uint32_t)set->section[SK_SECTION_PREFIX].count;
	struct sk_prefix *prefixes = calloc((size_t)count + 1, sizeof *prefixes);
	struct sk_segment *made = calloc((size_t)count * 2 + 1, sizeof *made);
	enum sk_err err = prefixes != NULL && made != NULL ? SK_OK : sk_fault_set(check->fault, SK_ENOMEM, "%s: out of memory", check->name);
	if (err == SK_OK)
		err = check_prefixes(check, prefixes);
	if (err == SK_OK)
		err = check_segments(check, 0, prefixes, set->v4_prefixes, made);
	if (err == SK_OK)
		err = check_segments(check, 1, prefixes + set->v4_prefixes, count - set->v4_prefixes, made);
	free(prefixes);
	free(made);
	return err;
}

/* Two labels or more of [a-z0-9_-]; returns their number, 0 when it is no name. */
static unsigned count_labels(struct sk_cur name)
{
	unsigned labels = 1, length = 0;
	while (sk_more(&name)) {
		uint8_t c = sk_u8(&name);
		if (c == '.') {
			if (length == 0)
				return 0;
			labels++;
			length = 0;
		} else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') {
			if (++length > SK_INDICATOR_LABEL_MAX)
				return 0;
		} else {
			return 0;
		}
	}
	return length != 0 && labels >= 2 ? labels : 0;
}

static enum sk_err check_domains(const struct check *check)
{
	struct sk_indicator_set *set = check->set;
	uint64_t offsets = set->section[SK_SECTION_DOMAIN].count, bytes = set->section[SK_SECTION_DOMAIN_BYTES].count;
	if (offsets == 1 || (offsets == 0 && bytes != 0))
		return bad(check, set->section[SK_SECTION_DOMAIN].bytes, "domains without names");
	if (offsets == 0)
		return SK_OK;
	if (sk_load_le32(sk_view_item(set, SK_SECTION_DOMAIN, 0)) != 0 || sk_load_le32(sk_view_item(set, SK_SECTION_DOMAIN, offsets - 1)) != bytes)
		return bad(check, set->section[SK_SECTION_DOMAIN].bytes, "domain names do not fill their section");
	const uint8_t *before = NULL;
	size_t before_length = 0;
	for (uint32_t i = 0; i + 1 < offsets; i++) {
		uint32_t start = sk_load_le32(sk_view_item(set, SK_SECTION_DOMAIN, i)),
			 end = sk_load_le32(sk_view_item(set, SK_SECTION_DOMAIN, i + 1));
		if (start >= end || end > bytes || end - start > SK_INDICATOR_NAME_MAX)
			return bad(check, sk_view_item(set, SK_SECTION_DOMAIN, i), "a domain name of impossible length");
		const uint8_t *name = set->section[SK_SECTION_DOMAIN_BYTES].bytes + start;
		unsigned labels = count_labels(sk_cur_of(name, end - start));
		if (labels == 0)
			return bad(check, name, "not a domain name");
		if (before != NULL && sk_view_compare(before, before_length, name, end - start) >= 0)
			return bad(check, name, "domain names are out of order");
		if (!sk_view_filter_has(set, SK_SECTION_FILTER_DOMAIN, sk_siphash13(set->sip_key, name, end - start)))
			return bad(check, name, "a domain name is not in its filter");
		set->max_labels = labels > set->max_labels ? (uint8_t)labels : set->max_labels;
		before = name;
		before_length = end - start;
	}
	return SK_OK;
}

static enum sk_err check_addresses(const struct check *check)
{
	const struct sk_indicator_set *set = check->set;
	SK_TRY(check_ascending(check, SK_SECTION_V4));
	SK_TRY(check_ascending(check, SK_SECTION_V6));
	for (uint64_t i = 0; i < set->section[SK_SECTION_V4].count; i++)
		if (!sk_view_filter_has(set, SK_SECTION_FILTER_V4, sk_hash_v4(set->key, sk_view_item(set, SK_SECTION_V4, i))))
			return bad(check, sk_view_item(set, SK_SECTION_V4, i), "an address is not in its filter");
	for (uint64_t i = 0; i < set->section[SK_SECTION_V6].count; i++)
		if (!sk_view_filter_has(set, SK_SECTION_FILTER_V6, sk_hash_v6(set->key, sk_view_item(set, SK_SECTION_V6, i))))
			return bad(check, sk_view_item(set, SK_SECTION_V6, i), "an address is not in its filter");
	return SK_OK;
}

static enum sk_err check_fingerprints(const struct check *check)
{
	SK_TRY(check_ascending(check, SK_SECTION_JA3));
	SK_TRY(check_ascending(check, SK_SECTION_JA4));
	struct sk_cur text =
		sk_cur_of(check->set->section[SK_SECTION_JA4].bytes, check->set->section[SK_SECTION_JA4].count * SK_INDICATOR_JA4_LENGTH);
	while (sk_more(&text)) {
		uint8_t c = sk_u8(&text);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return bad(check, text.at, "not a JA4");
	}
	return SK_OK;
}

static enum sk_err check_origins(const struct check *check)
{
	const struct sk_indicator_set *set = check->set;
	uint64_t files = set->section[SK_SECTION_FILE].count;
	uint32_t before = 0, name_end = 0;
	for (uint64_t i = 0; i < files; i++) {
		struct sk_cur c = sk_cur_of(sk_view_item(set, SK_SECTION_FILE, i), SK_SET_FILE_WIDTH);
		uint32_t first = sk_le32(&c), offset = sk_le32(&c), length = sk_le32(&c);
		if (first == 0 || first < before || offset != name_end || length > SK_INDICATOR_FILE_NAME_MAX)
			return bad(check, sk_view_item(set, SK_SECTION_FILE, i), "a file of origin is wrong");
		before = first;
		name_end += length;
	}
	if (files > SK_INDICATOR_FILES_MAX || name_end != set->section[SK_SECTION_FILE_BYTES].count)
		return bad(check, set->section[SK_SECTION_FILE].bytes, "the files of origin are wrong");
	uint32_t lowest = files != 0 ? sk_load_le32(sk_view_item(set, SK_SECTION_FILE, 0)) : UINT32_MAX;
	for (uint64_t i = 0; i < set->section[SK_SECTION_ORIGIN].count; i++) {
		uint32_t tag = sk_load_le32(sk_view_item(set, SK_SECTION_ORIGIN, i));
		if (tag != 0 && tag < lowest)
			return bad(check, sk_view_item(set, SK_SECTION_ORIGIN, i), "an entry's origin is in no file");
	}
	return SK_OK;
}

/* Ids run through the sections; every count that follows from another must agree. */
static enum sk_err number_entries(const struct check *check)
{
	struct sk_indicator_set *set = check->set;
	struct sk_indicator_facts *facts = &set->facts;
	const uint64_t counts[6] = {set->section[SK_SECTION_V4].count, set->section[SK_SECTION_V6].count, set->section[SK_SECTION_PREFIX].count,
				    sk_view_domain_count(set), set->section[SK_SECTION_JA3].count, set->section[SK_SECTION_JA4].count};
	uint64_t id = 0;
	for (size_t i = 0; i < 6; i++) {
		if (counts[i] > SK_INDICATOR_ENTRIES_MAX)
			return bad(check, set->bytes, "too many entries");
		set->first[i] = (uint32_t)id;
		id += counts[i];
		facts->entries_by_kind[i < 1 ? 0 : i - 1] += counts[i];
	}
	set->first[6] = (uint32_t)id;
	facts->entries = id + facts->entries_by_kind[5];
	for (unsigned i = 0; i < 6; i++)
		facts->kinds |= facts->entries_by_kind[i] != 0 ? 1u << i : 0;
	facts->shortest_v4 = 32;
	facts->shortest_v6 = 128;
	if (set->section[SK_SECTION_FILTER_V4].count != sk_filter_words(counts[0]) ||
	    set->section[SK_SECTION_FILTER_V6].count != sk_filter_words(counts[1]) ||
	    set->section[SK_SECTION_FILTER_DOMAIN].count != sk_filter_words(counts[3]) || set->section[SK_SECTION_ORIGIN].count != facts->entries)
		return bad(check, set->bytes, "a section has a wrong number of items");
	return SK_OK;
}

enum sk_err sk_set_view(const char *name, const uint8_t *bytes, size_t length, struct sk_indicator_set *set, struct sk_fault *fault)
{
	*set = (struct sk_indicator_set){.bytes = bytes, .length = length};
	struct check check = {.set = set, .name = name, .fault = fault};
	struct sk_cur c = sk_cur_of(bytes, length);
	SK_TRY(check_header(&check, &c));
	SK_TRY(check_sections(&check, &c));
	SK_TRY(number_entries(&check));
	SK_TRY(check_addresses(&check));
	SK_TRY(check_all_prefixes(&check));
	SK_TRY(check_domains(&check));
	SK_TRY(check_fingerprints(&check));
	return check_origins(&check);
}

enum sk_err sk_set_digest(const struct sk_indicator_set *set, uint8_t out[SK_HASH_BYTES])
{
	struct sk_digest digest;
	SK_TRY(sk_digest_init(&digest));
	for (enum sk_section section = SK_SECTION_V4; section <= SK_SECTION_V6; section++)
		for (uint64_t i = 0; i < set->section[section].count; i++)
			sk_digest_add(&digest, 0, sk_view_item(set, section, i), sk_section_width[section]);
	for (uint32_t i = 0; i < set->section[SK_SECTION_PREFIX].count; i++) {
		struct sk_prefix prefix;
		sk_view_prefix_at(set, i, &prefix);
		sk_digest_prefix(&digest, &prefix);
	}
	for (uint32_t i = 0; i < sk_view_domain_count(set); i++) {
		size_t length;
		const uint8_t *name = sk_view_domain_at(set, i, &length);
		sk_digest_add(&digest, 2, name, length);
	}
	for (unsigned i = 0; i < 2; i++)
		for (uint64_t j = 0; j < set->section[SK_SECTION_JA3 + i].count; j++)
			sk_digest_add(&digest, 3 + i, sk_view_item(set, (enum sk_section)(SK_SECTION_JA3 + i), j),
				      sk_section_width[SK_SECTION_JA3 + i]);
	if (set->facts.entries_by_kind[5] != 0)
		sk_digest_add(&digest, 5, "", 0);
	sk_digest_take(&digest, out);
	return SK_OK;
}

/* SHA-256 of the file with zeros where it stands itself. */
enum sk_err sk_set_check_hashes(const struct sk_indicator_set *set, const char *path, struct sk_fault *fault)
{
	static const uint8_t zero[SK_HASH_BYTES];
	uint8_t sha[SK_HASH_BYTES], digest[SK_HASH_BYTES];
	struct sk_sha256 *hash = sk_sha256_new();
	if (hash == NULL || sk_set_digest(set, digest) != SK_OK) {
		sk_sha256_free(hash);
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	}
	const size_t after = SK_SET_SHA_OFFSET + SK_HASH_BYTES;
	sk_sha256_add(hash, set->bytes, SK_SET_SHA_OFFSET);
	sk_sha256_add(hash, zero, sizeof zero);
	sk_sha256_add(hash, set->bytes + after, set->length - after);
	sk_sha256_take(hash, sha);
	sk_sha256_free(hash);
	if (memcmp(sha, set->bytes + SK_SET_SHA_OFFSET, sizeof sha) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: damaged: its SHA-256 does not match; import the lists again", path);
	if (memcmp(digest, set->facts.digest, sizeof digest) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: its digest is not that of its entries; import the lists again", path);
	return SK_OK;
}
