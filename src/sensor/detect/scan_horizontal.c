/* SPDX-License-Identifier: Apache-2.0 */
/* One address tries the same port on many addresses. Threshold random walk (Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection Using Sequential Hypothesis
   Testing, 2004) over first contacts: each different target is one observation with one of three outcomes, and their log likelihood ratios add up until they pass
   Wald's bound. First contacts are told by bitmaps of hashed targets, which are commutative; two targets with one bit are one target. */
#include <math.h>
#include <stdio.h>

#include "detect/detector.h"
#include "text/text.h"

enum { TCP = 6, UDP = 17, WORDS = 4, BITS = 64 * WORDS, HLL_BITS = 7 };
enum { EXPONENT, TARGETS, MEMORY, QUIET };

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 15, 9, "a false alarm once in 10^this subjects, if contacts were independent"},
	[TARGETS] = {"targets", "addresses", 4, 150, 12, "fewer different targets are never told"},
	[MEMORY] = {"memory", "s", 60, SK_MEMORY_SHORT_S, SK_MEMORY_SHORT_S, "a subject that does nothing for so long is forgotten"},
	[QUIET] = {"quiet", "s", 10, 3600, 300, "a scan that rests for so long is over"},
};

/* Chances of an outcome when it is a scan, and when it is not; natural logarithms of their ratio. UDP is often not answered when all is well. */
#define TCP_FAIL 1.386   /* 0.8 : 0.2  no answer, or refused */
#define TCP_BRIEF 0.693  /* 0.5 : 0.25 accepted, and over before anything was said to speak of */
#define TCP_GOOD (-1.386)
#define UDP_FAIL 0.693   /* 0.8 : 0.4 */
#define UDP_GOOD (-1.099)

enum { TALK_BYTES = 200 /* payload each way that is a talk */, RESET_BITS = BITS * 3 / 4 };

struct entry {
	struct sk_addr initiator, responder;
	uint8_t ip_proto, class_, half;
	uint16_t port, initiator_port;
	int64_t first_ns, last_ns;
	uint64_t contacts, answered;
	uint64_t opened[WORDS], settled[WORDS], heard[WORDS], brief[WORDS], good[WORDS];
	uint8_t hll[1 << HLL_BITS];
	struct sk_episode episode;
};

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if ((event->bits & SK_EVENT_BACK) != 0 && event->kind == SK_EVENT_OPEN)
		return 0;
	if (event->ip_proto != TCP && event->ip_proto != UDP)
		return 0;
	/* In the midst of a connection: nobody knows how it began. */
	if (event->kind == SK_EVENT_OPEN && event->ip_proto == TCP && (event->tcp_flags[0] & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN)) != SK_TCP_SYN)
		return 0;
	return sk_mix(event->from, (uint64_t)event->ip_proto << 16 | event->responder_port);
}

static void count_open(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct entry *entry = sk_table_take(&run->table, hash, run->now_s, run->now_s + (uint32_t)run->threshold[MEMORY] / 4, &fresh);
	if (fresh) {
		entry->initiator = event->initiator;
		entry->ip_proto = event->ip_proto;
		entry->class_ = event->class_;
		entry->port = event->responder_port;
		entry->first_ns = entry->last_ns = event->time_ns;
	}
	if (event->time_ns >= entry->last_ns) {
		entry->last_ns = event->time_ns;
		entry->responder = event->responder;
		entry->initiator_port = event->initiator_port;
	} else if (event->time_ns < entry->first_ns) {
		entry->first_ns = event->time_ns;
	}
	entry->half |= (event->bits & SK_EVENT_HALF) != 0;
	(void)sk_bits_add(entry->opened, WORDS, event->to);
	sk_hll_add(entry->hll, HLL_BITS, event->to);
	/* Who has been somewhere else before is remembered longer: a flood of new subjects drives out its like. */
	if (++entry->contacts > 2)
		sk_table_want(&run->table, entry, run->now_s + (uint32_t)run->threshold[MEMORY]);
	sk_run_touch(run, entry);
}

