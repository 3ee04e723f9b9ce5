/* SPDX-License-Identifier: Apache-2.0 */
/* observe: the contract sensor -> centre: all that may be kept. An observation has no field in which content could stand.
   docs/formats/observation.md draws the binary form bit by bit. Promises: encode and decode are exact inverses; decode refuses anything else.
   Never: decides what is minted (only select does). */
#ifndef SK_OBSERVE_H
#define SK_OBSERVE_H

#include "base/addr.h"
#include "base/app.h"
#include "base/history.h"
#include "base/meter.h"
#include "observe/words.h"
#include "seal/seal.h"

enum {
	SK_OBSERVATION_VERSION = 2,       /* of segments; version 1 is still read */
	SK_OBSERVATION_EVENT_VERSION = 3, /* of detector events */
	SK_OBSERVATION_MAX_BYTES = 4096,
	SK_OBSERVATION_ENDS = 6, SK_OBSERVATION_STATES = 7, /* flow's numbers are below these */
	SK_OBSERVATION_DOMAIN_MAX = 256,
	SK_OBSERVATION_HITS_MAX = 8,
	SK_OBSERVATION_COMMAND_BIT = 12,  /* of hit_kinds: contract/basis numbers them */
	SK_OBSERVATION_CODES_MAX = 8,     /* different codes of commands that are kept */
	SK_OBSERVATION_SOFTWARE_MAX = 64,
	SK_OBSERVATION_DETECTOR_MAX = 32,
	SK_FINDING_MAX_BYTES = 4096,
	SK_OBSERVATION_COMMUNITY_ID_MAX = 32
};

/* What an observation is about. */
enum sk_observation_kind { SK_OBSERVATION_FLOW = 1, SK_OBSERVATION_HIT = 2, SK_OBSERVATION_EVENT = 3 };

/* What else an observation tells besides the history that all have. Members of a section that is not announced are zero and are not written. */
enum sk_observation_section {
	SK_SECTION_HITS = 1, SK_SECTION_DNS = 2, SK_SECTION_TLS = 4, SK_SECTION_SERVER = 8, SK_SECTION_CERTIFICATE = 16, SK_SECTION_HTTP = 32,
	SK_SECTION_SSH = 64, SK_SECTION_COMMAND = 128,
	SK_SECTION_DETECTOR = 256 /* of every event, and of nothing else */
};
/* detector_bits. */
enum sk_observation_detector_bit {
	SK_DETECTOR_BIT_RESPONDER = 1, /* the event is told of the responder; else of the initiator */
	SK_DETECTOR_BIT_HALF = 2       /* half view: one direction alone was there to be seen */
};
/* tls_bits and server_bits. */
enum sk_observation_tls_bit {
	SK_TLS_BIT_SNI = 1,       /* there was a server name */
	SK_TLS_BIT_ECH = 2,       /* encrypted client hello: the server name is the front's */
	SK_TLS_BIT_ECH_INNER = 4, /* ... and this is the inner one, behind a front */
	SK_TLS_BIT_ESNI = 8,      /* the drafts before ECH: no name in clear */
	SK_TLS_BIT_GREASE = 16,
	SK_TLS_BIT_QUIC = 32, SK_TLS_BIT_DTLS = 64,
	SK_TLS_BIT_RETRY = 128    /* server: asked for a second hello */
};
enum sk_observation_certificate_bit { SK_CERT_BIT_SELF_SIGNED = 1, SK_CERT_BIT_PARSED = 2, SK_CERT_BIT_WHOLE = 4 };
enum sk_observation_http_bit { SK_HTTP_BIT_REQUEST = 1, SK_HTTP_BIT_RESPONSE = 2, SK_HTTP_BIT_QUERY = 4, SK_HTTP_BIT_CUT = 8 };

/* One flow segment's whitelisted fields. FLOW: made by flow.all alone, goes to segments files. HIT: some selector other than flow.all hit.
   EVENT: what a detector counted over many segments. Initiator, responder and ports are then those of one of them; packets and bytes of all, as far as it
   counted them; they stand in no equation, as the segments have fates of their own (frame_bytes is 0); first and last are the event's. */
