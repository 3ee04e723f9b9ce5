/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshot as canonical JSON, and back: what sekisho top reads. Figures stand under their members' names, in ns, bytes and millionths. */
#include <stdio.h>
#include <string.h>

#include "emit/metrics_priv.h"
#include "text/json.h"

/* ---- writing ---- */

static void write_figures(struct sk_json_writer *w, enum sk_metric_scope scope, const void *base)
{
	size_t numbers[SK_METRIC_ROWS_MAX], unused;
	const struct sk_metric_row *rows = sk_metric_rows(&unused);
	size_t count = sk_metric_sorted(scope, false, numbers);
	sk_json_object(w, "figures");
	for (size_t i = 0; i < count; i++) {
		const struct sk_metric_row *row = &rows[numbers[i]];
		const void *at = (const uint8_t *)base + row->at;
		if (row->unit == SK_METRIC_SECONDS || row->unit == SK_METRIC_TIME)
			sk_json_i64(w, row->member, *(const int64_t *)at);
		else
			sk_json_u64(w, row->member, *(const uint64_t *)at);
	}
	sk_json_end(w);
}

static void write_cell(struct sk_json_writer *w, const char *key, const struct sk_cell *cell)
{
	sk_json_object(w, key);
	sk_json_u64(w, "bytes", cell->bytes);
	sk_json_u64(w, "frames", cell->frames);
	if (key == NULL)
		sk_json_text(w, "name", cell->name);
	sk_json_end(w);
}

static void write_link(struct sk_json_writer *w, const struct sk_metrics_link *link)
{
	size_t numbers[SK_METRIC_ROWS_MAX], unused;
	const struct sk_metric_row *rows = sk_metric_rows(&unused);
	size_t count = sk_metric_sorted(SK_METRIC_OF_LINK, true, numbers);
	sk_json_object(w, NULL);
	sk_json_object(w, "cells");
	for (size_t i = 0; i < count; i++) {
		const struct sk_metric_row *row = &rows[numbers[i]];
		const void *at = (const uint8_t *)link + row->at;
		const struct sk_metrics_cells *cells = at;
		if (row->unit == SK_METRIC_CELL) {
			write_cell(w, row->member, at);
			continue;
		}
		sk_json_array(w, row->member);
		for (size_t c = 0; c < cells->count; c++)
			write_cell(w, NULL, &cells->cells[c]);
		sk_json_end(w);
	}
	sk_json_end(w);
	write_figures(w, SK_METRIC_OF_LINK, link);
	sk_json_text(w, "mode", link->mode);
	sk_json_text(w, "name", link->name);
	sk_json_end(w);
}

