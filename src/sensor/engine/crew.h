/* SPDX-License-Identifier: Apache-2.0 */
/* The crew: workers that share frames, and the collector's side of them. Each worker is one thread with an engine of its own; nothing on the path of a frame is shared
   and there is no lock. The thread that calls sk_crew_run is the collector: the sink and every callback are called in it alone. docs/live.md has the whole.
   Promises: the same capture gives the same observations, flows and counters with any number of workers; an interval is one cut through all of them and lies under
   one snapshot; nothing is allocated by a worker after sk_crew_new. Never: opens a file, prints, reads a clock that was not handed in. */
#ifndef SK_CREW_H
#define SK_CREW_H

#include "capture/frame_source.h"
#include "engine/engine.h"
#include "engine/snapshot.h"
#include "pulse/pulse.h"

enum { SK_CREW_WORKERS_MAX = 64, SK_CREWS_MAX = 16, SK_CREW_RING_BYTES = 4 << 20, SK_CREW_RING_MIN_BYTES = 1 << 18 };

struct sk_crew_config {
	unsigned workers;                 /* 1 to SK_CREW_WORKERS_MAX */
	unsigned sources;                 /* 1: worker 0 receives and feeds the others; or as many as workers: each has its own */
	bool threads;                     /* false, for one worker only: it works in the thread of sk_crew_run, and no ring is made */
	bool live;                        /* frames do not wait: what finds a ring full is lost or shed, and counted; flows are timed by the monotonic clock; load is
					     shed; intervals without a frame are told too */
	bool waits;                       /* live: a full ring is waited for all the same, for what the source has not given yet is not lost (a pipe); no load is shed */
	bool no_own_findings;             /* say nothing of ourselves where much was lost or shed */
	int64_t health_learn_ns;          /* the link's health is looked at, after so long of learning (SK_PULSE_LEARN_S; pulse/pulse.h); 0: it is not */
	const struct sk_rules *rules;     /* of byte patterns, borrowed; NULL: none. They stay as they are while the crew lives */
	bool rules_trusted;               /* what was cached beside them may be used */
	bool flow_of_each;                /* the limits of flows are each worker's; else the crew's, shared out */
	struct sk_flow_limits flow;
	struct sk_decoder_limits decoder; /* of each worker */
	uint64_t interval_frames;         /* with one source; 0 = SK_ENGINE_INTERVAL_FRAMES, UINT64_MAX = no bound */
	int64_t interval_ns;              /* 0 = no bound */
	size_t exchange_bytes, spool_bytes; /* of each ring between two workers, and to the collector; 0 = SK_CREW_RING_BYTES, at least SK_CREW_RING_MIN_BYTES */
	uint32_t frame_bytes;             /* the longest frame that a source gives; 0 = SK_FRAME_MAX_BYTES. Rings hold four of them at least */
	const char *link;                 /* name in the account */
	const struct sk_brands *brands;   /* for detectors of lookalikes; may be NULL; borrowed */
	struct sk_clock clock;
	const struct sk_observe_sink *sink;

	void *context;                    /* of the callbacks */
	/* In each worker's thread, before anything else it does: the place for walls, for its processor. Its error is that of sk_crew_start. NULL: nothing. */
	enum sk_err (*enter)(void *context, unsigned worker, struct sk_fault *fault);
	/* An interval closed under that snapshot; as sk_engine_interval. */
	enum sk_err (*interval)(void *context, struct sk_account *account, const struct sk_snapshot *snapshot, struct sk_fault *fault);
	/* No worker will look at this snapshot again. NULL: not told. */
	void (*passed)(void *context, const struct sk_snapshot *snapshot);
	/* A source was damaged, or failed: it ends there. NULL: not told. */
	void (*damaged)(void *context, unsigned source, const struct sk_fault *fault);
	/* Called some twenty times a second while the crew runs, more often without threads. Its error ends sk_crew_run. NULL: not called. */
	enum sk_err (*tick)(void *context, struct sk_fault *fault);
	/* No more may be taken, for this reason (the basis ended, an error of tick): the sources are about to be stopped. Of the first crew. NULL: not told. */
	void (*stopping)(void *context, enum sk_err why);
};

/* One worker's sums, as of about a tenth of a second ago. */
struct sk_crew_stats {
	struct sk_cell received, selected, passed, taken;
	struct sk_cell gate[SK_GATE_REASON_COUNT], select[SK_SELECT_REASON_COUNT], classes[SK_CLASS_COUNT];
	struct sk_cell source_erased;              /* of gate: by a gate in front of the source */
	uint64_t lost_count, exchange_full;        /* the second: frames that were lost between workers, also a cell of the first */
	struct sk_cell lost[SK_ENGINE_LOST_MAX];   /* capture_lost, by where */
	uint64_t observations, findings, segments, intervals;
	uint64_t flows_created, flows_evicted, flows_live, stream_heads_shed, facts_closed_early;
	uint64_t heads_shed, facts_shed, flows_shed, spool_full, shed; /* under load; the present level */
	uint64_t events_lost;                      /* of detectors, that found no room to the collector */
	uint64_t backlog, exchange_fill, spool_fill; /* thousandths */
	uint64_t snapshot;                         /* the number of the one that it works by */
	uint64_t read_bytes, source_bytes, upstream_lost;
	int64_t told_ns, waited_ns;                /* when it told, by the monotonic clock; so long it has waited since the start */
};

