/* SPDX-License-Identifier: Apache-2.0 */
/* A flood that is spread over a network (/24, /48), so that no single address gets much of it. What tells it from a scan is that it comes from many. */
#include "detect/flood_priv.h"

#include <math.h>

enum { TCP = 6 };
enum { RATE, SOURCES, HOSTS, GO_ON, QUIET };

static const struct sk_threshold thresholds[] = {
	[RATE] = {"rate", "1/s", 20, 10000000, 500, "so many new flows to the network in one second"},
	[SOURCES] = {"sources", "addresses", 2, 1000000, 100, "from so many sources"},
	[HOSTS] = {"hosts", "addresses", 4, 250, 16, "to so many of its addresses"},
	[GO_ON] = {"go_on", "%", 0, 90, 10, "and at most so many of them go on or are answered"},
	[QUIET] = {"quiet", "s", 5, 3600, 60, "a flood that rests for so long is over"},
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	if (event->kind == SK_EVENT_OPEN && (event->bits & SK_EVENT_BACK) != 0)
		return 0;
	/* TCP goes on when its initiator does; what has no handshake, when it is answered. */
	if (event->kind == SK_EVENT_ANSWER && event->ip_proto == TCP)
		return 0;
	return sk_mix(sk_run_net(run, &event->responder), 1);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct sk_flood *flood = event->kind == SK_EVENT_OPEN ? sk_run_take(run, hash, SK_FLOOD_NEW_S, &fresh) : sk_table_find(&run->table, hash, run->now_s);
	if (flood != NULL)
		sk_flood_count(run, flood, event, event->kind != SK_EVENT_OPEN);
}

/* TCP's initiators tell that they go on; of datagrams half a view hears nothing. */
static uint64_t rate_of(const struct sk_flood *flood, const uint64_t *threshold)
{
	return threshold[RATE] * (flood->last.half != 0 && flood->last.ip_proto != TCP ? SK_FLOOD_HALF : 1);
}

static bool rule(const struct sk_flood *flood, const struct sk_flood_second *second, const uint64_t *threshold)
{
	return second->opens >= rate_of(flood, threshold) && (uint64_t)second->answers * 100 <= threshold[GO_ON] * second->opens &&
	       sk_flood_sources(flood) >= (double)threshold[SOURCES] && sk_flood_hosts(flood) >= (double)threshold[HOSTS];
}

static bool settle(struct sk_run *run, void *at)
{
	struct sk_flood *flood = at;
	bool due, again = sk_flood_settle(run, flood, rule, run->threshold[QUIET], &due);
	if (!due)
		return again;
	struct sk_detection detection = sk_flood_detection(run, flood, rate_of(flood, run->threshold));
	struct sk_prefix net = {.addr = {.family = detection.responder.family}, .bits = detection.responder.family == 6 ? 48 : 24};
	memcpy(net.addr.bytes, detection.responder.bytes, net.bits / 8);
	detection.responder = net.addr;
	double hosts = sk_flood_hosts(flood);
	detection.ports = (uint64_t)lround(net.bits == 24 ? fmin(hosts, 256) : hosts);
	detection.percent = (uint8_t)(detection.half_view ? 75 : 90);
	(void)sk_prefix_format(&net, detection.matched);
	(void)!sk_flood_say(run, flood, &detection);
	return true;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(FLOOD_CARPET), sk_arg_text(d->matched, sizeof d->matched), sk_tell_place(d, true), sk_tell_when(d),
	       sk_arg_int(d->contacts), sk_arg_int(d->ports), sk_arg_int(d->peers), sk_arg_int(d->value), sk_arg_int(d->answered));
	sk_say(&out->why, SK_SAY(FLOOD_CARPET_WHY), sk_arg_int(d->value), sk_arg_int(d->limit), sk_arg_int(threshold[SOURCES]), sk_arg_int(threshold[HOSTS]),
	       sk_arg_int(threshold[GO_ON]));
	sk_say(&out->doubt, SK_SAY(FLOOD_CARPET_DOUBT));
}

const struct sk_detector sk_detector_flood_carpet = {
	.name = "flood.carpet", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM),
	.finds = SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM), .waits = SK_FLOOD_WAITS, .wait_s = sk_flood_wait_s,
	.subject = SK_SUBJECT_NET, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct sk_flood),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
