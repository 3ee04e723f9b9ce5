/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' text form 0.0.4: HELP, TYPE, then a line a series. The order is the table's, so that two scrapes differ in figures alone. */
#include <inttypes.h>
#include <string.h>

#include "emit/metrics_priv.h"

enum { PPM_ALL = 1000000 };
static const int64_t second_ns = 1000000000;

#define IS_COUNTER true
#define IS_GAUGE false
static const struct sk_metric_row rows[] = {
#define SK_METRIC(member_, name_, kind_, unit_, help_) {#member_, name_, SK_METRIC_PROCESS, SK_METRIC_##unit_, IS_##kind_, NULL, offsetof(struct sk_metrics, member_), help_},
#define SK_METRIC_LINK(member_, name_, kind_, unit_, help_) {#member_, name_, SK_METRIC_OF_LINK, SK_METRIC_##unit_, IS_##kind_, NULL, offsetof(struct sk_metrics_link, member_), help_},
#define SK_METRIC_LINK_CELL(member_, name_, help_) {#member_, name_, SK_METRIC_OF_LINK, SK_METRIC_CELL, true, NULL, offsetof(struct sk_metrics_link, member_), help_},
#define SK_METRIC_LINK_CELLS(member_, name_, label_, help_) {#member_, name_, SK_METRIC_OF_LINK, SK_METRIC_CELLS, true, label_, offsetof(struct sk_metrics_link, member_), help_},
#define SK_METRIC_WORKER(member_, name_, kind_, unit_, help_) {#member_, name_, SK_METRIC_OF_WORKER, SK_METRIC_##unit_, IS_##kind_, NULL, offsetof(struct sk_metrics_worker, member_), help_},
#include "emit/metrics.def"
};
_Static_assert(SK_COUNT(rows) <= SK_METRIC_ROWS_MAX, "a place for each row");

const struct sk_metric_row *sk_metric_rows(size_t *count)
{
	*count = SK_COUNT(rows);
	return rows;
}

size_t sk_metric_sorted(enum sk_metric_scope scope, bool cells, size_t numbers[SK_METRIC_ROWS_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		if (rows[i].scope != scope || (rows[i].unit >= SK_METRIC_CELL) != cells)
			continue;
		size_t at = count++;
		for (; at > 0 && strcmp(rows[numbers[at - 1]].member, rows[i].member) > 0; at--)
			numbers[at] = numbers[at - 1];
		numbers[at] = i;
	}
	return count;
}

bool sk_metric_facts(size_t i, struct sk_metric_facts *out)
{
	static const char *const units[] = {"count", "bytes", "0 or 1", "ratio", "seconds", "seconds since 1970", "frames and bytes", "frames and bytes"};
	static const char *const labels[] = {"", "link", "worker"};
	if (i >= SK_COUNT(rows))
		return false;
	*out = (struct sk_metric_facts){.name = rows[i].name, .kind = rows[i].counter ? "counter" : "gauge", .unit = units[rows[i].unit], .labels = labels[rows[i].scope], .help = rows[i].help};
	return true;
}

/* ---- labels ---- */

bool sk_metrics_label_fits(const char *text)
{
	struct sk_addr addr;
	size_t length = strnlen(text, SK_METRICS_LABEL_MAX);
	if (length == 0 || length == SK_METRICS_LABEL_MAX || !((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z')))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9') || strchr("_.-", text[i]) != NULL))
			return false;
	return sk_addr_parse(text, &addr) != SK_OK;
}

/* A label's value. That it is a word of a table is the promise; that it could be nothing else is held here. rule: METRIC-1 */
static const char *label(const char *text)
{
	SK_INVARIANT(sk_metrics_label_fits(text));
	return text;
}

/* ---- the text ---- */

static void add_head(struct sk_buf *out, const struct sk_metric_row *row, const char *suffix)
{
	sk_buf_addf(out, "# HELP sekisho_%s%s ", row->name, suffix);
	for (const char *c = row->help; *c != '\0'; c++)
		if (*c == '\\')
			sk_buf_add_text(out, "\\\\");
		else
			sk_buf_add_u8(out, (uint8_t)*c);
	sk_buf_addf(out, "\n# TYPE sekisho_%s%s %s\n", row->name, suffix, row->counter ? "counter" : "gauge");
}

