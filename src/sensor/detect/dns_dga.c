/* SPDX-License-Identifier: Apache-2.0 */
/* A host that looks for its masters by names that it makes up: most of them do not exist. Each different registered domain that does not exist is one observation; how
   much its name looks made up (name/name.h) weighs for or against; Wald's bound ends the walk, which never falls below zero. Entries hold no name: bits of keyed hashes. */
#include <limits.h>
#include <stdio.h>

#include "detect/dns_priv.h"
#include "text/text.h"

enum { WORDS = 8, BITS = 64 * WORDS, HLL_BITS = 7, FULL = BITS * 3 / 4, FEW = 2 };
enum { EXPONENT, NAMES, MISSING, SHARE, MEMORY, QUIET };

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 15, 9, "a false alarm once in 10^this hosts, if names that do not exist were independent"},
	[NAMES] = {"names", "domains", 4, 300, 8, "fewer different domains that look made up are never told"},
	[MISSING] = {"missing", "domains", 10, 100000, 80, "so many different domains that do not exist are told however their names look (families that put words together)"},
	[SHARE] = {"share", "%", 10, 100, 60, "when at least so many of the answers that the host got since the first of them said so"},
	[MEMORY] = {"memory", "s", 60, SK_MEMORY_SHORT_S, SK_MEMORY_SHORT_S, "a host without such a name for so long is forgotten"},
	[QUIET] = {"quiet", "s", 10, 3600, 900, "a search that rests for so long is over"},
};

/* How a name looks. One benign name in 1,000 is STRONG, one in 100 MIDDLING or more (name/weight.def); of families' names a third and two thirds (bench/dga). Names that do not
   exist are worse than those of a list of popular ones: typing errors, ended campaigns, other people's malware. So less is believed than the shares say. */
enum look { PLAIN, WEAK, MIDDLING, STRONG, LOOKS };
static const int16_t weights[LOOKS] = {[PLAIN] = -100, [WEAK] = 30, [MIDDLING] = 230, [STRONG] = 330};
/* Half view: whether it exists is not known. */
static const int16_t weights_half[LOOKS] = {[PLAIN] = -100, [WEAK] = 0, [MIDDLING] = 100, [STRONG] = 200};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t key;
	uint32_t waits_s;               /* since when for a name */
	uint64_t seen[WORDS];           /* different domains that do not exist (half view: that were asked for) */
	uint8_t hll[1 << HLL_BITS];
	int32_t score, coming;
	bool answered;                  /* answers are seen */
	uint32_t looks[LOOKS];          /* of different ones */
	uint64_t missing, found;        /* answers */
	struct sk_episode episode;
};
enum { AT_DOMAIN_LOW, AT_DOMAIN_HIGH, AT_KIND };
enum { KIND_LOOK = 0xff, KIND_MISSING = 0x100, KIND_ANSWER = 0x200 };

static enum look look_of(int32_t score)
{
	if (score > sk_name_score_1_in_1000())
		return STRONG;
	return score > sk_name_score_1_in_100() ? MIDDLING : score > 0 ? WEAK : PLAIN;
}

/* Answers tell all; questions are asked only where answers cannot be seen. */
static bool asks(const struct sk_run *run, const struct sk_head *head, const struct sk_event *flow)
{
	(void)run;
	const struct sk_dns *dns = &head->as.dns;
	return dns->response != sk_dns_half(flow) && (!dns->response || dns->rcode == 0 || dns->rcode == SK_DNS_NXDOMAIN);
}

static bool named(const struct sk_run *run, const struct sk_name *name, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	const struct sk_dns *dns = &head->as.dns;
	(void)packet;
	bool half = sk_dns_half(event);
	if (!sk_dns_is_public(name) || sk_name_is_lookup(name))
		return false;
	bool missing = dns->response && dns->rcode == SK_DNS_NXDOMAIN;
	int32_t score = missing || half ? sk_name_score(name) : 0;
	if (score == INT32_MIN)
		return false;
	uint64_t domain = sk_run_hash(run, name->text + name->registered_at, (size_t)name->length - name->registered_at);
	event->head.hash = sk_dns_client(event);
	event->head.numbers[AT_DOMAIN_LOW] = (uint32_t)domain;
	event->head.numbers[AT_DOMAIN_HIGH] = (uint32_t)(domain >> 32);
	event->head.numbers[AT_KIND] = (uint32_t)look_of(score) | (missing ? KIND_MISSING : 0u) | (dns->response ? KIND_ANSWER : 0u);
	if (missing || half)
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
	uint32_t kind = event->head.numbers[AT_KIND];
	bool half = (kind & KIND_ANSWER) == 0, missing = (kind & KIND_MISSING) != 0, fresh;
	/* What exists makes nobody a subject. */
	struct entry *entry = half || missing ? sk_run_take(run, hash, (uint32_t)run->threshold[MEMORY] / 8, &fresh) : sk_table_find(&run->table, hash, run->now_s);
	if (entry == NULL)
		return;
	if (!half && !missing) {
		entry->found++;
		return;
	}
	uint64_t domain = (uint64_t)event->head.numbers[AT_DOMAIN_HIGH] << 32 | event->head.numbers[AT_DOMAIN_LOW];
	enum look look = (enum look)(kind & KIND_LOOK);
	sk_contact_see(&entry->last, event);
	entry->missing++;
	entry->answered = missing;
	entry->key = hash;
	if (look >= MIDDLING && (entry->episode.open || entry->score >= sk_dns_bound(run->threshold[EXPONENT]) / 4))
		sk_named_keep(run->extra, hash, event);
	sk_hll_add(entry->hll, HLL_BITS, domain);
	if (sk_bits_add(entry->seen, WORDS, domain)) {
		entry->coming += half ? weights_half[look] : weights[look];
		entry->looks[look]++;
		if (sk_bits_count(entry->seen, WORDS) > FEW)
			sk_run_want(run, entry, (uint32_t)run->threshold[MEMORY]);
	}
	sk_run_touch(run, entry);
}

