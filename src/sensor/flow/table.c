/* SPDX-License-Identifier: Apache-2.0 */
/* The table: look-up in two steps (prepare, apply), room by two choices, the clock, expiry by tag line, eviction. */
#include <stdlib.h>

#include "flow/flow_priv.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_TICK (SK_TICK_MS * INT64_C(1000000))

/* ---- tag lines ---- */

/* Which ways hold this tag, as bits. */
static unsigned match(const struct set *set, uint16_t tag)
{
#if defined(__SSE2__)
	__m128i wanted = _mm_set1_epi16((short)tag);
	__m128i low = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)(const void *)&set->tag[0]), wanted);
	__m128i high = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)(const void *)&set->tag[8]), wanted);
	return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
	unsigned found = 0;
	for (unsigned way = 0; way < SK_SET_WAYS; way++)
		found |= (unsigned)(set->tag[way] == tag) << way;
	return found;
#endif
}

static uint16_t tick_of(int64_t ns)
{
	return (uint16_t)((uint64_t)ns / NS_PER_TICK);
}

/* Ticks until the expiry; 0 or less: it has passed. Valid within 2.27 h, which the sweep sees to. */
static int16_t ticks_left(const struct set *set, unsigned way, uint16_t now)
{
	return (int16_t)(uint16_t)(set->expiry[way] - now);
}

static struct set *set_of(const struct sk_flow_table *table, const struct sk_flow *flow, unsigned *way)
{
	size_t offset = (size_t)((const char *)flow - (const char *)table->sets);
	struct set *set = &table->sets[offset / sizeof *set];
	*way = (unsigned)(flow - set->flows);
	return set;
}

/* One tick more than the time asks: a segment may end up to half a second late, never early. */
static void arm(struct sk_flow_table *table, struct sk_flow *flow)
{
	unsigned way;
	struct set *set = set_of(table, flow, &way);
	int64_t idle_ns = sk_segment_idle_ns(flow, &table->limits);
	set->expiry[way] = (uint16_t)(tick_of(table->now_ns) + (idle_ns + NS_PER_TICK - 1) / NS_PER_TICK + 1);
}

/* ---- ends ---- */

static bool is_place_only(const struct sk_flow *flow)
{
	return flow->packets[0] == 0 && flow->packets[1] == 0;
}

static void facts_release(struct sk_flow_table *table, struct sk_flow *flow)
{
	uint32_t index = flow->facts;
	if (index == 0)
		return;
	sk_wipe(&table->facts[index], sizeof table->facts[index]);
	table->facts_places[index] = (struct facts_place){.next_free = table->facts_free};
	table->facts_free = index;
	flow->facts = 0;
}

void sk_flow_end_segment(struct sk_flow_table *table, struct sk_flow *flow, enum sk_flow_end end)
{
	sk_streams_release(table, flow);
	if (is_place_only(flow))
		return;
	struct sk_flow_record record;
	sk_flow_read(table, flow, &record);
	record.end = (uint8_t)end;
	table->closed(table->context, &record);
	sk_wipe(&record, sizeof record);
	facts_release(table, flow);
	table->counters.live--;
	if (end == SK_FLOW_END_EVICTED)
		table->counters.evicted++;
	else
		table->counters.ended++;
}

/* The place stays for the flow's next segment. */
static void continue_later(struct sk_flow *flow)
{
	flow->packets[0] = flow->packets[1] = 0;
	flow->ip_bytes0 = flow->ip_bytes1 = flow->frame_bytes = 0;
	flow->tcp_flags0 = flow->tcp_flags1 = 0;
	flow->classes_seen = 0;
	flow->tunnels = 0;
	flow->last_delta_ns = 0;
	flow->continued = 1;
}

/* The flow is over. */
static void end_flow(struct sk_flow_table *table, struct sk_flow *flow, enum sk_flow_end end)
{
	unsigned way;
	struct set *set = set_of(table, flow, &way);
	sk_flow_end_segment(table, flow, end);
	table->counters.flows_by_class[sk_segment_class(flow)]++;
	sk_wipe(flow, sizeof *flow);
	set->tag[way] = 0;
	set->expiry[way] = 0;
}

