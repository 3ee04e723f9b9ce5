/* SPDX-License-Identifier: Apache-2.0 */
/* The law's tables, written down a second time by hand: a slip in a .def file goes red here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "text/text.h"

struct cell_row {
	enum sk_basis_kind kind;
	const char *name;
	bool keep[SK_CLASS_COUNT];
};

//= rule: GATE-3
static const struct cell_row law[SK_BASIS_KIND_COUNT] = {
	/* LAW.md 1.2 and DESIGN.md 4                FF     FD     DF     DD     UNKNOWN */
	{SK_BASIS_AGREEMENT, "agreement",           {false, true,  false, false, false}},
	{SK_BASIS_FF, "ff",                         {true,  false, false, false, false}},
	{SK_BASIS_FD, "fd",                         {false, true,  false, false, false}},
	{SK_BASIS_DF, "df",                         {false, false, true,  false, false}},
	{SK_BASIS_OWN_NETWORK, "own_network",       {false, true,  true,  false, false}},
	{SK_BASIS_LAB, "lab",                       {true,  true,  true,  false, false}},
};

static unsigned differing_cells(const struct cell_row table[SK_BASIS_KIND_COUNT])
{
	unsigned differ = 0;
	for (size_t row = 0; row < SK_BASIS_KIND_COUNT; row++)
		for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
			if (sk_policy_eligible(table[row].kind, (enum sk_class)class_) != table[row].keep[class_])
				differ++;
	return differ;
}

static void test_thirty_cells(void **state)
{
	(void)state;
	assert_int_equal(differing_cells(law), 0);
	for (size_t row = 0; row < SK_BASIS_KIND_COUNT; row++) {
		unsigned bits = 0;
		for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
			bits |= law[row].keep[class_] ? SK_CLASS_BIT(class_) : 0;
		assert_int_equal(sk_policy_classes(law[row].kind), bits);
		assert_int_equal(bits & (SK_CLASS_BIT(SK_CLASS_DD) | SK_CLASS_BIT(SK_CLASS_UNKNOWN)), 0);
		enum sk_basis_kind kind;
		assert_string_equal(sk_basis_kind_name(law[row].kind), law[row].name);
		assert_int_equal(sk_basis_kind_parse(law[row].name, &kind), SK_OK);
		assert_int_equal(kind, law[row].kind);
	}
}

/* Sabotage: each of the 30 cells turned over must be noticed, and as exactly one. */
static void test_each_cell_is_watched(void **state)
{
	(void)state;
	for (size_t row = 0; row < SK_BASIS_KIND_COUNT; row++) {
		for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
			struct cell_row turned[SK_BASIS_KIND_COUNT];
			memcpy(turned, law, sizeof turned);
			turned[row].keep[class_] = !turned[row].keep[class_];
			assert_int_equal(differing_cells(turned), 1);
		}
	}
}

static void test_profiles(void **state)
{
	(void)state;
	static const bool allowed[SK_PROFILE_COUNT][SK_BASIS_KIND_COUNT] = {
		[SK_PROFILE_OWN_NETWORK] = {[SK_BASIS_OWN_NETWORK] = true},
		[SK_PROFILE_LAB] = {[SK_BASIS_LAB] = true, [SK_BASIS_AGREEMENT] = true, [SK_BASIS_FF] = true, [SK_BASIS_FD] = true, [SK_BASIS_DF] = true}, /* simulated */
		[SK_PROFILE_JP_2025] = {[SK_BASIS_AGREEMENT] = true, [SK_BASIS_FF] = true, [SK_BASIS_FD] = true, [SK_BASIS_DF] = true},
	};
	static const char *const names[SK_PROFILE_COUNT] = {"own-network", "lab", "jp-2025"};
	for (unsigned profile = 0; profile < SK_PROFILE_COUNT; profile++) {
		enum sk_profile parsed;
		assert_string_equal(sk_profile_name((enum sk_profile)profile), names[profile]);
		assert_int_equal(sk_profile_parse(names[profile], &parsed), SK_OK);
		assert_int_equal(parsed, profile);
		for (unsigned kind = 0; kind < SK_BASIS_KIND_COUNT; kind++)
			assert_int_equal(sk_policy_profile_allows((enum sk_profile)profile, (enum sk_basis_kind)kind), allowed[profile][kind]);
	}
	assert_int_equal(sk_policy_profile_from_ns(SK_PROFILE_OWN_NETWORK), 0);
	assert_int_equal(sk_policy_profile_from_ns(SK_PROFILE_LAB), 0);
	int64_t from_ns;
	assert_int_equal(sk_time_parse("2027-11-22T00:00:00Z", &from_ns), SK_OK);
	assert_int_equal(sk_policy_profile_from_ns(SK_PROFILE_JP_2025), from_ns);
}

