/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of an observation, version 2 (version 3 of an event, which adds a section): a short core, what is rare about it, then the sections that are announced
   (docs/formats/observation.md).
   One value has one form: numbers take the least width that holds them all, and decode refuses any other.
   Under flow.all one is written for every segment: writing stores whole words and moves on by what counts of them. */
#include <string.h>

#include "observe/observe_priv.h"

enum { CORE_MAX = 12 + 2 * 16 + 8 + 8 + 5 * 8 + 24, SECTIONS_MAX = 2304, APP_MAX = SK_APP_COUNT - 1 };
/* The sixteen bits of the core. */
enum { BIT_HIT = 15, BIT_CLASS = 13, BIT_V6 = 12, BIT_SURE = 11, BIT_RARE = 10, BIT_END = 7, BIT_STATE = 4, BIT_COUNTERS = 2, BIT_DELTA = 0 };
/* What is rare: one byte says which of these follow. */
enum { RARE_ICMP = 1, RARE_LAYERS = 2, RARE_INTERFACE = 4, RARE_FRAMES = 8, RARE_METER = 16, RARE_ALL = 31 };
_Static_assert((int)CORE_MAX + (int)SECTIONS_MAX <= (int)SK_OBSERVATION_MAX_BYTES, "an observation fits");

static const char *const end_names[SK_OBSERVATION_ENDS] = {"idle", "active", "closed", "evicted", "basis", "stop"};
static const char *const state_names[SK_OBSERVATION_STATES] = {"new", "syn", "syn_ack", "established", "closing", "closed", "reset"};

const char *sk_observation_end_name(uint8_t end)
{
	return end < SK_COUNT(end_names) ? end_names[end] : "unknown";
}

const char *sk_observation_state_name(uint8_t state)
{
	return state < SK_COUNT(state_names) ? state_names[state] : "unknown";
}

/* ---- the core ---- */

/* Bytes of a number by the two bits of its width. */
static const uint8_t delta_bytes[] = {0, 4, 8}, counter_bytes[] = {2, 4, 8};

static unsigned delta_width(uint64_t delta)
{
	return delta == 0 ? 0 : delta <= UINT32_MAX ? 1 : 2;
}

static unsigned counter_width(const struct sk_observation *o)
{
	uint64_t any = o->packets[0] | o->packets[1] | o->ip_bytes[0] | o->ip_bytes[1] | o->frame_bytes;
	return any <= UINT16_MAX ? 0 : any <= UINT32_MAX ? 1 : 2;
}

static inline uint8_t *store16(uint8_t *at, uint16_t value)
{
	value = __builtin_bswap16(value);
	memcpy(at, &value, sizeof value);
	return at + sizeof value;
}

static inline uint8_t *store32(uint8_t *at, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof value);
	return at + sizeof value;
}

static inline uint8_t *store64(uint8_t *at, uint64_t value)
{
	value = __builtin_bswap64(value);
	memcpy(at, &value, sizeof value);
	return at + sizeof value;
}

/* The low `bytes` bytes, big-endian; eight are stored, and what is too many is overwritten by what follows. 0 bytes: nothing counts. */
static inline uint8_t *store_number(uint8_t *at, uint64_t value, unsigned bytes)
{
	(void)store64(at, value << ((64 - 8 * bytes) & 63));
	return at + bytes;
}

static inline uint8_t *store_addr(uint8_t *at, const struct sk_addr *addr, bool v6)
{
	memcpy(at, addr->bytes, 16);
	return at + (v6 ? 16 : 4);
}

static unsigned rare_of(const struct sk_observation *o)
{
	return ((o->icmp_type | o->icmp_code) != 0 ? RARE_ICMP : 0u) | (o->layers != 1 || o->tunnels != 0 ? RARE_LAYERS : 0u) |
	       (o->interface != 0 ? RARE_INTERFACE : 0u) | (o->frames != o->packets[0] + o->packets[1] ? RARE_FRAMES : 0u) |
	       (o->metered_by != SK_METER_HERE ? RARE_METER : 0u);
}

static uint8_t *store_rare(uint8_t *at, const struct sk_observation *o, unsigned rare)
{
	*at++ = (uint8_t)rare;
	if ((rare & RARE_ICMP) != 0) {
		*at++ = o->icmp_type;
		*at++ = o->icmp_code;
	}
	if ((rare & RARE_LAYERS) != 0) {
		*at++ = o->layers;
		at = store16(at, o->tunnels);
	}
	if ((rare & RARE_INTERFACE) != 0)
		at = store16(at, o->interface);
	if ((rare & RARE_FRAMES) != 0)
		at = store64(at, o->frames);
	if ((rare & RARE_METER) != 0) {
		*at++ = o->metered_by;
		at = store32(at, o->sampling);
	}
	return at;
}

