/* SPDX-License-Identifier: Apache-2.0 */
#include "border/explain.h"

#include <endian.h>

#include "border/border_priv.h"
#include "border/special.h"

sk_u128 sk_u128_of(const uint8_t *bytes, unsigned family)
{
	struct sk_cur c = sk_cur_of(bytes, family == 4 ? 4 : 16);
	if (family == 4)
		return sk_be32(&c);
	uint64_t high = sk_be64(&c);
	return (sk_u128)high << 64 | sk_be64(&c);
}

struct sk_addr sk_u128_addr(sk_u128 value, unsigned family)
{
	struct sk_addr addr = {.family = (uint8_t)family};
	struct sk_out out = sk_out_of(addr.bytes, sizeof addr.bytes);
	if (family == 4) {
		sk_put_be32(&out, (uint32_t)value);
	} else {
		sk_put_be64(&out, (uint64_t)(value >> 64));
		sk_put_be64(&out, (uint64_t)value);
	}
	return addr;
}

struct sk_border_range sk_border_range_at(const struct sk_border *table, enum sk_border_section section, size_t i)
{
	struct sk_cur whole = sk_cur_of(table->bytes, table->length);
	struct sk_cur c = sk_seek(&whole, table->offset[section] + i * sk_border_record_bytes(section));
	unsigned family = section == SK_SECTION_RANGES4 ? 4 : 6;
	uint8_t address[16];
	struct sk_border_range range;
	sk_copy(&c, address, sk_family_bits(family) / 8);
	range.first = sk_u128_of(address, family);
	sk_copy(&c, address, sk_family_bits(family) / 8);
	range.last = sk_u128_of(address, family);
	range.line = sk_le32(&c);
	range.says = sk_u8(&c);
	range.bits = sk_u8(&c);
	return range;
}

bool sk_border_range_find(const struct sk_border *table, enum sk_border_section section, size_t from, size_t count, sk_u128 value,
			  struct sk_border_range *out)
{
	size_t low = from, high = from + count; /* the first range whose last is not below value */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (sk_border_range_at(table, section, middle).last < value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == from + count)
		return false;
	*out = sk_border_range_at(table, section, low);
	return out->first <= value;
}

void sk_border_source_at(const struct sk_border *table, unsigned i, struct sk_border_source *out)
{
	struct sk_cur whole = sk_cur_of(table->bytes, table->length);
	struct sk_cur c = sk_seek(&whole, table->offset[SK_SECTION_SOURCES] + (size_t)i * SK_BORDER_SOURCE_BYTES);
	memset(out, 0, sizeof *out);
	out->kind = (enum sk_border_kind)sk_u8(&c);
	out->side = (enum sk_side)sk_u8(&c);
	sk_skip(&c, 6);
	sk_copy(&c, out->label, sizeof out->label);
	out->label[sizeof out->label - 1] = '\0';
	out->date_unix_ns = (int64_t)sk_le64(&c);
	sk_copy(&c, out->digest, sizeof out->digest);
	out->v4_entries = sk_le64(&c);
	out->v6_entries = sk_le64(&c);
	out->silent_entries = sk_le64(&c);
	for (unsigned f = 0; f < 2; f++) {
		out->ranges_from[f] = sk_le32(&c);
		out->ranges_count[f] = sk_le32(&c);
	}
}

void sk_border_said(const struct sk_border *table, unsigned i, const struct sk_addr *addr, struct sk_border_said *out)
{
	struct sk_border_source source;
	struct sk_border_range range;
	sk_border_source_at(table, i, &source);
	memset(out, 0, sizeof *out);
	unsigned f = addr->family == 6;
	enum sk_border_section section = f == 1 ? SK_SECTION_RANGES6 : SK_SECTION_RANGES4;
	if (addr->family != 4 && addr->family != 6)
		return;
	if (!sk_border_range_find(table, section, source.ranges_from[f], source.ranges_count[f], sk_u128_of(addr->bytes, addr->family), &range))
		return;
	*out = (struct sk_border_said){.says = range.says, .bits = range.bits, .line = range.line, .first = sk_u128_addr(range.first, addr->family),
				       .last = sk_u128_addr(range.last, addr->family)};
}

