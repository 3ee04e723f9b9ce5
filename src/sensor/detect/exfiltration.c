/* SPDX-License-Identifier: Apache-2.0 */
/* A host inside sends far more to one address abroad than it ever sent in an hour of its own past, and gets little back. What it sent in each of the last 24 hours is
   counted; the hours before the one that is judged are its past, so what is judged never speaks for itself. Entries of hosts and of pairs share the table. */
#include "detect/detector.h"
#include "text/text.h"

enum { HOUR_S = 3600, HOURS = 24, KIB = 1024, PAIR_S = 2 * HOUR_S, LEAST_KIB = 4 /* segments that sent less are a host's, and no pair's */ };
enum { BYTES, FACTOR, RATIO, PAST };

static const struct sk_threshold thresholds[] = {
	[BYTES] = {"bytes", "bytes", 1000000, 1000000000000, 20000000, "less than so much to one address within an hour is never told"},
	[FACTOR] = {"factor", "", 2, 1000, 10, "so many times the most that the host sent abroad in any hour of its past"},
	[RATIO] = {"ratio", "", 1, 1000, 4, "and so many times what came back"},
	[PAST] = {"past", "hours", 2, 20, 6, "a host that is not known for so long has no past to be held against"},
};

/* Hours are those of the clock, counted since 1970. */
struct entry {
	struct sk_entry kit;
	uint32_t born_hour, hour;     /* the latest that was counted */
	bool is_pair;
	union {
		uint32_t host_kib[HOURS]; /* a host: sent abroad in each hour; place: hour % HOURS */
		struct {
			struct sk_contact last;
			uint64_t host;      /* the hash under which its host is found */
			uint32_t sent_kib, got_kib, before_kib; /* in this hour; before: sent in the hour before it */
			uint32_t peak_kib;  /* the most in an hour */
			uint64_t contacts, packets[2], bytes[2], past_kib; /* since the episode began */
			struct sk_episode episode;
		} pair;
	};
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	return event->class_ == SK_CLASS_DF ? sk_mix(event->from, 24) : 0;
}

/* Rounded up for each segment, so that adding is commutative. */
static uint32_t kib_of(uint64_t bytes)
{
	uint64_t kib = (bytes + KIB - 1) / KIB;
	return kib < UINT32_MAX / 2 ? (uint32_t)kib : UINT32_MAX / 2;
}

static void add(uint32_t *sum, uint32_t kib)
{
	*sum = *sum < UINT32_MAX - kib ? *sum + kib : UINT32_MAX;
}

/* Hours that went by in silence sent nothing. */
static void count_host(struct sk_run *run, const struct sk_event *event, uint64_t hash, uint32_t hour)
{
	bool fresh;
	uint32_t kib = kib_of(event->flow.bytes[0]);
	struct entry *host = sk_run_take(run, hash, SK_MEMORY_DAY_S, &fresh);
	if (fresh)
		host->born_hour = host->hour = hour;
	for (; host->hour < hour; host->hour++)
		host->host_kib[(host->hour + 1) % HOURS] = 0;
	if (hour + HOURS > host->hour)
		add(&host->host_kib[hour % HOURS], kib);
}

static void count_pair(struct sk_run *run, const struct sk_event *event, uint64_t host, uint32_t hour)
{
	bool fresh;
	struct entry *entry = sk_run_take(run, sk_mix(sk_mix(event->from, event->to), 23), PAIR_S, &fresh);
	entry->is_pair = true;
	entry->pair.host = host;
	sk_contact_see(&entry->pair.last, event);
	if (event->flow.first_ns < entry->pair.last.first_ns)
		entry->pair.last.first_ns = event->flow.first_ns;
	if (fresh || hour > entry->hour) {
		entry->pair.before_kib = entry->hour + 1 == hour ? entry->pair.sent_kib : 0;
		entry->hour = hour;
		entry->pair.sent_kib = entry->pair.got_kib = 0;
	}
	if (hour == entry->hour) {
		add(&entry->pair.sent_kib, kib_of(event->flow.bytes[0]));
		add(&entry->pair.got_kib, kib_of(event->flow.bytes[1]));
	}
	if (entry->pair.sent_kib > entry->pair.peak_kib)
		entry->pair.peak_kib = entry->pair.sent_kib;
	entry->pair.contacts++;
	for (unsigned side = 0; side < 2; side++) {
		entry->pair.packets[side] += event->flow.packets[side];
		entry->pair.bytes[side] += event->flow.bytes[side];
	}
	sk_run_want(run, entry, PAIR_S);
	if (entry->pair.episode.open || entry->pair.sent_kib >= run->threshold[BYTES] / KIB)
		sk_run_touch(run, entry);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	uint32_t at_s = sk_run_second(event->time_ns);
	if (at_s > run->now_s + SK_MEMORY_DAY_S)
		return;
	count_host(run, event, hash, at_s / HOUR_S);
	if (kib_of(event->flow.bytes[0]) >= LEAST_KIB)
		count_pair(run, event, hash, at_s / HOUR_S);
}

