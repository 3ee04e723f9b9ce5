/* SPDX-License-Identifier: Apache-2.0 */
/* Much UDP comes to one address that it does not answer: from many sources, or very much from few. New flows are counted, and packets of old ones by the sample.
   What comes from the ports of reflecting services is the business of `amplification`. */
#include "detect/amplify_priv.h"
#include "detect/flood_priv.h"

enum { UDP = 17 };
enum { RATE, SOURCES, HEAVY, ANSWERED, QUIET };

static const struct sk_threshold thresholds[] = {
	[RATE] = {"rate", "1/s", 20, 10000000, 500, "so many flows or packets in one second from many sources; of new flows four times as many from fewer"},
	[SOURCES] = {"sources", "addresses", 2, 1000000, 50, "many sources are so many"},
	[HEAVY] = {"heavy", "1/s", 100, 100000000, 20000, "so many packets in one second from fewer"},
	[ANSWERED] = {"answered", "%", 0, 50, 5, "and at most so much of it is answered"},
	[QUIET] = {"quiet", "s", 5, 3600, 60, "a flood that rests for so long is over"},
};

/* Ports to which everybody reports and nobody is answered: syslog, traps, flow exports, figures. */
static bool is_sink(uint16_t port)
{
	switch (port) {
	case 162: case 514: case 2055: case 4739: case 6343: case 8125: case 9995: case 9996: case 12201: return true;
	default: return false;
	}
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if (event->ip_proto != UDP || is_sink(event->responder_port) || sk_amplifier_of(event->initiator_port) != NULL || (event->kind == SK_EVENT_OPEN && (event->bits & SK_EVENT_BACK) != 0))
		return 0;
	return sk_mix(event->to, UDP);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh, makes = event->kind == SK_EVENT_OPEN || (event->kind == SK_EVENT_SAMPLE && (event->bits & SK_EVENT_BACK) == 0);
	struct sk_flood *flood = makes ? sk_run_take(run, hash, SK_FLOOD_NEW_S, &fresh) : sk_table_find(&run->table, hash, run->now_s);
	if (flood != NULL)
		sk_flood_count(run, flood, event, event->kind == SK_EVENT_ANSWER);
}

static bool rule(const struct sk_flood *flood, const struct sk_flood_second *second, const uint64_t *threshold)
{
	bool half = flood->last.half != 0;
	bool flows_silent = (uint64_t)second->answers * 100 <= threshold[ANSWERED] * second->opens;
	bool bulk_silent = (uint64_t)second->back * 100 <= threshold[ANSWERED] * second->bulk;
	uint64_t most = sk_flood_most(second);
	if (most < threshold[RATE] && most < threshold[HEAVY])
		return false;
	/* Half a view hears nobody answer: it takes more. */
	uint64_t rate = threshold[RATE] * (half ? SK_FLOOD_HALF : 1);
	if (sk_flood_sources(flood) >= (double)threshold[SOURCES])
		return (second->opens >= rate && flows_silent) || (second->bulk >= (half ? threshold[HEAVY] : rate) && bulk_silent && flows_silent);
	/* And it cannot tell a download from a flood when it comes from few. */
	return !half && ((second->bulk >= threshold[HEAVY] && bulk_silent) || (second->opens >= SK_FLOOD_FEW * rate && flows_silent));
}

static bool settle(struct sk_run *run, void *at)
{
	struct sk_flood *flood = at;
	bool due, again = sk_flood_settle(run, flood, rule, run->threshold[QUIET], &due);
	if (!due)
		return again;
	struct sk_detection detection = sk_flood_detection(run, flood, 0);
	bool many = detection.peers >= run->threshold[SOURCES];
	uint64_t rate = run->threshold[RATE] * (detection.half_view ? SK_FLOOD_HALF : many ? 1 : SK_FLOOD_FEW);
	detection.limit = many || detection.value < run->threshold[HEAVY] ? rate : run->threshold[HEAVY];
	detection.percent = (uint8_t)(detection.half_view ? 75 : many ? 95 : 80);
	memcpy(detection.matched, "udp", sizeof "udp");
	(void)!sk_flood_say(run, flood, &detection);
	return true;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_flood_tell(d, SK_WORD_UDP_FLOWS, out);
	sk_say(&out->why, SK_SAY(FLOOD_UDP_WHY), sk_arg_int(d->value), sk_arg_int(d->limit),
	       sk_arg_word(d->peers >= threshold[SOURCES] ? SK_WORD_NO_LESS : SK_WORD_FEWER), sk_arg_int(threshold[SOURCES]), sk_arg_int(threshold[ANSWERED]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_ANSWERS));
	sk_say(&out->doubt, SK_SAY(FLOOD_UDP_DOUBT));
}

const struct sk_detector sk_detector_flood_udp = {
	.name = "flood.udp", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_SAMPLE),
	.flows = SK_OF_UDP, .finds = SK_EVENT_BIT(SK_EVENT_ANSWER), .waits = SK_FLOOD_WAITS, .wait_s = sk_flood_wait_s,
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct sk_flood),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
