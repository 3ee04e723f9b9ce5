/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <stdlib.h>

#include "live/live_priv.h"

static struct {
	struct live_node *nodes;
	size_t count;
	struct live_table_head head;
	enum machine_lie lie;
} machine;

#define LIVE_PART static

static const struct live_node *live_node(uint32_t index)
{
	return index < machine.count ? &machine.nodes[index] : NULL;
}

#include "live/machine_priv.h"

void machine_table(const struct sk_border *border, unsigned covered)
{
	enum { FIRST = 3 }; /* not at 0, so that a forgotten root shows */
	free(machine.nodes);
	machine.count = live_table_nodes(border) + FIRST;
	machine.nodes = calloc(machine.count, sizeof *machine.nodes);
	SK_INVARIANT(machine.nodes != NULL);
	live_table_write(border, covered, machine.nodes, FIRST, &machine.head);
}

void machine_cover(unsigned covered)
{
	machine.head.covered = covered & 7;
}

void machine_lie(enum machine_lie lie)
{
	struct live_table_head *head = &machine.head;
	machine.lie = lie;
	if (lie == MACHINE_WRONG_CHILD)
		for (size_t i = 0; i < machine.count; i++)
			machine.nodes[i].first_child++;
	if (lie == MACHINE_COVERS_ALL)
		head->covered = ~0u;
	if (lie == MACHINE_NO_LISTS) /* as if no list spoke inside embedding prefixes: what the flag guards */
		memset(&machine.nodes[head->root6 + 0x20], 0, sizeof *machine.nodes);
	if (lie == MACHINE_SWAPPED_FAMILIES) {
		uint32_t root = head->root4;
		head->root4 = head->root6;
		head->root6 = root;
	}
}

static uint32_t judge_steps(const uint8_t *bytes, size_t length)
{
	struct live_state state;
	memset(&state, 0xa5, sizeof state); /* nothing may be taken over from the frame before */
	state.head_bytes = (uint32_t)(length < LIVE_HEAD_BYTES ? length : LIVE_HEAD_BYTES);
	memset(state.head, 0, sizeof state.head);
	memcpy(state.head, bytes, state.head_bytes);
	live_begin(&state, (uint32_t)length);
	if (machine.lie == MACHINE_ONE_LAYER)
		state.layers = LIVE_LAYERS_MAX - 1;
	return live_judge(&machine.head, &state);
}

uint32_t machine_judge(const uint8_t *bytes, size_t length)
{
	uint32_t steps = judge_steps(bytes, length), plain = live_plain(&machine.head, bytes, bytes + length, (uint32_t)length);
	SK_INVARIANT(plain == LIVE_VERDICT_NONE || plain == steps || machine.lie != MACHINE_HONEST);
	return plain != LIVE_VERDICT_NONE ? plain : steps;
}

unsigned machine_side(const struct sk_addr *addr)
{
	return addr->family == 4 ? live_side4(machine.head.root4, live_be32(addr->bytes)) : live_side6(&machine.head, live_be64(addr->bytes), live_be64(addr->bytes + 8));
}
