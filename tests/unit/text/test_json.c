/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "json_copy.h"

enum { OUT_MAX = 1 << 20 };

/* Parse an exact-size copy, so that the sanitizer sees a read past the end. */
static enum sk_err parse(const char *text, size_t length, struct sk_json_doc **doc, struct sk_fault *fault)
{
	char *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, text, length);
	enum sk_err err = sk_json_parse(exact, length, doc, fault);
	free(exact);
	return err;
}

static void assert_round_trip(const char *text, size_t length)
{
	struct sk_json_doc *doc;
	struct sk_fault fault = {0};
	struct sk_buf out;
	if (parse(text, length, &doc, &fault) != SK_OK)
		fail_msg("%.*s: %s", (int)length, text, fault.line);
	sk_buf_init(&out, OUT_MAX);
	json_copy(doc, &out);
	assert_int_equal(out.failed, SK_OK);
	assert_int_equal(out.length, length);
	assert_memory_equal(out.bytes, text, length);
	sk_buf_fini(&out);
	sk_json_free(doc);
}

static const char *const good[] = {
	"0", "-1", "9007199254740991", "-9007199254740991", "true", "false", "null", "\"\"", "\"a\"", "[]", "{}", "[[],{},[0]]",
	"{\"\":1,\"a\":{\"b\":[1,2,{\"c\":null}]},\"b\":\"\\b\\t\\n\\f\\r\\\"\\\\\\u0001\\u001f\"}", "\"\x7f\"", "\"/\"",
	"\"\xc3\xa9\xe9\x96\xa2\xf0\x9f\x9a\xa7\"", "[\"\xe2\x80\xa8\"]", "{\"A\":1,\"a\":2,\"aa\":3}", "[\"9007199254740992\"]",
};

static void good_documents_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(good); i++)
		assert_round_trip(good[i], strlen(good[i]));
}

static const struct {
	const char *text;
	size_t offset;       /* the byte that the fault must name */
	const char *because; /* what it must say */
} bad[] = {
	{"", 0, "value"},
	{" 0", 0, "value"},
	{"0 ", 1, "end"},
	{"0\n", 1, "end"},
	{"00", 0, "leading zero"},
	{"01", 0, "leading zero"},
	{"-01", 1, "leading zero"},
	{"-0", 0, "without a sign"},
	{"-", 1, "digit"},
	{"+1", 0, "value"},
	{"1.0", 1, "no fraction"},
	{"1e3", 1, "no fraction"},
	{"1E3", 1, "no fraction"},
	{"0.5", 1, "no fraction"},
	{"9007199254740992", 0, "2^53"},
	{"-9007199254740992", 0, "2^53"},
	{"99999999999999999999999999", 0, "2^53"},
	{"NaN", 0, "value"},
	{"True", 0, "value"},
	{"tru", 0, "value"},
	{"nullx", 4, "end"},
	{"\"", 1, "closing quote"},
	{"\"a", 2, "closing quote"},
	{"\"\t\"", 1, "escape"},
	{"\"\\/\"", 2, "after a backslash"},
	{"\"\\a\"", 2, "after a backslash"},
	{"\"\\", 2, "after a backslash"},
	{"\"\\u0041\"", 1, "itself"},
	{"\"\\u000a\"", 1, "short escape"},
	{"\"\\u0000\"", 1, "never"},
	{"\"\\u001F\"", 1, "lower case"},
	{"\"\\u00e9\"", 1, "itself"},
	{"\"\\u12\"", 6, "four"},
	{"\"\\u00zz\"", 3, "four"},
	{"\"\\ud83d\\udea7\"", 1, "itself"},
	{"\"\xff\"", 1, "UTF-8"},
	{"\"\xc0\xaf\"", 1, "UTF-8"},
	{"\"\xed\xa0\x80\"", 1, "UTF-8"},
	{"\"\xf4\x90\x80\x80\"", 1, "UTF-8"},
	{"\"\xe2\x80\"", 1, "UTF-8"},
	{"[", 1, "value"},
	{"[1", 2, "','"},
	{"[1,]", 3, "value"},
	{"[,1]", 1, "value"},
	{"[1 ,2]", 2, "white space"},
	{"[1, 2]", 3, "value"},
	{"[1}", 2, "','"},
	{"]", 0, "value"},
	{"{", 1, "key"},
	{"{1:2}", 1, "key"},
	{"{\"a\"}", 4, "':'"},
	{"{\"a\" :1}", 4, "':'"},
	{"{\"a\":}", 5, "value"},
	{"{\"a\":1,}", 7, "key"},
	{"{\"a\":1]", 6, "','"},
	{"{\"b\":1,\"a\":2}", 7, "ascending"},
	{"{\"a\":1,\"a\":2}", 7, "each key once"},
	{"{\"aa\":1,\"a\":2}", 8, "ascending"},
	{"{\"a\":1,\"A\":2}", 7, "ascending"},
	{"{\"\xc3\xa9\":1}", 2, "ASCII"},
	{"{\"a\\nb\":1}", 3, "ASCII"},
	{"{\"\x7f\":1}", 2, "ASCII"},
	{"{}{}", 2, "end"},
	{"\xef\xbb\xbf{}", 0, "value"},
	{"{\"a\":1}}", 7, "end"},
	{"[\"a\"\"b\"]", 4, "','"},
	{"'a'", 0, "value"},
	{"{\"0123456789012345678901234567890123456789012345678901234567890123\":1}", 1, "63 bytes"},
};

