/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled set, mapped read-only. Everything is checked once, when it is opened; after that every look-up stays inside the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "indicator/digest.h"
#include "indicator/indicator_priv.h"
#include "text/text.h"

const uint32_t sk_section_width[SK_SECTION_COUNT] = {
	[SK_SECTION_V4] = 4, [SK_SECTION_V6] = 16, [SK_SECTION_PREFIX] = 20, [SK_SECTION_DOMAIN] = 4, [SK_SECTION_DOMAIN_BYTES] = 1,
	[SK_SECTION_JA3] = SK_INDICATOR_JA3_BYTES, [SK_SECTION_JA4] = SK_INDICATOR_JA4_LENGTH,
	[SK_SECTION_FILTER_V4] = 8, [SK_SECTION_FILTER_V6] = 8, [SK_SECTION_FILTER_DOMAIN] = 8,
	[SK_SECTION_SEGMENT_V4] = sizeof(struct sk_segment), [SK_SECTION_SEGMENT_V6] = sizeof(struct sk_segment),
	[SK_SECTION_BITMAP_V4] = 8, [SK_SECTION_BITMAP_V6] = 8, [SK_SECTION_ORIGIN] = 4, [SK_SECTION_FILE] = SK_SET_FILE_WIDTH, [SK_SECTION_FILE_BYTES] = 1,
};

/* ---- reading a checked view ---- */

static const uint8_t *item(const struct sk_indicator_set *set, enum sk_section section, uint64_t index)
{
	return set->section[section].bytes + index * sk_section_width[section];
}

static const uint8_t *domain_at(const struct sk_indicator_set *set, uint32_t index, size_t *length)
{
	uint32_t start = sk_load_le32(item(set, SK_SECTION_DOMAIN, index));
	*length = sk_load_le32(item(set, SK_SECTION_DOMAIN, index + 1)) - start;
	return set->section[SK_SECTION_DOMAIN_BYTES].bytes + start;
}

static uint32_t domain_count(const struct sk_indicator_set *set)
{
	return set->section[SK_SECTION_DOMAIN].count != 0 ? (uint32_t)set->section[SK_SECTION_DOMAIN].count - 1 : 0;
}

static void prefix_at(const struct sk_indicator_set *set, uint32_t index, struct sk_prefix *prefix)
{
	struct sk_cur c = sk_cur_of(item(set, SK_SECTION_PREFIX, index), sk_section_width[SK_SECTION_PREFIX]);
	*prefix = (struct sk_prefix){.bits = 0};
	sk_copy(&c, prefix->addr.bytes, sizeof prefix->addr.bytes);
	prefix->addr.family = sk_u8(&c);
	prefix->bits = sk_u8(&c);
}

static int compare(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order != 0 ? order : a_length < b_length ? -1 : a_length > b_length;
}

static bool filter_has(const struct sk_indicator_set *set, enum sk_section section, uint64_t hash)
{
	uint64_t bits = sk_filter_bits(hash);
	return (sk_load_le64(item(set, section, sk_filter_word(hash, set->section[section].count))) & bits) == bits;
}

