/* SPDX-License-Identifier: Apache-2.0 */
/* The quorum grammar: the specification's example against a plain formula over all subsets, every refusal with its line, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/seal_priv.h"

enum { KEYS = SK_QUORUM_NODES_MAX };
static char keys[KEYS + 1][SK_VKEY_TEXT_MAX];

/* Replace each "$N" in the pattern by key N. */
static struct sk_buf text_of(const char *pattern)
{
	struct sk_buf text;
	sk_buf_init(&text, 1 << 20);
	for (const char *at = pattern; *at != '\0';) {
		if (*at != '$') {
			sk_buf_add(&text, at++, 1);
			continue;
		}
		char *after;
		sk_buf_add_text(&text, keys[strtoul(at + 1, &after, 10)]);
		at = after;
	}
	return text;
}

static enum sk_err parse(const char *pattern, struct sk_quorum **out, struct sk_fault *fault)
{
	struct sk_buf text = text_of(pattern);
	enum sk_err err = sk_quorum_parse(sk_buf_text(&text), text.length, out, fault);
	sk_buf_fini(&text);
	return err;
}

static const char two_levels[] = "log $0 https://log.example/\n"
				 "\n"
				 "witness X1 $1\nwitness X2 $2\nwitness X3 $3 https://w.example/x3\n"
				 "group X-witnesses 2 X1 X2 X3\n"
				 "  # the other organisation\n"
				 "witness\tY1  $4 \nwitness Y2 $5\nwitness Y3 $6\n"
				 "group Y-witnesses any Y1 Y2 Y3\n"
				 "group X-and-Y all X-witnesses Y-witnesses\n"
				 "quorum X-and-Y\n";

static void test_spec_example(void **state)
{
	(void)state;
	struct sk_quorum *quorum = NULL;
	struct sk_fault fault = {0};
	assert_int_equal(parse(two_levels, &quorum, &fault), SK_OK);
	assert_int_equal(sk_quorum_members(quorum), 6);
	const char *name = NULL;
	const struct sk_verify_key *key = sk_quorum_member(quorum, 5, &name);
	assert_string_equal(name, "Y3");
	char text[SK_VKEY_TEXT_MAX];
	assert_string_equal(sk_verify_key_format(key, text), keys[6]);
	for (unsigned set = 0; set < 64; set++) {
		bool present[6];
		for (unsigned i = 0; i < 6; i++)
			present[i] = set >> i & 1;
		bool expected = present[0] + present[1] + present[2] >= 2 && (present[3] || present[4] || present[5]);
		assert_int_equal(sk_quorum_met(quorum, present), expected);
	}
	sk_quorum_free(quorum);
	sk_quorum_free(NULL);
}

static void test_single_and_none(void **state)
{
	(void)state;
	struct sk_quorum *quorum = NULL;
	bool present[2] = {false, true};
	assert_int_equal(parse("quorum none\n", &quorum, NULL), SK_OK);
	assert_int_equal(sk_quorum_members(quorum), 0);
	assert_true(sk_quorum_met(quorum, present));
	sk_quorum_free(quorum);
	assert_int_equal(parse("witness a $1\nwitness b $2\nquorum a\n", &quorum, NULL), SK_OK);
	assert_false(sk_quorum_met(quorum, present)); /* b signed, a did not: b does not count */
	present[0] = true;
	present[1] = false;
	assert_true(sk_quorum_met(quorum, present));
	sk_quorum_free(quorum);
	/* a name may be any octets but blanks and control characters */
	assert_int_equal(parse("witness \xe2\x84\xaa $1\nwitness K $2\ngroup g any \xe2\x84\xaa\nquorum g\n", &quorum, NULL), SK_OK);
	sk_quorum_free(quorum);
}

