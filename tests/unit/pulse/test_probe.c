/* SPDX-License-Identifier: Apache-2.0 */
/* Frames through a gate into the probe: what it tells of handshakes, hops and seconds; and that no address stays in its memory (rule: PULSE-1). The border is gate's fake one:
   the last byte of an address modulo 3 is its side, 1 domestic, 2 foreign. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../gate/fake_border.h"
#include "pulse/probe.h"

enum { SYN = 2, RST = 4, ACK = 16, HOME = 1, ABROAD = 2, ELSEWHERE = 5 /* abroad too */, NOWHERE = 3, MS = 1000000 };

#define START INT64_C(1700000000000000000)

struct fixture {
	struct sk_gate *gate;
	struct sk_pulse_probe *probe;
	int64_t now_ns;
	unsigned network;             /* third byte of addresses abroad */
};

static struct fixture start(void)
{
	static const uint8_t key[SK_SIP_KEY_BYTES] = {9, 8, 7};
	struct fixture f = {.now_ns = START, .network = 113};
	assert_int_equal(sk_gate_new(fake_border(), SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF) | SK_CLASS_BIT(SK_CLASS_FF), &f.gate), SK_OK);
	assert_int_equal(sk_pulse_probe_new(key, &f.probe), SK_OK);
	return f;
}

static void stop(struct fixture *f)
{
	sk_pulse_probe_free(f->probe);
	sk_gate_free(f->gate);
}

static void put_address(uint8_t *at, unsigned family, unsigned who, unsigned network)
{
	const uint8_t four[4] = {203, 0, who == HOME ? 1 : (uint8_t)network, (uint8_t)who};
	const uint8_t six[16] = {0x20, 1, 0xd, 0xb8, who == HOME ? 1 : 2, (uint8_t)network, [15] = (uint8_t)who};
	memcpy(at, family == 4 ? four : six, family == 4 ? sizeof four : sizeof six);
}

/* A TCP segment; the ports follow from who sends. */
static void send_tcp(struct fixture *f, unsigned family, unsigned from, unsigned to, unsigned flags, unsigned ttl, bool client)
{
	uint8_t bytes[14 + 40 + 20] = {0};
	unsigned ip = family == 4 ? 20 : 40, length = 14 + ip + 20;
	bytes[12] = family == 4 ? 0x08 : 0x86;
	bytes[13] = family == 4 ? 0x00 : 0xdd;
	uint8_t *h = bytes + 14;
	if (family == 4) {
		h[0] = 0x45;
		h[3] = 40;
		h[8] = (uint8_t)ttl;
		h[9] = 6;
	} else {
		h[0] = 0x60;
		h[5] = 20;
		h[6] = 6;
		h[7] = (uint8_t)ttl;
	}
	put_address(h + (family == 4 ? 12 : 8), family, from, f->network);
	put_address(h + (family == 4 ? 16 : 24), family, to, f->network);
	h[ip + 0] = client ? 0x9c : 0;
	h[ip + 1] = client ? 0x40 : 80;
	h[ip + 2] = client ? 0 : 0x9c;
	h[ip + 3] = client ? 80 : 0x40;
	h[ip + 12] = 0x50;
	h[ip + 13] = (uint8_t)flags;
	struct sk_frame frame = {.bytes = bytes, .captured_bytes = length, .wire_bytes = length, .time_ns = f->now_ns, .link = SK_LINK_ETHERNET};
	struct sk_verdict verdict;
	sk_gate_judge_batch(f->gate, &frame, 1, &verdict);
	sk_pulse_probe_frame(f->probe, f->now_ns, &frame, &verdict);
}

static const struct sk_pulse_beat *told(struct fixture *f)
{
	return sk_pulse_probe_beat(f->probe, f->now_ns, SK_SOURCE_CARRIER_UP);
}

static void a_handshake_tells_hops_and_latency(void **state)
{
	(void)state;
	for (unsigned family = 4; family <= 6; family += 2) {
		struct fixture f = start();
		send_tcp(&f, family, HOME, ABROAD, SYN, 64, true);
		assert_int_equal(told(&f)->sample_count, 0); /* what leaves tells nothing */
		f.now_ns += 37 * MS;
		send_tcp(&f, family, ABROAD, HOME, SYN | ACK, 52, false);
		const struct sk_pulse_beat *beat = told(&f);
		assert_int_equal(beat->frames, 2);
		assert_int_equal(beat->classes[SK_CLASS_DF], 1);
		assert_int_equal(beat->classes[SK_CLASS_FD], 1);
		assert_int_equal(beat->to_ns - beat->from_ns, 37 * MS);
		assert_int_equal(beat->carrier, SK_SOURCE_CARRIER_UP);
		assert_int_equal(beat->sample_count, 1);
		assert_int_equal(beat->samples[0].bits, SK_PULSE_HOPS | SK_PULSE_ANSWERED);
		assert_int_equal(beat->samples[0].hops, 12);
		assert_int_equal(beat->samples[0].latency_us, 37000);
		/* The answer once more: its question is gone. */
		send_tcp(&f, family, ABROAD, HOME, SYN | ACK, 52, false);
		assert_int_equal(told(&f)->samples[1].bits, SK_PULSE_HOPS);
		stop(&f);
	}
}