static enum sk_side side_of_says(uint8_t says)
{
	return says == SK_SAYS_DOMESTIC ? SK_SIDE_DOMESTIC : says == SK_SAYS_FOREIGN ? SK_SIDE_FOREIGN : SK_SIDE_UNKNOWN;
}

/* The list whose matching prefix is longest, if any list matches. */
static bool decide_by_list(const struct sk_border *table, const struct sk_addr *addr, struct sk_border_verdict *out)
{
	bool any = false;
	for (unsigned i = 0; i < table->header.counts[SK_SECTION_SOURCES]; i++) {
		struct sk_border_source source;
		struct sk_border_said said;
		sk_border_source_at(table, i, &source);
		if (source.kind != SK_BORDER_LIST)
			continue;
		sk_border_said(table, i, addr, &said);
		if (said.says == 0 || (any && said.bits <= out->said.bits))
			continue;
		any = true;
		out->reason = SK_BORDER_BY_LIST;
		out->source = i;
		out->said = said;
		out->side = side_of_says(said.says);
	}
	return any;
}

static bool decide_by_special(const struct sk_border *table, const struct sk_addr *addr, struct sk_border_verdict *out)
{
	for (unsigned i = 0; i < table->header.counts[SK_SECTION_SOURCES]; i++) {
		struct sk_border_source source;
		struct sk_border_said said;
		sk_border_source_at(table, i, &source);
		if (source.kind != SK_BORDER_SPECIAL)
			continue;
		sk_border_said(table, i, addr, &said);
		if (said.says == 0)
			continue;
		out->reason = SK_BORDER_BY_SPECIAL;
		out->source = i;
		out->said = said;
		out->side = side_of_says(said.says);
		return true;
	}
	return false;
}

static void decide_by_country(const struct sk_border *table, const struct sk_addr *addr, struct sk_border_verdict *out)
{
	uint8_t all = 0;
	for (unsigned i = 0; i < table->header.counts[SK_SECTION_SOURCES]; i++) {
		struct sk_border_source source;
		struct sk_border_said said;
		sk_border_source_at(table, i, &source);
		if (!sk_border_kind_country(source.kind))
			continue;
		sk_border_said(table, i, addr, &said);
		out->home += (said.says & SK_SAYS_DOMESTIC) != 0;
		out->other += (said.says & SK_SAYS_FOREIGN) != 0;
		all |= said.says;
	}
	bool country = (table->header.flags & SK_BORDER_FLAG_COUNTRY) != 0;
	out->side = side_of_says(all);
	out->reason = all == 0 ? SK_BORDER_BY_SILENCE : out->side == SK_SIDE_UNKNOWN ? SK_BORDER_BY_DISPUTE : SK_BORDER_BY_COUNTRY;
	if (country)
		return;
	out->reason = SK_BORDER_BY_REST;
	out->side = (table->header.flags & SK_BORDER_FLAG_REST_UNKNOWN) != 0 ? SK_SIDE_UNKNOWN : SK_SIDE_FOREIGN;
}

/* For an address without an embedded one. */
static void decide_plain(const struct sk_border *table, const struct sk_addr *addr, struct sk_border_verdict *out)
{
	memset(out, 0, sizeof *out);
	if (!decide_by_list(table, addr, out) && !decide_by_special(table, addr, out))
		decide_by_country(table, addr, out);
}

void sk_border_decide(const struct sk_border *table, const struct sk_addr *addr, struct sk_border_verdict *out)
{
	uint8_t embedded[2][4];
	decide_plain(table, addr, out);
	unsigned count = addr->family == 6 ? sk_border_embedded(addr->bytes, embedded) : 0;
	if (count == 0)
		return;
	struct sk_border_verdict inner[2];
	for (unsigned i = 0; i < count; i++) {
		out->embedded[i] = (struct sk_addr){.family = 4};
		memcpy(out->embedded[i].bytes, embedded[i], 4);
		decide_plain(table, &out->embedded[i], &inner[i]);
	}
	bool listed = out->reason == SK_BORDER_BY_LIST;
	enum sk_side side = inner[0].side;
	if ((count == 2 && inner[1].side != side) || (listed && out->side != side))
		side = SK_SIDE_UNKNOWN;
	out->embedded_count = count;
	out->reason = SK_BORDER_BY_EMBEDDED;
	out->side = side;
}

