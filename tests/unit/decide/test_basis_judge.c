/* SPDX-License-Identifier: Apache-2.0 */
/* One act of a basis judged: the whole life of a measure and of an agreement, each thing that must be refused, what is published. */
#include "basis_world.h"

static struct sk_law *law;
static struct sk_basis_matter matter;
static struct sk_fault fault;
static struct sk_act_facts facts;
static int64_t now;
static enum sk_profile profile = SK_PROFILE_JP_2025;

static enum sk_err act(int who, const char *event, const char *body)
{
	const struct sk_basis_court court = {.law = law, .profile = profile, .may = may};
	struct sk_act made = an_act("B-1", event, body, now, law);
	struct sk_basis_matter before = matter;
	fault.line[0] = '\0';
	enum sk_err err = sk_basis_judge(&matter, &made, who == PEOPLE ? NULL : &people[who], &court, &facts, &fault);
	/* What is refused changes nothing. */
	if (err != SK_OK)
		assert_memory_equal(&before, &matter, sizeof matter);
	return err;
}

static enum sk_err request_as(int who, const char *event, struct sk_basis *basis, const char *means, const char *partner)
{
	struct sk_buf body;
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	assert_int_equal(sk_basis_request_body(basis, "find who controls it", means, partner, &body, &fault), SK_OK);
	enum sk_err err = act(who, event, sk_buf_text(&body));
	sk_buf_fini(&body);
	return err;
}

static enum sk_err request(const char *kind, enum sk_class class_, int64_t until_ns, const char *partner)
{
	struct sk_basis basis = a_basis("B-1", kind, class_, now, until_ns);
	return request_as(NCO_ANALYST, "request", &basis, "no other means shows it", partner);
}

static enum sk_err vote(int who, bool aye)
{
	struct sk_buf body;
	sk_buf_init(&body, 4096);
	sk_basis_vote_body(matter.text, aye ? "" : "not needed", &body);
	enum sk_err err = act(who, aye ? "approve" : "refuse", sk_buf_text(&body));
	sk_buf_fini(&body);
	return err;
}

static enum sk_err consent(int who, const char *to)
{
	struct sk_buf body;
	sk_buf_init(&body, 4096);
	sk_basis_consent_body(matter.text, to, &body);
	enum sk_err err = act(who, "consent", sk_buf_text(&body));
	sk_buf_fini(&body);
	return err;
}

static enum sk_err suspend(int who, const char *event, enum sk_suspender by)
{
	struct sk_buf body;
	sk_buf_init(&body, 4096);
	sk_basis_suspend_body(by, "because", &body);
	enum sk_err err = act(who, event, sk_buf_text(&body));
	sk_buf_fini(&body);
	return err;
}

static enum sk_err activate(int who)
{
	struct sk_buf body;
	sk_buf_init(&body, 4096);
	sk_basis_activate_body(matter.basis.digest, &body);
	enum sk_err err = act(who, "activate", sk_buf_text(&body));
	sk_buf_fini(&body);
	return err;
}

static enum sk_err extend(int who, int64_t until_ns)
{
	struct sk_buf body;
	sk_buf_init(&body, 4096);
	sk_basis_extend_body(until_ns, "still needed", &body);
	enum sk_err err = act(who, "extend", sk_buf_text(&body));
	sk_buf_fini(&body);
	return err;
}

static enum sk_err selectors(int who, const struct sk_set_facts *set)
{
	struct sk_buf body;
	sk_buf_init(&body, 4096);
	sk_basis_selectors_body(set, &body);
	enum sk_err err = act(who, "selectors", sk_buf_text(&body));
	sk_buf_fini(&body);
	return err;
}

static void good(enum sk_err err)
{
	if (err != SK_OK)
		fail_msg("%s", fault.line);
}

static void refused(enum sk_err err, enum sk_err expected, const char *words)
{
	if (err != expected || strstr(fault.line, words) == NULL)
		fail_msg("error %d, '%s'; expected %d, '%s'", (int)err, fault.line, (int)expected, words);
}

