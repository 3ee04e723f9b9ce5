/* SPDX-License-Identifier: Apache-2.0 */
/* How many hosts of our own talk to a target, as long as somebody asks (detect/counter.h). Targets are kept as keyed hashes, hosts in a HyperLogLog: neither can be read back. While nobody
   asks no event is made for it. A worker turns a name into the hashes of its ends ("b.example", "a.b.example", ...), so that no name leaves it; which of them is a target is found here. */
#include <stdatomic.h>

#include "detect/counter.h"
#include "detect/dns_priv.h"
#include "detect/kit_priv.h"
#include "seal/seal.h"
#include "seal/siphash.h"

enum {
	BITS = 12, REGISTERS = 1 << BITS,
	PLACES = 4 * SK_COUNTER_MAX * SK_COUNT_TARGETS_MAX, /* a quarter full at most: a search ends soon */
	PARTS_MAX = 1 + SK_EVENT_TEXT_MAX / sizeof(uint64_t), /* of a name: its last 12 labels */
	FLOWS = SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_END), HEADS = 1u << SK_HEAD_DNS | 1u << SK_HEAD_CLIENT_HELLO | 1u << SK_HEAD_HTTP,
	ID_BYTES = 16, V4_LENGTHS = 33, LENGTHS = V4_LENGTHS + 129
};
_Static_assert((PLACES & (PLACES - 1)) == 0, "a mask");

struct slot {
	uint8_t id[ID_BYTES];
	bool used, over;
	unsigned begun;
	uint32_t life_s, first_s, last_s; /* packet time; 0: no second was seen yet */
	uint64_t low, high;           /* the sketch's key */
	uint64_t number;              /* when it is over */
	uint8_t registers[REGISTERS];
};

struct target {
	uint64_t hash;                /* 0: free */
	uint8_t slot, length;         /* a prefix: which of LENGTHS; a name: LENGTHS */
};

struct memory {
	/* What workers read: the key is written once, before any of them may look. */
	_Atomic bool names;
	uint64_t low, high;
	/* The owner's. */
	bool prefixes;
	unsigned running;             /* slots in use */
	size_t length_count;
	uint8_t lengths[LENGTHS];     /* those in use */
	struct target targets[PLACES];
	struct slot slots[SK_COUNTER_MAX];
};

/* ---- hashes ---- */

static uint64_t hash_bytes(uint64_t low, uint64_t high, const char *bytes, size_t length)
{
	struct sk_sip s = sk_sip_start(low, high);
	uint64_t word = 0;
	for (; length >= 8; bytes += 8, length -= 8) {
		memcpy(&word, bytes, 8);
		sk_sip_word(&s, word);
	}
	word = 0;
	memcpy(&word, bytes, length);
	uint64_t hash = sk_sip_finish(&s, word, 0x80 | length); /* never the end of a prefix's */
	return hash != 0 ? hash : 1;
}

static uint64_t hash_prefix(uint64_t low, uint64_t high, const struct sk_addr *addr, unsigned bits)
{
	uint8_t bytes[16] = {0};
	uint64_t words[2];
	memcpy(bytes, addr->bytes, bits / 8);
	if (bits % 8 != 0)
		bytes[bits / 8] = (uint8_t)(addr->bytes[bits / 8] & (0xff00u >> bits % 8));
	memcpy(words, bytes, sizeof words);
	struct sk_sip s = sk_sip_start(low, high);
	sk_sip_word(&s, words[0]);
	sk_sip_word(&s, words[1]);
	uint64_t hash = sk_sip_finish(&s, (uint64_t)bits << 8 | addr->family, 16);
	return hash != 0 ? hash : 1;
}

static uint64_t hash_host(const struct slot *slot, const struct sk_addr *addr)
{
	uint64_t words[2];
	struct sk_sip s = sk_sip_start(slot->low, slot->high);
	memcpy(words, addr->bytes, sizeof words);
	sk_sip_word(&s, words[0]);
	if (addr->family == 6)
		sk_sip_word(&s, words[1]);
	return sk_sip_finish(&s, addr->family, 0);
}

static unsigned length_of(const struct sk_prefix *prefix)
{
	return prefix->addr.family == 4 ? prefix->bits : V4_LENGTHS + prefix->bits;
}

