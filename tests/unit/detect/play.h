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

struct play {
	struct sk_basis basis;
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
/* Tell an event of any kind at a time; it is completed by the kit. */
void play_event(struct play *play, double at_s, const struct sk_event *event);
/* Let it happen, in order of time; then, unless the play goes on, all that is left is said. What was said stands in play->said. */
void play_run(struct play *play, bool goes_on);
/* An address: prefix text plus a number. */
struct sk_addr play_addr(const char *first, uint32_t plus);
/* Of a detector, how often something was said about a subject; the last of it in *last (NULL: not wanted). */
size_t play_count(const struct play *play, const char *detector, const struct sk_addr *subject, struct sk_detection *last);
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
