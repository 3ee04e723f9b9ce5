/* SPDX-License-Identifier: Apache-2.0 */
/* Countries: which one the table's sources name for an address. They stand in sections of their own, behind everything that a judgement reads. */
#include "border/border_priv.h"

#include <stdlib.h>

/* Ranges by the first bits of an address: of IPv4 the first 16; of IPv6 the 16 behind the three that all global addresses have in common (2000::/3, RFC 4291, 2.5.4). */
enum { BUCKETS = 1 << 16, GLOBAL_BITS = 3, BUCKET_BITS = 16 };

struct country_range {
	sk_u128 first, last;
	uint16_t country;
	bool blank; /* the two bytes behind it are zeros */
};

/* Range i of a family's section; i must be below its count. */
static struct country_range range_at(const struct sk_border *table, unsigned family, size_t i)
{
	const enum sk_border_section section = family == 4 ? SK_SECTION_COUNTRIES4 : SK_SECTION_COUNTRIES6;
	struct sk_cur whole = sk_cur_of(table->bytes, table->length);
	struct sk_cur c = sk_seek(&whole, table->offset[section] + i * sk_border_record_bytes(section));
	uint8_t address[16];
	struct country_range range;
	sk_copy(&c, address, sk_family_bits(family) / 8);
	range.first = sk_u128_of(address, family);
	sk_copy(&c, address, sk_family_bits(family) / 8);
	range.last = sk_u128_of(address, family);
	range.country = sk_be16(&c);
	range.blank = sk_be16(&c) == 0;
	return range;
}

static bool is_letter(unsigned byte)
{
	return byte >= 'A' && byte <= 'Z';
}

/* Of IPv6: is it a global address, and in which bucket? */
static bool has_bucket(const uint8_t *bytes)
{
	return bytes[0] >> (8 - GLOBAL_BITS) == 1;
}

static unsigned bucket_of(const uint8_t *bytes)
{
	const uint32_t head = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8;
	return (head << GLOBAL_BITS) >> BUCKET_BITS;
}

/* The first address of a bucket; of the one behind the last as well. */
static sk_u128 bucket_first(unsigned bucket, unsigned family)
{
	return family == 4 ? (sk_u128)bucket << 16 : ((sk_u128)1 << (128 - GLOBAL_BITS)) + ((sk_u128)bucket << (128 - GLOBAL_BITS - BUCKET_BITS));
}

/* index[b]: the first range that does not end before bucket b begins. So what holds an address of b stands between index[b] and index[b + 1], both included. */
static enum sk_err index_ranges(struct sk_border *table, unsigned family, const char *path, struct sk_fault *fault)
{
	const size_t count = (size_t)table->header.counts[family == 4 ? SK_SECTION_COUNTRIES4 : SK_SECTION_COUNTRIES6];
	if (count == 0)
		return SK_OK;
	uint32_t *index = calloc(BUCKETS + 1, sizeof *index);
	if (index == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	table->country_index[family != 4] = index;
	for (size_t bucket = 0, at = 0; bucket <= BUCKETS; bucket++) {
		while (at < count && range_at(table, family, at).last < bucket_first((unsigned)bucket, family))
			at++;
		index[bucket] = (uint32_t)at;
	}
	return SK_OK;
}

enum sk_err sk_border_countries_check(struct sk_border *table, const char *path, struct sk_fault *fault)
{
	for (unsigned f = 0; f < 2; f++) {
		sk_u128 before = 0;
		for (size_t i = 0; i < table->header.counts[SK_SECTION_COUNTRIES4 + f]; i++) {
			struct country_range range = range_at(table, f == 0 ? 4 : 6, i);
			if (range.last < range.first || (i != 0 && range.first <= before) || !range.blank || !is_letter(range.country >> 8) || !is_letter(range.country & 255))
				return sk_fault_set(fault, SK_EMALFORMED, "%s: IPv%c country range %zu is not in order; build the table again", path, f == 0 ? '4' : '6', i);
			before = range.last;
		}
		SK_TRY(index_ranges(table, f == 0 ? 4 : 6, path, fault));
	}
	return SK_OK;
}

/* The same in 32 bits: a segment costs one of these. Ends alone are compared; whether the range begins before the address is asked once. */
static uint16_t country4(const struct sk_border *table, const uint8_t *bytes)
{
	const size_t count = (size_t)table->header.counts[SK_SECTION_COUNTRIES4];
	if (count == 0)
		return 0;
	struct sk_cur whole = sk_cur_of(table->bytes, table->length), c = sk_seek(&whole, table->offset[SK_SECTION_COUNTRIES4]);
	const struct sk_view ranges = sk_view_of(&c, count * SK_BORDER_COUNTRY4_BYTES);
	const uint32_t value = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	const uint32_t *index = &table->country_index[0][value >> BUCKET_BITS];
	size_t low = index[0], high = index[1];
	SK_INVARIANT(sk_view_is(ranges)); /* the check at open */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		bool below = sk_view_be32(ranges, middle * SK_BORDER_COUNTRY4_BYTES + 4) < value;
		low = below ? middle + 1 : low;
		high = below ? high : middle;
	}
	return low < count && sk_view_be32(ranges, low * SK_BORDER_COUNTRY4_BYTES) <= value ? sk_view_be16(ranges, low * SK_BORDER_COUNTRY4_BYTES + 8) : 0;
}

static uint64_t be64(struct sk_view view, size_t at)
{
	return (uint64_t)sk_view_be32(view, at) << 32 | sk_view_be32(view, at + 4);
}

static uint16_t country6(const struct sk_border *table, const uint8_t *bytes)
{
	size_t low = 0, count = (size_t)table->header.counts[SK_SECTION_COUNTRIES6], high = count;
	if (count == 0)
		return 0;
	struct sk_cur whole = sk_cur_of(table->bytes, table->length), c = sk_seek(&whole, table->offset[SK_SECTION_COUNTRIES6]), address = sk_cur_of(bytes, 16);
	const struct sk_view ranges = sk_view_of(&c, count * SK_BORDER_COUNTRY6_BYTES);
	const uint64_t head = sk_be64(&address), tail = sk_be64(&address);
	SK_INVARIANT(sk_view_is(ranges));
	if (has_bucket(bytes)) {
		const uint32_t *index = &table->country_index[1][bucket_of(bytes)];
		low = index[0];
		high = index[1];
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2, at = middle * SK_BORDER_COUNTRY6_BYTES + 16;
		const uint64_t last = be64(ranges, at);
		if (last < head || (last == head && be64(ranges, at + 8) < tail))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count)
		return 0;
	const uint64_t first = be64(ranges, low * SK_BORDER_COUNTRY6_BYTES);
	bool holds = first < head || (first == head && be64(ranges, low * SK_BORDER_COUNTRY6_BYTES + 8) <= tail);
	return holds ? sk_view_be16(ranges, low * SK_BORDER_COUNTRY6_BYTES + 32) : 0;
}

uint16_t sk_border_country(const struct sk_border *table, const uint8_t *bytes, unsigned family)
{
	return family == 4 ? country4(table, bytes) : country6(table, bytes);
}