/* ---- targets ---- */

static void put(struct memory *memory, uint64_t hash, uint8_t slot, uint8_t length)
{
	size_t at = hash & (PLACES - 1);
	while (memory->targets[at].hash != 0)
		at = (at + 1) & (PLACES - 1);
	memory->targets[at] = (struct target){hash, slot, length};
}

/* What is asked for now, for those who make events. */
static void tell_fronts(struct sk_run *run)
{
	struct memory *memory = run->extra;
	bool seen[LENGTHS] = {false}, names = false;
	memset(memory->lengths, 0, sizeof memory->lengths);
	memory->length_count = 0;
	for (size_t i = 0; i < PLACES; i++) {
		unsigned length = memory->targets[i].length;
		if (memory->targets[i].hash == 0)
			continue;
		if (length == LENGTHS) {
			names = true;
		} else if (!seen[length]) {
			seen[length] = true;
			memory->lengths[memory->length_count++] = (uint8_t)length;
		}
	}
	memory->prefixes = memory->length_count != 0;
	atomic_store_explicit(&memory->names, names, memory_order_release);
	sk_kit_ask(run, memory->prefixes ? FLOWS : 0, names ? HEADS : 0);
}

/* Open addressing leaves no holes: those that stay are put in anew. */
static void take_out(struct sk_run *run, uint8_t slot)
{
	struct memory *memory = run->extra;
	struct target left[SK_COUNTER_MAX * SK_COUNT_TARGETS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < PLACES; i++)
		if (memory->targets[i].hash != 0 && memory->targets[i].slot != slot)
			left[count++] = memory->targets[i];
	sk_wipe(memory->targets, sizeof memory->targets);
	for (size_t i = 0; i < count; i++)
		put(memory, left[i].hash, left[i].slot, left[i].length);
	tell_fronts(run);
}

/* ---- the life of a request ---- */

extern const struct sk_detector sk_detector_count_only;

static struct sk_run *run_of(const struct sk_kit *kit)
{
	for (size_t i = 0; kit != NULL && i < kit->count; i++)
		if (kit->places[i].ops == &sk_detector_count_only)
			return (struct sk_run *)(uintptr_t)&kit->places[i].run;
	return NULL;
}

static struct slot *slot_of(const struct sk_kit *kit, const uint8_t digest[SK_HASH_BYTES])
{
	struct sk_run *run = run_of(kit);
	struct memory *memory = run != NULL ? run->extra : NULL;
	for (size_t i = 0; memory != NULL && i < SK_COUNTER_MAX; i++)
		if (memory->slots[i].used && memcmp(memory->slots[i].id, digest, ID_BYTES) == 0)
			return &memory->slots[i];
	return NULL;
}

bool sk_counter_can(const struct sk_kit *kit)
{
	return run_of(kit) != NULL;
}

bool sk_counter_runs(const struct sk_kit *kit, const uint8_t digest[SK_HASH_BYTES])
{
	return slot_of(kit, digest) != NULL;
}

static void start_slot(struct slot *slot, const struct sk_count_request *request, uint32_t life_s, const uint8_t key[SK_COUNTER_KEY_BYTES])
{
	memcpy(slot->id, request->digest, ID_BYTES);
	memcpy(&slot->low, key, sizeof slot->low);
	memcpy(&slot->high, key + sizeof slot->low, sizeof slot->high);
	slot->life_s = life_s < SK_COUNT_LIFE_MAX_S ? life_s : SK_COUNT_LIFE_MAX_S;
	slot->begun = 1;
	slot->used = true;
}

