/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's state machine, compiled for user space, against the gate: no kernel is needed, so this runs everywhere and millions of times. rule: LIVE-1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "border/explain.h"
#include "differ.h"
#include "machine.h"

#define CAPTURE SK_SHARED_DATA "/border/border-day.pcap"

enum { RANDOM_FRAMES = 1000000, ADDRESSES = 600000, CAPTURE_FRAMES = 200000, ALL_CLASSES = 7, ONE_CLASS = 2 };

static bool judge(void *context, const uint8_t *bytes, size_t length, uint32_t *verdict)
{
	(void)context;
	*verdict = machine_judge(bytes, length);
	return length >= 14;
}

/* Never towards keeping; and where the kernel finished, the same reason and class. */
static void agree(const struct differ *d, const char *name)
{
	differ_print(d, name);
	assert_int_equal(d->kept_wrongly, 0);
	assert_int_equal(d->other_wrong, 0);
	assert_true(d->erased > 0);
}

static void test_random_frames(void **state)
{
	(void)state;
	struct sk_border *border = differ_table(DIFFER_LISTS);
	for (unsigned covered = 1; covered <= ALL_CLASSES; covered++) {
		struct differ d;
		machine_table(border, covered);
		differ_init(&d, border, covered, judge, NULL);
		differ_random(&d, covered, covered == ALL_CLASSES ? RANDOM_FRAMES : RANDOM_FRAMES / 10);
		agree(&d, "random frames");
		/* What is left to user space has headers behind the first 256 bytes: the generator nests up to nine deep. */
		assert_true(d.unfinished < d.frames / 12);
		differ_fini(&d);
	}
	sk_border_close(border);
}

static void test_addresses(void **state)
{
	(void)state;
	for (unsigned which = 0; which < DIFFER_TABLES; which++) {
		struct sk_border *border = differ_table((enum differ_table)which);
		struct differ d;
		machine_table(border, ALL_CLASSES);
		differ_init(&d, border, ALL_CLASSES, judge, NULL);
		differ_addresses(&d, 5, ADDRESSES);
		agree(&d, differ_table_name((enum differ_table)which));
		/* Undecided are only addresses that embed IPv4, and only where a list says unknown among them. */
		if (which == DIFFER_LISTS || which == DIFFER_EMBEDDED)
			assert_int_equal(d.unfinished, 0);
		if (which == DIFFER_UNKNOWN_LISTS)
			assert_true(d.unfinished > 0);
		differ_fini(&d);
		sk_border_close(border);
	}
}

/* Every range of the table at both ends: side by side. */
static void test_every_edge(void **state)
{
	(void)state;
	struct sk_border *border = differ_table(DIFFER_RANDOM);
	machine_table(border, ALL_CLASSES);
	for (unsigned family = 4; family <= 6; family += 2) {
		struct sk_addr addr = {.family = (uint8_t)family}, last;
		uint64_t ranges = 0;
		for (bool more = true; more; ranges++) {
			enum sk_side side = sk_border_span(border, &addr, &last);
			const struct sk_addr *both[] = {&addr, &last};
			for (unsigned i = 0; i < 2; i++) {
				unsigned found = machine_side(both[i]);
				assert_true(found == LIVE_SIDE_UNDECIDED || found == (unsigned)sk_border_side(border, both[i]));
			}
			(void)side;
			addr = last;
			more = false;
			for (int i = family == 4 ? 3 : 15; i >= 0 && !more; i--)
				more = ++addr.bytes[i] != 0;
		}
		print_message("IPv%u: %lu ranges\n", family, (unsigned long)ranges);
		assert_true(ranges > 60000);
	}
	sk_border_close(border);
}

static void test_capture(void **state)
{
	(void)state;
	struct sk_border *border = differ_table(DIFFER_LISTS);
	struct differ d;
	machine_table(border, ALL_CLASSES);
	differ_init(&d, border, ALL_CLASSES, judge, NULL);
	enum sk_err err = differ_capture(&d, CAPTURE, 1, CAPTURE_FRAMES);
	differ_fini(&d);
	sk_border_close(border);
	if (err == SK_ENOENT) {
		print_message("%s is not there: skipped\n", CAPTURE);
		skip();
	}
	agree(&d, "border day");
}

/* The twins: a machine that is broken in one place is caught. */
static void test_broken_machines_are_caught(void **state)
{
	(void)state;
	struct sk_border *border = differ_table(DIFFER_EMBEDDED);
	for (unsigned lie = MACHINE_HONEST + 1; lie < MACHINE_LIES; lie++) {
		struct differ d, e;
		machine_table(border, ONE_CLASS);
		machine_lie((enum machine_lie)lie);
		differ_init(&d, border, ONE_CLASS, judge, NULL);
		differ_init(&e, border, ONE_CLASS, judge, NULL);
		differ_random(&d, 3, RANDOM_FRAMES / 5);
		differ_addresses(&e, 3, ADDRESSES / 5);
		print_message("lie %u: %lu wrongly kept, %lu other\n", lie, (unsigned long)(d.kept_wrongly + e.kept_wrongly), (unsigned long)(d.other_wrong + e.other_wrong));
		assert_true(d.kept_wrongly + d.other_wrong + e.kept_wrongly + e.other_wrong > 0);
		differ_fini(&d);
		differ_fini(&e);
	}
	machine_lie(MACHINE_HONEST);
	sk_border_close(border);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_frames), cmocka_unit_test(test_addresses), cmocka_unit_test(test_every_edge), cmocka_unit_test(test_capture),
					   cmocka_unit_test(test_broken_machines_are_caught)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
