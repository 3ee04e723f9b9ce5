/* SPDX-License-Identifier: Apache-2.0 */
/* A server answers one address much more than it is asked, over a UDP service that is known for it: it is being used against that address. Bytes each way come from
   the sample of packets, so flows with ever new ports and one long flow are the same. */
#include "detect/amplify_priv.h"
#include "text/text.h"

enum { UDP = 17, WINDOW_S = 60, SAMPLES = 8 /* fewer are no estimate */ };
enum { BYTES, FACTOR, QUIET };

static const struct sk_threshold thresholds[] = {
	[BYTES] = {"bytes", "bytes", 10000, 1000000000000, 1000000, "answered to one address within a minute"},
	[FACTOR] = {"factor", "", 2, 1000, 5, "so many times what was asked"},
	[QUIET] = {"quiet", "s", 5, 3600, 120, "abuse that rests for so long is over"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint32_t window_s;            /* when the window that is counted began */
	uint32_t samples;
	uint64_t asked, answered;     /* bytes in the window */
	uint64_t all_asked, all_answered, packets;
	struct sk_episode episode;
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if (event->ip_proto != UDP || event->responder_port == 443 || event->initiator_port == event->responder_port || sk_amplifier_of(event->responder_port) == NULL)
		return 0;
	return sk_mix(sk_mix(event->to, event->from), event->responder_port);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh, back = (event->bits & SK_EVENT_BACK) != 0;
	struct entry *entry = sk_run_take(run, hash, WINDOW_S / 4, &fresh);
	sk_contact_see(&entry->last, event);
	if (fresh)
		entry->window_s = run->now_s;
	if (++entry->samples >= SAMPLES)
		sk_run_want(run, entry, 2 * WINDOW_S);
	if (back) {
		entry->answered += event->sample.bytes;
		entry->packets += event->sample.packets;
	} else {
		entry->asked += event->sample.bytes;
	}
	if (entry->episode.open)
		sk_run_want(run, entry, (uint32_t)run->threshold[QUIET] * 2);
	sk_run_touch(run, entry);
}

static bool say(struct sk_run *run, struct entry *entry)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	uint64_t asked = entry->all_asked + entry->asked, answered = entry->all_answered + entry->answered;
	detection.of_responder = true;
	detection.contacts = entry->packets;
	detection.peers = 1;
	detection.ports = 1;
	detection.bytes[0] = asked;
	detection.bytes[1] = answered;
	detection.value = answered / (asked != 0 ? asked : 1);
	detection.limit = run->threshold[FACTOR];
	detection.severity = 2;
	detection.percent = 85;
	detection.added = sk_episode_told(&entry->episode, entry->packets, run);
	sk_tell_matched(&detection, UDP, detection.responder_port);
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	uint64_t asked = entry->asked != 0 ? entry->asked : 1;
	bool alarm = entry->samples >= SAMPLES && entry->answered >= run->threshold[BYTES] && entry->answered >= run->threshold[FACTOR] * asked && entry->last.half == 0;
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (alarm || entry->episode.open) {
		bool due = sk_episode_due(&entry->episode, entry->packets, run) || (over && entry->packets > entry->episode.told);
		if (due && !say(run, entry))
			return true;
		if (over)
			sk_table_drop(&run->table, entry);
		return !over;
	}
	if (run->now_s > entry->window_s + WINDOW_S) {
		entry->window_s = run->now_s;
		entry->asked = entry->answered = entry->packets = 0;
		entry->samples = 0;
	}
	return false;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	const struct sk_amplifier *service = sk_amplifier_of(d->responder_port);
	sk_say(&out->sentence, SK_SAY(REFLECTOR), sk_arg_addr(&d->responder), sk_tell_place(d, true), sk_arg_addr(&d->initiator), sk_tell_place(d, false),
	       sk_tell_when(d), sk_arg_text_or(service != NULL ? service->name : NULL, 64, SK_WORD_SERVICE), sk_arg_int(d->responder_port), sk_arg_bytes(d->bytes[1]),
	       sk_arg_bytes(d->bytes[0]));
	sk_say(&out->why, SK_SAY(REFLECTOR_WHY), sk_arg_int(d->value), sk_arg_int(threshold[FACTOR]), sk_arg_bytes(threshold[BYTES]), sk_arg_int(SK_EVENT_SAMPLING));
	sk_say(&out->doubt, SK_SAY(REFLECTOR_DOUBT));
}

const struct sk_detector sk_detector_amplification_reflector = {
	.name = "amplification.reflector", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_SAMPLE),
	.flows = SK_OF_UDP,
	.subject = SK_SUBJECT_PAIR, .scale = SK_SCALE_PAIRS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
