/* SPDX-License-Identifier: Apache-2.0 */
/* flow: packets into flow segments, in a table of fixed size. A segment is the admitted packets of one flow (innermost pair, ports, protocol,
   tunnel depth) between opening and close. Until its fate is known its frames are pending: only counters and, for hits, head facts remain.
   Promises: no allocation after sk_flow_table_new; memory is a hard cap; evictions are counted; live + ended + evicted = created; keyed hash.
   Never: keeps payload beyond bounded reassembly buffers, which are overwritten when released. Thread rule: one table per worker. */
#ifndef SK_FLOW_H
#define SK_FLOW_H

#include "base/history.h"
#include "base/meter.h"
#include "decode/decode.h"
#include "decode/head.h"
#include "flow/clock.h"

enum sk_flow_end { SK_FLOW_END_IDLE, SK_FLOW_END_ACTIVE, SK_FLOW_END_CLOSED, SK_FLOW_END_EVICTED, SK_FLOW_END_BASIS, SK_FLOW_END_STOP };
enum sk_flow_state { SK_FLOW_NEW, SK_FLOW_SYN, SK_FLOW_SYN_ACK, SK_FLOW_ESTABLISHED, SK_FLOW_CLOSING, SK_FLOW_CLOSED, SK_FLOW_RESET };
enum { SK_FLOW_HITS_MAX = 8 };

/* Of an HTTP/1 connection: its first request and its first final response; the others are counted as far as they were read. */
struct sk_flow_http {
	uint32_t requests, responses;
	bool has_request, has_response, has_query, cut;
	uint8_t version, path_depth, header_count, response_header_count;
	uint16_t status, path_length, host_length;
	char method[SK_HTTP_METHOD_MAX];
	char host[SK_HTTP_HOST_MAX];
	uint8_t path_hash[SK_HTTP_HASH_BYTES], order_hash[SK_HTTP_HASH_BYTES], response_order_hash[SK_HTTP_HASH_BYTES];
};

/* Of an SSH connection; [0] of the client, [1] of the server. */
struct sk_flow_ssh {
	struct sk_ssh side[2];
};

enum { SK_FLOW_CODES_MAX = 8 };
/* Of a protocol that is told by its commands: messages that were read, and what they said first. */
struct sk_flow_command {
	uint32_t requests, responses, writes, errors;
	uint16_t version, detail, status;           /* the first that is not zero */
	uint16_t code_count;
	uint16_t codes[SK_FLOW_CODES_MAX];          /* the first different ones */
};

/* Head facts kept with a segment that a selector hit, or of any segment under flow.all; nothing is kept for others. */
struct sk_flow_facts {
	uint32_t hit_count;                      /* hits seen; ids of the first SK_FLOW_HITS_MAX distinct ones are kept */
	uint32_t dns_queries, dns_responses, dns_nxdomain;
	uint32_t quic_version;                   /* 0: not QUIC */
	bool has_tls, has_server, has_certificate;
	bool has_dns, has_http, has_ssh, has_command; /* at most one of these: what the segment spoke first */
	/* Right behind, so that what most facts consist of, a DNS name, lies in two or three lines. */
	union {
		struct sk_dns dns;               /* the last one */
		struct sk_flow_http http;
		struct sk_flow_ssh ssh;
		struct sk_flow_command command;
	};
	struct sk_client_hello tls;              /* the first one */
	char ja4_second[SK_JA4_TEXT_MAX];        /* of the hello behind a HelloRetryRequest, where it is another */
	struct sk_server_hello server;           /* the last one: a HelloRetryRequest gives way to the answer */
	struct sk_certificate certificate;
	uint32_t hit_ids[SK_FLOW_HITS_MAX];      /* selector ids of the running set */
	uint8_t hit_kinds[SK_FLOW_HITS_MAX];     /* bit number of enum sk_selector_kind */
	uint64_t hit_hashes[SK_FLOW_HITS_MAX];   /* of a command selector: keyed, over what it fitted; else 0 */
};
_Static_assert(sizeof(struct sk_flow_facts) <= 1088, "a place of the facts pool");

/* A segment as it is handed out at its close, and to detectors while open. Directions: 0 = from the initiator, 1 = towards it. */
struct sk_flow_record {
	SK_HISTORY;
	uint8_t classes_seen;      /* SK_CLASS_BITs over all frames (outermost) */
	uint8_t continued;         /* an earlier segment of this flow was ended by the active time-out */
	uint8_t shed;              /* under load the selectors were not asked: what it would have hit is not known */
	const struct sk_flow_facts *facts; /* NULL: nothing hit */
};

