/* SPDX-License-Identifier: Apache-2.0 */
/* The table: look-up in two steps (prepare, apply), room by two choices, the clock, expiry by tag line, eviction. */
#include <stdlib.h>

#include "flow/key_priv.h"
#include "flow/segment_priv.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_TICK (SK_TICK_MS * INT64_C(1000000))

enum { SWEEP_AHEAD = 32, FIRST_ADVANTAGE = 1 };

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

/* One place of the table. */
struct slot {
	struct set *set; /* NULL: none */
	unsigned way;
};

/* The way whose expiry comes first, of a set that is full; *least gets the ticks until then. */
static unsigned nearest(const struct set *set, uint16_t now, int16_t *least)
{
#if defined(__SSE2__)
	const __m128i *lines = (const __m128i *)(const void *)set->expiry;
	__m128i current = _mm_set1_epi16((short)now);
	__m128i low = _mm_sub_epi16(_mm_load_si128(lines), current), high = _mm_sub_epi16(_mm_load_si128(lines + 1), current);
	__m128i least8 = _mm_min_epi16(low, high);
	least8 = _mm_min_epi16(least8, _mm_shuffle_epi32(least8, _MM_SHUFFLE(1, 0, 3, 2)));
	least8 = _mm_min_epi16(least8, _mm_shuffle_epi32(least8, _MM_SHUFFLE(2, 3, 0, 1)));
	least8 = _mm_min_epi16(least8, _mm_shufflelo_epi16(least8, _MM_SHUFFLE(2, 3, 0, 1)));
	*least = (int16_t)_mm_extract_epi16(least8, 0);
	__m128i wanted = _mm_set1_epi16(*least);
	return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(_mm_packs_epi16(_mm_cmpeq_epi16(low, wanted), _mm_cmpeq_epi16(high, wanted))));
#else
	unsigned best = 0;
	for (unsigned way = 1; way < SK_SET_WAYS; way++)
		if (ticks_left(set, way, now) < ticks_left(set, best, now))
			best = way;
	*least = ticks_left(set, best, now);
	return best;
#endif
}

