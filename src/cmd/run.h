/* SPDX-License-Identifier: Apache-2.0 */
/* One run over captures in a workspace: the checks before, the collector (store, ledger, EVE) during, the summary's facts after. */
#ifndef SK_CMD_RUN_H
#define SK_CMD_RUN_H

#include "capture/capture.h"
#include "cmd/cmd.h"
#include "cmd/countries.h"
#include "cmd/exports.h"
#include "cmd/live_input.h"
#include "cmd/workspace.h"
#include "engine/crew.h"

enum { SK_RUN_FINDINGS_MAX = 1024, SK_RUN_ERRORS_MAX = 64, SK_RUN_FLOWS_MIN = 1024, SK_RUN_FLOWS_MAX = 1 << 25 };

struct sk_run_options {
	const char *const *captures;
	size_t capture_count;
	const char *eve_path;          /* NULL: none */
	const char *syslog_path;       /* NULL: none */
	const char *ipfix_where;       /* a peer or a file; NULL: none */
	const char *brands_path;       /* NULL: the workspace's, or the program's */
	bool show_muted;               /* muted findings as all others */
	bool again;                    /* watch inputs that were watched before */
	uint64_t interval_frames;      /* 0 = default */
	int64_t health_learn_ns;       /* the link's health is looked at after so long of learning; 0: it is not */
	bool no_heads;                 /* flows alone: no payload is looked at */
	uint32_t flows;                /* places of the flow tables; 0 = default */
	unsigned workers;              /* 0 = 1: this thread alone. Where flow exports are read: 1 */
	struct sk_live_args live;      /* interface NULL: captures */
	struct sk_exports_options exports; /* flow exports out of the inputs, or off the network instead of inputs */
};

struct sk_run_result {
	struct sk_engine_totals totals;
	struct sk_exports_result exports;
	struct sk_basis basis;
	struct sk_indicator_facts set;
	bool has_set;
	uint64_t rules;                /* of byte patterns */
	bool has_countries;            /* the border table names some */
	struct sk_countries_record countries;
	size_t finding_count;          /* kept, folded by kind, value and own side */
	uint64_t findings_not_kept;
	size_t muted_count;            /* findings that were counted and not shown */
	uint8_t muted[SK_RUN_FINDINGS_MAX][16]; /* their ids */
	struct sk_finding findings[SK_RUN_FINDINGS_MAX];
	size_t error_count;
	struct sk_fault errors[SK_RUN_ERRORS_MAX];
	int exit_code;                 /* of the first error, 0 without */
	unsigned interface_count;
	char interface_names[SK_INTERFACES_MAX][32];
	struct sk_live_result live;
	bool has_health;               /* the link's health was looked at */
	struct sk_pulse_state health;  /* at the end */
	uint64_t sliced, odd_length, time_backwards, upstream_lost, read_bytes;
	uint64_t ledger_size;
	uint8_t ledger_root[SK_HASH_BYTES];
	char origin[SK_KEY_NAME_MAX];
	uint64_t rows_rolled_back, frames_lost_in_crash;
	bool recovered;
	unsigned workers;
	int64_t wall_ns, cpu_ns, start_cpu_ns; /* of the run proper; start-up apart */
};

/* Run. The workspace is open and locked. Result is filled as far as the run got, also on error (the fault is then also in errors).
   Returns SK_OK when the run ended in order, even with damaged inputs (exit_code says so). */
SK_MUST enum sk_err sk_run(struct sk_cmd *cmd, struct sk_workspace *workspace, const struct sk_run_options *options, struct sk_run_result *result, struct sk_fault *fault);

#endif
