/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzzers of source formats share: parse, and when it parses, make the table and ask it. The trie and the explanation must agree. */
#include <stdlib.h>

#include "border/build_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

typedef enum sk_err (*parse_text)(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length, struct sk_fault *fault);

static void compare(const struct sk_border *table, const struct sk_addr *addr)
{
	struct sk_border_verdict verdict;
	sk_border_decide(table, addr, &verdict);
	SK_INVARIANT(verdict.side == sk_border_side(table, addr));
}

static int fuzz_text(enum sk_border_kind kind, parse_text parse, const uint8_t *bytes, size_t length)
{
	struct sk_border_build *build;
	struct sk_border *table = NULL;
	struct sk_fault fault = {.err = SK_OK};
	struct sk_buf out;
	unsigned source;
	if (length > 4096 || sk_border_build_new(kind == SK_BORDER_LIST ? NULL : "JP", &build, NULL) != SK_OK)
		return 0;
	SK_INVARIANT(sk_source_new(build, kind, SK_SIDE_DOMESTIC, "fuzz", &source, NULL) == SK_OK);
	build->home_seen[0] = true;
	enum sk_err err = parse(build, source, "fuzz", bytes, length, &fault);
	SK_INVARIANT(err == SK_OK || (fault.err == err && fault.line[0] != '\0'));
	sk_buf_init(&out, 64 << 20);
	if (err == SK_OK && sk_border_build_finish(build, &out, &fault) == SK_OK) {
		SK_INVARIANT(sk_border_of_bytes("fuzz", out.bytes, out.length, &table, &fault) == SK_OK);
		for (unsigned f = 0; f < 2; f++) {
			for (size_t i = 0; i < build->source[source].entries[f].count && i < 64; i++) {
				const struct sk_entry *entry = &build->source[source].entries[f].item[i];
				unsigned family = f == 0 ? 4 : 6;
				struct sk_addr first = sk_u128_addr(entry->first, family);
				struct sk_addr after = sk_u128_addr((entry->first | sk_u128_low(sk_family_bits(family) - entry->bits)) + 1, family);
				compare(table, &first);
				compare(table, &after);
			}
		}
	}
	sk_border_close(table);
	sk_buf_fini(&out);
	sk_border_build_free(build);
	return 0;
}
