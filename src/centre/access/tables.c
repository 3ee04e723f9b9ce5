/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of LAW.md 3 as the register asks them: kinds of organisation, roles, cells, words. */
#include "access/access_priv.h"

enum effect { NONE, LEASE, MEMBER };
enum group { FREE, ADMINISTRATION, OVERSIGHT_GROUP, ANALYSIS, APPROVAL };

enum activity {
#define SK_ACTIVITY(symbol, ...) ACTIVITY_##symbol,
#include "access/activities.def"
#undef SK_ACTIVITY
	ACTIVITY_COUNT
};

enum condition {
#define SK_CONDITION(symbol, ...) CONDITION_##symbol,
#include "access/conditions.def"
#undef SK_CONDITION
	CONDITION_COUNT
};

static const struct {
	const char *name;
	const char *cells[SK_ORG_KIND_COUNT];
} activities[] = {
#define SK_ACTIVITY(symbol, name, ...) {name, {__VA_ARGS__}},
#include "access/activities.def"
#undef SK_ACTIVITY
};

static const struct {
	const char *text, *letters;
	enum effect effect;
} conditions[] = {
#define SK_CONDITION(symbol, text, letters, effect) {text, letters, effect},
#include "access/conditions.def"
#undef SK_CONDITION
};

static const struct {
	const char *name;
	bool g1;
} kinds[] = {
#define SK_ORG(symbol, name, g1, title) {name, g1},
#include "access/orgs.def"
#undef SK_ORG
};

#define OVERSIGHT OVERSIGHT_GROUP
static const struct {
	const char *name;
	enum group group;
} roles[] = {
#define SK_PERSON_ROLE(symbol, name, group, title) {name, group},
#include "access/roles.def"
#undef SK_PERSON_ROLE
};
#undef OVERSIGHT

/* Bits of roles, under the plain names that duties.def uses. */
enum {
#define SK_PERSON_ROLE(symbol, ...) symbol = 1 << SK_PERSON_##symbol,
#include "access/roles.def"
#undef SK_PERSON_ROLE
	ANY_ROLE = (1 << SK_PERSON_ROLE_COUNT) - 1
};

enum { NOT = 0, LEASABLE = 1 };

static const struct duty {
	const char *word;
	enum activity row;
	const char *letters;
	enum condition not_as;
	uint64_t roles;
	bool leasable, g1;
} duties[] = {
#define SK_DUTY(word, row, letters, not_as, roles, lease, g1) {word, ACTIVITY_##row, letters, CONDITION_##not_as, roles, lease, g1},
#include "access/duties.def"
#undef SK_DUTY
};

_Static_assert(SK_COUNT(activities) == ACTIVITY_COUNT && SK_COUNT(conditions) == CONDITION_COUNT, "one row each");

const char *sk_org_kind_name(enum sk_org_kind kind)
{
	SK_INVARIANT((unsigned)kind < SK_ORG_KIND_COUNT);
	return kinds[kind].name;
}

enum sk_err sk_org_kind_parse(const char *name, enum sk_org_kind *out)
{
	for (size_t i = 0; i < SK_ORG_KIND_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*out = (enum sk_org_kind)i;
			return SK_OK;
		}
	return SK_EMALFORMED;
}

bool sk_org_kind_g1(enum sk_org_kind kind)
{
	SK_INVARIANT((unsigned)kind < SK_ORG_KIND_COUNT);
	return kinds[kind].g1;
}

const char *sk_person_role_name(enum sk_person_role role)
{
	SK_INVARIANT((unsigned)role < SK_PERSON_ROLE_COUNT);
	return roles[role].name;
}

enum sk_err sk_person_role_parse(const char *name, enum sk_person_role *out)
{
	for (size_t i = 0; i < SK_PERSON_ROLE_COUNT; i++)
		if (strcmp(roles[i].name, name) == 0) {
			*out = (enum sk_person_role)i;
			return SK_OK;
		}
	return SK_EMALFORMED;
}

const char *sk_activity_cell(const char *row, enum sk_org_kind kind)
{
	SK_INVARIANT((unsigned)kind < SK_ORG_KIND_COUNT);
	for (size_t i = 0; i < ACTIVITY_COUNT; i++)
		if (strcmp(activities[i].name, row) == 0)
			return activities[i].cells[kind];
	return NULL;
}

const char *sk_duty_word(size_t i, const char **row)
{
	if (i >= SK_COUNT(duties))
		return NULL;
	*row = activities[duties[i].row].name;
	return duties[i].word;
}

static const struct duty *find_duty(const char *word)
{
	for (size_t i = 0; i < SK_COUNT(duties); i++)
		if (strcmp(duties[i].word, word) == 0)
			return &duties[i];
	return NULL;
}

bool sk_duty_leasable(const char *word)
{
	const struct duty *duty = find_duty(word);
	return duty != NULL && (duty->leasable || duty->g1);
}

/* A cell is letters with '/' between them, then a condition; or a condition alone, which may have letters of its own. "A/receive" and "I/R receive" are both. */
static enum condition parse_cell(const char *cell, char letters[8])
{
	size_t count = 0;
	const char *at = cell;
	while (count < 4 && *at != '\0' && strchr("RACI", *at) != NULL && (at[1] == '\0' || at[1] == ' ' || at[1] == '/')) {
		letters[count++] = *at++;
		if (*at == '\0')
			break;
		at++;
	}
	letters[count] = '\0';
	if (strcmp(at, "-") == 0)
		return CONDITION_NOTHING;
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		if (strcmp(conditions[i].text, at) != 0)
			continue;
		if (count == 0)
			(void)memcpy(letters, conditions[i].letters, strlen(conditions[i].letters) + 1);
		return (enum condition)i;
	}
	/* A cell that the tables cannot read is a bug of ours; the test reads every cell. */
	bool condition_of_activities_def_is_in_conditions_def = false;
	SK_INVARIANT(condition_of_activities_def_is_in_conditions_def);
	return CONDITION_NOTHING;
}

