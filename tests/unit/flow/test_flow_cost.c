/* SPDX-License-Identifier: Apache-2.0 */
/* What a head costs does not depend on the segments that it comes in: the parsers are wrapped, and the bytes that they are given counted. The twin: a
   flow room that looks at every segment is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../decode/hello.h"
#include "flow/head_priv.h"
#include "flow_test.h"

enum { STREAM_MAX = 16000, SEGMENT = 700, CLIENT_PORT = 40000 };

static uint64_t looks, looked_bytes;
static bool sabotage;

static void count(struct sk_cur bytes)
{
	looks++;
	looked_bytes += sk_left(&bytes);
}

#define COUNTED(function, parameters, arguments) \
	enum sk_err __real_##function parameters; \
	enum sk_err __wrap_##function parameters; \
	enum sk_err __wrap_##function parameters \
	{ \
		count(stream); \
		return __real_##function arguments; \
	}
COUNTED(sk_http_head, (struct sk_cur stream, struct sk_http *out, size_t *used), (stream, out, used))
COUNTED(sk_http_head_last, (struct sk_cur stream, struct sk_http *out, size_t *used), (stream, out, used))
COUNTED(sk_tls_client_hello, (struct sk_cur stream, struct sk_credit *credit, struct sk_client_hello *out), (stream, credit, out))
COUNTED(sk_tls_server_hello, (struct sk_cur stream, struct sk_credit *credit, struct sk_server_hello *out), (stream, credit, out))
COUNTED(sk_tls_certificate, (struct sk_cur stream, bool last, struct sk_credit *credit, struct sk_certificate *out), (stream, last, credit, out))

bool __real_sk_look_is_news(struct stream *stream, struct sk_cur prefix);
bool __wrap_sk_look_is_news(struct stream *stream, struct sk_cur prefix);
bool __wrap_sk_look_is_news(struct stream *stream, struct sk_cur prefix)
{
	return sabotage || __real_sk_look_is_news(stream, prefix);
}

/* ---- streams ---- */

static uint8_t text[STREAM_MAX + 64];

static size_t http_headers(void)
{
	size_t length = (size_t)snprintf((char *)text, sizeof text, "GET / HTTP/1.1\r\nHost: www.example.com\r\n");
	for (; length < STREAM_MAX - 100; length += 80) {
		memset(text + length, 'a', 80);
		memcpy(text + length, "name:", 5);
		memcpy(text + length + 78, "\r\n", 2);
	}
	memcpy(text + length, "\r\n", 2);
	return length + 2;
}

static size_t http_long_line(void)
{
	memcpy(text, "GET /", 5);
	memset(text + 5, 'x', STREAM_MAX);
	memcpy(text + STREAM_MAX - 20, " HTTP/1.1\r\nA: b\r\n\r\n", 19);
	return STREAM_MAX - 1;
}

static size_t http_values(void)
{
	memset(text, '\r', STREAM_MAX);
	size_t length = (size_t)snprintf((char *)text, sizeof text, "GET / HTTP/1.1\r\nHost: www.example.com\r\nX: ");
	for (size_t i = length + 1; i < STREAM_MAX; i += 7)
		text[i] = '\n';
	for (size_t i = length + 2; i < STREAM_MAX; i += 7)
		text[i] = 'x';
	memcpy(text + STREAM_MAX, "\r\n\r\n", 4);
	return STREAM_MAX + 4;
}

static size_t hello_of(size_t record_bytes, unsigned padding)
{
	struct hello_recipe recipe = {.version = 0x0303, .ciphers = 5, .name = "www.example.com", .tls13 = true, .padding = padding};
	return hello_stream(text, sizeof text, &recipe, record_bytes);
}

static size_t hello_in_one_record(void)
{
	return hello_of(16384, 15000);
}

static size_t hello_in_many_records(void)
{
	return hello_of(1, 2000);
}

/* ServerHello and a Certificate in records of so many bytes; the leaf is no certificate. */
static size_t flight_of(size_t record_bytes, size_t leaf_bytes)
{
	static uint8_t messages[STREAM_MAX];
	struct sk_out o = sk_out_of(messages, sizeof messages);
	sk_put_be32(&o, 2 << 24 | 38);
	sk_put_be16(&o, 0x0303);
	for (unsigned i = 0; i < 33; i++)
		sk_put_u8(&o, 0);
	sk_put_bytes(&o, "\xc0\x2f\0", 3);
	sk_put_be32(&o, (uint32_t)(11u << 24 | (leaf_bytes + 6)));
	for (unsigned i = 2; i > 0; i--) {
		sk_put_u8(&o, 0);
		sk_put_be16(&o, (uint16_t)(leaf_bytes + (i == 2 ? 3 : 0)));
	}
	for (size_t i = 0; i < leaf_bytes; i++)
		sk_put_u8(&o, 0x30);
	assert_int_equal(sk_out_done(&o), SK_OK);
	struct sk_cur c = sk_cur_of(messages, sk_out_length(&o));
	struct sk_out out = sk_out_of(text, sizeof text);
	while (sk_more(&c)) {
		struct sk_cur part = sk_carve_at_most(&c, record_bytes);
		size_t length = sk_left(&part);
		sk_put_bytes(&out, "\x16\3\3", 3);
		sk_put_be16(&out, (uint16_t)length);
		sk_put_bytes(&out, sk_take(&part, length), length);
	}
	assert_int_equal(sk_out_done(&out), SK_OK);
	return sk_out_length(&out);
}

