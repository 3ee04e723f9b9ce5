/* SPDX-License-Identifier: Apache-2.0 */
/* journal/notify.h: what the service manager is told, by sd_notify(3)'s protocol: lines NAME=VALUE in one datagram to the UNIX socket that NOTIFY_SOCKET names.
   Our own sender and not libsystemd: the protocol is stable and public, and the library would bring six others into a process that holds frames.
   Promises: never waits; a manager that is gone is no error. Never: another socket than that one. Thread rule: any one thread. */
#ifndef SK_JOURNAL_NOTIFY_H
#define SK_JOURNAL_NOTIFY_H

#include "base/base.h"

struct sk_notify; /* opaque */

/* socket: the value of NOTIFY_SOCKET ("/path" or "@abstract"), NULL or "": no service manager, and every call below does nothing. watchdog_usec: the value of WATCHDOG_USEC or
   NULL. watchdog_pid: of WATCHDOG_PID or NULL; another process' watchdog is none of ours. SK_EUSAGE (another kind of socket), SK_EIO, SK_ENOMEM. Caller closes. */
SK_MUST enum sk_err sk_notify_open(const char *socket, const char *watchdog_usec, const char *watchdog_pid, struct sk_notify **out, struct sk_fault *fault);
/* NULL is fine. */
void sk_notify_close(struct sk_notify *notify);
/* How often the manager wants a sign of life: half of what it grants, in ns; 0: it does not. */
int64_t sk_notify_watchdog_ns(const struct sk_notify *notify);
/* READY=1, with a STATUS= (one line, NULL: none). Also the end of a reload. */
void sk_notify_ready(struct sk_notify *notify, const char *status);
/* RELOADING=1, with the time on CLOCK_MONOTONIC that it wants. */
void sk_notify_reloading(struct sk_notify *notify, int64_t monotonic_ns);
/* STOPPING=1. */
void sk_notify_stopping(struct sk_notify *notify);
/* WATCHDOG=1: whoever calls has just seen that all threads turn. */
void sk_notify_alive(struct sk_notify *notify);
/* STATUS=: one line for systemctl status; figures and link names, never an address. Control bytes become '?'. */
void sk_notify_status(struct sk_notify *notify, const char *status);
/* Datagrams that nobody took. */
uint64_t sk_notify_lost(const struct sk_notify *notify);

#endif
