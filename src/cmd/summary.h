/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says at its end: one screen for a person, or one JSON object for a machine. */
#ifndef SK_CMD_SUMMARY_H
#define SK_CMD_SUMMARY_H

#include "cmd/run.h"

/* One screen to cmd->out. */
void sk_summary_print(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_run_options *options, const struct sk_run_result *result);
/* One JSON object and a newline to cmd->out (docs/watch-json.md). */
void sk_summary_json(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_run_result *result);
/* What a class means, in a few words. Static storage. */
const char *sk_summary_class_words(enum sk_class class_);

#endif
