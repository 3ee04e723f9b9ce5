/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: ClientHellos split, shuffled, repeated and overlapped; DNS over UDP and TCP; what is shed, wiped and never allocated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../decode/hello.h"
#include "flow/flow_priv.h"
#include "flow_test.h"

static struct sink sink;
static uint8_t stream[20000];
static size_t stream_bytes;

static struct sk_flow_table *table_with(uint32_t streams)
{
	struct sk_flow_limits limits = sk_flow_default_limits();
	limits.flows = 64;
	limits.facts = 4;
	limits.streams = streams;
	sink = (struct sink){.records = 0};
	struct sk_flow_table *table = NULL;
	assert_int_equal(sk_flow_table_new(&limits, test_key, sink_closed, &sink, &table), SK_OK);
	return table;
}

static void make_stream(unsigned padding)
{
	struct hello_recipe recipe = {.version = 0x0303, .ciphers = 5, .name = "canary-name.example", .alpn = "h2", .alpn_bytes = 2,
			.tls13 = true, .padding = padding};
	stream_bytes = hello_stream(stream, sizeof stream, &recipe, 16000);
}

static struct sk_flow *last_flow;

static const struct sk_head *send(struct sk_flow_table *table, bool client, uint16_t port, uint8_t proto, uint8_t flags, uint32_t sequence,
		const void *bytes, size_t length)
{
	struct sk_packet packet = client ? packet_of(9, 4000, 5, port, proto, flags, S) : packet_of(5, port, 9, 4000, proto, flags, S);
	/* An exact copy, so that the sanitizer sees a read past the segment; kept for what else the same packet holds. */
	static uint8_t *exact;
	free(exact);
	exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	with_payload(&packet, sequence, exact, length);
	bool is_new;
	last_flow = sk_flow_apply(table, &packet, &is_new);
	return sk_flow_head(table, last_flow, &packet);
}

static void expect_hello(const struct sk_head *head)
{
	assert_non_null(head);
	assert_int_equal(head->kind, SK_HEAD_CLIENT_HELLO);
	assert_string_equal(head->as.client_hello.sni, "canary-name.example");
	assert_memory_equal(head->as.client_hello.ja4, "t13d05", 6);
}

static const struct sk_head *client(struct sk_flow_table *table, uint32_t sequence, const void *bytes, size_t length)
{
	return send(table, true, 443, TCP, SK_TCP_ACK, sequence, bytes, length);
}

static void test_hello_in_one(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(4);
	make_stream(0);
	assert_null(send(table, true, 443, TCP, SK_TCP_SYN, 99, "", 0));
	const struct sk_head *head = client(table, 100, stream, stream_bytes);
	expect_hello(head);
	assert_true(head->from_initiator);
	assert_true(sk_flow_residue(table) > 0);
	/* Once more, as after a HelloRetryRequest; and the head is overwritten with the next call. */
	expect_hello(client(table, 100 + (uint32_t)stream_bytes, stream, stream_bytes));
	assert_null(client(table, 100 + 2 * (uint32_t)stream_bytes, stream, stream_bytes));
	assert_int_equal(sk_flow_residue(table), 0);
	struct sk_flow_record record;
	sk_flow_read(table, last_flow, &record);
	assert_int_equal(record.app, SK_APP_TLS);
	sk_flow_table_free(table);
}

/* Every way to cut in two, both orders, with and without the SYN; the sequence wraps. */
static void test_hello_in_two(void **state)
{
	(void)state;
	make_stream(0);
	for (size_t cut = 1; cut < stream_bytes; cut++)
		for (unsigned way = 0; way < 3; way++) {
			struct sk_flow_table *table = table_with(4);
			uint32_t start = (uint32_t)(0u - cut / 2);
			if (way != 0)
				assert_null(send(table, true, 443, TCP, SK_TCP_SYN, start - 1, "", 0));
			if (way == 2) {
				assert_null(client(table, start + (uint32_t)cut, stream + cut, stream_bytes - cut));
				expect_hello(client(table, start, stream, cut));
			} else {
				assert_null(client(table, start, stream, cut));
				expect_hello(client(table, start + (uint32_t)cut, stream + cut, stream_bytes - cut));
			}
			sk_flow_close_all(table, SK_FLOW_END_STOP);
			assert_int_equal(sk_flow_residue(table), 0);
			sk_flow_table_free(table);
		}
}

