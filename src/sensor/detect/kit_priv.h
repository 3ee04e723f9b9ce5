/* SPDX-License-Identifier: Apache-2.0 */
/* The kit's own: what its files share. */
#ifndef SK_DETECT_KIT_PRIV_H
#define SK_DETECT_KIT_PRIV_H

#include <stdatomic.h>

#include "detect/detector.h"

enum {
	SK_KIT_DETECTORS_MAX = SK_BASIS_DETECTORS_MAX,
	SK_KIT_BATCH = 64,
	SK_KIT_QUEUE = 1024,          /* detections that wait to be taken */
	SK_KIT_FOUND = 256,
	SK_KIT_QUEUE_SPARE = 4,       /* what one entry may say at once */
	SK_KIT_JUMP_S = 7 * 86400,    /* the clock follows a jump ahead at once, or after SK_KIT_JUMP_EVENTS in a row */
	SK_KIT_JUMP_EVENTS = 16,
	SK_KIT_BEHIND_S = 3600,       /* SK_KIT_BEHIND_EVENTS in a row so far behind the clock: it was wrong, or an older input begins */
	SK_KIT_BEHIND_EVENTS = 64
};

/* What an event tells of, in one number: its kind and what kind of flow. A detector says once what it asks for, and nobody asks it about anything else. */
enum { SK_KIT_FLOWS = 6, SK_KIT_SORTS = SK_EVENT_KIND_COUNT * SK_KIT_FLOWS };
_Static_assert(SK_KIT_SORTS <= 64, "a bit for each sort");
_Static_assert(SK_OF_TCP == 1 << 0 && SK_OF_UDP == 1 << 1 && SK_OF_ICMP == 1 << 2 && SK_OF_OTHER == 1 << 3 && SK_OF_SILENT == 1 << 4 && SK_OF_ODD == 1 << 5, "sk_kit_flow");
static inline unsigned sk_kit_flow(uint8_t ip_proto, bool silent, bool odd)
{
	return ip_proto == 6 ? (silent ? 4 : odd ? 5 : 0) : ip_proto == 17 ? 1 : ip_proto == 1 || ip_proto == 58 ? 2 : 3;
}
static inline unsigned sk_kit_sort(enum sk_event_kind kind, unsigned flow)
{
	return (unsigned)kind * SK_KIT_FLOWS + flow;
}

/* All sorts of a kind. */
static inline uint64_t sk_kit_sorts_of_kind(enum sk_event_kind kind)
{
	return ((UINT64_C(1) << SK_KIT_FLOWS) - 1) << sk_kit_sort(kind, 0);
}

/* The end of a TCP segment that nobody answered, where answers are covered. */
static inline bool sk_event_is_silent(const struct sk_event *event)
{
	return event->kind == SK_EVENT_END && event->flow.packets[1] == 0 && (event->bits & SK_EVENT_HALF) == 0;
}

/* Does TCP begin otherwise than by its initiator's SYN? */
static inline bool sk_kit_is_odd(unsigned tcp_flags, bool back)
{
	return back || (tcp_flags & (SK_TCP_FIN | SK_TCP_SYN | SK_TCP_RST | SK_TCP_PSH | SK_TCP_ACK | SK_TCP_URG)) != SK_TCP_SYN;
}
/* What kind of flow an event is of. */
static inline unsigned sk_event_flow(const struct sk_event *event)
{
	bool odd = event->kind == SK_EVENT_OPEN && sk_kit_is_odd(event->tcp_flags[0], (event->bits & SK_EVENT_BACK) != 0);
	return sk_kit_flow(event->ip_proto, sk_event_is_silent(event), odd);
}

/* porch.c: who has no entry yet. */
struct sk_porch_note {
	int64_t time_ns;
	uint32_t tag;               /* of the subject; 0: it is not its latest, or was read again */
	uint32_t before;            /* the subject's note before this one; 0: none */
	uint32_t now_s;             /* the clock when it came */
	uint16_t initiator_port, responder_port;
	uint8_t kind, class_, ip_proto, icmp_type, bits, tcp_flags;
	uint8_t opens;              /* of the subject, up to here */
	uint8_t count;              /* notes of the subject, up to here; and SK_NOTE_V6 */
	uint8_t initiator[16], responder[16];
};
_Static_assert(sizeof(struct sk_porch_note) == SK_TABLE_LINE_BYTES, "a note is a cache line");
/* What stands in both side by side is copied at once. */
enum { SK_NOTE_WHAT_BYTES = 6, SK_NOTE_PORTS_BYTES = 4, SK_NOTE_V6 = 0x80 };
_Static_assert(offsetof(struct sk_porch_note, tcp_flags) - offsetof(struct sk_porch_note, kind) == SK_NOTE_WHAT_BYTES - 1 &&
	       offsetof(struct sk_event, tcp_flags) - offsetof(struct sk_event, kind) == SK_NOTE_WHAT_BYTES - 1 &&
	       offsetof(struct sk_porch_note, bits) - offsetof(struct sk_porch_note, kind) == offsetof(struct sk_event, bits) - offsetof(struct sk_event, kind) &&
	       offsetof(struct sk_event, responder_port) == offsetof(struct sk_event, initiator_port) + 2, "in the same order");
struct sk_porch {
	struct sk_porch_note *notes;  /* NULL: there is none */
	struct sk_table_line *lines;  /* tag: of a subject; until: its latest note, as they are counted. The newest first */
	uint32_t mask, line_mask;     /* notes - 1, lines - 1 */
	uint32_t next;                /* notes are counted from 1 */
	uint32_t wait_s;
	uint64_t waiting, evicted;
};

