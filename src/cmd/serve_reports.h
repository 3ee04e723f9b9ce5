/* SPDX-License-Identifier: Apache-2.0 */
/* The list of damage reports that `sekisho serve` answers itself: folded once, and again when the ledger's head changed. No key stays in memory. */
#ifndef SK_CMD_SERVE_REPORTS_H
#define SK_CMD_SERVE_REPORTS_H

#include "cmd/cmd.h"
#include "web/reports.h"

/* Make it for the centre in folder (borrowed); nothing is opened before the first question, or sk_serve_reports_warm. SK_ENOMEM. */
SK_MUST enum sk_err sk_serve_reports_new(struct sk_cmd *cmd, const char *folder, struct sk_web_reports **out, struct sk_fault *fault);
/* Fold what is there, so that the first question does not wait for it. What goes wrong is told when somebody asks. */
void sk_serve_reports_warm(struct sk_web_reports *reports, int64_t now_ns);
/* Free (NULL is fine). */
void sk_serve_reports_free(struct sk_web_reports *reports);

#endif
