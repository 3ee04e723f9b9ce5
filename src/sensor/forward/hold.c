/* SPDX-License-Identifier: Apache-2.0 */
/* A frame of any length lies in one piece in a circular buffer. Frames are let go in any order; the buffer's tail moves over those that are gone. When there is
   no room, the datagram of the oldest frame gives way. All memory exists and is touched before the first frame. */
#include "forward/hold_priv.h"

#include <stdlib.h>

#include "seal/seal.h"

enum { NONE = -1 };

struct datagram {
	uint8_t key[SK_FRAGMENT_KEY_BYTES];
	int32_t next_in_bucket, older, newer;
	int32_t first, last;         /* held frames, in the order of arrival */
	uint32_t frames;
	uint8_t state, reason;       /* enum hold_state; enum sk_forward_reason of a refused one */
	uint32_t seen_bytes, total_bytes, last_offset; /* of its payload; total 0 = not known */
	bool any_seen;
	int64_t opened_ns;
};

struct held {
	size_t length;               /* in the buffer, with what was skipped at the buffer's end */
	struct sk_frame frame;       /* bytes point into the buffer; NULL = gone */
	int32_t datagram, next;
};

struct hold {
	uint8_t key[SK_SIP_KEY_BYTES];
	struct sk_forward_limits limits;
	hold_fate fate;
	void *context;
	struct datagram *datagrams;
	int32_t *buckets;
	uint32_t bucket_mask;
	int32_t free_datagram, oldest, newest;
	uint8_t *bytes;
	size_t head, used;           /* next free byte; bytes taken from the tail to the head */
	struct held *frames;
	uint32_t frame_head, frame_count;
};

static void *touched(size_t count, size_t size)
{
	void *memory = malloc(count * size);
	if (memory != NULL)
		sk_wipe(memory, count * size);
	return memory;
}

enum sk_err hold_new(const struct sk_forward_limits *limits, const uint8_t key[SK_SIP_KEY_BYTES], hold_fate fate, void *context, struct hold **out)
{
	struct hold *hold = calloc(1, sizeof *hold);
	if (hold == NULL)
		return SK_ENOMEM;
	SK_INVARIANT(limits->datagrams != 0 && limits->frames != 0 && limits->bytes != 0);
	*hold = (struct hold){.limits = *limits, .fate = fate, .context = context, .oldest = NONE, .newest = NONE, .free_datagram = 0};
	memcpy(hold->key, key, sizeof hold->key);
	uint32_t buckets = 1;
	while (buckets < limits->datagrams)
		buckets *= 2;
	hold->bucket_mask = buckets - 1;
	hold->datagrams = touched(limits->datagrams, sizeof *hold->datagrams);
	hold->buckets = touched(buckets, sizeof *hold->buckets);
	hold->bytes = touched(limits->bytes, 1);
	hold->frames = touched(limits->frames, sizeof *hold->frames);
	if (hold->datagrams == NULL || hold->buckets == NULL || hold->bytes == NULL || hold->frames == NULL) {
		hold_free(hold);
		return SK_ENOMEM;
	}
	for (uint32_t i = 0; i < buckets; i++)
		hold->buckets[i] = NONE;
	for (uint32_t i = 0; i < limits->datagrams; i++)
		hold->datagrams[i].next_in_bucket = i + 1 < limits->datagrams ? (int32_t)i + 1 : NONE;
	*out = hold;
	return SK_OK;
}

void hold_free(struct hold *hold)
{
	if (hold == NULL)
		return;
	if (hold->bytes != NULL)
		sk_wipe(hold->bytes, hold->limits.bytes);
	if (hold->datagrams != NULL)
		sk_wipe(hold->datagrams, hold->limits.datagrams * sizeof *hold->datagrams);
	free(hold->datagrams);
	free(hold->buckets);
	free(hold->bytes);
	free(hold->frames);
	sk_wipe(hold, sizeof *hold);
	free(hold);
}

/* ---- frames ---- */

