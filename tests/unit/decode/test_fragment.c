/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "fake_admitted.h"
#include "packets.h"

static const uint8_t key[16] = "fragment testkey";
static const char here[4] = "\1\2\3\4", there[4] = "\5\6\7\10";

static struct sk_decoder *decoder_with(uint32_t datagrams, uint32_t pool_bytes)
{
	struct sk_decoder_limits limits = sk_decoder_default_limits();
	limits.datagrams = datagrams;
	limits.pool_bytes = pool_bytes;
	struct sk_decoder *decoder = NULL;
	assert_int_equal(sk_decoder_new(&limits, key, &decoder), SK_OK);
	return decoder;
}

static enum sk_decoded put_sliced(struct sk_decoder *decoder, bool v6, uint16_t id, size_t offset, bool more, const uint8_t *payload, size_t length,
				  size_t captured_of_it, int64_t time_ns, struct sk_datagram *datagram)
{
	static uint8_t packet[PACKET_MAX], body[PACKET_MAX];
	size_t total, header;
	if (v6) {
		struct sk_out o = sk_out_of(body, sizeof body);
		sk_put_be16(&o, 17 << 8);
		sk_put_be16(&o, (uint16_t)(offset | more));
		sk_put_be32(&o, id);
		sk_put_bytes(&o, payload, length);
		total = put_v6(packet, 1, 2, 44, body, sk_out_length(&o));
		header = 48;
	} else {
		total = put_v4(packet, here, there, 17, id, (uint16_t)(offset / 8 | (more ? 0x2000 : 0)), payload, length);
		header = 20;
	}
	struct sk_admitted admitted = fake_admitted(packet, total, time_ns);
	admitted.captured = header + captured_of_it;
	struct sk_packet unused;
	return sk_decode(decoder, &admitted, &unused, datagram);
}

static enum sk_decoded put(struct sk_decoder *decoder, bool v6, uint16_t id, size_t offset, bool more, const uint8_t *payload, size_t length,
			   struct sk_datagram *datagram)
{
	return put_sliced(decoder, v6, id, offset, more, payload, length, length, 1000, datagram);
}

static void expect_held(const struct sk_decoder *decoder, uint64_t frames)
{
	uint64_t got = 0, bytes = 0;
	sk_decode_held(decoder, &got, &bytes);
	assert_int_equal(got, frames);
}

static struct sk_fragment_loss expire(struct sk_decoder *decoder, int64_t now_ns)
{
	struct sk_fragment_loss loss = {0};
	sk_decode_expire(decoder, now_ns, &loss);
	return loss;
}

/* Random datagrams cut into random pieces in random order, some pieces twice: the same bytes come out, once. */
static void test_model(void **state)
{
	(void)state;
	srand(7);
	struct sk_decoder *decoder = decoder_with(64, 1 << 20);
	for (unsigned round = 0; round < 600; round++) {
		bool v6 = round & 1;
		size_t length = 8 + (size_t)rand() % (round % 50 == 0 ? 65000 : 9000);
		uint8_t *udp = malloc(length);
		assert_non_null(udp);
		for (size_t i = 0; i < length; i++)
			udp[i] = (uint8_t)rand();
		size_t starts[128], count = 0;
		size_t step = (length / 100 + 8) / 8 * 8;
		for (size_t at = 0; at < length; at += (size_t)(1 + rand() % 4) * step)
			starts[count++] = at;
		if (count < 2) {
			free(udp);
			continue;
		}
		size_t order[128];
		for (size_t i = 0; i < count; i++)
			order[i] = i;
		for (size_t i = count - 1; i > 0; i--) {
			size_t j = (size_t)rand() % (i + 1), swap = order[i];
			order[i] = order[j];
			order[j] = swap;
		}
		struct sk_datagram datagram;
		size_t repeats = 0;
		for (size_t i = 0; i < count; i++) {
			size_t piece = order[i], from = starts[piece], to = piece + 1 < count ? starts[piece + 1] : length;
			bool last = i + 1 == count;
			enum sk_decoded verdict = put(decoder, v6, (uint16_t)round, from, to != length, udp + from, to - from, &datagram);
			assert_int_equal(verdict, last ? SK_DECODE_DATAGRAM : SK_DECODE_HELD);
			if (!last && i + repeats < 100 && rand() % 4 == 0) {
				repeats++;
				assert_int_equal(put(decoder, v6, (uint16_t)round, from, to != length, udp + from, to - from, &datagram),
						SK_DECODE_HELD);
			}
		}
		size_t header = v6 ? 40 : 20;
		assert_int_equal(datagram.length, header + length);
		assert_memory_equal(datagram.bytes + header, udp, length);
		assert_int_equal(datagram.seen.frames, count + repeats);
		assert_int_equal(datagram.seen.reassembled, 1);
		struct sk_admitted admitted = fake_datagram(&datagram);
		struct sk_packet packet;
		struct sk_datagram inner;
		assert_int_equal(sk_decode(decoder, &admitted, &packet, &inner), SK_DECODED);
		assert_int_equal(packet.ip_proto, 17);
		assert_int_equal(packet.frames, count + repeats);
		assert_int_equal(packet.wire_bytes, datagram.seen.wire_bytes);
		sk_decode_release_datagram(decoder, &datagram);
		free(udp);
		expect_held(decoder, 0);
	}
	assert_int_equal(sk_decode_residue(decoder), 0);
	sk_decoder_free(decoder);
}

