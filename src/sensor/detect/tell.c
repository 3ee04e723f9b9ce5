/* SPDX-License-Identifier: Apache-2.0 */
/* Words that detectors share, and when something is said again. */
#include <stdio.h>

#include "detect/detector.h"

enum { TOLD_AGAIN_S = 600 };

void sk_contact_see(struct sk_contact *contact, const struct sk_event *event)
{
	bool fresh = contact->initiator.family == 0;
	uint32_t ports = (uint32_t)event->initiator_port << 16 | event->responder_port, known = (uint32_t)contact->initiator_port << 16 | contact->responder_port;
	if (fresh || event->time_ns < contact->first_ns)
		contact->first_ns = event->time_ns;
	contact->half |= (event->bits & SK_EVENT_HALF) != 0;
	if (event->app != 0 && contact->app == 0)
		contact->app = event->app;
	if (!fresh && (event->time_ns < contact->last_ns || (event->time_ns == contact->last_ns && ports <= known)))
		return;
	contact->last_ns = event->time_ns;
	contact->initiator = event->initiator;
	contact->responder = event->responder;
	contact->initiator_port = event->initiator_port;
	contact->responder_port = event->responder_port;
	contact->class_ = event->class_;
	contact->ip_proto = event->ip_proto;
}

struct sk_detection sk_contact_detection(const struct sk_contact *contact)
{
	return (struct sk_detection){.class_ = contact->class_, .ip_proto = contact->ip_proto, .app = contact->app, .half_view = contact->half != 0,
				     .initiator_port = contact->initiator_port, .responder_port = contact->responder_port, .initiator = contact->initiator,
				     .responder = contact->responder, .first_ns = contact->first_ns, .last_ns = contact->last_ns};
}

bool sk_episode_due(const struct sk_episode *episode, uint64_t measure, const struct sk_run *run)
{
	if (!episode->open)
		return true;
	if (measure <= episode->told)
		return false;
	return run->last || measure >= 2 * episode->told || run->now_s >= episode->told_s + TOLD_AGAIN_S;
}

uint64_t sk_episode_told(struct sk_episode *episode, uint64_t measure, const struct sk_run *run)
{
	uint64_t added = measure - (episode->open ? episode->told : 0);
	*episode = (struct sk_episode){.told = measure, .told_s = run->now_s, .open = true};
	return added;
}

struct sk_arg sk_tell_when(const struct sk_detection *detection)
{
	return sk_arg_span(detection->first_ns, detection->last_ns);
}

struct sk_arg sk_tell_place(const struct sk_detection *detection, bool responder)
{
	if (detection->class_ == SK_CLASS_FF)
		return sk_arg_word(SK_WORD_ABROAD);
	return sk_arg_word((detection->class_ == SK_CLASS_DF) == !responder ? SK_WORD_INSIDE : SK_WORD_ABROAD);
}

void sk_tell_matched(struct sk_detection *detection, uint8_t ip_proto, uint16_t port)
{
	const char *proto = ip_proto == 6 ? "tcp" : ip_proto == 17 ? "udp" : ip_proto == 132 ? "sctp" : ip_proto == 1 || ip_proto == 58 ? "icmp" : NULL;
	if (proto == NULL)
		(void)snprintf(detection->matched, sizeof detection->matched, "ip%u", ip_proto);
	else if (ip_proto == 6 || ip_proto == 17 || ip_proto == 132)
		(void)snprintf(detection->matched, sizeof detection->matched, "%s/%u", proto, port);
	else
		(void)snprintf(detection->matched, sizeof detection->matched, "%s", proto);
}
