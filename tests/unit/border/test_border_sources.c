/* SPDX-License-Identifier: Apache-2.0 */
/* Every source format: what is accepted, and the one clear line for what is not. */
#include <zlib.h>

#include "border_test.h"

static void expect_refusal(enum sk_border_kind kind, const char *text, const char *where, const char *words)
{
	struct sk_fault fault = {0};
	struct sk_border_build *build = build_new(kind == SK_BORDER_LIST ? NULL : "JP");
	assert_int_equal(add_text(build, kind, SK_SIDE_DOMESTIC, "file", text, &fault), SK_EINPUT);
	if (strstr(fault.line, where) != fault.line || strstr(fault.line, words) == NULL)
		fail_msg("%s", fault.line);
	sk_border_build_free(build);
}

static void test_lists(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new(NULL);
	add_list(build, SK_SIDE_DOMESTIC, "own",
		 "\xef\xbb\xbf# a comment\r\n\r\n 1.2.3.0/24\t# ours\r\n1.2.5.5\r\n1.2.6.10 - 1.2.6.20\r\n2a00::/32\r\n2a01::1-2a01::5\n2a02::1");
	struct sk_border *table = table_of(build);
	expect_side(table, "1.2.3.255", SK_SIDE_DOMESTIC);
	expect_side(table, "1.2.5.5", SK_SIDE_DOMESTIC);
	expect_side(table, "1.2.5.4", SK_SIDE_FOREIGN);
	expect_side(table, "1.2.6.9", SK_SIDE_FOREIGN);
	expect_side(table, "1.2.6.10", SK_SIDE_DOMESTIC);
	expect_side(table, "1.2.6.20", SK_SIDE_DOMESTIC);
	expect_side(table, "1.2.6.21", SK_SIDE_FOREIGN);
	expect_side(table, "2a01::5", SK_SIDE_DOMESTIC);
	expect_side(table, "2a01::6", SK_SIDE_FOREIGN);
	expect_side(table, "2a02::1", SK_SIDE_DOMESTIC);
	struct sk_addr addr = addr_of("1.2.6.15");
	struct sk_border_said said;
	sk_border_said(table, 0, &addr, &said);
	assert_int_equal(said.line, 5);
	sk_border_close(table);
}

static void test_wrong_lists(void **state)
{
	(void)state;
	expect_refusal(SK_BORDER_LIST, "1.2.3.0/24\n\n10.1.2.3/8\n", "file:3:", "write 10.0.0.0/8");
	expect_refusal(SK_BORDER_LIST, "2001:db8::1/32\n", "file:1:", "write 2001:db8::/32");
	expect_refusal(SK_BORDER_LIST, "1.2.3.0/33\n", "file:1:", "no address, prefix");
	expect_refusal(SK_BORDER_LIST, "01.2.3.4\n", "file:1:", "no address, prefix");
	expect_refusal(SK_BORDER_LIST, "example.net\n", "file:1:", "no address, prefix");
	expect_refusal(SK_BORDER_LIST, "1.2.3.4 1.2.3.5\n", "file:1:", "no address, prefix");
	expect_refusal(SK_BORDER_LIST, "1.2.3.9 - 1.2.3.4\n", "file:1:", "ends before it begins");
	expect_refusal(SK_BORDER_LIST, "1.2.3.9 - 2a00::\n", "file:1:", "one family");
	expect_refusal(SK_BORDER_LIST, "1.2.3.1-1.2.3.4-1.2.3.5\n", "file:1:", "no range");
	expect_refusal(SK_BORDER_LIST, "1.2.3.4\n\x01\n", "file:2:", "control byte");
	expect_refusal(SK_BORDER_LIST, "fe80::1%eth0\n", "file:1:", "no address, prefix");
	char *longest = malloc(3000);
	memset(longest, '1', 2999);
	longest[2999] = '\0';
	expect_refusal(SK_BORDER_LIST, longest, "file:1:", "at most");
	free(longest);
	struct sk_border_build *build = build_new(NULL);
	struct sk_fault fault;
	unsigned source;
	assert_int_equal(sk_source_new(build, SK_BORDER_LIST, SK_SIDE_DOMESTIC, "file", &source, &fault), SK_OK);
	assert_int_equal(sk_source_list_parse(build, source, "file", "1.2.3.4\0x\n", 10, &fault), SK_EINPUT);
	sk_border_build_free(build);
}

