/* SPDX-License-Identifier: Apache-2.0 */
/* One address sends another packets that no protocol stack sends by itself, of several kinds: the answers tell which operating system it is (nmap's sequence and
   its followers: a packet without flags, SYN with FIN, FIN with PSH and URG). One kind alone is a bug, or a scan that hides from filters. */
#include "detect/detector.h"
#include "text/text.h"

enum { TCP = 6 };
enum { KINDS, WINDOW, QUIET };

static const struct sk_threshold thresholds[] = {
	[KINDS] = {"kinds", "kinds", 2, 4, 2, "different kinds of impossible packets from one address to another"},
	[WINDOW] = {"window", "s", 5, 3600, 300, "within so long"},
	[QUIET] = {"quiet", "s", 10, 3600, 300, "a probe that rests for so long is over"},
};

/* Bits of what was seen. */
enum { NOTHING = 1 /* no flag at all */, SYN_FIN = 2, XMAS = 4 /* FIN with URG or PSH, no ACK */, LONE_FIN = 8, SYN_RST = 16 };

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t contacts;
	uint32_t kinds;
	struct sk_episode episode;
};

static uint32_t kind_of(uint8_t flags)
{
	flags &= SK_TCP_FIN | SK_TCP_SYN | SK_TCP_RST | SK_TCP_PSH | SK_TCP_ACK | SK_TCP_URG;
	if (flags == 0)
		return NOTHING;
	if ((flags & SK_TCP_SYN) != 0 && (flags & SK_TCP_FIN) != 0)
		return SYN_FIN;
	if ((flags & SK_TCP_SYN) != 0 && (flags & SK_TCP_RST) != 0)
		return SYN_RST;
	if ((flags & (SK_TCP_ACK | SK_TCP_RST | SK_TCP_SYN)) != 0 || (flags & SK_TCP_FIN) == 0)
		return 0;
	return flags == SK_TCP_FIN ? LONE_FIN : XMAS;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if (event->ip_proto != TCP || kind_of(event->tcp_flags[0]) == 0)
		return 0;
	return sk_mix(event->from, event->to);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct entry *entry = sk_run_take(run, hash, (uint32_t)run->threshold[WINDOW] / 4, &fresh);
	sk_contact_see(&entry->last, event);
	if (++entry->contacts >= 2)
		sk_run_want(run, entry, (uint32_t)run->threshold[WINDOW]);
	entry->kinds |= kind_of(event->tcp_flags[0]);
	sk_run_touch(run, entry);
}

static bool say(struct sk_run *run, struct entry *entry)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.contacts = entry->contacts;
	detection.peers = 1;
	detection.value = (uint64_t)__builtin_popcount(entry->kinds);
	detection.limit = run->threshold[KINDS];
	detection.severity = 2;
	detection.percent = detection.value > 2 ? 97 : 90;
	detection.added = sk_episode_told(&entry->episode, entry->contacts, run);
	(void)sk_addr_format(&detection.responder, detection.matched);
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]), alarm = (uint64_t)__builtin_popcount(entry->kinds) >= run->threshold[KINDS];
	if (!entry->episode.open && !alarm)
		return false;
	bool due = sk_episode_due(&entry->episode, entry->contacts, run) || (over && entry->contacts > entry->episode.told);
	if (due && !say(run, entry))
		return true;
	if (over)
		sk_table_drop(&run->table, entry);
	return !over;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(OS), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_addr(&d->responder), sk_tell_place(d, true),
	       sk_tell_when(d), sk_arg_int(d->contacts));
	sk_say(&out->why, SK_SAY(OS_WHY), sk_arg_int(d->value), sk_arg_int(threshold[WINDOW]), sk_arg_int(threshold[KINDS]));
	sk_say(&out->doubt, SK_SAY(OS_DOUBT));
}

const struct sk_detector sk_detector_scan_os = {
	.name = "scan.os", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_OPEN),
	.flows = SK_OF_ODD,
	.subject = SK_SUBJECT_PAIR, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
