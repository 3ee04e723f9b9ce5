/* SPDX-License-Identifier: Apache-2.0 */
/* The table: look-up in two steps (prepare, apply), room by two choices, eviction. */
#include "flow/key_priv.h"
#include "flow/segment_priv.h"
#include "flow/table_priv.h"

enum { FIRST_ADVANTAGE = 1 };

/* Packets of several sources come by several clocks: one that is behind moves nothing. */
static inline void move_clock(struct sk_flow_table *table, int64_t clock_ns)
{
	if (SK_LIKELY(clock_ns >= table->now_ns && clock_ns < table->calm_ns))
		sk_clock_set(table, clock_ns);
	else
		sk_clock_advance(table, clock_ns);
}

/* ---- look-up ---- */

/* Is the second set of free ways the better one, by more than FIRST_ADVANTAGE? A flow that lives in its first set is found without the second. Without an instruction for it,
   the compiler's population count is a call: both sets are then counted in one word. */
static bool second_is_better(unsigned first, unsigned second)
{
#if defined(__POPCNT__)
	unsigned in_first = (unsigned)__builtin_popcount(first), in_second = (unsigned)__builtin_popcount(second);
#else
	uint32_t x = first | second << 16;
	x -= x >> 1 & 0x55555555u;
	x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0fu;
	x += x >> 8;
	unsigned in_first = x & 31, in_second = x >> 16 & 31;
#endif
	return in_second > (in_first != 0 ? in_first + FIRST_ADVANTAGE : 0);
}

/* The way that an opening flow would get: a free one of its first set, or of the second where that is emptier by far, else the one nearest to its expiry. */
static struct slot choose(const struct sk_flow_table *table, const struct prepared *p)
{
	struct set *set0 = p->sets[0], *set1 = p->sets[1];
	unsigned free0 = sk_set_match(set0, 0), free1 = sk_set_match(set1, 0);
	if (SK_LIKELY((free0 | free1) != 0)) {
		bool second = second_is_better(free0, free1);
		return (struct slot){.set = second ? set1 : set0, .way = (unsigned)__builtin_ctz(second ? free1 : free0)};
	}
	uint16_t now = table->now_tick;
	int16_t least0, least1;
	unsigned way0 = sk_set_nearest(set0, now, &least0), way1 = sk_set_nearest(set1, now, &least1);
	return least1 < least0 ? (struct slot){.set = set1, .way = way1} : (struct slot){.set = set0, .way = way0};
}

/* Does something stand beside the flow's entry that will be needed: IPv6's key, or the sequence numbers of TCP heads? */
static inline bool needs_wide(const struct sk_flow_table *table, const struct key *key)
{
	bool v6 = (key->meta >> 40 & SK_KEY_V6) != 0;
	return v6 || (table->limits.heads != SK_FLOW_HEADS_NONE && (uint8_t)(key->meta >> 32) == SK_SEGMENT_TCP);
}

static void set_guess(const struct sk_flow_table *table, struct prepared *p, struct slot slot)
{
	p->guess = slot.set;
	p->guess_way = (uint8_t)slot.way;
	p->guess_tag = slot.set->tag[slot.way];
	p->guess_expiry = slot.set->expiry[slot.way];
	sk_fetch(&slot.set->flows[slot.way]);
	if (needs_wide(table, &p->key))
		sk_fetch(&slot.set->wides[slot.way]);
}

/* Who is not in the first set is in the second, or opens a flow: then the place that it would get is the guess. */
static inline void guess_other(const struct sk_flow_table *table, struct prepared *p)
{
	unsigned found = sk_set_match(p->sets[1], p->tag);
	p->guess_found = found != 0;
	set_guess(table, p, p->guess_found ? (struct slot){.set = p->sets[1], .way = (unsigned)__builtin_ctz(found)} : choose(table, p));
}

/* sk_flow_hash of count keys of IPv4, and how far behind the first set the two sets of each lie: a loop that compilers turn into vector instructions, by itself, where
   nothing else can be taken for what it writes. */
