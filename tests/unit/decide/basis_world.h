/* SPDX-License-Identifier: Apache-2.0 */
/* People, a policy and acts for the tests of bases: no docket and no keys, for what is judged here is what an act says and who says it. */
#ifndef BASIS_WORLD_H
#define BASIS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "decide/policies.h"
#include "text/text.h"

static const int64_t day_ns = INT64_C(86400000000000);

enum { NCO_ANALYST, NCO_LEGAL, NCO_OPERATOR, NCO_SECOND, OPERATOR_APPROVER, OPERATOR_HAND, CHAIR, DEPUTY, MEMBER_1, MEMBER_2, MEMBER_3, INSPECTOR, POLICE, PEOPLE };
#define ROLE(symbol) (UINT64_C(1) << SK_PERSON_##symbol)
static const struct sk_person people[PEOPLE] = {
	[NCO_ANALYST] = {.account = "anna", .org = "nco", .roles = ROLE(ANALYST), .kind = SK_ORG_NCO},
	[NCO_LEGAL] = {.account = "lena", .org = "nco", .roles = ROLE(LEGAL), .kind = SK_ORG_NCO},
	[NCO_OPERATOR] = {.account = "otto", .org = "nco", .roles = ROLE(OPERATOR), .kind = SK_ORG_NCO},
	[NCO_SECOND] = {.account = "arno", .org = "nco", .roles = ROLE(ANALYST), .kind = SK_ORG_NCO},
	[OPERATOR_APPROVER] = {.account = "petra", .org = "power-1", .roles = ROLE(APPROVER), .kind = SK_ORG_OPERATOR},
	[OPERATOR_HAND] = {.account = "hans", .org = "power-1", .roles = ROLE(OPERATOR), .kind = SK_ORG_OPERATOR},
	[CHAIR] = {.account = "chair", .org = "panel", .roles = ROLE(OVERSIGHT_CHAIR), .oversight = true, .kind = SK_ORG_OVERSIGHT},
	[DEPUTY] = {.account = "deputy", .org = "panel", .roles = ROLE(OVERSIGHT_DEPUTY), .oversight = true, .kind = SK_ORG_OVERSIGHT},
	[MEMBER_1] = {.account = "m1", .org = "panel", .roles = ROLE(OVERSIGHT_MEMBER), .oversight = true, .kind = SK_ORG_OVERSIGHT},
	[MEMBER_2] = {.account = "m2", .org = "panel", .roles = ROLE(OVERSIGHT_MEMBER), .oversight = true, .kind = SK_ORG_OVERSIGHT},
	[MEMBER_3] = {.account = "m3", .org = "panel", .roles = ROLE(OVERSIGHT_MEMBER), .oversight = true, .kind = SK_ORG_OVERSIGHT},
	[INSPECTOR] = {.account = "ines", .org = "panel", .roles = ROLE(OVERSIGHT_INSPECTOR), .oversight = true, .kind = SK_ORG_OVERSIGHT},
	[POLICE] = {.account = "paul", .org = "police", .roles = ROLE(APPROVER), .kind = SK_ORG_NPA},
};

/* LAW.md 3's rows of bases as far as these people go; test_bases.c asks the real register. */
static inline enum sk_err may(void *context, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault)
{
	(void)context, (void)now_ns;
	bool nco = person->kind == SK_ORG_NCO, operator_ = person->kind == SK_ORG_OPERATOR, seated = (person->roles & (ROLE(OVERSIGHT_CHAIR) | ROLE(OVERSIGHT_DEPUTY) | ROLE(OVERSIGHT_MEMBER))) != 0;
	bool good = false;
	if (strcmp(activity, "basis.request") == 0 || strcmp(activity, "basis.extend.request") == 0 || strcmp(activity, "basis.review") == 0 || strcmp(activity, "basis.activate") == 0 ||
	    strcmp(activity, "basis.suspend.fault") == 0 || strcmp(activity, "selector.change") == 0)
		good = nco;
	else if (strcmp(activity, "basis.request.agreement") == 0 || strcmp(activity, "basis.review.agreement") == 0 || strcmp(activity, "basis.activate.agreement") == 0 ||
		 strcmp(activity, "basis.terminate.agreement") == 0 || strcmp(activity, "basis.suspend.partner") == 0 || strcmp(activity, "basis.resume.partner") == 0)
		good = nco || operator_;
	else if (strcmp(activity, "basis.approve") == 0 || strcmp(activity, "basis.refuse") == 0 || strcmp(activity, "basis.extend") == 0 || strcmp(activity, "basis.resume") == 0)
		good = seated || person->kind == SK_ORG_NPA; /* so that the room's own check of seats is what refuses the police */
	else if (strcmp(activity, "basis.suspend") == 0)
		good = person->oversight;
	else if (strcmp(activity, "basis.consent") == 0)
		good = operator_;
	else if (strcmp(activity, "basis.terminate") == 0)
		good = nco || person->oversight;
	else if (strcmp(activity, "basis.expire") == 0)
		good = true;
	else if (strcmp(activity, "policy.load") == 0)
		good = (person->roles & ROLE(LEGAL)) != 0;
	else if (strcmp(activity, "policy.ack") == 0)
		good = seated;
	return good ? SK_OK : sk_fault_set(fault, SK_EPERMIT, "%s may not %s", person->account, activity);
}

static inline struct sk_law *law_of_file(const char *name)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_law *law = NULL;
	struct sk_fault fault;
	(void)snprintf(path, sizeof path, "%s/policy/%s.yaml", SK_SOURCE_ROOT, name);
	sk_buf_init(&text, SK_LAW_FILE_MAX);
	if (sk_file_read(path, &text, &fault) != SK_OK || sk_law_parse(path, text.bytes, text.length, sk_decide_bounds(), &law, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_buf_fini(&text);
	return law;
}

/* A basis of a kind, as a lawful request of profile jp-2025 has it. */
static inline struct sk_basis a_basis(const char *id, const char *kind, enum sk_class class_, int64_t from_ns, int64_t until_ns)
{
	struct sk_basis basis = {.profile = "jp-2025", .role = "none", .classes = SK_CLASS_BIT(class_), .from_ns = from_ns, .until_ns = until_ns, .link_count = 1, .links = {"*"}, .act_count = 1,
				 .target_acts = {"intrusion-of-important-computers"}, .rule = {.kinds = SK_SELECTOR_ADDRESS, .max_entries = 100, .min_prefix_v4 = 32, .min_prefix_v6 = 128}};
	(void)snprintf(basis.id, sizeof basis.id, "%s", id);
	(void)snprintf(basis.kind, sizeof basis.kind, "%s", kind);
	return basis;
}

/* An act whose digest is unlike any other's. */
static inline struct sk_act an_act(const char *id, const char *event, const char *body, int64_t time_ns, const struct sk_law *law)
{
	static uint64_t number;
	struct sk_act act = {.matter = "basis", .time_ns = time_ns, .body = body, .body_length = strlen(body)};
	(void)snprintf(act.id, sizeof act.id, "%s", id);
	(void)snprintf(act.event, sizeof act.event, "%s", event);
	if (law != NULL)
		memcpy(act.policy, law->digest, SK_HASH_BYTES);
	number++;
	memcpy(act.digest, &number, sizeof number);
	return act;
}

#endif
