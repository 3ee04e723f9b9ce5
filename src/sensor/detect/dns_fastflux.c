/* SPDX-License-Identifier: Apache-2.0 */
/* A name whose addresses change all the time and lie in networks of many hands: machines that were broken into stand in front of one that hides (Holz, Gorecki, Rieck,
   Freiling 2008). A content network changes addresses too, but inside its own networks. So each address that was not seen before for the name is one observation: in a
   network that was not seen either it speaks for flux, else against it; Wald's bound ends the walk, which never falls below zero. */
#include <stdio.h>

#include "detect/dns_priv.h"
#include "text/text.h"

enum { NET_WORDS = 4, NET_BITS = 64 * NET_WORDS, ADDRESS_WORDS = 8, ADDRESS_BITS = 64 * ADDRESS_WORDS, CLIENT_WORDS = 4, CLIENT_BITS = 256, FEW = 4 };
enum { EXPONENT, NETWORKS, TTL, MEMORY, QUIET };

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 12, 7, "a false alarm once in 10^this names, if addresses were independent"},
	[NETWORKS] = {"networks", "networks", 4, 100, 12, "fewer different networks (/16, IPv6 /32) are never told"},
	[TTL] = {"ttl", "s", 0, 86400, 900, "answers that may be kept for longer do not count"},
	[MEMORY] = {"memory", "s", 60, SK_MEMORY_SHORT_S, SK_MEMORY_SHORT_S, "a name that nobody asks for so long is forgotten"},
	[QUIET] = {"quiet", "s", 10, 3600, 1800, "flux of which nothing is seen for so long is over"},
};

/* In 1/100 of a natural logarithm: of flux's new addresses five in six lie in new networks, of a content network's one in four. */
enum { WEIGHT_NEW = 120, WEIGHT_KNOWN = -150 };

struct entry {
	struct sk_entry kit;
	struct sk_contact last, told;   /* told: as it was when it was first said, so that it stays one finding */
	uint64_t key;
	uint32_t waits_s;
	uint64_t nets[NET_WORDS], addresses[ADDRESS_WORDS], clients[CLIENT_WORDS];
	int32_t score, coming;
	uint64_t answers;
	uint32_t longest_ttl_s;
	struct sk_episode episode;
};
/* numbers of an event: the upper half of each address' number is its network's. */
enum { AT_ADDRESS, AT_COUNT = SK_DNS_ADDRESSES_MAX, COUNT_BITS = 8, NET_SHIFT = 16 };
_Static_assert(AT_COUNT < 6, "numbers of an event");

/* What lies in one network of one hand more often than not: a /16, a /32. */
static uint32_t number_of(const struct sk_run *run, uint8_t family, const uint8_t bytes[8])
{
	uint32_t net = (uint32_t)sk_run_hash(run, bytes, family == 4 ? 2 : 4) & 0xffff, address = (uint32_t)sk_run_hash(run, bytes, family == 4 ? 4 : 8) & 0xffff;
	return net << NET_SHIFT | address;
}

static bool asks(const struct sk_run *run, const struct sk_head *head, const struct sk_event *flow)
{
	const struct sk_dns *dns = &head->as.dns;
	return dns->response && dns->rcode == 0 && dns->answer_address_count != 0 && dns->answer_min_ttl_s <= run->threshold[TTL] && sk_dns_inside(flow);
}

/* The whole name: other names below one domain are other machines. */
static bool named(const struct sk_run *run, const struct sk_name *name, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	const struct sk_dns *dns = &head->as.dns;
	(void)packet;
	if (!sk_dns_is_public(name) || sk_name_is_pool(name) || sk_name_is_lookup(name))
		return false;
	unsigned count = dns->answer_address_count < SK_DNS_ADDRESSES_MAX ? dns->answer_address_count : SK_DNS_ADDRESSES_MAX;
	for (unsigned i = 0; i < count; i++)
		event->head.numbers[AT_ADDRESS + i] = number_of(run, dns->address[i].family, dns->address[i].bytes);
	event->head.numbers[AT_COUNT] = count | dns->answer_min_ttl_s << COUNT_BITS;
	event->head.hash = sk_run_hash(run, name->text, name->length);
	sk_dns_text(name, event->head.text);
	return true;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	return event->head.hash;
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	unsigned count = event->head.numbers[AT_COUNT] & ((1u << COUNT_BITS) - 1);
	uint32_t ttl_s = event->head.numbers[AT_COUNT] >> COUNT_BITS;
	struct entry *entry = sk_run_take(run, hash, (uint32_t)run->threshold[MEMORY] / 8, &fresh);
	entry->key = hash;
	sk_contact_see(&entry->last, event);
	if (entry->episode.open || entry->score >= sk_dns_bound(run->threshold[EXPONENT]) / 4)
		sk_named_keep(run->extra, hash, event);
	entry->answers++;
	entry->longest_ttl_s = ttl_s > entry->longest_ttl_s ? ttl_s : entry->longest_ttl_s;
	(void)sk_bits_add(entry->clients, CLIENT_WORDS, sk_dns_client(event));
	for (unsigned i = 0; i < count; i++) {
		uint32_t number = event->head.numbers[AT_ADDRESS + i];
		if (!sk_bits_add(entry->addresses, ADDRESS_WORDS, sk_mix(number, hash)))
			continue;
		/* Of one network the first address is new and all others are not, whichever came first. */
		entry->coming += sk_bits_add(entry->nets, NET_WORDS, sk_mix(number >> NET_SHIFT, hash)) ? WEIGHT_NEW : WEIGHT_KNOWN;
	}
	if (sk_bits_count(entry->nets, NET_WORDS) >= FEW) {
		sk_run_want(run, entry, (uint32_t)run->threshold[MEMORY]);
		sk_run_touch(run, entry);
	}
}

