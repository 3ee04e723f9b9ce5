/* SPDX-License-Identifier: Apache-2.0 */
/* What is packed comes back the same, each in one form; a reader of the format document, written anew, agrees; what is bent is refused; blocks of
   earlier kinds, which had no form for a packet alone, are still read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "observe/plain.h"
#include "store/plain_priv.h"

enum { DAY = 20000, RUNS = 20000, ROOM = SK_OBSERVATION_MAX_BYTES + 2 };
static const int64_t day_ns = INT64_C(86400000000000), begins_ns = DAY * INT64_C(86400000000000);

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
	o.first_ns = begins_ns + (int64_t)(number() % (uint64_t)day_ns);
	o.last_ns = (int64_t)((uint64_t)o.first_ns + (draw() % 4 ? number() : 0));
	uint64_t mask = UINT64_MAX >> (draw() % 4) * 16;
	o.packets[0] = number() & mask, o.packets[1] = number() & mask, o.ip_bytes[0] = number() & mask, o.ip_bytes[1] = number() & mask, o.frame_bytes = number() & mask;
	o.frames = o.packets[0] + o.packets[1];
	return o;
}

/* A packet of which the form for one alone tells everything. */
static struct sk_observation any_alone(void)
{
	struct sk_observation o = any();
	o.last_ns = o.first_ns;
	o.frames = o.packets[0] = 1;
	o.packets[1] = o.ip_bytes[1] = o.tcp_flags[1] = 0;
	o.ip_bytes[0] = draw() % 256;
	o.frame_bytes = o.ip_bytes[0] + draw() % 256;
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

/* The document's words for who is alone, and for who stands whole although nothing is said of it but numbers. */
static bool document_alone(const struct sk_observation *o)
{
	bool small = o->ip_bytes[0] <= 255 && o->frame_bytes >= o->ip_bytes[0] && o->frame_bytes - o->ip_bytes[0] <= 255;
	return o->packets[0] == 1 && o->packets[1] == 0 && o->ip_bytes[1] == 0 && o->tcp_flags[1] == 0 && o->first_ns == o->last_ns && small;
}

static bool document_whole(const struct sk_observation *o)
{
	uint64_t any = o->packets[0] | o->packets[1] | o->ip_bytes[0] | o->ip_bytes[1] | o->frame_bytes;
	return any >> 32 != 0 && o->first_ns == o->last_ns;
}

static void expect_document(const struct sk_observation *o, const uint8_t *at, size_t length)
{
	static const unsigned counters[] = {1, 2, 4, 8}, durations[] = {0, 4, 5, 8};
	const uint8_t *begin = at;
	unsigned bits = (unsigned)be(&at, 2), address = bits >> 12 & 1 ? 16 : 4, width = counters[bits >> 3 & 3];
	bool alone = document_alone(o);
	assert_int_equal(bits >> 15, 0);
	assert_int_equal(bits >> 13 & 3, o->class_);
	assert_int_equal(bits >> 11 & 1, o->initiator_sure);
	assert_int_equal(bits >> 8 & 7, o->end);
	assert_int_equal(bits >> 5 & 7, o->state);
	assert_int_equal((bits >> 3 & 3) == 3 && (bits >> 1 & 3) == 0, alone);
	assert_int_equal(bits & 1, o->ip_proto == 6);
	if (alone)
		assert_int_equal(be(&at, 1), bits & 1 ? o->tcp_flags[0] : o->ip_proto);
	else
		assert_int_equal(be(&at, 1 + (bits & 1)), bits & 1 ? (unsigned)o->tcp_flags[0] << 8 | o->tcp_flags[1] : o->ip_proto);
	assert_int_equal(be(&at, 2), o->initiator_port);
	assert_int_equal(be(&at, 2), o->responder_port);
	assert_memory_equal(at, o->initiator.bytes, address);
	assert_memory_equal(at + address, o->responder.bytes, address);
	at += 2 * (size_t)address;
	assert_true(be(&at, 6) == (uint64_t)(o->first_ns - begins_ns));
	if (alone) {
		assert_true(be(&at, 1) == o->ip_bytes[0] && be(&at, 1) == o->frame_bytes - o->ip_bytes[0]);
	} else {
		assert_true(be(&at, durations[bits >> 1 & 3]) == (uint64_t)o->last_ns - (uint64_t)o->first_ns);
		assert_true(be(&at, width) == o->packets[0] && be(&at, width) == o->packets[1]);
		assert_true(be(&at, width) == o->ip_bytes[0] && be(&at, width) == o->ip_bytes[1] && be(&at, width) == o->frame_bytes);
	}
	assert_int_equal(at - begin, length);
}

/* The one form of it in a block of the last kind, read back; of both ways to write it. Returns its length. */
static size_t round_trip(const struct sk_observation *o, bool whole, uint8_t bytes[ROOM])
{
	struct sk_observation back;
	uint8_t other[ROOM];
	size_t length = sk_pack(o, begins_ns, bytes);
	struct sk_cur c = sk_cur_of(bytes, length), form;
	assert_int_equal(sk_unpack(&c, SK_BLOCK_ALONE, begins_ns, &back, &form), SK_OK);
	assert_false(sk_more(&c));
	assert_int_equal(sk_more(&form), whole || document_whole(o));
	assert_memory_equal(&back, o, sizeof *o);
	if (whole)
		return length;
	assert_true(sk_history_is_plain(&o->history));
	assert_int_equal(sk_pack_plain(&o->history, begins_ns, other), length);
	assert_memory_equal(other, bytes, length);
	if (!document_whole(o))
		expect_document(o, bytes, length);
	return length;
}

static void packed_comes_back(void **unused)
{
	(void)unused;
	uint8_t bytes[ROOM];
	for (unsigned i = 0; i < RUNS; i++) {
		struct sk_observation o = draw() % 4 ? any() : any_alone();
		bool whole = draw() % 8 == 0;
		if (whole)
			bend(&o);
		size_t length = round_trip(&o, whole, bytes);
		assert_true(whole || document_whole(&o) || length <= 2 + 2 + 4 + 32 + 6 + 8 + 40);
	}
}

/* A SYN, a datagram and a ping, of IPv4 and IPv6: 23 bytes and 47. */
static void alone_is_short(void **unused)
{
	(void)unused;
	static const uint8_t protocols[] = {6, 17, 1, 58};
	uint8_t bytes[ROOM];
	for (unsigned i = 0; i < 2000; i++)
		for (unsigned p = 0; p < 4; p++) {
			struct sk_observation o = any_alone();
			o.ip_proto = protocols[p];
			o.tcp_flags[0] = p == 0 ? 2 : 0;
			assert_int_equal(round_trip(&o, false, bytes), o.initiator.family == 6 ? 47 : 23);
		}
}

/* Each bound of it: one more than what it can say is told in the longer form. */
static void alone_has_bounds(void **unused)
{
	(void)unused;
	uint8_t bytes[ROOM];
	for (unsigned i = 0; i < 1000; i++) {
		struct sk_observation fits = any_alone(), o;
		size_t address = fits.initiator.family == 6 ? 32 : 8, shorter = 15 + address;
		fits.ip_proto = 6;
		fits.ip_bytes[0] = i % 2 ? 255 : 0;
		fits.frame_bytes = fits.ip_bytes[0] + (i / 2 % 2 ? 255 : 0);
		assert_int_equal(round_trip(&fits, false, bytes), shorter);
#define LONGER(change) (o = fits, change, round_trip(&o, false, bytes) > shorter)
		assert_true(LONGER((o.ip_bytes[0] = 256, o.frame_bytes = 300)));
		assert_true(LONGER(o.frame_bytes = o.ip_bytes[0] + 256));
		assert_true(LONGER((o.ip_bytes[0] = 40, o.frame_bytes = 39)));
		assert_true(LONGER(o.frames = o.packets[0] = 2));
		assert_true(LONGER(o.frames = o.packets[0] = 0));
		assert_true(LONGER((o.packets[1] = 1, o.frames = 2)));
		assert_true(LONGER(o.ip_bytes[1] = 1));
		assert_true(LONGER(o.tcp_flags[1] = 0x12));
		assert_true(LONGER(o.last_ns++));
		assert_true(LONGER(o.last_ns--));
#undef LONGER
	}
}

/* What a flow export may tell: counters of 8 bytes and no duration. It stands whole; in blocks before it stood packed. */
static void great_and_short_is_whole(void **unused)
{
	(void)unused;
	uint8_t bytes[ROOM];
	for (unsigned i = 0; i < 5; i++) {
		struct sk_observation o = any_alone();
		uint64_t *counters[] = {&o.packets[0], &o.packets[1], &o.ip_bytes[0], &o.ip_bytes[1], &o.frame_bytes};
		*counters[i] = UINT64_C(1) << 32;
		o.frames = o.packets[0] + o.packets[1];
		size_t length = round_trip(&o, false, bytes);
		assert_true(document_whole(&o));
		assert_int_equal((bytes[0] & 0x7f) << 8 | bytes[1], length - 2);
	}
}

/* As blocks before SKFF have a flow, or one that lies would have it in one of SKFF. Returns the length. */
static size_t put_ordinary(const struct sk_observation *o, unsigned width_code, uint8_t *out)
{
	bool tcp = o->ip_proto == 6, v6 = o->initiator.family == 6;
	unsigned bits = (unsigned)(o->class_ << 13 | v6 << 12 | o->initiator_sure << 11 | o->end << 8 | o->state << 5) | width_code << 3 | tcp, width = 1u << width_code;
	const uint64_t counters[] = {o->packets[0], o->packets[1], o->ip_bytes[0], o->ip_bytes[1], o->frame_bytes};
	struct sk_out to = sk_out_of(out, ROOM);
	sk_put_be16(&to, (uint16_t)bits);
	sk_put_bytes(&to, tcp ? o->tcp_flags : &o->ip_proto, tcp ? 2 : 1);
	sk_put_be16(&to, o->initiator_port);
	sk_put_be16(&to, o->responder_port);
	sk_put_bytes(&to, o->initiator.bytes, v6 ? 16 : 4);
	sk_put_bytes(&to, o->responder.bytes, v6 ? 16 : 4);
	for (unsigned i = 6; i-- > 0;)
		sk_put_u8(&to, (uint8_t)((uint64_t)(o->first_ns - begins_ns) >> 8 * i));
	for (unsigned i = 0; i < 5; i++)
		for (unsigned byte = width; byte-- > 0;)
			sk_put_u8(&to, (uint8_t)(counters[i] >> 8 * byte));
	assert_int_equal(sk_out_done(&to), SK_OK);
	return sk_out_length(&to);
}

static enum sk_err unpack_as(enum sk_block_kind kind, const uint8_t *bytes, size_t length, struct sk_observation *back)
{
	struct sk_cur c = sk_cur_of(bytes, length), form;
	enum sk_err err = sk_unpack(&c, kind, begins_ns, back, &form);
	assert_true(err != SK_OK || !sk_more(&c));
	return err;
}

/* A packet alone, and counters of 8 bytes without a duration: earlier kinds have them in the ordinary form; SKFF refuses the first, and the second begins as its other form. */
static void kinds_before_had_one_form(void **unused)
{
	(void)unused;
	uint8_t bytes[ROOM];
	for (unsigned i = 0; i < 1000; i++) {
		struct sk_observation alone = any_alone(), great = any_alone(), back;
		great.frame_bytes = UINT64_C(0x1234567890);
		unsigned code = (alone.frame_bytes > 255);
		for (enum sk_block_kind kind = SK_BLOCK_PACKED; kind < SK_BLOCK_KIND_COUNT; kind++) {
			enum sk_err expected = kind < SK_BLOCK_ALONE ? SK_OK : SK_EMALFORMED;
			assert_int_equal(unpack_as(kind, bytes, put_ordinary(&alone, code, bytes), &back), expected);
			if (expected == SK_OK)
				assert_memory_equal(&back, &alone, sizeof back);
			assert_int_equal(unpack_as(kind, bytes, put_ordinary(&alone, code + 1, bytes), &back), SK_EMALFORMED);
			size_t length = put_ordinary(&great, 3, bytes);
			if (kind < SK_BLOCK_ALONE) {
				assert_int_equal(unpack_as(kind, bytes, length, &back), SK_OK);
				assert_memory_equal(&back, &great, sizeof back);
			} else {
				struct sk_cur c = sk_cur_of(bytes, length), form;
				assert_true(sk_unpack(&c, kind, begins_ns, &back, &form) != SK_OK || sk_left(&c) == 38u + (great.ip_proto == 6)); /* the shorter form ends there */
			}
		}
	}
}

/* What no writer makes of a packet alone: TCP in the form of the others, a time beyond the day, a class that is never kept. */
static void bent_alone_is_refused(void **unused)
{
	(void)unused;
	uint8_t bytes[ROOM];
	struct sk_observation o = any_alone(), back;
	o.initiator.family = o.responder.family = 4;
	memset(o.initiator.bytes + 4, 0, 12), memset(o.responder.bytes + 4, 0, 12);
	o.ip_proto = 17, o.tcp_flags[0] = 0, o.class_ = SK_CLASS_DF, o.first_ns = o.last_ns = begins_ns + day_ns - 1;
	size_t length = round_trip(&o, false, bytes);
	assert_int_equal(length, 23);
	bytes[2] = 6;
	assert_int_equal(unpack_as(SK_BLOCK_ALONE, bytes, length, &back), SK_EMALFORMED);
	bytes[2] = 17, bytes[18]++, bytes[19] = bytes[20] = 0; /* a ns later */
	assert_int_equal(unpack_as(SK_BLOCK_ALONE, bytes, length, &back), SK_EMALFORMED);
	bytes[18]--, bytes[19] = bytes[20] = 0xff, bytes[0] |= 3 << 5;
	assert_int_equal(unpack_as(SK_BLOCK_ALONE, bytes, length, &back), SK_EMALFORMED);
	bytes[0] ^= 1 << 5;
	assert_int_equal(unpack_as(SK_BLOCK_ALONE, bytes, length, &back), SK_OK);
	assert_memory_equal(&back, &o, sizeof o);
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
		struct sk_observation o = i % 4 ? any() : any_alone(), back;
		struct sk_cur form;
		size_t length = sk_pack(&o, begins_ns, bytes);
		for (size_t cut = 0; cut < length; cut++) {
			struct sk_cur c = sk_cur_of(bytes, cut);
			assert_int_equal(sk_unpack(&c, SK_BLOCK_ALONE, begins_ns, &back, &form), SK_ETRUNC);
		}
		for (size_t bit = 0; bit < 8 * length; bit++) {
			memcpy(copy, bytes, length);
			copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
			struct sk_cur c = sk_cur_of(copy, length);
			if (sk_unpack(&c, SK_BLOCK_ALONE, begins_ns, &back, &form) != SK_OK) {
				refused++;
				continue;
			}
			size_t used = length - sk_left(&c);
			assert_int_equal(sk_pack(&back, begins_ns, again), used);
			assert_memory_equal(again, copy, used);
		}
	}
	assert_true(refused > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_comes_back),
		cmocka_unit_test(alone_is_short),
		cmocka_unit_test(alone_has_bounds),
		cmocka_unit_test(great_and_short_is_whole),
		cmocka_unit_test(kinds_before_had_one_form),
		cmocka_unit_test(bent_alone_is_refused),
		cmocka_unit_test(numbers_have_ends),
		cmocka_unit_test(bent_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