enum sk_err sk_counter_begin(struct sk_kit *kit, const struct sk_count_request *request, uint32_t life_s, const uint8_t key[SK_COUNTER_KEY_BYTES], struct sk_fault *fault)
{
	struct sk_run *run = run_of(kit);
	if (run == NULL)
		return sk_fault_set(fault, SK_EPERMIT, "count %s: the basis does not name the detector %s", request->id, SK_COUNT_DETECTOR);
	if (slot_of(kit, request->digest) != NULL)
		return sk_fault_set(fault, SK_EEXIST, "count %s: it runs already", request->id);
	struct memory *memory = run->extra;
	size_t at = 0;
	while (at < SK_COUNTER_MAX && memory->slots[at].used)
		at++;
	if (at == SK_COUNTER_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "count %s: %d counts run, and there is room for no more", request->id, SK_COUNTER_MAX);
	sk_kit_run(kit); /* what came before it was asked for */
	if (memory->low == 0 && memory->high == 0) {
		sk_random(&memory->low, sizeof memory->low);
		sk_random(&memory->high, sizeof memory->high);
	}
	start_slot(&memory->slots[at], request, life_s, key);
	memory->running++;
	for (size_t i = 0; i < request->target_count; i++) {
		const struct sk_count_target *target = &request->targets[i];
		const struct sk_prefix *prefix = &target->prefix;
		if (prefix->addr.family == 0)
			put(memory, hash_bytes(memory->low, memory->high, target->text, strlen(target->text)), (uint8_t)at, LENGTHS);
		else
			put(memory, hash_prefix(memory->low, memory->high, &prefix->addr, prefix->bits), (uint8_t)at, (uint8_t)length_of(prefix));
	}
	tell_fronts(run);
	return SK_OK;
}

//= rule: COUNT-2
void sk_counter_end(struct sk_kit *kit, const uint8_t digest[SK_HASH_BYTES])
{
	struct slot *slot = slot_of(kit, digest);
	if (slot == NULL)
		return;
	sk_kit_run(kit);
	sk_kit_wipe_batch(kit);
	struct sk_run *run = run_of(kit);
	struct memory *memory = run->extra;
	take_out(run, (uint8_t)(slot - memory->slots));
	sk_wipe(slot, sizeof *slot);
	memory->running--;
}

/* Its life is over: the number stays, what it was made of goes. */
//= rule: COUNT-2
static void close_slot(struct sk_run *run, struct slot *slot)
{
	struct memory *memory = run->extra;
	slot->number = (uint64_t)(sk_hll_estimate(slot->registers, BITS) + 0.5);
	sk_wipe(slot->registers, sizeof slot->registers);
	slot->low = slot->high = 0;
	slot->over = true;
	/* The second has passed: no event waits. */
	SK_INVARIANT(run->kit->batch_count == 0);
	sk_kit_wipe_batch(run->kit);
	take_out(run, (uint8_t)(slot - memory->slots));
}

bool sk_counter_read(struct sk_kit *const *kits, size_t count, const uint8_t digest[SK_HASH_BYTES], uint64_t least, struct sk_counter_answer *out)
{
	uint8_t all[REGISTERS] = {0};
	uint64_t over = 0;
	bool found = false;
	*out = (struct sk_counter_answer){.over = true};
	for (size_t i = 0; i < count; i++) {
		const struct slot *slot = slot_of(kits[i], digest);
		if (slot == NULL)
			continue;
		sk_kit_run(kits[i]); /* what waits in its batch counts */
		found = true;
		out->over &= slot->over;
		out->begun = slot->begun > out->begun ? slot->begun : out->begun;
		uint32_t seconds = slot->first_s == 0 ? 0 : slot->last_s - slot->first_s < slot->life_s ? slot->last_s - slot->first_s + 1 : slot->life_s;
		out->seconds = seconds > out->seconds ? seconds : out->seconds;
		over = slot->number > over ? slot->number : over;
		for (size_t r = 0; r < REGISTERS; r++)
			all[r] = slot->registers[r] > all[r] ? slot->registers[r] : all[r];
	}
	uint64_t hosts = (uint64_t)(sk_hll_estimate(all, BITS) + 0.5);
	sk_wipe(all, sizeof all);
	hosts = hosts > over ? hosts : over;
	out->small = hosts < least;
	out->hosts = out->small ? 0 : hosts;
	return found;
}

/* ---- the detector ---- */