/* One direction of a flow as another meter counted it (a flow export). */
struct sk_metered {
	struct sk_addr source, destination; /* of one family */
	uint16_t source_port, destination_port; /* not of ICMP */
	uint8_t ip_proto, tcp_flags, icmp_type, icmp_code;
	uint8_t class_;            /* of this pair, as the gate judged it */
	uint8_t end;               /* enum sk_flow_end */
	uint8_t by;                /* enum sk_meter, not HERE */
	bool source_began;         /* it is known that the source is the initiator */
	uint32_t sampling;
	uint64_t packets, ip_bytes;
	int64_t first_ns, last_ns; /* first <= last */
};
/* The segment that it is: complete in itself, it never enters a table. The sender stands as the initiator. facts is NULL. */
void sk_flow_metered(const struct sk_metered *metered, struct sk_flow_record *out);

/* What is looked for in payload. */
enum sk_flow_heads { SK_FLOW_HEADS_ALL, SK_FLOW_HEADS_NONE };

struct sk_flow_limits {
	uint32_t heads;            /* enum sk_flow_heads, default all */
	uint32_t flows;            /* default 1 << 20, both families together */
	uint32_t facts;            /* segments with hits that may be open at once, default 1 << 16; beyond: close early, counted */
	uint32_t streams;          /* TCP heads in reassembly at once, default 1024, SK_CLIENT_HELLO_MAX_BYTES each */
	int64_t idle_ns;           /* default 120 s */
	int64_t idle_syn_ns;       /* SYN only, default 60 s */
	int64_t idle_closed_ns;    /* after FIN/FIN or RST, default 10 s */
	int64_t active_ns;         /* default 30 min */
};
/* The defaults above. */
struct sk_flow_limits sk_flow_default_limits(void);

struct sk_flow_counters {
	uint64_t created, ended, evicted, live;
	uint64_t flows;            /* flows, not segments: a segment that continues a flow after the active time-out is not counted again */
	uint64_t flows_by_class[SK_CLASS_COUNT]; /* of those, by the initiator's class; settled when the flow ends */
	uint64_t heads_shed;       /* heads not looked at because stream buffers were short, QUIC's first packets forged in masses (decode/quic.h), or fingerprints
	                              too dear for what the traffic had earned (decode/credit.h) */
	uint64_t facts_shed;       /* hit segments closed early because the facts pool was short */
};

struct sk_flow_table; /* opaque */
struct sk_flow;       /* a live entry; valid until the next call that takes the table */

/* Called for each segment that ends, whatever the reason; the record and its facts are overwritten on return. */
typedef void (*sk_flow_closed)(void *context, const struct sk_flow_record *record);

/* Allocate and touch everything. key is secret and random in production. SK_ENOMEM. */
SK_MUST enum sk_err sk_flow_table_new(const struct sk_flow_limits *limits, const uint8_t key[16], sk_flow_closed closed, void *context, struct sk_flow_table **out);
/* Wipe and free (NULL is fine). Segments still open are lost: call sk_flow_close_all first. */
void sk_flow_table_free(struct sk_flow_table *table);
/* First pass over a batch: hash and prefetch. count <= SK_BATCH_MAX. The packets are then applied in this order, unchanged. Optional for correctness. */
void sk_flow_prepare(struct sk_flow_table *table, const struct sk_packet *packets, size_t count);
/* Of the batch that was just prepared: will packet i open a segment, as far as can be told before the others are applied? For fetching ahead. */
bool sk_flow_seems_new(const struct sk_flow_table *table, size_t i);
/* Put one packet to its segment, at packet->clock_ns (opened when new; others may be closed or evicted on the way). *is_new says that the segment was opened now,
   or that it was not asked since sk_flow_ask_again.
   Returns NULL only when the table has no slot that may be evicted (cannot happen with flows >= 16). */
struct sk_flow *sk_flow_apply(struct sk_flow_table *table, const struct sk_packet *packet, bool *is_new);
/* What a packet did to its flow. */
enum sk_flow_news {
	SK_FLOW_NEWS_OPEN = 1,    /* opened a flow (a segment that goes on after the active time-out is none) */
	SK_FLOW_NEWS_ANSWER = 2,  /* the first packet of the responder */
	SK_FLOW_NEWS_CONFIRM = 4, /* TCP: the initiator's first with ACK and without SYN and RST */
	SK_FLOW_NEWS_CLOSE = 8,   /* TCP: with it the connection is over */
	SK_FLOW_NEWS_BACK = 16    /* beside one of these: the packet is the responder's */
};
/* What the packet that was applied last did, as enum sk_flow_news; 0: nothing new, or nobody asks. */
unsigned sk_flow_news(const struct sk_flow_table *table);
/* From now on somebody asks, or no longer: without, a packet does not pay for it. */
void sk_flow_tell_news(struct sk_flow_table *table, bool told);
/* Leave out the next packet of the batch that was prepared. */
void sk_flow_skip(struct sk_flow_table *table);
/* The selectors were not asked for this segment: it is told so at its close, unless it is asked again before. */
void sk_flow_set_shed(struct sk_flow *flow);
/* Look for a protocol head in the packet that was just applied to flow; TCP and QUIC are put together within bounds. NULL when there is none (yet).
   Which heads a flow gives, and for how long it is looked at: README.md. */
