/* SPDX-License-Identifier: Apache-2.0 */
/* The builder: sources in, one table out. The order of rules is DESIGN.md 4: lists, special ranges, country sources, the rest. */
#include "border/border_build.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "border/build_priv.h"
#include "border/special.h"
#include "seal/seal.h"

static enum sk_err parse_home(struct sk_border_build *build, const char *home, struct sk_fault *fault)
{
	size_t length = strlen(home);
	if (length % 3 != 2 || length >= sizeof build->home || (length + 1) / 3 > SK_BORDER_HOMES_MAX)
		return sk_fault_set(fault, SK_EUSAGE,
				    "--home '%.80s': one to %d country codes of two letters, with commas, were expected (JP or JP,KR)", home,
				    SK_BORDER_HOMES_MAX);
	for (size_t i = 0; i < length; i++) {
		char upper = home[i] >= 'a' && home[i] <= 'z' ? (char)(home[i] - 'a' + 'A') : home[i];
		if (i % 3 == 2 ? upper != ',' : upper < 'A' || upper > 'Z')
			return sk_fault_set(fault, SK_EUSAGE, "--home '%.80s': '%c' is no letter of a country code (JP or JP,KR was expected)", home,
					    home[i]);
		build->home[i] = upper;
	}
	build->home_count = (unsigned)(length + 1) / 3;
	return SK_OK;
}

