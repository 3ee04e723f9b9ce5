/* SPDX-License-Identifier: Apache-2.0 */
/* Cases over a log in memory: what goes in comes out; the machine stops at each place of an entry; lists page without a gap; merging and splitting at random keep every item exactly once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "case_world.h"

static int set_up(void **state)
{
	struct world *w = world_new();
	*state = w;
	return world_reopen(w, true) == SK_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	world_free(*state);
	return 0;
}

static void must(struct world *w, const char *id, enum sk_case_event event, struct sk_case_change change, struct sk_case_done *done)
{
	enum sk_err err = world_add(w, id, event, change, done);
	if (err != SK_OK)
		print_error("%s\n", w->fault.line);
	assert_int_equal(err, SK_OK);
}

static void test_in_and_out(void **state)
{
	struct world *w = *state;
	struct sk_case_done done;
	struct sk_case c;
	struct sk_buf file;
	static const char *const norms[] = {"critical"};
	must(w, "", SK_CASE_EVENT_OPEN, (struct sk_case_change){.title = "表題 one", .summary = "s", .norms = norms, .norm_count = 1, .grade = SK_CASE_GRADE_G3}, &done);
	assert_string_equal(done.id, "c-0001");
	must(w, "c-0001", SK_CASE_EVENT_LINK, (struct sk_case_change){.link = SK_CASE_LINK_FINDING, .ref = "f-1"}, &done);
	must(w, "c-0001", SK_CASE_EVENT_EVIDENCE, (struct sk_case_change){.name = "x", .bytes = "bytes", .length = 5, .grade = SK_CASE_GRADE_G2}, &done);
	assert_int_equal(world_add(w, "c-0001", SK_CASE_EVENT_NOTE, (struct sk_case_change){.text = "\xff"}, &done), SK_EUSAGE);
	assert_int_equal(world_add(w, "c-0002", SK_CASE_EVENT_NOTE, (struct sk_case_change){.text = "x"}, &done), SK_ENOENT);
	assert_int_equal(world_add(w, "c-0001", SK_CASE_EVENT_CLOSE, (struct sk_case_change){0}, &done), SK_ESTAGE);
	assert_int_equal(world_add(w, "c-0001", SK_CASE_EVENT_ABSORB, (struct sk_case_change){0}, &done), SK_EUSAGE);
	assert_int_equal(world_reopen(w, false), SK_OK);
	assert_int_equal(world_add(w, "c-0001", SK_CASE_EVENT_NOTE, (struct sk_case_change){.text = "x"}, &done), SK_ELEDGER);
	assert_int_equal(sk_cases_load(w->cases, "c-0001", &c, &w->fault), SK_OK);
	assert_string_equal(c.head.title, "表題 one");
	assert_true(c.head.grade == SK_CASE_GRADE_A && c.head.findings == 1 && c.item_count == 2 && c.entry_count == 3 && c.entries[2].leaf == 3);
	sk_buf_init(&file, 100);
	assert_int_equal(sk_cases_evidence(w->cases, c.items[1].ref, &file, &w->fault), SK_OK);
	assert_string_equal(sk_buf_text(&file), "bytes");
	sk_buf_fini(&file);
	sk_case_fini(&c);
	char id[SK_MATTER_ID_MAX];
	assert_int_equal(sk_cases_of_ref(w->cases, SK_CASE_LINK_FINDING, "f-1", id, &w->fault), SK_OK);
	assert_string_equal(id, "c-0001");
	assert_int_equal(sk_cases_of_ref(w->cases, SK_CASE_LINK_REPORT, "f-1", id, &w->fault), SK_OK);
	assert_string_equal(id, "");
}

/* rule: CASE-2 */
static void test_stops(void **state)
{
	struct world *w = *state;
	struct sk_case_done done;
	struct sk_case c;
	uint64_t count;
	must(w, "", SK_CASE_EVENT_OPEN, (struct sk_case_change){.title = "a"}, &done);
	for (int at = AT_APPEND; at <= AT_COMMIT; at++) {
		w->log.dies = at;
		assert_int_equal(world_add(w, "c-0001", SK_CASE_EVENT_NOTE, (struct sk_case_change){.text = "lost"}, &done), SK_EIO);
		/* Nothing is entered on top of what may not stand. */
		assert_int_equal(world_add(w, "c-0001", SK_CASE_EVENT_NOTE, (struct sk_case_change){.text = "on top"}, &done), SK_ELEDGER);
		w->log.dies = AT_NEVER;
		assert_int_equal(world_reopen(w, false), SK_ELOCKED);
		assert_int_equal(world_reopen(w, true), SK_OK);
		assert_int_equal(sk_cases_load(w->cases, "c-0001", &c, &w->fault), SK_OK);
		assert_true(c.entry_count == 1 && c.head.notes == 0);
		sk_case_fini(&c);
		assert_int_equal(sk_cases_check(w->cases, &count, &w->fault), SK_OK);
		assert_int_equal(count, 1);
	}
	/* The first entry of a case, too: there is no such case, and its number is free. */
	w->log.dies = AT_COMMIT;
	assert_int_equal(world_add(w, "", SK_CASE_EVENT_OPEN, (struct sk_case_change){.title = "b"}, &done), SK_EIO);
	w->log.dies = AT_NEVER;
	assert_int_equal(world_reopen(w, true), SK_OK);
	must(w, "", SK_CASE_EVENT_OPEN, (struct sk_case_change){.title = "b"}, &done);
	assert_string_equal(done.id, "c-0002");
	assert_int_equal(sk_cases_check(w->cases, &count, &w->fault), SK_OK);
}

