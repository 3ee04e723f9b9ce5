/* SPDX-License-Identifier: Apache-2.0 */
/* The short way in and the long one say the same of whatever the short one takes. */
#include "indicator/indicator_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_value quick, slow;
	const char *text = (const char *)bytes, *detail;
	SK_INVARIANT(sk_seal_start() == SK_OK);
	if (!sk_value_plain(text, length, &quick))
		return 0;
	SK_INVARIANT(sk_value_work(text, length, SK_TYPE_ANY, &slow, &detail) == SK_INDICATOR_REASON_COUNT);
	SK_INVARIANT(slow.changes == 0 && quick.changes == 0 && slow.kind == quick.kind && memcmp(&slow.prefix, &quick.prefix, sizeof slow.prefix) == 0);
	if (quick.kind == SK_INDICATOR_DOMAIN)
		SK_INVARIANT(quick.length == slow.length && memcmp(quick.name, slow.name, slow.length + 1) == 0);
	return 0;
}
