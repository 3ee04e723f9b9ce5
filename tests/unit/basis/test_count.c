/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to count: one text, what is signed and wrong, who may run it when; no refusal tells a target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basis/count.h"
#include "text/text.h"

static struct sk_sign_key *approver, *stranger;
static struct sk_fault fault;
static const int64_t second_ns = 1000000000;

static const char known[] = "{\"basis\":\"self-1\",\"format\":\"sekisho-count/1\",\"from\":\"2026-11-22T00:00:00Z\",\"id\":\"count-1\",\"purpose\":\"damage_prevention\","
			    "\"targets\":[\"198.51.100.0/24\",\"2001:db8:9::/48\",\"bad.example\"],\"until\":\"2026-11-22T06:00:00Z\",\"why\":\"phishing\"}\n";

static int64_t at(const char *text)
{
	int64_t unix_ns;
	assert_int_equal(sk_time_parse(text, &unix_ns), SK_OK);
	return unix_ns;
}

static struct sk_count_request example(void)
{
	static const char *const targets[] = {"bad.example", "198.51.100.0/24", "*.bad.example", "2001:db8:9::/48"};
	struct sk_count_request r = {.id = "count-1", .basis = "self-1", .purpose = "damage_prevention", .why = "phishing", .from_ns = at("2026-11-22T00:00:00Z"), .until_ns = at("2026-11-22T06:00:00Z")};
	for (size_t i = 0; i < SK_COUNT(targets); i++)
		assert_int_equal(sk_count_request_add(&r, targets[i], &fault), SK_OK);
	return r;
}

static enum sk_err read_signed(const char *body, size_t length, const struct sk_sign_key *by, struct sk_count_request *out)
{
	struct sk_buf note;
	sk_buf_init(&note, 4 * SK_COUNT_TEXT_MAX);
	sk_note_sign(&note, body, length, by);
	enum sk_err err = sk_count_request_decode(sk_buf_text(&note), note.length, sk_sign_key_public(approver), out, &fault);
	sk_buf_fini(&note);
	return err;
}

//= rule: COUNT-1
static void test_text(void **state)
{
	(void)state;
	struct sk_count_request r = example(), again;
	struct sk_buf note;
	sk_buf_init(&note, SK_COUNT_TEXT_MAX);
	assert_int_equal(sk_count_request_encode(&r, approver, &note, &fault), SK_OK);
	assert_memory_equal(sk_buf_text(&note), known, sizeof known - 1);
	assert_int_equal(sk_count_request_decode(sk_buf_text(&note), note.length, sk_sign_key_public(approver), &again, &fault), SK_OK);
	assert_memory_equal(&r, &again, sizeof r);
	assert_int_equal(again.targets[0].prefix.bits, 24);
	assert_int_equal(again.targets[2].prefix.addr.family, 0);
	/* Whose key it is, is asked first; any bit that is changed is refused. */
	assert_int_equal(sk_count_request_decode(sk_buf_text(&note), note.length, sk_sign_key_public(stranger), &again, &fault), SK_ESIGNATURE);
	for (size_t i = 0; i < note.length; i++) {
		note.bytes[i] ^= 1;
		assert_int_not_equal(sk_count_request_decode(sk_buf_text(&note), note.length, sk_sign_key_public(approver), &again, &fault), SK_OK);
		note.bytes[i] ^= 1;
	}
	for (size_t cut = 0; cut < note.length; cut++)
		assert_int_not_equal(sk_count_request_decode(sk_buf_text(&note), cut, sk_sign_key_public(approver), &again, &fault), SK_OK);
	sk_buf_fini(&note);
}

/* Signed by the right key, and wrong. */
//= rule: COUNT-1
static void test_lies(void **state)
{
	(void)state;
	static const struct { const char *from, *to; } lies[] = {
		{"sekisho-count/1", "sekisho-count/2"}, {"\"self-1\"", "\"\""}, {"\"count-1\"", "\"../count\""}, {"\"count-1\"", "\".count\""}, {"\"count-1\"", "\"Count\""}, {"\"count-1\"", "1"},
		{"06:00:00Z", "00:00:00Z"}, {"2026-11-22T06:00:00Z", "2026-11-23T00:00:01Z"}, {"2026-11-22T06:00:00Z", "2026-11-21T06:00:00Z"}, {"06:00:00Z", "06:00:00.5Z"}, {"06:00:00Z", "06:00:00.0Z"},
		{"198.51.100.0/24", "198.51.0.0/23"}, {"198.51.100.0/24", "198.51.100.9/24"}, {"2001:db8:9::/48", "2001:db8::/47"}, {"bad.example", "example"}, {"bad.example", "Bad.example"},
		{"bad.example", "*.bad.example"}, {"bad.example", "bad..example"}, {"bad.example", "198.51.100.0/24"}, {"\"198.51.100.0/24\",", ""}, {"[\"198.51.100.0/24\",\"2001:db8:9::/48\",\"bad.example\"]", "[]"},
		{"[\"198.51.100.0/24\",\"2001:db8:9::/48\",\"bad.example\"]", "[\"bad.example\",\"198.51.100.0/24\"]"}, {"\"phishing\"", "\"\""}, {"\"why\"", "\"whx\""}, {"\"damage_prevention\"", "\"\""},
		{"{\"basis\"", "{\"a\":1,\"basis\""}, {"}\n", ",\"x\":1}\n"}, {"}\n", "} \n"}, {"\":\"count-1\"", "\": \"count-1\""},
	};
	struct sk_count_request out;
	assert_int_equal(read_signed(known, sizeof known - 1, approver, &out), SK_OK);
	assert_int_equal(read_signed(known, sizeof known - 1, stranger, &out), SK_ESIGNATURE);
	for (size_t i = 0; i < SK_COUNT(lies); i++) {
		char body[2048];
		const char *found = strstr(known, lies[i].from);
		assert_non_null(found);
		(void)snprintf(body, sizeof body, "%.*s%s%s", (int)(found - known), known, lies[i].to, found + strlen(lies[i].from));
		enum sk_err err = read_signed(body, strlen(body), approver, &out);
		/* Leaving one target out is no lie. */
		if (err != (lies[i].to[0] == '\0' ? SK_OK : SK_EMALFORMED))
			print_error("%s -> %s: %d %s\n", lies[i].from, lies[i].to, err, fault.line);
		assert_int_equal(err, lies[i].to[0] == '\0' ? SK_OK : SK_EMALFORMED);
		assert_null(strstr(fault.line, "198.51"));
		assert_null(strstr(fault.line, "bad."));
	}
}