static void write_findings(struct sk_json_writer *w, const struct sk_metrics *metrics)
{
	sk_json_array(w, "findings");
	for (size_t i = 0; i < metrics->finding_count; i++) {
		sk_json_object(w, NULL);
		sk_json_u64(w, "count", metrics->findings[i].count);
		sk_json_text(w, "kind", metrics->findings[i].kind);
		sk_json_i64(w, "last_ns", metrics->findings[i].last_ns);
		sk_json_u64(w, "severity", metrics->findings[i].severity);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void write_health(struct sk_json_writer *w, const struct sk_health *health)
{
	sk_json_object(w, "health");
	sk_json_array(w, "reasons");
	for (size_t i = 0; i < health->count; i++) {
		sk_json_object(w, NULL);
		sk_json_u64(w, "number", health->reasons[i].number);
		sk_json_text(w, "reason", sk_health_reason_name(health->reasons[i].reason));
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_text(w, "state", sk_health_state_name(health->state));
	sk_json_end(w);
}

void sk_status_json(const struct sk_metrics *metrics, const struct sk_health *health, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "basis_kind", metrics->basis_kind);
	write_figures(&w, SK_METRIC_PROCESS, metrics);
	write_findings(&w, metrics);
	write_health(&w, health);
	sk_json_array(&w, "links");
	for (size_t i = 0; i < metrics->link_count; i++)
		write_link(&w, &metrics->links[i]);
	sk_json_end(&w);
	sk_json_i64(&w, "monotonic_ns", metrics->monotonic_ns);
	sk_json_i64(&w, "now_ns", metrics->now_ns);
	sk_json_text(&w, "profile", metrics->profile);
	sk_json_text(&w, "version", metrics->version);
	sk_json_array(&w, "workers");
	for (size_t i = 0; i < metrics->worker_count; i++) {
		sk_json_object(&w, NULL);
		write_figures(&w, SK_METRIC_OF_WORKER, &metrics->workers[i]);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_end(&w);
}

/* ---- reading ---- */

/* A text of ours: it fits and drives no terminal; else it is left empty. */
static void read_text(const struct sk_json_value *object, const char *key, char *out, size_t size)
{
	const char *text = sk_json_get_text(object, key);
	size_t length = text != NULL ? strlen(text) : 0;
	memset(out, 0, size);
	if (length == 0 || length >= size)
		return;
	for (size_t i = 0; i < length; i++)
		if (text[i] <= 0x20 || text[i] >= 0x7f)
			return;
	memcpy(out, text, length);
}

static uint64_t read_u64(const struct sk_json_value *object, const char *key)
{
	uint64_t value = 0;
	return sk_json_get_u64(object, key, &value) == SK_OK ? value : 0;
}

static int64_t read_i64(const struct sk_json_value *object, const char *key)
{
	int64_t value = 0;
	return sk_json_get_i64(object, key, &value) == SK_OK ? value : 0;
}

static void read_figures(const struct sk_json_value *object, enum sk_metric_scope scope, void *base)
{
	size_t count;
	const struct sk_metric_row *rows = sk_metric_rows(&count);
	const struct sk_json_value *figures = sk_json_get(object, "figures");
	for (size_t i = 0; i < count; i++) {
		void *at = (uint8_t *)base + rows[i].at;
		if (rows[i].scope != scope || rows[i].unit >= SK_METRIC_CELL)
			continue;
		if (rows[i].unit == SK_METRIC_SECONDS || rows[i].unit == SK_METRIC_TIME)
			*(int64_t *)at = read_i64(figures, rows[i].member);
		else
			*(uint64_t *)at = read_u64(figures, rows[i].member);
	}
}

static void read_cell(const struct sk_json_value *object, struct sk_cell *cell)
{
	read_text(object, "name", cell->name, sizeof cell->name);
	cell->frames = read_u64(object, "frames");
	cell->bytes = read_u64(object, "bytes");
}

static const struct sk_json_value *first_of(const struct sk_json_value *array)
{
	return array != NULL && array->kind == SK_JSON_ARRAY ? array->child : NULL;
}

static void read_link(const struct sk_json_value *object, struct sk_metrics_link *link)
{
	size_t count;
	const struct sk_metric_row *rows = sk_metric_rows(&count);
	const struct sk_json_value *cells = sk_json_get(object, "cells");
	read_text(object, "name", link->name, sizeof link->name);
	read_text(object, "mode", link->mode, sizeof link->mode);
	read_figures(object, SK_METRIC_OF_LINK, link);
	for (size_t i = 0; i < count; i++) {
		if (rows[i].scope != SK_METRIC_OF_LINK || rows[i].unit < SK_METRIC_CELL)
			continue;
		const struct sk_json_value *value = sk_json_get(cells, rows[i].member);
		if (rows[i].unit == SK_METRIC_CELL) {
			read_cell(value, (struct sk_cell *)(void *)((uint8_t *)link + rows[i].at));
			continue;
		}
		struct sk_metrics_cells *list = (struct sk_metrics_cells *)(void *)((uint8_t *)link + rows[i].at);
		for (const struct sk_json_value *cell = first_of(value); cell != NULL && list->count < SK_CELLS_MAX; cell = cell->next)
			read_cell(cell, &list->cells[list->count++]);
	}
}

static void read_health(const struct sk_json_value *object, struct sk_health *health)
{
	const char *state = sk_json_get_text(object, "state");
	for (int s = SK_HEALTH_OK; s <= SK_HEALTH_FAILING && state != NULL; s++)
		if (strcmp(state, sk_health_state_name((enum sk_health_state)s)) == 0)
			health->state = (enum sk_health_state)s;
	for (const struct sk_json_value *value = first_of(sk_json_get(object, "reasons")); value != NULL && health->count < SK_HEALTH_REASONS_MAX; value = value->next) {
		const char *word = sk_json_get_text(value, "reason");
		uint64_t number = read_u64(value, "number");
		for (int r = 0; r < SK_HEALTH_REASON_COUNT && word != NULL; r++)
			if (strcmp(word, sk_health_reason_name((enum sk_health_reason)r)) == 0 && number <= UINT32_MAX) {
				health->reasons[health->count].reason = (enum sk_health_reason)r;
				health->reasons[health->count++].number = (unsigned)number;
			}
	}
}

enum sk_err sk_status_read(const char *json, size_t length, struct sk_metrics *metrics, struct sk_health *health, struct sk_fault *fault)
{
	struct sk_json_doc *doc;
	memset(metrics, 0, sizeof *metrics);
	memset(health, 0, sizeof *health);
	SK_TRY(sk_json_parse(json, length, &doc, fault));
	const struct sk_json_value *top = sk_json_top(doc), *value;
	if (top->kind != SK_JSON_OBJECT || sk_json_get(top, "figures") == NULL) {
		sk_json_free(doc);
		return sk_fault_set(fault, SK_EMALFORMED, "an object with \"figures\" was expected");
	}
	metrics->now_ns = read_i64(top, "now_ns");
	metrics->monotonic_ns = read_i64(top, "monotonic_ns");
	read_text(top, "version", metrics->version, sizeof metrics->version);
	read_text(top, "profile", metrics->profile, sizeof metrics->profile);
	read_text(top, "basis_kind", metrics->basis_kind, sizeof metrics->basis_kind);
	read_figures(top, SK_METRIC_PROCESS, metrics);
	for (value = first_of(sk_json_get(top, "links")); value != NULL && metrics->link_count < SK_METRICS_LINKS_MAX; value = value->next)
		read_link(value, &metrics->links[metrics->link_count++]);
	for (value = first_of(sk_json_get(top, "workers")); value != NULL && metrics->worker_count < SK_METRICS_WORKERS_MAX; value = value->next)
		read_figures(value, SK_METRIC_OF_WORKER, &metrics->workers[metrics->worker_count++]);
	for (value = first_of(sk_json_get(top, "findings")); value != NULL && metrics->finding_count < SK_METRICS_FINDINGS_MAX; value = value->next) {
		struct sk_metrics_finding *finding = &metrics->findings[metrics->finding_count++];
		read_text(value, "kind", finding->kind, sizeof finding->kind);
		finding->count = read_u64(value, "count");
		finding->severity = read_u64(value, "severity");
		finding->last_ns = read_i64(value, "last_ns");
	}
	read_health(sk_json_get(top, "health"), health);
	sk_json_free(doc);
	return SK_OK;
}
