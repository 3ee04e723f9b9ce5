/* SPDX-License-Identifier: Apache-2.0 */
/* The law as data: the shipped files, one text for one law, each way of widening refused with file, line, value and bound, dates, calendar months. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "law/law.h"
#include "text/text.h"

enum { OUT_MAX = 1 << 20 };
static const struct sk_law_bound measures[] = {{"rpz", 7 * 86400}, {"flowspec", 4 * 3600}, {"nftables", 86400}, {"rtbh", 4 * 3600}, {"sinkhole", 30 * 86400}, {"takedown_notice", 14 * 86400},
					       {"operator_advisory", 90 * 86400}, {"vendor_request", 90 * 86400}, {"public_notice", 90 * 86400}};
static const struct sk_law_bound levels[] = {{"low", 1}, {"medium", 2}, {"high", 3}};
static const struct sk_law_bounds bounds = {.measure_count = SK_COUNT(measures), .level_count = SK_COUNT(levels), .measures = measures, .levels = levels, .oversight_present = 3};
static struct sk_fault fault;

static int64_t at(const char *text)
{
	int64_t unix_ns;
	assert_int_equal(sk_time_parse(text, &unix_ns), SK_OK);
	return unix_ns;
}

static enum sk_err parse(const char *yaml, struct sk_law **law)
{
	fault.line[0] = '\0';
	return sk_law_parse("f.yaml", yaml, strlen(yaml), &bounds, law, &fault);
}

static void read_shipped(const char *name, struct sk_buf *text)
{
	char path[SK_PATH_MAX];
	(void)snprintf(path, sizeof path, "%s/policy/%s.yaml", SK_SOURCE_ROOT, name);
	sk_buf_init(text, OUT_MAX);
	assert_int_equal(sk_file_read(path, text, &fault), SK_OK);
}

static struct sk_law *shipped(const char *name)
{
	struct sk_buf text;
	struct sk_law *law = NULL;
	read_shipped(name, &text);
	if (sk_law_parse(name, text.bytes, text.length, &bounds, &law, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_buf_fini(&text);
	return law;
}

/* ---- a small file that the tests bend ---- */

#define HEAD "policy: p\nversion: v1\nprofile: lab\n"
#define EVERY "    effective_from: 2026-01-01\n    evidence: own\n    source: here\n"
#define BASIS(kind, approves) \
	"  - kind: " kind "\n    article: somewhere\n    asks: [nco]\n    approves: " approves "\n    longest: 6mo\n    extension: none\n    max_entries: 10\n    min_prefix_v4: 24\n" \
	"    min_prefix_v6: 48\n" EVERY
#define BASES "bases:\n" BASIS("ff", "oversight")
#define MATRIX "matrix:\n  - basis: ff\n    classes: [FF]\n" EVERY
#define QUORUM "  - matter: basis\n    level: oversight\n    rule: majority\n    present: 3\n    chair: true\n    tie: chair\n    outside: true\n" EVERY
#define QUORUMS "quorums:\n" QUORUM
#define GOOD HEAD BASES MATRIX QUORUMS

static void test_shipped(void **state)
{
	(void)state;
	struct sk_law *law = shipped("jp-2025");
	const struct sk_law_basis *basis;
	char span[SK_LAW_WORD_MAX];
	assert_int_equal(law->bases.count, 4);
	assert_int_equal(law->sectors.count, 30);
	/* The figures of LAW.md 1.3 and 1.5. */
	assert_int_equal(sk_law_basis(law, "ff", at("2027-11-22"), false, &basis, &fault), SK_OK);
	assert_string_equal(sk_law_span_format(&basis->longest, span), "6mo");
	assert_string_equal(basis->evidence, "S");
	assert_int_equal(sk_law_basis(law, "fd", at("2028-01-01"), false, &basis, &fault), SK_OK);
	assert_string_equal(sk_law_span_format(&basis->longest, span), "3mo");
	const struct sk_law_quorum *quorum = sk_law_quorum(law, "basis", "oversight", at("2027-11-22"), false);
	assert_non_null(quorum);
	assert_int_equal(quorum->present, 3);
	assert_true(quorum->chair && quorum->outside);
	assert_string_equal(quorum->tie, "chair");
	assert_string_equal(quorum->evidence, "P");
	assert_int_equal(sk_law_classes(law, "ff", at("2027-11-22"), false), SK_CLASS_BIT(SK_CLASS_FF));
	assert_int_equal(sk_law_classes(law, "agreement", at("2027-11-22"), false), SK_CLASS_BIT(SK_CLASS_FD));
	assert_string_equal(sk_law_span_format(&sk_law_deadline(law, "jp_act_art5", "final", at("2026-11-22"), false)->within, span), "30d");
	sk_law_free(law);
	sk_law_free(shipped("own-network"));
	sk_law_free(shipped("lab"));
}