/* The most that the host sent in an hour before this one; false: its past is too short. */
static bool past_of(const struct sk_run *run, const struct entry *entry, uint64_t *most_kib)
{
	const struct entry *host = sk_table_find(&run->table, entry->pair.host, run->now_s);
	*most_kib = 0;
	if (host == NULL || host->born_hour + run->threshold[PAST] > entry->hour)
		return false;
	uint32_t first = host->hour >= HOURS && host->hour - HOURS + 1 > host->born_hour ? host->hour - HOURS + 1 : host->born_hour;
	/* What began in the hour before does not speak for itself either. */
	for (uint32_t hour = first; hour < entry->hour; hour++) {
		uint32_t own = hour + 1 == entry->hour ? entry->pair.before_kib : 0, kib = host->host_kib[hour % HOURS];
		if (kib - (own < kib ? own : kib) > *most_kib)
			*most_kib = kib - own;
	}
	return true;
}

static bool say(struct sk_run *run, struct entry *entry)
{
	struct sk_episode before = entry->pair.episode;
	struct sk_detection detection = sk_contact_detection(&entry->pair.last);
	detection.contacts = entry->pair.contacts;
	detection.answered = entry->pair.contacts;
	detection.peers = detection.ports = 1;
	memcpy(detection.packets, entry->pair.packets, sizeof detection.packets);
	memcpy(detection.bytes, entry->pair.bytes, sizeof detection.bytes);
	detection.value = (uint64_t)entry->pair.peak_kib * KIB;
	detection.limit = entry->pair.past_kib * KIB;
	detection.severity = 3;
	detection.percent = detection.half_view ? 55 : entry->pair.peak_kib >= 3 * run->threshold[FACTOR] * entry->pair.past_kib ? 75 : 65;
	detection.added = sk_episode_told(&entry->pair.episode, entry->pair.bytes[0], run);
	detection.added = before.open ? 0 : detection.contacts;
	sk_tell_matched(&detection, detection.ip_proto, detection.responder_port);
	size_t used = strlen(detection.matched);
	detection.matched[used] = '@';
	(void)sk_addr_format(&detection.responder, detection.matched + used + 1);
	if (sk_run_say(run, &detection))
		return true;
	entry->pair.episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	uint64_t past_kib;
	if (!entry->is_pair)
		return false;
	if (!entry->pair.episode.open) {
		uint64_t sent_kib = entry->pair.sent_kib;
		bool shape = sent_kib >= run->threshold[RATIO] * entry->pair.got_kib;
		if (!shape || sent_kib < run->threshold[BYTES] / KIB || !past_of(run, entry, &past_kib) || sent_kib < run->threshold[FACTOR] * past_kib)
			return false;
		entry->pair.past_kib = past_kib;
	}
	return sk_episode_due(&entry->pair.episode, entry->pair.bytes[0], run) && !say(run, entry);
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(EXFILTRATION), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_bytes(d->bytes[0]),
	       sk_arg_addr(&d->responder), sk_tell_place(d, true), sk_arg_service(d->ip_proto, d->responder_port), sk_tell_when(d), sk_arg_bytes(d->bytes[1]));
	sk_say(&out->why, SK_SAY(EXFILTRATION_WHY), sk_arg_bytes(d->value), sk_arg_bytes(d->limit), sk_arg_int(threshold[FACTOR]), sk_arg_int(threshold[RATIO]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_CAME_BACK));
	sk_say(&out->doubt, SK_SAY(EXFILTRATION_DOUBT));
}

const struct sk_detector sk_detector_exfiltration = {
	.name = "exfiltration", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_END),
	.subject = SK_SUBJECT_INITIATOR, .scale = SK_SCALE_HOSTS, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