/* A fresh matter at noon of the first day on which the law is in force. */
static int fresh(void **state)
{
	(void)state;
	memset(&matter, 0, sizeof matter);
	profile = SK_PROFILE_JP_2025;
	return sk_time_parse("2027-12-01T12:00:00Z", &now) == SK_OK ? 0 : 1;
}

static void to_review(const char *kind, enum sk_class class_)
{
	good(request(kind, class_, now + 60 * day_ns, strcmp(kind, "agreement") == 0 ? "power-1" : ""));
	good(act(NCO_LEGAL, "review", "{\"why\":\"\"}"));
}

static void to_active(void)
{
	to_review("ff", SK_CLASS_FF);
	good(vote(CHAIR, true));
	good(vote(MEMBER_1, true));
	good(vote(MEMBER_2, true));
	good(activate(NCO_OPERATOR));
}

static void test_life(void **state)
{
	(void)state;
	int64_t end = now + 60 * day_ns;
	good(request("ff", SK_CLASS_FF, end, ""));
	assert_int_equal(matter.stage, SK_STAGE_DRAFT);
	assert_string_equal(facts.from, "");
	assert_string_equal(facts.to, "draft");
	assert_string_equal(facts.words[0], "kind.ff");
	good(act(NCO_LEGAL, "review", "{\"why\":\"lawful\"}"));
	good(vote(MEMBER_1, true));
	assert_int_equal(matter.stage, SK_STAGE_REVIEW);
	good(vote(MEMBER_2, false));
	good(vote(CHAIR, true));
	assert_int_equal(matter.stage, SK_STAGE_APPROVED);
	assert_string_equal(facts.counts[0].name, "ayes");
	assert_int_equal(facts.counts[0].frames, 2);
	assert_int_equal(facts.counts[1].frames, 1);
	assert_string_equal(facts.words[1], "outcome.carried");
	good(activate(NCO_OPERATOR));
	assert_true(sk_stage_collects(matter.stage));
	/* A longer time is approved apart. */
	now += 30 * day_ns;
	uint8_t digest[SK_HASH_BYTES];
	memcpy(digest, matter.basis.digest, sizeof digest);
	good(extend(NCO_ANALYST, end + 30 * day_ns));
	assert_int_equal(matter.vote_count, 0);
	good(vote(CHAIR, true));
	good(vote(DEPUTY, true));
	assert_int_equal(matter.basis.until_ns, end);
	good(vote(MEMBER_3, true));
	assert_int_equal(matter.stage, SK_STAGE_EXTENDED);
	assert_int_equal(matter.basis.until_ns, end + 30 * day_ns);
	assert_int_equal(matter.extensions, 1);
	assert_memory_not_equal(digest, matter.basis.digest, SK_HASH_BYTES);
	assert_string_equal(facts.words[0], "extension");
	/* Suspended by two, resumed by both, activated anew. */
	good(suspend(INSPECTOR, "suspend", SK_SUSPENDED_BY_OVERSIGHT));
	assert_false(sk_stage_collects(matter.stage));
	assert_string_equal(facts.words[0], "by.oversight");
	good(suspend(PEOPLE, "suspend", SK_SUSPENDED_BY_FAULT)); /* the centre itself */
	good(suspend(CHAIR, "resume", SK_SUSPENDED_BY_OVERSIGHT));
	assert_int_equal(matter.stage, SK_STAGE_SUSPENDED);
	good(suspend(NCO_OPERATOR, "resume", SK_SUSPENDED_BY_FAULT));
	assert_int_equal(matter.stage, SK_STAGE_APPROVED);
	good(activate(NCO_OPERATOR));
	/* And over. */
	refused(act(PEOPLE, "expire", "{}"), SK_EFUTURE, "its time is over at");
	now = matter.basis.until_ns;
	good(act(PEOPLE, "expire", "{}"));
	assert_int_equal(matter.stage, SK_STAGE_EXPIRED);
	refused(activate(NCO_OPERATOR), SK_ESTAGE, "is at stage expired");
}

