/* SPDX-License-Identifier: Apache-2.0 */
/* A resolved table to bytes: docs/formats/border.md. */
#include "border/build_priv.h"
#include "seal/seal.h"

static void pad(struct sk_buf *out, size_t start)
{
	while ((out->length - start) % SK_BORDER_ALIGN_BYTES != 0 && out->failed == SK_OK)
		sk_buf_add_u8(out, 0);
}

static void add_out(struct sk_buf *out, const struct sk_out *record)
{
	SK_INVARIANT(!record->dead);
	sk_buf_add(out, record->start, sk_out_length(record));
}

static void write_range(struct sk_buf *out, const struct sk_span *span, unsigned family)
{
	uint8_t bytes[SK_BORDER_RANGE6_BYTES];
	struct sk_out record = sk_out_of(bytes, sizeof bytes);
	struct sk_addr first = sk_u128_addr(span->first, family), last = sk_u128_addr(span->last, family);
	sk_put_bytes(&record, first.bytes, sk_family_bits(family) / 8);
	sk_put_bytes(&record, last.bytes, sk_family_bits(family) / 8);
	sk_put_le32(&record, span->line);
	sk_put_u8(&record, span->says);
	sk_put_u8(&record, span->bits);
	sk_put_le16(&record, 0);
	add_out(out, &record);
}

static void write_ranges(struct sk_buf *out, const struct sk_border_build *build, unsigned family)
{
	for (unsigned i = 0; i < build->source_count; i++)
		for (size_t k = 0; k < build->source[i].spans[family == 6].count; k++)
			write_range(out, &build->source[i].spans[family == 6].item[k], family);
}

static void write_countries(struct sk_buf *out, const struct sk_spans *countries, unsigned family)
{
	for (size_t i = 0; i < countries->count; i++) {
		uint8_t bytes[SK_BORDER_COUNTRY6_BYTES];
		struct sk_out record = sk_out_of(bytes, sizeof bytes);
		struct sk_addr first = sk_u128_addr(countries->item[i].first, family), last = sk_u128_addr(countries->item[i].last, family);
		sk_put_bytes(&record, first.bytes, sk_family_bits(family) / 8);
		sk_put_bytes(&record, last.bytes, sk_family_bits(family) / 8);
		sk_put_be16(&record, (uint16_t)countries->item[i].line);
		sk_put_be16(&record, 0);
		add_out(out, &record);
	}
}

static void write_sources(struct sk_buf *out, const struct sk_border_build *build)
{
	uint32_t from[2] = {0, 0};
	for (unsigned i = 0; i < build->source_count; i++) {
		uint8_t bytes[SK_BORDER_SOURCE_BYTES] = {0};
		struct sk_out record = sk_out_of(bytes, sizeof bytes);
		const struct sk_border_source *facts = &build->source[i].facts;
		sk_put_u8(&record, (uint8_t)facts->kind);
		sk_put_u8(&record, (uint8_t)facts->side);
		(void)sk_put(&record, 6);
		sk_put_bytes(&record, facts->label, sizeof facts->label);
		sk_put_le64(&record, (uint64_t)facts->date_unix_ns);
		sk_put_bytes(&record, facts->digest, sizeof facts->digest);
		sk_put_le64(&record, facts->v4_entries);
		sk_put_le64(&record, facts->v6_entries);
		sk_put_le64(&record, facts->silent_entries);
		for (unsigned f = 0; f < 2; f++) {
			uint32_t count = (uint32_t)build->source[i].spans[f].count;
			sk_put_le32(&record, from[f]);
			sk_put_le32(&record, count);
			from[f] += count;
		}
		SK_INVARIANT(!record.dead);
		sk_buf_add(out, bytes, sizeof bytes);
	}
}

static void fill_header(const struct sk_border_build *build, uint64_t length, const uint64_t counts[SK_SECTION_COUNT],
			uint8_t bytes[SK_BORDER_HEADER_BYTES])
{
	bool country = sk_build_has_country(build);
	struct sk_out header = sk_out_of(bytes, SK_BORDER_HEADER_BYTES);
	char home[64] = "-";
	if (country)
		memcpy(home, build->home, sizeof home);
	sk_put_bytes(&header, SK_BORDER_MAGIC, 8);
	sk_put_le32(&header, counts[SK_SECTION_COUNTRIES4] + counts[SK_SECTION_COUNTRIES6] != 0 ? SK_BORDER_VERSION : SK_BORDER_VERSION_PLAIN);
	sk_put_le32(&header, (build->overrides_special ? SK_BORDER_FLAG_OVERRIDES : 0u) | (country ? SK_BORDER_FLAG_COUNTRY : 0u) |
				     (country || build->rest == SK_SIDE_UNKNOWN ? SK_BORDER_FLAG_REST_UNKNOWN : 0u));
	sk_put_le64(&header, length);
	sk_put_le64(&header, (uint64_t)build->date_unix_ns);
	sk_put_bytes(&header, home, sizeof home);
	for (unsigned f = 0; f < 2; f++)
		for (unsigned side = 0; side < 3; side++)
			sk_put_le64(&header, build->total[f][side]);
	for (unsigned f = 0; f < 2; f++) {
		sk_put_le64(&header, build->spoken[f]);
		sk_put_le64(&header, build->disputed[f]);
	}
	for (unsigned i = 0; i < SK_SECTION_COUNT; i++)
		sk_put_le64(&header, counts[i]);
	SK_INVARIANT(!header.dead);
}

enum sk_err sk_build_write_table(const struct sk_border_build *build, struct sk_buf *out, struct sk_fault *fault)
{
	uint8_t header[SK_BORDER_HEADER_BYTES] = {0};
	uint64_t counts[SK_SECTION_COUNT] = {0};
	size_t start = out->length;
	sk_buf_add(out, header, sizeof header);
	for (unsigned f = 0; f < 2; f++) {
		size_t before = out->length;
		SK_TRY(sk_trie_write(&build->table[f], f == 0 ? 4 : 6, out, fault));
		counts[f] = (out->length - before) / SK_BORDER_NODE_BYTES;
	}
	for (size_t i = 0; i < build->exceptions.count; i++)
		write_range(out, &build->exceptions.item[i], 6);
	pad(out, start);
	write_sources(out, build);
	pad(out, start);
	write_ranges(out, build, 4);
	pad(out, start);
	write_ranges(out, build, 6);
	pad(out, start);
	for (unsigned f = 0; f < 2; f++) {
		write_countries(out, &build->countries[f], f == 0 ? 4 : 6);
		pad(out, start);
		counts[SK_SECTION_COUNTRIES4 + f] = build->countries[f].count;
	}
	counts[SK_SECTION_EXCEPTIONS] = build->exceptions.count;
	counts[SK_SECTION_SOURCES] = build->source_count;
	for (unsigned i = 0; i < build->source_count; i++) {
		counts[SK_SECTION_RANGES4] += build->source[i].spans[0].count;
		counts[SK_SECTION_RANGES6] += build->source[i].spans[1].count;
	}
	if (out->failed != SK_OK)
		return sk_fault_set(fault, out->failed, "the table grew larger than %zu bytes, or memory ran out", out->limit);
	fill_header(build, out->length - start + SK_HASH_BYTES, counts, header);
	memcpy(out->bytes + start, header, sizeof header);
	uint8_t digest[SK_HASH_BYTES];
	sk_sha256(out->bytes + start, out->length - start, digest);
	sk_buf_add(out, digest, sizeof digest);
	return out->failed;
}
