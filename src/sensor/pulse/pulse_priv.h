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
	SK_WAYS_MIN = 8, SK_WAYS_MOVED_MIN = 4, SK_MEDIAN_MAX = 256,
	/* countries */
	SK_LETTERS = 26, SK_COUNTRY_NONE = SK_LETTERS * SK_LETTERS, /* every code of two letters has a place, and what has none another */
	SK_LESS_HOSTS = 10,              /* a window usually has of a country: that so many are missing by chance happens once in 10^7 windows */
	SK_LESS_SAMPLES = 10,            /* of a country must be expected */
	SK_MORE_USUAL = 30,              /* hosts of all countries: below it a page that somebody opens is a large part */
	SK_MORE_HOSTS = 20
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
#define SK_LESS_SHARE 0.25f         /* of the hosts beyond SK_LESS_HOSTS */
#define SK_LESS_FRAMES 0.3f         /* of the usual frames */
#define SK_LESS_CALM 0.5f
#define SK_OTHERS_STAY 0.5f
#define SK_MORE_TIMES 4.0f
#define SK_MORE_SHARE 0.2f          /* of all hosts, above the usual one */
#define SK_MORE_OTHERS 2.0f
#define SK_MORE_CALM 2.0f
#define SK_RANGE_FAST_DOWN 0.985f   /* as of rates; the high end is its mirror image */
#define SK_RANGE_SLOW_UP 1.002f
#define SK_RANGE_SLOW_STEP 0.01f
#define SK_RANGE_FAST_UP 1.015f
#define SK_RANGE_FAST_STEP 0.25f
#define SK_RANGE_SLOW_DOWN 0.998f
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

/* Between these nearly every window lies. */
struct sk_range {
	float low, high;
};

enum sk_country_state { SK_COUNTRY_USUAL, SK_COUNTRY_LESS, SK_COUNTRY_MORE, SK_COUNTRY_STATES };

/* Hosts of a country, by the sample of a window. */
struct sk_country {
	uint16_t hosts;              /* of this window */
	uint8_t state, candidate, run, calm; /* enum sk_country_state; what it may become, so many windows in a row; back to usual, so many */
	uint16_t windows;            /* in this state */
	bool quiet;                  /* the other direction has told it */
	float frames, frames_usual;  /* of this window; that nearly all windows carry */
	struct sk_range range;
	int64_t since_ns;
};

/* Whoever sends from abroad, or whom frames leave for. */
struct sk_direction {
	uint64_t hosts_seen[SK_PULSE_HOSTS / 64]; /* in this window, as bits */
	uint16_t hosts;
	uint32_t samples;
	float frames;
	struct sk_range range;       /* of hosts */
	struct sk_country countries[SK_COUNTRY_NONE + 1];
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
	/* countries */
	bool named;
	uint32_t countries_learned;  /* windows */
	struct sk_direction directions[2];
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

/* ---- country.c ---- */

/* Whom the frames of this beat were of. */
void sk_country_take(struct sk_pulse *pulse, const struct sk_pulse_beat *beat);
/* The present window is over; lost: as sk_rate_close_window, or the link has just come back. */
void sk_country_close_window(struct sk_pulse *pulse, bool lost, struct sk_pulse_events *events);
/* Countries that have enough hosts to be judged. */
uint32_t sk_country_known(const struct sk_pulse *pulse);

/* ---- way.c ---- */

/* A sample of this network. */
void sk_way_sample(struct sk_pulse *pulse, struct sk_cell_way *way, const struct sk_pulse_sample *sample);
/* At the end of a window: have many moved? */
void sk_way_close_window(struct sk_pulse *pulse, struct sk_pulse_events *events);

#endif