//= rule: BASIS-6
static void test_requests_refused(void **state)
{
	(void)state;
	struct sk_basis basis = a_basis("B-1", "ff", SK_CLASS_FF, now, now + 60 * day_ns), base = basis;
	refused(request_as(POLICE, "request", &basis, "none", ""), SK_EPERMIT, "paul may not basis.request");
	refused(request_as(NCO_ANALYST, "request", &basis, "", ""), SK_EMALFORMED, "why other means are markedly insufficient");
	refused(request_as(NCO_ANALYST, "request", &basis, "none", "power-1"), SK_EMALFORMED, "partner");
	basis.classes |= SK_CLASS_BIT(SK_CLASS_FD);
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_ECLASS, "class FD");
	basis = base;
	basis.rule.min_prefix_v4 = 0;
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_ESETRULE, "its rule allows prefixes of /0");
	basis = base;
	basis.rule.min_prefix_v6 = 0;
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_ESETRULE, "/0");
	basis = base;
	basis.rule.max_entries = 0;
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_ESETRULE, "allows 0 selectors");
	basis = base;
	basis.rule.kinds |= SK_SELECTOR_FLOW_ALL;
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_ESETRULE, "flow.all");
	basis = base;
	basis.names = true;
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_EBASISBAD, "full names");
	basis = base;
	basis.until_ns = now + 200 * day_ns;
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_ELAW, "lasts 6mo at most");
	basis = base;
	basis.from_ns = now - day_ns;
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_EUSAGE, "nobody approves what was");
	basis = base;
	(void)snprintf(basis.role, sizeof basis.role, "party");
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_EBASISBAD, "role 'party'");
	basis = base;
	(void)snprintf(basis.kind, sizeof basis.kind, "own_network");
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_EBASISBAD, "not allowed under profile");
	basis = base;
	(void)snprintf(basis.id, sizeof basis.id, "B-2");
	refused(request_as(NCO_ANALYST, "request", &basis, "none", ""), SK_EMALFORMED, "the matter's own");
	/* A rule without kinds has no text at all. */
	struct sk_buf body;
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	base.rule.kinds = 0;
	assert_int_equal(sk_basis_request_body(&base, "p", "o", "", &body, &fault), SK_EUSAGE);
	sk_buf_fini(&body);
	/* Something that is not known here, and another form. */
	refused(act(NCO_ANALYST, "request", "{}"), SK_EMALFORMED, "basis");
	good(request("ff", SK_CLASS_FF, now + 60 * day_ns, ""));
	refused(act(NCO_LEGAL, "review", "{\"and\":1,\"why\":\"\"}"), SK_EMALFORMED, "not known here");
	refused(act(NCO_LEGAL, "review", "{ }"), SK_EMALFORMED, "");
	refused(act(PEOPLE, "review", "{\"why\":\"\"}"), SK_EPERMIT, "the centre's own key");
	refused(act(NCO_LEGAL, "vanish", "{}"), SK_EUSAGE, "no step of a basis");
}

static void test_not_in_force(void **state)
{
	(void)state;
	assert_int_equal(sk_time_parse("2026-11-30T12:00:00Z", &now), SK_OK);
	refused(request("ff", SK_CLASS_FF, now + 60 * day_ns, ""), SK_ELAW, "not in force before 2027-11-22");
	/* A laboratory simulates, and says so. */
	profile = SK_PROFILE_LAB;
	struct sk_basis basis = a_basis("B-1", "ff", SK_CLASS_FF, now, now + 60 * day_ns);
	(void)snprintf(basis.profile, sizeof basis.profile, "lab");
	basis.simulated = true;
	good(request_as(NCO_ANALYST, "request", &basis, "none", ""));
	assert_string_equal(facts.words[1], "simulated");
	/* No policy, nothing. */
	struct sk_law *kept = law;
	law = NULL;
	refused(act(NCO_LEGAL, "review", "{\"why\":\"\"}"), SK_ENOENT, "no policy is in force");
	law = kept;
}

