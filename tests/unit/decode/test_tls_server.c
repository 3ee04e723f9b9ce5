/* SPDX-License-Identifier: Apache-2.0 */
/* The server's flight: ServerHello and the leaf, in any records and in DTLS, cut anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "certificate.h"
#include "decode/tls.h"
#include "decode/tls_server.h"
#include "hello.h"

enum { HELLO = 2, CERTIFICATE = 11, DONE = 14, STREAM_MAX = 40000 };

struct flight {
	uint16_t version;
	uint16_t cipher;
	const char *alpn;
	bool tls13, retry, grease;
	struct sk_cur leaf;
	unsigned chain;               /* further certificates of 900 bytes */
};

static const uint8_t retry_random[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static void put_cursor(struct sk_out *o, struct sk_cur c)
{
	size_t length = sk_left(&c);
	sk_put_bytes(o, sk_take(&c, length), length);
}

static void put_be24(struct sk_out *o, size_t value)
{
	sk_put_u8(o, (uint8_t)(value >> 16));
	sk_put_be16(o, (uint16_t)value);
}

static struct sk_cur written(const struct sk_out *o)
{
	return sk_cur_of(o->start, sk_out_length(o));
}

static void put_message(struct sk_out *o, uint8_t type, struct sk_cur body)
{
	sk_put_u8(o, type);
	put_be24(o, sk_left(&body));
	put_cursor(o, body);
}

static size_t server_hello(uint8_t *out, size_t capacity, const struct flight *f)
{
	uint8_t room[400];
	struct sk_out e = sk_out_of(room, sizeof room), o = sk_out_of(out, capacity);
	sk_put_bytes(&e, "\xff\1\0\1\0" "\0\x17\0\0", 9);
	if (f->grease)
		sk_put_bytes(&e, "\x3a\x3a\0\0", 4);
	if (f->alpn != NULL) {
		size_t n = strlen(f->alpn);
		sk_put_be16(&e, 16);
		sk_put_be16(&e, (uint16_t)(n + 3));
		sk_put_be16(&e, (uint16_t)(n + 1));
		sk_put_u8(&e, (uint8_t)n);
		sk_put_bytes(&e, f->alpn, n);
	}
	if (f->tls13)
		sk_put_bytes(&e, "\0\x2b\0\2\3\4", 6);
	sk_put_be16(&o, f->version);
	for (unsigned i = 0; i < 32; i++)
		sk_put_u8(&o, f->retry ? retry_random[i] : (uint8_t)i);
	sk_put_u8(&o, 4);
	sk_put_be32(&o, 0x5e5510f0);
	sk_put_be16(&o, f->cipher);
	sk_put_u8(&o, 0);
	sk_put_be16(&o, (uint16_t)sk_out_length(&e));
	put_cursor(&o, written(&e));
	return sk_out_length(&o);
}

static size_t certificate(uint8_t *out, size_t capacity, const struct flight *f)
{
	struct sk_out o = sk_out_of(out, capacity);
	put_be24(&o, sk_left(&f->leaf) + 3 + f->chain * 903u);
	put_be24(&o, sk_left(&f->leaf));
	put_cursor(&o, f->leaf);
	for (unsigned i = 0; i < f->chain; i++) {
		put_be24(&o, 900);
		memset(sk_put(&o, 900), (int)i, 900);
	}
	assert_int_equal(sk_out_done(&o), SK_OK);
	return sk_out_length(&o);
}

/* ServerHello, Certificate, ServerHelloDone in records of at most record_bytes. */
static size_t stream_of(uint8_t *out, const struct flight *f, size_t record_bytes)
{
	static uint8_t messages[STREAM_MAX], body[STREAM_MAX];
	struct sk_out m = sk_out_of(messages, sizeof messages), o = sk_out_of(out, STREAM_MAX);
	put_message(&m, HELLO, sk_cur_of(body, server_hello(body, sizeof body, f)));
	if (sk_left(&f->leaf) != 0)
		put_message(&m, CERTIFICATE, sk_cur_of(body, certificate(body, sizeof body, f)));
	put_message(&m, DONE, sk_cur_of(body, 0));
	for (struct sk_cur c = written(&m); sk_more(&c);) {
		struct sk_cur part = sk_carve_at_most(&c, record_bytes);
		sk_put_bytes(&o, "\x16\3\3", 3);
		sk_put_be16(&o, (uint16_t)sk_left(&part));
		put_cursor(&o, part);
	}
	assert_int_equal(sk_out_done(&o), SK_OK);
	return sk_out_length(&o);
}

/* In memory of the exact size. */
static enum sk_err hello_of(const uint8_t *bytes, size_t length, struct sk_server_hello *out)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	enum sk_err err = sk_tls_server_hello(sk_cur_of(exact, length), NULL, out);
	free(exact);
	return err;
}

