/* SPDX-License-Identifier: Apache-2.0 */
/* Files of every form: what is taken, what is refused and why; all or nothing. */
#include "lists.h"

#include <zlib.h>

static const struct sk_indicator_options plain = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};

/* Import one text into a fresh builder and compare the set. */
static void expect(const char *name, const char *text, const char *values)
{
	struct lists lists;
	lists_start(&lists, &plain);
	enum sk_err err = lists_import(&lists, name, text);
	if (err != SK_OK)
		print_error("%s\n", lists.fault.line);
	assert_int_equal(err, SK_OK);
	lists_expect(&lists, values);
	lists_end(&lists);
}

static void expect_error(const void *bytes, size_t length, enum sk_err wanted, const char *part)
{
	struct lists lists;
	lists_start(&lists, &plain);
	assert_int_equal(lists_import(&lists, "before.txt", "before.example\n"), SK_OK);
	assert_int_equal(lists_import_bytes(&lists, "bad", bytes, length), wanted);
	if (strstr(lists.fault.line, part) == NULL)
		print_error("'%s' lacks '%s'\n", lists.fault.line, part);
	assert_non_null(strstr(lists.fault.line, part));
	lists_expect(&lists, "before.example\n"); /* as before */
	assert_int_equal(lists_import(&lists, "after.txt", "after.example\nbefore.example\n"), SK_OK);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_DUPLICATE], 1);
	lists_end(&lists);
}

static void test_plain(void **state)
{
	(void)state;
	expect("list", "# a list\n\n45.33.32.156\n; another comment\n// and another\nevil.example # why\n5.6.7.0/24 ; SBL1\n",
	       "45.33.32.156\n5.6.7.0/24\nevil.example\n");
	expect("hosts", "127.0.0.1 evil.example other.example\n0.0.0.0\tthird.example\n# end\n", "evil.example\nother.example\nthird.example\n");
	expect("hosts with tabs", "0.0.0.0\tevil.example\n0.0.0.0\tthird.example\n", "evil.example\nthird.example\n");
	expect("no end of line", "45.33.32.156", "45.33.32.156\n");
	expect("bracket", "[2600:3c01::1]:443\n", "2600:3c01::1\n");
}

static void test_tables(void **state)
{
	(void)state;
	expect("iocs.tsv", "value\ttype\tcomment\n45.33.32.156\tip-dst\ta, b\nevil.example\tdomain\tc\ndeadbeef\tmd5\t\n", "45.33.32.156\nevil.example\n");
	expect("x.csv", "comment,indicator\n\"a, \"\"b\"\"\",45.33.32.156\n\"two\nlines\",evil.example\n", "45.33.32.156\nevil.example\n");
	expect("misp.csv", "uuid,event_id,category,type,value,comment,to_ids,date\n1,1,Network,ip-dst,45.33.32.156,,1,2020\n2,1,Network,ip-dst,5.5.5.5,,0,2020\n",
	       "45.33.32.156\n");
	expect("composite", "type,value\nip-dst|port,45.33.32.156|443\ndomain|ip,evil.example|5.5.5.5\nhostname,www.evil.example\n",
	       "5.5.5.5\n45.33.32.156\nevil.example\nwww.evil.example\n");
	expect("abuse.ch", "# Feed\n# first_seen,dst_ip,dst_port,malware\n2020-01-01,45.33.32.156,443,X\n2020-01-02,5.5.5.5,8080,Y\n", "5.5.5.5\n45.33.32.156\n");
	expect("ja3", "# ja3_md5,Firstseen,Reason\ne7d705a3286e19ea42f587b344ee6865,2020,X\n", "e7d705a3286e19ea42f587b344ee6865\n");
	expect("two columns", "domain;ip;note\nevil.example;45.33.32.156;x\nother.example;;y\n", "45.33.32.156\nevil.example\nother.example\n");
	expect("no header", "family\tevil.example\nfamily2\t45.33.32.156\n", "45.33.32.156\nevil.example\n");
	expect("count", "45.33.32.156\t10\n5.5.5.5\t9\n", "5.5.5.5\n45.33.32.156\n");
	expect("type first", "ip-dst,45.33.32.156\ndomain,evil.example\nmd5,e7d705a3286e19ea42f587b344ee6865\n", "45.33.32.156\nevil.example\n");
	expect("one column", "ip\n45.33.32.156\n", "45.33.32.156\n");
	expect("commas in comments", "45.33.32.156 # a, b, c\n5.5.5.5 # d, e\n", "5.5.5.5\n45.33.32.156\n");
	expect("hash in a cell", "campaign,value\n\"No #3\",45.33.32.156\n", "45.33.32.156\n");
}