struct sk_observation {
	SK_HISTORY;
	uint8_t kind;                       /* enum sk_observation_kind */
	uint16_t sections;                  /* enum sk_observation_section */
	/* section: hits; before it the core that all have */
	uint32_t hit_count;
	uint32_t hit_ids[SK_OBSERVATION_HITS_MAX];     /* selector ids in the set of the interval */
	uint8_t hit_kinds[SK_OBSERVATION_HITS_MAX];    /* bit numbers of enum sk_selector_kind */
	char matched[SK_OBSERVATION_DOMAIN_MAX];       /* value of the first selector that hit; "" under flow.all alone */
	uint32_t rule_gid[SK_OBSERVATION_HITS_MAX], rule_sid[SK_OBSERVATION_HITS_MAX], rule_rev[SK_OBSERVATION_HITS_MAX]; /* of hits by a rule of byte patterns, else 0 */
	uint64_t rule_hash[SK_OBSERVATION_HITS_MAX];   /* ... keyed, over the bytes that fitted */
	/* section: DNS */
	uint16_t dns_type, dns_flags;
	uint8_t dns_rcode, dns_labels, dns_name_length, dns_entropy_x16; /* Shannon entropy of the name, bits a byte x 16 */
	uint32_t dns_queries, dns_responses, dns_nxdomain;
	char dns_domain[SK_OBSERVATION_DOMAIN_MAX];    /* matched or registered domain; full name only under the names rule */
	/* section: TLS, the client's side (also DTLS, QUIC) */
	uint16_t tls_version;
	uint8_t tls_bits;                              /* enum sk_observation_tls_bit */
	uint32_t quic_version;                         /* 0: not QUIC */
	char sni_domain[SK_OBSERVATION_DOMAIN_MAX];    /* same rule */
	char alpn[16];
	char ja3[33], ja4[40];                         /* as their specifications print them, or "" */
	char ja4_second[40];                           /* of the hello behind a HelloRetryRequest, where it is another */
	/* section: server, the same handshake's other side */
	uint16_t server_version, server_cipher;
	uint8_t server_bits;                           /* enum sk_observation_tls_bit */
	char server_alpn[16];
	char ja3s[33];
	/* section: certificate, the server's leaf */
	uint8_t cert_sha1[20], cert_sha256[32];        /* of the DER; zero unless it was whole */
	uint8_t cert_issuer[16], cert_subject[16];     /* SHA-256 of the DER names, cut: names themselves are never here */
	int64_t cert_not_before_s, cert_not_after_s;   /* since 1970 */
	uint8_t cert_version, cert_chain, cert_bits;   /* cert_chain: certificates that were sent; enum sk_observation_certificate_bit */
	/* section: HTTP/1, the first request and the first final response */
	char http_method[20];
	char http_host_domain[SK_OBSERVATION_DOMAIN_MAX]; /* same rule as for DNS */
	uint16_t http_status, http_path_length;
	uint8_t http_version, http_path_depth, http_bits; /* 10 = 1.0, 11 = 1.1; enum sk_observation_http_bit */
	uint8_t http_header_count, http_response_header_count;
	uint8_t http_path_hash[16];                    /* SHA-256 of the path without query, cut */
	uint8_t http_order_hash[16], http_response_order_hash[16]; /* of the header names in their order */
	uint32_t http_requests, http_responses;        /* heads that were read: a connection is not read to its end */
	/* section: SSH */
	uint16_t ssh_client_version, ssh_server_version; /* major x 256 + minor; 0: not seen */
	char ssh_client_software[SK_OBSERVATION_SOFTWARE_MAX], ssh_server_software[SK_OBSERVATION_SOFTWARE_MAX];
	char hassh[33], hassh_server[33];
	/* section: command, of the protocol that app names (decode/command.def says what the numbers are) */
	uint32_t command_requests, command_responses, command_writes, command_errors; /* messages that were read */
	uint16_t command_version, command_detail, command_status; /* the first that is not zero */
	uint8_t command_code_count;
	uint16_t command_codes[SK_OBSERVATION_CODES_MAX]; /* the first different ones, in their order */
	/* section: detector (docs/detectors/NAME.md says what its numbers are) */
	char detector[SK_OBSERVATION_DETECTOR_MAX];    /* name of the detector */
	uint8_t detector_bits;                         /* enum sk_observation_detector_bit */
	uint8_t detector_percent;                      /* how sure */
	uint64_t detector_contacts, detector_answered; /* flows that were counted, and of them answered */
	uint64_t detector_peers, detector_ports;       /* different counterparts and ports, as far as they are known */
	uint64_t detector_value, detector_limit;       /* what was measured, and the threshold that it passed */
	uint64_t detector_period_ms;                   /* 0: none was found */
	uint32_t detector_spread_permille;             /* of the period */
};
#define SK_OBSERVATION_CORE_BYTES offsetof(struct sk_observation, hit_count)

/* Append the binary form. Every byte of a text after its NUL is dropped. A class of DD or UNKNOWN, or a number outside its enum, is a bug
   (SK_INVARIANT): what is domestic or not known has no written form. rule: OBSERVE-1 */
void sk_observation_encode(const struct sk_observation *observation, struct sk_buf *out);
/* The same into the caller's memory, of which SK_OBSERVATION_MAX_BYTES are there (bytes behind the form may be overwritten). Returns the length. */
size_t sk_observation_encode_to(const struct sk_observation *observation, uint8_t *out);
/* Parse it, version 1, 2 or 3; SK_ETRUNC, SK_ETRAIL, SK_EMALFORMED. */
SK_MUST enum sk_err sk_observation_decode(const void *bytes, size_t length, struct sk_observation *out);
/* A stable id: SHA-256 over the binary form and the run id, first 16 bytes. */
void sk_observation_id(const struct sk_observation *observation, const uint8_t run_id[16], uint8_t id[16]);
/* The same of a stored form, whatever its version. */
void sk_observation_form_id(const void *form, size_t length, const uint8_t run_id[16], uint8_t id[16]);