/* Which ways of a set are in use and have passed their expiry, as bits. */
static unsigned expired(const struct set *set, uint16_t now)
{
	unsigned used = ~match(set, 0) & 0xffff, passed = 0;
#if defined(__SSE2__)
	const __m128i *lines = (const __m128i *)(const void *)set->expiry;
	__m128i current = _mm_set1_epi16((short)now), one = _mm_set1_epi16(1);
	__m128i low = _mm_cmplt_epi16(_mm_sub_epi16(_mm_load_si128(lines), current), one);
	__m128i high = _mm_cmplt_epi16(_mm_sub_epi16(_mm_load_si128(lines + 1), current), one);
	passed = (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
	for (unsigned way = 0; way < SK_SET_WAYS; way++)
		passed |= (unsigned)(ticks_left(set, way, now) <= 0) << way;
#endif
	return used & passed;
}

/* One tick more than the time asks: a segment may end up to half a second late, never early. */
static void arm(struct sk_flow_table *table, struct slot slot)
{
	const struct sk_flow *flow = &slot.set->flows[slot.way];
	slot.set->expiry[slot.way] = (uint16_t)(table->now_tick + table->idle_ticks[sk_segment_timer(flow)]);
}

/* Into the second-level cache alone: more lines can be on their way at once than the first level has places for, and a batch asks for some two hundred. */
static inline void fetch(const void *line)
{
	__builtin_prefetch(line, 0, 2);
}

/* ---- ends ---- */

static bool is_place_only(const struct sk_flow *flow)
{
	return flow->packets[0] == 0 && flow->packets[1] == 0;
}

/* Only what was filled: a place is larger than most facts by far, and its other lines lie cold. */
static void wipe_facts(struct sk_flow_facts *facts)
{
	bool spoken = facts->has_dns || facts->has_http || facts->has_ssh || facts->has_command;
	size_t spoken_bytes = facts->has_dns ? sizeof facts->dns : sizeof *facts - offsetof(struct sk_flow_facts, dns);
	if (spoken)
		sk_wipe(&facts->dns, spoken_bytes);
	if (facts->has_tls || facts->has_server || facts->has_certificate)
		sk_wipe(&facts->tls, offsetof(struct sk_flow_facts, dns) - offsetof(struct sk_flow_facts, tls));
	sk_wipe(facts, offsetof(struct sk_flow_facts, tls));
}

static void facts_release(struct sk_flow_table *table, struct sk_flow *flow)
{
	uint32_t index = flow->facts;
	if (index == 0)
		return;
	wipe_facts(&table->facts[index]);
	table->facts_places[index] = (struct facts_place){.next_free = table->facts_free};
	table->facts_free = index;
	flow->facts = 0;
}

void sk_flow_end_segment(struct sk_flow_table *table, struct sk_flow *flow, enum sk_flow_end end)
{
	sk_streams_release(table, flow);
	if (is_place_only(flow))
		return;
	if (table->ending != NULL)
		table->ending(table->ending_context, flow);
	struct sk_flow_record record;
	sk_flow_read(table, flow, &record);
	record.end = (uint8_t)end;
	table->closed(table->context, &record);
	sk_wipe_small(&record, sizeof record);
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
	flow->frame_bytes = 0;
	for (unsigned direction = 0; direction < 2; direction++)
		flow->side[direction] &= SK_SIDE_CLASS_MASK | SK_SIDE_ATTEMPTS_MASK;
	flow->last_delta_ns = 0;
	flow->continued = 1;
}

/* The flow is over. */
static void end_flow(struct sk_flow_table *table, struct slot slot, enum sk_flow_end end)
{
	struct sk_flow *flow = &slot.set->flows[slot.way];
	sk_flow_end_segment(table, flow, end);
	table->counters.flows_by_class[sk_segment_class(flow)]++;
	if (sk_flow_is_v6(flow) || flow->sequence_known != 0)
		sk_wipe_small(&slot.set->wides[slot.way], sizeof slot.set->wides[slot.way]);
	sk_wipe_small(flow, sizeof *flow);
	slot.set->tag[slot.way] = 0;
	slot.set->expiry[slot.way] = 0;
}

/* A connection that has been torn down ends as closed, whatever made us notice. */
static void expire_flow(struct sk_flow_table *table, struct slot slot)
{
	end_flow(table, slot, slot.set->flows[slot.way].state >= SK_FLOW_CLOSED ? SK_FLOW_END_CLOSED : SK_FLOW_END_IDLE);
}

/* ---- the clock ---- */

void sk_flow_set_timers(struct sk_flow_table *table)
{
	const int64_t idle_ns[] = {[SK_TIMER_OPEN] = table->limits.idle_ns, [SK_TIMER_SYN] = table->limits.idle_syn_ns, [SK_TIMER_CLOSED] = table->limits.idle_closed_ns};
	for (size_t i = 0; i < SK_COUNT(idle_ns); i++)
		table->idle_ticks[i] = (uint16_t)((idle_ns[i] + NS_PER_TICK - 1) / NS_PER_TICK + 1);
}

static int64_t longest_idle_ns(const struct sk_flow_limits *limits)
{
	int64_t longest = limits->idle_ns > limits->idle_syn_ns ? limits->idle_ns : limits->idle_syn_ns;
	return longest > limits->idle_closed_ns ? longest : limits->idle_closed_ns;
}

/* Ends what has expired. The entries to end are far apart in memory: they are fetched SWEEP_AHEAD sets before they are ended. */
static void sweep(struct sk_flow_table *table, bool all)
{
	uint16_t now = table->now_tick;
	table->swept_ns = table->now_ns;
	table->since_sweep = 0;
	uint16_t ahead[SWEEP_AHEAD] = {0};
	for (uint32_t i = 0; i < table->set_count + SWEEP_AHEAD; i++) {
		unsigned over = ahead[i % SWEEP_AHEAD];
		struct set *set = &table->sets[i - SWEEP_AHEAD];
		for (; over != 0; over &= over - 1)
			expire_flow(table, (struct slot){.set = set, .way = (unsigned)__builtin_ctz(over)});
		if (i + SWEEP_AHEAD < table->set_count)
			fetch(&table->sets[i + SWEEP_AHEAD]);
		if (i >= table->set_count) {
			ahead[i % SWEEP_AHEAD] = 0;
			continue;
		}
		set = &table->sets[i];
		over = all ? ~match(set, 0) & 0xffff : expired(set, now);
		ahead[i % SWEEP_AHEAD] = (uint16_t)over;
		for (; over != 0; over &= over - 1)
			fetch(&set->flows[__builtin_ctz(over)]);
	}
}

static void set_clock(struct sk_flow_table *table, int64_t time_ns)
{
	table->now_ns = time_ns;
	table->now_tick = tick_of(time_ns);
}

/* Times at the ends of what 64 bits hold stay times. */
static int64_t later(int64_t time_ns, int64_t by_ns)
{
	int64_t sum;
	return __builtin_add_overflow(time_ns, by_ns, &sum) ? INT64_MAX : sum;
}

/* Until when the clock may move on without a look at anything: the next sweep is not due, and no jump outlasts a timer. */
static void set_calm(struct sk_flow_table *table)
{
	int64_t sweep_ns = later(table->swept_ns, SK_SWEEP_S * NS_PER_S), jump_ns = later(table->now_ns, longest_idle_ns(&table->limits));
	table->calm_ns = sweep_ns < jump_ns ? sweep_ns : jump_ns;
}

/* Forward. A jump that outlasts every timer ends all flows at once: 16-bit expiries could not be compared across it. */
static void advance(struct sk_flow_table *table, int64_t time_ns)
{
	if (time_ns < 0)
		time_ns = 0;
	if (!table->started) {
		table->started = true;
		set_clock(table, time_ns);
		table->swept_ns = time_ns;
	}
	if (time_ns > table->now_ns) {
		bool outlasts = time_ns - table->now_ns > longest_idle_ns(&table->limits) + 2 * NS_PER_TICK;
		set_clock(table, time_ns);
		/* Idle flows end when they are touched or swept. Where a day holds few packets, sweeping every few seconds would be all the work. */
		int64_t due_ns = (table->since_sweep >= table->set_count / 16 ? SK_SWEEP_S : SK_SWEEP_LONGEST_S) * NS_PER_S;
		if (outlasts || (!table->told_sweeps && time_ns - table->swept_ns >= due_ns))
			sweep(table, outlasts);
	}
	set_calm(table);
}

/* The clock was wrong: what is over by it stays over, every open flow gets its full time again. */
void sk_flow_clock_back(struct sk_flow_table *table, int64_t was_ns, int64_t now_ns)
{
	sk_head_wipe(table);
	advance(table, was_ns);
	sweep(table, false);
	set_clock(table, now_ns);
	table->swept_ns = now_ns;
	set_calm(table);
	for (uint32_t i = 0; i < table->set_count; i++)
		for (unsigned way = 0; way < SK_SET_WAYS; way++)
			if (table->sets[i].tag[way] != 0)
				arm(table, (struct slot){.set = &table->sets[i], .way = way});
}

/* Packets of several sources come by several clocks: one that is behind moves nothing. */
static inline void move_clock(struct sk_flow_table *table, int64_t clock_ns)
{
	if (SK_LIKELY(clock_ns >= table->now_ns && clock_ns < table->calm_ns))
		set_clock(table, clock_ns);
	else
		advance(table, clock_ns);
}

/* ---- look-up ---- */

/* Is the second set of free ways the better one, by more than FIRST_ADVANTAGE? A flow that lives in its first set is found without the second. Both sets are
   counted in one word: the compiler's population count is a call on the plain instruction set. */
static bool second_is_better(unsigned first, unsigned second)
{
	uint32_t x = first | second << 16;
	x -= x >> 1 & 0x55555555u;
	x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0fu;
	x += x >> 8;
	return (x >> 16 & 31) > (first != 0 ? (x & 31) + FIRST_ADVANTAGE : 0);
}

/* The way that an opening flow would get: a free one of its first set, or of the second where that is emptier by far, else the one nearest to its expiry. */
static struct slot choose(const struct sk_flow_table *table, const struct prepared *p)
{
	struct set *set0 = sk_flow_set(table, p->hash, 0), *set1 = sk_flow_set(table, p->hash, 1);
	unsigned free0 = match(set0, 0), free1 = match(set1, 0);
	if (SK_LIKELY((free0 | free1) != 0)) {
		bool second = second_is_better(free0, free1);
		return (struct slot){.set = second ? set1 : set0, .way = (unsigned)__builtin_ctz(second ? free1 : free0)};
	}
	uint16_t now = table->now_tick;
	int16_t least0, least1;
	unsigned way0 = nearest(set0, now, &least0), way1 = nearest(set1, now, &least1);
	return least1 < least0 ? (struct slot){.set = set1, .way = way1} : (struct slot){.set = set0, .way = way0};
}

/* An entry, and what stands beside it where it will be needed: IPv6's key, and the sequence numbers of TCP heads. */
static void prefetch_slot(const struct sk_flow_table *table, const struct set *set, unsigned way, const struct key *key)
{
	fetch(&set->flows[way]);
	bool v6 = (key->meta >> 40 & SK_KEY_V6) != 0;
	if (v6 || (table->limits.heads != SK_FLOW_HEADS_NONE && (uint8_t)(key->meta >> 32) == SK_SEGMENT_TCP))
		fetch(&set->wides[way]);
}

static void set_guess(const struct sk_flow_table *table, struct prepared *p, struct slot slot)
{
	p->guess = slot.set;
	p->guess_way = (uint8_t)slot.way;
	p->guess_tag = slot.set->tag[slot.way];
	p->guess_expiry = slot.set->expiry[slot.way];
	prefetch_slot(table, slot.set, slot.way, &p->key);
}

/* Does one of its sets hold the packet's tag? Then the entry is on its way. */
static bool guess_in(const struct sk_flow_table *table, struct prepared *p, unsigned side)
{
	struct set *set = sk_flow_set(table, p->hash, side);
	unsigned found = match(set, p->tag);
	p->guess_found = found != 0;
	if (p->guess_found)
		set_guess(table, p, (struct slot){.set = set, .way = (unsigned)__builtin_ctz(found)});
	return p->guess_found;
}

/* sk_flow_hash of count keys of IPv4, a loop that compilers turn into vector instructions: by itself, where nothing else can be taken for what it writes. */
__attribute__((noinline)) static void hash_pairs(const uint64_t key[2], const uint64_t *restrict metas, const uint64_t *restrict pairs, uint64_t *restrict hashes, size_t count)
{
	const uint64_t low = key[0], high = key[1];
	for (size_t i = 0; i < count; i++) {
		struct sk_sip s = sk_sip_start(low, high);
		sk_sip_word(&s, metas[i]);
		sk_sip_word(&s, pairs[i]);
		hashes[i] = sk_sip_finish(&s, 0, 16);
	}
}

/* Keys and hashes of a batch; then its first sets are on their way. */
static void prepare_keys(struct sk_flow_table *table, const struct sk_packet *packets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct prepared *p = &table->prepared[i];
		p->direction = sk_flow_key(&packets[i], &p->key);
		table->hashed[0][i] = p->key.meta;
		table->hashed[1][i] = p->key.words[0];
	}
	hash_pairs(table->key, table->hashed[0], table->hashed[1], table->hashes, count);
	for (size_t i = 0; i < count; i++) {
		struct prepared *p = &table->prepared[i];
		p->hash = SK_LIKELY((p->key.meta >> 40 & SK_KEY_V6) == 0) ? table->hashes[i] : sk_flow_hash(table->key, &p->key);
		p->tag = sk_flow_tag(p->hash);
		fetch(sk_flow_set(table, p->hash, 0));
	}
}

