/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of DESIGN.md 4, one test a rule. Included by test_border_rules.c, and by each saboteur, which links one function of its own in place of the
   room's and must see these tests go red. */
#ifndef TEST_BORDER_RULES_H
#define TEST_BORDER_RULES_H

#include "border_test.h"

/* rule: BORDER-1 */
static void test_longest_prefix_wins_across_lists(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new(NULL);
	add_list(build, SK_SIDE_DOMESTIC, "d", "1.0.0.0/8\n1.2.3.4\n2a00::/16\n");
	add_list(build, SK_SIDE_FOREIGN, "f", "1.2.0.0/16\n2a00:1::/32\n");
	add_list(build, SK_SIDE_UNKNOWN, "u", "1.2.3.0/24\n2a00:1:2::/48\n");
	struct sk_border *table = table_of(build);
	expect_side(table, "1.1.1.1", SK_SIDE_DOMESTIC);
	expect_side(table, "1.2.1.1", SK_SIDE_FOREIGN);
	expect_side(table, "1.2.3.3", SK_SIDE_UNKNOWN);
	expect_side(table, "1.2.3.4", SK_SIDE_DOMESTIC);
	expect_side(table, "1.2.3.5", SK_SIDE_UNKNOWN);
	expect_side(table, "1.2.4.0", SK_SIDE_FOREIGN);
	expect_side(table, "2.0.0.0", SK_SIDE_FOREIGN);
	expect_side(table, "2a00:ffff::", SK_SIDE_DOMESTIC);
	expect_side(table, "2a00:1::1", SK_SIDE_FOREIGN);
	expect_side(table, "2a00:1:2::1", SK_SIDE_UNKNOWN);
	sk_border_close(table);
}

/* rule: BORDER-1 */
static void test_equal_prefixes_in_two_classes_are_refused(void **state)
{
	(void)state;
	struct sk_fault fault = {0};
	struct sk_border_build *build = build_new(NULL);
	add_list(build, SK_SIDE_DOMESTIC, "own.txt", "# ours\n9.0.0.0/8\n1.2.3.0/24\n");
	add_list(build, SK_SIDE_FOREIGN, "abroad.txt", "1.2.3.0/24\n");
	assert_int_equal(finish_error(build, &fault), SK_EINPUT);
	assert_non_null(strstr(fault.line, "1.2.3.0/24"));
	assert_non_null(strstr(fault.line, "own.txt:3"));
	assert_non_null(strstr(fault.line, "abroad.txt:1"));
	assert_int_equal(sk_err_exit(fault.err), 10);
	build = build_new(NULL); /* a range is the prefixes it is made of */
	add_list(build, SK_SIDE_DOMESTIC, "own.txt", "1.2.3.0 - 1.2.4.255\n");
	add_list(build, SK_SIDE_UNKNOWN, "other.txt", "1.2.4.0/24\n");
	assert_int_equal(finish_error(build, &fault), SK_EINPUT);
	build = build_new(NULL); /* twice in one class is no harm */
	add_list(build, SK_SIDE_DOMESTIC, "own.txt", "1.2.3.0/24\n1.2.3.0/24\n");
	sk_border_close(table_of(build));
}