/* A large (post-quantum) hello in shuffled pieces with repeats and overlaps whose later copies are garbage: first bytes win. */
static void test_hello_shuffled(void **state)
{
	(void)state;
	srand(4);
	make_stream(9000);
	for (unsigned round = 0; round < 300; round++) {
		struct sk_flow_table *table = table_with(4);
		assert_null(send(table, true, 443, TCP, SK_TCP_SYN, 6, "", 0));
		size_t order[16], count = 0, step = stream_bytes / 9 + 1;
		for (size_t at = 0; at < stream_bytes; at += step)
			order[count++] = at;
		for (size_t i = count - 1; i > 0; i--) {
			size_t j = (size_t)rand() % (i + 1), swap = order[i];
			order[i] = order[j];
			order[j] = swap;
		}
		const struct sk_head *head = NULL;
		for (size_t i = 0; i < count && head == NULL; i++) {
			size_t at = order[i], length = at + step < stream_bytes ? step : stream_bytes - at;
			head = client(table, 7 + (uint32_t)at, stream + at, length);
			assert_true(head == NULL || i + 1 == count);
			if (head == NULL && rand() % 2 == 0) {
				/* the same place and nothing else, other bytes */
				uint8_t garbage[2000];
				memset(garbage, 'G', sizeof garbage);
				assert_null(client(table, 7 + (uint32_t)at, garbage, length));
			}
		}
		expect_hello(head);
		sk_flow_close_all(table, SK_FLOW_END_STOP);
		assert_int_equal(sk_flow_residue(table), 0);
		sk_flow_table_free(table);
	}
}

/* Talk before TLS (a proxy, STARTTLS) is looked past, but not for long. */
static void test_hello_after_talk(void **state)
{
	(void)state;
	make_stream(0);
	for (unsigned talk = 0; talk < 9; talk++) {
		struct sk_flow_table *table = table_with(4);
		uint32_t sequence = 1;
		for (unsigned i = 0; i < talk; i++) {
			assert_null(client(table, sequence, "CONNECT a\r\n", 11));
			assert_null(send(table, false, 443, TCP, SK_TCP_ACK, i * 4, "200\n", 4));
			sequence += 11;
		}
		const struct sk_head *head = client(table, sequence, stream, stream_bytes);
		if (talk < SK_HEAD_PACKETS_MAX)
			expect_hello(head);
		else
			assert_null(head);
		sk_flow_table_free(table);
	}
}

static void test_lost_piece_gives_up(void **state)
{
	(void)state;
	make_stream(9000);
	struct sk_flow_table *table = table_with(1);
	assert_null(send(table, true, 443, TCP, SK_TCP_SYN, 0, "", 0));
	for (unsigned i = 0; i < 40; i++)
		assert_null(client(table, 101 + i * 100, stream + 100 + i * 100, 100));
	/* It gave up and wiped; the buffer is free for others. */
	assert_int_equal(sk_flow_residue(table), 0);
	struct sk_flow_counters counters;
	sk_flow_counters(table, &counters);
	assert_int_equal(counters.heads_shed, 0);
	assert_int_equal(table->stream_free, 1);
	sk_flow_table_free(table);
}

static void test_no_buffer_is_counted(void **state)
{
	(void)state;
	make_stream(3000);
	struct sk_flow_table *table = table_with(1);
	assert_null(client(table, 0, stream, 1000));
	assert_null(send(table, true, 444, TCP, SK_TCP_ACK, 0, stream, 1000));
	struct sk_flow_counters counters;
	sk_flow_counters(table, &counters);
	assert_int_equal(counters.heads_shed, 1);
	/* Sabotage twin of the canary: a buffer in use is seen by the count. */
	assert_true(sk_flow_residue(table) > 900);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	assert_int_equal(sk_flow_residue(table), 0);
	table->stream_bytes[20000] = 1;
	assert_int_equal(sk_flow_residue(table), 1);
	sk_flow_table_free(table);
}

