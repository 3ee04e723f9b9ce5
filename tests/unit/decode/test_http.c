/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/http.h"
#include "seal/seal.h"
#include "text/url.h"

static size_t used;

static enum sk_err parse(const char *bytes, size_t length, bool last, struct sk_http *out)
{
	char *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	memset(out, 0xee, sizeof *out);
	used = 0xee;
	enum sk_err err = last ? sk_http_head_last(sk_cur_of(exact, length), out, &used) : sk_http_head(sk_cur_of(exact, length), out, &used);
	free(exact);
	return err;
}

static struct sk_http head_of(const char *text)
{
	struct sk_http http;
	enum sk_err err = parse(text, strlen(text), false, &http);
	if (err != SK_OK)
		fail_msg("%d for %s", err, text);
	return http;
}

static enum sk_err error_of(const char *text)
{
	struct sk_http http;
	static const struct sk_http nothing;
	enum sk_err err = parse(text, strlen(text), false, &http);
	assert_true(err == SK_OK || (memcmp(&http, &nothing, sizeof http) == 0 && used == 0));
	return err;
}

static void assert_hash(const uint8_t *hash, size_t length, const char *text)
{
	uint8_t whole[SK_HASH_BYTES];
	sk_sha256(text, strlen(text), whole);
	assert_memory_equal(hash, whole, length);
}

static const char request[] = "POST /A/b//c.php?user=CaNaRy#CaNaRy HTTP/1.1\r\nHost: WWW.Example.COM:8080\r\nUser-Agent: CaNaRy\r\nCookie: CaNaRy\r\n"
			      "X-Folded: CaNaRy\r\n CaNaRy: CaNaRy\r\nContent-Length: 6\r\n\r\nCaNaRy";

static void test_request(void **state)
{
	(void)state;
	struct sk_http http = head_of(request);
	assert_false(http.response || http.cut);
	assert_int_equal(http.version, 11);
	assert_string_equal(http.method, "POST");
	assert_string_equal(http.host, "www.example.com");
	assert_int_equal(http.host_length, 15);
	assert_int_equal(http.path_depth, 3);
	assert_int_equal(http.path_length, 11);
	assert_true(http.has_query);
	assert_hash(http.path_hash, SK_HTTP_HASH_BYTES, "/A/b//c.php");
	assert_hash(http.url_hash, sizeof http.url_hash, "www.example.com/A/b//c.php");
	assert_int_equal(http.header_count, 5);
	assert_hash(http.header_order_hash, SK_HTTP_HASH_BYTES, "host,user-agent,cookie,x-folded,content-length");
	assert_int_equal(used, sizeof request - 1 - 6);
}

/* A selector and a request agree. */
static void test_url_hash_is_the_selectors(void **state)
{
	(void)state;
	static const char url[] = "http://someone@www.EXAMPLE.com.:80/A/b//c.php?x";
	struct sk_url parts;
	uint8_t hash[SK_URL_HASH_BYTES];
	assert_int_equal(sk_url_parts(url, sizeof url - 1, &parts), SK_OK);
	sk_url_hash(parts.host, parts.host_length, parts.path, parts.path_length, hash);
	struct sk_http http = head_of(request);
	assert_memory_equal(http.url_hash, hash, sizeof hash);
}

static void test_response(void **state)
{
	(void)state;
	struct sk_http http = head_of("HTTP/1.0 404 Not Found: CaNaRy\nServer: x\n\nbody");
	assert_true(http.response);
	assert_int_equal(http.version, 10);
	assert_int_equal(http.status, 404);
	assert_int_equal(http.header_count, 1);
	assert_hash(http.header_order_hash, SK_HTTP_HASH_BYTES, "server");
	assert_int_equal(http.host_length, 0);
	assert_int_equal(head_of("HTTP/1.1 100\r\n\r\nHTTP/1.1 200 OK\r\n\r\n").status, 100);
	assert_int_equal(used, 16);
}

