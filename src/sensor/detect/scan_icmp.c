/* SPDX-License-Identifier: Apache-2.0 */
/* One address asks many addresses whether they are there. Whether they answer says nothing: the question is how many different ones are asked a few times each. A
   target that is asked again and again is watched, not looked for. */
#include <math.h>

#include "detect/detector.h"
#include "text/text.h"

enum { ICMP = 1, ICMPV6 = 58, WORDS = 4, BITS = 64 * WORDS, FEW = 4, WATCHED = 5 /* packets to one target */ };
enum { ECHO4 = 8, TIMESTAMP4 = 13, MASK4 = 17, ECHO6 = 128 };
enum { TARGETS, MEMORY, QUIET };

static const struct sk_threshold thresholds[] = {
	[TARGETS] = {"targets", "addresses", 4, 150, 12, "so many different addresses, asked a few times each, within the memory"},
	[MEMORY] = {"memory", "s", 10, SK_MEMORY_SHORT_S, 600, "a subject that asks nobody for so long is forgotten"},
	[QUIET] = {"quiet", "s", 10, 3600, 300, "a sweep that rests for so long is over"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t contacts, answered;
	uint64_t opened[WORDS], watched[WORDS], heard[WORDS];
	struct sk_episode episode;
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	uint8_t type = event->icmp_type;
	bool asks = event->ip_proto == ICMP ? type == ECHO4 || type == TIMESTAMP4 || type == MASK4 : event->ip_proto == ICMPV6 && type == ECHO6;
	/* An answer has the type of an answer; it belongs to the flow all the same. */
	bool answers = event->kind == SK_EVENT_ANSWER && (event->ip_proto == ICMP || event->ip_proto == ICMPV6);
	return (asks && (event->bits & SK_EVENT_BACK) == 0) || answers ? sk_mix(event->from, 1) : 0;
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	struct entry *entry;
	if (event->kind == SK_EVENT_OPEN) {
		bool fresh;
		entry = sk_run_take(run, hash, (uint32_t)run->threshold[MEMORY] / 4, &fresh);
		sk_contact_see(&entry->last, event);
		if (++entry->contacts >= FEW)
			sk_run_want(run, entry, (uint32_t)run->threshold[MEMORY]);
		(void)sk_bits_add(entry->opened, WORDS, event->to);
	} else {
		entry = sk_table_find(&run->table, hash, run->now_s);
		if (entry == NULL)
			return;
		if (event->kind == SK_EVENT_ANSWER)
			entry->answered += sk_bits_add(entry->heard, WORDS, event->to);
		else if (event->flow.packets[0] >= WATCHED)
			(void)sk_bits_add(entry->watched, WORDS, event->to);
	}
	if (entry->contacts >= FEW)
		sk_run_touch(run, entry);
}

static unsigned targets_of(const struct entry *entry)
{
	unsigned count = 0;
	for (unsigned i = 0; i < WORDS; i++)
		count += (unsigned)__builtin_popcountll(entry->opened[i] & ~entry->watched[i]);
	return count;
}

static bool say(struct sk_run *run, struct entry *entry, unsigned targets)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.contacts = entry->contacts;
	detection.answered = entry->answered < entry->contacts ? entry->answered : entry->contacts;
	detection.peers = (uint64_t)lround(fmin(sk_bits_estimate(targets, BITS), (double)entry->contacts));
	detection.value = detection.peers;
	detection.limit = run->threshold[TARGETS];
	detection.severity = detection.class_ == SK_CLASS_DF ? 2 : 1;
	detection.percent = (uint8_t)(detection.peers >= 2 * run->threshold[TARGETS] ? 95 : 85);
	detection.added = sk_episode_told(&entry->episode, entry->contacts, run);
	memcpy(detection.matched, "icmp", sizeof "icmp");
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static void begin_anew(struct entry *entry)
{
	memset(entry->opened, 0, sizeof entry->opened);
	memset(entry->watched, 0, sizeof entry->watched);
	memset(entry->heard, 0, sizeof entry->heard);
	entry->contacts = entry->answered = 0;
	entry->last.first_ns = entry->last.last_ns;
	entry->episode = (struct sk_episode){0};
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	unsigned targets = targets_of(entry);
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]), alarm = targets >= run->threshold[TARGETS];
	if (entry->episode.open || alarm) {
		bool due = sk_episode_due(&entry->episode, entry->contacts, run) || (over && entry->contacts > entry->episode.told);
		if (due && !say(run, entry, targets))
			return true;
		if (over)
			begin_anew(entry);
	}
	return entry->episode.open;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(PING), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_number(d->peers), sk_tell_when(d), sk_arg_int(d->answered));
	sk_say(&out->why, SK_SAY(PING_WHY), sk_arg_int(d->value), sk_arg_int(WATCHED), sk_arg_int(threshold[TARGETS]), sk_arg_int(threshold[MEMORY]));
	sk_say(&out->doubt, SK_SAY(PING_DOUBT));
}

const struct sk_detector sk_detector_scan_icmp = {
	.name = "scan.icmp", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_END),
	.flows = SK_OF_ICMP, .finds = SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_END),
	.subject = SK_SUBJECT_INITIATOR, .scale = SK_SCALE_HOSTS, .share = 2, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
