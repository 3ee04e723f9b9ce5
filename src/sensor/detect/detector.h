/* SPDX-License-Identifier: Apache-2.0 */
/* detect/detector.h: what one detector is made of; docs/detectors/README.md says how to write one. A detector is one file with one const struct sk_detector, named
   sk_detector_SYMBOL after its line in policy/detectors.def. The kit gives it a table of entries (sketch/table.h), fetches what it will read, calls it with events
   of its subject in batches, and each second with every entry that was touched. It keeps nothing anywhere else. */
#ifndef SK_DETECT_DETECTOR_H
#define SK_DETECT_DETECTOR_H

#include "detect/kit.h"
#include "sketch/sketch.h"
#include "sketch/table.h"

#define SK_ENTRY_BYTES(type) ((sizeof(type) + 15) & ~(size_t)15)
/* Kinds of flows. SILENT: ends of TCP segments that nobody answered; ODD: openings of TCP by anything but its initiator's SYN. Of neither does TCP tell. */
enum sk_of { SK_OF_TCP = 1, SK_OF_UDP = 2, SK_OF_ICMP = 4, SK_OF_OTHER = 8, SK_OF_SILENT = 16, SK_OF_ODD = 32 };
/* Which of the limits its table follows. */
enum sk_detector_scale { SK_SCALE_HOSTS, SK_SCALE_PAIRS };

/* What every entry begins with; the kit's. */
struct sk_entry {
	uint32_t born_s;            /* it is over an hour, or a day, after that, as detectors.def says of the detector's memory, whatever comes */
	uint32_t place;             /* in the table */
};

/* One detector that runs; made by the kit. */
struct sk_run {
	struct sk_table table;      /* its entries */
	const uint64_t *threshold;  /* in the order of its own table */
	void *extra;                /* extra_bytes of zeroed memory, or NULL */
	uint32_t now_s;             /* the clock, seconds since 1970 */
	bool last;                  /* settle: no more will come */
	struct sk_kit *kit;         /* for the functions below */
	uint8_t index;              /* row of detectors.def */
	uint32_t memory_s;          /* of that row */
	uint64_t *sieve;            /* a bit for each tag that was taken: most who are looked for are not there, and a bit says so */
	uint32_t sieve_mask;        /* bits - 1 */
	uint32_t sieve_set;         /* since it was made out of the table */
	uint32_t touched_count;
	uint32_t *touched;          /* places of entries that wait to be settled */
	uint64_t *touched_bits;
};

struct sk_detector {
	const char *name;           /* as in detectors.def */
	const struct sk_threshold *thresholds;
	size_t threshold_count;
	uint8_t events;             /* SK_EVENT_BITs */
	uint8_t flows;              /* SK_OF_ bits: of flows of these kinds alone; 0: of all */
	struct { uint8_t events, flows; } but; /* and none of these events of these flows */
	uint8_t half;               /* of its events those that say something only where answers are not covered */
	uint8_t finds;              /* SK_EVENT_BITs of those that say something of an entry that is there, and make none */
	uint8_t waits;              /* a subject has no entry before so many OPENs, what came until then waits on the porch: no more than it ever takes to be told; 0: no porch */
	uint32_t (*wait_s)(const uint64_t *threshold); /* for so long: as an entry with one contact is wanted */
	uint8_t heads;              /* bits of enum sk_head_kind, for head */
	bool on_request;            /* events are made for it only while it asks for them itself: sk_kit_ask */
	uint8_t subject;            /* enum sk_subject: whose owner gets the events */
	uint8_t scale;              /* enum sk_detector_scale */
	uint8_t share;              /* entries: 1/2^share of that limit */
	uint32_t entry_bytes;       /* SK_ENTRY_BYTES(struct entry) */
	uint32_t extra_bytes;
	/* The hash of the entry that an event belongs to, made of event->from, to and ports by sk_mix; 0: it is of no interest. */
	uint64_t (*key)(const struct sk_run *run, const struct sk_event *event);
	/* Count it. Nothing is said here. */
	void (*event)(struct sk_run *run, const struct sk_event *event, uint64_t key);
	/* Weigh an entry that was touched; called once a second. True: call again in the next second although nothing may come. */
	bool (*settle)(struct sk_run *run, void *entry);
	/* Instead of entries: called once a second of packet time. */
	void (*second)(struct sk_run *run);
	/* The packets' clock went back: forget what was seen. Where it is absent all memory is overwritten then; where it is there, all but the extra memory. */
	void (*anew)(struct sk_run *run);
	/* Can a head of such a flow be of interest at all? Asked before its name is taken apart and its ends are hashed; NULL: it may. Reads *run alone; of *flow stand its
	   ends, ports, protocol and class, and of the bits whether the view is half and the head the responder's. */
	bool (*asks)(const struct sk_run *run, const struct sk_head *head, const struct sk_event *flow);
	/* Take out of a head what an event may hold; the flow's part is filled already. False: nothing. Reads *run alone. */
	bool (*head)(const struct sk_run *run, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event);
	/* Instead of head: of a head with a name (DNS, a client's hello, HTTP), which is asked for its parts once for all detectors. No inner name
	   comes here (sk_name_text_is_inner): nobody could own it. */
	bool (*named)(const struct sk_run *run, const struct sk_name *name, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event);
	/* Put a detection into words: phrases of observe/words.def. */
	void (*tell)(const struct sk_detection *detection, const uint64_t *threshold, struct sk_telling *out);
};