static bool say(struct sk_run *run, struct entry *entry)
{
	struct sk_episode before = entry->episode;
	if (!entry->episode.open)
		entry->told = entry->last;
	entry->told.first_ns = entry->last.first_ns;
	entry->told.last_ns = entry->last.last_ns;
	struct sk_detection detection = sk_dns_detection(&entry->told);
	detection.contacts = entry->answers;
	detection.answered = (uint64_t)(sk_bits_estimate(sk_bits_count(entry->clients, CLIENT_WORDS), CLIENT_BITS) + 0.5);
	detection.peers = (uint64_t)(sk_bits_estimate(sk_bits_count(entry->addresses, ADDRESS_WORDS), ADDRESS_BITS) + 0.5);
	detection.value = (uint64_t)(sk_bits_estimate(sk_bits_count(entry->nets, NET_WORDS), NET_BITS) + 0.5);
	detection.limit = run->threshold[NETWORKS];
	detection.severity = 2;
	detection.percent = 75;
	detection.added = sk_episode_told(&entry->episode, entry->answers, run);
	(void)snprintf(detection.about, sizeof detection.about, "%u", entry->longest_ttl_s);
	(void)snprintf(detection.text, sizeof detection.text, "%s", sk_named_text(run->extra, entry->key));
	(void)snprintf(detection.matched, sizeof detection.matched, "%.63s", detection.text[0] != '\0' ? detection.text : "dns");
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	int32_t limit = sk_dns_bound(run->threshold[EXPONENT]);
	entry->score += entry->coming;
	entry->coming = 0;
	entry->score = entry->score < 0 ? 0 : entry->score > 2 * limit ? 2 * limit : entry->score;
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (!entry->episode.open) {
		if (entry->score >= limit && sk_bits_count(entry->nets, NET_WORDS) >= run->threshold[NETWORKS]) {
			if (!sk_named_waits(run, run->extra, entry->key, &entry->waits_s))
				(void)say(run, entry);
			return true;
		}
		sk_named_drop(run->extra, entry->key);
		return false;
	}
	bool due = sk_episode_due(&entry->episode, entry->answers, run) || (over && entry->answers > entry->episode.told);
	if (due && !say(run, entry))
		return true;
	if (!over)
		return true;
	sk_named_drop(run->extra, entry->key);
	sk_table_drop(&run->table, entry);
	return false;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(FASTFLUX), sk_arg_text_or(d->text, sizeof d->text, SK_WORD_ONE_DOMAIN), sk_arg_int(d->peers), sk_arg_int(d->value),
	       sk_tell_when(d), sk_arg_int(d->contacts), sk_arg_int(d->answered), sk_arg_addr(sk_dns_asker(d)), sk_arg_text(d->about, sizeof d->about));
	sk_say(&out->why, SK_SAY(FASTFLUX_WHY), sk_arg_int(threshold[EXPONENT]), sk_arg_int(d->limit), sk_arg_int(threshold[TTL]));
	sk_say(&out->doubt, SK_SAY(FASTFLUX_DOUBT));
}

const struct sk_detector sk_detector_dns_fastflux = {
	.name = "dns.fastflux", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD), .heads = 1u << SK_HEAD_DNS,
	.subject = SK_SUBJECT_OWN, .scale = SK_SCALE_PAIRS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct entry), .extra_bytes = sizeof(struct sk_named),
	.key = key, .event = event, .settle = settle, .asks = asks, .named = named, .tell = tell,
};
