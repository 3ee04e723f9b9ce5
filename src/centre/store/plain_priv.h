/* SPDX-License-Identifier: Apache-2.0 */
/* How a block holds a flow segment: most say little more than who, when and how much, and then in two thirds of an observation's bytes. Writing them, sealing
   them and hashing them is what a flow under flow.all costs, so bytes are time.

     16 bits, from the highest:  1 = 0        2 class        1 IPv6        1 initiator_sure        3 end        3 state
                                 2 width of the counters: 1, 2, 4, 8 bytes        2 width of the duration: 0, 4, 5, 8 bytes        1 TCP
     2 TCP flags of each side, or 1 IP protocol         2, 2 ports         4, 4 or 16, 16 addresses         6 ns since the block's day began
     duration         5 counters: packets of each side, IP bytes of each side, bytes of the frames

   One small packet that nobody answered is a form of its own, "alone": where there are many flows, scans and floods are most of them. Its widths are 8 bytes for the
   counters and 0 for the duration; a flow of an export that would need those stands whole:

     16 bits         1 TCP flags of the initiator, or IP protocol         2, 2 ports         addresses         6 ns since the block's day began
     1 IP bytes         1 bytes of the frame beside them

   Whatever else has something to say is there as it is: 16 bits, the highest set, the others its length; then the observation's own form. Numbers take the
   least width that holds them all; a reader refuses any other.

   Here is what such a packet under flow.all goes through, in line; the rest is in pack.c. */
#ifndef SK_STORE_PLAIN_PRIV_H
#define SK_STORE_PLAIN_PRIV_H

#include "store/store_priv.h"

enum {
	SK_PACK_WHOLE = 15, SK_PACK_CLASS = 13, SK_PACK_V6 = 12, SK_PACK_SURE = 11, SK_PACK_END = 8, SK_PACK_STATE = 5, SK_PACK_COUNTERS = 3, SK_PACK_DURATION = 1, SK_PACK_TCP = 0, /* bits */
	SK_PACK_PROTO_TCP = 6, SK_PACK_TIME_BYTES = 6
};
enum { SK_PACK_ALONE = 3 << SK_PACK_COUNTERS | 0 << SK_PACK_DURATION, SK_PACK_WIDTHS = 3 << SK_PACK_COUNTERS | 3 << SK_PACK_DURATION };

/* One packet of at most 255 bytes, at most as many of its frame beside them, and no answer. */
static inline bool sk_is_alone(const struct sk_history *h)
{
	uint64_t answer = h->packets[1] | h->ip_bytes[1] | h->tcp_flags[1], lasted = (uint64_t)h->first_ns ^ (uint64_t)h->last_ns;
	return (((h->packets[0] ^ 1) | answer | lasted) | (h->ip_bytes[0] | (h->frame_bytes - h->ip_bytes[0])) >> 8) == 0;
}

/* Eight bytes are stored, big-endian, and what is too many is overwritten by what follows. 0 bytes: nothing counts. */
static inline uint8_t *sk_store_big(uint8_t *at, uint64_t value, unsigned bytes)
{
	value = __builtin_bswap64(value << ((64 - 8 * bytes) & 63));
	memcpy(at, &value, sizeof value);
	return at + bytes;
}

/* The 16 bits without the widths. Class, initiator_sure, end and state lie side by side (observe/plain.h): one multiplication shifts each to its place, and no two
   meet there. */
static inline unsigned sk_pack_bits(const struct sk_history *h)
{
	enum { LOW = 19 }; /* bits below the result */
	const uint64_t shifts = UINT64_C(1) << (LOW + SK_PACK_CLASS) | UINT64_C(1) << (LOW + SK_PACK_SURE - 8) | UINT64_C(1) << (LOW + SK_PACK_END - 16) |
				UINT64_C(1) << (LOW + SK_PACK_STATE - 24);
	const unsigned kept = (1u << SK_PACK_WHOLE) - (1u << SK_PACK_STATE);
	uint32_t four;
	memcpy(&four, (const uint8_t *)h + offsetof(struct sk_history, class_), sizeof four);
	unsigned v6 = h->initiator.family >> 1 & 1u; /* of family 4 or 6 */
	return ((unsigned)(le32toh(four) * shifts >> LOW) & kept) | v6 << SK_PACK_V6 | (unsigned)(h->ip_proto == SK_PACK_PROTO_TCP) << SK_PACK_TCP;
}

static inline uint32_t sk_pack_ports(const struct sk_history *h)
{
	return (uint32_t)h->initiator_port << 16 | h->responder_port;
}

static inline uint8_t *sk_store_addresses(uint8_t *at, const struct sk_history *h)
{
	size_t bytes = 4 + 6u * (h->initiator.family & 2u); /* of family 4 or 6 */
	memcpy(at, h->initiator.bytes, 16);
	memcpy(at + bytes, h->responder.bytes, 16);
	return at + 2 * bytes;
}

/* As sk_pack, of one that is plain and not alone, and of any. */
size_t sk_pack_longer(const struct sk_history *history, int64_t day_ns, uint8_t *out);
size_t sk_pack_whole(const struct sk_history *history, uint8_t *out);

/* One that is plain (observe/plain.h) and began on the day that began at day_ns. As sk_pack. */
static inline size_t sk_pack_plain(const struct sk_history *h, int64_t day_ns, uint8_t *out)
{
	if (!sk_is_alone(h))
		return sk_pack_longer(h, day_ns, out);
	uint64_t told = h->ip_proto == SK_PACK_PROTO_TCP ? h->tcp_flags[0] : h->ip_proto;
	uint8_t *at = sk_store_big(out, (uint64_t)(sk_pack_bits(h) | SK_PACK_ALONE) << 40 | told << 32 | sk_pack_ports(h), 7);
	uint64_t since = (uint64_t)h->first_ns - (uint64_t)day_ns;
	return (size_t)(sk_store_big(sk_store_addresses(at, h), since << 16 | h->ip_bytes[0] << 8 | (h->frame_bytes - h->ip_bytes[0]), 8) - out);
}

#endif
