/* SPDX-License-Identifier: Apache-2.0 */
/* pulse: is a link alive, does it limp, did its way change? A model that learns what is usual for one link and is told, once a second, what came (a beat; probe.h makes
   them). docs/link-health.md has every threshold and the reasons.
   Promises: bounded memory, made at start and touched; time is that of the beats alone; the same beats give the same events.
   Never: keeps an address, a port, a name or a byte of a frame: cells and hosts are numbers under a key that dies with the process (probe.h). rule: PULSE-1
   Thread rule: one model per link, one thread. */
#ifndef SK_PULSE_H
#define SK_PULSE_H

#include "base/addr.h"
#include "capture/frame_source.h"
#include "observe/observe.h"

enum {
	SK_PULSE_CELLS = 4096,        /* places for counterpart networks */
	SK_PULSE_SAMPLES_MAX = 128,   /* of one beat */
	SK_PULSE_HOSTS = 4096,        /* marks for hosts abroad, wiped with each window */
	SK_PULSE_ENDS_MAX = 320,      /* of one beat: so often at most the border table is asked for a country in a second */
	SK_PULSE_NAMED_MAX = 4,       /* countries that an event names; it counts the others */
	SK_PULSE_EVENTS_MAX = 8,      /* of one beat */
	SK_PULSE_LEARN_S = 300,       /* what is usual is learned so long before anything is said */
	SK_PULSE_LEARN_MIN_S = 10, SK_PULSE_LEARN_MAX_S = 86400
};

enum sk_pulse_sample_bit {
	SK_PULSE_HOPS = 1,            /* hops is told */
	SK_PULSE_ANSWERED = 2,        /* a handshake that our side, or one beyond us, began was answered now */
	SK_PULSE_REPEATED = 4         /* ... and it had to ask more than once; latency is not told then */
};

/* What one packet tells of the way to its counterpart's network. */
struct sk_pulse_sample {
	uint32_t latency_us;          /* from the question (SYN) to its answer, as seen here; 0: not told */
	uint16_t cell;                /* of the network, below SK_PULSE_CELLS */
	uint8_t hops;                 /* routers that the packet has passed, by what is left of its TTL */
	uint8_t bits;                 /* enum sk_pulse_sample_bit */
};

/* Whom a frame that was looked at came from, or leaves for, abroad. */
struct sk_pulse_end {
	uint16_t country;             /* SK_COUNTRY (border/border.h); 0: the table names none */
	uint16_t host;                /* below SK_PULSE_HOSTS; many hosts share it */
	bool leaves;
};

/* About a second of a link. */
struct sk_pulse_beat {
	int64_t from_ns, to_ns;       /* with frames: of the first and the last one, else of the time in which none came */
	uint64_t frames, bytes;       /* all that the link carried, erased and lost ones included */
	uint64_t classes[SK_CLASS_COUNT]; /* frames */
	uint8_t carrier;              /* enum sk_source_carrier */
	bool blind;                   /* nobody looked for a while in it: no frame does not mean that none came */
	bool named;                   /* the border table names countries */
	uint16_t end_count;
	uint32_t looked;              /* frames of which ends are a sample */
	struct sk_pulse_end ends[SK_PULSE_ENDS_MAX];
	uint16_t sample_count;
	struct sk_pulse_sample samples[SK_PULSE_SAMPLES_MAX];
};

enum sk_pulse_kind { SK_PULSE_DOWN, SK_PULSE_DEGRADED, SK_PULSE_SHIFT };
enum sk_pulse_cause {
	SK_PULSE_BY_CARRIER,          /* DOWN: the interface says so */
	SK_PULSE_BY_SILENCE,          /* DOWN: nothing comes, though something always did */
	SK_PULSE_BY_RATE,             /* DEGRADED: less than half of what is usual */
	SK_PULSE_BY_REPEATS,          /* DEGRADED: handshakes must ask more than once */
	SK_PULSE_BY_HOPS, SK_PULSE_BY_LATENCY, /* SHIFT */
	SK_PULSE_BY_COUNTRY_LESS, SK_PULSE_BY_COUNTRY_MORE /* SHIFT: hosts of a country are gone, or come all at once. series: DF of those to whom frames leave, else from whom they come */
};
/* What of a link is counted apart. */
enum sk_pulse_series { SK_PULSE_ALL, SK_PULSE_FD, SK_PULSE_DF, SK_PULSE_FF, SK_PULSE_SERIES };

