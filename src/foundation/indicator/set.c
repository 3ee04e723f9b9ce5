/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled set, mapped read-only, and every question to it. Nothing that an entry says leads outside the file (view_priv.h, and here). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "indicator/view_priv.h"
#include "text/text.h"

enum { LARGE_PAGE_BYTES = 2 << 20 };

/* Every look-up reads a filter and almost none anything else: a copy on large pages spares most of its cache and translation misses. Without the memory
   the filters are read where they are. */
void sk_set_warm(struct sk_indicator_set *set)
{
	size_t length = 0, at = 0;
	for (unsigned column = 0; column < SK_COLUMN_COUNT; column++)
		length += set->filter[column].words != NULL ? (set->filter[column].mask + 1) * 8 : 0;
	if (length < LARGE_PAGE_BYTES)
		return;
	length = (length + LARGE_PAGE_BYTES - 1) & ~(size_t)(LARGE_PAGE_BYTES - 1);
	uint8_t *hot = aligned_alloc(LARGE_PAGE_BYTES, length);
	if (hot == NULL)
		return;
	(void)madvise(hot, length, MADV_HUGEPAGE);
	for (unsigned column = 0; column < SK_COLUMN_COUNT; column++) {
		if (set->filter[column].words == NULL)
			continue;
		size_t bytes = (set->filter[column].mask + 1) * 8;
		memcpy(hot + at, set->filter[column].words, bytes);
		set->filter[column].words = hot + at;
		at += bytes;
	}
	set->hot = hot;
}

static enum sk_err map_file(const char *path, const uint8_t **bytes, size_t *length, struct sk_fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: no such file", path)
				       : sk_fault_errno(fault, errno, "%s: cannot open", path);
	struct stat info;
	enum sk_err err = SK_OK;
	void *mapped = MAP_FAILED;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < SK_SET_HEADER_BYTES)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: not a selector set: too short or no regular file", path);
	else if ((mapped = mmap(NULL, *length = (size_t)info.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0)) == MAP_FAILED)
		err = sk_fault_errno(fault, errno, "%s: cannot map", path);
	(void)close(fd);
	*bytes = mapped;
	return err;
}

enum sk_err sk_indicator_open(const char *path, struct sk_indicator_set **out, struct sk_fault *fault)
{
	const uint8_t *bytes = NULL;
	size_t length = 0;
	SK_TRY(map_file(path, &bytes, &length, fault));
	struct sk_indicator_set *set = malloc(sizeof *set);
	enum sk_err err = set != NULL ? sk_set_view(path, bytes, length, set, fault) : sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	if (err == SK_OK && sk_set_checksum(bytes, length) != sk_load_le64(bytes + SK_SET_CHECKSUM_OFFSET))
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: damaged: its checksum does not match; import the lists again", path);
	if (err != SK_OK) {
		free(set);
		(void)munmap((void *)(uintptr_t)bytes, length);
		return err;
	}
	set->storage = SK_SET_MAPPED;
	sk_set_warm(set);
	*out = set;
	return SK_OK;
}

void sk_indicator_close(struct sk_indicator_set *set)
{
	if (set == NULL)
		return;
	free(set->hot);
	if (set->storage == SK_SET_MAPPED)
		(void)munmap((void *)(uintptr_t)set->bytes, set->length);
	else if (set->storage == SK_SET_OWNED)
		free((void *)(uintptr_t)set->bytes);
	free(set);
}

/* ---- matching ---- */

void sk_indicator_facts(const struct sk_indicator_set *set, struct sk_indicator_facts *out)
{
	*out = set->facts;
}

bool sk_indicator_flow_all(const struct sk_indicator_set *set, struct sk_indicator_hit *hit)
{
	*hit = (struct sk_indicator_hit){.id = set->first[SK_COLUMN_COUNT], .kind = SK_INDICATOR_FLOW_ALL};
	return (set->facts.kinds & SK_INDICATOR_FLOW_ALL) != 0;
}

