/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/guess_priv.h"
#include "detect/scan_priv.h"

enum { TCP = 6, TALK_BYTES = 200 /* payload each way that is a talk */ };

/* Chances of an outcome when it is a scan, and when it is not; natural logarithms of their ratio. UDP is often not answered when all is well. */
#define TCP_FAIL 1.386   /* 0.8 : 0.2  no answer, or refused */
#define TCP_BRIEF 0.693  /* 0.5 : 0.25 accepted, and over before anything was said to speak of */
#define TCP_GOOD (-1.386)
#define TCP_OPEN (-0.5)  /* 0.3 : 0.5  accepted, and not over; or over where nobody sees it */
#define UDP_FAIL 0.693   /* 0.8 : 0.4 */
#define UDP_GOOD (-1.099)

/* Payload of a side, as far as headers without options tell. */
static uint64_t payload(const struct sk_event *event, unsigned side)
{
	uint64_t heads = event->flow.packets[side] * (event->initiator.family == 6 ? 60u : 40u);
	return event->flow.bytes[side] > heads ? event->flow.bytes[side] - heads : 0;
}

/* Something was said; but who tries one log-in after the other, door by door, is no guest. */
static bool is_talk(const struct sk_event *event, bool half)
{
	enum sk_login login = sk_login_of(event->app, event->responder_port);
	return payload(event, 0) >= TALK_BYTES && (half || payload(event, 1) >= TALK_BYTES) && !(sk_login_by_hand(login) && sk_login_size_of(event, login) == SK_LOGIN_TRY);
}

bool sk_walk_event(struct sk_walk *walk, const struct sk_event *event, uint64_t contact)
{
	bool tcp = event->ip_proto == TCP, refused = (event->tcp_flags[0] & SK_TCP_RST) != 0, half = (event->bits & SK_EVENT_HALF) != 0;
	/* Whether the contact was opened is asked when the walk is weighed: within a second nothing may depend on which of two contacts with one bit comes first. */
	switch (event->kind) {
	case SK_EVENT_ANSWER:
		return !(tcp && refused) && sk_bits_add(walk->heard, SK_WALK_WORDS, contact);
	case SK_EVENT_CONFIRM:
		/* Who goes on has heard an answer, also one that could not be seen: it is not covered, or came another way. */
		return sk_bits_add(walk->heard, SK_WALK_WORDS, contact);
	case SK_EVENT_END:
		/* Half view: who was not answered has said nothing. */
		if (tcp && (half || event->flow.packets[1] != 0))
			(void)sk_bits_add(is_talk(event, half) ? walk->good : walk->brief, SK_WALK_WORDS, contact);
		return false;
	default:
		return false;
	}
}

bool sk_walk_settle(struct sk_walk *walk, bool aged, uint8_t ip_proto, struct sk_walk_sum *out)
{
	bool tcp = ip_proto == TCP, waiting = memcmp(walk->settled, walk->opened, sizeof walk->opened) != 0;
	unsigned open = 0;
	*out = (struct sk_walk_sum){.score = 0};
	if (aged)
		memcpy(walk->settled, walk->opened, sizeof walk->opened);
	for (unsigned i = 0; i < SK_WALK_WORDS; i++) {
		uint64_t settled = walk->settled[i], heard = settled & walk->heard[i];
		out->contacts += sk_ones(settled);
		out->failed += sk_ones(settled & ~heard);
		out->good += sk_ones(tcp ? heard & walk->good[i] : heard);
		out->brief += sk_ones(tcp ? heard & walk->brief[i] & ~walk->good[i] : 0);
		open += sk_ones(tcp ? heard & ~walk->brief[i] & ~walk->good[i] : 0);
	}
	memcpy(walk->settled, walk->opened, sizeof walk->opened);
	out->score = tcp ? out->failed * TCP_FAIL + out->brief * TCP_BRIEF + open * TCP_OPEN + out->good * TCP_GOOD : out->failed * UDP_FAIL + out->good * UDP_GOOD;
	return waiting && !aged;
}