/* Community ID 1 with seed 0, e.g. "1:LQU9qZlK+B5F3KDmev6m5PMibrg="; "-" when the library refuses SHA-1. */
const char *sk_observation_community_id(const struct sk_observation *observation, char text[SK_OBSERVATION_COMMUNITY_ID_MAX]);
/* Names of flow's numbers: "idle" "active" "closed" "evicted" "basis" "stop", and "new" "syn" "syn_ack" "established" "closing" "closed" "reset";
   "unknown" beyond. Static storage. */
const char *sk_observation_end_name(uint8_t end);
/* As sk_observation_end_name, for the state. */
const char *sk_observation_state_name(uint8_t state);

/* What a detector or the centre concludes. Evidence points at observations. One about the sensor itself is of class UNKNOWN, names no address and has no evidence. */
struct sk_finding {
	uint8_t id[16];
	char kind[32];                      /* "indicator.address", "indicator.domain", ... */
	uint8_t severity;                   /* 1 low, 2 medium, 3 high */
	uint8_t confidence_percent;
	uint8_t class_;
	char matched[SK_OBSERVATION_DOMAIN_MAX];
	char origin[128];                   /* list and line that named the value */
	struct sk_words sentence;           /* what happened, plain */
	struct sk_words why;                /* why it was flagged */
	struct sk_words doubt;              /* what else it could be */
	struct sk_addr subject, counterpart;/* own side first where there is one */
	int64_t first_ns, last_ns;
	uint64_t count;                     /* segments folded into it */
	uint8_t evidence[16];               /* id of the first observation */
};

/* Begin a finding of that kind about the sensor itself, or about one of its links: class UNKNOWN, no address, certain, count 1; the link is what it matched. One kind and link
   are one finding: a repetition folds into it. Severity and words are the caller's. */
void sk_finding_of_ourselves(const char *kind, const char *link, int64_t first_ns, int64_t last_ns, struct sk_finding *out);
/* Set the id of one about somebody: of its kind, what was matched and its own side (subject), so that a repetition folds into it whenever it is looked for. */
void sk_finding_set_id(struct sk_finding *finding);

/* As sk_observation_encode_to: into SK_FINDING_MAX_BYTES of the caller's memory. Returns the length. */
size_t sk_finding_encode_to(const struct sk_finding *finding, uint8_t *out);
/* Append a finding's binary form (the store seals it): version 2, or version 1 where its words are plain texts. Same rules as sk_observation_encode. */
void sk_finding_encode(const struct sk_finding *finding, struct sk_buf *out);
/* Parse it; SK_ETRUNC, SK_ETRAIL, SK_EMALFORMED. */
SK_MUST enum sk_err sk_finding_decode(const void *bytes, size_t length, struct sk_finding *out);

/* The class for people and machines: "FF" "FD" "DF", "none" of a finding about the sensor itself. Static storage. */
const char *sk_finding_class_name(const struct sk_finding *finding);

/* Put `more` to a finding of the same kind, value and subject: counts add, times widen, the heavier severity stays. The words, counterpart and evidence
   are those of the earliest segment (of two at once, of the first sentence by sk_words_compare), so that the order of folding does not show. Of what a detector
   tells (its kind does not begin with "indicator.") they are those of the latest, whose numbers hold the earlier ones. */
void sk_finding_fold(struct sk_finding *into, const struct sk_finding *more);

/* What a token stands for (docs/custody.md). It is in no record: the store seals it for custodians, who open it together or not at all; nothing else may take it. */
struct sk_original {
	char token[SK_OBSERVATION_DOMAIN_MAX], value[SK_OBSERVATION_DOMAIN_MAX];
	uint8_t tag[8];                     /* keyed hash of the value: tells two values of one token apart, and says nothing without the key that dies with the sensor */
	int64_t time_ns;                    /* of the record that has the token */
};

/* Where minted records go. The collector implements it; select calls it. Errors are the sink's to keep. A finding follows the observation that is its evidence;
   one about the sensor itself has none (evidence NULL). */
struct sk_observe_sink {
	void *context;
	/* False: there is no room now for it and its findings (of a hit at most SK_OBSERVATION_HITS_MAX); it is shed. */
	bool (*observation)(void *context, const struct sk_observation *observation);
	/* The same for an observation of kind FLOW without sections whose history is plain (observe/plain.h). NULL: it comes as any other. */
	bool (*flow)(void *context, const struct sk_history *history);
	void (*finding)(void *context, const struct sk_finding *finding, const struct sk_observation *evidence);
	/* Follows an observation that was taken, and its findings. False: there is no room now; it is told again with the next one. NULL: tokens are for good. */
	bool (*original)(void *context, const struct sk_original *original);
	const uint8_t *token_key;           /* SK_KEY_BYTES, borrowed: addresses and names of domestic hosts come as tokens under it. NULL: where policy demands tokens, under a key of nobody's */
};

#endif
