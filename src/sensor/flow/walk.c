/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over all flows, and the clock that says when they are due. Only sets into which a flow has gone are walked over: a table for a million flows that holds a
   few would cost more to look at than to fill. */
#include "flow/table_priv.h"

static int64_t longest_idle_ns(const struct sk_flow_limits *limits)
{
	int64_t longest = limits->idle_ns > limits->idle_syn_ns ? limits->idle_ns : limits->idle_syn_ns;
	return longest > limits->idle_closed_ns ? longest : limits->idle_closed_ns;
}

/* ---- walks ---- */

/* The first set at or behind `at` that may hold flows; set_count: none. */
static uint32_t next_noted(const struct sk_flow_table *table, uint32_t at)
{
	uint64_t bits = at < table->set_count ? table->noted[at / 64] >> (at % 64) : 0;
	if (bits != 0)
		return at + (uint32_t)__builtin_ctzll(bits);
	for (uint32_t word = at / 64 + 1; word < (table->set_count + 63) / 64; word++)
		if (table->noted[word] != 0)
			return word * 64 + (uint32_t)__builtin_ctzll(table->noted[word]);
	return table->set_count;
}

/* Ends what has expired, in three steps over sets that lie far apart: a set's line is sent for, AHEAD sets later the entries that it names, and as many sets
   later they are ended. A set that holds no flow any more is not walked over again. */
static void sweep(struct sk_flow_table *table, bool all)
{
	enum { AHEAD = 32, RING = 2 * AHEAD };
	uint16_t now = table->now_tick, over[RING] = {0};
	uint32_t sets[RING], left = RING;
	table->swept_ns = table->now_ns;
	table->since_sweep = 0;
	for (size_t i = 0; i < RING; i++)
		sets[i] = table->set_count;
	for (uint32_t step = 0, at = 0; left > 0; step++) {
		uint32_t *newest = &sets[step % RING], middle = sets[(step + AHEAD) % RING];
		struct set *set = &table->sets[*newest];
		for (unsigned bits = over[step % RING]; bits != 0; bits &= bits - 1)
			sk_slot_expire(table, (struct slot){.set = set, .way = (unsigned)__builtin_ctz(bits)});
		if (*newest != table->set_count && sk_set_used(set) == 0)
			table->noted[*newest / 64] &= ~(UINT64_C(1) << (*newest % 64));
		at = next_noted(table, at);
		*newest = at;
		over[step % RING] = 0;
		if (at < table->set_count)
			sk_fetch(&table->sets[at++]);
		else
			left--;
		if (middle == table->set_count)
			continue;
		set = &table->sets[middle];
		unsigned bits = all ? sk_set_used(set) : sk_set_expired(set, now);
		over[(step + AHEAD) % RING] = (uint16_t)bits;
		for (; bits != 0; bits &= bits - 1)
			sk_fetch(&set->flows[__builtin_ctz(bits)]);
	}
}

/* ---- the clock ---- */

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
void sk_clock_advance(struct sk_flow_table *table, int64_t time_ns)
{
	if (time_ns < 0)
		time_ns = 0;
	if (!table->started) {
		table->started = true;
		sk_clock_set(table, time_ns);
		table->swept_ns = time_ns;
	}
	if (time_ns > table->now_ns) {
		bool outlasts = time_ns - table->now_ns > longest_idle_ns(&table->limits) + 2 * NS_PER_TICK;
		sk_clock_set(table, time_ns);
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
	sk_clock_advance(table, was_ns);
	sweep(table, false);
	sk_clock_set(table, now_ns);
	table->swept_ns = now_ns;
	set_calm(table);
	for (uint32_t i = next_noted(table, 0); i < table->set_count; i = next_noted(table, i + 1))
		for (unsigned used = sk_set_used(&table->sets[i]); used != 0; used &= used - 1)
			sk_slot_arm(table, (struct slot){.set = &table->sets[i], .way = (unsigned)__builtin_ctz(used)});
}

void sk_flow_expire(struct sk_flow_table *table, int64_t now_ns)
{
	sk_head_wipe(table);
	sk_clock_advance(table, now_ns);
}

void sk_flow_settle(struct sk_flow_table *table, int64_t now_ns)
{
	sk_head_wipe(table);
	sk_clock_advance(table, now_ns);
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
	for (uint32_t i = next_noted(table, 0); i < table->set_count; i = next_noted(table, i + 1)) {
		for (unsigned used = sk_set_used(&table->sets[i]); used != 0; used &= used - 1)
			sk_slot_end(table, (struct slot){.set = &table->sets[i], .way = (unsigned)__builtin_ctz(used)}, end);
		table->noted[i / 64] &= ~(UINT64_C(1) << (i % 64));
	}
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
	for (uint32_t i = next_noted(table, 0); i < table->set_count; i = next_noted(table, i + 1))
		for (unsigned used = sk_set_used(&table->sets[i]); used != 0; used &= used - 1)
			table->sets[i].flows[__builtin_ctz(used)].asked = 0;
}

void sk_flow_end_hits(struct sk_flow_table *table)
{
	sk_head_wipe(table);
	for (uint32_t i = 1; i <= table->limits.facts; i++) {
		struct sk_flow *owner = table->facts_places[i].owner;
		if (owner == NULL || table->facts[i].hit_count == 0)
			continue;
		sk_place_end(table, owner);
	}
}

void sk_flow_review(struct sk_flow_table *table, sk_flow_stays stays, void *context, enum sk_flow_end end)
{
	struct sk_flow_record record;
	sk_head_wipe(table);
	for (uint32_t i = next_noted(table, 0); i < table->set_count; i = next_noted(table, i + 1)) {
		for (unsigned used = sk_set_used(&table->sets[i]); used != 0; used &= used - 1) {
			struct slot slot = {.set = &table->sets[i], .way = (unsigned)__builtin_ctz(used)};
			sk_flow_read(table, &slot.set->flows[slot.way], &record);
			if (!stays(context, &record))
				sk_slot_end(table, slot, end);
		}
	}
	sk_wipe(&record, sizeof record);
}

/* ---- figures ---- */

/* Over sets that lie far apart, as sweep goes: a set's line is sent for, AHEAD sets later the entries that it names, and as many sets later they are read. */
void sk_flow_pending(const struct sk_flow_table *table, uint64_t *frames, uint64_t *bytes)
{
	enum { AHEAD = 4 };
	const uint32_t count = table->set_count;
	*frames = *bytes = 0;
	for (uint32_t i = next_noted(table, 0); i < count; i = next_noted(table, i + 1)) {
		if (i + 2 * AHEAD < count)
			sk_fetch(&table->sets[i + 2 * AHEAD]);
		for (unsigned used = i + AHEAD < count ? sk_set_used(&table->sets[i + AHEAD]) : 0; used != 0; used &= used - 1)
			sk_fetch(&table->sets[i + AHEAD].flows[__builtin_ctz(used)]);
		const struct set *set = &table->sets[i];
		for (unsigned used = sk_set_used(set); used != 0; used &= used - 1) {
			const struct sk_flow *flow = &set->flows[__builtin_ctz(used)];
			*frames += (uint64_t)flow->packets[0] + flow->packets[1];
			*bytes += sk_flow_frame_bytes(flow);
		}
	}
}
