/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled set is believed nothing here: orders, values and every derived structure are checked, and the digest is taken again. */
#include <stdlib.h>

#include "indicator/view_priv.h"

struct check {
	const struct sk_indicator_set *set;
	const char *name;
	struct sk_fault *fault;
};

static enum sk_err bad(const struct check *check, const uint8_t *at, const char *what)
{
	return sk_fault_set(check->fault, SK_EMALFORMED, "%s: not a usable selector set: %s (offset %zu); import the lists again", check->name, what,
			    (size_t)(at - check->set->bytes));
}

/* ---- prefixes ---- */

static bool prefix_valid(const struct sk_prefix *prefix)
{
	unsigned limit = prefix->addr.family == 4 ? 32 : 128;
	if ((prefix->addr.family != 4 && prefix->addr.family != 6) || prefix->bits == 0 || prefix->bits >= limit)
		return false;
	return (sk_number_of(prefix->addr.bytes) & (~(sk_u128)0 >> prefix->bits)) == 0;
}

static enum sk_err check_prefixes(const struct check *check, struct sk_prefix *prefixes)
{
	const struct sk_indicator_set *set = check->set;
	uint8_t shortest[2] = {32, 128};
	uint32_t fours = 0;
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
		uint8_t *least = &shortest[prefixes[i].addr.family == 6];
		*least = prefixes[i].bits < *least ? prefixes[i].bits : *least;
		fours += prefixes[i].addr.family == 4;
	}
	if (fours != set->v4_prefixes || shortest[0] != set->facts.shortest_v4 || shortest[1] != set->facts.shortest_v6)
		return bad(check, set->bytes, "its header does not say what prefixes it has");
	return SK_OK;
}

/* The segments, the bitmap and the directory must be the ones that the prefixes give. */
static enum sk_err check_segments(const struct check *check, unsigned six, const struct sk_prefix *prefixes, uint32_t count, struct sk_segment *made)
{
	const struct sk_indicator_set *set = check->set;
	enum sk_section segments = six ? SK_SECTION_SEGMENT_V6 : SK_SECTION_SEGMENT_V4, bitmap = six ? SK_SECTION_BITMAP_V6 : SK_SECTION_BITMAP_V4;
	uint64_t words[SK_SET_BITMAP_WORDS] = {0};
	uint32_t wanted = count != 0 ? sk_segments_make(prefixes, count, made) : 0;
	if (set->section[segments].count != wanted || (wanted != 0 && memcmp(set->section[segments].bytes, made, wanted * sizeof *made) != 0))
		return bad(check, set->section[segments].bytes, "the prefix ranges are not those of its prefixes");
	for (uint32_t i = 0; i < count; i++)
		sk_bitmap_mark(set->key, &prefixes[i], words);
	for (size_t i = 0; i < set->section[bitmap].count; i++)
		if (sk_load_le64(sk_view_item(set, bitmap, i)) != words[i])
			return bad(check, sk_view_item(set, bitmap, i), "the prefix bitmap is not that of its prefixes");
	uint32_t at = 0;
	for (uint32_t i = 0; !six && i < set->section[SK_SECTION_DIRECTORY].count; i++) {
		at = sk_directory_next(made, wanted, at, i);
		if (sk_load_le32(sk_view_item(set, SK_SECTION_DIRECTORY, i)) != at)
			return bad(check, sk_view_item(set, SK_SECTION_DIRECTORY, i), "the prefix directory is not that of its prefixes");
	}
	return SK_OK;
}

