/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over a border of arithmetic (the last byte of an address modulo 3: 1 domestic, 2 foreign, 0 unknown): what goes on, what does not and why, in every
   order of a datagram's fragments; every interval's account; and nothing of an erased frame in the output or in memory. rule: FORWARD-2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/file.h"
#include "fake_border.h"
#include "forward/forward.h"
#include "seal/seal.h"

enum { INSIDE = 1, INSIDE_TOO = 4, OUTSIDE = 2, OUTSIDE_TOO = 5, NOWHERE = 3, PACKET_MAX = 2048, FRAMES_MAX = 8, PIECE = 160, UDP = 17, GRE = 47, ICMP = 1 };
static const char canary[] = "canary 6f1d81: domestic payload";

struct packet {
	uint8_t bytes[PACKET_MAX];
	size_t length;
};

struct frames {
	size_t count;
	struct packet frame[FRAMES_MAX];
};

static void put_ip(struct packet *to, uint8_t source, uint8_t destination, uint8_t proto, uint16_t id, uint16_t flags_offset, const uint8_t *payload, size_t length)
{
	struct sk_out o = sk_out_of(to->bytes, PACKET_MAX);
	sk_put_be32(&o, 0x45000000 | (uint32_t)(20 + length));
	sk_put_be16(&o, id);
	sk_put_be16(&o, flags_offset);
	sk_put_be32(&o, 64u << 24 | (uint32_t)proto << 16);
	sk_put_be32(&o, 10u << 24 | source);
	sk_put_be32(&o, 10u << 24 | destination);
	sk_put_bytes(&o, payload, length);
	to->length = sk_out_length(&o);
}

/* UDP around `length` bytes. */
static struct packet udp_of(uint16_t port, const uint8_t *body, size_t length)
{
	struct packet udp;
	struct sk_out o = sk_out_of(udp.bytes, PACKET_MAX);
	sk_put_be16(&o, 4000);
	sk_put_be16(&o, port);
	sk_put_be16(&o, (uint16_t)(8 + length));
	sk_put_be16(&o, 0);
	sk_put_bytes(&o, body, length);
	udp.length = sk_out_length(&o);
	return udp;
}

static struct packet long_udp(uint16_t port)
{
	uint8_t body[400];
	memset(body, 'q', sizeof body);
	memcpy(body + 200, canary, sizeof canary);
	return udp_of(port, body, sizeof body);
}

/* VXLAN around a packet between two hosts. */
static struct packet vxlan_of(uint8_t source, uint8_t destination)
{
	struct packet udp = long_udp(2), inner;
	uint8_t body[PACKET_MAX];
	put_ip(&inner, source, destination, UDP, 1, 0, udp.bytes, udp.length);
	struct sk_out o = sk_out_of(body, sizeof body);
	sk_put_be64(&o, UINT64_C(0x0800000000000700));
	sk_put_be64(&o, 0x0200000000010200);
	sk_put_be32(&o, 0x00000002);
	sk_put_be16(&o, 0x0800);
	sk_put_bytes(&o, inner.bytes, inner.length);
	return udp_of(4789, body, sk_out_length(&o));
}

static struct frames cut(const struct packet *payload, uint8_t proto, uint16_t id)
{
	struct frames frames = {.count = 0};
	for (size_t at = 0; at < payload->length; at += PIECE) {
		size_t left = payload->length - at, length = left < PIECE ? left : PIECE;
		put_ip(&frames.frame[frames.count++], INSIDE, OUTSIDE, proto, id, (uint16_t)(at / 8 | (length < left ? 0x2000 : 0)), payload->bytes + at, length);
	}
	return frames;
}

static struct frames reversed(struct frames frames)
{
	for (size_t i = 0; i < frames.count / 2; i++) {
		struct packet swap = frames.frame[i];
		frames.frame[i] = frames.frame[frames.count - 1 - i];
		frames.frame[frames.count - 1 - i] = swap;
	}
	return frames;
}

static struct frames first_of(struct frames frames, size_t count)
{
	frames.count = count;
	return frames;
}

/* ---- a run ---- */

struct result {
	struct sk_forward_totals totals;
	uint64_t accounted;
	size_t canaries; /* in the output */
	size_t residue;  /* while everything that can be is held, and at the end */
	uint64_t pending_most;
};

