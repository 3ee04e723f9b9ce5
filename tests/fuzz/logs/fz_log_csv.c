/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a CSV header line and lines under it; and the same lines as nfdump would have printed them. */
#include "fz_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_log_schema schema = {.next = NULL};
	struct sk_fault fault;
	const uint8_t *feed = length != 0 && length <= FUZZ_LENGTH_MAX ? memchr(bytes, '\n', length) : NULL;
	if (feed == NULL)
		return 0;
	size_t head = (size_t)(feed - bytes);
	if (table_csv_header(&schema, (const char *)bytes, head, "fuzz", &fault)) {
		SK_INVARIANT(schema.has_pair && schema.pair_end <= schema.columns && schema.columns <= SK_LOG_COLUMNS_MAX);
		(void)fuzz_lines(bytes, length, &schema);
	} else {
		SK_INVARIANT(fault.err == SK_EINPUT);
	}
	table_nfdump(&schema);
	return fuzz_lines(feed + 1, length - head - 1, &schema);
}
