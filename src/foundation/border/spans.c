/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "border/build_priv.h"

void sk_spans_add(struct sk_spans *spans, sk_u128 first, sk_u128 last, uint8_t says, uint32_t line, uint8_t bits)
{
	struct sk_span *before = spans->count != 0 ? &spans->item[spans->count - 1] : NULL;
	if (before != NULL && before->says == says && before->line == line && before->bits == bits && before->last + 1 == first) {
		before->last = last;
		return;
	}
	if (spans->count == spans->capacity) {
		size_t capacity = spans->capacity != 0 ? spans->capacity * 2 : 256;
		struct sk_span *grown = capacity <= SK_BORDER_RANGES_MAX ? realloc(spans->item, capacity * sizeof *grown) : NULL;
		if (grown == NULL) {
			spans->failed = true;
			return;
		}
		spans->item = grown;
		spans->capacity = capacity;
	}
	spans->item[spans->count++] = (struct sk_span){.first = first, .last = last, .line = line, .bits = bits, .says = says};
}

void sk_spans_fini(struct sk_spans *spans)
{
	free(spans->item);
	memset(spans, 0, sizeof *spans);
}

static int compare_entries(const void *left, const void *right)
{
	const struct sk_entry *a = left, *b = right;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->bits != b->bits)
		return a->bits < b->bits ? -1 : 1;
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

void sk_entries_sort(struct sk_entries *entries)
{
	bool sorted = true;
	for (size_t i = 1; i < entries->count && sorted; i++)
		sorted = compare_entries(&entries->item[i - 1], &entries->item[i]) <= 0;
	if (!sorted)
		qsort(entries->item, entries->count, sizeof *entries->item, compare_entries);
}

/* The prefixes that are open at the place that the sweep has reached, longest on top. Each is longer than the one below it. */
struct sweep {
	struct {
		sk_u128 last;
		const struct sk_entry *entry;
		uint8_t says;
	} open[130];
	unsigned depth;
	sk_u128 at;    /* everything before is written */
	sk_u128 end;   /* the family's last address */
	bool finished; /* the last address is written; at would overflow */
	struct sk_spans *out;
};

static void sweep_write(struct sweep *sweep, sk_u128 last)
{
	unsigned top = sweep->depth - 1;
	if (sweep->finished || last < sweep->at)
		return;
	if (sweep->open[top].says != 0)
		sk_spans_add(sweep->out, sweep->at, last, sweep->open[top].says, sweep->open[top].entry->line, sweep->open[top].entry->bits);
	sweep->finished = last == sweep->end;
	sweep->at = last + 1;
}

void sk_entries_flatten(const struct sk_entries *entries, unsigned family, struct sk_spans *out)
{
	struct sweep sweep = {.end = sk_u128_low(sk_family_bits(family)), .out = out};
	for (size_t i = 0; i < entries->count; i++) {
		const struct sk_entry *entry = &entries->item[i];
		while (sweep.depth != 0 && sweep.open[sweep.depth - 1].last < entry->first) {
			sweep_write(&sweep, sweep.open[sweep.depth - 1].last);
			sweep.depth--;
		}
		if (sweep.depth != 0 && entry->first != 0)
			sweep_write(&sweep, entry->first - 1);
		sweep.at = entry->first;
		if (sweep.depth != 0) {
			const struct sk_entry *top = sweep.open[sweep.depth - 1].entry;
			if (top->first == entry->first && top->bits == entry->bits) {
				sweep.open[sweep.depth - 1].says |= entry->says;
				continue;
			}
		}
		SK_INVARIANT(sweep.depth < SK_COUNT(sweep.open));
		sweep.open[sweep.depth].last = entry->first | sk_u128_low(sk_family_bits(family) - entry->bits);
		sweep.open[sweep.depth].entry = entry;
		sweep.open[sweep.depth++].says = entry->says;
	}
	for (; sweep.depth != 0; sweep.depth--)
		sweep_write(&sweep, sweep.open[sweep.depth - 1].last);
}

void sk_spans_walk(const struct sk_spans *a, const struct sk_spans *b, unsigned family, sk_spans_step step, void *context)
{
	const struct sk_spans *lists[2] = {a, b};
	size_t next[2] = {0, 0};
	sk_u128 at = 0, end = sk_u128_low(sk_family_bits(family));
	for (;;) {
		sk_u128 last = end;
		uint8_t says[2] = {0, 0};
		for (unsigned i = 0; i < 2; i++) {
			while (next[i] < lists[i]->count && lists[i]->item[next[i]].last < at)
				next[i]++;
			if (next[i] == lists[i]->count)
				continue;
			const struct sk_span *span = &lists[i]->item[next[i]];
			bool inside = span->first <= at;
			says[i] = inside ? span->says : 0;
			sk_u128 until = inside ? span->last : span->first - 1;
			last = until < last ? until : last;
		}
		step(context, at, last, says[0], says[1]);
		if (last == end)
			return;
		at = last + 1;
	}
}