/* A connection that has been torn down ends as closed, whatever made us notice. */
static void expire_flow(struct sk_flow_table *table, struct sk_flow *flow)
{
	end_flow(table, flow, flow->state >= SK_FLOW_CLOSED ? SK_FLOW_END_CLOSED : SK_FLOW_END_IDLE);
}

/* ---- the clock ---- */

static int64_t longest_idle_ns(const struct sk_flow_limits *limits)
{
	int64_t longest = limits->idle_ns > limits->idle_syn_ns ? limits->idle_ns : limits->idle_syn_ns;
	return longest > limits->idle_closed_ns ? longest : limits->idle_closed_ns;
}

static void sweep(struct sk_flow_table *table, bool all)
{
	uint16_t now = tick_of(table->now_ns);
	table->swept_ns = table->now_ns;
	table->since_sweep = 0;
	for (uint32_t i = 0; i < table->set_count; i++) {
		struct set *set = &table->sets[i];
		for (unsigned way = 0; way < SK_SET_WAYS; way++)
			if (set->tag[way] != 0 && (all || ticks_left(set, way, now) <= 0))
				expire_flow(table, &set->flows[way]);
	}
}

/* Forward. A jump that outlasts every timer ends all flows at once: 16-bit expiries could not be compared across it. */
static void advance(struct sk_flow_table *table, int64_t time_ns)
{
	if (time_ns < 0)
		time_ns = 0;
	if (!table->started) {
		table->started = true;
		table->now_ns = table->swept_ns = time_ns;
	}
	if (time_ns <= table->now_ns)
		return;
	bool outlasts = time_ns - table->now_ns > longest_idle_ns(&table->limits) + 2 * NS_PER_TICK;
	table->now_ns = time_ns;
	/* Idle flows end when they are touched or swept. Where a day holds few packets, sweeping every few seconds would be all the work. */
	int64_t due_ns = (table->since_sweep >= table->set_count / 16 ? SK_SWEEP_S : SK_SWEEP_LONGEST_S) * NS_PER_S;
	if (outlasts || time_ns - table->swept_ns >= due_ns)
		sweep(table, outlasts);
}

/* Backward: the clock stands still for a late packet. When thousands in a row are late, it was the clock that was wrong (one packet from 2106,
   an older second file): go back and give every open flow its full time again. */
static void fall_behind(struct sk_flow_table *table, int64_t time_ns)
{
	table->counters.time_clamped++;
	if (time_ns < 0)
		time_ns = 0;
	if (table->now_ns - time_ns <= SK_LATE_S * NS_PER_S) {
		table->late_packets = 0;
		return;
	}
	if (++table->late_packets < SK_LATE_PACKETS_MAX)
		return;
	table->late_packets = 0;
	sweep(table, false); /* what is over by the old clock stays over */
	table->now_ns = table->swept_ns = time_ns;
	for (uint32_t i = 0; i < table->set_count; i++)
		for (unsigned way = 0; way < SK_SET_WAYS; way++)
			if (table->sets[i].tag[way] != 0)
				arm(table, &table->sets[i].flows[way]);
}

static void move_clock(struct sk_flow_table *table, int64_t time_ns)
{
	if (table->started && time_ns < table->now_ns) {
		fall_behind(table, time_ns);
		return;
	}
	table->late_packets = 0;
	advance(table, time_ns);
}

/* ---- look-up ---- */