//= rule: LAW-1
static void test_not_in_force(void **state)
{
	(void)state;
	struct sk_law *law = shipped("jp-2025");
	const struct sk_law_basis *basis;
	assert_int_equal(sk_law_basis(law, "ff", at("2027-11-21T23:59:59.999999999Z"), false, &basis, &fault), SK_ELAW);
	assert_null(basis);
	assert_non_null(strstr(fault.line, "2027-11-22"));
	assert_non_null(strstr(fault.line, "arts 17-20"));
	assert_int_equal(sk_law_classes(law, "ff", at("2026-11-30"), false), 0);
	/* A laboratory simulates it. */
	assert_int_equal(sk_law_basis(law, "ff", at("2026-11-30"), true, &basis, &fault), SK_OK);
	assert_string_equal(basis->kind, "ff");
	assert_int_equal(sk_law_classes(law, "ff", at("2026-11-30"), true), SK_CLASS_BIT(SK_CLASS_FF));
	assert_int_equal(sk_law_basis(law, "own_network", at("2028-01-01"), false, &basis, &fault), SK_ENOENT);
	sk_law_free(law);
	/* What is over is over, simulated or not. */
	assert_int_equal(parse(HEAD "bases:\n  - kind: ff\n    article: a\n    asks: [nco]\n    approves: oversight\n    longest: 6mo\n    extension: none\n    max_entries: 10\n    min_prefix_v4: 24\n    min_prefix_v6: 48\n"
				    "    effective_from: 2026-01-01\n    effective_to: 2026-06-01\n    evidence: own\n    source: here\n" MATRIX QUORUMS, &law), SK_OK);
	assert_int_equal(sk_law_basis(law, "ff", at("2026-05-31"), false, &basis, &fault), SK_OK);
	assert_int_equal(sk_law_basis(law, "ff", at("2026-06-01"), true, &basis, &fault), SK_ELAW);
	assert_non_null(strstr(fault.line, "no longer in force since 2026-06-01"));
	sk_law_free(law);
}

/* ---- one text ---- */

static void canonical(const struct sk_law *law, struct sk_buf *out)
{
	sk_buf_init(out, OUT_MAX);
	sk_law_write(law, out);
	assert_int_equal(out->failed, SK_OK);
}

static void test_one_text(void **state)
{
	(void)state;
	static const char *const names[] = {"jp-2025", "own-network", "lab"};
	for (size_t i = 0; i < SK_COUNT(names); i++) {
		struct sk_law *law = shipped(names[i]), *again = NULL;
		struct sk_buf first, second;
		uint8_t digest[SK_HASH_BYTES];
		canonical(law, &first);
		assert_int_equal(sk_law_parse("again", first.bytes, first.length, &bounds, &again, &fault), SK_OK);
		canonical(again, &second);
		assert_int_equal(first.length, second.length);
		assert_memory_equal(first.bytes, second.bytes, first.length);
		sk_sha256(first.bytes, first.length, digest);
		assert_memory_equal(digest, law->digest, SK_HASH_BYTES);
		assert_memory_equal(digest, again->digest, SK_HASH_BYTES);
		assert_int_equal(sk_law_compare(law, again, NULL, NULL), 0);
		sk_buf_fini(&first);
		sk_buf_fini(&second);
		sk_law_free(law);
		sk_law_free(again);
	}
}

