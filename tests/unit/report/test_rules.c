/* SPDX-License-Identifier: Apache-2.0 */
/* Steps, triggers and viewers, cell by cell against tables that were written a second time by hand. Each has its sabotage twin: one cell bent on purpose is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/rules.h"
#include "text/text.h"

/* ---- steps. rule: FORM-3 ---- */

static const char *const states[] = {"", "warned", "reported", "followed", "complete", "nonsense"};
static const char *const events[] = {"early_warning", "initial", "follow_up", "interim", "supplemental", "final", "attach", "merge", "nonsense"};

/* docs/reports.md, in words: nothing goes back behind what was handed in, and after a final only a better final or a supplement follows. */
static const char *drawn(const char *state, const char *event)
{
	static const char *const rank[] = {"", "warned", "reported", "followed", "complete"};
	size_t s = 0;
	while (s < SK_COUNT(rank) && strcmp(rank[s], state) != 0)
		s++;
	if (s == SK_COUNT(rank) || strcmp(event, "nonsense") == 0)
		return NULL;
	if (strcmp(event, "attach") == 0 || strcmp(event, "merge") == 0)
		return s > 0 ? state : NULL;
	if (strcmp(event, "final") == 0)
		return "complete";
	if (strcmp(event, "early_warning") == 0)
		return s <= 1 ? "warned" : NULL;
	if (strcmp(event, "initial") == 0)
		return s <= 2 ? "reported" : NULL;
	if (strcmp(event, "supplemental") == 0)
		return s == 2 || s == 3 ? "followed" : s == 4 ? "complete" : NULL;
	return s >= 1 && s <= 3 ? "followed" : NULL;
}

static unsigned step_differences(bool lie)
{
	unsigned wrong = 0;
	struct sk_fault fault;
	for (size_t s = 0; s < SK_COUNT(states); s++)
		for (size_t e = 0; e < SK_COUNT(events); e++) {
			const char *to = NULL, *want = drawn(states[s], events[e]);
			enum sk_err err = sk_report_step(events[e], states[s], &to, &fault);
			if (lie && strcmp(states[s], "complete") == 0 && strcmp(events[e], "initial") == 0)
				want = "reported";
			wrong += want == NULL ? err != SK_ESTAGE : err != SK_OK || strcmp(to, want) != 0;
		}
	return wrong;
}

static void test_steps(void **state)
{
	(void)state;
	assert_int_equal(step_differences(false), 0);
	assert_int_equal(step_differences(true), 1);
}

/* ---- triggers. rule: FORM-4 ---- */

static bool duty_by_law(const char *trigger, const char *class_)
{
	bool three = strcmp(class_, "core") == 0 || strcmp(class_, "sender_nonrouting") == 0 || strcmp(class_, "nearest_router") == 0;
	return three || strcmp(trigger, "compromise") == 0 || strcmp(trigger, "compromise_traces") == 0;
}

static unsigned trigger_differences(bool lie)
{
	const char *trigger, *class_;
	bool duty;
	unsigned wrong = 0, cells = 0;
	for (size_t i = 0; sk_report_trigger_cell(i, 0, &trigger, &class_, &duty); i++)
		for (size_t j = 0; sk_report_trigger_cell(i, j, &trigger, &class_, &duty); j++, cells++) {
			struct sk_report_event event = {.class_ = class_, .trigger = trigger, .at_ns = INT64_C(1800000000000000000)};
			struct sk_report_duty told;
			struct sk_fault fault;
			bool want = duty_by_law(trigger, class_) != (lie && i == 1 && j == 3);
			assert_true(sk_report_is_word(SK_REPORT_S_TRIGGER, trigger) && sk_report_is_word(SK_REPORT_S_ASSET, class_));
			assert_int_equal(sk_report_duty(&event, NULL, &told, &fault), SK_OK);
			assert_true(told.why[0] != '\0' && told.due == duty);
			wrong += duty != want;
		}
	assert_int_equal(cells, 8 * 9);
	return wrong;
}