/* The eventfds of a worker's bells: for a filter of system calls. */
struct sk_crew_bells {
	int hears;
	int rings[SK_CREW_WORKERS_MAX];
	size_t ring_count;
};

struct sk_crew; /* opaque */

/* Make a crew that works by *snapshot (borrowed until it is told as passed, or the crew is freed). Allocates and touches everything;
   makes no thread. SK_ENOMEM, SK_EIO. */
SK_MUST enum sk_err sk_crew_new(const struct sk_crew_config *config, const struct sk_snapshot *snapshot, struct sk_crew **out, struct sk_fault *fault);
/* Start the threads, if the crew has any; returns when each has entered. What follows does it, where nobody did before. SK_EIO, errors of enter. */
SK_MUST enum sk_err sk_crew_start(struct sk_crew *crew, struct sk_fault *fault);
/* What a worker hears and rings. */
void sk_crew_bells(const struct sk_crew *crew, unsigned worker, struct sk_crew_bells *out);
/* Stop the threads, wipe and free (NULL is fine). Without sk_crew_finish before, what was open is lost, as by a crash. */
void sk_crew_free(struct sk_crew *crew);
/* Take frames from the sources (config.sources of them) until all have ended. On return no worker uses them any more.
   SK_EEXPIRED, SK_EFUTURE, SK_ESUSPENDED: the basis ended; errors of tick: the caller finishes. Errors of interval, SK_EINCONSISTENT: nothing may go on. */
SK_MUST enum sk_err sk_crew_run(struct sk_crew *crew, const struct sk_source *sources, struct sk_fault *fault);
/* The same for several crews with threads and one collector, each with its own sources (sources[i] are those of crews[i]), until all have ended. The first one's tick
   and stopping are called. Their cuts are one: all are ordered together, and of a crew that has told its interval nothing is taken before the others have told theirs. So what comes to the sink
   between the last interval of one cut and that of the next belongs to the next. sk_crew_reload is to be called for all or none. At most SK_CREWS_MAX. */
SK_MUST enum sk_err sk_crews_run(struct sk_crew *const *crews, const struct sk_source *const *sources, size_t count, struct sk_fault *fault);
/* The input changes: close the interval if anything came in it. Between two runs. */
SK_MUST enum sk_err sk_crew_end_input(struct sk_crew *crew, struct sk_fault *fault);
/* Close every segment (STOP: end of input; BASIS: the basis ended or the user interrupted), hand out the last interval, end the threads. */
SK_MUST enum sk_err sk_crew_finish(struct sk_crew *crew, enum sk_flow_end end, struct sk_fault *fault);
/* The same for several together. */
SK_MUST enum sk_err sk_crews_finish(struct sk_crew *const *crews, size_t count, enum sk_flow_end end, struct sk_fault *fault);
/* Sources of the present run that have not ended. */
unsigned sk_crew_sources_left(const struct sk_crew *crew);
/* Go on by another snapshot (borrowed) from the next cut, which is made at once; from a callback, or between two runs. False: the one before is not in effect yet,
   ask again. rule: RELOAD-1 */
SK_MUST bool sk_crew_reload(struct sk_crew *crew, const struct sk_snapshot *snapshot);
/* Would sk_crew_reload be taken now? For whoever has several crews. */
bool sk_crew_can_reload(const struct sk_crew *crew);
/* The basis is suspended: collection stops within a second, and sk_crew_run returns SK_ESUSPENDED. Any thread, also a signal handler. rule: BASIS-2 */
void sk_crew_suspend(struct sk_crew *crew);
/* What a worker last told; any thread. */
void sk_crew_stats(const struct sk_crew *crew, unsigned worker, struct sk_crew_stats *out);
/* How the link is, as far as beats have told; the collector's thread. False: it is not looked at. */
SK_MUST bool sk_crew_health(const struct sk_crew *crew, struct sk_pulse_state *out);
/* The detectors, for what is asked of them (detect/counter.h); the collector's thread, until the next cut. NULL: none runs. */
struct sk_kit *sk_crew_kit(const struct sk_crew *crew);
/* Sums of all workers. Between runs without threads, else after sk_crew_finish. */
void sk_crew_totals(const struct sk_crew *crew, struct sk_engine_totals *out);
/* Bytes in engines and rings that are not zero: a test's canary count; when sk_crew_totals may be called. */
size_t sk_crew_residue(const struct sk_crew *crew);

#endif
