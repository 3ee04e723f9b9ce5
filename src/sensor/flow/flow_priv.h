/* SPDX-License-Identifier: Apache-2.0 */
/* The table's memory, shared by the files of flow.

   A set is one cache line of 16 tags and 16 expiries, then 16 entries of one line each, then 16 half lines of what only some flows need. A flow may live in
   either of two sets; where, depends on which has more room when it opens. It never moves. A packet of a flow touches its set's line and its entry. One table
   serves both families, so that the cap holds for any mix of IPv4 and IPv6. */
#ifndef SK_FLOW_PRIV_H
#define SK_FLOW_PRIV_H

#include "decode/quic.h"
#include "flow/assembly.h"
#include "flow/flow.h"

enum {
	SK_SET_WAYS = 16,
	SK_NEAR = 4,                     /* so many packets before it is applied, a packet's entry is fetched into the first level */
	SK_TICK_MS = 250,
	SK_IDLE_MAX_S = 7200,            /* 16-bit expiries compare signed: +-8191 s */
	SK_ACTIVE_MAX_S = 4 * 3600,      /* last_delta_ns has 44 bits: 4.88 h */
	SK_SWEEP_S = 8,
	SK_SWEEP_LONGEST_S = 600,        /* ... or this long when few packets come: a sweep walks the whole table */
	SK_STREAMS_MAX = (1 << 14) - 1,  /* entry.stream has 14 bits, 0 = none */
	SK_FACTS_MAX = (1 << 17) - 1,    /* entry.facts has 17 bits, 0 = none */
	SK_HEAD_PACKETS_MAX = 6,         /* payloads a direction that are looked at for a head; side.attempts has 3 bits */
	SK_STREAM_PACKETS_MAX = 24,      /* payload packets that one stream buffer may see */
	SK_CLASS_NONE = 7,
	SK_GENERATIONS = 15,             /* 1 .. 15; entry.asked has 4 bits */
	SK_LAYER_BITS = 4, SK_LAYER_MASK = 15,
	SK_BYTES_BITS = 40,              /* of each counter of bytes */
	SK_NEXT_STATES = 1 << 10         /* segment_priv.h: state, TCP flags, what is so of both sides */
};

/* Bits of key.meta above the ports and the protocol. */
enum { SK_KEY_V6 = 1, SK_KEY_ONE_WAY = 2, SK_KEY_TUNNELLED = 4 };

/* Who talks to whom, in canonical order: the lower end (address, then port) first. meta = port, port, proto, SK_KEY_ bits from the low end; its
   upper 16 bits belong to the entry. words: IPv4: both addresses in the first, nothing in the others; IPv6: two for each end. They are words of memory: any
   fixed order of them will do. */
struct key {
	uint64_t meta;
	uint64_t words[4];
};
#define SK_KEY_META_MASK UINT64_C(0x0000ffffffffffff)

/* What an entry knows of one direction, in one word that every packet adds to: bytes of IP in the low 40 bits (a segment ends before they are full), the
   union of the TCP flags, the class, how many payloads were looked at, and of the whole flow: side 0 tunnels, side 1 layers and, from bit 4, classes seen. */
enum { SK_SIDE_FLAGS = 40, SK_SIDE_CLASS = 48, SK_SIDE_ATTEMPTS = 51, SK_SIDE_MORE = 54 };
#define SK_SIDE_BYTES_MASK ((UINT64_C(1) << SK_SIDE_FLAGS) - 1)
#define SK_SIDE_CLASS_MASK (UINT64_C(7) << SK_SIDE_CLASS)
#define SK_SIDE_ATTEMPTS_MASK (UINT64_C(7) << SK_SIDE_ATTEMPTS)
#define SK_SIDE_MORE_MASK (UINT64_C(0x3ff) << SK_SIDE_MORE)

static inline uint64_t sk_side_bytes(uint64_t side)
{
	return side & SK_SIDE_BYTES_MASK;
}

static inline uint8_t sk_side_flags(uint64_t side)
{
	return (uint8_t)(side >> SK_SIDE_FLAGS);
}

static inline unsigned sk_side_class(uint64_t side)
{
	return (unsigned)(side >> SK_SIDE_CLASS) & 7;
}

static inline unsigned sk_side_attempts(uint64_t side)
{
	return (unsigned)(side >> SK_SIDE_ATTEMPTS) & 7;
}

