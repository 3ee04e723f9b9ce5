/* SPDX-License-Identifier: Apache-2.0 */
/* A registered domain that nobody inside asked for since yesterday, and for which several hosts ask now. What was asked for stands in two Bloom filters of keyed hashes, each
   for half a day of packet time: the older one is wiped when a half day ends, so a domain is known for 12 to 24 h after it was asked for last, and nothing for longer. */
#include <stdio.h>

#include "detect/dns_priv.h"
#include "text/text.h"

enum { HALF_DAY_S = SK_MEMORY_DAY_S / 2, FILTER_WORDS = 1 << 17, FILTER_HASHES = 4, CLIENT_WORDS = 4, CLIENT_BITS = 64 * CLIENT_WORDS };
enum { LEARN, HOSTS, SPREAD, QUIET };

static const struct sk_threshold thresholds[] = {
	[LEARN] = {"learn", "s", 0, SK_MEMORY_DAY_S, HALF_DAY_S, "nothing is told for so long after the start"},
	[HOSTS] = {"hosts", "hosts", 1, 200, 3, "so many hosts ask for a domain that was not asked for before"},
	[SPREAD] = {"spread", "s", 60, SK_MEMORY_DAY_S, 3600, "within so long after the first of them"},
	[QUIET] = {"quiet", "s", 10, 3600, 3600, "a domain that nobody asks for so long is not new any more"},
};

/* 2^23 bits with four hashes: of half a million domains in half a day two new ones in a thousand are taken for known, of a million two in a hundred. */
struct memory {
	struct sk_named named;
	uint32_t started_s, half_day; /* of the newer filter */
	uint64_t filters[2][FILTER_WORDS];
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last, told;   /* told: as it was when it was first said, so that it stays one finding */
	uint64_t key;
	uint32_t first_s, waits_s;
	uint64_t clients[CLIENT_WORDS];
	uint64_t asked;
	struct sk_episode episode;
};

static bool asks(const struct sk_run *run, const struct sk_head *head, const struct sk_event *flow)
{
	const struct sk_dns *dns = &head->as.dns;
	(void)run;
	return (sk_dns_half(flow) ? !dns->response : dns->response && dns->rcode == 0 && dns->answers != 0) && sk_dns_inside(flow);
}

static bool named(const struct sk_run *run, const struct sk_name *name, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	(void)head;
	(void)packet;
	if (!sk_dns_is_public(name))
		return false;
	event->head.hash = sk_run_hash(run, name->text + name->registered_at, (size_t)name->length - name->registered_at);
	sk_dns_text(name, event->head.text);
	return true;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	return event->head.hash;
}

/* Into this half day's filter; was it in either? A filter whose time is over is emptied first. */
static bool is_known(struct memory *memory, uint64_t hash, uint32_t at_s)
{
	uint32_t half_day = at_s / HALF_DAY_S;
	if (memory->started_s == 0)
		memory->started_s = at_s;
	if (half_day > memory->half_day) {
		bool next = half_day == memory->half_day + 1;
		memset(memory->filters[half_day & 1], 0, sizeof memory->filters[0]);
		if (!next)
			memset(memory->filters[~half_day & 1], 0, sizeof memory->filters[0]);
		memory->half_day = half_day;
	}
	bool in[2] = {true, true};
	uint64_t *now = memory->filters[half_day & 1];
	for (unsigned i = 0; i < FILTER_HASHES; i++) {
		uint64_t at = sk_mix(hash, i + 1);
		for (unsigned which = 0; which < 2; which++)
			in[which] &= sk_bits_has(memory->filters[which], FILTER_WORDS, at);
		(void)sk_bits_add(now, FILTER_WORDS, at);
	}
	return in[0] || in[1];
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	struct memory *memory = run->extra;
	bool fresh;
	uint32_t at_s = sk_run_second(event->time_ns);
	bool known = is_known(memory, hash, at_s);
	struct entry *entry = sk_table_find(&run->table, hash, run->now_s);
	if (entry == NULL && known)
		return;
	if (entry == NULL)
		entry = sk_run_take(run, hash, (uint32_t)run->threshold[SPREAD], &fresh);
	entry->key = hash;
	if (entry->first_s == 0 || at_s < entry->first_s)
		entry->first_s = at_s;
	sk_contact_see(&entry->last, event);
	entry->asked++;
	/* The second host makes a domain worth more than the many that one asks for. */
	if (sk_bits_add(entry->clients, CLIENT_WORDS, sk_dns_client(event)) && entry->asked > 1)
		sk_run_want(run, entry, 2 * (uint32_t)run->threshold[SPREAD]);
	sk_named_keep(&memory->named, hash, event);
	sk_run_touch(run, entry);
}

