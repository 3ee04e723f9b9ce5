/* SPDX-License-Identifier: Apache-2.0 */
/* Which country is named where. Nothing of it takes part in a side: sides are made, then this beside them. rule: BORDER-6 */
#include <stdlib.h>

#include "border/build_priv.h"

/* Entries to spans of countries: the longest prefix wins, one without a country hides a shorter one. What a span is of stands in its line. entries: changed. */
static void flatten(struct sk_entries *entries, unsigned family, struct sk_spans *out)
{
	struct sk_spans exact = {0};
	for (size_t i = 0; i < entries->count; i++) {
		entries->item[i].line = entries->item[i].country;
		entries->item[i].says = entries->item[i].country != 0;
	}
	sk_entries_flatten(entries, family, &exact);
	for (size_t i = 0; i < exact.count; i++)
		sk_spans_add(out, exact.item[i].first, exact.item[i].last, 1, exact.item[i].line, 0);
	out->failed |= exact.failed;
	sk_spans_fini(&exact);
}

/* Copy the entries of one source, or of all lists of countries. */
static enum sk_err collect(const struct sk_border_build *build, unsigned from, unsigned to, enum sk_border_kind kind, unsigned family, struct sk_entries *out,
			   struct sk_fault *fault)
{
	unsigned f = family == 6;
	for (unsigned i = from; i < to; i++)
		out->capacity += build->source[i].facts.kind == kind ? build->source[i].entries[f].count : 0;
	if (out->capacity == 0)
		return SK_OK;
	out->item = malloc(out->capacity * sizeof *out->item);
	if (out->item == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (unsigned i = from; i < to; i++) {
		const struct sk_entries *entries = &build->source[i].entries[f];
		if (build->source[i].facts.kind != kind || entries->count == 0)
			continue;
		memcpy(out->item + out->count, entries->item, entries->count * sizeof *out->item);
		out->count += entries->count;
	}
	sk_entries_sort(out);
	return SK_OK;
}

/* Among lists, as with sides: one prefix has one country. */
static enum sk_err find_conflict(const struct sk_border_build *build, const struct sk_entries *sorted, unsigned family, struct sk_fault *fault)
{
	for (size_t i = 1; i < sorted->count; i++) {
		const struct sk_entry *a = &sorted->item[i - 1], *b = &sorted->item[i];
		if (a->first != b->first || a->bits != b->bits || a->country == b->country)
			continue;
		struct sk_prefix prefix = {.addr = sk_u128_addr(a->first, family), .bits = a->bits};
		char text[SK_PREFIX_TEXT_MAX];
		return sk_fault_set(fault, SK_EINPUT, "%s is in %c%c at %s:%u and in %c%c at %s:%u; a prefix has one country, remove one of them", sk_prefix_format(&prefix, text),
				    a->country >> 8, a->country & 255, build->source[a->source].path, a->line, b->country >> 8, b->country & 255,
				    build->source[b->source].path, b->line);
	}
	return SK_OK;
}

/* What is there already stays; the other fills the gaps. */
struct fill {
	const struct sk_spans *over, *under;
	size_t at_over, at_under; /* the spans that the walk has reached */
	struct sk_spans *out;
};

static uint32_t line_at(const struct sk_spans *spans, size_t *at, sk_u128 first)
{
	while (spans->item[*at].last < first)
		(*at)++;
	return spans->item[*at].line;
}

static void step_fill(void *context, sk_u128 first, sk_u128 last, uint8_t over, uint8_t under)
{
	struct fill *fill = context;
	if (over != 0)
		sk_spans_add(fill->out, first, last, 1, line_at(fill->over, &fill->at_over, first), 0);
	else if (under != 0)
		sk_spans_add(fill->out, first, last, 1, line_at(fill->under, &fill->at_under, first), 0);
}

static void lay_under(struct sk_spans *spans, const struct sk_spans *under, unsigned family)
{
	struct sk_spans both = {0};
	struct fill fill = {.over = spans, .under = under, .out = &both};
	sk_spans_walk(spans, under, family, step_fill, &fill);
	both.failed |= spans->failed || under->failed;
	sk_spans_fini(spans);
	*spans = both;
}

static enum sk_err add_source(struct sk_border_build *build, unsigned source, unsigned family, struct sk_spans *spans, struct sk_fault *fault)
{
	struct sk_entries entries = {0};
	struct sk_spans own = {0};
	SK_TRY(collect(build, source, source + 1, build->source[source].facts.kind, family, &entries, fault));
	flatten(&entries, family, &own);
	lay_under(spans, &own, family);
	free(entries.item);
	sk_spans_fini(&own);
	return SK_OK;
}

static enum sk_err add_lists(const struct sk_border_build *build, unsigned family, struct sk_spans *spans, struct sk_fault *fault)
{
	struct sk_entries entries = {0};
	SK_TRY(collect(build, 0, build->source_count, SK_BORDER_COUNTRIES, family, &entries, fault));
	enum sk_err err = find_conflict(build, &entries, family, fault);
	if (err == SK_OK)
		flatten(&entries, family, spans);
	free(entries.item);
	return err;
}

enum sk_err sk_build_countries(struct sk_border_build *build, unsigned family, const struct sk_spans *special, struct sk_fault *fault)
{
	struct sk_spans spans = {0}, blank = {0}, *out = &build->countries[family == 6];
	enum sk_err err = add_lists(build, family, &spans, fault);
	for (size_t i = 0; i < special->count; i++)
		sk_spans_add(&blank, special->item[i].first, special->item[i].last, 1, 0, 0);
	lay_under(&spans, &blank, family);
	sk_spans_fini(&blank);
	for (unsigned i = 0; i < build->source_count && err == SK_OK; i++)
		if (sk_border_kind_country(build->source[i].facts.kind))
			err = add_source(build, i, family, &spans, fault);
	for (size_t i = 0; i < spans.count && err == SK_OK; i++)
		if (spans.item[i].line != 0)
			sk_spans_add(out, spans.item[i].first, spans.item[i].last, 1, spans.item[i].line, 0);
	if (err == SK_OK && (spans.failed || out->failed))
		err = sk_fault_set(fault, SK_ETOOBIG, "more than %d ranges of countries, or out of memory", SK_BORDER_RANGES_MAX);
	sk_spans_fini(&spans);
	return err;
}
