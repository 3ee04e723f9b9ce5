/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of oversight's matters: every matter, state and event against a table that was written a second time by hand; and the words, which alone are published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "oversight/matters.h"

static const char *const matters[] = {"remark", "selfreport", "inspection"};
static const char *const states[] = {"", "issued", "answered", "closed", "withdrawn", "filed", "assessed", "running", "concluded", "nonsense"};
static const char *const events[] = {"issue", "answer", "insist", "close", "withdraw", "file", "amend", "assess", "begin", "look", "query", "conclude", "nonsense"};

/* What docs/oversight.md draws. */
static const char *expected(const char *matter, const char *state, const char *event)
{
	static const struct {
		const char *matter, *state, *event, *next;
	} drawn[] = {
	    {"remark", "", "issue", "issued"},          {"remark", "issued", "answer", "answered"},   {"remark", "answered", "answer", "answered"}, {"remark", "answered", "insist", "issued"},
	    {"remark", "answered", "close", "closed"},  {"remark", "issued", "withdraw", "withdrawn"}, {"remark", "answered", "withdraw", "withdrawn"}, {"selfreport", "", "file", "filed"},
	    {"selfreport", "filed", "amend", "filed"},  {"selfreport", "filed", "assess", "assessed"}, {"selfreport", "assessed", "close", "closed"},  {"inspection", "", "begin", "running"},
	    {"inspection", "running", "look", "running"}, {"inspection", "running", "query", "running"}, {"inspection", "running", "conclude", "concluded"},
	};
	for (size_t i = 0; i < SK_COUNT(drawn); i++)
		if (strcmp(drawn[i].matter, matter) == 0 && strcmp(drawn[i].state, state) == 0 && strcmp(drawn[i].event, event) == 0)
			return drawn[i].next;
	return NULL;
}

/* How many cells differ when `lie` bends one on purpose. rule: REMARK-1 */
static unsigned differences(bool lie)
{
	unsigned wrong = 0;
	struct sk_fault fault;
	for (size_t m = 0; m < SK_COUNT(matters); m++)
		for (size_t s = 0; s < SK_COUNT(states); s++)
			for (size_t e = 0; e < SK_COUNT(events); e++) {
				const char *to = NULL, *want = expected(matters[m], states[s], events[e]);
				enum sk_err err = sk_oversight_step(matters[m], events[e], states[s], &to, &fault);
				if (lie && strcmp(matters[m], "remark") == 0 && strcmp(states[s], "issued") == 0 && strcmp(events[e], "close") == 0)
					want = "closed";
				wrong += want == NULL ? err != SK_EREMARK : err != SK_OK || strcmp(to, want) != 0;
			}
	return wrong;
}

static void test_every_step(void **state)
{
	(void)state;
	assert_int_equal(differences(false), 0);
	/* The sabotage twin: a remark that closes unanswered is seen. */
	assert_int_equal(differences(true), 1);
}

static void test_words(void **state)
{
	(void)state;
	const char *japanese, *english, *word;
	size_t count = 0;
	for (enum sk_oversight_set set = SK_WORDS_KIND; set <= SK_WORDS_RESULT; set++)
		for (size_t i = 0; (word = sk_oversight_word_at(set, i, &japanese, &english)) != NULL; i++, count++) {
			assert_true(sk_oversight_word(set, word) && japanese[0] != '\0' && english[0] != '\0' && strlen(word) + strlen("occasion.") < SK_ACT_WORD_MAX);
			assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz_"), strlen(word));
		}
	assert_true(count >= 20);
	assert_false(sk_oversight_word(SK_WORDS_KIND, "retention"));
	assert_false(sk_oversight_word(SK_WORDS_ABOUT, "notice"));
}

/* rule: REMARK-2 */
static void test_overdue(void **state)
{
	(void)state;
	struct sk_oversight_matter remark = {.matter = "remark", .state = "issued", .due_ns = 100};
	assert_false(sk_oversight_overdue(&remark, 99));
	assert_true(sk_oversight_overdue(&remark, 100));
	memcpy(remark.state, "answered", sizeof "answered");
	assert_false(sk_oversight_overdue(&remark, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_step), cmocka_unit_test(test_words), cmocka_unit_test(test_overdue)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