/* Payload of a side, as far as headers without options tell. */
static uint64_t payload(const struct sk_event *event, unsigned side)
{
	uint64_t heads = event->flow.packets[side] * (event->initiator.family == 6 ? 60u : 40u);
	return event->flow.bytes[side] > heads ? event->flow.bytes[side] - heads : 0;
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	if (event->kind == SK_EVENT_OPEN) {
		count_open(run, event, hash);
		return;
	}
	struct entry *entry = sk_table_find(&run->table, hash, run->now_s);
	if (entry == NULL || !sk_bits_has(entry->opened, WORDS, event->to))
		return;
	bool tcp = event->ip_proto == TCP, refused = (event->tcp_flags[0] & SK_TCP_RST) != 0;
	switch (event->kind) {
	case SK_EVENT_ANSWER:
		if (!(tcp && refused) && sk_bits_add(entry->heard, WORDS, event->to))
			entry->answered++;
		break;
	case SK_EVENT_CONFIRM:
		if ((event->bits & SK_EVENT_HALF) != 0 && sk_bits_add(entry->heard, WORDS, event->to))
			entry->answered++;
		break;
	default:
		if (!tcp || (event->bits & SK_EVENT_HALF) != 0 || event->flow.packets[1] == 0)
			break;
		if (payload(event, 0) >= TALK_BYTES && payload(event, 1) >= TALK_BYTES)
			(void)sk_bits_add(entry->good, WORDS, event->to);
		else
			(void)sk_bits_add(entry->brief, WORDS, event->to);
	}
	sk_run_touch(run, entry);
}

struct outcomes {
	unsigned targets, failed, brief, good;
	double score;
};

/* Only targets that had a second to answer are weighed. */
static struct outcomes weigh(const struct entry *entry)
{
	struct outcomes o = {0};
	for (unsigned i = 0; i < WORDS; i++) {
		uint64_t settled = entry->settled[i], heard = settled & entry->heard[i], good = heard & entry->good[i];
		o.targets += (unsigned)__builtin_popcountll(settled);
		o.failed += (unsigned)__builtin_popcountll(settled & ~entry->heard[i]);
		o.good += (unsigned)__builtin_popcountll(entry->ip_proto == TCP ? good : heard);
		o.brief += (unsigned)__builtin_popcountll(heard & entry->brief[i] & ~entry->good[i]);
	}
	bool tcp = entry->ip_proto == TCP;
	o.score = tcp ? o.failed * TCP_FAIL + o.brief * TCP_BRIEF + o.good * TCP_GOOD : o.failed * UDP_FAIL + o.good * UDP_GOOD;
	return o;
}

static double bound(const uint64_t *threshold)
{
	return (double)threshold[EXPONENT] * 2.302585; /* ln(beta / alpha), beta = 1 */
}

