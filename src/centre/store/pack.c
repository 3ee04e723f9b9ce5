/* SPDX-License-Identifier: Apache-2.0 */
/* How a block holds a flow segment (plain_priv.h draws it): writing any, and reading. */
#include <string.h>

#include "observe/plain.h"
#include "store/plain_priv.h"

/* What is out of order ends the program there. //= rule: OBSERVE-1: what is domestic or not known has no written form. */
static size_t put_whole(const struct sk_observation *o, uint8_t *out)
{
	size_t length = sk_observation_encode_to(o, out + 2);
	struct sk_out head = sk_out_of(out, 2);
	sk_put_be16(&head, (uint16_t)(1u << SK_PACK_WHOLE | length));
	return 2 + length;
}

static bool is_plain(const struct sk_observation *o, int32_t day)
{
	return o->kind == SK_OBSERVATION_FLOW && o->sections == 0 && sk_history_is_plain(&o->history) && (uint64_t)o->first_ns - (uint64_t)day * (uint64_t)SK_DAY_NS < (uint64_t)SK_DAY_NS;
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
	*form = sk_carve(c, (bits >> SK_PACK_WHOLE & 1) != 0 ? bits & ~(1u << SK_PACK_WHOLE) : 0);
	SK_TRY(sk_alive(form));
	if ((bits >> SK_PACK_WHOLE & 1) != 0)
		return sk_observation_decode(form->at, sk_left(form), out);
	memset(out, 0, sizeof *out);
	unsigned counters = bits >> SK_PACK_COUNTERS & 3, duration = bits >> SK_PACK_DURATION & 3, width = sk_counter_bytes[counters];
	uint8_t family = (bits >> SK_PACK_V6 & 1) != 0 ? 6 : 4;
	out->kind = SK_OBSERVATION_FLOW;
	out->layers = 1;
	out->class_ = bits >> SK_PACK_CLASS & 3;
	out->initiator_sure = bits >> SK_PACK_SURE & 1;
	out->end = bits >> SK_PACK_END & 7;
	out->state = bits >> SK_PACK_STATE & 7;
	out->ip_proto = (bits & 1) != 0 ? SK_PACK_PROTO_TCP : sk_u8(c);
	if ((bits & 1) != 0)
		sk_copy(c, out->tcp_flags, 2);
	bool twice = (bits & 1) == 0 && out->ip_proto == SK_PACK_PROTO_TCP; /* the other form is that of TCP */
	out->initiator_port = sk_be16(c);
	out->responder_port = sk_be16(c);
	out->initiator.family = out->responder.family = family;
	sk_copy(c, out->initiator.bytes, family == 6 ? 16 : 4);
	sk_copy(c, out->responder.bytes, family == 6 ? 16 : 4);
	uint64_t since = take(c, SK_PACK_TIME_BYTES), lasted = take(c, sk_duration_bytes[duration]);
	out->first_ns = (int64_t)((uint64_t)day * (uint64_t)SK_DAY_NS + since);
	out->last_ns = (int64_t)((uint64_t)out->first_ns + lasted);
	for (unsigned i = 0; i < 2; i++)
		out->packets[i] = take(c, width);
	for (unsigned i = 0; i < 2; i++)
		out->ip_bytes[i] = take(c, width);
	out->frame_bytes = take(c, width);
	out->frames = out->packets[0] + out->packets[1];
	SK_TRY(sk_alive(c));
	bool good = !twice && since < (uint64_t)SK_DAY_NS && sk_counter_width(&out->history) == counters && sk_duration_width(lasted) == duration && is_plain(out, day);
	return good ? SK_OK : SK_EMALFORMED;
}
