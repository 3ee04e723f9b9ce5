/* SPDX-License-Identifier: Apache-2.0 */
/* One address asks many addresses whether they are there: how many different ones are asked a few times each. A target that is asked again and again is watched, not
   looked for; and where nearly all answer, whoever asks knew them before: that takes more of them. */
#include <math.h>

#include "detect/detector.h"
#include "text/text.h"

enum { ICMP = 1, ICMPV6 = 58, WORDS = 4, BITS = 64 * WORDS, FEW = 4, WATCHED = 5 /* packets to one target */ };
enum { KNOWN_PERCENT = 85 /* so many answer: they were known to be there */, KNOWN_FACTOR = 4 };
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
	uint64_t opened[WORDS], settled[WORDS], watched[WORDS], heard[WORDS]; /* settled: had a second to answer */
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

/* Targets that are not watched, and had their time; how many of them answered. */
static unsigned targets_of(struct entry *entry, bool aged, unsigned *heard)
{
	unsigned count = 0;
	*heard = 0;
	if (aged)
		memcpy(entry->settled, entry->opened, sizeof entry->opened);
	for (unsigned i = 0; i < WORDS; i++) {
		uint64_t asked = entry->settled[i] & ~entry->watched[i];
		count += sk_ones(asked);
		*heard += sk_ones(asked & entry->heard[i]);
	}
	return count;
}

static bool say(struct sk_run *run, struct entry *entry, unsigned targets, uint64_t limit)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.contacts = entry->contacts;
	detection.answered = entry->answered < entry->contacts ? entry->answered : entry->contacts;
	detection.peers = (uint64_t)lround(fmin(sk_bits_estimate(targets, BITS), (double)entry->contacts));
	detection.value = detection.peers;
	detection.limit = limit;
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
	memset(entry->settled, 0, sizeof entry->settled);
	memset(entry->watched, 0, sizeof entry->watched);
	memset(entry->heard, 0, sizeof entry->heard);
	entry->contacts = entry->answered = 0;
	entry->last.first_ns = entry->last.last_ns;
	entry->episode = (struct sk_episode){0};
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	bool aged = run->last || sk_contact_rests(&entry->last, run, 1), waiting = memcmp(entry->settled, entry->opened, sizeof entry->opened) != 0;
	unsigned heard, targets = targets_of(entry, aged, &heard);
	uint64_t limit = run->threshold[TARGETS] * (heard * 100 >= targets * KNOWN_PERCENT ? KNOWN_FACTOR : 1);
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]), alarm = targets >= limit;
	memcpy(entry->settled, entry->opened, sizeof entry->opened);
	if (entry->episode.open || alarm) {
		bool due = sk_episode_due(&entry->episode, entry->contacts, run) || (over && entry->contacts > entry->episode.told);
		if (due && !say(run, entry, targets, limit))
			return true;
		if (over)
			begin_anew(entry);
	}
	return entry->episode.open || (waiting && !aged);
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(PING), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_number(d->peers), sk_tell_when(d), sk_arg_int(d->answered));
	sk_say(&out->why, SK_SAY(PING_WHY), sk_arg_int(d->value), sk_arg_int(WATCHED), sk_arg_int(d->limit), sk_arg_int(threshold[MEMORY]));
	sk_say(&out->doubt, SK_SAY(PING_DOUBT));
}

const struct sk_detector sk_detector_scan_icmp = {
	.name = "scan.icmp", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_END),
	.flows = SK_OF_ICMP, .finds = SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_END),
	.subject = SK_SUBJECT_INITIATOR, .scale = SK_SCALE_HOSTS, .share = 2, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
