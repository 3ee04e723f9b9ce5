/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

/* An evidence tag that is not one of these does not compile: no statement of law stands without one (LAW.md, evidence tags). */
#define EVIDENCE_P "P"     /* primary text read */
#define EVIDENCE_X "X"     /* inferred from a primary text */
#define EVIDENCE_S "S"     /* secondary source */
#define EVIDENCE_B "B"     /* background knowledge, not checked */
#define EVIDENCE_OWN "own" /* our own design, no statement of law */

static const int64_t ns_per_second = 1000000000;

struct basis_row {
	const char *name;
	bool eligible[SK_CLASS_COUNT];
};

//= rule: GATE-3
static const struct basis_row matrix[] = {
#define SK_MATRIX(symbol, name, ff, fd, df, dd, unknown, evidence, source) \
	[SK_BASIS_##symbol] = {name, \
			       {[SK_CLASS_FF] = ff, [SK_CLASS_FD] = fd, [SK_CLASS_DF] = df, [SK_CLASS_DD] = dd, [SK_CLASS_UNKNOWN] = unknown}},
#include "policy/matrix.def"
#undef SK_MATRIX
};

struct profile_row {
	const char *name;
	bool allows[SK_BASIS_KIND_COUNT];
	int64_t from_seconds;
};

static const struct profile_row profiles[] = {
#define SK_PROFILE(symbol, name, agreement, ff, fd, df, own_network, lab, from, from_text, evidence, note) \
	[SK_PROFILE_##symbol] = {name, \
				 {[SK_BASIS_AGREEMENT] = agreement, [SK_BASIS_FF] = ff, [SK_BASIS_FD] = fd, [SK_BASIS_DF] = df, \
				  [SK_BASIS_OWN_NETWORK] = own_network, [SK_BASIS_LAB] = lab}, \
				 from},
#include "policy/profile.def"
#undef SK_PROFILE
};

static const char *const roles[] = {
#define SK_ROLE(symbol, name, note) [SK_ROLE_##symbol] = name,
#include "policy/policy.def"
#undef SK_ROLE
};

enum permit { PERMIT_FLOW_ALL, PERMIT_EXPORTS, PERMIT_FRAMES, PERMIT_NAMES, PERMIT_BORDER_OVERRIDE, PERMIT_DETECTOR_SHORT, PERMIT_DETECTOR_LONG };

struct permit_row {
	enum permit what;
	enum sk_basis_kind kind;
	enum sk_role role; /* SK_ROLE_NONE = any */
};

static const struct permit_row permits[] = {
#define SK_PERMIT(what, name, kind, role, evidence, source) {PERMIT_##what, SK_BASIS_##kind, SK_ROLE_##role},
#include "policy/policy.def"
#undef SK_PERMIT
};

enum {
#define SK_NUMBER(symbol, name, value, unit, evidence, note) NUMBER_##symbol = (value),
#include "policy/policy.def"
#undef SK_NUMBER
};

static const struct {
	bool split, tokens;
} custody[SK_BASIS_KIND_COUNT] = {
#define SK_CUSTODY(kind, split, tokens, evidence, source) [SK_BASIS_##kind] = {split, tokens},
#include "policy/policy.def"
#undef SK_CUSTODY
};

static const struct sk_field fields[] = {
#define SK_FIELD(name, kind, tokenised, needs_names, note) {#name, SK_FIELD_##kind, tokenised, needs_names, note},
#include "policy/whitelist.def"
#undef SK_FIELD
};

#define SK_POLICY_VERSION(text) text
static const char version[] =
#include "policy/policy.def"
	;

/* The same rows as text, put together by the compiler: what is hashed into the ledger cannot differ from what is obeyed. */
static const char dump[] = "sekisho-policy 1\nversion "
#include "policy/policy.def"
#undef SK_POLICY_VERSION
			   "\n"
#define SK_MATRIX(symbol, name, ff, fd, df, dd, unknown, evidence, source) \
	"basis " name " FF=" #ff " FD=" #fd " DF=" #df " DD=" #dd " UNKNOWN=" #unknown " evidence=" EVIDENCE_##evidence " source=" source "\n"
#include "policy/matrix.def"
#undef SK_MATRIX
#define SK_PROFILE(symbol, name, agreement, ff, fd, df, own_network, lab, from, from_text, evidence, note) \
	"profile " name " agreement=" #agreement " ff=" #ff " fd=" #fd " df=" #df " own_network=" #own_network " lab=" #lab " from=" from_text \
	" from_seconds=" #from " evidence=" EVIDENCE_##evidence " note=" note "\n"
#include "policy/profile.def"
#undef SK_PROFILE
#define SK_ROLE(symbol, name, note) "role " name " note=" note "\n"
#define SK_PERMIT(what, name, kind, role, evidence, source) "permit " name " kind=" #kind " role=" #role " evidence=" EVIDENCE_##evidence " source=" source "\n"
#define SK_NUMBER(symbol, name, value, unit, evidence, note) "number " name " value=" #value " unit=" unit " evidence=" EVIDENCE_##evidence " note=" note "\n"
#define SK_CUSTODY(kind, split, tokens, evidence, source) "custody kind=" #kind " split=" #split " tokens=" #tokens " evidence=" EVIDENCE_##evidence " source=" source "\n"
#include "policy/policy.def"
#undef SK_ROLE
#undef SK_PERMIT
#undef SK_NUMBER
#undef SK_CUSTODY
#define SK_FIELD(name, kind, tokenised, needs_names, note) "field " #name " kind=" #kind " tokenised=" #tokenised " names=" #needs_names " note=" note "\n"
#include "policy/whitelist.def"
#undef SK_FIELD
#define SK_DETECTOR(symbol, name, side, memory, information, given, technique, sentence) \
	"detector " name " side=" #side " memory=" #memory " information=" #information " given=" #given " technique=" technique " note=" sentence "\n"