static double different(const struct entry *entry)
{
	unsigned set = sk_bits_count(entry->seen, WORDS);
	return set <= FULL ? sk_bits_estimate(set, BITS) : sk_hll_estimate(entry->hll, HLL_BITS);
}

/* By their looks. */
static bool looks_made(const struct sk_run *run, const struct entry *entry)
{
	return entry->looks[MIDDLING] + entry->looks[STRONG] >= run->threshold[NAMES] && entry->score >= sk_dns_bound(run->threshold[EXPONENT]);
}

/* By their number alone: whoever types or follows links finds more than he misses. */
static bool misses_most(const struct sk_run *run, const struct entry *entry)
{
	return entry->answered && different(entry) >= (double)run->threshold[MISSING] && entry->missing * 100 >= run->threshold[SHARE] * (entry->missing + entry->found);
}

static bool say(struct sk_run *run, struct entry *entry)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_dns_detection(&entry->last);
	bool made = looks_made(run, entry);
	detection.contacts = entry->missing;
	detection.answered = entry->found;
	detection.peers = (uint64_t)(different(entry) + 0.5);
	detection.ports = entry->looks[MIDDLING] + entry->looks[STRONG];
	detection.value = (uint64_t)entry->score;
	detection.limit = (uint64_t)sk_dns_bound(run->threshold[EXPONENT]);
	detection.severity = made ? 3 : 2;
	detection.percent = !made || !entry->answered ? 60 : 85;
	(void)snprintf(detection.about, sizeof detection.about, "%s", made ? "look" : "number");
	detection.added = sk_episode_told(&entry->episode, entry->missing, run);
	(void)snprintf(detection.text, sizeof detection.text, "%s", sk_named_text(run->extra, entry->key));
	(void)snprintf(detection.matched, sizeof detection.matched, "dns");
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
	entry->score = entry->score < 0 ? 0 : entry->score > 100 * limit ? 100 * limit : entry->score;
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (!entry->episode.open) {
		bool made = looks_made(run, entry);
		if (made || misses_most(run, entry)) {
			/* Of words a single one tells nothing. */
			if (!made || !sk_named_waits(run, run->extra, entry->key, &entry->waits_s))
				(void)say(run, entry);
			return true;
		}
		sk_named_drop(run->extra, entry->key);
		if (sk_bits_count(entry->seen, WORDS) > FULL) {
			memset(entry->seen, 0, sizeof entry->seen);
			memset(entry->looks, 0, sizeof entry->looks);
		}
		return false;
	}
	bool due = sk_episode_due(&entry->episode, entry->missing, run) || (over && entry->missing > entry->episode.told);
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
	bool half = d->half_view && !d->of_responder, made = d->about[0] == 'l';
	if (d->text[0] != '\0')
		sk_say(&out->sentence, SK_SAY(DGA_SUCH), sk_arg_addr(sk_dns_asker(d)), sk_tell_place(d, d->of_responder), sk_arg_addr(sk_dns_asked(d)),
		       sk_arg_number(d->peers), sk_arg_word(half ? SK_WORD_UNSEEN_ANSWERS : SK_WORD_NOT_THERE), sk_tell_when(d), sk_arg_number(d->ports), sk_arg_text(d->text,
		       sizeof d->text));
	else
		sk_say(&out->sentence, SK_SAY(DGA), sk_arg_addr(sk_dns_asker(d)), sk_tell_place(d, d->of_responder), sk_arg_addr(sk_dns_asked(d)),
		       sk_arg_number(d->peers), sk_arg_word(half ? SK_WORD_UNSEEN_ANSWERS : SK_WORD_NOT_THERE), sk_tell_when(d), sk_arg_number(d->ports));
	if (made)
		sk_say(&out->why, SK_SAY(DGA_LOOKS_WHY), sk_arg_real(1, (double)d->value / 100), sk_arg_real(1, (double)d->limit / 100),
		       sk_arg_int(threshold[EXPONENT]), sk_arg_int(threshold[NAMES]));
	else
		sk_say(&out->why, SK_SAY(DGA_NUMBER_WHY), sk_arg_int(threshold[MISSING]), sk_arg_int(threshold[SHARE]));
	if (half)
		sk_say(&out->why, SK_SAY(DGA_HALF));
	else
		sk_say(&out->why, SK_SAY(DGA_ANSWERS), sk_arg_int(d->contacts), sk_arg_int(d->answered));
	sk_say(&out->doubt, SK_SAY(DGA_DOUBT));
}

const struct sk_detector sk_detector_dns_dga = {
	.name = "dns.dga", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD), .heads = 1u << SK_HEAD_DNS,
	.subject = SK_SUBJECT_OWN, .scale = SK_SCALE_HOSTS, .share = 1, .entry_bytes = SK_ENTRY_BYTES(struct entry), .extra_bytes = sizeof(struct sk_named),
	.key = key, .event = event, .settle = settle, .asks = asks, .named = named, .tell = tell,
};