static void test_triggers(void **state)
{
	(void)state;
	assert_int_equal(trigger_differences(false), 0);
	assert_int_equal(trigger_differences(true), 1);
}

static int64_t at(const char *text)
{
	int64_t ns;
	assert_int_equal(sk_time_parse(text, &ns), SK_OK);
	return ns;
}

static bool due(struct sk_report_event event, const struct sk_law_deadline *row)
{
	struct sk_report_duty told;
	struct sk_fault fault;
	assert_int_equal(sk_report_duty(&event, row, &told, &fault), SK_OK);
	return told.due;
}

static void test_exclusions(void **state)
{
	(void)state;
	struct sk_report_event event = {.class_ = "core", .trigger = "compromise", .designated_ns = at("2026-08-31")};
	/* Six months by the calendar: the end of February. */
	event.at_ns = at("2027-02-27T23:59:59Z");
	assert_false(due(event, NULL));
	event.at_ns = at("2027-02-28T00:00:00Z");
	assert_true(due(event, NULL));
	event.at_ns = at("2026-08-30T23:59:59Z"); /* before it was designated at all: this exclusion says nothing */
	assert_true(due(event, NULL));
	event = (struct sk_report_event){.class_ = "core", .trigger = "traces", .specified_ns = at("2026-10-01"), .at_ns = at("2027-03-31T23:59:59Z")};
	assert_false(due(event, NULL));
	event.at_ns = at("2027-04-01");
	assert_true(due(event, NULL));
	for (size_t j = 0; j < 9; j++) {
		const char *class_ = sk_report_word_at(SK_REPORT_S_ASSET, j, NULL, NULL);
		assert_int_equal(due((struct sk_report_event){.class_ = class_, .trigger = "compromise", .attempted_only = true, .at_ns = at("2027-04-01")}, NULL), j < 3);
	}
	/* A policy that does not list an exclusion does not have it. */
	struct sk_law_deadline none = {.line = 1}, one = {.except = {.count = 1, .items = {"attempted_obstruction"}}};
	event = (struct sk_report_event){.class_ = "nearest_firewall", .trigger = "compromise", .attempted_only = true, .designated_ns = at("2027-03-31"), .at_ns = at("2027-04-01")};
	assert_true(due(event, &none));
	assert_false(due(event, &one));
	event.attempted_only = false;
	assert_true(due(event, &one));
	struct sk_report_duty told;
	struct sk_fault fault;
	event.class_ = "toaster";
	assert_int_equal(sk_report_duty(&event, NULL, &told, &fault), SK_EUSAGE);
}

/* ---- who sees what. rule: FORM-5 ---- */

static struct sk_law *law;

