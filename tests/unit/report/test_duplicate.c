/* SPDX-License-Identifier: Apache-2.0 */
/* Duplicates: points one by one, and whom they are never proposed for. rule: FORM-7 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/duplicate.h"

static const int64_t hour = INT64_C(3600000000000), base = INT64_C(1800000000000000000);

static struct sk_report_document made(const char *members, struct sk_report_facts *facts, const char *org, int64_t after, const char *form)
{
	struct sk_report_document document;
	struct sk_fault fault;
	assert_int_equal(sk_report_take(members, strlen(members), &document, &fault), SK_OK);
	memset(facts, 0, sizeof *facts);
	facts->aware_ns = base + after;
	(void)snprintf(facts->about, sizeof facts->about, "%s", org);
	(void)snprintf(facts->form, sizeof facts->form, "%s", form);
	return document;
}

/* Points of two reports; 0: not proposed. */
static unsigned score(const char *members_a, const char *members_b, const char *org_b, int64_t apart, const char *form_b, const char *case_a, const char *case_b)
{
	struct sk_report_facts a, b;
	struct sk_report_document x = made(members_a, &a, "acme", 0, "other"), y = made(members_b, &b, org_b, apart, form_b);
	struct sk_report_candidate both[] = {{"r-a", case_a, &a, x.top}, {"r-b", case_b, &b, y.top}};
	struct sk_report_pair pairs[4];
	size_t count = sk_report_duplicates(both, 2, pairs, SK_COUNT(pairs));
	sk_report_document_fini(&x);
	sk_report_document_fini(&y);
	assert_true(count <= 1 && (count == 0 || (pairs[0].a == 0 && pairs[0].b == 1 && pairs[0].why[0] != '\0')));
	return count == 0 ? 0 : pairs[0].score;
}

static void test_points(void **state)
{
	(void)state;
	static const char one[] = "{\"iocs\":[{\"type\":\"ipv4\",\"value\":\"192.0.2.1\"}]}", two[] = "{\"iocs\":[{\"type\":\"ipv4\",\"value\":\"192.0.2.1\"},{\"type\":\"domain\",\"value\":\"A.example\"}]}";
	static const char upper[] = "{\"iocs\":[{\"type\":\"ipv4\",\"value\":\"192.0.2.1\"},{\"type\":\"domain\",\"value\":\"a.EXAMPLE\"}]}";
	static const char asset[] = "{\"affected_assets\":[{\"asset_id\":\"srv-7\",\"class\":\"core\"}]}", product[] = "{\"affected_assets\":[{\"class\":\"core\",\"product\":\"P\",\"version\":\"1\"}]}";
	static const char other_version[] = "{\"affected_assets\":[{\"class\":\"core\",\"product\":\"P\",\"version\":\"2\"}]}", unknown[] = "{\"affected_assets\":[{\"asset_id\":\"unknown\",\"class\":\"core\"}]}";
	assert_int_equal(score("{}", "{}", "acme", 0, "other", "", ""), 65);             /* 30 + 25 + 10 */
	assert_int_equal(score("{}", "{}", "acme", 6 * hour, "other", "", ""), 65);
	assert_int_equal(score("{}", "{}", "acme", 6 * hour + 1, "other", "", ""), 0);   /* 55 */
	assert_int_equal(score("{}", "{}", "acme", 0, "ddos", "", ""), 0);
	assert_int_equal(score(one, two, "ACME", -72 * hour, "ddos", "", ""), 65);       /* 30 + 15 + 20 */
	assert_int_equal(score(one, two, "acme", 72 * hour + 1, "ddos", "", ""), 0);     /* 30 + 5 + 20 */
	assert_int_equal(score(two, upper, "acme", 14 * 24 * hour, "ddos", "", ""), 75); /* 30 + 5 + 40 */
	assert_int_equal(score(two, upper, "acme", 14 * 24 * hour + 1, "other", "", ""), 0);
	assert_int_equal(score(asset, asset, "acme", 0, "other", "", ""), 80);
	assert_int_equal(score(product, product, "acme", 0, "other", "", ""), 80);
	assert_int_equal(score(product, other_version, "acme", 0, "other", "", ""), 65);
	assert_int_equal(score(unknown, unknown, "acme", 0, "other", "", ""), 65);       /* what is not known is not the same */
	assert_int_equal(score(two, upper, "acme", 0, "other", "", ""), 100);
	assert_int_equal(score(two, two, "beta", 0, "other", "", ""), 0);                /* another's: one campaign perhaps, never one report */
	assert_int_equal(score(two, two, "acme", 0, "other", "c-1", "c-1"), 0);          /* joined already */
	assert_int_equal(score(two, two, "acme", 0, "other", "c-1", "c-2"), 100);
	assert_int_equal(score("{\"iocs\":\"unknown\"}", one, "acme", 0, "other", "", ""), 65);
}

static void test_bounded(void **state)
{
	(void)state;
	enum { MANY = 60 };
	struct sk_report_facts facts[MANY];
	struct sk_report_document documents[MANY];
	struct sk_report_candidate all[MANY];
	struct sk_report_pair pairs[10];
	char id[MANY][16];
	for (int i = 0; i < MANY; i++) {
		documents[i] = made("{}", &facts[i], "acme", i, "other");
		(void)snprintf(id[i], sizeof id[i], "r%d", i);
		all[i] = (struct sk_report_candidate){id[i], "", &facts[i], documents[i].top};
	}
	assert_int_equal(sk_report_duplicates(all, MANY, pairs, SK_COUNT(pairs)), SK_COUNT(pairs));
	assert_int_equal(sk_report_duplicates(all, 0, pairs, SK_COUNT(pairs)), 0);
	for (int i = 0; i < MANY; i++)
		sk_report_document_fini(&documents[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_points), cmocka_unit_test(test_bounded)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
