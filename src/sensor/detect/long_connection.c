/* SPDX-License-Identifier: Apache-2.0 */
/* One connection stays open for hours. A segment ends at the active time-out and its flow goes on in the next: their times and bytes are put together again. */
#include "detect/detector.h"
#include "text/text.h"

enum { TCP = 6, UDP = 17 };
enum { LASTS, BYTES, GAP };

static const struct sk_threshold thresholds[] = {
	[LASTS] = {"lasts", "s", 1800, SK_MEMORY_DAY_S - 3600, 14400, "a connection that is open for so long"},
	[BYTES] = {"bytes", "bytes", 0, 1000000000000, 10000, "and had so many bytes both ways together: less is kept alive and not used"},
	[GAP] = {"gap", "s", 600, 14400, 5400, "a connection of which nothing is heard for so long is over (more than the active time-out of the flow table or of the routers)"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t segments, packets[2], bytes[2];
	bool from_before;             /* its beginning was not seen */
	struct sk_episode episode;
};

static bool goes_on(const struct sk_event *event)
{
	return event->end == SK_FLOW_END_ACTIVE || (event->bits & SK_EVENT_CONTINUED) != 0;
}

/* Segments of flows that went on, and such as are long by themselves. */
static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	bool lasts = event->time_ns - event->flow.first_ns >= (int64_t)run->threshold[LASTS] * 1000000000;
	if ((event->ip_proto != TCP && event->ip_proto != UDP) || (!goes_on(event) && !lasts))
		return 0;
	uint64_t ports = (uint64_t)event->ip_proto << 40 | (uint64_t)event->initiator_port << 24 | (uint64_t)event->responder_port << 8 | 22;
	return sk_mix(sk_mix(event->from, event->to), ports);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct entry *entry = sk_run_take(run, hash, (uint32_t)run->threshold[GAP], &fresh);
	sk_contact_see(&entry->last, event);
	if (event->flow.first_ns < entry->last.first_ns)
		entry->last.first_ns = event->flow.first_ns;
	if (fresh)
		entry->from_before = (event->bits & SK_EVENT_CONTINUED) != 0;
	entry->segments++;
	for (unsigned side = 0; side < 2; side++) {
		entry->packets[side] += event->flow.packets[side];
		entry->bytes[side] += event->flow.bytes[side];
	}
	sk_run_want(run, entry, (uint32_t)run->threshold[GAP]);
	sk_run_touch(run, entry);
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	uint64_t lasted_s = (uint64_t)(entry->last.last_ns - entry->last.first_ns) / 1000000000;
	if (lasted_s < run->threshold[LASTS] || entry->bytes[0] + entry->bytes[1] < run->threshold[BYTES] || !sk_episode_due(&entry->episode, lasted_s, run))
		return false;
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.contacts = 1;
	detection.answered = entry->packets[1] != 0;
	detection.peers = detection.ports = 1;
	memcpy(detection.packets, entry->packets, sizeof detection.packets);
	memcpy(detection.bytes, entry->bytes, sizeof detection.bytes);
	detection.value = lasted_s;
	detection.limit = run->threshold[LASTS];
	detection.severity = 1;
	detection.percent = 90;
	(void)sk_episode_told(&entry->episode, lasted_s, run);
	detection.added = before.open ? 0 : 1;
	sk_tell_matched(&detection, detection.ip_proto, detection.responder_port);
	size_t used = strlen(detection.matched);
	detection.matched[used] = '@';
	(void)sk_addr_format(&detection.responder, detection.matched + used + 1);
	if (sk_run_say(run, &detection))
		return false;
	entry->episode = before;
	return true;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(LONG), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_addr(&d->responder), sk_tell_place(d, true),
	       sk_arg_service(d->ip_proto, d->responder_port), sk_arg_duration((int64_t)d->value * 1000000000), sk_tell_when(d), sk_arg_bytes(d->bytes[0]),
	       sk_arg_bytes(d->bytes[1]));
	sk_say(&out->why, SK_SAY(LONG_WHY), sk_arg_int(d->value), sk_arg_int(d->limit), sk_arg_int(threshold[BYTES]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_ONE));
	sk_say(&out->doubt, SK_SAY(LONG_DOUBT));
}

const struct sk_detector sk_detector_long_connection = {
	.name = "long.connection", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_END),
	.flows = SK_OF_TCP | SK_OF_UDP | SK_OF_SILENT,
	.subject = SK_SUBJECT_PAIR, .scale = SK_SCALE_PAIRS, .share = 2, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