static void test_order_and_comments_do_not_count(void **state)
{
	(void)state;
	struct sk_law *law, *other;
	assert_int_equal(parse(GOOD "matrix2:\n", &law), SK_EINPUT);
	assert_int_equal(parse(HEAD BASES BASIS("fd", "oversight") "matrix:\n  - basis: ff\n    classes: [FF]\n" EVERY "  - basis: fd\n    classes: [FD]\n" EVERY QUORUMS, &law), SK_OK);
	assert_int_equal(parse("# a comment\n" HEAD QUORUMS "bases:\n" BASIS("fd", "oversight") BASIS("ff", "oversight") "matrix:\n  - {basis: 'fd', classes: [FD], effective_from: \"2026-01-01\", evidence: own, "
			       "source: here}\n  - basis: ff\n    classes: [FF]\n" EVERY, &other), SK_OK);
	assert_memory_equal(law->digest, other->digest, SK_HASH_BYTES);
	sk_law_free(other);
	/* One word more, another law. */
	assert_int_equal(parse(HEAD BASES MATRIX QUORUMS, &other), SK_OK);
	assert_memory_not_equal(law->digest, other->digest, SK_HASH_BYTES);
	sk_law_free(other);
	sk_law_free(law);
}

/* ---- what is refused ---- */

struct wrong {
	const char *yaml;
	enum sk_err err;
	const char *place, *words; /* both must stand in the line */
};

static const struct wrong forms[] = {
	{"", SK_EINPUT, "f.yaml:1:1:", "policy is missing"},
	{"- a\n", SK_EINPUT, "f.yaml:1:1:", "found a list"},
	{"policy: p\npolicy: q\n", SK_EINPUT, "f.yaml:2:1:", "stands twice, first in line 1"},
	{HEAD "basis: []\n", SK_EINPUT, "f.yaml:4:1:", "basis is no key"},
	{HEAD "bases: no\n", SK_EINPUT, "f.yaml:4:8:", "expected a list of rows"},
	{HEAD "bases: [a]\n", SK_EINPUT, "f.yaml:4:9:", "expected a row"},
	{HEAD "bases: []\nbases: []\n", SK_EINPUT, "f.yaml:5:1:", "stands twice"},
	{"policy: p\nbases: []\n", SK_EINPUT, "f.yaml:2:1:", "profile must stand before bases"},
	{HEAD "bases:\n  - kind: ff\n    wherever: x\n", SK_EINPUT, "f.yaml:6:5:", "wherever is no key"},
	{HEAD "bases:\n  - kind: ff\n    kind: fd\n", SK_EINPUT, "f.yaml:6:5:", "kind stands twice"},
	{HEAD "bases:\n  - kind: ff\n", SK_EINPUT, "f.yaml:5:5:", "a row without article"},
	{HEAD "bases:\n  - kind: &a ff\n", SK_EINPUT, "f.yaml:5:11:", "anchor"},
	{HEAD "bases:\n  - kind: *a\n", SK_EINPUT, "f.yaml:5:11:", "alias"},
	{HEAD "bases:\n  - kind: !!str ff\n", SK_EINPUT, "f.yaml:5:11:", "tag"},
	{HEAD "bases:\n  - <<: {}\n", SK_EINPUT, "f.yaml:5:5:", "<< is no key"},
	{"%YAML 1.1\n---\n" HEAD, SK_EINPUT, "f.yaml:", "directive"},
	{HEAD "---\npolicy: q\n", SK_EINPUT, "f.yaml:4:1:", "second document"},
	{HEAD "bases:\n  - kind: [ff]\n", SK_EINPUT, "f.yaml:5:11:", "expected one value"},
	{HEAD "bases:\n  - asks: nco\n", SK_EINPUT, "f.yaml:5:11:", "expected a list"},
	{HEAD "bases:\n  - asks: [nco, nco]\n", SK_EINPUT, "f.yaml:5:17:", "nco stands there twice"},
	{HEAD "bases:\n  - longest: 6 months\n", SK_EINPUT, "f.yaml:5:14:", "expected a time with its unit"},
	{HEAD "bases:\n  - longest: 0mo\n", SK_EINPUT, "f.yaml:5:14:", "expected a time with its unit"},
	{HEAD "bases:\n  - effective_from: 22.11.2027\n", SK_EINPUT, "f.yaml:5:21:", "expected a day"},
	{HEAD "bases:\n  - effective_from: 2027-11-22T00:00:00Z\n", SK_EINPUT, "f.yaml:5:21:", "expected a day"},
	{HEAD "bases:\n  - max_entries: 1e6\n", SK_EINPUT, "f.yaml:5:18:", "whole number"},
	{HEAD "bases:\n  - max_entries: 007\n", SK_EINPUT, "f.yaml:5:18:", "whole number"},
	{HEAD "quorums:\n  - chair: yes\n", SK_EINPUT, "f.yaml:5:12:", "true or false"},
	{"policy: p\nversion: v\nprofile: jp\n", SK_EINPUT, "f.yaml:3:10:", "own-network, lab or jp-2025"},
	{"policy: p\tq\n", SK_EINPUT, "f.yaml:1:10:", "control byte 0x09"},
	{"policy: p\nversion: \xff\n", SK_EINPUT, "f.yaml:2:", "UTF-8"},
	{"policy: [p\nversion: v\n", SK_EINPUT, "f.yaml:1:9:", "expected one word"},
	{"policy: p\nversion: \"v\n", SK_EINPUT, "f.yaml:", "no YAML"},
	{HEAD BASES MATRIX, SK_EINPUT, "f.yaml:5:", "quorums has no row of matter basis, level oversight"},
	{HEAD BASES QUORUMS, SK_EINPUT, "f.yaml:5:", "matrix has no row"},
	{HEAD BASES BASIS("ff", "oversight") MATRIX QUORUMS, SK_EINPUT, "f.yaml:17:", "in force at the same time as the row of line 5"},
	{HEAD MATRIX "bases:\n  - kind: ff\n    article: a\n    asks: [nco]\n    approves: oversight\n    longest: none\n    extension: none\n    max_entries: 10\n    min_prefix_v4: 24\n    min_prefix_v6: 48\n" EVERY,
	 SK_EINPUT, "f.yaml:15:14:", "a basis ends"},
	{HEAD "matrix:\n  - basis: ff\n    classes: [FF]\n    effective_from: 2026-01-01\n    effective_to: 2026-01-01\n    evidence: own\n    source: here\n", SK_EINPUT, "f.yaml:8:19:", "is not after"},
	{HEAD "matrix:\n  - basis: ff\n    classes: [FF]\n    effective_from: 2026-01-01\n    evidence: Q\n    source: here\n", SK_EINPUT, "f.yaml:8:15:", "expected P, X, S, B or own"},
};

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(forms); i++) {
		struct sk_law *law;
		enum sk_err err = parse(forms[i].yaml, &law);
		if (err != forms[i].err || strncmp(fault.line, forms[i].place, strlen(forms[i].place)) != 0 || strstr(fault.line, forms[i].words) == NULL)
			fail_msg("form %zu: error %d, '%s'", i, (int)err, fault.line);
		assert_null(law);
	}
}