static enum sk_err check_all_prefixes(const struct check *check)
{
	const struct sk_indicator_set *set = check->set;
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

/* ---- names ---- */

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

static enum sk_err check_offsets(const struct check *check, uint32_t count)
{
	const struct sk_indicator_set *set = check->set;
	uint64_t bytes = set->section[SK_SECTION_DOMAIN_BYTES].count;
	if (count == 0)
		return bytes == 0 ? SK_OK : bad(check, set->section[SK_SECTION_DOMAIN].bytes, "domains without names");
	if (sk_load_le32(sk_view_item(set, SK_SECTION_DOMAIN, 0)) != 0 || sk_load_le32(sk_view_item(set, SK_SECTION_DOMAIN, count)) != bytes)
		return bad(check, set->section[SK_SECTION_DOMAIN].bytes, "domain names do not fill their section");
	return SK_OK;
}

static enum sk_err check_domains(const struct check *check)
{
	const struct sk_indicator_set *set = check->set;
	uint32_t count = sk_view_domain_count(set);
	SK_TRY(check_offsets(check, count));
	const uint8_t *before = NULL;
	size_t before_length = 0;
	unsigned most = 0;
	for (uint32_t i = 0; i < count; i++) {
		size_t length;
		const uint8_t *name = sk_view_domain_at(set, i, &length);
		if (length == 0)
			return bad(check, sk_view_item(set, SK_SECTION_DOMAIN, i), "a domain name of impossible length");
		unsigned labels = count_labels(sk_cur_of(name, length));
		if (labels == 0)
			return bad(check, name, "not a domain name");
		if (before != NULL && sk_view_compare(before, before_length, name, length) >= 0)
			return bad(check, name, "domain names are out of order");
		if (!sk_filter_has(&set->filter[SK_COLUMN_DOMAIN], sk_hash_name(set->key, name, length)))
			return bad(check, name, "a domain name is not in its filter");
		most = labels > most ? labels : most;
		before = name;
		before_length = length;
	}
	return most == set->max_labels ? SK_OK : bad(check, set->bytes, "its header does not say how many labels names have");
}

/* ---- values of a fixed width ---- */

static enum sk_err check_fixed(const struct check *check, enum sk_column_name column)
{
	const struct sk_indicator_set *set = check->set;
	enum sk_section section = sk_column_section(column);
	size_t width = sk_section_width[section];
	for (uint64_t i = 0; i < set->section[section].count; i++) {
		const uint8_t *value = sk_view_item(set, section, i);
		uint64_t hash = column == SK_COLUMN_V4 ? sk_hash_v4(set->key, value) : column == SK_COLUMN_V6 ? sk_hash_v6(set->key, value)
												      : sk_hash_print(set->key, value, width);
		if (i > 0 && memcmp(sk_view_item(set, section, i - 1), value, width) >= 0)
			return bad(check, value, "entries are out of order");
		if (!sk_filter_has(&set->filter[column], hash))
			return bad(check, value, "an entry is not in its filter");
	}
	return SK_OK;
}

static enum sk_err check_ja4(const struct check *check)
{
	struct sk_cur text = sk_cur_of(check->set->section[SK_SECTION_JA4].bytes,
				       check->set->section[SK_SECTION_JA4].count * sk_section_width[SK_SECTION_JA4]);
	while (sk_more(&text)) {
		uint8_t c = sk_u8(&text);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return bad(check, text.at, "not a JA4");
	}
	return SK_OK;
}

/* ---- origins ---- */

static enum sk_err check_origins(const struct check *check)
{
	const struct sk_indicator_set *set = check->set;
	uint64_t files = set->section[SK_SECTION_FILE].count;
	uint32_t before = 0, name_end = 0;
	for (uint64_t i = 0; i < files; i++) {
		struct sk_cur c = sk_cur_of(sk_view_item(set, SK_SECTION_FILE, i), SK_SET_FILE_WIDTH);
		uint32_t first = sk_le32(&c), offset = sk_le32(&c), length = sk_le32(&c), relay = length >> SK_SET_FILE_RELAY_SHIFT;
		length &= (1u << SK_SET_FILE_RELAY_SHIFT) - 1;
		if (relay >= SK_RELAY_COUNT || first == 0 || first < before || offset != name_end || length > SK_INDICATOR_FILE_NAME_MAX)
			return bad(check, sk_view_item(set, SK_SECTION_FILE, i), "a file of origin is wrong");
		before = first;
		name_end += length;
	}
	if (name_end != set->section[SK_SECTION_FILE_BYTES].count)
		return bad(check, set->section[SK_SECTION_FILE].bytes, "the files of origin are wrong");
	uint32_t lowest = files != 0 ? sk_load_le32(sk_view_item(set, SK_SECTION_FILE, 0)) : UINT32_MAX;
	for (uint64_t i = 0; i < set->section[SK_SECTION_ORIGIN].count; i++) {
		uint32_t tag = sk_load_le32(sk_view_item(set, SK_SECTION_ORIGIN, i));
		if (tag != 0 && tag < lowest)
			return bad(check, sk_view_item(set, SK_SECTION_ORIGIN, i), "an entry's origin is in no file");
	}
	return SK_OK;
}

enum sk_err sk_indicator_verify(const struct sk_indicator_set *set, const char *path, struct sk_fault *fault)
{
	struct check check = {.set = set, .name = path, .fault = fault};
	uint8_t digest[SK_HASH_BYTES];
	for (unsigned column = 0; column < SK_COLUMN_COUNT; column++)
		if (column != SK_COLUMN_PREFIX && column != SK_COLUMN_DOMAIN)
			SK_TRY(check_fixed(&check, (enum sk_column_name)column));
	SK_TRY(check_ja4(&check));
	SK_TRY(check_all_prefixes(&check));
	SK_TRY(check_domains(&check));
	SK_TRY(check_origins(&check));
	if (sk_set_digest(set, digest) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	if (memcmp(digest, set->facts.digest, sizeof digest) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: its digest is not that of its entries; import the lists again", path);
	return SK_OK;
}
