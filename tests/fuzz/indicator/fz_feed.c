/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest of a MISP feed: what it names are UUIDs, in order, and nothing that leads out of a folder. */
#include "fz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_feed feed;
	struct sk_fault fault;
	if (length > SK_INDICATOR_JSON_MAX_BYTES || sk_feed_parse("fuzz", (const char *)bytes, length, &feed, &fault) != SK_OK)
		return 0;
	SK_INVARIANT(feed.count > 0);
	for (size_t i = 0; i < feed.count; i++) {
		SK_INVARIANT(strlen(feed.events[i]) == 36 && strpbrk(feed.events[i], "/.") == NULL);
		SK_INVARIANT(i == 0 || strcmp(feed.events[i - 1], feed.events[i]) < 0);
	}
	sk_feed_fini(&feed);
	return 0;
}
