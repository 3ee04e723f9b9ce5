/* SPDX-License-Identifier: Apache-2.0 */
/* One address tries to log in at one service of one other, again and again. Tries are counted by their shape (guess_priv.h) in slices of a sliding window. */
#include "detect/guess_priv.h"
#include "text/text.h"

enum { TCP = 6, SLICES = 8, FEW = 4, SLOW = 5 /* times the tries that a window needs, within an hour */ };
enum { TRIES, WINDOW, SHARE, QUIET };

static const struct sk_threshold thresholds[] = {
	[TRIES] = {"tries", "logins", 4, 10000, 15, "so many tries from one address at one service (times the patience of the service: mail and SMB more, databases far more)"},
	[WINDOW] = {"window", "s", 16, SK_MEMORY_SHORT_S, 300, "within so long"},
	[SHARE] = {"share", "%", 10, 100, 85, "at least so many of its connections there are tries or were broken off"},
	[QUIET] = {"quiet", "s", 10, 3600, 600, "guessing that rests for so long is over"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint8_t login;                /* enum sk_login */
	struct { uint32_t at, tries, small, sessions; } slices[SLICES];
	uint64_t tries, small, sessions, bytes[2];
	struct sk_episode episode;
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if (event->ip_proto != TCP || (event->flow.packets[1] == 0 && (event->bits & SK_EVENT_HALF) == 0))
		return 0;
	enum sk_login login = sk_login_of(event->app, event->responder_port);
	return login != SK_LOGIN_NONE ? sk_mix(sk_mix(event->from, event->to), (uint64_t)event->responder_port << 8 | 7) : 0;
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	uint32_t slice_s = (uint32_t)run->threshold[WINDOW] / SLICES, at = sk_run_second(event->time_ns) / slice_s;
	struct entry *entry = sk_run_take(run, hash, (uint32_t)run->threshold[WINDOW] / 4, &fresh);
	enum sk_login login = sk_login_of(event->app, event->responder_port);
	sk_contact_see(&entry->last, event);
	if (event->app != 0 || entry->login == SK_LOGIN_NONE)
		entry->login = (uint8_t)login;
	enum sk_login_size size = sk_login_size_of(event, login);
	if (entry->slices[at % SLICES].at < at) {
		memset(&entry->slices[at % SLICES], 0, sizeof entry->slices[0]);
		entry->slices[at % SLICES].at = at;
	}
	if (entry->slices[at % SLICES].at == at) {
		entry->slices[at % SLICES].tries += size == SK_LOGIN_TRY;
		entry->slices[at % SLICES].small += size == SK_LOGIN_SMALL;
		entry->slices[at % SLICES].sessions += size == SK_LOGIN_SESSION;
	}
	entry->tries += size == SK_LOGIN_TRY;
	entry->small += size == SK_LOGIN_SMALL;
	entry->sessions += size == SK_LOGIN_SESSION;
	if (size == SK_LOGIN_TRY)
		for (unsigned side = 0; side < 2; side++)
			entry->bytes[side] += sk_login_payload(event, side);
	if (entry->tries >= FEW) {
		sk_run_want(run, entry, (uint32_t)run->threshold[WINDOW]);
		sk_run_touch(run, entry);
	}
}

struct window {
	uint64_t tries, small, sessions;
};

static struct window window_of(const struct sk_run *run, const struct entry *entry)
{
	struct window sum = {0};
	uint32_t slice_s = (uint32_t)run->threshold[WINDOW] / SLICES, now = run->now_s / slice_s;
	for (unsigned i = 0; i < SLICES; i++) {
		if (entry->slices[i].at + SLICES <= now)
			continue;
		sum.tries += entry->slices[i].tries;
		sum.small += entry->slices[i].small;
		sum.sessions += entry->slices[i].sessions;
	}
	return sum;
}

static bool say(struct sk_run *run, struct entry *entry, uint64_t tries)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.contacts = entry->tries + entry->small + entry->sessions;
	detection.answered = entry->sessions;
	detection.peers = detection.ports = 1;
	detection.bytes[0] = entry->bytes[0];
	detection.bytes[1] = entry->bytes[1];
	detection.value = tries > entry->episode.told ? tries : entry->tries;
	detection.limit = run->threshold[TRIES] * sk_logins[entry->login].patience;
	if (tries < detection.limit && entry->tries >= SLOW * detection.limit) {
		detection.limit *= SLOW;
		detection.value = entry->tries;
	}
	detection.severity = 2;
	detection.percent = (uint8_t)(detection.half_view ? 75 : entry->tries >= 2 * detection.limit ? 95 : 85);
	detection.added = sk_episode_told(&entry->episode, entry->tries, run);
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
	struct window window = window_of(run, entry);
	uint64_t all = window.tries + window.small + window.sessions, limit = run->threshold[TRIES] * sk_logins[entry->login].patience;
	bool alarm = window.tries >= limit && (window.tries + window.small) * 100 >= run->threshold[SHARE] * all;
	/* Slowly, but all the time: an entry lives for an hour at most. */
	uint64_t ever = entry->tries + entry->small + entry->sessions;
	alarm = alarm || (entry->tries >= SLOW * limit && (entry->tries + entry->small) * 100 >= run->threshold[SHARE] * ever);
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (!alarm && !entry->episode.open)
		return false;
	sk_run_want(run, entry, (uint32_t)run->threshold[QUIET] * 2);
	bool due = sk_episode_due(&entry->episode, entry->tries, run) || (over && entry->tries > entry->episode.told);
	if (due && !say(run, entry, window.tries))
		return true;
	if (over)
		sk_table_drop(&run->table, entry);
	return !over;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	const char *name = sk_logins[sk_login_of(d->app, d->responder_port)].name;
	sk_say(&out->sentence, SK_SAY(BRUTEFORCE), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_addr(&d->responder), sk_tell_place(d, true),
	       sk_arg_text_or(name, 64, SK_WORD_A_SERVICE), sk_arg_int(d->responder_port), sk_arg_number(d->contacts), sk_tell_when(d), sk_arg_int(d->answered));
	bool slow = d->limit > threshold[TRIES] * sk_logins[sk_login_of(d->app, d->responder_port)].patience;
	sk_say(&out->why, SK_SAY(BRUTEFORCE_WHY), sk_arg_int(d->value), sk_arg_int(d->limit), sk_arg_int(slow ? SK_MEMORY_SHORT_S : threshold[WINDOW]), sk_arg_int(threshold[SHARE]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_ANSWERS));
	sk_say(&out->doubt, SK_SAY(BRUTEFORCE_DOUBT));
}

const struct sk_detector sk_detector_bruteforce = {
	.name = "bruteforce", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_END),
	.flows = SK_OF_TCP,
	.subject = SK_SUBJECT_PAIR, .scale = SK_SCALE_PAIRS, .share = 2, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