/* rule: BORDER-2 */
static void test_special_ranges(void **state)
{
	(void)state;
	static const struct {
		const char *address;
		enum sk_side side;
	} vectors[] = {
		{"0.0.0.0", SK_SIDE_UNKNOWN}, {"0.1.2.3", SK_SIDE_UNKNOWN}, {"9.255.255.255", SK_SIDE_FOREIGN}, {"10.0.0.0", SK_SIDE_DOMESTIC},
		{"10.255.255.255", SK_SIDE_DOMESTIC}, {"11.0.0.0", SK_SIDE_FOREIGN}, {"100.63.255.255", SK_SIDE_FOREIGN}, {"100.64.0.0", SK_SIDE_DOMESTIC},
		{"100.127.255.255", SK_SIDE_DOMESTIC}, {"100.128.0.0", SK_SIDE_FOREIGN}, {"127.0.0.1", SK_SIDE_DOMESTIC}, {"169.254.1.1", SK_SIDE_DOMESTIC},
		{"172.15.255.255", SK_SIDE_FOREIGN}, {"172.16.0.0", SK_SIDE_DOMESTIC}, {"172.31.255.255", SK_SIDE_DOMESTIC}, {"172.32.0.0", SK_SIDE_FOREIGN},
		{"192.0.0.8", SK_SIDE_UNKNOWN}, {"192.0.1.0", SK_SIDE_FOREIGN}, {"192.0.2.1", SK_SIDE_UNKNOWN}, {"192.88.99.1", SK_SIDE_UNKNOWN},
		{"192.168.0.1", SK_SIDE_DOMESTIC}, {"198.18.0.1", SK_SIDE_UNKNOWN}, {"198.20.0.0", SK_SIDE_FOREIGN}, {"198.51.100.1", SK_SIDE_UNKNOWN},
		{"203.0.113.1", SK_SIDE_UNKNOWN}, {"223.255.255.255", SK_SIDE_FOREIGN}, {"224.0.0.1", SK_SIDE_UNKNOWN}, {"239.1.2.3", SK_SIDE_UNKNOWN},
		{"240.0.0.1", SK_SIDE_UNKNOWN}, {"255.255.255.255", SK_SIDE_UNKNOWN}, {"::", SK_SIDE_UNKNOWN}, {"::1", SK_SIDE_DOMESTIC}, {"::2", SK_SIDE_UNKNOWN},
		{"::1.2.3.4", SK_SIDE_UNKNOWN}, {"64:ff9b:1::1", SK_SIDE_UNKNOWN}, {"100::1", SK_SIDE_UNKNOWN}, {"2001:1::1", SK_SIDE_UNKNOWN},
		{"2001:2::1", SK_SIDE_UNKNOWN}, {"2001:10::1", SK_SIDE_UNKNOWN}, {"2001:20::1", SK_SIDE_UNKNOWN}, {"2001:1ff::1", SK_SIDE_UNKNOWN},
		{"2001:200::1", SK_SIDE_FOREIGN}, {"2001:db7::1", SK_SIDE_FOREIGN}, {"2001:db8::1", SK_SIDE_UNKNOWN}, {"2001:db9::1", SK_SIDE_FOREIGN},
		{"2620:4f:8000::1", SK_SIDE_UNKNOWN}, {"3ffe::1", SK_SIDE_FOREIGN}, {"3fff::1", SK_SIDE_UNKNOWN}, {"3fff:1000::1", SK_SIDE_FOREIGN},
		{"4000::1", SK_SIDE_UNKNOWN}, {"5f00::1", SK_SIDE_UNKNOWN}, {"fbff::1", SK_SIDE_UNKNOWN}, {"fc00::1", SK_SIDE_DOMESTIC},
		{"fdff::1", SK_SIDE_DOMESTIC}, {"fe00::1", SK_SIDE_UNKNOWN}, {"fe80::1", SK_SIDE_DOMESTIC}, {"febf::1", SK_SIDE_DOMESTIC},
		{"fec0::1", SK_SIDE_UNKNOWN}, {"ff02::1", SK_SIDE_UNKNOWN}, {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SK_SIDE_UNKNOWN},
	};
	struct sk_border_build *build = build_new(NULL);
	struct sk_border_info info;
	add_list(build, SK_SIDE_DOMESTIC, "own", "1.2.3.0/24\n");
	struct sk_border *table = table_of(build);
	for (size_t i = 0; i < SK_COUNT(vectors); i++)
		expect_side(table, vectors[i].address, vectors[i].side);
	sk_border_info(table, &info);
	assert_false(info.overrides_special);
	sk_border_close(table);
}

/* rule: BORDER-2 */
static void test_country_sources_do_not_reach_special_ranges(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new("JP");
	add_csv(build, "c", "10.0.0.0,10.255.255.255,US\n192.0.2.0,192.0.2.255,JP\n2001:2::,2001:2:0:ffff:ffff:ffff:ffff:ffff,JP\n1.0.0.0,1.0.0.255,JP\n");
	struct sk_border *table = table_of(build);
	expect_side(table, "10.1.1.1", SK_SIDE_DOMESTIC);
	expect_side(table, "192.0.2.1", SK_SIDE_UNKNOWN);
	expect_side(table, "2001:2::1", SK_SIDE_UNKNOWN);
	expect_side(table, "1.0.0.1", SK_SIDE_DOMESTIC);
	sk_border_close(table);
}