static void test_geoipdb(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new("JP");
	struct sk_fault fault = {0};
	struct sk_border_source source;
	assert_int_equal(add_text(build, SK_BORDER_GEOIPDB, SK_SIDE_UNKNOWN, "geoip",
				  "# Location Database Export\n#\n# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n16777216,16777471,AU\n16777472,16778239,JP\n16778240,16778495,??\n", &fault), SK_OK);
	assert_int_equal(add_text(build, SK_BORDER_GEOIPDB, SK_SIDE_UNKNOWN, "geoip6", "2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,JP\n", &fault), SK_OK);
	struct sk_border *table = table_of(build);
	expect_side(table, "1.0.0.255", SK_SIDE_FOREIGN);
	expect_side(table, "1.0.1.0", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.3.255", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.4.0", SK_SIDE_UNKNOWN);
	expect_side(table, "2a00:5::", SK_SIDE_DOMESTIC);
	sk_border_source_at(table, 0, &source);
	assert_int_equal(source.date_unix_ns, INT64_C(1782362039) * 1000000000);
	assert_int_equal(source.v4_entries, 3);
	assert_int_equal(source.silent_entries, 1);
	sk_border_close(table);
	expect_refusal(SK_BORDER_GEOIPDB, "# x\n16777216,16777471\n", "file:2:", "2 fields");
	expect_refusal(SK_BORDER_GEOIPDB, "16777216,4294967296,AU\n", "file:1:", "two addresses");
	expect_refusal(SK_BORDER_GEOIPDB, "5,4,AU\n", "file:1:", "ends before");
	expect_refusal(SK_BORDER_GEOIPDB, "5,6,Australia\n", "file:1:", "no country code");
}