enum sk_err sk_border_build_new(const char *home, struct sk_border_build **out, struct sk_fault *fault)
{
	struct sk_border_build *build = calloc(1, sizeof *build);
	if (build == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	build->rest = SK_SIDE_FOREIGN;
	for (unsigned i = 0; i < SK_COUNT(build->literal); i++)
		build->literal[i] = -1;
	build->literal_country = -1;
	enum sk_err err = home != NULL ? parse_home(build, home, fault) : SK_OK;
	if (err != SK_OK)
		sk_border_build_free(build);
	else
		*out = build;
	return err;
}

void sk_border_build_free(struct sk_border_build *build)
{
	if (build == NULL)
		return;
	for (unsigned i = 0; i < build->source_count; i++) {
		for (unsigned f = 0; f < 2; f++) {
			free(build->source[i].entries[f].item);
			sk_spans_fini(&build->source[i].spans[f]);
		}
	}
	sk_spans_fini(&build->table[0]);
	sk_spans_fini(&build->table[1]);
	sk_spans_fini(&build->exceptions);
	sk_spans_fini(&build->countries[0]);
	sk_spans_fini(&build->countries[1]);
	free(build);
}

void sk_border_build_rest(struct sk_border_build *build, enum sk_side side)
{
	build->rest = side;
	build->rest_set = true;
}

void sk_border_build_date(struct sk_border_build *build, int64_t unix_ns)
{
	build->date_unix_ns = unix_ns;
}

void sk_border_build_source_date(struct sk_border_build *build, int64_t unix_ns)
{
	build->source_date_unix_ns = unix_ns;
}

/* ---- text sources ---- */

typedef enum sk_err (*parse_text)(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length,
				  struct sk_fault *fault);

static enum sk_err add_text(struct sk_border_build *build, enum sk_border_kind kind, enum sk_side side, const char *path, parse_text parse,
			    struct sk_fault *fault)
{
	struct sk_buf text;
	unsigned source;
	uint8_t digest[32];
	sk_buf_init(&text, SK_BORDER_TEXT_MAX);
	enum sk_err err = sk_source_load(path, &text, digest, fault);
	if (err == SK_OK)
		err = sk_source_new(build, kind, side, path, &source, fault);
	if (err == SK_OK) {
		memcpy(build->source[source].facts.digest, digest, sizeof digest);
		err = parse(build, source, path, text.bytes, text.length, fault);
	}
	sk_buf_fini(&text);
	return err;
}

enum sk_err sk_border_build_list(struct sk_border_build *build, enum sk_side side, const char *path, struct sk_fault *fault)
{
	return add_text(build, SK_BORDER_LIST, side, path, sk_source_list_parse, fault);
}

/* One entry into a source that exists. The digest of literals is a chain over their texts; the line is which one of them it was. */
static enum sk_err add_literal(struct sk_border_build *build, unsigned source, const char *label, const char *entry, const char *text, struct sk_fault *fault)
{
	struct sk_border_source *facts = &build->source[source].facts;
	uint64_t entries = facts->v4_entries + facts->v6_entries;
	const size_t before[2] = {build->source[source].entries[0].count, build->source[source].entries[1].count};
	enum sk_err err = sk_source_list_parse(build, source, label, entry, strlen(entry), fault);
	if (err != SK_OK)
		return err;
	if (facts->v4_entries + facts->v6_entries == entries)
		return sk_fault_set(fault, SK_EINPUT, "%s '%.80s': an address, prefix or \"first - last\" range was expected", label, text);
	for (unsigned f = 0; f < 2; f++)
		for (size_t i = before[f]; i < build->source[source].entries[f].count; i++)
			build->source[source].entries[f].item[i].line = (uint32_t)entries + 1;
	struct sk_sha256 *hash;
	if (sk_seal_start() != SK_OK || (hash = sk_sha256_new()) == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_sha256_add(hash, facts->digest, sizeof facts->digest);
	sk_sha256_add(hash, text, strlen(text));
	sk_sha256_take(hash, facts->digest);
	sk_sha256_free(hash);
	return SK_OK;
}

enum sk_err sk_border_build_literal(struct sk_border_build *build, enum sk_side side, const char *text, struct sk_fault *fault)
{
	static const char *const labels[] = {[SK_SIDE_UNKNOWN] = "--unknown", [SK_SIDE_DOMESTIC] = "--domestic", [SK_SIDE_FOREIGN] = "--foreign"};
	unsigned source = (unsigned)build->literal[side];
	if (build->literal[side] < 0) {
		SK_TRY(sk_source_new(build, SK_BORDER_LIST, side, labels[side], &source, fault));
		build->literal[side] = (int)source;
	}
	return add_literal(build, source, labels[side], text, text, fault);
}

/* The list of a country, the code before the bytes of the file in its digest, so that the same file under another code is another source. */
static enum sk_err add_country_list(struct sk_border_build *build, const char *text, const char *path, uint16_t country, struct sk_fault *fault)
{
	struct sk_buf bytes;
	unsigned source;
	uint8_t digest[32];
	sk_buf_init(&bytes, SK_BORDER_TEXT_MAX);
	enum sk_err err = sk_source_load(path, &bytes, digest, fault);
	if (err == SK_OK)
		err = sk_source_new(build, SK_BORDER_COUNTRIES, SK_SIDE_UNKNOWN, text, &source, fault);
	if (err == SK_OK) {
		build->source[source].country = country;
		memcpy(build->source[source].facts.digest, digest, sizeof digest);
		err = sk_source_list_parse(build, source, path, bytes.bytes, bytes.length, fault);
	}
	sk_buf_fini(&bytes);
	return err;
}

enum sk_err sk_border_build_country(struct sk_border_build *build, const char *text, bool literal, struct sk_fault *fault)
{
	static const char label[] = "--country";
	char code[2] = {0};
	for (unsigned i = 0; i < 2 && text[i] != '\0'; i++)
		code[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
	if (code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' || text[2] != '=' || text[3] == '\0')
		return sk_fault_set(fault, SK_EUSAGE, "%s '%.80s': two letters, '=' and a prefix or a file were expected (XA=203.0.113.0/24)", label, text);
	const uint16_t country = SK_COUNTRY(code[0], code[1]);
	if (!literal)
		return add_country_list(build, text, text + 3, country, fault);
	unsigned source = (unsigned)build->literal_country;
	if (build->literal_country < 0) {
		SK_TRY(sk_source_new(build, SK_BORDER_COUNTRIES, SK_SIDE_UNKNOWN, label, &source, fault));
		build->literal_country = (int)source;
	}
	build->source[source].country = country;
	return add_literal(build, source, label, text + 3, text, fault);
}

enum sk_err sk_border_build_geoipdb(struct sk_border_build *build, const char *folder, struct sk_fault *fault)
{
	static const char *const names[] = {"geoip", "geoip6"};
	unsigned found = 0;
	for (unsigned i = 0; i < SK_COUNT(names); i++) {
		char path[SK_PATH_MAX];
		if (sk_file_join(path, sizeof path, folder, names[i]) != SK_OK)
			return sk_fault_set(fault, SK_ETOOBIG, "%.200s: path too long", folder);
		if (!sk_file_exists(path))
			continue;
		found++;
		SK_TRY(add_text(build, SK_BORDER_GEOIPDB, SK_SIDE_UNKNOWN, path, sk_source_geoipdb_parse, fault));
	}
	return found != 0 ? SK_OK
			  : sk_fault_set(fault, SK_ENOENT,
					 "%s: neither geoip nor geoip6 in it; unpack Debian's tor-geoipdb (dpkg-deb -x), its folder is usr/share/tor",
					 folder);
}

enum sk_err sk_border_build_rir(struct sk_border_build *build, const char *path, struct sk_fault *fault)
{
	return add_text(build, SK_BORDER_RIR, SK_SIDE_UNKNOWN, path, sk_source_rir_parse, fault);
}

enum sk_err sk_border_build_csv(struct sk_border_build *build, const char *path, struct sk_fault *fault)
{
	return add_text(build, SK_BORDER_CSV, SK_SIDE_UNKNOWN, path, sk_source_csv_parse, fault);
}

/* ---- the rules ---- */

/* The special ranges become the last source. */
static enum sk_err add_specials(struct sk_border_build *build, unsigned *source, struct sk_fault *fault)
{
	size_t count;
	const struct sk_border_special *specials = sk_border_specials(&count);
	int64_t date = build->source_date_unix_ns;
	build->source_date_unix_ns = 0;
	SK_TRY(sk_source_new(build, SK_BORDER_SPECIAL, SK_SIDE_UNKNOWN, "special ranges", source, fault));
	build->source_date_unix_ns = date;
	for (size_t i = 0; i < count; i++) {
		struct sk_prefix prefix;
		enum sk_err err = sk_prefix_parse(specials[i].prefix, &prefix);
		SK_INVARIANT(err == SK_OK);
		unsigned family = prefix.addr.family;
		sk_u128 first = sk_u128_of(prefix.addr.bytes, family);
		SK_TRY(sk_source_range(build, *source, family, first, first | sk_u128_low(sk_family_bits(family) - prefix.bits),
				       (struct sk_saying){.says = specials[i].says}, specials[i].rfc, fault));
	}
	return SK_OK;
}

/* Entries of one source to its explanation ranges. Country sources are known by what they say alone. */
static void flatten_source(struct sk_build_source *source)
{
	for (unsigned f = 0; f < 2; f++) {
		sk_entries_sort(&source->entries[f]);
		if (sk_border_kind_country(source->facts.kind)) {
			for (size_t i = 0; i < source->entries[f].count; i++)
				source->entries[f].item[i].line = 0;
			struct sk_spans exact = {0};
			sk_entries_flatten(&source->entries[f], f == 0 ? 4 : 6, &exact);
			for (size_t i = 0; i < exact.count; i++)
				sk_spans_add(&source->spans[f], exact.item[i].first, exact.item[i].last, exact.item[i].says, 0, 0);
			source->spans[f].failed |= exact.failed;
			sk_spans_fini(&exact);
		} else {
			sk_entries_flatten(&source->entries[f], f == 0 ? 4 : 6, &source->spans[f]);
		}
	}
}

/* All lists together: longest prefix wins across files. */
static enum sk_err flatten_lists(struct sk_border_build *build, unsigned family, struct sk_spans *out, struct sk_fault *fault)
{
	struct sk_entries all = {0};
	unsigned f = family == 6;
	for (unsigned i = 0; i < build->source_count; i++)
		all.capacity += build->source[i].facts.kind == SK_BORDER_LIST ? build->source[i].entries[f].count : 0;
	if (all.capacity == 0)
		return SK_OK;
	all.item = malloc(all.capacity * sizeof *all.item);
	if (all.item == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (unsigned i = 0; i < build->source_count; i++) {
		const struct sk_entries *entries = &build->source[i].entries[f];
		if (build->source[i].facts.kind != SK_BORDER_LIST || entries->count == 0)
			continue;
		memcpy(all.item + all.count, entries->item, entries->count * sizeof *all.item);
		all.count += entries->count;
	}
	sk_entries_sort(&all);
	enum sk_err err = sk_border_conflict(build, &all, family, fault);
	if (err == SK_OK)
		sk_entries_flatten(&all, family, out);
	free(all.item);
	return err;
}

static void step_unite(void *context, sk_u128 first, sk_u128 last, uint8_t a, uint8_t b)
{
	if ((a | b) != 0)
		sk_spans_add(context, first, last, a | b, 0, 0);
}

/* What all country sources say together, marked as such. */
static void unite_countries(const struct sk_border_build *build, unsigned family, struct sk_spans *out)
{
	for (unsigned i = 0; i < build->source_count; i++) {
		if (!sk_border_kind_country(build->source[i].facts.kind))
			continue;
		struct sk_spans both = {0};
		sk_spans_walk(out, &build->source[i].spans[family == 6], family, step_unite, &both);
		both.failed |= out->failed || build->source[i].spans[family == 6].failed;
		sk_spans_fini(out);
		*out = both;
	}
	for (size_t i = 0; i < out->count; i++)
		out->item[i].says |= SK_SPAN_COUNTRY;
}

/* One family on its way through the rules. */
struct merge {
	struct sk_border_build *build;
	struct sk_spans *out;
	unsigned family;
};

static void step_special_over_country(void *context, sk_u128 first, sk_u128 last, uint8_t special, uint8_t country)
{
	struct merge *merge = context;
	uint8_t says = special != 0 ? special : country;
	if (says != 0)
		sk_spans_add(merge->out, first, last, says, 0, 0);
}

bool sk_build_has_country(const struct sk_border_build *build)
{
	for (unsigned i = 0; i < build->source_count; i++)
		if (sk_border_kind_country(build->source[i].facts.kind))
			return true;
	return false;
}

/* An exact count of addresses. All of IPv6 is one more than 128 bits hold, so it counts /64s and what is left over. */
struct count {
	sk_u128 slash64;
	sk_u128 left;
};

static void count_range(struct count *count, const struct sk_span *span)
{
	sk_u128 less_one = span->last - span->first;
	count->left += (uint64_t)less_one + (sk_u128)1;
	count->slash64 += (less_one >> 64) + (count->left >> 64);
	count->left = (uint64_t)count->left;
}

/* Lists over everything; at the end every address has exactly one thing said of it. rule: BORDER-1 BORDER-2 BORDER-3 */
static void step_lists_over_all(void *context, sk_u128 first, sk_u128 last, uint8_t list, uint8_t below)
{
	struct merge *merge = context;
	struct sk_border_build *build = merge->build;
	uint8_t rest = build->rest == SK_SIDE_FOREIGN && !sk_build_has_country(build) ? SK_SAYS_FOREIGN : SK_SAYS_UNKNOWN;
	bool special = below != 0 && (below & SK_SPAN_COUNTRY) == 0;
	if (list != 0 && special && below == SK_SAYS_EMBEDDED)
		sk_spans_add(&build->exceptions, first, last, list, 0, 0);
	else if (list != 0 && special && below != list)
		build->overrides_special = true;
	sk_spans_add(merge->out, first, last, list != 0 ? list : below != 0 ? below : rest, 0, 0);
}

static void count_table(struct sk_border_build *build, unsigned family)
{
	unsigned f = family == 6;
	struct count total[3] = {{0}}, spoken = {0}, disputed = {0};
	for (size_t i = 0; i < build->table[f].count; i++) {
		const struct sk_span *span = &build->table[f].item[i];
		enum sk_side side = sk_says_side(span->says);
		count_range(&total[side], span);
		if ((span->says & SK_SPAN_COUNTRY) == 0)
			continue;
		count_range(&spoken, span);
		if (side == SK_SIDE_UNKNOWN)
			count_range(&disputed, span);
	}
	for (unsigned side = 0; side < 3; side++)
		build->total[f][side] =
			f == 0 ? (uint64_t)total[side].left
			       : (uint64_t)(total[side].slash64 >> 16) + ((uint16_t)total[side].slash64 != 0 || total[side].left != 0);
	build->spoken[f] = (uint64_t)(f == 0 ? spoken.left : spoken.slash64);
	build->disputed[f] = (uint64_t)(f == 0 ? disputed.left : disputed.slash64);
}

static enum sk_err resolve(struct sk_border_build *build, unsigned family, struct sk_fault *fault)
{
	struct sk_spans lists = {0}, country = {0}, below = {0};
	const struct sk_spans *special = &build->source[build->source_count - 1].spans[family == 6];
	struct sk_spans *table = &build->table[family == 6];
	enum sk_err err = flatten_lists(build, family, &lists, fault);
	if (err == SK_OK) {
		struct merge merge = {.build = build, .out = &below, .family = family};
		unite_countries(build, family, &country);
		sk_spans_walk(special, &country, family, step_special_over_country, &merge);
		merge.out = table;
		sk_spans_walk(&lists, &below, family, step_lists_over_all, &merge);
		if (lists.failed || country.failed || below.failed || special->failed || table->failed || build->exceptions.failed)
			err = sk_fault_set(fault, SK_ETOOBIG, "more than %d ranges, or out of memory", SK_BORDER_RANGES_MAX);
		else
			count_table(build, family);
	}
	sk_spans_fini(&lists);
	sk_spans_fini(&country);
	sk_spans_fini(&below);
	return err == SK_OK ? sk_build_countries(build, family, special, fault) : err;
}

/* ---- finish ---- */

static enum sk_err check_inputs(const struct sk_border_build *build, struct sk_fault *fault)
{
	bool country = sk_build_has_country(build);
	unsigned sides = 0;
	for (unsigned i = 0; i < build->source_count; i++)
		sides += build->source[i].facts.kind != SK_BORDER_COUNTRIES;
	if (sides == 0)
		return sk_fault_set(
			fault, SK_EUSAGE,
			"no source: a list (--domestic FILE) or a country source (--geoipdb, --libloc, --rir, --csv with --home CC) was expected");
	if (country && build->home_count == 0)
		return sk_fault_set(fault, SK_EUSAGE, "a country source needs --home CC to know which country is domestic");
	if (!country && build->home_count != 0)
		return sk_fault_set(fault, SK_EUSAGE, "--home needs a country source (--geoipdb, --libloc, --rir, --csv or --default)");
	if (country && build->rest_set)
		return sk_fault_set(fault, SK_EUSAGE,
				    "--rest is for tables from lists alone; with country sources, what none of them names is unknown");
	for (unsigned i = 0; i < build->home_count; i++)
		if (!build->home_seen[i])
			return sk_fault_set(fault, SK_EINPUT, "no source names the country %.2s; ISO 3166-1 codes were expected (GB, not UK)",
					    build->home + (size_t)i * 3);
	return SK_OK;
}

enum sk_err sk_border_build_finish(struct sk_border_build *build, struct sk_buf *out, struct sk_fault *fault)
{
	unsigned special;
	SK_TRY(sk_seal_start());
	SK_TRY(check_inputs(build, fault));
	SK_TRY(add_specials(build, &special, fault));
	for (unsigned i = 0; i < build->source_count; i++)
		flatten_source(&build->source[i]);
	SK_TRY(resolve(build, 4, fault));
	SK_TRY(resolve(build, 6, fault));
	return sk_build_write_table(build, out, fault);
}

enum sk_err sk_border_build_write(struct sk_border_build *build, const char *path, struct sk_fault *fault)
{
	struct sk_buf table;
	sk_buf_init(&table, SK_BORDER_FILE_MAX);
	enum sk_err err = sk_border_build_finish(build, &table, fault);
	if (err == SK_OK)
		err = sk_file_replace(path, table.bytes, table.length, 0644, fault);
	sk_buf_fini(&table);
	return err;
}