static void a_repeated_question_is_told_and_gives_no_latency(void **state)
{
	(void)state;
	struct fixture f = start();
	send_tcp(&f, 4, HOME, ABROAD, SYN, 64, true);
	f.now_ns += 900 * (int64_t)MS;
	send_tcp(&f, 4, HOME, ABROAD, SYN, 64, true);
	f.now_ns += 20 * MS;
	send_tcp(&f, 4, ABROAD, HOME, SYN | ACK, 250, false);
	assert_int_equal(told(&f)->samples[0].bits, SK_PULSE_HOPS | SK_PULSE_ANSWERED | SK_PULSE_REPEATED);
	assert_int_equal(told(&f)->samples[0].latency_us, 0);
	assert_int_equal(told(&f)->samples[0].hops, 5);
	stop(&f);
}

/* Whoever knocks from outside, is refused, or never answered, says nothing of losses. */
static void scans_are_no_handshakes(void **state)
{
	(void)state;
	struct fixture f = start();
	for (unsigned i = 0; i < 50; i++) {
		f.network = i;
		send_tcp(&f, 4, HOME, ABROAD, SYN, 64, true);
		send_tcp(&f, 4, HOME, ABROAD, SYN, 64, true);
		send_tcp(&f, 4, ABROAD, HOME, RST | ACK, 60, false);
	}
	for (unsigned i = 0; i < 20; i++) {
		send_tcp(&f, 4, ABROAD, HOME, SYN, 60, true);
		send_tcp(&f, 4, ABROAD, HOME, SYN, 60, true);
		send_tcp(&f, 4, HOME, ABROAD, SYN | ACK, 64, false);
	}
	const struct sk_pulse_beat *beat = told(&f);
	assert_true(beat->sample_count > 0);
	for (unsigned i = 0; i < beat->sample_count; i++)
		assert_int_equal(beat->samples[i].bits, SK_PULSE_HOPS);
	stop(&f);
}

static void cells_are_of_networks(void **state)
{
	(void)state;
	struct fixture f = start();
	send_tcp(&f, 4, ABROAD, HOME, SYN, 60, true);
	send_tcp(&f, 4, ELSEWHERE, HOME, SYN, 60, true);
	f.network++;
	send_tcp(&f, 4, ABROAD, HOME, SYN, 60, true);
	const struct sk_pulse_beat *beat = told(&f);
	assert_int_equal(beat->sample_count, 3);
	assert_int_equal(beat->samples[0].cell, beat->samples[1].cell);
	assert_int_not_equal(beat->samples[0].cell, beat->samples[2].cell);
	stop(&f);
}

/* Of the end abroad, whichever way a frame goes, the table is asked for the country; without a table nobody is. */
static void ends_are_abroad(void **state)
{
	(void)state;
	struct fixture f = start();
	send_tcp(&f, 4, ABROAD, HOME, ACK, 60, true);
	assert_int_equal(told(&f)->end_count, 0);
	assert_false(told(&f)->named);
	stop(&f);
	for (unsigned family = 4; family <= 6; family += 2) {
		f = start();
		sk_pulse_probe_border(f.probe, fake_border());
		f.network = 2;
		send_tcp(&f, family, ABROAD, HOME, ACK, 60, true);
		send_tcp(&f, family, HOME, ABROAD, ACK, 60, true);
		f.network = 3;
		send_tcp(&f, family, ABROAD, ELSEWHERE, ACK, 60, true);
		f.network = 255;
		send_tcp(&f, family, ABROAD, HOME, ACK, 60, true);
		send_tcp(&f, family, HOME, HOME, ACK, 60, true); /* erased: not looked at */
		const struct sk_pulse_beat *beat = told(&f);
		assert_true(beat->named);
		assert_int_equal(beat->looked, 4);
		assert_int_equal(beat->end_count, 4);
		static const uint16_t countries[] = {SK_COUNTRY('X', 'C'), SK_COUNTRY('X', 'C'), SK_COUNTRY('X', 'D'), 0};
		for (unsigned i = 0; i < 4; i++) {
			assert_int_equal(beat->ends[i].country, countries[i]);
			assert_int_equal(beat->ends[i].leaves, i == 1);
		}
		assert_int_equal(beat->ends[0].host, beat->ends[1].host);
		assert_int_not_equal(beat->ends[0].host, beat->ends[2].host);
		stop(&f);
	}
}

