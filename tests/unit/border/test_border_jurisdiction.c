/* SPDX-License-Identifier: Apache-2.0 */
/* Real sources against addresses whose country several independent builders agree on: no address that three of them call Japanese is foreign, every address that
   the table's own sources do not dispute is right, and the disputed share is printed. Sources: two CSV of the shared data with the IPFire lists beside them, or with
   tor-geoipdb where it is unpacked, and the libloc database where it is installed. Also the border day's addresses, and the ranges of the IPFire lists. */
#include <zlib.h>

#include "border_test.h"

#define DATA SK_SHARED_DATA "/jurisdiction/"
#define LIBLOC "/var/lib/location/database.db"

static const char *geoipdb_folder(void)
{
	const char *const folders[] = {getenv("SEKISHO_GEOIPDB"), SK_SOURCE_ROOT "/build/geoipdb", SK_SOURCE_ROOT "/build-test/geoipdb", "/usr/share/tor"};
	for (size_t i = 0; i < SK_COUNT(folders); i++) {
		char path[SK_PATH_MAX];
		if (folders[i] != NULL && sk_file_join(path, sizeof path, folders[i], "geoip") == SK_OK && sk_file_exists(path))
			return folders[i];
	}
	return NULL;
}

/* The shared IPFire lists of Japanese prefixes as a country source: the parser of lists, under the kind of a country source. */
static enum sk_err add_ipfire_lists(struct sk_border_build *build, struct sk_fault *fault)
{
	static const char *const paths[] = {DATA "jp-v4-ipfire.txt", DATA "jp-v6-ipfire.txt"};
	for (size_t i = 0; i < SK_COUNT(paths); i++) {
		struct sk_buf text;
		unsigned source;
		uint8_t digest[32];
		sk_buf_init(&text, 16 << 20);
		SK_TRY(sk_source_load(paths[i], &text, digest, fault));
		SK_TRY(sk_source_new(build, SK_BORDER_GEOIPDB, SK_SIDE_DOMESTIC, paths[i], &source, fault));
		SK_TRY(sk_source_list_parse(build, source, paths[i], text.bytes, text.length, fault));
		sk_buf_fini(&text);
	}
	return SK_OK;
}

static struct sk_border *table_from(bool geoipdb, bool libloc)
{
	struct sk_fault fault = {0};
	struct sk_border_build *build = build_new("JP");
	enum sk_err err = sk_border_build_csv(build, DATA "country-v4.csv.gz", &fault);
	if (err == SK_OK)
		err = sk_border_build_csv(build, DATA "country-v6.csv.gz", &fault);
	if (err == SK_OK && geoipdb)
		err = sk_border_build_geoipdb(build, geoipdb_folder(), &fault);
	else if (err == SK_OK)
		err = add_ipfire_lists(build, &fault);
	if (err == SK_OK && libloc)
		err = sk_border_build_libloc(build, LIBLOC, NULL, &fault);
	if (err != SK_OK)
		fail_msg("%s", fault.line);
	return table_of(build);
}

struct tally {
	unsigned rows, domestic, foreign, unknown, disputed_here, silent_here;
};

/* One line: address, a country for each of several sources, verdict. */
static void judge_row(const struct sk_border *table, char *line, struct tally *tally)
{
	char *field[8];
	struct sk_addr addr;
	struct sk_border_verdict verdict;
	unsigned count = sk_lines_split(line, '\t', field, 8), japanese = 0;
	assert_true(count >= 4 && count <= 8);
	if (sk_addr_parse(field[0], &addr) != SK_OK)
		return; /* the header */
	for (unsigned i = 1; i + 1 < count; i++)
		japanese += strcmp(field[i], "JP") == 0;
	enum sk_side side = sk_border_side(table, &addr);
	sk_border_decide(table, &addr, &verdict);
	assert_int_equal(verdict.side, side);
	tally->rows++;
	tally->domestic += side == SK_SIDE_DOMESTIC;
	tally->foreign += side == SK_SIDE_FOREIGN;
	tally->unknown += side == SK_SIDE_UNKNOWN;
	if (japanese >= 3 && side == SK_SIDE_FOREIGN)
		fail_msg("%s: three sources say JP, the table says foreign", field[0]);
	if (verdict.reason == SK_BORDER_BY_DISPUTE)
		tally->disputed_here++;
	else if (verdict.reason == SK_BORDER_BY_SILENCE)
		tally->silent_here++;
	else if (verdict.reason == SK_BORDER_BY_COUNTRY && strcmp(field[count - 1], "JP") == 0)
		assert_int_equal(side, SK_SIDE_DOMESTIC);
	else if (verdict.reason == SK_BORDER_BY_COUNTRY && strcmp(field[count - 1], "not-JP") == 0)
		assert_int_equal(side, SK_SIDE_FOREIGN);
}

static void judge_file(const struct sk_border *table, const char *path, const char *name)
{
	char line[512];
	struct tally tally = {0};
	gzFile file = gzopen(path, "rb");
	assert_non_null(file);
	while (gzgets(file, line, sizeof line) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		judge_row(table, line, &tally);
	}
	(void)gzclose(file);
	print_message("%s: %u addresses, %u domestic, %u foreign, %u unknown; disputed among the table's sources %u, none speaks %u\n", name, tally.rows, tally.domestic,
		      tally.foreign, tally.unknown, tally.disputed_here, tally.silent_here);
	assert_true(tally.rows > 4000 && tally.domestic > 500 && tally.foreign > 1000);
}

