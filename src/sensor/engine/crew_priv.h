/* SPDX-License-Identifier: Apache-2.0 */
/* The crew from inside. Who owns what:
     struct sk_worker      its thread alone, but for what is atomic and the rings, which have two ends
     struct sk_crew        the collector's thread, but for what is atomic; fixed after sk_crew_new: config, workers, rings
   A cut goes like this. Somebody opens it: with one source worker 0, when its interval is full or an order came; with several the collector, by an order that every
   worker sees. A worker that is at the cut puts a mark into every ring that leaves it and takes from the others until their marks have come; a ring whose mark has
   come is not read further. Then it measures its part, sends it to the collector behind the observations that belong to it, and changes its snapshot.
   The collector reads no ring beyond a part until all parts of the cut have come. //= rule: EPOCH-1
   Detectors run in the collector's thread, over events that workers make. From a file each second of the source's clock goes through the rings as a cut does, and
   the collector reads no ring beyond it until all workers have come so far; live nobody waits, and the clock is that of the worker that is furthest. //= rule: DETECTOR-3 */
#ifndef SK_CREW_PRIV_H
#define SK_CREW_PRIV_H

#include <pthread.h>

#include "engine/crew.h"
#include "engine/engine_priv.h"
#include "engine/ring_priv.h"
#include "select/own.h"

enum {
	SK_STACK_BYTES = 1 << 20,       /* of a worker; decoders go no deeper than some ten KiB */
	SK_PATIENCE_MS = 100,           /* the longest sleep of a worker: it asks for its basis ten times a second */
	SK_TAKE_MAX = SK_BATCH_MAX,     /* records of one ring before the next is looked at */
	SK_COLLECT_MAX = 256,           /* the same for the collector */
	SK_URGENT_BYTES = 32768,        /* of a ring to the collector, kept for parts and notes */
	SK_MARKS_BYTES = 1024,          /* of a ring between workers, kept for marks: at most two wait in it */
	SK_GATHER_SHARE = 16            /* of a ring so much is gathered before its reader is told, when more is coming: each time may cost a wake-up */
};

/* What happens at a cut, decided once by who opens it. */
struct sk_plan {
	const struct sk_snapshot *next; /* the snapshot after it */
	struct sk_kit *kit;             /* and the detectors; NULL: none runs */
	uint64_t order;                 /* the last order that it obeys */
	uint8_t end;                    /* enum sk_flow_end of a last cut */
	bool last;                      /* close everything: the crew ends here */
};

/* ---- between workers ---- */

enum sk_exchange_kind { SK_EXCHANGE_FRAME = 1, SK_EXCHANGE_DATAGRAM, SK_EXCHANGE_CLOCK, SK_EXCHANGE_SECOND, SK_EXCHANGE_MARK };

/* Behind it the captured bytes. */
struct sk_exchange_frame {
	int64_t time_ns, clock_ns;
	uint32_t captured_bytes, wire_bytes;
	uint16_t interface;
	uint8_t link, no_time;
};

/* Behind it the bytes from the IP header on. */
struct sk_exchange_datagram {
	struct sk_admitted_info seen;
	int64_t clock_ns;
	uint64_t length;
};

struct sk_exchange_clock {
	int64_t was_ns, now_ns;
};

struct sk_exchange_second {
	int64_t clock_ns;
	uint64_t sweep; /* 0 or 1 */
};

/* The source's clock at the cut: what is over by then is over for everyone. */
struct sk_exchange_mark {
	struct sk_plan plan;
	int64_t clock_ns;
};

/* ---- to the collector ---- */

enum sk_spool_kind { SK_SPOOL_OBSERVATION = 1, SK_SPOOL_FINDING, SK_SPOOL_PART, SK_SPOOL_SOURCE_ENDED, SK_SPOOL_STOPPED, SK_SPOOL_EVENT, SK_SPOOL_SECOND, SK_SPOOL_BEAT, SK_SPOOL_ORIGINAL, SK_SPOOL_ABROAD };

/* A country of the part that follows. */
struct sk_spool_abroad {
	uint64_t index;
	struct sk_abroad_country country;
};

struct sk_spool_part {
	struct sk_part part;
	struct sk_plan plan;
};

/* Did its thread come through config.enter? */
enum sk_enter { SK_ENTER_PENDING, SK_ENTER_DONE, SK_ENTER_FAILED };

/* When load rose or fell. */
struct sk_load {
	int64_t since_ns;
	bool high, low;
};

/* Sums for other threads, written whole and read whole: while version is odd, or has changed, a reader tries again. */
struct sk_told_stats {
	_Alignas(64) _Atomic uint64_t version;
	_Atomic uint64_t words[sizeof(struct sk_crew_stats) / sizeof(uint64_t)];
};