static void bad_documents_name_the_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		struct sk_json_doc *doc;
		struct sk_fault fault = {0};
		char place[32];
		(void)snprintf(place, sizeof place, "byte %zu:", bad[i].offset);
		if (parse(bad[i].text, strlen(bad[i].text), &doc, &fault) != SK_EMALFORMED || strstr(fault.line, place) == NULL ||
		    strstr(fault.line, bad[i].because) == NULL)
			fail_msg("%s: expected '%s ... %s', got '%s'", bad[i].text, place, bad[i].because, fault.line);
	}
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	static const char whole[] = "{\"a\":[true,false,null,-12,\"x\\n\xe9\x96\xa2\"],\"b\":{\"c\":{}}}";
	for (size_t length = 0; length < sizeof whole - 1; length++) {
		struct sk_json_doc *doc;
		assert_int_equal(parse(whole, length, &doc, NULL), SK_EMALFORMED);
	}
	assert_round_trip(whole, sizeof whole - 1);
}

/* Whatever one byte becomes, the result is refused or is canonical itself. Also each deletion and each doubling of one byte. */
static void every_small_mutation_is_refused_or_canonical(void **state)
{
	(void)state;
	static const char whole[] = "{\"a\":[true,0,-12,\"x\\n\\u0001\xe9\x96\xa2\"],\"b\":{\"c\":[]}}";
	enum { LENGTH = sizeof whole - 1 };
	size_t accepted = 0;
	for (size_t at = 0; at < LENGTH; at++)
		for (unsigned change = 0; change < 258; change++) {
			char text[LENGTH + 1];
			size_t length = LENGTH;
			memcpy(text, whole, LENGTH);
			if (change < 256)
				text[at] = (char)change;
			else if (change == 256)
				memmove(text + at, text + at + 1, --length - at);
			else
				memmove(text + at + 1, text + at, length++ - at);
			struct sk_json_doc *doc;
			if (parse(text, length, &doc, NULL) != SK_OK)
				continue;
			sk_json_free(doc);
			assert_round_trip(text, length);
			accepted++;
		}
	assert_true(accepted > LENGTH);
}

/* All texts of up to five bytes over an alphabet that holds every kind of token. */
static void every_short_text_is_refused_or_canonical(void **state)
{
	(void)state;
	static const char alphabet[] = "{}[]\":,0-1e \\u\xc3";
	enum { LETTERS = sizeof alphabet - 1, LONGEST = 5 };
	size_t accepted = 0, count = 1;
	for (size_t length = 0; length <= LONGEST; length++, count *= LETTERS)
		for (size_t n = 0; n < count; n++) {
			char text[LONGEST];
			size_t rest = n;
			for (size_t i = 0; i < length; i++, rest /= LETTERS)
				text[i] = alphabet[rest % LETTERS];
			struct sk_json_doc *doc;
			if (sk_json_parse(text, length, &doc, NULL) != SK_OK)
				continue;
			sk_json_free(doc);
			assert_round_trip(text, length);
			accepted++;
		}
	assert_true(accepted > 100);
}