/* ---- checking ---- */

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
		if (memcmp(item(check->set, section, i - 1), item(check->set, section, i), width) >= 0)
			return bad(check, item(check->set, section, i), "entries are out of order");
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
		const uint8_t *at = item(set, SK_SECTION_PREFIX, i);
		struct sk_cur c = sk_cur_of(at, sk_section_width[SK_SECTION_PREFIX]);
		sk_skip(&c, 18);
		prefix_at(set, i, &prefixes[i]);
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
		if (sk_load_le64(item(set, bitmap, i)) != words[i])
			return bad(check, item(set, bitmap, i), "the prefix bitmap is not that of its prefixes");
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
	if (sk_load_le32(item(set, SK_SECTION_DOMAIN, 0)) != 0 || sk_load_le32(item(set, SK_SECTION_DOMAIN, offsets - 1)) != bytes)
		return bad(check, set->section[SK_SECTION_DOMAIN].bytes, "domain names do not fill their section");
	const uint8_t *before = NULL;
	size_t before_length = 0;
	for (uint32_t i = 0; i + 1 < offsets; i++) {
		uint32_t start = sk_load_le32(item(set, SK_SECTION_DOMAIN, i)), end = sk_load_le32(item(set, SK_SECTION_DOMAIN, i + 1));
		if (start >= end || end > bytes || end - start > SK_INDICATOR_NAME_MAX)
			return bad(check, item(set, SK_SECTION_DOMAIN, i), "a domain name of impossible length");
		const uint8_t *name = set->section[SK_SECTION_DOMAIN_BYTES].bytes + start;
		unsigned labels = count_labels(sk_cur_of(name, end - start));
		if (labels == 0)
			return bad(check, name, "not a domain name");
		if (before != NULL && compare(before, before_length, name, end - start) >= 0)
			return bad(check, name, "domain names are out of order");
		if (!filter_has(set, SK_SECTION_FILTER_DOMAIN, sk_siphash13(set->sip_key, name, end - start)))
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
		if (!filter_has(set, SK_SECTION_FILTER_V4, sk_hash_v4(set->key, item(set, SK_SECTION_V4, i))))
			return bad(check, item(set, SK_SECTION_V4, i), "an address is not in its filter");
	for (uint64_t i = 0; i < set->section[SK_SECTION_V6].count; i++)
		if (!filter_has(set, SK_SECTION_FILTER_V6, sk_hash_v6(set->key, item(set, SK_SECTION_V6, i))))
			return bad(check, item(set, SK_SECTION_V6, i), "an address is not in its filter");
	return SK_OK;
}

static enum sk_err check_fingerprints(const struct check *check)
{
	SK_TRY(check_ascending(check, SK_SECTION_JA3));
	SK_TRY(check_ascending(check, SK_SECTION_JA4));
	struct sk_cur text = sk_cur_of(check->set->section[SK_SECTION_JA4].bytes, check->set->section[SK_SECTION_JA4].count * SK_INDICATOR_JA4_LENGTH);
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
		struct sk_cur c = sk_cur_of(item(set, SK_SECTION_FILE, i), SK_SET_FILE_WIDTH);
		uint32_t first = sk_le32(&c), offset = sk_le32(&c), length = sk_le32(&c);
		if (first == 0 || first < before || offset != name_end || length > SK_INDICATOR_FILE_NAME_MAX)
			return bad(check, item(set, SK_SECTION_FILE, i), "a file of origin is wrong");
		before = first;
		name_end += length;
	}
	if (files > SK_INDICATOR_FILES_MAX || name_end != set->section[SK_SECTION_FILE_BYTES].count)
		return bad(check, set->section[SK_SECTION_FILE].bytes, "the files of origin are wrong");
	uint32_t lowest = files != 0 ? sk_load_le32(item(set, SK_SECTION_FILE, 0)) : UINT32_MAX;
	for (uint64_t i = 0; i < set->section[SK_SECTION_ORIGIN].count; i++) {
		uint32_t tag = sk_load_le32(item(set, SK_SECTION_ORIGIN, i));
		if (tag != 0 && tag < lowest)
			return bad(check, item(set, SK_SECTION_ORIGIN, i), "an entry's origin is in no file");
	}
	return SK_OK;
}

