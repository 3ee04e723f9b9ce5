/* SPDX-License-Identifier: Apache-2.0 */
#include "border/build_priv.h"

enum sk_err sk_border_conflict(const struct sk_border_build *build, const struct sk_entries *sorted, unsigned family, struct sk_fault *fault)
{
	for (size_t i = 1; i < sorted->count; i++) {
		const struct sk_entry *a = &sorted->item[i - 1], *b = &sorted->item[i];
		if (a->first != b->first || a->bits != b->bits || a->says == b->says)
			continue;
		const struct sk_build_source *one = &build->source[a->source], *other = &build->source[b->source];
		struct sk_prefix prefix = {.addr = sk_u128_addr(a->first, family), .bits = a->bits};
		char text[SK_PREFIX_TEXT_MAX];
		return sk_fault_set(fault, SK_EINPUT, "%s is %s at %s:%u and %s at %s:%u; a prefix has one class, remove one of the lines",
				    sk_prefix_format(&prefix, text), sk_side_name(one->facts.side), one->path, a->line,
				    sk_side_name(other->facts.side), other->path, b->line);
	}
	return SK_OK;
}
