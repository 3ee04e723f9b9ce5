/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of metrics.def as data, for the text and for the form of top. */
#ifndef SK_EMIT_METRICS_PRIV_H
#define SK_EMIT_METRICS_PRIV_H

#include "emit/metrics.h"

enum sk_metric_scope { SK_METRIC_PROCESS, SK_METRIC_OF_LINK, SK_METRIC_OF_WORKER, SK_METRIC_SCOPES };
enum sk_metric_unit { SK_METRIC_COUNT, SK_METRIC_BYTES, SK_METRIC_FLAG, SK_METRIC_RATIO, SK_METRIC_SECONDS, SK_METRIC_TIME, SK_METRIC_CELL, SK_METRIC_CELLS };
enum { SK_METRIC_ROWS_MAX = 96 };

struct sk_metric_row {
	const char *member, *name;
	uint8_t scope, unit;
	bool counter;
	const char *label; /* CELLS: "reason", "class" */
	size_t at;         /* offset in the struct of the scope */
	const char *help;
};

/* The rows, in the table's order. */
const struct sk_metric_row *sk_metric_rows(size_t *count);
/* Numbers of the rows of a scope, ordered by member: the order that canonical JSON wants. cells: those of cells, else those of plain figures. */
size_t sk_metric_sorted(enum sk_metric_scope scope, bool cells, size_t numbers[SK_METRIC_ROWS_MAX]);

#endif
