/* SPDX-License-Identifier: Apache-2.0 */
/* A bell wakes one thread that sleeps. Who has work for it rings; that costs one load where nobody sleeps. Who wants to sleep says so, looks once more for work, and
   only then sleeps: both sides' accesses are sequentially consistent, so one of them sees the other, and no wake-up is lost.
   It sleeps in poll(2) and never elsewhere, so that a source's descriptor can wake it too. Thread rule: one sleeper, any number of ringers. */
#ifndef SK_ENGINE_BELL_PRIV_H
#define SK_ENGINE_BELL_PRIV_H

#include <stdatomic.h>

#include "base/base.h"

enum { SK_BELLS_MAX = 16 };

struct sk_bell {
	_Alignas(64) atomic_uint asleep; /* or about to */
	int fd;                          /* an eventfd */
};

/* SK_EIO: no descriptor left. */
SK_MUST enum sk_err sk_bell_init(struct sk_bell *bell, struct sk_fault *fault);
/* Close. */
void sk_bell_fini(struct sk_bell *bell);
/* Wake the sleeper, if it sleeps or is about to. The one call for a sleep: the others of it cost a load. */
void sk_bell_ring(struct sk_bell *bell);
/* About to sleep: from now on ringers wake. Look for work after this; then sk_bell_sleep, or sk_bell_stay when there was some. */
void sk_bell_doze(struct sk_bell *bell);
void sk_bell_stay(struct sk_bell *bell);
/* Sleep until it rings, until the descriptor (-1: none) is readable, a signal comes, or the time is over. */
void sk_bell_sleep(struct sk_bell *bell, int descriptor, int longest_ms);
/* The same until any of them rings; at most SK_BELLS_MAX, all heard by the caller. */
void sk_bells_sleep(struct sk_bell *const *bells, size_t count, int descriptor, int longest_ms);

#endif
