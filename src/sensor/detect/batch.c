/* SPDX-License-Identifier: Apache-2.0 */
/* Events through detectors, a batch at a time. */
#include "detect/kit_priv.h"
#include "seal/siphash.h"

/* sk_kit_hash_addr of so many addresses of IPv4, a loop that compilers turn into vector instructions: by itself, where nothing else can be taken for what it writes. */
__attribute__((noinline)) static void hash_words(uint64_t low, uint64_t high, const uint64_t *restrict words, uint64_t *restrict hashes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sk_sip s = sk_sip_start(low, high);
		sk_sip_word(&s, words[i]);
		hashes[i] = sk_sip_finish(&s, 0, 8);
	}
}

/* Both ends of every event of the batch. */
static void hash_batch(struct sk_kit *kit)
{
	for (size_t i = 0; i < kit->batch_count; i++) {
		memcpy(&kit->words[2 * i], kit->batch[i].initiator.bytes, sizeof kit->words[0]);
		memcpy(&kit->words[2 * i + 1], kit->batch[i].responder.bytes, sizeof kit->words[0]);
	}
	hash_words(kit->low, kit->high, kit->words, kit->hashes, 2 * kit->batch_count);
	for (size_t i = 0; i < kit->batch_count; i++) {
		struct sk_event *event = &kit->batch[i];
		event->from = SK_LIKELY(event->initiator.family != 6) ? kit->hashes[2 * i] : sk_kit_hash_addr(kit, &event->initiator);
		event->to = SK_LIKELY(event->responder.family != 6) ? kit->hashes[2 * i + 1] : sk_kit_hash_addr(kit, &event->responder);
	}
}

/* Three passes over the events that a detector asks for: keys, entries on their way, counting. */
static void run_detector(struct sk_kit *kit, struct sk_kit_place *at, uint64_t asked)
{
	const struct sk_detector *ops = at->ops;
	struct sk_run *run = &at->run;
	bool porch = at->porch.notes != NULL;
	uint64_t live = 0, maybe = 0, known = 0;
	for (; asked != 0; asked &= asked - 1) {
		unsigned i = (unsigned)__builtin_ctzll(asked);
		kit->keys[i] = ops->key(run, &kit->batch[i]);
		if (kit->keys[i] == 0)
			continue;
		live |= UINT64_C(1) << i;
		if (sk_run_may_know(run, kit->keys[i])) {
			maybe |= UINT64_C(1) << i;
			sk_table_prefetch(&run->table, kit->keys[i]);
		}
		if (porch)
			sk_porch_prefetch(&at->porch, kit->keys[i]);
	}
	for (uint64_t left = maybe; left != 0; left &= left - 1)
		if (sk_table_prefetch_entry(&run->table, kit->keys[__builtin_ctzll(left)]))
			known |= left & -left;
	for (uint64_t left = porch ? live & ~known : 0; left != 0; left &= left - 1)
		sk_porch_prefetch_note(&at->porch, kit->keys[__builtin_ctzll(left)]);
	uint64_t taken = run->table.taken;
	for (uint64_t left = live; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		const struct sk_event *event = &kit->batch[i];
		/* Who had no entry may have got one by an event of this batch. */
		bool enters = (known >> i & 1) != 0 ||
			      (run->table.taken != taken && sk_run_may_know(run, kit->keys[i]) && sk_table_find(&run->table, kit->keys[i], run->now_s) != NULL);
		if (!enters)
			enters = porch ? sk_porch_pass(at, event, kit->keys[i]) : (ops->finds & SK_EVENT_BIT(event->kind)) == 0;
		if (enters)
			ops->event(run, event, kit->keys[i]);
	}
}

/* Which events of the batch a detector is asked about. While it knows nobody and nobody comes, there is nobody to find. */
static uint64_t asked_of(const struct sk_kit *kit, size_t i)
{
	const struct sk_kit_place *at = &kit->places[i];
	uint64_t asked = atomic_load_explicit(&at->heads, memory_order_relaxed) != 0 ? kit->of_heads[i] : 0, sorts = kit->present & at->sorts;
	if (at->run.table.live == 0 && at->porch.waiting == 0 && (sorts & ~at->finds) == 0)
		sorts = 0;
	for (; sorts != 0; sorts &= sorts - 1)
		asked |= kit->sorts[__builtin_ctzll(sorts)];
	return asked;
}

void sk_kit_run(struct sk_kit *kit)
{
	_Static_assert(SK_KIT_BATCH == 64, "a bit for each event of a batch");
	if (kit->batch_count == 0)
		return;
	hash_batch(kit);
	uint64_t heads = 0;
	for (size_t i = 0; i < kit->count; i++) {
		uint64_t asked = asked_of(kit, i);
		heads |= kit->of_heads[i];
		kit->of_heads[i] = 0;
		if (asked != 0)
			run_detector(kit, &kit->places[i], asked);
	}
	/* What came out of a payload goes at once; addresses and times are those that entries hold too. */
	for (; heads != 0; heads &= heads - 1)
		sk_wipe_small(&kit->batch[__builtin_ctzll(heads)].head, sizeof kit->batch[0].head);
	for (; kit->present != 0; kit->present &= kit->present - 1) {
		unsigned sort = (unsigned)__builtin_ctzll(kit->present);
		kit->counts.events[sort / SK_KIT_FLOWS] += sk_ones(kit->sorts[sort]);
		kit->sorts[sort] = 0;
	}
	kit->batch_count = 0;
}

/* An event was put behind the batch. */
static void add_event(struct sk_kit *kit)
{
	const struct sk_event *event = &kit->batch[kit->batch_count];
	uint64_t bit = UINT64_C(1) << kit->batch_count++;
	if (event->kind == SK_EVENT_HEAD) {
		kit->counts.events[SK_EVENT_HEAD]++;
		uint8_t place = kit->place_of[event->detector];
		if (kit->places[place].run.index == event->detector)
			kit->of_heads[place] |= bit;
	} else {
		unsigned sort = sk_kit_sort((enum sk_event_kind)event->kind, sk_event_flow(event));
		kit->sorts[sort] |= bit;
		kit->present |= UINT64_C(1) << sort;
	}
	if (kit->batch_count == SK_KIT_BATCH)
		sk_kit_run(kit);
}

void sk_kit_receive(struct sk_kit *kit, const void *bytes, size_t length)
{
	SK_INVARIANT(length <= sizeof kit->batch[0]);
	memcpy(&kit->batch[kit->batch_count], bytes, length);
	add_event(kit);
}

/* As sk_kit_receive: two copies whose lengths are known cost less than one. */
static void take(void *context, const struct sk_event *event)
{
	struct sk_kit *kit = context;
	struct sk_event *room = &kit->batch[kit->batch_count];
	if (SK_LIKELY(event->kind != SK_EVENT_HEAD))
		memcpy(room, event, SK_EVENT_FLOW_BYTES);
	else
		memcpy(room, event, sizeof *room);
	add_event(kit);
}

struct sk_kit_front sk_kit_front(struct sk_kit *kit)
{
	return (struct sk_kit_front){.kit = kit, .context = kit, .send = take};
}

/* What detectors said when the last second was weighed is told behind all events of this one. */
void sk_kit_hear(struct sk_kit *kit)
{
	sk_kit_run(kit);
	for (size_t i = 0; i < kit->heard_count; i++) {
		kit->batch[kit->batch_count] = kit->heard[i];
		add_event(kit);
	}
	kit->heard_count = 0;
	sk_kit_run(kit);
}
