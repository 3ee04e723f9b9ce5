/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's tests share: a small border, a lab basis, a sink that counts, a run over a capture. */
#ifndef TEST_ENGINE_HARNESS_H
#define TEST_ENGINE_HARNESS_H

#include "border/border_build.h"
#include "engine/engine.h"

struct harness {
	struct sk_border *border;
	struct sk_basis basis;
	struct sk_clock_fake time;
	struct sk_observe_sink sink;
	uint64_t observations, findings, intervals;
	uint64_t frames, gate, select, selected, pending; /* summed over intervals, as accounts say */
	enum sk_err interval_answer;                     /* what the interval callback returns */
	uint8_t transcript[SK_HASH_BYTES];               /* over all observations: two runs agree or not */
};

/* 192.0.2.0/24 and 2001:db8:1::/48 are domestic, 198.51.100.0/24, 203.0.113.0/24, 2001:db8:2::/48 foreign, the rest unknown. False on failure. */
bool harness_start(struct harness *h);
/* Free. */
void harness_stop(struct harness *h);
/* A small engine over the harness; set may be NULL. */
struct sk_engine *harness_engine(struct harness *h, const struct sk_indicator_set *set, uint64_t interval_frames);
/* Read a capture to its end (damage ends it too) and finish; the engine's error. */
enum sk_err harness_run(struct harness *h, struct sk_engine *engine, const char *path);

#endif