static void limits_hold(void **state)
{
	(void)state;
	struct sk_json_doc *doc;
	struct sk_fault fault;
	char nested[2 * (SK_JSON_DEPTH_MAX + 1)];
	for (size_t depth = SK_JSON_DEPTH_MAX; depth <= SK_JSON_DEPTH_MAX + 1; depth++) {
		memset(nested, '[', depth);
		memset(nested + depth, ']', depth);
		if (depth == SK_JSON_DEPTH_MAX)
			assert_round_trip(nested, 2 * depth);
		else
			assert_int_equal(parse(nested, 2 * depth, &doc, &fault), SK_ETOOBIG);
	}
	enum { VALUES = 1000000 };
	char *many = malloc(2 * VALUES + 2);
	assert_non_null(many);
	many[0] = '[';
	for (size_t i = 0; i < VALUES; i++) {
		many[1 + 2 * i] = '7';
		many[2 + 2 * i] = ',';
	}
	/* The array itself is a value too: one child less fits. */
	many[2 * (VALUES - 1)] = ']';
	assert_int_equal(sk_json_parse(many, 2 * (VALUES - 1) + 1, &doc, &fault), SK_OK);
	assert_int_equal(sk_json_top(doc)->length, VALUES - 1);
	sk_json_free(doc);
	many[2 * (VALUES - 1)] = ',';
	many[2 * VALUES] = ']';
	assert_int_equal(sk_json_parse(many, 2 * VALUES + 1, &doc, &fault), SK_ETOOBIG);
	free(many);
}

static void members_are_found_by_kind(void **state)
{
	(void)state;
	static const char text[] =
		"{\"big\":\"18446744073709551615\",\"hex\":\"00ff\",\"low\":\"-9223372036854775808\",\"n\":-5,\"null\":null,\"small\":\"12\","
		"\"t\":\"word\",\"too\":\"18446744073709551616\",\"u\":7,\"up\":\"00FF\",\"zero\":\"09007199254740992\"}";
	struct sk_json_doc *doc;
	assert_int_equal(parse(text, sizeof text - 1, &doc, NULL), SK_OK);
	const struct sk_json_value *top = sk_json_top(doc);
	uint64_t u;
	int64_t i;
	uint8_t bytes[2];
	assert_int_equal(top->length, 11);
	assert_int_equal(sk_json_get_u64(top, "u", &u), SK_OK);
	assert_int_equal(u, 7);
	assert_int_equal(sk_json_get_u64(top, "big", &u), SK_OK);
	assert_true(u == UINT64_MAX);
	assert_int_equal(sk_json_get_u64(top, "n", &u), SK_EMALFORMED);
	assert_int_equal(sk_json_get_u64(top, "small", &u), SK_EMALFORMED);
	assert_int_equal(sk_json_get_u64(top, "too", &u), SK_EMALFORMED);
	assert_int_equal(sk_json_get_u64(top, "zero", &u), SK_EMALFORMED);
	assert_int_equal(sk_json_get_u64(top, "t", &u), SK_EMALFORMED);
	assert_int_equal(sk_json_get_u64(top, "null", &u), SK_EMALFORMED);
	assert_int_equal(sk_json_get_u64(top, "absent", &u), SK_ENOENT);
	assert_int_equal(sk_json_get_i64(top, "n", &i), SK_OK);
	assert_int_equal(i, -5);
	assert_int_equal(sk_json_get_i64(top, "low", &i), SK_OK);
	assert_true(i == INT64_MIN);
	assert_int_equal(sk_json_get_i64(top, "big", &i), SK_EMALFORMED);
	assert_int_equal(sk_json_get_i64(top, "absent", &i), SK_ENOENT);
	assert_string_equal(sk_json_get_text(top, "t"), "word");
	assert_null(sk_json_get_text(top, "u"));
	assert_null(sk_json_get_text(NULL, "u"));
	assert_null(sk_json_get(sk_json_get(top, "t"), "x"));
	assert_int_equal(sk_json_get_hex(top, "hex", bytes, 2), SK_OK);
	assert_memory_equal(bytes, "\x00\xff", 2);
	assert_int_equal(sk_json_get_hex(top, "hex", bytes, 1), SK_EMALFORMED);
	assert_int_equal(sk_json_get_hex(top, "up", bytes, 2), SK_EMALFORMED);
	assert_int_equal(sk_json_get_hex(top, "absent", bytes, 2), SK_ENOENT);
	assert_int_equal(sk_json_get(top, "n")->offset, strstr(text, "-5") - text);
	sk_json_free(doc);
}