/* Three passes, each over lines that the one before has sent for: first sets; second sets of the flows that do not live in their first; entries. */
void sk_flow_prepare(struct sk_flow_table *table, const struct sk_packet *packets, size_t count)
{
	uint8_t others[SK_BATCH_MAX];
	size_t other_count = 0;
	SK_INVARIANT(count <= SK_BATCH_MAX);
	prepare_keys(table, packets, count);
	for (size_t i = 0; i < count; i++) {
		struct prepared *p = &table->prepared[i];
		if (guess_in(table, p, 0))
			continue;
		fetch(sk_flow_set(table, p->hash, 1));
		others[other_count++] = (uint8_t)i;
	}
	for (size_t i = 0; i < other_count; i++) {
		struct prepared *p = &table->prepared[others[i]];
		if (!guess_in(table, p, 1))
			set_guess(table, p, choose(table, p));
	}
	table->prepared_packets = packets;
	table->prepared_count = count;
	table->prepared_next = count != 0 ? packets : NULL;
	table->opened = 0;
}

bool sk_flow_seems_new(const struct sk_flow_table *table, size_t i)
{
	return !table->prepared[i].guess_found;
}

static bool same_key(const struct set *set, unsigned way, const struct key *key)
{
	const struct sk_flow *flow = &set->flows[way];
	if (((flow->meta ^ key->meta) & SK_KEY_META_MASK) != 0)
		return false;
	return SK_LIKELY((key->meta >> 40 & SK_KEY_V6) == 0) ? flow->pair == key->words[0] : memcmp(&set->wides[way], key->words, sizeof key->words) == 0;
}