static void test_text_forms(void **state)
{
	(void)state;
	struct lists lists;
	lists_start(&lists, &plain);
	assert_int_equal(lists_import(&lists, "bom", "\xef\xbb\xbf" "45.33.32.156\r\nevil.example\r\n"), SK_OK);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_BOM], 1);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_CRLF], 2);
	assert_int_equal(lists.notes, 2); /* each once a file */
	assert_int_equal(lists.counts.cleaned, 0);
	lists_expect(&lists, "45.33.32.156\nevil.example\n");
	lists_end(&lists);
	expect("json with bom", "\xef\xbb\xbf{\"Event\":{\"Attribute\":[{\"type\":\"domain\",\"value\":\"evil.example\",\"to_ids\":true}]}}", "evil.example\n");
}

/* Each rule with the line that says so; what must never be a selector never is. */
static void test_rules(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum sk_indicator_reason reason;
	} cases[] = {
		{"0.0.0.0/0", SK_INDICATOR_WHOLE_INTERNET}, {"::/0", SK_INDICATOR_WHOLE_INTERNET}, {"45.0.0.0/7", SK_INDICATOR_TOO_SHORT_PREFIX},
		{"2600::/12", SK_INDICATOR_TOO_SHORT_PREFIX}, {"10.1.2.3", SK_INDICATOR_SPECIAL_RANGE}, {"192.168.0.0/16", SK_INDICATOR_SPECIAL_RANGE},
		{"224.0.0.251", SK_INDICATOR_SPECIAL_RANGE}, {"fe80::1", SK_INDICATOR_SPECIAL_RANGE}, {"2001:db8::1", SK_INDICATOR_SPECIAL_RANGE},
		{"::ffff:45.33.32.156", SK_INDICATOR_SPECIAL_RANGE}, {"172.0.0.0/8", SK_INDICATOR_SPECIAL_RANGE}, {"2001::1", SK_INDICATOR_SPECIAL_RANGE},
		{"co.jp", SK_INDICATOR_PUBLIC_SUFFIX}, {"blogspot.com", SK_INDICATOR_PUBLIC_SUFFIX}, {"jp", SK_INDICATOR_SINGLE_LABEL},
		{"7.7.7.7", SK_INDICATOR_OWN_PREFIX}, {"7.7.0.0/16", SK_INDICATOR_OWN_PREFIX}, {"7.7.7.128/25", SK_INDICATOR_OWN_PREFIX},
	};
	struct sk_prefix own;
	assert_int_equal(sk_prefix_parse("7.7.7.0/24", &own), SK_OK);
	struct sk_indicator_options options = plain;
	options.own_prefixes = &own;
	options.own_prefix_count = 1;
	struct lists lists;
	lists_start(&lists, &options);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		char text[128];
		(void)snprintf(text, sizeof text, "good%zu.example\n%s\n", i, cases[i].text);
		assert_int_equal(lists_import(&lists, "list.txt", text), SK_OK);
		if (lists.last_reason != cases[i].reason)
			print_error("%s: %s\n", cases[i].text, sk_indicator_reason_name(lists.last_reason));
		assert_int_equal(lists.last_reason, cases[i].reason);
		assert_int_equal(lists.last_line, 2);
		assert_string_equal(lists.last_value, cases[i].text);
		assert_int_equal(lists.counts.taken, 1);
		assert_int_equal(lists.counts.by_reason[cases[i].reason], 1);
	}
	lists_end(&lists);
	/* A laboratory may name special ranges, but never everybody. */
	options.special_ranges_allowed = true;
	lists_start(&lists, &options);
	assert_int_equal(lists_import(&lists, "list.txt", "10.1.2.3\n2001:db8::/32\n0.0.0.0/0\n"), SK_OK);
	assert_int_equal(lists.counts.taken, 2);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_WHOLE_INTERNET], 1);
	lists_end(&lists);
}