static struct held *frame_at(const struct hold *hold, uint32_t number)
{
	return &hold->frames[number % hold->limits.frames];
}

static uint32_t frame_tail(const struct hold *hold)
{
	return (uint32_t)(((uint64_t)hold->frame_head + hold->limits.frames - hold->frame_count) % hold->limits.frames);
}

/* Move the tail over frames that are gone. */
static void reclaim(struct hold *hold)
{
	while (hold->frame_count != 0) {
		struct held *held = frame_at(hold, frame_tail(hold));
		if (held->frame.bytes != NULL)
			return;
		hold->used -= held->length;
		hold->frame_count--;
	}
	hold->head = 0;
}

/* Tell the fate of everything held of a datagram, and overwrite it. */
static void let_go(struct hold *hold, struct datagram *d, unsigned reason)
{
	for (int32_t i = d->first; i != NONE;) {
		struct held *held = &hold->frames[i];
		i = held->next;
		hold->fate(hold->context, &held->frame, reason);
		sk_wipe(held->frame.bytes, held->frame.captured_bytes);
		held->frame.bytes = NULL;
	}
	d->first = d->last = NONE;
	d->frames = 0;
	reclaim(hold);
}

/* ---- datagrams ---- */

static int32_t *bucket_of(struct hold *hold, const uint8_t key[SK_FRAGMENT_KEY_BYTES])
{
	return &hold->buckets[sk_siphash13(hold->key, key, SK_FRAGMENT_KEY_BYTES) & hold->bucket_mask];
}

void hold_close(struct hold *hold, int32_t index, unsigned reason)
{
	struct datagram *d = &hold->datagrams[index];
	let_go(hold, d, reason);
	int32_t *link = bucket_of(hold, d->key);
	while (*link != index)
		link = &hold->datagrams[*link].next_in_bucket;
	*link = d->next_in_bucket;
	*(d->older != NONE ? &hold->datagrams[d->older].newer : &hold->oldest) = d->newer;
	*(d->newer != NONE ? &hold->datagrams[d->newer].older : &hold->newest) = d->older;
	sk_wipe(d, sizeof *d);
	d->next_in_bucket = hold->free_datagram;
	hold->free_datagram = index;
}

/* Times may run backwards and jump: stale is a time-out away from the first fragment, in either direction. */
static bool stale(const struct hold *hold, const struct datagram *d, int64_t now_ns)
{
	int64_t age = 0;
	return __builtin_sub_overflow(now_ns, d->opened_ns, &age) || age >= hold->limits.timeout_ns || age <= -hold->limits.timeout_ns;
}

int32_t hold_find(struct hold *hold, const struct sk_fragment *fragment, int64_t time_ns)
{
	int32_t *bucket = bucket_of(hold, fragment->key), index = *bucket;
	while (index != NONE && memcmp(hold->datagrams[index].key, fragment->key, SK_FRAGMENT_KEY_BYTES) != 0)
		index = hold->datagrams[index].next_in_bucket;
	if (index != NONE && !stale(hold, &hold->datagrams[index], time_ns))
		return index;
	if (index != NONE)
		hold_close(hold, index, SK_FORWARD_FRAGMENT_TIMEOUT);
	if (hold->free_datagram == NONE)
		hold_close(hold, hold->oldest, SK_FORWARD_EVICTED);
	index = hold->free_datagram;
	struct datagram *d = &hold->datagrams[index];
	hold->free_datagram = d->next_in_bucket;
	*d = (struct datagram){.next_in_bucket = *bucket, .older = hold->newest, .newer = NONE, .first = NONE, .last = NONE, .opened_ns = time_ns};
	memcpy(d->key, fragment->key, SK_FRAGMENT_KEY_BYTES);
	*bucket = index;
	*(hold->newest != NONE ? &hold->datagrams[hold->newest].newer : &hold->oldest) = index;
	hold->newest = index;
	return index;
}

enum hold_state hold_state(const struct hold *hold, int32_t datagram)
{
	return (enum hold_state)hold->datagrams[datagram].state;
}

