/* SPDX-License-Identifier: Apache-2.0 */
/* How a block holds a flow segment: most say little more than who, when and how much, and then in two thirds of an observation's bytes. Writing them, sealing
   them and hashing them is what a flow under flow.all costs, so bytes are time.

     16 bits, from the highest:  1 = 0        2 class        1 IPv6        1 initiator_sure        3 end        3 state
                                 2 width of the counters: 1, 2, 4, 8 bytes        2 width of the duration: 0, 4, 5, 8 bytes        1 TCP
     2 TCP flags of each side, or 1 IP protocol         2, 2 ports         4, 4 or 16, 16 addresses         6 ns since the block's day began
     duration         5 counters: packets of each side, IP bytes of each side, bytes of the frames

   Whatever else has something to say is there as it is: 16 bits, the highest set, the others its length; then the observation's own form. Numbers take the
   least width that holds them all; a reader refuses any other. */
#include <string.h>

#include "observe/plain.h"
#include "store/store_priv.h"

enum { BIT_WHOLE = 15, BIT_CLASS = 13, BIT_V6 = 12, BIT_SURE = 11, BIT_END = 8, BIT_STATE = 5, BIT_COUNTERS = 3, BIT_DURATION = 1, BIT_TCP = 0, TCP = 6 };
enum { TIME_BYTES = 6 };
static const int64_t day_ns = INT64_C(86400000000000);
static const uint8_t counter_bytes[] = {1, 2, 4, 8}, duration_bytes[] = {0, 4, 5, 8};

static inline unsigned counter_width(const struct sk_history *h)
{
	uint64_t any = h->packets[0] | h->packets[1] | h->ip_bytes[0] | h->ip_bytes[1] | h->frame_bytes;
	return (any > UINT8_MAX) + (any > UINT16_MAX) + (any > UINT32_MAX);
}

static inline unsigned duration_width(uint64_t ns)
{
	return (ns != 0) + (ns > UINT32_MAX) + (ns >> 40 != 0);
}

/* Eight bytes are stored, big-endian, and what is too many is overwritten by what follows. 0 bytes: nothing counts. */
static inline uint8_t *store(uint8_t *at, uint64_t value, unsigned bytes)
{
	value = __builtin_bswap64(value << ((64 - 8 * bytes) & 63));
	memcpy(at, &value, sizeof value);
	return at + bytes;
}

/* What is out of order ends the program there. //= rule: OBSERVE-1: what is domestic or not known has no written form. */
static size_t put_whole(const struct sk_observation *o, uint8_t *out)
{
	size_t length = sk_observation_encode_to(o, out + 2);
	struct sk_out head = sk_out_of(out, 2);
	sk_put_be16(&head, (uint16_t)(1u << BIT_WHOLE | length));
	return 2 + length;
}

size_t sk_pack_plain(const struct sk_history *h, int32_t day, uint8_t *out)
{
	uint64_t since = (uint64_t)h->first_ns - (uint64_t)day * (uint64_t)day_ns, lasted = (uint64_t)h->last_ns - (uint64_t)h->first_ns;
	bool v6 = h->initiator.family == 6, tcp = h->ip_proto == TCP;
	unsigned counters = counter_width(h), duration = duration_width(lasted), width = counter_bytes[counters];
	unsigned bits = (unsigned)h->class_ << BIT_CLASS | (unsigned)v6 << BIT_V6 | (unsigned)h->initiator_sure << BIT_SURE | (unsigned)h->end << BIT_END |
			(unsigned)h->state << BIT_STATE | counters << BIT_COUNTERS | duration << BIT_DURATION | (unsigned)tcp << BIT_TCP;
	/* Segments of TCP and others come in no order that could be guessed. Up to the ports there are eight bytes of TCP, and seven of others. */
	uint64_t flags = (uint64_t)h->tcp_flags[0] << 8 | h->tcp_flags[1], ports = (uint64_t)h->initiator_port << 16 | h->responder_port;
	uint64_t starts[2] = {(uint64_t)bits << 48 | (uint64_t)h->ip_proto << 40 | ports << 8, (uint64_t)bits << 48 | flags << 32 | ports};
	uint8_t *at = store(out, starts[tcp], 8) - 1 + tcp;
	memcpy(at, h->initiator.bytes, 16);
	at += v6 ? 16 : 4;
	memcpy(at, h->responder.bytes, 16);
	at += v6 ? 16 : 4;
	at = store(at, since, TIME_BYTES);
	at = store(at, lasted, duration_bytes[duration]);
	at = store(at, h->packets[0], width);
	at = store(at, h->packets[1], width);
	at = store(at, h->ip_bytes[0], width);
	at = store(at, h->ip_bytes[1], width);
	at = store(at, h->frame_bytes, width);
	return (size_t)(at - out);
}