static enum sk_err take_interval(void *context, struct sk_account *account, struct sk_fault *fault)
{
	struct result *result = context;
	(void)fault;
	result->accounted += account->selected.frames;
	if (account->pending_after.frames > result->pending_most)
		result->pending_most = account->pending_after.frames;
	return SK_OK;
}

static size_t count_canaries(const char *path)
{
	struct sk_buf bytes;
	size_t count = 0;
	sk_buf_init(&bytes, 1 << 20);
	assert_int_equal(sk_file_read(path, &bytes, NULL), SK_OK);
	for (const uint8_t *at = bytes.bytes; (at = memmem(at, bytes.length - (size_t)(at - bytes.bytes), canary, sizeof canary)) != NULL; at++)
		count++;
	sk_buf_fini(&bytes);
	return count;
}

static struct result run(const struct frames *given, uint64_t interval_frames)
{
	static const struct sk_basis basis = {.until_ns = 2000, .classes = SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF)};
	char path[] = "/tmp/sekisho-forward-XXXXXX";
	struct sk_clock_fake time = {.now_unix_ns = 1000};
	struct sk_forward *forward = NULL;
	struct sk_writer *writer = NULL;
	struct sk_fault fault;
	struct result result = {.accounted = 0};
	struct frames frames = *given;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(sk_writer_open(path, SK_WRITER_PCAP, &writer, &fault), SK_OK);
	const struct sk_forward_config config = {.border = fake_border(), .basis = &basis, .writer = writer, .limits = sk_forward_default_limits(),
						 .interval_frames = interval_frames, .clock = sk_clock_of_fake(&time), .link = "test"};
	assert_int_equal(sk_forward_new(&config, take_interval, &result, &forward), SK_OK);
	for (size_t i = 0; i < frames.count; i++) {
		struct sk_frame frame = {.bytes = frames.frame[i].bytes, .captured_bytes = (uint32_t)frames.frame[i].length, .wire_bytes = (uint32_t)frames.frame[i].length,
					 .time_ns = (int64_t)i, .link = SK_LINK_RAW_IP};
		assert_int_equal(sk_forward_feed(forward, &frame, 1, 0, &fault), SK_OK);
	}
	assert_int_equal(sk_forward_finish(forward, SK_FORWARD_FRAGMENT_TIMEOUT, &fault), SK_OK);
	result.residue = sk_forward_residue(forward);
	sk_forward_totals(forward, &result.totals);
	sk_forward_free(forward);
	assert_int_equal(sk_writer_close(writer, &fault), SK_OK);
	result.canaries = count_canaries(path);
	(void)unlink(path);
	(void)close(fd);
	return result;
}

/* ---- cases ---- */

enum { ANY = -1 };

static void expect(const struct frames *frames, size_t go, int gate_reason, int reason, size_t canaries)
{
	for (uint64_t interval_frames = 0; interval_frames < 3; interval_frames++) {
		struct result got = run(frames, interval_frames);
		assert_int_equal(got.totals.received.frames, frames->count);
		assert_int_equal(got.totals.written.frames, go);
		assert_int_equal(got.accounted, go);
		assert_int_equal(got.totals.pending_frames, 0);
		assert_int_equal(got.residue, 0);
		assert_int_equal(got.canaries, canaries);
		if (gate_reason != ANY)
			assert_int_equal(got.totals.gate[gate_reason].frames, frames->count - go);
		if (reason != ANY)
			assert_int_equal(got.totals.erased[reason].frames, frames->count - go);
	}
}

static void test_whole_frames(void **state)
{
	(void)state;
	static const struct {
		uint8_t source, destination;
		size_t go;
		int reason;
	} pairs[] = {{INSIDE, OUTSIDE, 1, ANY}, {OUTSIDE, INSIDE, 1, ANY}, {INSIDE, INSIDE_TOO, 0, SK_GATE_DOMESTIC}, {OUTSIDE, OUTSIDE_TOO, 0, SK_GATE_NOT_COVERED},
		     {INSIDE, NOWHERE, 0, SK_GATE_UNKNOWN}};
	struct packet udp = long_udp(53);
	for (size_t i = 0; i < SK_COUNT(pairs); i++) {
		struct frames frames = {.count = 1};
		put_ip(&frames.frame[0], pairs[i].source, pairs[i].destination, UDP, 1, 0, udp.bytes, udp.length);
		expect(&frames, pairs[i].go, pairs[i].reason, ANY, pairs[i].go);
	}
}

