/* SPDX-License-Identifier: Apache-2.0 */
/* border/nodes.h: the table's nodes one by one, for whoever must hold them elsewhere (the kernel's maps, sensor/live). Thread rule: as border.h. */
#ifndef SK_BORDER_NODES_H
#define SK_BORDER_NODES_H

#include "border/border.h"

enum { SK_BORDER_NODE_DEEPER = 3, SK_BORDER_FIRST_LEVEL_NODES = 256 };

/* 256 slots of 2 bits: an enum sk_side, or DEEPER. Slot s is bits 2(s mod 32) and up of words[s / 32]. The child behind a slot that goes deeper is number
   first_child + before[s / 32] + the count of DEEPERs in words[s / 32] before it. The first level's nodes are 0 to 255, by the first byte of the address. */
struct sk_border_node {
	uint64_t words[8]; /* in the machine's byte order */
	uint32_t first_child;
	uint8_t before[8];
};

/* Nodes of a family's trie, 4 or 6; at least 256. */
size_t sk_border_node_count(const struct sk_border *table, unsigned family);
/* Node i, below the count. */
void sk_border_node_at(const struct sk_border *table, unsigned family, size_t i, struct sk_border_node *out);
/* Does the IPv6 trie alone tell what lists say of addresses that embed IPv4 (border.h)? True: there a side in it is a list's, and UNKNOWN means that no list
   speaks. False: a list says unknown there, or trie and lists do not agree; whoever has only the trie must not decide such an address. */
bool sk_border_trie_tells_lists(const struct sk_border *table);

#endif