static void test_targets(void **state)
{
	(void)state;
	static const struct { const char *target; bool good; } rows[] = {
		{"203.0.113.0/24", true}, {"203.0.113.0/23", false}, {"203.0.113.7", true}, {"203.0.113.7/32", true}, {"2001:db8:1::/48", true}, {"2001:db8::/32", false}, {"2001:db8::7", true}, {"::/0", false},
		{"0.0.0.0/0", false}, {"bad.example", true}, {"*.bad.example", true}, {"example", false}, {"*.example", false}, {"", false}, {".", false}, {"bad.example.", false}, {"BAD.example", false}, {"a b.example", false},
	};
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		struct sk_count_request r = {.target_count = 0};
		if ((sk_count_request_add(&r, rows[i].target, &fault) == SK_OK) != rows[i].good)
			print_error("%s\n", rows[i].target);
		assert_int_equal(r.target_count, rows[i].good);
	}
	struct sk_count_request r = {.target_count = 0};
	for (unsigned i = 0; i <= SK_COUNT_TARGETS_MAX; i++) {
		char target[32];
		(void)snprintf(target, sizeof target, "a%02u.example", 99 - i);
		assert_int_equal(sk_count_request_add(&r, target, &fault), i < SK_COUNT_TARGETS_MAX ? SK_OK : SK_EUSAGE);
	}
	for (size_t i = 1; i < r.target_count; i++)
		assert_true(strcmp(r.targets[i - 1].text, r.targets[i].text) < 0);
}

//= rule: COUNT-1
static void test_runs(void **state)
{
	(void)state;
	struct sk_count_request r = example();
	struct sk_basis basis = {.id = "self-1", .classes = SK_CLASS_BIT(SK_CLASS_DF), .detector_count = 2, .detectors = {{.name = "beacon"}, {.name = "count.only"}}};
	assert_int_equal(sk_count_request_runs(&r, &basis, r.from_ns - 1, &fault), SK_EFUTURE);
	assert_int_equal(sk_count_request_runs(&r, &basis, r.from_ns, &fault), SK_OK);
	assert_int_equal(sk_count_request_runs(&r, &basis, r.until_ns - 1, &fault), SK_OK);
	assert_int_equal(sk_count_request_runs(&r, &basis, r.until_ns, &fault), SK_EEXPIRED);
	basis.detector_count = 1;
	assert_int_equal(sk_count_request_runs(&r, &basis, r.from_ns, &fault), SK_EPERMIT);
	basis.detector_count = 2;
	basis.classes = SK_CLASS_BIT(SK_CLASS_FF);
	assert_int_equal(sk_count_request_runs(&r, &basis, r.from_ns, &fault), SK_EPERMIT);
	basis.classes = SK_CLASS_BIT(SK_CLASS_FD);
	assert_int_equal(sk_count_request_runs(&r, &basis, r.from_ns, &fault), SK_OK);
	basis.id[0] = 'x';
	assert_int_equal(sk_count_request_runs(&r, &basis, r.from_ns, &fault), SK_EPERMIT);
}

static void test_life(void **state)
{
	(void)state;
	struct sk_buf note;
	sk_buf_init(&note, SK_COUNT_TEXT_MAX);
	struct sk_count_request r = example();
	r.until_ns = r.from_ns + SK_COUNT_LIFE_MAX_S * second_ns;
	assert_int_equal(sk_count_request_encode(&r, approver, &note, &fault), SK_OK);
	r.until_ns += second_ns;
	assert_int_equal(sk_count_request_encode(&r, approver, &note, &fault), SK_EUSAGE);
	sk_buf_fini(&note);
}

static int start(void **state)
{
	(void)state;
	return sk_seal_start() == SK_OK && sk_sign_key_new("approver", &approver) == SK_OK && sk_sign_key_new("stranger", &stranger) == SK_OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	sk_sign_key_free(approver);
	sk_sign_key_free(stranger);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_lies), cmocka_unit_test(test_targets), cmocka_unit_test(test_runs), cmocka_unit_test(test_life)};
	return cmocka_run_group_tests(tests, start, stop);
}