__attribute__((noinline)) static void hash_pairs(const uint64_t key[2], const uint64_t *restrict metas, const uint64_t *restrict pairs, uint32_t set_count,
						 uint64_t *restrict hashes, uint64_t *restrict firsts, uint64_t *restrict seconds, size_t count)
{
	const uint64_t low = key[0], high = key[1];
	for (size_t i = 0; i < count; i++) {
		struct sk_sip s = sk_sip_start(low, high);
		sk_sip_word(&s, metas[i]);
		sk_sip_word(&s, pairs[i]);
		hashes[i] = sk_sip_finish(&s, 0, 16);
		firsts[i] = sk_set_offset(hashes[i], 0, set_count);
		seconds[i] = sk_set_offset(hashes[i], 1, set_count);
	}
}

static void place_wide(struct sk_flow_table *table, size_t i)
{
	table->hashes[i] = sk_flow_hash(table->key, &table->prepared[i].key);
	for (unsigned which = 0; which < 2; which++)
		table->offsets[which][i] = sk_set_offset(table->hashes[i], which, table->set_count);
}

/* Keys and hashes of a batch; then its first sets are on their way. */
static void prepare_keys(struct sk_flow_table *table, const struct sk_packet *packets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct prepared *p = &table->prepared[i];
		p->packet = &packets[i];
		p->direction = sk_flow_key(&packets[i], &p->key);
		table->hashed[0][i] = p->key.meta;
		table->hashed[1][i] = p->key.words[0];
	}
	hash_pairs(table->key, table->hashed[0], table->hashed[1], table->set_count, table->hashes, table->offsets[0], table->offsets[1], count);
	for (size_t i = 0; i < count; i++) {
		struct prepared *p = &table->prepared[i];
		if (SK_UNLIKELY((p->key.meta >> 40 & SK_KEY_V6) != 0))
			place_wide(table, i);
		p->tag = sk_flow_tag(table->hashes[i]);
		for (unsigned which = 0; which < 2; which++)
			p->sets[which] = (struct set *)(void *)((uint8_t *)table->sets + table->offsets[which][i]);
		sk_fetch(p->sets[0]);
	}
}

/* Three passes, each over lines that the one before has sent for: first sets; second sets of the flows that do not live in their first; entries. Whether a first
   set holds the tag is anyone's guess where half of the packets open flows, so the first pass has no branch on it. */