enum sk_side sk_border_span(const struct sk_border *table, const struct sk_addr *addr, struct sk_addr *last)
{
	const struct sk_trie *trie = &table->trie[addr->family == 6];
	sk_u128 value = sk_u128_of(addr->bytes, addr->family);
	unsigned host = sk_family_bits(addr->family) - 16; /* bits below the slot */
	uint32_t node = (uint32_t)(value >> (host + 8) & 255);
	for (;; host -= 8) {
		unsigned slot = (unsigned)(value >> host & 255);
		const uint64_t *words = &trie->words[(size_t)node * SK_BORDER_NODE_WORDS];
		unsigned got = (unsigned)(le64toh(words[slot / 32]) >> slot % 32 * 2 & 3);
		if (got != SK_BORDER_DEEPER) {
			*last = sk_u128_addr(value | sk_u128_low(host), addr->family);
			return (enum sk_side)got;
		}
		uint32_t child = trie->rank[node].first_child + trie->rank[node].before[slot / 32];
		for (unsigned i = slot / 32 * 32; i < slot; i++)
			child += (le64toh(words[i / 32]) >> i % 32 * 2 & 3) == SK_BORDER_DEEPER;
		node = child;
	}
}

void sk_border_info(const struct sk_border *table, struct sk_border_info *out)
{
	const struct sk_border_header *header = &table->header;
	memset(out, 0, sizeof *out);
	memcpy(out->digest, table->digest, sizeof out->digest);
	memcpy(out->home, header->home, sizeof out->home);
	out->overrides_special = (header->flags & SK_BORDER_FLAG_OVERRIDES) != 0;
	memcpy(out->v4_addresses, header->v4_addresses, sizeof out->v4_addresses);
	memcpy(out->v6_slash48, header->v6_slash48, sizeof out->v6_slash48);
	out->v4_disputed_share = header->v4_spoken == 0 ? 0 : (double)header->v4_disputed / (double)header->v4_spoken;
	out->v6_disputed_share = header->v6_spoken_64s == 0 ? 0 : (double)header->v6_disputed_64s / (double)header->v6_spoken_64s;
	for (unsigned f = 0; f < 2; f++)
		out->country_ranges[f] = header->counts[SK_SECTION_COUNTRIES4 + f];
	out->source_count = (unsigned)header->counts[SK_SECTION_SOURCES];
	out->built_unix_ns = header->built_unix_ns;
	for (unsigned i = 0; i < out->source_count; i++) {
		struct sk_border_source source;
		sk_border_source_at(table, i, &source);
		if (source.date_unix_ns != 0 && (out->oldest_source_unix_ns == 0 || source.date_unix_ns < out->oldest_source_unix_ns))
			out->oldest_source_unix_ns = source.date_unix_ns;
	}
}

const char *sk_border_special_name(const struct sk_addr *first, unsigned bits)
{
	size_t count;
	const struct sk_border_special *specials = sk_border_specials(&count);
	for (size_t i = 0; i < count; i++) {
		struct sk_prefix prefix;
		if (sk_prefix_parse(specials[i].prefix, &prefix) == SK_OK && prefix.bits == bits && sk_prefix_holds(&prefix, first))
			return specials[i].name;
	}
	return "";
}

const char *sk_border_kind_name(enum sk_border_kind kind)
{
	static const char *const names[] = {"", "list", "special", "geoipdb", "libloc", "rir", "csv", "country"};
	return (unsigned)kind < SK_COUNT(names) ? names[kind] : "";
}

bool sk_border_kind_country(enum sk_border_kind kind)
{
	return kind == SK_BORDER_GEOIPDB || kind == SK_BORDER_LIBLOC || kind == SK_BORDER_RIR || kind == SK_BORDER_CSV;
}
