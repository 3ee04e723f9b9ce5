/* SPDX-License-Identifier: Apache-2.0 */
/* Files as chunks: lines across chunks keep their numbers, long lines, headers in the middle, packing and damage. */
#include <sys/stat.h>
#include <zlib.h>

#include "logs_test.h"

enum { ALL = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF), BIG = 6 << 20 };

/* Numbered lines with a hit every `every` lines; *hits says at which, *lines how many there are. */
static void fill(struct sk_buf *text, unsigned every, uint64_t *lines)
{
	*lines = 0;
	while (text->length < BIG - 1000) {
		++*lines;
		sk_buf_addf(text, "{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"%s\",\"pad\":\"%.*s\"}\n", *lines % every == 0 ? "203.0.113.66" : "198.51.100.1",
			    (int)(*lines * 7919 % 400), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
								"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
								"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
								"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	}
}

static void check_hits(const char *read, uint64_t lines, unsigned every)
{
	const char *at = strchr(read, ' ');
	assert_non_null(at);
	assert_int_equal((uint64_t)(at - read), lines);
	for (uint64_t line = every; line <= lines; line += every) {
		unsigned long long found;
		assert_int_equal(sscanf(at, " 203.0.113.66/destination address:%llu", &found), 1);
		assert_int_equal(found, line);
		at = strchr(at + 1, ' '); /* behind "destination" */
		at = at != NULL ? strchr(at + 1, ' ') : NULL;
		assert_true(at != NULL || line + every > lines);
	}
}

static void test_numbers_across_chunks(void **state)
{
	struct sk_buf text;
	uint64_t lines;
	sk_buf_init(&text, BIG);
	fill(&text, 1000, &lines);
	check_hits(logs_test_read(*state, logs_test_file(*state, text.bytes, text.length), ALL), lines, 1000);
	sk_buf_fini(&text);
}

static void test_packed(void **state)
{
	struct sk_buf text;
	uint64_t lines;
	sk_buf_init(&text, BIG);
	fill(&text, 1000, &lines);
	const char *path = logs_test_file(*state, "", 0);
	gzFile gz = gzopen(path, "wb1");
	assert_int_equal(gzwrite(gz, text.bytes, (unsigned)text.length), text.length);
	assert_int_equal(gzclose(gz), Z_OK);
	check_hits(logs_test_read(*state, path, ALL), lines, 1000);
	/* Cut: everything before the damage is read, then it is told. */
	struct stat info;
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(truncate(path, info.st_size / 2), 0);
	const char *read = logs_test_read(*state, path, ALL);
	assert_non_null(strstr(read, "ends inside a gz member"));
	assert_true(strspn(read, "A") > 1000);
	sk_buf_fini(&text);
}

static void test_long_lines(void **state)
{
	struct sk_buf text;
	static const char hit[] = "{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"203.0.113.66\"}\n";
	sk_buf_init(&text, BIG);
	sk_buf_add_text(&text, hit);
	for (unsigned i = 0; i < (5 << 20) / 64; i++)
		sk_buf_add_text(&text, "0123456789012345678901234567890123456789012345678901234567890123");
	size_t without_end = text.length;
	sk_buf_add_text(&text, "\n");
	sk_buf_add_text(&text, hit);
	assert_string_equal(logs_test_read(*state, logs_test_file(*state, text.bytes, text.length), ALL),
			    "AMA 203.0.113.66/destination address:1 203.0.113.66/destination address:3");
	assert_string_equal(logs_test_read(*state, logs_test_file(*state, text.bytes, without_end), ALL), "AM 203.0.113.66/destination address:1");
	sk_buf_fini(&text);
}

/* A header before every record: each is obeyed, and the work stays in proportion. */
static void test_many_headers(void **state)
{
	struct sk_buf text;
	sk_buf_init(&text, BIG);
	sk_buf_add_text(&text, "#separator \\x09\n");
	for (unsigned i = 0; i < 20000; i++)
		sk_buf_addf(&text, "#fields\t%s\nx\t192.0.2.1\t198.51.100.1\t%s\n", i % 2 == 0 ? "uid\tid.orig_h\tid.resp_h\tquery" : "query\tid.orig_h\tid.resp_h\tuid",
			    i == 19998 ? "bad.example" : "y");
	const char *read = logs_test_read(*state, logs_test_file(*state, text.bytes, text.length), ALL);
	assert_int_equal(strspn(read, "A"), 20000);
	assert_string_equal(read + 20000, " bad.example/dns name:39999");
	sk_buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers_across_chunks), cmocka_unit_test(test_packed), cmocka_unit_test(test_long_lines),
					   cmocka_unit_test(test_many_headers)};
	return cmocka_run_group_tests(tests, logs_test_start, logs_test_end);
}
