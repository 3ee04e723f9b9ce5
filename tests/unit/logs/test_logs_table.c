/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of columns: Zeek's format as its headers say it, CSV by its header, nfdump's output; values as they are written. */
#include "logs/logs_priv.h"
#include "logs_test.h"

#define ZEEK "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
#define CONN ZEEK "#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\n"

struct read_case {
	const char *log, *read;
};

static void check(const struct logs_test *test, const struct read_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(logs_test_text(test, cases[i].log), cases[i].read);
}

static void test_zeek(void **state)
{
	static const struct read_case cases[] = {
		{CONN "1.5\tC1\t192.0.2.1\t5\t203.0.113.66\t53\tudp\n1.5\tC1\t192.0.2.1\t5\t198.51.100.1\t53\tudp\n", "AA 203.0.113.66/destination address:8"},
		{CONN "1.5\tC1\t192.0.2.1\t5\t203.0.113.66\t53\tudp\r\n", "A 203.0.113.66/destination address:8"},
		{CONN "1.5\tC1\t192.0.2.1\t5\t203.0.113.66\t53\tudp", "A 203.0.113.66/destination address:8"}, /* no line feed at the end */
		{CONN "1.5\tC1\t192.0.2.1\t5\t203.0.113.66\t53\n", "M"},
		{CONN "1.5\tC1\t192.0.2.1\t5\t203.0.113.66\t53\tudp\tmore\n", "M"},
		{CONN "1.5\tC1\t192.0.2.1\n", "M"},
		{CONN "1.5\tC1\t192.0.2.1\t5\tbad.example\t53\tudp\n", "M"},
		{CONN "1.5\tC1\t-\t-\t-\t-\tudp\n", "N"},
		{CONN "1.5\tC1\t192.0.2.1\t5\t-\t-\tudp\n", "M"},
		{CONN "#close\t2026-11-22-00-00-00\n", ""},
		/* dns, ssl, http, ssh: their own columns, unset and empty ones */
		{ZEEK "#fields\tts\tid.orig_h\tid.resp_h\tquery\tanswers\n1\t192.0.2.1\t198.51.100.1\tBAD.example\tbad.example\n1\t192.0.2.1\t198.51.100.1\t-\tbad.example\n"
		      "1\t192.0.2.1\t198.51.100.1\t(empty)\tbad.example\n", "AAA bad.example/dns name:6"},
		{ZEEK "#fields\tid.orig_h\tid.resp_h\tserver_name\tja3\tja3s\tcert_chain_fps\n192.0.2.1\t198.51.100.1\twww.bad.example\te7d705a3286e19ea42f587b344ee6865\t-\t"
		      "00,0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\n",
		 "A bad.example/tls server name:6 e7d705a3286e19ea42f587b344ee6865/ja3:6 cert_sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0/certificate:6"},
		{ZEEK "#fields\tid.orig_h\tid.resp_h\thost\turi\n192.0.2.1\t198.51.100.1\tbad.example\t/x?secret\n", "A bad.example/http host:6"},
		{ZEEK "#fields\tid.orig_h\tid.resp_h\thassh\thasshServer\n192.0.2.1\t198.51.100.1\tec7378c1a92f5a8dde7e8b7a1ddf33d1\t-\n", "A hassh:ec7378c1a92f5a8dde7e8b7a1ddf33d1/hassh:6"},
		/* x509.log has no pair */
		{ZEEK "#fields\tts\tid\tfingerprint\n1\tF1\t0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\n", "N"},
		/* escapes, other separators */
		{ZEEK "#fields\tid.orig_h\tid.resp_h\tquery\n192.0.2.1\t198.51.100.1\tb\\x61d.example\n", "A bad.example/dns name:6"},
		{"#separator \\x7c\n#set_separator|;\n#unset_field|none\n#fields|id.orig_h|id.resp_h|query\n192.0.2.1|198.51.100.1|bad.example\n192.0.2.1|198.51.100.1|none\n",
		 "AA bad.example/dns name:5"},
		/* logs that were put together: each record under the header before it */
		{CONN "1.5\tC1\t192.0.2.1\t5\t203.0.113.66\t53\tudp\n#close\t2026\n" ZEEK "#fields\tid.resp_h\tid.orig_h\tquery\n192.0.2.1\t198.51.100.1\tbad.example\n",
		 "AA 203.0.113.66/destination address:8 bad.example/dns name:15"},
		{"#separator \\x09\n1.5\tC1\t192.0.2.1\n", "M"},
		{"#separator \\x09\\x09\n#fields\tid.orig_h\n", "! "},
	};
	for (size_t i = 0; i + 1 < SK_COUNT(cases); i++)
		check(*state, &cases[i], 1);
	assert_non_null(strstr(logs_test_text(*state, cases[SK_COUNT(cases) - 1].log), "log:1: a #separator of other than one byte"));
}

