/* SPDX-License-Identifier: Apache-2.0 */
/* Acts of custody judged once more under the policy of their day: what was in order agrees, and each of these does not: a day that was kept longer than the policy allowed, a certificate of something
   else or by somebody else, a re-identification by fewer people than the policy asked for or without whom it named. rule: POLICY-2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "custody/replay.h"
#include "text/text.h"

static const int64_t day_ns = INT64_C(86400) * 1000000000, noon_ns = INT64_C(1795348800000000000); /* 2026-11-22T12:00:00Z */

static struct {
	struct sk_law *lab, *strict;
	struct sk_sign_key *centre, *stranger;
	struct sk_person signer; /* of the act at hand */
	struct sk_custody_replay *replay;
	struct sk_fault fault;
} world;

enum sk_err __wrap_sk_access_who(struct sk_access *access, const char *note, size_t length, int64_t now_ns, struct sk_person *out, struct sk_fault *fault);
enum sk_err __wrap_sk_access_may(struct sk_access *access, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault);

enum sk_err __wrap_sk_access_who(struct sk_access *access, const char *note, size_t length, int64_t now_ns, struct sk_person *out, struct sk_fault *fault)
{
	(void)access, (void)note, (void)length, (void)now_ns, (void)fault;
	*out = world.signer;
	return SK_OK;
}

enum sk_err __wrap_sk_access_may(struct sk_access *access, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault)
{
	(void)access, (void)person, (void)activity, (void)now_ns, (void)fault;
	return SK_OK;
}

/* policy/lab.yaml with one passage exchanged (NULL: none). */
static struct sk_law *law_with(const char *from, const char *to)
{
	char path[SK_PATH_MAX];
	struct sk_buf text, changed;
	struct sk_law *law = NULL;
	(void)snprintf(path, sizeof path, "%s/policy/lab.yaml", SK_SOURCE_ROOT);
	sk_buf_init(&text, SK_LAW_FILE_MAX);
	sk_buf_init(&changed, SK_LAW_FILE_MAX);
	assert_int_equal(sk_file_read(path, &text, &world.fault), SK_OK);
	const char *at = from != NULL ? strstr(sk_buf_text(&text), from) : NULL;
	assert_true(from == NULL || at != NULL);
	if (at != NULL) {
		sk_buf_add(&changed, text.bytes, (size_t)(at - sk_buf_text(&text)));
		sk_buf_add_text(&changed, to);
		sk_buf_add_text(&changed, at + strlen(from));
	} else {
		sk_buf_add(&changed, text.bytes, text.length);
	}
	assert_int_equal(sk_law_parse("lab.yaml", changed.bytes, changed.length, NULL, &law, &world.fault), SK_OK);
	sk_buf_fini(&text);
	sk_buf_fini(&changed);
	return law;
}

/* One act, judged again; what the docket says of it is `to`. by NULL: a person's, whose signature the register vouches for here. */
static enum sk_err again(const struct sk_law *law, const char *matter, const char *id, const char *event, const char *body, const char *to, const struct sk_sign_key *by, char step[SK_ACT_WORD_MAX])
{
	struct sk_custody_court court = {.centre = sk_sign_key_public(world.centre), .law = law, .simulate = true, .kind = "ff"};
	struct sk_entry entry = {.act = {.time_ns = noon_ns, .body = body, .body_length = strlen(body)}};
	struct sk_act_facts facts;
	struct sk_buf statement, note;
	(void)snprintf(entry.act.matter, sizeof entry.act.matter, "%s", matter);
	(void)snprintf(entry.act.id, sizeof entry.act.id, "%s", id);
	(void)snprintf(entry.act.event, sizeof entry.act.event, "%s", event);
	(void)snprintf(entry.to, sizeof entry.to, "%s", to);
	sk_buf_init(&statement, SK_ACT_TEXT_MAX);
	sk_buf_init(&note, SK_NOTE_MAX);
	sk_act_write(&entry.act, &statement);
	sk_note_sign(&note, sk_buf_text(&statement), statement.length, by != NULL ? by : world.stranger);
	entry.note = sk_buf_text(&note);
	entry.note_length = note.length;
	world.fault.line[0] = '\0';
	enum sk_err err = sk_custody_judge_again(world.replay, &court, &entry, &facts, &world.fault);
	memcpy(step, facts.to, SK_ACT_WORD_MAX);
	sk_buf_fini(&statement);
	sk_buf_fini(&note);
	return err;
}