static inline uint16_t sk_side_more(uint64_t side)
{
	return (uint16_t)(side >> SK_SIDE_MORE);
}

/* Directions here are canonical: 0 = from the lower end. `initiator` says which of the two the initiator's is. */
struct sk_flow {
	uint64_t meta;                /* of the key; interface and app in the upper 16 bits */
	union {
		uint64_t pair;                /* IPv4: the key's first word */
		uint32_t next_sequence6[2];   /* IPv6 */
	};
	int64_t first_ns;
	uint32_t packets[2];          /* wire frames; 0 in both: a place kept for a flow whose segment has ended */
	uint64_t side[2];
	uint64_t known;               /* SK_KNOWN_: state, who began it and so on; bytes of its frames in the upper 40 bits */
	uint64_t asked : 4, sequence_known : 2, stream : 14, last_delta_ns : 44; /* asked: the generation of selectors that was, 0: none */
};
_Static_assert(sizeof(struct sk_flow) == 64, "an entry is a cache line");

/* What an entry knows of the whole flow, in one word that every packet adds to. State, three bits: enum sk_flow_state. INITIATOR: the direction that is the initiator's.
   SURE: a SYN or its answer told so. FACTS, 17 bits: the place in the pool, 0 = none. */
enum { SK_KNOWN_STATE, SK_KNOWN_SURE = 3, SK_KNOWN_INITIATOR, SK_KNOWN_CONTINUED, SK_KNOWN_SHED, SK_KNOWN_FACTS, SK_KNOWN_BYTES = 24 };
#define SK_KNOWN_STATE_MASK UINT64_C(7)
#define SK_KNOWN_FACTS_MASK ((uint64_t)SK_FACTS_MAX << SK_KNOWN_FACTS)

static inline unsigned sk_flow_state(const struct sk_flow *flow)
{
	return (unsigned)(flow->known & SK_KNOWN_STATE_MASK);
}

static inline bool sk_flow_knows(const struct sk_flow *flow, unsigned bit)
{
	return (flow->known >> bit & 1) != 0;
}

static inline unsigned sk_flow_initiator(const struct sk_flow *flow)
{
	return (unsigned)(flow->known >> SK_KNOWN_INITIATOR) & 1;
}

static inline uint32_t sk_flow_facts_place(const struct sk_flow *flow)
{
	return (uint32_t)(flow->known >> SK_KNOWN_FACTS) & SK_FACTS_MAX;
}

static inline void sk_flow_set_facts_place(struct sk_flow *flow, uint32_t place)
{
	flow->known = (flow->known & ~SK_KNOWN_FACTS_MASK) | (uint64_t)(place & SK_FACTS_MAX) << SK_KNOWN_FACTS;
}

static inline uint64_t sk_flow_frame_bytes(const struct sk_flow *flow)
{
	return flow->known >> SK_KNOWN_BYTES;
}

/* Beside each entry. IPv6: the key's words. IPv4: next_sequence alone. */
struct wide {
	union {
		uint64_t words[4];
		uint32_t next_sequence4[2];
	};
};

struct set {
	uint16_t tag[SK_SET_WAYS];    /* 0 = free */
	uint16_t expiry[SK_SET_WAYS]; /* tick */
	struct sk_flow flows[SK_SET_WAYS];
	struct wide wides[SK_SET_WAYS];
};
_Static_assert(sizeof(struct set) == 64 + SK_SET_WAYS * 96, "a set is 25 cache lines");

/* What prepare found out of a packet, each packet once and in order. The guess is the slot that was fetched ahead: the flow's own, or the one that a new flow would get. Packets that come
   before it in the batch may have changed that, so apply looks whether tag and expiry are still those that the guess was made of. */
struct prepared {
	const struct sk_packet *packet; /* NULL: the batch is over */
	struct key key;
	struct set *sets[2];          /* where its flow may live */
	struct set *guess;
	uint16_t tag;
	uint16_t guess_tag, guess_expiry;
	uint8_t direction;            /* of the packet: 0 = from the lower end */
	uint8_t guess_way;
	bool guess_found;             /* the tag matched there */
};

