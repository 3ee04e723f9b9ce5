/* SPDX-License-Identifier: Apache-2.0 */
#include "report/duplicate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const int64_t hour_ns = INT64_C(3600000000000);

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && a[0] != '\0' && strcmp(a, "unknown") != 0 && strcasecmp(a, b) == 0;
}

/* One and the same computer: by its name there, or by product and version. */
static bool same_asset(const struct sk_json_value *a, const struct sk_json_value *b)
{
	return same(sk_json_get_text(a, "asset_id"), sk_json_get_text(b, "asset_id")) ||
	       (same(sk_json_get_text(a, "product"), sk_json_get_text(b, "product")) && same(sk_json_get_text(a, "version"), sk_json_get_text(b, "version")));
}

static bool same_indicator(const struct sk_json_value *a, const struct sk_json_value *b)
{
	return same(sk_json_get_text(a, "type"), sk_json_get_text(b, "type")) && same(sk_json_get_text(a, "value"), sk_json_get_text(b, "value"));
}

/* How many of a's stand in b too. Lists have SK_REPORT_LIST_MAX entries at most. */
static unsigned in_common(const struct sk_json_value *a, const struct sk_json_value *b, bool (*is_same)(const struct sk_json_value *a, const struct sk_json_value *b))
{
	unsigned count = 0;
	if (a == NULL || b == NULL || a->kind != SK_JSON_ARRAY || b->kind != SK_JSON_ARRAY)
		return 0;
	for (const struct sk_json_value *x = a->child; x != NULL; x = x->next)
		for (const struct sk_json_value *y = b->child; y != NULL; y = y->next)
			if (is_same(x, y)) {
				count++;
				break;
			}
	return count;
}

static unsigned at_most(unsigned value, unsigned most)
{
	return value > most ? most : value;
}

//= rule: FORM-7
static bool weigh(const struct sk_report_candidate *a, const struct sk_report_candidate *b, struct sk_report_pair *out)
{
	int64_t apart = a->facts->aware_ns > b->facts->aware_ns ? a->facts->aware_ns - b->facts->aware_ns : b->facts->aware_ns - a->facts->aware_ns;
	if (!same(a->facts->about, b->facts->about) || apart > 14 * 24 * hour_ns || (a->case_id[0] != '\0' && strcmp(a->case_id, b->case_id) == 0))
		return false;
	unsigned assets = in_common(sk_report_at(a->top, "affected_assets", true), sk_report_at(b->top, "affected_assets", true), same_asset);
	unsigned indicators = in_common(sk_report_at(a->top, "iocs", true), sk_report_at(b->top, "iocs", true), same_indicator);
	bool form = strcmp(a->facts->form, b->facts->form) == 0;
	unsigned when = apart <= 6 * hour_ns ? 25 : apart <= 72 * hour_ns ? 15 : 5;
	out->score = at_most(30 + when + (form ? 10 : 0) + at_most(15 * assets, 30) + at_most(20 * indicators, 40), 100);
	(void)snprintf(out->why, sizeof out->why, "same organisation +30; aware %lld h apart +%u%s; %u computers in common +%u; %u indicators in common +%u", (long long)(apart / hour_ns), when,
		       form ? "; same form +10" : "", assets, at_most(15 * assets, 30), indicators, at_most(20 * indicators, 40));
	return out->score >= SK_REPORT_ALIKE_MIN;
}

static int by_org(const void *a, const void *b)
{
	const struct sk_report_candidate *x = *(const struct sk_report_candidate *const *)a, *y = *(const struct sk_report_candidate *const *)b;
	int order = strcasecmp(x->facts->about, y->facts->about);
	if (order != 0)
		return order;
	if (x->facts->aware_ns != y->facts->aware_ns)
		return x->facts->aware_ns < y->facts->aware_ns ? -1 : 1;
	return strcmp(x->id, y->id);
}

static int by_score(const void *a, const void *b)
{
	const struct sk_report_pair *x = a, *y = b;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->a != y->a ? (x->a < y->a ? -1 : 1) : x->b < y->b ? -1 : x->b > y->b;
}

size_t sk_report_duplicates(const struct sk_report_candidate *candidates, size_t count, struct sk_report_pair *out, size_t capacity)
{
	const struct sk_report_candidate **sorted = calloc(count + 1, sizeof *sorted);
	size_t pairs = 0;
	if (sorted == NULL)
		return 0;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &candidates[i];
	qsort(sorted, count, sizeof *sorted, by_org);
	/* Of one organisation they stand together, by time: the comparison ends with the window. */
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count && pairs < capacity; j++) {
			size_t a = (size_t)(sorted[i] - candidates), b = (size_t)(sorted[j] - candidates);
			if (strcasecmp(sorted[i]->facts->about, sorted[j]->facts->about) != 0 || sorted[j]->facts->aware_ns - sorted[i]->facts->aware_ns > 14 * 24 * hour_ns)
				break;
			struct sk_report_pair pair = {.a = a < b ? a : b, .b = a < b ? b : a};
			if (weigh(sorted[i], sorted[j], &pair))
				out[pairs++] = pair;
		}
	free(sorted);
	qsort(out, pairs, sizeof *out, by_score);
	return pairs;
}
