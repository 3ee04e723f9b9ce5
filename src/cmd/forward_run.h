/* SPDX-License-Identifier: Apache-2.0 */
/* One run of sekisho gate: the checks before, admitted frames on to the output and the ledger beside it, the summary's facts after. */
#ifndef SK_CMD_FORWARD_RUN_H
#define SK_CMD_FORWARD_RUN_H

#include "cmd/cmd.h"
#include "cmd/live_input.h"
#include "cmd/workspace.h"
#include "forward/forward.h"

enum { SK_FORWARD_ERRORS_MAX = 64 };

struct sk_forward_options {
	const char *const *captures;
	size_t capture_count;
	const char *output;             /* a path, or "-"; NULL: pass_to */
	const char *pass_to;            /* an interface that frames go out of; live input alone */
	struct sk_live_args live;       /* interface NULL: captures */
	bool pcap, pcapng;              /* neither: as the inputs are */
	uint64_t interval_frames;       /* 0 = default */
};

struct sk_forward_result {
	struct sk_forward_totals totals;
	struct sk_basis basis;
	enum sk_writer_format format;
	bool written;                   /* the output is whole: a file has its name */
	size_t error_count;
	struct sk_fault errors[SK_FORWARD_ERRORS_MAX];
	int exit_code;                  /* of the first error, 0 without */
	uint64_t sliced, upstream_lost;
	struct sk_live_result live;
	uint64_t ledger_size;
	uint8_t ledger_root[SK_HASH_BYTES];
	char origin[SK_KEY_NAME_MAX];
	int64_t wall_ns, cpu_ns;
};

/* Run. The workspace is open and locked. SK_EPERMIT where policy does not let frames be handed on. SK_OK when the run ended in order, even with
   damaged inputs or a full disk (exit_code says so); the result is filled as far as the run got. rule: FORWARD-1 */
SK_MUST enum sk_err sk_forward_run(struct sk_cmd *cmd, struct sk_workspace *workspace, const struct sk_forward_options *options, struct sk_forward_result *result,
				   struct sk_fault *fault);

#endif