static void test_csv(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new("jp");
	add_csv(build, "c", "\"1.0.0.0\",\"1.0.0.255\",\"JP\"\r\n1.0.1.0 , 1.0.1.255 , US\n\n1.0.2.0,1.0.2.255,\n");
	struct sk_border *table = table_of(build);
	expect_side(table, "1.0.0.9", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.1.9", SK_SIDE_FOREIGN);
	expect_side(table, "1.0.2.9", SK_SIDE_UNKNOWN);
	sk_border_close(table);
	expect_refusal(SK_BORDER_CSV, "1.0.0.0,1.0.0.255\n", "file:1:", "first,last,country");
	expect_refusal(SK_BORDER_CSV, "1.0.0.0,1.0.0.255,JP,x\n", "file:1:", "4 fields");
	expect_refusal(SK_BORDER_CSV, "first,last,country\n", "file:1:", "two addresses");
	expect_refusal(SK_BORDER_CSV, "1.0.0.0,2a00::,JP\n", "file:1:", "one family");
	expect_refusal(SK_BORDER_CSV, "1.0.0.0,1.0.0.1,J1P\n", "file:1:", "no country code");
	expect_refusal(SK_BORDER_CSV, "1.0.0.0,1.0.0.1,J\n", "file:1:", "no country code");
}

static void test_rir(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new("JP");
	struct sk_fault fault = {0};
	struct sk_border_source source;
	assert_int_equal(add_text(build, SK_BORDER_RIR, SK_SIDE_UNKNOWN, "delegated-apnic-extended",
				  "# comment\n2.3|apnic|20260622|65000|19830613|20260619|+1000\napnic|*|asn|*|10|summary\napnic|*|ipv4|*|53000|summary\n"
				  "apnic|JP|asn|173|1|20020801|allocated|A91\napnic|JP|ipv4|1.0.16.0|4352|20110412|allocated|A92\napnic|AU|ipv4|1.4.0.0|256|20110412|assigned|A93|e-stats\n"
				  "apnic||ipv4|1.5.0.0|256||available|\napnic|ZZ|ipv4|1.6.0.0|256||reserved|\napnic|JP|ipv6|2001:200::|35|19990813|allocated|A94\n", &fault), SK_OK);
	struct sk_border *table = table_of(build);
	expect_side(table, "1.0.16.0", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.32.255", SK_SIDE_DOMESTIC); /* 4352 is no power of two */
	expect_side(table, "1.0.33.0", SK_SIDE_UNKNOWN);
	expect_side(table, "1.4.0.1", SK_SIDE_FOREIGN);
	expect_side(table, "1.5.0.1", SK_SIDE_UNKNOWN);
	expect_side(table, "1.6.0.1", SK_SIDE_UNKNOWN);
	expect_side(table, "2001:200:1fff::", SK_SIDE_DOMESTIC);
	expect_side(table, "2001:200:2000::", SK_SIDE_UNKNOWN);
	sk_border_source_at(table, 0, &source);
	assert_int_equal(source.date_unix_ns, sk_date_ns(2026, 6, 19));
	sk_border_close(table);
#define HEAD "2|apnic|20260622|1|19830613|20260619|+1000\n"
	expect_refusal(SK_BORDER_RIR, "apnic|JP|ipv4|1.0.16.0|4096|20110412|allocated\n", "file:1:", "version line");
	expect_refusal(SK_BORDER_RIR, HEAD "apnic|JP|ipv4|1.0.16.0|0|20110412|allocated\n", "file:2:", "number of addresses");
	expect_refusal(SK_BORDER_RIR, HEAD "apnic|JP|ipv4|255.255.255.0|257|20110412|allocated\n", "file:2:", "number of addresses");
	expect_refusal(SK_BORDER_RIR, HEAD "apnic|JP|ipv6|2001:200::1|32|20110412|allocated\n", "file:2:", "prefix length");
	expect_refusal(SK_BORDER_RIR, HEAD "apnic|JP|ipv6|1.0.0.0|32|20110412|allocated\n", "file:2:", "no IPv6 address");
	expect_refusal(SK_BORDER_RIR, HEAD "apnic|JP|ipv4|1.0.0.0|256|20110412|lost\n", "file:2:", "status");
	expect_refusal(SK_BORDER_RIR, HEAD "apnic|JP|ipx|1.0.0.0|256|20110412|allocated\n", "file:2:", "type");
	expect_refusal(SK_BORDER_RIR, HEAD "apnic|JP|ipv4\n", "file:2:", "3 fields");
	expect_refusal(SK_BORDER_RIR, "", "file:", "empty");
}

/* Inside one source, too, the longest prefix wins, a silent one included, and a contradiction is one. */
static void test_one_source_nested(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new("JP");
	add_csv(build, "c", "1.0.0.0,1.0.255.255,JP\n1.0.1.0,1.0.1.255,US\n1.0.2.0,1.0.2.255,??\n1.1.0.0,1.1.0.255,JP\n1.1.0.0,1.1.0.255,US\n");
	struct sk_border *table = table_of(build);
	expect_side(table, "1.0.0.1", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.1.1", SK_SIDE_FOREIGN);
	expect_side(table, "1.0.2.1", SK_SIDE_UNKNOWN);
	expect_side(table, "1.0.3.1", SK_SIDE_DOMESTIC);
	expect_side(table, "1.1.0.1", SK_SIDE_UNKNOWN);
	sk_border_close(table);
}

static void test_home(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "J", "JPN", "J1", "JP,", "JP KR", "JP,KOR", "??"};
	struct sk_border_build *build;
	struct sk_fault fault = {0};
	for (size_t i = 0; i < SK_COUNT(wrong); i++)
		assert_int_equal(sk_border_build_new(wrong[i], &build, &fault), SK_EUSAGE);
	build = build_new("UK"); /* letters, but nobody's code */
	add_csv(build, "c", "1.0.0.0,1.0.0.255,GB\n");
	assert_int_equal(finish_error(build, &fault), SK_EINPUT);
	assert_non_null(strstr(fault.line, "UK"));
	build = build_new("JP");
	add_list(build, SK_SIDE_DOMESTIC, "d", "1.2.3.4\n");
	assert_int_equal(finish_error(build, &fault), SK_EUSAGE);
	build = build_new(NULL);
	add_csv(build, "c", "1.0.0.0,1.0.0.255,GB\n");
	assert_int_equal(finish_error(build, &fault), SK_EUSAGE);
	assert_int_equal(finish_error(build_new(NULL), &fault), SK_EUSAGE);
}

static void test_literals(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new(NULL);
	struct sk_fault fault = {0};
	struct sk_border_said said;
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "1.2.3.0/24", &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "2a00::1 - 2a00::2", &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "1.2.4.0/24", &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "1.2.5.9/24", &fault), SK_EINPUT);
	assert_non_null(strstr(fault.line, "1.2.5.0/24"));
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "", &fault), SK_EINPUT);
	struct sk_border *table = table_of(build);
	struct sk_addr addr = addr_of("1.2.4.1");
	sk_border_said(table, 0, &addr, &said);
	assert_int_equal(said.line, 3);
	addr = addr_of("1.2.3.1");
	sk_border_said(table, 0, &addr, &said);
	assert_int_equal(said.line, 1);
	sk_border_close(table);
}

