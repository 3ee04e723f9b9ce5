/* SPDX-License-Identifier: Apache-2.0 */
/* One address tries several ports on each of several addresses: the walk of scan_priv.h over different pairs of target and port. What tells a block from a program
   with many stale peers is that targets come back with other ports: there are many more pairs than targets, and many more than ports. */
#include <math.h>

#include "detect/scan_priv.h"
#include "text/text.h"

enum { TCP = 6, UDP = 17, FEW = 6, SMALL_WORDS = 4, SMALL_BITS = 64 * SMALL_WORDS };
enum { EXPONENT, PAIRS, MEMORY, QUIET };

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 15, 9, "a false alarm once in 10^this subjects, if contacts were independent"},
	[PAIRS] = {"pairs", "pairs", 8, 150, 24, "fewer different pairs of target and port are never told"},
	[MEMORY] = {"memory", "s", 60, SK_MEMORY_SHORT_S, SK_MEMORY_SHORT_S, "a subject that does nothing for so long is forgotten"},
	[QUIET] = {"quiet", "s", 10, 3600, 300, "a scan that rests for so long is over"},
};

enum { LEAST = 3 /* targets, and ports */ };
#define RATIO 1.5 /* pairs to targets, and to ports */

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t contacts, answered;
	struct sk_walk walk;
	uint64_t targets[SMALL_WORDS], ports[SMALL_WORDS];
	struct sk_episode episode;
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if (event->ip_proto != TCP || !sk_walk_asks(event))
		return 0;
	return sk_mix(event->from, event->ip_proto);
}

static uint64_t contact_of(const struct sk_event *event)
{
	return sk_mix(event->to, event->responder_port);
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
		entry->answered += sk_walk_event(&entry->walk, event, contact_of(event));
	} else {
		bool fresh;
		entry = sk_run_take(run, hash, wait_s(run->threshold), &fresh);
		sk_contact_see(&entry->last, event);
		(void)sk_bits_add(entry->walk.opened, SK_WALK_WORDS, contact_of(event));
		(void)sk_bits_add(entry->targets, SMALL_WORDS, event->to);
		(void)sk_bits_add(entry->ports, SMALL_WORDS, sk_mix(event->from, event->responder_port));
		if (++entry->contacts >= 3)
			sk_run_want(run, entry, (uint32_t)run->threshold[MEMORY]);
	}
	if (entry->contacts >= FEW)
		sk_run_touch(run, entry);
}

static double different(const uint64_t bits[SMALL_WORDS])
{
	return sk_bits_estimate(sk_bits_count(bits, SMALL_WORDS), SMALL_BITS);
}

static bool say(struct sk_run *run, struct entry *entry, const struct sk_walk_sum *sum)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.contacts = entry->contacts;
	detection.answered = entry->answered < entry->contacts ? entry->answered : entry->contacts;
	detection.peers = (uint64_t)lround(different(entry->targets));
	detection.ports = (uint64_t)lround(different(entry->ports));
	detection.value = (uint64_t)(fmax(sum->score, 0) * 100);
	detection.limit = (uint64_t)(sk_walk_bound(run->threshold[EXPONENT]) * 100);
	detection.severity = detection.class_ == SK_CLASS_DF ? 3 : 2;
	detection.percent = (uint8_t)(detection.half_view ? 70 : 90);
	detection.added = sk_episode_told(&entry->episode, entry->contacts, run);
	memcpy(detection.matched, "tcp", sizeof "tcp");
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static void begin_anew(struct entry *entry)
{
	memset(&entry->walk, 0, sizeof entry->walk);
	memset(entry->targets, 0, sizeof entry->targets);
	memset(entry->ports, 0, sizeof entry->ports);
	entry->contacts = entry->answered = 0;
	entry->last.first_ns = entry->last.last_ns;
	entry->episode = (struct sk_episode){0};
}

static bool is_block(const struct entry *entry, const struct sk_walk_sum *sum)
{
	double pairs = sk_bits_estimate(sum->contacts, SK_WALK_BITS), targets = different(entry->targets), ports = different(entry->ports);
	return targets >= LEAST && ports >= LEAST && pairs >= RATIO * targets && pairs >= RATIO * ports;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	struct sk_walk_sum sum;
	bool waiting = sk_walk_settle(&entry->walk, run->last || sk_contact_rests(&entry->last, run, 1), entry->last.ip_proto, &sum);
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	bool alarm = sum.contacts >= run->threshold[PAIRS] && sum.score >= sk_walk_bound(run->threshold[EXPONENT]) && is_block(entry, &sum);
	if (entry->episode.open || alarm) {
		bool due = sk_episode_due(&entry->episode, entry->contacts, run) || (over && entry->contacts > entry->episode.told);
		if (due && !say(run, entry, &sum))
			return true;
		if (over)
			begin_anew(entry);
	} else if (!waiting && sk_bits_count(entry->walk.opened, SK_WALK_WORDS) > SK_WALK_FULL) {
		begin_anew(entry);
	}
	return waiting || entry->episode.open;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(BLOCK), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_int(d->ports), sk_arg_int(d->peers), sk_tell_when(d),
	       sk_arg_number(d->contacts), sk_arg_int(d->answered));
	sk_say(&out->why, SK_SAY(BLOCK_WHY), sk_arg_real(1, (double)d->value / 100), sk_arg_real(1, (double)d->limit / 100), sk_arg_int(threshold[PAIRS]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_WENT_ON));
	sk_say(&out->doubt, SK_SAY(BLOCK_DOUBT));
}

const struct sk_detector sk_detector_scan_block = {
	.name = "scan.block", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) | SK_EVENT_BIT(SK_EVENT_END),
	.flows = SK_OF_TCP | SK_OF_ODD, .half = SK_EVENT_BIT(SK_EVENT_CONFIRM),
	.finds = SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) | SK_EVENT_BIT(SK_EVENT_END), .waits = 3, .wait_s = wait_s,
	.subject = SK_SUBJECT_INITIATOR, .scale = SK_SCALE_HOSTS, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