const char *sk_access_condition(const struct sk_person *person, const char *activity)
{
	const struct duty *duty = find_duty(activity);
	char letters[8];
	if (duty == NULL)
		return "";
	return conditions[parse_cell(activities[duty->row].cells[person->kind], letters)].text;
}

static uint64_t roles_of(enum group group)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < SK_PERSON_ROLE_COUNT; i++)
		if (roles[i].group == group)
			bits |= UINT64_C(1) << i;
	return bits;
}

/* rule: ACCESS-2 */
enum sk_err sk_access_roles_fit(uint64_t bits, enum sk_org_kind kind, struct sk_fault *fault)
{
	static const enum group exclusive[] = {ADMINISTRATION, OVERSIGHT_GROUP, ANALYSIS, APPROVAL};
	unsigned groups = 0;
	for (size_t i = 0; i < SK_COUNT(exclusive); i++)
		groups += (bits & roles_of(exclusive[i])) != 0;
	if (groups > 1)
		return sk_fault_set(fault, SK_EPERMIT, "administrator, oversight, analyst and approver exclude each other: one account has roles of one of them");
	bool oversight = (bits & roles_of(OVERSIGHT_GROUP)) != 0, other = (bits & ~roles_of(OVERSIGHT_GROUP)) != 0;
	if (kind == SK_ORG_OVERSIGHT ? other : oversight)
		return sk_fault_set(fault, SK_EPERMIT, "roles of oversight are had in the organisation of oversight, and nothing else is had there");
	return SK_OK;
}

/* The role that the duty asks for, in words. */
static void role_words(const struct duty *duty, char *out, size_t size)
{
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < SK_PERSON_ROLE_COUNT; i++) {
		const char *name = roles[i].name;
		if ((duty->roles >> i & 1) == 0 || at + strlen(name) + 3 > size)
			continue;
		if (at != 0)
			out[at++] = '|';
		memcpy(out + at, name, strlen(name) + 1);
		at += strlen(name);
	}
}

/* A lease lends the role of another only where that role does not exclude those that the person has. */
static bool may_borrow(const struct duty *duty, const struct sk_person *person)
{
	struct sk_fault ignored;
	for (size_t i = 0; i < SK_PERSON_ROLE_COUNT; i++)
		if ((duty->roles >> i & 1) != 0 && sk_access_roles_fit(person->roles | UINT64_C(1) << i, person->kind, &ignored) == SK_OK)
			return true;
	return false;
}

static enum sk_err check_org(const struct sk_access *access, const struct duty *duty, const struct sk_person *person, enum effect *effect, struct sk_fault *fault)
{
	char letters[8];
	const char *cell = activities[duty->row].cells[person->kind], *kind = kinds[person->kind].name;
	/* Beside the table, so that a slip in it opens nothing: who never holds selected information sees none. rule: ACCESS-1 */
	if (duty->g1 && !kinds[person->kind].g1)
		return sk_fault_set(fault, SK_EPERMIT, "%s: %s (%s) never holds selected information", duty->word, person->org, kind);
	enum condition condition = parse_cell(cell, letters);
	if (strpbrk(letters, duty->letters) == NULL || (condition != CONDITION_NOTHING && condition == duty->not_as))
		return sk_fault_set(fault, SK_EPERMIT, "%s: not for %s: for \"%s\" a %s has \"%s\"", duty->word, person->org, activities[duty->row].name, kind, cell);
	*effect = conditions[condition].effect;
	if (*effect == MEMBER) {
		size_t org = sk_access_org(access, person->org);
		if (org == SK_NOBODY || !access->orgs[org].member)
			return sk_fault_set(fault, SK_EPERMIT, "%s: %s is no member of the council", duty->word, person->org);
	}
	return SK_OK;
}

enum sk_err sk_access_may_in(struct sk_access *access, const struct sk_person *person, const char *activity, const char *scope, int64_t now_ns, struct sk_fault *fault)
{
	const struct duty *duty = find_duty(activity);
	enum effect effect;
	if (duty == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "%s: no activity of that name", activity);
	if (person->roles == 0)
		return sk_fault_set(fault, SK_EPERMIT, "%s: %s has no role", activity, person->account);
	SK_TRY(check_org(access, duty, person, &effect, fault));
	bool role = (duty->roles & person->roles) != 0;
	if (role && !(duty->g1 && effect == LEASE))
		return SK_OK;
	if (role || (duty->leasable && may_borrow(duty, person))) {
		size_t account = sk_access_account(access, person->account);
		if (account != SK_NOBODY && sk_access_lease_for(access, account, activity, scope, now_ns) != SK_NOBODY)
			return SK_OK;
		return sk_fault_set(fault, SK_EPERMIT, "%s: %s needs a lease in force%s%s; sekisho access lease request asks for one", activity, person->account,
				    scope != NULL ? " for " : "", scope != NULL ? scope : "");
	}
	char words[160];
	role_words(duty, words, sizeof words);
	return sk_fault_set(fault, SK_EPERMIT, "%s: %s needs the role %s", activity, person->account, words);
}

enum sk_err sk_access_may(struct sk_access *access, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault)
{
	return sk_access_may_in(access, person, activity, NULL, now_ns, fault);
}