/* A border table of the test's own, linked in front of the real one: 7.8.0.0/16 is domestic. */
enum sk_side sk_border_side(const struct sk_border *table, const struct sk_addr *addr)
{
	assert_non_null(table);
	return addr->family == 4 && addr->bytes[0] == 7 && addr->bytes[1] == 8 ? SK_SIDE_DOMESTIC : SK_SIDE_FOREIGN;
}

static void test_own_table(void **state)
{
	(void)state;
	struct sk_indicator_options options = plain;
	struct lists lists;
	options.own = (const void *)&lists; /* only asked whether it is there */
	lists_start(&lists, &options);
	assert_int_equal(lists_import(&lists, "list.txt", "7.8.9.10\n7.9.0.1\n7.8.128.0/17\n7.0.0.0/9\n7.4.0.0/14\n7.7.0.0/16\n"), SK_OK);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_OWN_PREFIX], 2); /* the others begin and end outside */
	lists_expect(&lists, "7.9.0.1\n7.0.0.0/9\n7.4.0.0/14\n7.7.0.0/16\n");
	lists_end(&lists);
}

/* What the border calls special, no list may name. */
static void test_special_ranges(void **state)
{
	(void)state;
	FILE *table = fopen(SK_SOURCE_ROOT "/src/foundation/border/special.def", "r");
	assert_non_null(table);
	char row[512], prefix[64], text[128];
	unsigned count = 0;
	struct lists lists;
	lists_start(&lists, &plain);
	while (fgets(row, sizeof row, table) != NULL) {
		if (sscanf(row, "SK_SPECIAL(\"%63[^\"]\"", prefix) != 1)
			continue;
		count++;
		(void)snprintf(text, sizeof text, "good%u.example\n%s\n", count, prefix);
		assert_int_equal(lists_import(&lists, "list.txt", text), SK_OK);
		if (lists.counts.by_reason[SK_INDICATOR_SPECIAL_RANGE] != 1)
			print_error("%s\n", prefix);
		assert_int_equal(lists.counts.by_reason[SK_INDICATOR_SPECIAL_RANGE], 1);
	}
	assert_int_equal(fclose(table), 0);
	assert_true(count > 30);
	lists_end(&lists);
}

static const char misp[] =
	"{\"response\":[{\"Event\":{\"info\":\"x\",\"Attribute\":["
	"{\"type\":\"ip-dst\",\"value\":\"45.33.32.156\",\"to_ids\":true},"
	"{\"type\":\"ip-dst|port\",\"value\":\"45.33.32.157|443\",\"to_ids\":\"1\"},"
	"{\"type\":\"domain|ip\",\"value\":\"evil.example|45.33.32.158\",\"to_ids\":1},"
	"{\"type\":\"domain\",\"value\":\"quiet.example\",\"to_ids\":false},"
	"{\"type\":\"domain\",\"value\":\"gone.example\",\"to_ids\":true,\"deleted\":true},"
	"{\"type\":\"ja3-fingerprint-md5\",\"value\":\"e7d705a3286e19ea42f587b344ee6865\",\"to_ids\":true},"
	"{\"type\":\"md5\",\"value\":\"00000000000000000000000000000000\",\"to_ids\":true},"
	"{\"type\":\"url\",\"value\":\"http://evil.example/x\",\"to_ids\":true},"
	"{\"type\":\"domain\"},7],"
	"\"Object\":[{\"name\":\"o\",\"Attribute\":[{\"type\":\"hostname\",\"value\":\"www.evil2.example\",\"to_ids\":true}]}]}}]}";

