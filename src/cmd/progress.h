/* SPDX-License-Identifier: Apache-2.0 */
/* One line of progress on a terminal, nothing in a pipe. */
#ifndef SK_CMD_PROGRESS_H
#define SK_CMD_PROGRESS_H

#include "capture/capture.h"
#include "cmd/cmd.h"

struct sk_progress {
	struct sk_cmd *cmd;
	const char *file;
	int64_t started_ns, shown_ns;
	bool drawn;
};

/* Start. Draws nothing yet; silent for good when cmd->terminal is false. */
void sk_progress_start(struct sk_progress *progress, struct sk_cmd *cmd);
/* The file that follows. Borrowed. */
void sk_progress_file(struct sk_progress *progress, const char *path);
/* Draw at most five times a second. */
void sk_progress_show(struct sk_progress *progress, const struct sk_capture_stats *stats);
/* Take the line away. */
void sk_progress_clear(struct sk_progress *progress);

#endif
