/* SPDX-License-Identifier: Apache-2.0 */
/* A border table as the kernel holds it: the same nodes, IPv4's and then IPv6's, in one half of the nodes' array, and a head that says where and what is covered. */
#include "live/live_priv.h"

#include "border/nodes.h"
#include "gate/gate.h"

/* The numbers that the programs in the kernel repeat. */
_Static_assert((int)LIVE_SIDE_UNKNOWN == (int)SK_SIDE_UNKNOWN && (int)LIVE_SIDE_DOMESTIC == (int)SK_SIDE_DOMESTIC && (int)LIVE_SIDE_FOREIGN == (int)SK_SIDE_FOREIGN &&
	       (int)LIVE_SIDE_UNDECIDED == (int)SK_BORDER_NODE_DEEPER, "sides");
_Static_assert((int)LIVE_CLASS_FF == (int)SK_CLASS_FF && (int)LIVE_CLASS_FD == (int)SK_CLASS_FD && (int)LIVE_CLASS_DF == (int)SK_CLASS_DF &&
	       (int)LIVE_CLASS_DD == (int)SK_CLASS_DD && (int)LIVE_CLASS_UNKNOWN == (int)SK_CLASS_UNKNOWN && (int)LIVE_CLASS_COUNT == (int)SK_CLASS_COUNT, "classes");
_Static_assert((int)LIVE_REASON_COUNT == (int)SK_GATE_REASON_COUNT && (int)LIVE_LAYERS_MAX == (int)SK_GATE_LAYERS_MAX &&
	       (int)LIVE_EXTENSIONS_MAX == (int)SK_GATE_EXTENSIONS_MAX, "the gate's limits");
_Static_assert(sizeof(struct live_node) == 80 && sizeof(struct live_table_head) == 32 && sizeof(struct live_mark) == 16, "layout of maps");

size_t live_table_nodes(const struct sk_border *border)
{
	return sk_border_node_count(border, 4) + sk_border_node_count(border, 6);
}

static void write_trie(const struct sk_border *border, unsigned family, struct live_node *out)
{
	size_t count = sk_border_node_count(border, family);
	for (size_t i = 0; i < count; i++) {
		struct sk_border_node node;
		sk_border_node_at(border, family, i, &node);
		out[i] = (struct live_node){.first_child = node.first_child};
		memcpy(out[i].words, node.words, sizeof out[i].words);
		memcpy(out[i].before, node.before, sizeof out[i].before);
	}
}

void live_table_write(const struct sk_border *border, unsigned covered, struct live_node *nodes, size_t first, struct live_table_head *head)
{
	*head = (struct live_table_head){
		.magic = LIVE_TABLE_MAGIC, .open = 1,
		/* No basis can cover what is domestic or unknown, whatever it says. */
		.covered = covered & (SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF)),
		.lists_in_trie = sk_border_trie_tells_lists(border),
		.nodes4 = (uint32_t)sk_border_node_count(border, 4), .nodes6 = (uint32_t)sk_border_node_count(border, 6)
	};
	head->root4 = (uint32_t)first;
	head->root6 = (uint32_t)first + head->nodes4;
	write_trie(border, 4, nodes + head->root4);
	write_trie(border, 6, nodes + head->root6);
}

/* Over what decides alone: where in the array the nodes stand does not count. */
void live_table_digest(const struct live_node *nodes, const struct live_table_head *head, uint8_t digest[SK_HASH_BYTES])
{
	struct sk_sha256 *hash = sk_sha256_new();
	const uint32_t said[] = {head->magic, head->covered, head->lists_in_trie, head->nodes4, head->nodes6};
	SK_INVARIANT(hash != NULL);
	sk_sha256_add(hash, said, sizeof said);
	sk_sha256_add(hash, nodes + head->root4, (size_t)head->nodes4 * sizeof *nodes);
	sk_sha256_add(hash, nodes + head->root6, (size_t)head->nodes6 * sizeof *nodes);
	sk_sha256_take(hash, digest);
	sk_sha256_free(hash);
}
