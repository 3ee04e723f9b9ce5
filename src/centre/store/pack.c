/* SPDX-License-Identifier: Apache-2.0 */
/* How a block holds a flow segment (plain_priv.h draws it): writing any, and reading. */
#include <string.h>

#include "observe/plain.h"
#include "store/plain_priv.h"

static const uint8_t counter_bytes[] = {1, 2, 4, 8}, duration_bytes[] = {0, 4, 5, 8};

/* As they stand in the 16 bits. */
static inline unsigned widths_of(const struct sk_history *h)
{
	uint64_t any = h->packets[0] | h->packets[1] | h->ip_bytes[0] | h->ip_bytes[1] | h->frame_bytes, lasted = (uint64_t)h->last_ns - (uint64_t)h->first_ns;
	unsigned counters = (any > UINT8_MAX) + (any > UINT16_MAX) + (any > UINT32_MAX), duration = (lasted != 0) + (lasted > UINT32_MAX) + (lasted >> 40 != 0);
	return counters << SK_PACK_COUNTERS | duration << SK_PACK_DURATION;
}

/* What is out of order ends the program there. //= rule: OBSERVE-1: what is domestic or not known has no written form. */
static size_t put_whole(const struct sk_observation *o, uint8_t *out)
{
	size_t length = sk_observation_encode_to(o, out + 2);
	struct sk_out head = sk_out_of(out, 2);
	sk_put_be16(&head, (uint16_t)(1u << SK_PACK_WHOLE | length));
	return 2 + length;
}

__attribute__((noinline)) size_t sk_pack_whole(const struct sk_history *history, uint8_t *out)
{
	struct sk_observation o;
	memset(&o, 0, sizeof o);
	o.history = *history;
	o.kind = SK_OBSERVATION_FLOW;
	return put_whole(&o, out);
}

__attribute__((noinline)) size_t sk_pack_longer(const struct sk_history *h, int64_t day_ns, uint8_t *out)
{
	bool tcp = h->ip_proto == SK_PACK_PROTO_TCP;
	unsigned widths = widths_of(h), width = counter_bytes[widths >> SK_PACK_COUNTERS];
	if (SK_UNLIKELY(widths == SK_PACK_ALONE))
		return sk_pack_whole(h, out);
	/* Segments of TCP and others come in no order that could be guessed. Up to the ports there are eight bytes of TCP, and seven of others. */
	uint64_t bits = sk_pack_bits(h) | widths, ports = sk_pack_ports(h), flags = (uint64_t)h->tcp_flags[0] << 8 | h->tcp_flags[1];
	uint64_t starts[2] = {bits << 48 | (uint64_t)h->ip_proto << 40 | ports << 8, bits << 48 | flags << 32 | ports};
	uint8_t *at = sk_store_addresses(sk_store_big(out, starts[tcp], 8) - 1 + tcp, h);
	at = sk_store_big(at, (uint64_t)h->first_ns - (uint64_t)day_ns, SK_PACK_TIME_BYTES);
	at = sk_store_big(at, (uint64_t)h->last_ns - (uint64_t)h->first_ns, duration_bytes[widths >> SK_PACK_DURATION & 3]);
	at = sk_store_big(at, h->packets[0], width);
	at = sk_store_big(at, h->packets[1], width);
	at = sk_store_big(at, h->ip_bytes[0], width);
	at = sk_store_big(at, h->ip_bytes[1], width);
	at = sk_store_big(at, h->frame_bytes, width);
	return (size_t)(at - out);
}

static bool is_plain(const struct sk_observation *o, int64_t day_ns)
{
	return o->kind == SK_OBSERVATION_FLOW && o->sections == 0 && sk_history_is_plain(&o->history) && (uint64_t)o->first_ns - (uint64_t)day_ns < (uint64_t)SK_DAY_NS;
}

