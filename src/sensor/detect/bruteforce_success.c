/* SPDX-License-Identifier: Apache-2.0 */
/* After guessing at a login, the same address has a session there: something was right. Waits for what bruteforce and its kin say, then looks at how long and large
   the connections of that pair become. */
#include "detect/guess_priv.h"
#include "text/text.h"

enum { TCP = 6 };
enum { BYTES, LASTS, MEMORY };

static const struct sk_threshold thresholds[] = {
	[BYTES] = {"bytes", "bytes", 1000, 1000000000, 20000, "a connection with so much payload both ways together, or ..."},
	[LASTS] = {"lasts", "s", 30, 86400, 300, "... that lasted so long, is a session"},
	[MEMORY] = {"memory", "s", 60, SK_MEMORY_SHORT_S, SK_MEMORY_SHORT_S, "so long after the last guess"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;       /* of the session */
	uint64_t guesses, sessions, bytes[2];
	uint32_t guessed_s;           /* the last time */
	uint32_t heard_s;             /* when we were first told: what ended until the second after it may have been counted before, or behind it */
	struct sk_episode episode;
};

/* Those that say who guesses at whom. */
static bool is_guessing(const struct sk_event *event)
{
	size_t rows;
	const char *name = sk_policy_detectors(&rows)[event->detector].name;
	return strcmp(name, "bruteforce") == 0;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if (event->ip_proto != TCP || (event->kind == SK_EVENT_FOUND ? !is_guessing(event) : event->flow.packets[1] == 0 && (event->bits & SK_EVENT_HALF) == 0))
		return 0;
	return sk_mix(sk_mix(event->from, event->to), (uint64_t)event->responder_port << 8 | 15);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	if (event->kind == SK_EVENT_FOUND) {
		uint32_t memory_s = (uint32_t)run->threshold[MEMORY], guessed_s = sk_run_second(event->time_ns);
		if (run->now_s >= guessed_s + memory_s)
			return;
		struct entry *entry = sk_run_take(run, hash, guessed_s + memory_s - run->now_s, &fresh);
		entry->heard_s = fresh ? run->now_s : entry->heard_s;
		entry->guessed_s = guessed_s > entry->guessed_s ? guessed_s : entry->guessed_s;
		entry->guesses = event->found.contacts > entry->guesses ? event->found.contacts : entry->guesses;
		return;
	}
	struct entry *entry = sk_table_find(&run->table, hash, run->now_s);
	if (entry == NULL || sk_run_second(event->time_ns) <= entry->heard_s + 1 || sk_run_second(event->flow.first_ns) > entry->guessed_s + run->threshold[MEMORY])
		return;
	uint64_t out = sk_login_payload(event, 0), back = sk_login_payload(event, 1);
	uint64_t lasted_s = (uint64_t)(event->time_ns - event->flow.first_ns) / 1000000000;
	if ((out + back < run->threshold[BYTES] && lasted_s < run->threshold[LASTS]) || out < 40 || (back < 40 && (event->bits & SK_EVENT_HALF) == 0))
		return;
	sk_contact_see(&entry->last, event);
	if (event->flow.first_ns < entry->last.first_ns)
		entry->last.first_ns = event->flow.first_ns;
	entry->sessions++;
	entry->bytes[0] += out;
	entry->bytes[1] += back;
	sk_run_touch(run, entry);
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	if (entry->sessions == 0 || !sk_episode_due(&entry->episode, entry->sessions, run))
		return false;
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.contacts = entry->guesses;
	detection.answered = entry->sessions;
	detection.peers = detection.ports = 1;
	detection.bytes[0] = entry->bytes[0];
	detection.bytes[1] = entry->bytes[1];
	detection.value = entry->bytes[0] + entry->bytes[1];
	detection.limit = run->threshold[BYTES];
	detection.severity = 3;
	detection.percent = 70;
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
	sk_say(&out->sentence, SK_SAY(SUCCESS), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_addr(&d->responder), sk_tell_place(d, true),
	       sk_arg_int(d->responder_port), sk_arg_int(d->answered), sk_tell_when(d), sk_arg_bytes(d->bytes[0]), sk_arg_bytes(d->bytes[1]));
	sk_say(&out->why, SK_SAY(SUCCESS_WHY), sk_arg_int(d->contacts), sk_arg_int(d->value), sk_arg_int(d->limit), sk_arg_int(threshold[LASTS]));
	sk_say(&out->doubt, SK_SAY(SUCCESS_DOUBT));
}

const struct sk_detector sk_detector_bruteforce_success = {
	.name = "bruteforce.success", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_END) | SK_EVENT_BIT(SK_EVENT_FOUND),
	.flows = SK_OF_TCP, .finds = SK_EVENT_BIT(SK_EVENT_END),
	.subject = SK_SUBJECT_PAIR, .scale = SK_SCALE_PAIRS, .share = 5, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