static enum sk_err leaf_of(const uint8_t *bytes, size_t length, bool last, struct sk_certificate *out)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	enum sk_err err = sk_tls_certificate(sk_cur_of(exact, length), last, NULL, out);
	free(exact);
	return err;
}

static uint8_t leaf_bytes[4096];

static struct flight usual(void)
{
	struct flight f = {.version = 0x0303, .cipher = 0xc02f, .alpn = "h2", .grease = true};
	f.leaf = sk_cur_of(leaf_bytes, certificate_make(leaf_bytes, sizeof leaf_bytes, "leaf", "issuer", 1000000000, 2000000000));
	return f;
}

static void test_facts(void **state)
{
	(void)state;
	static uint8_t stream[STREAM_MAX];
	struct flight f = usual();
	struct sk_server_hello hello;
	assert_int_equal(hello_of(stream, stream_of(stream, &f, 16000), &hello), SK_OK);
	assert_int_equal(hello.record_version, 0x0303);
	assert_int_equal(hello.legacy_version, 0x0303);
	assert_int_equal(hello.version, 0x0303);
	assert_int_equal(hello.cipher, 0xc02f);
	assert_int_equal(hello.extension_count, 3);
	assert_true(!hello.hello_retry && !hello.quic && !hello.dtls && sk_server_hello_has_certificate(&hello));
	assert_string_equal(hello.alpn, "h2");
	assert_string_equal(hello.ja3s, "73af335fe09e39201fe5051320f25083"); /* printf 771,49199,65281-23-16 | md5sum */
	f.tls13 = true;
	f.alpn = NULL;
	f.cipher = 0x1301;
	f.leaf = sk_cur_of(NULL, 0);
	assert_int_equal(hello_of(stream, stream_of(stream, &f, 16000), &hello), SK_OK);
	assert_int_equal(hello.version, 0x0304);
	assert_false(sk_server_hello_has_certificate(&hello));
	assert_string_equal(hello.ja3s, "3367856587ac8380c697b57bb7f57ec8"); /* printf 771,4865,65281-23-43 | md5sum */
	f.retry = true;
	assert_int_equal(hello_of(stream, stream_of(stream, &f, 16000), &hello), SK_OK);
	assert_true(hello.hello_retry);
}

