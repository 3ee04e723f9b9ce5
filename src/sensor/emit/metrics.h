/* SPDX-License-Identifier: Apache-2.0 */
/* emit/metrics.h: what the sensor tells of itself in figures: a snapshot of plain counters, its text for Prometheus, its form for sekisho top, and the judgement of health.
   Promises: labels are words of tables, numbers, and the links' names of the configuration (which can be neither address nor domain); nothing here was ever in a frame.
   rule: METRIC-1. Never: asks for a figure; whoever holds them fills the snapshot. Thread rule: a snapshot belongs to whoever filled it. */
#ifndef SK_EMIT_METRICS_H
#define SK_EMIT_METRICS_H

#include "base/buf.h"
#include "ledger/record.h"

enum {
	SK_METRICS_LINKS_MAX = 48, SK_METRICS_WORKERS_MAX = 256, SK_METRICS_FINDINGS_MAX = 64, SK_METRICS_LABEL_MAX = 32, SK_METRICS_TEXT_MAX = 8 << 20,
	SK_HEALTH_REASONS_MAX = 64
};

#define SK_METRICS_T_COUNT uint64_t
#define SK_METRICS_T_BYTES uint64_t
#define SK_METRICS_T_FLAG uint64_t
#define SK_METRICS_T_RATIO uint64_t
#define SK_METRICS_T_SECONDS int64_t
#define SK_METRICS_T_TIME int64_t
#define SK_METRICS_MEMBER(member, name, kind, unit, help) SK_METRICS_T_##unit member;

/* A list of counts; names are words of tables. */
struct sk_metrics_cells {
	size_t count;
	struct sk_cell cells[SK_CELLS_MAX];
};
struct sk_metrics_link {
	char name[SK_METRICS_LABEL_MAX]; /* links[].name */
	char mode[SK_METRICS_LABEL_MAX]; /* a word: "xdp", "packet", "export" */
#define SK_METRIC_LINK SK_METRICS_MEMBER
#define SK_METRIC_LINK_CELL(member, name, help) struct sk_cell member;
#define SK_METRIC_LINK_CELLS(member, name, label, help) struct sk_metrics_cells member;
#include "emit/metrics.def"
};
struct sk_metrics_worker {
#define SK_METRIC_WORKER SK_METRICS_MEMBER
#include "emit/metrics.def"
};
struct sk_metrics_finding {
	char kind[SK_METRICS_LABEL_MAX]; /* of the finding: a word of a table, such as "indicator.domain" */
	uint64_t severity, count;        /* 1 low .. 3 high */
	int64_t last_ns;
};
struct sk_metrics {
	int64_t now_ns;                  /* when the snapshot was filled; unix */
	int64_t monotonic_ns;
	char version[SK_METRICS_LABEL_MAX], profile[SK_METRICS_LABEL_MAX], basis_kind[SK_METRICS_LABEL_MAX];
#define SK_METRIC SK_METRICS_MEMBER
#include "emit/metrics.def"
	size_t link_count, worker_count, finding_count;
	struct sk_metrics_link links[SK_METRICS_LINKS_MAX];
	struct sk_metrics_worker workers[SK_METRICS_WORKERS_MAX];
	struct sk_metrics_finding findings[SK_METRICS_FINDINGS_MAX]; /* by kind and severity */
};

/* Who holds the figures. fill writes all of *out, which is zeroed before. */
struct sk_metrics_source {
	void (*fill)(void *context, struct sk_metrics *out);
	void *context;
};

/* Is text fit for a label: a letter, then letters, digits, and _ . - ; and no address? What is not makes the writers below stop the process. */
bool sk_metrics_label_fits(const char *text);
/* Append the snapshot in Prometheus' text form 0.0.4. Fails the buffer past its limit alone. rule: METRIC-1 */
void sk_metrics_text(const struct sk_metrics *metrics, struct sk_buf *out);

/* ---- health ---- */

enum sk_health_state { SK_HEALTH_OK, SK_HEALTH_DEGRADED, SK_HEALTH_FAILING };
enum sk_health_reason {
#define SK_HEALTH(symbol, word, state, says, help) SK_HEALTH_##symbol,
#include "emit/health.def"
	SK_HEALTH_REASON_COUNT
};
struct sk_health_limits {
	int64_t stale_ns, basis_ends_ns;
	uint64_t loss_ppm, loss_failing_ppm, min_free_bytes;
};
struct sk_health {
	enum sk_health_state state;
	size_t count;
	struct {
		enum sk_health_reason reason;
		unsigned number; /* of the link or worker */
	} reasons[SK_HEALTH_REASONS_MAX]; /* in the order of health.def; what finds no place is as bad as what stands here */
};

/* "ok", "degraded", "failing". Static storage. */
const char *sk_health_state_name(enum sk_health_state state);
/* Name of a reason. Static storage. */
const char *sk_health_reason_name(enum sk_health_reason reason);
/* What is said of it, with {link} and {worker}. Static storage. */
const char *sk_health_reason_says(enum sk_health_reason reason);
/* Judge a snapshot. */
void sk_health_judge(const struct sk_metrics *metrics, const struct sk_health_limits *limits, struct sk_health *out);
/* What is said of reason i, its link or worker filled in, appended as text. */
void sk_health_say(const struct sk_metrics *metrics, const struct sk_health *health, size_t i, struct sk_buf *out);
/* Append {"reasons":[{"link"|"worker":..,"reason":..,"says":..}],"state":..} as canonical JSON. */
void sk_health_json(const struct sk_metrics *metrics, const struct sk_health *health, struct sk_buf *out);

/* ---- the form that sekisho top reads ---- */

/* Append snapshot and health as canonical JSON: every figure under its member's name. */
void sk_status_json(const struct sk_metrics *metrics, const struct sk_health *health, struct sk_buf *out);
/* Read that form back. SK_EMALFORMED with what was expected; SK_ENOMEM. What is not known is left out, so that an older top reads a newer sensor. */
SK_MUST enum sk_err sk_status_read(const char *json, size_t length, struct sk_metrics *metrics, struct sk_health *health, struct sk_fault *fault);

/* ---- the table ---- */

struct sk_metric_facts {
	const char *name, *kind, *unit, *labels, *help; /* name without the prefix, with its suffix */
};
/* Figure number i of the table, in its order; false behind the last. */
bool sk_metric_facts(size_t i, struct sk_metric_facts *out);

#endif