/* Length, then a query for NAME. */
static size_t dns_query(uint8_t *out, const char *label, bool framed, bool response)
{
	struct sk_out o = sk_out_of(out, 100);
	uint8_t length = (uint8_t)strlen(label);
	if (framed)
		sk_put_be16(&o, (uint16_t)(12 + length + 2 + 4));
	sk_put_be16(&o, 7);
	sk_put_be16(&o, response ? 0x8180 : 0x0100);
	sk_put_be16(&o, 1);
	sk_put_bytes(&o, "\0\0\0\0\0\0", 6);
	sk_put_u8(&o, length);
	sk_put_bytes(&o, label, length);
	sk_put_bytes(&o, "\0\0\1\0\1", 5);
	return sk_out_length(&o);
}

static void expect_dns(const struct sk_head *head, const char *name, bool from_initiator)
{
	assert_non_null(head);
	assert_int_equal(head->kind, SK_HEAD_DNS);
	assert_string_equal(head->as.dns.name, name);
	assert_int_equal(head->from_initiator, from_initiator);
	assert_int_equal(head->as.dns.response, !from_initiator);
}

static void test_dns_over_udp(void **state)
{
	(void)state;
	uint8_t message[100];
	struct sk_flow_table *table = table_with(4);
	for (unsigned i = 0; i < 20; i++) {
		size_t length = dns_query(message, "one", false, false);
		expect_dns(send(table, true, 53, UDP, 0, 0, message, length), "one", true);
		length = dns_query(message, "one", false, true);
		expect_dns(send(table, false, 53, UDP, 0, 0, message, length), "one", false);
	}
	assert_null(send(table, true, 53, UDP, 0, 0, "not DNS, though the port says so", 32));
	assert_null(send(table, true, 5353, UDP, 0, 0, message, 21)); /* multicast DNS is left alone */
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
}

/* At another port a flow is DNS when a question that is nothing else says so; from then on both sides are read. What devices tell their neighbours is left alone. */
static void test_dns_elsewhere(void **state)
{
	(void)state;
	static const uint16_t local[] = {5353, 5355, 137};
	uint8_t message[100], framed[100];
	struct sk_flow_table *table = table_with(8);
	size_t length = dns_query(message, "two", false, true);
	assert_null(send(table, true, 8444, UDP, 0, 0, message, length)); /* an answer alone is not believed */
	for (unsigned i = 0; i < 20; i++) {
		length = dns_query(message, "two", false, false);
		expect_dns(send(table, true, 8443, UDP, 0, 0, message, length), "two", true);
		length = dns_query(message, "two", false, true);
		expect_dns(send(table, false, 8443, UDP, 0, 0, message, length), "two", false);
	}
	length = dns_query(message, "two", false, false);
	for (size_t i = 0; i < SK_COUNT(local); i++)
		assert_null(send(table, true, local[i], UDP, 0, 0, message, length));
	sk_flow_table_free(table);
	table = table_with(4);
	assert_null(send(table, true, 8853, TCP, SK_TCP_SYN, 0, "", 0));
	length = dns_query(framed, "two", true, false);
	expect_dns(send(table, true, 8853, TCP, SK_TCP_ACK, 1, framed, length), "two", true);
	length = dns_query(framed, "two", true, true);
	expect_dns(send(table, false, 8853, TCP, SK_TCP_ACK, 1, framed, length), "two", false);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
}

static void test_dns_over_tcp(void **state)
{
	(void)state;
	uint8_t queries[600], answer[100];
	size_t length = 0;
	static const char *const names[] = {"first", "second", "third"};
	for (unsigned i = 0; i < 3; i++)
		length += dns_query(queries + length, names[i], true, false);
	size_t answer_bytes = dns_query(answer, "first", true, true);
	for (size_t step = 2; step <= length; step++) { /* byte by byte is more packets than a buffer may see */
		struct sk_flow_table *table = table_with(4);
		assert_null(send(table, true, 53, TCP, SK_TCP_SYN, 0, "", 0));
		unsigned seen = 0;
		for (size_t at = 0; at < length; at += step) {
			size_t part = at + step < length ? step : length - at;
			const struct sk_head *head = send(table, true, 53, TCP, SK_TCP_ACK, 1 + (uint32_t)at, queries + at, part);
			struct sk_packet packet = packet_of(9, 4000, 5, 53, TCP, SK_TCP_ACK, S);
			for (; head != NULL; head = sk_flow_head_next(table, last_flow, &packet))
				expect_dns(head, names[seen++], true);
			if (step == 7 && at == 7)
				expect_dns(send(table, false, 53, TCP, SK_TCP_ACK, 1, answer, answer_bytes), "first", false);
		}
		assert_int_equal(seen, 3);
		assert_null(send(table, true, 53, TCP, SK_TCP_ACK, 1, queries, 20)); /* a retransmission */
		sk_flow_close_all(table, SK_FLOW_END_STOP);
		assert_int_equal(sk_flow_residue(table), 0);
		sk_flow_table_free(table);
	}
}

