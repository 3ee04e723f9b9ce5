/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/text.h"

static void times_format(void **state)
{
	(void)state;
	static const struct {
		int64_t ns;
		unsigned digits;
		const char *text;
	} cases[] = {
		{0, 0, "1970-01-01T00:00:00Z"}, {-1, 9, "1969-12-31T23:59:59.999999999Z"}, {1795329000000000000, 6, "2026-11-22T06:30:00.000000Z"},
		{951782400000000000, 0, "2000-02-29T00:00:00Z"}, {4294967295123456789, 3, "2106-02-07T06:28:15.123Z"},
		{INT64_MAX, 9, "2262-04-11T23:47:16.854775807Z"}, {INT64_MIN, 9, "1677-09-21T00:12:43.145224192Z"},
	};
	char text[SK_TIME_TEXT_MAX];
	for (size_t i = 0; i < SK_COUNT(cases); i++)
		assert_string_equal(sk_time_format(cases[i].ns, cases[i].digits, text), cases[i].text);
}

static void times_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{"1970-01-01", 0},
		{"2026-11-22T06:30:00Z", 1795329000000000000},
		{"2026-11-22t06:30:00z", 1795329000000000000},
		{"2026-11-22 15:30:00+09:00", 1795329000000000000},
		{"2026-11-22T00:00:00.5-06:30", 1795329000500000000},
		{"2016-12-31T23:59:60Z", 1483228800000000000},
		{"1969-12-31T23:59:59.9999999999Z", -1},
		{"@0", 0},
		{"@1700000000", 1700000000000000000},
		{"@1700000000.25", 1700000000250000000},
		{"2024-02-29", 1709164800000000000},
		{"2262-04-11T23:47:16.854775807Z", INT64_MAX},
	};
	static const char *const bad[] = {
		"",
		"@",
		"@-1",
		"@1.",
		"@1x",
		"2026",
		"2026-1-01",
		"2026-13-01",
		"2026-00-01",
		"2026-02-29",
		"2026-04-31",
		"2026-01-00",
		"2026-01-01T",
		"2026-01-01T00:00Z",
		"2026-01-01T00:00:00",
		"2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z",
		"2026-01-01T00:00:61Z",
		"2026-01-01T00:00:00.Z",
		"2026-01-01T00:00:00+24:00",
		"2026-01-01T00:00:00+0900",
		"2026-01-01T00:00:00Zx",
		" 2026-01-01",
		"2026/01/01",
		"yesterday",
	};
	int64_t ns;
	for (size_t i = 0; i < SK_COUNT(good); i++) {
		assert_int_equal(sk_time_parse(good[i].text, &ns), SK_OK);
		assert_true(ns == good[i].ns);
	}
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		if (sk_time_parse(bad[i], &ns) != SK_EMALFORMED)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(sk_time_parse("2263-01-01", &ns), SK_ETOOBIG);
	assert_int_equal(sk_time_parse("0001-01-01", &ns), SK_ETOOBIG);
	assert_int_equal(sk_time_parse("@99999999999999999999", &ns), SK_ETOOBIG);
}

/* Every day of int64's range, forwards and backwards. */
static void every_day_round_trips(void **state)
{
	(void)state;
	const int64_t day_ns = 86400000000000;
	char text[SK_TIME_TEXT_MAX], before[SK_TIME_TEXT_MAX] = "";
	for (int64_t day = -106751; day <= 106751; day++) {
		int64_t ns;
		sk_time_format(day * day_ns, 0, text);
		assert_int_equal(sk_time_parse(text, &ns), SK_OK);
		assert_true(ns == day * day_ns);
		assert_true(strcmp(before, text) < 0);
		memcpy(before, text, sizeof text);
	}
}