/* However many come, the table is asked no more often: in the second second they are spread over all of it. */
static void look_ups_have_a_bound(void **state)
{
	(void)state;
	struct fixture f = start();
	sk_pulse_probe_border(f.probe, fake_border());
	for (unsigned i = 0; i < 20000; i++)
		send_tcp(&f, 4, ABROAD, HOME, ACK, 60, true);
	assert_int_equal(told(&f)->end_count, SK_PULSE_ENDS_MAX);
	assert_int_equal(told(&f)->looked, 20000);
	sk_pulse_probe_next(f.probe, f.now_ns);
	assert_int_equal(sk_pulse_probe_residue(f.probe), 0);
	assert_true(told(&f)->named);
	for (unsigned i = 0; i < 20000; i++) {
		send_tcp(&f, 4, ABROAD, HOME, ACK, 60, true);
		if (i == 9999)
			assert_in_range(told(&f)->end_count, 126, 130);
	}
	assert_in_range(told(&f)->end_count, 254, 258);
	sk_pulse_probe_next(f.probe, f.now_ns);
	/* Few come again: each of them, as soon as that is known. */
	for (unsigned i = 0; i < 20; i++)
		send_tcp(&f, 4, ABROAD, HOME, ACK, 60, true);
	sk_pulse_probe_next(f.probe, f.now_ns);
	for (unsigned i = 0; i < 20; i++)
		send_tcp(&f, 4, ABROAD, HOME, ACK, 60, true);
	assert_int_equal(told(&f)->end_count, 20);
	stop(&f);
}

/* What the gate erased is counted and never looked at. */
static void erased_frames_only_count(void **state)
{
	(void)state;
	struct fixture f = start();
	send_tcp(&f, 4, HOME, HOME, SYN, 60, true);
	send_tcp(&f, 4, NOWHERE, HOME, SYN, 60, true);
	sk_pulse_probe_count(f.probe, SK_CLASS_DD, 1000, 64000);
	const struct sk_pulse_beat *beat = told(&f);
	assert_int_equal(beat->frames, 1002);
	assert_int_equal(beat->classes[SK_CLASS_DD], 1001);
	assert_int_equal(beat->classes[SK_CLASS_UNKNOWN], 1);
	assert_int_equal(beat->sample_count, 0);
	stop(&f);
}

static void seconds_end(void **state)
{
	(void)state;
	struct fixture f = start();
	assert_true(sk_pulse_probe_due(f.probe, f.now_ns)); /* none has begun */
	sk_pulse_probe_next(f.probe, f.now_ns);
	assert_false(sk_pulse_probe_due(f.probe, f.now_ns + 999 * (int64_t)MS));
	assert_true(sk_pulse_probe_due(f.probe, f.now_ns + 1000 * (int64_t)MS));
	f.now_ns += 1000 * (int64_t)MS;
	assert_false(told(&f)->blind);
	assert_int_equal(told(&f)->from_ns, START);
	f.now_ns += 4000 * (int64_t)MS;
	assert_true(told(&f)->blind); /* five seconds without a look: who knows */
	sk_pulse_probe_next(f.probe, f.now_ns);
	for (unsigned i = 0; i < 500; i++)
		send_tcp(&f, 4, ABROAD, HOME, SYN, 60, true);
	assert_int_equal(told(&f)->sample_count, SK_PULSE_SAMPLES_MAX);
	assert_int_equal(told(&f)->frames, 500);
	sk_pulse_probe_next(f.probe, f.now_ns);
	assert_int_equal(told(&f)->frames + told(&f)->sample_count, 0);
	stop(&f);
}

static bool holds(const struct fixture *f, const void *needle, size_t length)
{
	return memmem(f->probe, malloc_usable_size(f->probe), needle, length) != NULL;
}

static void no_address_stays(void **state)
{
	(void)state;
	struct fixture f = start();
	uint8_t home[4], abroad[4];
	sk_pulse_probe_border(f.probe, fake_border());
	put_address(home, 4, HOME, f.network);
	put_address(abroad, 4, ABROAD, f.network);
	send_tcp(&f, 4, HOME, ABROAD, SYN, 64, true); /* waits for its answer */
	send_tcp(&f, 4, ABROAD, HOME, SYN, 52, true);
	assert_false(holds(&f, home, 4));
	assert_false(holds(&f, abroad, 4));
	assert_false(holds(&f, abroad, 3));
	/* The search finds what is there. */
	assert_true(holds(&f, &f.now_ns, sizeof f.now_ns));
	assert_true(sk_pulse_probe_residue(f.probe) > 0);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake_tells_hops_and_latency), cmocka_unit_test(a_repeated_question_is_told_and_gives_no_latency), cmocka_unit_test(scans_are_no_handshakes),
		cmocka_unit_test(cells_are_of_networks), cmocka_unit_test(ends_are_abroad), cmocka_unit_test(look_ups_have_a_bound), cmocka_unit_test(erased_frames_only_count), cmocka_unit_test(seconds_end), cmocka_unit_test(no_address_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