static const char *erasure_body(unsigned keep_days, const char *why, struct sk_buf *out)
{
	struct sk_erasure erasure = {.keep_days = keep_days};
	(void)snprintf(erasure.day.basis, sizeof erasure.day.basis, "B-1");
	(void)snprintf(erasure.day.day, sizeof erasure.day.day, "2026-10-01");
	(void)snprintf(erasure.policy, sizeof erasure.policy, "1");
	(void)snprintf(erasure.why, sizeof erasure.why, "%s", why);
	sk_buf_init(out, SK_ACT_BODY_MAX);
	sk_erasure_write(&erasure, out);
	return sk_buf_text(out);
}

/* 30 days are the lab's for what ff selected; a policy of 20 would have asked for less. */
static void a_day_is_kept_as_long_as_the_policy_of_its_day_says(void **state)
{
	char id[SK_MATTER_ID_MAX], step[SK_ACT_WORD_MAX];
	struct sk_buf thirty, forty;
	(void)state;
	sk_retention_id("B-1", "2026-10-01", id);
	const char *body = erasure_body(30, "its time has come", &thirty), *longer = erasure_body(40, "its time has come", &forty);
	assert_int_equal(again(world.lab, "retention", id, "erase", body, "erasing", NULL, step), SK_OK);
	assert_string_equal(step, "erasing");
	assert_int_equal(again(world.lab, "retention", id, "erased", longer, "erased", world.centre, step), SK_EINCONSISTENT);
	assert_int_equal(again(world.strict, "retention", id, "erase", body, "erasing", NULL, step), SK_EMALFORMED);
	assert_non_null(strstr(world.fault.line, "the policy in force allows 20"));
	assert_int_equal(again(world.lab, "retention", id, "erased", body, "erased", world.stranger, step), SK_ESIGNATURE);
	assert_int_equal(again(world.lab, "retention", id, "erase", longer, "erasing", NULL, step), SK_EMALFORMED);
	assert_int_equal(again(NULL, "retention", id, "erased", longer, "erased", world.centre, step), SK_OK); /* of what was asked for last, in order or not */
	assert_string_equal(step, "erased");
	assert_int_equal(again(world.lab, "retention", id, "provide", body, "provided", NULL, step), SK_ESTAGE);
	/* Without a policy, and of a kind that it does not name, the program's own number stands. */
	assert_int_equal(sk_custody_keep_days(world.lab, "ff", noon_ns, true), 30);
	assert_int_equal(sk_custody_keep_days(world.lab, "", noon_ns, true), sk_custody_keep_days(NULL, "ff", noon_ns, true));
	sk_buf_fini(&thirty);
	sk_buf_fini(&forty);
}

static const char *request_body(unsigned needed, struct sk_buf *out)
{
	struct sk_reident request = {.observed_ns = noon_ns - day_ns, .expires_ns = noon_ns + 3600 * INT64_C(1000000000), .needed = needed, .token_count = 1};
	(void)snprintf(request.target, sizeof request.target, "the host");
	(void)snprintf(request.why, sizeof request.why, "its owner must be told");
	(void)snprintf(request.tokens[0].field, sizeof request.tokens[0].field, "initiator");
	(void)snprintf(request.tokens[0].token, sizeof request.tokens[0].token, "240.0.0.7");
	sk_buf_init(out, SK_ACT_BODY_MAX);
	sk_reident_write(&request, out);
	return sk_buf_text(out);
}

static void sign_as(const char *account, uint64_t roles)
{
	world.signer = (struct sk_person){.roles = roles};
	(void)snprintf(world.signer.account, sizeof world.signer.account, "%s", account);
}

static const char approval[] = "{\"parts\":\"00000000000000000000000000000000000000000000000000000000000000aa\"}";

