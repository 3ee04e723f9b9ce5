/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the statement of an act: what is accepted is written again to the same bytes. */
#include <string.h>

#include "ledger/act.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_act act;
	struct sk_fault fault;
	struct sk_buf again;
	if (sk_act_read((const char *)bytes, length, &act, &fault) != SK_OK)
		return 0;
	sk_buf_init(&again, SK_ACT_TEXT_MAX);
	sk_act_write(&act, &again);
	SK_INVARIANT(again.failed == SK_OK && again.length == length && memcmp(again.bytes, bytes, length) == 0);
	sk_buf_fini(&again);
	return 0;
}