/* Any record size gives the same; any prefix asks for more, until the message is whole. */
static void test_records_and_prefixes(void **state)
{
	(void)state;
	static uint8_t stream[STREAM_MAX];
	struct flight f = usual();
	f.chain = 2;
	struct sk_server_hello whole, hello;
	struct sk_certificate leaf, other;
	size_t length = stream_of(stream, &f, 16000);
	assert_int_equal(hello_of(stream, length, &whole), SK_OK);
	assert_int_equal(leaf_of(stream, length, false, &leaf), SK_OK);
	assert_true(leaf.whole && leaf.parsed);
	assert_int_equal(leaf.chain_length, 3);
	assert_int_equal(leaf.not_before_s, 1000000000);
	for (size_t record = 1; record < 3000; record += 1 + record / 3) {
		length = stream_of(stream, &f, record);
		if (length > SK_SERVER_FLIGHT_MAX_BYTES)
			continue;
		bool has_hello = false, has_leaf = false;
		for (size_t cut = 0; cut <= length; cut += length - cut > 40 ? 1 + cut % 13 : 1) {
			enum sk_err err = hello_of(stream, cut, &hello);
			assert_int_equal(err, has_hello || err == SK_OK ? SK_OK : SK_EMORE);
			has_hello = err == SK_OK;
			if (has_hello)
				assert_memory_equal(&hello, &whole, sizeof hello);
			err = leaf_of(stream, cut, false, &other);
			assert_int_equal(err, has_leaf || err == SK_OK ? SK_OK : SK_EMORE);
			has_leaf = err == SK_OK;
			if (has_leaf)
				assert_memory_equal(&other, &leaf, sizeof leaf);
			if (!has_leaf && leaf_of(stream, cut, true, &other) == SK_OK && other.whole) {
				/* the last that comes: the leaf is there, its chain is not */
				assert_int_equal(other.chain_length, 0);
				other.chain_length = leaf.chain_length;
				assert_memory_equal(&other, &leaf, sizeof leaf);
			}
		}
		assert_true(has_hello && has_leaf);
	}
}

/* A leaf that is not whole is said to be there, and nothing is claimed of it. */
static void test_cut_leaf(void **state)
{
	(void)state;
	static uint8_t stream[STREAM_MAX], big[20000];
	static const struct sk_certificate nothing;
	struct flight f = usual();
	struct sk_certificate leaf;
	memset(big, 0x30, sizeof big);
	f.leaf = sk_cur_of(big, sizeof big);
	size_t length = stream_of(stream, &f, 16000);
	assert_true(length > SK_SERVER_FLIGHT_MAX_BYTES);
	assert_int_equal(leaf_of(stream, SK_SERVER_FLIGHT_MAX_BYTES, false, &leaf), SK_EMORE);
	assert_int_equal(leaf_of(stream, SK_SERVER_FLIGHT_MAX_BYTES, true, &leaf), SK_OK);
	assert_memory_equal(&leaf, &nothing, sizeof leaf);
	assert_int_equal(leaf_of(stream, 60, true, &leaf), SK_EMORE); /* within the ServerHello */
}

static void test_no_certificate(void **state)
{
	(void)state;
	static uint8_t stream[STREAM_MAX];
	struct flight f = usual();
	struct sk_certificate leaf;
	f.leaf = sk_cur_of(NULL, 0);
	size_t length = stream_of(stream, &f, 16000);
	assert_int_equal(leaf_of(stream, length, true, &leaf), SK_EUNSUPPORTED); /* another message */
	length -= 4; /* of the last record's length only the ServerHello is there */
	assert_int_equal(leaf_of(stream, length, false, &leaf), SK_EMORE);
	length = stream_of(stream, &f, server_hello(stream, sizeof stream, &f) + 4);
	memcpy(stream + length - 9, "\x14\3\3\0\1\1", 6); /* a resumed session */
	assert_int_equal(leaf_of(stream, length - 3, true, &leaf), SK_EUNSUPPORTED);
	f = usual();
	length = stream_of(stream, &f, 16000);
	size_t list = 5 + 4 + server_hello(leaf_bytes, sizeof leaf_bytes, &f) + 4;
	for (size_t i = 0; i < 6; i++) {
		stream[list + i] ^= 1; /* list and leaf lengths that do not fit each other */
		if (i != 5)
			assert_int_equal(leaf_of(stream, length, true, &leaf), SK_EMALFORMED);
		stream[list + i] ^= 1;
	}
}