static void test_unknown_names(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "own network", "AGREEMENT", "jp", "jp-2025 ", "partly"};
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		enum sk_basis_kind kind;
		enum sk_profile profile;
		enum sk_role role;
		assert_int_equal(sk_basis_kind_parse(bad[i], &kind), SK_EMALFORMED);
		assert_int_equal(sk_profile_parse(bad[i], &profile), SK_EMALFORMED);
		assert_int_equal(sk_role_parse(bad[i], &role), SK_EMALFORMED);
	}
	/* a kind of basis is no profile, nor the reverse */
	enum sk_profile profile;
	enum sk_basis_kind kind;
	assert_int_equal(sk_profile_parse("own_network", &profile), SK_EMALFORMED);
	assert_int_equal(sk_basis_kind_parse("own-network", &kind), SK_EMALFORMED);
}

static void test_permits(void **state)
{
	(void)state;
	static const enum sk_role all_roles[] = {SK_ROLE_NONE, SK_ROLE_PARTY, SK_ROLE_CARRIER};
	for (unsigned kind = 0; kind < SK_BASIS_KIND_COUNT; kind++) {
		for (size_t i = 0; i < SK_COUNT(all_roles); i++) {
			bool expected = kind == SK_BASIS_LAB || (kind == SK_BASIS_OWN_NETWORK && all_roles[i] == SK_ROLE_PARTY);
			assert_int_equal(sk_policy_flow_all((enum sk_basis_kind)kind, all_roles[i]), expected);
			assert_int_equal(sk_policy_frames((enum sk_basis_kind)kind, all_roles[i]), expected); //= rule: FORWARD-1
			assert_int_equal(sk_policy_names((enum sk_basis_kind)kind, all_roles[i]), expected);
			enum sk_role parsed;
			assert_int_equal(sk_role_parse(sk_role_name(all_roles[i]), &parsed), SK_OK);
			assert_int_equal(parsed, all_roles[i]);
		}
		//= rule: EXPORT-1
		assert_int_equal(sk_policy_exports((enum sk_basis_kind)kind), kind == SK_BASIS_LAB || kind == SK_BASIS_OWN_NETWORK);
		assert_int_equal(sk_policy_border_override((enum sk_basis_kind)kind), kind == SK_BASIS_LAB || kind == SK_BASIS_OWN_NETWORK);
	}
	assert_int_equal(sk_policy_retention_days(), 90);
	assert_int_equal(sk_policy_small_cell(), 10);
}

/* A carrier gets detectors that forget within the hour; who is a party, the lab and the statutory bases may name any. rule: DETECTOR-1 */
static void test_detectors(void **state)
{
	(void)state;
	static const enum sk_role all_roles[] = {SK_ROLE_NONE, SK_ROLE_PARTY, SK_ROLE_CARRIER};
	size_t count, length;
	char line[256];
	const struct sk_detector_row *rows = sk_policy_detectors(&count);
	const char *dump = sk_policy_dump(&length);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(sk_policy_detector(rows[i].name), &rows[i]);
		assert_true(strlen(rows[i].name) < SK_DETECTOR_NAME_MAX && (rows[i].technique[0] == 'T' || strcmp(rows[i].technique, "none") == 0) && rows[i].sentence[0] != '\0');
		assert_true((rows[i].memory == SK_MEMORY_STORED) == (rows[i].side == SK_DETECTOR_CAMPAIGN));
		(void)snprintf(line, sizeof line, "\ndetector %s side=", rows[i].name);
		assert_non_null(strstr(dump, line));
	}
	assert_null(sk_policy_detector("no.such"));
	for (unsigned memory = SK_MEMORY_SHORT; memory <= SK_MEMORY_STORED; memory++) {
		struct sk_detector_row row = {.memory = (enum sk_detector_memory)memory};
		for (unsigned kind = 0; kind < SK_BASIS_KIND_COUNT; kind++)
			for (size_t i = 0; i < SK_COUNT(all_roles); i++) {
				bool own = kind == SK_BASIS_OWN_NETWORK;
				bool expected = !own || memory == SK_MEMORY_SHORT || all_roles[i] == SK_ROLE_PARTY;
				assert_int_equal(sk_policy_detector_allowed((enum sk_basis_kind)kind, all_roles[i], &row), expected);
			}
	}
}