static void test_csv(void **state)
{
	static const struct read_case cases[] = {
		{"ts,te,td,sa,da,sp,dp,pr\n2026-11-22 10:00:00,,1,192.0.2.1,203.0.113.66,1,2,TCP\nSummary\nflows,bytes,packets\n1,2,3\n", "A 203.0.113.66/destination address:2"},
		{"Source IP;Dest IP;Host\n192.0.2.1;198.51.100.1;bad.example\n", "A bad.example/http host:2"},
		{"  sIP|   dIP|sPort\n  192.0.2.1|  203.0.113.66|   5\n", "A 203.0.113.66/destination address:2"},
		{"src_ip\tdst_ip\tdomain\n192.0.2.1\t198.51.100.1\tbad.example\n", "A bad.example/name:2"},
		{"\"src\",\"dst\",\"query\"\n\"192.0.2.1\",\"198.51.100.1\",\"bad.example\"\n192.0.2.1, \"198.51.100.1\" ,\"a,b\"\n", "AA bad.example/dns name:2"},
		{"src,dst,query\n192.0.2.1,198.51.100.1,\"bad\"\".example\"\n192.0.2.1,198.51.100.1,\"open\n192.0.2.1,198.51.100.1,\"x\"y\n", "AMM"},
		{"src,dst\n192.0.2.1,198.51.100.1\nsrc,dst\n192.0.2.1\n192.0.2.1,198.51.100.1,x\nx,y\n", "AMMM"}, /* the header again is no record */
		{"\xef\xbb\xbfsrc,dst\n192.0.2.1,203.0.113.66\n", "A 203.0.113.66/destination address:2"},
		{"# made by a tool\nsrc,dst\n192.0.2.1,203.0.113.66\n", "A 203.0.113.66/destination address:3"},
		{"id,initiator,initiator_port,responder,responder_port,dns_domain\n0,192.0.2.1,1,198.51.100.1,2,bad.example\n", "A bad.example/dns name:2"},
		{"src,dst,url\n192.0.2.1,198.51.100.1,hxxp\n", "A"},
		{"", ""},
		{"\n\n", ""},
	};
	check(*state, cases, SK_COUNT(cases));
	assert_non_null(strstr(logs_test_text(*state, "src,src_ip,dst\n1,2,3\n"), "two columns of its header name a source address"));
	assert_non_null(strstr(logs_test_text(*state, "203.0.113.66\n"), "no log that hunt knows"));
	assert_non_null(strstr(logs_test_text(*state, "[{\"src_ip\":1}]\n"), "one JSON array"));
	assert_non_null(strstr(logs_test_read(*state, logs_test_file(*state, "a\0b\n", 4), 7), "binary data"));
}