/* Reassembly of one direction of one flow; of a QUIC flow the first one also remembers what opens its packets. */
struct stream {
	uint16_t next;                /* of the same flow, or of the free list; 0 = none */
	uint8_t direction;
	uint8_t packets;              /* seen by this buffer */
	uint8_t readers;              /* head_priv.h: what the bytes may still be */
	bool told;                    /* SSH: the identification was handed out */
	bool quic;                    /* quic_flow is in use */
	uint16_t seen;                /* bytes of the prefix at the last look; 0: none */
	struct sk_assembly pieces;    /* what has come */
	struct sk_tls_progress tls;   /* how far its messages have come */
	struct sk_flow *owner;        /* NULL = free */
	struct sk_quic_flow quic_flow;
};

struct facts_place {
	struct sk_flow *owner;        /* NULL = free */
	uint32_t next_free;
};

/* An anonymous mapping, not dumped, of huge pages where the system has them. */
struct area {
	void *memory;
	size_t bytes;
};

struct sk_flow_table {
	uint64_t key[2];
	struct sk_flow_limits limits;
	sk_flow_closed closed;
	void *context;
	sk_flow_ending ending;        /* NULL: nobody looks into payload */
	void *ending_context;
	struct set *sets;
	uint32_t set_count;
	uint64_t *noted;              /* a bit for each set: a flow has gone into it, and no walk has found it empty since */
	bool clean;                   /* no flow since all were closed: every entry, facts and stream was overwritten when its flow ended */
	uint16_t idle_ticks[8];       /* by the state of a flow */
	uint8_t next_state[SK_NEXT_STATES];
	int64_t now_ns;               /* the clock, as told by packets (clock.h) */
	int64_t calm_ns;              /* before this time nothing is due: the clock only moves on */
	int64_t swept_ns;
	uint16_t now_tick;            /* of now_ns */
	bool started;                 /* now_ns was set */
	uint32_t since_sweep;         /* packets */
	bool told_sweeps;             /* sweeps come by sk_flow_settle alone */
	uint8_t generation;           /* of selectors: entries that were asked under another one are asked again */
	struct sk_flow_counters counters;
	uint8_t news, direction;      /* of the packet that was applied last */
	bool told_news;               /* somebody asks for news */
	/* the batch that was prepared, and behind it what is read as its end or fetched ahead */
	const struct prepared *ahead; /* the first that was not applied yet */
	uint64_t opened;              /* tags (their low 6 bits) of the flows that were opened since */
	struct prepared prepared[SK_BATCH_MAX + SK_NEAR];
	/* all keys' first two words side by side, for one loop over them, and what it makes of them: tags, and how far behind the first set their two sets lie */
	uint64_t hashed[2][SK_BATCH_MAX], hashes[SK_BATCH_MAX], offsets[2][SK_BATCH_MAX];
	/* pools; index 0 is none */
	struct sk_flow_facts *facts;
	struct facts_place *facts_places;
	uint32_t facts_free, facts_hand;
	struct stream *streams;
	uint8_t *stream_bytes;
	uint16_t stream_free, stream_hand;
	struct sk_quic *quic;
	struct sk_credit credit;      /* for what is dear in heads */
	/* the head that was handed out last */
	struct sk_head head;
	uint16_t head_used;           /* bytes of it to be overwritten */
	/* what the same packet may still hold */
	struct sk_cur rest;
	uint8_t rest_readers;         /* head_priv.h; 0: nothing */
	bool rest_buffered;           /* ... and it stands in a buffer */
	struct area areas[6];
};

/* ---- key.c ---- */

/* Community ID's pair for an ICMP type: true when a counterpart exists, and then *counterpart is it. */
bool sk_icmp_counterpart(uint8_t ip_proto, uint8_t type, uint8_t *counterpart);
/* Is it ICMP or ICMPv6? */
static inline bool sk_is_icmp(uint8_t ip_proto)
{
	return ip_proto == 1 || ip_proto == 58;
}

/* The capture's interface (8 bits: SK_INTERFACES_MAX) and the protocol seen by content (enum sk_app) stand above the key's own bits. */
static inline uint16_t sk_flow_interface(const struct sk_flow *flow)
{
	return (uint16_t)(flow->meta >> 48 & 0xff);
}

static inline uint8_t sk_flow_app(const struct sk_flow *flow)
{
	return (uint8_t)(flow->meta >> 56);
}

