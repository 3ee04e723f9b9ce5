/* SPDX-License-Identifier: Apache-2.0 */
/* Any lines as the leaves of a log, through the verifier's judgement of meaning: whatever is accepted up to here keeps the sums of the equation. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static uint64_t modulo_sum(const struct sk_check_totals *t, bool frames)
{
	const struct sk_tally *const parts[] = {&t->gate_erased, &t->select_erased, &t->selected, &t->capture_lost, &t->pending, &t->carried, &t->lost};
	uint64_t sum = 0;
	for (size_t i = 0; i < SK_COUNT(parts); i++)
		sum += frames ? parts[i]->frames : parts[i]->bytes;
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_check *check = sk_check_new();
	struct sk_check_summary summary;
	struct sk_fault fault;
	struct sk_cur cur = sk_cur_of(bytes, length);
	if (check == NULL || sk_seal_start() != SK_OK)
		abort();
	for (bool good = true; good && sk_more(&cur);) {
		size_t line = 0;
		while (line < sk_left(&cur) && sk_peek_u8(&cur, line) != '\n')
			line++;
		good = sk_check_leaf(check, sk_take(&cur, line), line, &fault) == SK_OK;
		SK_INVARIANT(good || fault.line[0] != '\0');
		/* Over the whole log: received = fates + what is still open, held back or lost. */
		if (good) {
			sk_check_summary(check, &summary);
			SK_INVARIANT(modulo_sum(&summary.totals, true) == summary.totals.received.frames);
			SK_INVARIANT(modulo_sum(&summary.totals, false) == summary.totals.received.bytes);
			SK_INVARIANT(summary.totals.exports.received.frames == summary.totals.exports.gate_erased.frames + summary.totals.exports.select_erased.frames +
				     summary.totals.exports.selected.frames + summary.totals.exports.malformed.frames + summary.totals.exports.carried.frames);
		}
		if (sk_more(&cur))
			sk_skip(&cur, 1);
	}
	sk_check_free(check);
	return 0;
}
