/* SPDX-License-Identifier: Apache-2.0 */
/* Plays flows to detectors: flows are told with their times and counters, become events in the order of time, and what the detectors say is kept. Any number of
   workers: then each makes its events apart, and they come to the kit in another order within a second. */
#ifndef SK_TEST_DETECT_PLAY_H
#define SK_TEST_DETECT_PLAY_H

#include "detect/kit.h"

enum play_answer { PLAY_SILENT, PLAY_ACCEPT, PLAY_REFUSE };

struct play_flow {
	double at_s, last_s;          /* begins; seconds until its last packet */
	uint8_t ip_proto, class_, app, icmp_type, first_flags; /* first_flags 0: SYN for TCP */
	enum play_answer answer;
	bool no_confirm;              /* TCP: the initiator never acknowledges */
	bool no_end;                  /* the segment has not ended when the play does */
	double answer_s;              /* until the answer; 0: 0.05 */
	struct sk_addr from, to;
	uint16_t from_port, to_port;
	uint64_t packets[2], bytes[2]; /* 0: what the smallest such flow has */
	uint8_t flags[2], state, end;
};

/* A question and its answer. */
struct play_dns {
	double at_s, answer_s;        /* of the question; until the answer, 0: 0.03 */
	uint8_t class_;               /* of the client's flow; 0: DF */
	struct sk_addr client, server;
	uint16_t client_port;
	const char *name;
	uint16_t type;                /* 0: A */
	bool no_question, no_answer;  /* not seen */
	bool turned;                  /* the server's packet is the first of the flow that is seen: with no_question */
	uint8_t rcode;
	uint16_t answers;             /* at least as many as addresses */
	uint32_t ttl_s;
	uint16_t bytes[2];            /* payloads; 0: what fits the name */
	size_t address_count;
	struct sk_addr addresses[SK_DNS_ADDRESSES_MAX];
};

struct play {
	struct sk_basis basis;
	struct sk_suffixes *suffixes;
	struct sk_brands *brands;     /* those of the program, or play_brands */
	struct sk_kit *kit;
	unsigned workers;
	int64_t second;
	struct play_step *steps;
	size_t step_count, step_room;
	struct sk_detection *said;
	size_t said_count, said_room;
};

/* Start with detectors as the command line names them: "scan.horizontal", "beacon:visits=9". Classes FF, FD and DF, or those given. */
void play_start(struct play *play, unsigned workers, uint32_t classes, const struct sk_kit_limits *limits, const char *const *detectors, size_t count);
/* Free everything. */
void play_end(struct play *play);
/* Tell a flow; times are seconds after 2026-03-01. */
void play_flow(struct play *play, const struct play_flow *flow);
/* The list of brands for the plays that start from now on; NULL: the program's own. */
void play_brands(const char *text);
/* Tell a question and its answer, as heads. */
void play_dns(struct play *play, const struct play_dns *dns);
/* Tell a head: of a flow of these ends, ports, class. */
void play_head(struct play *play, double at_s, const struct sk_event *flow, const struct sk_head *head, uint16_t payload_bytes);
/* Tell an event of any kind at a time; it is completed by the kit. */
void play_event(struct play *play, double at_s, const struct sk_event *event);
/* Let it happen, in order of time; then, unless the play goes on, all that is left is said. What was said stands in play->said. */
void play_run(struct play *play, bool goes_on);
/* An address: prefix text plus a number. */
struct sk_addr play_addr(const char *first, uint32_t plus);
/* Of a detector, how often something was said about a subject; the last of it in *last (NULL: not wanted). */
size_t play_count(const struct play *play, const char *detector, const struct sk_addr *subject, struct sk_detection *last);
/* The row of a detector, for events that are made by hand. */
uint8_t play_row(const char *detector);
/* The next number of a sequence that a seed begins, below a bound. */
uint32_t play_random(uint64_t *seed, uint32_t below);
/* Little memory and very many others: `half` tells the first (0) and the second part (1) of what must be found about the subject, from second 0 and from second
   PLAY_CROWD_AT_S + PLAY_CROWD_S on; between them 300,000 events of `other` come within PLAY_CROWD_S seconds. Was it found, and did the memory stay what it was? */
enum { PLAY_CROWD_AT_S = 40, PLAY_CROWD_S = 30 };
SK_MUST bool play_in_a_crowd(const char *detector, void (*half)(struct play *play, unsigned part), const struct sk_addr *subject, struct sk_event (*other)(unsigned i));
/* Words of a detection. */
void play_tell(const struct play *play, const struct sk_detection *detection, struct sk_telling *out);

#define PLAY_ZERO_NS (INT64_C(1772323200) * 1000000000) /* 2026-03-01T00:00:00Z */

#endif
