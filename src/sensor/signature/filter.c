/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules may fit at all: one literal of each rule, searched for by Vectorscan with all others at once. Only literals go to its compiler, cut to sixteen bytes, so that no rule
   can make it slow or large; expressions are PCRE2's, behind this sieve. Each pattern tells once a search, or once a stream. */
#include <stdio.h>
#include <stdlib.h>

#include "signature/signature_priv.h"

enum { SECTION_HEADER_BYTES = 8, PATTERN_TEXT_BYTES = 4, PATTERN_TEXT_MAX = PATTERN_TEXT_BYTES * SK_SIGNATURE_PATTERN_MAX + 1 };
static const char magic[16] = "sekisho-search1";

/* ---- patterns ---- */

struct pattern {
	const uint8_t *bytes;
	uint16_t length;
	bool nocase;
	uint32_t rule;
};

static int same_pattern(const struct pattern *a, const struct pattern *b)
{
	if (a->nocase != b->nocase)
		return a->nocase ? 1 : -1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->bytes, b->bytes, a->length);
}

static int by_pattern(const void *a, const void *b)
{
	const struct pattern *x = a, *y = b;
	int order = same_pattern(x, y);
	return order != 0 ? order : x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* The rule's pattern in this filter; false: it has none. */
static bool pattern_of(const struct sk_rule *rule, uint32_t id, struct pattern *out)
{
	if (rule->fast_item == SK_RULE_FLOW_BITS_NONE)
		return false;
	const struct sk_rule_item *item = &rule->items[rule->fast_item];
	*out = (struct pattern){.bytes = item->bytes, .length = item->length < SK_SIGNATURE_PATTERN_MAX ? item->length : SK_SIGNATURE_PATTERN_MAX,
				.nocase = (item->bits & SK_ITEM_NOCASE) != 0, .rule = id};
	return true;
}

struct gathered {
	struct pattern *patterns;
	uint32_t count;
	uint32_t *unfiltered;
	uint32_t unfiltered_count;
};

static enum sk_err start_gathering(const struct sk_signature *s, struct gathered *g)
{
	size_t rules = sk_rules_count(s->rules) + 1;
	*g = (struct gathered){.patterns = calloc(rules, sizeof g->patterns[0]), .unfiltered = calloc(rules, sizeof g->unfiltered[0])};
	return g->patterns != NULL && g->unfiltered != NULL ? SK_OK : SK_ENOMEM;
}

static void end_gathering(struct gathered *g)
{
	free(g->patterns);
	free(g->unfiltered);
}

static void put_rule(struct gathered *g, const struct sk_rule *rule, uint32_t id)
{
	if (pattern_of(rule, id, &g->patterns[g->count]))
		g->count++;
	else
		g->unfiltered[g->unfiltered_count++] = id;
}

/* Different patterns, and which rules stand behind each. */
static enum sk_err make_tables(struct gathered *g, struct filter *filter)
{
	qsort(g->patterns, g->count, sizeof g->patterns[0], by_pattern);
	filter->first = calloc(g->count + 1u, sizeof filter->first[0]);
	filter->rules = calloc(g->count + 1u, sizeof filter->rules[0]);
	filter->unfiltered = calloc(g->unfiltered_count + 1u, sizeof filter->unfiltered[0]);
	if (filter->first == NULL || filter->rules == NULL || filter->unfiltered == NULL)
		return SK_ENOMEM;
	for (uint32_t i = 0; i < g->count; i++) {
		if (i == 0 || same_pattern(&g->patterns[i - 1], &g->patterns[i]) != 0)
			filter->first[filter->count++] = i;
		filter->rules[i] = g->patterns[i].rule;
	}
	filter->first[filter->count] = g->count;
	memcpy(filter->unfiltered, g->unfiltered, g->unfiltered_count * sizeof filter->unfiltered[0]);
	filter->unfiltered_count = g->unfiltered_count;
	return SK_OK;
}

/* ---- databases ---- */

/* Every byte escaped: an expression that is a literal. The call for literals takes none that begins with a zero byte (Vectorscan 5.4.9). */
static void write_pattern(const struct pattern *pattern, char text[PATTERN_TEXT_MAX])
{
	struct sk_cur c = sk_cur_of(pattern->bytes, pattern->length);
	for (size_t at = 0; sk_more(&c); at += PATTERN_TEXT_BYTES)
		(void)snprintf(text + at, PATTERN_TEXT_BYTES + 1, "\\x%02x", sk_u8(&c));
}

static enum sk_err compile(const struct gathered *g, struct filter *filter, struct sk_fault *fault)
{
	const char **texts = calloc(filter->count + 1u, sizeof texts[0]);
	char (*written)[PATTERN_TEXT_MAX] = calloc(filter->count + 1u, sizeof written[0]);
	unsigned *flags = calloc(filter->count + 1u, sizeof flags[0]), *ids = calloc(filter->count + 1u, sizeof ids[0]);
	hs_compile_error_t *error = NULL;
	enum sk_err err = texts != NULL && flags != NULL && ids != NULL && written != NULL ? SK_OK : SK_ENOMEM;
	for (uint32_t i = 0; err == SK_OK && i < filter->count; i++) {
		const struct pattern *pattern = &g->patterns[filter->first[i]];
		write_pattern(pattern, written[i]);
		texts[i] = written[i];
		flags[i] = HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL | (pattern->nocase ? HS_FLAG_CASELESS : 0);
		ids[i] = i;
	}
	if (err == SK_OK && hs_compile_multi(texts, flags, ids, filter->count, filter->stream ? HS_MODE_STREAM : HS_MODE_BLOCK, NULL, &filter->database, &error) != HS_SUCCESS)
		err = sk_fault_set(fault, SK_ETOOBIG, "rules: the patterns cannot be searched for: %s", error != NULL ? error->message : "Vectorscan does not say why");
	if (error != NULL)
		(void)hs_free_compile_error(error);
	free(texts);
	free(written);
	free(flags);
	free(ids);
	return err;
}

/* What the patterns of a filter are: a cache of others is none. */
static void digest_patterns(const struct gathered *g, const struct filter *filter, struct sk_sha256 *hash)
{
	uint32_t head[2] = {filter->count, filter->stream};
	sk_sha256_add(hash, head, sizeof head);
	for (uint32_t i = 0; i < filter->count; i++) {
		const struct pattern *pattern = &g->patterns[filter->first[i]];
		uint16_t what[2] = {pattern->length, pattern->nocase};
		sk_sha256_add(hash, what, sizeof what);
		sk_sha256_add(hash, pattern->bytes, pattern->length);
	}
}

static struct filter *filter_at(struct sk_signature *s, unsigned i)
{
	return i == 0 ? &s->stream : i == 1 ? &s->packet : &s->heads[i - 2];
}

enum { FILTERS = SK_BUFFER_COUNT + 2 };

/* Is the rule this filter's? */
static bool belongs(const struct sk_rule *rule, unsigned i)
{
	if (i == 0)
		return (rule->flags & SK_RULE_STREAM) != 0 && rule->source == SK_SOURCE_PAYLOAD;
	if (i == 1)
		return rule->source == SK_SOURCE_PAYLOAD && (rule->flags & (SK_RULE_PACKET | SK_RULE_STREAM)) != 0;
	return rule->source != SK_SOURCE_PAYLOAD && rule->fast_item != SK_RULE_FLOW_BITS_NONE && rule->parts[rule->fast_part].buffer == i - 2;
}

static enum sk_err from_cache(struct filter *filter, struct sk_cur *cached)
{
	uint32_t length = sk_le32(cached);
	sk_skip(cached, SECTION_HEADER_BYTES - 4);
	const uint8_t *bytes = sk_take(cached, length);
	return bytes != NULL && hs_deserialize_database((const char *)bytes, length, &filter->database) == HS_SUCCESS ? SK_OK : SK_EMALFORMED;
}

static enum sk_err gather_filter(struct sk_signature *s, unsigned i, struct gathered *g, struct sk_sha256 *hash)
{
	struct filter *filter = filter_at(s, i);
	SK_TRY(start_gathering(s, g));
	filter->stream = i == 0;
	for (uint32_t id = 0; id < sk_rules_count(s->rules); id++)
		if (belongs(sk_rules_at(s->rules, id), i))
			put_rule(g, sk_rules_at(s->rules, id), id);
	SK_TRY(make_tables(g, filter));
	digest_patterns(g, filter, hash);
	return SK_OK;
}

static enum sk_err make_databases(struct sk_signature *s, struct gathered *all, const uint8_t digest[SK_HASH_BYTES], const void *cached, size_t cached_length, struct sk_fault *fault)
{
	struct sk_cur c = sk_cur_of(cached, cached_length);
	uint8_t head[sizeof magic], stated[SK_HASH_BYTES];
	sk_copy(&c, head, sizeof head);
	sk_copy(&c, stated, sizeof stated);
	bool use = cached_length != 0 && memcmp(head, magic, sizeof head) == 0 && memcmp(stated, digest, sizeof stated) == 0;
	for (unsigned i = 0; i < FILTERS; i++) {
		struct filter *filter = filter_at(s, i);
		if (filter->count == 0)
			continue;
		use = use && from_cache(filter, &c) == SK_OK;
		if (!use)
			SK_TRY(compile(&all[i], filter, fault));
	}
	return SK_OK;
}

enum sk_err sk_filters_make(struct sk_signature *s, const void *cached, size_t cached_length, struct sk_fault *fault)
{
	struct gathered *all = calloc(FILTERS, sizeof all[0]);
	struct sk_sha256 *hash = sk_sha256_new();
	uint8_t digest[SK_HASH_BYTES];
	enum sk_err err = all != NULL && hash != NULL ? SK_OK : SK_ENOMEM;
	uint64_t total = 0;
	for (unsigned i = 0; err == SK_OK && i < FILTERS; i++) {
		err = gather_filter(s, i, &all[i], hash);
		total += filter_at(s, i)->count;
	}
	if (err == SK_OK && total > SK_SIGNATURE_PATTERNS_MAX)
		err = sk_fault_set(fault, SK_ETOOBIG, "rules: %llu different patterns, more than %d", (unsigned long long)total, SK_SIGNATURE_PATTERNS_MAX);
	if (err == SK_OK) {
		sk_sha256_take(hash, digest);
		err = make_databases(s, all, digest, cached, cached_length, fault);
	}
	if (err == SK_ENOMEM)
		(void)sk_fault_set(fault, SK_ENOMEM, "rules: out of memory");
	for (unsigned i = 0; all != NULL && i < FILTERS; i++)
		end_gathering(&all[i]);
	free(all);
	sk_sha256_free(hash);
	for (unsigned i = 0; err == SK_OK && i < FILTERS; i++)
		if (filter_at(s, i)->database != NULL && hs_alloc_scratch(filter_at(s, i)->database, &s->scratch) != HS_SUCCESS)
			err = sk_fault_set(fault, SK_ENOMEM, "rules: out of memory");
	return err;
}

static enum sk_err patterns_digest(struct sk_signature *s, uint8_t digest[SK_HASH_BYTES])
{
	struct sk_sha256 *hash = sk_sha256_new();
	enum sk_err err = hash != NULL ? SK_OK : SK_ENOMEM;
	for (unsigned i = 0; err == SK_OK && i < FILTERS; i++) {
		struct filter *filter = filter_at(s, i), spare = {.count = 0};
		struct gathered g;
		err = start_gathering(s, &g);
		for (uint32_t id = 0; err == SK_OK && id < sk_rules_count(s->rules); id++)
			if (belongs(sk_rules_at(s->rules, id), i))
				put_rule(&g, sk_rules_at(s->rules, id), id);
		spare.stream = filter->stream;
		if (err == SK_OK)
			err = make_tables(&g, &spare);
		if (err == SK_OK)
			digest_patterns(&g, &spare, hash);
		free(spare.first);
		free(spare.rules);
		free(spare.unfiltered);
		end_gathering(&g);
	}
	if (err == SK_OK)
		sk_sha256_take(hash, digest);
	sk_sha256_free(hash);
	return err;
}

enum sk_err sk_filters_save(const struct sk_signature *s, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_signature *readable = (struct sk_signature *)(uintptr_t)s;
	uint8_t digest[SK_HASH_BYTES];
	SK_TRY(patterns_digest(readable, digest));
	sk_buf_add(out, magic, sizeof magic);
	sk_buf_add(out, digest, sizeof digest);
	for (unsigned i = 0; i < FILTERS; i++) {
		char *bytes = NULL;
		size_t length = 0;
		uint8_t head[SECTION_HEADER_BYTES] = {0};
		struct sk_out o = sk_out_of(head, sizeof head);
		if (filter_at(readable, i)->database == NULL)
			continue;
		if (hs_serialize_database(filter_at(readable, i)->database, &bytes, &length) != HS_SUCCESS || length > UINT32_MAX) {
			free(bytes);
			return sk_fault_set(fault, SK_ENOMEM, "rules: out of memory");
		}
		sk_put_le32(&o, (uint32_t)length);
		sk_buf_add(out, head, sizeof head);
		sk_buf_add(out, bytes, length);
		free(bytes);
	}
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, out->failed, "rules: what is made of the patterns: %s", sk_err_text(out->failed));
}

