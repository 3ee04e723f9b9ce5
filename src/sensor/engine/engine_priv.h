/* SPDX-License-Identifier: Apache-2.0 */
/* The engine from inside: what a worker of a crew does with it besides feeding it frames. A worker hands on frames that belong to others, takes what others hand to it,
   closes its part of an interval at the crew's cut, and changes what it works by there. */
#ifndef SK_ENGINE_PRIV_H
#define SK_ENGINE_PRIV_H

#include "engine/engine.h"
#include "engine/snapshot.h"
#include "engine/abroad_priv.h"
#include "pulse/probe.h"

_Static_assert((int)SK_ENGINE_LOST_MAX == (int)SK_SOURCE_CELLS_MAX + 1, "a source's losses, and those between workers");

/* What is given up under load, in this order; each level includes those before it. */
enum sk_shed { SK_SHED_NOTHING, SK_SHED_HEADS, SK_SHED_FACTS, SK_SHED_FLOWS, SK_SHED_COUNT };

/* How an engine reaches the other workers of its crew. */
struct sk_engine_peers {
	void *context;
	uint16_t self, count;
	/* One source feeds all: fragments stay with the worker that receives them, so that every datagram is put together in one place and in the order of the source. */
	bool keep_fragments;
	/* Hand a frame, or a datagram that was put together, to another worker. False: there is no room, it is lost. */
	bool (*pass_frame)(void *context, unsigned to, const struct sk_frame *frame, int64_t clock_ns);
	bool (*pass_datagram)(void *context, unsigned to, const struct sk_admitted_info *seen, const uint8_t *bytes, size_t length, int64_t clock_ns);
	/* The source's clock went back: the others must know, at this place among the frames. */
	void (*clock_back)(void *context, int64_t was_ns, int64_t now_ns);
};

/* Takes a second of the link (pulse/pulse.h). False: there is no room now, it goes on. */
typedef bool (*sk_engine_beat)(void *context, const struct sk_pulse_beat *beat);

/* Detectors of behaviour over what an engine sees. rule: DETECTOR-3 */
struct sk_engine_watch {
	struct sk_kit_front front;                 /* who gets events; its kit NULL: no detector runs */
	void *context;
	/* The clock has come into another second, or has gone back, before anything happens in it; with `sweep` all that is idle ends now. NULL: not told. */
	void (*second)(void *context, int64_t clock_ns, bool sweep);
	struct sk_flow_limits limits;              /* of all engines that share a source */
};

/* One worker's part of an interval. */
struct sk_part {
	struct sk_account account;                 /* closes with what was passed and taken */
	uint64_t heads_shed, facts_shed, flows_shed, spool_full; /* packets, segments, frames, records; under load */
	uint64_t events;                           /* of detectors, that were sent, with account.events_lost */
	uint8_t shed;                              /* the highest level in it */
};

struct sk_engine {
	struct sk_gate *gate;
	struct sk_decoder *decoder;
	struct sk_flow_table *flows;
	struct sk_select *select;
	struct sk_detect detect;
	struct sk_signature *signature; /* NULL: no rules */
	bool commands;                /* the basis allows them. rule: BASIS-3 */
	bool heads;                   /* payloads are looked at */
	bool told_clock;              /* the clock is told by sk_engine_tell_clock and does not follow the frames */
	uint8_t shed;                 /* enum sk_shed */
	struct sk_engine_config config;
	sk_engine_interval interval;
	void *context;
	const struct sk_engine_peers *peers; /* NULL: alone */
	struct sk_abroad *abroad;     /* of this interval so far */
	struct sk_countries_account *countries; /* alone: of the interval that is told */
	struct sk_pulse_probe *probe; /* NULL: the link's health is not looked at, or this worker receives nothing */
	sk_engine_beat beat;
	void *beat_context;
	uint8_t carrier;              /* enum sk_source_carrier, as the source told last */
	struct sk_engine_watch watch;
	int64_t second_ns, swept_ns;         /* the clock when a second began, and a sweep was told */
	int64_t second_ends_ns;              /* INT64_MAX: nobody is told of seconds; INT64_MIN: of none yet */
	uint64_t frames_swept;               /* since */