static inline void sk_flow_set_app(struct sk_flow *flow, enum sk_app app)
{
	flow->meta = (flow->meta & UINT64_C(0x00ffffffffffffff)) | (uint64_t)app << 56;
}

static inline uint8_t sk_flow_proto(const struct sk_flow *flow)
{
	return (uint8_t)(flow->meta >> 32);
}

static inline bool sk_flow_is_v6(const struct sk_flow *flow)
{
	return (flow->meta >> 40 & SK_KEY_V6) != 0;
}

static inline struct wide *sk_flow_wide(const struct sk_flow_table *table, const struct sk_flow *flow)
{
	size_t set = (size_t)((const char *)flow - (const char *)table->sets) / sizeof(struct set);
	return &table->sets[set].wides[flow - table->sets[set].flows];
}

/* TCP: where the next head of each direction would begin. */
static inline uint32_t *sk_flow_next_sequence(const struct sk_flow_table *table, struct sk_flow *flow)
{
	return sk_flow_is_v6(flow) ? flow->next_sequence6 : sk_flow_wide(table, flow)->next_sequence4;
}

/* ---- segments (segment_priv.h has what every packet comes through) ---- */

/* The class of the initiator's direction. When only the answers were seen, theirs turned around. */
static inline enum sk_class sk_segment_class(const struct sk_flow *flow)
{
	unsigned own = sk_side_class(flow->side[sk_flow_initiator(flow)]), other = sk_side_class(flow->side[sk_flow_initiator(flow) ^ 1u]);
	if (own != SK_CLASS_NONE)
		return (enum sk_class)own;
	return other == SK_CLASS_FD ? SK_CLASS_DF : other == SK_CLASS_DF ? SK_CLASS_FD : (enum sk_class)other;
}

/* ---- stream.c ---- */

/* The buffer of one direction of a flow; NULL when it has none. */
struct stream *sk_stream_of(const struct sk_flow_table *table, const struct sk_flow *flow, unsigned direction);
/* A buffer for one direction of a flow. When none is free, the one that was taken longest ago is (counted); that direction of its flow is not looked at
   again. NULL only when the table has none (counted). */
struct stream *sk_stream_take(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction);
/* What was found out of its front holds no longer. */
static inline void sk_stream_forget(struct stream *stream)
{
	stream->seen = 0;
	stream->tls = (struct sk_tls_progress){0};
}
/* Overwrite what it holds and begin anew. */
void sk_stream_clear(struct sk_flow_table *table, struct stream *stream);
/* Give it back, overwritten. */
void sk_stream_release(struct sk_flow_table *table, struct sk_flow *flow, struct stream *stream);
/* All of a flow. */
void sk_streams_release(struct sk_flow_table *table, struct sk_flow *flow);
/* Put bytes at an offset; bytes that are there already stay (first wins), what lies beyond the buffer is left out. False: too many pieces. */
SK_MUST bool sk_stream_put(struct sk_flow_table *table, struct stream *stream, uint32_t offset, struct sk_cur bytes);
/* What has come without a gap from the start. */
struct sk_cur sk_stream_prefix(const struct sk_flow_table *table, const struct stream *stream);
/* Remove the first n bytes of the prefix. */
void sk_stream_consume(struct sk_flow_table *table, struct stream *stream, uint32_t n);
/* A SYN says where a direction's first byte will be. */
void sk_streams_syn(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction);

/* ---- head.c ---- */

/* Payloads of a direction that were looked at; SK_HEAD_PACKETS_MAX: no more will be. */
static inline unsigned sk_flow_attempts(const struct sk_flow *flow, unsigned direction)
{
	return sk_side_attempts(flow->side[direction]);
}

static inline void sk_flow_set_attempts(struct sk_flow *flow, unsigned direction, unsigned attempts)
{
	flow->side[direction] = (flow->side[direction] & ~SK_SIDE_ATTEMPTS_MASK) | (uint64_t)(attempts & 7) << SK_SIDE_ATTEMPTS;
}

/* Overwrite the head that was handed out last. */
void sk_head_wipe(struct sk_flow_table *table);

/* ---- state.c ---- */

/* Fill next_state. */
void sk_flow_set_states(struct sk_flow_table *table);
/* Work out idle_ticks from the limits. */
void sk_flow_set_timers(struct sk_flow_table *table);

#endif