/* What our own code sets. What comes off the wire (ports, times, names) may be anything.
   rule: OBSERVE-1: what is domestic or not known has no written form. */
static void check_numbers(const struct sk_observation *o)
{
	SK_INVARIANT(o->kind >= SK_OBSERVATION_FLOW && o->kind <= SK_OBSERVATION_EVENT && o->class_ <= SK_CLASS_DF);
	SK_INVARIANT((o->kind == SK_OBSERVATION_EVENT) == ((o->sections & SK_SECTION_DETECTOR) != 0));
	SK_INVARIANT((o->initiator.family == 4 || o->initiator.family == 6) && o->initiator.family == o->responder.family);
	SK_INVARIANT(o->initiator_sure <= 1 && o->app <= APP_MAX && o->end < SK_OBSERVATION_ENDS && o->state < SK_OBSERVATION_STATES);
	SK_INVARIANT(o->metered_by < SK_METER_COUNT && (o->metered_by != SK_METER_HERE || o->sampling == 0));
}

static size_t store_core(const struct sk_observation *o, uint8_t *out)
{
	uint64_t delta = (uint64_t)o->last_ns - (uint64_t)o->first_ns;
	unsigned width = counter_width(o), lasted = delta_width(delta), rare = rare_of(o), bytes = counter_bytes[width];
	bool v6 = o->initiator.family == 6;
	uint8_t *at = out;
	*at++ = o->kind == SK_OBSERVATION_EVENT ? SK_OBSERVATION_EVENT_VERSION : SK_OBSERVATION_VERSION;
	at = store16(at, (uint16_t)((unsigned)(o->kind == SK_OBSERVATION_HIT) << BIT_HIT | (unsigned)o->class_ << BIT_CLASS | (unsigned)v6 << BIT_V6 |
				    (unsigned)o->initiator_sure << BIT_SURE | (unsigned)(rare != 0) << BIT_RARE | (unsigned)o->end << BIT_END |
				    (unsigned)o->state << BIT_STATE | width << BIT_COUNTERS | lasted << BIT_DELTA));
	*at++ = o->ip_proto;
	*at++ = o->app;
	*at++ = (uint8_t)o->sections;
	*at++ = o->tcp_flags[0];
	*at++ = o->tcp_flags[1];
	at = store16(at, o->initiator_port);
	at = store16(at, o->responder_port);
	at = store_addr(at, &o->initiator, v6);
	at = store_addr(at, &o->responder, v6);
	at = store64(at, (uint64_t)o->first_ns);
	at = store_number(at, delta, delta_bytes[lasted]);
	at = store_number(at, o->packets[0], bytes);
	at = store_number(at, o->packets[1], bytes);
	at = store_number(at, o->ip_bytes[0], bytes);
	at = store_number(at, o->ip_bytes[1], bytes);
	at = store_number(at, o->frame_bytes, bytes);
	return (size_t)((rare != 0 ? store_rare(at, o, rare) : at) - out);
}

static uint64_t take_number(struct sk_observe_reader *r, unsigned bytes)
{
	return bytes == 8 ? sk_be64(&r->c) : bytes == 4 ? sk_be32(&r->c) : bytes == 2 ? sk_be16(&r->c) : 0;
}

static void take_rare(struct sk_observe_reader *r, struct sk_observation *out)
{
	uint8_t rare = sk_observe_take_up_to(r, RARE_ALL);
	if ((rare & RARE_ICMP) != 0) {
		out->icmp_type = sk_u8(&r->c);
		out->icmp_code = sk_u8(&r->c);
	}
	if ((rare & RARE_LAYERS) != 0) {
		out->layers = sk_u8(&r->c);
		out->tunnels = sk_be16(&r->c);
	}
	if ((rare & RARE_INTERFACE) != 0)
		out->interface = sk_be16(&r->c);
	if ((rare & RARE_FRAMES) != 0)
		out->frames = sk_be64(&r->c);
	if ((rare & RARE_METER) != 0) {
		out->metered_by = sk_observe_take_up_to(r, SK_METER_COUNT - 1);
		out->sampling = sk_be32(&r->c);
	}
	if (rare == 0 || rare != rare_of(out))
		r->wrong = true;
}

