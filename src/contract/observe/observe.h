/* SPDX-License-Identifier: Apache-2.0 */
/* observe: the contract sensor -> centre: all that may be kept. An observation has no field in which content could stand.
   docs/formats/observation.md draws the binary form bit by bit. Promises: encode and decode are exact inverses; decode refuses anything else.
   Never: decides what is minted (only select does). */
#ifndef SK_OBSERVE_H
#define SK_OBSERVE_H

#include "base/addr.h"
#include "base/app.h"
#include "seal/seal.h"

enum {
	SK_OBSERVATION_VERSION = 1,
	SK_OBSERVATION_MAX_BYTES = 4096,
	SK_OBSERVATION_DOMAIN_MAX = 256,
	SK_OBSERVATION_HITS_MAX = 8,
	SK_FINDING_TEXT_MAX = 512,
	SK_FINDING_MAX_BYTES = 4096,
	SK_OBSERVATION_COMMUNITY_ID_MAX = 32
};

/* What an observation is about. */
enum sk_observation_kind { SK_OBSERVATION_FLOW = 1, SK_OBSERVATION_HIT = 2 };

/* One flow segment's whitelisted fields. FLOW: made by flow.all alone, goes to segments files. HIT: some selector other than flow.all hit. */
struct sk_observation {
	uint8_t kind;                       /* enum sk_observation_kind */
	uint8_t class_;
	uint8_t ip_proto;
	uint8_t initiator_sure;
	uint8_t tcp_flags[2];
	uint8_t end, state;                 /* numbers of flow's enums, named in the format document */
	uint8_t icmp_type, icmp_code;
	uint8_t app;                        /* enum sk_app */
	uint8_t layers;
	uint16_t tunnels;
	uint16_t interface;
	uint16_t initiator_port, responder_port;
	struct sk_addr initiator, responder;
	int64_t first_ns, last_ns;
	uint64_t packets[2], ip_bytes[2];
	uint64_t frames, frame_bytes;
	uint32_t hit_count;
	uint32_t hit_ids[SK_OBSERVATION_HITS_MAX];     /* selector ids in the set of the interval */
	uint8_t hit_kinds[SK_OBSERVATION_HITS_MAX];    /* bit numbers of enum sk_selector_kind */
	char matched[SK_OBSERVATION_DOMAIN_MAX];       /* value of the first selector that hit; "" under flow.all alone */
	/* autogen: DNS */
	uint16_t dns_type, dns_flags;
	uint8_t dns_rcode, dns_labels, dns_name_length, dns_entropy_x16; /* Shannon entropy of the name, bits a byte x 16 */
	uint32_t dns_queries, dns_responses, dns_nxdomain;
	char dns_domain[SK_OBSERVATION_DOMAIN_MAX];    /* matched or registered domain; full name only under the names rule */
	/* autogen: TLS */
	uint16_t tls_version;
	char sni_domain[SK_OBSERVATION_DOMAIN_MAX];    /* same rule */
	char alpn[16];
	char ja3[33], ja4[40];
};

/* Append the binary form. Every byte of a text after its NUL is dropped. A class of DD or UNKNOWN, or a number outside its enum, is a bug
   (SK_INVARIANT): what is domestic or not known has no written form. rule: OBSERVE-1 */
void sk_observation_encode(const struct sk_observation *observation, struct sk_buf *out);
/* Parse it; SK_ETRUNC, SK_ETRAIL, SK_EMALFORMED. */
SK_MUST enum sk_err sk_observation_decode(const void *bytes, size_t length, struct sk_observation *out);
/* A stable id: SHA-256 over the binary form and the run id, first 16 bytes. */
void sk_observation_id(const struct sk_observation *observation, const uint8_t run_id[16], uint8_t id[16]);

/* Community ID 1 with seed 0, e.g. "1:LQU9qZlK+B5F3KDmev6m5PMibrg="; "-" when the library refuses SHA-1. */
const char *sk_observation_community_id(const struct sk_observation *observation, char text[SK_OBSERVATION_COMMUNITY_ID_MAX]);
/* Names of flow's numbers: "idle" "active" "closed" "evicted" "basis" "stop", and "new" "syn" "syn_ack" "established" "closing" "closed" "reset";
   "unknown" beyond. Static storage. */
const char *sk_observation_end_name(uint8_t end);
/* As sk_observation_end_name, for the state. */
const char *sk_observation_state_name(uint8_t state);

/* What a detector or the centre concludes. Evidence points at observations. */
struct sk_finding {
	uint8_t id[16];
	char kind[32];                      /* "indicator.address", "indicator.domain", ... */
	uint8_t severity;                   /* 1 low, 2 medium, 3 high */
	uint8_t confidence_percent;
	uint8_t class_;
	char matched[SK_OBSERVATION_DOMAIN_MAX];
	char origin[128];                   /* list and line that named the value */
	char sentence[SK_FINDING_TEXT_MAX]; /* what happened, plain */
	char why[SK_FINDING_TEXT_MAX];      /* why it was flagged */
	char doubt[SK_FINDING_TEXT_MAX];    /* what else it could be */
	struct sk_addr subject, counterpart;/* own side first where there is one */
	int64_t first_ns, last_ns;
	uint64_t count;                     /* segments folded into it */
	uint8_t evidence[16];               /* id of the first observation */
};

/* Append a finding's binary form (the store seals it). Same rules as sk_observation_encode. */
void sk_finding_encode(const struct sk_finding *finding, struct sk_buf *out);
/* Parse it; SK_ETRUNC, SK_ETRAIL, SK_EMALFORMED. */
SK_MUST enum sk_err sk_finding_decode(const void *bytes, size_t length, struct sk_finding *out);

/* Put `more` to a finding of the same kind, value and subject: counts add, times widen, the heavier severity stays. The words, counterpart and evidence
   are those of the earliest segment (of two at once, of the first sentence in order of bytes), so that the order of folding does not show. */
void sk_finding_fold(struct sk_finding *into, const struct sk_finding *more);

/* Where minted records go. The collector implements it; select calls it. Errors are the sink's to keep. */
struct sk_observe_sink {
	void *context;
	void (*observation)(void *context, const struct sk_observation *observation);
	void (*finding)(void *context, const struct sk_finding *finding, const struct sk_observation *evidence);
};

#endif
