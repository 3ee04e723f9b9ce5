/* SPDX-License-Identifier: Apache-2.0 */
/* The model from inside: seconds of silence (pulse.c), windows of rates and handshakes (rate.c), ways of networks (way.c). Every threshold stands here, and in
   docs/link-health.md with its reason. */
#ifndef SK_PULSE_PRIV_H
#define SK_PULSE_PRIV_H

#include "pulse/pulse.h"

#define SK_SECOND_NS INT64_C(1000000000)

enum {
	/* windows */
	SK_WINDOW_MAX_S = 10, SK_WINDOW_MIN_S = 1, SK_WINDOWS_A_LEARNING = 30,
	SK_BACK_S = 60,                  /* time that goes back further than this is another story */
	SK_JUMP_WINDOWS = 64,            /* ... and so is a longer time without a beat */
	/* silence */
	SK_SILENCE_MIN_S = 3, SK_SILENCE_MAX_S = 600,
	SK_SILENCE_TIMES = 4,            /* the longest silence of the last two hours, so many times */
	SK_SILENCE_FRAMES = 30,          /* ... and so many frames must be missing */
	SK_HOUR_S = 3600,
	/* rates */
	SK_RATE_MIN_FRAMES = 50,         /* a window usually carries: below it chance moves too much */
	SK_RATE_LOW_WINDOWS = 3, SK_CALM_WINDOWS = 3, SK_ADOPT_WINDOWS = 180,
	SK_GRACE_WINDOWS = 3,            /* after an outage: talks begin anew */
	/* handshakes, and ways: over so many windows */
	SK_SPAN_WINDOWS = 6,
	SK_HANDSHAKES_MIN = 20, SK_REPEATS_MIN = 10, SK_HANDSHAKE_CELLS_MIN = 4, SK_REPEAT_WINDOWS = 2,
	/* ways */
	SK_CELL_STEADY = 8, SK_CELL_AGREE_MAX = 16, SK_CELL_RUN = 3, SK_CELL_MISFIT = 2,
	SK_LATENCY_WEIGHT = 16, SK_LATENCY_STEP_US = 5000,
	SK_WAYS_MIN = 8, SK_WAYS_MOVED_MIN = 4, SK_MEDIAN_MAX = 256
};
#define SK_RATE_LOW 0.5             /* of what is usual */
#define SK_RATE_CALM 0.75
#define SK_RATE_DOWN 0.985          /* a window below what is usual draws it down so far, */
#define SK_RATE_UP 1.002            /* one above draws it up so far: it rests where one window of eight is lower */
#define SK_RATE_FLOOR 0.0002
#define SK_REPEATS_MORE 0.10        /* share of handshakes that ask again, above the usual one */
#define SK_REPEATS_CALM 0.05
#define SK_REPEATS_WEIGHT (1.0 / 64)
#define SK_LATENCY_FACTOR 1.5
#define SK_WAYS_MOVED 0.3           /* of the networks that are seen */

struct sk_series {
	double usual;                /* frames a window that all but one of eight carry; while learning the least of all */
	uint64_t count, last;        /* of this window, of the last one */
	uint16_t low;                /* windows in a row below SK_RATE_LOW */
};

/* What a network's packets say of its way. */
struct sk_cell_way {
	uint32_t seen_window, moved_window, repeat_window; /* window numbers, 0: never */
	uint32_t latency_us, latency_was_us;
	uint8_t hops, agree;         /* agree: so sure, up to SK_CELL_AGREE_MAX; 0: not known */
	uint8_t candidate, run;      /* another number of hops, so often in a row */
	uint8_t latency_agree, latency_run; /* as agree, and how often in a row it was far from that */
	bool latency_up, moved_latency;
	int8_t moved_hops;
};

struct sk_handshakes {
	uint32_t answered, repeated, cells; /* cells: networks with a repeated one, not counted before in the span */
};

struct sk_pulse {
	int64_t learn_ns, window_ns;
	uint32_t learn_windows;
	bool started, broken;        /* broken: the time until the next frame was not looked at */
	int64_t now_ns, frame_ns;    /* as far as beats have told; the last frame */
	/* windows */
	int64_t window_at_ns;        /* begin of the present one */
	uint32_t window, learned;    /* its number, from 1; windows that were learned, up to learn_windows */
	uint32_t grace;
	uint64_t nonempty;           /* of the last 64 windows, as bits */
	uint32_t empty;              /* windows of the silence that still lasts: of an outage, or usual? */
	struct sk_series series[SK_PULSE_SERIES];
	struct sk_handshakes span[SK_SPAN_WINDOWS];
	double repeats_usual, repeats;
	uint16_t repeats_high;
	/* silence */
	int64_t longest_ns[2], hour_at_ns; /* this hour's and the one before */
	/* what is the case */
	uint8_t carrier;
	bool down, degraded;
	int64_t down_ns, degraded_ns;
	struct sk_pulse_event degraded_by; /* as it was told */
	uint32_t degraded_windows, calm;
	uint32_t shift_window;       /* of the last shift */
	uint64_t downs, degradations, shifts;
	uint32_t networks;
	struct sk_cell_way cells[SK_PULSE_CELLS];
};

/* Events of one beat. */
struct sk_pulse_events {
	struct sk_pulse_event *events;
	size_t count;
};

/* A place for another event: the last one is written over when there is none. */
struct sk_pulse_event *sk_pulse_event(struct sk_pulse_events *events);
/* Has everything been learned? */
static inline bool sk_pulse_has_learned(const struct sk_pulse *pulse)
{
	return pulse->learned >= pulse->learn_windows;
}
/* Learn anew what is usual. */
void sk_pulse_relearn(struct sk_pulse *pulse);

/* ---- rate.c ---- */

/* The present window is over. lost: it belongs to an outage, or nobody looked: nothing is learned or judged. */
void sk_rate_close_window(struct sk_pulse *pulse, bool lost, struct sk_pulse_events *events);
/* A handshake was answered. */
void sk_rate_handshake(struct sk_pulse *pulse, struct sk_cell_way *way, bool repeated);

/* ---- way.c ---- */

/* A sample of this network. */
void sk_way_sample(struct sk_pulse *pulse, struct sk_cell_way *way, const struct sk_pulse_sample *sample);
/* At the end of a window: have many moved? */
void sk_way_close_window(struct sk_pulse *pulse, struct sk_pulse_events *events);

#endif
