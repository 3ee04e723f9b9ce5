/* SPDX-License-Identifier: Apache-2.0 */
/* The short way through decode against the long one: random packets that the gate would call plain, with every field and length played with, give the same
   facts either way. The twin: a packet that is not plain, called so, must be told apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_admitted.h"

enum { PACKETS = 400000, PACKET_MAX = 120 };

static uint64_t random_state = 1;

static uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Random bytes under a plain header of the family; lengths are often short of what the transport header needs. */
static size_t random_packet(uint8_t bytes[PACKET_MAX], unsigned family)
{
	size_t header = family == 4 ? 20 : 40, length = header + random_u64() % (PACKET_MAX - header);
	bool tcp = random_u64() % 2;
	for (size_t i = 0; i < PACKET_MAX; i++)
		bytes[i] = (uint8_t)random_u64();
	if (!tcp && length < header + 4)
		length = header + 4;
	bytes[0] = family == 4 ? 0x45 : 0x60;
	bytes[family == 4 ? 9 : 6] = tcp ? 6 : 17;
	if (family == 4)
		bytes[6] = bytes[7] = 0;
	if (tcp && random_u64() % 4)
		bytes[header + 12] = (uint8_t)(5 + random_u64() % 3) << 4;
	if (!tcp && random_u64() % 4) {
		bytes[header + 4] = 0;
		bytes[header + 5] = (uint8_t)(random_u64() % 2 ? length - header : random_u64() % (PACKET_MAX - header));
	}
	return length;
}

static bool same_cursor(struct sk_cur a, struct sk_cur b)
{
	return sk_left(&a) == sk_left(&b) && (sk_left(&a) == 0 || a.at == b.at);
}

static bool same_packet(struct sk_packet a, struct sk_packet b)
{
	if (!same_cursor(a.payload, b.payload))
		return false;
	a.payload = b.payload = sk_cur_of(NULL, 0);
	return sk_addr_equal(&a.source, &b.source) && sk_addr_equal(&a.destination, &b.destination) && a.source_port == b.source_port &&
	       a.destination_port == b.destination_port && a.ip_proto == b.ip_proto && a.tcp_flags == b.tcp_flags && a.icmp_type == b.icmp_type &&
	       a.icmp_code == b.icmp_code && a.ttl == b.ttl && a.class_ == b.class_ && a.inner_class == b.inner_class && a.layers == b.layers &&
	       a.tunnels == b.tunnels && a.interface == b.interface && a.sequence == b.sequence && a.frames == b.frames && a.wire_bytes == b.wire_bytes &&
	       a.ip_bytes == b.ip_bytes && a.payload_wire_bytes == b.payload_wire_bytes && a.time_ns == b.time_ns && a.has_ports == b.has_ports &&
	       a.quoted == b.quoted;
}

/* Decode one packet both ways. */
static bool agrees(struct sk_decoder *decoder, const uint8_t *bytes, size_t length, unsigned family, enum sk_decoded *result)
{
	struct sk_admitted long_way = fake_admitted(bytes, length, (int64_t)(random_u64() >> 2)), short_way = long_way;
	struct sk_packet packets[2];
	struct sk_datagram datagram;
	short_way.info.plain = (uint8_t)family;
	enum sk_decoded a = sk_decode(decoder, &long_way, &packets[0], &datagram), b = sk_decode(decoder, &short_way, &packets[1], &datagram);
	*result = a;
	return a == b && (a != SK_DECODED || same_packet(packets[0], packets[1]));
}

static void test_both_ways_agree(void **state)
{
	(void)state;
	static const uint8_t key[16];
	struct sk_decoder_limits limits = sk_decoder_default_limits();
	struct sk_decoder *decoder;
	unsigned decoded = 0, bad = 0;
	assert_int_equal(sk_decoder_new(&limits, key, &decoder), SK_OK);
	for (unsigned i = 0; i < PACKETS; i++) {
		uint8_t bytes[PACKET_MAX];
		unsigned family = random_u64() % 2 ? 4 : 6;
		size_t length = random_packet(bytes, family);
		enum sk_decoded result;
		assert_true(agrees(decoder, bytes, length, family, &result));
		decoded += result == SK_DECODED;
		bad += result == SK_DECODE_BAD;
	}
	assert_true(decoded > PACKETS / 4 && bad > PACKETS / 100);
	sk_decoder_free(decoder);
}

/* A header with options that is called plain reads its ports from the wrong place, and behind them a length that would be right: the comparison sees it. */
static void test_twin(void **state)
{
	(void)state;
	static const uint8_t key[16];
	struct sk_decoder_limits limits = sk_decoder_default_limits();
	struct sk_decoder *decoder;
	uint8_t bytes[PACKET_MAX] = {0x46, [9] = 17, [20] = 1, 2, 3, 4, [24] = 0, 20, 0, 81, 0, 12};
	enum sk_decoded result;
	assert_int_equal(sk_decoder_new(&limits, key, &decoder), SK_OK);
	assert_false(agrees(decoder, bytes, 40, 4, &result));
	sk_decoder_free(decoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_both_ways_agree), cmocka_unit_test(test_twin)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