static void test_targets(void **state)
{
	(void)state;
	static const uint8_t none[32];
	static const struct {
		const char *head, *host, *method;
		unsigned depth, length;
		bool query, url;
	} cases[] = {
		{"GET http://User:CaNaRy@Example.COM:81/x/y HTTP/1.1\r\nHost: other\r\n\r\n", "example.com", "GET", 2, 4, false, true},
		{"GET http://example.com HTTP/1.1\r\n\r\n", "example.com", "GET", 0, 1, false, true},
		{"GET http://example.com?CaNaRy HTTP/1.1\r\n\r\n", "example.com", "GET", 0, 1, true, true},
		{"GET http://[2001:DB8::1]:8080/ HTTP/1.1\r\n\r\n", "2001:db8::1", "GET", 0, 1, false, true},
		{"CONNECT example.com:443 HTTP/1.1\r\nHost: other\r\n\r\n", "example.com", "CONNECT", 0, 0, false, false},
		{"CONNECT [2001:db8::2]:443 HTTP/1.1\r\n\r\n", "2001:db8::2", "CONNECT", 0, 0, false, false},
		{"OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n", "example.com", "OPTIONS", 0, 0, false, false},
		{"GET / HTTP/1.1\r\nHost: CaNaRy@example.com.\r\n\r\n", "example.com", "GET", 0, 1, false, true},
		{"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "::1", "GET", 0, 1, false, true},
		{"GET / HTTP/1.1\r\nhOST :\t example.com \r\n\r\n", "example.com", "GET", 0, 1, false, true},
		{"GET / HTTP/1.1\r\nHost:\r\n example.com\r\n\r\n", "example.com", "GET", 0, 1, false, true},
		{"GET / HTTP/1.1\r\nHost: exam\r\n ple.com\r\n\r\n", "", "GET", 0, 1, false, false},
		{"GET / HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n", "one", "GET", 0, 1, false, true},
		{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "", "GET", 0, 1, false, false},
		{"GET / HTTP/1.1\r\nHost: x:99999\r\n\r\n", "", "GET", 0, 1, false, false},
		{"GET / HTTP/1.1\r\nHost: ex\xc3\xa4mple\r\n\r\n", "ex??mple", "GET", 0, 1, false, true},
		{"GET /a b/c HTTP/1.1\r\n\r\n", "", "GET", 2, 6, false, false},
		{"GET /a#b?c HTTP/1.1\r\n\r\n", "", "GET", 1, 2, false, false},
		{"VERSION-CONTROL /a HTTP/1.1\r\n\r\n", "", "VERSION-CONTROL", 1, 2, false, false},
		{"UPDATEREDIRECTREF /a HTTP/1.1\r\n\r\n", "", "UPDATEREDIRECTREF", 1, 2, false, false},
		{"RPC_IN_DATA /rpc/rpcproxy.dll?a:6002 HTTP/1.1\r\n\r\n", "", "RPC_IN_DATA", 2, 17, true, false},
		{"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n", "239.255.255.250", "other", 0, 0, false, false},
		{"get / HTTP/1.1\r\n\r\n", "", "other", 0, 1, false, false},
		{"\r\n\r\nGET / HTTP/1.1\r\n\r\n", "", "GET", 0, 1, false, false},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_http http = head_of(cases[i].head);
		assert_string_equal(http.host, cases[i].host);
		assert_int_equal(http.host_length, strlen(cases[i].host));
		assert_string_equal(http.method, cases[i].method);
		assert_int_equal(http.path_depth, cases[i].depth);
		assert_int_equal(http.path_length, cases[i].length);
		assert_int_equal(http.has_query, cases[i].query);
		assert_int_equal(memcmp(http.url_hash, none, sizeof none) != 0, cases[i].url);
		assert_int_equal(used, strlen(cases[i].head));
	}
}

static void test_version_0_9(void **state)
{
	(void)state;
	struct sk_http http = head_of("GET /old/page\r\nnot a header: x\r\n\r\n");
	assert_int_equal(http.version, 9);
	assert_int_equal(http.path_depth, 2);
	assert_int_equal(http.header_count, 0);
	assert_int_equal(used, 15);
}

static void test_not_http(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"SSH-2.0-x\r\n", "220 mail ESMTP\r\n", "EHLO example.com\r\n", "USER anonymous\r\n", "\x16\x03\x01", "PRI * HTTP/2.0\r\n\r\n",
		"GET / HTTP/2.0\r\n\r\n", "OPTIONS sip:x SIP/2.0\r\n\r\n", "OPTIONS * RTSP/1.0\r\n\r\n", "HTTP/2 200\r\n", "POST /x\r\n",
		"HELLO /x\r\n", "ICY 200 OK\r\n", "A / HTTP/1.1\r\n\r\n", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOP", "", "G", "GE", "HTTP/1",
	};
	for (size_t i = 0; i < SK_COUNT(texts); i++) {
		bool short_ = strlen(texts[i]) == 0 || strcmp(texts[i], "G") == 0 || strcmp(texts[i], "GE") == 0 || strcmp(texts[i], "HTTP/1") == 0;
		if (error_of(texts[i]) != (short_ ? SK_EMORE : SK_EUNSUPPORTED))
			fail_msg("%s: %d", texts[i], error_of(texts[i]));
	}
	assert_int_equal(error_of("GET / HTTP/1.x\r\n\r\n"), SK_EMALFORMED);
	assert_int_equal(error_of("HTTP/1.1 20 OK\r\n\r\n"), SK_EMALFORMED);
	assert_int_equal(error_of("HTTP/1.1 2000 OK\r\n\r\n"), SK_EMALFORMED);
	assert_int_equal(error_of("HTTP/1.1  \r\n\r\n"), SK_EMALFORMED);
}