/* In a worker's thread. Every end of the name of two labels or more, the shortest first; nobody's target has one label. */
static bool head(const struct sk_run *run, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	struct memory *memory = run->extra;
	const char *name = head->kind == SK_HEAD_DNS ? head->as.dns.name : head->kind == SK_HEAD_CLIENT_HELLO ? head->as.client_hello.sni : head->as.http.host;
	uint64_t parts[PARTS_MAX] = {0};
	unsigned count = 0;
	(void)packet;
	if (!atomic_load_explicit(&memory->names, memory_order_acquire) || (event->bits & SK_EVENT_TUNNELLED) != 0)
		return false;
	if (head->kind == SK_HEAD_DNS ? !sk_dns_inside(event) : event->class_ != SK_CLASS_DF)
		return false;
	size_t length = strlen(name), labels = 0;
	for (size_t at = length; at-- > 0 && count < PARTS_MAX;)
		if ((at == 0 || name[at - 1] == '.') && ++labels >= 2)
			parts[count++] = hash_bytes(memory->low, memory->high, name + at, length - at);
	event->head.hash = parts[0];
	event->head.numbers[0] = count;
	memcpy(event->head.text, &parts[1], sizeof parts - sizeof parts[0]);
	return count != 0;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	const struct memory *memory = run->extra;
	if (event->kind == SK_EVENT_HEAD)
		return event->head.hash;
	/* The outermost pair says who is inside; of what stands within a tunnel nobody knows. */
	bool own = event->class_ == SK_CLASS_DF || event->class_ == SK_CLASS_FD;
	return memory->prefixes && own && (event->bits & SK_EVENT_TUNNELLED) == 0;
}

static void add_host(struct sk_run *run, uint64_t hash, const struct sk_addr *host)
{
	struct memory *memory = run->extra;
	for (size_t at = hash & (PLACES - 1); memory->targets[at].hash != 0; at = (at + 1) & (PLACES - 1)) {
		struct slot *slot = &memory->slots[memory->targets[at].slot];
		if (memory->targets[at].hash == hash && !slot->over)
			sk_hll_add(slot->registers, BITS, hash_host(slot, host));
	}
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t first)
{
	const struct memory *memory = run->extra;
	if (event->kind == SK_EVENT_HEAD) {
		uint64_t parts[PARTS_MAX] = {first};
		bool turned = event->app == SK_APP_DNS && sk_dns_turned(event);
		memcpy(&parts[1], event->head.text, sizeof parts - sizeof parts[0]);
		for (unsigned i = 0; i < event->head.numbers[0] && i < PARTS_MAX; i++)
			add_host(run, parts[i], turned ? &event->responder : &event->initiator);
		return;
	}
	bool out = event->class_ == SK_CLASS_DF;
	const struct sk_addr *host = out ? &event->initiator : &event->responder, *abroad = out ? &event->responder : &event->initiator;
	for (size_t i = 0; i < memory->length_count; i++) {
		unsigned length = memory->lengths[i];
		if ((length < V4_LENGTHS) == (abroad->family == 4))
			add_host(run, hash_prefix(memory->low, memory->high, abroad, length < V4_LENGTHS ? length : length - V4_LENGTHS), host);
	}
}

static void second(struct sk_run *run)
{
	struct memory *memory = run->extra;
	for (size_t i = 0; memory->running != 0 && i < SK_COUNTER_MAX; i++) {
		struct slot *slot = &memory->slots[i];
		if (!slot->used || slot->over)
			continue;
		if (slot->first_s == 0)
			slot->first_s = run->now_s;
		slot->last_s = run->now_s < slot->first_s + slot->life_s ? run->now_s : slot->first_s + slot->life_s;
		if (slot->last_s == slot->first_s + slot->life_s)
			close_slot(run, slot);
	}
}

/* The packets' clock went back: what was seen belongs to another time. What is over stays what it was. */
static void anew(struct sk_run *run)
{
	struct memory *memory = run->extra;
	for (size_t i = 0; i < SK_COUNTER_MAX; i++) {
		struct slot *slot = &memory->slots[i];
		if (!slot->used || slot->over)
			continue;
		sk_wipe(slot->registers, sizeof slot->registers);
		slot->first_s = slot->last_s = 0;
		slot->begun++;
	}
}

const struct sk_detector sk_detector_count_only = {
	.name = SK_COUNT_DETECTOR, .events = FLOWS | SK_EVENT_BIT(SK_EVENT_HEAD), .heads = HEADS, .on_request = true, .subject = SK_SUBJECT_OWN, .scale = SK_SCALE_HOSTS, .share = 9,
	.entry_bytes = SK_ENTRY_BYTES(struct sk_entry), .extra_bytes = sizeof(struct memory), .key = key, .event = event, .head = head, .second = second, .anew = anew,
};
