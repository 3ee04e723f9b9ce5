/* SPDX-License-Identifier: Apache-2.0 */
/* Much ICMP comes to one address: from many sources, or very much from few. Whether it answers says nothing: a host answers echo requests until it cannot. */
#include "detect/flood_priv.h"

enum { ICMP = 1, ICMPV6 = 58 };
enum { RATE, SOURCES, HEAVY, QUIET };

static const struct sk_threshold thresholds[] = {
	[RATE] = {"rate", "1/s", 20, 10000000, 500, "so many flows or packets in one second from many sources"},
	[SOURCES] = {"sources", "addresses", 2, 1000000, 50, "many sources are so many"},
	[HEAVY] = {"heavy", "1/s", 50, 100000000, 2000, "so many packets in one second from fewer"},
	[QUIET] = {"quiet", "s", 5, 3600, 60, "a flood that rests for so long is over"},
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if ((event->ip_proto != ICMP && event->ip_proto != ICMPV6) || (event->bits & SK_EVENT_BACK) != 0)
		return 0;
	return sk_mix(event->to, ICMP);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct sk_flood *flood = sk_run_take(run, hash, SK_FLOOD_NEW_S, &fresh);
	sk_flood_count(run, flood, event, false);
}

static bool rule(const struct sk_flood *flood, const struct sk_flood_second *second, const uint64_t *threshold)
{
	uint64_t most = sk_flood_most(second);
	if (most < threshold[RATE] && most < threshold[HEAVY])
		return false;
	return most >= threshold[sk_flood_sources(flood) >= (double)threshold[SOURCES] ? RATE : HEAVY];
}

static bool settle(struct sk_run *run, void *at)
{
	struct sk_flood *flood = at;
	bool due, again = sk_flood_settle(run, flood, rule, run->threshold[QUIET], &due);
	if (!due)
		return again;
	struct sk_detection detection = sk_flood_detection(run, flood, 0);
	bool many = detection.peers >= run->threshold[SOURCES];
	detection.limit = run->threshold[many ? RATE : HEAVY];
	detection.percent = (uint8_t)(many ? 95 : 85);
	memcpy(detection.matched, "icmp", sizeof "icmp");
	(void)!sk_flood_say(run, flood, &detection);
	return true;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_flood_tell(d, SK_WORD_ICMP_MESSAGES, out);
	sk_say(&out->why, SK_SAY(FLOOD_ICMP_WHY), sk_arg_int(d->value), sk_arg_int(d->limit),
	       sk_arg_word(d->limit == threshold[RATE] ? SK_WORD_NO_LESS : SK_WORD_FEWER), sk_arg_int(threshold[SOURCES]));
	sk_say(&out->doubt, SK_SAY(FLOOD_ICMP_DOUBT));
}

const struct sk_detector sk_detector_flood_icmp = {
	.name = "flood.icmp", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_SAMPLE),
	.flows = SK_OF_ICMP,
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct sk_flood),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
