/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "fake_admitted.h"
#include "packets.h"

static const uint8_t key[16] = "decode test key";
static struct sk_decoder *decoder;

static int setup(void **state)
{
	(void)state;
	struct sk_decoder_limits limits = sk_decoder_default_limits();
	return sk_decoder_new(&limits, key, &decoder) == SK_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sk_decoder_free(decoder);
	return 0;
}

static enum sk_decoded decode(const uint8_t *bytes, size_t length, struct sk_packet *packet)
{
	struct sk_admitted admitted = fake_admitted(bytes, length, 5);
	struct sk_datagram datagram;
	return sk_decode(decoder, &admitted, packet, &datagram);
}

static void test_tcp_v4(void **state)
{
	(void)state;
	uint8_t tcp[64], ip[128];
	size_t length = put_tcp(tcp, 40000, 443, 0x01020304, SK_TCP_PSH | SK_TCP_ACK, "hello", 5);
	length = put_v4(ip, "\1\2\3\4", "\5\6\7\10", 6, 7, 0x4000, tcp, length);
	struct sk_packet p;
	assert_int_equal(decode(ip, length, &p), SK_DECODED);
	assert_int_equal(p.source.family, 4);
	assert_memory_equal(p.source.bytes, "\1\2\3\4", 4);
	assert_memory_equal(p.destination.bytes, "\5\6\7\10", 4);
	assert_int_equal(p.source_port, 40000);
	assert_int_equal(p.destination_port, 443);
	assert_true(p.has_ports);
	assert_int_equal(p.sequence, 0x01020304);
	assert_int_equal(p.tcp_flags, SK_TCP_PSH | SK_TCP_ACK);
	assert_int_equal(p.ttl, 64);
	assert_int_equal(p.ip_bytes, 45);
	assert_int_equal(p.wire_bytes, 59);
	assert_int_equal(p.payload_wire_bytes, 5);
	assert_int_equal(sk_left(&p.payload), 5);
	assert_memory_equal(p.payload.at, "hello", 5);
}

/* Cut at every byte: never a read outside (the sanitizer's job), facts only when they are there, and the wire length always counts. */
static void test_sliced_at_every_byte(void **state)
{
	(void)state;
	uint8_t tcp[64], ip[128];
	size_t length = put_tcp(tcp, 40000, 443, 9, SK_TCP_ACK, "hello", 5);
	length = put_v6(ip, 1, 2, 6, tcp, length);
	for (size_t cut = 0; cut <= length; cut++) {
		uint8_t *exact = malloc(cut != 0 ? cut : 1);
		assert_non_null(exact);
		memcpy(exact, ip, cut);
		struct sk_admitted admitted = fake_admitted(exact, cut, 5);
		admitted.wire = (uint32_t)length;
		struct sk_packet p;
		struct sk_datagram datagram;
		enum sk_decoded verdict = sk_decode(decoder, &admitted, &p, &datagram);
		assert_int_equal(verdict, cut < 44 ? SK_DECODE_BAD : SK_DECODED);
		if (verdict == SK_DECODED) {
			assert_int_equal(p.destination_port, 443);
			assert_int_equal(p.ip_bytes, length);
			assert_int_equal(sk_left(&p.payload), cut > 60 ? cut - 60 : 0);
			if (cut >= 60)
				assert_int_equal(p.payload_wire_bytes, 5);
		}
		free(exact);
	}
}

static void test_extension_headers(void **state)
{
	(void)state;
	/* hop-by-hop (8), routing (16), destination (8), an atomic fragment header (8), then UDP */
	uint8_t chain[128] = {43, 0, 1, 4, 0, 0, 0, 0, 60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 0, 1,
			2, 3, 4};
	uint8_t ip[256];
	size_t udp = put_udp(chain + 40, 1234, 53, "abc", 3);
	size_t length = put_v6(ip, 1, 2, 0, chain, 40 + udp);
	struct sk_packet p;
	assert_int_equal(decode(ip, length, &p), SK_DECODED);
	assert_int_equal(p.ip_proto, 17);
	assert_int_equal(p.destination_port, 53);
	assert_int_equal(p.payload_wire_bytes, 3);
	/* AH ends the walk: what is behind it is authenticated, and a named blind spot. */
	chain[24] = 51;
	length = put_v6(ip, 1, 2, 0, chain, 40 + udp);
	assert_int_equal(decode(ip, length, &p), SK_DECODED);
	assert_int_equal(p.ip_proto, 51);
	assert_false(p.has_ports);
	/* A mobility message is itself what is told. */
	uint8_t mobility[8] = {59, 0};
	length = put_v6(ip, 1, 2, 135, mobility, sizeof mobility);
	assert_int_equal(decode(ip, length, &p), SK_DECODED);
	assert_int_equal(p.ip_proto, 135);
}

