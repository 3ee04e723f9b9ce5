/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/flood_priv.h"

#include <math.h>

#include "text/text.h"

enum { LATE_S = 1 /* a second is weighed when the next one is over: an answer may come in it */ };

uint32_t sk_flood_wait_s(const uint64_t *threshold)
{
	(void)threshold;
	return SK_FLOOD_NEW_S;
}

/* Seconds that have a place of their own, by the clock: what is later than that is left out, whatever came before it. */
static struct sk_flood_second *second_of(struct sk_flood *flood, uint32_t at_s, uint32_t now_s)
{
	at_s = at_s > now_s ? now_s : at_s;
	if (at_s + SK_FLOOD_SECONDS <= now_s)
		return NULL;
	struct sk_flood_second *second = &flood->seconds[at_s % SK_FLOOD_SECONDS];
	if (second->at_s < at_s)
		*second = (struct sk_flood_second){.at_s = at_s};
	return second->at_s == at_s && at_s > flood->weighed_s ? second : NULL;
}

void sk_flood_count(struct sk_run *run, struct sk_flood *flood, const struct sk_event *event, bool answered)
{
	struct sk_flood_second *second = second_of(flood, sk_run_second(event->time_ns), run->now_s);
	bool back = (event->bits & SK_EVENT_BACK) != 0;
	if (second == NULL)
		return;
	sk_contact_see(&flood->last, event);
	if (flood->since_s == 0)
		flood->since_s = run->now_s;
	if (answered) {
		second->answers++;
	} else if (event->kind == SK_EVENT_OPEN) {
		second->opens++;
		sk_hll_add(flood->sources, SK_FLOOD_HLL_BITS, event->from);
		(void)sk_bits_add(flood->hosts, SK_FLOOD_HOST_WORDS, event->to);
	} else if (event->kind == SK_EVENT_SAMPLE) {
		if (back) {
			second->back += event->sample.packets;
		} else {
			second->bulk += event->sample.packets;
			second->bytes += event->sample.bytes;
			sk_hll_add(flood->sources, SK_FLOOD_HLL_BITS, event->from);
		}
	}
	sk_run_touch(run, flood);
}

double sk_flood_sources(const struct sk_flood *flood)
{
	return sk_hll_estimate(flood->sources, SK_FLOOD_HLL_BITS);
}

double sk_flood_hosts(const struct sk_flood *flood)
{
	return sk_bits_estimate(sk_bits_count(flood->hosts, SK_FLOOD_HOST_WORDS), 64 * SK_FLOOD_HOST_WORDS);
}

static void weigh(const struct sk_run *run, struct sk_flood *flood, const struct sk_flood_second *second, sk_flood_rule rule)
{
	if (!rule(flood, second, run->threshold))
		return;
	uint32_t most = sk_flood_most(second);
	if (flood->bad_s == 0)
		flood->begin_ns = (int64_t)second->at_s * 1000000000;
	flood->bad_s = second->at_s;
	flood->peak = most > flood->peak ? most : flood->peak;
	flood->flows += second->opens;
	flood->answered += second->answers;
	flood->packets += second->bulk;
	flood->bytes += second->bytes;
}

/* Seconds in their order, each once. What came with their answers stands in the next one: a rule sees both. */
static bool weigh_all(const struct sk_run *run, struct sk_flood *flood, sk_flood_rule rule)
{
	bool waiting = false;
	for (unsigned left = 0; left < SK_FLOOD_SECONDS; left++) {
		struct sk_flood_second *next = NULL;
		for (unsigned i = 0; i < SK_FLOOD_SECONDS; i++) {
			struct sk_flood_second *second = &flood->seconds[i];
			if (second->at_s > flood->weighed_s && (next == NULL || second->at_s < next->at_s))
				next = second;
		}
		if (next == NULL)
			break;
		if (!run->last && next->at_s + LATE_S >= run->now_s) {
			waiting = true;
			break;
		}
		flood->weighed_s = next->at_s;
		weigh(run, flood, next, rule);
	}
	return waiting;
}

/* What was seen in quiet times is no part of a flood that comes later. */
static void forget(struct sk_flood *flood)
{
	memset(flood->sources, 0, sizeof flood->sources);
	memset(flood->hosts, 0, sizeof flood->hosts);
	flood->packets = flood->bytes = 0;
	flood->flows = flood->answered = 0;
	flood->peak = flood->bad_s = 0;
	flood->episode = (struct sk_episode){0};
}

/* Flows are counted, packets estimated: the estimate stands only where it says clearly more. */
static uint64_t measure(const struct sk_flood *flood)
{
	return flood->packets > 2 * flood->flows ? flood->packets : flood->flows;
}

bool sk_flood_settle(struct sk_run *run, struct sk_flood *flood, sk_flood_rule rule, uint64_t quiet_s, bool *due)
{
	bool waiting = weigh_all(run, flood, rule), over = flood->bad_s != 0 && run->now_s > flood->bad_s + quiet_s;
	if (flood->bad_s != 0)
		sk_run_want(run, flood, (uint32_t)quiet_s * 2);
	*due = flood->bad_s != 0 && (sk_episode_due(&flood->episode, measure(flood), run) || (over && measure(flood) > flood->episode.told));
	if (!*due && over)
		forget(flood);
	if (flood->bad_s == 0 && run->now_s > flood->since_s + SK_FLOOD_SOURCES_S) {
		forget(flood);
		flood->since_s = run->now_s;
	}
	return waiting || flood->bad_s != 0;
}

struct sk_detection sk_flood_detection(const struct sk_run *run, const struct sk_flood *flood, uint64_t limit)
{
	struct sk_detection detection = sk_contact_detection(&flood->last);
	(void)run;
	detection.of_responder = true;
	detection.first_ns = flood->begin_ns;
	detection.contacts = measure(flood);
	detection.answered = flood->answered;
	detection.peers = (uint64_t)lround(sk_flood_sources(flood));
	if (detection.peers > flood->flows && flood->flows != 0)
		detection.peers = flood->flows;
	detection.packets[0] = flood->packets > flood->flows ? flood->packets : flood->flows;
	detection.bytes[0] = flood->bytes;
	detection.value = flood->peak;
	detection.limit = limit;
	detection.severity = 3;
	return detection;
}

bool sk_flood_say(struct sk_run *run, struct sk_flood *flood, struct sk_detection *detection)
{
	struct sk_episode before = flood->episode;
	detection->added = sk_episode_told(&flood->episode, measure(flood), run);
	if (sk_run_say(run, detection))
		return true;
	flood->episode = before;
	return false;
}

void sk_flood_tell(const struct sk_detection *d, enum sk_word what, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(FLOOD), sk_arg_addr(&d->responder), sk_tell_place(d, true), sk_tell_when(d), sk_arg_number(d->contacts),
	       sk_arg_word(what), sk_arg_number(d->peers), sk_arg_number(d->value), sk_arg_int(d->answered));
}
