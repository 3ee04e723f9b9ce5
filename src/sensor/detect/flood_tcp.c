/* SPDX-License-Identifier: Apache-2.0 */
/* Many TCP packets that open nothing come to one address out of nowhere: ACK, RST, FIN or no flags at all, each of a connection that was not there before. */
#include "detect/flood_priv.h"

enum { TCP = 6 };
enum { RATE, SOURCES, ANSWERED, QUIET };

static const struct sk_threshold thresholds[] = {
	[RATE] = {"rate", "1/s", 20, 10000000, 500, "so many of them in one second from many sources; four times as many from fewer"},
	[SOURCES] = {"sources", "addresses", 1, 1000000, 50, "from so many sources"},
	[ANSWERED] = {"answered", "%", 0, 90, 20, "and at most so many of them are answered but by a reset"},
	[QUIET] = {"quiet", "s", 5, 3600, 60, "a flood that rests for so long is over"},
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if (event->ip_proto != TCP)
		return 0;
	/* SYN and SYN-ACK begin something; a reset that answers one of these was not sent out of nowhere, but nothing shows it to us here. */
	if (event->kind == SK_EVENT_OPEN && ((event->tcp_flags[0] & SK_TCP_SYN) != 0 || (event->bits & SK_EVENT_BACK) != 0))
		return 0;
	if (event->kind == SK_EVENT_ANSWER && (event->tcp_flags[0] & SK_TCP_RST) != 0)
		return 0;
	return sk_mix(event->to, TCP);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct sk_flood *flood = event->kind == SK_EVENT_OPEN ? sk_run_take(run, hash, SK_FLOOD_NEW_S, &fresh) : sk_table_find(&run->table, hash, run->now_s);
	if (flood != NULL)
		sk_flood_count(run, flood, event, event->kind == SK_EVENT_ANSWER);
}

static bool rule(const struct sk_flood *flood, const struct sk_flood_second *second, const uint64_t *threshold)
{
	return second->opens >= threshold[RATE] && (uint64_t)second->answers * 100 <= threshold[ANSWERED] * second->opens &&
	       (second->opens >= SK_FLOOD_FEW * threshold[RATE] || sk_flood_sources(flood) >= (double)threshold[SOURCES]);
}

static bool settle(struct sk_run *run, void *at)
{
	struct sk_flood *flood = at;
	bool due, again = sk_flood_settle(run, flood, rule, run->threshold[QUIET], &due);
	if (!due)
		return again;
	struct sk_detection detection = sk_flood_detection(run, flood, run->threshold[RATE]);
	if (detection.peers < run->threshold[SOURCES])
		detection.limit *= SK_FLOOD_FEW;
	detection.percent = (uint8_t)(detection.half_view ? 75 : 90);
	memcpy(detection.matched, "tcp", sizeof "tcp");
	(void)!sk_flood_say(run, flood, &detection);
	return true;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_flood_tell(d, SK_WORD_STRAY_TCP, out);
	if (d->peers >= threshold[SOURCES])
		sk_say(&out->why, SK_SAY(FLOOD_TCP_WHY), sk_arg_int(d->value), sk_arg_int(d->limit), sk_arg_int(threshold[SOURCES]), sk_arg_int(threshold[ANSWERED]));
	else
		sk_say(&out->why, SK_SAY(FLOOD_UDP_WHY), sk_arg_int(d->value), sk_arg_int(d->limit), sk_arg_word(SK_WORD_FEWER), sk_arg_int(threshold[SOURCES]), sk_arg_int(threshold[ANSWERED]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_ANSWERS));
	sk_say(&out->doubt, SK_SAY(FLOOD_TCP_DOUBT));
}

const struct sk_detector sk_detector_flood_tcp = {
	.name = "flood.tcp", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER),
	.flows = SK_OF_TCP | SK_OF_ODD, .but = {SK_EVENT_BIT(SK_EVENT_OPEN), SK_OF_TCP}, .finds = SK_EVENT_BIT(SK_EVENT_ANSWER), .waits = SK_FLOOD_WAITS, .wait_s = sk_flood_wait_s,
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct sk_flood),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