enum sk_forward_reason hold_reason(const struct hold *hold, int32_t datagram)
{
	return (enum sk_forward_reason)hold->datagrams[datagram].reason;
}

void hold_decide(struct hold *hold, int32_t datagram, enum hold_state state, unsigned reason)
{
	struct datagram *d = &hold->datagrams[datagram];
	d->state = (uint8_t)state;
	d->reason = (uint8_t)reason;
	if (state == HOLD_PLAIN || state == HOLD_REFUSED)
		let_go(hold, d, reason);
}

uint32_t hold_frames(const struct hold *hold, int32_t datagram)
{
	return hold->datagrams[datagram].frames;
}

/* A repeated fragment (a mirror port may show a frame twice) comes right behind its first copy and is not counted. */
bool hold_note(struct hold *hold, int32_t datagram, const struct sk_fragment *fragment)
{
	struct datagram *d = &hold->datagrams[datagram];
	if (!d->any_seen || d->last_offset != fragment->offset)
		d->seen_bytes += fragment->payload_bytes;
	d->any_seen = true;
	d->last_offset = fragment->offset;
	if (!fragment->more)
		d->total_bytes = fragment->offset + fragment->payload_bytes;
	return d->total_bytes != 0 && d->seen_bytes >= d->total_bytes;
}

/* ---- keeping ---- */

/* Where length bytes fit in one piece; *skipped: bytes left unused at the buffer's end. False: not now. */
static bool find_place(const struct hold *hold, size_t length, size_t *at, size_t *skipped)
{
	size_t to_end = hold->limits.bytes - hold->head;
	*skipped = length <= to_end ? 0 : to_end;
	*at = length <= to_end ? hold->head : 0;
	return hold->used + *skipped + length <= hold->limits.bytes && hold->frame_count < hold->limits.frames;
}

bool hold_keep(struct hold *hold, int32_t datagram, const struct sk_frame *frame)
{
	struct datagram *d = &hold->datagrams[datagram];
	size_t length = frame->captured_bytes != 0 ? frame->captured_bytes : 1, at = 0, skipped = 0;
	while (!find_place(hold, length, &at, &skipped)) {
		int32_t victim = hold->frame_count != 0 ? frame_at(hold, frame_tail(hold))->datagram : NONE;
		if (victim == NONE || victim == datagram)
			return false;
		hold_decide(hold, victim, HOLD_REFUSED, SK_FORWARD_EVICTED);
	}
	int32_t index = (int32_t)hold->frame_head;
	struct held *held = &hold->frames[index];
	*held = (struct held){.length = length + skipped, .frame = *frame, .datagram = datagram, .next = NONE};
	held->frame.bytes = hold->bytes + at;
	memcpy(held->frame.bytes, frame->bytes, frame->captured_bytes);
	hold->head = at + length;
	hold->used += held->length;
	hold->frame_head = (hold->frame_head + 1) % hold->limits.frames;
	hold->frame_count++;
	*(d->last != NONE ? &hold->frames[d->last].next : &d->first) = index;
	d->last = index;
	d->frames++;
	return true;
}

void hold_expire(struct hold *hold, int64_t now_ns, unsigned reason)
{
	for (int32_t i = hold->oldest; i != NONE;) {
		int32_t index = i;
		i = hold->datagrams[index].newer;
		if (now_ns == INT64_MAX || stale(hold, &hold->datagrams[index], now_ns))
			hold_close(hold, index, reason);
	}
}

void hold_pending(const struct hold *hold, uint64_t *frames, uint64_t *bytes)
{
	*frames = *bytes = 0;
	for (uint32_t i = 0; i < hold->frame_count; i++) {
		const struct held *held = frame_at(hold, frame_tail(hold) + i);
		if (held->frame.bytes == NULL)
			continue;
		*frames += 1;
		*bytes += held->frame.wire_bytes;
	}
}

size_t hold_residue(const struct hold *hold)
{
	return sk_count_nonzero(hold->bytes, hold->limits.bytes);
}
