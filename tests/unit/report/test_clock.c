/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks of every regime of the shipped policy, at times that are handed in, against figures written here by hand from LAW.md 4.1. rule: FORM-6 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/clock.h"
#include "text/text.h"

static struct sk_law *law;

static int read_policy(void **state)
{
	(void)state;
	struct sk_buf text;
	struct sk_fault fault;
	sk_buf_init(&text, SK_LAW_FILE_MAX);
	assert_int_equal(sk_seal_start(), SK_OK);
	assert_int_equal(sk_file_read(SK_SOURCE_ROOT "/policy/jp-2025.yaml", &text, &fault), SK_OK);
	assert_int_equal(sk_law_parse("jp", text.bytes, text.length, NULL, &law, &fault), SK_OK);
	sk_buf_fini(&text);
	return 0;
}

static int forget_policy(void **state)
{
	(void)state;
	sk_law_free(law);
	return 0;
}

static int64_t at(const char *text)
{
	int64_t ns;
	assert_int_equal(sk_time_parse(text, &ns), SK_OK);
	return ns;
}

static struct sk_report_facts facts_of(const char *regime, const char *stage, const char *aware)
{
	struct sk_report_facts facts = {.regime_count = 1, .aware_ns = at(aware)};
	(void)snprintf(facts.regimes[0], sizeof facts.regimes[0], "%s", regime);
	(void)snprintf(facts.event, sizeof facts.event, "%s", stage);
	return facts;
}

static const struct sk_report_clock *find(const struct sk_report_clock *clocks, size_t count, const char *step)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(clocks[i].row->step, step) == 0)
			return &clocks[i];
	return NULL;
}

/* Step and due of every regime, for a report that became aware on 30 January 2027 (a month later is the end of February). */
static const struct {
	const char *regime, *step, *due;
	bool malicious, deviation, paid;
} expected[] = {
    {"jp_act_art5", "first", "2027-01-30T12:00:00Z"},         {"jp_act_art5", "final", "2027-03-01T12:00:00Z"},
    {"jp_personal_data", "first", "2027-02-04T12:00:00Z"},    {"jp_personal_data", "final", "2027-03-01T12:00:00Z"},
    {"jp_personal_data", "final_malicious", "2027-03-31T12:00:00Z", .malicious = true},
    {"nis2", "early_warning", "2027-01-31T12:00:00Z"},        {"nis2", "second", "2027-02-02T12:00:00Z"},             {"nis2", "final", "2027-02-28T18:00:00Z"},
    {"circia", "first", "2027-02-02T12:00:00Z"},              {"circia", "ransom", "2027-02-01T00:00:00Z", .paid = true}, {"circia", "supplemental", "2027-01-30T18:00:00Z"},
    {"switzerland", "first", "2027-01-31T06:00:00Z"},         {"switzerland", "final", "2027-02-13T06:00:00Z"},
    {"australia_soci", "significant", "2027-01-31T00:00:00Z", .deviation = true}, {"australia_soci", "relevant", "2027-02-02T12:00:00Z"},
    {"australia_soci", "ransom", "2027-02-03T00:00:00Z", .paid = true},
};

static unsigned differences(bool lie)
{
	unsigned wrong = 0;
	for (size_t i = 0; i < SK_COUNT(expected); i++) {
		struct sk_report_facts facts = facts_of(expected[i].regime, "initial", "2027-01-30T12:00:00Z");
		struct sk_report_clock clocks[SK_REPORT_CLOCKS_MAX];
		facts.malicious = expected[i].malicious;
		facts.deviation = expected[i].deviation;
		facts.detected_ns = at("2027-01-30T06:00:00Z");
		facts.paid_ns = expected[i].paid ? at("2027-01-31T00:00:00Z") : 0;
		struct sk_report_handed handed = {at("2027-01-30T18:00:00Z"), &facts};
		size_t count = sk_report_clocks(law, &handed, 1, at("2027-01-30T19:00:00Z"), false, clocks);
		const struct sk_report_clock *clock = find(clocks, count, expected[i].step);
		wrong += clock == NULL || clock->due_ns != at(expected[i].due) + (lie && i == 1);
	}
	return wrong;
}

static void test_every_regime(void **state)
{
	(void)state;
	assert_int_equal(differences(false), 0);
	assert_int_equal(differences(true), 1);
	/* Every deadline that a report can fulfil is in the table above. */
	for (uint32_t i = 0; i < law->deadlines.count; i++) {
		bool found = !sk_report_regime(law, law->deadlines.rows[i].regime);
		for (size_t k = 0; k < SK_COUNT(expected); k++)
			found = found || (strcmp(expected[k].regime, law->deadlines.rows[i].regime) == 0 && strcmp(expected[k].step, law->deadlines.rows[i].step) == 0);
		assert_true(found);
	}
	assert_false(sk_report_regime(law, "jp_act_art4")); /* a registration is no report */
	assert_false(sk_report_regime(law, "nonsense"));
	assert_false(sk_report_regime(NULL, "nis2"));
}

