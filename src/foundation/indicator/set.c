/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled set, mapped read-only. It was checked whole when it was opened (check.c), so every look-up stays inside the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "indicator/view_priv.h"
#include "text/text.h"

enum sk_err sk_indicator_open(const char *path, struct sk_indicator_set **out, struct sk_fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: no such file", path)
				       : sk_fault_errno(fault, errno, "%s: cannot open", path);
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
		err = sk_set_check_hashes(set, path, fault);
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
		int order = memcmp(sk_view_item(set, section, middle), value, sk_section_width[section]);
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
	if (SK_LIKELY(!sk_view_filter_has(set, four ? SK_SECTION_FILTER_V4 : SK_SECTION_FILTER_V6, hash)))
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
	if ((sk_load_le64(sk_view_item(set, bitmap, bit / 64)) >> bit % 64 & 1) == 0)
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
	uint32_t low = 0, high = sk_view_domain_count(set);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		size_t there_length;
		const uint8_t *there = sk_view_domain_at(set, middle, &there_length);
		int order = sk_view_compare(there, there_length, name, length);
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
		if (sk_view_filter_has(set, SK_SECTION_FILTER_DOMAIN, sk_siphash13(set->sip_key, suffix, length - at))) {
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
		memcpy(value->prefix.addr.bytes, sk_view_item(set, SK_SECTION_V4, index), 4);
		break;
	case 1:
		value->kind = SK_INDICATOR_ADDRESS;
		value->prefix = (struct sk_prefix){.addr.family = 6, .bits = 128};
		memcpy(value->prefix.addr.bytes, sk_view_item(set, SK_SECTION_V6, index), 16);
		break;
	case 2:
		value->kind = SK_INDICATOR_PREFIX;
		sk_view_prefix_at(set, index, &value->prefix);
		break;
	case 3:
		value->kind = SK_INDICATOR_DOMAIN;
		name = sk_view_domain_at(set, index, &value->length);
		memcpy(value->name, name, value->length);
		break;
	case 4:
		value->kind = SK_INDICATOR_JA3;
		memcpy(value->ja3, sk_view_item(set, SK_SECTION_JA3, index), sizeof value->ja3);
		break;
	case 5:
		value->kind = SK_INDICATOR_JA4;
		value->length = SK_INDICATOR_JA4_LENGTH;
		memcpy(value->name, sk_view_item(set, SK_SECTION_JA4, index), value->length);
		break;
	default:
		break;
	}
	return sk_load_le32(sk_view_item(set, SK_SECTION_ORIGIN, id));
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
	struct sk_cur c = sk_cur_of(sk_view_item(set, SK_SECTION_FILE, index), SK_SET_FILE_WIDTH);
	uint32_t first = sk_le32(&c), offset = sk_le32(&c), length = sk_le32(&c);
	if (length != 0)
		memcpy(name, set->section[SK_SECTION_FILE_BYTES].bytes + offset, length);
	name[length] = '\0';
	return first;
}

const char *sk_indicator_origin(const struct sk_indicator_set *set, uint32_t id, char *text, size_t size)
{
	(void)snprintf(text, size, "%s", "");
	uint32_t tag = id < set->facts.entries ? sk_load_le32(sk_view_item(set, SK_SECTION_ORIGIN, id)) : 0;
	if (tag == 0)
		return text;
	uint32_t low = 0;
	for (uint32_t high = (uint32_t)set->section[SK_SECTION_FILE].count; high - low > 1;) {
		uint32_t middle = low + (high - low) / 2;
		if (sk_load_le32(sk_view_item(set, SK_SECTION_FILE, middle)) <= tag)
			low = middle;
		else
			high = middle;
	}
	char name[SK_INDICATOR_FILE_NAME_MAX + 1];
	uint32_t first = sk_set_file(set, low, name);
	(void)snprintf(text, size, "%s:%u", name, (unsigned)(tag - first + 1));
	return text;
}