/* One detector that runs, with its arena: the table, then the lists of what was touched, then the porch, then what else it asked for. */
struct sk_kit_place {
	const struct sk_detector *ops;
	_Atomic uint8_t heads;        /* of ops; of a detector that runs on request those that it asks for now */
	uint64_t sorts, finds;        /* a bit for each sort: asked for; that make no entry. The owner's */
	struct sk_porch porch;
	struct sk_run run;
	uint64_t thresholds[SK_BASIS_THRESHOLDS_MAX];
	void *arena;
	size_t arena_bytes;
};

struct sk_kit {
	uint64_t low, high;           /* the key as words */
	uint8_t half;                 /* class bits: answers of such flows are not covered */
	uint64_t always;              /* bits of sorts, and of enum sk_head_kind, that a detector asks for as long as it runs */
	uint8_t always_heads;
	_Atomic uint64_t wanted;      /* and now: no more than a hint, so no order is needed */
	_Atomic uint8_t heads;
	uint64_t head_places[SK_HEAD_KIND_COUNT]; /* by enum sk_head_kind: which places ever ask for it, a bit each */
	uint64_t named_places;        /* whose detectors ask for the parts of its name */
	size_t count;
	struct sk_kit_place places[SK_KIT_DETECTORS_MAX];
	uint8_t place_of[SK_BASIS_DETECTORS_MAX]; /* by row of detectors.def */
	struct sk_suffixes *suffixes; /* for those that ask for parts of names */
	const struct sk_brands *brands;
	/* Above: what fronts read, of which only wanted and heads change; below: the owner's. The clock: */
	_Alignas(64) bool started;
	uint32_t now_s;
	unsigned ahead, behind;       /* events in a row */
	/* what waits */
	size_t batch_count;
	struct sk_event batch[SK_KIT_BATCH];
	uint64_t sorts[SK_KIT_SORTS]; /* which of them are of this sort: a bit each */
	uint64_t of_heads[SK_KIT_DETECTORS_MAX]; /* which are heads for this place */
	uint64_t present;             /* sorts that there are */
	uint64_t keys[SK_KIT_BATCH];
	uint64_t words[2 * SK_KIT_BATCH], hashes[2 * SK_KIT_BATCH]; /* the ends of its events: the first eight bytes; hashed */
	size_t found_count, heard_count; /* what was said in this second; what others said in the last one */
	struct sk_event found[SK_KIT_FOUND], heard[SK_KIT_FOUND];
	size_t queue_first, queue_count;
	struct sk_detection queue[SK_KIT_QUEUE];
	/* finishing */
	bool finishing;
	size_t finish_place;
	uint32_t finish_entry;
	struct sk_kit_counts counts;
};

/* registry.c: the detector of a row, or NULL when it does not run in the sensor. */
const struct sk_detector *sk_registry_detector(size_t row);
/* The detector of a name, or NULL. */
const struct sk_detector *sk_registry_find(const char *name);
/* Thresholds as the basis asks for them, the others by default. */
SK_MUST enum sk_err sk_registry_thresholds(const struct sk_basis_detector *asked, const struct sk_detector *ops, uint64_t *out, struct sk_fault *fault);

/* What a detector that runs on request wants from now on: SK_EVENT_BITs, bits of enum sk_head_kind. There is one such detector. */
void sk_kit_ask(struct sk_run *run, uint8_t events, uint8_t heads);

/* Bytes of a porch for so many notes: a power of two, 64 at least. */
size_t sk_porch_bytes(uint32_t notes);
/* Start an empty one in zeroed memory that begins at a cache line; borrows it. */
void sk_porch_init(struct sk_porch *porch, void *memory, uint32_t notes, uint32_t wait_s);
/* Its memory was overwritten. */
void sk_porch_forget(struct sk_porch *porch);
static inline struct sk_table_line *sk_porch_line(const struct sk_porch *porch, uint64_t hash)
{
	return &porch->lines[hash & porch->line_mask];
}
static inline struct sk_porch_note *sk_porch_note_at(const struct sk_porch *porch, uint32_t at)
{
	return &porch->notes[at & porch->mask];
}
/* First and second step of looking many up, as with a table. */
static inline void sk_porch_prefetch(const struct sk_porch *porch, uint64_t hash)
{
	__builtin_prefetch(sk_porch_line(porch, hash), 1);
}
static inline void sk_porch_prefetch_note(const struct sk_porch *porch, uint64_t hash)
{
	const struct sk_table_line *line = sk_porch_line(porch, hash);
	unsigned found = sk_table_match(line, sk_table_tag(hash));
	if (found != 0)
		__builtin_prefetch(sk_porch_note_at(porch, line->until[__builtin_ctz(found)]), 1);
}
/* Does an event of a subject without entry reach the detector now? If its subject has come often enough all that waited reaches it before. False: it waits, or says something of nobody. */
bool sk_porch_pass(struct sk_kit_place *at, const struct sk_event *event, uint64_t hash);

/* What detectors said when the last second was weighed is told behind all events of this one. */
void sk_kit_hear(struct sk_kit *kit);
/* May a table hold this hash? A bit of the sieve says who is not there. */
static inline bool sk_run_may_know(const struct sk_run *run, uint64_t hash)
{
	uint32_t bit = sk_table_tag(hash) & run->sieve_mask;
	return (run->sieve[bit / 64] >> bit % 64 & 1) != 0;
}
/* Overwrite what was counted of the batch: it holds nothing that waits. */
void sk_kit_wipe_batch(struct sk_kit *kit);

/* The clock moves on with a packet's time. */
void sk_kit_clock(struct sk_kit *kit, int64_t time_ns);
/* Keyed hash of an address; of its network. */
uint64_t sk_kit_hash_addr(const struct sk_kit *kit, const struct sk_addr *addr);
uint64_t sk_kit_hash_net(const struct sk_kit *kit, const struct sk_addr *addr);

#endif