void sk_flow_prepare(struct sk_flow_table *table, const struct sk_packet *packets, size_t count)
{
	uint8_t others[SK_BATCH_MAX];
	size_t other_count = 0;
	SK_INVARIANT(count <= SK_BATCH_MAX);
	prepare_keys(table, packets, count);
	for (size_t i = 0; i < count; i++) {
		struct prepared *p = &table->prepared[i];
		struct set *set = p->sets[0];
		unsigned found = sk_set_match(set, p->tag), way = (unsigned)__builtin_ctz(found | 1u << (SK_SET_WAYS - 1));
		p->guess_found = found != 0;
		p->guess = set;
		p->guess_way = (uint8_t)way;
		p->guess_tag = p->tag;
		const void *other = p->sets[1];
		sk_fetch(found != 0 ? &set->flows[way] : other);
		if (needs_wide(table, &p->key))
			sk_fetch(found != 0 ? &set->wides[way] : other);
		others[other_count] = (uint8_t)i;
		other_count += found == 0;
	}
	for (size_t i = 0; i < other_count; i++)
		guess_other(table, &table->prepared[others[i]]);
	table->prepared[count].packet = NULL;
	table->ahead = table->prepared;
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

/* What prepare found out of this packet; found out now when it was not prepared. */
static inline const struct prepared *look_ahead(struct sk_flow_table *table, const struct sk_packet *packet)
{
	if (SK_UNLIKELY(table->ahead->packet != packet))
		sk_flow_prepare(table, packet, 1);
	const struct prepared *p = table->ahead++, *near = p + SK_NEAR;
	/* What was fetched into the second level comes into the first. Behind the batch are sets of earlier ones: one line more costs nothing. */
	__builtin_prefetch(near->guess, 1, 3);
	__builtin_prefetch(&near->guess->flows[near->guess_way], 1, 3);
	return p;
}

/* By the tag, in both sets. */
static struct slot search(const struct prepared *p)
{
	for (unsigned side = 0; side < 2; side++) {
		struct set *set = p->sets[side];
		for (unsigned found = sk_set_match(set, p->tag); found != 0; found &= found - 1) {
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
	return search(p);
}

/* Both sets may be full: what is nearest to its expiry has expired, or is evicted. A flood of half-open flows so evicts itself. */
static inline struct slot make_room(struct sk_flow_table *table, const struct prepared *p)
{
	struct slot slot = {.set = p->guess, .way = p->guess_way};
	if (SK_UNLIKELY(p->guess_found || slot.set->tag[slot.way] != p->guess_tag || slot.set->expiry[slot.way] != p->guess_expiry))
		slot = choose(table, p);
	if (slot.set->tag[slot.way] != 0) {
		if (sk_ticks_left(slot.set, slot.way, table->now_tick) <= 0)
			sk_slot_expire(table, slot);
		else
			sk_slot_end(table, slot, SK_FLOW_END_EVICTED);
	}
	slot.set->tag[slot.way] = p->tag;
	sk_set_note(table, slot.set);
	table->clean = false;
	table->opened |= tag_bit(p->tag);
	if (SK_UNLIKELY((p->key.meta >> 40 & SK_KEY_V6) != 0))
		memcpy(&slot.set->wides[slot.way], p->key.words, sizeof p->key.words);
	return slot;
}

/* Is the flow over, and does the packet begin another? What is over is ended on the way. */
static inline bool is_over(struct sk_flow_table *table, struct slot slot, const struct sk_packet *packet)
{
	if (SK_UNLIKELY(sk_ticks_left(slot.set, slot.way, table->now_tick) <= 0)) {
		sk_slot_expire(table, slot);
		return true;
	}
	if (SK_LIKELY(sk_flow_state(&slot.set->flows[slot.way]) < SK_FLOW_CLOSED) || !sk_segment_opens_connection(packet))
		return false;
	sk_slot_end(table, slot, SK_FLOW_END_CLOSED);
	return true;
}

/* What was so before a packet came, as far as sk_flow_news asks for it. */
struct before {
	bool silent, acked; /* the packet's direction had no packet; none with ACK alone */
	bool closed;
};

static inline struct before before_packet(const struct sk_flow *flow, unsigned direction)
{
	uint8_t flags = sk_side_flags(flow->side[direction]);
	return (struct before){.silent = flow->packets[direction] == 0 && !sk_flow_knows(flow, SK_KNOWN_CONTINUED), .acked = (flags & SK_TCP_ACK) != 0,
			       .closed = sk_flow_state(flow) >= SK_FLOW_CLOSED};
}

/* Most packets bring none: a few comparisons of what is in registers. */
static inline uint8_t news_of(const struct sk_flow *flow, const struct sk_packet *packet, unsigned direction, struct before before)
{
	bool back = direction != sk_flow_initiator(flow), tcp = packet->ip_proto == SK_SEGMENT_TCP;
	bool answer = before.silent && back;
	bool confirm = tcp && !back && !before.acked && (packet->tcp_flags & (SK_TCP_ACK | SK_TCP_SYN | SK_TCP_RST)) == SK_TCP_ACK;
	bool close = tcp && !before.closed && sk_flow_state(flow) >= SK_FLOW_CLOSED;
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
	if (is_new && !sk_flow_knows(flow, SK_KNOWN_CONTINUED))
		news |= SK_FLOW_NEWS_OPEN | (direction != sk_flow_initiator(flow) ? SK_FLOW_NEWS_BACK : 0u);
	table->news = (uint8_t)news;
}

/* A packet that opens a flow. */
static inline struct sk_flow *open_flow(struct sk_flow_table *table, const struct prepared *p, const struct sk_packet *packet)
{
	const struct before nothing = {.silent = true};
	struct slot slot = make_room(table, p);
	struct sk_flow *flow = &slot.set->flows[slot.way];
	sk_segment_first(table, flow, &p->key, packet, p->direction);
	table->counters.flows++;
	table->counters.created++;
	table->counters.live++;
	if (table->told_news)
		take_news(table, flow, packet, p->direction, nothing, true);
	sk_slot_arm(table, slot);
	return flow;
}

/* A packet of a flow that runs. */
static inline struct sk_flow *go_on(struct sk_flow_table *table, struct slot slot, const struct sk_packet *packet, unsigned direction, bool *is_new)
{
	struct sk_flow *flow = &slot.set->flows[slot.way];
	struct before before = {.silent = false};
	bool begins = sk_place_only(flow);
	if (SK_UNLIKELY(sk_segment_is_full(flow, packet, table->limits.active_ns)) && !begins) {
		sk_place_end(table, flow);
		begins = true;
	}
	if (table->told_news)
		before = before_packet(flow, direction);
	if (SK_UNLIKELY(begins)) {
		sk_segment_again(table, flow, packet, direction);
		table->counters.created++;
		table->counters.live++;
	} else {
		sk_segment_add(table, flow, packet, direction);
	}
	if (table->told_news)
		take_news(table, flow, packet, direction, before, begins);
	*is_new = begins;
	if (SK_UNLIKELY(flow->asked != table->generation)) {
		flow->asked = table->generation & 15u;
		flow->known &= ~(UINT64_C(1) << SK_KNOWN_SHED);
		*is_new = true;
	}
	sk_slot_arm(table, slot);
	return flow;
}

struct sk_flow *sk_flow_apply(struct sk_flow_table *table, const struct sk_packet *packet, bool *is_new)
{
	if (SK_UNLIKELY(table->head_used))
		sk_head_wipe(table);
	table->since_sweep++;
	move_clock(table, packet->clock_ns);
	const struct prepared *p = look_ahead(table, packet);
	struct slot slot = find(table, p);
	table->direction = p->direction;
	*is_new = slot.set == NULL || is_over(table, slot, packet);
	struct sk_flow *flow = *is_new ? open_flow(table, p, packet) : go_on(table, slot, packet, p->direction, is_new);
	if ((packet->tcp_flags & SK_TCP_SYN) != 0 && table->limits.heads != SK_FLOW_HEADS_NONE)
		sk_streams_syn(table, flow, packet, p->direction);
	return flow;
}

void sk_flow_skip(struct sk_flow_table *table)
{
	SK_INVARIANT(table->ahead->packet != NULL);
	table->ahead++;
}

void sk_flow_set_shed(struct sk_flow *flow)
{
	flow->known |= UINT64_C(1) << SK_KNOWN_SHED;
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
	sk_place_end(table, owner);
	table->counters.facts_shed++;
}

struct sk_flow_facts *sk_flow_facts(struct sk_flow_table *table, struct sk_flow *flow)
{
	if (sk_flow_facts_place(flow) != 0)
		return &table->facts[sk_flow_facts_place(flow)];
	if (table->limits.facts == 0) {
		table->counters.facts_shed++;
		return NULL;
	}
	if (table->facts_free == 0)
		shed_facts(table);
	uint32_t index = table->facts_free;
	table->facts_free = table->facts_places[index].next_free;
	table->facts_places[index] = (struct facts_place){.owner = flow};
	sk_flow_set_facts_place(flow, index);
	return &table->facts[index];
}

const struct sk_flow_facts *sk_flow_facts_of(const struct sk_flow_table *table, const struct sk_flow *flow)
{
	uint32_t place = sk_flow_facts_place(flow);
	return place != 0 ? &table->facts[place] : NULL;
}

/* ---- figures ---- */

void sk_flow_counters(const struct sk_flow_table *table, struct sk_flow_counters *out)
{
	*out = table->counters;
	out->heads_shed += table->credit.refused;
	if (table->quic != NULL)
		out->heads_shed += sk_quic_shed(table->quic);
}