static void test_misp(void **state)
{
	(void)state;
	struct lists lists;
	lists_start(&lists, &plain);
	assert_int_equal(lists_import(&lists, "event.json", misp), SK_OK);
	lists_expect(&lists, "45.33.32.156\n45.33.32.157\n45.33.32.158\nevil.example\nwww.evil2.example\ne7d705a3286e19ea42f587b344ee6865\n"
			     "url:bb8173f8adbe1efaebe14095ce5e8b351e24da03fa047e4c99a7f3d2c703acc9\n");
	assert_int_equal(lists.counts.lines, 12); /* eleven attributes, one of them two values */
	assert_int_equal(lists.counts.taken, 7);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_NOT_FOR_DETECTION], 2);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_UNSUPPORTED_TYPE], 1);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_NOT_AN_INDICATOR], 2);
	lists_end(&lists);
	struct sk_indicator_options all = plain;
	all.to_ids_ignored = true;
	lists_start(&lists, &all);
	assert_int_equal(lists_import(&lists, "event.json", misp), SK_OK);
	assert_int_equal(lists.counts.taken, 8);
	lists_end(&lists);
	expect("bare", "{\"Attribute\":[{\"type\":\"domain\",\"value\":\"evil.example\"}]}", "evil.example\n");
	expect("array", "[{\"Event\":{\"Attribute\":[{\"type\":\"domain\",\"value\":\"evil.example\"}]}}]", "evil.example\n");
	expect("search", "{\"response\":{\"Attribute\":[{\"type\":\"domain\",\"value\":\"evil.example\"}]}}", "evil.example\n");
}

static void test_broken(void **state)
{
	(void)state;
#define ERROR(text, part) expect_error(text, sizeof text - 1, SK_EINPUT, part)
	ERROR("", "empty");
	ERROR("GIF89a\0\0\0", "binary");
	ERROR("\xff\xfe" "4\0", "UTF-16");
	ERROR("hello\nthis is\nnothing at all\n", "none of its 3 values");
	ERROR("value,comment\n45.33.32.156,x\n5.5.5.5,\"open\nmore\n", "bad:3: broken CSV");
	ERROR("{\"Event\":{\"Attribute\":[", "ends in the middle");
	ERROR("{\"Event\":{\"Attribute\":[]}} x", "broken JSON at offset");
	ERROR("{\"Event\":{\"Attribute\":[{\"type\":\"domain\",\"value\":\"a.example\"},]}}", "broken JSON");
	ERROR("{\"a\":1}", "neither MISP nor STIX");
	ERROR("{\"type\":\"bundle\",\"objects\":[]}", "none of the 0 objects");
	ERROR("{\"type\":\"string\",\"list\":[\"a\"]}", "warning list");
	ERROR("{\"Event\":{\"Attribute\":[{\"type\":\"domain\",\"value\":\"\xff.example\"}]}}", "broken JSON");
#undef ERROR
	char deep[4096];
	memset(deep, '[', sizeof deep);
	expect_error(deep, sizeof deep, SK_EINPUT, "broken JSON");
	struct lists lists;
	lists_start(&lists, &plain);
	assert_int_equal(sk_indicator_import(lists.builder, "/nonexistent/x", &lists.counts, &lists.fault), SK_ENOENT);
	assert_int_equal(sk_indicator_import(lists.builder, lists.folder, &lists.counts, &lists.fault), SK_EINPUT);
	lists_end(&lists);
}

static void test_long_lines(void **state)
{
	(void)state;
	enum { LONG = 600000 };
	char *text = malloc(LONG + 64);
	assert_non_null(text);
	memset(text, 'x', LONG);
	memcpy(text, "first.example\n", 14);
	memcpy(text + LONG, "\nlast.example\n", 15);
	struct lists lists;
	lists_start(&lists, &plain);
	assert_int_equal(lists_import(&lists, "long", text), SK_OK);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_TOO_LONG], 1);
	lists_expect(&lists, "first.example\nlast.example\n");
	lists_end(&lists);
	free(text);
}

/* More lines than one buffer holds: none is lost or read twice where the buffer ends. */
static void test_many_lines(void **state)
{
	(void)state;
	struct sk_buf text;
	sk_buf_init(&text, 1 << 24);
	for (unsigned i = 0; i < 60000; i++)
		sk_buf_addf(&text, "n%u.example\n", i);
	struct lists lists;
	lists_start(&lists, &plain);
	assert_int_equal(lists_import(&lists, "many", sk_buf_text(&text)), SK_OK);
	assert_int_equal(lists.counts.taken, 60000);
	assert_int_equal(lists.counts.refused, 0);
	lists_end(&lists);
	sk_buf_fini(&text);
}

/* Values wait in the reader's buffer until their places are fetched: whatever is said of one quotes its own line, also where the buffer is filled anew, and of two that are
   equal the later is the duplicate, whether it is written as a set would or not. */
struct quoted {
	unsigned said;
	bool wrong;
};