static void writer_escapes_and_splits_integers(void **state)
{
	(void)state;
	struct sk_buf out;
	struct sk_json_writer w;
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&w, &out, true);
	sk_json_array(&w, NULL);
	sk_json_text_n(&w, NULL, "a\0b\xff\xc3\x01\x7f\"\\/\n", 11);
	sk_json_u64(&w, NULL, ((uint64_t)1 << 53) - 1);
	sk_json_u64(&w, NULL, (uint64_t)1 << 53);
	sk_json_i64(&w, NULL, -((int64_t)1 << 53) + 1);
	sk_json_i64(&w, NULL, INT64_MIN);
	sk_json_hex(&w, NULL, "\x01\xab", 2);
	sk_json_raw(&w, NULL, "{}", 2);
	sk_json_end(&w);
	assert_string_equal(sk_buf_text(&out), "[\"a\xef\xbf\xbd"
					       "b\xef\xbf\xbd\xef\xbf\xbd\\u0001\x7f\\\"\\\\/\\n\",9007199254740991,\"9007199254740992\","
					       "-9007199254740991,\"-9223372036854775808\",\"01ab\",{}]");
	assert_round_trip((const char *)out.bytes, out.length);
	sk_buf_reset(&out);
	static const struct {
		double value;
		const char *text;
	} doubles[] = {{0, "0"},
		       {-0.0, "0"},
		       {1.5, "1.5"},
		       {-0.25, "-0.25"},
		       {0.0000001, "0"},
		       {-0.0000001, "0"},
		       {3.14159265, "3.141593"},
		       {1e15, "1000000000000000"},
		       {0.999999999, "1"},
		       {100.000001, "100.000001"}};
	for (size_t i = 0; i < SK_COUNT(doubles); i++) {
		sk_buf_reset(&out);
		sk_json_begin(&w, &out, false);
		sk_json_double(&w, NULL, doubles[i].value);
		assert_string_equal(sk_buf_text(&out), doubles[i].text);
	}
	sk_buf_reset(&out);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_bool(&w, "z\n", true);
	sk_json_null(&w, "a");
	sk_json_end(&w);
	assert_string_equal(sk_buf_text(&out), "{\"z\\n\":true,\"a\":null}");
	sk_buf_fini(&out);
}

/* Each misuse of the canonical writer must stop the process: sabotage of what the ledger's single form rests on. */
static void misuse(struct sk_json_writer *w, unsigned which)
{
	sk_json_object(w, NULL);
	sk_json_u64(w, "b", 1);
	switch (which) {
	case 0: sk_json_u64(w, "a", 1); break;             /* order */
	case 1: sk_json_u64(w, "b", 1); break;             /* twice */
	case 2: sk_json_u64(w, NULL, 1); break;            /* no key */
	case 3: sk_json_double(w, "c", 0.5); break;        /* a fraction */
	case 4: sk_json_u64(w, "c\n", 1); break;           /* a key that would need an escape */
	case 5: sk_json_end(w); sk_json_end(w); break;     /* closed too often */
	case 6: sk_json_array(w, "c"); sk_json_u64(w, "d", 1); break; /* a key in an array */
	default: break;
	}
}

static void canonical_writer_stops_on_misuse(void **state)
{
	(void)state;
	for (unsigned which = 0; which <= 7; which++) {
		(void)fflush(NULL);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct sk_buf out;
			struct sk_json_writer w;
			(void)signal(SIGABRT, SIG_DFL);
			(void)close(STDERR_FILENO);
			sk_buf_init(&out, OUT_MAX);
			sk_json_begin(&w, &out, true);
			misuse(&w, which);
			_exit(0);
		}
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, which < 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_documents_round_trip),
		cmocka_unit_test(bad_documents_name_the_byte),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(every_small_mutation_is_refused_or_canonical),
		cmocka_unit_test(every_short_text_is_refused_or_canonical),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(members_are_found_by_kind),
		cmocka_unit_test(writer_escapes_and_splits_integers),
		cmocka_unit_test(canonical_writer_stops_on_misuse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