static void test_plain_fragments(void **state)
{
	(void)state;
	struct packet udp = long_udp(53);
	struct frames frames = cut(&udp, UDP, 1), back = reversed(frames), lost = first_of(frames, 2);
	expect(&frames, 3, ANY, ANY, 1);
	expect(&back, 3, ANY, ANY, 1);
	expect(&lost, 2, ANY, ANY, 1);
	struct frames headless = first_of(back, 2);
	expect(&headless, 0, ANY, SK_FORWARD_FRAGMENT_TIMEOUT, 0);
	struct frames icmp = reversed(cut(&udp, ICMP, 2)), icmp_headless = first_of(icmp, 2);
	expect(&icmp_headless, 2, ANY, ANY, 1);
}

static void test_tunnels_in_fragments(void **state)
{
	(void)state;
	struct packet domestic = vxlan_of(INSIDE, INSIDE_TOO), crossing = vxlan_of(INSIDE, OUTSIDE_TOO), transit = vxlan_of(OUTSIDE, OUTSIDE_TOO), none = long_udp(4789);
	for (unsigned back = 0; back < 2; back++) {
		struct frames hidden = cut(&domestic, UDP, 1), shown = cut(&crossing, UDP, 2), foreign = cut(&transit, UDP, 3), plain = cut(&none, UDP, 4);
		if (back) {
			hidden = reversed(hidden);
			shown = reversed(shown);
			foreign = reversed(foreign);
			plain = reversed(plain);
		}
		expect(&hidden, 0, SK_GATE_INNER_DOMESTIC, ANY, 0);
		expect(&shown, shown.count, ANY, ANY, 1);
		expect(&foreign, 0, SK_GATE_INNER_NOT_COVERED, ANY, 0);
		expect(&plain, plain.count, ANY, ANY, 1);
		struct frames part = first_of(hidden, 2);
		expect(&part, 0, ANY, SK_FORWARD_FRAGMENT_TIMEOUT, 0);
	}
	assert_true(cut(&domestic, UDP, 1).count > 2);
}

/* Two datagrams of one name, one behind the other: what the first was says nothing of the second. */
static void test_name_used_again(void **state)
{
	(void)state;
	struct packet udp = long_udp(53), domestic = vxlan_of(INSIDE, INSIDE_TOO);
	struct frames frames = cut(&udp, UDP, 9), hidden = reversed(cut(&domestic, UDP, 9));
	size_t plain = frames.count;
	for (size_t i = 0; i < hidden.count; i++)
		frames.frame[frames.count++] = hidden.frame[i];
	expect(&frames, plain, SK_GATE_INNER_DOMESTIC, ANY, 1);
}

static void test_overlap(void **state)
{
	(void)state;
	struct packet domestic = vxlan_of(INSIDE, INSIDE_TOO);
	struct frames frames = cut(&domestic, UDP, 1);
	/* The second fragment again, with another byte, before the last. */
	frames.frame[frames.count] = frames.frame[frames.count - 1];
	frames.frame[frames.count - 1] = frames.frame[1];
	frames.frame[frames.count - 1].bytes[30] ^= 1;
	frames.count++;
	struct result got = run(&frames, 0);
	assert_int_equal(got.totals.written.frames, 0);
	assert_int_equal(got.totals.erased[SK_FORWARD_UNDECODABLE].frames, frames.count);
	assert_int_equal(got.canaries, 0);
}

/* What waits is pending, interval after interval, and is bytes in memory until it is decided. */
static void test_pending(void **state)
{
	(void)state;
	struct packet domestic = vxlan_of(INSIDE, INSIDE_TOO);
	struct frames frames = cut(&domestic, UDP, 1);
	struct result got = run(&frames, 1);
	assert_int_equal(got.pending_most, frames.count - 1);
	assert_int_equal(got.totals.intervals, frames.count);
	assert_int_equal(got.totals.held_frames, frames.count);
}

static int start(void **state)
{
	(void)state;
	return sk_seal_start() == SK_OK ? 0 : 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole_frames), cmocka_unit_test(test_plain_fragments), cmocka_unit_test(test_tunnels_in_fragments),
					   cmocka_unit_test(test_name_used_again), cmocka_unit_test(test_overlap), cmocka_unit_test(test_pending)};
	return cmocka_run_group_tests_name("forward", tests, start, NULL);
}
