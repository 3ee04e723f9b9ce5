/* SPDX-License-Identifier: Apache-2.0 */
/* What is packed comes back the same, each in one form; a reader of the format document, written anew, agrees; what is bent is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "observe/plain.h"
#include "store/plain_priv.h"

enum { DAY = 20000, RUNS = 20000, ROOM = SK_OBSERVATION_MAX_BYTES + 2 };
static const int64_t day_ns = INT64_C(86400000000000);

static uint64_t state = 1;

static uint64_t draw(void)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return state >> 11 ^ state << 29;
}

/* Of any size. */
static uint64_t number(void)
{
	return draw() >> draw() % 64;
}

static struct sk_observation any(void)
{
	struct sk_observation o;
	memset(&o, 0, sizeof o);
	bool v6 = draw() % 4 == 0;
	o.kind = SK_OBSERVATION_FLOW;
	o.class_ = (uint8_t)(draw() % 3);
	o.ip_proto = draw() % 2 ? 6 : (uint8_t)draw();
	o.initiator_sure = draw() & 1;
	if (o.ip_proto == 6)
		o.tcp_flags[0] = (uint8_t)draw(), o.tcp_flags[1] = (uint8_t)draw();
	o.end = (uint8_t)(draw() % SK_OBSERVATION_ENDS);
	o.state = (uint8_t)(draw() % SK_OBSERVATION_STATES);
	o.layers = 1;
	o.initiator_port = (uint16_t)draw();
	o.responder_port = (uint16_t)draw();
	o.initiator.family = o.responder.family = v6 ? 6 : 4;
	for (unsigned i = 0; i < (v6 ? 16 : 4); i++)
		o.initiator.bytes[i] = (uint8_t)draw(), o.responder.bytes[i] = (uint8_t)draw();
	o.first_ns = DAY * day_ns + (int64_t)(number() % (uint64_t)day_ns);
	o.last_ns = (int64_t)((uint64_t)o.first_ns + (draw() % 4 ? number() : 0));
	uint64_t mask = UINT64_MAX >> (draw() % 4) * 16;
	o.packets[0] = number() & mask, o.packets[1] = number() & mask, o.ip_bytes[0] = number() & mask, o.ip_bytes[1] = number() & mask, o.frame_bytes = number() & mask;
	o.frames = o.packets[0] + o.packets[1];
	return o;
}

/* Something that only the whole form can say. */
static void bend(struct sk_observation *o)
{
	switch (draw() % 8) {
	case 0: o->app = 2; break;
	case 1: o->layers = 2, o->tunnels = 1; break;
	case 2: o->interface = 3; break;
	case 3: o->icmp_type = 8; break;
	case 4: o->frames++; break;
	case 5: o->sections = SK_SECTION_DNS, o->dns_type = 1; break;
	case 6: o->metered_by = SK_METER_IPFIX, o->sampling = (uint32_t)(draw() % 3) * 1000; break;
	default: o->first_ns += day_ns; break;
	}
}

/* docs/formats/observation.md, read by itself. */
static uint64_t be(const uint8_t **at, unsigned bytes)
{
	uint64_t value = 0;
	while (bytes-- > 0)
		value = value << 8 | *(*at)++;
	return value;
}

static void expect_document(const struct sk_observation *o, const uint8_t *at, size_t length)
{
	static const unsigned counters[] = {1, 2, 4, 8}, durations[] = {0, 4, 5, 8};
	const uint8_t *begin = at;
	unsigned bits = (unsigned)be(&at, 2), address = bits >> 12 & 1 ? 16 : 4, width = counters[bits >> 3 & 3];
	assert_int_equal(bits >> 15, 0);
	assert_int_equal(bits >> 13 & 3, o->class_);
	assert_int_equal(bits >> 11 & 1, o->initiator_sure);
	assert_int_equal(bits >> 8 & 7, o->end);
	assert_int_equal(bits >> 5 & 7, o->state);
	assert_int_equal(bits & 1, o->ip_proto == 6);
	assert_int_equal(be(&at, 1 + (bits & 1)), bits & 1 ? (unsigned)o->tcp_flags[0] << 8 | o->tcp_flags[1] : o->ip_proto);
	assert_int_equal(be(&at, 2), o->initiator_port);
	assert_int_equal(be(&at, 2), o->responder_port);
	assert_memory_equal(at, o->initiator.bytes, address);
	assert_memory_equal(at + address, o->responder.bytes, address);
	at += 2 * (size_t)address;
	assert_true(be(&at, 6) == (uint64_t)(o->first_ns - DAY * day_ns));
	assert_true(be(&at, durations[bits >> 1 & 3]) == (uint64_t)o->last_ns - (uint64_t)o->first_ns);
	assert_true(be(&at, width) == o->packets[0] && be(&at, width) == o->packets[1]);
	assert_true(be(&at, width) == o->ip_bytes[0] && be(&at, width) == o->ip_bytes[1] && be(&at, width) == o->frame_bytes);
	assert_int_equal(at - begin, length);
}

