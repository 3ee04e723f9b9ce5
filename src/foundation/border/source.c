/* SPDX-License-Identifier: Apache-2.0 */
/* What every reader of a source uses: entries, country codes, loading. */
#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#include "base/file.h"
#include "border/build_priv.h"
#include "seal/seal.h"

enum sk_err sk_source_new(struct sk_border_build *build, enum sk_border_kind kind, enum sk_side side, const char *label, unsigned *source,
			  struct sk_fault *fault)
{
	if (build->source_count == SK_BORDER_SOURCES_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: more than %d sources", label, SK_BORDER_SOURCES_MAX);
	*source = build->source_count++;
	struct sk_border_source *facts = &build->source[*source].facts;
	const char *slash = strrchr(label, '/');
	const char *base = slash != NULL && slash[1] != '\0' ? slash + 1 : label;
	(void)snprintf(build->source[*source].path, sizeof build->source[*source].path, "%s", label);
	facts->kind = kind;
	facts->side = side;
	facts->date_unix_ns = build->source_date_unix_ns;
	for (size_t i = 0; i < sizeof facts->label - 1 && base[i] != '\0'; i++)
		facts->label[i] = (char)((unsigned char)base[i] < ' ' || base[i] == 0x7f ? '?' : base[i]);
	return SK_OK;
}

enum sk_err sk_source_prefix(struct sk_border_build *build, unsigned source, unsigned family, sk_u128 first, unsigned bits, struct sk_saying saying,
			     uint32_t line, struct sk_fault *fault)
{
	struct sk_entries *entries = &build->source[source].entries[family == 6];
	if (entries->count == entries->capacity) {
		size_t capacity = entries->capacity != 0 ? entries->capacity * 2 : 1024;
		struct sk_entry *grown = capacity <= SK_BORDER_ENTRIES_MAX ? realloc(entries->item, capacity * sizeof *grown) : NULL;
		if (grown == NULL)
			return sk_fault_set(fault, capacity <= SK_BORDER_ENTRIES_MAX ? SK_ENOMEM : SK_ETOOBIG,
					    "%s:%u: more than %d prefixes, or out of memory", build->source[source].facts.label, line,
					    SK_BORDER_ENTRIES_MAX);
		entries->item = grown;
		entries->capacity = capacity;
	}
	entries->item[entries->count++] =
		(struct sk_entry){.first = first, .line = line, .bits = (uint8_t)bits, .says = saying.says, .source = (uint16_t)source, .country = saying.country};
	return SK_OK;
}

enum sk_err sk_source_range(struct sk_border_build *build, unsigned source, unsigned family, sk_u128 first, sk_u128 last, struct sk_saying saying, uint32_t line,
			    struct sk_fault *fault)
{
	struct sk_border_source *facts = &build->source[source].facts;
	*(family == 6 ? &facts->v6_entries : &facts->v4_entries) += 1;
	facts->silent_entries += saying.says == 0 && facts->kind != SK_BORDER_COUNTRIES;
	for (;;) {
		unsigned host = 0; /* the largest aligned block that begins at first and ends by last */
		while (host < sk_family_bits(family) && (first & sk_u128_low(host + 1)) == 0 && (first | sk_u128_low(host + 1)) <= last)
			host++;
		SK_TRY(sk_source_prefix(build, source, family, first, sk_family_bits(family) - host, saying, line, fault));
		sk_u128 end = first | sk_u128_low(host);
		if (end == last)
			return SK_OK;
		first = end + 1;
	}
}

/* Is the two-letter code among the codes in a text with one separator byte between them? *index gets which. */
static bool code_among(const char *code, const char *codes, unsigned *index)
{
	unsigned i = 0;
	for (const char *at = codes; at[0] != '\0' && at[1] != '\0'; at += at[2] != '\0' ? 3 : 2, i++) {
		if (at[0] != code[0] || at[1] != code[1])
			continue;
		if (index != NULL)
			*index = i;
		return true;
	}
	return false;
}

/* A region in which a home country lies says nothing that could decide. */
static bool region_holds_home(const struct sk_border_build *build, const char *codes)
{
	for (const char *at = build->home; *at != '\0'; at += at[2] != '\0' ? 3 : 2)
		if (code_among(at, codes, NULL))
			return true;
	return false;
}

enum sk_err sk_source_country(struct sk_border_build *build, const char *code, struct sk_saying *out)
{
	static const struct {
		const char *code, *members;
	} regions[] = {
#define SK_REGION(code, members) {code, members},
#include "border/region.def"
#undef SK_REGION
	};
	char upper[3] = {0};
	*out = (struct sk_saying){.says = 0};
	if (*code == '\0' || strcmp(code, "??") == 0 || strcmp(code, "-") == 0 || strcmp(code, "--") == 0)
		return SK_OK;
	for (unsigned i = 0; i < 2; i++) {
		upper[i] = code[i] >= 'a' && code[i] <= 'z' ? (char)(code[i] - 'a' + 'A') : code[i];
		if (!((upper[i] >= 'A' && upper[i] <= 'Z') || (i == 1 && upper[i] >= '0' && upper[i] <= '9')))
			return SK_EMALFORMED;
	}
	if (code[2] != '\0')
		return SK_EMALFORMED;
	/* Not countries: anonymous proxy, satellite, anycast (libloc, MaxMind), other, Tor; unknown; hostile networks. */
	if (code_among(upper, "A1 A2 A3 O1 T1 ZZ XX XD", NULL) || (upper[1] >= '0' && upper[1] <= '9'))
		return SK_OK;
	out->country = SK_COUNTRY(upper[0], upper[1]);
	for (size_t i = 0; i < SK_COUNT(regions); i++) {
		if (strcmp(regions[i].code, upper) != 0)
			continue;
		out->says = region_holds_home(build, regions[i].members) ? 0 : SK_SAYS_FOREIGN;
		return SK_OK;
	}
	unsigned home;
	out->says = SK_SAYS_FOREIGN;
	if (code_among(upper, build->home, &home)) {
		build->home_seen[home] = true;
		out->says = SK_SAYS_DOMESTIC;
	}
	return SK_OK;
}

int64_t sk_date_ns(int year, unsigned month, unsigned day)
{
	/* Days since 1970-01-01 in the proleptic Gregorian calendar, years counted from March so that the leap day is last. */
	int64_t shifted = year - (month <= 2), era = shifted / 400, of_era = shifted - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
	return days * 86400 * 1000000000;
}

/* Unpack gzip members one after the other until the input ends. */
static enum sk_err unpack(const char *path, const struct sk_buf *packed, struct sk_buf *text, struct sk_fault *fault)
{
	uint8_t block[65536];
	z_stream stream = {0};
	if (inflateInit2(&stream, 15 + 16) != Z_OK)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	stream.next_in = packed->bytes;
	stream.avail_in = (uInt)packed->length;
	int got = Z_OK;
	while (text->failed == SK_OK) {
		stream.next_out = block;
		stream.avail_out = sizeof block;
		got = inflate(&stream, Z_NO_FLUSH);
		if (got != Z_OK && got != Z_STREAM_END)
			break;
		sk_buf_add(text, block, sizeof block - stream.avail_out);
		if (got == Z_STREAM_END && (stream.avail_in == 0 || inflateReset(&stream) != Z_OK))
			break;
	}
	unsigned long at = (unsigned long)packed->length - stream.avail_in;
	(void)inflateEnd(&stream);
	if (text->failed != SK_OK)
		return sk_fault_set(fault, text->failed, "%s: larger than %d MiB when unpacked", path, SK_BORDER_TEXT_MAX >> 20);
	return got == Z_STREAM_END ? SK_OK
				   : sk_fault_set(fault, SK_EINPUT, "%s: gzip data damaged or cut at byte %lu; fetch the file again", path, at);
}

enum sk_err sk_source_load(const char *path, struct sk_buf *text, uint8_t digest[32], struct sk_fault *fault)
{
	struct sk_buf raw;
	SK_TRY(sk_seal_start());
	sk_buf_init(&raw, SK_BORDER_TEXT_MAX);
	enum sk_err err = sk_file_read(path, &raw, fault);
	if (err == SK_OK)
		sk_sha256(raw.bytes, raw.length, digest);
	struct sk_cur c = sk_cur_of(raw.bytes, raw.length);
	bool gzip = sk_peek_u8(&c, 0) == 0x1f && sk_peek_u8(&c, 1) == 0x8b;
	if (err == SK_OK && gzip) {
		err = unpack(path, &raw, text, fault);
	} else if (err == SK_OK) {
		struct sk_buf empty = *text;
		*text = raw;
		raw = empty;
	}
	sk_buf_fini(&raw);
	return err;
}