static bool is_plain(const struct sk_observation *o, int32_t day)
{
	return o->kind == SK_OBSERVATION_FLOW && o->sections == 0 && sk_history_is_plain(&o->history) && (uint64_t)o->first_ns - (uint64_t)day * (uint64_t)day_ns < (uint64_t)day_ns;
}

size_t sk_pack(const struct sk_observation *o, int32_t day, uint8_t *out)
{
	return is_plain(o, day) ? sk_pack_plain(&o->history, day, out) : put_whole(o, out);
}

static uint64_t take(struct sk_cur *c, unsigned bytes)
{
	uint64_t value = 0;
	for (; bytes > 0; bytes--)
		value = value << 8 | sk_u8(c);
	return value;
}

enum sk_err sk_unpack(struct sk_cur *c, int32_t day, struct sk_observation *out, struct sk_cur *form)
{
	unsigned bits = sk_be16(c);
	*form = sk_carve(c, (bits >> BIT_WHOLE & 1) != 0 ? bits & ~(1u << BIT_WHOLE) : 0);
	SK_TRY(sk_alive(form));
	if ((bits >> BIT_WHOLE & 1) != 0)
		return sk_observation_decode(form->at, sk_left(form), out);
	memset(out, 0, sizeof *out);
	unsigned counters = bits >> BIT_COUNTERS & 3, duration = bits >> BIT_DURATION & 3, width = counter_bytes[counters];
	uint8_t family = (bits >> BIT_V6 & 1) != 0 ? 6 : 4;
	out->kind = SK_OBSERVATION_FLOW;
	out->layers = 1;
	out->class_ = bits >> BIT_CLASS & 3;
	out->initiator_sure = bits >> BIT_SURE & 1;
	out->end = bits >> BIT_END & 7;
	out->state = bits >> BIT_STATE & 7;
	out->ip_proto = (bits & 1) != 0 ? TCP : sk_u8(c);
	if ((bits & 1) != 0)
		sk_copy(c, out->tcp_flags, 2);
	bool twice = (bits & 1) == 0 && out->ip_proto == TCP; /* the other form is that of TCP */
	out->initiator_port = sk_be16(c);
	out->responder_port = sk_be16(c);
	out->initiator.family = out->responder.family = family;
	sk_copy(c, out->initiator.bytes, family == 6 ? 16 : 4);
	sk_copy(c, out->responder.bytes, family == 6 ? 16 : 4);
	uint64_t since = take(c, TIME_BYTES), lasted = take(c, duration_bytes[duration]);
	out->first_ns = (int64_t)((uint64_t)day * (uint64_t)day_ns + since);
	out->last_ns = (int64_t)((uint64_t)out->first_ns + lasted);
	for (unsigned i = 0; i < 2; i++)
		out->packets[i] = take(c, width);
	for (unsigned i = 0; i < 2; i++)
		out->ip_bytes[i] = take(c, width);
	out->frame_bytes = take(c, width);
	out->frames = out->packets[0] + out->packets[1];
	SK_TRY(sk_alive(c));
	bool good = !twice && since < (uint64_t)day_ns && counter_width(&out->history) == counters && duration_width(lasted) == duration && is_plain(out, day);
	return good ? SK_OK : SK_EMALFORMED;
}
