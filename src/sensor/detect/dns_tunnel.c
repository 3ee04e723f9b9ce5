/* SPDX-License-Identifier: Apache-2.0 */
/* Data in names: one client asks below one registered domain for ever new names that carry something. Each different name is one observation: what it looks like, and for
   which type it is asked, weighs for a tunnel or against it; Wald's bound ends the walk, which never falls below zero (Page 1954). Names that were asked before carry
   nothing (Paxson et al. 2013: Practical Comprehensive Bounds on Surreptitious Communication Over DNS), so only different ones count. */
#include <stdio.h>

#include "detect/dns_priv.h"
#include "text/text.h"

enum { WORDS = 8, BITS = 64 * WORDS, HLL_BITS = 7, FULL = BITS * 3 / 4, FEW = 3 };
enum { EXPONENT, NAMES, ABROAD, MEMORY, QUIET };

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 15, 9, "a false alarm once in 10^this pairs of a client and a domain, if names were independent"},
	[NAMES] = {"names", "names", 4, 300, 8, "fewer different names below a domain are never told"},
	[ABROAD] = {"abroad", "0 or 1", 0, 1, 0, "1: clients abroad that ask servers inside, and transit, are told too"},
	[MEMORY] = {"memory", "s", 60, SK_MEMORY_SHORT_S, SK_MEMORY_SHORT_S, "a client that does not ask below the domain for so long is forgotten"},
	[QUIET] = {"quiet", "s", 10, 3600, 600, "a tunnel that rests for so long is over"},
};

/* What a name weighs, in 1/100 of a natural logarithm. Types that carry answers of any size are asked by few programs for names that nobody could remember;
   addresses are asked for such names by many (content networks, advertisers), so there names near the limit of what fits count, and of shorter ones only very many. */
enum {
	WEIGHT_CARRIER = 200, WEIGHT_CARRIER_LONG = 300, WEIGHT_CARRIER_PLAIN = -100, WEIGHT_ADDRESS_LONG = 150, WEIGHT_ADDRESS_MIDDLE = 25, WEIGHT_ADDRESS = 0, WEIGHT_ADDRESS_PLAIN = -20,
	LONG_CARRIER = 60, LONG_ADDRESS = 90, MIDDLE_ADDRESS = 40, CODED_LENGTH = 16, CODED_LETTERS = 4
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t key;
	uint32_t waits_s;               /* since when for a name */
	uint8_t types;                  /* TYPE_ bits */
	uint64_t seen[WORDS];           /* different names */
	uint8_t hll[1 << HLL_BITS];
	int32_t score, coming;          /* until this second, and in it */
	uint64_t queries, responses, bytes[2];
	struct sk_episode episode;
};
enum { TYPE_ADDRESS = 1, TYPE_TXT = 2, TYPE_NULL = 4, TYPE_CNAME = 8, TYPE_MX = 16, TYPE_OTHER = 32 };
/* numbers of an event */
enum { AT_LENGTH, AT_NAME, AT_KIND, AT_BYTES, AT_DOMAIN_LOW, AT_DOMAIN_HIGH };
enum { KIND_TYPES = 0xff, KIND_RESPONSE = 0x100, KIND_CODED = 0x200 };

static uint8_t type_bit(uint16_t type)
{
	switch (type) {
	case SK_DNS_TYPE_A: case SK_DNS_TYPE_AAAA: case SK_DNS_TYPE_HTTPS: case SK_DNS_TYPE_SVCB: case SK_DNS_TYPE_PTR: case SK_DNS_TYPE_NS: case SK_DNS_TYPE_SOA:
	case SK_DNS_TYPE_DS: case SK_DNS_TYPE_DNSKEY: case SK_DNS_TYPE_ANY:
		return TYPE_ADDRESS;
	case 16: return TYPE_TXT;
	case 10: return TYPE_NULL;
	case 5: return TYPE_CNAME;
	case 15: return TYPE_MX;
	default: return TYPE_OTHER;
	}
}

/* Does the part in front look as if a program had coded something in it? Long, of letters and figures without the rhythm of words: consonants and figures in rows. Bytes
   beyond those of host names are nothing else. */
