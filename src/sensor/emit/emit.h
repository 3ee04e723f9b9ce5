/* SPDX-License-Identifier: Apache-2.0 */
/* emit: EVE-style JSON lines (flow, alert, a line a protocol) of what was selected, as other tools read them. Takes only observations and findings.
   Promises: one valid JSON object a line; a failed write is told once and counted. Thread rule: one emitter per file. */
#ifndef SK_EMIT_H
#define SK_EMIT_H

#include <stdio.h>

#include "observe/observe.h"

struct sk_emit; /* opaque */

/* Write to path ("-" = standard output); the file is replaced. sensor names this sensor in each line. SK_EIO. Caller closes. */
SK_MUST enum sk_err sk_emit_open(const char *path, const char *sensor, struct sk_emit **out, struct sk_fault *fault);
/* From now on each line names the basis, and says when it approved itself or is a simulation. */
void sk_emit_mark(struct sk_emit *emit, const char *basis_id, bool self_approved, bool simulated);
/* Flush and close; SK_ENOSPC, SK_EIO when any write failed. */
SK_MUST enum sk_err sk_emit_close(struct sk_emit *emit, struct sk_fault *fault);
/* One observation: a "flow" line, then a line for each protocol of which it keeps something ("dns", "tls", "quic", "http", "ssh", "modbus" ...). */
void sk_emit_observation(struct sk_emit *emit, const struct sk_observation *observation, const uint8_t id[16]);
/* One finding: an "alert" line; without evidence, that is about the sensor itself, an "engine" line. */
void sk_emit_finding(struct sk_emit *emit, const struct sk_finding *finding, const struct sk_observation *evidence);

#endif