#define JP "policy: p\nversion: v1\nprofile: jp-2025\n"
#define OWN "policy: p\nversion: v1\nprofile: own-network\n"
static const struct wrong wide[] = {
	/* kinds, classes */
	{HEAD "matrix:\n  - basis: ff\n    classes: [FF, FD]\n" EVERY, SK_EWIDE, "f.yaml:6:5:", "'FD'; the program's matrix never lets"},
	{HEAD "matrix:\n  - basis: ff\n    classes: [DD]\n" EVERY, SK_EWIDE, "f.yaml:6:5:", "'DD'"},
	{HEAD "matrix:\n  - basis: telepathy\n    classes: [FF]\n" EVERY, SK_EWIDE, "f.yaml:5:12:", "a file cannot add to them"},
	{OWN "matrix:\n  - basis: ff\n    classes: [FF]\n" EVERY, SK_EWIDE, "f.yaml:5:12:", "profile own-network may not use"},
	/* before the profile is */
	{JP BASES MATRIX QUORUMS, SK_EWIDE, "f.yaml:14:21:", "found 2026-01-01; profile jp-2025 is not in force before 2027-11-22"},
	/* who approves */
	{HEAD "bases:\n" BASIS("ff", "own"), SK_EWIDE, "f.yaml:8:15:", "a basis of kind ff is approved by oversight alone"},
	{HEAD "bases:\n" BASIS("agreement", "oversight"), SK_EWIDE, "f.yaml:8:15:", "approved by partner alone"},
	/* 0/0 */
	{HEAD "bases:\n  - kind: ff\n    article: a\n    asks: [nco]\n    approves: oversight\n    longest: 6mo\n    extension: none\n    max_entries: 10\n    min_prefix_v4: 0\n    min_prefix_v6: 48\n" EVERY, SK_EWIDE,
	 "f.yaml:12:20:", "0.0.0.0/0 is no selector"},
	{HEAD "bases:\n  - kind: ff\n    article: a\n    asks: [nco]\n    approves: oversight\n    longest: 6mo\n    extension: none\n    max_entries: 10\n    min_prefix_v4: 24\n    min_prefix_v6: 0\n" EVERY, SK_EWIDE,
	 "f.yaml:13:20:", "::/0 is no selector"},
	/* quorums */
	{HEAD "quorums:\n  - matter: basis\n    level: oversight\n    rule: majority\n    present: 2\n    chair: true\n    outside: true\n" EVERY, SK_EWIDE, "f.yaml:8:14:", "found 2; oversight decides with 3 present at least"},
	{HEAD "quorums:\n  - matter: basis\n    level: oversight\n    rule: majority\n    present: 3\n    outside: true\n" EVERY, SK_EWIDE, "f.yaml:5:5:", "the chair or the deputy must be present"},
	{HEAD "quorums:\n  - matter: basis\n    level: oversight\n    rule: count\n    present: 3\n    chair: true\n    outside: true\n" EVERY, SK_EWIDE, "f.yaml:7:11:", "decides by majority"},
	{HEAD "quorums:\n  - matter: basis\n    level: oversight\n    rule: majority\n    present: 3\n    chair: true\n" EVERY, SK_EWIDE, "f.yaml:5:5:", "who asks is not who approves"},
	{HEAD "quorums:\n  - matter: order\n    level: high\n    rule: count\n    present: 2\n" EVERY, SK_EWIDE, "f.yaml:8:14:", "found 2; an order of level high needs 3 approvers at least"},
	{HEAD "quorums:\n  - matter: order\n    level: low\n    rule: count\n    present: 0\n" EVERY, SK_EWIDE, "f.yaml:8:14:", "expected 1 to 32"},
	{JP "sectors: []\n", SK_EWIDE, "f.yaml:1:", "oversight is consulted about its policy"},
	/* retention, caps */
	{HEAD "retention:\n  - basis: ff\n    keep: 91d\n    split: true\n" EVERY, SK_EWIDE, "f.yaml:6:11:", "found 91d; the program keeps nothing longer than 90 days"},
	{HEAD "retention:\n  - basis: ff\n    keep: 3mo\n    split: true\n" EVERY, SK_EWIDE, "f.yaml:6:11:", "found 3mo"},
	{HEAD "retention:\n  - basis: ff\n    keep: 30d\n    split: false\n" EVERY, SK_EWIDE, "f.yaml:7:12:", "oversight holds a share of the keys"},
	{HEAD "caps:\n  - measure: rpz\n    longest: 8d\n    urgent: none\n" EVERY, SK_EWIDE, "f.yaml:6:14:", "found 8d; rpz lives 604800 seconds at most"},
	{HEAD "caps:\n  - measure: wipe\n    longest: 1d\n    urgent: none\n" EVERY, SK_EWIDE, "f.yaml:5:14:", "a file cannot add one"},
	{HEAD "caps:\n  - measure: rpz\n    longest: 7d\n    urgent: 25h\n" EVERY, SK_EWIDE, "f.yaml:7:13:", "found 25h; the urgent path lasts 24h at most"},
	{HEAD "caps:\n  - measure: flowspec\n    longest: 1h\n    urgent: 2h\n" EVERY, SK_EWIDE, "f.yaml:7:13:", "found 2h"},
};

