/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of signature share. */
#ifndef SK_SIGNATURE_PRIV_H
#define SK_SIGNATURE_PRIV_H

#include <hs/hs.h>

#include "flow/assembly.h"
#include "seal/siphash.h"
#include "signature/signature.h"
#include "sketch/sketch.h"
#include "sketch/table.h"

enum {
	SK_SIGNATURE_STREAMS_MAX = 16383, SK_SIGNATURE_WAITING_MAX = 48, SK_SIGNATURE_FOUND_MAX = 512, SK_SIGNATURE_BITS_MAX = 16, SK_SIGNATURE_STEPS_MAX = 3000,
	SK_SIGNATURE_SEARCH_MAX = 1 << 20, SK_SIGNATURE_PATTERN_MAX = 16, SK_SIGNATURE_PATTERNS_MAX = 1 << 18, SK_SIGNATURE_LOOKS_MAX = 64, SK_SIGNATURE_PASSES_MAX = 3,
	SK_SIGNATURE_HEADERS_MAX = 64, SK_SIGNATURE_PCRE_MATCHES = 3500, SK_SIGNATURE_PCRE_DEPTH = 1500, SK_SIGNATURE_PCRE_KIB = 512, SK_SIGNATURE_SCRATCH_PARTS = 6,
	SK_SIGNATURE_MESSAGES_MAX = 64, SK_COUNTER_BYTES = 16
};

/* Of a flow's place, until its segment ends. */
enum watch_mark {
	MARK_WATCHED = 1,             /* something is kept of it */
	MARK_DONE = 2,                /* << direction: its bytes there are not looked at any more */
	MARK_PASSED = 8,              /* nothing is said of it */
	MARK_STARTED = 16             /* << direction: where its bytes begin is known, as its SYN was seen */
};
/* Which rules a port concerns. */
enum port_bit { PORT_STREAM_TO = 1, PORT_STREAM_FROM = 2, PORT_PACKET_TO = 4, PORT_PACKET_FROM = 8 };
enum { PORTS = 65536 };
#define SK_HTTP_NONE UINT32_MAX

/* Patterns of one kind of buffer, each once; behind each the rules that it stands for. */
struct filter {
	hs_database_t *database;      /* NULL: none */
	bool stream;
	uint32_t count;               /* patterns */
	uint32_t *first;              /* of pattern i: rules[first[i]] to rules[first[i + 1] - 1] */
	uint32_t *rules;
	uint32_t unfiltered_count;    /* rules that have no pattern here: asked each time */
	uint32_t *unfiltered;
};

/* One direction of a connection that is put together. */
struct side {
	uint16_t next_free;
	bool used;
	uint8_t direction;
	uint16_t watch;
	uint8_t looks;                /* because of a push */
	struct sk_assembly pieces;
	uint32_t start;               /* sequence of the first byte */
	uint32_t scanned, asked;      /* bytes of the prefix that were searched, and at the last question */
	uint32_t http_at;             /* where the next message of HTTP begins; SK_HTTP_NONE: none will */
	bool http_told;               /* its head was asked; its body was not */
	uint16_t messages;
	uint16_t waiting_count;
	uint32_t waiting[SK_SIGNATURE_WAITING_MAX]; /* rules whose pattern was found, and that did not fit yet */
};

/* What is kept of a flow. */
struct watch {
	struct sk_flow *flow;         /* NULL: free */
	uint32_t place;
	uint16_t next_free;
	uint16_t side[2];             /* by direction; 0: none */
	uint8_t bit_count;
	uint16_t bits[SK_SIGNATURE_BITS_MAX];
};

