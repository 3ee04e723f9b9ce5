/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of UDP services come to one address that did not ask, from many servers: somebody asks them under its name. An answer that nobody asked for opens a flow
   from the service's own port. */
#include "detect/amplify_priv.h"
#include "detect/flood_priv.h"
#include "text/text.h"

enum { UDP = 17, HALF_FACTOR = 20 };
enum { RATE, REFLECTORS, QUIET };

static const struct sk_threshold thresholds[] = {
	[RATE] = {"rate", "1/s", 5, 1000000, 50, "so many answers that nobody asked for in one second"},
	[REFLECTORS] = {"reflectors", "addresses", 2, 100000, 20, "from so many servers"},
	[QUIET] = {"quiet", "s", 5, 3600, 60, "an attack that rests for so long is over"},
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	bool back = (event->bits & SK_EVENT_BACK) != 0 && event->kind != SK_EVENT_ANSWER;
	if (event->ip_proto != UDP || back || sk_amplifier_of(event->initiator_port) == NULL)
		return 0;
	/* Between two services' ports either may be the one that asks: who serves answers, which half a view does not show. */
	if ((event->bits & SK_EVENT_HALF) != 0 && (event->initiator_port == event->responder_port || sk_amplifier_of(event->responder_port) != NULL))
		return 0;
	return sk_mix(event->to, event->initiator_port);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	bool answer = event->kind == SK_EVENT_ANSWER;
	struct sk_flood *flood = answer ? sk_table_find(&run->table, hash, run->now_s) : sk_run_take(run, hash, SK_FLOOD_NEW_S, &fresh);
	if (flood != NULL)
		sk_flood_count(run, flood, event, answer);
}

/* Half a view: to see answers alone is the rule, so what everybody uses must come in masses. */
static bool rule(const struct sk_flood *flood, const struct sk_flood_second *second, const uint64_t *threshold)
{
	const struct sk_amplifier *service = sk_amplifier_of(flood->last.initiator_port);
	uint64_t factor = flood->last.half != 0 && service != NULL && service->common ? HALF_FACTOR : 1;
	/* One packet of the sample stands for 64: by itself it is no rate. */
	bool fast = second->opens >= threshold[RATE] * factor || second->bulk >= threshold[RATE] * factor + 2 * SK_EVENT_SAMPLING;
	return fast && (uint64_t)second->answers * 10 <= second->opens &&
	       sk_flood_sources(flood) >= (double)(threshold[REFLECTORS] * factor);
}

static bool settle(struct sk_run *run, void *at)
{
	struct sk_flood *flood = at;
	bool due, again = sk_flood_settle(run, flood, rule, run->threshold[QUIET], &due);
	if (!due)
		return again;
	struct sk_detection detection = sk_flood_detection(run, flood, run->threshold[RATE]);
	detection.percent = (uint8_t)(detection.half_view ? 75 : detection.peers >= 2 * run->threshold[REFLECTORS] ? 97 : 90);
	sk_tell_matched(&detection, UDP, detection.initiator_port);
	(void)!sk_flood_say(run, flood, &detection);
	return true;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	const struct sk_amplifier *service = sk_amplifier_of(d->initiator_port);
	const struct sk_arg name = sk_arg_text(service != NULL ? service->name : "UDP", 64);
	sk_say(&out->sentence, SK_SAY(AMPLIFICATION), sk_arg_addr(&d->responder), sk_tell_place(d, true), sk_tell_when(d), sk_arg_number(d->contacts), name,
	       sk_arg_int(d->initiator_port), sk_arg_number(d->peers), sk_arg_int(d->value));
	sk_say(&out->why, SK_SAY(AMPLIFICATION_WHY), sk_arg_int(d->value), sk_arg_int(d->limit), sk_arg_int(threshold[REFLECTORS]), name,
	       sk_arg_int(service != NULL ? service->factor : 0));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_QUESTIONS));
	sk_say(&out->doubt, SK_SAY(AMPLIFICATION_DOUBT));
}

const struct sk_detector sk_detector_amplification = {
	.name = "amplification", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_SAMPLE),
	.flows = SK_OF_UDP, .finds = SK_EVENT_BIT(SK_EVENT_ANSWER),
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct sk_flood),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
