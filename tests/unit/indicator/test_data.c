/* SPDX-License-Identifier: Apache-2.0 */
/* Real feeds: every line of a kind that can be matched is taken or refused with a reason; the account is printed. */
#include "lists.h"

#include <glob.h>

#define TI SK_SHARED_DATA "/ti"

static const struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19, .to_ids_ignored = true};

static bool absent(void)
{
	if (sk_file_exists(TI "/misp-events/attributes.tsv"))
		return false;
	print_message("skipped: no " TI "\n");
	return true;
}

static void print_counts(const char *path, const struct sk_indicator_counts *counts)
{
	print_message("%s: %llu lines, %llu taken, %llu cleaned, %llu refused:", strrchr(path, '/') + 1, (unsigned long long)counts->lines,
		      (unsigned long long)counts->taken, (unsigned long long)counts->cleaned, (unsigned long long)counts->refused);
	for (int reason = 0; reason < SK_INDICATOR_REASON_COUNT; reason++)
		if (counts->by_reason[reason] != 0)
			print_message(" %s %llu", sk_indicator_reason_name((enum sk_indicator_reason)reason), (unsigned long long)counts->by_reason[reason]);
	print_message("\n");
}

static void import_all(struct lists *lists, const char *pattern)
{
	glob_t found;
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		enum sk_err err = sk_indicator_import(lists->builder, path, &lists->counts, &lists->fault);
		if (err == SK_OK)
			print_counts(path, &lists->counts);
		else
			print_message("%s\n", lists->fault.line);
		/* Some bundles hold no indicator; all else must be read. */
		assert_true(err == SK_OK || (err == SK_EINPUT && strstr(path, "/stix2") != NULL));
	}
	globfree(&found);
}

static void test_feeds(void **state)
{
	(void)state;
	if (absent())
		return;
	struct lists lists;
	glob_t found;
	lists_start(&lists, &options);
	assert_int_equal(glob(TI "/warninglists/*.json", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		assert_int_equal(sk_indicator_add_warning_list(lists.builder, found.gl_pathv[i], &lists.fault), SK_OK);
	globfree(&found);
	import_all(&lists, TI "/*.tsv.gz");
	import_all(&lists, TI "/maltrail-other/*");
	import_all(&lists, TI "/eset-notes/*");
	import_all(&lists, TI "/misp-events/*");
	import_all(&lists, TI "/stix2*/*");
	sk_indicator_close(lists_compile(&lists));
	lists_end(&lists);
}

/* MISP events against their own table of attributes: each network attribute ends as taken or refused, the others as unsupported. */
static void test_attributes(void **state)
{
	(void)state;
	if (absent())
		return;
	struct lists lists;
	lists_start(&lists, &options);
	assert_int_equal(sk_indicator_import(lists.builder, TI "/misp-events/attributes.tsv", &lists.counts, &lists.fault), SK_OK);
	FILE *table = fopen(TI "/misp-events/attributes.tsv", "r");
	assert_non_null(table);
	char row[4096], type[64];
	unsigned network = 0, rows = 0;
	while (fgets(row, sizeof row, table) != NULL) {
		if (rows++ == 0 || sscanf(row, "%*s\t%63s", type) != 1)
			continue;
		network += strcmp(type, "domain") == 0 || strcmp(type, "ip-dst") == 0 || strcmp(type, "url") == 0 || strcmp(type, "uri") == 0;
	}
	assert_int_equal(fclose(table), 0);
	const struct sk_indicator_counts *c = &lists.counts;
	assert_int_equal(c->lines, rows);
	uint64_t supported = c->taken + c->by_reason[SK_INDICATOR_DUPLICATE];
	print_message("attributes: %u of %u are addresses, names or URLs; %llu taken, %llu duplicates, %.1f %% of the network ones\n", network,
		      rows - 1, (unsigned long long)c->taken, (unsigned long long)c->by_reason[SK_INDICATOR_DUPLICATE], 100.0 * (double)supported / network);
	/* All but a few of its domains, addresses and URLs are selected by the set, and nothing that is no network attribute was taken. */
	assert_in_range(supported, network * 99 / 100, network);
	assert_int_equal(c->refused, c->by_reason[SK_INDICATOR_UNSUPPORTED_TYPE] + c->by_reason[SK_INDICATOR_DUPLICATE] + c->by_reason[SK_INDICATOR_PUBLIC_SUFFIX] +
					     c->by_reason[SK_INDICATOR_SPECIAL_RANGE] + c->by_reason[SK_INDICATOR_NOT_AN_INDICATOR] + c->by_reason[SK_INDICATOR_SINGLE_LABEL]);
	lists_end(&lists);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_feeds), cmocka_unit_test(test_attributes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
