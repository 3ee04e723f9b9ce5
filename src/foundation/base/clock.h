/* SPDX-License-Identifier: Apache-2.0 */
/* The injected clock. Only cmd makes the system clock; every other room is handed one, so that a replay is bit-identical.
   scripts/lint refuses time calls elsewhere. */
#ifndef SK_BASE_CLOCK_H
#define SK_BASE_CLOCK_H

#include <stdint.h>

struct sk_clock {
	int64_t (*unix_ns)(void *context);      /* wall clock, ns since 1970 */
	int64_t (*monotonic_ns)(void *context); /* never goes back */
	int64_t (*cpu_ns)(void *context);       /* CPU time of this process, user and system */
	void *context;
};

/* The clock of this machine. Thread-safe. */
struct sk_clock sk_clock_system(void);

/* A clock that stands still until moved; for tests and replays. */
struct sk_clock_fake {
	int64_t now_unix_ns;
	int64_t now_monotonic_ns;
};
/* A clock that reads *fake, which must outlive it. */
struct sk_clock sk_clock_of_fake(struct sk_clock_fake *fake);

#endif