struct sk_worker {
	struct sk_crew *crew;
	unsigned index;
	bool receives;
	struct sk_engine *engine;
	struct sk_engine_peers peers;
	struct sk_bell bell;
	struct sk_ring *out[SK_CREW_WORKERS_MAX], *in[SK_CREW_WORKERS_MAX]; /* by the other worker; NULL: none */
	bool marked[SK_CREW_WORKERS_MAX];                                  /* its mark of the present cut has come */
	struct sk_ring spool;
	struct sk_observe_sink sink;
	uint8_t form[SK_FINDING_MAX_BYTES > SK_OBSERVATION_MAX_BYTES ? SK_FINDING_MAX_BYTES : SK_OBSERVATION_MAX_BYTES];

	_Atomic(const struct sk_source *) offered; /* by the collector; taken when the worker has none */
	const struct sk_source *source;
	bool source_waits;                         /* in next: tell the others what there is before each call */
	struct sk_source_counts counted;
	struct sk_frame frames[SK_BATCH_MAX];      /* of the source */
	struct sk_frame taken[SK_BATCH_MAX];       /* of one ring */
	int64_t clocks_ns[SK_BATCH_MAX];

	const struct sk_snapshot *snapshot;
	struct sk_kit *kit;                        /* the collector's; here only what never changes of it is read */
	uint64_t events, events_lost;              /* of this interval: sent, and of them those that found no room. rule: DETECTOR-4 */
	struct sk_plan plan;                       /* of the cut that a mark announced */
	bool cut_wanted, stopped, finished;
	uint64_t obeyed;
	struct sk_spool_part part;
	int64_t told_ns, published_ns, monotonic_ns, waited_ns;
	struct sk_load load;
	uint64_t intervals;
	struct sk_told_stats stats;
	pthread_t thread;
	void *stack;                               /* made and touched with all else: a worker's memory is there, and locked, before its thread is */
	bool running;
	_Atomic uint8_t entered;                   /* enum sk_enter */
	struct sk_fault enter_fault;
};

struct sk_crew {
	struct sk_crew_config config;
	uint8_t rules_key[SK_SIP_KEY_BYTES];
	struct sk_worker *workers;
	struct sk_ring *rings;                     /* sources x workers; that of a worker to itself is empty */
	struct sk_bell bell;                       /* the collector's */
	int64_t unix_less_monotonic_ns;            /* at start: what makes a monotonic time a date that never goes back */

	/* Orders. The plan is written before its number, and not again before every part of it has come. */
	struct sk_plan plan;
	_Atomic uint64_t ordered;
	uint64_t done;                             /* the last order of which all parts have come */
	const struct sk_snapshot *snapshot, *pending; /* in effect at the last cut; asked for, not ordered yet */
	struct sk_kit *kit, *next_kit;             /* the same of detectors; NULL: none runs */
	uint8_t kit_key[SK_SIP_KEY_BYTES];
	bool keyed;                                /* by the first frame: of the thread that receives it */
	struct sk_flow_limits flow_limits;         /* of the whole crew, not shared out */
	atomic_bool suspended, drop_sources, aborted;

	/* The collector's. */
	bool parted[SK_CREW_WORKERS_MAX];
	struct sk_spool_part *parts;               /* one a worker */
	unsigned part_count, sources_left;
	bool seconded[SK_CREW_WORKERS_MAX];        /* the worker's clock has come into the next second */
	unsigned second_count;
	int64_t second_ns;
	struct sk_select *select;                  /* of what detectors say */
	struct sk_select_counts select_before;
	struct sk_detection detection;
	struct sk_observation observation;         /* the last one: evidence of the findings that follow it */
	struct sk_finding finding;
	struct sk_account account;
	struct sk_abroad *abroad;                  /* of the workers' parts that have come */
	struct sk_countries_account countries;     /* of the account */
	struct sk_pulse *pulse;                    /* NULL: the link's health is not looked at */
	uint64_t health_findings;                  /* told since the last interval, for its account */
	bool any_received;                         /* since the last cut, as far as has been told */
	int64_t cut_unix_ns, cut_monotonic_ns, ticked_ns;
	uint64_t intervals;
	struct sk_engine_totals totals;            /* intervals, times, pending */
	struct sk_fault stopped;                   /* why a worker stopped collecting */
	struct sk_fault failed;                    /* an error after which nothing may go on */
	bool started, finished;
};

/* ---- crew.c ---- */

/* Wait for the end of the threads. */
void sk_crew_join(struct sk_crew *crew);

