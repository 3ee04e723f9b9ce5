/* SPDX-License-Identifier: Apache-2.0 */
/* Every state with every event against a table by hand; the drawing; bodies cut and bent; certificates that would lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "custody/reident.h"
#include "text/text.h"

static const int64_t noon_ns = 1795348800000000000; /* 2026-11-22T12:00:00Z */

/* ---- steps ---- */

/* The law of LAW.md 1.4 once more, by hand: what leads where. */
static const char *expected(const char *matter, const char *from, const char *event, bool further)
{
	static const char *const cells[][4] = {
		{"retention", "", "open", "held"},	   {"retention", "held", "open", "held"},	   {"retention", "provided", "open", "provided"},
		{"retention", "", "provide", "provided"},  {"retention", "held", "provide", "provided"}, {"retention", "provided", "provide", "provided"},
		{"retention", "", "erase", "erasing"},	   {"retention", "held", "erase", "erasing"},	   {"retention", "provided", "erase", "erasing"},
		{"retention", "erased", "erase", "erasing"}, {"retention", "erasing", "erased", "erased"}, {"retention", "erased", "confirm", "erased"},
		{"reident", "", "request", "requested"},   {"reident", "requested", "refuse", "closed"}, {"reident", "granted", "show", "granted"},
		{"reident", "requested", "close", "closed"}, {"reident", "granted", "close", "closed"},  {"reident", "requested", "expire", "closed"},
		{"reident", "granted", "expire", "closed"}, {"rekey", "", "oversight", "done"}, {"rekey", "", "custodian", "done"}};
	if (strcmp(matter, "reident") == 0 && strcmp(from, "requested") == 0 && strcmp(event, "approve") == 0)
		return further ? "granted" : "requested";
	for (size_t i = 0; i < SK_COUNT(cells); i++)
		if (strcmp(cells[i][0], matter) == 0 && strcmp(cells[i][1], from) == 0 && strcmp(cells[i][2], event) == 0)
			return cells[i][3];
	return NULL;
}

/* rule: CUSTODY-6 */
static void every_state_with_every_event(void **state)
{
	static const char *const matters[] = {"retention", "reident", "rekey", "order"};
	static const char *const states[] = {"", "held", "provided", "erasing", "erased", "requested", "granted", "closed", "done", "elsewhere"};
	static const char *const events[] = {"open", "provide", "erase", "erased", "confirm", "request", "approve", "refuse", "show", "close", "expire", "reopen", "oversight", "custodian"};
	unsigned allowed = 0;
	(void)state;
	for (size_t m = 0; m < SK_COUNT(matters); m++)
		for (size_t s = 0; s < SK_COUNT(states); s++)
			for (size_t e = 0; e < SK_COUNT(events); e++)
				for (int further = 0; further < 2; further++) {
					const struct sk_custody_step *step;
					struct sk_fault fault = {.line = ""};
					const char *to = expected(matters[m], states[s], events[e], further != 0);
					enum sk_err err = sk_custody_find_step(matters[m], events[e], states[s], further != 0, &step, &fault);
					assert_int_equal(err, to != NULL ? SK_OK : SK_ESTAGE);
					if (to != NULL)
						assert_string_equal(step->to, to);
					else
						assert_non_null(strstr(fault.line, "is not a step"));
					allowed += to != NULL && further == 0;
				}
	size_t rows = 0;
	while (sk_custody_step(rows) != NULL)
		rows++;
	assert_int_equal(allowed + 1, rows); /* approve has two */
	/* Nothing leads on from the end, and to "granted" alone the approvals. */
	for (size_t i = 0; i < rows; i++) {
		assert_string_not_equal(sk_custody_step(i)->from, "closed");
		assert_string_not_equal(sk_custody_step(i)->from, "done");
		if (strcmp(sk_custody_step(i)->to, "granted") == 0 && strcmp(sk_custody_step(i)->from, "granted") != 0)
			assert_string_equal(sk_custody_step(i)->event, "approve");
	}
}

/* Does the drawing have this edge? Lines are "from --> to: event, event". */
static bool is_drawn(const char *text, const struct sk_custody_step *step)
{
	char edge[128];
	(void)snprintf(edge, sizeof edge, " %s --> %s: ", step->from[0] != '\0' ? step->from : "[*]", step->to);
	const char *at = strstr(text, edge);
	if (at == NULL)
		return false;
	const char *end = strchr(at, '\n'), *event = strstr(at + strlen(edge) - 2, step->event);
	return event != NULL && event < end;
}

