/* SPDX-License-Identifier: Apache-2.0 */
/* A million random acts on days of selected information (G1) by random people: whatever comes, none ends in the hands of an organisation that may not have it. Beside the room stands a
   second book, which knows LAW.md 3 ("read G1 selected") and 1.4 (C11) by itself. The twins break what the room is told or asks, and the book must find each. rule: CUSTODY-8 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/list.h"
#include "custody/custody.h"
#include "text/text.h"

enum { STEPS = 1000000, TWIN_STEPS = 20000, DAYS = 64, STATE_MAX = SK_ACT_WORD_MAX };
enum sabotage { NOTHING, EVERY_KIND_MAY_HOLD, CONSENT_IS_TAKEN_FOR_GRANTED, ORGANISATIONS_CHANGE_PLACES };
static const int64_t noon_ns = 1795348800000000000; /* 2026-11-22T12:00:00Z */

/* Fixed by LAW.md 3: A always where it was provided, P the partner of the agreement alone, - never. */
static const struct {
	const char *kind;
	char may;
} law[] = {{"nco", 'A'},  {"npa", 'A'},    {"mod", 'A'},        {"oversight", '-'}, {"council", '-'}, {"operator", 'P'},        {"carrier", '-'},    {"mofa", '-'},
	   {"ally", '-'}, {"vendor", '-'}, {"researcher", '-'}, {"ministry", '-'},  {"nss", '-'},     {"outsourced_body", '-'}, {"own_network", 'A'}};
enum { KINDS = sizeof law / sizeof law[0], ORGS = 2 * KINDS };

static struct {
	enum sabotage sabotage;
	uint64_t random;
	char state[DAYS][STATE_MAX];
	char signer_org[SK_MATTER_ID_MAX];
	size_t day;
} world;

static uint64_t any(uint64_t below)
{
	world.random ^= world.random << 13;
	world.random ^= world.random >> 7;
	world.random ^= world.random << 17;
	return world.random % below;
}

/* Two organisations of each kind: "ally-0", "ally-1". */
static const char *org_name(size_t i, char text[SK_MATTER_ID_MAX])
{
	(void)snprintf(text, SK_MATTER_ID_MAX, "%s-%zu", law[i % KINDS].kind, i / KINDS);
	return text;
}

/* ---- what stands behind the room, told by the model ---- */

enum sk_err __wrap_sk_access_who(struct sk_access *access, const char *note, size_t length, int64_t now_ns, struct sk_person *out, struct sk_fault *fault);
enum sk_err __wrap_sk_access_may(struct sk_access *access, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault);
void __wrap_sk_access_each_org(const struct sk_access *access, void (*visit)(void *context, const struct sk_org_view *org), void *context);
bool __wrap_sk_org_kind_g1(enum sk_org_kind kind);
bool __real_sk_org_kind_g1(enum sk_org_kind kind);
enum sk_err __wrap_sk_docket_last(struct sk_docket *docket, const char *matter, const char *id, uint8_t digest[SK_HASH_BYTES], char state[SK_ACT_WORD_MAX], bool *found, struct sk_fault *fault);

enum sk_err __wrap_sk_access_who(struct sk_access *access, const char *note, size_t length, int64_t now_ns, struct sk_person *out, struct sk_fault *fault)
{
	(void)access, (void)note, (void)length, (void)now_ns, (void)fault;
	memset(out, 0, sizeof *out);
	(void)snprintf(out->account, sizeof out->account, "somebody");
	(void)snprintf(out->org, sizeof out->org, "%s", world.signer_org);
	return SK_OK;
}

/* Who may hand something on is another table's matter (test_activities); here everybody may try. */
enum sk_err __wrap_sk_access_may(struct sk_access *access, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault)
{
	(void)access, (void)person, (void)activity, (void)now_ns, (void)fault;
	return SK_OK;
}

void __wrap_sk_access_each_org(const struct sk_access *access, void (*visit)(void *context, const struct sk_org_view *org), void *context)
{
	(void)access;
	for (size_t i = 0; i < ORGS; i++) {
		char id[SK_MATTER_ID_MAX];
		struct sk_org_view view = {.id = org_name(i, id), .title = id};
		size_t kind = world.sabotage == ORGANISATIONS_CHANGE_PLACES ? (i + 1) % KINDS : i % KINDS;
		assert_int_equal(sk_org_kind_parse(law[kind].kind, &view.kind), SK_OK);
		visit(context, &view);
	}
}

bool __wrap_sk_org_kind_g1(enum sk_org_kind kind)
{
	return world.sabotage == EVERY_KIND_MAY_HOLD || __real_sk_org_kind_g1(kind);
}

enum sk_err __wrap_sk_docket_last(struct sk_docket *docket, const char *matter, const char *id, uint8_t digest[SK_HASH_BYTES], char state[SK_ACT_WORD_MAX], bool *found, struct sk_fault *fault)
{
	(void)docket, (void)matter, (void)id, (void)fault;
	memset(digest, 0, SK_HASH_BYTES);
	(void)snprintf(state, SK_ACT_WORD_MAX, "%s", world.state[world.day]);
	*found = state[0] != '\0';
	return SK_OK;
}