/* What the model says. */
struct sk_pulse_event {
	uint8_t kind, cause, series;  /* enum sk_pulse_kind, _cause, _series */
	bool over;                    /* it has ended, at to_ns */
	bool adopted;                 /* ended because it has lasted: it is what is usual from now on */
	int64_t from_ns, to_ns;       /* since when; and until when, or until when it was seen to last */
	double usual, seen;           /* RATE, SILENCE: frames a second; REPEATS: share of handshakes; COUNTRY: its hosts in a window's sample, the least or the most usual */
	uint32_t networks, moved;     /* SHIFT: with fresh samples; of them on another way. COUNTRY: hosts of all countries in the sample */
	uint32_t country_count;       /* COUNTRY: that went, or came, at once */
	uint16_t countries[SK_PULSE_NAMED_MAX]; /* the first of them, SK_COUNTRY */
	int32_t hops;                 /* SHIFT by hops: the median change */
	uint32_t latency_was_us, latency_us; /* SHIFT by latency: medians */
};

/* How a link stands, for figures. */
enum sk_pulse_standing { SK_PULSE_UNWATCHED, SK_PULSE_LEARNING, SK_PULSE_USUAL, SK_PULSE_LIMPS, SK_PULSE_IS_DOWN };

/* For figures. */
struct sk_pulse_state {
	bool learning, down, degraded;
	bool carrier_known, carrier;
	double usual[SK_PULSE_SERIES];   /* frames a second that nearly every window carries; 0: not known */
	double seen[SK_PULSE_SERIES];    /* in the last window */
	double repeats_usual, repeats;   /* share of answered handshakes that asked more than once */
	uint32_t networks;               /* cells whose way is known and fresh */
	bool named;                      /* the border table names countries: there is a baseline by country */
	uint32_t countries;              /* that have enough hosts to be judged */
	uint64_t downs, degradations, shifts; /* so often */
	int64_t since_ns;                /* the last frame came so long ago */
	int64_t silence_ns;              /* so long without a frame is taken for an outage; 0: the link is too quiet to tell */
};

struct sk_pulse; /* opaque */

/* Make a model that learns so long first. SK_PULSE_LEARN_MIN_S to _MAX_S seconds, as ns. SK_ENOMEM. */
SK_MUST enum sk_err sk_pulse_new(int64_t learn_ns, struct sk_pulse **out);
/* Wipe and free (NULL is fine). */
void sk_pulse_free(struct sk_pulse *pulse);
/* Take a beat. Returns how many events there are. */
size_t sk_pulse_take(struct sk_pulse *pulse, const struct sk_pulse_beat *beat, struct sk_pulse_event events[SK_PULSE_EVENTS_MAX]);
/* Another input follows: the time until its first frame was not looked at. */
void sk_pulse_break(struct sk_pulse *pulse);
/* Where the model stands. */
void sk_pulse_state(const struct sk_pulse *pulse, struct sk_pulse_state *out);
/* The state in a word. */
enum sk_pulse_standing sk_pulse_standing(const struct sk_pulse_state *state);

/* The event as a finding about the link of that name: "link_down", "link_degraded", "path_shift". No address, no class, no evidence; events of one kind and link fold.
   The end of one counts 0, so that it is the same finding, told once more. */
void sk_pulse_finding(const struct sk_pulse_event *event, const char *link, bool simulated, struct sk_finding *out);

#endif
