/* SPDX-License-Identifier: Apache-2.0 */
/* Ask a running sensor for its figures over its UNIX socket: one GET, one answer. */
#ifndef SK_CMD_TOP_ASK_H
#define SK_CMD_TOP_ASK_H

#include "emit/metrics.h"

/* One snapshot from the socket at path, waiting at most timeout_ms for each step. body (limit SK_METRICS_TEXT_MAX) gets the answer as it came. SK_ENOENT (no such socket), SK_EIO (nobody listens there, or no
   answer in time), SK_EPERMS (not ours to read), SK_EMALFORMED (no answer of a sensor). */
SK_MUST enum sk_err sk_top_ask(const char *path, int timeout_ms, struct sk_buf *body, struct sk_metrics *metrics, struct sk_health *health, struct sk_fault *fault);

#endif
