/* SPDX-License-Identifier: Apache-2.0 */
/* How a block holds a flow segment: most say little more than who, when and how much, and then in two thirds of an observation's bytes. Writing them, sealing
   them and hashing them is what a flow under flow.all costs, so bytes are time.

     16 bits, from the highest:  1 = 0        2 class        1 IPv6        1 initiator_sure        3 end        3 state
                                 2 width of the counters: 1, 2, 4, 8 bytes        2 width of the duration: 0, 4, 5, 8 bytes        1 TCP
     2 TCP flags of each side, or 1 IP protocol         2, 2 ports         4, 4 or 16, 16 addresses         6 ns since the block's day began
     duration         5 counters: packets of each side, IP bytes of each side, bytes of the frames

   Whatever else has something to say is there as it is: 16 bits, the highest set, the others its length; then the observation's own form. Numbers take the
   least width that holds them all; a reader refuses any other.

   Here is what each flow under flow.all goes through, in line; the rest is in pack.c. */
#ifndef SK_STORE_PLAIN_PRIV_H
#define SK_STORE_PLAIN_PRIV_H

#include "store/store_priv.h"

enum {
	SK_PACK_WHOLE = 15, SK_PACK_CLASS = 13, SK_PACK_V6 = 12, SK_PACK_SURE = 11, SK_PACK_END = 8, SK_PACK_STATE = 5, SK_PACK_COUNTERS = 3, SK_PACK_DURATION = 1, SK_PACK_TCP = 0, /* bits */
	SK_PACK_PROTO_TCP = 6, SK_PACK_TIME_BYTES = 6
};
static const uint8_t sk_counter_bytes[] = {1, 2, 4, 8}, sk_duration_bytes[] = {0, 4, 5, 8};

static inline unsigned sk_counter_width(const struct sk_history *h)
{
	uint64_t any = h->packets[0] | h->packets[1] | h->ip_bytes[0] | h->ip_bytes[1] | h->frame_bytes;
	return (any > UINT8_MAX) + (any > UINT16_MAX) + (any > UINT32_MAX);
}

static inline unsigned sk_duration_width(uint64_t ns)
{
	return (ns != 0) + (ns > UINT32_MAX) + (ns >> 40 != 0);
}

/* Eight bytes are stored, big-endian, and what is too many is overwritten by what follows. 0 bytes: nothing counts. */
static inline uint8_t *sk_store_big(uint8_t *at, uint64_t value, unsigned bytes)
{
	value = __builtin_bswap64(value << ((64 - 8 * bytes) & 63));
	memcpy(at, &value, sizeof value);
	return at + bytes;
}

/* One that is plain (observe/plain.h) and began on that day. As sk_pack. */
static inline size_t sk_pack_plain(const struct sk_history *h, int32_t day, uint8_t *out)
{
	uint64_t since = (uint64_t)h->first_ns - (uint64_t)day * (uint64_t)SK_DAY_NS, lasted = (uint64_t)h->last_ns - (uint64_t)h->first_ns;
	bool v6 = h->initiator.family == 6, tcp = h->ip_proto == SK_PACK_PROTO_TCP;
	unsigned counters = sk_counter_width(h), duration = sk_duration_width(lasted), width = sk_counter_bytes[counters];
	unsigned bits = (unsigned)h->class_ << SK_PACK_CLASS | (unsigned)v6 << SK_PACK_V6 | (unsigned)h->initiator_sure << SK_PACK_SURE | (unsigned)h->end << SK_PACK_END |
			(unsigned)h->state << SK_PACK_STATE | counters << SK_PACK_COUNTERS | duration << SK_PACK_DURATION | (unsigned)tcp << SK_PACK_TCP;
	/* Segments of TCP and others come in no order that could be guessed. Up to the ports there are eight bytes of TCP, and seven of others. */
	uint64_t flags = (uint64_t)h->tcp_flags[0] << 8 | h->tcp_flags[1], ports = (uint64_t)h->initiator_port << 16 | h->responder_port;
	uint64_t starts[2] = {(uint64_t)bits << 48 | (uint64_t)h->ip_proto << 40 | ports << 8, (uint64_t)bits << 48 | flags << 32 | ports};
	uint8_t *at = sk_store_big(out, starts[tcp], 8) - 1 + tcp;
	memcpy(at, h->initiator.bytes, 16);
	at += v6 ? 16 : 4;
	memcpy(at, h->responder.bytes, 16);
	at += v6 ? 16 : 4;
	at = sk_store_big(at, since, SK_PACK_TIME_BYTES);
	at = sk_store_big(at, lasted, sk_duration_bytes[duration]);
	at = sk_store_big(at, h->packets[0], width);
	at = sk_store_big(at, h->packets[1], width);
	at = sk_store_big(at, h->ip_bytes[0], width);
	at = sk_store_big(at, h->ip_bytes[1], width);
	at = sk_store_big(at, h->frame_bytes, width);
	return (size_t)(at - out);
}

#endif
