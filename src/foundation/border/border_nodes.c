/* SPDX-License-Identifier: Apache-2.0 */
#include "border/nodes.h"

#include <endian.h>

#include "border/border_priv.h"

size_t sk_border_node_count(const struct sk_border *table, unsigned family)
{
	return table->trie[family == 6].node_count;
}

void sk_border_node_at(const struct sk_border *table, unsigned family, size_t i, struct sk_border_node *out)
{
	const struct sk_trie *trie = &table->trie[family == 6];
	SK_INVARIANT(i < trie->node_count);
	for (unsigned word = 0; word < SK_BORDER_NODE_WORDS; word++)
		out->words[word] = le64toh(trie->words[i * SK_BORDER_NODE_WORDS + word]);
	out->first_child = trie->rank[i].first_child;
	memcpy(out->before, trie->rank[i].before, sizeof out->before);
}

/* What the list says that covers the address, and up to where it does; without one, UNKNOWN and up to the end. */
static enum sk_side list_side(const struct sk_border *table, sk_u128 value, sk_u128 end, sk_u128 *until)
{
	struct sk_border_range range;
	size_t count = (size_t)table->header.counts[SK_SECTION_EXCEPTIONS];
	*until = end;
	if (count == 0 || !sk_border_range_find(table, SK_SECTION_EXCEPTIONS, 0, count, value, &range))
		return SK_SIDE_UNKNOWN;
	*until = range.last < end ? range.last : end;
	return range.says == SK_SAYS_DOMESTIC ? SK_SIDE_DOMESTIC : range.says == SK_SAYS_FOREIGN ? SK_SIDE_FOREIGN : SK_SIDE_UNKNOWN;
}

/* Walk the trie from first to last; every slot must say what the lists say. Slots lie within ranges or ranges within slots, so the smaller one is the step. */
static bool agrees(const struct sk_border *table, sk_u128 first, sk_u128 last)
{
	for (sk_u128 at = first;;) {
		struct sk_addr addr = sk_u128_addr(at, 6), end;
		sk_u128 until;
		enum sk_side side = sk_border_span(table, &addr, &end);
		sk_u128 slot_last = sk_u128_of(end.bytes, 6);
		if (list_side(table, at, slot_last < last ? slot_last : last, &until) != side)
			return false;
		if (until >= last)
			return true;
		at = until + 1;
	}
}

bool sk_border_trie_tells_lists(const struct sk_border *table)
{
	static const struct {
		uint8_t head[16];
		unsigned bits;
	} embedding[] = {
		{{[10] = 0xff, [11] = 0xff}, 96}, {{[1] = 0x64, [2] = 0xff, [3] = 0x9b}, 96}, {{0x20, 0x02}, 16}, {{0x20, 0x01}, 32}
	};
	size_t count = (size_t)table->header.counts[SK_SECTION_EXCEPTIONS];
	for (size_t i = 0; i < count; i++) {
		struct sk_border_range range = sk_border_range_at(table, SK_SECTION_EXCEPTIONS, i);
		if ((range.says != SK_SAYS_DOMESTIC && range.says != SK_SAYS_FOREIGN) || !agrees(table, range.first, range.last))
			return false;
	}
	for (size_t i = 0; i < SK_COUNT(embedding); i++) {
		sk_u128 first = sk_u128_of(embedding[i].head, 6);
		if (!agrees(table, first, first | sk_u128_low(128 - embedding[i].bits)))
			return false;
	}
	return true;
}
