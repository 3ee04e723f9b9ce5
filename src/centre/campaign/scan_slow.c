/* SPDX-License-Identifier: Apache-2.0 */
/* A scan that takes hours or weeks, so that no sensor remembers its beginning: over stored records, one address tries the same service on many addresses, or many ports of one, and
   few answer. The test of the sensor's scans (Jung, Paxson, Berger, Balakrishnan 2004) over all different targets at once: here nothing is forgotten. Targets are told apart by bits of
   hashes, so memory does not grow with a scan and records may come in any order. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "campaign/stored.h"
#include "policy/polled.h"
#include "seal/seal.h"
#include "sketch/sketch.h"
#include "text/text.h"

enum { EXPONENT, TARGETS, LASTING };
enum { ICMP = 1, TCP = 6, UDP = 17, ICMPV6 = 58, SYN = 2, ACK = 16, ECHO4 = 8, ECHO6 = 128, CLIENT_PORT = 1024, TALK_BYTES = 200 };
enum { WIDTH = 1 << 22, DEPTH = 3, WORDS = 16, BITS = 64 * WORDS, HLL_BITS = 8, SLOTS = 2 * SK_STORED_PAIRS_MAX, CLASSES = 8 };

/* Logarithms of chances when it is a scan to those when it is not, as in the sensor. */
#define TCP_FAIL 1.386
#define TCP_BRIEF 0.693
#define TCP_GOOD (-1.386)
#define OTHER_FAIL 0.693
#define OTHER_GOOD (-1.099)

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 15, 12, "a false alarm once in 10^this subjects, if contacts were independent"},
	[TARGETS] = {"targets", "targets", 4, 500, 20, "fewer different addresses (or ports of one) are never told"},
	[LASTING] = {"lasting", "s", 600, 31536000, 7200, "from the first to the last of them at least: the sensor tells those that are faster"},
};

enum outcome { FAILED, BRIEF, GOOD };

/* One address and one service (across), or two addresses (ports of one). */
struct group {
	uint64_t hash;
	struct sk_addr initiator, responder;   /* responder: of the earliest contact */
	uint16_t port;
	uint8_t ip_proto, class_;
	bool across;
	uint8_t evidence[16];
	int64_t first_ns, last_ns;
	uint64_t contacts;
	uint64_t tried[WORDS], answered[WORDS], talked[WORDS];
	uint8_t hll[1 << HLL_BITS];
};

struct search {
	struct sk_stored_run *run;
	uint8_t key[SK_SIP_KEY_BYTES];         /* of subjects: another each time */
	uint8_t target_key[SK_SIP_KEY_BYTES];  /* of targets: out of the ids of all records, so that the same ones give the same estimates */
	uint64_t ids[2];                       /* their sum */
	struct sk_count_min seen;
	bool hears[CLASSES];                   /* datagrams of this class are answered: else there is half a view of them */
	struct group *groups;
	uint32_t group_count;
	uint32_t *slots;                       /* of groups, by hash: number + 1 */
};

/* ---- which records ---- */

/* An opening by its initiator; what comes by UDP from a service's port to a client's is an answer. */
static bool is_contact(const struct sk_observation *o)
{
	if (o->kind == SK_OBSERVATION_EVENT || o->class_ >= CLASSES || o->first_ns <= 0)
		return false;
	switch (o->ip_proto) {
	case TCP: return (o->tcp_flags[0] & SYN) != 0;
	case UDP: return o->initiator_port >= CLIENT_PORT || o->responder_port < CLIENT_PORT;
	case ICMP: return o->icmp_type == ECHO4;
	case ICMPV6: return o->icmp_type == ECHO6;
	default: return false;
	}
}

static uint64_t payload(const struct sk_observation *o, unsigned side)
{
	uint64_t heads = o->packets[side] * (o->initiator.family == 6 ? 60u : 40u);
	return o->ip_bytes[side] > heads ? o->ip_bytes[side] - heads : 0;
}

/* Half view of TCP: who goes on after the SYN has been answered. */
static enum outcome outcome_of(const struct sk_observation *o)
{
	bool silent = o->packets[1] == 0;
	if (o->ip_proto != TCP)
		return silent ? FAILED : GOOD;
	bool accepted = silent ? o->packets[0] > 1 && (o->tcp_flags[0] & ACK) != 0 : (o->tcp_flags[1] & SYN) != 0;
	return !accepted ? FAILED : payload(o, 0) >= TALK_BYTES && (silent || payload(o, 1) >= TALK_BYTES) ? GOOD : BRIEF;
}

static uint64_t hash_of(const struct search *s, const struct sk_observation *o, bool across)
{
	uint8_t bytes[36] = {o->ip_proto, across, across ? (uint8_t)(o->responder_port >> 8) : 0, across ? (uint8_t)o->responder_port : 0};
	memcpy(bytes + 4, o->initiator.bytes, 16);
	if (!across)
		memcpy(bytes + 20, o->responder.bytes, 16);
	return sk_siphash13(s->key, bytes, sizeof bytes);
}

