/* SPDX-License-Identifier: Apache-2.0 */
/* Records: what is written is canonical JSON and reads back the same; what is not in form is refused; small cells are held back and come out later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "ledger/act.h"
#include "scene.h"
#include "text/json.h"
#include "text/text.h"

/* Is the text what the general reader of canonical JSON accepts too? */
static void assert_canonical(const char *text, size_t length)
{
	struct sk_json_doc *doc = NULL;
	struct sk_fault fault = {.line = ""};
	if (sk_json_parse(text, length, &doc, &fault) != SK_OK)
		fail_msg("%s: %s", fault.line, text);
	assert_int_equal(sk_json_top(doc)->kind, SK_JSON_OBJECT);
	sk_json_free(doc);
}

static void test_round_trip(void **state)
{
	(void)state;
	static const struct scene_setting *const settings[] = {&scene_party, &scene_lab, &scene_law, &scene_events, &scene_exports};
	static struct sk_record record;
	for (size_t s = 0; s < SK_COUNT(settings); s++) {
		struct scene scene;
		scene_two(&scene, settings[s]);
		for (size_t i = 0; i < scene.count; i++) {
			struct sk_buf again;
			struct sk_fault fault = {.line = ""};
			size_t length = strlen(scene.leaf[i]);
			assert_canonical(scene.leaf[i], length);
			if (sk_record_parse(scene.leaf[i], length, &record, &fault) != SK_OK)
				fail_msg("%s", fault.line);
			sk_buf_init(&again, SK_RECORD_MAX_BYTES);
			sk_record_write(&again, &record);
			assert_string_equal(sk_buf_text(&again), scene.leaf[i]);
			sk_buf_fini(&again);
		}
		scene_fini(&scene);
	}
}

/* An act: the statement reads back the same and in no other form; its leaf tells names of tables, counts and commitments. */
static void test_act(void **state)
{
	(void)state;
	static const char *const wrong[][2] = {{"\"event\":\"draft\"", "\"event\":\"Draft\""}, {"\"format\":\"sekisho-act/1\"", "\"format\":\"sekisho-act/2\""}, {"\"id\":\"o-1\"", "\"id\":\"o 1\""},
					       {"\"body\":{\"why\":\"x\"}", "\"body\":[]"}, {"\"body\":{\"why\":\"x\"}", "\"body\": {\"why\":\"x\"}"}, {"\"matter\":\"order\"", "\"matter\":\"\""},
					       {"\"time\":\"1970-01-01T00:00:00.000000005Z\"", "\"time\":\"1970-01-01T00:00:00Z\""}, {"\"policy\":\"00", "\"policy\":\"0g"}, {"}\n", ",\"z\":1}\n"},
					       {"}\n", "}"}, {"\"event\":\"draft\",", ""}};
	static struct sk_record record;
	struct sk_act act = {.matter = "order", .id = "o-1", .event = "draft", .time_ns = 5, .body = "{\"why\":\"x\"}", .body_length = 11}, read;
	struct sk_buf out, altered;
	struct sk_fault fault = {.line = ""};
	sk_buf_init(&out, SK_ACT_TEXT_MAX);
	sk_buf_init(&altered, SK_ACT_TEXT_MAX);
	sk_act_write(&act, &out);
	assert_int_equal(out.failed, SK_OK);
	assert_int_equal(sk_act_read(sk_buf_text(&out), out.length, &read, &fault), SK_OK);
	assert_memory_equal(read.digest, act.digest, SK_HASH_BYTES);
	assert_memory_equal(read.body, act.body, read.body_length);
	assert_int_equal(read.body_length, act.body_length);
	for (size_t i = 0; i < SK_COUNT(wrong); i++) {
		const char *text = sk_buf_text(&out), *at = strstr(text, wrong[i][0]);
		assert_non_null(at);
		sk_buf_reset(&altered);
		sk_buf_add(&altered, text, (size_t)(at - text));
		sk_buf_add_text(&altered, wrong[i][1]);
		sk_buf_add_text(&altered, at + strlen(wrong[i][0]));
		if (sk_act_read(sk_buf_text(&altered), altered.length, &read, &fault) != SK_EMALFORMED)
			fail_msg("accepted: %s", wrong[i][1]);
	}
	for (size_t length = 0; length < out.length; length++)
		assert_int_not_equal(sk_act_read(sk_buf_text(&out), length, &read, &fault), SK_OK);
	struct sk_act_facts facts = {.matter = "order", .event = "draft", .to = "draft", .time_ns = 5, .count_count = 2, .counts = {{.name = "a", .frames = 0}, {.name = "b", .frames = 2}},
				     .word_count = 2, .words = {"x", "y"}};
	sk_buf_reset(&out);
	sk_record_act(&out, &facts);
	assert_int_equal(out.failed, SK_OK);
	assert_canonical(sk_buf_text(&out), out.length);
	assert_int_equal(sk_record_parse(sk_buf_text(&out), out.length, &record, &fault), SK_OK);
	assert_int_equal(record.kind, SK_RECORD_ACT);
	assert_int_equal(record.act.counts.count, 1);
	assert_int_equal(record.act.words.count, 2);
	memcpy(facts.words[0], "y", 2); /* names stand once, in order */
	sk_buf_reset(&out);
	sk_record_act(&out, &facts);
	assert_int_equal(out.failed, SK_EUSAGE);
	sk_buf_fini(&altered);
	sk_buf_fini(&out);
}