/* Who hides behind the port of DNS is seen by what he says; what is neither stays nothing. */
static void test_hidden_at_dns(void **state)
{
	(void)state;
	static const char *const banners[] = {"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-dropbear\r\n"};
	struct sk_flow_table *table = table_with(4);
	assert_null(send(table, true, 53, TCP, SK_TCP_SYN, 0, "", 0));
	for (unsigned side = 0; side < 2; side++) {
		const struct sk_head *head = send(table, side == 0, 53, TCP, SK_TCP_ACK, 1, banners[side], strlen(banners[side]));
		assert_non_null(head);
		assert_int_equal(head->kind, SK_HEAD_SSH);
		assert_int_equal(head->app, SK_APP_SSH);
		assert_int_equal(head->from_initiator, side == 0);
	}
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	sk_flow_table_free(table);
	table = table_with(4);
	assert_null(send(table, true, 53, TCP, SK_TCP_SYN, 0, "", 0));
	assert_null(send(table, true, 53, TCP, SK_TCP_ACK, 1, "SSX-2.0-no such thing\r\n", 23));
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
}

/* No allocation after start: malloc is counted where that can be done (glibc, no sanitizer in between). */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
static uint64_t allocations;
static bool counting;

void *malloc(size_t size)
{
	allocations += counting;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations += counting;
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	allocations += counting;
	return __libc_realloc(memory, size);
}

static void test_no_allocation(void **state)
{
	(void)state;
	struct sk_flow_table *table = table_with(4);
	make_stream(3000);
	uint8_t message[100];
	size_t length = dns_query(message, "one", false, false);
	uint64_t tls = 0;
	for (unsigned i = 0; i < 3000; i++) {
		struct sk_packet packet = packet_of(9, 4000, 5, 443, TCP, i % 3 == 0 ? SK_TCP_SYN : SK_TCP_ACK, i * (S / 10));
		size_t part = stream_bytes / 2;
		if (i % 3 == 0)
			with_payload(&packet, 99, "", 0);
		else if (i % 3 == 1)
			with_payload(&packet, 100, stream, part);
		else
			with_payload(&packet, 100 + (uint32_t)part, stream + part, stream_bytes - part);
		packet.source = addr4(9 + i / 3);
		struct sk_packet dns = packet_of(4000 + i % 8, 4000, 5, 53, UDP, 0, i * (S / 10));
		with_payload(&dns, 0, message, length);
		bool is_new;
		counting = i >= 3; /* the first hello makes the digest context of the thread */
		struct sk_flow *flow = sk_flow_apply(table, &packet, &is_new);
		tls += sk_flow_head(table, flow, &packet) != NULL;
		flow = sk_flow_apply(table, &dns, &is_new);
		const struct sk_head *head = sk_flow_head(table, flow, &dns);
		(void)sk_flow_facts(table, flow);
		counting = false;
		assert_non_null(head);
	}
	assert_true(tls > 900);
	/* OpenSSL 3.0 renews its own digest state in each init: a small block a digest, three a hello. Of ours there is none. */
	print_message("%lu hellos, %lu allocations\n", tls, allocations);
	assert_true(allocations <= tls * 3);
	sk_flow_table_free(table);
}
#else
static void test_no_allocation(void **state)
{
	(void)state;
	print_message("skipped: malloc cannot be counted under a sanitizer\n");
	skip();
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello_in_one), cmocka_unit_test(test_hello_in_two), cmocka_unit_test(test_hello_shuffled),
				cmocka_unit_test(test_hello_after_talk),
		cmocka_unit_test(test_lost_piece_gives_up), cmocka_unit_test(test_no_buffer_is_counted), cmocka_unit_test(test_dns_over_udp), cmocka_unit_test(test_dns_elsewhere),
		cmocka_unit_test(test_dns_over_tcp), cmocka_unit_test(test_hidden_at_dns), cmocka_unit_test(test_no_allocation),
	};
	return cmocka_run_group_tests_name("flow heads", tests, NULL, NULL);
}