static void the_drawing_is_of_the_table(void **state)
{
	struct sk_buf text;
	struct sk_fault fault;
	unsigned edges = 0;
	(void)state;
	sk_buf_init(&text, 1 << 20);
	assert_int_equal(sk_file_read(SK_SOURCE_ROOT "/docs/custody.md", &text, &fault), SK_OK);
	const char *drawing = strstr(sk_buf_text(&text), "stateDiagram-v2");
	assert_non_null(drawing);
	size_t drawn = 0;
	for (const char *at = drawing; (at = strstr(at, " --> ")) != NULL; at++, edges++)
		for (const char *comma = at; *comma != '\n'; comma++)
			drawn += *comma == ',';
	for (size_t i = 0; sk_custody_step(i) != NULL; i++)
		assert_true(is_drawn(drawing, sk_custody_step(i)));
	size_t rows = 0;
	while (sk_custody_step(rows) != NULL)
		rows++;
	assert_int_equal(edges + drawn, rows);
	struct sk_custody_step other = {.event = "reopen", .from = "closed", .to = "granted"};
	assert_false(is_drawn(drawing, &other));
	sk_buf_fini(&text);
}

/* ---- bodies ---- */

static struct sk_erasure an_erasure(void)
{
	struct sk_erasure erasure = {.day = {.basis = "basis-1", .day = "2026-11-22", .observations = 7, .findings = 3, .flows = 1000000, .originals = 2, .intervals = 4}, .keep_days = 90,
				     .policy = "p", .why = "asked for", .key_count = 2, .holder_count = 1, .holders = {"police"}};
	erasure.keys = calloc(2, sizeof *erasure.keys);
	memset(erasure.keys[0], 0xab, SK_KEY_ID_BYTES);
	memset(erasure.keys[1], 0xcd, SK_KEY_ID_BYTES);
	memset(erasure.day.digest, 0x11, sizeof erasure.day.digest);
	return erasure;
}

static void an_erasure_reads_back_and_nothing_else_does(void **state)
{
	struct sk_erasure erasure = an_erasure(), back;
	struct sk_buf text, again;
	struct sk_fault fault;
	struct sk_act_facts facts = {.count_count = 0};
	(void)state;
	sk_buf_init(&text, SK_ACT_BODY_MAX);
	sk_buf_init(&again, SK_ACT_BODY_MAX);
	sk_erasure_write(&erasure, &text);
	assert_int_equal(text.failed, SK_OK);
	assert_int_equal(sk_erasure_read(sk_buf_text(&text), text.length, &back, &fault), SK_OK);
	sk_erasure_write(&back, &again);
	assert_int_equal(again.length, text.length);
	assert_memory_equal(again.bytes, text.bytes, text.length);
	sk_erasure_cells(&back, &facts);
	assert_int_equal(facts.count_count, 5);
	for (size_t i = 1; i < facts.count_count; i++)
		assert_true(strcmp(facts.counts[i - 1].name, facts.counts[i].name) < 0);
	sk_erasure_fini(&back);
	for (size_t cut = 0; cut < text.length; cut++)
		assert_int_not_equal(sk_erasure_read(sk_buf_text(&text), cut, &back, &fault), SK_OK);
	/* Each member is needed: its name bent. */
	unsigned bent = 0;
	for (size_t at = 0; at + 3 < text.length; at++)
		if (text.bytes[at] == '"' && text.bytes[at + 1] >= 'a' && (at == 1 || text.bytes[at - 1] == ',') && memchr(text.bytes + at, ':', 16) != NULL) {
			uint8_t was = text.bytes[at + 1];
			text.bytes[at + 1] = (uint8_t)(was + 1);
			if (sk_erasure_read(sk_buf_text(&text), text.length, &back, &fault) == SK_OK)
				fail_msg("member at %zu", at);
			text.bytes[at + 1] = was;
			bent++;
		}
	assert_true(bent >= 13);
	sk_erasure_fini(&erasure);
	sk_buf_fini(&text);
	sk_buf_fini(&again);
}