static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *text, *line;
	} bad[] = {
		{"", "no quorum line"},
		{"quorum", "line 1 has no line feed"},
		{"quorum none\nquorum none\n", "line 2"},
		{"quorum a\nwitness a $1\n", "line 1"},
		{"quorum\n", "line 1"},
		{"quorum none extra\n", "line 1"},
		{"witness a $1\nwitness a $2\nquorum a\n", "line 2"},
		{"witness a $1\nwitness b $1\nquorum a\n", "line 2: this witness key"},
		{"log $2\nlog $2\nquorum none\n", "line 2: this log key"},
		{"log $1\nquorum none\n", "line 1: expected a log"}, /* a witness key */
		{"witness none $1\nquorum none\n", "line 1"},
		{"witness a\nquorum none\n", "line 1"},
		{"witness a nokey\nquorum none\n", "line 1"},
		{"witness a $1 https://a b\nquorum none\n", "line 1: expected the end"},
		{"log\nquorum none\n", "line 1"},
		{"witness a $1\ngroup g any\nquorum g\n", "line 2: expected at least one member"},
		{"witness a $1\ngroup g\nquorum g\n", "line 2"},
		{"witness a $1\ngroup g 0 a\nquorum g\n", "line 2"},
		{"witness a $1\ngroup g 2 a\nquorum g\n", "line 2"},
		{"witness a $1\ngroup g 01 a\nquorum g\n", "line 2"},
		{"witness a $1\ngroup g +1 a\nquorum g\n", "line 2"},
		{"witness a $1\ngroup g 4294967297 a\nquorum g\n", "line 2"},
		{"witness a $1\ngroup g some a\nquorum g\n", "line 2"},
		{"witness a $1\ngroup g 1 a a\nquorum g\n", "line 2: a member is in a group already"},
		{"witness a $1\ngroup g any a\ngroup h any a\nquorum g\n", "line 3: a member is in a group already"},
		{"group g any g\nquorum g\n", "line 1: a member is not defined"},
		{"group g any a\nwitness a $1\nquorum g\n", "line 1"},
		{"witness a $1\ngroup g any none\nquorum g\n", "line 2"},
		{"policy x\nquorum none\n", "line 1: expected log, witness, group or quorum"},
		{"Quorum none\n", "line 1"},
		{"quorum none\r\n", "control character"},
		{"quorum none\x7f\n", "control character"},
	};
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		struct sk_quorum *quorum = NULL;
		struct sk_fault fault = {0};
		assert_int_equal(parse(bad[i].text, &quorum, &fault), SK_EMALFORMED);
		if (strstr(fault.line, bad[i].line) == NULL)
			fail_msg("case %zu: \"%s\" does not hold \"%s\"", i, fault.line, bad[i].line);
		assert_null(quorum);
	}
}

/* Cut anywhere, the example is refused: no prefix of a policy is a weaker policy. */
static void test_cut(void **state)
{
	(void)state;
	struct sk_buf text = text_of(two_levels);
	for (size_t length = 0; length < text.length; length++) {
		struct sk_quorum *quorum = NULL;
		assert_int_equal(sk_quorum_parse(sk_buf_text(&text), length, &quorum, NULL), SK_EMALFORMED);
	}
	sk_buf_fini(&text);
}

static void test_limits(void **state)
{
	(void)state;
	struct sk_buf text;
	struct sk_quorum *quorum = NULL;
	struct sk_fault fault = {0};
	sk_buf_init(&text, 1 << 20);
	for (int i = 0; i < KEYS - 1; i++)
		sk_buf_addf(&text, "witness w%d %s\n", i, keys[i]);
	size_t mark = text.length;
	sk_buf_addf(&text, "group g %d", KEYS - 1);
	for (int i = 0; i < KEYS - 1; i++)
		sk_buf_addf(&text, " w%d", i);
	sk_buf_add_text(&text, "\nquorum g\n");
	assert_int_equal(sk_quorum_parse(sk_buf_text(&text), text.length, &quorum, &fault), SK_OK);
	bool present[KEYS];
	memset(present, true, sizeof present);
	assert_true(sk_quorum_met(quorum, present));
	for (int i = 0; i < KEYS - 1; i++) {
		present[i] = false;
		assert_false(sk_quorum_met(quorum, present));
		present[i] = true;
	}
	sk_quorum_free(quorum);
	text.length = mark;
	sk_buf_addf(&text, "witness last %s\nwitness more %s\nquorum none\n", keys[KEYS - 1], keys[KEYS]);
	assert_int_equal(sk_quorum_parse(sk_buf_text(&text), text.length, &quorum, &fault), SK_EMALFORMED);
	assert_non_null(strstr(fault.line, "128"));
	sk_buf_reset(&text);
	for (int i = 0; i <= SK_QUORUM_TEXT_MAX; i++)
		sk_buf_add_text(&text, "\n");
	assert_int_equal(sk_quorum_parse(sk_buf_text(&text), text.length, &quorum, &fault), SK_EMALFORMED);
	sk_buf_fini(&text);
}

static int start(void **state)
{
	(void)state;
	if (sk_seal_start() != SK_OK)
		return -1;
	for (int i = 0; i <= KEYS; i++) {
		char name[32];
		struct sk_sign_key *key = NULL;
		(void)snprintf(name, sizeof name, "member%d.example", i);
		if (sk_sign_key_new(name, &key) != SK_OK)
			return -1;
		struct sk_verify_key witness;
		sk_verify_key_as_witness(sk_sign_key_public(key), &witness);
		(void)sk_verify_key_format(i % 2 == 0 ? sk_sign_key_public(key) : &witness, keys[i]);
		sk_sign_key_free(key);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spec_example), cmocka_unit_test(test_single_and_none), cmocka_unit_test(test_refusals), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