static void test_votes(void **state)
{
	(void)state;
	to_review("ff", SK_CLASS_FF);
	refused(vote(POLICE, true), SK_EPERMIT, "is no chair, deputy or member of oversight");
	refused(vote(INSPECTOR, true), SK_EPERMIT, "");
	refused(vote(NCO_SECOND, true), SK_EPERMIT, "");
	good(vote(MEMBER_1, true));
	refused(vote(MEMBER_1, true), SK_ESEEN, "one person, one vote");
	refused(vote(MEMBER_1, false), SK_ESEEN, "one person, one vote");
	refused(act(CHAIR, "refuse", "{\"text\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"why\":\"x\"}"), SK_EUSAGE, "another text");
	good(vote(MEMBER_2, true));
	good(vote(MEMBER_3, true));
	assert_int_equal(matter.stage, SK_STAGE_REVIEW); /* three ayes, and nobody in the chair */
	refused(activate(NCO_OPERATOR), SK_ESTAGE, "is at stage review");
	/* An edit voids them all. */
	struct sk_basis basis = matter.basis;
	basis.rule.max_entries = 50;
	uint8_t old_text[SK_HASH_BYTES];
	memcpy(old_text, matter.text, sizeof old_text);
	basis.from_ns = now;
	good(request_as(NCO_SECOND, "edit", &basis, "none", ""));
	assert_int_equal(matter.stage, SK_STAGE_DRAFT);
	assert_int_equal(matter.vote_count, 0);
	good(act(NCO_LEGAL, "review", "{\"why\":\"\"}"));
	struct sk_buf body;
	sk_buf_init(&body, 4096);
	sk_basis_vote_body(old_text, "", &body);
	refused(act(CHAIR, "approve", sk_buf_text(&body)), SK_EUSAGE, "another text");
	sk_buf_fini(&body);
	/* A tie is the chair's. */
	good(vote(MEMBER_1, false));
	good(vote(MEMBER_2, false));
	good(vote(MEMBER_3, true));
	assert_int_equal(matter.stage, SK_STAGE_REVIEW);
	good(vote(CHAIR, true));
	assert_int_equal(matter.stage, SK_STAGE_APPROVED);
}

static void test_refusal(void **state)
{
	(void)state;
	to_review("df", SK_CLASS_DF);
	refused(act(CHAIR, "refuse", "{\"text\":\"00\",\"why\":\"\"}"), SK_EMALFORMED, "who votes against says why");
	good(vote(DEPUTY, false));
	good(vote(MEMBER_1, true));
	good(vote(MEMBER_2, false));
	assert_int_equal(matter.stage, SK_STAGE_REFUSED);
	assert_true(sk_stage_over(matter.stage));
	refused(vote(CHAIR, true), SK_ESTAGE, "is at stage refused");
}

static void test_agreement(void **state)
{
	(void)state;
	to_review("agreement", SK_CLASS_FD);
	refused(vote(CHAIR, true), SK_ESTAGE, "an agreement is not voted on");
	refused(consent(NCO_LEGAL, "agreement"), SK_EPERMIT, "the other party consents");
	refused(consent(POLICE, "agreement"), SK_EPERMIT, "is no party to it");
	refused(consent(OPERATOR_APPROVER, "extension"), SK_EMALFORMED, "agreement: that is what is before the partner");
	good(consent(OPERATOR_APPROVER, "agreement"));
	assert_int_equal(matter.stage, SK_STAGE_APPROVED);
	assert_false(matter.may_provide);
	good(activate(NCO_OPERATOR));
	/* The further gate, given and taken back. */
	refused(consent(NCO_LEGAL, "provision"), SK_EPERMIT, "");
	good(consent(OPERATOR_APPROVER, "provision"));
	assert_true(matter.may_provide);
	good(consent(OPERATOR_APPROVER, "no_provision"));
	assert_false(matter.may_provide);
	/* A longer time: whoever asks, the other consents. */
	good(extend(OPERATOR_HAND, matter.basis.until_ns + day_ns));
	refused(consent(OPERATOR_APPROVER, "extension"), SK_EPERMIT, "the other party consents");
	good(consent(NCO_ANALYST, "extension"));
	assert_int_equal(matter.stage, SK_STAGE_EXTENDED);
	/* Stopped and ended by the partner, at once. */
	good(suspend(OPERATOR_HAND, "suspend", SK_SUSPENDED_BY_PARTNER));
	refused(suspend(CHAIR, "resume", SK_SUSPENDED_BY_OVERSIGHT), SK_ESTAGE, "not suspended by oversight");
	good(act(OPERATOR_HAND, "terminate", "{\"why\":\"we leave\"}"));
	assert_int_equal(matter.stage, SK_STAGE_TERMINATED);
}