static bool say(struct sk_run *run, struct entry *entry)
{
	struct memory *memory = run->extra;
	struct sk_episode before = entry->episode;
	if (!entry->episode.open)
		entry->told = entry->last;
	entry->told.first_ns = entry->last.first_ns;
	entry->told.last_ns = entry->last.last_ns;
	struct sk_detection detection = sk_dns_detection(&entry->told);
	detection.contacts = entry->asked;
	detection.peers = (uint64_t)(sk_bits_estimate(sk_bits_count(entry->clients, CLIENT_WORDS), CLIENT_BITS) + 0.5);
	detection.value = detection.peers;
	detection.limit = run->threshold[HOSTS];
	detection.severity = 1;
	detection.percent = 50;
	detection.added = sk_episode_told(&entry->episode, entry->asked, run);
	(void)snprintf(detection.text, sizeof detection.text, "%s", sk_named_text(&memory->named, entry->key));
	(void)snprintf(detection.matched, sizeof detection.matched, "%.63s", detection.text[0] != '\0' ? detection.text : "dns");
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	struct memory *memory = run->extra;
	bool learning = entry->first_s < memory->started_s + run->threshold[LEARN];
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (!entry->episode.open) {
		bool late = sk_run_second(entry->last.last_ns) > entry->first_s + run->threshold[SPREAD];
		bool enough = sk_bits_count(entry->clients, CLIENT_WORDS) >= run->threshold[HOSTS];
		if (!learning && !late && enough) {
			if (!sk_named_waits(run, &memory->named, entry->key, &entry->waits_s))
				(void)say(run, entry);
			return true;
		}
		sk_named_drop(&memory->named, entry->key);
		return false;
	}
	bool due = sk_episode_due(&entry->episode, entry->asked, run) || (over && entry->asked > entry->episode.told);
	sk_run_want(run, entry, 2 * (uint32_t)run->threshold[QUIET]);
	if (due && !say(run, entry))
		return true;
	if (!over)
		return true;
	sk_named_drop(&memory->named, entry->key);
	sk_table_drop(&run->table, entry);
	return false;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(DNS_NEW), sk_arg_int(d->peers), sk_arg_text_or(d->text, sizeof d->text, SK_WORD_A_DOMAIN), sk_tell_when(d),
	       sk_arg_number(d->contacts), sk_arg_addr(sk_dns_asker(d)));
	sk_say(&out->why, SK_SAY(DNS_NEW_WHY), sk_arg_int(d->limit), sk_arg_int(threshold[SPREAD]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_NAME));
	sk_say(&out->doubt, SK_SAY(DNS_NEW_DOUBT));
}

const struct sk_detector sk_detector_dns_new = {
	.name = "dns.new", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD), .heads = 1u << SK_HEAD_DNS,
	.subject = SK_SUBJECT_OWN, .scale = SK_SCALE_PAIRS, .share = 2, .entry_bytes = SK_ENTRY_BYTES(struct entry), .extra_bytes = sizeof(struct memory),
	.key = key, .event = event, .settle = settle, .asks = asks, .named = named, .tell = tell,
};