struct page {
	char ids[64][SK_MATTER_ID_MAX];
	size_t count;
};

static enum sk_err keep(void *context, const struct sk_case_head *head, struct sk_fault *fault)
{
	struct page *page = context;
	(void)fault;
	memcpy(page->ids[page->count++], head->id, SK_MATTER_ID_MAX);
	return SK_OK;
}

static void test_pages(void **state)
{
	struct world *w = *state;
	struct sk_case_done done;
	struct page all = {.count = 0}, paged = {.count = 0};
	char next[SK_CASE_CURSOR_MAX] = "", cursor[SK_CASE_CURSOR_MAX];
	uint64_t total;
	for (unsigned i = 0; i < 23; i++) {
		/* All at the same time: the cursor must tell them apart. */
		w->now_ns -= 1000000000;
		must(w, "", SK_CASE_EVENT_OPEN, (struct sk_case_change){.title = i % 2 ? "Odd one" : "even", .kind = i % 3 == 0 ? SK_CASE_KIND_DDOS : SK_CASE_KIND_C2}, &done);
	}
	assert_int_equal(sk_cases_list(w->cases, &(struct sk_case_filter){.limit = 50}, keep, &all, next, &total, &w->fault), SK_OK);
	assert_true(all.count == 23 && total == 23 && next[0] == '\0');
	do {
		memcpy(cursor, next, sizeof cursor);
		assert_int_equal(sk_cases_list(w->cases, &(struct sk_case_filter){.limit = 5, .cursor = cursor}, keep, &paged, next, &total, &w->fault), SK_OK);
	} while (next[0] != '\0');
	assert_true(paged.count == 23 && memcmp(paged.ids, all.ids, sizeof all.ids) == 0);
	paged.count = 0;
	assert_int_equal(sk_cases_list(w->cases, &(struct sk_case_filter){.text = "odd", .kind = "ddos", .limit = 50}, keep, &paged, next, &total, &w->fault), SK_OK);
	assert_true(paged.count == 4 && total == UINT64_MAX);
	static const char *const bad[] = {"zz", "00", "0000000000000000", "000000000000000041424300"};
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_cases_list(w->cases, &(struct sk_case_filter){.cursor = bad[i]}, keep, &paged, next, &total, &w->fault), SK_EUSAGE);
}

/* ---- rule: CASE-5 ---- */

enum { CASES = 12, REFS = 40, ROUNDS = 120 };

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % sides;
}

struct account {
	struct world *w;
	unsigned notes, tasks, holders[REFS];
};