/* What a rule is asked about: one packet, one message, or the beginning of a connection. */
struct scene {
	struct sk_flow_table *table;
	struct sk_flow *flow;
	const struct sk_packet *packet;
	struct sk_flow_glance glance;
	const struct sk_head *head;   /* NULL: none */
	enum sk_rule_source source;
	bool stream;                  /* payload is a connection's beginning */
	bool assembled;               /* the packet's payload was put to one: of single packets few rules ask then */
	bool bodies;                  /* rules that ask a body, and no others */
	bool ending;                  /* the segment ends */
	uint8_t app;
	uint64_t present;             /* bits of enum sk_buffer */
	struct sk_cur buffers[SK_BUFFER_COUNT];
	size_t scratch_used;
};
_Static_assert(SK_BUFFER_COUNT <= 64, "buffers are bits");

struct sk_signature {
	const struct sk_rules *rules;
	struct sk_signature_limits limits;
	uint64_t key[2];
	uint32_t half;                /* SK_CLASS_BITs of packets whose answers are not admitted */
	bool any_http, any_pass;
	uint64_t head_sources;        /* bits of enum sk_rule_source that rules ask */
	struct filter stream, packet, heads[SK_BUFFER_COUNT];
	uint32_t source_count[SK_SOURCE_COUNT];
	uint32_t *source_rules[SK_SOURCE_COUNT]; /* rules of this source without a pattern */
	uint32_t once_count, app_count;
	uint32_t *once, *apps;        /* asked at the first packets; when it is known which protocol it is */
	uint8_t *ports;               /* by port: enum port_bit */
	uint32_t *stamps, stamp;      /* by rule: is it among the found ones? */
	hs_scratch_t *scratch;
	hs_stream_t **streams;        /* by side */
	struct side *sides;
	uint8_t *side_bytes;
	uint16_t side_free, side_hand;
	struct watch *watches;
	uint16_t watch_free, watch_hand;
	uint16_t *watch_of;           /* by place of the flow */
	uint8_t *marks;               /* by place: enum watch_mark */
	uint32_t (*starts)[2];        /* by place and direction: sequence of the first byte */
	uint32_t places;
	struct sk_table counters;
	void *counter_memory;
	size_t counter_bytes;
	uint8_t *texts;               /* scratch of decoded buffers */
	size_t text_bytes;
	struct pcre *pcre;
	struct sk_signature_counts counts;
	struct sk_flow_table *table;
	/* the packet in hand */
	struct scene scene, ending_scene;
	bool begun, busy;             /* busy: rules are being asked */
	unsigned relevant;            /* enum port_bit */
	struct sk_packet last;        /* stands for the packet when a segment ends */
	/* rules that were found */
	uint32_t found_count;
	uint32_t found[SK_SIGNATURE_FOUND_MAX];
	const struct filter *finding;
};

/* ---- filter.c ---- */

/* Patterns of a set into filters; cached: what was made of them earlier, or NULL. */
SK_MUST enum sk_err sk_filters_make(struct sk_signature *s, const void *cached, size_t cached_length, struct sk_fault *fault);
/* Serialize all. */
SK_MUST enum sk_err sk_filters_save(const struct sk_signature *s, struct sk_buf *out, struct sk_fault *fault);
/* Give back. */
void sk_filters_free(struct sk_signature *s);
/* Bytes of the databases. */
size_t sk_filters_bytes(const struct sk_signature *s);
/* Search bytes: the rules of what was found go to s->found. */
void sk_filter_block(struct sk_signature *s, const struct filter *filter, struct sk_cur bytes);
/* The same of the next bytes of a stream. */
void sk_filter_stream(struct sk_signature *s, hs_stream_t *stream, struct sk_cur bytes);

/* ---- pcre.c ---- */

/* Memory and limits for regular expressions. */
SK_MUST enum sk_err sk_pcre_new(struct pcre **out);
void sk_pcre_free(struct pcre *pcre);
/* Is the expression there, at or behind from? *start, *end: where. *limited: a limit ended it. */
bool sk_pcre_find(struct pcre *pcre, const void *code, struct sk_cur bytes, size_t from, size_t *start, size_t *end, bool *limited);

/* ---- match.c ---- */