/* The gate in the kernel: written, canonical, and read back the same; names out of form are not written. */
static void test_kernel_gate(void **state)
{
	(void)state;
	static struct sk_record record;
	struct sk_kernel_gate_facts facts = {.link = "eth0.7", .mode = "xdp_native", .copying = "copy"};
	struct sk_buf out, again;
	struct sk_fault fault = {.line = ""};
	memset(facts.program, 1, sizeof facts.program);
	memset(facts.table, 2, sizeof facts.table);
	sk_buf_init(&out, SK_RECORD_MAX_BYTES);
	sk_buf_init(&again, SK_RECORD_MAX_BYTES);
	sk_record_kernel_gate(&out, &facts, 7, 1234567890123456789);
	assert_int_equal(out.failed, SK_OK);
	assert_canonical(sk_buf_text(&out), out.length);
	if (sk_record_parse(out.bytes, out.length, &record, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	assert_int_equal(record.kind, SK_RECORD_KERNEL_GATE);
	assert_string_equal(record.kernel_gate.link, "eth0.7");
	assert_memory_equal(record.kernel_gate.table, facts.table, SK_HASH_BYTES);
	assert_int_equal(record.kernel_gate.run, 7);
	sk_record_write(&again, &record);
	assert_string_equal(sk_buf_text(&again), sk_buf_text(&out));
	facts.link = "eth 0";
	sk_buf_reset(&out);
	sk_record_kernel_gate(&out, &facts, 7, 0);
	assert_int_equal(out.failed, SK_EUSAGE);
	sk_buf_fini(&out);
	sk_buf_fini(&again);
}

/* Every cut and every changed byte: refused, or another record in the same canonical form; never read past the end (the sanitizers watch). */
static void every_byte_of(const struct scene_setting *setting)
{
	static struct sk_record record;
	struct scene scene;
	scene_two(&scene, setting);
	for (size_t i = 0; i < scene.count; i++) {
		size_t length = strlen(scene.leaf[i]);
		for (size_t cut = 0; cut < length; cut++) {
			char *exact = malloc(cut != 0 ? cut : 1);
			assert_non_null(exact);
			memcpy(exact, scene.leaf[i], cut);
			assert_int_equal(sk_record_parse(exact, cut, &record, NULL), SK_EMALFORMED);
			free(exact);
		}
		for (size_t at = 0; at < length; at++) {
			static const char tried[] = {' ', '"', '0', '-', '.', 'e', '{', '}', ',', '\\', '\x80', '\0', 'A'};
			char kept = scene.leaf[i][at];
			for (size_t t = 0; t < sizeof tried; t++) {
				scene.leaf[i][at] = tried[t];
				if (tried[t] != kept && sk_record_parse(scene.leaf[i], length, &record, NULL) == SK_OK) {
					struct sk_buf again;
					sk_buf_init(&again, SK_RECORD_MAX_BYTES);
					sk_record_write(&again, &record);
					assert_int_equal(again.length, length);
					assert_memory_equal(again.bytes, scene.leaf[i], length);
					sk_buf_fini(&again);
				}
			}
			scene.leaf[i][at] = kept;
		}
	}
	scene_fini(&scene);
}

static void test_every_byte(void **state)
{
	(void)state;
	every_byte_of(&scene_law);
	every_byte_of(&scene_exports);
	every_byte_of(&scene_events);
}

static void test_writer_refuses(void **state)
{
	(void)state;
	uint8_t digest[SK_HASH_BYTES] = {0};
	static const char *const bad_words[] = {"two words",
						"",
						"quote\"",
						"back\\slash",
						"line\n",
						"\xc3\xa9",
						"a-very-long-word-that-does-not-fit-the-field-because-it-has-more-than-63-bytes"};
	for (size_t i = 0; i < SK_COUNT(bad_words); i++) {
		struct sk_buf out;
		sk_buf_init(&out, SK_RECORD_MAX_BYTES);
		sk_record_policy(&out, bad_words[i], digest);
		assert_int_equal(out.failed, SK_EUSAGE);
		sk_buf_fini(&out);
	}
	struct sk_buf out;
	sk_buf_init(&out, SK_RECORD_MAX_BYTES);
	sk_record_selectors(&out, digest, 1u << 31, 1, 32, 128, false, 0);
	assert_int_equal(out.failed, SK_EUSAGE);
	sk_buf_reset(&out);
	sk_record_selectors(&out, digest, 1, 1, 33, 128, false, 0);
	assert_int_equal(out.failed, SK_EUSAGE);
	sk_buf_fini(&out);
}

/* So many frames that nobody judged. */
static void lose(struct sk_account *account, uint64_t frames)
{
	account->lost_count = 1;
	account->lost[0] = (struct sk_cell){.name = "kernel_ring", .frames = frames};
	account->received.frames += frames;
	account->classes[SK_CLASS_UNKNOWN].frames += frames;
}

static struct sk_account closed_account(uint64_t *random, uint64_t scale)
{
	struct sk_account account = {.link = "east"};
	scene_account(&account, random, scale, true, SK_CLASS_BIT(SK_CLASS_FD));
	lose(&account, 7);
	return account;
}

/* rule: ACCOUNT-1. The sabotage twin of the equation: every single cell changed by one frame or one byte is noticed. */
static void test_account_check(void **state)
{
	(void)state;
	uint64_t random = 3;
	struct sk_account good = closed_account(&random, 500), bad;
	struct sk_fault fault;
	assert_int_equal(sk_account_check(&good, &fault), SK_OK);
	struct sk_cell *const cells[] = {&bad.received, &bad.pending_before, &bad.pending_after, &bad.lost[0], &bad.selected,
					 &bad.gate[0],	&bad.gate[2],	     &bad.select[1],	 &bad.classes[0],   &bad.classes[4], &bad.passed, &bad.taken};
	for (size_t i = 0; i < SK_COUNT(cells); i++) {
		bad = good;
		cells[i]->frames++;
		assert_int_equal(sk_account_check(&bad, &fault), SK_EINCONSISTENT);
		bad = good;
		cells[i]->bytes++;
		assert_int_equal(sk_account_check(&bad, &fault), SK_EINCONSISTENT);
		bad = good;
		cells[i]->frames = UINT64_MAX;
		assert_int_equal(sk_account_check(&bad, &fault), SK_EINCONSISTENT);
	}
	bad = good;
	bad.gate_count = SK_CELLS_MAX + 1;
	assert_int_equal(sk_account_check(&bad, &fault), SK_EINCONSISTENT);
	bad = good;
	bad.lost_count = SK_CELLS_MAX + 1;
	assert_int_equal(sk_account_check(&bad, &fault), SK_EINCONSISTENT);
	/* One worker's part closes with what it handed on and got; it is no account to publish. */
	bad = good;
	bad.passed.frames = bad.taken.frames = 5;
	bad.passed.bytes = bad.taken.bytes = 500;
	assert_int_equal(sk_account_check(&bad, &fault), SK_OK);
	struct sk_buf out;
	struct sk_carry carry = {.link = ""};
	const uint8_t store[SK_HASH_BYTES] = {0};
	const struct sk_record_refs refs = {.policy = 1};
	sk_buf_init(&out, SK_RECORD_MAX_BYTES);
	sk_record_interval(&out, &bad, &carry, 10, store, &refs);
	assert_int_equal(out.failed, SK_EINCONSISTENT);
	sk_buf_fini(&out);
}

/* A carry that was written before losses had names is taken up as it is. */
static void test_old_carry(void **state)
{
	(void)state;
	static const char old[] = "{\"capture_lost\":{\"bytes\":90,\"frames\":9},\"classes\":{},\"findings\":0,\"gate_erased\":{},\"kind\":\"carry\",\"link\":\"east\",\"next_number\":1,"
				  "\"observations\":0,\"segments\":0,\"select_erased\":{},\"selected\":{\"bytes\":0,\"frames\":0},\"v\":1}";
	struct sk_carry carry;
	struct sk_fault fault = {.line = ""};
	assert_int_equal(sk_carry_read(old, sizeof old - 1, &carry, &fault), SK_OK);
	assert_int_equal(carry.lost_count, 1);
	assert_int_equal(carry.lost[0].frames, 9);
	struct sk_buf out;
	sk_buf_init(&out, SK_RECORD_MAX_BYTES);
	sk_carry_write(&out, &carry);
	assert_int_equal(out.failed, SK_OK);
	assert_non_null(strstr(sk_buf_text(&out), "\"capture_lost\":{\"unnamed\":{\"bytes\":90,\"frames\":9}}"));
	sk_buf_fini(&out);
}

/* rule: EXPORT-4. The same of the records of flow exports, and only where they are read. */
static void test_exports_check(void **state)
{
	(void)state;
	uint64_t random = 3;
	struct sk_account good = closed_account(&random, 500), bad;
	struct sk_fault fault;
	good.exports = (struct sk_exports_account){.read = true, .received = {.frames = 30}, .gate_count = 1, .gate = {{.name = "domestic", .frames = 20}}, .select_count = 1,
						   .select = {{.name = "no_hit", .frames = 5}}, .selected = {.frames = 3}, .malformed = {.frames = 2}, .samples = 5};
	good.exports.classes[SK_CLASS_DD].frames = 20;
	good.exports.classes[SK_CLASS_FD].frames = 8;
	good.exports.classes[SK_CLASS_UNKNOWN].frames = 2;
	assert_int_equal(sk_account_check(&good, &fault), SK_OK);
	struct sk_cell *const cells[] = {&bad.exports.received, &bad.exports.selected, &bad.exports.malformed, &bad.exports.gate[0], &bad.exports.select[0], &bad.exports.classes[0]};
	for (size_t i = 0; i < SK_COUNT(cells); i++) {
		bad = good;
		cells[i]->frames++;
		assert_int_equal(sk_account_check(&bad, &fault), SK_EINCONSISTENT);
		bad = good;
		cells[i]->frames = UINT64_MAX;
		assert_int_equal(sk_account_check(&bad, &fault), SK_EINCONSISTENT);
		bad.exports.read = false;
		assert_int_equal(sk_account_check(&bad, &fault), SK_OK);
	}
	bad = good;
	bad.exports.samples = bad.received.frames + 1;
	assert_int_equal(sk_account_check(&bad, &fault), SK_EINCONSISTENT);
	bad = good;
	bad.exports.select_count = SK_CELLS_MAX + 1;
	assert_int_equal(sk_account_check(&bad, &fault), SK_EINCONSISTENT);
}

/* rule: EXPORT-4. Few records an interval, in runs that read exports and in runs that do not: what is held back waits, and comes out. */
static void test_exports_carry(void **state)
{
	(void)state;
	uint64_t random = 7, selected = 0, published = 0;
	struct sk_carry carry = {.link = ""};
	struct sk_record_refs refs = {0};
	uint8_t store[SK_HASH_BYTES] = {0};
	static struct sk_record record;
	struct sk_fault fault = {.line = ""};
	for (uint64_t i = 0; i < 200; i++) {
		struct sk_buf out, kept;
		struct sk_carry again;
		struct sk_account account = closed_account(&random, 500);
		uint64_t few = i % 7, domestic = i % 5;
		account.number = i;
		account.exports = (struct sk_exports_account){.read = i % 4 != 3, .received = {.frames = few + domestic}, .gate_count = 1,
							      .gate = {{.name = "domestic", .frames = domestic}}, .selected = {.frames = few}};
		account.exports.classes[SK_CLASS_DD].frames = domestic;
		account.exports.classes[SK_CLASS_DF].frames = few;
		sk_buf_init(&out, SK_RECORD_MAX_BYTES);
		sk_buf_init(&kept, SK_RECORD_MAX_BYTES);
		sk_record_interval(&out, &account, &carry, 10, store, &refs);
		assert_int_equal(out.failed, SK_OK);
		assert_int_equal(sk_record_parse(out.bytes, out.length, &record, &fault), SK_OK);
		assert_int_equal(record.interval.has_exports, account.exports.read);
		selected += account.exports.read ? few : 0;
		published += account.exports.read ? record.interval.exports.selected.frames : 0;
		assert_int_equal(published + carry.exports.selected.frames, selected);
		sk_carry_write(&kept, &carry);
		assert_int_equal(kept.failed, SK_OK);
		assert_int_equal(sk_carry_read(kept.bytes, kept.length, &again, &fault), SK_OK);
		assert_int_equal(again.exports.selected.frames, carry.exports.selected.frames);
		assert_int_equal(again.exports.classes[SK_CLASS_DD].frames, carry.exports.classes[SK_CLASS_DD].frames);
		carry = again;
		sk_buf_fini(&out);
		sk_buf_fini(&kept);
	}
	assert_true(published > 0);
}

/* rule: COUNTRY-1. Countries of few and of many hosts, runs with and without a table that names any, small settled counts: no country is named below k, nothing gets lost,
   and the check that a stranger makes agrees at each step. */
static void test_countries_carry(void **state)
{
	(void)state;
	uint64_t random = 13, frames = 0, published = 0, named = 0, hidden = 0;
	struct scene scene;
	struct sk_carry carry = {.link = ""};
	struct sk_account account = {.link = "east"};
	uint8_t store[SK_HASH_BYTES] = {0};
	static struct sk_record record;
	static struct sk_countries_account countries;
	scene_long(&scene, &scene_lab, 6);
	struct sk_record_refs refs = {.policy = scene.policy, .border = scene.border, .basis = scene.basis, .selectors = scene.selectors, .run = scene.run};
	struct sk_check *check = sk_check_new();
	struct sk_fault fault = {.line = ""};
	assert_non_null(check);
	for (size_t i = 0; i < scene.count; i++)
		assert_int_equal(sk_check_leaf(check, scene.leaf[i], strlen(scene.leaf[i]), &fault), SK_OK);
	for (uint64_t i = 0; i < 1000; i++) {
		struct sk_buf out, kept;
		sk_buf_init(&out, SK_RECORD_MAX_BYTES);
		sk_buf_init(&kept, SK_RECORD_MAX_BYTES);
		scene_account(&account, &random, 130 + i % 50, i % 3 != 0, SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF));
		lose(&account, i % 7 * 3);
		countries = (struct sk_countries_account){.count = 3, .cell = {{"AA", i % 4 + 1, 60, 1}, {"BB", 30, 1800, i % 20 + 1}, {"CC", i % 17 + 1, 60, (i % 17 + 1) % 14}}, .few_frames = i % 2, .few_bytes = 60 * (i % 2)};
		account.countries = i % 5 != 4 ? &countries : NULL;
		uint64_t settled = account.selected.frames;
		for (size_t s = 0; s < account.select_count; s++)
			settled += account.select[s].frames;
		sk_record_interval(&out, &account, &carry, 10, store, &refs);
		assert_int_equal(out.failed, SK_OK);
		assert_canonical(sk_buf_text(&out), out.length);
		if (sk_check_leaf(check, out.bytes, out.length, &fault) != SK_OK)
			fail_msg("%s", fault.line);
		assert_int_equal(sk_record_parse(out.bytes, out.length, &record, &fault), SK_OK);
		assert_int_equal(record.interval.has_countries, account.countries != NULL);
		if (account.countries != NULL) {
			const struct sk_countries_record *c = &record.interval.countries;
			frames += settled;
			published += c->few.frames + c->unnamed.frames;
			assert_int_equal(c->settled.frames, settled);
			for (size_t n = 0; n < c->cells.count; n++) {
				published += c->cells.cell[n].frames;
				assert_true(c->cells.cell[n].hosts >= 10 && c->cells.cell[n].frames >= 10);
			}
			named += c->cells.count;
			hidden += 3 - c->cells.count;
		}
		assert_int_equal(published + carry.countries.few.frames + carry.countries.unnamed.frames, frames);
		/* The carry survives its file. */
		sk_carry_write(&kept, &carry);
		assert_int_equal(kept.failed, SK_OK);
		assert_canonical(sk_buf_text(&kept), kept.length);
		assert_int_equal(sk_carry_read(kept.bytes, kept.length, &carry, &fault), SK_OK);
		account.number++;
		account.pending_before = account.pending_after;
		sk_buf_fini(&out);
		sk_buf_fini(&kept);
	}
	assert_true(named > 100 && hidden > 100 && published > 0);
	sk_check_free(check);
	scene_fini(&scene);
}

/* rule: LEDGER-1 rule: LEDGER-2 rule: LEDGER-3 rule: LEDGER-4. Small traffic for a thousand intervals: nothing below k is published, nothing gets lost, and an independent check agrees at each step. */
static void test_small_cells(void **state)
{
	(void)state;
	uint64_t random = 11, selected = 0, published = 0, lost = 0, lost_published = 0, findings = 0, findings_published = 0;
	struct scene scene;
	struct sk_carry carry = {.link = ""};
	struct sk_account account = {.link = "east"};
	uint8_t store[SK_HASH_BYTES] = {0};
	static struct sk_record record;
	scene_long(&scene, &scene_lab, 6);
	struct sk_record_refs refs = {.policy = scene.policy, .border = scene.border, .basis = scene.basis, .selectors = scene.selectors, .run = scene.run};
	struct sk_check *check = sk_check_new();
	struct sk_fault fault = {.line = ""};
	assert_non_null(check);
	for (size_t i = 0; i < scene.count; i++)
		assert_int_equal(sk_check_leaf(check, scene.leaf[i], strlen(scene.leaf[i]), &fault), SK_OK);
	for (int i = 0; i < 1000; i++) {
		struct sk_buf out, kept;
		struct sk_carry again;
		sk_buf_init(&out, SK_RECORD_MAX_BYTES);
		sk_buf_init(&kept, SK_RECORD_MAX_BYTES);
		scene_account(&account, &random, 130 + (uint64_t)i % 50, i % 3 != 0, SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF));
		lose(&account, (uint64_t)i % 7 * 3);
		selected += account.selected.frames;
		lost += account.lost[0].frames;
		findings += account.findings;
		sk_record_interval(&out, &account, &carry, 10, store, &refs);
		assert_int_equal(out.failed, SK_OK);
		assert_canonical(sk_buf_text(&out), out.length);
		if (sk_check_leaf(check, out.bytes, out.length, &fault) != SK_OK)
			fail_msg("%s", fault.line);
		assert_int_equal(sk_record_parse(out.bytes, out.length, &record, &fault), SK_OK);
		assert_true(record.interval.selected.frames == 0 || record.interval.selected.frames >= 10);
		assert_true(record.interval.findings == 0 || record.interval.findings >= 10);
		assert_true(record.interval.capture_lost.cells.count <= 1);
		if (record.interval.capture_lost.cells.count == 1)
			lost_published += record.interval.capture_lost.cells.cell[0].frames;
		published += record.interval.selected.frames;
		findings_published += record.interval.findings;
		assert_int_equal(published + carry.selected.frames, selected);
		assert_int_equal(lost_published + (carry.lost_count != 0 ? carry.lost[0].frames : 0), lost);
		assert_int_equal(findings_published + carry.findings, findings);
		/* The carry survives its file. */
		sk_carry_write(&kept, &carry);
		assert_int_equal(kept.failed, SK_OK);
		assert_canonical(sk_buf_text(&kept), kept.length);
		assert_int_equal(sk_carry_read(kept.bytes, kept.length, &again, &fault), SK_OK);
		assert_int_equal(again.next_number, account.number + 1);
		assert_int_equal(sk_carry_read(out.bytes, out.length, &again, &fault), SK_EMALFORMED);
		assert_int_equal(sk_carry_read(kept.bytes, kept.length, &carry, &fault), SK_OK);
		account.number++;
		account.pending_before = account.pending_after;
		sk_buf_fini(&out);
		sk_buf_fini(&kept);
	}
	assert_true(published > 0);
	sk_check_free(check);
	scene_fini(&scene);
}