static void add_seconds(struct sk_buf *out, int64_t ns)
{
	uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	sk_buf_addf(out, "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "", size / (uint64_t)second_ns, size % (uint64_t)second_ns);
}

static void add_figure(struct sk_buf *out, const struct sk_metric_row *row, const void *base)
{
	const void *at = (const uint8_t *)base + row->at;
	switch ((enum sk_metric_unit)row->unit) {
	case SK_METRIC_SECONDS:
	case SK_METRIC_TIME: add_seconds(out, *(const int64_t *)at); break;
	case SK_METRIC_RATIO: sk_buf_addf(out, "%" PRIu64 ".%06" PRIu64, *(const uint64_t *)at / PPM_ALL, *(const uint64_t *)at % PPM_ALL); break;
	default: sk_buf_addf(out, "%" PRIu64, *(const uint64_t *)at); break;
	}
	sk_buf_add_u8(out, '\n');
}

static const char *suffix_of(const struct sk_metric_row *row)
{
	return row->counter ? "_total" : "";
}

static void add_cells(struct sk_buf *out, const struct sk_metrics *metrics, const struct sk_metric_row *row, bool bytes)
{
	const char *suffix = bytes ? "_bytes_total" : "_frames_total";
	add_head(out, row, suffix);
	for (size_t l = 0; l < metrics->link_count; l++) {
		const struct sk_metrics_link *link = &metrics->links[l];
		const void *at = (const uint8_t *)link + row->at;
		if (row->unit == SK_METRIC_CELL) {
			const struct sk_cell *cell = at;
			sk_buf_addf(out, "sekisho_%s%s{link=\"%s\"} %" PRIu64 "\n", row->name, suffix, label(link->name), bytes ? cell->bytes : cell->frames);
			continue;
		}
		const struct sk_metrics_cells *cells = at;
		SK_INVARIANT(cells->count <= SK_CELLS_MAX);
		for (size_t i = 0; i < cells->count; i++)
			sk_buf_addf(out, "sekisho_%s%s{link=\"%s\",%s=\"%s\"} %" PRIu64 "\n", row->name, suffix, label(link->name), row->label, label(cells->cells[i].name),
				    bytes ? cells->cells[i].bytes : cells->cells[i].frames);
	}
}

static void add_row(struct sk_buf *out, const struct sk_metrics *metrics, const struct sk_metric_row *row)
{
	if (row->unit >= SK_METRIC_CELL) {
		add_cells(out, metrics, row, false);
		add_cells(out, metrics, row, true);
		return;
	}
	add_head(out, row, suffix_of(row));
	switch ((enum sk_metric_scope)row->scope) {
	case SK_METRIC_PROCESS:
		sk_buf_addf(out, "sekisho_%s%s ", row->name, suffix_of(row));
		add_figure(out, row, metrics);
		return;
	case SK_METRIC_OF_LINK:
		for (size_t l = 0; l < metrics->link_count; l++) {
			sk_buf_addf(out, "sekisho_%s%s{link=\"%s\"} ", row->name, suffix_of(row), label(metrics->links[l].name));
			add_figure(out, row, &metrics->links[l]);
		}
		return;
	case SK_METRIC_OF_WORKER:
		for (size_t w = 0; w < metrics->worker_count; w++) {
			sk_buf_addf(out, "sekisho_%s%s{worker=\"%zu\"} ", row->name, suffix_of(row), w);
			add_figure(out, row, &metrics->workers[w]);
		}
		return;
	case SK_METRIC_SCOPES: break;
	}
}

static void add_findings(struct sk_buf *out, const struct sk_metrics *metrics)
{
	static const char *const severities[] = {"none", "low", "medium", "high"};
	sk_buf_add_text(out, "# HELP sekisho_findings_total Findings that were told, by kind and severity.\n# TYPE sekisho_findings_total counter\n");
	for (size_t i = 0; i < metrics->finding_count; i++) {
		const struct sk_metrics_finding *finding = &metrics->findings[i];
		sk_buf_addf(out, "sekisho_findings_total{kind=\"%s\",severity=\"%s\"} %" PRIu64 "\n", label(finding->kind),
			    severities[finding->severity < SK_COUNT(severities) ? finding->severity : 0], finding->count);
	}
}

/* What runs, as labels of a 1: Prometheus joins them to other figures. */
static void add_infos(struct sk_buf *out, const struct sk_metrics *metrics)
{
	sk_buf_add_text(out, "# HELP sekisho_build_info Version of the program.\n# TYPE sekisho_build_info gauge\n");
	SK_INVARIANT(strspn(metrics->version, "0123456789abcdefghijklmnopqrstuvwxyz.+~-") == strlen(metrics->version));
	sk_buf_addf(out, "sekisho_build_info{version=\"%s\"} 1\n", metrics->version);
	sk_buf_add_text(out, "# HELP sekisho_basis_info Kind of the basis in force, and the profile.\n# TYPE sekisho_basis_info gauge\n");
	if (metrics->basis_kind[0] != '\0')
		sk_buf_addf(out, "sekisho_basis_info{kind=\"%s\",profile=\"%s\"} 1\n", label(metrics->basis_kind), label(metrics->profile));
	sk_buf_add_text(out, "# HELP sekisho_link_info How frames are taken from the link.\n# TYPE sekisho_link_info gauge\n");
	for (size_t l = 0; l < metrics->link_count; l++)
		sk_buf_addf(out, "sekisho_link_info{link=\"%s\",mode=\"%s\"} 1\n", label(metrics->links[l].name), label(metrics->links[l].mode));
}

void sk_metrics_text(const struct sk_metrics *metrics, struct sk_buf *out)
{
	SK_INVARIANT(metrics->link_count <= SK_METRICS_LINKS_MAX && metrics->worker_count <= SK_METRICS_WORKERS_MAX && metrics->finding_count <= SK_METRICS_FINDINGS_MAX);
	add_infos(out, metrics);
	for (size_t i = 0; i < SK_COUNT(rows); i++)
		add_row(out, metrics, &rows[i]);
	add_findings(out, metrics);
}
