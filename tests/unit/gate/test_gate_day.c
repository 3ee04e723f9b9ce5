/* SPDX-License-Identifier: Apache-2.0 */
/* A day at a border: the class counts of the capture are those of its ground truth, with the real table and the real reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "border/border_build.h"
#include "capture/capture.h"
#include "gate/gate.h"

#define CAPTURE SK_SHARED_DATA "/border/border-day.pcap"
#define TRUTH SK_SHARED_DATA "/border/classes.tsv"
#define LIST4 SK_SHARED_DATA "/jurisdiction/jp-v4.txt"
#define LIST6 SK_SHARED_DATA "/jurisdiction/jp-v6.txt"

struct counts {
	uint64_t classes[SK_CLASS_COUNT], reasons[SK_GATE_REASON_COUNT];
};

static void build_table(const char *path)
{
	struct sk_border_build *build;
	struct sk_fault fault;
	assert_int_equal(sk_border_build_new(NULL, &build, &fault), SK_OK);
	assert_int_equal(sk_border_build_list(build, SK_SIDE_DOMESTIC, LIST4, &fault), SK_OK);
	assert_int_equal(sk_border_build_list(build, SK_SIDE_DOMESTIC, LIST6, &fault), SK_OK);
	assert_int_equal(sk_border_build_write(build, path, &fault), SK_OK);
	sk_border_build_free(build);
}

static struct counts count_capture(const struct sk_border *table, unsigned covered)
{
	struct counts counts = {0};
	struct sk_capture *capture;
	struct sk_gate *gate;
	struct sk_fault fault;
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_verdict verdicts[SK_BATCH_MAX];
	size_t count;
	assert_int_equal(sk_capture_open(CAPTURE, &capture, &fault), SK_OK);
	assert_int_equal(sk_gate_new(table, covered, &gate), SK_OK);
	do {
		assert_int_equal(sk_capture_next(capture, frames, &count, &fault), SK_OK);
		sk_gate_judge_batch(gate, frames, count, verdicts);
		for (size_t i = 0; i < count; i++) {
			counts.classes[verdicts[i].class_]++;
			counts.reasons[verdicts[i].reason]++;
		}
	} while (count > 0);
	sk_gate_free(gate);
	sk_capture_close(capture);
	return counts;
}

/* Packets of a class in the ground truth: FF, FJ, JF, JJ. */
static uint64_t truth(const char *name)
{
	char line[256], class_[16];
	unsigned long flows, packets, found = 0;
	FILE *file = fopen(TRUTH, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "%15s %lu %lu", class_, &flows, &packets) == 3 && strcmp(class_, name) == 0)
			found = packets;
	(void)fclose(file);
	return found;
}

/* rule: GATE-2. The file counts by who opened a flow, so FJ and JF are compared by their sum. */
static void test_class_counts(void **state)
{
	(void)state;
	if (access(CAPTURE, R_OK) != 0 || access(LIST4, R_OK) != 0) {
		print_message("%s is not there: skipped\n", CAPTURE);
		skip();
	}
	char path[] = "/tmp/sekisho-test-gate-XXXXXX";
	int descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	(void)close(descriptor);
	build_table(path);
	struct sk_border *table;
	struct sk_fault fault;
	assert_int_equal(sk_border_open(path, &table, &fault), SK_OK);
	struct counts all = count_capture(table, SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF));
	for (unsigned i = 0; i < SK_CLASS_COUNT; i++)
		print_message("%-8s %8lu\n", sk_class_name((enum sk_class)i), (unsigned long)all.classes[i]);
	for (unsigned i = 0; i < SK_GATE_REASON_COUNT; i++)
		print_message("%-20s %8lu\n", sk_gate_reason_name((enum sk_gate_reason)i), (unsigned long)all.reasons[i]);
	assert_int_equal(all.classes[SK_CLASS_FF], truth("FF"));
	assert_int_equal(all.classes[SK_CLASS_FD] + all.classes[SK_CLASS_DF], truth("FJ") + truth("JF"));
	assert_int_equal(all.classes[SK_CLASS_DD], truth("JJ"));
	assert_int_equal(all.classes[SK_CLASS_UNKNOWN], 0);
	assert_int_equal(all.reasons[SK_GATE_DOMESTIC], truth("JJ"));
	/* A class is a fact of the frame, whatever the basis covers. */
	struct counts narrow = count_capture(table, SK_CLASS_BIT(SK_CLASS_FD));
	assert_memory_equal(narrow.classes, all.classes, sizeof all.classes);
	assert_int_equal(narrow.reasons[SK_GATE_NOT_COVERED], all.classes[SK_CLASS_FF] + all.classes[SK_CLASS_DF]);
	sk_border_close(table);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_class_counts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