void sk_filters_free(struct sk_signature *s)
{
	for (unsigned i = 0; i < FILTERS; i++) {
		struct filter *filter = filter_at(s, i);
		(void)hs_free_database(filter->database);
		free(filter->first);
		free(filter->rules);
		free(filter->unfiltered);
	}
	(void)hs_free_scratch(s->scratch);
}

size_t sk_filters_bytes(const struct sk_signature *s)
{
	size_t total = 0, one = 0;
	for (unsigned i = 0; i < FILTERS; i++) {
		const hs_database_t *database = i == 0 ? s->stream.database : i == 1 ? s->packet.database : s->heads[i - 2].database;
		if (database != NULL && hs_database_size(database, &one) == HS_SUCCESS)
			total += one;
	}
	if (s->scratch != NULL && hs_scratch_size(s->scratch, &one) == HS_SUCCESS)
		total += one;
	return total;
}

/* ---- searching ---- */

static int found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct sk_signature *s = context;
	(void)from;
	(void)to;
	(void)flags;
	for (uint32_t i = s->finding->first[id]; i < s->finding->first[id + 1]; i++)
		sk_ask_add(s, s->finding->rules[i]);
	return 0;
}

void sk_filter_block(struct sk_signature *s, const struct filter *filter, struct sk_cur bytes)
{
	size_t length = sk_left(&bytes);
	const uint8_t *data = sk_take(&bytes, length);
	if (filter->database == NULL || data == NULL || length == 0)
		return;
	s->finding = filter;
	(void)hs_scan(filter->database, (const char *)data, (unsigned)length, 0, s->scratch, found, s);
}

void sk_filter_stream(struct sk_signature *s, hs_stream_t *stream, struct sk_cur bytes)
{
	size_t length = sk_left(&bytes);
	const uint8_t *data = sk_take(&bytes, length);
	if (stream == NULL || data == NULL || length == 0)
		return;
	s->finding = &s->stream;
	(void)hs_scan_stream(stream, (const char *)data, (unsigned)length, 0, s->scratch, found, s);
}
