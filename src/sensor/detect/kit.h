/* SPDX-License-Identifier: Apache-2.0 */
/* detect/kit.h: the detectors of behaviour that a basis names, on one worker. Segments and heads become events of a fixed size; a detector counts them in memory
   that was allocated and touched at the start, and says what it found as a detection, of which select makes an observation and a finding.
   Three rules hold whatever a detector does. It sees no more than an event holds: addresses, ports, times, counters, and of a payload keyed hashes alone. What it
   remembers never reaches a disk, is over after 24 h of packet time, and is overwritten by sk_kit_wipe (rule: DETECTOR-2). All events of a link come to one kit,
   whichever workers made them, and adding one is commutative within a second, so results do not depend on how many workers there are (rule: DETECTOR-3).
   How one is written: detector.h. Promises: no allocation after sk_kit_new, no I/O, no clock but the packets'. Thread rule: a kit has one owner; what makes events
   (struct sk_kit_front) reads of it only what never changes, or is atomic, and may do so in any thread. */
#ifndef SK_DETECT_KIT_H
#define SK_DETECT_KIT_H

#include "basis/basis.h"
#include "flow/flow.h"
#include "name/name.h"
#include "observe/observe.h"
#include "policy/policy.h"

enum { SK_EVENT_TEXT_MAX = 80, SK_EVENT_FLOW_BYTES = 128 };

enum sk_event_kind {
	SK_EVENT_OPEN,    /* the first packet of a flow */
	SK_EVENT_ANSWER,  /* the first packet back */
	SK_EVENT_CONFIRM, /* TCP: the initiator's first packet with ACK and without SYN: it has heard an answer, whether or not we could see one */
	SK_EVENT_END,     /* the segment is over, with its counters; TCP: at the packet that closed it */
	SK_EVENT_SAMPLE,  /* one packet out of SK_EVENT_SAMPLING, chosen by a keyed hash */
	SK_EVENT_HEAD,    /* what one detector took out of a head */
	SK_EVENT_FOUND,   /* a detector has said something of these two, for those that tie findings together; it arrives in the next second */
	SK_EVENT_KIND_COUNT
};
enum { SK_EVENT_SAMPLING = 64 };
#define SK_EVENT_BIT(kind) (1u << (kind))

/* Whose contacts one entry counts. */
enum sk_subject {
	SK_SUBJECT_INITIATOR, SK_SUBJECT_RESPONDER, SK_SUBJECT_PAIR,
	SK_SUBJECT_INSIDE,  /* the end inside the border; of transit the initiator */
	SK_SUBJECT_NET,     /* the responder's /24 or /48 */
	SK_SUBJECT_OWN,     /* HEAD: head.hash */
	SK_SUBJECT_COUNT
};

enum sk_event_bit {
	SK_EVENT_SURE = 1,      /* it was seen who began */
	SK_EVENT_HALF = 2,      /* the basis covers one direction of such a flow alone: answers cannot be seen */
	SK_EVENT_BACK = 4,      /* OPEN, SAMPLE: the packet is one of the responder's */
	SK_EVENT_CONTINUED = 8, /* END: an earlier segment of the flow was ended by the active time-out */
	SK_EVENT_TUNNELLED = 16
};

struct sk_event {
	int64_t time_ns;            /* of the packet; END: of the last one */
	uint64_t from, to;          /* keyed hashes of the two addresses: the kit's to fill in, before a detector sees them */
	uint8_t kind, class_, ip_proto, icmp_type, bits; /* enum sk_event_bit */
	uint8_t tcp_flags[2];       /* of the packet in [0]; END: of both sides */
	uint8_t app;
	uint8_t detector;           /* HEAD: whose it is; FOUND: who said it */
	uint8_t state, end;         /* enum sk_flow_state, sk_flow_end */
	uint16_t initiator_port, responder_port;
	struct sk_addr initiator, responder;
	union {
		struct { uint64_t packets[2], bytes[2]; int64_t first_ns; } flow;  /* END */
		struct { uint32_t packets, bytes; } sample;                        /* what it stands for */
		struct { uint64_t contacts, value; bool of_responder; } found;     /* FOUND, of the detection */
		struct { uint64_t hash; uint32_t numbers[6]; char text[SK_EVENT_TEXT_MAX]; } head; /* text: for the detection alone, never kept */
	};
};
_Static_assert(sizeof(struct sk_event) == 192 && offsetof(struct sk_event, flow) + 40 <= SK_EVENT_FLOW_BYTES, "three cache lines, two of them for flows");

/* What a detector says. Numbers that it does not know are 0. */
struct sk_detection {
	uint8_t detector;           /* row of policy/detectors.def */
	uint8_t class_, ip_proto, app;
	bool of_responder;          /* told of the responder; else of the initiator */
	bool half_view;
	uint8_t severity, percent;  /* 1 to 3; how sure */
	uint16_t initiator_port, responder_port;
	struct sk_addr initiator, responder; /* of the last flow that was counted; a family of 0: of the other's family, all zero */
	int64_t first_ns, last_ns;
	uint64_t contacts, answered, peers, ports, packets[2], bytes[2];
	uint64_t value, limit;      /* what was measured, and the threshold that it passed */
	uint64_t period_ms;
	uint32_t spread_permille;
	uint64_t added;             /* contacts since it was last told */
	char matched[64];           /* tells findings of one subject apart, e.g. "tcp/5900" */
	char text[SK_EVENT_TEXT_MAX]; /* a domain that the finding is about, or "" */
	char about[64];             /* what else the words need: a brand, the types of queries; no field of an observation */
};

/* Words of a finding. */
struct sk_telling {
	struct sk_words sentence, why, doubt;
};