/* ---- the walk ---- */

/* May it have the day, by the book? */
static bool may_have(size_t org, const struct sk_provision *said)
{
	char id[SK_MATTER_ID_MAX];
	bool partner = said->agreement && strcmp(said->partner, org_name(org, id)) == 0;
	char may = law[org % KINDS].may;
	if (may == '-' || (may == 'P' && !partner))
		return false;
	return !said->agreement || said->consented || partner;
}

/* One act; false when it was allowed and should not have been. *given counts days that were handed on. */
static bool one_step(uint64_t *given)
{
	static const char *const events[] = {"provide", "provide", "provide", "open", "confirm"};
	struct sk_handing handing = {.until_ns = noon_ns + 3600000000000};
	struct sk_provision truth = {.agreement = any(2) == 0, .consented = any(2) == 0}, told;
	struct sk_act act = {.time_ns = noon_ns};
	struct sk_act_facts facts;
	struct sk_person person;
	struct sk_fault fault;
	struct sk_buf body;
	size_t recipient = any(ORGS + 1), partner = any(3) == 0 ? recipient : any(ORGS);
	world.day = any(DAYS);
	if (any(40) == 0)
		world.state[world.day][0] = '\0'; /* another day altogether */
	else if (any(60) == 0)
		(void)snprintf(world.state[world.day], STATE_MAX, "%s", any(2) == 0 ? "erasing" : "erased");
	(void)org_name(partner % ORGS, truth.partner);
	if (!truth.agreement)
		truth.partner[0] = '\0';
	told = truth;
	if (world.sabotage == CONSENT_IS_TAKEN_FOR_GRANTED)
		told.consented = true;
	(void)org_name(any(ORGS), world.signer_org);
	(void)snprintf(handing.basis, sizeof handing.basis, "basis-%zu", world.day);
	(void)snprintf(handing.day, sizeof handing.day, "2026-11-%02zu", 1 + world.day % 22);
	(void)snprintf(handing.why, sizeof handing.why, "%s", any(8) == 0 ? "" : "case 7");
	if (recipient < ORGS)
		(void)org_name(recipient, handing.org);
	else
		(void)snprintf(handing.org, sizeof handing.org, "%s", any(2) == 0 ? "" : "nobody-knows");
	(void)snprintf(act.matter, sizeof act.matter, "retention");
	(void)snprintf(act.event, sizeof act.event, "%s", events[any(SK_COUNT(events))]);
	sk_retention_id(handing.basis, handing.day, act.id);
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_handing_write(&handing, &body);
	act.body = sk_buf_text(&body);
	act.body_length = body.length;
	enum sk_err err = sk_retention_judge(NULL, NULL, &told, "", 0, &act, noon_ns, &person, &facts, &fault);
	bool good = true;
	if (err == SK_OK) {
		assert_string_equal(facts.from, world.state[world.day]);
		(void)snprintf(world.state[world.day], STATE_MAX, "%s", facts.to);
		if (strcmp(act.event, "provide") == 0) {
			(*given)++;
			good = recipient < ORGS && handing.why[0] != '\0' && may_have(recipient, &truth);
		}
	}
	sk_buf_fini(&body);
	return good;
}

static uint64_t walk(enum sabotage sabotage, uint64_t steps, uint64_t *given)
{
	uint64_t wrong = 0;
	memset(&world, 0, sizeof world);
	world.sabotage = sabotage;
	world.random = 0x5eed5eed5eed5eedULL + (uint64_t)sabotage;
	*given = 0;
	for (uint64_t i = 0; i < steps; i++)
		wrong += !one_step(given);
	return wrong;
}

static void no_day_comes_into_wrong_hands(void **state)
{
	uint64_t given;
	(void)state;
	assert_int_equal(walk(NOTHING, STEPS, &given), 0);
	assert_true(given > STEPS / 50); /* a walk in which nothing is allowed shows nothing */
	print_message("%d acts, %llu days handed on\n", STEPS, (unsigned long long)given);
}

static void each_sabotage_is_found(void **state)
{
	uint64_t given;
	(void)state;
	for (enum sabotage sabotage = EVERY_KIND_MAY_HOLD; sabotage <= ORGANISATIONS_CHANGE_PLACES; sabotage++)
		assert_true(walk(sabotage, TWIN_STEPS, &given) > 0);
}

/* Everybody who may be handed a day is, with and without an agreement: the rules are not only refusals. */
static void every_cell(void **state)
{
	(void)state;
	for (size_t org = 0; org < KINDS; org++) {
		enum sk_org_kind kind;
		assert_int_equal(sk_org_kind_parse(law[org].kind, &kind), SK_OK);
		if (law[org].may != '-')
			assert_true(sk_org_kind_g1(kind));
	}
	assert_int_equal(KINDS, SK_ORG_KIND_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_cell), cmocka_unit_test(no_day_comes_into_wrong_hands), cmocka_unit_test(each_sabotage_is_found)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