/* rule: BORDER-2 */
static void test_lists_override_special_ranges_and_mark_the_table(void **state)
{
	(void)state;
	static const struct {
		const char *foreign, *domestic;
		bool marked;
	} cases[] = {
		{"0.0.0.0/0\n::/0\n", "", true},
		{"", "192.0.2.0/24\n", true},
		{"", "10.1.0.0/16\n", false},         /* says what the special range says */
		{"10.1.0.0/16\n", "", true},
		{"", "8.0.0.0/8\n2001:200::/32\n", false},
		{"2001:db8:2::/48\n", "", true},
		{"0.0.0.0/1\n", "0.0.0.0/7\n", true},
		{"", "2002:808:808::/48\n", false},   /* embedding prefixes have a rule of their own */
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_border_info info;
		struct sk_border_build *build = build_new(NULL);
		add_list(build, SK_SIDE_FOREIGN, "f", cases[i].foreign);
		add_list(build, SK_SIDE_DOMESTIC, "d", cases[i].domestic);
		struct sk_border *table = table_of(build);
		sk_border_info(table, &info);
		assert_int_equal(info.overrides_special, cases[i].marked);
		sk_border_close(table);
	}
	struct sk_border_build *build = build_new(NULL); /* the laboratory table */
	add_list(build, SK_SIDE_FOREIGN, "f", "0.0.0.0/0\n::/0\n");
	struct sk_border *table = table_of(build);
	expect_side(table, "10.0.0.1", SK_SIDE_FOREIGN);
	expect_side(table, "224.0.0.1", SK_SIDE_FOREIGN);
	expect_side(table, "255.255.255.255", SK_SIDE_FOREIGN);
	expect_side(table, "fe80::1", SK_SIDE_FOREIGN);
	expect_side(table, "::ffff:10.0.0.1", SK_SIDE_FOREIGN);
	expect_side(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SK_SIDE_FOREIGN);
	sk_border_close(table);
}