	/* This interval, as counted by the stage that acts. */
	struct sk_cell received, gate_erased[SK_GATE_REASON_COUNT], classes[SK_CLASS_COUNT];
	struct sk_cell passed, taken;
	size_t lost_count;
	struct sk_cell lost[SK_ENGINE_LOST_MAX];
	struct sk_cell pending_before;
	struct sk_select_counts select_before;
	uint64_t upstream_lost, upstream_before, segments;
	uint64_t heads_shed, facts_shed, flows_shed;
	uint8_t shed_highest;
	int64_t from_ns, to_ns;

	struct sk_engine_totals totals;
	struct sk_flow_clock clock;
	int64_t expired_at_ns;
	struct sk_packet packets[SK_BATCH_MAX];
	size_t packet_count;
	struct sk_verdict verdicts[SK_BATCH_MAX];
};

static inline void sk_engine_count(struct sk_cell *cell, uint64_t frames, uint64_t bytes)
{
	cell->frames += frames;
	cell->bytes += bytes;
}

/* ---- engine.c ---- */

/* From now on frames are shared with peers (borrowed), by the crew's key. rule: WORKER-1 */
void sk_engine_join(struct sk_engine *engine, const struct sk_engine_peers *peers, const uint8_t key[SK_SIP_KEY_BYTES]);
/* Hosts of countries are hashed under this key from now on: before the first frame. */
void sk_engine_key_abroad(struct sk_engine *engine, const uint8_t key[SK_SIP_KEY_BYTES]);
/* From now on tell each second of what is received. The probe is the engine's. */
void sk_engine_probe(struct sk_engine *engine, struct sk_pulse_probe *probe, sk_engine_beat beat, void *context);
/* Tell the second so far, when it is over, or now. Where frames have their own time and none came there is nothing to tell. */
void sk_engine_tell_beat(struct sk_engine *engine, bool now);
/* The flows' clock, where frames do not tell it: never goes back. Ends what is over. */
void sk_engine_tell_clock(struct sk_engine *engine, int64_t now_ns);
/* From now on events go to this watch (copied; NULL: to nobody). */
void sk_engine_watch(struct sk_engine *engine, const struct sk_engine_watch *watch);
/* Judge frames of the own source, follow what is ours and hand on the rest. count <= SK_BATCH_MAX. */
void sk_engine_receive(struct sk_engine *engine, struct sk_frame *frames, size_t count);
/* Judge again and follow frames that others handed over, each at its time by its source's clock. */
void sk_engine_take_frames(struct sk_engine *engine, struct sk_frame *frames, const int64_t *clocks_ns, size_t count);
/* The same for a datagram that another worker put together. */
void sk_engine_take_datagram(struct sk_engine *engine, const struct sk_admitted_info *seen, uint8_t *bytes, size_t length, int64_t clock_ns);
/* So far a source's clock has come. */
void sk_engine_take_clock(struct sk_engine *engine, int64_t clock_ns);
/* It has come into another second. */
void sk_engine_take_second(struct sk_engine *engine, int64_t clock_ns, bool sweep);
/* It went back. */
void sk_engine_take_clock_back(struct sk_engine *engine, int64_t was_ns, int64_t now_ns);
/* Collection has ended: what others had handed over is not looked at any more. */
void sk_engine_take_stopped(struct sk_engine *engine, uint64_t frames, uint64_t bytes);
/* Give up so much from now on. rule: SHED-1 */
void sk_engine_shed(struct sk_engine *engine, enum sk_shed shed);
/* Close every segment and give up every fragment. */
void sk_engine_close_flows(struct sk_engine *engine, enum sk_flow_end end);
/* Settle what is over by now, before an interval is measured. */
void sk_engine_settle(struct sk_engine *engine);

/* ---- account.c ---- */

/* Measure this interval's part and check it. SK_EINCONSISTENT: a stage lost or doubled a frame. rule: ACCOUNT-1 */
SK_MUST enum sk_err sk_engine_measure(struct sk_engine *engine, struct sk_part *part, struct sk_fault *fault);
/* Add it to the totals, and begin the next. */
void sk_engine_begin(struct sk_engine *engine, const struct sk_part *part);

/* ---- reload.c ---- */

/* Before the part is measured: end the segments that may not go on under *next. rule: RELOAD-1 */
void sk_engine_leave(struct sk_engine *engine, const struct sk_snapshot *next);
/* After it: work by *next. */
void sk_engine_enter(struct sk_engine *engine, const struct sk_snapshot *next);

#endif