static bool is_coded(const char *text, size_t length)
{
	unsigned letters = 0, digits = 0, vowels = 0, odd = 0, run = 0, longest = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		bool letter = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9', vowel = letter && strchr("aeiouy", c) != NULL;
		letters += letter;
		digits += digit;
		vowels += vowel;
		odd += c == '\\';
		run = (letter && !vowel) || digit ? run + 1 : c == '-' || c == '.' ? run : 0;
		longest = run > longest ? run : longest;
	}
	if (odd >= 2)
		return true;
	if (length < CODED_LENGTH || letters < CODED_LETTERS)
		return false;
	return digits * 5 >= letters || vowels * 5 < letters || longest >= 7;
}

/* "_service._tcp": a name of a protocol, not of anybody's making. */
static bool is_service(const char *text)
{
	return text[0] == '_';
}

static bool asks(const struct sk_run *run, const struct sk_head *head, const struct sk_event *flow)
{
	return (run->threshold[ABROAD] != 0 || sk_dns_inside(flow)) && !is_service(head->as.dns.name);
}

static bool named(const struct sk_run *run, const struct sk_name *name, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	const struct sk_dns *dns = &head->as.dns;
	if (sk_name_is_lookup(name))
		return false;
	/* Below no top domain that there is: a tunnel straight to its server, which leaves the domain out. All such names of a client are one. */
	unsigned front = name->listed ? name->registered_at : name->length + 1u;
	if (front == 0 || front == name->length)
		return false;
	size_t length = front - 1u;
	uint64_t domain = name->listed ? sk_run_hash(run, name->text + front, name->length - (size_t)front) : 0;
	event->head.hash = sk_mix(sk_dns_client(event), domain);
	event->head.numbers[AT_LENGTH] = (uint32_t)length;
	event->head.numbers[AT_NAME] = (uint32_t)(sk_run_hash(run, name->text, length) >> 16);
	event->head.numbers[AT_KIND] = type_bit(dns->query_type) | (dns->response ? KIND_RESPONSE : 0u) | (is_coded(name->text, length) ? KIND_CODED : 0u);
	event->head.numbers[AT_BYTES] = packet->payload_wire_bytes;
	if (name->listed)
		sk_dns_text(name, event->head.text);
	else
		event->head.text[0] = '.';
	return true;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	return event->head.hash;
}

static int32_t weight_of(uint32_t kind, uint32_t length)
{
	bool coded = (kind & KIND_CODED) != 0, carrier = (kind & TYPE_ADDRESS) == 0;
	if (carrier)
		return !coded ? WEIGHT_CARRIER_PLAIN : length >= LONG_CARRIER ? WEIGHT_CARRIER_LONG : WEIGHT_CARRIER;
	if (!coded)
		return WEIGHT_ADDRESS_PLAIN;
	return length >= LONG_ADDRESS ? WEIGHT_ADDRESS_LONG : length >= MIDDLE_ADDRESS ? WEIGHT_ADDRESS_MIDDLE : WEIGHT_ADDRESS;
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	uint32_t kind = event->head.numbers[AT_KIND], length = event->head.numbers[AT_LENGTH];
	struct entry *entry = sk_run_take(run, hash, (uint32_t)run->threshold[MEMORY] / 8, &fresh);
	/* The hash of a name has 32 bits here; both sketches want more. */
	uint64_t name = sk_mix(event->head.numbers[AT_NAME], hash);
	bool response = (kind & KIND_RESPONSE) != 0;
	sk_contact_see(&entry->last, event);
	entry->key = hash;
	if (entry->episode.open || entry->score >= sk_dns_bound(run->threshold[EXPONENT]) / 4)
		sk_named_keep(run->extra, hash, event);
	entry->queries += !response;
	entry->responses += response;
	entry->bytes[response] += event->head.numbers[AT_BYTES];
	entry->types |= (uint8_t)(kind & KIND_TYPES);
	sk_hll_add(entry->hll, HLL_BITS, name);
	if (sk_bits_add(entry->seen, WORDS, name)) {
		entry->coming += weight_of(kind, length);
		if (sk_bits_count(entry->seen, WORDS) > FEW)
			sk_run_want(run, entry, (uint32_t)run->threshold[MEMORY]);
	}
	sk_run_touch(run, entry);
}

