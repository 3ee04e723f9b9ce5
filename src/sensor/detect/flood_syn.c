/* SPDX-License-Identifier: Apache-2.0 */
/* Many TCP connections are opened to one port of one address, and nobody goes on after the SYN. The initiator's own third packet tells, so half a view is enough. */
#include "detect/flood_priv.h"

enum { TCP = 6 };
enum { RATE, GO_ON, QUIET };

static const struct sk_threshold thresholds[] = {
	[RATE] = {"rate", "1/s", 20, 1000000, 500, "so many connections in one second"},
	[GO_ON] = {"go_on", "%", 0, 90, 20, "and at most so many of them go on after the SYN"},
	[QUIET] = {"quiet", "s", 5, 3600, 60, "a flood that rests for so long is over"},
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	unsigned flags = event->tcp_flags[0] & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST);
	if (event->ip_proto != TCP || (event->kind == SK_EVENT_OPEN && (flags != SK_TCP_SYN || (event->bits & SK_EVENT_BACK) != 0)))
		return 0;
	return sk_mix(event->to, event->responder_port);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct sk_flood *flood = event->kind == SK_EVENT_OPEN ? sk_run_take(run, hash, SK_FLOOD_NEW_S, &fresh) : sk_table_find(&run->table, hash, run->now_s);
	if (flood != NULL)
		sk_flood_count(run, flood, event, event->kind == SK_EVENT_CONFIRM);
}

static bool rule(const struct sk_flood *flood, const struct sk_flood_second *second, const uint64_t *threshold)
{
	(void)flood;
	return second->opens >= threshold[RATE] && (uint64_t)second->answers * 100 <= threshold[GO_ON] * second->opens;
}

static bool settle(struct sk_run *run, void *at)
{
	struct sk_flood *flood = at;
	bool due, again = sk_flood_settle(run, flood, rule, run->threshold[QUIET], &due);
	if (!due)
		return again;
	struct sk_detection detection = sk_flood_detection(run, flood, run->threshold[RATE]);
	detection.ports = 1;
	detection.percent = detection.peers >= 50 ? 95 : 85;
	sk_tell_matched(&detection, TCP, detection.responder_port);
	(void)!sk_flood_say(run, flood, &detection);
	return true;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_flood_tell(d, SK_WORD_HALF_OPEN, out);
	sk_say(&out->why, SK_SAY(FLOOD_SYN_WHY), sk_arg_int(d->value), sk_arg_service(6, d->responder_port), sk_arg_int(d->limit),
	       sk_arg_int(d->contacts != 0 ? d->answered * 100 / d->contacts : 0), sk_arg_int(threshold[GO_ON]));
	sk_say(&out->doubt, SK_SAY(FLOOD_SYN_DOUBT));
}

const struct sk_detector sk_detector_flood_syn = {
	.name = "flood.syn", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_CONFIRM),
	.flows = SK_OF_TCP | SK_OF_ODD, .finds = SK_EVENT_BIT(SK_EVENT_CONFIRM), .waits = SK_FLOOD_WAITS, .wait_s = sk_flood_wait_s,
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct sk_flood),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