/* gzip, in one member and in two, and cut. */
static void test_gzip(void **state)
{
	(void)state;
	char path[] = "/tmp/test_border_XXXXXX";
	struct sk_fault fault = {0};
	assert_true(close(mkstemp(path)) == 0);
	gzFile file = gzopen(path, "wb");
	(void)gzputs(file, "1.0.0.0,1.0.0.255,JP\n");
	(void)gzclose(file);
	file = gzopen(path, "ab");
	(void)gzputs(file, "1.0.1.0,1.0.1.255,US\n");
	(void)gzclose(file);
	struct sk_border_build *build = build_new("JP");
	assert_int_equal(sk_border_build_csv(build, path, &fault), SK_OK);
	struct sk_border *table = table_of(build);
	expect_side(table, "1.0.0.1", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.1.1", SK_SIDE_FOREIGN);
	sk_border_close(table);
	struct sk_buf whole;
	sk_buf_init(&whole, 4096);
	assert_int_equal(sk_file_read(path, &whole, &fault), SK_OK);
	assert_int_equal(truncate(path, (off_t)whole.length - 3), 0);
	build = build_new("JP");
	assert_int_equal(sk_border_build_csv(build, path, &fault), SK_EINPUT);
	assert_non_null(strstr(fault.line, "gzip"));
	assert_int_equal(sk_border_build_csv(build, "/nowhere/x.csv", &fault), SK_ENOENT);
	assert_int_equal(sk_border_build_geoipdb(build, "/nowhere", &fault), SK_ENOENT);
	assert_int_equal(sk_border_build_libloc(build, "/nowhere/x.db", NULL, &fault), SK_ENOENT);
	assert_int_equal(sk_border_build_libloc(build, path, NULL, &fault), SK_EINPUT);
	sk_border_build_free(build);
	sk_buf_fini(&whole);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists), cmocka_unit_test(test_wrong_lists), cmocka_unit_test(test_geoipdb), cmocka_unit_test(test_csv), cmocka_unit_test(test_rir),
		cmocka_unit_test(test_one_source_nested), cmocka_unit_test(test_home), cmocka_unit_test(test_literals), cmocka_unit_test(test_gzip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