void sk_flow_prepare(struct sk_flow_table *table, const struct sk_packet *packets, size_t count)
{
	SK_INVARIANT(count <= SK_BATCH_MAX);
	for (size_t i = 0; i < count; i++) {
		struct prepared *p = &table->prepared[i];
		p->direction = sk_flow_key(&packets[i], &p->key);
		p->place = sk_flow_place(table, &p->key);
		__builtin_prefetch(&table->sets[p->place.set[0]]);
		__builtin_prefetch(&table->sets[p->place.set[1]]);
	}
	for (size_t i = 0; i < count; i++)
		for (unsigned side = 0; side < 2; side++) {
			const struct place *place = &table->prepared[i].place;
			const struct set *set = &table->sets[place->set[side]];
			for (unsigned found = match(set, place->tag); found != 0; found &= found - 1) {
				const struct sk_flow *flow = &set->flows[__builtin_ctz(found)];
				__builtin_prefetch(flow, 1);
				__builtin_prefetch((const char *)flow + 64, 1);
			}
		}
	table->prepared_packets = packets;
	table->prepared_count = count;
}

static bool same_key(const struct sk_flow *flow, const struct key *key)
{
	const uint64_t *a = flow->key.addresses, *b = key->addresses;
	return (((flow->key.meta ^ key->meta) & SK_KEY_META_MASK) | (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3])) == 0;
}

/* What prepare found out, when it was for this very key; else found out now. */
static struct prepared look_ahead(const struct sk_flow_table *table, const struct sk_packet *packet)
{
	struct prepared fresh = {.direction = sk_flow_key(packet, &fresh.key)};
	size_t index = (size_t)(packet - table->prepared_packets);
	if (table->prepared_count != 0 && packet >= table->prepared_packets && index < table->prepared_count &&
	    memcmp(&table->prepared[index].key, &fresh.key, sizeof fresh.key) == 0)
		fresh.place = table->prepared[index].place;
	else
		fresh.place = sk_flow_place(table, &fresh.key);
	return fresh;
}

static struct sk_flow *find(const struct sk_flow_table *table, const struct prepared *p)
{
	for (unsigned side = 0; side < 2; side++) {
		struct set *set = &table->sets[p->place.set[side]];
		for (unsigned found = match(set, p->place.tag); found != 0; found &= found - 1) {
			struct sk_flow *flow = &set->flows[__builtin_ctz(found)];
			if (SK_LIKELY(same_key(flow, &p->key)))
				return flow;
		}
	}
	return NULL;
}

/* Both sets are full: end what has expired, else evict what is nearest to its expiry. A flood of half-open flows so evicts itself. */
static struct sk_flow *evict(struct sk_flow_table *table, const struct place *place)
{
	uint16_t now = tick_of(table->now_ns);
	struct sk_flow *victim = NULL;
	int16_t least = INT16_MAX;
	for (unsigned side = 0; side < 2; side++) {
		struct set *set = &table->sets[place->set[side]];
		for (unsigned way = 0; way < SK_SET_WAYS; way++)
			if (victim == NULL || ticks_left(set, way, now) < least) {
				least = ticks_left(set, way, now);
				victim = &set->flows[way];
			}
	}
	if (least <= 0)
		expire_flow(table, victim);
	else
		end_flow(table, victim, SK_FLOW_END_EVICTED);
	return victim;
}

static struct sk_flow *make_room(struct sk_flow_table *table, const struct prepared *p)
{
	unsigned free0 = match(&table->sets[p->place.set[0]], 0), free1 = match(&table->sets[p->place.set[1]], 0);
	unsigned side = __builtin_popcount(free1) > __builtin_popcount(free0);
	unsigned ways = side == 0 ? free0 : free1;
	struct sk_flow *flow = ways != 0 ? &table->sets[p->place.set[side]].flows[__builtin_ctz(ways)] : evict(table, &p->place);
	unsigned way;
	struct set *set = set_of(table, flow, &way);
	set->tag[way] = p->place.tag;
	*flow = (struct sk_flow){.key = p->key};
	table->counters.flows++;
	return flow;
}