static size_t put_v6_fragment(uint8_t *packet, uint8_t next, size_t offset, bool more, const uint8_t *payload, size_t length)
{
	uint8_t body[256];
	struct sk_out o = sk_out_of(body, sizeof body);
	sk_put_be16(&o, (uint16_t)(next << 8));
	sk_put_be16(&o, (uint16_t)(offset | more));
	sk_put_be32(&o, 77);
	sk_put_bytes(&o, payload, length);
	return put_v6(packet, 1, 2, 44, body, sk_out_length(&o));
}

/* RFC 8200 4.5: of the fragments' next headers only the first one's counts, whichever comes last. A datagram that a later fragment could rename would be
   judged as what it is not. rule: GATE-5 */
static void test_first_fragment_names_the_protocol(void **state)
{
	(void)state;
	static const uint8_t payload[32] = "\1\2\3\4\0\40";
	uint8_t packet[PACKET_MAX];
	struct sk_decoder *decoder = decoder_with(16, 1 << 16);
	for (unsigned reversed = 0; reversed < 2; reversed++) {
		struct sk_datagram datagram;
		struct sk_packet unused;
		for (unsigned i = 0; i < 2; i++) {
			bool later = i != reversed;
			size_t total = put_v6_fragment(packet, later ? 6 : 17, later ? 16 : 0, !later, payload + (later ? 16 : 0), 16);
			struct sk_admitted admitted = fake_admitted(packet, total, 1000);
			assert_int_equal(sk_decode(decoder, &admitted, &unused, &datagram), i == 1 ? SK_DECODE_DATAGRAM : SK_DECODE_HELD);
		}
		assert_int_equal(datagram.bytes[6], 17);
		sk_decode_release_datagram(decoder, &datagram);
	}
	sk_decoder_free(decoder);
}

/* Whose fragment a packet is: one key for all fragments of a datagram, another for another; the port only where it shows. rule: FORWARD-2 */
static void test_fragment_facts(void **state)
{
	(void)state;
	static const uint8_t payload[32] = "\1\2\022\265";
	uint8_t packet[PACKET_MAX];
	struct sk_fragment facts[4];
	for (unsigned i = 0; i < 2; i++) {
		size_t total = put_v4(packet, here, there, 17, 9, (uint16_t)(i == 0 ? 0x2000 : 4), payload, 32);
		struct sk_admitted admitted = fake_admitted(packet, total, 0);
		assert_true(sk_decode_fragment(&admitted, &facts[i]));
		admitted.captured = 22; /* the port is cut off */
		assert_true(sk_decode_fragment(&admitted, &facts[2]));
		assert_false(facts[2].has_port);
		admitted.info.class_ = SK_CLASS_DF;
		assert_true(sk_decode_fragment(&admitted, &facts[3]));
		assert_memory_not_equal(facts[3].key, facts[i].key, SK_FRAGMENT_KEY_BYTES);
	}
	assert_memory_equal(facts[0].key, facts[1].key, SK_FRAGMENT_KEY_BYTES);
	assert_true(facts[0].has_port && facts[0].more && facts[0].destination_port == 4789 && facts[0].payload_bytes == 32);
	assert_true(!facts[1].has_port && !facts[1].more && facts[1].offset == 32 && facts[1].proto == 17 && facts[1].family == 4);
	size_t total = put_v4(packet, here, there, 17, 10, 0x2000, payload, 32);
	struct sk_admitted other = fake_admitted(packet, total, 0);
	assert_true(sk_decode_fragment(&other, &facts[1]));
	assert_memory_not_equal(facts[0].key, facts[1].key, SK_FRAGMENT_KEY_BYTES);
	total = put_v4(packet, here, there, 17, 10, 0, payload, 32);
	struct sk_admitted whole = fake_admitted(packet, total, 0);
	assert_false(sk_decode_fragment(&whole, &facts[1]));
	total = put_v6_fragment(packet, 17, 0, false, payload, 32); /* atomic */
	struct sk_admitted atomic = fake_admitted(packet, total, 0);
	assert_false(sk_decode_fragment(&atomic, &facts[1]));
}

