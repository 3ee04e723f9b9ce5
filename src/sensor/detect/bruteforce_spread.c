/* SPDX-License-Identifier: Apache-2.0 */
/* Many addresses try to log in at one service of one other, a few times each: guessing from a botnet, or credentials from elsewhere that are tried (stuffing). */
#include <math.h>

#include "detect/guess_priv.h"
#include "text/text.h"

enum { TCP = 6, WORDS = 8, BITS = 64 * WORDS, FEW = 8 };
enum { SOURCES, WINDOW, SHARE, QUIET };

static const struct sk_threshold thresholds[] = {
	[SOURCES] = {"sources", "addresses", 8, 400, 40, "tries at a login from so many different addresses (times the patience of the service)"},
	[WINDOW] = {"window", "s", 60, SK_MEMORY_SHORT_S, 1800, "within so long"},
	[SHARE] = {"share", "%", 10, 100, 80, "at least so many of those addresses tried alone and had no session"},
	[QUIET] = {"quiet", "s", 10, 3600, 900, "guessing that rests for so long is over"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint8_t login;
	uint32_t window_s;            /* when it began */
	uint64_t tries, sessions;
	uint64_t tried[WORDS], entered[WORDS];
	struct sk_episode episode;
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if (event->ip_proto != TCP || (event->flow.packets[1] == 0 && (event->bits & SK_EVENT_HALF) == 0))
		return 0;
	enum sk_login login = sk_login_of(event->app, event->responder_port);
	return sk_login_by_hand(login) ? sk_mix(event->to, (uint64_t)event->responder_port << 8 | 11) : 0;
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	enum sk_login login = sk_login_of(event->app, event->responder_port);
	enum sk_login_size size = sk_login_size_of(event, login);
	if (size == SK_LOGIN_SMALL)
		return;
	struct entry *entry = sk_run_take(run, hash, (uint32_t)run->threshold[WINDOW] / 4, &fresh);
	if (fresh)
		entry->window_s = run->now_s;
	sk_contact_see(&entry->last, event);
	entry->login = (uint8_t)login;
	entry->tries += size == SK_LOGIN_TRY;
	entry->sessions += size == SK_LOGIN_SESSION;
	(void)sk_bits_add(size == SK_LOGIN_TRY ? entry->tried : entry->entered, WORDS, event->from);
	if (entry->tries >= FEW) {
		sk_run_want(run, entry, (uint32_t)run->threshold[WINDOW]);
		sk_run_touch(run, entry);
	}
}

static void count(const struct entry *entry, double *tried, double *only)
{
	unsigned all = 0, alone = 0;
	for (unsigned i = 0; i < WORDS; i++) {
		all += (unsigned)__builtin_popcountll(entry->tried[i]);
		alone += (unsigned)__builtin_popcountll(entry->tried[i] & ~entry->entered[i]);
	}
	*tried = sk_bits_estimate(all, BITS);
	*only = all != 0 ? *tried * alone / all : 0;
}

static bool say(struct sk_run *run, struct entry *entry, double tried)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.of_responder = true;
	detection.contacts = entry->tries + entry->sessions;
	detection.answered = entry->sessions;
	detection.peers = (uint64_t)lround(fmin(tried, (double)entry->tries));
	detection.ports = 1;
	detection.value = detection.peers;
	detection.limit = run->threshold[SOURCES] * sk_logins[entry->login].patience;
	detection.severity = 2;
	detection.percent = (uint8_t)(detection.half_view ? 65 : 80);
	detection.added = sk_episode_told(&entry->episode, entry->tries, run);
	sk_tell_matched(&detection, TCP, detection.responder_port);
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	double tried, only;
	count(entry, &tried, &only);
	uint64_t limit = run->threshold[SOURCES] * sk_logins[entry->login].patience;
	bool alarm = tried >= (double)limit && only * 100 >= (double)run->threshold[SHARE] * tried;
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (alarm || entry->episode.open) {
		bool due = sk_episode_due(&entry->episode, entry->tries, run) || (over && entry->tries > entry->episode.told);
		if (due && !say(run, entry, tried))
			return true;
		if (over)
			sk_table_drop(&run->table, entry);
		return !over;
	}
	/* The window ends: what did not come to enough in it is forgotten. */
	if (run->now_s > entry->window_s + run->threshold[WINDOW] || sk_bits_count(entry->entered, WORDS) > BITS * 3 / 4) {
		memset(entry->tried, 0, sizeof entry->tried);
		memset(entry->entered, 0, sizeof entry->entered);
		entry->tries = entry->sessions = 0;
		entry->window_s = run->now_s;
		entry->last.first_ns = entry->last.last_ns;
	}
	return false;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	const char *name = sk_logins[sk_login_of(d->app, d->responder_port)].name;
	sk_say(&out->sentence, SK_SAY(SPREAD), sk_arg_int(d->peers), sk_arg_addr(&d->responder), sk_tell_place(d, true), sk_arg_text_or(name, 64,
	       SK_WORD_A_SERVICE), sk_arg_int(d->responder_port), sk_arg_number(d->contacts), sk_tell_when(d), sk_arg_int(d->answered));
	sk_say(&out->why, SK_SAY(SPREAD_WHY), sk_arg_int(d->value), sk_arg_int(d->limit), sk_arg_int(threshold[WINDOW]), sk_arg_int(threshold[SHARE]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_ANSWERS));
	sk_say(&out->doubt, SK_SAY(SPREAD_DOUBT));
}

const struct sk_detector sk_detector_bruteforce_spread = {
	.name = "bruteforce.spread", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_END),
	.flows = SK_OF_TCP,
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_HOSTS, .share = 2, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