#include "policy/detectors.def"
#undef SK_DETECTOR
	;

_Static_assert(SK_COUNT(matrix) == SK_BASIS_KIND_COUNT, "one row for each kind of basis");
_Static_assert(SK_COUNT(profiles) == SK_PROFILE_COUNT, "one row for each profile");
_Static_assert(SK_COUNT(roles) == SK_ROLE_CARRIER + 1, "one row for each role");

bool sk_policy_eligible(enum sk_basis_kind kind, enum sk_class class_)
{
	SK_INVARIANT((size_t)kind < SK_COUNT(matrix) && (size_t)class_ < SK_CLASS_COUNT);
	return matrix[kind].eligible[class_];
}

unsigned sk_policy_classes(enum sk_basis_kind kind)
{
	unsigned bits = 0;
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if (sk_policy_eligible(kind, (enum sk_class)class_))
			bits |= SK_CLASS_BIT(class_);
	return bits;
}

const char *sk_basis_kind_name(enum sk_basis_kind kind)
{
	SK_INVARIANT((size_t)kind < SK_COUNT(matrix));
	return matrix[kind].name;
}

enum sk_err sk_basis_kind_parse(const char *name, enum sk_basis_kind *out)
{
	for (size_t i = 0; i < SK_COUNT(matrix); i++) {
		if (strcmp(matrix[i].name, name) == 0) {
			*out = (enum sk_basis_kind)i;
			return SK_OK;
		}
	}
	return SK_EMALFORMED;
}

const char *sk_profile_name(enum sk_profile profile)
{
	SK_INVARIANT((size_t)profile < SK_COUNT(profiles));
	return profiles[profile].name;
}

enum sk_err sk_profile_parse(const char *name, enum sk_profile *out)
{
	for (size_t i = 0; i < SK_COUNT(profiles); i++) {
		if (strcmp(profiles[i].name, name) == 0) {
			*out = (enum sk_profile)i;
			return SK_OK;
		}
	}
	return SK_EMALFORMED;
}

const char *sk_role_name(enum sk_role role)
{
	SK_INVARIANT((size_t)role < SK_COUNT(roles));
	return roles[role];
}

enum sk_err sk_role_parse(const char *name, enum sk_role *out)
{
	for (size_t i = 0; i < SK_COUNT(roles); i++) {
		if (strcmp(roles[i], name) == 0) {
			*out = (enum sk_role)i;
			return SK_OK;
		}
	}
	return SK_EMALFORMED;
}

bool sk_policy_profile_allows(enum sk_profile profile, enum sk_basis_kind kind)
{
	SK_INVARIANT((size_t)profile < SK_COUNT(profiles) && (size_t)kind < SK_BASIS_KIND_COUNT);
	return profiles[profile].allows[kind];
}

int64_t sk_policy_profile_from_ns(enum sk_profile profile)
{
	SK_INVARIANT((size_t)profile < SK_COUNT(profiles));
	return profiles[profile].from_seconds * ns_per_second;
}

static bool is_permitted(enum permit what, enum sk_basis_kind kind, enum sk_role role)
{
	for (size_t i = 0; i < SK_COUNT(permits); i++)
		if (permits[i].what == what && permits[i].kind == kind && (permits[i].role == SK_ROLE_NONE || permits[i].role == role))
			return true;
	return false;
}

bool sk_policy_flow_all(enum sk_basis_kind kind, enum sk_role role)
{
	return is_permitted(PERMIT_FLOW_ALL, kind, role);
}

//= rule: FORWARD-1
bool sk_policy_frames(enum sk_basis_kind kind, enum sk_role role)
{
	return is_permitted(PERMIT_FRAMES, kind, role);
}

bool sk_policy_exports(enum sk_basis_kind kind)
{
	return is_permitted(PERMIT_EXPORTS, kind, SK_ROLE_NONE);
}

bool sk_policy_names(enum sk_basis_kind kind, enum sk_role role)
{
	return is_permitted(PERMIT_NAMES, kind, role);
}

//= rule: DETECTOR-1
bool sk_policy_detector_allowed(enum sk_basis_kind kind, enum sk_role role, const struct sk_detector_row *row)
{
	return is_permitted(row->memory == SK_MEMORY_SHORT ? PERMIT_DETECTOR_SHORT : PERMIT_DETECTOR_LONG, kind, role);
}

bool sk_policy_border_override(enum sk_basis_kind kind)
{
	return is_permitted(PERMIT_BORDER_OVERRIDE, kind, SK_ROLE_NONE);
}

unsigned sk_policy_retention_days(void)
{
	return NUMBER_RETENTION;
}

bool sk_policy_split(enum sk_basis_kind kind)
{
	return custody[kind].split;
}

bool sk_policy_tokens(enum sk_basis_kind kind)
{
	return custody[kind].tokens;
}

unsigned sk_policy_share_hours(void)
{
	return NUMBER_SHARE;
}

unsigned sk_policy_reident_officers(void)
{
	return NUMBER_REIDENT_OFFICERS;
}

unsigned sk_policy_reident_hours(void)
{
	return NUMBER_REIDENT_OPEN;
}

unsigned sk_policy_small_cell(void)
{
	return NUMBER_SMALL_CELL;
}

const struct sk_field *sk_policy_fields(size_t *count)
{
	*count = SK_COUNT(fields);
	return fields;
}

const struct sk_field *sk_policy_field(const char *name)
{
	for (size_t i = 0; i < SK_COUNT(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

const char *sk_policy_version(void)
{
	return version;
}

const char *sk_policy_dump(size_t *length)
{
	*length = sizeof dump - 1;
	return dump;
}