static void judge(bool geoipdb, bool libloc)
{
	struct sk_border_info info;
	if (!sk_file_exists(DATA "probe-3-independent.tsv.gz")) {
		print_message("skipped: ../shared/data/jurisdiction is absent\n");
		skip();
	}
	struct sk_border *table = table_from(geoipdb, libloc);
	sk_border_info(table, &info);
	print_message("%u sources, disputed: %.3f %% of IPv4, %.3f %% of IPv6\n", info.source_count - 1, info.v4_disputed_share * 100, info.v6_disputed_share * 100);
	judge_file(table, DATA "probe-3-independent.tsv.gz", "probe");
	judge_file(table, DATA "sample-4-sources.tsv.gz", "sample");
	sk_border_close(table);
}

static void test_csv_and_ipfire_lists(void **state)
{
	(void)state;
	judge(false, false);
}

static void test_csv_and_geoipdb(void **state)
{
	(void)state;
	if (geoipdb_folder() == NULL) {
		print_message("skipped: tor-geoipdb is not unpacked; scripts/fetch-geoipdb does it\n");
		skip();
	}
	judge(true, false);
}

static void test_all_sources(void **state)
{
	(void)state;
	if (geoipdb_folder() == NULL || !sk_file_exists(LIBLOC) || !sk_file_exists(SK_BORDER_LIBLOC_KEY)) {
		print_message("skipped: needs tor-geoipdb (scripts/fetch-geoipdb) and the packages libloc-database and location\n");
		skip();
	}
	judge(true, true);
}

/* The addresses of the border day, placed by the two plain lists. */
static void test_border_day(void **state)
{
	(void)state;
	char line[512];
	struct sk_fault fault = {0};
	FILE *flows = fopen(SK_SHARED_DATA "/border/flows.tsv", "r");
	if (flows == NULL) {
		print_message("skipped: ../shared/data/border is absent\n");
		skip();
	}
	struct sk_border_build *build = build_new(NULL);
	assert_int_equal(sk_border_build_list(build, SK_SIDE_DOMESTIC, DATA "jp-v4.txt", &fault), SK_OK);
	assert_int_equal(sk_border_build_list(build, SK_SIDE_DOMESTIC, DATA "jp-v6.txt", &fault), SK_OK);
	struct sk_border *table = table_of(build);
	unsigned rows = 0;
	while (fgets(line, sizeof line, flows) != NULL) {
		char *field[10];
		struct sk_addr ends[2];
		assert_true(sk_lines_split(line, '\t', field, 10) >= 10);
		if (sk_addr_parse(field[3], &ends[0]) != SK_OK || sk_addr_parse(field[5], &ends[1]) != SK_OK)
			continue;
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(sk_border_side(table, &ends[i]), field[9][i] == 'J' ? SK_SIDE_DOMESTIC : SK_SIDE_FOREIGN);
		rows++;
	}
	assert_true(rows > 7000);
	(void)fclose(flows);
	sk_border_close(table);
}

/* libloc: what the table says of an address is what the library says, and a changed database is refused. */
static void test_libloc(void **state)
{
	(void)state;
	struct sk_fault fault = {0};
	struct sk_buf whole;
	char path[] = "/tmp/test_border_XXXXXX";
	if (!sk_file_exists(LIBLOC) || !sk_file_exists(SK_BORDER_LIBLOC_KEY)) {
		print_message("skipped: the packages libloc-database and location are not installed\n");
		skip();
	}
	sk_buf_init(&whole, 256 << 20);
	assert_int_equal(sk_file_read(LIBLOC, &whole, &fault), SK_OK);
	whole.bytes[whole.length / 2] ^= 1;
	assert_true(close(mkstemp(path)) == 0);
	assert_int_equal(sk_file_replace(path, whole.bytes, whole.length, 0600, &fault), SK_OK);
	sk_buf_fini(&whole);
	struct sk_border_build *build = build_new("JP");
	assert_int_equal(sk_border_build_libloc(build, path, NULL, &fault), SK_ESIGNATURE);
	assert_int_equal(build->source_count, 0);
	assert_int_equal(sk_border_build_libloc(build, LIBLOC, "/nowhere/key.pem", &fault), SK_ENOENT);
	(void)unlink(path);
	assert_int_equal(sk_border_build_libloc(build, LIBLOC, NULL, &fault), SK_OK);
	assert_true(build->source[0].facts.date_unix_ns > sk_date_ns(2022, 1, 1));
	struct sk_border *table = table_of(build);
	expect_side(table, "1.0.16.1", SK_SIDE_DOMESTIC);
	expect_side(table, "8.8.8.8", SK_SIDE_FOREIGN);
	expect_side(table, "2001:200::1", SK_SIDE_DOMESTIC);
	sk_border_close(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_and_ipfire_lists), cmocka_unit_test(test_csv_and_geoipdb), cmocka_unit_test(test_all_sources), cmocka_unit_test(test_border_day),
		cmocka_unit_test(test_libloc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