size_t sk_pack(const struct sk_observation *o, int64_t day_ns, uint8_t *out)
{
	return is_plain(o, day_ns) ? sk_pack_plain(&o->history, day_ns, out) : put_whole(o, out);
}

static uint64_t take(struct sk_cur *c, unsigned bytes)
{
	uint64_t value = 0;
	for (; bytes > 0; bytes--)
		value = value << 8 | sk_u8(c);
	return value;
}

/* Up to the addresses; of TCP the flags of as many sides as are told. False for what is the other protocols' form of TCP. */
static bool take_ends(struct sk_cur *c, unsigned bits, unsigned sides, struct sk_observation *out)
{
	bool tcp = (bits & 1) != 0;
	size_t address = (bits >> SK_PACK_V6 & 1) != 0 ? 16 : 4;
	out->class_ = bits >> SK_PACK_CLASS & 3;
	out->initiator_sure = bits >> SK_PACK_SURE & 1;
	out->end = bits >> SK_PACK_END & 7;
	out->state = bits >> SK_PACK_STATE & 7;
	out->ip_proto = tcp ? SK_PACK_PROTO_TCP : sk_u8(c);
	if (tcp)
		sk_copy(c, out->tcp_flags, sides);
	out->initiator_port = sk_be16(c);
	out->responder_port = sk_be16(c);
	out->initiator.family = out->responder.family = address == 16 ? 6 : 4;
	sk_copy(c, out->initiator.bytes, address);
	sk_copy(c, out->responder.bytes, address);
	return tcp || out->ip_proto != SK_PACK_PROTO_TCP;
}

static void take_alone(struct sk_cur *c, struct sk_observation *out)
{
	out->last_ns = out->first_ns;
	out->packets[0] = 1;
	out->ip_bytes[0] = sk_u8(c);
	out->frame_bytes = out->ip_bytes[0] + sk_u8(c);
}

static void take_numbers(struct sk_cur *c, unsigned bits, struct sk_observation *out)
{
	unsigned width = counter_bytes[bits >> SK_PACK_COUNTERS & 3];
	out->last_ns = (int64_t)((uint64_t)out->first_ns + take(c, duration_bytes[bits >> SK_PACK_DURATION & 3]));
	for (unsigned i = 0; i < 2; i++)
		out->packets[i] = take(c, width);
	for (unsigned i = 0; i < 2; i++)
		out->ip_bytes[i] = take(c, width);
	out->frame_bytes = take(c, width);
}

enum sk_err sk_unpack(struct sk_cur *c, enum sk_block_kind kind, int64_t day_ns, struct sk_observation *out, struct sk_cur *form)
{
	unsigned bits = sk_be16(c);
	*form = sk_carve(c, (bits >> SK_PACK_WHOLE & 1) != 0 ? bits & ~(1u << SK_PACK_WHOLE) : 0);
	SK_TRY(sk_alive(form));
	if ((bits >> SK_PACK_WHOLE & 1) != 0)
		return sk_observation_decode(form->at, sk_left(form), out);
	bool alone = kind >= SK_BLOCK_ALONE && (bits & SK_PACK_WIDTHS) == SK_PACK_ALONE;
	memset(out, 0, sizeof *out);
	out->kind = SK_OBSERVATION_FLOW;
	out->layers = 1;
	bool good = take_ends(c, bits, alone ? 1 : 2, out);
	out->first_ns = (int64_t)((uint64_t)day_ns + take(c, SK_PACK_TIME_BYTES));
	if (alone)
		take_alone(c, out);
	else
		take_numbers(c, bits, out);
	out->frames = out->packets[0] + out->packets[1];
	SK_TRY(sk_alive(c));
	/* Each flow has one form. */
	good = good && (alone || (widths_of(&out->history) == (bits & SK_PACK_WIDTHS) && !(kind >= SK_BLOCK_ALONE && sk_is_alone(&out->history))));
	return good && is_plain(out, day_ns) ? SK_OK : SK_EMALFORMED;
}