/* What prepare found out of this packet, each packet once and in order; found out now when it was not prepared. */
static inline const struct prepared *look_ahead(struct sk_flow_table *table, const struct sk_packet *packet)
{
	if (SK_UNLIKELY(packet != table->prepared_next))
		sk_flow_prepare(table, packet, 1);
	size_t i = (size_t)(packet - table->prepared_packets);
	table->prepared_next = i + 1 < table->prepared_count ? packet + 1 : NULL;
	return &table->prepared[i];
}

/* By the tag, in both sets. */
static struct slot search(const struct sk_flow_table *table, const struct prepared *p)
{
	for (unsigned side = 0; side < 2; side++) {
		struct set *set = sk_flow_set(table, p->hash, side);
		for (unsigned found = match(set, p->tag); found != 0; found &= found - 1) {
			unsigned way = (unsigned)__builtin_ctz(found);
			if (SK_LIKELY(same_key(set, way, &p->key)))
				return (struct slot){.set = set, .way = way};
		}
	}
	return (struct slot){.set = NULL};
}

static uint64_t tag_bit(uint16_t tag)
{
	return UINT64_C(1) << (tag & 63);
}

/* Where prepare saw no such tag, only a packet that came in between can have brought it. */
static inline struct slot find(const struct sk_flow_table *table, const struct prepared *p)
{
	if (p->guess_found && p->guess->tag[p->guess_way] == p->guess_tag && SK_LIKELY(same_key(p->guess, p->guess_way, &p->key)))
		return (struct slot){.set = p->guess, .way = p->guess_way};
	if (!p->guess_found && SK_LIKELY((table->opened & tag_bit(p->tag)) == 0))
		return (struct slot){.set = NULL};
	return search(table, p);
}