/* rule: BORDER-3 */
static void test_country_sources_agree_differ_or_are_silent(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new("JP,KR");
	struct sk_border_verdict verdict;
	struct sk_addr addr;
	add_csv(build, "a", "1.0.0.0,1.0.0.255,JP\n1.0.1.0,1.0.1.255,US\n1.0.2.0,1.0.2.255,JP\n1.0.3.0,1.0.3.255,JP\n1.0.5.0,1.0.5.255,kr\n1.0.6.0,1.0.6.255,EU\n1.0.7.0,1.0.7.255,AP\n");
	add_csv(build, "b", "1.0.0.0,1.0.0.255,KR\n1.0.1.0,1.0.1.255,DE\n1.0.2.0,1.0.2.255,US\n1.0.3.0,1.0.3.255,??\n1.0.4.0,1.0.4.255,ZZ\n");
	struct sk_border *table = table_of(build);
	expect_side(table, "1.0.0.1", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.1.1", SK_SIDE_FOREIGN);
	expect_side(table, "1.0.2.1", SK_SIDE_UNKNOWN);
	expect_side(table, "1.0.3.1", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.4.1", SK_SIDE_UNKNOWN);
	expect_side(table, "1.0.5.1", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.6.1", SK_SIDE_FOREIGN);  /* the European Union is abroad */
	expect_side(table, "1.0.7.1", SK_SIDE_UNKNOWN);  /* Asia and the Pacific may be at home */
	expect_side(table, "1.0.8.1", SK_SIDE_UNKNOWN);
	expect_side(table, "2a00::1", SK_SIDE_UNKNOWN);
	addr = addr_of("1.0.2.1");
	sk_border_decide(table, &addr, &verdict);
	assert_int_equal(verdict.reason, SK_BORDER_BY_DISPUTE);
	assert_int_equal(verdict.home, 1);
	assert_int_equal(verdict.other, 1);
	struct sk_border_info info;
	sk_border_info(table, &info);
	assert_string_equal(info.home, "JP,KR");
	assert_float_equal(info.v4_disputed_share, 256.0 / (6 * 256), 1e-9); /* 1.0.0 1.0.1 1.0.2 1.0.3 1.0.5 1.0.6 are spoken of */
	sk_border_close(table);
}

/* rule: BORDER-3 */
static void test_the_rest_of_a_table_from_lists(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new(NULL);
	struct sk_fault fault;
	add_list(build, SK_SIDE_DOMESTIC, "own", "1.2.3.0/24\n");
	struct sk_border *table = table_of(build);
	expect_side(table, "8.8.8.8", SK_SIDE_FOREIGN);
	expect_side(table, "2a00::1", SK_SIDE_FOREIGN);
	sk_border_close(table);
	build = build_new(NULL);
	sk_border_build_rest(build, SK_SIDE_UNKNOWN);
	add_list(build, SK_SIDE_DOMESTIC, "own", "1.2.3.0/24\n");
	table = table_of(build);
	expect_side(table, "1.2.3.4", SK_SIDE_DOMESTIC);
	expect_side(table, "8.8.8.8", SK_SIDE_UNKNOWN);
	expect_side(table, "2a00::1", SK_SIDE_UNKNOWN);
	sk_border_close(table);
	build = build_new("JP"); /* with a country source, silence is unknown and --rest has no place */
	sk_border_build_rest(build, SK_SIDE_FOREIGN);
	add_csv(build, "c", "1.0.0.0,1.0.0.255,JP\n");
	assert_int_equal(finish_error(build, &fault), SK_EUSAGE);
}

static void test_lists_stand_above_country_sources(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new("JP");
	add_csv(build, "c", "1.0.0.0,1.0.255.255,JP\n");
	add_list(build, SK_SIDE_FOREIGN, "f", "1.0.1.0/24\n");
	add_list(build, SK_SIDE_UNKNOWN, "u", "1.0.2.0/24\n");
	struct sk_border *table = table_of(build);
	expect_side(table, "1.0.0.1", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.1.1", SK_SIDE_FOREIGN);
	expect_side(table, "1.0.2.1", SK_SIDE_UNKNOWN);
	sk_border_close(table);
}

/* rule: BORDER-4 */
static void test_embedded_addresses_must_agree(void **state)
{
	(void)state;
	struct sk_border_build *build = build_new(NULL);
	add_list(build, SK_SIDE_DOMESTIC, "d", "1.0.16.0/20\n2001:200::/32\n2002:808:808::/48\n2002:100:1001::/48\n64:ff9b::808:404\n");
	add_list(build, SK_SIDE_UNKNOWN, "u", "2002:505:505::/48\n6.6.6.0/24\n");
	struct sk_border *table = table_of(build);
	expect_side(table, "::ffff:1.0.16.1", SK_SIDE_DOMESTIC);
	expect_side(table, "::ffff:8.8.8.8", SK_SIDE_FOREIGN);
	expect_side(table, "::ffff:10.0.0.1", SK_SIDE_DOMESTIC);
	expect_side(table, "::ffff:224.0.0.1", SK_SIDE_UNKNOWN);
	expect_side(table, "64:ff9b::1.0.16.1", SK_SIDE_DOMESTIC);
	expect_side(table, "64:ff9b::8.8.8.8", SK_SIDE_FOREIGN);
	expect_side(table, "64:ff9b::8.8.4.4", SK_SIDE_UNKNOWN);  /* a list says domestic, the address inside is foreign */
	expect_side(table, "64:ff9b:0:1::8.8.8.8", SK_SIDE_UNKNOWN); /* not the /96 */
	expect_side(table, "2002:100:1001::1", SK_SIDE_DOMESTIC); /* a list and the address inside agree */
	expect_side(table, "2002:100:1002::1", SK_SIDE_DOMESTIC);
	expect_side(table, "2002:909:909::1", SK_SIDE_FOREIGN);
	expect_side(table, "2002:808:808::1", SK_SIDE_UNKNOWN);   /* they differ */
	expect_side(table, "2002:505:505::1", SK_SIDE_UNKNOWN);   /* listed as unknown */
	expect_side(table, "2002:606:601::1", SK_SIDE_UNKNOWN);
	/* Teredo: server 8.8.8.8 or 1.0.16.1, client inverted */
	expect_side(table, "2001:0:808:808:0:0:f7f7:fbfb", SK_SIDE_FOREIGN);  /* client 8.8.4.4 */
	expect_side(table, "2001:0:100:1001:0:0:feff:effd", SK_SIDE_DOMESTIC); /* client 1.0.16.2 */
	expect_side(table, "2001:0:808:808:0:0:feff:effd", SK_SIDE_UNKNOWN);
	expect_side(table, "2001:0:100:1001:0:0:f7f7:fbfb", SK_SIDE_UNKNOWN);
	sk_border_close(table);
}

static const struct CMUnitTest rules[] = {
	cmocka_unit_test(test_longest_prefix_wins_across_lists),
	cmocka_unit_test(test_equal_prefixes_in_two_classes_are_refused),
	cmocka_unit_test(test_special_ranges),
	cmocka_unit_test(test_country_sources_do_not_reach_special_ranges),
	cmocka_unit_test(test_lists_override_special_ranges_and_mark_the_table),
	cmocka_unit_test(test_country_sources_agree_differ_or_are_silent),
	cmocka_unit_test(test_the_rest_of_a_table_from_lists),
	cmocka_unit_test(test_lists_stand_above_country_sources),
	cmocka_unit_test(test_embedded_addresses_must_agree),
};

#endif