static void quote(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	struct quoted *quoted = context;
	char expected[64];
	(void)file, (void)detail;
	if (reason != SK_INDICATOR_DUPLICATE)
		return;
	quoted->said++;
	(void)snprintf(expected, sizeof expected, line % 3 == 0 ? "N%u[.]example" : "n%u.example", (unsigned)(line - 1) / 3);
	quoted->wrong = quoted->wrong || strcmp(value, expected) != 0 || line % 3 == 1;
}

static void test_duplicates_in_long_lists(void **state)
{
	(void)state;
	enum { NAMES = 30000 };
	struct sk_buf text;
	struct quoted quoted = {0};
	struct lists lists;
	lists_start(&lists, &plain);
	sk_indicator_builder_free(lists.builder);
	assert_int_equal(sk_indicator_builder_new(&plain, quote, &quoted, &lists.builder), SK_OK);
	sk_buf_init(&text, 1 << 24);
	for (unsigned i = 0; i < NAMES; i++)
		sk_buf_addf(&text, "n%u.example\nn%u.example\nN%u[.]example\n", i, i, i);
	assert_int_equal(lists_import(&lists, "many", sk_buf_text(&text)), SK_OK);
	assert_int_equal(lists.counts.taken, NAMES);
	assert_int_equal(quoted.said, 2 * NAMES);
	assert_false(quoted.wrong);
	sk_buf_fini(&text);
	lists_end(&lists);
}

static void test_gzip(void **state)
{
	(void)state;
	struct lists lists;
	char path[256];
	lists_start(&lists, &plain);
	gzFile file = gzopen(lists_path(&lists, "list.gz", path), "wb");
	for (unsigned i = 0; i < 20000; i++)
		assert_true(gzprintf(file, "n%u.example\n", i * 7919) > 0);
	assert_int_equal(gzclose(file), Z_OK);
	assert_int_equal(sk_indicator_import(lists.builder, path, &lists.counts, &lists.fault), SK_OK);
	assert_int_equal(lists.counts.taken, 20000);
	/* Two members, one after another, are one list (RFC 1952). */
	struct sk_buf bytes;
	sk_buf_init(&bytes, 1 << 24);
	assert_int_equal(sk_file_read(path, &bytes, &lists.fault), SK_OK);
	size_t length = bytes.length;
	assert_int_equal(sk_file_read(path, &bytes, &lists.fault), SK_OK);
	assert_int_equal(lists_import_bytes(&lists, "two.gz", bytes.bytes, bytes.length), SK_OK);
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_DUPLICATE], 40000);
	lists_end(&lists);
	expect_error(bytes.bytes, length / 2, SK_EINPUT, "gzip");
	bytes.bytes[length / 2] ^= 0x55;
	expect_error(bytes.bytes, length, SK_EINPUT, "gzip");
	sk_buf_fini(&bytes);
}

static void test_max_entries(void **state)
{
	(void)state;
	struct sk_indicator_options options = plain;
	options.max_entries = 3;
	struct lists lists;
	lists_start(&lists, &options);
	assert_int_equal(lists_import(&lists, "a", "a.example\nb.example\n"), SK_OK);
	assert_int_equal(lists_import(&lists, "b", "c.example\nd.example\n"), SK_ETOOBIG);
	assert_non_null(strstr(lists.fault.line, "b:2"));
	lists_expect(&lists, "a.example\nb.example\n");
	assert_int_equal(lists_import(&lists, "c", "c.example\n"), SK_OK);
	lists_end(&lists);
}

/* ---- warning lists ---- */

static enum sk_err warn(struct lists *lists, const char *text)
{
	char path[256];
	return sk_indicator_add_warning_list(lists->builder, lists_write(lists, "w.json", text, strlen(text), path), &lists->fault);
}

