/* SPDX-License-Identifier: Apache-2.0 */
/* A host inside goes to a domain that looks like somebody's brand and is not the brand's own: by the question that was answered, the server name of TLS, the host of HTTP.
   How names are compared: name/name.h. The list of brands is the operator's. */
#include <stdio.h>

#include "detect/dns_priv.h"
#include "text/text.h"

enum { EDIT, INSIDE, SUFFIX, CONTACTS, QUIET };

static const struct sk_threshold thresholds[] = {
	[EDIT] = {"edit", "0 or 1", 0, 1, 1, "1: a name that is one letter off a brand is told"},
	[INSIDE] = {"inside", "0 or 1", 0, 1, 1, "1: a name of which a brand is a part is told"},
	[SUFFIX] = {"suffix", "0 or 1", 0, 1, 1, "1: the brand itself under a suffix that is not its own is told"},
	[CONTACTS] = {"contacts", "contacts", 1, 1000, 1, "so many answers, hellos and requests of one host with the domain"},
	[QUIET] = {"quiet", "s", 10, 3600, 1800, "a host that does not go there for so long is done with it"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t key;
	uint32_t waits_s;
	uint64_t contacts, answers;     /* all; those of DNS */
	uint16_t brand;
	uint8_t likeness;
	struct sk_episode episode;
};
enum { AT_LIKENESS, AT_BRAND, AT_DNS };

static bool is_wanted(const uint64_t *threshold, enum sk_likeness likeness)
{
	switch (likeness) {
	case SK_LIKE_EDIT: return threshold[EDIT] != 0;
	case SK_LIKE_INSIDE: return threshold[INSIDE] != 0;
	case SK_LIKE_SUFFIX: return threshold[SUFFIX] != 0;
	case SK_LIKE_HOMOGRAPH: case SK_LIKE_BEFORE: return true;
	default: return false;
	}
}

/* The name that the head holds, of a host inside; NULL: none. An answer counts when there is one: a name that does not exist imitates nobody yet. */
static const char *name_of(const struct sk_head *head, const struct sk_event *event)
{
	const struct sk_dns *dns = &head->as.dns;
	bool inside = event->class_ == SK_CLASS_DF;
	switch (head->kind) {
	case SK_HEAD_DNS:
		return sk_dns_inside(event) && (sk_dns_half(event) ? !dns->response : dns->response && dns->rcode == 0 && dns->answers != 0) ? dns->name : NULL;
	case SK_HEAD_CLIENT_HELLO:
		return inside ? head->as.client_hello.sni : NULL;
	case SK_HEAD_HTTP:
		return inside && !head->as.http.response ? head->as.http.host : NULL;
	default:
		return NULL;
	}
}

static bool asks(const struct sk_run *run, const struct sk_head *head, const struct sk_event *flow)
{
	const char *text = name_of(head, flow);
	return sk_run_brands(run) != NULL && text != NULL && text[0] != '\0';
}

static bool named(const struct sk_run *run, const struct sk_name *name, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	const struct sk_brands *brands = sk_run_brands(run);
	size_t brand;
	(void)packet;
	if (!sk_dns_is_public(name))
		return false;
	enum sk_likeness likeness = sk_brands_match(brands, name, &brand);
	if (!is_wanted(run->threshold, likeness))
		return false;
	uint64_t domain = sk_run_hash(run, name->text + name->registered_at, (size_t)name->length - name->registered_at);
	bool dns = head->kind == SK_HEAD_DNS;
	event->head.hash = sk_mix(sk_mix(dns ? sk_dns_client(event) : event->from, domain), likeness);
	event->head.numbers[AT_LIKENESS] = likeness;
	event->head.numbers[AT_BRAND] = brand < sk_brands_count(brands) ? (uint32_t)brand : UINT16_MAX;
	event->head.numbers[AT_DNS] = dns;
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
	struct entry *entry = sk_run_take(run, hash, 2 * (uint32_t)run->threshold[QUIET], &fresh);
	entry->key = hash;
	entry->likeness = (uint8_t)event->head.numbers[AT_LIKENESS];
	entry->brand = (uint16_t)event->head.numbers[AT_BRAND];
	entry->contacts++;
	entry->answers += event->head.numbers[AT_DNS];
	sk_contact_see(&entry->last, event);
	sk_run_want(run, entry, 2 * (uint32_t)run->threshold[QUIET]);
	sk_named_keep(run->extra, hash, event);
	sk_run_touch(run, entry);
}

static bool say(struct sk_run *run, struct entry *entry)
{
	static const struct { uint8_t severity, percent; } worth[SK_LIKE_COUNT] = {
		[SK_LIKE_HOMOGRAPH] = {3, 85}, [SK_LIKE_BEFORE] = {3, 85}, [SK_LIKE_EDIT] = {2, 60}, [SK_LIKE_INSIDE] = {2, 55}, [SK_LIKE_SUFFIX] = {1, 40}};
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_dns_detection(&entry->last);
	detection.contacts = entry->contacts;
	detection.answered = entry->answers;
	detection.peers = 1;
	detection.value = entry->likeness;
	detection.limit = run->threshold[CONTACTS];
	detection.severity = worth[entry->likeness].severity;
	detection.percent = worth[entry->likeness].percent;
	detection.added = sk_episode_told(&entry->episode, entry->contacts, run);
	(void)snprintf(detection.about, sizeof detection.about, "%s", sk_brands_text(sk_run_brands(run), entry->brand));
	(void)snprintf(detection.text, sizeof detection.text, "%s", sk_named_text(run->extra, entry->key));
	(void)snprintf(detection.matched, sizeof detection.matched, "%.63s", detection.text[0] != '\0' ? detection.text : sk_likeness_name((enum sk_likeness)entry->likeness));
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	if (entry->likeness >= SK_LIKE_COUNT || sk_run_brands(run) == NULL)
		return false;
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (entry->contacts >= run->threshold[CONTACTS] && (sk_episode_due(&entry->episode, entry->contacts, run) || (over && entry->contacts > entry->episode.told))) {
		if (sk_named_waits(run, run->extra, entry->key, &entry->waits_s) || !say(run, entry))
			return true;
	}
	if (!entry->episode.open) {
		sk_named_drop(run->extra, entry->key);
		return false;
	}
	if (!over)
		return true;
	sk_named_drop(run->extra, entry->key);
	sk_table_drop(&run->table, entry);
	return false;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	static const enum sk_word how[SK_LIKE_COUNT] = {[SK_LIKE_NONE] = SK_WORD_NO_LIKENESS, [SK_LIKE_HOMOGRAPH] = SK_WORD_LIKE_HOMOGRAPH, [SK_LIKE_SUFFIX] = SK_WORD_LIKE_SUFFIX,
							[SK_LIKE_EDIT] = SK_WORD_LIKE_EDIT, [SK_LIKE_INSIDE] = SK_WORD_LIKE_INSIDE, [SK_LIKE_BEFORE] = SK_WORD_LIKE_BEFORE};
	const struct sk_arg likeness = sk_arg_word(d->value < SK_LIKE_COUNT ? how[d->value] : SK_WORD_NO_LIKENESS), brand = sk_arg_text(d->about, sizeof d->about);
	(void)threshold;
	if (d->about[0] != '\0')
		sk_say(&out->sentence, SK_SAY(LOOKALIKE), sk_arg_addr(sk_dns_asker(d)), sk_arg_text_or(d->text, sizeof d->text, SK_WORD_A_DOMAIN), sk_tell_when(d),
		       brand, likeness, sk_arg_int(d->contacts), sk_arg_int(d->answered));
	else
		sk_say(&out->sentence, SK_SAY(LOOKALIKE_UNNAMED), sk_arg_addr(sk_dns_asker(d)), sk_arg_text_or(d->text, sizeof d->text, SK_WORD_A_DOMAIN),
		       sk_tell_when(d), likeness, sk_arg_int(d->contacts), sk_arg_int(d->answered));
	sk_say(&out->why, SK_SAY(LOOKALIKE_WHY), sk_arg_text_or(d->about, sizeof d->about, SK_WORD_IT), sk_arg_text(sk_likeness_name((enum sk_likeness)d->value), 64));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_NAME));
	if (d->value == SK_LIKE_EDIT)
		sk_say(&out->doubt, SK_SAY(LOOKALIKE_EDIT_DOUBT));
	else if (d->value == SK_LIKE_INSIDE || d->value == SK_LIKE_SUFFIX)
		sk_say(&out->doubt, SK_SAY(LOOKALIKE_INSIDE_DOUBT));
	else
		sk_say(&out->doubt, SK_SAY(LOOKALIKE_OTHER_DOUBT));
}

const struct sk_detector sk_detector_lookalike = {
	.name = "lookalike", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD),
	.heads = 1u << SK_HEAD_DNS | 1u << SK_HEAD_CLIENT_HELLO | 1u << SK_HEAD_HTTP,
	.subject = SK_SUBJECT_OWN, .scale = SK_SCALE_PAIRS, .share = 4, .entry_bytes = SK_ENTRY_BYTES(struct entry), .extra_bytes = sizeof(struct sk_named),
	.key = key, .event = event, .settle = settle, .asks = asks, .named = named, .tell = tell,
};