static const char *types_of(uint32_t types, char text[64])
{
	static const char *const names[] = {"A", "TXT", "NULL", "CNAME", "MX", "others"};
	text[0] = '\0';
	for (size_t i = 0; i < SK_COUNT(names); i++)
		if ((types >> i & 1) != 0)
			(void)snprintf(text + strlen(text), 64 - strlen(text), "%s%s", text[0] != '\0' ? ", " : "", names[i]);
	return text;
}

static uint64_t measure_of(const struct entry *entry)
{
	return entry->queries > entry->responses ? entry->queries : entry->responses;
}

static bool say(struct sk_run *run, struct entry *entry)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_dns_detection(&entry->last);
	unsigned set = sk_bits_count(entry->seen, WORDS);
	double different = set <= FULL ? sk_bits_estimate(set, BITS) : sk_hll_estimate(entry->hll, HLL_BITS);
	detection.contacts = measure_of(entry);
	detection.answered = entry->responses;
	detection.peers = (uint64_t)(different + 0.5);
	detection.packets[0] = entry->queries;
	detection.packets[1] = entry->responses;
	detection.bytes[0] = entry->bytes[0];
	detection.bytes[1] = entry->bytes[1];
	detection.value = (uint64_t)entry->score;
	detection.limit = (uint64_t)sk_dns_bound(run->threshold[EXPONENT]);
	detection.severity = 3;
	detection.percent = (uint8_t)((entry->types & ~TYPE_ADDRESS) == 0 ? 75 : detection.half_view ? 85 : 90);
	detection.added = sk_episode_told(&entry->episode, detection.contacts, run);
	(void)types_of(entry->types, detection.about);
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
	entry->score = entry->score < 0 ? 0 : entry->score > 100 * limit ? 100 * limit : entry->score;
	unsigned set = sk_bits_count(entry->seen, WORDS);
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (!entry->episode.open) {
		if (set >= run->threshold[NAMES] && entry->score >= limit) {
			if (!sk_named_waits(run, run->extra, entry->key, &entry->waits_s))
				(void)say(run, entry);
			return true;
		}
		sk_named_drop(run->extra, entry->key);
		/* Names beyond what the bitmap tells apart are weighed anew. */
		if (set > FULL)
			memset(entry->seen, 0, sizeof entry->seen);
		return false;
	}
	bool due = sk_episode_due(&entry->episode, measure_of(entry), run) || (over && measure_of(entry) > entry->episode.told);
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
	const struct sk_arg below = d->text[0] == '.' ? sk_arg_word(SK_WORD_NO_TOP_DOMAIN) : sk_arg_text_or(d->text, sizeof d->text, SK_WORD_ONE_DOMAIN);
	sk_say(&out->sentence, SK_SAY(TUNNEL), sk_arg_addr(sk_dns_asker(d)), sk_tell_place(d, d->of_responder), sk_arg_addr(sk_dns_asked(d)),
	       sk_arg_number(d->peers), below, sk_tell_when(d), sk_arg_int(d->packets[0]), sk_arg_bytes(d->bytes[0]), sk_arg_int(d->packets[1]),
	       sk_arg_bytes(d->bytes[1]), sk_arg_text(d->about, sizeof d->about));
	sk_say(&out->why, SK_SAY(TUNNEL_WHY), sk_arg_real(1, (double)d->value / 100), sk_arg_real(1, (double)d->limit / 100), sk_arg_int(threshold[EXPONENT]),
	       sk_arg_int(threshold[NAMES]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_ONE));
	sk_say(&out->doubt, SK_SAY(TUNNEL_DOUBT));
}

const struct sk_detector sk_detector_dns_tunnel = {
	.name = "dns.tunnel", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD), .heads = 1u << SK_HEAD_DNS,
	.subject = SK_SUBJECT_OWN, .scale = SK_SCALE_PAIRS, .share = 2, .entry_bytes = SK_ENTRY_BYTES(struct entry), .extra_bytes = sizeof(struct sk_named),
	.key = key, .event = event, .settle = settle, .asks = asks, .named = named, .tell = tell,
};