static void test_warning_lists(void **state)
{
	(void)state;
	struct lists lists;
	lists_start(&lists, &plain);
	assert_int_equal(warn(&lists, "{\"name\":\"Resolvers\",\"type\":\"cidr\",\"list\":[\"8.8.8.8\",\"1.1.1.0/24\",\"2606:4700::/32\"]}"), SK_OK);
	assert_int_equal(warn(&lists, "{\"name\":\"Shorteners\",\"type\":\"hostname\",\"matching_attributes\":[\"domain\"],\"list\":[\"short.example\"]}"), SK_OK);
	assert_int_equal(warn(&lists, "{\"name\":\"Popular\",\"type\":\"string\",\"matching_attributes\":[\"hostname\",\"domain\"],"
				      "\"list\":[\"POPULAR.example\",\"www.deep.example\",\".dotted.example\",\"9.9.9.9\"]}"), SK_OK);
	assert_int_equal(warn(&lists, "{\"name\":\"Parts\",\"type\":\"substring\",\"list\":[\"goodcdn\"]}"), SK_OK);
	assert_int_equal(warn(&lists, "{\"name\":\"Files\",\"type\":\"string\",\"matching_attributes\":[\"md5\"],\"list\":[\"e7d705a3286e19ea42f587b344ee6865\"]}"), SK_OK);
	static const struct {
		const char *text, *list; /* NULL: taken */
	} cases[] = {
		{"8.8.8.8", "Resolvers"}, {"8.8.8.9", NULL}, {"8.8.8.0/24", "Resolvers"}, /* would select 8.8.8.8 */ {"1.1.1.77", "Resolvers"},
		{"1.1.1.128/25", "Resolvers"}, {"1.1.2.0/24", NULL}, {"1.1.0.0/16", "Resolvers"}, {"2606:4700:1::1", "Resolvers"}, {"2606:4701::1", NULL},
		{"short.example", "Shorteners"}, {"a.short.example", "Shorteners"}, {"notshort.example", NULL}, {"popular.example", "Popular"},
		{"sub.popular.example", NULL}, /* string means equal */ {"deep.example", "Popular"}, /* a selector reaches down: it would select www */
		{"x.dotted.example", "Popular"}, {"my.goodcdn.example", "Parts"}, {"e7d705a3286e19ea42f587b344ee6865", NULL},
		{"9.9.9.9", NULL}, /* that list speaks of names only */
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		char text[128];
		(void)snprintf(text, sizeof text, "%s\n", cases[i].text);
		assert_int_equal(lists_import(&lists, "list.txt", text), SK_OK);
		bool kept_out = lists.counts.by_reason[SK_INDICATOR_WARNING_LIST] == 1;
		if (kept_out != (cases[i].list != NULL))
			print_error("%s\n", cases[i].text);
		assert_int_equal(kept_out, cases[i].list != NULL);
		if (kept_out)
			assert_string_equal(lists.last_detail, cases[i].list);
	}
	assert_int_equal(warn(&lists, "{\"name\":\"late\",\"type\":\"string\",\"list\":[]}"), SK_EUSAGE);
	lists_end(&lists);
}

static void test_broken_warning_lists(void **state)
{
	(void)state;
	struct lists lists;
	lists_start(&lists, &plain);
	assert_int_equal(warn(&lists, "{\"name\":\"R\",\"type\":\"regex\",\"list\":[\"/a/\"]}"), SK_EUNSUPPORTED);
	assert_int_equal(warn(&lists, "{\"name\":\"R\",\"type\":\"odd\",\"list\":[]}"), SK_EINPUT);
	assert_int_equal(warn(&lists, "{\"name\":\"R\",\"type\":\"string\"}"), SK_EINPUT);
	assert_int_equal(warn(&lists, "[]"), SK_EINPUT);
	assert_int_equal(warn(&lists, "{\"name\":\"R\",\"type\":\"cidr\",\"list\":[\"5.5.5.5\",\"nonsense\"]}"), SK_EINPUT);
	assert_non_null(strstr(lists.fault.line, "list[1]"));
	assert_int_equal(lists_import(&lists, "list.txt", "5.5.5.5\n"), SK_OK);
	assert_int_equal(lists.counts.taken, 1); /* nothing of the refused list stayed */
	lists_end(&lists);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_tables), cmocka_unit_test(test_text_forms), cmocka_unit_test(test_rules), cmocka_unit_test(test_special_ranges), cmocka_unit_test(test_own_table),
		cmocka_unit_test(test_misp), cmocka_unit_test(test_broken), cmocka_unit_test(test_long_lines), cmocka_unit_test(test_many_lines), cmocka_unit_test(test_duplicates_in_long_lists),
		cmocka_unit_test(test_gzip), cmocka_unit_test(test_max_entries), cmocka_unit_test(test_warning_lists), cmocka_unit_test(test_broken_warning_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