static uint64_t target_of(const struct search *s, const struct sk_observation *o, bool across)
{
	uint8_t bytes[18] = {0};
	if (across)
		memcpy(bytes, o->responder.bytes, 16);
	else
		memcpy(bytes + 16, &o->responder_port, 2);
	return sk_siphash13(s->target_key, bytes, sizeof bytes);
}

/* May it be one of a group of this kind? */
static bool may_be(const struct sk_observation *o, bool across)
{
	return across ? o->class_ != SK_CLASS_DF || !sk_policy_shared(o->responder_port) : o->ip_proto == TCP || o->ip_proto == UDP;
}

/* ---- two passes ---- */

static enum sk_err count(void *to, const uint8_t id[16], const struct sk_observation *o)
{
	struct search *s = to;
	uint64_t halves[2];
	memcpy(halves, id, sizeof halves);
	s->ids[0] += halves[0];
	s->ids[1] += halves[1];
	s->run->counts.records++;
	if (!is_contact(o))
		return SK_OK;
	s->run->counts.contacts++;
	s->hears[o->class_] = s->hears[o->class_] || (o->ip_proto != TCP && o->packets[1] != 0);
	for (unsigned across = 0; across < 2; across++)
		if (may_be(o, across))
			(void)sk_count_min_add(&s->seen, hash_of(s, o, across), 1);
	return SK_OK;
}

static struct group *group_of(struct search *s, uint64_t hash, const struct sk_observation *o, bool across)
{
	size_t slot = hash & (SLOTS - 1);
	for (; s->slots[slot] != 0; slot = (slot + 1) & (SLOTS - 1))
		if (s->groups[s->slots[slot] - 1].hash == hash)
			return &s->groups[s->slots[slot] - 1];
	if (s->group_count == SK_STORED_PAIRS_MAX)
		return NULL;
	if ((s->group_count & (s->group_count - 1)) == 0) { /* full: 0, 1, 2, 4 ... */
		struct group *more = realloc(s->groups, (s->group_count != 0 ? 2 * (size_t)s->group_count : 1) * sizeof *more);
		if (more == NULL)
			return NULL;
		s->groups = more;
	}
	struct group *group = &s->groups[s->group_count++];
	*group = (struct group){.hash = hash, .initiator = o->initiator, .port = across ? o->responder_port : 0, .ip_proto = o->ip_proto, .class_ = o->class_, .across = across};
	s->slots[slot] = s->group_count;
	return group;
}

static enum sk_err keep(void *to, const uint8_t id[16], const struct sk_observation *o)
{
	struct search *s = to;
	if (!is_contact(o) || (o->ip_proto != TCP && !s->hears[o->class_]))
		return SK_OK;
	for (unsigned across = 0; across < 2; across++) {
		uint64_t hash = hash_of(s, o, across), target = target_of(s, o, across);
		if (!may_be(o, across) || sk_count_min_of(&s->seen, hash) < s->run->threshold[TARGETS])
			continue;
		struct group *group = group_of(s, hash, o, across);
		if (group == NULL) {
			s->run->counts.left_out++;
			continue;
		}
		enum outcome outcome = outcome_of(o);
		/* Of two at once the one with the lesser id, so that the order of records does not show. */
		if (group->contacts++ == 0 || o->first_ns < group->first_ns || (o->first_ns == group->first_ns && memcmp(id, group->evidence, sizeof group->evidence) < 0)) {
			group->first_ns = o->first_ns;
			group->responder = o->responder;
			memcpy(group->evidence, id, sizeof group->evidence);
		}
		if (o->last_ns > group->last_ns)
			group->last_ns = o->last_ns;
		(void)sk_bits_add(group->tried, WORDS, target);
		if (outcome != FAILED)
			(void)sk_bits_add(group->answered, WORDS, target);
		if (outcome == GOOD)
			(void)sk_bits_add(group->talked, WORDS, target);
		sk_hll_add(group->hll, HLL_BITS, target);
	}
	return SK_OK;
}

/* ---- words ---- */

static const char *proto_name(uint8_t ip_proto)
{
	return ip_proto == TCP ? "tcp" : ip_proto == UDP ? "udp" : "icmp";
}

