/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the body of a proposal, as counters that enforcement points tell, and as an allow-list. A body that is read is the one that would be written. */
#include <stdlib.h>
#include <string.h>

#include "decide/blast.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_order_text text;
	struct sk_fault fault;
	static struct sk_order order;
	if (sk_seal_start() != SK_OK)
		abort();
	if (sk_order_text_read((const char *)bytes, length, &text, &fault) == SK_OK) {
		struct sk_buf again;
		sk_buf_init(&again, SK_ACT_BODY_MAX);
		SK_INVARIANT(sk_order_document_check(text.document, &fault) == SK_OK);
		struct sk_verify_key proposer = text.document->order.proposer;
		SK_INVARIANT(sk_order_text_make(text.document, &proposer, text.quorum, text.ratify, &again, &fault) == SK_OK);
		SK_INVARIANT(again.length == length && memcmp(again.bytes, bytes, length) == 0);
		sk_buf_fini(&again);
		sk_order_text_fini(&text);
	}
	order.target_count = 2;
	memcpy(order.targets[0], "198.51.100.9/32", sizeof "198.51.100.9/32");
	memcpy(order.targets[1], "bad.example", sizeof "bad.example");
	struct sk_blast_counts counts = {0};
	(void)!sk_blast_volunteered((const char *)bytes, length, &order, 0, INT64_MAX, &counts, &fault);
	SK_INVARIANT(counts.counters_known || counts.counters == 0);
	(void)!sk_blast_allowed((const char *)bytes, length, "list", &order, &fault);
	return 0;
}