/* The flow of the key, when it still runs; what is over is ended on the way. */
static struct sk_flow *find_running(struct sk_flow_table *table, const struct prepared *p, const struct sk_packet *packet)
{
	struct sk_flow *flow = find(table, p);
	if (flow == NULL)
		return NULL;
	unsigned way;
	const struct set *set = set_of(table, flow, &way);
	if (ticks_left(set, way, tick_of(table->now_ns)) <= 0) {
		expire_flow(table, flow);
		return NULL;
	}
	if (sk_segment_reopens(flow, packet)) {
		end_flow(table, flow, SK_FLOW_END_CLOSED);
		return NULL;
	}
	if (!is_place_only(flow) && sk_segment_is_full(flow, packet, table->limits.active_ns)) {
		sk_flow_end_segment(table, flow, SK_FLOW_END_ACTIVE);
		continue_later(flow);
	}
	return flow;
}

struct sk_flow *sk_flow_apply(struct sk_flow_table *table, const struct sk_packet *packet, bool *is_new)
{
	sk_head_wipe(table);
	table->since_sweep++;
	move_clock(table, packet->time_ns);
	struct prepared p = look_ahead(table, packet);
	struct sk_flow *flow = find_running(table, &p, packet);
	if (flow == NULL)
		flow = make_room(table, &p);
	*is_new = is_place_only(flow);
	if (*is_new) {
		sk_segment_open(flow, packet, p.direction);
		table->counters.created++;
		table->counters.live++;
	} else {
		sk_segment_add(flow, packet, p.direction);
	}
	arm(table, flow);
	return flow;
}

void sk_flow_expire(struct sk_flow_table *table, int64_t now_ns)
{
	sk_head_wipe(table);
	advance(table, now_ns);
}

void sk_flow_close_all(struct sk_flow_table *table, enum sk_flow_end end)
{
	sk_head_wipe(table);
	for (uint32_t i = 0; i < table->set_count; i++)
		for (unsigned way = 0; way < SK_SET_WAYS; way++)
			if (table->sets[i].tag[way] != 0)
				end_flow(table, &table->sets[i].flows[way], end);
}

/* ---- facts ---- */

/* The segment that has held facts longest makes room: it ends here and its flow goes on in a new segment. */
static void shed_facts(struct sk_flow_table *table)
{
	struct sk_flow *owner = NULL;
	while (owner == NULL) {
		table->facts_hand = table->facts_hand % table->limits.facts + 1;
		owner = table->facts_places[table->facts_hand].owner;
	}
	sk_flow_end_segment(table, owner, SK_FLOW_END_ACTIVE);
	continue_later(owner);
	table->counters.facts_shed++;
}

struct sk_flow_facts *sk_flow_facts(struct sk_flow_table *table, struct sk_flow *flow)
{
	if (flow->facts != 0)
		return &table->facts[flow->facts];
	if (table->limits.facts == 0) {
		table->counters.facts_shed++;
		return NULL;
	}
	if (table->facts_free == 0)
		shed_facts(table);
	uint32_t index = table->facts_free;
	table->facts_free = table->facts_places[index].next_free;
	table->facts_places[index] = (struct facts_place){.owner = flow};
	flow->facts = index & SK_FACTS_MAX;
	return &table->facts[index];
}

const struct sk_flow_facts *sk_flow_facts_of(const struct sk_flow_table *table, const struct sk_flow *flow)
{
	return flow->facts != 0 ? &table->facts[flow->facts] : NULL;
}

/* ---- figures ---- */

void sk_flow_pending(const struct sk_flow_table *table, uint64_t *frames, uint64_t *bytes)
{
	*frames = *bytes = 0;
	for (uint32_t i = 0; i < table->set_count; i++) {
		const struct set *set = &table->sets[i];
		for (unsigned used = ~match(set, 0) & 0xffff; used != 0; used &= used - 1) {
			const struct sk_flow *flow = &set->flows[__builtin_ctz(used)];
			*frames += (uint64_t)flow->packets[0] + flow->packets[1];
			*bytes += flow->frame_bytes;
		}
	}
}

void sk_flow_counters(const struct sk_flow_table *table, struct sk_flow_counters *out)
{
	*out = table->counters;
}
