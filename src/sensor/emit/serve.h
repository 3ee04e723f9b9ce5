/* SPDX-License-Identifier: Apache-2.0 */
/* emit/serve.h: GET /metrics, /health and /status over a UNIX socket, and over a listening socket that the caller made (loopback TCP). libmicrohttpd reads and
   writes HTTP; it is turned by the caller's thread and makes none of its own, so the figures need no lock.
   Promises: answers hold figures alone (metrics.h); a client that is slow, silent or hostile costs one of a few places for a few seconds and never the caller's time.
   Never: takes a body or another method than GET and HEAD; looks at a query; makes a network socket. Thread rule: one server, one thread. */
#ifndef SK_EMIT_SERVE_H
#define SK_EMIT_SERVE_H

#include "emit/metrics.h"

enum { SK_SERVE_CLIENTS_MAX = 16, SK_SERVE_TIMEOUT_S = 5 };

struct sk_serve_options {
	const char *path;   /* of the UNIX socket; NULL: none. A socket that is left from a run that died is replaced; anything else that stands there is not */
	unsigned mode;      /* of the socket's file, e.g. 0660 */
	int tcp_fd;         /* a listening socket, taken over; -1: none */
	struct sk_metrics_source source;
	struct sk_health_limits limits;
};

struct sk_serve; /* opaque */

/* Listen. SK_EUSAGE (path too long, or something stands there), SK_EIO, SK_ENOMEM. On an error tcp_fd is closed too. Caller closes. */
SK_MUST enum sk_err sk_serve_open(const struct sk_serve_options *options, struct sk_serve **out, struct sk_fault *fault);
/* Descriptors to wait for (readable) until the next sk_serve_turn: at most 2 into fds, their number. */
size_t sk_serve_fds(const struct sk_serve *serve, int fds[2]);
/* Answer what can be answered now; never waits. To be called when a descriptor is readable, and about once a second. */
void sk_serve_turn(struct sk_serve *serve);
/* Other limits of health from now on. */
void sk_serve_limits(struct sk_serve *serve, const struct sk_health_limits *limits);
/* Requests answered. */
uint64_t sk_serve_requests(const struct sk_serve *serve);
/* Close, remove the socket's file (NULL is fine). */
void sk_serve_close(struct sk_serve *serve);

#endif
