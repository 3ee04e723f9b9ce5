/* SPDX-License-Identifier: Apache-2.0 */
/* The samples that ship: every frame of tunnels.pcapng meets the fate that tunnels.tsv states, and border.pcap.gz has the classes of classes.tsv.
   Both were written without asking the gate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "border/border_build.h"
#include "gate/gate.h"

#define SAMPLES SK_SOURCE_ROOT "/samples"

enum { FRAMES_MAX = 100000, CROSSING = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF) };

static struct sk_border *table;
static uint8_t classes[FRAMES_MAX], reasons[FRAMES_MAX]; /* of each frame of the last capture judged */

static int group_setup(void **state)
{
	(void)state;
	struct sk_border_build *build;
	struct sk_fault fault;
	char path[] = "/tmp/sekisho-test-gate-XXXXXX";
	int descriptor = mkstemp(path);
	if (descriptor < 0 || close(descriptor) != 0 || sk_border_build_new(NULL, &build, &fault) != SK_OK)
		return -1;
	sk_border_build_rest(build, SK_SIDE_UNKNOWN);
	enum sk_err err = sk_border_build_list(build, SK_SIDE_DOMESTIC, SAMPLES "/border/domestic.txt", &fault);
	if (err == SK_OK)
		err = sk_border_build_list(build, SK_SIDE_FOREIGN, SAMPLES "/border/foreign.txt", &fault);
	if (err == SK_OK)
		err = sk_border_build_write(build, path, &fault);
	if (err == SK_OK)
		err = sk_border_open(path, &table, &fault);
	if (err != SK_OK)
		print_error("%s\n", fault.line);
	sk_border_build_free(build);
	(void)unlink(path);
	return err == SK_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	sk_border_close(table);
	return 0;
}

static size_t judge_capture(const char *path)
{
	struct sk_capture *capture;
	struct sk_gate *gate;
	struct sk_fault fault;
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_verdict verdicts[SK_BATCH_MAX];
	size_t total = 0, count;
	assert_int_equal(sk_capture_open(path, &capture, &fault), SK_OK);
	assert_int_equal(sk_gate_new(table, CROSSING, &gate), SK_OK);
	do {
		assert_int_equal(sk_capture_next(capture, frames, &count, &fault), SK_OK);
		assert_true(total + count <= FRAMES_MAX);
		sk_gate_judge_batch(gate, frames, count, verdicts);
		for (size_t i = 0; i < count; i++, total++) {
			classes[total] = verdicts[i].class_;
			reasons[total] = verdicts[i].reason;
		}
	} while (count > 0);
	sk_gate_free(gate);
	sk_capture_close(capture);
	return total;
}

/* rule: GATE-2 GATE-3 */
static void test_every_tunnel_frame(void **state)
{
	(void)state;
	size_t total = judge_capture(SAMPLES "/tunnels.pcapng"), rows = 0, frame;
	char line[512], class_[16], fate[32], what[256];
	FILE *file = fopen(SAMPLES "/tunnels.tsv", "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof line, file));
	while (fgets(line, sizeof line, file) != NULL) {
		assert_int_equal(sscanf(line, "%zu\t%15[^\t]\t%31[^\t]\t%255[^\n]", &frame, class_, fate, what), 4);
		assert_true(frame >= 1 && frame <= total);
		const char *got_class = sk_class_name((enum sk_class)classes[frame - 1]);
		const char *got_fate = sk_gate_reason_name((enum sk_gate_reason)reasons[frame - 1]);
		if (strcmp(got_class, class_) != 0 || strcmp(got_fate, fate) != 0)
			fail_msg("frame %zu (%s): %s %s, expected %s %s", frame, what, got_class, got_fate, class_, fate);
		rows++;
	}
	(void)fclose(file);
	assert_int_equal(rows, total);
}

/* rule: GATE-2 */
static void test_class_counts(void **state)
{
	(void)state;
	size_t total = judge_capture(SAMPLES "/border.pcap.gz");
	uint64_t counts[SK_CLASS_COUNT] = {0};
	for (size_t i = 0; i < total; i++)
		counts[classes[i]]++;
	char line[256], class_[16];
	unsigned long packets;
	unsigned rows = 0;
	FILE *file = fopen(SAMPLES "/classes.tsv", "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		for (unsigned i = 0; i < SK_CLASS_COUNT; i++)
			if (sscanf(line, "%15s %lu", class_, &packets) == 2 && strcmp(class_, sk_class_name((enum sk_class)i)) == 0) {
				assert_int_equal(counts[i], packets);
				assert_true(packets > 0);
				rows++;
			}
	(void)fclose(file);
	assert_int_equal(rows, SK_CLASS_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_tunnel_frame), cmocka_unit_test(test_class_counts)};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
