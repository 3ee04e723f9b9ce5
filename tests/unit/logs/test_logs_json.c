/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of JSON: every key that is known where it stands, and nothing that is not; what is no JSON. */
#include "logs_test.h"

#define PAIR "\"src_ip\":\"192.0.2.1\",\"src_port\":5,\"dest_ip\":\"198.51.100.1\",\"dest_port\":53"
#define ZEEK "\"id.orig_h\":\"192.0.2.1\",\"id.orig_p\":5,\"id.resp_h\":\"198.51.100.1\",\"id.resp_p\":53"

static void test_known_keys(void **state)
{
	static const struct {
		const char *line, *read;
	} cases[] = {
		{"{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"203.0.113.66\"}", "A 203.0.113.66/destination address:1"},
		{"{\"src_ip\":\"203.0.113.200\",\"dest_ip\":\"192.0.2.1\"}", "A 203.0.113.128/25/source address:1"},
		{"{\"dest_ip\":\"2001:db8:1::1\",\"src_ip\":\"2001:db8:2::66\"}", "A 2001:db8:2::66/source address:1"},
		{"{" PAIR ",\"dns\":{\"type\":\"query\",\"rrname\":\"WWW.Bad.Example\",\"rrtype\":\"A\"}}", "A bad.example/dns name:1"},
		{"{" PAIR ",\"dns\":{\"version\":2,\"type\":\"answer\",\"rrname\":\"x.bad.example.\",\"answers\":[{\"rrname\":\"a.b\",\"rdata\":\"203.0.113.66\"}]}}", "A bad.example/dns name:1"},
		{"{" PAIR ",\"dns\":{\"version\":3,\"queries\":[{\"rrname\":\"good.example\"},{\"rrname\":\"bad.example\"}]}}", "A bad.example/dns name:1"},
		{"{" PAIR ",\"dns\":{\"query\":[{\"type\":\"query\",\"rrname\":\"bad.example\"}]}}", "A bad.example/dns name:1"},
		{"{" PAIR ",\"dns\":{\"answers\":[{\"rrname\":\"bad.example\"}]}}", "A"},
		{"{" PAIR ",\"tls\":{\"sni\":\"bad.example\",\"ja3\":{\"hash\":\"e7d705a3286e19ea42f587b344ee6865\",\"string\":\"1,2\"},"
		 "\"ja3s\":{\"hash\":\"ec74a5c51106f0419184d0dd08fb05bc\"},\"ja4\":\"t13d1516h2_8daaf6152771_02713d6af862\","
		 "\"fingerprint\":\"3c:84:f5:e8:a1:d0:b2:c4:9e:77:f0:5d:1b:6c:2a:91:80:e4:d7:f3\"}}",
		 "A bad.example/tls server name:1 e7d705a3286e19ea42f587b344ee6865/ja3:1 ja3s:ec74a5c51106f0419184d0dd08fb05bc/ja3s:1 "
		 "t13d1516h2_8daaf6152771_02713d6af862/ja4:1 cert_sha1:3c84f5e8a1d0b2c49e77f05d1b6c2a9180e4d7f3/certificate:1"},
		{"{" PAIR ",\"quic\":{\"version\":\"1\",\"sni\":\"bad.example\",\"ja4\":\"t13d1516h2_8daaf6152771_02713d6af862\"}}",
		 "A bad.example/tls server name:1 t13d1516h2_8daaf6152771_02713d6af862/ja4:1"},
		{"{" PAIR ",\"ssh\":{\"client\":{\"proto_version\":\"2.0\",\"hassh\":{\"hash\":\"ec7378c1a92f5a8dde7e8b7a1ddf33d1\"}},"
		 "\"server\":{\"hassh\":{\"hash\":\"b12d2871a1189eff20364cf5333619ee\"}}}}",
		 "A hassh:ec7378c1a92f5a8dde7e8b7a1ddf33d1/hassh:1 hassh_server:b12d2871a1189eff20364cf5333619ee/hassh server:1"},
		{"{" PAIR ",\"ssh\":{\"client\":{\"hassh\":{\"hash\":\"b12d2871a1189eff20364cf5333619ee\"}}}}", "A"},
		{"{" ZEEK ",\"query\":\"bad.example\"}", "A bad.example/dns name:1"},
		{"{" ZEEK ",\"server_name\":\"bad.example\",\"ja3\":\"e7d705a3286e19ea42f587b344ee6865\"}", "A bad.example/tls server name:1 e7d705a3286e19ea42f587b344ee6865/ja3:1"},
		{"{" ZEEK ",\"cert_chain_fps\":[\"ff\",\"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\"]}",
		 "A cert_sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0/certificate:1"},
		{"{" ZEEK ",\"hassh\":\"ec7378c1a92f5a8dde7e8b7a1ddf33d1\",\"hasshServer\":\"b12d2871a1189eff20364cf5333619ee\"}",
		 "A hassh:ec7378c1a92f5a8dde7e8b7a1ddf33d1/hassh:1 hassh_server:b12d2871a1189eff20364cf5333619ee/hassh server:1"},
		/* Keys of one writer in the lines of the other: EVE's host is the sensor's own name. */
		{"{" PAIR ",\"host\":\"bad.example\",\"query\":\"bad.example\"}", "A"},
		{"{" ZEEK ",\"dns\":{\"rrname\":\"bad.example\"}}", "A"},
		/* Known keys in other places. */
		{"{" PAIR ",\"http\":{\"rrname\":\"bad.example\",\"dns\":{\"rrname\":\"bad.example\"}},\"rrname\":\"bad.example\"}", "A"},
		{"{" PAIR ",\"metadata\":{\"src_ip\":\"192.0.2.9\",\"flowbits\":[\"}\",\"]\",\"\\\"\"]}}", "A"},
		/* Nothing hides behind escapes. */
		{"{" PAIR ",\"d\\u006es\":{\"rrname\":\"bad\\u002eexample\"}}", "A bad.example/dns name:1"},
		{"{\"src\\u005fip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\",\"dns\":{\"rrname\":\"bad.example\"}}", "E"},
		{" {\"src_ip\" : \"192.0.2.1\" , \"dest_ip\"\t: \"203.0.113.66\" } ", "A 203.0.113.66/destination address:1"},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++)
		assert_string_equal(logs_test_text(*state, cases[i].line), cases[i].read);
}

