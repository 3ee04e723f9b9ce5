/* SPDX-License-Identifier: Apache-2.0 */
/* The gate reads nothing behind the innermost transport header, and nothing at all behind the first pair that is not covered. Proved by a page
   that cannot be read, put right behind the last byte that it may read. Writing there is allowed: erasing must reach every byte. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_border.h"
#include "frames.h"

enum { ALL_CROSSING = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF), GUARDED_BYTES = 4096, ROOM_BYTES = 4096 };

static uint8_t *room;                     /* readable, then guarded */
static volatile sig_atomic_t reads_behind; /* set by the signal handler */

/* A fault in the guard is counted when it was a read; then the page is opened, so that the run goes on. */
static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	const uint8_t *at = info->si_addr;
	if (at < room + ROOM_BYTES || at >= room + ROOM_BYTES + GUARDED_BYTES)
		_exit(99);
#ifdef __x86_64__
	enum { PAGE_FAULT_WAS_WRITE = 2 };
	if ((((const ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & PAGE_FAULT_WAS_WRITE) == 0)
		reads_behind++;
#else
	(void)context;
#endif
	if (mprotect(room + ROOM_BYTES, GUARDED_BYTES, PROT_READ | PROT_WRITE) != 0)
		_exit(98);
}

static int group_setup(void **state)
{
	(void)state;
	room = mmap(NULL, ROOM_BYTES + GUARDED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return room != MAP_FAILED ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	return munmap(room, ROOM_BYTES + GUARDED_BYTES);
}

/* Judge the built frame with a guard from byte `allowed` on; how many reads behind it there were. */
static int judge_guarded(struct build *b, uint8_t link, size_t allowed, enum sk_gate_reason expected)
{
	struct sk_gate *gate;
	struct sk_verdict verdict;
	size_t length = build_length(b);
	assert_true(allowed <= length && length - allowed <= GUARDED_BYTES);
	struct sk_frame frame = {.bytes = room + ROOM_BYTES - allowed, .captured_bytes = (uint32_t)length, .wire_bytes = (uint32_t)length, .link = link};
	assert_int_equal(sk_gate_new(fake_border(), ALL_CROSSING, &gate), SK_OK);
	memcpy(frame.bytes, build_bytes(b), length);
	assert_int_equal(mprotect(room + ROOM_BYTES, GUARDED_BYTES, PROT_NONE), 0);
	reads_behind = 0;
	sk_gate_judge_batch(gate, &frame, 1, &verdict);
	assert_int_equal(mprotect(room + ROOM_BYTES, GUARDED_BYTES, PROT_READ | PROT_WRITE), 0);
	if (verdict.reason != expected)
		fail_msg("%s, expected %s", sk_gate_reason_name((enum sk_gate_reason)verdict.reason), sk_gate_reason_name(expected));
	if (expected != SK_GATE_ADMITTED)
		for (size_t i = 0; i < length; i++)
			assert_int_equal(frame.bytes[i], 0);
	sk_gate_free(gate);
	return reads_behind;
}

/* The bytes of the IP header that hold the pair, at the front of what is built. */
static size_t pair_bytes(unsigned family)
{
	return family == 4 ? 20 : 40;
}

/* Run every case; the reads behind what may be read, and how many cases there were. */
static int run_cases(int *cases)
{
	int reads = 0;
	*cases = 0;
	/* Here and not in the setup: cmocka sets its own handler before each test, and takes it away after. */
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
	for (unsigned i = 0; i < 4; i++) {
		unsigned outer = i & 1 ? 4 : 6, inner = i & 2 ? 4 : 6;
		struct build b;
		/* Domestic: not a byte behind the pair, whatever is inside and whatever carries it. */
		for (size_t e = 0; e < encapsulation_count; e++) {
			for (size_t l = 0; l < link_layer_count; l++) {
				build_start(&b, 50);
				build_put_tcp(&b);
				build_put_ip(&b, inner, 6, SK_CLASS_FD);
				uint8_t proto = encapsulations[e].put(&b, inner);
				size_t behind = build_length(&b);
				build_put_ip(&b, outer, proto, SK_CLASS_DD);
				link_layers[l].put(&b, outer);
				reads += judge_guarded(&b, link_layers[l].link, build_length(&b) - behind, SK_GATE_DOMESTIC);
				++*cases;
			}
			/* An inner pair that is domestic: nothing behind that one. Admitted: nothing behind the inner IP header, as TCP needs no look. */
			for (unsigned admitted = 0; admitted < 2; admitted++) {
				build_start(&b, 50);
				build_put_tcp(&b);
				size_t behind = build_length(&b);
				build_put_ip(&b, inner, 6, admitted ? SK_CLASS_FD : SK_CLASS_DD);
				uint8_t proto = encapsulations[e].put(&b, inner);
				build_put_ip(&b, outer, proto, SK_CLASS_FD);
				reads += judge_guarded(&b, SK_LINK_RAW_IP, build_length(&b) - behind, admitted ? SK_GATE_ADMITTED : SK_GATE_INNER_DOMESTIC);
				++*cases;
			}
		}
		/* UDP: the ports. ICMP: the type, and in errors the quoted pair. A later fragment: the IP headers. */
		build_start(&b, 50);
		build_put_udp(&b, 53);
		build_put_ip(&b, outer, 17, SK_CLASS_FD);
		reads += judge_guarded(&b, SK_LINK_RAW_IP, pair_bytes(outer) + 4, SK_GATE_ADMITTED);
		build_start(&b, 50);
		build_put_icmp(&b, outer, false);
		build_put_ip(&b, outer, outer == 4 ? 1 : 58, SK_CLASS_FD);
		reads += judge_guarded(&b, SK_LINK_RAW_IP, pair_bytes(outer) + 1, SK_GATE_ADMITTED);
		build_start(&b, 50);
		build_put_ip(&b, inner, 6, SK_CLASS_DF);
		build_put_icmp(&b, outer, true);
		build_put_ip(&b, outer, outer == 4 ? 1 : 58, SK_CLASS_FD);
		reads += judge_guarded(&b, SK_LINK_RAW_IP, pair_bytes(outer) + 8 + pair_bytes(inner), SK_GATE_ADMITTED);
		build_start(&b, 50);
		build_put_fragment(&b, outer, 6, SK_CLASS_FD, 3, true);
		reads += judge_guarded(&b, SK_LINK_RAW_IP, build_length(&b) - 50, SK_GATE_ADMITTED);
		*cases += 4;
	}
	return reads;
}

/* rule: GATE-1 GATE-3 */
static void test_reads_nothing_behind(void **state)
{
	(void)state;
	int cases;
#ifndef __x86_64__
	print_message("the guard tells reads from writes on x86-64 only: skipped\n");
	skip();
#endif
	fake_border_overread_bytes = 0;
	assert_int_equal(run_cases(&cases), 0);
	print_message("%d guarded frames\n", cases);
}

/* The twin: a look-up that reads one byte too many is seen in every case whose last byte is one of the pair. */
static void test_the_guard_can_fail(void **state)
{
	(void)state;
	int cases;
#ifndef __x86_64__
	skip();
#endif
	fake_border_overread_bytes = 1;
	int reads = run_cases(&cases);
	print_message("%d of %d sabotaged look-ups seen\n", reads, cases);
	assert_true(reads > cases / 2);
	fake_border_overread_bytes = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads_nothing_behind), cmocka_unit_test(test_the_guard_can_fail)};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
