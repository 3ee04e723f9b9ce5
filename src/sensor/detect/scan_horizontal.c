/* SPDX-License-Identifier: Apache-2.0 */
/* One address tries the same port on many addresses: the walk of scan_priv.h over different targets of one source and port. */
#include <math.h>

#include "detect/scan_priv.h"
#include "policy/polled.h"
#include "text/text.h"

enum { TCP = 6, UDP = 17, HLL_BITS = 7, FEW = 3 /* contacts below which nobody is weighed */ };
enum { EXPONENT, TARGETS, MEMORY, QUIET };

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 15, 9, "a false alarm once in 10^this subjects, if contacts were independent"},
	[TARGETS] = {"targets", "addresses", 4, 150, 12, "fewer different targets are never told"},
	[MEMORY] = {"memory", "s", 60, SK_MEMORY_SHORT_S, SK_MEMORY_SHORT_S, "a subject that does nothing for so long is forgotten"},
	[QUIET] = {"quiet", "s", 10, 3600, 300, "a scan that rests for so long is over"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t contacts, answered;
	struct sk_walk walk;
	uint8_t hll[1 << HLL_BITS];
	struct sk_episode episode;
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	bool goes_on = event->kind == SK_EVENT_CONFIRM && event->ip_proto == TCP;
	if ((event->ip_proto != TCP && event->ip_proto != UDP) || (!goes_on && !sk_walk_asks(event)) || sk_walk_blind(event) ||
	    (event->class_ == SK_CLASS_DF && sk_policy_shared(event->responder_port)))
		return 0;
	return sk_mix(event->from, (uint64_t)event->ip_proto << 16 | event->responder_port);
}

static uint32_t wait_s(const uint64_t *threshold)
{
	return (uint32_t)threshold[MEMORY] / 4;
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	struct entry *entry;
	if (event->kind != SK_EVENT_OPEN) {
		entry = sk_table_find(&run->table, hash, run->now_s);
		if (entry == NULL)
			return;
		entry->answered += sk_walk_event(&entry->walk, event, event->to);
	} else {
		bool fresh;
		entry = sk_run_take(run, hash, wait_s(run->threshold), &fresh);
		sk_contact_see(&entry->last, event);
		(void)sk_bits_add(entry->walk.opened, SK_WALK_WORDS, event->to);
		sk_hll_add(entry->hll, HLL_BITS, event->to);
		/* Who has been somewhere else before is remembered longer: a flood of new subjects drives out its like. */
		if (++entry->contacts >= FEW)
			sk_run_want(run, entry, (uint32_t)run->threshold[MEMORY]);
	}
	if (entry->contacts >= FEW)
		sk_run_touch(run, entry);
}

static bool say(struct sk_run *run, struct entry *entry, const struct sk_walk_sum *sum)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	bool half = detection.half_view, few_good = sum->failed + sum->brief > 4 * sum->good;
	/* Few targets are counted by the bitmap, to within a collision or two; many by HyperLogLog, 9 %. */
	double peers = sum->contacts <= SK_WALK_FULL ? sk_bits_estimate(sum->contacts, SK_WALK_BITS) : sk_hll_estimate(entry->hll, HLL_BITS);
	detection.contacts = entry->contacts;
	detection.answered = entry->answered < entry->contacts ? entry->answered : entry->contacts;
	detection.peers = (uint64_t)lround(fmin(peers, (double)entry->contacts));
	detection.ports = 1;
	detection.value = (uint64_t)(sum->score * 100);
	detection.limit = (uint64_t)(sk_walk_bound(run->threshold[EXPONENT]) * 100);
	detection.severity = detection.class_ == SK_CLASS_DF ? 3 : 2;
	detection.percent = (uint8_t)(half ? 75 : detection.ip_proto == UDP ? 80 : few_good ? 95 : 85);
	detection.added = sk_episode_told(&entry->episode, entry->contacts, run);
	sk_tell_matched(&detection, detection.ip_proto, detection.responder_port);
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

/* Too many to be told apart, or it is over: the walk begins anew, and so does the count. */
static void begin_anew(struct entry *entry)
{
	memset(&entry->walk, 0, sizeof entry->walk);
	memset(entry->hll, 0, sizeof entry->hll);
	entry->contacts = entry->answered = 0;
	entry->last.first_ns = entry->last.last_ns;
	entry->episode = (struct sk_episode){0};
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	struct sk_walk_sum sum;
	bool waiting = sk_walk_settle(&entry->walk, run->last || sk_contact_rests(&entry->last, run, 1), entry->last.ip_proto, &sum);
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	bool alarm = sum.contacts >= run->threshold[TARGETS] && sum.score >= sk_walk_bound(run->threshold[EXPONENT]);
	if (entry->episode.open || alarm) {
		bool due = sk_episode_due(&entry->episode, entry->contacts, run) || (over && entry->contacts > entry->episode.told);
		if (due && !say(run, entry, &sum))
			return true;
		if (over)
			begin_anew(entry);
	} else if (sk_bits_count(entry->walk.opened, SK_WALK_WORDS) > SK_WALK_FULL) {
		begin_anew(entry);
	}
	return waiting || entry->episode.open;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(HORIZONTAL), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_service(d->ip_proto, d->responder_port),
	       sk_arg_number(d->peers), sk_tell_when(d), sk_arg_number(d->contacts), sk_arg_word(d->ip_proto == TCP ? SK_WORD_CONNECTIONS : SK_WORD_FLOWS),
	       sk_arg_int(d->answered));
	sk_say(&out->why, SK_SAY(HORIZONTAL_WHY), sk_arg_real(1, (double)d->value / 100), sk_arg_real(1, (double)d->limit / 100),
	       sk_arg_int(threshold[EXPONENT]), sk_arg_int(threshold[TARGETS]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_WENT_ON));
	if (d->class_ == SK_CLASS_DF)
		sk_say(&out->doubt, SK_SAY(HORIZONTAL_OUT_DOUBT));
	else
		sk_say(&out->doubt, SK_SAY(HORIZONTAL_IN_DOUBT));
}

const struct sk_detector sk_detector_scan_horizontal = {
	.name = "scan.horizontal", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) | SK_EVENT_BIT(SK_EVENT_END),
	.flows = SK_OF_TCP | SK_OF_UDP | SK_OF_ODD, .but = {SK_EVENT_BIT(SK_EVENT_END), SK_OF_UDP},
	.finds = SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) | SK_EVENT_BIT(SK_EVENT_END), .waits = FEW, .wait_s = wait_s,
	.subject = SK_SUBJECT_INITIATOR, .scale = SK_SCALE_HOSTS, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
