/* SPDX-License-Identifier: Apache-2.0 */
/* The reach of an order: which targets touch each other, what lists protect, what enforcement points tell, and that what nobody knows is not zero. Counting in a store is
   in tests/scenario/orders.py, where there is one. */
#include "order_world.h"

#include "decide/blast.h"

static void test_touching(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool touch;
	} cases[] = {
		{"bad.example", "bad.example", true}, {"bad.example", "www.bad.example", false}, {"*.bad.example", "bad.example", false}, {"*.bad.example", "www.bad.example", true},
		{"*.bad.example", "*.www.bad.example", true}, {"*.bad.example", "notbad.example", false}, {"*.bad.example", "*.bad.example", true},
		{"192.0.2.0/24", "192.0.2.7/32", true}, {"192.0.2.0/24", "192.0.3.7/32", false}, {"192.0.2.0/24", "192.0.2.0/25", true}, {"2001:db8::/48", "2001:db8::1/128", true},
		{"2001:db8::/48", "192.0.2.0/24", false}, {"192.0.2.0/24", "bad.example", false},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		if (sk_targets_touch(cases[i].a, cases[i].b) != cases[i].touch || sk_targets_touch(cases[i].b, cases[i].a) != cases[i].touch)
			fail_msg("%s %s", cases[i].a, cases[i].b);
	}
}

static enum sk_err allowed(enum sk_action action, const char *target, const char *list)
{
	struct sk_order_document *d = document_for("o", action, target, start_ns, 3600, false);
	fault.line[0] = '\0';
	enum sk_err err = sk_blast_allowed(list, strlen(list), "allow.txt", &d->order, &fault);
	free(d);
	return err;
}

//= rule: ORDER-9
static void test_allow_list(void **state)
{
	(void)state;
	static const char list[] = "# never\nbank.example\n\n198.51.100.0/24 # the ministry\n2001:db8:5::/48";
	assert_int_equal(allowed(SK_ACTION_RPZ_NXDOMAIN, "bad.example", list), SK_OK);
	assert_int_equal(allowed(SK_ACTION_RPZ_NXDOMAIN, "bank.example", list), SK_ECOLLATERAL);
	assert_non_null(strstr(fault.line, "allow.txt:2"));
	assert_int_equal(allowed(SK_ACTION_RPZ_NXDOMAIN, "www.bank.example", list), SK_ECOLLATERAL); /* what is below it, too */
	assert_int_equal(allowed(SK_ACTION_RPZ_NXDOMAIN, "*.bank.example", list), SK_ECOLLATERAL);
	assert_int_equal(allowed(SK_ACTION_RPZ_NXDOMAIN, "notbank.example", list), SK_OK);
	assert_int_equal(allowed(SK_ACTION_NFTABLES_DROP, "198.51.100.9/32", list), SK_ECOLLATERAL);
	assert_int_equal(allowed(SK_ACTION_NFTABLES_DROP, "198.51.101.9/32", list), SK_OK);
	assert_int_equal(allowed(SK_ACTION_NFTABLES_DROP, "2001:db8:5:1::1/128", list), SK_ECOLLATERAL); /* the last line, without its line feed */
	char longer[400];
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(allowed(SK_ACTION_RPZ_NXDOMAIN, "bad.example", longer), SK_EINPUT);
}

#define COUNTER(count, target, from, until) "{\"count\":" count ",\"from\":\"" from "\",\"point\":\"gw\",\"target\":\"" target "\",\"until\":\"" until "\"}"
#define FILE_OF(elements) "{\"counters\":[" elements "],\"format\":\"sekisho-counters/1\"}"

//= rule: ORDER-9
static void test_counters(void **state)
{
	(void)state;
	static const struct {
		const char *file;
		enum sk_err err;
		bool known;
		uint64_t counters;
	} cases[] = {
		{FILE_OF(""), SK_OK, false, 0},
		{FILE_OF(COUNTER("7", "bad.example", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z")), SK_OK, true, 7},
		{FILE_OF(COUNTER("0", "bad.example", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z")), SK_OK, true, 0}, /* somebody looked, and there was nothing */
		{FILE_OF(COUNTER("7", "other.example", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z")), SK_OK, false, 0},
		{FILE_OF(COUNTER("7", "bad.example", "2020-11-29T00:00:00Z", "2020-11-30T00:00:00Z")), SK_OK, false, 0}, /* long ago */
		{FILE_OF(COUNTER("7", "bad.example", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z") "," COUNTER("5", "bad.example", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z")), SK_OK, true, 12},
		{FILE_OF("{\"count\":7}"), SK_EINPUT, false, 0}, {"{\"counters\":{},\"format\":\"sekisho-counters/1\"}", SK_EINPUT, false, 0}, {"{}", SK_EINPUT, false, 0}, {"", SK_EINPUT, false, 0},
		{FILE_OF(COUNTER("-7", "bad.example", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z")), SK_EINPUT, false, 0},
	};
	struct sk_order_document *d = document_for("o", SK_ACTION_RPZ_NXDOMAIN, "bad.example", start_ns, 3600, false);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_blast_counts counts = {0};
		enum sk_err err = sk_blast_volunteered(cases[i].file, strlen(cases[i].file), &d->order, start_ns - 7 * DAY_S * second_ns, start_ns, &counts, &fault);
		if (err != cases[i].err || counts.counters_known != cases[i].known || counts.counters != cases[i].counters)
			fail_msg("case %zu: %d %llu", i, err, (unsigned long long)counts.counters);
	}
	free(d);
}

//= rule: ORDER-9
static void test_unknown_is_not_zero(void **state)
{
	(void)state;
	struct sk_order_blast told;
	struct sk_blast_counts counts = {0};
	sk_blast_tell(&counts, 1, 2, &told);
	assert_string_equal(told.hosts, "unknown");
	assert_string_equal(told.flows, "unknown");
	assert_string_equal(told.organisations, "unknown");
	assert_string_equal(told.counters, "unknown");
	counts.known = true; /* looked, and nothing was there: a small cell, which is not zero either */
	sk_blast_tell(&counts, 1, 2, &told);
	assert_string_equal(told.hosts, "< 10");
	assert_string_equal(told.counters, "unknown");
	counts.hosts = 57;
	counts.flows = 4711;
	sk_blast_tell(&counts, 1, 2, &told);
	assert_string_equal(told.hosts, "10-99");
	assert_string_equal(told.flows, "1,000-9,999");
}

static int start(void **state)
{
	(void)state;
	world_start();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	world_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_touching), cmocka_unit_test(test_allow_list), cmocka_unit_test(test_counters), cmocka_unit_test(test_unknown_is_not_zero)};
	return cmocka_run_group_tests(tests, start, finish);
}
