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
	if (event->ip_proto != UDP || (event->bits & SK_EVENT_BACK) != 0 || event->initiator_port == event->responder_port)
		return 0;
	const struct sk_amplifier *service = sk_amplifier_of(event->initiator_port);
	if (service == NULL || sk_amplifier_of(event->responder_port) != NULL)
		return 0;
	return sk_mix(event->to, event->initiator_port);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct sk_flood *flood = sk_run_take(run, hash, SK_FLOOD_NEW_S, &fresh);
	sk_flood_count(run, flood, event, event->kind == SK_EVENT_ANSWER);
}

/* Half a view: to see answers alone is the rule, so what everybody uses must come in masses. */
static bool rule(const struct sk_flood *flood, const struct sk_flood_second *second, const uint64_t *threshold)
{
	const struct sk_amplifier *service = sk_amplifier_of(flood->last.initiator_port);
	uint64_t factor = flood->last.half != 0 && service != NULL && service->common ? HALF_FACTOR : 1;
	return sk_flood_most(second) >= threshold[RATE] * factor && (uint64_t)second->answers * 10 <= second->opens &&
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
	char when[96], contacts[SK_UNIT_TEXT_MAX], peers[SK_UNIT_TEXT_MAX], whom[SK_ADDR_TEXT_MAX];
	const struct sk_amplifier *service = sk_amplifier_of(d->initiator_port);
	const char *name = service != NULL ? service->name : "UDP";
	sk_tell(out->sentence, "%s (%s) was hit by reflection %s: about %s %s answers (from UDP port %u) that it had not asked for, from about %s servers, at most %llu in a second.",
		sk_tell_addr(&d->responder, whom), sk_tell_place(d, true), sk_tell_when(d, when), sk_number_format(d->contacts, contacts), name, d->initiator_port,
		sk_number_format(d->peers, peers), (unsigned long long)d->value);
	sk_tell(out->why, "%llu answers without a question in one second, the threshold is %llu from no less than %llu servers. %s is known to answer up to %u times what it is asked.%s",
		(unsigned long long)d->value, (unsigned long long)d->limit, (unsigned long long)threshold[REFLECTORS], name, service != NULL ? service->factor : 0,
		d->half_view ? " Half view: questions are not covered by the basis." : "");
	sk_tell(out->doubt, "The servers are abused, not hostile. Answers whose questions took another way look alike, as do those to questions from before the sensor was started.");
}

const struct sk_detector sk_detector_amplification = {
	.name = "amplification", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_SAMPLE),
	.flows = SK_OF_UDP,
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct sk_flood),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