static void durations(void **state)
{
	(void)state;
	int64_t ns;
	char text[SK_UNIT_TEXT_MAX];
	assert_int_equal(sk_duration_parse("90s", &ns), SK_OK);
	assert_true(ns == 90000000000);
	assert_int_equal(sk_duration_parse("15m", &ns), SK_OK);
	assert_true(ns == 900000000000);
	assert_int_equal(sk_duration_parse("500ms", &ns), SK_OK);
	assert_true(ns == 500000000);
	assert_int_equal(sk_duration_parse("7d", &ns), SK_OK);
	assert_true(ns == 604800000000000);
	static const char *const bad[] = {"", "s", "1", "1 s", "1.5h", "-1s", "1w", "1S", "99999999999999999999s", "200000d", "1ss"};
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_duration_parse(bad[i], &ns), SK_EMALFORMED);
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {{0, "0 ns"},
		     {850000000, "850 ms"},
		     {12400000000, "12.4 s"},
		     {59960000000, "1 min 0 s"},
		     {200000000000, "3 min 20 s"},
		     {3599600000000, "1 h 0 min"},
		     {187200000000000, "2 d 4 h"},
		     {-1500000000, "-1.5 s"},
		     {1500, "2 µs"},
		     {999600, "1 ms"},
		     {INT64_MIN, "-106751 d 23 h"}};
	for (size_t i = 0; i < SK_COUNT(cases); i++)
		assert_string_equal(sk_duration_format(cases[i].ns, text), cases[i].text);
}

static void figures(void **state)
{
	(void)state;
	char text[SK_UNIT_TEXT_MAX];
	assert_string_equal(sk_number_format(0, text), "0");
	assert_string_equal(sk_number_format(999, text), "999");
	assert_string_equal(sk_number_format(1234567, text), "1,234,567");
	assert_string_equal(sk_number_format(UINT64_MAX, text), "18,446,744,073,709,551,615");
	assert_string_equal(sk_bytes_format(0, text), "0 B");
	assert_string_equal(sk_bytes_format(1023, text), "1023 B");
	assert_string_equal(sk_bytes_format(1536, text), "1.5 KiB");
	assert_string_equal(sk_bytes_format(1048575, text), "1.0 MiB");
	assert_string_equal(sk_bytes_format(14575206, text), "13.9 MiB");
	assert_string_equal(sk_bytes_format(UINT64_MAX, text), "16.0 EiB");
	assert_string_equal(sk_rate_format(3.41e6, "pkt/s", text), "3.41 Mpkt/s");
	assert_string_equal(sk_rate_format(0, "pkt/s", text), "0 pkt/s");
	assert_string_equal(sk_rate_format(0.0754, "pkt/s", text), "0.075 pkt/s");
	assert_string_equal(sk_rate_format(9.996, "bit/s", text), "10.0 bit/s");
	assert_string_equal(sk_rate_format(99.96, "bit/s", text), "100 bit/s");
	assert_string_equal(sk_rate_format(999.6, "bit/s", text), "1.00 kbit/s");
	assert_string_equal(sk_rate_format(12.34e12, "bit/s", text), "12.3 Tbit/s");
	assert_string_equal(sk_rate_format(-1, "bit/s", text), "- bit/s");
}

static void hexadecimal(void **state)
{
	(void)state;
	uint8_t bytes[3];
	char text[7];
	sk_hex_encode("\x00\x9f\xff", 3, text);
	assert_string_equal(text, "009fff");
	assert_int_equal(sk_hex_decode("009FfF", bytes, 3), SK_OK);
	assert_memory_equal(bytes, "\x00\x9f\xff", 3);
	assert_int_equal(sk_hex_decode("009ff", bytes, 3), SK_EMALFORMED);
	assert_int_equal(sk_hex_decode("009fff0", bytes, 3), SK_EMALFORMED);
	assert_int_equal(sk_hex_decode("009fgf", bytes, 3), SK_EMALFORMED);
	assert_int_equal(sk_hex_decode("", bytes, 0), SK_OK);
}