/* Asked for by anna, approved by two, the second of them a privacy officer; judged under that policy all along. Returns the first verdict that is not SK_OK; step is where the second approval leads. */
static enum sk_err two_approve(const struct sk_law *law, const char *id, unsigned needed, char step[SK_ACT_WORD_MAX])
{
	struct sk_buf body;
	sign_as("anna", UINT64_C(1) << SK_PERSON_ANALYST);
	enum sk_err err = again(law, "reident", id, "request", request_body(needed, &body), "requested", NULL, step);
	sk_buf_fini(&body);
	if (err != SK_OK)
		return err;
	assert_int_equal(again(law, "reident", id, "approve", approval, "requested", NULL, step), SK_EPERMIT); /* whoever asked; the docket has it all the same */
	sign_as("otto", UINT64_C(1) << SK_PERSON_APPROVER);
	assert_int_equal(again(law, "reident", id, "approve", approval, "requested", NULL, step), SK_OK);
	assert_string_equal(step, "requested");
	assert_int_equal(again(law, "reident", id, "approve", approval, "requested", NULL, step), SK_EEXIST);
	sign_as("priv", UINT64_C(1) << SK_PERSON_PRIVACY_OFFICER);
	return again(law, "reident", id, "approve", approval, "granted", NULL, step);
}

static void a_reidentification_is_granted_by_those_whom_the_policy_of_its_day_names(void **state)
{
	char step[SK_ACT_WORD_MAX];
	struct sk_law *three = law_with("level: grant\n    rule: count\n    present: 2", "level: grant\n    rule: count\n    present: 3");
	struct sk_law *lawyer = law_with("present: 2\n    must: [privacy_officer]", "present: 2\n    must: [legal, privacy_officer]");
	(void)state;
	assert_int_equal(two_approve(three, "r-3", 2, step), SK_EMALFORMED);
	assert_non_null(strstr(world.fault.line, "at least 3 officers"));
	assert_int_equal(two_approve(lawyer, "r-law", 2, step), SK_OK);
	assert_string_equal(step, "requested"); /* and led to granted, says the docket: that is what replay tells */
	assert_int_equal(two_approve(NULL, "r-none", 1, step), SK_EMALFORMED);
	sk_law_free(three);
	sk_law_free(lawyer);
}

static void nobody_but_the_centre_ends_it(void **state)
{
	char step[SK_ACT_WORD_MAX];
	struct sk_buf body;
	(void)state;
	sign_as("anna", UINT64_C(1) << SK_PERSON_ANALYST);
	assert_int_equal(again(world.lab, "reident", "r-end", "request", request_body(2, &body), "requested", NULL, step), SK_OK);
	assert_int_equal(again(world.lab, "reident", "r-end", "expire", "{}", "requested", world.stranger, step), SK_ESIGNATURE);
	assert_int_equal(again(world.lab, "reident", "r-end", "expire", "{}", "requested", world.centre, step), SK_ESTAGE); /* before its time */
	assert_int_equal(again(world.lab, "reident", "r-end", "show", "{}", "granted", NULL, step), SK_ESTAGE);
	sk_buf_fini(&body);
}

static int group_up(void **state)
{
	(void)state;
	if (sk_seal_start() != SK_OK)
		return -1;
	world.lab = law_with(NULL, NULL);
	world.strict = law_with("basis: ff\n    keep: 30d", "basis: ff\n    keep: 20d");
	return sk_sign_key_new("centre.example", &world.centre) == SK_OK && sk_sign_key_new("stranger.example", &world.stranger) == SK_OK ? 0 : -1;
}

static int group_down(void **state)
{
	(void)state;
	sk_law_free(world.lab);
	sk_law_free(world.strict);
	sk_sign_key_free(world.centre);
	sk_sign_key_free(world.stranger);
	return 0;
}

static int up(void **state)
{
	(void)state;
	sign_as("anna", 0);
	return sk_custody_replay_new(&world.replay, &world.fault) == SK_OK ? 0 : -1;
}

static int down(void **state)
{
	(void)state;
	sk_custody_replay_free(world.replay);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_day_is_kept_as_long_as_the_policy_of_its_day_says, up, down),
		cmocka_unit_test_setup_teardown(a_reidentification_is_granted_by_those_whom_the_policy_of_its_day_names, up, down),
		cmocka_unit_test_setup_teardown(nobody_but_the_centre_ends_it, up, down),
	};
	return cmocka_run_group_tests(tests, group_up, group_down);
}