static void test_nfdump(void **state)
{
	const struct logs_test *test = *state;
	static const char printed[] = "   192.0.2.1,    203.0.113.66, 42506,    443,6    ,1795366035.169\n  2001:db8:1::1, 2001:db8:2::66, 0, 135.0,58,1795366035.552\nNo match\n";
	const char *path = logs_test_file(test, printed, sizeof printed - 1);
	struct sk_log_file *file;
	struct sk_log_reader *reader;
	struct sk_log_chunk chunk;
	struct sk_log_verdict verdict;
	struct sk_log_details details;
	const struct sk_log_admitted *admitted;
	bool more;
	assert_int_equal(sk_log_open_nfdump(path, "x", &file, NULL), SK_OK);
	assert_int_equal(sk_log_reader_new(test->table, SK_CLASS_BIT(SK_CLASS_DF), &reader), SK_OK);
	assert_int_equal(sk_log_chunk_init(&chunk), SK_OK);
	assert_int_equal(sk_log_next(file, &chunk, &more, NULL), SK_OK);
	assert_true(sk_log_judge(reader, &chunk, &verdict, &admitted));
	sk_log_details(admitted, &details);
	assert_int_equal(details.source_port, 42506);
	assert_int_equal(details.destination_port, 443);
	assert_true(details.has_time);
	assert_int_equal(details.time_ns, 1795366035169000000);
	assert_true(sk_log_judge(reader, &chunk, &verdict, &admitted));
	assert_non_null(admitted);
	sk_log_details(admitted, &details);
	assert_int_equal(details.destination_port, 0); /* ICMP: a type and a code */
	assert_true(sk_log_judge(reader, &chunk, &verdict, &admitted));
	assert_int_equal(verdict.outcome, SK_LOG_MALFORMED);
	assert_false(sk_log_judge(reader, &chunk, &verdict, &admitted));
	sk_log_chunk_fini(&chunk);
	sk_log_reader_free(reader);
	sk_log_close(file);
}

static struct span span_of(const char *text)
{
	return (struct span){.at = text, .length = (uint32_t)strlen(text)};
}

static void test_times(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{"0", 0}, {"1790000000", 1790000000000000000}, {"1790000000.5", 1790000000500000000}, {"1790000000.123456789123", 1790000000123456789},
		{"1790000000123", 1790000000123000000}, {"928.943457", 928943457000}, {"2026-11-22T10:00:00.5+0900", 1795309200500000000},
		{"2026-11-22T10:00:00.5+09:00", 1795309200500000000}, {"2026-11-22T01:00:00Z", 1795309200000000000}, {"2026-11-22 01:00:00", 1795309200000000000},
		{"2026-11-22 01:00:00.250", 1795309200250000000}, {"2026/11/22T01:00:00.250", 1795309200250000000}, {"9223372035.999999999", 9223372035999999999}, {"9223372036853", 9223372036853000000},
	};
	static const char *const bad[] = {"", ".5", "1790000000.", "x", "17900000001", "179000000012345", "2026-11-22", "2026-11-22T10:00", "2026-13-22T10:00:00Z", "2026/11-22T01:00:00", "22/11/2026 01:00:00",
					  "2026-11-22T10:00:00.5+09000000000000000000000000000000", "1790000000 ", "9223372036", "9999999999", "9223372036854", "9753660353084", "9999999999999"};
	int64_t ns;
	for (size_t i = 0; i < SK_COUNT(good); i++) {
		struct span span = span_of(good[i].text);
		assert_true(value_time(&span, &ns));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		struct span span = span_of(bad[i]);
		if (strcmp(bad[i], "1790000000.") != 0) /* a point without digits is a whole number */
			assert_false(value_time(&span, &ns));
	}
}

static void test_addresses(void **state)
{
	(void)state;
	static const char *const good[] = {"0.0.0.0", "255.255.255.255", "192.0.2.1", "::", "2001:db8::1", "::ffff:192.0.2.1"};
	static const char *const bad[] = {"", ".", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.256", "1.2.3.04", "1.2.3.4/32", " 1.2.3.4", "1.2.3.4 ", "1..2.3", "1.2.3.4444", "+1.2.3.4",
					  "::g", "fe80::1%eth0", "1:2:3:4:5:6:7:8:9", "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0001"};
	struct sk_addr addr, other;
	for (size_t i = 0; i < SK_COUNT(good); i++) {
		struct span span = span_of(good[i]);
		assert_true(value_addr(&span, &addr));
		assert_int_equal(sk_addr_parse(good[i], &other), SK_OK);
		assert_true(sk_addr_equal(&addr, &other));
	}
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		struct span span = span_of(bad[i]);
		assert_false(value_addr(&span, &addr));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_zeek), cmocka_unit_test(test_csv), cmocka_unit_test(test_nfdump), cmocka_unit_test(test_times),
					   cmocka_unit_test(test_addresses)};
	return cmocka_run_group_tests(tests, logs_test_start, logs_test_end);
}