static void handings_read_back(void **state)
{
	struct sk_handing handing = {.basis = "basis-1", .day = "2026-11-22", .org = "police", .why = "case", .until_ns = noon_ns + 1}, back;
	struct sk_buf text;
	struct sk_fault fault;
	(void)state;
	sk_buf_init(&text, SK_ACT_BODY_MAX);
	sk_handing_write(&handing, &text);
	assert_int_equal(sk_handing_read(sk_buf_text(&text), text.length, &back, &fault), SK_OK);
	assert_int_equal(back.until_ns, noon_ns + 1);
	assert_string_equal(back.org, "police");
	for (size_t cut = 0; cut < text.length; cut++)
		assert_int_not_equal(sk_handing_read(sk_buf_text(&text), cut, &back, &fault), SK_OK);
	sk_buf_fini(&text);
	char id[SK_MATTER_ID_MAX], other[SK_MATTER_ID_MAX];
	sk_retention_id("basis-1", "2026-11-22", id);
	sk_retention_id("basis-2", "2026-11-22", other);
	assert_string_not_equal(id, other);
	int64_t due_ns;
	assert_int_equal(sk_retention_due("2026-11-22", 90, &due_ns, &fault), SK_OK);
	assert_int_equal(due_ns, noon_ns - INT64_C(43200000000000) + 91 * INT64_C(86400000000000)); /* the whole day, and ninety more */
	assert_int_not_equal(sk_retention_due("soon", 90, &due_ns, &fault), SK_OK);
}

/* ---- records ---- */

