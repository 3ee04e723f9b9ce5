/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ring_priv.h"

#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 8, FILLER = 0 };
_Static_assert(sizeof(struct sk_ring_head) == ALIGN, "a filler fits wherever a record may begin");

enum sk_err sk_ring_init(struct sk_ring *ring, size_t bytes, size_t kept, struct sk_bell *reader, struct sk_bell *writer)
{
	size_t size = SK_RING_MIN_BYTES;
	while (size < bytes)
		size *= 2;
	SK_INVARIANT(kept < size);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return SK_ENOMEM;
	(void)madvise(memory, size, MADV_DONTDUMP);
	memset(memory, 0, size); /* touch */
	*ring = (struct sk_ring){.memory = memory, .bytes = size, .kept = kept, .reader = reader, .writer = writer};
	return SK_OK;
}

void sk_ring_fini(struct sk_ring *ring)
{
	if (ring->memory == NULL)
		return;
	sk_wipe(ring->memory, ring->bytes);
	(void)munmap(ring->memory, ring->bytes);
	*ring = (struct sk_ring){.memory = NULL};
}

static uint64_t whole(size_t length)
{
	return sizeof(struct sk_ring_head) + (((uint64_t)length + ALIGN - 1) & ~(uint64_t)(ALIGN - 1));
}

static struct sk_ring_head *head_at(const struct sk_ring *ring, uint64_t position)
{
	return (struct sk_ring_head *)(void *)(ring->memory + (position & (ring->bytes - 1)));
}

static uint64_t to_the_end(const struct sk_ring *ring, uint64_t position)
{
	return ring->bytes - (position & (ring->bytes - 1));
}

/* What a record takes where the writer stands: itself, and a filler when it would wrap. */
static uint64_t cost(const struct sk_ring *ring, size_t length)
{
	uint64_t end = to_the_end(ring, ring->written), wanted = whole(length);
	return wanted <= end ? wanted : end + wanted;
}

static bool enough(const struct sk_ring *ring, uint64_t wanted, bool urgent)
{
	return wanted + (urgent ? 0 : ring->kept) <= ring->bytes - (ring->written - ring->given_seen);
}

bool sk_ring_fits(const struct sk_ring *ring, size_t length)
{
	return 2 * whole(length) <= ring->bytes - ring->kept;
}

uint8_t *sk_ring_reserve(struct sk_ring *ring, uint32_t kind, size_t length, bool urgent)
{
	uint64_t wanted = cost(ring, length), end = to_the_end(ring, ring->written);
	if (!enough(ring, wanted, urgent)) {
		ring->given_seen = atomic_load_explicit(&ring->given, memory_order_acquire);
		if (!enough(ring, wanted, urgent))
			return NULL;
	}
	if (wanted > end) {
		*head_at(ring, ring->written) = (struct sk_ring_head){.length = (uint32_t)(end - sizeof(struct sk_ring_head)), .kind = FILLER};
		ring->written += end;
	}
	struct sk_ring_head *head = head_at(ring, ring->written);
	*head = (struct sk_ring_head){.length = (uint32_t)length, .kind = kind};
	ring->written += whole(length);
	return (uint8_t *)(head + 1);
}

void sk_ring_publish(struct sk_ring *ring)
{
	if (ring->told == ring->written)
		return;
	ring->told = ring->written;
	atomic_store(&ring->published, ring->written);
	sk_bell_ring(ring->reader);
}

bool sk_ring_has_room(struct sk_ring *ring, size_t length, bool urgent)
{
	ring->given_seen = atomic_load(&ring->given);
	return enough(ring, cost(ring, length), urgent);
}

bool sk_ring_take(struct sk_ring *ring, struct sk_ring_record *record)
{
	for (;;) {
		if (ring->taken == ring->published_seen) {
			ring->published_seen = atomic_load_explicit(&ring->published, memory_order_acquire);
			if (ring->taken == ring->published_seen)
				return false;
		}
		struct sk_ring_head *head = head_at(ring, ring->taken);
		ring->taken += whole(head->length);
		if (head->kind == FILLER)
			continue;
		*record = (struct sk_ring_record){.kind = head->kind, .length = head->length, .bytes = (uint8_t *)(head + 1)};
		return true;
	}
}

void sk_ring_untake(struct sk_ring *ring, const struct sk_ring_record *record)
{
	ring->taken -= whole(record->length);
}

void sk_ring_release(struct sk_ring *ring)
{
	uint64_t given = atomic_load_explicit(&ring->given, memory_order_relaxed), length = ring->taken - given;
	if (length == 0)
		return;
	uint64_t end = to_the_end(ring, given), first = length < end ? length : end;
	sk_wipe(head_at(ring, given), first);
	sk_wipe(ring->memory, length - first);
	atomic_store(&ring->given, ring->taken);
	sk_bell_ring(ring->writer);
}

bool sk_ring_has_more(struct sk_ring *ring)
{
	return ring->taken != atomic_load(&ring->published);
}

unsigned sk_ring_fill(const struct sk_ring *ring)
{
	uint64_t given = atomic_load_explicit(&ring->given, memory_order_relaxed), published = atomic_load_explicit(&ring->published, memory_order_relaxed);
	return published > given ? (unsigned)((published - given) * SK_RING_FULL / ring->bytes) : 0;
}

size_t sk_ring_residue(const struct sk_ring *ring)
{
	uint64_t held = ring->written - atomic_load(&ring->given), place = ring->written & (ring->bytes - 1), free_bytes = ring->bytes - held;
	if (ring->memory == NULL)
		return 0;
	uint64_t first = free_bytes < ring->bytes - place ? free_bytes : ring->bytes - place;
	return sk_count_nonzero(ring->memory + place, first) + sk_count_nonzero(ring->memory, free_bytes - first);
}
