/* SPDX-License-Identifier: Apache-2.0 */
/* One address tries many ports of one other: the walk of scan_priv.h over different ports of one pair. */
#include <math.h>

#include "detect/scan_priv.h"
#include "text/text.h"

enum { TCP = 6, UDP = 17, FEW = 4 };
enum { EXPONENT, PORTS, MEMORY, QUIET };

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 15, 9, "a false alarm once in 10^this pairs, if contacts were independent"},
	[PORTS] = {"ports", "ports", 4, 150, 12, "fewer different ports are never told"},
	[MEMORY] = {"memory", "s", 60, SK_MEMORY_SHORT_S, SK_MEMORY_SHORT_S, "a pair that does nothing for so long is forgotten"},
	[QUIET] = {"quiet", "s", 10, 3600, 300, "a scan that rests for so long is over"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t contacts, answered;
	uint64_t all_ports;           /* different ones, summed over fillings of the bitmap */
	struct sk_walk walk;
	struct sk_episode episode;
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if ((event->ip_proto != TCP && event->ip_proto != UDP) || !sk_walk_asks(event) || sk_walk_blind(event))
		return 0;
	return sk_mix(sk_mix(event->from, event->to), event->ip_proto);
}

/* The port's place in the bitmap, under the pair's hash, so that nobody can choose ports that fall together. */
static uint64_t contact_of(const struct sk_event *event)
{
	return sk_mix(event->to, event->responder_port);
}

static uint32_t wait_s(const uint64_t *threshold)
{
	return (uint32_t)threshold[MEMORY] / 8;
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
		entry->contacts++;
		/* Another port than before makes a pair worth remembering: most have one. */
		if (sk_bits_add(entry->walk.opened, SK_WALK_WORDS, contact_of(event)) && entry->contacts > 1)
			sk_run_want(run, entry, (uint32_t)run->threshold[MEMORY]);
	}
	if (entry->contacts >= FEW)
		sk_run_touch(run, entry);
}

/* Of a source that scans everything its first targets are told, and then `scan.block` tells the rest: nobody can fill a store with findings. What was told in this
   second counts from the next one on, so that the order of targets within it does not matter. */
enum { CELLS = 1024, TARGETS_TOLD = 8 };
struct cell {
	uint64_t source;
	uint32_t before, coming, at_s, begun_s;
};

static bool may_tell(const struct sk_run *run, const struct entry *entry)
{
	uint64_t source = sk_run_hash(run, entry->last.initiator.bytes, sizeof entry->last.initiator.bytes);
	struct cell *cell = &((struct cell *)run->extra)[source % CELLS];
	if (cell->source != source || run->now_s > cell->begun_s + run->memory_s)
		*cell = (struct cell){.source = source, .at_s = run->now_s, .begun_s = run->now_s};
	if (cell->at_s != run->now_s) {
		cell->before += cell->coming;
		cell->coming = 0;
		cell->at_s = run->now_s;
	}
	if (entry->episode.open)
		return true;
	if (cell->before >= TARGETS_TOLD)
		return false;
	cell->coming++;
	return true;
}

static uint64_t ports_of(const struct entry *entry)
{
	double now = sk_bits_estimate(sk_bits_count(entry->walk.opened, SK_WALK_WORDS), SK_WALK_BITS);
	uint64_t all = entry->all_ports + (uint64_t)lround(now);
	return all < entry->contacts ? all : entry->contacts;
}

static bool say(struct sk_run *run, struct entry *entry, const struct sk_walk_sum *sum)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.contacts = entry->contacts;
	detection.answered = entry->answered < entry->contacts ? entry->answered : entry->contacts;
	detection.peers = 1;
	detection.ports = ports_of(entry);
	detection.value = (uint64_t)(fmax(sum->score, 0) * 100);
	detection.limit = (uint64_t)(sk_walk_bound(run->threshold[EXPONENT]) * 100);
	detection.severity = detection.class_ == SK_CLASS_DF ? 3 : 2;
	detection.percent = (uint8_t)(detection.half_view ? 75 : detection.ip_proto == UDP ? 80 : 95);
	detection.added = sk_episode_told(&entry->episode, entry->contacts, run);
	(void)sk_addr_format(&detection.responder, detection.matched);
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static void begin_anew(struct entry *entry)
{
	memset(&entry->walk, 0, sizeof entry->walk);
	entry->contacts = entry->answered = entry->all_ports = 0;
	entry->last.first_ns = entry->last.last_ns;
	entry->episode = (struct sk_episode){0};
}

/* The bitmap is full: a scan that was told goes on being counted in a new one; else the walk begins anew. */
static void turn_over(struct entry *entry)
{
	if (!entry->episode.open) {
		begin_anew(entry);
		return;
	}
	entry->all_ports = ports_of(entry);
	memset(&entry->walk, 0, sizeof entry->walk);
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	struct sk_walk_sum sum;
	bool waiting = sk_walk_settle(&entry->walk, run->last || sk_contact_rests(&entry->last, run, 1), entry->last.ip_proto, &sum);
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	bool alarm = sum.contacts >= run->threshold[PORTS] && sum.score >= sk_walk_bound(run->threshold[EXPONENT]);
	if (entry->episode.open || (alarm && may_tell(run, entry))) {
		bool due = sk_episode_due(&entry->episode, entry->contacts, run) || (over && entry->contacts > entry->episode.told);
		if (due && !say(run, entry, &sum))
			return true;
		if (over)
			begin_anew(entry);
	}
	if (!waiting && sk_bits_count(entry->walk.opened, SK_WALK_WORDS) > SK_WALK_FULL)
		turn_over(entry);
	return waiting || entry->episode.open;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(VERTICAL), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_number(d->ports),
	       sk_arg_text(d->ip_proto == TCP ? "TCP" : "UDP", 8), sk_arg_addr(&d->responder), sk_tell_place(d, true), sk_tell_when(d), sk_arg_number(d->contacts),
	       sk_arg_word(d->ip_proto == TCP ? SK_WORD_CONNECTIONS : SK_WORD_FLOWS), sk_arg_int(d->answered));
	sk_say(&out->why, SK_SAY(VERTICAL_WHY), sk_arg_real(1, (double)d->value / 100), sk_arg_real(1, (double)d->limit / 100),
	       sk_arg_int(threshold[EXPONENT]), sk_arg_int(threshold[PORTS]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_WENT_ON));
	sk_say(&out->doubt, SK_SAY(VERTICAL_DOUBT));
}

const struct sk_detector sk_detector_scan_vertical = {
	.name = "scan.vertical", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) | SK_EVENT_BIT(SK_EVENT_END),
	.flows = SK_OF_TCP | SK_OF_UDP | SK_OF_ODD, .but = {SK_EVENT_BIT(SK_EVENT_END), SK_OF_UDP}, .half = SK_EVENT_BIT(SK_EVENT_CONFIRM),
	.finds = SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) | SK_EVENT_BIT(SK_EVENT_END), .waits = 2, .wait_s = wait_s,
	.subject = SK_SUBJECT_PAIR, .scale = SK_SCALE_PAIRS, .share = 1, .entry_bytes = SK_ENTRY_BYTES(struct entry), .extra_bytes = CELLS * sizeof(struct cell),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
