/* SPDX-License-Identifier: Apache-2.0 */
/* A host inside comes back to one service abroad regularly, as a program does that sleeps and asks for orders. Gaps between contacts are counted in bins and tested
   for a period (sketch/period.h) whenever there are an eighth more of them. A contact is a connection that was accepted; so scans and floods make no entry. */
#include <math.h>

#include "detect/detector.h"
#include "policy/polled.h"
#include "sketch/period.h"
#include "text/text.h"

enum { TCP = 6, UDP = 17, FEW = 3, NEW_S = 3 * 3600, KNOWN_S = 4 * 3600, LATEST = 8, AGAIN_S = 4 * 3600 };
enum { CROWD_S = 6 * 3600, CROWD_HOST_S = 2 * 3600, CROWD_MOST = 6, CROWD_ENTRIES = 1 << 13, CROWD_BYTES = 32, CROWD_LINES = CROWD_ENTRIES / SK_TABLE_WAYS * SK_TABLE_LINE_BYTES };
enum { EXPONENT, VISITS, LASTING, COVERS, CROWD };

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 15, 5, "a false alarm once in 10^this pairs, if contacts came by themselves"},
	[VISITS] = {"visits", "contacts", 6, 1000, 10, "so many contacts at least (contacts that come in groups: so many groups)"},
	[LASTING] = {"lasting", "s", 60, SK_MEMORY_DAY_S / 2, 600, "from the first to the last of them at least"},
	[COVERS] = {"covers", "%", 0, 90, 10, "of that time lies so much between contacts one period apart: it comes throughout, and not in one sitting a day"},
	[CROWD] = {"crowd", "hosts", 2, 48, 8, "what more hosts inside talk to is a service, and no beacon's end"},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t to;                  /* whose crowd */
	uint32_t first_s, last_s;     /* whole seconds: within one, order does not show */
	uint32_t contacts, next_look; /* when there are so many, look again */
	uint32_t ended, spoke, unsure;
	uint64_t packets[2], bytes[2];
	struct sk_episode episode;
	uint32_t latest[LATEST];      /* gaps, as a ring */
	uint32_t gap_count;
	uint8_t gaps[SK_GAP_BINS];
	uint8_t crowd;                /* when it was last weighed */
};

/* Which hosts talk to a server, as bits of their hashes: in this quarter of the day, and in the one before. */
struct crowd {
	uint64_t bits[2];
	uint32_t quarter;
};
struct crowds {
	bool made;
	struct sk_table table;
	struct sk_period_tables periods;
	_Alignas(SK_TABLE_LINE_BYTES) uint8_t memory[CROWD_LINES + CROWD_ENTRIES * CROWD_BYTES];
};
_Static_assert(sizeof(struct crowd) <= CROWD_BYTES && CROWD_BYTES % 16 == 0, "as sketch/table.h asks");

static struct crowds *crowds_of(struct sk_run *run)
{
	struct crowds *crowds = run->extra;
	if (!crowds->made) {
		SK_INVARIANT(sk_table_bytes(CROWD_ENTRIES, CROWD_BYTES) <= sizeof crowds->memory);
		sk_table_init(&crowds->table, crowds->memory, CROWD_ENTRIES, CROWD_BYTES);
		sk_period_tables_make(&crowds->periods);
		crowds->made = true;
	}
	return crowds;
}

/* One more of a server's crowd. Far more servers are talked to by one host than there is room for, so these are known for two hours, and others the longer the more hosts they
   have: what is near to being a crowd does not go for what is none. */
static void crowd_add(struct sk_run *run, uint64_t to, uint64_t from)
{
	bool fresh;
	uint32_t quarter = run->now_s / CROWD_S;
	struct sk_table *table = &crowds_of(run)->table;
	struct crowd *crowd = sk_table_take(table, to, run->now_s, run->now_s + CROWD_HOST_S, &fresh);
	if (crowd->quarter != quarter) {
		crowd->bits[1] = crowd->quarter + 1 == quarter ? crowd->bits[0] : 0;
		crowd->bits[0] = 0;
		crowd->quarter = quarter;
	}
	(void)sk_bits_add(crowd->bits, 1, from);
	unsigned hosts = sk_ones(crowd->bits[0] | crowd->bits[1]);
	sk_table_want(table, crowd, run->now_s + CROWD_HOST_S * (hosts < CROWD_MOST ? hosts : CROWD_MOST));
}

/* Out of the border alone: who comes in regularly is a monitor, or a client. */
static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	if ((event->class_ != SK_CLASS_DF && event->class_ != SK_CLASS_FF) || (event->ip_proto != TCP && event->ip_proto != UDP))
		return 0;
	bool half = (event->bits & SK_EVENT_HALF) != 0, answer = event->kind == SK_EVENT_ANSWER && event->ip_proto == UDP;
	bool opening = event->kind == SK_EVENT_OPEN && event->ip_proto == UDP && half && (event->bits & SK_EVENT_BACK) == 0;
	if ((event->kind != SK_EVENT_END && event->kind != SK_EVENT_CONFIRM && !answer && !opening) || sk_policy_polled(event->ip_proto, event->responder_port, event->app))
		return 0;
	return sk_mix(sk_mix(event->from, event->to), (uint64_t)event->ip_proto << 24 | (uint64_t)event->responder_port << 8 | 21);
}