static void test_refused(void **state)
{
	(void)state;
	static uint8_t stream[STREAM_MAX];
	struct flight f = usual();
	struct sk_server_hello hello;
	static const struct sk_server_hello nothing;
	assert_int_equal(hello_of((const uint8_t *)"HTTP/1.1 200 OK", 15, &hello), SK_EUNSUPPORTED);
	assert_int_equal(hello_of((const uint8_t *)"\x15\3\3\0\2\2\x28", 7, &hello), SK_EUNSUPPORTED);      /* an alert */
	assert_int_equal(hello_of((const uint8_t *)"\x16\3\1\0\x10\1", 6, &hello), SK_EUNSUPPORTED);        /* a ClientHello */
	assert_int_equal(hello_of((const uint8_t *)"\x16\3\1\0\x04\2\0\x40\0", 9, &hello), SK_EMALFORMED);  /* larger than a flight may be */
	size_t length = stream_of(stream, &f, 16000);
	stream[9 + 34] = 33;
	assert_int_equal(hello_of(stream, length, &hello), SK_EMALFORMED);
	assert_memory_equal(&hello, &nothing, sizeof hello);
	length = stream_of(stream, &f, 30);
	stream[35] = 23; /* application data inside the message */
	assert_int_equal(hello_of(stream, length, &hello), SK_EMALFORMED);
}

/* After a HelloRetryRequest either side speaks again, behind a ChangeCipherSpec. */
static void test_hello_retry(void **state)
{
	(void)state;
	static uint8_t stream[STREAM_MAX], body[2000];
	struct flight f = {.version = 0x0303, .cipher = 0x1301, .tls13 = true, .retry = true};
	size_t first = 9 + server_hello(stream, sizeof stream, &f), length = stream_of(stream, &f, first - 5);
	length = first; /* without the ServerHelloDone */
	memcpy(stream + length, "\x14\3\3\0\1\1", 6);
	f.retry = false;
	f.cipher = 0x1302;
	struct sk_server_hello hello;
	assert_int_equal(sk_tls_message_bytes(sk_cur_of(stream, first)), first);
	for (size_t cut = 0; cut < first; cut++)
		assert_int_equal(sk_tls_message_bytes(sk_cur_of(stream, cut)), 0);
	size_t second = stream_of(stream + first + 6, &f, 16000);
	struct sk_cur c = sk_cur_of(stream, first + 6 + second);
	sk_skip(&c, sk_tls_message_bytes(c));
	assert_int_equal(sk_tls_server_hello(c, NULL, &hello), SK_OK);
	assert_int_equal(hello.cipher, 0x1302);
	assert_false(hello.hello_retry);
	for (size_t cut = 0; cut < 6 + 30; cut++)
		assert_int_equal(hello_of(stream + first, cut, &hello), SK_EMORE);

	const struct hello_recipe client = {.version = 0x0303, .ciphers = 3, .name = "a.example", .tls13 = true}, again = {.version = 0x0303, .ciphers = 4};
	first = hello_stream(stream, sizeof stream, &client, 50);
	memcpy(stream + first, "\x14\3\3\0\1\1", 6);
	length = first + 6 + hello_stream(stream + first + 6, sizeof stream - first - 6, &again, 16000);
	c = sk_cur_of(stream, length);
	assert_int_equal(sk_tls_message_bytes(c), first);
	sk_skip(&c, first);
	struct sk_client_hello second_hello;
	assert_int_equal(sk_tls_client_hello(c, NULL, &second_hello), SK_OK);
	assert_int_equal(second_hello.cipher_count, 4);
	/* A record that ends behind its message's end counts whole, also where it is cut. */
	length = stream_of(body, &(struct flight){.version = 0x0303, .cipher = 5}, 16000);
	assert_int_equal(sk_tls_message_bytes(sk_cur_of(body, length - 4)), length);
}

/* ---- DTLS ---- */

