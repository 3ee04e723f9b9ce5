/* SPDX-License-Identifier: Apache-2.0 */
/* One address is refused by the log-in of one web server again and again: responses 401 and 403 among the first of each connection. In TLS nothing of it is seen. */
#include "detect/guess_priv.h"
#include "text/text.h"

enum { TCP = 6, SLICES = 8, FEW = 4 };
enum { REFUSALS, WINDOW, SHARE, QUIET };

static const struct sk_threshold thresholds[] = {
	[REFUSALS] = {"refusals", "answers", 4, 10000, 30, "so many refused requests (401, 403, 407) from one address at one server"},
	[WINDOW] = {"window", "s", 16, SK_MEMORY_SHORT_S, 300, "within so long"},
	[SHARE] = {"share", "%", 10, 100, 60, "at least so many of the answers that were read are refusals"},
	[QUIET] = {"quiet", "s", 10, 3600, 600, "guessing that rests for so long is over"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	struct { uint32_t at, refused, other; } slices[SLICES];
	uint64_t refused, other;
	struct sk_episode episode;
};

/* numbers[0]: the status. */
static bool head(const struct sk_run *run, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	(void)run;
	(void)packet;
	if (!head->as.http.response || head->as.http.status < 200)
		return false;
	event->head.numbers[0] = head->as.http.status;
	return true;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	return sk_mix(sk_mix(event->from, event->to), (uint64_t)event->responder_port << 8 | 13);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	uint32_t slice_s = (uint32_t)run->threshold[WINDOW] / SLICES, at = sk_run_second(event->time_ns) / slice_s, status = event->head.numbers[0];
	bool refused = status == 401 || status == 403 || status == 407;
	struct entry *entry = refused ? sk_run_take(run, hash, (uint32_t)run->threshold[WINDOW] / 4, &fresh) : sk_table_find(&run->table, hash, run->now_s);
	if (entry == NULL)
		return;
	sk_contact_see(&entry->last, event);
	if (entry->slices[at % SLICES].at < at) {
		memset(&entry->slices[at % SLICES], 0, sizeof entry->slices[0]);
		entry->slices[at % SLICES].at = at;
	}
	if (entry->slices[at % SLICES].at == at) {
		entry->slices[at % SLICES].refused += refused;
		entry->slices[at % SLICES].other += !refused;
	}
	entry->refused += refused;
	entry->other += !refused;
	if (entry->refused >= FEW) {
		sk_run_want(run, entry, (uint32_t)run->threshold[WINDOW]);
		sk_run_touch(run, entry);
	}
}

static bool say(struct sk_run *run, struct entry *entry, uint64_t refused)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.contacts = entry->refused + entry->other;
	detection.answered = entry->other;
	detection.peers = detection.ports = 1;
	detection.value = refused > entry->episode.told ? refused : entry->refused;
	detection.limit = run->threshold[REFUSALS];
	detection.severity = 2;
	detection.percent = 80;
	detection.added = sk_episode_told(&entry->episode, entry->refused, run);
	sk_tell_matched(&detection, TCP, detection.responder_port);
	size_t used = strlen(detection.matched);
	detection.matched[used] = '@';
	(void)sk_addr_format(&detection.responder, detection.matched + used + 1);
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	uint64_t refused = 0, other = 0;
	uint32_t now = run->now_s / ((uint32_t)run->threshold[WINDOW] / SLICES);
	for (unsigned i = 0; i < SLICES; i++)
		if (entry->slices[i].at + SLICES > now) {
			refused += entry->slices[i].refused;
			other += entry->slices[i].other;
		}
	bool alarm = refused >= run->threshold[REFUSALS] && refused * 100 >= run->threshold[SHARE] * (refused + other);
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (!alarm && !entry->episode.open)
		return false;
	sk_run_want(run, entry, (uint32_t)run->threshold[QUIET] * 2);
	bool due = sk_episode_due(&entry->episode, entry->refused, run) || (over && entry->refused > entry->episode.told);
	if (due && !say(run, entry, refused))
		return true;
	if (over)
		sk_table_drop(&run->table, entry);
	return !over;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(WEB), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_addr(&d->responder), sk_tell_place(d, true),
	       sk_arg_int(d->responder_port), sk_arg_int(d->contacts - d->answered), sk_tell_when(d), sk_arg_int(d->answered));
	sk_say(&out->why, SK_SAY(WEB_WHY), sk_arg_int(d->value), sk_arg_int(d->limit), sk_arg_int(threshold[WINDOW]), sk_arg_int(threshold[SHARE]));
	sk_say(&out->doubt, SK_SAY(WEB_DOUBT));
}

const struct sk_detector sk_detector_bruteforce_web = {
	.name = "bruteforce.web", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD), .heads = 1u << SK_HEAD_HTTP,
	.subject = SK_SUBJECT_PAIR, .scale = SK_SCALE_PAIRS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .head = head, .tell = tell,
};