static void test_states(void **state)
{
	(void)state;
	struct sk_report_facts early = facts_of("nis2", "early_warning", "2027-01-30T12:00:00Z"), later = early, last = early;
	struct sk_report_clock clocks[SK_REPORT_CLOCKS_MAX];
	(void)snprintf(later.event, sizeof later.event, "initial");
	(void)snprintf(last.event, sizeof last.event, "final");
	struct sk_report_handed handed[] = {{at("2027-01-31T13:00:00Z"), &early}, {at("2027-02-02T11:00:00Z"), &later}, {at("2027-03-01T00:00:00Z"), &last}};
	size_t count = sk_report_clocks(law, handed, 1, at("2027-02-02T12:00:00Z"), false, clocks);
	assert_int_equal(count, 2); /* the final's clock begins with the second report */
	assert_int_equal(find(clocks, count, "early_warning")->state, SK_REPORT_DONE);
	assert_true(find(clocks, count, "early_warning")->done_ns > find(clocks, count, "early_warning")->due_ns);
	assert_int_equal(find(clocks, count, "second")->state, SK_REPORT_DUE);
	count = sk_report_clocks(law, handed, 1, at("2027-02-02T12:00:00Z") + 1, false, clocks);
	assert_int_equal(find(clocks, count, "second")->state, SK_REPORT_LATE);
	count = sk_report_clocks(law, handed, 2, at("2027-03-03"), false, clocks);
	assert_int_equal(find(clocks, count, "second")->state, SK_REPORT_DONE);
	assert_int_equal(find(clocks, count, "final")->due_ns, at("2027-03-02T11:00:00Z"));
	assert_int_equal(find(clocks, count, "final")->state, SK_REPORT_LATE);
	count = sk_report_clocks(law, handed, 3, at("2027-03-03"), false, clocks);
	assert_int_equal(find(clocks, count, "final")->state, SK_REPORT_DONE);
	/* What is prompt has no number: it is due, and never late. A regime that was not in force has no clock. */
	struct sk_report_facts jp = facts_of("jp_act_art5", "early_warning", "2026-09-30T12:00:00Z");
	handed[0] = (struct sk_report_handed){at("2026-10-02"), &jp};
	assert_int_equal(sk_report_clocks(law, handed, 1, at("2027-01-01"), false, clocks), 0);
	assert_int_equal(sk_report_clocks(law, handed, 1, at("2027-01-01"), true, clocks), 2); /* a laboratory counts it all the same */
	jp.regime_count = 0;
	assert_int_equal(sk_report_clocks(law, handed, 1, at("2027-01-01"), true, clocks), 0);
	assert_int_equal(sk_report_clocks(NULL, handed, 1, at("2027-01-01"), false, clocks), 0);
}

static void test_reminders(void **state)
{
	(void)state;
	struct sk_report_reminder out[3];
	struct sk_report_clock clock = {.start_ns = at("2027-01-01"), .due_ns = at("2027-01-31")};
	int64_t moments[] = {at("2027-01-30"), at("2027-01-31"), at("2027-02-01")};
	const char *words[] = {"before", "due", "overdue"};
	for (size_t i = 0; i < SK_COUNT(moments); i++) {
		assert_int_equal(sk_report_reminders(&clock, moments[i] - 1, moments[i], out), 1);
		assert_string_equal(out[0].what, words[i]);
		assert_int_equal(sk_report_reminders(&clock, moments[i], moments[i] + 1, out), 0);
	}
	assert_int_equal(sk_report_reminders(&clock, 0, INT64_MAX, out), 3);
	clock.promptly = true;
	clock.due_ns = clock.start_ns;
	assert_int_equal(sk_report_reminders(&clock, 0, INT64_MAX, out), 2);
	clock.done_ns = 1;
	assert_int_equal(sk_report_reminders(&clock, 0, INT64_MAX, out), 0);
}

/* The words that a policy file may use are those that the program can tell: law's list and clock.def agree. */
static void test_words(void **state)
{
	(void)state;
	static const char *const words[] = {"malicious", "not_malicious", "significant", "not_significant", "personal_data", "nonsense"};
	for (size_t i = 0; i < SK_COUNT(words); i++) {
		char yaml[512];
		struct sk_law *other = NULL;
		struct sk_fault fault;
		int length = snprintf(yaml, sizeof yaml, "policy: x\nversion: \"1\"\nprofile: lab\ndeadlines:\n  - regime: a\n    step: first\n    clock: awareness\n    within: 1d\n    when: [%s]\n    effective_from: 2026-01-01\n    evidence: own\n    source: \"x\"\n", words[i]);
		enum sk_err err = sk_law_parse("x", yaml, (size_t)length, NULL, &other, &fault);
		assert_int_equal(err == SK_OK, sk_report_clock_when(words[i]));
		assert_int_equal(err == SK_OK, i != SK_COUNT(words) - 1);
		sk_law_free(other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_regime), cmocka_unit_test(test_states), cmocka_unit_test(test_reminders), cmocka_unit_test(test_words)};
	return cmocka_run_group_tests(tests, read_policy, forget_policy);
}