static void base64(void **state)
{
	(void)state;
	/* RFC 4648 section 10 */
	static const char *const pairs[][2] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	char text[16];
	uint8_t bytes[16];
	size_t length;
	for (size_t i = 0; i < SK_COUNT(pairs); i++) {
		sk_base64_encode(pairs[i][0], strlen(pairs[i][0]), text);
		assert_string_equal(text, pairs[i][1]);
		assert_int_equal(sk_base64_decode(text, strlen(text), bytes, sizeof bytes, &length), SK_OK);
		assert_int_equal(length, strlen(pairs[i][0]));
		assert_memory_equal(bytes, pairs[i][0], length);
	}
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Zg==Zg==", "Zm9v\n", "Zm-v", "=m9v", "Z=9v", "Zm=v"};
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		if (sk_base64_decode(bad[i], strlen(bad[i]), bytes, sizeof bytes, &length) != SK_EMALFORMED)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(sk_base64_decode("Zm9v", 4, bytes, 2, &length), SK_ETOOBIG);
	assert_int_equal(sk_base64_decode("Zm8=", 4, bytes, 2, &length), SK_OK);
}

static void assert_escapes(void (*escape)(struct sk_buf *, const char *, size_t), const char *value, size_t length, const char *expected)
{
	struct sk_buf out;
	sk_buf_init(&out, 1000);
	escape(&out, value, length);
	assert_string_equal(sk_buf_text(&out), expected);
	sk_buf_fini(&out);
}

static void escaping(void **state)
{
	(void)state;
	assert_escapes(sk_escape_line, "a\x1b[31m\n\\\x7f\0b", 11, "a\\x1b[31m\\x0a\\x5c\\x7f\\x00b");
	assert_escapes(sk_escape_line, "関所\xff", 7, "関所\\xff");
	assert_escapes(sk_escape_line, "\xc2\x9b" "31m", 5, "\\xc2\\x9b31m");
	assert_escapes(sk_escape_line, "\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
	assert_escapes(sk_escape_csv, "plain", 5, "plain");
	assert_escapes(sk_escape_csv, "a,b", 3, "\"a,b\"");
	assert_escapes(sk_escape_csv, "a\"b", 3, "\"a\"\"b\"");
	assert_escapes(sk_escape_csv, "=cmd()", 6, "'=cmd()");
	assert_escapes(sk_escape_csv, "@a\nb", 4, "\"'@a\nb\"");
	assert_escapes(sk_escape_csv, "", 0, "");
}

static void utf8(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {{"", true},
		     {"a\xc3\xa9\xe9\x96\xa2\xf0\x9f\x9a\xa7", true},
		     {"\x80", false},
		     {"\xc0\x80", false},
		     {"\xc1\xbf", false},
		     {"\xe0\x9f\xbf", false},
		     {"\xed\xa0\x80", false},
		     {"\xed\x9f\xbf", true},
		     {"\xf0\x8f\xbf\xbf", false},
		     {"\xf4\x8f\xbf\xbf", true},
		     {"\xf4\x90\x80\x80", false},
		     {"\xf5\x80\x80\x80", false},
		     {"\xe9\x96", false},
		     {"\xc3", false},
		     {"\xef\xbf\xbf", true}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		size_t length = strlen(cases[i].text);
		char *exact = malloc(length + 1);
		memcpy(exact, cases[i].text, length);
		assert_int_equal(sk_utf8_valid(exact, length), cases[i].valid);
		free(exact);
	}
	assert_int_equal(sk_text_columns("abc"), 3);
	assert_int_equal(sk_text_columns("関所 gate"), 9);
	assert_int_equal(sk_text_columns("e\xcc\x81"), 1);
	assert_int_equal(sk_text_columns("\xff\xc3"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_format), cmocka_unit_test(times_parse), cmocka_unit_test(every_day_round_trips),
		cmocka_unit_test(durations),	cmocka_unit_test(figures),     cmocka_unit_test(hexadecimal),
		cmocka_unit_test(base64),	cmocka_unit_test(escaping),    cmocka_unit_test(utf8),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