/* The entry of a key, made when there is none (*fresh: all zero behind sk_entry); it is wanted for wanted_s seconds more at least. */
void *sk_run_take(struct sk_run *run, uint64_t key, uint32_t wanted_s, bool *fresh);
/* It is wanted for wanted_s seconds from now: longer, or less long than was said before. */
void sk_run_want(struct sk_run *run, void *entry, uint32_t wanted_s);
/* Ask for an entry to be settled. */
void sk_run_touch(struct sk_run *run, const void *entry);
/* Say it. False: there is no room now, and it must be said again (settle returns true). */
SK_MUST bool sk_run_say(struct sk_run *run, const struct sk_detection *detection);
/* A keyed hash of the network of an address (/24, /48). */
uint64_t sk_run_net(const struct sk_run *run, const struct sk_addr *addr);
/* A keyed hash of bytes, for heads. */
uint64_t sk_run_hash(const struct sk_run *run, const void *bytes, size_t length);
/* The list of brands, or NULL. */
const struct sk_brands *sk_run_brands(const struct sk_run *run);
/* Seconds of a time, as tables count them. */
static inline uint32_t sk_run_second(int64_t time_ns)
{
	return time_ns <= 0 ? 0 : (uint32_t)(time_ns / 1000000000);
}

/* When, and with whom it was last: of two at once the one with the greater ports, so that their order does not show. */
struct sk_contact {
	int64_t first_ns, last_ns;
	struct sk_addr initiator, responder;
	uint16_t initiator_port, responder_port;
	uint8_t class_, ip_proto, app, half;
};
/* Take an event's times and ends in. */
void sk_contact_see(struct sk_contact *contact, const struct sk_event *event);
/* A detection of it; the numbers are the caller's to fill in. */
struct sk_detection sk_contact_detection(const struct sk_contact *contact);
/* Has nothing come for so long? */
static inline bool sk_contact_rests(const struct sk_contact *contact, const struct sk_run *run, uint64_t quiet_s)
{
	return run->now_s > sk_run_second(contact->last_ns) + quiet_s;
}

/* What has been said of an entry: once when it begins, then when it has doubled, or every ten minutes while it grows, and at its end. */
struct sk_episode {
	uint64_t told;              /* the measure when it was last told */
	uint32_t told_s;
	bool open;
};
/* Is there something to be said? */
bool sk_episode_due(const struct sk_episode *episode, uint64_t measure, const struct sk_run *run);
/* It was said. Returns what came since the last time. */
uint64_t sk_episode_told(struct sk_episode *episode, uint64_t measure, const struct sk_run *run);

/* Values of words that detectors share (observe/words.h): from when until when. */
struct sk_arg sk_tell_when(const struct sk_detection *detection);
/* As sk_tell_when: inside or abroad, of the initiator or the responder. */
struct sk_arg sk_tell_place(const struct sk_detection *detection, bool responder);
/* "tcp/22", "icmp": what tells findings apart. */
void sk_tell_matched(struct sk_detection *detection, uint8_t ip_proto, uint16_t port);

#endif