/* Both sets may be full: what is nearest to its expiry has expired, or is evicted. A flood of half-open flows so evicts itself. */
static struct slot make_room(struct sk_flow_table *table, const struct prepared *p)
{
	struct slot slot = {.set = p->guess, .way = p->guess_way};
	if (SK_UNLIKELY(p->guess_found || slot.set->tag[slot.way] != p->guess_tag || slot.set->expiry[slot.way] != p->guess_expiry))
		slot = choose(table, p);
	struct sk_flow *flow = &slot.set->flows[slot.way];
	bool is_free = slot.set->tag[slot.way] == 0;
	if (!is_free && ticks_left(slot.set, slot.way, table->now_tick) <= 0)
		expire_flow(table, slot);
	else if (!is_free)
		end_flow(table, slot, SK_FLOW_END_EVICTED);
	slot.set->tag[slot.way] = p->tag;
	table->clean = false;
	table->opened |= tag_bit(p->tag);
	*flow = (struct sk_flow){.meta = p->key.meta};
	if (SK_LIKELY((p->key.meta >> 40 & SK_KEY_V6) == 0))
		flow->pair = p->key.words[0];
	else
		memcpy(&slot.set->wides[slot.way], p->key.words, sizeof p->key.words);
	table->counters.flows++;
	return slot;
}