const struct sk_head *sk_flow_head(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet);
/* The next head of the same packet: several messages may share a packet, and a server's hello is often followed by its certificate. Call until NULL:
   what was not asked for is left out, or comes out with the packets that follow. */
const struct sk_head *sk_flow_head_next(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet);
/* Attach facts to a segment (zeroed) or return the attached ones. When the pool is empty, the segment that has held facts longest ends early
   (SK_FLOW_END_ACTIVE, counted) and gives its own; its flow goes on in a new segment. NULL only with limits.facts = 0 (counted). */
struct sk_flow_facts *sk_flow_facts(struct sk_flow_table *table, struct sk_flow *flow);
/* Facts already attached, or NULL. */
const struct sk_flow_facts *sk_flow_facts_of(const struct sk_flow_table *table, const struct sk_flow *flow);
/* A copy of the segment's present state. */
void sk_flow_read(const struct sk_flow_table *table, const struct sk_flow *flow, struct sk_flow_record *out);
/* ---- for whoever looks into payload in passing (signature) ---- */

/* A flow as a packet of it sees it. */
struct sk_flow_glance {
	uint32_t place;            /* below sk_flow_places; the flow's as long as it lives */
	uint8_t direction;         /* 0, 1: the packet's, the same all along the flow */
	bool to_server;            /* the packet is the initiator's */
	bool two_sided;            /* both have sent */
	uint8_t state, app;
	uint64_t ip_bytes;         /* of the segment in this direction, the packet's own among them */
};
/* Places of flows. */
uint32_t sk_flow_places(const struct sk_flow_table *table);
/* Look at one direction of a flow. */
void sk_flow_glance(const struct sk_flow_table *table, const struct sk_flow *flow, unsigned direction, struct sk_flow_glance *out);
/* Direction of the packet that was just applied. */
unsigned sk_flow_direction(const struct sk_flow_table *table);
/* Its place. */
uint32_t sk_flow_place(const struct sk_flow_table *table, const struct sk_flow *flow);
/* Called for every segment right before it ends: facts may still be attached, nothing else that changes the table may be called. */
typedef void (*sk_flow_ending)(void *context, struct sk_flow *flow);
/* Who is told. */
void sk_flow_on_ending(struct sk_flow_table *table, sk_flow_ending ending, void *context);

/* Close what is idle at now_ns of the flows' clock; cheap, call once a batch. */
void sk_flow_expire(struct sk_flow_table *table, int64_t now_ns);
/* Close all that is idle at now_ns, walking the whole table: before an interval is measured, so that it does not depend on when sweeps were due. */
void sk_flow_settle(struct sk_flow_table *table, int64_t now_ns);
/* From now on idle segments end by sk_flow_settle alone, when they are touched, or when there is no room: when that is then depends on nothing but the clock and
   what came, not on how full this table is. Or no longer so. */
void sk_flow_tell_sweeps(struct sk_flow_table *table, bool told);
/* Is a sweep due? Of a source's clock at the last sweep, at the last look and now, and the frames since that sweep; by the limits of all tables that it feeds. */
bool sk_flow_sweep_is_due(const struct sk_flow_limits *limits, int64_t swept_ns, int64_t before_ns, int64_t now_ns, uint64_t frames);
/* The clock went back: what is idle at was_ns is closed, all other flows get their full time from now_ns on. */
void sk_flow_clock_back(struct sk_flow_table *table, int64_t was_ns, int64_t now_ns);
/* The selectors have changed, or can be asked again: every open segment is to be asked at its next packet. */
void sk_flow_ask_again(struct sk_flow_table *table);
/* End every segment that has a hit (SK_FLOW_END_ACTIVE); its flow goes on in a new segment. The ids of its hits mean something only with the set that they are of. */
void sk_flow_end_hits(struct sk_flow_table *table);
typedef bool (*sk_flow_stays)(void *context, const struct sk_flow_record *record);
/* Look at every open segment once; those of which `stays` says false end with the given reason. Walks the whole table. */
void sk_flow_review(struct sk_flow_table *table, sk_flow_stays stays, void *context, enum sk_flow_end end);
/* Take over the time-outs of limits; sizes stay as they are. */
void sk_flow_set_times(struct sk_flow_table *table, const struct sk_flow_limits *limits);
/* Close everything with the given reason. */
void sk_flow_close_all(struct sk_flow_table *table, enum sk_flow_end end);
/* Frames and bytes of open segments, measured by walking the table. */
void sk_flow_pending(const struct sk_flow_table *table, uint64_t *frames, uint64_t *bytes);
/* Counters so far. */
void sk_flow_counters(const struct sk_flow_table *table, struct sk_flow_counters *out);
/* Bytes of stream buffers and scratch that are not zero: a test's canary count. */
size_t sk_flow_residue(const struct sk_flow_table *table);

#endif