/* rule: CUSTODY-2 CUSTODY-3 */
static void no_certificate_before_the_keys_are_gone(void **state)
{
	static const uint8_t run_id[16] = "run one";
	char folder[] = "/tmp/sk-records-XXXXXX", store_folder[128], keys[128], records[128], path[256], command[256], id[SK_MATTER_ID_MAX];
	struct sk_store *store;
	struct sk_fault fault = {.line = ""};
	struct sk_observation o = {.kind = SK_OBSERVATION_HIT, .class_ = SK_CLASS_DF, .ip_proto = 6, .layers = 1, .first_ns = noon_ns, .last_ns = noon_ns, .frames = 1, .hit_count = 1,
				   .sections = SK_SECTION_HITS};
	uint8_t digest[SK_HASH_BYTES], zeros[SK_HASH_BYTES] = {0};
	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(store_folder, sizeof store_folder, "%s/store", folder);
	(void)snprintf(keys, sizeof keys, "%s/keys", folder);
	(void)snprintf(records, sizeof records, "%s/retention", folder);
	assert_int_equal(sk_addr_parse("10.0.0.1", &o.initiator), SK_OK);
	assert_int_equal(sk_addr_parse("198.51.100.1", &o.responder), SK_OK);
	struct sk_store_options options = {.folder = store_folder, .keys_folder = keys, .erased_folder = records, .basis_id = "basis-1"};
	assert_int_equal(sk_store_open(&options, &store, &fault), SK_OK);
	assert_int_equal(sk_store_begin(store, 0, run_id, &fault), SK_OK);
	assert_int_equal(sk_store_put(store, &o, NULL, &fault), SK_OK);
	assert_int_equal(sk_store_commit(store, digest, &fault), SK_OK);
	struct sk_store_day day = {.basis = "basis-1", .day = "2026-11-22"};
	struct sk_erasure erasure;
	uint64_t files;
	assert_int_equal(sk_erasure_of(store, &day, &erasure, &fault), SK_OK);
	assert_int_equal(erasure.key_count, 1);
	sk_retention_id("basis-1", "2026-11-22", id);
	/* Nothing is on record: no certificate. */
	assert_int_equal(sk_retention_end(records, store, &erasure, id, "note", 4, &fault), SK_EINCONSISTENT);
	assert_int_equal(sk_retention_begin(records, id, "note", 4, &erasure, &fault), SK_OK);
	/* On record, and the key is there: no certificate. */
	assert_int_equal(sk_retention_end(records, store, &erasure, id, "note", 4, &fault), SK_EINCONSISTENT);
	(void)snprintf(path, sizeof path, "%s/%s.1.certificate", records, id);
	assert_false(sk_file_exists(path));
	assert_int_equal(sk_store_destroy_day(store, "basis-1", "2026-11-22", &files, &fault), SK_OK);
	assert_int_equal(files, 1);
	assert_int_equal(sk_retention_end(records, store, &erasure, id, "note", 4, &fault), SK_OK);
	assert_true(sk_file_exists(path));
	(void)snprintf(path, sizeof path, "%s/%s.begun", records, id);
	assert_false(sk_file_exists(path));
	/* Once is enough: nothing is left to erase. */
	sk_erasure_fini(&erasure);
	assert_int_equal(sk_erasure_of(store, &day, &erasure, &fault), SK_ENOENT);
	assert_int_equal(sk_retention_last(records, "2026-01-01.none", digest, &fault), SK_OK);
	assert_memory_equal(digest, zeros, sizeof zeros);
	sk_store_close(store);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

/* ---- tokens ---- */

static void only_tokens_are_asked_for(void **state)
{
	static const char *const no[] = {"192.0.2.1", "10.0.0.1", "2001:db8::1", "101::1", "239.255.255.255"}, *const yes[] = {"240.0.0.1", "255.255.255.254", "100::1", "100::ffff:0:0:1"};
	static const char *const initiator[] = {"initiator"}, *const both[] = {"initiator", "responder"};
	struct sk_addr addr;
	struct sk_reident *request = calloc(1, sizeof *request);
	struct sk_observation o = {.first_ns = noon_ns, .sni_domain = "t-0123456789ab.bad.example"};
	struct sk_fault fault;
	(void)state;
	for (size_t i = 0; i < SK_COUNT(no); i++) {
		assert_int_equal(sk_addr_parse(no[i], &addr), SK_OK);
		assert_false(sk_reident_is_token(&addr));
	}
	for (size_t i = 0; i < SK_COUNT(yes); i++) {
		assert_int_equal(sk_addr_parse(yes[i], &addr), SK_OK);
		assert_true(sk_reident_is_token(&addr));
	}
	assert_true(sk_reident_is_token_name("t-0123456789ab"));
	assert_false(sk_reident_is_token_name("t-0123456789a.example") || sk_reident_is_token_name("t-0123456789abc.example") || sk_reident_is_token_name("bad.example"));
	assert_int_equal(sk_addr_parse("240.1.2.3", &o.initiator), SK_OK);
	assert_int_equal(sk_addr_parse("198.51.100.1", &o.responder), SK_OK);
	uint8_t id[16] = {1};
	assert_int_equal(sk_reident_tokens(&o, id, initiator, 1, request, &fault), SK_OK);
	assert_int_equal(request->token_count, 1);
	assert_string_equal(request->tokens[0].token, "240.1.2.3");
	memset(request, 0, sizeof *request);
	assert_int_equal(sk_reident_tokens(&o, id, both, 2, request, &fault), SK_ENOENT);
	memset(request, 0, sizeof *request);
	assert_int_equal(sk_reident_tokens(&o, id, NULL, 0, request, &fault), SK_OK);
	assert_int_equal(request->token_count, 2);
	free(request);
}

/* rule: CUSTODY-7 */
static void nothing_is_open_once_its_time_is_over(void **state)
{
	struct sk_reident *request = calloc(1, sizeof *request);
	struct sk_act_facts facts;
	struct sk_fault fault;
	(void)state;
	strcpy(request->state, "granted");
	request->expires_ns = noon_ns;
	assert_int_equal(sk_reident_expire(request, noon_ns - 1, &facts, &fault), SK_ESTAGE);
	assert_int_equal(sk_reident_expire(request, noon_ns, &facts, &fault), SK_OK);
	assert_string_equal(facts.to, "closed");
	strcpy(request->state, "closed");
	assert_int_equal(sk_reident_expire(request, noon_ns, &facts, &fault), SK_ESTAGE);
	free(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_state_with_every_event), cmocka_unit_test(the_drawing_is_of_the_table), cmocka_unit_test(an_erasure_reads_back_and_nothing_else_does),
					   cmocka_unit_test(handings_read_back), cmocka_unit_test(no_certificate_before_the_keys_are_gone), cmocka_unit_test(only_tokens_are_asked_for),
					   cmocka_unit_test(nothing_is_open_once_its_time_is_over)};
	return sk_seal_start() == SK_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