/* The flow of the key, when it still runs; what is over is ended on the way. */
static struct slot find_running(struct sk_flow_table *table, const struct prepared *p, const struct sk_packet *packet)
{
	struct slot slot = find(table, p);
	if (slot.set == NULL)
		return slot;
	struct sk_flow *flow = &slot.set->flows[slot.way];
	if (ticks_left(slot.set, slot.way, table->now_tick) <= 0) {
		expire_flow(table, slot);
		return (struct slot){.set = NULL};
	}
	if (sk_segment_reopens(flow, packet)) {
		end_flow(table, slot, SK_FLOW_END_CLOSED);
		return (struct slot){.set = NULL};
	}
	if (!is_place_only(flow) && sk_segment_is_full(flow, packet, table->limits.active_ns)) {
		sk_flow_end_segment(table, flow, SK_FLOW_END_ACTIVE);
		continue_later(flow);
	}
	return slot;
}

/* What was so before a packet came, as far as sk_flow_news asks for it. */
struct before {
	bool silent, acked; /* the packet's direction had no packet; none with ACK alone */
	bool closed;
};

static inline struct before before_packet(const struct sk_flow *flow, unsigned direction)
{
	uint8_t flags = sk_side_flags(flow->side[direction]);
	return (struct before){.silent = flow->packets[direction] == 0 && !flow->continued, .acked = (flags & SK_TCP_ACK) != 0, .closed = flow->state >= SK_FLOW_CLOSED};
}

/* Most packets bring none: a few comparisons of what is in registers. */
static inline uint8_t news_of(const struct sk_flow *flow, const struct sk_packet *packet, unsigned direction, struct before before)
{
	bool back = direction != flow->initiator, tcp = packet->ip_proto == SK_SEGMENT_TCP;
	bool answer = before.silent && back;
	bool confirm = tcp && !back && !before.acked && (packet->tcp_flags & (SK_TCP_ACK | SK_TCP_SYN | SK_TCP_RST)) == SK_TCP_ACK;
	bool close = tcp && !before.closed && flow->state >= SK_FLOW_CLOSED;
	unsigned news = (answer ? SK_FLOW_NEWS_ANSWER : 0u) | (confirm ? SK_FLOW_NEWS_CONFIRM : 0u) | (close ? SK_FLOW_NEWS_CLOSE : 0u);
	return (uint8_t)(news != 0 && back ? news | SK_FLOW_NEWS_BACK : news);
}

unsigned sk_flow_news(const struct sk_flow_table *table)
{
	return table->news;
}

void sk_flow_tell_news(struct sk_flow_table *table, bool told)
{
	table->told_news = told;
	table->news = 0;
}

static inline void take_news(struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_packet *packet, unsigned direction, struct before before, bool is_new)
{
	unsigned news = news_of(flow, packet, direction, before);
	if (is_new && !flow->continued)
		news |= SK_FLOW_NEWS_OPEN | (direction != flow->initiator ? SK_FLOW_NEWS_BACK : 0u);
	table->news = (uint8_t)news;
}

struct sk_flow *sk_flow_apply(struct sk_flow_table *table, const struct sk_packet *packet, bool *is_new)
{
	if (SK_UNLIKELY(table->head_used))
		sk_head_wipe(table);
	table->since_sweep++;
	move_clock(table, packet->clock_ns);
	const struct prepared *p = look_ahead(table, packet);
	struct slot slot = find_running(table, p, packet);
	if (slot.set == NULL)
		slot = make_room(table, p);
	struct sk_flow *flow = &slot.set->flows[slot.way];
	*is_new = is_place_only(flow);
	struct before before = {.silent = false};
	if (table->told_news)
		before = before_packet(flow, p->direction);
	if (*is_new) {
		sk_segment_open(flow, packet, p->direction);
		table->counters.created++;
		table->counters.live++;
	} else {
		sk_segment_add(flow, packet, p->direction);
	}
	table->direction = p->direction;
	if (table->told_news)
		take_news(table, flow, packet, p->direction, before, *is_new);
	if (packet->ip_proto == SK_SEGMENT_TCP && (packet->tcp_flags & SK_TCP_SYN) != 0 && table->limits.heads != SK_FLOW_HEADS_NONE)
		sk_streams_syn(table, flow, packet, p->direction);
	if (SK_UNLIKELY(flow->asked != table->generation)) {
		flow->asked = table->generation & 15u;
		flow->shed = 0;
		*is_new = true;
	}
	arm(table, slot);
	return flow;
}

