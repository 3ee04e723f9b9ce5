/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a kit: arenas, the clock, entries, what detectors say. */
#include <stdlib.h>
#include <sys/mman.h>

#include "detect/kit_priv.h"
#include "seal/seal.h"
#include "seal/siphash.h"
#include "wire/wire.h"

struct sk_kit_limits sk_kit_default_limits(void)
{
	return (struct sk_kit_limits){.hosts = 1 << 15, .pairs = 1 << 16};
}

enum { SIEVE_BITS = 4 /* for each place of a table */ };

/* ---- memory ---- */

static uint32_t entries_of(const struct sk_detector *ops, const struct sk_kit_limits *limits)
{
	uint32_t entries = (ops->scale == SK_SCALE_PAIRS ? limits->pairs : limits->hosts) >> ops->share;
	return entries < 64 ? 64 : entries;
}

void sk_kit_room(const char *name, uint32_t *subject_bytes, uint32_t *subjects)
{
	const struct sk_detector *ops = sk_registry_find(name);
	const struct sk_kit_limits limits = sk_kit_default_limits();
	*subject_bytes = ops != NULL ? ops->entry_bytes : 0;
	*subjects = ops != NULL ? entries_of(ops, &limits) : 0;
}

static size_t line_up(size_t bytes)
{
	return (bytes + 63) & ~(size_t)63;
}