/* Was the connection's beginning in this segment? By its flags where they are told; routers do, without knowing who began. */
static bool is_whole(const struct sk_event *event)
{
	bool began = event->tcp_flags[0] != 0 ? (event->tcp_flags[0] & SK_TCP_SYN) != 0 : (event->bits & SK_EVENT_SURE) != 0;
	return began && (event->bits & SK_EVENT_CONTINUED) == 0;
}

static void end_of(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	struct entry *entry = sk_table_find(&run->table, hash, run->now_s);
	if (entry == NULL)
		return;
	uint64_t heads = (event->initiator.family == 6 ? 40u : 20u) + (event->ip_proto == TCP ? 20u : 8u);
	bool said = event->flow.bytes[0] > event->flow.packets[0] * heads + 24, heard = event->flow.bytes[1] > event->flow.packets[1] * heads + 24;
	sk_contact_see(&entry->last, event);
	entry->ended++;
	/* Of one direction alone, no more than that can be asked for. */
	entry->spoke += said && (heard || event->flow.packets[1] == 0);
	entry->unsure += event->ip_proto == TCP && !is_whole(event);
	for (unsigned side = 0; side < 2; side++) {
		entry->packets[side] += event->flow.packets[side];
		entry->bytes[side] += event->flow.bytes[side];
	}
	if (entry->contacts >= run->threshold[VISITS])
		sk_run_touch(run, entry);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	if (event->kind == SK_EVENT_END) {
		end_of(run, event, hash);
		return;
	}
	uint32_t at_s = sk_run_second(event->time_ns);
	if (at_s > run->now_s + SK_MEMORY_DAY_S)
		return;
	crowd_add(run, event->to, event->from);
	struct entry *entry = sk_run_take(run, hash, NEW_S, &fresh);
	sk_contact_see(&entry->last, event);
	if (fresh) {
		entry->first_s = entry->last_s = at_s;
		entry->to = event->to;
		entry->next_look = (uint32_t)run->threshold[VISITS];
	}
	entry->contacts++;
	if (at_s <= entry->last_s)
		return;
	sk_gaps_add(entry->gaps, at_s - entry->last_s);
	entry->latest[entry->gap_count++ % LATEST] = at_s - entry->last_s;
	/* Who came again is waited for: for as long as some contacts may be missing. */
	uint32_t wait_s = 8 * (at_s - entry->last_s);
	entry->last_s = at_s;
	sk_run_want(run, entry, entry->contacts >= FEW ? SK_MEMORY_DAY_S : wait_s > KNOWN_S ? wait_s : KNOWN_S);
	if (entry->contacts >= entry->next_look)
		sk_run_touch(run, entry);
}

/* Hosts inside that talk to it; none was seen more than two quarters ago. The bitmap holds up to 64: beyond that it is a crowd anyway. */
static unsigned crowd_of(struct sk_run *run, const struct entry *entry)
{
	uint32_t quarter = run->now_s / CROWD_S;
	const struct crowd *crowd = sk_table_find(&crowds_of(run)->table, entry->to, run->now_s);
	if (crowd == NULL || crowd->quarter + 1 < quarter)
		return 1;
	uint64_t both = crowd->quarter == quarter ? crowd->bits[0] | crowd->bits[1] : crowd->bits[0];
	long hosts = lround(sk_bits_estimate(sk_bits_count(&both, 1), 64));
	return hosts > 1 ? (unsigned)hosts : 1;
}

/* A clock that keeps its time is told to the second and not to a bin's width. */
static double period_of(const struct entry *entry, const struct sk_period *period)
{
	double sum = 0;
	unsigned count = 0;
	for (unsigned i = 0; i < LATEST; i++)
		if (fabs(entry->latest[i] / period->period_s - 1) < 0.08) {
			sum += entry->latest[i];
			count++;
		}
	return period->jitter <= 0.05 && count >= LATEST / 2 ? sum / count : period->period_s;
}

/* A beacon goes on for days: it is told when it has doubled, every four hours, and at its end. */
static bool is_due(const struct sk_run *run, const struct entry *entry)
{
	const struct sk_episode *episode = &entry->episode;
	return sk_episode_due(episode, entry->contacts, run) &&
	       (!episode->open || run->last || entry->contacts >= 2 * episode->told || run->now_s >= episode->told_s + AGAIN_S);
}