/* ---- worker.c ---- */

enum sk_step { SK_STEP_IDLE, SK_STEP_WAITED, SK_STEP_WORKED };
/* One round: cut when it is time, take what others handed over, receive a batch. */
enum sk_step sk_worker_step(struct sk_worker *worker);
/* Tell all readers of all that is in the worker's rings: before it waits for one of them, for what it waits for may wait for another. */
void sk_worker_publish_all(struct sk_worker *worker);
/* The thread. */
void *sk_worker_run(void *worker);

/* ---- exchange.c ---- */

/* The calls of struct sk_engine_peers over the worker's rings. */
struct sk_engine_peers sk_exchange_peers(struct sk_worker *worker);
/* Take up to SK_TAKE_MAX records of the ring from that worker. False: none was there, or its mark has come. */
SK_MUST bool sk_exchange_take(struct sk_worker *worker, unsigned from);
/* Put a mark into every ring that leaves, and tell their readers of all that is in them. */
void sk_exchange_mark(struct sk_worker *worker, const struct sk_plan *plan);
/* Tell the others that a second began. */
void sk_exchange_second(struct sk_worker *worker, int64_t clock_ns, bool sweep);
/* Tell the readers of what is in the rings; not `all`: where much has been gathered. */
void sk_exchange_publish(struct sk_worker *worker, bool all);

/* ---- spool.c ---- */

/* The sink of a worker with a ring to the collector. */
struct sk_observe_sink sk_spool_sink(struct sk_worker *worker);
/* An event of a detector's: where it can be waited for it is, else it may be lost, and counted. */
void sk_spool_event(void *worker, const struct sk_event *event);
/* A second began. Not waited for where frames are not. */
void sk_spool_second(struct sk_worker *worker, int64_t clock_ns);
/* Hand a part over, and before it the countries of its segments; waits for room. */
void sk_spool_part(struct sk_worker *worker);
/* Hand a second of the link over; false where there is no room and nobody waits. */
bool sk_spool_beat(void *worker, const struct sk_pulse_beat *beat);
/* Tell that the source has ended (fault->err SK_OK: in order), or that collection has stopped and why; waits for room. */
void sk_spool_tell(struct sk_worker *worker, enum sk_spool_kind kind, const struct sk_fault *fault);

/* ---- collect.c ---- */

/* Take what the rings hold, as far as a cut allows; *any says whether there was something. */
SK_MUST enum sk_err sk_collect(struct sk_crew *crew, bool *any, struct sk_fault *fault);
/* One part; with the last of a cut the interval is told. */
SK_MUST enum sk_err sk_collect_part(struct sk_crew *crew, unsigned worker, const struct sk_spool_part *part, struct sk_fault *fault);

/* A second of the link: what it says is told at once. */
void sk_collect_beat(struct sk_crew *crew, const struct sk_pulse_beat *beat);
/* Of a worker whose ring may not be read further before others have come so far. */
bool sk_collect_waits(const struct sk_crew *crew, unsigned worker);

/* ---- watch.c ---- */

/* Detectors for a snapshot: those that run when nothing changes for them, else new ones. *out NULL: none. SK_ENOMEM, SK_EBASISBAD. */
SK_MUST enum sk_err sk_watch_prepare(struct sk_crew *crew, const struct sk_snapshot *snapshot, struct sk_kit **out, struct sk_fault *fault);
/* The worker's events go to this kit from now on; NULL: there are none. */
void sk_watch_enter(struct sk_worker *worker, struct sk_kit *kit);
/* The first frame of all that came. */
void sk_watch_first(struct sk_worker *worker, const struct sk_frame *frame);
/* All workers' clocks have come into this second. */
void sk_watch_second(struct sk_crew *crew, int64_t clock_ns);
/* Work by the detectors of the plan, all workers do; at the last cut everything is told. What does not go on is overwritten. rule: DETECTOR-2 */
void sk_watch_change(struct sk_crew *crew, const struct sk_plan *plan);
/* What detectors said in this interval goes into its account. */
void sk_watch_account(struct sk_crew *crew, struct sk_account *account);

/* ---- stats.c ---- */

/* Tell the worker's sums. */
void sk_stats_tell(struct sk_worker *worker);

/* ---- load.c ---- */

/* How much to give up, by how full the worker's queues are. rule: SHED-1 */
enum sk_shed sk_load_level(struct sk_load *load, const struct sk_shed_limits *limits, enum sk_shed present, unsigned backlog, int64_t now_ns);
/* How full the fullest queue is, 0 to SK_SOURCE_FULL. */
unsigned sk_load_backlog(const struct sk_worker *worker);

#endif