/* Ids run through the sections; every count that follows from another must agree. */
static enum sk_err number_entries(const struct check *check)
{
	struct sk_indicator_set *set = check->set;
	struct sk_indicator_facts *facts = &set->facts;
	const uint64_t counts[6] = {set->section[SK_SECTION_V4].count, set->section[SK_SECTION_V6].count, set->section[SK_SECTION_PREFIX].count,
				    domain_count(set), set->section[SK_SECTION_JA3].count, set->section[SK_SECTION_JA4].count};
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
	if (set->section[SK_SECTION_FILTER_V4].count != sk_filter_words(counts[0]) || set->section[SK_SECTION_FILTER_V6].count != sk_filter_words(counts[1]) ||
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
			sk_digest_add(&digest, 0, item(set, section, i), sk_section_width[section]);
	for (uint32_t i = 0; i < set->section[SK_SECTION_PREFIX].count; i++) {
		struct sk_prefix prefix;
		prefix_at(set, i, &prefix);
		sk_digest_prefix(&digest, &prefix);
	}
	for (uint32_t i = 0; i < domain_count(set); i++) {
		size_t length;
		const uint8_t *name = domain_at(set, i, &length);
		sk_digest_add(&digest, 2, name, length);
	}
	for (unsigned i = 0; i < 2; i++)
		for (uint64_t j = 0; j < set->section[SK_SECTION_JA3 + i].count; j++)
			sk_digest_add(&digest, 3 + i, item(set, (enum sk_section)(SK_SECTION_JA3 + i), j), sk_section_width[SK_SECTION_JA3 + i]);
	if (set->facts.entries_by_kind[5] != 0)
		sk_digest_add(&digest, 5, "", 0);
	sk_digest_take(&digest, out);
	return SK_OK;
}

/* SHA-256 of the file with zeros where it stands itself. */
static enum sk_err check_hashes(const struct sk_indicator_set *set, const char *path, struct sk_fault *fault)
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

enum sk_err sk_indicator_open(const char *path, struct sk_indicator_set **out, struct sk_fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: no such file", path) : sk_fault_errno(fault, errno, "%s: cannot open", path);
	struct stat info;
	enum sk_err err = SK_OK;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < SK_SET_HEADER_BYTES)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: not a selector set: too short or no regular file", path);
	void *bytes = err == SK_OK ? mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (err == SK_OK && bytes == MAP_FAILED)
		err = sk_fault_errno(fault, errno, "%s: cannot map", path);
	(void)close(fd);
	if (err != SK_OK)
		return err;
	struct sk_indicator_set *set = malloc(sizeof *set);
	err = set != NULL ? sk_set_view(path, bytes, (size_t)info.st_size, set, fault) : sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	if (err == SK_OK)
		err = check_hashes(set, path, fault);
	if (err != SK_OK) {
		free(set);
		(void)munmap(bytes, (size_t)info.st_size);
		return err;
	}
	set->mapped = true;
	*out = set;
	return SK_OK;
}

void sk_indicator_close(struct sk_indicator_set *set)
{
	if (set == NULL)
		return;
	if (set->mapped)
		(void)munmap((void *)(uintptr_t)set->bytes, set->length);
	free(set);
}

/* ---- matching ---- */

void sk_indicator_facts(const struct sk_indicator_set *set, struct sk_indicator_facts *out)
{
	*out = set->facts;
}

bool sk_indicator_flow_all(const struct sk_indicator_set *set, struct sk_indicator_hit *hit)
{
	*hit = (struct sk_indicator_hit){.id = set->first[6], .kind = SK_INDICATOR_FLOW_ALL};
	return set->facts.entries_by_kind[5] != 0;
}

