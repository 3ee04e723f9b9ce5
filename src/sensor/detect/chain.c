/* SPDX-License-Identifier: Apache-2.0 */
/* Stages of one break-in by one address: it scans, then it guesses at a login, then it has a session where it guessed. Waits for what scan.* and bruteforce* say, and
   looks at the connections of those alone that were told of. */
#include "detect/guess_priv.h"
#include "text/text.h"

enum { TCP = 6, TARGETS = 6 };
enum { BYTES, LASTS, MEMORY };

static const struct sk_threshold thresholds[] = {
	[BYTES] = {"bytes", "bytes", 1000, 1000000000, 20000, "a connection with so much payload both ways together, or ..."},
	[LASTS] = {"lasts", "s", 30, 86400, 300, "... that lasted so long, is a session"},
	[MEMORY] = {"memory", "s", 600, SK_MEMORY_DAY_S, SK_MEMORY_DAY_S, "from the scan to the session at most"},
};

enum stage { STAGE_NONE, STAGE_SCAN, STAGE_GUESS };

struct entry {
	struct sk_entry kit;
	struct sk_contact last;       /* of the session */
	uint32_t scan_s, guess_s;     /* when it was first told of; 0: not yet */
	uint64_t scanned, guesses, sessions, packets[2], bytes[2];
	uint64_t targets[TARGETS];    /* where it guessed */
	bool anywhere;                /* at more hosts than there is room for, or at many at once */
	struct sk_episode episode;
};

static enum stage stage_of(const struct sk_event *event, bool *anywhere)
{
	static const struct { const char *begins; enum stage stage; bool anywhere; } names[] = {
		{"scan.", STAGE_SCAN, false}, {"bruteforce.spray", STAGE_GUESS, true}, {"bruteforce.web", STAGE_GUESS, false}};
	size_t rows;
	const char *name = sk_policy_detectors(&rows)[event->detector].name;
	*anywhere = false;
	if (event->found.of_responder)
		return STAGE_NONE;
	if (strcmp(name, "bruteforce") == 0)
		return STAGE_GUESS;
	for (size_t i = 0; i < SK_COUNT(names); i++)
		if (strncmp(name, names[i].begins, strlen(names[i].begins)) == 0) {
			*anywhere = names[i].anywhere;
			return names[i].stage;
		}
	return STAGE_NONE;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	bool anywhere;
	(void)run;
	if (event->kind == SK_EVENT_FOUND ? stage_of(event, &anywhere) == STAGE_NONE : event->ip_proto != TCP)
		return 0;
	return sk_mix(event->from, 25);
}

static void add_target(struct entry *entry, uint64_t to)
{
	size_t i = 0;
	while (i < TARGETS && entry->targets[i] != 0 && entry->targets[i] != to)
		i++;
	if (i < TARGETS)
		entry->targets[i] = to;
	else
		entry->anywhere = true;
}

static bool is_target(const struct entry *entry, uint64_t to)
{
	for (size_t i = 0; i < TARGETS; i++)
		if (entry->targets[i] == to)
			return true;
	return entry->anywhere;
}

static void hear(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh, anywhere;
	enum stage stage = stage_of(event, &anywhere);
	uint32_t at_s = sk_run_second(event->time_ns);
	struct entry *entry = sk_run_take(run, hash, (uint32_t)run->threshold[MEMORY], &fresh);
	uint32_t *first_s = stage == STAGE_SCAN ? &entry->scan_s : &entry->guess_s;
	if (*first_s == 0 || at_s < *first_s)
		*first_s = at_s;
	if (stage == STAGE_SCAN) {
		entry->scanned = event->found.contacts > entry->scanned ? event->found.contacts : entry->scanned;
		return;
	}
	entry->guesses = event->found.contacts > entry->guesses ? event->found.contacts : entry->guesses;
	entry->anywhere |= anywhere;
	add_target(entry, event->to);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	if (event->kind == SK_EVENT_FOUND) {
		hear(run, event, hash);
		return;
	}
	struct entry *entry = sk_table_find(&run->table, hash, run->now_s);
	if (entry == NULL || entry->scan_s == 0 || entry->guess_s < entry->scan_s || !is_target(entry, event->to) ||
	    sk_run_second(event->time_ns) > entry->scan_s + run->threshold[MEMORY] || sk_run_second(event->time_ns) < entry->guess_s)
		return;
	bool half = (event->bits & SK_EVENT_HALF) != 0;
	uint64_t out = sk_login_payload(event, 0), back = sk_login_payload(event, 1), lasted_s = (uint64_t)(event->time_ns - event->flow.first_ns) / 1000000000;
	if ((out + back < run->threshold[BYTES] && lasted_s < run->threshold[LASTS]) || out < 40 || (back < 40 && !half))
		return;
	sk_contact_see(&entry->last, event);
	if (event->flow.first_ns < entry->last.first_ns)
		entry->last.first_ns = event->flow.first_ns;
	entry->sessions++;
	for (unsigned side = 0; side < 2; side++) {
		entry->packets[side] += event->flow.packets[side];
		entry->bytes[side] += event->flow.bytes[side];
	}
	sk_run_touch(run, entry);
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	if (entry->sessions == 0 || !sk_episode_due(&entry->episode, entry->sessions, run))
		return false;
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.first_ns = (int64_t)entry->scan_s * 1000000000;
	detection.contacts = entry->scanned;
	detection.answered = entry->sessions;
	detection.peers = 1;
	detection.ports = entry->guesses;
	memcpy(detection.packets, entry->packets, sizeof detection.packets);
	memcpy(detection.bytes, entry->bytes, sizeof detection.bytes);
	detection.value = 3;
	detection.limit = 3;
	detection.severity = 3;
	detection.percent = entry->anywhere || detection.half_view ? 70 : 85;
	detection.added = sk_episode_told(&entry->episode, entry->sessions, run);
	sk_tell_matched(&detection, TCP, detection.responder_port);
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
	sk_say(&out->sentence, SK_SAY(CHAIN), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_int(d->answered), sk_arg_addr(&d->responder),
	       sk_tell_place(d, true), sk_arg_service(d->ip_proto, d->responder_port), sk_tell_when(d), sk_arg_bytes(d->bytes[0]), sk_arg_bytes(d->bytes[1]));
	sk_say(&out->why, SK_SAY(CHAIN_WHY), sk_arg_int(threshold[MEMORY]), sk_arg_int(d->contacts), sk_arg_int(d->ports), sk_arg_int(threshold[BYTES]),
	       sk_arg_int(threshold[LASTS]));
	sk_say(&out->doubt, SK_SAY(CHAIN_DOUBT));
}

const struct sk_detector sk_detector_chain = {
	.name = "chain", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_END) | SK_EVENT_BIT(SK_EVENT_FOUND),
	.flows = SK_OF_TCP, .finds = SK_EVENT_BIT(SK_EVENT_END),
	.subject = SK_SUBJECT_INITIATOR, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