/* Every cut waits; of a cut that is the last there is, the first line is told as soon as it is whole. */
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	size_t head = sizeof request - 1 - 6, line = (size_t)(strchr(request, '\n') - request) + 1;
	struct sk_http http, whole = head_of(request);
	for (size_t cut = 0; cut < head; cut++) {
		assert_int_equal(parse(request, cut, false, &http), SK_EMORE);
		enum sk_err err = parse(request, cut, true, &http);
		if (cut < line) {
			assert_int_not_equal(err, SK_OK);
			continue;
		}
		assert_int_equal(err, SK_OK);
		assert_true(http.cut);
		assert_memory_equal(http.path_hash, whole.path_hash, sizeof http.path_hash);
		assert_true(http.host_length == 0 || strcmp(http.host, whole.host) == 0);
		assert_true(used <= cut);
	}
	assert_int_equal(parse(request, head, true, &http), SK_OK);
	assert_memory_equal(&http, &whole, sizeof http);
}

static void test_long(void **state)
{
	(void)state;
	static char text[3 * SK_HTTP_HEAD_MAX_BYTES];
	struct sk_http http;
	size_t length = 0;
	memcpy(text, "GET /", 5);
	memset(text + 5, 'a', sizeof text - 5);
	assert_int_equal(parse(text, SK_HTTP_HEAD_MAX_BYTES, false, &http), SK_EMORE);
	assert_int_equal(parse(text, SK_HTTP_HEAD_MAX_BYTES + 1, false, &http), SK_EMALFORMED); /* no first line */
	length = 5 + 8000;
	memcpy(text + length, " HTTP/1.1\r\n", 11);
	for (length += 11; length < sizeof text - 8; length += 6)
		memcpy(text + length, "N: v\r\n", 6);
	assert_int_equal(parse(text, length, false, &http), SK_OK);
	assert_true(http.cut);
	assert_int_equal(http.header_count, 255);
	assert_int_equal(http.path_length, 8001);
	assert_true(used <= SK_HTTP_HEAD_MAX_BYTES);
	for (size_t i = 5; i < 1005; i += 2)
		text[i] = '/';
	assert_int_equal(parse(text, length, false, &http), SK_OK);
	assert_int_equal(http.path_depth, 255);
	/* Names alone fill the head. */
	length = (size_t)snprintf(text, sizeof text, "GET / HTTP/1.1\r\n");
	memset(text + length, 'n', sizeof text - length);
	memcpy(text + SK_HTTP_HEAD_MAX_BYTES - 2, ":\n\n", 3);
	assert_int_equal(parse(text, sizeof text, false, &http), SK_OK);
	assert_int_equal(http.header_count, 1);
}

/* More headers than are counted: the head is cut there, whatever follows. */
static void test_headers_without_end(void **state)
{
	(void)state;
	static char text[4096];
	struct sk_http http, first;
	for (unsigned count = 254; count < 258; count++) {
		size_t length = (size_t)snprintf(text, sizeof text, "GET / HTTP/1.1\r\n");
		for (unsigned i = 0; i < count; i++, length += 4)
			memcpy(text + length, "a:\r\n", 4);
		memcpy(text + length, "\r\n", 3);
		assert_int_equal(parse(text, length, false, &first), count > 255 ? SK_OK : SK_EMORE);
		assert_int_equal(parse(text, length + 2, false, &http), SK_OK);
		assert_int_equal(http.cut, count > 255);
		assert_int_equal(http.header_count, count > 255 ? 255 : count);
		assert_int_equal(used, count > 255 ? 16 + 256 * 4 : length + 2);
		if (count > 255)
			assert_memory_equal(&first, &http, sizeof http);
	}
}

