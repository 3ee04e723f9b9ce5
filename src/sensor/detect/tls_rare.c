/* SPDX-License-Identifier: Apache-2.0 */
/* In a group of hosts inside (a /24, a /48) whose TLS clients are known by now, one says hello as none has before. "By now" is Good's and Turing's estimate (Good 1953):
   the chance that the next hello is of a kind not seen yet is about n1/N, kinds seen once among all hellos. While that is not small the group is still being learned, or
   always new, and nothing is told; so what is told is rare however large or mixed a group is.
   Kinds are keyed hashes of JA4, counted in a table of fixed size. The text of a JA4 goes from the packet to the finding and is not remembered. */
#include <stdio.h>

#include "detect/detector.h"
#include "text/text.h"

enum { SLOTS = 128, SLOTS_USED_MAX = 112, OFTEN = 16, GLANCE_S = 3600 };
enum { HISTORY, LEARN, UNSEEN };

static const struct sk_threshold thresholds[] = {
	[HISTORY] = {"history", "hellos", 100, 10000000, 2000, "so many hellos of the group were seen before anything is rare"},
	[LEARN] = {"learn", "s", 0, 72000, 14400, "and for so long"},
	[UNSEEN] = {"unseen", "permille", 1, 100, 1, "the chance that a hello is of a kind not seen before is at most so much, by what was seen once"},
};

struct slot {
	uint32_t tag;               /* 0: free */
	uint16_t count;             /* stays at its most */
	uint16_t zero;
};

struct entry {
	struct sk_entry kit;
	struct slot slots[SLOTS];
	uint16_t used;
	bool varied;                /* more kinds than there is room for: nothing is rare any more */
	uint64_t hellos;
	uint32_t singles;           /* kinds seen once */
	/* as they were when the last second ended, so that the order within one does not show */
	uint64_t known_hellos;
	uint32_t known_singles;
};
_Static_assert((SLOTS & (SLOTS - 1)) == 0, "a mask");

/* The group owns the event. numbers[0], [1]: keyed hash of the JA4. */
static bool head(const struct sk_run *run, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	(void)packet;
	const struct sk_client_hello *hello = &head->as.client_hello;
	size_t length = strnlen(hello->ja4, sizeof hello->ja4);
	if (event->class_ != SK_CLASS_DF || !head->from_initiator || length == 0)
		return false;
	uint64_t hash = sk_run_hash(run, hello->ja4, length);
	event->head.hash = sk_run_net(run, &event->initiator);
	event->head.numbers[0] = (uint32_t)hash;
	event->head.numbers[1] = (uint32_t)(hash >> 32);
	memcpy(event->head.text, hello->ja4, length);
	return true;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	return sk_mix(sk_run_net(run, &event->initiator), 22);
}

/* The place of a kind, or the free one where it would stand; NULL: there is no room. */
static struct slot *slot_of(struct entry *entry, const struct sk_event *event)
{
	uint32_t tag = event->head.numbers[0] != 0 ? event->head.numbers[0] : 1;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &entry->slots[(event->head.numbers[1] + i) & (SLOTS - 1)];
		if (slot->tag == tag)
			return slot;
		if (slot->tag == 0 && entry->used < SLOTS_USED_MAX) {
			slot->tag = tag;
			entry->used++;
			return slot;
		}
		if (slot->tag == 0)
			return NULL;
	}
	return NULL;
}

static bool is_known(const struct sk_run *run, const struct entry *entry)
{
	return !entry->varied && entry->known_hellos >= run->threshold[HISTORY] && run->now_s >= entry->kit.born_s + run->threshold[LEARN] &&
	       entry->known_singles * UINT64_C(1000) <= run->threshold[UNSEEN] * entry->known_hellos;
}

SK_MUST static bool say(struct sk_run *run, const struct entry *entry, const struct sk_event *event)
{
	struct sk_contact contact = {.initiator = {.family = 0}};
	sk_contact_see(&contact, event);
	struct sk_detection detection = sk_contact_detection(&contact);
	detection.half_view = false; /* a hello is one direction's own */
	detection.contacts = detection.added = detection.peers = detection.ports = 1;
	detection.value = entry->known_hellos;
	detection.limit = run->threshold[HISTORY];
	detection.severity = 1;
	detection.percent = 50;
	(void)snprintf(detection.matched, sizeof detection.matched, "ja4:%.40s", event->head.text);
	return sk_run_say(run, &detection);
}

/* It is said here and not when the second is settled, because only the event has the text. */
static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct entry *entry = sk_run_take(run, hash, GLANCE_S, &fresh);
	struct slot *slot = slot_of(entry, event);
	entry->hellos++;
	/* Who is often there is worth more, so that a flood of networks pushes out its like. */
	if (entry->hellos >= OFTEN)
		sk_run_want(run, entry, SK_MEMORY_DAY_S);
	sk_run_touch(run, entry);
	if (slot == NULL) {
		entry->varied = true;
		return;
	}
	/* Without room to say it the kind stays new, and is told at its next hello. */
	if (slot->count == 0 && is_known(run, entry) && !say(run, entry, event))
		return;
	entry->singles += slot->count == 0;
	entry->singles -= slot->count == 1;
	if (slot->count < UINT16_MAX)
		slot->count++;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	(void)run;
	entry->known_hellos = entry->hellos;
	entry->known_singles = entry->singles;
	return false;
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	sk_say(&out->sentence, SK_SAY(TLS_RARE), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_addr(&d->responder), sk_tell_place(d, true),
	       sk_arg_service(d->ip_proto, d->responder_port), sk_tell_when(d), sk_arg_text(d->matched + strlen("ja4:"), sizeof d->matched));
	sk_say(&out->why, SK_SAY(TLS_RARE_WHY), sk_arg_number(d->value), sk_arg_int(d->initiator.family == 6 ? 48 : 24), sk_arg_int(d->limit),
	       sk_arg_int(threshold[UNSEEN]));
	sk_say(&out->doubt, SK_SAY(TLS_RARE_DOUBT));
}

const struct sk_detector sk_detector_tls_rare = {
	.name = "tls.rare", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD), .heads = 1u << SK_HEAD_CLIENT_HELLO,
	.subject = SK_SUBJECT_OWN, .scale = SK_SCALE_HOSTS, .share = 5, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .head = head, .tell = tell,
};
