/* SPDX-License-Identifier: Apache-2.0 */
/* What the scan detectors share: the threshold random walk over first contacts (Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection Using Sequential
   Hypothesis Testing, 2004). Each different contact is one observation with one of three outcomes, and their log likelihood ratios add up until they pass Wald's
   bound. Contacts are told apart by bitmaps of keyed hashes, which are commutative; two contacts with one bit are one contact. */
#ifndef SK_DETECT_SCAN_PRIV_H
#define SK_DETECT_SCAN_PRIV_H

#include "detect/amplify_priv.h"
#include "detect/detector.h"

enum { SK_WALK_WORDS = 4, SK_WALK_BITS = 64 * SK_WALK_WORDS, SK_WALK_FULL = SK_WALK_BITS * 3 / 4 };

struct sk_walk {
	uint64_t opened[SK_WALK_WORDS], settled[SK_WALK_WORDS], heard[SK_WALK_WORDS], brief[SK_WALK_WORDS], good[SK_WALK_WORDS];
};

struct sk_walk_sum {
	unsigned contacts, failed, brief, good;
	double score;
};

enum { SK_WALK_CLIENT_PORT = 1024 /* the first that is a client's */, SK_WALK_GIVEN_PORT = 32768 /* the first that systems give out */ };

/* Can this event begin a contact that counts? An opening by the initiator; of TCP a SYN, or flags that no stack opens with. In the midst of a connection
   nobody knows how it began: what comes by UDP from a service's port to a client's is an answer, whose question went another way or is not covered. */
static inline bool sk_walk_opens(const struct sk_event *event)
{
	if ((event->bits & SK_EVENT_BACK) != 0)
		return false;
	if (event->ip_proto == 6)
		return (event->tcp_flags[0] & (SK_TCP_ACK | SK_TCP_RST)) == 0;
	return event->responder_port < SK_WALK_CLIENT_PORT || sk_amplifier_of(event->initiator_port) == NULL || sk_amplifier_of(event->responder_port) != NULL;
}

/* Half a view of datagrams: nobody is heard, so of services that many ask nothing can be said, and what goes to a port that systems give to clients may be an answer. */
static inline bool sk_walk_blind(const struct sk_event *event)
{
	if (event->ip_proto != 17 || (event->bits & SK_EVENT_HALF) == 0)
		return false;
	const struct sk_amplifier *service = sk_amplifier_of(event->responder_port);
	return (service != NULL && service->common) || event->responder_port >= SK_WALK_GIVEN_PORT;
}

/* Has an event anything to say of a walk? Most have not, and an entry that is not asked for costs nothing. That who goes on has heard an answer is plain in a full view;
   scan.horizontal asks all the same, because an answer may come another way. */
static inline bool sk_walk_asks(const struct sk_event *event)
{
	bool tcp = event->ip_proto == 6, half = (event->bits & SK_EVENT_HALF) != 0;
	return event->kind == SK_EVENT_OPEN   ? sk_walk_opens(event)
	       : event->kind == SK_EVENT_ANSWER ? !tcp || (event->tcp_flags[0] & SK_TCP_RST) == 0
	       : event->kind == SK_EVENT_END    ? tcp && (half || event->flow.packets[1] != 0)
						: half;
}

/* An event that tells how a contact went on. True when the contact was heard of for the first time. */
bool sk_walk_event(struct sk_walk *walk, const struct sk_event *event, uint64_t contact);
/* Weigh what had a second to answer. Returns whether something waits for the next second. */
bool sk_walk_settle(struct sk_walk *walk, bool aged, uint8_t ip_proto, struct sk_walk_sum *out);
/* Wald's bound for one false alarm in 10^exponent subjects. */
static inline double sk_walk_bound(uint64_t exponent)
{
	return (double)exponent * 2.302585;
}

#endif
