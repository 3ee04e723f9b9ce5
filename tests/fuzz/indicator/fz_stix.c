/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern of one indicator, straight into the parser; an import of a bundle around it must not fail over what the pattern holds. */
#include "fz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	/* A bundle as a file when the first byte says so: JSON's own strings, dates and types around the patterns. */
	if (length > 0 && *bytes == '{')
		return fuzz_import("{\"type\":\"bundle\",\"objects\":[", bytes, length);
	static struct sk_indicator_builder *builder;
	static const struct sk_indicator_options options = {.max_entries = FUZZ_ENTRIES_MAX, .min_prefix_v4 = 8, .min_prefix_v6 = 19};
	struct sk_indicator_counts counts = {0};
	struct sk_fault fault;
	if (builder == NULL)
		SK_INVARIANT(sk_seal_start() == SK_OK && sk_indicator_builder_new(&options, fuzz_note, NULL, &builder) == SK_OK);
	uint64_t before = fuzz_entries(builder);
	struct sk_import import = {.builder = builder, .counts = &counts, .path = "fuzz", .name = "fuzz", .first_tag = 1, .fault = &fault};
	enum sk_err err = sk_import_pattern(&import, 1, (const char *)bytes, length);
	/* Whole or not at all: what is complex takes nothing. */
	SK_INVARIANT(counts.by_reason[SK_INDICATOR_COMPLEX_PATTERN] == 0 || (counts.taken == 0 && counts.lines == 1));
	SK_INVARIANT(fuzz_entries(builder) == before + counts.taken && counts.lines == counts.taken + counts.refused + counts.by_reason[SK_INDICATOR_EMPTY]);
	if (err == SK_ETOOBIG || fuzz_entries(builder) > FUZZ_ENTRIES_MAX / 2) {
		sk_indicator_builder_free(builder);
		builder = NULL;
	}
	return 0;
}
