/* SPDX-License-Identifier: Apache-2.0 */
/* The loaded programs on the running kernel: the self-test, its twins, and both gates over the same millions of frames (bpf(2) BPF_PROG_TEST_RUN; no interface is touched).
   Needs root. SEKISHO_LIVE_FRAMES=N runs N times as many frames (scripts/live-differ). rule: LIVE-1 LIVE-2 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "differ.h"
#include "live/live_priv.h"

enum { RANDOM_FRAMES = 400000, ADDRESSES = 200000, CAPTURE_FRAMES = 3000, ALL_CLASSES = 7, ONE_CLASS = 2, NODES = 1 << 18, OBJECT_MAX = 1 << 20 };

static uint64_t factor(void)
{
	const char *text = getenv("SEKISHO_LIVE_FRAMES");
	uint64_t n = text != NULL ? strtoull(text, NULL, 10) : 1;
	return n != 0 ? n : 1;
}

static struct live_program *load_object(const void *object, size_t length, bool xdp, struct sk_fault *fault)
{
	struct live_program *program = NULL;
	struct live_program_options options = {.object = object, .object_bytes = length, .xdp = xdp, .ifindex = 999999, .sockets = 1, .nodes = NODES};
	return live_program_load(&options, &program, fault) == SK_OK ? program : NULL;
}

static struct live_program *load(bool xdp)
{
	struct sk_fault fault = {.line = ""};
	struct live_program *program = load_object(live_object, live_object_bytes, xdp, &fault);
	if (program == NULL)
		fail_msg("%s", fault.line);
	return program;
}

static bool judge(void *context, const uint8_t *bytes, size_t length, uint32_t *verdict)
{
	struct sk_fault fault;
	enum sk_err err = live_program_run(context, bytes, length, verdict, &fault);
	if (err != SK_OK && err != SK_ETOOBIG)
		fail_msg("%s", fault.line);
	return err == SK_OK;
}

static void put_table(struct live_program *program, const struct sk_border *border, unsigned covered)
{
	struct sk_fault fault = {.line = ""};
	if (live_program_write(program, border, covered, &fault) != SK_OK)
		fail_msg("%s", fault.line);
}

static void agree(const struct differ *d, const char *name)
{
	differ_print(d, name);
	assert_int_equal(d->kept_wrongly, 0);
	assert_int_equal(d->other_wrong, 0);
}

/* ---- the self-test and its twins ---- */

static void test_selftest(void **state)
{
	(void)state;
	for (unsigned xdp = 0; xdp < 2; xdp++) {
		struct live_program *program = load(xdp);
		for (unsigned which = 0; which < DIFFER_TABLES; which++) {
			struct sk_border *border = differ_table((enum differ_table)which);
			for (unsigned covered = 1; covered <= ALL_CLASSES; covered++) {
				struct sk_fault fault = {.line = ""};
				unsigned frames = 0;
				put_table(program, border, covered);
				if (live_selftest(program, border, covered, &frames, &fault) != SK_OK)
					fail_msg("%s", fault.line);
				assert_true(frames > 500);
			}
			sk_border_close(border);
		}
		live_program_free(program);
	}
}

/* A program of which one rule was taken out (the objects are built from the same source with one line changed) is refused, and the line names what went wrong. */
static void test_broken_programs_are_refused(void **state)
{
	(void)state;
	static const char *const broken[] = {LIVE_BROKEN_OBJECTS};
	struct sk_border *border = differ_table(DIFFER_EMBEDDED);
	for (size_t i = 0; i < SK_COUNT(broken); i++)
		for (unsigned xdp = 0; xdp < 2; xdp++) {
			struct sk_fault fault = {.line = ""};
			struct sk_buf object;
			unsigned frames = 0;
			sk_buf_init(&object, OBJECT_MAX);
			assert_int_equal(sk_file_read(broken[i], &object, &fault), SK_OK);
			struct live_program *program = load_object(object.bytes, object.length, xdp, &fault);
			if (program == NULL)
				fail_msg("%s", fault.line);
			put_table(program, border, ALL_CLASSES);
			assert_int_equal(live_selftest(program, border, ALL_CLASSES, &frames, &fault), SK_EKERNELGATE);
			assert_int_equal(fault.err, SK_EKERNELGATE);
			print_message("%s\n", fault.line);
			live_program_free(program);
			sk_buf_fini(&object);
		}
	sk_border_close(border);
}

