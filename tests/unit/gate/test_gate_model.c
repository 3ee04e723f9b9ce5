/* SPDX-License-Identifier: Apache-2.0 */
/* The gate against the reference judge on random stacks of headers, mutated, cut and lied about; and the property that a shorter slice is never
   judged more leniently. Then the twins: a reference that lies must be caught. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_border.h"
#include "frames.h"
#include "random.h"
#include "reference.h"

enum { FRAMES = 1500000, TWIN_FRAMES = 300000 };

static struct random_source source;

static unsigned below(unsigned n)
{
	return random_below(&source, n);
}

struct tally {
	uint64_t frames, mismatches, lenient;
	uint64_t reasons[SK_GATE_REASON_COUNT];
};

/* What the gate calls plain is taken apart by fixed places: it must be just that. */
static bool plain_is_plain(const struct sk_admitted_info *info, struct sk_cur packet, uint32_t wire)
{
	const uint8_t *ip = packet.at;
	if (info->plain == 0)
		return true;
	if (info->layers != 1 || (info->tunnels & ~SK_TUNNEL_VLAN) != 0 || sk_left(&packet) != wire)
		return false;
	uint8_t proto = info->plain == 4 ? ip[9] : ip[6];
	bool fixed = info->plain == 4 ? ip[0] == 0x45 && (ip[6] & 0x3f) == 0 && ip[7] == 0 : info->plain == 6 && ip[0] >> 4 == 6;
	return fixed && (proto == 6 || proto == 17);
}

static bool same(const struct sk_frame *frame, const struct sk_verdict *got, const struct reference_verdict *want)
{
	if (got->reason != want->reason || got->class_ != want->class_ || (got->admitted != NULL) != (want->reason == SK_GATE_ADMITTED))
		return false;
	if (got->admitted == NULL)
		return true;
	const struct sk_admitted_info *info = sk_admitted_info(got->admitted);
	uint32_t wire;
	struct sk_cur packet = sk_admitted_bytes(got->admitted, &wire);
	return plain_is_plain(info, packet, wire) && info->layers == want->layers && info->tunnels == want->tunnels && info->inner_class == want->inner_class &&
		packet.at == frame->bytes + want->packet_at && sk_left(&packet) == want->packet_captured && wire == want->packet_wire;
}

static struct tally compare(uint64_t seed, unsigned count, enum reference_lie lie)
{
	struct tally tally = {0};
	struct sk_gate *gates[8];
	source.state = seed;
	for (unsigned covered = 0; covered < 8; covered++)
		assert_int_equal(sk_gate_new(fake_border(), covered, &gates[covered]), SK_OK);
	for (; tally.frames < count; tally.frames++) {
		struct build b;
		struct sk_verdict verdict, shorter;
		uint8_t link = random_frame(&source, &b);
		size_t length = build_length(&b), captured = below(3) ? length : below((unsigned)length + 1);
		unsigned covered = below(4) ? 7 : below(8);
		struct sk_frame frame = build_frame(&b, link, captured);
		if (below(4) == 0)
			frame.wire_bytes = (uint32_t)captured + below(3) * below(200);
		if (frame.wire_bytes < captured)
			frame.wire_bytes = (uint32_t)captured;
		struct reference_verdict want = reference_judge(&frame, covered, lie);
		sk_gate_judge_batch(gates[covered], &frame, 1, &verdict);
		tally.reasons[verdict.reason]++;
		if (!same(&frame, &verdict, &want))
			tally.mismatches++;
		/* The same frame, sliced shorter. */
		struct sk_frame slice = build_frame(&b, link, below((unsigned)captured + 1));
		slice.wire_bytes = frame.wire_bytes;
		sk_gate_judge_batch(gates[covered], &slice, 1, &shorter);
		if (verdict.reason != SK_GATE_ADMITTED && shorter.reason == SK_GATE_ADMITTED)
			tally.lenient++;
		free(slice.bytes);
		free(frame.bytes);
	}
	for (unsigned covered = 0; covered < 8; covered++)
		sk_gate_free(gates[covered]);
	return tally;
}

/* rule: GATE-2 GATE-3 */
static void test_model(void **state)
{
	(void)state;
	struct tally tally = compare(1, FRAMES, REFERENCE_HONEST);
	assert_int_equal(tally.mismatches, 0);
	assert_int_equal(tally.lenient, 0);
	/* The generator reaches everything often. */
	for (unsigned reason = 0; reason < SK_GATE_REASON_COUNT; reason++) {
		print_message("%-20s %9lu\n", sk_gate_reason_name((enum sk_gate_reason)reason), (unsigned long)tally.reasons[reason]);
		assert_true(tally.reasons[reason] > 100);
	}
}

/* The sabotage twins: whatever the reference lies about, the comparison sees. */
static void test_a_lying_reference_is_caught(void **state)
{
	(void)state;
	for (unsigned lie = REFERENCE_HONEST + 1; lie < REFERENCE_LIES; lie++)
		assert_true(compare(2, TWIN_FRAMES, (enum reference_lie)lie).mismatches > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_a_lying_reference_is_caught)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