void sk_flow_skip(struct sk_flow_table *table)
{
	const struct sk_packet *next = table->prepared_next;
	SK_INVARIANT(next != NULL);
	table->prepared_next = (size_t)(next - table->prepared_packets) + 1 < table->prepared_count ? next + 1 : NULL;
}

void sk_flow_set_shed(struct sk_flow *flow)
{
	flow->shed = 1;
}

void sk_flow_expire(struct sk_flow_table *table, int64_t now_ns)
{
	sk_head_wipe(table);
	advance(table, now_ns);
}

void sk_flow_settle(struct sk_flow_table *table, int64_t now_ns)
{
	sk_head_wipe(table);
	advance(table, now_ns);
	sweep(table, false);
	set_calm(table);
}

void sk_flow_tell_sweeps(struct sk_flow_table *table, bool told)
{
	table->told_sweeps = told;
}

/* As advance does it; and before a jump that might outlast every timer in one table and not in another. */
bool sk_flow_sweep_is_due(const struct sk_flow_limits *limits, int64_t swept_ns, int64_t before_ns, int64_t now_ns, uint64_t frames)
{
	enum { FRAMES_SHARE = 16 * SK_SET_WAYS };
	int64_t due_ns = (frames >= limits->flows / FRAMES_SHARE ? SK_SWEEP_S : SK_SWEEP_LONGEST_S) * NS_PER_S;
	return now_ns - swept_ns >= due_ns || now_ns - before_ns >= longest_idle_ns(limits) - NS_PER_S;
}

void sk_flow_close_all(struct sk_flow_table *table, enum sk_flow_end end)
{
	sk_head_wipe(table);
	for (uint32_t i = 0; i < table->set_count; i++)
		for (unsigned way = 0; way < SK_SET_WAYS; way++)
			if (table->sets[i].tag[way] != 0)
				end_flow(table, (struct slot){.set = &table->sets[i], .way = way}, end);
	table->clean = true;
}

/* ---- what selects has changed ---- */

/* When the generations have been used up, entries forget theirs: one that was silent all the while must not be taken for asked. */
void sk_flow_ask_again(struct sk_flow_table *table)
{
	if (table->generation < SK_GENERATIONS) {
		table->generation++;
		return;
	}
	table->generation = 1;
	for (uint32_t i = 0; i < table->set_count; i++)
		for (unsigned used = ~match(&table->sets[i], 0) & 0xffff; used != 0; used &= used - 1)
			table->sets[i].flows[__builtin_ctz(used)].asked = 0;
}

void sk_flow_end_hits(struct sk_flow_table *table)
{
	sk_head_wipe(table);
	for (uint32_t i = 1; i <= table->limits.facts; i++) {
		struct sk_flow *owner = table->facts_places[i].owner;
		if (owner == NULL || table->facts[i].hit_count == 0)
			continue;
		sk_flow_end_segment(table, owner, SK_FLOW_END_ACTIVE);
		continue_later(owner);
	}
}

void sk_flow_review(struct sk_flow_table *table, sk_flow_stays stays, void *context, enum sk_flow_end end)
{
	struct sk_flow_record record;
	sk_head_wipe(table);
	for (uint32_t i = 0; i < table->set_count; i++) {
		if (i + SWEEP_AHEAD < table->set_count)
			fetch(&table->sets[i + SWEEP_AHEAD]);
		for (unsigned used = ~match(&table->sets[i], 0) & 0xffff; used != 0; used &= used - 1) {
			struct slot slot = {.set = &table->sets[i], .way = (unsigned)__builtin_ctz(used)};
			sk_flow_read(table, &slot.set->flows[slot.way], &record);
			if (!stays(context, &record))
				end_flow(table, slot, end);
		}
	}
	sk_wipe(&record, sizeof record);
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
	out->heads_shed += table->credit.refused;
	if (table->quic != NULL)
		out->heads_shed += sk_quic_shed(table->quic);
}