static void test_urls(void **state)
{
	static const struct {
		const char *http, *read;
	} cases[] = {
		{"{\"hostname\":\"files.example\",\"url\":\"/a/b.exe\"}", "A http://files.example/a/b.exe/url:1"},
		{"{\"hostname\":\"Files.Example:8080\",\"url\":\"/a/b.exe?user=me\"}", "A http://files.example/a/b.exe/url:1"},
		{"{\"hostname\":\"files.example\",\"url\":\"\\/a\\/b.exe\"}", "A http://files.example/a/b.exe/url:1"},
		{"{\"hostname\":\"proxy.example\",\"url\":\"http://files.example/a/b.exe\"}", "A http://files.example/a/b.exe/url:1"},
		{"{\"hostname\":\"files.example\",\"url\":\"/a/b.ex\"}", "A"},
		{"{\"hostname\":\"other.example\",\"url\":\"/a/b.exe\"}", "A"},
		{"{\"url\":\"/a/b.exe\"}", "A"},
		{"{\"hostname\":\"bad.example\",\"url\":\"/libhtp::request_uri_not_seen\"}", "A bad.example/http host:1"},
		{"{\"hostname\":\"user@bad.example:80\"}", "A bad.example/http host:1"},
	};
	char line[512];
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		(void)snprintf(line, sizeof line, "{" PAIR ",\"http\":%s}", cases[i].http);
		const char *read = logs_test_text(*state, line);
		/* How the set names a URL is the set's business. */
		if (strstr(cases[i].read, "/url:1") != NULL)
			assert_non_null(strstr(read, "/url:1"));
		else
			assert_string_equal(read, cases[i].read);
	}
}

static void test_no_json(void **state)
{
	static const char *const lines[] = {
		"{", "{\"src_ip\"", "{\"src_ip\":", "{\"src_ip\":\"192.0.2.1", "{\"src_ip\":\"192.0.2.1\",}", "{" PAIR, "{" PAIR ",}", "{" PAIR "}x", "{" PAIR "} {}",
		"{" PAIR ",\"a\":}", "{" PAIR ",\"a\":[1,]}", "{" PAIR ",\"a\":[1 2]}", "{" PAIR ",\"a\":{]}", "{" PAIR " \"a\":1}", "{" PAIR ",\"a\":'b'}", "{" PAIR ",\"a\" 1}",
		"{" PAIR ",\"a\":\"\x01\"}", "{" PAIR ",a:1}", "{" PAIR ",\"src_ip\":\"192.0.2.1\"}", "{" PAIR ",\"dest_ip\":\"192.0.2.9\"}",
		"{" PAIR ",\"timestamp\":\"1\",\"timestamp\":\"2\"}", "{" PAIR ",\"id.orig_h\":\"192.0.2.1\"}", "{\"src_ip\":\"192.0.2.1\",\"id.resp_h\":\"198.51.100.1\"}",
		"{\"src_ip\":\"192.0.2.1\"}", "{\"src_ip\":\"192.0.2.01\",\"dest_ip\":\"198.51.100.1\"}", "{\"src_ip\":\"192.0.2.1.5\",\"dest_ip\":\"198.51.100.1\"}",
		"{\"src_ip\":\"1::2::3\",\"dest_ip\":\"198.51.100.1\"}", "{\"src_ip\":\"\",\"dest_ip\":\"198.51.100.1\"}", "{\"src_ip\":7,\"dest_ip\":\"198.51.100.1\"}",
		"{" PAIR ",\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
		"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}",
	};
	for (size_t i = 0; i < SK_COUNT(lines); i++)
		assert_string_equal(logs_test_text(*state, lines[i]), "M");
	/* Without a pair nothing is judged, and nothing read. */
	assert_string_equal(logs_test_text(*state, "{\"event_type\":\"stats\",\"dns\":{\"rrname\":\"bad.example\"}}\n{}\n\n{\"src_ip\":null,\"dest_ip\":null}"), "NNN");
}

static void test_many_values(void **state)
{
	struct sk_buf line;
	sk_buf_init(&line, 1 << 16);
	sk_buf_add_text(&line, "{" PAIR ",\"dns\":{\"queries\":[{\"rrname\":\"bad.example\"}");
	for (unsigned i = 0; i < 50; i++)
		sk_buf_add_text(&line, ",{\"rrname\":\"good.example\"}");
	size_t room = line.length;
	sk_buf_add_text(&line, "]}}");
	assert_string_equal(logs_test_text(*state, sk_buf_text(&line)), "A bad.example/dns name:1");
	line.length = room;
	for (unsigned i = 0; i < 50; i++)
		sk_buf_add_text(&line, ",{\"rrname\":\"good.example\"}");
	sk_buf_add_text(&line, "]}}");
	assert_string_equal(logs_test_text(*state, sk_buf_text(&line)), "M");
	sk_buf_fini(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_keys), cmocka_unit_test(test_urls), cmocka_unit_test(test_no_json), cmocka_unit_test(test_many_values)};
	return cmocka_run_group_tests(tests, logs_test_start, logs_test_end);
}