/* RFC 5722: one overlap, and nothing of the datagram is ever used. */
static void test_overlap(void **state)
{
	(void)state;
	static const uint8_t payload[64] = "some bytes that are not all the same, to tell pieces apart";
	struct sk_decoder *decoder = decoder_with(16, 1 << 16);
	struct sk_datagram datagram;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		assert_int_equal(put(decoder, v6, 1, 0, true, payload, 24, &datagram), SK_DECODE_HELD);
		assert_int_equal(put(decoder, v6, 1, 16, true, payload, 24, &datagram), SK_DECODE_BAD);
		/* What still comes is swallowed, the missing piece included. */
		assert_int_equal(put(decoder, v6, 1, 24, false, payload + 24, 24, &datagram), SK_DECODE_BAD);
		assert_int_equal(put(decoder, v6, 1, 0, true, payload, 24, &datagram), SK_DECODE_BAD);
		expect_held(decoder, 0);
		struct sk_fragment_loss loss = expire(decoder, 1000);
		assert_int_equal(loss.bad_frames, 1); /* the one that was held; the others were told as BAD at once */
		/* The same bytes again are a retransmission; other bytes at the same place are not. */
		assert_int_equal(put(decoder, v6, 2, 0, true, payload, 24, &datagram), SK_DECODE_HELD);
		assert_int_equal(put(decoder, v6, 2, 0, true, payload, 24, &datagram), SK_DECODE_HELD);
		assert_int_equal(put(decoder, v6, 2, 0, true, payload + 1, 24, &datagram), SK_DECODE_BAD);
		(void)expire(decoder, INT64_MAX);
	}
	assert_int_equal(sk_decode_residue(decoder), 0);
	sk_decoder_free(decoder);
}

static void test_impossible_fragments(void **state)
{
	(void)state;
	static uint8_t payload[65535];
	struct sk_decoder *decoder = decoder_with(16, 1 << 20);
	struct sk_datagram datagram;
	assert_int_equal(put(decoder, false, 1, 0, true, payload, 12, &datagram), SK_DECODE_BAD);      /* not a multiple of 8 */
	assert_int_equal(put(decoder, false, 2, 65528, false, payload, 8, &datagram), SK_DECODE_BAD);  /* past 65535 */
	assert_int_equal(put(decoder, false, 3, 0, true, payload, 0, &datagram), SK_DECODE_BAD);       /* nothing in it */
	assert_int_equal(put(decoder, false, 4, 32, false, payload, 8, &datagram), SK_DECODE_HELD);
	assert_int_equal(put(decoder, false, 4, 64, true, payload, 8, &datagram), SK_DECODE_BAD);      /* behind the end */
	assert_int_equal(put(decoder, false, 5, 64, true, payload, 8, &datagram), SK_DECODE_HELD);
	assert_int_equal(put(decoder, false, 5, 32, false, payload, 8, &datagram), SK_DECODE_BAD);     /* an end before what is there */
	assert_int_equal(put(decoder, false, 6, 32, false, payload, 8, &datagram), SK_DECODE_HELD);
	assert_int_equal(put(decoder, false, 6, 40, false, payload, 8, &datagram), SK_DECODE_BAD);     /* two ends */
	for (unsigned i = 0; i < 128; i++)
		assert_int_equal(put(decoder, true, 7, i * 8, true, payload, 8, &datagram), SK_DECODE_HELD);
	assert_int_equal(put(decoder, true, 7, 128 * 8, true, payload, 8, &datagram), SK_DECODE_BAD);  /* too many */
	expect_held(decoder, 0);
	struct sk_fragment_loss loss = expire(decoder, INT64_MAX);
	assert_int_equal(loss.bad_frames, 128 + 3);
	assert_int_equal(loss.timeout_frames, 0);
	sk_decoder_free(decoder);
}