/* A table that is not what was approved: one node, or the head, altered in the kernel. */
static void test_broken_tables_are_refused(void **state)
{
	(void)state;
	struct live_program *program = load(true);
	struct sk_border *border = differ_table(DIFFER_LISTS);
	struct sk_fault fault = {.line = ""};
	unsigned frames = 0;
	put_table(program, border, ALL_CLASSES);
	uint32_t root4 = live_program_written(program)->root4, nodes = live_program_written(program)->nodes4;
	/* Every slot of IPv4's first level says foreign. */
	for (uint32_t i = 0; i < nodes; i++)
		for (unsigned word = 0; word < 8; word++)
			live_program_nodes(program)[root4 + i].words[word] = 0xaaaaaaaaaaaaaaaau;
	assert_int_equal(live_selftest(program, border, ALL_CLASSES, &frames, &fault), SK_EKERNELGATE);
	print_message("%s\n", fault.line);
	/* The self-test is told other classes than the table in the kernel covers. */
	put_table(program, border, ALL_CLASSES);
	assert_int_equal(live_selftest(program, border, ONE_CLASS, &frames, &fault), SK_EKERNELGATE);
	put_table(program, border, ONE_CLASS);
	assert_int_equal(live_selftest(program, border, ALL_CLASSES, &frames, &fault), SK_EKERNELGATE);
	assert_int_equal(live_selftest(program, border, ONE_CLASS, &frames, &fault), SK_OK);
	sk_border_close(border);
	live_program_free(program);
}

/* ---- tables: two halves, digests ---- */

static void test_tables(void **state)
{
	(void)state;
	uint8_t code[3][SK_HASH_BYTES], table[3][SK_HASH_BYTES], code_again[SK_HASH_BYTES], mine[SK_HASH_BYTES];
	struct sk_border *first = differ_table(DIFFER_LISTS), *second = differ_table(DIFFER_RANDOM);
	struct sk_fault fault = {.line = ""};
	struct live_program *program = load(true), *again = load(true);
	const struct sk_border *turn[] = {first, second, first};
	for (unsigned i = 0; i < 3; i++) {
		put_table(program, turn[i], ALL_CLASSES);
		assert_int_equal(live_program_commit(program, &fault), SK_OK);
		assert_int_equal(live_program_digests(program, code[i], table[i], &fault), SK_OK);
	}
	/* The digest is of what decides, not of where it lies; the program's is the same for every loading. */
	assert_memory_equal(table[0], table[2], SK_HASH_BYTES);
	assert_memory_not_equal(table[0], table[1], SK_HASH_BYTES);
	assert_memory_equal(code[0], code[2], SK_HASH_BYTES);
	put_table(again, second, ALL_CLASSES);
	assert_int_equal(live_program_commit(again, &fault), SK_OK);
	assert_int_equal(live_program_digests(again, code_again, mine, &fault), SK_OK);
	assert_memory_equal(code_again, code[0], SK_HASH_BYTES);
	assert_memory_equal(mine, table[1], SK_HASH_BYTES);
	put_table(again, second, ONE_CLASS);
	assert_int_equal(live_program_commit(again, &fault), SK_OK);
	assert_int_equal(live_program_digests(again, code_again, mine, &fault), SK_OK);
	assert_memory_not_equal(mine, table[1], SK_HASH_BYTES);
	/* The filter is another program. */
	struct live_program *filter = load(false);
	put_table(filter, first, ALL_CLASSES);
	assert_int_equal(live_program_commit(filter, &fault), SK_OK);
	assert_int_equal(live_program_digests(filter, code_again, mine, &fault), SK_OK);
	assert_memory_not_equal(code_again, code[0], SK_HASH_BYTES);
	assert_memory_equal(mine, table[0], SK_HASH_BYTES);
	live_program_free(filter);
	live_program_free(again);
	live_program_free(program);
	sk_border_close(first);
	sk_border_close(second);
}

/* ---- both gates ---- */