/* Mapped, touched, left out of core files. */
static enum sk_err make_arena(struct sk_kit_place *place, const struct sk_kit_limits *limits)
{
	const struct sk_detector *ops = place->ops;
	struct sk_run *run = &place->run;
	uint32_t entries = entries_of(ops, limits);
	size_t table_bytes = line_up(sk_table_bytes(entries, ops->entry_bytes)), places = SK_TABLE_WAYS;
	while (places < entries)
		places <<= 1;
	size_t list_bytes = line_up(places * sizeof run->touched[0]), bits_bytes = line_up(places / 8 + 8);
	size_t sieve_bytes = line_up(places * SIEVE_BITS / 8);
	size_t porch_bytes = ops->waits != 0 ? sk_porch_bytes((uint32_t)places) : 0;
	place->arena_bytes = table_bytes + list_bytes + bits_bytes + sieve_bytes + porch_bytes + line_up(ops->extra_bytes);
	place->arena = mmap(NULL, place->arena_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (place->arena == MAP_FAILED) {
		place->arena = NULL;
		return SK_ENOMEM;
	}
	(void)madvise(place->arena, place->arena_bytes, MADV_HUGEPAGE);
	(void)madvise(place->arena, place->arena_bytes, MADV_DONTDUMP);
	sk_wipe(place->arena, place->arena_bytes);
	uint8_t *at = place->arena;
	sk_table_init(&run->table, at, entries, ops->entry_bytes);
	SK_INVARIANT(sk_table_places(&run->table) == places);
	at += table_bytes;
	run->touched = (uint32_t *)(void *)at;
	at += list_bytes;
	run->touched_bits = (uint64_t *)(void *)at;
	at += bits_bytes;
	run->sieve = (uint64_t *)(void *)at;
	run->sieve_mask = (uint32_t)places * SIEVE_BITS - 1;
	at += sieve_bytes;
	if (ops->waits != 0)
		sk_porch_init(&place->porch, at, (uint32_t)places, ops->wait_s(place->thresholds));
	run->extra = ops->extra_bytes != 0 ? at + porch_bytes : NULL;
	return SK_OK;
}

/* Events of these kinds, of these flows, as sorts. */
static uint64_t sorts_of(uint8_t events, uint8_t flows)
{
	uint64_t sorts = 0;
	events &= (uint8_t)~SK_EVENT_BIT(SK_EVENT_HEAD);
	for (unsigned kind = 0; kind < SK_EVENT_KIND_COUNT; kind++)
		for (unsigned flow = 0; flow < SK_KIT_FLOWS; flow++)
			if ((events & SK_EVENT_BIT(kind)) != 0 && (flows == 0 || (flows >> flow & 1) != 0))
				sorts |= UINT64_C(1) << sk_kit_sort((enum sk_event_kind)kind, flow);
	return sorts;
}

void sk_kit_ask(struct sk_run *run, uint8_t events, uint8_t heads)
{
	struct sk_kit *kit = run->kit;
	struct sk_kit_place *place = &kit->places[kit->place_of[run->index]];
	place->sorts = sorts_of(events, place->ops->flows);
	atomic_store_explicit(&place->heads, heads, memory_order_relaxed);
	atomic_store_explicit(&kit->wanted, kit->always | place->sorts, memory_order_relaxed);
	atomic_store_explicit(&kit->heads, (uint8_t)(kit->always_heads | heads), memory_order_relaxed);
}

static enum sk_err add_detector(struct sk_kit *kit, const struct sk_basis_detector *asked, size_t row, const struct sk_kit_limits *limits, struct sk_fault *fault)
{
	const struct sk_detector *ops = sk_registry_detector(row);
	if (ops == NULL)
		return SK_OK;
	struct sk_kit_place *place = &kit->places[kit->count];
	size_t rows;
	uint32_t memory_s = sk_policy_detectors(&rows)[row].memory == SK_MEMORY_SHORT ? SK_MEMORY_SHORT_S : SK_MEMORY_DAY_S;
	*place = (struct sk_kit_place){.ops = ops, .run = {.kit = kit, .index = (uint8_t)row, .memory_s = memory_s}};
	SK_TRY(sk_registry_thresholds(asked, ops, place->thresholds, fault));
	place->run.threshold = place->thresholds;
	if (make_arena(place, limits) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "detector %s: out of memory", ops->name);
	size_t place_of_it = kit->count++;
	kit->place_of[row] = (uint8_t)place_of_it;
	for (unsigned kind = 0; kind < SK_COUNT(kit->head_places); kind++)
		kit->head_places[kind] |= (uint64_t)(ops->heads >> kind & 1) << place_of_it;
	kit->named_places |= (uint64_t)(ops->named != NULL) << place_of_it;
	if (!ops->on_request) {
		uint8_t events = kit->half == 0 ? (uint8_t)(ops->events & ~ops->half) : ops->events;
		place->sorts = sorts_of(events, ops->flows) & ~(ops->but.events != 0 ? sorts_of(ops->but.events, ops->but.flows) : 0);
		kit->always |= place->sorts;
		kit->always_heads |= ops->heads;
	}
	place->finds = sorts_of(ops->finds, ops->flows);
	atomic_store_explicit(&place->heads, ops->on_request ? 0 : ops->heads, memory_order_relaxed);
	atomic_store_explicit(&kit->wanted, kit->always, memory_order_relaxed);
	atomic_store_explicit(&kit->heads, kit->always_heads, memory_order_relaxed);
	if (ops->named != NULL && kit->suffixes == NULL && sk_suffixes_open(&kit->suffixes) != SK_OK)
		return sk_fault_set(fault, SK_EIO, "detector %s: the public suffix list cannot be read; expected the package publicsuffix", ops->name);
	kit->counts.bytes += place->arena_bytes;
	return SK_OK;
}

/* Flows from abroad are answered by frames of class DF, and the reverse; transit by transit. */
static uint8_t half_of(uint32_t classes)
{
	bool out = (classes & SK_CLASS_BIT(SK_CLASS_DF)) != 0, in = (classes & SK_CLASS_BIT(SK_CLASS_FD)) != 0;
	return (uint8_t)((out ? 0 : SK_CLASS_BIT(SK_CLASS_FD)) | (in ? 0 : SK_CLASS_BIT(SK_CLASS_DF)));
}

enum sk_err sk_kit_new(const struct sk_kit_config *config, struct sk_kit **out, struct sk_fault *fault)
{
	const struct sk_basis *basis = config->basis;
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	*out = NULL;
	SK_TRY(sk_kit_check(basis, fault));
	struct sk_kit *kit = aligned_alloc(_Alignof(struct sk_kit), sizeof *kit);
	if (kit != NULL)
		memset(kit, 0, sizeof *kit);
	if (kit == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "detectors: out of memory");
	sk_kit_rekey(kit, config->key);
	kit->half = half_of(basis->classes);
	kit->brands = config->brands;
	enum sk_err err = SK_OK;
	for (size_t row = 0; row < rows && err == SK_OK; row++)
		for (size_t i = 0; i < basis->detector_count && err == SK_OK; i++)
			if (strcmp(basis->detectors[i].name, table[row].name) == 0)
				err = add_detector(kit, &basis->detectors[i], row, &config->limits, fault);
	if (err != SK_OK || kit->count == 0) {
		sk_kit_free(kit);
		return err;
	}
	*out = kit;
	return SK_OK;
}

void sk_kit_rekey(struct sk_kit *kit, const uint8_t key[16])
{
	struct sk_cur c = sk_cur_of(key, 16);
	kit->low = sk_le64(&c);
	kit->high = sk_le64(&c);
}

void sk_kit_free(struct sk_kit *kit)
{
	if (kit == NULL)
		return;
	for (size_t i = 0; i < SK_KIT_DETECTORS_MAX; i++)
		if (kit->places[i].arena != NULL) {
			sk_wipe(kit->places[i].arena, kit->places[i].arena_bytes);
			(void)munmap(kit->places[i].arena, kit->places[i].arena_bytes);
		}
	sk_suffixes_close(kit->suffixes);
	sk_wipe(kit, sizeof *kit);
	free(kit);
}

void sk_kit_wipe_batch(struct sk_kit *kit)
{
	sk_wipe(kit->batch, sizeof kit->batch);
	sk_wipe(kit->keys, sizeof kit->keys);
	sk_wipe(kit->words, sizeof kit->words);
	sk_wipe(kit->hashes, sizeof kit->hashes);
}

//= rule: DETECTOR-2
void sk_kit_wipe(struct sk_kit *kit)
{
	for (size_t i = 0; i < kit->count; i++) {
		struct sk_kit_place *place = &kit->places[i];
		sk_wipe(place->arena, place->arena_bytes);
		place->run.touched_count = place->run.sieve_set = 0;
		place->run.table.live = 0;
		sk_porch_forget(&place->porch);
	}
	memset(kit->sorts, 0, sizeof kit->sorts);
	memset(kit->of_heads, 0, sizeof kit->of_heads);
	kit->present = 0;
	sk_kit_wipe_batch(kit);
	sk_wipe(kit->queue, sizeof kit->queue);
	sk_wipe(kit->found, sizeof kit->found);
	sk_wipe(kit->heard, sizeof kit->heard);
	kit->found_count = kit->heard_count = 0;
	kit->batch_count = kit->queue_count = 0;
	kit->started = false;
	kit->finishing = false;
}

size_t sk_kit_residue(const struct sk_kit *kit)
{
	size_t left = sk_count_nonzero(kit->batch, sizeof kit->batch) + sk_count_nonzero(kit->queue, sizeof kit->queue) + sk_count_nonzero(kit->found, sizeof kit->found) +
		      sk_count_nonzero(kit->heard, sizeof kit->heard) + sk_count_nonzero(kit->words, sizeof kit->words) + sk_count_nonzero(kit->hashes, sizeof kit->hashes);
	for (size_t i = 0; i < kit->count; i++)
		left += sk_count_nonzero(kit->places[i].arena, kit->places[i].arena_bytes);
	return left;
}

/* ---- hashes ---- */

uint64_t sk_kit_hash_addr(const struct sk_kit *kit, const struct sk_addr *addr)
{
	uint64_t words[2];
	struct sk_sip s = sk_sip_start(kit->low, kit->high);
	memcpy(words, addr->bytes, sizeof words);
	sk_sip_word(&s, words[0]);
	if (addr->family == 6)
		sk_sip_word(&s, words[1]);
	return sk_sip_finish(&s, 0, addr->family == 6 ? 16 : 8);
}

/* Both halves of the key, and no answer from which one could be learnt: a mix does. */
uint64_t sk_kit_hash_net(const struct sk_kit *kit, const struct sk_addr *addr)
{
	uint64_t word = addr->family;
	if (addr->family == 6)
		memcpy((uint8_t *)&word + 1, addr->bytes, 6);
	else
		memcpy((uint8_t *)&word + 1, addr->bytes, 3);
	return sk_mix(kit->low ^ word, kit->high);
}

uint64_t sk_run_hash(const struct sk_run *run, const void *bytes, size_t length)
{
	struct sk_sip s = sk_sip_start(run->kit->low, run->kit->high);
	struct sk_cur c = sk_cur_of(bytes, length);
	while (sk_left(&c) >= 8)
		sk_sip_word(&s, sk_le64(&c));
	uint64_t rest = 0;
	for (unsigned shift = 0; sk_more(&c); shift += 8)
		rest |= (uint64_t)sk_u8(&c) << shift;
	return sk_sip_finish(&s, rest, length);
}

const struct sk_brands *sk_run_brands(const struct sk_run *run)
{
	return run->kit->brands;
}

uint64_t sk_run_net(const struct sk_run *run, const struct sk_addr *addr)
{
	return sk_kit_hash_net(run->kit, addr);
}

/* ---- entries ---- */

/* Bits of tags: an entry that is there has its own. Nobody clears them one by one: after as many as there are places they are made anew out of the table. */
static void put_in_sieve(struct sk_run *run, uint32_t tag)
{
	uint32_t bit = tag & run->sieve_mask;
	run->sieve[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void make_sieve(struct sk_run *run)
{
	memset(run->sieve, 0, (run->sieve_mask + 1) / 8);
	for (uint32_t line = 0; line <= run->table.mask; line++)
		for (unsigned way = 0; way < SK_TABLE_WAYS; way++)
			if (run->table.lines[line].tag[way] != 0)
				put_in_sieve(run, run->table.lines[line].tag[way]);
	run->sieve_set = 0;
}

/* No entry outlives its detector's memory: then it is given up, and the subject is a new one. rule: DETECTOR-2 */
void sk_run_want(struct sk_run *run, void *at, uint32_t wanted_s)
{
	const struct sk_entry *entry = at;
	uint32_t until_s = run->now_s + wanted_s, most_s = entry->born_s + run->memory_s;
	sk_table_want_at(&run->table, entry->place, until_s < most_s ? until_s : most_s);
}

void *sk_run_take(struct sk_run *run, uint64_t key, uint32_t wanted_s, bool *fresh)
{
	uint32_t until_s = run->now_s + wanted_s;
	struct sk_entry *entry = sk_table_take(&run->table, key, run->now_s, until_s, fresh);
	if (*fresh) {
		*entry = (struct sk_entry){.born_s = run->now_s, .place = sk_table_place(&run->table, entry)};
		put_in_sieve(run, sk_table_tag(key));
		if (++run->sieve_set > run->sieve_mask / SIEVE_BITS)
			make_sieve(run);
	}
	if (SK_UNLIKELY(until_s > entry->born_s + run->memory_s))
		sk_run_want(run, entry, wanted_s);
	return entry;
}

/* ---- what is said ---- */

void sk_run_touch(struct sk_run *run, const void *at)
{
	uint32_t place = ((const struct sk_entry *)at)->place;
	if (sk_bits_add(&run->touched_bits[place / 64], 1, place & 63))
		run->touched[run->touched_count++] = place;
}

bool sk_run_say(struct sk_run *run, const struct sk_detection *detection)
{
	struct sk_kit *kit = run->kit;
	if (kit->queue_count == SK_KIT_QUEUE)
		return false;
	struct sk_detection *at = &kit->queue[(kit->queue_first + kit->queue_count++) % SK_KIT_QUEUE];
	*at = *detection;
	at->detector = run->index;
	kit->counts.detections++;
	if ((kit->always & sk_kit_sorts_of_kind(SK_EVENT_FOUND)) != 0 && kit->found_count < SK_KIT_FOUND) {
		struct sk_event *found = &kit->found[kit->found_count++];
		*found = (struct sk_event){.kind = SK_EVENT_FOUND, .detector = run->index, .time_ns = at->last_ns, .class_ = at->class_, .ip_proto = at->ip_proto,
					   .app = at->app, .initiator = at->initiator, .responder = at->responder, .initiator_port = at->initiator_port,
					   .responder_port = at->responder_port, .bits = at->half_view ? SK_EVENT_HALF : 0};
		found->found.contacts = at->contacts;
		found->found.value = at->value;
		found->found.of_responder = at->of_responder;
	}
	return true;
}

bool sk_kit_next(struct sk_kit *kit, struct sk_detection *out)
{
	if (kit->queue_count == 0)
		return false;
	struct sk_detection *at = &kit->queue[kit->queue_first];
	*out = *at;
	sk_wipe(at, sizeof *at);
	kit->queue_first = (kit->queue_first + 1) % SK_KIT_QUEUE;
	kit->queue_count--;
	return true;
}

/* ---- settling ---- */

/* The entry at a place, also when its time is over; NULL when it was given up. */
static void *entry_at(struct sk_table *table, uint32_t place)
{
	return table->lines[place / SK_TABLE_WAYS].tag[place % SK_TABLE_WAYS] != 0 ? table->entries + (size_t)place * table->entry_bytes : NULL;
}

static void settle_touched(struct sk_kit_place *at)
{
	struct sk_run *run = &at->run;
	uint32_t count = run->touched_count;
	run->touched_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t place = run->touched[i];
		run->touched_bits[place / 64] &= ~(UINT64_C(1) << (place & 63));
		if (i + 4 < count)
			__builtin_prefetch(run->table.entries + (size_t)run->touched[i + 4] * run->table.entry_bytes, 1);
		void *entry = entry_at(&run->table, place);
		/* No more than what is read already is written again. */
		if (entry != NULL && at->ops->settle(run, entry))
			sk_run_touch(run, entry);
	}
}

static void tick_to(struct sk_kit *kit, uint32_t now_s)
{
	sk_kit_hear(kit);
	kit->now_s = now_s;
	for (size_t i = 0; i < kit->count; i++)
		kit->places[i].run.now_s = now_s;
	for (size_t i = 0; i < kit->count; i++) {
		settle_touched(&kit->places[i]);
		if (kit->places[i].ops->second != NULL)
			kit->places[i].ops->second(&kit->places[i].run);
	}
	memcpy(kit->heard, kit->found, kit->found_count * sizeof kit->found[0]);
	kit->heard_count = kit->found_count;
	kit->found_count = 0;
}

/* An older input begins, or one packet had come from the future: what was remembered belongs to another time. */
static void start_anew(struct sk_kit *kit, uint32_t now_s)
{
	for (size_t i = 0; i < kit->count; i++) {
		struct sk_run *run = &kit->places[i].run;
		run->last = true;
		for (uint32_t place = 0; place < sk_table_places(&run->table); place++)
			if (entry_at(&run->table, place) != NULL)
				(void)kit->places[i].ops->settle(run, entry_at(&run->table, place));
		run->last = false;
		const struct sk_detector *ops = kit->places[i].ops;
		sk_wipe(kit->places[i].arena, kit->places[i].arena_bytes - (ops->anew != NULL ? line_up(ops->extra_bytes) : 0));
		run->touched_count = run->sieve_set = 0;
		run->table.live = 0;
		sk_porch_forget(&kit->places[i].porch);
		run->now_s = now_s;
		if (ops->anew != NULL)
			ops->anew(run);
	}
	kit->found_count = kit->heard_count = 0;
	kit->now_s = now_s;
}

void sk_kit_tick(struct sk_kit *kit, int64_t now_ns)
{
	uint32_t now_s = sk_run_second(now_ns);
	if (!kit->started || now_s > kit->now_s) {
		kit->started = true;
		tick_to(kit, now_s);
	} else if (now_s < kit->now_s) {
		sk_kit_hear(kit);
		start_anew(kit, now_s);
	}
}

bool sk_kit_finish(struct sk_kit *kit)
{
	if (!kit->finishing) {
		sk_kit_hear(kit);
		kit->finishing = true;
		kit->finish_place = 0;
		kit->finish_entry = 0;
	}
	for (; kit->finish_place < kit->count; kit->finish_place++, kit->finish_entry = 0) {
		struct sk_kit_place *at = &kit->places[kit->finish_place];
		at->run.last = true;
		for (; kit->finish_entry < sk_table_places(&at->run.table); kit->finish_entry++) {
			if (kit->queue_count > SK_KIT_QUEUE - SK_KIT_QUEUE_SPARE)
				return true;
			void *entry = entry_at(&at->run.table, kit->finish_entry);
			if (entry != NULL)
				(void)at->ops->settle(&at->run, entry);
		}
		at->run.last = false;
	}
	kit->finishing = false;
	return false;
}

/* ---- the clock ---- */

/* The kit ticks itself, between two events: then nothing depends on how they were batched. */
void sk_kit_clock(struct sk_kit *kit, int64_t time_ns)
{
	uint32_t now_s = sk_run_second(time_ns);
	if (SK_LIKELY(now_s == kit->now_s))
		return;
	if (!kit->started) {
		sk_kit_tick(kit, time_ns);
	} else if (now_s > kit->now_s) {
		kit->behind = 0;
		if (now_s - kit->now_s > SK_KIT_JUMP_S && ++kit->ahead < SK_KIT_JUMP_EVENTS)
			return;
		kit->ahead = 0;
		tick_to(kit, now_s);
	} else if (kit->now_s - now_s > SK_KIT_BEHIND_S && ++kit->behind >= SK_KIT_BEHIND_EVENTS) {
		kit->ahead = kit->behind = 0;
		sk_kit_run(kit);
		start_anew(kit, now_s);
	}
}

/* ---- figures ---- */

void sk_kit_counts(const struct sk_kit *kit, struct sk_kit_counts *out)
{
	*out = kit->counts;
	/* Those of the batch are counted when it is worked off. */
	for (uint64_t sorts = kit->present; sorts != 0; sorts &= sorts - 1)
		out->events[(unsigned)__builtin_ctzll(sorts) / SK_KIT_FLOWS] += sk_ones(kit->sorts[__builtin_ctzll(sorts)]);
	for (size_t i = 0; i < kit->count; i++) {
		out->entries += kit->places[i].run.table.live;
		out->waiting += kit->places[i].porch.waiting;
		out->evicted += kit->places[i].run.table.evicted + kit->places[i].porch.evicted;
	}
}

void sk_kit_tell(const struct sk_kit *kit, const struct sk_detection *detection, struct sk_telling *out)
{
	const struct sk_kit_place *place = &kit->places[kit->place_of[detection->detector]];
	memset(out, 0, sizeof *out);
	place->ops->tell(detection, place->thresholds, out);
}