static int read_policy(void **state)
{
	(void)state;
	struct sk_buf text;
	struct sk_fault fault;
	sk_buf_init(&text, SK_LAW_FILE_MAX);
	assert_int_equal(sk_file_read(SK_SOURCE_ROOT "/policy/jp-2025.yaml", &text, &fault), SK_OK);
	assert_int_equal(sk_seal_start(), SK_OK);
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

enum how { MINE, STATUTE, MINISTRY_OF_SECTOR, NAMED_THERE, SHARED_NCO, SHARED_NPA, UNRELATED, HOWS };
static const char *const colours[] = {"clear", "green", "amber", "amber_strict", "red", ""};

/* LAW.md 3, "incident report (art 5)", in words. colour: 0 clear .. 4 red. */
static enum sk_report_seen seen_by_law(enum sk_org_kind kind, enum how how, unsigned colour, bool recipients_only)
{
	bool consent = (how == SHARED_NCO || how == SHARED_NPA) && !recipients_only;
	switch (kind) {
	case SK_ORG_OPERATOR:
	case SK_ORG_CARRIER:
	case SK_ORG_OWN_NETWORK: return how == MINE ? SK_REPORT_FULL : SK_REPORT_NOTHING;
	case SK_ORG_NCO: return how == MINE || how == STATUTE || how == NAMED_THERE || (how == SHARED_NCO && consent && colour < 4) ? SK_REPORT_FULL : SK_REPORT_NOTHING;
	case SK_ORG_NPA: return how == NAMED_THERE || (how == SHARED_NPA && consent && colour < 4) ? SK_REPORT_FULL : SK_REPORT_NOTHING;
	case SK_ORG_MOD: return how == NAMED_THERE ? SK_REPORT_FULL : how == SHARED_NCO && consent && colour < 3 ? SK_REPORT_GIST : SK_REPORT_NOTHING;
	case SK_ORG_MINISTRY: return how == MINISTRY_OF_SECTOR || how == NAMED_THERE ? SK_REPORT_FULL : SK_REPORT_NOTHING;
	case SK_ORG_VENDOR:
	case SK_ORG_OUTSOURCED_BODY: return how == NAMED_THERE && colour < 3 ? SK_REPORT_GIST : SK_REPORT_NOTHING;
	default: return SK_REPORT_NOTHING; /* oversight, council, mofa, ally, researcher, nss: "-" */
	}
}

static enum sk_report_seen ask(enum sk_org_kind kind, enum how how, unsigned colour, bool recipients_only)
{
	struct sk_report_facts facts = {.org = "acme", .sector = "power", .share_nco = how == SHARED_NCO, .share_npa = how == SHARED_NPA};
	struct sk_report_viewer viewer = {.kind = kind, .org = how == MINISTRY_OF_SECTOR ? "meti" : how == MINE ? "acme" : "asker"};
	if (how == NAMED_THERE) {
		facts.recipient_count = 1;
		(void)snprintf(facts.recipients[0], sizeof facts.recipients[0], "asker");
	}
	if (how == STATUTE || how == MINISTRY_OF_SECTOR) {
		facts.regime_count = 1;
		(void)snprintf(facts.regimes[0], sizeof facts.regimes[0], "jp_act_art5");
	}
	(void)snprintf(facts.tlp, sizeof facts.tlp, "%s", colours[colour]);
	(void)snprintf(facts.restricted, sizeof facts.restricted, "%s", recipients_only ? "recipients_only" : "");
	return sk_report_seen(law, &facts, &viewer, at("2026-11-23"), false);
}

static unsigned viewer_differences(bool lie)
{
	unsigned wrong = 0;
	for (int kind = 0; kind < SK_ORG_KIND_COUNT; kind++)
		for (int how = 0; how < HOWS; how++)
			for (unsigned colour = 0; colour < SK_COUNT(colours); colour++)
				for (int restricted = 0; restricted < 2; restricted++) {
					/* A colour left out counts as amber. The statute's ministry is an NCO's statute too. */
					unsigned counts = colour == 5 ? 2 : colour;
					enum sk_report_seen want = seen_by_law((enum sk_org_kind)kind, (enum how)how, counts, restricted != 0);
					if (kind == SK_ORG_NCO && how == MINISTRY_OF_SECTOR)
						want = SK_REPORT_FULL;
					if (lie && kind == SK_ORG_NPA && how == SHARED_NPA && colour == 4 && restricted == 0)
						want = SK_REPORT_FULL;
					wrong += ask((enum sk_org_kind)kind, (enum how)how, colour, restricted != 0) != want;
				}
	return wrong;
}

static void test_viewers(void **state)
{
	(void)state;
	assert_int_equal(viewer_differences(false), 0);
	assert_int_equal(viewer_differences(true), 1);
	assert_string_equal(sk_report_ministry(law, "power", at("2026-11-23")), "meti");
	assert_string_equal(sk_report_ministry(law, "power", at("2026-09-01")), "");
	assert_string_equal(sk_report_ministry(NULL, "power", 0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps), cmocka_unit_test(test_triggers), cmocka_unit_test(test_exclusions), cmocka_unit_test(test_viewers)};
	return cmocka_run_group_tests(tests, read_policy, forget_policy);
}
