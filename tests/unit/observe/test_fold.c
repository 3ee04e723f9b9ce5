/* SPDX-License-Identifier: Apache-2.0 */
/* Folding: whatever the order in which segments close (it depends on a random key), one finding says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "observe/observe.h"
#include "../english.h"

enum { SEGMENTS = 5 };

static struct sk_finding segment(unsigned i)
{
	static const int64_t firsts[SEGMENTS] = {300, 100, 100, 200, 100};
	struct sk_finding finding = {.kind = "indicator.address", .matched = "198.51.100.7", .severity = (uint8_t)(1 + i % 3), .confidence_percent = (uint8_t)(40 + i),
				     .count = 1, .first_ns = firsts[i], .last_ns = firsts[i] + 10 * (int64_t)i};
	char words[32];
	(void)snprintf(words, sizeof words, "sentence %u", 9 - i);
	sk_words_set(&finding.sentence, words);
	finding.evidence[0] = (uint8_t)i;
	return finding;
}

/* Fold the segments in the order of a permutation's number; the twin lets the last one's words stand. */
static struct sk_finding folded(unsigned permutation, bool sabotage)
{
	unsigned left[SEGMENTS], count = SEGMENTS;
	struct sk_finding into = {.count = 0};
	for (unsigned i = 0; i < SEGMENTS; i++)
		left[i] = i;
	for (; count > 0; count--) {
		unsigned at = permutation % count;
		permutation /= count;
		struct sk_finding more = segment(left[at]);
		left[at] = left[count - 1];
		if (into.count == 0)
			into = more;
		else
			sk_finding_fold(&into, &more);
		if (sabotage)
			into.sentence = more.sentence;
	}
	return into;
}

static unsigned differences(bool sabotage)
{
	struct sk_finding first = folded(0, sabotage);
	unsigned different = 0;
	for (unsigned permutation = 1; permutation < 120; permutation++) {
		struct sk_finding other = folded(permutation, sabotage);
		different += memcmp(&first, &other, sizeof first) != 0;
	}
	return different;
}

static void order_does_not_show(void **state)
{
	(void)state;
	struct sk_finding all = folded(0, false);
	assert_int_equal(differences(false), 0);
	assert_int_equal(all.count, SEGMENTS);
	assert_int_equal(all.first_ns, 100);
	assert_int_equal(all.last_ns, 300);
	assert_int_equal(all.severity, 3);
	assert_string_equal(english(&all.sentence), "sentence 5");
	assert_int_equal(all.evidence[0], 4); /* evidence is that of the words */
}

/* A detector's numbers grow: the latest telling stands, whatever came in first. */
static void detectors_grow(void **state)
{
	(void)state;
	struct sk_finding early = {.kind = "scan.horizontal", .count = 20, .first_ns = 100, .last_ns = 200, .severity = 2, .confidence_percent = 90}, late = early;
	late.last_ns = 900;
	late.first_ns = 150;
	late.count = 30;
	sk_words_set(&early.sentence, "20 of them");
	sk_words_set(&late.sentence, "50 of them");
	struct sk_finding one = early, other = late;
	sk_finding_fold(&one, &late);
	sk_finding_fold(&other, &early);
	assert_memory_equal(&one, &other, sizeof one);
	assert_string_equal(english(&one.sentence), "50 of them");
	assert_true(one.count == 50 && one.first_ns == 100 && one.last_ns == 900);
}

static void sabotage_shows(void **state)
{
	(void)state;
	assert_true(differences(true) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(order_does_not_show), cmocka_unit_test(detectors_grow), cmocka_unit_test(sabotage_shows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