/* Does every line of the dump that states law or a number carry one of the evidence tags? Returns the lines without. */
static unsigned lines_without_evidence(const char *text)
{
	static const char *const tags[] = {" evidence=P ", " evidence=X ", " evidence=S ", " evidence=B ", " evidence=own "};
	unsigned bare = 0;
	while (*text != '\0') {
		const char *end = strchr(text, '\n');
		assert_non_null(end);
		bool needs = strncmp(text, "basis ", 6) == 0 || strncmp(text, "profile ", 8) == 0 || strncmp(text, "permit ", 7) == 0 || strncmp(text, "number ", 7) == 0 ||
			     strncmp(text, "custody ", 8) == 0;
		bool has = false;
		for (size_t i = 0; i < SK_COUNT(tags); i++) {
			const char *found = strstr(text, tags[i]);
			has = has || (found != NULL && found < end);
		}
		bare += needs && !has;
		text = end + 1;
	}
	return bare;
}

static void test_evidence(void **state)
{
	(void)state;
	size_t length;
	const char *dump = sk_policy_dump(&length);
	assert_int_equal(strlen(dump), length);
	assert_int_equal(lines_without_evidence(dump), 0);
	/* sabotage: take each tag away in turn */
	char *copy = strdup(dump);
	assert_non_null(copy);
	unsigned taken = 0;
	for (char *at = copy; (at = strstr(at, " evidence=")) != NULL; at++) {
		char kept = at[1];
		at[1] = 'E';
		assert_int_equal(lines_without_evidence(copy), 1);
		at[1] = kept;
		taken++;
	}
	assert_int_equal(taken, SK_BASIS_KIND_COUNT + SK_PROFILE_COUNT + 22 + 5 + SK_BASIS_KIND_COUNT);
	free(copy);
}

/* The dump says what the functions say. */
static void test_dump(void **state)
{
	(void)state;
	size_t length, count;
	char line[256];
	const char *dump = sk_policy_dump(&length);
	(void)snprintf(line, sizeof line, "sekisho-policy 1\nversion %s\n", sk_policy_version());
	assert_int_equal(strncmp(dump, line, strlen(line)), 0);
	for (size_t row = 0; row < SK_BASIS_KIND_COUNT; row++) {
		const bool *keep = law[row].keep;
		(void)snprintf(line, sizeof line, "\nbasis %s FF=%d FD=%d DF=%d DD=%d UNKNOWN=%d ", law[row].name, keep[0], keep[1], keep[2], keep[3], keep[4]);
		assert_non_null(strstr(dump, line));
	}
	const struct sk_field *fields = sk_policy_fields(&count);
	for (size_t i = 0; i < count; i++) {
		static const char *const kinds[] = {"HISTORY", "COMMAND", "AUTOGEN"};
		(void)snprintf(line, sizeof line, "\nfield %s kind=%s tokenised=%d names=%d ", fields[i].name, kinds[fields[i].kind], fields[i].tokenised,
			       fields[i].needs_names);
		assert_non_null(strstr(dump, line));
	}
	assert_non_null(strstr(dump, "\nprofile jp-2025 agreement=1 ff=1 fd=1 df=1 own_network=0 lab=0 from=2027-11-22T00:00:00Z "));
	assert_non_null(strstr(dump, "\nnumber retention value=90 unit=days "));
	assert_non_null(strstr(dump, "\nnumber small_cell value=10 "));
	assert_non_null(strstr(dump, "\ncustody kind=FD split=1 tokens=1 "));
	assert_non_null(strstr(dump, "\ncustody kind=OWN_NETWORK split=0 tokens=0 "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thirty_cells), cmocka_unit_test(test_each_cell_is_watched), cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_unknown_names), cmocka_unit_test(test_permits), cmocka_unit_test(test_detectors), cmocka_unit_test(test_evidence), cmocka_unit_test(test_dump),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
