/* SPDX-License-Identifier: Apache-2.0 */
/* emit/syslog.h: findings as RFC 5424 lines over a UNIX datagram socket, one line a finding: what this run says again of a finding that it told is left out, unless
   it is about the sensor itself or its link: then each time is an event.
   A line names addresses where the finding does: that is what an alert is for.
   Promises: a logger that is gone or slow never ends a run; lost lines are counted and told once at the close. Never: a network socket.
   Thread rule: one per thread. */
#ifndef SK_SYSLOG_H
#define SK_SYSLOG_H

#include "observe/observe.h"

enum { SK_SYSLOG_LINE_MAX = 2048 };

struct sk_syslog; /* opaque */

/* path: of the logger's socket, "/dev/log" by custom; "unix:PATH" is the same. host and process go into each line; host "" is written as "-".
   SK_EUSAGE (a path too long for a socket, or a peer of another kind), SK_ENOENT, SK_EIO (nobody listens there), SK_ENOMEM. Caller closes. */
SK_MUST enum sk_err sk_syslog_open(const char *path, const char *host, int process, struct sk_syslog **out, struct sk_fault *fault);
/* As sk_emit_mark: each line names the basis, and says when it is a simulation. */
void sk_syslog_mark(struct sk_syslog *syslog, const char *basis_id, bool simulated);
/* One line, unless this finding was told before. Waits for a slow logger, but not long. */
void sk_syslog_finding(struct sk_syslog *syslog, const struct sk_finding *finding);
/* Lines that the logger did not take. */
uint64_t sk_syslog_lost(const struct sk_syslog *syslog);
/* Close. SK_EIO when lines were lost; the fault says how many. */
SK_MUST enum sk_err sk_syslog_close(struct sk_syslog *syslog, struct sk_fault *fault);
/* The line itself, without an end of line. For tests. */
void sk_syslog_format(const struct sk_syslog *syslog, const struct sk_finding *finding, struct sk_buf *out);

#endif