static void test_endless_extension_headers(void **state)
{
	(void)state;
	uint8_t chain[8 * 64] = {0}, ip[1024];
	for (size_t i = 0; i < 64; i++)
		chain[i * 8] = 60;
	struct sk_packet p;
	assert_int_equal(decode(ip, put_v6(ip, 1, 2, 60, chain, sizeof chain), &p), SK_DECODE_BAD);
	/* The limit is the gate's. */
	for (unsigned count = 1; count < 20; count++) {
		memset(chain, 0, sizeof chain);
		for (unsigned i = 0; i < count; i++)
			chain[i * 8] = i + 1 < count ? 60 : 50;
		assert_int_equal(decode(ip, put_v6(ip, 1, 2, 60, chain, sizeof chain), &p), count <= SK_GATE_EXTENSIONS_MAX ? SK_DECODED : SK_DECODE_BAD);
	}
}

static void test_icmp(void **state)
{
	(void)state;
	uint8_t icmp[64] = {8, 0, 0, 0, 0, 1, 0, 1}, ip[128];
	struct sk_packet p;
	assert_int_equal(decode(ip, put_v4(ip, "\1\1\1\1", "\2\2\2\2", 1, 0, 0, icmp, 32), &p), SK_DECODED);
	assert_int_equal(p.icmp_type, 8);
	assert_false(p.quoted);
	assert_int_equal(p.payload_wire_bytes, 24);
	icmp[0] = 3;
	icmp[1] = 1;
	assert_int_equal(decode(ip, put_v4(ip, "\1\1\1\1", "\2\2\2\2", 1, 0, 0, icmp, 32), &p), SK_DECODED);
	assert_int_equal(p.icmp_code, 1);
	assert_true(p.quoted);
	assert_int_equal(sk_left(&p.payload), 0); /* nothing beyond the quoted pair */
	icmp[0] = 1;
	assert_int_equal(decode(ip, put_v6(ip, 1, 2, 58, icmp, 32), &p), SK_DECODED);
	assert_true(p.quoted);
	icmp[0] = 128;
	assert_int_equal(decode(ip, put_v6(ip, 1, 2, 58, icmp, 32), &p), SK_DECODED);
	assert_false(p.quoted);
}

static void test_impossible(void **state)
{
	(void)state;
	uint8_t tcp[64], ip[128];
	struct sk_packet p;
	size_t length = put_tcp(tcp, 1, 2, 0, 0, "", 0);
	tcp[12] = 4 << 4; /* data offset below the header */
	assert_int_equal(decode(ip, put_v4(ip, "\1\1\1\1", "\2\2\2\2", 6, 0, 0, tcp, length), &p), SK_DECODE_BAD);
	assert_int_equal(decode(ip, put_v4(ip, "\1\1\1\1", "\2\2\2\2", 6, 0, 0, tcp, 19), &p), SK_DECODE_BAD);
	assert_int_equal(decode(ip, put_v4(ip, "\1\1\1\1", "\2\2\2\2", 17, 0, 0, tcp, 7), &p), SK_DECODE_BAD);
	assert_int_equal(decode(ip, put_v4(ip, "\1\1\1\1", "\2\2\2\2", 132, 0, 0, tcp, 11), &p), SK_DECODE_BAD);
	length = put_v4(ip, "\1\1\1\1", "\2\2\2\2", 6, 0, 0, tcp, 20);
	ip[0] = 0x44; /* IHL below the header */
	assert_int_equal(decode(ip, length, &p), SK_DECODE_BAD);
	ip[0] = 0x55; /* no such version */
	assert_int_equal(decode(ip, length, &p), SK_DECODE_BAD);
	/* Other protocols are told by number alone. */
	assert_int_equal(decode(ip, put_v4(ip, "\1\1\1\1", "\2\2\2\2", 89, 0, 0, tcp, 20), &p), SK_DECODED);
	assert_int_equal(p.ip_proto, 89);
	assert_false(p.has_ports);
}

static void test_udp_length(void **state)
{
	(void)state;
	uint8_t udp[64], ip[128];
	size_t length = put_udp(udp, 1, 2, "abcdef", 6);
	udp[5] = 8 + 4; /* shorter than IP says: the rest is padding */
	struct sk_packet p;
	assert_int_equal(decode(ip, put_v4(ip, "\1\1\1\1", "\2\2\2\2", 17, 0, 0, udp, length), &p), SK_DECODED);
	assert_int_equal(p.payload_wire_bytes, 4);
	assert_int_equal(sk_left(&p.payload), 4);
	udp[5] = 200; /* longer: IP decides */
	assert_int_equal(decode(ip, put_v4(ip, "\1\1\1\1", "\2\2\2\2", 17, 0, 0, udp, length), &p), SK_DECODED);
	assert_int_equal(p.payload_wire_bytes, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tcp_v4, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sliced_at_every_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_extension_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_endless_extension_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_icmp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_impossible, setup, teardown),
		cmocka_unit_test_setup_teardown(test_udp_length, setup, teardown),
	};
	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
