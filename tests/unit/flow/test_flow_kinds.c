/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of every kind through the table: where they begin, what may follow them, how long a flow is looked at, and what is left of them: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../decode/certificate.h"
#include "../decode/hello.h"
#include "../decode/quic_writer.h"
#include "flow/flow_priv.h"
#include "flow_test.h"

static struct sink sink;

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

/* Everything that was handed out, in order. */
enum { GOT_MAX = 256 };
static struct sk_head got[GOT_MAX];
static size_t got_count;
static struct sk_flow *last_flow;

static size_t send(struct sk_flow_table *table, bool client, uint16_t ports[2], uint8_t proto, uint32_t sequence, const void *bytes, size_t length)
{
	struct sk_packet packet = client ? packet_of(9, ports[0], 5, ports[1], proto, SK_TCP_ACK, S)
					 : packet_of(5, ports[1], 9, ports[0], proto, SK_TCP_ACK, S);
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	with_payload(&packet, sequence, exact, length);
	bool is_new;
	size_t before = got_count;
	last_flow = sk_flow_apply(table, &packet, &is_new);
	for (const struct sk_head *head = sk_flow_head(table, last_flow, &packet); head != NULL; head = sk_flow_head_next(table, last_flow, &packet))
		if (got_count < GOT_MAX)
			got[got_count++] = *head;
		else
			fail_msg("heads without end");
	free(exact);
	return got_count - before;
}

/* A TCP talk: each side's next payload follows its last one. */
struct talk {
	struct sk_flow_table *table;
	uint16_t ports[2];
	uint32_t sequence[2];
};

static struct talk talk_of(uint16_t port)
{
	got_count = 0;
	return (struct talk){.table = table_with(4), .ports = {40000, port}, .sequence = {1000, 0xffffff00}};
}

static size_t say(struct talk *t, bool client, const void *bytes, size_t length)
{
	size_t count = send(t->table, client, t->ports, TCP, t->sequence[client], bytes, length);
	t->sequence[client] += (uint32_t)length;
	return count;
}

static size_t say_text(struct talk *t, bool client, const char *text)
{
	return say(t, client, text, strlen(text));
}

static void end(struct talk *t, enum sk_app app)
{
	struct sk_flow_record record;
	sk_flow_read(t->table, last_flow, &record);
	assert_int_equal(record.app, app);
	sk_flow_close_all(t->table, SK_FLOW_END_STOP);
	assert_int_equal(sk_flow_residue(t->table), 0);
	sk_flow_table_free(t->table);
}

/* ---- HTTP ---- */

