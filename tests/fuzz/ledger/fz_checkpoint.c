/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a checkpoint body: what is accepted and written again reads back the same. */
#include <string.h>

#include "ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_checkpoint checkpoint, again;
	struct sk_fault fault;
	struct sk_buf out;
	if (sk_checkpoint_parse((const char *)bytes, length, &checkpoint, &fault) != SK_OK)
		return 0;
	sk_buf_init(&out, 4096);
	sk_checkpoint_format(&out, &checkpoint);
	SK_INVARIANT(out.failed == SK_OK && out.length <= length && memcmp(out.bytes, bytes, out.length) == 0);
	SK_INVARIANT(sk_checkpoint_parse(sk_buf_text(&out), out.length, &again, &fault) == SK_OK);
	SK_INVARIANT(again.size == checkpoint.size && memcmp(again.root, checkpoint.root, sizeof again.root) == 0 &&
		     strcmp(again.origin, checkpoint.origin) == 0);
	sk_buf_fini(&out);
	return 0;
}