static bool say(struct sk_run *run, struct entry *entry, const struct sk_period *period, unsigned crowd)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	double bound = (double)run->threshold[EXPONENT] * 2.302585, sure = 70 + fmin(period->score - bound, 20) + (crowd <= 1 ? 5 : 0) - (detection.half_view ? 15 : 0);
	detection.contacts = entry->contacts;
	detection.answered = entry->spoke;
	detection.peers = crowd;
	detection.ports = 1;
	memcpy(detection.packets, entry->packets, sizeof detection.packets);
	memcpy(detection.bytes, entry->bytes, sizeof detection.bytes);
	detection.value = (uint64_t)(period->score * 100);
	detection.limit = (uint64_t)(bound * 100);
	detection.period_ms = (uint64_t)(period_of(entry, period) * 1000);
	detection.spread_permille = (uint32_t)lround(period->jitter * 1000);
	detection.severity = 2;
	detection.percent = (uint8_t)fmin(fmax(sure, 50), 95);
	detection.added = sk_episode_told(&entry->episode, entry->contacts, run);
	sk_tell_matched(&detection, detection.ip_proto, detection.responder_port);
	size_t used = strlen(detection.matched);
	detection.matched[used] = '@';
	(void)sk_addr_format(&detection.responder, detection.matched + used + 1);
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

/* Something was said in most contacts, and most were seen from their beginning: a connection that is kept alive begins anew for us after each silence, and one that
   goes on for hours at each active time-out. */
static bool is_talk(const struct entry *entry)
{
	return 2 * entry->spoke >= entry->ended && 4 * entry->ended >= entry->contacts && 2 * entry->unsure < entry->ended;
}

static bool covers(const struct sk_run *run, const struct entry *entry, const struct sk_period *period)
{
	double visits = entry->contacts / (double)(period->each != 0 ? period->each : 1);
	return visits * period->period_s * 100 >= (double)run->threshold[COVERS] * (entry->last_s - entry->first_s);
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	struct sk_period period;
	/* At the end all are weighed, also of whom nothing came for so long that nobody else knows who talked to that server then. */
	unsigned crowd = run->now_s <= entry->last_s + CROWD_HOST_S || entry->crowd == 0 ? crowd_of(run, entry) : entry->crowd;
	entry->crowd = (uint8_t)crowd;
	if (entry->contacts < entry->next_look && !run->last)
		return false;
	if (entry->contacts < run->threshold[VISITS] || entry->last_s < entry->first_s + run->threshold[LASTING] || !is_talk(entry))
		return false;
	/* Who is not alone there waits: a service becomes a crowd while it does. */
	if (crowd > 1 && !run->last && !entry->episode.open && entry->last_s < entry->first_s + run->threshold[LASTING] * crowd / 2)
		return false;
	entry->next_look = entry->contacts + entry->contacts / 8 + 1;
	if (crowd > run->threshold[CROWD] || !sk_period_find(&crowds_of(run)->periods, entry->gaps, &period) || period.visits < run->threshold[VISITS] ||
	    period.score < (double)run->threshold[EXPONENT] * 2.302585 || !covers(run, entry, &period))
		return false;
	if (is_due(run, entry) && !say(run, entry, &period, crowd)) {
		entry->next_look = entry->contacts;
		return true;
	}
	return false;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(BEACON), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_addr(&d->responder), sk_tell_place(d, true),
	       sk_arg_service(d->ip_proto, d->responder_port), sk_arg_duration((int64_t)d->period_ms * 1000000), sk_arg_int((d->spread_permille + 5) / 10),
	       sk_arg_number(d->contacts), sk_tell_when(d), sk_arg_bytes(d->bytes[0]), sk_arg_bytes(d->bytes[1]));
	sk_say(&out->why, SK_SAY(BEACON_WHY), sk_arg_real(1, (double)d->value / 100), sk_arg_real(1, (double)d->limit / 100), sk_arg_int(threshold[EXPONENT]),
	       sk_arg_int(d->peers), sk_arg_int(threshold[CROWD]));
	if (d->half_view)
		sk_say(&out->why, SK_SAY(HALF_ANSWERS));
	sk_say(&out->doubt, SK_SAY(BEACON_DOUBT));
}

const struct sk_detector sk_detector_beacon = {
	.name = "beacon", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds),
	.events = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER) | SK_EVENT_BIT(SK_EVENT_CONFIRM) | SK_EVENT_BIT(SK_EVENT_END),
	.flows = SK_OF_TCP | SK_OF_UDP | SK_OF_SILENT, .but = {SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER), SK_OF_TCP},
	.half = SK_EVENT_BIT(SK_EVENT_OPEN), .finds = SK_EVENT_BIT(SK_EVENT_END),
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_PAIRS, .share = 1, .entry_bytes = SK_ENTRY_BYTES(struct entry), .extra_bytes = sizeof(struct crowds),
	.key = key, .event = event, .settle = settle, .tell = tell,
};
