/* SPDX-License-Identifier: Apache-2.0 */
#include "case/figures.h"

#include <stdlib.h>

enum { SAMPLES_MAX = 1 << 20 };

struct samples {
	int64_t *values;                 /* owned, seconds */
	size_t count, room;
};
struct counting {
	struct sk_case_figures *out;
	int64_t since_ns, until_ns;
	struct samples triage, contain, close;
};

static enum sk_err add(struct samples *s, int64_t from_ns, int64_t to_ns, struct sk_fault *fault)
{
	if (to_ns == 0 || s->count == SAMPLES_MAX)
		return SK_OK;
	if (s->count == s->room) {
		size_t room = s->room == 0 ? 256 : 2 * s->room;
		int64_t *larger = reallocarray(s->values, room, sizeof *larger);
		if (larger == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		s->values = larger;
		s->room = room;
	}
	s->values[s->count++] = (to_ns - from_ns) / 1000000000;
	return SK_OK;
}

static enum sk_err count_one(void *context, const struct sk_case_head *h, struct sk_fault *fault)
{
	struct counting *c = context;
	struct sk_case_figures *f = c->out;
	const char *norm;
	if (h->opened_ns < c->since_ns || h->opened_ns >= c->until_ns)
		return SK_OK;
	f->cases++;
	f->open += !sk_case_state_over(h->state);
	f->closed += h->state == SK_CASE_CLOSED;
	f->false_alarms += h->state == SK_CASE_FALSE_ALARM;
	f->merged += h->state == SK_CASE_MERGED;
	if (h->state == SK_CASE_MERGED)
		return SK_OK;
	f->findings += h->findings;
	f->with_findings += h->findings != 0;
	f->largest = h->findings > f->largest ? h->findings : f->largest;
	f->by_kind[h->kind]++;
	f->by_severity[h->severity]++;
	for (size_t i = 0; i < SK_CASE_NORMS_MAX && (norm = sk_case_norm(i, NULL)) != NULL; i++)
		f->by_norm[i] += sk_case_has_word(h->norms, norm);
	SK_TRY(add(&c->triage, h->opened_ns, h->triaged_ns, fault));
	SK_TRY(add(&c->contain, h->opened_ns, h->contained_ns, fault));
	return add(&c->close, h->opened_ns, h->closed_ns, fault);
}

static int by_size(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static struct sk_case_times times_of(struct samples *s)
{
	struct sk_case_times out = {.count = s->count};
	if (s->count != 0) {
		qsort(s->values, s->count, sizeof *s->values, by_size);
		out.median_s = s->values[(s->count - 1) / 2];
		out.p90_s = s->values[(s->count - 1) * 9 / 10];
	}
	free(s->values);
	return out;
}

enum sk_err sk_case_figures(struct sk_cases *cases, int64_t since_ns, int64_t until_ns, struct sk_case_figures *out, struct sk_fault *fault)
{
	struct counting c = {.out = out, .since_ns = since_ns, .until_ns = until_ns};
	*out = (struct sk_case_figures){0};
	enum sk_err err = sk_cases_each(cases, count_one, &c, fault);
	out->triage = times_of(&c.triage);
	out->contain = times_of(&c.contain);
	out->close = times_of(&c.close);
	return err;
}

/* ---- as JSON ---- */

//= rule: CASE-8
static void put(struct sk_json_writer *w, const char *key, uint64_t value, uint64_t k)
{
	if (value != 0 && value < k)
		sk_json_null(w, key);
	else
		sk_json_u64(w, key, value);
}

static void put_times(struct sk_json_writer *w, const char *key, const struct sk_case_times *times, uint64_t k)
{
	sk_json_object(w, key);
	put(w, "cases", times->count, k);
	if (times->count != 0 && times->count >= k) {
		sk_json_i64(w, "median_s", times->median_s);
		sk_json_i64(w, "p90_s", times->p90_s);
	} else {
		sk_json_null(w, "median_s");
		sk_json_null(w, "p90_s");
	}
	sk_json_end(w);
}

/* A table of parts: with one part hidden and the whole told, it could be taken off; so with exactly one hidden, the next smallest goes too. */
static uint64_t threshold(const uint64_t *parts, size_t count, uint64_t k)
{
	size_t hidden = 0;
	uint64_t next = UINT64_MAX;
	for (size_t i = 0; i < count; i++) {
		hidden += parts[i] != 0 && parts[i] < k;
		if (parts[i] >= k && parts[i] != 0 && parts[i] < next)
			next = parts[i];
	}
	return hidden == 1 && next != UINT64_MAX ? next + 1 : k;
}

void sk_case_figures_write(const struct sk_case_figures *f, uint64_t k, struct sk_buf *out)
{
	struct sk_json_writer w;
	const char *norm;
	const uint64_t states[] = {f->open, f->closed, f->false_alarms, f->merged};
	uint64_t of_states = threshold(states, SK_COUNT(states), k), of_kinds = threshold(f->by_kind, SK_COUNT(f->by_kind), k), of_severity = threshold(f->by_severity, SK_COUNT(f->by_severity), k);
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	put(&w, "cases", f->cases, k);
	put(&w, "open", f->open, of_states);
	put(&w, "closed", f->closed, of_states);
	put(&w, "false_alarms", f->false_alarms, of_states);
	put(&w, "merged", f->merged, of_states);
	put(&w, "findings", f->findings, k);
	put(&w, "cases_with_findings", f->with_findings, k);
	if (f->with_findings != 0 && f->with_findings >= k && f->findings >= k)
		sk_json_double(&w, "findings_per_case", (double)f->findings / (double)f->with_findings);
	else
		sk_json_null(&w, "findings_per_case");
	put(&w, "largest", f->largest, k);
	put_times(&w, "to_triage", &f->triage, k);
	put_times(&w, "to_contain", &f->contain, k);
	put_times(&w, "to_close", &f->close, k);
	sk_json_object(&w, "kinds");
	for (unsigned i = 0; i < SK_CASE_KIND_COUNT; i++)
		put(&w, sk_case_kind_word((enum sk_case_kind)i, NULL, NULL), f->by_kind[i], of_kinds);
	sk_json_end(&w);
	sk_json_object(&w, "severity");
	put(&w, "low", f->by_severity[SK_SEVERITY_LOW], of_severity);
	put(&w, "medium", f->by_severity[SK_SEVERITY_MEDIUM], of_severity);
	put(&w, "high", f->by_severity[SK_SEVERITY_HIGH], of_severity);
	sk_json_end(&w);
	sk_json_object(&w, "norms");
	for (size_t i = 0; i < SK_CASE_NORMS_MAX && (norm = sk_case_norm(i, NULL)) != NULL; i++)
		put(&w, norm, f->by_norm[i], k);
	sk_json_end(&w);
	sk_json_u64(&w, "k", k);
	sk_json_end(&w);
}