static void test_in_use(void **state)
{
	(void)state;
	to_active();
	struct sk_set_facts set = {.digest = {1}, .kinds = SK_SELECTOR_ADDRESS, .entries = 100, .shortest_v4 = 32, .shortest_v6 = 128}, wrong = set;
	good(selectors(NCO_ANALYST, &set));
	assert_true(matter.has_set);
	assert_int_equal(facts.counts[0].frames, 100);
	wrong.entries = 101;
	refused(selectors(NCO_ANALYST, &wrong), SK_ESETRULE, "has 101 entries, its rule allows 100");
	wrong = set;
	wrong.kinds = SK_SELECTOR_DOMAIN;
	refused(selectors(NCO_ANALYST, &wrong), SK_ESETRULE, "kind domain");
	wrong = set;
	wrong.shortest_v4 = 24;
	refused(selectors(NCO_ANALYST, &wrong), SK_ESETRULE, "/24");
	/* Extensions within the law's figure, and later. */
	refused(extend(NCO_ANALYST, matter.basis.until_ns), SK_EUSAGE, "expected a later end");
	refused(extend(NCO_ANALYST, matter.basis.until_ns + 200 * day_ns), SK_ELAW, "adds 6mo at most");
	refused(extend(OPERATOR_HAND, matter.basis.until_ns + day_ns), SK_EPERMIT, "");
	good(extend(NCO_ANALYST, matter.basis.until_ns + day_ns));
	good(vote(CHAIR, false));
	good(vote(MEMBER_1, false));
	good(vote(MEMBER_2, true));
	assert_int_equal(matter.stage, SK_STAGE_ACTIVE);
	assert_int_equal(matter.extensions, 0);
	/* Who may stop it. */
	refused(suspend(NCO_OPERATOR, "suspend", SK_SUSPENDED_BY_OVERSIGHT), SK_EPERMIT, "only oversight");
	refused(suspend(OPERATOR_HAND, "suspend", SK_SUSPENDED_BY_PARTNER), SK_EPERMIT, "only a party to an agreement");
	refused(act(OPERATOR_HAND, "terminate", "{\"why\":\"x\"}"), SK_EPERMIT, "");
	refused(act(PEOPLE, "terminate", "{\"why\":\"x\"}"), SK_EPERMIT, "the centre's own key");
	good(suspend(INSPECTOR, "suspend", SK_SUSPENDED_BY_OVERSIGHT));
	refused(suspend(CHAIR, "suspend", SK_SUSPENDED_BY_OVERSIGHT), SK_ESEEN, "already");
	refused(suspend(NCO_OPERATOR, "resume", SK_SUSPENDED_BY_OVERSIGHT), SK_EPERMIT, "only oversight");
	refused(suspend(INSPECTOR, "resume", SK_SUSPENDED_BY_OVERSIGHT), SK_EPERMIT, "may not basis.resume");
	/* Activation binds what was approved, within its dates. */
	good(suspend(CHAIR, "resume", SK_SUSPENDED_BY_OVERSIGHT));
	refused(act(NCO_OPERATOR, "activate", "{\"basis\":\"0000000000000000000000000000000000000000000000000000000000000000\"}"), SK_EUSAGE, "not what was approved");
	now = matter.basis.until_ns;
	refused(activate(NCO_OPERATOR), SK_EEXPIRED, "");
	now -= 2;
	good(activate(NCO_OPERATOR));
	now -= 1;
	refused(suspend(PEOPLE, "suspend", SK_SUSPENDED_BY_FAULT), SK_EUSAGE, "is a clock wrong?");
}

static int start(void **state)
{
	(void)state;
	if (sk_seal_start() != SK_OK)
		return 1;
	law = law_of_file("jp-2025");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	sk_law_free(law);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_life, fresh), cmocka_unit_test_setup(test_requests_refused, fresh), cmocka_unit_test_setup(test_not_in_force, fresh),
		cmocka_unit_test_setup(test_votes, fresh), cmocka_unit_test_setup(test_refusal, fresh), cmocka_unit_test_setup(test_agreement, fresh),
		cmocka_unit_test_setup(test_in_use, fresh),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