static bool say(struct sk_run *run, struct entry *entry, const struct outcomes *o)
{
	struct sk_episode before = entry->episode;
	double different = fmax(sk_hll_estimate(entry->hll, HLL_BITS), 1);
	struct sk_detection detection = {.class_ = entry->class_, .ip_proto = entry->ip_proto, .half_view = entry->half != 0, .initiator = entry->initiator,
					 .responder = entry->responder, .initiator_port = entry->initiator_port, .responder_port = entry->port,
					 .first_ns = entry->first_ns, .last_ns = entry->last_ns, .contacts = entry->contacts, .answered = entry->answered,
					 .ports = 1, .value = (uint64_t)(o->score * 100), .limit = (uint64_t)(bound(run->threshold) * 100),
					 .added = sk_episode_told(&entry->episode, entry->contacts, run)};
	/* Few targets are counted by the bitmap, to within a collision or two; many by HyperLogLog, 9 %. */
	detection.peers = o->targets <= RESET_BITS ? (uint64_t)lround(sk_bits_estimate(o->targets, BITS)) : (uint64_t)lround(different);
	if (detection.peers > detection.contacts)
		detection.peers = detection.contacts;
	detection.severity = entry->class_ == SK_CLASS_DF ? 3 : 2;
	detection.percent = (uint8_t)(entry->half ? 75 : entry->ip_proto == UDP ? 80 : o->failed + o->brief > 4 * o->good ? 95 : 85);
	sk_tell_matched(&detection, entry->ip_proto, entry->port);
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

/* Too many to be told apart: the walk begins anew, and so does the count where nothing was told yet. */
static void begin_anew(struct entry *entry)
{
	memset(entry->opened, 0, sizeof entry->opened);
	memset(entry->settled, 0, sizeof entry->settled);
	memset(entry->heard, 0, sizeof entry->heard);
	memset(entry->brief, 0, sizeof entry->brief);
	memset(entry->good, 0, sizeof entry->good);
	memset(entry->hll, 0, sizeof entry->hll);
	entry->contacts = entry->answered = 0;
	entry->first_ns = entry->last_ns;
	entry->episode = (struct sk_episode){0};
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	bool waiting = memcmp(entry->settled, entry->opened, sizeof entry->opened) != 0;
	bool aged = run->last || run->now_s > sk_run_second(entry->last_ns) + 1;
	/* A target that was opened in this very second is weighed in the next. */
	if (aged && waiting) {
		memcpy(entry->settled, entry->opened, sizeof entry->opened);
		waiting = false;
	}
	struct outcomes o = weigh(entry);
	if (!aged)
		memcpy(entry->settled, entry->opened, sizeof entry->opened);
	bool alarm = entry->episode.open || (o.targets >= run->threshold[TARGETS] && o.score >= bound(run->threshold));
	if (alarm && sk_episode_due(&entry->episode, entry->contacts, run) && !say(run, entry, &o))
		return true;
	bool over = run->now_s > sk_run_second(entry->last_ns) + run->threshold[QUIET];
	if (entry->episode.open && over) {
		bool untold = entry->contacts > entry->episode.told;
		if (untold && !say(run, entry, &o))
			return true;
		begin_anew(entry);
	} else if (!entry->episode.open && sk_bits_count(entry->opened, WORDS) > RESET_BITS) {
		begin_anew(entry);
	}
	return waiting || entry->episode.open;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	char who[SK_ADDR_TEXT_MAX], service[48], when[96], peers[SK_UNIT_TEXT_MAX], contacts[SK_UNIT_TEXT_MAX];
	sk_tell(out->sentence, "%s (%s) tried %s on about %s addresses %s: %s %s, %llu of them answered.", sk_tell_addr(&d->initiator, who),
		sk_tell_place(d, false), sk_tell_service(d->ip_proto, d->responder_port, service), sk_number_format(d->peers, peers), sk_tell_when(d, when),
		sk_number_format(d->contacts, contacts), d->ip_proto == TCP ? "connections" : "flows", (unsigned long long)d->answered);
	sk_tell(out->why, "Sequential test on the outcome of first contacts: log likelihood ratio %.1f, the bound is %.1f (one false alarm in 10^%llu subjects if contacts were "
		"independent), at least %llu targets.%s", (double)d->value / 100, (double)d->limit / 100, (unsigned long long)threshold[EXPONENT],
		(unsigned long long)threshold[TARGETS], d->half_view ? " Half view: answers are not covered by the basis; who went on was taken for answered." : "");
	sk_tell(out->doubt, "%s", d->class_ == SK_CLASS_DF ? "A peer-to-peer program or a mail server with stale addresses, a monitor, or an administrator's own scan looks the same; so does "
							     "a host whose answers take another way."
							   : "Search engines and research projects scan like this too, and say so under their address; answers that take another way look like none.");
}

const struct sk_detector sk_detector_scan_horizontal = {
	.name = "scan.horizontal", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) | SK_EVENT_BIT(SK_EVENT_END),
	.subject = SK_SUBJECT_INITIATOR, .scale = SK_SCALE_HOSTS, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