/* Index in a section of fixed-width items, or UINT32_MAX. */
static uint32_t find_fixed(const struct sk_indicator_set *set, enum sk_section section, const void *value)
{
	uint64_t low = 0, high = set->section[section].count;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		int order = memcmp(item(set, section, middle), value, sk_section_width[section]);
		if (order == 0)
			return (uint32_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

static bool match_exact(const struct sk_indicator_set *set, const struct sk_addr *addr, struct sk_indicator_hit *hit)
{
	bool four = addr->family == 4;
	enum sk_section section = four ? SK_SECTION_V4 : SK_SECTION_V6;
	if (set->section[section].count == 0)
		return false;
	uint64_t hash = four ? sk_hash_v4(set->key, addr->bytes) : sk_hash_v6(set->key, addr->bytes);
	if (SK_LIKELY(!filter_has(set, four ? SK_SECTION_FILTER_V4 : SK_SECTION_FILTER_V6, hash)))
		return false;
	uint32_t found = find_fixed(set, section, addr->bytes);
	if (found == UINT32_MAX)
		return false;
	*hit = (struct sk_indicator_hit){.id = set->first[four ? 0 : 1] + found, .kind = SK_INDICATOR_ADDRESS};
	return true;
}

static bool match_prefix(const struct sk_indicator_set *set, const struct sk_addr *addr, struct sk_indicator_hit *hit)
{
	bool four = addr->family == 4;
	enum sk_section bitmap = four ? SK_SECTION_BITMAP_V4 : SK_SECTION_BITMAP_V6, segments = four ? SK_SECTION_SEGMENT_V4 : SK_SECTION_SEGMENT_V6;
	if (set->section[bitmap].count == 0)
		return false;
	uint32_t bit = sk_bitmap_bit(set->key, addr->family, addr->bytes);
	if ((sk_load_le64(item(set, bitmap, bit / 64)) >> bit % 64 & 1) == 0)
		return false;
	/* Sections begin at multiples of 64 in a mapped (or allocated) file, and a segment holds only bytes. */
	const struct sk_segment *first = (const void *)set->section[segments].bytes;
	uint32_t found = sk_segments_find(first, set->section[segments].count, addr->bytes);
	if (found == UINT32_MAX)
		return false;
	*hit = (struct sk_indicator_hit){.id = set->first[2] + (four ? 0 : set->v4_prefixes) + found, .kind = SK_INDICATOR_PREFIX};
	return true;
}

bool sk_indicator_match_addr(const struct sk_indicator_set *set, const struct sk_addr *addr, struct sk_indicator_hit *hit)
{
	if (addr->family != 4 && addr->family != 6)
		return false;
	return match_exact(set, addr, hit) || match_prefix(set, addr, hit);
}

static uint32_t find_domain(const struct sk_indicator_set *set, const uint8_t *name, size_t length)
{
	uint32_t low = 0, high = domain_count(set);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		size_t there_length;
		const uint8_t *there = domain_at(set, middle, &there_length);
		int order = compare(there, there_length, name, length);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

/* Where the last `labels` labels of a name begin: a name of a hundred labels costs no more look-ups than the longest selector has labels. */
static size_t last_labels(const char *name, size_t length, unsigned labels)
{
	for (size_t at = length; at > 0; at--)
		if (name[at - 1] == '.' && --labels == 0)
			return at;
	return 0;
}

bool sk_indicator_match_domain(const struct sk_indicator_set *set, const char *name, size_t length, struct sk_indicator_hit *hit)
{
	if (set->section[SK_SECTION_DOMAIN].count == 0 || length == 0)
		return false;
	for (size_t at = last_labels(name, length, set->max_labels); at < length;) {
		const uint8_t *suffix = (const uint8_t *)name + at;
		const char *dot = memchr(name + at, '.', length - at);
		if (dot == NULL)
			return false; /* a single label is never a selector */
		if (filter_has(set, SK_SECTION_FILTER_DOMAIN, sk_siphash13(set->sip_key, suffix, length - at))) {
			uint32_t found = find_domain(set, suffix, length - at);
			if (found != UINT32_MAX) {
				*hit = (struct sk_indicator_hit){.id = set->first[3] + found, .kind = SK_INDICATOR_DOMAIN};
				return true;
			}
		}
		at = (size_t)(dot + 1 - name);
	}
	return false;
}

bool sk_indicator_match_ja3(const struct sk_indicator_set *set, const char *ja3, struct sk_indicator_hit *hit)
{
	uint8_t bytes[SK_INDICATOR_JA3_BYTES];
	if (set->section[SK_SECTION_JA3].count == 0 || sk_hex_decode(ja3, bytes, sizeof bytes) != SK_OK)
		return false;
	uint32_t found = find_fixed(set, SK_SECTION_JA3, bytes);
	*hit = (struct sk_indicator_hit){.id = set->first[4] + found, .kind = SK_INDICATOR_JA3};
	return found != UINT32_MAX;
}

bool sk_indicator_match_ja4(const struct sk_indicator_set *set, const char *ja4, struct sk_indicator_hit *hit)
{
	char lower[SK_INDICATOR_JA4_LENGTH];
	if (set->section[SK_SECTION_JA4].count == 0 || strlen(ja4) != sizeof lower)
		return false;
	/* Only the two ALPN characters can be capitals; selectors are kept in lower case. */
	for (size_t i = 0; i < sizeof lower; i++)
		lower[i] = ja4[i] >= 'A' && ja4[i] <= 'Z' ? (char)(ja4[i] - 'A' + 'a') : ja4[i];
	uint32_t found = find_fixed(set, SK_SECTION_JA4, lower);
	*hit = (struct sk_indicator_hit){.id = set->first[5] + found, .kind = SK_INDICATOR_JA4};
	return found != UINT32_MAX;
}

/* ---- entries by id ---- */

uint32_t sk_set_entry(const struct sk_indicator_set *set, uint32_t id, struct sk_value *value)
{
	SK_INVARIANT(id < set->facts.entries);
	unsigned part = 0;
	while (part < 6 && id >= set->first[part + 1])
		part++;
	uint32_t index = id - set->first[part];
	const uint8_t *name = NULL;
	*value = (struct sk_value){.kind = SK_INDICATOR_FLOW_ALL};
	switch (part) {
	case 0:
		value->kind = SK_INDICATOR_ADDRESS;
		value->prefix = (struct sk_prefix){.addr.family = 4, .bits = 32};
		memcpy(value->prefix.addr.bytes, item(set, SK_SECTION_V4, index), 4);
		break;
	case 1:
		value->kind = SK_INDICATOR_ADDRESS;
		value->prefix = (struct sk_prefix){.addr.family = 6, .bits = 128};
		memcpy(value->prefix.addr.bytes, item(set, SK_SECTION_V6, index), 16);
		break;
	case 2:
		value->kind = SK_INDICATOR_PREFIX;
		prefix_at(set, index, &value->prefix);
		break;
	case 3:
		value->kind = SK_INDICATOR_DOMAIN;
		name = domain_at(set, index, &value->length);
		memcpy(value->name, name, value->length);
		break;
	case 4:
		value->kind = SK_INDICATOR_JA3;
		memcpy(value->ja3, item(set, SK_SECTION_JA3, index), sizeof value->ja3);
		break;
	case 5:
		value->kind = SK_INDICATOR_JA4;
		value->length = SK_INDICATOR_JA4_LENGTH;
		memcpy(value->name, item(set, SK_SECTION_JA4, index), value->length);
		break;
	default:
		break;
	}
	return sk_load_le32(item(set, SK_SECTION_ORIGIN, id));
}

const char *sk_indicator_value(const struct sk_indicator_set *set, uint32_t id, char *text, size_t size)
{
	struct sk_value value;
	char made[SK_INDICATOR_NAME_MAX + 1] = "";
	if (id < set->facts.entries)
		(void)sk_set_entry(set, id, &value);
	else
		value.kind = 0;
	switch (value.kind) {
	case SK_INDICATOR_ADDRESS:
		(void)sk_addr_format(&value.prefix.addr, made);
		break;
	case SK_INDICATOR_PREFIX:
		(void)sk_prefix_format(&value.prefix, made);
		break;
	case SK_INDICATOR_DOMAIN:
	case SK_INDICATOR_JA4:
		memcpy(made, value.name, value.length + 1);
		break;
	case SK_INDICATOR_JA3:
		sk_hex_encode(value.ja3, sizeof value.ja3, made);
		break;
	case SK_INDICATOR_FLOW_ALL:
		(void)snprintf(made, sizeof made, "flow.all");
		break;
	}
	(void)snprintf(text, size, "%s", made);
	return text;
}

uint32_t sk_set_file(const struct sk_indicator_set *set, uint32_t index, char name[SK_INDICATOR_FILE_NAME_MAX + 1])
{
	struct sk_cur c = sk_cur_of(item(set, SK_SECTION_FILE, index), SK_SET_FILE_WIDTH);
	uint32_t first = sk_le32(&c), offset = sk_le32(&c), length = sk_le32(&c);
	if (length != 0)
		memcpy(name, set->section[SK_SECTION_FILE_BYTES].bytes + offset, length);
	name[length] = '\0';
	return first;
}

const char *sk_indicator_origin(const struct sk_indicator_set *set, uint32_t id, char *text, size_t size)
{
	(void)snprintf(text, size, "%s", "");
	uint32_t tag = id < set->facts.entries ? sk_load_le32(item(set, SK_SECTION_ORIGIN, id)) : 0;
	if (tag == 0)
		return text;
	uint32_t low = 0;
	for (uint32_t high = (uint32_t)set->section[SK_SECTION_FILE].count; high - low > 1;) {
		uint32_t middle = low + (high - low) / 2;
		if (sk_load_le32(item(set, SK_SECTION_FILE, middle)) <= tag)
			low = middle;
		else
			high = middle;
	}
	char name[SK_INDICATOR_FILE_NAME_MAX + 1];
	uint32_t first = sk_set_file(set, low, name);
	(void)snprintf(text, size, "%s:%u", name, (unsigned)(tag - first + 1));
	return text;
}