static void take_core(struct sk_observe_reader *r, bool event, struct sk_observation *out)
{
	unsigned bits = sk_be16(&r->c);
	unsigned width = bits >> BIT_COUNTERS & 3, lasted = bits >> BIT_DELTA & 3;
	uint8_t family = (bits >> BIT_V6 & 1) != 0 ? 6 : 4;
	out->kind = event ? SK_OBSERVATION_EVENT : (bits >> BIT_HIT & 1) != 0 ? SK_OBSERVATION_HIT : SK_OBSERVATION_FLOW;
	r->wrong |= event && (bits >> BIT_HIT & 1) != 0;
	out->class_ = bits >> BIT_CLASS & 3;
	out->initiator_sure = bits >> BIT_SURE & 1;
	out->end = bits >> BIT_END & 7;
	out->state = bits >> BIT_STATE & 7;
	out->ip_proto = sk_u8(&r->c);
	out->app = sk_observe_take_up_to(r, APP_MAX);
	out->sections = (uint16_t)(sk_u8(&r->c) | (event ? SK_SECTION_DETECTOR : 0));
	sk_copy(&r->c, out->tcp_flags, 2);
	out->initiator_port = sk_be16(&r->c);
	out->responder_port = sk_be16(&r->c);
	sk_observe_take_addr(r, family, &out->initiator);
	sk_observe_take_addr(r, family, &out->responder);
	if (width > 2 || lasted > 2 || out->class_ > SK_CLASS_DF || out->end >= SK_OBSERVATION_ENDS || out->state >= SK_OBSERVATION_STATES) {
		r->wrong = true;
		return; /* what follows has no known length */
	}
	out->first_ns = (int64_t)sk_be64(&r->c);
	uint64_t delta = take_number(r, delta_bytes[lasted]);
	out->last_ns = (int64_t)((uint64_t)out->first_ns + delta);
	for (unsigned i = 0; i < 2; i++)
		out->packets[i] = take_number(r, counter_bytes[width]);
	for (unsigned i = 0; i < 2; i++)
		out->ip_bytes[i] = take_number(r, counter_bytes[width]);
	out->frame_bytes = take_number(r, counter_bytes[width]);
	out->frames = out->packets[0] + out->packets[1];
	out->layers = 1;
	if (delta_width(delta) != lasted || counter_width(out) != width)
		r->wrong = true;
	if ((bits >> BIT_RARE & 1) != 0)
		take_rare(r, out);
}

/* ---- the whole ---- */

size_t sk_observation_encode_to(const struct sk_observation *observation, uint8_t *out)
{
	check_numbers(observation);
	size_t core = store_core(observation, out);
	if (observation->sections == 0)
		return core;
	struct sk_out o = sk_out_of(out + core, SK_OBSERVATION_MAX_BYTES - core);
	sk_observe_put_sections(&o, observation);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	return core + sk_out_length(&o);
}

void sk_observation_encode(const struct sk_observation *observation, struct sk_buf *out)
{
	uint8_t bytes[SK_OBSERVATION_MAX_BYTES];
	size_t length = sk_observation_encode_to(observation, bytes);
	sk_buf_add(out, bytes, length);
	sk_wipe(bytes, length);
}

enum sk_err sk_observation_decode(const void *bytes, size_t length, struct sk_observation *out)
{
	struct sk_observe_reader r = {.c = sk_cur_of(bytes, length)};
	memset(out, 0, sizeof *out);
	uint8_t version = sk_u8(&r.c);
	if (version == SK_OBSERVATION_V1)
		return sk_observation_decode_v1(&r, out);
	if (version != SK_OBSERVATION_VERSION && version != SK_OBSERVATION_EVENT_VERSION)
		return r.c.dead ? SK_ETRUNC : SK_EMALFORMED;
	take_core(&r, version == SK_OBSERVATION_EVENT_VERSION, out);
	if (!r.wrong)
		sk_observe_take_sections(&r, out);
	return sk_observe_verdict(&r);
}

void sk_observation_form_id(const void *form, size_t length, const uint8_t run_id[16], uint8_t id[16])
{
	uint8_t bytes[SK_OBSERVATION_MAX_BYTES + 16], digest[SK_HASH_BYTES];
	SK_INVARIANT(length <= SK_OBSERVATION_MAX_BYTES);
	memcpy(bytes, form, length);
	memcpy(bytes + length, run_id, 16);
	sk_sha256(bytes, length + 16, digest);
	sk_wipe(bytes, length);
	memcpy(id, digest, 16);
}

void sk_observation_id(const struct sk_observation *observation, const uint8_t run_id[16], uint8_t id[16])
{
	uint8_t form[SK_OBSERVATION_MAX_BYTES];
	size_t length = sk_observation_encode_to(observation, form);
	sk_observation_form_id(form, length, run_id, id);
	sk_wipe(form, length);
}
