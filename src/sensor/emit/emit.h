/* SPDX-License-Identifier: Apache-2.0 */
/* emit: EVE-style JSON lines (flow, alert, a line a protocol) of what was selected, as other tools read them. Takes only observations and findings.
   Promises: one valid JSON object a line; a failed write is told once and counted; in a file that rolls no half line ever stays. Thread rule: one emitter per file. */
#ifndef SK_EMIT_H
#define SK_EMIT_H

#include <stdio.h>

#include "base/clock.h"
#include "base/rolling.h"
#include "observe/observe.h"
#include "rules/rules.h"

struct sk_emit; /* opaque */

/* Write to path ("-" = standard output); the file is replaced. sensor names this sensor in each line. SK_EIO. Caller closes. */
SK_MUST enum sk_err sk_emit_open(const char *path, const char *sensor, struct sk_emit **out, struct sk_fault *fault);
/* Append to path, put aside by size and age (base/rolling.h): for a service that writes for months. Readable by owner and group. SK_EIO, SK_ENOSPC. Caller closes. */
SK_MUST enum sk_err sk_emit_open_rolling(const char *path, const char *sensor, const struct sk_rolling_limits *limits, struct sk_clock clock, struct sk_emit **out,
					 struct sk_fault *fault);
/* Of a rolling one: about once a second, write and put aside what is due. Nothing otherwise, as all four. */
void sk_emit_tick(struct sk_emit *emit);
/* Write and sync all that waits: at the end of an interval. SK_ENOSPC, SK_EIO: it waits on. */
SK_MUST enum sk_err sk_emit_sync(struct sk_emit *emit, struct sk_fault *fault);
/* Open the file anew (SIGHUP), with other limits (NULL: the same). SK_EIO: the old one stays in use. */
SK_MUST enum sk_err sk_emit_reopen(struct sk_emit *emit, const struct sk_rolling_limits *limits, struct sk_fault *fault);
/* What became of the lines; zeros for one that does not roll. */
void sk_emit_stats(const struct sk_emit *emit, struct sk_rolling_stats *out);
/* From now on each line names the basis, and says when it approved itself or is a simulation. */
void sk_emit_mark(struct sk_emit *emit, const char *basis_id, bool self_approved, bool simulated);
/* Rules that findings of kind indicator.command are of (borrowed): an alert says what its rule says of itself. */
void sk_emit_rules(struct sk_emit *emit, const struct sk_rules *rules);
/* Flush and close; SK_ENOSPC, SK_EIO when any write failed. */
SK_MUST enum sk_err sk_emit_close(struct sk_emit *emit, struct sk_fault *fault);
/* One observation: a "flow" line, then a line for each protocol of which it keeps something ("dns", "tls", "quic", "http", "ssh", "modbus" ...). */
void sk_emit_observation(struct sk_emit *emit, const struct sk_observation *observation, const uint8_t id[16]);
/* One finding: an "alert" line; without evidence, that is about the sensor itself, an "engine" line. */
void sk_emit_finding(struct sk_emit *emit, const struct sk_finding *finding, const struct sk_observation *evidence);

#endif
