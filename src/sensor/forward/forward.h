/* SPDX-License-Identifier: Apache-2.0 */
/* forward: hands admitted frames on as a capture (writer.h), byte for byte, so that the tool behind it never sees domestic traffic. The loop: gate, a hold for
   fragments that may hide a tunnel, writer; and the account of every interval.
   Promises: only an admitted frame reaches the output's buffer; each frame has exactly one fate; what is held is bounded and overwritten. rule: FORWARD-2
   Never: decides who may be handed frames (policy does, cmd asks it); opens an input; prints. Thread rule: one per worker. */
#ifndef SK_FORWARD_H
#define SK_FORWARD_H

#include "base/clock.h"
#include "capture/frame_source.h"
#include "decode/decode.h"
#include "forward/writer.h"
#include "ledger/record.h"

/* Why an admitted frame was not handed on. */
enum sk_forward_reason {
#define SK_FORWARD_REASON(name, text, prose) SK_FORWARD_##name,
#include "forward/reason.def"
#undef SK_FORWARD_REASON
	SK_FORWARD_REASON_COUNT
};

/* Bounds of the hold. */
struct sk_forward_limits {
	uint32_t datagrams;   /* fragmented datagrams known at once, default 4096 */
	uint32_t frames;      /* frames held, default 16384 */
	size_t bytes;         /* memory for them, default 8 MiB */
	int64_t timeout_ns;   /* of packet time, default 30 s */
};
/* The defaults above. */
struct sk_forward_limits sk_forward_default_limits(void);

/* Called when an interval closes, with a checked account (number is the caller's to set). Its error ends the handing on: nothing without a ledger. */
typedef enum sk_err (*sk_forward_interval)(void *context, struct sk_account *account, struct sk_fault *fault);

enum { SK_FORWARD_INTERVAL_FRAMES = 1 << 20 };

/* Where admitted frames go instead of into a capture. put: SK_OK, SK_ETOOBIG (this frame alone cannot go), other errors end the handing on. */
struct sk_forward_output {
	void *context;
	enum sk_err (*put)(void *context, const struct sk_frame *frame, struct sk_fault *fault);
};

struct sk_forward_config {
	const struct sk_border *border;   /* borrowed, as all below */
	const struct sk_basis *basis;
	struct sk_writer *writer;               /* NULL: output */
	struct sk_forward_output output;
	struct sk_forward_limits limits;
	uint64_t interval_frames;         /* 0 = SK_FORWARD_INTERVAL_FRAMES */
	struct sk_clock clock;
	const char *link;                 /* name in the account */
};

/* Sums over the run. */
struct sk_forward_totals {
	struct sk_cell received, written, lost;
	struct sk_cell gate[SK_GATE_REASON_COUNT];          /* by reason; index 0 stays empty */
	struct sk_cell erased[SK_FORWARD_REASON_COUNT];
	struct sk_cell classes[SK_CLASS_COUNT];
	uint64_t held_frames;                               /* that waited in the hold, whatever became of them */
	uint64_t intervals, pending_frames, pending_bytes;
	int64_t first_ns, last_ns;                          /* capture time */
};

struct sk_forward; /* opaque */

/* Make one; allocates and touches everything. SK_ENOMEM. */
SK_MUST enum sk_err sk_forward_new(const struct sk_forward_config *config, sk_forward_interval interval, void *context, struct sk_forward **out);
/* Wipe and free (NULL is fine). The writer is its owner's to close. */
void sk_forward_free(struct sk_forward *forward);
/* Judge count <= SK_BATCH_MAX frames and hand on what is admitted. A stream gets it before this returns. SK_EEXPIRED when the basis ended (nothing of the batch
   was looked at); errors of the writer and of the callback. After an error of the writer sk_forward_finish still closes the account. */
SK_MUST enum sk_err sk_forward_feed(struct sk_forward *forward, struct sk_frame *frames, size_t count, uint64_t upstream_lost, struct sk_fault *fault);
/* Count what a source says of frames that it did not give (its sums since it was opened): erased by a gate in front of this one, or lost. now_ns stands in where no
   frame gives a time. */
void sk_forward_count_source(struct sk_forward *forward, const struct sk_source_counts *now, int64_t now_ns);
/* The input changes: close the interval if anything came in it. What is held waits on: rotated captures are one talk. */
SK_MUST enum sk_err sk_forward_end_input(struct sk_forward *forward, struct sk_fault *fault);
/* Erase what is still held, under FRAGMENT_TIMEOUT (end of input) or STOPPED, and hand out the last interval. Pending is zero afterwards. */
SK_MUST enum sk_err sk_forward_finish(struct sk_forward *forward, enum sk_forward_reason reason, struct sk_fault *fault);
/* Sums so far. */
void sk_forward_totals(const struct sk_forward *forward, struct sk_forward_totals *out);
/* Bytes of the hold and of reassembly that are not zero: a test's canary count. */
size_t sk_forward_residue(const struct sk_forward *forward);
/* JSON name of a reason, and its sentence. Static storage. */
const char *sk_forward_reason_name(enum sk_forward_reason reason);
/* The sentence. Static storage. */
const char *sk_forward_reason_prose(enum sk_forward_reason reason);

#endif