static enum sk_err say(struct sk_stored_run *run, const struct group *group, double score, uint64_t targets, unsigned answered)
{
	struct sk_finding out = {.kind = "scan.slow", .severity = group->class_ == SK_CLASS_DF ? 3 : 2, .class_ = group->class_, .subject = group->initiator, .counterpart = group->responder,
				 .first_ns = group->first_ns, .last_ns = group->last_ns, .count = group->contacts, .confidence_percent = group->ip_proto == TCP ? 90 : 80};
	char whom[SK_ADDR_TEXT_MAX];
	double bound = (double)run->threshold[EXPONENT] * 2.302585;
	const struct sk_arg inside = sk_arg_word(group->class_ == SK_CLASS_DF ? SK_WORD_INSIDE : SK_WORD_ABROAD), there = sk_arg_word(group->class_ == SK_CLASS_FD ? SK_WORD_INSIDE : SK_WORD_ABROAD);
	if (group->across && (group->ip_proto == TCP || group->ip_proto == UDP))
		(void)snprintf(out.matched, sizeof out.matched, "%s/%u", proto_name(group->ip_proto), group->port);
	else if (group->across)
		(void)snprintf(out.matched, sizeof out.matched, "%s", proto_name(group->ip_proto));
	else
		(void)snprintf(out.matched, sizeof out.matched, "%s@%s", proto_name(group->ip_proto), sk_addr_format(&group->responder, whom));
	(void)snprintf(out.origin, sizeof out.origin, "detector scan.slow");
	memcpy(out.evidence, group->evidence, sizeof out.evidence);
	if (group->across)
		sk_say(&out.sentence, SK_SAY(SLOW_ACROSS), sk_arg_addr(&group->initiator), inside, sk_arg_text(out.matched, sizeof out.matched), sk_arg_number(targets), there,
		       sk_arg_duration(group->last_ns - group->first_ns), sk_arg_time(group->first_ns), sk_arg_number(group->contacts), sk_arg_int(answered));
	else
		sk_say(&out.sentence, SK_SAY(SLOW_DOWN), sk_arg_addr(&group->initiator), inside, sk_arg_number(targets), sk_arg_text(proto_name(group->ip_proto), 8), sk_arg_addr(&group->responder), there,
		       sk_arg_duration(group->last_ns - group->first_ns), sk_arg_time(group->first_ns), sk_arg_number(group->contacts), sk_arg_int(answered));
	sk_say(&out.why, SK_SAY(SLOW_WHY), sk_arg_real(1, score), sk_arg_real(1, bound), sk_arg_int(run->threshold[EXPONENT]), sk_arg_int(run->threshold[TARGETS]), sk_arg_int(run->threshold[LASTING]));
	sk_say(&out.doubt, SK_SAY(SLOW_DOUBT));
	sk_finding_set_id(&out);
	return run->say(run->context, &out);
}

static enum sk_err weigh(struct sk_stored_run *run, const struct group *group)
{
	unsigned tried = 0, answered = 0, good = 0;
	for (unsigned i = 0; i < WORDS; i++) {
		tried += sk_ones(group->tried[i]);
		answered += sk_ones(group->tried[i] & group->answered[i]);
		good += sk_ones(group->tried[i] & group->answered[i] & group->talked[i]);
	}
	unsigned failed = tried - answered, brief = answered - good;
	double score = group->ip_proto == TCP ? failed * TCP_FAIL + brief * TCP_BRIEF + good * TCP_GOOD : failed * OTHER_FAIL + good * OTHER_GOOD;
	if (tried < run->threshold[TARGETS] || group->last_ns - group->first_ns < (int64_t)run->threshold[LASTING] * 1000000000 || score < (double)run->threshold[EXPONENT] * 2.302585)
		return SK_OK;
	/* Many are counted by HyperLogLog, to 7 %; no more targets than contacts. */
	double targets = tried <= BITS * 3 / 4 ? sk_bits_estimate(tried, BITS) : sk_hll_estimate(group->hll, HLL_BITS);
	return say(run, group, score, (uint64_t)lround(fmin(targets, (double)group->contacts)), answered);
}

/* By whom, then what: the order of findings is not that of records. */
static int by_whom(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int order = x->initiator.family - y->initiator.family;
	if (order == 0)
		order = memcmp(x->initiator.bytes, y->initiator.bytes, sizeof x->initiator.bytes);
	if (order == 0)
		order = y->across - x->across;
	if (order == 0)
		order = x->ip_proto - y->ip_proto;
	if (order == 0 && x->across)
		return x->port - y->port;
	return order != 0 ? order : memcmp(x->responder.bytes, y->responder.bytes, sizeof x->responder.bytes);
}

static enum sk_err find(struct sk_stored_run *run, struct sk_fault *fault)
{
	struct search s = {.run = run, .seen = {.width = WIDTH, .depth = DEPTH}};
	uint8_t digest[SK_HASH_BYTES];
	sk_random(s.key, sizeof s.key);
	s.seen.cells = calloc((size_t)WIDTH * DEPTH, sizeof s.seen.cells[0]);
	s.slots = calloc(SLOTS, sizeof s.slots[0]);
	enum sk_err err = s.seen.cells == NULL || s.slots == NULL ? sk_fault_set(fault, SK_ENOMEM, "scan.slow: out of memory") : SK_OK;
	if (err == SK_OK)
		err = run->source->walk(run->source->context, count, &s, fault);
	sk_sha256(s.ids, sizeof s.ids, digest);
	memcpy(s.target_key, digest, sizeof s.target_key);
	if (err == SK_OK)
		err = run->source->walk(run->source->context, keep, &s, fault);
	run->counts.pairs = s.group_count;
	if (err == SK_OK && s.group_count != 0)
		qsort(s.groups, s.group_count, sizeof s.groups[0], by_whom);
	for (uint32_t i = 0; i < s.group_count && err == SK_OK; i++)
		err = weigh(run, &s.groups[i]);
	free(s.groups);
	free(s.seen.cells);
	free(s.slots);
	return err;
}

const struct sk_stored_detector sk_detector_scan_slow = {.name = "scan.slow", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .run = find};