/* Do all questions of a rule about bytes fit? *hash: keyed, over what fitted. */
bool sk_match_parts(struct sk_signature *s, const struct sk_rule *rule, struct scene *scene, uint64_t *hash);

/* ---- buffer.c ---- */

/* The buffer as the part wants it; false: there is none. */
bool sk_scene_buffer(struct sk_signature *s, struct scene *scene, const struct sk_rule_part *part, struct sk_cur *out);
/* Put a buffer into the scene. */
void sk_scene_put(struct scene *scene, enum sk_buffer buffer, struct sk_cur bytes);
/* Memory for a decoded buffer, wiped with the scene; NULL: there is none left. */
uint8_t *sk_scene_scratch(struct sk_signature *s, struct scene *scene, size_t bytes);
/* Overwrite what was decoded. */
void sk_scene_end(struct sk_signature *s, struct scene *scene);
/* Buffers of a head that flow read. */
void sk_scene_head(struct sk_signature *s, struct scene *scene, const struct sk_head *head);

/* ---- http.c ---- */

enum http_end { HTTP_MORE, HTTP_OTHER, HTTP_HEAD, HTTP_WHOLE };
/* A message of HTTP/1 at the front: its buffers go into the scene, its body too when it is whole, or when nothing more will come (`last`). *length: how long it is, when it is whole;
   SK_HTTP_NONE: what follows is none. */
enum http_end sk_http_scene(struct sk_signature *s, struct scene *scene, struct sk_cur bytes, bool request, bool last, uint32_t *length);

/* ---- cert.c ---- */

/* Texts of the server's certificate, out of the first bytes of its side, go into the scene. */
void sk_cert_scene(struct sk_signature *s, struct scene *scene, struct sk_cur stream);

/* ---- ask.c ---- */

/* Begin to gather rules. */
void sk_ask_begin(struct sk_signature *s);
/* Put a rule to s->found, once. */
void sk_ask_add(struct sk_signature *s, uint32_t id);
/* All of a list. */
void sk_ask_list(struct sk_signature *s, const uint32_t *ids, uint32_t count);
/* Ask every rule of s->found, those that pass first, and again while flowbits change. waiting: the side that keeps those that may fit later, or NULL. */
void sk_ask_found(struct sk_signature *s, struct scene *scene, struct side *waiting);

/* ---- count.c ---- */

/* A rule fitted: is it to be told, as threshold and detection_filter say? */
bool sk_count_fits(struct sk_signature *s, const struct sk_rule *rule, const struct scene *scene);

/* ---- watch.c ---- */

/* Memory of flows; streams are opened once the filters are there. */
SK_MUST enum sk_err sk_watch_new(struct sk_signature *s);
void sk_watch_free(struct sk_signature *s);
/* What is kept of the flow; make: begin, pushing another out. NULL: nothing. */
struct watch *sk_watch_of(struct sk_signature *s, struct scene *scene, bool make);
/* The side of the packet's direction, if its bytes are put together. */
struct side *sk_watch_side(struct sk_signature *s, struct scene *scene);
/* Put a packet's payload to its connection. False: it is not put together. */
bool sk_watch_put(struct sk_signature *s, struct scene *scene);
/* Search and ask what has come of it. */
void sk_watch_ask(struct sk_signature *s, struct scene *scene, struct side *side);
/* What has come without a gap. */
struct sk_cur sk_watch_prefix(const struct sk_signature *s, const struct side *side);
/* A direction is not looked at any more. */
void sk_watch_done(struct sk_signature *s, struct scene *scene);
/* The segment ends. */
void sk_watch_ending(void *context, struct sk_flow *flow);

/* ---- signature.c ---- */

/* Set up a scene for a packet; no buffer is in it. */
void sk_scene_begin(struct scene *scene, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet);
/* Search every buffer that is there, and ask what was found. */
void sk_scene_ask(struct sk_signature *s, struct scene *scene);

#endif