static void test_timeout_and_clock(void **state)
{
	(void)state;
	static const uint8_t payload[64] = "canary";
	const int64_t s = 1000000000, timeout = 30 * s;
	struct sk_decoder *decoder = decoder_with(16, 1 << 16);
	struct sk_datagram datagram;
	assert_int_equal(put_sliced(decoder, false, 1, 0, true, payload, 16, 16, 100 * s, &datagram), SK_DECODE_HELD);
	assert_int_equal(expire(decoder, 100 * s + timeout - 1).timeout_frames, 0);
	expect_held(decoder, 1);
	assert_true(sk_decode_residue(decoder) > 0); /* the count sees what is held */
	assert_int_equal(expire(decoder, 100 * s + timeout).timeout_frames, 1);
	assert_int_equal(sk_decode_residue(decoder), 0);
	/* A late fragment does not join a stale one, even before expire is called. */
	assert_int_equal(put_sliced(decoder, false, 1, 0, true, payload, 16, 16, 100 * s, &datagram), SK_DECODE_HELD);
	assert_int_equal(put_sliced(decoder, false, 1, 16, false, payload, 16, 16, 131 * s, &datagram), SK_DECODE_HELD);
	struct sk_fragment_loss loss = expire(decoder, 131 * s);
	assert_int_equal(loss.timeout_frames, 1);
	assert_int_equal(loss.timeout_bytes, 16 + 20 + 14);
	/* The clock falls back to 0, or jumps to 2106: stale too. */
	assert_int_equal(expire(decoder, 0).timeout_frames, 1);
	assert_int_equal(put_sliced(decoder, false, 1, 0, true, payload, 16, 16, 0, &datagram), SK_DECODE_HELD);
	assert_int_equal(expire(decoder, INT64_C(4294967295) * s).timeout_frames, 1);
	expect_held(decoder, 0);
	sk_decoder_free(decoder);
}

/* A tenth of a second a packet, and now and then a minute without any. */
static int64_t now_of(unsigned i)
{
	return (int64_t)i * 100000000 + (int64_t)(i / 500) * 60000000000;
}

/* created = released + lost + held, whatever is thrown at a small decoder; no frame is counted twice or dropped silently. */
static void test_conservation(void **state)
{
	(void)state;
	srand(11);
	struct sk_decoder *decoder = decoder_with(8, 16 << 10);
	uint8_t payload[6000];
	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(i * 7);
	uint64_t in = 0, bad = 0, out = 0;
	struct sk_fragment_loss loss = {0};
	for (unsigned i = 0; i < 200000; i++) {
		struct sk_datagram datagram;
		size_t offset = (size_t)(rand() % 6) * 800, length = (size_t)(1 + rand() % 2) * 800;
		bool more = offset + length < 4000;
		in++;
		switch (put_sliced(decoder, rand() & 1, (uint16_t)(rand() % 12), offset, more, payload + offset, length,
				(size_t)rand() % (length + 1),
				   now_of(i), &datagram)) {
		case SK_DECODE_BAD:
			bad++;
			break;
		case SK_DECODE_DATAGRAM:
			out += datagram.seen.frames;
			sk_decode_release_datagram(decoder, &datagram);
			break;
		default:
			break;
		}
		if (i % 64 == 0)
			sk_decode_expire(decoder, now_of(i), &loss);
		if (i % 1000 == 0) {
			uint64_t held = 0, bytes = 0;
			sk_decode_expire(decoder, now_of(i), &loss);
			sk_decode_held(decoder, &held, &bytes);
			assert_int_equal(in, bad + out + held + loss.timeout_frames + loss.evicted_frames + loss.bad_frames);
		}
	}
	print_message("%lu in: %lu bad, %lu out, %lu timed out, %lu evicted, %lu dropped as bad\n", in, bad, out, loss.timeout_frames,
			loss.evicted_frames, loss.bad_frames);
	assert_true(out > 100 && bad > 100 && loss.timeout_frames > 100 && loss.evicted_frames > 100 && loss.bad_frames > 100);
	sk_decode_expire(decoder, INT64_MAX, &loss);
	assert_int_equal(in, bad + out + loss.timeout_frames + loss.evicted_frames + loss.bad_frames);
	assert_int_equal(sk_decode_residue(decoder), 0);
	sk_decoder_free(decoder);
}

