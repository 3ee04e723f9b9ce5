/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot with every figure set, each to another number, and the words that the sensor's tables have. */
#ifndef SK_TEST_EMIT_SAMPLE_H
#define SK_TEST_EMIT_SAMPLE_H

#include <string.h>

#include "emit/metrics_priv.h"

static inline void sample_figures(enum sk_metric_scope scope, void *base, uint64_t *number)
{
	size_t count;
	const struct sk_metric_row *rows = sk_metric_rows(&count);
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = (uint8_t *)base + rows[i].at;
		if (rows[i].scope != scope || rows[i].unit >= SK_METRIC_CELL)
			continue;
		uint64_t value = rows[i].unit == SK_METRIC_FLAG ? 1 : ++*number * 1000003;
		if (rows[i].unit == SK_METRIC_RATIO)
			value %= 1000000;
		if (rows[i].unit == SK_METRIC_SECONDS)
			value *= 1000;
		if (rows[i].unit == SK_METRIC_TIME)
			value += UINT64_C(1795329000000000000);
		memcpy(at, &value, sizeof value);
	}
}

static inline void sample_cells(struct sk_metrics_cells *cells, const char *const *names, size_t count, uint64_t *number)
{
	cells->count = count;
	for (size_t i = 0; i < count; i++) {
		memcpy(cells->cells[i].name, names[i], strlen(names[i]) + 1);
		cells->cells[i].frames = ++*number * 1009;
		cells->cells[i].bytes = *number * 100003;
	}
}

static inline void sample(struct sk_metrics *metrics)
{
	static const char *const gate[] = {"domestic", "unknown", "not_covered", "non_ip", "malformed_address", "inner_domestic", "inner_unknown", "inner_not_covered", "fragment_of_tunnel"};
	static const char *const select[] = {"no_hit", "evicted", "shed", "fragment_timeout", "undecodable", "stopped"};
	static const char *const lost[] = {"ring_full", "exchange_full"}, *const classes[] = {"FF", "FD", "DF", "DD", "UNKNOWN"};
	static const char *const links[][2] = {{"border-1", "xdp"}, {"border-2", "packet"}, {"router-1", "export"}};
	uint64_t number = 0;
	memset(metrics, 0, sizeof *metrics);
	metrics->now_ns = INT64_C(1795332600123456789);
	metrics->monotonic_ns = INT64_C(3600000000000);
	memcpy(metrics->version, "0.1.0", 6);
	memcpy(metrics->profile, "own-network", 12);
	memcpy(metrics->basis_kind, "own_network", 12);
	sample_figures(SK_METRIC_PROCESS, metrics, &number);
	metrics->shed_stage = 0, metrics->outputs_failing = 0, metrics->reload_refused_now = 0;
	metrics->basis_until_ns = metrics->now_ns + INT64_C(82) * 86400 * 1000000000;
	metrics->link_count = SK_COUNT(links);
	for (size_t i = 0; i < SK_COUNT(links); i++) {
		struct sk_metrics_link *link = &metrics->links[i];
		memcpy(link->name, links[i][0], strlen(links[i][0]) + 1);
		memcpy(link->mode, links[i][1], strlen(links[i][1]) + 1);
		sample_figures(SK_METRIC_OF_LINK, link, &number);
		link->lost_ratio = 0;
		link->health = i < 2 ? 2 + i : 0; /* as usual, degraded, not looked at */
		link->received.frames = ++number * 1000003, link->received.bytes = number * 1000000007;
		link->selected.frames = ++number * 11, link->selected.bytes = number * 1301;
		sample_cells(&link->gate, gate, SK_COUNT(gate), &number);
		sample_cells(&link->select, select, SK_COUNT(select), &number);
		sample_cells(&link->lost, lost, SK_COUNT(lost), &number);
		sample_cells(&link->classes, classes, SK_COUNT(classes), &number);
	}
	metrics->worker_count = 2;
	for (size_t i = 0; i < metrics->worker_count; i++) {
		sample_figures(SK_METRIC_OF_WORKER, &metrics->workers[i], &number);
		metrics->workers[i].turn_ns = INT64_C(12000000);
	}
	metrics->finding_count = 2;
	metrics->findings[0] = (struct sk_metrics_finding){.kind = "indicator.domain", .severity = 3, .count = 17, .last_ns = metrics->now_ns - INT64_C(5000000000)};
	metrics->findings[1] = (struct sk_metrics_finding){.kind = "capture_loss", .severity = 2, .count = 1, .last_ns = metrics->now_ns - INT64_C(500000000000)};
}

#endif