static void differ_all(bool xdp)
{
	struct live_program *program = load(xdp);
	uint64_t sum = 0;
	for (unsigned which = 0; which < DIFFER_TABLES; which++) {
		struct sk_border *border = differ_table((enum differ_table)which);
		struct differ d;
		put_table(program, border, ALL_CLASSES);
		differ_init(&d, border, ALL_CLASSES, judge, program);
		differ_addresses(&d, 5, ADDRESSES * factor());
		agree(&d, differ_table_name((enum differ_table)which));
		sum += d.frames;
		differ_fini(&d);
		sk_border_close(border);
	}
	struct sk_border *border = differ_table(DIFFER_LISTS);
	for (unsigned covered = 1; covered <= ALL_CLASSES; covered++) {
		struct differ d;
		put_table(program, border, covered);
		differ_init(&d, border, covered, judge, program);
		differ_random(&d, covered, RANDOM_FRAMES * factor() / (covered == ALL_CLASSES ? 1 : 10));
		agree(&d, "random frames");
		sum += d.frames;
		differ_fini(&d);
	}
	sk_border_close(border);
	struct live_counters counts;
	struct sk_fault fault;
	uint64_t erased = 0;
	size_t residue = 1;
	assert_int_equal(live_program_counts(program, LIVE_LANE_TEST, &counts, &fault), SK_OK);
	for (unsigned class_ = 0; class_ < LIVE_CLASS_COUNT; class_++)
		for (unsigned reason = 0; reason < LIVE_REASON_COUNT; reason++)
			erased += counts.erased[class_][reason].frames;
	/* Trials are counted apart from live frames, and leave no byte in a map. */
	assert_int_equal(counts.in.frames, sum);
	assert_true(erased > 0 && erased < sum);
	assert_int_equal(live_program_counts(program, LIVE_LANE_LIVE, &counts, &fault), SK_OK);
	assert_int_equal(counts.in.frames, 0);
	assert_int_equal(live_program_residue(program, &residue, &fault), SK_OK);
	assert_int_equal(residue, 0);
	print_message("%lu frames by %s and gate: no disagreement\n", (unsigned long)sum, xdp ? "XDP program" : "filter");
	live_program_free(program);
}

static void test_differ_xdp(void **state)
{
	(void)state;
	differ_all(true);
}

static void test_differ_filter(void **state)
{
	(void)state;
	differ_all(false);
}

/* Every capture below a folder, each frame as it is and with bytes changed. */
static void differ_folder(struct live_program *program, const struct sk_border *border, const char *folder, struct differ *sum)
{
	struct dirent **names;
	int count = scandir(folder, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char path[1024];
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
		if (names[i]->d_type == DT_DIR && names[i]->d_name[0] != '.') {
			differ_folder(program, border, path, sum);
		} else if (strstr(names[i]->d_name, "cap") != NULL) {
			struct differ d;
			differ_init(&d, border, ALL_CLASSES, judge, program);
			(void)differ_capture(&d, path, 2, CAPTURE_FRAMES * factor());
			if (d.kept_wrongly + d.other_wrong != 0)
				differ_print(&d, path);
			sum->frames += d.frames;
			sum->kept += d.kept;
			sum->erased += d.erased;
			sum->unfinished += d.unfinished;
			sum->unfinished_erased += d.unfinished_erased;
			sum->kept_wrongly += d.kept_wrongly;
			sum->other_wrong += d.other_wrong;
			sum->not_tried += d.not_tried;
			differ_fini(&d);
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

static void test_differ_captures(void **state)
{
	(void)state;
	if (access(SK_SHARED_DATA, R_OK) != 0) {
		print_message("%s is not there: skipped\n", SK_SHARED_DATA);
		skip();
	}
	struct sk_border *border = differ_table(DIFFER_RANDOM);
	for (unsigned xdp = 0; xdp < 2; xdp++) {
		struct live_program *program = load(xdp);
		struct differ sum = {0};
		put_table(program, border, ALL_CLASSES);
		differ_folder(program, border, SK_SHARED_DATA, &sum);
		agree(&sum, xdp ? "all captures, XDP" : "all captures, filter");
		assert_true(sum.frames > 10000);
		live_program_free(program);
	}
	sk_border_close(border);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_selftest), cmocka_unit_test(test_broken_programs_are_refused), cmocka_unit_test(test_broken_tables_are_refused),
					   cmocka_unit_test(test_tables), cmocka_unit_test(test_differ_xdp), cmocka_unit_test(test_differ_filter), cmocka_unit_test(test_differ_captures)};
	if (geteuid() != 0) {
		print_message("not root: no program can be loaded into the kernel; skipped\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