/* What is no news changes nothing: random heads of what matters to the end of one, cut twice. The twin leaves the news out. */
static unsigned hidden(bool honest)
{
	static const char *const starts[] = {"GET / HTTP/1.1\r\n", "\r\n\nPOST /x HTTP/1.0\n", "HTTP/1.1 200 OK\r\n", "GET /x", "X /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1"};
	static const char letters[] = "\r\r\r\n\n\na: ";
	uint32_t random = 7;
	unsigned found = 0;
	for (unsigned round = 0; round < 4000; round++) {
		char text[160];
		size_t length = (size_t)snprintf(text, sizeof text, "%s", starts[round % SK_COUNT(starts)]);
		size_t fixed = length, filler = round / SK_COUNT(starts) % 40;
		memset(text + length, 'f', filler);
		for (length += filler; length < fixed + filler + 24; length++) {
			random = random * 1664525 + 1013904223;
			text[length] = letters[(random >> 16) % (sizeof letters - 1)];
		}
		struct sk_http http;
		for (size_t seen = 1; seen < length && parse(text, seen, false, &http) == SK_EMORE; seen++)
			for (size_t now = seen + 1; now <= length; now++)
				if ((!honest || !sk_http_is_news(sk_cur_of(text, now), seen)) && parse(text, now, false, &http) != SK_EMORE)
					found++;
	}
	return found;
}

static void test_no_news(void **state)
{
	(void)state;
	assert_int_equal(hidden(true), 0);
	assert_true(hidden(false) > 0);
}

/* ---- what names a person or opens a door never reaches the struct ---- */

typedef enum sk_err parser(const char *bytes, size_t length, bool last, struct sk_http *out);

static size_t leaks(parser *read)
{
	static const char *const texts[] = {request,
					    "GET http://User:CaNaRy@Example.COM:81/CaNaRy/y HTTP/1.1\r\nHost: CaNaRy@x\r\nAuthorization: CaNaRy\r\n\r\n",
					    "HTTP/1.1 302 CaNaRy\r\nSet-Cookie: CaNaRy\r\nLocation: CaNaRy\r\n\r\nCaNaRy", "GET /CaNaRy\r\n"};
	size_t found = 0;
	for (size_t i = 0; i < SK_COUNT(texts); i++) {
		struct sk_http http;
		size_t length = strlen(texts[i]);
		for (size_t cut = 0; cut <= length; cut++) {
			(void)read(texts[i], cut, true, &http);
			found += memmem(&http, sizeof http, "CaNaRy", 6) != NULL || memmem(&http, sizeof http, "canary", 6) != NULL;
		}
	}
	return found;
}

static enum sk_err leaking_parse(const char *bytes, size_t length, bool last, struct sk_http *out)
{
	enum sk_err err = parse(bytes, length, last, out);
	const char *cookie = memmem(bytes, length, "Cookie: ", 8);
	if (cookie != NULL && (size_t)(bytes + length - cookie) >= 14)
		memcpy(out->host + 200, cookie + 8, 6);
	return err;
}

static void test_contents_stay_out(void **state)
{
	(void)state;
	assert_int_equal(leaks(parse), 0);
}

/* Sabotage: a parser that keeps a cookie is seen. */
static void test_contents_stay_out_sees_sabotage(void **state)
{
	(void)state;
	assert_int_not_equal(leaks(leaking_parse), 0);
}

static void test_http2_preface(void **state)
{
	(void)state;
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12";
	for (size_t cut = 0; cut < sizeof preface; cut++)
		assert_int_equal(sk_http2_preface(sk_cur_of(preface, cut)), cut < 24 ? SK_EMORE : SK_OK);
	assert_int_equal(sk_http2_preface(sk_cur_of("PRX", 3)), SK_EUNSUPPORTED);
}

static int start(void **state)
{
	(void)state;
	return sk_seal_start() == SK_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_url_hash_is_the_selectors),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_version_0_9),
		cmocka_unit_test(test_not_http),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_long), cmocka_unit_test(test_headers_without_end), cmocka_unit_test(test_no_news),
		cmocka_unit_test(test_contents_stay_out),
		cmocka_unit_test(test_contents_stay_out_sees_sabotage),
		cmocka_unit_test(test_http2_preface),
	};
	return cmocka_run_group_tests_name("http", tests, start, NULL);
}