static size_t flight_in_one_record(void)
{
	return flight_of(16384, 14000);
}

static size_t flight_in_many_records(void)
{
	return flight_of(3, 5000);
}

static const struct shape {
	const char *name;
	size_t (*make)(void);
	bool client;
	unsigned heads;
} shapes[] = {
	{"many headers", http_headers, true, 1},         {"one long line", http_long_line, true, 1},
	{"lines of carriage returns", http_values, true, 1},    {"a hello in one record", hello_in_one_record, true, 1},
	{"a hello in records of a byte", hello_in_many_records, true, 1}, {"a flight in one record", flight_in_one_record, false, 2},
	{"a flight in many records", flight_in_many_records, false, 2},
};

/* ---- a talk ---- */

static unsigned heads_of(const struct shape *shape, const uint8_t *bytes, size_t length, size_t segment)
{
	struct sk_flow_limits limits = sk_flow_default_limits();
	limits.flows = 64;
	limits.facts = 4;
	limits.streams = 4;
	struct sink sink = {.records = 0};
	struct sk_flow_table *table = NULL;
	assert_int_equal(sk_flow_table_new(&limits, test_key, sink_closed, &sink, &table), SK_OK);
	unsigned heads = 0;
	looks = looked_bytes = 0;
	for (size_t at = 0; at < length; at += segment) {
		struct sk_packet packet = shape->client ? packet_of(9, CLIENT_PORT, 5, 443, TCP, SK_TCP_ACK, S) : packet_of(5, 443, 9, CLIENT_PORT, TCP, SK_TCP_ACK, S);
		with_payload(&packet, (uint32_t)(1000 + at), bytes + at, length - at < segment ? length - at : segment);
		bool is_new;
		struct sk_flow *flow = sk_flow_apply(table, &packet, &is_new);
		for (const struct sk_head *head = sk_flow_head(table, flow, &packet); head != NULL; head = sk_flow_head_next(table, flow, &packet))
			heads++;
	}
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
	return heads;
}

/* Every byte is given to a parser a few times at most: at the first look, when a header of a message is there, and when all is. */
static void test_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(shapes); i++) {
		size_t length = shapes[i].make();
		if (heads_of(&shapes[i], text, length, SEGMENT) != shapes[i].heads)
			fail_msg("%s: not the heads that are there", shapes[i].name);
		if (looked_bytes > 3 * length || looks > 8)
			fail_msg("%s: %zu bytes were read as %llu in %llu looks", shapes[i].name, length, (unsigned long long)looked_bytes, (unsigned long long)looks);
	}
}

/* A wrong answer of is_news would lose heads: whatever the segments are, the same are told as when every one is looked at. */
static void test_nothing_is_lost(void **state)
{
	(void)state;
	static uint8_t copy[sizeof text];
	for (size_t i = 0; i < SK_COUNT(shapes); i++) {
		size_t length = shapes[i].make();
		memcpy(copy, text, length);
		for (size_t segment = length / 23 + 1; segment < length; segment += 1 + segment / 9) {
			sabotage = true;
			unsigned wanted = heads_of(&shapes[i], copy, length, segment);
			sabotage = false;
			if (heads_of(&shapes[i], copy, length, segment) != wanted)
				fail_msg("%s in segments of %zu: heads are lost", shapes[i].name, segment);
		}
	}
}

static void test_linear_sees_sabotage(void **state)
{
	(void)state;
	sabotage = true;
	for (size_t i = 0; i < SK_COUNT(shapes); i++) {
		size_t length = shapes[i].make();
		(void)heads_of(&shapes[i], text, length, SEGMENT);
		if (looked_bytes <= 3 * length)
			fail_msg("%s: looking at each segment is not seen: %zu bytes, %llu read", shapes[i].name, length, (unsigned long long)looked_bytes);
	}
	sabotage = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linear), cmocka_unit_test(test_nothing_is_lost), cmocka_unit_test(test_linear_sees_sabotage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
