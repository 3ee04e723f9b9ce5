/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of records of any length from one thread to another: no lock, no allocation after init. The writer reserves, fills and publishes; the reader takes, uses the
   bytes where they lie, and releases, which overwrites them: what a ring holds is frames and observations.
   Positions only grow; the place is their remainder. Each side works with its own position and a copy of the other's, and shares its own by one store for many
   records. A record never wraps: where it would not fit before the end of the memory, a filler stands there.
   Thread rule: one writer, one reader. */
#ifndef SK_ENGINE_RING_PRIV_H
#define SK_ENGINE_RING_PRIV_H

#include "engine/bell_priv.h"

enum { SK_RING_MIN_BYTES = 256, SK_RING_FULL = 1000 /* of sk_ring_fill */ };

/* What stands in front of each record. kind 0 is the filler; the others are their users'. */
struct sk_ring_head {
	uint32_t length; /* of the payload, bytes */
	uint32_t kind;
};

/* The writer's line, what it shares, the reader's line, what it shares: each on a cache line of its own. */
struct sk_ring {
	uint8_t *memory;
	uint64_t bytes;            /* a power of two */
	uint64_t kept;             /* of them for urgent records alone */
	struct sk_bell *reader, *writer;
	_Alignas(64) uint64_t written;
	uint64_t told;             /* published is this */
	uint64_t given_seen;
	_Alignas(64) _Atomic uint64_t published;
	_Alignas(64) uint64_t taken;
	uint64_t published_seen;
	_Alignas(64) _Atomic uint64_t given; /* released: the writer may use it again */
};

struct sk_ring_record {
	uint32_t kind, length;
	uint8_t *bytes;            /* aligned to 8; valid until sk_ring_release */
};

/* Map and touch memory: bytes rounded up to a power of two, so many of them kept for urgent records. The bells are borrowed: who is woken when something is there,
   and when there is room again. SK_ENOMEM. */
SK_MUST enum sk_err sk_ring_init(struct sk_ring *ring, size_t bytes, size_t kept, struct sk_bell *reader, struct sk_bell *writer);
/* Overwrite and unmap; nothing on a ring that is all zero. */
void sk_ring_fini(struct sk_ring *ring);

/* Can a record of that length always be written once the reader has caught up? */
bool sk_ring_fits(const struct sk_ring *ring, size_t length);
/* Writer: room for one record, to be filled before sk_ring_publish. NULL: no room now; urgent records may use what is kept. */
SK_MUST uint8_t *sk_ring_reserve(struct sk_ring *ring, uint32_t kind, size_t length, bool urgent);
/* Writer: give everything that was reserved to the reader. */
void sk_ring_publish(struct sk_ring *ring);
/* Writer: bytes that the reader was not told of. */
static inline uint64_t sk_ring_untold(const struct sk_ring *ring)
{
	return ring->written - ring->told;
}
/* Writer, asleep or not: is there room for such a record? For the look between sk_bell_doze and sk_bell_sleep. */
SK_MUST bool sk_ring_has_room(struct sk_ring *ring, size_t length, bool urgent);

/* Reader: the next record. False: none. */
SK_MUST bool sk_ring_take(struct sk_ring *ring, struct sk_ring_record *record);
/* Reader: undo the last sk_ring_take. */
void sk_ring_untake(struct sk_ring *ring, const struct sk_ring_record *record);
/* Reader: overwrite all that was taken, and give it back. */
void sk_ring_release(struct sk_ring *ring);
/* Reader, between sk_bell_doze and sk_bell_sleep: is something there? */
SK_MUST bool sk_ring_has_more(struct sk_ring *ring);

/* How full it is, 0 to SK_RING_FULL; any thread. */
unsigned sk_ring_fill(const struct sk_ring *ring);
/* Bytes outside of what is written and not released that are not zero: a test's canary count, while both sides stand still. */
size_t sk_ring_residue(const struct sk_ring *ring);

#endif