static void packed_comes_back(void **unused)
{
	(void)unused;
	uint8_t bytes[ROOM];
	for (unsigned i = 0; i < RUNS; i++) {
		struct sk_observation o = any(), back;
		bool whole = draw() % 8 == 0;
		if (whole)
			bend(&o);
		size_t length = sk_pack(&o, DAY, bytes);
		struct sk_cur c = sk_cur_of(bytes, length), form;
		assert_int_equal(sk_unpack(&c, DAY, &back, &form), SK_OK);
		assert_false(sk_more(&c));
		assert_int_equal(sk_more(&form), whole);
		assert_memory_equal(&back, &o, sizeof o);
		if (!whole) {
			uint8_t alone[ROOM];
			assert_true(sk_history_is_plain(&o.history));
			assert_int_equal(sk_pack_plain(&o.history, DAY, alone), length);
			assert_memory_equal(alone, bytes, length);
			expect_document(&o, bytes, length);
		}
		assert_true(whole || length <= 2 + 2 + 4 + 32 + 6 + 8 + 40);
	}
}

/* Every value of each number that our own code sets: what lies beyond its enum is not plain, whatever the others are. */
static void numbers_have_ends(void **unused)
{
	(void)unused;
	for (unsigned value = 0; value <= UINT8_MAX; value++)
		for (unsigned i = 0; i < 200; i++) {
			struct sk_observation o = any(), class_ = o, sure = o, end = o, state_ = o;
			class_.class_ = sure.initiator_sure = end.end = state_.state = (uint8_t)value;
			assert_int_equal(sk_history_is_plain(&class_.history), value <= SK_CLASS_DF);
			assert_int_equal(sk_history_is_plain(&sure.history), value <= 1);
			assert_int_equal(sk_history_is_plain(&end.history), value < SK_OBSERVATION_ENDS);
			assert_int_equal(sk_history_is_plain(&state_.history), value < SK_OBSERVATION_STATES);
		}
}

/* Cut at each byte it is truncated; with any one bit turned it is refused, or is the one form of something else. */
static void bent_is_refused(void **unused)
{
	(void)unused;
	uint8_t bytes[ROOM], again[ROOM], copy[ROOM];
	unsigned refused = 0;
	for (unsigned i = 0; i < 300; i++) {
		struct sk_observation o = any(), back;
		struct sk_cur form;
		size_t length = sk_pack(&o, DAY, bytes);
		for (size_t cut = 0; cut < length; cut++) {
			struct sk_cur c = sk_cur_of(bytes, cut);
			assert_int_equal(sk_unpack(&c, DAY, &back, &form), SK_ETRUNC);
		}
		for (size_t bit = 0; bit < 8 * length; bit++) {
			memcpy(copy, bytes, length);
			copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
			struct sk_cur c = sk_cur_of(copy, length);
			if (sk_unpack(&c, DAY, &back, &form) != SK_OK) {
				refused++;
				continue;
			}
			size_t used = length - sk_left(&c);
			assert_int_equal(sk_pack(&back, DAY, again), used);
			assert_memory_equal(again, copy, used);
		}
	}
	assert_true(refused > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(packed_comes_back), cmocka_unit_test(numbers_have_ends), cmocka_unit_test(bent_is_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