/* A sliced piece: lengths are the wire's, bytes end where the capture did. */
static void test_sliced(void **state)
{
	(void)state;
	static const uint8_t payload[64] = "0123456789abcdef0123456789abcdef0123456789abcdef";
	struct sk_decoder *decoder = decoder_with(16, 1 << 16);
	struct sk_datagram datagram;
	assert_int_equal(put_sliced(decoder, false, 1, 0, true, payload, 24, 10, 5, &datagram), SK_DECODE_HELD);
	assert_int_equal(put_sliced(decoder, false, 1, 24, false, payload + 24, 20, 20, 5, &datagram), SK_DECODE_DATAGRAM);
	assert_int_equal(datagram.length, 20 + 10);
	struct sk_admitted admitted = fake_datagram(&datagram);
	assert_int_equal(admitted.wire, 20 + 44);
	sk_decode_release_datagram(decoder, &datagram);
	assert_int_equal(sk_decode_residue(decoder), 0);
	sk_decoder_free(decoder);
}

/* Fragments that came by different ways (depth, class) are different datagrams. */
static void test_ways_do_not_mix(void **state)
{
	(void)state;
	uint8_t packet[128];
	static const uint8_t payload[16] = "0123456789abcde";
	struct sk_decoder *decoder = decoder_with(16, 1 << 16);
	struct sk_datagram datagram;
	struct sk_packet unused;
	size_t length = put_v4(packet, here, there, 17, 9, 0x2000, payload, 16);
	struct sk_admitted first = fake_admitted(packet, length, 5);
	assert_int_equal(sk_decode(decoder, &first, &unused, &datagram), SK_DECODE_HELD);
	length = put_v4(packet, here, there, 17, 9, 2, payload, 16);
	struct sk_admitted second = fake_admitted(packet, length, 5);
	second.info.layers = 2;
	assert_int_equal(sk_decode(decoder, &second, &unused, &datagram), SK_DECODE_HELD);
	second.info.layers = 1;
	second.info.class_ = SK_CLASS_FF;
	assert_int_equal(sk_decode(decoder, &second, &unused, &datagram), SK_DECODE_HELD);
	second.info.class_ = SK_CLASS_FD;
	assert_int_equal(sk_decode(decoder, &second, &unused, &datagram), SK_DECODE_DATAGRAM);
	assert_int_equal(datagram.seen.frames, 2);
	sk_decode_release_datagram(decoder, &datagram);
	expect_held(decoder, 2);
	sk_decoder_free(decoder);
}

/* Sabotage twin of the canary: when the buffers are not overwritten, the count sees it. */
static void test_residue_sees_sabotage(void **state)
{
	(void)state;
	static uint8_t payload[2000];
	memset(payload, 'C', sizeof payload);
	struct sk_decoder *decoder = decoder_with(16, 1 << 16);
	struct sk_datagram datagram;
	assert_int_equal(put(decoder, false, 1, 0, true, payload, 1000, &datagram), SK_DECODE_HELD);
	assert_true(sk_decode_residue(decoder) >= 1000);
	assert_int_equal(put(decoder, false, 1, 1000, false, payload, 1000, &datagram), SK_DECODE_DATAGRAM);
	assert_true(sk_decode_residue(decoder) >= 2000); /* handed out: not overwritten yet */
	datagram.length -= 500;                          /* the sabotage: 500 bytes are forgotten */
	sk_decode_release_datagram(decoder, &datagram);
	assert_true(sk_decode_residue(decoder) >= 500);
	sk_decoder_free(decoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_impossible_fragments),
		cmocka_unit_test(test_first_fragment_names_the_protocol),
		cmocka_unit_test(test_fragment_facts),
		cmocka_unit_test(test_timeout_and_clock),
		cmocka_unit_test(test_conservation),
		cmocka_unit_test(test_sliced),
		cmocka_unit_test(test_ways_do_not_mix),
		cmocka_unit_test(test_residue_sees_sabotage),
	};
	return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
