/* SPDX-License-Identifier: Apache-2.0 */
/* engine: the worker loop: gate, decode, flow, detect, select, and the equation. Frames go in by batches, accounts come out by intervals.
   Promises: each frame has exactly one fate; every interval's account is checked before it is handed out, and one that does not close is a bug;
   nothing is collected after the basis ends. Never: opens a file, prints, reads a clock that was not handed in. Thread rule: one engine per worker. */
#ifndef SK_ENGINE_H
#define SK_ENGINE_H

#include "base/clock.h"
#include "capture/frame_source.h"
#include "engine/snapshot.h"
#include "ledger/record.h"
#include "select/select.h"
#include "signature/signature.h"

enum { SK_ENGINE_INTERVAL_FRAMES = 1 << 22, SK_ENGINE_PROTOCOLS = 256, SK_ENGINE_LOST_MAX = 17 };

struct sk_engine_config {
	const struct sk_border *border;         /* borrowed, as all below */
	const struct sk_basis *basis;
	const struct sk_indicator_set *set;     /* NULL: no selector, everything admitted is erased as no_hit */
	const struct sk_rules *rules;           /* NULL: none */
	bool rules_trusted;                     /* what was cached beside them may be used */
	const uint8_t *rules_key;               /* of the hashes of what rules fitted, SK_SIP_KEY_BYTES; NULL: made */
	unsigned workers;                       /* that share the memory which rules may take; 0: 1 */
	const struct sk_observe_sink *sink;
	struct sk_flow_limits flow;
	struct sk_decoder_limits decoder;
	uint64_t interval_frames;               /* 0 = SK_ENGINE_INTERVAL_FRAMES */
	struct sk_clock clock;
	const char *link;                       /* name in the account, e.g. "file" */
};

/* Called when an interval closes, with a checked account (number is the caller's to set). Its error stops the engine: collection without a
   ledger is not allowed (LAW.md 8.3). */
typedef enum sk_err (*sk_engine_interval)(void *context, struct sk_account *account, struct sk_fault *fault);

/* Sums over the run, for summaries. */
struct sk_engine_totals {
	struct sk_cell received, capture_lost, selected;
	size_t lost_count;
	struct sk_cell lost[SK_ENGINE_LOST_MAX];        /* capture_lost by where, named as in the ledger */
	struct sk_cell passed, taken;                   /* between the workers of a crew */
	uint64_t exchange_full;                         /* frames of capture_lost that were lost there */
	struct sk_cell gate[SK_GATE_REASON_COUNT];      /* by reason; index 0 counts the admitted */
	struct sk_cell select[SK_SELECT_REASON_COUNT];
	struct sk_cell classes[SK_CLASS_COUNT];
	uint64_t interface_classes[SK_INTERFACES_MAX][SK_CLASS_COUNT];  /* frames */
	uint64_t interface_erased[SK_INTERFACES_MAX][SK_GATE_REASON_COUNT];
	uint64_t protocols[SK_ENGINE_PROTOCOLS];        /* segments by IP protocol */
	uint64_t apps[SK_APP_COUNT];                    /* segments by enum sk_app */
	uint64_t segments, intervals;
	uint64_t pending_frames, pending_bytes;
	int64_t first_ns, last_ns;                      /* capture time */
	struct sk_flow_counters flow;
	uint64_t heads_shed, facts_shed, flows_shed, spool_full; /* under load: payloads not looked at, segments not asked, frames of flows not opened, records without room */
	uint64_t events_lost;                           /* of detectors, without room */
	uint64_t observations, findings;
};

struct sk_engine; /* opaque */

/* Make one; allocates and touches everything. SK_ENOMEM. */
SK_MUST enum sk_err sk_engine_new(const struct sk_engine_config *config, sk_engine_interval interval, void *context, struct sk_engine **out);
/* Wipe and free (NULL is fine). */
void sk_engine_free(struct sk_engine *engine);
/* Judge and follow count frames (count <= SK_BATCH_MAX). SK_EEXPIRED when the basis ended: nothing of this batch was looked at, the caller finishes.
   Errors of the interval callback are passed on. */
SK_MUST enum sk_err sk_engine_feed(struct sk_engine *engine, struct sk_frame *frames, size_t count, uint64_t upstream_lost, struct sk_fault *fault);
/* Count what the source says of frames that it did not give (erased by a gate in front of this one, or lost), since `before`; *before is moved on. */
void sk_engine_count_source(struct sk_engine *engine, const struct sk_source *source, struct sk_source_counts *before);
/* The input changes: close the interval if anything came in it, so that every interval belongs to one input. Flows go on: rotated captures are one talk. */
SK_MUST enum sk_err sk_engine_end_input(struct sk_engine *engine, struct sk_fault *fault);
/* Close the interval now, whether or not anything came in it: because time has passed to now_ns (INT64_MIN: it has not, the input has no clock), or because
   something beside the frames must be accounted for. What is idle by then ends. */
SK_MUST enum sk_err sk_engine_cut(struct sk_engine *engine, int64_t now_ns, struct sk_fault *fault);
/* The same, and go on by another snapshot (borrowed). rule: RELOAD-1 */
SK_MUST enum sk_err sk_engine_reload(struct sk_engine *engine, const struct sk_snapshot *next, int64_t now_ns, struct sk_fault *fault);
/* Close every segment with the given reason (STOP: end of input; BASIS: the basis ended or the user interrupted) and hand out the last interval.
   Pending is zero afterwards. */
SK_MUST enum sk_err sk_engine_finish(struct sk_engine *engine, enum sk_flow_end end, struct sk_fault *fault);
/* Sums so far. */
void sk_engine_totals(const struct sk_engine *engine, struct sk_engine_totals *out);
/* Bytes in the engine's buffers that are not zero: a test's canary count. */
size_t sk_engine_residue(const struct sk_engine *engine);

#endif