static void put_dtls(struct sk_out *o, uint8_t type, size_t length, size_t offset, struct sk_cur part, uint16_t epoch)
{
	sk_put_bytes(o, "\x16\xfe\xfd", 3);
	sk_put_be16(o, epoch);
	sk_put_bytes(o, "\0\0\0\0\0\1", 6);
	sk_put_be16(o, (uint16_t)(sk_left(&part) + 12));
	sk_put_u8(o, type);
	put_be24(o, length);
	sk_put_be16(o, 1);
	put_be24(o, offset);
	put_be24(o, sk_left(&part));
	put_cursor(o, part);
}

static void test_dtls(void **state)
{
	(void)state;
	static uint8_t body[STREAM_MAX], room[STREAM_MAX];
	struct flight f = usual();
	f.version = 0xfefd;
	f.chain = 1;
	struct sk_out o = sk_out_of(room, sizeof room);
	struct sk_cur hello_body = sk_cur_of(body, server_hello(body, sizeof body, &f));
	put_dtls(&o, HELLO, sk_left(&hello_body), 0, hello_body, 0);
	size_t hello_end = sk_out_length(&o);
	struct sk_cur message = sk_cur_of(body, certificate(body, sizeof body, &f));
	put_dtls(&o, CERTIFICATE, sk_left(&message), 0, message, 0);
	struct sk_server_hello hello;
	struct sk_certificate leaf, cut;
	assert_int_equal(sk_tls_server_hello_datagram(written(&o), NULL, &hello), SK_OK);
	assert_true(hello.dtls && hello.version == 0xfefd && sk_server_hello_has_certificate(&hello));
	assert_int_equal(sk_tls_certificate_datagram(written(&o), NULL, &leaf), SK_OK);
	assert_true(leaf.parsed && leaf.whole);
	assert_int_equal(leaf.chain_length, 2);
	for (size_t length = 0; length < sk_out_length(&o); length++) {
		assert_true((sk_tls_server_hello_datagram(sk_cur_of(room, length), NULL, &hello) == SK_OK) == (length >= hello_end));
		enum sk_err err = sk_tls_certificate_datagram(sk_cur_of(room, length), NULL, &cut);
		assert_true(err == SK_OK ? cut.chain_length == 0 : err == SK_EUNSUPPORTED);
		if (cut.whole)
			assert_memory_equal(cut.sha256, leaf.sha256, sizeof leaf.sha256);
	}
	/* The first fragment is enough; a later one is not the leaf; what is sealed is not looked at. */
	o = sk_out_of(room, sizeof room);
	struct sk_cur rest = message, first = sk_carve(&rest, sk_left(&f.leaf) + 6);
	put_dtls(&o, CERTIFICATE, sk_left(&message), 0, first, 0);
	assert_int_equal(sk_tls_certificate_datagram(written(&o), NULL, &cut), SK_OK);
	assert_true(cut.whole && cut.chain_length == 0);
	o = sk_out_of(room, sizeof room);
	put_dtls(&o, CERTIFICATE, sk_left(&message), sk_left(&first), rest, 0);
	assert_int_equal(sk_tls_certificate_datagram(written(&o), NULL, &cut), SK_EUNSUPPORTED);
	o = sk_out_of(room, sizeof room);
	put_dtls(&o, CERTIFICATE, sk_left(&message), 0, message, 1);
	assert_int_equal(sk_tls_certificate_datagram(written(&o), NULL, &cut), SK_EUNSUPPORTED);
	hello = (struct sk_server_hello){.dtls = true, .version = 0xfefc};
	assert_false(sk_server_hello_has_certificate(&hello));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts), cmocka_unit_test(test_records_and_prefixes), cmocka_unit_test(test_cut_leaf),
		cmocka_unit_test(test_no_certificate), cmocka_unit_test(test_refused), cmocka_unit_test(test_hello_retry), cmocka_unit_test(test_dtls),
	};
	return cmocka_run_group_tests_name("tls_server", tests, NULL, NULL);
}