static void test_interval_refuses(void **state)
{
	(void)state;
	uint64_t random = 5;
	struct sk_account good = closed_account(&random, 500), account;
	struct sk_carry empty = {.link = ""}, carry;
	struct sk_record_refs refs = {0};
	uint8_t store[SK_HASH_BYTES] = {0};
	struct sk_buf out;
	sk_buf_init(&out, SK_RECORD_MAX_BYTES);
#define REFUSED(expected, change) \
	do { \
		account = good; \
		carry = empty; \
		change; \
		struct sk_carry before = carry; \
		sk_buf_reset(&out); \
		sk_record_interval(&out, &account, &carry, 10, store, &refs); \
		assert_int_equal(out.failed, expected); \
		assert_memory_equal(&carry, &before, sizeof carry); \
	} while (0)
	REFUSED(SK_EINCONSISTENT, account.received.frames++);
	REFUSED(SK_EUSAGE, (void)snprintf(account.link, sizeof account.link, "two words"));
	REFUSED(SK_EUSAGE, (void)snprintf(account.link, sizeof account.link, "192.0.2.1"));
	REFUSED(SK_EUSAGE, account.link[0] = '\0');
	REFUSED(SK_EUSAGE, (void)snprintf(account.gate[1].name, sizeof account.gate[1].name, "192.0.2.1/32"));
	REFUSED(SK_EINCONSISTENT, ((void)snprintf(carry.link, sizeof carry.link, "east"), carry.next_number = 7));
	REFUSED(SK_EINCONSISTENT, ((void)snprintf(carry.link, sizeof carry.link, "west"), carry.next_number = 0));
	REFUSED(SK_EINCONSISTENT, carry.selected.frames = UINT64_MAX);
	REFUSED(SK_EINCONSISTENT, carry.gate_count = SK_CELLS_MAX + 1);
	static struct sk_countries_account countries = {.count = 1, .cell = {{"AA", UINT64_C(1) << 40, 1, 20}}};
	REFUSED(SK_EINCONSISTENT, account.countries = &countries);
	countries.cell[0] = (struct sk_country_cell){"AA", 20, UINT64_C(1) << 60, 20};
	REFUSED(SK_EINCONSISTENT, account.countries = &countries);
	countries.cell[0] = (struct sk_country_cell){"AA", 20, 20, 21};
	REFUSED(SK_EINCONSISTENT, account.countries = &countries);
	countries.cell[0] = (struct sk_country_cell){"aa", 20, 20, 20};
	REFUSED(SK_EUSAGE, account.countries = &countries);
	countries.cell[0] = (struct sk_country_cell){"AA", 20, 20, 20};
	REFUSED(SK_EINCONSISTENT, (account.countries = &countries, carry.countries.few.frames = UINT64_MAX));
#undef REFUSED
	sk_buf_fini(&out);
}

static void test_commitment(void **state)
{
	(void)state;
	uint8_t salt[32], out[SK_HASH_BYTES], expected[SK_HASH_BYTES], bytes[1 + 32 + 3] = {0x02};
	memset(salt, 7, sizeof salt);
	memcpy(bytes + 1, salt, sizeof salt);
	memcpy(bytes + 33, "abc", 3);
	sk_sha256(bytes, sizeof bytes, expected);
	sk_commit(salt, "abc", 3, out);
	assert_memory_equal(out, expected, sizeof out);
	salt[31] ^= 1;
	sk_commit(salt, "abc", 3, out);
	assert_memory_not_equal(out, expected, sizeof out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),	  cmocka_unit_test(test_kernel_gate), cmocka_unit_test(test_act), cmocka_unit_test(test_every_byte),  cmocka_unit_test(test_writer_refuses),
	    cmocka_unit_test(test_account_check), cmocka_unit_test(test_old_carry),   cmocka_unit_test(test_small_cells), cmocka_unit_test(test_interval_refuses),
	    cmocka_unit_test(test_commitment),	  cmocka_unit_test(test_exports_check), cmocka_unit_test(test_exports_carry), cmocka_unit_test(test_countries_carry),
	};
	return sk_seal_start() != SK_OK ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