static void test_http(void **state)
{
	(void)state;
	struct talk t = talk_of(8081);
	assert_int_equal(say_text(&t, true, "GET /a/b?secret=1 HTTP/1.1\r\nHost: www.Example.com:8081\r\nCookie: c=1\r\n\r\n"), 1);
	assert_int_equal(got[0].kind, SK_HEAD_HTTP);
	assert_true(got[0].from_initiator && !got[0].as.http.response);
	assert_string_equal(got[0].as.http.host, "www.example.com");
	assert_int_equal(got[0].as.http.path_depth, 2);
	assert_int_equal(say_text(&t, false, "HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), 1); /* what a body says is no head */
	assert_int_equal(got[1].as.http.status, 404);
	assert_false(got[1].from_initiator);
	assert_int_equal(say_text(&t, false, "HTTP/1.1 200 OK\r\n\r\n"), 0);
	/* Keep-alive and pipelines: as long as the direction is looked at. */
	assert_int_equal(say_text(&t, true, "GET /c HTTP/1.1\r\nHost: a\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n"), 2);
	unsigned more = 0;
	for (unsigned i = 0; i < 20; i++)
		more += (unsigned)say_text(&t, true, "GET /e HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_in_range(more, 1, SK_HEAD_PACKETS_MAX);
	end(&t, SK_APP_HTTP);
	/* A body is not searched. */
	t = talk_of(80);
	assert_int_equal(say_text(&t, true, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n"), 1);
	assert_int_equal(say_text(&t, true, "GET /upload HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 0);
	assert_int_equal(say_text(&t, false, "HTTP/1.1 100 Continue\r\n\r\n"), 1);
	assert_int_equal(say_text(&t, false, "HTTP/1.1 200 OK\r\n\r\n"), 1);
	end(&t, SK_APP_HTTP);
}

static void test_http_in_pieces(void **state)
{
	(void)state;
	static const char head[] = "GET /path HTTP/1.1\r\nHost: www.example.com\r\nX-Canary: CANARY\r\n\r\n";
	for (size_t cut = 1; cut < sizeof head - 1; cut++) {
		struct talk t = talk_of(80);
		assert_int_equal(say(&t, true, head, cut), 0);
		assert_int_equal(say(&t, true, head + cut, sizeof head - 1 - cut), 1);
		assert_string_equal(got[0].as.http.host, "www.example.com");
		end(&t, SK_APP_HTTP);
	}
}

static void test_http2(void **state)
{
	(void)state;
	struct talk t = talk_of(80);
	assert_int_equal(say_text(&t, true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 0);
	assert_int_equal(say_text(&t, true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	end(&t, SK_APP_HTTP2);
}

/* A connection that was under way when the capture began, the hello of SSL 2, DTLS records, Google's QUIC: no head, but what is spoken is told. A hello that
   comes later is read all the same, and nothing overrules what a head said. */
static void test_by_form(void **state)
{
	(void)state;
	static const char data[] = "\x17\x03\x03\x00\x04" "abcd", ssl2[] = "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct talk t = talk_of(8443);
	assert_int_equal(say(&t, true, "\x01\x02\x03", 3), 0);
	assert_int_equal(say(&t, false, data, sizeof data - 1), 0);
	assert_int_equal(say_text(&t, true, "SSH-2.0-x\r\n"), 1);
	end(&t, SK_APP_TLS);
	t = talk_of(8443);
	assert_int_equal(say(&t, true, ssl2, sizeof ssl2 - 1), 0);
	end(&t, SK_APP_TLS);
	t = talk_of(8443);
	assert_int_equal(say_text(&t, true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 1);
	assert_int_equal(say(&t, true, data, sizeof data - 1), 0);
	end(&t, SK_APP_HTTP);
	t = talk_of(8443);
	assert_int_equal(say(&t, true, "\x17\x03\x05\x00\x04" "abcd", 9), 0);
	end(&t, SK_APP_NONE);
	static const struct {
		const char *bytes;
		size_t length;
		enum sk_app app;
	} datagrams[] = {{"\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01\x00\x02" "ab", 15, SK_APP_DTLS}, {"\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01\x00\x02" "a", 14, SK_APP_NONE},
			 {"\x0d" "12345678" "Q039" "\x01", 14, SK_APP_QUIC}, {"\xc3" "Q046" "\x50", 6, SK_APP_QUIC}, {"\xc3" "Q04x" "\x50", 6, SK_APP_NONE},
			 {"\x80\0\0\0\0" "\0\0" "\0\0\0\x01", 11, SK_APP_QUIC}, {"\x80\0\0\0\0" "\0\0" "\0\0\1\x01", 11, SK_APP_NONE}};
	for (size_t i = 0; i < SK_COUNT(datagrams); i++) {
		t = talk_of(4433);
		assert_int_equal(send(t.table, true, t.ports, UDP, 0, datagrams[i].bytes, datagrams[i].length), 0);
		end(&t, datagrams[i].app);
	}
}

/* ---- SSH ---- */

static size_t kexinit(uint8_t *out, size_t capacity)
{
	struct sk_out o = sk_out_of(out, capacity);
	enum { PADDING = 6, LISTS = 10 };
	sk_put_be32(&o, 2 + 16 + LISTS * 7 + 5 + PADDING);
	sk_put_u8(&o, PADDING);
	sk_put_u8(&o, 20);
	for (unsigned i = 0; i < 16; i++)
		sk_put_u8(&o, (uint8_t)i);
	for (unsigned i = 0; i < LISTS; i++) {
		sk_put_be32(&o, 3);
		sk_put_bytes(&o, "abc", 3);
	}
	for (unsigned i = 0; i < 5 + PADDING; i++)
		sk_put_u8(&o, 0);
	assert_int_equal(sk_out_done(&o), SK_OK);
	return sk_out_length(&o);
}

static void test_ssh(void **state)
{
	(void)state;
	uint8_t exchange[256];
	size_t length = kexinit(exchange, sizeof exchange);
	struct talk t = talk_of(2222);
	/* The identification is told at once: half a view may be all there is. */
	assert_int_equal(say_text(&t, false, "SSH-2.0-dropbear_2022.83\r\n"), 1);
	assert_int_equal(say_text(&t, true, "SSH-2.0-OpenSSH_9.2p1 CANARY-host\r\n"), 1);
	assert_string_equal(got[1].as.ssh.software, "OpenSSH_9.2p1");
	assert_int_equal(got[1].as.ssh.hassh[0], '\0');
	for (unsigned client = 0; client < 2; client++) {
		assert_int_equal(say(&t, client != 0, exchange, 20), 0);
		assert_int_equal(say(&t, client != 0, exchange + 20, length - 20), 1);
		assert_int_equal(strlen(got[2 + client].as.ssh.hassh), 32);
		/* first speaker: the server began this talk as far as was seen */
		assert_string_equal(got[2 + client].as.ssh.software, client ? "OpenSSH_9.2p1" : "dropbear_2022.83");
		assert_int_equal(say(&t, client != 0, exchange, length), 0);
	}
	end(&t, SK_APP_SSH);
}

/* Version 1 has no such exchange, and what is no exchange will not become one: the identification is all, and it is told once. */
static void test_ssh_that_says_no_more(void **state)
{
	(void)state;
	static const char *const says[] = {"SSH-1.5-OpenSSH_1.2\n", "SSH-1.5-OpenSSH_1.2\n\0\0\0\1x", "SSH-2.0-x\r\n\xff\xff\xff\xff\xff\xff\xff"};
	for (size_t i = 0; i < SK_COUNT(says); i++) {
		struct talk t = talk_of(22);
		assert_int_equal(say_text(&t, false, says[i]), 1);
		assert_int_equal(say_text(&t, true, says[i]), 1);
		assert_int_equal(say_text(&t, false, says[i]), 0);
		end(&t, SK_APP_SSH);
	}
}

/* ---- TLS: the server's side ---- */

static size_t record(uint8_t *out, size_t capacity, uint8_t type, const void *body, size_t length)
{
	struct sk_out o = sk_out_of(out, capacity);
	sk_put_u8(&o, type);
	sk_put_be16(&o, 0x0303);
	sk_put_be16(&o, (uint16_t)length);
	sk_put_bytes(&o, body, length);
	assert_int_equal(sk_out_done(&o), SK_OK);
	return sk_out_length(&o);
}

static void put_be24(struct sk_out *o, size_t value)
{
	sk_put_u8(o, (uint8_t)(value >> 16));
	sk_put_be16(o, (uint16_t)value);
}

/* RFC 8446 4.1.3: this random makes a ServerHello a HelloRetryRequest. */
static const uint8_t retry_random[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
					 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

static size_t server_message(uint8_t *out, size_t capacity, bool tls13, bool retry)
{
	struct sk_out o = sk_out_of(out, capacity);
	sk_put_u8(&o, 2);
	put_be24(&o, 2 + 32 + 1 + 2 + 1 + 2 + (tls13 ? 6 : 0));
	sk_put_be16(&o, 0x0303);
	for (unsigned i = 0; i < 32; i++)
		sk_put_u8(&o, retry ? retry_random[i] : (uint8_t)i);
	sk_put_u8(&o, 0);
	sk_put_be16(&o, 0xc02f);
	sk_put_u8(&o, 0);
	sk_put_be16(&o, tls13 ? 6 : 0);
	if (tls13)
		sk_put_bytes(&o, "\0\x2b\0\2\3\4", 6);
	assert_int_equal(sk_out_done(&o), SK_OK);
	return sk_out_length(&o);
}

static size_t server_record(uint8_t *out, size_t capacity, bool tls13, bool retry)
{
	uint8_t message[128];
	size_t length = server_message(message, sizeof message, tls13, retry);
	return record(out, capacity, 22, message, length);
}

static size_t certificate_record(uint8_t *out, size_t capacity)
{
	uint8_t message[2048], der[1024];
	size_t length = certificate_make(der, sizeof der, "CANARY-subject", "issuer", 1000000000, 2000000000);
	struct sk_out o = sk_out_of(message, sizeof message);
	sk_put_u8(&o, 11);
	put_be24(&o, 3 + 3 + length);
	put_be24(&o, 3 + length);
	put_be24(&o, length);
	sk_put_bytes(&o, der, length);
	assert_int_equal(sk_out_done(&o), SK_OK);
	return record(out, capacity, 22, message, sk_out_length(&o));
}

static size_t client_hello(uint8_t *out, size_t capacity)
{
	struct hello_recipe recipe = {.version = 0x0303, .ciphers = 5, .name = "www.example.com", .alpn = "h2", .alpn_bytes = 2, .tls13 = true};
	return hello_stream(out, capacity, &recipe, 16000);
}

/* The flight in one payload, cut in two at every byte, and in many small ones. */
static void test_server_flight(void **state)
{
	(void)state;
	uint8_t hello[600], flight[3000];
	size_t hello_bytes = client_hello(hello, sizeof hello);
	size_t length = server_record(flight, sizeof flight, false, false);
	length += certificate_record(flight + length, sizeof flight - length);
	for (size_t cut = 0; cut < length; cut++) {
		struct talk t = talk_of(443);
		assert_int_equal(say(&t, true, hello, hello_bytes), 1);
		if (cut != 0)
			(void)say(&t, false, flight, cut);
		(void)say(&t, false, flight + cut, length - cut);
		assert_int_equal(got_count, 3);
		assert_int_equal(got[1].kind, SK_HEAD_SERVER_HELLO);
		assert_int_equal(got[1].as.server_hello.cipher, 0xc02f);
		assert_int_equal(got[2].kind, SK_HEAD_CERTIFICATE);
		assert_true(got[2].as.certificate.parsed && got[2].as.certificate.whole && !got[2].as.certificate.self_signed);
		assert_int_equal(got[2].as.certificate.not_after_s, 2000000000);
		end(&t, SK_APP_TLS);
	}
	struct talk t = talk_of(443);
	for (size_t at = 0; at < length; at += 40)
		(void)say(&t, false, flight + at, length - at < 40 ? length - at : 40);
	assert_int_equal(got_count, 2); /* half a view */
	end(&t, SK_APP_TLS);
}

/* Fingerprints are paid for by the packets that come: without credit the heads are told without them, or not at all, and counted. */
static void test_credit(void **state)
{
	(void)state;
	enum { BROKE = -1000000 };
	uint8_t hello[600], flight[3000], bytes[8000];
	size_t hello_bytes = client_hello(hello, sizeof hello), length = server_record(flight, sizeof flight, false, false), split = 0;
	length += certificate_record(flight + length, sizeof flight - length);
	for (unsigned rich = 0; rich < 2; rich++) {
		struct sk_flow_counters counters;
		struct talk t = talk_of(443);
		assert_int_equal(t.table->credit.left, SK_CREDIT_MAX);
		if (!rich)
			t.table->credit.left = BROKE;
		assert_int_equal(say(&t, true, hello, hello_bytes), 1);
		assert_string_equal(got[0].as.client_hello.sni, "www.example.com");
		assert_int_equal(strlen(got[0].as.client_hello.ja3), rich ? 32 : 0);
		assert_int_equal(strlen(got[0].as.client_hello.ja4), rich ? 36 : 0);
		assert_int_equal(say(&t, false, flight, length), rich ? 2 : 1);
		assert_int_equal(got[1].kind, SK_HEAD_SERVER_HELLO);
		assert_int_equal(got[1].as.server_hello.cipher, 0xc02f);
		assert_int_equal(strlen(got[1].as.server_hello.ja3s), rich ? 32 : 0);
		sk_flow_counters(t.table, &counters);
		assert_int_equal(counters.heads_shed, rich ? 0 : 3);
		if (!rich) /* each payload earned, nothing was spent */
			assert_int_equal(t.table->credit.left, BROKE + 2 * SK_CREDIT_EARNED);
		else
			assert_true(t.table->credit.left < SK_CREDIT_MAX);
		end(&t, SK_APP_TLS);
	}
	/* A hello in records of one byte is read when it can be paid for. */
	for (size_t at = 5; at < hello_bytes; at++) {
		memcpy(bytes + split, "\x16\x03\x01\0\1", 5);
		bytes[split + 5] = hello[at];
		split += 6;
	}
	for (unsigned rich = 0; rich < 2; rich++) {
		struct talk t = talk_of(443);
		if (!rich)
			t.table->credit.left = BROKE;
		size_t told = 0;
		for (size_t at = 0; at < split; at += 700)
			told += say(&t, true, bytes + at, split - at < 700 ? split - at : 700);
		assert_int_equal(told, rich);
		end(&t, rich ? SK_APP_TLS : SK_APP_NONE);
	}
}

/* What never becomes whole is given up, and its buffer with it. */
static void test_server_flight_that_stops(void **state)
{
	(void)state;
	uint8_t flight[3000];
	size_t length = server_record(flight, sizeof flight, false, false);
	(void)certificate_record(flight + length, sizeof flight - length);
	struct talk t = talk_of(443);
	assert_int_equal(say(&t, false, flight, length + 20), 1);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(say(&t, false, "x", 1), 0);
	assert_int_equal(t.table->streams[1].owner == NULL, 1);
	end(&t, SK_APP_TLS);
}

static void test_hello_retry(void **state)
{
	(void)state;
	uint8_t hello[600], answer[200], change[6];
	size_t hello_bytes = client_hello(hello, sizeof hello), change_bytes = record(change, sizeof change, 20, "\1", 1);
	struct talk t = talk_of(443);
	assert_int_equal(say(&t, true, hello, hello_bytes), 1);
	assert_int_equal(say(&t, false, answer, server_record(answer, sizeof answer, true, true)), 1);
	assert_true(got[1].as.server_hello.hello_retry);
	assert_int_equal(say(&t, false, change, change_bytes), 0);
	assert_int_equal(say(&t, true, change, change_bytes), 0);
	assert_int_equal(say(&t, true, hello, hello_bytes), 1);
	assert_int_equal(got[2].kind, SK_HEAD_CLIENT_HELLO);
	assert_int_equal(say(&t, false, answer, server_record(answer, sizeof answer, true, false)), 1);
	assert_false(got[3].as.server_hello.hello_retry);
	assert_int_equal(say(&t, false, answer, server_record(answer, sizeof answer, true, false)), 0);
	end(&t, SK_APP_TLS);
}

/* The server's talk before the handshake may look like the beginning of something, and may be long. */
static void test_server_hello_after_talk(void **state)
{
	(void)state;
	uint8_t hello[600], answer[200];
	size_t hello_bytes = client_hello(hello, sizeof hello);
	struct talk t = talk_of(25);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(say_text(&t, false, i % 2 == 0 ? "220 mail\r\n" : "HTTP/1.1"), 0);
		assert_int_equal(say_text(&t, true, "STARTTLS\r\n"), 0);
	}
	assert_int_equal(say(&t, true, hello, hello_bytes), 1);
	assert_int_equal(say(&t, false, answer, server_record(answer, sizeof answer, true, false)), 1);
	end(&t, SK_APP_TLS);
}

/* ---- QUIC ---- */

static const uint8_t connection_id[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static size_t quic_datagram(uint8_t *out, size_t capacity, bool client, uint32_t number, const uint8_t *bytes, size_t offset, size_t length)
{
	uint8_t frames[1300];
	struct sk_out o = sk_out_of(frames, sizeof frames);
	quic_put_crypto(&o, offset, bytes + offset, length);
	while (sk_out_length(&o) < 1180)
		sk_put_u8(&o, 0);
	struct quic_recipe recipe = {.version = 1, .from_client = client, .key_id = sk_cur_of(connection_id, sizeof connection_id), .number = number,
				     .number_length = 2};
	if (client)
		recipe.destination = sk_cur_of(connection_id, sizeof connection_id);
	return quic_initial(out, capacity, &recipe, sk_cur_of(frames, sk_out_length(&o)));
}

static void test_quic(void **state)
{
	(void)state;
	struct hello_recipe recipe = {.version = 0x0303, .ciphers = 3, .name = "www.example.com", .alpn = "h3", .alpn_bytes = 2, .tls13 = true,
				       .padding = 1500};
	uint8_t hello[3000], answer[128], datagram[1500];
	size_t length = hello_message(hello, sizeof hello, &recipe), answer_bytes = server_message(answer, sizeof answer, true, false);
	uint16_t ports[2] = {40000, 443};
	for (unsigned turned = 0; turned < 2; turned++) {
		struct sk_flow_table *table = table_with(4);
		got_count = 0;
		size_t first = 1000;
		/* Two datagrams, in both orders. */
		for (unsigned i = 0; i < 2; i++) {
			size_t at = (i ^ turned) == 0 ? 0 : first, part = at == 0 ? first : length - first;
			size_t n = quic_datagram(datagram, sizeof datagram, true, i, hello, at, part);
			assert_int_equal(send(table, true, ports, UDP, 0, datagram, n), i);
		}
		assert_int_equal(got[0].kind, SK_HEAD_CLIENT_HELLO);
		assert_int_equal(got[0].app, SK_APP_QUIC);
		assert_int_equal(got[0].quic_version, 1);
		assert_string_equal(got[0].as.client_hello.sni, "www.example.com");
		size_t n = quic_datagram(datagram, sizeof datagram, false, 0, answer, 0, answer_bytes);
		assert_int_equal(send(table, false, ports, UDP, 0, datagram, n), 1);
		assert_int_equal(got[1].kind, SK_HEAD_SERVER_HELLO);
		assert_true(got[1].as.server_hello.quic);
		/* The flow's place among the buffers is free again, and nothing more is looked at. */
		assert_int_equal(last_flow->stream, 0);
		n = quic_datagram(datagram, sizeof datagram, true, 7, hello, 0, 100);
		assert_int_equal(send(table, true, ports, UDP, 0, datagram, n), 0);
		sk_flow_close_all(table, SK_FLOW_END_STOP);
		assert_int_equal(sink.last.app, SK_APP_QUIC);
		assert_int_equal(sk_flow_residue(table), 0);
		sk_flow_table_free(table);
	}
}

/* Hellos that nobody answers push out each other, and not what comes after. */
static void test_quic_flood(void **state)
{
	(void)state;
	struct hello_recipe recipe = {.version = 0x0303, .ciphers = 3, .name = "www.example.com", .tls13 = true};
	uint8_t hello[1000], datagram[1500];
	size_t length = hello_message(hello, sizeof hello, &recipe);
	size_t n = quic_datagram(datagram, sizeof datagram, true, 0, hello, 0, length);
	struct sk_flow_table *table = table_with(4);
	got_count = 0;
	for (uint16_t i = 0; i < 30; i++) {
		uint16_t ports[2] = {(uint16_t)(40000 + i), 443};
		assert_int_equal(send(table, true, ports, UDP, 0, datagram, n), 1);
	}
	struct sk_flow_counters counters;
	sk_flow_counters(table, &counters);
	assert_int_equal(counters.heads_shed, 26);
	/* Those that nobody's keys open are shed by the reader. */
	datagram[n - 1] ^= 1;
	for (unsigned i = 0; i < 4000; i++) {
		uint16_t ports[2] = {(uint16_t)(20000 + i), 443};
		assert_int_equal(send(table, true, ports, UDP, 0, datagram, n), 0);
	}
	sk_flow_counters(table, &counters);
	assert_true(counters.heads_shed > 1000);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
}

/* ---- commands ---- */

/* Modbus: transaction, protocol 0, length, unit, function, address, count. */
#define READ "\0\1\0\0\0\6\1\3\0\0\0\1"
#define WRITE "\0\2\0\0\0\6\1\6\0\0\0\1"

/* A machine's messages are counted as long as the flow lasts, several in a payload, cut anywhere, and again after a gap. */
static void test_industrial(void **state)
{
	(void)state;
	static const char both[] = READ WRITE;
	struct talk t = talk_of(502);
	size_t heads = 0;
	for (unsigned i = 0; i < 30; i++)
		heads += say(&t, true, both, 24);
	assert_int_equal(heads, 60);
	unsigned writes = 0;
	for (size_t i = 0; i < 60; i++)
		writes += got[i].as.command.write;
	assert_int_equal(writes, 30);
	heads = 0;
	for (size_t cut = 1; cut < 24; cut++) {
		heads += say(&t, true, both, cut);
		heads += say(&t, true, both + cut, 24 - cut);
	}
	assert_int_equal(heads, 46);
	t.sequence[1] += 5000;
	assert_int_equal(say(&t, true, READ, 12), 1);
	end(&t, SK_APP_MODBUS);
}

/* Other protocols are read within the first payloads of a direction. */
static void test_commands_are_bounded(void **state)
{
	(void)state;
	static const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3};
	uint16_t ports[2] = {40000, 3478};
	struct sk_flow_table *table = table_with(4);
	got_count = 0;
	size_t heads = 0;
	for (unsigned i = 0; i < 50; i++)
		heads += send(table, true, ports, UDP, 0, binding, sizeof binding);
	assert_int_equal(heads, SK_HEAD_PACKETS_MAX);
	assert_int_equal(got[0].as.command.app, SK_APP_STUN);
	sk_flow_table_free(table);
}

/* ---- what is not looked at ---- */

static void test_off(void **state)
{
	(void)state;
	struct sk_flow_limits limits = sk_flow_default_limits();
	struct sk_flow_table *table = NULL;
	uint16_t ports[2] = {40000, 80};
	limits.flows = 64, limits.heads = SK_FLOW_HEADS_NONE;
	assert_int_equal(sk_flow_table_new(&limits, test_key, sink_closed, &sink, &table), SK_OK);
	assert_int_equal(send(table, true, ports, TCP, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27), 0);
	assert_int_equal(sk_flow_attempts(last_flow, 0) + sk_flow_attempts(last_flow, 1), 0);
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
}

/* Bytes that are nobody's: looked at six times a direction, then never. */
static void test_noise(void **state)
{
	(void)state;
	struct talk t = talk_of(9999);
	for (unsigned i = 0; i < SK_HEAD_PACKETS_MAX; i++)
		for (unsigned client = 0; client < 2; client++)
			assert_int_equal(say(&t, client != 0, "\x91\x92\x93\x94", 4), 0);
	assert_int_equal(sk_flow_attempts(last_flow, 0), SK_HEAD_PACKETS_MAX);
	assert_int_equal(sk_flow_attempts(last_flow, 1), SK_HEAD_PACKETS_MAX);
	assert_int_equal(say_text(&t, true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	end(&t, SK_APP_NONE);
}

/* A sliced capture: what is there is told, and no buffer waits for bytes that never come. */
static void test_sliced(void **state)
{
	(void)state;
	static const char head[] = "GET /path HTTP/1.1\r\nHost: www.example.com\r\nX-Long";
	struct sk_flow_table *table = table_with(4);
	struct sk_packet packet = packet_of(9, 4000, 5, 80, TCP, SK_TCP_ACK, S);
	with_payload(&packet, 1, head, sizeof head - 1);
	packet.payload_wire_bytes = 1400;
	bool is_new;
	struct sk_flow *flow = sk_flow_apply(table, &packet, &is_new);
	const struct sk_head *first = sk_flow_head(table, flow, &packet);
	assert_non_null(first);
	assert_true(first->as.http.cut);
	assert_string_equal(first->as.http.host, "www.example.com");
	assert_int_equal(flow->stream, 0);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	assert_int_equal(sk_flow_residue(table), 0);
	sk_flow_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http), cmocka_unit_test(test_http_in_pieces), cmocka_unit_test(test_http2), cmocka_unit_test(test_by_form), cmocka_unit_test(test_ssh),
		cmocka_unit_test(test_ssh_that_says_no_more), cmocka_unit_test(test_server_flight), cmocka_unit_test(test_server_flight_that_stops), cmocka_unit_test(test_credit), cmocka_unit_test(test_hello_retry),
		cmocka_unit_test(test_server_hello_after_talk), cmocka_unit_test(test_quic), cmocka_unit_test(test_quic_flood), cmocka_unit_test(test_industrial),
		cmocka_unit_test(test_commands_are_bounded), cmocka_unit_test(test_off), cmocka_unit_test(test_noise), cmocka_unit_test(test_sliced),
	};
	return cmocka_run_group_tests_name("kinds of heads", tests, NULL, NULL);
}