static enum sk_err count_case(void *context, const struct sk_case_head *head, struct sk_fault *fault)
{
	struct account *a = context;
	struct sk_case c;
	SK_TRY(sk_cases_load(a->w->cases, head->id, &c, fault));
	for (size_t i = 0; i < c.item_count; i++) {
		const struct sk_case_item *item = &c.items[i];
		if (item->gone)
			continue;
		a->notes += item->kind == SK_CASE_ITEM_NOTE;
		a->tasks += item->kind == SK_CASE_ITEM_TASK;
		if (item->kind == SK_CASE_ITEM_LINK)
			a->holders[atoi(item->ref + 2)]++;
	}
	assert_true(head->state != SK_CASE_MERGED || (head->findings == 0 && head->notes == 0 && head->tasks == 0));
	sk_case_fini(&c);
	return SK_OK;
}

/* Random merging and splitting against a model: for each reference in how many cases it is. Notes and tasks are never lost or doubled. */
static void test_accounts(void **state)
{
	struct world *w = *state;
	struct sk_case_done done;
	uint32_t seed = 7;
	unsigned cases = CASES, notes = 0, tasks = 0, merges = 0, splits = 0;
	for (unsigned i = 0; i < CASES; i++) {
		char id[SK_MATTER_ID_MAX];
		must(w, "", SK_CASE_EVENT_OPEN, (struct sk_case_change){.title = "t"}, &done);
		memcpy(id, done.id, sizeof id);
		for (unsigned j = 0; j < 6; j++) {
			char ref[16];
			(void)snprintf(ref, sizeof ref, "f-%u", (unsigned)dice(&seed, REFS));
			enum sk_err err = world_add(w, id, SK_CASE_EVENT_LINK, (struct sk_case_change){.link = SK_CASE_LINK_FINDING, .ref = ref}, &done);
			assert_true(err == SK_OK || err == SK_EEXIST);
		}
		must(w, id, SK_CASE_EVENT_NOTE, (struct sk_case_change){.text = "n"}, &done);
		must(w, id, SK_CASE_EVENT_TASK, (struct sk_case_change){.text = "t"}, &done);
		notes++;
		tasks++;
	}
	struct account before = {.w = w};
	assert_int_equal(sk_cases_each(w->cases, count_case, &before, &w->fault), SK_OK);
	for (unsigned round = 0; round < ROUNDS; round++) {
		char a[24], b[24];
		(void)snprintf(a, sizeof a, "c-%04u", (unsigned)dice(&seed, cases) + 1);
		(void)snprintf(b, sizeof b, "c-%04u", (unsigned)dice(&seed, cases) + 1);
		if (dice(&seed, 3) == 0) {
			enum sk_err err = world_add(w, a, SK_CASE_EVENT_MERGE, (struct sk_case_change){.ref = b}, &done);
			assert_true(err == SK_OK || err == SK_ESTAGE || err == SK_EUSAGE);
			if (err == SK_OK) {
				merges++;
				struct account now = {.w = w};
				assert_int_equal(sk_cases_each(w->cases, count_case, &now, &w->fault), SK_OK);
				unsigned gone = 0;
				for (unsigned r = 0; r < REFS; r++) {
					/* One holder fewer where both held it, and never none. */
					assert_true(now.holders[r] <= before.holders[r] && before.holders[r] - now.holders[r] <= 1 && (before.holders[r] == 0) == (now.holders[r] == 0));
					gone += before.holders[r] - now.holders[r];
				}
				assert_int_equal(gone, done.duplicates);
				assert_true(now.notes == notes && now.tasks == tasks);
				before = now;
			}
			continue;
		}
		uint32_t items[2] = {dice(&seed, 8) + 1, dice(&seed, 8) + 1};
		enum sk_err err = world_add(w, a, SK_CASE_EVENT_SPLIT, (struct sk_case_change){.items = items, .item_count = 2, .title = "split"}, &done);
		assert_true(err == SK_OK || err == SK_ESTAGE || err == SK_ENOENT || err == SK_EUSAGE);
		if (err == SK_OK) {
			splits++;
			cases++;
			struct account now = {.w = w};
			assert_int_equal(sk_cases_each(w->cases, count_case, &now, &w->fault), SK_OK);
			assert_memory_equal(now.holders, before.holders, sizeof now.holders);
			assert_true(now.notes == notes && now.tasks == tasks);
		}
	}
	assert_true(merges >= 5 && splits >= 5);
	uint64_t count;
	assert_int_equal(sk_cases_check(w->cases, &count, &w->fault), SK_OK);
	assert_int_equal(count, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_in_and_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stops, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_accounts, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