/* How many subjects a detector can remember; it states its own share of them. */
struct sk_kit_limits {
	uint32_t hosts, pairs;      /* defaults 1 << 15 and 1 << 16 */
};
/* The defaults above. */
struct sk_kit_limits sk_kit_default_limits(void);

struct sk_kit_config {
	const struct sk_basis *basis;  /* borrowed during the call */
	struct sk_kit_limits limits;
	const struct sk_brands *brands; /* for detectors that ask whose brand a name is like; may be NULL; borrowed as long as the kit */
	uint8_t key[16];               /* secret, or nothing that a sender could have known */
};

struct sk_kit_counts {
	uint64_t events[SK_EVENT_KIND_COUNT], detections;
	uint64_t entries, waiting;     /* subjects remembered now; subjects that came once or twice and wait on a porch */
	uint64_t evicted;              /* subjects given up for want of room */
	size_t bytes;                  /* of the arenas; never grows */
};

struct sk_kit; /* opaque */

/* Are these known detectors, with known thresholds in their ranges? SK_EBASISBAD, the fault names detector and key. Of the centre's only the names are known. */
SK_MUST enum sk_err sk_kit_check(const struct sk_basis *basis, struct sk_fault *fault);
/* The thresholds of a sensor's detector; NULL for any other name, and for one that has none. *count gets how many. Static storage. */
const struct sk_threshold *sk_kit_thresholds(const char *name, size_t *count);
/* Bytes of a subject of a sensor's detector, and how many it has room for by the default limits; 0 and 0 for any other name. */
void sk_kit_room(const char *name, uint32_t *subject_bytes, uint32_t *subjects);
/* Make one with what the basis names; *out is NULL when it names none that runs here. SK_ENOMEM, SK_EBASISBAD. */
SK_MUST enum sk_err sk_kit_new(const struct sk_kit_config *config, struct sk_kit **out, struct sk_fault *fault);
/* Another key, before the first event. */
void sk_kit_rekey(struct sk_kit *kit, const uint8_t key[16]);
/* Wipe and free (NULL is fine). */
void sk_kit_free(struct sk_kit *kit);

/* Where events are made, and who takes them. */
struct sk_kit_front {
	const struct sk_kit *kit;      /* what its detectors ask for, and its key */
	void *context;
	/* Called on the path of packets; copies the event: sk_event_bytes of it. */
	void (*send)(void *context, const struct sk_event *event);
};
/* Events go straight into the kit, in the thread of its owner. */
struct sk_kit_front sk_kit_front(struct sk_kit *kit);
/* So much of an event means something; the rest is zero. */
static inline size_t sk_event_bytes(const struct sk_event *event)
{
	return event->kind == SK_EVENT_HEAD ? sizeof *event : (size_t)SK_EVENT_FLOW_BYTES;
}
/* What a packet did to its flow: sk_flow_news. Call it when that is not 0. */
void sk_kit_packet(const struct sk_kit_front *front, const struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_packet *packet, unsigned news);
/* Does a detector ask for packets themselves? Then sk_kit_sample is called for each. */
bool sk_kit_samples(const struct sk_kit *kit);
/* Offer a packet that was applied to its flow. */
void sk_kit_sample(const struct sk_kit_front *front, const struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_packet *packet);
/* A segment ended: flow's closed callback. Does not call into the table. */
void sk_kit_ended(const struct sk_kit_front *front, const struct sk_flow_record *record);
/* Does a detector ask for heads of this kind? */
bool sk_kit_wants_head(const struct sk_kit *kit, enum sk_head_kind kind);
/* Offer a head of a flow; it is not kept. */
void sk_kit_head(const struct sk_kit_front *front, const struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_packet *packet,
		 const struct sk_head *head);
/* The same of a flow that somebody else describes: its ends, ports, protocol, class and bits stand in *flow, of the packet only sizes and time are asked. */
void sk_kit_head_of(const struct sk_kit_front *front, const struct sk_event *flow, const struct sk_packet *packet, const struct sk_head *head);
/* An event that somebody else made out of what he knows: its half view is filled in here. */
void sk_kit_complete(const struct sk_kit_front *front, struct sk_event *event);

/* Take an event that a front sent, of which length bytes are there. */
void sk_kit_receive(struct sk_kit *kit, const void *event, size_t length);
/* The clock of what sends events has come to this second: what was counted before is weighed. Back: what was remembered is told and forgotten. */
void sk_kit_tick(struct sk_kit *kit, int64_t now_ns);
/* sk_kit_complete into the kit itself, where nobody tells the time: the clock follows the events. */
void sk_kit_event(struct sk_kit *kit, struct sk_event *event);
/* Work off what waits, before detections are asked for. */
void sk_kit_run(struct sk_kit *kit);
/* The next detection, or false. Valid until the next call. */
bool sk_kit_next(struct sk_kit *kit, struct sk_detection *out);
/* No more comes: weigh everything a last time. Ask sk_kit_next until it is false and call again while this returns true. */
SK_MUST bool sk_kit_finish(struct sk_kit *kit);
/* Overwrite all that was remembered. rule: DETECTOR-2 */
void sk_kit_wipe(struct sk_kit *kit);
/* Sentence, reasons and doubt of a detection. */
void sk_kit_tell(const struct sk_kit *kit, const struct sk_detection *detection, struct sk_telling *out);
/* Figures so far. */
void sk_kit_counts(const struct sk_kit *kit, struct sk_kit_counts *out);
/* Bytes of the arenas that are not zero: a test's canary count. */
size_t sk_kit_residue(const struct sk_kit *kit);

#endif
