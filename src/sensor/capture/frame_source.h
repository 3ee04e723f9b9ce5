/* SPDX-License-Identifier: Apache-2.0 */
/* frame_source: where a worker's frames come from, whatever it is: a capture file, a pipe, a queue of an interface. A worker calls next until it has ended.
   Promises of a source: a frame is delivered once; what next gave stays valid until next is called again, and is overwritten then; no allocation in any call.
   What never reaches the worker (lost, or erased by a gate in the kernel) is in counts. Thread rule: the calls are made by the thread of one worker. */
#ifndef SK_FRAME_SOURCE_H
#define SK_FRAME_SOURCE_H

#include "capture/capture.h"
#include "ledger/record.h"

enum { SK_SOURCE_CELLS_MAX = 16, SK_SOURCE_FULL = 1000 /* of backlog */ };

/* Does the interface say that something is at its other end? */
enum sk_source_carrier { SK_SOURCE_CARRIER_UNKNOWN, SK_SOURCE_CARRIER_UP, SK_SOURCE_CARRIER_DOWN };

/* What became of frames that next does not give, since the source was opened. Every sum only grows. */
struct sk_source_counts {
	size_t lost_count;                        /* offered by the link, judged by nobody: where it happened, by a name for the ledger's capture_lost */
	struct sk_cell lost[SK_SOURCE_CELLS_MAX]; /* bytes stay 0 where the kernel does not tell them */
	size_t erased_count;                      /* judged and dropped by a gate in the kernel, by a name of gate/reason.def */
	struct sk_cell erased[SK_SOURCE_CELLS_MAX];
	struct sk_cell classes[SK_CLASS_COUNT];   /* the classes of those erased; names are not looked at */
	uint64_t upstream_lost;                   /* losses that the input itself reports: beside the equation */
	uint8_t carrier;                          /* enum sk_source_carrier, at present */
	uint64_t read_bytes, source_bytes;        /* progress, as capture.h has it; 0: there is none */
};

struct sk_source {
	void *context;
	/* Overwrite what the last call gave, then fill up to SK_BATCH_MAX frames. SK_OK with *count 0: the end. SK_EMORE with *count 0: nothing at present, call
	   again (after waiting for descriptor); it waits itself at most a tenth of a second. Any other error ends the source; *count frames before it are good. */
	enum sk_err (*next)(void *context, struct sk_frame frames[SK_BATCH_MAX], size_t *count, struct sk_fault *fault);
	/* The sums so far. NULL: there are none. */
	void (*counts)(void *context, struct sk_source_counts *out);
	/* Nobody may look any more: overwrite unread what is still to come, and count it as lost. The last call but counts. NULL: there is nothing (a file). */
	void (*stop)(void *context);
	/* How full its queue is, 0 to SK_SOURCE_FULL: what shedding goes by. NULL: it has no queue that could overflow (a file waits). */
	unsigned (*backlog)(void *context);
	int descriptor; /* readable when next has something; -1: next waits itself, or never has to */
};

/* A capture as a source. The interfaces of its frames are numbered from interface_base. */
struct sk_capture_source {
	struct sk_capture *capture; /* borrowed */
	unsigned interface_base;
};

/* The calls over *capture, which must outlive the source. */
struct sk_source sk_source_of_capture(struct sk_capture_source *capture);

#endif