/* The filter said perhaps: the value itself is searched. */
static bool find_fixed(const struct sk_indicator_set *set, enum sk_column_name column, const void *value, struct sk_indicator_hit *hit)
{
	enum sk_section section = sk_column_section(column);
	size_t width = sk_section_width[section];
	uint32_t low = 0, high = (uint32_t)set->section[section].count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = memcmp(sk_view_item(set, section, middle), value, width);
		if (order == 0) {
			*hit = (struct sk_indicator_hit){.id = set->first[column] + middle, .kind = sk_column_kind[column]};
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static uint64_t hash_addr(const struct sk_indicator_set *set, const struct sk_addr *addr)
{
	return addr->family == 4 ? sk_hash_v4(set->key, addr->bytes) : sk_hash_v6(set->key, addr->bytes);
}

void sk_indicator_prefetch_addr(const struct sk_indicator_set *set, const struct sk_addr *addr)
{
	const struct sk_filter *filter = &set->filter[addr->family == 4 ? SK_COLUMN_V4 : SK_COLUMN_V6];
	if (filter->words != NULL)
		__builtin_prefetch(filter->words + (hash_addr(set, addr) & filter->mask) * 8);
}

static bool match_prefix(const struct sk_indicator_set *set, const struct sk_addr *addr, struct sk_indicator_hit *hit)
{
	unsigned six = addr->family == 6;
	uint32_t bit = sk_bitmap_bit(set->key, addr->family, addr->bytes);
	if ((sk_load_le64(set->bitmap[six] + bit / 64 * 8) >> bit % 64 & 1) == 0)
		return false;
	/* Sections begin at multiples of 64 in a mapped (or allocated) file, and a segment holds only bytes. */
	const struct sk_segment *segments = (const void *)set->section[SK_SECTION_SEGMENT_V4 + six].bytes;
	uint64_t low = 0, count = set->section[SK_SECTION_SEGMENT_V4 + six].count, high = count;
	if (!six && set->section[SK_SECTION_DIRECTORY].count != 0) {
		const uint8_t *item = sk_view_item(set, SK_SECTION_DIRECTORY, bit);
		low = sk_load_le32(item);
		high = (uint64_t)sk_load_le32(item + 4) + 1;
	}
	if (high > count || low >= high)
		return false; /* a forged directory */
	uint32_t found = sk_segments_find_between(segments, low, high, addr->bytes);
	uint32_t base = six ? set->v4_prefixes : 0, prefixes = six ? set->first[SK_COLUMN_DOMAIN] - set->first[SK_COLUMN_PREFIX] - base : set->v4_prefixes;
	if (found >= prefixes)
		return false; /* UINT32_MAX: between prefixes */
	*hit = (struct sk_indicator_hit){.id = set->first[SK_COLUMN_PREFIX] + base + found, .kind = SK_INDICATOR_PREFIX};
	return true;
}

bool sk_indicator_match_addr(const struct sk_indicator_set *set, const struct sk_addr *addr, struct sk_indicator_hit *hit)
{
	enum sk_column_name column = addr->family == 4 ? SK_COLUMN_V4 : SK_COLUMN_V6;
	const struct sk_filter *filter = &set->filter[column];
	if (SK_UNLIKELY(addr->family != 4 && addr->family != 6))
		return false;
	if (filter->words != NULL && SK_UNLIKELY(sk_filter_has(filter, hash_addr(set, addr))) && find_fixed(set, column, addr->bytes, hit))
		return true;
	return set->bitmap[addr->family == 6] != NULL && match_prefix(set, addr, hit);
}

static bool find_domain(const struct sk_indicator_set *set, const uint8_t *name, size_t length, struct sk_indicator_hit *hit)
{
	uint32_t low = 0, high = sk_view_domain_count(set);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		size_t there_length;
		const uint8_t *there = sk_view_domain_at(set, middle, &there_length);
		int order = sk_view_compare(there, there_length, name, length);
		if (order == 0) {
			*hit = (struct sk_indicator_hit){.id = set->first[SK_COLUMN_DOMAIN] + middle, .kind = SK_INDICATOR_DOMAIN};
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* A bit for each dot of a name of at most 64 bytes, eight bytes a step. */
static uint64_t find_dots(const uint8_t *name, size_t length)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f), dots = UINT64_C(0x2e2e2e2e2e2e2e2e);
	uint64_t found = 0;
	if (length < 8) {
		for (size_t i = 0; i < length; i++)
			found |= (uint64_t)(name[i] == '.') << i;
		return found;
	}
	for (size_t at = 0;; at = at + 16 <= length ? at + 8 : length - 8) {
		uint64_t word = sk_load_le64(name + at) ^ dots;
		uint64_t zero = ~(((word & low) + low) | word | low) >> 7; /* 1 in each byte that was a dot */
		found |= (zero * UINT64_C(0x0102040810204080) >> 56) << at;
		if (at + 8 == length)
			return found;
	}
}

/* Hash from the last label to the first and ask the filter at each: a name of a hundred labels costs no more than the longest selector has labels. What
   passes is searched, the longest first. */
bool sk_indicator_match_domain(const struct sk_indicator_set *set, const char *name, size_t length, struct sk_indicator_hit *hit)
{
	const struct sk_filter *filter = &set->filter[SK_COLUMN_DOMAIN];
	/* Longer than any selector may be what a network sends: bytes that are no letters are written with four characters each. */
	if (filter->words == NULL || length == 0 || length > UINT8_MAX + 1)
		return false;
	const uint8_t *bytes = (const uint8_t *)name;
	uint8_t perhaps[SK_INDICATOR_LABELS_MAX];
	unsigned count = 0;
	uint64_t hash = set->key[0], dots = length <= 64 ? find_dots(bytes, length) : 0;
	size_t end = length;
	for (unsigned labels = 1; labels <= set->max_labels; labels++) {
		size_t start = end;
		if (SK_LIKELY(length <= 64))
			start = dots != 0 ? 64 - (size_t)__builtin_clzll(dots) : 0;
		else
			while (start > 0 && bytes[start - 1] != '.')
				start--;
		hash = sk_hash_label(set->key, hash, bytes, start, end);
		/* A single label is never a selector. */
		if (labels > 1 && SK_UNLIKELY(sk_filter_has(filter, sk_hash_finish(hash))))
			perhaps[count++] = (uint8_t)start;
		if (start == 0)
			break;
		end = start - 1;
		dots &= ~(UINT64_C(1) << (end & 63));
	}
	while (count-- > 0)
		if (find_domain(set, bytes + perhaps[count], length - perhaps[count], hit))
			return true;
	return false;
}

static bool match_print(const struct sk_indicator_set *set, enum sk_column_name column, const uint8_t *bytes, struct sk_indicator_hit *hit)
{
	const struct sk_filter *filter = &set->filter[column];
	size_t width = sk_section_width[sk_column_section(column)];
	return filter->words != NULL && sk_filter_has(filter, sk_hash_print(set->key, bytes, width)) && find_fixed(set, column, bytes, hit);
}

bool sk_indicator_match_hash(const struct sk_indicator_set *set, enum sk_indicator_kind kind, const void *bytes, size_t length,
			     struct sk_indicator_hit *hit)
{
	enum sk_column_name column = sk_print_column(kind);
	return column != SK_COLUMN_COUNT && kind != SK_INDICATOR_JA4 && length == sk_section_width[sk_column_section(column)] &&
	       match_print(set, column, bytes, hit);
}

bool sk_indicator_match_hex(const struct sk_indicator_set *set, enum sk_indicator_kind kind, const char *hex, struct sk_indicator_hit *hit)
{
	uint8_t bytes[SK_INDICATOR_PRINT_MAX];
	enum sk_column_name column = sk_print_column(kind);
	if (column == SK_COLUMN_COUNT || set->filter[column].words == NULL)
		return false;
	size_t width = sk_section_width[sk_column_section(column)];
	return sk_hex_decode(hex, bytes, width) == SK_OK && sk_indicator_match_hash(set, kind, bytes, width, hit);
}

bool sk_indicator_match_ja3(const struct sk_indicator_set *set, const char *ja3, struct sk_indicator_hit *hit)
{
	return sk_indicator_match_hex(set, SK_INDICATOR_JA3, ja3, hit);
}

bool sk_indicator_match_ja4(const struct sk_indicator_set *set, const char *ja4, struct sk_indicator_hit *hit)
{
	uint8_t lower[SK_INDICATOR_PRINT_MAX];
	if (set->filter[SK_COLUMN_JA4].words == NULL || strlen(ja4) != sizeof lower)
		return false;
	/* Only the two ALPN characters can be capitals; selectors are kept in lower case. */
	for (size_t i = 0; i < sizeof lower; i++)
		lower[i] = (uint8_t)(ja4[i] >= 'A' && ja4[i] <= 'Z' ? ja4[i] - 'A' + 'a' : ja4[i]);
	return match_print(set, SK_COLUMN_JA4, lower, hit);
}

/* ---- entries by id ---- */

uint32_t sk_set_entry(const struct sk_indicator_set *set, uint32_t id, struct sk_value *value)
{
	SK_INVARIANT(id < set->facts.entries);
	unsigned column = 0;
	while (column < SK_COLUMN_COUNT && id >= set->first[column + 1])
		column++;
	*value = (struct sk_value){.kind = SK_INDICATOR_FLOW_ALL};
	const uint8_t *name;
	uint32_t index = column < SK_COLUMN_COUNT ? id - set->first[column] : 0;
	if (column < SK_COLUMN_COUNT)
		value->kind = sk_column_kind[column];
	switch (column) {
	case SK_COLUMN_V4:
		value->prefix = (struct sk_prefix){.addr.family = 4, .bits = 32};
		memcpy(value->prefix.addr.bytes, sk_view_item(set, SK_SECTION_V4, index), 4);
		break;
	case SK_COLUMN_V6:
		value->prefix = (struct sk_prefix){.addr.family = 6, .bits = 128};
		memcpy(value->prefix.addr.bytes, sk_view_item(set, SK_SECTION_V6, index), 16);
		break;
	case SK_COLUMN_PREFIX:
		sk_view_prefix_at(set, index, &value->prefix);
		break;
	case SK_COLUMN_DOMAIN:
		name = sk_view_domain_at(set, index, &value->length);
		memcpy(value->name, name, value->length);
		break;
	case SK_COLUMN_COUNT:
		break;
	default:
		value->length = sk_section_width[sk_column_section((enum sk_column_name)column)];
		memcpy(value->print, sk_view_item(set, sk_column_section((enum sk_column_name)column), index), value->length);
		break;
	}
	return sk_load_le32(sk_view_item(set, SK_SECTION_ORIGIN, id));
}

/* What a forged set could hold is no command for a terminal. */
static void copy_printable(char *out, const void *bytes, size_t length)
{
	struct sk_cur c = sk_cur_of(bytes, length);
	while (sk_more(&c)) {
		uint8_t byte = sk_u8(&c);
		*out++ = byte > 0x20 && byte < 0x7f ? (char)byte : '?';
	}
	*out = '\0';
}

const char *sk_indicator_value(const struct sk_indicator_set *set, uint32_t id, char *text, size_t size)
{
	struct sk_value value = {.length = 0};
	char made[SK_INDICATOR_NAME_MAX + 1] = "";
	if (id < set->facts.entries)
		(void)sk_set_entry(set, id, &value);
	switch ((unsigned)value.kind) {
	case 0:
		break;
	case SK_INDICATOR_ADDRESS:
		(void)sk_addr_format(&value.prefix.addr, made);
		break;
	case SK_INDICATOR_PREFIX:
		if (value.prefix.addr.family == 4 || value.prefix.addr.family == 6)
			(void)sk_prefix_format(&value.prefix, made);
		break;
	case SK_INDICATOR_DOMAIN:
		copy_printable(made, value.name, value.length);
		break;
	case SK_INDICATOR_JA4:
		copy_printable(made, value.print, value.length);
		break;
	case SK_INDICATOR_FLOW_ALL:
		(void)snprintf(made, sizeof made, "flow.all");
		break;
	default: {
		/* Thirty-two digits alone are a JA3 in a list; all other hashes say what they are. */
		int used = value.kind != SK_INDICATOR_JA3 ? snprintf(made, sizeof made, "%s:", sk_print_name(value.kind)) : 0;
		sk_hex_encode(value.print, value.length, made + used);
		break;
	}
	}
	(void)snprintf(text, size, "%s", made);
	return text;
}

/* A name that lies outside its section (a forged set) is empty. */
uint32_t sk_set_file(const struct sk_indicator_set *set, uint32_t index, char name[SK_INDICATOR_FILE_NAME_MAX + 1], enum sk_relay *relay)
{
	struct sk_cur c = sk_cur_of(sk_view_item(set, SK_SECTION_FILE, index), SK_SET_FILE_WIDTH);
	uint32_t first = sk_le32(&c), offset = sk_le32(&c), length = sk_le32(&c), kind = length >> SK_SET_FILE_RELAY_SHIFT;
	*relay = kind < SK_RELAY_COUNT ? (enum sk_relay)kind : SK_RELAY_NONE;
	length &= (1u << SK_SET_FILE_RELAY_SHIFT) - 1;
	struct sk_cur names = sk_cur_of(set->section[SK_SECTION_FILE_BYTES].bytes, set->section[SK_SECTION_FILE_BYTES].count);
	sk_skip(&names, offset);
	if (length > SK_INDICATOR_FILE_NAME_MAX || length > sk_left(&names))
		length = 0;
	sk_copy(&names, name, length);
	name[length] = '\0';
	return first;
}

/* The file that an entry came from, its name and the line there; false when it is not known. */
static bool find_origin(const struct sk_indicator_set *set, uint32_t id, char name[SK_INDICATOR_FILE_NAME_MAX + 1], uint32_t *line, enum sk_relay *relay)
{
	uint32_t tag = id < set->facts.entries ? sk_load_le32(sk_view_item(set, SK_SECTION_ORIGIN, id)) : 0, low = 0;
	if (tag == 0 || set->section[SK_SECTION_FILE].count == 0)
		return false;
	for (uint32_t high = (uint32_t)set->section[SK_SECTION_FILE].count; high - low > 1;) {
		uint32_t middle = low + (high - low) / 2;
		if (sk_load_le32(sk_view_item(set, SK_SECTION_FILE, middle)) <= tag)
			low = middle;
		else
			high = middle;
	}
	*line = tag - sk_set_file(set, low, name, relay) + 1;
	return true;
}

const char *sk_indicator_origin(const struct sk_indicator_set *set, uint32_t id, char *text, size_t size)
{
	char name[SK_INDICATOR_FILE_NAME_MAX + 1];
	uint32_t line;
	enum sk_relay relay;
	(void)snprintf(text, size, "%s", "");
	if (find_origin(set, id, name, &line, &relay))
		(void)snprintf(text, size, "%s:%u", name, (unsigned)line);
	return text;
}

enum sk_relay sk_indicator_relay(const struct sk_indicator_set *set, uint32_t id)
{
	char name[SK_INDICATOR_FILE_NAME_MAX + 1];
	uint32_t line;
	enum sk_relay relay;
	return find_origin(set, id, name, &line, &relay) ? relay : SK_RELAY_NONE;
}