//= rule: LAW-2
static void test_widening(void **state)
{
	(void)state;
	struct sk_law *law;
	for (size_t i = 0; i < SK_COUNT(wide); i++) {
		enum sk_err err = parse(wide[i].yaml, &law);
		if (err != wide[i].err || strncmp(fault.line, wide[i].place, strlen(wide[i].place)) != 0 || strstr(fault.line, wide[i].words) == NULL)
			fail_msg("wide %zu: error %d, '%s'", i, (int)err, fault.line);
	}
	/* The saboteur takes the bounds away: what only they refuse is then accepted, so the table above does test them. */
	assert_int_equal(sk_law_parse("f", HEAD "caps:\n  - measure: rpz\n    longest: 8d\n    urgent: none\n" EVERY, strlen(HEAD "caps:\n  - measure: rpz\n    longest: 8d\n    urgent: none\n" EVERY), NULL,
				      &law, &fault), SK_OK);
	sk_law_free(law);
	/* Narrower is fine. */
	assert_int_equal(parse(HEAD "caps:\n  - measure: rpz\n    longest: 6d\n    urgent: 23h\n" EVERY "retention:\n  - basis: ff\n    keep: 2mo\n    split: true\n" EVERY
				    "quorums:\n  - matter: order\n    level: high\n    rule: count\n    present: 4\n" EVERY, &law), SK_OK);
	sk_law_free(law);
}

/* ---- what differs ---- */

static void note_change(void *context, const char *section, const char *keys, char how, bool needs_ack)
{
	sk_buf_addf(context, "%s %s %c%s;", section, keys, how, needs_ack ? "!" : "");
}

static void test_compare(void **state)
{
	(void)state;
	struct sk_law *before, *after;
	struct sk_buf text;
	sk_buf_init(&text, OUT_MAX);
	assert_int_equal(parse(GOOD, &before), SK_OK);
	assert_int_equal(sk_law_compare(NULL, before, note_change, &text), 3);
	assert_string_equal(sk_buf_text(&text), "bases ff +!;matrix ff +!;quorums basis oversight +!;");
	sk_buf_reset(&text);
	assert_int_equal(parse(HEAD BASES MATRIX "quorums:\n  - matter: basis\n    level: oversight\n    rule: majority\n    present: 4\n    chair: true\n    tie: chair\n    outside: true\n" EVERY
				    "caps:\n  - measure: rpz\n    longest: 6d\n    urgent: none\n" EVERY, &after), SK_OK);
	assert_int_equal(sk_law_compare(before, after, note_change, &text), 1);
	assert_string_equal(sk_buf_text(&text), "quorums basis oversight ~!;caps rpz +;");
	sk_buf_reset(&text);
	assert_int_equal(sk_law_compare(after, before, note_change, &text), 1);
	assert_string_equal(sk_buf_text(&text), "quorums basis oversight ~!;caps rpz -;");
	sk_buf_fini(&text);
	sk_law_free(before);
	sk_law_free(after);
}

static void test_months(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		unsigned months;
		const char *to;
	} rows[] = {{"2027-11-22T10:00:00Z", 6, "2028-05-22T10:00:00Z"}, {"2027-01-31", 1, "2027-02-28T00:00:00Z"}, {"2028-01-31", 1, "2028-02-29T00:00:00Z"},
		    {"2027-08-31", 6, "2028-02-29T00:00:00Z"}, {"2027-12-15", 1, "2028-01-15T00:00:00Z"}, {"2027-12-31", 12, "2028-12-31T00:00:00Z"}};
	char text[SK_TIME_TEXT_MAX];
	for (size_t i = 0; i < SK_COUNT(rows); i++)
		assert_string_equal(sk_time_format(sk_law_span_after(at(rows[i].from), &(struct sk_law_span){.months = rows[i].months}), 0, text), rows[i].to);
	assert_int_equal(sk_law_span_after(INT64_MAX - 5, &(struct sk_law_span){.ns = 10}), INT64_MAX);
	assert_int_equal(sk_law_span_after(INT64_MAX - 5, &(struct sk_law_span){.months = 1200}), INT64_MAX);
	assert_int_equal(sk_law_span_after(5, &(struct sk_law_span){.ns = 10}), 15);
}

static int start(void **state)
{
	(void)state;
	return sk_seal_start() == SK_OK ? 0 : 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped), cmocka_unit_test(test_not_in_force), cmocka_unit_test(test_one_text), cmocka_unit_test(test_order_and_comments_do_not_count),
		cmocka_unit_test(test_forms), cmocka_unit_test(test_widening), cmocka_unit_test(test_compare), cmocka_unit_test(test_months),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
